/* SPDX-License-Identifier: Apache-2.0 */
#include "init/main.h"

#include "init/kern.h"
#include "init/opt.h"
#include "init/reap.h"
#include "init/say.h"
#include "init/spawn.h"
#include "init/table.h"

/* Read table.c first: it holds every decision. This file carries them out. */

/* So many in one go, then a look at the signals: a storm of orphans must not hold them up. */
enum { REAP_BATCH = 128 };
/* To close one by one where there is no close_range, before Linux 5.9. */
enum { CLOSE_MAX = 65536 };

struct init {
	struct init_opts opts;
	enum init_state state;
	int self; /* our PID: 1, or anything else */
	int main; /* PID of the main process; 0 = none */
	bool job_control;
	int exit_code; /* what we leave with */
};

static int fail(const char *what, long err)
{
	struct init_text t;

	init_say_start(&t);
	init_text_str(&t, what);
	if (err) {
		init_text_str(&t, ": ");
		init_text_err(&t, err);
	}
	init_say_end(&t);
	return INIT_EXIT_SELF;
}

/* To the main process or its group. With a value from sigqueue(3) (and whatever else
 * has a negative si_code) the whole siginfo goes on, as it names the sender and the
 * value; the kernel forbids us that for the others, and has no call that does it for a
 * group. Never fatal: the payload may have changed its user (EPERM) or have just ended. */
static void forward(const struct init *in, const siginfo_t *info)
{
	long r = -ENOSYS;

	if (info->si_code < 0 && info->si_code != SI_TKILL && !in->opts.group)
		r = kern_sigqueue(in->main, info->si_signo, info);
	if (r < 0)
		r = kern_kill(in->opts.group ? -in->main : in->main, info->si_signo);
	if (in->opts.verbose) {
		struct init_text t;

		init_say_start(&t);
		init_text_str(&t, "signal ");
		init_text_sig(&t, info->si_signo);
		init_text_str(&t, r < 0 ? " could not be forwarded: " : " forwarded");
		if (r < 0)
			init_text_err(&t, r);
		init_say_end(&t);
	}
}

static void tell_ended(const char *who, const char *then, const struct init_news *news)
{
	struct init_text t;

	init_say_start(&t);
	init_text_str(&t, who);
	init_text_num(&t, news->pid);
	init_text_str(&t, then);
	init_reap_describe(&t, news->status);
	init_say_end(&t);
}

/* The shell gave the terminal to our process group with "fg": pass it on. After "bg"
 * it has kept it. */
static void resume(const struct init *in, const siginfo_t *info)
{
	int foreground;

	if (kern_tcgetpgrp(0, &foreground) == 0 && foreground == kern_getpgrp())
		kern_tcsetpgrp(0, in->main);
	if (kern_kill(-in->main, SIGCONT) < 0)
		forward(in, info);
}

/* One event: what the table says. @info with signals, @news with reports of wait4. */
static void step(struct init *in, enum init_event event, const siginfo_t *info,
		 const struct init_news *news)
{
	struct init_decision d = init_decide(in->state, event);

	in->state = d.next;
	switch (d.action) {
	case INIT_DO_NOTHING: return;
	case INIT_DO_FORWARD: forward(in, info); return;
	case INIT_DO_RESUME: resume(in, info); return;
	case INIT_DO_SUSPEND:
		kern_kill(in->self, SIGSTOP); /* returns when somebody continues us */
		return;
	case INIT_DO_TELL:
		if (in->opts.verbose || in->opts.warn_on_reap)
			tell_ended("reaped orphan ", ": ", news);
		return;
	case INIT_DO_END_STATUS:
		in->exit_code = init_exit_status(news->status, in->opts.zeroed);
		if (in->opts.verbose)
			tell_ended("main process ", " ", news);
		return;
	case INIT_DO_END_ZERO: in->exit_code = 0; return;
	case INIT_DO_END_LOST:
		in->exit_code = fail("the main process is gone, and the kernel does not tell how",
				     0);
		return;
	case INIT_ACTIONS: return;
	}
}

