/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The filters of a process as answers: of every system call, and of the dangerous ones. */

#include "audit/bpf_eval.h"
#include "audit/danger.h"
#include "base/arena.h"
#include "sys/seccomp_dump.h"

enum { SECCOMP_ARCHS_MAX = 4 };

struct seccomp_view {
	struct arena *arena;
	const struct bpf_program *programs;
	size_t count;
	uint32_t arch; /* SCMP_ARCH_* of this machine */
	/* Other calls that its kernel takes from a program of another architecture. */
	uint32_t other[SECCOMP_ARCHS_MAX];
	size_t other_count;
	bool whole; /* nothing was cut while the calls were looked at, so far */
};

/* -EINVAL: it is no program that a kernel takes. */
int seccomp_view_init(struct seccomp_view *ret, const struct seccomp_filters *f, struct arena *a);
const char *seccomp_view_arch_name(uint32_t arch); /* "x86_64", "i386", "x32" ... */

/* One call, for all arguments. */
struct seccomp_row {
	uint32_t arch;
	int nr; /* as the kernel counts in struct seccomp_data: x32 with its bit */
	const char *name;
	struct bpf_answers answers;
	bool passes, refused; /* there are answers that let it happen; that do not */
};
/* All calls that libseccomp knows by name, by number. */
struct seccomp_row *seccomp_view_rows(struct seccomp_view *v, uint32_t arch, size_t *ret_count);

/* Is a dangerous call let through, with the arguments that make it dangerous? */
bool seccomp_view_danger(struct seccomp_view *v, uint32_t arch, const struct danger_call *d);
/* Is a number let through that no call has? */
bool seccomp_view_open(struct seccomp_view *v, uint32_t arch);
/* Is a dangerous call refused to the machine's own architecture, and let through here? */
bool seccomp_view_gap(struct seccomp_view *v, uint32_t arch);

/* "allow", "errno 1 (EPERM)", "kill the process" ... */
const char *seccomp_answer_text(struct arena *a, uint32_t answer);
