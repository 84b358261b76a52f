/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* From the specification's seccomp object to a program for seccomp(2), by
 * libseccomp; before the clone, so that the child only loads it. */

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "conf/oci.h"

struct sock_fprog;

/* SECCOMP_FILTER_FLAG_* to load it with. No "flags" member at all means
 * SPEC_ALLOW, as in runc; TSYNC is of no meaning for a single thread, and
 * WAIT_KILLABLE_RECV of none without SCMP_ACT_NOTIFY. With that: NEW_LISTENER. */
uint32_t seccomp_flags(const struct oci_seccomp *s);

/* Compiles the filter into the arena. As in runc, system calls that libseccomp
 * does not know are left out; rules with two conditions on one argument become
 * one rule for each condition; and where the default action denies, system
 * calls with higher numbers than any in the profile return ENOSYS rather than
 * the default, so that programs take them for not built into this kernel. */
int seccomp_build(const struct oci_seccomp *s, struct arena *a, const struct sock_fprog **ret,
		  struct err *e);
