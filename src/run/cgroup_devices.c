/* SPDX-License-Identifier: Apache-2.0 */
#include "run/cgroup_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sys/syscalls.h"

/* Device rules: the configuration's, in its order, then those that every
 * container has. For each of read, write and mknod the last rule that matches
 * decides; what no rule speaks of is denied. cgroup v2 does exactly this in a
 * BPF program; the files of v1 can say less, and where they cannot say it we
 * refuse (devices_v1_check). */

_Static_assert((int)DEV_MKNOD == (int)BPF_DEVCG_ACC_MKNOD &&
		       (int)DEV_READ == (int)BPF_DEVCG_ACC_READ &&
		       (int)DEV_WRITE == (int)BPF_DEVCG_ACC_WRITE,
	       "access bits are the kernel's");

enum { ANY = -1, PROGS_MAX = 64 };

static const struct {
	char type;
	int major, minor;
	uint8_t access;
} defaults[] = {
	{ 'c', ANY, ANY, DEV_MKNOD }, /* making a node gives no access to the device */
	{ 'b', ANY, ANY, DEV_MKNOD }, { 'c', 1, 3, DEV_RWM }, /* null */
	{ 'c', 1, 8, DEV_RWM },                               /* random */
	{ 'c', 1, 7, DEV_RWM },                               /* full */
	{ 'c', 5, 0, DEV_RWM },                               /* tty */
	{ 'c', 1, 5, DEV_RWM },                               /* zero */
	{ 'c', 1, 9, DEV_RWM },                               /* urandom */
	{ 'c', 5, 1, DEV_RWM },                               /* console */
	{ 'c', 136, ANY, DEV_RWM },                           /* pts */
	{ 'c', 5, 2, DEV_RWM },                               /* ptmx */
};

/* --- compiling, pure --------------------------------------------------------- */

static bool covers(const struct device_rule *a, const struct device_rule *b)
{
	return a->type == b->type && (a->any_major || (!b->any_major && a->major == b->major)) &&
	       (a->any_minor || (!b->any_minor && a->minor == b->minor)) &&
	       (b->access & ~a->access) == 0;
}

static bool overlaps(const struct device_rule *a, const struct device_rule *b)
{
	return a->type == b->type && (a->any_major || b->any_major || a->major == b->major) &&
	       (a->any_minor || b->any_minor || a->minor == b->minor) &&
	       (a->access & b->access) != 0;
}

static bool same_device(const struct device_rule *a, const struct device_rule *b)
{
	return a->type == b->type && a->any_major == b->any_major &&
	       (a->any_major || a->major == b->major) && a->any_minor == b->any_minor &&
	       (a->any_minor || a->minor == b->minor);
}

static int read_access(const char *text, uint8_t *ret)
{
	uint8_t bits = 0;

	for (const char *s = text ? text : "rwm"; *s; s++) {
		switch (*s) {
		case 'r': bits |= DEV_READ; break;
		case 'w': bits |= DEV_WRITE; break;
		case 'm': bits |= DEV_MKNOD; break;
		default: return -EINVAL;
		}
	}
	*ret = bits;
	return bits ? 0 : -EINVAL;
}

static int read_number(const int64_t *v, bool *ret_any, uint32_t *ret)
{
	*ret_any = !v || *v == -1;
	if (*ret_any)
		return 0;
	if (*v < 0 || *v > UINT32_MAX)
		return -EINVAL;
	*ret = (uint32_t)*v;
	return 0;
}

static int read_rule(const struct oci_device_rule *in, size_t index, struct device_rule *ret,
		     struct err *e)
{
	*ret = (struct device_rule){ .allow = in->allow, .type = in->type, .index = index };
	if (in->type != 'a' && in->type != 'b' && in->type != 'c' && in->type != 0)
		return err_set(e, EINVAL, "/linux/resources/devices/%zu/type: must be a, b or c",
			       index);
	if (read_access(in->access, &ret->access) < 0)
		return err_set(
			e, EINVAL,
			"/linux/resources/devices/%zu/access: must be of the letters r, w and m",
			index);
	if (read_number(in->major, &ret->any_major, &ret->major) < 0)
		return err_set(
			e, EINVAL,
			"/linux/resources/devices/%zu/major: must be -1 or at most 4294967295",
			index);
	if (read_number(in->minor, &ret->any_minor, &ret->minor) < 0)
		return err_set(
			e, EINVAL,
			"/linux/resources/devices/%zu/minor: must be -1 or at most 4294967295",
			index);
	return 0;
}

