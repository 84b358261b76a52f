/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/out.h"

#include <errno.h>
#include <inttypes.h>
#include <pidns.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/num.h"

enum { COLUMN_GAP = 2, FLEX_MIN = 8, TERMINAL_MIN = 20, TERMINAL_MAX = 10000 };

/* ---- the terminal ------------------------------------------------------------------ */

static const char *env(const char *name)
{
	const char *v = getenv(name);

	return v && *v ? v : NULL;
}

/* By the environment: a locale is never set, since what we write must not depend on it. */
static bool is_utf8(void)
{
	const char *v = env("LC_ALL");

	if (!v)
		v = env("LC_CTYPE");
	if (!v)
		v = env("LANG");
	return v && (strcasestr(v, "utf-8") || strcasestr(v, "utf8"));
}

static size_t terminal_width(void)
{
	const char *v = env("COLUMNS");
	struct winsize ws = { 0 };
	uint32_t n;

	if (v && num_u32(v, &n) == 0 && n >= TERMINAL_MIN && n <= TERMINAL_MAX)
		return n;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) == 0 && ws.ws_col >= TERMINAL_MIN)
		return ws.ws_col;
	return 80;
}

void out_init(struct out *o, struct arena *a, const void *ctx, bool headings, bool truncate)
{
	const char *term = env("TERM");
	bool tty = isatty(STDOUT_FILENO);

	*o = (struct out){ .arena = a, .ctx = ctx, .file = stdout, .headings = headings };
	o->terminal = tty;
	o->utf8 = is_utf8();
	o->color = tty && !env("NO_COLOR") && term && strcmp(term, "dumb") != 0;
	o->width = tty && truncate ? terminal_width() : 0;
}

static const char *const sgr[] = {
	[OUT_PLAIN] = "",        [OUT_BOLD] = "\033[1m",   [OUT_DIM] = "\033[2m",
	[OUT_RED] = "\033[31m",  [OUT_GREEN] = "\033[32m", [OUT_YELLOW] = "\033[33m",
	[OUT_CYAN] = "\033[36m",
};

const char *out_on(const struct out *o, enum out_color c)
{
	return o->color ? sgr[c] : "";
}

const char *out_off(const struct out *o, enum out_color c)
{
	return o->color && c != OUT_PLAIN ? "\033[0m" : "";
}

const char *out_branch(const struct out *o, enum out_branch b)
{
	static const char *const box[] = { "├─ ", "└─ ", "│  ", "   " };
	static const char *const ascii[] = { "|- ", "`- ", "|  ", "   " };

	return !o->terminal ? "  " : o->utf8 ? box[b] : ascii[b];
}

/* ---- text ---------------------------------------------------------------------------- */

const char *out_escape_n(struct arena *a, const char *s, size_t len)
{
	size_t n = pn_escape(NULL, 0, s, len);
	char *buf = arena_alloc(a, n + 1);

	(void)pn_escape(buf, n + 1, s, len);
	return buf;
}

const char *out_escape(struct arena *a, const char *s)
{
	return out_escape_n(a, s, strlen(s));
}

/* One character of valid UTF-8; its bytes. */
static size_t decode(const char *s, uint32_t *ret)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t n = p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	uint32_t c = n == 1 ? p[0] : p[0] & (0xffU >> (n + 1));

	for (size_t i = 1; i < n; i++) {
		if (!p[i]) { /* cut short: not from pn_escape() */
			n = i;
			break;
		}
		c = c << 6 | (p[i] & 0x3f);
	}
	*ret = c;
	return n;
}

struct range {
	uint32_t first, last;
};

static bool in_ranges(uint32_t c, const struct range *r, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (c >= r[i].first && c <= r[i].last)
			return true;
	return false;
}

/* Coarse, after UAX 11 and terminals: combining marks take none, East Asian wide
 * characters and emoji two. */
static size_t char_width(uint32_t c)
{
	static const struct range none[] = { { 0x300, 0x36f },   { 0x483, 0x489 },
					     { 0x591, 0x5bd },   { 0x610, 0x61a },
					     { 0x64b, 0x65f },   { 0x200b, 0x200f },
					     { 0x20d0, 0x20f0 }, { 0xfe00, 0xfe0f },
					     { 0xfe20, 0xfe2f }, { 0xe0100, 0xe01ef } };
	static const struct range two[] = { { 0x1100, 0x115f },   { 0x2e80, 0x303e },
					    { 0x3041, 0xa4cf },   { 0xa960, 0xa97f },
					    { 0xac00, 0xd7a3 },   { 0xf900, 0xfaff },
					    { 0xfe30, 0xfe6f },   { 0xff00, 0xff60 },
					    { 0xffe0, 0xffe6 },   { 0x1f300, 0x1f64f },
					    { 0x1f680, 0x1f6ff }, { 0x1f900, 0x1faff },
					    { 0x20000, 0x3fffd } };

	if (c < 0x300)
		return 1;
	return in_ranges(c, none, ARRAY_LEN(none)) ? 0 : in_ranges(c, two, ARRAY_LEN(two)) ? 2 : 1;
}

