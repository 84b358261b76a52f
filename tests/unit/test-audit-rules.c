/* SPDX-License-Identifier: Apache-2.0 */
/* Every rule over facts made by hand: silent over a container that has everything right, firing
 * (and nothing else with it) when the one thing is wrong, undecided when it is not known. */
#include <stdio.h>
#include <string.h>

#include "audit/audit.h"
#include "test.h"

#define BIT(N) (1ULL << (N))

/* capability(7) numbers that the rows name */
enum {
	NET_BIND_SERVICE = 10,
	DAC_READ_SEARCH = 2,
	NET_ADMIN = 12,
	NET_RAW = 13,
	IPC_LOCK = 14,
	SYS_MODULE = 16,
	SYS_RAWIO = 17,
	SYS_PTRACE = 19,
	SYS_ADMIN = 21,
	SYS_TIME = 25,
	PERFMON = 38,
	BPF = 39,
	CHECKPOINT_RESTORE = 40
};

static const struct json node_a = { .offset = 1 }, node_b = { .offset = 2 };

static struct place here(void)
{
	return (struct place){ .node = &node_a };
}

/* A container that no rule has anything to say about. */
static struct facts *good(struct audit *a, enum input_kind kind)
{
	struct facts *f = audit_object(a, kind, NULL, &node_b);
	static const enum fact_id yes[] = { FACT_NO_NEW_PRIVS, FACT_ROOTFS_READONLY,
					    FACT_PIDS_LIMITED, FACT_INIT_REAPS,
					    FACT_INIT_TERM,    FACT_LSM_ENFORCING,
					    FACT_DROPS_ALL };

	f->object = "container/web";
	for (int i = 0; i < FACT_COUNT; i++)
		fact_set(f, (enum fact_id)i, TRI_NO, here(), NULL);
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		fact_set(f, yes[i], TRI_YES, here(), NULL);
	for (int i = 0; i < NST_COUNT; i++)
		ns_set(f, (enum ns_type)i, NSM_OWN, here(), NULL);
	for (int i = 0; i < CAPS_SETS; i++) {
		f->caps.known[i] = true;
		f->caps.at[i] = here();
	}
	f->caps.all = caps_known();
	f->seccomp.mode = SECM_DEFAULT;
	f->apparmor.mode = f->selinux.mode = LSMM_DEFAULT;
	for (int i = 0; i < LIST_COUNT; i++)
		list_whole(f, (enum list_id)i);
	f->mounts_whole = TRI_YES;
	return f;
}

enum what { W_FACT, W_NS, W_LIST, W_MOUNT, W_CAP, W_SECCOMP, W_APPARMOR, W_SELINUX, W_HOSTPATH };

struct row {
	const char *rule;
	enum input_kind kind;
	enum what what;
	int which, value;
	const char *text;
	int64_t num;
	const char *with; /* rules that may fire as well */
};

