/* SPDX-License-Identifier: Apache-2.0 */
/* Suppressions that stand in what is audited: comments, annotations, labels. Each is a
 * directive; what a directive belongs to (a source, a mapping) leads to its directives. */
#include <stdlib.h>
#include <string.h>

#include "audit/policy.h"

#define COMMENT "atoll:ignore"
#define KEY     "atoll.io/ignore"

enum { DIRECTIVES_MAX = 100000 };

struct directive {
	enum suppressed_by by;
	const struct rule *rule; /* NULL: every rule */
	const char *reason;
	struct place at;
	size_t line; /* comments: the line that it is about */
	bool used;
};

struct owner { /* a struct source or a struct json */
	const void *key;
	size_t first, count;
};

struct table {
	struct audit *a;
	struct directive *items;
	size_t count, cap;
	struct owner *owners;
	size_t owner_count, owner_cap;
	bool cut;
};

static const char blanks[] = " \t\r";

static void trim(const char **s, size_t *len)
{
	while (*len && strchr(blanks, **s)) {
		++*s;
		--*len;
	}
	while (*len && strchr(blanks, (*s)[*len - 1]))
		--*len;
}

static void add(struct table *t, enum suppressed_by by, const struct place *at, size_t line,
		const char *id, size_t len, const char *reason)
{
	const struct rule *rule = NULL;
	struct directive *d;
	char *name;

	if (t->count == DIRECTIVES_MAX) {
		if (!t->cut)
			(void)audit_diag(t->a, DIAG_SUPPRESSION, NULL, at,
					 "more than %d suppressions; from here on none counts",
					 DIRECTIVES_MAX);
		t->cut = true;
		return;
	}
	name = arena_strndup(t->a->arena, id, len);
	if (strcmp(name, "*") != 0) {
		rule = rule_find(name);
		if (!rule) {
			(void)audit_diag(t->a, DIAG_SUPPRESSION, NULL, at,
					 "there is no rule '%s' to be suppressed", name);
			return;
		}
	}
	d = arena_push(t->a->arena, &t->items, &t->count, &t->cap, sizeof(*d));
	*d = (struct directive){ by, rule, reason, *at, line, false };
}

/* After "RULE, ": does the list go on, or is this the reason? */
static bool goes_on(const char *s, size_t len)
{
	char name[64];
	size_t n = 0;

	while (n < len && n < sizeof(name) - 1 && s[n] != ',' && !strchr(blanks, s[n])) {
		name[n] = s[n];
		n++;
	}
	name[n] = '\0';
	return !strcmp(name, "*") || rule_find(name);
}

/* How much of it is the list of rules. */
static size_t list_length(const char *s, size_t len)
{
	size_t n = 0, next;

	for (;;) {
		while (n < len && !strchr(blanks, s[n]))
			n++;
		for (next = n; next < len && strchr(blanks, s[next]);)
			next++;
		if (n == 0 || s[n - 1] != ',' || !goes_on(s + next, len - next))
			return n;
		n = next;
	}
}

/* "RULE[,RULE...] [reason]"; there may be blanks after the commas. */
static void parse(struct table *t, enum suppressed_by by, const struct place *at, size_t line,
		  const char *s, size_t len)
{
	const char *reason;
	size_t rest, n;

	trim(&s, &len);
	n = list_length(s, len);
	reason = s + n;
	rest = len - n;
	trim(&reason, &rest);
	reason = rest ? arena_strndup(t->a->arena, reason, rest) : NULL;
	if (n == 0)
		(void)audit_diag(t->a, DIAG_SUPPRESSION, NULL, at,
				 "a suppression names the rules that it is for, or *");
	for (size_t i = 0, k; i < n; i += k + 1) {
		const char *comma = memchr(s + i, ',', n - i);

		const char *id = s + i;
		size_t id_len;

		k = id_len = comma ? (size_t)(comma - s) - i : n - i;
		trim(&id, &id_len);
		if (id_len)
			add(t, by, at, line, id, id_len, reason);
	}
}

static void own(struct table *t, const void *key, size_t first)
{
	struct owner *o;

	if (t->count == first)
		return;
	o = arena_push(t->a->arena, &t->owners, &t->owner_count, &t->owner_cap, sizeof(*o));
	*o = (struct owner){ key, first, t->count - first };
}

/* ---- Comments ----------------------------------------------------------------------------- */

