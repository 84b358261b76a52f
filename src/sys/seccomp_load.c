/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/seccomp_load.h"

#include <linux/filter.h>
#include <linux/seccomp.h>

#include "sys/syscalls.h"

int seccomp_install(const struct sock_fprog *prog, uint32_t flags)
{
	struct sock_fprog copy = *prog; /* the system call's argument is not const */

	return sys_seccomp(SECCOMP_SET_MODE_FILTER, flags, &copy);
}

/* Flags are looked at before the program is: no program is EFAULT (seccomp(2)). */
int seccomp_flags_known(uint32_t flags)
{
	return sys_seccomp(SECCOMP_SET_MODE_FILTER, flags, NULL) == -EFAULT;
}
