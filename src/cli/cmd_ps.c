/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/atoll.h"
#include "cli/views.h"

struct args {
	struct view_args view;
	bool zombies, all;
	const char *owner, *user, *state, *sort;
};

#define AT(member) offsetof(struct args, member)
static const struct opt opts[] = {
	{ OPT_FLAG, 'a', "all", NULL, "kernel threads too", AT(all) },
	{ OPT_FLAG, 'z', "zombies", NULL, "only zombies", AT(zombies) },
	{ OPT_STR, 0, "owner", "OWNER",
	  "only those of this runtime, container or pod; none: of no container", AT(owner) },
	{ OPT_STR, 'u', "user", "USER", "only those of this user", AT(user) },
	{ OPT_STR, 0, "state", "LETTERS", "only those in one of these states, as RD", AT(state) },
	{ OPT_STR, 's', "sort", "[-]COLUMN", "order; with - the greatest first", AT(sort) },
	VIEW_OPTS(struct args),
	{ 0 },
};

/* What a row is ordered by. */
struct keyed {
	const struct pn_proc *p;
	struct out_cell key;
	bool by_text, reverse;
};

static int keyed_cmp(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;
	int64_t m = (int64_t)x->key.number, n = (int64_t)y->key.number;
	int r;

	if (x->key.known != y->key.known) /* what is not known stands last */
		return x->key.known ? -1 : 1;
	if (x->by_text)
		r = strcmp(x->key.text ? x->key.text : "", y->key.text ? y->key.text : "");
	else
		r = (m > n) - (m < n);
	if (r == 0)
		return (x->p->pid > y->p->pid) - (x->p->pid < y->p->pid);
	return x->reverse ? -r : r;
}

static void sort(struct view *v, struct keyed *rows, size_t n, const struct out_col *col,
		 bool reverse)
{
	for (size_t i = 0; i < n; i++) {
		rows[i].key = col->get(&v->out, rows[i].p);
		rows[i].by_text = col->type != OUT_NUMBER && col->type != OUT_BOOL;
		rows[i].reverse = reverse;
	}
	if (n)
		qsort(rows, n, sizeof(*rows), keyed_cmp);
}

static int sort_column(const char *word, struct arena *a, const struct out_col **ret, bool *reverse,
		       uint32_t *needs, struct err *e)
{
	struct err other = { 0 };
	struct out_cols c;
	int r;

	if (!word)
		return 0;
	*reverse = *word == '-';
	word += *reverse;
	if (strchr(word, ',') || *word == '+')
		return err_set(e, EINVAL, "option --sort: one column only");
	r = out_cols_parse(view_proc_cols, word, a, &c, &other);
	if (r < 0)
		return err_set(e, -r, "option --sort: no column '%.64s'; -o help lists them",
			       out_escape(a, word));
	*ret = c.items[0];
	*needs |= c.needs;
	return 0;
}

static void print(struct view *v, const struct out_cols *cols, const struct keyed *rows, size_t n)
{
	struct out_table t = { .o = &v->out, .cols = cols };

	for (size_t i = 0; i < n; i++)
		out_row(&t, rows[i].p, NULL);
	out_print(&t);
}

static void json(struct view *v, const struct out_cols *cols, const struct keyed *rows, size_t n)
{
	struct jsonw w;

	view_json_begin(v, &w, "atoll.ps/1", "processes");
	for (size_t i = 0; i < n; i++) {
		out_json(&v->out, cols, rows[i].p, &w);
		out_flush(&v->out, &w);
	}
	view_json_end(v, &w);
}

static int run(struct cmd_call *call, struct err *e)
{
	const struct args *a = call->args;
	struct view_filter f = {
		.owner = a->owner,
		.state = a->state,
		.zombies = a->zombies,
		.kthreads = a->all,
	};
	autoview struct view v = VIEW_NULL;
	const struct out_col *by = NULL;
	struct keyed *rows;
	struct out_cols cols;
	bool reverse = false;
	size_t n = 0;
	uid_t uid;
	int r;

	if (out_cols_help(view_proc_cols, a->view.columns))
		return 0;
	r = (a->view.json ? out_cols_json : out_cols_parse)(view_proc_cols, a->view.columns,
							    call->arena, &cols, e);
	if (r == 0)
		r = sort_column(a->sort, call->arena, &by, &reverse, &cols.needs, e);
	if (r == 0 && a->user)
		r = view_parse_user(call->arena, a->user, &uid, e);
	if (r < 0)
		return cmd_usage(call, r, e);
	f.uid = a->user ? &uid : NULL;
	if (a->owner || call->count)
		cols.needs |= PN_F_OWNER | PN_F_NAMES;
	r = view_open(call, &a->view, cols.needs, &v, e);
	if (r == 0)
		r = view_filter_init(&v, &f, call->operand, call->count, e);
	if (r < 0)
		return r;
	rows = arena_alloc(call->arena, (pn_count(v.snap) + 1) * sizeof(*rows));
	for (size_t i = 0; i < pn_count(v.snap); i++)
		if (view_match(&v, &f, pn_at(v.snap, i)))
			rows[n++].p = pn_at(v.snap, i);
	if (by)
		sort(&v, rows, n, by, reverse);
	if (a->view.json)
		json(&v, &cols, rows, n);
	else
		print(&v, &cols, rows, n);
	view_say_limits(&v);
	return n == 0 && (call->count || a->zombies || a->owner || a->user || a->state);
}

const struct cmd cmd_ps = {
	.name = "ps",
	.operands = "[CONTAINER|PID|NAMESPACE]...",
	.summary = "list processes with their outer and inner PIDs",
	.opts = opts,
	.max = -1,
	.operand = OPERAND_ID,
	.fail_status = 2,
	.args_size = sizeof(struct args),
	.run = run,
};
