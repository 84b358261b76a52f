/* SPDX-License-Identifier: Apache-2.0 */
/* Volumes of a pod, and what claims lead to.
 *
 * A volume is mounted by name, so each pod has an index of its volumes. A claim gets a
 * PersistentVolume, which may be a directory of the node (hostPath, local) without the pod saying so:
 * when all files were read, k8s_finish() looks for it: the volume that names the claim, or that the
 * claim names, or the only free one of its storage class, becomes a mount; several free
 * ones become LIST_INDIRECT. */
#include <stdlib.h>
#include <string.h>

#include "audit/from_k8s.h"

struct volume {
	const char *name, *type; /* type: "hostPath", "emptyDir" ... */
	const struct json *node, *source;
	bool of_template; /* volumeClaimTemplates */
	bool mounted;
};

struct k8s_volumes {
	const struct k8s_pod *pod;
	struct volume *v; /* sorted by name */
	size_t count;
};

static int by_name(const void *x, const void *y)
{
	const struct volume *a = x, *b = y;

	return strcmp(a->name, b->name);
}

/* The first key that is not `name` and not null; of several, which the API server refuses, a host
 * path. None: the API server makes it an emptyDir. */
static const struct json *source_of(const struct json *volume)
{
	const struct json *path = k8s_get(volume, "hostPath");

	if (path)
		return path;
	for (const struct json *c = volume->child; c; c = c->next)
		if (strcmp(c->key, "name") && c->type != JSON_NULL)
			return c;
	return NULL;
}

static void add_volumes(struct k8s_volumes *v, const struct json *list, bool templates)
{
	for (const struct json *n = list && list->type == JSON_ARRAY ? list->child : NULL; n;
	     n = n->next) {
		const struct json *named = templates ? k8s_get(n, "metadata") : n;
		const char *name = k8s_text(k8s_get(named, "name"));
		struct volume *e;

		if (n->type != JSON_OBJECT)
			continue;
		e = &v->v[v->count++];
		e->name = name ? name : "";
		e->node = n;
		e->source = templates ? k8s_get(n, "spec") : source_of(n);
		e->type = templates   ? "persistentVolumeClaim"
			  : e->source ? e->source->key
				      : "emptyDir";
		e->of_template = templates;
	}
}

struct k8s_volumes *k8s_volumes_of(const struct k8s_pod *p)
{
	struct k8s_volumes *v = ARENA_NEW(p->a->arena, struct k8s_volumes);
	const struct json *list = k8s_get(p->spec, "volumes");

	v->pod = p;
	v->v = arena_alloc(p->a->arena,
			   ((list ? list->count : 0) + (p->claims ? p->claims->count : 0) + 1) *
				   sizeof(*v->v));
	add_volumes(v, list, false);
	add_volumes(v, p->claims, true);
	if (v->count)
		qsort(v->v, v->count, sizeof(*v->v), by_name);
	return v;
}

static struct volume *find(const struct k8s_volumes *v, const char *name)
{
	struct volume want = { .name = name };

	return v->count ? bsearch(&want, v->v, v->count, sizeof(*v->v), by_name) : NULL;
}

/* ---- Mounts ------------------------------------------------------------------------------- */

static const char *joined(struct arena *arena, const char *path, const char *sub)
{
	size_t len = strlen(path);

	if (!sub || !*sub)
		return path;
	return arena_printf(arena, "%s%s%s", path, len && path[len - 1] == '/' ? "" : "/", sub);
}

static enum tri propagates(const struct k8s_volumes *v, const struct facts *f,
			   const struct json *mount)
{
	static const char *const modes[] = { "None", "HostToContainer", "Bidirectional" };
	const struct json *n = k8s_get(mount, "mountPropagation");
	const char *mode = k8s_text(n);

	if (!mode)
		return n ? TRI_UNKNOWN : TRI_NO;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (!strcmp(mode, modes[i]))
			return i == 2 ? TRI_YES : TRI_NO;
	struct place at = place_of(v->pod->src, n);

	k8s_diag(v->pod->a, DIAG_UNKNOWN_VALUE, f, &at,
		 "mountPropagation is None, HostToContainer or Bidirectional");
	return TRI_UNKNOWN;
}

