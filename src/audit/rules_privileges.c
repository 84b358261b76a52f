/* SPDX-License-Identifier: Apache-2.0 */
/* Privileged mode, users, groups, and gaining privileges later. */
#include <string.h>

#include "audit/facts.h"
#include "audit/rule.h"

static void check_privileged(const struct facts *f, struct hits *h)
{
	const struct fact *run = &f->fact[FACT_PRIVILEGED];
	const struct fact *build = &f->fact[FACT_BUILD_PRIVILEGED];

	if (run->is == TRI_YES)
		hit(h, &run->at, "is privileged%s%s%s", run->text ? " (" : "",
		    run->text ? run->text : "", run->text ? ")" : "");
	else if (run->is == TRI_UNKNOWN)
		cannot_tell(h, &run->at, "%s",
			    run->text ? run->text : "it is not known whether it is privileged");
	if (build->is == TRI_YES)
		hit(h, &build->at, "its image is built in privileged mode");
}

/* Who says explicitly that there is none has the finding of userns-host-explicit. */
static void check_userns(const struct facts *f, struct hits *h)
{
	const struct ns_fact *ns = &f->ns_of[NST_USER];

	if (f->fact[FACT_USERNS_EXPLICIT_HOST].is == TRI_YES)
		return;
	if (ns->mode == NSM_UNKNOWN)
		cannot_tell(h, &ns->at, "%s",
			    ns->text ? ns->text
				     : "it is not known whether it has a user namespace");
	else if (ns->mode == NSM_HOST)
		hit(h, &ns->at, "has no user namespace: its users are the host's");
}

/* Root needs no group to get at what root owns: its group 0 is no news. */
static void check_groups(const struct facts *f, struct hits *h)
{
	const struct list_fact *l = &f->list[LIST_GROUPS];
	bool root = f->kind == IN_LIVE && f->fact[FACT_ROOT_OF_HOST].is == TRI_YES;

	for (size_t i = 0; i < l->count; i++)
		if (!root || strcmp(l->items[i].text, "0") != 0)
			hit(h, &l->items[i].at, "is in the group %s%s%s%s", l->items[i].text,
			    l->items[i].arg ? " (" : "", l->items[i].arg ? l->items[i].arg : "",
			    l->items[i].arg ? ")" : "");
	if (l->whole != TRI_YES)
		cannot_tell(h, NULL, "%s", l->why ? l->why : "its groups are not known");
}

static void check_root(const struct facts *f, struct hits *h)
{
	const struct fact *root = &f->fact[FACT_ROOT_OF_HOST];

	if (root->is == TRI_UNKNOWN)
		cannot_tell(h, &root->at, "%s",
			    root->text ? root->text : "it is not known which user it starts as");
	else if (root->is == TRI_YES && root->text && strspn(root->text, "0:") < strlen(root->text))
		hit(h, &root->at, "starts as root of the host (%s)", root->text);
	else if (root->is == TRI_YES)
		hit(h, &root->at, "starts as root of the host");
}

#define PSS    "https://kubernetes.io/docs/concepts/security/pod-security-standards/"
#define OWASP  "https://cheatsheetseries.owasp.org/cheatsheets/Docker_Security_Cheat_Sheet.html"
#define USERNS "https://man7.org/linux/man-pages/man7/user_namespaces.7.html"

