/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/mount.h>
#include <string.h>

#include "base/cleanup.h"
#include "plan/parts.h"

/* The file system of the container: propagation, root, mounts in the order of
 * the configuration, devices, links, console; after the change of root what
 * makes it read-only or hides it.
 *
 * Steps get a copy of the mount in which the destination is clean and inside
 * the root and a bind source is absolute, and a copy of its options. */

enum { DEV_MAJOR_MAX = (1 << 12) - 1, DEV_MINOR_MAX = (1 << 20) - 1 };

/* Relative to the root; no ".", "..", "//"; begins with '/'. */
static const char *clean_path(struct arena *a, const char *path)
{
	char *out = arena_alloc(a, strlen(path) + 2), *end = out;

	while (*path) {
		size_t len;

		path += strspn(path, "/");
		len = strcspn(path, "/");
		if (len == 2 && memcmp(path, "..", 2) == 0) {
			while (end > out && *--end != '/')
				;
		} else if (len > 1 || (len == 1 && *path != '.')) {
			*end++ = '/';
			memcpy(end, path, len);
			end += len;
		}
		path += len;
	}
	if (end == out)
		*end++ = '/';
	*end = '\0';
	return out;
}

static bool path_below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	if (strcmp(dir, "/") == 0)
		return path[1] != '\0';
	return strncmp(path, dir, len) == 0 && path[len] == '/';
}

/* Some callers give the destination as the host sees it. */
static const char *destination(const struct plan *p, struct arena *a, const char *path)
{
	const char *root = p->env.root_path ? clean_path(a, p->env.root_path) : "/";
	const char *dest = clean_path(a, path);

	if (root[1] && path_below(dest, root))
		return dest + strlen(root);
	return dest;
}

static bool in_user_ns(const struct plan *p)
{
	return ((p->new_ns | p->join_ns) & oci_ns_info[OCI_NS_USER].clone_flag) != 0 ||
	       p->env.rootless;
}

/* ---- propagation ---------------------------------------------------------- */

static const struct {
	const char *name;
	uint64_t flags;
} propagations[] = {
	{ "private", MS_PRIVATE },
	{ "rprivate", MS_PRIVATE | MS_REC },
	{ "rshared", MS_SHARED | MS_REC },
	{ "rslave", MS_SLAVE | MS_REC },
	{ "runbindable", MS_UNBINDABLE | MS_REC },
	{ "shared", MS_SHARED },
	{ "slave", MS_SLAVE },
	{ "unbindable", MS_UNBINDABLE },
};

static int root_propagation(const struct plan *p, uint64_t *ret, struct err *e)
{
	const char *name = p->spec->linux_.rootfs_propagation;

	*ret = 0;
	if (!name || !*name)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(propagations); i++)
		if (strcmp(name, propagations[i].name) == 0) {
			*ret = propagations[i].flags;
			return 0;
		}
	return err_set(e, EINVAL, "/linux/rootfsPropagation: unknown value '%s'", name);
}

/* Of the whole tree, so that nothing we mount shows up on the host. "shared" is
 * left to do that: it is the only way for mounts to get from the container to
 * the host. What cannot be bound cannot become the root, so "unbindable" comes
 * last (STEP_ROOT_PROPAGATION). */
static int add_propagation(struct plan *p, struct arena *a, struct err *e)
{
	uint64_t want, flags = MS_SLAVE | MS_REC;
	int r = root_propagation(p, &want, e);

	if (r < 0)
		return r;
	if (want & MS_SHARED)
		flags = want;
	else if (want & (MS_PRIVATE | MS_UNBINDABLE))
		flags = MS_PRIVATE | MS_REC;
	plan_add(p, a, STEP_PROPAGATION, SIDE_CHILD, want ? "/linux/rootfsPropagation" : NULL)
		->propagation.flags = flags;
	return 0;
}

/* ---- mounts --------------------------------------------------------------- */

/* Below /proc only what lxcfs and its like replace: CVE-2019-16884, CVE-2019-19921. */
static const char *const proc_files[] = {
	"/proc/cpuinfo",
	"/proc/diskstats",
	"/proc/loadavg",
	"/proc/meminfo",
	"/proc/net/dev",
	"/proc/slabinfo",
	"/proc/stat",
	"/proc/swaps",
	"/proc/sys/crypto/fips_enabled",
	"/proc/sys/kernel/ns_last_pid",
	"/proc/uptime",
};

