/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/seccomp_dump.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sys/pidref.h"
#include "sys/syscalls.h"

#ifndef PTRACE_SECCOMP_GET_FILTER /* 4.4; musl has no name for it */
#define PTRACE_SECCOMP_GET_FILTER 0x420c
#endif

enum {
	/* A cgroup out of its quota waits for the next period, which is 100 ms as a rule. */
	STOP_TIMEOUT_MS = 250,
	ANSWER_TIMEOUT_MS = 2000,
	/* MAX_INSNS_PER_PATH of the kernel, which counts 4 more for each filter. */
	INSNS_MAX = (1 << 18) / (int)sizeof(struct sock_filter),
	FILTERS_MAX = INSNS_MAX / 5
};

struct request {
	pid_t pid;
	uint64_t start;
};

struct answer {
	int err;
	uint32_t filters;
	uint64_t stopped_ns;
};

/* ---- the child ----------------------------------------------------------------------------- */

static struct sock_filter program[INSNS_MAX + BPF_MAXINSNS];
static struct seccomp_filter filters[FILTERS_MAX];

static uint64_t now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* The request's number is no member of glibc's enum everywhere. */
static long get_filter(pid_t pid, size_t index, struct sock_filter *to)
{
	long r = ptrace((__typeof__(PTRACE_TRACEME))PTRACE_SECCOMP_GET_FILTER, pid, index, to);

	return r < 0 ? -errno : r;
}

/* 0, or -errno: not all of them were read. */
static int read_filters(pid_t pid, uint32_t *ret_count)
{
	size_t used = 0;
	uint32_t n = 0;
	long r = 0;

	/* The room after what is used is always that of a longest program. */
	while (n < FILTERS_MAX && used <= INSNS_MAX &&
	       (r = get_filter(pid, n, program + used)) >= 0) {
		filters[n++] = (struct seccomp_filter){ program + used, (size_t)r };
		used += (size_t)r;
	}
	*ret_count = n;
	if (r == -ENOENT || (r == -EINVAL && n == 0)) /* no more; none and no mode of filters */
		return 0;
	return r == -EIO ? -EOPNOTSUPP : r < 0 ? (int)r : -E2BIG;
}

/* Waits for the stop. The signal that is to be delivered when we leave, or -errno. */
static int await_stop(pid_t pid)
{
	const struct timespec timeout = { .tv_nsec = STOP_TIMEOUT_MS * 1000000L };
	uint64_t end = now_ns() + STOP_TIMEOUT_MS * 1000000ULL;
	sigset_t chld;
	int status;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	for (;;) {
		pid_t r = waitpid(pid, &status, WNOHANG | __WALL);

		if (r < 0)
			return -errno;
		if (r == pid)
			break;
		if (now_ns() > end)
			return -ETIMEDOUT;
		(void)sigtimedwait(&chld, NULL, &timeout);
	}
	if (!WIFSTOPPED(status))
		return -ESRCH;
	/* Another stop came first: one for a signal, which must not get lost. */
	return status >> 16 == 0 ? WSTOPSIG(status) : 0;
}

#if defined(__x86_64__)
/* What the kernel keeps in rax until the process goes on (include/linux/errno.h). */
enum { ERESTARTNOHAND_ = 514, ERESTART_RESTARTBLOCK_ = 516 };

static bool may_restart(pid_t pid, const struct seccomp_tracer *t, uint32_t count)
{
	struct __ptrace_syscall_info info = { 0 };
	struct seccomp_data d;

	if (ptrace((__typeof__(PTRACE_TRACEME))PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) <=
	    0)
		return false;
	memset(&d, 0, sizeof(d));
	d.arch = info.arch;
	d.nr = info.arch == AUDIT_ARCH_X86_64 ? SYS_restart_syscall : 0;
	return t->passes(filters, count, &d);
}

/* Nobody but us has interrupted the call: so it goes on, as if nothing had been. If a signal
 * with a handler comes as well, this code is EINTR to the kernel. */
