/* SPDX-License-Identifier: Apache-2.0 */
/* Sources of bind mounts that only the host side can open, and the user
 * namespaces that carry an id mapping. A mount takes its mapping from a user
 * namespace, so one is made for a child that lives until it is open. */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "run/mnt.h"
#include "sys/mountapi.h"
#include "sys/syscalls.h"

enum { HIGH_FD = 128 };

/* By index of mounts[]; the child's copy came with the clone. */
static struct {
	size_t count;
	int *tree, *ns;
	bool late; /* a source that only the child will see wants a mapping */
} sources;

int sources_take_tree(size_t index)
{
	return index < sources.count ? take_fd(sources.tree[index]) : -1;
}

int sources_id_map(size_t index)
{
	return index < sources.count ? sources.ns[index] : -1;
}

static int write_map(struct arena *a, pid_t pid, const char *file, const struct oci_id_maps *maps,
		     struct err *e)
{
	char path[64];
	char *text = arena_strdup(a, "");
	int r;

	for (size_t i = 0; i < maps->count; i++)
		text = arena_printf(a, "%s%u %u %u\n", text, maps->items[i].container_id,
				    maps->items[i].host_id, maps->items[i].size);
	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	r = io_write_at(AT_FDCWD, path, text, strlen(text));
	return r < 0 ? err_set(e, -r, "write %s of an id-mapped mount: %m", file) : 0;
}

static int open_user_ns(struct arena *a, pid_t pid, const struct oci_mount *m, struct err *e)
{
	char path[64];
	int r = write_map(a, pid, "uid_map", &m->uid_maps, e);

	if (r == 0)
		r = write_map(a, pid, "gid_map", &m->gid_maps, e);
	if (r < 0)
		return r;
	(void)snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
	r = open(path, O_RDONLY | O_CLOEXEC);
	return r < 0 ? err_set(e, errno, "open %s: %m", path) : r;
}

static int make_user_ns(struct arena *a, const struct oci_mount *m, struct err *e)
{
	autoclose int pidfd = -1;
	struct clone_args args = { .flags = CLONE_NEWUSER | CLONE_PIDFD,
				   .pidfd = (uint64_t)(uintptr_t)&pidfd,
				   .exit_signal = SIGCHLD };
	pid_t pid = sys_clone3(&args, sizeof(args));
	int fd;

	if (pid < 0)
		return err_set(e, -pid, "a user namespace for an id-mapped mount: %m");
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			(void)pause();
	}
	fd = open_user_ns(a, pid, m, e);
	(void)sys_pidfd_send_signal(pidfd, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return fd;
}

static bool same_maps(const struct oci_id_maps *x, const struct oci_id_maps *y)
{
	return x->count == y->count &&
	       (x->count == 0 || memcmp(x->items, y->items, x->count * sizeof(*x->items)) == 0);
}

static const struct step *mount_step(const struct ctx *c, size_t at)
{
	const struct step *s = &c->plan->steps[at];

	return s->kind == STEP_MOUNT && s->mount.opts->bind && !s->mount.opts->remount ? s : NULL;
}

/* To a high number: the child may get a small RLIMIT_NOFILE (process.rlimits)
 * before it mounts, and that limits the numbers of what it opens then. */
static int out_of_the_way(int fd)
{
	int high = fcntl(fd, F_DUPFD_CLOEXEC, HIGH_FD);

	if (high < 0)
		return fd;
	(void)close(fd);
	return high;
}

/* The mapping of a mount, or the container's where it has none; one namespace
 * serves all mounts with the same mapping. */
static int id_map_of(struct ctx *c, const struct step *s, struct err *e)
{
	struct oci_mount m = *s->mount.mount;
	int ns;

	if (m.uid_maps.count == 0) {
		if (c->ns_fd[OCI_NS_USER] >= 0)
			return c->ns_fd[OCI_NS_USER];
		m.uid_maps = c->spec->linux_.uid_maps;
		m.gid_maps = c->spec->linux_.gid_maps;
	}
	for (size_t i = 0; i < c->plan->count; i++) {
		const struct step *t = mount_step(c, i);

		if (t && sources.ns[t->mount.index] >= 0 &&
		    same_maps(&t->mount.mount->uid_maps, &m.uid_maps) &&
		    same_maps(&t->mount.mount->gid_maps, &m.gid_maps))
			return sources.ns[t->mount.index];
	}
	ns = make_user_ns(c->arena, &m, e);
	return ns < 0 ? ns : out_of_the_way(ns);
}

