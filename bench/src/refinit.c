/* SPDX-License-Identifier: Apache-2.0 */
/* refinit: the least an init can be (no libc): forward signals to the child, reap everything, exit as the child did.
 * Only a yardstick for initbench, not a product: no tty, no process group, no options. */
#include <asm/unistd.h>
#include <signal.h>
#include "tiny.h"
static long sys4(long n, long a, long b, long c, long d)
{
#if defined __x86_64__
	long r;
	register long r10 __asm__("r10") = d;
	__asm__ volatile("syscall"
			 : "=a"(r)
			 : "0"(n), "D"(a), "S"(b), "d"(c), "r"(r10)
			 : "rcx", "r11", "memory");
	return r;
#else
	register long x8 __asm__("x8") = n, x0 __asm__("x0") = a, x1 __asm__("x1") = b,
			 x2 __asm__("x2") = c, x3 __asm__("x3") = d;
	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
	return x0;
#endif
}
__attribute__((used, noreturn)) static void start(long *sp)
{
	char **argv = (char **)(sp + 1), **envp = argv + sp[0] + 1;
	unsigned long all = ~0UL, none = 0;
	if (sp[0] < 2)
		sys3(__NR_exit_group, 2, 0, 0);
	sys4(__NR_rt_sigprocmask, SIG_SETMASK, (long)&all, 0, 8);
#ifdef __NR_vfork
	long pid = sys3(__NR_fork, 0, 0, 0);
#else
	long pid = sys4(__NR_clone, SIGCHLD, 0, 0, 0);
#endif
	if (pid == 0) {
		sys4(__NR_rt_sigprocmask, SIG_SETMASK, (long)&none, 0, 8);
		sys3(__NR_execve, (long)argv[1], (long)(argv + 1), (long)envp);
		sys3(__NR_exit_group, 127, 0, 0);
	}
	for (;;) {
		long sig = sys4(__NR_rt_sigtimedwait, (long)&all, 0, 0, 8);
		if (sig == SIGCHLD) {
			int st;
			long p;
			while ((p = sys4(__NR_wait4, -1, (long)&st, 1 /* WNOHANG */, 0)) > 0)
				if (p == pid)
					sys3(__NR_exit_group,
					     (st & 127) ? 128 + (st & 127) : (st >> 8 & 255), 0, 0);
		} else if (sig > 0)
			sys3(__NR_kill, pid, sig, 0);
	}
}
#if defined __x86_64__
__asm__(".globl _start\n_start:\n xor %ebp,%ebp\n mov %rsp,%rdi\n and $-16,%rsp\n call start\n");
#else
__asm__(".globl _start\n_start:\n mov x29,#0\n mov x0,sp\n b start\n");
#endif
