/* SPDX-License-Identifier: Apache-2.0 */
/* no-libc helpers for the payloads (x86_64 and aarch64) */
#ifndef TINY_H
#define TINY_H
static long sys3(long n, long a, long b, long c)
{
#if defined __x86_64__
	long r;
	__asm__ volatile("syscall"
			 : "=a"(r)
			 : "0"(n), "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	return r;
#elif defined __aarch64__
	register long x8 __asm__("x8") = n, x0 __asm__("x0") = a, x1 __asm__("x1") = b,
			 x2 __asm__("x2") = c;
	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
	return x0;
#endif
}
#endif
