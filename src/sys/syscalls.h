/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* System calls that the C library of Debian 12 does not wrap, or wraps in a way
 * we cannot use. Each returns what the kernel returns, with -errno on failure,
 * and leaves errno as it found it or worse. `syscall(` stands nowhere else. */

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include "sys/uapi.h"

static inline long sys_ret(long r)
{
	return r < 0 ? -errno : r;
}

static inline pid_t sys_clone3(struct clone_args *args, size_t size)
{
	return (pid_t)sys_ret(syscall(SYS_clone3, args, size));
}

/* What mask asks for of one mount; -EOVERFLOW: buf is too small. */
static inline int sys_statmount(const struct uapi_mnt_id_req *req, struct uapi_statmount *buf,
				size_t size)
{
	return (int)sys_ret(syscall(__NR_statmount, req, buf, size, 0));
}

/* Ids of the mounts below req->mnt_id, after req->param. How many. */
static inline ssize_t sys_listmount(const struct uapi_mnt_id_req *req, uint64_t *ids, size_t n)
{
	return sys_ret(syscall(__NR_listmount, req, ids, n, 0));
}

/* flags: O_*; resolve: RESOLVE_* */
static inline int sys_openat2(int dirfd, const char *path, uint64_t flags, uint64_t mode,
			      uint64_t resolve)
{
	struct open_how how = { .flags = flags, .mode = mode, .resolve = resolve };

	return (int)sys_ret(syscall(SYS_openat2, dirfd, path, &how, sizeof(how)));
}

static inline int sys_open_tree(int dirfd, const char *path, unsigned int flags)
{
	return (int)sys_ret(syscall(SYS_open_tree, dirfd, path, flags));
}

static inline int sys_move_mount(int from_fd, const char *from, int to_fd, const char *to,
				 unsigned int flags)
{
	return (int)sys_ret(syscall(SYS_move_mount, from_fd, from, to_fd, to, flags));
}

static inline int sys_fsopen(const char *fs, unsigned int flags)
{
	return (int)sys_ret(syscall(SYS_fsopen, fs, flags));
}

static inline int sys_fspick(int dirfd, const char *path, unsigned int flags)
{
	return (int)sys_ret(syscall(SYS_fspick, dirfd, path, flags));
}

static inline int sys_fsconfig(int fd, unsigned int cmd, const char *key, const void *value,
			       int aux)
{
	return (int)sys_ret(syscall(SYS_fsconfig, fd, cmd, key, value, aux));
}

static inline int sys_fsmount(int fd, unsigned int flags, unsigned int attr)
{
	return (int)sys_ret(syscall(SYS_fsmount, fd, flags, attr));
}

static inline int sys_mount_setattr(int dirfd, const char *path, unsigned int flags,
				    struct mount_attr *attr)
{
	return (int)sys_ret(syscall(SYS_mount_setattr, dirfd, path, flags, attr, sizeof(*attr)));
}

static inline int sys_pivot_root(const char *new_root, const char *put_old)
{
	return (int)sys_ret(syscall(SYS_pivot_root, new_root, put_old));
}

static inline int sys_pidfd_open(pid_t pid, unsigned int flags)
{
	return (int)sys_ret(syscall(SYS_pidfd_open, pid, flags));
}

static inline int sys_pidfd_send_signal(int pidfd, int sig)
{
	return (int)sys_ret(syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0));
}

static inline int sys_pidfd_getfd(int pidfd, int fd)
{
	return (int)sys_ret(syscall(SYS_pidfd_getfd, pidfd, fd, 0));
}

static inline int sys_close_range(unsigned int first, unsigned int last, unsigned int flags)
{
	return (int)sys_ret(syscall(SYS_close_range, first, last, flags));
}

static inline int sys_execveat(int dirfd, const char *path, char *const argv[], char *const envp[],
			       int flags)
{
	return (int)sys_ret(syscall(SYS_execveat, dirfd, path, argv, envp, flags));
}

static inline int sys_seccomp(unsigned int op, unsigned int flags, void *args)
{
	return (int)sys_ret(syscall(SYS_seccomp, op, flags, args));
}

static inline int sys_capset(void *header, void *data)
{
	return (int)sys_ret(syscall(SYS_capset, header, data));
}

static inline int sys_capget(void *header, void *data)
{
	return (int)sys_ret(syscall(SYS_capget, header, data));
}

static inline long sys_keyctl(int op, unsigned long a2, unsigned long a3, unsigned long a4,
			      unsigned long a5)
{
	return sys_ret(syscall(SYS_keyctl, op, a2, a3, a4, a5));
}

static inline int sys_bpf(int cmd, void *attr, unsigned int size)
{
	return (int)sys_ret(syscall(SYS_bpf, cmd, attr, size));
}

static inline int sys_sched_setattr(pid_t pid, void *attr, unsigned int flags)
{
	return (int)sys_ret(syscall(SYS_sched_setattr, pid, attr, flags));
}

static inline int sys_ioprio_set(int which, int who, int prio)
{
	return (int)sys_ret(syscall(SYS_ioprio_set, which, who, prio));
}

/* The raw calls: glibc's would broadcast to threads, of which there are none. */
static inline int sys_setgroups(size_t n, const gid_t *groups)
{
	return (int)sys_ret(syscall(SYS_setgroups, n, groups));
}

static inline int sys_setresuid(uid_t r, uid_t e, uid_t s)
{
	return (int)sys_ret(syscall(SYS_setresuid, r, e, s));
}

static inline int sys_setresgid(gid_t r, gid_t e, gid_t s)
{
	return (int)sys_ret(syscall(SYS_setresgid, r, e, s));
}

/* The kernel's own answer: "(unreachable)/..." for a directory outside of the
 * root, which glibc's getcwd(3) hides. Returns the length with its NUL. */
static inline int sys_getcwd(char *buf, size_t size)
{
	return (int)sys_ret(syscall(SYS_getcwd, buf, size));
}
