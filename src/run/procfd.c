/* SPDX-License-Identifier: Apache-2.0 */
#include "run/procfd.h"

#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "sys/syscalls.h"

enum {
	STATUS_MAX = 16384, /* of /proc/self/status; affinity masks make it long */
	ONE_PIECE = 2048,   /* a file this short is shown in one */
};

static int check_procfs(int fd)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return -errno;
	return fs.f_type == PROC_SUPER_MAGIC ? 0 : -EXDEV;
}

int procfd_open(int proc_fd, const char *path, uint64_t flags)
{
	uint64_t noctty = flags & O_PATH ? 0 : O_NOCTTY; /* openat2 refuses both together */
	autoclose int fd = sys_openat2(proc_fd, path, flags | O_CLOEXEC | noctty, 0,
				       RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS);
	int r;

	if (fd < 0)
		return fd;
	r = check_procfs(fd);
	return r < 0 ? r : take_fd(fd);
}

/* fsopen(2) makes a procfs of our PID namespace; attached nowhere, so nobody
 * can put anything over its files. */
static int own_procfs(void)
{
	autoclose int fs = sys_fsopen("proc", FSOPEN_CLOEXEC);
	int r;

	if (fs < 0)
		return fs;
	r = sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
	if (r < 0)
		return r;
	return sys_fsmount(fs, FSMOUNT_CLOEXEC,
			   MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

int procfd_get(struct ctx *c, struct err *e)
{
	autoclose int fd = -1;
	int r;

	if (c->proc_fd >= 0)
		return c->proc_fd;
	fd = own_procfs();
	if (fd < 0)
		fd = sys_openat2(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY | O_CLOEXEC, 0,
				 RESOLVE_NO_SYMLINKS);
	if (fd < 0)
		return err_set(e, -fd, "open /proc: %m");
	r = check_procfs(fd);
	if (r < 0)
		return err_set(
			e, -r,
			"/proc of the container is not procfs, and a procfs of our own was refused");
	c->proc_fd = take_fd(fd);
	return c->proc_fd;
}

static int open_of(pid_t pid, const char *name, uint64_t flags)
{
	autoclose int proc = sys_openat2(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY | O_CLOEXEC, 0,
					 RESOLVE_NO_SYMLINKS);
	char path[64];

	if (proc < 0)
		return proc;
	if (pid == 0)
		(void)snprintf(path, sizeof(path), "self/%s", name);
	else
		(void)snprintf(path, sizeof(path), "%d/%s", (int)pid, name);
	return procfd_open(proc, path, flags);
}

int procfd_write(pid_t pid, const char *name, const char *text, size_t len)
{
	autoclose int fd = open_of(pid, name, O_WRONLY);
	ssize_t n;

	if (fd < 0)
		return fd;
	n = write(fd, text, len);
	return n < 0 ? -errno : (size_t)n == len ? 0 : -EIO;
}

ssize_t procfd_read(pid_t pid, const char *name, char *buf, size_t size)
{
	autoclose int fd = open_of(pid, name, O_RDONLY);
	size_t len = 0;
	ssize_t n = 0;

	if (fd < 0)
		return fd;
	while (len + 1 < size && (n = read(fd, buf + len, size - 1 - len)) > 0) {
		len += (size_t)n;
		if (len <= ONE_PIECE && len + 1 < size)
			break;
	}
	if (n < 0)
		return -errno;
	buf[len] = '\0';
	return (ssize_t)len;
}

static char status_text[STATUS_MAX];

void procfd_status_forget(void)
{
	status_text[0] = '\0';
}

uint64_t procfd_status_mask(const char *key)
{
	char *text = status_text;
	char line[32];
	const char *at = NULL;
	uint64_t mask = 0;

	if (!*text && io_read_small(AT_FDCWD, "/proc/self/status", text, STATUS_MAX) < 0)
		text[0] = '\0';
	if (snprintf(line, sizeof(line), "\n%s:\t", key) < (int)sizeof(line))
		at = strstr(text, line);
	if (!at)
		return UINT64_MAX;
	for (at += strlen(line); *at && strchr("0123456789abcdef", *at); at++)
		mask = mask << 4 | (uint64_t)(*at <= '9' ? *at - '0' : *at - 'a' + 10);
	return mask;
}
