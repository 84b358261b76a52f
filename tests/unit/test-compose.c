/* SPDX-License-Identifier: Apache-2.0 */
/* Compose files: variables, short syntaxes, merging of all sorts, diagnostics, and what hostile ones try. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/from_compose.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "test.h"

struct run {
	struct arena arena;
	struct audit a;
};

static void run_free(struct run *r)
{
	arena_free(&r->arena);
}
#define autorun __attribute__((cleanup(run_free)))

static struct run *start(struct run *r)
{
	audit_init(&r->a, &r->arena);
	return r;
}

static void add(struct run *r, const char *name, const char *text)
{
	audit_read_text(&r->a, name, text, strlen(text));
}

static void one(struct run *r, const char *text)
{
	start(r);
	add(r, "compose.yaml", text);
	audit_run(&r->a);
}

static const struct facts *service(const struct run *r, const char *name)
{
	for (const struct facts *f = r->a.objects; f; f = f->next)
		if (!strncmp(f->object, "service/", 8) && !strcmp(f->object + 8, name))
			return f;
	return NULL;
}

/* Places of the rule's findings on the service, with blanks between. */
static const char *found(struct run *r, const char *name, const char *rule)
{
	const char *text = "";

	for (size_t i = 0; i < r->a.finding_count; i++) {
		const struct finding *f = &r->a.findings[i];

		if (!strcmp(f->rule->id, rule) && f->of == service(r, name))
			text = arena_printf(&r->arena, "%s%s%s", text, *text ? " " : "",
					    place_text(&r->arena, &f->at));
	}
	return text;
}

/* "ID place: message" of the n-th diagnostic of the kind; "!" before it if it blocks. */
static const char *said(struct run *r, enum diag_id id, size_t n)
{
	for (const struct diag *d = r->a.diags; d; d = d->next)
		if (d->id == id && n-- == 0)
			return arena_printf(&r->arena, "%s%s: %s", d->blocks ? "!" : "",
					    place_text(&r->arena, &d->at), d->message);
	return NULL;
}

static size_t count_of(const struct run *r, enum diag_id id)
{
	size_t n = 0;

	for (const struct diag *d = r->a.diags; d; d = d->next)
		n += d->id == id;
	return n;
}

/* ---- Variables ---------------------------------------------------------------------------- */

static void test_variables(void)
{
	static const char *const vars[] = { "A=one",   "EMPTY=",     "B=two",
					    "NEST=$A", "HOME=/root", NULL };
	static const struct {
		const char *text, *want, *unset;
	} rows[] = {
		{ "plain", "plain", NULL },
		{ "$A", "one", NULL },
		{ "${A}", "one", NULL },
		{ "x${A}y$B",
		  "xoney"
		  "two",
		  NULL },
		{ "$$A", "$A", NULL },
		{ "$$$$", "$$", NULL },
		{ "$$${A}", "$one", NULL },
		{ "$", "$", NULL },
		{ "a$", "a$", NULL },
		{ "$1 $-", "$1 $-", NULL },
		{ "$NO", "", "NO" },
		{ "${NO}", "", "NO" },
		{ "${NO:-d}", "d", NULL },
		{ "${NO-d}", "d", NULL },
		{ "${EMPTY:-d}", "d", NULL },
		{ "${EMPTY-d}", "", NULL },
		{ "${A:-d}", "one", NULL },
		{ "${NO:-}", "", NULL },
		{ "${NO:-${NO2:-${A}}}", "one", NULL },
		{ "${NO:-${NO2}}", "", "NO2" },
		{ "${NO:-a}b${NO:-c}", "abc", NULL },
		{ "${NO:-a$Bc}", "a", "Bc" },
		{ "${NO:-{x}}", "{x}", NULL },
		{ "${NO:-:x-y}", ":x-y", NULL },
		{ "${A:+set}", "set", NULL },
		{ "${EMPTY:+set}", "", NULL },
		{ "${EMPTY+set}", "set", NULL },
		{ "${NO+set}", "", NULL },
		{ "${A:?words}", "one", NULL },
		{ "${EMPTY?words}", "", NULL },
		{ "$NEST", "$A", NULL },
		{ "${NO:-$$A}", "$A", NULL },
	};
	static const struct {
		const char *text, *error;
	} bad[] = {
		{ "${", "the form of a variable is not valid: no closing brace" },
		{ "${A", "the form of a variable is not valid: no closing brace" },
		{ "${}", "the form of a variable is not valid (a single $ is written $$)" },
		{ "${1}", "the form of a variable is not valid (a single $ is written $$)" },
		{ "${A!}", "the form of a variable is not valid (a single $ is written $$)" },
		{ "${A:}", "the form of a variable is not valid (a single $ is written $$)" },
		{ "${A b}", "the form of a variable is not valid (a single $ is written $$)" },
		{ "${NO:?is missing, $B}",
		  "required variable NO is missing a value: is missing, two" },
		{ "${EMPTY:?}", "required variable EMPTY is missing a value" },
		{ "${NO?x}", "required variable NO is missing a value: x" },
	};
	autoarena struct arena a = { 0 };
	const struct cenv *env = cenv_make(&a, NULL, vars);
	struct filled f;

	CASE("variables");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cenv_fill(&a, env, rows[i].text, strlen(rows[i].text), &f);
		CHECK_STR(f.error, NULL);
		CHECK_STR(f.text, rows[i].want);
		CHECK_STR(f.unset, rows[i].unset);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		cenv_fill(&a, env, bad[i].text, strlen(bad[i].text), &f);
		CHECK_STR(f.error, bad[i].error);
	}
}

