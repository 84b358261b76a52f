/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts of type "cgroup": what that means depends on the host. */
#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "base/cleanup.h"
#include "run/later.h"
#include "run/mnt.h"
#include "sys/mountapi.h"
#include "sys/syscalls.h"

#define HOST_CGROUPS "/sys/fs/cgroup"

static bool own_namespace(const struct ctx *c)
{
	return c->spec->linux_.ns[OCI_NS_CGROUP].present;
}

static bool read_only(const struct step *s)
{
	return s->mount.opts->attr_set & MOUNT_ATTR_RDONLY;
}

static int mount_v2(const struct step *s, struct err *e)
{
	autolater int fs = mountapi_open("cgroup2", e);
	int r = fs < 0 ? fs : mountapi_set(fs, "source", "cgroup", e);

	for (size_t i = 0; i < s->mount.opts->data.count && r == 0; i++)
		r = mountapi_set_option(fs, s->mount.opts->data.items[i], e);
	return r < 0 ? r : mountapi_mount(fs, s->mount.opts->attr_set, e);
}

/* "cpu,cpuacct" or "name=systemd", as options of a version 1 hierarchy. */
static int set_controllers(int fs, const char *list, struct err *e)
{
	char one[128];
	int r = 0;

	if (strncmp(list, "name=", 5) == 0)
		r = mountapi_set(fs, "none", NULL, e);
	while (*list && r == 0) {
		size_t len = strcspn(list, ",");

		if (len >= sizeof(one))
			return err_set(e, E2BIG, "controller %.64s: %m", list);
		memcpy(one, list, len);
		one[len] = '\0';
		r = mountapi_set_option(fs, one, e);
		list += len + (list[len] == ',');
	}
	return r;
}

static int mount_v1(const struct step *s, const struct cgroup_hierarchy *h, struct err *e)
{
	autolater int fs = mountapi_open("cgroup", e);
	int r = fs < 0 ? fs : mountapi_set(fs, "source", "cgroup", e);

	if (r == 0)
		r = set_controllers(fs, h->controllers, e);
	return r < 0 ? r : mountapi_mount(fs, s->mount.opts->attr_set, e);
}

static int bind_cgroup(struct ctx *c, const struct step *s, const struct cgroup_hierarchy *h,
		       struct err *e)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s%s", h->mount_point, h->path);

	if (n < 0 || (size_t)n >= sizeof(path))
		return err_set(e, ENAMETOOLONG, "%s: %m", h->mount_point);
	return mnt_bind_tree(c, s, path, false, e);
}

/* Inside a cgroup namespace a new mount shows it; without one, or where the
 * kernel refuses, the container's own directory is bound. */
static int hierarchy_tree(struct ctx *c, const struct step *s, const struct cgroup_hierarchy *h,
			  struct err *e)
{
	struct err first = { 0 };
	int r;

