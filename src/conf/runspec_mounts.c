/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "conf/runspec_impl.h"

/* The system's own mounts, then those that hide (runspec_root.c), then the
 * user's with the shorter paths first, so that none covers another one. */

enum { TTY_GROUP = 5 }; /* Debian's and most others' group of terminals */

/* ---- the user's ------------------------------------------------------------- */

static int bad(struct run_build *b, const char *option, const char *value, const char *what)
{
	return err_set(b->e, EINVAL, "option --%s '%.128s': %s", option, value, what);
}

/* Where something may be mounted. */
static int destination(struct run_build *b, const char *option, const char *value, const char *path,
		       const char **ret)
{
	*ret = run_clean(b->a, path);
	if (!*ret)
		return bad(b, option, value,
			   "the path in the container must be absolute and without '..'");
	if (strcmp(*ret, "/") == 0)
		return bad(b, option, value, "'/' in the container is the root itself");
	return 0;
}

static int source(struct run_build *b, const char *option, const char *value, const char *path,
		  const char **ret)
{
	if (!*path)
		return bad(b, option, value, "the source is empty");
	if (*path == '/') {
		*ret = path;
		return 0;
	}
	if (!strchr(path, '/') && strcmp(path, ".") != 0 && strcmp(path, "..") != 0) {
		(void)bad(b, option, value, "named volumes are not supported yet");
		err_hint(b->e, "for a directory write ./%.128s", path);
		return -EINVAL;
	}
	if (!b->f->cwd)
		return bad(b, option, value, "the working directory is not known");
	*ret = arena_printf(b->a, "%s/%s", strcmp(b->f->cwd, "/") == 0 ? "" : b->f->cwd, path);
	return 0;
}

static const char *const propagations[] = { "shared", "rshared", "slave",
					    "rslave", "private", "rprivate" };

static bool is_propagation(const char *word)
{
	for (size_t i = 0; i < ARRAY_LEN(propagations); i++)
		if (strcmp(word, propagations[i]) == 0)
			return true;
	return false;
}

struct volume {
	bool read_only, read_only_shallow, shallow;
	const char *propagation;
	struct oci_strings more;
};

/* A word of -v's third part. SELinux labels (z, Z) and the consistency of other
 * systems have no effect where there is nothing to label. */
static bool volume_word(struct run_build *b, const char *w, struct volume *v)
{
	static const char *const idle[] = { "z",         "Z",          "nocopy", "cached",
					    "delegated", "consistent", "rbind" };
	static const char *const attributes[] = { "nosuid", "suid", "nodev",  "dev",
						  "noexec", "exec", "noatime" };

	if (strcmp(w, "ro") == 0 || strcmp(w, "readonly") == 0 || strcmp(w, "rro") == 0) {
		v->read_only = true;
	} else if (strcmp(w, "rw") == 0) {
		v->read_only = false;
	} else if (strcmp(w, "bind") == 0) {
		v->shallow = true;
	} else if (is_propagation(w)) {
		v->propagation = w;
	} else {
		for (size_t i = 0; i < ARRAY_LEN(attributes); i++)
			if (strcmp(w, attributes[i]) == 0) {
				run_push(b->a, &v->more, w);
				return true;
			}
		for (size_t i = 0; i < ARRAY_LEN(idle); i++)
			if (strcmp(w, idle[i]) == 0)
				return true;
		return false;
	}
	return true;
}

/* Read-only means with all that is mounted below (mount_setattr, 5.12). */
static void add_bind(struct run_build *b, const char *src, const char *dst, const struct volume *v,
		     struct oci_spec *list)
{
	struct oci_mount m = { .destination = dst, .type = "bind", .source = src };

	run_push(b->a, &m.options, v->shallow ? "bind" : "rbind");
	run_push(b->a, &m.options, v->propagation ? v->propagation : "rprivate");
	for (size_t i = 0; i < v->more.count; i++)
		run_push(b->a, &m.options, v->more.items[i]);
	if (v->read_only) {
		run_push(b->a, &m.options, "ro");
		if (!v->read_only_shallow && !v->shallow)
			run_push(b->a, &m.options, "rro");
	}
	run_mount_add(list, b->a, &m);
}

