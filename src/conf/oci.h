/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* config.json of the OCI runtime specification 1.3 as a C struct: plain data,
 * every pointer into the arena it was read into. NULL or a count of 0 means
 * absent; where absent and empty differ there is a pointer or a has_ flag.
 *
 * Names are the specification's. Enumerated strings are already kernel
 * numbers (signals, capabilities, namespace flags, rlimits); strings the kernel
 * interprets (mount options) stay strings until conf/mountopt reads them. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"

#define OCI_VERSION "1.3.0"

struct json;
struct json_doc;

enum oci_ns { /* the order in which an existing one is joined: user first */
	      OCI_NS_USER,
	      OCI_NS_CGROUP,
	      OCI_NS_IPC,
	      OCI_NS_UTS,
	      OCI_NS_NETWORK,
	      OCI_NS_PID,
	      OCI_NS_MOUNT,
	      OCI_NS_TIME,
	      OCI_NS_COUNT,
};

struct oci_ns_info {
	const char *name;      /* in config.json */
	const char *proc_name; /* below /proc/PID/ns */
	uint64_t clone_flag;   /* CLONE_NEW* */
};
extern const struct oci_ns_info oci_ns_info[OCI_NS_COUNT];

struct oci_namespace {
	bool present;     /* false: share the runtime's own */
	const char *path; /* NULL: a new one */
};

struct oci_id_map {
	uint32_t container_id, host_id, size;
};
struct oci_id_maps {
	struct oci_id_map *items;
	size_t count;
};

struct oci_strings {
	const char **items; /* not NULL-terminated */
	size_t count;
};

struct oci_pair { /* annotations, sysctl, unified, rdma ...: file order kept */
	const char *key, *value;
};
struct oci_pairs {
	struct oci_pair *items;
	size_t count;
};

struct oci_mount {
	const char *destination, *type, *source;
	struct oci_strings options;
	struct oci_id_maps uid_maps, gid_maps;
};

struct oci_rlimit {
	int resource; /* RLIMIT_* */
	uint64_t soft, hard;
};

struct oci_caps {
	bool present; /* the capabilities object is there at all */
	uint64_t bounding, effective, inheritable, permitted, ambient; /* bit n = capability n */
};

struct oci_scheduler {
	int policy; /* SCHED_* */
	int32_t nice, priority;
	uint64_t flags; /* SCHED_FLAG_* */
	uint64_t runtime, deadline, period;
};

struct oci_process {
	bool terminal;
	bool no_new_privileges;
	uint32_t console_height, console_width; /* 0: not given */
	const char *cwd;
	struct oci_strings env, args;
	uint32_t uid, gid;
	const uint32_t *umask;
	uint32_t *additional_gids;
	size_t additional_gids_count;
	struct oci_caps caps;
	struct oci_rlimit *rlimits;
	size_t rlimits_count;
	const char *apparmor_profile, *selinux_label;
	const int64_t *oom_score_adj;
	const struct oci_scheduler *scheduler;
	const int64_t *io_priority; /* class << 13 | priority, as ioprio_set(2) */
	const char *cpu_affinity_initial, *cpu_affinity_final; /* execCPUAffinity, CPU lists */
};

struct oci_hook {
	const char *path;
	struct oci_strings args, env;
	bool has_env;
	int64_t timeout_s; /* 0: none */
};
enum oci_hook_point {
	OCI_HOOK_PRESTART,
	OCI_HOOK_CREATE_RUNTIME,
	OCI_HOOK_CREATE_CONTAINER,
	OCI_HOOK_START_CONTAINER,
	OCI_HOOK_POSTSTART,
	OCI_HOOK_POSTSTOP,
	OCI_HOOK_COUNT,
};
extern const char *const oci_hook_name[OCI_HOOK_COUNT];
struct oci_hooks {
	struct oci_hook *items;
	size_t count;
};

struct oci_device {
	char type; /* c b u p */
	const char *path;
	int64_t major, minor;
	const uint32_t *file_mode; /* default 0666 */
	uint32_t uid, gid;
};

struct oci_device_rule {
	bool allow;
	char type;                    /* a c b */
	const int64_t *major, *minor; /* NULL or -1: all */
	const char *access;           /* of rwm; NULL: all */
};

struct oci_hugepage {
	const char *page_size;
	uint64_t limit;
};
struct oci_if_prio {
	const char *name;
	uint32_t priority;
};
struct oci_rdma {
	const char *device;
	const uint32_t *hca_handles, *hca_objects;
};
struct oci_weight_dev {
	int64_t major, minor;
	const uint16_t *weight, *leaf_weight;
};
struct oci_throttle {
	int64_t major, minor;
	uint64_t rate;
};
struct oci_throttles {
	struct oci_throttle *items;
	size_t count;
};

