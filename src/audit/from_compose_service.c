/* SPDX-License-Identifier: Apache-2.0 */
/* A Compose service -> facts: who it runs as and with what rights, and its parts. */
#include <string.h>
#include <strings.h>

#include "audit/from_compose.h"
#include "audit/spec.h"
#include "base/cleanup.h"
#include "base/num.h"

/* ---- Single answers ----------------------------------------------------------------------- */

static const char *unset_why(struct cservice *s, const struct cv *v)
{
	return arena_printf(s->a->arena, "variable %s is not set", v->unset);
}

/* A boolean; absent: no. */
static enum tri truth(struct cservice *s, const struct cv *v, const char **ret_why)
{
	bool is = false;

	*ret_why = NULL;
	if (!v || v->type == JSON_NULL)
		return TRI_NO;
	if (v->unset)
		*ret_why = unset_why(s, v);
	else if (cv_truth(v, &is))
		return is ? TRI_YES : TRI_NO;
	else
		*ret_why = "its value is no boolean";
	return TRI_UNKNOWN;
}

static enum tri set_truth(struct cservice *s, enum fact_id id, const struct cv *v)
{
	const char *why;
	enum tri is = truth(s, v, &why);

	fact_set(s->f, id, is, v ? cv_at(v) : s->at, why);
	return is;
}

static void set_privileged(struct cservice *s)
{
	const struct cv *v = cv_get(s->v, "privileged"), *build = cv_get(s->v, "build");

	if (set_truth(s, FACT_PRIVILEGED, v) == TRI_YES)
		s->privileged = v;
	if (set_truth(s, FACT_BUILD_PRIVILEGED, cv_get(build, "privileged")) == TRI_YES)
		return;
	for (v = cv_first(cv_get(build, "entitlements")); v; v = cv_after(v))
		if (cv_text(v) && !strcmp(v->text, "security.insecure"))
			fact_set(s->f, FACT_BUILD_PRIVILEGED, TRI_YES, cv_at(v), v->text);
}

static void set_pids(struct cservice *s)
{
	const struct cv *deploy = cv_get(cv_get(cv_get(s->v, "deploy"), "resources"), "limits");
	const struct cv *v = cv_get(deploy, "pids"), *own = cv_get(s->v, "pids_limit");
	const char *text;
	int64_t limit = 0;

	if (cv_text(v) && cv_text(own) && strcmp(v->text, own->text) != 0)
		cv_diag(s->c, DIAG_UNKNOWN_VALUE, own,
			"pids_limit differs from deploy.resources.limits.pids, which docker compose "
			"refuses");
	v = v ? v : own;
	text = cv_text(v);
	if (v && v->unset)
		fact_set(s->f, FACT_PIDS_LIMITED, TRI_UNKNOWN, cv_at(v), unset_why(s, v));
	else if (text && num_i64(text, strlen(text), &limit) < 0)
		fact_set(s->f, FACT_PIDS_LIMITED, TRI_UNKNOWN, cv_at(v), "its limit is no number");
	else
		fact_set(s->f, FACT_PIDS_LIMITED, limit > 0 ? TRI_YES : TRI_NO,
			 v ? cv_at(v) : s->at, text);
}

/* "root", "0", "00:0"; no other name is taken for uid 0. */
static bool is_root(const char *user)
{
	size_t len = strcspn(user, ":");

	return len == 0 || strspn(user, "0") == len || (len == 4 && !memcmp(user, "root", 4));
}

static void set_user(struct cservice *s)
{
	const struct cv *v = cv_get(s->v, "user");
	const char *user = cv_text(v), *why = user;
	enum tri root = TRI_YES, host;

	if (v && v->unset) {
		root = TRI_UNKNOWN;
		why = unset_why(s, v);
	} else if (!user || !*user) {
		why = "no user is set: the image decides, root by default";
	} else if (!is_root(user)) {
		root = TRI_NO;
	}
	host = root;
	if (root == TRI_YES && s->f->ns_of[NST_USER].mode == NSM_OWN)
		host = TRI_NO;
	else if (root != TRI_NO && s->f->ns_of[NST_USER].mode == NSM_UNKNOWN)
		host = TRI_UNKNOWN;
	fact_set(s->f, FACT_ROOT, root, v ? cv_at(v) : s->at, why);
	fact_set(s->f, FACT_ROOT_OF_HOST, host, v ? cv_at(v) : s->at, why);
}

