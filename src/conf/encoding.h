/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Bytes of a file as UTF-8, the way Kubernetes' and Compose's readers take them: a byte order
 * mark decides between UTF-8 and UTF-16 and is dropped; bytes that are no UTF-8 (or halves
 * of a UTF-16 pair) become U+FFFD. Offsets are those of the result from here on. */

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

enum encoding { ENC_UTF8, ENC_UTF16LE, ENC_UTF16BE, ENC_UTF32 };

struct decoded {
	const char *text; /* NUL added; the given bytes themselves where nothing had to change */
	size_t len;
	enum encoding from; /* ENC_UTF32: recognised, not read; `text` is empty */
	bool bom;
	size_t bad_count; /* how many U+FFFD stand for what could not be decoded */
	size_t bad;       /* offset of the first, in `text` */
};

/* `raw` has a NUL behind it and outlives the result. */
void encoding_decode(const char *raw, size_t len, struct arena *a, struct decoded *ret);

/* Offset of the first byte that is not UTF-8; `len` if there is none. */
size_t encoding_bad(const char *text, size_t len);

/* How many ASCII characters it starts with. */
size_t encoding_ascii(const char *text, size_t len);
