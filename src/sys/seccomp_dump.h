/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The seccomp filters of another process, through ptrace(2): PTRACE_SEIZE, PTRACE_INTERRUPT,
 * PTRACE_SECCOMP_GET_FILTER for each filter, PTRACE_DETACH. The process stands still for that
 * time only, which is measured. No signal is sent to it, none that is on its way is lost, and
 * if we die the kernel lets it go on: PTRACE_O_EXITKILL is not set.
 *
 * A stop interrupts a system call that waits. Most begin anew by themselves; on x86 we see to it
 * that those do that would return EINTR (epoll_wait, sigtimedwait ...), and those for which
 * the kernel uses restart_syscall(2) where the filter refuses that: a profile that forgets it
 * would make an error of every sleep, or kill the process. Elsewhere it is as with strace(1).
 *
 * A child does it, since a process that does not come to a stop (it waits for a disk, its
 * cgroup is frozen) can only be left by the tracer's end. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"

struct seccomp_data;
struct sock_filter;

struct seccomp_filter {
	const struct sock_filter *insns;
	size_t count;
};

struct seccomp_filters {
	struct seccomp_filter *items; /* oldest first */
	size_t count, insns;          /* filters; instructions of all */
	uint64_t stopped_ns;          /* at most so long it stood still */
};

struct seccomp_tracer {
	pid_t child;
	int fd;
	/* Do the filters let this call pass? Asked in the child. */
	bool (*passes)(const struct seccomp_filter *f, size_t count, const struct seccomp_data *d);
};
#define SECCOMP_TRACER(passes) ((struct seccomp_tracer){ 0, -1, (passes) })
#define autotracer             __attribute__((cleanup(seccomp_tracer_close)))

/* start: clock ticks after boot, so that no other process of this number is stopped; 0: any.
 * None at all: 0 with count 0. -EPERM may not be traced (or is traced already); -EACCES needs
 * CAP_SYS_ADMIN, and no filter on the caller; -EOPNOTSUPP the kernel was built without
 * CONFIG_CHECKPOINT_RESTORE; -ESRCH; -ETIMEDOUT it did not come to a stop. With words. */
int seccomp_dump(struct seccomp_tracer *t, pid_t pid, uint64_t start, struct arena *a,
		 struct seccomp_filters *ret, struct err *e);
/* Ends the child, which the first dump made. */
void seccomp_tracer_close(struct seccomp_tracer *t);
