/* SPDX-License-Identifier: Apache-2.0 */
#include "pidns/tree.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* Which PID namespace is each process in, and how do they nest?
 *
 *	level 0                          the root's
 *	the link was read                that inode's
 *	parent is of the same level      the parent's: setns(2) and unshare(2) lead into
 *	                                 descendants, and a reaper is found on the child's own level
 *	inner PID is 1                   a namespace of which it is the init, inode unknown
 *	else                             came from outside into a namespace that we cannot name:
 *	                                 a stand-in */

static struct nsrow *stand_in(struct pn_snap *s, const struct row *r, uint32_t flags)
{
	struct nsrow *n = snap_add_ns(s, PN_PID, 0);

	if (!n)
		return NULL;
	n->pub.level = r->pub.level;
	n->pub.flags |= flags;
	return n;
}

static struct nsrow *by_inode(struct pn_snap *s, const struct row *r)
{
	struct nsrow *n = snap_ns(s, PN_PID, r->pub.ns_ino[PN_PID]);

	if (n)
		return n;
	n = snap_add_ns(s, PN_PID, r->pub.ns_ino[PN_PID]);
	if (n)
		n->pub.level = r->pub.level;
	return n;
}

static int place_one(struct pn_snap *s, struct row *r, struct nsrow *root)
{
	struct pn_proc *p = &r->pub;

	if (p->level == s->base) {
		r->nsr = root;
	} else if (p->ns_ino[PN_PID]) {
		r->nsr = by_inode(s, r);
	} else if (r->up && r->up->pub.level == p->level && !(p->flags & PN_P_INIT)) {
		r->nsr = r->up->nsr;
		p->flags |= r->up->pub.flags & (PN_P_NS_INFERRED | PN_P_NS_UNKNOWN);
	} else if (p->flags & PN_P_INIT) {
		r->nsr = stand_in(s, r, PN_NS_F_INFERRED);
		p->flags |= PN_P_NS_INFERRED;
	} else {
		r->nsr = stand_in(s, r, PN_NS_F_INFERRED | PN_NS_F_UNKNOWN);
		p->flags |= PN_P_NS_INFERRED | PN_P_NS_UNKNOWN;
	}
	return r->nsr ? 0 : -ENOMEM;
}

/* Parents before children, without recursion: climbs to the first ancestor that is placed
 * already, and comes down again. Torn PPids could make a ring: it is cut where it closes. */
static int place(struct pn_snap *s, struct row *r, struct nsrow *root, struct row **path)
{
	size_t depth = 0;

	while (r && !r->nsr) {
		if (r->visiting) {
			path[depth - 1]->up = NULL;
			break;
		}
		r->visiting = true;
		path[depth++] = r;
		r = r->up;
	}
	while (depth > 0) {
		int e = place_one(s, path[--depth], root);

		if (e < 0)
			return e;
		path[depth]->visiting = false;
	}
	return 0;
}

static int place_all(struct pn_snap *s, struct nsrow *root)
{
	struct row **path = malloc((s->nrow + 1) * sizeof(struct row *));
	int e = path ? 0 : -ENOMEM;

	for (size_t i = 0; e == 0 && i < s->nrow; i++) {
		s->rows[i]->up = snap_row(s, s->rows[i]->pub.ppid);
		if (!s->rows[i]->up && s->rows[i]->pub.ppid > 0) {
			s->rows[i]->pub.flags |= PN_P_HIDDEN_PARENT;
			s->info.hidden++;
		}
	}
	for (size_t i = 0; e == 0 && i < s->nrow; i++)
		e = place(s, s->rows[i], root, path);
	free(path);
	return e;
}

/* The namespace that a row is in comes with all that the row says. */
static void count(struct row *r)
{
	struct pn_proc *p = &r->pub;
	struct nsrow *n = r->nsr;

	p->ns = &n->pub;
	if (p->ns_ino[PN_PID] == 0)
		p->ns_ino[PN_PID] = n->pub.ino;
	if (p->flags & PN_P_INIT) {
		n->init = r;
		n->pub.init = p;
	}
	if (n->last) {
		n->last->pub.next_in_ns = p;
		n->last->next_member = r;
	} else {
		n->pub.procs = p;
		n->first = r;
	}
	n->last = r;
	n->pub.nproc++;
	n->pub.nthread += p->threads;
	if (p->flags & PN_P_ZOMBIE)
		n->pub.nzombie++;
}