static int add_volume(struct run_build *b, const char *value, struct oci_spec *list)
{
	const char *colon = strchr(value, ':'), *second, *src, *dst;
	struct volume v = { 0 };
	struct oci_strings words;
	int r;

	if (!colon) {
		(void)bad(b, "volume", value, "volumes without a source are not supported yet");
		err_hint(b->e, "use --tmpfs, or SRC:DST");
		return -EINVAL;
	}
	second = strchr(colon + 1, ':');
	if (second && strchr(second + 1, ':'))
		return bad(b, "volume", value,
			   "more than three parts; a path with a colon goes with --mount");
	r = source(b, "volume", value, arena_strndup(b->a, value, (size_t)(colon - value)), &src);
	if (r == 0)
		r = destination(
			b, "volume", value,
			second ? arena_strndup(b->a, colon + 1, (size_t)(second - colon - 1))
			       : colon + 1,
			&dst);
	words = run_words(b->a, second ? second + 1 : NULL, ',');
	for (size_t i = 0; r == 0 && i < words.count; i++)
		if (!volume_word(b, words.items[i], &v))
			r = err_set(b->e, EINVAL,
				    "option --volume '%.128s': unknown option '%.32s'", value,
				    words.items[i]);
	if (r == 0)
		add_bind(b, src, dst, &v, list);
	return r;
}

/* One field of a line of comma-separated values; "..." may hold commas, "" is a quote. */
static const char *csv_field(struct arena *a, const char **text)
{
	char *out = arena_alloc(a, strlen(*text) + 1), *end = out;
	const char *s = *text;
	bool quoted = *s == '"';

	if (quoted)
		s++;
	while (*s && (quoted || *s != ',')) {
		if (quoted && *s == '"') {
			if (s[1] != '"') {
				quoted = false;
				s++;
				continue;
			}
			s++;
		}
		*end++ = *s++;
	}
	*end = '\0';
	*text = *s ? s + 1 : s;
	return quoted ? NULL : out;
}

enum mount_type { MOUNT_UNSET, MOUNT_BIND, MOUNT_TMPFS };

struct mount_arg {
	enum mount_type type;
	const char *src, *dst, *size, *mode;
	struct volume v;
};

static int mount_type(struct run_build *b, const char *value, const char *v, struct mount_arg *m)
{
	if (strcmp(v, "bind") == 0)
		m->type = MOUNT_BIND;
	else if (strcmp(v, "tmpfs") == 0)
		m->type = MOUNT_TMPFS;
	else
		return bad(b, "mount", value,
			   "the type must be bind or tmpfs; others are not supported yet");
	return 0;
}

static int mount_recursive(struct run_build *b, const char *value, const char *v,
			   struct mount_arg *m)
{
	if (strcmp(v, "disabled") == 0)
		m->v.shallow = true;
	else if (strcmp(v, "writable") == 0)
		m->v.read_only_shallow = true;
	else if (strcmp(v, "enabled") != 0 && strcmp(v, "readonly") != 0)
		return bad(b, "mount", value,
			   "bind-recursive is enabled, disabled, writable or readonly");
	return 0;
}

static bool one_of(const char *key, const char *x, const char *y, const char *z)
{
	return strcmp(key, x) == 0 || (y && strcmp(key, y) == 0) || (z && strcmp(key, z) == 0);
}

/* v is NULL for a bare word. */
static int mount_key(struct run_build *b, const char *value, const char *key, const char *v,
		     struct mount_arg *m)
{
	int64_t size;
	uint32_t mode;

