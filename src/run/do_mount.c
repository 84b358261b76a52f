/* SPDX-License-Identifier: Apache-2.0 */
/* STEP_MOUNT: one entry of mounts[]. A mount is made detached, gets its
 * attributes, and is attached to a mount point opened by fd, so no path is
 * looked up twice and nothing half-made is ever visible. */
#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/xattr.h>

#include "base/cleanup.h"
#include "run/inroot.h"
#include "run/later.h"
#include "run/mnt.h"
#include "sys/mountapi.h"
#include "sys/syscalls.h"

/* ---- bind mounts ---------------------------------------------------------- */

/* A link is copied instead of followed. True if it was one. */
static int copy_symlink(struct ctx *c, const struct step *s, struct err *e)
{
	const struct oci_mount *m = s->mount.mount;
	char text[PATH_MAX];
	ssize_t n = readlink(m->source, text, sizeof(text) - 1);
	autoclose int dir = -1;
	const char *name;

	if (n < 0)
		return errno == EINVAL
			       ? 0
			       : err_set(e, errno, "%s/source: %s: %m", s->pointer, m->source);
	text[n] = '\0';
	dir = inroot_parent(c->root_fd, m->destination, &name);
	if (dir < 0)
		return err_set(e, -dir, "make the parent of %s: %m", m->destination);
	if (symlinkat(text, dir, name) < 0 && errno != EEXIST)
		return err_set(e, errno, "make the link %s: %m", m->destination);
	return 1;
}

static int check_proc_bind(const struct step *s, int tree, struct err *e)
{
	struct statfs fs;

	if (strcmp(s->mount.mount->destination, "/proc") != 0)
		return 0;
	if (fstatfs(tree, &fs) < 0)
		return err_set(e, errno, "%s: %m", s->mount.mount->source);
	if (fs.f_type != PROC_SUPER_MAGIC)
		return err_set(e, EINVAL,
			       "'/proc' cannot be mounted because it is not of type proc");
	return 0;
}

static int mount_bind(struct ctx *c, const struct step *s, struct err *e)
{
	autolater int tree = -1, target = -1;
	struct stat st;
	bool made;
	int r;

	if (s->mount.opts->copy_symlink) {
		r = copy_symlink(c, s, e);
		if (r != 0)
			return r < 0 ? r : 0;
	}
	tree = mnt_bind_tree(c, s, s->mount.mount->source, s->mount.opts->bind_rec, e);
	if (tree < 0)
		return tree;
	r = check_proc_bind(s, tree, e);
	if (r < 0)
		return r;
	if (fstat(tree, &st) < 0)
		return err_set(e, errno, "%s: %m", s->mount.mount->source);
	target = mnt_target(c, s, !S_ISDIR(st.st_mode), &made, e);
	return target < 0 ? target : mnt_attach(s, tree, target, e);
}

/* ---- new file systems ----------------------------------------------------- */

/* Of these file systems "ro" is the mount's alone: the super block is shared
 * with others, or still to be filled. */
static bool is_pseudo(const struct step *s)
{
	static const char *const types[] = { "cgroup", "cgroup2", "devpts", "mqueue",
					     "proc",   "sysfs",   "tmpfs" };

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (mnt_is_type(s, types[i]))
			return true;
	return false;
}

static bool has_option(const struct mount_opts *o, const char *prefix)
{
	for (size_t i = 0; i < o->data.count; i++)
		if (strncmp(o->data.items[i], prefix, strlen(prefix)) == 0)
			return true;
	return false;
}

static int set_label(struct ctx *c, const struct step *s, int fs, struct err *e)
{
	const char *label = c->spec->linux_.mount_label;

	if (!label || !*label || mnt_is_type(s, "proc") || mnt_is_type(s, "sysfs") ||
	    mnt_is_type(s, "mqueue") || !mnt_selinux())
		return 0;
	return mountapi_set(fs, "context", label, e);
}

static int set_options(struct ctx *c, const struct step *s, int fs, bool drop_gid, struct err *e)
{
	const struct mount_opts *o = s->mount.opts;
	int r = *s->mount.mount->source ? mountapi_set(fs, "source", s->mount.mount->source, e) : 0;

	for (size_t i = 0; i < o->sb_flags.count && r == 0; i++)
		if (!is_pseudo(s) || strcmp(o->sb_flags.items[i], "ro") != 0)
			r = mountapi_set_option(fs, o->sb_flags.items[i], e);
	for (size_t i = 0; i < o->data.count && r == 0; i++)
		if (!drop_gid || strncmp(o->data.items[i], "gid=", 4) != 0)
			r = mountapi_set_option(fs, o->data.items[i], e);
	return r == 0 ? set_label(c, s, fs, e) : r;
}

