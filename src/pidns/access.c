/* SPDX-License-Identifier: Apache-2.0 */
/* Looking things up in a finished snapshot, and the words for what is in it. */
#include "pidns/impl.h"

#include "base/cleanup.h"

const char *pn_version(void)
{
	return ATOLL_VERSION;
}

const struct pn_info *pn_info(const struct pn_snap *s)
{
	return &s->info;
}

size_t pn_count(const struct pn_snap *s)
{
	return s->nrow;
}

const struct pn_proc *pn_at(const struct pn_snap *s, size_t i)
{
	return i < s->nrow ? &s->rows[i]->pub : NULL;
}

const struct pn_proc *pn_find(const struct pn_snap *s, pid_t outer)
{
	const struct row *r = snap_row(s, outer);

	return r ? &r->pub : NULL;
}

size_t pn_ns_count(const struct pn_snap *s)
{
	return s->nns;
}

const struct pn_ns *pn_ns_at(const struct pn_snap *s, size_t i)
{
	return i < s->nns ? &s->nss[i]->pub : NULL;
}

const struct pn_ns *pn_ns_find(const struct pn_snap *s, enum pn_type t, uint64_t ino)
{
	const struct nsrow *n = snap_ns(s, t, ino);

	return n ? &n->pub : NULL;
}

size_t pn_finding_count(const struct pn_snap *s)
{
	return s->nfinding;
}

const struct pn_finding *pn_finding_at(const struct pn_snap *s, size_t i)
{
	return i < s->nfinding ? &s->findings[i] : NULL;
}

pid_t pn_pid_in(const struct pn_proc *p, const struct pn_ns *ns)
{
	const struct pn_ns *at = p->ns;

	if (!ns || ns->type != PN_PID)
		return 0;
	while (at && at != ns)
		at = at->parent;
	return at && ns->level <= p->level ? p->nspid[ns->level] : 0;
}

static const struct pn_proc *member(const struct pn_ns *ns, const struct pn_ns *in, pid_t pid)
{
	for (const struct pn_proc *p = in->procs; p; p = p->next_in_ns)
		if (ns->level <= p->level && p->nspid[ns->level] == pid)
			return p;
	return NULL;
}

const struct pn_proc *pn_find_in(const struct pn_snap *s, const struct pn_ns *ns, pid_t pid)
{
	if (!ns || ns->type != PN_PID)
		return NULL;
	if (ns->flags & PN_NS_F_ROOT)
		return pn_find(s, pid);
	/* ns, and all below it */
	for (const struct pn_ns *at = ns; at;) {
		const struct pn_proc *p = member(ns, at, pid);

		if (p)
			return p;
		if (at->child) {
			at = at->child;
			continue;
		}
		while (at != ns && !at->sibling)
			at = at->parent;
		at = at == ns ? NULL : at->sibling;
	}
	return NULL;
}

enum pn_same pn_same_in(const struct pn_proc *a, const struct pn_proc *b, enum pn_type t)
{
	if (a == b)
		return PN_SAME;
	if (t >= PN_TYPES)
		return PN_CANNOT_TELL;
	if (t == PN_PID) {
		if (a->ns == b->ns)
			return a->flags & PN_P_NS_UNKNOWN && a->level != b->level ? PN_CANNOT_TELL
										  : PN_SAME;
		if (a->level != b->level)
			return PN_DIFFERENT;
		/* A stand-in may be any namespace of its level. */
		return (a->flags | b->flags) & PN_P_NS_UNKNOWN ? PN_CANNOT_TELL : PN_DIFFERENT;
	}
	if (a->ns_ino[t] == 0 || b->ns_ino[t] == 0)
		return PN_CANNOT_TELL;
	return a->ns_ino[t] == b->ns_ino[t] ? PN_SAME : PN_DIFFERENT;
}

#define WORD(table, i, none) ((size_t)(i) < ARRAY_LEN(table) && (table)[i] ? (table)[i] : (none))

const char *pn_type_name(enum pn_type t)
{
	return WORD(proc_ns_name, t, "?");
}

const char *pn_state_name(enum pn_state s)
{
	static const char *const names[] = { "live", "dying", "pinned", "no-init-yet" };

	return WORD(names, s, "?");
}

const char *pn_reap_name(enum pn_reap r)
{
	static const char *const names[] = { "unknown", "reaps", "ignores-sigchld", "does-not-reap",
					     "dying" };

	return WORD(names, r, "?");
}

const char *pn_runtime_name(enum pn_runtime r)
{
	static const char *const names[] = {
		[PN_RT_NONE] = "none",
		[PN_RT_DOCKER] = "docker",
		[PN_RT_CONTAINERD_CRI] = "cri-containerd",
		[PN_RT_CONTAINERD] = "containerd",
		[PN_RT_CRIO] = "cri-o",
		[PN_RT_PODMAN] = "podman",
		[PN_RT_RUNC] = "runc",
		[PN_RT_CRUN] = "crun",
		[PN_RT_ATOLL] = "atoll",
		[PN_RT_BUILDKIT] = "buildkit",
		[PN_RT_LXC] = "lxc",
		[PN_RT_NSPAWN] = "nspawn",
		[PN_RT_SNAP] = "snap",
		[PN_RT_FLATPAK] = "flatpak",
		[PN_RT_BWRAP] = "bwrap",
		[PN_RT_FIREJAIL] = "firejail",
		[PN_RT_CHROME] = "chrome",
		[PN_RT_OCI] = "oci",
	};

	return WORD(names, r, "?");
}

const char *pn_evidence_name(enum pn_evidence e)
{
	static const char *const names[] = {
		"cgroup", "state", "monitor", "exe", "init", "parent"
	};

	return WORD(names, e, "?");
}

const char *pn_finding_name(enum pn_finding_code c)
{
	static const char *const names[] = {
		[PN_FIND_ZOMBIE] = "zombie",           [PN_FIND_FALSE_ZOMBIE] = "false-zombie",
		[PN_FIND_NOT_REAPING] = "not-reaping", [PN_FIND_STUCK] = "stuck-teardown",
		[PN_FIND_NO_INIT_YET] = "no-init-yet", [PN_FIND_PINNED] = "pinned",
		[PN_FIND_INJECTED] = "injected",       [PN_FIND_PENDING] = "setns-pending",
	};

	return WORD(names, c, "?");
}
