/* SPDX-License-Identifier: Apache-2.0 */
/* Read-only and masked paths. The path is opened once, inside the root, and
 * everything after works on that fd, so nothing can be exchanged below us
 * (CVE-2025-31133, CVE-2025-52881). What does not exist needs no mask. */
#include <errno.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "run/inroot.h"
#include "run/later.h"
#include "run/mnt.h"
#include "sys/mountapi.h"
#include "sys/syscalls.h"

/* Child side. The first use attaches the mount itself, later ones a copy of it:
 * one that is detached cannot be cloned before Linux 6.15. */
struct cover {
	int mount;
	bool attached;
};
static struct cover cover_file = { .mount = -1 }, cover_dir = { .mount = -1 };

static bool needed(const struct ctx *c)
{
	for (size_t i = 0; i < c->plan->count; i++)
		if (c->plan->steps[i].kind == STEP_MASKED_PATH)
			return true;
	return false;
}

/* The host's, since that of the container's root file system may be anything. */
int mask_prepare(struct ctx *c, struct err *e)
{
	autoclose int null = -1;
	struct stat st;

	if (!needed(c))
		return 0;
	null = mountapi_clone(AT_FDCWD, "/dev/null", false, false);
	if (null < 0)
		return err_set(e, -null, "/dev/null of the host: %m");
	if (fstat(null, &st) < 0)
		return err_set(e, errno, "/dev/null of the host: %m");
	if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3))
		return err_set(e, ENODEV, "/dev/null of the host is not the null device");
	cover_file.mount = take_fd(null);
	return 0;
}

static int make_empty_dir(struct ctx *c, struct err *e)
{
	const char *label = c->spec->linux_.mount_label;
	autolater int fs = mountapi_open("tmpfs", e);
	int r = fs < 0 ? fs : 0;

	if (r == 0 && label && *label && mnt_selinux())
		r = mountapi_set(fs, "context", label, e);
	if (r == 0)
		r = mountapi_mount(fs,
				   MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
					   MOUNT_ATTR_NOEXEC,
				   e);
	if (r < 0)
		return r;
	cover_dir.mount = r;
	return 0;
}

static int put_cover(struct cover *cover, int target)
{
	autolater int copy = -1;
	int r;

	if (cover->attached) {
		copy = mountapi_clone(cover->mount, "", false, true);
		return copy < 0 ? copy : mountapi_attach(copy, target);
	}
	r = mountapi_attach(cover->mount, target);
	cover->attached = r == 0;
	return r;
}

/* The fd, or -1 for a path that is not there. */
static int open_path(struct ctx *c, const struct step *s, int *ret, struct err *e)
{
	int fd = inroot_open(c->root_fd, s->path.path, O_PATH, 0);

	*ret = fd;
	if (fd >= 0)
		return 0;
	*ret = -1;
	if (fd == -ENOENT || fd == -ENOTDIR)
		return 0;
	return err_set(e, -fd, "open %s: %m", s->path.path);
}

int do_masked_path(struct ctx *c, const struct step *s, struct err *e)
{
	autolater int target = -1;
	struct stat st;
	int r = open_path(c, s, &target, e);

	if (r < 0 || target < 0)
		return r;
	if (fstat(target, &st) < 0)
		return err_set(e, errno, "%s: %m", s->path.path);
	if (S_ISDIR(st.st_mode) && cover_dir.mount < 0)
		r = make_empty_dir(c, e);
	if (r < 0)
		return r;
	r = put_cover(S_ISDIR(st.st_mode) ? &cover_dir : &cover_file, target);
	return r < 0 ? err_set(e, -r, "mask %s: %m", s->path.path) : 0;
}

int do_readonly_path(struct ctx *c, const struct step *s, struct err *e)
{
	autolater int target = -1, tree = -1;
	int r = open_path(c, s, &target, e);

	if (r < 0 || target < 0)
		return r;
	tree = mountapi_clone(target, "", true, true);
	if (tree < 0)
		return err_set(e, -tree, "clone %s: %m", s->path.path);
	r = mountapi_setattr(tree, true, MOUNT_ATTR_RDONLY, 0, 0);
	if (r == 0)
		r = mountapi_attach(tree, target);
	return r < 0 ? err_set(e, -r, "make %s read-only: %m", s->path.path) : 0;
}