size_t out_width(const char *s)
{
	size_t w = 0;
	uint32_t c;

	while (*s) {
		s += decode(s, &c);
		w += char_width(c);
	}
	return w;
}

/* At most `width` columns, with a mark where something was cut off. */
static const char *fit(const struct out *o, const char *s, size_t width)
{
	const char *mark = o->utf8 ? "…" : ">";
	size_t w = 0, len = 0;

	if (!o->width || out_width(s) <= width)
		return s;
	if (width == 0)
		return "";
	while (s[len]) {
		uint32_t c;
		size_t n = decode(s + len, &c);

		if (w + char_width(c) > width - 1)
			break;
		w += char_width(c);
		len += n;
	}
	return arena_printf(o->arena, "%.*s%s", (int)len, s, mark);
}

/* For terminals that would show the bytes of UTF-8 one by one, or act on them. */
static const char *plain(const struct out *o, const char *s)
{
	char *copy;

	if (!o->terminal || o->utf8)
		return s;
	copy = arena_strdup(o->arena, s);
	for (char *p = copy; *p; p++)
		if (*p & 0x80)
			*p = '?';
	return copy;
}

/* ---- cells ----------------------------------------------------------------------------- */

struct out_cell out_none(void)
{
	return (struct out_cell){ 0 };
}

struct out_cell out_text(const char *s)
{
	return (struct out_cell){ .known = s != NULL, .text = s };
}

struct out_cell out_words(const char *s)
{
	return (struct out_cell){ .known = s != NULL, .text = s, .escaped = true };
}

struct out_cell out_u64(uint64_t v)
{
	return (struct out_cell){ .known = true, .number = v };
}

struct out_cell out_i64(int64_t v)
{
	return (struct out_cell){ .known = true, .number = (uint64_t)v, .negative = v < 0 };
}

struct out_cell out_bool(bool v)
{
	return (struct out_cell){ .known = true, .number = v };
}

static const char *cell_text(struct out *o, const struct out_col *col, const struct out_cell *c)
{
	const char *s;

	if (!c->known)
		return col->flags & OUT_BLANK ? "" : "-";
	if (c->text)
		s = plain(o, c->escaped ? c->text : out_escape(o->arena, c->text));
	else if (col->type == OUT_BOOL)
		s = c->number ? "yes" : "no";
	else if (c->negative)
		s = arena_printf(o->arena, "%" PRId64, (int64_t)c->number);
	else
		s = arena_printf(o->arena, "%" PRIu64, c->number);
	if (!*s)
		s = "-";
	return c->inferred ? arena_printf(o->arena, "~%s", s) : s;
}

static void cell_json(const struct out_col *col, const struct out_cell *c, struct jsonw *w)
{
	jsonw_key(w, col->name);
	if (!c->known || c->words) {
		jsonw_null(w);
		return;
	}
	switch (col->type) {
	case OUT_TEXT: jsonw_str(w, c->json ? c->json : c->text); break;
	case OUT_NUMBER:
		if (c->negative)
			jsonw_i64(w, (int64_t)c->number);
		else
			jsonw_u64(w, c->number);
		break;
	case OUT_BOOL: jsonw_bool(w, c->number != 0); break;
	case OUT_LIST:
	case OUT_NUMBERS:
		jsonw_arr(w);
		for (size_t i = 0; i < c->count; i++) {
			if (col->type == OUT_LIST)
				jsonw_str(w, c->list[i]);
			else
				jsonw_raw(w, c->list[i], strlen(c->list[i]));
		}
		jsonw_arr_end(w);
		break;
	}
}

void out_json_members(struct out *o, const struct out_cols *cols, const void *row, struct jsonw *w)
{
	autoarena struct arena scratch = { 0 };
	struct arena *keep = o->arena;

	o->arena = &scratch;
	for (size_t i = 0; i < cols->count; i++) {
		struct out_cell c = cols->items[i]->get(o, row);

		cell_json(cols->items[i], &c, w);
	}
	o->arena = keep;
}

void out_json(struct out *o, const struct out_cols *cols, const void *row, struct jsonw *w)
{
	jsonw_obj(w);
	out_json_members(o, cols, row, w);
	jsonw_obj_end(w);
}

