/* SPDX-License-Identifier: Apache-2.0 */
#include "run/selfexe.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sys/mountapi.h"
#include "sys/syscalls.h"

#ifndef ATOLL_LIBEXECDIR
#define ATOLL_LIBEXECDIR "/usr/libexec"
#endif

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22 /* Linux 5.14 */
#endif

#define SELF    "/proc/self/exe"
#define MEMFD   "/memfd:"       /* how the names of such files begin */
#define DIR_ENV "ATOLL_EXE_DIR" /* the copy has no path of its own any more */
#define SEALS   (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

static bool is_sealed(const char *path)
{
	autoclose int fd = -1;
	int seals;

	if (strncmp(path, MEMFD, strlen(MEMFD)) != 0)
		return false;
	fd = open(SELF, O_RDONLY | O_CLOEXEC);
	seals = fd >= 0 ? fcntl(fd, F_GET_SEALS) : -1;
	return seals >= 0 && (seals & SEALS) == SEALS;
}

static int readonly_clone(const char *path)
{
	autoclose int fd = mountapi_clone(AT_FDCWD, path, false, true);
	int r;

	if (fd < 0)
		return take_fd(fd);
	r = mountapi_setattr(fd, false, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV, 0, 0);
	return r < 0 ? r : take_fd(fd);
}

/* Where cloning mounts is not permitted: a copy in memory that nobody can change. */
static int sealed_copy(void)
{
	autoclose int from = open(SELF, O_RDONLY | O_CLOEXEC);
	autoclose int to = memfd_create("atoll", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct stat st;
	off_t left;

	if (from < 0 || to < 0 || fstat(from, &st) < 0)
		return -errno;
	for (left = st.st_size; left > 0;) {
		ssize_t n = sendfile(to, from, NULL, (size_t)left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		left -= n;
	}
	if (fchmod(to, 0500) < 0 || fcntl(to, F_ADD_SEALS, SEALS) < 0)
		return -errno;
	return take_fd(to);
}

/* "" if it cannot be told. */
static void own_path(char path[static PATH_MAX])
{
	ssize_t n = readlink(SELF, path, PATH_MAX - 1);

	path[n < 0 ? 0 : n] = '\0';
}

/* Where atoll-init may stand beside us: unknown to the copy, so it is told. */
static void remember_dir(char dir[static PATH_MAX])
{
	char *slash;

	if (dir[0] != '/')
		return;
	slash = strrchr(dir, '/');
	*(slash == dir ? slash + 1 : slash) = '\0';
	(void)setenv(DIR_ENV, dir, 1);
}

void selfexe_clean_environment(void)
{
	(void)unsetenv(DIR_ENV);
}

/* Most of the program is about to be run through, and its constants are read: their
 * pages are asked for at once rather than by thirty faults. They are the page cache's
 * in any case. */
static void fetch_text(void)
{
	extern char __executable_start[], _edata[];
	uintptr_t from = (uintptr_t)__executable_start, to = (uintptr_t)_edata;

	from &= ~(uintptr_t)4095;
	(void)madvise((void *)from, (to - from) & ~(uintptr_t)4095, MADV_POPULATE_READ);
}

int selfexe_protect(char **argv, struct err *e)
{
	char path[PATH_MAX];
	autoclose int fd = -1;
	int r;

	/* EROFS from the read-only clone, EACCES for users who may not write it. */
	if (faccessat(AT_FDCWD, SELF, W_OK, AT_EACCESS) < 0) {
		fetch_text();
		return 0;
	}
	own_path(path);
	if (is_sealed(path))
		return 0;
	remember_dir(path);
	fd = readonly_clone(SELF);
	if (fd < 0)
		fd = sealed_copy();
	if (fd < 0)
		return err_set(e, -fd, "protect the runtime's own binary: %m");
	r = sys_execveat(fd, "", argv, environ, AT_EMPTY_PATH);
	return err_set(e, -r, "start the protected copy of the runtime: %m");
}

static int open_init(const char *path)
{
	autoclose int fd = -1;

	if (faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0)
		return -errno;
	fd = readonly_clone(path);
	if (fd < 0) /* not permitted, or a file system that cannot be cloned */
		fd = open(path, O_PATH | O_CLOEXEC);
	return fd < 0 ? -errno : take_fd(fd);
}

int selfexe_init_open(struct err *e)
{
	/* Installed side by side, in a build directory, below one prefix. */
	static const char *const beside[] = { "atoll-init", "src/init/atoll-init",
					      "../libexec/atoll/atoll-init" };
	const char *given = getenv("ATOLL_INIT_PATH");
	char path[PATH_MAX];
	int fd;

	if (given && *given == '/') {
		fd = open_init(given);
		return fd < 0 ? err_set(e, -fd, "atoll-init: ATOLL_INIT_PATH is %s: %m", given)
			      : fd;
	}
	if (!getenv(DIR_ENV)) {
		own_path(path);
		remember_dir(path);
	}
	for (size_t i = 0; getenv(DIR_ENV) && i < ARRAY_LEN(beside); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", getenv(DIR_ENV), beside[i]);
		fd = open_init(path);
		if (fd >= 0)
			return fd;
	}
	fd = open_init(ATOLL_LIBEXECDIR "/atoll/atoll-init");
	if (fd >= 0)
		return fd;
	return err_set(e, ENOENT, "atoll-init is neither beside the runtime nor at %s: %m",
		       ATOLL_LIBEXECDIR "/atoll/atoll-init");
}
