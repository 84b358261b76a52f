/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The commands of atoll, one file each, and what they share. */

#include "cli/opt.h"
#include "run/lifecycle.h"
#include "run/record.h"

struct atoll_globals {
	const char *root;
	bool quiet; /* no warnings */
};

/* What a command works with: the runtime's state and our records. */
struct atoll {
	struct arena *arena;
	const char *root;
	struct lc lc;
	struct records rs;
};
#define ATOLL_NULL ((struct atoll){ .lc = { .root_fd = -1 }, .rs = { .fd = -1 } })
#define autoatoll  __attribute__((cleanup(atoll_close)))

/* Reads the global options. Makes nothing, and opens nothing yet. */
int atoll_init(const struct cmd_call *call, struct atoll *ret, struct err *e);
/* The same, and opens the records, which are made if `make`. Where there are
 * none and none are to be made, rs.fd stays -1. */
int atoll_open(const struct cmd_call *call, bool make, struct atoll *ret, struct err *e);
void atoll_close(struct atoll *at);

/* A container as people see it: the record and what the runtime knows. */
struct box {
	struct record rec;
	struct container c; /* entry_fd is -1 if the runtime does not know it (any more) */
	bool known;         /* the runtime knows it */
	enum state_status status;
	bool has_exit;
	int exit_status;
	const char *finished; /* RFC 3339, or NULL */
};
#define BOX_NULL                                               \
	((struct box){ .rec = { .dir_fd = -1, .exit_fd = -1 }, \
		       .c = { .init = { .fd = -1 }, .entry_fd = -1, .lock_fd = -1 } })
#define autobox __attribute__((cleanup(box_close)))

/* By name, id or unique beginning of an id. -ENOENT "container does not exist". */
int box_find(struct atoll *at, const char *word, struct box *ret, struct err *e);
void box_close(struct box *b);
bool box_is_alive(const struct box *b);
/* "container X is not running" with the words that others look for. */
int box_not_running(const char *word, struct err *e);

struct box_list {
	struct box *items; /* closed */
	size_t count;
};
/* All, sorted by time of creation. Stale records are taken away. */
int box_list(struct atoll *at, struct box_list *ret, struct err *e);

/* Waits for the end; the exit status. timeout in ms, -1: for ever. -ETIMEDOUT. */
int box_wait(struct atoll *at, const struct box *b, int timeout_ms, int *ret_status, struct err *e);
/* Stop signal and seconds until SIGKILL, as given to run. */
void box_stop_rule(const struct oci_pairs *annotations, int *ret_signal, int64_t *ret_timeout_s);
/* Kills what is alive and forgets all. */
int box_remove(struct atoll *at, const struct box *b, struct err *e);
/* Text of the configuration: record's, else the runtime's. */
int box_config(struct atoll *at, const struct box *b, char **ret, size_t *ret_len, struct err *e);
/* "running", "exited" ... */
const char *box_status_name(const struct box *b);
/* "running", "exited (137)" ... */
const char *box_status_text(struct arena *a, const struct box *b);

/* For every operand: fn; a failure is told and the others go on. 0 or 1. */
int each_box(struct cmd_call *call, struct atoll *at,
	     int (*fn)(struct cmd_call *call, struct atoll *at, struct box *b, const char *word,
		       struct err *e));

/* Standard input of a command that was not asked to be interactive. */
int stdin_null(struct err *e);

/* cmd_run.c's own parts */
struct run_opts;
struct run_facts;
int run_facts_gather(struct atoll *at, const struct run_opts *o, struct run_facts *ret,
		     struct err *e);
int run_detached(struct atoll *at, struct record *rec, const struct oci_spec *spec,
		 bool interactive, int *ret_fail, struct err *e);
/* The first NAME of $PATH that can be executed, or NULL. */
const char *find_program(struct arena *a, const char *name);
/* A file inside a root directory, "" if it is not there. */
int root_file(int root_fd, const char *path, struct arena *a, const char **ret);

extern const struct cmd cmd_run, cmd_exec, cmd_list, cmd_ls, cmd_stop, cmd_kill, cmd_rm, cmd_logs,
	cmd_wait, cmd_inspect, cmd_version, cmd_cleanup;
/* The views (cli/views.h). */
extern const struct cmd cmd_tree, cmd_ps, cmd_ns, cmd_pid, cmd_who, cmd_same, cmd_zombies,
	cmd_enter, cmd_record, cmd_map, cmd_watch, cmd_top;
/* The audit (cli/audit.h). */
extern const struct cmd cmd_audit, cmd_seccomp;