/* A tmpfs over an existing directory takes its mode, unless one is given. */
static int inherit_mode(const struct step *s, int fs, int target, struct err *e)
{
	char mode[16];
	struct stat st;

	if (!mnt_is_type(s, "tmpfs") || has_option(s->mount.opts, "mode="))
		return 0;
	if (fstat(target, &st) < 0)
		return err_set(e, errno, "%s: %m", s->mount.mount->destination);
	(void)snprintf(mode, sizeof(mode), "%o", st.st_mode & 07777);
	return mountapi_set(fs, "mode", mode, e);
}

static int new_fs(struct ctx *c, const struct step *s, int target, bool made, bool drop_gid,
		  struct err *e)
{
	const struct mount_opts *o = s->mount.opts;
	autolater int fs = mountapi_open(s->mount.mount->type, e);
	uint64_t attr = o->attr_set;
	int r;

	if (fs < 0)
		return take_fd(fs);
	if (o->tmpcopyup)
		attr &= ~(uint64_t)MOUNT_ATTR_RDONLY;
	r = set_options(c, s, fs, drop_gid, e);
	if (r == 0 && !made)
		r = inherit_mode(s, fs, target, e);
	return r < 0 ? r : mountapi_mount(fs, attr, e);
}

/* fsconfig(2) takes values of up to 255 bytes; the lowerdir of an overlay is
 * easily longer. Then mount(2) does it, on ".", since it takes no fd. */
static bool needs_old_api(const struct mount_opts *o)
{
	for (size_t i = 0; i < o->data.count; i++) {
		const char *eq = strchr(o->data.items[i], '=');

		if (eq && strlen(eq + 1) > 255)
			return true;
	}
	return false;
}

static unsigned long old_flags(const struct mount_opts *o)
{
	static const struct {
		uint64_t attr;
		unsigned long ms;
	} map[] = {
		{ MOUNT_ATTR_RDONLY, MS_RDONLY },
		{ MOUNT_ATTR_NOSUID, MS_NOSUID },
		{ MOUNT_ATTR_NODEV, MS_NODEV },
		{ MOUNT_ATTR_NOEXEC, MS_NOEXEC },
		{ MOUNT_ATTR_NOATIME, MS_NOATIME },
		{ MOUNT_ATTR_STRICTATIME, MS_STRICTATIME },
		{ MOUNT_ATTR_NODIRATIME, MS_NODIRATIME },
		{ MOUNT_ATTR_NOSYMFOLLOW, MS_NOSYMFOLLOW },
	};
	unsigned long flags = 0;

	for (size_t i = 0; i < ARRAY_LEN(map); i++)
		flags |= o->attr_set & map[i].attr ? map[i].ms : 0;
	return flags;
}

static int mount_old(struct ctx *c, const struct step *s, int target, struct err *e)
{
	const struct oci_mount *m = s->mount.mount;
	const struct mount_opts *o = s->mount.opts;
	autoclose int cwd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC), made = -1;
	char data[4096] = "";
	size_t len = 0;
	int r = 0;

	for (size_t i = 0; i < o->data.count; i++) {
		int n = snprintf(data + len, sizeof(data) - len, "%s%s", len ? "," : "",
				 o->data.items[i]);

		if (n < 0 || (size_t)n >= sizeof(data) - len)
			return err_set(e, E2BIG, "%s/options: more than a page of them",
				       s->pointer);
		len += (size_t)n;
	}
	if (cwd < 0 || fchdir(target) < 0)
		return err_set(e, errno, "enter %s: %m", m->destination);
	if (mount(m->source, ".", m->type, old_flags(o), data) < 0)
		r = err_set(e, errno, "mount: %m");
	if (fchdir(cwd) < 0)
		return err_set(e, errno, "fchdir: %m");
	if (r < 0 || !o->propagation)
		return r;
	made = inroot_open(c->root_fd, m->destination, O_PATH, 0);
	r = made < 0 ? made : mountapi_setattr(made, o->propagation_rec, 0, 0, o->propagation);
	return r < 0 ? err_set(e, -r, "set the propagation of %s: %m", m->destination) : 0;
}

static bool in_user_ns(const struct ctx *c)
{
	return ((c->plan->new_ns | c->plan->join_ns) & oci_ns_info[OCI_NS_USER].clone_flag) != 0 ||
	       c->plan->env.rootless;
}

