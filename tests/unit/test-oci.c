/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/ioprio.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/resource.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "conf/oci.h"
#include "conf/oci_tables.h"
#include "test.h"

#define FIXTURES TEST_SOURCE_DIR "/fixtures/oci"

static char *slurp(const char *path, struct arena *a, size_t *ret_len)
{
	char *text;

	if (io_read_at(AT_FDCWD, path, IO_FILE_MAX, a, &text, ret_len) < 0) {
		FAIL(path);
		exit(DONE());
	}
	return text;
}

static char *fixture(const char *name, struct arena *a, size_t *ret_len)
{
	return slurp(arena_printf(a, FIXTURES "/%s", name), a, ret_len);
}

static bool parses(const char *text, size_t len, struct arena *a, struct oci_spec *ret)
{
	struct err e = { 0 };
	int r = oci_spec_parse("c", text, len, a, ret, &e);

	if (r < 0)
		printf("# %d %s\n", r, e.msg);
	return r == 0;
}

static struct json_doc tree(const char *text, size_t len, struct arena *a)
{
	struct json_doc d = { 0 };
	struct err e = { 0 };

	CHECK_INT(json_parse("t", text, len, a, &d, &e), 0);
	return d;
}

/* Equal but for the order of members, and of the elements where it means nothing. */
static bool same(const struct json *a, const struct json *b)
{
	bool unordered = a->key &&
			 (strcmp(a->key, "namespaces") == 0 ||
			  (a->parent->key && strcmp(a->parent->key, "capabilities") == 0));

	if (a->type != b->type || a->count != b->count || a->boolean != b->boolean)
		return false;
	if (a->text && strcmp(a->text, b->text) != 0)
		return false;
	for (const struct json *x = a->child, *y = b->child; x; x = x->next, y = y->next) {
		const struct json *other = a->type == JSON_OBJECT ? json_get(b, x->key) : y;

		for (other = unordered ? b->child : other; unordered && other && !same(x, other);)
			other = other->next;
		if (!other || !same(x, other)) {
			printf("# differs below %s, offset %u\n", x->key ? x->key : "[]",
			       x->offset);
			return false;
		}
	}
	return true;
}

/* parse(write(spec)) == spec, and what was written is what was read. */
static void test_round_trip(const char *name)
{
	autoarena struct arena a = { 0 };
	struct oci_spec spec, again;
	char *once = NULL, *twice = NULL;
	size_t len, once_len, twice_len;
	const char *text = fixture(name, &a, &len);
	struct json_doc in, out;

	CASE(name);
	if (!CHECK(parses(text, len, &a, &spec)))
		return;
	oci_spec_write(&spec, &a, &once, &once_len);
	if (!CHECK(parses(once, once_len, &a, &again)))
		return;
	oci_spec_write(&again, &a, &twice, &twice_len);
	CHECK_STR(twice, once);
	in = tree(text, len, &a);
	out = tree(once, once_len, &a);
	CHECK(same(in.root, out.root));
}

static void test_fixtures(void)
{
	autodir DIR *d = opendir(FIXTURES);
	int count = 0;

	for (struct dirent *f; d && (f = readdir(d));) {
		if (f->d_name[0] == '.' || !strcmp(f->d_name, "seccomp-profile.json"))
			continue;
		test_round_trip(f->d_name);
		count++;
	}
	CASE("fixtures");
	CHECK(count >= 6);
}

/* The two have every member that the tables bind: so the tests that walk it
 * walk every row. */
static void covered(const struct json *const *nodes, size_t count, const struct bind_row *rows,
		    const char *at)
{
	for (; rows->kind != BIND_END; rows++) {
		const struct json *found[64];
		size_t n = 0;
		char path[256];

		if (rows->kind == BIND_IGNORE || rows->kind == BIND_REFUSE)
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", at, rows->key);
		for (size_t i = 0; i < count; i++) {
			const struct json *v = json_get(nodes[i], rows->key);

			if (!v)
				continue;
			found[n++] = v;
			for (const struct json *c = v->child; c && n < ARRAY_LEN(found);
			     c = c->next)
				found[n++] = c;
		}
		CASE(path);
		CHECK(n > 0);
		if (rows->sub)
			covered(found, n, rows->sub, path);
	}
}

