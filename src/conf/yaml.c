/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/yaml.h"

#include <search.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "conf/encoding.h"
#include "conf/json_set.h"
#include "conf/yaml_scalar.h"

/* How this works: the text is cut at its "---" lines, which are nothing but starts of documents
 * wherever they stand. Each piece has a parser of its own: what breaks one leaves the others alone,
 * and no document is lost because libyaml reads ahead into the next. */

enum {
	DIRECTIVES_MAX = 64, /* of a piece; libyaml compares each with each */
	/* Of events, each weighed with its depth: the scanner looks at all open brackets for every
	 * token. A text of a million values, twenty deep, takes a tenth of it. */
	WORK_MAX = 1 << 28,
	BROKEN_MAX = 500, /* pieces; each may have cost the scanner its worst */
};

struct level {
	struct json *node, *last;
	const char *key; /* of a mapping: the value to come is this key's */
	size_t key_offset;
	struct anchor *anchor; /* of the collection, if it has one */
	bool as_key;           /* this collection itself stands where a key should */
	bool merge;            /* the key is "<<" */
	struct json *merges;   /* values of "<<", in order */
	struct json *merges_last;
	struct json_seen seen;
};

struct anchor {
	const char *name;
	const struct json *node;
	bool open; /* we are within it */
};

struct reader {
	struct json_set *set;
	struct arena *arena;
	struct json_pool *pool;
	const char *text; /* the piece */
	size_t len, base; /* where it starts in the whole text */
	bool ascii;       /* a character is a byte in it */
	size_t at_char, at_byte;
	struct level stack[JSON_DEEP_MAX];
	size_t depth;
	struct json *root;
	void *anchors;            /* of the document: tsearch(3) */
	size_t written, expanded; /* values of the document */
	size_t copying;           /* offset of the alias or the mapping that copies are made for */
	size_t pieces, broken, work;
	bool lost; /* this piece is done with */
	bool stop; /* so is the text */
};

/* libyaml counts characters. Its events come nearly in the order of the text. */
static size_t offset_of(struct reader *r, size_t index)
{
	if (r->ascii)
		return r->base + (index < r->len ? index : r->len);
	while (r->at_char < index && r->at_byte < r->len) {
		r->at_byte++;
		while (r->at_byte < r->len && (r->text[r->at_byte] & 0xc0) == 0x80)
			r->at_byte++;
		r->at_char++;
	}
	while (r->at_char > index) {
		r->at_byte--;
		while (r->at_byte > 0 && (r->text[r->at_byte] & 0xc0) == 0x80)
			r->at_byte--;
		r->at_char--;
	}
	return r->base + r->at_byte;
}

static void __attribute__((format(printf, 4, 5)))
lose(struct reader *r, enum json_issue_kind kind, size_t offset, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)json_set_issue(r->set, r->arena, kind, offset, "%s",
			     arena_vprintf(r->arena, fmt, ap));
	va_end(ap);
	r->lost = true;
	if (++r->broken >= BROKEN_MAX && !r->stop) {
		(void)json_set_issue(r->set, r->arena, JSON_LIMIT, offset,
				     "too many documents are broken; the rest is not read");
		r->stop = true;
	}
}

static void odd(struct reader *r, const struct json *node, size_t offset, const char *msg)
{
	struct json_issue *i = json_set_issue(r->set, r->arena, JSON_ODD, offset, "%s", msg);

	if (i)
		i->node = node;
}

/* Parts per thousand of a document that may come from aliases; Go's readers have the same slope:
 * nearly all of a small one, a tenth of a big one. */
static size_t alias_share(size_t values)
{
	const size_t small = 400000, big = 4000000;

	if (values <= small)
		return 990;
	if (values >= big)
		return 100;
	return 990 - 890 * (values - small) / (big - small);
}

static struct json *new_value(struct reader *r, size_t offset, const char *tag, bool copied)
{
	struct json *v;
	size_t total = ++r->written + r->expanded;

