/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the steps of a plan work on. One ctx per create, run or exec; the child
 * has a copy of it as it was at the clone (fork semantics), so fds opened by
 * host steps before STEP_CLONE are the child's too. Every fd is O_CLOEXEC. */

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "plan/plan.h"
#include "run/cgroup.h"
#include "sys/caps.h"
#include "sys/pidref.h"

struct seccomp_agent;
struct sock_fprog;
struct state;

struct ctx {
	struct arena *arena;
	const struct plan *plan;
	const struct oci_spec *spec;       /* of the container, also for exec */
	const struct oci_process *process; /* whom STEP_EXEC starts */

	const char *id, *bundle, *root_path;
	const char *state_root;
	int state_root_fd, state_fd; /* ROOT and ROOT/ID */
	int bundle_fd;

	const char *pid_file; /* absolute, or NULL */
	int pidfd_socket;     /* connected, or -1 */
	int console_socket;   /* connected: the child sends the pty master there; -1 none */
	bool console_plain;   /* it ends in a file or pipe of ours: line feeds stay what they are */
	int start_fd;         /* create: STEP_WAIT_START accepts here; -1 in run and exec */
	int create_lock;      /* the same file, locked while the runtime lives; not for the child */
	int exec_lock;        /* ROOT/ID/lock: locked until exec (run/state.h) */
	unsigned int preserve_fds; /* fds 3 .. 3+n-1 go to the payload */
	unsigned int listen_fds;   /* the first of them are sockets that systemd activates */

	int ns_fd[OCI_NS_COUNT]; /* joined by path, or -1 */
	int join_pidfd;          /* exec: the container's init, or -1 */
	struct cgroup cgroup;
	const struct sock_fprog *seccomp; /* compiled before the clone, or NULL */
	uint32_t seccomp_flags;
	const struct seccomp_agent *agent; /* gets the filter's listener; NULL: none, or told */

	/* What do_clone() calls in the new process: the walk through the child's steps. */
	void (*child_main)(struct ctx *c) __attribute__((noreturn));
	int sync[2];         /* [0] host, [1] child; SOCK_SEQPACKET */
	bool dropped;        /* exec_drop_descriptors() was here */
	int fault_fd;        /* the suite's build: kept open in the child; else -1 */
	struct pidref child; /* host side */

	/* child side, after STEP_ROOTFS */
	int root_fd;     /* O_PATH of the new root, valid before and after STEP_PIVOT */
	int old_proc_fd; /* the host's /proc, O_PATH, opened before STEP_PIVOT; -1 after it */
	int proc_fd; /* a procfs of our own that nothing is mounted over (or -1: not there yet) */
	int init_fd; /* the atoll-init binary on a read-only clone, or -1 */
	char *exe;   /* what STEP_FIND_COMMAND found, absolute in the container */
	char **argv, **envp;    /* prepared before the clone: NULL-terminated, ready for execve */
	struct exec_prep *prep; /* run/exec.h: exec_prepare() makes it, before the clone */

	struct caps caps; /* child, from STEP_USER to STEP_CAPS: what it has */
	pid_t join_pid;   /* exec: PID of join_pidfd */
	const char *const
		*cgroup_subs; /* exec: "[CONTROLLER,...:]PATH" below the container's cgroup */
	size_t cgroup_subs_count;
	struct state *state;       /* what STEP_STATE_DIR and STEP_CREATED write; NULL for exec */
	const char *config_text;   /* to be kept as ROOT/ID/config.json, or NULL */
	bool pid_file_made;        /* by STEP_CREATED, so it is ours to take away */
	const struct step *failed; /* after stage_run() failed: where, or NULL */
	void *owner;               /* of the ctx; for its warn() and debug() */
	void (*warn)(struct ctx *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
	/* NULL if nobody wants it; in the child also once the filter is in force. */
	void (*debug)(struct ctx *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
};

typedef int step_fn(struct ctx *c, const struct step *s, struct err *e);

/* One function for each kind (run/stage.c has the table). do_mount.c: */
step_fn do_propagation, do_rootfs, do_mount, do_pivot, do_root_readonly, do_readonly_path,
	do_masked_path, do_root_propagation;
/* do_dev.c */
step_fn do_device, do_dev_links, do_console;
/* do_ids.c */
step_fn do_id_maps, do_user_root, do_user, do_bounding, do_caps, do_no_new_privs, do_umask,
	do_make_cwd, do_cwd;
/* do_ns.c */
step_fn do_namespaces, do_join_ns, do_unshare_cgroup, do_session, do_keyring, do_loopback,
	do_hostname, do_domainname;
/* do_limits.c */
step_fn do_oom_score_adj, do_rlimit, do_sysctl, do_scheduler, do_cpu_affinity, do_io_priority,
	do_personality;
/* do_security.c */
step_fn do_seccomp_build, do_seccomp, do_lsm;
/* do_exec.c */
step_fn do_find_command, do_exec;
/* hooks.c */
step_fn do_hooks;
/* do_host.c (state, cgroup) */
step_fn do_state_dir, do_cgroup, do_cgroup_join, do_created;
/* clone.c, start.c */
step_fn do_clone, do_wait_start;

/* Walks the plan: host steps here, child steps in the child. On success of a
 * create plan the child waits for start; of a run or exec plan it has exec'd.
 * On failure the child is gone and reaped, and `e` names the step:
 * "step 14 of 31 (mount proc on /proc): Operation not permitted". Undoing what
 * host steps made (state, cgroup) is the caller's: container_undo(). */
int stage_run(struct ctx *c, struct err *e);