/* clang-format off */
static const struct row rows[] = {
	{ "pid-host", IN_K8S, W_NS, NST_PID, NSM_HOST },
	{ "pid-host", IN_LIVE, W_NS, NST_PID, NSM_HOST },
	{ "pid-joined", IN_COMPOSE, W_NS, NST_PID, NSM_CONTAINER, "service:db" },
	{ "pid-joined", IN_OCI, W_NS, NST_PID, NSM_PATH, "/proc/77/ns/pid" },
	{ "pid-pod-shared", IN_K8S, W_NS, NST_PID, NSM_POD },
	{ "pidns-intruder", IN_LIVE, W_LIST, LIST_INTRUDERS, 0, "7 (bash): CAP_SYS_ADMIN" },
	{ "pidns-intruder", IN_COMPOSE, W_LIST, LIST_INTRUDERS, 0, "post_start: privileged" },
	{ "pidns-nested", IN_LIVE, W_FACT, FACT_PIDNS_NESTED, TRI_YES },
	{ "proc-view-mismatch", IN_OCI, W_FACT, FACT_PROC_MISMATCH, TRI_YES },
	{ "mount-host-proc", IN_COMPOSE, W_MOUNT, TRI_NO, 0, "/proc" },
	{ "proc-unmasked", IN_INSPECT, W_LIST, LIST_UNMASKED, 0, "/proc/kcore" },
	{ "proc-sys-writable", IN_K8S, W_LIST, LIST_PROC_WRITABLE, 0, "/proc/sys" },
	{ "proc-mask-tampered", IN_LIVE, W_LIST, LIST_MASK_TAMPERED, 0, "/proc/kcore is a file" },
	{ "ns-fd-leak", IN_OCI, W_LIST, LIST_FD_LEAKS, 0, "/proc/self/fd/7" },
	{ "init-missing", IN_OCI, W_FACT, FACT_INIT_REAPS, TRI_NO, "nginx" },
	{ "init-no-sigterm", IN_K8S, W_FACT, FACT_INIT_TERM, TRI_NO, "sh -c" },
	{ "zombie-present", IN_LIVE, W_LIST, LIST_ZOMBIES, 0, "7 (defunct sh)" },
	{ "pids-unlimited", IN_INSPECT, W_FACT, FACT_PIDS_LIMITED, TRI_NO },
	{ "drift", IN_LIVE, W_LIST, LIST_DRIFT, 0, "seccomp: declared, and there is none" },
	{ "privileged", IN_K8S, W_FACT, FACT_PRIVILEGED, TRI_YES },
	{ "privileged", IN_COMPOSE, W_FACT, FACT_BUILD_PRIVILEGED, TRI_YES },
	{ "cap-sys-admin", IN_K8S, W_CAP, SYS_ADMIN },
	{ "cap-sys-ptrace", IN_COMPOSE, W_CAP, SYS_PTRACE },
	{ "cap-dac-read-search", IN_INSPECT, W_CAP, DAC_READ_SEARCH },
	{ "cap-net-admin", IN_OCI, W_CAP, NET_ADMIN },
	{ "cap-sys-module", IN_CRI, W_CAP, SYS_MODULE },
	{ "cap-sys-rawio", IN_LIVE, W_CAP, SYS_RAWIO },
	{ "cap-bpf-perfmon", IN_K8S, W_CAP, BPF },
	{ "cap-bpf-perfmon", IN_LIVE, W_CAP, PERFMON },
	{ "cap-host-control", IN_OCI, W_CAP, SYS_TIME },
	{ "cap-checkpoint-restore", IN_OCI, W_CAP, CHECKPOINT_RESTORE },
	{ "cap-net-raw", IN_K8S, W_CAP, NET_RAW },
	{ "cap-nondefault", IN_COMPOSE, W_CAP, IPC_LOCK },
	{ "cap-drop-all-missing", IN_K8S, W_FACT, FACT_DROPS_ALL, TRI_NO },
	{ "no-new-privs", IN_K8S, W_FACT, FACT_NO_NEW_PRIVS, TRI_NO },
	{ "run-as-root", IN_K8S, W_FACT, FACT_ROOT_OF_HOST, TRI_YES },
	{ "userns-missing", IN_COMPOSE, W_NS, NST_USER, NSM_HOST },
	{ "userns-host-explicit", IN_COMPOSE, W_FACT, FACT_USERNS_EXPLICIT_HOST, TRI_YES },
	{ "userns-maps-root", IN_OCI, W_FACT, FACT_USERNS_MAPS_ROOT, TRI_YES },
	{ "group-privileged", IN_OCI, W_LIST, LIST_GROUPS, 0, "0" },
	{ "seccomp-unconfined", IN_K8S, W_SECCOMP, SECM_UNCONFINED },
	{ "seccomp-not-set", IN_OCI, W_SECCOMP, SECM_NOT_SET },
	{ "apparmor-unconfined", IN_K8S, W_APPARMOR, LSMM_UNCONFINED },
	{ "selinux-disabled", IN_INSPECT, W_SELINUX, LSMM_UNCONFINED },
	{ "selinux-override", IN_K8S, W_LIST, LIST_SELINUX, 0, "user:system_u" },
	{ "selinux-override", IN_OCI, W_LIST, LIST_SELINUX, 0, "type:httpd_t" },
	{ "lsm-not-enforcing", IN_LIVE, W_FACT, FACT_LSM_ENFORCING, TRI_NO },
	{ "mount-host-root", IN_K8S, W_MOUNT, TRI_YES, 0, "/" },
	{ "mount-runtime-socket", IN_COMPOSE, W_MOUNT, TRI_YES, 0, "/var/run/docker.sock" },
	{ "mount-host-sys", IN_OCI, W_MOUNT, TRI_NO, 0, "/sys/fs/cgroup" },
	{ "mount-host-dev", IN_INSPECT, W_MOUNT, TRI_NO, 0, "/dev" },
	{ "mount-host-sensitive", IN_CRI, W_MOUNT, TRI_NO, 0, "/etc" },
	{ "mount-host-path", IN_COMPOSE, W_MOUNT, TRI_NO, 0, "/srv/data" },
	{ "mount-propagation-shared", IN_OCI, W_FACT, FACT_SHARED_ROOT, TRI_YES },
	{ "mount-indirect", IN_COMPOSE, W_LIST, LIST_INDIRECT, 0, "volumes_from: db" },
	{ "device-host", IN_COMPOSE, W_LIST, LIST_DEVICES, 0, "/dev/sda" },
	{ "device-cgroup-all", IN_OCI, W_FACT, FACT_DEVICES_ALL, TRI_YES },
	{ "cgroup-writable", IN_OCI, W_FACT, FACT_CGROUP_WRITABLE, TRI_YES },
	{ "rootfs-writable", IN_K8S, W_FACT, FACT_ROOTFS_READONLY, TRI_NO },
	{ "net-host", IN_K8S, W_NS, NST_NET, NSM_HOST },
	{ "ipc-host", IN_COMPOSE, W_NS, NST_IPC, NSM_HOST },
	{ "uts-host", IN_INSPECT, W_NS, NST_UTS, NSM_HOST },
	{ "mnt-host", IN_OCI, W_NS, NST_MNT, NSM_HOST },
	{ "cgroupns-host", IN_COMPOSE, W_NS, NST_CGROUP, NSM_HOST },
	{ "ns-host-path", IN_OCI, W_HOSTPATH, NST_NET, 0, "/proc/1/ns/net", 0, "net-host" },
	{ "sysctl-unsafe", IN_OCI, W_LIST, LIST_SYSCTLS, 0, "kernel.core_pattern" },
	{ "sysctl-unsafe", IN_K8S, W_LIST, LIST_SYSCTLS, 0, "net.core.somaxconn" },
	{ "sysctl-unsafe", IN_COMPOSE, W_LIST, LIST_SYSCTLS, 0, "vm/overcommit_memory" },
	{ "hook-host-exec", IN_OCI, W_LIST, LIST_HOOKS, 0, "/bin/sh" },
	{ "host-port", IN_K8S, W_LIST, LIST_PORTS, 0, "8080", 8080 },
	{ "host-port", IN_COMPOSE, W_LIST, LIST_PORTS, 0, "0.0.0.0:80", 80 },
	{ "host-probe", IN_K8S, W_LIST, LIST_PROBES, 0, "169.254.169.254" },
	{ "volume-type", IN_K8S, W_LIST, LIST_VOLUME_TYPES, 0, "nfs" },
	{ "windows-host-process", IN_K8S, W_FACT, FACT_WINDOWS_HOST_PROCESS, TRI_YES },
};
/* clang-format on */
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void spoil(struct audit *a, struct facts *f, const struct row *r)
{
	struct mount_fact *m;

	switch (r->what) {
	case W_FACT:
		fact_set(f, (enum fact_id)r->which, (enum tri)r->value, here(), r->text);
		break;
	case W_NS:
		ns_set(f, (enum ns_type)r->which, (enum ns_mode)r->value, here(), r->text);
		break;
	case W_HOSTPATH:
		ns_set(f, (enum ns_type)r->which, NSM_HOST, here(), r->text);
		f->ns_of[r->which].by_host_path = true;
		break;
	case W_LIST: list_add(a, f, (enum list_id)r->which, here(), r->text)->num = r->num; break;
	case W_MOUNT:
		m = mount_add(a, f, here());
		m->source = r->text;
		m->target = "/mnt";
		m->readonly = (enum tri)r->which;
		m->shared = TRI_NO;
		break;
	case W_CAP: f->caps.bits[CAPS_BOUNDING] |= BIT(r->which); break;
	case W_SECCOMP: f->seccomp.mode = r->which; break;
	case W_APPARMOR: f->apparmor.mode = r->which; break;
	case W_SELINUX: f->selinux.mode = r->which; break;
	}
}

