/* SPDX-License-Identifier: Apache-2.0 */
/* Variables: $V ${V} ${V:-default} ${V-default} ${V:?words} ${V?words} ${V:+other} ${V+other} $$,
 * as compose-go's template package takes them, and .env files as its dotenv package does. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "audit/from_compose.h"

struct cvar {
	const char *name, *value;
	size_t order;
};

struct cenv {
	const struct cenv *first;
	struct cvar *vars; /* sorted */
	size_t count, cap;
};

enum { NESTING_MAX = 32 };

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct cvar *)a)->name, ((const struct cvar *)b)->name);
}

static int by_name_then_order(const void *a, const void *b)
{
	const struct cvar *x = a, *y = b;
	int r = by_name(a, b);

	return r ? r : (x->order > y->order) - (x->order < y->order);
}

/* Sorts; of equal names the last one counts. */
static void settle(struct cenv *env)
{
	size_t n = 0;

	if (!env->count)
		return;
	qsort(env->vars, env->count, sizeof(*env->vars), by_name_then_order);
	for (size_t i = 0; i < env->count; i++) {
		n -= n && !by_name(&env->vars[n - 1], &env->vars[i]);
		env->vars[n++] = env->vars[i];
	}
	env->count = n;
}

const char *cenv_get(const struct cenv *env, const char *name)
{
	struct cvar want = { .name = name }, *v;
	const char *value = NULL;

	for (; env; env = env->first) { /* the innermost counts */
		v = env->count ? bsearch(&want, env->vars, env->count, sizeof(want), by_name)
			       : NULL;
		value = v ? v->value : value;
	}
	return value;
}

static void add_var(struct arena *a, struct cenv *env, const char *name, const char *value)
{
	struct cvar *v = arena_push(a, &env->vars, &env->count, &env->cap, sizeof(*v));

	v->name = name;
	v->value = value;
	v->order = env->count;
}

const struct cenv *cenv_make(struct arena *a, const struct cenv *first, const char *const *vars)
{
	struct cenv *env = ARENA_NEW(a, struct cenv);

	env->first = first;
	for (; vars && *vars; vars++) {
		const char *eq = strchr(*vars, '=');

		if (eq && eq > *vars)
			add_var(a, env, arena_strndup(a, *vars, (size_t)(eq - *vars)), eq + 1);
	}
	settle(env);
	return env;
}

/* ---- Replacing ---------------------------------------------------------------------------- */

struct fill {
	struct arena *arena;
	const struct cenv *env, *more; /* `more`: unsorted, of a .env file that is being read */
	struct filled *ret;
	char *out;
	size_t len, cap, depth;
};

static const char *look_up(const struct fill *f, const char *name)
{
	const char *value = cenv_get(f->env, name);

	for (size_t i = f->more ? f->more->count : 0; !value && i > 0; i--)
		if (!strcmp(f->more->vars[i - 1].name, name))
			value = f->more->vars[i - 1].value;
	return value;
}

static void put(struct fill *f, const char *text, size_t len)
{
	if (f->ret->error)
		return;
	if (len > COMPOSE_TEXT_MAX - f->len) {
		f->ret->error = "the value is too long with its variables replaced";
		return;
	}
	if (f->len + len + 1 > f->cap) {
		char *grown;

		f->cap = 2 * (f->len + len) + 64;
		grown = arena_alloc(f->arena, f->cap);
		if (f->len)
			memcpy(grown, f->out, f->len);
		f->out = grown;
	}
	memcpy(f->out + f->len, text, len);
	f->len += len;
	f->out[f->len] = '\0';
}

static size_t name_len(const char *s, const char *end)
{
	const char *p = s;

	while (p < end &&
	       (isalpha((unsigned char)*p) || *p == '_' || (p > s && isdigit((unsigned char)*p))))
		p++;
	return (size_t)(p - s);
}

/* The brace that closes the one at s. */
static const char *closing(const char *s, const char *end)
{
	size_t open = 0;

	for (; s < end; s++) {
		if (*s == '{')
			open++;
		else if (*s == '}' && --open == 0)
			return s;
	}
	return NULL;
}

