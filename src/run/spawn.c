/* SPDX-License-Identifier: Apache-2.0 */
#include "run/spawn.h"

#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "run/fg.h"
#include "sys/syscalls.h"

enum {
	LINE_KEPT = 256,
	READS_A_TURN = 64,
};

enum { P_STDIN, P_OUT, P_ERR, P_EXEC, P_COUNT };

struct pipes {
	int rd[P_COUNT], wr[P_COUNT];
};

/* What the program says: the first line is kept, the rest read and dropped. */
struct said {
	char text[LINE_KEPT];
	size_t len;
	bool whole;
};

struct running {
	pid_t pid;
	int pidfd;
	struct said out, err;
	bool late;
	int stopped; /* -EINTR */
};

static void pipes_close(struct pipes *p)
{
	for (int i = 0; i < P_COUNT; i++) {
		cleanup_fd(&p->rd[i]);
		cleanup_fd(&p->wr[i]);
	}
}

static int pipes_open(struct pipes *p)
{
	for (int i = P_OUT; i < P_COUNT; i++) {
		int fds[2];

		if (pipe2(fds, O_CLOEXEC) < 0)
			return -errno;
		p->rd[i] = fds[0];
		p->wr[i] = fds[1];
		if (fcntl(fds[0], F_SETFL, O_NONBLOCK) < 0)
			return -errno;
	}
	return 0;
}

/* dup2(2) of an fd onto itself would leave it close-on-exec. */
static int put_fd(int fd, int at)
{
	if (fd == at)
		return fcntl(fd, F_SETFD, 0);
	return dup2(fd, at);
}

/* In the new process, after the clone and until exec. */
static void become(const struct spawn *s, const struct pipes *p)
{
	sigset_t none;
	int code;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)setpgid(0, 0);
	(void)signal(SIGPIPE, SIG_DFL);
	if ((s->cwd_fd < 0 || fchdir(s->cwd_fd) == 0) && put_fd(p->rd[P_STDIN], 0) >= 0 &&
	    put_fd(p->wr[P_OUT], 1) >= 0 && put_fd(p->wr[P_ERR], 2) >= 0) {
		(void)sys_close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
		sigemptyset(&none);
		(void)sigprocmask(SIG_SETMASK, &none, NULL);
		(void)execve(s->path, s->argv, s->envp);
	}
	code = errno;
	(void)!write(p->wr[P_EXEC], &code, sizeof(code));
	_exit(127);
}

static void listen_to(int *fd, struct said *said)
{
	char buf[1024];
	ssize_t n = 0;

	/* Bounded: who writes without end shall not keep us from the clock. */
	for (int round = 0; round < READS_A_TURN && (n = read(*fd, buf, sizeof(buf))) > 0; round++)
		for (ssize_t i = 0; i < n && !said->whole; i++) {
			if (buf[i] == '\n' || said->len == sizeof(said->text) - 1)
				said->whole = true;
			else
				said->text[said->len++] = buf[i];
		}
	if (n == 0)
		cleanup_fd(fd);
}

static int64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* With its group: the leader is not reaped yet, so the number is still its own. */
static void end(const struct running *run)
{
	(void)sys_pidfd_send_signal(run->pidfd, SIGKILL);
	(void)kill(-run->pid, SIGKILL);
}

/* Until the program has ended; its children may hold the pipes for longer. */
static void attend(struct running *run, struct pipes *p, const struct spawn *s, struct err *e)
{
	int64_t deadline = s->timeout_ms ? now_ms() + s->timeout_ms : 0;
	int stop_fd = s->stoppable ? fg_stop_fd() : -1;

	for (;;) {
		struct pollfd fds[] = {
			{ .fd = run->pidfd, .events = POLLIN },
			{ .fd = p->rd[P_OUT], .events = POLLIN },
			{ .fd = p->rd[P_ERR], .events = POLLIN },
			{ .fd = run->stopped ? -1 : stop_fd, .events = POLLIN },
		};
		int64_t left = deadline ? deadline - now_ms() : -1;

		if (deadline && left <= 0 && !run->late) {
			run->late = true;
			end(run);
		}
		if (run->late)
			left = -1;
		(void)poll(fds, ARRAY_LEN(fds), left > INT32_MAX ? INT32_MAX : (int)left);
		if (p->rd[P_OUT] >= 0)
			listen_to(&p->rd[P_OUT], &run->out);
		if (p->rd[P_ERR] >= 0)
			listen_to(&p->rd[P_ERR], &run->err);
		if (fds[0].revents)
			return;
		if (fds[3].revents) {
			run->stopped = fg_stop(e);
			if (run->stopped < 0)
				end(run);
		}
	}
}

