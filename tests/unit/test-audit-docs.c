/* SPDX-License-Identifier: Apache-2.0 */
/* docs/rules.md says what the tables say. With ATOLL_UPDATE_GOLDEN=1 it is written instead;
 * read the difference before it is committed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/audit.h"
#include "base/cleanup.h"
#include "test.h"

#define PATH TEST_SOURCE_DIR "/../docs/rules.md"

static const struct {
	enum input_kind kind;
	const char *name, *dir;
} kinds[] = {
	{ IN_LIVE, "live", NULL },
	{ IN_OCI, "config.json", "oci" },
	{ IN_INSPECT, "inspect", "inspect" },
	{ IN_CRI, "crictl", "cri" },
	{ IN_COMPOSE, "Compose", "compose" },
	{ IN_K8S, "Kubernetes", "k8s" },
};
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static const struct {
	const struct rule *rules;
	const char *title;
} groups[] = {
	{ rules_pid, "PID namespaces, /proc and PID 1" },
	{ rules_caps, "Capabilities" },
	{ rules_privileges, "Privileged mode, users and groups" },
	{ rules_confinement, "seccomp, AppArmor and SELinux" },
	{ rules_mounts, "What of the host is mounted" },
	{ rules_namespaces, "Other namespaces" },
	{ rules_surface, "Devices, cgroups, kernel settings, hooks, ports" },
};
enum { GROUPS = sizeof(groups) / sizeof(groups[0]) };

static const char intro[] =
	"# Rules of the audit\n\n"
	"Made from the tables `src/audit/rules_*.c`; edit those and let\n"
	"`ATOLL_UPDATE_GOLDEN=1 tests/run build tests/unit/test-audit-docs.c` write this page anew.\n"
	"`atoll audit --explain RULE` prints a section of it.\n\n"
	"A rule answers from what was read: a live process (*live*: /proc), an OCI configuration\n"
	"(*config.json*), the output of `docker inspect` or `podman inspect` (*inspect*), of `crictl\n"
	"inspect` (*crictl*), a Compose file, a Kubernetes object. Where it cannot tell, it says so, and\n"
	"that is counted. The links lead to examples that make it fire and to others that do not.\n";

static void put_refs(FILE *f, const char *refs)
{
	while (*refs) {
		size_t n = strcspn(refs, ";");

		while (*refs == ' ' && n) {
			refs++;
			n--;
		}
		if (n > 8 && !strncmp(refs, "https://", 8))
			(void)fprintf(f, "- <%.*s>\n", (int)n, refs);
		else if (n)
			(void)fprintf(f, "- %.*s\n", (int)n, refs);
		refs += n;
		refs += *refs == ';';
	}
}

/* At 98 columns, as everything that people read here. */
static void put_filled(FILE *f, const char *text)
{
	size_t column = 0;

	while (*text) {
		size_t n = strcspn(text, " ");

		if (column && column + 1 + n > 98) {
			(void)fputc('\n', f);
			column = 0;
		} else if (column) {
			(void)fputc(' ', f);
			column++;
		}
		/* Words such as <a> and *:* are no markup. */
		for (size_t i = 0; i < n; i++) {
			if (strchr("*<>|", text[i]))
				(void)fputc('\\', f);
			(void)fputc(text[i], f);
		}
		column += n;
		text += n;
		text += *text == ' ';
	}
	(void)fputc('\n', f);
}

static void put_rule(FILE *f, const struct rule *r)
{
	const char *comma = "";

	(void)fprintf(f, "\n### %s\n**%s** (%s). ", r->id, r->title, severity_name(r->severity));
	for (size_t k = 0; k < KINDS; k++) {
		if (!(r->kinds & (unsigned int)kinds[k].kind))
			continue;
		if (kinds[k].dir)
			(void)fprintf(f, "%s[%s](../tests/fixtures/audit/%s/%s/)", comma,
				      kinds[k].name, kinds[k].dir, r->id);
		else
			(void)fprintf(f, "%s%s", comma, kinds[k].name);
		comma = ", ";
	}
	(void)fputs(".\n\n", f);
	put_filled(f, r->why);
	(void)fputs("\n*What to do:* ", f);
	put_filled(f, r->fix);
	(void)fputc('\n', f);
	put_refs(f, r->refs);
}

static void put_page(FILE *f)
{
	(void)fputs(intro, f);
	(void)fputs("\n| rule | severity | |\n|---|---|---|\n", f);
	for (size_t g = 0; g < GROUPS; g++)
		for (const struct rule *r = groups[g].rules; r->id; r++)
			(void)fprintf(f, "| [%s](#%s) | %s | %s |\n", r->id, r->id,
				      severity_name(r->severity), r->title);
	for (size_t g = 0; g < GROUPS; g++) {
		(void)fprintf(f, "\n## %s\n", groups[g].title);
		for (const struct rule *r = groups[g].rules; r->id; r++)
			put_rule(f, r);
	}
	(void)fputs(
		"\n## What is wrong with the input itself\n"
		"These are no findings. But a result with one of them that blocks is not clean: the\n"
		"exit status is 3 if there is nothing worse.\n\n| id | |\n|---|---|\n",
		f);
	for (int i = 0; i < DIAG_COUNT; i++)
		(void)fprintf(f, "| %s | %s |\n", diag_rows[i].id, diag_rows[i].title);
}

static char *slurp(const char *path)
{
	autofile FILE *f = fopen(path, "re");
	char *text = NULL;
	size_t size = 0;

	if (!f || getdelim(&text, &size, '\0', f) < 0) {
		free(text);
		return NULL;
	}
	return text;
}

/* The first line that differs, for whoever forgot. */
static void show_difference(const char *got, const char *want)
{
	size_t line = 1, start = 0, i = 0;

	for (; got[i] && got[i] == want[i]; i++) {
		if (got[i] == '\n') {
			line++;
			start = i + 1;
		}
	}
	printf("# docs/rules.md:%zu\n# is     %.*s\n# should %.*s\n", line,
	       (int)strcspn(got + start, "\n"), got + start, (int)strcspn(want + start, "\n"),
	       want + start);
	puts("# run with ATOLL_UPDATE_GOLDEN=1 to write it anew");
}

int main(void)
{
	autofree char *want = NULL, *got = NULL;
	size_t size = 0, n = 0;
	FILE *f = open_memstream(&want, &size);

	put_page(f);
	(void)fclose(f);
	if (getenv("ATOLL_UPDATE_GOLDEN")) {
		f = fopen(PATH, "we");
		CHECK(f && fputs(want, f) >= 0 && fclose(f) == 0);
	}
	got = slurp(PATH);
	if (!CHECK(got && !strcmp(got, want)))
		show_difference(got ? got : "", want);
	for (size_t g = 0; g < GROUPS; g++)
		for (const struct rule *r = groups[g].rules; r->id; r++)
			CHECK(r == rule_at(n++));
	CHECK(!rule_at(n));
	return DONE();
}
