/* SPDX-License-Identifier: Apache-2.0 */
/* What several steps that mount have in common: mount points, bind trees. */
#include "run/mnt.h"

#include <errno.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>

#include "base/cleanup.h"
#include "run/inroot.h"
#include "run/wire.h"
#include "sys/mountapi.h"
#include "sys/syscalls.h"

bool mnt_is_type(const struct step *s, const char *type)
{
	return strcmp(s->mount.mount->type, type) == 0;
}

/* They hold what others trust (attr/exec, sysctls): no links on the way. */
static bool is_kernel_fs(const struct step *s)
{
	return !s->mount.opts->bind && (mnt_is_type(s, "proc") || mnt_is_type(s, "sysfs"));
}

/* ---- mount points --------------------------------------------------------- */

/* A link may lead to /proc, or to the root itself, past the plan's checks. */
static int check_linked(struct ctx *c, const struct step *s, int fd, struct err *e)
{
	const char *dest = s->mount.mount->destination;
	struct statfs fs;
	struct stat st, root;

	if (fstatfs(fd, &fs) < 0 || fstat(fd, &st) < 0 || fstat(c->root_fd, &root) < 0)
		return err_set(e, errno, "%s: %m", dest);
	if (fs.f_type == PROC_SUPER_MAGIC)
		return err_set(e, EPERM, "'%s' cannot be mounted because it is inside /proc", dest);
	if (st.st_dev == root.st_dev && st.st_ino == root.st_ino)
		return err_set(e, EPERM, "'%s' is a link to the root itself", dest);
	return 0;
}

static int not_ordinary(const struct step *s, int r, struct err *e)
{
	return err_set(e, -r,
		       "filesystem '%s' must be mounted on ordinary directory, and %s is none: %m",
		       s->mount.mount->type, s->mount.mount->destination);
}

static int missing_target(struct ctx *c, const struct step *s, bool file, bool *ret_made,
			  struct err *e)
{
	const char *dest = s->mount.mount->destination;
	int fd = inroot_make(c->root_fd, dest, file, ret_made);

	if (fd < 0)
		(void)err_set(e, -fd, "make the mount point %s: %m", dest);
	if (fd == -EROFS)
		err_hint(e, "it does not exist and the file system it would be in is read-only");
	return fd;
}

int mnt_target(struct ctx *c, const struct step *s, bool file, bool *ret_made, struct err *e)
{
	const char *dest = s->mount.mount->destination;
	uint64_t flags = O_PATH;
	autoclose int fd = -1;
	int r;

	fd = inroot_make_beside(c->root_fd, dest, file);
	*ret_made = fd >= 0;
	if (fd >= 0)
		return take_fd(fd);
	if (s->mount.opts->dest_nofollow || is_kernel_fs(s))
		flags |= O_NOFOLLOW;
	if (is_kernel_fs(s))
		flags |= O_DIRECTORY;
	fd = inroot_open(c->root_fd, dest, flags, RESOLVE_NO_SYMLINKS);
	if (fd == -ENOTDIR && is_kernel_fs(s))
		return not_ordinary(s, fd, e);
	if (fd == -ELOOP) {
		inroot_forget(); /* who knows where this leads */
		fd = inroot_open(c->root_fd, dest, flags, 0);
		if ((fd == -ELOOP || fd == -ENOTDIR) && is_kernel_fs(s))
			return not_ordinary(s, fd, e);
		r = fd >= 0 ? check_linked(c, s, fd, e) : 0;
		if (r < 0)
			return r;
	}
	if (fd == -ENOENT) {
		fd = missing_target(c, s, file, ret_made, e);
		return take_fd(fd);
	}
	if (fd < 0)
		return err_set(e, -fd, "open the mount point %s: %m", dest);
	return take_fd(fd);
}

/* move_mount(2) has one answer for everything, mount(2) had a word for this. */
static int attach(int mount, int target)
{
	struct stat a, b;
	int r = mountapi_attach(mount, target);

	if (r != -EINVAL || fstat(mount, &a) < 0 || fstat(target, &b) < 0)
		return r;
	return S_ISDIR(a.st_mode) != S_ISDIR(b.st_mode) ? -ENOTDIR : r;
}

int mnt_attach(const struct step *s, int mount, int target, struct err *e)
{
	const struct mount_opts *o = s->mount.opts;
	int r = attach(mount, target);

	if (r < 0)
		(void)err_set(e, -r, "attach to %s: %m", s->mount.mount->destination);
	if (r == -ENOTDIR)
		err_hint(e, "a directory cannot be mounted on a file, nor a file on a directory");
	if (r < 0)
		return r;
	if (o->propagation) {
		r = mountapi_setattr(mount, o->propagation_rec, 0, 0, o->propagation);
		if (r < 0)
			return err_set(e, -r, "set the propagation of %s: %m",
				       s->mount.mount->destination);
	}
	return 0;
}

/* ---- bind mounts ---------------------------------------------------------- */

bool mnt_changes_atime(uint64_t set, uint64_t clear)
{
	return (clear & MOUNT_ATTR__ATIME) || (set & (MOUNT_ATTR_NOATIME | MOUNT_ATTR_STRICTATIME));
}

static uint64_t source_flags(int tree)
{
	struct statvfs st;
	uint64_t flags = 0;

	if (fstatvfs(tree, &st) < 0)
		return 0;
	flags |= st.f_flag & ST_RDONLY ? MOUNT_ATTR_RDONLY : 0;
	flags |= st.f_flag & ST_NOSUID ? MOUNT_ATTR_NOSUID : 0;
	flags |= st.f_flag & ST_NODEV ? MOUNT_ATTR_NODEV : 0;
	flags |= st.f_flag & ST_NOEXEC ? MOUNT_ATTR_NOEXEC : 0;
	return flags;
}