static void blind(struct facts *f, const struct row *r)
{
	switch (r->what) {
	case W_FACT: f->fact[r->which].is = TRI_UNKNOWN; break;
	case W_NS:
	case W_HOSTPATH: f->ns_of[r->which].mode = NSM_UNKNOWN; break;
	case W_LIST: list_unknown(f, (enum list_id)r->which, "not read"); break;
	case W_MOUNT: f->mounts_whole = TRI_UNKNOWN; break;
	case W_CAP: memset(f->caps.known, 0, sizeof(f->caps.known)); break;
	case W_SECCOMP: f->seccomp.mode = SECM_UNKNOWN; break;
	case W_APPARMOR: f->apparmor.mode = LSMM_UNKNOWN; break;
	case W_SELINUX: f->selinux.mode = LSMM_UNKNOWN; break;
	}
}

/* How often `rule` fired; -1 if one fired that is not allowed to. NULL: any. */
static int fired(const struct audit *a, const char *rule, const char *with)
{
	int n = 0;

	for (size_t i = 0; i < a->finding_count; i++) {
		const char *id = a->findings[i].rule->id;

		if (!strcmp(id, rule))
			n++;
		else if (!with || !strstr(with, id))
			return printf("# also %s: %s\n", id, a->findings[i].message), -1;
	}
	return n;
}

