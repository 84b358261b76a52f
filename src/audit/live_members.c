/* SPDX-License-Identifier: Apache-2.0 */
/* The other processes of the container: those that have more rights than its PID 1, and
 * those that are dead. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "audit/live_impl.h"
#include "base/cleanup.h"
#include "proc/status.h"

/* Is it of this container, not of another one in the same PID namespace? */
static bool is_member(const struct live_target *t, const struct pn_proc *p)
{
	const struct pn_owner *o = p->owner;

	if (t->f->ns_of[NST_PID].mode == NSM_HOST && !t->owner)
		return p == t->p;
	if (!t->p->owner || !o || o == t->p->owner)
		return true;
	/* By the cgroup it is somebody else's. Whom the machine's own tools put in (nsenter) has
	 * one that is no container's, or the monitor's. */
	return o->monitor;
}

/* ---- intruders ------------------------------------------------------------------------------------ */

static const char *cap_words(struct live *l, uint64_t caps)
{
	const char *s = "";
	int shown = 0, count = __builtin_popcountll(caps);

	for (int i = 0; i < CAPS_MAX && shown < 4; i++) {
		if (!(caps >> i & 1) || !cap_name(i))
			continue;
		s = arena_printf(l->arena, "%s%s%s", s, shown ? ", " : "", cap_name(i));
		shown++;
	}
	return count > shown ? arena_printf(l->arena, "%s and %d more", s, count - shown) : s;
}

/* `userns` is that of PID 1 or one below: what a process made for itself. */
static bool is_below(struct live *l, uint64_t userns, uint64_t of)
{
	const struct pn_ns *ns = pn_ns_find(l->snap, PN_USER, userns);

	for (; ns; ns = ns->parent)
		if (ns->ino == of)
			return true;
	return false;
}

struct more {
	const char *what, *key, *file;
};

static bool other_ns(struct live *l, const struct live_target *t, const struct pn_proc *p,
		     enum pn_type type, struct more *ret, const char *word)
{
	uint64_t mine = t->p->ns_ino[type], theirs = p->ns_ino[type];
	bool first;

	if (!mine || !theirs || mine == theirs)
		return false;
	if (type == PN_USER && is_below(l, theirs, mine))
		return false;
	/* Its own, made from inside: nothing more. From outside it is one of those there. */
	first = live_ns_is_first(l, type, theirs) == TRI_YES;
	if (!first && !(p->flags & PN_P_INJECTED && type != PN_USER))
		return false;
	ret->what = arena_printf(l->arena, "is in %s %s namespace",
				 first ? "the host's" : "another", word);
	ret->file = arena_printf(l->arena, "ns/%s", pn_type_name(type));
	ret->key = NULL;
	return true;
}

/* What p has that PID 1 could not have. */
static bool has_more(struct live *l, const struct live_target *t, const struct pn_proc *p,
		     struct more *ret)
{
	const struct pn_caps *a = &t->p->caps, *b = &p->caps;
	uint64_t may = a->bounding | a->permitted, known = caps_known();
	bool same_user = p->ns_ino[PN_USER] == t->p->ns_ino[PN_USER];
	uint64_t extra = (b->effective | b->permitted) & ~may & known;

	*ret = (struct more){ .file = "status" };
	if (other_ns(l, t, p, PN_USER, ret, "user") || other_ns(l, t, p, PN_MNT, ret, "mount") ||
	    other_ns(l, t, p, PN_CGROUP, ret, "cgroup"))
		return true;
	ret->file = "status";
	if (!same_user) /* in one that it made itself it has all capabilities, which say little */
		return false;
	if (extra) {
		ret->key = b->permitted & ~may & known ? "CapPrm" : "CapEff";
		ret->what = arena_printf(l->arena, "has %s", cap_words(l, extra));
		return true;
	}
	extra = b->bounding & ~may & known;
	if (extra) {
		ret->key = "CapBnd";
		ret->what = arena_printf(l->arena, "may get %s", cap_words(l, extra));
		return true;
	}
	if (t->p->seccomp > 0 && p->seccomp == 0) {
		ret->key = "Seccomp";
		ret->what = "runs without a seccomp filter";
		return true;
	}
	if (t->p->no_new_privs == 1 && p->no_new_privs == 0) {
		ret->key = "NoNewPrivs";
		ret->what = "may gain privileges by exec";
		return true;
	}
	return false;
}

