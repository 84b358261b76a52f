/* SPDX-License-Identifier: Apache-2.0 */
/* security_opt of a Compose service, split as docker compose and dockerd split it; Podman's
 * words for it are known too. */
#include <errno.h>
#include <string.h>

#include "audit/from_compose.h"
#include "audit/spec.h"
#include "base/cleanup.h"

struct option {
	struct cservice *s;
	const struct cv *v;       /* the entry */
	const char *name, *value; /* value: NULL if there is none */
};

static void bad_value(struct option *o)
{
	cv_diag(o->s->c, DIAG_UNKNOWN_VALUE, o->v, "security_opt: %s has no value \"%s\"", o->name,
		o->value);
}

/* Go's strconv.ParseBool. */
static enum tri parse_bool(struct option *o)
{
	static const char *const yes[] = { "1", "t", "T", "true", "TRUE", "True" };
	static const char *const no[] = { "0", "f", "F", "false", "FALSE", "False" };

	for (size_t i = 0; o->value && i < ARRAY_LEN(yes); i++) {
		if (!strcmp(o->value, yes[i]))
			return TRI_YES;
		if (!strcmp(o->value, no[i]))
			return TRI_NO;
	}
	if (!o->value)
		return TRI_YES;
	bad_value(o);
	return TRI_UNKNOWN;
}

static void no_new_privileges(struct option *o)
{
	fact_set(o->s->f, FACT_NO_NEW_PRIVS, parse_bool(o), cv_at(o->v), o->v->text);
}

static void writable_cgroups(struct option *o)
{
	fact_set(o->s->f, FACT_CGROUP_WRITABLE, parse_bool(o), cv_at(o->v), o->v->text);
}

static void apparmor(struct option *o)
{
	struct spec spec = { o->s->a, o->s->f, NULL };

	spec_apparmor(&spec, o->value, cv_at(o->v));
}

static void opaque(struct option *o, const char *why)
{
	o->s->f->seccomp = (struct mode_fact){ SECM_OPAQUE, cv_at(o->v), why };
}

/* docker compose puts the file's text in the place of its name. */
static void seccomp_profile(struct option *o, const char *text, size_t len, const char *name)
{
	struct place at = cv_at(o->v);
	struct spec spec = { o->s->a, o->s->f, &at };
	struct json_doc doc;
	struct err e = { 0 };

	if (json_parse(name, text, len, o->s->a->arena, &doc, &e) < 0) {
		cv_diag(o->s->c, DIAG_UNPARSABLE, o->v, "the seccomp profile %s is no JSON", name);
		opaque(o, "its seccomp profile cannot be read");
		return;
	}
	spec_seccomp(&spec, doc.root, o->s->f->caps.bits[CAPS_BOUNDING]);
}

static void seccomp(struct option *o)
{
	const struct source *main = o->s->project->main; /* also for what stands in another file */
	struct arena *a = o->s->a->arena;
	char *text = NULL;
	size_t len = 0;
	int r;

	o->s->f->seccomp = (struct mode_fact){ SECM_UNKNOWN, cv_at(o->v), o->value };
	if (!strcmp(o->value, "unconfined")) {
		o->s->f->seccomp.mode = SECM_UNCONFINED;
	} else if (!strcmp(o->value, "builtin") || !strcmp(o->value, "default")) {
		o->s->f->seccomp.mode = SECM_DEFAULT;
	} else if (*o->value == '{') {
		seccomp_profile(o, o->value, strlen(o->value), "in security_opt");
	} else {
		r = compose_beside(o->s->c, main, compose_dir(o->s->c, main), o->value,
				   COMPOSE_PROFILE_MAX, &text, &len);
		if (r == 0) {
			seccomp_profile(o, text, len, o->value);
			return;
		}
		if (main->file)
			cv_diag(o->s->c, r == -ENOENT ? DIAG_UNRESOLVED : DIAG_UNREADABLE, o->v,
				"the seccomp profile %s: %s", o->value, strerror(-r));
		opaque(o, arena_printf(a, "the seccomp profile %s is not at hand", o->value));
	}
}

