/* SPDX-License-Identifier: Apache-2.0 */
/* What /proc/PID/status tells: rights, ids, PID 1. And the security modules. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "audit/live_impl.h"
#include "audit/spec.h"
#include "base/cleanup.h"
#include "base/num.h"

/* ---- capabilities, privileges ------------------------------------------------------------------ */

static void caps(struct live *l, struct live_target *t)
{
	static const char *const names[CAPS_SETS] = {
		[CAPS_BOUNDING] = "CapBnd",  [CAPS_EFFECTIVE] = "CapEff",
		[CAPS_PERMITTED] = "CapPrm", [CAPS_INHERITABLE] = "CapInh",
		[CAPS_AMBIENT] = "CapAmb",
	};
	const struct pn_caps *c = &t->p->caps;
	const uint64_t bits[CAPS_SETS] = {
		[CAPS_BOUNDING] = c->bounding,   [CAPS_EFFECTIVE] = c->effective,
		[CAPS_PERMITTED] = c->permitted, [CAPS_INHERITABLE] = c->inheritable,
		[CAPS_AMBIENT] = c->ambient,
	};
	struct facts *f = t->f;

	for (int i = 0; i < CAPS_SETS; i++) {
		f->caps.known[i] = true;
		f->caps.bits[i] = bits[i] & caps_known();
		f->caps.at[i] = live_place(l, t->p, "status", names[i]);
	}
	f->caps.all = l->caps_all;
	f->caps.dropped_at = f->caps.at[CAPS_BOUNDING];
	fact_set(f, FACT_DROPS_ALL, spec_caps_dropped(c->bounding) ? TRI_YES : TRI_NO,
		 f->caps.at[CAPS_BOUNDING], NULL);
}

static enum tri tri_of(int8_t v)
{
	return v < 0 ? TRI_UNKNOWN : v ? TRI_YES : TRI_NO;
}

/* The line of status that begins with `key`, or NULL. */
static const char *status_line(const struct live_target *t, const char *key)
{
	size_t n = strlen(key);

	for (const char *s = t->status; s; s = (s = strchr(s, '\n')) ? s + 1 : NULL)
		if (strncmp(s, key, n) == 0 && s[n] == ':')
			return s + n + 1;
	return NULL;
}

/* ---- users and groups --------------------------------------------------------------------------- */

/* "0 100000 65536": the first inside, the first outside, how many. */
static bool map_line(const char **at, uint64_t v[3])
{
	for (int i = 0; i < 3; i++) {
		size_t n;

		*at += strspn(*at, " \t");
		n = strspn(*at, "0123456789");
		if (num_u64(*at, n, &v[i]) < 0)
			return false;
		*at += n;
	}
	return true;
}

/* What uid 0 of a user namespace is outside, by its uid_map; -1: nobody, -2: not known. */
static int64_t outside_of_root(struct live *l, struct live_target *t, int *ret_error)
{
	size_t len;
	char *text;
	int r = live_read(l, t->dir, "uid_map", LIVE_TEXT_MAX, &text, &len);

	*ret_error = r;
	if (r < 0)
		return -2;
	for (const char *s = text; *s; s += *s == '\n') {
		uint64_t v[3];

		if (!map_line(&s, v)) {
			*ret_error = -EINVAL;
			return *s ? -2 : -1;
		}
		if (v[0] == 0 && v[2] > 0)
			return (int64_t)v[1];
	}
	return -1;
}

