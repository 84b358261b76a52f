/* SPDX-License-Identifier: Apache-2.0 */
#include "run/fg.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "run/tty.h"

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
	return 0;
}

void fg_end(struct fg *f)
{
	struct signalfd_siginfo si;

	cleanup_fd(&f->console[0]);
	cleanup_fd(&f->console[1]);
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
static int on_signals(struct fg *f, const struct pidref *child, const struct tty *t)
{
	struct signalfd_siginfo si;
	int status = -EAGAIN;

	while (status == -EAGAIN && read(f->signals, &si, sizeof(si)) == (ssize_t)sizeof(si)) {
		int sig = (int)si.ssi_signo;

		if (sig == SIGCHLD)
			status = reap(child);
		else if (sig == SIGWINCH && t->master >= 0)
			tty_resize(t);
		else if (sig != SIGPIPE)
			(void)pidref_kill(child, sig);
	}
	return status;
}

int fg_wait(struct fg *f, const struct pidref *child, struct err *e)
{
	autotty struct tty tty = TTY_NULL;
	int status;

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