static void await_claim(struct k8s_volumes *v, const struct volume *vol, struct mount_fact *m,
			struct facts *f, const char *sub)
{
	struct k8s_books *b = k8s_books_of(v->pod->a);
	struct k8s_pending *p = arena_push(v->pod->a->arena, &b->pending, &b->pending_count,
					   &b->pending_cap, sizeof(*p));
	const struct json *spec = vol->source;

	p->f = f;
	p->ns = v->pod->ns;
	p->target = m->target;
	p->sub_path = sub;
	p->readonly = m->readonly;
	p->shared = m->shared;
	p->at = m->at;
	p->templated = vol->of_template || !strcmp(vol->type, "ephemeral");
	if (!strcmp(vol->type, "ephemeral"))
		spec = k8s_get(k8s_get(spec, "volumeClaimTemplate"), "spec");
	p->claim = p->templated ? vol->name : k8s_text(k8s_get(spec, "claimName"));
	if (!p->templated && k8s_bool(k8s_get(spec, "readOnly"), TRI_NO) == TRI_YES)
		p->readonly = m->readonly = TRI_YES;
	p->class = p->templated ? k8s_text(k8s_get(spec, "storageClassName")) : NULL;
}

static void add_mount(struct k8s_volumes *v, struct facts *f, struct volume *vol,
		      const struct json *mount)
{
	struct audit *a = v->pod->a;
	const struct json *node = mount ? mount : vol->node;
	struct mount_fact *m = mount_add(a, f, place_of(v->pod->src, node));
	const char *sub = k8s_text(k8s_get(mount, "subPath"));

	m->target = k8s_text(k8s_get(mount, "mountPath"));
	m->readonly = k8s_bool(k8s_get(mount, "readOnly"), TRI_NO);
	m->shared = mount ? propagates(v, f, mount) : TRI_NO;
	m->kind = MK_VOLUME;
	vol->mounted = true;
	if (!strcmp(vol->type, "hostPath")) {
		const char *path = k8s_text(k8s_get(vol->source, "path"));

		m->kind = MK_BIND;
		m->source = path ? joined(a->arena, path, sub) : NULL;
	} else if (!strcmp(vol->type, "persistentVolumeClaim") || !strcmp(vol->type, "ephemeral")) {
		await_claim(v, vol, m, f, sub);
	}
}

static void add_mounts(struct k8s_volumes *v, struct facts *f, const struct k8s_container_ref *c)
{
	const struct json *list = k8s_get(c->node, "volumeMounts");

	/* Exactly as many as there are: most have one or two. */
	if (list && list->type == JSON_ARRAY && list->count) {
		f->mounts = arena_alloc(v->pod->a->arena, list->count * sizeof(*f->mounts));
		f->mount_cap = list->count;
	}
	for (const struct json *n = list && list->type == JSON_ARRAY ? list->child : NULL; n;
	     n = n->next) {
		const struct json *name = k8s_get(n, "name");
		struct volume *vol = k8s_text(name) ? find(v, name->text) : NULL;
		struct place at = place_of(v->pod->src, name ? name : n);

		if (vol)
			add_mount(v, f, vol, n);
		else if (!v->pod->shape)
			k8s_diag(v->pod->a, DIAG_UNRESOLVED, f, &at, "the pod has no volume %s%s%s",
				 name ? "\"" : "with that name", k8s_text(name) ? name->text : "",
				 name ? "\"" : "");
	}
}

/* Volumes as block devices, and devices by claims. */
static void add_devices(struct k8s_volumes *v, struct facts *f, const struct k8s_container_ref *c)
{
	const struct json *list = k8s_get(c->node, "volumeDevices");
	const struct json *claims = k8s_get(k8s_get(c->node, "resources"), "claims");
	struct audit *a = v->pod->a;

	for (const struct json *n = list && list->type == JSON_ARRAY ? list->child : NULL; n;
	     n = n->next) {
		const char *path = k8s_text(k8s_get(n, "devicePath"));
		const char *name = k8s_text(k8s_get(n, "name"));
		struct volume *vol = name ? find(v, name) : NULL;

		if (vol)
			vol->mounted = true;
		list_add(a, f, LIST_DEVICES, place_of(v->pod->src, n), path ? path : "?")->arg =
			arena_printf(a->arena, "volume %s", name ? name : "without name");
	}
	for (const struct json *n = claims && claims->type == JSON_ARRAY ? claims->child : NULL; n;
	     n = n->next) {
		const char *name = k8s_text(k8s_get(n, "name"));

		list_add(a, f, LIST_DEVICES, place_of(v->pod->src, n),
			 arena_printf(a->arena, "resource claim %s", name ? name : "?"));
	}
	list_whole(f, LIST_DEVICES);
}

