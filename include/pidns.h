/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* libpidns: processes and PID namespaces of a Linux system, seen from both sides.
 *
 *	struct pn_snap *s;
 *	if (pn_snapshot(&s, NULL) == 0) {
 *		for (size_t i = 0; i < pn_count(s); i++)
 *			printf("%d is %d inside\n", pn_at(s, i)->pid, pn_at(s, i)->inner);
 *		pn_free(s);
 *	}
 *
 * Terms. The *outer* PID is the one in the namespace of the procfs that was read,
 * the *inner* PID the one in the process's own namespace. *init* is PID 1 of a
 * namespace. The *owner* is the container (or sandbox) that a process belongs to.
 * Levels count from the procfs that was read: 0 is its own namespace.
 *
 * Rules that hold for all of it:
 *  - Functions return 0 or a value >= 0, or -errno; nothing is printed, no signal
 *    handler and no global state is touched. A snapshot is immutable once it is
 *    made: threads may read one together.
 *  - What is handed out by a `const` pointer belongs to the snapshot and lives until
 *    pn_free(). Such structs may grow at their end in later versions: do not copy
 *    them by sizeof and do not keep arrays of them.
 *  - File descriptors that are returned are the caller's, and close-on-exec.
 *  - Text from processes and files (comm, cmdline, labels, names, cgroups) is what the
 *    kernel gave, any byte but NUL: pass it through pn_escape() before a terminal sees it.
 *  - What could not be read is said (PN_P_* and PN_NS_F_* flags, struct pn_info), never
 *    guessed in silence. "Inferred" means: derived by a rule that needs no rights
 *    (see pn_snapshot()), but not read from the kernel.
 *  - Integers: times are in clock ticks after boot (sysconf(_SC_CLK_TCK) a second), signal and
 *    capability sets have bit n-1 for signal n, and bit n for capability n.
 *
 * Sources: proc_pid_status(5), proc_pid_ns(5), pid_namespaces(7), ioctl_nsfs(2),
 * pidfd_open(2). Works on Linux 5.10 and later; newer interfaces are found by probing. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* ---- Features, versions -------------------------------------------------------------- */

const char *pn_version(void); /* "0.1.0" */

enum {
	PN_FEAT_PIDFD = 1 << 0,      /* pidfd_open(2), 5.3 */
	PN_FEAT_PIDFS = 1 << 1,      /* pidfds have inodes that are not used again, 6.9 */
	PN_FEAT_TRANSLATE = 1 << 2,  /* NS_GET_PID_FROM_PIDNS ..., 6.11 */
	PN_FEAT_PIDFD_NS = 1 << 3,   /* PIDFD_GET_PID_NAMESPACE ..., 6.11 */
	PN_FEAT_MNTNS_WALK = 1 << 4, /* NS_MNT_GET_NEXT, listmount(2) of other namespaces, 6.12 */
	PN_FEAT_NS_ID = 1 << 5,      /* NS_GET_ID, 6.18 */
	PN_FEAT_PROC_PIDNS = 1 << 6  /* procfs with pidns=, 6.18 */
};
/* What this kernel was found to have (for this user): asks it anew each time. */
unsigned int pn_features(void);

struct pn_snap; /* a snapshot */

/* ---- The model ------------------------------------------------------------------------- */

enum pn_type {
	PN_PID,
	PN_USER,
	PN_MNT,
	PN_NET,
	PN_UTS,
	PN_IPC,
	PN_CGROUP,
	PN_TIME,
	PN_TYPES /* their number */
};
const char *pn_type_name(enum pn_type t); /* "pid" ..., as in /proc/PID/ns */

enum pn_state {
	PN_LIVE,       /* has an init that runs (other types: has processes) */
	PN_DYING,      /* its init has exited or is exiting; nothing can be made in it */
	PN_PINNED,     /* no process, kept by a mount or an open descriptor */
	PN_NO_INIT_YET /* unshare(CLONE_NEWPID) was called, and no child was made */
};
const char *pn_state_name(enum pn_state s); /* "live", "dying", "pinned", "no-init-yet" */

