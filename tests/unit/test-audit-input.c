/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/audit.h"
#include "base/cleanup.h"
#include "test.h"

static const char pod[] = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n"
			  "  - {name: app, image: a}\n";
static const char oci[] =
	"{\"ociVersion\": \"1.0.2\", \"process\": {\"args\": [\"sh\"], \"cwd\": \"/\"}, "
	"\"root\": {\"path\": \"tree\"}, \"linux\": {}}";
static const char inspect[] =
	"{\"Id\": \"abc\", \"Name\": \"/db\", \"Config\": {}, \"HostConfig\": {}}";
static const char cri[] =
	"{\"status\": {\"id\": \"abc\", \"metadata\": {\"name\": \"x\"}}, \"info\": "
	"{\"runtimeSpec\": {\"ociVersion\": \"1.0.2\", \"process\": {}, \"linux\": {}}}}";
static const char compose[] = "services:\n  db:\n    image: b\n";

struct run {
	struct arena arena;
	struct audit a;
};

static void run_free(struct run *r)
{
	arena_free(&r->arena);
}
#define autorun __attribute__((cleanup(run_free)))

static void text(struct run *r, const char *name, const char *s, size_t len)
{
	audit_init(&r->a, &r->arena);
	audit_read_text(&r->a, name, s, len);
	audit_run(&r->a);
}

static int path(struct run *r, const char *p, struct err *e)
{
	int k;

	audit_init(&r->a, &r->arena);
	k = audit_read_path(&r->a, p, e);
	audit_run(&r->a);
	return k;
}

/* The kinds of the objects, in order. */
static const char *kinds(struct run *r)
{
	static const struct {
		enum input_kind kind;
		const char *name;
	} names[] = { { IN_OCI, "oci" },
		      { IN_INSPECT, "inspect" },
		      { IN_CRI, "cri" },
		      { IN_COMPOSE, "compose" },
		      { IN_K8S, "k8s" } };
	const char *all = "";

	for (const struct facts *f = r->a.objects; f; f = f->next)
		for (size_t i = 0; i < ARRAY_LEN(names); i++)
			if (names[i].kind == f->kind)
				all = arena_printf(&r->arena, "%s%s%s", all, *all ? " " : "",
						   names[i].name);
	return all;
}

/* The diagnostics that input.c gives: "place: id: message", in lines. */
static const char *said(struct run *r)
{
	const char *all = "";

	for (const struct diag *d = r->a.diags; d; d = d->next)
		if (d->id == DIAG_UNPARSABLE || d->id == DIAG_EMPTY || d->id == DIAG_UNKNOWN_KIND ||
		    d->id == DIAG_DUPLICATE_KEY || d->id == DIAG_UNREADABLE ||
		    d->id == DIAG_UNRESOLVED)
			all = arena_printf(&r->arena, "%s%s%s: %s: %s", all, *all ? "\n" : "",
					   place_text(&r->arena, &d->at), diag_rows[d->id].id,
					   d->message);
	return all;
}

struct row {
	const char *name, *text, *kinds, *said;
};

#define UNKNOWN                                                                                   \
	"input-unknown-kind: this is no container configuration of a known kind (OCI, docker or " \
	"podman inspect, crictl inspect, Compose, Kubernetes)"
#define TEMPLATE                                                                               \
	"input-unparsable: this is a template ({{ ... }}), not yet a manifest: render it and " \
	"audit the result (helm template ... | atoll audit -)"