static void users(struct live *l, struct live_target *t)
{
	struct place uid = live_place(l, t->p, "status", "Uid");
	struct place map = live_place(l, t->p, "uid_map", NULL);
	const struct pn_proc *p = t->p;
	struct facts *f = t->f;
	int64_t inner = p->inner_uid >= 0 ? p->inner_uid : (int64_t)p->uid[1];
	int64_t outside;
	int error;

	fact_set(f, FACT_ROOT, inner == 0 ? TRI_YES : TRI_NO, uid,
		 arena_printf(l->arena, "uid %lld", (long long)inner));
	outside = outside_of_root(l, t, &error);
	if (f->ns_of[NST_USER].mode == NSM_HOST) {
		fact_set(f, FACT_USERNS_MAPS_ROOT, TRI_NO, map, "no user namespace");
	} else if (outside == -2 || f->ns_of[NST_USER].mode == NSM_UNKNOWN) {
		fact_set(f, FACT_USERNS_MAPS_ROOT, TRI_UNKNOWN, map,
			 outside == -2 ? live_errno(error) : "its user namespace is not known");
	} else if (outside != 0) {
		fact_set(f, FACT_USERNS_MAPS_ROOT, TRI_NO, map, NULL);
	} else {
		/* 0 is that of the reader's namespace, or of the one above where it is the same. */
		bool sure = l->uid0_is_host == TRI_YES;

		fact_set(f, FACT_USERNS_MAPS_ROOT, sure ? TRI_YES : TRI_UNKNOWN, map,
			 sure ? "0 is 0 outside"
			      : "0 is 0 of the namespace around, which may be another container's");
	}
	if (p->uid[1] != 0)
		fact_set(f, FACT_ROOT_OF_HOST, TRI_NO, uid, NULL);
	else if (l->uid0_is_host == TRI_YES)
		fact_set(f, FACT_ROOT_OF_HOST, TRI_YES, uid, "uid 0");
	else if (t->self && outside > 0)
		fact_set(f, FACT_ROOT_OF_HOST, TRI_NO, map,
			 arena_printf(l->arena, "uid %lld outside", (long long)outside));
	else
		fact_set(f, FACT_ROOT_OF_HOST, TRI_UNKNOWN, uid,
			 "uid 0 of a user namespace; what that is on the host cannot be seen from "
			 "here");
}

/* A group of the machine by which one gets at devices or at an engine; NULL: none of these. */
static const char *group_name(struct live *l, uint32_t gid)
{
	static const char *const names[] = { "docker", "podman", "lxd",     "incus", "incus-admin",
					     "disk",   "kvm",    "libvirt", "kmem",  "shadow" };
	size_t len;
	char *text;

	if (gid == 0)
		return "root";
	if (live_read_root(l, "etc/group", &text, &len) < 0)
		return NULL;
	for (char *s = text; s; s = (s = strchr(s, '\n')) ? s + 1 : NULL) {
		size_t n = strcspn(s, ":\n");
		const char *num = s[n] == ':' ? strpbrk(s + n + 1, ":\n") : NULL;
		uint64_t v;

		if (!num || *num != ':' ||
		    num_u64(num + 1, strspn(num + 1, "0123456789"), &v) < 0 || v != gid)
			continue;
		for (size_t i = 0; i < ARRAY_LEN(names); i++)
			if (strlen(names[i]) == n && memcmp(names[i], s, n) == 0)
				return names[i];
	}
	return NULL;
}

/* Of somebody who is root already a group says nothing more. */
static void groups(struct live *l, struct live_target *t)
{
	const char *s = status_line(t, "Groups");
	struct place at = live_place(l, t->p, "status", "Groups");

	if (!s) {
		list_unknown(t->f, LIST_GROUPS, "status has no line of groups");
		return;
	}
	list_whole(t->f, LIST_GROUPS);
	if (t->f->fact[FACT_ROOT].is != TRI_NO)
		return;
	while (*(s += strspn(s, " \t")) >= '0' && *s <= '9') {
		size_t n = strspn(s, "0123456789");
		uint64_t gid;
		const char *name;

		if (num_u64(s, n, &gid) < 0 || gid > UINT32_MAX)
			break;
		name = group_name(l, (uint32_t)gid);
		if (name)
			list_add(
				l->a, t->f, LIST_GROUPS, at,
				arena_printf(l->arena, "%llu (%s)", (unsigned long long)gid, name));
		s += n;
	}
}

/* By its gid_map; -1: nothing. */
static int64_t inside_of(const char *map, uint64_t outside)
{
	uint64_t v[3];

	for (const char *s = map; *s && map_line(&s, v); s += *s == '\n')
		if (outside >= v[1] && outside - v[1] < v[2])
			return (int64_t)(v[0] + (outside - v[1]));
	return -1;
}

