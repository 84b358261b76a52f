/* SPDX-License-Identifier: Apache-2.0 */
/* An agent for SCMP_ACT_NOTIFY:
 *
 *	notify-agent SOCKET LOG [MAX]
 *
 * Of each connection it writes the message as one line to LOG and answers the
 * system calls of its listener, in a process of its own, after MAX answers no
 * more (it ends, and so does the listener): mkdir with ENOMEDIUM, all others with
 * leave to go on. A connection that has no listener, more than one message or is
 * not closed after it gets the line "bad: WHY". */
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

static void must(int ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "notify-agent: %s: %s\n", what, strerror(errno));
		exit(99);
	}
}

static int is_mkdir(int nr)
{
#ifdef SYS_mkdir
	if (nr == SYS_mkdir)
		return 1;
#endif
	return nr == SYS_mkdirat;
}

static void serve(int listener, long max)
{
	for (long n = 0; n < max; n++) {
		struct pollfd p = { .fd = listener, .events = POLLIN };
		struct seccomp_notif req = { 0 };
		struct seccomp_notif_resp resp = { 0 };

		while (poll(&p, 1, -1) < 0)
			must(errno == EINTR, "poll");
		if (!(p.revents & POLLIN))
			return; /* nobody is under the filter any more */
		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &req) < 0) {
			must(errno == ENOENT || errno == EINTR, "receive");
			continue;
		}
		resp.id = req.id;
		if (is_mkdir(req.data.nr))
			resp.error = -ENOMEDIUM;
		else
			resp.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &resp) < 0)
			must(errno == ENOENT, "answer");
	}
}

static const char *take(int conn, char *text, size_t size, int *listener)
{
	struct iovec iov = { .iov_base = text, .iov_len = size - 1 };
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(4 * sizeof(int))];
	} control;
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = control.buf,
			    .msg_controllen = sizeof(control.buf) };
	ssize_t n = recvmsg(conn, &m, MSG_CMSG_CLOEXEC);
	struct cmsghdr *h = n > 0 ? CMSG_FIRSTHDR(&m) : NULL;
	struct seccomp_notif_sizes sizes;

	if (!h || h->cmsg_type != SCM_RIGHTS || h->cmsg_len != CMSG_LEN(sizeof(int)))
		return "bad: not one descriptor";
	memcpy(listener, CMSG_DATA(h), sizeof(int));
	text[n] = '\0';
	must(syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) == 0, "sizes");
	must(sizes.seccomp_notif <= sizeof(struct seccomp_notif) &&
		     sizes.seccomp_notif_resp <= sizeof(struct seccomp_notif_resp),
	     "a kernel with more to say");
	if (read(conn, &(char){ 0 }, 1) != 0)
		return "bad: not closed after one message";
	return text;
}

int main(int argc, char **argv)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int at = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int log;

	must(argc == 3 || argc == 4, "usage: notify-agent SOCKET LOG [MAX]");
	log = open(argv[2], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", argv[1]);
	must(log >= 0 && at >= 0 && bind(at, (struct sockaddr *)&sa, sizeof(sa)) == 0, argv[1]);
	must(chmod(argv[1], 0666) == 0 && listen(at, 8) == 0, "listen");
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		static char text[65536];
		int conn = accept4(at, NULL, NULL, SOCK_CLOEXEC), listener = -1;
		const char *line;

		must(conn >= 0, "accept");
		line = take(conn, text, sizeof(text), &listener);
		dprintf(log, "%s\n", line);
		close(conn);
		if (listener >= 0 && fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			serve(listener, argc == 4 ? strtol(argv[3], NULL, 10) : 1L << 30);
			_exit(0);
		}
		if (listener >= 0)
			close(listener);
	}
}