/* Steps that write to procfs. */
static bool wants_proc_fd(const struct ctx *c)
{
	for (size_t i = 0; i < c->plan->count; i++)
		if (c->plan->steps[i].kind == STEP_SYSCTL || c->plan->steps[i].kind == STEP_LSM)
			return true;
	return in_user_ns(c);
}

/* Whether mount(2) does all of it, and just the same: in one call where the new
 * interface takes from five to ten, which is most of what a start with the usual
 * mounts consists of. Not where the mount must be reached later, where "ro" is
 * meant for the mount alone (mount(2) sets the super block too), or where the
 * string of options would be read in another way. */
static bool suits_old_api(const struct ctx *c, const struct step *s)
{
	const struct mount_opts *o = s->mount.opts;
	const char *label = c->spec->linux_.mount_label;

	if (!is_pseudo(s) || in_user_ns(c) || o->propagation || o->tmpcopyup ||
	    o->sb_flags.count > 0 || (o->attr_set & MOUNT_ATTR_RDONLY) || (label && *label) ||
	    (mnt_is_type(s, "proc") && wants_proc_fd(c)))
		return false;
	for (size_t i = 0; i < o->data.count; i++)
		if (strpbrk(o->data.items[i], ",\\\""))
			return false;
	return true;
}

/* The mount point is the descriptor that we hold. */
static bool mount_at_once(const struct step *s, int target, bool made)
{
	const struct oci_mount *m = s->mount.mount;
	const struct mount_opts *o = s->mount.opts;
	char data[1024] = "", where[32];
	size_t len = 0;
	struct stat st;

	for (size_t i = 0; i < o->data.count && len < sizeof(data); i++)
		len += (size_t)snprintf(data + len, sizeof(data) - len, "%s%s", len ? "," : "",
					o->data.items[i]);
	if (!made && len < sizeof(data) && mnt_is_type(s, "tmpfs") && !has_option(o, "mode=")) {
		if (fstat(target, &st) < 0)
			return false;
		len += (size_t)snprintf(data + len, sizeof(data) - len, "%smode=%o", len ? "," : "",
					st.st_mode & 07777);
	}
	if (len >= sizeof(data))
		return false;
	(void)snprintf(where, sizeof(where), "/proc/self/fd/%d", target);
	return mount(*m->source ? m->source : "none", where, m->type, old_flags(o), data) == 0;
}

/* Without a network namespace of its own a user namespace gets no sysfs: the
 * host's then, with all that is mounted below it. */
static int mount_host_sys(struct ctx *c, const struct step *s, int target, struct err *e)
{
	const struct mount_opts *o = s->mount.opts;
	autoclose int tree = mountapi_clone(AT_FDCWD, "/sys", true, true);
	int r;

	(void)c;
	if (tree < 0)
		return err_set(e, -tree, "/sys of the host: %m");
	r = mountapi_setattr(tree, true, o->attr_set & MOUNT_ATTR_ACCESS, 0, 0);
	if (r < 0)
		return err_set(e, -r, "set the options of /sys: %m");
	return mnt_attach(s, tree, target, e);
}

/* Later steps write to /proc/sys and /proc/self/attr through this: a second
 * mount that stays detached, so that nothing is ever mounted over a part of it. */
static int keep_proc(struct ctx *c, const struct step *s, int mount, struct err *e)
{
	int r = 0;

	if (!wants_proc_fd(c) || !mnt_is_type(s, "proc") ||
	    strcmp(s->mount.mount->destination, "/proc") != 0 || c->proc_fd >= 0 ||
	    s->mount.opts->data.count > 0) /* subset=pid would leave things out */
		return 0;
	c->proc_fd = mountapi_clone(mount, "", false, true);
	if (c->proc_fd < 0)
		return err_set(e, -c->proc_fd, "clone /proc: %m");
	if (s->mount.opts->attr_set & MOUNT_ATTR_RDONLY)
		r = mountapi_setattr(c->proc_fd, false, 0, MOUNT_ATTR_RDONLY, 0);
	return r < 0 ? err_set(e, -r, "clone /proc: %m") : 0;
}

static int label_root(struct ctx *c, const struct step *s, int mount, struct err *e)
{
	const char *label = c->spec->linux_.mount_label;
	autoclose int dir = -1;

	if (!mnt_is_type(s, "mqueue") || !label || !*label || !mnt_selinux())
		return 0;
	dir = openat(mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || fsetxattr(dir, "security.selinux", label, strlen(label) + 1, 0) < 0)
		return err_set(e, errno, "label %s: %m", s->mount.mount->destination);
	return 0;
}

