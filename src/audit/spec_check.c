/* SPDX-License-Identifier: Apache-2.0 */
/* An object held against the tables of conf/: lenient where the runtime is strict, and strict where it is lenient.
 * The runtime ignores what it does not know, as its specification demands; to who wrote
 * `noNewPrivilges` that is no help. */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "audit/spec.h"
#include "base/cleanup.h"
#include "base/num.h"
#include "conf/oci_tables.h"

struct place spec_at(const struct spec *s, const struct json *v)
{
	return s->inside ? *s->inside : place_of(s->f->src, v);
}

/* ---- Values ------------------------------------------------------------------------------- */

const char *spec_str(const struct json *obj, const char *key)
{
	const struct json *v = json_get(obj, key);

	return v && v->type == JSON_STRING && v->len ? v->text : NULL;
}

bool spec_true(const struct json *obj, const char *key)
{
	const struct json *v = json_get(obj, key);

	return v && v->type == JSON_BOOL && v->boolean;
}

static const struct json *typed(const struct json *obj, const char *key, enum json_type type)
{
	const struct json *v = json_get(obj, key);

	return v && v->type == type ? v : NULL;
}

const struct json *spec_list(const struct json *obj, const char *key)
{
	return typed(obj, key, JSON_ARRAY);
}

const struct json *spec_obj(const struct json *obj, const char *key)
{
	return typed(obj, key, JSON_OBJECT);
}

bool spec_int(const struct json *v, int64_t *ret)
{
	return v && v->type == JSON_NUMBER && num_i64(v->text, v->len, ret) == 0;
}

const char *spec_words(struct arena *a, const struct json *list)
{
	const char *text = NULL;
	size_t n = 0;

	if (!list || list->type != JSON_ARRAY)
		return NULL;
	/* Enough for a message; a command line may be a megabyte. */
	for (const struct json *v = list->child; v && n < 8; v = v->next, n++)
		if (v->type == JSON_STRING)
			text = text ? arena_printf(a, "%s %.80s", text, v->text)
				    : arena_printf(a, "%.80s", v->text);
	return text;
}

/* ---- Near words --------------------------------------------------------------------------- */

enum { WORD_MAX = 40 };

/* Insertions, deletions, replacements and swaps of neighbours between two words, in any case. */
static unsigned int distance(const char *a, size_t n, const char *b, size_t m)
{
	unsigned int row[3][WORD_MAX + 1];

	for (size_t j = 0; j <= m; j++)
		row[0][j] = (unsigned int)j;
	for (size_t i = 1; i <= n; i++) {
		unsigned int *now = row[i % 3], *up = row[(i - 1) % 3], *up2 = row[(i + 1) % 3];

		now[0] = (unsigned int)i;
		for (size_t j = 1; j <= m; j++) {
			int x = tolower((unsigned char)a[i - 1]);
			int y = tolower((unsigned char)b[j - 1]);
			unsigned int d = up[j - 1] + (x != y);

			d = up[j] + 1 < d ? up[j] + 1 : d;
			d = now[j - 1] + 1 < d ? now[j - 1] + 1 : d;
			if (i > 1 && j > 1 && x == tolower((unsigned char)b[j - 2]) &&
			    tolower((unsigned char)a[i - 2]) == y && up2[j - 2] + 1 < d)
				d = up2[j - 2] + 1;
			now[j] = d;
		}
	}
	return row[n % 3][m];
}

bool word_is_near(const char *a, const char *b)
{
	size_t n = strnlen(a, WORD_MAX + 1), m = strnlen(b, WORD_MAX + 1);
	size_t longer = n > m ? n : m;

	if (n > WORD_MAX || m > WORD_MAX || n == 0 || m == 0)
		return false;
	/* One slip in a short word, two in a long one. */
	return strcasecmp(a, b) == 0 ||
	       (longer >= 4 && distance(a, n, b, m) <= (longer >= 8 ? 2U : 1U));
}

