/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The options of `atoll run`, with Docker's names and meanings, turned into a
 * configuration. Pure: what has to be looked up on the host comes in as facts.
 *
 * Safe by default: namespaces of its own, no network but lo, eleven
 * capabilities (Docker's fourteen without MKNOD, NET_RAW and AUDIT_WRITE),
 * no_new_privs, our system call filter, masked paths, at most 2048 processes. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "conf/oci.h"

/* An existing namespace to join, "container:ID" resolved by the caller. */
struct run_ns_paths {
	const char *pid, *ipc, *uts, *network;
	const char *user; /* rootless: the user namespace that owns them */
};

struct run_opts {
	/* what to run */
	const char *root;           /* absolute root directory; NULL: the embedded default */
	struct oci_strings command; /* empty: /bin/sh */
	const char *entrypoint;
	const char *name, *hostname, *workdir, *user;
	struct oci_strings env; /* "K=V" or "K" (taken from own_env) */
	bool tty, interactive, init, read_only, privileged;
	/* file system */
	struct oci_strings volumes, mounts, tmpfs, devices;
	/* namespaces: words as given; NULL = default */
	const char *pid, *ipc, *uts, *net, *userns, *cgroupns;
	/* rights */
	struct oci_strings cap_add, cap_drop, security_opt, group_add;
	/* limits */
	const char *memory, *memory_swap, *memory_reservation, *cpus, *cpuset_cpus, *cpuset_mems,
		*shm_size;
	int64_t cpu_shares, pids_limit; /* 0: not given; pids_limit -1: no limit */
	const int64_t *oom_score_adj;
	struct oci_strings ulimits, sysctls, annotations;
	const char *stop_signal; /* NULL: not given */
	int64_t stop_timeout_s;  /* -1: not given */
};

struct run_sub_id {
	uint32_t first, count; /* count 0: none */
};

struct run_facts {
	uid_t euid;
	gid_t egid;
	bool rootless;
	bool cgroups;                       /* limits can be set */
	struct run_sub_id sub_uid, sub_gid; /* of this user, from /etc/subuid and /etc/subgid */
	const char *const *own_env;         /* environ */
	const char *passwd, *group; /* texts of the root's /etc/passwd and /etc/group; NULL: none */
	const char *seccomp_text; /* the file of seccomp=FILE, read by the caller, with its name */
	const char *seccomp_name;
	struct run_ns_paths paths; /* for container:ID */
	uint64_t own_caps;         /* bounding set of this process */
	const char *cwd;           /* for relative -v sources */
	struct oci_strings
		submounts; /* embedded default: mount points below / that hold parts of the system */
	struct oci_strings secrets;       /* embedded default: more files to hide: ssh host keys */
	const struct oci_device *devices; /* what run_devices_wanted() names; path is the host's */
	size_t devices_count;
	bool swap_limit; /* memory and swap together can be limited */
	bool mqueue;     /* this machine has /dev/mqueue mounted */
};

/* -EINVAL with the option's name and the value in the message. */
int run_spec_build(const struct run_opts *o, const struct run_facts *f, struct arena *a,
		   struct oci_spec *ret, struct err *e);

/* The words of --security-opt that need a file: "seccomp=FILE" -> FILE, or NULL. */
const char *run_seccomp_file(const struct run_opts *o);

/* /etc/subuid or /etc/subgid: the first range of `name` or `id`. Returns
 * {0,0} if there is none; lines that make no sense are passed over. */
struct run_sub_id run_sub_id_find(const char *text, size_t len, const char *name, uid_t id);

/* Docker's --env-file: K=V or K a line, # comments, blank lines. */
int run_env_file(const char *name, const char *text, size_t len, struct arena *a,
		 struct oci_strings *ret, struct err *e);

/* The host devices that --device asks for: files, or directories of which all
 * devices are wanted. "/dev" with --privileged. */
void run_devices_wanted(const struct run_opts *o, struct arena *a, struct oci_strings *ret);

/* -u: "UID", "NAME", "UID:GID", "NAME:GROUP" ..., looked up in passwd and group
 * (NULL: none; then only numbers are known). */
struct run_user {
	uint32_t uid, gid;
	uint32_t *gids; /* additional */
	size_t gids_count;
};
int run_user_find(const char *user, const struct oci_strings *group_add, const char *passwd,
		  const char *group, struct arena *a, struct run_user *ret, struct err *e);

/* What the embedded default hides; rows of runspec_root.c. Called after the
 * system's mounts are in the spec and before the user's are; `own` are the
 * destinations of the user's, which stay visible. */
void run_root_default(struct oci_spec *spec, const struct run_facts *f,
		      const struct oci_strings *own, struct arena *a);

/* The annotation that lays a throw-away overlay over root.path. */
#define RUN_OVERLAY_ANNOTATION      "org.atoll.root.overlay"
#define RUN_INIT_ANNOTATION         "org.atoll.init"
/* Kept for the commands that come later. */
#define RUN_NAME_ANNOTATION         "org.atoll.name"
#define RUN_STOP_SIGNAL_ANNOTATION  "org.atoll.stop-signal"
#define RUN_STOP_TIMEOUT_ANNOTATION "org.atoll.stop-timeout"

enum {
	RUN_PIDS_DEFAULT = 2048,
	RUN_TEXT_MAX = 1 << 20, /* passwd, group, env files */
};