/* After all parents are known. */
static void relate(const struct pn_snap *s, struct row *r)
{
	struct pn_proc *p = &r->pub;
	struct row *up = r->up;

	if (up) {
		p->parent = &up->pub;
		if (p->flags & PN_P_ZOMBIE && up->nsr == r->nsr && up->pub.flags & PN_P_INIT)
			r->nsr->pub.nunreaped++;
	}
	/* Inits come from outside by nature; kthreadd has no parent. */
	if (p->flags & (PN_P_INIT | PN_P_KTHREAD))
		return;
	/* In a view of one namespace a parent that is not in it is outside. */
	if (up ? up->nsr != r->nsr : p->ppid == 0 || s->view) {
		p->flags |= PN_P_INJECTED;
		r->nsr->pub.ninjected++;
	}
}

/* Whose children will be in another namespace; of the others that is no news. */
static int pending(struct pn_snap *s, struct row *r)
{
	struct pn_proc *p = &r->pub;
	uint64_t ino = p->children_ns_ino;

	if (ino == 0)
		return 0;
	if (p->ns_ino[PN_PID] == 0 || p->ns_ino[PN_PID] == ino) {
		p->children_ns_ino = 0;
		return 0;
	}
	p->flags |= PN_P_PENDING;
	return pins_add(s, r, PN_PID, ino, (struct pn_pin){ .how = PN_HOLD_CHILDREN, .fd = -1 });
}

static void link_children(struct pn_snap *s)
{
	/* From the end, so that each list is in the order of outer PIDs. */
	for (size_t i = s->nrow; i-- > 0;) {
		struct row *r = s->rows[i];

		if (!r->up || r->up == r)
			continue;
		r->pub.sibling = r->up->pub.child;
		r->up->pub.child = &r->pub;
	}
}

/* PID 1 may be closed to us where others of its namespace are not. */
static void ask_members(const struct pn_snap *s, struct nsrow *root)
{
	for (size_t i = 0; !root->pub.ino && i < s->nrow; i++) {
		const struct pn_proc *p = &s->rows[i]->pub;
		char link[32];

		if (p->level != s->base)
			continue;
		root->pub.ino = p->ns_ino[PN_PID];
		(void)snprintf(link, sizeof(link), "%d/ns/pid", (int)s->rows[i]->proc_pid);
		if (!root->pub.ino)
			(void)proc_nslink_at(s->proc_fd, link, PROC_NS_PID, &root->pub.ino);
	}
}

static void find_root_ino(struct pn_snap *s, struct nsrow *root)
{
	static const char *const links[] = { "1/ns/pid", "self/ns/pid" };
	const struct row *one = snap_row(s, 1);

	root->pub.ino = s->root_ino;
	root->pub.level = s->base;
	/* /proc/self is of this namespace only if the caller is of level 0. */
	for (size_t i = one && one->pub.level == 0 ? 0 : 1;
	     !root->pub.ino && i < (s->live ? 2U : 1U); i++)
		if (proc_nslink_at(s->proc_fd, links[i], PROC_NS_PID, &root->pub.ino) == 0)
			break;
	/* A live link may be that of another process by now, in whatever namespace. */
	if (!s->any_link)
		ask_members(s, root);
	root->pub.flags |= PN_NS_F_ROOT;
	if (root->pub.ino == 0)
		root->pub.flags |= PN_NS_F_INFERRED;
}

static void take_info(struct nsrow *n, const struct nsinfo *i)
{
	n->pub.id = i->id;
	n->pub.dev = i->dev;
	n->pub.userns = i->userns;
	n->parent_ino = i->parent_ino;
	if (n->pub.type == PN_USER)
		n->pub.owner_uid = i->owner_uid;
}

static void take_infos(struct pn_snap *s)
{
	for (const struct nsinfo *i = s->infos; i; i = i->next)
		for (int t = 0; t < PN_TYPES; t++) {
			struct nsrow *n = snap_ns(s, (enum pn_type)t, i->type_ino);

			if (n)
				take_info(n, i);
		}
}

