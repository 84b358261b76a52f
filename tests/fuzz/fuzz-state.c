/* SPDX-License-Identifier: Apache-2.0 */
/* state.json: whatever is read can be written, and read again as the same. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "run/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = { 0 };
	struct err e = { 0 };
	struct state st, again;
	char *text, *text2;
	size_t len, len2;

	if (state_parse("state.json", (const char *)data, size, &a, &st, &e) == 0) {
		state_write_json(&st, &a, &text, &len);
		assert(state_parse("state.json", text, len, &a, &again, &e) == 0);
		state_write_json(&again, &a, &text2, &len2);
		assert(len == len2 && memcmp(text, text2, len) == 0);
	} else {
		assert(e.code > 0 && e.msg[0]);
	}
	arena_free(&a);
	return 0;
}
