/* SPDX-License-Identifier: Apache-2.0 */
#include "pidns/impl.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "sys/uapi.h"

static int by_ioctl(int nsfd, unsigned long request, pid_t pid)
{
	int r;

	if (pidns_lacks & PN_FEAT_TRANSLATE)
		return -ENOTTY;
	r = ioctl(nsfd, request, (unsigned long)pid);
	return r < 0 ? -errno : r;
}

static int read_status(const char *path, struct proc_status *ret)
{
	char buf[PROC_STATUS_MAX];
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -errno : read(fd, buf, sizeof(buf));

	if (n < 0)
		return n == -ENOENT ? -ESRCH : (int)n;
	return proc_status_parse(buf, (size_t)n, ret);
}

int pn_pids(pid_t pid, pid_t *levels, size_t n)
{
	struct proc_status st;
	char path[32];
	int r;

	if (pid < 1)
		return -ESRCH;
	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	r = read_status(path, &st);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n && i < st.levels; i++)
		levels[i] = st.nspid[i];
	return (int)st.levels;
}

static uint64_t ino_at(int dirfd, const char *path)
{
	uint64_t ino = 0;

	(void)proc_nslink_at(dirfd, path, PROC_NS_PID, &ino);
	return ino;
}

/* How far below the caller's namespace is the one of this descriptor? NS_GET_PARENT goes up until
 * the caller's own inode; -EPERM: it is none of ours. */
static int depth_of(int nsfd, uint64_t own)
{
	autoclose int at = fcntl(nsfd, F_DUPFD_CLOEXEC, 3);
	struct stat st;

	for (int depth = 0; depth < PROC_LEVELS_MAX; depth++) {
		int up;

		if (at < 0 || fstat(at, &st) < 0)
			return -errno;
		if (st.st_ino == own)
			return depth;
		up = pn_ns_parent(at);
		if (up < 0)
			return up;
		cleanup_fd(&at);
		at = up;
	}
	return -EPERM;
}

/* Every process of /proc is looked at until one has the number in that namespace: it is as deep as
 * the namespace at least, and its number there is the one. Its namespace, or one that it is below,
 * must be that one; which of several of the same depth, only the link of a member tells. */
static int is_in(int procfd, const char *name, uint64_t ino, int depth,
		 const struct proc_status *st)
{
	autoclose int at = -1;
	struct stat nst;
	char path[300];

	(void)snprintf(path, sizeof(path), "%s/ns/pid", name);
	at = openat(procfd, path, O_RDONLY | O_CLOEXEC);
	for (int up = (int)st->levels - 1; at >= 0 && up > depth; up--) {
		int parent = pn_ns_parent(at);

		cleanup_fd(&at);
		at = parent;
	}
	if (at < 0)
		return -EPERM;
	return fstat(at, &nst) == 0 && nst.st_ino == ino;
}

static int search(uint64_t ino, int depth, pid_t pid, pid_t *ret)
{
	autodir DIR *dir = opendir("/proc");
	const struct dirent *d;
	struct proc_status st;
	int denied = 0;
	pid_t outer;

	if (!dir)
		return -errno;
	while ((d = readdir(dir))) {
		char path[300];
		int in;

		if (num_pid(d->d_name, &outer) < 0)
			continue;
		(void)snprintf(path, sizeof(path), "/proc/%s/status", d->d_name);
		if (read_status(path, &st) < 0 || (int)st.levels <= depth || st.nspid[depth] != pid)
			continue;
		in = is_in(dirfd(dir), d->d_name, ino, depth, &st);
		if (in > 0) {
			*ret = outer;
			return 0;
		}
		denied |= in < 0;
	}
	return denied ? -EPERM : -ESRCH;
}

/* A number of from_fd's namespace as one of the caller's. */
static int to_own(int from_fd, pid_t pid, uint64_t own, pid_t *ret)
{
	struct stat st;
	int depth, r;

	if (from_fd < 0) {
		*ret = pid;
		return 0;
	}
	r = by_ioctl(from_fd, NS_GET_PID_FROM_PIDNS, pid);
	if (r > 0) {
		*ret = r;
		return 0;
	}
	if (r != -ENOTTY)
		return r;
	if (fstat(from_fd, &st) < 0)
		return -errno;
	depth = depth_of(from_fd, own);
	return depth < 0 ? depth : search(st.st_ino, depth, pid, ret);
}

/* And back. */
static int from_own(int to_fd, pid_t pid, uint64_t own, pid_t *ret)
{
	struct proc_status st;
	char path[32], name[16];
	struct stat ns;
	int r, depth;

	(void)snprintf(name, sizeof(name), "%d", (int)pid);
	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	if (to_fd < 0) {
		r = read_status(path, &st);
		*ret = pid;
		return r;
	}
	r = by_ioctl(to_fd, NS_GET_PID_IN_PIDNS, pid);
	if (r > 0) {
		*ret = r;
		return 0;
	}
	if (r != -ENOTTY)
		return r;
	if (fstat(to_fd, &ns) < 0)
		return -errno;
	depth = depth_of(to_fd, own);
	r = depth < 0 ? depth : read_status(path, &st);
	if (r < 0)
		return r;
	if ((int)st.levels <= depth)
		return -ESRCH;
	{
		autoclose int procfd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

		r = is_in(procfd, name, ns.st_ino, depth, &st);
	}
	if (r <= 0)
		return r < 0 ? r : -ESRCH;
	*ret = st.nspid[depth];
	return 0;
}

int pn_translate(int from_fd, pid_t pid, int to_fd, pid_t *ret)
{
	uint64_t own = ino_at(AT_FDCWD, "/proc/self/ns/pid");
	pid_t mine = 0, there = 0;
	int r;

	if (pid < 1)
		return -ESRCH;
	r = to_own(from_fd, pid, own, &mine);
	if (r == 0)
		r = from_own(to_fd, mine, own, &there);
	if (r == 0)
		*ret = there;
	return r;
}
