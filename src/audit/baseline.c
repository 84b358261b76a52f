/* SPDX-License-Identifier: Apache-2.0 */
/* Findings that are known, as a file: fingerprints with what they mean beside them for people. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/policy.h"
#include "base/jsonw.h"

#define SCHEMA "atoll.baseline/1"

enum { HEX = 16 };

struct known {
	uint64_t fingerprint;
	size_t left; /* how many more of it are known */
};

static int by_fingerprint(const void *x, const void *y)
{
	uint64_t a = ((const struct known *)x)->fingerprint,
		 b = ((const struct known *)y)->fingerprint;

	return (a > b) - (a < b);
}

static bool parse_hex(const char *s, uint64_t *ret)
{
	uint64_t v = 0;

	if (strlen(s) != HEX || strspn(s, "0123456789abcdef") != HEX)
		return false;
	for (; *s; s++)
		v = v << 4 | (uint64_t)(*s <= '9' ? *s - '0' : *s - 'a' + 10);
	*ret = v;
	return true;
}

/* The document, or an error with the place of the first thing that is wrong. */
static int parse(struct audit *a, struct json_doc *doc, struct err *e)
{
	const struct json *schema;
	struct json_set set;

	json_read(doc->text, doc->len, a->arena, &set);
	if (set.issues) {
		struct json at = { .offset = (uint32_t)set.issues->offset };

		return json_err(doc, &at, e, EINVAL, "%s", set.issues->message);
	}
	if (set.doc_count != 1)
		return json_err(doc, NULL, e, EINVAL, "one JSON document is expected");
	doc->root = set.docs->root;
	schema = json_get(doc->root, "schema");
	if (!schema || schema->type != JSON_STRING || strcmp(schema->text, SCHEMA) != 0)
		return json_err(doc, schema ? schema : doc->root, e, EINVAL,
				"this is no baseline: \"schema\" must be \"" SCHEMA "\"");
	return 0;
}

static int read_known(struct audit *a, const struct json_doc *doc, struct known **ret,
		      size_t *ret_count, struct err *e)
{
	const struct json *list = json_get(doc->root, "findings");
	struct known *all;
	size_t n = 0, kept = 0;

	if (!list || list->type != JSON_ARRAY)
		return json_err(doc, list ? list : doc->root, e, EINVAL,
				"\"findings\" must be an array");
	all = arena_alloc(a->arena, (list->count + 1) * sizeof(*all));
	for (const struct json *c = list->child; c; c = c->next) {
		const struct json *f = json_get(c, "fingerprint");

		if (!f || f->type != JSON_STRING || !parse_hex(f->text, &all[n].fingerprint))
			return json_err(doc, f ? f : c, e, EINVAL,
					"\"fingerprint\" must be sixteen hexadecimal digits");
		all[n++].left = 1;
	}
	qsort(all, n, sizeof(*all), by_fingerprint);
	for (size_t i = 0; i < n; i++) {
		if (kept && all[kept - 1].fingerprint == all[i].fingerprint)
			all[kept - 1].left++;
		else
			all[kept++] = all[i];
	}
	*ret = all;
	*ret_count = kept;
	return 0;
}

int baseline_apply(struct audit *a, const char *name, const char *text, size_t len, struct err *e)
{
	struct json_doc doc = { .name = name, .text = text, .len = len };
	struct known *all = NULL;
	size_t n = 0;
	int r = parse(a, &doc, e);

	if (r == 0)
		r = read_known(a, &doc, &all, &n, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < a->finding_count; i++) {
		struct finding *f = &a->findings[i];
		struct known want = { .fingerprint = f->fingerprint }, *found;

		if (f->suppressed)
			continue;
		found = bsearch(&want, all, n, sizeof(*all), by_fingerprint);
		if (!found || !found->left)
			continue;
		found->left--;
		f->suppressed = SUPP_BASELINE;
		f->reason = arena_printf(a->arena, "known by %s", name);
	}
	return 0;
}

static const char *file_of(const struct finding *f)
{
	return f->of->src ? f->of->src->name : "";
}

static int by_file(const void *x, const void *y)
{
	const struct finding *a = *(const struct finding *const *)x,
			     *b = *(const struct finding *const *)y;
	int n = strcmp(file_of(a), file_of(b));

	if (n == 0)
		n = strcmp(a->of->object, b->of->object);
	if (n == 0)
		n = strcmp(a->rule->id, b->rule->id);
	return n ? n : (a->fingerprint > b->fingerprint) - (a->fingerprint < b->fingerprint);
}

char *baseline_write(const struct audit *a, size_t *ret_len)
{
	const struct finding **all =
		arena_alloc(a->arena, (a->finding_count + 1) * sizeof(const struct finding *));
	struct jsonw w;
	size_t n = 0;

	for (size_t i = 0; i < a->finding_count; i++)
		if (!a->findings[i].suppressed || a->findings[i].suppressed == SUPP_BASELINE)
			all[n++] = &a->findings[i];
	qsort(all, n, sizeof(const struct finding *), by_file);
	jsonw_init(&w, a->arena, 1);
	jsonw_obj(&w);
	jsonw_kstr(&w, "schema", SCHEMA);
	jsonw_key(&w, "findings");
	jsonw_arr(&w);
	for (size_t i = 0; i < n; i++) {
		char hex[HEX + 1];

		(void)snprintf(hex, sizeof(hex), "%016llx",
			       (unsigned long long)all[i]->fingerprint);
		jsonw_obj(&w);
		jsonw_kstr(&w, "fingerprint", hex);
		jsonw_kstr(&w, "rule", all[i]->rule->id);
		jsonw_kstr(&w, "object", all[i]->of->object);
		jsonw_kstr(&w, "file", file_of(all[i]));
		jsonw_obj_end(&w);
	}
	jsonw_arr_end(&w);
	jsonw_obj_end(&w);
	jsonw_nl(&w);
	*ret_len = w.len;
	return w.buf;
}