static void test_dotenv(void)
{
	static const char text[] = "\xef\xbb\xbf# words\n"
				   "A=one\n"
				   "  export B = two words # not this\n"
				   "C='$A #x'\n"
				   "D=\"$A\\n\\\"q\\\" \\$A\"\n"
				   "E=${A}-${NO:-none}\n"
				   "F: yaml\n"
				   "G=\n"
				   "H\n"
				   "I=\"two\nlines\"\n"
				   "J=a#b\n"
				   "A=last\n"
				   "K=$A\n"
				   "OUT=inner";
	static const char *const vars[] = { "OUT=outer", NULL };
	static const struct {
		const char *name, *value;
	} rows[] = {
		{ "A", "last" },       { "B", "two words" },
		{ "C", "$A #x" },      { "D", "one\n\"q\" $A" },
		{ "E", "one-none" },   { "F", "yaml" },
		{ "G", "" },           { "H", NULL },
		{ "I", "two\nlines" }, { "J", "a#b" },
		{ "K", "last" },       { "OUT", "outer" },
		{ "NO", NULL },
	};
	autoarena struct arena a = { 0 };
	const struct cenv *env, *first = cenv_make(&a, NULL, vars);

	CASE(".env");
	CHECK(cenv_add_file(&a, first, text, strlen(text), &env));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		CHECK_STR(cenv_get(env, rows[i].name), rows[i].value);
	CHECK(cenv_add_file(&a, NULL, "", 0, &env));
	CHECK(!cenv_add_file(&a, NULL, "A=1\nB=\"open", 11, &env));
	CHECK_STR(cenv_get(env, "A"), "1");
	CHECK(!cenv_add_file(&a, NULL, "A=1\n=x", 6, &env));
	CHECK(!cenv_add_file(&a, NULL, "A B=1", 5, &env));
	CHECK(!cenv_add_file(&a, NULL, "A=${", 4, &env));
}

/* ---- Short syntaxes ----------------------------------------------------------------------- */

static void test_short(void)
{
	static const struct {
		const char *text, *type, *source, *target, *propagation;
		bool readonly;
	} volumes[] = {
		{ "/a", "volume", NULL, "/a", NULL, false },
		{ "/a:/b", "bind", "/a", "/b", NULL, false },
		{ "/a:/b:ro", "bind", "/a", "/b", NULL, true },
		{ "/a:/b:ro,rshared,z", "bind", "/a", "/b", "rshared", true },
		{ "/a:/b:ro,rw", "bind", "/a", "/b", NULL, false },
		{ "name:/b:nocopy", "volume", "name", "/b", NULL, false },
		{ "./x:/b", "bind", "./x", "/b", NULL, false },
		{ "~:/b", "bind", "~", "/b", NULL, false },
		{ "C:\\x:/b:ro", "bind", "C:\\x", "/b", NULL, true },
		{ "\\\\.\\pipe\\x:/b", "bind", "\\\\.\\pipe\\x", "/b", NULL, false },
		/* one letter before a colon is a drive */
		{ "v:/b", "volume", NULL, "v:/b", NULL, false },
		{ "v:/b:/c", "bind", "v:/b", "/c", NULL, false },
	};
	static const struct {
		const char *text, *ip, *published, *target, *protocol;
	} ports[] = {
		{ "80", NULL, NULL, "80", NULL },
		{ "8080:80", NULL, "8080", "80", NULL },
		{ "127.0.0.1:8080:80/udp", "127.0.0.1", "8080", "80", "udp" },
		{ "127.0.0.1::80", "127.0.0.1", NULL, "80", NULL },
		{ "[::1]:53:53", "::1", "53", "53", NULL },
		{ "10-12:20-22", NULL, "10-12", "20-22", NULL },
	};
	static const struct {
		const char *path, *want;
	} paths[] = {
		{ "", "." },
		{ "/", "/" },
		{ "//", "/" },
		{ "a/./b/../c", "a/c" },
		{ "/..", "/" },
		{ "/a/../../b/", "/b" },
		{ "../..", "../.." },
		{ "../a/..", ".." },
		{ "a/..", "." },
		{ "a/../..", ".." },
		{ "./a//b", "a/b" },
		{ "..a/b", "..a/b" },
		{ "/proc/../", "/" },
		{ "a/b/../../..", ".." },
		{ "../../a/../b", "../../b" },
	};
	autoarena struct arena a = { 0 };
	const char *const *w;
	struct cvolume v;
	struct cport p;

	CASE("short syntaxes");
	for (size_t i = 0; i < ARRAY_LEN(volumes); i++) {
		short_volume(&a, volumes[i].text, &v);
		CHECK_STR(v.type, volumes[i].type);
		CHECK_STR(v.source, volumes[i].source);
		CHECK_STR(v.target, volumes[i].target);
		CHECK_STR(v.propagation, volumes[i].propagation);
		CHECK_INT(v.readonly, volumes[i].readonly);
	}
	for (size_t i = 0; i < ARRAY_LEN(ports); i++) {
		short_port(&a, ports[i].text, &p);
		CHECK_STR(p.ip, ports[i].ip);
		CHECK_STR(p.published, ports[i].published);
		CHECK_STR(p.target, ports[i].target);
		CHECK_STR(p.protocol, ports[i].protocol);
	}
	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		CHECK_STR(path_clean(&a, paths[i].path), paths[i].want);
	w = short_words(&a, " sh  -c 'a \"b\" $c' d\\ e\"f\"'' ");
	CHECK_STR(w[0], "sh");
	CHECK_STR(w[1], "-c");
	CHECK_STR(w[2], "a \"b\" $c");
	CHECK_STR(w[3], "d ef");
	CHECK_STR(w[4], NULL);
	CHECK_STR(short_words(&a, "")[0], NULL);
	CHECK_STR(short_words(&a, "'open")[0], "open");
}