/* The kernel shows the ids that the reader's own user namespace has for them. */
static bool is_of_reader(const struct live *l, const struct live_target *t)
{
	struct stat st;

	return t->self ||
	       (!l->recorded && t->p->ns_ino[PN_USER] && stat("/proc/self/ns/user", &st) == 0 &&
		st.st_ino == t->p->ns_ino[PN_USER]);
}

struct live_ids live_ids(struct live *l, const struct live_target *t)
{
	const char *s = status_line(t, "Groups");
	bool same = is_of_reader(l, t);
	struct live_ids ids = { .uid = same ? (int64_t)t->p->uid[1] : t->p->inner_uid };
	int64_t *groups = NULL;
	char *map = NULL;
	size_t len, cap = 0;
	uint64_t gid;

	if (!same && live_read(l, t->dir, "gid_map", LIVE_TEXT_MAX, &map, &len) < 0) {
		ids.gid = -1;
		return ids;
	}
	ids.gid = same ? (int64_t)t->p->gid[1] : inside_of(map, t->p->gid[1]);
	for (size_t n; s && (n = strspn(s += strspn(s, " \t"), "0123456789")) > 0; s += n) {
		if (num_u64(s, n, &gid) < 0 || gid > UINT32_MAX)
			break;
		*(int64_t *)arena_push(l->arena, &groups, &ids.group_count, &cap,
				       sizeof(*groups)) = same ? (int64_t)gid : inside_of(map, gid);
	}
	ids.groups = groups;
	return ids;
}

/* ---- PID 1 ---------------------------------------------------------------------------------------- */

static const char *reap_words(struct live *l, const struct pn_ns *ns)
{
	size_t need = pn_reap_text(ns, NULL, 0);
	char *s = arena_alloc(l->arena, need + 1);

	(void)pn_reap_text(ns, s, need + 1);
	return strncmp(s, "does not reap: ", 15) == 0 ? s + 15 : s; /* the rule says that */
}

static void init_reaps(struct live *l, struct live_target *t)
{
	const struct pn_proc *i = t->init;
	const struct pn_ns *ns = t->p->ns;
	struct place at = live_place(l, i, "status", "SigCgt");
	enum tri is = TRI_UNKNOWN;
	const char *text;

	switch (ns->reap) {
	case PN_REAP_YES:
	case PN_REAP_IGNORES: is = TRI_YES; break;
	case PN_REAP_NO: is = TRI_NO; break;
	case PN_REAP_UNKNOWN:
	case PN_REAP_DYING: break;
	}
	/* Seen between two waits a good init looks like any other program. */
	if (is != TRI_NO && i->cmdline && i->cmdline_len && init_is_known(i->cmdline))
		is = TRI_YES;
	text = is == TRI_NO ? arena_printf(l->arena, "%s (%s)", live_escape(l, i->comm),
					   reap_words(l, ns))
			    : reap_words(l, ns);
	fact_set(t->f, FACT_INIT_REAPS, is, at, text);
}

static void init_term(struct live *l, struct live_target *t)
{
	const uint64_t term = UINT64_C(1) << (SIGTERM - 1);
	const struct pn_proc *i = t->init;
	struct place at = live_place(l, i, "status", "SigCgt");

	if (i->sigs.caught & term)
		fact_set(t->f, FACT_INIT_TERM, TRI_YES, at, "has a handler");
	else if (i->sigs.blocked & term)
		/* The kernel keeps it for sigwaitinfo(2) or a signalfd(2): atoll-init, tini. */
		fact_set(t->f, FACT_INIT_TERM, TRI_YES, live_place(l, i, "status", "SigBlk"),
			 "blocked, so that it can be waited for");
	else if (t->p->ns->evidence & PN_EV_SIGWAIT) {
		/* While it sleeps in rt_sigtimedwait(2), what it waits for counts as not blocked. */
		bool known = i->cmdline && i->cmdline_len && init_is_known(i->cmdline);

		fact_set(t->f, FACT_INIT_TERM, known ? TRI_YES : TRI_UNKNOWN, at,
			 known ? "waits for signals"
			       : "it waits for signals by sigtimedwait; for which ones cannot be "
				 "seen");
	} else {
		fact_set(t->f, FACT_INIT_TERM, TRI_NO, at,
			 arena_printf(l->arena, "%s has no handler, and the kernel drops it",
				      live_escape(l, i->comm)));
	}
}

