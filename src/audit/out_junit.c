/* SPDX-License-Identifier: Apache-2.0 */
/* JUnit's XML: a suite for each object, a case for each rule that had something to say, one for
 * all others, so that no suite is empty. Failures are what makes the exit status 1. */
#include <string.h>

#include "audit/report_impl.h"

struct sums {
	size_t tests, failures, errors, skipped;
};

struct junit {
	struct rep *r;
	struct str cases; /* of the suite at hand */
	struct sums suite, all;
};

static void attribute(struct str *s, const char *name, const char *value)
{
	str_printf(s, " %s=\"", name);
	rep_xml(s, value);
	str_puts(s, "\"");
}

static void open_case(struct junit *j, const char *class, const char *name, const struct place *at)
{
	struct spot spot;

	j->suite.tests++;
	str_puts(&j->cases, "\t\t<testcase");
	attribute(&j->cases, "classname", class);
	attribute(&j->cases, "name", name);
	if (at && at->src) {
		attribute(&j->cases, "file", at->src->name);
		if (place_spot(j->r->arena, at, &spot))
			str_printf(&j->cases, " line=\"%zu\"", spot.line);
	}
	str_puts(&j->cases, " time=\"0\">");
}

static void close_case(struct junit *j)
{
	str_puts(&j->cases, "</testcase>\n");
}

static void skipped(struct junit *j, const char *message)
{
	j->suite.skipped++;
	str_puts(&j->cases, "<skipped");
	attribute(&j->cases, "message", message);
	str_puts(&j->cases, "/>");
}

static void bad(struct junit *j, const char *element, const char *type, const char *message,
		const char *text)
{
	if (strcmp(element, "error") == 0)
		j->suite.errors++;
	else
		j->suite.failures++;
	str_printf(&j->cases, "<%s", element);
	attribute(&j->cases, "type", type);
	attribute(&j->cases, "message", message);
	str_puts(&j->cases, ">");
	str_puts(&j->cases, text);
	str_printf(&j->cases, "</%s>", element);
}

static void close_suite(struct junit *j, const char *name)
{
	struct str *s = &j->r->s;

	str_puts(s, "\t<testsuite");
	attribute(s, "name", name);
	str_printf(s, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" time=\"0\"",
		   j->suite.tests, j->suite.failures, j->suite.errors, j->suite.skipped);
	if (j->r->o->taken)
		attribute(s, "timestamp", arena_strndup(j->r->arena, j->r->o->taken, 19));
	str_puts(s, ">\n");
	str_put(s, j->cases.s ? j->cases.s : "", j->cases.len);
	str_puts(s, "\t</testsuite>\n");
	j->all.tests += j->suite.tests;
	j->all.failures += j->suite.failures;
	j->all.errors += j->suite.errors;
	j->all.skipped += j->suite.skipped;
	j->suite = (struct sums){ 0 };
	j->cases.len = 0;
}

/* All findings of a rule with the same fate; returns how many. */
static size_t rule_case(struct junit *j, const struct rep_object *o, size_t i)
{
	const struct finding *f = o->findings[i];
	const char *class = rep_title(j->r->arena, o->f);
	struct str text = { .arena = j->r->arena };
	size_t n = 0;

	for (; i + n < o->count && o->findings[i + n]->rule == f->rule &&
	       o->findings[i + n]->severity == f->severity &&
	       o->findings[i + n]->suppressed == f->suppressed;
	     n++) {
		rep_xml(&text, place_text(j->r->arena, &o->findings[i + n]->at));
		str_puts(&text, ": ");
		rep_xml(&text, o->findings[i + n]->message);
		str_puts(&text, "\n");
	}
	if (f->rule->fix) {
		str_puts(&text, "Fix: ");
		rep_xml(&text, f->rule->fix);
		str_puts(&text, "\n");
	}
	open_case(j, class, f->rule->id, &f->at);
	if (f->suppressed)
		skipped(j, arena_printf(j->r->arena, "%s, suppressed by %s: %s",
					severity_name(f->severity), rep_suppressor(f->suppressed),
					f->reason ? f->reason : "no reason given"));
	else if (j->r->o->fail_on == SEV_NONE || f->severity < j->r->o->fail_on)
		skipped(j, arena_printf(j->r->arena, "%s, which is below the limit: %s",
					severity_name(f->severity), f->message));
	else
		bad(j, "failure", severity_name(f->severity),
		    arena_printf(j->r->arena, "%s: %s", f->rule->title, f->message), text.s);
	close_case(j);
	return n;
}

static void diag_case(struct junit *j, const char *class, const struct diag *d)
{
	struct str text = { .arena = j->r->arena };

	rep_xml(&text, place_text(j->r->arena, &d->at));
	open_case(j, class, diag_rows[d->id].id, &d->at);
	if (d->blocks)
		bad(j, "error", diag_rows[d->id].id, d->message, text.s);
	else
		skipped(j, d->message);
	close_case(j);
}

static void object(struct junit *j, const struct rep_object *o)
{
	const char *class = rep_title(j->r->arena, o->f);

	for (size_t i = 0; i < o->diag_count; i++)
		diag_case(j, class, o->diags[i]);
	for (size_t i = 0; i < o->count;)
		i += rule_case(j, o, i);
	for (size_t i = 0; i < o->untold_count; i++) {
		if (i && o->untold[i]->rule == o->untold[i - 1]->rule)
			continue;
		open_case(j, class, o->untold[i]->rule->id, &o->untold[i]->at);
		skipped(j, arena_printf(j->r->arena, "cannot tell: %s",
					o->untold[i]->why ? o->untold[i]->why : ""));
		close_case(j);
	}
	open_case(j, class, "every other rule", &o->f->at);
	close_case(j);
	close_suite(j, class);
}

static void pods(struct junit *j)
{
	const char *wanted = rep_pss_wanted(j->r);

	for (const struct pss_pod *p = j->r->a->pods; p; p = p->next) {
		struct str text = { .arena = j->r->arena };

		for (const struct pss_violation *v = p->violations; v; v = v->next) {
			if (!rep_pss_counts(j->r, v))
				continue;
			str_printf(&text, "%s: ", v->check);
			rep_xml(&text, v->message);
			str_puts(&text, "\n");
		}
		open_case(j, p->object, "pss-level", &p->at);
		if (wanted && !p->meets[j->r->a->pss_want] && j->r->o->fail_on != SEV_NONE)
			bad(j, "failure", "pss",
			    arena_printf(j->r->arena, "%s, wanted: %s", rep_pss_level(p->level),
					 wanted),
			    text.s ? text.s : "");
		else
			str_printf(&j->cases, "<system-out>%s</system-out>",
				   rep_pss_level(p->level));
		close_case(j);
	}
	if (j->r->a->pods)
		close_suite(j, "Pod Security Standards");
}

void rep_junit(struct rep *r)
{
	struct junit j = { .r = r, .cases = { .arena = r->arena } };
	struct str body;

	for (const struct diag *d = r->a->diags; d; d = d->next)
		if (!d->of)
			diag_case(&j, d->at.src ? d->at.src->name : "input", d);
	if (j.suite.tests)
		close_suite(&j, "input");
	for (size_t i = 0; i < r->count; i++)
		object(&j, &r->objects[i]);
	pods(&j);
	body = r->s;
	r->s = (struct str){ .arena = r->arena };
	str_printf(&r->s,
		   "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"atoll audit\" "
		   "tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" time=\"0\">\n",
		   j.all.tests, j.all.failures, j.all.errors, j.all.skipped);
	str_put(&r->s, body.s ? body.s : "", body.len);
	str_puts(&r->s, "</testsuites>\n");
}
