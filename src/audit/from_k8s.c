/* SPDX-License-Identifier: Apache-2.0 */
/* Documents -> pods.
 *
 * A kind of Kubernetes with pods is a row of a table, with the way to its pod template. Lists
 * are taken apart. Other kinds of Kubernetes have nothing to audit and are passed
 * over. What is of no known kind is searched for pods by their shape: an object with
 * a list `containers` of objects that have an image or a name (Argo Rollouts, Knative,
 * operators' podTemplate, Volcano ...).
 *
 * Of a kind that is not known, what its controller makes of it is not known either:
 *  - misspelt kinds of Kubernetes' own groups block ("Deploymnet" of apps/v1);
 *  - objects in which no pod was found, but an `image`, a `securityContext` or the like, block: there
 *    are containers in them that were not looked at (Tekton's steps, Argo's `container`);
 *  - all others are a note that does not block. */
#include "audit/from_k8s.h"

#include <string.h>

#include "base/str.h"

enum {
	LISTS_MAX = 16,         /* within each other */
	CONTAINERS_MAX = 10000, /* of a pod; an object of the API server is below 1.5 MiB */
};

static const struct json *first_of(const struct json *a, const struct json *b)
{
	return a ? a : b;
}

/* "apps/v1" -> is it a group of Kubernetes itself? Others end in .k8s.io as well. */
static bool group_is_own(const char *api_version)
{
	static const char *const groups[] = {
		"apps",
		"batch",
		"autoscaling",
		"policy",
		"extensions",
		"admission.k8s.io",
		"admissionregistration.k8s.io",
		"apiextensions.k8s.io",
		"apiregistration.k8s.io",
		"apiserver.config.k8s.io",
		"apiserver.k8s.io",
		"audit.k8s.io",
		"authentication.k8s.io",
		"authorization.k8s.io",
		"certificates.k8s.io",
		"client.authentication.k8s.io",
		"coordination.k8s.io",
		"discovery.k8s.io",
		"events.k8s.io",
		"flowcontrol.apiserver.k8s.io",
		"imagepolicy.k8s.io",
		"internal.apiserver.k8s.io",
		"kubeadm.k8s.io",
		"kubelet.config.k8s.io",
		"kubeproxy.config.k8s.io",
		"kubescheduler.config.k8s.io",
		"kustomize.config.k8s.io",
		"lifecycle.k8s.io",
		"networking.k8s.io",
		"node.k8s.io",
		"pod-security.admission.config.k8s.io",
		"rbac.authorization.k8s.io",
		"resource.k8s.io",
		"scheduling.k8s.io",
		"storage.k8s.io",
		"storagemigration.k8s.io",
	};
	const char *slash = api_version ? strchr(api_version, '/') : NULL;
	size_t len;

	if (!slash)
		return true; /* the core group, or none given */
	len = (size_t)(slash - api_version);
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (strlen(groups[i]) == len && !memcmp(groups[i], api_version, len))
			return true;
	return false;
}

/* "extensions/v1beta1" had what is in apps today, "v1" had OpenShift's. */
static bool group_fits(const struct k8s_workload *w, const char *api_version)
{
	const char *slash = api_version ? strchr(api_version, '/') : NULL;
	size_t len = slash ? (size_t)(slash - api_version) : 0;

	if (!api_version)
		return true;
	if (len == strlen(w->group) && !memcmp(w->group, api_version, len))
		return true;
	if (len == 10 && !memcmp(api_version, "extensions", 10))
		return !strcmp(w->group, "apps");
	return len == 0 && !strcmp(w->kind, "DeploymentConfig");
}

/* ---- One pod ------------------------------------------------------------------------------ */

static const struct json *object_or_null(const struct json *n)
{
	return n && n->type == JSON_OBJECT ? n : NULL;
}

/* Linux' fields do nothing there: the API server refuses them beside os.name, and the scheduler
 * keeps a selector's word. */
static bool is_windows(const struct json *spec)
{
	static const char *const labels[] = { "kubernetes.io/os", "beta.kubernetes.io/os" };
	const char *os = k8s_text(k8s_get(k8s_get(spec, "os"), "name"));

	for (size_t i = 0; !os && i < sizeof(labels) / sizeof(labels[0]); i++)
		os = k8s_text(k8s_get(k8s_get(spec, "nodeSelector"), labels[i]));
	return os && !strcmp(os, "windows");
}

