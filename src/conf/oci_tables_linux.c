/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <string.h>
#include <sys/personality.h>

#include "base/cleanup.h"
#include "conf/oci_tables.h"

const struct oci_ns_info oci_ns_info[OCI_NS_COUNT] = {
	[OCI_NS_USER] = { "user", "user", CLONE_NEWUSER },
	[OCI_NS_CGROUP] = { "cgroup", "cgroup", CLONE_NEWCGROUP },
	[OCI_NS_IPC] = { "ipc", "ipc", CLONE_NEWIPC },
	[OCI_NS_UTS] = { "uts", "uts", CLONE_NEWUTS },
	[OCI_NS_NETWORK] = { "network", "net", CLONE_NEWNET },
	[OCI_NS_PID] = { "pid", "pid", CLONE_NEWPID },
	[OCI_NS_MOUNT] = { "mount", "mnt", CLONE_NEWNS },
	[OCI_NS_TIME] = { "time", "time", CLONE_NEWTIME },
};

/* in the order in which the customary example lists them */
static const enum oci_ns ns_order[OCI_NS_COUNT] = {
	OCI_NS_PID,   OCI_NS_NETWORK, OCI_NS_IPC,    OCI_NS_UTS,
	OCI_NS_MOUNT, OCI_NS_USER,    OCI_NS_CGROUP, OCI_NS_TIME,
};

static const struct bind_word ns_words[] = {
	{ "pid", OCI_NS_PID },       { "network", OCI_NS_NETWORK }, { "mount", OCI_NS_MOUNT },
	{ "ipc", OCI_NS_IPC },       { "uts", OCI_NS_UTS },         { "user", OCI_NS_USER },
	{ "cgroup", OCI_NS_CGROUP }, { "time", OCI_NS_TIME },       { 0 },
};

struct ns_item {
	uint32_t type;
	const char *path;
};

static const struct bind_row ns_item_rows[] = {
	ROW_WORD(ns_item, "type", BIND_WORD, type, ns_words, .flags = BIND_REQUIRED),
	ROW(ns_item, "path", BIND_STR_ABS, path),
	{ 0 },
};

static int namespaces_read(struct bind_ctx *c, const struct json *v, void *field)
{
	struct oci_namespace *ns = field;
	int r = bind_expect(c, v, JSON_ARRAY);

	for (const struct json *s = v->child; r == 0 && s; s = s->next) {
		struct ns_item item = { 0 };

		r = bind_object(c, s, ns_item_rows, &item);
		if (r < 0)
			return r;
		if (ns[item.type].present)
			return json_err(c->doc, s, c->e, EINVAL,
					"a second namespace of type \"%s\"",
					bind_word_name(ns_words, item.type));
		ns[item.type] = (struct oci_namespace){ .present = true, .path = item.path };
	}
	return r;
}

static void namespaces_write(struct jsonw *w, const char *key, const void *field)
{
	const struct oci_namespace *ns = field;
	bool any = false;

	for (size_t i = 0; i < OCI_NS_COUNT; i++)
		any |= ns[i].present;
	if (!any)
		return;
	jsonw_key(w, key);
	jsonw_arr(w);
	for (size_t i = 0; i < OCI_NS_COUNT; i++) {
		struct ns_item item = { .type = ns_order[i], .path = ns[ns_order[i]].path };

		if (!ns[ns_order[i]].present)
			continue;
		jsonw_obj(w);
		(void)bind_write(w, ns_item_rows, &item);
		jsonw_obj_end(w);
	}
	jsonw_arr_end(w);
}

const struct bind_row oci_id_map_rows[] = {
	ROW(oci_id_map, "containerID", BIND_U32, container_id, .flags = BIND_REQUIRED),
	ROW(oci_id_map, "hostID", BIND_U32, host_id, .flags = BIND_REQUIRED),
	ROW(oci_id_map, "size", BIND_U32, size, .flags = BIND_REQUIRED),
	{ 0 },
};

/* Devices. The kernel's dev_t has 12 bits for the major and 20 for the minor. */
enum { MAJOR_MAX = 0xfff, MINOR_MAX = 0xfffff };

static const struct bind_word device_types[] = {
	{ "c", 'c' }, { "b", 'b' }, { "u", 'u' }, { "p", 'p' }, { 0 },
};

static const struct bind_word rule_types[] = {
	{ "a", 'a' },
	{ "c", 'c' },
	{ "b", 'b' },
	{ 0 },
};

