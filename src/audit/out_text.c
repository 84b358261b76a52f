/* SPDX-License-Identifier: Apache-2.0 */
/* The report for people: by object; every place with its line; what to do once for a rule. */
#include <stdio.h>
#include <string.h>

#include "audit/report_impl.h"

enum { QUOTE_WIDTH = 100, WRAP_WIDTH = 100, WRAP_MIN = 40, PLACES_SHOWN = 8 };

enum tint { PLAIN, BOLD, DIM, RED, RED_BOLD, YELLOW, CYAN, GREEN };

static const char *const sgr[] = { "",           "\033[1m",  "\033[2m",  "\033[31m",
				   "\033[1;31m", "\033[33m", "\033[36m", "\033[32m" };

static void on(struct rep *r, enum tint t)
{
	if (r->o->color)
		str_puts(&r->s, sgr[t]);
}

static void off(struct rep *r, enum tint t)
{
	if (r->o->color && t != PLAIN)
		str_puts(&r->s, "\033[0m");
}

static void tinted(struct rep *r, enum tint t, const char *words)
{
	on(r, t);
	rep_escape(&r->s, words);
	off(r, t);
}

static enum tint severity_tint(enum severity s)
{
	return s >= SEV_CRITICAL ? RED_BOLD
	       : s == SEV_HIGH   ? RED
	       : s == SEV_MEDIUM ? YELLOW
	       : s == SEV_LOW    ? CYAN
				 : DIM;
}

/* Words of ours, broken at blanks; the first line goes on where the text is. */
static void wrap(struct rep *r, const char *words, size_t indent, size_t used)
{
	size_t width = r->o->width ? r->o->width : WRAP_WIDTH, at = used;

	if (width < indent + WRAP_MIN)
		width = indent + WRAP_MIN;
	if (width > WRAP_WIDTH)
		width = WRAP_WIDTH;
	while (*words) {
		size_t n = strcspn(words, " ");

		if (at > indent && at + n + 1 > width) {
			str_puts(&r->s, "\n");
			str_repeat(&r->s, ' ', indent);
			at = indent;
		} else if (at > used || at > indent) {
			str_puts(&r->s, " ");
			at++;
		}
		rep_escape(&r->s, arena_strndup(r->arena, words, n));
		at += n;
		words += n;
		words += strspn(words, " ");
	}
}

static void labelled(struct rep *r, const char *label, const char *words, size_t indent)
{
	str_repeat(&r->s, ' ', indent);
	str_printf(&r->s, "%s ", label);
	wrap(r, words, indent + strlen(label) + 1, indent + strlen(label) + 1);
	str_puts(&r->s, "\n");
}

/* "deploy/web.yaml:12:9", and the line below it. */
static void place(struct rep *r, const struct place *p, size_t indent, bool quoted)
{
	const char *text = place_text(r->arena, p);
	struct rep_quote q;
	struct spot spot;
	char number[24];
	int n;

	if (!*text)
		return;
	str_repeat(&r->s, ' ', indent);
	tinted(r, DIM, text);
	str_puts(&r->s, "\n");
	if (!quoted || p->path || !p->node || !place_spot(r->arena, p, &spot))
		return;
	q = rep_quote(r->arena, &spot, r->o->width > 40 ? r->o->width - 20 : QUOTE_WIDTH);
	n = snprintf(number, sizeof(number), "%6zu", spot.line);
	str_repeat(&r->s, ' ', indent);
	tinted(r, DIM, number);
	str_printf(&r->s, " | %s\n", q.line);
	str_repeat(&r->s, ' ', indent + (size_t)(n > 0 ? n : 0));
	str_puts(&r->s, " | ");
	tinted(r, YELLOW, q.mark);
	str_puts(&r->s, "\n");
}

static void diag(struct rep *r, const struct diag *d, size_t indent)
{
	str_repeat(&r->s, ' ', indent);
	tinted(r, d->blocks ? RED : YELLOW, d->blocks ? "error" : "warning");
	str_printf(&r->s, "  %s  ", diag_rows[d->id].id);
	rep_escape(&r->s, d->message);
	str_puts(&r->s, "\n");
	place(r, &d->at, indent + 4, true);
}

