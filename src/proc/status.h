/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* /proc/PID/status, see proc_pid_status(5): one pass over the text, no allocation.
 * Lines that are not known are skipped, those that an old kernel does not have
 * leave their "not known" value. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	PROC_LEVELS_MAX = 33,  /* MAX_PID_NS_LEVEL is 32; and the first one */
	PROC_STATUS_MAX = 8192 /* room to read it into: with many groups and CPUs it grows */
};

struct proc_status {
	char comm[64]; /* the kernel's \n and \\ are undone */
	size_t comm_len;
	char state;
	pid_t tgid, pid, ppid, tracer;
	uid_t uid[4]; /* real, effective, saved, file system */
	gid_t gid[4];
	pid_t nspid[PROC_LEVELS_MAX]; /* outermost first; at least Pid itself */
	unsigned int levels;
	uint32_t threads;
	uint64_t sig_pending, sig_shared_pending, sig_blocked, sig_ignored, sig_caught;
	uint64_t cap_inheritable, cap_permitted, cap_effective, cap_bounding, cap_ambient;
	int8_t no_new_privs; /* -1: no such line */
	int8_t seccomp;      /* -1 */
	int8_t kthread;      /* -1: the kernel does not say (before 6.8) */
	uint32_t seccomp_filters;
	bool has_mm; /* there are Vm lines: it is a live user process */
	uint64_t rss_kib;
};

/* 0; -EINVAL: a known line is not as it should be, or State, Pid or PPid is missing
 * (as in a text that was cut short). */
int proc_status_parse(const char *text, size_t len, struct proc_status *ret);
