/* SPDX-License-Identifier: Apache-2.0 */
/* Working directories, roots and descriptors that lie outside of the container's mount
 * namespace (CVE-2024-21626). What a link is on, the kernel says by the number of the mount: a
 * directory whose mount is not in the process's mountinfo is one that leads out. Files that were
 * opened for it, as its output, are no way out: from a file there is no "..". */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "audit/live_impl.h"
#include "base/cleanup.h"
#include "proc/nslinks.h"

struct handles {
	struct live *l;
	struct live_target *t;
	int error; /* of what could not be read */
	size_t found;
	bool cut;
};

static void leak(struct handles *h, const struct pn_proc *p, const char *file, const char *what)
{
	struct live *l = h->l;

	if (++h->found > LIVE_ITEMS_MAX)
		return;
	list_add(l->a, h->t->f, LIST_FD_LEAKS, live_place(l, p, file, NULL),
		 arena_printf(l->arena, "%s of %s %s", file, live_who(l, p), what));
}

static const char *link_text(struct live *l, int dir, const char *file)
{
	char buf[4096];
	ssize_t n = readlinkat(dir, file, buf, sizeof(buf) - 1);

	if (n < 0)
		return NULL;
	buf[n] = '\0';
	return live_escape(l, buf);
}

static void check_mount(struct handles *h, const struct pn_proc *p, int dir, const char *file,
			bool always)
{
	struct live *l = h->l;
	struct live_stat st;
	int r = live_stat(l, dir, file, &st);
	const char *text;

	if (r < 0) {
		if (r != -ENOENT && r != -ESRCH && !h->error)
			h->error = r;
		return;
	}
	/* Disks count, too; terminals and pipes do not. */
	if (!always && st.type != LIVE_DIR && st.type != LIVE_BLK)
		return;
	if (!st.mnt_id) {
		if (!h->error)
			h->error = -EOPNOTSUPP; /* before 5.8 */
		return;
	}
	if (live_mount_by_id(&h->t->mounts, st.mnt_id))
		return;
	text = link_text(l, dir, file);
	leak(h, p, file,
	     arena_printf(l->arena, "is %s%s, on a mount that is not one of its own",
			  st.type == LIVE_BLK ? "the disk " : "", text ? text : "?"));
}

static void check_fd(struct handles *h, const struct pn_proc *p, int dir, const char *file)
{
	struct live *l = h->l;
	const char *text = link_text(l, dir, file);
	uint64_t ino;

	if (!text)
		return;
	if (text[0] == '/') {
		check_mount(h, p, dir, file, false);
		return;
	}
	/* A handle of a namespace, to be entered by setns(2). */
	for (int t = 0; t < PROC_NS_COUNT; t++)
		if (proc_nslink_parse(text, strlen(text), &ino) == t && p->ns_ino[t] &&
		    ino != p->ns_ino[t] && live_ns_is_first(l, (enum pn_type)t, ino) == TRI_YES)
			leak(h, p, file,
			     arena_printf(l->arena, "is the host's %s namespace", proc_ns_name[t]));
}

static void check_fds(struct handles *h, const struct pn_proc *p, int dir)
{
	int fd = openat(dir, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autodir DIR *fds = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *d;
	size_t n = 0;

	if (!fds) {
		if (fd >= 0)
			(void)close(fd);
		if (errno != ENOENT && errno != ESRCH && !h->error)
			h->error = -errno;
		return;
	}
	while ((d = readdir(fds))) {
		if (d->d_name[0] == '.')
			continue;
		if (++n > LIVE_FDS_MAX) {
			h->cut = true;
			return;
		}
		check_fd(h, p, dir, arena_printf(h->l->arena, "fd/%s", d->d_name));
	}
}

static void check(struct handles *h, const struct pn_proc *p)
{
	autoclose int other = -1;
	int dir = h->t->dir;

	if (p != h->t->p) {
		other = openat(h->l->proc_fd, arena_printf(h->l->arena, "%d", (int)p->pid),
			       O_PATH | O_DIRECTORY | O_CLOEXEC);
		dir = other;
	}
	if (dir < 0)
		return;
	check_mount(h, p, dir, "cwd", true);
	check_mount(h, p, dir, "root", true);
	check_fds(h, p, dir);
}

void live_handles(struct live *l, struct live_target *t)
{
	struct handles h = { .l = l, .t = t };
	struct facts *f = t->f;
	size_t n = 0;

	if (t->mounts.error || t->f->ns_of[NST_MNT].mode == NSM_UNKNOWN) {
		list_unknown(f, LIST_FD_LEAKS,
			     t->mounts.error ? live_errno(t->mounts.error)
					     : "its mount namespace is not known");
		return;
	}
	list_whole(f, LIST_FD_LEAKS);
	if (f->ns_of[NST_MNT].mode == NSM_HOST)
		return;
	check(&h, t->p);
	for (const struct pn_proc *p = t->p->ns->procs; p && t->whole; p = p->next_in_ns) {
		/* Who has other mounts is not measured by these; intruders are looked for
		 * elsewhere. */
		if (p == t->p || p->flags & (PN_P_ZOMBIE | PN_P_FALSE_ZOMBIE | PN_P_KTHREAD) ||
		    p->ns_ino[PN_MNT] != t->p->ns_ino[PN_MNT] || !p->ns_ino[PN_MNT] ||
		    p->owner != t->p->owner)
			continue;
		if (++n > LIVE_PROCS_MAX) {
			h.cut = true;
			break;
		}
		check(&h, p);
	}
	if (h.found > LIVE_ITEMS_MAX)
		list_add(l->a, f, LIST_FD_LEAKS, live_place(l, t->p, "fd", NULL),
			 arena_printf(l->arena, "%zu more", h.found - LIVE_ITEMS_MAX));
	if (h.error)
		list_unknown(f, LIST_FD_LEAKS,
			     arena_printf(l->arena, "descriptors: %s", live_errno(h.error)));
	else if (h.cut)
		list_unknown(f, LIST_FD_LEAKS,
			     "it has more processes or descriptors than are "
			     "looked at");
}
