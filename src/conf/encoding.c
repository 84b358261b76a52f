/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/encoding.h"

#include <stdint.h>
#include <string.h>

#include "base/utf8.h"

/* U+FFFD */
static const char replacement[3] = { '\xef', '\xbf', '\xbd' };

/* Eight at a time. */
size_t encoding_ascii(const char *text, size_t len)
{
	size_t i = 0;

	for (; len - i >= sizeof(uint64_t); i += sizeof(uint64_t)) {
		uint64_t eight;

		memcpy(&eight, text + i, sizeof(eight));
		if (eight & 0x8080808080808080u)
			break;
	}
	while (i < len && (unsigned char)text[i] < 0x80)
		i++;
	return i;
}

size_t encoding_bad(const char *text, size_t len)
{
	for (size_t i = encoding_ascii(text, len), n; i < len;
	     i += encoding_ascii(text + i, len - i)) {
		n = utf8_len((const unsigned char *)text + i, len - i);
		if (n == 0)
			return i;
		i += n;
	}
	return len;
}

/* A byte that starts nothing valid becomes one U+FFFD each, as in Go. */
static void repair_utf8(const char *raw, size_t len, struct arena *a, struct decoded *ret)
{
	size_t bad = ret->bad, n, used;
	char *to;

	for (size_t i = bad; i < len; i += n ? n : 1) {
		n = utf8_len((const unsigned char *)raw + i, len - i);
		ret->bad_count += n == 0;
	}
	to = arena_alloc(a, len + ret->bad_count * (sizeof(replacement) - 1) + 1);
	memcpy(to, raw, bad);
	used = bad;
	for (size_t i = bad; i < len; i += n ? n : 1) {
		n = utf8_len((const unsigned char *)raw + i, len - i);
		if (n)
			memcpy(to + used, raw + i, n);
		else
			memcpy(to + used, replacement, sizeof(replacement));
		used += n ? n : sizeof(replacement);
	}
	ret->text = to;
	ret->len = used;
}

static size_t put_utf8(char *to, uint32_t c)
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
	if (c < 0x10000) {
		to[0] = (char)(0xe0 | c >> 12);
		to[1] = (char)(0x80 | (c >> 6 & 0x3f));
		to[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	to[0] = (char)(0xf0 | c >> 18);
	to[1] = (char)(0x80 | (c >> 12 & 0x3f));
	to[2] = (char)(0x80 | (c >> 6 & 0x3f));
	to[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

static uint32_t unit_at(const char *raw, size_t i, bool big)
{
	unsigned int first = (unsigned char)raw[i], second = (unsigned char)raw[i + 1];

	return big ? first << 8 | second : second << 8 | first;
}

static void from_utf16(const char *raw, size_t len, bool big, struct arena *a, struct decoded *ret)
{
	char *to = arena_alloc(a, len / 2 * 3 + sizeof(replacement) + 1);
	size_t used = 0;
	uint32_t c, low;

	for (size_t i = 0; i < len; i += 2) {
		bool good = i + 1 < len;

		c = good ? unit_at(raw, i, big) : 0;
		if (good && (c & 0xf800) == 0xd800) {
			low = i + 3 < len ? unit_at(raw, i + 2, big) : 0;
			good = c < 0xdc00 && (low & 0xfc00) == 0xdc00;
			if (good) {
				c = 0x10000 + ((c & 0x3ff) << 10 | (low & 0x3ff));
				i += 2;
			}
		}
		if (!good) {
			if (!ret->bad_count++)
				ret->bad = used;
			c = 0xfffd;
		}
		used += put_utf8(to + used, c);
	}
	ret->text = to;
	ret->len = used;
}

void encoding_decode(const char *raw, size_t len, struct arena *a, struct decoded *ret)
{
	bool le = len >= 2 && memcmp(raw, "\xff\xfe", 2) == 0;
	bool be = len >= 2 && memcmp(raw, "\xfe\xff", 2) == 0;

	*ret = (struct decoded){ .text = "", .from = ENC_UTF8 };
	if (len >= 4 &&
	    (memcmp(raw, "\xff\xfe\0\0", 4) == 0 || memcmp(raw, "\0\0\xfe\xff", 4) == 0)) {
		ret->from = ENC_UTF32;
		ret->bom = true;
		return;
	}
	if (le || be) {
		ret->from = be ? ENC_UTF16BE : ENC_UTF16LE;
		ret->bom = true;
		from_utf16(raw + 2, len - 2, be, a, ret);
		return;
	}
	if (len >= 3 && memcmp(raw, "\xef\xbb\xbf", 3) == 0) {
		ret->bom = true;
		raw += 3;
		len -= 3;
	}
	ret->text = raw;
	ret->len = len;
	ret->bad = encoding_bad(raw, len);
	if (ret->bad < len)
		repair_utf8(raw, len, a, ret);
	else
		ret->bad = 0;
}
