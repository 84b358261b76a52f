/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What does a seccomp filter answer? Evaluates classic BPF over struct seccomp_data as the
 * kernel does (kernel/seccomp.c, net/core/filter.c), so that no system call has to be made
 * to find out. Pure. */

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct seccomp_filter;

enum {
	BPF_ANSWERS_MAX = 16,
	BPF_STEPS_MAX = 1 << 20, /* of one exploration */
	BPF_FORKS_MAX = 4096     /* paths that wait to be looked at */
};

struct bpf_program {
	const struct sock_filter *insns;
	size_t count;
};

/* What seccomp(2) would take: known instructions only, jumps that stay inside, a return at the
 * end. 0 or -EINVAL. The functions below want programs that passed. */
int bpf_check(const struct bpf_program *p);

/* SECCOMP_RET_* with its data. */
uint32_t bpf_eval(const struct bpf_program *p, const struct seccomp_data *d);

/* All filters of a task, oldest first: the most restrictive action; among equals the newest
 * filter's. No filter: SECCOMP_RET_ALLOW. */
uint32_t bpf_verdict(const struct bpf_program *p, size_t count, const struct seccomp_data *d);

/* For struct seccomp_tracer: does the call happen? False for what is no program. */
bool bpf_passes(const struct seccomp_filter *f, size_t count, const struct seccomp_data *d);

/* Everything that may be answered for a call, whatever its arguments and its instruction
 * pointer are: each comparison with them is followed both ways. Some of it may need
 * arguments that contradict each other, but nothing is missing if `whole`. */
struct bpf_answers {
	uint32_t items[BPF_ANSWERS_MAX]; /* most restrictive first */
	size_t count;
	unsigned int args; /* bits of the arguments that are looked at; bit 6: the pointer */
	bool whole;
};
void bpf_explore(const struct bpf_program *p, size_t count, uint32_t arch, int nr,
		 struct bpf_answers *ret);

/* Does the call happen (ALLOW or LOG)? */
bool bpf_lets_pass(uint32_t answer);
/* -1, 0, 1: a is more, as, less restrictive than b. */
int bpf_compare(uint32_t a, uint32_t b);