static void suppression(struct rep *r, const struct finding *f, size_t indent)
{
	str_repeat(&r->s, ' ', indent);
	on(r, DIM);
	str_printf(&r->s, "suppressed by %s: ",
		   f->suppressed == SUPP_ANNOTATION ? "an annotation"
		   : f->suppressed == SUPP_BASELINE || f->suppressed == SUPP_POLICY
			   ? arena_printf(r->arena, "the %s", rep_suppressor(f->suppressed))
			   : arena_printf(r->arena, "a %s", rep_suppressor(f->suppressed)));
	rep_escape(&r->s, f->reason && *f->reason ? f->reason : "no reason given");
	off(r, DIM);
	str_puts(&r->s, "\n");
}

static void heading(struct rep *r, const struct finding *f)
{
	enum tint t = f->suppressed ? DIM : severity_tint(f->severity);
	const char *name = severity_name(f->severity);

	str_puts(&r->s, "  ");
	tinted(r, t, name);
	str_repeat(&r->s, ' ', strlen(name) < 8 ? 10 - strlen(name) : 2);
	tinted(r, f->suppressed ? DIM : BOLD, f->rule->id);
	str_puts(&r->s, "  ");
	tinted(r, f->suppressed ? DIM : PLAIN, f->rule->title);
	str_puts(&r->s, "\n");
}

/* All findings of one rule that are alike in severity and suppression; returns how many. */
static size_t rule_block(struct rep *r, const struct rep_object *o, size_t i)
{
	const struct finding *f = o->findings[i];
	size_t n = 1;

	while (i + n < o->count && o->findings[i + n]->rule == f->rule &&
	       o->findings[i + n]->severity == f->severity &&
	       o->findings[i + n]->suppressed == f->suppressed)
		n++;
	heading(r, f);
	for (size_t k = 0; k < n; k++) {
		const struct finding *g = o->findings[i + k];

		if (k == PLACES_SHOWN && n > k + 1 && !r->o->verbose) {
			str_printf(&r->s, "    and %zu more (-v shows them)\n", n - k);
			break;
		}
		str_puts(&r->s, "    ");
		rep_escape(&r->s, g->message);
		str_puts(&r->s, "\n");
		place(r, &g->at, 6, !f->suppressed || r->o->verbose);
		if (f->suppressed)
			suppression(r, g, 6);
	}
	if (!f->suppressed && r->o->verbose && f->rule->why)
		labelled(r, "why:", f->rule->why, 4);
	if (!f->suppressed && f->rule->fix)
		labelled(r, "fix:", f->rule->fix, 4);
	return n;
}

static void untold(struct rep *r, const struct rep_object *o)
{
	struct str names = { .arena = r->arena };

	if (!o->untold_count)
		return;
	if (r->o->verbose) {
		for (size_t i = 0; i < o->untold_count; i++) {
			str_puts(&r->s, "  ");
			tinted(r, DIM, "unknown   ");
			rep_escape(&r->s, o->untold[i]->rule->id);
			str_puts(&r->s, "  ");
			rep_escape(&r->s, o->untold[i]->why ? o->untold[i]->why : "");
			str_puts(&r->s, "\n");
			place(r, &o->untold[i]->at, 6, false);
		}
		return;
	}
	for (size_t i = 0; i < o->untold_count; i++) {
		if (i && o->untold[i]->rule == o->untold[i - 1]->rule)
			continue;
		str_puts(&names, i ? ", " : "");
		str_puts(&names, o->untold[i]->rule->id);
	}
	on(r, DIM);
	labelled(r, "cannot tell:", names.s, 2);
	off(r, DIM);
}

static bool shown(const struct rep *r, const struct rep_object *o)
{
	size_t seen = o->open + o->diag_count + o->untold_count;

	for (size_t i = o->open; i < o->count; i++)
		seen += o->findings[i]->suppressed != SUPP_BASELINE;
	return seen || r->o->verbose;
}

static void object(struct rep *r, const struct rep_object *o)
{
	const struct facts *f = o->f;

	if (!shown(r, o))
		return;
	str_puts(&r->s, "\n");
	tinted(r, BOLD, rep_title(r->arena, f));
	if (f->image) {
		str_puts(&r->s, "  ");
		tinted(r, DIM, f->image);
	}
	if (f->pid > 0)
		str_printf(&r->s, "  PID %lld", (long long)f->pid);
	str_puts(&r->s, "\n");
	for (size_t i = 0; i < o->diag_count; i++)
		diag(r, o->diags[i], 2);
	for (size_t i = 0; i < o->count;) {
		/* What a baseline knows is counted, not shown again and again. */
		if (o->findings[i]->suppressed == SUPP_BASELINE && !r->o->verbose) {
			i++;
			continue;
		}
		i += rule_block(r, o, i);
	}
	untold(r, o);
	if (!o->count && !o->untold_count && !o->diag_count)
		str_puts(&r->s, "  nothing found\n");
}