	if (copied) {
		r->written--;
		r->expanded++;
		if (total > 1000 && r->expanded * 1000 > total * alias_share(total)) {
			lose(r, JSON_LIMIT, r->copying,
			     "aliases stand for nearly all of the document (a YAML bomb)");
			return NULL;
		}
	}
	if (++r->set->values > JSON_MANY_MAX) {
		r->stop = true;
		lose(r, JSON_LIMIT, offset, "more values than are read; the rest is not read");
		return NULL;
	}
	if (tag) {
		struct json_tagged *t = ARENA_NEW(r->arena, struct json_tagged);

		t->tag = json_pool_text(r->pool, tag, strlen(tag));
		v = &t->json;
		v->tagged = true;
	} else {
		v = ARENA_NEW(r->arena, struct json);
	}
	v->offset = (uint32_t)offset;
	return v;
}

/* ---- Anchors and aliases ------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
	const struct anchor *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static void keep_anchor(void *p)
{
	(void)p; /* the arena's */
}

static struct anchor *set_anchor(struct reader *r, const yaml_char_t *name, const struct json *node)
{
	struct anchor *new, **at;

	if (!name)
		return NULL;
	new = ARENA_NEW(r->arena, struct anchor);
	new->name = arena_strdup(r->arena, (const char *)name);
	new->node = node;
	at = tsearch(new, &r->anchors, by_name);
	if (at && *at != new)
		*at = new; /* given again: from here on it is the new one */
	return new;
}

/* A copy in the place of an alias; depth is bounded as that of what is written is. */
static struct json *copy_tree(struct reader *r, const struct json *from, size_t offset,
			      size_t depth)
{
	struct json *v = new_value(r, offset, json_tag(from), true);
	const struct json **end;

	if (!v)
		return NULL;
	if (depth >= JSON_DEEP_MAX && from->child) {
		lose(r, JSON_LIMIT, r->copying, "nested more than %d deep by aliases",
		     JSON_DEEP_MAX);
		return NULL;
	}
	*v = *from;
	v->offset = (uint32_t)offset;
	v->next = v->parent = v->child = NULL;
	end = &v->child;
	for (const struct json *c = from->child; c; c = c->next) {
		struct json *copy = copy_tree(r, c, c->offset, depth + 1);

		if (!copy)
			return NULL;
		copy->parent = v;
		*end = copy;
		end = &copy->next;
	}
	return v;
}

static const struct json *find_anchor(struct reader *r, const yaml_char_t *name, size_t offset)
{
	struct anchor want = { .name = (const char *)name };
	struct anchor **at = tfind(&want, &r->anchors, by_name);

	if (!at)
		lose(r, JSON_BROKEN, offset, "the alias *%s has no anchor before it", want.name);
	else if ((*at)->open)
		lose(r, JSON_BROKEN, offset, "the alias *%s stands within its own anchor: a cycle",
		     want.name);
	else
		return (*at)->node;
	return NULL;
}

/* ---- The tree ------------------------------------------------------------------------------ */

static struct level *top_of(struct reader *r)
{
	return r->depth ? &r->stack[r->depth - 1] : NULL;
}

static bool key_is_due(struct reader *r)
{
	struct level *top = top_of(r);

	return top && top->node->type == JSON_OBJECT && !top->key;
}

static void set_key(struct reader *r, const char *key, size_t len, size_t offset, bool merge)
{
	struct level *top = top_of(r);

	top->key = key;
	top->key_offset = offset;
	top->merge = merge;
	if (!merge)
		json_seen_add(&top->seen, key, len);
	else if (top->merges)
		odd(r, top->merges, offset, "the merge key \"<<\" is given more than once");
}

/* Go's readers refuse the document. The value is kept, under a name that nobody looks for. */
static void set_odd_key(struct reader *r, size_t offset)
{
	struct level *top = top_of(r);

	odd(r, NULL, offset, "a mapping or list stands where a key should");
	top->key = "?";
	top->key_offset = offset;
	top->merge = false;
}

