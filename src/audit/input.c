/* SPDX-License-Identifier: Apache-2.0 */
/* A text -> documents -> the reader of each document's kind. */
#include "audit/input.h"

#include <fnmatch.h>
#include <stdarg.h>
#include <string.h>

#include "base/cleanup.h"
#include "conf/encoding.h"
#include "conf/json_set.h"
#include "conf/yaml.h"

/* ---- What a document is --------------------------------------------------------------------- */

static const char *string_of(const struct json *obj, const char *key)
{
	const struct json *v = json_get(obj, key);

	return v && v->type == JSON_STRING ? v->text : NULL;
}

static bool has(const struct json *obj, const char *key, enum json_type type)
{
	const struct json *v = json_get(obj, key);

	return v && v->type == type;
}

static bool is_oci(const struct json *root)
{
	const struct json *linux_part = json_get(root, "linux");

	if (has(root, "process", JSON_OBJECT) &&
	    (json_get(root, "ociVersion") || has(root, "root", JSON_OBJECT)))
		return true;
	/* A state ("runc state") has a version and a bundle, but nothing to audit. */
	if (json_get(root, "ociVersion"))
		return !(json_get(root, "bundle") && json_get(root, "status"));
	return has(linux_part, "namespaces", JSON_ARRAY);
}

static bool is_inspect(const struct json *root)
{
	return has(root, "HostConfig", JSON_OBJECT);
}

static bool is_cri(const struct json *root)
{
	const struct json *info = json_get(root, "info");

	return (has(root, "status", JSON_OBJECT) && info && info->type == JSON_OBJECT) ||
	       has(info, "runtimeSpec", JSON_OBJECT);
}

static bool has_containers(const struct json *spec)
{
	return has(spec, "containers", JSON_ARRAY) || has(spec, "initContainers", JSON_ARRAY);
}

static bool is_k8s(const struct json *root)
{
	const struct json *spec = json_get(root, "spec");
	const struct json *template = json_get(spec ? spec : root, "template");

	if (string_of(root, "kind") &&
	    (string_of(root, "apiVersion") || has(root, "items", JSON_ARRAY)))
		return true;
	return has_containers(spec) || has_containers(json_get(template, "spec")) ||
	       has_containers(root);
}

static const char *base_name(const char *name)
{
	const char *slash = strrchr(name, '/');

	return slash ? slash + 1 : name;
}

static bool named_compose(const char *name)
{
	static const char *const pattern[] = {
		"compose.y*ml",         "compose.*.y*ml", "docker-compose*.y*ml",
		"podman-compose*.y*ml", "*.compose.y*ml", "*-compose.y*ml",
	};

	for (size_t i = 0; i < ARRAY_LEN(pattern); i++)
		if (fnmatch(pattern[i], base_name(name), 0) == 0)
			return true;
	return false;
}

/* Services of something else (a list of classes, of URLs) have none of these. */
static bool is_service(const struct json *service)
{
	static const char *const key[] = {
		"image",      "build",    "extends",      "provider", "container_name", "command",
		"entrypoint", "volumes",  "ports",        "deploy",   "environment",    "env_file",
		"privileged", "cap_add",  "security_opt", "pid",      "network_mode",   "networks",
		"restart",    "profiles", "depends_on",   "user",     "userns_mode",    "develop",
		"ipc",        "uts",      "cap_drop",     "init",     "read_only",      "devices",
		"pids_limit", "tmpfs",    "working_dir",  "sysctls",  "healthcheck",    "gpus",
	};

	for (size_t i = 0; i < ARRAY_LEN(key); i++)
		if (json_get(service, key[i]))
			return true;
	return false;
}

static bool is_compose(const struct source *src, const struct json *root)
{
	const struct json *services = json_get(root, "services");

	if (named_compose(src->name))
		return true; /* whatever is wrong in it, its reader says so */
	if (!services || services->type != JSON_OBJECT)
		return false;
	for (const struct json *c = services->child; c; c = c->next)
		if (is_service(c))
			return true;
	return false;
}

