/* SPDX-License-Identifier: Apache-2.0 */
/* How this works
 *
 * A plan is one array of steps. Those of the host run here, in the runtime;
 * STEP_CLONE makes the child, which from then on walks the same array and does
 * the steps of its own side. Where the side changes, control is handed over:
 *
 *      runtime                                child
 *      state-dir, cgroup, ..., clone  ---->   (alive)
 *      waits                                  hostname, mounts, pivot, user ...
 *      created            <-- WIRE_TURN --    waits
 *                         --- WIRE_GO ---->   seccomp, capabilities, exec
 *      sees end of file, so exec succeeded
 *
 * There is no other synchronisation, but for a filter's listener
 * (run/seccomp_notify.c). A step that fails in the child comes back
 * as WIRE_FAIL with the words for it; one that fails here kills the child. If
 * the runtime dies, the child is killed by PR_SET_PDEATHSIG or sees end of file
 * on the socket the next time it hands over; that signal is switched off right
 * before "created" is handed over, since from then on the container is meant to
 * outlive the runtime. */
#include "run/ctx.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "run/exec.h"
#include "run/mnt.h"
#include "run/seccomp_agent.h"
#include "run/wire.h"
#include "sys/title.h"

static step_fn *const apply[STEP_KIND_COUNT] = {
	[STEP_STATE_DIR] = do_state_dir,
	[STEP_CGROUP] = do_cgroup,
	[STEP_NAMESPACES] = do_namespaces,
	[STEP_SECCOMP_BUILD] = do_seccomp_build,
	[STEP_CLONE] = do_clone,
	[STEP_ID_MAPS] = do_id_maps,
	[STEP_CGROUP_JOIN] = do_cgroup_join,
	[STEP_OOM_SCORE_ADJ] = do_oom_score_adj,
	[STEP_RLIMIT] = do_rlimit,
	[STEP_JOIN_NS] = do_join_ns,
	[STEP_UNSHARE_CGROUP] = do_unshare_cgroup,
	[STEP_SESSION] = do_session,
	[STEP_KEYRING] = do_keyring,
	[STEP_USER_ROOT] = do_user_root,
	[STEP_LOOPBACK] = do_loopback,
	[STEP_HOSTNAME] = do_hostname,
	[STEP_DOMAINNAME] = do_domainname,
	[STEP_PROPAGATION] = do_propagation,
	[STEP_ROOTFS] = do_rootfs,
	[STEP_MOUNT] = do_mount,
	[STEP_DEVICE] = do_device,
	[STEP_DEV_LINKS] = do_dev_links,
	[STEP_CONSOLE] = do_console,
	[STEP_HOOKS] = do_hooks,
	[STEP_PIVOT] = do_pivot,
	[STEP_MAKE_CWD] = do_make_cwd,
	[STEP_SYSCTL] = do_sysctl,
	[STEP_ROOT_READONLY] = do_root_readonly,
	[STEP_READONLY_PATH] = do_readonly_path,
	[STEP_MASKED_PATH] = do_masked_path,
	[STEP_ROOT_PROPAGATION] = do_root_propagation,
	[STEP_UMASK] = do_umask,
	[STEP_SCHEDULER] = do_scheduler,
	[STEP_CPU_AFFINITY] = do_cpu_affinity,
	[STEP_IO_PRIORITY] = do_io_priority,
	[STEP_PERSONALITY] = do_personality,
	[STEP_BOUNDING] = do_bounding,
	[STEP_USER] = do_user,
	[STEP_CWD] = do_cwd,
	[STEP_LSM] = do_lsm,
	[STEP_FIND_COMMAND] = do_find_command,
	[STEP_CREATED] = do_created,
	[STEP_WAIT_START] = do_wait_start,
	[STEP_NO_NEW_PRIVS] = do_no_new_privs,
	[STEP_SECCOMP] = do_seccomp,
	[STEP_CAPS] = do_caps,
	[STEP_EXEC] = do_exec,
};

