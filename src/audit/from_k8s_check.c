/* SPDX-License-Identifier: Apache-2.0 */
/* Values as the API server takes them, and a tree against the tables of from_k8s_types.c. The
 * API server compares names of fields exactly, drops those that it does not know (or refuses
 * them, if the client asks for it), and refuses values of another type. */
#include <stdarg.h>
#include <string.h>

#include "audit/from_k8s.h"
#include "base/num.h"

const struct json *k8s_get(const struct json *obj, const char *key)
{
	if (!obj || obj->type != JSON_OBJECT)
		return NULL;
	/* Most names differ in their first letter: this is asked some hundred times for a pod. */
	for (const struct json *n = obj->child; n; n = n->next)
		if (n->key[0] == key[0] && !strcmp(n->key, key))
			return n->type != JSON_NULL ? n : NULL;
	return NULL;
}

const char *k8s_text(const struct json *n)
{
	return n && n->type == JSON_STRING ? n->text : NULL;
}

enum tri k8s_bool(const struct json *n, enum tri absent)
{
	if (!n || n->type == JSON_NULL)
		return absent;
	if (n->type != JSON_BOOL)
		return TRI_UNKNOWN;
	return n->boolean ? TRI_YES : TRI_NO;
}

/* "1e3", "0.0", "-2.50e1": a float that is a whole number of up to 18 digits. */
static bool whole_number(const char *t, int64_t *ret)
{
	int64_t value = 0, power = 0;
	bool minus = *t == '-', dot = false;
	int digits = 0, shift = 0;

	for (t += *t == '-' || *t == '+'; (*t >= '0' && *t <= '9') || (*t == '.' && !dot); t++) {
		dot = dot || *t == '.';
		if (*t == '.')
			continue;
		if (value > 0 && ++digits > 17)
			return false;
		value = value * 10 + (*t - '0');
		shift -= dot;
	}
	if (*t == 'e' || *t == 'E') {
		t += 1 + (t[1] == '+');
		if (num_i64(t, strlen(t), &power) < 0 || power < -40 || power > 40)
			return false;
	} else if (*t) {
		return false; /* .inf, .nan */
	}
	for (shift += (int)power; shift > 0 && value; shift--) {
		if (value > INT64_MAX / 20)
			return false;
		value *= 10;
	}
	for (; shift < 0 && value; shift++, value /= 10)
		if (value % 10)
			return false;
	*ret = minus ? -value : value;
	return true;
}

/* YAML's 1e3 and 0.0 are integers to Kubernetes, since what it decodes is JSON made from the
 * number; JSON's own are none. */
bool k8s_int(const struct json *n, int64_t *ret)
{
	if (!n || n->type != JSON_NUMBER)
		return false;
	return num_i64(n->text, n->len, ret) == 0 || (n->plain && whole_number(n->text, ret));
}

struct k8s_books *k8s_books_of(struct audit *a)
{
	if (!a->k8s)
		a->k8s = ARENA_NEW(a->arena, struct k8s_books);
	return a->k8s;
}

static struct k8s_books *books_on(struct audit *a, const struct source *src)
{
	struct k8s_books *b = k8s_books_of(a);

	if (b->diag_src != src) {
		b->diag_src = src;
		b->diag_count = 0;
	}
	return b;
}

bool k8s_diags_full(struct audit *a, const struct source *src)
{
	return books_on(a, src)->diag_count > K8S_DIAGS_MAX;
}

struct diag *k8s_diag(struct audit *a, enum diag_id id, const struct facts *of,
		      const struct place *at, const char *fmt, ...)
{
	struct k8s_books *b = books_on(a, at->src);
	const char *message;
	va_list ap;

	if (b->diag_count > K8S_DIAGS_MAX)
		return NULL;
	if (b->diag_count++ == K8S_DIAGS_MAX) {
		audit_diag(a, id, of, at,
			   "more than %d things are wrong here; the rest is not shown",
			   K8S_DIAGS_MAX);
		return NULL;
	}
	va_start(ap, fmt);
	message = arena_vprintf(a->arena, fmt, ap);
	va_end(ap);
	return audit_diag(a, id, of, at, "%s", message);
}

/* ---- Names that were meant ----------------------------------------------------------------- */

enum { NEAR_MAX = 40 };

static int lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : (unsigned char)c;
}

/* Edits (insert, drop, change, swap two neighbours) from one to the other, without regard to
 * case; NEAR_MAX if either is long. */
