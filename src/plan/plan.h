/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The plan: what making (or entering) a container takes, as one ordered array
 * of steps. Deciding happens here, in pure functions of a spec and of a few
 * facts about the host; run/ does what the steps say, in order. The same array
 * is printed by `explain` and `--dry-run`.
 *
 * Each step has a side. Steps up to and including STEP_CLONE run in the runtime
 * (host); after it the child walks its own steps and whenever the side changes
 * control is handed over through the sync socket (run/stage.c). A plan without
 * a user namespace and without hooks has exactly one hand-over, "created". */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "conf/mountopt.h"
#include "conf/oci.h"

enum step_side { SIDE_HOST, SIDE_CHILD };

enum step_kind {
	/* host, before the child exists */
	STEP_STATE_DIR,     /* make ROOT/ID and its lock */
	STEP_CGROUP,        /* make the cgroup, set limits and device rules */
	STEP_NAMESPACES,    /* open the namespaces that are joined by path */
	STEP_SECCOMP_BUILD, /* compile the filter */
	STEP_CLONE,         /* clone3: new namespaces, pidfd, into the cgroup */
	/* host or child, right after the clone */
	STEP_ID_MAPS,
	STEP_CGROUP_JOIN,
	STEP_OOM_SCORE_ADJ,
	STEP_RLIMIT,
	/* child */
	STEP_JOIN_NS,
	STEP_UNSHARE_CGROUP,
	STEP_SESSION,
	STEP_KEYRING,
	STEP_USER_ROOT, /* become uid 0 of the new user namespace */
	STEP_LOOPBACK,
	STEP_HOSTNAME,
	STEP_DOMAINNAME,
	STEP_PROPAGATION, /* of the whole tree, before anything is mounted */
	STEP_ROOTFS,      /* the root becomes a mount of its own */
	STEP_MOUNT,
	STEP_DEVICE,
	STEP_DEV_LINKS,
	STEP_CONSOLE,
	STEP_HOOKS, /* host or child */
	STEP_PIVOT,
	STEP_MAKE_CWD, /* if the image lacks it, while the root can be written to */
	STEP_SYSCTL,
	STEP_ROOT_READONLY,
	STEP_READONLY_PATH,
	STEP_MASKED_PATH,
	STEP_ROOT_PROPAGATION, /* rootfsPropagation, last of the mounts */
	STEP_UMASK,
	STEP_SCHEDULER,
	STEP_CPU_AFFINITY, /* str.text, or NULL: all; before the clone for exec's "initial" */
	STEP_IO_PRIORITY,
	STEP_PERSONALITY,
	STEP_BOUNDING, /* drop from the bounding set */
	STEP_USER,     /* groups, gid, uid; permitted capabilities are kept */
	STEP_CWD,
	STEP_LSM,
	STEP_FIND_COMMAND,
	STEP_CREATED, /* host: the state file, the pid file, the pidfd socket */
	STEP_WAIT_START,
	STEP_NO_NEW_PRIVS,
	STEP_SECCOMP,
	STEP_CAPS, /* the other four sets */
	STEP_EXEC,
	STEP_KIND_COUNT,
};

struct step {
	enum step_kind kind;
	enum step_side side;
	const char *pointer; /* JSON pointer of what asked for it, or NULL */
	union {
		struct {
			const char *path;
			bool make;
		} cgroup;
		struct {
			uint64_t new_ns;
			bool launcher;
			bool into_cgroup;
		} clone;
		struct {
			const struct oci_rlimit *limit;
		} rlimit;
		struct {
			enum oci_ns ns;
		} join;
		struct {
			const char *text;
		} str; /* hostname, domainname */
		struct {
			int64_t value;
		} num; /* oom_score_adj, io priority, personality ... */
		struct {
			uint64_t flags;
		} propagation; /* MS_* with MS_REC */
		struct {
			bool overlay; /* annotation org.atoll.root.overlay */
		} rootfs;
		struct {
			const struct oci_mount *mount;
			const struct mount_opts *opts;
			size_t index;
		} mount;
		struct {
			const struct oci_device *dev;
			bool bind;
		} device; /* bind: in a user namespace mknod is refused */
		struct {
			enum oci_hook_point point;
		} hooks;
		struct {
			bool no_pivot;
		} pivot;
		struct {
			const char *key, *value;
			const char *path;
		} sysctl; /* path below /proc/sys */
		struct {
			const char *path;
		} path; /* readonly, masked */
		struct {
			uint64_t keep;
		} bounding;
		struct {
			const struct oci_process *process;
		} process; /* user, cwd, lsm, caps, find, exec */
	};
};

struct step_info {
	const char *name; /* "mount", "pivot-root", ... as printed by explain --json */
	const char *what; /* one line for people who want to understand containers */
};
extern const struct step_info step_info[STEP_KIND_COUNT];

enum plan_mode { PLAN_CREATE, PLAN_RUN, PLAN_EXEC };
enum cgroup_mode { CGROUP_NONE, CGROUP_V1, CGROUP_V2, CGROUP_HYBRID };

/* What a plan depends on beside the spec. Filled by run/, made up by tests. */
struct plan_env {
	enum plan_mode mode;
	const char *id, *bundle; /* bundle: absolute */
	const char *root_path;   /* absolute path of the root file system */
	uid_t euid;
	bool rootless; /* the runtime is not root of the initial user namespace */
	enum cgroup_mode cgroup_mode;
	const char *cgroup_path; /* below the hierarchy's root, or NULL */
	bool no_pivot, no_new_keyring;
	bool console;         /* a console socket or our own terminal proxy is there */
	bool exec_joins_user; /* exec: the container has another user namespace */
	uint64_t exec_join;   /* exec: CLONE_NEW* of the namespaces to join */
	uint32_t last_cap;
	bool init; /* annotation org.atoll.init: PID 1 is atoll-init */
};

struct plan {
	const struct oci_spec *spec;       /* NULL for exec */
	const struct oci_process *process; /* whom STEP_EXEC starts */
	struct plan_env env;
	struct step *steps;
	size_t count, cap;
	size_t clone_at; /* index of STEP_CLONE */
	uint64_t new_ns; /* CLONE_NEW* of the namespaces made */
	uint64_t join_ns;
};

/* Both check what is needed before anything is done: -EINVAL, or -EOPNOTSUPP
 * "not supported yet", with the JSON pointer in the message. */
int plan_create(const struct oci_spec *spec, const struct plan_env *env, struct arena *a,
		struct plan *ret, struct err *e);
int plan_exec(const struct oci_spec *spec, const struct oci_process *process,
	      const struct plan_env *env, struct arena *a, struct plan *ret, struct err *e);

/* "mount proc on /proc (nosuid,noexec,nodev)": the step in words, for errors and explain. */
void step_describe(const struct step *s, char *buf, size_t size);

/* explain: a numbered table, or JSON {"steps":[{"step":1,"side":"host","name":...,"describe":...,"from":"/mounts/0"}]} */
void plan_text(const struct plan *p, struct arena *a, char **ret, size_t *ret_len);
void plan_json(const struct plan *p, struct arena *a, char **ret, size_t *ret_len);

enum { PLAN_CPUS_MAX = 1024 }; /* CPU_SETSIZE of <sched.h> */
/* "0-3,7" as a set of PLAN_CPUS_MAX bits. 0 or -EINVAL. */
int plan_cpu_list(const char *list, uint64_t *cpus);

/* For the plan_*.c files: appends a step. */
struct step *plan_add(struct plan *p, struct arena *a, enum step_kind kind, enum step_side side,
		      const char *pointer);
