/* SPDX-License-Identifier: Apache-2.0 */
#include "run/cgroup_impl.h"

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
#include "sys/syscalls.h"

/* Where a container's cgroups are, and how their files are reached. */

static const char SYS_FS_CGROUP[] = "/sys/fs/cgroup";
enum { RESOLVE_HERE = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV };

/* Controllers of v1 whose hierarchy a container gets a cgroup in. */
static const char *const v1_controllers[] = {
	"cpuset",     "devices", "memory",  "cpu",     "cpuacct",
	"pids",       "blkio",   "hugetlb", "net_cls", "net_prio",
	"perf_event", "freezer", "rdma",    "misc",    "name=systemd",
};

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

/* One read: what is asked for here is shown in one piece (unlike cgroup.procs). */
ssize_t cgroup_read(int dirfd, const char *file, char *buf, size_t size)
{
	autoclose int fd = sys_openat2(dirfd, file, O_RDONLY | O_CLOEXEC, 0, RESOLVE_HERE);
	ssize_t n;

	if (fd < 0)
		return fd;
	do
		n = read(fd, buf, size - 1);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	buf[n] = '\0';
	return n;
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

/* Mostly short, and then read without asking for its size. */
static int own_cgroups(struct arena *a, char **ret, size_t *ret_len)
{
	char buf[4096];
	ssize_t n = io_read_small(AT_FDCWD, "/proc/self/cgroup", buf, sizeof(buf));

	if (n < 0)
		return io_read_at(AT_FDCWD, "/proc/self/cgroup", IO_FILE_MAX, a, ret, ret_len);
	*ret = arena_strndup(a, buf, (size_t)n);
	*ret_len = (size_t)n;
	return 0;
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
		r = own_cgroups(a, &text, &len);
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
