/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the files of the Kubernetes reader and pss.c share.
 *
 *	from_k8s.c          documents -> workloads -> pods (struct k8s_pod)
 *	from_k8s_types.c    the API's fields and kinds, as tables
 *	from_k8s_check.c    a tree against these tables: diagnostics
 *	from_k8s_pod.c      a pod -> one struct facts per container
 *	from_k8s_volumes.c  volumes, and what claims lead to
 *	pss.c               Pod Security Standards
 *
 * Effective values are those that the kubelet uses: of the container, else of the
 * pod (runAs*, seccompProfile, appArmorProfile, seLinuxOptions and
 * windowsOptions, of which the first four are taken whole). */

#include "audit/audit.h"

/* ---- Types ------------------------------------------------------------------------------- */

enum k8s_is {
	K8S_STRING,
	K8S_BOOL,
	K8S_INT,
	K8S_QUANTITY, /* also int-or-string */
	K8S_STRING_MAP,
	K8S_QUANTITY_MAP,
	K8S_STRINGS,
	K8S_INTS,
	K8S_OBJECT,
	K8S_OBJECTS, /* a list of them */
	K8S_ANY
};

struct k8s_field {
	const char *name;
	enum k8s_is is;
	const struct k8s_type *type; /* K8S_OBJECT(S) */
};

/* Fields are sorted by name (strcmp). */
struct k8s_type {
	const char *name;
	const struct k8s_field *fields;
	size_t count;
};

/* A kind whose objects have a pod, and the keys that lead there. */
struct k8s_workload {
	const char *kind, *group; /* group: of today */
	const char *path[5];      /* to the pod or template; NULL-terminated */
	const struct k8s_type *type;
};

const struct k8s_workload *k8s_workload_find(const char *kind);
/* Kinds of Kubernetes itself that have no pod. */
bool k8s_kind_is_other(const char *kind);
/* The i-th kind of either sort, for "did you mean"; NULL beyond the end. */
const char *k8s_kind_at(size_t i);
const struct k8s_field *k8s_field_find(const struct k8s_type *t, const char *name);
extern const struct k8s_type k8s_pod_spec, k8s_object_meta, k8s_container, k8s_security_context,
	k8s_pod_security_context;
extern const struct k8s_type k8s_pod_template;
/* The types of whole objects, from which the test that tables are in order starts; NULL beyond the end. */
const struct k8s_type *k8s_root_type_at(size_t i);

/* ---- Values ------------------------------------------------------------------------------ */

/* NULL for what is absent or null, and of what is no object: as Go's decoder leaves a field. */
const struct json *k8s_get(const struct json *obj, const char *key);
const char *k8s_text(const struct json *n); /* NULL: absent or no string */
/* `absent` for NULL; TRI_UNKNOWN for what is no boolean. */
enum tri k8s_bool(const struct json *n, enum tri absent);
bool k8s_int(const struct json *n, int64_t *ret); /* false: absent or no integer */

/* ---- Pods -------------------------------------------------------------------------------- */

enum k8s_role { K8S_INIT, K8S_MAIN, K8S_EPHEMERAL };

struct k8s_container_ref {
	const struct json *node, *sc; /* sc: its securityContext, or NULL */
	const char *name;             /* "#0" if it has none */
	enum k8s_role role;
};

struct k8s_pod {
	struct audit *a;
	const struct source *src;
	const char *kind, *ns, *name;                 /* of the workload */
	const char *title;                            /* "Deployment/shop/web" */
	const struct json *object, *meta, *spec, *sc; /* meta, sc: or NULL */
	const struct json *annotations;               /* of the pod or template, or NULL */
	/* Annotations that may hold back findings, of the object and of its template; or NULL. */
	const struct json *suppress, *suppress_too;
	const struct json *const *notes; /* those on AppArmor and seccomp, sorted by key */
	size_t note_count;
	const struct json *claims; /* volumeClaimTemplates, or NULL */
	bool bare;                 /* kind Pod: the API server fills in what templates are spared */
	bool shape;                /* found by its shape: the consumer is not Kubernetes itself */
	bool windows;
	/* In the order in which Kubernetes looks at them: init, main, ephemeral. */
	const struct k8s_container_ref *containers;
	size_t container_count;
};

