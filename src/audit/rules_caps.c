/* SPDX-License-Identifier: Apache-2.0 */
/* Capabilities. What is in any of the sets counts: what is only in the bounding set comes
 * with the first program that has it in its file, or by set-user-ID. */
#include <linux/capability.h>
#include <string.h>

#include "audit/facts.h"
#include "audit/rule.h"

#define BIT(N) (1ULL << (N))

/* Docker's, and containerd's, of which Podman's and CRI-O's are parts. */
#define DEFAULTS                                                                               \
	(BIT(CAP_CHOWN) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_FOWNER) | BIT(CAP_FSETID) |          \
	 BIT(CAP_KILL) | BIT(CAP_SETGID) | BIT(CAP_SETUID) | BIT(CAP_SETPCAP) |                \
	 BIT(CAP_NET_BIND_SERVICE) | BIT(CAP_NET_RAW) | BIT(CAP_SYS_CHROOT) | BIT(CAP_MKNOD) | \
	 BIT(CAP_AUDIT_WRITE) | BIT(CAP_SETFCAP))
/* CRI-O's: whoever has all of these has not started from none. */
#define LEAST                                                                         \
	(BIT(CAP_CHOWN) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_FOWNER) | BIT(CAP_FSETID) | \
	 BIT(CAP_KILL) | BIT(CAP_SETGID) | BIT(CAP_SETUID) | BIT(CAP_SETPCAP) |       \
	 BIT(CAP_NET_BIND_SERVICE))
#define HOST_CONTROL                                                                    \
	(BIT(CAP_SYS_BOOT) | BIT(CAP_SYS_TIME) | BIT(CAP_SYSLOG) | BIT(CAP_MAC_ADMIN) | \
	 BIT(CAP_MAC_OVERRIDE) | BIT(CAP_AUDIT_CONTROL) | BIT(CAP_AUDIT_READ) |         \
	 BIT(CAP_SYS_RESOURCE) | BIT(CAP_SYS_PACCT) | BIT(CAP_SYS_TTY_CONFIG) |         \
	 BIT(CAP_WAKE_ALARM) | BIT(CAP_BLOCK_SUSPEND))
/* Those that have a rule of their own. */
#define SINGLE                                                                          \
	(BIT(CAP_SYS_ADMIN) | BIT(CAP_SYS_PTRACE) | BIT(CAP_DAC_READ_SEARCH) |          \
	 BIT(CAP_NET_ADMIN) | BIT(CAP_SYS_MODULE) | BIT(CAP_SYS_RAWIO) | BIT(CAP_BPF) | \
	 BIT(CAP_PERFMON) | BIT(CAP_CHECKPOINT_RESTORE) | BIT(CAP_NET_RAW) | HOST_CONTROL)

/* The sets that give rights now or later. */
static const enum cap_set counted[] = { CAPS_BOUNDING, CAPS_EFFECTIVE, CAPS_PERMITTED, CAPS_AMBIENT,
					CAPS_INHERITABLE };
enum { COUNTED = sizeof(counted) / sizeof(counted[0]) };

static const char *const set_names[CAPS_SETS] = {
	[CAPS_BOUNDING] = "bounding",   [CAPS_EFFECTIVE] = "effective",
	[CAPS_PERMITTED] = "permitted", [CAPS_INHERITABLE] = "inheritable",
	[CAPS_AMBIENT] = "ambient",
};

static bool any_known(const struct cap_fact *c)
{
	for (int i = 0; i < COUNTED; i++)
		if (c->known[counted[i]])
			return true;
	return false;
}

static uint64_t held(const struct cap_fact *c)
{
	uint64_t bits = 0;

	if (!any_known(c))
		return c->added;
	for (int i = 0; i < COUNTED; i++)
		if (c->known[counted[i]])
			bits |= c->bits[counted[i]];
	return bits;
}

static bool is_all(const struct cap_fact *c)
{
	return c->named_all || (any_known(c) && caps_as_good_as_all(held(c)));
}

