/* SPDX-License-Identifier: Apache-2.0 */
/* Several Compose files at once, with form feeds between: what extends, includes and overrides make. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "audit/audit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "compose.yaml", "compose.override.yaml",
					     "base.compose.yaml", "sub/in.compose.yaml" };
	static const char *const env[] = { "A=host", "B=", "HOME=/root", NULL };
	const char *text = (const char *)data;
	struct arena arena = { 0 };
	struct audit a;

	audit_init(&a, &arena);
	a.env = env;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && size > 0; i++) {
		const char *cut = memchr(text, '\f', size);
		size_t len = cut ? (size_t)(cut - text) : size;

		audit_read_text(&a, names[i], text, len);
		text += len + (cut != NULL);
		size -= len + (cut != NULL);
	}
	audit_run(&a);
	for (const struct facts *f = a.objects; f; f = f->next) {
		assert(f->src && *f->object);
		for (size_t i = 0; i < f->mount_count; i++)
			(void)place_text(&arena, &f->mounts[i].at);
	}
	for (size_t i = 0; i < a.finding_count; i++) {
		const struct place *p = &a.findings[i].at;

		/* It points into the file that it names. */
		assert(p->src && (!p->node || p->node->offset <= p->src->len));
		(void)place_pointer(&arena, p);
		(void)place_text(&arena, p);
	}
	arena_free(&arena);
	return 0;
}