/* As Go writes it, which engines look for. */
static const char *lower(const char *words, char *buf, size_t size)
{
	(void)snprintf(buf, size, "%s", words ? words : "unknown error");
	if (buf[0] >= 'A' && buf[0] <= 'Z')
		buf[0] = (char)(buf[0] - 'A' + 'a');
	return buf;
}

static int verdict(const struct spawn *s, const struct running *run, const struct pipes *p,
		   struct err *e)
{
	siginfo_t si = { 0 };
	int code = 0;
	char words[80];

	while (waitid(P_PIDFD, (id_t)run->pidfd, &si, WEXITED) < 0 && errno == EINTR)
		;
	if (read(p->rd[P_EXEC], &code, sizeof(code)) == sizeof(code) && code > 0)
		return err_set(e, code, "exec %s: %s", s->path,
			       lower(strerrordesc_np(code), words, sizeof(words)));
	if (run->stopped)
		return run->stopped;
	if (run->late)
		return err_set(e, ETIME, "ran past specified timeout of %" PRId64 ".%" PRId64 "s",
			       s->timeout_ms / 1000, s->timeout_ms / 100 % 10);
	if (si.si_code == CLD_EXITED && si.si_status == 0)
		return 0;
	if (si.si_code == CLD_EXITED)
		(void)err_set(e, EPROTO, "exit status %d", si.si_status);
	else
		(void)err_set(e, EPROTO, "killed by signal %d (%s)", si.si_status,
			      lower(strsignal(si.si_status), words, sizeof(words)));
	if (e && run->err.len + run->out.len > 0) {
		size_t len = strlen(e->msg);

		(void)snprintf(e->msg + len, sizeof(e->msg) - len, ", %s: %s",
			       run->err.len ? "stderr" : "stdout",
			       run->err.len ? run->err.text : run->out.text);
	}
	return -EPROTO;
}

/* A container's filter, which its startContainer hooks run under, may know no
 * clone3(2): Docker's says ENOSYS, as advice to do it the old way. */
static pid_t clone_self(int *ret_pidfd)
{
	struct clone_args args = {
		.flags = CLONE_PIDFD | CLONE_CLEAR_SIGHAND,
		.pidfd = (uint64_t)(uintptr_t)ret_pidfd,
		.exit_signal = SIGCHLD,
	};
	pid_t pid = sys_clone3(&args, sizeof(args));

	if (pid != -ENOSYS && pid != -EPERM)
		return pid;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid > 0)
		*ret_pidfd = sys_pidfd_open(pid, 0);
	if (pid > 0 && *ret_pidfd < 0) {
		int code = *ret_pidfd;

		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
		return code;
	}
	return pid;
}

int spawn_wait(const struct spawn *s, struct err *e)
{
	__attribute__((cleanup(pipes_close))) struct pipes p = { { -1, -1, -1, -1 },
								 { -1, -1, -1, -1 } };
	struct running run = { .pidfd = -1 };
	int r = pipes_open(&p);

	if (r < 0)
		return err_set(e, -r, "pipe: %m");
	p.rd[P_STDIN] = fcntl(s->stdin_fd, F_DUPFD_CLOEXEC, 3);
	if (p.rd[P_STDIN] < 0)
		p.rd[P_STDIN] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (p.rd[P_STDIN] < 0)
		return err_set(e, errno, "open /dev/null: %m");
	run.pid = clone_self(&run.pidfd);
	if (run.pid == 0)
		become(s, &p);
	if (run.pid < 0)
		return err_set(e, -run.pid, "clone: %m");
	for (int i = 0; i < P_COUNT; i++)
		cleanup_fd(&p.wr[i]);
	attend(&run, &p, s, e);
	r = verdict(s, &run, &p, e);
	cleanup_fd(&run.pidfd);
	return r;
}