static int refuse_unlocking(const struct step *s, uint64_t locked, struct err *e)
{
	return err_set(e, EPERM,
		       "options of %s: its%s%s%s%s cannot be taken back in a user namespace: %m",
		       s->mount.mount->source, locked & MOUNT_ATTR_RDONLY ? " ro" : "",
		       locked & MOUNT_ATTR_NOSUID ? " nosuid" : "",
		       locked & MOUNT_ATTR_NODEV ? " nodev" : "",
		       locked & MOUNT_ATTR_NOEXEC ? " noexec" : "");
}

/* With any access option the others get their defaults, as "mount --bind -o"
 * does; with none the source's are kept. In a user namespace the kernel locks
 * those of the source (EPERM): then they stay, unless the configuration says
 * in so many words that one of them must go. `locked`: the same for a tree that
 * the host made, for which the kernel does not do it. */
static int set_access(const struct step *s, int tree, bool locked, struct err *e)
{
	const struct mount_opts *o = s->mount.opts;
	uint64_t set = o->attr_set, clear = o->attr_clr;
	int r = -EPERM;

	if (!set && !clear)
		return 0;
	if (mnt_changes_atime(set, clear))
		clear |= MOUNT_ATTR__ATIME;
	if (!locked)
		r = mountapi_setattr(tree, false, set, clear | (MOUNT_ATTR_ACCESS & ~set), 0);
	if (r == -EPERM) {
		const uint64_t kept = source_flags(tree);

		if (kept & o->attr_clr)
			return refuse_unlocking(s, kept & o->attr_clr, e);
		r = mountapi_setattr(tree, false, set, clear | (MOUNT_ATTR_NOSYMFOLLOW & ~set), 0);
	}
	return r < 0 ? err_set(e, -r, "set the options of %s: %m", s->mount.mount->source) : 0;
}

int mnt_set_access_rec(const struct step *s, int tree, struct err *e)
{
	const struct mount_opts *o = s->mount.opts;
	uint64_t clear = o->rec_attr_clr;
	int r;

	if (!o->rec_attr_set && !clear)
		return 0;
	if (mnt_changes_atime(o->rec_attr_set, clear))
		clear |= MOUNT_ATTR__ATIME;
	r = mountapi_setattr(tree, true, o->rec_attr_set, clear, 0);
	return r < 0 ? err_set(e, -r, "set the recursive options of %s: %m", s->mount.mount->source)
		     : 0;
}

/* Its answer is WIRE_GO, or our end. */
static int ask_host(struct ctx *c, const struct step *s, int tree)
{
	struct wire_msg m;
	int r = wire_send_fd(c->sync[1], WIRE_TREE, (size_t)(s - c->plan->steps), tree);

	if (r == 0)
		r = wire_recv(c->sync[1], &m);
	return r == 1 && m.type == WIRE_GO ? 0 : r < 0 ? r : -EPROTO;
}

/* In a user namespace the host side did it: sources_prepare(), but for what is
 * below our own root. */
static int set_id_map(struct ctx *c, const struct step *s, int tree, struct err *e)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP };
	int ns = sources_id_map(s->mount.index), r;

	if (ns < 0)
		return err_set(e, EINVAL, "no user namespace for the id mapping");
	attr.userns_fd = (uint64_t)ns;
	r = sys_mount_setattr(tree, "",
			      AT_EMPTY_PATH | (s->mount.opts->idmap_rec ? AT_RECURSIVE : 0), &attr);
	if (r == -EPERM && !c->plan->env.rootless)
		r = ask_host(c, s, tree);
	if (r < 0)
		(void)err_set(e, -r, "set the id mapping of %s: %m", s->mount.mount->source);
	if (r == -EINVAL)
		err_hint(e, "its file system may not support id-mapped mounts");
	return r;
}

static int no_source(const struct step *s, const char *source, bool recursive, int r, struct err *e)
{
	(void)err_set(e, -r, "%s/source: %s: %m", s->pointer, source);
	if (r == -EINVAL && !recursive)
		err_hint(
			e,
			"in a user namespace what is mounted below it cannot be left out: use rbind");
	if (r == -EACCES)
		err_hint(e, "every parent directory must let the container's root user pass");
	return r;
}

/* The host's tree carries the id mapping, or leads where the container's root
 * user may not pass; what it can open itself it does, under the kernel's rules. */
int mnt_bind_tree(struct ctx *c, const struct step *s, const char *source, bool recursive,
		  struct err *e)
{
	const bool idmap = s->mount.opts->idmap, own = source == s->mount.mount->source;
	autoclose int host = own ? sources_take_tree(s->mount.index) : -1, tree = -1;
	bool made_by_host = host >= 0 && idmap;
	int r = 0;

	if (!made_by_host)
		tree = mountapi_clone(AT_FDCWD, source, recursive, !s->mount.opts->src_nofollow);
	made_by_host = made_by_host || (tree == -EACCES && host >= 0);
	if (made_by_host)
		tree = take_fd(host);
	if (tree < 0)
		return no_source(s, source, recursive, tree, e);
	if (idmap && !made_by_host)
		r = set_id_map(c, s, tree, e);
	if (r == 0)
		r = set_access(s, tree, made_by_host, e);
	if (r == 0)
		r = mnt_set_access_rec(s, tree, e);
	return r < 0 ? r : take_fd(tree);
}

bool mnt_selinux(void)
{
	struct statfs fs;

	return statfs("/sys/fs/selinux", &fs) == 0 && fs.f_type == SELINUX_MAGIC;
}