static void undo_interruption(pid_t pid, const struct seccomp_tracer *t, uint32_t count)
{
	struct user_regs_struct regs;
	int32_t code;

	if (ptrace(PTRACE_GETREGS, pid, 0UL, &regs) < 0 || (long)regs.orig_rax < 0)
		return;
	code = (int32_t)regs.rax;
	if (code != -EINTR && (code != -ERESTART_RESTARTBLOCK_ || may_restart(pid, t, count)))
		return;
	regs.rax = (unsigned long)-ERESTARTNOHAND_;
	(void)ptrace(PTRACE_SETREGS, pid, 0UL, &regs);
}
#else
static void undo_interruption(pid_t pid, const struct seccomp_tracer *t, uint32_t count)
{
	(void)pid;
	(void)t;
	(void)count;
}
#endif

static void trace(const struct seccomp_tracer *t, const struct request *q, struct answer *ret)
{
	struct pidref ref = PIDREF_NULL;
	uint64_t began;
	int sig;

	*ret = (struct answer){ 0 };
	if (ptrace(PTRACE_SEIZE, q->pid, 0UL, 0UL) < 0) {
		ret->err = errno;
		return;
	}
	/* It is ours now, so the number stays its own while we look. */
	ret->err = -pidref_reopen(q->pid, 0, q->start, &ref);
	pidref_close(&ref);
	began = now_ns();
	if (ptrace(PTRACE_INTERRUPT, q->pid, 0UL, 0UL) < 0) {
		ret->err = errno;
		return;
	}
	sig = await_stop(q->pid);
	if (sig < 0) {
		ret->err = -sig;
		return;
	}
	if (ret->err == 0)
		ret->err = -read_filters(q->pid, &ret->filters);
	undo_interruption(q->pid, t, ret->filters);
	(void)ptrace(PTRACE_DETACH, q->pid, 0UL, (unsigned long)sig);
	ret->stopped_ns = now_ns() - began;
}

static bool send_answer(int fd, const struct answer *r)
{
	if (send(fd, r, sizeof(*r), MSG_NOSIGNAL) != (ssize_t)sizeof(*r))
		return false;
	for (uint32_t i = 0; i < r->filters && r->err == 0; i++) {
		size_t len = filters[i].count * sizeof(*program);

		if (send(fd, filters[i].insns, len, MSG_NOSIGNAL) != (ssize_t)len)
			return false;
	}
	return true;
}

static __attribute__((noreturn)) void child(const struct seccomp_tracer *t, int fd, pid_t parent)
{
	struct request q;
	struct answer r;
	sigset_t all;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
	(void)prctl(PR_SET_NAME, "atoll-seccomp");
	sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, NULL);
	if (fd > 0)
		(void)sys_close_range(0, (unsigned int)fd - 1, 0);
	(void)sys_close_range((unsigned int)fd + 1, ~0U, 0);
	memset(filters, 0, sizeof(filters));
	memset(program, 0, sizeof(program)); /* no page faults while somebody stands still */
	while (recv(fd, &q, sizeof(q), 0) == (ssize_t)sizeof(q)) {
		trace(t, &q, &r);
		/* Our end is what lets go of a process that does not come to a stop. */
		if (!send_answer(fd, &r) || r.err == ETIMEDOUT)
			break;
	}
	_exit(0);
}

/* ---- the caller ------------------------------------------------------------------------------ */

static int make_child(struct seccomp_tracer *t)
{
	pid_t self = getpid();
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	t->child = fork();
	if (t->child == 0) {
		(void)close(pair[0]);
		child(t, pair[1], self);
	}
	(void)close(pair[1]);
	if (t->child < 0) {
		int r = -errno;

		(void)close(pair[0]);
		t->child = 0;
		return r;
	}
	t->fd = pair[0];
	return 0;
}

