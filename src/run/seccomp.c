/* SPDX-License-Identifier: Apache-2.0 */
/* How this works
 *
 * libseccomp compiles the rules; what it gives is put behind a few instructions
 * of our own, one group for each architecture of the profile:
 *
 *	      ld   arch
 *	      jeq  AUDIT_ARCH_X86_64, 0, next      not this one: the next group
 *	      ld   nr
 *	      jset 0x40000000, x32                 x86 only: the x32 calls count apart
 *	      jgt  LAST, enosys, filter
 *	x32:  jgt  LAST_X32, enosys, filter
 *	enosys: ret ERRNO(ENOSYS)
 *	filter: ja behind the groups
 *	next: ...
 *
 * LAST is the highest number of any system call that the profile names. Those
 * above came after the profile was written; told EPERM, a C library would take
 * them for forbidden and fail, told ENOSYS it falls back. */
#include "run/seccomp.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "sys/uapi.h"

enum {
	/* libseccomp's tree has four calls a node, so a short list is as fast; and up to
	 * 2.5.4 it is wrong with no rule at all. */
	TREE_FROM_RULES = 32,
	OPTIMIZE_TREE = 2, /* seccomp_attr_set(3) */
	ARGS_MAX = 6,
	GROUP_INSNS_MAX = 8,
	ARCHS_MAX = 32,
	X32_BIT = 0x40000000,
};

static void cleanup_filter(scmp_filter_ctx *f)
{
	if (*f)
		seccomp_release(*f);
}
#define autofilter __attribute__((cleanup(cleanup_filter)))

uint32_t seccomp_flags(const struct oci_seccomp *s)
{
	uint32_t flags = s->has_flags ? s->flags & ~(uint32_t)SECCOMP_FILTER_FLAG_TSYNC
				      : SECCOMP_FILTER_FLAG_SPEC_ALLOW;

	if (oci_seccomp_notifies(s))
		return flags | SECCOMP_FILTER_FLAG_NEW_LISTENER;
	return flags & ~(uint32_t)SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
}

static uint32_t action_with(uint32_t action, const uint32_t *errno_ret)
{
	uint32_t value = errno_ret ? *errno_ret : EPERM;

	switch (action & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ERRNO: return SCMP_ACT_ERRNO(value);
	case SECCOMP_RET_TRACE: return SCMP_ACT_TRACE(value);
	default: return action;
	}
}

static int add_archs(scmp_filter_ctx f, const struct oci_seccomp *s, struct err *e)
{
	for (size_t i = 0; i < s->archs_count; i++) {
		int r = seccomp_arch_add(f, s->archs[i]);

		if (r < 0 && r != -EEXIST)
			return err_set(
				e, EOPNOTSUPP,
				"/linux/seccomp/architectures/%zu: libseccomp does not know it", i);
	}
	return 0;
}

static bool one_condition_each(const struct oci_seccomp_rule *rule)
{
	unsigned int seen = 0;

	for (size_t i = 0; i < rule->args_count; i++) {
		if (seen >> rule->args[i].index & 1)
			return false;
		seen |= 1U << rule->args[i].index;
	}
	return true;
}

static int add_call(scmp_filter_ctx f, uint32_t action, int nr, const struct oci_seccomp_rule *rule)
{
	struct scmp_arg_cmp cmp[ARGS_MAX];
	int r = 0;

	if (one_condition_each(rule)) {
		for (size_t i = 0; i < rule->args_count; i++)
			cmp[i] = SCMP_CMP(rule->args[i].index, (enum scmp_compare)rule->args[i].op,
					  rule->args[i].value, rule->args[i].value_two);
		return seccomp_rule_add_array(f, action, nr, (unsigned int)rule->args_count, cmp);
	}
	for (size_t i = 0; i < rule->args_count && r == 0; i++) {
		cmp[0] = SCMP_CMP(rule->args[i].index, (enum scmp_compare)rule->args[i].op,
				  rule->args[i].value, rule->args[i].value_two);
		r = seccomp_rule_add_array(f, action, nr, 1, cmp);
	}
	return r;
}