/* In a shared namespace, or one that was joined, PID 1 is another container's: then the
 * container's own first process is what counts. */
static void intruders(struct live *l, struct live_target *t)
{
	struct place at = live_place(l, t->p, "status", NULL);
	struct facts *f = t->f;
	size_t found = 0;

	list_whole(f, LIST_INTRUDERS);
	if (f->ns_of[NST_PID].mode == NSM_HOST && !t->owner)
		return;
	for (const struct pn_proc *p = t->p->ns->procs; p; p = p->next_in_ns) {
		struct more m;

		if (p == t->p || p->flags & (PN_P_ZOMBIE | PN_P_KTHREAD | PN_P_INIT) ||
		    !is_member(t, p))
			continue;
		if (f->ns_of[NST_PID].mode == NSM_HOST && p->owner != t->owner)
			continue;
		if (!has_more(l, t, p, &m) || ++found > LIVE_ITEMS_MAX)
			continue;
		list_add(l->a, f, LIST_INTRUDERS, live_place(l, p, m.file, m.key),
			 arena_printf(l->arena, "%s, outer PID %d, %s", live_who(l, p), (int)p->pid,
				      m.what));
	}
	if (found > LIVE_ITEMS_MAX)
		list_add(l->a, f, LIST_INTRUDERS, at,
			 arena_printf(l->arena, "%zu more processes", found - LIVE_ITEMS_MAX));
}

/* ---- zombies --------------------------------------------------------------------------------------- */

/* A parent needs a moment: who was collected meanwhile does not count. */
static bool is_still_zombie(struct live *l, const struct pn_proc *p)
{
	struct proc_status st;
	size_t len;
	char *text;
	autoclose int dir = openat(l->proc_fd, arena_printf(l->arena, "%d", (int)p->pid),
				   O_PATH | O_DIRECTORY | O_CLOEXEC);

	return dir >= 0 && live_read(l, dir, "status", LIVE_TEXT_MAX, &text, &len) == 0 &&
	       proc_status_parse(text, len, &st) == 0 && st.state == 'Z';
}

static void zombies(struct live *l, struct live_target *t)
{
	const struct pn_ns *ns = t->p->ns;
	struct facts *f = t->f;
	size_t found = 0;

	list_whole(f, LIST_ZOMBIES);
	if (ns->nzombie == 0 || (f->ns_of[NST_PID].mode == NSM_HOST && !t->owner))
		return;
	for (const struct pn_proc *p = ns->procs; p; p = p->next_in_ns) {
		const struct pn_proc *up = p->parent;

		if (!(p->flags & PN_P_ZOMBIE) || !is_member(t, p))
			continue;
		/* On v1 a zombie has no cgroup; whose it is its parent tells. */
		if (f->ns_of[NST_PID].mode == NSM_HOST && p->owner != t->owner)
			continue;
		if (found >= LIVE_ITEMS_MAX) {
			found++;
			continue;
		}
		if (!is_still_zombie(l, p))
			continue;
		found++;
		list_add(l->a, f, LIST_ZOMBIES, live_place(l, p, "status", "State"),
			 up ? arena_printf(l->arena,
					   "%d (defunct %s), whose parent %s does not wait",
					   (int)p->inner, live_escape(l, p->comm), live_who(l, up))
			    : arena_printf(l->arena,
					   "%d (defunct %s), whose parent outside does not wait",
					   (int)p->inner, live_escape(l, p->comm)));
	}
	if (found > LIVE_ITEMS_MAX)
		list_add(l->a, f, LIST_ZOMBIES, live_place(l, t->p, "status", NULL),
			 arena_printf(l->arena, "and %zu more", found - LIVE_ITEMS_MAX));
}

void live_members(struct live *l, struct live_target *t)
{
	if (t->p->flags & PN_P_NS_UNKNOWN) {
		list_unknown(t->f, LIST_INTRUDERS, "its PID namespace is not known");
		list_unknown(t->f, LIST_ZOMBIES, "its PID namespace is not known");
		return;
	}
	intruders(l, t);
	zombies(l, t);
	/* Without their links the namespaces of others cannot be compared; capabilities can. */
	if (!t->p->ns_ino[PN_USER])
		list_unknown(t->f, LIST_INTRUDERS, "namespaces of its processes may not be read");
}