static void missing(struct fill *f, const char *name)
{
	if (!f->ret->unset)
		f->ret->unset = name;
}

static void fill_range(struct fill *f, const char *s, const char *end);

/* A default or the words of an error, which may have variables in them in turn. */
static void fill_nested(struct fill *f, const char *s, const char *end)
{
	if (++f->depth > NESTING_MAX)
		f->ret->error = "variables are nested too deeply";
	else
		fill_range(f, s, end);
	f->depth--;
}

static void require(struct fill *f, const char *name, const char *s, const char *end)
{
	struct filled said = { 0 };
	struct fill words = {
		.arena = f->arena, .env = f->env, .more = f->more, .ret = &said, .depth = f->depth
	};

	fill_nested(&words, s, end);
	f->ret->unset = name;
	f->ret->error = arena_printf(f->arena, "required variable %s is missing a value%s%s", name,
				     words.len ? ": " : "", words.len ? words.out : "");
}

/* Between the braces: s..end. */
static void fill_braced(struct fill *f, const char *s, const char *end)
{
	size_t len = name_len(s, end);
	char *name = arena_strndup(f->arena, s, len);
	const char *value = look_up(f, name);
	bool colon, there;

	s += len;
	if (s == end && len) {
		put(f, value ? value : "", value ? strlen(value) : 0);
		if (!value)
			missing(f, name);
		return;
	}
	colon = s < end && *s == ':';
	s += colon;
	if (!len || s >= end || !strchr("-?+", *s)) {
		f->ret->error = "the form of a variable is not valid (a single $ is written $$)";
		return;
	}
	there = value && !(colon && !*value);
	if (*s == '+' ? there : !there) {
		if (*s == '?')
			require(f, name, s + 1, end);
		else
			fill_nested(f, s + 1, end);
	} else if (value) {
		put(f, value, strlen(value));
	}
}

static void fill_range(struct fill *f, const char *s, const char *end)
{
	while (s < end && !f->ret->error) {
		const char *dollar = memchr(s, '$', (size_t)(end - s)), *close;
		size_t len;

		if (!dollar || dollar + 1 >= end) {
			put(f, s, (size_t)(end - s));
			return;
		}
		put(f, s, (size_t)(dollar - s));
		s = dollar + 1;
		len = name_len(s, end);
		if (len) {
			char *name = arena_strndup(f->arena, s, len);
			const char *value = look_up(f, name);

			put(f, value ? value : "", value ? strlen(value) : 0);
			if (!value)
				missing(f, name);
			s += len;
		} else if (*s == '{') {
			close = closing(s, end);
			if (!close) {
				f->ret->error =
					"the form of a variable is not valid: no closing brace";
				return;
			}
			fill_braced(f, s + 1, close);
			s = close + 1;
		} else {
			put(f, "$", 1);
			s += *s == '$';
		}
	}
}

static void fill_with(struct fill *f, const char *text, size_t len)
{
	if (!memchr(text, '$', len)) {
		f->ret->text = text[len] ? arena_strndup(f->arena, text, len) : text;
		return;
	}
	fill_range(f, text, text + len);
	f->ret->text = f->out ? f->out : "";
}

void cenv_fill(struct arena *a, const struct cenv *env, const char *text, size_t len,
	       struct filled *ret)
{
	struct fill f = { .arena = a, .env = env, .ret = ret };

	*ret = (struct filled){ .text = "" };
	fill_with(&f, text, len);
}

/* ---- .env --------------------------------------------------------------------------------- */

struct dotenv {
	struct arena *arena;
	const char *s, *end;
	const struct cenv *first;
	struct cenv *vars;
};

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static void skip_blank(struct dotenv *d)
{
	while (d->s < d->end && blank(*d->s))
		d->s++;
}

/* To the next key: over blanks, empty lines and comments. */
static bool statement(struct dotenv *d)
{
	for (;;) {
		while (d->s < d->end && (blank(*d->s) || *d->s == '\n'))
			d->s++;
		if (d->s == d->end)
			return false;
		if (*d->s != '#')
			return true;
		while (d->s < d->end && *d->s != '\n')
			d->s++;
	}
}