/* A host path that no container mounts is one `kubectl debug` away; it is said once, at the
 * first container. */
static void add_unmounted(struct k8s_volumes *v, struct facts *f)
{
	const struct k8s_pod *p = v->pod;

	for (size_t i = 0; i < p->container_count; i++) {
		const char *const keys[] = { "volumeMounts", "volumeDevices" };

		for (size_t k = 0; k < 2; k++) {
			const struct json *l = k8s_get(p->containers[i].node, keys[k]);

			for (const struct json *n = l && l->type == JSON_ARRAY ? l->child : NULL; n;
			     n = n->next) {
				const char *name = k8s_text(k8s_get(n, "name"));
				struct volume *vol = name ? find(v, name) : NULL;

				if (vol)
					vol->mounted = true;
			}
		}
	}
	for (size_t i = 0; i < v->count; i++)
		if (!v->v[i].mounted && !strcmp(v->v[i].type, "hostPath"))
			add_mount(v, f, &v->v[i], NULL);
}

void k8s_volume_facts(struct k8s_volumes *v, struct facts *f, const struct k8s_container_ref *c,
		      bool first)
{
	const struct json *list = first ? k8s_get(v->pod->spec, "volumes") : NULL;

	list_whole(f, LIST_INDIRECT);
	add_mounts(v, f, c);
	if (first)
		add_unmounted(v, f);
	f->mounts_whole = TRI_YES;
	add_devices(v, f, c);
	if (list && list->type == JSON_ARRAY && list->count) {
		struct list_fact *l = &f->list[LIST_VOLUME_TYPES];

		l->items = arena_alloc(v->pod->a->arena, list->count * sizeof(*l->items));
		l->cap = list->count;
	}
	for (const struct json *n = list && list->type == JSON_ARRAY ? list->child : NULL; n;
	     n = n->next) {
		const struct json *source = n->type == JSON_OBJECT ? source_of(n) : NULL;
		struct place at = place_of(v->pod->src, n);

		if (source)
			at = place_of_key(v->pod->src, source);
		list_add(v->pod->a, f, LIST_VOLUME_TYPES, at, source ? source->key : "emptyDir");
	}
	list_whole(f, LIST_VOLUME_TYPES);
}

/* ---- Claims ------------------------------------------------------------------------------- */

static void volume_seen(struct audit *a, const struct source *src, const struct json *object)
{
	const struct json *spec = k8s_get(object, "spec"), *ref = k8s_get(spec, "claimRef");
	const struct json *how = k8s_get(spec, "hostPath");
	struct k8s_books *b = k8s_books_of(a);
	const char *name = k8s_text(k8s_get(k8s_get(object, "metadata"), "name"));
	struct k8s_pv *v;

	if (!how)
		how = k8s_get(spec, "local");
	v = arena_push(a->arena, &b->pvs, &b->pv_count, &b->pv_cap, sizeof(*v));
	v->index = b->pv_count - 1;
	v->object = object;
	v->name = name ? name : "";
	v->class = k8s_text(k8s_get(spec, "storageClassName"));
	v->claim = k8s_text(k8s_get(ref, "name"));
	v->claim_ns = k8s_text(k8s_get(ref, "namespace"));
	v->path = k8s_text(k8s_get(how, "path"));
	v->how = how ? how->key : NULL;
	v->src = src;
	v->at = how;
}

