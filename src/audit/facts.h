/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What is known of one audited container, whatever it was read from: a live
 * process, an OCI configuration, `inspect` output, a Compose service, a
 * container of a Kubernetes pod. Readers (from_*.c) fill it in, rules
 * (rules_*.c) look at it; neither knows the other.
 *
 * Every answer has three values and the place it was read at. A field that a
 * reader leaves alone is TRI_UNKNOWN: "cannot tell". Whether a rule asks at all
 * is the rule's business (rule.h: kinds). Defaults count as answers: a Compose
 * service without `pid:` has a PID namespace of its own, and says TRI_NO to
 * FACT_PRIVILEGED at the place of the service. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json;
struct source; /* audit.h */

enum input_kind {
	IN_LIVE = 1 << 0,    /* /proc */
	IN_OCI = 1 << 1,     /* config.json */
	IN_INSPECT = 1 << 2, /* docker inspect, podman inspect */
	IN_COMPOSE = 1 << 3,
	IN_K8S = 1 << 4,
	IN_CRI = 1 << 5,           /* crictl inspect */
	IN_SPEC = IN_OCI | IN_CRI, /* what has an OCI configuration in it */
	IN_FILES = IN_OCI | IN_INSPECT | IN_COMPOSE | IN_K8S | IN_CRI,
	IN_ALL = IN_FILES | IN_LIVE
};

enum tri { TRI_UNKNOWN = 0, TRI_NO, TRI_YES };

/* Where something was read. For files: the node (its key, if `key`), from which
 * file:line:column and the JSON pointer follow. For live ones: `path`, the file
 * that was read ("/proc/71/status: CapBnd"). All empty: the object as a whole. */
struct place {
	const struct source *src;
	const struct json *node;
	const char *path;
	bool key;
};

/* `text`: the value as found ("host", "container:db"), or for TRI_UNKNOWN why it
 * is not known ("the image's user is not known", "Permission denied"). May be NULL. */
struct fact {
	enum tri is;
	struct place at;
	const char *text;
};

enum fact_id {
	FACT_PRIVILEGED, /* the engine's privileged mode, or its shape in a live process or OCI spec */
	FACT_BUILD_PRIVILEGED,     /* Compose build.privileged */
	FACT_NO_NEW_PRIVS,         /* bad if TRI_NO */
	FACT_ROOT,                 /* starts as uid 0, as its own user namespace counts */
	FACT_ROOT_OF_HOST,         /* ... and that is uid 0 of the host */
	FACT_USERNS_EXPLICIT_HOST, /* somebody wrote that no user namespace is wanted */
	FACT_USERNS_MAPS_ROOT,     /* a user namespace that maps its 0 to the host's 0 */
	FACT_ROOTFS_READONLY,      /* bad if TRI_NO */
	FACT_PIDS_LIMITED,         /* bad if TRI_NO; text: the limit */
	FACT_INIT_REAPS,           /* PID 1 is known to reap (an init), or is known not to */
	FACT_INIT_TERM,            /* PID 1 does something on SIGTERM; bad if TRI_NO */
	FACT_PIDNS_NESTED,         /* has PID namespaces inside */
	FACT_PROC_MISMATCH,        /* the procfs at its /proc is of another PID namespace */
	FACT_CGROUP_WRITABLE,      /* the cgroup tree is mounted writable */
	FACT_DEVICES_ALL,          /* its device cgroup allows every device */
	FACT_LSM_ENFORCING,        /* some MAC module confines it; bad if TRI_NO */
	FACT_WINDOWS_HOST_PROCESS,
	FACT_SHARED_ROOT, /* the root file system itself has shared propagation */
	FACT_DROPS_ALL,   /* starts from no capability (cap_drop ALL or an empty bounding set) */
	FACT_COUNT
};

/* What a namespace is to the container. */
enum ns_mode {
	NSM_UNKNOWN = 0,
	NSM_OWN,       /* new, or the engine's default of a private one */
	NSM_HOST,      /* the host's (or the auditor's outermost, for live ones) */
	NSM_CONTAINER, /* that of another container: text says whose */
	NSM_POD, /* shared by the containers of its pod as pods usually do (net, ipc, uts; pid if so configured) */
	NSM_PATH /* joined by a path that is not known to be the host's: text is the path */
};

enum ns_type {
	NST_PID,
	NST_USER,
	NST_MNT,
	NST_NET,
	NST_IPC,
	NST_UTS,
	NST_CGROUP,
	NST_TIME,
	NST_COUNT
};