static int check_destination(const struct oci_mount *m, const struct mount_opts *o, const char *at,
			     struct err *e)
{
	if (strcmp(m->destination, "/") == 0 && !o->remount)
		return err_set(
			e, EINVAL,
			"%s/destination: '/' is the root itself; nothing can be mounted over it",
			at);
	if (strcmp(m->destination, "/proc") == 0 && !o->bind && !o->remount &&
	    strcmp(m->type, "proc") != 0)
		return err_set(e, EINVAL,
			       "%s/type: '/proc' cannot be mounted because it is not of type proc",
			       at);
	if (!path_below(m->destination, "/proc"))
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(proc_files); i++)
		if (strcmp(m->destination, proc_files[i]) == 0)
			return 0;
	return err_set(e, EINVAL,
		       "%s/destination: '%s' cannot be mounted because it is inside /proc", at,
		       m->destination);
}

static int check_idmap(const struct plan *p, const struct oci_mount *m, const struct mount_opts *o,
		       const char *at, struct err *e)
{
	const struct oci_namespace *user = &p->spec->linux_.ns[OCI_NS_USER];

	if ((m->uid_maps.count == 0) != (m->gid_maps.count == 0))
		return err_set(e, EINVAL, "%s: uidMappings and gidMappings go together", at);
	if (!o->idmap)
		return 0;
	if (!o->bind)
		return err_set(e, EINVAL, "%s: an id-mapped mount must be a bind mount", at);
	if (p->env.rootless)
		return err_set(e, EOPNOTSUPP,
			       "%s: id-mapped mounts of an unprivileged user are not supported yet",
			       at);
	if (m->uid_maps.count == 0 && !user->present)
		return err_set(
			e, EINVAL,
			"%s/options: idmap needs uidMappings and gidMappings where the container has no user namespace",
			at);
	return 0;
}

static bool is_bind_type(const char *type)
{
	return strcmp(type, "bind") == 0 || strcmp(type, "rbind") == 0;
}

static int check_mount(const struct plan *p, const struct oci_mount *m, const struct mount_opts *o,
		       const char *at, struct err *e)
{
	if (o->bind && o->data.count > 0)
		return err_set(
			e, EINVAL,
			"%s/options: '%s': bind mounts cannot have any filesystem-specific options applied",
			at, o->data.items[0]);
	if (o->bind && !o->remount && !*m->source)
		return err_set(e, EINVAL, "%s/source: a bind mount needs one", at);
	if (!o->bind && !o->remount && !*m->type)
		return err_set(e, EINVAL, "%s/type: missing; only a bind mount goes without", at);
	if (o->tmpcopyup && strcmp(m->type, "tmpfs") != 0)
		return err_set(e, EINVAL, "%s/options: tmpcopyup works with tmpfs only", at);
	return check_idmap(p, m, o, at, e);
}

/* "x-systemd.automount" and the like speak to other programs. */
static void drop_foreign(struct arena *a, struct oci_strings *data)
{
	const char **kept = arena_alloc(a, (data->count + 1) * sizeof(*kept));
	size_t n = 0;

	for (size_t i = 0; i < data->count; i++)
		if (strncmp(data->items[i], "x-", 2) != 0)
			kept[n++] = data->items[i];
	data->items = kept;
	data->count = n;
}

static int read_mount(const struct plan *p, struct arena *a, size_t index, struct oci_mount *m,
		      struct mount_opts *o, struct err *e)
{
	const char *at = arena_printf(a, "/mounts/%zu", index);
	int r;

	*m = p->spec->mounts[index];
	if (!m->destination || !*m->destination)
		return err_set(e, EINVAL, "%s/destination: missing", at);
	m->destination = destination(p, a, m->destination);
	m->type = m->type ? m->type : "";
	m->source = m->source ? m->source : "";
	r = mount_opts_parse(&m->options, a, o, e);
	if (r < 0)
		return err_wrap(e, r, "%s/options", at);
	drop_foreign(a, &o->data);
	if (is_bind_type(m->type) && !o->bind && !o->remount) {
		o->bind = true;
		o->bind_rec = m->type[0] == 'r';
	}
	if (o->bind && *m->source && m->source[0] != '/')
		m->source = arena_printf(a, "%s/%s", p->env.bundle, m->source);
	if (!o->bind && !o->remount) { /* nothing is below a new file system yet */
		o->attr_set |= o->rec_attr_set;
		o->attr_clr |= o->rec_attr_clr;
		o->rec_attr_set = o->rec_attr_clr = 0;
	}
	o->idmap = o->idmap || o->idmap_rec || m->uid_maps.count > 0;
	r = check_mount(p, m, o, at, e);
	return r < 0 ? r : check_destination(m, o, at, e);
}

