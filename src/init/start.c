/* SPDX-License-Identifier: Apache-2.0 */

/* What a C library's start files do, as far as the init needs it: take argc, argv
 * and envp off the stack, and provide the four memory functions that compilers
 * call on their own even in freestanding code. */

#include <stddef.h>
#include <stdint.h>

#include "init/kern.h"
#include "init/main.h"

#if defined(__x86_64__)
__asm__(".text\n"
	".globl _start\n"
	".type _start, @function\n"
	"_start:\n"
	"	xor	%ebp, %ebp\n"
	"	mov	%rsp, %rdi\n"
	"	and	$-16, %rsp\n"
	"	call	init_start\n"
	"	hlt\n");
#elif defined(__aarch64__)
__asm__(".text\n"
	".globl _start\n"
	".type _start, %function\n"
	"_start:\n"
	"	mov	x29, #0\n"
	"	mov	x30, #0\n"
	"	mov	x0, sp\n"
	"	and	sp, x0, #-16\n"
	"	bl	init_start\n"
	"	brk	#1\n");
#endif

void *memcpy(void *restrict to, const void *restrict from, size_t len);
void *memmove(void *to, const void *from, size_t len);
void *memset(void *to, int byte, size_t len);
int memcmp(const void *a, const void *b, size_t len);
_Noreturn void init_start(uintptr_t *sp);

void *memcpy(void *restrict to, const void *restrict from, size_t len)
{
	for (size_t i = 0; i < len; i++)
		((char *)to)[i] = ((const char *)from)[i];
	return to;
}

void *memmove(void *to, const void *from, size_t len)
{
	if ((uintptr_t)to <= (uintptr_t)from)
		return memcpy(to, from, len);
	while (len-- > 0)
		((char *)to)[len] = ((const char *)from)[len];
	return to;
}

void *memset(void *to, int byte, size_t len)
{
	for (size_t i = 0; i < len; i++)
		((char *)to)[i] = (char)byte;
	return to;
}

int memcmp(const void *a, const void *b, size_t len)
{
	const unsigned char *x = a, *y = b;

	for (size_t i = 0; i < len; i++)
		if (x[i] != y[i])
			return x[i] < y[i] ? -1 : 1;
	return 0;
}

/* Called by _start only. @sp: as the kernel lays it out for a new program (ELF
 * ABI): argc, argv[0..argc-1], NULL, envp[0..], NULL. */
__attribute__((used)) _Noreturn void init_start(uintptr_t *sp)
{
	int argc = (int)sp[0];
	char **argv = (char **)(sp + 1);

	kern_exit(init_main(argc, argv, argv + argc + 1));
}