/* ---- What a value means ------------------------------------------------------------------- */

/* audit.md's table of dialects, and compose-go's casts. */
static void test_booleans(void)
{
	static const struct {
		const char *text;
		enum tri is;
		bool bad;
	} rows[] = {
		{ "true", TRI_YES, false },       { "TRUE", TRI_YES, false },
		{ "yes", TRI_YES, false },        { "on", TRI_YES, false },
		{ "y", TRI_YES, false },          { "Y", TRI_YES, false },
		{ "\"yes\"", TRI_YES, false },    { "\"true\"", TRI_YES, false },
		{ "'On'", TRI_YES, false },       { "!!bool \"true\"", TRI_YES, false },
		{ "false", TRI_NO, false },       { "no", TRI_NO, false },
		{ "off", TRI_NO, false },         { "n", TRI_NO, false },
		{ "\"No\"", TRI_NO, false },      { "'${NO:-yes}'", TRI_YES, false },
		{ "'${NO-off}'", TRI_NO, false }, { "maybe", TRI_UNKNOWN, true },
		{ "1", TRI_UNKNOWN, true },       { "[yes]", TRI_UNKNOWN, true },
		{ "\"\"", TRI_UNKNOWN, true },    { "{a: b}", TRI_UNKNOWN, true },
	};

	CASE("booleans");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		autorun struct run r = { 0 };

		start(&r);
		add(&r, "compose.yaml",
		    arena_printf(&r.arena, "services: {a: {image: x, privileged: %s}}",
				 rows[i].text));
		audit_run(&r.a);
		CHECK_INT(r.a.object_count, 1);
		if (!r.a.objects)
			continue;
		CHECK_INT(r.a.objects->fact[FACT_PRIVILEGED].is, rows[i].is);
		CHECK_INT(count_of(&r, DIAG_BAD_TYPE), rows[i].bad);
	}
}

static void test_caps(void)
{
	static const struct {
		const char *text;
		uint64_t bits;
		bool all, none;
	} rows[] = {
		{ "", 0xa80425fb, false, false },
		{ "cap_add: [SYS_ADMIN]", 0xa80425fb | 1 << 21, false, false },
		{ "cap_add: [cap_sys_admin]", 0xa80425fb | 1 << 21, false, false },
		{ "cap_drop: [cap_net_raw]", 0xa80405fb, false, false },
		{ "cap_drop: [ALL]", 0, false, true },
		{ "cap_drop: [all], cap_add: [CHOWN]", 1, false, true },
		/* dropped first, then added */
		{ "cap_drop: [CHOWN], cap_add: [CHOWN]", 0xa80425fb, false, false },
		{ "cap_add: [All], cap_drop: [CHOWN]", 0x1fffffffffe, true, false },
		{ "cap_add: [ALL], cap_drop: [ALL]", 0x1ffffffffff, true, false },
		{ "privileged: true, cap_drop: [ALL]", 0x1ffffffffff, false, false },
	};

	CASE("capabilities");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		autorun struct run r = { 0 };

		start(&r);
		add(&r, "compose.yaml",
		    arena_printf(&r.arena, "services: {a: {image: x, %s}}", rows[i].text));
		audit_run(&r.a);
		CHECK_INT(r.a.objects->caps.bits[CAPS_BOUNDING], rows[i].bits);
		CHECK_INT(r.a.objects->caps.bits[CAPS_EFFECTIVE], rows[i].bits);
		CHECK_INT(r.a.objects->caps.named_all, rows[i].all);
		CHECK_INT(r.a.objects->fact[FACT_DROPS_ALL].is, rows[i].none ? TRI_YES : TRI_NO);
		CHECK_INT(r.a.diag_count, 0);
	}
}

