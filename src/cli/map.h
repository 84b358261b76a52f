/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* `atoll map`: what a snapshot shows, in the order in which it is drawn, and the
 * writers. Text that came from processes is in here only as pn_escape() leaves it:
 * one line, UTF-8, no control characters. Each writer escapes for its own format. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/views.h"

struct map_proc {
	const struct pn_proc *p;
	uint32_t depth; /* below the namespace's first processes */
	const char *outer, *inner;
	const char *state; /* "S", "Z" ... */
	const char *user, *caps, *seccomp, *command;
	const char *mark; /* what is to be known about it, in words; or NULL */
	bool bad;         /* ... and it is wrong */
};

struct map_ns {
	const struct pn_ns *ns;
	uint32_t depth;
	size_t end;       /* index after the last namespace below it */
	const char *name; /* "pid:[4026531836]" */
	const char *owner, *state;
	const char *reap;  /* verdict and evidence; "" */
	const char *count; /* "3 processes, 1 zombie" */
	const char *mark;
	bool bad;
	struct map_proc *procs;
	size_t nproc;
	size_t left_out; /* kernel threads */
};

struct map {
	struct arena *arena;
	const struct view *view;
	const char *title, *note; /* note: what could not be read; or "" */
	struct map_ns *ns;
	size_t count;
};

struct map_opts {
	bool processes, kernel_threads, arguments;
	const char *title;
};

/* What *ret refers to is the view's. */
void map_make(struct map *ret, const struct view *v, const struct map_opts *o);

void map_dot(FILE *out, const struct map *m);
void map_svg(FILE *out, const struct map *m);
void map_html(FILE *out, const struct map *m);

/* Writes text for XML and HTML, in content and in quoted attributes. */
void map_xml_text(FILE *out, const char *s);

/* The parts of the page that do not change (map_page.c). */
extern const char map_page_style[], map_page_script[], map_page_script_hash[];