static const struct bind_row device_rows[] = {
	ROW(oci_device, "path", BIND_STR_ABS, path, .flags = BIND_REQUIRED | BIND_NONEMPTY),
	ROW_WORD(oci_device, "type", BIND_WORD, type, device_types, .flags = BIND_REQUIRED),
	ROW(oci_device, "major", BIND_I64, major, .flags = BIND_RANGE | BIND_ALWAYS, .min = 0,
	    .max = MAJOR_MAX),
	ROW(oci_device, "minor", BIND_I64, minor, .flags = BIND_RANGE | BIND_ALWAYS, .min = 0,
	    .max = MINOR_MAX),
	ROW(oci_device, "fileMode", BIND_OPT_U32, file_mode),
	ROW(oci_device, "uid", BIND_U32, uid),
	ROW(oci_device, "gid", BIND_U32, gid),
	{ 0 },
};

/* Engines copy st_mode into fileMode, the type's bits included. */
static int device_after(struct bind_ctx *c, const struct json *v, void *out)
{
	struct oci_device *d = out;

	for (int i = 0; i < 2; i++) {
		const char *key = i ? "minor" : "major";

		if (d->type != 'p' && !json_get(v, key))
			return json_err(c->doc, v, c->e, EINVAL, "the member \"%s\" is missing",
					key);
	}
	if (d->file_mode) {
		uint32_t mode = *d->file_mode & 07777;

		d->file_mode = arena_dup(c->arena, &mode, sizeof(mode));
	}
	return 0;
}

static int rule_type_read(struct bind_ctx *c, const struct json *v, void *field)
{
	uint64_t letter = 0;
	int r = bind_word(c, v, rule_types, &letter);

	*(char *)field = (char)letter;
	return r;
}

static void rule_type_write(struct jsonw *w, const char *key, const void *field)
{
	char letter[2] = { *(const char *)field, '\0' };

	if (letter[0] && letter[0] != 'a')
		jsonw_kstr(w, key, letter);
}

static const char *check_access(const char *s)
{
	return s[strspn(s, "rwm")] || strlen(s) > 3 ? "not made of r, w and m" : NULL;
}

static const struct bind_row rule_rows[] = {
	ROW(oci_device_rule, "allow", BIND_BOOL, allow, .flags = BIND_ALWAYS),
	ROW(oci_device_rule, "type", BIND_CUSTOM, type, .custom = rule_type_read,
	    .write = rule_type_write),
	ROW(oci_device_rule, "major", BIND_OPT_I64, major, RANGE(-1, UINT32_MAX)),
	ROW(oci_device_rule, "minor", BIND_OPT_I64, minor, RANGE(-1, UINT32_MAX)),
	ROW(oci_device_rule, "access", BIND_STR, access, .check = check_access),
	{ 0 },
};

static int rule_after(struct bind_ctx *c, const struct json *v, void *out)
{
	struct oci_device_rule *rule = out;

	(void)c;
	(void)v;
	if (!rule->type)
		rule->type = 'a';
	return 0;
}

/* Resources */

static const struct bind_row memory_rows[] = {
	ROW(oci_resources, "limit", BIND_OPT_I64, memory.limit),
	ROW(oci_resources, "reservation", BIND_OPT_I64, memory.reservation),
	ROW(oci_resources, "swap", BIND_OPT_I64, memory.swap),
	ROW(oci_resources, "kernel", BIND_OPT_I64, memory.kernel),
	ROW(oci_resources, "kernelTCP", BIND_OPT_I64, memory.kernel_tcp),
	ROW(oci_resources, "swappiness", BIND_OPT_U64, memory.swappiness),
	ROW(oci_resources, "disableOOMKiller", BIND_OPT_BOOL, memory.disable_oom_killer),
	ROW(oci_resources, "useHierarchy", BIND_OPT_BOOL, memory.use_hierarchy),
	ROW(oci_resources, "checkBeforeUpdate", BIND_BOOL, memory.check_before_update),
	{ 0 },
};