static void add_containers(struct k8s_pod *p)
{
	static const char *const keys[] = { "initContainers", "containers", "ephemeralContainers" };
	const struct json *lists[3];
	struct k8s_container_ref *c;
	size_t count = 0;

	for (int role = K8S_INIT; role <= K8S_EPHEMERAL; role++) {
		lists[role] = k8s_get(p->spec, keys[role]);
		if (lists[role] && lists[role]->type != JSON_ARRAY)
			lists[role] = NULL;
		count += lists[role] ? lists[role]->count : 0;
	}
	if (count > CONTAINERS_MAX) {
		struct place at = place_of(p->src, p->spec);

		count = CONTAINERS_MAX;
		k8s_diag(p->a, DIAG_UNPARSABLE, NULL, &at,
			 "more than %d containers; what follows was not looked at", CONTAINERS_MAX);
	}
	c = arena_alloc(p->a->arena, (count + 1) * sizeof(*c));
	p->containers = c;
	for (int role = K8S_INIT; role <= K8S_EPHEMERAL; role++) {
		const struct json *n = lists[role] ? lists[role]->child : NULL;

		for (; n && count; n = n->next) {
			if (n->type != JSON_OBJECT)
				continue;
			count--;
			c->node = n;
			c->sc = object_or_null(k8s_get(n, "securityContext"));
			c->name = k8s_text(k8s_get(n, "name"));
			if (!c->name || !*c->name)
				c->name = arena_printf(p->a->arena, "#%u", (unsigned)n->index);
			c->role = (enum k8s_role)role;
			c++;
		}
	}
	p->container_count = (size_t)(c - p->containers);
}

static void add_pod(struct k8s_pod *p)
{
	const struct json *own =
		object_or_null(k8s_get(k8s_get(p->object, "metadata"), "annotations"));
	const struct json *of_pod = object_or_null(k8s_get(p->meta, "annotations"));

	p->sc = object_or_null(k8s_get(p->spec, "securityContext"));
	p->annotations = of_pod;
	k8s_notes_of(p);
	p->windows = is_windows(p->spec);
	add_containers(p);
	pss_judge(p);
	if (!p->container_count) {
		struct place at = place_of(p->src, p->spec);

		k8s_diag(p->a, DIAG_EMPTY, NULL, &at, "%s has no containers", p->title);
		return;
	}
	p->suppress = first_of(own, of_pod);
	p->suppress_too = p->suppress == of_pod ? NULL : of_pod;
	k8s_pod_facts(p);
}

static struct k8s_pod pod_of(struct audit *a, const struct source *src, const struct json *object,
			     const char *kind)
{
	const struct json *meta = k8s_get(object, "metadata");
	struct k8s_pod p = { .a = a, .src = src, .object = object, .kind = kind };

	p.ns = k8s_text(k8s_get(meta, "namespace"));
	if (!p.ns || !*p.ns)
		p.ns = "default";
	p.name = k8s_text(k8s_get(meta, "name"));
	if (!p.name)
		p.name = k8s_text(k8s_get(meta, "generateName"));
	if (!p.name)
		p.name = "";
	p.title = arena_printf(a->arena, "%s/%s/%s", p.kind, p.ns, p.name);
	return p;
}

static void read_workload(struct audit *a, const struct source *src, const struct json *object,
			  const struct k8s_workload *w, const char *api_version)
{
	struct k8s_pod p = pod_of(a, src, object, w->kind);
	const struct json *template = object, *above = object;
	unsigned int how = 0;

	for (size_t i = 0; template && w->path[i]; i++) {
		above = template;
		template = k8s_get(template, w->path[i]);
	}
	if (k8s_get(k8s_get(object, "metadata"), "uid"))
		how |= K8S_STORED;
	/* Versions of the past had other fields around the template. */
	if (w->type &&
	    (!api_version || !strstr(api_version, "beta") || !strcmp(w->kind, "CronJob")))
		k8s_check(a, src, object, w->type, how);
	else if (template)
		k8s_check(a, src, template, &k8s_pod_template, how);
	p.meta = k8s_get(template, "metadata");
	p.spec = k8s_get(template, "spec");
	p.claims = k8s_get(above, "volumeClaimTemplates");
	p.bare = template == object;
	if (!p.spec || p.spec->type != JSON_OBJECT) {
		struct place at = place_of(src, first_of(template, object));

		k8s_diag(a, DIAG_EMPTY, NULL, &at, "%s has no pod in it: its %sspec is missing",
			 p.title, w->path[0] ? "template's " : "");
		return;
	}
	add_pod(&p);
}

