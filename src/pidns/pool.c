/* SPDX-License-Identifier: Apache-2.0 */
#include "pidns/impl.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sys/syscalls.h"

enum { BLOCK = 64 << 10, ALIGN = 16 };

struct pool_block {
	struct pool_block *next;
	size_t pad; /* keeps data[] on ALIGN */
	unsigned char data[];
};

void *pool_alloc(struct pool *p, size_t size)
{
	void *mem;

	if (size > SIZE_MAX / 2)
		return NULL;
	size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if (!p->head || p->size - p->used < size) {
		size_t want = size > BLOCK ? size : BLOCK;
		struct pool_block *b = calloc(1, sizeof(*b) + want);

		if (!b)
			return NULL;
		b->next = p->head;
		p->head = b;
		p->size = want;
		p->used = 0;
	}
	mem = p->head->data + p->used;
	p->used += size;
	return mem;
}

char *pool_strndup(struct pool *p, const char *s, size_t len)
{
	char *copy = pool_alloc(p, len + 1);

	if (copy)
		memcpy(copy, s, len);
	return copy;
}

void pool_free(struct pool *p)
{
	while (p->head) {
		struct pool_block *next = p->head->next;

		free(p->head);
		p->head = next;
	}
	*p = (struct pool){ 0 };
}

int snap_grow(void *items, size_t count, size_t *cap, size_t size)
{
	void **slot = items;
	size_t want = *cap ? *cap * 2 : 256;
	void *bigger;

	if (count < *cap)
		return 0;
	bigger = reallocarray(*slot, want, size);
	if (!bigger)
		return -ENOMEM;
	*slot = bigger;
	*cap = want;
	return 0;
}

static ssize_t read_some(struct pn_snap *s, int dirfd, const char *name, bool all)
{
	autoclose int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	size_t len = 0;

	if (fd < 0)
		return -errno;
	while (len < SCRATCH_SIZE) {
		ssize_t n = read(fd, s->scratch + len, SCRATCH_SIZE - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		len += (size_t)n;
		if (n == 0 || !all)
			break;
	}
	return (ssize_t)len;
}

ssize_t snap_read(struct pn_snap *s, int dirfd, const char *name)
{
	return read_some(s, dirfd, name, false);
}

ssize_t snap_read_all(struct pn_snap *s, int dirfd, const char *name)
{
	return read_some(s, dirfd, name, true);
}

static size_t slot_of(uint64_t key, size_t size)
{
	return (size_t)(key * 11400714819323198485ULL >> 32) & (size - 1);
}

/* Open addressing, at most half full. The slots hold 1 + an index. */
static int table_grow(uint32_t **table, size_t *size, size_t count)
{
	size_t want = *size ? *size * 2 : 1024;

	if (count * 2 < *size)
		return 0;
	free(*table);
	*table = calloc(want, sizeof(**table));
	*size = *table ? want : 0;
	return *table ? 1 : -ENOMEM;
}

static void table_put(uint32_t *table, size_t size, uint64_t key, size_t index)
{
	size_t i = slot_of(key, size);

	while (table[i])
		i = (i + 1) & (size - 1);
	table[i] = (uint32_t)index + 1;
}

struct row *snap_row(const struct pn_snap *s, pid_t pid)
{
	size_t size = s->hash_size;

	if (pid <= 0 || size == 0)
		return NULL;
	for (size_t i = slot_of((uint64_t)pid, size); s->hash[i]; i = (i + 1) & (size - 1))
		if (s->rows[s->hash[i] - 1]->pub.pid == pid)
			return s->rows[s->hash[i] - 1];
	return NULL;
}

struct row *snap_add_row(struct pn_snap *s, pid_t pid)
{
	struct row *r;
	int grown;

	if (snap_row(s, pid)) /* procfs may show one twice, if it was reused between two blocks */
		return NULL;
	grown = table_grow(&s->hash, &s->hash_size, s->nrow + 1);
	if (grown < 0 || snap_grow(&s->rows, s->nrow, &s->row_cap, sizeof(struct row *)) < 0)
		return NULL;
	r = pool_alloc(&s->pool, sizeof(*r));
	if (!r)
		return NULL;
	r->pub.pid = pid;
	s->rows[s->nrow] = r;
	for (size_t i = 0; grown && i < s->nrow; i++)
		table_put(s->hash, s->hash_size, (uint64_t)s->rows[i]->pub.pid, i);
	table_put(s->hash, s->hash_size, (uint64_t)pid, s->nrow++);
	return r;
}

struct nsrow *snap_ns(const struct pn_snap *s, enum pn_type t, uint64_t ino)
{
	size_t size = s->ns_hash_size;

	if (ino == 0 || size == 0)
		return NULL;
	for (size_t i = slot_of(ino, size); s->ns_hash[i]; i = (i + 1) & (size - 1)) {
		struct nsrow *n = s->nss[s->ns_hash[i] - 1];

		if (n->pub.ino == ino && n->pub.type == t)
			return n;
	}
	return NULL;
}

struct nsrow *snap_add_ns(struct pn_snap *s, enum pn_type t, uint64_t ino)
{
	int grown = table_grow(&s->ns_hash, &s->ns_hash_size, s->nns + 1);
	struct nsrow *n;

	if (grown < 0 || snap_grow(&s->nss, s->nns, &s->ns_cap, sizeof(struct nsrow *)) < 0)
		return NULL;
	n = pool_alloc(&s->pool, sizeof(*n));
	if (!n)
		return NULL;
	n->pub.type = t;
	n->pub.ino = ino;
	n->pub.owner_uid = -1;
	s->nss[s->nns] = n;
	for (size_t i = 0; grown && i < s->nns; i++)
		table_put(s->ns_hash, s->ns_hash_size, s->nss[i]->pub.ino, i);
	table_put(s->ns_hash, s->ns_hash_size, ino, s->nns++);
	return n;
}

void snap_rehash(struct pn_snap *s)
{
	if (s->hash)
		memset(s->hash, 0, s->hash_size * sizeof(*s->hash));
	for (size_t i = 0; i < s->nrow; i++)
		table_put(s->hash, s->hash_size, (uint64_t)s->rows[i]->pub.pid, i);
	if (s->ns_hash)
		memset(s->ns_hash, 0, s->ns_hash_size * sizeof(*s->ns_hash));
	for (size_t i = 0; i < s->nns; i++)
		table_put(s->ns_hash, s->ns_hash_size, s->nss[i]->pub.ino, i);
}

int set_add(struct inoset *set, uint64_t ino)
{
	if (set->count * 2 >= set->size) {
		size_t want = set->size ? set->size * 2 : 256;
		uint64_t *old = set->slots, *bigger = calloc(want, sizeof(*bigger));

		if (!bigger)
			return -ENOMEM;
		for (size_t i = 0; i < set->size; i++) {
			size_t at = slot_of(old[i], want);

			while (old[i] && bigger[at])
				at = (at + 1) & (want - 1);
			if (old[i])
				bigger[at] = old[i];
		}
		free(old);
		set->slots = bigger;
		set->size = want;
	}
	for (size_t i = slot_of(ino, set->size);; i = (i + 1) & (set->size - 1)) {
		if (set->slots[i] == ino)
			return 0;
		if (set->slots[i] == 0) {
			set->slots[i] = ino;
			set->count++;
			return 1;
		}
	}
}