static const char *value_end(const char *s)
{
	int depth = 0;
	bool quoted = false;

	for (;; s++) {
		if (quoted && *s == '\\') {
			s++;
			continue;
		}
		if (quoted) {
			quoted = *s != '"';
		} else if (*s == '"') {
			quoted = true;
		} else if (*s == '[' || *s == '{') {
			depth++;
		} else if (*s == ']' || *s == '}') {
			if (--depth < 0)
				return s;
		} else if (depth == 0 && (*s == ',' || isspace((unsigned char)*s))) {
			return s;
		}
		if (depth == 0 && !quoted && strchr("]}\"", *s))
			return s + 1;
	}
}

static void pointer_of(const struct json *v, char *buf, size_t size)
{
	size_t i = 0, len;

	buf[0] = '\0';
	if (!v->parent)
		return;
	pointer_of(v->parent, buf, size);
	len = strlen(buf);
	for (const struct json *s = v->parent->child; s != v; s = s->next)
		i++;
	if (v->key)
		(void)snprintf(buf + len, size - len, "/%s", v->key);
	else
		(void)snprintf(buf + len, size - len, "/%zu", i);
}

/* Every value, replaced by one of each other type: each must be
 * refused at its own pointer. */
static void wrong_types(const char *text, const struct json *v)
{
	static const char *const values[] = {
		[JSON_BOOL] = "true", [JSON_NUMBER] = "7",  [JSON_STRING] = "\"x\"",
		[JSON_ARRAY] = "[]",  [JSON_OBJECT] = "{}",
	};
	const char *end = value_end(text + v->offset);
	char pointer[256], want[300];

	pointer_of(v, pointer, sizeof(pointer));
	for (unsigned int type = JSON_BOOL; type <= JSON_OBJECT; type++) {
		autoarena struct arena a = { 0 };
		struct oci_spec spec;
		struct err e = { 0 };
		const char *bad;

		if (type == v->type)
			continue;
		bad = arena_printf(&a, "%.*s%s%s", (int)v->offset, text, values[type], end);
		(void)snprintf(want, sizeof(want), "%s%s: expected ", *pointer ? " " : "", pointer);
		CASE(arena_printf(&a, "%s as %s", pointer, values[type]));
		CHECK_INT(oci_spec_parse("c", bad, strlen(bad), &a, &spec, &e), -EINVAL);
		if (!CHECK(strstr(e.msg, want) != NULL))
			printf("# %s\n", e.msg);
		CASE(NULL);
	}
	for (const struct json *c = v->child; c; c = c->next)
		wrong_types(text, c);
}

static void test_full(void)
{
	autoarena struct arena a = { 0 };
	size_t len;
	const char *text = fixture("full.json", &a, &len);
	size_t more_len;
	const char *more = fixture("realtime.json", &a, &more_len);
	struct json_doc d = tree(text, len, &a), m = tree(more, more_len, &a);
	const struct json *roots[] = { d.root, m.root };

	covered(roots, ARRAY_LEN(roots), oci_spec_rows, "");
	wrong_types(text, d.root);
	wrong_types(more, m.root);
	CASE("every truncation is an error");
	while (len > 0 && isspace((unsigned char)text[len - 1]))
		len--;
	for (size_t cut = 0; cut < len; cut++) {
		autoarena struct arena b = { 0 };
		struct oci_spec spec;
		struct err e = { 0 };
		autofree char *part = malloc(cut + 1);

		memcpy(part, text, cut);
		if (oci_spec_parse("c", part, cut, &b, &spec, &e) != -EINVAL)
			FAIL(arena_printf(&b, "cut at %zu", cut));
	}
}