static void claim_seen(struct audit *a, const struct json *object)
{
	const struct json *meta = k8s_get(object, "metadata"), *spec = k8s_get(object, "spec");
	struct k8s_books *b = k8s_books_of(a);
	const char *ns = k8s_text(k8s_get(meta, "namespace"));
	const char *name = k8s_text(k8s_get(meta, "name"));
	struct k8s_pvc *c = arena_push(a->arena, &b->pvcs, &b->pvc_count, &b->pvc_cap, sizeof(*c));

	c->ns = ns && *ns ? ns : "default";
	c->name = name ? name : "";
	c->class = k8s_text(k8s_get(spec, "storageClassName"));
	c->volume = k8s_text(k8s_get(spec, "volumeName"));
}

void k8s_volume_seen(struct audit *a, const struct source *src, const struct json *object)
{
	const char *kind = k8s_text(k8s_get(object, "kind"));

	if (kind && !strcmp(kind, "PersistentVolume"))
		volume_seen(a, src, object);
	else if (kind && !strcmp(kind, "PersistentVolumeClaim"))
		claim_seen(a, object);
}

/* ---- When all was read ---------------------------------------------------------------------- */

static int compare(const char *x, const char *y)
{
	return strcmp(x ? x : "", y ? y : "");
}

static int pv_by_name(const void *x, const void *y)
{
	return compare(((const struct k8s_pv *)x)->name, ((const struct k8s_pv *)y)->name);
}

static int pv_by_claim(const void *x, const void *y)
{
	const struct k8s_pv *a = x, *b = y;
	int c = compare(a->claim_ns, b->claim_ns);

	return c ? c : compare(a->claim, b->claim);
}

/* Those that a claim has taken come last. */
static int pv_by_class(const void *x, const void *y)
{
	const struct k8s_pv *a = x, *b = y;

	if (!a->claim != !b->claim)
		return a->claim ? 1 : -1;
	return compare(a->class, b->class);
}

static int pvc_by_name(const void *x, const void *y)
{
	const struct k8s_pvc *a = x, *b = y;
	int c = compare(a->ns, b->ns);

	return c ? c : compare(a->name, b->name);
}

enum { CANDIDATES_MAX = 8 };

struct finish {
	struct audit *a;
	struct k8s_books *b;
	const struct k8s_pv *by_name, *by_claim, *by_class;
};

static const void *sorted(struct audit *a, const void *items, size_t count, size_t size,
			  int (*order)(const void *, const void *))
{
	void *copy = count ? arena_dup(a->arena, items, count * size) : NULL;

	if (count)
		qsort(copy, count, size, order);
	return copy;
}

static void lead_to(struct finish *x, const struct k8s_pending *p, const struct k8s_pv *v,
		    bool maybe)
{
	struct mount_fact *m;

	if (!v->how)
		return; /* of a network or a driver */
	x->b->pv_used[v->index] = true;
	m = mount_add(x->a, p->f, p->at);
	m->kind = MK_BIND;
	m->source = v->path ? joined(x->a->arena, v->path, p->sub_path) : NULL;
	m->target = p->target;
	m->readonly = p->readonly;
	m->shared = p->shared;
	m->via = arena_printf(x->a->arena, "claim %s, which %s volume %s (%s)", p->claim,
			      maybe ? "may get" : "has", v->name, v->how);
	list_add(x->a, p->f, LIST_INDIRECT, p->at,
		 arena_printf(x->a->arena, "claim %s %s volume %s (%s %s)", p->claim,
			      maybe ? "may get" : "has", v->name, v->how,
			      v->path ? v->path : "without path"));
}

/* The first of the sorted that is equal; bsearch() finds any. */
static const struct k8s_pv *first_equal(const struct k8s_pv *v, size_t count,
					const struct k8s_pv *want,
					int (*order)(const void *, const void *))
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (order(&v[mid], want) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low < count && order(&v[low], want) == 0 ? &v[low] : NULL;
}

/* One of several volumes: which one is for the cluster to decide. */
static void may_lead_to(struct finish *x, const struct k8s_pending *p, const struct k8s_pv *v)
{
	if (!v->how)
		return;
	x->b->pv_used[v->index] = true;
	list_add(x->a, p->f, LIST_INDIRECT, p->at,
		 arena_printf(x->a->arena, "claim %s may get volume %s (%s %s)", p->claim, v->name,
			      v->how, v->path ? v->path : "without path"));
}