static void find_parent(struct pn_snap *s, struct nsrow *n, struct nsrow *root)
{
	const struct row *up = n->init ? n->init->up : NULL;

	if (n == root)
		return;
	if (n->parent_ino)
		n->up = snap_ns(s, n->pub.type, n->parent_ino);
	if (n->up || n->pub.type != PN_PID)
		return;
	/* Who makes a namespace is in the one above it, and stays there; after its end the new
	 * parent is of the same namespace. */
	if (up && up->pub.level + 1 == n->pub.level)
		n->up = up->nsr;
	else if (n->pub.level == s->base + 1)
		n->up = root;
	if (!n->up || !n->up->pub.ino || !n->pub.ino || n->pub.nproc == 0)
		n->pub.flags |= PN_NS_F_PARENT_INFERRED;
	if (n->up == n)
		n->up = NULL;
}

static pid_t who(const struct nsrow *n)
{
	if (n->init)
		return n->init->pub.pid;
	if (n->pub.procs)
		return n->pub.procs->pid;
	return n->pub.pins ? n->pub.pins->pid : 0;
}

static void finish(struct nsrow *n)
{
	const struct row *init = n->init;

	n->pub.parent = n->up ? &n->up->pub : NULL;
	if (n->pub.id == 0) {
		n->pub.flags |= PN_NS_F_ID_SURROGATE;
		/* Without an inode, by the number of who is or would be in it. */
		n->pub.id =
			n->pub.ino
				? nsfd_surrogate(n->pub.dev, n->pub.ino, init ? init->pub.start : 0)
				: nsfd_surrogate(1, (uint64_t)who(n), init ? init->pub.start : 0);
	}
	if (n->pub.type != PN_PID || n->pub.flags & PN_NS_F_ROOT)
		return;
	/* A dead leader with live threads is no end: another thread is the reaper then. */
	if (init && init->pub.flags & (PN_P_ZOMBIE | PN_P_DYING))
		n->pub.state = PN_DYING;
}

/* Members of a namespace of another type. Its "init" is the init of a PID namespace that is in it,
 * of the outermost first, else the oldest number. Those that kernel threads are in are the
 * machine's: a container's init in them is not theirs, even where PID 1 may not be looked at. */
static bool is_better(const struct pn_proc *a, const struct pn_proc *b, bool machine)
{
	bool a_init = a->flags & PN_P_INIT, b_init = b->flags & PN_P_INIT;

	if ((a->flags ^ b->flags) & PN_P_KTHREAD)
		return b->flags & PN_P_KTHREAD;
	if (machine && a->level != b->level)
		return a->level < b->level;
	if (a_init != b_init)
		return a_init;
	return a->level != b->level ? a->level < b->level : a->pid < b->pid;
}

static int other_types(struct pn_snap *s)
{
	for (size_t i = 0; i < s->nrow; i++)
		for (int t = PN_PID + 1; t < PN_TYPES; t++) {
			struct row *r = s->rows[i];
			uint64_t ino = r->pub.ns_ino[t];
			struct nsrow *n = snap_ns(s, (enum pn_type)t, ino);

			/* mnt alone was read to look for mounts, and does not make a listing. */
			if (ino == 0 || !(r->pub.fields & (PN_F_NSLINKS | PN_F_USERNS)) ||
			    (t != PN_USER && !(s->fields & PN_F_NSLINKS)))
				continue;
			if (!n)
				n = snap_add_ns(s, (enum pn_type)t, ino);
			if (!n)
				return -ENOMEM;
			n->pub.nproc++;
			n->pub.nthread += r->pub.threads;
			n->machine |= (r->pub.flags & PN_P_KTHREAD) != 0;
			if (!n->init || is_better(&r->pub, &n->init->pub, n->machine)) {
				n->init = r;
				n->pub.init = &r->pub;
			}
		}
	return 0;
}