/* Numbers that the table turns names into, spot by spot. */
static void test_values(void)
{
	autoarena struct arena a = { 0 };
	struct oci_spec s;
	size_t len;
	const char *text = fixture("full.json", &a, &len);
	const struct oci_linux *l = &s.linux_;
	const struct oci_process *p = &s.process;

	CASE("values");
	if (!CHECK(parses(text, len, &a, &s)))
		return;
	CHECK(s.has_process && p->terminal && p->no_new_privileges && s.root.readonly);
	CHECK_INT(p->console_width, 80);
	CHECK_INT(p->additional_gids[2], 4294967294);
	CHECK_INT(*p->umask, 022);
	CHECK_INT(p->caps.bounding, 1 << CAP_CHOWN | 1 << CAP_SYS_ADMIN);
	CHECK_INT(p->caps.ambient, 1LL << CAP_CHECKPOINT_RESTORE);
	CHECK(p->rlimits[0].resource == RLIMIT_NOFILE && p->rlimits[0].soft == 1024 &&
	      p->rlimits[0].hard == 2048);
	CHECK(p->rlimits[1].hard == RLIM_INFINITY && p->rlimits[1].soft == 0);
	CHECK_INT(p->scheduler->policy, SCHED_DEADLINE);
	CHECK_INT(p->scheduler->nice, -5);
	CHECK_INT(p->scheduler->flags, SCHED_FLAG_RESET_ON_FORK | SCHED_FLAG_UTIL_CLAMP_MAX);
	CHECK_INT(*p->io_priority, IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 4));
	CHECK_INT(*p->oom_score_adj, -500);
	CHECK_STR(p->args.items[2], "echo \"\xc3\xa9\\n\"");
	CHECK_STR(p->args.items[3], "");
	CHECK(l->ns[OCI_NS_TIME].present && !l->ns[OCI_NS_TIME].path);
	CHECK_STR(l->ns[OCI_NS_PID].path, "/proc/1234/ns/pid");
	CHECK_INT(l->gid_maps.items[1].host_id, 50000);
	CHECK_INT(l->monotonic.secs, 172800);
	CHECK_INT(l->boottime.secs, -604800);
	CHECK_INT(*l->personality, PER_LINUX32);
	CHECK_INT(l->devices[3].type, 'u');
	CHECK_INT(l->resources.devices[0].type, 'a');
	CHECK(!l->resources.devices[0].major && *l->resources.devices[2].minor == -1);
	CHECK_INT(*l->resources.pids_limit, 0);
	CHECK(*l->resources.memory.use_hierarchy && !*l->resources.memory.disable_oom_killer);
	CHECK(l->resources.rdma[2].device && !l->resources.rdma[2].hca_handles);
	CHECK_INT(l->seccomp->default_action, SCMP_ACT_ERRNO(0));
	CHECK_INT(l->seccomp->archs[0], SCMP_ARCH_X86_64);
	CHECK_INT(l->seccomp->flags, 1 | 2 | 4 | 32);
	CHECK_INT(l->seccomp->rules[2].args[0].op, SCMP_CMP_MASKED_EQ);
	CHECK(l->seccomp->rules[2].args[0].value_two == UINT64_MAX);
	CHECK_INT(l->seccomp->rules[7].action, SCMP_ACT_NOTIFY);
	CHECK(s.hooks[OCI_HOOK_CREATE_RUNTIME].items[1].has_env &&
	      !s.hooks[OCI_HOOK_POSTSTOP].items[1].has_env);
	CHECK_STR(oci_annotation(&s, "com.example.key1"), "value1");
	CHECK_STR(oci_annotation(&s, "com.example.empty"), "");
	CHECK_STR(oci_annotation(&s, "com.example"), NULL);
}

