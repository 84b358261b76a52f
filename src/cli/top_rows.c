/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/top.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { PREFIX_LEVELS_MAX = 24 };

const char *const top_sort_names[] = {
	[TOP_OUTER] = "Outer PID", [TOP_INNER] = "Inner PID", [TOP_USER] = "User",
	[TOP_STATE] = "State",     [TOP_CPU] = "CPU%",        [TOP_MEMORY] = "Memory",
	[TOP_TIME] = "Time",       [TOP_OWNER] = "Container", [TOP_COMMAND] = "Command",
	[TOP_SORTS] = NULL,
};

bool top_set_has(const struct top_set *s, uint64_t key)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->keys[i] == key)
			return true;
	return false;
}

void top_set_put(struct top_set *s, uint64_t key, bool in)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->keys[i] == key) {
			if (!in)
				s->keys[i] = s->keys[--s->count];
			return;
		}
	if (!in)
		return;
	if (s->count == s->cap) {
		size_t cap = s->cap ? s->cap * 2 : 16;
		uint64_t *keys = realloc(s->keys, cap * sizeof(*keys));

		if (!keys)
			return;
		s->keys = keys;
		s->cap = cap;
	}
	s->keys[s->count++] = key;
}

/* ---- Items: processes that are shown, before they are put in order ---------------------- */

struct item {
	struct top_row row;
	size_t parent; /* index of an item, or NONE */
	size_t group;  /* containers: first of its processes, up to `parent` */
	const char *rails;
	uint32_t depth;
	bool match;
	const struct top_conf *conf;
};

static const size_t NONE = (size_t)-1;

static uint64_t text_key(const char *s)
{
	uint64_t h = 0xcbf29ce484222325; /* FNV-1a */

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 0x100000001b3;
	return h | 1ULL << 63;
}

static uint64_t proc_key(const struct pn_proc *p)
{
	return ((uint64_t)p->pid << 32 ^ p->start) & ~(1ULL << 63);
}

static int text_cmp(const char *a, const char *b)
{
	return strcasecmp(a, b);
}

#define CMP(a, b) (((a) > (b)) - ((a) < (b)))

/* As htop: numbers that are used begin with the largest, the rest with the smallest. */
static int row_cmp(const struct top_row *x, const struct top_row *y, const struct top_conf *c)
{
	int r = 0;

	switch (c->sort) {
	case TOP_CPU: r = CMP(y->cpu, x->cpu); break;
	case TOP_MEMORY: r = CMP(y->rss_kib, x->rss_kib); break;
	case TOP_TIME: r = CMP(y->ticks, x->ticks); break;
	case TOP_OWNER: r = text_cmp(x->owner, y->owner); break;
	case TOP_COMMAND: r = text_cmp(x->command, y->command); break;
	case TOP_INNER: r = x->p && y->p ? CMP(x->p->inner, y->p->inner) : 0; break;
	case TOP_USER: r = x->p && y->p ? CMP(x->p->uid[1], y->p->uid[1]) : 0; break;
	case TOP_STATE: r = x->p && y->p ? CMP(x->p->state, y->p->state) : 0; break;
	case TOP_OUTER:
	case TOP_SORTS: break;
	}
	if (r == 0)
		r = x->p && y->p ? CMP(x->p->pid, y->p->pid) : text_cmp(x->owner, y->owner);
	return c->invert ? -r : r;
}

static int item_cmp(const void *a, const void *b)
{
	const struct item *x = *(const struct item *const *)a, *y = *(const struct item *const *)b;

	return row_cmp(&x->row, &y->row, x->conf);
}

/* Siblings stand together, in order. */
static int tree_cmp(const void *a, const void *b)
{
	const struct item *x = *(const struct item *const *)a, *y = *(const struct item *const *)b;

	return x->parent != y->parent ? CMP(x->parent, y->parent)
				      : row_cmp(&x->row, &y->row, x->conf);
}

static bool matches(const struct top_row *row, const char *word)
{
	char pids[64];

	(void)snprintf(pids, sizeof(pids), "%d %d", row->p->pid, row->p->inner);
	return !*word || strcasestr(row->command, word) || strcasestr(row->owner, word) ||
	       strcasestr(row->p->comm, word) || strstr(pids, word) ||
	       (row->note && strcasestr(row->note, word));
}

