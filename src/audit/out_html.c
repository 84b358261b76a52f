/* SPDX-License-Identifier: Apache-2.0 */
/* One page that needs nothing else and runs no script but its own (by hash): everything is there
 * without it, it adds the filter. */
#include <string.h>

#include "audit/out_page.h"
#include "audit/report_impl.h"

enum { QUOTE_WIDTH = 120, FINDINGS_SHOWN = 20000 };

static void element(struct rep *r, const char *tag, const char *class, const char *text)
{
	str_printf(&r->s, "<%s", tag);
	if (class)
		str_printf(&r->s, " class=\"%s\"", class);
	str_puts(&r->s, ">");
	rep_xml(&r->s, text);
	str_printf(&r->s, "</%s>", tag);
}

static void head(struct rep *r)
{
	str_printf(
		&r->s,
		"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		"style-src 'unsafe-inline'; script-src '%s'; base-uri 'none'; "
		"form-action 'none'\">\n"
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		"<meta name=\"referrer\" content=\"no-referrer\">\n<title>atoll audit: %s</title>\n"
		"<style>\n%s</style>\n</head>\n<body>\n<header>\n<h1>atoll audit</h1>\n",
		page_script_hash, rep_status(r->status), page_style);
	str_puts(&r->s, "<div id=\"tools\" hidden>\n"
			"<fieldset id=\"severity\"><legend>Severities shown</legend>\n");
	for (int s = SEV_CRITICAL; s > SEV_NONE; s--)
		str_printf(
			&r->s,
			"<label><input type=\"checkbox\" value=\"%s\" checked> %s (%zu)</label>\n",
			severity_name((enum severity)s), severity_name((enum severity)s),
			r->by_severity[s]);
	str_printf(&r->s,
		   "<label><input type=\"checkbox\" value=\"suppressed\" checked> suppressed (%zu)"
		   "</label>\n</fieldset>\n",
		   r->suppressed);
	str_puts(&r->s, "<input id=\"q\" type=\"search\" placeholder=\"Search  (/)\" "
			"aria-label=\"Search\" autocomplete=\"off\" spellcheck=\"false\">\n"
			"<span id=\"hits\" role=\"status\"></span>\n"
			"<button id=\"open\" type=\"button\">Expand all</button>\n"
			"<button id=\"shut\" type=\"button\">Collapse all</button>\n"
			"<button id=\"theme\" type=\"button\">Light / dark</button>\n"
			"</div>\n</header>\n<main>\n");
}

static void verdict(struct rep *r)
{
	bool clean = !r->open && !r->suppressed && !r->a->untold_count && !r->a->diag_count;

	str_printf(&r->s, "<p class=\"verdict %s\">%s</p>\n",
		   r->status == AUDIT_FINDINGS     ? "bad"
		   : r->status == AUDIT_INCOMPLETE ? "so"
						   : "good",
		   r->status == AUDIT_FINDINGS     ? "Not passed"
		   : r->status == AUDIT_INCOMPLETE ? "Incomplete: not everything could be checked"
		   : clean ? "Clean: everything was read, and nothing was found"
			   : "Passed");
	str_printf(&r->s, "<p>%s: %s, %zu suppressed, %s cannot be told, %s with the input.",
		   rep_scope(r), rep_count(r->arena, r->open, "finding", "findings"), r->suppressed,
		   rep_count(r->arena, r->a->untold_count, "answer", "answers"),
		   rep_count(r->arena, r->a->diag_count, "problem", "problems"));
	if (r->o->fail_on)
		str_printf(&r->s, " The limit is %s.", severity_name(r->o->fail_on));
	if (r->o->taken)
		str_printf(&r->s, " <time datetime=\"%s\">%s</time>", r->o->taken, r->o->taken);
	str_puts(&r->s, "</p>\n");
}

static void place(struct rep *r, const struct place *p)
{
	const char *text = place_text(r->arena, p);
	struct rep_quote q;
	struct spot spot;

	if (!*text)
		return;
	element(r, "p", "dim", text);
	if (p->path || !p->node || !place_spot(r->arena, p, &spot))
		return;
	q = rep_quote(r->arena, &spot, QUOTE_WIDTH);
	/* Escaped by rep_quote() for a terminal, so that only the markup is left to do. */
	str_puts(&r->s, "<pre>");
	for (const char *s = q.line; *s; s++) {
		if (*s == '<')
			str_puts(&r->s, "&lt;");
		else if (*s == '&')
			str_puts(&r->s, "&amp;");
		else
			str_put(&r->s, s, 1);
	}
	str_printf(&r->s, "\n%s</pre>\n", q.mark);
}

