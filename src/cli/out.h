/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Listings as tables of columns. One row of a column table is all there is to
 * say about a column: its name for -o and in JSON, its heading, how it gives
 * way when the terminal is narrow, what it needs, how it is found. Table, JSON
 * and `-o help` read the same rows.
 *
 * Nothing that came from a process, a file or a container reaches the terminal
 * as it was: text is passed through pn_escape() unless its cell says that this
 * was done. Colours and tree characters are for terminals only. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/jsonw.h"

enum out_color { OUT_PLAIN, OUT_BOLD, OUT_DIM, OUT_RED, OUT_GREEN, OUT_YELLOW, OUT_CYAN };

enum out_type {
	OUT_TEXT,   /* string */
	OUT_NUMBER, /* integer */
	OUT_BOOL,
	OUT_LIST,   /* strings; text for people stands in .text */
	OUT_NUMBERS /* the same of integers, as their digits */
};

struct out_cell {
	bool known;    /* false: "-", and null in JSON */
	bool inferred; /* "~" before it: by a rule, not read */
	bool escaped;  /* text does nothing to a terminal */
	bool words;    /* text says something of what is not known: null in JSON */
	enum out_color color;
	uint64_t number;         /* OUT_NUMBER, and OUT_BOOL as 0 and 1 */
	bool negative;           /* number is an int64_t */
	const char *text;        /* NULL with a number: its digits */
	const char *json;        /* OUT_TEXT: other words for JSON (raw bytes), or NULL */
	const char *const *list; /* OUT_LIST, OUT_NUMBERS */
	size_t count;
};

struct out;

enum {
	OUT_DEFAULT = 1 << 0, /* shown without -o */
	OUT_RIGHT = 1 << 1,   /* aligned so */
	OUT_FLEX = 1 << 2,    /* gives way on narrow terminals */
	OUT_TREE = 1 << 3,    /* a row's prefix stands before it */
	OUT_BLANK = 1 << 5,   /* what is not known is left empty */
	OUT_NOT_JSON = 1 << 4 /* the same facts stand in other columns */
};

struct out_col {
	const char *name, *heading;
	enum out_type type;
	unsigned int flags; /* OUT_* */
	uint32_t needs;     /* for the caller: PN_F_* */
	const char *help;   /* what stands in it, for `-o help` and the manual page */
	struct out_cell (*get)(struct out *o, const void *row);
};

struct out {
	struct arena *arena; /* where cells allocate */
	const void *ctx;     /* for the columns' functions */
	FILE *file;
	bool terminal, utf8, color;
	bool headings;
	size_t width; /* columns of the terminal; 0: no limit */
};

/* Looks at stdout and the environment: COLUMNS, NO_COLOR, TERM, LC_ALL, LC_CTYPE, LANG. */
void out_init(struct out *o, struct arena *a, const void *ctx, bool headings, bool truncate);

struct out_cols {
	const struct out_col **items;
	size_t count;
	uint32_t needs; /* of all of them */
};

/* The columns by a comma-separated list; NULL: the default ones; "+a,b": those and
 * more; "all". -EINVAL with the names that there are. */
int out_cols_parse(const struct out_col *table, const char *spec, struct arena *a,
		   struct out_cols *ret, struct err *e);
/* Those for JSON: of the list, or without one all. */
int out_cols_json(const struct out_col *table, const char *spec, struct arena *a,
		  struct out_cols *ret, struct err *e);
/* `-o help`: name, type and what it is, one a line. True: it was asked for. */
bool out_cols_help(const struct out_col *table, const char *spec);

struct out_line;
struct out_table {
	struct out *o;
	const struct out_cols *cols;
	struct out_line *lines;
	size_t count, cap;
};

/* A row; prefix (tree characters of ours, or NULL) stands before the OUT_TREE column. */
void out_row(struct out_table *t, const void *row, const char *prefix);
/* The same with words after the last column, which stay when that is cut. NULL: none. */
void out_row_note(struct out_table *t, const void *row, const char *prefix, const char *note,
		  enum out_color color);
/* A line of its own among the rows: escaped text over all columns. */
void out_span(struct out_table *t, const char *text, enum out_color color);
void out_print(const struct out_table *t);

/* A row as one JSON object, or into one that is open. */
void out_json(struct out *o, const struct out_cols *cols, const void *row, struct jsonw *w);
void out_json_members(struct out *o, const struct out_cols *cols, const void *row, struct jsonw *w);
/* Writes what there is so far, and goes on with an empty buffer. */
void out_flush(struct out *o, struct jsonw *w);

/* Cells. */
struct out_cell out_none(void);
struct out_cell out_text(const char *s);  /* raw bytes; NULL: unknown */
struct out_cell out_words(const char *s); /* ours, or escaped already */
struct out_cell out_u64(uint64_t v);
struct out_cell out_i64(int64_t v);
struct out_cell out_bool(bool v);

/* Escaped copy. */
const char *out_escape(struct arena *a, const char *s);
const char *out_escape_n(struct arena *a, const char *s, size_t len);
/* How many columns of a terminal valid UTF-8 takes. */
size_t out_width(const char *s);
/* Escape sequences around text, or nothing. */
const char *out_on(const struct out *o, enum out_color c);
const char *out_off(const struct out *o, enum out_color c);

/* Tree characters, by what the output can show: "├─ ", "└─ ", "│  ", "   ". */
enum out_branch { OUT_MIDDLE, OUT_LAST, OUT_PASS, OUT_SPACE };
const char *out_branch(const struct out *o, enum out_branch b);
