/* SPDX-License-Identifier: Apache-2.0 */
/* Documents as docker compose sees them: checked against the tables, variables replaced, short
 * shapes made into long ones; and how one of them is merged over another. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "audit/from_compose.h"
#include "base/cleanup.h"
#include "base/num.h"

struct place cv_at(const struct cv *v)
{
	return place_of(v->src, v->node);
}

struct diag *cv_diag(struct compose *c, enum diag_id id, const struct cv *at, const char *fmt, ...)
{
	struct place place = at ? cv_at(at) : (struct place){ 0 };
	char *text;
	va_list ap;

	va_start(ap, fmt);
	text = arena_vprintf(c->a->arena, fmt, ap);
	va_end(ap);
	return audit_diag(c->a, id, NULL, &place, "%s", text);
}

/* ---- Looking ------------------------------------------------------------------------------ */

const struct cv *cv_first(const struct cv *v)
{
	const struct cv *c = v ? v->child : NULL;

	while (c && c->tag == CTAG_RESET)
		c = c->next;
	return c;
}

const struct cv *cv_after(const struct cv *v)
{
	do
		v = v->next;
	while (v && v->tag == CTAG_RESET);
	return v;
}

const struct cv *cv_get(const struct cv *map, const char *key)
{
	if (!map || map->type != JSON_OBJECT)
		return NULL;
	for (const struct cv *c = cv_first(map); c; c = cv_after(c))
		if (c->key && !strcmp(c->key, key))
			return c;
	return NULL;
}

const char *cv_text(const struct cv *v)
{
	return v && (v->type == JSON_STRING || v->type == JSON_NUMBER || v->type == JSON_BOOL)
		       ? v->text
		       : NULL;
}

static const struct {
	const char *word;
	bool is;
} truths[] = {
	{ "true", true },   { "y", true },  { "yes", true }, { "on", true },
	{ "false", false }, { "n", false }, { "no", false }, { "off", false },
};

bool cv_truth(const struct cv *v, bool *ret)
{
	const char *text = cv_text(v);

	for (size_t i = 0; text && i < ARRAY_LEN(truths); i++) {
		if (!strcasecmp(text, truths[i].word)) {
			*ret = truths[i].is;
			return true;
		}
	}
	return false;
}

static int by_key(const void *a, const void *b)
{
	const struct cv *x = *(const struct cv *const *)a, *y = *(const struct cv *const *)b;

	return strcmp(x->key, y->key);
}

void cindex_make(struct arena *a, const struct cv *map, struct cindex *ret)
{
	size_t n = 0;

	*ret = (struct cindex){ 0 };
	if (!map || map->type != JSON_OBJECT || !map->count)
		return;
	ret->by_name = arena_alloc(a, map->count * sizeof(struct cv *));
	for (const struct cv *c = cv_first(map); c && n < map->count; c = cv_after(c))
		ret->by_name[n++] = c;
	ret->count = n;
	if (n)
		qsort(ret->by_name, n, sizeof(*ret->by_name), by_key);
}

size_t cindex_find(const struct cindex *x, const char *name)
{
	struct cv want = { .key = name };
	const struct cv *key = &want, **at = NULL;

	if (x->count)
		at = bsearch(&key, x->by_name, x->count, sizeof(*x->by_name), by_key);
	return at ? (size_t)(at - x->by_name) : SIZE_MAX;
}

const struct cv *cindex_get(const struct cindex *x, const char *name)
{
	size_t i = cindex_find(x, name);

	return i == SIZE_MAX ? NULL : x->by_name[i];
}

/* ---- Making ------------------------------------------------------------------------------- */

/* Values of first readings are bounded by the text; of merging and of reading again, by this. */
static bool afford(struct compose *c, const struct cv *at)
{
	if (c->copies < COMPOSE_COPIES_MIN + COMPOSE_COPIES_PER_VALUE * c->values) {
		c->copies++;
		return true;
	}
	if (!c->cut)
		cv_diag(c, DIAG_UNPARSABLE, at,
			"extends, include and overrides make too much of this; what is left was not "
			"looked at");
	c->cut = true;
	return false;
}

