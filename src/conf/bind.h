/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Binds a JSON object to a struct, and a struct to JSON, by one table: key,
 * kind, offset, flags. One row is one field of the specification; wrong types,
 * bad values, unknown enumeration words and missing members are reported from
 * here, with their JSON pointer and place. Members without a row are ignored,
 * as the specification demands. A member that is null counts as absent.
 *
 * Writing follows the order of the rows and leaves out what is absent: NULL, a
 * count of 0, false, 0 (unless BIND_ALWAYS) and an empty object (unless its
 * BIND_HAS flag is set). */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/jsonw.h"
#include "conf/json.h"

enum bind_kind {
	BIND_END = 0,
	BIND_STR,      /* const char *; "" is NULL */
	BIND_STR_ABS,  /* the same; must start with '/' */
	BIND_BOOL,     /* bool */
	BIND_OPT_BOOL, /* const bool * */
	BIND_U16,
	BIND_U32,
	BIND_I32,
	BIND_U64,
	BIND_I64, /* by value */
	BIND_OPT_U16,
	BIND_OPT_U32,
	BIND_OPT_I64,
	BIND_OPT_U64,  /* pointers, NULL when absent */
	BIND_U32S,     /* array of numbers: items pointer at offset, count at count_offset */
	BIND_STRINGS,  /* struct oci_strings */
	BIND_PAIRS,    /* struct oci_pairs: an object of strings */
	BIND_WORD,     /* one of `words`, as a number of field_size bytes */
	BIND_WORDS,    /* array of them, as BIND_U32S */
	BIND_WORD_SET, /* array of them, or'ed into a number of field_size bytes */
	BIND_OBJ,      /* nested object into the same struct at offset (sub) */
	BIND_OPT_OBJ,  /* pointer to a new struct of sub_size */
	BIND_ARRAY,    /* array of objects: items pointer at offset, count at count_offset */
	BIND_CUSTOM,   /* a function */
	BIND_REFUSE,   /* known but not supported yet */
	BIND_IGNORE,   /* known and of no effect here */
};

enum {
	BIND_REQUIRED = 1, /* must be there */
	BIND_NONEMPTY =
		2, /* a string, array or object must not be empty; BIND_REFUSE: refused unless it is */
	BIND_ALWAYS = 4,  /* written even if 0 or false */
	BIND_HAS = 8,     /* the bool at has_offset tells that the member is there */
	BIND_CLOSED = 16, /* BIND_OBJ: a member without a row is an error */
	BIND_RANGE = 32,  /* numbers: from min to max */
};

struct bind_ctx {
	const struct json_doc *doc;
	struct arena *arena;
	struct err *e;
};

struct bind_word {
	const char
		*name; /* NULL ends the table; of two names for one number the first is written */
	uint64_t value;
};

/* Small, for there are hundreds: a page of pointers is a page fault in each start of a
 * program that may lie anywhere. What a kind does not use shares its place. */
struct bind_row {
	const char *key;
	enum bind_kind kind : 8;
	unsigned char flags;
	int16_t min;
	uint16_t offset;
	uint16_t sub_size; /* of one sub struct */
	uint16_t count_offset, has_offset;
	uint16_t field_size;
	int64_t max;
	const struct bind_row *sub;
	union {
		const struct bind_word *words;
		/* BIND_CUSTOM */
		int (*custom)(struct bind_ctx *c, const struct json *v, void *field);
	};
	union {
		/* What is wrong with a string (BIND_STR, each of BIND_STRINGS, each key of
		 * BIND_PAIRS), or NULL. */
		const char *(*check)(const char *s);
		/* After an object has been bound to `out` (BIND_OBJ, BIND_OPT_OBJ, each of
		 * BIND_ARRAY). */
		int (*after)(struct bind_ctx *c, const struct json *v, void *out);
		/* BIND_CUSTOM: writes key and value, or nothing. */
		void (*write)(struct jsonw *w, const char *key, const void *field);
	};
};

/* 0, -EINVAL, or -EOPNOTSUPP for BIND_REFUSE. */
int bind_object(struct bind_ctx *c, const struct json *obj, const struct bind_row *rows, void *out);

/* Writes the members of `in` into the open object of `w`; true if there was any. */
bool bind_write(struct jsonw *w, const struct bind_row *rows, const void *in);

/* For BIND_CUSTOM: checks the type and says what was found instead. 0 or -EINVAL. */
int bind_expect(struct bind_ctx *c, const struct json *v, enum json_type type);

/* A word's number; what is not in the table is an error that lists it. */
int bind_word(struct bind_ctx *c, const struct json *v, const struct bind_word *words,
	      uint64_t *ret);
const char *bind_word_name(const struct bind_word *words, uint64_t value); /* or NULL */

/* Calls `each` with the pointer of every BIND_REFUSE row, "*" for an array's index. */
void bind_refused(const struct bind_row *rows, const char *prefix,
		  void (*each)(void *ctx, const char *pointer), void *ctx);
