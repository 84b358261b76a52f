/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Cuts a message that did not fit at a visible mark, never inside silence. */
static void mark_cut(char *buf, size_t size, int wanted)
{
	if (wanted >= 0 && (size_t)wanted >= size)
		memcpy(buf + size - 4, "...", 4);
}

/* Messages quote what users and files say, and end on terminals: no byte of them may
 * steer one. C0 and C1 control characters (the latter are two bytes in UTF-8) are
 * replaced. */
void err_printable(char *s)
{
	for (unsigned char *p = (unsigned char *)s; *p; p++) {
		if (*p < 0x20 || *p == 0x7f)
			*p = '?';
		else if (p[0] == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f)
			p[0] = p[1] = '?';
	}
}

int err_set(struct err *e, int code, const char *fmt, ...)
{
	assert(code > 0);

	if (e && e->code == 0) {
		va_list ap;
		int n;

		errno = code;
		va_start(ap, fmt);
		n = vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
		va_end(ap);
		mark_cut(e->msg, sizeof(e->msg), n);
		err_printable(e->msg);
		e->code = code;
	}
	return -code;
}

int err_wrap(struct err *e, int r, const char *fmt, ...)
{
	char head[sizeof(e->msg)], tail[sizeof(e->msg)];
	va_list ap;
	int n;

	assert(r < 0);

	if (!e)
		return r;
	va_start(ap, fmt);
	(void)vsnprintf(head, sizeof(head), fmt, ap);
	va_end(ap);
	if (e->code == 0) {
		errno = -r;
		(void)snprintf(tail, sizeof(tail), "%m");
		e->code = -r;
	} else {
		memcpy(tail, e->msg, sizeof(tail));
	}
	n = snprintf(e->msg, sizeof(e->msg), "%s: %s", head, tail);
	mark_cut(e->msg, sizeof(e->msg), n);
	err_printable(e->msg);
	return r;
}

void err_hint(struct err *e, const char *fmt, ...)
{
	va_list ap;
	size_t len;
	int n;

	if (!e || e->code == 0 || strstr(e->msg, " Hint: "))
		return;
	len = strlen(e->msg);
	n = snprintf(e->msg + len, sizeof(e->msg) - len, ". Hint: ");
	if (n < 0 || (size_t)n >= sizeof(e->msg) - len) {
		e->msg[len] = '\0';
		return;
	}
	len += (size_t)n;
	va_start(ap, fmt);
	n = vsnprintf(e->msg + len, sizeof(e->msg) - len, fmt, ap);
	va_end(ap);
	mark_cut(e->msg, sizeof(e->msg), n < 0 ? n : (int)len + n);
	err_printable(e->msg);
}
