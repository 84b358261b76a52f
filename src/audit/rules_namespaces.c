/* SPDX-License-Identifier: Apache-2.0 */
/* Namespaces other than PID and user. */
#include "audit/facts.h"
#include "audit/rule.h"

/* For PID namespaces, pid-host says it all. */
static void check_host_path(const struct facts *f, struct hits *h)
{
	static const struct {
		enum ns_type type;
		const char *name;
	} types[] = {
		{ NST_MNT, "mount" }, { NST_USER, "user" }, { NST_NET, "network" },
		{ NST_IPC, "IPC" },   { NST_UTS, "UTS" },   { NST_CGROUP, "cgroup" },
		{ NST_TIME, "time" },
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		const struct ns_fact *ns = &f->ns_of[types[i].type];

		if (ns->by_host_path)
			hit(h, &ns->at, "joins the host's %s namespace at %s", types[i].name,
			    ns->text ? ns->text : "a path of the host");
	}
}

#define NAMESPACES "https://man7.org/linux/man-pages/man7/namespaces.7.html"
#define PSS        "https://kubernetes.io/docs/concepts/security/pod-security-standards/"
#define OCI_NS     "https://github.com/opencontainers/runtime-spec/blob/main/config-linux.md#namespaces"

const struct rule rules_namespaces[] = {
	{
		.id = "net-host",
		.severity = SEV_MEDIUM,
		.title = "Host network namespace",
		.why = "The container reaches what listens on the host's loopback, which is often "
		       "without a password, and the abstract sockets of root's programs: by those, "
		       "containerd-shim once gave away the host. It may take the ports of others "
		       "and see all traffic.",
		.fix = "Use a network of its own and publish the ports that are needed.",
		.refs = "https://nvd.nist.gov/vuln/detail/CVE-2020-15257; "
			"https://docs.docker.com/engine/network/drivers/host/; "
			"CIS Docker 5.10; CIS Kubernetes 5.2.5; " PSS,
		.kinds = IN_ALL,
		.on = ON_NS_HOST,
		.which = NST_NET,
		.message = "uses the host's network namespace",
	},
	{
		.id = "ipc-host",
		.severity = SEV_MEDIUM,
		.title = "Host IPC namespace",
		.why = "Shared memory, semaphores and message queues of the host's programs lie "
		       "open to the same user, with whatever databases and browsers keep there.",
		.fix = "Remove it; containers that share memory can share one IPC namespace of "
		       "their own (ipc: shareable and container:NAME, or one pod).",
		.refs = "https://man7.org/linux/man-pages/man7/ipc_namespaces.7.html; "
			"CIS Docker 5.17; CIS Kubernetes 5.2.4; " PSS,
		.kinds = IN_ALL,
		.on = ON_NS_HOST,
		.which = NST_IPC,
		.message = "uses the host's IPC namespace",
	},
	{
		.id = "uts-host",
		.severity = SEV_LOW,
		.title = "Host UTS namespace",
		.why = "With CAP_SYS_ADMIN it renames the host; without, it knows its name.",
		.fix = "Remove --uts=host or uts: host.",
		.refs = "https://man7.org/linux/man-pages/man7/uts_namespaces.7.html; "
			"CIS Docker 5.21",
		.kinds = IN_ALL & ~IN_K8S, /* there it comes with hostNetwork, and is no choice */
		.on = ON_NS_HOST,
		.which = NST_UTS,
		.message = "uses the host's UTS namespace",
	},
	{
		.id = "mnt-host",
		.severity = SEV_CRITICAL,
		.title = "No mount namespace",
		.why = "It sees the host's file systems as they are, and its mounts are the host's. "
		       "Neither a root of its own nor a /proc of its own can be kept up.",
		.fix = "Add { \"type\": \"mount\" } to linux.namespaces.",
		.refs = "https://man7.org/linux/man-pages/man7/mount_namespaces.7.html; " OCI_NS,
		.kinds = IN_LIVE | IN_SPEC,
		.on = ON_NS_HOST,
		.which = NST_MNT,
		.message = "uses the host's mount namespace",
	},
	{
		.id = "cgroupns-host",
		.severity = SEV_LOW,
		.title = "Host cgroup namespace",
		.why = "/proc/self/cgroup and a cgroup mount show the host's tree, with the names of "
		       "all that runs there.",
		.fix = "Use a private one: cgroup: private, --cgroupns=private, or { \"type\": "
		       "\"cgroup\" } in linux.namespaces.",
		.refs = "https://man7.org/linux/man-pages/man7/cgroup_namespaces.7.html; "
			"CIS Docker 5.25",
		.kinds = IN_ALL & ~IN_K8S,
		.on = ON_NS_HOST,
		.which = NST_CGROUP,
		.message = "uses the host's cgroup namespace",
	},
	{
		.id = "ns-host-path",
		.severity = SEV_HIGH,
		.title = "Namespace of the host by a path",
		.why = "The configuration joins a namespace by /proc/1/ns or another path that is "
		       "the host's. It looks as if there were a namespace, and there is none.",
		.fix = "Remove the path, so that a new one is made; or name the namespace of the "
		       "container that is meant.",
		.refs = NAMESPACES "; " OCI_NS,
		.kinds = IN_SPEC,
		.check = check_host_path,
	},
	{ 0 },
};
