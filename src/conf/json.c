/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/json.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "base/cleanup.h"
#include "conf/encoding.h"
#include "conf/json_set.h"

/* An open object or array, and where its next child goes. */
struct level {
	struct json *node, *last;
	struct json_seen seen; /* lenient: its keys */
};

struct reader {
	struct json_doc *doc;
	struct json_set *set; /* lenient; else NULL */
	struct json_pool *pool;
	struct arena *arena;
	struct err *e;
	yajl_handle yajl;
	struct level stack[JSON_DEEP_MAX];
	size_t depth_max, values_max;
	size_t depth, values;
	size_t end; /* of the last token that was handed to us */
	const char *key;
	size_t key_offset;
	int result;
};

static void position(const struct json_doc *d, size_t offset, size_t *ret_line, size_t *ret_col)
{
	size_t line = 1, col = 1;

	for (size_t i = 0; i < offset && i < d->len; i++) {
		col++;
		if (d->text[i] == '\n') {
			line++;
			col = 1;
		}
	}
	*ret_line = line;
	*ret_col = col;
}

/* Messages quote the input: no control character of it reaches a log. */
static void printable(char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			*s = '?';
}

static int fail_at(const struct json_doc *d, size_t offset, struct err *e, int code,
		   const char *pointer, const char *msg)
{
	char text[sizeof(e->msg)];
	size_t line, col;
	int n;

	position(d, offset, &line, &col);
	n = snprintf(text, sizeof(text), "%s:%zu:%zu: %s%s%s", d->name, line, col, pointer,
		     *pointer ? ": " : "", msg);
	if (n >= (int)sizeof(text))
		memcpy(text + sizeof(text) - 4, "...", 4);
	printable(text);
	return err_set(e, code, "%s", text);
}

/* One reference token of a pointer, escaped as RFC 6901 has it. What does not fit
 * is cut: a hostile key may be longer than any message. */
static size_t add_token(char *buf, size_t size, size_t len, const char *token)
{
	if (len + 1 < size)
		buf[len++] = '/';
	for (; *token && len + 3 < size; token++) {
		if (*token == '~' || *token == '/') {
			buf[len++] = '~';
			buf[len++] = *token == '~' ? '0' : '1';
		} else {
			buf[len++] = *token;
		}
	}
	buf[len] = '\0';
	return len;
}

static void pointer_to(const struct json *at, char *buf, size_t size)
{
	const struct json *path[JSON_DEEP_MAX + 1];
	size_t depth = 0, len = 0;
	char index[24];

	buf[0] = '\0';
	for (; at && at->parent && depth <= JSON_DEEP_MAX; at = at->parent)
		path[depth++] = at;
	while (depth-- > 0) {
		size_t i = 0;

		if (path[depth]->key) {
			len = add_token(buf, size, len, path[depth]->key);
			continue;
		}
		for (const struct json *s = path[depth]->parent->child; s && s != path[depth];
		     s = s->next)
			i++;
		(void)snprintf(index, sizeof(index), "%zu", i);
		len = add_token(buf, size, len, index);
	}
}

int json_err(const struct json_doc *d, const struct json *at, struct err *e, int code,
	     const char *fmt, ...)
{
	char pointer[256], msg[sizeof(e->msg)];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	pointer_to(at, pointer, sizeof(pointer));
	return fail_at(d, at ? at->offset : 0, e, code, pointer, msg);
}

/* Members that a configuration begins with: "/root: ..." may be a path as well. */
static bool is_pointer(const char *s)
{
	static const char *const first[] = { "/process",     "/linux",    "/mounts",
					     "/hooks",       "/hostname", "/domainname",
					     "/annotations", "/root/path" };

	for (size_t i = 0; i < ARRAY_LEN(first); i++) {
		size_t len = strlen(first[i]);

		if (strncmp(s, first[i], len) == 0 && (s[len] == '/' || s[len] == ':'))
			return strstr(s, ": ") != NULL;
	}
	return false;
}

