/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/names.h"
#include "base/num.h"
#include "run/exec.h"
#include "run/fg.h"
#include "run/lc.h"
#include "run/seccomp_agent.h"

static int parse_user(const char *text, struct oci_process *p, struct err *e)
{
	char uid[16];
	size_t n = strcspn(text, ":");

	if (n < sizeof(uid)) {
		memcpy(uid, text, n);
		uid[n] = '\0';
		if (num_u32(uid, &p->uid) == 0 && p->uid != UINT32_MAX &&
		    (!text[n] || (num_u32(text + n + 1, &p->gid) == 0 && p->gid != UINT32_MAX)))
			return 0;
	}
	return err_set(e, EINVAL, "user '%.64s' is not UID or UID:GID in numbers", text);
}

static void add_caps(struct lc *lc, const struct lc_exec *o, struct oci_caps *caps)
{
	for (size_t i = 0; i < o->caps_count; i++) {
		int cap = name_cap(o->caps[i]);

		/* As in a configuration: newer than we are, or than the kernel is. */
		if (cap < 0) {
			lc_warn(lc, "unknown capability '%.64s' is not granted", o->caps[i]);
			continue;
		}
		/* Not inheritable: a program without file capabilities must not pass it on.
		 * What the container has as inheritable anyway is made ambient, as in runc. */
		caps->ambient |= caps->inheritable & UINT64_C(1) << cap;
		caps->bounding |= UINT64_C(1) << cap;
		caps->effective |= UINT64_C(1) << cap;
		caps->permitted |= UINT64_C(1) << cap;
		caps->present = true;
	}
}

static struct oci_strings strings(struct lc *lc, const char *const *a, size_t na,
				  const char *const *b, size_t nb)
{
	struct oci_strings s = { .items = arena_alloc(lc->arena, (na + nb + 1) * sizeof(*s.items)),
				 .count = na + nb };

	for (size_t i = 0; i < na + nb; i++)
		s.items[i] = i < na ? a[i] : b[i - na];
	return s;
}

/* The container's own process with what was asked for on top. */
static int make_process(struct lc *lc, const struct lc_exec *o, const struct oci_spec *spec,
			struct oci_process *p, struct err *e)
{
	size_t n = 0;
	int r = 0;

	if (o->process) {
		*p = *o->process;
	} else {
		*p = spec->process;
		p->terminal = false;
		p->console_height = p->console_width = 0;
		while (o->args && o->args[n])
			n++;
		if (n == 0)
			return err_set(e, EINVAL, "no command to execute in the container");
		p->args = strings(lc, (const char *const *)o->args, n, NULL, 0);
	}
	p->terminal = p->terminal || o->tty;
	p->no_new_privileges = p->no_new_privileges || o->no_new_privs;
	if (o->cwd)
		p->cwd = o->cwd;
	if (o->apparmor)
		p->apparmor_profile = o->apparmor;
	if (o->process_label)
		p->selinux_label = o->process_label;
	if (o->env_count)
		p->env = strings(lc, p->env.items, p->env.count, o->env, o->env_count);
	if (o->gids_count) {
		p->additional_gids = arena_dup(lc->arena, o->gids,
					       o->gids_count * sizeof(*o->gids));
		p->additional_gids_count = o->gids_count;
	}
	if (o->user && *o->user) /* as in runc: empty is not given */
		r = parse_user(o->user, p, e);
	if (r == 0 && p->cwd[0] != '/')
		r = err_set(e, EINVAL, "working directory '%.128s' is not an absolute path",
			    p->cwd);
	add_caps(lc, o, &p->caps);
	return r;
}

/* Engines read "no such file" as: no such command. */
static int gone(struct err *e)
{
	return err_set(e, ESRCH, "cannot exec in a stopped container: container not running");
}

/* Which namespaces of the process differ from ours. */
static int different_namespaces(pid_t pid, uint64_t *ret, struct err *e)
{
	uint64_t flags = 0;

	for (size_t i = 0; i < OCI_NS_COUNT; i++) {
		const char *name = oci_ns_info[i].proc_name;
		char theirs[64], ours[64];
		struct stat a, b;

		(void)snprintf(theirs, sizeof(theirs), "/proc/%d/ns/%s", (int)pid, name);
		(void)snprintf(ours, sizeof(ours), "/proc/self/ns/%s", name);
		if (stat(ours, &b) < 0)
			continue; /* a kernel without this kind */
		if (stat(theirs, &a) < 0)
			return errno == ENOENT ? gone(e) : err_set(e, errno, "open %s: %m", theirs);
		if (a.st_ino != b.st_ino || a.st_dev != b.st_dev)
			flags |= oci_ns_info[i].clone_flag;
	}
	*ret = flags;
	return 0;
}

