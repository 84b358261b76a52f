/* SPDX-License-Identifier: Apache-2.0 */
/* Devices, cgroups, the root file system, kernel settings, hooks, and what the host exposes. */
#include <fnmatch.h>
#include <string.h>

#include "audit/facts.h"
#include "audit/rule.h"

#define COUNT(ARRAY) (sizeof(ARRAY) / sizeof((ARRAY)[0]))

static void rest_unknown(const struct list_fact *l, struct hits *h, const char *otherwise)
{
	if (l->whole != TRI_YES)
		cannot_tell(h, NULL, "%s", l->why ? l->why : otherwise);
}

/* ---- Devices ------------------------------------------------------------------------------ */

/* Disks and memory are the host; others are what they are handed in for. */
static bool is_host_itself(const char *path)
{
	static const char *const patterns[] = {
		"/dev/mem",      "/dev/kmem",     "/dev/port",     "/dev/kmsg",      "/dev/sd*",
		"/dev/hd[a-z]*", "/dev/vd*",      "/dev/xvd*",     "/dev/nvme*",     "/dev/dm-*",
		"/dev/mapper*",  "/dev/md[0-9]*", "/dev/loop*",    "/dev/mmcblk*",   "/dev/disk*",
		"/dev/sg[0-9]*", "/dev/block*",   "/dev/bus/usb*", "/dev/cpu/*/msr", "/dev/msr*",
		"/dev/vfio*",    "/dev/input*",   "/dev/uinput",   "/dev/nbd*",      "/dev/root",
		"/dev",          "/dev/",
	};

	for (size_t i = 0; i < COUNT(patterns); i++)
		if (!fnmatch(patterns[i], path, 0))
			return true;
	return false;
}

static void check_devices(const struct facts *f, struct hits *h)
{
	const struct list_fact *l = &f->list[LIST_DEVICES];

	for (size_t i = 0; i < l->count; i++) {
		const struct item *d = &l->items[i];

		if (d->num || is_host_itself(d->text))
			hit(h, &d->at, "the device %s is handed in", d->text);
		else
			hit_sev(h, SEV_MEDIUM, &d->at, "the device %s is handed in", d->text);
	}
	rest_unknown(l, h, "its devices are not known");
}

/* A namespace of its own does not narrow what was mounted outside of it. */
static bool has_host_cgroup(const struct facts *f)
{
	for (size_t i = 0; i < f->mount_count; i++)
		if (f->mounts[i].host_cgroup == TRI_YES && f->mounts[i].readonly == TRI_NO)
			return true;
	return false;
}

static void check_cgroup(const struct facts *f, struct hits *h)
{
	const struct fact *w = &f->fact[FACT_CGROUP_WRITABLE];

	if (w->is == TRI_UNKNOWN)
		cannot_tell(h, &w->at, "%s",
			    w->text ? w->text : "it is not known how the cgroup tree is mounted");
	else if (w->is == TRI_YES && f->ns_of[NST_CGROUP].mode == NSM_OWN && !has_host_cgroup(f))
		hit_sev(h, SEV_MEDIUM, &w->at,
			"the cgroup tree is writable from its own cgroup downwards");
	else if (w->is == TRI_YES)
		hit(h, &w->at, "the cgroup tree is writable");
}

/* ---- sysctl ------------------------------------------------------------------------------- */

/* Names with slashes mean the same: "net/ipv4/ip_forward". */
static bool name_is(const char *name, const char *pattern)
{
	char dots[128];
	size_t len = strlen(name);

	if (len >= sizeof(dots))
		return false;
	memcpy(dots, name, len + 1);
	if (strchr(dots, '/') && (!strchr(dots, '.') || strchr(dots, '/') < strchr(dots, '.')))
		for (char *c = dots; *c; c++)
			*c = *c == '/' ? '.' : *c == '.' ? '/' : *c;
	return !fnmatch(pattern, dots, 0);
}

static bool name_in(const char *name, const char *const *patterns, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (name_is(name, patterns[i]))
			return true;
	return false;
}

