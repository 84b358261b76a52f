/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/seccomp_view.h"

#include <errno.h>
#include <linux/audit.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

enum {
	X32_BIT = 0x40000000,
	CALLS_MAX = 1024,   /* numbers that are looked at; the last of today is below 500 */
	NO_CALL = 0x0fffff, /* a number that nobody gives to a call */
};

int seccomp_view_init(struct seccomp_view *ret, const struct seccomp_filters *f, struct arena *a)
{
	struct bpf_program *p = arena_alloc(a, (f->count + 1) * sizeof(*p));

	for (size_t i = 0; i < f->count; i++) {
		p[i] = (struct bpf_program){ f->items[i].insns, f->items[i].count };
		if (bpf_check(&p[i]) < 0)
			return -EINVAL;
	}
	*ret = (struct seccomp_view){ .arena = a,
				      .programs = p,
				      .count = f->count,
				      .arch = seccomp_arch_native(),
				      .whole = true };
	switch (ret->arch) {
	case SCMP_ARCH_X86_64:
		ret->other[ret->other_count++] = SCMP_ARCH_X86;
		ret->other[ret->other_count++] = SCMP_ARCH_X32;
		break;
	case SCMP_ARCH_AARCH64: ret->other[ret->other_count++] = SCMP_ARCH_ARM; break;
	case SCMP_ARCH_S390X: ret->other[ret->other_count++] = SCMP_ARCH_S390; break;
	default: break;
	}
	return 0;
}

const char *seccomp_view_arch_name(uint32_t arch)
{
	switch (arch) {
	case SCMP_ARCH_X86_64: return "x86_64";
	case SCMP_ARCH_X86: return "i386";
	case SCMP_ARCH_X32: return "x32";
	case SCMP_ARCH_AARCH64: return "aarch64";
	case SCMP_ARCH_ARM: return "arm";
	case SCMP_ARCH_S390X: return "s390x";
	case SCMP_ARCH_S390: return "s390";
	case SCMP_ARCH_PPC64LE: return "ppc64le";
	default: return "other";
	}
}

/* The word that the kernel puts into struct seccomp_data. */
static uint32_t audit_arch(uint32_t arch)
{
	return arch == SCMP_ARCH_X32 ? (uint32_t)AUDIT_ARCH_X86_64 : arch;
}

static struct bpf_answers explore(struct seccomp_view *v, uint32_t arch, int nr)
{
	struct bpf_answers r;

	bpf_explore(v->programs, v->count, audit_arch(arch), nr, &r);
	v->whole = v->whole && r.whole;
	return r;
}

struct seccomp_row *seccomp_view_rows(struct seccomp_view *v, uint32_t arch, size_t *ret_count)
{
	struct seccomp_row *rows = NULL;
	size_t n = 0, cap = 0;

	for (int i = 0; i < CALLS_MAX; i++) {
		int nr = arch == SCMP_ARCH_X32 ? i | X32_BIT : i;
		autofree char *name = seccomp_syscall_resolve_num_arch(arch, nr);
		struct seccomp_row *row;

		if (!name)
			continue;
		row = arena_push(v->arena, &rows, &n, &cap, sizeof(*row));
		row->arch = arch;
		row->nr = nr;
		row->name = arena_strdup(v->arena, name);
		row->answers = explore(v, arch, nr);
		for (size_t k = 0; k < row->answers.count; k++) {
			bool passes = bpf_lets_pass(row->answers.items[k]);

			row->passes = row->passes || passes;
			row->refused = row->refused || !passes;
		}
	}
	*ret_count = n;
	return rows;
}

/* The arguments of a dangerous call with what else may stand in them: clone(2) has a signal there,
 * and programs give several flags at once. */
static bool let_with(const struct seccomp_view *v, uint32_t arch, int nr,
		     const struct danger_call *d)
{
	static const uint64_t rest[] = { 0, 17, 0x7e020000, 0x7e020011, 0x10000 };
	struct seccomp_data data = { .nr = nr, .arch = audit_arch(arch) };

	for (size_t i = 0; i < ARRAY_LEN(rest); i++) {
		data.args[d->arg] = d->value | (rest[i] & ~d->mask);
		if (bpf_lets_pass(bpf_verdict(v->programs, v->count, &data)))
			return true;
	}
	return false;
}

bool seccomp_view_danger(struct seccomp_view *v, uint32_t arch, const struct danger_call *d)
{
	int nr = seccomp_syscall_resolve_name_arch(arch, d->call);
	struct bpf_answers r;

	if (nr <
	    0) /* __NR_SCMP_ERROR, or a number that libseccomp made up: there is no such call */
		return false;
	if (d->mask)
		return let_with(v, arch, nr, d);
	r = explore(v, arch, nr);
	for (size_t i = 0; i < r.count; i++)
		if (bpf_lets_pass(r.items[i]))
			return true;
	return false;
}

bool seccomp_view_open(struct seccomp_view *v, uint32_t arch)
{
	struct bpf_answers r = explore(v, arch,
				       arch == SCMP_ARCH_X32 ? NO_CALL | X32_BIT : NO_CALL);

	return r.count > 0 && bpf_lets_pass(r.items[r.count - 1]);
}

bool seccomp_view_gap(struct seccomp_view *v, uint32_t arch)
{
	for (const struct danger_call *d = danger_calls; *d->label; d++)
		if (d->weak && seccomp_view_danger(v, arch, d) &&
		    seccomp_syscall_resolve_name_arch(v->arch, d->call) >= 0 &&
		    !seccomp_view_danger(v, v->arch, d))
			return true;
	return false;
}

const char *seccomp_answer_text(struct arena *a, uint32_t answer)
{
	unsigned int data = answer & SECCOMP_RET_DATA;
	const char *name;

	switch (answer & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ALLOW: return "allow";
	case SECCOMP_RET_LOG: return "allow and log";
	case SECCOMP_RET_TRAP: return "SIGSYS";
	case SECCOMP_RET_TRACE: return "ask the tracer";
	case SECCOMP_RET_USER_NOTIF: return "ask the listener";
	case SECCOMP_RET_KILL_THREAD: return "kill the thread";
	case SECCOMP_RET_ERRNO:
		/* Above MAX_ERRNO the kernel takes MAX_ERRNO. */
		name = strerrorname_np((int)data);
		return data == 0 ? "do nothing, return 0"
		       : name    ? arena_printf(a, "errno %u (%s)", data, name)
				 : arena_printf(a, "errno %u", data);
	default: return "kill the process";
	}
}