/* Does the init of a PID namespace reap orphans? */
enum pn_reap {
	PN_REAP_UNKNOWN, /* cannot tell, or not asked for (PN_F_REAP) */
	PN_REAP_YES,
	PN_REAP_IGNORES, /* SIGCHLD is ignored: the kernel reaps */
	PN_REAP_NO,
	PN_REAP_DYING /* exits, or has exited */
};
const char *pn_reap_name(
	enum pn_reap r); /* "unknown", "reaps", "ignores-sigchld", "does-not-reap", "dying" */

/* What a verdict rests on. */
enum {
	PN_EV_SIGIGN = 1 << 0,   /* SigIgn has SIGCHLD */
	PN_EV_SIGCGT = 1 << 1,   /* SigCgt has SIGCHLD: there is a handler */
	PN_EV_WAIT = 1 << 2,     /* sleeps in wait4(2)/waitid(2) for any child */
	PN_EV_WAIT_ONE = 1 << 3, /* ... for one child or group only: orphans are not among them */
	PN_EV_SIGWAIT = 1 << 4,  /* sleeps in rt_sigtimedwait(2) */
	PN_EV_SIGNALFD = 1 << 5, /* has a signalfd(2) with SIGCHLD */
	PN_EV_ZOMBIES = 1 << 6,  /* it is the parent of zombies: pn_ns.nunreaped */
	PN_EV_EXITING = 1 << 7,  /* it has no memory any more, and is no kernel thread */
	PN_EV_ZAP = 1 << 8,      /* wchan is zap_pid_ns_processes */
	PN_EV_ZOMBIE = 1 << 9,   /* it is a zombie itself */
	PN_EV_SLEEPS = 1 << 10,  /* sleeps in a call that is no wait (pn_proc.wchan/.syscall) */
	PN_EV_UNREADABLE = 1 << 11, /* what it sleeps in could not be read: no rights */
	PN_EV_WAITED = 1 << 12,     /* has collected children before, if maybe as another program */
	PN_EV_NEVER = 1 << 13,      /* has never collected one */
	PN_EV_NO_WAKE =
		1 << 14 /* ... in pause(2) or sigsuspend(2), which a child's end does not end */
};

enum pn_runtime {
	PN_RT_NONE,
	PN_RT_DOCKER,
	PN_RT_CONTAINERD_CRI, /* Kubernetes through containerd (or a runtime that names groups alike) */
	PN_RT_CONTAINERD,     /* ctr, nerdctl */
	PN_RT_CRIO,
	PN_RT_PODMAN,
	PN_RT_RUNC,
	PN_RT_CRUN,
	PN_RT_ATOLL,
	PN_RT_BUILDKIT,
	PN_RT_LXC, /* LXC, LXD, Incus */
	PN_RT_NSPAWN,
	PN_RT_SNAP,
	PN_RT_FLATPAK,
	PN_RT_BWRAP,
	PN_RT_FIREJAIL,
	PN_RT_CHROME,
	PN_RT_OCI /* a container, by the looks of its cgroup, of a runtime that does not say */
};
const char *pn_runtime_name(enum pn_runtime r); /* "docker", "cri-containerd", ... */

enum pn_evidence {
	PN_BY_CGROUP,  /* the cgroup's name */
	PN_BY_STATE,   /* the runtime's state on disk has the init's PID and start time */
	PN_BY_MONITOR, /* the command line of its conmon or shim */
	PN_BY_EXE,     /* init is a known sandbox program */
	PN_BY_INIT,    /* inherited from the namespace's init ... */
	PN_BY_PARENT   /* ... or from the parent (zombies have no cgroup on v1) */
};
const char *pn_evidence_name(enum pn_evidence e);

struct pn_owner {
	enum pn_runtime runtime;
	enum pn_evidence evidence;
	bool monitor;         /* conmon, the LXC monitor, nspawn's supervisor: beside, not inside */
	const char *id;       /* as the runtime has it; never NULL */
	const char *name;     /* from the engine's state on disk; NULL: not known */
	const char *pod;      /* pod id or UID, or NULL */
	const char *pod_name; /* "NAMESPACE/NAME" for Kubernetes, or NULL */
	const char *image;    /* or NULL */
	const char *unit;     /* systemd unit that holds it, or NULL */
	const char *cgroup;   /* path that it was read from, or NULL */
	const char *ns;       /* containerd namespace, or NULL */
	uid_t uid;            /* user whose it is (rootless), else 0 */
	const struct pn_owner *outer; /* the container around this one, or NULL */
	const struct pn_owner *next;  /* all owners of the snapshot: pn_owners() */
	size_t nproc; /* processes with exactly this owner (needs PN_F_CGROUP to be whole) */
};