const char *spec_near(const struct bind_row *rows, const char *key)
{
	for (const struct bind_row *row = rows; row->kind != BIND_END; row++)
		if (word_is_near(key, row->key))
			return row->key;
	return NULL;
}

/* ---- The walk ----------------------------------------------------------------------------- */

static const char type_words[][16] = {
	[JSON_NULL] = "null",       [JSON_BOOL] = "true or false", [JSON_NUMBER] = "a number",
	[JSON_STRING] = "a string", [JSON_ARRAY] = "an array",     [JSON_OBJECT] = "an object",
};

/* What a row wants; JSON_NULL: it decides by itself. */
static enum json_type wanted(const struct bind_row *row)
{
	switch (row->kind) {
	case BIND_STR:
	case BIND_STR_ABS:
	case BIND_WORD: return JSON_STRING;
	case BIND_BOOL:
	case BIND_OPT_BOOL: return JSON_BOOL;
	case BIND_U16:
	case BIND_U32:
	case BIND_I32:
	case BIND_U64:
	case BIND_I64:
	case BIND_OPT_U16:
	case BIND_OPT_U32:
	case BIND_OPT_I64:
	case BIND_OPT_U64: return JSON_NUMBER;
	case BIND_U32S:
	case BIND_STRINGS:
	case BIND_WORDS:
	case BIND_WORD_SET:
	case BIND_ARRAY: return JSON_ARRAY;
	case BIND_PAIRS:
	case BIND_OBJ:
	case BIND_OPT_OBJ: return JSON_OBJECT;
	case BIND_CUSTOM:
	case BIND_REFUSE:
	case BIND_IGNORE:
	case BIND_END: break;
	}
	return JSON_NULL;
}

/* True if it is of the type. Null is absent. */
static bool expect(const struct spec *s, const struct json *v, enum json_type type)
{
	struct place at = spec_at(s, v);

	if (v->type == type)
		return true;
	if (v->type != JSON_NULL)
		audit_diag(s->a, DIAG_BAD_TYPE, s->f, &at, "%s%.64s%sthis is %s, not %s",
			   v->key ? "\"" : "", v->key ? v->key : "", v->key ? "\": " : "",
			   type_words[v->type], type_words[type]);
	return false;
}

/* A member of another part of the specification, at the wrong place. */
static const char *stray(const char *key)
{
	static const struct {
		char name[20];
		const struct bind_row *rows;
	} parts[] = {
		{ "process", oci_process_rows },
		{ "linux", oci_linux_rows },
		{ "linux.resources", oci_resources_rows },
		{ "the configuration", oci_spec_rows },
	};

	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		for (const struct bind_row *row = parts[i].rows; row->kind != BIND_END; row++)
			if (strcmp(row->key, key) == 0)
				return parts[i].name;
	return NULL;
}

static bool told_before(struct spec_told *t, const struct bind_row *rows, const char *key)
{
	for (size_t i = 0; t && i < t->count; i++)
		if (t->rows[i] == rows && strcmp(t->key[i], key) == 0)
			return true;
	if (t && t->count < SPEC_TOLD_MAX) {
		t->rows[t->count] = rows;
		t->key[t->count++] = key;
	}
	return false;
}

static void unknown_member(const struct spec *s, const struct json *v, const struct bind_row *rows)
{
	struct place at = s->inside ? *s->inside : place_of_key(s->f->src, v);
	const char *near = spec_near(rows, v->key), *part = near ? NULL : stray(v->key);
	struct diag *d;

	if (told_before(s->told, rows, v->key))
		return;
	if (near)
		audit_diag(s->a, DIAG_UNKNOWN_FIELD, s->f, &at,
			   "unknown member \"%.64s\"; did you mean \"%s\"?", v->key, near);
	else if (part)
		audit_diag(s->a, DIAG_UNKNOWN_FIELD, s->f, &at,
			   "the member \"%.64s\" has no effect here, it belongs to %s", v->key,
			   part);
	if (near || part)
		return;
	/* Extensions are allowed, and no runtime looks at them. */
	d = audit_diag(s->a, DIAG_UNKNOWN_FIELD, s->f, &at, "unknown member \"%.64s\"", v->key);
	d->blocks = false;
}

