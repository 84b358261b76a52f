/* SPDX-License-Identifier: Apache-2.0 */
/* Owners of those whose own cgroup does not tell: by monitor, state, program, init, parent. */
#include "pidns/owned.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "pidns/cgpath.h"
#include "pidns/names.h"
#include "pidns/scan.h"

static const char *base_name(const char *s)
{
	const char *slash = strrchr(s, '/');

	return slash ? slash + 1 : s;
}

/* The argument after `option` in a command line, or NULL. */
static const char *option_of(const struct pn_proc *p, const char *option)
{
	const char *at = p->cmdline, *end = at ? at + p->cmdline_len : NULL;

	while (at < end) {
		const char *next = at + strnlen(at, (size_t)(end - at)) + 1;

		if (strcmp(at, option) == 0)
			return next < end ? next : NULL;
		at = next;
	}
	return NULL;
}

static int late_cmdline(struct pn_snap *s, struct row *r)
{
	autoclose int dirfd = scan_reopen(s, r);
	ssize_t n = dirfd < 0 ? dirfd : snap_read(s, dirfd, "cmdline");

	if (n <= 0 || n > CMDLINE_MAX)
		return -ESRCH;
	r->pub.cmdline = pool_strndup(&s->pool, s->scratch, (size_t)n);
	r->pub.cmdline_len = (size_t)n;
	return r->pub.cmdline ? 0 : -ENOMEM;
}

/* conmon -c ID -n NAME; containerd-shim-runc-v2 -namespace moby -id ID */
static struct ownrow *by_monitor(struct pn_snap *s, struct row *up)
{
	struct pn_proc *p = &up->pub;
	const char *id = NULL, *ns = NULL, *name = NULL;
	enum pn_runtime rt = PN_RT_PODMAN;
	struct ownrow *o;

	if (strcmp(p->comm, "conmon") != 0 && strncmp(p->comm, "containerd-shim", 15) != 0)
		return NULL;
	if (!p->cmdline && late_cmdline(s, up) < 0)
		return NULL;
	if (strcmp(p->comm, "conmon") == 0) {
		id = option_of(p, "-c");
		name = option_of(p, "-n");
	} else {
		id = option_of(p, "-id");
		ns = option_of(p, "-namespace");
		rt = ns && strcmp(ns, "moby") == 0     ? PN_RT_DOCKER
		     : ns && strcmp(ns, "k8s.io") == 0 ? PN_RT_CONTAINERD_CRI
						       : PN_RT_CONTAINERD;
	}
	if (!id || strlen(id) >= CGPATH_ID_MAX)
		return NULL;
	o = owner_intern(s, rt, id, NULL);
	if (!o)
		return NULL;
	o->pub.evidence = PN_BY_MONITOR;
	o->pub.ns = ns;
	if (name && !o->pub.name)
		o->pub.name = name;
	return o;
}

static const struct {
	const char *comm;
	enum pn_runtime runtime;
} sandboxes[] = {
	{ "bwrap", PN_RT_BWRAP },     { "firejail", PN_RT_FIREJAIL },  { "chrome", PN_RT_CHROME },
	{ "chromium", PN_RT_CHROME }, { "nacl_helper", PN_RT_CHROME }, { "brave", PN_RT_CHROME },
	{ "electron", PN_RT_CHROME },
};

/* bwrap and firejail stay as init; Chrome's zygote is one of its own. Its id is the outer PID. */
static struct ownrow *by_exe(struct pn_snap *s, const struct row *init)
{
	const struct row *tries[] = { init, init->up };

	for (size_t k = 0; k < ARRAY_LEN(tries); k++) {
		const struct row *r = tries[k];
		const char *arg0 = r && r->pub.cmdline_len ? base_name(r->pub.cmdline) : "";

		for (size_t i = 0; r && i < ARRAY_LEN(sandboxes); i++) {
			char id[16];
			struct ownrow *o;

			if (strcmp(r->pub.comm, sandboxes[i].comm) != 0 &&
			    strcmp(arg0, sandboxes[i].comm) != 0)
				continue;
			/* Chrome starts all sorts of programs; its sandboxes are zygotes. */
			if (k == 1 && sandboxes[i].runtime == PN_RT_CHROME)
				continue;
			(void)snprintf(id, sizeof(id), "%d", (int)init->pub.pid);
			o = owner_intern(s, sandboxes[i].runtime, id, init->own);
			if (o)
				o->pub.evidence = PN_BY_EXE;
			return o;
		}
	}
	return NULL;
}

static struct ownrow *by_state(struct pn_snap *s, struct row *init)
{
	const struct names_hit *hit;
	struct ownrow *o;

	if (!(s->fields & PN_F_NAMES) || names_by_pid(s, init, &hit) < 0 || !hit)
		return NULL;
	o = owner_intern(s, hit->runtime, hit->id, NULL);
	if (o)
		o->pub.evidence = PN_BY_STATE;
	return o;
}