enum {
	PN_P_INIT = 1 << 0,     /* PID 1 of its namespace */
	PN_P_INJECTED = 1 << 1, /* came in from outside: its parent is in another namespace */
	PN_P_ZOMBIE = 1 << 2,   /* dead, waits for its parent's wait(2) */
	PN_P_FALSE_ZOMBIE =
		1 << 3, /* state Z, but only the first thread is dead: cannot be reaped yet */
	PN_P_PENDING = 1 << 4, /* its children will be in another namespace (PN_F_PENDING) */
	PN_P_DYING = 1 << 5,   /* exits, or is in a dying namespace */
	PN_P_KTHREAD = 1 << 6,
	PN_P_NS_INFERRED = 1 << 7,    /* ns was found by rule, its inode is not known: print "~" */
	PN_P_NS_UNKNOWN = 1 << 8,     /* ns is a stand-in: which one could not be found out */
	PN_P_NO_ACCESS = 1 << 9,      /* its namespace links may not be read */
	PN_P_NEW = 1 << 10,           /* started while the snapshot was made, so that some
	                             * fields were not read rather than mixed with another's */
	PN_P_HIDDEN_PARENT = 1 << 11, /* the parent exists, but is not shown (hidepid) or is gone */
	PN_P_INTERMEDIATE = 1 << 12   /* pn_snapshot_ns(): nspid[1..] is not whole */
};

struct pn_caps {
	uint64_t inheritable, permitted, effective, bounding, ambient;
};

struct pn_sigs {
	uint64_t pending, shared_pending, blocked, ignored, caught;
};

struct pn_proc {
	pid_t pid;           /* outer */
	pid_t inner;         /* == nspid[level] */
	pid_t ppid;          /* outer; 0: none, or outside of what this procfs shows */
	uint32_t level;      /* of its PID namespace */
	const pid_t *nspid;  /* level + 1 numbers, outermost first */
	uint32_t flags;      /* PN_P_* */
	uint32_t fields;     /* PN_F_* that were read */
	uint32_t denied;     /* PN_F_* that were asked for and refused */
	char state;          /* R S D Z T t X I P, as the kernel says */
	int8_t no_new_privs; /* 1, 0; -1 not known */
	int8_t seccomp;      /* 0 off, 1 strict, 2 filter; -1 not known */
	uint32_t seccomp_filters;
	uint32_t threads;
	uid_t uid[4]; /* real, effective, saved, file system; as this reader sees them */
	gid_t gid[4];
	int64_t inner_uid; /* effective, in its own user namespace (PN_F_USERNS); -1 not known */
	struct pn_caps caps;
	struct pn_sigs sigs;
	uint64_t rss_kib;    /* resident memory; 0 for those without */
	uint64_t start;      /* clock ticks after boot; 0: not read (PN_F_START) */
	const char *comm;    /* raw bytes, NUL at the end */
	const char *cmdline; /* arguments with a NUL after each; NULL: not read */
	size_t cmdline_len;
	const char *cgroup;           /* the path that is most telling; NULL: not read */
	const char *label;            /* LSM label (PN_F_LABEL); NULL: none or not read */
	const char *wchan;            /* inits and parents of zombies (PN_F_WCHAN; dying inits with
	                    * PN_F_REAP), else NULL */
	int32_t syscall;              /* inits and parents of zombies (PN_F_REAP): number; -1 runs
	                    * or is not in one, -2 not known */
	uint64_t ns_ino[PN_TYPES];    /* 0: not read; [PN_PID] also from the rule */
	const struct pn_ns *ns;       /* PID namespace; never NULL */
	const struct pn_owner *owner; /* innermost, or NULL */
	const struct pn_proc *parent; /* in this snapshot, or NULL */
	const struct pn_proc *child, *sibling; /* the tree of processes, by outer PID */
	const struct pn_proc *next_in_ns;      /* other members of ns, by outer PID */
	uint64_t children_ns_ino; /* PN_P_PENDING: of ns/pid_for_children; 0 = without an init */
};