static void append(struct device_set *set, const struct device_rule *rule)
{
	bool all = rule->any_major && rule->any_minor && rule->access == DEV_RWM;

	if (rule->type != 'a' && rule->type != 0) {
		set->rules[set->count++] = *rule;
		return;
	}
	if (all) { /* starts afresh */
		set->allow = rule->allow;
		set->count = 0;
		return;
	}
	for (int i = 0; i < 2; i++) {
		set->rules[set->count] = *rule;
		set->rules[set->count++].type = "cb"[i];
	}
}

/* Leaves out rules that a later one covers, and those that only repeat the
 * answer that stands without them. */
static void simplify(struct device_set *set)
{
	size_t n = 0;

	for (size_t i = 0; i < set->count; i++) {
		bool dead = false;

		for (size_t k = i + 1; k < set->count && !dead; k++)
			dead = covers(&set->rules[k], &set->rules[i]);
		if (!dead)
			set->rules[n++] = set->rules[i];
	}
	set->count = n;
	n = 0;
	for (size_t i = 0; i < set->count; i++) {
		bool needed = set->rules[i].allow != set->allow;

		for (size_t k = 0; k < n && !needed; k++)
			needed = set->rules[k].allow == !set->allow &&
				 overlaps(&set->rules[k], &set->rules[i]);
		if (needed)
			set->rules[n++] = set->rules[i];
	}
	set->count = n;
}

int devices_compile(const struct oci_resources *r, struct arena *a, struct device_set *ret,
		    struct err *e)
{
	struct device_set set = { .allow = false };

	if (r->devices_count > DEVICE_RULES_MAX)
		return err_set(e, E2BIG, "/linux/resources/devices: more than %d rules",
			       DEVICE_RULES_MAX);
	set.rules = arena_alloc(a,
				(2 * r->devices_count + ARRAY_LEN(defaults)) * sizeof(*set.rules));
	for (size_t i = 0; i < r->devices_count; i++) {
		struct device_rule rule;
		int k = read_rule(&r->devices[i], i, &rule, e);

		if (k < 0)
			return k;
		append(&set, &rule);
	}
	for (size_t i = 0; i < ARRAY_LEN(defaults); i++) {
		struct device_rule rule = {
			.allow = true,
			.type = defaults[i].type,
			.any_major = defaults[i].major == ANY,
			.any_minor = defaults[i].minor == ANY,
			.access = defaults[i].access,
			.index = DEVICE_RULES_MAX,
		};

		rule.major = rule.any_major ? 0 : (uint32_t)defaults[i].major;
		rule.minor = rule.any_minor ? 0 : (uint32_t)defaults[i].minor;
		append(&set, &rule);
	}
	simplify(&set);
	*ret = set;
	return 0;
}

bool devices_decide(const struct device_set *set, char type, uint32_t major, uint32_t minor,
		    uint8_t access)
{
	for (size_t i = set->count; i-- > 0;) {
		const struct device_rule *rule = &set->rules[i];

		if (rule->type != type || (!rule->any_major && rule->major != major) ||
		    (!rule->any_minor && rule->minor != minor))
			continue;
		if (!rule->allow && (access & rule->access))
			return false;
		if (rule->allow)
			access &= (uint8_t)~rule->access;
		if (access == 0)
			return true;
	}
	return set->allow;
}

/* --- cgroup v2: a program ------------------------------------------------------ */

#define INSN(c, d, s, o, i) \
	((struct bpf_insn){ \
		.code = (c), .dst_reg = (d), .src_reg = (s), .off = (short)(o), .imm = (int)(i) })
#define LOAD32(dst, src, o) INSN(BPF_LDX | BPF_MEM | BPF_W, dst, src, o, 0)
#define MOV32(dst, i)       INSN(BPF_ALU | BPF_MOV | BPF_K, dst, 0, 0, i)
#define MOV32_REG(dst, src) INSN(BPF_ALU | BPF_MOV | BPF_X, dst, src, 0, 0)
#define AND32(dst, i)       INSN(BPF_ALU | BPF_AND | BPF_K, dst, 0, 0, i)
#define RSH32(dst, i)       INSN(BPF_ALU | BPF_RSH | BPF_K, dst, 0, 0, i)
#define JNE32(dst, i, o)    INSN(BPF_JMP32 | BPF_JNE | BPF_K, dst, 0, o, i)
#define JEQ32(dst, i, o)    INSN(BPF_JMP32 | BPF_JEQ | BPF_K, dst, 0, o, i)
#define EXIT()              INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

enum { R_RESULT, R_CTX, R_TYPE, R_ACCESS, R_MAJOR, R_MINOR, R_TMP };

/* One rule; every jump in it that is not taken goes on, every taken one leads
 * to the instruction after it. R_ACCESS: the bits that are still undecided. */