void json_err_place(const struct json_doc *d, const char *pointer, struct err *e)
{
	char own[256], text[sizeof(e->msg)];
	const char *msg = e->msg, *step = strstr(e->msg, "): "), *base = strrchr(d->name, '/');
	const char *at = is_pointer(msg) ? msg : step && is_pointer(step + 3) ? step + 3 : NULL;
	size_t line, col, head = at ? (size_t)(at - msg) : 0;
	const struct json *v;
	int n;

	if (at) {
		(void)snprintf(own, sizeof(own), "%.*s", (int)(strstr(at, ": ") - at), at);
		pointer = own;
		at = strstr(at, ": ") + 2;
	}
	v = pointer ? json_nearest(d, pointer) : NULL;
	if (!v)
		return;
	position(d, v->offset, &line, &col);
	for (const char *name = d->name;; name = base + 1) {
		n = snprintf(text, sizeof(text), "%s:%zu:%zu: %s: %.*s%s", name, line, col, pointer,
			     (int)head, msg, at ? at : msg);
		if (n < (int)sizeof(text))
			break;
		if (!base || name != d->name)
			return;
	}
	printable(text);
	memcpy(e->msg, text, sizeof(e->msg));
}

const struct json *json_get(const struct json *obj, const char *key)
{
	if (!obj || obj->type != JSON_OBJECT)
		return NULL;
	for (const struct json *c = obj->child; c; c = c->next)
		if (strcmp(c->key, key) == 0)
			return c;
	return NULL;
}

/* Index in an array, as RFC 6901 writes it. */
static const struct json *element(const struct json *array, const char *token, size_t len)
{
	const struct json *c = array->child;
	size_t i = 0;

	if (len == 0 || len > 9)
		return NULL;
	for (size_t k = 0; k < len; k++) {
		if (token[k] < '0' || token[k] > '9')
			return NULL;
		i = i * 10 + (size_t)(token[k] - '0');
	}
	while (c && i-- > 0)
		c = c->next;
	return c;
}

const struct json *json_nearest(const struct json_doc *d, const char *pointer)
{
	const struct json *at = d->root;

	while (at && *pointer == '/') {
		const char *token = pointer + 1;
		size_t len = strcspn(token, "/");
		const struct json *c = NULL;

		if (at->type == JSON_ARRAY) {
			c = element(at, token, len);
		} else {
			for (c = at->child; c; c = c->next)
				if (strlen(c->key) == len && memcmp(c->key, token, len) == 0)
					break;
		}
		if (!c)
			return at;
		at = c;
		pointer = token + len;
	}
	return at;
}

static int stop(struct reader *r, const struct json *at, int code, const char *msg)
{
	if (r->set) {
		(void)json_set_issue(r->set, r->arena, code == E2BIG ? JSON_LIMIT : JSON_BROKEN,
				     at ? at->offset : 0, "%s", msg);
		r->result = -code;
		return 0;
	}
	r->result = json_err(r->doc, at, r->e, code, "%s", msg);
	return 0;
}

/* A value is complete. At the top it is a document, of which the lenient reading takes many. */
static int complete(struct reader *r, const struct json *v)
{
	if (!r->set || r->depth)
		return 1;
	if (r->set->doc_count == JSON_DOCS_MAX)
		return stop(r, v, E2BIG, "more documents than are read");
	json_set_doc(r->set, r->arena, v);
	return 1;
}

/* Appends a value to the open container; NULL when a limit is reached. The
 * value starts at the first byte behind the last token that is neither blank
 * nor a separator: yajl has just checked that nothing else is there. */
static struct json *add(struct reader *r, enum json_type type)
{
	struct level *top = r->depth ? &r->stack[r->depth - 1] : NULL;
	struct json *v;

	if (++r->values > r->values_max) {
		(void)stop(r, top ? top->node : NULL, E2BIG,
			   "more values than any configuration has");
		return NULL;
	}
	v = ARENA_NEW(r->arena, struct json);
	v->type = type;
	v->key = r->key;
	v->key_offset = (uint32_t)r->key_offset;
	r->key = NULL;
	v->offset = (uint32_t)r->end;
	while (v->offset < r->doc->len && strchr(" \t\r\n,:", r->doc->text[v->offset]))
		v->offset++;
	r->end = yajl_get_bytes_consumed(r->yajl);
	if (!top) {
		r->doc->root = v;
		return v;
	}
	v->parent = top->node;
	v->index = top->node->count++;
	if (top->last)
		top->last->next = v;
	else
		top->node->child = v;
	top->last = v;
	return v;
}