static const struct bind_row cpu_rows[] = {
	ROW(oci_resources, "shares", BIND_OPT_U64, cpu.shares),
	ROW(oci_resources, "quota", BIND_OPT_I64, cpu.quota),
	ROW(oci_resources, "burst", BIND_OPT_U64, cpu.burst),
	ROW(oci_resources, "period", BIND_OPT_U64, cpu.period),
	ROW(oci_resources, "realtimeRuntime", BIND_OPT_I64, cpu.realtime_runtime),
	ROW(oci_resources, "realtimePeriod", BIND_OPT_U64, cpu.realtime_period),
	ROW(oci_resources, "cpus", BIND_STR, cpu.cpus),
	ROW(oci_resources, "mems", BIND_STR, cpu.mems),
	ROW(oci_resources, "idle", BIND_OPT_I64, cpu.idle),
	{ 0 },
};

static const struct bind_row pids_rows[] = {
	ROW(oci_resources, "limit", BIND_OPT_I64, pids_limit),
	{ 0 },
};

#define ROWS_DEVICE_NUMBER(type)                                                                   \
	ROW(type, "major", BIND_I64, major, .flags = BIND_REQUIRED | BIND_RANGE, .min = 0,         \
	    .max = UINT32_MAX),                                                                    \
		ROW(type, "minor", BIND_I64, minor, .flags = BIND_REQUIRED | BIND_RANGE, .min = 0, \
		    .max = UINT32_MAX)

static const struct bind_row weight_device_rows[] = {
	ROWS_DEVICE_NUMBER(oci_weight_dev),
	ROW(oci_weight_dev, "weight", BIND_OPT_U16, weight),
	ROW(oci_weight_dev, "leafWeight", BIND_OPT_U16, leaf_weight),
	{ 0 },
};

static const struct bind_row throttle_rows[] = {
	ROWS_DEVICE_NUMBER(oci_throttle),
	ROW(oci_throttle, "rate", BIND_U64, rate, .flags = BIND_REQUIRED),
	{ 0 },
};

#define ROW_THROTTLE(key, field) \
	ROW_ARRAY(oci_resources, key, block_io.field.items, block_io.field.count, throttle_rows)

static const struct bind_row block_io_rows[] = {
	ROW(oci_resources, "weight", BIND_OPT_U16, block_io.weight),
	ROW(oci_resources, "leafWeight", BIND_OPT_U16, block_io.leaf_weight),
	ROW_ARRAY(oci_resources, "weightDevice", block_io.weight_device,
		  block_io.weight_device_count, weight_device_rows),
	ROW_THROTTLE("throttleReadBpsDevice", read_bps),
	ROW_THROTTLE("throttleWriteBpsDevice", write_bps),
	ROW_THROTTLE("throttleReadIOPSDevice", read_iops),
	ROW_THROTTLE("throttleWriteIOPSDevice", write_iops),
	{ 0 },
};

/* The size becomes part of a file's name: hugetlb.SIZE.max. */
static const char *check_page_size(const char *s)
{
	size_t n = strspn(s, "0123456789");

	if (n == 0 || n > 19 || *s == '0' || !s[n] || !strchr("KMG", s[n]) ||
	    strcmp(s + n + 1, "B") != 0)
		return "not a page size such as 2MB";
	return NULL;
}

static const struct bind_row hugepage_rows[] = {
	ROW(oci_hugepage, "pageSize", BIND_STR, page_size, .flags = BIND_REQUIRED | BIND_NONEMPTY,
	    .check = check_page_size),
	ROW(oci_hugepage, "limit", BIND_U64, limit, .flags = BIND_REQUIRED),
	{ 0 },
};

/* One word of a line that is written to a cgroup file. */
static const char *check_token(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s <= ' ' || *s == 0x7f)
			return "blanks and control characters cannot be in a name";
	return NULL;
}

static const struct bind_row if_prio_rows[] = {
	ROW(oci_if_prio, "name", BIND_STR, name, .flags = BIND_REQUIRED | BIND_NONEMPTY,
	    .check = check_token),
	ROW(oci_if_prio, "priority", BIND_U32, priority, .flags = BIND_REQUIRED),
	{ 0 },
};

static const struct bind_row network_rows[] = {
	ROW(oci_resources, "classID", BIND_OPT_U32, net_class_id),
	ROW_ARRAY(oci_resources, "priorities", net_priorities, net_priorities_count, if_prio_rows),
	{ 0 },
};

static const struct bind_row rdma_rows[] = {
	ROW(oci_rdma, "hcaHandles", BIND_OPT_U32, hca_handles),
	ROW(oci_rdma, "hcaObjects", BIND_OPT_U32, hca_objects),
	{ 0 },
};

