/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio_ext.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/jsonw.h"
#include "cli/atoll.h"
#include "cli/tick.h"
#include "cli/watch.h"
#include "sys/procevents.h"

enum {
	NOBODY_READS = POLLERR | POLLHUP | POLLNVAL, /* as poll(2) says it */
	SETTLE_MS = 20, /* after an alarm: what begins seldom begins alone */
	SCAN_SHARE = 4, /* of the time at most 1/(SCAN_SHARE + 1) goes into scans by alarm */
};

struct args {
	struct view_args view;
	bool initial;
	int64_t interval_ms, grace_ms, count;
	struct opt_list only;
};

static const struct args defaults = { .interval_ms = 1000, .grace_ms = 1000 };

#define AT(member) offsetof(struct args, member)
static const struct opt opts[] = {
	{ OPT_INT, 'i', "interval", "MS", "look at least this often; default 1000", AT(interval_ms),
	  .min = 20, .max = 86400000 },
	{ OPT_LIST, 0, "only", "EVENT", "only this one, or those that begin so, as \"process-\"",
	  AT(only) },
	{ OPT_INT, 0, "grace", "MS", "time that a zombie has before it is told; default 1000",
	  AT(grace_ms), .min = 0, .max = 86400000 },
	{ OPT_FLAG, 0, "initial", NULL, "tell what is there at the beginning too", AT(initial) },
	{ OPT_INT, 'n', "count", "N", "end after so many events", AT(count), .min = 1,
	  .max = INT64_MAX },
	VIEW_OPT_JSON(struct args),
	VIEW_OPT_PROC(struct args),
	{ 0 },
};

/* What a process and a namespace are in JSON: columns of the listings, under their names. */
#define PROC_COLUMNS                                                                     \
	"pid,inner,pids,ppid,state,flags,uid,comm,command,runtime,container,name,pidns," \
	"level"
#define NS_COLUMNS "ns,id,level,state,stuck,init,reap,procs,zombies,runtime,container,name"

struct watcher {
	const struct args *args;
	struct watch watch;
	struct out_cols procs, namespaces;
	struct tick *before, *now;
	struct jsonw w;
	int64_t told;
	bool initial;
};

/* RFC 3339 with milliseconds, at a time of the clock that does not jump. */
static const char *when(const struct tick *now, uint64_t mono_ms, struct arena *a)
{
	int64_t ms = (int64_t)now->real.tv_sec * 1000 + now->real.tv_nsec / 1000000 -
		     (int64_t)(now->mono_ms - mono_ms);
	time_t s = ms / 1000;
	struct tm tm;
	char day[32];

	if (ms < 0 || !gmtime_r(&s, &tm) ||
	    strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm) == 0)
		return "0000-00-00T00:00:00.000Z";
	return arena_printf(a, "%s.%03dZ", day, (int)(ms % 1000));
}

static bool is_zombie_event(const struct watch_event *ev)
{
	return ev->kind == WATCH_ZOMBIE_SEEN || ev->kind == WATCH_ZOMBIE_GONE;
}

static bool is_state_event(const struct watch_event *ev)
{
	return ev->kind == WATCH_NS_CHANGED || ev->kind == WATCH_NS_DYING;
}

static void event_json(struct watcher *wr, struct tick *of, const struct watch_event *ev)
{
	const struct pn_finding *f = ev->proc ? view_finding(&of->view, ev->proc) : NULL;
	struct arena *a = &wr->now->arena;
	struct jsonw *w = &wr->w;

	jsonw_obj(w);
	jsonw_kstr(w, "time", when(wr->now, wr->now->mono_ms, a));
	jsonw_kstr(w, "event", watch_kind_name(ev->kind));
	jsonw_kbool(w, "initial", wr->initial);
	if (is_state_event(ev))
		jsonw_kstr(w, "before", pn_state_name(ev->state_before));
	if (ev->kind == WATCH_REAP_CHANGED)
		jsonw_kstr(w, "before", pn_reap_name(ev->reap_before));
	if (is_zombie_event(ev)) {
		jsonw_kstr(w, "first_seen", when(wr->now, ev->first_seen_ms, a));
		jsonw_ku64(w, "age_ms", ev->age_ms);
		jsonw_kstr(w, "why", f ? f->why : NULL);
		jsonw_kstr(w, "fix", f ? f->fix : NULL);
	}
	if (ev->proc) {
		jsonw_key(w, "process");
		out_json(&of->view.out, &wr->procs, ev->proc, w);
	}
	if (ev->proc && ev->proc->parent) {
		jsonw_key(w, "parent");
		out_json(&of->view.out, &wr->procs, ev->proc->parent, w);
	}
	jsonw_key(w, "namespace");
	out_json(&of->view.out, &wr->namespaces, ev->ns, w);
	jsonw_obj_end(w);
	jsonw_nl(w);
	w->more[0] = false; /* lines, and no list */
}

