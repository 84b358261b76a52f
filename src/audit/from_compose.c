/* SPDX-License-Identifier: Apache-2.0 */
/* Compose files: which of them make a project, and its services.
 *
 * A directory's compose.yaml and compose.override.yaml (and their other names) are one project, as for
 * docker compose; a file that another one includes is part of that one; every other file is a
 * project of its own. Services of all profiles are looked at unless profiles were named:
 * what is in the file is there to be started. */
#include "audit/from_compose.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

void from_compose(struct audit *a, const struct source *src, const struct json *root)
{
	struct compose *c = a->compose;
	struct cfile *f;
	struct cdoc *d = ARENA_NEW(a->arena, struct cdoc);

	if (!c) {
		c = a->compose = ARENA_NEW(a->arena, struct compose);
		c->a = a;
	}
	f = c->file_count ? c->files[c->file_count - 1] : NULL;
	if (!f || f->src != src) {
		f = ARENA_NEW(a->arena, struct cfile);
		f->src = src;
		f->path = path_clean(a->arena, src->name);
		f->dir = path_dir(a->arena, f->path);
		*(struct cfile **)arena_push(a->arena, &c->files, &c->file_count, &c->file_cap,
					     sizeof(f)) = f;
	}
	d->root = root;
	if (f->docs_last)
		f->docs_last->next = d;
	else
		f->docs = d;
	f->docs_last = d;
}

/* ---- Which files go together -------------------------------------------------------------- */

/* In docker compose's order of preference. */
static const char *const base_names[] = { "compose.yaml", "compose.yml", "docker-compose.yml",
					  "docker-compose.yaml" };
static const char *const override_names[] = { "compose.override.yml", "compose.override.yaml",
					      "docker-compose.override.yml",
					      "docker-compose.override.yaml" };

static const char *base_name(const struct cfile *f)
{
	const char *slash = strrchr(f->path, '/');

	return slash ? slash + 1 : f->path;
}

static bool is_named(const struct cfile *f, const char *const *names)
{
	for (size_t i = 0; i < ARRAY_LEN(base_names); i++)
		if (!strcmp(base_name(f), names[i]))
			return true;
	return false;
}

static int by_path(const void *a, const void *b)
{
	const struct cfile *x = *(struct cfile *const *)a, *y = *(struct cfile *const *)b;

	return strcmp(x->path, y->path);
}

static struct cfile *find(struct compose *c, const char *dir, const char *name)
{
	struct cfile want = { .path = path_join(c->a->arena, dir, name) }, *key = &want, **at;

	at = bsearch(&key, c->by_path, c->file_count, sizeof(*c->by_path), by_path);
	return at ? *at : NULL;
}

static struct cfile *first_of(struct compose *c, const char *dir, const char *const *names)
{
	struct cfile *f = NULL;

	for (size_t i = 0; i < ARRAY_LEN(base_names) && !f; i++)
		f = find(c, dir, names[i]);
	return f;
}

/* Text files only stand for themselves where they came from: two of stdin are not one directory. */
static struct cfile *override_of(struct compose *c, struct cfile *f)
{
	if (!is_named(f, base_names) || first_of(c, f->dir, base_names) != f)
		return NULL;
	return first_of(c, f->dir, override_names);
}

static void mark_included(struct compose *c, const struct cfile *from, const struct json *path)
{
	struct cfile *f;

	if (!path || path->type != JSON_STRING)
		return;
	f = find(c, from->dir, path->text);
	if (f && f != from)
		f->inner = true;
}

/* Before anything is loaded, so that no included file is taken for a project. A path with a
 * variable in it is not known yet; such a file is looked at twice. */
static void mark_inner(struct compose *c, struct cfile *f)
{
	struct cfile *over = override_of(c, f);

	if (over)
		over->inner = true;
	for (const struct cdoc *d = f->docs; d; d = d->next) {
		const struct json *list = json_get(d->root, "include");

		if (!list || list->type != JSON_ARRAY)
			continue;
		for (const struct json *i = list->child; i; i = i->next) {
			const struct json *path = json_get(i, "path");

			mark_included(c, f, i);
			mark_included(c, f, path);
			if (path && path->type == JSON_ARRAY)
				for (const struct json *p = path->child; p; p = p->next)
					mark_included(c, f, p);
		}
	}
}

/* ---- Projects ----------------------------------------------------------------------------- */

static bool is_active(const struct compose *c, const struct cv *service)
{
	const struct cv *profiles = cv_get(service, "profiles");

	if (!c->a->compose_profiles || !cv_first(profiles))
		return true;
	for (const struct cv *v = cv_first(profiles); v; v = cv_after(v))
		for (const char *const *p = c->a->compose_profiles; *p; p++)
			if (!strcmp(*p, "*") || (cv_text(v) && !strcmp(v->text, *p)))
				return true;
	return false;
}

/* Compose 1's first format: services at the top. */
static bool is_old(const struct json *root)
{
	if (json_get(root, "services") || json_get(root, "include"))
		return false;
	for (const struct json *s = root->child; s; s = s->next)
		if (json_get(s, "image") || json_get(s, "build"))
			return true;
	return false;
}

/* True if something was wrong with the whole of it. */
static bool tell_shape(struct compose *c, const struct cfile *f)
{
	bool told = false;

	for (const struct cdoc *d = f->docs; d; d = d->next) {
		struct place at = place_of(f->src, d->root);

		if (d->root->type != JSON_OBJECT || !is_old(d->root))
			continue;
		audit_diag(c->a, DIAG_UNKNOWN_KIND, NULL, &at,
			   "services stand at the top, as in the first format of Compose 1, which "
			   "docker compose refuses: put them below `services:`");
		told = true;
	}
	return told;
}

static void project(struct compose *c, struct cfile *f)
{
	struct cfile *files[2] = { f, override_of(c, f) };
	size_t count = files[1] ? 2 : 1;
	struct cproject p;

	for (size_t i = 0; i < count; i++)
		files[i]->loaded = true;
	compose_load(c, files, count, &p);
	if (!tell_shape(c, f) && !cv_first(p.services)) {
		struct place at = place_of(f->src, NULL);

		audit_diag(c->a, DIAG_EMPTY, NULL, &at, "there are no services in it");
	}
	for (const struct cv *s = cv_first(p.services); s; s = cv_after(s))
		if (is_active(c, s))
			compose_service(c, &p, s);
}

void compose_finish(struct audit *a)
{
	struct compose *c = a->compose;

	if (!c)
		return;
	a->compose = NULL; /* what is read later are projects of their own */
	c->by_path = arena_dup(a->arena, c->files, c->file_count * sizeof(*c->files));
	qsort(c->by_path, c->file_count, sizeof(*c->by_path), by_path);
	for (size_t i = 0; i < c->file_count; i++)
		mark_inner(c, c->files[i]);
	for (size_t i = 0; i < c->file_count; i++)
		if (!c->files[i]->inner)
			project(c, c->files[i]);
	for (size_t i = 0; i < c->file_count; i++) /* such as include each other */
		if (!c->files[i]->loaded)
			project(c, c->files[i]);
}