/* What only one kind has goes first. */
static enum input_kind kind_of(const struct source *src, const struct json *root)
{
	if (root->type != JSON_OBJECT)
		return 0;
	if (is_oci(root))
		return IN_OCI;
	if (is_inspect(root))
		return IN_INSPECT;
	if (is_cri(root))
		return IN_CRI;
	if (is_k8s(root))
		return IN_K8S;
	return is_compose(src, root) ? IN_COMPOSE : 0;
}

/* ---- Reading -------------------------------------------------------------------------------- */

struct diag *input_diag(struct input *in, enum diag_id id, const char *name, const char *fmt, ...)
{
	struct place at = { .path = arena_strdup(in->audit->arena, name) };
	va_list ap;
	const char *msg;

	va_start(ap, fmt);
	msg = arena_vprintf(in->audit->arena, fmt, ap);
	va_end(ap);
	return audit_diag(in->audit, id, NULL, &at, "%s", msg);
}

static struct place place_at(struct audit *a, const struct source *src, size_t offset)
{
	struct json *here = ARENA_NEW(a->arena, struct json);

	here->offset = (uint32_t)offset;
	return place_of(src, here);
}

static void dispatch(struct input *in, const struct source *src, const struct json *root,
		     enum input_kind kind)
{
	const struct json *path;

	switch (kind) {
	case IN_OCI:
		path = json_get(json_get(root, "root"), "path");
		in->root = path && path->type == JSON_STRING ? path->text : "rootfs";
		from_oci(in->audit, src, root);
		break;
	case IN_INSPECT: from_inspect(in->audit, src, root); break;
	case IN_CRI: from_cri(in->audit, src, root); break;
	case IN_COMPOSE: from_compose(in->audit, src, root); break;
	case IN_K8S: from_k8s(in->audit, src, root); break;
	case IN_LIVE:
	case IN_SPEC:
	case IN_FILES:
	case IN_ALL: break;
	}
}

static void unknown(struct input *in, const struct source *src, const struct json *v)
{
	struct place at = place_of(src, v);

	if (in->template)
		return;
	if (v->type == JSON_OBJECT && json_get(v, "ociVersion"))
		audit_diag(in->audit, DIAG_UNKNOWN_KIND, NULL, &at,
			   "this is the state of a container, not its configuration");
	else if (v->type == JSON_OBJECT && (json_get(v, "RepoTags") || json_get(v, "RootFS")))
		audit_diag(in->audit, DIAG_UNKNOWN_KIND, NULL, &at,
			   "this is an image, not a container");
	else
		audit_diag(
			in->audit, DIAG_UNKNOWN_KIND, NULL, &at,
			"this is no container configuration of a known kind (OCI, docker or podman "
			"inspect, crictl inspect, Compose, Kubernetes)");
}

/* What is in a document, or in an array of them. 0: nothing known. */
static unsigned int kinds_in(const struct source *src, const struct json *root)
{
	unsigned int kinds = 0;

	if (root->type != JSON_ARRAY)
		return kind_of(src, root);
	for (const struct json *c = root->child; c; c = c->next)
		kinds |= kind_of(src, c);
	return kinds;
}

static void read_one(struct input *in, const struct source *src, const struct json *v)
{
	enum input_kind kind = kind_of(src, v);

	if (kind)
		dispatch(in, src, v, kind);
	else
		unknown(in, src, v);
}

static void read_document(struct input *in, const struct source *src, const struct json *root)
{
	if (root->type != JSON_ARRAY || !root->child) {
		read_one(in, src, root);
		return;
	}
	for (const struct json *c = root->child; c; c = c->next)
		read_one(in, src, c);
}

static bool has_text(const char *text, size_t len, const char *word)
{
	return memmem(text, len, word, strlen(word)) != NULL;
}