static void set_groups(struct cservice *s)
{
	const struct spec spec = { .a = s->a, .f = s->f };

	list_whole(s->f, LIST_GROUPS);
	for (const struct cv *v = cv_first(cv_get(s->v, "group_add")); v; v = cv_after(v)) {
		const char *word = cv_text(v);

		if (word && v->unset)
			list_unknown(s->f, LIST_GROUPS, unset_why(s, v));
		if (word)
			spec_group(&spec, cv_at(v), word);
	}
}

/* ---- Capabilities ------------------------------------------------------------------------- */

/* Names of one list. Returns the bits; *ret_all: the place of ALL. */
static uint64_t cap_list(struct cservice *s, const struct cv *list, bool adds,
			 const struct cv **ret_all)
{
	struct cap_fact *c = &s->f->caps;
	uint64_t bits = 0;

	*ret_all = NULL;
	for (const struct cv *v = cv_first(list); v; v = cv_after(v)) {
		const char *name = cv_text(v);
		struct json node = { .type = JSON_STRING };
		struct place at = cv_at(v);
		struct json names = { .type = JSON_ARRAY, .child = &node, .count = 1 };
		struct spec spec = { s->a, s->f, &at };
		struct cap_names found;

		if (!name || v->unset)
			continue;
		node.text = name;
		node.len = (uint32_t)strlen(node.text);
		found = spec_caps(&spec, &names, true);
		if (found.all)
			*ret_all = v;
		bits |= found.bits;
		if (!adds || !found.bits)
			continue;
		c->added |= found.bits;
		c->added_at[__builtin_ctzll(found.bits)] = arena_dup(s->a->arena, &at, sizeof(at));
	}
	return bits;
}

static const struct cv *first_unset(const struct cv *list)
{
	for (const struct cv *v = cv_first(list); v; v = cv_after(v))
		if (v->unset)
			return v;
	return NULL;
}

static void set_caps(struct cservice *s)
{
	const struct cv *add = cv_get(s->v, "cap_add"), *drop = cv_get(s->v, "cap_drop");
	const struct cv *add_all, *drop_all;
	uint64_t added = cap_list(s, add, true, &add_all);
	uint64_t dropped = cap_list(s, drop, false, &drop_all), bits;
	struct cap_fact *c = &s->f->caps;
	struct place at = s->privileged ? cv_at(s->privileged) : drop ? cv_at(drop) : s->at;

	c->all = caps_known();
	if (s->privileged) /* as dockerd's TweakCapabilities() */
		bits = c->all;
	else if (add_all)
		bits = c->all & ~dropped;
	else
		bits = (drop_all ? 0 : caps_docker & ~dropped) | added;
	for (int i = 0; i < CAPS_SETS; i++) {
		c->known[i] = true;
		c->at[i] = at;
		if (i == CAPS_BOUNDING || i == CAPS_EFFECTIVE || i == CAPS_PERMITTED)
			c->bits[i] = bits;
	}
	c->named_all = add_all != NULL;
	if (add_all)
		c->all_at = cv_at(add_all);
	c->dropped_at = drop ? cv_at(drop) : s->at;
	fact_set(s->f, FACT_DROPS_ALL, drop_all && !add_all && !s->privileged ? TRI_YES : TRI_NO,
		 drop ? cv_at(drop) : s->at, NULL);
	drop_all = first_unset(add) ? first_unset(add) : first_unset(drop);
	if (!drop_all)
		return;
	for (int i = 0; i < CAPS_SETS && !s->privileged; i++)
		c->known[i] = false;
	if (!s->privileged)
		fact_set(s->f, FACT_DROPS_ALL, TRI_UNKNOWN, cv_at(drop_all),
			 unset_why(s, drop_all));
}

/* ---- PID 1 -------------------------------------------------------------------------------- */

