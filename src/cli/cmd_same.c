/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/atoll.h"
#include "cli/views.h"
#include "proc/nslinks.h"

/* As diff(1) and cmp(1): what cannot be told is no success. */
enum { STATUS_SAME = 0, STATUS_DIFFERENT = 1, STATUS_CANNOT_TELL = 2 };

struct args {
	struct view_args view;
	bool quiet;
	const char *types;
};

#define AT(member) offsetof(struct args, member)
static const struct opt opts[] = {
	{ OPT_FLAG, 'q', "quiet", NULL, "only the exit status", AT(quiet) },
	{ OPT_STR, 't', "type", "TYPES", "only these: pid,user,mnt,net,uts,ipc,cgroup,time",
	  AT(types) },
	VIEW_OPTS(struct args),
	{ 0 },
};

struct row {
	enum pn_type type;
	enum pn_same verdict;
	const struct pn_proc *const *p;
	const uint64_t (*ino)[PN_TYPES]; /* 0: may not be read */
	const enum pn_same *one;         /* each of p[1..] with p[0] */
	size_t count;
};

#define ROW(row) ((const struct row *)(row))

static const char *const verdict_name[] = {
	[PN_SAME] = "same", [PN_DIFFERENT] = "different", [PN_CANNOT_TELL] = "cannot tell"
};

static struct out_cell col_type(struct out *o, const void *row)
{
	(void)o;
	return out_words(pn_type_name(ROW(row)->type));
}

static struct out_cell col_verdict(struct out *o, const void *row)
{
	struct out_cell c = out_words(verdict_name[ROW(row)->verdict]);

	(void)o;
	c.json = ROW(row)->verdict == PN_CANNOT_TELL ? "cannot-tell" : c.text;
	c.color = ROW(row)->verdict == PN_SAME ? OUT_GREEN : OUT_YELLOW;
	return c;
}

/* Their namespaces in the order of the operands; "?" where it may not be read. */
static struct out_cell col_inodes(struct out *o, const void *row)
{
	struct out_cell c = { .known = true, .escaped = true, .text = "" };
	const char **list = arena_alloc(o->arena, ROW(row)->count * sizeof(*list));

	for (size_t i = 0; i < ROW(row)->count; i++) {
		uint64_t ino = ROW(row)->ino[i][ROW(row)->type];

		list[i] = ino ? arena_printf(o->arena, "%llu", (unsigned long long)ino) : "?";
		c.text = arena_printf(o->arena, "%s%s%s", c.text, i ? " " : "", list[i]);
	}
	c.list = list;
	c.count = ROW(row)->count;
	return c;
}

/* The ones that differ from the first, or may. */
static struct out_cell col_others(struct out *o, const void *row)
{
	struct out_cell c = { .known = true, .escaped = true, .text = "" };
	const char **list = arena_alloc(o->arena, ROW(row)->count * sizeof(*list));

	for (size_t i = 1; i < ROW(row)->count; i++) {
		if (ROW(row)->one[i] == PN_SAME)
			continue;
		list[c.count] = arena_printf(o->arena, "%d", (int)ROW(row)->p[i]->pid);
		c.text = arena_printf(o->arena, "%s%s%s", c.text, *c.text ? " " : "",
				      list[c.count]);
		c.count++;
	}
	c.list = list;
	return c;
}

enum { D = OUT_DEFAULT };

static const struct out_col columns[] = {
	{ "type", "TYPE", OUT_TEXT, D, 0, "type of the namespace", col_type },
	{ "verdict", "VERDICT", OUT_TEXT, D, 0,
	  "same, different, cannot tell (in JSON: cannot-tell)", col_verdict },
	{ "inodes", "INODES", OUT_LIST, D, 0, "their namespaces, in order; ?: may not be read",
	  col_inodes },
	{ "others", "OTHERS", OUT_NUMBERS, 0, 0,
	  "outer PIDs of those that are not, or may not be, the first one's", col_others },
	{ 0 },
};

static enum pn_same worse(enum pn_same a, enum pn_same b)
{
	if (a == PN_DIFFERENT || b == PN_DIFFERENT)
		return PN_DIFFERENT;
	return a == PN_SAME ? b : a;
}

_Static_assert((int)PROC_NS_COUNT == (int)PN_TYPES && (int)PROC_NS_TIME == (int)PN_TIME,
	       "the types are in the same order");

