/* SPDX-License-Identifier: Apache-2.0 */
/* One process on one screen: who it is on every level, whose, and what would move it. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/names.h"
#include "cli/atoll.h"
#include "cli/views.h"
#include "sys/syscalls.h"

enum { COMMAND_SHOWN = 80 };

struct args {
	struct view_args view;
};

static const struct opt opts[] = {
	VIEW_OPTS(struct args),
	{ 0 },
};

/* ---- what a signal from here would do ------------------------------------------------------ */

/* signal(7): what happens by default. */
enum deed { DEED_END, DEED_CORE, DEED_STOP, DEED_CONT, DEED_NOTHING };

static const struct {
	int sig;
	enum deed deed;
} signals[] = {
	{ SIGTERM, DEED_END },  { SIGINT, DEED_END },  { SIGHUP, DEED_END },
	{ SIGQUIT, DEED_CORE }, { SIGUSR1, DEED_END }, { SIGCHLD, DEED_NOTHING },
	{ SIGSTOP, DEED_STOP }, { SIGKILL, DEED_END },
};

static bool has(uint64_t set, int sig)
{
	return set >> (sig - 1) & 1;
}

static const char *deed_text(enum deed d)
{
	switch (d) {
	case DEED_END: return "ends it";
	case DEED_CORE: return "ends it, with a core dump";
	case DEED_STOP: return "stops it";
	case DEED_CONT: return "lets it go on";
	case DEED_NOTHING: return "nothing, by default";
	}
	return "?";
}

/* Signals that came from outside are those of an ancestor: KILL and STOP then work on PID 1. */
static const char *effect(const struct pn_proc *p, int sig, enum deed deed)
{
	bool init = p->flags & PN_P_INIT, outside = !(p->ns->flags & PN_NS_F_ROOT);
	bool forced = sig == SIGKILL || sig == SIGSTOP;

	if (p->flags & PN_P_ZOMBIE)
		return "nothing: it is dead already";
	if (p->flags & PN_P_DYING)
		return "nothing: it is ending already";
	if (p->flags & PN_P_KTHREAD)
		return "nothing: it is a kernel thread";
	if (forced && init && !outside)
		return "nothing: it is PID 1 of this namespace";
	if (forced && p->state == 'D')
		return sig == SIGKILL ? "ends it as soon as the kernel lets go of it"
				      : "stops it as soon as the kernel lets go of it";
	if (forced)
		return init && sig == SIGKILL
			       ? "ends it, and with it every process of its namespace"
			       : deed_text(deed);
	if (has(p->sigs.caught, sig))
		return has(p->sigs.blocked, sig) ? "its handler runs, once it unblocks it"
						 : "its handler runs";
	if (has(p->sigs.blocked, sig))
		return init ? "waits, blocked; by default PID 1 ignores it"
			    : "waits, blocked: a signalfd or sigwait may take it";
	if (has(p->sigs.ignored, sig))
		return "nothing: it ignores it";
	if (init && p->ns->evidence & PN_EV_SIGWAIT)
		return "it may take it: it sleeps in sigtimedwait";
	if (init)
		return "nothing: PID 1 has no handler for it";
	return deed_text(deed);
}

/* May we at all? Only asked of a live process. */
static const char *permission(const struct view *v, const struct pn_proc *p)
{
	autoclose int fd = -1;
	int r;

	if (v->info->recorded)
		return NULL;
	r = pn_open_proc(v->snap, p, &fd, NULL);
	if (r == 0)
		r = sys_pidfd_send_signal(fd, 0);
	return r == -EPERM   ? "not permitted to this user"
	       : r == -ESRCH ? "the process is gone by now"
			     : NULL;
}

/* ---- lines ---------------------------------------------------------------------------------- */

static void line(const struct view *v, const char *label, const char *text)
{
	const struct out *o = &v->out;

	if (!text || !*text)
		return;
	fprintf(o->file, "%s%-10s%s  %s\n", out_on(o, OUT_DIM), label, out_off(o, OUT_DIM), text);
}

