/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Procfs that is what it looks like. */

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "run/ctx.h"

/* Child, in its mount namespace: the root of a procfs that nothing can be
 * mounted over. A detached one of our own; where the kernel refuses that (in a
 * user namespace that sees no complete procfs), the container's /proc. Kept as
 * c->proc_fd; the caller does not close it. */
int procfd_get(struct ctx *c, struct err *e);

/* Opens a file below a procfs root; -EXDEV if something is mounted over it or it
 * is not procfs. flags: O_*. */
int procfd_open(int proc_fd, const char *path, uint64_t flags);

/* Runtime, and child before its root changes: /proc/PID/NAME (0: "self").
 * procfd_write() does one write(2); procfd_read() adds a NUL and returns the length. */
int procfd_write(pid_t pid, const char *name, const char *text, size_t len);
ssize_t procfd_read(pid_t pid, const char *name, char *buf, size_t size);

/* A mask of our own /proc/self/status ("CapBnd", "SigIgn") as the first call
 * found it; all ones if it is not to be had. Host side. */
uint64_t procfd_status_mask(const char *key);
void procfd_status_forget(void); /* the next one looks again */