static bool undecided(const struct audit *a, const char *rule)
{
	for (size_t i = 0; i < a->untold_count; i++)
		if (!strcmp(a->untold[i].rule->id, rule))
			return true;
	return false;
}

static void test_good(void)
{
	for (unsigned int kind = IN_LIVE; kind <= IN_CRI; kind <<= 1) {
		autoarena struct arena arena = { 0 };
		struct audit a;

		audit_init(&a, &arena);
		audit_run_one(&a, good(&a, (enum input_kind)kind));
		CHECK_INT(a.finding_count, 0);
		CHECK_INT(a.untold_count, 0);
		for (size_t i = 0; i < a.finding_count; i++)
			printf("# %s: %s\n", a.findings[i].rule->id, a.findings[i].message);
		for (size_t i = 0; i < a.untold_count; i++)
			printf("# %s? %s\n", a.untold[i].rule->id, a.untold[i].why);
		CHECK_INT(audit_status(&a, SEV_INFO), AUDIT_CLEAN);
	}
}

static void test_row(const struct row *r)
{
	autoarena struct arena arena = { 0 };
	struct audit a, b;
	struct facts *f;

	CASE(r->rule);
	audit_init(&a, &arena);
	f = good(&a, r->kind);
	spoil(&a, f, r);
	audit_run_one(&a, f);
	CHECK_INT(fired(&a, r->rule, r->with ? r->with : ""), 1);
	CHECK(!undecided(&a, r->rule));
	if (r->what == W_HOSTPATH)
		return; /* what is not known to lead to the host does not fire */
	audit_init(&b, &arena);
	f = good(&b, r->kind);
	blind(f, r);
	audit_run_one(&b, f);
	/* Of these two, not every kind of input has a word. */
	if (r->what != W_FACT ||
	    (r->which != FACT_BUILD_PRIVILEGED && r->which != FACT_SHARED_ROOT))
		CHECK(undecided(&b, r->rule));
	CHECK_INT(fired(&b, r->rule, NULL), 0);
}

/* Rules that need more than one thing have a test of their own below. */
static bool has_test(const char *id)
{
	static const char *const others[] = { "pid-host-attack", "cap-all", "cap-inheritable",
					      "seccomp-weak" };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (!strcmp(id, others[i]))
			return true;
	for (size_t i = 0; i < ROWS; i++)
		if (!strcmp(id, rows[i].rule))
			return true;
	return false;
}