static bool by_class(struct finish *x, const struct k8s_pending *p, const char *class)
{
	struct k8s_pv want = { .class = class };
	size_t count = x->b->pv_count, n = 0;
	const struct k8s_pv *v = first_equal(x->by_class, count, &want, pv_by_class);
	const struct k8s_pv *end = count ? x->by_class + count : NULL;

	while (v && v + n < end && n < CANDIDATES_MAX && !pv_by_class(v + n, &want))
		n++;
	if (n == 1)
		lead_to(x, p, v, true);
	for (size_t i = 0; n > 1 && i < n; i++)
		may_lead_to(x, p, v + i);
	return n > 0;
}

static bool follow(struct finish *x, const struct k8s_pending *p)
{
	struct k8s_pv want = { .claim_ns = p->ns, .claim = p->claim };
	struct k8s_pvc key = { .ns = p->ns, .name = p->claim };
	size_t count = x->b->pv_count;
	const struct k8s_pv *v;
	const struct k8s_pvc *c;

	if (p->templated)
		return by_class(x, p, p->class);
	v = first_equal(x->by_claim, count, &want, pv_by_claim);
	if (v) {
		lead_to(x, p, v, false);
		return true;
	}
	c = x->b->pvc_count ? bsearch(&key, x->b->pvcs, x->b->pvc_count, sizeof(key), pvc_by_name)
			    : NULL;
	if (!c)
		return false;
	if (!c->volume)
		return by_class(x, p, c->class);
	want.name = c->volume;
	v = first_equal(x->by_name, count, &want, pv_by_name);
	if (v)
		lead_to(x, p, v, false);
	return v;
}

/* A directory of the node that no pod of the files mounts waits for a claim: it is an object of its own,
 * which has this one mount. */
static void alone(struct audit *a, const struct k8s_pv *v)
{
	const struct json *meta = k8s_get(v->object, "metadata");
	struct facts *f = audit_object(a, IN_K8S, v->src, v->object);
	struct place at = { .src = v->src, .node = v->at, .key = true };
	struct mount_fact *m;

	if (!f)
		return;
	f->volume = true;
	f->name = v->name;
	f->object = arena_printf(a->arena, "PersistentVolume/%s", v->name);
	f->annotations = k8s_get(meta, "annotations");
	f->labels = k8s_get(meta, "labels");
	f->mounts_whole = TRI_YES;
	m = mount_add(a, f, at);
	m->kind = MK_BIND;
	m->source = v->path;
	m->readonly = m->shared = TRI_NO;
	list_whole(f, LIST_INDIRECT);
	list_add(a, f, LIST_INDIRECT, at,
		 arena_printf(a->arena, "whoever claims volume %s gets %s %s", v->name, v->how,
			      v->path ? v->path : "without path"));
}

void k8s_finish(struct audit *a)
{
	struct k8s_books *b = a->k8s;
	struct finish x = { .a = a, .b = b };

	if (!b)
		return;
	b->pv_used = arena_alloc(a->arena, b->pv_count * sizeof(*b->pv_used) + 1);
	x.by_name = sorted(a, b->pvs, b->pv_count, sizeof(*b->pvs), pv_by_name);
	x.by_claim = sorted(a, b->pvs, b->pv_count, sizeof(*b->pvs), pv_by_claim);
	x.by_class = sorted(a, b->pvs, b->pv_count, sizeof(*b->pvs), pv_by_class);
	b->pvcs = sorted(a, b->pvcs, b->pvc_count, sizeof(*b->pvcs), pvc_by_name);
	for (size_t i = 0; i < b->pending_count; i++) {
		const struct k8s_pending *p = &b->pending[i];

		if (p->claim && !follow(&x, p))
			list_unknown(
				p->f, LIST_INDIRECT,
				arena_printf(a->arena,
					     "the volume that claim %s gets is not in the files",
					     p->claim));
	}
	for (size_t i = 0; i < b->pv_count; i++)
		if (b->pvs[i].how && !b->pv_used[i])
			alone(a, &b->pvs[i]);
	b->pending_count = b->pv_count = 0;
}