static int edits(const char *x, const char *y)
{
	int row[3][NEAR_MAX + 1], *before = row[0], *last = row[1], *now = row[2];
	int lx = (int)strnlen(x, NEAR_MAX), ly = (int)strnlen(y, NEAR_MAX);

	if (lx == NEAR_MAX || ly == NEAR_MAX)
		return NEAR_MAX;
	for (int j = 0; j <= ly; j++)
		last[j] = j;
	for (int i = 1; i <= lx; i++) {
		int *t = before;

		now[0] = i;
		for (int j = 1; j <= ly; j++) {
			bool same = lower(x[i - 1]) == lower(y[j - 1]);
			int best = last[j - 1] + !same;

			if (last[j] + 1 < best)
				best = last[j] + 1;
			if (now[j - 1] + 1 < best)
				best = now[j - 1] + 1;
			if (i > 1 && j > 1 && lower(x[i - 1]) == lower(y[j - 2]) &&
			    lower(x[i - 2]) == lower(y[j - 1]) && before[j - 2] + 1 < best)
				best = before[j - 2] + 1;
			now[j] = best;
		}
		before = last;
		last = now;
		now = t;
	}
	return last[ly];
}

/* Not more than one letter in three may be another. */
void k8s_near(struct k8s_near *n, const char *candidate)
{
	size_t lx = strlen(n->name), ly = strlen(candidate);
	int d;

	if (lx > ly + 2 || ly > lx + 2)
		return;
	d = edits(n->name, candidate);
	if (d <= 2 && (size_t)d * 3 <= (lx < ly ? lx : ly) && (!n->best || d < n->distance)) {
		n->best = candidate;
		n->distance = d;
	}
}

/* ---- The walk ------------------------------------------------------------------------------ */

static const char *word_of(enum k8s_is is)
{
	switch (is) {
	case K8S_STRING: return "a string";
	case K8S_BOOL: return "true or false";
	case K8S_INT: return "an integer";
	case K8S_QUANTITY: return "a number or a string";
	case K8S_STRING_MAP: return "a mapping of strings";
	case K8S_QUANTITY_MAP: return "a mapping of quantities";
	case K8S_STRINGS: return "a list of strings";
	case K8S_INTS: return "a list of integers";
	case K8S_OBJECT: return "a mapping";
	case K8S_OBJECTS: return "a list of mappings";
	case K8S_ANY: break;
	}
	return "anything";
}

static const char *word_of_node(const struct json *n)
{
	switch (n->type) {
	case JSON_NULL: return "null";
	case JSON_BOOL: return n->boolean ? "the boolean true" : "the boolean false";
	case JSON_NUMBER: return "a number";
	case JSON_STRING: return "a string";
	case JSON_ARRAY: return "a list";
	case JSON_OBJECT: return "a mapping";
	}
	return "";
}

struct walk {
	struct audit *a;
	const struct source *src;
	bool loose, stored;
};

static bool scalar_fits(const struct json *n, enum k8s_is is)
{
	int64_t i;

	if (n->type == JSON_NULL || is == K8S_ANY)
		return true;
	if (is == K8S_INT)
		return k8s_int(n, &i);
	if (is == K8S_BOOL)
		return n->type == JSON_BOOL;
	if (is == K8S_QUANTITY && n->type == JSON_NUMBER)
		return true;
	return n->type == JSON_STRING;
}

static enum k8s_is element_of(enum k8s_is is)
{
	switch (is) {
	case K8S_STRING_MAP:
	case K8S_STRINGS: return K8S_STRING;
	case K8S_QUANTITY_MAP: return K8S_QUANTITY;
	case K8S_INTS: return K8S_INT;
	case K8S_OBJECTS: return K8S_OBJECT;
	case K8S_STRING:
	case K8S_BOOL:
	case K8S_INT:
	case K8S_QUANTITY:
	case K8S_OBJECT:
	case K8S_ANY: break;
	}
	return K8S_ANY;
}

static void bad_type(const struct walk *w, const struct json *n, const char *name, enum k8s_is is)
{
	struct place at = place_of(w->src, n);

	if (n->type == JSON_STRING && n->len < 40)
		k8s_diag(w->a, DIAG_BAD_TYPE, NULL, &at, "%s must be %s, and is a string (\"%s\")",
			 name, word_of(is), n->text);
	else if (n->type == JSON_NUMBER && n->len < 40)
		k8s_diag(w->a, DIAG_BAD_TYPE, NULL, &at, "%s must be %s, and is a number (%s)",
			 name, word_of(is), n->text);
	else
		k8s_diag(w->a, DIAG_BAD_TYPE, NULL, &at, "%s must be %s, and is %s", name,
			 word_of(is), word_of_node(n));
}