/* Annotations of old that do what fields do today. */
#define K8S_NOTE_APPARMOR    "container.apparmor.security.beta.kubernetes.io/"
#define K8S_NOTE_SECCOMP_POD "seccomp.security.alpha.kubernetes.io/pod"
#define K8S_NOTE_SECCOMP     "container.seccomp.security.alpha.kubernetes.io/"
void k8s_notes_of(struct k8s_pod *p);
/* The one with the key `prefix` + `name`; NULL: none, or null. */
const struct json *k8s_note(const struct k8s_pod *p, const char *prefix, const char *name);

/* Of the container, else of the pod. */
const struct json *k8s_effective(const struct k8s_pod *p, const struct k8s_container_ref *c,
				 const char *key);

/* A tree against a type. */
enum {
	K8S_LOOSE = 1,  /* only what can hardly be meant otherwise is said */
	K8S_STORED = 2, /* it comes from an API server, which keeps no field that it does not know:
			 * it is newer than the tables. Said, and does not block. */
};
void k8s_check(struct audit *a, const struct source *src, const struct json *node,
	       const struct k8s_type *t, unsigned int how);
/* The name of `count` that is nearest to a mistyped one; NULL: none is near. */
struct k8s_near {
	const char *name, *best;
	int distance;
};
void k8s_near(struct k8s_near *n, const char *candidate);
/* Diagnostics of the reader, of which a source has no more than K8S_DIAGS_MAX. NULL: that was reached. */
enum { K8S_DIAGS_MAX = 1000 };
struct diag *k8s_diag(struct audit *a, enum diag_id id, const struct facts *of,
		      const struct place *at, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

bool k8s_diags_full(struct audit *a, const struct source *src);

void k8s_pod_facts(struct k8s_pod *p);

/* ---- Volumes ----------------------------------------------------------------------------- */

struct k8s_volumes; /* of one pod */
struct k8s_volumes *k8s_volumes_of(const struct k8s_pod *p);
void k8s_volume_facts(struct k8s_volumes *v, struct facts *f, const struct k8s_container_ref *c,
		      bool first);
/* A PersistentVolume or a PersistentVolumeClaim that was met. */
void k8s_volume_seen(struct audit *a, const struct source *src, const struct json *object);

/* ---- Books, kept from the first document to k8s_finish() -------------------------------------- */

struct k8s_pv {
	const char *name, *class, *claim_ns, *claim, *path, *how; /* how: "hostPath", "local" */
	const struct source *src;
	const struct json *object, *at;
	size_t index; /* among all */
};
struct k8s_pvc {
	const char *ns, *name, *class, *volume; /* volume: or NULL */
};
struct k8s_pending { /* a mount of a claim */
	struct facts *f;
	const char *ns, *claim, *class; /* class: of a template of claims, else NULL */
	const char *target, *sub_path;
	enum tri readonly, shared;
	bool templated;
	struct place at;
};
struct k8s_books {
	const struct k8s_pv *pvs;
	bool *pv_used; /* by index: a mount leads to it */
	const struct k8s_pvc *pvcs;
	const struct k8s_pending *pending;
	size_t pv_count, pv_cap, pvc_count, pvc_cap, pending_count, pending_cap;
	const struct source *diag_src;
	size_t diag_count;
	uint64_t pss_rows, pss_at_restricted; /* pss.c's, made when first asked for */
};
struct k8s_books *k8s_books_of(struct audit *a);

/* ---- Pod Security Standards (pss.c) -------------------------------------------------------- */

void pss_judge(const struct k8s_pod *p);
