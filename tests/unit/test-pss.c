/* SPDX-License-Identifier: Apache-2.0 */
/* Pod Security Standards: every check at the versions where it changes. What Kubernetes' own
 * fixtures say is compared by tools/pss-parity; these are the cases that they leave out. */
#include <string.h>

#include "audit/audit.h"
#include "test.h"

/* A pod that meets restricted at every version; the case puts something in. */
#define GOOD_SC  "allowPrivilegeEscalation: false, capabilities: {drop: [ALL]"
#define GOOD_POD "runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}"

struct kase {
	const char *label;
	const char *meta; /* more of metadata */
	const char *spec; /* more of the spec */
	const char *pod;  /* more of the pod's securityContext */
	const char *sc;   /* of the container's, behind capabilities: {drop: [ALL] */
	const char *c;    /* more of the container */
	struct {
		int minor;
		const char *fails; /* checks, as they come, joined by ","; "" none */
		bool baseline, restricted;
	} at[5];
};

#define R true, true
#define B true, false
#define P false, false

static const struct kase kases[] = {
	{ "good",
	  .at = { { 0, "", R }, { 19, "", R }, { 25, "", R }, { 37, "", R }, { -1, "", R } } },
	{ "add of a name in small letters", .sc = ", add: [chown]}",
	  .at = { { 21, "capabilities_baseline", P },
		  { 22, "capabilities_baseline,capabilities_restricted", P } } },
	{ "add of an allowed one", .sc = ", add: [CHOWN]}",
	  .at = { { 21, "", R }, { 22, "capabilities_restricted", B } } },
	{ "add of the one that restricted allows", .sc = ", add: [NET_BIND_SERVICE]}",
	  .at = { { 37, "", R } } },
	{ "add of null is a name that is none", .sc = ", add: [~]}",
	  .at = { { 0, "capabilities_baseline", P } } },
	{ "hostNetwork makes a pod's ports the host's", .spec = "hostNetwork: true, ",
	  .c = "ports: [{containerPort: 80}], ", .at = { { -1, "hostNamespaces,hostPorts", P } } },
	{ "hostPort 0", .c = "ports: [{containerPort: 80, hostPort: 0}], ",
	  .at = { { -1, "", R } } },
	{ "hostPort", .c = "ports: [{containerPort: 80, hostPort: 80}], ",
	  .at = { { -1, "hostPorts", P } } },
	{ "a volume without source", .spec = "volumes: [{name: a}, {name: b, emptyDir: ~}], ",
	  .at = { { -1, "", R } } },
	{ "a volume of two sources",
	  .spec = "volumes: [{name: a, emptyDir: {}, hostPath: {path: /}}], ",
	  .at = { { -1, "hostPathVolumes", false, true } } },
	{ "hostPath", .spec = "volumes: [{name: a, hostPath: {}}], ",
	  .at = { { 0, "hostPathVolumes,restrictedVolumes", P } } },
	{ "image volume", .spec = "volumes: [{name: a, image: {reference: x}}], ",
	  .at = { { 0, "", R } } },
	{ "nfs", .spec = "volumes: [{name: a, nfs: {}}], ",
	  .at = { { 0, "restrictedVolumes", B } } },
	{ "probe with a host", .c = "livenessProbe: {tcpSocket: {port: 1, host: x}}, ",
	  .at = { { 33, "", R }, { 34, "hostProbesAndHostLifecycle", P } } },
	{ "hook with an empty host", .c = "lifecycle: {preStop: {httpGet: {port: 1, host: ''}}}, ",
	  .at = { { -1, "", R } } },
	{ "hook with a host", .c = "lifecycle: {postStart: {httpGet: {port: 1, host: x}}}, ",
	  .at = { { 33, "", R }, { 34, "hostProbesAndHostLifecycle", P } } },
	{ "procMount", .sc = "}, procMount: Unmasked",
	  .at = { { 34, "procMount", P }, { 35, "procMount,procMount_restricted", P } } },
	{ "procMount in a user namespace", .spec = "hostUsers: false, ",
	  .sc = "}, procMount: Unmasked",
	  .at = { { 34, "procMount", P }, { 35, "procMount_restricted", B } } },
	{ "procMount with no word", .sc = "}, procMount: ''", .at = { { 0, "procMount", P } } },
	{ "SELinux type of an engine", .pod = "seLinuxOptions: {type: container_engine_t}, ",
	  .at = { { 30, "seLinuxOptions", P }, { 31, "", R } } },
	{ "SELinux level", .pod = "seLinuxOptions: {level: 's0:c1'}, ", .at = { { 0, "", R } } },
	{ "SELinux role of a container", .sc = "}, seLinuxOptions: {role: r}",
	  .at = { { -1, "seLinuxOptions", P } } },
	{ "annotation on seccomp of the pod",
	  .meta = "annotations: {seccomp.security.alpha.kubernetes.io/pod: unconfined}, ",
	  .at = { { 18, "seccompProfile_baseline", P }, { 19, "", R } } },
	{ "annotation on seccomp of a container",
	  .meta = "annotations: {container.seccomp.security.alpha.kubernetes.io/a: ''}, ",
	  .at = { { 0, "seccompProfile_baseline", P }, { 19, "", R } } },
	{ "annotation on seccomp of no container",
	  .meta = "annotations: {container.seccomp.security.alpha.kubernetes.io/zz: unconfined}, ",
	  .at = { { 0, "", R } } },
	{ "annotation on seccomp: docker/default",
	  .meta = "annotations: {seccomp.security.alpha.kubernetes.io/pod: docker/default}, ",
	  .at = { { 0, "", R } } },
	{ "annotation on AppArmor, of whatever name",
	  .meta = "annotations: {container.apparmor.security.beta.kubernetes.io/zz: unconfined}, ",
	  .at = { { 0, "appArmorProfile", P }, { -1, "appArmorProfile", P } } },
	{ "annotation on AppArmor: empty",
	  .meta = "annotations: {container.apparmor.security.beta.kubernetes.io/a: ''}, ",
	  .at = { { -1, "", R } } },
	{ "AppArmor", .sc = "}, appArmorProfile: {type: Unconfined}",
	  .at = { { -1, "appArmorProfile", P } } },
	{ "seccomp of a container", .sc = "}, seccompProfile: {type: Unconfined}",
	  .at = { { 18, "", R },
		  { 19, "seccompProfile_baseline,seccompProfile_restricted", P },
		  { 25, "seccompProfile_baseline,seccompProfile_restricted", P } } },
	{ "sysctl of 1.27",
	  .pod = "sysctls: [{name: net.ipv4.ip_local_reserved_ports, value: '1'}], ",
	  .at = { { 26, "sysctls", P }, { 27, "", R } } },
	{ "sysctl of 1.29", .pod = "sysctls: [{name: net.ipv4.tcp_keepalive_probes, value: '1'}], ",
	  .at = { { 28, "sysctls", P }, { 29, "", R } } },
	{ "sysctl of 1.32", .pod = "sysctls: [{name: net.ipv4.tcp_wmem, value: '1'}], ",
	  .at = { { 31, "sysctls", P }, { 32, "", R } } },
	{ "sysctl of 1.37", .pod = "sysctls: [{name: net.ipv4.tcp_notsent_lowat, value: '1'}], ",
	  .at = { { 36, "sysctls", P }, { 37, "", R }, { 99, "", R } } },
	{ "sysctl written with slashes",
	  .pod = "sysctls: [{name: kernel/shm_rmid_forced, value: '1'}], ",
	  .at = { { -1, "sysctls", P } } },
	{ "root", .sc = "}, runAsUser: 0",
	  .at = { { 22, "", R }, { 23, "runAsUser", B }, { 37, "runAsUser", B } } },
	{ "root in a user namespace", .spec = "hostUsers: false, ",
	  .sc = "}, runAsUser: 0, runAsNonRoot: false",
	  .at = { { 22, "runAsNonRoot", B }, { 34, "runAsNonRoot,runAsUser", B }, { 35, "", R } } },
	{ "hostUsers: true relaxes nothing", .spec = "hostUsers: true, ", .sc = "}, runAsUser: 0",
	  .at = { { 35, "runAsUser", B } } },
	{ "a container takes non-root back", .sc = "}, runAsNonRoot: false",
	  .at = { { 0, "runAsNonRoot", B } } },
	{ "privilege escalation", .sc = "}, privileged: false, allowPrivilegeEscalation: true",
	  .at = { { 7, "", R }, { 8, "allowPrivilegeEscalation", B } } },
	{ "privileged", .sc = "}, privileged: yes", .at = { { 0, "privileged", P } } },
	{ "HostProcess of the pod", .pod = "windowsOptions: {hostProcess: true}, ",
	  .at = { { 0, "windowsHostProcess", P } } },
	{ "Windows is spared, and baseline is not asked instead", .spec = "os: {name: windows}, ",
	  .sc = ", add: [SYS_ADMIN]}",
	  .at = { { 24, "capabilities_baseline,capabilities_restricted", P },
		  { 25, "capabilities_baseline", false, true } } },
	{ "an ephemeral container counts",
	  .spec = "ephemeralContainers: [{name: e, securityContext: {privileged: true}}], ",
	  .at = { { 7, "privileged", P }, { 8, "privileged,allowPrivilegeEscalation", P } } },
	{ "host namespaces", .spec = "hostIPC: true, hostPID: false, ",
	  .at = { { 0, "hostNamespaces", P } } },
};