static const struct row rows[] = {
	{ "a", pod, "k8s", "" },
	{ "a", oci, "oci", "" },
	{ "a", inspect, "inspect", "" },
	{ "a", cri, "cri", "" },
	{ "a", compose, "compose", "" },
	/* Shapes without their usual signs. */
	{ "a", "spec: {containers: [{name: x}]}", "k8s", NULL },
	{ "a", "kind: List\nitems: [{kind: Pod, apiVersion: v1, spec: {containers: [{name: x}]}}]",
	  "k8s", "" },
	{ "a", "{\"linux\": {\"namespaces\": []}}", "oci", "" },
	{ "a", "{services: {db: {image: b}}}", "compose", "" },
	{ "docker-compose.prod.yml", "services:\n  db:\n    labels: [x]\n", "compose", NULL },
	/* Several. */
	{ "a", "{\"HostConfig\": {}}\n{\"HostConfig\": {}}", "inspect inspect", "" },
	{ "a",
	  "[{\"HostConfig\": {}}, {\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"spec\": "
	  "{\"containers\": [{\"name\": \"x\"}]}}, {\"ociVersion\": \"1.0.2\"}]",
	  "inspect k8s oci", "" },
	{ "a", "[{HostConfig: {}}, {a: b}, 5]", "inspect",
	  "a:1:20: " UNKNOWN "\na:1:28: " UNKNOWN },
	{ "a", "HostConfig: {}\n---\na: [\n---\nociVersion: 1.0.2\nprocess: {}\n", "inspect oci",
	  "a:4:1: input-unparsable: did not find expected node content (while parsing a flow node)" },
	/* Nothing. */
	{ "a", "", "", "a: input-empty: there is nothing in it" },
	{ "a", " \n# only a comment\n---\n", "", "a:1:1: input-empty: there is nothing in it" },
	{ "a", "[]", "", "a:1:1: " UNKNOWN },
	{ "a", "hello", "", "a:1:1: " UNKNOWN },
	{ "package.json", "{\"name\": \"x\", \"scripts\": {}}", "", "package.json:1:1: " UNKNOWN },
	{ "ci.yml", "on: push\njobs: {a: {services: {db: {image: x}}}}", "",
	  "ci.yml:1:1: " UNKNOWN },
	{ "services.yaml", "services:\n  App\\Mailer: {arguments: [x]}\n", "",
	  "services.yaml:1:1: " UNKNOWN },
	{ "a",
	  "{\"ociVersion\": \"1.0.2\", \"id\": \"x\", \"status\": \"running\", \"bundle\": \"/b\"}",
	  "",
	  "a:1:1: input-unknown-kind: this is the state of a container, not its configuration" },
	{ "a", "[{\"Id\": \"sha256:x\", \"RepoTags\": []}]", "",
	  "a:1:2: input-unknown-kind: this is an image, not a container" },
	/* Broken. */
	{ "a.json", "{\"HostConfig\": {},}", "inspect",
	  "a.json:1:19: input-unparsable: parse error: invalid object key (must be a string)" },
	{ "a", "{\"HostConfig\": {}} {\"x\"", "inspect",
	  "a:1:24: input-unparsable: parse error: premature EOF" },
	{ "a", "{{ if .Values.x }}\napiVersion: v1\n{{ end }}\n", "", "a:1:2: " TEMPLATE },
	{ "a", "apiVersion: v1\nkind: Pod\nspec: {{ .Values.spec }}\n", "",
	  "a:3:8: " TEMPLATE "\na:3:7: input-empty: Pod/default/ has no containers" },
	{ "a", "HostConfig: {}\nHostConfig: {A: 1}\n", "inspect",
	  "a:2:1: input-duplicate-key: the key \"HostConfig\" is given more than once; the last "
	  "counts; first given in line 1" },
	{ "a", "{\"HostConfig\": {\"A\": 1, \"A\": 2}}", "inspect",
	  "a:1:25: input-duplicate-key: the key \"A\" is given more than once; the last counts; first "
	  "given in line 1" },
	{ "a", "HostConfig: {X: \"\xff\"}\n", "inspect",
	  "a:1:18: input-unparsable: not valid UTF-8: 1 place is here replaced by U+FFFD, as "
	  "Kubernetes does" },
};

static void texts(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		autorun struct run r = { 0 };

		text(&r, rows[i].name, rows[i].text, strlen(rows[i].text));
		CHECK_STR(kinds(&r), rows[i].kinds);
		if (rows[i].said)
			CHECK_STR(said(&r), rows[i].said);
		CHECK_INT(r.a.source_count, 1);
	}
}

static void put(const char *dir, const char *name, const char *content, size_t len)
{
	char p[512];
	FILE *f;

	snprintf(p, sizeof(p), "%s/%s", dir, name);
	for (char *s = p + strlen(dir) + 1; (s = strchr(s, '/')); s++) {
		*s = '\0';
		(void)mkdir(p, 0700);
		*s = '/';
	}
	f = fopen(p, "we");
	if (f) {
		fwrite(content, 1, len, f);
		fclose(f);
	}
}