struct cv *cv_copy(struct compose *c, const struct cv *v)
{
	struct cv *copy;

	if (!afford(c, v))
		return NULL;
	copy = arena_dup(c->a->arena, v, sizeof(*v));
	copy->next = NULL;
	return copy;
}

/* The end of a list of children while it grows. */
struct tail {
	struct cv *parent, *last;
};

static void append(struct tail *t, struct cv *child)
{
	if (t->last)
		t->last->next = child;
	else
		t->parent->child = child;
	t->last = child;
	t->parent->count++;
}

static struct cv *new_cv(struct compose *c, const struct source *src, const struct json *node,
			 enum json_type type)
{
	struct cv *v = ARENA_NEW(c->a->arena, struct cv);

	v->src = src;
	v->node = node;
	v->type = type;
	return v;
}

/* ---- The same entries --------------------------------------------------------------------- */

static const char *file_key(struct compose *c, const struct cv *v)
{
	const char *name = cv_text(v), *target = cv_text(cv_get(v, "target"));

	if (target)
		return target;
	if (!name)
		name = cv_text(cv_get(v, "source"));
	return arena_printf(c->a->arena, "/run/secrets/%s", name ? name : "");
}

static const char *port_key(struct compose *c, const struct cv *v)
{
	struct cport p = { 0 };

	if (v->type == JSON_OBJECT)
		p = (struct cport){ cv_text(cv_get(v, "host_ip")), cv_text(cv_get(v, "published")),
				    cv_text(cv_get(v, "target")), cv_text(cv_get(v, "protocol")) };
	else if (cv_text(v))
		short_port(c->a->arena, v->text, &p);
	return arena_printf(c->a->arena, "%s:%s:%s/%s", p.ip ? p.ip : "0.0.0.0",
			    p.published ? p.published : "", p.target ? p.target : "",
			    p.protocol ? p.protocol : "tcp");
}

static const char *same_key(struct compose *c, const struct cv *v, enum csame same)
{
	const char *text = cv_text(v), *target = cv_text(cv_get(v, "target"));
	struct cvolume volume;
	struct cdevice device;

	switch (same) {
	case SAME_NONE: break;
	case SAME_TEXT: return text ? arena_strndup(c->a->arena, text, strcspn(text, "=")) : NULL;
	case SAME_VOLUME:
		if (!text)
			return target;
		short_volume(c->a->arena, text, &volume);
		return volume.target;
	case SAME_DEVICE:
		if (!text)
			return target;
		short_device(c->a->arena, text, &device);
		return device.target;
	case SAME_PORT: return port_key(c, v);
	case SAME_FILE: return file_key(c, v);
	}
	return NULL;
}

struct entry {
	const char *key; /* NULL: like no other */
	struct cv *v;
	size_t order;
};

static int by_entry(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int r = !x->key || !y->key ? (x->key != NULL) - (y->key != NULL) : strcmp(x->key, y->key);

	return r ? r : (x->order > y->order) - (x->order < y->order);
}

static int by_order(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return (x->order > y->order) - (x->order < y->order);
}

static void unify(struct cv *parent, struct entry *entries, size_t n)
{
	struct tail t = { .parent = parent };
	size_t kept = 0;

	qsort(entries, n, sizeof(*entries), by_entry);
	for (size_t i = 0; i < n; i++) {
		if (kept && entries[i].key && entries[kept - 1].key &&
		    !strcmp(entries[kept - 1].key, entries[i].key))
			entries[kept - 1].v = entries[i].v;
		else
			entries[kept++] = entries[i];
	}
	qsort(entries, kept, sizeof(*entries), by_order);
	parent->child = NULL;
	parent->count = 0;
	for (size_t i = 0; i < kept; i++) {
		entries[i].v->next = NULL;
		append(&t, entries[i].v);
	}
}

/* The children are this list's own, so they may be relinked. */
static struct cv *own(const struct cv *v)
{
	return (struct cv *)(uintptr_t)v;
}