/* For show: what decides is pn_compare(), which holds both sides while it looks. */
static void read_inodes(const struct view *v, const struct pn_proc *p, uint64_t ret[PN_TYPES])
{
	const char *proc = v->args->proc ? v->args->proc : "/proc";
	autoclose int fd = open(arena_printf(v->arena, "%s/%d", proc, (int)p->pid),
				O_PATH | O_DIRECTORY | O_CLOEXEC);

	for (int t = 0; t < PN_TYPES; t++)
		if (fd < 0 || proc_nslink_at(fd, proc_ns_path[t], (enum proc_ns)t, &ret[t]) < 0)
			ret[t] = 0;
	if (!ret[PN_PID] && !(p->flags & (PN_P_NS_INFERRED | PN_P_NS_UNKNOWN)))
		ret[PN_PID] = p->ns->ino;
}

/* Every one with the first: whoever equals it equals the others that do. */
static int compare(const struct view *v, const struct pn_proc *const *p, size_t n,
		   enum pn_same (*ret)[PN_TYPES], struct err *e)
{
	for (size_t i = 1; i < n; i++) {
		int r = pn_compare(v->args->proc, p[0]->pid, p[i]->pid, ret[i]);

		if (r < 0)
			return err_set(e, -r, "compare %d and %d: %m", (int)p[0]->pid,
				       (int)p[i]->pid);
		/* Where links may not be read, the rule may know of PID namespaces. */
		if (ret[i][PN_PID] == PN_CANNOT_TELL)
			ret[i][PN_PID] = pn_same_in(p[0], p[i], PN_PID);
	}
	return 0;
}

static enum pn_same print(struct view *v, const struct out_cols *cols, unsigned int types,
			  const struct pn_proc *const *p, size_t n, enum pn_same (*all)[PN_TYPES],
			  bool quiet)
{
	uint64_t(*ino)[PN_TYPES] = arena_alloc(v->arena, n * sizeof(*ino));
	struct out_table table = { .o = &v->out, .cols = cols };
	enum pn_same total = PN_SAME, *one = arena_alloc(v->arena, n * sizeof(*one));
	struct jsonw w;

	if (v->args->json && !quiet)
		view_json_begin(v, &w, "atoll.same/1", "types");
	for (size_t i = 0; i < n; i++)
		read_inodes(v, p[i], ino[i]);
	for (unsigned int t = 0; t < PN_TYPES; t++) {
		struct row row = { t, PN_SAME, p, ino, one, n };

		if (!(types >> t & 1))
			continue;
		for (size_t i = 1; i < n; i++) {
			one[i] = all[i][t];
			row.verdict = worse(row.verdict, one[i]);
		}
		total = worse(total, row.verdict);
		if (quiet)
			continue;
		if (v->args->json)
			out_json(&v->out, cols, &row, &w);
		else
			out_row(&table, &row, NULL);
	}
	if (v->args->json && !quiet)
		view_json_end(v, &w);
	else if (!quiet)
		out_print(&table);
	return total;
}

static int run(struct cmd_call *call, struct err *e)
{
	const struct args *a = call->args;
	size_t n = (size_t)call->count;
	const struct pn_proc **p = arena_alloc(call->arena,
					       (n + 1) * sizeof(const struct pn_proc *));
	enum pn_same(*all)[PN_TYPES] = arena_alloc(call->arena, (n + 1) * sizeof(*all));
	autoview struct view v = VIEW_NULL;
	struct out_cols cols;
	unsigned int types = 0;
	enum pn_same total;
	int r;

	if (out_cols_help(columns, a->view.columns))
		return 0;
	r = (a->view.json ? out_cols_json : out_cols_parse)(columns, a->view.columns, call->arena,
							    &cols, e);
	if (r == 0)
		r = view_parse_types(a->types, &types, e);
	if (r < 0)
		return cmd_usage(call, r, e);
	r = view_open(call, &a->view, PN_F_OWNER | PN_F_NAMES, &v, e);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = view_resolve_proc(&v, call->operand[i], &p[i], e);
	if (r == 0)
		r = compare(&v, p, n, all, e);
	if (r < 0)
		return r;
	total = print(&v, &cols, types, p, n, all, a->quiet);
	return total == PN_SAME        ? STATUS_SAME
	       : total == PN_DIFFERENT ? STATUS_DIFFERENT
				       : STATUS_CANNOT_TELL;
}

const struct cmd cmd_same = {
	.name = "same",
	.operands = "A B [C...]",
	.summary = "tell which namespaces processes or containers share",
	.opts = opts,
	.min = 2,
	.max = -1,
	.operand = OPERAND_ID,
	.fail_status = STATUS_CANNOT_TELL,
	.args_size = sizeof(struct args),
	.run = run,
};