static int add_rules(scmp_filter_ctx f, const struct oci_seccomp *s, uint32_t default_action,
		     struct err *e)
{
	for (size_t i = 0; i < s->rules_count; i++) {
		const struct oci_seccomp_rule *rule = &s->rules[i];
		uint32_t action = action_with(rule->action, rule->errno_ret);

		if (action == default_action) /* says nothing; libseccomp would refuse it */
			continue;
		for (size_t n = 0; n < rule->names.count; n++) {
			int nr = seccomp_syscall_resolve_name(rule->names.items[n]);
			int r = nr == __NR_SCMP_ERROR ? 0 : add_call(f, action, nr, rule);

			if (r < 0)
				return err_set(
					e, -r,
					"/linux/seccomp/syscalls/%zu/names/%zu: rule for %s: %m", i,
					n, rule->names.items[n]);
		}
	}
	return 0;
}

static int set_attrs(scmp_filter_ctx f, const struct oci_seccomp *s, struct err *e)
{
	size_t names = 0;
	int r = seccomp_attr_set(f, SCMP_FLTATR_CTL_NNP, 0); /* a step of its own */

	for (size_t i = 0; i < s->rules_count; i++)
		names += s->rules[i].names.count;
	if (r == 0 && names > TREE_FROM_RULES)
		r = seccomp_attr_set(f, SCMP_FLTATR_CTL_OPTIMIZE, OPTIMIZE_TREE);
	return r < 0 ? err_set(e, -r, "libseccomp attributes: %m") : 0;
}

/* The program as bytes, in the arena. libseccomp 2.5 can only write to a file. */
static int export_program(scmp_filter_ctx f, struct arena *a, struct sock_filter **ret,
			  size_t *ret_count, struct err *e)
{
	autoclose int fd = memfd_create("seccomp", MFD_CLOEXEC);
	char *text;
	size_t len;
	int r;

	if (fd < 0)
		return err_set(e, errno, "memfd_create: %m");
	r = seccomp_export_bpf(f, fd);
	if (r < 0)
		return err_set(e, -r, "libseccomp cannot compile the filter: %m");
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_set(e, errno, "lseek: %m");
	r = io_read_fd(fd, BPF_MAXINSNS * sizeof(struct sock_filter), a, &text, &len);
	if (r == -EFBIG)
		return err_set(e, E2BIG, "the filter has more than %d instructions", BPF_MAXINSNS);
	if (r < 0)
		return err_set(e, -r, "read the filter: %m");
	*ret = arena_dup(a, text, len); /* aligned */
	*ret_count = len / sizeof(struct sock_filter);
	return 0;
}

/* --- ENOSYS for what is newer than the profile --- */

struct group {
	uint32_t audit_arch;
	uint32_t last, last_x32; /* 0: the profile names nothing of it */
};

static uint32_t highest(const struct oci_seccomp *s, uint32_t arch)
{
	int top = 0;

	for (size_t i = 0; i < s->rules_count; i++)
		for (size_t n = 0; n < s->rules[i].names.count; n++) {
			int nr = seccomp_syscall_resolve_name_arch(arch,
								   s->rules[i].names.items[n]);

			top = nr > top ? nr : top; /* negative: not of this architecture */
		}
	return (uint32_t)top;
}

static void add_group(struct group *groups, size_t *count, const struct oci_seccomp *s,
		      uint32_t arch)
{
	/* libseccomp's token for x32 is not what the kernel reports. */
	uint32_t audit = arch == SCMP_ARCH_X32 ? (uint32_t)AUDIT_ARCH_X86_64 : arch;
	size_t i = 0;

	while (i < *count && groups[i].audit_arch != audit)
		i++;
	if (i == ARCHS_MAX)
		return;
	if (i == *count)
		groups[(*count)++] = (struct group){ .audit_arch = audit };
	if (arch == SCMP_ARCH_X32)
		groups[i].last_x32 = highest(s, arch);
	else
		groups[i].last = highest(s, arch);
}

/* One group of at most GROUP_INSNS_MAX instructions; the last one jumps to the
 * filter, its distance is filled in when all groups are there. */
