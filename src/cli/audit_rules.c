/* SPDX-License-Identifier: Apache-2.0 */
/* What the rules say about themselves. */
#include <errno.h>
#include <pidns.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/audit.h"
#include "cli/out.h"

enum { WRAP = 80 };

static const struct {
	enum input_kind kind;
	const char *name;
} kinds[] = {
	{ IN_LIVE, "live" },       { IN_OCI, "oci" },        { IN_INSPECT, "inspect" },
	{ IN_COMPOSE, "compose" }, { IN_K8S, "kubernetes" }, { IN_CRI, "cri" },
};

static struct out_cell get_id(struct out *o, const void *row)
{
	(void)o;
	return out_words(((const struct rule *)row)->id);
}

static struct out_cell get_severity(struct out *o, const void *row)
{
	enum severity s = ((const struct rule *)row)->severity;
	struct out_cell c = out_words(severity_name(s));

	(void)o;
	c.color = s >= SEV_HIGH ? OUT_RED : s == SEV_MEDIUM ? OUT_YELLOW : OUT_PLAIN;
	return c;
}

static struct out_cell get_kinds(struct out *o, const void *row)
{
	const struct rule *r = row;
	const char **list = arena_alloc(o->arena, ARRAY_LEN(kinds) * sizeof(*list));
	struct out_cell c = { .known = true, .escaped = true };
	const char *text = "";

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (!(r->kinds & kinds[i].kind))
			continue;
		text = arena_printf(o->arena, "%s%s%s", text, *text ? "," : "", kinds[i].name);
		list[c.count++] = kinds[i].name;
	}
	c.text = text;
	c.list = list;
	return c;
}

static struct out_cell get_title(struct out *o, const void *row)
{
	(void)o;
	return out_words(((const struct rule *)row)->title);
}

static struct out_cell get_why(struct out *o, const void *row)
{
	(void)o;
	return out_words(((const struct rule *)row)->why);
}

static struct out_cell get_fix(struct out *o, const void *row)
{
	(void)o;
	return out_words(((const struct rule *)row)->fix);
}

static struct out_cell get_refs(struct out *o, const void *row)
{
	(void)o;
	return out_words(((const struct rule *)row)->refs);
}

static const struct out_col cols[] = {
	{ "id", "RULE", OUT_TEXT, OUT_DEFAULT, 0, "", get_id },
	{ "severity", "SEVERITY", OUT_TEXT, OUT_DEFAULT, 0, "", get_severity },
	{ "kinds", "INPUT", OUT_LIST, OUT_DEFAULT, 0, "", get_kinds },
	{ "title", "TITLE", OUT_TEXT, OUT_DEFAULT | OUT_FLEX, 0, "", get_title },
	{ "why", "WHY", OUT_TEXT, 0, 0, "", get_why },
	{ "fix", "FIX", OUT_TEXT, 0, 0, "", get_fix },
	{ "refs", "REFERENCES", OUT_TEXT, 0, 0, "", get_refs },
	{ 0 },
};

static void json(struct arena *a, const struct rule *only)
{
	struct out_cols all;
	struct jsonw w;
	struct out o;

	out_init(&o, a, NULL, true, true);
	(void)out_cols_json(cols, NULL, a, &all, NULL);
	jsonw_init(&w, a, 1);
	jsonw_obj(&w);
	jsonw_kstr(&w, "schema", "atoll.rules/1");
	jsonw_key(&w, "rules");
	jsonw_arr(&w);
	for (size_t i = 0; only ? i == 0 : rule_at(i) != NULL; i++)
		out_json(&o, &all, only ? only : rule_at(i), &w);
	jsonw_arr_end(&w);
	jsonw_obj_end(&w);
	jsonw_nl(&w);
	out_flush(&o, &w);
}

void audit_rules_list(struct arena *a, bool as_json)
{
	struct out_cols shown;
	struct out_table t = { .cols = &shown };
	struct out o;

	if (as_json) {
		json(a, NULL);
		return;
	}
	out_init(&o, a, NULL, true, true);
	t.o = &o;
	(void)out_cols_parse(cols, NULL, a, &shown, NULL);
	for (size_t i = 0; rule_at(i); i++)
		out_row(&t, rule_at(i), NULL);
	out_print(&t);
}

/* Words broken at blanks, below a heading. */
static void paragraph(const char *heading, const char *words)
{
	size_t at = 0;

	if (!words || !*words)
		return;
	printf("\n%s\n  ", heading);
	while (*words) {
		size_t n = strcspn(words, " ");

		if (at && at + 1 + n > WRAP) {
			fputs("\n  ", stdout);
			at = 0;
		}
		at += (size_t)printf("%s%.*s", at ? " " : "", (int)n, words);
		words += n + strspn(words + n, " ");
	}
	putchar('\n');
}

/* One a line. */
static void references(struct arena *a, const char *refs)
{
	if (!refs || !*refs)
		return;
	fputs("\nReferences\n", stdout);
	while (*refs) {
		size_t n = strcspn(refs, ";");

		printf("  %s\n", arena_strndup(a, refs, n));
		refs += n;
		refs += strspn(refs, "; ");
	}
}

static const struct diag_row *diag_find(const char *id)
{
	for (size_t i = 0; i < DIAG_COUNT; i++)
		if (strcmp(diag_rows[i].id, id) == 0)
			return &diag_rows[i];
	return NULL;
}

int audit_rule_explain(struct arena *a, const char *id, bool as_json, struct err *e)
{
	const struct rule *r = rule_find(id);
	const struct diag_row *d = r ? NULL : diag_find(id);
	struct out o;

	if (!r && !d)
		return err_set(e, EINVAL,
			       "there is no rule '%.64s': \"atoll audit --list-rules\" shows all",
			       id);
	if (r && as_json) {
		json(a, r);
		return 0;
	}
	out_init(&o, a, NULL, true, true);
	printf("%s%s%s", out_on(&o, OUT_BOLD), id, out_off(&o, OUT_BOLD));
	if (r)
		printf(" (%s)", severity_name(r->severity));
	printf("\n%s\n", r ? r->title : d->title);
	if (d) {
		paragraph("What it is",
			  d->blocks ? "Said of the input itself: something in it was not checked, "
				      "and the exit status is 3 if nothing worse was found."
				    : "Said of the input itself: a warning, which is counted and "
				      "leaves the exit status alone.");
		return 0;
	}
	paragraph("Why it matters", r->why);
	paragraph("What to do", r->fix);
	paragraph("Found in", get_kinds(&o, r).text);
	references(a, r->refs);
	return 0;
}
