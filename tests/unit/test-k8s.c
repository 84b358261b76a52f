/* SPDX-License-Identifier: Apache-2.0 */
/* Kubernetes objects: effective values, where pods are found, the API's dialect, what is wrong
 * with the input, and that a pod's findings are told once. */
#include <string.h>

#include "audit/audit.h"
#include "audit/from_k8s.h"
#include "test.h"

static struct arena arena;
static struct audit a;

static void read_text(const char *text)
{
	arena_free(&arena);
	arena = (struct arena){ 0 };
	audit_init(&a, &arena);
	audit_read_text(&a, "t.yaml", text, strlen(text));
	k8s_finish(&a);
}

static const struct facts *object(const char *name)
{
	for (const struct facts *f = a.objects; f; f = f->next)
		if (!strcmp(f->object, name))
			return f;
	printf("# no object %s\n", name);
	for (const struct facts *f = a.objects; f; f = f->next)
		printf("#  but %s\n", f->object);
	return NULL;
}

/* All names, joined by blanks. */
static const char *objects(void)
{
	const char *all = "";

	for (const struct facts *f = a.objects; f; f = f->next)
		all = arena_printf(&arena, "%s%s%s", all, *all ? " " : "", f->object);
	return all;
}

static const char *diags(void)
{
	const char *all = "";

	for (const struct diag *d = a.diags; d; d = d->next)
		all = arena_printf(&arena, "%s%s%s%s: %s", all, *all ? "; " : "",
				   d->blocks ? "" : "(note) ", diag_rows[d->id].id, d->message);
	return all;
}

#define HEAD "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: ns}\nspec:\n"

/* ---- Where pods are ----------------------------------------------------------------------- */