static const char *or_nothing(const char *s)
{
	return s ? s : "";
}

static void checks_of(const struct pss_pod *p, char *out, size_t size)
{
	const char *last = "";

	*out = 0;
	for (const struct pss_violation *v = p->violations; v; v = v->next) {
		if (strcmp(v->check, last) != 0 && strlen(out) + strlen(v->check) + 2 < size) {
			strcat(out, *out ? "," : "");
			strcat(out, v->check);
		}
		last = v->check;
	}
}

static void judge(const struct kase *k, const char *kind, int minor, struct audit *a,
		  struct arena *arena)
{
	const char *sc = k->sc ? k->sc : "}";
	const char *body = arena_printf(
		arena,
		"{metadata: {%sname: p}, spec: {%ssecurityContext: {%s" GOOD_POD "},\n"
		" containers: [{%sname: a, image: i, securityContext: {" GOOD_SC "%s}}]}}",
		or_nothing(k->meta), or_nothing(k->spec), or_nothing(k->pod), or_nothing(k->c), sc);
	const char *text;

	if (!strcmp(kind, "Pod"))
		text = arena_printf(arena, "{apiVersion: v1, kind: Pod, %s", body + 1);
	else
		text = arena_printf(arena,
				    "{apiVersion: apps/v1, kind: %s, metadata: {name: d}, spec: "
				    "{template: %s}}",
				    kind, body);
	audit_init(a, arena);
	a->pss_minor = minor;
	audit_read_text(a, "t.yaml", text, strlen(text));
}

