/* SPDX-License-Identifier: Apache-2.0 */
#include "run/lc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/jsonw.h"
#include "base/names.h"
#include "run/entry.h"
#include "run/hooks.h"

static void say(void (*out)(const char *msg), const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));
static void say(void (*out)(const char *msg), const char *fmt, va_list ap)
{
	char msg[508];

	if (!out)
		return;
	(void)vsnprintf(msg, sizeof(msg), fmt, ap);
	err_printable(msg);
	out(msg);
}

void lc_warn(struct lc *lc, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(lc->warn, fmt, ap);
	va_end(ap);
}

/* ---- where -------------------------------------------------------------------- */

/* As the kernel told at the start: nothing changes it before a container is made. */
static uid_t lc_euid(void)
{
	return (uid_t)getauxval(AT_EUID);
}

bool lc_is_rootless(void)
{
	static const char initial[] = "user:[4026531837]"; /* PROC_USER_INIT_INO, an ABI */
	char ns[sizeof(initial)], map[128];

	if (lc_euid() != 0)
		return true;
	if (readlink("/proc/self/ns/user", ns, sizeof(ns)) == (ssize_t)strlen(initial) &&
	    memcmp(ns, initial, strlen(initial)) == 0)
		return false;
	/* Or one that is as good: everything is mapped onto itself. */
	if (io_read_small(AT_FDCWD, "/proc/self/uid_map", map, sizeof(map)) < 0)
		return false;
	return !strstr(map, "4294967295");
}

int lc_default_root(struct arena *a, const char *name, bool rootless, const char **ret,
		    struct err *e)
{
	const char *dir = getenv("XDG_RUNTIME_DIR");

	if (!rootless) {
		*ret = arena_printf(a, "/run/%s", name);
		return 0;
	}
	if (dir && *dir == '/') {
		*ret = arena_printf(a, "%s/%s", dir, name);
		return 0;
	}
	if (lc_euid() == 0) { /* root of a user namespace */
		*ret = arena_printf(a, "/run/%s", name);
		return 0;
	}
	(void)err_set(e, ENOENT, "no directory for the state");
	err_hint(e, "set XDG_RUNTIME_DIR, or say --root DIR");
	return -ENOENT;
}

