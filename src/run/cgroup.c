/* SPDX-License-Identifier: Apache-2.0 */
#include "run/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "proc/cgroup.h"
#include "run/cgroup_impl.h"
#include "sys/syscalls.h"

/* What is the same for cgroup v1 and v2: the order of making them and taking
 * them back, entering them, handing them on. */

enum { RESOLVE_HERE = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV };

static bool no_permission(int r)
{
	return r == -EACCES || r == -EPERM || r == -EROFS;
}

/* --- making --------------------------------------------------------------------- */

static void undo(struct cgroup *cg, const unsigned int *parents)
{
	for (size_t i = 0; i < cg->count; i++) {
		struct cgroup_hierarchy *h = &cg->h[i];
		unsigned int left = parents[i];
		char path[PATH_MAX];

		if (h->fd >= 0)
			(void)close(h->fd);
		h->fd = -1;
		if ((!h->made && left == 0) || !cgroup_full_path(h, path))
			continue;
		/* By path: descriptors may be what was lacking. */
		if (h->made)
			(void)rmdir(path);
		h->made = false;
		/* Above it, what we made: what is not there was not reached. */
		while (left > 0) {
			char *slash = strrchr(path, '/');

			if (!slash || (size_t)(slash - path) <= strlen(h->mount_point))
				break;
			*slash = '\0';
			if (rmdir(path) == 0)
				left--;
			else if (errno != ENOENT)
				break;
		}
	}
}

static int refuse_used(struct cgroup *cg, struct arena *a, struct err *e)
{
	pid_t *pids;
	size_t count;
	bool frozen = false, fresh = true;
	int r;

	for (size_t i = 0; i < cg->count; i++)
		fresh = fresh && (cg->h[i].made || cg->h[i].fd < 0);
	if (fresh)
		return 0;
	r = cgroup_is_frozen(cg, &frozen);
	if (r < 0)
		return err_set(e, -r, "is the cgroup %s frozen: %m", cg->path);
	if (frozen)
		return err_set(e, EBUSY, "container's cgroup unexpectedly frozen: %s", cg->path);
	/* Each hierarchy, as somebody may have put a process into one of them only. */
	for (size_t i = 0; i < cg->count; i++) {
		struct cgroup one = { .mode = cg->mode, .count = 1, .h = { cg->h[i] } };

		if (cg->h[i].made || cg->h[i].fd < 0)
			continue;
		r = cgroup_pids(&one, a, &pids, &count, e);
		if (r < 0)
			return r;
		if (count > 0)
			return err_set(e, EBUSY,
				       "container's cgroup is not empty: %zu process(es) in %s%s",
				       count, cg->h[i].mount_point, cg->h[i].path);
	}
	return 0;
}

static int make_one(struct cgroup *cg, struct cgroup_hierarchy *h, unsigned int *parents,
		    struct arena *a, struct err *e)
{
	struct err own = { 0 };
	int r = h->v2 ? cgroup_v2_make(h, parents, a, &own) : cgroup_v1_make(h, parents, a, &own);
	bool optional = strcmp(h->controllers, "name=systemd") == 0 ||
			(cg->rootless && !cg->demanded);

	if (r >= 0)
		return 0;
	if (optional && no_permission(r))
		return 0; /* h->fd stays -1: not used */
	r = err_set(e, -r, "%s", own.msg);
	if (cg->rootless && no_permission(r))
		err_hint(
			e,
			"rootless needs no limits + no cgrouppath when no permission is granted for cgroups");
	return r;
}

int cgroup_check(const struct cgroup *cg, const struct oci_resources *res, struct err *e)
{
	struct limit_out demand;

	if (cg->mode != CGROUP_NONE || cg->disabled || !cgroup_limits_demand(res, &demand))
		return 0;
	err_set(e, EOPNOTSUPP, "%s: no cgroup hierarchy can be used", demand.pointer);
	if (cg->rootless)
		err_hint(
			e,
			"rootless needs no limits + no cgrouppath when no permission is granted for cgroups");
	else if (cg->count == 0)
		err_hint(e, "none is mounted here: mount -t cgroup2 cgroup2 /sys/fs/cgroup");
	return -EOPNOTSUPP;
}

static int limits(struct cgroup *cg, const struct oci_resources *res, struct arena *a,
		  struct err *e)
{
	struct cgroup_hierarchy *cpuset = cgroup_v1_of(cg, "cpuset");
	int r = res ? cgroup_check(cg, res, e) : 0;