/* An init that is in no container's cgroup, or in a sandbox inside of one. */
static void own_init(struct pn_snap *s, struct row *init)
{
	struct ownrow *o = NULL;

	if (!init->own && init->up)
		o = by_monitor(s, init->up);
	if (!init->own && !o)
		o = by_state(s, init);
	if (!o)
		o = by_exe(s, init);
	if (o)
		init->own = o;
}

static int add_owner(struct pn_snap *s, struct nsrow *n, const struct pn_owner *o)
{
	const struct pn_owner **list;

	/* Doubles at powers of two; the pool takes the old ones with it. */
	if ((n->pub.nowner & (n->pub.nowner - 1)) == 0) {
		size_t cap = n->pub.nowner ? n->pub.nowner * 2 : 1;

		list = pool_alloc(&s->pool, cap * sizeof(*list));
		if (!list)
			return -ENOMEM;
		if (n->pub.nowner)
			memcpy(list, n->owners, n->pub.nowner * sizeof(*list));
		n->owners = list;
		n->pub.owners = list;
	}
	n->owners[n->pub.nowner++] = o;
	return 0;
}

static int count_owner(struct pn_snap *s, struct row *r)
{
	struct ownrow *o = r->own;

	if (!o)
		return 0;
	r->pub.owner = &o->pub;
	o->pub.nproc++;
	/* Members come namespace by namespace, so that one mark for each owner is enough. */
	if (o->counted_in == r->nsr)
		return 0;
	o->counted_in = r->nsr;
	return add_owner(s, r->nsr, &o->pub);
}

/* Whose own cgroup was not read has its parent's owner, as far up as the namespace goes, then
 * that of init. A zombie has lost its cgroup on v1. */
static void inherit(struct row *r)
{
	const struct row *init = r->nsr->init;
	bool root = r->nsr->pub.level == 0;
	bool asked = r->pub.fields & PN_F_CGROUP && !(r->pub.flags & PN_P_ZOMBIE);

	r->owned = true;
	if (!r->own && !asked && r->up && r->up->nsr == r->nsr && !(r->pub.flags & PN_P_KTHREAD))
		r->own = r->up->own;
	if (!r->own && !root && init)
		r->own = init->own;
}

/* Parents before children, without recursion. */
static void settle(struct row *r, struct row **path)
{
	size_t depth = 0;

	for (; r && !r->owned; r = r->up && r->up->nsr == r->nsr ? r->up : NULL) {
		if (r->visiting)
			break;
		r->visiting = true;
		path[depth++] = r;
	}
	while (depth > 0) {
		path[--depth]->visiting = false;
		inherit(path[depth]);
	}
}

/* An orphan has lost the parent that its owner would be taken from, and its new one is
 * of another container, if several share the namespace. */
static int ask_orphans(struct pn_snap *s)
{
	for (size_t i = 0; i < s->nrow; i++) {
		struct row *r = s->rows[i];
		struct nsrow *n = r->nsr;

		if (!r->own || n->pub.flags & PN_NS_F_ROOT)
			continue;
		n->shared |= n->seen && n->seen != r->own;
		n->seen = r->own;
	}
	for (size_t i = 0; i < s->nrow; i++) {
		struct row *r = s->rows[i];
		autoclose int dirfd = -1;

		if (!r->nsr->shared || r->pub.fields & PN_F_CGROUP || r->pub.denied & PN_F_CGROUP ||
		    r->up != r->nsr->init)
			continue;
		dirfd = scan_reopen(s, r);
		if (dirfd >= 0 && more_cgroup(s, r, dirfd) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int settle_all(struct pn_snap *s)
{
	struct row **path = malloc((s->nrow + 1) * sizeof(struct row *));

	for (size_t i = 0; path && i < s->nrow; i++)
		settle(s->rows[i], path);
	free(path);
	return path ? 0 : -ENOMEM;
}

int owner_assign(struct pn_snap *s)
{
	if (!(s->fields & (PN_F_OWNER | PN_F_CGROUP)))
		return 0;
	for (size_t i = 0; i < s->nns; i++) {
		struct nsrow *n = s->nss[i];

		if (n->pub.type == PN_PID && n->init && !(n->pub.flags & PN_NS_F_ROOT))
			own_init(s, n->init);
	}
	if (ask_orphans(s) < 0 || settle_all(s) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < s->nns; i++) {
		struct nsrow *n = s->nss[i];

		for (struct row *r = n->first; r; r = r->next_member) {
			if (count_owner(s, r) < 0)
				return -ENOMEM;
		}
		if (n->init && n->init->own && n->pub.type == PN_PID)
			n->pub.owner = &n->init->own->pub;
		if (n->pub.nowner > 1 && !(n->pub.flags & PN_NS_F_ROOT))
			n->pub.flags |= PN_NS_F_SHARED;
	}
	if (s->fields & PN_F_NAMES && names_recorded(s) < 0)
		return -ENOMEM;
	for (struct ownrow *o = owner_first(s); o && s->fields & PN_F_NAMES; o = owner_next(o))
		if (names_fill(s, o) < 0)
			return -ENOMEM;
	return 0;
}
