/* SPDX-License-Identifier: Apache-2.0 */
/* The throw-away root where overlayfs refuses: it wants a private copy of the
 * lower directory's mount, and in a user namespace the mounts below it are
 * locked onto it, which forbids that (clone_private_mount() of the kernel). Since
 * nearly all files of the host belong to users who do not exist in there, they
 * could not be written to through an overlay either. So the root is a tmpfs, in
 * which every directory of the host's root is bound read-only. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "run/mnt.h"
#include "sys/mountapi.h"
#include "sys/syscalls.h"

/* See do_overlay.c: a place of the child's own mount namespace, for a moment. */
#define STAGING "/tmp"

struct parts {
	int from, to;
	dev_t staging_dev;
};

static int bind_part(const struct parts *p, const char *name, struct err *e)
{
	autoclose int tree = mountapi_clone(p->from, name, true, false);
	int r;

	if (tree < 0) /* not for this user: an empty one in its place */
		return 0;
	r = mountapi_setattr(tree, true, MOUNT_ATTR_RDONLY, 0, 0);
	if (r == 0)
		r = mountapi_attach_at(tree, p->to, name);
	return r < 0 ? err_set(e, -r, "bind /%s read-only: %m", name) : 0;
}

static int add_part(const struct parts *p, const char *name, struct err *e)
{
	char target[PATH_MAX];
	struct stat st;
	int fd;
	ssize_t n;

	if (fstatat(p->from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0; /* gone, or not ours to see */
	if (S_ISLNK(st.st_mode)) {
		n = readlinkat(p->from, name, target, sizeof(target) - 1);
		if (n < 0)
			return 0;
		target[n] = '\0';
		return symlinkat(target, p->to, name) < 0 ? err_set(e, errno, "link /%s: %m", name)
							  : 0;
	}
	if (S_ISDIR(st.st_mode)) {
		if (mkdirat(p->to, name, 0755) < 0)
			return err_set(e, errno, "make /%s: %m", name);
		return st.st_dev == p->staging_dev ? 0 : bind_part(p, name, e);
	}
	if (!S_ISREG(st.st_mode))
		return 0;
	fd = openat(p->to, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
	if (fd < 0)
		return err_set(e, errno, "make /%s: %m", name);
	cleanup_fd(&fd);
	return bind_part(p, name, e);
}

static int add_parts(const struct parts *p, struct err *e)
{
	_Alignas(struct dirent64) char buf[4096];
	ssize_t n;
	int r = 0;

	while (r == 0 && (n = getdents64(p->from, buf, sizeof(buf))) != 0) {
		if (n < 0)
			return err_set(e, errno, "list the root directory: %m");
		for (ssize_t at = 0; r == 0 && at < n;) {
			const struct dirent64 *d = (const void *)(buf + at);

			at += d->d_reclen;
			if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
				r = add_part(p, d->d_name, e);
		}
	}
	return r;
}

static int new_tmpfs(struct err *e)
{
	autoclose int fs = mountapi_open("tmpfs", e);
	int r = fs < 0 ? fs : mountapi_set(fs, "mode", "0755", e);

	return r < 0 ? r : mountapi_mount(fs, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, e);
}

int overlay_parts(struct ctx *c, struct err *e)
{
	autoclose int from = open(c->root_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autoclose int to = new_tmpfs(e);
	struct parts p = { .from = from, .to = to };
	struct stat st;
	int r, fd = -1;

	if (from < 0)
		return err_set(e, errno, "open %s: %m", c->root_path);
	if (to < 0)
		return to;
	if (fstat(to, &st) < 0)
		return err_set(e, errno, "look at the new root: %m");
	p.staging_dev = st.st_dev;
	/* Mounts can be put only onto what is attached. */
	r = sys_move_mount(to, "", AT_FDCWD, STAGING,
			   MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_SYMLINKS);
	if (r < 0)
		return err_set(e, -r, "attach the new root: %m");
	r = add_parts(&p, e);
	if (r == 0) {
		fd = mountapi_clone(to, "", true, false);
		r = fd < 0 ? err_set(e, -fd, "copy the new root: %m") : 0;
	}
	if (umount2(STAGING, MNT_DETACH) < 0 && r == 0) {
		r = err_set(e, errno, "detach the new root: %m");
		cleanup_fd(&fd);
	}
	return r < 0 ? r : fd;
}
