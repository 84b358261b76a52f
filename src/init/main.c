/* SPDX-License-Identifier: Apache-2.0 */
#include "init/main.h"

#include "init/kern.h"
#include "init/opt.h"
#include "init/reap.h"
#include "init/rest.h"
#include "init/spawn.h"
#include "init/table.h"
#include "init/tell.h"
#include "init/term.h"
#include "init/zombies.h"

/* Read table.c first: it holds every decision. This file carries them out. */

enum {
	REAP_BATCH = 128,  /* so many in one go, then a look at the signals: a storm of
			    * orphans must not hold them up */
	CLOSE_MAX = 65536, /* to close one by one where there is no close_range, before 5.9 */
	LOOK_MS = 5000,    /* for zombies of others, with --status-fd only */
	LOOK_AGAIN_MS = 500,
	ASK_MS = 100, /* whether others still live whose parents are elsewhere: nobody tells us */
};
static const int64_t second_ns = 1000000000, ms_ns = 1000000;

struct init {
	struct init_opts opts;
	struct init_teller tell;
	struct init_term term;
	enum init_state state;
	int self;         /* our PID: 1, or anything else */
	int main;         /* PID of the main process; 0 = none, or none any more */
	bool job_control; /* we stop together with the main process */
	bool has_status;  /* the main process's, in exit_code */
	int exit_code;    /* what we leave with */
	int64_t deadline; /* of --grace, kern_now(); 0 = it does not run */
	int64_t look_at;  /* the next look for zombies; 0 = never */
	int64_t ask_at;   /* the next question for others; 0 = never */
};

/* --- actions --- */

/* With a value from sigqueue(3) (and whatever else has a negative si_code) the whole
 * siginfo goes on, as it names the sender and the value; the kernel forbids us that for
 * the others, and has no call that does it for all processes. */
static bool has_value(const siginfo_t *info)
{
	return info->si_code < 0 && info->si_code != SI_TKILL;
}

static long send_to_main(const struct init *in, int signo, const siginfo_t *info)
{
	long r = has_value(info) ? kern_sigqueue(in->main, signo, info) : -ENOSYS;

	return r < 0 ? kern_kill(in->main, signo) : r;
}

static long send_to_group(const struct init *in, int signo, const siginfo_t *info)
{
	long r = has_value(info) ? kern_sigqueue_group(in->main, signo, info) : -ENOSYS;

	if (r < 0)
		r = kern_kill(-in->main, signo);
	/* A child that is still to make its session or has left its group for another. */
	return r == -ESRCH ? send_to_main(in, signo, info) : r;
}

static long send_to_all(const struct init *in, int signo)
{
	long r = init_rest_signal(in->self, signo);

	/* Not PID 1 and without /proc: the main process at least. */
	return r < 0 && in->self != 1 && in->main > 0 ? kern_kill(in->main, signo) : r;
}

/* Never fatal: the payload may have changed its user (EPERM) or have just ended. */
static void forward(struct init *in, const siginfo_t *info)
{
	static const char *const to[] = { "main", "group", "all" };
	int signo = in->opts.rewrite[info->si_signo];
	long r;

	switch (in->opts.target) {
	case INIT_TO_MAIN: r = send_to_main(in, signo, info); break;
	case INIT_TO_GROUP: r = send_to_group(in, signo, info); break;
	case INIT_TO_ALL:
	default: r = send_to_all(in, signo); break;
	}
	init_tell_forwarded(&in->tell, info->si_signo, info->si_pid, signo, to[in->opts.target], r);
}

/* A stopped process would see the signal only when somebody continues it. Without the
 * question every TERM would bring a CONT that nobody sent. */
static void continue_stopped(const struct init *in)
{
	if (!kern_stopped_by(in->main))
		return;
	if (in->opts.target == INIT_TO_MAIN || kern_kill(-in->main, SIGCONT) < 0)
		kern_kill(in->main, SIGCONT);
}

/* The shell gave the terminal to our process group with "fg": pass it on. After "bg"
 * it has kept it. */
static void resume(struct init *in, const siginfo_t *info)
{
	init_term_look(&in->term);
	if (in->term.is_ours && in->term.on_stdin)
		init_term_give(&in->term, in->main);
	if (kern_kill(-in->main, SIGCONT) < 0)
		forward(in, info);
}