void out_flush(struct out *o, struct jsonw *w)
{
	if (w->len)
		(void)fwrite(w->buf, 1, w->len, o->file);
	w->len = 0;
}

/* ---- which columns ------------------------------------------------------------------------ */

static void add(struct out_cols *c, const struct out_col *col)
{
	for (size_t i = 0; i < c->count; i++)
		if (c->items[i] == col)
			return;
	c->items[c->count++] = col;
	c->needs |= col->needs;
}

static int unknown(const struct out_col *table, const char *word, size_t len, struct err *e)
{
	char all[360] = "";
	size_t n = 0;

	for (const struct out_col *c = table; c->name; c++)
		if (n < sizeof(all))
			n += (size_t)snprintf(all + n, sizeof(all) - n, "%s%s", n ? " " : "",
					      c->name);
	return err_set(e, EINVAL, "option -o: no column '%.*s'; there are: %s (-o help explains)",
		       len > 32 ? 32 : (int)len, word, all);
}

int out_cols_parse(const struct out_col *table, const char *spec, struct arena *a,
		   struct out_cols *ret, struct err *e)
{
	const struct out_col *c;
	size_t n = 0;

	for (c = table; c->name; c++)
		n++;
	*ret = (struct out_cols){ .items = arena_alloc(a, n * sizeof(*ret->items)) };
	for (c = table; c->name && (!spec || *spec == '+'); c++)
		if (c->flags & OUT_DEFAULT)
			add(ret, c);
	for (c = table; spec && strcmp(spec, "all") == 0 && c->name; c++)
		add(ret, c);
	if (ret->count && !(spec && *spec == '+'))
		return 0;
	for (const char *s = spec + (*spec == '+'); s;
	     s = strchr(s, ',') ? strchr(s, ',') + 1 : NULL) {
		size_t len = strcspn(s, ",");

		for (c = table; c->name; c++)
			if (strlen(c->name) == len && strncasecmp(c->name, s, len) == 0)
				break;
		if (!c->name)
			return unknown(table, s, len, e);
		add(ret, c);
	}
	return 0;
}

int out_cols_json(const struct out_col *table, const char *spec, struct arena *a,
		  struct out_cols *ret, struct err *e)
{
	int r = out_cols_parse(table, spec ? spec : "all", a, ret, e);
	size_t n = 0;

	if (r < 0 || spec)
		return r;
	ret->needs = 0;
	for (size_t i = 0; i < ret->count; i++)
		if (!(ret->items[i]->flags & OUT_NOT_JSON)) {
			ret->needs |= ret->items[i]->needs;
			ret->items[n++] = ret->items[i];
		}
	ret->count = n;
	return 0;
}

bool out_cols_help(const struct out_col *table, const char *spec)
{
	static const char *const type[] = { "string", "number", "bool", "list", "numbers" };

	if (!spec || strcmp(spec, "help") != 0)
		return false;
	for (const struct out_col *c = table; c->name; c++)
		printf("%c %-13s %-7s %s\n", c->flags & OUT_DEFAULT ? '*' : ' ', c->name,
		       type[c->type], c->help);
	return true;
}

/* ---- a table -------------------------------------------------------------------------------- */

struct out_line {
	const char *span; /* a line of its own; else NULL */
	const char **cell, *note;
	enum out_color *color, span_color; /* the latter of the note, too */
};

void out_row(struct out_table *t, const void *row, const char *prefix)
{
	out_row_note(t, row, prefix, NULL, OUT_PLAIN);
}

void out_row_note(struct out_table *t, const void *row, const char *prefix, const char *note,
		  enum out_color color)
{
	struct out_line *l = arena_push(t->o->arena, &t->lines, &t->count, &t->cap, sizeof(*l));
	size_t n = t->cols->count;

	l->note = note ? plain(t->o, note) : NULL;
	l->span_color = color;
	l->cell = arena_alloc(t->o->arena, n * sizeof(*l->cell));
	l->color = arena_alloc(t->o->arena, n * sizeof(*l->color));
	for (size_t i = 0; i < n; i++) {
		const struct out_col *col = t->cols->items[i];
		struct out_cell c = col->get(t->o, row);

		l->cell[i] = cell_text(t->o, col, &c);
		l->color[i] = c.color;
		if (prefix && *prefix && col->flags & OUT_TREE)
			l->cell[i] = arena_printf(t->o->arena, "%s%s", prefix, l->cell[i]);
	}
}

void out_span(struct out_table *t, const char *text, enum out_color color)
{
	struct out_line *l = arena_push(t->o->arena, &t->lines, &t->count, &t->cap, sizeof(*l));

	l->span = plain(t->o, text);
	l->span_color = color;
}

