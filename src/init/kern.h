/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The kernel, without a C library (docs/adr/0003-init-without-libc.md says why).
 *
 * One inline function per system call that the init makes: this is the whole
 * list of what it can do to the world. All return the kernel's value, or -errno;
 * there is no errno variable. A signal set is the kernel's own 64 bits: bit n-1
 * is signal n, all 64 of them (a C library hides two or three for itself). */

#include <asm/errno.h>
#include <asm/ioctls.h>
#include <asm/poll.h>
#include <asm/unistd.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/prctl.h>
#include <linux/signal.h>
#include <linux/stat.h>
#include <linux/time.h>
#include <linux/time_types.h>
#include <linux/uio.h>
#include <linux/wait.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INIT_SIGSET_ALL UINT64_MAX

/* The kernel's struct sigaction; x86-64 and arm64 agree on it. */
struct kern_sigaction {
	uintptr_t handler; /* 0 = SIG_DFL, 1 = SIG_IGN; the init never installs one */
	unsigned long flags;
	uintptr_t restorer;
	uint64_t mask;
};
enum { KERN_SIG_DFL = 0, KERN_SIG_IGN = 1 };

#if defined(__x86_64__)

static inline long kern_call6(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}

#elif defined(__aarch64__)

static inline long kern_call6(long nr, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
}

#else
#error "atoll-init: add kern_call6() here and _start in start.c for this machine"
#endif

static inline long kern_call(long nr, long a, long b, long c, long d, long e)
{
	return kern_call6(nr, a, b, c, d, e, 0);
}

_Noreturn static inline void kern_exit(int code)
{
	for (;;)
		kern_call(__NR_exit_group, code, 0, 0, 0, 0);
}

static inline long kern_write(int fd, const void *buf, size_t len)
{
	return kern_call(__NR_write, fd, (long)buf, (long)len, 0, 0);
}

/* Without sleeping, whatever the descriptor's flags are; -EAGAIN when there is no room.
 * -EOPNOTSUPP for files that know no such thing: terminals, and pipes before Linux 5.10. */
static inline long kern_write_nowait(int fd, const void *buf, size_t len)
{
	enum { NOWAIT = 8 }; /* RWF_NOWAIT; linux/fs.h clashes with C library headers */
	struct iovec v = { (void *)(uintptr_t)buf, len };

	return kern_call6(__NR_pwritev2, fd, (long)&v, 1, -1, -1, NOWAIT);
}

/* The same for sockets, and no SIGPIPE. -ENOTSOCK for all others. */
static inline long kern_send_nowait(int fd, const void *buf, size_t len)
{
	enum { DONTWAIT = 0x40, NOSIGNAL = 0x4000 }; /* MSG_*, which have no UAPI header */

	return kern_call(__NR_sendto, fd, (long)buf, (long)len, DONTWAIT | NOSIGNAL, 0);
}

/* The revents for POLLOUT, now. */
static inline long kern_poll_out(int fd)
{
	static const struct __kernel_timespec at_once;
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	struct __kernel_timespec t = at_once;
	long r = kern_call(__NR_ppoll, (long)&p, 1, (long)&t, 0, 0);

	return r < 0 ? r : p.revents;
}

static inline long kern_open(const char *path, int flags)
{
	return kern_call(__NR_openat, AT_FDCWD, (long)path, flags, 0, 0);
}

static inline long kern_read(int fd, void *buf, size_t len)
{
	return kern_call(__NR_read, fd, (long)buf, (long)len, 0, 0);
}

static inline long kern_readlink(const char *path, char *buf, size_t len)
{
	return kern_call(__NR_readlinkat, AT_FDCWD, (long)path, (long)buf, (long)len, 0);
}

static inline long kern_getdents(int fd, void *buf, size_t len)
{
	return kern_call(__NR_getdents64, fd, (long)buf, (long)len, 0, 0);
}

/* S_IF* of inode(7); linux/stat.h hides them from hosted programs. */
enum { KERN_TYPE = 0170000, KERN_FIFO = 0010000, KERN_CHARDEV = 0020000, KERN_SOCKET = 0140000 };

/* One of the types, or -errno. */
static inline long kern_type_of(int fd)
{
	struct statx st;
	long r = kern_call(__NR_statx, fd, (long)"", AT_EMPTY_PATH, STATX_TYPE, (long)&st);

	return r < 0 ? r : st.stx_mode & KERN_TYPE;
}

static inline long kern_dup_over(int from, int to)
{
	return kern_call(__NR_dup3, from, to, 0, 0, 0);
}

/* Also the question if it is open at all: -EBADF. */
static inline long kern_close_on_exec(int fd)
{
	enum { CLOEXEC = 1 }; /* FD_CLOEXEC */

	return kern_call(__NR_fcntl, fd, F_SETFD, CLOEXEC, 0, 0);
}

