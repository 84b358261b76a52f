/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/pidref.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/num.h"
#include "sys/syscalls.h"

enum { PIDFS_MAGIC = 0x50494446 };

/* Before 6.9 all pidfds shared one anonymous inode, which tells nothing. */
static uint64_t pidfd_inode(int fd)
{
	struct statfs fs;
	struct stat st;

	if (fstatfs(fd, &fs) < 0 || fs.f_type != PIDFS_MAGIC || fstat(fd, &st) < 0)
		return 0;
	return st.st_ino;
}

/* Field 22 of /proc/PID/stat. The name in parentheses may hold anything, so
 * the count starts after the last ')'. */
static uint64_t read_starttime(pid_t pid)
{
	char path[32], buf[1024];
	const char *p;
	uint64_t v;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (io_read_small(AT_FDCWD, path, buf, sizeof(buf)) < 0)
		return 0;
	p = strrchr(buf, ')');
	for (int field = 2; p && field < 22; field++)
		p = strchr(p + 1, ' ');
	if (!p || num_u64(p + 1, strspn(p + 1, "0123456789"), &v) < 0)
		return 0;
	return v;
}

void pidref_adopt(pid_t pid, int pidfd, struct pidref *ret)
{
	*ret = (struct pidref){ .pid = pid,
				.fd = pidfd,
				.inode = pidfd_inode(pidfd),
				.starttime = read_starttime(pid) };
}

int pidref_open(pid_t pid, struct pidref *ret)
{
	int fd = sys_pidfd_open(pid, 0);

	if (fd < 0)
		return fd;
	pidref_adopt(pid, fd, ret);
	return 0;
}

int pidref_reopen(pid_t pid, uint64_t inode, uint64_t starttime, struct pidref *ret)
{
	autoclose int fd = -1;
	uint64_t now;

	if (pid < 1)
		return -ESRCH;
	fd = sys_pidfd_open(pid, 0);
	if (fd < 0)
		return fd == -EINVAL ? -ESRCH : fd; /* EINVAL: a thread has the number now */
	now = pidfd_inode(fd);
	if (inode && now && inode != now)
		return -ESRCH;
	/* Inode numbers begin anew with each boot, so the start time counts too. It
	 * is read after the pidfd was opened; it belongs to it if that still lives. */
	if (starttime) {
		uint64_t started = read_starttime(pid);

		if (started != starttime && !(started == 0 && inode && inode == now))
			return -ESRCH;
	}
	*ret = (struct pidref){
		.pid = pid, .fd = take_fd(fd), .inode = now, .starttime = starttime
	};
	return 0;
}

void pidref_close(struct pidref *p)
{
	cleanup_fd(&p->fd);
}

int pidref_kill(const struct pidref *p, int sig)
{
	return sys_pidfd_send_signal(p->fd, sig);
}

static int64_t now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int pidref_wait_exit(const struct pidref *p, int timeout_ms)
{
	struct pollfd pfd = { .fd = p->fd, .events = POLLIN };
	int64_t end = now_ms() + timeout_ms;

	for (;;) {
		int64_t left = end - now_ms();
		int n = poll(&pfd, 1, timeout_ms < 0 ? -1 : left > 0 ? (int)left : 0);

		if (n > 0)
			return 0;
		if (n == 0)
			return -ETIMEDOUT;
		if (errno != EINTR)
			return -errno;
	}
}

bool pidref_exited(const struct pidref *p)
{
	return pidref_wait_exit(p, 0) == 0;
}