/* Of what could not be read: whether it was to be one of ours. */
static bool was_meant(const struct source *src)
{
	const char *t = src->text;
	size_t n = src->len;

	return named_compose(src->name) || has_text(t, n, "ociVersion") ||
	       has_text(t, n, "HostConfig") || has_text(t, n, "runtimeSpec") ||
	       (has_text(t, n, "apiVersion") && has_text(t, n, "kind")) ||
	       (has_text(t, n, "services") && (has_text(t, n, "image") || has_text(t, n, "build")));
}

bool input_may_be(const char *raw, size_t len)
{
	static const char *const word[] = {
		"apiVersion", "containers", "services",    "HostConfig",
		"ociVersion", "namespaces", "runtimeSpec", "initContainers",
		"\\u",        "\\x",        "\\U",         "!!binary"
	};

	if (len >= 2 && ((unsigned char)raw[0] >= 0xfe || (unsigned char)raw[0] == 0))
		return true; /* UTF-16 or UTF-32, or so it may be */
	for (size_t i = 0; i < ARRAY_LEN(word); i++)
		if (has_text(raw, len, word[i]))
			return true;
	return false;
}

static bool is_template(const struct json_set *set, const struct source *src)
{
	for (const struct json_issue *i = set->issues; i; i = i->next)
		if (i->kind == JSON_BROKEN || i->kind == JSON_ODD)
			return has_text(src->text, src->len, "{{");
	return false;
}

static void say_issue(struct audit *a, const struct source *src, const struct json_issue *i)
{
	struct place at = place_at(a, src, i->offset);
	struct spot first;

	if (i->kind != JSON_DUPLICATE) {
		audit_diag(a, DIAG_UNPARSABLE, NULL, &at, "%s", i->message);
		return;
	}
	at = place_of_key(src, i->node);
	if (i->first) {
		struct place before = place_of_key(src, i->first);

		if (place_spot(a->arena, &before, &first)) {
			audit_diag(a, DIAG_DUPLICATE_KEY, NULL, &at, "%s; first given in line %zu",
				   i->message, first.line);
			return;
		}
	}
	audit_diag(a, DIAG_DUPLICATE_KEY, NULL, &at, "%s", i->message);
}

static void say_issues(struct input *in, const struct source *src, const struct json_set *set)
{
	bool said = false;

	in->template = is_template(set, src);
	for (const struct json_issue *i = set->issues; i; i = i->next) {
		if (in->template && i->kind != JSON_DUPLICATE && i->kind != JSON_LIMIT) {
			struct place at = place_at(in->audit, src, i->offset);

			if (!said)
				audit_diag(
					in->audit, DIAG_UNPARSABLE, NULL, &at,
					"this is a template ({{ ... }}), not yet a manifest: render "
					"it and audit the result (helm template ... | atoll audit -)");
			said = true;
			continue;
		}
		say_issue(in->audit, src, i);
	}
}

static const struct json_issue *first_broken(const struct json_set *set)
{
	for (const struct json_issue *i = set->issues; i; i = i->next)
		if (i->kind == JSON_BROKEN)
			return i;
	return NULL;
}

/* By its name, or because its first key is quoted. */
static bool meant_as_json(const struct source *src, size_t start)
{
	size_t n = strlen(src->name);

	if (n > 5 && strcmp(src->name + n - 5, ".json") == 0)
		return true;
	start += strspn(src->text + start, " \t\r\n{[");
	return src->text[start] == '"';
}

/* What starts like JSON is JSON, unless only YAML can make sense of it: `{a: b}`. Of two that
 * both fail, the one that gives more documents counts, or the one that was meant. */