static void test_namespaces(void)
{
	autorun struct run r = { 0 };

	CASE("namespaces");
	one(&r, "services:\n"
		"  a: {image: x, pid: host, ipc: shareable, network_mode: none}\n"
		"  b: {image: x, pid: 'service:a', ipc: 'service:a', network_mode: 'service:a'}\n"
		"  c: {image: x, pid: 'service:b', ipc: host, network_mode: 'service:d'}\n"
		"  d: {image: x, pid: 'container:x', network_mode: host, uts: host, cgroup: host}\n"
		"  e: {image: x, pid: 'service:f', network_mode: 'service:nobody'}\n"
		"  f: {image: x, pid: 'service:e', ipc: Host}\n"
		"  g: {image: x, pid: 'service:d', userns_mode: 'keep-id:uid=1'}\n"
		"  h: {image: x, pid: 'ns:/proc/1/ns/pid', networks: [n]}\n"
		"networks: {n: {external: true, name: host}}\n");
	CHECK_INT(service(&r, "a")->ns_of[NST_PID].mode, NSM_HOST);
	CHECK_INT(service(&r, "a")->ns_of[NST_IPC].mode, NSM_OWN);
	CHECK_INT(service(&r, "a")->ns_of[NST_NET].mode, NSM_OWN);
	CHECK_INT(service(&r, "a")->ns_of[NST_USER].mode, NSM_HOST);
	CHECK_INT(service(&r, "b")->ns_of[NST_PID].mode, NSM_HOST);
	CHECK_STR(service(&r, "b")->ns_of[NST_PID].text, "service:a, which has pid: host");
	CHECK_INT(service(&r, "b")->ns_of[NST_IPC].mode, NSM_CONTAINER);
	CHECK_INT(service(&r, "b")->ns_of[NST_NET].mode, NSM_CONTAINER);
	CHECK_INT(service(&r, "c")->ns_of[NST_PID].mode, NSM_HOST);
	CHECK_INT(service(&r, "c")->ns_of[NST_NET].mode, NSM_HOST);
	CHECK_INT(service(&r, "d")->ns_of[NST_PID].mode, NSM_CONTAINER);
	CHECK_INT(service(&r, "d")->ns_of[NST_UTS].mode, NSM_HOST);
	CHECK_INT(service(&r, "d")->ns_of[NST_CGROUP].mode, NSM_HOST);
	CHECK_INT(service(&r, "e")->ns_of[NST_PID].mode, NSM_UNKNOWN);
	CHECK_INT(service(&r, "e")->ns_of[NST_NET].mode, NSM_UNKNOWN);
	CHECK_INT(service(&r, "f")->ns_of[NST_IPC].mode, NSM_UNKNOWN);
	CHECK_INT(service(&r, "g")->ns_of[NST_PID].mode, NSM_CONTAINER);
	CHECK_INT(service(&r, "g")->ns_of[NST_USER].mode, NSM_OWN);
	CHECK_INT(service(&r, "h")->ns_of[NST_PID].mode, NSM_PATH);
	CHECK_INT(service(&r, "h")->ns_of[NST_NET].mode, NSM_HOST);
	CHECK_STR(said(&r, DIAG_UNKNOWN_VALUE, 0),
		  "!compose.yaml:7:40: ipc: docker compose knows no mode \"Host\"");
	CHECK_INT(count_of(&r, DIAG_UNRESOLVED), 3); /* the ring from both sides, and nobody */
	CHECK_STR(service(&r, "f")->ns_of[NST_PID].text, "services refer to each other in a ring");
	CHECK_STR(found(&r, "c", "pid-host"), "compose.yaml:4:22");
}

/* How long they are is not what is wrong with them: long ones are not called rings. */
static void test_chains(void)
{
	enum { CHAIN = 300 };
	autorun struct run r = { 0 };
	char text[CHAIN * 64];
	size_t n;

	CASE("chains");
	n = (size_t)snprintf(text, sizeof(text), "services:\n  s0: {image: x, pid: host}\n");
	for (int i = 1; i < CHAIN; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
				      "  s%d: {image: x, pid: 'service:s%d'}\n", i, i - 1);
	one(&r, text);
	CHECK_INT(service(&r, "s100")->ns_of[NST_PID].mode, NSM_HOST);
	CHECK_INT(service(&r, "s299")->ns_of[NST_PID].mode, NSM_UNKNOWN);
	CHECK_STR(service(&r, "s299")->ns_of[NST_PID].text,
		  "services refer to each other in a chain that is too long to be followed");
	for (const struct diag *d = r.a.diags; d; d = d->next)
		CHECK(!strstr(d->message, "ring"));
	CHECK(count_of(&r, DIAG_UNRESOLVED) > 0);
}

static void test_mounts(void)
{
	static const struct {
		const char *source, *target, *via;
		enum tri readonly;
	} want[] = {
		{ "./x", "/a", NULL, TRI_NO },
		{ "../x", "/b", NULL, TRI_YES },
		{ "../..", "/c", NULL, TRI_NO },
		{ "/srv", "/d", "volume data, driver_opts", TRI_YES },
		{ "/etc", "/from", "volumes_from: b", TRI_YES },
		{ "/opt", "/deep", "volumes_from: c", TRI_YES },
		{ "./s.txt", "/run/secrets/s", "secret s", TRI_YES },
		{ "/var/run/docker.sock", "/var/run/docker.sock", "use_api_socket", TRI_NO },
	};
	autorun struct run r = { 0 };
	const struct facts *f;
	size_t n = 0;

	CASE("mounts");
	one(&r,
	    "services:\n"
	    "  a:\n"
	    "    image: x\n"
	    "    volumes: ['./y/../x:/a', '../x:/b:ro', {type: bind, source: ../.., target: /c},\n"
	    "      'data:/d', 'plain:/e', {type: tmpfs, target: /t}, /anon]\n"
	    "    volumes_from: ['b:ro', 'container:old', b]\n"
	    "    secrets: [s]\n"
	    "    use_api_socket: true\n"
	    "  b: {image: x, volumes: ['/etc:/from'], volumes_from: [c]}\n"
	    "  c: {image: x, volumes: ['/opt:/deep'], volumes_from: [a]}\n"
	    "volumes: {data: {driver_opts: {type: none, o: 'ro,bind', device: /srv}}, plain: }\n"
	    "secrets: {s: {file: s.txt}}\n");
	f = service(&r, "a");
	for (size_t i = 0; i < f->mount_count; i++) {
		if (f->mounts[i].kind != MK_BIND)
			continue;
		if (n < ARRAY_LEN(want)) {
			CHECK_STR(f->mounts[i].source, want[n].source);
			CHECK_STR(f->mounts[i].target, want[n].target);
			CHECK_STR(f->mounts[i].via, want[n].via);
			CHECK_INT(f->mounts[i].readonly, want[n].readonly);
		}
		n++;
	}
	CHECK_INT(n, ARRAY_LEN(want));
	CHECK_INT(f->mount_count, ARRAY_LEN(want) + 3);
	CHECK_INT(f->mounts_whole, TRI_YES);
	CHECK_INT(r.a.diag_count, 0);
	CHECK_STR(found(&r, "a", "mount-indirect"),
		  "compose.yaml:11:66 compose.yaml:6:28 compose.yaml:9:27 compose.yaml:10:27");
	CHECK_INT(service(&r, "c")->mount_count, 2 + 7);
}