static void diag(struct rep *r, const struct diag *d)
{
	str_puts(&r->s, "<li>");
	element(r, "span", d->blocks ? "s error" : "s warning", d->blocks ? "error" : "warning");
	str_printf(&r->s, " <code>%s</code> ", diag_rows[d->id].id);
	rep_xml(&r->s, d->message);
	place(r, &d->at);
	str_puts(&r->s, "</li>\n");
}

static void input(struct rep *r)
{
	bool any = false;

	for (const struct diag *d = r->a->diags; d; d = d->next) {
		if (d->of)
			continue;
		if (!any)
			str_puts(&r->s, "<section id=\"input\"><h2>Input</h2>\n<ul>\n");
		any = true;
		diag(r, d);
	}
	if (any)
		str_puts(&r->s, "</ul></section>\n");
}

static void finding(struct rep *r, const struct finding *f)
{
	const char *name = severity_name(f->severity);

	str_printf(&r->s, "<article data-s=\"%s\"%s>\n<h3><span class=\"s %s\">%s</span> ",
		   f->suppressed ? "suppressed" : name, f->suppressed ? " class=\"off\"" : "", name,
		   name);
	str_printf(&r->s, "<a href=\"#rule-%s\"><code>%s</code></a> ", f->rule->id, f->rule->id);
	rep_xml(&r->s, f->rule->title);
	str_puts(&r->s, "</h3>\n");
	element(r, "p", NULL, f->message);
	str_puts(&r->s, "\n");
	place(r, &f->at);
	if (f->suppressed) {
		str_printf(&r->s, "<p>Suppressed by %s: ", rep_suppressor(f->suppressed));
		rep_xml(&r->s, f->reason ? f->reason : "no reason given");
		str_puts(&r->s, "</p>\n");
	} else if (f->rule->fix) {
		str_puts(&r->s, "<p><b>Fix:</b> ");
		rep_xml(&r->s, f->rule->fix);
		str_puts(&r->s, "</p>\n");
	}
	str_puts(&r->s, "</article>\n");
}

static void untold(struct rep *r, const struct rep_object *o)
{
	if (!o->untold_count)
		return;
	str_printf(&r->s, "<details><summary class=\"dim\">%s cannot be told</summary><ul>\n",
		   rep_count(r->arena, o->untold_count, "answer", "answers"));
	for (size_t i = 0; i < o->untold_count; i++) {
		str_printf(&r->s, "<li><code>%s</code> ", o->untold[i]->rule->id);
		rep_xml(&r->s, o->untold[i]->why ? o->untold[i]->why : "");
		str_puts(&r->s, "</li>\n");
	}
	str_puts(&r->s, "</ul></details>\n");
}

static void object(struct rep *r, const struct rep_object *o)
{
	str_printf(&r->s, "<details class=\"obj\"%s><summary>",
		   o->open || o->diag_count ? " open" : "");
	element(r, "b", NULL, *o->f->object ? o->f->object : "?");
	if (o->f->src) {
		str_puts(&r->s, " ");
		element(r, "span", "dim", o->f->src->name);
	}
	if (o->f->image) {
		str_puts(&r->s, " ");
		element(r, "span", "dim", o->f->image);
	}
	str_printf(&r->s, " <span class=\"dim\">%s%s</span></summary>\n",
		   rep_count(r->arena, o->open, "finding", "findings"),
		   o->count > o->open
			   ? arena_printf(r->arena, ", %zu suppressed", o->count - o->open)
			   : "");
	if (o->diag_count)
		str_puts(&r->s, "<ul>\n");
	for (size_t i = 0; i < o->diag_count; i++)
		diag(r, o->diags[i]);
	if (o->diag_count)
		str_puts(&r->s, "</ul>\n");
	for (size_t i = 0; i < o->count; i++)
		finding(r, o->findings[i]);
	untold(r, o);
	str_puts(&r->s, "</details>\n");
}