static void check_all(const struct facts *f, struct hits *h)
{
	const struct cap_fact *c = &f->caps;

	if (c->named_all)
		hit(h, &c->all_at, "all capabilities are asked for");
	else if (!any_known(c))
		cannot_tell(h, NULL, "its capabilities are not known");
	else if (is_all(c))
		hit(h, &c->at[CAPS_BOUNDING], "has all capabilities%s",
		    c->all & ~held(c) ? ", but for a few" : "");
}

/* One capability: at the place that names it, else at the first set that has it. */
static void hit_cap(const struct facts *f, struct hits *h, int cap)
{
	const struct cap_fact *c = &f->caps;

	if (c->added & BIT(cap) && f->kind != IN_OCI) {
		hit(h, c->added_at[cap], "%s is added", cap_name(cap));
		return;
	}
	for (int i = 0; i < COUNTED; i++) {
		enum cap_set s = counted[i];

		if (!c->known[s] || !(c->bits[s] & BIT(cap)))
			continue;
		if (f->kind & (IN_LIVE | IN_SPEC))
			hit(h, c->added & BIT(cap) ? c->added_at[cap] : &c->at[s],
			    "%s is in its %s set", cap_name(cap), set_names[s]);
		else
			hit(h, &c->at[s], "%s of the default set is not dropped", cap_name(cap));
		return;
	}
}

/* ALL has one finding; beside it only what somebody wrote down as well. */
static void check_bits(const struct facts *f, struct hits *h, uint64_t wanted)
{
	const struct cap_fact *c = &f->caps;
	uint64_t bits = held(c) & wanted;

	if (!any_known(c) && !c->named_all)
		cannot_tell(h, NULL, "its capabilities are not known");
	if (is_all(c))
		bits = f->kind & (IN_LIVE | IN_SPEC) ? 0 : c->added & wanted;
	for (int cap = 0; bits >> cap; cap++) {
		if (bits & BIT(cap) && cap_name(cap))
			hit_cap(f, h, cap);
		if (cap == CAPS_MAX - 1)
			break;
	}
}

#define CHECK_BITS(NAME, BITS)                                          \
	static void check_##NAME(const struct facts *f, struct hits *h) \
	{                                                               \
		check_bits(f, h, (BITS));                               \
	}

CHECK_BITS(sys_admin, BIT(CAP_SYS_ADMIN))
CHECK_BITS(sys_ptrace, BIT(CAP_SYS_PTRACE))
CHECK_BITS(dac_read_search, BIT(CAP_DAC_READ_SEARCH))
CHECK_BITS(sys_module, BIT(CAP_SYS_MODULE))
CHECK_BITS(sys_rawio, BIT(CAP_SYS_RAWIO))
CHECK_BITS(bpf_perfmon, BIT(CAP_BPF) | BIT(CAP_PERFMON))
CHECK_BITS(host_control, HOST_CONTROL)
CHECK_BITS(checkpoint_restore, BIT(CAP_CHECKPOINT_RESTORE))
CHECK_BITS(net_raw, BIT(CAP_NET_RAW))
CHECK_BITS(nondefault, ~(DEFAULTS | SINGLE))

/* In the host's network namespace it is the host's network that it configures. */
static void check_net_admin(const struct facts *f, struct hits *h)
{
	const struct cap_fact *c = &f->caps;
	const struct place *at = c->added & BIT(CAP_NET_ADMIN) ? c->added_at[CAP_NET_ADMIN]
							       : &c->at[CAPS_BOUNDING];

	if (f->ns_of[NST_NET].mode == NSM_HOST && held(c) & BIT(CAP_NET_ADMIN) &&
	    (!is_all(c) || c->added & BIT(CAP_NET_ADMIN)))
		hit_sev(h, SEV_HIGH, at, "CAP_NET_ADMIN in the host's network namespace");
	else
		check_bits(f, h, BIT(CAP_NET_ADMIN));
}