/* By what has stopped the main process, which is what the shell says then. Unlike STOP it
 * has no effect where no shell could continue us: in an orphaned process group. Then the
 * main process alone is stopped, and CONT and TERM find us awake. Ctrl-Z is meant for the
 * whole job, and the main process has kept it from the rest: the script that runs us, our
 * neighbours in a pipeline. */
static void suspend(const struct init *in, int signo)
{
	kern_kill(init_term_has(&in->term, in->main) ? 0 : in->self, signo);
	kern_sigmask(INIT_SIGSET_ALL & ~(UINT64_C(1) << (signo - 1)), NULL); /* until CONT */
	kern_sigmask(INIT_SIGSET_ALL, NULL);
}

static void start_clock(struct init *in)
{
	if (!in->deadline) {
		in->deadline = kern_now() + in->opts.grace_s * second_ns;
		init_tell_stopping(&in->tell, in->opts.grace_s);
	}
}

static void to_rest(struct init *in, const siginfo_t *info)
{
	int signo = in->opts.rewrite[info->si_signo];
	long r = init_rest_signal(in->self, signo);

	init_tell_forwarded(&in->tell, info->si_signo, info->si_pid, signo, "rest", r);
}

static void keep_status(struct init *in, const struct init_news *news)
{
	in->exit_code = init_exit_status(news->status, in->opts.zeroed);
	in->has_status = true;
	init_tell_main_ended(&in->tell, news);
	/* dumb-init's good-bye to the others of the group */
	if (in->opts.voice == INIT_VOICE_DUMB) {
		int signo = in->opts.rewrite[SIGTERM];

		if (signo)
			init_tell_forwarded(&in->tell, SIGTERM, in->self, signo, "group",
					    in->opts.new_session ? kern_kill(-in->main, signo) : 0);
		else
			init_tell_dropped(&in->tell, SIGTERM, in->self, false);
	}
	init_term_take_back(&in->term, in->main);
	in->main = 0; /* the number may become another's from now on */
}

static void ask_rest(struct init *in)
{
	init_rest_signal(in->self, SIGTERM);
	init_rest_signal(in->self, SIGCONT);
	start_clock(in);
}

static void kill_rest(struct init *in)
{
	in->deadline = 0;
	init_tell_killing(&in->tell);
	init_rest_signal(in->self, SIGKILL);
}

static void look(struct init *in)
{
	bool again = init_zombies_look(&in->tell);

	in->look_at = kern_now() + (again ? LOOK_AGAIN_MS : LOOK_MS) * ms_ns;
}

static void end_lost(struct init *in)
{
	in->exit_code = init_opts_exit(in->opts.voice);
	init_tell_error(&in->tell, "the main process is gone, and the kernel does not tell how", 0);
}

/* --- events --- */

static void act_on_news(struct init *in, enum init_action action, const struct init_news *news)
{
	switch ((int)action) {
	case INIT_DO_TELL: init_tell_reaped(&in->tell, news); return;
	case INIT_DO_TELL_KILL:
		init_tell_reaped(&in->tell, news);
		if (in->self != 1) /* its children have become ours; PID 1 reached them before */
			init_rest_signal(in->self, SIGKILL);
		return;
	case INIT_DO_KEEP_STATUS:
	case INIT_DO_END_STATUS: keep_status(in, news); return;
	case INIT_DO_END_REST:
		keep_status(in, news);
		ask_rest(in);
		return;
	case INIT_DO_SUSPEND: suspend(in, news->status); return;
	case INIT_DO_KILL_REST: kill_rest(in); return;
	case INIT_DO_LOOK: look(in); return;
	case INIT_DO_END_KEPT:
		if (!in->has_status)
			end_lost(in);
		return;
	case INIT_DO_END_LOST: end_lost(in); return;
	default: return;
	}
}