/* Where a field stands that was written one level too high or too low. */
static const char *place_of_field(const struct k8s_type *t, const char *name)
{
	static const struct {
		const struct k8s_type *type;
		const char *where;
	} places[] = {
		{ &k8s_security_context, "the securityContext of a container" },
		{ &k8s_pod_security_context, "the securityContext of the pod" },
		{ &k8s_pod_spec, "the spec of the pod" },
		{ &k8s_container, "a container" },
	};

	if (t != &k8s_security_context && t != &k8s_pod_security_context && t != &k8s_pod_spec &&
	    t != &k8s_container && t != &k8s_pod_template)
		return NULL;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (places[i].type != t && k8s_field_find(places[i].type, name))
			return places[i].where;
	return NULL;
}

static void unknown_field(const struct walk *w, const struct json *n, const struct k8s_type *t)
{
	struct place at = place_of_key(w->src, n);
	struct k8s_near near = { .name = n->key };
	const char *where = place_of_field(t, n->key);
	struct diag *d = NULL;

	if (k8s_diags_full(w->a, w->src))
		return; /* nearness takes time */
	for (size_t i = 0; !where && i < t->count; i++)
		k8s_near(&near, t->fields[i].name);
	if (where)
		d = k8s_diag(w->a, DIAG_UNKNOWN_FIELD, NULL, &at,
			     "%s has no field %s; it belongs in %s", t->name, n->key, where);
	else if (near.best)
		d = k8s_diag(w->a, DIAG_UNKNOWN_FIELD, NULL, &at,
			     "%s has no field %s; did you mean %s?", t->name, n->key, near.best);
	else if (!w->loose)
		d = k8s_diag(w->a, DIAG_UNKNOWN_FIELD, NULL, &at, "%s has no field %s", t->name,
			     n->key);
	if (d && w->stored)
		d->blocks = false;
}

/* Kinds of others may have a string that stands for a mapping, and the like. A field that
 * decides on isolation is hardly meant otherwise. */
static bool told_if_loose(const struct k8s_type *t, enum k8s_is is)
{
	return is == K8S_BOOL || t == &k8s_security_context || t == &k8s_pod_security_context;
}

/* Recursion is as deep as types are within each other: 12. */
static void check_object(const struct walk *w, const struct json *n, const struct k8s_type *t);

static void check_field(const struct walk *w, const struct json *n, const struct k8s_type *t,
			const struct k8s_field *f)
{
	enum k8s_is is = f->is, element = element_of(is);
	bool map = is == K8S_STRING_MAP || is == K8S_QUANTITY_MAP;

	if (n->type == JSON_NULL || is == K8S_ANY)
		return;
	if (element == K8S_ANY && is != K8S_OBJECT) {
		if (!scalar_fits(n, is) && (!w->loose || told_if_loose(t, is)))
			bad_type(w, n, n->key, is);
		return;
	}
	if (n->type != (map || is == K8S_OBJECT ? JSON_OBJECT : JSON_ARRAY)) {
		if (!w->loose || told_if_loose(t, is))
			bad_type(w, n, n->key, is);
		return;
	}
	if (is == K8S_OBJECT) {
		check_object(w, n, f->type);
		return;
	}
	for (const struct json *c = n->child; c; c = c->next) {
		if (is == K8S_OBJECTS && c->type == JSON_OBJECT)
			check_object(w, c, f->type);
		else if (is == K8S_OBJECTS ? c->type != JSON_NULL : !scalar_fits(c, element))
			bad_type(w, c, c->key ? c->key : f->name, element);
	}
}

static void check_object(const struct walk *w, const struct json *n, const struct k8s_type *t)
{
	for (const struct json *c = n->child; c; c = c->next) {
		const struct k8s_field *f = k8s_field_find(t, c->key);

		if (f)
			check_field(w, c, t, f);
		else
			unknown_field(w, c, t);
	}
}

void k8s_check(struct audit *a, const struct source *src, const struct json *node,
	       const struct k8s_type *t, unsigned int how)
{
	struct walk w = { a, src, how & K8S_LOOSE, how & K8S_STORED };

	if (node && node->type == JSON_OBJECT)
		check_object(&w, node, t);
}
