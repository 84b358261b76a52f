/* SPDX-License-Identifier: Apache-2.0 */
#include "run/cgroup.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "proc/cgroup.h"
#include "proc/mountinfo.h"
#include "run/cgroup_impl.h"
#include "sys/syscalls.h"

/* What is the same for cgroup v1 and v2: where a container's cgroups are, and
 * the order of making them. */

static const char SYS_FS_CGROUP[] = "/sys/fs/cgroup";
enum { RESOLVE_HERE = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV };

/* Controllers of v1 whose hierarchy a container gets a cgroup in. */
static const char *const v1_controllers[] = {
	"cpuset",     "devices", "memory",  "cpu",     "cpuacct",
	"pids",       "blkio",   "hugetlb", "net_cls", "net_prio",
	"perf_event", "freezer", "rdma",    "misc",    "name=systemd",
};

static bool no_permission(int r)
{
	return r == -EACCES || r == -EPERM || r == -EROFS;
}

/* --- files -------------------------------------------------------------------- */

int cgroup_write(int dirfd, const char *file, const char *text)
{
	autoclose int fd = sys_openat2(dirfd, file, O_WRONLY | O_CLOEXEC, 0, RESOLVE_HERE);
	size_t len = strlen(text);
	ssize_t n;

	if (fd < 0)
		return fd;
	do
		n = write(fd, text, len);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : (size_t)n == len ? 0 : -EIO;
}

