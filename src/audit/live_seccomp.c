/* SPDX-License-Identifier: Apache-2.0 */
/* Which dangerous calls do the filters of a process let through? */
#include <assert.h>
#include <errno.h>
#include <linux/filter.h>
#include <string.h>

#include "audit/danger.h"
#include "audit/live_impl.h"
#include "audit/seccomp_view.h"
#include "base/cleanup.h"

enum { DANGERS_MAX = 96 };

/* Engines that load a filter unless they are told not to. */
static bool sets_filters(const char *engine)
{
	static const char *const with[] = { "docker", "podman",         "cri-o",    "crio",
					    "snap",   "flatpak",        "buildkit", "atoll",
					    "nspawn", "systemd-nspawn", "lxc" };

	for (size_t i = 0; engine && i < ARRAY_LEN(with); i++)
		if (strcmp(engine, with[i]) == 0)
			return true;
	return false;
}

static int recorded(struct live *l, const struct live_target *t, struct seccomp_filters *ret)
{
	size_t len;
	char *text;
	int r = live_read(l, l->proc_fd, arena_printf(l->arena, ".filters/%d", (int)t->p->pid),
			  LIVE_TEXT_MAX, &text, &len);

	if (r < 0)
		return r;
	ret->items = ARENA_NEW(l->arena, struct seccomp_filter);
	ret->items[0].insns = arena_dup(l->arena, text, len);
	ret->items[0].count = len / sizeof(struct sock_filter);
	ret->insns = ret->items[0].count;
	ret->count = 1;
	return 0;
}

/* What was found of one profile. Engines give the same to most of their containers, and to
 * follow a thousand instructions for each dangerous call costs a millisecond. */
struct live_judged {
	struct seccomp_filters filters;
	bool whole, open;
	bool passes[DANGERS_MAX];
	bool gap[SECCOMP_ARCHS_MAX];
	size_t others;
	uint32_t other[SECCOMP_ARCHS_MAX];
	const struct live_judged *next;
};

static bool same_filters(const struct seccomp_filters *a, const struct seccomp_filters *b)
{
	bool same = a->count == b->count && a->insns == b->insns;

	for (size_t i = 0; same && i < a->count; i++)
		same = a->items[i].count == b->items[i].count &&
		       memcmp(a->items[i].insns, b->items[i].insns,
			      a->items[i].count * sizeof(struct sock_filter)) == 0;
	return same;
}

/* NULL: it is no program. */
static const struct live_judged *judged(struct live *l, const struct seccomp_filters *f)
{
	const struct live_judged *old = l->judged;
	struct live_judged *j;
	struct seccomp_view v;
	size_t n = 0;

	while (old && !same_filters(&old->filters, f))
		old = old->next;
	if (old)
		return old;
	if (seccomp_view_init(&v, f, l->arena) < 0)
		return NULL;
	j = ARENA_NEW(l->arena, struct live_judged);
	j->filters = *f;
	j->open = seccomp_view_open(&v, v.arch);
	for (const struct danger_call *d = danger_calls; *d->label; d++, n++) {
		assert(n < DANGERS_MAX);
		j->passes[n] = d->weak && seccomp_view_danger(&v, v.arch, d);
	}
	for (; j->others < v.other_count; j->others++) {
		j->other[j->others] = v.other[j->others];
		j->gap[j->others] = seccomp_view_gap(&v, v.other[j->others]);
	}
	j->whole = v.whole;
	j->next = l->judged;
	l->judged = j;
	return j;
}

static void judge(struct live *l, struct live_target *t, const struct seccomp_filters *filters,
		  struct place at)
{
	const struct live_judged *j = judged(l, filters);
	struct facts *f = t->f;
	size_t n = 0;

	if (!j) {
		list_unknown(f, LIST_SECCOMP_WEAK,
			     "a filter that this program does not understand");
		return;
	}
	f->seccomp.mode = SECM_CUSTOM;
	list_whole(f, LIST_SECCOMP_WEAK);
	if (!j->whole)
		list_unknown(f, LIST_SECCOMP_WEAK, "a filter with more branches than are followed");
	if (j->open)
		list_add(l->a, f, LIST_SECCOMP_WEAK, at, DANGER_UNKNOWN_CALLS);
	for (const struct danger_call *d = danger_calls; *d->label; d++, n++)
		if (j->passes[n] && !danger_by_default(d, f->caps.bits[CAPS_BOUNDING], f->engine))
			list_add(l->a, f, LIST_SECCOMP_WEAK, at, d->label);
	for (size_t i = 0; i < j->others; i++)
		if (j->gap[i])
			list_add(l->a, f, LIST_SECCOMP_WEAK, at,
				 arena_printf(l->arena, DANGER_OTHER_ARCH,
					      seccomp_view_arch_name(j->other[i])));
}

void live_seccomp(struct live *l, struct live_target *t)
{
	struct place at = live_place(l, t->p, "status", "Seccomp");
	struct facts *f = t->f;
	struct seccomp_filters filters = { 0 };
	struct err e = { 0 };
	int r;

	f->seccomp.at = at;
	if (t->p->seccomp < 0) {
		f->seccomp.text = "this kernel does not tell";
		list_unknown(f, LIST_SECCOMP_WEAK, "this kernel does not tell");
		return;
	}
	if (t->p->seccomp == 0) {
		f->seccomp.mode = sets_filters(f->engine) ? SECM_UNCONFINED : SECM_NOT_SET;
		f->seccomp.text = "no filter";
		list_whole(f, LIST_SECCOMP_WEAK); /* the rules about its absence say it */
		return;
	}
	if (t->p->seccomp == 1) {
		f->seccomp.mode = SECM_DEFAULT;
		f->seccomp.text = "strict: read, write, exit and sigreturn";
		list_whole(f, LIST_SECCOMP_WEAK);
		return;
	}
	f->seccomp.mode = SECM_OPAQUE;
	if (!l->o->seccomp) {
		f->seccomp.text = "the filter was not read: it was not asked for";
		list_unknown(f, LIST_SECCOMP_WEAK, f->seccomp.text);
		return;
	}
	r = l->recorded ? recorded(l, t, &filters)
			: seccomp_dump(&l->tracer, t->p->pid, t->p->start, l->arena, &filters, &e);
	if (r < 0 || filters.count == 0) {
		f->seccomp.text = arena_printf(l->arena, "the filter could not be read: %s",
					       r < 0 && e.code ? e.msg
					       : r < 0         ? live_errno(r)
							       : "it is gone");
		list_unknown(f, LIST_SECCOMP_WEAK, f->seccomp.text);
		return;
	}
	judge(l, t, &filters, at);
}
