/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/watch.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/cleanup.h"

struct watch_zombie {
	pid_t pid;
	uint64_t start, since_ms;
	bool told;
};

const char *watch_kind_name(enum watch_kind k)
{
	static const char *const name[WATCH_KINDS] = {
		[WATCH_NS_BORN] = "namespace-born",    [WATCH_NS_CHANGED] = "namespace-changed",
		[WATCH_NS_DYING] = "namespace-dying",  [WATCH_NS_GONE] = "namespace-gone",
		[WATCH_PROC_IN] = "process-in",        [WATCH_PROC_OUT] = "process-out",
		[WATCH_ZOMBIE_SEEN] = "zombie-seen",   [WATCH_ZOMBIE_GONE] = "zombie-gone",
		[WATCH_REAP_CHANGED] = "reap-changed",
	};

	return k < WATCH_KINDS ? name[k] : "?";
}

struct sink {
	watch_fn *fn;
	void *ctx;
};

static void tell(const struct sink *s, const struct watch_event *ev)
{
	s->fn(s->ctx, ev);
}

/* ---- Namespaces ------------------------------------------------------------------------ */

struct ns_key {
	const struct pn_ns *ns;
	uint64_t key; /* inode; or, where that is not known, its init */
};

static int by_key(const void *a, const void *b)
{
	const struct ns_key *x = a, *y = b;

	return x->key < y->key ? -1 : x->key > y->key;
}

static size_t ns_keys(struct arena *a, const struct pn_snap *s, struct ns_key **ret)
{
	size_t max = s ? pn_ns_count(s) : 0, n = 0;
	struct ns_key *keys = arena_alloc(a, (max + 1) * sizeof(*keys));

	for (size_t i = 0; i < max; i++) {
		const struct pn_ns *ns = pn_ns_at(s, i);

		if (ns->type != PN_PID || ns->flags & PN_NS_F_UNKNOWN || (!ns->ino && !ns->init))
			continue;
		keys[n].ns = ns;
		keys[n++].key = ns->ino ? ns->ino : 1ULL << 63 | (uint64_t)ns->init->pid;
	}
	if (n)
		qsort(keys, n, sizeof(*keys), by_key);
	*ret = keys;
	return n;
}

static bool same_ns(const struct pn_ns *a, const struct pn_ns *b)
{
	if (a->id && b->id && !((a->flags | b->flags) & PN_NS_F_ID_SURROGATE))
		return a->id == b->id;
	if (a->init && b->init)
		return a->init->pid == b->init->pid && a->init->start == b->init->start;
	/* Its init is gone, or has come: that is no other namespace. */
	return true;
}

static bool is_verdict(enum pn_reap r)
{
	return r != PN_REAP_UNKNOWN && r != PN_REAP_DYING;
}

/* was: the last verdict that there was; often nothing is known for a moment. */
static void changed_ns(const struct sink *s, const struct pn_ns *a, const struct pn_ns *b,
		       enum pn_reap was)
{
	struct watch_event ev = { .ns = b, .state_before = a->state, .reap_before = was };

	if (a->state != b->state) {
		ev.kind = b->state == PN_DYING ? WATCH_NS_DYING : WATCH_NS_CHANGED;
		tell(s, &ev);
	}
	if (was != b->reap && is_verdict(was) && is_verdict(b->reap)) {
		ev.kind = WATCH_REAP_CHANGED;
		tell(s, &ev);
	}
}

static void diff_ns(struct watch *w, struct arena *a, const struct pn_snap *before,
		    const struct pn_snap *now, const struct sink *s)
{
	struct ns_key *x, *y;
	size_t nx = ns_keys(a, before, &x), ny = ns_keys(a, now, &y), i = 0, k = 0;
	/* w->verdicts are those of the namespaces of `before`, in the order of their keys. */
	autofree enum pn_reap *next = calloc(ny + 1, sizeof(*next));

	while (i < nx || k < ny) {
		bool in_old = i < nx && (k == ny || x[i].key <= y[k].key);
		bool in_new = k < ny && (i == nx || y[k].key <= x[i].key);
		bool same = in_old && in_new && same_ns(x[i].ns, y[k].ns);
		enum pn_reap was = !in_old           ? PN_REAP_UNKNOWN
				   : i < w->nverdict ? w->verdicts[i]
						     : x[i].ns->reap;

		if (same)
			changed_ns(s, x[i].ns, y[k].ns, was);
		if (in_new && next)
			next[k] = is_verdict(y[k].ns->reap) || !same ? y[k].ns->reap : was;
		if (!before) {
			k++;
			continue;
		}
		if (in_old && !same)
			tell(s, &(struct watch_event){ .kind = WATCH_NS_GONE, .ns = x[i].ns });
		if (in_new && !same)
			tell(s, &(struct watch_event){ .kind = WATCH_NS_BORN, .ns = y[k].ns });
		i += in_old;
		k += in_new;
	}
	free(w->verdicts);
	w->verdicts = take_ptr(next);
	w->nverdict = w->verdicts ? ny : 0;
}