static void test_archs(void)
{
	static const struct {
		const char *name;
		uint32_t token;
	} rows[] = {
		{ "SCMP_ARCH_X86", SCMP_ARCH_X86 },
		{ "SCMP_ARCH_X32", SCMP_ARCH_X32 },
		{ "SCMP_ARCH_ARM", SCMP_ARCH_ARM },
		{ "SCMP_ARCH_AARCH64", SCMP_ARCH_AARCH64 },
		{ "SCMP_ARCH_MIPS", SCMP_ARCH_MIPS },
		{ "SCMP_ARCH_MIPS64", SCMP_ARCH_MIPS64 },
		{ "SCMP_ARCH_MIPS64N32", SCMP_ARCH_MIPS64N32 },
		{ "SCMP_ARCH_MIPSEL", SCMP_ARCH_MIPSEL },
		{ "SCMP_ARCH_MIPSEL64", SCMP_ARCH_MIPSEL64 },
		{ "SCMP_ARCH_MIPSEL64N32", SCMP_ARCH_MIPSEL64N32 },
		{ "SCMP_ARCH_PPC", SCMP_ARCH_PPC },
		{ "SCMP_ARCH_PPC64", SCMP_ARCH_PPC64 },
		{ "SCMP_ARCH_PPC64LE", SCMP_ARCH_PPC64LE },
		{ "SCMP_ARCH_S390", SCMP_ARCH_S390 },
		{ "SCMP_ARCH_S390X", SCMP_ARCH_S390X },
		{ "SCMP_ARCH_PARISC", SCMP_ARCH_PARISC },
		{ "SCMP_ARCH_PARISC64", SCMP_ARCH_PARISC64 },
		{ "SCMP_ARCH_RISCV64", SCMP_ARCH_RISCV64 },
#ifdef SCMP_ARCH_SH
		{ "SCMP_ARCH_SH", SCMP_ARCH_SH },
		{ "SCMP_ARCH_SHEB", SCMP_ARCH_SHEB },
		{ "SCMP_ARCH_M68K", SCMP_ARCH_M68K },
		{ "SCMP_ARCH_LOONGARCH64", SCMP_ARCH_LOONGARCH64 },
#endif
	};

	CASE("architecture tokens are libseccomp's");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		CHECK_STR(bind_word_name(oci_seccomp_archs, rows[i].token), rows[i].name);
}

static void test_example(bool rootless)
{
	autoarena struct arena a = { 0 };
	struct oci_spec spec, theirs;
	struct err e = { 0 };
	char *ours_text, *theirs_text;
	size_t len;
	const char *text = fixture(rootless ? "runc-spec-rootless.json" : "runc-spec.json", &a,
				   &len);

	CASE(rootless ? "example, rootless" : "example");
	oci_spec_example(rootless, 0, 0, &a, &spec);
	CHECK_INT(oci_spec_check("example", &spec, &e), 0);
	if (!CHECK(parses(text, len, &a, &theirs)))
		return;
	theirs.oci_version = OCI_VERSION;
	oci_spec_write(&spec, &a, &ours_text, &len);
	oci_spec_write(&theirs, &a, &theirs_text, &len);
	CHECK_STR(ours_text, theirs_text);
	CHECK(strncmp(ours_text,
		      "{\n\t\"ociVersion\": \"1.3.0\",\n\t\"process\": {\n\t\t\"terminal\"",
		      50) == 0);
	if (rootless) {
		oci_spec_example(true, 1000, 1001, &a, &spec);
		CHECK_INT(spec.linux_.uid_maps.items[0].host_id, 1000);
		CHECK_INT(spec.linux_.gid_maps.items[0].host_id, 1001);
	}
}

/* Specs that are built, not read: the same checks without a place. */
static void test_check(void)
{
	autoarena struct arena a = { 0 };
	struct oci_spec spec;
	struct err e = { 0 };
	struct oci_rlimit twice[2] = { { .resource = RLIMIT_CPU }, { .resource = RLIMIT_CPU } };

	CASE("built specs");
	oci_spec_example(false, 0, 0, &a, &spec);
	spec.process.cwd = "tmp";
	CHECK_INT(oci_spec_check("atoll run", &spec, &e), -EINVAL);
	CHECK_STR(e.msg, "atoll run: /process/cwd: not an absolute path");
	spec.process.cwd = "/";
	spec.process.rlimits = twice;
	spec.process.rlimits_count = 2;
	e = (struct err){ 0 };
	CHECK_INT(oci_spec_check("atoll run", &spec, &e), -EINVAL);
	CHECK_STR(e.msg, "atoll run: /process/rlimits/1: RLIMIT_CPU is limited twice");
	twice[1].resource = 99;
	e = (struct err){ 0 };
	CHECK_INT(oci_spec_check("atoll run", &spec, &e), -EINVAL);
	CHECK_STR(e.msg, "atoll run: /process/rlimits/1: unknown resource limit 99");
	spec.process.rlimits_count = 0;
	spec.root.path = NULL;
	e = (struct err){ 0 };
	CHECK_INT(oci_spec_check("atoll run", &spec, &e), -EINVAL);
	CHECK_STR(e.msg, "atoll run: root.path is missing");
}

