/* SPDX-License-Identifier: Apache-2.0 */
/* What hides the kernel's own files in /proc and /sys: which masks there are, whether they are what
 * they look like, and whose processes /proc shows. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "audit/live_impl.h"
#include "audit/spec.h"
#include "base/cleanup.h"
#include "proc/nslinks.h"
#include "proc/stat.h"

/* In those of some: they may be missing, but what is there must be a mask. */
static const char masked_by_some[][32] = {
	"/proc/asound",    "/proc/interrupts", "/sys/devices/virtual/powercap",
	"/sys/fs/selinux", "/sys/dev/block",
};

bool live_mask_is_usual(const char *path)
{
	for (size_t i = 0; i < MASKED_PATHS; i++)
		if (strcmp(path, masked_paths[i]) == 0)
			return true;
	for (size_t i = 0; i < READONLY_PATHS; i++)
		if (strcmp(path, readonly_paths[i]) == 0)
			return true;
	return false;
}

static bool is_mask_of_some(const char *path)
{
	for (size_t i = 0; i < ARRAY_LEN(masked_by_some); i++)
		if (strcmp(path, masked_by_some[i]) == 0)
			return true;
	return false;
}

/* Does this kernel have it? */
static bool exists(struct live *l, const char *path)
{
	return l->root_fd >= 0 && faccessat(l->root_fd, path + 1, F_OK, 0) == 0;
}

static bool is_kernel(const struct proc_mount *m)
{
	return strcmp(m->fs, "proc") == 0 || strcmp(m->fs, "sysfs") == 0;
}

/* A procfs mounted so that a path in it is where it would be anyway: made read-only, say. */
static bool is_itself(const struct proc_mount *m)
{
	const char *rest;

	if (!live_below(m->mount_point, strcmp(m->fs, "proc") == 0 ? "/proc" : "/sys", &rest))
		return strcmp(m->root, "/") == 0;
	return strcmp(m->root, *rest ? rest : "/") == 0;
}

static struct place at_mount(struct live *l, struct live_target *t, const char *path)
{
	return live_place(l, t->p, "mountinfo", live_escape(l, path));
}

static bool is_host_procfs(const struct live *l, const struct proc_mount *m)
{
	const struct proc_mount *host = l->host_known ? live_mount_on(&l->host, "/proc") : NULL;

	return host && host->major == m->major && host->minor == m->minor;
}

/* A procfs that was mounted elsewhere, where no engine's masks are. The host's has a rule
 * of its own. */
static bool is_other_procfs(const struct live *l, const struct live_target *t, size_t i)
{
	const struct proc_mount *m = &t->mounts.items[i];

	return t->mounts.visible[i] && strcmp(m->fs, "proc") == 0 && strcmp(m->root, "/") == 0 &&
	       strcmp(m->mount_point, "/proc") != 0 && !is_host_procfs(l, m) &&
	       !proc_mount_has_option(m->super_options, "subset=pid");
}

/* Is that path of /proc there with nothing over it, in the procfs `m`? */
static bool is_open(struct live *l, const struct live_target *t, const struct proc_mount *m,
		    const char *path)
{
	const char *rest, *at = strcmp(m->mount_point, "/") == 0 ? "" : m->mount_point;
	const struct proc_mount *on;

	if (!live_below(path, "/proc", &rest) || !exists(l, path))
		return false;
	on = live_mount_at(&t->mounts, arena_printf(l->arena, "%s%s", at, rest));
	return on && on->id == m->id;
}

/* One item for each that leaves one of those n paths open. */
static void other_procfs(struct live *l, struct live_target *t, enum list_id id,
			 const char paths[][sizeof(masked_paths[0])], size_t n)
{
	for (size_t i = 0; i < t->mounts.count; i++) {
		const struct proc_mount *m = &t->mounts.items[i];
		bool open = false;

		if (!is_other_procfs(l, t, i) || (id == LIST_PROC_WRITABLE && live_mount_ro(m)))
			continue;
		for (size_t k = 0; k < n && !open; k++)
			open = is_open(l, t, m, paths[k]);
		if (open)
			list_add(l->a, t->f, id, at_mount(l, t, m->mount_point),
				 arena_printf(l->arena, SPEC_OTHER_PROCFS,
					      live_escape(l, m->mount_point)));
	}
}