/* Those that belong to a namespace, which a container of its own has. */
static bool is_namespaced(const struct facts *f, const char *name)
{
	static const char *const ipc[] = {
		"kernel.msgmax",      "kernel.msgmnb",          "kernel.msgmni",
		"kernel.sem",         "kernel.shmall",          "kernel.shmmax",
		"kernel.shmmni",      "kernel.shm_rmid_forced", "fs.mqueue.*",
		"kernel.msg_next_id", "kernel.sem_next_id",     "kernel.shm_next_id",
		"kernel.auto_msgmni",
	};
	static const char *const uts[] = { "kernel.hostname", "kernel.domainname" };

	if (name_in(name, ipc, COUNT(ipc)))
		return f->ns_of[NST_IPC].mode != NSM_HOST;
	if (name_in(name, uts, COUNT(uts)))
		return f->ns_of[NST_UTS].mode != NSM_HOST;
	return name_is(name, "net.*") && f->ns_of[NST_NET].mode != NSM_HOST;
}

/* Kubernetes' safe set, of which nothing disturbs the neighbours (Pod Security Standards
 * 1.37; an older cluster knows fewer). */
static bool is_safe(const char *name)
{
	static const char *const safe[] = {
		"kernel.shm_rmid_forced",
		"net.ipv4.ip_local_port_range",
		"net.ipv4.ip_local_reserved_ports",
		"net.ipv4.ip_unprivileged_port_start",
		"net.ipv4.ping_group_range",
		"net.ipv4.tcp_fin_timeout",
		"net.ipv4.tcp_keepalive_intvl",
		"net.ipv4.tcp_keepalive_probes",
		"net.ipv4.tcp_keepalive_time",
		"net.ipv4.tcp_notsent_lowat",
		"net.ipv4.tcp_rmem",
		"net.ipv4.tcp_slow_start_after_idle",
		"net.ipv4.tcp_syncookies",
		"net.ipv4.tcp_wmem",
	};

	return name_in(name, safe, COUNT(safe));
}

static void check_sysctls(const struct facts *f, struct hits *h)
{
	const struct list_fact *l = &f->list[LIST_SYSCTLS];

	for (size_t i = 0; i < l->count; i++) {
		const struct item *s = &l->items[i];
		const char *eq = s->arg ? "=" : "", *value = s->arg ? s->arg : "";

		if (!is_namespaced(f, s->text))
			hit(h, &s->at, "%s%s%s is set for the whole host", s->text, eq, value);
		else if (f->kind == IN_K8S && !is_safe(s->text))
			hit_sev(h, SEV_MEDIUM, &s->at,
				"%s%s%s is not in Kubernetes' set of safe ones", s->text, eq,
				value);
	}
	rest_unknown(l, h, "its kernel settings are not known");
}

/* ---- What the host exposes ---------------------------------------------------------------- */

static void check_ports(const struct facts *f, struct hits *h)
{
	const struct list_fact *l = &f->list[LIST_PORTS];
	bool any = f->kind == IN_K8S || f->kind == IN_CRI;

	for (size_t i = 0; i < l->count; i++) {
		const struct item *p = &l->items[i];

		if (any && p->num != 0)
			hit(h, &p->at, "takes the port %s of its node", p->text);
		else if (!any && p->num > 0 && p->num < 1024)
			hit(h, &p->at, "takes the privileged port %s of the host", p->text);
	}
	rest_unknown(l, h, "its ports are not known");
}

static void check_probes(const struct facts *f, struct hits *h)
{
	const struct list_fact *l = &f->list[LIST_PROBES];

	for (size_t i = 0; i < l->count; i++)
		if (*l->items[i].text)
			hit(h, &l->items[i].at,
			    "a probe or hook names the host that it goes to: %s", l->items[i].text);
	rest_unknown(l, h, "its probes are not known");
}

static void check_volume_types(const struct facts *f, struct hits *h)
{
	static const char *const allowed[] = {
		"configMap", "csi",   "downwardAPI",           "emptyDir",
		"ephemeral", "image", "persistentVolumeClaim", "projected",
		"secret",
	};
	const struct list_fact *l = &f->list[LIST_VOLUME_TYPES];

	for (size_t i = 0; i < l->count; i++) {
		const struct item *v = &l->items[i];

		if (name_in(v->text, allowed, COUNT(allowed)) || !*v->text)
			continue;
		hit(h, &v->at, "a volume of the type %s", v->text);
	}
	rest_unknown(l, h, "its volumes are not known");
}