static int on_null(void *ctx)
{
	struct json *v = add(ctx, JSON_NULL);

	return v ? complete(ctx, v) : 0;
}

static int on_boolean(void *ctx, int value)
{
	struct json *v = add(ctx, JSON_BOOL);

	if (!v)
		return 0;
	v->boolean = value != 0;
	return complete(ctx, v);
}

static const char *text_of(struct reader *r, const char *s, size_t len)
{
	return r->pool ? json_pool_text(r->pool, s, len) : arena_strndup(r->arena, s, len);
}

static int on_number(void *ctx, const char *s, size_t len)
{
	struct reader *r = ctx;
	struct json *v = add(r, JSON_NUMBER);

	if (!v)
		return 0;
	v->text = text_of(r, s, len);
	v->len = (uint32_t)len;
	return complete(r, v);
}

/* Four hexadecimal digits; yajl has checked that they are. */
static unsigned int hex4(const char *s)
{
	unsigned int v = 0;

	for (int i = 0; i < 4; i++)
		v = v << 4 | (unsigned int)(s[i] <= '9' ? s[i] - '0' : (s[i] | 0x20) - 'a' + 10);
	return v;
}

/* yajl writes '?' for a \uD800 that has no second half: that would change what
 * was meant, so it is an error. `raw` is the token between its quotes. */
static bool surrogates_paired(const char *raw, const char *end)
{
	while (raw < end) {
		unsigned int u;

		if (*raw++ != '\\')
			continue;
		if (end - raw < 5 || *raw++ != 'u')
			continue;
		u = hex4(raw);
		raw += 4;
		if (u < 0xd800 || u > 0xdfff)
			continue;
		if (u > 0xdbff || end - raw < 6 || raw[0] != '\\' || raw[1] != 'u')
			return false;
		u = hex4(raw + 2);
		if (u < 0xdc00 || u > 0xdfff)
			return false;
		raw += 6;
	}
	return true;
}

/* Checks that hold for keys and string values. The token's text ends at `end`. */
static const char *string_complaint(const struct reader *r, const char *s, size_t len, size_t start,
				    size_t end)
{
	if (memchr(s, '\0', len))
		return "a NUL character is not allowed in a string";
	if (end - start != len + 2 &&
	    !surrogates_paired(r->doc->text + start + 1, r->doc->text + end - 1))
		return "an escape sequence is half of a UTF-16 surrogate pair";
	return NULL;
}

/* What Go's decoder takes, in its way, and the strict reading does not. */
static int odd(struct reader *r, const struct json *at, size_t offset, const char *complaint)
{
	if (!r->set)
		return stop(r, at, EINVAL, complaint);
	(void)json_set_issue(r->set, r->arena, JSON_ODD, offset, "%s", complaint);
	return 1;
}

static int on_string(void *ctx, const unsigned char *s, size_t len)
{
	struct reader *r = ctx;
	struct json *v = add(r, JSON_STRING);
	const char *complaint;

	if (!v)
		return 0;
	v->text = text_of(r, (const char *)s, len);
	v->len = (uint32_t)len;
	complaint = string_complaint(r, (const char *)s, len, v->offset, r->end);
	if (complaint && !odd(r, v, v->offset, complaint))
		return 0;
	return complete(r, v);
}

static int on_key(void *ctx, const unsigned char *s, size_t len)
{
	struct reader *r = ctx;
	struct level *top = &r->stack[r->depth - 1];
	struct json here = { .parent = top->node, .key = "", .offset = (uint32_t)r->end };
	const char *complaint;

	while (here.offset < r->doc->len && r->doc->text[here.offset] != '"')
		here.offset++;
	r->end = yajl_get_bytes_consumed(r->yajl);
	r->key_offset = here.offset;
	r->key = here.key = text_of(r, (const char *)s, len);
	json_seen_add(&top->seen, r->key, len);
	complaint = string_complaint(r, (const char *)s, len, here.offset, r->end);
	return complaint ? odd(r, &here, here.offset, complaint) : 1;
}

static int open_level(struct reader *r, enum json_type type)
{
	struct json *v = add(r, type);

	if (!v)
		return 0;
	if (r->depth == r->depth_max)
		return stop(r, v, E2BIG, "nested too deeply");
	r->stack[r->depth++] = (struct level){ .node = v };
	return 1;
}