/* Wherever it is started, these are set. */
static void test_known_variables(void)
{
	autorun struct run r = { 0 };

	CASE("variables that are always set");
	one(&r, "services:\n"
		"  a:\n"
		"    image: x\n"
		"    container_name: ${COMPOSE_PROJECT_NAME}-a\n"
		"    volumes: ['${HOME}/.ssh:/ssh', '$PWD/x:/x', '${PWD}:/y']\n"
		"name: shop\n");
	CHECK_INT(r.a.diag_count, 0);
	CHECK_STR(service(&r, "a")->name, "shop-a");
	CHECK_STR(service(&r, "a")->mounts[0].source, "~/.ssh");
	CHECK_STR(service(&r, "a")->mounts[1].source, "./x");
	CHECK_STR(service(&r, "a")->mounts[2].source, ".");
	CHECK_STR(found(&r, "a", "mount-host-sensitive"), "compose.yaml:5:15");
}

/* ---- Merging ------------------------------------------------------------------------------ */

static void test_override(void)
{
	autorun struct run r = { 0 };
	const struct facts *f;

	CASE("overrides");
	start(&r);
	add(&r, "d/compose.override.yaml",
	    "services:\n"
	    "  web:\n"
	    "    privileged: no\n"
	    "    cap_add: [NET_ADMIN, SYS_TIME]\n"
	    "    security_opt: !override ['label:disable']\n"
	    "    group_add: !reset []\n"
	    "    volumes: ['/srv:/etc']\n"
	    "    sysctls: [a.b=2]\n"
	    "    command: [tini, app]\n"
	    "  extra: {image: y}\n");
	add(&r, "d/compose.yaml",
	    "services:\n"
	    "  web:\n"
	    "    image: x\n"
	    "    privileged: yes\n"
	    "    cap_add: [SYS_TIME, SYS_ADMIN]\n"
	    "    security_opt: ['seccomp:unconfined']\n"
	    "    group_add: [docker]\n"
	    "    volumes: ['/etc:/etc', '/boot:/boot']\n"
	    "    sysctls: {a.b: 1, c.d: 3}\n"
	    "    command: [sh, -c, app]\n");
	add(&r, "other/compose.yaml", "services: {web: {image: z}}");
	audit_run(&r.a);
	CHECK_INT(r.a.diag_count, 0);
	CHECK_INT(r.a.object_count, 3);
	f = service(&r, "web");
	CHECK_STR(f->image, "x");
	CHECK_INT(f->fact[FACT_PRIVILEGED].is, TRI_NO);
	CHECK_STR(found(&r, "web", "cap-sys-admin"), "d/compose.yaml:5:25");
	CHECK_STR(found(&r, "web", "cap-net-admin"), "d/compose.override.yaml:4:15");
	CHECK_STR(found(&r, "web", "cap-host-control"), "d/compose.override.yaml:4:26");
	CHECK_INT(f->seccomp.mode, SECM_DEFAULT);
	CHECK_STR(found(&r, "web", "selinux-disabled"), "d/compose.override.yaml:5:30");
	CHECK_INT(f->list[LIST_GROUPS].count, 0);
	CHECK_INT(f->mount_count, 2);
	CHECK_STR(f->mounts[0].source, "/srv");
	CHECK_STR(f->mounts[1].source, "/boot");
	CHECK_INT(f->list[LIST_SYSCTLS].count, 2);
	CHECK_STR(f->list[LIST_SYSCTLS].items[0].arg, "2");
	CHECK_STR(f->list[LIST_SYSCTLS].items[1].arg, "3");
	CHECK_STR(f->command, "tini app");
	CHECK(service(&r, "extra") != NULL);
}

static void test_extends(void)
{
	autorun struct run r = { 0 };

	CASE("extends");
	start(&r);
	add(&r, "p/compose.yaml",
	    "services:\n"
	    "  a:\n"
	    "    extends: {file: ./parts/../parts/base.yaml, service: mid}\n"
	    "    cap_add: [SYS_TIME]\n"
	    "    volumes: !reset null\n"
	    "  b: {extends: a, user: '5'}\n"
	    "  c: {extends: {service: nobody}, image: x}\n"
	    "  d: {extends: {service: x, file: gone.yaml}, image: x}\n"
	    "  e: {extends: f}\n"
	    "  f: {extends: e, pid: host}\n");
	add(&r, "p/parts/base.yaml",
	    "services:\n"
	    "  low: {image: q, pid: host, volumes: ['/:/h'], cap_add: [SYS_ADMIN]}\n"
	    "  mid:\n"
	    "    extends: low\n"
	    "    read_only: true\n");
	audit_run(&r.a);
	CHECK_STR(found(&r, "a", "pid-host"), "p/parts/base.yaml:2:24");
	CHECK_STR(found(&r, "b", "pid-host"), "p/parts/base.yaml:2:24");
	CHECK_STR(found(&r, "a", "cap-sys-admin"), "p/parts/base.yaml:2:59");
	CHECK_STR(found(&r, "a", "cap-host-control"), "p/compose.yaml:4:15");
	CHECK_STR(found(&r, "a", "mount-host-root"), "");
	CHECK_STR(found(&r, "mid", "mount-host-root"), "p/parts/base.yaml:2:40");
	CHECK_STR(place_text(&r.arena, &service(&r, "a")->at), "p/compose.yaml:2:3");
	CHECK_INT(service(&r, "b")->fact[FACT_ROOT].is, TRI_NO);
	CHECK_INT(service(&r, "b")->fact[FACT_ROOTFS_READONLY].is, TRI_YES);
	CHECK_STR(service(&r, "b")->image, "q");
	CHECK_STR(said(&r, DIAG_UNRESOLVED, 0),
		  "!p/compose.yaml:7:16: there is no service nobody to extend");
	CHECK_STR(said(&r, DIAG_UNRESOLVED, 1),
		  "!p/compose.yaml:8:35: the extended file p/gone.yaml is not among the Compose "
		  "files that were given: give it, too");
	CHECK_STR(said(&r, DIAG_UNRESOLVED, 2),
		  "!p/compose.yaml:9:6: services extend each other in a ring");
	CHECK_STR(found(&r, "f", "pid-host"), "p/compose.yaml:10:24");
	CHECK_INT(r.a.object_count, 8);
}