/* {DEVICE: {...}}: the key is part of the struct. `field` is the resources. */
static int rdma_read(struct bind_ctx *c, const struct json *v, void *field)
{
	struct oci_resources *res = field;
	int r = bind_expect(c, v, JSON_OBJECT);

	if (r < 0)
		return r;
	res->rdma = arena_alloc(c->arena, v->count * sizeof(*res->rdma));
	for (const struct json *s = v->child; s; s = s->next) {
		struct oci_rdma *rdma = &res->rdma[res->rdma_count++];

		if (!*s->key || check_token(s->key))
			return json_err(c->doc, s, c->e, EINVAL, "not the name of a device");
		rdma->device = s->key;
		r = bind_object(c, s, rdma_rows, rdma);
		if (r < 0)
			return r;
	}
	return 0;
}

static void rdma_write(struct jsonw *w, const char *key, const void *field)
{
	const struct oci_resources *res = field;

	if (res->rdma_count == 0)
		return;
	jsonw_key(w, key);
	jsonw_obj(w);
	for (size_t i = 0; i < res->rdma_count; i++) {
		jsonw_key(w, res->rdma[i].device);
		jsonw_obj(w);
		(void)bind_write(w, rdma_rows, &res->rdma[i]);
		jsonw_obj_end(w);
	}
	jsonw_obj_end(w);
}

/* A file below the container's cgroup, and nothing else. */
static const char *check_cgroup_file(const char *s)
{
	return strchr(s, '/') || strcmp(s, ".") == 0 || strcmp(s, "..") == 0
		       ? "not the name of a cgroup file"
		       : NULL;
}

const struct bind_row oci_resources_rows[] = {
	ROW_ARRAY(oci_resources, "devices", devices, devices_count, rule_rows, .after = rule_after),
	ROW_HERE("memory", memory_rows),
	ROW_HERE("cpu", cpu_rows),
	ROW_HERE("pids", pids_rows),
	ROW_HERE("blockIO", block_io_rows),
	ROW_ARRAY(oci_resources, "hugepageLimits", hugepages, hugepages_count, hugepage_rows),
	ROW_HERE("network", network_rows),
	{ .key = "rdma",
	  .kind = BIND_CUSTOM,
	  .custom = rdma_read,
	  .write = rdma_write,
	  .sub = rdma_rows },
	ROW(oci_resources, "unified", BIND_PAIRS, unified, .check = check_cgroup_file),
	{ 0 },
};

/* Seccomp */