struct ns_fact {
	enum ns_mode mode;
	struct place at;
	const char *text;
	/* The host's, because a path of the host leads there (/proc/1/ns/...); at/text say which. */
	bool by_host_path;
};

/* Capabilities as bits (CAP_CHOWN is bit 0). For files of engines, bounding, permitted and effective
 * are the engine's defaults with what is added and dropped; `added` are those that the
 * input names itself, with the place of each. */
enum cap_set {
	CAPS_BOUNDING,
	CAPS_EFFECTIVE,
	CAPS_PERMITTED,
	CAPS_INHERITABLE,
	CAPS_AMBIENT,
	CAPS_SETS
};

enum { CAPS_MAX = 64 };

struct cap_fact {
	bool known[CAPS_SETS];
	uint64_t bits[CAPS_SETS];
	struct place at[CAPS_SETS];
	uint64_t
		all; /* what "all" is here: bits up to cap_last_cap of this kernel, or of the newest known */
	bool named_all; /* ALL was asked for by name; at `all_at` */
	struct place all_at;
	uint64_t added;                         /* named by the input */
	const struct place *added_at[CAPS_MAX]; /* NULL: none */
	struct place dropped_at;                /* of the list that drops, or the object */
};

/* All, or all that a privileged container of a restricted machine gets: a container in a container
 * may lack a few, and a list may be older than the kernel. */
static inline bool caps_as_good_as_all(uint64_t bits)
{
	const uint64_t mighty = 1ULL << 2 /* DAC_READ_SEARCH */ | 1ULL << 12 /* NET_ADMIN */ |
				1ULL << 16 /* SYS_MODULE */ | 1ULL << 17 /* SYS_RAWIO */ |
				1ULL << 19 /* SYS_PTRACE */ | 1ULL << 21 /* SYS_ADMIN */ |
				1ULL << 27 /* MKNOD */;

	return (bits & mighty) == mighty && __builtin_popcountll(bits) >= 32;
}

enum seccomp_mode {
	SECM_UNKNOWN = 0,
	SECM_UNCONFINED, /* switched off on purpose */
	SECM_NOT_SET,    /* nobody set one, and the default here is none (Kubernetes, OCI) */
	SECM_DEFAULT,    /* the engine's or runtime's */
	SECM_CUSTOM,     /* a profile that was read: LIST_SECCOMP_WEAK is whole */
	SECM_OPAQUE /* a profile of its own that was not read (Localhost, a file that is not at hand) */
};

enum lsm_mode {
	LSMM_UNKNOWN = 0,
	LSMM_ABSENT,  /* the machine has no such module (live) */
	LSMM_NOT_SET, /* nothing said, and the engine's default is none */
	LSMM_DEFAULT,
	LSMM_UNCONFINED, /* switched off: unconfined, label=disable, spc_t */
	LSMM_CUSTOM,     /* another profile or type: text */
	LSMM_COMPLAIN    /* AppArmor profile that only reports */
};

struct mode_fact {
	int mode; /* enum seccomp_mode or lsm_mode */
	struct place at;
	const char *text;
};

/* A mount whose source is outside of the container, or that shows the kernel. */
enum mount_kind {
	MK_BIND,   /* of a host path: source */
	MK_VOLUME, /* engine's named or anonymous volume, emptyDir, configMap ...: not a host path */
	MK_KERNEL /* a file system of its own: fstype proc, sysfs, cgroup, devtmpfs, debugfs, tracefs, tmpfs ... */
};

struct mount_fact {
	enum mount_kind kind;
	const char *
		source; /* MK_BIND: absolute host path as written; rules normalise. NULL: not known */
	const char *target; /* inside */
	const char *fstype; /* MK_KERNEL, and live ones; or NULL */
	enum tri readonly;
	enum tri shared; /* propagation back to the host: shared, rshared, Bidirectional */
	enum tri
		socket; /* an engine's socket by identity (live); files: TRI_UNKNOWN, the path tells */
	enum tri
		host_proc; /* shows the host's processes (live: by device number; a volume of that type) */
	enum tri
		host_cgroup; /* the host's cgroup tree as a volume, whatever cgroup namespace it has */
	enum tri host_root; /* the host's root file system (live) */
	const char *
		via; /* detour that led here ("volumes_from: db", "volume data, driver_opts.device"), or NULL */
	const char *owner; /* live sockets: who listens */
	struct place at;
};