	if (!own_namespace(c))
		return bind_cgroup(c, s, h, e);
	r = h->v2 ? mount_v2(s, &first) : mount_v1(s, h, &first);
	if (r >= 0)
		return r;
	if (r == -EPERM || r == -EBUSY)
		return bind_cgroup(c, s, h, e);
	return err_set(e, -r, "cgroup hierarchy %s: %s", h->mount_point, first.msg);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* cpu -> cpu,cpuacct */
static int add_links(int dir, const struct cgroup_hierarchy *h, const char *name, struct err *e)
{
	const char *list = h->v2 || strncmp(h->controllers, "name=", 5) == 0 ? "" : h->controllers;
	char one[128];

	while (*list) {
		size_t len = strcspn(list, ",");

		if (len < sizeof(one)) {
			memcpy(one, list, len);
			one[len] = '\0';
			if (strcmp(one, name) != 0 && symlinkat(name, dir, one) < 0 &&
			    errno != EEXIST)
				return err_set(e, errno, "make the link %s: %m", one);
		}
		list += len + (list[len] == ',');
	}
	return 0;
}

static int add_hierarchy(struct ctx *c, const struct step *s, int dir,
			 const struct cgroup_hierarchy *h, struct err *e)
{
	const char *name = base_name(h->mount_point);
	autolater int tree = hierarchy_tree(c, s, h, e);
	int r;

	if (tree < 0)
		return tree;
	if (mkdirat(dir, name, 0755) < 0 && errno != EEXIST)
		return err_set(e, errno, "make the directory %s: %m", name);
	r = mountapi_attach_at(tree, dir, name);
	if (r < 0)
		return err_set(e, -r, "attach to %s/%s: %m", s->mount.mount->destination, name);
	return add_links(dir, h, name, e);
}

/* Version 1 and the hybrid: a tmpfs with one directory for each hierarchy. */
static int mount_many(struct ctx *c, const struct step *s, int target, struct err *e)
{
	autolater int fs = mountapi_open("tmpfs", e), tmpfs = -1;
	int r = fs < 0 ? fs : mountapi_set(fs, "source", "tmpfs", e);

	if (r == 0)
		r = mountapi_set(fs, "mode", "755", e);
	if (r < 0)
		return r;
	tmpfs = mountapi_mount(fs, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, e);
	if (tmpfs < 0)
		return take_fd(tmpfs);
	r = mnt_attach(s, tmpfs, target, e);
	for (size_t i = 0; i < c->cgroup.count && r == 0; i++)
		r = add_hierarchy(c, s, tmpfs, &c->cgroup.h[i], e);
	if (r < 0 || !read_only(s))
		return r;
	r = mountapi_setattr(tmpfs, false, MOUNT_ATTR_RDONLY, 0, 0);
	return r < 0 ? err_set(e, -r, "make %s read-only: %m", s->mount.mount->destination) : 0;
}

/* The container has no cgroup of its own: it sees the host's, to read only. */
static int mount_hosts(const struct step *s, int target, struct err *e)
{
	autolater int tree = mountapi_clone(AT_FDCWD, HOST_CGROUPS, true, true);
	const uint64_t set = (s->mount.opts->attr_set & MOUNT_ATTR_ACCESS) | MOUNT_ATTR_RDONLY;
	int r;

	if (tree < 0)
		return err_set(e, -tree, HOST_CGROUPS " of the host: %m");
	r = mountapi_setattr(tree, true, set, 0, 0);
	if (r < 0)
		return err_set(e, -r, "make " HOST_CGROUPS " read-only: %m");
	return mnt_attach(s, tree, target, e);
}

/* Version 2. Where a mount is refused (a user namespace without a cgroup
 * namespace): the container's directory if it has a namespace that says so, else
 * the whole tree, in which /proc/self/cgroup names its place. */
static int mount_unified(struct ctx *c, const struct step *s, int target, struct err *e)
{
	struct err first = { 0 };
	autolater int tree = mount_v2(s, &first);

	if (tree == -EPERM || tree == -EBUSY) {
		if (own_namespace(c) && c->cgroup.count > 0)
			tree = bind_cgroup(c, s, &c->cgroup.h[0], e);
		else
			tree = mnt_bind_tree(c, s, HOST_CGROUPS, true, e);
	} else if (tree < 0) {
		return err_set(e, -tree, "%s", first.msg);
	}
	return tree < 0 ? take_fd(tree) : mnt_attach(s, tree, target, e);
}

int mnt_cgroup(struct ctx *c, const struct step *s, struct err *e)
{
	bool made;
	autolater int target = mnt_target(c, s, false, &made, e);
	struct statfs host;

	if (target < 0)
		return target;
	switch (c->cgroup.mode) {
	case CGROUP_V2: return mount_unified(c, s, target, e);
	case CGROUP_V1:
	case CGROUP_HYBRID:
		if (c->cgroup.count > 0)
			return mount_many(c, s, target, e);
		break;
	case CGROUP_NONE: break;
	}
	if (statfs(HOST_CGROUPS, &host) == 0 && host.f_type == CGROUP2_SUPER_MAGIC &&
	    own_namespace(c))
		return mount_unified(c, s, target, e);
	return mount_hosts(s, target, e);
}
