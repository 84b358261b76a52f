/* SPDX-License-Identifier: Apache-2.0 */
/* Which dangerous calls do the filters of a process let through? */
#include <errno.h>
#include <string.h>

#include "audit/danger.h"
#include "audit/live_impl.h"
#include "audit/seccomp_view.h"
#include "base/cleanup.h"

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
	ret->count = 1;
	return 0;
}

static void judge(struct live *l, struct live_target *t, const struct seccomp_filters *filters,
		  struct place at)
{
	struct facts *f = t->f;
	struct seccomp_view v;

	if (seccomp_view_init(&v, filters, l->arena) < 0) {
		list_unknown(f, LIST_SECCOMP_WEAK,
			     "a filter that this program does not understand");
		return;
	}
	f->seccomp.mode = SECM_CUSTOM;
	list_whole(f, LIST_SECCOMP_WEAK);
	if (!v.whole)
		list_unknown(f, LIST_SECCOMP_WEAK, "a filter with more branches than are followed");
	if (seccomp_view_open(&v, v.arch))
		list_add(l->a, f, LIST_SECCOMP_WEAK, at, DANGER_UNKNOWN_CALLS);
	for (const struct danger_call *d = danger_calls; *d->label; d++)
		if (d->weak && !danger_by_default(d, f->caps.bits[CAPS_BOUNDING], f->engine) &&
		    seccomp_view_danger(&v, v.arch, d))
			list_add(l->a, f, LIST_SECCOMP_WEAK, at, d->label);
	for (size_t i = 0; i < v.other_count; i++)
		if (seccomp_view_gap(&v, v.other[i]))
			list_add(l->a, f, LIST_SECCOMP_WEAK, at,
				 arena_printf(l->arena, DANGER_OTHER_ARCH,
					      seccomp_view_arch_name(v.other[i])));
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