static void test_parts(void)
{
	autoarena struct arena a = { 0 };
	struct oci_process p;
	struct oci_resources res = { 0 };
	struct err e = { 0 };
	static const char process[] = "{\"cwd\":\"/\",\"args\":[\"ls\"],\"user\":{\"uid\":3}}";
	static const char bad[] =
		"{\"cwd\":\"/\",\n\"rlimits\":[{\"type\":\"RLIMIT_AS\",\"hard\":1,\"soft\":2}]}";
	static const char resources[] = "{\"memory\":{\"limit\":-1},\"pids\":{\"limit\":7}}";

	CASE("process");
	CHECK_INT(oci_process_parse("p", process, strlen(process), &a, &p, &e), 0);
	CHECK(p.uid == 3 && p.args.count == 1);
	CHECK_INT(oci_process_parse("p", bad, strlen(bad), &a, &p, &e), -EINVAL);
	CHECK_STR(e.msg, "p:2:12: /rlimits/0: the soft limit of RLIMIT_AS is above the hard one");
	CASE("resources");
	CHECK_INT(oci_resources_parse("r", resources, strlen(resources), &a, &res, &e), 0);
	CHECK(res.present && *res.memory.limit == -1 && *res.pids_limit == 7 && !res.cpu.shares);
	e = (struct err){ 0 };
	CHECK_INT(oci_resources_parse("r", "{\"pids\":7}", 10, &a, &res, &e), -EINVAL);
	CHECK_STR(e.msg, "r:1:9: /pids: expected an object, found a number");
}

/* docs/unsupported.md lists what the tables refuse, and nothing else. */
static void test_unsupported(void)
{
	autoarena struct arena a = { 0 };
	struct oci_strings refused;
	size_t len, listed = 0;
	const char *doc = slurp(TEST_SOURCE_DIR "/../docs/unsupported.md", &a, &len);

	CASE("docs/unsupported.md");
	oci_unsupported(&a, &refused);
	for (const char *p = doc; (p = strstr(p, "\n- `/")); p++)
		listed++;
	CHECK_INT(refused.count, listed);
	for (size_t i = 0; i < refused.count; i++) {
		CASE(refused.items[i]);
		CHECK(strstr(doc, arena_printf(&a, "\n- `%s`", refused.items[i])) != NULL);
	}
}

static bool has_rule(const struct oci_seccomp *s, const char *name, uint32_t action)
{
	for (size_t i = 0; i < s->rules_count; i++)
		for (size_t k = 0; k < s->rules[i].names.count; k++)
			if (s->rules[i].action == action &&
			    strcmp(s->rules[i].names.items[k], name) == 0)
				return true;
	return false;
}

