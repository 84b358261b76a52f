/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/template.h"

#include <errno.h>
#include <string.h>

#include "base/jsonw.h"

static void write_json(struct jsonw *w, const struct json *v)
{
	switch (v->type) {
	case JSON_NULL: jsonw_null(w); break;
	case JSON_BOOL: jsonw_bool(w, v->boolean); break;
	case JSON_NUMBER: jsonw_raw(w, v->text, v->len); break;
	case JSON_STRING: jsonw_strn(w, v->text, v->len); break;
	case JSON_ARRAY:
	case JSON_OBJECT:
		/* As deep as the reader lets it be (JSON_DEPTH_MAX). */
		v->type == JSON_ARRAY ? jsonw_arr(w) : jsonw_obj(w);
		for (const struct json *c = v->child; c; c = c->next) {
			if (c->key)
				jsonw_key(w, c->key);
			write_json(w, c);
		}
		v->type == JSON_ARRAY ? jsonw_arr_end(w) : jsonw_obj_end(w);
		break;
	}
}

static const char *as_json(struct arena *a, const struct json *v)
{
	struct jsonw w;

	jsonw_init(&w, a, 0);
	write_json(&w, v);
	return arena_strndup(a, w.buf, w.len);
}

static const char *as_text(struct arena *a, const struct json *v)
{
	if (v->type == JSON_STRING || v->type == JSON_NUMBER)
		return arena_strndup(a, v->text, v->len);
	return as_json(a, v);
}

/* ".", ".A", ".A.B" */
static const struct json *follow(const struct json *top, const char *path, size_t len,
				 struct arena *a)
{
	const struct json *v = top;

	while (v && len > 0) {
		size_t n = 0;

		if (*path != '.')
			return NULL;
		path++;
		len--;
		while (n < len && path[n] != '.')
			n++;
		if (n == 0)
			return len == 0 && v == top ? v : NULL;
		v = v->type == JSON_OBJECT ? json_get(v, arena_strndup(a, path, n)) : NULL;
		path += n;
		len -= n;
	}
	return v;
}

/* What stands between {{ and }}, without the blanks around it. */
static int action(const char *s, size_t len, const struct json *top, struct arena *a,
		  const char **ret, struct err *e)
{
	bool json = len > 5 && strncmp(s, "json ", 5) == 0;
	const struct json *v;

	if (len == 7 && memcmp(s, "println", 7) == 0) {
		*ret = "\n";
		return 0;
	}
	for (; json && len > 0 && (*s != '.'); s++, len--)
		;
	v = len && *s == '.' ? follow(top, s, len, a) : NULL;
	if (!v)
		return err_set(
			e, EINVAL,
			"option --format: {{%.*s}} is not there; known: {{.A.B}}, {{json .A}}, {{println}}",
			(int)(len > 64 ? 64 : len), s);
	*ret = json ? as_json(a, v) : as_text(a, v);
	return 0;
}

int template_apply(const char *tmpl, const struct json *top, struct arena *a, const char **ret,
		   struct err *e)
{
	const char *text = "";

	while (*tmpl) {
		const char *end, *s = tmpl, *value = "";
		size_t len;
		int r;

		if (tmpl[0] == '\\' && (tmpl[1] == 'n' || tmpl[1] == 't')) {
			text = arena_printf(a, "%s%c", text, tmpl[1] == 'n' ? '\n' : '\t');
			tmpl += 2;
			continue;
		}
		if (tmpl[0] != '{' || tmpl[1] != '{') {
			text = arena_printf(a, "%s%c", text, *tmpl++);
			continue;
		}
		end = strstr(tmpl, "}}");
		if (!end)
			return err_set(e, EINVAL, "option --format: '{{' without '}}'");
		s += 2;
		while (s < end && *s == ' ')
			s++;
		len = (size_t)(end - s);
		while (len && s[len - 1] == ' ')
			len--;
		r = action(s, len, top, a, &value, e);
		if (r < 0)
			return r;
		text = arena_printf(a, "%s%s", text, value);
		tmpl = end + 2;
	}
	*ret = text;
	return 0;
}
