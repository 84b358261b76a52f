/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The way from a PID namespace up to the caller's, for rows that were read in a procfs of the
 * inner one and are to have their outer numbers too. */

#include "pidns/impl.h"

struct nsview {
	unsigned int count;      /* levels between; 0: it is the caller's own */
	int fd[PROC_LEVELS_MAX]; /* of the namespace, its parent ..., but not the caller's */
};

/* -EPERM: it is not below the caller's. On failure too nsview_close() is called. */
int nsview_open(int pidns_fd, struct nsview *v);
void nsview_close(struct nsview *v);

/* The numbers of inner PID `pid` on the levels above the view, outermost first. How many:
 * v->count; -ENOSYS before 6.11; -ESRCH. */
int nsview_outer(const struct nsview *v, pid_t pid, pid_t *levels);
/* The outer PPid of an outer PID, as the caller's /proc has it; 0: not known. */
pid_t nsview_parent(pid_t outer);
