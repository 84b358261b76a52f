/* SPDX-License-Identifier: Apache-2.0 */
/* Device nodes in the container's /dev beyond those that every runtime makes. Only a /dev that is
 * a file system in memory is looked into: the server of any other could keep us waiting. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "audit/danger.h"
#include "audit/live_impl.h"
#include "base/cleanup.h"
#include "sys/syscalls.h"

enum { ENTRIES_MAX = 65536, DEPTH_MAX = 8 };

/* null zero full random urandom; tty console ptmx; terminals of devpts. */
static bool is_usual(unsigned int major, unsigned int minor, bool block)
{
	if (block)
		return false;
	if (major == 1)
		return minor == 3 || minor == 5 || minor == 7 || minor == 8 || minor == 9;
	if (major == 5)
		return minor <= 2;
	return major >= 136 && major <= 143;
}

struct walk {
	struct live *l;
	struct live_target *t;
	size_t seen, found;
	bool cut;
};

static void note(struct walk *w, const char *path, unsigned int major, unsigned int minor,
		 bool block)
{
	const char *is = danger_device(block ? 'b' : 'c', major, minor);
	bool says = !is || fnmatch(is, path, 0) == 0;
	struct live *l = w->l;

	if (is_usual(major, minor, block))
		return;
	if (++w->found > LIVE_ITEMS_MAX)
		return;
	list_add(l->a, w->t->f, LIST_DEVICES,
		 live_place(l, w->t->p, arena_printf(l->arena, "root%s", live_escape(l, path)),
			    NULL),
		 arena_printf(l->arena, "%s (%s %u:%u%s%s)", live_escape(l, path),
			      block ? "block" : "char", major, minor, says ? "" : ", ",
			      says ? "" : is))
		->num = is != NULL;
}

/* An entry of a directory, on the same mount: whatever is put over it meanwhile. */
static int open_entry(int fd, const char *name, uint64_t flags)
{
	return sys_openat2(fd, name, flags | O_NOFOLLOW | O_CLOEXEC, 0,
			   RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH);
}

static void walk_dir(struct walk *w, int fd, const char *path, int depth);

static void walk_entry(struct walk *w, int fd, const char *path, const struct dirent *d, int depth)
{
	const char *name = arena_printf(w->l->arena, "%s/%s", path, d->d_name);
	autoclose int at = -1;
	struct stat st;

	/* A mount is looked at by itself, below: what lies under it is nobody's. */
	if (live_mount_on(&w->t->mounts, name))
		return;
	at = open_entry(fd, d->d_name, O_PATH);
	if (at < 0 || fstat(at, &st) < 0)
		return;
	if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)) {
		note(w, name, major(st.st_rdev), minor(st.st_rdev), S_ISBLK(st.st_mode));
	} else if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX) {
		int sub = open_entry(fd, d->d_name, O_RDONLY | O_DIRECTORY);

		if (sub >= 0)
			walk_dir(w, sub, name, depth + 1);
	} else if (S_ISDIR(st.st_mode)) {
		w->cut = true;
	}
}

/* Takes fd over. */
static void walk_dir(struct walk *w, int fd, const char *path, int depth)
{
	autodir DIR *dir = fdopendir(fd);
	const struct dirent *d;

	if (!dir) {
		(void)close(fd);
		w->cut = true;
		return;
	}
	while ((d = readdir(dir))) {
		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		if (++w->seen > ENTRIES_MAX) {
			w->cut = true;
			return;
		}
		if (d->d_type == DT_CHR || d->d_type == DT_BLK || d->d_type == DT_DIR ||
		    d->d_type == DT_UNKNOWN)
			walk_entry(w, fd, path, d, depth);
	}
}