ssize_t cgroup_read(int dirfd, const char *file, char *buf, size_t size)
{
	autoclose int fd = sys_openat2(dirfd, file, O_RDONLY | O_CLOEXEC, 0, RESOLVE_HERE);
	size_t len = 0;

	if (fd < 0)
		return fd;
	while (len < size - 1) {
		ssize_t n = read(fd, buf + len, size - 1 - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	buf[len] = '\0';
	return (ssize_t)len;
}

/* Only a directory of the right file system: what we write there is no file of
 * somebody's who mounted over it. */
int cgroup_open_dir(const struct cgroup_hierarchy *h, int dirfd, const char *path)
{
	autoclose int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;

	if (fd < 0)
		return -errno;
	if (fstatfs(fd, &fs) < 0)
		return -errno;
	if ((uint64_t)fs.f_type != (h->v2 ? CGROUP2_SUPER_MAGIC : CGROUP_SUPER_MAGIC))
		return -EXDEV;
	return take_fd(fd);
}

int cgroup_open_parent(const struct cgroup_hierarchy *h, const char **ret_leaf)
{
	const char *slash = strrchr(h->path, '/');
	autoclose int root = cgroup_open_dir(h, AT_FDCWD, h->mount_point);
	char parent[PATH_MAX];
	int fd;

	if (root < 0)
		return root;
	assert(slash);
	*ret_leaf = slash + 1;
	if (slash == h->path)
		return take_fd(root);
	if ((size_t)(slash - h->path) > sizeof(parent))
		return -ENAMETOOLONG;
	memcpy(parent, h->path + 1, (size_t)(slash - h->path - 1));
	parent[slash - h->path - 1] = '\0';
	fd = sys_openat2(root, parent, O_PATH | O_DIRECTORY | O_CLOEXEC, 0, RESOLVE_HERE);
	return fd;
}

/* --- finding -------------------------------------------------------------------- */

char *cgroup_clean_path(struct arena *a, const char *path)
{
	char *out = arena_alloc(a, strlen(path) + 2);
	size_t n = 0;

	for (const char *s = path; *s;) {
		size_t len = strcspn(s, "/");

		if (len == 2 && memcmp(s, "..", 2) == 0) {
			while (n > 0 && out[--n] != '/')
				;
		} else if (len > 0 && !(len == 1 && *s == '.')) {
			out[n++] = '/';
			memcpy(out + n, s, len);
			n += len;
		}
		s += len + (s[len] == '/');
	}
	if (n == 0)
		out[n++] = '/';
	out[n] = '\0';
	return out;
}

static bool wanted(const struct proc_mount *m)
{
	for (size_t i = 0; i < ARRAY_LEN(v1_controllers); i++)
		if (proc_mount_has_option(m->super_options, v1_controllers[i]))
			return true;
	return false;
}

/* "rw,xattr,cpu,cpuacct" -> "cpu,cpuacct" */
static const char *controllers_of(const struct proc_mount *m, struct arena *a)
{
	char *out = arena_alloc(a, strlen(m->super_options) + 1);
	size_t n = 0;

	for (const char *s = m->super_options; *s;) {
		size_t len = strcspn(s, ",");
		char *word = arena_strndup(a, s, len);

		for (size_t i = 0; i < ARRAY_LEN(v1_controllers); i++) {
			if (strcmp(word, v1_controllers[i]) != 0)
				continue;
			if (n > 0)
				out[n++] = ',';
			memcpy(out + n, word, len);
			n += len;
		}
		s += len + (s[len] == ',');
	}
	return out;
}

static bool below_sys(const char *mount_point)
{
	size_t n = strlen(SYS_FS_CGROUP);

	return strncmp(mount_point, SYS_FS_CGROUP, n) == 0 &&
	       (mount_point[n] == '/' || mount_point[n] == '\0');
}

static int take_mount(const struct proc_mount *m, bool (*visible)(const struct proc_mount *m),
		      struct arena *a, struct cgroup *cg, const char **roots)
{
	bool v2 = strcmp(m->fs, "cgroup2") == 0;
	const char *controllers;

	if (!v2 && (strcmp(m->fs, "cgroup") != 0 || !wanted(m)))
		return 0;
	controllers = v2 ? "" : controllers_of(m, a);
	for (size_t i = 0; i < cg->count; i++)
		if (cg->h[i].v2 == v2 && strcmp(cg->h[i].controllers, controllers) == 0)
			return 0;
	if (!visible(m))
		return 0;
	if (cg->count >= CGROUP_HIERARCHIES_MAX)
		return -E2BIG;
	roots[cg->count] = m->root;
	cg->h[cg->count++] = (struct cgroup_hierarchy){
		.controllers = controllers, .mount_point = m->mount_point, .v2 = v2, .fd = -1
	};
	return 0;
}

int cgroup_hierarchies(const struct proc_mount *mounts, size_t count,
		       bool (*visible)(const struct proc_mount *m), struct arena *a,
		       struct cgroup *cg, const char **roots)
{
	bool v1 = false, v2 = false;

	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < count; i++) {
			int r = 0;

			if (below_sys(mounts[i].mount_point) == (pass == 0))
				r = take_mount(&mounts[i], visible, a, cg, roots);
			if (r < 0)
				return r;
		}
	for (size_t i = 0; i < cg->count; i++) {
		v1 = v1 || (!cg->h[i].v2 && strcmp(cg->h[i].controllers, "name=systemd") != 0);
		v2 = v2 || cg->h[i].v2;
	}
	cg->mode = v1 && v2 ? CGROUP_HYBRID : v1 ? CGROUP_V1 : v2 ? CGROUP_V2 : CGROUP_NONE;
	return 0;
}

/* The caller's own cgroup, as a path below the mount point. A mount of which we
 * see another part than the one we are in counts as its own root. */
static const char *own_path(const struct cgroup_hierarchy *h, const char *root,
			    const struct proc_cgroup *own, size_t count, struct arena *a)
{
	const char *first = arena_strndup(a, h->controllers, strcspn(h->controllers, ","));
	const char *path = proc_cgroup_path(own, count, h->v2 ? "" : first);
	size_t n = strlen(root);

	if (!path || strncmp(path, "/..", 3) == 0)
		return "/";
	if (strcmp(root, "/") == 0)
		return path;
	if (strncmp(path, root, n) == 0 && (path[n] == '/' || path[n] == '\0'))
		return path[n] ? path + n : "/";
	return "/";
}

int cgroup_paths(struct cgroup *cg, const char *const *roots, const char *id,
		 const char *cgroups_path, const struct proc_cgroup *own, size_t own_count,
		 struct arena *a, struct err *e)
{
	bool absolute = cgroups_path && cgroups_path[0] == '/';
	const char *inner = cgroup_clean_path(a, cgroups_path ? cgroups_path : id);

	if (strcmp(inner, "/") == 0)
		return err_set(e, EINVAL,
			       "/linux/cgroupsPath: must not be the root of the hierarchy");
	if (strpbrk(inner, "\n"))
		return err_set(e, EINVAL, "/linux/cgroupsPath: must not have a line break");
	for (size_t i = 0; i < cg->count; i++) {
		struct cgroup_hierarchy *h = &cg->h[i];
		const char *base = absolute ? "" : own_path(h, roots[i], own, own_count, a);

		/* Beside our own in v2: a cgroup with processes, as ours, can give its
		 * children no controllers. */
		h->path = cgroup_clean_path(
			a, arena_printf(a, "%s%s%s", base, !absolute && h->v2 ? "/.." : "", inner));
		if (strlen(h->path) + strlen(h->mount_point) >= PATH_MAX)
			return err_set(e, ENAMETOOLONG, "/linux/cgroupsPath: too long");
		if (!cg->path || h->v2 ||
		    (cg->mode == CGROUP_V1 && proc_mount_has_option(h->controllers, "devices")))
			cg->path = h->path;
	}
	return 0;
}

/* A mount may lie below a later one; then its path leads elsewhere. */
static bool is_visible(const struct proc_mount *m)
{
	struct stat st;

	return stat(m->mount_point, &st) == 0 && major(st.st_dev) == m->major &&
	       minor(st.st_dev) == m->minor;
}

/* On most hosts this answers all: mountinfo has a line for every mount there is,
 * which with a few thousand of them costs more than all the rest. */
static bool only_v2(struct cgroup *cg, const char **roots)
{
	struct statfs fs;

	if (statfs(SYS_FS_CGROUP, &fs) < 0 || fs.f_type != CGROUP2_SUPER_MAGIC)
		return false;
	cg->mode = CGROUP_V2;
	cg->count = 1;
	cg->h[0] = (struct cgroup_hierarchy){
		.controllers = "", .mount_point = SYS_FS_CGROUP, .v2 = true, .fd = -1
	};
	roots[0] = "/";
	return true;
}

static int find_mounts(struct cgroup *cg, const char **roots, struct arena *a, struct err *e)
{
	struct proc_mount *mounts;
	size_t count, len;
	char *text;
	int r = io_read_at(AT_FDCWD, "/proc/self/mountinfo", IO_FILE_MAX, a, &text, &len);

	if (r < 0)
		return err_set(e, -r, "read /proc/self/mountinfo: %m");
	r = proc_mountinfo_parse(text, len, a, &mounts, &count);
	if (r >= 0)
		r = cgroup_hierarchies(mounts, count, is_visible, a, cg, roots);
	return r < 0 ? err_set(e, -r, "find the cgroup hierarchies in /proc/self/mountinfo: %m")
		     : 0;
}

int cgroup_find(const char *id, const char *cgroups_path, bool disabled, bool rootless,
		struct arena *a, struct cgroup *ret, struct err *e)
{
	struct cgroup cg = { .mode = CGROUP_NONE, .disabled = disabled, .rootless = rootless };
	const char *roots[CGROUP_HIERARCHIES_MAX];
	struct proc_cgroup *own = NULL;
	size_t own_count = 0, len;
	char *text;
	int r;

	if (cgroups_path && !*cgroups_path)
		cgroups_path = NULL;
	cg.demanded = cgroups_path != NULL;
	if (disabled) {
		*ret = cg;
		return 0;
	}
	r = only_v2(&cg, roots) ? 0 : find_mounts(&cg, roots, a, e);
	if (r < 0)
		return r;
	if (cg.count > 0 && !(cgroups_path && cgroups_path[0] == '/')) {
		r = io_read_at(AT_FDCWD, "/proc/self/cgroup", IO_FILE_MAX, a, &text, &len);
		if (r >= 0)
			r = proc_cgroup_parse(text, len, a, &own, &own_count);
		if (r < 0)
			return err_set(e, -r, "read /proc/self/cgroup: %m");
	}
	r = cgroup_paths(&cg, roots, id, cgroups_path, own, own_count, a, e);
	if (r < 0)
		return r;
	*ret = cg;
	return 0;
}

struct cgroup_hierarchy *cgroup_v1_of(struct cgroup *cg, const char *controller)
{
	for (size_t i = 0; i < cg->count; i++)
		if (!cg->h[i].v2 && cg->h[i].fd >= 0 &&
		    proc_mount_has_option(cg->h[i].controllers, controller))
			return &cg->h[i];
	return NULL;
}

struct cgroup_hierarchy *cgroup_v2_of(struct cgroup *cg)
{
	for (size_t i = 0; i < cg->count; i++)
		if (cg->h[i].v2 && cg->h[i].fd >= 0)
			return &cg->h[i];
	return NULL;
}

struct cgroup_hierarchy *cgroup_main(struct cgroup *cg)
{
	static const char *const order[] = { "freezer", "devices", "pids", "memory" };
	struct cgroup_hierarchy *h = cgroup_v2_of(cg);

	for (size_t i = 0; i < ARRAY_LEN(order) && !h; i++)
		h = cgroup_v1_of(cg, order[i]);
	for (size_t i = 0; i < cg->count && !h; i++)
		if (cg->h[i].fd >= 0)
			h = &cg->h[i];
	return h;
}

/* --- making --------------------------------------------------------------------- */

static void undo(struct cgroup *cg, const unsigned int *parents)
{
	for (size_t i = 0; i < cg->count; i++) {
		struct cgroup_hierarchy *h = &cg->h[i];
		unsigned int left = parents[i];
		autoclose int root = -1;
		char path[PATH_MAX];

		if (h->fd >= 0)
			(void)close(h->fd);
		h->fd = -1;
		if (!h->made && left == 0)
			continue;
		root = cgroup_open_dir(h, AT_FDCWD, h->mount_point);
		(void)snprintf(path, sizeof(path), "%s", h->path + 1);
		if (root >= 0 && h->made)
			(void)unlinkat(root, path, AT_REMOVEDIR);
		h->made = false;
		/* Above it, what we made: what is not there was not reached. */
		for (char *slash; root >= 0 && left > 0 && (slash = strrchr(path, '/'));) {
			*slash = '\0';
			if (unlinkat(root, path, AT_REMOVEDIR) == 0)
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

static int limits(struct cgroup *cg, const struct oci_resources *res, struct arena *a,
		  struct err *e)
{
	struct cgroup_hierarchy *cpuset = cgroup_v1_of(cg, "cpuset");
	struct limit_out demand;
	int r;

	if (cg->mode == CGROUP_NONE && res && cgroup_limits_demand(res, &demand)) {
		err_set(e, EOPNOTSUPP, "%s: no cgroup hierarchy can be used", demand.pointer);
		if (cg->rootless)
			err_hint(
				e,
				"rootless needs no limits + no cgrouppath when no permission is granted for cgroups");
		return -EOPNOTSUPP;
	}
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

int cgroup_enter_sub(struct cgroup *cg, const char *sub, struct err *e)
{
	for (size_t i = 0; i < cg->count; i++) {
		struct cgroup_hierarchy *h = &cg->h[i];
		int fd;

		while (*sub == '/')
			sub++;
		if (h->fd < 0 || !*sub)
			continue;
		fd = sys_openat2(h->fd, sub, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0, RESOLVE_HERE);
		if (fd < 0)
			return err_set(e, -fd, "open the cgroup %s below %s%s: %m", sub,
				       h->mount_point, h->path);
		(void)close(h->fd);
		h->fd = fd;
	}
	return 0;
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
	/* Our path may lack what is above the mount's root: find it as the end of
	 * what is above the sub-cgroup. */
	path = proc_cgroup_path(items, count, "");
	len = strlen(h->path);
	at = path ? strstr(path, h->path) : NULL;
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