static void run(const struct kase *k)
{
	CASE(k->label);
	for (size_t i = 0; i < 5 && k->at[i].fails; i++) {
		struct arena arena = { 0 };
		char checks[512];
		struct audit a;

		judge(k, "Pod", k->at[i].minor, &a, &arena);
		CHECK_INT((int)a.pod_count, 1);
		if (!a.pods)
			continue;
		checks_of(a.pods, checks, sizeof(checks));
		CHECK_STR(checks, k->at[i].fails);
		CHECK_INT(a.pods->meets[PSS_BASELINE], k->at[i].baseline);
		CHECK_INT(a.pods->meets[PSS_RESTRICTED], k->at[i].restricted);
		CHECK_INT(a.pods->level, k->at[i].restricted ? PSS_RESTRICTED
					 : k->at[i].baseline ? PSS_BASELINE
							     : PSS_PRIVILEGED);
		arena_free(&arena);
	}
}

/* What the API server fills into pods, it does not fill into templates. */
static void test_template(void)
{
	static const struct kase host = { .label = "",
					  .spec = "hostNetwork: true, ",
					  .c = "ports: [{containerPort: 80}], " };
	struct arena arena = { 0 };
	char checks[512] = "";
	struct audit a;

	CASE("template");
	judge(&host, "Deployment", -1, &a, &arena);
	CHECK_INT((int)a.pod_count, 1);
	if (a.pods) {
		checks_of(a.pods, checks, sizeof(checks));
		CHECK_STR(a.pods->object, "Deployment/default/d");
	}
	CHECK_STR(checks, "hostNamespaces");
	arena_free(&arena);
}

static void test_places(void)
{
	static const char text[] = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\nspec:\n"
				   "  containers:\n  - name: a\n    securityContext:\n"
				   "      privileged: true\n";
	struct arena arena = { 0 };
	struct audit a;
	bool found = false;

	CASE("places");
	audit_init(&a, &arena);
	audit_read_text(&a, "t.yaml", text, sizeof(text) - 1);
	for (const struct pss_violation *v = a.pods ? a.pods->violations : NULL; v; v = v->next) {
		if (strcmp(v->check, "privileged") != 0)
			continue;
		found = true;
		CHECK_STR(place_text(&arena, &v->at), "t.yaml:9:7");
		CHECK_STR(place_pointer(&arena, &v->at),
			  "/spec/containers/0/securityContext/privileged");
		CHECK_STR(v->message, "container a must not be privileged");
		CHECK_INT(v->level, PSS_BASELINE);
	}
	CHECK(found);
	arena_free(&arena);
}

int main(void)
{
	for (size_t i = 0; i < sizeof(kases) / sizeof(kases[0]); i++)
		run(&kases[i]);
	test_template();
	test_places();
	return DONE();
}