static int check_status(const struct container *c, const struct lc_exec *o, struct err *e)
{
	switch (c->status) {
	case STATUS_CREATED:
	case STATUS_RUNNING: return 0;
	case STATUS_PAUSED:
		return o->ignore_paused
			       ? 0
			       : err_set(e, EBUSY,
					 "cannot exec in a paused container (use --ignore-paused to override)");
	case STATUS_STOPPED: return gone(e);
	case STATUS_CREATING: break;
	}
	return err_set(e, EBUSY, "cannot exec in a container that is being created");
}

/* NULL: the filter needs none. */
static const struct seccomp_agent *agent_of(struct lc *lc, const struct oci_seccomp *s,
					    const struct container *target)
{
	struct seccomp_agent *agent;

	if (!s || !oci_seccomp_notifies(s))
		return NULL;
	agent = ARENA_NEW(lc->arena, struct seccomp_agent);
	*agent = (struct seccomp_agent){ s->listener_path, s->listener_metadata, &target->state,
					 target->status };
	return agent;
}

static int prepare(struct lc *lc, const struct lc_exec *o, struct container *target,
		   struct plan *plan, struct ctx *c, struct err *e)
{
	struct lc_io io = { o->pid_file, o->console_socket, o->pidfd_socket, o->preserve_fds };
	int r;

	lc_ctx_init(c, lc, plan);
	c->cgroup = target->state.cgroup;
	c->agent = agent_of(lc, plan->spec->linux_.seccomp, target);
	c->cgroup_subs = o->cgroups;
	c->cgroup_subs_count = o->cgroups_count;
	c->join_pid = target->init.pid;
	c->join_pidfd = fcntl(target->init.fd, F_DUPFD_CLOEXEC, 3);
	c->state_fd = fcntl(target->entry_fd, F_DUPFD_CLOEXEC, 3);
	if (c->join_pidfd < 0 || c->state_fd < 0)
		return err_set(e, errno, "duplicate a descriptor: %m");
	r = lc_ctx_io(c, lc, &io, e);
	return r < 0 ? r : exec_prepare(c, e);
}

/* Everything up to the plan. */
static int draw(struct lc *lc, const struct lc_exec *o, struct container *target, struct plan *ret,
		struct err *e)
{
	struct oci_spec *spec = ARENA_NEW(lc->arena, struct oci_spec);
	struct oci_process *process = ARENA_NEW(lc->arena, struct oci_process);
	struct plan_env env = {
		.mode = PLAN_EXEC,
		.id = o->id,
		.bundle = target->state.bundle,
		.root_path = target->state.rootfs,
		.cgroup_mode = target->state.cgroup.mode,
		.cgroup_path = target->state.cgroup.path,
	};
	int r = check_status(target, o, e);

	if (r == 0)
		r = lc_read_spec(lc, target->state.config, NULL, spec, e);
	if (r == 0)
		r = make_process(lc, o, spec, process, e);
	if (r == 0)
		r = lc_check_terminal(process->terminal, o->detach, o->console_socket, e);
	if (r == 0)
		r = different_namespaces(target->init.pid, &env.exec_join, e);
	/* Was it still the container whose namespaces we have just looked at? */
	if (r == 0 && pidref_exited(&target->init))
		r = gone(e);
	if (r == 0)
		r = lc_plan_self(lc, &env, e);
	env.exec_joins_user = env.exec_join & CLONE_NEWUSER;
	env.console = process->terminal;
	return r < 0 ? r : plan_exec(spec, process, &env, lc->arena, ret, e);
}

int lc_exec(struct lc *lc, const struct lc_exec *o, bool *ret_command_failed, struct err *e)
{
	autocontainer struct container target = CONTAINER_NULL;
	struct plan *plan = ARENA_NEW(lc->arena, struct plan);
	struct ctx *c = ARENA_NEW(lc->arena, struct ctx);
	autofg struct fg fg = FG_NULL;
	int r = lc_check_preserved(o->preserve_fds, e);

	if (r == 0)
		r = lc_get(lc, o->id, &target, e);
	if (r == 0)
		r = draw(lc, o, &target, plan, e);
	if (r < 0)
		return r;
	r = prepare(lc, o, &target, plan, c, e);
	if (r == 0 && !o->detach)
		r = fg_begin(&fg, plan->process->terminal, false, e);
	if (r == 0 && fg.tty) {
		c->console_socket = take_fd(fg.console[1]);
		c->console_plain = !isatty(STDOUT_FILENO);
	}
	if (r == 0) {
		(void)signal(SIGCHLD, SIG_DFL);
		r = stage_run(c, e);
		if (r < 0 && ret_command_failed)
			*ret_command_failed = c->failed && (c->failed->kind == STEP_FIND_COMMAND ||
							    c->failed->kind == STEP_EXEC);
	}
	cleanup_fd(&c->console_socket);
	if (r == 0 && !o->detach)
		r = fg_wait(&fg, &c->child, e);
	lc_ctx_close(c);
	return r;
}