static void append(struct level *top, struct json *v)
{
	v->parent = top->node;
	v->index = top->node->count++;
	if (top->last)
		top->last->next = v;
	else
		top->node->child = v;
	top->last = v;
}

/* The value goes where one is due. */
static void attach(struct reader *r, struct json *v)
{
	struct level *top = top_of(r);

	if (!top) {
		r->root = v;
		return;
	}
	v->parent = top->node;
	if (top->node->type == JSON_OBJECT) {
		v->key = top->key;
		v->key_offset = (uint32_t)top->key_offset;
		top->key = NULL;
	}
	if (!top->merge) {
		append(top, v);
		return;
	}
	top->merge = false;
	if (top->merges_last)
		top->merges_last->next = v;
	else
		top->merges = v;
	top->merges_last = v;
}

static void gather(struct json_ranked *all, size_t *n, const struct json *mapping)
{
	for (const struct json *c = mapping->child; c; c = c->next, (*n)++)
		all[*n] = (struct json_ranked){ (struct json *)(uintptr_t)c, *n };
}

/* How many entries a value of "<<" brings; what brings none by its type is odd. */
static size_t brings(struct reader *r, const struct json *m)
{
	size_t n = 0;

	if (m->type == JSON_OBJECT)
		return m->count;
	if (m->type != JSON_ARRAY)
		odd(r, m, m->offset, "the value of the merge key \"<<\" is no mapping");
	for (const struct json *c = m->child; c; c = c->next) {
		if (c->type == JSON_OBJECT)
			n += c->count;
		else
			odd(r, c, c->offset, "a value of the merge key \"<<\" is no mapping");
	}
	return n;
}

/* Adds what merge keys bring, and the mapping has not. */
static void merge_all(struct reader *r, struct level *top)
{
	size_t own = top->node->count, total = own, n = 0;
	struct json_ranked *all;
	const struct json **keep;

	r->copying = top->node->offset;
	for (const struct json *m = top->merges; m; m = m->next)
		total += brings(r, m);
	all = arena_alloc(r->arena, total * sizeof(*all));
	keep = arena_alloc(r->arena, total * sizeof(*keep));
	gather(all, &n, top->node);
	for (const struct json *m = top->merges; m; m = m->next) {
		if (m->type == JSON_OBJECT)
			gather(all, &n, m);
		for (const struct json *c = m->type == JSON_ARRAY ? m->child : NULL; c; c = c->next)
			if (c->type == JSON_OBJECT)
				gather(all, &n, c);
	}
	json_rank_sort(all, n);
	for (size_t i = 0; i < n; i++)
		if (all[i].rank >= own &&
		    (i == 0 || strcmp(all[i - 1].value->key, all[i].value->key) != 0))
			keep[all[i].rank] = all[i].value;
	for (size_t i = own; i < n; i++) {
		struct json *v = keep[i] ? copy_tree(r, keep[i], keep[i]->offset, r->depth) : NULL;

		if (r->lost)
			return;
		if (v)
			append(top, v);
	}
}

static void end_object(struct reader *r, struct level *top)
{
	struct json *obj = top->node;

	if (top->key) /* libyaml gives a null for a value that is not there */
		return;
	if (top->seen.maybe) {
		json_set_fold(r->set, r->arena, obj);
		top->last = NULL;
		for (const struct json *c = obj->child; c; c = c->next)
			top->last = (struct json *)(uintptr_t)c;
	}
	if (top->merges)
		merge_all(r, top);
}

/* ---- Events -------------------------------------------------------------------------------- */

/* The last word of one of YAML's own tags, or NULL. */
static const char *own_tag(const yaml_char_t *tag)
{
	static const char prefix[] = "tag:yaml.org,2002:";
	const char *s = (const char *)tag;

	return s && strncmp(s, prefix, sizeof(prefix) - 1) == 0 ? s + sizeof(prefix) - 1 : NULL;
}

