/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/oci_check.h"

#include <errno.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/names.h"

enum {
	ID_MAPS_MAX = 340, /* UID_GID_MAP_MAX_EXTENTS of the kernel */
	ERRNO_MAX = 4095,  /* MAX_ERRNO of the kernel: seccomp cuts what is higher */
	TRACE_DATA_MAX = 0xffff,
};

static int __attribute__((format(printf, 3, 4)))
bad(const struct oci_check *c, const char *at, const char *fmt, ...)
{
	char msg[256];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	if (c->doc)
		return json_err(c->doc, json_nearest(c->doc, at), c->e, EINVAL, "%s", msg);
	return err_set(c->e, EINVAL, "%s: %s%s%s", c->name, at, *at ? ": " : "", msg);
}

static bool absolute(const char *path)
{
	return path && path[0] == '/';
}

static bool overlap(uint32_t a, uint32_t a_size, uint32_t b, uint32_t b_size)
{
	return (uint64_t)a < (uint64_t)b + b_size && (uint64_t)b < (uint64_t)a + a_size;
}

static int check_id_maps(const struct oci_check *c, const char *at, const struct oci_id_maps *maps)
{
	char here[128];

	if (maps->count > ID_MAPS_MAX)
		return bad(c, at, "more than %d mappings", ID_MAPS_MAX);
	for (size_t i = 0; i < maps->count; i++) {
		const struct oci_id_map *m = &maps->items[i];

		(void)snprintf(here, sizeof(here), "%s/%zu", at, i);
		if (m->size == 0)
			return bad(c, here, "a mapping of size 0");
		/* The id 4294967295 means "none" to the kernel. */
		if ((uint64_t)m->container_id + m->size > UINT32_MAX ||
		    (uint64_t)m->host_id + m->size > UINT32_MAX)
			return bad(c, here, "the mapping goes beyond the last id, 4294967294");
		for (size_t k = 0; k < i; k++) {
			const struct oci_id_map *o = &maps->items[k];

			if (overlap(m->container_id, m->size, o->container_id, o->size) ||
			    overlap(m->host_id, m->size, o->host_id, o->size))
				return bad(c, here, "the mapping overlaps the one at index %zu", k);
		}
	}
	return 0;
}

static int check_rlimits(const struct oci_check *c, const char *at, const struct oci_process *p)
{
	uint64_t seen = 0;
	char here[128];

	for (size_t i = 0; i < p->rlimits_count; i++) {
		const struct oci_rlimit *l = &p->rlimits[i];

		(void)snprintf(here, sizeof(here), "%s/rlimits/%zu", at, i);
		if (!rlimit_name(l->resource))
			return bad(c, here, "unknown resource limit %d", l->resource);
		if (seen >> l->resource & 1)
			return bad(c, here, "%s is limited twice", rlimit_name(l->resource));
		seen |= (uint64_t)1 << l->resource;
		if (l->soft > l->hard)
			return bad(c, here, "the soft limit of %s is above the hard one",
				   rlimit_name(l->resource));
	}
	return 0;
}

static int check_scheduler(const struct oci_check *c, const char *at, const struct oci_scheduler *s)
{
	char here[128];

	if (!s)
		return 0;
	(void)snprintf(here, sizeof(here), "%s/scheduler", at);
	if (s->priority != 0 && s->policy != SCHED_FIFO && s->policy != SCHED_RR)
		return bad(c, here, "a priority is for SCHED_FIFO and SCHED_RR only");
	if ((s->runtime || s->deadline || s->period) && s->policy != SCHED_DEADLINE)
		return bad(c, here, "runtime, deadline and period are for SCHED_DEADLINE only");
	return 0;
}

/* (uid_t)-1 is "no change" to setresuid(2): who asked for it would stay root. */
static int check_ids(const struct oci_check *c, const char *at, const struct oci_process *p)
{
	const char *which = p->uid == UINT32_MAX ? "uid" : p->gid == UINT32_MAX ? "gid" : NULL;
	char here[128];

	(void)snprintf(here, sizeof(here), "%s/user/%s", at, which ? which : "additionalGids");
	for (size_t i = 0; !which && i < p->additional_gids_count; i++)
		if (p->additional_gids[i] == UINT32_MAX)
			which = "gid";
	return which ? bad(c, here, "%u is no %s", UINT32_MAX, which) : 0;
}

