/* SPDX-License-Identifier: Apache-2.0 */
/* Places, fingerprints, the lists of an audit, and its words. */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "audit/audit.h"
#include "base/cleanup.h"
#include "test.h"

static const struct json *at(const struct json *n, const char *key)
{
	for (n = n->child; n; n = n->next)
		if (n->key && !strcmp(n->key, key))
			return n;
	return NULL;
}

static struct source text(const char *s)
{
	return (struct source){ .name = "deploy/web.json", .text = s, .len = strlen(s) };
}

static void spot(struct arena *arena, const struct source *s, const struct json *n, bool key,
		 const char *want)
{
	struct place p = key ? place_of_key(s, n) : place_of(s, n);
	char got[64] = "none";
	struct spot w;

	if (place_spot(arena, &p, &w))
		(void)snprintf(got, sizeof(got), "%zu:%zu-%zu:%zu", w.line, w.column, w.end_line,
			       w.end_column);
	CHECK_STR(got, want);
}

static void test_spots(struct arena *arena)
{
	struct source s = text(
		"{\n  \"a/b\": \"x\xc3\xa9y\",\r\n  \"\xc3\xa9\xc3\xa9~c\": [1, true,\n {}],\n"
		"  \"q\": \"a\\\"b\"\n}");
	struct json_doc d;
	struct place p;
	struct spot w;

	CASE("spots");
	CHECK_INT(json_parse(s.name, s.text, s.len, arena, &d, NULL), 0);
	spot(arena, &s, at(d.root, "a/b"), false, "2:10-2:15");
	spot(arena, &s, at(d.root, "a/b"), true, "2:3-2:8");
	spot(arena, &s, at(d.root, "\xc3\xa9\xc3\xa9~c"), true, "3:3-3:9");
	spot(arena, &s, at(d.root, "\xc3\xa9\xc3\xa9~c"), false, "3:11-3:19");
	spot(arena, &s, at(d.root, "\xc3\xa9\xc3\xa9~c")->child, false, "3:12-3:13");
	spot(arena, &s, at(d.root, "q"), false, "5:8-5:14");
	spot(arena, &s, d.root, false, "1:1-1:2");
	spot(arena, &s, NULL, false, "1:1-1:1");
	spot(arena, NULL, NULL, false, "none");
	CHECK_INT(s.line_count, 6);

	p = place_of(&s, at(d.root, "a/b"));
	CHECK(place_spot(arena, &p, &w) && w.len == 16 && !memcmp(w.text, "  \"a/b\"", 7));
	CHECK_STR(place_text(arena, &p), "deploy/web.json:2:10");
	CHECK_STR(place_pointer(arena, &p), "/a~1b");
	p = place_of(&s, at(d.root, "\xc3\xa9\xc3\xa9~c")->child->next->next);
	CHECK_STR(place_pointer(arena, &p), "/\xc3\xa9\xc3\xa9~0c/2");
	p = place_of(&s, d.root);
	CHECK_STR(place_pointer(arena, &p), "");
	p = (struct place){ .path = "/proc/71/status: CapBnd" };
	CHECK_STR(place_text(arena, &p), "/proc/71/status: CapBnd");
	CHECK_STR(place_pointer(arena, &p), "");
	p = (struct place){ 0 };
	CHECK_STR(place_text(arena, &p), "");
	s = text("");
	p = place_of(&s, NULL);
	CHECK(!place_spot(arena, &p, &w));
	CHECK_STR(place_text(arena, &p), "deploy/web.json");
}

/* A value that says to be where no text is must not be believed. */
static void test_hostile_spots(struct arena *arena)
{
	struct json n = { .type = JSON_STRING, .text = "zzz", .len = 3, .offset = 1000 };
	struct source s = text("key: 'it''s'\nopen: \"never ends\nlast: 'x");

	CASE("spots that are not there");
	spot(arena, &s, &n, false, "3:9-3:9");
	n.offset = 5;
	spot(arena, &s, &n, false, "1:6-1:13");
	n.offset = 19;
	spot(arena, &s, &n, false, "2:7-2:18");
	n.offset = (uint32_t)s.len - 2;
	spot(arena, &s, &n, false, "3:7-3:9");
	n.offset = (uint32_t)s.len;
	spot(arena, &s, &n, false, "3:9-3:9");
}

