/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/yaml_scalar.h"

#include <string.h>

#include "base/cleanup.h"

enum { NUMBER_MAX = 400 }; /* characters; longer ones are none that anybody reads exactly */

static const struct word {
	const char *text;
	enum json_type type;
	bool value;
} words[] = {
	{ "~", JSON_NULL, false },     { "null", JSON_NULL, false },  { "Null", JSON_NULL, false },
	{ "NULL", JSON_NULL, false },  { "y", JSON_BOOL, true },      { "Y", JSON_BOOL, true },
	{ "yes", JSON_BOOL, true },    { "Yes", JSON_BOOL, true },    { "YES", JSON_BOOL, true },
	{ "true", JSON_BOOL, true },   { "True", JSON_BOOL, true },   { "TRUE", JSON_BOOL, true },
	{ "on", JSON_BOOL, true },     { "On", JSON_BOOL, true },     { "ON", JSON_BOOL, true },
	{ "n", JSON_BOOL, false },     { "N", JSON_BOOL, false },     { "no", JSON_BOOL, false },
	{ "No", JSON_BOOL, false },    { "NO", JSON_BOOL, false },    { "false", JSON_BOOL, false },
	{ "False", JSON_BOOL, false }, { "FALSE", JSON_BOOL, false }, { "off", JSON_BOOL, false },
	{ "Off", JSON_BOOL, false },   { "OFF", JSON_BOOL, false },
};

static bool is_word(struct json *v, const char *text, size_t len)
{
	if (len > 5 || !strchr("~nNyYtToOfF", text[0]))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strlen(words[i].text) == len && memcmp(words[i].text, text, len) == 0) {
			v->type = words[i].type;
			v->boolean = words[i].value;
			return true;
		}
	}
	return false;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static unsigned int digit_of(char c)
{
	if (is_digit(c))
		return (unsigned int)(c - '0');
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? (unsigned int)(c - 'a') + 10 : 16;
}

/* [-+]? with 0x, 0o, 0b or a leading 0 as in C; of 64 bits, with sign or without. */
static bool is_integer(const char *s, bool *ret_negative, uint64_t *ret)
{
	bool negative = *s == '-';
	unsigned int base = 10;
	uint64_t n = 0;

	s += *s == '-' || *s == '+';
	if (s[0] == '0' && s[1]) {
		char c = (char)(s[1] | 0x20);

		base = c == 'x' ? 16 : c == 'b' ? 2 : 8;
		s += c == 'x' || c == 'b' || c == 'o' ? 2 : 1;
	}
	if (!*s)
		return false;
	for (; *s; s++) {
		if (digit_of(*s) >= base || __builtin_mul_overflow(n, base, &n) ||
		    __builtin_add_overflow(n, digit_of(*s), &n))
			return false;
	}
	if (negative && n > (uint64_t)INT64_MAX + 1)
		return false;
	*ret_negative = negative && n > 0;
	*ret = n;
	return true;
}

/* [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)? */
static bool is_float(const char *s)
{
	size_t whole, part = 0;

	s += *s == '-' || *s == '+';
	whole = strspn(s, "0123456789");
	s += whole;
	if (*s == '.') {
		part = strspn(s + 1, "0123456789");
		s += 1 + part;
	}
	if (whole + part == 0)
		return false;
	if (*s == 'e' || *s == 'E') {
		s++;
		s += *s == '-' || *s == '+';
		part = strspn(s, "0123456789");
		if (part == 0)
			return false;
		s += part;
	}
	return *s == '\0';
}

static bool is_special(const char *s)
{
	static const char *const special[] = { ".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF" };

	for (size_t i = 0; i < ARRAY_LEN(special); i++) {
		if (strcmp(s, special[i]) == 0)
			return true;
		if (i >= 3 && (*s == '+' || *s == '-') && strcmp(s + 1, special[i]) == 0)
			return true;
	}
	return false;
}

/* One more digit; false where a float of 64 bits is no longer exact. */
static bool shift_in(uint64_t *n, unsigned int digit)
{
	const uint64_t exact = (uint64_t)1 << 53;

	if (*n > (exact - digit) / 10)
		return false;
	*n = *n * 10 + digit;
	return true;
}

/* What follows "e"; beyond any float it is cut. */
static long exponent_of(const char *s)
{
	bool negative = *s == '-';
	long n = 0;

	for (s += *s == '-' || *s == '+'; *s && n < 10000; s++)
		n = n * 10 + (*s - '0');
	return negative ? -n : n;
}