	if (one_of(key, "readonly", "ro", NULL))
		return run_bool(v, &m->v.read_only) < 0
			       ? bad(b, "mount", value, "readonly is true or false")
			       : 0;
	if (one_of(key, "bind-nonrecursive", NULL, NULL))
		return run_bool(v, &m->v.shallow) < 0
			       ? bad(b, "mount", value, "bind-nonrecursive is true or false")
			       : 0;
	if (!v)
		return err_set(b->e, EINVAL, "option --mount '%.128s': '%.32s' is no key=value",
			       value, key);
	if (one_of(key, "type", NULL, NULL))
		return mount_type(b, value, v, m);
	if (one_of(key, "bind-recursive", NULL, NULL))
		return mount_recursive(b, value, v, m);
	if (one_of(key, "source", "src", NULL)) {
		m->src = v;
	} else if (one_of(key, "target", "dst", "destination")) {
		m->dst = v;
	} else if (one_of(key, "bind-propagation", NULL, NULL)) {
		if (!is_propagation(v))
			return bad(b, "mount", value, "unknown bind-propagation");
		m->v.propagation = v;
	} else if (one_of(key, "tmpfs-size", NULL, NULL)) {
		if (num_size(v, &size) < 0 || size < 0)
			return bad(b, "mount", value, "tmpfs-size is not a size such as 64m");
		m->size = arena_printf(b->a, "size=%" PRId64, size);
	} else if (one_of(key, "tmpfs-mode", NULL, NULL)) {
		if (num_octal(v, &mode) < 0)
			return bad(b, "mount", value,
				   "tmpfs-mode is not an octal number such as 1777");
		m->mode = arena_printf(b->a, "mode=%o", mode);
	} else if (!one_of(key, "consistency", NULL, NULL)) {
		return err_set(b->e, EINVAL, "option --mount '%.128s': unknown key '%.32s'", value,
			       key);
	}
	return 0;
}

static void add_tmpfs_mount(struct run_build *b, const char *dst, const struct mount_arg *arg,
			    struct oci_spec *list)
{
	struct oci_mount m = { .destination = dst, .type = "tmpfs", .source = "tmpfs" };

	m.options = run_words(b->a, "nosuid,nodev,noexec", ',');
	run_push(b->a, &m.options, arg->mode ? arg->mode : "mode=1777");
	if (arg->size)
		run_push(b->a, &m.options, arg->size);
	if (arg->v.read_only)
		run_push(b->a, &m.options, "ro");
	run_mount_add(list, b->a, &m);
}

static int add_mount(struct run_build *b, const char *value, struct oci_spec *list)
{
	struct mount_arg m = { 0 };
	const char *rest = value, *src = NULL, *dst;
	int r = 0;

	while (r == 0 && *rest) {
		const char *field = csv_field(b->a, &rest), *eq;

		if (!field)
			return bad(b, "mount", value, "a quote is not closed");
		eq = strchr(field, '=');
		r = mount_key(b, value,
			      eq ? arena_strndup(b->a, field, (size_t)(eq - field)) : field,
			      eq ? eq + 1 : NULL, &m);
	}
	if (r < 0)
		return r;
	if (m.type == MOUNT_UNSET)
		return bad(b, "mount", value, "there is no type=bind or type=tmpfs");
	if (!m.dst)
		return bad(b, "mount", value, "there is no dst=PATH");
	r = destination(b, "mount", value, m.dst, &dst);
	if (r < 0)
		return r;
	if (m.type == MOUNT_BIND && (m.size || m.mode))
		return bad(b, "mount", value, "tmpfs-size and tmpfs-mode are for type=tmpfs");
	if (m.type == MOUNT_TMPFS && (m.src || m.v.propagation || m.v.shallow))
		return bad(b, "mount", value, "a source and bind-* are for type=bind");
	if (m.type == MOUNT_TMPFS) {
		add_tmpfs_mount(b, dst, &m, list);
		return 0;
	}
	if (!m.src)
		return bad(b, "mount", value, "there is no src=PATH");
	r = source(b, "mount", value, m.src, &src);
	if (r == 0)
		add_bind(b, src, dst, &m.v, list);
	return r;
}