static int fill(struct ctx *c, const struct step *s, int mount, int target, struct err *e)
{
	int r = label_root(c, s, mount, e);

	if (r < 0 || !s->mount.opts->tmpcopyup)
		return r;
	r = copyup(target, mount, e);
	if (r == 0 && (s->mount.opts->attr_set & MOUNT_ATTR_RDONLY)) {
		r = mountapi_setattr(mount, false, MOUNT_ATTR_RDONLY, 0, 0);
		if (r < 0)
			return err_set(e, -r, "make %s read-only: %m", s->mount.mount->destination);
	}
	return r;
}

static int mount_new(struct ctx *c, const struct step *s, struct err *e)
{
	struct err first = { 0 };
	bool made;
	autolater int target = mnt_target(c, s, false, &made, e), mount = -1;
	int r;

	if (target < 0)
		return target;
	if (needs_old_api(s->mount.opts))
		return mount_old(c, s, target, e);
	/* Refused: the new interface has the words for it. */
	if (suits_old_api(c, s) && mount_at_once(s, target, made))
		return 0;
	mount = new_fs(c, s, target, made, false, &first);
	if (mount == -EPERM && mnt_is_type(s, "sysfs") && in_user_ns(c))
		return mount_host_sys(c, s, target, e);
	/* The group of terminals may have no number in the user namespace. */
	if (mount == -EINVAL && mnt_is_type(s, "devpts") && has_option(s->mount.opts, "gid=") &&
	    in_user_ns(c)) {
		first.code = 0;
		mount = new_fs(c, s, target, made, true, &first);
	}
	if (mount < 0) {
		(void)err_set(e, -mount, "%s", first.msg);
		if (mount == -EPERM && mnt_is_type(s, "proc"))
			err_hint(
				e,
				"it needs a PID namespace of its own, and a host /proc with nothing mounted over parts of it");
		return mount;
	}
	r = fill(c, s, mount, target, e);
	if (r == 0)
		r = mnt_attach(s, mount, target, e);
	return r < 0 ? r : keep_proc(c, s, mount, e);
}

/* ---- remount -------------------------------------------------------------- */

static int reconfigure(const struct step *s, int target, struct err *e)
{
	const struct mount_opts *o = s->mount.opts;
	autoclose int fs = sys_fspick(target, "", FSPICK_EMPTY_PATH | FSPICK_CLOEXEC);
	int r = 0;

	if (fs < 0)
		return err_set(e, -fs, "fspick %s: %m", s->mount.mount->destination);
	for (size_t i = 0; i < o->sb_flags.count && r == 0; i++)
		r = mountapi_set_option(fs, o->sb_flags.items[i], e);
	for (size_t i = 0; i < o->data.count && r == 0; i++)
		r = mountapi_set_option(fs, o->data.items[i], e);
	if (r < 0)
		return r;
	r = sys_fsconfig(fs, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0);
	return r < 0 ? err_set(e, -r, "remount %s: %m", s->mount.mount->destination) : 0;
}

/* Changes what is asked for and keeps the rest. With "bind" that is the mount
 * alone, else the file system too. */
static int remount(struct ctx *c, const struct step *s, struct err *e)
{
	const struct mount_opts *o = s->mount.opts;
	const char *dest = s->mount.mount->destination;
	autolater int target = inroot_open(c->root_fd, dest, O_PATH, 0);
	uint64_t clear = o->attr_clr;
	int r = 0;

	if (target < 0)
		return err_set(e, -target, "open %s: %m", dest);
	if (!o->bind && (o->data.count || o->sb_flags.count))
		r = reconfigure(s, target, e);
	if (r < 0)
		return r;
	if (mnt_changes_atime(o->attr_set, clear))
		clear |= MOUNT_ATTR__ATIME;
	if (o->attr_set || clear || o->propagation)
		r = mountapi_setattr(target, false, o->attr_set, clear, o->propagation);
	if (r == 0)
		r = mnt_set_access_rec(s, target, e);
	return r < 0 ? err_set(e, -r, "remount %s: %m", dest) : 0;
}

int do_mount(struct ctx *c, const struct step *s, struct err *e)
{
	if (s->mount.opts->remount)
		return remount(c, s, e);
	if (s->mount.opts->bind)
		return mount_bind(c, s, e);
	if (mnt_is_type(s, "cgroup"))
		return mnt_cgroup(c, s, e);
	return mount_new(c, s, e);
}
