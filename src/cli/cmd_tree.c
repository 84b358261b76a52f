/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/atoll.h"
#include "cli/views.h"

enum { DEPTH_SHOWN = 40 }; /* deeper branches are drawn at this depth */

struct args {
	struct view_args view;
	bool all, brief;
};

#define AT(member) offsetof(struct args, member)
static const struct opt opts[] = {
	{ OPT_FLAG, 'a', "all", NULL, "kernel threads too", AT(all) },
	{ OPT_FLAG, 'n', "namespaces", NULL, "only the namespaces, not their processes",
	  AT(brief) },
	VIEW_OPTS(struct args),
	{ 0 },
};

struct tree {
	struct view *v;
	const struct args *args;
	const struct view_filter *filter;
	struct out_table table;
};

/* ---- one namespace ------------------------------------------------------------------------ */

static const char *counts(struct arena *a, const struct pn_ns *ns)
{
	const char *s = arena_printf(a, "%zu process%s", ns->nproc, ns->nproc == 1 ? "" : "es");

	if (ns->nzombie)
		s = arena_printf(a, "%s, %zu zombie%s", s, ns->nzombie,
				 ns->nzombie == 1 ? "" : "s");
	if (ns->ninjected)
		s = arena_printf(a, "%s, %zu from outside", s, ns->ninjected);
	return s;
}

static const char *heading(struct view *v, const struct pn_ns *ns)
{
	struct arena *a = v->arena;
	struct view_owner o = view_owner_ns(v, ns);
	const char *owner = view_owner_text(v, &o);
	const char *s = view_ns_text(a, ns);

	if (ns->id && !(ns->flags & PN_NS_F_ID_SURROGATE))
		s = arena_printf(a, "%s id %llu", s, (unsigned long long)ns->id);
	if (ns->flags & PN_NS_F_ROOT && !ns->parent)
		s = arena_printf(a, "%s this /proc", s);
	if (owner)
		s = arena_printf(a, "%s %s", s, owner);
	if (ns->nowner > 1)
		s = arena_printf(a, "%s and %zu more", s, ns->nowner - 1);
	if (ns->state != PN_LIVE)
		s = arena_printf(a, "%s, %s%s", s, pn_state_name(ns->state),
				 ns->flags & PN_NS_F_STUCK ? " and stuck" : "");
	s = arena_printf(a, "%s, %s", s, counts(a, ns));
	if (ns->init)
		s = arena_printf(a, "%s, init %d", s, (int)ns->init->pid);
	return s;
}

static enum out_color heading_color(const struct pn_ns *ns)
{
	if (ns->flags & PN_NS_F_STUCK || (ns->reap == PN_REAP_NO && ns->nunreaped))
		return OUT_RED;
	return ns->state == PN_LIVE ? OUT_BOLD : OUT_YELLOW;
}

/* Does its init reap, and what is wrong with the namespace itself. */
static void ns_findings(struct tree *t, const struct pn_ns *ns, const char *indent)
{
	size_t n;
	const struct pn_finding *const *list = view_ns_findings(t->v, ns, &n);

	if (ns->init && ns->reap != PN_REAP_UNKNOWN && ns->reap != PN_REAP_NO)
		out_span(&t->table,
			 arena_printf(t->v->arena, "%sinit %s", indent,
				      view_reap_text(t->v->arena, ns)),
			 OUT_DIM);
	for (size_t i = 0; i < n; i++) {
		const struct pn_finding *f = list[i];

		out_span(&t->table,
			 arena_printf(t->v->arena, "%s! %s: %s", indent, pn_finding_name(f->code),
				      f->why),
			 f->severity == PN_ERROR ? OUT_RED : OUT_YELLOW);
		if (*f->fix)
			out_span(&t->table,
				 arena_printf(t->v->arena, "%s  fix: %s", indent, f->fix),
				 OUT_PLAIN);
	}
}

/* ---- its processes -------------------------------------------------------------------------- */

static bool shown(const struct tree *t, const struct pn_proc *p)
{
	return view_match(t->v, t->filter, p);
}

/* The next one of the same namespace that is shown, in a list of siblings. */
static const struct pn_proc *sibling_from(const struct tree *t, const struct pn_proc *p,
					  const struct pn_ns *ns)
{
	while (p && (p->ns != ns || !shown(t, p)))
		p = p->sibling;
	return p;
}

static bool is_top(const struct tree *t, const struct pn_proc *p)
{
	return !p->parent || p->parent->ns != p->ns || !shown(t, p->parent);
}

static const char *prefix(const struct tree *t, const bool *more, size_t depth)
{
	const char *s = "";

	for (size_t i = 1; i < depth; i++)
		s = arena_printf(t->v->arena, "%s%s", s,
				 out_branch(&t->v->out, more[i] ? OUT_PASS : OUT_SPACE));
	return depth ? arena_printf(t->v->arena, "%s%s", s,
				    out_branch(&t->v->out, more[depth] ? OUT_MIDDLE : OUT_LAST))
		     : s;
}

static void row(struct tree *t, const struct pn_proc *p, const bool *more, size_t depth)
{
	const struct pn_finding *f = view_finding(t->v, p);
	size_t drawn = depth < DEPTH_SHOWN ? depth : DEPTH_SHOWN;

	out_row_note(&t->table, p, prefix(t, more, drawn),
		     f ? arena_printf(t->v->arena, "! %s", f->why) : NULL,
		     f && f->severity == PN_ERROR ? OUT_RED : OUT_YELLOW);
}

/* One process and what is below it in this namespace, without recursion: chains of
 * processes may be as long as there are processes. */
