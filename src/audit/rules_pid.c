/* SPDX-License-Identifier: Apache-2.0 */
/* PID namespaces, /proc, and what runs as PID 1. */
#include <linux/capability.h>
#include <string.h>

#include "audit/facts.h"
#include "audit/rule.h"

#define BIT(N) (1ULL << (N))

static uint64_t all_bits(const struct cap_fact *c, bool *ret_known)
{
	uint64_t bits = c->added;

	*ret_known = false;
	for (int s = 0; s < CAPS_SETS; s++) {
		bits |= c->known[s] ? c->bits[s] : 0;
		*ret_known = *ret_known || c->known[s];
	}
	return bits;
}

/* Root alone may signal and look at what has no more capabilities than itself: with
 * the usual set, all of the other containers of its kind; the rest takes a capability. */
static void check_host_attack(const struct facts *f, struct hits *h)
{
	const struct ns_fact *pid = &f->ns_of[NST_PID];
	const struct fact *root = &f->fact[FACT_ROOT_OF_HOST];
	const struct fact *privileged = &f->fact[FACT_PRIVILEGED];
	bool known;
	uint64_t caps = all_bits(&f->caps, &known);

	if (pid->mode == NSM_UNKNOWN)
		cannot_tell(h, &pid->at, "it is not known which PID namespace it is in");
	if (pid->mode != NSM_HOST)
		return;
	if (privileged->is == TRI_YES)
		hit(h, &pid->at, "uses the host's PID namespace and is privileged");
	else if (caps & (BIT(CAP_SYS_PTRACE) | BIT(CAP_SYS_ADMIN)))
		hit(h, &pid->at, "uses the host's PID namespace and may have %s",
		    cap_name(caps & BIT(CAP_SYS_PTRACE) ? CAP_SYS_PTRACE : CAP_SYS_ADMIN));
	else if (root->is == TRI_YES)
		hit_sev(h, SEV_HIGH, &pid->at,
			"uses the host's PID namespace and is root of the host there");
	else if (!known || root->is == TRI_UNKNOWN || privileged->is == TRI_UNKNOWN)
		cannot_tell(h, &pid->at,
			    "it is in the host's PID namespace; what it may do there is not known");
}

static void check_joined(const struct facts *f, struct hits *h)
{
	const struct ns_fact *pid = &f->ns_of[NST_PID];

	if (pid->mode == NSM_UNKNOWN)
		cannot_tell(h, &pid->at, "it is not known which PID namespace it is in");
	else if (pid->mode == NSM_CONTAINER)
		hit(h, &pid->at, "joins the PID namespace of another container%s%s%s",
		    pid->text ? " (" : "", pid->text ? pid->text : "", pid->text ? ")" : "");
	else if (pid->mode == NSM_PATH)
		hit(h, &pid->at, "joins the PID namespace at %s",
		    pid->text ? pid->text : "a given path");
}

static void check_pod_shared(const struct facts *f, struct hits *h)
{
	const struct ns_fact *pid = &f->ns_of[NST_PID];

	if (pid->mode == NSM_UNKNOWN)
		cannot_tell(h, &pid->at, "it is not known which PID namespace it is in");
	else if (pid->mode == NSM_POD)
		hit(h, &pid->at, "the containers of its pod share one PID namespace");
}

/* Whoever shares a PID namespace has another PID 1 above, and is none. A step that has to end before
 * the others start leaves nothing behind: its namespace ends with it. */
static bool has_own_pid1(const struct facts *f)
{
	enum ns_mode mode = f->ns_of[NST_PID].mode;

	return (mode == NSM_OWN || mode == NSM_UNKNOWN) && !f->init_container;
}

static void check_init(const struct facts *f, struct hits *h)
{
	const struct fact *reaps = &f->fact[FACT_INIT_REAPS];

	if (!has_own_pid1(f))
		return;
	if (reaps->is == TRI_UNKNOWN)
		cannot_tell(h, &reaps->at, "%s",
			    reaps->text ? reaps->text : "it is not known what runs as PID 1");
	else if (reaps->is == TRI_NO && (reaps->text || f->command))
		hit(h, &reaps->at, "PID 1 is %s, which is not known to reap",
		    reaps->text ? reaps->text : f->command);
	else if (reaps->is == TRI_NO)
		hit(h, &reaps->at, "PID 1 is not known to reap");
}