static void event_text(struct watcher *wr, struct tick *of, const struct watch_event *ev)
{
	const struct pn_proc *p = ev->proc, *init = ev->ns->init;
	struct arena *a = &wr->now->arena;
	struct view_owner o = p ? view_owner_of(&of->view, p) : view_owner_ns(&of->view, ev->ns);
	const char *owner = view_owner_text(&of->view, &o);

	printf("%.12s %-17s %s", when(wr->now, wr->now->mono_ms, a) + strlen("2026-01-01T"),
	       watch_kind_name(ev->kind), view_ns_text(a, ev->ns));
	if (owner)
		printf("  %s", owner);
	if (p)
		printf("  %d : %d  %s", p->pid, p->inner, view_command_text(a, p));
	else if (init)
		printf("  init %d  %s", init->pid, view_command_text(a, init));
	if (is_zombie_event(ev))
		printf("  (%s for %" PRIu64 ".%" PRIu64 " s; parent %d %s)",
		       ev->kind == WATCH_ZOMBIE_SEEN ? "not reaped" : "was not reaped",
		       ev->age_ms / 1000, ev->age_ms % 1000 / 100, p->ppid,
		       p->parent ? view_command_text(a, p->parent) : "?");
	if (is_state_event(ev))
		printf("  (%s, was %s)", pn_state_name(ev->ns->state),
		       pn_state_name(ev->state_before));
	if (ev->kind == WATCH_REAP_CHANGED || ev->kind == WATCH_NS_BORN)
		printf("  (%s)", view_reap_text(a, ev->ns));
	(void)fputc('\n', stdout);
}

static bool wanted(const struct args *args, const char *name)
{
	for (size_t i = 0; i < args->only.count; i++)
		if (strncmp(name, args->only.items[i], strlen(args->only.items[i])) == 0)
			return true;
	return args->only.count == 0;
}

static void event(void *ctx, const struct watch_event *ev)
{
	struct watcher *wr = ctx;
	bool past = ev->kind == WATCH_NS_GONE || ev->kind == WATCH_PROC_OUT ||
		    ev->kind == WATCH_ZOMBIE_GONE;
	struct tick *of = past ? wr->before : wr->now;

	if (!wanted(wr->args, watch_kind_name(ev->kind)) ||
	    (wr->args->count && wr->told >= wr->args->count) ||
	    (wr->initial && !wr->args->initial && !is_zombie_event(ev)))
		return;
	wr->told++;
	if (wr->args->view.json)
		event_json(wr, of, ev);
	else
		event_text(wr, of, ev);
}

static void all_there_is(struct watcher *wr)
{
	const struct pn_snap *s = wr->now->view.snap;

	for (size_t i = 0; i < pn_ns_count(s); i++)
		if (pn_ns_at(s, i)->type == PN_PID)
			event(wr,
			      &(struct watch_event){ .kind = WATCH_NS_BORN, .ns = pn_ns_at(s, i) });
	for (size_t i = 0; i < pn_count(s); i++)
		event(wr, &(struct watch_event){ .kind = WATCH_PROC_IN,
						 .ns = pn_at(s, i)->ns,
						 .proc = pn_at(s, i) });
}

static bool nobody_reads(void)
{
	struct pollfd out = { .fd = STDOUT_FILENO };

	return poll(&out, 1, 0) > 0 && out.revents & NOBODY_READS;
}

