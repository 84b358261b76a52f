/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A text that grows, in an arena. `s` is NULL until something was put in, and then ends in a
 * NUL that `len` does not count. */

#include <stddef.h>

#include "base/arena.h"

struct str {
	struct arena *arena;
	char *s;
	size_t len, cap;
};

void str_put(struct str *t, const void *s, size_t len);
void str_puts(struct str *t, const char *s);
void str_repeat(struct str *t, char c, size_t n);
void str_printf(struct str *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Room for n more bytes, where the caller may write; str_took() says how many it did. */
char *str_room(struct str *t, size_t n);
void str_took(struct str *t, size_t n);
