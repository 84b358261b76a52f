/* SPDX-License-Identifier: Apache-2.0 */
/* The map as a graph for dot(1): namespaces are nested clusters, processes are nodes. */
#include <string.h>

#include "base/utf8.h"
#include "cli/map.h"

/* In a label \n, \l, \N ... and &...; have a meaning, so that both are doubled or named. */
static void text(FILE *out, const char *s)
{
	for (; *s; s++)
		switch (*s) {
		case '"': (void)fputs("\\\"", out); break;
		case '\\': (void)fputs("\\\\", out); break;
		case '&': (void)fputs("&amp;", out); break;
		default: (void)fputc(*s, out); break;
		}
}

static void indent(FILE *out, size_t n)
{
	while (n--)
		(void)fputc('\t', out);
}

static void line(FILE *out, const char *s)
{
	text(out, s);
	(void)fputs("\\l", out);
}

enum { COMMAND_MAX = 80 };

/* A graph with whole command lines cannot be read. */
static void short_line(FILE *out, const char *s)
{
	size_t left = strlen(s), len = 0;

	for (size_t k = 0; len < left && k < COMMAND_MAX; k++) {
		size_t n = utf8_len((const unsigned char *)s + len, left - len);

		len += n ? n : 1;
	}
	for (size_t i = 0; i < len; i++)
		text(out, (const char[]){ s[i], '\0' });
	(void)fputs(len < left ? "...\\l" : "\\l", out);
}

static void node(FILE *out, const struct map_ns *n, const struct map_proc *p)
{
	indent(out, n->depth + 2);
	(void)fprintf(out, "p%d [label=\"%s : %s  ", p->p->pid, p->outer, p->inner);
	short_line(out, p->command);
	if (p->mark)
		line(out, p->mark);
	(void)fputc('"', out);
	if (p->bad)
		(void)fputs(", color=\"#b3261e\", fontcolor=\"#b3261e\"", out);
	else if (p->p->flags & PN_P_INJECTED)
		(void)fputs(", style=\"rounded,dashed\"", out);
	(void)fputs("];\n", out);
}

static void cluster(FILE *out, const struct map_ns *n, size_t index)
{
	indent(out, n->depth + 1);
	(void)fprintf(out, "subgraph cluster_%zu {\n", index);
	indent(out, n->depth + 2);
	(void)fputs("label=\"", out);
	text(out, n->owner);
	(void)fputs("   ", out);
	line(out, n->name);
	text(out, n->state);
	(void)fputs(", ", out);
	line(out, n->count);
	if (*n->reap)
		line(out, n->reap);
	if (n->mark)
		line(out, n->mark);
	(void)fprintf(out, "\"; labeljust=l; style=rounded; color=\"%s\";\n",
		      n->bad ? "#b3261e" : "#59636e");
	/* An empty cluster would not be drawn. */
	if (!n->nproc) {
		indent(out, n->depth + 2);
		(void)fprintf(out, "n%zu [shape=plaintext, label=\"%s\"];\n", index,
			      n->ns->nproc ? "..." : "no process");
	}
	for (size_t i = 0; i < n->nproc; i++)
		node(out, n, &n->procs[i]);
}

static void edges(FILE *out, const struct map *m)
{
	for (size_t i = 0; i < m->count; i++)
		for (size_t k = 0; k < m->ns[i].nproc; k++) {
			const struct pn_proc *p = m->ns[i].procs[k].p;

			/* The parent may be left out: a kernel thread. */
			if (!p->parent ||
			    (p->parent->flags & PN_P_KTHREAD && !(p->flags & PN_P_KTHREAD)))
				continue;
			(void)fprintf(out, "\tp%d -> p%d%s;\n", p->parent->pid, p->pid,
				      p->flags & PN_P_INJECTED ? " [style=dashed]" : "");
		}
}

void map_dot(FILE *out, const struct map *m)
{
	(void)fputs("digraph atoll {\n\tlabel=\"", out);
	line(out, m->title);
	if (*m->note)
		line(out, m->note);
	(void)fputs("\";\n\tlabelloc=t; labeljust=l; rankdir=LR; fontname=\"sans-serif\";\n"
		    "\tnode [shape=box, style=rounded, fontname=\"monospace\", fontsize=10];\n"
		    "\tedge [color=\"#59636e\", arrowsize=0.6];\n",
		    out);
	for (size_t i = 0; i < m->count; i++) {
		cluster(out, &m->ns[i], i);
		/* Close this one, and those that end with it. */
		for (uint32_t d = m->ns[i].depth + 1;
		     d-- > (i + 1 < m->count ? m->ns[i + 1].depth : 0);) {
			indent(out, d + 1);
			(void)fputs("}\n", out);
		}
	}
	edges(out, m);
	(void)fputs("}\n", out);
}
