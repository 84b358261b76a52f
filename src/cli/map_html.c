/* SPDX-License-Identifier: Apache-2.0 */
/* The map as one page that needs nothing else: the tree is in the HTML itself, so that it
 * is there without the script too; the script adds search and keys. The page's own policy
 * forbids every request, and every script but this one (by its hash). */
#include "cli/map.h"

static void attr(FILE *out, const char *name, const char *s)
{
	(void)fprintf(out, " %s=\"", name);
	map_xml_text(out, s);
	(void)fputc('"', out);
}

static void element(FILE *out, const char *tag, const char *class, const char *s)
{
	(void)fprintf(out, "<%s", tag);
	if (class)
		attr(out, "class", class);
	(void)fputc('>', out);
	map_xml_text(out, s);
	(void)fprintf(out, "</%s>", tag);
}

static void row(FILE *out, const struct map_proc *p)
{
	const char *class = p->bad                        ? "bad"
			    : p->p->flags & PN_P_INJECTED ? "in"
			    : p->p->flags & PN_P_INIT     ? "init"
							  : "p";

	(void)fprintf(out, "<tr id=\"p%d\" class=\"%s\" tabindex=\"-1\">", p->p->pid, class);
	element(out, "td", "n", p->outer);
	element(out, "td", "n", p->inner);
	element(out, "td", NULL, p->state);
	element(out, "td", NULL, p->user);
	element(out, "td", NULL, p->caps);
	element(out, "td", NULL, p->seccomp);
	(void)fprintf(out, "<td class=\"c\" style=\"--d:%u\">", p->depth);
	element(out, "code", NULL, p->command);
	if (p->mark) {
		(void)fputc(' ', out);
		element(out, "span", "mark", p->mark);
	}
	(void)fputs("</td></tr>\n", out);
}

static void table(FILE *out, const struct map_ns *n)
{
	(void)fputs("<table><thead><tr>"
		    "<th class=\"n\" title=\"PID as seen from outside\">Outer</th>"
		    "<th class=\"n\" title=\"PID in its own namespace\">Inner</th>"
		    "<th>State</th><th>User</th><th title=\"effective capabilities\">Caps</th>"
		    "<th>Seccomp</th><th>Command</th></tr></thead><tbody>\n",
		    out);
	for (size_t i = 0; i < n->nproc; i++)
		row(out, &n->procs[i]);
	(void)fputs("</tbody></table>\n", out);
}

static void open_ns(FILE *out, struct arena *a, const struct map_ns *n, size_t index)
{
	(void)fprintf(out, "<details id=\"ns%zu\" class=\"ns%s\" open><summary>", index,
		      n->bad ? " wrong" : "");
	element(out, "b", NULL, n->owner);
	(void)fputc(' ', out);
	element(out, "span", "id", n->name);
	(void)fputc(' ', out);
	element(out, "span", n->ns->state == PN_LIVE ? "state" : "state bad", n->state);
	(void)fputc(' ', out);
	element(out, "span", "count", n->count);
	(void)fputs("</summary>\n", out);
	if (*n->reap)
		element(out, "p", n->bad ? "bad" : "dim", n->reap);
	if (n->mark)
		element(out, "p", n->bad ? "bad" : "dim", n->mark);
	if (n->nproc)
		table(out, n);
	if (n->left_out)
		element(out, "p", "dim",
			arena_printf(a, "%zu kernel threads are not shown", n->left_out));
}

static void findings(FILE *out, const struct map *m)
{
	size_t n = 0, max = pn_finding_count(m->view->snap);

	for (size_t i = 0; i < max; i++)
		n += pn_finding_at(m->view->snap, i)->severity > PN_NOTE;
	if (!n)
		return;
	(void)fprintf(out, "<details id=\"findings\"><summary>%zu %s</summary><ul>\n", n,
		      n == 1 ? "thing is wrong" : "things are wrong");
	for (size_t i = 0; i < max; i++) {
		const struct pn_finding *f = pn_finding_at(m->view->snap, i);

		if (f->severity <= PN_NOTE)
			continue;
		(void)fputs("<li>", out);
		element(out, "b", "bad", pn_finding_name(f->code));
		(void)fputc(' ', out);
		if (f->proc)
			(void)fprintf(out, "<a href=\"#p%d\">%d</a> ", f->proc->pid, f->proc->pid);
		map_xml_text(out, f->why);
		if (*f->fix) {
			(void)fputs(" <i>Fix:</i> ", out);
			map_xml_text(out, f->fix);
		}
		(void)fputs("</li>\n", out);
	}
	(void)fputs("</ul></details>\n", out);
}

static void head(FILE *out, const struct map *m)
{
	(void)fprintf(out,
		      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		      "style-src 'unsafe-inline'; script-src '%s'; base-uri 'none'; "
		      "form-action 'none'\">\n"
		      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		      "<meta name=\"referrer\" content=\"no-referrer\">\n",
		      map_page_script_hash);
	element(out, "title", NULL, m->title);
	(void)fprintf(out, "\n<style>\n%s</style>\n</head>\n<body>\n<header>\n", map_page_style);
	element(out, "h1", NULL, m->title);
	(void)fputs(
		"\n<input id=\"q\" type=\"search\" placeholder=\"Search: PID, name, command  (/)\" "
		"aria-label=\"Search\" autocomplete=\"off\" spellcheck=\"false\">\n"
		"<span id=\"hits\" role=\"status\"></span>\n"
		"<button id=\"open\" title=\"e\">Expand all</button>\n"
		"<button id=\"shut\" title=\"c\">Collapse all</button>\n"
		"<button id=\"theme\" title=\"t\">Light / dark</button>\n"
		"<button id=\"help\" title=\"?\" aria-expanded=\"false\">Keys</button>\n"
		"</header>\n<main>\n"
		"<p id=\"keys\" hidden><kbd>/</kbd> search, <kbd>Esc</kbd> end it, "
		"<kbd>\xe2\x86\x91</kbd> <kbd>\xe2\x86\x93</kbd> or <kbd>k</kbd> <kbd>j</kbd> move, "
		"<kbd>\xe2\x86\x90</kbd> collapse or go out, <kbd>\xe2\x86\x92</kbd> expand or go in, "
		"<kbd>Home</kbd> <kbd>End</kbd>, <kbd>e</kbd> expand all, <kbd>c</kbd> collapse "
		"all, <kbd>t</kbd> light or dark</p>\n",
		out);
	if (*m->note) {
		element(out, "p", "dim", m->note);
		(void)fputc('\n', out);
	}
}

void map_html(FILE *out, const struct map *m)
{
	head(out, m);
	findings(out, m);
	(void)fputs("<div id=\"tree\">\n", out);
	for (size_t i = 0; i < m->count; i++) {
		uint32_t next = i + 1 < m->count ? m->ns[i + 1].depth : 0;

		open_ns(out, m->arena, &m->ns[i], i);
		for (uint32_t d = m->ns[i].depth + 1; d-- > next;)
			(void)fputs("</details>\n", out);
	}
	(void)fprintf(out, "</div>\n</main>\n<script>%s</script>\n</body>\n</html>\n",
		      map_page_script);
}