/* One that is neither YAML's own nor "!", which only says that it is no plain one. */
static const char *other_tag(const yaml_char_t *tag)
{
	return tag && !own_tag(tag) && strcmp((const char *)tag, "!") != 0 ? (const char *)tag
									   : NULL;
}

static void on_key(struct reader *r, const yaml_event_t *ev, size_t offset)
{
	size_t len = ev->data.scalar.length;
	const char *key = json_pool_text(r->pool, (const char *)ev->data.scalar.value, len);
	const char *tag = own_tag(ev->data.scalar.tag);
	bool plain = ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && !ev->data.scalar.tag;
	bool merge = strcmp(key, "<<") == 0 && (plain || (tag && strcmp(tag, "merge") == 0));

	if (ev->data.scalar.anchor) {
		struct json *v = new_value(r, offset, NULL, false);

		if (!v)
			return;
		v->type = JSON_STRING;
		v->text = key;
		v->len = (uint32_t)len;
		(void)set_anchor(r, ev->data.scalar.anchor, v);
	}
	if (strlen(key) != len)
		odd(r, NULL, offset, "a NUL character stands in a key");
	set_key(r, key, len, offset, merge);
}

static void keep_hash(struct reader *r, const yaml_event_t *ev, size_t offset)
{
	struct json_set *set = r->set;
	struct json_span *s;

	if (ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE ||
	    !memchr(ev->data.scalar.value, '#', ev->data.scalar.length))
		return;
	s = arena_push(r->arena, &set->hashes, &set->hash_count, &set->hash_cap, sizeof(*s));
	s->from = (uint32_t)offset;
	s->to = (uint32_t)offset_of(r, ev->end_mark.index);
}

static void on_scalar(struct reader *r, const yaml_event_t *ev)
{
	size_t offset = offset_of(r, ev->start_mark.index), len = ev->data.scalar.length;
	const char *text = (const char *)ev->data.scalar.value, *tag = own_tag(ev->data.scalar.tag);
	const char *other = other_tag(ev->data.scalar.tag);
	bool plain = ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	struct json *v;

	keep_hash(r, ev, offset);
	if (key_is_due(r)) {
		on_key(r, ev, offset);
		return;
	}
	v = new_value(r, offset, other, false);
	if (!v)
		return;
	v->type = JSON_STRING;
	v->text = json_pool_text(r->pool, text, len);
	v->len = (uint32_t)len;
	v->plain = plain && !tag;
	if (tag) {
		if (!yaml_tagged(v, tag, r->arena))
			odd(r, v, offset, "the tag does not fit the value");
	} else if (plain &&
		   (!ev->data.scalar.tag ||
		    (other && (strcmp(other, "!reset") == 0 || strcmp(other, "!override") == 0)))) {
		yaml_plain(v, r->arena);
	}
	(void)set_anchor(r, ev->data.scalar.anchor, v);
	attach(r, v);
	if (memchr(text, '\0', len))
		odd(r, v, offset, "a NUL character stands in a string");
}

static void on_alias(struct reader *r, const yaml_event_t *ev)
{
	size_t offset = offset_of(r, ev->start_mark.index);
	const struct json *node = find_anchor(r, ev->data.alias.anchor, offset);
	struct json *v;

	if (!node)
		return;
	if (key_is_due(r)) {
		if (node->text)
			set_key(r, node->text, node->len, offset, false);
		else
			set_odd_key(r, offset);
		return;
	}
	r->copying = offset;
	v = copy_tree(r, node, offset, r->depth);
	if (!v)
		return;
	v->key = NULL; /* the anchor's own */
	v->key_offset = v->index = 0;
	attach(r, v);
}

