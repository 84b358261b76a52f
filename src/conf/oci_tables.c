/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/oci_tables.h"

#include <errno.h>
#include <limits.h>
#include <linux/ioprio.h>
#include <linux/sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/names.h"
#include "base/num.h"

/* SCHED_ISO is reserved in the kernel's header, not defined; the policy is in
 * the specification, and the kernel says what it thinks of it. */
enum { POLICY_ISO = 4 };

const char *oci_check_absolute(const char *s)
{
	return s[0] == '/' ? NULL : "not an absolute path";
}

/* "1.MINOR.PATCH" with what semantic versioning allows behind it. */
static const char *check_version(const char *s)
{
	static const char digits[] = "0123456789";
	static const char tail[] =
		"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-+";
	const char *p = s;

	for (int i = 0; i < 3; i++) {
		size_t n = strspn(p, digits);

		if (n == 0 || (n > 1 && *p == '0'))
			return "not a semantic version (MAJOR.MINOR.PATCH)";
		if (i == 0 && (n != 1 || *p != '1'))
			return "this major version is not supported, only 1.x is";
		p += n;
		if (i < 2 && *p++ != '.')
			return "not a semantic version (MAJOR.MINOR.PATCH)";
	}
	if (*p && ((*p != '-' && *p != '+') || !p[1] || p[strspn(p, tail)]))
		return "not a semantic version (MAJOR.MINOR.PATCH)";
	return NULL;
}

static const char *check_env(const char *s)
{
	const char *eq = strchr(s, '=');

	return !eq ? "not NAME=VALUE" : eq == s ? "the name is empty" : NULL;
}

/* "0-3,8": what the kernel calls the list format. */
static const char *check_cpu_list(const char *s)
{
	while (*s) {
		size_t n = strspn(s, "0123456789"), m = 0;
		uint64_t from, to;

		if (num_u64(s, n, &from) < 0)
			return "not a list of CPUs such as 0-3,8";
		to = from;
		if (s[n] == '-') {
			m = strspn(s + n + 1, "0123456789") + 1;
			if (num_u64(s + n + 1, m - 1, &to) < 0)
				return "not a list of CPUs such as 0-3,8";
		}
		if (to < from || to >= 65536)
			return "a range of CPUs is upside down or too high";
		s += n + m;
		if (*s == ',' && s[1])
			s++;
		else if (*s)
			return "not a list of CPUs such as 0-3,8";
	}
	return NULL;
}

/* Capability names. One that this runtime does not know is left out, as the
 * specification asks for capabilities that cannot be granted. */
