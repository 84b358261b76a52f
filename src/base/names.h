/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Kernel numbers and their names. Pure tables: no system call, no locale. */

enum {
	NAME_CAP_COUNT = 41,    /* capabilities 0 .. CAP_CHECKPOINT_RESTORE */
	NAME_SIGNAL_MAX = 64,   /* _NSIG */
	NAME_SIGNAL_RTMIN = 34, /* as glibc and kill(1) count: 32 and 33 belong to the C library */
};

/* "CAP_SYS_ADMIN", exactly so. The capability's number, or -EINVAL. */
int name_cap(const char *name);
/* NULL for a number without a name. */
const char *cap_name(int cap);

/* "SIGTERM", "TERM", "15", "RTMIN+3", "SIGRTMAX-1" in any case. The number
 * 0..64 (0 only if "0" was written), or -EINVAL. */
int name_signal(const char *text);
/* "SIGTERM", "SIGRTMIN+3", "SIGRTMAX-1" (the nearer end, as kill -l); NULL for
 * 0, 32, 33 and what is out of range. */
const char *signal_name(int sig);

/* "RLIMIT_NOFILE", exactly so. RLIMIT_*, or -EINVAL. */
int name_rlimit(const char *name);
const char *rlimit_name(int resource);
