/* SPDX-License-Identifier: Apache-2.0 */
#include "run/fg.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "run/tty.h"

static struct fg *making; /* from fg_begin() to fg_wait(): a process has one foreground */

int fg_begin(struct fg *f, bool tty, bool subreaper, struct err *e)
{
	/* Those that mean a mistake of our own go on ending us. */
	static const int own[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT };
	sigset_t set;

	*f = FG_NULL;
	f->tty = tty;
	if (tty && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, f->console) < 0)
		return err_set(e, errno, "socketpair: %m");
	if (subreaper && prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return err_set(e, errno, "become subreaper: %m");
	sigfillset(&set);
	for (size_t i = 0; i < ARRAY_LEN(own); i++)
		sigdelset(&set, own[i]);
	f->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (f->signals < 0)
		return err_set(e, errno, "signalfd: %m");
	(void)sigprocmask(SIG_SETMASK, &set, &f->before);
	making = f;
	return 0;
}

int fg_stop_fd(void)
{
	return making ? making->signals : -1;
}

int fg_stop(struct err *e)
{
	struct signalfd_siginfo si;
	int sig;

	if (!making || read(making->signals, &si, sizeof(si)) != (ssize_t)sizeof(si))
		return 0;
	sig = (int)si.ssi_signo;
	if (sig == SIGINT || sig == SIGTERM || sig == SIGHUP || sig == SIGQUIT)
		return err_set(e, EINTR, "given up on signal %d (%s)", sig, strsignal(sig));
	making->held[sig]++;
	return 0;
}

void fg_end(struct fg *f)
{
	struct signalfd_siginfo si;

	cleanup_fd(&f->console[0]);
	cleanup_fd(&f->console[1]);
	making = NULL;
	if (f->signals < 0)
		return;
	/* What came for a container that has ended is not for us. */
	while (read(f->signals, &si, sizeof(si)) == (ssize_t)sizeof(si))
		;
	cleanup_fd(&f->signals);
	(void)sigprocmask(SIG_SETMASK, &f->before, NULL);
}

void fg_leave(struct fg *f)
{
	making = NULL;
	f->signals = -1;
	f->console[0] = f->console[1] = -1;
}

/* Reaps what has ended, up to the child. Its exit status once it has, else -EAGAIN. */
static int reap(const struct pidref *child)
{
	for (;;) {
		siginfo_t si = { 0 };

		if (waitid(P_ALL, 0, &si, WEXITED | WNOHANG) < 0) {
			if (errno == EINTR)
				continue;
			return pidref_exited(child) ? -ECHILD : -EAGAIN;
		}
		if (si.si_pid == 0)
			return -EAGAIN;
		if (si.si_pid == child->pid)
			return si.si_code == CLD_EXITED ? si.si_status : 128 + si.si_status;
	}
}

/* -EAGAIN: not over yet. */
static int on_signal(const struct pidref *child, const struct tty *t, int sig)
{
	if (sig == SIGCHLD)
		return reap(child);
	if (sig == SIGWINCH && t->master >= 0)
		tty_resize(t);
	else if (sig != SIGPIPE)
		(void)pidref_kill(child, sig);
	return -EAGAIN;
}

static int on_signals(struct fg *f, const struct pidref *child, const struct tty *t)
{
	struct signalfd_siginfo si;
	int status = -EAGAIN;

	while (status == -EAGAIN && read(f->signals, &si, sizeof(si)) == (ssize_t)sizeof(si))
		status = on_signal(child, t, (int)si.ssi_signo);
	return status;
}

int fg_wait(struct fg *f, const struct pidref *child, struct err *e)
{
	autotty struct tty tty = TTY_NULL;
	int status;

	making = NULL;
	if (f->tty) {
		int master, r;

		cleanup_fd(&f->console[1]);
		master = tty_receive(f->console[0], e);
		if (master < 0)
			return master;
		r = tty_begin(&tty, master, STDIN_FILENO, STDOUT_FILENO, e);
		if (r < 0)
			return r;
	}
	/* Signals were blocked before the child was made, so none has been missed. */
	status = -EAGAIN;
	for (int sig = 1; sig < NSIG; sig++)
		for (; f->held[sig] && status == -EAGAIN; f->held[sig]--)
			status = on_signal(child, &tty, sig);
	while (status == -EAGAIN) {
		struct pollfd p[5] = { { .fd = f->signals, .events = POLLIN },
				       { .fd = child->fd, .events = POLLIN } };

		tty_poll(&tty, p + 2);
		if (poll(p, ARRAY_LEN(p), -1) < 0 && errno != EINTR)
			return err_set(e, errno, "poll: %m");
		tty_relay(&tty, p + 2);
		if (p[0].revents)
			status = on_signals(f, child, &tty);
		if (status == -EAGAIN && p[1].revents)
			status = reap(child);
	}
	tty_drain(&tty);
	return status < 0 ? err_set(e, -status, "wait for the container: %m") : status;
}