#define PSS    "https://kubernetes.io/docs/concepts/security/pod-security-standards/"
#define SYSCTL "https://kubernetes.io/docs/tasks/administer-cluster/sysctl-cluster/"

const struct rule rules_surface[] = {
	{
		.id = "device-host",
		.severity = SEV_HIGH,
		.title = "Device of the host",
		.why = "A disk read and written as a block device is every file of the host, "
		       "whatever their permissions; memory devices are the kernel. It is the number "
		       "that counts, not the name of the node. Others (graphics, fuse, tun: medium) "
		       "open a driver that few have looked at from this side.",
		.fix = "Remove it, or hand in the one device with the fewest rights (:r).",
		.refs = "https://docs.docker.com/reference/cli/docker/container/run/#device; "
			"https://docs.kernel.org/admin-guide/devices.html; CIS Docker 5.18",
		.kinds = IN_ALL,
		.in_privileged = true,
		.check = check_devices,
	},
	{
		.id = "device-cgroup-all",
		.severity = SEV_CRITICAL,
		.title = "All devices allowed",
		.why = "The device cgroup allows every device: mknod of the host's disk, which "
		       "CAP_MKNOD of the default set permits, and open are all it takes to read "
		       "and write the host's files.",
		.fix = "Deny all and allow the single ones: remove \"a *:* rwm\", or the rule "
		       "without type, major and minor from linux.resources.devices.",
		.refs = "https://docs.kernel.org/admin-guide/cgroup-v1/devices.html; "
			"https://github.com/opencontainers/runtime-spec/blob/main/"
			"config-linux.md#allowed-device-list; CIS Docker 5.18",
		.kinds = IN_ALL & ~IN_K8S, /* there only privileged does it */
		.in_privileged = true,
		.on = ON_FACT_YES,
		.which = FACT_DEVICES_ALL,
		.message = "its device cgroup allows every device",
	},
	{
		.id = "cgroup-writable",
		.severity = SEV_HIGH,
		.title = "cgroup tree writable",
		.why = "With cgroup v1, release_agent names a program that the host's kernel runs as "
		       "root. With any version, limits can be lifted, its own and others'. In a "
		       "cgroup namespace of its own only the part below is in reach (then the "
		       "finding is medium).",
		.fix = "Mount it read-only, as engines do by default. systemd in a container works "
		       "with a cgroup namespace of its own.",
		.refs = "https://nvd.nist.gov/vuln/detail/CVE-2022-0492; "
			"https://nvd.nist.gov/vuln/detail/CVE-2023-25809; "
			"https://man7.org/linux/man-pages/man7/cgroups.7.html",
		.kinds = IN_ALL & ~IN_K8S, /* there only privileged does it */
		.in_privileged = true,
		.check = check_cgroup,
	},
	{
		.id = "rootfs-writable",
		.severity = SEV_LOW,
		.title = "Root file system writable",
		.why = "Whoever takes over the application changes its programs and brings own ones, "
		       "and they stay until the container is made anew.",
		.fix = "Set read_only: true, --read-only, readOnlyRootFilesystem: true or "
		       "root.readonly: true, with a tmpfs or a volume where it must write.",
		.refs = "https://docs.docker.com/reference/cli/docker/container/run/#read-only; "
			"https://cheatsheetseries.owasp.org/cheatsheets/"
			"Docker_Security_Cheat_Sheet.html; CIS Docker 5.13",
		.kinds = IN_ALL,
		.on = ON_FACT_NO,
		.which = FACT_ROOTFS_READONLY,
		.message = "its root file system is writable",
	},
	{
		.id = "sysctl-unsafe",
		.severity = SEV_HIGH,
		.title = "Unsafe kernel setting",
		.why = "Settings that belong to no namespace change the whole host: "
		       "kernel.core_pattern is a program that it runs as root. In Kubernetes, also "
		       "those outside the safe set are reported (as medium): they may disturb the "
		       "other pods of the node.",
		.fix = "Remove it, and set it on the host if it is wanted there.",
		.refs = SYSCTL
		"; https://nvd.nist.gov/vuln/detail/CVE-2022-0811; "
		"https://docs.docker.com/reference/cli/docker/container/run/#sysctl; " PSS,
		.kinds = IN_FILES,
		.check = check_sysctls,
	},
	{
		.id = "hook-host-exec",
		.severity = SEV_MEDIUM,
		.title = "Hook with more rights than the container",
		.why = "Hooks of config.json run as the runtime's user outside of the container; "
		       "where they listen to its environment or files, the image decides what runs "
		       "there. Compose's privileged hooks run inside, with all capabilities.",
		.fix = "Look at what it runs. Use hooks that come with the engine only, and no "
		       "privileged: true in post_start or pre_stop.",
		.refs = "https://github.com/opencontainers/runtime-spec/blob/main/"
			"config.md#posix-platform-hooks; "
			"https://nvd.nist.gov/vuln/detail/CVE-2025-23266; "
			"https://docs.docker.com/compose/how-tos/lifecycle/",
		.kinds = IN_SPEC | IN_COMPOSE,
		.on = ON_LIST,
		.which = LIST_HOOKS,
		.message = "runs with more rights than the container: %s",
	},
	{
		.id = "host-port",
		.severity = SEV_LOW,
		.title = "Port of the host",
		.why = "What listens there is reached by whoever reaches the host, past the rules "
		       "that were made for containers; in Kubernetes it ties the pod to its node. In "
		       "Docker and Compose, ports below 1024 are reported: those are the ones that "
		       "others trust.",
		.fix = "In Kubernetes, use a Service. Else publish a high port, on one address "
		       "(127.0.0.1:8080:80), behind a proxy.",
		.refs = PSS "; https://docs.docker.com/engine/network/port-publishing/; "
			    "CIS Docker 5.8; CIS Kubernetes 5.2.13",
		.kinds = IN_INSPECT | IN_COMPOSE | IN_K8S | IN_CRI,
		.windows = true,
		.check = check_ports,
	},
	{
		.id = "host-probe",
		.severity = SEV_LOW,
		.title = "Probe or hook to another host",
		.why = "The kubelet sends the request, from the node and its network: a pod that may "
		       "choose the host makes it call services that pods cannot reach.",
		.fix = "Leave host empty, so that the pod itself is asked.",
		.refs = PSS "; https://kubernetes.io/docs/tasks/configure-pod-container/"
			    "configure-liveness-readiness-startup-probes/",
		.kinds = IN_K8S,
		.windows = true,
		.check = check_probes,
	},
	{
		.id = "volume-type",
		.severity = SEV_LOW,
		.title = "Volume type outside the restricted set",
		.why = "Volumes that name a server or a disk by themselves go past what the "
		       "cluster's administrator provides by claims, and some let the node's kernel "
		       "talk to a server of the pod's choice.",
		.fix = "Use a persistentVolumeClaim, or one of configMap, csi, downwardAPI, emptyDir, "
		       "ephemeral, projected, secret.",
		.refs = PSS "; https://kubernetes.io/docs/concepts/storage/volumes/",
		.kinds = IN_K8S,
		.check = check_volume_types,
	},
	{
		.id = "windows-host-process",
		.severity = SEV_HIGH,
		.title = "Windows HostProcess container",
		.why = "It runs on the Windows node itself, as a user of it, with its files and "
		       "services: Windows' privileged mode.",
		.fix = "Remove hostProcess: true, but from the programs that administer nodes.",
		.refs = "https://kubernetes.io/docs/tasks/configure-pod-container/"
			"create-hostprocess-pod/; CIS Kubernetes 5.2.11; " PSS,
		.kinds = IN_K8S,
		.windows = true,
		.on = ON_FACT_YES,
		.which = FACT_WINDOWS_HOST_PROCESS,
		.message = "runs as a process of the Windows node",
	},
	{ 0 },
};