static void test_include(void)
{
	autorun struct run r = { 0 };

	CASE("include");
	start(&r);
	add(&r, "in/db.yaml",
	    "services:\n  db: {image: d, network_mode: host, volumes: ['./x:/x']}\n");
	add(&r, "in/db2.yaml", "services:\n  db: {uts: host}\n");
	add(&r, "compose.yaml",
	    "include:\n"
	    "  - path: [in/db.yaml, in/db2.yaml]\n"
	    "  - gone.yaml\n"
	    "  - https://git.example/x.git\n"
	    "services:\n"
	    "  web: {image: w, extends: db, ipc: host}\n");
	add(&r, "ring1.compose.yaml", "include: [ring2.compose.yaml]\nservices: {r1: {image: x}}");
	add(&r, "ring2.compose.yaml", "include: [ring1.compose.yaml]\nservices: {r2: {image: x}}");
	audit_run(&r.a);
	CHECK_STR(found(&r, "db", "net-host"), "in/db.yaml:2:32");
	CHECK_STR(found(&r, "db", "uts-host"), "in/db2.yaml:2:13");
	CHECK_STR(found(&r, "web", "net-host"), "in/db.yaml:2:32");
	CHECK_STR(found(&r, "web", "ipc-host"), "compose.yaml:6:37");
	CHECK_STR(service(&r, "db")->src->name, "in/db.yaml");
	CHECK_STR(
		said(&r, DIAG_UNRESOLVED, 0),
		"!compose.yaml:3:5: the included file gone.yaml is not among the Compose files that "
		"were given: give it, too");
	CHECK(strstr(said(&r, DIAG_UNRESOLVED, 2), "in a ring") != NULL);
	CHECK(service(&r, "r1") && service(&r, "r2"));
	CHECK_INT(r.a.object_count, 4);
}

static void test_documents(void)
{
	autorun struct run r = { 0 };

	CASE("documents");
	start(&r);
	add(&r, "compose.yaml",
	    "x-a: &a {pid: host}\n"
	    "services:\n"
	    "  s: &s {image: x, <<: *a, labels: {atoll.io/ignore: pid-host}}\n"
	    "  t: {<<: *s, pid: ''}\n"
	    "---\n"
	    "services:\n"
	    "  s: {ipc: host, labels: [more=1]}\n");
	audit_run(&r.a);
	CHECK_INT(r.a.diag_count, 0);
	CHECK_INT(r.a.object_count, 2);
	CHECK_STR(found(&r, "s", "pid-host"), "compose.yaml:1:15");
	CHECK_STR(found(&r, "s", "ipc-host"), "compose.yaml:7:12");
	CHECK_STR(found(&r, "t", "pid-host"), "");
	CHECK_STR(json_get(service(&r, "s")->labels, "atoll.io/ignore")->text, "pid-host");
	CHECK_STR(json_get(service(&r, "s")->labels, "more")->text, "1");
}

static void test_profiles(void)
{
	static const char text[] = "services:\n"
				   "  a: {image: x}\n"
				   "  b: {image: x, profiles: [debug]}\n"
				   "  c: {image: x, profiles: [prod, test]}\n"
				   "  p: {provider: {type: awesome}}\n";
	static const char *const none[] = { NULL }, *const test[] = { "test", NULL },
				 *const any[] = { "*", NULL };
	static const struct {
		const char *const *active;
		size_t count;
	} rows[] = { { NULL, 3 }, { none, 1 }, { test, 2 }, { any, 3 } };

	CASE("profiles");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		autorun struct run r = { 0 };

		start(&r);
		r.a.compose_profiles = rows[i].active;
		add(&r, "compose.yaml", text);
		audit_run(&r.a);
		CHECK_INT(r.a.object_count, rows[i].count);
		CHECK_INT(r.a.diag_count, 0);
	}
}

/* ---- Diagnostics -------------------------------------------------------------------------- */