/* A command as it is started: a list as it is, a string split into words (no shell). */
static const struct json *words_of(struct cservice *s, const struct cv *v)
{
	struct arena *a = s->a->arena;
	const char *const *words = NULL;
	struct json *list = ARENA_NEW(a, struct json), *last = NULL, *word;
	const struct cv *item = NULL;

	list->type = JSON_ARRAY;
	if (v && v->type == JSON_ARRAY)
		item = cv_first(v);
	else if (cv_text(v))
		words = short_words(a, v->text);
	while (item || (words && *words)) {
		const char *text = item ? cv_text(item) : *words;

		if (item)
			item = cv_after(item);
		else
			words++;
		if (!text)
			continue;
		word = ARENA_NEW(a, struct json);
		word->type = JSON_STRING;
		word->text = text;
		word->len = (uint32_t)strlen(text);
		if (last)
			last->next = word;
		else
			list->child = word;
		last = word;
		list->count++;
	}
	return list;
}

enum { COMMAND_SHOWN = 16 };

static const char *command_text(struct arena *a, const struct json *first,
				const struct json *second)
{
	const char *text = NULL;
	int n = 0;

	for (int i = 0; i < 2; i++)
		for (const struct json *w = (i ? second : first)->child; w; w = w->next)
			if (n++ < COMMAND_SHOWN)
				text = text ? arena_printf(a, "%s %s", text, w->text) : w->text;
	return text;
}

static void set_init(struct cservice *s)
{
	const struct cv *init = cv_get(s->v, "init"), *command = cv_get(s->v, "command");
	const struct cv *entry = cv_get(s->v, "entrypoint"), *at;
	const struct json *first = words_of(s, entry), *second = words_of(s, command);
	struct spec spec = { s->a, s->f, NULL };
	const char *why;
	enum tri given = truth(s, init, &why);

	s->f->command = command_text(s->a->arena, first, second);
	at = first->count ? entry : command;
	if (given == TRI_YES) {
		spec_init_given(s->f, cv_at(init), "init: true");
	} else if (given == TRI_UNKNOWN) {
		fact_set(s->f, FACT_INIT_REAPS, TRI_UNKNOWN, cv_at(init), why);
		fact_set(s->f, FACT_INIT_TERM, TRI_UNKNOWN, cv_at(init), why);
	} else if (first->count || second->count) {
		spec_init(&spec, first, second, cv_at(at));
	} else {
		/* Nobody asked for an init, which is all that this file can say. */
		fact_set(s->f, FACT_INIT_REAPS, TRI_NO, init ? cv_at(init) : s->at,
			 "what the image starts (init: true is not set)");
		fact_set(s->f, FACT_INIT_TERM, TRI_UNKNOWN, s->at,
			 "the image's command is not known");
	}
}

static void set_working_dir(struct cservice *s)
{
	const struct cv *v = cv_get(s->v, "working_dir");
	struct json node = { .type = JSON_STRING };
	struct place at = v ? cv_at(v) : s->at;
	struct spec spec = { s->a, s->f, &at };

	node.text = cv_text(v);
	spec_cwd(&spec, node.text ? &node : NULL);
	if (v && v->unset)
		list_unknown(s->f, LIST_FD_LEAKS, unset_why(s, v));
}

/* ---- Lists -------------------------------------------------------------------------------- */

static void set_sysctls(struct cservice *s)
{
	list_whole(s->f, LIST_SYSCTLS);
	for (const struct cv *v = cv_first(cv_get(s->v, "sysctls")); v; v = cv_after(v)) {
		struct item *i = list_add(s->a, s->f, LIST_SYSCTLS, cv_at(v), v->key);

		i->arg = cv_text(v);
		if (v->unset && !*v->key)
			list_unknown(s->f, LIST_SYSCTLS, unset_why(s, v));
	}
}