/* ---- By shape ----------------------------------------------------------------------------- */

struct search {
	struct k8s_pod base;
	size_t found;
	bool hints; /* something in it looks like a container */
};

static bool is_pod_shape(const struct json *n)
{
	const struct json *list = k8s_get(n, "containers");

	if (!list || list->type != JSON_ARRAY)
		return false;
	for (const struct json *c = list->child; c; c = c->next)
		if (k8s_text(k8s_get(c, "image")) || k8s_text(k8s_get(c, "name")))
			return true;
	return false;
}

static bool is_hint(const char *key)
{
	static const char *const keys[] = { "image",        "securityContext", "podSecurityContext",
					    "hostPID",      "hostNetwork",     "hostIPC",
					    "privileged",   "capabilities",    "hostPath",
					    "volumeMounts", "podTemplate" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (!strcmp(key, keys[i]))
			return true;
	return false;
}

/* The way to a pod, without what is always there: "spec.template.spec" is none, and
 * "spec.tasks.1.template.spec" is "tasks.1". */
static const char *way_to(struct arena *arena, const struct json *root, const struct json *spec)
{
	const struct json *way[JSON_DEEP_MAX];
	size_t n = 0, first = 0;
	struct str t = { .arena = arena };

	for (const struct json *j = spec; j && j != root && n < JSON_DEEP_MAX; j = j->parent)
		way[n++] = j;
	while (first < n && way[first]->key &&
	       (!strcmp(way[first]->key, "spec") || !strcmp(way[first]->key, "template")))
		first++;
	if (n > first && way[n - 1]->key && !strcmp(way[n - 1]->key, "spec"))
		n--;
	while (n-- > first) {
		if (way[n]->key)
			str_printf(&t, ".%s", way[n]->key);
		else
			str_printf(&t, ".%u", (unsigned)way[n]->index);
	}
	return t.s ? t.s : "";
}

static void take_shape(struct search *s, const struct json *spec)
{
	struct k8s_pod p = s->base;
	const struct json *above = spec->parent;

	p.shape = true;
	p.spec = spec;
	if (above && spec->key && !strcmp(spec->key, "spec"))
		p.meta = object_or_null(k8s_get(above, "metadata"));
	p.title = arena_printf(p.a->arena, "%s%s", p.title,
			       way_to(p.a->arena, s->base.object, spec));
	k8s_check(p.a, p.src, spec, &k8s_pod_spec, K8S_LOOSE);
	add_pod(&p);
	s->found++;
}

/* As deep as the tree, which is bounded (JSON_DEEP_MAX). */
static void search_in(struct search *s, const struct json *n)
{
	if (n->type == JSON_OBJECT && is_pod_shape(n)) {
		take_shape(s, n);
		return;
	}
	for (const struct json *c = n->child; c; c = c->next) {
		if (c->key && is_hint(c->key))
			s->hints = true;
		if (c->type == JSON_OBJECT || c->type == JSON_ARRAY)
			search_in(s, c);
	}
}

static void say_unknown(const struct search *s, const char *kind, const char *api_version, bool own)
{
	const struct json *k = k8s_get(s->base.object, "kind");
	struct place at = place_of(s->base.src, k ? k : s->base.object);
	struct k8s_near near = { .name = kind ? kind : "" };
	struct diag *d;

	for (size_t i = 0; kind && own && k8s_kind_at(i); i++)
		k8s_near(&near, k8s_kind_at(i));
	if (!kind)
		d = k8s_diag(s->base.a, DIAG_UNKNOWN_KIND, NULL, &at, "an object without kind");
	else if (near.best)
		d = k8s_diag(s->base.a, DIAG_UNKNOWN_KIND, NULL, &at,
			     "Kubernetes has no kind %s; did you mean %s?", kind, near.best);
	else if (own)
		d = k8s_diag(s->base.a, DIAG_UNKNOWN_KIND, NULL, &at, "kind %s of %s is not known",
			     kind, api_version ? api_version : "v1");
	else if (s->found)
		return;
	else
		d = k8s_diag(s->base.a, DIAG_UNKNOWN_KIND, NULL, &at,
			     "no pod was found in this %s; what %s makes of it was not looked at",
			     kind, api_version);
	if (d && !near.best && (s->found || (kind && !own && !s->hints)))
		d->blocks = false;
}

static void read_unknown(struct audit *a, const struct source *src, const struct json *object,
			 const char *kind, const char *api_version, bool own)
{
	struct search s = { .base = pod_of(a, src, object, kind ? kind : "object") };

	if (is_pod_shape(object))
		take_shape(&s, object);
	else
		for (const struct json *c = object->child; c; c = c->next)
			if (c->key && strcmp(c->key, "metadata") && strcmp(c->key, "status"))
				search_in(&s, c);
	say_unknown(&s, kind, api_version, own);
}

/* ---- Documents ---------------------------------------------------------------------------- */

static void read_object(struct audit *a, const struct source *src, const struct json *object,
			const char *kind_of_list, const char *version_of_list, int depth);

/* PodList's items may do without kind: the list says it. */
static void read_list(struct audit *a, const struct source *src, const struct json *list,
		      const char *kind, const char *api_version, int depth)
{
	const struct json *items = json_get(list, "items");
	size_t len = strlen(kind) - strlen("List");
	const char *item = len ? arena_strndup(a->arena, kind, len) : NULL;

	if (!items || items->type == JSON_NULL)
		return;
	if (items->type != JSON_ARRAY || depth == LISTS_MAX) {
		struct place at = place_of(src, items);

		k8s_diag(a, DIAG_BAD_TYPE, NULL, &at,
			 depth == LISTS_MAX ? "too many lists within each other"
					    : "items must be a list");
		return;
	}
	for (const struct json *n = items->child; n; n = n->next)
		read_object(a, src, n, item, item ? api_version : NULL, depth + 1);
}

static bool is_list(const char *kind, const struct json *object)
{
	size_t len = strlen(kind);

	return len >= 4 && !strcmp(kind + len - 4, "List") &&
	       (json_get(object, "items") || len == 4);
}

static void read_object(struct audit *a, const struct source *src, const struct json *object,
			const char *kind_of_list, const char *version_of_list, int depth)
{
	const char *kind = k8s_text(k8s_get(object, "kind"));
	const char *version = k8s_text(k8s_get(object, "apiVersion"));
	const struct k8s_workload *w;
	bool own;

	if (!object || object->type != JSON_OBJECT) {
		struct place at = place_of(src, object);

		k8s_diag(a, DIAG_BAD_TYPE, NULL, &at, "an object of Kubernetes is a mapping");
		return;
	}
	if (!kind)
		kind = kind_of_list;
	if (!version)
		version = version_of_list;
	if (kind && is_list(kind, object)) {
		read_list(a, src, object, kind, version, depth);
		return;
	}
	own = group_is_own(version);
	w = kind ? k8s_workload_find(kind) : NULL;
	if (w && group_fits(w, version)) {
		read_workload(a, src, object, w, version);
		return;
	}
	if (w && own) { /* apiVersion: v1, kind: Deployment: refused, and read all the same */
		struct place at = place_of(src, k8s_get(object, "apiVersion"));
		struct diag *d = k8s_diag(a, DIAG_UNKNOWN_VALUE, NULL, &at,
					  "there is no %s in %s; it is in %s%sv1", kind, version,
					  w->group, *w->group ? "/" : "");

		if (d)
			d->blocks = false;
		read_workload(a, src, object, w, version);
		return;
	}
	if (kind && own && k8s_kind_is_other(kind)) {
		k8s_volume_seen(a, src, object);
		return;
	}
	read_unknown(a, src, object, kind, version, own);
}

void from_k8s(struct audit *a, const struct source *src, const struct json *root)
{
	read_object(a, src, root, NULL, NULL, 0);
}
