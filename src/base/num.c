/* SPDX-License-Identifier: Apache-2.0 */
#include "base/num.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

static int digits(const char *s, size_t len, unsigned int base, uint64_t max, uint64_t *ret)
{
	uint64_t v = 0;

	if (len == 0)
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		unsigned int d = (unsigned int)(unsigned char)s[i] - '0';

		if (d >= base)
			return -EINVAL;
		if (v > (max - d) / base)
			return -ERANGE;
		v = v * base + d;
	}
	*ret = v;
	return 0;
}

int num_u64(const char *text, size_t len, uint64_t *ret)
{
	return digits(text, len, 10, UINT64_MAX, ret);
}

int num_i64(const char *text, size_t len, int64_t *ret)
{
	bool neg = len > 0 && text[0] == '-';
	uint64_t max = neg ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX, v;
	int r;

	r = digits(text + neg, len - neg, 10, max, &v);
	if (r < 0)
		return r;
	*ret = neg ? (int64_t)(0 - v) : (int64_t)v;
	return 0;
}

int num_u32(const char *text, uint32_t *ret)
{
	uint64_t v;
	int r = digits(text, strlen(text), 10, UINT32_MAX, &v);

	if (r == 0)
		*ret = (uint32_t)v;
	return r;
}

int num_int(const char *text, int *ret)
{
	int64_t v;
	int r = num_i64(text, strlen(text), &v);

	if (r < 0)
		return r;
	if (v < INT_MIN || v > INT_MAX)
		return -ERANGE;
	*ret = (int)v;
	return 0;
}

int num_pid(const char *text, pid_t *ret)
{
	int v, r = num_int(text, &v);

	if (r < 0)
		return r;
	if (v < 1)
		return -ERANGE;
	*ret = v;
	return 0;
}

int num_octal(const char *text, uint32_t *ret)
{
	uint64_t v;
	int r = digits(text, strlen(text), 8, 07777, &v);

	if (r == 0)
		*ret = (uint32_t)v;
	return r;
}

int num_size(const char *text, int64_t *ret)
{
	static const char units[] = "bkmgt";
	size_t n = strspn(text, "0123456789");
	const char *unit = text + n, *u;
	unsigned int shift = 0;
	uint64_t v;
	int r;

	if (strcmp(text, "-1") == 0) {
		*ret = -1;
		return 0;
	}
	if (*unit) {
		u = strchr(units, *unit | 0x20);
		if (!u ||
		    (unit[1] && strcasecmp(unit + 1, "b") != 0 && strcasecmp(unit + 1, "ib") != 0))
			return -EINVAL;
		shift = 10 * (unsigned int)(u - units);
	}
	r = digits(text, n, 10, (uint64_t)INT64_MAX >> shift, &v);
	if (r == 0)
		*ret = (int64_t)(v << shift);
	return r;
}
