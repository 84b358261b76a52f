/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A JSON writer into a growing arena buffer. Keys and strings are escaped;
 * bytes that are not UTF-8 become U+FFFD. Commas and, if `indent` is set, line
 * breaks are the writer's business. The caller keeps open/close balanced. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

enum {
	JSONW_DEPTH_MAX = 32,
	JSONW_TABS = -1, /* for indent: one tab a level */
};

struct jsonw {
	struct arena *arena;
	int indent; /* spaces a level; 0 = one line; or JSONW_TABS */
	char *buf;
	size_t len, cap;
	int depth;
	bool more[JSONW_DEPTH_MAX + 1]; /* this level has an element already */
	bool keyed;                     /* a key was just written */
};

void jsonw_init(struct jsonw *w, struct arena *a, int indent);
void jsonw_obj(struct jsonw *w);
void jsonw_obj_end(struct jsonw *w);
void jsonw_arr(struct jsonw *w);
void jsonw_arr_end(struct jsonw *w);
void jsonw_key(struct jsonw *w, const char *key);
void jsonw_str(struct jsonw *w, const char *s); /* NULL writes null */
void jsonw_strn(struct jsonw *w, const char *s, size_t len);
void jsonw_i64(struct jsonw *w, int64_t v);
void jsonw_u64(struct jsonw *w, uint64_t v);
void jsonw_bool(struct jsonw *w, bool v);
void jsonw_null(struct jsonw *w);
void jsonw_raw(struct jsonw *w, const char *json, size_t len); /* must be valid JSON */
void jsonw_nl(struct jsonw *w); /* a bare line break after the document */

/* key + value in one */
void jsonw_kstr(struct jsonw *w, const char *key, const char *s);
void jsonw_ki64(struct jsonw *w, const char *key, int64_t v);
void jsonw_ku64(struct jsonw *w, const char *key, uint64_t v);
void jsonw_kbool(struct jsonw *w, const char *key, bool v);
