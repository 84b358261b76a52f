/* SPDX-License-Identifier: Apache-2.0 */
/* Id maps: the input as /etc/subuid, and as the mappings of a configuration. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "conf/oci.h"
#include "conf/runspec.h"
#include "plan/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool overlap(uint64_t a, uint64_t b, uint64_t a_size, uint64_t b_size)
{
	return a < b + b_size && b < a + a_size;
}

/* What the kernel would refuse (user_namespaces(7)) must not get past the plan. */
static void check(const struct oci_id_maps *maps)
{
	assert(maps->count > 0);
	for (size_t i = 0; i < maps->count; i++) {
		const struct oci_id_map *m = &maps->items[i];

		assert(m->size > 0);
		assert((uint64_t)m->container_id + m->size <= UINT32_MAX);
		assert((uint64_t)m->host_id + m->size <= UINT32_MAX);
		for (size_t n = 0; n < i; n++) {
			const struct oci_id_map *o = &maps->items[n];

			assert(!overlap(m->container_id, o->container_id, m->size, o->size));
			assert(!overlap(m->host_id, o->host_id, m->size, o->size));
		}
	}
}

static void as_config(const char *maps, struct arena *a)
{
	char *text =
		arena_printf(a,
			     "{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"r\"},"
			     "\"process\":{\"cwd\":\"/\",\"args\":[\"x\"]},"
			     "\"linux\":{\"namespaces\":[{\"type\":\"user\"},{\"type\":\"mount\"}],"
			     "\"uidMappings\":%s,\"gidMappings\":%s}}",
			     maps, maps);
	struct plan_env env = { .mode = PLAN_RUN, .id = "f", .bundle = "/b", .root_path = "/b/r" };
	struct oci_spec spec = { 0 };
	struct err e = { 0 };
	struct plan plan;

	if (oci_spec_parse("config.json", text, strlen(text), a, &spec, &e) < 0 ||
	    plan_create(&spec, &env, a, &plan, &e) < 0) {
		assert(e.code > 0 && *e.msg);
		return;
	}
	check(&spec.linux_.uid_maps);
	check(&spec.linux_.gid_maps);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = { 0 };
	struct run_sub_id id = run_sub_id_find((const char *)data, size, "user", 1000);

	assert(id.count == 0 || (uint64_t)id.first + id.count <= UINT32_MAX);
	as_config(arena_strndup(&a, (const char *)data, size), &a);
	arena_free(&a);
	return 0;
}