static void check_word(const struct spec *s, const struct json *v, const struct bind_word *words)
{
	struct place at = spec_at(s, v);
	const char *near = NULL;

	if (!expect(s, v, JSON_STRING))
		return;
	for (const struct bind_word *w = words; w->name; w++) {
		if (strcmp(w->name, v->text) == 0)
			return;
		if (!near && word_is_near(v->text, w->name))
			near = w->name;
	}
	if (near)
		audit_diag(s->a, DIAG_UNKNOWN_VALUE, s->f, &at,
			   "unknown value \"%.64s\"; did you mean \"%s\"?", v->text, near);
	else
		audit_diag(s->a, DIAG_UNKNOWN_VALUE, s->f, &at, "unknown value \"%.64s\"", v->text);
}

/* What the runtime refuses, but what is read all the same. */
static void check_string(const struct spec *s, const struct json *v, const struct bind_row *row)
{
	struct place at = spec_at(s, v);
	const char *wrong = NULL;
	struct diag *d;

	if (!expect(s, v, JSON_STRING))
		return;
	if (row->kind == BIND_STR_ABS && v->text[0] != '/')
		wrong = "not an absolute path";
	else if (row->check && v->text[0])
		wrong = row->check(v->text);
	if (!wrong)
		return;
	d = audit_diag(s->a, DIAG_UNKNOWN_VALUE, s->f, &at, "\"%.64s\": %s", v->text, wrong);
	d->blocks = false;
}

static void check_member(const struct spec *s, const struct json *v, const struct bind_row *row)
{
	enum json_type type = wanted(row);
	bool each_object = row->sub && v->type == JSON_ARRAY;

	if (type != JSON_NULL && !expect(s, v, type))
		return;
	if (row->kind == BIND_STR || row->kind == BIND_STR_ABS)
		check_string(s, v, row);
	else if (row->kind == BIND_WORD)
		check_word(s, v, row->words);
	/* The depth is that of the tables. The lists of {DEVICE: {...}} have keys of their own. */
	if (row->sub && v->type == JSON_OBJECT && row->kind != BIND_CUSTOM)
		spec_check(s, v, row->sub);
	for (const struct json *i = row->kind == BIND_PAIRS ? v->child : NULL; i; i = i->next)
		(void)expect(s, i, JSON_STRING);
	for (const struct json *i = v->type == JSON_ARRAY ? v->child : NULL; i; i = i->next) {
		if (each_object && expect(s, i, JSON_OBJECT))
			spec_check(s, i, row->sub);
		else if (row->kind == BIND_U32S)
			(void)expect(s, i, JSON_NUMBER);
		else if (row->kind == BIND_STRINGS)
			check_string(s, i, row);
		else if (row->kind == BIND_WORDS || row->kind == BIND_WORD_SET)
			check_word(s, i, row->words);
	}
}

static void check_members(const struct spec *s, const struct json *obj, const struct bind_row *rows,
			  bool closed)
{
	if (!obj || obj->type != JSON_OBJECT)
		return;
	for (const struct json *v = obj->child; v; v = v->next) {
		const struct bind_row *row = rows;

		while (row->kind != BIND_END && strcmp(row->key, v->key) != 0)
			row++;
		if (row->kind != BIND_END)
			check_member(s, v, row);
		else if (closed)
			unknown_member(s, v, rows);
	}
}

void spec_check(const struct spec *s, const struct json *obj, const struct bind_row *rows)
{
	check_members(s, obj, rows, true);
}

void spec_types(const struct spec *s, const struct json *obj, const struct bind_row *rows)
{
	check_members(s, obj, rows, false);
}