static void act_on_signal(struct init *in, enum init_action action, const siginfo_t *info, bool own)
{
	switch ((int)action) {
	case INIT_DO_FORWARD: forward(in, info); return;
	case INIT_DO_FORWARD_TIMED:
		start_clock(in);
		forward(in, info);
		continue_stopped(in);
		return;
	case INIT_DO_FORWARD_END:
		if (!in->deadline)
			init_tell_stopping(&in->tell, -1);
		forward(in, info);
		continue_stopped(in);
		return;
	case INIT_DO_FORWARD_SUSPEND:
		if (in->opts.rewrite[info->si_signo])
			forward(in, info);
		else
			init_tell_dropped(&in->tell, info->si_signo, info->si_pid, false);
		init_tell_note(&in->tell, "Suspending self due to TTY signal.", 0);
		kern_kill(in->self, SIGSTOP);
		return;
	case INIT_DO_RESUME: resume(in, info); return;
	case INIT_DO_TO_REST: to_rest(in, info); return;
	case INIT_DO_TO_REST_TIMED:
		to_rest(in, info);
		init_rest_signal(in->self, SIGCONT);
		start_clock(in);
		return;
	case INIT_DO_TELL_DROP:
		init_tell_dropped(&in->tell, info->si_signo, info->si_pid, own);
		return;
	case INIT_DO_END_ZERO:
		init_tell_stopping(&in->tell, -1);
		in->exit_code = 0;
		return;
	default: return;
	}
}

static enum init_action decide(struct init *in, enum init_event event)
{
	struct init_decision d = init_decide(in->state, event);

	in->state = d.next;
	return d.action;
}

/* No child at all ends every state in which there has to be one, or nobody to wait for. */
static bool needs_child(const struct init *in)
{
	return in->state != INIT_PAUSED;
}

/* Who came by setns(2) has a parent elsewhere, so wait4 knows nothing of it, and it would
 * die with us. There is no signal either, when it ends. */
static bool has_strangers(const struct init *in)
{
	return (in->state == INIT_WAITING || in->state == INIT_GRACE) && in->self == 1 &&
	       kern_kill(-1, 0) != -ESRCH;
}

/* True if it stopped at the batch limit: more news may wait. */
static bool reap(struct init *in)
{
	struct init_news news;

	in->ask_at = 0;
	for (int n = 0; n < REAP_BATCH && in->state != INIT_DONE; n++) {
		if (!init_reap_next(&in->opts.policy, in->main, needs_child(in), &news))
			return false;
		if (news.event == INIT_EV_NO_CHILD && has_strangers(in)) {
			in->ask_at = kern_now() + ASK_MS * ms_ns;
			return false;
		}
		if (n == 0 && news.event != INIT_EV_NO_CHILD)
			init_tell_received(&in->tell, SIGCHLD);
		act_on_news(in, decide(in, news.event), &news);
	}
	return true;
}

/* The main process reads from the terminal, or sets it up, as a pager in a pipeline does,
 * and we have it: then it gets it, and goes on. */
static bool lend_terminal(struct init *in)
{
	init_term_look(&in->term);
	return in->term.is_ours && init_term_give(&in->term, in->main) == 0 &&
	       kern_kill(in->main, SIGCONT) == 0;
}

static void check_stop(struct init *in)
{
	struct init_news news = { .pid = in->main };

	news.status = in->job_control && in->main ? kern_stopped_by(in->main) : 0;
	if ((news.status == SIGTTIN || news.status == SIGTTOU) && lend_terminal(in))
		return;
	if (news.status)
		act_on_news(in, decide(in, init_event_of_stop(news.status)), &news);
}

static void take_signal(struct init *in, const struct __kernel_timespec *timeout)
{
	siginfo_t info;
	long signo = kern_sigtake(INIT_SIGSET_ALL, &info, timeout);
	enum init_event event;
	bool own;

	if (signo <= 0)
		return; /* EAGAIN: none there. EINTR: a tracer, the freezer or a STOP woke us */
	own = info.si_code == SI_USER && info.si_pid == in->self;
	event = init_event_of_signal(&in->opts.policy, (int)signo, in->opts.rewrite[signo], own);
	if (event != INIT_EV_SIG_CHILD)
		init_tell_received(&in->tell, (int)signo);
	act_on_signal(in, decide(in, event), &info, own);
}

