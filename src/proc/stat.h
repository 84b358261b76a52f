/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* /proc/PID/stat, see proc_pid_stat(5). The name may hold blanks and brackets:
 * it ends at the last ')'. */

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct proc_stat {
	pid_t pid;
	char comm[64]; /* 15 bytes for a process; workqueue threads have longer ones */
	char state;    /* R S D Z T t X I ... */
	pid_t ppid, pgrp, session;
	int64_t tty_nr, tpgid;
	uint64_t flags;            /* PF_* */
	uint64_t cminflt, cmajflt; /* page faults of children that were waited for */
	uint64_t utime, stime;     /* clock ticks */
	int64_t priority, nice, num_threads;
	uint64_t starttime; /* clock ticks after boot */
	uint64_t vsize;     /* bytes */
	int64_t rss;        /* pages */
};

/* 0 or -EINVAL. */
int proc_stat_parse(const char *text, size_t len, struct proc_stat *ret);