static void branch(struct tree *t, const struct pn_proc *top)
{
	bool more[DEPTH_SHOWN + 1] = { false };
	const struct pn_proc *p = top;
	size_t depth = 0;

	row(t, p, more, 0);
	for (;;) {
		const struct pn_proc *next = sibling_from(t, p->child, top->ns);

		if (next) {
			depth++;
		} else {
			while (p != top && !(next = sibling_from(t, p->sibling, top->ns))) {
				p = p->parent;
				depth--;
			}
			if (p == top)
				return;
		}
		p = next;
		if (depth <= DEPTH_SHOWN)
			more[depth] = sibling_from(t, p->sibling, top->ns) != NULL;
		row(t, p, more, depth);
	}
}

static void processes(struct tree *t, const struct pn_ns *ns)
{
	for (const struct pn_proc *p = ns->procs; p; p = p->next_in_ns)
		if (shown(t, p) && is_top(t, p))
			branch(t, p);
}

/* ---- all of them ----------------------------------------------------------------------------- */

static bool ns_shown(const struct tree *t, const struct pn_ns *ns)
{
	if (ns->type != PN_PID)
		return false;
	if (t->filter->ntargets == 0)
		return true;
	for (size_t i = 0; i < t->filter->ntargets; i++)
		if (t->filter->targets[i].kind == PN_T_NS &&
		    view_ns_within(ns, t->filter->targets[i].ns))
			return true;
	for (const struct pn_proc *p = ns->procs; p; p = p->next_in_ns)
		if (shown(t, p))
			return true;
	return false;
}

static void one(struct tree *t, const struct pn_ns *ns)
{
	const char *indent = "";

	for (uint32_t i = 1; i < ns->level; i++)
		indent = arena_printf(t->v->arena, "%s%s", indent,
				      out_branch(&t->v->out, OUT_SPACE));
	if (t->table.count && !t->args->brief)
		out_span(&t->table, "", OUT_PLAIN);
	out_span(&t->table,
		 arena_printf(t->v->arena, "%s%s%s", indent,
			      ns->level ? out_branch(&t->v->out, OUT_LAST) : "", heading(t->v, ns)),
		 heading_color(ns));
	ns_findings(t, ns, arena_printf(t->v->arena, "%s   ", indent));
	if (!t->args->brief)
		processes(t, ns);
}

static size_t text(struct tree *t)
{
	size_t n = 0;

	for (size_t i = 0; i < pn_ns_count(t->v->snap); i++)
		if (ns_shown(t, pn_ns_at(t->v->snap, i))) {
			one(t, pn_ns_at(t->v->snap, i));
			n++;
		}
	if (t->args->brief)
		t->v->out.headings = false;
	out_print(&t->table);
	return n;
}

/* Flat: levels and parents are members, and 32 levels would be too deep for readers. */
static int json(struct tree *t, size_t *ret_n, struct err *e)
{
	struct out *o = &t->v->out;
	struct out_cols ns_cols;
	struct jsonw w;
	int r = out_cols_json(view_ns_cols, NULL, t->v->arena, &ns_cols, e);

	if (r < 0)
		return r;
	view_json_begin(t->v, &w, "atoll.tree/1", "namespaces");
	for (size_t i = 0; i < pn_ns_count(t->v->snap); i++) {
		const struct pn_ns *ns = pn_ns_at(t->v->snap, i);

		if (!ns_shown(t, ns))
			continue;
		++*ret_n;
		jsonw_obj(&w);
		out_json_members(o, &ns_cols, ns, &w);
		jsonw_key(&w, "processes");
		jsonw_arr(&w);
		for (const struct pn_proc *p = ns->procs; p && !t->args->brief; p = p->next_in_ns)
			if (shown(t, p)) {
				out_json(o, t->table.cols, p, &w);
				out_flush(o, &w);
			}
		jsonw_arr_end(&w);
		jsonw_obj_end(&w);
	}
	view_json_end(t->v, &w);
	return 0;
}

static int run(struct cmd_call *call, struct err *e)
{
	static const char standard[] = "pid,inner,state,uid,caps,seccomp,command";
	const struct args *a = call->args;
	struct view_filter f = { .kthreads = a->all };
	autoview struct view v = VIEW_NULL;
	struct tree t = { .v = &v, .args = a, .filter = &f };
	struct out_cols cols;
	size_t n = 0;
	int r;

	if (out_cols_help(view_proc_cols, a->view.columns))
		return 0;
	if (a->view.json)
		r = out_cols_json(view_proc_cols, a->view.columns, call->arena, &cols, e);
	else
		r = out_cols_parse(view_proc_cols, a->view.columns ? a->view.columns : standard,
				   call->arena, &cols, e);
	if (r < 0)
		return cmd_usage(call, r, e);
	r = view_open(call, &a->view,
		      cols.needs | PN_F_NSINFO | PN_F_OWNER | PN_F_NAMES | PN_F_REAP |
			      PN_F_PENDING | PN_F_MOUNTS,
		      &v, e);
	if (r == 0)
		r = view_filter_init(&v, &f, call->operand, call->count, e);
	if (r < 0)
		return r;
	t.table = (struct out_table){ .o = &v.out, .cols = &cols };
	if (a->view.json)
		r = json(&t, &n, e);
	else
		n = text(&t);
	if (r < 0)
		return r;
	view_say_limits(&v);
	return n == 0;
}

const struct cmd cmd_tree = {
	.name = "tree",
	.operands = "[CONTAINER|PID|NAMESPACE]...",
	.summary = "show PID namespaces nested, and their processes with both PIDs",
	.opts = opts,
	.max = -1,
	.operand = OPERAND_ID,
	.fail_status = 2,
	.args_size = sizeof(struct args),
	.run = run,
};
