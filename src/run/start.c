/* SPDX-License-Identifier: Apache-2.0 */
#include "run/start.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "run/ctx.h"
#include "run/exec.h"
#include "run/wire.h"
#include "sys/syscalls.h"

/* Through /proc, since a state directory may be longer than sun_path. */
static int address(int state_fd, struct sockaddr_un *ret)
{
	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	return snprintf(ret->sun_path, sizeof(ret->sun_path), "/proc/self/fd/%d/" START_SOCKET,
			state_fd);
}

int start_listen(int state_fd, struct err *e)
{
	autoclose int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un sa;

	if (fd < 0)
		return err_set(e, errno, "socket: %m");
	(void)address(state_fd, &sa);
	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		return err_set(e, errno, "bind " START_SOCKET ": %m");
	if (listen(fd, 4) < 0)
		return err_set(e, errno, "listen on " START_SOCKET ": %m");
	return take_fd(fd);
}

int start_send(int state_fd, void (*say)(void *arg, bool debug, const char *msg),
	       int (*listener)(void *arg, int fd, struct err *e), void *arg, bool *ret_ends,
	       struct err *e)
{
	autoclose int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un sa;
	bool heard = false;
	int r;

	*ret_ends = false;
	if (fd < 0)
		return err_set(e, errno, "socket: %m");
	(void)address(state_fd, &sa);
	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0) {
		if (errno == ECONNREFUSED || errno == ENOENT)
			return -ESTALE;
		return err_set(e, errno, "connect to " START_SOCKET ": %m");
	}
	r = wire_send(fd, WIRE_GO, 0, NULL);
	while (r == 0) {
		autoclose int passed = -1;
		struct wire_msg m;
		int n = wire_recv_fd(fd, &m, &passed);

		/* Of several starts one is heard. */
		if ((n == 0 || n == -ECONNRESET) && !heard)
			return -ESTALE;
		if (n == 0 && listener)
			return err_set(e, ECHILD,
				       "the container died before its filter was in force");
		if (n == 0)
			return 0;
		if (n < 0)
			return err_set(e, -n, "receive from the container: %m");
		heard = true; /* WIRE_GO comes first */
		if (m.type == WIRE_WARN || m.type == WIRE_DEBUG)
			say(arg, m.type == WIRE_DEBUG, m.err.msg);
		if (m.type == WIRE_LISTENER) {
			if (!listener || passed < 0)
				return err_set(e, EPROTO, "the container sent a listener unasked");
			r = listener(arg, passed, e);
			*ret_ends = r < 0;
			listener = NULL;
			if (r == 0) /* if it has died, end of file follows */
				(void)wire_send(fd, WIRE_GO, 0, NULL);
		}
		if (m.type == WIRE_FAIL) {
			*e = m.err;
			*ret_ends = true;
			r = m.err.code > 0 ? -m.err.code : -EPROTO;
		}
	}
	return r == -EPIPE ? -ESTALE : r;
}

/* Would this signal have ended a program that does nothing about it? */
static bool ends(uint32_t sig)
{
	return sig != SIGCHLD && sig != SIGURG && sig != SIGWINCH && sig != SIGCONT &&
	       sig != SIGTSTP && sig != SIGTTIN && sig != SIGTTOU;
}

/* A created container is PID 1 of its namespace, where the kernel drops every
 * signal that is not waited for. Who sends one to a container that has not
 * started means it, so we end the way the program would have. */
static void end_by_signal(int sigfd)
{
	struct signalfd_siginfo si;

	while (read(sigfd, &si, sizeof(si)) == (ssize_t)sizeof(si))
		if (ends(si.ssi_signo))
			_exit(128 + (int)si.ssi_signo);
}

/* 1 = started, 0 = not this one */
static int serve(struct ctx *c)
{
	autoclose int conn = accept4(c->start_fd, NULL, NULL, SOCK_CLOEXEC);
	struct wire_msg m;

	if (conn < 0 || wire_recv(conn, &m) != 1 || m.type != WIRE_GO ||
	    wire_send(conn, WIRE_GO, 0, NULL) < 0)
		return 0;
	cleanup_fd(&c->sync[1]);
	c->sync[1] = take_fd(conn);
	cleanup_fd(&c->start_fd);
	return 1;
}

int do_wait_start(struct ctx *c, const struct step *s, struct err *e)
{
	autoclose int sigfd = -1;
	sigset_t all, old;
	int started = 0;

	(void)s;
	exec_drop_descriptors(c, false);
	sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, &old);
	sigfd = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	if (sigfd < 0)
		return err_set(e, errno, "signalfd: %m");
	while (!started) {
		struct pollfd p[] = { { .fd = c->start_fd, .events = POLLIN },
				      { .fd = sigfd, .events = POLLIN } };

		if (poll(p, ARRAY_LEN(p), -1) < 0 && errno != EINTR)
			return err_set(e, errno, "poll: %m");
		if (p[1].revents)
			end_by_signal(sigfd);
		if (p[0].revents)
			started = serve(c);
	}
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
	return 0;
}
