/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* JSON text as a tree that remembers where each value stands. The reader is
 * yajl's; the tree, the limits and the positions are ours. Duplicate keys,
 * invalid UTF-8, trailing text, NUL inside a key or string, and more than one
 * document are errors. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

enum {
	JSON_DEPTH_MAX = 64,
	JSON_VALUES_MAX = 1 << 20,
};

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json {
	enum json_type type;
	bool boolean;
	const char *key;   /* inside an object, else NULL */
	const char *text;  /* string value, or a number as written; NUL-terminated */
	size_t len;        /* of text */
	size_t offset;     /* of the value's first byte */
	size_t key_offset; /* of the key's first byte, if there is a key */
	uint32_t index; /* among its parent's children, from 0 */
	bool plain; /* YAML: a scalar without quotes and tag; `text` is as written for all types */
	size_t count; /* of children */
	const struct json *parent, *child, *next;
};

struct json_doc {
	const char *name, *text; /* for messages */
	size_t len;
	const struct json *root;
};

int json_parse(const char *name, const char *text, size_t len, struct arena *a,
	       struct json_doc *ret, struct err *e);

const struct json *json_get(const struct json *obj, const char *key); /* NULL if absent */

/* What an RFC 6901 pointer (without ~ escapes) leads to, or the last value on
 * the way that exists. */
const struct json *json_nearest(const struct json_doc *d, const char *pointer);

/* Records "NAME:LINE:COL: POINTER: MESSAGE" (RFC 6901 pointer; "" is the whole
 * document and is left out). Returns -code. */
int json_err(const struct json_doc *d, const struct json *at, struct err *e, int code,
	     const char *fmt, ...) __attribute__((format(printf, 5, 6)));
