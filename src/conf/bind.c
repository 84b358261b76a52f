/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/bind.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "conf/oci.h"

static const char *const type_name[] = {
	[JSON_NULL] = "null",       [JSON_BOOL] = "true or false", [JSON_NUMBER] = "a number",
	[JSON_STRING] = "a string", [JSON_ARRAY] = "an array",     [JSON_OBJECT] = "an object",
};

int bind_expect(struct bind_ctx *c, const struct json *v, enum json_type type)
{
	if (v->type == type)
		return 0;
	return json_err(c->doc, v, c->e, EINVAL, "expected %s, found %s", type_name[type],
			type_name[v->type]);
}

static int integer_range(struct bind_ctx *c, const struct json *v, int64_t min, uint64_t max)
{
	return json_err(c->doc, v, c->e, EINVAL,
			"expected an integer from %" PRId64 " to %" PRIu64 ", found %.64s", min,
			max, v->text);
}

static int signed_number(struct bind_ctx *c, const struct json *v, const struct bind_row *row,
			 int64_t min, int64_t max, int64_t *ret)
{
	int64_t n;
	int r = bind_expect(c, v, JSON_NUMBER);

	if (r < 0)
		return r;
	if (row->flags & BIND_RANGE) {
		min = row->min;
		max = row->max;
	}
	if (num_i64(v->text, v->len, &n) < 0 || n < min || n > max)
		return integer_range(c, v, min, (uint64_t)max);
	*ret = n;
	return 0;
}

static int unsigned_number(struct bind_ctx *c, const struct json *v, const struct bind_row *row,
			   uint64_t max, uint64_t *ret)
{
	uint64_t n, min = 0;
	int r = bind_expect(c, v, JSON_NUMBER);

	if (r < 0)
		return r;
	if (row->flags & BIND_RANGE) {
		min = (uint64_t)row->min;
		max = (uint64_t)row->max;
	}
	if (num_u64(v->text, v->len, &n) < 0 || n < min || n > max)
		return integer_range(c, v, (int64_t)min, max);
	*ret = n;
	return 0;
}

static int string(struct bind_ctx *c, const struct json *v, const struct bind_row *row,
		  const char **ret)
{
	const char *complaint;
	int r = bind_expect(c, v, JSON_STRING);

	if (r < 0)
		return r;
	if (v->len == 0) {
		if (row->flags & BIND_NONEMPTY)
			return json_err(c->doc, v, c->e, EINVAL, "must not be empty");
		*ret = NULL;
		return 0;
	}
	if (row->kind == BIND_STR_ABS && v->text[0] != '/')
		return json_err(c->doc, v, c->e, EINVAL, "\"%.128s\" is not an absolute path",
				v->text);
	complaint = row->check ? row->check(v->text) : NULL;
	if (complaint)
		return json_err(c->doc, v, c->e, EINVAL, "\"%.128s\": %s", v->text, complaint);
	*ret = v->text;
	return 0;
}

int bind_word(struct bind_ctx *c, const struct json *v, const struct bind_word *words,
	      uint64_t *ret)
{
	char all[256] = "";
	size_t len = 0, n = 0;
	int r = bind_expect(c, v, JSON_STRING);

	if (r < 0)
		return r;
	for (const struct bind_word *w = words; w->name; w++) {
		if (strcmp(w->name, v->text) == 0) {
			*ret = w->value;
			return 0;
		}
		if (n++ < 8 && len < sizeof(all))
			len += (size_t)snprintf(all + len, sizeof(all) - len, "%s%s",
						len ? ", " : "", w->name);
	}
	return json_err(c->doc, v, c->e, EINVAL, "unknown value \"%.64s\"; known: %s%s", v->text,
			all, n > 8 ? ", ..." : "");
}

const char *bind_word_name(const struct bind_word *words, uint64_t value)
{
	for (; words->name; words++)
		if (words->value == value)
			return words->name;
	return NULL;
}

static void store(void *field, size_t size, uint64_t value)
{
	uint8_t u8 = (uint8_t)value;
	uint16_t u16 = (uint16_t)value;
	uint32_t u32 = (uint32_t)value;

	switch (size) {
	case 1: memcpy(field, &u8, size); break;
	case 2: memcpy(field, &u16, size); break;
	case 4: memcpy(field, &u32, size); break;
	default: assert(size == 8); memcpy(field, &value, size);
	}
}