static size_t rule_bpf(const struct device_rule *rule, struct bpf_insn *out)
{
	size_t jumps[4], n = 0, k = 0;

	jumps[k++] = n;
	out[n++] = JNE32(R_TYPE, rule->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR, 0);
	if (!rule->any_major) {
		jumps[k++] = n;
		out[n++] = JNE32(R_MAJOR, rule->major, 0);
	}
	if (!rule->any_minor) {
		jumps[k++] = n;
		out[n++] = JNE32(R_MINOR, rule->minor, 0);
	}
	if (rule->access != DEV_RWM && rule->allow) {
		out[n++] = AND32(R_ACCESS, DEV_RWM & ~rule->access);
		jumps[k++] = n;
		out[n++] = JNE32(R_ACCESS, 0, 0);
	} else if (rule->access != DEV_RWM) {
		out[n++] = MOV32_REG(R_TMP, R_ACCESS);
		out[n++] = AND32(R_TMP, rule->access);
		jumps[k++] = n;
		out[n++] = JEQ32(R_TMP, 0, 0);
	}
	out[n++] = MOV32(R_RESULT, rule->allow);
	out[n++] = EXIT();
	while (k-- > 0)
		out[jumps[k]].off = (short)(n - jumps[k] - 1);
	return n;
}

size_t devices_bpf(const struct device_set *set, struct bpf_insn *out)
{
	size_t n = 0;

	out[n++] = LOAD32(R_TYPE, R_CTX, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	out[n++] = MOV32_REG(R_ACCESS, R_TYPE);
	out[n++] = AND32(R_TYPE, 0xffff);
	out[n++] = RSH32(R_ACCESS, 16);
	out[n++] = LOAD32(R_MAJOR, R_CTX, offsetof(struct bpf_cgroup_dev_ctx, major));
	out[n++] = LOAD32(R_MINOR, R_CTX, offsetof(struct bpf_cgroup_dev_ctx, minor));
	for (size_t i = set->count; i-- > 0;)
		n += rule_bpf(&set->rules[i], out + n);
	out[n++] = MOV32(R_RESULT, set->allow);
	out[n++] = EXIT();
	return n;
}

static int program_load(const struct device_set *set, struct bpf_insn *insns)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.insn_cnt = (uint32_t)devices_bpf(set, insns);
	attr.insns = (uint64_t)(uintptr_t)insns;
	attr.license =
		(uint64_t)(uintptr_t) "Apache-2.0"; /* no helper is called that would ask for GPL */
	return sys_bpf(BPF_PROG_LOAD, &attr, sizeof(attr));
}

static int program_attach(int cgroup_fd, int prog, bool attach)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)cgroup_fd;
	attr.attach_bpf_fd = (uint32_t)prog;
	attr.attach_type = BPF_CGROUP_DEVICE;
	attr.attach_flags = attach ? BPF_F_ALLOW_MULTI : 0;
	return sys_bpf(attach ? BPF_PROG_ATTACH : BPF_PROG_DETACH, &attr, sizeof(attr));
}

/* A cgroup that stood there may have a program of an earlier container: all of
 * them would have to agree. Returns how many ids were read, or -errno. */
static int programs_query(int cgroup_fd, uint32_t ids[static PROGS_MAX])
{
	union bpf_attr attr;
	int r;

	memset(&attr, 0, sizeof(attr));
	attr.query.target_fd = (uint32_t)cgroup_fd;
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	attr.query.prog_cnt = PROGS_MAX;
	attr.query.prog_ids = (uint64_t)(uintptr_t)ids;
	r = sys_bpf(BPF_PROG_QUERY, &attr, sizeof(attr));
	return r < 0 ? r : (int)attr.query.prog_cnt;
}

static int programs_detach(int cgroup_fd, const uint32_t *ids, int count)
{
	for (int i = 0; i < count; i++) {
		autoclose int prog = -1;
		union bpf_attr attr;
		int r;

		memset(&attr, 0, sizeof(attr));
		attr.prog_id = ids[i];
		prog = sys_bpf(BPF_PROG_GET_FD_BY_ID, &attr, sizeof(attr));
		if (prog == -ENOENT)
			continue;
		r = prog < 0 ? prog : program_attach(cgroup_fd, prog, false);
		if (r < 0 && r != -ENOENT)
			return r;
	}
	return 0;
}