static void pods(struct rep *r)
{
	const char *wanted = rep_pss_wanted(r);

	if (!r->a->pods)
		return;
	str_puts(&r->s, "\n");
	tinted(r, BOLD, "Pod Security Standards");
	if (wanted)
		str_printf(&r->s, ", wanted: %s", wanted);
	str_puts(&r->s, "\n");
	for (const struct pss_pod *p = r->a->pods; p; p = p->next) {
		bool bad = r->a->pss && !p->meets[r->a->pss_want];

		str_puts(&r->s, "  ");
		tinted(r, bad ? RED : PLAIN, rep_pss_level(p->level));
		str_repeat(&r->s, ' ', 12 - strlen(rep_pss_level(p->level)));
		if (p->at.src) {
			rep_escape(&r->s, p->at.src->name);
			str_puts(&r->s, ": ");
		}
		rep_escape(&r->s, p->object);
		str_puts(&r->s, "\n");
		for (const struct pss_violation *v = p->violations; v; v = v->next) {
			if (!rep_pss_counts(r, v) || !(bad || r->o->verbose))
				continue;
			str_printf(&r->s, "    not %s: %s: ", rep_pss_level(v->level), v->check);
			rep_escape(&r->s, v->message);
			str_puts(&r->s, "\n");
			place(r, &v->at, 6, r->o->verbose);
		}
	}
}

static void sums(struct rep *r)
{
	const char *sep = " (";

	str_printf(&r->s, "\n%s: %s", rep_scope(r),
		   rep_count(r->arena, r->open, "finding", "findings"));
	for (int s = SEV_CRITICAL; s > SEV_NONE; s--) {
		if (!r->by_severity[s])
			continue;
		str_printf(&r->s, "%s%zu ", sep, r->by_severity[s]);
		tinted(r, severity_tint((enum severity)s), severity_name((enum severity)s));
		sep = ", ";
	}
	str_puts(&r->s, r->open ? ")" : "");
	if (r->suppressed)
		str_printf(&r->s, ", %zu suppressed", r->suppressed);
	if (r->by_baseline)
		str_printf(&r->s, " (%zu by the baseline)", r->by_baseline);
	if (r->a->untold_count)
		str_printf(&r->s, ", %s cannot be told",
			   rep_count(r->arena, r->a->untold_count, "answer", "answers"));
	if (r->a->diag_count)
		str_printf(&r->s, ", %s with the input",
			   rep_count(r->arena, r->a->diag_count, "problem", "problems"));
	str_puts(&r->s, "\n");
}

static void verdict(struct rep *r)
{
	size_t above = 0;

	for (int s = SEV_CRITICAL; r->o->fail_on && s >= (int)r->o->fail_on; s--)
		above += r->by_severity[s];
	if (r->status == AUDIT_FINDINGS) {
		tinted(r, RED, "Not passed");
		if (above)
			str_printf(&r->s, ": %zu at or above %s", above,
				   severity_name(r->o->fail_on));
		else
			str_printf(&r->s, ": %s is not met", rep_pss_wanted(r));
		str_puts(&r->s, r->blocking ? ", and not everything could be checked\n" : "\n");
	} else if (r->status == AUDIT_INCOMPLETE) {
		tinted(r, YELLOW, "Incomplete");
		str_puts(&r->s, r->blocking ? ": not everything could be checked\n"
					    : ": some rules cannot tell, and --strict was given\n");
	} else if (!r->open && !r->suppressed && !r->a->untold_count && !r->a->diag_count) {
		tinted(r, GREEN, "Clean");
		str_puts(&r->s, ": everything was read, and nothing was found\n");
	} else {
		tinted(r, GREEN, "Passed");
		if (r->o->fail_on)
			str_printf(&r->s, ": nothing at or above %s", severity_name(r->o->fail_on));
		str_puts(&r->s, "\n");
	}
}

void rep_text(struct rep *r)
{
	bool headed = false;

	for (const struct diag *d = r->a->diags; d; d = d->next) {
		if (d->of)
			continue;
		if (!headed)
			tinted(r, BOLD, "Input");
		str_puts(&r->s, headed ? "" : "\n");
		headed = true;
		diag(r, d, 2);
	}
	for (size_t i = 0; i < r->count; i++)
		object(r, &r->objects[i]);
	pods(r);
	sums(r);
	verdict(r);
	/* No empty line before the first one. */
	if (r->s.s[0] == '\n') {
		r->s.s++;
		r->s.len--;
	}
}
