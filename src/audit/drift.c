/* SPDX-License-Identifier: Apache-2.0 */
/* Where is the live state weaker than what was declared, or other? Both sides are facts, so any
 * input can be held against a container. What a program may do to itself is no drift: it gives up
 * capabilities, changes its user, adds filters. What neither side knows is not compared.
 *
 * Each difference is one item of LIST_DRIFT, with both values; its place is the live one. */
#include "audit/live_impl.h"

#include <string.h>

#include "audit/spec.h"
#include "base/cleanup.h"

struct pair {
	struct audit *a;
	struct facts *live;
	const struct facts *was;
};

static void differ(struct pair *p, const struct place *live_at, const struct place *was_at,
		   const char *what, const char *was, const char *is)
{
	struct arena *a = p->a->arena;
	const char *where = place_text(a, was_at && was_at->node ? was_at : &p->was->at);
	struct item *i = list_add(p->a, p->live, LIST_DRIFT,
				  live_at && live_at->path ? *live_at : p->live->at,
				  arena_printf(a, "%s: declared %s%s%s%s, live %s", what, was,
					       *where ? " (" : "", where, *where ? ")" : "", is));

	i->arg = was;
}

/* ---- namespaces ------------------------------------------------------------------------------------ */

static const char *const ns_words[NST_COUNT] = {
	[NST_PID] = "PID namespace",       [NST_USER] = "user namespace",
	[NST_MNT] = "mount namespace",     [NST_NET] = "network namespace",
	[NST_IPC] = "IPC namespace",       [NST_UTS] = "UTS namespace",
	[NST_CGROUP] = "cgroup namespace", [NST_TIME] = "time namespace",
};

static const char *mode_word(const struct ns_fact *n)
{
	switch (n->mode) {
	case NSM_OWN: return "one of its own";
	case NSM_HOST: return "the host's";
	case NSM_CONTAINER: return "another container's";
	case NSM_POD: return "its pod's";
	case NSM_PATH: return "one at a path";
	case NSM_UNKNOWN: break;
	}
	return "not known";
}

/* One that is joined by a path may be anybody's, also the pod's: only the host's is different then.
 * Engines that say "its own" mean a namespace apart from the host's. */
static bool ns_differs(enum ns_mode was, enum ns_mode is)
{
	if (was == NSM_UNKNOWN || is == NSM_UNKNOWN || was == is)
		return false;
	if (was == NSM_HOST || is == NSM_HOST)
		return true;
	return was == NSM_OWN && is == NSM_CONTAINER;
}

static void namespaces(struct pair *p)
{
	for (int i = 0; i < NST_COUNT; i++) {
		const struct ns_fact *was = &p->was->ns_of[i], *is = &p->live->ns_of[i];

		/* Nobody sets time namespaces but in OCI configurations. */
		if (i == NST_TIME && p->was->kind != IN_OCI)
			continue;
		if (ns_differs(was->mode, is->mode))
			differ(p, &is->at, &was->at, ns_words[i], mode_word(was), mode_word(is));
	}
}

/* ---- rights ----------------------------------------------------------------------------------------- */

static const char *cap_words(struct arena *a, uint64_t caps)
{
	const char *s = "";

	for (int i = 0; i < CAPS_MAX; i++)
		if (caps >> i & 1 && cap_name(i))
			s = arena_printf(a, "%s%s%s", s, *s ? ", " : "", cap_name(i));
	return s;
}

static void capabilities(struct pair *p)
{
	static const char *const names[CAPS_SETS] = {
		[CAPS_BOUNDING] = "bounding set",   [CAPS_EFFECTIVE] = "effective set",
		[CAPS_PERMITTED] = "permitted set", [CAPS_INHERITABLE] = "inheritable set",
		[CAPS_AMBIENT] = "ambient set",
	};
	const struct cap_fact *was = &p->was->caps, *is = &p->live->caps;
	/* Root gains what is bounding whenever it executes a program. */
	uint64_t may = was->bits[CAPS_BOUNDING] | was->bits[CAPS_PERMITTED];

	for (int i = 0; i < CAPS_SETS; i++) {
		uint64_t allowed = i == CAPS_EFFECTIVE || i == CAPS_PERMITTED ? may : was->bits[i];
		uint64_t more = is->bits[i] & ~allowed;

		if (!was->known[i] || !is->known[i] || !more ||
		    (i != CAPS_INHERITABLE && i != CAPS_AMBIENT && !was->known[CAPS_BOUNDING]))
			continue;
		differ(p, &is->at[i], &was->at[i],
		       arena_printf(p->a->arena, "capabilities in the %s", names[i]),
		       "without them", cap_words(p->a->arena, more));
		if (i == CAPS_BOUNDING)
			may |= more; /* told once */
	}
}