static void unmasked(struct live *l, struct live_target *t)
{
	struct facts *f = t->f;

	list_whole(f, LIST_UNMASKED);
	if (f->ns_of[NST_MNT].mode == NSM_HOST)
		return; /* has no /proc of its own: mnt-host says more */
	for (size_t i = 0; i < MASKED_PATHS; i++) {
		const struct proc_mount *m = live_mount_at(&t->mounts, masked_paths[i]);

		if (!m || !is_kernel(m) || !is_itself(m) || !exists(l, masked_paths[i]) ||
		    proc_mount_has_option(m->super_options, "subset=pid"))
			continue;
		list_add(l->a, f, LIST_UNMASKED, at_mount(l, t, masked_paths[i]), masked_paths[i]);
	}
	other_procfs(l, t, LIST_UNMASKED, masked_paths, MASKED_PATHS);
}

/* Only the root of the machine may write there: one of a user namespace is refused. */
static bool may_write(const struct facts *f)
{
	return f->ns_of[NST_USER].mode == NSM_HOST || f->ns_of[NST_USER].mode == NSM_UNKNOWN ||
	       f->fact[FACT_USERNS_MAPS_ROOT].is == TRI_YES;
}

static void writable(struct live *l, struct live_target *t)
{
	struct facts *f = t->f;

	list_whole(f, LIST_PROC_WRITABLE);
	if (f->ns_of[NST_MNT].mode == NSM_HOST || !may_write(f))
		return;
	for (size_t i = 0; i < READONLY_PATHS; i++) {
		const struct proc_mount *m = live_mount_at(&t->mounts, readonly_paths[i]);

		if (!m || strcmp(m->fs, "proc") != 0 || live_mount_ro(m) ||
		    !exists(l, readonly_paths[i]) || !is_itself(m) ||
		    proc_mount_has_option(m->super_options, "subset=pid"))
			continue;
		list_add(l->a, f, LIST_PROC_WRITABLE, at_mount(l, t, readonly_paths[i]),
			 readonly_paths[i]);
	}
	other_procfs(l, t, LIST_PROC_WRITABLE, readonly_paths, READONLY_PATHS);
}

/* ---- are they what they should be? ------------------------------------------------------------- */

static bool ends_with(const char *s, const char *end)
{
	size_t a = strlen(s), b = strlen(end);

	return a >= b && strcmp(s + a - b, end) == 0;
}

/* NULL: it is. Else in words what it is. */
static const char *wrong_mask(struct live *l, struct live_target *t, const struct proc_mount *m)
{
	struct live_stat st;
	int r = live_stat(l, t->dir, arena_printf(l->arena, "root%s", m->mount_point), &st);

	if (ends_with(m->root, "/null")) {
		if (r < 0 || (st.type == LIVE_CHR && st.rmajor == 1 && st.rminor == 3))
			return NULL;
		return "is a file named null that is not the null device";
	}
	if (!live_mount_ro(m))
		return arena_printf(l->arena, "is a writable %s (%s)", live_escape(l, m->fs),
				    live_escape(l, m->root));
	if (r == 0 && st.type != LIVE_DIR)
		return arena_printf(l->arena, "is the file %s of a %s", live_escape(l, m->root),
				    live_escape(l, m->fs));
	return NULL;
}

static void tampered(struct live *l, struct live_target *t)
{
	struct facts *f = t->f;

	list_whole(f, LIST_MASK_TAMPERED);
	if (f->ns_of[NST_MNT].mode == NSM_HOST)
		return;
	for (size_t i = 0; i < t->mounts.count; i++) {
		const struct proc_mount *m = &t->mounts.items[i];
		const char *what = NULL, *path = m->mount_point;

		if (!t->mounts.visible[i])
			continue;
		if (is_kernel(m) && !is_itself(m) &&
		    (live_below(path, "/proc", NULL) || live_below(path, "/sys", NULL) ||
		     live_below(path, "/dev", NULL)))
			what = arena_printf(l->arena, "is the kernel's %s%s",
					    strcmp(m->fs, "proc") == 0 ? "/proc" : "/sys",
					    live_escape(l, m->root));
		else if (!is_kernel(m) && (live_mask_is_usual(path) || is_mask_of_some(path)))
			what = wrong_mask(l, t, m);
		if (what)
			list_add(l->a, f, LIST_MASK_TAMPERED, at_mount(l, t, path),
				 arena_printf(l->arena, "%s %s", live_escape(l, path), what));
	}
}

