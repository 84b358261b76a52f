/* SPDX-License-Identifier: Apache-2.0 */
/* config.json and its parts: what can be read can be written, and reads again as
 * the same. Spec, process, resources and seccomp profile take turns on each input. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "conf/mountopt.h"
#include "conf/oci.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A failure always has its words, on one line. */
static void check(int r, const struct err *e)
{
	assert(r == 0 || (r == -e->code && e->msg[0] && !strchr(e->msg, '\n')));
}

static void spec(const char *text, size_t len, struct arena *a)
{
	struct oci_spec s, again;
	struct err e = { 0 };
	char *once, *twice;
	size_t once_len, twice_len;
	int r = oci_spec_parse("config.json", text, len, a, &s, &e);

	check(r, &e);
	if (r < 0)
		return;
	oci_spec_write(&s, a, &once, &once_len);
	r = oci_spec_parse("again", once, once_len, a, &again, &e);
	assert(r == 0);
	oci_spec_write(&again, a, &twice, &twice_len);
	assert(once_len == twice_len && memcmp(once, twice, once_len) == 0);
	for (size_t i = 0; i < s.mounts_count; i++) {
		struct mount_opts o;
		struct err me = { 0 };

		check(mount_opts_parse(&s.mounts[i].options, a, &o, &me), &me);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = { 0 };
	const char *text = (const char *)data;
	struct oci_process process;
	struct oci_resources resources;
	struct oci_seccomp seccomp;
	struct err e[3] = { { 0 }, { 0 }, { 0 } };

	spec(text, size, &a);
	check(oci_process_parse("process", text, size, &a, &process, &e[0]), &e[0]);
	check(oci_resources_parse("resources", text, size, &a, &resources, &e[1]), &e[1]);
	check(oci_seccomp_parse("seccomp", text, size, ~(uint64_t)0, &a, &seccomp, &e[2]), &e[2]);
	arena_free(&a);
	return 0;
}