/* Where the "#" is that makes a comment of what stands at `at`, outside of scalars; NULL: it is none. */
static const char *comment_start(const char *line, const char *at)
{
	while (at > line && strchr(blanks, at[-1]))
		at--;
	if (at == line || at[-1] != '#')
		return NULL;
	at--;
	return at == line || strchr(blanks, at[-1]) ? at : NULL;
}

static bool is_code(const char *line, size_t len)
{
	trim(&line, &len);
	return len > 0 && *line != '#';
}

/* The number of the next line with more than a comment, after the one that ends at `end`. */
static size_t next_code(const struct source *s, const char *end, size_t number)
{
	const char *stop = s->text + s->len;

	while (end < stop) {
		const char *line = end + 1, *nl = memchr(line, '\n', (size_t)(stop - line));

		number++;
		end = nl ? nl : stop;
		if (is_code(line, (size_t)(end - line)))
			break;
	}
	return number;
}

/* A place in the text of a source, on the way through it. */
struct at {
	const struct source *s;
	const char *line;
	size_t number; /* of the line, from 1 */
	size_t code;   /* of a line with more than a comment; none lies between */
	size_t hash;   /* scalars that end before */
};

/* What stands at `at`; returns where to go on. */
static const char *comment(struct table *t, struct at *w, const char *at)
{
	const struct source *s = w->s;
	const char *stop = s->text + s->len, *nl = memchr(at, '\n', (size_t)(stop - at)),
		   *end = nl ? nl : stop, *after = at + strlen(COMMENT),
		   *hash = comment_start(w->line, at);
	size_t number = w->number;
	struct json *node;
	struct place place;

	if (!hash || (after < end && !strchr(blanks, *after)))
		return after;
	/* A node that stands for the comment, so that it has a place. */
	node = ARENA_NEW(t->a->arena, struct json);
	node->type = JSON_STRING;
	node->offset = (uint32_t)(hash - s->text);
	node->text = arena_strndup(t->a->arena, hash, (size_t)(end - hash));
	node->len = (uint32_t)(end - hash);
	place = place_of(s, node);
	if (!is_code(w->line, (size_t)(hash - w->line))) {
		if (w->code <= number)
			w->code = next_code(s, end, number);
		number = w->code;
	}
	parse(t, SUPP_INLINE, &place, number, after, (size_t)(end - after));
	return end;
}

/* The scalar that it stands in, or NULL. */
static const struct json_span *scalar_at(struct at *w, const char *at)
{
	const struct source *s = w->s;
	size_t offset = (size_t)(at - s->text);

	while (w->hash < s->hash_count && s->hashes[w->hash].to <= offset)
		w->hash++;
	return w->hash < s->hash_count && s->hashes[w->hash].from <= offset ? &s->hashes[w->hash]
									    : NULL;
}

static void scan(struct table *t, const struct source *s)
{
	const char *at = s->text, *stop = s->text + s->len, *nl;
	struct at w = { .s = s, .line = s->text, .number = 1 };
	size_t first = t->count;

	while (at < stop && (at = memmem(at, (size_t)(stop - at), COMMENT, strlen(COMMENT)))) {
		const struct json_span *scalar = scalar_at(&w, at);

		while ((nl = memchr(w.line, '\n', (size_t)(at - w.line)))) {
			w.line = nl + 1;
			w.number++;
		}
		at = scalar ? s->text + scalar->to : comment(t, &w, at);
	}
	own(t, s, first);
}

/* ---- Annotations and labels --------------------------------------------------------------- */

static void entry(struct table *t, const struct source *src, enum suppressed_by by,
		  const struct json *node, const char *key, size_t len, const char *value)
{
	struct place at = place_of(src, node);
	size_t n = strlen(KEY);

	if (len > n && key[n] == '.') {
		add(t, by, &at, 0, key + n + 1, len - n - 1, *value ? value : NULL);
		return;
	}
	if (len != n)
		return;
	for (;;) {
		size_t part = strcspn(value, "\n");

		if (part || !value[part])
			parse(t, by, &at, 0, value, part);
		if (!value[part] || !value[part + 1])
			break;
		value += part + 1;
	}
}

static void mapping(struct table *t, const struct facts *f, const struct json *map,
		    enum suppressed_by by)
{
	size_t first = t->count, n = strlen(KEY);