static void test_profile(void)
{
	autoarena struct arena a = { 0 };
	struct oci_seccomp s;
	struct err e = { 0 };
	size_t len;
	const char *text = fixture("seccomp-profile.json", &a, &len);
	const uint64_t admin = (uint64_t)1 << CAP_SYS_ADMIN;

	CASE("profile without capabilities");
	CHECK_INT(oci_seccomp_parse("s", text, len, 0, &a, &s, &e), 0);
	CHECK_INT(s.default_action, SCMP_ACT_ERRNO(0));
	CHECK_INT(*s.default_errno_ret, 1);
	CHECK(has_rule(&s, "read", SCMP_ACT_ALLOW) && has_rule(&s, "legacy_name", SCMP_ACT_ALLOW));
	CHECK(!has_rule(&s, "mount", SCMP_ACT_ALLOW) && has_rule(&s, "clone3", SCMP_ACT_ERRNO(0)));
	CHECK(has_rule(&s, "ptrace", SCMP_ACT_ALLOW) &&
	      !has_rule(&s, "from_the_future", SCMP_ACT_ALLOW));
	CHECK(!has_rule(&s, "two_caps", SCMP_ACT_ALLOW) &&
	      !has_rule(&s, "not_here", SCMP_ACT_ALLOW));
#ifdef __x86_64__
	CHECK_INT(s.archs_count, 3);
	CHECK(s.archs[0] == SCMP_ARCH_X86_64 && s.archs[1] == SCMP_ARCH_X86 &&
	      s.archs[2] == SCMP_ARCH_X32);
	CHECK(has_rule(&s, "arch_prctl", SCMP_ACT_ALLOW) &&
	      !has_rule(&s, "set_tls", SCMP_ACT_ALLOW));
#endif
	CASE("profile with CAP_SYS_ADMIN");
	CHECK_INT(oci_seccomp_parse("s", text, len, admin, &a, &s, &e), 0);
	CHECK(has_rule(&s, "mount", SCMP_ACT_ALLOW) && !has_rule(&s, "clone3", SCMP_ACT_ERRNO(0)));
	CHECK(!has_rule(&s, "two_caps", SCMP_ACT_ALLOW));
	CHECK_INT(oci_seccomp_parse("s", text, len, admin | 1 << CAP_SYS_CHROOT, &a, &s, &e), 0);
	CHECK(has_rule(&s, "two_caps", SCMP_ACT_ALLOW));
}

static void test_profile_bad(void)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "{}", "s:1:1: the member \"defaultAction\" is missing" },
		{ "{'defaultAction':'SCMP_ACT_ALLOW','architectures':['SCMP_ARCH_X86'],'archMap':[{'architecture':"
		  "'SCMP_ARCH_X86'}]}",
		  "/archMap: both architectures and archMap are given" },
		{ "{'defaultAction':'SCMP_ACT_ALLOW','archMap':[{}]}",
		  "/archMap/0: the member \"architecture\" is missing" },
		{ "{'defaultAction':'SCMP_ACT_ALLOW','syscalls':[{'action':'SCMP_ACT_LOG'}]}",
		  "/syscalls/0: the member \"names\" is missing" },
		{ "{'defaultAction':'SCMP_ACT_ALLOW','syscalls':[{'name':'a','names':['b'],'action':'SCMP_ACT_LOG'}]}",
		  "/syscalls/0: both name and names are given" },
		{ "{'defaultAction':'SCMP_ACT_ALLOW','syscalls':[{'names':['b'],'action':'SCMP_ACT_LOG','includes':"
		  "{'minKernel':'4'}}]}",
		  "/syscalls/0/includes/minKernel: \"4\": not a kernel version" },
		{ "{'defaultAction':'SCMP_ACT_ALLOW','syscalls':[{'names':['b'],'action':'SCMP_ACT_LOG','includes':"
		  "{'minKernel':'4.8-x'}}]}",
		  "not a kernel version" },
		/* a rule that does not apply is checked all the same */
		{ "{'defaultAction':'SCMP_ACT_ALLOW','syscalls':[{'names':['b'],'action':'SCMP_ACT_LOG','errnoRet':1,"
		  "'includes':{'caps':['CAP_SYS_ADMIN']}}]}",
		  "/syscalls/0/errnoRet: an errno value" },
		{ "{'defaultAction':'SCMP_ACT_ALLOW','flags':['X']}",
		  "/flags/0: unknown value \"X\"" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		autoarena struct arena a = { 0 };
		struct oci_seccomp s;
		struct err e = { 0 };
		char *json = arena_strdup(&a, rows[i].text);

		for (char *p = json; (p = strchr(p, '\''));)
			*p = '"';
		CASE(rows[i].text);
		CHECK_INT(oci_seccomp_parse("s", json, strlen(json), 0, &a, &s, &e), -EINVAL);
		if (!CHECK(strstr(e.msg, rows[i].want) != NULL))
			printf("# got %s\n", e.msg);
	}
}

int main(void)
{
	test_fixtures();
	test_full();
	test_values();
	test_archs();
	test_example(false);
	test_example(true);
	test_check();
	test_parts();
	test_unsupported();
	test_profile();
	test_profile_bad();
	return DONE();
}