static uint64_t load(const void *field, size_t size)
{
	uint64_t u64;
	uint32_t u32;
	uint16_t u16;
	uint8_t u8;

	switch (size) {
	case 1: memcpy(&u8, field, size); return u8;
	case 2: memcpy(&u16, field, size); return u16;
	case 4: memcpy(&u32, field, size); return u32;
	default:
		assert(size == 8);
		memcpy(&u64, field, size);
		return u64;
	}
}

/* The widths of the number kinds, by value and behind a pointer. */
static size_t number_size(enum bind_kind kind)
{
	if (kind == BIND_U16 || kind == BIND_OPT_U16)
		return 2;
	return kind == BIND_U32 || kind == BIND_I32 || kind == BIND_OPT_U32 ? 4 : 8;
}

static bool number_signed(enum bind_kind kind)
{
	return kind == BIND_I32 || kind == BIND_I64 || kind == BIND_OPT_I64;
}

static bool is_opt_number(enum bind_kind kind)
{
	return kind == BIND_OPT_U16 || kind == BIND_OPT_U32 || kind == BIND_OPT_U64 ||
	       kind == BIND_OPT_I64;
}

static int number(struct bind_ctx *c, const struct json *v, const struct bind_row *row, void *field)
{
	size_t size = number_size(row->kind);
	uint64_t u = 0;
	int64_t i = 0;
	int r;

	if (number_signed(row->kind)) {
		r = signed_number(c, v, row, size == 4 ? INT32_MIN : INT64_MIN,
				  size == 4 ? INT32_MAX : INT64_MAX, &i);
		u = (uint64_t)i;
	} else {
		r = unsigned_number(c, v, row,
				    size == 8 ? UINT64_MAX : ((uint64_t)1 << (8 * size)) - 1, &u);
	}
	if (r < 0)
		return r;
	if (is_opt_number(row->kind)) {
		void *p = arena_alloc(c->arena, size);

		store(p, size, u);
		memcpy(field, &p, sizeof(p));
	} else {
		store(field, size, u);
	}
	return 0;
}

static int boolean(struct bind_ctx *c, const struct json *v, const struct bind_row *row,
		   void *field)
{
	int r = bind_expect(c, v, JSON_BOOL);

	if (r < 0)
		return r;
	if (row->kind == BIND_OPT_BOOL) {
		const bool *p = arena_dup(c->arena, &v->boolean, sizeof(v->boolean));

		memcpy(field, &p, sizeof(p));
	} else {
		*(bool *)field = v->boolean;
	}
	return 0;
}

static int strings(struct bind_ctx *c, const struct json *v, const struct bind_row *row,
		   void *field)
{
	struct oci_strings *list = field;

	list->items = arena_alloc(c->arena, v->count * sizeof(*list->items));
	for (const struct json *s = v->child; s; s = s->next) {
		int r = bind_expect(c, s, JSON_STRING);
		const char *complaint = r == 0 && row->check ? row->check(s->text) : NULL;

		if (complaint)
			r = json_err(c->doc, s, c->e, EINVAL, "\"%.128s\": %s", s->text, complaint);
		if (r < 0)
			return r;
		list->items[list->count++] = s->text;
	}
	return 0;
}

static int pairs(struct bind_ctx *c, const struct json *v, const struct bind_row *row, void *field)
{
	struct oci_pairs *list = field;

	list->items = arena_alloc(c->arena, v->count * sizeof(*list->items));
	for (const struct json *s = v->child; s; s = s->next) {
		const char *complaint = !*s->key     ? "the key must not be empty"
					: row->check ? row->check(s->key)
						     : NULL;
		int r;

		if (complaint)
			return json_err(c->doc, s, c->e, EINVAL, "%s", complaint);
		r = bind_expect(c, s, JSON_STRING);
		if (r < 0)
			return r;
		list->items[list->count++] = (struct oci_pair){ .key = s->key, .value = s->text };
	}
	return 0;
}

static int numbers(struct bind_ctx *c, const struct json *v, const struct bind_row *row,
		   void *field, size_t *count)
{
	uint32_t *items = arena_alloc(c->arena, v->count * sizeof(*items));

	for (const struct json *s = v->child; s; s = s->next) {
		uint64_t u = 0;
		int r = row->kind == BIND_WORDS ? bind_word(c, s, row->words, &u)
						: unsigned_number(c, s, row, UINT32_MAX, &u);

		if (r < 0)
			return r;
		items[(*count)++] = (uint32_t)u;
	}
	memcpy(field, &items, sizeof(items));
	return 0;
}

