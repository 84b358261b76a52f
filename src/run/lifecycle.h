/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The commands on containers, as both programs offer them; cli/ only reads
 * options and prints. All return >= 0 or -errno with a message in `e`, and print
 * nothing. Messages carry the words that container engines look for:
 * "container does not exist", "container not running", ... */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "conf/json.h"
#include "conf/oci.h"
#include "plan/plan.h"
#include "run/state.h"
#include "sys/pidref.h"

/* What every command is given. */
struct lc {
	struct arena *arena;
	const char *root;     /* where the state lives, absolute; made when needed */
	bool rootless;        /* lc_is_rootless() or as the user says */
	bool cgroup_disabled; /* --cgroup-manager disabled */
	bool ends; /* the process ends with this command: the kernel closes what is open */
	/* Takes one line about an optional thing that was skipped. NULL: nobody wants to know.
	 * It is called in the runtime only, never in the child. */
	void (*warn)(const char *msg);
	/* Takes a line about what is going to be done. NULL: nobody wants to know. */
	void (*debug)(const char *msg);
	int root_fd; /* -1 at first; opened by the first function that needs it, closed by lc_close() */
};
#define LC_INIT(arena_, root_) ((struct lc){ .arena = (arena_), .root = (root_), .root_fd = -1 })

/* Not root of the initial user namespace. */
bool lc_is_rootless(void);
/* ROOT for a program: /run/NAME, or $XDG_RUNTIME_DIR/NAME if rootless. -ENOENT if that is not set. */
int lc_default_root(struct arena *a, const char *name, bool rootless, const char **ret,
		    struct err *e);
void lc_close(struct lc *lc);
/* An absolute path for what the user wrote relative to the cwd. Uses lc->arena. */
int lc_absolute(struct lc *lc, const char *path, const char **ret, struct err *e);

/* ---- create, run ---------------------------------------------------------- */

struct lc_create {
	const char *id;
	const char *bundle; /* absolute or relative to the cwd; NULL: "." */
	const char *config; /* file instead of BUNDLE/config.json, or NULL */
	const struct oci_spec *
		spec; /* the configuration itself instead of a file (kept as ROOT/ID/config.json), or NULL */
	const char *pid_file;       /* or NULL; relative to the cwd */
	const char *console_socket; /* path of a socket that wants the terminal, or NULL */
	const char *pidfd_socket;   /* path of a socket that wants a pidfd, or NULL */
	unsigned int preserve_fds;
	bool no_pivot, no_new_keyring;
	bool no_subreaper; /* run in the foreground: do not adopt orphans */
	bool detach;       /* run: return when the command runs */
	bool keep;         /* run: leave the stopped container for `delete` */
	/* Is asked about the configuration when it has been read, and nothing has been made yet:
	 * its tree and text are what is acted upon. Negative, with words: refused. NULL: nobody
	 * asks. Not called with `spec`. */
	int (*permit)(void *ctx, const struct json_doc *config, struct err *e);
	void *permit_ctx;
};

/* Reads the configuration and makes the plan; does nothing else. `run`: for
 * lc_run() rather than lc_create(). */
int lc_plan(struct lc *lc, const struct lc_create *o, bool run, struct plan *ret, struct err *e);

/* Both leave nothing behind when they fail. A command that is not there is
 * -ENOENT, one that may not be executed -EACCES (or -ENOEXEC), with words.
 * ret_command_failed (may be NULL) says that the failure was the command's exec,
 * not ours: a shell's 127 and 126. */
int lc_create(struct lc *lc, const struct lc_create *o, struct err *e);
/* In the foreground (not detached): forwards signals, relays the terminal if
 * process.terminal is set, waits, takes the container away (unless keep), and
 * returns its exit status, 128+n for death by signal n. Detached: 0. */
int lc_run(struct lc *lc, const struct lc_create *o, bool *ret_command_failed, struct err *e);

/* ---- start, exec ---------------------------------------------------------- */

int lc_start(struct lc *lc, const char *id, struct err *e);

struct lc_exec {
	const char *id;
	/* A whole process object (exec --process FILE); then of the rest up to `detach` only what is not NULL/0 counts. */
	const struct oci_process *process;
	/* Or changes to the container's own process object. */
	char *const *args; /* NULL-terminated command */
	const char *cwd;
	const char *user; /* "UID[:GID]", numbers, or NULL */
	const char *const *env;
	size_t env_count;
	const uint32_t *gids; /* additional */
	size_t gids_count;
	const char *const *caps; /* to add, "CAP_..." */
	size_t caps_count;
	const char *apparmor, *process_label;
	bool tty, no_new_privs;
	bool ignore_paused;
	const char *const
		*cgroups; /* "[CONTROLLER[,CONTROLLER]:]PATH" below the container's cgroup */
	size_t cgroups_count;
	bool detach;
	const char *pid_file, *console_socket, *pidfd_socket;
	unsigned int preserve_fds;
};

/* The command's exit status, 128+n; 0 if detached. */
int lc_exec(struct lc *lc, const struct lc_exec *o, bool *ret_command_failed, struct err *e);

/* ---- kill, delete, wait, pause -------------------------------------------- */

/* Signals the container's first process, or with `all` every process in it. A
 * container that shares its PID namespace is killed whole by SIGKILL.
 * -ESRCH "container not running" (never with `all`). */
int lc_kill(struct lc *lc, const char *id, int sig, bool all, struct err *e);
/* Takes a stopped container away; with force, kills it first, and an unknown id
 * is success. Waits for every process; after 10 s names the one that stays. */
int lc_delete(struct lc *lc, const char *id, bool force, struct err *e);
/* Waits until the first process is gone. timeout in ms, -1: for ever. -ETIMEDOUT. */
int lc_wait(struct lc *lc, const char *id, int timeout_ms, struct err *e);
int lc_pause(struct lc *lc, const char *id, struct err *e);
int lc_resume(struct lc *lc, const char *id, struct err *e);
int lc_update(struct lc *lc, const char *id, const struct oci_resources *res, struct err *e);

/* ---- looking -------------------------------------------------------------- */

struct container {
	struct state state;
	enum state_status status;
	struct pidref init; /* open while the first process is alive */
	int entry_fd;       /* ROOT/ID */
	int lock_fd;        /* ROOT/ID/lock, for reading and writing where permitted */
};
#define CONTAINER_NULL ((struct container){ .init = { .fd = -1 }, .entry_fd = -1, .lock_fd = -1 })
#define autocontainer  __attribute__((cleanup(container_close)))

/* -ENOENT "container does not exist". A stale entry is swept, then the same. */
int lc_get(struct lc *lc, const char *id, struct container *ret, struct err *e);
void container_close(struct container *c);

struct container_list {
	struct container *items; /* closed (no fds); sorted by id */
	size_t count;
};
/* Entries that cannot be read are told to lc->warn and left out. */
int lc_list(struct lc *lc, struct container_list *ret, struct err *e);

/* Outer PIDs of all processes of the container. */
int lc_ps(struct lc *lc, const char *id, pid_t **ret, size_t *ret_count, struct err *e);