static void set_hooks(struct cservice *s)
{
	static const char *const fields[] = { "pre_start", "post_start", "pre_stop" };
	struct arena *a = s->a->arena;
	const char *why, *text;

	list_whole(s->f, LIST_HOOKS);
	list_whole(s->f, LIST_INTRUDERS);
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		const struct cv *h = cv_first(cv_get(s->v, fields[i])), *v;

		for (; h; h = cv_after(h)) {
			v = cv_get(h, "privileged");
			switch (truth(s, v, &why)) {
			case TRI_NO: break;
			case TRI_UNKNOWN:
				list_unknown(s->f, LIST_HOOKS, why);
				list_unknown(s->f, LIST_INTRUDERS, why);
				break;
			case TRI_YES:
				text = command_text(a, words_of(s, cv_get(h, "command")),
						    words_of(s, NULL));
				text = arena_printf(a, "%s: %s, privileged", fields[i],
						    text ? text : "no command");
				list_add(s->a, s->f, LIST_HOOKS, cv_at(v), text);
				if (!s->privileged)
					list_add(s->a, s->f, LIST_INTRUDERS, cv_at(v), text);
			}
		}
	}
}

/* A node that stands where `at` does; what came from another file stands where the service does. */
static struct json *node_like(struct cservice *s, const struct cv *at, const char *key)
{
	const struct json *like = at->src == s->f->src ? at->node : s->v->node;
	struct json *node = ARENA_NEW(s->a->arena, struct json);

	node->key = key;
	node->offset = like->offset;
	node->key_offset = like->key && like->key[0] ? like->key_offset : like->offset;
	return node;
}

/* Labels as a mapping of the tree's kind, which is what suppressions are read from. */
static const struct json *labels_of(struct cservice *s, const char *field)
{
	const struct cv *map = cv_get(s->v, field);
	struct json *ret, *last = NULL, *label;

	if (!map || map->type != JSON_OBJECT)
		return NULL;
	ret = node_like(s, map, field);
	ret->type = JSON_OBJECT;
	ret->parent = s->v->node;
	for (const struct cv *v = cv_first(map); v; v = cv_after(v)) {
		label = node_like(s, v, v->key);
		label->type = JSON_STRING;
		label->text = cv_text(v) ? v->text : "";
		label->len = (uint32_t)strlen(label->text);
		label->parent = ret;
		if (last)
			last->next = label;
		else
			ret->child = label;
		last = label;
		ret->count++;
	}
	return ret;
}

/* ---- The service -------------------------------------------------------------------------- */

static void set_names(struct cservice *s)
{
	const char *platform = cv_text(cv_get(s->v, "platform"));
	const char *name = cv_text(cv_get(s->v, "container_name"));
	struct facts *f = s->f;

	f->at = s->at;
	f->object = arena_printf(s->a->arena, "service/%s", s->v->key);
	f->name = name ? name : s->v->key;
	f->image = cv_text(cv_get(s->v, "image"));
	f->windows = platform && !strncasecmp(platform, "windows", 7);
	f->labels = labels_of(s, "labels");
	f->annotations = labels_of(s, "annotations");
}

void compose_service(struct compose *c, const struct cproject *p, const struct cv *service)
{
	struct cservice s = {
		.c = c,
		.a = c->a,
		.project = p,
		.v = service,
		.at = place_of_key(service->src, service->node),
	};

	if (service->type != JSON_OBJECT || cv_get(service, "provider"))
		return; /* said; made by another program, not a container */
	s.f = audit_object(c->a, IN_COMPOSE, service->src, service->node);
	if (!s.f)
		return;
	set_names(&s);
	if (!cv_get(service, "image") && !cv_get(service, "build"))
		cv_diag(c, DIAG_UNRESOLVED, service,
			"%s has neither an image nor a build: docker compose refuses it, unless "
			"another file completes it",
			s.f->object)
			->blocks = false;
	set_privileged(&s);
	compose_namespaces(&s);
	set_user(&s);
	set_groups(&s);
	set_caps(&s);
	compose_security(&s);
	set_init(&s);
	set_working_dir(&s);
	set_truth(&s, FACT_ROOTFS_READONLY, cv_get(service, "read_only"));
	set_pids(&s);
	set_sysctls(&s);
	set_hooks(&s);
	compose_devices(&s);
	compose_mounts(&s);
	compose_ports(&s);
}