static void test_tables(void)
{
	const struct rule *r;
	size_t n = 0;

	CASE("tables");
	for (; (r = rule_at(n)); n++) {
		bool full = r->severity >= SEV_INFO && r->title && r->why && r->fix && r->refs &&
			    (strstr(r->refs, "https://") || strstr(r->refs, "CIS ")) && r->kinds;
		bool judged = r->on == ON_CHECK ? r->check && !r->message : !r->check && r->message;

		if (!full || !judged || rule_find(r->id) != r || !has_test(r->id)) {
			FAIL(r->id);
			printf("# full %d, judged %d, found %d, tested %d\n", full, judged,
			       rule_find(r->id) == r, has_test(r->id));
		}
	}
	CHECK_INT(n, 69);
	CHECK(!rule_find("pid"));
	CHECK(!rule_find(""));
	CHECK(!rule_find("zzz"));
}

/* ---- Rules over several facts ------------------------------------------------------------- */

struct run {
	struct arena arena;
	struct audit a;
	struct facts *f;
};

static void start(struct run *r, enum input_kind kind)
{
	*r = (struct run){ 0 };
	audit_init(&r->a, &r->arena);
	r->f = good(&r->a, kind);
}

static enum severity finish(struct run *r, const char *rule)
{
	enum severity sev = SEV_NONE;

	audit_run_one(&r->a, r->f);
	for (size_t i = 0; i < r->a.finding_count; i++)
		if (!strcmp(r->a.findings[i].rule->id, rule))
			sev = r->a.findings[i].severity;
	return sev;
}

static void test_pid_host_attack(void)
{
	struct run r;

	CASE("pid-host-attack");
	start(&r, IN_K8S);
	ns_set(r.f, NST_PID, NSM_HOST, here(), "hostPID: true");
	fact_set(r.f, FACT_ROOT_OF_HOST, TRI_YES, here(), "0");
	CHECK_INT(finish(&r, "pid-host-attack"), SEV_HIGH);
	arena_free(&r.arena);

	start(&r, IN_K8S);
	ns_set(r.f, NST_PID, NSM_HOST, here(), NULL);
	r.f->caps.added = BIT(SYS_PTRACE);
	CHECK_INT(finish(&r, "pid-host-attack"), SEV_CRITICAL);
	arena_free(&r.arena);

	start(&r, IN_LIVE);
	ns_set(r.f, NST_PID, NSM_HOST, here(), NULL);
	fact_set(r.f, FACT_PRIVILEGED, TRI_YES, here(), NULL);
	CHECK_INT(finish(&r, "pid-host-attack"), SEV_CRITICAL);
	arena_free(&r.arena);

	start(&r, IN_LIVE);
	r.f->caps.bits[CAPS_BOUNDING] = BIT(SYS_PTRACE);
	CHECK_INT(finish(&r, "pid-host-attack"), SEV_NONE);
	arena_free(&r.arena);

	start(&r, IN_LIVE);
	ns_set(r.f, NST_PID, NSM_HOST, here(), NULL);
	fact_set(r.f, FACT_ROOT_OF_HOST, TRI_UNKNOWN, here(), NULL);
	CHECK_INT(finish(&r, "pid-host-attack"), SEV_NONE);
	CHECK(undecided(&r.a, "pid-host-attack"));
	arena_free(&r.arena);

	start(&r, IN_LIVE);
	ns_set(r.f, NST_PID, NSM_UNKNOWN, here(), NULL);
	CHECK_INT(finish(&r, "pid-host-attack"), SEV_NONE);
	CHECK(undecided(&r.a, "pid-host-attack"));
	arena_free(&r.arena);
}

