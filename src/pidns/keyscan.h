/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A few keys out of the JSON that engines keep: values are found in the text, nothing is built.
 * For files that belong to root's engines; what is malformed gives nothing. No recursion. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct span {
	const char *at, *end;
};

/* The value of a member of the object that starts in `obj`. */
bool keyscan_member(struct span obj, const char *key, struct span *ret);
/* The elements of an array, one at each call; `arr` moves on. Start with the whole array. */
bool keyscan_next(struct span *arr, struct span *ret);
/* A string's text, unescaped (\u becomes UTF-8, a NUL ends it); false: no string, or too long. */
bool keyscan_string(struct span v, char *buf, size_t size);
bool keyscan_u64(struct span v, uint64_t *ret);
/* keyscan_member() and keyscan_string() in one. */
bool keyscan_text(struct span obj, const char *key, char *buf, size_t size);