static void test_long_list(struct arena *arena)
{
	enum { N = 200000 };
	char *big = arena_alloc(arena, 2 * N + 3);
	struct source s;
	struct json_doc d;
	size_t i = 0;

	CASE("indices");
	big[0] = '[';
	for (size_t k = 0; k < N; k++) {
		big[1 + 2 * k] = '7';
		big[2 + 2 * k] = k + 1 < N ? ',' : ']';
	}
	s = text(big);
	CHECK_INT(json_parse("x", s.text, s.len, arena, &d, NULL), 0);
	/* Each pointer without a walk over those before: else this takes minutes. */
	for (const struct json *n = d.root->child; n; n = n->next, i++) {
		struct place p = place_of(&s, n);
		char want[16];

		(void)snprintf(want, sizeof(want), "/%zu", i);
		if (strcmp(place_pointer(arena, &p), want) != 0)
			break;
	}
	CHECK_INT(i, N);
}

static void test_fingerprints(struct arena *arena)
{
	static const char *const texts[] = {
		"{\"a\": {\"b\": 1}, \"c\": 2}",
		"\n\n{ \"c\": 2,\n \"a\": {\"b\": 3} }",
		"{\"a\": {\"bb\": 1}}",
	};
	uint64_t prints[8];
	struct audit a;

	CASE("fingerprints");
	for (size_t i = 0; i < 8; i++) {
		struct source *s = ARENA_NEW(arena, struct source);
		struct json_doc d;
		struct facts *f;

		audit_init(&a, arena);
		*s = text(texts[i < 3 ? i : 0]);
		s->name = i == 3 ? "other.json" : i == 4 ? "./deploy/web.json" : s->name;
		CHECK_INT(json_parse("x", s->text, s->len, arena, &d, NULL), 0);
		f = audit_object(&a, IN_K8S, s, d.root);
		f->object = i == 5 ? "Pod/default/b:c" : "Pod/default/a:c";
		fact_set(f, i == 6 ? FACT_ROOTFS_READONLY : FACT_NO_NEW_PRIVS, TRI_NO,
			 place_of(s, at(d.root, "a")->child), NULL);
		audit_run_one(&a, f);
		CHECK_INT(a.finding_count, 1);
		prints[i] = a.findings[0].fingerprint;
	}
	CHECK(prints[0] == prints[1]); /* another line, another order */
	CHECK(prints[0] == prints[4]); /* "./" */
	CHECK(prints[0] == prints[7]);
	CHECK(prints[0] != prints[2] && prints[0] != prints[3]);
	CHECK(prints[0] != prints[5] && prints[0] != prints[6]);
}