static int add_tmpfs(struct run_build *b, const char *value, struct oci_spec *list)
{
	const char *colon = strchr(value, ':'), *dst;
	struct oci_mount m = { .type = "tmpfs", .source = "tmpfs" };
	struct oci_strings words = run_words(b->a, colon ? colon + 1 : NULL, ',');
	int r = destination(b, "tmpfs", value,
			    colon ? arena_strndup(b->a, value, (size_t)(colon - value)) : value,
			    &dst);

	if (r < 0)
		return r;
	m.destination = dst;
	m.options = run_words(b->a, "nosuid,nodev,noexec,mode=1777", ',');
	for (size_t i = 0; i < words.count; i++)
		run_push(b->a, &m.options, words.items[i]);
	run_mount_add(list, b->a, &m);
	return 0;
}

static size_t depth(const char *path)
{
	size_t n = 0;

	for (; *path; path++)
		n += *path == '/';
	return n;
}

/* Insertion sort: stable, and there are few. */
static void sort_by_depth(struct oci_spec *list)
{
	for (size_t i = 1; i < list->mounts_count; i++) {
		struct oci_mount m = list->mounts[i];
		size_t k = i;

		for (; k > 0 && depth(list->mounts[k - 1].destination) > depth(m.destination); k--)
			list->mounts[k] = list->mounts[k - 1];
		list->mounts[k] = m;
	}
}

static int user_mounts(struct run_build *b, struct oci_spec *list)
{
	const struct run_opts *o = b->o;
	int r = 0;

	for (size_t i = 0; r == 0 && i < o->volumes.count; i++)
		r = add_volume(b, o->volumes.items[i], list);
	for (size_t i = 0; r == 0 && i < o->mounts.count; i++)
		r = add_mount(b, o->mounts.items[i], list);
	for (size_t i = 0; r == 0 && i < o->tmpfs.count; i++)
		r = add_tmpfs(b, o->tmpfs.items[i], list);
	if (r < 0)
		return r;
	for (size_t i = 0; i < list->mounts_count; i++)
		for (size_t k = 0; k < i; k++)
			if (strcmp(list->mounts[i].destination, list->mounts[k].destination) == 0)
				return err_set(b->e, EINVAL, "two mounts on %s",
					       list->mounts[i].destination);
	sort_by_depth(list);
	return 0;
}

/* ---- the system's ------------------------------------------------------------ */

static void system_mount(struct run_build *b, const struct oci_strings *own, const char *dst,
			 const char *type, const char *src, const char *options, const char *more)
{
	struct oci_mount m = { .destination = dst,
			       .type = type,
			       .source = src,
			       .options = run_words(b->a, options, ',') };

	if (run_has(own, dst)) /* the user's takes its place */
		return;
	if (more)
		run_push(b->a, &m.options, more);
	run_mount_add(b->spec, b->a, &m);
}

static const char *shm_size(struct run_build *b, int *r)
{
	int64_t size = 64 << 20;

	*r = 0;
	if (b->o->shm_size && (num_size(b->o->shm_size, &size) < 0 || size < 0))
		*r = bad(b, "shm-size", b->o->shm_size, "not a size such as 64m");
	return arena_printf(b->a, "size=%" PRId64, size);
}

/* A proc file system of one's own wants a PID namespace of one's own, and sysfs
 * a network namespace: without privileges the host's are all there is. */
