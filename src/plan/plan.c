/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/plan.h"

#include <errno.h>
#include <sched.h>

#include "plan/parts.h"

static void add_hooks(struct plan *p, struct arena *a, enum oci_hook_point point,
		      enum step_side side)
{
	if (p->spec->hooks[point].count == 0)
		return;
	plan_add(p, a, STEP_HOOKS, side, arena_printf(a, "/hooks/%s", oci_hook_name[point]))
		->hooks.point = point;
}

static void add_process_step(struct plan *p, struct arena *a, enum step_kind kind,
			     const char *pointer)
{
	plan_add(p, a, kind, SIDE_CHILD, pointer)->process.process = p->process;
}

/* What the runtime has more right to do than the child stands on its side; the
 * child of a new user namespace waits for its id maps anyway. */
static int add_after_clone(struct plan *p, struct arena *a, struct err *e)
{
	bool userns = ((p->new_ns | p->join_ns) & CLONE_NEWUSER) != 0;
	enum step_side side = userns ? SIDE_HOST : SIDE_CHILD;
	int r = 0;

	if (p->new_ns & CLONE_NEWUSER)
		r = plan_id_maps(p, a, e);
	if (r == 0)
		r = plan_limits_early(p, a, side, e);
	if (r == 0 && p->env.cgroup_mode != CGROUP_NONE)
		plan_add(p, a, STEP_CGROUP_JOIN, side, NULL);
	if (r == 0 && userns)
		plan_add(p, a, STEP_USER_ROOT, SIDE_CHILD, NULL);
	return r;
}

/* From "the file system is ours" to "nothing but start is missing". */
static int add_process(struct plan *p, struct arena *a, struct err *e)
{
	int r = plan_limits_sched(p, a, e);

	if (r == 0)
		r = plan_user_cwd(p, a, e);
	if (r == 0)
		r = plan_lsm(p, a, e);
	if (r == 0)
		add_process_step(p, a, STEP_FIND_COMMAND, "/process/args");
	return r;
}

static int add_inside(struct plan *p, struct arena *a, struct err *e)
{
	int r = plan_ns_inside(p, a, e);

	if (r == 0)
		r = plan_mounts_before_pivot(p, a, e);
	if (r < 0)
		return r;
	add_hooks(p, a, OCI_HOOK_PRESTART, SIDE_HOST);
	add_hooks(p, a, OCI_HOOK_CREATE_RUNTIME, SIDE_HOST);
	add_hooks(p, a, OCI_HOOK_CREATE_CONTAINER, SIDE_CHILD);
	plan_add(p, a, STEP_PIVOT, SIDE_CHILD, "/root/path")->pivot.no_pivot = p->env.no_pivot;
	r = plan_make_cwd(p, a, e);
	if (r == 0)
		r = plan_sysctls(p, a, e);
	if (r == 0)
		r = plan_mounts_after_pivot(p, a, e);
	return r;
}

int plan_create(const struct oci_spec *spec, const struct plan_env *env, struct arena *a,
		struct plan *ret, struct err *e)
{
	struct plan p = { .spec = spec, .process = &spec->process, .env = *env };
	int r = plan_ns_check(spec, env, e);

	if (r < 0)
		return r;
	if (!spec->has_process)
		return err_set(e, EINVAL, "/process: missing, so there is nothing to run");
	plan_add(&p, a, STEP_STATE_DIR, SIDE_HOST, NULL)->str.text = env->id;
	if (env->cgroup_mode != CGROUP_NONE) {
		struct step *s = plan_add(&p, a, STEP_CGROUP, SIDE_HOST, "/linux/cgroupsPath");

		s->cgroup.path = env->cgroup_path;
		s->cgroup.make = true;
	}
	r = plan_seccomp_build(&p, a, e);
	if (r == 0)
		r = plan_ns_clone(&p, a, e);
	if (r == 0)
		r = add_after_clone(&p, a, e);
	if (r == 0)
		r = add_inside(&p, a, e);
	if (r == 0)
		r = add_process(&p, a, e);
	if (r < 0)
		return r;
	plan_add(&p, a, STEP_CREATED, SIDE_HOST, NULL);
	if (env->mode == PLAN_CREATE)
		plan_add(&p, a, STEP_WAIT_START, SIDE_CHILD, NULL);
	r = plan_last_rights(&p, a, e);
	if (r < 0)
		return r;
	/* Programs of the container's own file system: they get no more rights than
	 * the container does, and the same filter. As in runc. */
	add_hooks(&p, a, OCI_HOOK_START_CONTAINER, SIDE_CHILD);
	add_process_step(&p, a, STEP_EXEC, "/process/args");
	add_hooks(&p, a, OCI_HOOK_POSTSTART, SIDE_HOST);
	*ret = p;
	return 0;
}

int plan_exec(const struct oci_spec *spec, const struct oci_process *process,
	      const struct plan_env *env, struct arena *a, struct plan *ret, struct err *e)
{
	struct plan p = { .spec = spec, .process = process, .env = *env };
	int r;

	p.env.mode = PLAN_EXEC;
	if (env->cgroup_mode != CGROUP_NONE)
		plan_add(&p, a, STEP_CGROUP, SIDE_HOST, NULL)->cgroup.path = env->cgroup_path;
	r = plan_seccomp_build(&p, a, e);
	if (r == 0)
		r = plan_affinity(&p, a, false, e);
	if (r == 0)
		r = plan_ns_clone(&p, a, e);
	if (r == 0)
		r = add_after_clone(&p, a, e);
	if (r == 0)
		r = plan_ns_inside(&p, a, e);
	if (r == 0 && process->terminal)
		plan_add(&p, a, STEP_CONSOLE, SIDE_CHILD, "/process/terminal")->process.process =
			process;
	if (r == 0)
		r = add_process(&p, a, e);
	if (r < 0)
		return r;
	plan_add(&p, a, STEP_CREATED, SIDE_HOST, NULL);
	r = plan_last_rights(&p, a, e);
	if (r < 0)
		return r;
	add_process_step(&p, a, STEP_EXEC, "/process/args");
	*ret = p;
	return 0;
}