#ifdef ATOLL_FAULTS
/* The suite's build only: ATOLL_FAULT=fail:N makes step N (from 1) fail,
 * kill:N sends SIGKILL to the runtime there. */
static struct {
	char what;
	uint32_t step;
	int trigger[2];
} fault;

static void fault_read(struct ctx *c)
{
	const char *text = getenv("ATOLL_FAULT");

	if (!text || strlen(text) < 6)
		return;
	if (num_u32(text + 5, &fault.step) < 0)
		return;
	fault.what = text[0];
	/* The child may be in another PID namespace, where it cannot signal us. So the
	 * kernel does, when the pipe becomes readable. */
	if (pipe2(fault.trigger, O_CLOEXEC) < 0 ||
	    fcntl(fault.trigger[0], F_SETOWN, getpid()) < 0 ||
	    fcntl(fault.trigger[0], F_SETSIG, SIGKILL) < 0 ||
	    fcntl(fault.trigger[0], F_SETFL, O_ASYNC) < 0)
		fault.what = 0;
	else
		c->fault_fd = fault.trigger[1];
}

static int fault_inject(size_t i, struct err *e)
{
	if (!fault.what || fault.step != i + 1)
		return 0;
	if (fault.what == 'f')
		return err_set(e, ENOANO, "injected failure");
	/* The child goes on until its death signal or the next hand-over ends it. */
	return write(fault.trigger[1], "", 1) == 1 ? 0 : err_set(e, errno, "trigger: %m");
}
#else
static inline void fault_read(struct ctx *c)
{
	(void)c;
}

static inline int fault_inject(size_t i, struct err *e)
{
	(void)i, (void)e;
	return 0;
}
#endif

static int run_step(struct ctx *c, size_t i, struct err *e)
{
	const struct step *s = &c->plan->steps[i];
	char what[192];
	int r;

	if (c->debug) {
		step_describe(s, what, sizeof(what));
		c->debug(c, "step %zu of %zu: %s", i + 1, c->plan->count, what);
	}
	r = fault_inject(i, e);
	if (r == 0)
		r = apply[s->kind](c, s, e);
	if (r >= 0)
		return 0;
	c->failed = s;
	step_describe(s, what, sizeof(what));
	return err_wrap(e, r, "step %zu of %zu (%s)", i + 1, c->plan->count, what);
}

/* --- the child --- */

static struct {
	int fd;
	size_t step;
} child_wire = { .fd = -1 };

static void child_say(struct ctx *c, enum wire_type type, const char *fmt, va_list ap)
	__attribute__((format(printf, 3, 0)));
static void child_say(struct ctx *c, enum wire_type type, const char *fmt, va_list ap)
{
	struct err w = { 0 };

	(void)vsnprintf(w.msg, sizeof(w.msg), fmt, ap);
	(void)wire_send(c->sync[1], type, child_wire.step, &w);
}