void cv_unify(struct compose *c, struct cv *list, enum csame same)
{
	struct entry *entries;
	size_t n = 0;

	if (list->count < 2 || (same == SAME_NONE && list->type != JSON_OBJECT))
		return;
	entries = arena_alloc(c->a->arena, list->count * sizeof(*entries));
	for (const struct cv *v = list->child; v; v = v->next, n++)
		entries[n] = (struct entry){ list->type == JSON_OBJECT ? v->key
								       : same_key(c, v, same),
					     own(v), n };
	unify(list, entries, n);
}

/* ---- Reading ------------------------------------------------------------------------------ */

struct reading {
	struct compose *c;
	const struct source *src;
	const struct cenv *env;
	bool paid; /* a first reading: bounded by the text */
};

static const char *const type_words[] = { "null",     "a boolean", "a number",
					  "a string", "a list",    "a mapping" };

static unsigned int type_bit(enum json_type t)
{
	switch (t) {
	case JSON_NULL: return T_NULL;
	case JSON_BOOL: return T_BOOL;
	case JSON_NUMBER: return T_NUM;
	case JSON_STRING: return T_STR;
	case JSON_ARRAY: return T_LIST;
	case JSON_OBJECT: return T_MAP;
	}
	return 0;
}

static const char *types_text(struct arena *a, unsigned int types)
{
	const char *text = "";
	size_t left = (size_t)__builtin_popcount(types & T_ANY);

	for (size_t i = 0; i < ARRAY_LEN(type_words); i++) {
		if (!(types & (1u << i)))
			continue;
		text = arena_printf(a, "%s%s%s", text,
				    !*text      ? ""
				    : left == 1 ? " or "
						: ", ",
				    type_words[i]);
		left--;
	}
	return text;
}

/* A hostile file shall not fill the memory with what is wrong in it. */
static bool may_tell(struct reading *r, const struct json *j)
{
	struct place at = place_of(r->src, j);

	if (r->c->quiet)
		return false;
	if (r->c->told++ < COMPOSE_TOLD_MAX)
		return true;
	if (r->c->told == COMPOSE_TOLD_MAX + 1)
		audit_diag(r->c->a, DIAG_UNPARSABLE, NULL, &at,
			   "more than %d things are wrong in this document; no more are named",
			   COMPOSE_TOLD_MAX);
	return false;
}

static void bad_type(struct reading *r, const struct cv *v, const char *name, unsigned int types)
{
	struct arena *a = r->c->a->arena;
	size_t is = (size_t)__builtin_ctz(type_bit(v->type));

	if (v->unset || !may_tell(r, v->node))
		return;
	if (types & T_TRUTH && v->type == JSON_STRING)
		cv_diag(r->c, DIAG_BAD_TYPE, v, "%s is \"%s\", which is no boolean", name, v->text);
	else if (types & T_COUNT && v->type == JSON_STRING)
		cv_diag(r->c, DIAG_BAD_TYPE, v, "%s is \"%s\", which is no integer", name, v->text);
	else
		cv_diag(r->c, DIAG_BAD_TYPE, v, "%s is %s; docker compose takes %s", name,
			type_words[is], types_text(a, types));
}

static bool type_fits(const struct cv *v, unsigned int types)
{
	int64_t number;
	bool is;

	if (!(types & type_bit(v->type)))
		return false;
	if (v->type != JSON_STRING)
		return true;
	if (types & T_TRUTH)
		return cv_truth(v, &is);
	return !(types & T_COUNT) || num_i64(v->text, strlen(v->text), &number) == 0;
}

/* Once per variable and document. */
static bool var_is_new(struct reading *r, const struct json *j, const char *name)
{
	enum { SLOTS = 2 * COMPOSE_TOLD_MAX + 16 };
	struct compose *c = r->c;
	uint32_t h = 2166136261u;
	size_t i;

	if (!c->vars_told)
		c->vars_told = arena_alloc(c->a->arena, SLOTS * sizeof(char *));
	for (const char *p = name; *p; p++)
		h = (h ^ (unsigned char)*p) * 16777619u;
	for (i = h % SLOTS; c->vars_told[i]; i = (i + 1) % SLOTS)
		if (!strcmp(c->vars_told[i], name))
			return false;
	if (!may_tell(r, j)) /* so the table never gets full */
		return false;
	c->vars_told[i] = name;
	return true;
}