/* How a file was named does not count, but which one it is. */
static void test_fingerprints_files(struct arena *arena)
{
	char cwd[PATH_MAX];
	const char *base, *names[] = {
		"deploy/web.json",
		"./deploy//web.json",
		"deploy/x/../web.json",
		"../HERE/deploy/web.json",
		"CWD/deploy/web.json",
		"CWD/./deploy/../deploy/web.json",
		/* others */
		"web.json",
		"../deploy/web.json",
		"/no/such/deploy/web.json",
		"CWD-x/deploy/web.json",
		"CWD/deploy/web.jso",
	};
	uint64_t prints[ARRAY_LEN(names)];
	struct audit a;

	CASE("fingerprints of files");
	if (!CHECK(getcwd(cwd, sizeof(cwd))) || !strcmp(cwd, "/")) /* there, ".." changes nothing */
		return;
	base = strrchr(cwd, '/') + 1;
	audit_init(&a, arena);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct source *s = ARENA_NEW(arena, struct source);
		struct facts *f;

		s->name = !strncmp(names[i], "CWD", 3)
				  ? arena_printf(arena, "%s%s", cwd, names[i] + 3)
			  : !strncmp(names[i], "../HERE", 7)
				  ? arena_printf(arena, "../%s%s", base, names[i] + 7)
				  : names[i];
		s->file = true;
		s->text = "";
		f = audit_object(&a, IN_K8S, s, NULL);
		f->object = "Pod/default/a:c";
		fact_set(f, FACT_NO_NEW_PRIVS, TRI_NO, f->at, NULL);
		a.finding_count = 0;
		audit_run_one(&a, f);
		CHECK_INT(a.finding_count, 1);
		prints[i] = a.findings[0].fingerprint;
	}
	for (size_t i = 1; i < ARRAY_LEN(names); i++)
		for (size_t k = 0; k < i; k++)
			if (!CHECK_INT(prints[i] == prints[k], i < 6))
				printf("# %s, %s\n", names[i], names[k]);
}

static void test_fingerprints_live(struct arena *arena)
{
	struct audit a;
	struct facts *f;

	CASE("fingerprints of live ones");
	audit_init(&a, arena);
	for (int i = 0; i < 2; i++) {
		f = audit_object(&a, IN_LIVE, NULL, NULL);
		f->object = "container/web";
		list_add(&a, f, LIST_ZOMBIES,
			 (struct place){ .path = i ? "/proc/71/stat" : "/proc/8/stat" }, "one");
		list_add(&a, f, LIST_ZOMBIES, (struct place){ .path = "/proc/9/stat" }, "another");
		list_whole(f, LIST_ZOMBIES);
		audit_run_one(&a, f);
	}
	CHECK_INT(a.finding_count, 4);
	CHECK(a.findings[0].fingerprint ==
	      a.findings[2].fingerprint); /* another PID after each start */
	CHECK(a.findings[1].fingerprint == a.findings[3].fingerprint);
	CHECK(a.findings[0].fingerprint != a.findings[1].fingerprint); /* counted through */
}

static void test_lists(struct arena *arena)
{
	struct source s = text("{}");
	struct audit a;
	struct facts *f, *g;
	struct diag *d;

	CASE("lists");
	audit_init(&a, arena);
	CHECK_INT(audit_status(&a, SEV_INFO), AUDIT_CLEAN);
	f = audit_object(&a, IN_OCI, &s, NULL);
	g = audit_object(&a, IN_OCI, &s, NULL);
	CHECK(a.objects == f && f->next == g && !g->next && a.object_count == 2 && s.objects == 2);
	d = audit_diag(&a, DIAG_UNKNOWN_FIELD, f, NULL, "unknown field \"%s\"", "hostpid");
	CHECK_STR(a.diags->message, "unknown field \"hostpid\"");
	CHECK_INT(audit_status(&a, SEV_INFO), AUDIT_INCOMPLETE);
	d->blocks = false;
	CHECK_INT(audit_status(&a, SEV_INFO), AUDIT_CLEAN);
	for (int i = 0; i < 100; i++)
		list_add(&a, f, LIST_PORTS, f->at, "1")->num = i;
	CHECK(f->list[LIST_PORTS].count == 100 && f->list[LIST_PORTS].items[99].num == 99);
	list_unknown(f, LIST_PORTS, "why");
	CHECK_STR(f->list[LIST_PORTS].why, "why");
	list_whole(f, LIST_PORTS);
	CHECK(f->list[LIST_PORTS].whole == TRI_YES && !f->list[LIST_PORTS].why);
	for (int i = 0; i < 20; i++)
		mount_add(&a, f, f->at)->target = "/x";
	CHECK(f->mount_count == 20 && f->mounts[19].target);

	fact_set(f, FACT_NO_NEW_PRIVS, TRI_NO, f->at, NULL);
	audit_run_one(&a, f);
	CHECK_INT(audit_status(&a, SEV_MEDIUM), AUDIT_FINDINGS);
	CHECK_INT(audit_status(&a, SEV_CRITICAL), AUDIT_CLEAN);
	for (size_t i = 0; i < a.finding_count; i++)
		a.findings[i].suppressed = SUPP_POLICY;
	CHECK_INT(audit_status(&a, SEV_INFO), AUDIT_CLEAN);
	for (int i = 0; i < DIAG_COUNT; i++)
		CHECK(diag_rows[i].id && diag_rows[i].title);
}