static int hold_one(struct pn_snap *s, struct hold *h)
{
	struct nsrow *n = snap_ns(s, h->type, h->ino);
	struct pn_pin *pin;

	if (!n && h->type != PN_PID && !(s->fields & PN_F_NSLINKS))
		return 0;
	if (!n) {
		n = snap_add_ns(s, h->type, h->ino);
		if (!n)
			return -ENOMEM;
		n->pub.state = h->ino ? PN_PINNED : PN_NO_INIT_YET;
		if (h->type == PN_PID)
			n->pub.level = (h->by ? h->by->pub.level : s->base) + 1;
		if (h->ino == 0 && h->by)
			n->up = h->by->nsr;
	}
	pin = pool_alloc(&s->pool, sizeof(*pin));
	if (!pin)
		return -ENOMEM;
	*pin = h->pin;
	pin->next = n->pub.pins;
	n->pub.pins = pin;
	return 0;
}

static int by_place(const void *a, const void *b)
{
	const struct nsrow *const *x = a, *const *y = b;
	const struct pn_ns *m = &(*x)->pub, *n = &(*y)->pub;
	pid_t p = m->init ? m->init->pid : m->procs ? m->procs->pid : INT32_MAX;
	pid_t q = n->init ? n->init->pid : n->procs ? n->procs->pid : INT32_MAX;

	if (m->type != n->type)
		return m->type < n->type ? -1 : 1;
	if ((m->flags ^ n->flags) & PN_NS_F_ROOT)
		return m->flags & PN_NS_F_ROOT ? -1 : 1;
	if (m->type == PN_PID && p != q)
		return p < q ? -1 : 1;
	return (m->ino > n->ino) - (m->ino < n->ino);
}

static void link_namespaces(struct pn_snap *s)
{
	for (size_t i = s->nns; i-- > 0;) {
		struct nsrow *n = s->nss[i];
		struct nsrow *up = n->up;
		uint32_t depth = 0;

		/* What says of itself that it is its own ancestor (a forged recording) has none. */
		for (; up && depth < PROC_LEVELS_MAX; depth++)
			up = up->up;
		if (up)
			n->up = NULL;
		if (n->pub.type == PN_USER)
			n->pub.level = depth;
		finish(n);
	}
	for (size_t i = s->nns; i-- > 0;) {
		struct nsrow *n = s->nss[i];

		if (!n->up)
			continue;
		n->pub.sibling = n->up->pub.child;
		n->up->pub.child = &n->pub;
	}
}

/* Each after its parent, before its siblings: children are found again by their number. */
static int order_namespaces(struct pn_snap *s)
{
	struct nsrow **sorted = calloc(s->nns + 1, sizeof(struct nsrow *));
	size_t count = 0;

	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < s->nns; i++) {
		struct nsrow *n = s->nss[i];

		if (n->up)
			continue;
		for (const struct pn_ns *at = &n->pub; at && count < s->nns;) {
			/* pub is the first member */
			sorted[count++] = s->nss[((const struct nsrow *)at)->index];
			if (at->child) {
				at = at->child;
				continue;
			}
			while (at != &n->pub && !at->sibling)
				at = at->parent;
			at = at == &n->pub ? NULL : at->sibling;
		}
	}
	memcpy(s->nss, sorted, count * sizeof(*sorted));
	s->nns = count;
	free(sorted);
	snap_rehash(s);
	return 0;
}

int tree_build(struct pn_snap *s)
{
	struct nsrow *root = snap_add_ns(s, PN_PID, 0);
	int e;

	if (!root)
		return -ENOMEM;
	find_root_ino(s, root);
	snap_rehash(s);
	e = place_all(s, root);
	for (size_t i = 0; e == 0 && i < s->nrow; i++)
		count(s->rows[i]);
	for (size_t i = 0; e == 0 && i < s->nrow; i++)
		relate(s, s->rows[i]);
	for (size_t i = 0; e == 0 && i < s->nrow; i++)
		e = pending(s, s->rows[i]);
	if (e == 0)
		e = other_types(s);
	for (struct hold *h = s->holds; e == 0 && h; h = h->next)
		e = hold_one(s, h);
	if (e < 0)
		return e;
	link_children(s);
	take_infos(s);
	for (size_t i = 0; i < s->nns; i++)
		find_parent(s, s->nss[i], root);
	qsort(s->nss, s->nns, sizeof(*s->nss), by_place);
	for (size_t i = 0; i < s->nns; i++)
		s->nss[i]->index = i;
	link_namespaces(s);
	s->info.root = &root->pub;
	return order_namespaces(s);
}