static const char *yes_no(enum tri v)
{
	return v == TRI_YES ? "yes" : "no";
}

static void fact_pair(struct pair *p, enum fact_id id, enum tri weak, const char *what)
{
	const struct fact *was = &p->was->fact[id], *is = &p->live->fact[id];

	if (is->is != weak || was->is == TRI_UNKNOWN || was->is == weak)
		return;
	differ(p, &is->at, &was->at, what,
	       was->text && id != FACT_PROC_MISMATCH ? was->text : yes_no(was->is),
	       is->text ? is->text : yes_no(is->is));
}

static void facts(struct pair *p)
{
	fact_pair(p, FACT_NO_NEW_PRIVS, TRI_NO, "no_new_privs");
	fact_pair(p, FACT_ROOTFS_READONLY, TRI_NO, "read-only root");
	fact_pair(p, FACT_PIDS_LIMITED, TRI_NO, "limit of processes");
	fact_pair(p, FACT_DEVICES_ALL, TRI_YES, "all devices allowed");
	fact_pair(p, FACT_CGROUP_WRITABLE, TRI_YES, "writable cgroup tree");
	fact_pair(p, FACT_SHARED_ROOT, TRI_YES, "shared propagation of the root");
	fact_pair(p, FACT_USERNS_MAPS_ROOT, TRI_YES, "root mapped to the host's root");
	fact_pair(p, FACT_ROOT, TRI_YES, "root as its user");
	if (p->was->fact[FACT_ROOT].is != TRI_NO) /* else told already */
		fact_pair(p, FACT_ROOT_OF_HOST, TRI_YES, "root of the host as its user");
}

/* ---- filters, modules ---------------------------------------------------------------------------- */

const struct json *drift_spec(const struct facts *declared)
{
	const struct json *root = declared->at.node;

	if (!root || root->type != JSON_OBJECT)
		return NULL;
	if (declared->kind == IN_CRI)
		return spec_obj(spec_obj(root, "info"), "runtimeSpec");
	return declared->kind == IN_OCI ? root : NULL;
}

/* Where the paths that an item is missing from are listed; else all that is known is the object. */
static struct place paths_at(const struct facts *was, const char *oci, const char *inspect)
{
	const struct json *root = was->at.node, *list;

	list = was->kind == IN_INSPECT ? spec_list(spec_obj(root, "HostConfig"), inspect)
				       : spec_list(spec_obj(drift_spec(was), "linux"), oci);
	return list ? place_of(was->src, list) : was->at;
}

static bool has_item(const struct list_fact *l, const char *text)
{
	for (size_t i = 0; i < l->count; i++)
		if (strcmp(l->items[i].text, text) == 0)
			return true;
	return false;
}

/* Items that only the live side has, of lists that both know to their end. */
static void list_pair(struct pair *p, enum list_id id, struct place was_at, const char *what,
		      const char *was_word)
{
	const struct list_fact *was = &p->was->list[id], *is = &p->live->list[id];

	if (was->whole != TRI_YES)
		return;
	for (size_t i = 0; i < is->count; i++)
		if (!has_item(was, is->items[i].text))
			differ(p, &is->items[i].at, &was_at, what, was_word, is->items[i].text);
}

static void seccomp(struct pair *p)
{
	const struct mode_fact *was = &p->was->seccomp, *is = &p->live->seccomp;
	bool wanted = was->mode == SECM_DEFAULT || was->mode == SECM_CUSTOM ||
		      was->mode == SECM_OPAQUE;

	if (wanted && (is->mode == SECM_NOT_SET || is->mode == SECM_UNCONFINED))
		differ(p, &is->at, &was->at, "seccomp", "a profile", "no filter");
	else if (was->mode == SECM_CUSTOM && is->mode == SECM_CUSTOM)
		list_pair(p, LIST_SECCOMP_WEAK, was->at, "seccomp", "refused or not named");
}

