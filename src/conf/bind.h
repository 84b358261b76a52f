/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Binds a JSON object to a struct by a table: key, type, offset, flags. One
 * row is one field of the specification; wrong types, bad values, unknown
 * enumeration words and missing members are reported from here, with their
 * JSON pointer and place. Members without a row are ignored, as the
 * specification demands. */

#include <stddef.h>

#include "conf/json.h"

enum bind_kind {
	BIND_END = 0,
	BIND_STR,     /* const char * */
	BIND_STR_ABS, /* the same; must start with '/' */
	BIND_BOOL,    /* bool */
	BIND_OPT_BOOL,                                             /* const bool * */
	BIND_U16, BIND_U32, BIND_I32, BIND_U64, BIND_I64,          /* by value */
	BIND_OPT_U16, BIND_OPT_U32, BIND_OPT_I64, BIND_OPT_U64,    /* pointers, NULL when absent */
	BIND_STRINGS, /* struct oci_strings */
	BIND_PAIRS,   /* struct oci_pairs: an object of strings */
	BIND_OBJ,     /* nested object into the same struct at offset (sub) */
	BIND_OPT_OBJ, /* pointer to a new struct of sub_size */
	BIND_ARRAY,   /* array of objects: items pointer at offset, count at count_offset */
	BIND_CUSTOM,  /* a function */
	BIND_REFUSE,  /* known but not supported yet */
	BIND_IGNORE,  /* known and of no effect here */
};

enum { BIND_REQUIRED = 1, BIND_NONEMPTY = 2 };

struct bind_ctx {
	const struct json_doc *doc;
	struct arena *arena;
	struct err *e;
};

struct bind_row {
	const char *key;
	enum bind_kind kind;
	unsigned int flags;
	size_t offset;
	const struct bind_row *sub;
	size_t sub_size;
	size_t count_offset;
	int (*custom)(struct bind_ctx *c, const struct json *v, void *field);
};

int bind_object(struct bind_ctx *c, const struct json *obj, const struct bind_row *rows, void *out);