static int word_set(struct bind_ctx *c, const struct json *v, const struct bind_row *row,
		    void *field)
{
	uint64_t set = 0, bit = 0;

	for (const struct json *s = v->child; s; s = s->next) {
		int r = bind_word(c, s, row->words, &bit);

		if (r < 0)
			return r;
		set |= bit;
	}
	store(field, row->field_size, set);
	return 0;
}

static int no_unknown(struct bind_ctx *c, const struct json *v, const struct bind_row *rows)
{
	for (const struct json *m = v->child; m; m = m->next) {
		const struct bind_row *row = rows;

		while (row->kind != BIND_END && strcmp(row->key, m->key) != 0)
			row++;
		if (row->kind == BIND_END)
			return json_err(c->doc, m, c->e, EINVAL, "unknown member");
	}
	return 0;
}

static int object(struct bind_ctx *c, const struct json *v, const struct bind_row *row, void *out)
{
	int r = bind_object(c, v, row->sub, out);

	if (r == 0 && row->flags & BIND_CLOSED)
		r = no_unknown(c, v, row->sub);
	return r == 0 && row->after ? row->after(c, v, out) : r;
}

static int array(struct bind_ctx *c, const struct json *v, const struct bind_row *row, void *field,
		 size_t *count)
{
	unsigned char *items = arena_alloc(c->arena, v->count * row->sub_size);

	for (const struct json *s = v->child; s; s = s->next) {
		int r = object(c, s, row, items + *count * row->sub_size);

		if (r < 0)
			return r;
		(*count)++;
	}
	memcpy(field, &items, sizeof(items));
	return 0;
}

static int new_object(struct bind_ctx *c, const struct json *v, const struct bind_row *row,
		      void *field)
{
	void *p = arena_alloc(c->arena, row->sub_size);

	memcpy(field, &p, sizeof(p));
	return object(c, v, row, p);
}

static int refuse(struct bind_ctx *c, const struct json *v, const struct bind_row *row)
{
	if (row->flags & BIND_NONEMPTY && (v->type == JSON_ARRAY || v->type == JSON_OBJECT) &&
	    v->count == 0)
		return 0;
	return json_err(c->doc, v, c->e, EOPNOTSUPP, "not supported yet");
}

/* The JSON type that every value of a kind has; JSON_NULL: the kind looks itself. */
static enum json_type container_of_kind(enum bind_kind kind)
{
	if (kind == BIND_PAIRS)
		return JSON_OBJECT;
	return kind == BIND_STRINGS || kind == BIND_U32S || kind == BIND_WORDS ||
			       kind == BIND_WORD_SET || kind == BIND_ARRAY
		       ? JSON_ARRAY
		       : JSON_NULL;
}

static int bind_field(struct bind_ctx *c, const struct json *v, const struct bind_row *row,
		      unsigned char *out)
{
	void *field = out + row->offset;
	size_t *count = (size_t *)(void *)(out + row->count_offset);
	const char *text = NULL;
	uint64_t u = 0;
	int r;

	if (container_of_kind(row->kind) != JSON_NULL) {
		r = bind_expect(c, v, container_of_kind(row->kind));
		if (r < 0)
			return r;
		if (row->flags & BIND_NONEMPTY && v->count == 0)
			return json_err(c->doc, v, c->e, EINVAL, "must not be empty");
	}
	switch (row->kind) {
	case BIND_U16:
	case BIND_U32:
	case BIND_I32:
	case BIND_U64:
	case BIND_I64:
	case BIND_OPT_U16:
	case BIND_OPT_U32:
	case BIND_OPT_I64:
	case BIND_OPT_U64: return number(c, v, row, field);
	case BIND_STR:
	case BIND_STR_ABS:
		r = string(c, v, row, &text);
		memcpy(field, &text, sizeof(text));
		return r;
	case BIND_BOOL:
	case BIND_OPT_BOOL: return boolean(c, v, row, field);
	case BIND_STRINGS: return strings(c, v, row, field);
	case BIND_PAIRS: return pairs(c, v, row, field);
	case BIND_U32S:
	case BIND_WORDS: return numbers(c, v, row, field, count);
	case BIND_WORD_SET: return word_set(c, v, row, field);
	case BIND_WORD:
		r = bind_word(c, v, row->words, &u);
		store(field, row->field_size, u);
		return r;
	case BIND_OBJ: return object(c, v, row, field);
	case BIND_OPT_OBJ: return new_object(c, v, row, field);
	case BIND_ARRAY: return array(c, v, row, field, count);
	case BIND_CUSTOM: return row->custom(c, v, field);
	case BIND_REFUSE: return refuse(c, v, row);
	case BIND_IGNORE:
	case BIND_END: break;
	}
	return 0;
}