/* Nanoseconds since boot, without the time asleep. */
static inline int64_t kern_now(void)
{
	struct __kernel_timespec t = { 0 };

	kern_call(__NR_clock_gettime, CLOCK_MONOTONIC, (long)&t, 0, 0, 0);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

/* A plain fork, copy-on-write: the child does too much (and may print) for vfork,
 * and a process of ten pages is copied in some 50 us. arm64 has no fork(2). */
static inline long kern_fork(void)
{
	return kern_call(__NR_clone, SIGCHLD, 0, 0, 0, 0);
}

static inline long kern_execve(const char *path, char *const *argv, char *const *envp)
{
	return kern_call(__NR_execve, (long)path, (long)argv, (long)envp, 0, 0);
}

static inline bool kern_exists(const char *path)
{
	return kern_call(__NR_faccessat, AT_FDCWD, (long)path, 0, 0, 0) == 0;
}

static inline long kern_chdir(const char *path)
{
	return kern_call(__NR_chdir, (long)path, 0, 0, 0, 0);
}

static inline long kern_close_range(unsigned int first, unsigned int last)
{
	return kern_call(__NR_close_range, first, last, 0, 0, 0);
}

static inline long kern_close(int fd)
{
	return kern_call(__NR_close, fd, 0, 0, 0, 0);
}

/* Whole pages of anonymous memory: they are zeros from now on. */
static inline long kern_forget(void *at, size_t len)
{
	return kern_call(__NR_madvise, (long)at, (long)len, MADV_DONTNEED, 0, 0);
}

static inline int kern_getpid(void)
{
	return (int)kern_call(__NR_getpid, 0, 0, 0, 0, 0);
}

static inline int kern_getppid(void)
{
	return (int)kern_call(__NR_getppid, 0, 0, 0, 0, 0);
}

static inline int kern_getpgrp(void)
{
	return (int)kern_call(__NR_getpgid, 0, 0, 0, 0, 0);
}

static inline long kern_setpgid(int pid, int pgid)
{
	return kern_call(__NR_setpgid, pid, pgid, 0, 0, 0);
}

static inline long kern_setsid(void)
{
	return kern_call(__NR_setsid, 0, 0, 0, 0, 0);
}

static inline int kern_getsid(void)
{
	return (int)kern_call(__NR_getsid, 0, 0, 0, 0, 0);
}

static inline long kern_prctl(int what, unsigned long value)
{
	return kern_call(__NR_prctl, what, (long)value, 0, 0, 0);
}

static inline bool kern_is_subreaper(void)
{
	int bit = 0;

	return kern_call(__NR_prctl, PR_GET_CHILD_SUBREAPER, (long)&bit, 0, 0, 0) == 0 && bit;
}

static inline long kern_tcgetpgrp(int fd, int *ret)
{
	return kern_call(__NR_ioctl, fd, TIOCGPGRP, (long)ret, 0, 0);
}

static inline long kern_tcsetpgrp(int fd, int pgid)
{
	return kern_call(__NR_ioctl, fd, TIOCSPGRP, (long)&pgid, 0, 0);
}

/* A terminal's attributes can be read of a terminal only. */
static inline bool kern_is_terminal(int fd)
{
	char attributes[128]; /* struct termios has 36 or 60 bytes */

	return kern_call(__NR_ioctl, fd, TCGETS, (long)attributes, 0, 0) == 0;
}

static inline long kern_leave_terminal(int fd)
{
	return kern_call(__NR_ioctl, fd, TIOCNOTTY, 0, 0, 0);
}

static inline long kern_take_terminal(int fd)
{
	return kern_call(__NR_ioctl, fd, TIOCSCTTY, 0, 0, 0);
}

static inline long kern_wait(int *ret_status, int flags)
{
	return kern_call(__NR_wait4, -1, (long)ret_status, flags, 0, 0);
}

/* What has stopped the child @pid, if it is stopped right now; the report stays. */
static inline int kern_stopped_by(int pid)
{
	siginfo_t info = { 0 };
	long r = kern_call(__NR_waitid, P_PID, pid, (long)&info, WSTOPPED | WNOHANG | WNOWAIT, 0);

	return r == 0 && info.si_pid == pid ? info.si_status : 0;
}

static inline long kern_kill(int pid, int signo)
{
	return kern_call(__NR_kill, pid, signo, 0, 0, 0);
}

static inline long kern_sigqueue(int pid, int signo, const siginfo_t *info)
{
	return kern_call(__NR_rt_sigqueueinfo, pid, signo, (long)info, 0, 0);
}

/* The same for a whole process group, since Linux 6.9 (-EINVAL before): @pid is its
 * leader and not reaped, so that the number cannot have become another's. */
static inline long kern_sigqueue_group(int pid, int signo, const siginfo_t *info)
{
	enum { PROCESS_GROUP = 1 << 2 }; /* PIDFD_SIGNAL_PROCESS_GROUP */
	long fd = kern_call(__NR_pidfd_open, pid, 0, 0, 0, 0), r;

	if (fd < 0)
		return fd;
	r = kern_call(__NR_pidfd_send_signal, fd, signo, (long)info, PROCESS_GROUP, 0);
	kern_close((int)fd);
	return r;
}

static inline long kern_sigmask(uint64_t mask, uint64_t *ret_old)
{
	return kern_call(__NR_rt_sigprocmask, SIG_SETMASK, (long)&mask, (long)ret_old, sizeof(mask),
			 0);
}

static inline long kern_sigaction(int signo, const struct kern_sigaction *act,
				  struct kern_sigaction *ret_old)
{
	return kern_call(__NR_rt_sigaction, signo, (long)act, (long)ret_old, sizeof(act->mask), 0);
}

/* Takes one pending signal of @set off the queue; @timeout NULL: waits for it. */
static inline long kern_sigtake(uint64_t set, siginfo_t *ret,
				const struct __kernel_timespec *timeout)
{
	return kern_call(__NR_rt_sigtimedwait, (long)&set, (long)ret, (long)timeout, sizeof(set),
			 0);
}
