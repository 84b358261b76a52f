/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/json_set.h"

#include <stdarg.h>
#include <stdlib.h>

_Static_assert(POOL_CACHE == 1 << (64 - 54), "the hash's bits");

/* A value that is to be taken out of its object. */
enum { DROPPED = UINT32_MAX };

struct json_pool *json_pool_new(struct arena *a)
{
	struct json_pool *p = ARENA_NEW(a, struct json_pool);

	p->arena = a;
	return p;
}

static const char *put_text(struct json_pool *p, const char *s, size_t len)
{
	enum { ROOM = 16 * 1024 };
	char *to;

	if (len >= ROOM / 16)
		return arena_strndup(p->arena, s, len);
	if (len >= p->left) {
		p->room = arena_alloc(p->arena, ROOM);
		p->left = ROOM;
	}
	to = p->room;
	memcpy(to, s, len);
	to[len] = '\0';
	p->room += len + 1;
	p->left -= len + 1;
	return to;
}

const char *json_pool_text(struct json_pool *p, const char *s, size_t len)
{
	struct json_pooled *e;

	if (len > POOL_SHARED_MAX)
		return put_text(p, s, len);
	e = &p->cache[json_hash(s, len) >> 54];
	if (!e->s || e->len != len || memcmp(e->s, s, len) != 0) {
		e->s = put_text(p, s, len);
		e->len = len;
	}
	return e->s;
}

const char *json_tag(const struct json *v)
{
	return v->tagged ? ((const struct json_tagged *)v)->tag : NULL;
}

void json_set_init(struct json_set *set)
{
	*set = (struct json_set){ 0 };
	set->docs_end = &set->docs;
	set->issues_end = &set->issues;
}

void json_set_doc(struct json_set *set, struct arena *a, const struct json *root)
{
	struct json_tree *t = ARENA_NEW(a, struct json_tree);

	t->root = root;
	*set->docs_end = t;
	set->docs_end = &t->next;
	set->doc_count++;
}

struct json_issue *json_set_issue(struct json_set *set, struct arena *a, enum json_issue_kind kind,
				  size_t offset, const char *fmt, ...)
{
	struct json_issue *i;
	va_list ap;

	if (set->issue_count >= JSON_ISSUES_MAX)
		return NULL;
	i = ARENA_NEW(a, struct json_issue);
	i->kind = kind;
	i->offset = (uint32_t)offset;
	if (++set->issue_count == JSON_ISSUES_MAX) {
		i->kind = JSON_LIMIT;
		i->message = "more problems than are listed";
	} else {
		va_start(ap, fmt);
		i->message = arena_vprintf(a, fmt, ap);
		va_end(ap);
	}
	*set->issues_end = i;
	set->issues_end = &i->next;
	return i;
}

static int by_key_and_rank(const void *a, const void *b)
{
	const struct json_ranked *x = a, *y = b;
	int r = strcmp(x->value->key, y->value->key);

	return r ? r : (x->rank > y->rank) - (x->rank < y->rank);
}

void json_rank_sort(struct json_ranked *all, size_t count)
{
	qsort(all, count, sizeof(*all), by_key_and_rank);
}

static void given_again(struct json_set *set, struct arena *a, struct json *first,
			const struct json *again)
{
	struct json_issue *i = json_set_issue(
		set, a, JSON_DUPLICATE, again->key_offset,
		"the key \"%s\" is given more than once; the last counts", again->key);

	if (i) {
		i->node = again;
		i->first = first;
	}
	first->index = DROPPED;
}

/* The tree is const to its users, not to us who are making it. */
static struct json *own(const struct json *v)
{
	return (struct json *)(uintptr_t)v;
}

static void find_pairwise(struct json_set *set, struct arena *a, struct json *obj)
{
	for (const struct json *c = obj->child; c; c = c->next) {
		for (const struct json *d = c->next; d; d = d->next) {
			if (strcmp(c->key, d->key) == 0) {
				given_again(set, a, own(c), d);
				break;
			}
		}
	}
}

static void find_sorted(struct json_set *set, struct arena *a, struct json *obj)
{
	struct json_ranked *all = arena_alloc(a, obj->count * sizeof(*all));
	size_t n = 0;

	for (const struct json *c = obj->child; c; c = c->next, n++)
		all[n] = (struct json_ranked){ own(c), n };
	json_rank_sort(all, n);
	for (size_t i = 1; i < n; i++)
		if (strcmp(all[i - 1].value->key, all[i].value->key) == 0)
			given_again(set, a, all[i - 1].value, all[i].value);
}

void json_set_fold(struct json_set *set, struct arena *a, struct json *obj)
{
	const struct json **end = &obj->child, *next;
	uint32_t n = 0;

	if (obj->count <= 24)
		find_pairwise(set, a, obj);
	else
		find_sorted(set, a, obj);
	for (const struct json *c = obj->child; c; c = next) {
		next = c->next;
		if (c->index == DROPPED)
			continue;
		own(c)->index = n++;
		*end = c;
		end = &own(c)->next;
	}
	*end = NULL;
	obj->count = n;
}