const struct rule rules_privileges[] = {
	{
		.id = "privileged",
		.severity = SEV_CRITICAL,
		.title = "Privileged container",
		.why = "All capabilities, all devices, nothing of /proc and /sys masked or read-only, "
		       "no seccomp filter and no AppArmor or SELinux: root in it mounts the host's "
		       "disk and is root of the host, in one command. What follows from the one "
		       "switch is not reported once more.",
		.fix = "Remove it, and hand in the one device or capability that is needed. Even for "
		       "containers in containers and for builds there are ways without.",
		.refs = "https://docs.docker.com/engine/containers/run/"
			"#runtime-privilege-and-linux-capabilities; " PSS "; " OWASP
			"; CIS Docker 5.5; CIS Kubernetes 5.2.2",
		.kinds = IN_ALL,
		.check = check_privileged,
	},
	{
		.id = "no-new-privs",
		.severity = SEV_MEDIUM,
		.title = "Privileges can be gained by exec",
		.why = "A set-user-ID program in the image, or one with file capabilities, gives its "
		       "caller root or what is in the bounding set. Whoever takes over an "
		       "application that runs as an ordinary user has root by one of those.",
		.fix = "Set no-new-privileges:true in security_opt or --security-opt, "
		       "allowPrivilegeEscalation: false, or process.noNewPrivileges: true.",
		.refs = "https://docs.kernel.org/userspace-api/no_new_privs.html; "
			"https://kubernetes.io/docs/tasks/configure-pod-container/"
			"security-context/; CIS Docker 5.26; CIS Kubernetes 5.2.6",
		.kinds = IN_ALL,
		.on = ON_FACT_NO,
		.which = FACT_NO_NEW_PRIVS,
		.message = "may gain privileges by exec",
	},
	{
		.id = "run-as-root",
		.severity = SEV_MEDIUM,
		.title = "Root of the host inside",
		.why = "Its root is the host's root, held back only by capabilities and namespaces. "
		       "Every hole in these, every file that is mounted and every socket handed in "
		       "is then met by root.",
		.fix = "Run as an ordinary user (USER in the Dockerfile, user:, runAsNonRoot: true "
		       "with runAsUser), or in a user namespace.",
		.refs = OWASP "; " PSS "; https://nvd.nist.gov/vuln/detail/CVE-2019-5736; "
			      "CIS Docker 4.1; CIS Kubernetes 5.2.7",
		.kinds = IN_ALL,
		.check = check_root,
	},
	{
		.id = "userns-missing",
		.severity = SEV_LOW,
		.title = "No user namespace",
		.why = "User IDs inside are those of the host. In a user namespace, root inside is "
		       "nobody outside: most known escapes end there, with a user that owns "
		       "nothing.",
		.fix = "Use hostUsers: false in Kubernetes, userns-remap or rootless mode in Docker, "
		       "--userns=auto in Podman, a user namespace with mappings in config.json.",
		.refs = USERNS
		"; https://docs.docker.com/engine/security/userns-remap/; "
		"https://kubernetes.io/docs/concepts/workloads/pods/user-namespaces/; "
		"CIS Docker 2.9",
		.kinds = IN_ALL,
		.check = check_userns,
	},
	{
		.id = "userns-host-explicit",
		.severity = SEV_MEDIUM,
		.title = "User namespace switched off",
		.why = "Somebody wrote down that this container is to have the host's user IDs. "
		       "Where the engine remaps all others, this one is root of the host.",
		.fix = "Remove userns_mode: host, --userns=host or hostUsers: true; change the owner "
		       "of the files that made it necessary.",
		.refs = USERNS "; https://docs.docker.com/engine/security/userns-remap/"
			       "#disable-namespace-remapping-for-a-container; CIS Docker 5.31",
		/* not CRI: there kubelet says NODE for every pod that does not want one */
		.kinds = IN_INSPECT | IN_COMPOSE | IN_K8S,
		.on = ON_FACT_YES,
		.which = FACT_USERNS_EXPLICIT_HOST,
		.message = "is told to have no user namespace",
	},
	{
		.id = "userns-maps-root",
		.severity = SEV_HIGH,
		.title = "User namespace that maps root to root",
		.why = "There is a user namespace, but its root is the host's root: on every file "
		       "and socket of the host that it reaches, it is root. It looks isolated and "
		       "is not.",
		.fix = "Map to a range of subordinate IDs that belong to nobody, such as hostID "
		       "100000.",
		.refs = USERNS "; https://man7.org/linux/man-pages/man5/subuid.5.html",
		.kinds = IN_LIVE | IN_SPEC | IN_INSPECT,
		.on = ON_FACT_YES,
		.which = FACT_USERNS_MAPS_ROOT,
		.message = "its user namespace maps root to root of the host",
	},
	{
		.id = "group-privileged",
		.severity = SEV_MEDIUM,
		.title = "Privileged supplementary group",
		.why = "Group 0 and groups such as docker, disk, kvm or shadow open files and "
		       "sockets that are as good as root, to a user that is not root.",
		.fix = "Remove it, and give the one file a group of its own.",
		.refs = "https://docs.docker.com/engine/install/linux-postinstall/; "
			"https://kubernetes.io/docs/tasks/configure-pod-container/"
			"security-context/; https://wiki.debian.org/SystemGroups; "
			"https://nvd.nist.gov/vuln/detail/CVE-2022-2995",
		.kinds = IN_ALL,
		.check = check_groups,
	},
	{ 0 },
};