static int caps_read(struct bind_ctx *c, const struct json *v, void *field)
{
	uint64_t *set = field;
	int r = bind_expect(c, v, JSON_ARRAY);

	for (const struct json *s = v->child; r == 0 && s; s = s->next) {
		int cap;

		r = bind_expect(c, s, JSON_STRING);
		cap = r == 0 ? name_cap(s->text) : -EINVAL;
		if (cap >= 0)
			*set |= (uint64_t)1 << cap;
	}
	return r;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void caps_write(struct jsonw *w, const char *key, const void *field)
{
	const char *names[NAME_CAP_COUNT];
	const uint64_t *set = field;
	size_t n = 0;

	for (int i = 0; i < NAME_CAP_COUNT; i++)
		if (*set >> i & 1)
			names[n++] = cap_name(i);
	if (n == 0)
		return;
	qsort(names, n, sizeof(*names), by_name);
	jsonw_key(w, key);
	jsonw_arr(w);
	for (size_t i = 0; i < n; i++)
		jsonw_str(w, names[i]);
	jsonw_arr_end(w);
}

#define ROW_CAPS(set) \
	ROW(oci_caps, #set, BIND_CUSTOM, set, .custom = caps_read, .write = caps_write)

static const struct bind_row caps_rows[] = {
	ROW_CAPS(bounding),  ROW_CAPS(effective), ROW_CAPS(inheritable),
	ROW_CAPS(permitted), ROW_CAPS(ambient),   { 0 },
};

static int rlimit_type_read(struct bind_ctx *c, const struct json *v, void *field)
{
	int resource, r = bind_expect(c, v, JSON_STRING);

	if (r < 0)
		return r;
	resource = name_rlimit(v->text);
	if (resource < 0)
		return json_err(c->doc, v, c->e, EINVAL, "unknown resource limit \"%.64s\"",
				v->text);
	*(int *)field = resource;
	return 0;
}

static void rlimit_type_write(struct jsonw *w, const char *key, const void *field)
{
	jsonw_kstr(w, key, rlimit_name(*(const int *)field));
}

static const struct bind_row rlimit_rows[] = {
	ROW(oci_rlimit, "type", BIND_CUSTOM, resource, .flags = BIND_REQUIRED,
	    .custom = rlimit_type_read, .write = rlimit_type_write),
	ROW(oci_rlimit, "hard", BIND_U64, hard, .flags = BIND_REQUIRED),
	ROW(oci_rlimit, "soft", BIND_U64, soft, .flags = BIND_REQUIRED),
	{ 0 },
};

static const struct bind_word policies[] = {
	{ "SCHED_OTHER", SCHED_NORMAL },
	{ "SCHED_FIFO", SCHED_FIFO },
	{ "SCHED_RR", SCHED_RR },
	{ "SCHED_BATCH", SCHED_BATCH },
	{ "SCHED_ISO", POLICY_ISO },
	{ "SCHED_IDLE", SCHED_IDLE },
	{ "SCHED_DEADLINE", SCHED_DEADLINE },
	{ 0 },
};

static const struct bind_word sched_flags[] = {
	{ "SCHED_FLAG_RESET_ON_FORK", SCHED_FLAG_RESET_ON_FORK },
	{ "SCHED_FLAG_RECLAIM", SCHED_FLAG_RECLAIM },
	{ "SCHED_FLAG_DL_OVERRUN", SCHED_FLAG_DL_OVERRUN },
	{ "SCHED_FLAG_KEEP_POLICY", SCHED_FLAG_KEEP_POLICY },
	{ "SCHED_FLAG_KEEP_PARAMS", SCHED_FLAG_KEEP_PARAMS },
	{ "SCHED_FLAG_UTIL_CLAMP_MIN", SCHED_FLAG_UTIL_CLAMP_MIN },
	{ "SCHED_FLAG_UTIL_CLAMP_MAX", SCHED_FLAG_UTIL_CLAMP_MAX },
	{ 0 },
};

static const struct bind_row scheduler_rows[] = {
	ROW_WORD(oci_scheduler, "policy", BIND_WORD, policy, policies, .flags = BIND_REQUIRED),
	ROW(oci_scheduler, "nice", BIND_I32, nice, RANGE(-20, 19)),
	ROW(oci_scheduler, "priority", BIND_I32, priority, RANGE(0, 99)),
	ROW_WORD(oci_scheduler, "flags", BIND_WORD_SET, flags, sched_flags),
	ROW(oci_scheduler, "runtime", BIND_U64, runtime),
	ROW(oci_scheduler, "deadline", BIND_U64, deadline),
	ROW(oci_scheduler, "period", BIND_U64, period),
	{ 0 },
};

struct io_priority {
	uint32_t class;
	int32_t priority;
};

static const struct bind_word io_classes[] = {
	{ "IOPRIO_CLASS_RT", IOPRIO_CLASS_RT },
	{ "IOPRIO_CLASS_BE", IOPRIO_CLASS_BE },
	{ "IOPRIO_CLASS_IDLE", IOPRIO_CLASS_IDLE },
	{ 0 },
};

static const struct bind_row io_priority_rows[] = {
	ROW_WORD(io_priority, "class", BIND_WORD, class, io_classes, .flags = BIND_REQUIRED),
	ROW(io_priority, "priority", BIND_I32, priority, .flags = BIND_RANGE | BIND_ALWAYS,
	    .min = 0, .max = 7),
	{ 0 },
};

static int io_priority_read(struct bind_ctx *c, const struct json *v, void *field)
{
	struct io_priority p = { 0 };
	int64_t *value = ARENA_NEW(c->arena, int64_t);
	int r = bind_object(c, v, io_priority_rows, &p);

	*value = (int64_t)p.class << IOPRIO_CLASS_SHIFT | p.priority;
	*(const int64_t **)field = value;
	return r;
}

static void io_priority_write(struct jsonw *w, const char *key, const void *field)
{
	const int64_t *value = *(const int64_t *const *)field;

	if (value) {
		struct io_priority p = { .class = (uint32_t)(*value >> IOPRIO_CLASS_SHIFT),
					 .priority = (int32_t)(*value & 7) };

		jsonw_key(w, key);
		jsonw_obj(w);
		(void)bind_write(w, io_priority_rows, &p);
		jsonw_obj_end(w);
	}
}

static const struct bind_row console_rows[] = {
	ROW(oci_process, "height", BIND_U32, console_height),
	ROW(oci_process, "width", BIND_U32, console_width),
	{ 0 },
};

static const struct bind_row user_rows[] = {
	ROW(oci_process, "uid", BIND_U32, uid, .flags = BIND_ALWAYS),
	ROW(oci_process, "gid", BIND_U32, gid, .flags = BIND_ALWAYS),
	ROW(oci_process, "umask", BIND_OPT_U32, umask, RANGE(0, 0777)),
	ROW_LIST(oci_process, "additionalGids", BIND_U32S, additional_gids, additional_gids_count),
	ROW(oci_process, "username", BIND_IGNORE, uid), /* Windows */
	{ 0 },
};

static const struct bind_row affinity_rows[] = {
	ROW(oci_process, "initial", BIND_STR, cpu_affinity_initial, .check = check_cpu_list),
	ROW(oci_process, "final", BIND_STR, cpu_affinity_final, .check = check_cpu_list),
	{ 0 },
};

const struct bind_row oci_process_rows[] = {
	ROW(oci_process, "terminal", BIND_BOOL, terminal),
	ROW_HERE("consoleSize", console_rows),
	ROW_HERE("user", user_rows, .flags = BIND_ALWAYS),
	ROW(oci_process, "args", BIND_STRINGS, args),
	ROW(oci_process, "commandLine", BIND_IGNORE, args), /* Windows */
	ROW(oci_process, "env", BIND_STRINGS, env, .check = check_env),
	ROW(oci_process, "cwd", BIND_STR_ABS, cwd, .flags = BIND_REQUIRED | BIND_NONEMPTY),
	ROW(oci_process, "capabilities", BIND_OBJ, caps, .sub = caps_rows, .flags = BIND_HAS,
	    .has_offset = offsetof(struct oci_process, caps.present)),
	ROW_ARRAY(oci_process, "rlimits", rlimits, rlimits_count, rlimit_rows),
	ROW(oci_process, "noNewPrivileges", BIND_BOOL, no_new_privileges),
	ROW(oci_process, "apparmorProfile", BIND_STR, apparmor_profile),
	ROW(oci_process, "oomScoreAdj", BIND_OPT_I64, oom_score_adj, RANGE(-1000, 1000)),
	ROW(oci_process, "scheduler", BIND_OPT_OBJ, scheduler, .sub = scheduler_rows,
	    .sub_size = sizeof(struct oci_scheduler)),
	ROW(oci_process, "selinuxLabel", BIND_STR, selinux_label),
	ROW(oci_process, "ioPriority", BIND_CUSTOM, io_priority, .custom = io_priority_read,
	    .write = io_priority_write, .sub = io_priority_rows),
	ROW_HERE("execCPUAffinity", affinity_rows),
	{ 0 },
};

static const struct bind_row root_rows[] = {
	ROW(oci_spec, "path", BIND_STR, root.path, .flags = BIND_REQUIRED | BIND_NONEMPTY),
	ROW(oci_spec, "readonly", BIND_BOOL, root.readonly),
	{ 0 },
};

static const struct bind_row mount_rows[] = {
	ROW(oci_mount, "destination", BIND_STR, destination,
	    .flags = BIND_REQUIRED | BIND_NONEMPTY),
	ROW(oci_mount, "type", BIND_STR, type),
	ROW(oci_mount, "source", BIND_STR, source),
	ROW(oci_mount, "options", BIND_STRINGS, options),
	ROW_ARRAY(oci_mount, "uidMappings", uid_maps.items, uid_maps.count, oci_id_map_rows),
	ROW_ARRAY(oci_mount, "gidMappings", gid_maps.items, gid_maps.count, oci_id_map_rows),
	{ 0 },
};

static const struct bind_row hook_rows[] = {
	ROW(oci_hook, "path", BIND_STR_ABS, path, .flags = BIND_REQUIRED | BIND_NONEMPTY),
	ROW(oci_hook, "args", BIND_STRINGS, args),
	ROW(oci_hook, "env", BIND_STRINGS, env, .check = check_env, .flags = BIND_HAS,
	    .has_offset = offsetof(struct oci_hook, has_env)),
	ROW(oci_hook, "timeout", BIND_I64, timeout_s, RANGE(1, INT_MAX)),
	{ 0 },
};

const char *const oci_hook_name[OCI_HOOK_COUNT] = {
	[OCI_HOOK_PRESTART] = "prestart",
	[OCI_HOOK_CREATE_RUNTIME] = "createRuntime",
	[OCI_HOOK_CREATE_CONTAINER] = "createContainer",
	[OCI_HOOK_START_CONTAINER] = "startContainer",
	[OCI_HOOK_POSTSTART] = "poststart",
	[OCI_HOOK_POSTSTOP] = "poststop",
};

#define ROW_HOOKS(key, point) \
	ROW_ARRAY(oci_spec, key, hooks[point].items, hooks[point].count, hook_rows)

static const struct bind_row hooks_rows[] = {
	ROW_HOOKS("prestart", OCI_HOOK_PRESTART),
	ROW_HOOKS("createRuntime", OCI_HOOK_CREATE_RUNTIME),
	ROW_HOOKS("createContainer", OCI_HOOK_CREATE_CONTAINER),
	ROW_HOOKS("startContainer", OCI_HOOK_START_CONTAINER),
	ROW_HOOKS("poststart", OCI_HOOK_POSTSTART),
	ROW_HOOKS("poststop", OCI_HOOK_POSTSTOP),
	{ 0 },
};

const struct bind_row oci_spec_rows[] = {
	ROW(oci_spec, "ociVersion", BIND_STR, oci_version, .flags = BIND_REQUIRED | BIND_NONEMPTY,
	    .check = check_version),
	ROW(oci_spec, "process", BIND_OBJ, process, .sub = oci_process_rows, .flags = BIND_HAS,
	    .has_offset = offsetof(struct oci_spec, has_process)),
	ROW_HERE("root", root_rows, .flags = BIND_REQUIRED),
	ROW(oci_spec, "hostname", BIND_STR, hostname),
	ROW(oci_spec, "domainname", BIND_STR, domainname),
	ROW_ARRAY(oci_spec, "mounts", mounts, mounts_count, mount_rows),
	ROW_HERE("hooks", hooks_rows),
	ROW(oci_spec, "annotations", BIND_PAIRS, annotations),
	ROW(oci_spec, "linux", BIND_OBJ, linux_, .sub = oci_linux_rows),
	ROW(oci_spec, "solaris", BIND_IGNORE, root),
	ROW(oci_spec, "windows", BIND_IGNORE, root),
	ROW(oci_spec, "vm", BIND_IGNORE, root),
	ROW(oci_spec, "zos", BIND_IGNORE, root),
	ROW(oci_spec, "freebsd", BIND_IGNORE, root),
	{ 0 },
};