static void parse(struct audit *a, struct source *src, struct json_set *ret)
{
	size_t blank = 0;
	const struct json_issue *broken;
	struct json_set yaml;

	while (blank < src->len && strchr(" \t\r\n", src->text[blank]) && src->text[blank])
		blank++;
	src->yaml = blank == src->len || !strchr("{[", src->text[blank]) || !src->text[blank];
	if (src->yaml) {
		yaml_read_pooled(src->text, src->len, a->pool, ret);
		return;
	}
	json_read_pooled(src->text, src->len, a->pool, ret);
	broken = first_broken(ret);
	if (!broken)
		return;
	yaml_read_pooled(src->text, src->len, a->pool, &yaml);
	if (yaml.doc_count < ret->doc_count)
		return;
	if (yaml.doc_count == ret->doc_count && yaml.issues &&
	    (meant_as_json(src, blank) || broken->offset >= yaml.issues->offset))
		return;
	if (meant_as_json(src, blank))
		(void)json_set_issue(&yaml, a->arena, JSON_BROKEN, broken->offset, "%s",
				     broken->message);
	src->yaml = true;
	*ret = yaml;
}

/* Texts are in the books once something is said of them. */
static void link_source(struct audit *a, struct source *src)
{
	*a->sources_end = src;
	a->sources_end = &src->next;
	a->source_count++;
}

static void say_encoding(struct input *in, const struct source *src, const struct decoded *d)
{
	struct place at;

	if (d->from == ENC_UTF32) {
		audit_diag(in->audit, DIAG_UNPARSABLE, NULL, &(struct place){ .src = src },
			   "this is UTF-32, which no consumer of configurations reads");
		return;
	}
	if (d->bad_count == 0)
		return;
	at = place_at(in->audit, src, d->bad);
	audit_diag(in->audit, DIAG_UNPARSABLE, NULL, &at,
		   "not valid %s: %zu %s here replaced by U+FFFD, as Kubernetes does",
		   d->from == ENC_UTF8 ? "UTF-8" : "UTF-16", d->bad_count,
		   d->bad_count == 1 ? "place is" : "places are");
}

static unsigned int read_documents(struct input *in, struct source *src, const struct decoded *d)
{
	struct json_set set;
	unsigned int kinds = 0;
	bool damaged;

	parse(in->audit, src, &set);
	for (const struct json_tree *t = set.docs; t; t = t->next)
		kinds |= kinds_in(src, t->root);
	damaged = set.issues || d->bad_count || d->from == ENC_UTF32;
	if (in->found && !kinds && !(damaged && was_meant(src))) {
		in->audit->passed_count++;
		return 0;
	}
	link_source(in->audit, src);
	src->hashes = set.hashes;
	src->hash_count = set.hash_count;
	in->read++;
	say_encoding(in, src, d);
	say_issues(in, src, &set);
	for (const struct json_tree *t = set.docs; t; t = t->next)
		read_document(in, src, t->root);
	if (!set.docs && !set.issues && d->from != ENC_UTF32)
		audit_diag(in->audit, DIAG_EMPTY, NULL, &(struct place){ .src = src },
			   "there is nothing in it");
	return kinds;
}

unsigned int input_text(struct input *in, const char *name, const char *raw, size_t len, bool kept)
{
	struct audit *a = in->audit;
	struct source *src;
	struct decoded d;

	in->root = NULL;
	if (len > SOURCE_SIZE_MAX || len > INPUT_TOTAL_MAX - a->input_bytes) {
		input_diag(in, DIAG_UNPARSABLE, name, "%s: it is not read",
			   len > SOURCE_SIZE_MAX ? "larger than 256 MiB"
						 : "with it, all inputs are larger than 512 MiB");
		return 0;
	}
	src = ARENA_NEW(a->arena, struct source);
	src->name = arena_strdup(a->arena, name);
	src->file = in->file;
	a->input_bytes += len;
	if (!a->pool)
		a->pool = json_pool_new(a->arena);
	encoding_decode(kept ? raw : arena_strndup(a->arena, raw, len), len, a->arena, &d);
	src->text = d.text;
	src->len = d.len;
	return read_documents(in, src, &d);
}

void audit_read_text(struct audit *a, const char *name, const char *text, size_t len)
{
	struct input in = { .audit = a };

	(void)input_text(&in, name, text, len, false);
}
