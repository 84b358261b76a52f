/* SPDX-License-Identifier: Apache-2.0 */
/* The root: propagation of the tree we were born in, the root directory as a
 * mount, the change to it, what is set on it last. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "run/inroot.h"
#include "run/mnt.h"
#include "sys/mountapi.h"
#include "sys/syscalls.h"

int do_propagation(struct ctx *c, const struct step *s, struct err *e)
{
	(void)c;
	if (mount(NULL, "/", NULL, (unsigned long)s->propagation.flags, NULL) < 0)
		return err_set(e, errno, "change the propagation of /: %m");
	return 0;
}

static uint64_t tree_propagation(const struct ctx *c)
{
	for (size_t i = 0; i < c->plan->count; i++)
		if (c->plan->steps[i].kind == STEP_PROPAGATION)
			return c->plan->steps[i].propagation.flags;
	return MS_SLAVE | MS_REC;
}

/* pivot_root(2) wants the mount that the root directory lies in to be private,
 * and so do we: else the root's mount would show up on the host. */
static int privatize_parent(const char *path, struct err *e)
{
	char buf[PATH_MAX];
	struct mount_attr attr = { .propagation = MS_PRIVATE };
	size_t len = strlen(path);

	if (len >= sizeof(buf))
		return err_set(e, ENAMETOOLONG, "%.64s...: %m", path);
	memcpy(buf, path, len + 1);
	for (;;) {
		char *slash;
		int r = sys_mount_setattr(AT_FDCWD, buf, 0, &attr);

		if (r == 0)
			return 0;
		slash = strrchr(buf, '/');
		if (r != -EINVAL || !slash || !buf[1]) /* EINVAL: not a mount point */
			return err_set(e, -r, "make the mount of %s private: %m", path);
		slash[slash == buf] = '\0';
	}
}

/* The clone takes the place of the directory, so that paths of the host lead
 * into it until the root changes (hooks, bind sources). A slave stays a slave,
 * if that is what was asked for. */
int do_rootfs(struct ctx *c, const struct step *s, struct err *e)
{
	const uint64_t flags = tree_propagation(c);
	const char *label = c->spec->linux_.mount_label;
	const bool slave = (flags & MS_SLAVE) && c->spec->linux_.rootfs_propagation &&
			   *c->spec->linux_.rootfs_propagation;
	autoclose int tree = -1;
	struct stat st;
	int r = flags & MS_SHARED ? privatize_parent(c->root_path, e) : 0;

	if (r < 0)
		return r;
	if (label && *label && !mnt_selinux() && c->warn) /* nobody would look at it */
		c->warn(c, "/linux/mountLabel: there is no SELinux here to give labels");
	if (s->rootfs.overlay) {
		tree = overlay_root(c, e);
		if (tree < 0)
			return tree;
	} else {
		tree = mountapi_clone(AT_FDCWD, c->root_path, true, true);
	}
	if (tree >= 0 && fstat(tree, &st) == 0 && !S_ISDIR(st.st_mode))
		return err_set(e, ENOTDIR, "%s: %m", c->root_path);
	if (tree < 0) {
		r = err_set(e, -tree, "%s: %m", c->root_path);
		if (tree == -EACCES)
			err_hint(e,
				 "every parent directory must let the container's root user pass");
		return r;
	}
	if (!slave) {
		r = mountapi_setattr(tree, false, 0, 0, MS_PRIVATE);
		if (r < 0)
			return err_set(e, -r, "make the root private: %m");
	}
	r = sys_move_mount(tree, "", AT_FDCWD, c->root_path,
			   MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_SYMLINKS);
	if (r < 0)
		return err_set(e, -r, "mount the root on %s: %m", c->root_path);
	c->root_fd = take_fd(tree);
	return 0;
}

/* ---- the change of root --------------------------------------------------- */

/* \040 and the like in mountinfo(5). */
static void unescape(char *s)
{
	char *out = s;

	for (; *s; s++) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' &&
		    s[3] >= '0' && s[3] <= '7') {
			*out++ = (char)(((s[1] - '0') << 6) | ((s[2] - '0') << 3) | (s[3] - '0'));
			s += 3;
		} else {
			*out++ = *s;
		}
	}
	*out = '\0';
}

/* The mount point of one line, if all of a procfs or sysfs is mounted there. */
static char *full_kernel_fs(char *line)
{
	char *save = NULL, *word = strtok_r(line, " ", &save), *root = NULL, *point = NULL, *type;

	for (int i = 0; word && strcmp(word, "-") != 0; i++, word = strtok_r(NULL, " ", &save)) {
		if (i == 3)
			root = word;
		else if (i == 4)
			point = word;
	}
	type = word ? strtok_r(NULL, " ", &save) : NULL;
	if (!type || !root || !point || strcmp(root, "/") != 0 ||
	    (strcmp(type, "proc") != 0 && strcmp(type, "sysfs") != 0))
		return NULL;
	unescape(point);
	return point;
}

