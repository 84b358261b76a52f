/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <sched.h>

#include "plan/parts.h"

/* Namespaces. Existing ones are joined by a short-lived launcher process that
 * shares the runtime's memory (run/clone.c) before it makes the child: others
 * with the runtime's rights first, the user namespace last, so that new ones
 * belong to it. Two cannot be joined there and are left to the child: time
 * (setns(2) wants a process with memory of its own) and cgroup (clone3 into a
 * cgroup is checked against the caller's cgroup namespace, 5.7). */
enum {
	JOINED_BY_CHILD = CLONE_NEWCGROUP | 0x80 /* CLONE_NEWTIME */,
};

static uint64_t flags_where(const struct oci_spec *spec, bool joined)
{
	uint64_t flags = 0;

	for (int i = 0; i < OCI_NS_COUNT; i++)
		if (spec->linux_.ns[i].present && joined == (spec->linux_.ns[i].path != NULL))
			flags |= oci_ns_info[i].clone_flag;
	return flags;
}

int plan_ns_check(const struct oci_spec *spec, const struct plan_env *env, struct err *e)
{
	const struct oci_namespace *ns = spec->linux_.ns;
	const struct oci_linux *l = &spec->linux_;

	if (!ns[OCI_NS_MOUNT].present)
		return err_set(
			e, EOPNOTSUPP,
			"/linux/namespaces: a container without a mount namespace is not supported yet");
	if (spec->hostname && !ns[OCI_NS_UTS].present)
		return err_set(e, EINVAL,
			       "/hostname: unable to set hostname without a private UTS namespace");
	if (spec->domainname && !ns[OCI_NS_UTS].present)
		return err_set(
			e, EINVAL,
			"/domainname: unable to set domainname without a private UTS namespace");
	if (env->rootless && !ns[OCI_NS_USER].present && env->euid != 0) {
		(void)err_set(e, EPERM,
			      "/linux/namespaces: an unprivileged user needs a user namespace");
		err_hint(
			e,
			"add {\"type\": \"user\"} with uidMappings and gidMappings, as 'spec --rootless' does");
		return -EPERM;
	}
	if (ns[OCI_NS_USER].present && !ns[OCI_NS_USER].path &&
	    (l->uid_maps.count == 0 || l->gid_maps.count == 0))
		return err_set(e, EINVAL,
			       "/linux/%s: a new user namespace needs at least one mapping",
			       l->uid_maps.count == 0 ? "uidMappings" : "gidMappings");
	if (!ns[OCI_NS_USER].present && (l->uid_maps.count || l->gid_maps.count))
		return err_set(e, EINVAL, "/linux/%s: id mappings without a user namespace",
			       l->uid_maps.count ? "uidMappings" : "gidMappings");
	if ((l->monotonic.present || l->boottime.present) &&
	    (!ns[OCI_NS_TIME].present || ns[OCI_NS_TIME].path))
		return err_set(e, EINVAL,
			       "/linux/timeOffsets: time offsets without a new time namespace");
	if ((l->monotonic.present || l->boottime.present) && env->rootless &&
	    ns[OCI_NS_USER].present)
		return err_set(
			e, EOPNOTSUPP,
			"/linux/timeOffsets: time offsets of an unprivileged user are not supported yet");
	return 0;
}

static const char *joined_text(const struct oci_spec *spec, struct arena *a)
{
	const char *text = "";

	for (int i = 0; i < OCI_NS_COUNT; i++)
		if (spec->linux_.ns[i].present && spec->linux_.ns[i].path)
			text = arena_printf(a, "%s%s%s %s", text, *text ? ", " : "",
					    oci_ns_info[i].name, spec->linux_.ns[i].path);
	return text;
}

int plan_ns_clone(struct plan *p, struct arena *a, struct err *e)
{
	const struct oci_spec *spec = p->spec;
	bool exec = p->env.mode == PLAN_EXEC;
	bool offsets = !exec && (spec->linux_.monotonic.present || spec->linux_.boottime.present);
	struct step *s;

	(void)e;
	p->join_ns = exec ? p->env.exec_join : flags_where(spec, true);
	/* A new cgroup namespace takes its root from the cgroup its maker is in, so
	 * the child unshares it once it is where it belongs. */
	p->new_ns = exec ? 0 : flags_where(spec, false) & ~(uint64_t)CLONE_NEWCGROUP;
	if (p->join_ns)
		plan_add(p, a, STEP_NAMESPACES, SIDE_HOST, exec ? NULL : "/linux/namespaces")
			->str.text = exec ? "of the container's first process"
					  : joined_text(spec, a);
	s = plan_add(p, a, STEP_CLONE, SIDE_HOST, exec ? NULL : "/linux/namespaces");
	p->clone_at = p->count - 1;
	s->clone.new_ns = p->new_ns;
	s->clone.launcher = offsets || (p->join_ns & ~(uint64_t)JOINED_BY_CHILD) != 0;
	s->clone.into_cgroup = (p->env.cgroup_mode == CGROUP_V2 ||
				p->env.cgroup_mode == CGROUP_HYBRID) &&
			       !(p->join_ns & CLONE_NEWUSER);
	return 0;
}

static void add_name(struct plan *p, struct arena *a, enum step_kind kind, const char *text,
		     const char *pointer)
{
	if (text)
		plan_add(p, a, kind, SIDE_CHILD, pointer)->str.text = text;
}

int plan_ns_inside(struct plan *p, struct arena *a, struct err *e)
{
	const struct oci_spec *spec = p->spec;
	bool exec = p->env.mode == PLAN_EXEC;
	const struct oci_namespace *cg = &spec->linux_.ns[OCI_NS_CGROUP];

	(void)e;
	if (p->join_ns & CLONE_NEWCGROUP)
		plan_add(p, a, STEP_JOIN_NS, SIDE_CHILD, NULL)->join.ns = OCI_NS_CGROUP;
	if (p->join_ns & oci_ns_info[OCI_NS_TIME].clone_flag)
		plan_add(p, a, STEP_JOIN_NS, SIDE_CHILD, NULL)->join.ns = OCI_NS_TIME;
	if (!exec && cg->present && !cg->path)
		plan_add(p, a, STEP_UNSHARE_CGROUP, SIDE_CHILD, "/linux/namespaces");
	plan_add(p, a, STEP_SESSION, SIDE_CHILD, NULL);
	if (!p->env.no_new_keyring && !exec)
		plan_add(p, a, STEP_KEYRING, SIDE_CHILD, NULL)->str.text = p->env.id;
	if (exec)
		return 0;
	if (p->new_ns & CLONE_NEWNET)
		plan_add(p, a, STEP_LOOPBACK, SIDE_CHILD, "/linux/namespaces");
	add_name(p, a, STEP_HOSTNAME, spec->hostname, "/hostname");
	add_name(p, a, STEP_DOMAINNAME, spec->domainname, "/domainname");
	return 0;
}
