/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Words and numbers without stdio, locale or heap: one line is put together in a
 * buffer of the caller, and strict readers for what options carry.
 * Pure: no system call. Compiled freestanding into atoll-init, hosted for tests. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	INIT_SIG_MAX = 64,   /* the kernel's _NSIG */
	INIT_SIG_RTMIN = 34, /* what users call RTMIN: C libraries keep 32 and 33 */
	INIT_TEXT_MAX = 4096,
};

/* What does not fit is cut off, and buf[len] is always 0. */
struct init_text {
	size_t len;
	char buf[INIT_TEXT_MAX];
};

void init_text_start(struct init_text *t);
void init_text_str(struct init_text *t, const char *s);
void init_text_num(struct init_text *t, int64_t n);
void init_text_sig(struct init_text *t, int signo); /* "15 (TERM)", "37 (RTMIN+3)", "32" */
void init_text_err(struct init_text *t,
		   long err); /* either sign; "Permission denied" or "error 71" */

/* "TERM"; NULL for those without a name, real-time signals too. */
const char *init_sig_name(int signo);
/* Where @s goes on after @prefix; NULL if it does not begin so. */
const char *init_after_prefix(const char *s, const char *prefix);
/* The value of NAME in the environment, or NULL. */
const char *init_env_find(char *const *envp, const char *name);
bool init_has_slash(const char *s);
bool init_str_eq(const char *a, const char *b);

/* All digits, nothing else, 1 <= digits, value <= @max; @base 10 or 16 (no "0x"). */
bool init_parse_num(const char *s, unsigned int base, uint64_t max, uint64_t *ret);
/* "15", "TERM", "SIGTERM", "RTMIN+3", "RTMAX-1"; 1..INIT_SIG_MAX. Case counts. */
bool init_parse_sig(const char *s, int *ret);