static int system_mounts(struct run_build *b, const struct oci_strings *own)
{
	bool theirs = b->own_user_ns && b->f->rootless, privileged = b->o->privileged;
	const char *ro = privileged ? "rw" : "ro", *size;
	int r;

	size = shm_size(b, &r);
	if (r < 0)
		return r;
	if (theirs && b->pid == RUN_NS_HOST)
		system_mount(b, own, "/proc", "bind", "/proc", "rbind,rprivate,nosuid,noexec,nodev",
			     NULL);
	else
		system_mount(b, own, "/proc", "proc", "proc", "nosuid,noexec,nodev", NULL);
	system_mount(b, own, "/dev", "tmpfs", "tmpfs",
		     "nosuid,noexec,strictatime,mode=755,size=65536k", NULL);
	system_mount(b, own, "/dev/pts", "devpts", "devpts",
		     "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620",
		     b->mapped_gids > TTY_GROUP ? "gid=5" : NULL);
	if (b->ipc == RUN_NS_HOST)
		system_mount(b, own, "/dev/shm", "bind", "/dev/shm",
			     "rbind,rprivate,nosuid,noexec,nodev", NULL);
	else if (b->ipc != RUN_NS_NONE)
		system_mount(b, own, "/dev/shm", "tmpfs", "shm", "nosuid,noexec,nodev,mode=1777",
			     size);
	if (theirs && b->ipc == RUN_NS_HOST && !b->f->mqueue)
		;
	else if (theirs && b->ipc == RUN_NS_HOST)
		system_mount(b, own, "/dev/mqueue", "bind", "/dev/mqueue",
			     "rbind,rprivate,nosuid,noexec,nodev", NULL);
	else
		system_mount(b, own, "/dev/mqueue", "mqueue", "mqueue", "nosuid,noexec,nodev",
			     NULL);
	if (theirs && b->net == RUN_NS_HOST)
		system_mount(b, own, "/sys", "bind", "/sys",
			     "rbind,rprivate,nosuid,noexec,nodev,ro,rro", NULL);
	else
		system_mount(b, own, "/sys", "sysfs", "sysfs", "nosuid,noexec,nodev", ro);
	if (!(theirs && b->net == RUN_NS_HOST))
		system_mount(b, own, "/sys/fs/cgroup", "cgroup", "cgroup",
			     "nosuid,noexec,nodev,relatime", ro);
	return 0;
}

static const char *const masked[] = {
	"/proc/acpi",
	"/proc/asound",
	"/proc/interrupts",
	"/proc/kcore",
	"/proc/keys",
	"/proc/latency_stats",
	"/proc/sched_debug",
	"/proc/scsi",
	"/proc/timer_list",
	"/proc/timer_stats",
	"/sys/devices/virtual/powercap",
	"/sys/firmware",
};
static const char *const read_only[] = {
	"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger",
};

int run_mounts(struct run_build *b)
{
	struct oci_linux *l = &b->spec->linux_;
	struct oci_spec list = { 0 };
	struct oci_strings own = { 0 };
	int r = user_mounts(b, &list);

	for (size_t i = 0; i < list.mounts_count; i++)
		run_push(b->a, &own, list.mounts[i].destination);
	if (r == 0)
		r = system_mounts(b, &own);
	if (r < 0)
		return r;
	for (size_t i = 0; b->confined_paths && i < ARRAY_LEN(masked); i++)
		run_push(b->a, &l->masked_paths, masked[i]);
	for (size_t i = 0; b->confined_paths && i < ARRAY_LEN(read_only); i++)
		run_push(b->a, &l->readonly_paths, read_only[i]);
	if (!b->o->root)
		run_root_default(b->spec, b->f, &own, b->a);
	for (size_t i = 0; i < list.mounts_count; i++)
		run_mount_add(b->spec, b->a, &list.mounts[i]);
	return 0;
}

/* ---- devices ------------------------------------------------------------------ */

struct device_arg {
	const char *host, *inside, *access;
};

static bool is_access(const char *s)
{
	return *s && strspn(s, "rwm") == strlen(s);
}

/* HOST[:INSIDE[:ACCESS]] or HOST:ACCESS */
static bool device_arg(struct arena *a, const char *value, struct device_arg *ret)
{
	const char *c1 = strchr(value, ':'), *c2 = c1 ? strchr(c1 + 1, ':') : NULL;
	struct device_arg d = { .access = "rwm" };

	d.host = run_clean(a, c1 ? arena_strndup(a, value, (size_t)(c1 - value)) : value);
	d.inside = d.host;
	if (c1 && !c2 && is_access(c1 + 1)) {
		d.access = c1 + 1;
	} else if (c1) {
		d.inside = run_clean(a,
				     c2 ? arena_strndup(a, c1 + 1, (size_t)(c2 - c1 - 1)) : c1 + 1);
		if (c2)
			d.access = c2 + 1;
	}
	if (!d.host || !d.inside || !is_access(d.access) || strcmp(d.inside, "/") == 0)
		return false;
	*ret = d;
	return true;
}

