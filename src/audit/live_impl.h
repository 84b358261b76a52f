/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Inside of audit_live(). One snapshot of all processes, then for each container that is
 * meant more files of its first process, which a descriptor of its /proc directory pins.
 *
 * A recorded scene (pn_record(), or made for a test) is read in the same way. What only a
 * kernel can tell is written down there:
 *	PID/.stat   lines "PATH TYPE MNT_ID INODE RDEV" for live_stat(): "cwd dir 27 4 0:0"
 *	.sockets    lines "MAJOR:MINOR INODE SOCKET PATH" in place of sock_diag(7)
 *	.filters/PID  seccomp filters: struct sock_filter after struct sock_filter
 *
 * What comes from processes is escaped before it becomes text of a fact. */

#include "audit/audit.h"
#include "audit/bpf_eval.h"
#include "audit/live.h"
#include "proc/mountinfo.h"
#include "sys/seccomp_dump.h"
#include "sys/unixdiag.h"

enum {
	LIVE_TEXT_MAX = 1 << 20,   /* of one small file of /proc */
	LIVE_MOUNTS_MAX = 8 << 20, /* of a mountinfo */
	LIVE_ITEMS_MAX = 64,       /* of one list: the rest is counted */
	LIVE_PROCS_MAX = 4096,     /* processes of a container whose descriptors are looked at */
	LIVE_FDS_MAX = 4096        /* descriptors of one process */
};

/* A mount namespace as one process has it. */
struct live_mounts {
	const struct proc_mount *items;
	size_t count;
	bool *visible;   /* not covered by another mount */
	size_t *by_path; /* indices by mount point, then by order */
	int error;       /* -errno: could not be read; count is 0 */
};

struct live {
	struct audit *a;
	struct arena *arena; /* of the audit */
	const struct live_opts *o;
	struct pn_snap *snap;
	const struct pn_info *info;
	const char *proc; /* as messages have it: "/proc" */
	int proc_fd, root_fd;
	bool recorded;
	bool at_host;    /* the procfs is of the machine's first PID namespace */
	bool new_kernel; /* the first network and mount namespaces have fixed inodes, too (6.18) */
	uint64_t first[PN_TYPES]; /* namespaces of PID 1 of the procfs; 0: not known */
	uint64_t caps_all;        /* what can be had on this machine */
	bool caps_all_known;
	enum tri apparmor, selinux, selinux_enforces;
	enum tri uid0_is_host;       /* uid 0 as this reader sees it */
	struct live_mounts host;     /* of PID 1, else of ourselves */
	struct live_mounts own;      /* of ourselves, by which files of the machine are found */
	bool host_known;             /* it is the machine's */
	struct unix_socket *sockets; /* made when first asked for */
	size_t socket_count;
	int sockets_error;
	bool sockets_read, engines_read;
	struct live_engine *engines; /* who listens */
	size_t engine_count, engine_cap;
	struct seccomp_tracer tracer;
	const struct live_judged *judged; /* profiles that were looked at */
	const struct audit *declared;     /* what `against` has in it */
};

/* What is audited. */
struct live_target {
	const struct pn_proc *p;      /* its first process */
	const struct pn_owner *owner; /* or NULL */
	const struct pn_proc *init;   /* PID 1 of the PID namespace, or NULL */
	bool self;                    /* the auditor's own */
	bool whole;                   /* a container, not only a process that was named */
	int dir;                      /* /proc/PID of p */
	struct facts *f;
	const char *status;
	size_t status_len;
	struct live_mounts mounts;
	enum tri userns_own; /* not the machine's first */
};

/* ---- live_read.c ---------------------------------------------------------------------------- */

/* A file below /proc/PID (dirfd of it). 0 or -errno. */
int live_read(struct live *l, int dir, const char *name, size_t max, char **ret, size_t *ret_len);
/* A file of the machine: "sys/kernel/security/lsm" below the root. */
int live_read_root(struct live *l, const char *name, char **ret, size_t *ret_len);
/* "/proc/71/status: CapBnd"; key may be NULL. */
struct place live_place(struct live *l, const struct pn_proc *p, const char *file, const char *key);
const char *live_escape(struct live *l, const char *s);
/* "7 (sh)": the number inside, and the name. */
const char *live_who(struct live *l, const struct pn_proc *p);
/* "Permission denied", for TRI_UNKNOWN. */
const char *live_errno(int r);