	if (r < 0)
		return r;
	if (cg->mode == CGROUP_NONE)
		return 0;
	r = res ? cgroup_limits_apply(cg, res, e) : 0;
	if (r < 0 && cg->rootless && (no_permission(r) || r == -EOPNOTSUPP))
		err_hint(
			e,
			"rootless needs no limits + no cgrouppath when no permission is granted for cgroups");
	if (r >= 0 && cpuset)
		r = cgroup_v1_cpuset_fill(cpuset, e);
	if (r >= 0 && res)
		r = cgroup_devices_apply(cg, res, a, e);
	return r;
}

int cgroup_make(struct cgroup *cg, const struct oci_resources *res, struct arena *a, struct err *e)
{
	unsigned int parents[CGROUP_HIERARCHIES_MAX] = { 0 };
	bool any = false;
	int r = 0;

	if (cg->disabled)
		return 0;
	for (size_t i = 0; i < cg->count && r >= 0; i++)
		r = make_one(cg, &cg->h[i], &parents[i], a, e);
	for (size_t i = 0; i < cg->count; i++)
		any = any || cg->h[i].fd >= 0;
	if (r >= 0 && !any)
		cg->mode = CGROUP_NONE;
	if (r >= 0)
		r = refuse_used(cg, a, e);
	if (r >= 0)
		r = limits(cg, res, a, e);
	if (r < 0)
		undo(cg, parents);
	return r;
}

int cgroup_update(struct cgroup *cg, const struct oci_resources *res, struct arena *a,
		  struct err *e)
{
	struct limit_out demand;

	(void)a;
	if (cg->mode == CGROUP_NONE && cgroup_limits_demand(res, &demand))
		return err_set(e, EOPNOTSUPP, "%s: the container has no cgroup", demand.pointer);
	return cg->mode == CGROUP_NONE ? 0 : cgroup_limits_apply(cg, res, e);
}

int cgroup_open(struct cgroup *cg, struct err *e)
{
	for (size_t i = 0; i < cg->count; i++) {
		struct cgroup_hierarchy *h = &cg->h[i];
		autoclose int parent = -1;
		const char *leaf;

		h->fd = -1;
		parent = cgroup_open_parent(h, &leaf);
		if (parent >= 0)
			h->fd = cgroup_open_dir(h, parent, leaf);
		if (parent < 0 || h->fd < 0) {
			int r = parent < 0 ? parent : h->fd;

			h->fd = -1;
			/* What is gone, or never was made (rootless), holds no process. */
			if (r == -ENOENT || r == -ENODEV || (!h->made && no_permission(r)))
				continue;
			return err_set(e, -r, "open the cgroup %s%s: %m", h->mount_point, h->path);
		}
	}
	return 0;
}

int cgroup_clone_fd(const struct cgroup *cg)
{
	for (size_t i = 0; i < cg->count; i++)
		if (cg->h[i].v2)
			return cg->h[i].fd;
	return -1;
}

/* Runs in the child too: nothing is allocated. */
int cgroup_join(const struct cgroup *cg, pid_t pid, struct err *e)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%d", (int)pid);
	for (size_t i = 0; i < cg->count; i++) {
		const struct cgroup_hierarchy *h = &cg->h[i];
		int r;

		if (h->fd < 0 || (h->v2 && cg->into))
			continue;
		r = cgroup_write(h->fd, "cgroup.procs", text);
		if (r < 0 && !(cg->rootless && !cg->demanded && no_permission(r)))
			return err_set(e, -r, "enter the cgroup %s%s: %m", h->mount_point, h->path);
	}
	return 0;
}

/* Is there a ".." among the names? openat2(2) would say "Invalid cross-device link". */
static bool goes_up(const char *path)
{
	for (;;) {
		size_t n = strcspn(path, "/");

		if (n == 2 && path[0] == '.' && path[1] == '.')
			return true;
		if (path[n] == '\0')
			return false;
		path += n + 1;
	}
}

