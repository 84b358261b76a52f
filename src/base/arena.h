/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* One command, one arena: spec, plan and every string they point to live as
 * long as the command does and are given back together. Memory is zeroed.
 *
 * Allocation does not fail: inputs are bounded before they get here (see
 * IO_FILE_MAX), so running out means that the machine has none left, and the
 * process ends with a message and arena_fail_status (ADR 0004). Between clone and
 * exec nothing allocates. */

#include <stdarg.h>
#include <stddef.h>

/* 1, unless that means something else for the command. */
extern int arena_fail_status;

struct arena_block;

struct arena {
	struct arena_block *head;
	size_t used, size; /* of the head block */
};

void *arena_alloc(struct arena *a, size_t size);
void *arena_dup(struct arena *a, const void *data, size_t size);
char *arena_strndup(struct arena *a, const char *s, size_t len); /* adds the NUL */
char *arena_strdup(struct arena *a, const char *s);
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));
void arena_free(struct arena *a);

/* Makes room for one more of `size` bytes in the array *items (count, cap),
 * doubling as needed; returns the zeroed new element. */
void *arena_push(struct arena *a, void *items, size_t *count, size_t *cap, size_t size);

#define ARENA_NEW(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define autoarena          __attribute__((cleanup(arena_free)))