/* 0 = never */
static int64_t sooner(int64_t a, int64_t b)
{
	return !a || (b && b < a) ? b : a;
}

/* Sleeps, if nothing else is to be done, until a signal or the next date. */
static void wait_for_signal(struct init *in, bool sleep)
{
	struct __kernel_timespec timeout = { 0 };
	int64_t date = sooner(sooner(in->deadline, in->look_at), in->ask_at), now;

	if (!date) {
		take_signal(in, sleep ? NULL : &timeout);
		return;
	}
	now = kern_now();
	if (sleep && date > now) {
		timeout.tv_sec = (date - now) / second_ns;
		timeout.tv_nsec = (date - now) % second_ns;
	}
	take_signal(in, &timeout);
	now = kern_now();
	if (in->deadline && now >= in->deadline)
		act_on_news(in, decide(in, INIT_EV_DEADLINE), NULL);
	if (in->look_at && now >= in->look_at)
		act_on_news(in, decide(in, INIT_EV_LOOK), NULL);
}

/* --- before and around the loop --- */

static bool needs_fd(const struct init *in, int fd)
{
	return fd == in->tell.log.fd || fd == in->tell.status.fd ||
	       (fd == 0 && in->self != 1 && in->term.on_stdin);
}

/* Nothing of the payload may be kept busy by us: no pipe held open, no file system
 * that cannot be unmounted. What stays is for messages, those of --status-fd, and the
 * terminal where we do job control. */
static void let_go(struct init *in, char **envp)
{
	unsigned int kept = in->tell.status.fd >= 3 ? (unsigned int)in->tell.status.fd : 2;

	init_out_settle(&in->tell.log);
	init_out_settle(&in->tell.status);
	for (int fd = 0; fd <= 2; fd++)
		if (!needs_fd(in, fd))
			kern_close(fd);
	if ((kept > 3 && kern_close_range(3, kept - 1) < 0) ||
	    kern_close_range(kept + 1, UINT32_MAX) < 0)
		for (int fd = 3; fd < CLOSE_MAX; fd++)
			if (fd != (int)kept)
				kern_close(fd);
	kern_chdir("/");
	init_forget(envp);
}

/* A parent that has died already sends nothing any more, so ask once again. The
 * parent of a namespace's init shows as 0 at all times; there is nothing to compare. */
static void watch_parent(const struct init *in, int parent)
{
	if (kern_prctl(PR_SET_PDEATHSIG, (unsigned long)in->opts.parent_death) == 0 &&
	    kern_getppid() != parent)
		kern_kill(in->self, in->opts.parent_death);
}

/* 0, or -1 where orphans were asked for and cannot be adopted. */
static int adopt_orphans(struct init *in)
{
	long r;

	if (in->opts.no_subreaper) {
		if (in->self != 1 && !kern_is_subreaper())
			init_tell_no_reaper(&in->tell);
		return 0;
	}
	if (in->self == 1 && !in->opts.subreaper)
		return 0;
	r = kern_prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (r < 0)
		init_tell_error(&in->tell, "cannot adopt orphans (PR_SET_CHILD_SUBREAPER)", r);
	/* A sandbox or an emulator may not know it. The command is worth more. */
	return r < 0 && in->opts.subreaper ? -1 : 0;
}

/* dumb-init: the child is to have the terminal as its own. The HUP and CONT that this
 * brings to the leader of a session are dropped by the table (INIT_EV_SIG_OWN). */
static void leave_terminal(struct init *in)
{
	long r = kern_leave_terminal(0);

	if (r < 0)
		init_tell_note(&in->tell, "Unable to detach from controlling tty", r);
	else
		init_tell_note(
			&in->tell,
			kern_getsid() == in->self
				? "Detached from controlling tty, ignoring the first SIGHUP "
				  "and SIGCONT we receive."
				: "Detached from controlling tty, but was not session leader.",
			0);
}

