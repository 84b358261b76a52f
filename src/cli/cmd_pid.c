/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "cli/atoll.h"
#include "cli/views.h"

struct args {
	struct view_args view;
	bool quiet;
	const char *from, *to;
};

#define AT(member) offsetof(struct args, member)
static const struct opt opts[] = {
	{ OPT_FLAG, 'q', "quiet", NULL,
	  "one number: the inner PID for an outer one, else the outer one", AT(quiet) },
	{ OPT_STR, 'f', "from", "NS",
	  "PID is a number of this namespace (host: that of this /proc)", AT(from) },
	{ OPT_STR, 't', "to", "NS", "only what it is in this namespace", AT(to) },
	VIEW_OPTS(struct args),
	{ 0 },
};

/* ---- one row a level ------------------------------------------------------------------- */

struct level {
	const struct pn_proc *p;
	const struct pn_ns *ns; /* NULL: not known */
	uint32_t level;
};

#define LEVEL(row) ((const struct level *)(row))

static struct out_cell col_level(struct out *o, const void *row)
{
	(void)o;
	return out_u64(LEVEL(row)->level);
}

static struct out_cell col_pid(struct out *o, const void *row)
{
	(void)o;
	return out_i64(LEVEL(row)->p->nspid[LEVEL(row)->level]);
}

static struct out_cell col_outer(struct out *o, const void *row)
{
	(void)o;
	return out_i64(LEVEL(row)->p->pid);
}

static struct out_cell col_ns(struct out *o, const void *row)
{
	const struct pn_ns *ns = LEVEL(row)->ns;
	struct out_cell c = out_none();

	if (!ns)
		return c;
	if (ns->ino && !(ns->flags & PN_NS_F_INFERRED))
		return out_u64(ns->ino);
	if (ns->init)
		c = (struct out_cell){ .known = true,
				       .inferred = true,
				       .words = true,
				       .text = arena_printf(o->arena, "@%d", (int)ns->init->pid) };
	return c;
}

static struct out_cell col_init(struct out *o, const void *row)
{
	const struct pn_ns *ns = LEVEL(row)->ns;

	(void)o;
	return ns && ns->init ? out_i64(ns->init->pid) : out_none();
}

static struct out_cell col_owner(struct out *o, const void *row)
{
	const struct level *l = LEVEL(row);
	struct view_owner w;

	/* The process may be another container's than its namespace (a shared one). */
	if (l->level == l->p->level)
		w = view_owner_of(o->ctx, l->p);
	else if (l->ns)
		w = view_owner_ns(o->ctx, l->ns);
	else
		return out_none();
	return out_words(view_owner_text(o->ctx, &w));
}

static struct out_cell col_command(struct out *o, const void *row)
{
	return out_words(view_command_text(o->arena, LEVEL(row)->p));
}

enum { D = OUT_DEFAULT, R = OUT_RIGHT, F = OUT_FLEX };

static const struct out_col columns[] = {
	{ "level", "LVL", OUT_NUMBER, D | R, 0, "depth of the namespace", col_level },
	{ "pid", "PID", OUT_NUMBER, D | R, 0, "the number that it has there", col_pid },
	{ "pidns", "PIDNS", OUT_NUMBER, D | R, 0,
	  "inode of the namespace; ~@PID: that of this init", col_ns },
	{ "init", "INIT", OUT_NUMBER, D | R, 0, "outer PID of PID 1 of the namespace", col_init },
	{ "owner", "OWNER", OUT_TEXT, D | F, PN_F_OWNER | PN_F_NAMES, "container", col_owner },
	{ "outer", "OUTER", OUT_NUMBER, R, 0, "its number in the outermost namespace", col_outer },
	{ "command", "COMMAND", OUT_TEXT, F, PN_F_CMDLINE, "of the process", col_command },
	{ 0 },
};

static struct level level_of(const struct pn_proc *p, uint32_t level)
{
	const struct pn_ns *ns = p->ns;

	for (uint32_t l = p->level; ns && l > level; l--)
		ns = ns->parent;
	return (struct level){ p, ns, level };
}

/* ---- finding it -------------------------------------------------------------------------- */