static int on_start_map(void *ctx)
{
	return open_level(ctx, JSON_OBJECT);
}

static int on_start_array(void *ctx)
{
	return open_level(ctx, JSON_ARRAY);
}

static int by_key(const void *a, const void *b)
{
	const struct json *x = *(const struct json *const *)a, *y = *(const struct json *const *)b;
	int r = strcmp(x->key, y->key);

	return r ? r : (x->offset > y->offset) - (x->offset < y->offset);
}

static const struct json *duplicate_small(const struct json *obj, const struct json **ret_first)
{
	for (const struct json *a = obj->child; a; a = a->next) {
		for (const struct json *b = a->next; b; b = b->next) {
			if (strcmp(a->key, b->key) == 0) {
				*ret_first = a;
				return b;
			}
		}
	}
	return NULL;
}

static const struct json *duplicate_sorted(struct arena *a, const struct json *obj,
					   const struct json **ret_first)
{
	const struct json **all = arena_alloc(a, obj->count * sizeof(*all));
	size_t n = 0;

	for (const struct json *c = obj->child; c; c = c->next)
		all[n++] = c;
	qsort(all, n, sizeof(*all), by_key);
	for (size_t i = 1; i < n; i++) {
		if (strcmp(all[i - 1]->key, all[i]->key) == 0) {
			*ret_first = all[i - 1];
			return all[i];
		}
	}
	return NULL;
}

/* Strict: a key that is given twice is an error. */
static int keys_once(struct reader *r)
{
	const struct json *obj = r->stack[r->depth - 1].node, *first = NULL, *again;
	size_t line, col;

	again = obj->count <= 24 ? duplicate_small(obj, &first)
				 : duplicate_sorted(r->arena, obj, &first);
	if (again) {
		position(r->doc, first->offset, &line, &col);
		r->result = json_err(r->doc, again, r->e, EINVAL,
				     "duplicate key, first given at %zu:%zu", line, col);
		return 0;
	}
	return 1;
}

static int close_level(struct reader *r)
{
	const struct json *v = r->stack[--r->depth].node;

	r->end = yajl_get_bytes_consumed(r->yajl);
	return complete(r, v);
}

static int on_end_map(void *ctx)
{
	struct reader *r = ctx;
	struct level *top = &r->stack[r->depth - 1];

	if (!r->set && !keys_once(r))
		return 0;
	if (r->set && top->seen.maybe)
		json_set_fold(r->set, r->arena, top->node);
	return close_level(r);
}

static int on_end_array(void *ctx)
{
	return close_level(ctx);
}

static const yajl_callbacks callbacks = {
	.yajl_null = on_null,
	.yajl_boolean = on_boolean,
	.yajl_number = on_number,
	.yajl_string = on_string,
	.yajl_start_map = on_start_map,
	.yajl_map_key = on_key,
	.yajl_end_map = on_end_map,
	.yajl_start_array = on_start_array,
	.yajl_end_array = on_end_array,
};

/* yajl's own memory. For a text of some size it is an arena that ends with the reading; for a
 * little one it may stay, as to clear a block for it would cost eight page faults. What is
 * handed out remembers its size in front of it, for realloc. */
enum { HEAD = 16, LITTLE = 64 * 1024 };

static void *yajl_arena_malloc(void *ctx, size_t size)
{
	unsigned char *p = arena_alloc(ctx, size + HEAD);

	memcpy(p, &size, sizeof(size));
	return p + HEAD;
}

static void *yajl_arena_realloc(void *ctx, void *old, size_t size)
{
	void *p = yajl_arena_malloc(ctx, size);
	size_t had;

	if (old) {
		memcpy(&had, (unsigned char *)old - HEAD, sizeof(had));
		memcpy(p, old, had < size ? had : size);
	}
	return p;
}

static void yajl_arena_free(void *ctx, void *p)
{
	(void)ctx;
	(void)p;
}

/* yajl stops behind what it could not use, but for those errors inside a token
 * after which it puts the character back. */
static bool put_back(const char *words)
{
	return strncmp(words, "lexical error:", 14) == 0 &&
	       !strstr(words, "invalid char in json text") && !strstr(words, "comment");
}