/* ---- Processes --------------------------------------------------------------------------- */

static void diff_procs(const struct pn_snap *before, const struct pn_snap *now,
		       const struct sink *s)
{
	size_t nx = pn_count(before), ny = pn_count(now), i = 0, k = 0;

	while (i < nx || k < ny) {
		const struct pn_proc *x = pn_at(before, i), *y = pn_at(now, k);
		bool old = x && (!y || x->pid <= y->pid), new = y && (!x || y->pid <= x->pid);
		bool same = old && new && (x->start == y->start || x->start == 0 || y->start == 0);

		if (old && !same)
			tell(s, &(struct watch_event){
					.kind = WATCH_PROC_OUT, .ns = x->ns, .proc = x });
		if (new && !same)
			tell(s, &(struct watch_event){
					.kind = WATCH_PROC_IN, .ns = y->ns, .proc = y });
		i += old;
		k += new;
	}
}

/* ---- Zombies --------------------------------------------------------------------------------- */

static int by_pid(const void *pid, const void *zombie)
{
	pid_t a = *(const pid_t *)pid, b = ((const struct watch_zombie *)zombie)->pid;

	return (a > b) - (a < b);
}

static struct watch_zombie *find_zombie(const struct watch *w, pid_t pid)
{
	return w->count ? bsearch(&pid, w->zombies, w->count, sizeof(*w->zombies), by_pid) : NULL;
}

uint64_t watch_zombie_since(const struct watch *w, const struct pn_proc *p)
{
	const struct watch_zombie *z = find_zombie(w, p->pid);

	return z && z->start == p->start ? z->since_ms : 0;
}

static void zombie_event(const struct sink *s, enum watch_kind kind, const struct pn_proc *p,
			 const struct watch_zombie *z, uint64_t time_ms)
{
	tell(s, &(struct watch_event){ .kind = kind,
				       .ns = p->ns,
				       .proc = p,
				       .first_seen_ms = z->since_ms,
				       .age_ms = time_ms - z->since_ms });
}

static bool is_zombie(const struct pn_proc *p, const struct watch_zombie *z)
{
	return p && p->flags & PN_P_ZOMBIE && (p->start == z->start || !p->start || !z->start);
}

static void diff_zombies(struct watch *w, const struct pn_snap *before, const struct pn_snap *now,
			 uint64_t time_ms, const struct sink *s)
{
	size_t n = pn_count(now), count = 0;
	autofree struct watch_zombie *next = calloc(n + 1, sizeof(*next));

	/* Without memory the ages start anew, which is what will be said. */
	w->due_ms = 0;
	for (size_t i = 0; before && i < w->count; i++) {
		const struct watch_zombie *z = &w->zombies[i];
		const struct pn_proc *was = pn_find(before, z->pid);

		if (z->told && was && !is_zombie(pn_find(now, z->pid), z))
			zombie_event(s, WATCH_ZOMBIE_GONE, was, z, time_ms);
	}
	for (size_t i = 0; next && i < n; i++) {
		const struct pn_proc *p = pn_at(now, i);
		const struct watch_zombie *old = find_zombie(w, p->pid);
		struct watch_zombie *z = &next[count];

		if (!(p->flags & PN_P_ZOMBIE))
			continue;
		if (old && is_zombie(p, old))
			*z = *old;
		else
			*z = (struct watch_zombie){ .pid = p->pid,
						    .start = p->start,
						    .since_ms = time_ms };
		if (!z->told && time_ms - z->since_ms >= w->grace_ms) {
			z->told = true;
			zombie_event(s, WATCH_ZOMBIE_SEEN, p, z, time_ms);
		}
		if (!z->told && (!w->due_ms || z->since_ms + w->grace_ms < w->due_ms))
			w->due_ms = z->since_ms + w->grace_ms;
		count++;
	}
	free(w->zombies);
	w->zombies = take_ptr(next);
	w->count = w->zombies ? count : 0;
}

void watch_diff(struct watch *w, const struct pn_snap *before, const struct pn_snap *now,
		uint64_t time_ms, watch_fn *fn, void *ctx)
{
	autoarena struct arena a = { 0 };
	struct sink s = { fn, ctx };

	diff_ns(w, &a, before, now, &s);
	if (before)
		diff_procs(before, now, &s);
	diff_zombies(w, before, now, time_ms, &s);
}

void watch_free(struct watch *w)
{
	free(w->zombies);
	free(w->verdicts);
	*w = WATCH_NULL;
}
