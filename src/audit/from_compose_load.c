/* SPDX-License-Identifier: Apache-2.0 */
/* Projects: the documents of one or several files, what they include, and what their services
 * extend, in compose-go's order: variables, include, extends, and then over what came before. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/from_compose.h"
#include "base/cleanup.h"
#include "base/io.h"

/* Services of one document (with what it includes), or of a file that others extend. */
struct cset {
	struct cfile *file;
	const struct cenv *env;
	struct cindex by_name;
	const struct cv **done; /* as by_name; extends applied; NULL: not yet */
	bool *busy;
};

struct load {
	struct compose *c;
	const struct cenv *env;
	size_t depth; /* of includes */
};

/* ---- Files -------------------------------------------------------------------------------- */

const char *compose_dir(struct compose *c, const struct source *src)
{
	return path_dir(c->a->arena, path_clean(c->a->arena, src->name));
}

int compose_beside(struct compose *c, const struct source *src, const char *dir, const char *name,
		   size_t max, char **ret, size_t *ret_len)
{
	autoclose int fd = -1;
	struct stat st;

	if (!src->file)
		return -ENOENT;
	/* Not to wait for a FIFO, nor to read what has no end. */
	fd = open(path_join(c->a->arena, dir, name), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	return io_read_fd(fd, max, c->a->arena, ret, ret_len);
}

static int by_path(const void *a, const void *b)
{
	const struct cfile *x = *(struct cfile *const *)a, *y = *(struct cfile *const *)b;

	return strcmp(x->path, y->path);
}

static struct cfile *file_find(struct compose *c, const char *path)
{
	struct cfile want = { .path = path }, *key = &want, **at;

	at = c->file_count ? bsearch(&key, c->by_path, c->file_count, sizeof(*c->by_path), by_path)
			   : NULL;
	return at ? *at : NULL;
}

static bool is_remote(const char *path)
{
	return strstr(path, "://") || !strncmp(path, "git@", 4) || !strncmp(path, "oci:", 4);
}

/* What a document calls `path`; NULL and a diagnostic if it is not among what was given. */
static struct cfile *file_for(struct compose *c, const char *dir, const struct cv *at,
			      const char *what)
{
	struct arena *a = c->a->arena;
	const char *path = cv_text(at);
	struct cfile *f = NULL;

	if (!path || at->unset)
		return NULL;
	if (!is_remote(path)) {
		path = path_join(a, dir, path);
		f = file_find(c, path);
	}
	if (!f)
		cv_diag(c, DIAG_UNRESOLVED, at,
			"%s %s is not among the Compose files that were given: give it, too", what,
			path);
	return f;
}

/* The .env of a directory, behind what is known already. */
static const struct cenv *env_of(struct compose *c, const struct source *src, const char *dir,
				 const char *name, const struct cv *at, const struct cenv *first)
{
	struct place place = at ? cv_at(at) : place_of(src, NULL);
	const struct cenv *env = first;
	char *text = NULL;
	size_t len = 0;
	int r = compose_beside(c, src, dir, name, COMPOSE_ENV_FILE_MAX, &text, &len);

	if (r == -ENOENT && !at)
		return first;
	if (r < 0)
		audit_diag(c->a, r == -ENOENT ? DIAG_UNRESOLVED : DIAG_UNREADABLE, NULL, &place,
			   "%s: %s", path_join(c->a->arena, dir, name), strerror(-r));
	else if (!cenv_add_file(c->a->arena, first, text, len, &env))
		audit_diag(c->a, DIAG_UNRESOLVED, NULL, &place, "%s cannot be read to its end",
			   path_join(c->a->arena, dir, name));
	return env;
}

/* ---- extends ------------------------------------------------------------------------------ */

static const struct cfield *section_field(const char *name)
{
	return cfield_find(compose_root.sub, name);
}

static void set_make(struct arena *a, const struct cv *services, struct cfile *file,
		     const struct cenv *env, struct cset *ret)
{
	*ret = (struct cset){ .file = file, .env = env };
	cindex_make(a, services, &ret->by_name);
	ret->done = arena_alloc(a, (ret->by_name.count + 1) * sizeof(*ret->done));
	ret->busy = arena_alloc(a, (ret->by_name.count + 1) * sizeof(*ret->busy));
}

/* All documents of a file that services elsewhere extend; nothing of it is included or extended yet. */
static struct cset *base_set(struct compose *c, struct cfile *f, const struct cenv *env)
{
	const struct cv *all = NULL;

	if (f->base && f->base_env == env)
		return f->base;
	for (struct cdoc *d = f->docs; d; d = (struct cdoc *)(uintptr_t)d->next)
		all = cv_merge(c, all, cv_read(c, f, d, env), &compose_root);
	f->base = ARENA_NEW(c->a->arena, struct cset);
	f->base_env = env;
	set_make(c->a->arena, cv_get(all, "services"), f, env, f->base);
	return f->base;
}

/* What `at` (an extends mapping) leads to: a set and the name in it. */
static struct cset *extended_set(struct compose *c, struct cset *in, const struct cv *at)
{
	const struct cv *file = cv_get(at, "file");
	struct cfile *f;

	if (!file)
		return in;
	f = file_for(c, compose_dir(c, file->src), file, "the extended file");
	return f ? base_set(c, f, in->env) : NULL;
}

static const struct cv *without_extends(struct compose *c, const struct cv *service)
{
	struct cv *ret = cv_copy(c, service), *last = NULL;

	if (!ret)
		return service;
	ret->child = NULL;
	ret->count = 0;
	for (const struct cv *k = service->child; k; k = k->next) {
		struct cv *copy = strcmp(k->key, "extends") != 0 ? cv_copy(c, k) : NULL;

		if (!copy)
			continue;
		if (last)
			last->next = copy;
		else
			ret->child = copy;
		last = copy;
		ret->count++;
	}
	return ret;
}

static const struct cv *over_base(struct compose *c, const struct cv *base,
				  const struct cv *service)
{
	const struct cfield *field = section_field("services")->sub;
	const struct cv *merged = cv_merge(c, base, service, field);
	struct cv *ret = cv_copy(c, merged);

	if (!ret)
		return service;
	ret->key = service->key; /* found where it is named */
	ret->node = service->node;
	ret->src = service->src;
	ret->tag = service->tag;
	return ret;
}

struct link {
	struct cset *set;
	size_t i;
};

/* Follows the chain from set[i] down to what extends nothing or is done; returns its length. */
static size_t chain_of(struct compose *c, struct cset *set, size_t i, struct link *ret)
{
	size_t n = 0;

	for (;;) {
		const struct cv *v = set->by_name.by_name[i], *at = cv_get(v, "extends");
		const char *name = cv_text(cv_get(at, "service"));

		if (set->busy[i] || n == COMPOSE_EXTENDS_MAX) {
			cv_diag(c, DIAG_UNRESOLVED, v, "%s",
				set->busy[i] ? "services extend each other in a ring"
					     : "services extend each other too deeply");
			return n;
		}
		ret[n++] = (struct link){ set, i };
		if (set->done[i] || !at || !name)
			return n;
		set->busy[i] = true;
		set = extended_set(c, set, at);
		if (!set)
			return n;
		i = cindex_find(&set->by_name, name);
		if (i == SIZE_MAX) {
			cv_diag(c, DIAG_UNRESOLVED, at, "there is no service %s to extend", name);
			return n;
		}
	}
}

static const struct cv *extended(struct compose *c, struct cset *set, size_t i)
{
	struct link chain[COMPOSE_EXTENDS_MAX];
	size_t n = chain_of(c, set, i, chain);
	const struct cv *base = NULL;

	while (n-- > 0) {
		struct link *l = &chain[n];
		const struct cv *v = l->set->by_name.by_name[l->i];

		if (!l->set->done[l->i]) {
			if (cv_get(v, "extends"))
				v = without_extends(c, v);
			l->set->done[l->i] = base ? over_base(c, base, v) : v;
		}
		l->set->busy[l->i] = false;
		base = l->set->done[l->i];
	}
	return set->done[i];
}

/* The document with what its services extend merged in. */
static const struct cv *apply_extends(struct compose *c, struct cfile *f, const struct cenv *env,
				      const struct cv *doc)
{
	const struct cv *services = cv_get(doc, "services");
	struct cv *ret, *part, *last = NULL, *copy;
	struct cset set;
	bool any = false;

	for (const struct cv *s = cv_first(services); s && !any; s = cv_after(s))
		any = cv_get(s, "extends") != NULL;
	if (!any)
		return doc;
	set_make(c->a->arena, services, f, env, &set);
	ret = ARENA_NEW(c->a->arena, struct cv);
	*ret = *doc;
	part = ARENA_NEW(c->a->arena, struct cv);
	*part = *services;
	part->next = NULL;
	part->child = NULL;
	part->count = 0;
	for (const struct cv *v = cv_first(services); v; v = cv_after(v)) {
		size_t i = cindex_find(&set.by_name, v->key);

		copy = i == SIZE_MAX ? NULL : cv_copy(c, extended(c, &set, i));
		if (!copy)
			break;
		if (last)
			last->next = copy;
		else
			part->child = copy;
		last = copy;
		part->count++;
	}
	/* As an override that replaces the section. */
	part->tag = CTAG_OVERRIDE;
	ret->child = part;
	ret->count = 1;
	ret = (struct cv *)(uintptr_t)cv_merge(c, doc, ret, &compose_root);
	part = (struct cv *)(uintptr_t)cv_get(ret, "services");
	if (part)
		part->tag = services->tag;
	return ret;
}

/* ---- include ------------------------------------------------------------------------------ */

static const struct cv *load_files(struct load *l, struct cfile *const *files, size_t count);

static const struct cenv *include_env(struct load *l, const struct cv *item, struct cfile *main)
{
	struct compose *c = l->c;
	const struct cv *dir = cv_get(item, "project_directory"), *files = cv_get(item, "env_file");
	const char *beside = main->dir, *own = compose_dir(c, item->src);
	const struct cenv *env = l->env;

	if (!files) {
		if (cv_text(dir))
			beside = path_join(c->a->arena, own, dir->text);
		return env_of(c, main->src, beside, ".env", NULL, env);
	}
	for (const struct cv *f = cv_first(files); f; f = cv_after(f))
		if (cv_text(f) && strcmp(f->text, "/dev/null") != 0)
			env = env_of(c, item->src, own, f->text, f, env);
	return env;
}

/* One entry of include. */
static const struct cv *include_one(struct load *l, const struct cv *item)
{
	struct compose *c = l->c;
	const struct cv *paths = cv_get(item, "path");
	struct load inner = { c, NULL, l->depth + 1 };
	struct cfile **files = NULL;
	size_t count = 0, cap = 0;

	for (const struct cv *p = cv_first(paths); p; p = cv_after(p)) {
		struct cfile *f = file_for(c, compose_dir(c, item->src), p, "the included file");

		if (!f)
			continue;
		f->loaded = true;
		*(struct cfile **)arena_push(c->a->arena, &files, &count, &cap, sizeof(*files)) = f;
	}
	if (!count)
		return NULL;
	if (inner.depth > COMPOSE_INCLUDE_MAX) {
		cv_diag(c, DIAG_UNRESOLVED, item,
			"files include each other in a ring, or too deeply");
		return NULL;
	}
	inner.env = include_env(l, item, files[0]);
	return load_files(&inner, files, count);
}

static const struct cv *apply_include(struct load *l, const struct cv *doc)
{
	static const char *const sections[] = { "services", "volumes", "networks",
						"secrets",  "configs", "models" };
	struct compose *c = l->c;
	const struct cv *list = cv_get(doc, "include");

	for (const struct cv *item = cv_first(list); item; item = cv_after(item)) {
		const struct cv *in = c->cut ? NULL : include_one(l, item);
		struct cv only = in ? *in : (struct cv){ 0 }, *last = NULL, *copy;

		if (!in)
			continue;
		only.child = NULL;
		only.count = 0;
		for (size_t i = 0; i < ARRAY_LEN(sections); i++) {
			const struct cv *s = cv_get(in, sections[i]);

			copy = s ? cv_copy(c, s) : NULL;
			if (!copy)
				continue;
			if (last)
				last->next = copy;
			else
				only.child = copy;
			last = copy;
			only.count++;
		}
		doc = cv_merge(c, arena_dup(c->a->arena, &only, sizeof(only)), doc, &compose_root);
	}
	return doc;
}

/* ---- Projects ----------------------------------------------------------------------------- */

/* Depth of includes is bounded, and so is what they make. */
static const struct cv *load_files(struct load *l, struct cfile *const *files, size_t count)
{
	struct compose *c = l->c;
	const struct cv *all = NULL;

	for (size_t i = 0; i < count; i++) {
		for (struct cdoc *d = files[i]->docs; d; d = (struct cdoc *)(uintptr_t)d->next) {
			const struct cv *doc = cv_read(c, files[i], d, l->env);

			if (c->cut)
				return all ? all : doc;
			doc = apply_include(l, doc);
			doc = apply_extends(c, files[i], l->env, doc);
			all = cv_merge(c, all, doc, &compose_root);
		}
	}
	return all;
}

/* What is set wherever docker compose runs: it sets the name itself; of the others it is
 * known what they are, though not where. */
static const struct cenv *with_name(struct compose *c, struct cfile *const *files, size_t count,
				    const struct cenv *env)
{
	const char *name = NULL;
	const char *vars[] = { NULL, "HOME=~", "PWD=.", NULL };

	for (size_t i = 0; i < count; i++) {
		for (const struct cdoc *d = files[i]->docs; d; d = d->next) {
			const struct json *n = json_get(d->root, "name");

			if (n && n->type == JSON_STRING && !strchr(n->text, '$'))
				name = n->text;
		}
	}
	if (!name) {
		name = strrchr(files[0]->dir, '/');
		name = name ? name + 1 : files[0]->dir;
		name = *name == '.' || !*name ? "project" : name;
	}
	vars[0] = arena_printf(c->a->arena, "COMPOSE_PROJECT_NAME=%s", name);
	return cenv_make(c->a->arena, env, vars);
}

void compose_load(struct compose *c, struct cfile *const *files, size_t count, struct cproject *ret)
{
	struct load l = { .c = c };

	l.env = cenv_make(c->a->arena, NULL, c->a->env);
	l.env = env_of(c, files[0]->src, files[0]->dir, ".env", NULL, l.env);
	l.env = with_name(c, files, count, l.env);
	*ret = (struct cproject){ .env = l.env, .main = files[0]->src };
	ret->model = load_files(&l, files, count);
	ret->services = cv_get(ret->model, "services");
	cindex_make(c->a->arena, ret->services, &ret->by_name);
}