static int descend(struct cgroup_hierarchy *h, const char *sub, struct err *e)
{
	int fd;

	sub += strspn(sub, "/");
	if (h->fd < 0 || !*sub)
		return 0;
	if (goes_up(sub))
		return err_set(e, EINVAL, "%s is not a sub cgroup path", sub);
	fd = sys_openat2(h->fd, sub, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0, RESOLVE_HERE);
	if (fd < 0)
		return err_set(e, -fd, "open the cgroup %s below %s%s: %m", sub, h->mount_point,
			       h->path);
	(void)close(h->fd);
	h->fd = fd;
	return 0;
}

/* The names up to the colon; several may be of one hierarchy. */
static int descend_named(struct cgroup *cg, const char *names, const char *colon, struct err *e)
{
	bool done[CGROUP_HIERARCHIES_MAX] = { false };
	int r = 0;

	while (names < colon && r == 0) {
		size_t n = strcspn(names, ",:");
		struct cgroup_hierarchy *h;
		char name[64];

		(void)snprintf(name, sizeof(name), "%.*s", (int)n, names);
		h = *name ? cgroup_v1_of(cg, name) : NULL;
		if (!h)
			return err_set(e, EINVAL, "unknown controller %s", name);
		if (!done[h - cg->h])
			r = descend(h, colon + 1, e);
		done[h - cg->h] = true;
		names += n + 1;
	}
	return r;
}

int cgroup_enter_sub(struct cgroup *cg, const char *sub, struct err *e)
{
	const char *colon = strchr(sub, ':');
	int r = 0;

	if (colon)
		return descend_named(cg, sub, colon, e);
	for (size_t i = 0; i < cg->count && r == 0; i++)
		r = descend(&cg->h[i], sub, e);
	return r;
}

int cgroup_follow_init(struct cgroup *cg, pid_t init, struct arena *a, struct err *e)
{
	struct cgroup_hierarchy *h = cgroup_v2_of(cg);
	struct proc_cgroup *items;
	const char *path, *at;
	size_t count, len;
	char *text, file[48];
	int r, fd;

	if (!h)
		return 0;
	(void)snprintf(file, sizeof(file), "/proc/%d/cgroup", (int)init);
	r = io_read_at(AT_FDCWD, file, IO_FILE_MAX, a, &text, &len);
	if (r >= 0)
		r = proc_cgroup_parse(text, len, a, &items, &count);
	if (r < 0)
		return err_set(e, -r, "read %s: %m", file);
	/* It begins with ours. Seen through a mount of a part of the hierarchy, ours
	 * lacks what is above that part, and stands somewhere inside. */
	path = proc_cgroup_path(items, count, "");
	len = strlen(h->path);
	at = path && strncmp(path, h->path, len) != 0 ? strstr(path, h->path) : path;
	if (!at || at[len] != '/')
		return 0;
	fd = sys_openat2(h->fd, at + len + 1, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0, RESOLVE_HERE);
	if (fd < 0)
		return err_set(e, -fd, "open the cgroup %s of the container's init: %m", path);
	(void)close(h->fd);
	h->fd = fd;
	return 0;
}

static int give(int dirfd, const char *file, uid_t uid, gid_t gid, struct err *e)
{
	if (fchownat(dirfd, file, uid, gid, AT_SYMLINK_NOFOLLOW | (*file ? 0 : AT_EMPTY_PATH)) ==
		    0 ||
	    errno == ENOENT)
		return 0;
	return err_set(e, errno, "give the container its cgroup (%s): %m",
		       *file ? file : "directory");
}

int cgroup_delegate(const struct cgroup *cg, uid_t uid, gid_t gid, struct err *e)
{
	char list[4096];
	int fd = cgroup_clone_fd(cg), r;

	if (fd < 0)
		return 0;
	if (io_read_small(AT_FDCWD, "/sys/kernel/cgroup/delegate", list, sizeof(list)) <= 0)
		(void)snprintf(list, sizeof(list),
			       "cgroup.procs\ncgroup.subtree_control\ncgroup.threads\n");
	r = give(fd, "", uid, gid, e);
	for (char *s = list; *s && r >= 0;) {
		size_t len = strcspn(s, "\n");
		bool more = s[len] == '\n';

		s[len] = '\0';
		if (len > 0 && !strchr(s, '/'))
			r = give(fd, s, uid, gid, e);
		s += len + more;
	}
	return r;
}

void cgroup_close(struct cgroup *cg)
{
	for (size_t i = 0; i < cg->count; i++) {
		if (cg->h[i].fd >= 0)
			(void)close(cg->h[i].fd);
		cg->h[i].fd = -1;
	}
}