void seccomp_tracer_close(struct seccomp_tracer *t)
{
	if (t->fd < 0)
		return;
	cleanup_fd(&t->fd);
	/* It may wait for a stop: it is our child, so the number is its own until we wait. */
	(void)kill(t->child, SIGKILL);
	while (waitpid(t->child, NULL, __WALL) < 0 && errno == EINTR)
		continue;
	t->child = 0;
}

/* One message of exactly `len` bytes. */
static int receive(int fd, void *to, size_t len)
{
	struct pollfd p = { fd, POLLIN, 0 };
	ssize_t n;
	int r;

	do
		r = poll(&p, 1, ANSWER_TIMEOUT_MS);
	while (r < 0 && errno == EINTR);
	if (r <= 0)
		return r < 0 ? -errno : -ETIMEDOUT;
	n = recv(fd, to, len, MSG_TRUNC);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : n == 0 ? -EPIPE : -EPROTO;
}

/* A message of instructions, the length of which is not known before. */
static int receive_program(int fd, struct arena *a, struct seccomp_filter *ret)
{
	static struct sock_filter buf[BPF_MAXINSNS];
	struct pollfd p = { fd, POLLIN, 0 };
	ssize_t n;

	if (poll(&p, 1, ANSWER_TIMEOUT_MS) <= 0)
		return -ETIMEDOUT;
	n = recv(fd, buf, sizeof(buf), MSG_TRUNC);
	if (n <= 0 || (size_t)n > sizeof(buf) || (size_t)n % sizeof(buf[0]) != 0)
		return n < 0 ? -errno : -EPROTO;
	ret->insns = arena_dup(a, buf, (size_t)n);
	ret->count = (size_t)n / sizeof(buf[0]);
	return 0;
}

static int ask(struct seccomp_tracer *t, const struct request *q, struct arena *a,
	       struct seccomp_filters *ret)
{
	struct answer answer;
	int r = t->fd < 0 ? make_child(t) : 0;

	if (r < 0)
		return r;
	if (send(t->fd, q, sizeof(*q), MSG_NOSIGNAL) != (ssize_t)sizeof(*q))
		return -EPIPE;
	r = receive(t->fd, &answer, sizeof(answer));
	if (r < 0)
		return r;
	ret->stopped_ns = answer.stopped_ns;
	if (answer.err)
		return -answer.err;
	if (answer.filters > FILTERS_MAX)
		return -EPROTO;
	ret->items = arena_alloc(a, (answer.filters + 1) * sizeof(*ret->items));
	for (uint32_t i = 0; i < answer.filters && r == 0; i++) {
		r = receive_program(t->fd, a, &ret->items[i]);
		ret->insns += ret->items[i].count;
	}
	ret->count = answer.filters;
	return r;
}

int seccomp_dump(struct seccomp_tracer *t, pid_t pid, uint64_t start, struct arena *a,
		 struct seccomp_filters *ret, struct err *e)
{
	struct request q;
	int r;

	memset(&q, 0, sizeof(q));
	q.pid = pid;
	q.start = start;
	*ret = (struct seccomp_filters){ 0 };
	r = ask(t, &q, a, ret);
	switch (-r) {
	case 0: return 0;
	case EPERM:
		return err_set(e, EPERM, "process %d may not be traced, or is traced already",
			       (int)pid);
	case EACCES:
		return err_set(e, EACCES,
			       "filters may be read by CAP_SYS_ADMIN only, and not by a process "
			       "that runs under a filter itself");
	case EOPNOTSUPP:
		return err_set(e, EOPNOTSUPP,
			       "this kernel does not hand filters out "
			       "(CONFIG_CHECKPOINT_RESTORE)");
	case ESRCH: return err_set(e, ESRCH, "process %d is gone", (int)pid);
	case ETIMEDOUT:
		seccomp_tracer_close(t);
		return err_set(e, ETIMEDOUT, "process %d did not come to a stop within %d ms",
			       (int)pid, STOP_TIMEOUT_MS);
	default:
		seccomp_tracer_close(t); /* nobody knows what is still on its way */
		return err_set(e, -r, "read the filters of process %d: %m", (int)pid);
	}
}