/* ALL is one finding, not a dozen; what somebody wrote beside it is told as well. */
static void test_all_caps(void)
{
	struct run r;

	CASE("cap-all");
	start(&r, IN_LIVE);
	r.f->caps.bits[CAPS_BOUNDING] = caps_known();
	CHECK_INT(finish(&r, "cap-all"), SEV_CRITICAL);
	CHECK_INT(fired(&r.a, "cap-all", "cap-drop-all-missing"), 1);
	arena_free(&r.arena);

	start(&r, IN_COMPOSE);
	r.f->caps.named_all = true;
	r.f->caps.bits[CAPS_BOUNDING] = caps_known();
	r.f->caps.added = BIT(SYS_ADMIN);
	CHECK_INT(finish(&r, "cap-all"), SEV_CRITICAL);
	CHECK_INT(fired(&r.a, "cap-sys-admin", "cap-all"), 1);
	arena_free(&r.arena);

	start(&r, IN_OCI);
	r.f->caps.bits[CAPS_BOUNDING] = caps_known() & ~BIT(SYS_ADMIN);
	CHECK_INT(finish(&r, "cap-all"), SEV_NONE);
	arena_free(&r.arena);

	start(&r, IN_OCI);
	memset(r.f->caps.known, 0, sizeof(r.f->caps.known));
	CHECK_INT(finish(&r, "cap-all"), SEV_NONE);
	CHECK(undecided(&r.a, "cap-all"));
	CHECK(undecided(&r.a, "cap-drop-all-missing"));
	CHECK(undecided(&r.a, "cap-inheritable"));
	arena_free(&r.arena);
}

static void test_caps(void)
{
	struct run r;

	CASE("capabilities");
	start(&r, IN_OCI);
	r.f->caps.bits[CAPS_AMBIENT] = BIT(NET_BIND_SERVICE);
	CHECK_INT(finish(&r, "cap-inheritable"), SEV_LOW);
	CHECK_INT(fired(&r.a, "cap-inheritable", ""), 1);
	arena_free(&r.arena);

	start(&r, IN_OCI);
	r.f->caps.bits[CAPS_BOUNDING] = BIT(NET_BIND_SERVICE);
	CHECK_INT(finish(&r, "cap-drop-all-missing"), SEV_NONE);
	CHECK_INT(r.a.finding_count, 0);
	arena_free(&r.arena);

	start(&r, IN_OCI);
	r.f->caps.bits[CAPS_BOUNDING] = caps_podman;
	CHECK_INT(finish(&r, "cap-drop-all-missing"), SEV_LOW);
	CHECK_INT(r.a.finding_count, 1);
	arena_free(&r.arena);

	start(&r, IN_K8S);
	r.f->caps.bits[CAPS_BOUNDING] = caps_docker;
	CHECK_INT(finish(&r, "cap-net-raw"), SEV_LOW);
	CHECK(r.a.finding_count == 1 && strstr(r.a.findings[0].message, "default"));
	arena_free(&r.arena);

	start(&r, IN_K8S);
	r.f->caps.bits[CAPS_BOUNDING] = BIT(NET_ADMIN);
	r.f->caps.added = BIT(NET_ADMIN);
	ns_set(r.f, NST_NET, NSM_HOST, here(), NULL);
	CHECK_INT(finish(&r, "cap-net-admin"), SEV_HIGH);
	arena_free(&r.arena);

	/* Added and dropped again by the engine: the sets say what is. */
	start(&r, IN_COMPOSE);
	r.f->caps.added = BIT(SYS_ADMIN);
	CHECK_INT(finish(&r, "cap-sys-admin"), SEV_NONE);
	arena_free(&r.arena);
}

/* Privileged mode is one finding, though much follows from it. */
static void test_privileged(void)
{
	struct run r;

	CASE("privileged");
	start(&r, IN_K8S);
	fact_set(r.f, FACT_PRIVILEGED, TRI_YES, here(), NULL);
	for (int s = 0; s < CAPS_SETS; s++)
		r.f->caps.bits[s] = s == CAPS_AMBIENT ? 0 : caps_known();
	r.f->seccomp = (struct mode_fact){ .mode = SECM_UNCONFINED, .at = here() };
	r.f->apparmor = (struct mode_fact){ .mode = LSMM_UNCONFINED, .at = here() };
	list_add(&r.a, r.f, LIST_UNMASKED, here(), "/proc/kcore");
	CHECK_INT(finish(&r, "privileged"), SEV_CRITICAL);
	CHECK_INT(fired(&r.a, "privileged", ""), 1);
	arena_free(&r.arena);

	/* Written down beside it, it is told. */
	start(&r, IN_K8S);
	fact_set(r.f, FACT_PRIVILEGED, TRI_YES, here(), NULL);
	r.f->seccomp = (struct mode_fact){ .mode = SECM_UNCONFINED,
					   .at = { .node = &(const struct json){ .offset = 9 } } };
	CHECK_INT(finish(&r, "seccomp-unconfined"), SEV_HIGH);
	arena_free(&r.arena);

	start(&r, IN_LIVE);
	fact_set(r.f, FACT_PRIVILEGED, TRI_YES, (struct place){ .path = "/proc/7/status" }, NULL);
	r.f->seccomp = (struct mode_fact){ .mode = SECM_NOT_SET,
					   .at = { .path = "/proc/7/status: Seccomp" } };
	CHECK_INT(finish(&r, "seccomp-not-set"), SEV_NONE);
	arena_free(&r.arena);
}

