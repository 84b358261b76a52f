/* SPDX-License-Identifier: Apache-2.0 */
/* Markdown for comments of pull requests and summaries of steps. What came from outside stands
 * in code spans, where nothing is a link, a mention or a tag. */
#include <string.h>

#include "audit/report_impl.h"

enum { SIZE_MAX_BYTES = 60000, CELL_MAX = 300 }; /* a comment has room for 65536 characters */

/* A code span that may stand in a table. */
static void code(struct rep *r, const char *text)
{
	struct str safe = { .arena = r->arena };
	size_t n = 0;

	rep_escape(&safe, text && *text ? text : "-");
	str_puts(&r->s, "`");
	for (const char *s = safe.s; *s; s++) {
		if (((unsigned char)*s & 0xc0) != 0x80 && n++ == CELL_MAX) {
			str_puts(&r->s, "...");
			break;
		}
		if (*s == '|')
			str_puts(&r->s, "\\|");
		else
			str_put(&r->s, *s == '`' ? "'" : s, 1);
	}
	str_puts(&r->s, "`");
}

/* Words of ours, in a table or outside. */
static void words(struct rep *r, const char *text)
{
	for (; *text; text++) {
		if (strchr("\\`*_[]<>|#", *text))
			str_puts(&r->s, "\\");
		str_put(&r->s, text, 1);
	}
}

static void sums(struct rep *r)
{
	size_t above = 0;

	for (int s = SEV_CRITICAL; r->o->fail_on && s >= (int)r->o->fail_on; s--)
		above += r->by_severity[s];
	str_printf(&r->s, "### atoll audit: %s\n\n",
		   r->status == AUDIT_FINDINGS && above
			   ? arena_printf(r->arena, "%s at or above %s",
					  rep_count(r->arena, above, "finding", "findings"),
					  severity_name(r->o->fail_on))
		   : r->status == AUDIT_FINDINGS
			   ? arena_printf(r->arena, "Pod Security Standards %s not met",
					  rep_pss_wanted(r))
		   : r->status == AUDIT_INCOMPLETE ? "not everything could be checked"
		   : r->open || r->suppressed || r->a->untold_count || r->a->diag_count ? "passed"
											: "clean");
	str_puts(&r->s, "| critical | high | medium | low | info | suppressed | cannot tell | "
			"problems with the input |\n|--:|--:|--:|--:|--:|--:|--:|--:|\n|");
	for (int s = SEV_CRITICAL; s > SEV_NONE; s--)
		str_printf(&r->s, " %zu |", r->by_severity[s]);
	str_printf(&r->s, " %zu | %zu | %zu |\n\n%s.\n", r->suppressed, r->a->untold_count,
		   r->a->diag_count, rep_scope(r));
}

static void diags(struct rep *r)
{
	if (!r->a->diags)
		return;
	str_puts(&r->s, "\n#### Input\n\n| | | where | what |\n|---|---|---|---|\n");
	for (const struct diag *d = r->a->diags; d && r->s.len < SIZE_MAX_BYTES; d = d->next) {
		str_printf(&r->s, "| %s | %s | ", d->blocks ? "error" : "warning",
			   diag_rows[d->id].id);
		code(r, place_text(r->arena, &d->at));
		str_puts(&r->s, " | ");
		code(r, d->message);
		str_puts(&r->s, " |\n");
	}
}

static void finding(struct rep *r, const struct finding *f)
{
	str_printf(&r->s, "| %s | ",
		   f->severity >= SEV_HIGH
			   ? arena_printf(r->arena, "**%s**", severity_name(f->severity))
			   : severity_name(f->severity));
	words(r, f->rule->id);
	str_puts(&r->s, " | ");
	code(r, f->message);
	if (f->suppressed) {
		str_printf(&r->s, " suppressed by %s: ", rep_suppressor(f->suppressed));
		code(r, f->reason ? f->reason : "no reason given");
	}
	str_puts(&r->s, " | ");
	code(r, place_text(r->arena, &f->at));
	str_puts(&r->s, " |\n");
}

static void object(struct rep *r, const struct rep_object *o)
{
	if (!o->count)
		return;
	str_puts(&r->s, "\n#### ");
	code(r, rep_title(r->arena, o->f));
	str_puts(&r->s, "\n\n| severity | rule | what | where |\n|---|---|---|---|\n");
	for (size_t i = 0; i < o->count && r->s.len < SIZE_MAX_BYTES; i++)
		if (o->findings[i]->suppressed != SUPP_BASELINE)
			finding(r, o->findings[i]);
}

static void pods(struct rep *r)
{
	const char *wanted = rep_pss_wanted(r);

	if (!r->a->pods || r->s.len >= SIZE_MAX_BYTES)
		return;
	str_puts(&r->s, "\n#### Pod Security Standards\n\n");
	if (wanted)
		str_printf(&r->s, "Wanted: %s\n\n", wanted);
	str_puts(&r->s, "| pod | level |\n|---|---|\n");
	for (const struct pss_pod *p = r->a->pods; p && r->s.len < SIZE_MAX_BYTES; p = p->next) {
		bool bad = r->a->pss && !p->meets[r->a->pss_want];

		str_puts(&r->s, "| ");
		code(r, p->object);
		str_printf(&r->s, " | %s%s%s |\n", bad ? "**" : "", rep_pss_level(p->level),
			   bad ? "**" : "");
	}
}

/* What to do about each rule that has an open finding, once. */
static void fixes(struct rep *r)
{
	bool *used = arena_alloc(r->arena, r->rule_count + 1);

	if (!r->open || r->s.len >= SIZE_MAX_BYTES)
		return;
	for (size_t i = 0; i < r->count; i++)
		for (size_t k = 0; k < r->objects[i].open; k++)
			for (size_t n = 0; n < r->rule_count; n++)
				used[n] |= r->rules[n] == r->objects[i].findings[k]->rule;
	str_puts(&r->s, "\n<details><summary>What to do</summary>\n\n");
	for (size_t n = 0; n < r->rule_count && r->s.len < SIZE_MAX_BYTES; n++) {
		if (!used[n] || !r->rules[n]->fix)
			continue;
		str_puts(&r->s, "- **");
		words(r, r->rules[n]->id);
		str_puts(&r->s, "**: ");
		words(r, r->rules[n]->fix);
		str_puts(&r->s, "\n");
	}
	str_puts(&r->s, "\n</details>\n");
}

void rep_markdown(struct rep *r)
{
	size_t i = 0;

	sums(r);
	diags(r);
	for (; i < r->count && r->s.len < SIZE_MAX_BYTES; i++)
		object(r, &r->objects[i]);
	pods(r);
	fixes(r);
	if (i < r->count || r->s.len >= SIZE_MAX_BYTES)
		str_puts(&r->s, "\nThe rest is left out: a comment has no room for more.\n");
}