int oci_check_process(const struct oci_check *c, const char *at, const struct oci_process *p)
{
	char here[128];
	int r;

	(void)snprintf(here, sizeof(here), "%s/cwd", at);
	if (!absolute(p->cwd))
		return bad(c, here, "not an absolute path");
	r = check_ids(c, at, p);
	if (r == 0)
		r = check_rlimits(c, at, p);
	return r < 0 ? r : check_scheduler(c, at, p->scheduler);
}

static int check_errno(const struct oci_check *c, const char *at, uint32_t action,
		       const uint32_t *value)
{
	if (!value)
		return 0;
	if (action != SCMP_ACT_ERRNO(0) && action != SCMP_ACT_TRACE(0))
		return bad(c, at, "an errno value is for SCMP_ACT_ERRNO and SCMP_ACT_TRACE only");
	if (*value > (action == SCMP_ACT_TRACE(0) ? TRACE_DATA_MAX : ERRNO_MAX))
		return bad(c, at, "%u is too high for the kernel", *value);
	return 0;
}

static int check_seccomp_rule(const struct oci_check *c, const char *at,
			      const struct oci_seccomp *s, const struct oci_seccomp_rule *rule)
{
	char here[160];

	for (size_t i = 0; i < rule->names.count; i++)
		if (!*rule->names.items[i])
			return bad(c, at, "the name of a system call is empty");
	if (rule->action == SCMP_ACT_NOTIFY) {
		if (!s->listener_path || !*s->listener_path)
			return bad(c, at, "SCMP_ACT_NOTIFY needs a listenerPath");
		/* '@': an abstract name. */
		if (*s->listener_path != '/' && *s->listener_path != '@')
			return bad(c, at, "the listenerPath of SCMP_ACT_NOTIFY must be absolute");
		/* The runtime hands the listener over with write(2) itself. */
		for (size_t i = 0; i < rule->names.count; i++)
			if (strcmp(rule->names.items[i], "write") == 0)
				return bad(c, at,
					   "SCMP_ACT_NOTIFY cannot be used for the write syscall");
	}
	(void)snprintf(here, sizeof(here), "%s/errnoRet", at);
	return check_errno(c, here, rule->action, rule->errno_ret);
}

bool oci_seccomp_notifies(const struct oci_seccomp *s)
{
	for (size_t i = 0; i < s->rules_count; i++)
		if (s->rules[i].action == SCMP_ACT_NOTIFY)
			return true;
	return false;
}

int oci_check_seccomp(const struct oci_check *c, const char *at, const struct oci_seccomp *s)
{
	char here[128];
	int r;

	if (s->default_action == SCMP_ACT_NOTIFY)
		return bad(c, at, "SCMP_ACT_NOTIFY cannot be the default action");
	if (s->listener_metadata && !s->listener_path)
		return bad(c, at, "listenerMetadata needs a listenerPath");
	(void)snprintf(here, sizeof(here), "%s/defaultErrnoRet", at);
	r = check_errno(c, here, s->default_action, s->default_errno_ret);
	for (size_t i = 0; r == 0 && i < s->rules_count; i++) {
		(void)snprintf(here, sizeof(here), "%s/syscalls/%zu", at, i);
		r = check_seccomp_rule(c, here, s, &s->rules[i]);
	}
	return r;
}

static int check_mounts(const struct oci_check *c, const struct oci_spec *spec)
{
	char here[64];
	int r = 0;

	for (size_t i = 0; r == 0 && i < spec->mounts_count; i++) {
		const struct oci_mount *m = &spec->mounts[i];

		(void)snprintf(here, sizeof(here), "/mounts/%zu", i);
		if (!m->destination || !*m->destination)
			return bad(c, here, "there is no destination");
		if ((m->uid_maps.count == 0) != (m->gid_maps.count == 0))
			return bad(c, here, "uidMappings and gidMappings go together");
		(void)snprintf(here, sizeof(here), "/mounts/%zu/uidMappings", i);
		r = check_id_maps(c, here, &m->uid_maps);
		(void)snprintf(here, sizeof(here), "/mounts/%zu/gidMappings", i);
		r = r < 0 ? r : check_id_maps(c, here, &m->gid_maps);
	}
	return r;
}