static void test_seccomp(void)
{
	struct run r;

	CASE("seccomp-weak");
	start(&r, IN_OCI);
	r.f->seccomp.mode = SECM_CUSTOM;
	for (int i = 0; i < 12; i++)
		list_add(&r.a, r.f, LIST_SECCOMP_WEAK, here(), i % 2 ? "mount" : "setns");
	CHECK_INT(finish(&r, "seccomp-weak"), SEV_MEDIUM);
	CHECK_INT(r.a.finding_count, 1);
	CHECK(strstr(r.a.findings[0].message, "setns, mount, ") &&
	      strstr(r.a.findings[0].message, " and 2 more"));
	arena_free(&r.arena);

	start(&r, IN_OCI);
	r.f->seccomp.mode = SECM_CUSTOM;
	CHECK_INT(finish(&r, "seccomp-weak"), SEV_NONE);
	CHECK_INT(r.a.untold_count, 0);
	arena_free(&r.arena);

	start(&r, IN_K8S);
	r.f->seccomp.mode = SECM_OPAQUE;
	CHECK_INT(finish(&r, "seccomp-weak"), SEV_NONE);
	CHECK(undecided(&r.a, "seccomp-weak"));
	arena_free(&r.arena);
}

static void test_pid1(void)
{
	struct run r;

	CASE("PID 1 of others");
	start(&r, IN_K8S);
	ns_set(r.f, NST_PID, NSM_POD, here(), NULL);
	fact_set(r.f, FACT_INIT_REAPS, TRI_NO, here(), NULL);
	fact_set(r.f, FACT_INIT_TERM, TRI_NO, here(), NULL);
	audit_run_one(&r.a, r.f);
	CHECK_INT(fired(&r.a, "pid-pod-shared", ""), 1);
	arena_free(&r.arena);

	CASE("explicit user namespace");
	start(&r, IN_COMPOSE);
	ns_set(r.f, NST_USER, NSM_HOST, here(), "host");
	fact_set(r.f, FACT_USERNS_EXPLICIT_HOST, TRI_YES, here(), NULL);
	audit_run_one(&r.a, r.f);
	CHECK_INT(fired(&r.a, "userns-host-explicit", ""), 1);
	arena_free(&r.arena);

	CASE("Windows");
	start(&r, IN_K8S);
	r.f->windows = true;
	ns_set(r.f, NST_PID, NSM_HOST, here(), NULL);
	fact_set(r.f, FACT_ROOTFS_READONLY, TRI_NO, here(), NULL);
	fact_set(r.f, FACT_WINDOWS_HOST_PROCESS, TRI_YES, here(), NULL);
	audit_run_one(&r.a, r.f);
	CHECK_INT(fired(&r.a, "windows-host-process", ""), 1);
	arena_free(&r.arena);

	CASE("groups");
	start(&r, IN_LIVE);
	fact_set(r.f, FACT_ROOT_OF_HOST, TRI_YES, here(), "0");
	list_add(&r.a, r.f, LIST_GROUPS, here(), "0");
	audit_run_one(&r.a, r.f);
	CHECK_INT(fired(&r.a, "run-as-root", ""), 1);
	arena_free(&r.arena);
}