static void check_sigterm(const struct facts *f, struct hits *h)
{
	const struct fact *term = &f->fact[FACT_INIT_TERM];

	if (!has_own_pid1(f))
		return;
	if (term->is == TRI_UNKNOWN)
		cannot_tell(h, &term->at, "%s",
			    term->text ? term->text : "it is not known what PID 1 does on SIGTERM");
	else if (term->is == TRI_NO && term->text)
		hit(h, &term->at, "PID 1 does nothing on SIGTERM (%s)", term->text);
	else if (term->is == TRI_NO)
		hit(h, &term->at, "PID 1 does nothing on SIGTERM");
}

const struct rule rules_pid[] = {
	{
		.id = "pid-host",
		.severity = SEV_HIGH,
		.title = "Host PID namespace",
		.why = "The container sees every process of the host: command lines, environments "
		       "with their secrets, and by /proc/PID/root and /proc/PID/fd the files of "
		       "those it may inspect. It may signal whatever runs as its user. PID "
		       "namespaces are there to keep exactly that apart.",
		.fix = "Remove --pid=host, pid: host or hostPID: true. A monitor that needs a few "
		       "numbers of the host can be given them by a program of the host instead.",
		.refs = "https://man7.org/linux/man-pages/man7/pid_namespaces.7.html; "
			"https://docs.docker.com/reference/cli/docker/container/run/#pid; "
			"https://kubernetes.io/docs/concepts/security/pod-security-standards/; "
			"CIS Docker 5.16; CIS Kubernetes 5.2.3",
		.kinds = IN_ALL,
		.on = ON_NS_HOST,
		.which = NST_PID,
		.message = "uses the host's PID namespace",
	},
	{
		.id = "pid-host-attack",
		.severity = SEV_CRITICAL,
		.title = "Host PID namespace with a power to use it",
		.why = "In the host's PID namespace, CAP_SYS_PTRACE or CAP_SYS_ADMIN is the host: "
		       "attach to any process of it, or enter the namespaces of PID 1. Root "
		       "without these (then the finding is high) still signals every process of "
		       "root and may attach to those with no more capabilities than itself, such "
		       "as the other containers.",
		.fix = "Give up one of the two: a PID namespace of its own, or an ordinary user "
		       "with all capabilities dropped.",
		.refs = "https://man7.org/linux/man-pages/man2/ptrace.2.html; "
			"https://man7.org/linux/man-pages/man1/nsenter.1.html; "
			"https://kubernetes.io/docs/concepts/security/pod-security-standards/; "
			"CIS Kubernetes 5.2.3",
		.kinds = IN_ALL,
		.check = check_host_attack,
	},
	{
		.id = "pid-joined",
		.severity = SEV_MEDIUM,
		.title = "PID namespace of another container",
		.why = "It sees and may signal the processes of the other container, and reads its "
		       "environment and files by /proc/PID wherever both have the same user. Who "
		       "takes over one of the two has both.",
		.fix = "Join only for the time of debugging. Else give it a PID namespace of its "
		       "own and let the two talk by a socket or a volume.",
		.refs = "https://docs.docker.com/reference/cli/docker/container/run/#pid; "
			"https://kubernetes.io/docs/tasks/debug/debug-application/debug-running-pod/"
			"#ephemeral-container; "
			"https://man7.org/linux/man-pages/man7/pid_namespaces.7.html",
		.kinds = IN_ALL,
		.check = check_joined,
	},
	{
		.id = "pid-pod-shared",
		.severity = SEV_LOW,
		.title = "PID namespace shared in the pod",
		.why = "The containers of the pod see each other's processes, with environments and, "
		       "by /proc/PID/root, files. PID 1 is the pod's pause program, so that an "
		       "application that expects to be PID 1 is not.",
		.fix = "Remove shareProcessNamespace: true, or keep in mind that the containers of "
		       "this pod are one in trust.",
		.refs = "https://kubernetes.io/docs/tasks/configure-pod-container/"
			"share-process-namespace/; "
			"https://docs.podman.io/en/latest/markdown/podman-pod-create.1.html",
		.kinds = IN_LIVE | IN_SPEC | IN_INSPECT | IN_K8S,
		.check = check_pod_shared,
	},
	{
		/* Not of inspect output: ExecIDs name sessions, not their rights. */
		.id = "pidns-intruder",
		.severity = SEV_HIGH,
		.title = "Process with more rights than PID 1 of its namespace",
		.why = "A process in the container has capabilities, namespaces or system calls that "
		       "its PID 1 has not: somebody used exec --privileged or nsenter, or "
		       "something was injected. The container's processes may get hold of it and "
		       "thereby of its rights.",
		.fix = "Find out who started it (atoll who PID) and end it. In Compose, remove "
		       "privileged: true from the hook.",
		.refs = "https://docs.docker.com/reference/cli/docker/container/exec/; "
			"https://man7.org/linux/man-pages/man1/nsenter.1.html; CIS Docker 5.23",
		.kinds = IN_LIVE | IN_COMPOSE,
		.on = ON_LIST,
		.which = LIST_INTRUDERS,
		.message = "has more rights than PID 1: %s",
	},
	{
		.id = "pidns-nested",
		.severity = SEV_INFO,
		.title = "PID namespaces inside",
		.why = "There are PID namespaces within this one: containers in a container, or a "
		       "sandbox. Each process there has one more number, and what looks alone from "
		       "inside is seen from here.",
		.fix = "Nothing, if it is meant to be so. Atoll shows both views with atoll map and "
		       "atoll pid.",
		.refs = "https://man7.org/linux/man-pages/man7/pid_namespaces.7.html",
		.kinds = IN_LIVE,
		.on = ON_FACT_YES,
		.which = FACT_PIDNS_NESTED,
		.message = "has PID namespaces inside",
	},
	{
		.id = "proc-view-mismatch",
		.severity = SEV_HIGH,
		.title = "/proc of another PID namespace",
		.why = "The procfs at /proc belongs to another PID namespace than the processes. If "
		       "it is that of the host, the PID namespace hides nothing; in any case "
		       "programs take foreign processes for their own.",
		.fix = "Mount a procfs of its own: { \"destination\": \"/proc\", \"type\": \"proc\", "
		       "\"source\": \"proc\" } beside a pid namespace.",
		.refs = "https://man7.org/linux/man-pages/man7/pid_namespaces.7.html; "
			"https://github.com/opencontainers/runtime-spec/blob/main/config-linux.md",
		.kinds = IN_LIVE | IN_SPEC,
		.on = ON_FACT_YES,
		.which = FACT_PROC_MISMATCH,
		.message = "the procfs at /proc is not that of its PID namespace",
	},
	{
		.id = "proc-unmasked",
		.severity = SEV_HIGH,
		.title = "Kernel files not masked",
		.why = "Engines hide files of /proc and /sys that tell of the host or reach into it: "
		       "kcore (memory), keys, timer_list, firmware, power readings, interrupts. Not "
		       "masked, they leak what runs beside, down to keys by their power "
		       "consumption.",
		.fix = "Leave the default masks: remove systempaths=unconfined, set procMount: "
		       "Default, and in config.json list what the engine's default lists in "
		       "linux.maskedPaths.",
		.refs = "https://nvd.nist.gov/vuln/detail/CVE-2020-8694; "
			"https://github.com/moby/moby/security/advisories/GHSA-jq35-85cj-fj4p; "
			"https://github.com/moby/moby/security/advisories/GHSA-6fw5-f8r9-fgfm; "
			"https://kubernetes.io/docs/concepts/security/pod-security-standards/",
		.kinds = IN_ALL,
		.in_privileged = true,
		.on = ON_LIST,
		.which = LIST_UNMASKED,
		.message = "not masked: %s",
	},
	{
		.id = "proc-sys-writable",
		.severity = SEV_HIGH,
		.title = "Kernel settings writable",
		.why = "Root in the container may write to settings of the whole host under /proc: "
		       "kernel/core_pattern names a program that the host's kernel runs as root, "
		       "sysrq-trigger reboots it.",
		.fix = "Leave the default read-only paths: remove systempaths=unconfined, set "
		       "procMount: Default, and in config.json list /proc/bus, /proc/fs, /proc/irq, "
		       "/proc/sys and /proc/sysrq-trigger in linux.readonlyPaths.",
		.refs = "https://man7.org/linux/man-pages/man5/core.5.html; "
			"https://nvd.nist.gov/vuln/detail/CVE-2022-0811; "
			"https://github.com/opencontainers/runtime-spec/blob/main/config-linux.md",
		.kinds = IN_ALL,
		.in_privileged = true,
		.on = ON_LIST,
		.which = LIST_PROC_WRITABLE,
		.message = "writable: %s",
	},
	{
		.id = "proc-mask-tampered",
		.severity = SEV_CRITICAL,
		.title = "A mask is not what it should be",
		.why = "Where an engine put /dev/null or an empty read-only directory there is "
		       "something else. In runc before 1.2.8 and 1.3.3 a container could exchange "
		       "/dev/null for a link while it was being started, and got files of the "
		       "host's procfs writable.",
		.fix = "Stop the container, update runc, and look for what it did meanwhile.",
		.refs = "https://nvd.nist.gov/vuln/detail/CVE-2025-31133; "
			"https://nvd.nist.gov/vuln/detail/CVE-2025-52565; "
			"https://nvd.nist.gov/vuln/detail/CVE-2025-52881",
		.kinds = IN_LIVE,
		.on = ON_LIST,
		.which = LIST_MASK_TAMPERED,
		.message = "%s",
	},
	{
		.id = "ns-fd-leak",
		.severity = SEV_CRITICAL,
		.title = "Handle that leads out of the container",
		.why = "A working directory or a descriptor lies outside of the container's mount "
		       "namespace: by ../../.. from there, every file of the host is in reach, and "
		       "programs of the host can be overwritten.",
		.fix = "Give the container a working directory of its own root file system; update "
		       "runc to 1.1.12 or later. If the container runs already, stop it and find "
		       "out who made it.",
		.refs = "https://nvd.nist.gov/vuln/detail/CVE-2024-21626; "
			"https://github.com/opencontainers/runc/security/advisories/"
			"GHSA-xr7r-f8xq-vfvv",
		.kinds = IN_ALL,
		.on = ON_LIST,
		.which = LIST_FD_LEAKS,
		.message = "leads out of the container: %s",
	},
	{
		.id = "init-missing",
		.severity = SEV_MEDIUM,
		.title = "PID 1 does not reap",
		.why = "The kernel hands every orphan of a PID namespace to its PID 1. An application "
		       "that does not wait for children that it never started lets them pile up as "
		       "zombies, until the limit of processes is reached and nothing can be "
		       "started any more.",
		.fix = "Run an init as PID 1: --init or init: true with Docker, Podman and Compose; "
		       "atoll-init, tini or catatonit as the entrypoint elsewhere.",
		.refs = "https://man7.org/linux/man-pages/man7/pid_namespaces.7.html; "
			"https://docs.docker.com/reference/cli/docker/container/run/#init; "
			"https://docs.docker.com/engine/containers/multi-service_container/",
		.kinds = IN_ALL,
		.check = check_init,
	},
	{
		.id = "init-no-sigterm",
		.severity = SEV_LOW,
		.title = "PID 1 does nothing on SIGTERM",
		.why = "The kernel drops a signal that PID 1 of a namespace has no handler for. Each "
		       "stop then waits for the whole grace time and ends in SIGKILL, without a "
		       "chance to write anything down. A shell in front of the application "
		       "(sh -c) does not pass the signal on.",
		.fix = "Use the exec form of the command, or exec in the script; handle SIGTERM; or "
		       "run an init, which passes it on.",
		.refs = "https://man7.org/linux/man-pages/man7/pid_namespaces.7.html; "
			"https://docs.docker.com/reference/dockerfile/#entrypoint",
		.kinds = IN_ALL,
		.check = check_sigterm,
	},
	{
		.id = "zombie-present",
		.severity = SEV_MEDIUM,
		.title = "Zombies that nobody reaps",
		.why = "Processes have ended and their parent does not wait for them. Each keeps a "
		       "PID and counts against the limit of processes.",
		.fix = "Repair the parent that is named; if that is PID 1, run an init. atoll "
		       "zombies shows the whole chain.",
		.refs = "https://man7.org/linux/man-pages/man2/wait.2.html",
		.kinds = IN_LIVE,
		.on = ON_LIST,
		.which = LIST_ZOMBIES,
		.message = "zombie %s",
	},
	{
		.id = "pids-unlimited",
		.severity = SEV_MEDIUM,
		.title = "No limit of processes",
		.why = "A loop of forks in this container takes all PIDs of the host, and nothing "
		       "can be started there any more, not even a shell to end it.",
		.fix = "Set a limit: --pids-limit 512, pids_limit: 512, or linux.resources.pids.limit "
		       "in config.json.",
		.refs = "https://docs.kernel.org/admin-guide/cgroup-v2.html#pid; "
			"https://docs.docker.com/reference/cli/docker/container/run/; CIS Docker 5.29",
		.kinds = IN_ALL & ~IN_K8S, /* there it is the kubelet's podPidsLimit */
		.on = ON_FACT_NO,
		.which = FACT_PIDS_LIMITED,
		.message = "the number of its processes has no limit",
	},
	{
		.id = "drift",
		.severity = SEV_HIGH,
		.title = "Live state weaker than declared",
		.why = "What the kernel enforces is not what the configuration says: changed after "
		       "the start, undone by another program, or not applied by the runtime. Whoever "
		       "trusts the file is wrong.",
		.fix = "Recreate the container, and find out what made the difference.",
		.refs = "https://nvd.nist.gov/vuln/detail/CVE-2025-52881; "
			"https://csrc.nist.gov/pubs/sp/800/190/final",
		.kinds = IN_LIVE,
		.on = ON_LIST,
		.which = LIST_DRIFT,
		.message = "%s",
	},
	{ 0 },
};