int devices_attach_v2(int cgroup_fd, const struct device_set *set, bool fresh, struct err *e)
{
	struct bpf_insn insns[512], *program = insns;
	autofree struct bpf_insn *heap = NULL;
	autoclose int prog = -1;
	uint32_t old[PROGS_MAX];
	int count = 0, r;

	if (!fresh) {
		count = programs_query(cgroup_fd, old);
		if (count < 0)
			return err_set(e, -count, "ask for the device programs of the cgroup: %m");
	}
	if (!set->allow || set->count > 0) {
		if (8 + 8 * set->count > ARRAY_LEN(insns))
			program = heap = calloc(8 + 8 * set->count, sizeof(*heap));
		if (!program)
			return err_set(e, ENOMEM, "%m");
		prog = program_load(set, program);
		if (prog < 0)
			return err_set(e, -prog,
				       "load the device program (/linux/resources/devices): %m");
		r = program_attach(cgroup_fd, prog, true);
		if (r < 0)
			return err_set(e, -r, "attach the device program to the cgroup: %m");
	}
	/* After the new one is there: at no time is more allowed. */
	r = programs_detach(cgroup_fd, old, count);
	return r < 0 ? err_set(e, -r, "detach the cgroup's earlier device program: %m") : 0;
}

/* --- cgroup v1: two files -------------------------------------------------------- */

/* In a hierarchy that denies, the kernel keeps a list of allowances: taking one
 * away works only by its very name, a part of a wider one cannot be taken out
 * (and the other way round in one that allows). */
int devices_v1_check(const struct device_set *set, struct err *e)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct device_rule *rule = &set->rules[i];

		for (size_t k = 0; k < i && rule->allow == set->allow; k++)
			if (set->rules[k].allow != rule->allow && overlaps(&set->rules[k], rule) &&
			    !same_device(&set->rules[k], rule))
				return err_set(
					e, EOPNOTSUPP,
					"/linux/resources/devices/%zu: cgroup v1 cannot except a device from the wider rule"
					" of /linux/resources/devices/%zu",
					rule->index < DEVICE_RULES_MAX ? rule->index
								       : set->rules[k].index,
					set->rules[k].index);
	}
	return 0;
}

static void rule_text(const struct device_rule *rule, char *buf, size_t size)
{
	char major[16] = "*", minor[16] = "*";

	if (!rule->any_major)
		(void)snprintf(major, sizeof(major), "%u", rule->major);
	if (!rule->any_minor)
		(void)snprintf(minor, sizeof(minor), "%u", rule->minor);
	(void)snprintf(buf, size, "%c %s:%s %s%s%s", rule->type, major, minor,
		       rule->access & DEV_READ ? "r" : "", rule->access & DEV_WRITE ? "w" : "",
		       rule->access & DEV_MKNOD ? "m" : "");
}

int devices_write_v1(int cgroup_fd, const struct device_set *set, struct err *e)
{
	static const char *const files[] = { "devices.deny", "devices.allow" };
	autoclose int deny = openat(cgroup_fd, files[0], O_WRONLY | O_CLOEXEC);
	autoclose int allow = openat(cgroup_fd, files[1], O_WRONLY | O_CLOEXEC);
	const int fds[] = { deny, allow };
	char text[64] = "a";
	int r = devices_v1_check(set, e);

	if (r < 0)
		return r;
	if (deny < 0 || allow < 0)
		return err_set(e, errno, "open devices.allow and devices.deny: %m");
	/* First "a", which sets what holds for all and drops what stood there. */
	for (size_t i = 0; i <= set->count; i++) {
		bool yes = i > 0 ? set->rules[i - 1].allow : set->allow;

		if (i > 0)
			rule_text(&set->rules[i - 1], text, sizeof(text));
		if (write(fds[yes], text, strlen(text)) < 0)
			return err_set(e, errno, "write \"%s\" to %s: %m", text, files[yes]);
	}
	return 0;
}

int cgroup_devices_apply(struct cgroup *cg, const struct oci_resources *r, struct arena *a,
			 struct err *e)
{
	struct cgroup_hierarchy *v1 = cgroup_v1_of(cg, "devices"), *v2 = cgroup_v2_of(cg);
	struct err own = { 0 };
	struct device_set set;
	int k = devices_compile(r, a, &set, e);

	if (k < 0)
		return k;
	if (v1)
		k = devices_write_v1(v1->fd, &set, &own);
	else if (v2)
		k = devices_attach_v2(v2->fd, &set, v2->made, &own);
	else if (!set.allow || set.count > 0)
		k = err_set(&own, EOPNOTSUPP,
			    "/linux/resources/devices: there is no devices controller");
	/* Without rights over the host's cgroups there are none over its devices either:
	 * in a user namespace no device node can be made. */
	if (k < 0 && cg->rootless)
		return 0;
	if (k < 0)
		return err_set(e, -k, "%s", own.msg);
	return 0;
}