/* Of somebody else: not longer than needed to know it again. */
static const char *short_command(struct arena *a, const struct pn_proc *p)
{
	const char *s = view_command_text(a, p);
	size_t len = strlen(s);

	if (len <= COMMAND_SHOWN)
		return s;
	len = COMMAND_SHOWN;
	while (len && (s[len] & 0xc0) == 0x80)
		len--;
	return arena_printf(a, "%.*s...", (int)len, s);
}

static const char *user_text(struct arena *a, const struct pn_proc *p)
{
	const char *s = arena_printf(a, "uid %u gid %u", p->uid[1], p->gid[1]);

	if (p->uid[0] != p->uid[1])
		s = arena_printf(a, "%s (real uid %u)", s, p->uid[0]);
	if (p->inner_uid >= 0 && p->inner_uid != p->uid[1])
		s = arena_printf(a, "%s, inside uid %" PRId64, s, p->inner_uid);
	return s;
}

static const char *rights_text(struct arena *a, const struct pn_proc *p)
{
	const char *seccomp = view_seccomp_text(p);

	return arena_printf(a, "capabilities %s, bounding %s, seccomp %s, no_new_privs %s%s%s",
			    p->caps.effective ? view_caps_text(a, p->caps.effective) : "none",
			    p->caps.bounding ? view_caps_text(a, p->caps.bounding) : "none",
			    seccomp ? seccomp : "not known",
			    p->no_new_privs < 0 ? "not known"
			    : p->no_new_privs   ? "on"
						: "off",
			    p->label ? ", label " : "", p->label ? out_escape(a, p->label) : "");
}

static const char *parent_text(struct arena *a, const struct pn_proc *p)
{
	pid_t inner;

	if (!p->ppid)
		return p->level ? "outside of what this /proc shows" : "none";
	if (!p->parent)
		return arena_printf(a, "%d, which is not shown", (int)p->ppid);
	inner = pn_pid_in(p->parent, p->ns);
	if (inner && inner == p->parent->pid)
		return arena_printf(a, "%d %s", (int)inner, short_command(a, p->parent));
	if (inner)
		return arena_printf(a, "%d, inside %d %s", (int)p->parent->pid, (int)inner,
				    short_command(a, p->parent));
	return arena_printf(a, "%d %s; inside 0: the parent is in another namespace",
			    (int)p->parent->pid, short_command(a, p->parent));
}

static const char *state_text(const struct view *v, const struct pn_proc *p)
{
	struct arena *a = v->arena;
	const char *s = arena_printf(a, "%c, %s; %u thread%s, %" PRIu64 " KiB", p->state,
				     view_state_text(p), p->threads, p->threads == 1 ? "" : "s",
				     p->rss_kib);
	uint64_t age;

	if (view_age(v, p, &age))
		s = arena_printf(a, "%s, began %s ago", s, view_age_text(a, age));
	if (p->wchan && *p->wchan)
		s = arena_printf(a, "%s, in %s", s, out_escape(a, p->wchan));
	if (p->flags & PN_P_INJECTED)
		s = arena_printf(a, "%s; came in from outside", s);
	return s;
}

static const char *level_text(const struct view *v, const struct pn_proc *p, uint32_t level)
{
	struct arena *a = v->arena;
	const struct pn_ns *ns = p->ns;
	struct view_owner o;
	const char *owner;

	for (uint32_t l = p->level; ns && l > level; l--)
		ns = ns->parent;
	if (!ns)
		return arena_printf(a, "%-8d in a namespace that is not known",
				    (int)p->nspid[level]);
	o = level == p->level ? view_owner_of(v, p) : view_owner_ns(v, ns);
	owner = view_owner_text(v, &o);
	return arena_printf(a, "%-8d in %s%s%s%s", (int)p->nspid[level], view_ns_text(a, ns),
			    ns->flags & PN_NS_F_ROOT ? ", this /proc" : "", owner ? ", " : "",
			    owner ? owner : "");
}

