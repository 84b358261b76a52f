/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The parts of from_compose*.c, which read Compose files as docker compose does (compose-spec;
 * compose-go is the reference for what the specification leaves open):
 *
 *	fields	what may stand where, and how two of it are merged: tables
 *	vars	variables and .env files
 *	tree	struct json -> struct cv: checked, variables replaced; merging
 *	short	the short syntaxes: volumes, ports, devices, command lines
 *	load	projects: several files, extends, include
 *	service	a service -> facts; mounts: its volumes, devices and ports
 *
 * A value keeps the node it was written at through all merging, so that a finding
 * points into the file that has to be changed. */

#include "audit/audit.h"

/* ---- Fields ------------------------------------------------------------------------------- */

enum {
	T_NULL = 1 << 0,
	T_BOOL = 1 << 1,
	T_NUM = 1 << 2,
	T_STR = 1 << 3,
	T_LIST = 1 << 4,
	T_MAP = 1 << 5,
	T_TRUTH = 1 << 6, /* a string is cast to a boolean */
	T_COUNT = 1 << 7, /* a string is cast to an integer */
	T_ANY = T_NULL | T_BOOL | T_NUM | T_STR | T_LIST | T_MAP
};

/* What compose makes of another form before it merges. */
enum cshape {
	SHAPE_NONE,
	SHAPE_PAIRS,   /* list of "key=value" -> mapping */
	SHAPE_NAMES,   /* list of names -> mapping */
	SHAPE_LIST,    /* one string -> list */
	SHAPE_CONTEXT, /* string -> { context: string } */
	SHAPE_SERVICE, /* string -> { service: string } */
	SHAPE_PATHS,   /* list of (string -> { path: string }) */
	SHAPE_REPLACE  /* as it is; of two the later one counts */
};

/* By what the entries of a list are the same, so that the later one replaces the other. */
enum csame { SAME_NONE, SAME_TEXT, SAME_VOLUME, SAME_DEVICE, SAME_PORT, SAME_FILE };

struct cfield {
	const char *name; /* NULL ends a table; "*": any name */
	unsigned int types;
	unsigned int items;       /* types of the entries of a list */
	const struct cfield *sub; /* keys of the mapping, or of the mappings in a list; NULL: any */
	enum cshape shape;
	enum csame same;
	bool judged; /* a rule depends on it: a variable in it that is not set blocks */
};

extern const struct cfield compose_root; /* .sub: the top level */
/* The row for a key of `table`, or NULL. */
const struct cfield *cfield_find(const struct cfield *table, const char *key);
/* The name in `table` that was probably meant, or NULL. */
const char *cfield_near(const struct cfield *table, const char *key);

/* ---- Values ------------------------------------------------------------------------------- */

enum ctag { CTAG_NONE, CTAG_RESET, CTAG_OVERRIDE };

struct cv {
	const char *key; /* in a mapping, else NULL */
	const struct json *node;
	const struct source *src;
	enum json_type type; /* as compose sees it: plain `yes` is a string */
	enum ctag tag;
	const char *text;  /* scalars: variables are replaced */
	const char *unset; /* name of a variable in it that is not set, or NULL */
	const struct cv *child, *next;
	size_t count;
};

struct cenv;

struct cdoc {
	const struct json *root;
	bool told; /* what is wrong in it has been said */
	const struct cdoc *next;
};

struct cfile {
	const struct source *src;
	const char *path; /* src->name, normalised */
	const char *dir;  /* "." or what leads to it */
	struct cdoc *docs, *docs_last;
	bool inner; /* included by another, or an override of one */
	bool loaded;
	/* For extends: all documents of it merged, its services, and which are done. */
	const struct cenv *base_env;
	struct cset *base;
};

enum {
	COMPOSE_COPIES_MIN = 1 << 19, /* values made by merging, and ... */
	COMPOSE_COPIES_PER_VALUE = 8,
	COMPOSE_EXTENDS_MAX = 200, /* chain */
	COMPOSE_INCLUDE_MAX = 32,
	COMPOSE_TEXT_MAX = 1 << 20, /* of one value, variables replaced */
	COMPOSE_ENV_FILE_MAX = 1 << 20,
	COMPOSE_ENV_VARS_MAX = 10000,
	COMPOSE_NEAR_MAX = 200,        /* names that are looked up for "did you mean" */
	COMPOSE_TOLD_MAX = 500,        /* unset variables and unknown fields named per document */
	COMPOSE_MOUNTS_MAX = 10000,    /* of one service */
	COMPOSE_PROFILE_MAX = 1 << 20, /* bytes of a seccomp profile */
};

struct compose {
	struct audit *a;
	struct cfile **files; /* in order of reading */
	size_t file_count, file_cap;
	struct cfile **by_path; /* sorted; made by compose_finish() */
	size_t values, copies;
	bool cut;   /* too many copies; said */
	bool quiet; /* a document is read again */
	size_t told, near;
	const char **vars_told; /* hash table of names */
};

