/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* seccomp(2) without a library: what the child of the runtime needs. */

#include <stdint.h>

struct sock_fprog;

/* Installs the filter on the calling process, for good. flags:
 * SECCOMP_FILTER_FLAG_*. -EACCES without CAP_SYS_ADMIN and no_new_privs. */
int seccomp_install(const struct sock_fprog *prog, uint32_t flags);

/* Does the kernel know all of these flags? Changes nothing. */
int seccomp_flags_known(uint32_t flags);
