/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>

#include "audit/seccomp_view.h"
#include "base/cleanup.h"
#include "cli/atoll.h"
#include "cli/views.h"
#include "sys/seccomp_dump.h"

enum only { ONLY_ALL, ONLY_ALLOW, ONLY_DENY, ONLY_DEPENDS };
static const char *const only_words[] = { "all", "allow", "deny", "depends", NULL };

struct args {
	struct view_args view;
	int only;
	bool dangerous, all_archs;
};

#define AT(member) offsetof(struct args, member)
static const struct opt opts[] = {
	{ OPT_CHOICE, 0, "only", "WHAT",
	  "calls that are always let through, never, or as their arguments are", AT(only), 0,
	  only_words },
	{ OPT_FLAG, 0, "dangerous", NULL, "calls that lead out of containers, and why",
	  AT(dangerous) },
	{ OPT_FLAG, 0, "all-archs", NULL, "also the calls of programs for other architectures",
	  AT(all_archs) },
	VIEW_OPTS(struct args),
	{ 0 },
};

/* A row: of all calls, or of the dangerous ones. */
struct row {
	const struct seccomp_row *call;
	const struct danger_call *danger;
	uint32_t arch;
	int nr;
	const char *name;
	bool passes, refused, whole;
};

#define ROW(row) ((const struct row *)(row))

static struct out_cell col_arch(struct out *o, const void *row)
{
	(void)o;
	return out_words(seccomp_view_arch_name(ROW(row)->arch));
}

static struct out_cell col_nr(struct out *o, const void *row)
{
	(void)o;
	return out_u64((uint64_t)ROW(row)->nr);
}

static struct out_cell col_name(struct out *o, const void *row)
{
	(void)o;
	return out_words(ROW(row)->name);
}

static const char *verdict(const struct row *r)
{
	return r->passes ? (r->refused ? "depends" : "allow") : "deny";
}

static struct out_cell col_verdict(struct out *o, const void *row)
{
	const struct row *r = row;
	struct out_cell c = out_words(verdict(r));

	(void)o;
	c.color = r->danger && r->passes ? OUT_RED : r->refused && !r->passes ? OUT_DIM : OUT_PLAIN;
	return c;
}

/* All answers that there may be, the most restrictive first. */
static struct out_cell col_answers(struct out *o, const void *row)
{
	struct out_cell c = { .known = true, .escaped = true, .text = "" };
	const struct seccomp_row *r = ROW(row)->call;
	const char **list;

	if (!r)
		return out_none();
	list = arena_alloc(o->arena, (r->answers.count + 1) * sizeof(*list));
	for (size_t i = 0; i < r->answers.count; i++) {
		list[i] = seccomp_answer_text(o->arena, r->answers.items[i]);
		c.text = arena_printf(o->arena, "%s%s%s", c.text, i ? " | " : "", list[i]);
	}
	c.list = list;
	c.count = r->answers.count;
	return c;
}

/* Which arguments are looked at: 0 to 5, and "pc". */
static struct out_cell col_args(struct out *o, const void *row)
{
	struct out_cell c = { .known = true, .escaped = true, .text = "" };
	const struct seccomp_row *r = ROW(row)->call;
	const char **list = arena_alloc(o->arena, 8 * sizeof(*list));

	if (!r)
		return out_none();
	for (unsigned int i = 0; i < 7; i++) {
		if (!(r->answers.args >> i & 1))
			continue;
		list[c.count] = i < 6 ? arena_printf(o->arena, "%u", i) : "pc";
		c.text = arena_printf(o->arena, "%s%s%s", c.text, *c.text ? " " : "",
				      list[c.count]);
		c.count++;
	}
	c.list = list;
	return c;
}

static struct out_cell col_why(struct out *o, const void *row)
{
	(void)o;
	return ROW(row)->danger ? out_words(ROW(row)->danger->why) : out_none();
}

enum { D = OUT_DEFAULT };

