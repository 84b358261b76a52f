/* SPDX-License-Identifier: Apache-2.0 */
/* The system call filter, the security modules, the last rights. */
#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdio.h>

#include "base/names.h"
#include "plan/parts.h"
#include "sys/uapi.h"

enum {
	ARGS_MAX = 6,           /* of a system call */
	ERRNO_VALUE_MAX = 4095, /* MAX_ERRNO: more than that, and the kernel cuts it */
};

static int check_action(const char *where, size_t i, bool is_default, uint32_t action,
			const uint32_t *ret, struct err *e)
{
	char pointer[80];
	uint32_t base = action & SECCOMP_RET_ACTION_FULL;

	if (is_default)
		(void)snprintf(pointer, sizeof(pointer), "%s", where);
	else
		(void)snprintf(pointer, sizeof(pointer), "%s/%zu", where, i);
	if (is_default && base == SCMP_ACT_NOTIFY)
		return err_set(e, EINVAL, "%s/defaultAction: SCMP_ACT_NOTIFY cannot be the default",
			       pointer);
	if (ret && base != SCMP_ACT_ERRNO(0) && base != SCMP_ACT_TRACE(0))
		return err_set(e, EINVAL, "%s/%s: the action returns no errno", pointer,
			       is_default ? "defaultErrnoRet" : "errnoRet");
	if (ret && *ret > (base == SCMP_ACT_ERRNO(0) ? (uint32_t)ERRNO_VALUE_MAX : UINT16_MAX))
		return err_set(e, EINVAL, "%s/%s: %u is too large", pointer,
			       is_default ? "defaultErrnoRet" : "errnoRet", *ret);
	return 0;
}

static int check_rule(size_t i, const struct oci_seccomp_rule *rule, struct err *e)
{
	int r = check_action("/linux/seccomp/syscalls", i, false, rule->action, rule->errno_ret, e);

	if (r < 0)
		return r;
	if (rule->names.count == 0)
		return err_set(e, EINVAL, "/linux/seccomp/syscalls/%zu/names: empty", i);
	for (size_t n = 0; n < rule->names.count; n++)
		if (rule->names.items[n][0] == '\0')
			return err_set(
				e, EINVAL,
				"/linux/seccomp/syscalls/%zu/names/%zu: empty string is not a valid syscall",
				i, n);
	for (size_t k = 0; k < rule->args_count; k++) {
		const struct oci_seccomp_arg *arg = &rule->args[k];

		if (arg->index >= ARGS_MAX)
			return err_set(
				e, EINVAL,
				"/linux/seccomp/syscalls/%zu/args/%zu/index: a system call has %d arguments",
				i, k, ARGS_MAX);
		if (arg->op < SCMP_CMP_NE || arg->op > SCMP_CMP_MASKED_EQ)
			return err_set(e, EINVAL,
				       "/linux/seccomp/syscalls/%zu/args/%zu/op: unknown", i, k);
	}
	return 0;
}

int plan_seccomp_build(struct plan *p, struct arena *a, struct err *e)
{
	const struct oci_seccomp *s = p->spec->linux_.seccomp;
	int r;

	if (!s)
		return 0;
	r = check_action("/linux/seccomp", 0, true, s->default_action, s->default_errno_ret, e);
	for (size_t i = 0; i < s->rules_count && r == 0; i++)
		r = check_rule(i, &s->rules[i], e);
	if (r < 0)
		return r;
	if (oci_seccomp_notifies(s) && (!s->listener_path || !*s->listener_path))
		return err_set(e, EINVAL, "/linux/seccomp/listenerPath: SCMP_ACT_NOTIFY needs it");
	plan_add(p, a, STEP_SECCOMP_BUILD, SIDE_HOST, "/linux/seccomp");
	return 0;
}

int plan_lsm(struct plan *p, struct arena *a, struct err *e)
{
	const struct oci_process *process = p->process;
	bool apparmor = process->apparmor_profile && process->apparmor_profile[0];
	bool selinux = process->selinux_label && process->selinux_label[0];

	(void)e;
	if (apparmor || selinux)
		plan_add(p, a, STEP_LSM, SIDE_CHILD,
			 apparmor ? "/process/apparmorProfile" : "/process/selinuxLabel")
			->process.process = process;
	return 0;
}

/* Names the first capability of `set`, for a message. */
static const char *first_cap(uint64_t set)
{
	const char *name = set ? cap_name(__builtin_ctzll(set)) : NULL;

	return name ? name : "an unknown capability";
}

/* capset(2) would refuse it with a bare EPERM. */
static int check_caps(const struct oci_caps *c, struct err *e)
{
	if (c->effective & ~c->permitted)
		return err_set(e, EINVAL, "/process/capabilities/effective: %s is not in permitted",
			       first_cap(c->effective & ~c->permitted));
	if (c->inheritable & ~c->bounding)
		return err_set(e, EINVAL,
			       "/process/capabilities/inheritable: %s is not in bounding",
			       first_cap(c->inheritable & ~c->bounding));
	return 0;
}

static void add_seccomp(struct plan *p, struct arena *a)
{
	const struct oci_seccomp *s = p->spec->linux_.seccomp;

	plan_add(p, a, STEP_SECCOMP, SIDE_CHILD, "/linux/seccomp")->str.text =
		oci_seccomp_notifies(s) ? s->listener_path : NULL;
}

/* Without no_new_privs a filter may be loaded only with CAP_SYS_ADMIN, so before
 * the capabilities go. With it: as late as can be, so that the filter has to
 * allow hardly more than execve(2). */
int plan_last_rights(struct plan *p, struct arena *a, struct err *e)
{
	const struct oci_process *process = p->process;
	bool nnp = process->no_new_privileges;
	bool seccomp = p->spec->linux_.seccomp != NULL;
	int r = check_caps(&process->caps, e);

	if (r < 0)
		return r;
	if (seccomp && !nnp)
		add_seccomp(p, a);
	plan_add(p, a, STEP_CAPS, SIDE_CHILD, "/process/capabilities")->process.process = process;
	if (nnp)
		plan_add(p, a, STEP_NO_NEW_PRIVS, SIDE_CHILD, "/process/noNewPrivileges");
	if (seccomp && nnp)
		add_seccomp(p, a);
	return 0;
}