/* Takes a snapshot and tells what is new. -EPIPE: to nobody. */
static int look(const struct cmd_call *call, struct watcher *wr, struct err *e)
{
	uint32_t fields = PN_F_START | PN_F_NSINFO | PN_F_REAP | PN_F_CMDLINE | wr->procs.needs |
			  wr->namespaces.needs;
	/* Pinned namespaces: every mount namespace each time would cost too much. */
	int r = tick_open(call, &wr->args->view,
			  fields & ~(uint32_t)(PN_F_MOUNTS | PN_F_FDS | PN_F_PENDING), &wr->now, e);

	if (r < 0)
		return r;
	wr->initial = !wr->before;
	if (wr->initial)
		view_say_limits(&wr->now->view);
	jsonw_init(&wr->w, &wr->now->arena, 0);
	if (wr->initial && wr->args->initial)
		all_there_is(wr);
	watch_diff(&wr->watch, wr->before ? wr->before->view.snap : NULL, wr->now->view.snap,
		   wr->now->mono_ms, event, wr);
	if (wr->w.len)
		(void)fwrite(wr->w.buf, 1, wr->w.len, stdout);
	tick_close(wr->before);
	wr->before = wr->now;
	wr->now = NULL;
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	if (nobody_reads())
		return -EPIPE;
	return err_set(e, errno ? errno : EIO, "write the output: %m");
}

/* ---- Waiting ------------------------------------------------------------------------------- */

/* Waits until `until_ms`, or for the alarm (-1: there is none). 1: it rang; 0: the time has
 * come; -EPIPE: nobody reads what we write any more. */
static int wait_for(int *alarm, uint64_t until_ms)
{
	for (uint64_t t = tick_now_ms(); t < until_ms; t = tick_now_ms()) {
		struct pollfd fds[2] = { { .fd = STDOUT_FILENO },
					 { .fd = *alarm, .events = POLLIN } };
		int n = poll(fds, 2, (int)(until_ms - t));

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0 && fds[0].revents & NOBODY_READS)
			return -EPIPE;
		if (n <= 0 || !fds[1].revents)
			continue;
		n = procevents_drain(*alarm);
		if (n > 0)
			return 1;
		if (n < 0) {
			(void)close(*alarm);
			*alarm = -1;
		}
	}
	return 0;
}

/* Until it is time to look again: after the interval, when a zombie is due, or soon after the
 * alarm, but not so soon that looking is all we do. */
static int rest(const struct watcher *wr, int *alarm, uint64_t cost_ms)
{
	uint64_t now = tick_now_ms(), until = now + (uint64_t)wr->args->interval_ms;
	uint64_t earliest = now + cost_ms * SCAN_SHARE;
	int none = -1, r;

	if (wr->watch.due_ms && wr->watch.due_ms < until)
		until = wr->watch.due_ms > now ? wr->watch.due_ms : now + 1;
	r = wait_for(alarm, until);
	if (r <= 0)
		return r;
	now = tick_now_ms() + SETTLE_MS;
	return wait_for(&none, earliest > now ? earliest : now);
}

static int check_only(const struct args *args, struct err *e)
{
	for (size_t i = 0; i < args->only.count; i++) {
		const char *word = args->only.items[i];
		int k = 0;

		while (k < WATCH_KINDS &&
		       strncmp(watch_kind_name((enum watch_kind)k), word, strlen(word)) != 0)
			k++;
		if (k == WATCH_KINDS)
			return err_set(e, EINVAL, "no event begins with '%.64s'", word);
	}
	return 0;
}

static int run(struct cmd_call *call, struct err *e)
{
	const struct args *args = call->args;
	struct watcher wr = { .args = args, .watch = { .grace_ms = (uint64_t)args->grace_ms } };
	/* The alarm is of this machine, not of another procfs. */
	autoclose int alarm = args->view.proc ? -1 : procevents_open();
	int r = check_only(args, e);

	if (r < 0)
		return cmd_usage(call, r, e);
	(void)signal(SIGPIPE, SIG_IGN); /* a reader that goes away is the usual end */
	r = out_cols_json(view_proc_cols, PROC_COLUMNS, call->arena, &wr.procs, e);
	if (r == 0)
		r = out_cols_json(view_ns_cols, NS_COLUMNS, call->arena, &wr.namespaces, e);
	while (r == 0) {
		uint64_t begin = tick_now_ms();

		r = look(call, &wr, e);
		if (r < 0 || (args->count && wr.told >= args->count))
			break;
		r = rest(&wr, &alarm, tick_now_ms() - begin);
	}
	tick_close(wr.before);
	watch_free(&wr.watch);
	if (r != -EPIPE)
		return r;
	__fpurge(stdout); /* so that nobody complains that it did not arrive */
	clearerr(stdout);
	return 0;
}

const struct cmd cmd_watch = {
	.name = "watch",
	.operands = "",
	.summary = "tell when namespaces and processes come and go",
	.opts = opts,
	.args_size = sizeof(struct args),
	.defaults = &defaults,
	.run = run,
};