static int find(const struct view *v, const char *word, const char *from,
		const struct pn_proc **ret, struct err *e)
{
	const struct pn_ns *ns;
	pid_t pid;
	int r;

	if (!from)
		return view_resolve_proc(v, word, ret, e);
	r = view_resolve_ns(v, from, &ns, e);
	if (r < 0)
		return r;
	if (num_pid(word, &pid) < 0)
		return err_set(e, EINVAL, "with --from, '%.64s' must be a number",
			       out_escape(v->arena, word));
	*ret = pn_find_in(v->snap, ns, pid);
	return *ret ? 0
		    : err_set(e, ESRCH, "there is no process %d in %s", (int)pid,
			      view_ns_text(v->arena, ns));
}

/* Was a bare number meant as an outer PID? It might be the inode of a namespace, too. */
static bool is_outer(const char *word, const struct pn_proc *p)
{
	pid_t pid;

	return num_pid(word, &pid) == 0 && pid == p->pid;
}

struct translation {
	const struct pn_proc *p;
	const struct pn_ns *to; /* or NULL */
	bool outer;             /* what was given is its outer PID */
	pid_t in;               /* its number in `to` */
};

static int translate(const struct view *v, const struct args *a, const char *word,
		     struct translation *t, struct err *e)
{
	int r = find(v, word, a->from, &t->p, e);

	if (r < 0)
		return r;
	t->outer = a->from ? strcmp(a->from, "host") == 0 : is_outer(word, t->p);
	t->to = NULL;
	if (!a->to)
		return 0;
	r = view_resolve_ns(v, a->to, &t->to, e);
	if (r < 0)
		return r;
	t->in = pn_pid_in(t->p, t->to);
	if (!t->in)
		return err_set(e, ESRCH, "process %d is not visible in %s", (int)t->p->pid,
			       view_ns_text(v->arena, t->to));
	return 0;
}

static void rows(struct out *o, const struct out_cols *cols, const struct translation *t,
		 struct out_table *table, struct jsonw *w)
{
	for (uint32_t l = 0; l <= t->p->level; l++) {
		struct level row = level_of(t->p, l);

		if (t->to && row.ns != t->to)
			continue;
		if (w)
			out_json(o, cols, &row, w);
		else
			out_row(table, &row, NULL);
	}
}

static int run(struct cmd_call *call, struct err *e)
{
	const struct args *a = call->args;
	autoview struct view v = VIEW_NULL;
	struct out_cols cols = { 0 };
	struct out_table table = { .o = &v.out, .cols = &cols };
	struct translation *t = arena_alloc(call->arena, ((size_t)call->count + 1) * sizeof(*t));
	struct jsonw w;
	int r;

	if (out_cols_help(columns, a->view.columns))
		return 0;
	r = (a->view.json ? out_cols_json : out_cols_parse)(columns, a->view.columns, call->arena,
							    &cols, e);
	if (r < 0)
		return cmd_usage(call, r, e);
	r = view_open(call, &a->view,
		      a->quiet ? PN_F_OWNER | PN_F_NAMES : cols.needs | PN_F_OWNER | PN_F_NAMES, &v,
		      e);
	for (int i = 0; r == 0 && i < call->count; i++)
		r = translate(&v, a, call->operand[i], &t[i], e);
	if (r < 0)
		return r;
	if (a->view.json && !a->quiet)
		view_json_begin(&v, &w, "atoll.pid/1", "levels");
	for (int i = 0; i < call->count; i++)
		if (a->quiet)
			printf("%d\n", (int)(t[i].to      ? t[i].in
					     : t[i].outer ? t[i].p->inner
							  : t[i].p->pid));
		else
			rows(&v.out, &cols, &t[i], &table, a->view.json ? &w : NULL);
	if (a->quiet)
		return 0;
	if (a->view.json)
		view_json_end(&v, &w);
	else
		out_print(&table);
	return 0;
}

const struct cmd cmd_pid = {
	.name = "pid",
	.operands = "PID|CONTAINER:PID|CONTAINER...",
	.summary = "translate PIDs between namespaces, both ways",
	.opts = opts,
	.min = 1,
	.max = -1,
	.operand = OPERAND_ID,
	.args_size = sizeof(struct args),
	.run = run,
};
