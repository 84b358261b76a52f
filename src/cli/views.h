/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the commands that look at processes share: the snapshot, whose container
 * a process is in, words and columns. */

#include <pidns.h>

#include "cli/opt.h"
#include "cli/out.h"

/* Options that all of them have; the first member of their args. */
struct view_args {
	const char *proc, *columns;
	bool json, no_headings, no_trunc;
};

#define VIEW_AT(type, member) (offsetof(type, view) + offsetof(struct view_args, member))
#define VIEW_OPT_PROC(type)                                                               \
	{                                                                                 \
		OPT_STR, 0, "proc", "DIR", "read this procfs, or what atoll record made", \
			VIEW_AT(type, proc), OPT_DIR                                      \
	}
#define VIEW_OPT_JSON(type)                                               \
	{                                                                 \
		OPT_FLAG, 0, "json", NULL, "as JSON", VIEW_AT(type, json) \
	}
#define VIEW_OPTS(type)                                                            \
	VIEW_OPT_PROC(type), VIEW_OPT_JSON(type),                                  \
		{ OPT_STR,                                                         \
		  'o',                                                             \
		  "columns",                                                       \
		  "COLUMNS",                                                       \
		  "these columns; +A,B: more of them; all; help explains them",    \
		  VIEW_AT(type, columns),                                          \
		  OPT_ASKS },                                                      \
		{ OPT_FLAG,                                                        \
		  0,                                                               \
		  "no-headings",                                                   \
		  NULL,                                                            \
		  "no line of headings",                                           \
		  VIEW_AT(type, no_headings) },                                    \
	{                                                                          \
		OPT_FLAG, 0, "no-trunc", NULL, "do not fit lines to the terminal", \
			VIEW_AT(type, no_trunc)                                    \
	}

struct view_box; /* a container of ours */

struct view {
	const struct cmd_call *call;
	struct arena *arena;
	const struct view_args *args;
	struct pn_snap *snap;
	const struct pn_info *info;
	struct out out;                  /* ctx is this view */
	struct view_box *by_pid, *by_id; /* our own containers, sorted so */
	size_t nbox;
	const struct pn_finding **by_proc; /* findings about a process, by PID */
	const struct pn_finding **by_ns;   /* about a namespace, by its address */
	size_t nby_proc, nby_ns;
	uint32_t addressed; /* PN_F_* without which an operand would not be found */
};
#define VIEW_NULL ((struct view){ .snap = NULL })
#define autoview  __attribute__((cleanup(view_close)))

/* Takes the snapshot. */
int view_open(struct cmd_call *call, const struct view_args *args, uint32_t fields,
	      struct view *ret, struct err *e);
/* Anew, for the same command. The rows of before are gone then. */
int view_again(struct view *v, uint32_t fields, struct err *e);
void view_close(struct view *v);

/* Says on stderr what could not be read, unless --quiet. */
void view_say_limits(const struct view *v);

/* A JSON document {"schema": NAME, "source": {...}, LIST: [ rows ] }; the caller writes the
 * rows between begin and end. */
void view_json_begin(struct view *v, struct jsonw *w, const char *schema, const char *list);
void view_json_end(struct view *v, struct jsonw *w);

/* pn_resolve(), and our own containers, wherever they are kept. -ESRCH, -EINVAL with words. */
int view_resolve(const struct view *v, const char *text, struct pn_target *ret, struct err *e);
/* Also "host", the namespace of the procfs. Always with a namespace. */
int view_resolve_ns(const struct view *v, const char *text, const struct pn_ns **ret,
		    struct err *e);
/* A process: PID 1 for a container or a namespace. -ESRCH. */
int view_resolve_proc(const struct view *v, const char *text, const struct pn_proc **ret,
		      struct err *e);

/* Whose it is; what is known of pn_owner, and our own names. runtime NULL: nobody's. */
struct view_owner {
	const char *runtime, *id, *name, *pod, *pod_name, *image, *unit, *cgroup, *evidence;
	bool monitor;
};
struct view_owner view_owner_of(const struct view *v, const struct pn_proc *p);
struct view_owner view_owner_ns(const struct view *v, const struct pn_ns *ns);
/* "docker:3f2a9c01d4be web", escaped; NULL for nobody's. */
const char *view_owner_text(const struct view *v, const struct view_owner *o);

/* What is wrong with it or remarkable, in words; NULL: nothing. */
const struct pn_finding *view_finding(const struct view *v, const struct pn_proc *p);
/* What is wrong with a namespace itself, not with one of its processes. */
const struct pn_finding *const *view_ns_findings(const struct view *v, const struct pn_ns *ns,
						 size_t *ret_count);

/* "pid,net" as bits 1 << PN_*; NULL: all. -EINVAL. */
int view_parse_types(const char *text, unsigned int *ret, struct err *e);
/* A number, or a name of this machine's /etc/passwd. -EINVAL and others, with words. */
int view_parse_user(struct arena *a, const char *text, uid_t *ret, struct err *e);

/* Which processes are meant. */
struct view_filter {
	const char *owner, *state;
	const uid_t *uid; /* NULL: any */
	bool zombies, kthreads;
	/* made by view_filter_init() */
	const struct pn_target *targets;
	size_t ntargets;
};
int view_filter_init(const struct view *v, struct view_filter *f, char **targets, int count,
		     struct err *e);
bool view_match(const struct view *v, const struct view_filter *f, const struct pn_proc *p);
/* ns or one above it is `above`. */
bool view_ns_within(const struct pn_ns *ns, const struct pn_ns *above);

/* ---- words ------------------------------------------------------------------------------- */

/* "pid:[4026532179]"; "pid:[~@16865]" where only its PID 1 is known; "pid:[~?]". */
const char *view_ns_text(struct arena *a, const struct pn_ns *ns);
/* "-", "all", "default", "default+sys_admin", "net_raw,setuid", "17 caps" */
const char *view_caps_text(struct arena *a, uint64_t caps);
/* "34520 7" : outermost first */
const char *view_pids_text(struct arena *a, const struct pn_proc *p, const char *between);
const char *view_state_text(const struct pn_proc *p);
const char *view_seccomp_text(const struct pn_proc *p);
const char *view_command_text(struct arena *a, const struct pn_proc *p);
const char *view_reap_text(struct arena *a, const struct pn_ns *ns);
/* "3d 4h", "17 s" */
const char *view_age_text(struct arena *a, uint64_t seconds);
/* Seconds since it began; false: not known. */
bool view_age(const struct view *v, const struct pn_proc *p, uint64_t *ret_s);

/* ---- columns ------------------------------------------------------------------------------ */

extern const struct out_col view_proc_cols[]; /* rows are struct pn_proc */
extern const struct out_col view_ns_cols[];   /* rows are struct pn_ns */