static int check_hooks(const struct oci_check *c, const struct oci_spec *spec)
{
	char here[64];

	for (size_t point = 0; point < OCI_HOOK_COUNT; point++) {
		for (size_t i = 0; i < spec->hooks[point].count; i++) {
			const struct oci_hook *h = &spec->hooks[point].items[i];

			(void)snprintf(here, sizeof(here), "/hooks/%s/%zu", oci_hook_name[point],
				       i);
			if (!absolute(h->path))
				return bad(c, here, "the path is not absolute");
			if (h->timeout_s < 0)
				return bad(c, here, "the timeout is negative");
		}
	}
	return 0;
}

/* What needs a namespace of the container's own, new or joined. */
static int check_namespaces(const struct oci_check *c, const struct oci_spec *spec)
{
	const struct oci_linux *l = &spec->linux_;
	const struct oci_namespace *user = &l->ns[OCI_NS_USER], *time = &l->ns[OCI_NS_TIME];
	bool maps = l->uid_maps.count > 0 || l->gid_maps.count > 0;
	bool offsets = l->monotonic.present || l->boottime.present;

	for (size_t i = 0; i < OCI_NS_COUNT; i++)
		if (l->ns[i].path && !absolute(l->ns[i].path))
			return bad(c, "/linux/namespaces",
				   "the path of the %s namespace is not absolute",
				   oci_ns_info[i].name);
	if (spec->hostname && !l->ns[OCI_NS_UTS].present)
		return bad(c, "/hostname",
			   "unable to set hostname without a private UTS namespace");
	if (spec->domainname && !l->ns[OCI_NS_UTS].present)
		return bad(c, "/domainname",
			   "unable to set domainname without a private UTS namespace");
	if ((l->masked_paths.count || l->readonly_paths.count) && !l->ns[OCI_NS_MOUNT].present)
		return bad(c, l->masked_paths.count ? "/linux/maskedPaths" : "/linux/readonlyPaths",
			   "unable to restrict sys entries without a private MNT namespace");
	if (maps && !user->present)
		return bad(
			c, l->uid_maps.count ? "/linux/uidMappings" : "/linux/gidMappings",
			"user namespace mappings specified, but user namespace isn't enabled in the config");
	if (user->present && !user->path && !maps)
		return bad(
			c, "/linux/namespaces",
			"user namespaces enabled, but no namespace path to join nor mappings to apply specified");
	if (offsets && !time->present)
		return bad(
			c, "/linux/timeOffsets",
			"time namespace offsets specified, but time namespace isn't enabled in the config");
	if (offsets && time->path)
		return bad(c, "/linux/timeOffsets",
			   "offsets cannot be set in a time namespace that is joined by path");
	return 0;
}

int oci_check_spec(const struct oci_check *c, const struct oci_spec *spec)
{
	int r;

	if (!spec->oci_version)
		return bad(c, "", "ociVersion is missing");
	if (!spec->root.path || !*spec->root.path)
		return bad(c, "", "root.path is missing");
	for (size_t i = 0; i < spec->annotations.count; i++)
		if (!*spec->annotations.items[i].key)
			return bad(c, "/annotations", "the key must not be empty");
	r = spec->has_process ? oci_check_process(c, "/process", &spec->process) : 0;
	r = r < 0 ? r : check_mounts(c, spec);
	r = r < 0 ? r : check_hooks(c, spec);
	r = r < 0 ? r : check_id_maps(c, "/linux/uidMappings", &spec->linux_.uid_maps);
	r = r < 0 ? r : check_id_maps(c, "/linux/gidMappings", &spec->linux_.gid_maps);
	r = r < 0 ? r : check_namespaces(c, spec);
	if (r == 0 && spec->linux_.seccomp)
		r = oci_check_seccomp(c, "/linux/seccomp", spec->linux_.seccomp);
	return r;
}