/* ---- whose processes are in /proc ---------------------------------------------------------------- */

static int start_of(struct live *l, int dir, const char *file, uint64_t *ret)
{
	struct proc_stat st;
	size_t len;
	char *text;
	int r = live_read(l, dir, file, LIVE_TEXT_MAX, &text, &len);

	if (r == 0)
		r = proc_stat_parse(text, len, &st);
	if (r == 0)
		*ret = st.starttime;
	return r;
}

/* Is that procfs of the process's PID namespace? By PID 1 in it: by its namespace, or where
 * that may not be read by its start time. -errno: it cannot be told. */
static int is_own_procfs(struct live *l, struct live_target *t, const struct proc_mount *m)
{
	autoclose int fd = -1;
	struct live_stat st;
	uint64_t ino, real, seen;
	int r;

	if (!l->recorded) {
		/* Nothing was mounted over it since: only then it is a procfs that we read. */
		r = live_stat(l, t->dir, "root/proc", &st);
		if (r < 0)
			return r;
		if (st.mnt_id != (uint64_t)m->id)
			return -ESTALE;
	}
	fd = live_open_dir(l, t->dir, "proc");
	if (fd < 0)
		return fd;
	r = proc_nslink_at(fd, "1/ns/pid", PROC_NS_PID, &ino);
	if (r == 0 && t->p->ns->ino)
		return ino == t->p->ns->ino;
	if (!t->init)
		return r < 0 ? r : -ESRCH;
	r = start_of(l, l->proc_fd, arena_printf(l->arena, "%d/stat", (int)t->init->pid), &real);
	if (r == 0)
		r = start_of(l, fd, "1/stat", &seen);
	return r < 0 ? r : seen == real;
}

static void proc_view(struct live *l, struct live_target *t)
{
	const struct proc_mount *m = live_mount_on(&t->mounts, "/proc");
	struct place at = at_mount(l, t, "/proc");
	struct facts *f = t->f;
	int r;

	if (!m || strcmp(m->fs, "proc") != 0 || strcmp(m->root, "/") != 0) {
		fact_set(f, FACT_PROC_MISMATCH, TRI_NO, at, "no procfs at /proc");
		return;
	}
	if (f->ns_of[NST_PID].mode == NSM_HOST) {
		fact_set(f, FACT_PROC_MISMATCH, TRI_NO, at, NULL);
		return;
	}
	if (is_host_procfs(l, m)) {
		fact_set(f, FACT_PROC_MISMATCH, TRI_YES, at, "the host's procfs");
		return;
	}
	r = is_own_procfs(l, t, m);
	fact_set(f, FACT_PROC_MISMATCH,
		 r < 0 ? TRI_UNKNOWN
		 : r   ? TRI_NO
		       : TRI_YES,
		 at,
		 r < 0 ? arena_printf(l->arena, "PID 1 in its /proc: %s", live_errno(r)) : NULL);
}

void live_masks(struct live *l, struct live_target *t)
{
	if (t->mounts.error) {
		const char *why = live_errno(t->mounts.error);

		list_unknown(t->f, LIST_UNMASKED, why);
		list_unknown(t->f, LIST_PROC_WRITABLE, why);
		list_unknown(t->f, LIST_MASK_TAMPERED, why);
		fact_set(t->f, FACT_PROC_MISMATCH, TRI_UNKNOWN,
			 live_place(l, t->p, "mountinfo", NULL), why);
		return;
	}
	unmasked(l, t);
	writable(l, t);
	tampered(l, t);
	proc_view(l, t);
}
