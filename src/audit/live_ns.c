/* SPDX-License-Identifier: Apache-2.0 */
/* Whose namespaces a process is in. By inodes, never by the text of links: two that cannot be
 * read are not the same. */
#include <string.h>

#include "audit/live_impl.h"
#include "base/cleanup.h"

static const enum pn_type pn_of[NST_COUNT] = {
	[NST_PID] = PN_PID, [NST_USER] = PN_USER, [NST_MNT] = PN_MNT,       [NST_NET] = PN_NET,
	[NST_IPC] = PN_IPC, [NST_UTS] = PN_UTS,   [NST_CGROUP] = PN_CGROUP, [NST_TIME] = PN_TIME,
};

/* The first namespaces of the machine (include/linux/proc_ns.h): network and mount from 6.18 on,
 * before these had whatever number came first. */
static uint64_t fixed_ino(const struct live *l, enum ns_type t)
{
	static const uint64_t fixed[NST_COUNT] = {
		[NST_PID] = 4026531836, [NST_USER] = 4026531837,   [NST_UTS] = 4026531838,
		[NST_IPC] = 4026531839, [NST_CGROUP] = 4026531835, [NST_TIME] = 4026531834,
		[NST_NET] = 4026531833, [NST_MNT] = 4026531832,
	};

	return (t == NST_NET || t == NST_MNT) && !l->new_kernel ? 0 : fixed[t];
}

enum tri live_ns_is_first(const struct live *l, enum pn_type t, uint64_t ino)
{
	enum ns_type type = 0;
	uint64_t fixed;

	while (type < NST_COUNT - 1 && pn_of[type] != t)
		type++;
	fixed = fixed_ino(l, type);
	if (!ino)
		return TRI_UNKNOWN;
	if ((fixed && ino == fixed) || (l->at_host && ino == l->first[t]))
		return TRI_YES;
	return fixed || (l->at_host && l->first[t]) ? TRI_NO : TRI_UNKNOWN;
}

static const char *owner_words(struct live *l, const struct pn_owner *o)
{
	size_t need = pn_owner_text(o, NULL, 0);
	char *s = arena_alloc(l->arena, need + 1);

	(void)pn_owner_text(o, s, need + 1);
	return s;
}

static bool is_pause(const struct pn_proc *p)
{
	static const char *const names[] = { "pause", "catatonit", "podman-pause", "pod-pause" };

	for (size_t i = 0; p && i < ARRAY_LEN(names); i++)
		if (strcmp(p->comm, names[i]) == 0)
			return true;
	return false;
}

static bool same_pod(const struct pn_owner *a, const struct pn_owner *b)
{
	return a && b && a->pod && b->pod && strcmp(a->pod, b->pod) == 0;
}

/* A PID namespace of several containers: the pod's, or one container's that the others joined. */
static void pid_shared(struct live *l, struct live_target *t, struct ns_fact *n)
{
	const struct pn_ns *ns = t->p->ns;
	const struct pn_owner *mine = t->p->owner, *theirs = ns->init ? ns->init->owner : NULL;
	bool pause = is_pause(ns->init);

	n->mode = NSM_OWN;
	if (!mine || ns->init == t->p)
		theirs = mine;
	if (mine != theirs && theirs) {
		n->mode = same_pod(mine, theirs) || pause ? NSM_POD : NSM_CONTAINER;
		n->text = owner_words(l, theirs);
	} else if (pause && ns->nowner > 1) {
		n->mode = NSM_POD;
	}
}

/* The oldest process in it is another container's. */
static void shared(struct live *l, struct live_target *t, enum pn_type type, uint64_t ino,
		   struct ns_fact *n)
{
	const struct pn_ns *ns = pn_ns_find(l->snap, type, ino);
	const struct pn_owner *mine = t->p->owner,
			      *theirs = ns && ns->init ? ns->init->owner : NULL;

	n->mode = NSM_OWN;
	if (!mine || !theirs || mine == theirs || theirs->monitor || mine->outer == theirs)
		return;
	n->mode = same_pod(mine, theirs) ? NSM_POD : NSM_CONTAINER;
	n->text = owner_words(l, theirs);
}

static void one(struct live *l, struct live_target *t, enum ns_type type)
{
	enum pn_type pt = pn_of[type];
	struct ns_fact *n = &t->f->ns_of[type];
	uint64_t ino = t->p->ns_ino[pt], fixed = fixed_ino(l, type);
	uint64_t first = t->self && !l->at_host ? 0 : l->first[pt];
	bool of_root = type == NST_PID && t->p->ns->flags & PN_NS_F_ROOT;

	n->at = live_place(l, t->p, arena_printf(l->arena, "ns/%s", pn_type_name(pt)), NULL);
	if (type == NST_PID && !ino && !(t->p->flags & PN_P_NS_UNKNOWN))
		ino = t->p->ns->ino;
	if (of_root && (l->at_host || !t->self)) {
		n->mode = NSM_HOST;
	} else if (type == NST_PID && !of_root && !(t->p->flags & PN_P_NS_UNKNOWN)) {
		pid_shared(l, t, n); /* by the levels of NSpid, which everybody may read */
	} else if (!ino) {
		n->text = t->p->denied & (PN_F_NSLINKS | PN_F_USERNS) ||
					  t->p->flags & PN_P_NO_ACCESS
				  ? "Permission denied"
				  : "the link could not be read";
	} else if ((fixed && ino == fixed) || (first && ino == first)) {
		n->mode = NSM_HOST;
		if (!l->at_host && ino != fixed)
			n->text = "the outermost one that can be seen from here";
	} else if (fixed || (first && l->at_host)) {
		shared(l, t, pt, ino, n);
	} else {
		n->text = "this kernel does not number the machine's first one, so that it cannot "
			  "be told from inside";
	}
}

void live_namespaces(struct live *l, struct live_target *t)
{
	for (int i = 0; i < NST_COUNT; i++)
		one(l, t, (enum ns_type)i);
	t->userns_own = t->f->ns_of[NST_USER].mode == NSM_UNKNOWN ? TRI_UNKNOWN
			: t->f->ns_of[NST_USER].mode == NSM_HOST  ? TRI_NO
								  : TRI_YES;
}