enum {
	PN_NS_F_ID_SURROGATE =
		1 << 0,            /* id is a hash of (dev, ino, start time of init): print "~" */
	PN_NS_F_INFERRED = 1 << 1, /* the inode could not be read; members by rule: print "~" */
	PN_NS_F_UNKNOWN = 1 << 2,  /* a stand-in for "some namespace of this level" */
	PN_NS_F_PARENT_INFERRED = 1 << 3,
	PN_NS_F_ROOT = 1 << 4,   /* the namespace of the procfs that was read */
	PN_NS_F_SHARED = 1 << 5, /* members of more than one container: owners[] */
	PN_NS_F_STUCK = 1 << 6   /* dying, and something keeps it from being gone */
};

enum pn_hold { PN_HOLD_MOUNT, PN_HOLD_FD, PN_HOLD_CHILDREN /* as ns/pid_for_children */ };

/* What keeps a namespace besides processes in it. */
struct pn_pin {
	enum pn_hold how;
	pid_t pid;        /* a process that has the mount in its view, or the descriptor; 0: no
	                   * process is in that mount namespace */
	int fd;           /* PN_HOLD_FD */
	const char *path; /* PN_HOLD_MOUNT: mount point, as that process sees it */
	uint64_t mntns;   /* PN_HOLD_MOUNT: inode of the mount namespace */
	const struct pn_pin *next;
};

struct pn_ns {
	enum pn_type type;
	enum pn_state state;
	uint32_t flags; /* PN_NS_F_* */
	uint32_t level; /* PN_PID and PN_USER: depth below what is visible */
	uint64_t id;    /* never used again in this boot; see PN_NS_F_ID_SURROGATE */
	uint64_t dev,
		ino; /* as stat(2) of /proc/PID/ns/...; 0: not known. Used again by the kernel! */
	uint64_t userns; /* inode of the user namespace that owns it; 0: not known (PN_F_NSINFO) */
	int64_t owner_uid;          /* PN_USER: who made it; -1 not known */
	const struct pn_ns *parent; /* NULL: root, or not known */
	const struct pn_ns *child, *sibling;
	const struct pn_proc *init;       /* PN_PID: PID 1. Others: the oldest member */
	const struct pn_proc *procs;      /* PN_PID: members, through next_in_ns */
	size_t nproc, nzombie, ninjected; /* false zombies are not counted as zombies */
	size_t nthread;
	size_t nunreaped;                     /* zombies whose parent is init */
	const struct pn_owner *owner;         /* of init, or NULL */
	const struct pn_owner *const *owners; /* all that have members in it */
	size_t nowner;
	enum pn_reap reap;
	uint32_t evidence; /* PN_EV_* */
	const struct pn_pin *pins;
};

enum pn_finding_code {
	PN_FIND_ZOMBIE,       /* proc: the zombie; culprit: the parent that does not wait */
	PN_FIND_FALSE_ZOMBIE, /* proc: dead leader with live threads */
	PN_FIND_NOT_REAPING,  /* ns, culprit: its init */
	PN_FIND_STUCK, /* ns dying; proc: what holds it; culprit: the outside parent that must wait */
	PN_FIND_NO_INIT_YET, /* ns; culprit: the process that unshared */
	PN_FIND_PINNED,      /* ns without processes; pins say by what */
	PN_FIND_INJECTED,    /* proc came from outside; culprit: its parent, if seen */
	PN_FIND_PENDING      /* proc's children will be in another namespace */
};
const char *pn_finding_name(enum pn_finding_code c); /* "zombie", "stuck-teardown", ... */

enum pn_severity { PN_NOTE, PN_WARNING, PN_ERROR };

struct pn_finding {
	enum pn_finding_code code;
	enum pn_severity severity;
	const struct pn_ns *ns;        /* or NULL */
	const struct pn_proc *proc;    /* or NULL */
	const struct pn_proc *culprit; /* or NULL */
	const char *why, *fix;         /* words for people, escaped; never NULL */
};

/* ---- Snapshots -------------------------------------------------------------------------- */

/* What to read beside /proc/PID/status, which alone gives namespaces, PIDs, state, users,
 * capabilities, seccomp and signals. In brackets: what each costs. */
