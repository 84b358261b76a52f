/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/oci.h"

#include <errno.h>
#include <string.h>

#include "conf/oci_check.h"
#include "conf/oci_tables.h"

/* Text to tree, and tree to struct by a table. */
static int read_rows(struct json_doc *doc, const char *name, const char *text, size_t len,
		     const struct bind_row *rows, struct arena *a, void *out, struct err *e)
{
	struct bind_ctx c = { .doc = doc, .arena = a, .e = e };
	int r = json_parse(name, text, len, a, doc, e);

	return r < 0 ? r : bind_object(&c, doc->root, rows, out);
}

int oci_spec_parse(const char *name, const char *text, size_t len, struct arena *a,
		   struct oci_spec *ret, struct err *e)
{
	struct json_doc doc;

	return oci_spec_parse_tree(name, text, len, a, &doc, ret, e);
}

int oci_spec_parse_tree(const char *name, const char *text, size_t len, struct arena *a,
			struct json_doc *ret_doc, struct oci_spec *ret, struct err *e)
{
	struct oci_spec spec = { 0 };
	struct oci_check c = { .name = name, .doc = ret_doc, .e = e };
	int r = read_rows(ret_doc, name, text, len, oci_spec_rows, a, &spec, e);

	r = r < 0 ? r : oci_check_spec(&c, &spec);
	if (r == 0)
		*ret = spec;
	return r;
}

int oci_process_parse(const char *name, const char *text, size_t len, struct arena *a,
		      struct oci_process *ret, struct err *e)
{
	struct oci_process process = { 0 };
	struct json_doc doc;
	struct oci_check c = { .name = name, .doc = &doc, .e = e };
	int r = read_rows(&doc, name, text, len, oci_process_rows, a, &process, e);

	r = r < 0 ? r : oci_check_process(&c, "", &process);
	if (r == 0 && process.args.count == 0)
		r = json_err(&doc, json_nearest(&doc, "/args"), e, EINVAL, "%s",
			     json_get(doc.root, "args") ? "must not be empty"
							: "the member \"args\" is missing");
	if (r == 0)
		*ret = process;
	return r;
}

int oci_resources_parse(const char *name, const char *text, size_t len, struct arena *a,
			struct oci_resources *ret, struct err *e)
{
	struct oci_resources resources = { .present = true };
	struct json_doc doc;
	int r = read_rows(&doc, name, text, len, oci_resources_rows, a, &resources, e);

	if (r == 0)
		*ret = resources;
	return r;
}

int oci_spec_check(const char *name, const struct oci_spec *spec, struct err *e)
{
	struct oci_check c = { .name = name, .e = e };

	return oci_check_spec(&c, spec);
}

const char *oci_annotation(const struct oci_spec *spec, const char *key)
{
	for (size_t i = 0; i < spec->annotations.count; i++)
		if (strcmp(spec->annotations.items[i].key, key) == 0)
			return spec->annotations.items[i].value;
	return NULL;
}

void oci_spec_write(const struct oci_spec *spec, struct arena *a, char **ret, size_t *ret_len)
{
	struct jsonw w;

	jsonw_init(&w, a, JSONW_TABS);
	jsonw_obj(&w);
	(void)bind_write(&w, oci_spec_rows, spec);
	jsonw_obj_end(&w);
	jsonw_nl(&w);
	*ret = w.buf;
	*ret_len = w.len;
}

struct collected {
	struct arena *arena;
	struct oci_strings *list;
	size_t cap;
};

static void collect(void *ctx, const char *pointer)
{
	struct collected *c = ctx;
	const char **slot = arena_push(c->arena, &c->list->items, &c->list->count, &c->cap,
				       sizeof(*c->list->items));

	*slot = arena_strdup(c->arena, pointer);
}

void oci_unsupported(struct arena *a, struct oci_strings *ret)
{
	struct collected c = { .arena = a, .list = ret };

	*ret = (struct oci_strings){ 0 };
	bind_refused(oci_spec_rows, "", collect, &c);
}