static void pods(struct rep *r)
{
	const char *wanted = rep_pss_wanted(r);

	if (!r->a->pods)
		return;
	str_puts(&r->s, "<section id=\"pss\"><h2>Pod Security Standards</h2>\n");
	if (wanted)
		str_printf(&r->s, "<p>Wanted: %s</p>\n", wanted);
	str_puts(&r->s, "<table><thead><tr><th>Pod</th><th>Level</th><th>What keeps it there</th>"
			"</tr></thead><tbody>\n");
	for (const struct pss_pod *p = r->a->pods; p; p = p->next) {
		bool bad = r->a->pss && !p->meets[r->a->pss_want];

		str_puts(&r->s, "<tr>");
		element(r, "td", NULL, p->object);
		str_puts(&r->s, "<td>");
		element(r, "span", bad ? "s error" : NULL, rep_pss_level(p->level));
		str_puts(&r->s, "</td><td>");
		for (const struct pss_violation *v = p->violations; v; v = v->next) {
			if (!rep_pss_counts(r, v))
				continue;
			str_printf(&r->s, "<div>not %s: <code>%s</code> ", rep_pss_level(v->level),
				   v->check);
			rep_xml(&r->s, v->message);
			str_puts(&r->s, "</div>");
		}
		str_puts(&r->s, "</td></tr>\n");
	}
	str_puts(&r->s, "</tbody></table></section>\n");
}

/* References, those with an address as links. */
static void refs(struct rep *r, const char *text)
{
	str_puts(&r->s, "<p class=\"dim\">");
	while (*text) {
		size_t n = strcspn(text, " ;,");
		const char *word = arena_strndup(r->arena, text, n);

		if (strncmp(word, "https://", 8) == 0) {
			str_puts(&r->s, "<a rel=\"noreferrer\" href=\"");
			rep_xml(&r->s, word);
			str_puts(&r->s, "\">");
			rep_xml(&r->s, word);
			str_puts(&r->s, "</a>");
		} else {
			rep_xml(&r->s, word);
		}
		text += n;
		n = strspn(text, " ;,");
		str_put(&r->s, text, n);
		text += n;
	}
	str_puts(&r->s, "</p>\n");
}

static bool is_used(const struct rep *r, const struct rule *rule)
{
	for (size_t i = 0; i < r->a->finding_count; i++)
		if (r->a->findings[i].rule == rule)
			return true;
	return false;
}

static void rules(struct rep *r)
{
	if (!r->a->finding_count)
		return;
	str_puts(&r->s, "<section id=\"rules\"><h2>Rules</h2>\n");
	for (size_t i = 0; i < r->rule_count; i++) {
		const struct rule *x = r->rules[i];

		if (!is_used(r, x))
			continue;
		str_printf(&r->s, "<article id=\"rule-%s\">\n<h3><code>%s</code> ", x->id, x->id);
		rep_xml(&r->s, x->title);
		str_puts(&r->s, "</h3>\n");
		element(r, "p", NULL, x->why ? x->why : "");
		if (x->fix) {
			str_puts(&r->s, "<p><b>Fix:</b> ");
			rep_xml(&r->s, x->fix);
			str_puts(&r->s, "</p>\n");
		}
		if (x->refs && *x->refs)
			refs(r, x->refs);
		str_puts(&r->s, "</article>\n");
	}
	str_puts(&r->s, "</section>\n");
}

void rep_html(struct rep *r)
{
	size_t shown = 0, i = 0;

	head(r);
	verdict(r);
	input(r);
	str_puts(&r->s, "<section id=\"objects\" aria-label=\"Objects\">\n");
	for (; i < r->count && shown < FINDINGS_SHOWN; i++) {
		shown += r->objects[i].count;
		object(r, &r->objects[i]);
	}
	if (i < r->count)
		str_printf(&r->s,
			   "<p>%zu more objects are left out: no browser would bear them.</p>\n",
			   r->count - i);
	str_puts(&r->s, "</section>\n");
	pods(r);
	rules(r);
	str_printf(&r->s, "</main>\n<script>%s</script>\n</body>\n</html>\n", page_script);
}