static void test_diagnostics(void)
{
	autorun struct run r = { 0 };

	CASE("diagnostics");
	one(&r, "version: '3'\n"
		"services:\n"
		"  a:\n"
		"    image: x:${TAG}\n"
		"    Pid: host\n"
		"    capAdd: [SYS_ADMIN]\n"
		"    priviledged: true\n"
		"    zzz: 1\n"
		"    x-mine: 1\n"
		"    user: 0\n"
		"    ports: {80: 80}\n"
		"    pids_limit: many\n"
		"    cap_add: [SYS_ADMINN]\n"
		"    volumes: [{type: bind, source: /, target: /h, readonly: true}]\n"
		"    pid: ${PID_MODE}\n"
		"    ipc: ${PID_MODE}\n"
		"    uts: ${UTS:?set it}\n"
		"    security_opt: [nonsense, 'seccomp']\n"
		"service:\n"
		"  b: {}\n");
	CHECK_STR(
		said(&r, DIAG_UNKNOWN_FIELD, 0),
		"!compose.yaml:5:5: docker compose knows no field Pid in a service; did you mean pid?");
	CHECK_STR(
		said(&r, DIAG_UNKNOWN_FIELD, 1),
		"!compose.yaml:6:5: docker compose knows no field capAdd in a service; did you mean "
		"cap_add?");
	CHECK_STR(
		said(&r, DIAG_UNKNOWN_FIELD, 2),
		"!compose.yaml:7:5: docker compose knows no field priviledged in a service; did you "
		"mean privileged?");
	CHECK_STR(said(&r, DIAG_UNKNOWN_FIELD, 3),
		  "!compose.yaml:8:5: docker compose knows no field zzz in a service");
	CHECK_STR(
		said(&r, DIAG_UNKNOWN_FIELD, 4),
		"!compose.yaml:14:51: docker compose knows no field readonly in volumes; did you mean "
		"read_only?");
	CHECK_STR(
		said(&r, DIAG_UNKNOWN_FIELD, 5),
		"!compose.yaml:19:1: docker compose knows no field service in a Compose file; did you "
		"mean services?");
	CHECK_INT(count_of(&r, DIAG_UNKNOWN_FIELD), 6);
	CHECK_STR(said(&r, DIAG_BAD_TYPE, 0),
		  "!compose.yaml:10:11: user is a number; docker compose takes a string");
	CHECK_STR(said(&r, DIAG_BAD_TYPE, 1),
		  "!compose.yaml:11:12: ports is a mapping; docker compose takes a list");
	CHECK_STR(said(&r, DIAG_BAD_TYPE, 2),
		  "!compose.yaml:12:17: pids_limit is \"many\", which is no integer");
	CHECK_STR(
		said(&r, DIAG_UNRESOLVED, 0),
		"compose.yaml:4:12: variable TAG is not set; docker compose takes an empty string for "
		"it");
	CHECK_STR(
		said(&r, DIAG_UNRESOLVED, 1),
		"!compose.yaml:15:10: variable PID_MODE is not set; docker compose takes an empty "
		"string for it");
	CHECK_STR(said(&r, DIAG_UNRESOLVED, 2),
		  "!compose.yaml:17:10: uts: required variable UTS is missing a value: set it");
	CHECK_INT(count_of(&r, DIAG_UNRESOLVED), 3);
	CHECK_INT(count_of(&r, DIAG_UNKNOWN_VALUE), 3);
	/* What could be read was judged. */
	CHECK_STR(found(&r, "a", "mount-host-root"), "compose.yaml:14:36");
	CHECK_INT(service(&r, "a")->fact[FACT_ROOT].is, TRI_YES);
	CHECK_INT(service(&r, "a")->ns_of[NST_PID].mode, NSM_UNKNOWN);
	CHECK_INT(service(&r, "a")->ns_of[NST_UTS].mode, NSM_UNKNOWN);
	CHECK_INT(service(&r, "a")->fact[FACT_PIDS_LIMITED].is, TRI_UNKNOWN);
}

static void test_shapes(void)
{
	static const struct {
		const char *text;
		enum diag_id id;
		size_t objects;
	} rows[] = {
		{ "web: {image: x}\n", DIAG_UNKNOWN_KIND, 0 },
		{ "name: x\n", DIAG_EMPTY, 0 },
		{ "services: []\n", DIAG_BAD_TYPE, 0 },
		{ "services: {a: }\n", DIAG_BAD_TYPE, 0 },
		{ "services: {a: x, b: {image: y}}\n", DIAG_BAD_TYPE, 1 },
		{ "services: {a: {image: x, volumes: ['data:/d']}}\n", DIAG_UNRESOLVED, 1 },
		{ "services: {a: {image: x, secrets: [s]}}\n", DIAG_UNRESOLVED, 1 },
		{ "services: {a: {image: x, volumes_from: [s]}}\n", DIAG_UNRESOLVED, 1 },
		{ "services: {a: {image: x, volumes: [{type: odd, target: /x}]}}\n",
		  DIAG_UNKNOWN_VALUE, 1 },
		{ "services: {a: {image: x, ports: ['http:80']}}\n", DIAG_UNKNOWN_VALUE, 1 },
		/* Docker's word for all is ALL alone */
		{ "services: {a: {image: x, cap_add: [CAP_ALL]}}\n", DIAG_UNKNOWN_VALUE, 1 },
		{ "services: {a: {image: x, device_cgroup_rules: [x]}}\n", DIAG_UNKNOWN_VALUE, 1 },
		{ "services: {a: {image: x, pids_limit: 1, deploy: {resources: {limits: {pids: 2}}}}}\n",
		  DIAG_UNKNOWN_VALUE, 1 },
		{ "services: {a: {image: '${'}}\n", DIAG_UNRESOLVED, 1 },
		{ "services: {a: {image: x, image: y}}\n", DIAG_DUPLICATE_KEY, 1 },
	};

	CASE("shapes");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		autorun struct run r = { 0 };

		one(&r, rows[i].text);
		CHECK(said(&r, rows[i].id, 0) != NULL && said(&r, rows[i].id, 0)[0] == '!');
		CHECK_INT(r.a.object_count, rows[i].objects);
	}
}

/* ---- Files beside ------------------------------------------------------------------------- */

static void put(const char *dir, const char *name, const char *text)
{
	char path[4096];
	autoclose int fd = -1;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || io_write_all(fd, text, strlen(text)) < 0)
		FAIL("a file can be written");
}

