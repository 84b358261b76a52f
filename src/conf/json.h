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

/* Audits hold millions: 64 bytes. Texts are below 4 GiB. */
struct json {
	enum json_type type : 8;
	bool boolean;
	bool plain;          /* YAML: a scalar without quotes and without a tag of YAML's own */
	bool tagged;         /* YAML: json_tag() has something to say */
	uint32_t index;      /* among its parent's children, from 0 */
	uint32_t len;        /* of text */
	uint32_t offset;     /* of the value's first byte */
	uint32_t key_offset; /* of the key's first byte, if there is a key */
	uint32_t count;      /* of children */
	const char *key;     /* inside an object, else NULL */
	const char *text;    /* string value, number, or any plain scalar of YAML; NUL-terminated.
			      * As written, but for integers of YAML (conf/yaml.h) */
	const struct json *parent, *child, *next;
};

/* YAML: a tag that is not YAML's own ("!reset"), or NULL. */
const char *json_tag(const struct json *v);

struct json_doc {
	const char *name, *text; /* for messages */
	size_t len;
	const struct json *root;
};

/* The strict reading, for what the runtime acts upon. */
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

/* Of an error that came later, about a value of `d`: puts its place before the message, in the
 * form of json_err(). The value is the one whose pointer the message has at its beginning or
 * behind the first "): ", else that of `pointer`, if it is not NULL; with neither, or if there is
 * no room for it, nothing is changed. */
void json_err_place(const struct json_doc *d, const char *pointer, struct err *e);

/* ---- The lenient reading, for what is only looked at (audit) ------------------------------- */

/* It goes on where the strict one stops: a text may hold several documents, one behind the
 * other; of a key that is given twice the last value counts, as for Go's decoders. Whatever is
 * wrong is an issue: with a place, in the order of the text. yaml_read() has the same result. */
enum {
	JSON_DEEP_MAX = 256,     /* depth */
	JSON_MANY_MAX = 8 << 20, /* values of one text, what YAML's aliases stand for included */
	JSON_DOCS_MAX = 100000,  /* documents of one text */
	JSON_ISSUES_MAX = 1000,  /* of one text; then the last one says so */
};

enum json_issue_kind {
	JSON_BROKEN,    /* a document was lost by it: syntax, encoding */
	JSON_LIMIT,     /* ... by one of the limits above, or a bomb */
	JSON_DUPLICATE, /* a key given again; `node` is the value that counts, key_offset its key */
	JSON_ODD /* one value is not what it seems: a merge of what is no mapping, a tag that does
			 * not fit, a key that is a mapping. `node` is the value, if there is one */
};

struct json_issue {
	enum json_issue_kind kind;
	uint32_t offset; /* in the text */
	const char
		*message; /* one clause without place; what it quotes of the text is not escaped */
	const struct json *node; /* or NULL */
	const struct json
		*first; /* JSON_DUPLICATE: the value that was given before, and does not count */
	const struct json_issue *next;
};

struct json_tree { /* one document */
	const struct json *root;
	const struct json_tree *next;
};

/* Bytes of the text: from `from` on, before `to`. */
struct json_span {
	uint32_t from, to;
};

struct json_set {
	const struct json_tree *docs, **docs_end;
	size_t doc_count; /* that were read: empty ones (of YAML) and lost ones are not among them */
	size_t values;
	const struct json_issue *issues, **issues_end;
	size_t issue_count;
	/* YAML: the scalars with a '#' that begins no comment, quoted ones and blocks, in order. */
	const struct json_span *hashes;
	size_t hash_count, hash_cap;
};

/* The text must outlive the set, as must the arena. It should be UTF-8 (conf/encoding.h); what is not
 * is an issue. */
void json_read(const char *text, size_t len, struct arena *a, struct json_set *ret);

/* For many texts in one arena: what their values have in common is kept once. `pool` is of that
 * arena (conf/json_set.h). */
struct json_pool;
struct json_pool *json_pool_new(struct arena *a);
void json_read_pooled(const char *text, size_t len, struct json_pool *pool, struct json_set *ret);
