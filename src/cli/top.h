/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* `atoll top`: which rows there are (top_rows.c), what processes use (top_usage.c), how it is
 * drawn (top_screen.c), what keys do (cmd_top.c). */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/tick.h"
#include "cli/watch.h"

/* ---- What processes use ---------------------------------------------------------------- */

/* One for each process of a snapshot, in its order. */
struct top_usage {
	pid_t pid;
	uint64_t start, ticks; /* user and system time; start 0: not read */
	double cpu;            /* per cent of one CPU since the last time */
};

/* Reads the times of all processes (PN_F_START) and compares them with those before (NULL: none). */
struct top_usage *top_usage_read(struct tick *now, const struct tick *before,
				 const struct top_usage *usage_before);

/* ---- Rows ---------------------------------------------------------------------------------- */

enum top_sort {
	TOP_OUTER,
	TOP_INNER,
	TOP_USER,
	TOP_STATE,
	TOP_CPU,
	TOP_MEMORY,
	TOP_TIME,
	TOP_OWNER,
	TOP_COMMAND,
	TOP_SORTS
};
extern const char *const top_sort_names[]; /* for people; NULL at the end */

/* Keys of rows, as a set. */
struct top_set {
	uint64_t *keys;
	size_t count, cap;
};
bool top_set_has(const struct top_set *s, uint64_t key);
void top_set_put(struct top_set *s, uint64_t key, bool in); /* without memory: nothing */

enum { TOP_FILTER_MAX = 64 };

struct top_conf {
	enum top_sort sort;
	bool invert, tree, groups, kthreads;
	char filter[TOP_FILTER_MAX];
	struct top_set folded; /* processes of the tree */
	struct top_set opened; /* containers of the groups: they begin folded */
};

struct top_row {
	uint64_t key;            /* the same process or container has the same one later */
	const struct pn_proc *p; /* NULL: a container */
	double cpu;
	uint64_t ticks, rss_kib;
	const char *owner, *command, *note; /* escaped; note may be NULL */
	const char *prefix;                 /* tree characters */
	bool folds, folded;                 /* it can be; it is */
	bool bad;
};

struct top_rows {
	struct top_row *items;
	size_t count;
	size_t matched, zombies, threads; /* processes */
};

/* Which rows are shown, in order. Memory is the tick's. `watch` knows the age of zombies. */
void top_rows_make(struct top_rows *ret, struct tick *t, const struct top_usage *usage,
		   const struct top_conf *c, const struct view_filter *targets,
		   const struct watch *watch);

/* ---- The screen -------------------------------------------------------------------------- */

struct top_machine {
	double load[3];
	uint64_t uptime_s, memory_kib, memory_used_kib;
	size_t cpus;
};
void top_machine_read(struct top_machine *ret);

struct top_screen {
	const struct tick *tick;
	const struct top_rows *rows;
	const struct top_conf *conf;
	struct top_machine machine;
	size_t selected, first; /* rows */
	bool paused;
	const char *prompt; /* on the last line: "Filter: " ..., or NULL */
	const char *input;  /* what was typed */
	const char *message;
};

/* -ENOTTY with words: no terminal, or one that is not known. */
int top_screen_open(struct err *e);
void top_screen_close(void);
/* Draws all of it; `first` is moved so that `selected` is seen. */
void top_screen_draw(struct top_screen *s);
/* A list in a box: the index that was chosen, or -1. */
int top_screen_menu(const char *title, const char *const *items, size_t count, size_t selected);
void top_screen_help(void);
/* The next key (KEY_* of ncurses), or -1 after timeout_ms; -2: the terminal is gone. */
int top_screen_key(uint64_t timeout_ms);
/* Rows on one page. */
size_t top_screen_page(void);
