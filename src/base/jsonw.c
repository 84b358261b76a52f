/* SPDX-License-Identifier: Apache-2.0 */
#include "base/jsonw.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

static void put(struct jsonw *w, const char *s, size_t n)
{
	if (w->cap - w->len < n + 1) {
		size_t cap = (w->cap + n + 1) * 2;
		char *bigger = arena_alloc(w->arena, cap);

		if (w->len)
			memcpy(bigger, w->buf, w->len);
		w->buf = bigger;
		w->cap = cap;
	}
	memcpy(w->buf + w->len, s, n);
	w->len += n;
	w->buf[w->len] = '\0';
}

static void line(struct jsonw *w)
{
	static const char blanks[] =
		"                                                                ";
	size_t n = (size_t)w->depth * (size_t)(w->indent > 0 ? w->indent : 0);

	if (!w->indent)
		return;
	put(w, "\n", 1);
	for (int i = 0; w->indent == JSONW_TABS && i < w->depth; i++)
		put(w, "\t", 1);
	put(w, blanks, n < sizeof(blanks) - 1 ? n : sizeof(blanks) - 1);
}

/* What stands before any value or key: a comma, a new line, or nothing. */
static void before(struct jsonw *w)
{
	if (w->keyed) {
		w->keyed = false;
		return;
	}
	if (w->more[w->depth])
		put(w, ",", 1);
	if (w->depth > 0)
		line(w);
	w->more[w->depth] = true;
}

static void open_level(struct jsonw *w, const char *c)
{
	before(w);
	put(w, c, 1);
	assert(w->depth < JSONW_DEPTH_MAX);
	w->more[++w->depth] = false;
}

static void close_level(struct jsonw *w, const char *c)
{
	assert(w->depth > 0 && !w->keyed);
	if (w->more[w->depth--])
		line(w);
	put(w, c, 1);
}

static void quoted(struct jsonw *w, const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s, *end = p + len;
	char esc[8];

	put(w, "\"", 1);
	while (p < end) {
		size_t n = utf8_len(p, (size_t)(end - p));

		if (n == 0) {
			put(w, "\xef\xbf\xbd", 3);
			n = 1;
		} else if (*p == '"' || *p == '\\') {
			esc[0] = '\\';
			esc[1] = (char)*p;
			put(w, esc, 2);
		} else if (*p == '\n') {
			put(w, "\\n", 2);
		} else if (*p == '\t') {
			put(w, "\\t", 2);
		} else if (*p < 0x20 || *p == 0x7f) {
			(void)snprintf(esc, sizeof(esc), "\\u%04x", *p);
			put(w, esc, 6);
		} else if (*p == 0xc2 && p[1] < 0xa0) { /* C1: orders to a terminal, too */
			(void)snprintf(esc, sizeof(esc), "\\u%04x", p[1]);
			put(w, esc, 6);
		} else {
			put(w, (const char *)p, n);
		}
		p += n;
	}
	put(w, "\"", 1);
}

void jsonw_init(struct jsonw *w, struct arena *a, int indent)
{
	*w = (struct jsonw){ .arena = a, .indent = indent };
}

void jsonw_obj(struct jsonw *w)
{
	open_level(w, "{");
}

void jsonw_obj_end(struct jsonw *w)
{
	close_level(w, "}");
}

void jsonw_arr(struct jsonw *w)
{
	open_level(w, "[");
}

void jsonw_arr_end(struct jsonw *w)
{
	close_level(w, "]");
}

void jsonw_key(struct jsonw *w, const char *key)
{
	before(w);
	quoted(w, key, strlen(key));
	put(w, w->indent ? ": " : ":", w->indent ? 2 : 1);
	w->keyed = true;
}

void jsonw_strn(struct jsonw *w, const char *s, size_t len)
{
	before(w);
	quoted(w, s, len);
}

void jsonw_str(struct jsonw *w, const char *s)
{
	if (s)
		jsonw_strn(w, s, strlen(s));
	else
		jsonw_null(w);
}

void jsonw_raw(struct jsonw *w, const char *json, size_t len)
{
	before(w);
	put(w, json, len);
}

void jsonw_i64(struct jsonw *w, int64_t v)
{
	char n[24];

	jsonw_raw(w, n, (size_t)snprintf(n, sizeof(n), "%" PRId64, v));
}

void jsonw_u64(struct jsonw *w, uint64_t v)
{
	char n[24];

	jsonw_raw(w, n, (size_t)snprintf(n, sizeof(n), "%" PRIu64, v));
}

void jsonw_bool(struct jsonw *w, bool v)
{
	jsonw_raw(w, v ? "true" : "false", v ? 4 : 5);
}

void jsonw_null(struct jsonw *w)
{
	jsonw_raw(w, "null", 4);
}

void jsonw_nl(struct jsonw *w)
{
	assert(w->depth == 0);
	put(w, "\n", 1);
}

void jsonw_kstr(struct jsonw *w, const char *key, const char *s)
{
	jsonw_key(w, key);
	jsonw_str(w, s);
}

void jsonw_ki64(struct jsonw *w, const char *key, int64_t v)
{
	jsonw_key(w, key);
	jsonw_i64(w, v);
}

void jsonw_ku64(struct jsonw *w, const char *key, uint64_t v)
{
	jsonw_key(w, key);
	jsonw_u64(w, v);
}

void jsonw_kbool(struct jsonw *w, const char *key, bool v)
{
	jsonw_key(w, key);
	jsonw_bool(w, v);
}
