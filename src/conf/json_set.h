/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the readers of json_read() and yaml_read() share: making the set. */

#include <string.h>

#include "conf/json.h"

void json_set_init(struct json_set *set);
void json_set_doc(struct json_set *set, struct arena *a, const struct json *root);
/* The issue, to add to; NULL beyond JSON_ISSUES_MAX. */
struct json_issue *json_set_issue(struct json_set *set, struct arena *a, enum json_issue_kind kind,
				  size_t offset, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/* Texts and keys, packed. Most are short and come again and again ("name", "TCP"): those are
 * shared. */
enum { POOL_CACHE = 1024, POOL_SHARED_MAX = 48 };

struct json_pool {
	struct arena *arena;
	char *room;
	size_t left;
	struct json_pooled {
		const char *s;
		size_t len;
	} cache[POOL_CACHE];
};

const char *json_pool_text(struct json_pool *p, const char *s, size_t len);

/* A value with a tag. */
struct json_tagged {
	struct json json;
	const char *tag;
};

/* Whether a key may have been there before: no false "no". Nearly every object is done
 * with by it. */
struct json_seen {
	uint64_t bits;
	bool maybe;
};

/* Of the first bytes and the length; its upper bits are the good ones. */
static inline uint64_t json_hash(const char *s, size_t len)
{
	uint64_t h = 0;

	memcpy(&h, s, len < sizeof(h) ? len : sizeof(h));
	return (h ^ len * 0x9e3779b97f4a7c15u) * 0xff51afd7ed558ccdu;
}

static inline void json_seen_add(struct json_seen *s, const char *key, size_t len)
{
	uint64_t bit = (uint64_t)1 << (json_hash(key, len) >> 58);

	s->maybe = s->maybe || (s->bits & bit);
	s->bits |= bit;
}

/* Takes values whose key is given again out of the object, with an issue for each. */
void json_set_fold(struct json_set *set, struct arena *a, struct json *obj);

/* An entry of a mapping, or one that may become one: lower ranks win. */
struct json_ranked {
	struct json *value;
	size_t rank;
};
void json_rank_sort(struct json_ranked *all, size_t count); /* by key, then rank */