static const char *note(struct tick *t, const struct pn_proc *p, const struct watch *w, bool *bad)
{
	const struct pn_finding *f = view_finding(&t->view, p);
	uint64_t since = watch_zombie_since(w, p);

	/* Every process is a zombie for a moment: it is told from the second look on. */
	if (!f || (p->flags & PN_P_ZOMBIE && (!since || since == t->mono_ms)))
		return NULL;
	*bad = f->severity > PN_NOTE;
	if (p->flags & PN_P_ZOMBIE && since)
		return arena_printf(&t->arena, "%s (seen for %s)", f->why,
				    view_age_text(&t->arena, (t->mono_ms - since) / 1000));
	return f->why;
}

static const char *owner_text(struct tick *t, const struct pn_proc *p)
{
	struct view_owner o = view_owner_of(&t->view, p);
	const char *s = view_owner_text(&t->view, &o);

	if (s)
		return s;
	return p->ns->flags & PN_NS_F_ROOT ? "-" : view_ns_text(&t->arena, p->ns);
}

struct items {
	struct item *all;
	struct item **order;
	size_t count;
};

static size_t index_of(const struct items *it, pid_t pid)
{
	size_t low = 0, high = it->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (it->all[mid].row.p->pid < pid)
			low = mid + 1;
		else
			high = mid;
	}
	return low < it->count && it->all[low].row.p->pid == pid ? low : NONE;
}

static void collect(struct items *it, struct top_rows *rows, struct tick *t,
		    const struct top_usage *usage, const struct top_conf *c,
		    const struct view_filter *targets, const struct watch *w)
{
	size_t n = pn_count(t->view.snap);

	it->all = arena_alloc(&t->arena, (n + 1) * sizeof(*it->all));
	it->order = arena_alloc(&t->arena, (n + 1) * sizeof(struct item *));
	for (size_t i = 0; i < n; i++) {
		const struct pn_proc *p = pn_at(t->view.snap, i);
		struct item *x = &it->all[it->count];

		if ((!c->kthreads && p->flags & PN_P_KTHREAD) || !view_match(&t->view, targets, p))
			continue;
		*x = (struct item){ .row = { .key = proc_key(p),
					     .p = p,
					     .cpu = usage[i].cpu,
					     .ticks = usage[i].ticks,
					     .rss_kib = p->rss_kib,
					     .owner = owner_text(t, p),
					     .command = view_command_text(&t->arena, p),
					     .prefix = "" },
				    .parent = NONE,
				    .rails = "",
				    .conf = c };
		x->row.note = note(t, p, w, &x->row.bad);
		x->match = matches(&x->row, c->filter);
		rows->matched += x->match;
		rows->zombies += x->match && p->flags & PN_P_ZOMBIE;
		rows->threads += x->match ? p->threads : 0;
		it->order[it->count] = x;
		it->count++;
	}
}

/* ---- Flat ------------------------------------------------------------------------------------ */

static void flat(struct top_rows *rows, struct items *it)
{
	if (it->count)
		qsort(it->order, it->count, sizeof(struct item *), item_cmp);
	for (size_t i = 0; i < it->count; i++)
		if (it->order[i]->match)
			rows->items[rows->count++] = it->order[i]->row;
}

/* ---- The tree --------------------------------------------------------------------------------- */

/* What matches keeps what it stands below. */
static void keep_ancestors(struct items *it)
{
	for (size_t i = 0; i < it->count; i++) {
		const struct pn_proc *up = it->all[i].row.p->parent;

		it->all[i].parent = up ? index_of(it, up->pid) : NONE;
	}
	for (size_t i = 0; i < it->count; i++)
		for (size_t k = it->all[i].parent;
		     it->all[i].match && k != NONE && !it->all[k].match; k = it->all[k].parent)
			it->all[k].match = true;
}

struct children {
	size_t first, count; /* in the order */
};

/* The rails that stand before what is below x, and its own branch. */
static void branch(struct tick *t, const struct items *it, struct item *x, bool last)
{
	const struct item *parent = x->parent == NONE ? NULL : &it->all[x->parent];
	const struct out *o = &t->view.out;

	x->rails = "";
	if (!parent)
		return;
	x->depth = parent->depth + 1;
	if (x->depth > PREFIX_LEVELS_MAX) { /* no line would be left for the command */
		x->rails = parent->rails;
		x->row.prefix = parent->row.prefix;
		return;
	}
	x->row.prefix = arena_printf(&t->arena, "%s%s", parent->rails,
				     out_branch(o, last ? OUT_LAST : OUT_MIDDLE));
	x->rails = arena_printf(&t->arena, "%s%s", parent->rails,
				out_branch(o, last ? OUT_SPACE : OUT_PASS));
}

