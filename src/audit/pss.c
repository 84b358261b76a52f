/* SPDX-License-Identifier: Apache-2.0 */
/* Pod Security Standards, judged as Kubernetes' admission judges them
 * (k8s.io/pod-security-admission: policy/), from 1.0 to 1.37.
 *
 * A check is a row: since and until which minor version it holds, and at which level. A check of
 * the level restricted may stand in for one of baseline. What the API server fills in before it
 * asks is filled in here: a volume without source is an emptyDir, and with hostNetwork
 * a bare pod's ports are the host's.
 *
 * Traps, all of them Kubernetes': capabilities are compared by their exact names, so that "chown" is
 * none of the allowed ones and "all" does not drop ALL; annotations on seccomp count below
 * 1.19 only, and fields only from there; from 1.25 Windows is spared what it does not have, also where
 * baseline would object; from 1.35 user namespaces are allowed root and an unmasked /proc. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "audit/from_k8s.h"

#define COUNT(A) (sizeof(A) / sizeof((A)[0]))

enum { NEWEST = 1 << 20 };
enum { NOT_WINDOWS = 1, NOT_USERNS = 2 }; /* who is spared */

struct run;
struct check {
	const char *name;
	enum pss_level level;
	int since, until; /* minor versions, both included */
	unsigned int spares;
	int arg;
	const char *instead_of; /* check of baseline that restricted leaves out for it */
	void (*judge)(struct run *r, int arg);
};

struct run {
	const struct k8s_pod *p;
	const struct check *check;
	const struct pss_violation **end;
	size_t count; /* of this check */
};