/* Lists of things, each with its place. `whole` says whether the list was read to its
 * end: TRI_YES and empty is a clean answer, TRI_UNKNOWN and empty is "cannot tell" (`why`). */
enum list_id {
	LIST_INTRUDERS, /* processes with more rights than PID 1 (text: what and why) */
	LIST_ZOMBIES,   /* text: "7 (defunct sh), whose parent 1 (app) does not wait" */
	LIST_FD_LEAKS, /* cwd, root or descriptors that lead outside; working directories like /proc/self/fd/N */
	LIST_MASK_TAMPERED, /* masks that are not what they should be */
	LIST_UNMASKED,      /* default masked paths that are not masked */
	LIST_PROC_WRITABLE, /* default read-only paths that are writable */
	LIST_DEVICES, /* host devices handed in beyond every runtime's default set: path, or the rule that allows them; num: not 0: its number is that of a disk or of memory, whatever it is called */
	LIST_GROUPS,  /* privileged supplementary groups: "0", "docker" */
	LIST_SECCOMP_WEAK, /* dangerous calls that the profile lets through: names, "default action is ALLOW" */
	LIST_SYSCTLS,      /* name; arg: value */
	LIST_HOOKS,        /* code that runs outside or with more rights */
	LIST_PORTS,        /* host ports: "0.0.0.0:80"; num: the port */
	LIST_PROBES,       /* probes and hooks with another host */
	LIST_VOLUME_TYPES, /* Kubernetes: source key of every volume: "hostPath", "emptyDir" */
	LIST_INDIRECT,     /* host paths by a detour, also where the path has a mount of its own */
	LIST_SELINUX,      /* SELinux options set by hand: "type:spc_t", "user:x", "level:..." */
	LIST_DRIFT,        /* where the live state is weaker or other than declared (drift.c) */
	LIST_COUNT
};

struct item {
	const char *text;
	const char *arg; /* or NULL */
	int64_t num;
	struct place at;
};

struct list_fact {
	enum tri whole;  /* TRI_YES: read to its end; TRI_UNKNOWN: not (all) read */
	const char *why; /* not whole: why */
	const struct item *items;
	size_t count, cap;
};

struct facts {
	enum input_kind kind;
	const struct source *src;
	struct place at; /* of the object */

	/* Who it is. `object` names it within its source, is stable between runs, and is what
	 * findings are grouped by and what policies and baselines match:
	 * "Deployment/shop/web:app" (KIND/NAMESPACE/NAME:CONTAINER; no namespace: "default"),
	 * "service/web" (Compose), "container/NAME" (inspect, CRI, live), "spec" for an OCI file
	 * (or "spec/HOSTNAME", or "spec/NAMESPACE/POD:CONTAINER" where the engine annotates it), "process/PID". */
	const char *object;
	const char *engine;    /* "docker", "podman", "containerd", "atoll" ... or NULL */
	const char *name, *id; /* of the container, or NULL */
	const char *image;     /* or NULL */
	const char *ns, *pod;  /* Kubernetes namespace and workload name, or NULL */
	/* Kubernetes: the pod that it is of, or NULL. What is said of the pod as a whole has the same place
	 * in the facts of each of its containers, which follow each other, and the engine tells it once. Lists
	 * of the pod (volume types, sysctls, groups) are with its first container only. */
	const struct json *pod_node;
	int64_t pid; /* live: outer PID of its init, else 0 */
	/* Annotations and labels that suppress (suppress.c reads them): the mapping, or NULL. Kubernetes:
	 * those of the object, and beside them those of the template of its pod. */
	const struct json *annotations, *template_annotations, *labels;

	struct fact fact[FACT_COUNT];
	struct ns_fact ns_of[NST_COUNT];
	struct cap_fact caps;
	struct mode_fact seccomp, apparmor, selinux;
	struct list_fact list[LIST_COUNT];
	const struct mount_fact *mounts;
	size_t mount_count, mount_cap;
	enum tri mounts_whole;
	const char *mounts_why;

	/* args[0..] of PID 1 as far as known, for messages; NULL: not known */
	const char *command;
	bool windows; /* rules on Linux isolation do not apply */
	bool volume; /* Kubernetes: not a container but a volume to be claimed: only rules on mounts apply */
	bool init_container, ephemeral; /* Kubernetes */

	const struct facts *next; /* of all objects, in order of reading */
};