struct place cv_at(const struct cv *v);
/* NULL if absent, taken away by !reset, or `map` is no mapping. */
const struct cv *cv_get(const struct cv *map, const char *key);
const struct cv *cv_first(const struct cv *v); /* child that is not taken away */
const struct cv *cv_after(const struct cv *v);
/* A scalar's text; NULL for others and NULL. */
const char *cv_text(const struct cv *v);
/* As compose casts them: false, or true with *ret. */
bool cv_truth(const struct cv *v, bool *ret);
/* One document; said once what is wrong with it. Never NULL: a mapping without children instead. */
const struct cv *cv_read(struct compose *c, const struct cfile *f, struct cdoc *d,
			 const struct cenv *env);
/* `over` on `base`; either may be NULL. */
const struct cv *cv_merge(struct compose *c, const struct cv *base, const struct cv *over,
			  const struct cfield *field);
struct cv *cv_copy(struct compose *c, const struct cv *v); /* shallow; NULL when cut */
/* A list's entries that are "the same": the last counts, at the place of the first. */
void cv_unify(struct compose *c, struct cv *list, enum csame same);
struct diag *cv_diag(struct compose *c, enum diag_id id, const struct cv *at, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* A mapping's children by name, for many look-ups. */
struct cindex {
	const struct cv **by_name;
	size_t count;
};
void cindex_make(struct arena *a, const struct cv *map, struct cindex *ret);
size_t cindex_find(const struct cindex *x, const char *name); /* SIZE_MAX: none */
const struct cv *cindex_get(const struct cindex *x, const char *name);

/* ---- Variables ---------------------------------------------------------------------------- */

/* What `first` has counts before what `text` (a .env file) says, and both before `name`=`value`.
 * The strings of `vars` (NULL-terminated "NAME=VALUE", or NULL) are not copied. */
const struct cenv *cenv_make(struct arena *a, const struct cenv *first, const char *const *vars);
/* False: the file is not well formed, or too large; what was read before counts. */
bool cenv_add_file(struct arena *a, const struct cenv *first, const char *text, size_t len,
		   const struct cenv **ret);
const char *cenv_get(const struct cenv *env, const char *name); /* NULL: not set */

struct filled {
	const char *text;
	const char *error; /* compose refuses it, with these words; or NULL */
	const char *unset; /* the first variable that is not set and has no default; or NULL */
};
void cenv_fill(struct arena *a, const struct cenv *env, const char *text, size_t len,
	       struct filled *ret);

/* ---- Short syntaxes ----------------------------------------------------------------------- */

struct cvolume {
	const char *type, *source, *target, *propagation;
	bool readonly;
};
void short_volume(struct arena *a, const char *text, struct cvolume *ret);
struct cport {
	const char *ip, *published, *target, *protocol; /* NULL: not given */
};
void short_port(struct arena *a, const char *text, struct cport *ret);
struct cdevice {
	const char *source, *target, *access;
};
void short_device(struct arena *a, const char *text, struct cdevice *ret);
/* A command line's words as compose splits them; NULL-terminated. */
const char *const *short_words(struct arena *a, const char *text);
/* Cleans "a/./b/../c" without looking at any file; "" is ".". */
char *path_clean(struct arena *a, const char *path);
char *path_join(struct arena *a, const char *dir, const char *path); /* cleaned */
char *path_dir(struct arena *a, const char *path);                   /* of a clean one */

/* ---- Loading ------------------------------------------------------------------------------ */

struct cproject {
	const struct cv *model; /* services, volumes, secrets, configs */
	const struct cv *services;
	struct cindex by_name;
	const struct cenv *env;
	const struct source
		*main; /* of the directory that docker compose takes for the project's */
};
/* The files as one project, in this order. */
void compose_load(struct compose *c, struct cfile *const *files, size_t count,
		  struct cproject *ret);
/* Reads a regular file that lies beside a source that is on disk. 0 or -errno; -ENOENT too if the source is not a file. */
int compose_beside(struct compose *c, const struct source *src, const char *dir, const char *name,
		   size_t max, char **ret, size_t *ret_len);
const char *compose_dir(struct compose *c, const struct source *src);

/* ---- Facts -------------------------------------------------------------------------------- */

struct cservice {
	struct compose *c;
	struct audit *a;
	const struct cproject *project;
	struct facts *f;
	const struct cv *v;          /* the service */
	struct place at;             /* its name */
	const struct cv *privileged; /* what says so, or NULL */
	size_t walk;                 /* services that volumes_from has led to */
};
void compose_service(struct compose *c, const struct cproject *p, const struct cv *service);
/* Parts of it. */
void compose_namespaces(struct cservice *s);
void compose_security(struct cservice *s); /* security_opt; after the capabilities */
void compose_mounts(struct cservice *s);
void compose_devices(struct cservice *s);
void compose_ports(struct cservice *s);
