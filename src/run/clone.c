/* SPDX-License-Identifier: Apache-2.0 */
/* STEP_CLONE. Usually one clone3(2). Where namespaces exist already, or a new
 * time namespace gets offsets before anyone is in it, the runtime must not go
 * there itself (its hooks and its host paths belong outside), so a launcher
 * does: a process that shares our memory and descriptors for the few calls that
 * it makes (CLONE_VM|CLONE_FILES|CLONE_VFORK; no copy is made and we sleep
 * meanwhile), joins, and clones the child with CLONE_PARENT, so that the child
 * is ours and its pidfd lies in our table. */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "run/ctx.h"
#include "run/mnt.h"
#include "sys/syscalls.h"

enum {
	LAUNCHER_STACK = 64 * 1024,
	JOINED_BY_CHILD = CLONE_NEWCGROUP | CLONE_NEWTIME,
};

struct launch {
	struct ctx *c;
	const struct step *step;
	struct err *e;
	int result; /* of clone3: the child's PID or -errno */
	int pidfd;
};

/* AddressSanitizer does not know the launcher's stack, and says so on stderr where a
 * function that does not return is called on it. */
#define ON_LAUNCHER_STACK __attribute__((no_sanitize("address")))

/* In the child this does not return. */
ON_LAUNCHER_STACK static int clone_child(struct launch *l, uint64_t extra)
{
	struct ctx *c = l->c;
	int cg = l->step->clone.into_cgroup ? cgroup_clone_fd(&c->cgroup) : -1;
	struct clone_args args = {
		.flags = CLONE_PIDFD | CLONE_CLEAR_SIGHAND | l->step->clone.new_ns | extra,
		.pidfd = (uint64_t)(uintptr_t)&l->pidfd,
		/* CLONE_PARENT: the launcher's own exit signal is inherited. */
		.exit_signal = extra & CLONE_PARENT ? 0 : SIGCHLD,
	};
	sigset_t all, before;
	pid_t pid;

	/* What comes for a PID 1 that has no handler is thrown away; what comes while it is
	 * blocked stays, and atoll-init finds it (exec_clean). So block it before there is a
	 * PID 1. */
	sigfillset(&all);
	if (c->plan->env.init)
		(void)sigprocmask(SIG_SETMASK, &all, &before);
	if (cg >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)cg;
	}
	c->cgroup.into = cg >= 0;
	pid = sys_clone3(&args, sizeof(args));
	if (pid < 0 && cg >= 0 &&
	    (pid == -EACCES || pid == -ENOENT || pid == -EOPNOTSUPP || pid == -EBUSY)) {
		/* Not allowed from where we are (a threaded or delegated tree): join by writing. */
		args.flags &= ~(uint64_t)CLONE_INTO_CGROUP;
		args.cgroup = 0;
		c->cgroup.into = false;
		pid = sys_clone3(&args, sizeof(args));
	}
	if (pid == 0)
		c->child_main(c);
	if (c->plan->env.init)
		(void)sigprocmask(SIG_SETMASK, &before, NULL);
	l->result = pid;
	return pid;
}

static int write_offsets(const struct oci_linux *l, struct err *e)
{
	const struct {
		const char *name;
		const struct oci_time_offset *o;
	} clocks[] = { { "monotonic", &l->monotonic }, { "boottime", &l->boottime } };

	for (size_t i = 0; i < ARRAY_LEN(clocks); i++) {
		char text[80];
		int n, r;

		if (!clocks[i].o->present)
			continue;
		n = snprintf(text, sizeof(text), "%s %lld %u\n", clocks[i].name,
			     (long long)clocks[i].o->secs, clocks[i].o->nanosecs);
		r = io_write_at(AT_FDCWD, "/proc/self/timens_offsets", text, (size_t)n);
		if (r < 0)
			return err_set(e, -r, "/linux/timeOffsets/%s: write timens_offsets: %m",
				       clocks[i].name);
	}
	return 0;
}

static int join_one(struct ctx *c, enum oci_ns ns, struct err *e)
{
	const struct oci_ns_info *info = &oci_ns_info[ns];

	if (c->ns_fd[ns] < 0)
		return 0;
	if (setns(c->ns_fd[ns], (int)info->clone_flag) < 0)
		return err_set(e, errno, "join the %s namespace %s: %m", info->name,
			       c->spec->linux_.ns[ns].path);
	return 0;
}

static int launcher_joins(struct launch *l)
{
	struct ctx *c = l->c;
	int flags = (int)(c->plan->join_ns & ~(uint64_t)JOINED_BY_CHILD);
	int r = 0;

	if (c->join_pidfd >= 0) {
		if (flags && setns(c->join_pidfd, flags) < 0)
			return err_set(l->e, errno, "join the namespaces of the container: %m");
		return 0;
	}
	/* The user namespace last, while the runtime's own rights are the greater
	 * ones; first, where it has none outside of it. */
	for (int i = 0; i < OCI_NS_COUNT && r == 0; i++) {
		int ns = c->plan->env.rootless ? i : OCI_NS_COUNT - 1 - i;

		if (oci_ns_info[ns].clone_flag & (uint64_t)flags)
			r = join_one(c, (enum oci_ns)ns, l->e);
	}
	return r;
}

ON_LAUNCHER_STACK static int launcher(void *arg)
{
	struct launch *l = arg;
	const struct oci_linux *lx = &l->c->spec->linux_;
	bool offsets = lx->monotonic.present || lx->boottime.present;
	int r = launcher_joins(l);

	if (r == 0 && offsets && (l->step->clone.new_ns & CLONE_NEWTIME)) {
		if (unshare(CLONE_NEWTIME) < 0)
			r = err_set(l->e, errno, "new time namespace: %m");
		else
			r = write_offsets(lx, l->e);
	}
	if (r < 0)
		l->result = r;
	else
		(void)clone_child(l, CLONE_PARENT);
	_exit(0);
}

static int run_launcher(struct launch *l)
{
	_Alignas(16) static char stack[LAUNCHER_STACK];
	pid_t pid = clone(launcher, stack + sizeof(stack),
			  CLONE_VM | CLONE_FILES | CLONE_VFORK | SIGCHLD, l);
	int status;

	if (pid < 0)
		return err_set(l->e, errno, "clone the launcher: %m");
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return 0;
}

static void hint(int r, struct err *e)
{
	switch (-r) {
	case EPERM:
		err_hint(
			e,
			"an unprivileged user needs a user namespace; see sysctl kernel.unprivileged_userns_clone and user.max_user_namespaces");
		break;
	case ENOSPC:
		err_hint(e, "a limit in /proc/sys/user or 32 nested PID namespaces are reached");
		break;
	case EINVAL: err_hint(e, "the kernel may lack one of these namespaces"); break;
	default: break;
	}
}

int do_clone(struct ctx *c, const struct step *s, struct err *e)
{
	struct launch l = { .c = c, .step = s, .e = e, .result = -ECHILD, .pidfd = -1 };
	int r = sources_prepare(c, e);

	if (r < 0)
		return r;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, c->sync) < 0)
		return err_set(e, errno, "socketpair: %m");
	if (s->clone.launcher)
		r = run_launcher(&l);
	else
		(void)clone_child(&l, 0);
	sources_close(c);
	if (r == 0 && l.result < 0) {
		r = err_set(e, -l.result, "clone3: %m");
		hint(r, e);
	}
	if (r < 0)
		return r;
	/* What state.json says of it beside is read while it waits: do_created(). */
	c->child = (struct pidref){ .pid = l.result, .fd = l.pidfd };
	return 0;
}