int bind_object(struct bind_ctx *c, const struct json *obj, const struct bind_row *rows, void *out)
{
	uint64_t seen = 0;
	int r = bind_expect(c, obj, JSON_OBJECT);

	if (r < 0)
		return r;
	for (const struct json *v = obj->child; v; v = v->next) {
		const struct bind_row *row = rows;

		if (v->type == JSON_NULL)
			continue;
		while (row->kind != BIND_END && strcmp(row->key, v->key) != 0)
			row++;
		if (row->kind == BIND_END)
			continue;
		assert(row - rows < 64);
		seen |= (uint64_t)1 << (row - rows);
		r = bind_field(c, v, row, out);
		if (r < 0)
			return r;
		if (row->flags & BIND_HAS)
			*(bool *)((unsigned char *)out + row->has_offset) = true;
	}
	for (const struct bind_row *row = rows; row->kind != BIND_END; row++)
		if (row->flags & BIND_REQUIRED && !(seen >> (row - rows) & 1))
			return json_err(c->doc, obj, c->e, EINVAL, "the member \"%s\" is missing",
					row->key);
	return 0;
}

void bind_refused(const struct bind_row *rows, const char *prefix,
		  void (*each)(void *ctx, const char *pointer), void *ctx)
{
	char pointer[512];

	for (; rows->kind != BIND_END; rows++) {
		const char *tail = rows->kind == BIND_ARRAY ? "/*" : "";

		(void)snprintf(pointer, sizeof(pointer), "%s/%s%s", prefix, rows->key, tail);
		if (rows->kind == BIND_REFUSE)
			each(ctx, pointer);
		else if (rows->sub)
			bind_refused(rows->sub, pointer, each, ctx);
	}
}

/* Writing */

static bool write_number(struct jsonw *w, const struct bind_row *row, const void *field)
{
	size_t size = number_size(row->kind);
	const void *p = field;
	uint64_t u;

	if (is_opt_number(row->kind)) {
		memcpy(&p, field, sizeof(p));
		if (!p)
			return false;
	}
	u = load(p, size);
	if (u == 0 && !is_opt_number(row->kind) && !(row->flags & (BIND_ALWAYS | BIND_REQUIRED)))
		return false;
	if (!number_signed(row->kind))
		jsonw_ku64(w, row->key, u);
	else
		jsonw_ki64(w, row->key, size == 4 ? (int64_t)(int32_t)(uint32_t)u : (int64_t)u);
	return true;
}

static bool write_string(struct jsonw *w, const struct bind_row *row, const void *field)
{
	const char *s;

	memcpy(&s, field, sizeof(s));
	if (s)
		jsonw_kstr(w, row->key, s);
	return s != NULL;
}

static bool write_bool(struct jsonw *w, const struct bind_row *row, const void *field)
{
	const bool *b = field;

	if (row->kind == BIND_OPT_BOOL) {
		memcpy(&b, field, sizeof(b));
		if (!b)
			return false;
	} else if (!*b && !(row->flags & (BIND_ALWAYS | BIND_REQUIRED))) {
		return false;
	}
	jsonw_kbool(w, row->key, *b);
	return true;
}

static void write_strings(struct jsonw *w, const struct oci_strings *list)
{
	jsonw_arr(w);
	for (size_t i = 0; i < list->count; i++)
		jsonw_str(w, list->items[i]);
	jsonw_arr_end(w);
}

static void write_pairs(struct jsonw *w, const struct oci_pairs *list)
{
	jsonw_obj(w);
	for (size_t i = 0; i < list->count; i++)
		jsonw_kstr(w, list->items[i].key, list->items[i].value);
	jsonw_obj_end(w);
}

static void write_numbers(struct jsonw *w, const struct bind_row *row, const void *field,
			  size_t count)
{
	const uint32_t *items;

	memcpy(&items, field, sizeof(items));
	jsonw_arr(w);
	for (size_t i = 0; i < count; i++) {
		if (row->kind == BIND_WORDS)
			jsonw_str(w, bind_word_name(row->words, items[i]));
		else
			jsonw_u64(w, items[i]);
	}
	jsonw_arr_end(w);
}

