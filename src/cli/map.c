/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/map.h"

#include <stdlib.h>

#include "base/cleanup.h"

/* ---- What is remarkable about namespaces ------------------------------------------------ */

struct remark {
	const struct pn_ns *about;
	const struct pn_finding *f;
	size_t index;
};

struct remarks {
	struct remark *items;
	size_t count;
};

static int by_about(const void *a, const void *b)
{
	const struct remark *x = a, *y = b;
	uintptr_t p = (uintptr_t)x->about, q = (uintptr_t)y->about;

	if (p != q)
		return p < q ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index; /* worst first */
}

static struct remarks remarks_of(struct arena *a, const struct pn_snap *s)
{
	size_t all = pn_finding_count(s);
	struct remarks r = { 0 };

	r.items = arena_alloc(a, (all + 1) * sizeof(*r.items));
	for (size_t i = 0; i < all; i++) {
		const struct pn_finding *f = pn_finding_at(s, i);

		if (f->ns && (!f->proc || f->code == PN_FIND_STUCK))
			r.items[r.count++] = (struct remark){ f->ns, f, i };
	}
	if (r.count)
		qsort(r.items, r.count, sizeof(*r.items), by_about);
	return r;
}

/* The worst one, or NULL. */
static const struct pn_finding *remark(const struct remarks *r, const struct pn_ns *about)
{
	size_t low = 0, high = r->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if ((uintptr_t)r->items[mid].about < (uintptr_t)about)
			low = mid + 1;
		else
			high = mid;
	}
	return low < r->count && r->items[low].about == about ? r->items[low].f : NULL;
}

static const char *words(struct arena *a, const struct pn_finding *f)
{
	return *f->fix ? arena_printf(a, "%s. Fix: %s", f->why, f->fix) : f->why;
}

/* ---- Processes ------------------------------------------------------------------------- */

static void fill_proc(const struct view *v, const struct map_opts *o, const struct pn_proc *p,
		      uint32_t depth, struct map_proc *ret)
{
	const struct pn_finding *f = view_finding(v, p);
	struct arena *a = v->arena;

	*ret = (struct map_proc){
		.p = p,
		.depth = depth,
		.outer = arena_printf(a, "%d", p->pid),
		.inner = arena_printf(a, "%s%d", p->flags & PN_P_NS_UNKNOWN ? "~" : "", p->inner),
		.state = arena_printf(a, "%c%s",
				      p->state >= '!' && p->state <= '~' ? p->state : '?',
				      p->flags & PN_P_FALSE_ZOMBIE ? "l" : ""),
		.user = p->inner_uid >= 0 && p->inner_uid != p->uid[1]
				? arena_printf(a, "%u (%lld inside)", p->uid[1],
					       (long long)p->inner_uid)
				: arena_printf(a, "%u", p->uid[1]),
		.caps = view_caps_text(a, p->caps.effective),
		.seccomp = view_seccomp_text(p),
		.command = o->arguments ? view_command_text(a, p) : out_escape(a, p->comm),
		.mark = f ? words(a, f) : NULL,
		.bad = f && f->severity > PN_NOTE,
	};
}

static bool shown(const struct pn_proc *p, const struct pn_ns *ns, const struct map_opts *o)
{
	return p->ns == ns && (o->kernel_threads || !(p->flags & PN_P_KTHREAD));
}

/* The next one in the tree of processes, below `top` and within its namespace only; all
 * pointers are the snapshot's and form a tree. */
static const struct pn_proc *next_below(const struct pn_proc *top, const struct pn_proc *p,
					const struct map_opts *o, uint32_t *depth)
{
	const struct pn_proc *n = p->child;

	for (*depth += 1; !n || !shown(n, top->ns, o);) {
		if (n) {
			n = n->sibling;
			continue;
		}
		if (p == top)
			return NULL;
		n = p->sibling;
		p = p->parent;
		*depth -= 1;
	}
	return n;
}

static void fill_procs(const struct view *v, const struct map_opts *o, struct map_ns *n)
{
	size_t max = 0, count = 0;

	for (const struct pn_proc *p = n->ns->procs; p; p = p->next_in_ns) {
		max += shown(p, n->ns, o);
		n->left_out += !shown(p, n->ns, o);
	}
	if (!o->processes)
		return;
	n->procs = arena_alloc(v->arena, (max + 1) * sizeof(*n->procs));
	for (const struct pn_proc *top = n->ns->procs; top; top = top->next_in_ns) {
		uint32_t depth = 0;

		if (!shown(top, n->ns, o) || (top->parent && shown(top->parent, n->ns, o)))
			continue;
		for (const struct pn_proc *p = top; p && count < max;
		     p = next_below(top, p, o, &depth))
			fill_proc(v, o, p, depth, &n->procs[count++]);
	}
	n->nproc = count;
}