static void test_kinds(void)
{
	static const struct {
		const char *kind, *api, *before, *after;
	} rows[] = {
		{ "Pod", "v1", "{spec: ", "}" },
		{ "PodTemplate", "v1", "{template: {spec: ", "}}" },
		{ "Deployment", "apps/v1", "{spec: {template: {spec: ", "}}}" },
		{ "Deployment", "extensions/v1beta1", "{spec: {template: {spec: ", "}}}" },
		{ "DaemonSet", "apps/v1", "{spec: {template: {spec: ", "}}}" },
		{ "StatefulSet", "apps/v1", "{spec: {template: {spec: ", "}}}" },
		{ "ReplicaSet", "apps/v1", "{spec: {template: {spec: ", "}}}" },
		{ "ReplicationController", "v1", "{spec: {template: {spec: ", "}}}" },
		{ "Job", "batch/v1", "{spec: {template: {spec: ", "}}}" },
		{ "CronJob", "batch/v1",
		  "{spec: {jobTemplate: {spec: {template: {spec: ", "}}}}}" },
		{ "CronJob", "batch/v1beta1",
		  "{spec: {jobTemplate: {spec: {template: {spec: ", "}}}}}" },
		{ "DeploymentConfig", "apps.openshift.io/v1", "{spec: {template: {spec: ", "}}}" },
		{ "Rollout", "argoproj.io/v1alpha1", "{spec: {template: {spec: ", "}}}" },
		{ "Service", "serving.knative.dev/v1", "{spec: {template: {spec: ", "}}}" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena own = { 0 };
		const char *want = arena_printf(&own, "%s/ns/x:c", rows[i].kind);

		CASE(rows[i].api);
		read_text(arena_printf(&own,
				       "{apiVersion: %s, kind: %s, metadata: {name: x, namespace: "
				       "ns}, %s{containers: [{name: c, image: i}]}%s}",
				       rows[i].api, rows[i].kind, rows[i].before + 1,
				       rows[i].after + 1));
		CHECK_STR(objects(), want);
		CHECK_STR(diags(), "");
		CHECK_INT((int)a.pod_count, 1);
		arena_free(&own);
	}
}

static void test_shapes(void)
{
	CASE("shapes");
	read_text("apiVersion: batch.volcano.sh/v1alpha1\nkind: Job\nmetadata: {name: t}\nspec:\n"
		  "  tasks:\n"
		  "  - name: ps\n    template: {spec: {containers: [{name: a, image: i}]}}\n"
		  "  - name: worker\n    template: {spec: {containers: [{name: b, image: i}]}}\n"
		  "status:\n  containers: [{name: not-me}]\n");
	CHECK_STR(objects(), "Job/default/t.tasks.0:a Job/default/t.tasks.1:b");
	CHECK_STR(diags(), "");

	read_text("apiVersion: elastic.example/v1\nkind: Search\nmetadata: {name: es}\nspec:\n"
		  "  nodeSets: [{podTemplate: {metadata: {annotations: "
		  "{container.apparmor.security.beta.kubernetes.io/es: unconfined}},\n"
		  "    spec: {containers: [{name: es}]}}}]\n");
	CHECK_STR(objects(), "Search/default/es.nodeSets.0.podTemplate:es");
	if (a.objects)
		CHECK_INT(a.objects->apparmor.mode, LSMM_UNCONFINED);

	/* What is meant is not known; what can hardly be meant otherwise is said. */
	read_text("apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: t}\nspec:\n"
		  "  containerConcurrency: 7\n  hostPid: true\n"
		  "  containers: [{name: a, image: i, kedaScale: 7, ports: none,\n"
		  "    securityContext: {privileged: 'true'}}]\n");
	CHECK_STR(diags(),
		  "input-unknown-field: PodSpec has no field hostPid; did you mean hostPID?; "
		  "input-bad-type: privileged must be true or false, and is a string (\"true\")");
	if (a.objects)
		CHECK_INT(a.objects->fact[FACT_PRIVILEGED].is, TRI_UNKNOWN);
}

static void test_lists(void)
{
	CASE("lists");
	read_text(
		"{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[\n"
		"{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"data\":{\"containers\":\"x\"}},\n"
		"{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\"},\n"
		" \"spec\":{\"containers\":[{\"name\":\"c\"}]}}]}");
	CHECK_STR(objects(), "Pod/default/p:c");
	read_text(
		"{apiVersion: v1, kind: PodList, items: [{metadata: {name: q}, spec: {containers: "
		"[{name: c}]}}]}");
	CHECK_STR(objects(), "Pod/default/q:c");
	CHECK_STR(diags(), "");
	read_text("{apiVersion: apps/v1, kind: DeploymentList, items: {a: 1}}");
	CHECK_STR(diags(), "input-bad-type: items must be a list");
}

static void test_other_kinds(void)
{
	CASE("other kinds");
	read_text("apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: r}\n");
	CHECK_STR(objects(), "");
	read_text(
		"apiVersion: apps/v1\nkind: Deploymnet\nmetadata: {name: r}\nspec: {template: {spec: "
		"{containers: [{name: c, image: i}]}}}\n");
	CHECK_STR(objects(), "Deploymnet/default/r:c");
	CHECK_STR(diags(), "input-unknown-kind: Kubernetes has no kind Deploymnet; did you mean "
			   "Deployment?");
	read_text("apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {name: r}\nspec: "
		  "{secretName: s}\n");
	CHECK(strstr(diags(), "(note) input-unknown-kind: no pod was found in this Certificate"));
	read_text(
		"apiVersion: tekton.dev/v1\nkind: Task\nmetadata: {name: r}\nspec: {steps: [{image: "
		"i, securityContext: {privileged: true}}]}\n");
	CHECK(!strncmp(diags(), "input-unknown-kind: no pod was found in this Task", 48));
	read_text("apiVersion: v1\nkind: Deployment\nmetadata: {name: r}\nspec: {template: {spec: "
		  "{containers: [{name: c}]}}}\n");
	CHECK_STR(objects(), "Deployment/default/r:c");
	CHECK_STR(diags(), "(note) input-unknown-value: there is no Deployment in v1; it is in "
			   "apps/v1");
	read_text("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: r}\nspec: {}\n");
	CHECK_STR(diags(),
		  "input-empty: Deployment/default/r has no pod in it: its template's spec is "
		  "missing");
	read_text("apiVersion: v1\nkind: Pod\nmetadata: {name: r}\nspec: {containers: []}\n");
	CHECK_STR(diags(), "input-empty: Pod/default/r has no containers");
}

/* ---- Effective values ------------------------------------------------------------------------ */

static void test_users(void)
{
	static const struct {
		const char *pod, *container, *more;
		enum tri root, of_host;
	} rows[] = {
		{ "", "", "", TRI_YES, TRI_YES },
		{ "runAsUser: 1000", "", "", TRI_NO, TRI_NO },
		{ "runAsUser: 1000", "runAsUser: 0", "", TRI_YES, TRI_YES },
		{ "runAsUser: 0", "runAsUser: 5", "", TRI_NO, TRI_NO },
		{ "runAsNonRoot: true", "", "", TRI_NO, TRI_NO },
		{ "runAsNonRoot: true", "runAsNonRoot: false", "", TRI_YES, TRI_YES },
		{ "runAsNonRoot: false", "runAsNonRoot: true", "", TRI_NO, TRI_NO },
		{ "runAsNonRoot: true", "runAsUser: 0", "", TRI_YES, TRI_YES },
		{ "runAsUser: 0x0", "", "", TRI_YES, TRI_YES },
		{ "runAsUser: 0.0", "", "", TRI_YES, TRI_YES },
		{ "runAsUser: 1e3", "", "", TRI_NO, TRI_NO },
		{ "runAsUser: -0.0", "", "", TRI_YES, TRI_YES },
		{ "runAsUser: 0e99", "", "", TRI_YES, TRI_YES },
		{ "runAsUser: 1.5", "", "", TRI_UNKNOWN, TRI_UNKNOWN },
		{ "runAsUser: .inf", "", "", TRI_UNKNOWN, TRI_UNKNOWN },
		{ "runAsUser: 2.50e1", "", "", TRI_NO, TRI_NO },
		{ "runAsUser: 1e-1", "", "", TRI_UNKNOWN, TRI_UNKNOWN },
		{ "runAsUser: root", "", "", TRI_UNKNOWN, TRI_UNKNOWN },
		{ "runAsUser: null, runAsNonRoot: true", "", "", TRI_NO, TRI_NO },
		{ "", "", ", hostUsers: false", TRI_YES, TRI_NO },
		{ "", "", ", hostUsers: true", TRI_YES, TRI_YES },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena own = { 0 };

		CASE(rows[i].pod);
		read_text(arena_printf(&own,
				       "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: "
				       "{securityContext: {%s}, containers: [{name: c, "
				       "securityContext: {%s}}]%s}}",
				       rows[i].pod, rows[i].container, rows[i].more));
		if (a.objects) {
			CHECK_INT(a.objects->fact[FACT_ROOT].is, rows[i].root);
			CHECK_INT(a.objects->fact[FACT_ROOT_OF_HOST].is, rows[i].of_host);
		} else {
			CHECK_INT((int)a.object_count, 1);
		}
		arena_free(&own);
	}
}

static void test_profiles(void)
{
	const struct facts *f;

	CASE("profiles");
	read_text(HEAD "  securityContext:\n    seccompProfile: {type: Unconfined}\n"
		       "    appArmorProfile: {type: Unconfined}\n"
		       "    seLinuxOptions: {user: u, type: spc_t}\n"
		       "  containers:\n  - name: inherits\n  - name: own\n    securityContext:\n"
		       "      seccompProfile: {type: Localhost, localhostProfile: a.json}\n"
		       "      appArmorProfile: {type: Localhost, localhostProfile: web}\n"
		       "      seLinuxOptions: {level: s0}\n");
	f = object("Pod/ns/p:inherits");
	if (f) {
		CHECK_INT(f->seccomp.mode, SECM_UNCONFINED);
		CHECK_INT(f->apparmor.mode, LSMM_UNCONFINED);
		CHECK_INT(f->selinux.mode, LSMM_UNCONFINED);
		CHECK_INT((int)f->list[LIST_SELINUX].count, 2);
	}
	f = object("Pod/ns/p:own");
	if (f) {
		CHECK_INT(f->seccomp.mode, SECM_OPAQUE);
		CHECK_STR(f->seccomp.text, "a.json");
		CHECK_INT(f->list[LIST_SECCOMP_WEAK].whole, TRI_UNKNOWN);
		CHECK_INT(f->apparmor.mode, LSMM_CUSTOM);
		CHECK_STR(f->apparmor.text, "web");
		/* Options are taken whole: nothing of the pod's is left. */
		CHECK_INT(f->selinux.mode, LSMM_DEFAULT);
		CHECK_INT((int)f->list[LIST_SELINUX].count, 1);
	}
}

static void test_annotations(void)
{
	const struct facts *f;

	CASE("annotations");
	read_text("apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: d\n  annotations:\n"
		  "    container.apparmor.security.beta.kubernetes.io/a: unconfined\n"
		  "spec:\n  template:\n    metadata:\n      annotations:\n"
		  "        container.apparmor.security.beta.kubernetes.io/b: unconfined\n"
		  "        container.apparmor.security.beta.kubernetes.io/c: unconfined\n"
		  "        container.seccomp.security.alpha.kubernetes.io/b: runtime/default\n"
		  "        seccomp.security.alpha.kubernetes.io/pod: unconfined\n"
		  "    spec:\n      securityContext: {appArmorProfile: {type: RuntimeDefault}}\n"
		  "      containers:\n      - name: a\n      - name: b\n      - name: c\n"
		  "        securityContext: {appArmorProfile: {type: Localhost}}\n");
	f = object("Deployment/default/d:a"); /* that of the Deployment is nobody's */
	if (f) {
		CHECK_INT(f->apparmor.mode, LSMM_DEFAULT);
		CHECK_INT(f->seccomp.mode, SECM_UNCONFINED);
	}
	f = object("Deployment/default/d:b"); /* before the pod's field */
	if (f) {
		CHECK_INT(f->apparmor.mode, LSMM_UNCONFINED);
		CHECK_INT(f->seccomp.mode, SECM_NOT_SET);
	}
	f = object("Deployment/default/d:c"); /* behind the container's */
	if (f)
		CHECK_INT(f->apparmor.mode, LSMM_CUSTOM);
}

static void test_namespaces(void)
{
	const struct facts *f;

	CASE("namespaces");
	read_text(
		HEAD
		"  hostNetwork: true\n  shareProcessNamespace: true\n  containers: [{name: c}]\n");
	f = object("Pod/ns/p:c");
	if (f) {
		CHECK_INT(f->ns_of[NST_PID].mode, NSM_POD);
		CHECK_INT(f->ns_of[NST_NET].mode, NSM_HOST);
		CHECK_INT(f->ns_of[NST_UTS].mode, NSM_HOST);
		CHECK_INT(f->ns_of[NST_IPC].mode, NSM_POD);
		CHECK_INT(f->ns_of[NST_USER].mode, NSM_HOST);
		CHECK_INT(f->fact[FACT_INIT_REAPS].is, TRI_YES);
	}
	read_text(HEAD "  hostPID: \"true\"\n  hostUsers: false\n  containers: [{name: c}]\n"
		       "  ephemeralContainers: [{name: e, targetContainerName: c}, {name: g}]\n");
	f = object("Pod/ns/p:c");
	if (f) {
		CHECK_INT(f->ns_of[NST_PID].mode, NSM_UNKNOWN);
		CHECK_INT(f->ns_of[NST_USER].mode, NSM_OWN);
	}
	read_text(HEAD "  containers: [{name: c}]\n"
		       "  ephemeralContainers: [{name: e, targetContainerName: c}, {name: g}]\n");
	f = object("Pod/ns/p:e");
	if (f) {
		CHECK(f->ephemeral);
		CHECK_INT(f->ns_of[NST_PID].mode, NSM_CONTAINER);
		CHECK_STR(f->ns_of[NST_PID].text, "c");
	}
	f = object("Pod/ns/p:g");
	if (f)
		CHECK_INT(f->ns_of[NST_PID].mode, NSM_OWN);
}

static uint64_t bit(const char *name)
{
	return 1ULL << cap_from_name(name, false);
}

static void test_capabilities(void)
{
	const struct facts *f;

	CASE("capabilities");
	read_text(
		HEAD
		"  containers:\n"
		"  - {name: none}\n"
		"  - {name: some, securityContext: {capabilities: {add: [SYS_ADMIN, NET_ADMIN], drop: "
		"[NET_RAW, NET_ADMIN]}}}\n"
		"  - {name: least, securityContext: {capabilities: {add: [KILL], drop: [ALL]}}}\n"
		"  - {name: all, securityContext: {capabilities: {add: [ALL]}}}\n"
		"  - {name: priv, securityContext: {privileged: true, capabilities: {drop: [ALL]}}}\n");
	f = object("Pod/ns/p:none");
	if (f) {
		CHECK(f->caps.bits[CAPS_BOUNDING] == caps_docker);
		CHECK_INT(f->fact[FACT_DROPS_ALL].is, TRI_NO);
	}
	f = object("Pod/ns/p:some");
	if (f) {
		CHECK(f->caps.bits[CAPS_EFFECTIVE] ==
		      ((caps_docker | bit("SYS_ADMIN")) & ~bit("NET_RAW")));
		CHECK(f->caps.added == bit("SYS_ADMIN"));
		CHECK(f->caps.added_at[cap_from_name("SYS_ADMIN", false)]);
		CHECK(!f->caps.added_at[cap_from_name("NET_ADMIN", false)]);
	}
	f = object("Pod/ns/p:least");
	if (f) {
		CHECK(f->caps.bits[CAPS_PERMITTED] == bit("KILL"));
		CHECK_INT(f->fact[FACT_DROPS_ALL].is, TRI_YES);
	}
	f = object("Pod/ns/p:all");
	if (f) {
		CHECK(f->caps.named_all);
		CHECK(f->caps.bits[CAPS_BOUNDING] == caps_known());
	}
	f = object("Pod/ns/p:priv");
	if (f) {
		CHECK(f->caps.bits[CAPS_BOUNDING] == caps_known());
		CHECK_INT(f->fact[FACT_DROPS_ALL].is, TRI_NO);
	}
	CHECK_STR(diags(), "");
}

static void test_odd_capabilities(void)
{
	const struct facts *f;

	CASE("odd capabilities");
	read_text(HEAD "  containers: [{name: c, securityContext: {capabilities: {add: [sys_admin, "
		       "CAP_BPF, SYS_ADMN, FLY], drop: [all]}}}]\n");
	CHECK_STR(
		diags(),
		"input-unknown-value: sys_admin is no capability's name; did you mean SYS_ADMIN?; "
		"input-unknown-value: CAP_BPF is no capability's name; did you mean BPF?; "
		"input-unknown-value: SYS_ADMN is no capability's name; did you mean SYS_ADMIN?; "
		"input-unknown-value: FLY is no capability's name; "
		"input-unknown-value: all is no capability's name; did you mean ALL?");
	f = object("Pod/ns/p:c");
	if (f)
		CHECK(f->caps.added == (bit("SYS_ADMIN") | bit("BPF")));
}

/* ---- Volumes --------------------------------------------------------------------------------- */

static void test_mounts(void)
{
	const struct facts *f;

	CASE("mounts");
	read_text(HEAD "  volumes:\n"
		       "  - {name: a, hostPath: {path: /srv/}}\n  - {name: b, emptyDir: {}}\n"
		       "  - {name: idle, hostPath: {path: /etc}}\n"
		       "  containers:\n  - name: c\n    volumeMounts:\n"
		       "    - {name: a, mountPath: /x, subPath: y/z, readOnly: true}\n"
		       "    - {name: b, mountPath: /y, mountPropagation: Sideways}\n"
		       "    - {name: gone, mountPath: /z}\n"
		       "  - name: d\n    volumeMounts:\n"
		       "    - {name: a, mountPath: /x, mountPropagation: Bidirectional}\n");
	f = object("Pod/ns/p:c");
	if (f) {
		CHECK_INT((int)f->mount_count, 3);
		CHECK_STR(f->mounts[0].source, "/srv/y/z");
		CHECK_INT(f->mounts[0].readonly, TRI_YES);
		CHECK_INT(f->mounts[0].shared, TRI_NO);
		CHECK_INT(f->mounts[1].kind, MK_VOLUME);
		CHECK_INT(f->mounts[1].shared, TRI_UNKNOWN);
		CHECK_STR(f->mounts[2].source, "/etc");
		CHECK_STR(f->mounts[2].target, NULL);
		CHECK_INT((int)f->list[LIST_VOLUME_TYPES].count, 3);
	}
	f = object("Pod/ns/p:d");
	if (f) {
		CHECK_INT((int)f->mount_count, 1);
		CHECK_STR(f->mounts[0].source, "/srv/");
		CHECK_INT(f->mounts[0].shared, TRI_YES);
	}
	CHECK_STR(diags(), "input-unknown-value: mountPropagation is None, HostToContainer or "
			   "Bidirectional; input-unresolved: the pod has no volume \"gone\"");
}

#define USER                                                                            \
	"---\n" HEAD "  volumes: [{name: d, persistentVolumeClaim: {claimName: %s}}]\n" \
	"  containers: [{name: c, volumeMounts: [{name: d, mountPath: /d, subPath: s}]}]\n"
#define CLAIM \
	"---\nkind: PersistentVolumeClaim\napiVersion: v1\nmetadata: {name: c1, namespace: ns}\n"
#define VOLUME "---\nkind: PersistentVolume\napiVersion: v1\n"

static const struct facts *claimed(const char *text, const char *claim)
{
	struct arena own = { 0 };

	read_text(arena_printf(&own, "%s" USER, text, claim));
	arena_free(&own);
	return object("Pod/ns/p:c");
}

static void test_claims(void)
{
	const struct facts *f;

	CASE("claims");
	f = claimed(VOLUME "metadata: {name: v}\nspec: {local: {path: /disk}}\n" CLAIM
			   "spec: {volumeName: v}\n",
		    "c1");
	if (f) {
		CHECK_INT((int)f->mount_count, 2);
		CHECK_STR(f->mounts[1].source, "/disk/s");
		CHECK_STR(f->mounts[1].via, "claim c1, which has volume v (local)");
		CHECK_INT(f->list[LIST_INDIRECT].whole, TRI_YES);
		CHECK_INT((int)f->list[LIST_INDIRECT].count, 1);
		if (f->list[LIST_INDIRECT].count)
			CHECK_STR(f->list[LIST_INDIRECT].items[0].text,
				  "claim c1 has volume v (local /disk)");
		CHECK(!f->next || !f->next->volume);
	}
	f = claimed(VOLUME "metadata: {name: v}\nspec: {hostPath: {path: /h}, claimRef: {name: c1, "
			   "namespace: ns}}\n",
		    "c1");
	if (f)
		CHECK_INT((int)f->mount_count, 2);
	f = claimed(VOLUME "metadata: {name: v}\nspec: {hostPath: {path: /h}, claimRef: {name: c1, "
			   "namespace: other}}\n",
		    "c1");
	if (f) {
		CHECK_INT((int)f->mount_count, 1);
		CHECK_INT(f->list[LIST_INDIRECT].whole, TRI_UNKNOWN);
		CHECK_STR(f->list[LIST_INDIRECT].why,
			  "the volume that claim c1 gets is not in the files");
	}
	f = claimed(
		VOLUME
		"metadata: {name: v}\nspec: {storageClassName: m, hostPath: {path: /h}}\n" VOLUME
		"metadata: {name: w}\nspec: {storageClassName: m, nfs: {path: /h}}\n" CLAIM
		"spec: {storageClassName: m}\n",
		"c1");
	if (f) {
		CHECK_INT((int)f->mount_count, 1);
		CHECK_INT((int)f->list[LIST_INDIRECT].count, 1);
		if (f->list[LIST_INDIRECT].count)
			CHECK_STR(f->list[LIST_INDIRECT].items[0].text,
				  "claim c1 may get volume v (hostPath /h)");
	}
	f = claimed(VOLUME "metadata: {name: v}\nspec: {nfs: {path: /h}}\n" CLAIM
			   "spec: {volumeName: v}\n",
		    "c1");
	if (f) {
		CHECK_INT((int)f->mount_count, 1);
		CHECK_INT(f->list[LIST_INDIRECT].whole, TRI_YES);
	}
}

/* ---- The dialect, and what is wrong ------------------------------------------------------------ */

static void test_dialect(void)
{
	static const struct {
		const char *value;
		enum tri is;
	} rows[] = {
		{ "true", TRI_YES },  { "yes", TRI_YES },
		{ "on", TRI_YES },    { "y", TRI_YES },
		{ "True", TRI_YES },  { "!!bool \"true\"", TRI_YES },
		{ "off", TRI_NO },    { "null", TRI_NO },
		{ "", TRI_NO },       { "\"true\"", TRI_UNKNOWN },
		{ "1", TRI_UNKNOWN }, { "'yes'", TRI_UNKNOWN },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena own = { 0 };
		const struct facts *f;

		CASE(rows[i].value);
		read_text(arena_printf(&own,
				       HEAD "  containers:\n  - name: c\n    securityContext:\n"
					    "      privileged: %s\n",
				       rows[i].value));
		f = object("Pod/ns/p:c");
		if (f) {
			CHECK_INT(f->fact[FACT_PRIVILEGED].is, rows[i].is);
			CHECK_INT((int)a.diag_count, rows[i].is == TRI_UNKNOWN);
		}
		arena_free(&own);
	}
}

static void test_fields(void)
{
	static const struct {
		const char *spec, *says;
	} rows[] = {
		{ "hostpid: true",
		  "input-unknown-field: PodSpec has no field hostpid; did you mean "
		  "hostPID?" },
		{ "securitycontext: {}", "input-unknown-field: PodSpec has no field "
					 "securitycontext; did you mean securityContext?" },
		{ "privileged: true", "input-unknown-field: PodSpec has no field privileged; it "
				      "belongs in the securityContext of a container" },
		{ "securityContext: {privileged: true}",
		  "input-unknown-field: PodSecurityContext has no field privileged; it belongs in "
		  "the securityContext of a container" },
		{ "fooBar: 1", "input-unknown-field: PodSpec has no field fooBar" },
		{ "hostPID: 'true'",
		  "input-bad-type: hostPID must be true or false, and is a string "
		  "(\"true\")" },
		{ "hostPID: 1",
		  "input-bad-type: hostPID must be true or false, and is a number (1)" },
		{ "priority: high", "input-bad-type: priority must be an integer, and is a string "
				    "(\"high\")" },
		{ "nodeSelector: {a: true}",
		  "input-bad-type: a must be a string, and is the boolean "
		  "true" },
		{ "volumes: {a: 1}", "input-bad-type: volumes must be a list of mappings, and is a "
				     "mapping" },
		{ "hostAliases: [7]",
		  "input-bad-type: hostAliases must be a mapping, and is a number "
		  "(7)" },
		{ "overhead: {cpu: 1, memory: 1Gi}", "" },
		{ "hostPID: null", "" },
		{ "terminationGracePeriodSeconds: 1e1", "" },
		{ "securityContext: {seccompProfile: {type: runtimeDefault}}",
		  "input-unknown-value: type is RuntimeDefault, Localhost or Unconfined" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena own = { 0 };

		CASE(rows[i].spec);
		read_text(
			arena_printf(&own, HEAD "  %s\n  containers: [{name: c}]\n", rows[i].spec));
		CHECK_STR(diags(), rows[i].says);
		CHECK_STR(objects(), "Pod/ns/p:c");
		arena_free(&own);
	}
}

/* An API server drops what it does not know: what is there, a newer one knows. */
static void test_stored(void)
{
	CASE("stored");
	read_text("{apiVersion: v1, kind: Pod, metadata: {name: p, uid: 7f}, spec: {newField: 1, "
		  "containers: [{name: c}]}}\n");
	CHECK_STR(diags(), "(note) input-unknown-field: PodSpec has no field newField");
}

/* JSON's 1e1 is no integer to Kubernetes; YAML's is made one on the way. */
static void test_numbers(void)
{
	CASE("numbers");
	read_text("{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\"},\"spec\":{"
		  "\"securityContext\":{\"runAsUser\":0.0},\"containers\":[{\"name\":\"c\"}]}}");
	CHECK_STR(diags(), "input-bad-type: runAsUser must be an integer, and is a number (0.0)");
}

static void check_type(const struct k8s_type *t, int depth)
{
	for (size_t i = 0; i < t->count && depth < 20; i++) {
		const struct k8s_field *f = &t->fields[i];
		bool has = f->is == K8S_OBJECT || f->is == K8S_OBJECTS;

		if (i && strcmp(t->fields[i - 1].name, f->name) >= 0)
			CHECK_STR(f->name, "in order");
		if (has != !!f->type)
			CHECK_STR(f->name, "has a type exactly if it is an object");
		if (f->type)
			check_type(f->type, depth + 1);
	}
	if (depth >= 20)
		CHECK_INT(depth, 19); /* types within each other end */
}

static void test_tables(void)
{
	const char *last = "";
	size_t i;

	CASE("tables");
	for (i = 0; k8s_root_type_at(i); i++)
		check_type(k8s_root_type_at(i), 0);
	CHECK(i > 0);
	for (i = 0; k8s_kind_at(i); i++) {
		const char *kind = k8s_kind_at(i);

		if (k8s_workload_find(kind))
			continue;
		if (!k8s_kind_is_other(kind) || strcmp(last, kind) >= 0)
			CHECK_STR(kind, "in order");
		last = kind;
	}
	CHECK(i > 50);
}

/* ---- Findings -------------------------------------------------------------------------------- */

static size_t findings(const char *rule)
{
	size_t n = 0;

	for (size_t i = 0; i < a.finding_count; i++)
		n += !strcmp(a.findings[i].rule->id, rule);
	return n;
}

/* A volume that no pod mounts: of rules, only those on mounts are asked. */
static void test_volume_alone(void)
{
	CASE("a volume alone");
	read_text(VOLUME "metadata: {name: v}\nspec: {hostPath: {path: /}}\n" VOLUME
			 "metadata: {name: n}\nspec: {nfs: {server: s, path: /}}\n");
	CHECK(object("PersistentVolume/v"));
	CHECK(a.objects && !a.objects->next);
	audit_run(&a);
	CHECK_INT((int)findings("mount-host-root"), 1);
	CHECK_INT((int)findings("mount-indirect"), 1);
	CHECK_INT((int)a.finding_count, 2);
	CHECK_INT((int)a.untold_count, 0);
}

static void test_once(void)
{
	CASE("once");
	read_text(HEAD "  hostPID: true\n  securityContext: {runAsUser: 0, sysctls: [{name: "
		       "kernel.msgmax, value: '1'}],\n    seLinuxOptions: {user: u, role: r}, "
		       "seccompProfile: {type: Unconfined}, fsGroup: 0}\n"
		       "  volumes: [{name: v, nfs: {server: s, path: /}}]\n"
		       "  containers:\n  - {name: a}\n"
		       "  - {name: b, securityContext: {runAsUser: 7}}\n"
		       "  - {name: c, securityContext: {privileged: true}}\n  - {name: d}\n"
		       "---\n" HEAD "  hostPID: true\n  containers: [{name: a}]\n");
	audit_run(&a);
	CHECK_INT((int)findings("pid-host"), 2); /* one a pod */
	CHECK_INT((int)findings("run-as-root"), 2);
	CHECK_INT((int)findings("seccomp-unconfined"), 1);
	CHECK_INT((int)findings("sysctl-unsafe"), 1);
	CHECK_INT((int)findings("group-privileged"), 1);
	CHECK_INT((int)findings("volume-type"), 1);
	CHECK_INT((int)findings("selinux-override"), 2); /* user and role */
	CHECK_INT((int)findings("privileged"), 1);
	CHECK_INT((int)findings("cap-drop-all-missing"), 5); /* one each: the containers' own */
}

static void test_init_containers(void)
{
	CASE("init containers");
	read_text(HEAD "  hostIPC: true\n  initContainers:\n"
		       "  - {name: step, command: [sh, -c, 'a; b']}\n"
		       "  - {name: sidecar, restartPolicy: Always, command: [sh, -c, 'a; b']}\n"
		       "  containers:\n  - {name: c, command: [tini, --, a]}\n");
	CHECK_STR(objects(), "Pod/ns/p:c Pod/ns/p:step Pod/ns/p:sidecar");
	audit_run(&a);
	CHECK_INT((int)findings("init-no-sigterm"), 1);
	CHECK_INT((int)findings("init-missing"), 1);
	CHECK_INT((int)findings("ipc-host"), 1);
	for (size_t i = 0; i < a.finding_count; i++) {
		if (!strcmp(a.findings[i].rule->id, "ipc-host"))
			CHECK_STR(a.findings[i].of->object, "Pod/ns/p:c");
		if (!strcmp(a.findings[i].rule->id, "init-missing"))
			CHECK_STR(a.findings[i].of->object, "Pod/ns/p:sidecar");
	}
}

int main(void)
{
	test_kinds();
	test_shapes();
	test_lists();
	test_other_kinds();
	test_users();
	test_profiles();
	test_annotations();
	test_namespaces();
	test_capabilities();
	test_odd_capabilities();
	test_mounts();
	test_claims();
	test_volume_alone();
	test_dialect();
	test_fields();
	test_stored();
	test_numbers();
	test_tables();
	test_once();
	test_init_containers();
	arena_free(&arena);
	return DONE();
}
