/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>

/* The length of the UTF-8 sequence that starts at s (n > 0 bytes are there), or
 * 0 if it is not well formed: overlong forms, surrogates and what is above
 * U+10FFFF are not. */
static inline size_t utf8_len(const unsigned char *s, size_t n)
{
	size_t want = s[0] < 0x80   ? 1
		      : s[0] < 0xc2 ? 0
		      : s[0] < 0xe0 ? 2
		      : s[0] < 0xf0 ? 3
		      : s[0] < 0xf5 ? 4
				    : 0;

	if (want == 0 || want > n)
		return 0;
	for (size_t i = 1; i < want; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return want;
}