/* ---- Namespaces ---------------------------------------------------------------------------- */

static const char *plural(struct arena *a, const char *before, size_t n, const char *one,
			  const char *many)
{
	return arena_printf(a, "%s%zu %s", before, n, n == 1 ? one : many);
}

static const char *count_text(struct arena *a, const struct pn_ns *ns)
{
	const char *s = plural(a, "", ns->nproc, "process", "processes");

	if (ns->nzombie)
		s = arena_printf(a, "%s%s", s, plural(a, ", ", ns->nzombie, "zombie", "zombies"));
	if (ns->ninjected)
		s = arena_printf(a, "%s, %zu injected", s, ns->ninjected);
	return s;
}

static void fill_ns(const struct view *v, const struct remarks *r, const struct pn_ns *ns,
		    struct map_ns *n)
{
	const struct pn_finding *f = remark(r, ns);
	struct view_owner o = view_owner_ns(v, ns);
	struct arena *a = v->arena;

	n->ns = ns;
	n->name = view_ns_text(a, ns);
	n->owner = view_owner_text(v, &o);
	if (!n->owner)
		n->owner = ns->flags & PN_NS_F_ROOT ? "host" : "no container";
	n->state = pn_state_name(ns->state);
	/* The first one is that of a container, if we are inside of one. */
	n->reap = ns->init && !(ns->flags & PN_NS_F_ROOT && ns->reap == PN_REAP_UNKNOWN)
			  ? view_reap_text(a, ns)
			  : "";
	n->count = count_text(a, ns);
	n->mark = f ? words(a, f) : NULL;
	n->bad = (f && f->severity > PN_NOTE) || ns->reap == PN_REAP_NO ||
		 ns->flags & PN_NS_F_STUCK;
}

static const char *note_text(struct arena *a, const struct pn_info *i)
{
	const char *s = "";

	if (i->unreadable)
		s = plural(a, "", i->unreadable, "process is unreadable and not shown",
			   "processes are unreadable and not shown");
	if (i->inferred)
		s = arena_printf(a, "%s%s%s", s, *s ? "; " : "",
				 plural(a, "", i->inferred, "namespace is inferred (~)",
					"namespaces are inferred (~)"));
	if (i->hidden)
		s = arena_printf(
			a, "%s%s%s", s, *s ? "; " : "",
			plural(a, "", i->hidden, "parent is hidden", "parents are hidden"));
	return s;
}

void map_make(struct map *ret, const struct view *v, const struct map_opts *o)
{
	const struct pn_snap *s = v->snap;
	struct arena *a = v->arena;
	struct remarks r = remarks_of(a, s);
	size_t all = pn_ns_count(s), *open = arena_alloc(a, (all + 1) * sizeof(*open)), depth = 0;

	*ret = (struct map){
		.arena = a, .view = v, .title = o->title, .note = note_text(a, v->info)
	};
	ret->ns = arena_alloc(a, (all + 1) * sizeof(*ret->ns));
	for (size_t i = 0; i < all; i++) {
		const struct pn_ns *ns = pn_ns_at(s, i);
		struct map_ns *n = &ret->ns[ret->count];

		if (ns->type != PN_PID)
			continue;
		while (depth && ret->ns[open[depth - 1]].ns != ns->parent)
			ret->ns[open[--depth]].end = ret->count;
		fill_ns(v, &r, ns, n);
		n->depth = (uint32_t)depth;
		fill_procs(v, o, n);
		open[depth++] = ret->count++;
	}
	while (depth)
		ret->ns[open[--depth]].end = ret->count;
}

void map_xml_text(FILE *out, const char *s)
{
	for (; *s; s++) {
		const char *as = NULL;

		switch (*s) {
		case '&': as = "&amp;"; break;
		case '<': as = "&lt;"; break;
		case '>': as = "&gt;"; break;
		case '"': as = "&quot;"; break;
		case '\'': as = "&#39;"; break;
		case '\xef': /* U+FFFE and U+FFFF are UTF-8, but in no XML */
			if (s[1] == '\xbf' && (s[2] == '\xbe' || s[2] == '\xbf')) {
				as = "\xef\xbf\xbd";
				s += 2;
			}
			break;
		default: break;
		}
		if (as)
			(void)fputs(as, out);
		else
			(void)fputc(*s, out);
	}
}