enum {
	PN_F_CMDLINE = 1 << 0, /* [8 us a process] */
	PN_F_CGROUP = 1 << 1,  /* cgroup of every process, and its owner by that [10 us] */
	PN_F_START = 1 << 2,  /* start time of every process [10 us]; of inits also where the kernel
	                        * has no ids of namespaces */
	PN_F_NSINFO = 1 << 3, /* ids, owner user namespace [10 us a namespace] */
	PN_F_OWNER = 1 << 4,  /* owners: cgroups are read of inits, of processes from outside, of
	                        * those in the outermost namespace, of those that differ from their
	                        * parent in bounding set or filters, and of orphans where containers share
	                        * a namespace. The others have their parent's [10 us each] */
	PN_F_NAMES = 1 << 5,  /* names of owners from the engines' state [a file each] */
	PN_F_REAP = 1 << 6,   /* reap verdicts [10 - 20 us a namespace] */
	PN_F_USERNS = 1 << 7, /* user namespace and uid inside of every process [6 us] */
	PN_F_PENDING = 1 << 8, /* ns/pid_for_children of every process [6 us] */
	PN_F_NSLINKS = 1 << 9, /* all types of namespaces [30 us] */
	PN_F_LABEL = 1 << 10,  /* attr/current [7 us] */
	PN_F_MOUNTS = 1 << 11, /* namespaces kept by mounts, in every mount namespace [6 us and
	                        * a mountinfo for each mount namespace]; from 6.12 on also in
	                        * those that no process is in */
	PN_F_FDS = 1 << 12,    /* namespaces kept by open descriptors [as lsof] */
	PN_F_VERIFY = 1 << 13, /* read ns/pid of every process instead of using the rule [6 us] */
	PN_F_WCHAN =
		1 << 14, /* where in the kernel inits and parents of zombies sleep [9 us each] */

	PN_LEAN = 0,
	PN_ROWS = PN_F_CMDLINE | PN_F_NSINFO | PN_F_OWNER | PN_F_NAMES | PN_F_REAP,
	PN_ALL = (PN_F_WCHAN << 1) - 1 - PN_F_FDS
};

struct pn_opts {
	size_t size;      /* sizeof(struct pn_opts): PN_OPTS_INIT sets it */
	const char *proc; /* procfs or a recorded copy (pn_record()); NULL: "/proc" */
	const char *root; /* where /var/lib, /run ... of the engines begin; NULL: "/" for the live
	                     * /proc, PROC/.root for a recorded one */
	uint32_t fields;  /* PN_F_* */
};
#define PN_OPTS_INIT                                        \
	{                                                   \
		sizeof(struct pn_opts), NULL, NULL, PN_ROWS \
	}

struct pn_info {
	const char *proc;
	bool recorded; /* PROC is no procfs */
	size_t nproc;
	size_t unreadable; /* processes of which status could not be read (hidepid=1): not listed */
	size_t no_access;  /* processes listed whose namespace links may not be read */
	size_t inferred;   /* namespaces without a known inode */
	size_t gone;       /* ended while we looked: not listed */
	size_t hidden;     /* parents that are not shown: hidepid=2, or ended just now */
	const struct pn_ns *root;
	uint64_t taken_ns; /* CLOCK_BOOTTIME when it began, nanoseconds; 0 for a recorded one */
	uint32_t features; /* PN_FEAT_* that were used */
};

/* Takes a snapshot; opts NULL: /proc with PN_ROWS. O(N) in time and memory.
 * A process is pinned by a descriptor of its /proc directory while its files are read, so
 * no row mixes two processes. PID namespaces are found by this rule, which needs no
 * rights: a child of its parent's level is in its parent's namespace, since setns(2) and
 * unshare(2) lead into descendants only, and reparenting keeps the level. Links are read where
 * that does not answer. -ENOENT: no such directory; -ENOTDIR; -ENOMEM; -EMFILE;
 * -ENODATA: nothing in it looks like a process. */
int pn_snapshot(struct pn_snap **ret, const struct pn_opts *opts);

/* The processes of one PID namespace and those below it, at a cost that does not depend on
 * the others of the machine: through a procfs of that namespace (6.18, or a helper process
 * that enters it). Needs CAP_SYS_ADMIN over it: -EPERM. Outer PIDs are those in the caller's namespace,
 * which the kernel tells since 6.11: -ENOSYS before, where pn_snapshot() has to do.
 * opts->proc is ignored. Owners are those of init. */