/* Whether something is still made in a new file system after it is mounted. In
 * the kernel's own nothing can be. */
static bool filled_later(const struct plan *p, const struct oci_mount *m, size_t index,
			 struct arena *a)
{
	static const char *const fixed[] = { "cgroup", "cgroup2", "devpts",
					     "mqueue", "proc",    "sysfs" };

	for (size_t i = 0; i < ARRAY_LEN(fixed); i++)
		if (strcmp(m->type, fixed[i]) == 0)
			return false;
	if (strcmp(m->destination, "/dev") == 0 || path_below("/dev", m->destination))
		return true;
	for (size_t i = index + 1; i < p->spec->mounts_count; i++)
		if (p->spec->mounts[i].destination &&
		    path_below(destination(p, a, p->spec->mounts[i].destination), m->destination))
			return true;
	return false;
}

static void add_mount_step(struct plan *p, struct arena *a, const struct oci_mount *m,
			   const struct mount_opts *o, size_t index)
{
	struct step *s = plan_add(p, a, STEP_MOUNT, SIDE_CHILD,
				  arena_printf(a, "/mounts/%zu", index));

	s->mount.mount = m;
	s->mount.opts = o;
	s->mount.index = index;
}

static int add_mounts(struct plan *p, struct arena *a, struct err *e)
{
	for (size_t i = 0; i < p->spec->mounts_count; i++) {
		struct oci_mount *m = ARENA_NEW(a, struct oci_mount);
		struct mount_opts *o = ARENA_NEW(a, struct mount_opts);
		int r = read_mount(p, a, i, m, o, e);

		if (r < 0)
			return r;
		if (!o->bind && !o->remount && (o->attr_set & MOUNT_ATTR_RDONLY) &&
		    filled_later(p, m, i, a))
			o->attr_set &= ~(uint64_t)MOUNT_ATTR_RDONLY; /* add_late_readonly() */
		add_mount_step(p, a, m, o, i);
	}
	return 0;
}

/* The other half of filled_later(): read-only, now that all is in place. */
static int add_late_readonly(struct plan *p, struct arena *a, struct err *e)
{
	static const char *ro[] = { "ro" };

	for (size_t i = 0; i < p->spec->mounts_count; i++) {
		struct oci_mount *m = ARENA_NEW(a, struct oci_mount);
		struct mount_opts *o = ARENA_NEW(a, struct mount_opts);
		int r = read_mount(p, a, i, m, o, e);

		if (r < 0)
			return r;
		if (o->bind || o->remount || !(o->attr_set & MOUNT_ATTR_RDONLY) ||
		    !filled_later(p, m, i, a))
			continue;
		*o = (struct mount_opts){ .remount = true,
					  .bind = true,
					  .attr_set = MOUNT_ATTR_RDONLY };
		m->options = (struct oci_strings){ .items = ro, .count = ARRAY_LEN(ro) };
		add_mount_step(p, a, m, o, i);
	}
	return 0;
}

/* ---- devices -------------------------------------------------------------- */

static const uint32_t mode_all = 0666;
static const struct oci_device default_devices[] = {
	{ 'c', "/dev/null", 1, 3, &mode_all, 0, 0 },
	{ 'c', "/dev/zero", 1, 5, &mode_all, 0, 0 },
	{ 'c', "/dev/full", 1, 7, &mode_all, 0, 0 },
	{ 'c', "/dev/random", 1, 8, &mode_all, 0, 0 },
	{ 'c', "/dev/urandom", 1, 9, &mode_all, 0, 0 },
	{ 'c', "/dev/tty", 5, 0, &mode_all, 0, 0 },
};

static void add_device(struct plan *p, struct arena *a, const struct oci_device *d,
		       const char *pointer)
{
	struct step *s = plan_add(p, a, STEP_DEVICE, SIDE_CHILD, pointer);

	s->device.dev = d;
	s->device.bind = in_user_ns(p) && d->type != 'p';
}

static bool in_spec(const struct plan *p, struct arena *a, const char *path, size_t after)
{
	const struct oci_linux *l = &p->spec->linux_;

	for (size_t i = after; i < l->devices_count; i++)
		if (strcmp(clean_path(a, l->devices[i].path), path) == 0)
			return true;
	return false;
}

