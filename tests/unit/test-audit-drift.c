/* SPDX-License-Identifier: Apache-2.0 */
/* drift_compare() over facts made by hand: each thing that became weaker is one item, what a
 * program gave up by itself is none, and what one side does not know is not compared. */
#include <linux/capability.h>

#include "audit/live.h"
#include "test.h"

static struct arena arena;
static struct audit audit;

static struct facts *made(enum input_kind kind)
{
	const struct place at = { .path = kind == IN_LIVE ? "/proc/7/status" : NULL };
	struct facts *f = audit_object(&audit, kind, NULL, NULL);

	for (int i = 0; i < NST_COUNT; i++)
		f->ns_of[i] = (struct ns_fact){ .mode = NSM_OWN, .at = at };
	for (int i = 0; i < FACT_COUNT; i++)
		fact_set(f, (enum fact_id)i, TRI_NO, at, NULL);
	for (int i = 0; i < CAPS_SETS; i++) {
		f->caps.known[i] = true;
		f->caps.at[i] = at;
	}
	fact_set(f, FACT_NO_NEW_PRIVS, TRI_YES, at, NULL);
	fact_set(f, FACT_ROOTFS_READONLY, TRI_YES, at, NULL);
	fact_set(f, FACT_PIDS_LIMITED, TRI_YES, at, "50");
	f->seccomp = (struct mode_fact){ .mode = SECM_CUSTOM, .at = at };
	f->apparmor = (struct mode_fact){ .mode = LSMM_CUSTOM, .at = at, .text = "web" };
	for (int i = 0; i < LIST_COUNT; i++)
		list_whole(f, (enum list_id)i);
	f->mounts_whole = TRI_YES;
	return f;
}

struct pair {
	struct facts *was, *is;
};

static struct pair both(void)
{
	struct pair p = { made(IN_OCI), made(IN_LIVE) };

	p.is->list[LIST_DRIFT] = (struct list_fact){ 0 };
	return p;
}

/* The one difference, or NULL for none. */
static const char *difference(struct pair p)
{
	const struct list_fact *l = &p.is->list[LIST_DRIFT];

	drift_compare(&audit, p.is, p.was);
	CHECK_INT(l->whole, TRI_YES);
	if (l->count > 1)
		for (size_t i = 0; i < l->count; i++)
			FAIL(l->items[i].text);
	return l->count ? l->items[0].text : NULL;
}

static void mount_on(struct facts *f, const char *source, const char *target, enum tri ro)
{
	struct mount_fact *m = mount_add(&audit, f, f->caps.at[0]);

	m->kind = MK_BIND;
	m->source = source;
	m->target = target;
	m->readonly = ro;
}

static void rights(void)
{
	struct pair p = both();

	CASE("the same");
	CHECK_STR(difference(p), NULL);
	CASE("rights");
	p = both();
	p.is->caps.bits[CAPS_BOUNDING] = 1ULL << CAP_SYS_ADMIN;
	CHECK_STR(difference(p), "capabilities in the bounding set: declared without them, live "
				 "CAP_SYS_ADMIN");
	p = both(); /* given up by itself */
	p.was->caps.bits[CAPS_BOUNDING] = p.was->caps.bits[CAPS_PERMITTED] = 0xff;
	CHECK_STR(difference(p), NULL);
	p = both(); /* what root has after execve(2) */
	p.was->caps.bits[CAPS_BOUNDING] = p.is->caps.bits[CAPS_BOUNDING] = 0xff;
	p.is->caps.bits[CAPS_PERMITTED] = p.is->caps.bits[CAPS_EFFECTIVE] = 0xff;
	CHECK_STR(difference(p), NULL);
	p = both();
	p.is->caps.bits[CAPS_AMBIENT] = 1;
	CHECK_STR(difference(p), "capabilities in the ambient set: declared without them, live "
				 "CAP_CHOWN");
	p = both();
	p.is->fact[FACT_NO_NEW_PRIVS].is = TRI_NO;
	CHECK_STR(difference(p), "no_new_privs: declared yes, live no");
	p = both();
	p.is->fact[FACT_PIDS_LIMITED].is = TRI_NO;
	p.is->fact[FACT_PIDS_LIMITED].text = "max";
	CHECK_STR(difference(p), "limit of processes: declared 50, live max");
	p = both();
	p.is->fact[FACT_ROOT].is = TRI_YES;
	CHECK_STR(difference(p), "root as its user: declared no, live yes");
	p = both(); /* not known */
	p.is->fact[FACT_ROOT].is = p.is->fact[FACT_NO_NEW_PRIVS].is = TRI_UNKNOWN;
	CHECK_STR(difference(p), NULL);
}

static void rest(void)
{
	struct pair p = both();

	CASE("namespaces");
	p.is->ns_of[NST_PID].mode = NSM_HOST;
	CHECK_STR(difference(p), "PID namespace: declared one of its own, live the host's");
	p = both();
	p.was->ns_of[NST_NET].mode = NSM_PATH; /* a pod's, which looks like one of its own */
	CHECK_STR(difference(p), NULL);
	p = both();
	p.is->ns_of[NST_NET].mode = NSM_UNKNOWN;
	CHECK_STR(difference(p), NULL);
	CASE("filters and modules");
	p = both();
	p.is->seccomp.mode = SECM_NOT_SET;
	CHECK_STR(difference(p), "seccomp: declared a profile, live no filter");
	p = both();
	list_add(&audit, p.is, LIST_SECCOMP_WEAK, p.is->caps.at[0], "mount");
	CHECK_STR(difference(p), "seccomp: declared refused or not named, live mount");
	p = both();
	p.is->apparmor.mode = LSMM_UNCONFINED;
	CHECK_STR(difference(p), "AppArmor profile: declared web, live unconfined");
	p = both();
	p.is->apparmor.mode = LSMM_ABSENT;
	CHECK_STR(difference(p), NULL);
	CASE("masks and mounts");
	p = both();
	list_add(&audit, p.is, LIST_UNMASKED, p.is->caps.at[0], "/proc/kcore");
	CHECK_STR(difference(p), "mask: declared masked, live /proc/kcore");
	p = both();
	mount_on(p.is, "/srv", "/data", TRI_NO);
	CHECK_STR(difference(p), "mount on /data: declared none, live /srv");
	p = both();
	mount_on(p.was, "/srv", "/var/run/x/", TRI_YES);
	mount_on(p.is, "/srv", "/run/x", TRI_NO);
	CHECK_STR(difference(p), "mount on /run/x: declared read-only, live writable");
	p = both();
	mount_on(p.was, "/srv", "/data", TRI_NO);
	mount_on(p.is, "/srv/sub", "/data/sub", TRI_NO); /* came with it */
	CHECK_STR(difference(p), NULL);
}

int main(void)
{
	audit_init(&audit, &arena);
	rights();
	rest();
	arena_free(&arena);
	return DONE();
}