int pn_snapshot_ns(struct pn_snap **ret, int pidns_fd, const struct pn_opts *opts);

void pn_free(struct pn_snap *s); /* NULL is fine */

const struct pn_info *pn_info(const struct pn_snap *s);
size_t pn_count(const struct pn_snap *s);
const struct pn_proc *pn_at(const struct pn_snap *s,
			    size_t i); /* by outer PID; NULL beyond the end */
const struct pn_proc *pn_find(const struct pn_snap *s, pid_t outer); /* or NULL */

/* PID namespaces first, each after its parent and before its siblings; then the other types
 * (PN_F_NSLINKS; user namespaces with PN_F_USERNS), by type and inode. */
size_t pn_ns_count(const struct pn_snap *s);
const struct pn_ns *pn_ns_at(const struct pn_snap *s, size_t i);
const struct pn_ns *pn_ns_find(const struct pn_snap *s, enum pn_type t, uint64_t ino);

/* Worst first. Zombies, injected and pending processes, stuck and pinned namespaces ... */
size_t pn_finding_count(const struct pn_snap *s);
const struct pn_finding *pn_finding_at(const struct pn_snap *s, size_t i);

/* The first of all owners, through ->next; NULL: none. */
const struct pn_owner *pn_owners(const struct pn_snap *s);

/* ---- Translation ---------------------------------------------------------------------- */

/* The number that p has in ns: 0 if it is not visible there. */
pid_t pn_pid_in(const struct pn_proc *p, const struct pn_ns *ns);
/* The process that has this number in ns, or NULL. Looks through ns and those below it. */
const struct pn_proc *pn_find_in(const struct pn_snap *s, const struct pn_ns *ns, pid_t pid);

/* PIDs live, without a snapshot: `pid` of namespace from_fd as a number of to_fd; -1 stands
 * for the caller's namespace. By ioctl_nsfs(2) on 6.11 and later, else through NSpid in
 * /proc, which takes one look at each process. -ESRCH: no such process, or not visible there;
 * -EPERM: neither way is open. */
int pn_translate(int from_fd, pid_t pid, int to_fd, pid_t *ret);

/* All numbers of a process of the live /proc, outermost first; n: room in levels. Returns how many
 * there are (at most 33), which may be more than n. -ESRCH. */
int pn_pids(pid_t pid, pid_t *levels, size_t n);

/* ---- Handles on processes and namespaces -------------------------------------------------- */

/* A process for ever: PID and the inode of its pidfd (6.9; as `PID:INODE` in util-linux).
 * inode 0: not known; the start time then tells. */
struct pn_ref {
	pid_t pid;
	uint64_t inode;
	uint64_t start; /* clock ticks; 0: not known */
};

/* Opens the process as a pidfd and as a directory of /proc (O_RDONLY, a dirfd for what
 * is in it), which are certain to be of one process. What *ref has of inode and start is checked,
 * what is 0 is filled in. Either result pointer may be NULL. -ESRCH: gone, or the number is now
 * another's. -ENOSYS: no pidfds (before 5.3). */
int pn_open(struct pn_ref *ref, int *ret_pidfd, int *ret_procfd);
/* The same for a row: -ESRCH also if it cannot be told to be the same process. */
int pn_open_proc(const struct pn_snap *s, const struct pn_proc *p, int *ret_pidfd, int *ret_procfd);

/* A descriptor of a namespace of that process: through the pidfd (6.11), else through procfd
 * (-1: not at hand), which alone works for zombies. -EACCES, -ESRCH, -ENOENT (a zombie has
 * left this namespace). */
int pn_nsfd(int pidfd, int procfd, enum pn_type t);

struct pn_nsid {
	uint64_t id; /* NS_GET_ID (6.18); else a hash of dev, ino and start time of init */
	uint64_t dev, ino;
	bool surrogate; /* id is that hash */
};
int pn_ns_id(int nsfd, struct pn_nsid *ret);
int pn_ns_type(int nsfd);   /* enum pn_type, or -errno */
int pn_ns_parent(int nsfd); /* descriptor; -EPERM: it is not visible from here */
int pn_ns_owner(int nsfd);  /* descriptor of the owning user namespace; -EPERM as above */
int pn_ns_init(int nsfd, struct pn_ref *ret); /* PN_PID: -ESRCH no init; -ENOSYS before 6.11 */

