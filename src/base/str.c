/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

char *str_room(struct str *t, size_t n)
{
	if (t->cap - t->len < n + 1) {
		size_t cap = (t->cap + n + 1) * 2;
		char *bigger = arena_alloc(t->arena, cap);

		if (t->len)
			memcpy(bigger, t->s, t->len);
		t->s = bigger;
		t->cap = cap;
	}
	return t->s + t->len;
}

void str_took(struct str *t, size_t n)
{
	assert(t->cap - t->len > n);
	t->len += n;
	t->s[t->len] = '\0';
}

void str_put(struct str *t, const void *s, size_t len)
{
	char *to = str_room(t, len);

	if (len)
		memcpy(to, s, len);
	str_took(t, len);
}

void str_puts(struct str *t, const char *s)
{
	str_put(t, s, strlen(s));
}

void str_repeat(struct str *t, char c, size_t n)
{
	memset(str_room(t, n), c, n);
	str_took(t, n);
}

void str_printf(struct str *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(str_room(t, 0), t->cap - t->len, fmt, ap);
	va_end(ap);
	if (n <= 0)
		return;
	if ((size_t)n >= t->cap - t->len) {
		va_start(ap, fmt);
		(void)vsnprintf(str_room(t, (size_t)n), (size_t)n + 1, fmt, ap);
		va_end(ap);
	}
	str_took(t, (size_t)n);
}