static int set_id_map(const struct step *s, int tree, int ns, struct err *e)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)ns };
	int r = sys_mount_setattr(
		tree, "", AT_EMPTY_PATH | (s->mount.opts->idmap_rec ? AT_RECURSIVE : 0), &attr);

	if (r == 0)
		return 0;
	(void)err_set(e, -r, "set the id mapping of %s: %m", s->mount.mount->source);
	if (r == -EINVAL)
		err_hint(e, "its file system may not support id-mapped mounts");
	return r;
}

/* A source that cannot be opened here may show up below the root later: the
 * child tries again and reports. Slave, as all mounts of the container. */
static int prepare_tree(struct ctx *c, const struct step *s, struct err *e)
{
	const struct oci_mount *m = s->mount.mount;
	const struct mount_opts *o = s->mount.opts;
	size_t root_len = strlen(c->root_path);
	autoclose int tree = -1;
	int r;

	if (o->copy_symlink ||
	    (strncmp(m->source, c->root_path, root_len) == 0 && m->source[root_len] == '/')) {
		sources.late = sources.late || o->idmap;
		return 0;
	}
	tree = mountapi_clone(AT_FDCWD, m->source, o->bind_rec, !o->src_nofollow);
	if (tree < 0) {
		sources.late = sources.late || o->idmap;
		return 0;
	}
	r = mountapi_setattr(tree, true, 0, 0, MS_SLAVE);
	if (r < 0)
		return err_set(e, -r, "propagation of %s: %m", m->source);
	if (o->idmap) {
		r = set_id_map(s, tree, sources.ns[s->mount.index], e);
		if (r < 0)
			return err_wrap(e, r, "%s", s->pointer);
	}
	sources.tree[s->mount.index] = out_of_the_way(take_fd(tree));
	return 0;
}

int sources_prepare(struct ctx *c, struct err *e)
{
	const uint64_t user = oci_ns_info[OCI_NS_USER].clone_flag;
	const bool host_only = ((c->plan->new_ns | c->plan->join_ns) & user) != 0 &&
			       !c->plan->env.rootless;

	for (size_t i = 0; i < c->plan->count; i++) {
		const struct step *s = mount_step(c, i);

		if (!s || !(host_only || s->mount.opts->idmap))
			continue;
		if (sources.count == 0) {
			sources.count = c->spec->mounts_count;
			sources.tree = arena_alloc(c->arena, sources.count * sizeof(int));
			sources.ns = arena_alloc(c->arena, sources.count * sizeof(int));
			for (size_t k = 0; k < sources.count; k++)
				sources.tree[k] = sources.ns[k] = -1;
		}
		if (s->mount.opts->idmap) {
			int ns = id_map_of(c, s, e);

			if (ns < 0)
				return err_wrap(e, ns, "%s", s->pointer);
			sources.ns[s->mount.index] = ns;
		}
		if (host_only) {
			int r = prepare_tree(c, s, e);

			if (r < 0)
				return r;
		}
	}
	return 0;
}

int sources_set_id_map(const struct step *s, int tree, struct err *e)
{
	int ns = s->kind == STEP_MOUNT && s->mount.opts->idmap ? sources_id_map(s->mount.index)
							       : -1;

	if (ns < 0)
		return err_set(e, EPROTO, "the child sent a tree that has no id mapping");
	return set_id_map(s, tree, ns, e);
}

static void close_namespaces(struct ctx *c)
{
	for (size_t i = 0; i < sources.count; i++) {
		const int ns = sources.ns[i];

		for (size_t k = i; k < sources.count && ns >= 0; k++) /* one may serve many */
			sources.ns[k] = sources.ns[k] == ns ? -1 : sources.ns[k];
		if (ns >= 0 && ns != c->ns_fd[OCI_NS_USER])
			(void)close(ns);
	}
}

void sources_close(struct ctx *c)
{
	for (size_t i = 0; i < sources.count; i++)
		cleanup_fd(&sources.tree[i]);
	if (!sources.late)
		sources_done(c);
}

void sources_done(struct ctx *c)
{
	close_namespaces(c);
	sources.count = 0;
	sources.late = false;
}