/* Names of profiles are compared where both have one. */
static void module(struct pair *p, const char *what, const struct mode_fact *was,
		   const struct mode_fact *is)
{
	bool wanted = was->mode == LSMM_DEFAULT || was->mode == LSMM_CUSTOM;
	bool have = is->mode == LSMM_DEFAULT || is->mode == LSMM_CUSTOM;

	if (!wanted || is->mode == LSMM_UNKNOWN || is->mode == LSMM_ABSENT)
		return;
	if (!have)
		differ(p, &is->at, &was->at, what, was->text ? was->text : "confined",
		       is->mode == LSMM_COMPLAIN ? "only complains" : "unconfined");
	else if (was->text && is->text && strcmp(was->text, is->text) != 0 &&
		 strcmp(was->text, "runtime/default") != 0)
		differ(p, &is->at, &was->at, what, was->text, is->text);
}

/* ---- mounts --------------------------------------------------------------------------------------- */

/* /var/run is a link to /run on every system there is. */
static const char *target_of(struct pair *p, const char *path)
{
	const char *s = spec_normal(p->a->arena, path);

	return spec_below(s, "/var/run") ? s + 4 : s;
}

static const struct mount_fact *find_mount(struct pair *p, const struct facts *f,
					   const char *target)
{
	for (size_t i = f->mount_count; i-- > 0;)
		if (f->mounts[i].target && strcmp(target_of(p, f->mounts[i].target), target) == 0)
			return &f->mounts[i];
	return NULL;
}

/* A recursive bind brings what is mounted below its source. */
static bool within_bind(struct pair *p, const char *target)
{
	for (size_t i = 0; i < p->was->mount_count; i++) {
		const struct mount_fact *m = &p->was->mounts[i];

		if (m->target && m->kind == MK_BIND && spec_below(target, target_of(p, m->target)))
			return true;
	}
	return false;
}

static void mounts(struct pair *p)
{
	if (p->was->mounts_whole != TRI_YES || p->live->mounts_whole != TRI_YES)
		return;
	for (size_t i = 0; i < p->live->mount_count; i++) {
		const struct mount_fact *is = &p->live->mounts[i], *was;
		const char *target = target_of(p, is->target);

		if (strcmp(target, "/") == 0)
			continue;
		was = find_mount(p, p->was, target);
		if (was && was->readonly == TRI_YES && is->readonly == TRI_NO)
			differ(p, &is->at, &was->at,
			       arena_printf(p->a->arena, "mount on %s", is->target), "read-only",
			       "writable");
		/* Engines add volumes and files of their own; a path of the host nobody adds. */
		if (!was && is->kind == MK_BIND && !within_bind(p, target))
			differ(p, &is->at, NULL,
			       arena_printf(p->a->arena, "mount on %s", is->target), "none",
			       is->source ? is->source : "one of the host");
		if (was && was->shared == TRI_NO && is->shared == TRI_YES)
			differ(p, &is->at, &was->at,
			       arena_printf(p->a->arena, "mount on %s", is->target), "private",
			       "shared with the host");
	}
}

void drift_compare(struct audit *a, struct facts *live, const struct facts *declared)
{
	struct pair p = { a, live, declared };

	if (live->list[LIST_DRIFT].whole == TRI_UNKNOWN)
		list_whole(live, LIST_DRIFT);
	namespaces(&p);
	capabilities(&p);
	facts(&p);
	seccomp(&p);
	module(&p, "AppArmor profile", &declared->apparmor, &live->apparmor);
	module(&p, "SELinux type", &declared->selinux, &live->selinux);
	list_pair(&p, LIST_UNMASKED, paths_at(declared, "maskedPaths", "MaskedPaths"), "mask",
		  "masked");
	list_pair(&p, LIST_PROC_WRITABLE, paths_at(declared, "readonlyPaths", "ReadonlyPaths"),
		  "path", "read-only");
	mounts(&p);
}