enum live_type { LIVE_OTHER, LIVE_DIR, LIVE_REG, LIVE_SOCK, LIVE_CHR, LIVE_BLK };
struct live_stat {
	enum live_type type;
	uint64_t mnt_id; /* 0: not known */
	uint64_t ino;
	uint32_t rmajor, rminor;
};
/* What a link of /proc/PID leads to ("cwd", "fd/3"), or with a path behind "root/" a file
 * in there, without asking a file system's server, without waiting and without mounting
 * anything. -EAGAIN: that cannot be had without. */
int live_stat(struct live *l, int dir, const char *path, struct live_stat *ret);
/* The same for the directory itself; to be closed. Recorded: PID/root/PATH. */
int live_open_dir(struct live *l, int dir, const char *path);

/* ---- live_mounts.c -------------------------------------------------------------------------- */

/* mountinfo of the process. */
void live_mounts_read(struct live *l, int dir, struct live_mounts *ret);
/* The mount that a path of the container is on: what is seen there. NULL: none. */
const struct proc_mount *live_mount_at(const struct live_mounts *m, const char *path);
/* Exactly mounted there, and to be seen; or NULL. */
const struct proc_mount *live_mount_on(const struct live_mounts *m, const char *path);
const struct proc_mount *live_mount_by_id(const struct live_mounts *m, uint64_t id);
bool live_mount_ro(const struct proc_mount *m);
/* Where `path` within the file system of major:minor is on the machine; NULL: nowhere. */
const char *live_host_path(struct live *l, uint32_t major, uint32_t minor, const char *path);
/* `path` is `dir` or below it. ret_rest: what follows. */
bool live_below(const char *path, const char *dir, const char **ret_rest);

/* ---- what fills the facts in ---------------------------------------------------------------- */

void live_facts(struct live *l, struct live_target *t);      /* status: rights, ids, namespaces */
void live_namespaces(struct live *l, struct live_target *t); /* live_ns.c */
/* Is that inode the machine's first namespace of its type? TRI_UNKNOWN: cannot be told. */
enum tri live_ns_is_first(const struct live *l, enum pn_type t, uint64_t ino);
void live_lsm(struct live *l, struct live_target *t);
void live_shape(struct live_target *t); /* is it privileged? After the rest */
void live_mount_facts(struct live *l, struct live_target *t);
void live_masks(struct live *l, struct live_target *t); /* live_masks.c */
bool live_mask_is_usual(const char *path); /* LIST_UNMASKED or LIST_PROC_WRITABLE have it */
void live_devices(struct live *l, struct live_target *t); /* live_devices.c */
void live_cgroup(struct live *l, struct live_target *t);  /* live_cgroup.c */
void live_members(struct live *l, struct live_target *t); /* live_members.c */
void live_handles(struct live *l, struct live_target *t); /* live_handles.c */
void live_seccomp(struct live *l, struct live_target *t); /* live_seccomp.c */
/* TRI_YES: an engine listens there. *ret_owner: its name. */
enum tri live_socket(struct live *l, struct live_target *t, const struct proc_mount *m,
		     const char **ret_owner); /* live_sockets.c */
/* Reads the configuration that was named into `d`. What is wrong with it becomes diagnostics. */
int live_declared_read(struct live *l, struct audit *d, struct err *e);
/* The OCI configuration that facts were read from, or NULL (drift.c). */
const struct json *drift_spec(const struct facts *declared);
/* Finds what was declared and compares. */
void live_declared(struct live *l, struct live_target *t);

/* Limits, which no rule but drift looks at. -1: none; -2: not known. */
struct live_limits {
	int64_t pids, memory, cpu_quota_us, cpu_period_us;
};
struct live_limits live_limits(struct live *l, const struct live_target *t);

/* Ids as its own user namespace has them. -1: not known, or not mapped there. */
struct live_ids {
	int64_t uid, gid;
	const int64_t *groups;
	size_t group_count;
};
struct live_ids live_ids(struct live *l, const struct live_target *t);