static void write_word_set(struct jsonw *w, const struct bind_row *row, const void *field)
{
	uint64_t set = load(field, row->field_size);

	jsonw_arr(w);
	for (const struct bind_word *word = row->words; word->name; word++)
		if (set & word->value)
			jsonw_str(w, word->name);
	jsonw_arr_end(w);
}

static void write_array(struct jsonw *w, const struct bind_row *row, const void *field,
			size_t count)
{
	const unsigned char *items;

	memcpy(&items, field, sizeof(items));
	jsonw_arr(w);
	for (size_t i = 0; i < count; i++) {
		jsonw_obj(w);
		(void)bind_write(w, row->sub, items + i * row->sub_size);
		jsonw_obj_end(w);
	}
	jsonw_arr_end(w);
}

/* An object that turns out to have no member is taken back. */
static bool write_object(struct jsonw *w, const struct bind_row *row, const void *in, bool present)
{
	struct jsonw before = *w;

	jsonw_key(w, row->key);
	jsonw_obj(w);
	present |= bind_write(w, row->sub, in);
	jsonw_obj_end(w);
	if (!present)
		*w = before;
	return present;
}

/* The number of elements that a list kind holds. */
static size_t list_count(const struct bind_row *row, const unsigned char *in)
{
	const void *field = in + row->offset;

	if (row->kind == BIND_STRINGS)
		return ((const struct oci_strings *)field)->count;
	if (row->kind == BIND_PAIRS)
		return ((const struct oci_pairs *)field)->count;
	if (row->kind == BIND_WORD_SET)
		return load(field, row->field_size) != 0;
	return *(const size_t *)(const void *)(in + row->count_offset);
}

static bool write_list(struct jsonw *w, const struct bind_row *row, const unsigned char *in,
		       bool present)
{
	const void *field = in + row->offset;
	size_t count = list_count(row, in);

	if (count == 0 && !present && !(row->flags & (BIND_ALWAYS | BIND_REQUIRED)))
		return false;
	jsonw_key(w, row->key);
	if (row->kind == BIND_STRINGS)
		write_strings(w, field);
	else if (row->kind == BIND_PAIRS)
		write_pairs(w, field);
	else if (row->kind == BIND_WORD_SET)
		write_word_set(w, row, field);
	else if (row->kind == BIND_ARRAY)
		write_array(w, row, field, count);
	else
		write_numbers(w, row, field, count);
	return true;
}

static bool write_word(struct jsonw *w, const struct bind_row *row, const void *field)
{
	uint64_t value = load(field, row->field_size);
	const char *name = bind_word_name(row->words, value);

	if (!name)
		return false;
	jsonw_kstr(w, row->key, name);
	return true;
}

static bool write_field(struct jsonw *w, const struct bind_row *row, const unsigned char *in)
{
	bool present = row->flags & BIND_HAS && *(const bool *)(in + row->has_offset);
	const void *field = in + row->offset, *p;
	size_t len = w->len;

	switch (row->kind) {
	case BIND_U16:
	case BIND_U32:
	case BIND_I32:
	case BIND_U64:
	case BIND_I64:
	case BIND_OPT_U16:
	case BIND_OPT_U32:
	case BIND_OPT_I64:
	case BIND_OPT_U64: return write_number(w, row, field);
	case BIND_U32S:
	case BIND_STRINGS:
	case BIND_PAIRS:
	case BIND_WORDS:
	case BIND_WORD_SET:
	case BIND_ARRAY: return write_list(w, row, in, present);
	case BIND_STR:
	case BIND_STR_ABS: return write_string(w, row, field);
	case BIND_BOOL:
	case BIND_OPT_BOOL: return write_bool(w, row, field);
	case BIND_WORD: return write_word(w, row, field);
	case BIND_OBJ:
		if (row->flags & BIND_HAS && !present)
			return false;
		return write_object(w, row, field, present || row->flags & BIND_ALWAYS);
	case BIND_OPT_OBJ: memcpy(&p, field, sizeof(p)); return p && write_object(w, row, p, true);
	case BIND_CUSTOM: row->write(w, row->key, field); return w->len != len;
	case BIND_REFUSE:
	case BIND_IGNORE:
	case BIND_END: break;
	}
	return false;
}

bool bind_write(struct jsonw *w, const struct bind_row *rows, const void *in)
{
	bool any = false;

	for (; rows->kind != BIND_END; rows++)
		any |= write_field(w, rows, in);
	return any;
}
