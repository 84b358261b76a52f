/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/num.h"
#include "run/entry.h"
#include "run/exec.h"
#include "run/fg.h"
#include "run/lc.h"
#include "run/seccomp_agent.h"
#include "run/selfexe.h"

enum { LISTEN_FDS_MAX = 4096 };

/* What stands before anything is done. */
struct blueprint {
	struct oci_spec spec;
	struct json_doc doc; /* where it was read; without text if it was not */
	struct state state;
	struct cgroup cgroup;
	struct plan plan;
	struct plan_env env;
	struct seccomp_agent agent;
};

static bool wants_init(const struct oci_spec *spec)
{
	const char *v = oci_annotation(spec, OCI_ANNOTATION_INIT);

	return v && (strcmp(v, "true") == 0 || v[0] == '-'); /* options of atoll-init */
}

/* An annotation that is ours is obeyed or refused, not passed over like others'. */
static int check_annotations(const struct oci_spec *spec, struct err *e)
{
	static const char *const ours[] = { OCI_ANNOTATION_INIT, OCI_ANNOTATION_OVERLAY };

	for (size_t i = 0; i < ARRAY_LEN(ours); i++) {
		const char *v = oci_annotation(spec, ours[i]);
		bool init = i == 0;

		if (v && *v && strcmp(v, "true") != 0 && strcmp(v, "false") != 0 &&
		    !(init && v[0] == '-'))
			return err_set(e, EINVAL,
				       "/annotations/%s: '%.64s' is neither true nor false%s",
				       ours[i], v, init ? ", nor options of atoll-init" : "");
	}
	return 0;
}

static int find_config(struct lc *lc, const struct lc_create *o, struct blueprint *b, struct err *e)
{
	struct state *st = &b->state;
	int r = lc_absolute(lc, o->bundle ? o->bundle : ".", &st->bundle, e);

	if (r < 0)
		return r;
	if (o->spec) {
		st->config = arena_printf(lc->arena, "%s/%s/config.json", lc->root, o->id);
		b->spec = *o->spec;
		return 0;
	}
	if (o->config)
		r = lc_absolute(lc, o->config, &st->config, e);
	else
		st->config = arena_printf(lc->arena, "%s/config.json", st->bundle);
	r = r < 0 ? r : lc_read_spec(lc, st->config, &b->doc, &b->spec, e);
	return r < 0 || !o->permit ? r : o->permit(o->permit_ctx, &b->doc, e);
}

static void describe(struct lc *lc, const struct lc_create *o, struct blueprint *b)
{
	const struct oci_spec *spec = &b->spec;
	struct state *st = &b->state;

	st->oci_version = spec->oci_version;
	st->id = o->id;
	st->rootfs = spec->root.path[0] == '/'
			     ? spec->root.path
			     : arena_printf(lc->arena, "%s/%s", st->bundle, spec->root.path);
	st->created = state_now(lc->arena);
	st->rootless = lc->rootless;
	st->own_pid_ns = spec->linux_.ns[OCI_NS_PID].present && !spec->linux_.ns[OCI_NS_PID].path;
	st->init = b->env.init;
	if (spec->linux_.seccomp && oci_seccomp_notifies(spec->linux_.seccomp)) {
		st->listener_path = spec->linux_.seccomp->listener_path;
		st->listener_metadata = spec->linux_.seccomp->listener_metadata;
	}
	st->annotations = spec->annotations;
	st->poststart = spec->hooks[OCI_HOOK_POSTSTART];
	st->poststop = spec->hooks[OCI_HOOK_POSTSTOP];
}

static bool is_command(const struct step *s)
{
	return s && (s->kind == STEP_FIND_COMMAND || s->kind == STEP_EXEC);
}

/* What is wrong with a configuration is told with the place in its file. That the command
 * is not to be found has its own words, which people know. */
static int placed(const struct blueprint *b, const struct step *s, int r, struct err *e)
{
	if (r < 0 && b->doc.root)
		json_err_place(&b->doc, s && !is_command(s) ? s->pointer : NULL, e);
	return r;
}

static int draw(struct lc *lc, const struct lc_create *o, enum plan_mode mode, struct blueprint *b,
		struct err *e)
{
	bool detach = mode == PLAN_CREATE || o->detach;
	int r = state_check_id(o->id, e);

