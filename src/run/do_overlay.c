/* SPDX-License-Identifier: Apache-2.0 */
/* A root that forgets: the root directory as the lower layer of an overlay whose
 * upper layer is a tmpfs that nobody else can reach and that goes when the last
 * process of the mount namespace does (overlayfs in the kernel's documentation). */
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "run/mnt.h"
#include "sys/mountapi.h"
#include "sys/syscalls.h"

/* overlayfs takes layers by path, and only from mounts that are attached. In the
 * child's own mount namespace that may be anywhere for a moment; overlayfs keeps
 * the layers itself and does not look at what is mounted inside them. */
#define STAGING "/tmp"

static int mount_upper(struct err *e)
{
	autoclose int fs = mountapi_open("tmpfs", e);
	autoclose int tmpfs = -1;
	int r = fs;

	if (r >= 0)
		r = mountapi_set(fs, "mode", "0755", e);
	if (r < 0)
		return r;
	tmpfs = mountapi_mount(fs, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, e);
	if (tmpfs < 0)
		return tmpfs;
	if (mkdirat(tmpfs, "upper", 0755) < 0 || mkdirat(tmpfs, "work", 0755) < 0)
		return err_set(e, errno, "make the upper layer: %m");
	r = sys_move_mount(tmpfs, "", AT_FDCWD, STAGING,
			   MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_SYMLINKS);
	return r < 0 ? err_set(e, -r, "attach the upper layer: %m") : 0;
}

static int mount_overlay(struct ctx *c, struct err *e)
{
	autoclose int fs = mountapi_open("overlay", e);
	int r = fs < 0 ? fs : mountapi_set(fs, "lowerdir", ".", e);

	if (r == 0)
		r = mountapi_set(fs, "upperdir", STAGING "/upper", e);
	if (r == 0)
		r = mountapi_set(fs, "workdir", STAGING "/work", e);
	/* 5.11: without it an unprivileged overlay cannot keep its own marks. */
	if (r == 0 && (c->plan->new_ns | c->plan->join_ns) & oci_ns_info[OCI_NS_USER].clone_flag)
		r = mountapi_set(fs, "userxattr", NULL, e);
	return r < 0 ? r : mountapi_mount(fs, 0, e);
}

int overlay_root(struct ctx *c, struct err *e)
{
	const bool userns = (c->plan->new_ns | c->plan->join_ns) &
			    oci_ns_info[OCI_NS_USER].clone_flag;
	autoclose int before = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct err first = { 0 };
	int fd, r;

	/* The lower layer is where we stand. Its path may be too long for an option, have
	 * colons in it, or lie below the staging place. */
	if (chdir(c->root_path) < 0)
		return err_set(e, errno, "throw-away overlay: %s: %m", c->root_path);
	r = mount_upper(e);
	if (r < 0)
		return err_wrap(e, r, "throw-away overlay");
	fd = mount_overlay(c, &first);
	/* Who called us may stand where we may not go. */
	if ((before < 0 || fchdir(before) < 0) && chdir("/") < 0 && fd >= 0) {
		cleanup_fd(&fd);
		fd = err_set(e, errno, "leave the lower layer: %m");
	}
	if (umount2(STAGING, MNT_DETACH) < 0 && fd >= 0) {
		cleanup_fd(&fd);
		fd = err_set(e, errno, "detach the upper layer: %m");
	}
	if (fd == -EINVAL && userns)
		fd = overlay_parts(c, e);
	else if (fd < 0)
		(void)err_set(e, -fd, "%s", first.msg);
	return fd < 0 ? err_wrap(e, fd, "throw-away overlay") : fd;
}