static const struct out_col columns[] = {
	{ "arch", "ARCH", OUT_TEXT, 0, 0, "architecture of the calling program", col_arch },
	{ "nr", "NR", OUT_NUMBER, D | OUT_RIGHT, 0, "number of the call", col_nr },
	{ "call", "CALL", OUT_TEXT, D, 0, "its name; with --dangerous also arguments", col_name },
	{ "verdict", "VERDICT", OUT_TEXT, D, 0, "allow, deny, or depends: on arguments",
	  col_verdict },
	{ "answers", "ANSWERS", OUT_LIST, D | OUT_FLEX, 0,
	  "what the filters may answer, the most restrictive first", col_answers },
	{ "args", "ARGS", OUT_LIST, D | OUT_BLANK, 0,
	  "arguments that are looked at, from 0; pc: the caller's address", col_args },
	{ "why", "WHY", OUT_TEXT, D | OUT_FLEX | OUT_BLANK, 0, "why it is dangerous", col_why },
	{ 0 },
};

/* ---- rows -------------------------------------------------------------------------------------- */

struct table {
	struct row *items;
	size_t count, cap;
};

static void add(struct view *v, const struct args *a, struct table *t, const struct row *row)
{
	if ((a->only == ONLY_ALLOW && (!row->passes || row->refused)) ||
	    (a->only == ONLY_DENY && row->passes) ||
	    (a->only == ONLY_DEPENDS && !(row->passes && row->refused)))
		return;
	*(struct row *)arena_push(v->arena, &t->items, &t->count, &t->cap, sizeof(*row)) = *row;
}

static void add_calls(struct view *v, const struct args *a, struct seccomp_view *s, uint32_t arch,
		      struct table *t)
{
	size_t n;
	const struct seccomp_row *rows = seccomp_view_rows(s, arch, &n);

	for (size_t i = 0; i < n; i++)
		add(v, a, t,
		    &(struct row){ .call = &rows[i],
				   .arch = arch,
				   .nr = rows[i].nr,
				   .name = rows[i].name,
				   .passes = rows[i].passes,
				   .refused = rows[i].refused });
}

static void add_dangerous(struct view *v, const struct args *a, struct seccomp_view *s,
			  uint32_t arch, struct table *t)
{
	for (const struct danger_call *d = danger_calls; *d->label; d++) {
		int nr = seccomp_syscall_resolve_name_arch(arch, d->call);
		bool passes = seccomp_view_danger(s, arch, d);

		if (nr >= 0)
			add(v, a, t,
			    &(struct row){ .danger = d,
					   .arch = arch,
					   .nr = nr,
					   .name = d->label,
					   .passes = passes,
					   .refused = !passes });
	}
}

static void add_rows(struct view *v, const struct args *a, struct seccomp_view *s, struct table *t)
{
	void (*fn)(struct view *, const struct args *, struct seccomp_view *, uint32_t,
		   struct table *) = a->dangerous ? add_dangerous : add_calls;

	fn(v, a, s, s->arch, t);
	for (size_t i = 0; a->all_archs && i < s->other_count; i++)
		fn(v, a, s, s->other[i], t);
}

/* ---- printing ------------------------------------------------------------------------------------ */