	for (const struct json *c = map->child; c; c = c->next) {
		const char *key = map->type == JSON_OBJECT ? c->key : c->text;
		const char *equals;

		if (!key || strncmp(key, KEY, n) != 0)
			continue;
		if (map->type == JSON_OBJECT) {
			entry(t, f->src, by, c, key, strlen(key), c->text ? c->text : "");
			continue;
		}
		equals = strchr(key, '='); /* a list of "key=value" */
		entry(t, f->src, by, c, key, equals ? (size_t)(equals - key) : strlen(key),
		      equals ? equals + 1 : "");
	}
	own(t, map, first);
}

/* The containers of a pod follow each other and have the same mapping. */
static void collect(struct table *t)
{
	const struct json *annotations = NULL, *of_template = NULL, *labels = NULL;

	for (const struct source *s = t->a->sources; s; s = s->next)
		if (s->yaml && s->text)
			scan(t, s);
	for (const struct facts *f = t->a->objects; f; f = f->next) {
		if (f->annotations && f->annotations != annotations)
			mapping(t, f, f->annotations, SUPP_ANNOTATION);
		if (f->template_annotations && f->template_annotations != of_template)
			mapping(t, f, f->template_annotations, SUPP_ANNOTATION);
		if (f->labels && f->labels != labels && f->labels != f->annotations)
			mapping(t, f, f->labels, SUPP_LABEL);
		of_template = f->template_annotations;
		annotations = f->annotations;
		labels = f->labels;
	}
}

/* ---- Applying ------------------------------------------------------------------------------ */

static int by_key(const void *x, const void *y)
{
	uintptr_t a = (uintptr_t)((const struct owner *)x)->key,
		  b = (uintptr_t)((const struct owner *)y)->key;

	return (a > b) - (a < b);
}

/* The owner's first directive for the line: they stand in the order of their lines. */
static size_t first_of(const struct table *t, const struct owner *o, size_t line)
{
	size_t low = o->first, high = o->first + o->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (t->items[mid].line < line)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* The directive that holds for the rule; all that do count as used. */
static const struct directive *look(struct table *t, const void *key, const struct rule *rule,
				    size_t line)
{
	struct owner want = { .key = key }, *o;
	const struct directive *found = NULL;

	if (!key || !t->owner_count)
		return NULL;
	o = bsearch(&want, t->owners, t->owner_count, sizeof(*o), by_key);
	if (!o)
		return NULL;
	for (size_t i = first_of(t, o, line); i < o->first + o->count && t->items[i].line == line;
	     i++) {
		struct directive *d = &t->items[i];

		if (d->rule && d->rule != rule)
			continue;
		d->used = true;
		if (!found)
			found = d;
	}
	return found;
}

static const struct directive *directive_for(struct table *t, const struct rule *rule,
					     const struct facts *of, const struct place *at)
{
	const struct directive *found = NULL, *d;
	struct spot spot;
	struct owner want = { .key = at->src };

	if (at->src && bsearch(&want, t->owners, t->owner_count, sizeof(want), by_key) &&
	    place_spot(t->a->arena, at, &spot))
		found = look(t, at->src, rule, spot.line);
	d = look(t, of->annotations, rule, 0);
	found = found ? found : d;
	d = look(t, of->template_annotations, rule, 0);
	found = found ? found : d;
	d = look(t, of->labels, rule, 0);
	return found ? found : d;
}

void suppress_apply(struct audit *a)
{
	struct table t = { .a = a };

	collect(&t);
	if (!t.owner_count)
		return;
	qsort(t.owners, t.owner_count, sizeof(*t.owners), by_key);
	for (size_t i = 0; i < a->finding_count; i++) {
		struct finding *f = &a->findings[i];
		const struct directive *d = directive_for(&t, f->rule, f->of, &f->at);

		if (d && !f->suppressed) {
			f->suppressed = d->by;
			f->reason = d->reason;
		}
	}
	/* One for what cannot be told is no idle one. */
	for (size_t i = 0; i < a->untold_count; i++)
		(void)directive_for(&t, a->untold[i].rule, a->untold[i].of, &a->untold[i].at);
	for (size_t i = 0; i < t.count; i++)
		if (!t.items[i].used)
			(void)audit_diag(a, DIAG_SUPPRESSION, NULL, &t.items[i].at,
					 "the suppression of %s suppresses nothing",
					 t.items[i].rule ? t.items[i].rule->id : "*");
}