struct oci_resources {
	bool present;
	struct oci_device_rule *devices;
	size_t devices_count;
	struct {
		const int64_t *limit, *reservation, *swap, *kernel,
			*kernel_tcp; /* bytes, -1 none */
		const uint64_t *swappiness;
		const bool *disable_oom_killer, *use_hierarchy;
		bool check_before_update;
	} memory;
	struct {
		const uint64_t *shares, *burst, *period, *realtime_period;
		const int64_t *quota, *realtime_runtime, *idle;
		const char *cpus, *mems;
	} cpu;
	const int64_t *pids_limit;
	struct {
		const uint16_t *weight, *leaf_weight;
		struct oci_weight_dev *weight_device;
		size_t weight_device_count;
		struct oci_throttles read_bps, write_bps, read_iops, write_iops;
	} block_io;
	struct oci_hugepage *hugepages;
	size_t hugepages_count;
	const uint32_t *net_class_id;
	struct oci_if_prio *net_priorities;
	size_t net_priorities_count;
	struct oci_rdma *rdma;
	size_t rdma_count;
	struct oci_pairs unified;
};

struct oci_seccomp_arg {
	uint32_t index, op; /* op: enum scmp_compare */
	uint64_t value, value_two;
};
struct oci_seccomp_rule {
	struct oci_strings names;
	uint32_t action; /* SCMP_ACT_* without the errno */
	const uint32_t *errno_ret;
	struct oci_seccomp_arg *args;
	size_t args_count;
};
struct oci_seccomp {
	uint32_t default_action;
	const uint32_t *default_errno_ret;
	uint32_t *archs; /* SCMP_ARCH_* tokens (AUDIT_ARCH_*) */
	size_t archs_count;
	uint32_t flags; /* SECCOMP_FILTER_FLAG_* */
	bool has_flags;
	const char *listener_path, *listener_metadata;
	struct oci_seccomp_rule *rules;
	size_t rules_count;
};
/* Does a rule hand its system calls to the agent behind listener_path? */
bool oci_seccomp_notifies(const struct oci_seccomp *s);

struct oci_time_offset {
	bool present;
	int64_t secs;
	uint32_t nanosecs;
};

struct oci_linux {
	struct oci_namespace ns[OCI_NS_COUNT];
	struct oci_id_maps uid_maps, gid_maps;
	struct oci_time_offset monotonic, boottime;
	struct oci_device *devices;
	size_t devices_count;
	const char *cgroups_path;
	struct oci_resources resources;
	const char *rootfs_propagation;
	struct oci_strings masked_paths, readonly_paths;
	const char *mount_label;
	struct oci_pairs sysctl;
	const struct oci_seccomp *seccomp;
	const uint32_t *personality; /* PER_* */
};

struct oci_spec {
	const char *oci_version;
	struct {
		const char *path;
		bool readonly;
	} root;
	const char *hostname, *domainname;
	bool has_process;
	struct oci_process process;
	struct oci_mount *mounts;
	size_t mounts_count;
	struct oci_hooks hooks[OCI_HOOK_COUNT];
	struct oci_pairs annotations;
	struct oci_linux linux_; /* `linux` is a predefined macro */
};

/* Reads a configuration from text. `name` is the file's name for messages
 * ("config.json:12:7: /process/rlimits/0/hard: ..."). Errors:
 *   -EINVAL      syntax, wrong type, bad value, missing or duplicate member
 *   -EOPNOTSUPP  valid, but not supported yet (the member is named)
 *   -E2BIG       over a limit of conf/json.h */
int oci_spec_parse(const char *name, const char *text, size_t len, struct arena *a,
		   struct oci_spec *ret, struct err *e);

/* The same, and the tree that it was made from. */
int oci_spec_parse_tree(const char *name, const char *text, size_t len, struct arena *a,
			struct json_doc *ret_doc, struct oci_spec *ret, struct err *e);

/* The same for one process object (exec --process FILE). */
int oci_process_parse(const char *name, const char *text, size_t len, struct arena *a,
		      struct oci_process *ret, struct err *e);

/* The same for one linux.resources object (update --resources FILE). */
int oci_resources_parse(const char *name, const char *text, size_t len, struct arena *a,
			struct oci_resources *ret, struct err *e);

/* Docker's seccomp profile format (archMap, includes/excludes by capability
 * and architecture) or the OCI one, by content. `caps`: the bounding set. */
int oci_seccomp_parse(const char *name, const char *text, size_t len, uint64_t caps,
		      struct arena *a, struct oci_seccomp *ret, struct err *e);

/* What follows from the specification beyond types: required members, mutually
 * exclusive ones, duplicates. Called by oci_spec_parse and for specs built by
 * `atoll run`. */
int oci_spec_check(const char *name, const struct oci_spec *spec, struct err *e);

/* Annotations that this runtime acts on; their value is "true". */
#define OCI_ANNOTATION_INIT "org.atoll.init" /* PID 1 is atoll-init */
#define OCI_ANNOTATION_OVERLAY \
	"org.atoll.root.overlay" /* a throw-away upper layer over root.path */

/* The value of an annotation, or NULL. */
const char *oci_annotation(const struct oci_spec *spec, const char *key);

/* The whole spec as config.json, indented by tabs. Reading it again gives the same spec. */
void oci_spec_write(const struct oci_spec *spec, struct arena *a, char **ret, size_t *ret_len);

/* What `spec` / `spec --rootless` writes: the customary example bundle. Where the
 * machine has cgroup v2 alone, custom wants ns[OCI_NS_CGROUP] on top of it. */
void oci_spec_example(bool rootless, uid_t uid, gid_t gid, struct arena *a, struct oci_spec *ret);

/* JSON pointers of all members that are refused as not supported yet. */
void oci_unsupported(struct arena *a, struct oci_strings *ret);