const struct bind_word oci_seccomp_actions[] = {
	{ "SCMP_ACT_KILL", SCMP_ACT_KILL },
	{ "SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS },
	{ "SCMP_ACT_KILL_THREAD", SCMP_ACT_KILL_THREAD },
	{ "SCMP_ACT_TRAP", SCMP_ACT_TRAP },
	{ "SCMP_ACT_ERRNO", SCMP_ACT_ERRNO(0) },
	{ "SCMP_ACT_TRACE", SCMP_ACT_TRACE(0) },
	{ "SCMP_ACT_ALLOW", SCMP_ACT_ALLOW },
	{ "SCMP_ACT_LOG", SCMP_ACT_LOG },
	{ "SCMP_ACT_NOTIFY", SCMP_ACT_NOTIFY },
	{ 0 },
};

const struct bind_word oci_seccomp_ops[] = {
	{ "SCMP_CMP_NE", SCMP_CMP_NE },
	{ "SCMP_CMP_LT", SCMP_CMP_LT },
	{ "SCMP_CMP_LE", SCMP_CMP_LE },
	{ "SCMP_CMP_EQ", SCMP_CMP_EQ },
	{ "SCMP_CMP_GE", SCMP_CMP_GE },
	{ "SCMP_CMP_GT", SCMP_CMP_GT },
	{ "SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ },
	{ 0 },
};

/* libseccomp's tokens are the kernel's AUDIT_ARCH_*, but that SH is the little
 * endian one there. Its header may be older than some of them. */
const struct bind_word oci_seccomp_archs[] = {
	{ "SCMP_ARCH_X86", AUDIT_ARCH_I386 },
	{ "SCMP_ARCH_X86_64", AUDIT_ARCH_X86_64 },
	{ "SCMP_ARCH_X32", SCMP_ARCH_X32 },
	{ "SCMP_ARCH_ARM", AUDIT_ARCH_ARM },
	{ "SCMP_ARCH_AARCH64", AUDIT_ARCH_AARCH64 },
	{ "SCMP_ARCH_LOONGARCH64", AUDIT_ARCH_LOONGARCH64 },
	{ "SCMP_ARCH_M68K", AUDIT_ARCH_M68K },
	{ "SCMP_ARCH_MIPS", AUDIT_ARCH_MIPS },
	{ "SCMP_ARCH_MIPS64", AUDIT_ARCH_MIPS64 },
	{ "SCMP_ARCH_MIPS64N32", AUDIT_ARCH_MIPS64N32 },
	{ "SCMP_ARCH_MIPSEL", AUDIT_ARCH_MIPSEL },
	{ "SCMP_ARCH_MIPSEL64", AUDIT_ARCH_MIPSEL64 },
	{ "SCMP_ARCH_MIPSEL64N32", AUDIT_ARCH_MIPSEL64N32 },
	{ "SCMP_ARCH_PPC", AUDIT_ARCH_PPC },
	{ "SCMP_ARCH_PPC64", AUDIT_ARCH_PPC64 },
	{ "SCMP_ARCH_PPC64LE", AUDIT_ARCH_PPC64LE },
	{ "SCMP_ARCH_S390", AUDIT_ARCH_S390 },
	{ "SCMP_ARCH_S390X", AUDIT_ARCH_S390X },
	{ "SCMP_ARCH_PARISC", AUDIT_ARCH_PARISC },
	{ "SCMP_ARCH_PARISC64", AUDIT_ARCH_PARISC64 },
	{ "SCMP_ARCH_RISCV64", AUDIT_ARCH_RISCV64 },
	{ "SCMP_ARCH_SH", AUDIT_ARCH_SHEL },
	{ "SCMP_ARCH_SHEB", AUDIT_ARCH_SH },
	{ 0 },
};
_Static_assert(ARRAY_LEN(oci_seccomp_archs) == 23 + 1, "all architectures of the specification");

const struct bind_word oci_seccomp_flags[] = {
	{ "SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC },
	{ "SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG },
	{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW },
	{ "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV },
	{ 0 },
};

const struct bind_row oci_seccomp_arg_rows[] = {
	ROW(oci_seccomp_arg, "index", BIND_U32, index, .flags = BIND_REQUIRED | BIND_RANGE,
	    .min = 0, .max = 5),
	ROW(oci_seccomp_arg, "value", BIND_U64, value, .flags = BIND_REQUIRED),
	ROW(oci_seccomp_arg, "valueTwo", BIND_U64, value_two),
	ROW_WORD(oci_seccomp_arg, "op", BIND_WORD, op, oci_seccomp_ops, .flags = BIND_REQUIRED),
	{ 0 },
};

static const struct bind_row seccomp_rule_rows[] = {
	ROW(oci_seccomp_rule, "names", BIND_STRINGS, names, .flags = BIND_REQUIRED | BIND_NONEMPTY),
	ROW_WORD(oci_seccomp_rule, "action", BIND_WORD, action, oci_seccomp_actions,
		 .flags = BIND_REQUIRED),
	ROW(oci_seccomp_rule, "errnoRet", BIND_OPT_U32, errno_ret),
	ROW_ARRAY(oci_seccomp_rule, "args", args, args_count, oci_seccomp_arg_rows),
	{ 0 },
};

const struct bind_row oci_seccomp_rows[] = {
	ROW_WORD(oci_seccomp, "defaultAction", BIND_WORD, default_action, oci_seccomp_actions,
		 .flags = BIND_REQUIRED),
	ROW(oci_seccomp, "defaultErrnoRet", BIND_OPT_U32, default_errno_ret),
	ROW_LIST(oci_seccomp, "architectures", BIND_WORDS, archs, archs_count,
		 .words = oci_seccomp_archs),
	ROW_WORD(oci_seccomp, "flags", BIND_WORD_SET, flags, oci_seccomp_flags, .flags = BIND_HAS,
		 .has_offset = offsetof(struct oci_seccomp, has_flags)),
	ROW(oci_seccomp, "listenerPath", BIND_STR, listener_path),
	ROW(oci_seccomp, "listenerMetadata", BIND_STR, listener_metadata),
	ROW_ARRAY(oci_seccomp, "syscalls", rules, rules_count, seccomp_rule_rows),
	{ 0 },
};

/* The rest of linux */

static const struct bind_word domains[] = {
	{ "LINUX", PER_LINUX },
	{ "LINUX32", PER_LINUX32 },
	{ 0 },
};

struct domain {
	uint32_t domain;
};

static const struct bind_row personality_rows[] = {
	ROW_WORD(domain, "domain", BIND_WORD, domain, domains, .flags = BIND_REQUIRED),
	ROW(domain, "flags", BIND_REFUSE, domain,
	    .flags = BIND_NONEMPTY), /* none are defined so far */
	{ 0 },
};

static int personality_read(struct bind_ctx *c, const struct json *v, void *field)
{
	struct domain *d = ARENA_NEW(c->arena, struct domain);
	int r = bind_object(c, v, personality_rows, d);

	*(const uint32_t **)field = &d->domain;
	return r;
}

static void personality_write(struct jsonw *w, const char *key, const void *field)
{
	const uint32_t *value = *(const uint32_t *const *)field;
	struct domain d = { .domain = value ? *value : 0 };

	if (!value)
		return;
	jsonw_key(w, key);
	jsonw_obj(w);
	(void)bind_write(w, personality_rows, &d);
	jsonw_obj_end(w);
}

static const struct bind_row offset_rows[] = {
	ROW(oci_time_offset, "secs", BIND_I64, secs),
	ROW(oci_time_offset, "nanosecs", BIND_U32, nanosecs, RANGE(0, 999999999)),
	{ 0 },
};

#define ROW_OFFSET(clock)                                                              \
	ROW(oci_linux, #clock, BIND_OBJ, clock, .sub = offset_rows, .flags = BIND_HAS, \
	    .has_offset = offsetof(struct oci_linux, clock.present))

static const struct bind_row time_rows[] = {
	ROW_OFFSET(monotonic),
	ROW_OFFSET(boottime),
	{ 0 },
};

static const char *check_propagation(const char *s)
{
	static const char *const known[] = { "shared", "slave", "private", "unbindable" };

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strcmp(s + (s[0] == 'r'), known[i]) == 0)
			return NULL;
	return "unknown propagation; known: [r]shared, [r]slave, [r]private, [r]unbindable";
}

const struct bind_row oci_linux_rows[] = {
	ROW_ARRAY(oci_linux, "uidMappings", uid_maps.items, uid_maps.count, oci_id_map_rows),
	ROW_ARRAY(oci_linux, "gidMappings", gid_maps.items, gid_maps.count, oci_id_map_rows),
	ROW(oci_linux, "sysctl", BIND_PAIRS, sysctl),
	ROW(oci_linux, "resources", BIND_OBJ, resources, .sub = oci_resources_rows,
	    .flags = BIND_HAS, .has_offset = offsetof(struct oci_linux, resources.present)),
	ROW(oci_linux, "cgroupsPath", BIND_STR, cgroups_path),
	ROW(oci_linux, "namespaces", BIND_CUSTOM, ns, .custom = namespaces_read,
	    .write = namespaces_write, .sub = ns_item_rows),
	ROW_ARRAY(oci_linux, "devices", devices, devices_count, device_rows, .after = device_after),
	ROW(oci_linux, "netDevices", BIND_REFUSE, ns, .flags = BIND_NONEMPTY),
	ROW(oci_linux, "seccomp", BIND_OPT_OBJ, seccomp, .sub = oci_seccomp_rows,
	    .sub_size = sizeof(struct oci_seccomp)),
	ROW(oci_linux, "rootfsPropagation", BIND_STR, rootfs_propagation,
	    .check = check_propagation),
	ROW(oci_linux, "maskedPaths", BIND_STRINGS, masked_paths, .check = oci_check_absolute),
	ROW(oci_linux, "readonlyPaths", BIND_STRINGS, readonly_paths, .check = oci_check_absolute),
	ROW(oci_linux, "mountLabel", BIND_STR, mount_label),
	ROW(oci_linux, "intelRdt", BIND_REFUSE, ns),
	ROW(oci_linux, "memoryPolicy", BIND_REFUSE, ns),
	ROW(oci_linux, "personality", BIND_CUSTOM, personality, .custom = personality_read,
	    .write = personality_write, .sub = personality_rows),
	ROW_HERE("timeOffsets", time_rows, .flags = BIND_CLOSED),
	{ 0 },
};