static void fill(struct reading *r, struct cv *v, const char *name, bool judged)
{
	struct arena *a = r->c->a->arena;
	struct filled filled;
	struct diag *d;

	cenv_fill(a, r->env, v->text, strlen(v->text), &filled);
	v->text = filled.text;
	v->unset = filled.error && !filled.unset ? "?" : filled.unset;
	if (r->c->quiet)
		return;
	if (filled.error) {
		if (may_tell(r, v->node))
			cv_diag(r->c, DIAG_UNRESOLVED, v, "%s: %s", name, filled.error);
	} else if (filled.unset &&
		   var_is_new(r, v->node,
			      arena_printf(a, "%s%s", filled.unset, judged ? "" : "?"))) {
		d = cv_diag(r->c, DIAG_UNRESOLVED, v,
			    "variable %s is not set; docker compose takes an empty string for it",
			    filled.unset);
		d->blocks = judged;
	}
}

static bool plain_bool(const char *s)
{
	static const char *const words[] = { "true", "True", "TRUE", "false", "False", "FALSE" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (!strcmp(s, words[i]))
			return true;
	return false;
}

/* YAML 1.2's booleans are compose's; what only YAML 1.1 knew as one is a string. */
static enum json_type type_of(const struct json *j)
{
	if (j->type == JSON_BOOL && j->plain && !plain_bool(j->text))
		return JSON_STRING;
	return j->type;
}

static struct cv *read_value(struct reading *r, const struct json *j, const struct cfield *field,
			     unsigned int types, bool judged);

static void unknown_field(struct reading *r, const struct json *j, const struct cfield *table,
			  const char *where)
{
	struct compose *c = r->c;
	struct place at = place_of_key(r->src, j);
	const char *near = NULL;

	if (!may_tell(r, j))
		return;
	if (c->near++ < COMPOSE_NEAR_MAX)
		near = cfield_near(table, j->key);
	audit_diag(c->a, DIAG_UNKNOWN_FIELD, NULL, &at,
		   "docker compose knows no field %s in %s%s%s%s", j->key, where,
		   near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

static const char *words_for(const struct json *j)
{
	const struct json *p = j->parent;

	if (!p)
		return "a Compose file";
	if (p->key && !p->parent->parent && !strcmp(p->key, "services"))
		return "a service";
	return j->key ? j->key : p->key ? p->key : "it";
}

static void read_map(struct reading *r, const struct json *j, const struct cfield *table,
		     bool judged, struct cv *ret)
{
	struct tail t = { .parent = ret };

	for (const struct json *k = j->child; k; k = k->next) {
		const struct cfield *field = cfield_find(table, k->key);
		struct cv *v;

		if (table && !strncmp(k->key, "x-", 2) && (!field || !strcmp(field->name, "*")))
			continue;
		if (table && !field) {
			unknown_field(r, k, table, words_for(j));
			continue;
		}
		v = read_value(r, k, field, field ? field->types : T_ANY,
			       field ? field->judged : judged);
		if (!v)
			return;
		v->key = k->key;
		append(&t, v);
	}
}

static void read_list(struct reading *r, const struct json *j, const struct cfield *field,
		      bool judged, struct cv *ret)
{
	struct cfield item = { .name = field ? field->name : "", .sub = field ? field->sub : NULL };
	struct tail t = { .parent = ret };
	struct cv *v;

	for (const struct json *k = j->child; k; k = k->next) {
		v = read_value(r, k, &item, field && field->items ? field->items : T_ANY, judged);
		if (!v)
			return;
		if (v->tag != CTAG_RESET)
			append(&t, v);
	}
	if (field)
		cv_unify(r->c, ret, field->same);
}

/* "a=b" -> a: b; "a" -> a: null, or for names only the name. */
static void list_to_map(struct reading *r, struct cv *list, bool pairs)
{
	list->type = JSON_OBJECT;
	for (const struct cv *k = list->child; k; k = k->next) {
		struct cv *v = own(k);
		const char *text = cv_text(v) ? v->text : "",
			   *eq = pairs ? strchr(text, '=') : NULL;

		v->key = arena_strndup(r->c->a->arena, text,
				       eq ? (size_t)(eq - text) : strlen(text));
		v->type = eq ? JSON_STRING : JSON_NULL;
		v->text = eq ? eq + 1 : NULL;
	}
	cv_unify(r->c, list, SAME_TEXT);
}

/* A scalar in a collection of its own. */
static struct cv *wrap(struct reading *r, struct cv *v, enum json_type type, const char *key)
{
	struct cv *outer = new_cv(r->c, v->src, v->node, type);
	struct tail t = { .parent = outer };

	v->key = key;
	append(&t, v);
	return outer;
}

static struct cv *shape(struct reading *r, struct cv *v, enum cshape how)
{
	if (how == SHAPE_PATHS && v->type == JSON_ARRAY) {
		struct tail t = { .parent = v };
		const struct cv *k = v->child, *next;

		v->child = NULL;
		v->count = 0;
		for (; k; k = next) {
			struct cv *item = own(k);

			next = k->next;
			item->next = NULL;
			if (item->type == JSON_STRING)
				item = wrap(r, wrap(r, item, JSON_ARRAY, NULL), JSON_OBJECT,
					    "path");
			append(&t, item);
		}
		return v;
	}
	if ((how == SHAPE_PAIRS || how == SHAPE_NAMES) && v->type == JSON_ARRAY)
		list_to_map(r, v, how == SHAPE_PAIRS);
	if (v->type != JSON_STRING)
		return v;
	if (how == SHAPE_LIST)
		return wrap(r, v, JSON_ARRAY, NULL);
	if (how == SHAPE_CONTEXT || how == SHAPE_SERVICE)
		return wrap(r, v, JSON_OBJECT, how == SHAPE_CONTEXT ? "context" : "service");
	return v;
}

static struct cv *read_value(struct reading *r, const struct json *j, const struct cfield *field,
			     unsigned int types, bool judged)
{
	struct cv *v;
	bool fits;

	if (r->paid)
		r->c->values++;
	v = new_cv(r->c, r->src, j, type_of(j));
	if (!r->paid && !afford(r->c, v))
		return NULL;
	v->tag = !json_tag(j)                        ? CTAG_NONE
		 : !strcmp(json_tag(j), "!reset")    ? CTAG_RESET
		 : !strcmp(json_tag(j), "!override") ? CTAG_OVERRIDE
						     : CTAG_NONE;
	if (v->tag == CTAG_RESET)
		return v;
	if (j->type != JSON_ARRAY && j->type != JSON_OBJECT)
		v->text = j->type == JSON_BOOL && !j->text ? (j->boolean ? "true" : "false")
							   : j->text;
	if (v->type == JSON_STRING)
		fill(r, v, j->key ? j->key : words_for(j), judged);
	fits = type_fits(v, types);
	if (!fits)
		bad_type(r, v, j->key ? j->key : words_for(j), types);
	if (v->type == JSON_OBJECT)
		read_map(r, j, field && fits ? field->sub : NULL, judged, v);
	else if (v->type == JSON_ARRAY)
		read_list(r, j, field, judged, v);
	if (field && field->shape != SHAPE_NONE && field->shape != SHAPE_REPLACE) {
		enum ctag tag = v->tag;

		v = shape(r, v, field->shape);
		v->tag = tag;
	}
	return v;
}

const struct cv *cv_read(struct compose *c, const struct cfile *f, struct cdoc *d,
			 const struct cenv *env)
{
	struct reading r = { .c = c, .src = f->src, .env = env, .paid = !d->told };
	struct cv *v;

	c->quiet = d->told;
	if (!d->told) {
		c->told = 0;
		c->vars_told = NULL;
	}
	d->told = true;
	v = read_value(&r, d->root, &compose_root, T_MAP, false);
	c->quiet = false;
	return v ? v : new_cv(c, f->src, d->root, JSON_OBJECT);
}

/* ---- Merging ------------------------------------------------------------------------------ */

static const struct cv *merge(struct compose *c, const struct cv *base, const struct cv *over,
			      const struct cfield *field);

/* A child for the merged mapping: of both, or of the one that has it. */
static struct cv *merge_child(struct compose *c, const struct cv *base, const struct cv *over,
			      const struct cfield *field)
{
	const struct cv *v = merge(c, base, over, field);
	struct cv *copy = v ? cv_copy(c, v) : NULL;

	if (copy) {
		copy->key = base ? base->key : over->key;
		copy->tag = over ? over->tag : CTAG_NONE;
	}
	return copy;
}

static const struct cv *merge_maps(struct compose *c, const struct cv *base, const struct cv *over,
				   const struct cfield *field)
{
	const struct cfield *table = field ? field->sub : NULL;
	struct cv *ret = cv_copy(c, base), *child;
	struct tail t = { .parent = ret };
	struct cindex in_base, in_over;

	if (!ret)
		return base;
	cindex_make(c->a->arena, base, &in_base);
	ret->child = NULL;
	ret->count = 0;
	/* !reset counts too, so this index is made of all of them. */
	in_over.count = 0;
	in_over.by_name = over->count ? arena_alloc(c->a->arena, over->count * sizeof(over)) : NULL;
	for (const struct cv *o = over->child; o; o = o->next)
		in_over.by_name[in_over.count++] = o;
	if (in_over.count)
		qsort(in_over.by_name, in_over.count, sizeof(*in_over.by_name), by_key);
	for (const struct cv *b = cv_first(base); b; b = cv_after(b)) {
		child = merge_child(c, b, cindex_get(&in_over, b->key), cfield_find(table, b->key));
		if (!child)
			return ret;
		append(&t, child);
	}
	for (const struct cv *o = over->child; o; o = o->next) {
		if (cindex_get(&in_base, o->key))
			continue;
		child = merge_child(c, NULL, o, NULL);
		if (!child)
			return ret;
		append(&t, child);
	}
	return ret;
}

static const struct cv *merge_lists(struct compose *c, const struct cv *base, const struct cv *over,
				    const struct cfield *field)
{
	struct cv *ret = cv_copy(c, base), *copy;
	struct tail t = { .parent = ret };

	if (!ret)
		return base;
	ret->child = NULL;
	ret->count = 0;
	for (int i = 0; i < 2; i++) {
		for (const struct cv *v = i ? over->child : base->child; v; v = v->next) {
			copy = cv_copy(c, v);
			if (!copy)
				return ret;
			append(&t, copy);
		}
	}
	if (field)
		cv_unify(c, ret, field->same);
	return ret;
}

/* Depth is that of the documents. */
static const struct cv *merge(struct compose *c, const struct cv *base, const struct cv *over,
			      const struct cfield *field)
{
	if (!over || !base || base->tag == CTAG_RESET)
		return over ? over : base;
	if (over->tag != CTAG_NONE || (field && field->shape == SHAPE_REPLACE))
		return over;
	if (over->type == JSON_NULL)
		return base;
	if (base->type == JSON_OBJECT && over->type == JSON_OBJECT)
		return merge_maps(c, base, over, field);
	if (base->type == JSON_ARRAY && over->type == JSON_ARRAY)
		return merge_lists(c, base, over, field);
	if ((base->type == JSON_OBJECT || base->type == JSON_ARRAY) && base->type != over->type)
		cv_diag(c, DIAG_BAD_TYPE, over,
			"docker compose cannot merge this over %s that stands in another place",
			type_words[__builtin_ctz(type_bit(base->type))]);
	return over;
}

const struct cv *cv_merge(struct compose *c, const struct cv *base, const struct cv *over,
			  const struct cfield *field)
{
	return merge(c, base, over, field);
}
