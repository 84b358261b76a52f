/* SPDX-License-Identifier: Apache-2.0 */
/* Both lenient readers on any text: the tree hangs together and points into the text, and what was
 * lost has an issue. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "conf/encoding.h"
#include "conf/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_scalar(const struct json *v)
{
	assert(v->child == NULL && v->count == 0);
	if (v->type == JSON_STRING || v->type == JSON_NUMBER)
		assert(v->text && v->text[v->len] == '\0');
}

static void check(const struct json *v, size_t len, size_t depth)
{
	uint32_t n = 0;

	assert(depth <= JSON_DEEP_MAX && v->offset <= len && v->key_offset <= len);
	if (v->type != JSON_ARRAY && v->type != JSON_OBJECT) {
		check_scalar(v);
		return;
	}
	for (const struct json *c = v->child; c; c = c->next) {
		assert(c->parent == v && c->index == n++);
		assert((c->key != NULL) == (v->type == JSON_OBJECT));
		/* Once; "?" stands for keys that are none. */
		if (c->key && n < 100 && strcmp(c->key, "?") != 0)
			assert(json_get(v, c->key) == c);
		check(c, len, depth + 1);
	}
	assert(n == v->count);
}

static void check_set(const struct json_set *set, size_t len)
{
	size_t docs = 0, issues = 0;

	for (const struct json_tree *t = set->docs; t; t = t->next, docs++)
		check(t->root, len, 0);
	for (const struct json_issue *i = set->issues; i; i = i->next, issues++) {
		assert(i->offset <= len && i->message && i->message[0]);
		assert((i->kind == JSON_DUPLICATE) == (i->first != NULL));
	}
	assert(docs == set->doc_count && docs <= JSON_DOCS_MAX);
	assert(issues == set->issue_count && issues <= JSON_ISSUES_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = { 0 };
	struct json_set yaml, json;
	struct json_doc doc;
	struct decoded d;

	yaml_read((const char *)data, size, &a, &yaml);
	check_set(&yaml, size);
	json_read((const char *)data, size, &a, &json);
	check_set(&json, size);
	/* What the strict reading takes, the lenient one takes as it is. */
	if (json_parse("", (const char *)data, size, &a, &doc, NULL) == 0)
		assert(json.doc_count == 1 && json.issue_count == 0);
	encoding_decode((const char *)data, size, &a, &d);
	assert(encoding_bad(d.text, d.len) == d.len && d.bad <= d.len);
	yaml_read(d.text, d.len, &a, &yaml);
	check_set(&yaml, d.len);
	arena_free(&a);
	return 0;
}