/* Items at one place are one finding that names the first dozen. */
static void test_joined(struct arena *arena)
{
	static const struct json node, other;
	struct audit a;
	struct facts *f;

	CASE("joined");
	audit_init(&a, arena);
	f = audit_object(&a, IN_OCI, NULL, &other);
	for (int i = 0; i < 15; i++)
		list_add(&a, f, LIST_UNMASKED, place_of(NULL, &node),
			 i ? "/proc/keys" : "/proc/kcore");
	list_add(&a, f, LIST_UNMASKED, place_of(NULL, &other), "/proc/acpi");
	list_whole(f, LIST_UNMASKED);
	audit_run_one(&a, f);
	CHECK_INT(a.finding_count, 2);
	CHECK(!strncmp(a.findings[0].message, "not masked: /proc/kcore, /proc/keys, ", 37) &&
	      strstr(a.findings[0].message, "/proc/keys and 3 more"));
	CHECK_STR(a.findings[1].message, "not masked: /proc/acpi");
}

static void test_words(void)
{
	CASE("words");
	CHECK_INT(cap_from_name("CAP_SYS_ADMIN", false), 21);
	CHECK_INT(cap_from_name("SYS_ADMIN", false), 21);
	CHECK_INT(cap_from_name("sys_admin", false), -1);
	CHECK_INT(cap_from_name("Cap_sys_Admin", true), 21);
	CHECK_INT(cap_from_name("CAP_CAP_SYS_ADMIN", true), -1);
	CHECK_INT(cap_from_name("ALL", true), -1);
	CHECK_INT(cap_from_name("", true), -1);
	CHECK_INT(cap_from_name("CAP_", true), -1);
	CHECK_INT(cap_from_name("X_VERY_LONG_NAME_THAT_NO_CAPABILITY_EVER_HAD_OR_WILL_HAVE", true),
		  -1);
	CHECK_INT(__builtin_popcountll(caps_docker), 14);
	CHECK_INT(__builtin_popcountll(caps_podman), 11);
	CHECK_INT(__builtin_popcountll(caps_crio), 9);
	CHECK((caps_docker & caps_podman) == caps_podman && (caps_podman & caps_crio) == caps_crio);
	CHECK(caps_known() >> 40 == 1);

	CHECK(init_is_known("/sbin/tini"));
	CHECK(init_is_known("dumb-init"));
	CHECK(init_is_known("/usr/bin/catatonit"));
	CHECK(init_is_known("/lib/systemd/systemd"));
	CHECK(!init_is_known("/usr/bin/tini/app"));
	CHECK(!init_is_known("sh"));
	CHECK(!init_is_known(""));
	CHECK(!init_is_known(NULL));

	for (int i = SEV_INFO; i <= SEV_CRITICAL; i++)
		CHECK_INT(severity_from_name(severity_name((enum severity)i)), i);
	CHECK_INT(severity_from_name("none"), SEV_NONE);
	CHECK_INT(severity_from_name("HIGH"), SEV_NONE);
}

int main(void)
{
	autoarena struct arena arena = { 0 };

	test_spots(&arena);
	test_hostile_spots(&arena);
	test_long_list(&arena);
	test_fingerprints(&arena);
	test_fingerprints_files(&arena);
	test_fingerprints_live(&arena);
	test_lists(&arena);
	test_joined(&arena);
	test_words();
	return DONE();
}