static void puts_in(const char *dir, const char *name, const char *content)
{
	put(dir, name, content, strlen(content));
}

/* The names of the texts, in order. */
static const char *names(struct run *r, size_t skip)
{
	const char *all = "";

	for (const struct source *s = r->a.sources; s; s = s->next)
		all = arena_printf(&r->arena, "%s%s%s", all, *all ? " " : "", s->name + skip);
	return all;
}

static void directories(const char *dir)
{
	autorun struct run r = { 0 };
	autorun struct run glob = { 0 };
	autorun struct run deep = { 0 };
	autorun struct run braces = { 0 };
	autorun struct run more = { 0 };
	autorun struct run one = { 0 };
	autorun struct run none = { 0 };
	struct err e = { 0 };
	size_t skip = strlen(dir) + 1;
	char p[512];

	puts_in(dir, "b.yaml", pod);
	puts_in(dir, "a/c.YML", compose);
	puts_in(dir, "a/x/deep.json", inspect);
	puts_in(dir, "package.json", "{\"name\": \"x\", \"HostConf\": 1}");
	puts_in(dir, "tsconfig.json", "{ // comment\n \"x\": 1 }");
	puts_in(dir, ".github/workflows/ci.yml", "on: push\njobs: {}\n");
	puts_in(dir, "broken.yaml", "apiVersion: v1\nkind: Pod\nspec: [\n");
	puts_in(dir, "notes.txt", pod);
	puts_in(dir, "node_modules/x/y.yaml", pod);
	puts_in(dir, ".git/z.yaml", pod);
	puts_in(dir, "bundle/config.json", oci);
	puts_in(dir, "bundle/tree/etc/k.yaml", pod);
	puts_in(dir, "none/x.yaml", "a: 1\n");
	snprintf(p, sizeof(p), "%s/a/loop", dir);
	CHECK_INT(symlink("..", p), 0);
	snprintf(p, sizeof(p), "%s/inside.yaml", dir);
	CHECK_INT(symlink("b.yaml", p), 0);
	snprintf(p, sizeof(p), "%s/outside.yaml", dir);
	CHECK_INT(symlink("/dev/zero", p), 0);
	snprintf(p, sizeof(p), "%s/nowhere.yaml", dir);
	CHECK_INT(symlink("no-such", p), 0);
	snprintf(p, sizeof(p), "%s/fifo.yaml", dir);
	CHECK_INT(mkfifo(p, 0600), 0);

	CHECK_INT(path(&r, dir, &e), 0);
	CHECK_STR(kinds(&r), "inspect k8s oci compose");
	CHECK_STR(names(&r, skip), "a/c.YML a/x/deep.json b.yaml broken.yaml bundle/config.json");
	CHECK_INT(r.a.passed_count, 4);
	CHECK_INT(r.a.diag_count, 3);

	snprintf(p, sizeof(p), "%s/*/[b-d]*.[Yj]*", dir);
	CHECK_INT(path(&glob, p, &e), 0);
	CHECK_STR(names(&glob, skip), "a/c.YML bundle/config.json");
	snprintf(p, sizeof(p), "%s/**/*.json", dir);
	CHECK_INT(path(&deep, p, &e), 0);
	CHECK_STR(names(&deep, skip), "a/x/deep.json bundle/config.json");
	snprintf(p, sizeof(p), "%s/**/{c,{de,x}ep}.{YML,nope,json}", dir);
	CHECK_INT(path(&braces, p, &e), 0);
	CHECK_STR(names(&braces, skip), "a/c.YML a/x/deep.json");
	snprintf(p, sizeof(p), "%s/{a,nope,bundle}/{c.YML,*.json,x/{deep}.json}", dir);
	CHECK_INT(path(&more, p, &e), 0);
	CHECK_STR(names(&more, skip), "a/c.YML bundle/config.json");
	snprintf(p, sizeof(p), "%s/package.json", dir);
	CHECK_INT(path(&one, p, &e), 0);
	CHECK(strstr(said(&one), "package.json:1:1: " UNKNOWN) != NULL);
	snprintf(p, sizeof(p), "%s/none", dir);
	CHECK_INT(path(&none, p, &e), 0);
	CHECK(strstr(said(&none), "input-empty: no container configuration is among 1 files") !=
	      NULL);
}