/* A float that is an integer is one to whoever wants an integer: `runAsUser: 0.0`. */
static bool is_whole(const char *s, bool *ret_negative, uint64_t *ret)
{
	bool negative = *s == '-', dot = false;
	long zeros = 0, scale = 0; /* zeros: not yet in n */
	uint64_t n = 0;

	for (s += *s == '-' || *s == '+'; *s && *s != 'e' && *s != 'E'; s++) {
		scale -= dot && *s != '.';
		dot = dot || *s == '.';
		if (*s == '0')
			zeros += n > 0;
		if (*s == '.' || *s == '0')
			continue;
		for (; zeros > 0; zeros--)
			if (!shift_in(&n, 0))
				return false;
		if (!shift_in(&n, digit_of(*s)))
			return false;
	}
	scale += zeros + (*s ? exponent_of(s + 1) : 0);
	for (; scale > 0 && n > 0; scale--)
		if (!shift_in(&n, 0))
			return false;
	for (; scale < 0 && n > 0; scale++, n /= 10)
		if (n % 10)
			return false;
	*ret_negative = negative && n > 0;
	*ret = n;
	return true;
}

static bool is_number(struct json *v, const char *text, size_t len, struct arena *a)
{
	char s[NUMBER_MAX + 1];
	bool negative = false;
	uint64_t value = 0;
	size_t n = 0;

	if (len > NUMBER_MAX || (!is_digit(text[0]) && !strchr("+-.", text[0])))
		return false;
	for (size_t i = 0; i < len; i++)
		if (text[i] != '_')
			s[n++] = text[i];
	s[n] = '\0';
	if (!is_integer(s, &negative, &value)) {
		if (!is_float(s)) {
			if (!is_special(s))
				return false;
			v->type = JSON_NUMBER;
			return true;
		}
		v->type = JSON_NUMBER;
		if (!is_whole(s, &negative, &value))
			return true;
	}
	v->type = JSON_NUMBER;
	if (n == len && is_digit(text[0]) && (text[0] != '0' || len == 1) &&
	    strspn(s, "0123456789") == n)
		return true; /* as it is written */
	v->text = arena_printf(a, "%s%llu", negative ? "-" : "", (unsigned long long)value);
	v->len = (uint32_t)strlen(v->text);
	return true;
}

void yaml_plain(struct json *v, struct arena *a)
{
	v->type = JSON_STRING;
	if (v->len == 0)
		v->type = JSON_NULL;
	else if (!is_word(v, v->text, v->len))
		(void)is_number(v, v->text, v->len, a);
}

static int base64_value(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* What cannot be decoded, or holds a NUL, is left as it is written. */
static bool decode_base64(struct json *v, struct arena *a)
{
	char *to = arena_alloc(a, v->len / 4 * 3 + 4);
	unsigned int bits = 0, have = 0;
	size_t used = 0, i = 0;

	for (; i < v->len && v->text[i] != '='; i++) {
		int d = base64_value(v->text[i]);

		if (strchr(" \t\r\n", v->text[i]))
			continue;
		if (d < 0)
			return false;
		bits = bits << 6 | (unsigned int)d;
		have += 6;
		if (have < 8)
			continue;
		have -= 8;
		to[used++] = (char)(bits >> have & 0xff);
	}
	if (v->text[i + strspn(v->text + i, "= \t\r\n")] || memchr(to, '\0', used))
		return false;
	v->text = to;
	v->len = (uint32_t)used;
	return true;
}

bool yaml_tagged(struct json *v, const char *tag, struct arena *a)
{
	static const struct {
		const char *tag;
		enum json_type type;
	} want[] = {
		{ "bool", JSON_BOOL },
		{ "int", JSON_NUMBER },
		{ "float", JSON_NUMBER },
		{ "null", JSON_NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		if (strcmp(tag, want[i].tag) != 0)
			continue;
		yaml_plain(v, a);
		if (v->type == want[i].type)
			return true;
		v->type = JSON_STRING;
		return false;
	}
	v->type = JSON_STRING;
	if (strcmp(tag, "binary") == 0)
		return decode_base64(v, a);
	return strcmp(tag, "map") != 0 && strcmp(tag, "seq") != 0;
}