/* A procfs of that PID namespace, mounted nowhere. -EPERM. */
int pn_procfs(int pidns_fd);

/* ---- Comparing --------------------------------------------------------------------------- */

enum pn_same { PN_SAME, PN_DIFFERENT, PN_CANNOT_TELL };

/* Live: are a and b in the same namespace of each type? By dev and inode of links that
 * are held open together, so that no inode is used anew in between. Two links that cannot
 * be read are PN_CANNOT_TELL, not the same; except that a == b is PN_SAME.
 * proc NULL: "/proc". -ESRCH: one does not exist. */
int pn_compare(const char *proc, pid_t a, pid_t b, enum pn_same ret[PN_TYPES]);
/* The same from a snapshot (PN_F_NSLINKS for types other than PID), where the rule answers too. */
enum pn_same pn_same_in(const struct pn_proc *a, const struct pn_proc *b, enum pn_type t);

/* ---- Addresses ---------------------------------------------------------------------------- */

enum pn_target_kind { PN_T_PROC, PN_T_NS, PN_T_OWNER };

struct pn_target {
	enum pn_target_kind kind;
	const struct pn_proc *proc;   /* PN_T_PROC; else init, or NULL */
	const struct pn_ns *ns;       /* of proc, or meant, or of the owner; or NULL */
	const struct pn_owner *owner; /* or NULL */
};

/* What people write for a process or a container:
 *	1234            outer PID
 *	1234:567        PID and pidfd inode; -ESRCH if the number is another's by now (live only)
 *	pid:[4026532179], 4026532179    namespace by inode (a number that is no PID here)
 *	id:49308        namespace by id
 *	web, 3f2a9c     container by name, id or unique beginning of an id (at least 3)
 *	docker:web      ... of one runtime
 *	web:7, docker:web:7, pid:[...]:7    inner PID 7 of its PID namespace
 * -ESRCH: no such thing (words that nothing above fits are the name of no container);
 * -EINVAL: empty, too long, or after "id:" or with a '[' not what belongs there;
 * -ENOTUNIQ: several containers match. */
int pn_resolve(const struct pn_snap *s, const char *text, struct pn_target *ret);

/* ---- Owners without a snapshot -------------------------------------------------------------- */

/* The owner that a /proc/PID/cgroup text (all lines) names; the innermost. 0 with
 * *ret = NULL if there is none; free with pn_owner_free(). name etc. are not filled in. */
int pn_owner_parse(const char *cgroup_text, size_t len, struct pn_owner **ret);
void pn_owner_free(struct pn_owner *o);

/* ---- Recording ------------------------------------------------------------------------------ */

enum {
	PN_RECORD_CMDLINE = 1, /* arguments too: they often hold secrets */
	PN_RECORD_NAMES = 2    /* names of containers from the engines' state */
};

/* Copies what a snapshot needs from a procfs (NULL: "/proc") into the new directory dir, as
 * ordinary files, for pn_opts.proc. Environments, memory, and (without the flag) all
 * of the arguments but the first word are left out. Returns the number of processes. -EEXIST: dir is there. */
int pn_record(const char *proc, const char *dir, unsigned int flags);

/* ---- Words ------------------------------------------------------------------------------------ */

/* Bytes as one line that does nothing to a terminal: control characters, DEL, C1 and what is not
 * UTF-8 become \n, \t, \\ or \xNN; direction marks too. At most size - 1 bytes and a NUL are
 * written, never half a character. Returns the length that it would have. */
size_t pn_escape(char *buf, size_t size, const char *s, size_t len);

/* Arguments joined by blanks and escaped, or [comm] if there are none. Returns as pn_escape(). */
size_t pn_cmdline_text(const struct pn_proc *p, char *buf, size_t size);
/* "reaps: sleeps in wait for any child", "does not reap: SIGCHLD default, sleeps in pause, 5 zombies" */
size_t pn_reap_text(const struct pn_ns *ns, char *buf, size_t size);
/* "docker:3f2a9c01d4be web", escaped. NULL: "-" */
size_t pn_owner_text(const struct pn_owner *o, char *buf, size_t size);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