static void refusals(const char *dir)
{
	autorun struct run none = { 0 };
	autorun struct run glob = { 0 };
	autorun struct run fifo = { 0 };
	autorun struct run zero = { 0 };
	autorun struct run big = { 0 };
	struct err e = { 0 }, again = { 0 };
	char p[512];

	snprintf(p, sizeof(p), "%s/no-such", dir);
	CHECK_INT(path(&none, p, &e), -ENOENT);
	CHECK(strstr(e.msg, "no-such: No such file or directory") != NULL);
	snprintf(p, sizeof(p), "%s/*.no-such", dir);
	CHECK_INT(path(&glob, p, &again), -ENOENT);
	CHECK(strstr(again.msg, "no file matches") != NULL);
	for (int i = 0; i < 3; i++) {
		static const char *const missing[] = { "no-such/*.yaml", "b.yaml/*",
						       "{x,y}.no-such" };
		autorun struct run r = { 0 };
		struct err why = { 0 };

		snprintf(p, sizeof(p), "%s/%s", dir, missing[i]);
		CHECK_INT(path(&r, p, &why), -ENOENT);
		CHECK(strstr(why.msg, "no file matches") != NULL);
	}
	for (size_t i = 0, n = strlen(dir); i <= 1 && n + 60 < sizeof(p); i++) {
		autorun struct run r = { 0 };
		struct err why = { 0 };

		snprintf(p, sizeof(p), "%s/{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}%s", dir,
			 i ? "**" : "*");
		CHECK_INT(path(&r, p, &why), -E2BIG);
	}
	snprintf(p, sizeof(p), "%s/fifo.yaml", dir);
	CHECK_INT(path(&fifo, p, &e), 0);
	CHECK(strstr(said(&fifo), "fifo.yaml: input-empty: there is nothing in it") != NULL);
	CHECK_INT(path(&zero, "/dev/zero", &e), 0);
	CHECK_STR(said(&zero), "/dev/zero: input-unparsable: there are only NUL bytes in it");
	snprintf(p, sizeof(p), "%s/big.yaml", dir);
	puts_in(dir, "big.yaml", "a: 1\n");
	CHECK_INT(truncate(p, (off_t)SOURCE_SIZE_MAX + 1), 0);
	CHECK_INT(path(&big, p, &e), 0);
	CHECK(strstr(said(&big),
		     "big.yaml: input-unparsable: larger than 256 MiB: it is not read") != NULL);
}

/* UTF-16 and a byte order mark: the same object, at the same place. */
static void encodings(void)
{
	size_t n = sizeof(compose) - 1;
	char wide[2 * sizeof(compose) + 2] = "\xff\xfe", bom[sizeof(compose) + 3] = "\xef\xbb\xbf";
	autorun struct run a = { 0 };
	autorun struct run b = { 0 };

	for (size_t i = 0; i < n; i++)
		wide[2 + 2 * i] = compose[i];
	memcpy(bom + 3, compose, n);
	text(&a, "wide", wide, 2 + 2 * n);
	text(&b, "bom", bom, 3 + n);
	CHECK_STR(kinds(&a), "compose");
	CHECK_STR(said(&a), "");
	CHECK_STR(kinds(&b), "compose");
	CHECK_STR(said(&b), "");
	CHECK_STR(place_text(&a.arena, &a.a.objects->at), "wide:2:3");
}

int main(void)
{
	char dir[] = "/tmp/test-audit-input-XXXXXX", command[128];

	CASE("texts");
	texts();
	CASE("encodings");
	encodings();
	if (!mkdtemp(dir)) {
		FAIL("no directory for the files");
		return DONE();
	}
	CASE("directories");
	directories(dir);
	CASE("refusals");
	refusals(dir);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	CHECK_INT(system(command), 0);
	return DONE();
}