static void on_start(struct reader *r, const yaml_event_t *ev, enum json_type type)
{
	bool map = type == JSON_OBJECT;
	const yaml_char_t *tag = map ? ev->data.mapping_start.tag : ev->data.sequence_start.tag;
	const char *own = own_tag(tag);
	size_t offset = offset_of(r, ev->start_mark.index);
	bool as_key = key_is_due(r);
	struct json *v;

	if (r->depth == JSON_DEEP_MAX) {
		lose(r, JSON_LIMIT, offset, "nested more than %d deep", JSON_DEEP_MAX);
		return;
	}
	v = new_value(r, offset, other_tag(tag), false);
	if (!v)
		return;
	v->type = type;
	if (own && strcmp(own, map ? "map" : "seq") != 0 &&
	    strcmp(own, map ? "set" : "omap") != 0 && strcmp(own, "pairs") != 0)
		odd(r, v, offset, "the tag does not fit the value");
	if (as_key)
		v->parent = top_of(r)->node;
	else
		attach(r, v);
	r->stack[r->depth++] = (struct level){ .node = v, .as_key = as_key };
	top_of(r)->anchor = set_anchor(
		r, map ? ev->data.mapping_start.anchor : ev->data.sequence_start.anchor, v);
	if (top_of(r)->anchor)
		top_of(r)->anchor->open = true;
}

static void on_end(struct reader *r)
{
	struct level *top = top_of(r);

	if (top->anchor)
		top->anchor->open = false;
	if (top->node->type == JSON_OBJECT)
		end_object(r, top);
	r->depth--;
	if (top->as_key && !r->lost)
		set_odd_key(r, top->node->offset);
}

static void forget_document(struct reader *r)
{
	tdestroy(r->anchors, keep_anchor);
	r->anchors = NULL;
	r->root = NULL;
	r->depth = r->written = r->expanded = 0;
}

static void on_document_end(struct reader *r)
{
	if (!r->root || (r->root->type == JSON_NULL && !r->root->tagged))
		return;
	if (r->set->doc_count < JSON_DOCS_MAX) {
		json_set_doc(r->set, r->arena, r->root);
		return;
	}
	r->stop = true;
	lose(r, JSON_LIMIT, r->root->offset, "more documents than are read; the rest is not read");
}

static void on_event(struct reader *r, const yaml_event_t *ev)
{
	r->work += r->depth + 1;
	if (r->work > WORK_MAX) {
		r->stop = true;
		lose(r, JSON_LIMIT, offset_of(r, ev->start_mark.index),
		     "too much, nested too deeply; the rest is not read");
		return;
	}
	switch (ev->type) {
	case YAML_SCALAR_EVENT: on_scalar(r, ev); break;
	case YAML_ALIAS_EVENT: on_alias(r, ev); break;
	case YAML_SEQUENCE_START_EVENT: on_start(r, ev, JSON_ARRAY); break;
	case YAML_MAPPING_START_EVENT: on_start(r, ev, JSON_OBJECT); break;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT: on_end(r); break;
	case YAML_DOCUMENT_START_EVENT: forget_document(r); break;
	case YAML_DOCUMENT_END_EVENT: on_document_end(r); break;
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT: break;
	}
}

/* ---- Pieces -------------------------------------------------------------------------------- */

static void syntax_error(struct reader *r, const yaml_parser_t *p)
{
	const char *problem = p->problem ? p->problem : "it cannot be parsed";
	size_t at;

	if (p->error == YAML_READER_ERROR) {
		at = p->problem_offset < r->len ? p->problem_offset : r->len;
		if (p->problem_value == 0)
			lose(r, JSON_BROKEN, r->base + at, "there is a NUL byte in it");
		else
			lose(r, JSON_BROKEN, r->base + at, "%s (0x%02x)", problem,
			     (unsigned int)p->problem_value);
		return;
	}
	at = offset_of(r, p->problem_mark.index);
	if (at - r->base < r->len && r->text[at - r->base] == '\t' && p->context &&
	    strcmp(p->context, "while scanning for the next token") == 0)
		lose(r, JSON_BROKEN, at, "a tab stands where only spaces may indent");
	else if (p->context)
		lose(r, JSON_BROKEN, at, "%s (%s)", problem, p->context);
	else
		lose(r, JSON_BROKEN, at, "%s", problem);
}