/* Devices that were bound, one by one. */
static void bound(struct walk *w)
{
	struct live *l = w->l;
	struct live_target *t = w->t;

	for (size_t i = 0; i < t->mounts.count; i++) {
		const struct proc_mount *m = &t->mounts.items[i];
		struct live_stat st;

		if (!t->mounts.visible[i] || strcmp(m->root, "/") == 0 ||
		    !live_below(m->mount_point, "/dev", NULL))
			continue;
		if (live_stat(l, t->dir, arena_printf(l->arena, "root%s", m->mount_point), &st) ==
			    0 &&
		    (st.type == LIVE_CHR || st.type == LIVE_BLK))
			note(w, m->mount_point, st.rmajor, st.rminor, st.type == LIVE_BLK);
	}
}

/* ".stat" of a scene names the devices below root/dev. */
static void recorded(struct walk *w)
{
	struct live *l = w->l;
	size_t len;
	char *text;

	if (live_read(l, w->t->dir, ".stat", LIVE_TEXT_MAX, &text, &len) < 0)
		return;
	for (char *s = text; s; s = (s = strchr(s, '\n')) ? s + 1 : NULL) {
		size_t n = strcspn(s, " \n");
		const char *path = arena_strndup(l->arena, s, n);
		struct live_stat st;

		if (live_below(path, "root/dev", NULL) && live_stat(l, w->t->dir, path, &st) == 0 &&
		    (st.type == LIVE_CHR || st.type == LIVE_BLK) &&
		    !live_mount_on(&w->t->mounts, path + 4))
			note(w, path + 4, st.rmajor, st.rminor, st.type == LIVE_BLK);
	}
}

/* File systems that the kernel answers for without asking anybody. */
static bool is_local(const struct proc_mount *m)
{
	static const char *const local[] = { "tmpfs",    "devtmpfs", "overlay", "ext2",
					     "ext3",     "ext4",     "xfs",     "btrfs",
					     "squashfs", "erofs",    "ramfs" };

	for (size_t i = 0; i < ARRAY_LEN(local); i++)
		if (strcmp(m->fs, local[i]) == 0)
			return true;
	return false;
}

static void look_into_dev(struct walk *w)
{
	struct live *l = w->l;
	struct live_target *t = w->t;
	const struct proc_mount *m = live_mount_at(&t->mounts, "/dev");
	struct live_stat st;
	int fd, r;

	if (!m)
		return;
	if (!is_local(m)) {
		list_unknown(t->f, LIST_DEVICES,
			     arena_printf(l->arena, "its /dev is on a %s, which is not looked into",
					  live_escape(l, m->fs)));
		return;
	}
	r = live_stat(l, t->dir, "root/dev", &st);
	if (r == -ENOENT)
		return;
	fd = r < 0 ? r : live_open_dir(l, t->dir, "dev");
	if (fd >= 0 && st.mnt_id == (uint64_t)m->id) {
		walk_dir(w, fd, "/dev", 0);
		return;
	}
	if (fd >= 0)
		(void)close(fd);
	list_unknown(t->f, LIST_DEVICES, live_errno(fd < 0 ? fd : -ESTALE));
}

void live_devices(struct live *l, struct live_target *t)
{
	const struct proc_mount *m = live_mount_on(&t->mounts, "/dev");
	struct walk w = { .l = l, .t = t };

	if (t->mounts.error) {
		list_unknown(t->f, LIST_DEVICES, live_errno(t->mounts.error));
		return;
	}
	list_whole(t->f, LIST_DEVICES);
	if (t->f->ns_of[NST_MNT].mode == NSM_HOST ||
	    (m && strcmp(m->fs, "devtmpfs") == 0 && strcmp(m->root, "/") == 0))
		return; /* all of them: mnt-host and mount-host-dev say so */
	bound(&w);
	if (l->recorded)
		recorded(&w);
	else
		look_into_dev(&w);
	if (w.found > LIVE_ITEMS_MAX)
		list_add(l->a, t->f, LIST_DEVICES, live_place(l, t->p, "root/dev", NULL),
			 arena_printf(l->arena, "%zu more devices", w.found - LIVE_ITEMS_MAX));
	if (w.cut)
		list_unknown(t->f, LIST_DEVICES, "its /dev has more entries than are looked at");
}
