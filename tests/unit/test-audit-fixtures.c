/* SPDX-License-Identifier: Apache-2.0 */
/* tests/fixtures/audit/KIND/RULE/: a file fires*.{json,yaml} makes RULE fire; a file
 * silent*.{json,yaml} has an object, nothing that blocks, and RULE neither fires nor says
 * that it cannot tell. Every rule has both for every kind of file that its row names.
 *
 * With arguments: only the rules or kinds so named are looked at. */
#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/audit.h"
#include "base/cleanup.h"
#include "test.h"

static const struct {
	const char *name;
	enum input_kind kind;
} kinds[] = {
	{ "oci", IN_OCI }, { "inspect", IN_INSPECT }, { "compose", IN_COMPOSE },
	{ "k8s", IN_K8S }, { "cri", IN_CRI },
};
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static char **chosen;
static int chosen_count;

static bool is_chosen(const char *kind, const char *rule)
{
	for (int i = 0; i < chosen_count; i++)
		if (!strcmp(chosen[i], kind) || !strcmp(chosen[i], rule))
			return true;
	return chosen_count == 0;
}

static void __attribute__((format(printf, 2, 3))) result(bool ok, const char *fmt, ...)
{
	char text[4352];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	(void)tap_result(ok, __FILE__, __LINE__, text);
}

/* What was said, for whoever has to mend it. */
static void explain(const struct audit *a, struct arena *arena, const char *rule)
{
	for (size_t i = 0; i < a->finding_count; i++) {
		const struct finding *f = &a->findings[i];

		printf("#   %s%s %s: %s: %s\n", strcmp(f->rule->id, rule) ? "" : ">> ",
		       place_text(arena, &f->at), f->of->object, f->rule->id, f->message);
	}
	for (size_t i = 0; i < a->untold_count; i++)
		if (!strcmp(a->untold[i].rule->id, rule))
			printf("#   >> %s cannot tell: %s\n", a->untold[i].of->object,
			       a->untold[i].why);
	for (const struct diag *d = a->diags; d; d = d->next)
		printf("#   %s%s: %s: %s\n", d->blocks ? ">> " : "", place_text(arena, &d->at),
		       diag_rows[d->id].id, d->message);
	if (!a->objects)
		puts("#   >> no object");
	fflush(stdout);
}

static bool is_silent(const struct audit *a, const char *rule)
{
	for (size_t i = 0; i < a->finding_count; i++)
		if (!strcmp(a->findings[i].rule->id, rule))
			return false;
	for (size_t i = 0; i < a->untold_count; i++)
		if (!strcmp(a->untold[i].rule->id, rule))
			return false;
	for (const struct diag *d = a->diags; d; d = d->next)
		if (d->blocks)
			return false;
	return a->object_count > 0;
}

static bool is_of_kind(const struct audit *a, enum input_kind kind)
{
	for (const struct facts *f = a->objects; f; f = f->next)
		if (f->kind != kind)
			return false;
	return a->objects;
}

static bool fires(const struct audit *a, const char *rule)
{
	for (size_t i = 0; i < a->finding_count; i++)
		if (!strcmp(a->findings[i].rule->id, rule))
			return true;
	return false;
}

static void check_file(const char *path, const char *rule, enum input_kind kind, bool want)
{
	autoarena struct arena arena = { 0 };
	struct err e = { 0 };
	struct audit a;
	bool ok;

	audit_init(&a, &arena);
	if (audit_read_path(&a, path, &e) < 0) {
		result(false, "%s can be read", path);
		printf("#   %s\n", e.msg);
		return;
	}
	audit_run(&a);
	ok = want ? fires(&a, rule) : is_silent(&a, rule);
	result(ok, "%s %s %s", path, want ? "fires" : "is clean by", rule);
	if (!ok)
		explain(&a, &arena, rule);
	if (!is_of_kind(&a, kind))
		result(false, "%s is taken for what it is", path);
}

static bool ends(const char *name, const char *suffix)
{
	size_t n = strlen(name), m = strlen(suffix);

	return n >= m && !strcmp(name + n - m, suffix);
}

/* A file or, for what is more than a file, a directory: fires-2.d/ */
static bool is_input(const char *name)
{
	return ends(name, ".json") || ends(name, ".yaml") || ends(name, ".d");
}

static void check_dir(const char *kind_name, enum input_kind kind, const struct rule *rule)
{
	char dir[512], path[1024];
	struct dirent **names = NULL;
	int n, firing = 0, silent = 0;

	(void)snprintf(dir, sizeof(dir), "fixtures/audit/%s/%s", kind_name, rule->id);
	n = scandir(dir, &names, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		const char *name = names[i]->d_name;

		(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
		if (is_input(name) && !strncmp(name, "fires", 5)) {
			firing++;
			check_file(path, rule->id, kind, true);
		} else if (is_input(name) && !strncmp(name, "silent", 6)) {
			silent++;
			check_file(path, rule->id, kind, false);
		} else if (name[0] != '.' && strncmp(name, "with-", 5) != 0) {
			/* with-*: files that the others name */
			result(false, "%s is a name that this test knows", path);
		}
		free(names[i]);
	}
	free(names);
	if (rule->kinds & (unsigned int)kind) {
		result(firing > 0, "there is a %s/%s/fires*", kind_name, rule->id);
		result(silent > 0, "there is a %s/%s/silent*", kind_name, rule->id);
	} else if (n > 0) {
		result(false, "%s: %s is not of this kind", kind_name, rule->id);
	}
}

/* Every directory there is the name of a rule. */
static void check_names(const char *kind_name)
{
	struct dirent **names = NULL;
	char dir[512];
	int n;

	(void)snprintf(dir, sizeof(dir), "fixtures/audit/%s", kind_name);
	n = scandir(dir, &names, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		if (names[i]->d_name[0] != '.' && !rule_find(names[i]->d_name))
			result(false, "%s: %s is a rule", kind_name, names[i]->d_name);
		free(names[i]);
	}
	free(names);
}

int main(int argc, char **argv)
{
	const struct rule *rule;

	chosen = argv + 1;
	chosen_count = argc - 1;
	CHECK_INT(chdir(TEST_SOURCE_DIR), 0);
	for (size_t k = 0; k < KINDS; k++) {
		CASE(kinds[k].name);
		check_names(kinds[k].name);
		for (size_t i = 0; (rule = rule_at(i)); i++)
			if (is_chosen(kinds[k].name, rule->id))
				check_dir(kinds[k].name, kinds[k].kind, rule);
	}
	return DONE();
}