static void test_beside(void)
{
	static const char *const env[] = { "FROM_ENV=host", NULL };
	static const char *const names[] = { ".env", "compose.yaml", "s.json", "pipe" };
	char dir[] = "/tmp/test-compose.XXXXXX", path[4096];
	autorun struct run r = { 0 };
	struct err e = { 0 };

	CASE("files beside");
	if (!mkdtemp(dir)) {
		FAIL("a directory can be made");
		return;
	}
	put(dir, ".env", "PIDM=host\nFROM_ENV=private\n");
	put(dir, "s.json", "{\"defaultAction\": \"SCMP_ACT_ALLOW\"}");
	put(dir, "compose.yaml",
	    "services:\n"
	    "  a: {image: x, pid: $PIDM, ipc: $FROM_ENV, security_opt: ['seccomp:s.json'], "
	    "volumes: ['../../..:/up', './x:/x']}\n"
	    "  b: {image: x, security_opt: ['seccomp:gone.json']}\n"
	    "  c: {image: x, security_opt: ['seccomp:pipe']}\n");
	(void)snprintf(path, sizeof(path), "%s/pipe", dir);
	CHECK_INT(mkfifo(path, 0600), 0);
	(void)snprintf(path, sizeof(path), "%s/compose.yaml", dir);
	start(&r);
	r.a.env = env;
	CHECK_INT(audit_read_path(&r.a, path, &e), 0);
	audit_run(&r.a);
	CHECK_INT(service(&r, "a")->ns_of[NST_PID].mode, NSM_HOST);
	CHECK_INT(service(&r, "a")->ns_of[NST_IPC].mode, NSM_HOST);
	CHECK_INT(service(&r, "a")->seccomp.mode, SECM_CUSTOM);
	CHECK(*found(&r, "a", "seccomp-weak") != '\0');
	CHECK_STR(service(&r, "a")->mounts[0].source, "/");
	CHECK_STR(service(&r, "a")->mounts[1].source, "./x");
	CHECK_INT(service(&r, "b")->seccomp.mode, SECM_OPAQUE);
	CHECK_INT(service(&r, "c")->seccomp.mode, SECM_OPAQUE);
	CHECK_INT(count_of(&r, DIAG_UNRESOLVED), 1);
	CHECK_INT(count_of(&r, DIAG_UNREADABLE), 1);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		(void)unlink(path);
	}
	(void)rmdir(dir);
}

/* ---- Hostile ------------------------------------------------------------------------------ */

static void test_hostile(void)
{
	autorun struct run r = { 0 }, deep = { 0 }, wide = { 0 }, names = { 0 };
	char *text;
	size_t n = 0, size = 1 << 20;

	CASE("hostile");
	/* Each extends the one before and adds to a list: quadratic if it were let. */
	start(&r);
	text = arena_alloc(&r.arena, size);
	n = (size_t)snprintf(text, size, "services:\n  s0: {image: x, cap_add: [CHOWN]}\n");
	for (int i = 1; i < 6000; i++)
		n += (size_t)snprintf(text + n, size - n,
				      "  s%d: {extends: s%d, group_add: ['%d'], expose: ['%d']}\n",
				      i, i - 1, i, i);
	add(&r, "compose.yaml", text);
	audit_run(&r.a);
	CHECK(count_of(&r, DIAG_UNPARSABLE) == 1 || count_of(&r, DIAG_UNRESOLVED) > 0);
	CHECK_INT(audit_status(&r.a, SEV_NONE + 6), AUDIT_INCOMPLETE);

	/* Every file includes the next one twice. */
	start(&deep);
	for (int i = 0; i < 40; i++)
		add(&deep, arena_printf(&deep.arena, "f%d.compose.yaml", i),
		    arena_printf(
			    &deep.arena,
			    "include: [f%d.compose.yaml, f%d.compose.yaml]\nservices: {a%d: {image: "
			    "x, pid: host}}\n",
			    i + 1, i + 1, i));
	audit_run(&deep.a);
	CHECK(count_of(&deep, DIAG_UNPARSABLE) > 0);

	/* Nested braces, and values that grow. */
	start(&wide);
	text = arena_alloc(&wide.arena, size);
	n = (size_t)snprintf(text, size, "services: {a: {image: x, pid: '");
	for (int i = 0; i < 1000; i++)
		n += (size_t)snprintf(text + n, size - n, "${A:-");
	for (int i = 0; i < 1000; i++)
		text[n++] = '}';
	(void)snprintf(text + n, size - n, "'}}");
	add(&wide, "compose.yaml", text);
	audit_run(&wide.a);
	CHECK_STR(said(&wide, DIAG_UNRESOLVED, 0),
		  "!compose.yaml:1:31: pid: variables are nested too deeply");

	/* Nobody wants to read a hundred thousand of them. */
	start(&names);
	text = arena_alloc(&names.arena, size);
	n = (size_t)snprintf(text, size, "services: {a: {image: x");
	for (int i = 0; i < 20000; i++)
		n += (size_t)snprintf(text + n, size - n, ", priv%d: $V%d", i, i);
	(void)snprintf(text + n, size - n, "}}");
	add(&names, "compose.yaml", text);
	audit_run(&names.a);
	CHECK_INT(names.a.diag_count, COMPOSE_TOLD_MAX + 1);
}

int main(void)
{
	test_variables();
	test_dotenv();
	test_short();
	test_booleans();
	test_caps();
	test_namespaces();
	test_chains();
	test_mounts();
	test_known_variables();
	test_override();
	test_extends();
	test_include();
	test_documents();
	test_profiles();
	test_diagnostics();
	test_shapes();
	test_beside();
	test_hostile();
	return DONE();
}
