/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/cleanup.h"
#include "base/names.h"
#include "base/num.h"
#include "conf/oci_check.h"
#include "conf/oci_tables.h"

/* Docker's profile format is the specification's plus conditions: rules that
 * hold for some capabilities, architectures or kernels only, and the list of
 * architectures by the native one. One reader takes both. */

struct condition {
	struct oci_strings arches, caps;
	const char *min_kernel;
};

struct profile_rule {
	struct oci_seccomp_rule rule;
	const char *name; /* the form before `names` */
	struct condition includes, excludes;
};

struct arch_map {
	uint32_t arch;
	uint32_t *sub;
	size_t sub_count;
};

struct profile {
	struct oci_seccomp seccomp; /* but for its rules */
	struct arch_map *arch_map;
	size_t arch_map_count;
	struct profile_rule *rules;
	size_t rules_count;
};

#if defined(__x86_64__)
static const char native[] = "amd64", native_arch[] = "SCMP_ARCH_X86_64";
#elif defined(__i386__)
static const char native[] = "x86", native_arch[] = "SCMP_ARCH_X86";
#elif defined(__aarch64__)
static const char native[] = "arm64", native_arch[] = "SCMP_ARCH_AARCH64";
#elif defined(__arm__)
static const char native[] = "arm", native_arch[] = "SCMP_ARCH_ARM";
#elif defined(__riscv) && __riscv_xlen == 64
static const char native[] = "riscv64", native_arch[] = "SCMP_ARCH_RISCV64";
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
static const char native[] = "ppc64le", native_arch[] = "SCMP_ARCH_PPC64LE";
#elif defined(__s390x__)
static const char native[] = "s390x", native_arch[] = "SCMP_ARCH_S390X";
#elif defined(__loongarch64)
static const char native[] = "loong64", native_arch[] = "SCMP_ARCH_LOONGARCH64";
#elif defined(__mips64) && defined(__MIPSEL__)
static const char native[] = "mips64le", native_arch[] = "SCMP_ARCH_MIPSEL64";
#else
#error "name this architecture as seccomp profiles do"
#endif

/* "4.8" */
static int kernel_version(const char *s, uint64_t *ret)
{
	size_t n = strspn(s, "0123456789"), m;
	uint64_t major, minor;

	if (num_u64(s, n, &major) < 0 || s[n] != '.')
		return -EINVAL;
	m = strspn(s + n + 1, "0123456789");
	if (num_u64(s + n + 1, m, &minor) < 0 || major > 0xffff || minor > 0xffff)
		return -EINVAL;
	*ret = major << 16 | minor;
	return 0;
}

static const char *check_kernel(const char *s)
{
	size_t n = strspn(s, "0123456789.");
	uint64_t version;

	return s[n] || kernel_version(s, &version) < 0 ? "not a kernel version such as 4.8" : NULL;
}

static const struct bind_row condition_rows[] = {
	ROW(condition, "arches", BIND_STRINGS, arches),
	ROW(condition, "caps", BIND_STRINGS, caps),
	ROW(condition, "minKernel", BIND_STR, min_kernel, .check = check_kernel),
	{ 0 },
};

static const struct bind_row profile_rule_rows[] = {
	ROW(profile_rule, "name", BIND_STR, name),
	ROW(profile_rule, "names", BIND_STRINGS, rule.names),
	ROW_WORD(profile_rule, "action", BIND_WORD, rule.action, oci_seccomp_actions,
		 .flags = BIND_REQUIRED),
	ROW(profile_rule, "errnoRet", BIND_OPT_U32, rule.errno_ret),
	ROW_ARRAY(profile_rule, "args", rule.args, rule.args_count, oci_seccomp_arg_rows),
	ROW(profile_rule, "includes", BIND_OBJ, includes, .sub = condition_rows),
	ROW(profile_rule, "excludes", BIND_OBJ, excludes, .sub = condition_rows),
	{ 0 },
};

static const struct bind_row arch_map_rows[] = {
	ROW_WORD(arch_map, "architecture", BIND_WORD, arch, oci_seccomp_archs,
		 .flags = BIND_REQUIRED),
	ROW_LIST(arch_map, "subArchitectures", BIND_WORDS, sub, sub_count,
		 .words = oci_seccomp_archs),
	{ 0 },
};

/* One rule has one way to name its system calls. */
static int rule_after(struct bind_ctx *c, const struct json *v, void *out)
{
	struct profile_rule *p = out;

	if (p->name && p->rule.names.count)
		return json_err(c->doc, v, c->e, EINVAL, "both name and names are given");
	if (!p->name && !p->rule.names.count)
		return json_err(c->doc, v, c->e, EINVAL, "the member \"names\" is missing");
	if (p->name) {
		p->rule.names.items = arena_dup(c->arena, &p->name, sizeof(p->name));
		p->rule.names.count = 1;
	}
	return 0;
}