static void tree(struct top_rows *rows, struct tick *t, struct items *it, const struct top_conf *c)
{
	struct children *of = arena_alloc(&t->arena, (it->count + 1) * sizeof(*of));
	struct item **stack = arena_alloc(&t->arena, (it->count + 1) * sizeof(struct item *));
	size_t n = 0, depth = 0;

	keep_ancestors(it);
	for (size_t i = 0; i < it->count; i++)
		if (it->all[i].match)
			it->order[n++] = &it->all[i];
	if (n)
		qsort(it->order, n, sizeof(struct item *), tree_cmp);
	for (size_t i = n; i-- > 0;) {
		size_t parent = it->order[i]->parent;

		if (parent == NONE) {
			stack[depth++] = it->order[i];
			continue;
		}
		of[parent].first = i;
		of[parent].count++;
	}
	while (depth) {
		struct item *x = stack[--depth];
		const struct children *ch = &of[x - it->all];

		x->row.folds = ch->count > 0;
		x->row.folded = ch->count && top_set_has(&c->folded, x->row.key);
		rows->items[rows->count++] = x->row;
		for (size_t i = ch->count; i-- > 0 && !x->row.folded;) {
			struct item *y = it->order[ch->first + i];

			branch(t, it, y, i + 1 == ch->count);
			stack[depth++] = y;
		}
	}
}

/* ---- Containers ------------------------------------------------------------------------------- */

static int owner_cmp(const void *a, const void *b)
{
	const struct item *x = *(const struct item *const *)a, *y = *(const struct item *const *)b;

	return strcmp(x->row.owner, y->row.owner);
}

/* The processes of it->order[first .. first + n) as one row. */
static struct item container(struct tick *t, const struct items *it, size_t first, size_t n,
			     const struct top_conf *c)
{
	const char *owner = it->order[first]->row.owner;
	struct item g = { .row = { .owner = strcmp(owner, "-") == 0 ? "host" : owner,
				   .prefix = "",
				   .folds = true,
				   .key = text_key(owner) },
			  .group = first,
			  .conf = c };
	size_t zombies = 0;

	for (size_t i = first; i < first + n; i++) {
		const struct top_row *row = &it->order[i]->row;

		g.row.cpu += row->cpu;
		g.row.ticks += row->ticks;
		g.row.rss_kib += row->rss_kib;
		zombies += row->p->flags & PN_P_ZOMBIE ? 1 : 0;
	}
	g.row.bad = zombies > 0;
	g.row.folded = !top_set_has(&c->opened, g.row.key);
	g.row.command = arena_printf(&t->arena, "%zu %s", n, n == 1 ? "process" : "processes");
	if (zombies)
		g.row.note = arena_printf(&t->arena, "%zu %s", zombies,
					  zombies == 1 ? "zombie" : "zombies");
	return g;
}

static void groups(struct top_rows *rows, struct tick *t, struct items *it,
		   const struct top_conf *c)
{
	struct item *all = arena_alloc(&t->arena, (it->count + 1) * sizeof(*all));
	struct item **order = arena_alloc(&t->arena, (it->count + 1) * sizeof(struct item *));
	size_t n = 0, count = 0;

	for (size_t i = 0; i < it->count; i++)
		if (it->all[i].match)
			it->order[n++] = &it->all[i];
	if (n)
		qsort(it->order, n, sizeof(struct item *), owner_cmp);
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && owner_cmp(&it->order[i], &it->order[end]) == 0;)
			end++;
		all[count] = container(t, it, i, end - i, c);
		all[count].parent = end;
		order[count] = &all[count];
		count++;
		qsort(&it->order[i], end - i, sizeof(struct item *), item_cmp);
	}
	if (count)
		qsort(order, count, sizeof(struct item *), item_cmp);
	for (size_t k = 0; k < count; k++) {
		rows->items[rows->count++] = order[k]->row;
		for (size_t i = order[k]->group; i < order[k]->parent && !order[k]->row.folded;
		     i++) {
			it->order[i]->row.prefix = "  ";
			rows->items[rows->count++] = it->order[i]->row;
		}
	}
}

void top_rows_make(struct top_rows *ret, struct tick *t, const struct top_usage *usage,
		   const struct top_conf *c, const struct view_filter *targets,
		   const struct watch *watch)
{
	struct items it = { 0 };

	*ret = (struct top_rows){ 0 };
	collect(&it, ret, t, usage, c, targets, watch);
	/* Each process and each container once. */
	ret->items = arena_alloc(&t->arena, (it.count * 2 + 1) * sizeof(*ret->items));
	if (c->groups)
		groups(ret, t, &it, c);
	else if (c->tree)
		tree(ret, t, &it, c);
	else
		flat(ret, &it);
}