	if (r == 0)
		r = find_config(lc, o, b, e);
	if (r == 0)
		r = lc_check_terminal(b->spec.process.terminal, detach, o->console_socket, e);
	if (r == 0)
		r = check_annotations(&b->spec, e);
	if (r == 0)
		r = cgroup_find(o->id, b->spec.linux_.cgroups_path, lc->cgroup_disabled,
				lc->rootless, lc->arena, &b->cgroup, e);
	if (r == 0) /* without a cgroup the plan has no step that would say so */
		r = cgroup_check(&b->cgroup, &b->spec.linux_.resources, e);
	if (r < 0)
		return placed(b, NULL, r, e);
	b->env = (struct plan_env){
		.mode = mode,
		.id = o->id,
		.cgroup_mode = b->cgroup.mode,
		.cgroup_path = b->cgroup.path,
		.no_pivot = o->no_pivot,
		.no_new_keyring = o->no_new_keyring,
		.console = b->spec.process.terminal,
		.init = wants_init(&b->spec),
	};
	describe(lc, o, b);
	b->env.bundle = b->state.bundle;
	b->env.root_path = b->state.rootfs;
	r = lc_plan_self(lc, &b->env, e);
	b->state.owner = b->env.euid;
	r = r < 0 ? r : plan_create(&b->spec, &b->env, lc->arena, &b->plan, e);
	return placed(b, NULL, r, e);
}

int lc_plan(struct lc *lc, const struct lc_create *o, bool run, struct plan *ret, struct err *e)
{
	struct blueprint *b = ARENA_NEW(lc->arena, struct blueprint);
	int r = draw(lc, o, run ? PLAN_RUN : PLAN_CREATE, b, e);

	if (r == 0)
		*ret = b->plan;
	return r;
}

static bool has_hooks(const struct oci_spec *spec)
{
	for (size_t i = 0; i < ARRAY_LEN(spec->hooks); i++)
		if (spec->hooks[i].count > 0)
			return true;
	return false;
}

/* What systemd passes to a service that it starts for a socket: descriptors from
 * 3 on. They go to the container, before those of preserve_fds. */
static unsigned int listen_fds(void)
{
	const char *count = getenv("LISTEN_FDS"), *pid = getenv("LISTEN_PID");
	uint32_t n;
	pid_t whose;

	if (!count || num_u32(count, &n) < 0 || n > LISTEN_FDS_MAX)
		return 0;
	if (pid && (num_pid(pid, &whose) < 0 || whose != getpid()))
		return 0;
	return n;
}

static int prepare(struct lc *lc, const struct lc_create *o, struct blueprint *b, struct ctx *c,
		   struct err *e)
{
	struct lc_io io = { o->pid_file, o->console_socket, o->pidfd_socket, o->preserve_fds };
	int r;

	lc_ctx_init(c, lc, &b->plan);
	c->listen_fds = listen_fds();
	io.preserve_fds += c->listen_fds;
	r = lc_open_root(lc, true, e);
	if (r < 0)
		return r;
	c->state_root_fd = lc->root_fd;
	c->cgroup = b->cgroup;
	c->state = &b->state;
	b->agent = (struct seccomp_agent){ b->state.listener_path, b->state.listener_metadata,
					   &b->state, STATUS_CREATED };
	c->agent = b->agent.path ? &b->agent : NULL;
	if (o->spec) { /* kept for exec, since there is no file to read it from again */
		size_t len;
		char *text;

		oci_spec_write(&b->spec, lc->arena, &text, &len);
		c->config_text = text;
	}
	if (has_hooks(&b->spec)) /* which start there */
		c->bundle_fd = open(b->state.bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (has_hooks(&b->spec) && c->bundle_fd < 0)
		return err_set(e, errno, "open the bundle %s: %m", b->state.bundle);
	r = lc_ctx_io(c, lc, &io, e);
	if (r == 0)
		r = placed(b, NULL, exec_prepare(c, e), e);
	if (r == 0 && b->env.init) {
		c->init_fd = selfexe_init_open(e);
		r = c->init_fd < 0 ? c->init_fd : 0;
	}
	return r;
}

static bool any_made(const struct cgroup *cg)
{
	for (size_t i = 0; i < cg->count; i++)
		if (cg->h[i].made)
			return true;
	return false;
}

/* Takes away all that the host's steps had made; the child is gone already. */
static void undo(struct lc *lc, struct ctx *c)
{
	struct err e = { 0 };
	struct cgroup *cg = &c->cgroup;

	if (c->pid_file_made)
		(void)unlink(c->pid_file);
	if (c->state_fd < 0)
		return;
	cgroup_close(cg);
	if (any_made(cg) && entry_cgroup_end(cg, &e) < 0)
		lc_warn(lc, "undo: %s", e.msg);
	cleanup_fd(&c->create_lock);
	cleanup_fd(&c->exec_lock);
	e = (struct err){ 0 };
	if (lc_hooks(lc, c->state, OCI_HOOK_POSTSTOP, &c->state->poststop, STATUS_STOPPED, &e) < 0)
		lc_warn(lc, "%s", e.msg);
	e = (struct err){ 0 };
	if (entry_remove(lc->root_fd, c->id, &e) < 0)
		lc_warn(lc, "undo: %s", e.msg);
}

static int make(struct lc *lc, const struct blueprint *b, struct ctx *c, bool *ret_command_failed,
		struct err *e)
{
	int r;

