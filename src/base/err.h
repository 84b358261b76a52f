/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Errors in words. A function that can fail returns >= 0 or -errno; where
 * words help, its last parameter is a `struct err *` that keeps the first
 * failure recorded. The record is plain bytes, so it needs no heap between
 * clone and exec and crosses the parent/child socket in one write. A message is
 * one line without control characters, whatever it quotes. */

#include <limits.h>

struct err {
	int code; /* a positive errno; 0 = nothing recorded */
	char msg[508];
};

_Static_assert(sizeof(struct err) <= PIPE_BUF, "one record, one atomic write");

/* Records `code` (> 0) with its message, unless something is recorded already.
 * Returns -code. In `fmt`, %m stands for `code` in words. `e` may be NULL. */
int err_set(struct err *e, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Puts "CONTEXT: " before the recorded message (or before the words of -r, if
 * nothing is recorded). Returns r, which must be negative. */
int err_wrap(struct err *e, int r, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Appends " Hint: TEXT" once; nothing if no error is recorded. */
void err_hint(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Replaces what could steer a terminal; for words that go there by another way. */
void err_printable(char *s);