static int hide(const char *point, struct err *e)
{
	if (umount2(point, MNT_DETACH) == 0 || errno == ENOENT)
		return 0;
	if (errno != EINVAL && errno != EPERM)
		return err_set(e, errno, "detach %s: %m", point);
	/* locked in a user namespace */
	if (mount("tmpfs", point, "tmpfs", MS_RDONLY, "size=0k") < 0 && errno != ENOENT)
		return err_set(e, errno, "cover %s: %m", point);
	return 0;
}

/* Without pivot_root the host's tree stays in the namespace, out of sight but
 * within reach of a new mount: the kernel permits a fresh procfs or sysfs only
 * to those who see a full one already. So none may be left. */
static int hide_kernel_fs(struct ctx *c, struct err *e)
{
	autoclose int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	char buf[2 * PATH_MAX + 1024];
	size_t have = 0, root_len = strlen(c->root_path);
	int r = 0;

	if (fd < 0)
		return err_set(e, errno, "/proc/self/mountinfo: %m");
	while (r == 0) {
		ssize_t n = read(fd, buf + have, sizeof(buf) - 1 - have);
		char *line = buf, *end;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(e, errno, "/proc/self/mountinfo: %m");
		if (n == 0)
			return 0;
		have += (size_t)n;
		buf[have] = '\0';
		for (; r == 0 && (end = strchr(line, '\n')); line = end + 1) {
			const char *point;

			*end = '\0';
			point = full_kernel_fs(line);
			if (point && !(strncmp(point, c->root_path, root_len) == 0 &&
				       point[root_len] == '/'))
				r = hide(point, e);
		}
		have -= (size_t)(line - buf);
		memmove(buf, line, have);
		if (have == sizeof(buf) - 1)
			return err_set(e, E2BIG, "/proc/self/mountinfo: a line is too long");
	}
	return r;
}

static int move_root(struct ctx *c, struct err *e)
{
	int r = hide_kernel_fs(c, e);

	if (r < 0)
		return r;
	r = sys_move_mount(c->root_fd, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH);
	if (r < 0)
		return err_set(e, -r, "move the root to /: %m");
	if (fchdir(c->root_fd) < 0 || chroot(".") < 0)
		return err_set(e, errno, "chroot: %m");
	return 0;
}

/* pivot_root(".", ".") puts the old root on top of the new one; umount2(".")
 * takes the topmost, which is the old one (pivot_root(2), NOTES). Where its
 * mounts are shared with the host they are cut loose first. */
static int pivot(struct ctx *c, struct err *e)
{
	autoclose int old = tree_propagation(c) & MS_SHARED
				    ? open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)
				    : -1;
	int r;

	if (fchdir(c->root_fd) < 0)
		return err_set(e, errno, "enter the new root: %m");
	r = sys_pivot_root(".", ".");
	if (r < 0) {
		(void)err_set(e, -r, "pivot_root: %m");
		if (r == -EINVAL)
			err_hint(
				e,
				"on an initial ramdisk there is nothing to pivot from: use --no-pivot");
		return r;
	}
	if (old >= 0) {
		r = mountapi_setattr(old, true, 0, 0, MS_SLAVE);
		if (r < 0)
			return err_set(e, -r, "cut the old root loose: %m");
	}
	if (umount2(".", MNT_DETACH) < 0)
		return err_set(e, errno, "unmount the old root: %m");
	return 0;
}

int do_pivot(struct ctx *c, const struct step *s, struct err *e)
{
	int r = mask_prepare(c, e);

	if (r == 0)
		r = s->pivot.no_pivot ? move_root(c, e) : pivot(c, e);
	if (r < 0)
		return r;
	cleanup_fd(&c->old_proc_fd);
	return 0;
}

/* ---- set last ------------------------------------------------------------- */

int do_root_readonly(struct ctx *c, const struct step *s, struct err *e)
{
	int r = mountapi_setattr(c->root_fd, false, MOUNT_ATTR_RDONLY, 0, 0);

	(void)s;
	return r < 0 ? err_set(e, -r, "make the root read-only: %m") : 0;
}

int do_root_propagation(struct ctx *c, const struct step *s, struct err *e)
{
	int r = mountapi_setattr(c->root_fd, s->propagation.flags & MS_REC, 0, 0,
				 s->propagation.flags & ~(uint64_t)MS_REC);

	return r < 0 ? err_set(e, -r, "set the propagation of the root: %m") : 0;
}