/* True if it stopped at the batch limit: more news may wait. */
static bool reap(struct init *in)
{
	struct init_news news;

	for (int n = 0; n < REAP_BATCH && in->state != INIT_DONE; n++) {
		if (!init_reap_next(in->main, in->job_control, &news))
			return false;
		step(in, news.event, NULL, &news);
	}
	return true;
}

static void take_signal(struct init *in, bool sleep)
{
	static const struct __kernel_timespec at_once;
	siginfo_t info;
	long signo = kern_sigtake(INIT_SIGSET_ALL, &info, sleep ? NULL : &at_once);

	/* EAGAIN: none there. EINTR: a tracer, the freezer or a STOP woke us. */
	if (signo > 0)
		step(in, init_event_of_signal((int)signo, info.si_pid == in->self), &info, NULL);
}

/* Nothing of the payload may be kept busy by us: no pipe held open, no file system
 * that cannot be unmounted. 0 to 2 stay, for messages. */
static void let_go(void)
{
	if (kern_close_range(3, UINT32_MAX) < 0)
		for (int fd = 3; fd < CLOSE_MAX; fd++)
			kern_close(fd);
	kern_chdir("/");
}

/* A parent that has died already sends nothing any more, so ask once again. The
 * parent of a namespace's init shows as 0 at all times; there is nothing to compare. */
static void watch_parent(const struct init *in, int parent)
{
	if (kern_prctl(PR_SET_PDEATHSIG, (unsigned long)in->opts.parent_death) == 0 &&
	    kern_getppid() != parent)
		kern_kill(in->self, in->opts.parent_death);
}

static int run(struct init *in, const struct init_inherited *was, char **argv, char **envp)
{
	int foreground;

	if (in->self != 1 || in->opts.subreaper) {
		long r = kern_prctl(PR_SET_CHILD_SUBREAPER, 1);

		/* A sandbox or an emulator may not know it. The command is worth more. */
		if (r < 0) {
			fail("cannot adopt orphans (PR_SET_CHILD_SUBREAPER)", r);
			if (in->opts.subreaper)
				return INIT_EXIT_SELF;
		}
	}
	if (!in->opts.pause) {
		in->main = init_spawn(&in->opts, was, argv, envp);
		if (in->main < 0)
			return fail("cannot start a process for the command (fork)", in->main);
	}
	in->state = in->opts.pause ? INIT_PAUSED : INIT_RUNNING;
	/* PID 1 cannot stop, and has no shell that would continue it. */
	in->job_control = in->self != 1 && in->main > 0 && kern_tcgetpgrp(0, &foreground) == 0;
	let_go();

	while (in->state != INIT_DONE) {
		bool more = reap(in);

		if (in->state != INIT_DONE)
			take_signal(in, !more);
	}
	return in->exit_code;
}

static int usage(const char *why)
{
	fail(why, 0);
	fail("try 'atoll-init --help'", 0);
	return INIT_EXIT_SELF;
}

static int show(const struct init_opts *opts)
{
	struct init_text t;

	init_text_start(&t);
	if (opts->version)
		init_text_str(&t, "atoll-init " ATOLL_VERSION "\n");
	else
		init_opts_help(&t);
	return kern_write(1, t.buf, t.len) == (long)t.len ? 0 : INIT_EXIT_SELF;
}

int init_main(int argc, char **argv, char **envp)
{
	static const struct kern_sigaction by_default = { .handler = KERN_SIG_DFL };
	struct init in = { .exit_code = INIT_EXIT_SELF };
	struct init_inherited was;
	struct kern_sigaction sigchld;
	struct init_text why;
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

	if (init_opts_parse(argc, argv, &in.opts, &why) < 0)
		return usage(why.buf);
	if (in.opts.help || in.opts.version)
		return show(&in.opts);
	if (in.opts.pause ? in.opts.first < argc : in.opts.first >= argc)
		return usage(in.opts.pause ? "--pause takes no command" : "no command given");
	if (in.opts.parent_death)
		watch_parent(&in, parent);
	return run(&in, &was, argv, envp);
}
