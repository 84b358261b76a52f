/* SPDX-License-Identifier: Apache-2.0 */
/* The map as a picture: a box for each namespace, a line for each process. */
#include <string.h>

#include "base/utf8.h"
#include "cli/map.h"

enum {
	LINE = 18, /* height of a line */
	PAD = 10,  /* inside of a box */
	GAP = 10,  /* between boxes */
	WIDTH = 1180,
	INDENT = 14, /* of a child process, up to INDENT_MAX */
	INDENT_MAX = 12,
	COMMAND_X = 250,
	LETTER = 73, /* width of a letter, about, in tenths */
};

static size_t head_lines(const struct map_ns *n)
{
	return 1 + (*n->reap != 0) + (n->mark != NULL);
}

/* Without the boxes inside. */
static long own_height(const struct map_ns *n)
{
	return PAD + (long)(head_lines(n) + n->nproc + (n->nproc > 0)) * LINE + PAD / 2;
}

/* At most `max` characters. */
static void clipped(FILE *out, struct arena *a, const char *s, size_t max)
{
	const char *p = s;
	size_t left = strlen(s);

	for (size_t k = 0; left && k < max; k++) {
		size_t n = utf8_len((const unsigned char *)p, left);

		p += n ? n : 1;
		left -= n ? n : 1;
	}
	map_xml_text(out, left ? arena_strndup(a, s, (size_t)(p - s)) : s);
	if (left)
		(void)fputs("\xe2\x80\xa6", out);
}

static void put(FILE *out, struct arena *a, const char *class, long x, long y, long right,
		const char *s)
{
	(void)fprintf(out, "<text class=\"%s\" x=\"%ld\" y=\"%ld\">", class, x, y);
	clipped(out, a, s, right > x ? (size_t)((right - x) * 10 / LETTER) : 1);
	(void)fputs("</text>\n", out);
}

static void row(FILE *out, struct arena *a, const struct map_proc *p, long x, long y, long right)
{
	uint32_t d = p->depth > INDENT_MAX ? INDENT_MAX : p->depth;
	const char *class = p->bad ? "bad" : p->p->flags & PN_P_INJECTED ? "in" : "p";
	const char *s = p->mark ? arena_printf(a, "%s  \xe2\x86\x90 %s", p->command, p->mark)
				: p->command;

	(void)fputs("<g><title>", out);
	map_xml_text(out, s);
	(void)fputs("</title>\n", out);
	(void)fprintf(out, "<text class=\"n\" x=\"%ld\" y=\"%ld\">%s</text>\n", x + 60, y,
		      p->outer);
	(void)fprintf(out, "<text class=\"n\" x=\"%ld\" y=\"%ld\">%s</text>\n", x + 115, y,
		      p->inner);
	(void)fprintf(out, "<text class=\"%s\" x=\"%ld\" y=\"%ld\">", class, x + 128, y);
	map_xml_text(out, p->state);
	(void)fputs("</text>\n", out);
	(void)fprintf(out, "<text class=\"d\" x=\"%ld\" y=\"%ld\">%s</text>\n", x + 150, y,
		      p->user);
	put(out, a, class, x + COMMAND_X + d * INDENT, y, right, s);
	(void)fputs("</g>\n", out);
}

static void box(FILE *out, struct arena *a, const struct map_ns *n, long y, long height)
{
	long x = (long)n->depth * PAD + GAP, right = WIDTH - (long)n->depth * PAD - GAP;
	long ty = y + PAD + LINE - 5;

	(void)fprintf(
		out,
		"<rect class=\"%s\" x=\"%ld\" y=\"%ld\" width=\"%ld\" height=\"%ld\" rx=\"6\"/>\n",
		n->bad ? "ns wrong" : "ns", x, y, right - x, height);
	put(out, a, "h", x + PAD, ty, right,
	    arena_printf(a, "%s   %s   %s, %s", n->owner, n->name, n->state, n->count));
	if (*n->reap)
		put(out, a, n->bad ? "bad" : "d", x + PAD, ty += LINE, right, n->reap);
	if (n->mark)
		put(out, a, n->bad ? "bad" : "d", x + PAD, ty += LINE, right, n->mark);
	if (!n->nproc)
		return;
	ty += LINE;
	(void)fprintf(out,
		      "<text class=\"d n\" x=\"%ld\" y=\"%ld\">outer</text>\n"
		      "<text class=\"d n\" x=\"%ld\" y=\"%ld\">inner</text>\n",
		      x + 60, ty, x + 115, ty);
	for (size_t i = 0; i < n->nproc; i++)
		row(out, a, &n->procs[i], x, ty += LINE, right - PAD);
}

static const char style[] =
	":root{--bg:#fff;--fg:#1b1f24;--dim:#59636e;--line:#8c959f;--card:rgba(140,149,159,.08);"
	"--bad:#b3261e;--in:#0b57d0}\n"
	"@media (prefers-color-scheme:dark){:root{--bg:#0d1117;--fg:#e6edf3;--dim:#9198a1;"
	"--line:#656c76;--card:rgba(140,149,159,.12);--bad:#ff8a80;--in:#8ab4f8}}\n"
	"text{font:12px monospace;fill:var(--fg);white-space:pre}\n"
	".bg{fill:var(--bg)}.ns{fill:var(--card);stroke:var(--line)}.wrong{stroke:var(--bad)}\n"
	".h{font-weight:bold}.t{font-size:16px;font-weight:bold}.d{fill:var(--dim)}\n"
	".bad{fill:var(--bad)}.in{fill:var(--in)}.n{text-anchor:end}\n";

void map_svg(FILE *out, const struct map *m)
{
	long *height = arena_alloc(m->arena, (m->count + 1) * sizeof(*height));
	long *parent_of = arena_alloc(m->arena, (m->count + 1) * sizeof(*parent_of));
	long y = 60, total = y + GAP;
	size_t last_at_depth[64] = { 0 };

	for (size_t i = 0; i < m->count; i++) {
		uint32_t d = m->ns[i].depth;

		parent_of[i] = d && d < 64 ? (long)last_at_depth[d - 1] : -1;
		if (d < 64)
			last_at_depth[d] = i;
		height[i] = own_height(&m->ns[i]);
	}
	for (size_t i = m->count; i-- > 0;)
		if (parent_of[i] >= 0)
			height[parent_of[i]] += height[i] + GAP;
		else
			total += height[i] + GAP;
	(void)fprintf(out,
		      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%ld\" "
		      "viewBox=\"0 0 %d %ld\">\n<title>",
		      WIDTH, total, WIDTH, total);
	map_xml_text(out, m->title);
	(void)fprintf(out,
		      "</title>\n<style>\n%s</style>\n"
		      "<rect class=\"bg\" width=\"100%%\" height=\"100%%\"/>\n",
		      style);
	put(out, m->arena, "t", GAP, 24, WIDTH, m->title);
	put(out, m->arena, "d", GAP, 44, WIDTH, m->note);
	/* After a box come the boxes inside of it, then the rest of its own edge: the height
	 * of those that end here is what the next one begins below. */
	for (size_t i = 0; i < m->count; i++) {
		uint32_t next = i + 1 < m->count ? m->ns[i + 1].depth : 0;

		box(out, m->arena, &m->ns[i], y, height[i]);
		y += own_height(&m->ns[i]);
		for (uint32_t d = m->ns[i].depth + 1; d-- > next;)
			y += GAP;
	}
	(void)fputs("</svg>\n", out);
}
