/* SPDX-License-Identifier: Apache-2.0 */
/* Mount options, one a line. */
#include <assert.h>
#include <linux/mount.h>
#include <stdint.h>
#include <string.h>

#include "conf/mountopt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What mount_setattr(2) would refuse: a bit both set and cleared (but for the
 * field of the access times, which must be cleared to be set). */
static void check_attrs(uint64_t set, uint64_t clr)
{
	assert((set & clr & ~(uint64_t)MOUNT_ATTR__ATIME) == 0);
	assert(!(set & MOUNT_ATTR__ATIME) || (clr & MOUNT_ATTR__ATIME) == MOUNT_ATTR__ATIME);
	assert((set & MOUNT_ATTR__ATIME) != MOUNT_ATTR__ATIME);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = { 0 };
	struct oci_strings list = { 0 };
	struct mount_opts o;
	struct err e = { 0 };
	size_t cap = 0;
	char *text = arena_strndup(&a, (const char *)data, size);

	for (char *line; (line = strsep(&text, "\n"));) {
		const char **slot = arena_push(&a, &list.items, &list.count, &cap,
					       sizeof(*list.items));

		*slot = line;
	}
	if (mount_opts_parse(&list, &a, &o, &e) == 0) {
		check_attrs(o.attr_set, o.attr_clr);
		check_attrs(o.rec_attr_set, o.rec_attr_clr);
		for (size_t i = 0; i < o.data.count; i++)
			assert(*o.data.items[i]);
		assert(!o.bind_rec || o.bind);
		assert(!o.idmap_rec || o.idmap);
	}
	arena_free(&a);
	return 0;
}