static void child_warn(struct ctx *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void child_warn(struct ctx *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	child_say(c, WIRE_WARN, fmt, ap);
	va_end(ap);
}

static void child_debug(struct ctx *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void child_debug(struct ctx *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	child_say(c, WIRE_DEBUG, fmt, ap);
	va_end(ap);
}

static void child_hand_over(struct ctx *c, size_t i)
{
	struct wire_msg m;

	if (c->plan->steps[i].kind == STEP_CREATED) {
		(void)prctl(PR_SET_PDEATHSIG, 0);
		c->prep->outlives = true;
	}
	if (wire_send(c->sync[1], WIRE_TURN, i, NULL) < 0 || wire_recv(c->sync[1], &m) != 1 ||
	    m.type != WIRE_GO)
		_exit(1); /* the runtime is gone or has given up: nothing is left to be done */
}

static void __attribute__((noreturn)) child_main(struct ctx *c)
{
	struct err e = { 0 };
	const struct plan *p = c->plan;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	cleanup_fd(&c->sync[0]);
	cleanup_fd(&c->create_lock); /* "creating" ends with the runtime, whatever becomes of us */
	title_set("atoll: a container about to start");
	/* Nobody inside may look into this copy of the runtime. With new id maps to
	 * come it has to wait: newuidmap(1) wants the process to be its caller's. */
	if (!(p->new_ns & CLONE_NEWUSER))
		(void)prctl(PR_SET_DUMPABLE, 0);
	c->warn = child_warn;
	c->debug = c->debug ? child_debug : NULL;

	for (size_t i = p->clone_at + 1; i < p->count; i++) {
		child_wire.step = i;
		if (p->steps[i].side == SIDE_HOST) {
			if (p->steps[i - 1].side == SIDE_CHILD || i == p->clone_at + 1) {
				child_hand_over(c, i);
				if (p->new_ns & CLONE_NEWUSER)
					(void)prctl(PR_SET_DUMPABLE, 0);
			}
			continue;
		}
		if (run_step(c, i, &e) < 0) {
			(void)wire_send(c->sync[1], WIRE_FAIL, i, &e);
			_exit(1);
		}
		if (p->steps[i].kind == STEP_SECCOMP)
			c->debug = NULL; /* it need not allow sendto(2) */
	}
	assert(p->count == 0); /* a plan ends in exec */
	_exit(1);
}

/* --- the host --- */

static void reap(struct ctx *c)
{
	siginfo_t si;

	(void)pidref_kill(&c->child, SIGKILL);
	while (waitid(P_PIDFD, (id_t)c->child.fd, &si, WEXITED) < 0 && errno == EINTR)
		;
	pidref_close(&c->child);
	c->child.pid = 0;
}

/* The child ended without a word: say how. */
static int died(struct ctx *c, size_t i, struct err *e)
{
	siginfo_t si = { 0 };

	(void)pidref_kill(&c->child, SIGKILL);
	while (waitid(P_PIDFD, (id_t)c->child.fd, &si, WEXITED | WNOWAIT) < 0 && errno == EINTR)
		;
	if (si.si_code == CLD_EXITED)
		return err_set(e, ECHILD,
			       "step %zu or a later one: the child exited with status %d", i + 1,
			       si.si_status);
	(void)err_set(e, ECHILD, "step %zu or a later one: the child was killed by signal %d (%s)",
		      i + 1, si.si_status, strsignal(si.si_status));
	if (si.si_status == SIGKILL && c->spec->linux_.resources.memory.limit)
		err_hint(e, "the memory limit of the container may be too low to start anything");
	return -ECHILD;
}

/* What the host did for a step of the child's. 0: the child goes on. */
static int answer(struct ctx *c, size_t i, int r, struct err *e)
{
	char what[192];

	if (r == 0) {
		/* If it is gone already, the end of file says so. */
		(void)wire_send(c->sync[0], WIRE_GO, i, NULL);
		return 0;
	}
	c->failed = &c->plan->steps[i];
	step_describe(c->failed, what, sizeof(what));
	return err_wrap(e, r, "step %zu of %zu (%s)", i + 1, c->plan->count, what);
}

/* The child has loaded a filter with a listener and waits: the agent is told. */
static int listener_arrived(struct ctx *c, const struct wire_msg *m, int listener, struct err *e)
{
	int r;

	if (!c->agent || listener < 0 || m->step >= c->plan->count)
		return err_set(e, EPROTO, "the child sent a listener that nobody waits for");
	r = seccomp_agent_tell(c->agent, c->child.pid, listener, c->arena, e);
	if (r == 0)
		c->agent = NULL;
	return answer(c, m->step, r, e);
}

static int tree_arrived(struct ctx *c, const struct wire_msg *m, int tree, struct err *e)
{
	if (tree < 0 || m->step >= c->plan->count)
		return err_set(e, EPROTO, "the child sent no tree");
	return answer(c, m->step, sources_set_id_map(&c->plan->steps[m->step], tree, e), e);
}

/* Waits for the child's word. 0: it is the host's turn at *i; 1: it has exec'd. */
static int await_child(struct ctx *c, size_t *i, struct err *e)
{
	for (;;) {
		autoclose int fd = -1;
		struct wire_msg m;
		int r = wire_recv_fd(c->sync[0], &m, &fd);

		if (r < 0)
			return err_set(e, -r, "receive from the child: %m");
		if (r == 0)
			return 1;
		switch ((int)m.type) {
		case WIRE_WARN:
			if (c->warn)
				c->warn(c, "%s", m.err.msg);
			continue;
		case WIRE_DEBUG:
			if (c->debug)
				c->debug(c, "%s", m.err.msg);
			continue;
		case WIRE_FAIL:
			c->failed = m.step < c->plan->count ? &c->plan->steps[m.step] : NULL;
			*e = m.err;
			return m.err.code > 0 ? -m.err.code : -EPROTO;
		case WIRE_LISTENER:
		case WIRE_TREE:
			r = m.type == WIRE_TREE ? tree_arrived(c, &m, fd, e)
						: listener_arrived(c, &m, fd, e);
			if (r < 0)
				return r;
			continue;
		case WIRE_TURN:
			if (m.step < c->plan->count && m.step >= *i &&
			    c->plan->steps[m.step].side == SIDE_HOST) {
				*i = m.step;
				return 0;
			}
			return err_set(e, EPROTO, "the child sent a turn for step %u", m.step);
		default: return err_set(e, EPROTO, "the child sent a message of type %u", m.type);
		}
	}
}

/* What follows STEP_EXEC, or count. */
static size_t after_exec(const struct plan *p, size_t i)
{
	while (i < p->count && p->steps[i].kind != STEP_EXEC)
		i++;
	return i < p->count ? i + 1 : i;
}

/* From the clone on. `waiting`: the child stands in a hand-over. */
static int host_after_clone(struct ctx *c, size_t i, struct err *e)
{
	const struct plan *p = c->plan;
	bool waiting = false, created = false;
	int r = 0;

	while (i < p->count && r == 0) {
		if (p->steps[i].side == SIDE_HOST) {
			/* The first host step after the clone has a TURN on its way too. */
			if (i == p->clone_at + 1) {
				r = await_child(c, &i, e);
				if (r)
					return r < 0 ? r : died(c, i, e);
			}
			created = p->steps[i].kind == STEP_CREATED;
			r = run_step(c, i++, e);
			waiting = true;
			continue;
		}
		if (waiting)
			r = wire_send(c->sync[0], WIRE_GO, i, NULL) < 0 ? died(c, i, e) : 0;
		waiting = false;
		if (r < 0 || (created && p->env.mode == PLAN_CREATE))
			break;
		r = await_child(c, &i, e);
		if (r == 1 && (!created || c->agent))
			return died(c, i, e);
		if (r == 1) { /* exec succeeded: only host steps follow */
			r = 0;
			if (c->debug)
				c->debug(c, "exec succeeded, outer PID %d", (int)c->child.pid);
			for (i = after_exec(p, i); i < p->count && r == 0; i++)
				r = run_step(c, i, e);
		}
	}
	return r;
}

int stage_run(struct ctx *c, struct err *e)
{
	int r = 0;

	c->fault_fd = -1;
	fault_read(c);
	c->child_main = child_main;
	for (size_t i = 0; i <= c->plan->clone_at && r == 0; i++)
		r = run_step(c, i, e);
	if (r == 0) {
		cleanup_fd(&c->sync[1]);
		r = host_after_clone(c, c->plan->clone_at + 1, e);
	}
	if (r < 0 && c->child.pid > 0)
		reap(c);
	sources_done(c);
	return r;
}