/* "disable", or "type:spc_t" and the like. */
static void label(struct option *o)
{
	static const char *const kinds[] = { "user:", "role:", "type:", "level:" };
	struct facts *f = o->s->f;
	const char *type;

	if (!strcmp(o->value, "disable")) {
		f->selinux = (struct mode_fact){ LSMM_UNCONFINED, cv_at(o->v), o->v->text };
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (!strncmp(o->value, kinds[i], strlen(kinds[i])))
			list_add(o->s->a, f, LIST_SELINUX, cv_at(o->v), o->value);
	if (strncmp(o->value, "type:", 5) != 0)
		return;
	type = o->value + 5;
	if (f->selinux.mode != LSMM_UNCONFINED)
		f->selinux = (struct mode_fact){ !strcmp(type, "spc_t") ||
								 !strcmp(type, "unconfined_t")
							 ? LSMM_UNCONFINED
							 : LSMM_CUSTOM,
						 cv_at(o->v), type };
}

static void systempaths(struct option *o)
{
	struct spec spec = { o->s->a, o->s->f, NULL };

	if (!strcmp(o->value, "unconfined"))
		spec_unmasked(&spec, cv_at(o->v));
	else
		bad_value(o);
}

/* Podman: "ALL", or paths with ":" between. */
static void unmask(struct option *o)
{
	struct spec spec = { o->s->a, o->s->f, NULL };

	if (!strcmp(o->value, "ALL") || !strcmp(o->value, "all"))
		spec_unmasked(&spec, cv_at(o->v));
	else
		list_add(o->s->a, o->s->f, LIST_UNMASKED, cv_at(o->v), o->value);
}

static void nothing(struct option *o)
{
	(void)o;
}

static const struct option_row {
	const char *name;
	bool alone; /* may stand without a value */
	void (*apply)(struct option *o);
} options[] = {
	{ "no-new-privileges", true, no_new_privileges },
	{ "seccomp", false, seccomp },
	{ "apparmor", false, apparmor },
	{ "label", false, label },
	{ "systempaths", false, systempaths },
	{ "writable-cgroups", true, writable_cgroups },
	{ "unmask", false, unmask },
	{ "mask", false, nothing }, /* more than the default is hidden */
	{ "proc-opts", false, nothing },
	{ "credentialspec", false, nothing },
};

static void apply(struct cservice *s, const struct cv *v)
{
	const char *cut = strchr(v->text, '=');
	struct option o = { .s = s, .v = v };

	if (!cut)
		cut = strchr(v->text, ':');
	o.name = cut ? arena_strndup(s->a->arena, v->text, (size_t)(cut - v->text)) : v->text;
	o.value = cut ? cut + 1 : NULL;
	if (v->unset)
		return;                         /* that was said */
	if (!cut && !strcmp(o.name, "disable")) /* as `label=disable` was once written */
		o.name = "label", o.value = "disable";
	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		if (strcmp(o.name, options[i].name) != 0)
			continue;
		if (!o.value && !options[i].alone)
			break;
		options[i].apply(&o);
		return;
	}
	cv_diag(s->c, DIAG_UNKNOWN_VALUE, v, "the engine knows no security option \"%s\"", v->text);
}

/* What holds if security_opt says nothing. */
static void defaults(struct cservice *s)
{
	struct place at = s->privileged ? cv_at(s->privileged) : s->at;
	struct spec spec = { s->a, s->f, NULL };
	struct facts *f = s->f;

	fact_set(f, FACT_NO_NEW_PRIVS, TRI_NO, s->at, NULL);
	list_whole(f, LIST_SELINUX);
	list_whole(f, LIST_UNMASKED);
	list_whole(f, LIST_PROC_WRITABLE);
	list_whole(f, LIST_SECCOMP_WEAK);
	fact_set(f, FACT_CGROUP_WRITABLE, s->privileged ? TRI_YES : TRI_NO, at, NULL);
	f->seccomp = (struct mode_fact){ s->privileged ? SECM_UNCONFINED : SECM_DEFAULT, at, NULL };
	f->apparmor = (struct mode_fact){ s->privileged ? LSMM_UNCONFINED : LSMM_DEFAULT, at,
					  NULL };
	f->selinux = f->apparmor;
	if (s->privileged)
		spec_unmasked(&spec, at);
}

static void not_known(struct cservice *s, const struct cv *v)
{
	const char *why = arena_printf(s->a->arena, "variable %s is not set", v->unset);
	struct place at = cv_at(v);
	struct facts *f = s->f;

	fact_set(f, FACT_NO_NEW_PRIVS, TRI_UNKNOWN, at, why);
	f->seccomp = (struct mode_fact){ SECM_UNKNOWN, at, why };
	f->apparmor = (struct mode_fact){ LSMM_UNKNOWN, at, why };
	f->selinux = (struct mode_fact){ LSMM_UNKNOWN, at, why };
}

void compose_security(struct cservice *s)
{
	const struct cv *list = cv_get(s->v, "security_opt");

	defaults(s);
	for (const struct cv *v = cv_first(list); v; v = cv_after(v))
		if (v->unset)
			not_known(s, v);
	for (const struct cv *v = cv_first(list); v; v = cv_after(v))
		if (cv_text(v))
			apply(s, v);
}