static void print_json(struct view *v, const struct out_cols *cols, const struct pn_proc *p,
		       const struct seccomp_filters *f, struct seccomp_view *s,
		       const struct table *t)
{
	struct jsonw w;

	jsonw_init(&w, v->arena, 1);
	jsonw_obj(&w);
	jsonw_kstr(&w, "schema", "atoll.seccomp/1");
	jsonw_ki64(&w, "pid", p->pid);
	jsonw_kstr(&w, "mode", p->seccomp == 0 ? "off" : p->seccomp == 1 ? "strict" : "filter");
	jsonw_ku64(&w, "filters", f->count);
	jsonw_ku64(&w, "instructions", f->insns);
	jsonw_ku64(&w, "stopped_ns", f->stopped_ns);
	jsonw_kstr(&w, "arch", seccomp_view_arch_name(s->arch));
	jsonw_kbool(&w, "unknown_calls_allowed", seccomp_view_open(s, s->arch));
	jsonw_kbool(&w, "whole", s->whole);
	jsonw_key(&w, "calls");
	jsonw_arr(&w);
	for (size_t i = 0; i < t->count; i++)
		out_json(&v->out, cols, &t->items[i], &w);
	jsonw_arr_end(&w);
	jsonw_obj_end(&w);
	jsonw_nl(&w);
	out_flush(&v->out, &w);
}

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static void print_text(struct view *v, const struct out_cols *cols, const struct pn_proc *p,
		       const struct seccomp_filters *f, struct seccomp_view *s,
		       const struct table *t)
{
	struct out_table table = { .o = &v->out, .cols = cols };

	for (size_t i = 0; i < t->count; i++)
		out_row(&table, &t->items[i], NULL);
	if (v->out.headings)
		out_span(&table,
			 arena_printf(
				 v->arena,
				 "process %d: %zu filter%s, %zu instruction%s; calls without a "
				 "name here: %s%s",
				 (int)p->pid, f->count, plural(f->count), f->insns,
				 plural(f->insns), seccomp_view_open(s, s->arch) ? "allow" : "deny",
				 s->whole ? "" : "; some have more answers than are shown"),
			 OUT_DIM);
	out_print(&table);
}

/* Without a filter there is nothing to read, and nobody has to stand still. */
static int load(const struct pn_proc *p, struct arena *a, struct seccomp_filters *f, struct err *e)
{
	autotracer struct seccomp_tracer tracer = SECCOMP_TRACER(bpf_passes);

	*f = (struct seccomp_filters){ 0 };
	if (p->seccomp == 1)
		return err_set(e, EOPNOTSUPP,
			       "process %d is in strict mode: read, write, exit and sigreturn only",
			       (int)p->pid);
	if (p->seccomp == 0)
		return 0;
	return seccomp_dump(&tracer, p->pid, p->start, a, f, e);
}

static int run(struct cmd_call *call, struct err *e)
{
	const struct args *a = call->args;
	autoview struct view v = VIEW_NULL;
	struct out_cols cols;
	struct seccomp_filters f;
	struct seccomp_view s;
	const struct pn_proc *p;
	struct table t = { 0 };
	int r;

	if (out_cols_help(columns, a->view.columns))
		return 0;
	r = (a->view.json ? out_cols_json : out_cols_parse)(columns, a->view.columns, call->arena,
							    &cols, e);
	if (r < 0)
		return cmd_usage(call, r, e);
	r = view_open(call, &a->view, PN_F_OWNER | PN_F_NAMES | PN_F_START, &v, e);
	if (r == 0)
		r = view_resolve_proc(&v, call->operand[0], &p, e);
	if (r == 0 && v.info->recorded && p->seccomp > 0)
		r = err_set(e, EOPNOTSUPP, "filters are not part of a recording");
	if (r == 0)
		r = load(p, call->arena, &f, e);
	if (r == 0 && seccomp_view_init(&s, &f, call->arena) < 0)
		r = err_set(e, EINVAL, "process %d has a filter that is no classic BPF program",
			    (int)p->pid);
	if (r < 0)
		return r;
	add_rows(&v, a, &s, &t);
	(a->view.json ? print_json : print_text)(&v, &cols, p, &f, &s, &t);
	return 0;
}

const struct cmd cmd_seccomp = {
	.name = "seccomp",
	.operands = "CONTAINER|PID",
	.summary = "list the system calls that a container's filters let through",
	.details =
		"Reads the filters (root only; the process stops for less than a millisecond) and\n"
		"evaluates them. No system call is made to find out.\n",
	.opts = opts,
	.min = 1,
	.max = 1,
	.operand = OPERAND_ID,
	.args_size = sizeof(struct args),
	.run = run,
};