static void check_drop_all(const struct facts *f, struct hits *h)
{
	const struct fact *drops = &f->fact[FACT_DROPS_ALL];
	const struct cap_fact *c = &f->caps;

	if (f->kind & (IN_LIVE | IN_SPEC)) {
		/* Of sets as they stand, nobody can say what they started from. */
		if (!c->known[CAPS_BOUNDING])
			cannot_tell(h, &c->at[CAPS_BOUNDING], "its bounding set is not known");
		else if ((c->bits[CAPS_BOUNDING] & LEAST) == LEAST)
			hit(h, &c->at[CAPS_BOUNDING],
			    "its bounding set has all that engines give by default");
	} else if (drops->is == TRI_UNKNOWN) {
		cannot_tell(h, &drops->at, "%s",
			    drops->text ? drops->text : "it is not known what is dropped");
	} else if (drops->is == TRI_NO) {
		hit(h, &drops->at, "does not drop all capabilities");
	}
}

static void check_inheritable(const struct facts *f, struct hits *h)
{
	static const enum cap_set sets[] = { CAPS_INHERITABLE, CAPS_AMBIENT };
	const struct cap_fact *c = &f->caps;

	for (int i = 0; i < 2; i++) {
		enum cap_set s = sets[i];
		int n = 0, first = -1;

		if (!c->known[s]) {
			cannot_tell(h, &c->at[s], "its %s set is not known", set_names[s]);
			continue;
		}
		for (int cap = 0; cap < CAPS_MAX; cap++) {
			if (!(c->bits[s] & BIT(cap)))
				continue;
			n++;
			first = first < 0 ? cap : first;
		}
		if (n == 1 && cap_name(first))
			hit(h, &c->at[s], "its %s set has %s", set_names[s], cap_name(first));
		else if (n)
			hit(h, &c->at[s], "its %s set has %d capabilities", set_names[s], n);
	}
}

#define CAPABILITIES "https://man7.org/linux/man-pages/man7/capabilities.7.html"
#define PSS          "https://kubernetes.io/docs/concepts/security/pod-security-standards/"
#define DOCKER_CAPS \
	"https://docs.docker.com/engine/containers/run/#runtime-privilege-and-linux-capabilities"