static int make_dirs(const char *path)
{
	char buf[PATH_MAX];
	int n = snprintf(buf, sizeof(buf), "%s", path);

	if (n < 0 || (size_t)n >= sizeof(buf))
		return -ENAMETOOLONG;
	for (char *p = strchr(buf + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		if (mkdir(buf, 0755) < 0 && errno != EEXIST)
			return -errno;
		*p = '/';
	}
	return mkdir(buf, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

int lc_open_root(struct lc *lc, bool make, struct err *e)
{
	int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
	int r = 0;

	if (lc->root_fd >= 0)
		return 0;
	lc->root_fd = open(lc->root, flags);
	if (lc->root_fd < 0 && errno == ENOENT && !make)
		return -ENOENT;
	if (lc->root_fd < 0 && errno == ENOENT) {
		r = make_dirs(lc->root);
		lc->root_fd = r < 0 ? -1 : open(lc->root, flags);
	}
	if (lc->root_fd < 0)
		return err_set(e, r < 0 ? -r : errno, "open the state directory %s: %m", lc->root);
	return 0;
}

void lc_close(struct lc *lc)
{
	if (lc->ends)
		return;
	cleanup_fd(&lc->root_fd);
}

int lc_absolute(struct lc *lc, const char *path, const char **ret, struct err *e)
{
	char cwd[PATH_MAX];
	size_t len;

	while (path[0] == '.' && path[1] == '/')
		path += 1 + strspn(path + 1, "/");
	if (strcmp(path, ".") == 0)
		path = "";
	len = strlen(path);
	while (len > 1 && path[len - 1] == '/')
		len--;
	if (*path == '/') {
		*ret = arena_strndup(lc->arena, path, len);
		return 0;
	}
	if (!getcwd(cwd, sizeof(cwd)))
		return err_set(e, errno, "working directory: %m");
	*ret = len ? arena_printf(lc->arena, "%s/%.*s", strcmp(cwd, "/") == 0 ? "" : cwd, (int)len,
				  path)
		   : arena_strdup(lc->arena, cwd);
	return 0;
}

int lc_read_spec(struct lc *lc, const char *path, struct json_doc *ret_doc, struct oci_spec *ret,
		 struct err *e)
{
	struct json_doc doc;
	char *text;
	size_t len;
	int r = io_read_at(AT_FDCWD, path, IO_FILE_MAX, lc->arena, &text, &len);

	if (r < 0)
		return err_set(e, -r, "open %s: %m", path);
	return oci_spec_parse_tree(path, text, len, lc->arena, ret_doc ? ret_doc : &doc, ret, e);
}

/* ---- finding a container -------------------------------------------------------- */

static const char unknown[] = "container does not exist: %s";

static enum state_status status_now(struct container *c)
{
	int r;

	if (state_is_locked(c->lock_fd, STATE_BYTE_CREATING) > 0)
		return STATUS_CREATING;
	/* First the lock, then the process: it may go from created to running in
	 * between, never back. */
	r = state_is_locked(c->lock_fd, STATE_BYTE_EXEC);
	if (pidref_reopen(c->state.pid, c->state.pidfd_inode, c->state.starttime, &c->init) < 0)
		return STATUS_STOPPED;
	if (pidref_exited(&c->init)) {
		pidref_close(&c->init);
		return STATUS_STOPPED;
	}
	return r > 0 ? STATUS_CREATED : STATUS_RUNNING;
}

/* 0; 1 = half-made by somebody who may be dead; -errno */
static int load(struct lc *lc, const char *id, struct container *c, struct err *e)
{
	int r = entry_open(lc->root_fd, id, &c->entry_fd, &c->lock_fd, e);

	if (r == -ENOENT)
		return 1; /* absent, or without a lock */
	if (r == 0)
		r = state_load(c->entry_fd, lc->arena, &c->state, e);
	if (r == -ENOENT)
		return 1;
	if (r < 0)
		return err_wrap(e, r, "container %s", id);
	if (strcmp(c->state.id, id) != 0)
		return err_set(e, EINVAL, "container %s: its state.json is that of %.128s", id,
			       c->state.id);
	c->status = status_now(c);
	return c->state.pid == 0 && c->status != STATUS_CREATING;
}

int lc_get_quick(struct lc *lc, const char *id, struct container *ret, struct err *e)
{
	autocontainer struct container c = CONTAINER_NULL;
	int r = state_check_id(id, e);

	if (r == 0)
		r = lc_open_root(lc, false, e);
	if (r == -ENOENT)
		return err_set(e, ENOENT, unknown, id);
	if (r < 0)
		return r;
	r = load(lc, id, &c, e);
	if (r == 1) {
		/* The sweep waits for whoever is making or removing an entry just now. */
		r = entry_sweep(lc->root_fd, id, lc->arena, e);
		if (r < 0)
			return r;
		container_close(&c);
		r = r == 1 ? 1 : load(lc, id, &c, e);
		if (r == 1)
			return err_set(e, ENOENT, unknown, id);
	}
	if (r < 0)
		return r;
	*ret = c;
	c = CONTAINER_NULL;
	return 0;
}

/* Only the hierarchies that could tell are opened. */
static bool is_frozen(const struct cgroup *cg)
{
	struct cgroup some = { .mode = cg->mode, .path = cg->path };
	bool frozen = false;

	for (size_t i = 0; i < cg->count; i++)
		if (cg->h[i].v2 || strstr(cg->h[i].controllers, "freezer"))
			some.h[some.count++] = cg->h[i];
	if (cg->mode == CGROUP_NONE || cgroup_open(&some, NULL) < 0 ||
	    cgroup_is_frozen(&some, &frozen) < 0)
		frozen = false;
	cgroup_close(&some);
	return frozen;
}

int lc_get(struct lc *lc, const char *id, struct container *ret, struct err *e)
{
	int r = lc_get_quick(lc, id, ret, e);

	if (r < 0 || (ret->status != STATUS_RUNNING && ret->status != STATUS_CREATED))
		return r;
	if (is_frozen(&ret->state.cgroup))
		ret->status = STATUS_PAUSED;
	return 0;
}

void container_close(struct container *c)
{
	pidref_close(&c->init);
	cleanup_fd(&c->entry_fd);
	cleanup_fd(&c->lock_fd);
}

/* ---- the ctx ---------------------------------------------------------------------- */

static void ctx_warn(struct ctx *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void ctx_warn(struct ctx *c, const char *fmt, ...)
{
	const struct lc *lc = c->owner;
	va_list ap;

	va_start(ap, fmt);
	say(lc->warn, fmt, ap);
	va_end(ap);
}

static void ctx_debug(struct ctx *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void ctx_debug(struct ctx *c, const char *fmt, ...)
{
	const struct lc *lc = c->owner;
	va_list ap;

	va_start(ap, fmt);
	say(lc->debug, fmt, ap);
	va_end(ap);
}

/* Every descriptor of a ctx that its owner closes. */
static int *const *ctx_fds(struct ctx *c, size_t *ret_count)
{
	static int *fds[16];
	int *all[] = { &c->state_fd, &c->bundle_fd, &c->pidfd_socket, &c->console_socket,
		       &c->start_fd, &c->exec_lock, &c->create_lock,  &c->join_pidfd,
		       &c->sync[0],  &c->sync[1],   &c->root_fd,      &c->old_proc_fd,
		       &c->proc_fd,  &c->init_fd };

	_Static_assert(sizeof(all) <= sizeof(fds), "room for all");
	memcpy(fds, all, sizeof(all));
	*ret_count = ARRAY_LEN(all);
	return fds;
}

void lc_ctx_init(struct ctx *c, struct lc *lc, const struct plan *plan)
{
	int *const *fd;
	size_t n;

	*c = (struct ctx){ .arena = lc->arena,
			   .plan = plan,
			   .process = plan->process,
			   .spec = plan->spec,
			   .id = plan->env.id,
			   .bundle = plan->env.bundle,
			   .root_path = plan->env.root_path,
			   .state_root = lc->root,
			   .state_root_fd = lc->root_fd,
			   .child = PIDREF_NULL,
			   .owner = lc,
			   .warn = ctx_warn,
			   .debug = lc->debug ? ctx_debug : NULL };
	fd = ctx_fds(c, &n);
	for (size_t i = 0; i < n; i++)
		*fd[i] = -1;
	for (size_t i = 0; i < OCI_NS_COUNT; i++)
		c->ns_fd[i] = -1;
	for (size_t i = 0; i < CGROUP_HIERARCHIES_MAX; i++)
		c->cgroup.h[i].fd = -1;
}

void lc_ctx_close(struct ctx *c)
{
	const struct lc *lc = c->owner;
	size_t n;
	int *const *fd = ctx_fds(c, &n);

	if (lc->ends)
		return;
	for (size_t i = 0; i < n; i++)
		cleanup_fd(fd[i]);
	for (size_t i = 0; i < OCI_NS_COUNT; i++)
		cleanup_fd(&c->ns_fd[i]);
	cgroup_close(&c->cgroup);
	pidref_close(&c->child);
}

static int connect_unix(const char *path, const char *what, struct err *e)
{
	autoclose int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), at = -1;
	struct sockaddr_un sa = { .sun_family = AF_UNIX };

	if (fd < 0)
		return err_set(e, errno, "socket: %m");
	/* Through an O_PATH descriptor, since the path may be longer than sun_path. */
	at = open(path, O_PATH | O_CLOEXEC);
	if (at < 0)
		return err_set(e, errno, "open the %s %s: %m", what, path);
	(void)snprintf(sa.sun_path, sizeof(sa.sun_path), "/proc/self/fd/%d", at);
	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		return err_set(e, errno, "connect to the %s %s: %m", what, path);
	return take_fd(fd);
}

int lc_ctx_io(struct ctx *c, struct lc *lc, const struct lc_io *io, struct err *e)
{
	int r = 0;

	c->preserve_fds = io->preserve_fds;
	if (io->pid_file)
		r = lc_absolute(lc, io->pid_file, &c->pid_file, e);
	if (r == 0 && io->console_socket) {
		c->console_socket = connect_unix(io->console_socket, "console socket", e);
		r = c->console_socket < 0 ? c->console_socket : 0;
	}
	if (r == 0 && io->pidfd_socket) {
		c->pidfd_socket = connect_unix(io->pidfd_socket, "pidfd socket", e);
		r = c->pidfd_socket < 0 ? c->pidfd_socket : 0;
	}
	return r;
}

int lc_check_preserved(unsigned int n, struct err *e)
{
	for (unsigned int fd = 3; fd < 3 + n; fd++)
		if (fd > INT_MAX || fcntl((int)fd, F_GETFD) < 0)
			return err_set(e, EBADF, "--preserve-fds %u: descriptor %u is not open", n,
				       fd);
	return 0;
}

int lc_check_terminal(bool terminal, bool detach, const char *console_socket, struct err *e)
{
	if (terminal && detach && !console_socket)
		return err_set(
			e, EINVAL,
			"cannot allocate a tty for a detached container without a console: use --console-socket");
	if (console_socket && (!terminal || !detach))
		return err_set(
			e, EINVAL,
			"cannot use --console-socket if the container is not detached or has no terminal");
	return 0;
}

/* The highest capability that the kernel knows: CAP_CHECKPOINT_RESTORE, our last, is
 * older (5.9) than what else we need. */
static uint32_t last_cap(void)
{
	uint32_t cap = NAME_CAP_COUNT - 1;

	while (cap < 63 && prctl(PR_CAPBSET_READ, cap + 1, 0, 0, 0) >= 0)
		cap++;
	return cap;
}

int lc_plan_self(struct lc *lc, struct plan_env *env, struct err *e)
{
	(void)e;
	env->euid = lc_euid();
	env->rootless = lc->rootless;
	env->last_cap = last_cap();
	return 0;
}

int lc_hooks(struct lc *lc, const struct state *st, enum oci_hook_point point,
	     const struct oci_hooks *hooks, enum state_status status, struct err *e)
{
	struct jsonw w;

	if (hooks->count == 0)
		return 0;
	jsonw_init(&w, lc->arena, 0);
	state_oci_json(st, status, NULL, &w);
	return hooks_run(hooks, point, w.buf, w.len, e);
}
