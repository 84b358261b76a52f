/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "cli/atoll.h"
#include "cli/views.h"

struct args {
	struct view_args view;
	bool quiet;
	int64_t watch, settle;
};

#define AT(member) offsetof(struct args, member)
static const struct opt opts[] = {
	{ OPT_FLAG, 'q', "quiet", NULL, "only the exit status", AT(quiet) },
	{ OPT_INT, 0, "settle", "SECONDS",
	  "look twice, and leave out those that were reaped in between", AT(settle), 0, NULL, 1,
	  3600 },
	{ OPT_INT, 'w', "watch", "SECONDS", "again and again, with their age since first seen",
	  AT(watch), 0, NULL, 1, 3600 },
	VIEW_OPTS(struct args),
	{ 0 },
};

/* ---- who was seen when --------------------------------------------------------------------- */

/* /proc does not say when a process became a zombie, so its age counts from our first look. */
struct seen {
	pid_t pid;
	uint64_t start;
	int64_t first_s;
};

struct memory {
	struct seen *items; /* by PID */
	size_t count;
};

static int64_t now_s(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec;
}

static const struct seen *recall(const struct memory *m, const struct pn_proc *p)
{
	for (size_t low = 0, high = m->count; low < high;) {
		size_t mid = low + (high - low) / 2;

		if (m->items[mid].pid == p->pid)
			return m->items[mid].start == p->start ? &m->items[mid] : NULL;
		if (m->items[mid].pid < p->pid)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

static bool is_zombie(const struct pn_proc *p)
{
	return p->flags & (PN_P_ZOMBIE | PN_P_FALSE_ZOMBIE);
}

/* What is a zombie now, with the time of those that were one before. */
static void remember(const struct view *v, struct memory *m)
{
	struct memory next = { calloc(pn_count(v->snap) + 1, sizeof(*next.items)), 0 };
	int64_t now = now_s();

	for (size_t i = 0; next.items && i < pn_count(v->snap); i++) {
		const struct pn_proc *p = pn_at(v->snap, i);
		const struct seen *old;

		if (!is_zombie(p))
			continue;
		old = recall(m, p);
		next.items[next.count++] = (struct seen){ p->pid, p->start,
							  old ? old->first_s : now };
	}
	free(m->items);
	*m = next;
}

static void forget(struct memory *m)
{
	free(m->items);
}

/* ---- rows: findings ------------------------------------------------------------------------- */

struct row {
	const struct pn_finding *f;
	const struct memory *memory;
};

#define F(row) (((const struct row *)(row))->f)

static struct out_cell pid_of(const struct pn_proc *p)
{
	return p ? out_i64(p->pid) : out_none();
}

static struct out_cell col_code(struct out *o, const void *row)
{
	struct out_cell c = out_words(pn_finding_name(F(row)->code));

	(void)o;
	c.color = F(row)->severity == PN_ERROR ? OUT_RED : OUT_YELLOW;
	return c;
}

static struct out_cell col_pid(struct out *o, const void *row)
{
	(void)o;
	return pid_of(F(row)->proc);
}

static struct out_cell col_inner(struct out *o, const void *row)
{
	(void)o;
	return F(row)->proc ? out_i64(F(row)->proc->inner) : out_none();
}

static const struct pn_ns *ns_of(const struct pn_finding *f)
{
	return f->ns ? f->ns : f->proc ? f->proc->ns : NULL;
}

static struct out_cell col_ns(struct out *o, const void *row)
{
	const struct pn_ns *ns = ns_of(F(row));

	(void)o;
	return ns && ns->ino && !(ns->flags & PN_NS_F_INFERRED) ? out_u64(ns->ino) : out_none();
}

static struct out_cell col_owner(struct out *o, const void *row)
{
	const struct pn_finding *f = F(row);
	struct view_owner w = { 0 };

	if (f->proc)
		w = view_owner_of(o->ctx, f->proc);
	else if (f->ns)
		w = view_owner_ns(o->ctx, f->ns);
	return out_words(view_owner_text(o->ctx, &w));
}

static struct out_cell col_culprit(struct out *o, const void *row)
{
	(void)o;
	return pid_of(F(row)->culprit);
}

/* As the zombie's own namespace numbers it; 0: it is outside. */
static struct out_cell col_inner_culprit(struct out *o, const void *row)
{
	const struct pn_finding *f = F(row);
	const struct pn_ns *ns = ns_of(f);

	(void)o;
	return f->culprit && ns ? out_i64(pn_pid_in(f->culprit, ns)) : out_none();
}

static struct out_cell col_culprit_comm(struct out *o, const void *row)
{
	(void)o;
	return F(row)->culprit ? out_text(F(row)->culprit->comm) : out_none();
}

static struct out_cell col_comm(struct out *o, const void *row)
{
	(void)o;
	return F(row)->proc ? out_text(F(row)->proc->comm) : out_none();
}

static struct out_cell col_seen(struct out *o, const void *row)
{
	const struct seen *s = F(row)->proc
				       ? recall(((const struct row *)row)->memory, F(row)->proc)
				       : NULL;
	struct out_cell c;

	if (!s)
		return out_none();
	c = out_i64(now_s() - s->first_s);
	c.text = view_age_text(o->arena, c.number);
	c.escaped = true;
	return c;
}

static struct out_cell col_why(struct out *o, const void *row)
{
	(void)o;
	return out_words(F(row)->why);
}

static struct out_cell col_fix(struct out *o, const void *row)
{
	(void)o;
	return out_words(*F(row)->fix ? F(row)->fix : NULL);
}

enum { D = OUT_DEFAULT, R = OUT_RIGHT, X = OUT_FLEX };

static const struct out_col columns[] = {
	{ "what", "WHAT", OUT_TEXT, D, 0, "zombie, false-zombie, not-reaping, stuck-teardown",
	  col_code },
	{ "pid", "OUTER", OUT_NUMBER, D | R, 0, "outer PID", col_pid },
	{ "inner", "INNER", OUT_NUMBER, D | R, 0, "PID in its own namespace", col_inner },
	{ "comm", "COMM", OUT_TEXT, D, 0, "what it was", col_comm },
	{ "pidns", "PIDNS", OUT_NUMBER, R, 0, "inode of its PID namespace", col_ns },
	{ "owner", "OWNER", OUT_TEXT, D | X, PN_F_OWNER | PN_F_NAMES, "container", col_owner },
	{ "culprit", "CULPRIT", OUT_NUMBER, D | R, 0, "outer PID of who must wait for it",
	  col_culprit },
	{ "inner_culprit", "ICULPRIT", OUT_NUMBER, R, 0,
	  "the same in the zombie's namespace; 0: it is outside", col_inner_culprit },
	{ "culprit_comm", "BY", OUT_TEXT, D, 0, "program of the culprit", col_culprit_comm },
	{ "seen", "SEEN", OUT_NUMBER, R, PN_F_START, "with --watch: seconds since first seen",
	  col_seen },
	{ "why", "WHY", OUT_TEXT, X, 0, "what the verdict rests on", col_why },
	{ "fix", "FIX", OUT_TEXT, X, 0, "what helps", col_fix },
	{ 0 },
};

/* ---- one look ------------------------------------------------------------------------------ */

static bool is_ours(const struct pn_finding *f)
{
	return f->code == PN_FIND_ZOMBIE || f->code == PN_FIND_FALSE_ZOMBIE ||
	       f->code == PN_FIND_STUCK || f->code == PN_FIND_NOT_REAPING;
}

/* What one waits for the end of: an init that could not reap is no zombie yet, and a leader
 * whose threads live is none. */
static bool counts(const struct pn_finding *f)
{
	return f->code == PN_FIND_ZOMBIE || f->code == PN_FIND_STUCK;
}

static bool is_meant(const struct view *v, const struct view_filter *f,
		     const struct pn_finding *finding)
{
	if (f->ntargets == 0)
		return true;
	if (finding->proc && view_match(v, f, finding->proc))
		return true;
	return finding->ns && finding->ns->init && view_match(v, f, finding->ns->init);
}

/* With the reasons below it, which columns would cut short. */
static void print(struct out_table *t, const struct row *row, bool words)
{
	struct arena *a = t->o->arena;

	out_row(t, row, NULL);
	if (!words)
		return;
	out_span(t, arena_printf(a, "    why: %s", row->f->why), OUT_PLAIN);
	if (*row->f->fix)
		out_span(t, arena_printf(a, "    fix: %s", row->f->fix), OUT_PLAIN);
}

static size_t show(struct view *v, const struct args *a, const struct out_cols *cols,
		   const struct memory *memory, const struct memory *before,
		   const struct view_filter *filter)
{
	struct out_table t = { .o = &v->out, .cols = cols };
	bool words = !a->view.columns;
	struct jsonw w;
	size_t n = 0;

	if (a->view.json && !a->quiet)
		view_json_begin(v, &w, "atoll.zombies/1", "findings");
	for (size_t i = 0; i < pn_finding_count(v->snap); i++) {
		struct row row = { pn_finding_at(v->snap, i), memory };

		if (!is_ours(row.f) || !is_meant(v, filter, row.f))
			continue;
		if (before && row.f->code == PN_FIND_ZOMBIE && !recall(before, row.f->proc))
			continue;
		n += counts(row.f);
		if (a->quiet)
			continue;
		if (a->view.json)
			out_json(&v->out, cols, &row, &w);
		else
			print(&t, &row, words);
	}
	if (a->view.json && !a->quiet)
		view_json_end(v, &w);
	else if (t.count)
		out_print(&t);
	return n;
}

static volatile sig_atomic_t stopped;

static void on_signal(int sig)
{
	(void)sig;
	stopped = 1;
}

/* Until it is interrupted. */
static int watch(struct view *v, const struct args *a, const struct out_cols *cols, uint32_t fields,
		 struct memory *m, struct cmd_call *call, struct err *e)
{
	struct sigaction act = { .sa_handler = on_signal };
	size_t n = 0;
	int r = 0;

	(void)sigaction(SIGINT, &act, NULL);
	(void)sigaction(SIGTERM, &act, NULL);
	while (r == 0 && !stopped) {
		autoarena struct arena look = { 0 };
		struct timespec pause = { .tv_sec = a->watch };
		struct view_filter f = { 0 };

		v->arena = v->out.arena = &look;
		r = view_again(v, fields, e);
		if (r == 0)
			r = view_filter_init(v, &f, call->operand, call->count, e);
		if (r < 0)
			break;
		remember(v, m);
		if (v->out.terminal)
			fputs("\033[H\033[2J", stdout);
		n = show(v, a, cols, m, NULL, &f);
		if (fflush(stdout) != 0)
			break;
		(void)nanosleep(&pause, NULL);
	}
	v->arena = v->out.arena = call->arena;
	return r < 0 ? r : n > 0;
}

static int run(struct cmd_call *call, struct err *e)
{
	const struct args *a = call->args;
	__attribute__((cleanup(forget))) struct memory now = { 0 }, before = { 0 };
	const char *columns_wanted = a->view.columns;
	struct view_filter f = { 0 };
	autoview struct view v = VIEW_NULL;
	struct out_cols cols;
	uint32_t fields;
	size_t n;
	int r;

	if (out_cols_help(columns, columns_wanted))
		return 0;
	if (a->watch && !columns_wanted && !a->view.json)
		columns_wanted = "+seen";
	r = (a->view.json ? out_cols_json : out_cols_parse)(columns, columns_wanted, call->arena,
							    &cols, e);
	if (r < 0)
		return cmd_usage(call, r, e);
	fields = PN_F_CMDLINE | PN_F_OWNER | PN_F_NAMES | PN_F_REAP | PN_F_NSINFO |
		 (a->watch || a->settle ? PN_F_START : 0);
	r = view_open(call, &a->view, fields, &v, e);
	if (r == 0 && a->watch)
		return watch(&v, a, &cols, fields, &now, call, e);
	if (r == 0 && a->settle) {
		struct timespec pause = { .tv_sec = a->settle };

		remember(&v, &before);
		(void)nanosleep(&pause, NULL);
		r = view_again(&v, fields, e);
	}
	if (r == 0)
		r = view_filter_init(&v, &f, call->operand, call->count, e);
	if (r < 0)
		return r;
	n = show(&v, a, &cols, &now, a->settle ? &before : NULL, &f);
	view_say_limits(&v);
	return n > 0;
}

const struct cmd cmd_zombies = {
	.name = "zombies",
	.operands = "[CONTAINER|PID|NAMESPACE]...",
	.summary = "name every zombie, who fails to reap it, and what helps",
	.opts = opts,
	.max = -1,
	.operand = OPERAND_ID,
	.fail_status = 2,
	.args_size = sizeof(struct args),
	.run = run,
};