static void test_selinux(void)
{
	struct run r;

	CASE("SELinux");
	start(&r, IN_OCI);
	list_add(&r.a, r.f, LIST_SELINUX, here(), "user:system_u");
	list_add(&r.a, r.f, LIST_SELINUX, here(), "role:system_r");
	list_add(&r.a, r.f, LIST_SELINUX, here(), "type:container_t");
	list_add(&r.a, r.f, LIST_SELINUX, here(), "level:s0:c1,c2");
	audit_run_one(&r.a, r.f);
	CHECK_INT(r.a.finding_count, 0);
	arena_free(&r.arena);

	start(&r, IN_K8S);
	r.f->selinux.mode = LSMM_UNCONFINED;
	list_add(&r.a, r.f, LIST_SELINUX, here(), "type:spc_t");
	audit_run_one(&r.a, r.f);
	CHECK_INT(fired(&r.a, "selinux-disabled", ""), 1);
	arena_free(&r.arena);

	/* A label does for a missing AppArmor profile, and the other way round. */
	start(&r, IN_OCI);
	r.f->apparmor.mode = LSMM_NOT_SET;
	r.f->selinux.mode = LSMM_CUSTOM;
	audit_run_one(&r.a, r.f);
	CHECK_INT(r.a.finding_count, 0);
	r.f->selinux.mode = LSMM_NOT_SET;
	CHECK_INT(finish(&r, "apparmor-unconfined"), SEV_MEDIUM);
	arena_free(&r.arena);
}

static void test_surface(void)
{
	static const char *const fine[] = { "net.ipv4.ip_forward", "kernel.shmmax",
					    "fs.mqueue.msg_max", "kernel.hostname",
					    "net/ipv4/tcp_syncookies" };
	struct run r;

	CASE("settings");
	start(&r, IN_OCI);
	for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++)
		list_add(&r.a, r.f, LIST_SYSCTLS, here(), fine[i]);
	CHECK_INT(finish(&r, "sysctl-unsafe"), SEV_NONE);
	ns_set(r.f, NST_NET, NSM_HOST, here(), NULL);
	CHECK_INT(finish(&r, "sysctl-unsafe"), SEV_HIGH);
	arena_free(&r.arena);

	CASE("devices");
	start(&r, IN_COMPOSE);
	list_add(&r.a, r.f, LIST_DEVICES, here(), "/dev/dri");
	CHECK_INT(finish(&r, "device-host"), SEV_MEDIUM);
	arena_free(&r.arena);

	CASE("cgroups");
	start(&r, IN_OCI);
	fact_set(r.f, FACT_CGROUP_WRITABLE, TRI_YES, here(), NULL);
	CHECK_INT(finish(&r, "cgroup-writable"), SEV_MEDIUM);
	ns_set(r.f, NST_CGROUP, NSM_HOST, here(), NULL);
	CHECK_INT(finish(&r, "cgroup-writable"), SEV_HIGH);
	arena_free(&r.arena);

	CASE("ports and volumes");
	start(&r, IN_COMPOSE);
	list_add(&r.a, r.f, LIST_PORTS, here(), "8080")->num = 8080;
	list_add(&r.a, r.f, LIST_PORTS, here(), "a free one");
	audit_run_one(&r.a, r.f);
	CHECK_INT(r.a.finding_count, 0);
	arena_free(&r.arena);
	start(&r, IN_K8S);
	list_add(&r.a, r.f, LIST_VOLUME_TYPES, here(), "emptyDir");
	list_add(&r.a, r.f, LIST_VOLUME_TYPES, here(), "image");
	list_add(&r.a, r.f, LIST_VOLUME_TYPES, here(), "");
	list_add(&r.a, r.f, LIST_PORTS, here(), "0");
	audit_run_one(&r.a, r.f);
	CHECK_INT(r.a.finding_count, 0);
	arena_free(&r.arena);
}

int main(void)
{
	CASE("nothing wrong");
	test_good();
	for (size_t i = 0; i < ROWS; i++)
		test_row(&rows[i]);
	test_tables();
	test_pid_host_attack();
	test_all_caps();
	test_caps();
	test_privileged();
	test_seccomp();
	test_pid1();
	test_selinux();
	test_surface();
	return DONE();
}
