/* SPDX-License-Identifier: Apache-2.0 */
/* tmpcopyup: a tmpfs that starts with what the directory below it holds. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "run/mnt.h"
#include "sys/syscalls.h"

enum { COPY_DEPTH_MAX = 64, COPY_CHUNK = 1 << 20 };

static int copy_dir(int from, int to, int depth, struct err *e);

static int copy_data(int in, int out)
{
	for (;;) {
		ssize_t n = sendfile(out, in, NULL, COPY_CHUNK);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
	}
}

static int copy_owner(int to, const char *name, const struct stat *st)
{
	if ((st->st_uid || st->st_gid) &&
	    fchownat(to, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (!S_ISLNK(st->st_mode) && fchmodat(to, name, st->st_mode & 07777, 0) < 0)
		return -errno;
	return 0;
}

static int copy_file(int from, int to, const char *name)
{
	autoclose int in = openat(from, name,
				  O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	autoclose int out = -1;

	if (in < 0)
		return -errno;
	out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return out < 0 ? -errno : copy_data(in, out);
}

static int copy_link(int from, int to, const char *name)
{
	char text[PATH_MAX];
	ssize_t n = readlinkat(from, name, text, sizeof(text) - 1);

	if (n < 0)
		return -errno;
	text[n] = '\0';
	return symlinkat(text, to, name) < 0 ? -errno : 0;
}

static int copy_subdir(int from, int to, const char *name, int depth, struct err *e)
{
	autoclose int in = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	autoclose int out = -1;

	if (in < 0 || mkdirat(to, name, 0700) < 0)
		return -errno;
	out = openat(to, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return out < 0 ? -errno : copy_dir(in, out, depth + 1, e);
}

/* Devices, sockets and pipes are left out, as by others. */
static int copy_entry(int from, int to, const char *name, int depth, struct err *e)
{
	struct stat st;
	int r = 0;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set(e, errno, "tmpcopyup: %s: %m", name);
	if (S_ISDIR(st.st_mode))
		r = copy_subdir(from, to, name, depth, e);
	else if (S_ISREG(st.st_mode))
		r = copy_file(from, to, name);
	else if (S_ISLNK(st.st_mode))
		r = copy_link(from, to, name);
	else
		return 0;
	if (r == 0)
		r = copy_owner(to, name, &st);
	return r < 0 ? err_set(e, -r, "tmpcopyup: %s: %m", name) : 0;
}

static int copy_dir(int from, int to, int depth, struct err *e)
{
	_Alignas(struct dirent64) char buf[2048];
	ssize_t n;

	if (depth > COPY_DEPTH_MAX)
		return err_set(e, ELOOP, "tmpcopyup: deeper than %d directories", COPY_DEPTH_MAX);
	while ((n = getdents64(from, buf, sizeof(buf))) > 0)
		for (ssize_t at = 0; at < n;) {
			const struct dirent64 *d = (const void *)(buf + at);
			int r = 0;

			at += d->d_reclen;
			if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
				r = copy_entry(from, to, d->d_name, depth, e);
			if (r < 0)
				return r;
		}
	return n < 0 ? err_set(e, errno, "tmpcopyup: read a directory: %m") : 0;
}

int copyup(int from, int to, struct err *e)
{
	autoclose int in = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (in < 0)
		return err_set(e, errno, "tmpcopyup: %m");
	return copy_dir(in, to, 0, e);
}