static void against(struct run *r, const struct json *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static void against(struct run *r, const struct json *at, const char *fmt, ...)
{
	struct arena *arena = r->p->a->arena;
	struct pss_violation *v = ARENA_NEW(arena, struct pss_violation);
	va_list ap;

	v->check = r->check->name;
	v->level = r->check->level;
	v->at = place_of_key(r->p->src, at);
	va_start(ap, fmt);
	v->message = arena_vprintf(arena, fmt, ap);
	va_end(ap);
	*r->end = v;
	r->end = &v->next;
	r->count++;
}

static const struct k8s_container_ref *container(const struct run *r, size_t i)
{
	return i < r->p->container_count ? &r->p->containers[i] : NULL;
}

static bool one_of(const char *text, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (text[0] == names[i][0] && !strcmp(text, names[i]))
			return true;
	return false;
}

static const struct json *children(const struct json *list)
{
	return list && list->type == JSON_ARRAY ? list->child : NULL;
}

/* Null as well as what is not there: a string that is not given is "" in Go. */
static const char *text_or_empty(const struct json *n)
{
	const char *text = k8s_text(n);

	return text ? text : "";
}

/* `judge` for the pod's securityContext (c is NULL) and then for each container's. */
static void each_context(struct run *r, int arg,
			 void (*judge)(struct run *, const struct json *sc,
				       const struct k8s_container_ref *c, int arg))
{
	const struct k8s_container_ref *c;

	if (r->p->sc)
		judge(r, r->p->sc, NULL, arg);
	for (size_t i = 0; (c = container(r, i)); i++)
		judge(r, c->sc, c, arg);
}

static const char *whose(const struct run *r, const struct k8s_container_ref *c)
{
	return c ? arena_printf(r->p->a->arena, "container %s", c->name) : "the pod";
}

/* ---- Baseline ----------------------------------------------------------------------------- */

static bool profile_is_bad(const struct json *profile)
{
	static const char *const allowed[] = { "RuntimeDefault", "Localhost" };

	return !one_of(text_or_empty(k8s_get(profile, "type")), allowed, COUNT(allowed));
}

static const struct json *type_or(const struct json *profile)
{
	const struct json *type = k8s_get(profile, "type");

	return type ? type : profile;
}

static void apparmor_context(struct run *r, const struct json *sc,
			     const struct k8s_container_ref *c, int arg)
{
	const struct json *profile = k8s_get(sc, "appArmorProfile");

	(void)arg;
	if (profile && profile_is_bad(profile))
		against(r, type_or(profile), "%s must not set appArmorProfile.type to \"%s\"",
			whose(r, c), text_or_empty(k8s_get(profile, "type")));
}

static void apparmor(struct run *r, int arg)
{
	each_context(r, arg, apparmor_context);
	for (size_t i = 0; i < r->p->note_count; i++) {
		const struct json *n = r->p->notes[i];
		const char *v = text_or_empty(n);

		if (!strncmp(n->key, K8S_NOTE_APPARMOR, strlen(K8S_NOTE_APPARMOR)) && *v &&
		    strcmp(v, "runtime/default") != 0 && strncmp(v, "localhost/", 10) != 0)
			against(r, n, "annotation %s must not be \"%s\"", n->key, v);
	}
}

static void capabilities_baseline(struct run *r, int arg)
{
	static const char *const allowed[] = {
		"AUDIT_WRITE", "CHOWN",  "DAC_OVERRIDE", "FOWNER", "FSETID",
		"KILL",        "MKNOD",  "SETFCAP",      "SETGID", "NET_BIND_SERVICE",
		"SETPCAP",     "SETUID", "SYS_CHROOT"
	};
	const struct k8s_container_ref *c;

	(void)arg;
	for (size_t i = 0; (c = container(r, i)); i++) {
		const struct json *n = children(k8s_get(k8s_get(c->sc, "capabilities"), "add"));

		for (; n; n = n->next)
			if (!one_of(text_or_empty(n), allowed, COUNT(allowed)))
				against(r, n, "container %s must not add capability \"%s\"",
					c->name, text_or_empty(n));
	}
}

static void host_namespaces(struct run *r, int arg)
{
	static const char *const keys[] = { "hostNetwork", "hostPID", "hostIPC" };

	(void)arg;
	for (size_t i = 0; i < COUNT(keys); i++) {
		const struct json *n = k8s_get(r->p->spec, keys[i]);

		if (k8s_bool(n, TRI_NO) == TRI_YES)
			against(r, n, "%s must not be true", keys[i]);
	}
}

static void host_path_volumes(struct run *r, int arg)
{
	(void)arg;
	for (const struct json *n = children(k8s_get(r->p->spec, "volumes")); n; n = n->next) {
		const struct json *path = k8s_get(n, "hostPath");

		if (path)
			against(r, path, "volume %s must not be a hostPath",
				text_or_empty(k8s_get(n, "name")));
	}
}

static void host_ports(struct run *r, int arg)
{
	bool filled_in = r->p->bare &&
			 k8s_bool(k8s_get(r->p->spec, "hostNetwork"), TRI_NO) == TRI_YES;
	const struct k8s_container_ref *c;

	(void)arg;
	for (size_t i = 0; (c = container(r, i)); i++)
		for (const struct json *n = children(k8s_get(c->node, "ports")); n; n = n->next) {
			const struct json *port = k8s_get(n, "hostPort");
			int64_t number = 0;

			if (port && !k8s_int(port, &number))
				continue;
			if (!number && filled_in && c->role != K8S_EPHEMERAL) {
				port = k8s_get(n, "containerPort");
				k8s_int(port, &number);
			}
			if (number)
				against(r, port, "container %s must not use host port %lld",
					c->name, (long long)number);
		}
}

static void handler(struct run *r, const struct k8s_container_ref *c, const struct json *h)
{
	static const char *const ways[] = { "httpGet", "tcpSocket" };

	for (size_t i = 0; i < COUNT(ways); i++) {
		const struct json *host = k8s_get(k8s_get(h, ways[i]), "host");

		if (*text_or_empty(host))
			against(r, host, "container %s must not set %s.%s.host (\"%s\")", c->name,
				h->key, ways[i], host->text);
	}
}

static void host_probes(struct run *r, int arg)
{
	const struct k8s_container_ref *c;

	(void)arg;
	for (size_t i = 0; (c = container(r, i)); i++) {
		const struct json *hooks = k8s_get(c->node, "lifecycle");

		handler(r, c, k8s_get(c->node, "livenessProbe"));
		handler(r, c, k8s_get(c->node, "readinessProbe"));
		handler(r, c, k8s_get(c->node, "startupProbe"));
		handler(r, c, k8s_get(hooks, "postStart"));
		handler(r, c, k8s_get(hooks, "preStop"));
	}
}

static void privileged(struct run *r, int arg)
{
	const struct k8s_container_ref *c;

	(void)arg;
	for (size_t i = 0; (c = container(r, i)); i++) {
		const struct json *n = k8s_get(c->sc, "privileged");

		if (k8s_bool(n, TRI_NO) == TRI_YES)
			against(r, n, "container %s must not be privileged", c->name);
	}
}

static void proc_mount(struct run *r, int arg)
{
	const struct k8s_container_ref *c;

	(void)arg;
	for (size_t i = 0; (c = container(r, i)); i++) {
		const struct json *n = k8s_get(c->sc, "procMount");

		if (n && strcmp(text_or_empty(n), "Default") != 0)
			against(r, n, "container %s must not set procMount to \"%s\"", c->name,
				text_or_empty(n));
	}
}

/* `arg`: how many of the types are allowed. */
static void selinux_context(struct run *r, const struct json *sc, const struct k8s_container_ref *c,
			    int arg)
{
	static const char *const types[] = { "", "container_t", "container_init_t",
					     "container_kvm_t", "container_engine_t" };
	static const char *const none[] = { "user", "role" };
	const struct json *options = k8s_get(sc, "seLinuxOptions");
	const struct json *type = k8s_get(options, "type");

	if (!one_of(text_or_empty(type), types, (size_t)arg))
		against(r, type, "%s must not set seLinuxOptions.type to \"%s\"", whose(r, c),
			text_or_empty(type));
	for (size_t i = 0; i < COUNT(none); i++) {
		const struct json *n = k8s_get(options, none[i]);

		if (*text_or_empty(n))
			against(r, n, "%s must not set seLinuxOptions.%s", whose(r, c), none[i]);
	}
}

static void selinux(struct run *r, int arg)
{
	each_context(r, arg, selinux_context);
}

static void seccomp_annotation(struct run *r, const struct json *n)
{
	const char *v = text_or_empty(n);

	if (n && strcmp(v, "runtime/default") != 0 && strcmp(v, "docker/default") != 0 &&
	    strncmp(v, "localhost/", 10) != 0)
		against(r, n, "annotation %s must not be \"%s\"", n->key, v);
}

static void seccomp_annotations(struct run *r, int arg)
{
	const struct k8s_container_ref *c;

	(void)arg;
	seccomp_annotation(r, k8s_note(r->p, K8S_NOTE_SECCOMP_POD, ""));
	for (size_t i = 0; (c = container(r, i)); i++)
		seccomp_annotation(r, k8s_note(r->p, K8S_NOTE_SECCOMP,
					       text_or_empty(k8s_get(c->node, "name"))));
}

static void seccomp_context(struct run *r, const struct json *sc, const struct k8s_container_ref *c,
			    int arg)
{
	const struct json *profile = k8s_get(sc, "seccompProfile");

	(void)arg;
	if (profile && profile_is_bad(profile))
		against(r, type_or(profile), "%s must not set seccompProfile.type to \"%s\"",
			whose(r, c), text_or_empty(k8s_get(profile, "type")));
}

static void seccomp_baseline(struct run *r, int arg)
{
	each_context(r, arg, seccomp_context);
}

/* `arg`: how many of the names are allowed. */
static void sysctls(struct run *r, int arg)
{
	static const char *const names[] = {
		"kernel.shm_rmid_forced",
		"net.ipv4.ip_local_port_range",
		"net.ipv4.tcp_syncookies",
		"net.ipv4.ping_group_range",
		"net.ipv4.ip_unprivileged_port_start", /* 5: 1.0 */
		"net.ipv4.ip_local_reserved_ports",    /* 6: 1.27 */
		"net.ipv4.tcp_keepalive_time",
		"net.ipv4.tcp_fin_timeout",
		"net.ipv4.tcp_keepalive_intvl",
		"net.ipv4.tcp_keepalive_probes", /* 10: 1.29 */
		"net.ipv4.tcp_rmem",
		"net.ipv4.tcp_wmem", /* 12: 1.32 */
		"net.ipv4.tcp_slow_start_after_idle",
		"net.ipv4.tcp_notsent_lowat", /* 14: 1.37 */
	};

	for (const struct json *n = children(k8s_get(r->p->sc, "sysctls")); n; n = n->next) {
		const struct json *name = k8s_get(n, "name");

		if (!one_of(text_or_empty(name), names, (size_t)arg))
			against(r, name ? name : n, "sysctl \"%s\" must not be set",
				text_or_empty(name));
	}
}

static void host_process_context(struct run *r, const struct json *sc,
				 const struct k8s_container_ref *c, int arg)
{
	const struct json *n = k8s_get(k8s_get(sc, "windowsOptions"), "hostProcess");

	(void)arg;
	if (k8s_bool(n, TRI_NO) == TRI_YES)
		against(r, n, "%s must not set windowsOptions.hostProcess", whose(r, c));
}

static void windows_host_process(struct run *r, int arg)
{
	each_context(r, arg, host_process_context);
}

/* ---- Restricted --------------------------------------------------------------------------- */

static const struct json *near(const struct k8s_container_ref *c, const struct json *n)
{
	return n ? n : c->sc ? c->sc : c->node;
}

static void privilege_escalation(struct run *r, int arg)
{
	const struct k8s_container_ref *c;

	(void)arg;
	for (size_t i = 0; (c = container(r, i)); i++) {
		const struct json *n = k8s_get(c->sc, "allowPrivilegeEscalation");

		if (k8s_bool(n, TRI_YES) != TRI_NO)
			against(r, near(c, n),
				"container %s must set allowPrivilegeEscalation to false", c->name);
	}
}

static void capabilities_restricted(struct run *r, int arg)
{
	const struct k8s_container_ref *c;

	(void)arg;
	for (size_t i = 0; (c = container(r, i)); i++) {
		const struct json *caps = k8s_get(c->sc, "capabilities");
		const struct json *drop = k8s_get(caps, "drop");
		bool all = false;

		for (const struct json *n = children(drop); n && !all; n = n->next)
			all = !strcmp(text_or_empty(n), "ALL");
		if (!all)
			against(r, near(c, drop ? drop : caps),
				"container %s must drop all capabilities (\"ALL\")", c->name);
		for (const struct json *n = children(k8s_get(caps, "add")); n; n = n->next)
			if (strcmp(text_or_empty(n), "NET_BIND_SERVICE") != 0)
				against(r, n, "container %s must not add capability \"%s\"",
					c->name, text_or_empty(n));
	}
}

/* Any of the allowed sources beside another one lets the volume pass. What is no source that
 * Kubernetes knows is dropped, and the volume then is an emptyDir. */
static void restricted_volumes(struct run *r, int arg)
{
	static const char *const allowed[] = { "configMap", "csi",    "downwardAPI",
					       "emptyDir",  "image",  "ephemeral",
					       "projected", "secret", "persistentVolumeClaim" };
	static const char *const others[] = {
		"hostPath",
		"gcePersistentDisk",
		"awsElasticBlockStore",
		"gitRepo",
		"nfs",
		"iscsi",
		"glusterfs",
		"rbd",
		"flexVolume",
		"cinder",
		"cephfs",
		"flocker",
		"fc",
		"azureFile",
		"vsphereVolume",
		"quobyte",
		"azureDisk",
		"photonPersistentDisk",
		"scaleIO",
		"portworxVolume",
		"storageos",
	};

	(void)arg;
	for (const struct json *n = children(k8s_get(r->p->spec, "volumes")); n; n = n->next) {
		const struct json *bad = NULL;
		bool good = false;

		for (const struct json *c = n->type == JSON_OBJECT ? n->child : NULL; c;
		     c = c->next) {
			if (c->type == JSON_NULL)
				continue;
			good = good || one_of(c->key, allowed, COUNT(allowed));
			if (!bad && one_of(c->key, others, COUNT(others)))
				bad = c;
		}
		if (bad && !good)
			against(r, bad, "volume %s must not be of type %s",
				text_or_empty(k8s_get(n, "name")), bad->key);
	}
}

static void run_as_non_root(struct run *r, int arg)
{
	const struct json *of_pod = k8s_get(r->p->sc, "runAsNonRoot");
	enum tri pod = k8s_bool(of_pod, TRI_UNKNOWN);
	const struct k8s_container_ref *c;

	(void)arg;
	if (pod == TRI_NO)
		against(r, of_pod, "the pod must not set runAsNonRoot to false");
	for (size_t i = 0; (c = container(r, i)); i++) {
		const struct json *n = k8s_get(c->sc, "runAsNonRoot");

		if (n ? k8s_bool(n, TRI_NO) != TRI_YES : pod != TRI_YES)
			against(r, near(c, n),
				n ? "container %s must not set runAsNonRoot to false"
				  : "the pod or container %s must set runAsNonRoot to true",
				c->name);
	}
}

static void run_as_user_context(struct run *r, const struct json *sc,
				const struct k8s_container_ref *c, int arg)
{
	const struct json *n = k8s_get(sc, "runAsUser");
	int64_t uid;

	(void)arg;
	if (k8s_int(n, &uid) && uid == 0)
		against(r, n, "%s must not set runAsUser to 0", whose(r, c));
}

static void run_as_user(struct run *r, int arg)
{
	each_context(r, arg, run_as_user_context);
}

static void seccomp_restricted(struct run *r, int arg)
{
	const struct json *of_pod = k8s_get(r->p->sc, "seccompProfile");
	bool set = of_pod && !profile_is_bad(of_pod);
	const struct k8s_container_ref *c;

	each_context(r, arg, seccomp_context);
	for (size_t i = 0; (c = container(r, i)); i++)
		if (!set && !k8s_get(c->sc, "seccompProfile"))
			against(r, near(c, NULL),
				"the pod or container %s must set seccompProfile.type to "
				"RuntimeDefault or Localhost",
				c->name);
}

/* ---- The table ---------------------------------------------------------------------------- */

#define BASE(NAME, SINCE, UNTIL, SPARES, ARG, JUDGE)                       \
	{                                                                  \
		NAME, PSS_BASELINE, SINCE, UNTIL, SPARES, ARG, NULL, JUDGE \
	}
#define REST(NAME, SINCE, UNTIL, SPARES, INSTEAD, JUDGE)                      \
	{                                                                     \
		NAME, PSS_RESTRICTED, SINCE, UNTIL, SPARES, 0, INSTEAD, JUDGE \
	}

/* clang-format off */
static const struct check checks[] = {
	BASE("appArmorProfile", 0, NEWEST, 0, 0, apparmor),
	BASE("capabilities_baseline", 0, NEWEST, 0, 0, capabilities_baseline),
	BASE("hostNamespaces", 0, NEWEST, 0, 0, host_namespaces),
	BASE("hostPathVolumes", 0, NEWEST, 0, 0, host_path_volumes),
	BASE("hostPorts", 0, NEWEST, 0, 0, host_ports),
	BASE("hostProbesAndHostLifecycle", 34, NEWEST, 0, 0, host_probes),
	BASE("privileged", 0, NEWEST, 0, 0, privileged),
	BASE("procMount", 0, 34, 0, 0, proc_mount),
	BASE("procMount", 35, NEWEST, NOT_USERNS, 0, proc_mount),
	BASE("seLinuxOptions", 0, 30, 0, 4, selinux),
	BASE("seLinuxOptions", 31, NEWEST, 0, 5, selinux),
	BASE("seccompProfile_baseline", 0, 18, 0, 0, seccomp_annotations),
	BASE("seccompProfile_baseline", 19, NEWEST, 0, 0, seccomp_baseline),
	BASE("sysctls", 0, 26, 0, 5, sysctls),
	BASE("sysctls", 27, 28, 0, 6, sysctls),
	BASE("sysctls", 29, 31, 0, 10, sysctls),
	BASE("sysctls", 32, 36, 0, 12, sysctls),
	BASE("sysctls", 37, NEWEST, 0, 14, sysctls),
	BASE("windowsHostProcess", 0, NEWEST, 0, 0, windows_host_process),
	REST("allowPrivilegeEscalation", 8, 24, 0, NULL, privilege_escalation),
	REST("allowPrivilegeEscalation", 25, NEWEST, NOT_WINDOWS, NULL, privilege_escalation),
	REST("capabilities_restricted", 22, 24, 0, "capabilities_baseline", capabilities_restricted),
	REST("capabilities_restricted", 25, NEWEST, NOT_WINDOWS, "capabilities_baseline",
	     capabilities_restricted),
	REST("procMount_restricted", 35, NEWEST, 0, "procMount", proc_mount),
	REST("restrictedVolumes", 0, NEWEST, 0, "hostPathVolumes", restricted_volumes),
	REST("runAsNonRoot", 0, 34, 0, NULL, run_as_non_root),
	REST("runAsNonRoot", 35, NEWEST, NOT_USERNS, NULL, run_as_non_root),
	REST("runAsUser", 23, 34, 0, NULL, run_as_user),
	REST("runAsUser", 35, NEWEST, NOT_USERNS, NULL, run_as_user),
	REST("seccompProfile_restricted", 19, 24, 0, "seccompProfile_baseline", seccomp_restricted),
	REST("seccompProfile_restricted", 25, NEWEST, NOT_WINDOWS, "seccompProfile_baseline",
	     seccomp_restricted),
};
/* clang-format on */

/* Bit i: row i holds at this version, and (restricted) no other stands in for it. */
static void in_force(int minor, uint64_t *ret_rows, uint64_t *ret_at_restricted)
{
	uint64_t rows = 0, out = 0;

	_Static_assert(COUNT(checks) <= 64, "one bit a row");
	for (size_t i = 0; i < COUNT(checks); i++)
		if (minor >= checks[i].since && minor <= checks[i].until)
			rows |= 1ULL << i;
	for (size_t i = 0; i < COUNT(checks); i++)
		for (size_t k = 0; (rows >> i & 1) && checks[i].instead_of && k < COUNT(checks);
		     k++)
			if (!strcmp(checks[k].name, checks[i].instead_of))
				out |= 1ULL << k;
	*ret_rows = rows;
	*ret_at_restricted = rows & ~out;
}

static bool is_spared(const struct k8s_pod *p, const struct check *c)
{
	const char *os = k8s_text(k8s_get(k8s_get(p->spec, "os"), "name"));

	if ((c->spares & NOT_WINDOWS) && os && !strcmp(os, "windows"))
		return true;
	return (c->spares & NOT_USERNS) &&
	       k8s_bool(k8s_get(p->spec, "hostUsers"), TRI_YES) == TRI_NO;
}

void pss_judge(const struct k8s_pod *p)
{
	int minor = p->a->pss_minor < 0 || p->a->pss_minor > NEWEST ? NEWEST : p->a->pss_minor;
	struct pss_pod *pod = ARENA_NEW(p->a->arena, struct pss_pod);
	struct run r = { .p = p, .end = &pod->violations };
	struct k8s_books *b = k8s_books_of(p->a);

	if (!b->pss_rows)
		in_force(minor, &b->pss_rows, &b->pss_at_restricted);
	pod->object = p->title;
	pod->at = place_of(p->src, p->spec);
	pod->meets[PSS_PRIVILEGED] = pod->meets[PSS_BASELINE] = pod->meets[PSS_RESTRICTED] = true;
	for (size_t i = 0; i < COUNT(checks); i++) {
		r.check = &checks[i];
		r.count = 0;
		if (!(b->pss_rows >> i & 1) || is_spared(p, r.check))
			continue;
		r.check->judge(&r, r.check->arg);
		if (r.count && r.check->level == PSS_BASELINE)
			pod->meets[PSS_BASELINE] = false;
		if (r.count && (b->pss_at_restricted >> i & 1))
			pod->meets[PSS_RESTRICTED] = false;
	}
	pod->level = pod->meets[PSS_RESTRICTED] ? PSS_RESTRICTED
		     : pod->meets[PSS_BASELINE] ? PSS_BASELINE
						: PSS_PRIVILEGED;
	*p->a->pods_end = pod;
	p->a->pods_end = &pod->next;
	p->a->pod_count++;
}