const struct rule rules_caps[] = {
	{
		.id = "cap-all",
		.severity = SEV_CRITICAL,
		.title = "All capabilities",
		.why = "All of root's powers: mount, load modules, trace, write raw memory. Little "
		       "is left between this container and the host but the namespaces, and these "
		       "powers lead out of them.",
		.fix = "Drop ALL and add the few that are needed, by name.",
		.refs = CAPABILITIES "; " DOCKER_CAPS "; CIS Docker 5.4; CIS Kubernetes 5.2.9",
		.kinds = IN_ALL,
		.in_privileged = true,
		.check = check_all,
	},
	{
		.id = "cap-sys-admin",
		.severity = SEV_HIGH,
		.title = "CAP_SYS_ADMIN",
		.why = "It allows to mount file systems and to enter and make namespaces, and opens "
		       "some 26 system calls of Docker's seccomp profile. With cgroup v1 it is the "
		       "known way out by release_agent; most kernel holes of the last years needed "
		       "it or a namespace in which to have it.",
		.fix = "Remove it. What it is wanted for mostly has a way of its own: a volume "
		       "instead of mount, CAP_PERFMON or CAP_BPF for tracing, user namespaces for "
		       "builds.",
		.refs = CAPABILITIES "; https://nvd.nist.gov/vuln/detail/CVE-2022-0492; "
				     "https://nvd.nist.gov/vuln/detail/CVE-2022-0185; " PSS,
		.kinds = IN_ALL,
		.in_privileged = true,
		.check = check_sys_admin,
	},
	{
		.id = "cap-sys-ptrace",
		.severity = SEV_HIGH,
		.title = "CAP_SYS_PTRACE",
		.why = "It attaches to every process that it sees, reads and writes its memory and "
		       "takes its descriptors (pidfd_getfd). With the PID namespace of the host or "
		       "of another container that is the host or that container.",
		.fix = "Remove it. To debug one's own processes it is not needed: the same user "
		       "suffices.",
		.refs = CAPABILITIES "; https://man7.org/linux/man-pages/man2/ptrace.2.html; " PSS,
		.kinds = IN_ALL,
		.in_privileged = true,
		.check = check_sys_ptrace,
	},
	{
		.id = "cap-dac-read-search",
		.severity = SEV_HIGH,
		.title = "CAP_DAC_READ_SEARCH",
		.why = "open_by_handle_at(2) opens any file of a file system of which one file is "
		       "mounted in the container, by numbers that can be guessed: /etc/shadow of "
		       "the host by way of /etc/resolv.conf. Docker's seccomp profile lets the call "
		       "through with this capability only.",
		.fix = "Remove it. A backup program that must read everything is better run on the "
		       "host.",
		.refs = CAPABILITIES
		"; https://man7.org/linux/man-pages/man2/open_by_handle_at.2.html; " PSS,
		.kinds = IN_ALL,
		.in_privileged = true,
		.check = check_dac_read_search,
	},
	{
		.id = "cap-net-admin",
		.severity = SEV_MEDIUM,
		.title = "CAP_NET_ADMIN",
		.why = "It configures interfaces, routes and packet filters of its network "
		       "namespace, and reaches a large part of the kernel that few others reach: "
		       "nftables alone had several holes to root. In the host's network namespace "
		       "it changes the host's network (then the finding is high).",
		.fix = "Remove it, or set up the network from outside. For a VPN, keep the container "
		       "in a network namespace of its own.",
		.refs = CAPABILITIES "; https://nvd.nist.gov/vuln/detail/CVE-2022-1015; "
				     "https://nvd.nist.gov/vuln/detail/CVE-2024-1086; " PSS,
		.kinds = IN_ALL,
		.in_privileged = true,
		.check = check_net_admin,
	},
	{
		.id = "cap-sys-module",
		.severity = SEV_CRITICAL,
		.title = "CAP_SYS_MODULE",
		.why = "It loads code of its own into the kernel, which is the host's.",
		.fix = "Remove it, and load the modules on the host, for instance by "
		       "/etc/modules-load.d.",
		.refs = CAPABILITIES
		"; https://man7.org/linux/man-pages/man2/init_module.2.html; " PSS,
		.kinds = IN_ALL,
		.in_privileged = true,
		.check = check_sys_module,
	},
	{
		.id = "cap-sys-rawio",
		.severity = SEV_HIGH,
		.title = "CAP_SYS_RAWIO",
		.why = "It reaches the hardware by itself: I/O ports, /dev/mem and /proc/kcore where "
		       "they are there, raw commands to disks.",
		.fix = "Remove it, and hand in the one device that is needed.",
		.refs = CAPABILITIES "; https://man7.org/linux/man-pages/man2/iopl.2.html; " PSS,
		.kinds = IN_ALL,
		.in_privileged = true,
		.check = check_sys_rawio,
	},
	{
		.id = "cap-bpf-perfmon",
		.severity = SEV_HIGH,
		.title = "CAP_BPF or CAP_PERFMON",
		.why = "BPF programs and performance events look at the whole kernel, whatever the "
		       "namespace: memory, system calls and keystrokes of every process of the "
		       "host. The BPF verifier has been the source of many kernel holes.",
		.fix = "Remove it from applications. Tracing agents that need it belong to the host "
		       "and are to be treated as part of it.",
		.refs = CAPABILITIES "; https://docs.kernel.org/admin-guide/perf-security.html; "
				     "https://nvd.nist.gov/vuln/detail/CVE-2021-3490; " PSS,
		.kinds = IN_ALL,
		.in_privileged = true,
		.check = check_bpf_perfmon,
	},
	{
		.id = "cap-host-control",
		.severity = SEV_MEDIUM,
		.title = "Capability over the host itself",
		.why = "Clock, reboot, kernel log, audit, MAC policy, resource limits, accounting: "
		       "these are not of the container but of the host, and no namespace keeps them "
		       "in.",
		.fix = "Remove it, and let the host do it: time by its own NTP client, limits by the "
		       "engine's ulimit options.",
		.refs = CAPABILITIES "; " DOCKER_CAPS "; " PSS,
		.kinds = IN_ALL,
		.in_privileged = true,
		.check = check_host_control,
	},
	{
		.id = "cap-checkpoint-restore",
		.severity = SEV_MEDIUM,
		.title = "CAP_CHECKPOINT_RESTORE",
		.why = "It chooses PIDs (clone3 with set_tid, ns_last_pid), which undoes what "
		       "programs rely on to tell processes apart, and opens other processes' "
		       "/proc/PID/map_files.",
		.fix = "Remove it, but from a program that restores checkpoints.",
		.refs = CAPABILITIES "; https://man7.org/linux/man-pages/man2/clone.2.html; " PSS,
		.kinds = IN_ALL,
		.in_privileged = true,
		.check = check_checkpoint_restore,
	},
	{
		.id = "cap-net-raw",
		.severity = SEV_LOW,
		.title = "CAP_NET_RAW",
		.why = "Raw and packet sockets forge and listen to what goes over the container's "
		       "network, such as ARP and DNS answers for its neighbours, and have been a "
		       "way into the kernel. Docker and containerd give it by default, Podman and "
		       "CRI-O do not.",
		.fix = "Drop NET_RAW, or ALL. ping works without it where net.ipv4.ping_group_range "
		       "is open, as Docker sets it.",
		.refs = CAPABILITIES "; https://nvd.nist.gov/vuln/detail/CVE-2020-14386; "
				     "CIS Kubernetes 5.2.8; " PSS,
		.kinds = IN_ALL,
		.in_privileged = true,
		.check = check_net_raw,
	},
	{
		.id = "cap-nondefault",
		.severity = SEV_MEDIUM,
		.title = "Capability beyond the defaults",
		.why = "It is in no engine's default set, since ordinary applications do without it, "
		       "and it widens what of the kernel can be reached and of the host be "
		       "disturbed.",
		.fix = "Remove it unless a test shows that the application fails without it.",
		.refs = CAPABILITIES "; " DOCKER_CAPS "; CIS Docker 5.4; CIS Kubernetes 5.2.9",
		.kinds = IN_ALL,
		.in_privileged = true,
		.check = check_nondefault,
	},
	{
		.id = "cap-drop-all-missing",
		.severity = SEV_LOW,
		.title = "Default capabilities kept",
		.why = "The default set is made for whatever an image may want to do at its start: "
		       "change owners, switch users, bind low ports. A service that listens on a "
		       "high port as an ordinary user needs none of it, and so does whoever "
		       "takes it over.",
		.fix = "Drop ALL and add back by name what is missed.",
		.refs = DOCKER_CAPS "; CIS Docker 5.4; CIS Kubernetes 5.2.10; "
				    "https://cheatsheetseries.owasp.org/cheatsheets/"
				    "Docker_Security_Cheat_Sheet.html; " PSS,
		.kinds = IN_ALL,
		.in_privileged = true,
		.check = check_drop_all,
	},
	{
		.id = "cap-inheritable",
		.severity = SEV_LOW,
		.title = "Inheritable or ambient capabilities",
		.why = "What is in these sets comes back after a change to an ordinary user: ambient "
		       "ones with every exec, inheritable ones with a program whose file asks for "
		       "them. Engines set them by mistake until 2022.",
		.fix = "Leave process.capabilities.inheritable and .ambient empty, unless a program "
		       "without root needs just that one capability; update the engine if it was "
		       "the one who set them.",
		.refs = CAPABILITIES "; https://nvd.nist.gov/vuln/detail/CVE-2022-24769; "
				     "https://nvd.nist.gov/vuln/detail/CVE-2022-27649; "
				     "https://nvd.nist.gov/vuln/detail/CVE-2022-27652",
		.kinds = IN_LIVE | IN_SPEC,
		.in_privileged = true,
		.check = check_inheritable,
	},
	{ 0 },
};