static int add_devices(struct plan *p, struct arena *a, struct err *e)
{
	const struct oci_linux *l = &p->spec->linux_;

	for (size_t i = 0; i < ARRAY_LEN(default_devices); i++)
		if (!in_spec(p, a, default_devices[i].path, 0))
			add_device(p, a, &default_devices[i], NULL);
	for (size_t i = 0; i < l->devices_count; i++) {
		struct oci_device *d = arena_dup(a, &l->devices[i], sizeof(*d));

		if (d->type != 'p' && (d->major < 0 || d->major > DEV_MAJOR_MAX))
			return err_set(e, EINVAL,
				       "/linux/devices/%zu/major: %lld is no major number", i,
				       (long long)d->major);
		if (d->type != 'p' && (d->minor < 0 || d->minor > DEV_MINOR_MAX))
			return err_set(e, EINVAL,
				       "/linux/devices/%zu/minor: %lld is no minor number", i,
				       (long long)d->minor);
		if (!strchr("cbup", d->type) || !d->type)
			return err_set(e, EINVAL, "/linux/devices/%zu/type: not one of c, b, u, p",
				       i);
		d->path = clean_path(a, d->path);
		if (!d->path[1])
			return err_set(e, EINVAL, "/linux/devices/%zu/path: '/' is no device", i);
		if (!d->file_mode)
			d->file_mode = &mode_all;
		/* ptmx is a link; of two with one path the last counts */
		if (strcmp(d->path, "/dev/ptmx") != 0 && !in_spec(p, a, d->path, i + 1))
			add_device(p, a, d, arena_printf(a, "/linux/devices/%zu", i));
	}
	return 0;
}

/* What is mounted on a path of /dev, if anything. */
static const struct step *mounted_on(const struct plan *p, const char *path)
{
	for (size_t i = p->count; i-- > 0;)
		if (p->steps[i].kind == STEP_MOUNT && !p->steps[i].mount.opts->remount &&
		    strcmp(p->steps[i].mount.mount->destination, path) == 0)
			return &p->steps[i];
	return NULL;
}

static bool wants_overlay(const struct oci_spec *spec)
{
	const char *v = oci_annotation(spec, OCI_ANNOTATION_OVERLAY);

	return v && strcmp(v, "true") == 0;
}

int plan_mounts_before_pivot(struct plan *p, struct arena *a, struct err *e)
{
	const struct step *dev;
	int r = add_propagation(p, a, e);

	if (r < 0)
		return r;
	plan_add(p, a, STEP_ROOTFS, SIDE_CHILD, "/root/path")->rootfs.overlay =
		wants_overlay(p->spec);
	r = add_mounts(p, a, e);
	if (r < 0)
		return r;
	dev = mounted_on(p, "/dev");
	if (!dev || !dev->mount.opts->bind) { /* the host's own /dev is left as it is */
		r = add_devices(p, a, e);
		if (r < 0)
			return r;
		plan_add(p, a, STEP_DEV_LINKS, SIDE_CHILD, NULL)->num.value =
			mounted_on(p, "/dev/pts") != NULL;
	}
	if (p->process && p->process->terminal)
		plan_add(p, a, STEP_CONSOLE, SIDE_CHILD, "/process/terminal")->process.process =
			p->process;
	return 0;
}

/* ---- after the change of root --------------------------------------------- */

static void add_paths(struct plan *p, struct arena *a, enum step_kind kind, const char *name,
		      const struct oci_strings *paths)
{
	const size_t first = p->count;

	for (size_t i = 0; i < paths->count; i++) {
		const char *path = clean_path(a, paths->items[i]);
		bool seen = false;

		for (size_t k = first; k < p->count && !seen; k++)
			seen = strcmp(p->steps[k].path.path, path) == 0;
		if (!seen)
			plan_add(p, a, kind, SIDE_CHILD, arena_printf(a, "/linux/%s/%zu", name, i))
				->path.path = path;
	}
}

int plan_mounts_after_pivot(struct plan *p, struct arena *a, struct err *e)
{
	uint64_t flags;
	int r = add_late_readonly(p, a, e);

	if (r == 0)
		r = root_propagation(p, &flags, e);
	if (r < 0)
		return r;
	if (p->spec->root.readonly)
		plan_add(p, a, STEP_ROOT_READONLY, SIDE_CHILD, "/root/readonly");
	add_paths(p, a, STEP_READONLY_PATH, "readonlyPaths", &p->spec->linux_.readonly_paths);
	add_paths(p, a, STEP_MASKED_PATH, "maskedPaths", &p->spec->linux_.masked_paths);
	if (flags & (MS_SHARED | MS_UNBINDABLE))
		plan_add(p, a, STEP_ROOT_PROPAGATION, SIDE_CHILD, "/linux/rootfsPropagation")
			->propagation.flags = flags;
	return 0;
}