static size_t write_group(struct sock_filter *out, const struct group *g)
{
	const struct sock_filter load_nr = BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						    offsetof(struct seccomp_data, nr));
	const struct sock_filter enosys = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS);
	const struct sock_filter to_filter = BPF_STMT(BPF_JMP | BPF_JA, 0);
	bool x86_64 = g->audit_arch == AUDIT_ARCH_X86_64;
	size_t n = 1;

	out[n++] = load_nr;
	if (g->audit_arch == AUDIT_ARCH_S390X || g->audit_arch == AUDIT_ARCH_S390) {
		/* A number that the kernel does not know arrives as 0, setup(2). */
		out[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0);
	}
	if (!x86_64) {
		out[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, g->last, 0, 1);
	} else {
		uint32_t last_x32 = g->last_x32 ? g->last_x32 | X32_BIT : UINT32_MAX;

		out[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, X32_BIT, 1, 0);
		out[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K,
							g->last ? g->last : UINT32_MAX, 1, 2);
		out[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, last_x32, 0, 1);
	}
	out[n++] = enosys;
	out[n++] = to_filter;
	out[0] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, g->audit_arch, 0,
					      (uint8_t)(n - 1));
	return n;
}

static size_t write_groups(struct sock_filter *out, const struct group *groups, size_t count)
{
	size_t ends[ARCHS_MAX], ends_count = 0, n = 0;

	out[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						offsetof(struct seccomp_data, arch));
	for (size_t i = 0; i < count; i++) {
		if (!groups[i].last && !groups[i].last_x32)
			continue;
		n += write_group(out + n, &groups[i]);
		ends[ends_count++] = n - 1;
	}
	for (size_t i = 0; i < ends_count; i++)
		out[ends[i]].k = (uint32_t)(n - ends[i] - 1);
	return ends_count ? n : 0;
}

/* A default that lets pass answers for new system calls too, and ENOSYS as the
 * default needs no help. */
static bool wants_enosys(const struct oci_seccomp *s)
{
	switch (s->default_action & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ALLOW:
	case SECCOMP_RET_LOG:
	case SECCOMP_RET_TRACE: return false;
	default:
		return action_with(s->default_action, s->default_errno_ret) !=
		       SCMP_ACT_ERRNO(ENOSYS);
	}
}

static size_t write_prologue(const struct oci_seccomp *s, struct sock_filter *out)
{
	struct group groups[ARCHS_MAX];
	size_t count = 0;

	if (!wants_enosys(s))
		return 0;
	add_group(groups, &count, s, seccomp_arch_native()); /* libseccomp has it in any case */
	for (size_t i = 0; i < s->archs_count; i++)
		if (s->archs[i] != SCMP_ARCH_NATIVE && s->archs[i] != seccomp_arch_native())
			add_group(groups, &count, s, s->archs[i]);
	return write_groups(out, groups, count);
}

int seccomp_build(const struct oci_seccomp *s, struct arena *a, const struct sock_fprog **ret,
		  struct err *e)
{
	uint32_t default_action = action_with(s->default_action, s->default_errno_ret);
	autofilter scmp_filter_ctx f = seccomp_init(default_action);
	struct sock_filter prologue[1 + ARCHS_MAX * GROUP_INSNS_MAX], *program = NULL, *all;
	size_t count = 0, first;
	struct sock_fprog *prog;
	int r;

	if (!f)
		return err_set(e, EINVAL, "/linux/seccomp/defaultAction: libseccomp refuses it");
	r = add_archs(f, s, e);
	if (r == 0)
		r = set_attrs(f, s, e);
	if (r == 0)
		r = add_rules(f, s, default_action, e);
	if (r == 0)
		r = export_program(f, a, &program, &count, e);
	if (r < 0)
		return r;
	first = write_prologue(s, prologue);
	if (first + count > BPF_MAXINSNS)
		return err_set(e, E2BIG, "the filter has more than %d instructions", BPF_MAXINSNS);
	all = arena_alloc(a, (first + count) * sizeof(*all));
	memcpy(all, prologue, first * sizeof(*all));
	memcpy(all + first, program, count * sizeof(*all));
	prog = ARENA_NEW(a, struct sock_fprog);
	prog->len = (unsigned short)(first + count);
	prog->filter = all;
	*ret = prog;
	return 0;
}