static const struct bind_row profile_rows[] = {
	ROW_ARRAY(profile, "archMap", arch_map, arch_map_count, arch_map_rows),
	ROW_ARRAY(profile, "syscalls", rules, rules_count, profile_rule_rows, .after = rule_after),
	{ 0 },
};

static bool lists(const struct oci_strings *list, const char *word)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i], word) == 0)
			return true;
	return false;
}

static bool has_cap(uint64_t caps, const char *name)
{
	int cap = name_cap(name);

	return cap >= 0 && caps >> cap & 1;
}

static bool kernel_at_least(const char *wanted)
{
	struct utsname u;
	uint64_t have, want;

	if (!wanted)
		return true;
	return uname(&u) == 0 && kernel_version(u.release, &have) == 0 &&
	       kernel_version(wanted, &want) == 0 && have >= want;
}

/* includes: all that is named must hold; excludes: one that holds is enough. */
static bool applies(const struct profile_rule *p, uint64_t caps)
{
	const struct condition *in = &p->includes, *ex = &p->excludes;

	if (in->arches.count && !lists(&in->arches, native))
		return false;
	for (size_t i = 0; i < in->caps.count; i++)
		if (!has_cap(caps, in->caps.items[i]))
			return false;
	if (!kernel_at_least(in->min_kernel))
		return false;
	if (lists(&ex->arches, native))
		return false;
	for (size_t i = 0; i < ex->caps.count; i++)
		if (has_cap(caps, ex->caps.items[i]))
			return false;
	return !ex->min_kernel || !kernel_at_least(ex->min_kernel);
}

/* The native architecture's line of archMap becomes the list. */
static int take_arch_map(const struct bind_ctx *c, struct profile *p)
{
	struct oci_seccomp *s = &p->seccomp;

	if (p->arch_map_count == 0)
		return 0;
	if (s->archs_count)
		return json_err(c->doc, json_get(c->doc->root, "archMap"), c->e, EINVAL,
				"both architectures and archMap are given");
	for (size_t i = 0; i < p->arch_map_count; i++) {
		const struct arch_map *m = &p->arch_map[i];
		const char *name = bind_word_name(oci_seccomp_archs, m->arch);

		if (strcmp(name, native_arch) != 0)
			continue;
		s->archs = arena_alloc(c->arena, (m->sub_count + 1) * sizeof(*s->archs));
		s->archs[0] = m->arch;
		if (m->sub_count)
			memcpy(s->archs + 1, m->sub, m->sub_count * sizeof(*m->sub));
		s->archs_count = m->sub_count + 1;
		return 0;
	}
	return 0;
}

/* The rows of the specification, but for its syscalls, which have more members here. */
static int bind_seccomp_head(struct bind_ctx *c, const struct json *root, struct oci_seccomp *s)
{
	struct bind_row rows[16] = { 0 };
	size_t n = 0;

	for (const struct bind_row *row = oci_seccomp_rows;
	     row->kind != BIND_END && n + 1 < ARRAY_LEN(rows); row++)
		if (strcmp(row->key, "syscalls") != 0)
			rows[n++] = *row;
	return bind_object(c, root, rows, s);
}

int oci_seccomp_parse(const char *name, const char *text, size_t len, uint64_t caps,
		      struct arena *a, struct oci_seccomp *ret, struct err *e)
{
	struct json_doc doc;
	struct bind_ctx c = { .doc = &doc, .arena = a, .e = e };
	struct oci_check check = { .name = name, .doc = &doc, .e = e };
	struct profile p = { 0 };
	struct oci_seccomp *s = &p.seccomp;
	int r = json_parse(name, text, len, a, &doc, e);

	r = r < 0 ? r : bind_seccomp_head(&c, doc.root, s);
	r = r < 0 ? r : bind_object(&c, doc.root, profile_rows, &p);
	r = r < 0 ? r : take_arch_map(&c, &p);
	if (r < 0)
		return r;
	/* All rules are checked, those that do not apply here too. */
	s->rules_count = p.rules_count;
	s->rules = arena_alloc(a, p.rules_count * sizeof(*s->rules));
	for (size_t i = 0; i < p.rules_count; i++)
		s->rules[i] = p.rules[i].rule;
	r = oci_check_seccomp(&check, "", s);
	if (r < 0)
		return r;
	s->rules_count = 0;
	for (size_t i = 0; i < p.rules_count; i++)
		if (applies(&p.rules[i], caps))
			s->rules[s->rules_count++] = p.rules[i].rule;
	*ret = *s;
	return 0;
}
