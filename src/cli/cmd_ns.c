/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/atoll.h"
#include "cli/views.h"

struct args {
	struct view_args view;
	const char *types;
	bool held;
};

/* The usual ones, and before the long one at the end what keeps them. */
static const char with_pins[] =
	"ns,type,state,parent,procs,zombies,init,reap,owner,pinned_by,command";

#define AT(member) offsetof(struct args, member)
static const struct opt opts[] = {
	{ OPT_STR, 't', "type", "TYPES", "only these: pid,user,mnt,net,uts,ipc,cgroup,time",
	  AT(types) },
	{ OPT_FLAG, 0, "held", NULL, "look for open descriptors that keep them, too (slow)",
	  AT(held) },
	VIEW_OPTS(struct args),
	{ 0 },
};

/* A namespace, or those that a process or a container is in. */
static bool is_meant(const struct pn_target *t, const struct pn_ns *ns)
{
	if (t->kind == PN_T_NS)
		return t->ns == ns || (ns->type == PN_PID && view_ns_within(ns, t->ns));
	if (ns->type == PN_PID)
		return t->kind == PN_T_OWNER ? t->ns && view_ns_within(ns, t->ns)
					     : t->proc && t->proc->ns == ns;
	return t->proc && ns->ino && t->proc->ns_ino[ns->type] == ns->ino;
}

static bool matches(const struct view_filter *f, unsigned int types, const struct pn_ns *ns)
{
	if (!(types >> ns->type & 1))
		return false;
	for (size_t i = 0; i < f->ntargets; i++)
		if (is_meant(&f->targets[i], ns))
			return true;
	return f->ntargets == 0;
}

static bool is_any_pinned(const struct view *v, const struct view_filter *f, unsigned int types)
{
	for (size_t i = 0; i < pn_ns_count(v->snap); i++)
		if (pn_ns_at(v->snap, i)->state == PN_PINNED &&
		    matches(f, types, pn_ns_at(v->snap, i)))
			return true;
	return false;
}

static size_t show(struct view *v, const struct out_cols *cols, const struct view_filter *f,
		   unsigned int types)
{
	struct out_table t = { .o = &v->out, .cols = cols };
	struct jsonw w;
	size_t n = 0;

	if (v->args->json)
		view_json_begin(v, &w, "atoll.ns/1", "namespaces");
	for (size_t i = 0; i < pn_ns_count(v->snap); i++) {
		const struct pn_ns *ns = pn_ns_at(v->snap, i);

		if (!matches(f, types, ns))
			continue;
		n++;
		if (v->args->json) {
			out_json(&v->out, cols, ns, &w);
			out_flush(&v->out, &w);
		} else {
			out_row(&t, ns, NULL);
		}
	}
	if (v->args->json)
		view_json_end(v, &w);
	else
		out_print(&t);
	return n;
}

static int run(struct cmd_call *call, struct err *e)
{
	const struct args *a = call->args;
	struct view_filter f = { 0 };
	autoview struct view v = VIEW_NULL;
	const char *columns = a->view.columns;
	unsigned int types = 0;
	struct out_cols cols;
	size_t n;
	int r;

	if (out_cols_help(view_ns_cols, columns))
		return 0;
	if (a->held && !columns && !a->view.json)
		columns = with_pins;
	r = (a->view.json ? out_cols_json : out_cols_parse)(view_ns_cols, columns, call->arena,
							    &cols, e);
	if (r == 0)
		r = view_parse_types(a->types, &types, e);
	if (r < 0)
		return cmd_usage(call, r, e);
	if (types & ~(1U << PN_PID))
		cols.needs |= PN_F_NSLINKS | PN_F_USERNS;
	if (a->held)
		cols.needs |= PN_F_FDS | PN_F_NSLINKS;
	if (call->count)
		cols.needs |= PN_F_OWNER | PN_F_NAMES;
	r = view_open(call, &a->view, cols.needs | PN_F_NSINFO, &v, e);
	if (r == 0)
		r = view_filter_init(&v, &f, call->operand, call->count, e);
	/* One that no process is in raises the question why it is there. */
	if (r == 0 && !columns && !a->view.json && is_any_pinned(&v, &f, types))
		r = out_cols_parse(view_ns_cols, with_pins, call->arena, &cols, e);
	if (r < 0)
		return r;
	n = show(&v, &cols, &f, types);
	view_say_limits(&v);
	return n == 0;
}

const struct cmd cmd_ns = {
	.name = "ns",
	.operands = "[CONTAINER|PID|NAMESPACE]...",
	.summary = "list namespaces with their true PID 1, owner and what keeps them",
	.opts = opts,
	.max = -1,
	.operand = OPERAND_ID,
	.fail_status = 2,
	.args_size = sizeof(struct args),
	.run = run,
};