static const char *expand(struct dotenv *d, const char *text, size_t len)
{
	struct filled ret = { .text = "" };
	struct fill f = { .arena = d->arena, .env = d->first, .more = d->vars, .ret = &ret };

	fill_with(&f, text, len);
	return ret.error ? NULL : ret.text;
}

/* One escape of a text in double quotes; what is none stays. Returns how much was read. */
static size_t unescape(const char *s, const char *end, char *ret, size_t *ret_len)
{
	static const char from[] = "abfnrtv\\\"", to[] = "\a\b\f\n\r\t\v\\\"";
	const char *k = s + 1 < end ? memchr(from, s[1], sizeof(from) - 1) : NULL;

	*ret_len = 1;
	if (k) {
		*ret = to[k - from];
		return 2;
	}
	if (s + 1 < end && s[1] == '$') {
		memcpy(ret, "$$", 2); /* for what is replaced next */
		*ret_len = 2;
		return 2;
	}
	*ret = *s;
	return 1;
}

static const char *quoted_value(struct dotenv *d)
{
	char quote = *d->s++, *out;
	const char *from = d->s;
	size_t n = 0;

	while (d->s < d->end && *d->s != quote)
		d->s += *d->s == '\\' && d->s + 1 < d->end ? 2 : 1;
	if (d->s >= d->end)
		return NULL;
	out = arena_alloc(d->arena, (size_t)(d->s - from) + 1);
	for (const char *p = from; p < d->s;) {
		size_t len = 1;

		if (*p == '\\' && quote == '"') {
			p += unescape(p, d->s, out + n, &len);
		} else if (*p == '\\' && p + 1 < d->s && p[1] == quote) {
			out[n] = quote;
			p += 2;
		} else {
			out[n] = *p++;
		}
		n += len;
	}
	d->s++;
	return quote == '"' ? expand(d, out, n) : out;
}

static const char *bare_value(struct dotenv *d)
{
	const char *from = d->s, *stop;

	while (d->s < d->end && *d->s != '\n')
		d->s++;
	stop = d->s;
	for (const char *p = from; p + 1 < stop; p++)
		if (p[0] == ' ' && p[1] == '#')
			stop = p;
	while (stop > from && blank(stop[-1]))
		stop--;
	return expand(d, arena_strndup(d->arena, from, (size_t)(stop - from)),
		      (size_t)(stop - from));
}

static bool one_var(struct dotenv *d)
{
	const char *key, *stop, *value;

	if (d->end - d->s > 7 && !memcmp(d->s, "export", 6) && blank(d->s[6])) {
		d->s += 7;
		skip_blank(d);
	}
	key = d->s;
	while (d->s < d->end && (isalnum((unsigned char)*d->s) || strchr("_.-[]", *d->s)) && *d->s)
		d->s++;
	stop = d->s;
	skip_blank(d);
	if (stop == key)
		return false;
	key = arena_strndup(d->arena, key, (size_t)(stop - key));
	if (d->s == d->end || *d->s == '\n')
		return true; /* only from the environment, where it is found anyway */
	if (*d->s != '=' && *d->s != ':')
		return false;
	d->s++;
	skip_blank(d);
	value = d->s < d->end && (*d->s == '"' || *d->s == '\'') ? quoted_value(d) : bare_value(d);
	if (!value || d->vars->count == COMPOSE_ENV_VARS_MAX)
		return false;
	add_var(d->arena, d->vars, key, value);
	return true;
}

bool cenv_add_file(struct arena *a, const struct cenv *first, const char *text, size_t len,
		   const struct cenv **ret)
{
	struct cenv *env = ARENA_NEW(a, struct cenv);
	struct dotenv d = { .arena = a, .s = text, .end = text + len, .first = first, .vars = env };
	bool good = true;

	env->first = first;
	if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
		d.s += 3;
	while (good && statement(&d))
		good = one_var(&d);
	settle(env);
	*ret = env;
	return good;
}