	/* Whoever started us may have told the kernel to forget children that end. */
	if (c->prep->sig_ignored >> (SIGCHLD - 1) & 1)
		(void)signal(SIGCHLD, SIG_DFL);
	r = stage_run(c, e);
	(void)placed(b, c->failed, r, e);
	if (r < 0 && ret_command_failed)
		*ret_command_failed = is_command(c->failed);
	if (r < 0)
		undo(lc, c);
	return r;
}

int lc_create(struct lc *lc, const struct lc_create *o, struct err *e)
{
	struct blueprint *b = ARENA_NEW(lc->arena, struct blueprint);
	struct ctx *c = ARENA_NEW(lc->arena, struct ctx);
	int r = lc_check_preserved(o->preserve_fds, e);

	if (r == 0)
		r = draw(lc, o, PLAN_CREATE, b, e);
	if (r < 0)
		return r;
	r = prepare(lc, o, b, c, e);
	if (r == 0)
		r = make(lc, b, c, NULL, e);
	lc_ctx_close(c);
	return r;
}

/* The command has ended: what `delete` would do, but all is open already. */
static int take_away(struct lc *lc, struct ctx *c, struct err *e)
{
	autoclose int lock = openat(c->state_fd, "lock", O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	struct err hook = { 0 };
	int r = lock < 0 ? -errno : entry_own(lock, e);

	if (r == -ENOENT) /* a `delete --force` was quicker */
		return 0;
	if (r == 0)
		r = entry_cgroup_end_opened(&c->cgroup, e);
	if (r == 0)
		r = entry_remove(lc->root_fd, c->id, e);
	if (r == 0 && lc_hooks(lc, c->state, OCI_HOOK_POSTSTOP, &c->state->poststop, STATUS_STOPPED,
			       &hook) < 0)
		lc_warn(lc, "%s", hook.msg);
	return r;
}

int lc_run(struct lc *lc, const struct lc_create *o, bool *ret_command_failed, struct err *e)
{
	struct blueprint *b = ARENA_NEW(lc->arena, struct blueprint);
	struct ctx *c = ARENA_NEW(lc->arena, struct ctx);
	autofg struct fg fg = FG_NULL;
	struct err left = { 0 };
	int r = lc_check_preserved(o->preserve_fds, e);

	if (r == 0)
		r = draw(lc, o, PLAN_RUN, b, e);
	if (r < 0)
		return r;
	r = prepare(lc, o, b, c, e);
	if (r == 0 && !o->detach)
		r = fg_begin(&fg, b->spec.process.terminal, !o->no_subreaper, e);
	if (r == 0 && fg.tty) {
		c->console_socket = take_fd(fg.console[1]);
		c->console_plain = !isatty(STDOUT_FILENO);
	}
	if (r == 0)
		r = make(lc, b, c, ret_command_failed, e);
	cleanup_fd(&c->console_socket);
	if (r == 0 && o->detach)
		state_await_exec(c->state_fd);
	if (r == 0 && !o->detach) {
		r = fg_wait(&fg, &c->child, e);
		if (r < 0)
			(void)pidref_kill(&c->child, SIGKILL);
		if (!o->keep && take_away(lc, c, &left) < 0)
			lc_warn(lc, "%s", left.msg);
	}
	if (lc->ends)
		fg_leave(&fg);
	lc_ctx_close(c);
	return r;
}