void run_devices_wanted(const struct run_opts *o, struct arena *a, struct oci_strings *ret)
{
	struct device_arg d;

	*ret = (struct oci_strings){ 0 };
	for (size_t i = 0; i < o->devices.count; i++)
		if (device_arg(a, o->devices.items[i], &d))
			run_push(a, ret, d.host);
	if (o->privileged)
		run_push(a, ret, "/dev");
}

static void allow(struct run_build *b, const struct oci_device *d, const char *access)
{
	struct oci_resources *res = &b->spec->linux_.resources;
	size_t cap = res->devices_count; /* grows by one: there are few */
	struct oci_device_rule *rule = arena_push(b->a, &res->devices, &res->devices_count, &cap,
						  sizeof(*rule));

	*rule = (struct oci_device_rule){ .allow = true,
					  .type = d ? d->type : 'a',
					  .access = access };
	if (d) {
		rule->major = arena_dup(b->a, &d->major, sizeof(d->major));
		rule->minor = arena_dup(b->a, &d->minor, sizeof(d->minor));
	}
}

static void add_device(struct run_build *b, const struct oci_device *host, const char *inside)
{
	struct oci_linux *l = &b->spec->linux_;
	size_t cap = l->devices_count;
	struct oci_device *d;

	/* In a user namespace a device is the host's, bound: under another name
	 * that is a mount like any other. */
	if (b->own_user_ns && strcmp(inside, host->path) != 0) {
		const struct oci_mount m = { .destination = inside,
					     .type = "bind",
					     .source = host->path,
					     .options = run_words(
						     b->a, "bind,rprivate,nosuid,noexec", ',') };

		run_mount_add(b->spec, b->a, &m);
		return;
	}
	d = arena_push(b->a, &l->devices, &l->devices_count, &cap, sizeof(*d));
	*d = *host;
	d->path = inside;
}

static int add_device_arg(struct run_build *b, const char *value)
{
	struct device_arg d;
	bool found = false;

	if (!device_arg(b->a, value, &d))
		return bad(b, "device", value, "not HOST[:CONTAINER[:rwm]] with absolute paths");
	for (size_t i = 0; i < b->f->devices_count; i++) {
		const struct oci_device *host = &b->f->devices[i];

		if (strcmp(host->path, d.host) != 0 && !run_below(host->path, d.host))
			continue;
		found = true;
		add_device(b, host,
			   arena_printf(b->a, "%s%s", d.inside, host->path + strlen(d.host)));
		if (b->f->cgroups && !b->o->privileged)
			allow(b, host, d.access);
	}
	return found ? 0 : bad(b, "device", value, "there is no such device on this machine");
}

int run_devices(struct run_build *b)
{
	const struct run_opts *o = b->o;
	struct oci_resources *res = &b->spec->linux_.resources;
	const struct oci_device_rule none = { .allow = false, .type = 'a', .access = "rwm" };
	int r = 0;

	if (b->f->cgroups && !o->privileged) {
		res->present = true;
		res->devices = arena_dup(b->a, &none, sizeof(none));
		res->devices_count = 1;
	} else if (b->f->cgroups) {
		res->present = true;
		allow(b, NULL, "rwm");
	}
	for (size_t i = 0; o->privileged && i < b->f->devices_count; i++)
		add_device(b, &b->f->devices[i], b->f->devices[i].path);
	for (size_t i = 0; r == 0 && i < o->devices.count; i++)
		r = add_device_arg(b, o->devices.items[i]);
	return r;
}
