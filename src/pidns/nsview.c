/* SPDX-License-Identifier: Apache-2.0 */
/* One PID namespace as it sees itself, at a cost that does not grow with the machine. */
#include "pidns/nsview.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sys/fdpass.h"
#include "sys/syscalls.h"

static int mount_fs(int fs)
{
	int r = sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0);

	return r < 0 ? r
		     : sys_fsmount(fs, FSMOUNT_CLOEXEC,
				   MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

/* 6.18: the namespace is an option of the mount. */
static int procfs_by_option(int pidns_fd)
{
	autoclose int fs = sys_fsopen("proc", FSOPEN_CLOEXEC);
	int r;

	if (fs < 0)
		return fs;
	if (pidns_lacks & PN_FEAT_PROC_PIDNS)
		return -EINVAL;
	r = sys_fsconfig(fs, FSCONFIG_SET_FD, "pidns", NULL, pidns_fd);
	return r < 0 ? r : mount_fs(fs);
}

/* A procfs shows the namespace of who mounts it. Only a child of the one that called setns(2) is
 * in it; CLONE_PARENT makes that child the caller's to wait for, so that none is left behind. */
static int procfs_by_helper(int pidns_fd)
{
	autoclose int ours = -1, theirs = -1;
	struct clone_args args = { .exit_signal = 0 };
	struct clone_args inner = { .exit_signal = 0 };
	int pair[2], fd;
	char byte;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	ours = pair[0];
	theirs = pair[1];
	pid = sys_clone3(&args, sizeof(args));
	if (pid < 0)
		return pid;
	if (pid == 0) {
		if (setns(pidns_fd, CLONE_NEWPID) < 0)
			_exit(1);
		pid = sys_clone3(&inner, sizeof(inner));
		if (pid == 0) {
			autoclose int fs = sys_fsopen("proc", FSOPEN_CLOEXEC);
			int mnt = fs < 0 ? fs : mount_fs(fs);

			_exit(mnt < 0 || fdpass_send(theirs, "", 1, mnt) < 0);
		}
		if (pid > 0)
			(void)waitpid(pid, NULL, __WALL);
		_exit(pid < 0);
	}
	cleanup_fd(&theirs);
	if (fdpass_recv(ours, &byte, 1, &fd) <= 0 || fd < 0)
		fd = -EPERM;
	while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
		continue;
	return fd;
}

int pn_procfs(int pidns_fd)
{
	int fd = procfs_by_option(pidns_fd);

	/* Older kernels call the option unknown; one without fsopen has no helper's way either. */
	return fd == -EINVAL || fd == -EOPNOTSUPP ? procfs_by_helper(pidns_fd) : fd;
}

int nsview_open(int pidns_fd, struct nsview *v)
{
	struct stat own, st;
	int fd;

	*v = (struct nsview){ .count = 0 };
	if (stat("/proc/self/ns/pid", &own) < 0)
		return -errno;
	fd = fcntl(pidns_fd, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return -errno;
	/* From the namespace up to the caller's own. */
	for (;;) {
		if (v->count == PROC_LEVELS_MAX || fstat(fd, &st) < 0) {
			(void)close(fd);
			return -EINVAL;
		}
		if (st.st_ino == own.st_ino) {
			(void)close(fd);
			return 0;
		}
		v->fd[v->count++] = fd;
		fd = pn_ns_parent(fd);
		if (fd < 0)
			return fd;
	}
}

void nsview_close(struct nsview *v)
{
	while (v->count > 0)
		(void)close(v->fd[--v->count]);
}

int nsview_outer(const struct nsview *v, pid_t pid, pid_t *levels)
{
	int outer;

	if (v->count == 0)
		return 0;
	if (pidns_lacks & PN_FEAT_TRANSLATE)
		return -ENOSYS;
	outer = ioctl(v->fd[0], NS_GET_PID_FROM_PIDNS, (unsigned long)pid);
	if (outer < 0)
		return errno == ENOTTY ? -ENOSYS : -errno;
	levels[0] = outer;
	/* Level n is what fd[count - n] is of; the innermost is in the status. */
	for (unsigned int n = 1; n < v->count; n++) {
		int there = ioctl(v->fd[v->count - n], NS_GET_PID_IN_PIDNS, (unsigned long)outer);

		if (there < 0)
			return -errno;
		levels[n] = there;
	}
	return (int)v->count;
}

pid_t nsview_parent(pid_t outer)
{
	struct proc_status st;
	char path[32], buf[PROC_STATUS_MAX];
	autoclose int fd = -1;
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)outer);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, buf, sizeof(buf));
	return n > 0 && proc_status_parse(buf, (size_t)n, &st) == 0 ? st.ppid : 0;
}
