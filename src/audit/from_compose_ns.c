/* SPDX-License-Identifier: Apache-2.0 */
/* Namespaces of a Compose service, also where it takes them from another one. */
#include <string.h>

#include "audit/from_compose.h"
#include "base/cleanup.h"

enum { CHAIN_MAX = 128 };

/* What a mode may be beside host, service:NAME, container:NAME and, with Podman, ns:PATH. */
static const struct ns_row {
	const char *field;
	enum ns_type type;
	bool any; /* also the name of a network */
	const char *own[6];
} rows[] = {
	{ "pid", NST_PID, false, { "private" } },
	{ "network_mode", NST_NET, true, { NULL } },
	{ "ipc", NST_IPC, false, { "private", "shareable", "none" } },
	{ "uts", NST_UTS, false, { "private" } },
	{ "cgroup", NST_CGROUP, false, { "private" } },
	{ "userns_mode", NST_USER, false, { "auto", "keep-id", "nomap", "private" } },
};

static bool is_own(const struct ns_row *r, const char *text)
{
	size_t len = strcspn(text, ":"); /* "keep-id:uid=1" */

	if (!*text || r->any)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(r->own) && r->own[i]; i++)
		if (strlen(r->own[i]) == len && !memcmp(r->own[i], text, len))
			return true;
	return false;
}

static const char *after(const char *text, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncmp(text, prefix, len) == 0 ? text + len : NULL;
}

/* A network of the name "host" is the host's, by whatever name the file calls it. */
static const struct cv *host_network(const struct cservice *s, const struct cv *service)
{
	const struct cv *nets = cv_get(s->project->model, "networks"), *net;
	const char *name;

	for (const struct cv *n = cv_first(cv_get(service, "networks")); n; n = cv_after(n)) {
		net = cv_get(nets, n->key);
		name = cv_text(cv_get(net, "name"));
		if (!name)
			name = cv_text(cv_get(cv_get(net, "external"), "name"));
		if (name && !strcmp(name, "host"))
			return n;
	}
	return NULL;
}

struct answer {
	enum ns_mode mode;
	const char *text;
};

static struct answer unset(struct cservice *s, const struct cv *v)
{
	return (struct answer){ NSM_UNKNOWN,
				arena_printf(s->a->arena, "variable %s is not set", v->unset) };
}

static struct answer no_end(struct cservice *s, const struct ns_row *r, const struct cv *first,
			    const char *how)
{
	const char *why = arena_printf(s->a->arena, "services refer to each other %s", how);

	cv_diag(s->c, DIAG_UNRESOLVED, first, "%s: %s", r->field, why);
	return (struct answer){ NSM_UNKNOWN, why };
}

/* Where service:NAME leads to in the end; `first` is what stands in the service itself. */
static struct answer follow(struct cservice *s, const struct ns_row *r, const struct cv *first)
{
	const struct cv *v = first, *service, *mark = NULL;
	struct answer ret = { NSM_CONTAINER, first->text };
	const char *name;

	for (int i = 0; i < CHAIN_MAX; i++) {
		name = after(v->text, "service:");
		service = cindex_get(&s->project->by_name, name);
		if (!service) {
			cv_diag(s->c, DIAG_UNRESOLVED, v, "there is no service %s", name);
			ret.mode = NSM_UNKNOWN;
			ret.text = arena_printf(s->a->arena, "there is no service %s", name);
			return ret;
		}
		if (service == mark)
			return no_end(s, r, first, "in a ring");
		if (i == CHAIN_MAX / 2) /* by now it goes round, if it does */
			mark = service;
		v = cv_get(service, r->field);
		if (r->type == NST_NET && host_network(s, service)) {
			ret = (struct answer){ NSM_HOST,
					       arena_printf(s->a->arena,
							    "%s, which is in the host's network",
							    first->text) };
			return ret;
		}
		if (!cv_text(v))
			return ret;
		if (v->unset)
			return unset(s, v);
		if (!strcmp(v->text, "host")) {
			ret.mode = NSM_HOST;
			ret.text = arena_printf(s->a->arena, "%s, which has %s: host", first->text,
						r->field);
			return ret;
		}
		if (!after(v->text, "service:"))
			return ret;
	}
	return no_end(s, r, first, "in a chain that is too long to be followed");
}

static struct answer mode_of(struct cservice *s, const struct ns_row *r, const struct cv *v)
{
	const char *text = v->text;

	if (v->unset)
		return unset(s, v);
	if (!strcmp(text, "host"))
		return (struct answer){ NSM_HOST, text };
	if (r->type != NST_USER && r->type != NST_CGROUP && r->type != NST_UTS) {
		if (after(text, "service:"))
			return follow(s, r, v);
		if (after(text, "container:"))
			return (struct answer){ NSM_CONTAINER, text };
	}
	if (after(text, "ns:"))
		return (struct answer){ NSM_PATH, after(text, "ns:") };
	if (is_own(r, text))
		return (struct answer){ NSM_OWN, text };
	cv_diag(s->c, DIAG_UNKNOWN_VALUE, v, "%s: docker compose knows no mode \"%s\"", r->field,
		text);
	return (struct answer){ NSM_UNKNOWN, "its mode is none that is known" };
}

void compose_namespaces(struct cservice *s)
{
	struct facts *f = s->f;
	const struct cv *net = host_network(s, s->v), *v;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct ns_row *r = &rows[i];
		struct answer a;

		v = cv_get(s->v, r->field);
		if (cv_text(v) && (*v->text || v->unset)) {
			a = mode_of(s, r, v);
			ns_set(f, r->type, a.mode, cv_at(v), a.text);
		} else if (r->type == NST_NET && net) {
			ns_set(f, r->type, NSM_HOST, cv_at(net),
			       arena_printf(s->a->arena, "network %s", net->key));
		} else if (r->type == NST_USER) {
			ns_set(f, r->type, NSM_HOST, s->at, NULL);
		} else {
			ns_set(f, r->type, NSM_OWN, s->at, NULL);
		}
	}
	v = cv_get(s->v, "userns_mode");
	fact_set(f, FACT_USERNS_EXPLICIT_HOST,
		 v && f->ns_of[NST_USER].mode == NSM_UNKNOWN   ? TRI_UNKNOWN
		 : v && cv_text(v) && !strcmp(v->text, "host") ? TRI_YES
							       : TRI_NO,
		 v ? cv_at(v) : s->at, cv_text(v));
}