/* yajl's words as one line without its full stop, at the place where it stopped. */
static int syntax_error(struct reader *r, bool at_end)
{
	const unsigned char *text = (const unsigned char *)r->doc->text;
	unsigned char *words = yajl_get_error(r->yajl, 0, text, r->doc->len);
	size_t at = yajl_get_bytes_consumed(r->yajl), n;
	char msg[128];

	(void)snprintf(msg, sizeof(msg), "%s", words ? (const char *)words : "syntax error");
	n = strcspn(msg, "\n");
	while (n > 0 && (msg[n - 1] == '.' || msg[n - 1] == ' '))
		n--;
	msg[n] = '\0';
	if (at_end)
		at = r->doc->len;
	else if (at > 0 && !put_back(msg))
		at--;
	if (r->set) {
		(void)json_set_issue(r->set, r->arena, JSON_BROKEN, at, "%s", msg);
		return -EINVAL;
	}
	return fail_at(r->doc, at, r->e, EINVAL, "", msg);
}

static int read_text(struct reader *r)
{
	const unsigned char *text = (const unsigned char *)r->doc->text;
	autoarena struct arena scratch = { 0 };
	yajl_alloc_funcs memory = {
		.malloc = yajl_arena_malloc,
		.realloc = yajl_arena_realloc,
		.free = yajl_arena_free,
		.ctx = r->doc->len <= LITTLE ? r->arena : &scratch,
	};
	yajl_status status;

	r->yajl = yajl_alloc(&callbacks, &memory, r);
	if (r->set)
		(void)yajl_config(r->yajl, yajl_allow_multiple_values, 1);
	status = yajl_parse(r->yajl, text, r->doc->len);
	if (status == yajl_status_ok) {
		status = yajl_complete_parse(r->yajl);
		if (status == yajl_status_error)
			return syntax_error(r, true);
	}
	if (status == yajl_status_client_canceled)
		return r->result;
	return status == yajl_status_ok ? 0 : syntax_error(r, false);
}

static bool is_blank(const char *text, size_t len)
{
	size_t i = 0;

	while (i < len && strchr(" \t\r\n", text[i]) && text[i])
		i++;
	return i == len;
}

int json_parse(const char *name, const char *text, size_t len, struct arena *a,
	       struct json_doc *ret, struct err *e)
{
	struct json_doc doc = { .name = name, .text = text, .len = len };
	struct reader r = {
		.doc = &doc,
		.arena = a,
		.e = e,
		.depth_max = JSON_DEPTH_MAX,
		.values_max = JSON_VALUES_MAX,
	};
	size_t bad;
	int k;

	if (len >= UINT32_MAX)
		return err_set(e, E2BIG, "%s: 4 GiB and more are not read", name);
	/* yajl lets overlong forms and surrogates pass. */
	bad = encoding_bad(text, len);
	if (bad < len)
		return fail_at(&doc, bad, e, EINVAL, "", "this byte is not valid UTF-8");
	if (is_blank(text, len))
		return fail_at(&doc, len, e, EINVAL, "", "there is no JSON text, it is empty");
	k = read_text(&r);
	if (k == 0)
		*ret = doc;
	return k;
}

void json_read(const char *text, size_t len, struct arena *a, struct json_set *ret)
{
	json_read_pooled(text, len, json_pool_new(a), ret);
}

void json_read_pooled(const char *text, size_t len, struct json_pool *pool, struct json_set *ret)
{
	struct arena *a = pool->arena;
	struct json_doc doc = { .name = "", .text = text, .len = len };
	struct reader r = {
		.doc = &doc,
		.set = ret,
		.pool = pool,
		.arena = a,
		.depth_max = JSON_DEEP_MAX,
		.values_max = JSON_MANY_MAX,
	};
	size_t bad;

	json_set_init(ret);
	bad = encoding_bad(text, len);
	if (len >= UINT32_MAX)
		(void)json_set_issue(ret, a, JSON_LIMIT, 0, "4 GiB and more are not read");
	else if (bad < len)
		(void)json_set_issue(ret, a, JSON_BROKEN, bad, "this byte is not valid UTF-8");
	else if (!is_blank(text, len))
		(void)read_text(&r);
	ret->values = r.values;
}