static bool has_namespaces_inside(const struct pn_ns *ns)
{
	for (const struct pn_ns *c = ns->child; c; c = c->sibling)
		if (c->state == PN_LIVE)
			return true;
	return false;
}

static void pid_one(struct live *l, struct live_target *t)
{
	struct place at = live_place(l, t->p, "status", "NSpid");
	struct facts *f = t->f;
	enum ns_mode mode = f->ns_of[NST_PID].mode;
	bool init_is_host = mode == NSM_HOST;

	fact_set(f, FACT_PIDNS_NESTED,
		 !init_is_host && has_namespaces_inside(t->p->ns) ? TRI_YES : TRI_NO, at, NULL);
	if (init_is_host) {
		fact_set(f, FACT_INIT_REAPS, TRI_YES, at, "PID 1 is the host's");
		fact_set(f, FACT_INIT_TERM, TRI_YES, at, "is not PID 1");
		return;
	}
	if (!t->init) {
		fact_set(f, FACT_INIT_REAPS, TRI_UNKNOWN, at, "PID 1 cannot be seen from here");
		fact_set(f, FACT_INIT_TERM, TRI_UNKNOWN, at, "PID 1 cannot be seen from here");
		return;
	}
	init_reaps(l, t);
	init_term(l, t);
}

void live_facts(struct live *l, struct live_target *t)
{
	struct facts *f = t->f;

	caps(l, t);
	users(l, t);
	groups(l, t);
	pid_one(l, t);
	fact_set(f, FACT_NO_NEW_PRIVS, tri_of(t->p->no_new_privs),
		 live_place(l, t->p, "status", "NoNewPrivs"),
		 t->p->no_new_privs < 0 ? "this kernel does not tell" : NULL);
}

/* No engine's option is to be seen in a process, but all that it does is. */
void live_shape(struct live_target *t)
{
	struct facts *f = t->f;
	uint64_t bounding = f->caps.bits[CAPS_BOUNDING];
	const struct list_fact *masks = &f->list[LIST_UNMASKED];
	const struct fact *devices = &f->fact[FACT_DEVICES_ALL];
	struct place at = f->caps.at[CAPS_BOUNDING];
	enum tri is;

	/* Few masks that are missing do not make it privileged; all of them do. */
	bool no_masks = f->ns_of[NST_MNT].mode == NSM_HOST ||
			(masks->whole == TRI_YES && masks->count >= 4);

	if ((bounding & f->caps.all) != f->caps.all || t->p->seccomp > 0)
		is = TRI_NO;
	else if (f->ns_of[NST_USER].mode != NSM_HOST)
		is = f->ns_of[NST_USER].mode == NSM_UNKNOWN ? TRI_UNKNOWN : TRI_NO;
	else if (t->p->seccomp < 0)
		is = TRI_UNKNOWN;
	else if (no_masks || devices->is == TRI_YES)
		is = TRI_YES;
	else
		is = masks->whole == TRI_YES && devices->is == TRI_NO ? TRI_NO : TRI_UNKNOWN;
	fact_set(
		f, FACT_PRIVILEGED, is, at,
		is == TRI_UNKNOWN
			? "all capabilities and no filter; whether devices and /proc are open could not be read"
		: is == TRI_YES ? "all capabilities, no seccomp filter, no masks or all devices"
				: NULL);
}

/* ---- security modules -------------------------------------------------------------------------- */

static const char *attr(struct live *l, struct live_target *t, const char *file, int *ret)
{
	size_t len;
	char *text;

	*ret = live_read(l, t->dir, file, LIVE_TEXT_MAX, &text, &len);
	if (*ret < 0)
		return NULL;
	while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\0'))
		text[--len] = '\0';
	return live_escape(l, text);
}

