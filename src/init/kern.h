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
#include <asm/unistd.h>
#include <linux/fcntl.h>
#include <linux/prctl.h>
#include <linux/signal.h>
#include <linux/time_types.h>
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

static inline long kern_call(long nr, long a, long b, long c, long d, long e)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
			 : "rcx", "r11", "memory");
	return ret;
}

#elif defined(__aarch64__)

static inline long kern_call(long nr, long a, long b, long c, long d, long e)
{
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4)
			 : "memory");
	return x0;
}

#else
#error "atoll-init: add kern_call() here and _start in start.c for this machine"
#endif

_Noreturn static inline void kern_exit(int code)
{
	for (;;)
		kern_call(__NR_exit_group, code, 0, 0, 0, 0);
}

static inline long kern_write(int fd, const void *buf, size_t len)
{
	return kern_call(__NR_write, fd, (long)buf, (long)len, 0, 0);
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

static inline long kern_prctl(int what, unsigned long value)
{
	return kern_call(__NR_prctl, what, (long)value, 0, 0, 0);
}

static inline long kern_tcgetpgrp(int fd, int *ret)
{
	return kern_call(__NR_ioctl, fd, TIOCGPGRP, (long)ret, 0, 0);
}

static inline long kern_tcsetpgrp(int fd, int pgid)
{
	return kern_call(__NR_ioctl, fd, TIOCSPGRP, (long)&pgid, 0, 0);
}

static inline long kern_wait(int *ret_status, int flags)
{
	return kern_call(__NR_wait4, -1, (long)ret_status, flags, 0, 0);
}

static inline long kern_kill(int pid, int signo)
{
	return kern_call(__NR_kill, pid, signo, 0, 0, 0);
}

static inline long kern_sigqueue(int pid, int signo, const siginfo_t *info)
{
	return kern_call(__NR_rt_sigqueueinfo, pid, signo, (long)info, 0, 0);
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