static void shrink(const struct out_table *t, size_t *width)
{
	const struct out_cols *c = t->cols;
	size_t total = c->count ? COLUMN_GAP * (c->count - 1) : 0;

	for (size_t i = 0; i < c->count; i++)
		total += width[i];
	while (t->o->width && total > t->o->width) {
		size_t widest = SIZE_MAX;

		for (size_t i = 0; i < c->count; i++)
			if (c->items[i]->flags & OUT_FLEX && width[i] > FLEX_MIN &&
			    (widest == SIZE_MAX || width[i] > width[widest]))
				widest = i;
		if (widest == SIZE_MAX)
			break;
		width[widest]--;
		total--;
	}
}

static void print_cell(const struct out_table *t, size_t i, const char *text, size_t width,
		       enum out_color color)
{
	const struct out *o = t->o;
	bool last = i + 1 == t->cols->count, right = t->cols->items[i]->flags & OUT_RIGHT;
	const char *s = t->cols->items[i]->flags & OUT_FLEX ? fit(o, text, width) : text;
	size_t w = out_width(s), pad = w < width ? width - w : 0;

	if (right)
		fprintf(o->file, "%*s", (int)pad, "");
	fprintf(o->file, "%s%s%s", out_on(o, color), s, out_off(o, color));
	if (!last)
		fprintf(o->file, "%*s", (int)(right ? COLUMN_GAP : pad + COLUMN_GAP), "");
}

/* Words, folded at blanks on terminals; what goes on is indented by two more. */
static void print_span(const struct out *o, const char *s, enum out_color color)
{
	size_t indent = strspn(s, " ") + 2, room = o->width;

	while (o->width > indent * 2 && out_width(s) > room) {
		size_t cut = 0, w = 0;
		uint32_t c;

		for (size_t at = 0; s[at] && w <= room; w += char_width(c)) {
			if (s[at] == ' ' && at > strspn(s, " "))
				cut = at;
			at += decode(s + at, &c);
		}
		if (!cut)
			break;
		fprintf(o->file, "%s%.*s%s\n%*s", out_on(o, color), (int)cut, s, out_off(o, color),
			(int)indent, "");
		s += cut + 1;
		room = o->width - indent;
	}
	fprintf(o->file, "%s%s%s", out_on(o, color), fit(o, s, room), out_off(o, color));
}

/* A row whose last cell leaves room for the note: half of the line, where both are long. */
static void print_line(const struct out_table *t, const struct out_line *l, const size_t *width,
		       size_t before_last)
{
	const struct out *o = t->o;
	size_t n = t->cols->count, last = n ? width[n - 1] : 0, room = 0;

	if (l->note && o->width) {
		size_t all = o->width > before_last ? o->width - before_last : 0;
		size_t cell = n ? out_width(l->cell[n - 1]) : 0;

		room = out_width(l->note);
		if (cell + COLUMN_GAP + room > all)
			last = all > COLUMN_GAP + room + all / 2 ? all - COLUMN_GAP - room
								 : all / 2;
		if (cell < last)
			last = cell;
		room = all > last + COLUMN_GAP ? all - last - COLUMN_GAP : 0;
	}
	for (size_t i = 0; i < n; i++)
		print_cell(t, i, l->cell[i], i + 1 == n ? last : width[i], l->color[i]);
	if (l->note)
		fprintf(o->file, "%*s%s%s%s", COLUMN_GAP, "", out_on(o, l->span_color),
			fit(o, l->note, room), out_off(o, l->span_color));
}

void out_print(const struct out_table *t)
{
	const struct out *o = t->o;
	size_t n = t->cols->count, before_last = 0;
	size_t *width = arena_alloc(o->arena, (n + 1) * sizeof(*width));

	for (size_t i = 0; i < n; i++) {
		width[i] = o->headings ? out_width(t->cols->items[i]->heading) : 0;
		for (size_t k = 0; k < t->count; k++)
			if (!t->lines[k].span && out_width(t->lines[k].cell[i]) > width[i])
				width[i] = out_width(t->lines[k].cell[i]);
	}
	shrink(t, width);
	for (size_t i = 0; i < n && o->headings; i++)
		print_cell(t, i, t->cols->items[i]->heading, width[i], OUT_DIM);
	if (o->headings)
		fputc('\n', o->file);
	for (size_t i = 0; i + 1 < n; i++)
		before_last += width[i] + COLUMN_GAP;
	for (size_t k = 0; k < t->count; k++) {
		const struct out_line *l = &t->lines[k];

		if (l->span)
			print_span(o, l->span, l->span_color);
		else
			print_line(t, l, width, before_last);
		fputc('\n', o->file);
	}
}
