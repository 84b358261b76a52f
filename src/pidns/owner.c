/* SPDX-License-Identifier: Apache-2.0 */
#include "pidns/impl.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "pidns/cgpath.h"

enum { BUCKETS = 1024 };

/* Each cgroup text is parsed once, and each container is one pn_owner. */
struct memo {
	uint64_t hash;
	const char *text, *path;
	size_t len;
	struct ownrow *own;
	struct memo *next;
};

struct owner_set {
	struct memo *memo[BUCKETS];
	struct ownrow *byid[BUCKETS];
	struct ownrow *first, *last;
};

static uint64_t hash_of(const char *s, size_t len)
{
	uint64_t h = 14695981039346656037ULL;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)s[i]) * 1099511628211ULL;
	return h ^ h >> 32;
}

static const char *dup_part(struct pool *pool, struct cgpath_part p)
{
	return p.len > 0 ? pool_strndup(pool, p.at, p.len) : NULL;
}

static int hexval(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "\x2d" as systemd writes what may not stand in a unit's name. A NUL stays escaped. */
static void unescape_unit(char *s)
{
	char *to = s;

	for (; *s; s++) {
		if (s[0] == '\\' && s[1] == 'x' && hexval(s[2]) >= 0 && hexval(s[3]) >= 0 &&
		    (s[2] != '0' || s[3] != '0')) {
			*to++ = (char)(hexval(s[2]) << 4 | hexval(s[3]));
			s += 3;
		} else {
			*to++ = *s;
		}
	}
	*to = '\0';
}

static struct ownrow *find(struct owner_set *set, enum pn_runtime rt, const char *id, size_t len,
			   bool monitor, const struct pn_owner *outer)
{
	struct ownrow *o = set->byid[hash_of(id, len) % BUCKETS];

	for (; o; o = o->chain)
		if (o->pub.runtime == rt && strlen(o->key) == len && memcmp(o->key, id, len) == 0 &&
		    o->pub.monitor == monitor && o->pub.outer == outer)
			return o;
	return NULL;
}

static struct ownrow *intern(struct pool *pool, struct owner_set *set, enum pn_runtime rt,
			     struct cgpath_part id, bool monitor, const struct pn_owner *outer)
{
	struct ownrow **bucket = &set->byid[hash_of(id.at, id.len) % BUCKETS];
	struct ownrow *o = find(set, rt, id.at, id.len, monitor, outer);

	if (o)
		return o;
	o = pool_alloc(pool, sizeof(*o));
	if (!o)
		return NULL;
	o->key = pool_strndup(pool, id.at, id.len);
	o->pub.id = o->key;
	if (!o->key)
		return NULL;
	o->pub.runtime = rt;
	o->pub.monitor = monitor;
	o->pub.outer = outer;
	o->chain = *bucket;
	*bucket = o;
	if (set->last) {
		set->last->pub.next = &o->pub;
		set->last->following = o;
	} else {
		set->first = o;
	}
	set->last = o;
	return o;
}

/* The innermost of the owners that a path names. 0 with NULL: it names none. */
static int intern_path(struct pool *pool, struct owner_set *set, const struct cgpath *cg,
		       const char *path, struct ownrow **ret)
{
	struct ownrow *o = NULL;

	for (size_t i = 0; i < cg->count; i++) {
		const struct cgpath_owner *c = &cg->owner[i];

		o = intern(pool, set, c->runtime, c->id, c->monitor, o ? &o->pub : NULL);
		if (!o)
			return -ENOMEM;
		if (o->pub.cgroup)
			continue; /* it was here before */
		o->pub.cgroup = path;
		o->pub.uid = cg->uid;
		o->pub.unit = dup_part(pool, cg->unit);
		o->pub.pod = dup_part(pool, c->pod);
		o->pub.ns = dup_part(pool, c->ns);
		if (c->unescape) {
			char *plain = pool_strndup(pool, c->id.at, c->id.len);

			if (!plain)
				return -ENOMEM;
			unescape_unit(plain);
			o->pub.id = plain;
		}
	}
	*ret = o;
	return 0;
}

static struct owner_set *the_set(struct pn_snap *s)
{
	if (!s->owners)
		s->owners = calloc(1, sizeof(*s->owners));
	return s->owners;
}

int owner_read(struct pn_snap *s, struct row *r, const char *text, size_t len)
{
	struct owner_set *set = the_set(s);
	uint64_t hash = hash_of(text, len);
	struct memo *m = set ? set->memo[hash % BUCKETS] : NULL;
	struct cgpath cg = { 0 };
	const char *path;
	size_t n = 0;

	if (!set)
		return -ENOMEM;
	while (m && (m->hash != hash || m->len != len || memcmp(m->text, text, len) != 0))
		m = m->next;
	if (!m) {
		m = pool_alloc(&s->pool, sizeof(*m));
		if (!m)
			return -ENOMEM;
		m->hash = hash;
		m->len = len;
		m->text = pool_strndup(&s->pool, text, len);
		path = cgpath_choose(text, len, &n, &cg);
		m->path = path ? pool_strndup(&s->pool, path, n) : NULL;
		if (!m->text || (path && !m->path) ||
		    intern_path(&s->pool, set, &cg, m->path, &m->own) < 0)
			return -ENOMEM;
		m->next = set->memo[hash % BUCKETS];
		set->memo[hash % BUCKETS] = m;
	}
	r->pub.cgroup = m->path;
	r->own = m->own;
	return 0;
}

struct ownrow *owner_intern(struct pn_snap *s, enum pn_runtime rt, const char *id,
			    const struct ownrow *outer)
{
	struct owner_set *set = the_set(s);

	return set ? intern(&s->pool, set, rt, (struct cgpath_part){ id, strlen(id) }, false,
			    outer ? &outer->pub : NULL)
		   : NULL;
}

struct ownrow *owner_first(const struct pn_snap *s)
{
	return s->owners ? s->owners->first : NULL;
}

struct ownrow *owner_bucket(const struct pn_snap *s, const char *id)
{
	return s->owners ? s->owners->byid[hash_of(id, strlen(id)) % BUCKETS] : NULL;
}

struct ownrow *owner_next(const struct ownrow *o)
{
	return o->following;
}

const struct pn_owner *pn_owners(const struct pn_snap *s)
{
	return s->owners && s->owners->first ? &s->owners->first->pub : NULL;
}

void owner_drop(struct owner_set *set)
{
	free(set);
}

/* One owner on its own, with the pool that holds it and those around it. */
struct lone {
	struct pn_owner pub;
	struct pool pool;
};

int pn_owner_parse(const char *cgroup_text, size_t len, struct pn_owner **ret)
{
	autofree struct owner_set *set = calloc(1, sizeof(*set));
	autofree struct lone *lone = calloc(1, sizeof(*lone));
	struct ownrow *own = NULL;
	struct cgpath cg = { 0 };
	size_t n = 0;
	const char *path = cgpath_choose(cgroup_text, len, &n, &cg);
	const char *copy;

	if (!set || !lone)
		return -ENOMEM;
	copy = path ? pool_strndup(&lone->pool, path, n) : "";
	if (!copy || intern_path(&lone->pool, set, &cg, copy, &own) < 0) {
		pool_free(&lone->pool);
		return -ENOMEM;
	}
	if (!own) {
		pool_free(&lone->pool);
		*ret = NULL;
		return 0;
	}
	lone->pub = own->pub;
	lone->pub.next = NULL;
	*ret = &take_ptr(lone)->pub;
	return 0;
}

void pn_owner_free(struct pn_owner *o)
{
	struct lone *lone = (struct lone *)o;

	if (!lone)
		return;
	pool_free(&lone->pool);
	free(lone);
}
