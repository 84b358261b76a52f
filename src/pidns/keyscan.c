/* SPDX-License-Identifier: Apache-2.0 */
#include "pidns/keyscan.h"

#include <string.h>

#include "base/num.h"

static void blanks(struct span *s)
{
	while (s->at < s->end &&
	       (*s->at == ' ' || *s->at == '\t' || *s->at == '\n' || *s->at == '\r'))
		s->at++;
}

static bool take(struct span *s, char c)
{
	blanks(s);
	if (s->at == s->end || *s->at != c)
		return false;
	s->at++;
	return true;
}

/* Past the string that starts here. */
static bool skip_string(struct span *s)
{
	if (!take(s, '"'))
		return false;
	for (; s->at < s->end; s->at++) {
		if (*s->at == '\\') {
			s->at++;
			if (s->at == s->end)
				return false;
		} else if (*s->at == '"') {
			s->at++;
			return true;
		}
	}
	return false;
}

/* Past the value that starts here: brackets are counted, which is enough to find its end. */
static bool skip_value(struct span *s)
{
	size_t depth = 0;

	do {
		blanks(s);
		if (s->at == s->end)
			return false;
		switch (*s->at) {
		case '"':
			if (!skip_string(s))
				return false;
			break;
		case '{':
		case '[':
			depth++;
			s->at++;
			break;
		case '}':
		case ']':
			if (depth == 0)
				return false;
			depth--;
			s->at++;
			break;
		case ',':
		case ':':
			if (depth == 0)
				return false;
			s->at++;
			break;
		default:
			while (s->at < s->end && !memchr(" \t\r\n,:{}[]\"", *s->at, 11))
				s->at++;
		}
	} while (depth > 0);
	return true;
}

bool keyscan_member(struct span obj, const char *key, struct span *ret)
{
	size_t n = strlen(key);

	if (!take(&obj, '{'))
		return false;
	for (;;) {
		const char *name;
		size_t len;

		blanks(&obj);
		name = obj.at + 1;
		if (!skip_string(&obj))
			return false;
		len = (size_t)(obj.at - name) - 1;
		if (!take(&obj, ':'))
			return false;
		blanks(&obj);
		ret->at = obj.at;
		if (!skip_value(&obj))
			return false;
		ret->end = obj.at;
		if (len == n && memcmp(name, key, n) == 0)
			return true;
		if (!take(&obj, ','))
			return false;
	}
}

bool keyscan_next(struct span *arr, struct span *ret)
{
	if (!take(arr, '[') && !take(arr, ','))
		return false;
	blanks(arr);
	ret->at = arr->at;
	if (!skip_value(arr))
		return false;
	ret->end = arr->at;
	return true;
}

static unsigned int hex4(const char *s)
{
	unsigned int v = 0;

	for (int i = 0; i < 4; i++) {
		unsigned int c = (unsigned char)s[i];

		c = c - '0' < 10 ? c - '0' : (c | 32) - 'a' < 6 ? (c | 32) - 'a' + 10 : 16;
		if (c > 15)
			return 0xfffd;
		v = v << 4 | c;
	}
	/* Halves of pairs are not put together: nothing that is compared here has them. */
	return v >= 0xd800 && v < 0xe000 ? 0xfffd : v;
}

static size_t put_utf8(char *to, unsigned int c)
{
	if (c < 0x80) {
		to[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		to[0] = (char)(0xc0 | c >> 6);
		to[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	to[0] = (char)(0xe0 | c >> 12);
	to[1] = (char)(0x80 | (c >> 6 & 0x3f));
	to[2] = (char)(0x80 | (c & 0x3f));
	return 3;
}

bool keyscan_string(struct span v, char *buf, size_t size)
{
	static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
	size_t n = 0;

	if (!take(&v, '"'))
		return false;
	for (; v.at < v.end && *v.at != '"'; v.at++) {
		const char *known;

		if (n + 4 > size)
			return false;
		if (*v.at != '\\') {
			buf[n++] = *v.at;
			continue;
		}
		if (++v.at == v.end)
			return false;
		known = memchr(from, *v.at, sizeof(from) - 1);
		if (*v.at == 'u' && v.end - v.at > 4) {
			n += put_utf8(buf + n, hex4(v.at + 1));
			v.at += 4;
		} else {
			buf[n++] = known ? to[known - from] : *v.at;
		}
	}
	if (n + 1 > size)
		return false;
	buf[n] = '\0';
	return true;
}

bool keyscan_u64(struct span v, uint64_t *ret)
{
	blanks(&v);
	return num_u64(v.at, (size_t)(v.end - v.at), ret) == 0;
}

bool keyscan_text(struct span obj, const char *key, char *buf, size_t size)
{
	struct span v;

	return keyscan_member(obj, key, &v) && keyscan_string(v, buf, size) && buf[0] != '\0';
}
