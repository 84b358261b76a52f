/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A process that cannot be mistaken for another: a pidfd, the PID it had when
 * we looked, and what tells a later process of the same PID apart. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct pidref {
	pid_t pid;
	int fd; /* pidfd, or -1 */
	/* Of the pidfd on pidfs (6.9), unique for this boot; 0: the kernel has none. */
	uint64_t inode;
	uint64_t starttime; /* clock ticks after boot, /proc/PID/stat field 22; 0: not read */
};

#define PIDREF_NULL ((struct pidref){ .fd = -1 })

/* Opens PID. 0 or -ESRCH. Reads inode and starttime. */
int pidref_open(pid_t pid, struct pidref *ret);
/* Takes over a pidfd that clone3 gave. */
void pidref_adopt(pid_t pid, int pidfd, struct pidref *ret);
/* Opens PID only if it is still the process with that inode and start time:
 * -ESRCH if it is gone or another one has its number now. */
int pidref_reopen(pid_t pid, uint64_t inode, uint64_t starttime, struct pidref *ret);
void pidref_close(struct pidref *p);
/* 0, -ESRCH, -EPERM, -EINVAL */
int pidref_kill(const struct pidref *p, int sig);
/* Waits until the process has exited (as a zombie or gone); timeout in ms, -1
 * for ever. 0 or -ETIMEDOUT. Needs no parenthood. */
int pidref_wait_exit(const struct pidref *p, int timeout_ms);
/* Exited already (zombie counts)? */
bool pidref_exited(const struct pidref *p);
#define autopidref __attribute__((cleanup(pidref_close)))