/* Which ones are those of this atoll; in a recorded scene: of its PID 1. */
static const char *namespaces_text(const struct view *v, const struct pn_proc *p)
{
	const struct pn_proc *we = v->info->recorded ? v->info->root->init
						     : pn_find(v->snap, getpid());
	const char *other = "", *shared = "", *dark = "";
	struct arena *a = v->arena;

	for (unsigned int t = 0; t < PN_TYPES; t++) {
		enum pn_same same = we ? pn_same_in(we, p, t) : PN_CANNOT_TELL;
		const char **list = same == PN_SAME        ? &shared
				    : same == PN_DIFFERENT ? &other
							   : &dark;

		*list = arena_printf(a, "%s%s%s", *list, **list ? " " : "", pn_type_name(t));
	}
	return arena_printf(a, "others than %s: %s; the same: %s%s%s",
			    v->info->recorded ? "PID 1 here" : "ours", *other ? other : "none",
			    *shared ? shared : "none", *dark ? "; cannot tell: " : "", dark);
}

/* What is said of it, of its doing, and of the namespace that it is the init of. */
static bool concerns(const struct pn_finding *f, const struct pn_proc *p)
{
	return f->proc == p || f->culprit == p ||
	       (f->code == PN_FIND_STUCK && f->ns && f->ns->init == p);
}

static void findings(const struct view *v, const struct pn_proc *p)
{
	for (size_t i = 0; i < pn_finding_count(v->snap); i++) {
		const struct pn_finding *f = pn_finding_at(v->snap, i);

		if (!concerns(f, p))
			continue;
		line(v, f->proc != p && f->culprit == p ? "! culprit" : "!",
		     arena_printf(v->arena, "%s: %s", pn_finding_name(f->code), f->why));
		line(v, "  fix", f->fix);
	}
}