static void read_piece(struct reader *r)
{
	yaml_parser_t parser;
	yaml_event_t ev;
	bool more = true;

	if (!yaml_parser_initialize(&parser)) {
		lose(r, JSON_LIMIT, r->base, "out of memory");
		return;
	}
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)r->text, r->len);
	while (more && !r->lost) {
		if (!yaml_parser_parse(&parser, &ev)) {
			syntax_error(r, &parser);
			break;
		}
		more = ev.type != YAML_STREAM_END_EVENT;
		on_event(r, &ev);
		yaml_event_delete(&ev);
	}
	yaml_parser_delete(&parser);
	forget_document(r);
}

static bool is_marker(const char *line, size_t len, const char *marker)
{
	return len >= 3 && memcmp(line, marker, 3) == 0 &&
	       (len == 3 || strchr(" \t\r\n", line[3]) != NULL) && (len == 3 || line[3]);
}

/* Offset of the first line behind the one at `from` that starts a document, or len. Lines on
 * the way that may be directives are counted. */
static size_t next_start(const char *text, size_t len, size_t from, size_t *directives)
{
	const char *p = text + from, *end = text + len;

	while ((p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		if (++p == end)
			break;
		if (*p == '%')
			++*directives;
		else if (*p == '-' && is_marker(p, (size_t)(end - p), "---"))
			return (size_t)(p - text);
	}
	return len;
}

/* Directives (%YAML, %TAG) belong to the document behind them. Where those that end at `end` start,
 * comments between them included; `end` if there are none. */
static size_t directives_before(const char *text, size_t from, size_t end)
{
	size_t cut = end, line;

	for (size_t pos = end; pos > from; pos = line) {
		line = pos - 1;
		while (line > from && text[line - 1] != '\n')
			line--;
		if (text[line] == '%')
			cut = line;
		else if (is_marker(text + line, pos - line, "..."))
			return cut;
		else if (text[line] != '#' && line + strspn(text + line, " \t\r\n") < pos)
			return end;
	}
	return cut == end ? end : from;
}

/* Where the piece that starts at `from` ends, and how many lines of it may be directives. */
static size_t piece_end(const char *text, size_t len, size_t from, size_t *ret_directives)
{
	size_t end, cut, start;

	*ret_directives = text[from] == '%';
	end = next_start(text, len, from, ret_directives);
	if (*ret_directives == 0 || end == len)
		return end;
	cut = directives_before(text, from, end);
	if (cut > from)
		return cut;
	start = end;
	end = next_start(text, len, start, ret_directives);
	return end < len ? directives_before(text, start, end) : end;
}

void yaml_read(const char *text, size_t len, struct arena *a, struct json_set *ret)
{
	yaml_read_pooled(text, len, json_pool_new(a), ret);
}

void yaml_read_pooled(const char *text, size_t len, struct json_pool *pool, struct json_set *ret)
{
	struct reader r = { .set = ret, .arena = pool->arena, .pool = pool };
	size_t end, directives;

	json_set_init(ret);
	if (len >= UINT32_MAX) {
		lose(&r, JSON_LIMIT, 0, "4 GiB and more are not read");
		return;
	}
	for (size_t from = 0; from < len && !r.stop; from = end) {
		end = piece_end(text, len, from, &directives);
		r.text = text + from;
		r.base = from;
		r.len = end - from;
		r.ascii = encoding_ascii(r.text, r.len) == r.len;
		r.at_char = r.at_byte = 0;
		r.lost = false;
		if (++r.pieces > JSON_DOCS_MAX) {
			lose(&r, JSON_LIMIT, from,
			     "more documents than are read; the rest is not read");
			break;
		}
		if (directives > DIRECTIVES_MAX)
			lose(&r, JSON_LIMIT, from, "more directives (%%) than are read");
		else
			read_piece(&r);
	}
}
