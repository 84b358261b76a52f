/* SPDX-License-Identifier: Apache-2.0 */
/* Whole plans against tests/golden/plan/: every configuration of
 * tests/fixtures/oci in the situations that change the order of the steps. With
 * ATOLL_UPDATE_GOLDEN=1 the files are written instead; read the difference
 * before you commit it. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "plan/plan.h"
#include "test.h"

static const struct {
	const char *name, *config;
	struct plan_env env;
} cases[] = {
	{ "runc-spec-v2-run",
	  "runc-spec.json",
	  { .mode = PLAN_RUN, .cgroup_mode = CGROUP_V2, .cgroup_path = "/c", .console = true } },
	{ "runc-spec-v1-create",
	  "runc-spec.json",
	  { .mode = PLAN_CREATE, .cgroup_mode = CGROUP_V1, .cgroup_path = "/c", .console = true } },
	{ "rootless-run",
	  "runc-spec-rootless.json",
	  { .mode = PLAN_RUN, .euid = 1000, .rootless = true, .console = true } },
	{ "podman-hybrid-create",
	  "podman.json",
	  { .mode = PLAN_CREATE, .cgroup_mode = CGROUP_HYBRID, .cgroup_path = "/c" } },
	{ "docker-v2-create",
	  "docker.json",
	  { .mode = PLAN_CREATE, .cgroup_mode = CGROUP_V2, .cgroup_path = "/c" } },
	{ "minimal-no-cgroup", "minimal.json", { .mode = PLAN_RUN } },
};

static void fill(struct plan_env *env)
{
	env->id = "c";
	env->bundle = "/bundle";
	env->root_path = "/bundle/rootfs";
	env->last_cap = CAP_LAST_CAP;
}

static int load(const char *config, struct arena *a, struct oci_spec *spec, struct err *e)
{
	char path[512], *text;
	size_t len;
	int r;

	(void)snprintf(path, sizeof(path), TEST_SOURCE_DIR "/fixtures/oci/%s", config);
	r = io_read_at(AT_FDCWD, path, IO_FILE_MAX, a, &text, &len);
	if (r < 0)
		return err_set(e, -r, "%s: %m", path);
	return oci_spec_parse(config, text, len, a, spec, e);
}

/* The plan as text; or, if there is none, why. */
static char *render(size_t i, struct arena *a, size_t *ret_len)
{
	struct plan_env env = cases[i].env;
	struct oci_spec spec = { 0 };
	struct err e = { 0 };
	struct plan p;
	char *text;

	fill(&env);
	if (load(cases[i].config, a, &spec, &e) < 0 || plan_create(&spec, &env, a, &p, &e) < 0) {
		text = arena_printf(a, "%s\n", e.msg);
		*ret_len = strlen(text);
		return text;
	}
	plan_text(&p, a, &text, ret_len);
	return text;
}

static void against_golden(size_t i, struct arena *a)
{
	char path[512], *want = NULL, *got;
	size_t want_len = 0, len;

	got = render(i, a, &len);
	(void)snprintf(path, sizeof(path), TEST_SOURCE_DIR "/golden/plan/%s.txt", cases[i].name);
	if (getenv("ATOLL_UPDATE_GOLDEN"))
		CHECK_INT(io_replace_at(AT_FDCWD, path, got, len, 0644), 0);
	CHECK_INT(io_read_at(AT_FDCWD, path, IO_FILE_MAX, a, &want, &want_len), 0);
	CHECK_STR(got, want);
}

/* What stage.c relies on, whatever the configuration. */
static void invariants(size_t i, struct arena *a)
{
	struct plan_env env = cases[i].env;
	struct oci_spec spec = { 0 };
	struct err e = { 0 };
	size_t created = 0, execs = 0, turns = 0;
	struct plan p;

	fill(&env);
	if (load(cases[i].config, a, &spec, &e) < 0 || plan_create(&spec, &env, a, &p, &e) < 0)
		return;
	CHECK_INT(p.steps[p.clone_at].kind, STEP_CLONE);
	for (size_t n = 0; n < p.count; n++) {
		const struct step *s = &p.steps[n];

		if (s->side != SIDE_HOST)
			CHECK(n > p.clone_at);
		created += s->kind == STEP_CREATED;
		execs += s->kind == STEP_EXEC;
		turns += n > p.clone_at && s->side == SIDE_HOST &&
			 p.steps[n - 1].side == SIDE_CHILD;
		if (s->kind == STEP_EXEC)
			CHECK(created == 1);
	}
	CHECK_INT(created, 1);
	CHECK_INT(execs, 1);
	/* One hand-over, unless id maps or host hooks need their own. */
	if (!(p.new_ns & CLONE_NEWUSER) && !spec.hooks[OCI_HOOK_PRESTART].count &&
	    !spec.hooks[OCI_HOOK_CREATE_RUNTIME].count && !spec.hooks[OCI_HOOK_POSTSTART].count)
		CHECK_INT(turns, 1);
}

static void refusals(struct arena *a)
{
	static const struct {
		const char *json, *message;
		int code;
	} bad[] = {
		{ "{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"r\"},\"linux\":{\"namespaces\":[{\"type\":\"mount\"}]}}",
		  "/process", EINVAL },
		{ "{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"r\"},\"process\":{\"cwd\":\"/\",\"args\":[\"x\"]},"
		  "\"linux\":{\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"user\"}]}}",
		  "mapping", EINVAL },
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct plan_env env = { .mode = PLAN_RUN };
		struct oci_spec spec = { 0 };
		struct err e = { 0 };
		struct plan p;
		int r;

		fill(&env);
		r = oci_spec_parse("config.json", bad[i].json, strlen(bad[i].json), a, &spec, &e);
		if (r == 0)
			r = plan_create(&spec, &env, a, &p, &e);
		CHECK_INT(r, -bad[i].code);
		CHECK(strstr(e.msg, bad[i].message) != NULL);
	}
}

int main(void)
{
	autoarena struct arena a = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CASE(cases[i].name);
		against_golden(i, &a);
		invariants(i, &a);
	}
	CASE("refusals");
	refusals(&a);
	return DONE();
}