static void signals_lines(const struct view *v, const struct pn_proc *p)
{
	const char *no = permission(v, p);

	if (no) {
		line(v, "signals", no);
		return;
	}
	if (p->flags & (PN_P_ZOMBIE | PN_P_DYING | PN_P_KTHREAD)) {
		line(v, "signals", effect(p, SIGKILL, DEED_END));
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		line(v, i ? "" : "signals",
		     arena_printf(v->arena, "%-8s %s", signal_name(signals[i].sig),
				  effect(p, signals[i].sig, signals[i].deed)));
}

static void screen(const struct view *v, const struct pn_proc *p)
{
	struct view_owner o = view_owner_of(v, p);
	struct arena *a = v->arena;

	line(v, "process", arena_printf(a, "%d %s", (int)p->pid, view_command_text(a, p)));
	line(v, "comm", out_escape(a, p->comm));
	for (uint32_t l = 0; l <= p->level; l++)
		line(v, l ? "" : "PID", level_text(v, p, l));
	if (p->flags & (PN_P_NS_INFERRED | PN_P_NS_UNKNOWN))
		line(v, "",
		     "~ the namespace may not be read by this user, and follows from a rule");
	line(v, "owner", view_owner_text(v, &o));
	line(v, "", o.runtime ? arena_printf(a, "known by %s", o.evidence) : NULL);
	line(v, "id", o.id ? out_escape(a, o.id) : NULL);
	line(v, "image", o.image ? out_escape(a, o.image) : NULL);
	line(v, "pod", o.pod ? out_escape(a, o.pod) : NULL);
	line(v, "unit", o.unit ? out_escape(a, o.unit) : NULL);
	line(v, "cgroup", p->cgroup ? out_escape(a, p->cgroup) : NULL);
	line(v, "parent", parent_text(a, p));
	line(v, "state", state_text(v, p));
	line(v, "user", user_text(a, p));
	line(v, "rights", p->flags & PN_P_ZOMBIE ? NULL : rights_text(a, p));
	line(v, "spaces", namespaces_text(v, p));
	if (p->flags & PN_P_INIT)
		line(v, "as PID 1", view_reap_text(a, p->ns));
	if (p->ns->init && p->ns->init != p && !(p->ns->flags & PN_NS_F_ROOT))
		line(v, "its PID 1",
		     arena_printf(a, "%d %s; %s", (int)p->ns->init->pid,
				  short_command(a, p->ns->init), view_reap_text(a, p->ns)));
	findings(v, p);
	signals_lines(v, p);
}

static void json(struct view *v, const struct out_cols *cols, const struct pn_proc *const *p,
		 int count)
{
	struct jsonw w;

	view_json_begin(v, &w, "atoll.who/1", "processes");
	for (int i = 0; i < count; i++) {
		const char *no = permission(v, p[i]);

		jsonw_obj(&w);
		out_json_members(&v->out, cols, p[i], &w);
		jsonw_kstr(&w, "parent", parent_text(v->arena, p[i]));
		jsonw_key(&w, "findings");
		jsonw_arr(&w);
		for (size_t k = 0; k < pn_finding_count(v->snap); k++) {
			const struct pn_finding *f = pn_finding_at(v->snap, k);

			if (!concerns(f, p[i]))
				continue;
			jsonw_obj(&w);
			jsonw_kstr(&w, "what", pn_finding_name(f->code));
			jsonw_kbool(&w, "culprit", f->proc != p[i] && f->culprit == p[i]);
			jsonw_kstr(&w, "why", f->why);
			jsonw_kstr(&w, "fix", f->fix);
			jsonw_obj_end(&w);
		}
		jsonw_arr_end(&w);
		jsonw_key(&w, "signals");
		jsonw_obj(&w);
		for (size_t k = 0; k < ARRAY_LEN(signals); k++)
			jsonw_kstr(&w, signal_name(signals[k].sig),
				   no ? no : effect(p[i], signals[k].sig, signals[k].deed));
		jsonw_obj_end(&w);
		jsonw_obj_end(&w);
	}
	view_json_end(v, &w);
}

static int run(struct cmd_call *call, struct err *e)
{
	const struct args *a = call->args;
	const struct pn_proc **p = arena_alloc(call->arena, ((size_t)call->count + 1) *
								    sizeof(const struct pn_proc *));
	autoview struct view v = VIEW_NULL;
	struct out_cols cols;
	int r;

	if (out_cols_help(view_proc_cols, a->view.columns))
		return 0;
	r = out_cols_json(view_proc_cols, a->view.columns, call->arena, &cols, e);
	if (r < 0)
		return cmd_usage(call, r, e);
	r = view_open(call, &a->view, PN_ALL & ~PN_F_MOUNTS, &v, e);
	for (int i = 0; r == 0 && i < call->count; i++)
		r = view_resolve_proc(&v, call->operand[i], &p[i], e);
	if (r < 0)
		return r;
	if (a->view.json) {
		json(&v, &cols, p, call->count);
	} else if (a->view.columns) { /* one's own choice: as a listing */
		struct out_table t = { .o = &v.out, .cols = &cols };

		for (int i = 0; i < call->count; i++)
			out_row(&t, p[i], NULL);
		out_print(&t);
	} else {
		for (int i = 0; i < call->count; i++) {
			if (i)
				fputc('\n', stdout);
			screen(&v, p[i]);
		}
	}
	view_say_limits(&v);
	return 0;
}

const struct cmd cmd_who = {
	.name = "who",
	.operands = "PID|CONTAINER[:PID]|NAMESPACE...",
	.summary =
		"tell all about a process: levels, owner, parent, why it stays, what a signal does",
	.opts = opts,
	.min = 1,
	.max = -1,
	.operand = OPERAND_ID,
	.args_size = sizeof(struct args),
	.run = run,
};
