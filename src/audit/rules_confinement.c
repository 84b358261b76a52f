/* SPDX-License-Identifier: Apache-2.0 */
/* seccomp, AppArmor, SELinux. */
#include <string.h>

#include "audit/facts.h"
#include "audit/rule.h"

static void hit_text(struct hits *h, const struct mode_fact *m, const char *clause)
{
	if (m->text)
		hit(h, &m->at, "%s (%s)", clause, m->text);
	else
		hit(h, &m->at, "%s", clause);
}

static void unknown(struct hits *h, const struct mode_fact *m, const char *otherwise)
{
	cannot_tell(h, &m->at, "%s", m->text ? m->text : otherwise);
}

static void check_seccomp_unconfined(const struct facts *f, struct hits *h)
{
	if (f->seccomp.mode == SECM_UNKNOWN)
		unknown(h, &f->seccomp, "it is not known whether system calls are filtered");
	else if (f->seccomp.mode == SECM_UNCONFINED)
		hit(h, &f->seccomp.at, "seccomp is switched off");
}

static void check_seccomp_not_set(const struct facts *f, struct hits *h)
{
	if (f->seccomp.mode == SECM_UNKNOWN)
		unknown(h, &f->seccomp, "it is not known whether system calls are filtered");
	else if (f->seccomp.mode == SECM_NOT_SET)
		hit(h, &f->seccomp.at, "has no seccomp profile");
}

enum { NAMED_MAX = 10 };

static void check_seccomp_weak(const struct facts *f, struct hits *h)
{
	const struct list_fact *l = &f->list[LIST_SECCOMP_WEAK];
	const struct place *at = l->count ? &l->items[0].at : &f->seccomp.at;
	char names[512] = "";
	size_t len = 0, i;

	switch ((enum seccomp_mode)f->seccomp.mode) {
	case SECM_UNKNOWN:
		unknown(h, &f->seccomp, "it is not known whether system calls are filtered");
		return;
	case SECM_OPAQUE: unknown(h, &f->seccomp, "its seccomp profile was not read"); return;
	case SECM_UNCONFINED:
	case SECM_NOT_SET:
	case SECM_DEFAULT: return;
	case SECM_CUSTOM: break;
	}
	for (i = 0; i < l->count && i < NAMED_MAX; i++) {
		size_t n = strlen(l->items[i].text);

		if (len + n + 3 > sizeof(names))
			break;
		if (i)
			len = (size_t)(stpcpy(names + len, ", ") - names);
		memcpy(names + len, l->items[i].text, n + 1);
		len += n;
	}
	if (i && i < l->count)
		hit(h, at, "its seccomp profile allows %s and %zu more", names, l->count - i);
	else if (i)
		hit(h, at, "its seccomp profile allows %s", names);
	else if (l->count)
		hit(h, at, "its seccomp profile allows %zu dangerous calls", l->count);
	if (l->whole != TRI_YES)
		cannot_tell(h, &f->seccomp.at, "%s",
			    l->why ? l->why : "its seccomp profile was not read to its end");
}

static bool has_label(const struct facts *f)
{
	return f->selinux.mode == LSMM_DEFAULT || f->selinux.mode == LSMM_CUSTOM;
}

/* One of the two modules is enough. */
static void check_apparmor(const struct facts *f, struct hits *h)
{
	switch ((enum lsm_mode)f->apparmor.mode) {
	case LSMM_UNKNOWN: unknown(h, &f->apparmor, "its AppArmor profile is not known"); break;
	case LSMM_UNCONFINED: hit_text(h, &f->apparmor, "AppArmor is switched off"); break;
	case LSMM_NOT_SET:
		if (!has_label(f))
			hit(h, &f->apparmor.at,
			    "has neither an AppArmor profile nor an SELinux label");
		break;
	case LSMM_ABSENT:
	case LSMM_DEFAULT:
	case LSMM_CUSTOM:
	case LSMM_COMPLAIN: break;
	}
}

static void check_selinux(const struct facts *f, struct hits *h)
{
	if (f->selinux.mode == LSMM_UNKNOWN)
		unknown(h, &f->selinux, "its SELinux label is not known");
	else if (f->selinux.mode == LSMM_UNCONFINED)
		hit_text(h, &f->selinux, "SELinux separation is switched off");
}

/* Engines write whole labels into what they make: theirs are not by hand. */
static bool is_usual(const struct facts *f, const char *option)
{
	static const char *const types[] = { "type:container_t", "type:container_init_t",
					     "type:container_kvm_t", "type:container_engine_t" };
	bool made = f->kind & (IN_SPEC | IN_INSPECT);

	if (!strncmp(option, "level:", 6))
		return true;
	if (made && (!strcmp(option, "user:system_u") || !strcmp(option, "role:system_r")))
		return true;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (!strcmp(option, types[i]))
			return true;
	/* These have the finding of selinux-disabled. */
	return f->selinux.mode == LSMM_UNCONFINED &&
	       (!strcmp(option, "type:spc_t") || !strcmp(option, "type:unconfined_t"));
}

static void check_selinux_options(const struct facts *f, struct hits *h)
{
	const struct list_fact *l = &f->list[LIST_SELINUX];

	for (size_t i = 0; i < l->count; i++)
		if (!is_usual(f, l->items[i].text))
			hit(h, &l->items[i].at, "the SELinux option %s is set by hand",
			    l->items[i].text);
	if (l->whole != TRI_YES)
		cannot_tell(h, NULL, "%s", l->why ? l->why : "its SELinux options are not known");
}

#define PSS "https://kubernetes.io/docs/concepts/security/pod-security-standards/"