static void apparmor(struct live *l, struct live_target *t)
{
	static const char complain[] = " (complain)", enforce[] = " (enforce)";
	const char *file = "attr/apparmor/current", *text;
	struct facts *f = t->f;
	struct spec s = { .a = l->a, .f = f };
	size_t len;
	int r;

	if (l->apparmor == TRI_NO) {
		f->apparmor = (struct mode_fact){ .mode = LSMM_ABSENT };
		return;
	}
	text = attr(l, t, file, &r);
	if (!text && l->selinux != TRI_YES) { /* before 5.8 there is one file for all modules */
		file = "attr/current";
		text = attr(l, t, file, &r);
	}
	f->apparmor.at = live_place(l, t->p, file, NULL);
	if (!text) {
		f->apparmor.text = live_errno(r);
		return;
	}
	len = strlen(text);
	if (len > sizeof(complain) - 1 &&
	    strcmp(text + len - sizeof(complain) + 1, complain) == 0) {
		f->apparmor.mode = LSMM_COMPLAIN;
		f->apparmor.text = text;
		return;
	}
	if (len > sizeof(enforce) - 1 && strcmp(text + len - sizeof(enforce) + 1, enforce) == 0)
		text = arena_strndup(l->arena, text, len - sizeof(enforce) + 1);
	spec_apparmor(&s, *text ? text : "unconfined", f->apparmor.at);
}

static void selinux(struct live *l, struct live_target *t)
{
	struct facts *f = t->f;
	struct spec s = { .a = l->a, .f = f };
	struct place at = live_place(l, t->p, "attr/current", NULL);
	const char *text;
	int r;

	if (l->selinux == TRI_NO) {
		f->selinux = (struct mode_fact){ .mode = LSMM_ABSENT };
		list_whole(f, LIST_SELINUX);
		return;
	}
	text = attr(l, t, "attr/current", &r);
	if (!text) {
		f->selinux = (struct mode_fact){ .at = at, .text = live_errno(r) };
		list_unknown(f, LIST_SELINUX, live_errno(r));
		return;
	}
	spec_selinux(&s, text, at);
}

static enum tri confines(const struct mode_fact *m)
{
	switch (m->mode) {
	case LSMM_DEFAULT:
	case LSMM_CUSTOM: return TRI_YES;
	case LSMM_UNKNOWN: return TRI_UNKNOWN;
	default: return TRI_NO;
	}
}

void live_lsm(struct live *l, struct live_target *t)
{
	struct facts *f = t->f;
	enum tri a, s;
	struct place at;

	apparmor(l, t);
	selinux(l, t);
	a = confines(&f->apparmor);
	s = confines(&f->selinux);
	if (s == TRI_YES && l->selinux_enforces != TRI_YES)
		s = l->selinux_enforces;
	at = f->apparmor.mode != LSMM_ABSENT  ? f->apparmor.at
	     : f->selinux.mode != LSMM_ABSENT ? f->selinux.at
					      : live_place(l, t->p, "attr/current", NULL);
	if (a == TRI_YES || s == TRI_YES)
		fact_set(f, FACT_LSM_ENFORCING, TRI_YES, at, NULL);
	else if (a == TRI_UNKNOWN || s == TRI_UNKNOWN)
		fact_set(f, FACT_LSM_ENFORCING, TRI_UNKNOWN, at,
			 "the label of the process may not be read");
	else
		fact_set(f, FACT_LSM_ENFORCING, TRI_NO, at,
			 f->apparmor.mode == LSMM_COMPLAIN ? "its AppArmor profile only complains"
			 : f->selinux.mode != LSMM_ABSENT && l->selinux_enforces == TRI_NO
				 ? "SELinux is permissive"
			 : f->apparmor.mode == LSMM_ABSENT && f->selinux.mode == LSMM_ABSENT
				 ? "this machine runs neither AppArmor nor SELinux"
				 : "it is unconfined");
}