static int start(struct init *in, const struct init_inherited *was, char **argv, char **envp)
{
	if (in->opts.new_session)
		leave_terminal(in);
	init_term_look(&in->term);
	in->main = init_spawn(&in->opts, was, &in->term, &in->tell, argv, envp);
	if (in->main < 0) {
		init_tell_error(&in->tell, "cannot start a process for the command (fork)",
				in->main);
		return -1;
	}
	init_tell_started(&in->tell, argv[in->opts.first], in->main);
	/* PID 1 cannot stop, and has no shell that would continue it. dumb-init stops with
	 * the signal, not with the process. */
	in->job_control = in->self != 1 && !in->opts.policy.suspends && in->term.is_there;
	return 0;
}

static int run(struct init *in, const struct init_inherited *was, char **argv, char **envp)
{
	if (adopt_orphans(in) < 0)
		return init_opts_exit(in->opts.voice);
	if (!in->opts.pause && start(in, was, argv, envp) < 0)
		return init_opts_exit(in->opts.voice);
	in->state = in->opts.pause ? INIT_PAUSED : INIT_RUNNING;
	if (in->tell.status.fd >= 0)
		in->look_at = kern_now() + LOOK_AGAIN_MS * ms_ns;
	let_go(in, envp);

	while (in->state != INIT_DONE) {
		bool more = reap(in);

		if (in->state != INIT_DONE)
			check_stop(in);
		if (in->state != INIT_DONE)
			wait_for_signal(in, !more);
	}
	init_tell_exit(&in->tell, in->exit_code);
	return in->exit_code;
}

static int open_outputs(struct init *in)
{
	struct init_teller *t = &in->tell;
	long r;

	t->voice = in->opts.voice;
	t->level = in->opts.level;
	t->warn_on_reap = in->opts.warn_on_reap;
	t->self = in->self;
	t->log.fd = t->status.fd = -1;
	if (t->level > INIT_SAY_ERRORS || t->warn_on_reap)
		init_out_open(&t->log, 2); /* closed: then nobody wants to hear it */
	if (in->opts.status_fd < 0)
		return 0;
	r = init_out_open(&t->status, in->opts.status_fd);
	/* 0, 1 and 2 are the command's too. */
	if (r == 0 && in->opts.status_fd > 2)
		r = kern_close_on_exec(in->opts.status_fd);
	if (r < 0)
		init_tell_error(t, "--status-fd", r);
	return r < 0 ? -1 : 0;
}

static int show(const struct init_opts *opts, const char *argv0)
{
	static struct init_text t;
	int fd;

	init_opts_show(opts, argv0, &fd, &t);
	return kern_write(fd, t.buf, t.len) == (long)t.len ? 0 : init_opts_exit(opts->voice);
}

int init_main(int argc, char **argv, char **envp)
{
	static const struct kern_sigaction by_default = { .handler = KERN_SIG_DFL };
	/* Not on the stack: pages that are never touched cost nothing. */
	static struct init_text why;
	struct init in = { .exit_code = INIT_EXIT_SELF };
	struct init_inherited was;
	struct kern_sigaction sigchld;
	int parent;

	/* First of all: a signal that comes while it is blocked waits for us; one that
	 * comes to PID 1 unblocked and unhandled is thrown away. Our own runtime blocks
	 * them even before it starts us, and says with --sigmask what the payload is to have. */
	kern_sigmask(INIT_SIGSET_ALL, &was.sigmask);
	/* Inherited as ignored it would make the kernel reap, and the status be lost. */
	kern_sigaction(SIGCHLD, &by_default, &sigchld);
	was.sigchld_ignored = sigchld.handler == KERN_SIG_IGN;
	in.self = kern_getpid();
	parent = kern_getppid();

	if (init_opts_parse(argc, argv, envp, &in.opts, &why) < 0) {
		kern_write(2, why.buf, why.len);
		return init_opts_exit(in.opts.voice);
	}
	if (in.opts.show)
		return show(&in.opts, argv[0]);
	if (open_outputs(&in) < 0)
		return init_opts_exit(in.opts.voice);
	if (in.opts.parent_death)
		watch_parent(&in, parent);
	if (!in.opts.pause && in.self == 1 &&
	    (in.opts.system == INIT_SYSTEM_YES ||
	     (in.opts.system == INIT_SYSTEM_AUTO && init_is_system(argv[in.opts.first]))))
		init_become(&in.opts, &was, &in.tell, argc, argv, envp);
	return run(&in, &was, argv, envp);
}