const struct rule rules_confinement[] = {
	{
		.id = "seccomp-unconfined",
		.severity = SEV_HIGH,
		.title = "seccomp switched off",
		.why = "Every system call of the kernel is in reach, also the hundred odd that "
		       "containers never need: keyctl, bpf, userfaultfd, new namespaces. Many "
		       "kernel holes could not be used from containers for just that filter.",
		.fix = "Remove seccomp=unconfined or type: Unconfined. If one call is missed, add "
		       "it to a copy of the default profile.",
		.refs = "https://docs.docker.com/engine/security/seccomp/; "
			"https://kubernetes.io/docs/tutorials/security/seccomp/; "
			"https://nvd.nist.gov/vuln/detail/CVE-2022-0185; CIS Docker 5.22; " PSS,
		.kinds = IN_LIVE | IN_INSPECT | IN_COMPOSE | IN_K8S | IN_CRI,
		.in_privileged = true,
		.check = check_seccomp_unconfined,
	},
	{
		.id = "seccomp-not-set",
		.severity = SEV_MEDIUM,
		.title = "No seccomp profile",
		.why = "Nobody has asked for a filter of system calls, and here none comes by "
		       "itself: Kubernetes runs such pods unconfined unless the kubelet is told "
		       "otherwise (seccompDefault), and a runtime applies what config.json says.",
		.fix = "Set seccompProfile: { type: RuntimeDefault } at the pod; in config.json add "
		       "linux.seccomp, as engines do.",
		.refs = "https://kubernetes.io/docs/tutorials/security/seccomp/; "
			"https://github.com/opencontainers/runtime-spec/blob/main/"
			"config-linux.md#seccomp; CIS Kubernetes 5.7.2; " PSS,
		.kinds = IN_LIVE | IN_SPEC | IN_K8S,
		.in_privileged = true,
		.check = check_seccomp_not_set,
	},
	{
		.id = "seccomp-weak",
		.severity = SEV_MEDIUM,
		.title = "seccomp lets dangerous calls through",
		.why = "There is a filter, but calls that lead into other processes, namespaces or "
		       "deep into the kernel pass it, or an architecture is left open by which all "
		       "do.",
		.fix = "Start from the engine's default profile, which denies by default, and add "
		       "what is needed. atoll seccomp shows what a running container's filter "
		       "allows.",
		.refs = "https://docs.docker.com/engine/security/seccomp/; "
			"https://man7.org/linux/man-pages/man2/seccomp.2.html",
		.kinds = IN_ALL & ~IN_K8S,
		.unsure = IN_K8S, /* type: Localhost names a file of the node */
		.in_privileged = true,
		.check = check_seccomp_weak,
	},
	{
		.id = "apparmor-unconfined",
		.severity = SEV_MEDIUM,
		.title = "No AppArmor profile",
		.why = "The engines' AppArmor profile denies mounts, writes to /proc and /sys, and "
		       "tracing of what is outside, also to a root that found a way around the "
		       "rest.",
		.fix = "Remove apparmor=unconfined or type: Unconfined; in config.json name a "
		       "profile that is loaded in process.apparmorProfile.",
		.refs = "https://docs.docker.com/engine/security/apparmor/; "
			"https://kubernetes.io/docs/tutorials/security/apparmor/; CIS Docker 5.2; " PSS,
		.kinds = IN_ALL,
		.in_privileged = true,
		.check = check_apparmor,
	},
	{
		.id = "selinux-disabled",
		.severity = SEV_MEDIUM,
		.title = "SELinux separation switched off",
		.why = "With label=disable, spc_t or unconfined_t, SELinux no longer keeps the "
		       "container from the host's files and from other containers, which stopped "
		       "several escapes where it was on.",
		.fix = "Remove it. For a volume, the options :z and :Z give the files the right "
		       "label.",
		.refs = "https://docs.docker.com/engine/containers/run/#security-configuration; "
			"https://docs.podman.io/en/latest/markdown/podman-run.1.html; "
			"https://nvd.nist.gov/vuln/detail/CVE-2019-5736; CIS Docker 5.3; " PSS,
		.kinds = IN_ALL,
		.in_privileged = true,
		.check = check_selinux,
	},
	{
		.id = "selinux-override",
		.severity = SEV_LOW,
		.title = "SELinux options by hand",
		.why = "Another user, role or type than that of containers may be allowed far more "
		       "than containers are; what, stands in the policy of the host only.",
		.fix = "Remove user, role and type; a level alone is harmless. Use a type that is "
		       "made for containers (udica writes such policies) if one is needed.",
		.refs = "https://kubernetes.io/docs/tasks/configure-pod-container/"
			"security-context/#assign-selinux-labels-to-a-container; "
			"https://github.com/containers/udica; " PSS,
		.kinds = IN_FILES,
		.check = check_selinux_options,
	},
	{
		.id = "lsm-not-enforcing",
		.severity = SEV_MEDIUM,
		.title = "No mandatory access control in force",
		.why = "No AppArmor profile and no SELinux policy restricts this container: the "
		       "module is missing, permissive, or only complains. Namespaces, capabilities "
		       "and seccomp are all there is.",
		.fix = "Enable AppArmor or SELinux on the host, set the profile to enforce.",
		.refs = "https://docs.kernel.org/admin-guide/LSM/index.html; "
			"https://docs.docker.com/engine/security/apparmor/; "
			"CIS Docker 5.2; CIS Docker 5.3",
		.kinds = IN_LIVE,
		.on = ON_FACT_NO,
		.which = FACT_LSM_ENFORCING,
		.message = "no mandatory access control restricts it",
	},
	{ 0 },
};
