/* SPDX-License-Identifier: Apache-2.0 */
/* Host paths: each gives one finding, the most telling, however it is written. */
#include <stdio.h>
#include <string.h>

#include "audit/audit.h"
#include "test.h"

enum { RW, RO_ };

struct row {
	const char *source;
	int ro;
	const char *rule; /* NULL: none */
	enum severity severity;
	enum input_kind kind; /* 0: Compose */
	const char *target, *via;
};

#define ID     "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define ROOT   "mount-host-root"
#define PROC   "mount-host-proc"
#define SOCKET "mount-runtime-socket"
#define SYS    "mount-host-sys"
#define DEV    "mount-host-dev"
#define SENS   "mount-host-sensitive"
#define PATH   "mount-host-path"

/* clang-format off */
static const struct row rows[] = {
	{ "/", RW, ROOT, SEV_CRITICAL },
	{ "/", RO_, ROOT, SEV_CRITICAL },
	{ "//", RW, ROOT, SEV_CRITICAL },
	{ "/.", RW, ROOT, SEV_CRITICAL },
	{ "/./", RW, ROOT, SEV_CRITICAL },
	{ "/..", RW, ROOT, SEV_CRITICAL },
	{ "/etc/..", RW, ROOT, SEV_CRITICAL },
	{ "/../../", RW, ROOT, SEV_CRITICAL },
	{ "/srv/./..//", RW, ROOT, SEV_CRITICAL },
	{ "/proc/1/root", RW, ROOT, SEV_CRITICAL },
	{ "/proc/self/root/", RW, ROOT, SEV_CRITICAL },
	{ "/proc/1/root/etc", RW, SENS, SEV_HIGH },
	{ "/proc", RW, PROC, SEV_CRITICAL },
	{ "/proc/", RW, PROC, SEV_CRITICAL },
	{ "/proc", RO_, PROC, SEV_HIGH },
	{ "//proc", RO_, PROC, SEV_HIGH },
	{ "/etc/../proc/sys", RW, PROC, SEV_CRITICAL },
	{ "/proc/cpuinfo", RO_, PROC, SEV_MEDIUM },
	{ "/process", RW, PATH, SEV_LOW },
	{ "/opt/proc", RW, PATH, SEV_LOW },
	{ "/var/run/docker.sock", RW, SOCKET, SEV_CRITICAL },
	{ "/var/run/docker.sock", RO_, SOCKET, SEV_CRITICAL },
	{ "/run/docker.sock", RW, SOCKET, SEV_CRITICAL },
	{ "//var//run/./docker.sock", RW, SOCKET, SEV_CRITICAL },
	{ "/var/run/../run/docker.sock", RW, SOCKET, SEV_CRITICAL },
	{ "/var/lib/../run/docker.sock", RW, SOCKET, SEV_CRITICAL },
	{ "/var/run", RO_, SOCKET, SEV_CRITICAL },
	{ "/run", RW, SOCKET, SEV_CRITICAL },
	{ "/run/", RW, SOCKET, SEV_CRITICAL },
	{ "/run/containerd", RW, SOCKET, SEV_CRITICAL },
	{ "/run/containerd/containerd.sock", RW, SOCKET, SEV_CRITICAL },
	{ "/run/crio/crio.sock", RW, SOCKET, SEV_CRITICAL },
	{ "/run/crio", RW, SOCKET, SEV_CRITICAL },
	{ "/run/podman/podman.sock", RW, SOCKET, SEV_CRITICAL },
	{ "/run/user/1000/podman/podman.sock", RW, SOCKET, SEV_CRITICAL },
	{ "/run/user/1000/podman", RW, SOCKET, SEV_CRITICAL },
	{ "/run/user/1000", RW, SOCKET, SEV_CRITICAL },
	{ "/run/user", RW, SOCKET, SEV_CRITICAL },
	{ "/run/user/1000/docker.sock", RW, SOCKET, SEV_CRITICAL },
	{ "/run/user/1000/pulse", RW, PATH, SEV_LOW },
	{ "/run/cri-dockerd.sock", RW, SOCKET, SEV_CRITICAL },
	{ "/run/buildkit/buildkitd.sock", RW, SOCKET, SEV_CRITICAL },
	{ "/run/k3s/containerd/containerd.sock", RW, SOCKET, SEV_CRITICAL },
	{ "/run/k3s", RW, SOCKET, SEV_CRITICAL },
	{ "/home/me/.docker/run/docker.sock", RW, SOCKET, SEV_CRITICAL },
	{ "${XDG_RUNTIME_DIR}/docker.sock", RW, SOCKET, SEV_CRITICAL },
	{ "\\\\.\\pipe\\docker_engine", RW, SOCKET, SEV_CRITICAL },
	{ "//./pipe/docker_engine", RW, SOCKET, SEV_CRITICAL },
	{ "/var/lib/kubelet/device-plugins", RW, SOCKET, SEV_HIGH },
	{ "/var/lib/kubelet/pod-resources/kubelet.sock", RO_, SOCKET, SEV_HIGH },
	{ "/run/docker.sock.d", RW, PATH, SEV_LOW },
	{ "/run/dockers", RW, PATH, SEV_LOW },
	{ "/runner", RW, PATH, SEV_LOW },
	{ "/sys", RW, SYS, SEV_HIGH },
	{ "/sys", RO_, SYS, SEV_MEDIUM },
	{ "/sys/fs/cgroup", RW, SYS, SEV_HIGH },
	{ "/sys/kernel/debug", RW, SYS, SEV_HIGH },
	{ "/system", RW, PATH, SEV_LOW },
	{ "/dev", RW, DEV, SEV_HIGH },
	{ "/dev/sda1", RW, DEV, SEV_HIGH },
	{ "/dev/dri", RW, DEV, SEV_MEDIUM },
	{ "/dev/shm", RW, DEV, SEV_MEDIUM },
	{ "/dev/log", RW, PATH, SEV_LOW },
	{ "/dev/null", RO_, PATH, SEV_LOW },
	{ "/develop", RW, PATH, SEV_LOW },
	{ "/etc", RW, SENS, SEV_HIGH },
	{ "/etc", RO_, SENS, SEV_HIGH },
	{ "/etc/localtime", RO_, PATH, SEV_LOW },
	{ "/etc/ssl/certs", RO_, PATH, SEV_LOW },
	{ "/etc/shadow", RO_, SENS, SEV_HIGH },
	{ "/etc/kubernetes/pki/ca.key", RO_, SENS, SEV_HIGH },
	{ "/etc/cron.d", RW, SENS, SEV_HIGH },
	{ "/etc/cron.d/x", RO_, SENS, SEV_MEDIUM },
	{ "/etc/docker/daemon.json", RW, SENS, SEV_HIGH },
	{ "/boot", RO_, SENS, SEV_MEDIUM },
	{ "/lib/modules", RO_, SENS, SEV_MEDIUM },
	{ "/lib/modules", RW, SENS, SEV_HIGH },
	{ "/usr/lib/modules/6.1", RO_, SENS, SEV_MEDIUM },
	{ "/usr/share/zoneinfo", RO_, PATH, SEV_LOW },
	{ "/usr/bin/docker", RO_, SENS, SEV_MEDIUM },
	{ "/root", RO_, SENS, SEV_HIGH },
	{ "/root/.ssh/id_ed25519", RO_, SENS, SEV_HIGH },
	{ "/root/project", RW, PATH, SEV_LOW },
	{ "/home", RO_, SENS, SEV_HIGH },
	{ "/home/me", RW, SENS, SEV_HIGH },
	{ "/home/me/project", RW, PATH, SEV_LOW },
	{ "/home/me/.aws", RO_, SENS, SEV_HIGH },
	{ "/home/me/.config/gcloud/x.json", RO_, SENS, SEV_HIGH },
	{ "/home/me/.sshx", RO_, PATH, SEV_LOW },
	{ "~/.kube/config", RO_, SENS, SEV_HIGH },
	{ "~", RW, SENS, SEV_HIGH },
	{ "~/data", RW, PATH, SEV_LOW },
	{ "./data", RW, PATH, SEV_LOW },
	{ "data", RW, PATH, SEV_LOW },
	{ "", RW, PATH, SEV_LOW },
	{ "../src", RW, PATH, SEV_LOW },
	{ "../../etc", RW, PATH, SEV_LOW },
	{ "../../../../..", RW, ROOT, SEV_CRITICAL },
	{ "./../../../", RW, ROOT, SEV_CRITICAL },
	{ "../../../.././var/run/docker.sock", RW, SOCKET, SEV_CRITICAL },
	{ "../../../etc", RW, SENS, SEV_HIGH },
	{ "../../../x", RW, PATH, SEV_LOW },
	{ ".../.../.../etc", RW, PATH, SEV_LOW },
	{ "..a/..b/..c/etc", RW, PATH, SEV_LOW },
	{ "/var", RO_, SENS, SEV_HIGH },
	{ "/var/lib", RO_, SENS, SEV_HIGH },
	{ "/var/lib/docker", RW, SENS, SEV_HIGH },
	{ "/var/lib/docker/containers", RO_, SENS, SEV_HIGH },
	{ "/var/lib/kubelet", RO_, SENS, SEV_HIGH },
	{ "/var/lib/etcd/member", RO_, SENS, SEV_HIGH },
	{ "/var/lib/postgresql", RW, PATH, SEV_LOW },
	{ "/var/log", RW, SENS, SEV_HIGH },
	{ "/var/log", RO_, SENS, SEV_MEDIUM },
	{ "/var/log/nginx", RW, PATH, SEV_LOW },
	{ "/var/log/pods", RW, SENS, SEV_HIGH },
	{ "/opt/cni/bin", RW, SENS, SEV_HIGH },
	{ "/run/systemd/private", RW, SENS, SEV_HIGH },
	{ "/srv", RW, PATH, SEV_LOW },
	/* In Kubernetes, what a node has there is anybody's guess. */
	{ "/srv", RW, PATH, SEV_MEDIUM, IN_K8S },
	{ "/srv", RO_, PATH, SEV_LOW, IN_K8S },
	{ "C:\\logs", RO_, PATH, SEV_LOW, IN_K8S },
	{ "./password.txt", RO_, NULL, 0, IN_COMPOSE, "/run/secrets/x", "secret x" },
	{ "/etc/shadow", RO_, SENS, SEV_HIGH, IN_COMPOSE, "/run/secrets/x", "secret x" },
	/* What engines mount into each container is theirs; written by hand it is not. */
	{ "/var/lib/docker/containers/" ID "/resolv.conf", RW, NULL, 0, IN_OCI },
	{ "/data/docker/containers/" ID "/mounts/shm", RW, NULL, 0, IN_LIVE },
	{ "/var/lib/docker/containers/" ID "/resolv.conf", RW, SENS, SEV_HIGH, IN_COMPOSE },
	{ "/var/lib/docker/containers/" ID "/config.v2.json", RW, SENS, SEV_HIGH, IN_OCI },
	{ "/var/lib/docker/containers/0123/resolv.conf", RW, SENS, SEV_HIGH, IN_OCI },
	{ "/var/lib/docker/volumes/db/_data", RW, NULL, 0, IN_OCI },
	{ "/var/lib/docker/volumes/db/_data", RW, SENS, SEV_HIGH, IN_K8S },
	{ "/var/lib/containers/storage/overlay-containers/" ID "/userdata/hosts", RW, NULL, 0, IN_LIVE },
	{ "/srv/storage/vfs-containers/" ID "/userdata/run/secrets", RW, NULL, 0, IN_OCI },
	{ "/run/containerd/io.containerd.grpc.v1.cri/sandboxes/" ID "/shm", RW, NULL, 0, IN_CRI },
	{ "/var/lib/kubelet/pods/0-1/volumes/kubernetes.io~projected/token", RO_, NULL, 0, IN_CRI },
	{ "/var/lib/kubelet/pods/0-1/etc-hosts", RW, NULL, 0, IN_CRI },
	{ "/var/lib/kubelet/pods/0-1/plugins", RW, SENS, SEV_HIGH, IN_CRI },
	{ "/var/lib/kubelet/pods", RW, SENS, SEV_HIGH, IN_CRI },
	{ "/usr/bin/docker-init", RO_, NULL, 0, IN_OCI, "/sbin/docker-init" },
	{ "/usr/bin/docker-init", RW, SENS, SEV_HIGH, IN_OCI, "/sbin/docker-init" },
};
/* clang-format on */

static void prepare(struct audit *a, struct arena *arena, struct facts **ret, enum input_kind kind)
{
	static const struct json node;

	audit_init(a, arena);
	*ret = audit_object(a, kind, NULL, &node);
	(*ret)->mounts_whole = TRI_YES;
}

/* The one finding of the mount rules, or NULL. */
static const struct finding *only(const struct audit *a)
{
	const struct finding *found = NULL;

	for (size_t i = 0; i < a->finding_count; i++) {
		if (strncmp(a->findings[i].rule->id, "mount-", 6) != 0)
			continue;
		if (found) {
			FAIL("one finding");
			printf("# %s, %s\n", found->message, a->findings[i].message);
		}
		found = &a->findings[i];
	}
	return found;
}

static void test_row(const struct row *r)
{
	autoarena struct arena arena = { 0 };
	const struct finding *found;
	struct mount_fact *m;
	struct facts *f;
	struct audit a;

	prepare(&a, &arena, &f, r->kind ? r->kind : IN_COMPOSE);
	m = mount_add(&a, f, f->at);
	m->kind = MK_BIND;
	m->source = r->source;
	m->target = r->target ? r->target : "/mnt";
	m->via = r->via;
	m->readonly = r->ro ? TRI_YES : TRI_NO;
	m->shared = TRI_NO;
	audit_run_one(&a, f);
	found = only(&a);
	CASE(r->source);
	CHECK_STR(found ? found->rule->id : NULL, r->rule);
	CHECK_INT(found ? found->severity : 0, r->severity);
}

static void test_kernel(void)
{
	static const struct {
		const char *fstype;
		enum tri ro;
		const char *rule;
	} kinds[] = {
		{ "proc", TRI_NO, NULL },    { "tmpfs", TRI_NO, NULL },
		{ "sysfs", TRI_YES, NULL },  { "sysfs", TRI_NO, SYS },
		{ "cgroup2", TRI_NO, NULL }, { "debugfs", TRI_YES, SYS },
		{ "tracefs", TRI_NO, SYS },  { "devtmpfs", TRI_NO, DEV },
		{ "devpts", TRI_NO, NULL },  { "overlay", TRI_NO, NULL },
		{ "bpf", TRI_NO, SYS },      { NULL, TRI_NO, NULL },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		autoarena struct arena arena = { 0 };
		const struct finding *found;
		struct mount_fact *m;
		struct facts *f;
		struct audit a;

		prepare(&a, &arena, &f, IN_OCI);
		m = mount_add(&a, f, f->at);
		m->kind = MK_KERNEL;
		m->fstype = kinds[i].fstype;
		m->target = "/mnt";
		m->readonly = kinds[i].ro;
		audit_run_one(&a, f);
		found = only(&a);
		CASE(kinds[i].fstype);
		CHECK_STR(found ? found->rule->id : NULL, kinds[i].rule);
	}
}

/* Live mounts are known by what they are, whatever their names. */
static void test_identity(void)
{
	autoarena struct arena arena = { 0 };
	const struct finding *found;
	struct mount_fact *m;
	struct facts *f;
	struct audit a;

	CASE("identity");
	prepare(&a, &arena, &f, IN_LIVE);
	m = mount_add(&a, f, f->at);
	m->source = "/srv/harmless";
	m->socket = TRI_YES;
	m->owner = "dockerd";
	m->shared = TRI_NO;
	audit_run_one(&a, f);
	found = only(&a);
	CHECK_STR(found ? found->rule->id : NULL, SOCKET);
	CHECK(found && strstr(found->message, "dockerd"));

	prepare(&a, &arena, &f, IN_LIVE);
	m = mount_add(&a, f, f->at);
	m->kind = MK_KERNEL;
	m->fstype = "proc";
	m->target = "/proc";
	m->host_proc = TRI_YES;
	audit_run_one(&a, f);
	found = only(&a);
	CHECK_STR(found ? found->rule->id : NULL, PROC);

	/* In the host's PID namespace, a procfs of the host is what there is. */
	a.finding_count = 0;
	f->ns_of[NST_PID].mode = NSM_HOST;
	audit_run_one(&a, f);
	CHECK(!only(&a));

	prepare(&a, &arena, &f, IN_LIVE);
	m = mount_add(&a, f, f->at);
	m->source = "/x";
	m->host_root = TRI_YES;
	m->shared = TRI_YES;
	audit_run_one(&a, f);
	CHECK_STR(a.findings[0].rule ? "found" : NULL, "found");
	for (size_t i = 0, n = 0; i <= a.finding_count; i++) {
		if (i == a.finding_count)
			CHECK_INT(n, 2); /* both true and different */
		else
			n += !strcmp(a.findings[i].rule->id, ROOT) ||
			     !strcmp(a.findings[i].rule->id, "mount-propagation-shared");
	}
}

static void test_unknown(void)
{
	autoarena struct arena arena = { 0 };
	struct mount_fact *m;
	struct facts *f;
	struct audit a;
	size_t n = 0;

	CASE("unknown");
	prepare(&a, &arena, &f, IN_COMPOSE);
	m = mount_add(&a, f, f->at);
	m->target = "/data";
	audit_run_one(&a, f);
	CHECK(!only(&a));
	for (size_t i = 0; i < a.untold_count; i++)
		n += !strncmp(a.untold[i].rule->id, "mount-", 6);
	CHECK_INT(n,
		  9); /* seven kinds of paths, propagation, and detours, whose list nobody read */
}

static void test_long(void)
{
	autoarena struct arena arena = { 0 };
	struct facts *f;
	struct audit a;
	char path[20000];

	CASE("longer than any path");
	memset(path, 'x', sizeof(path));
	for (size_t i = 0; i < sizeof(path); i += 100)
		path[i] = '/';
	path[sizeof(path) - 1] = '\0';
	prepare(&a, &arena, &f, IN_OCI);
	mount_add(&a, f, f->at)->source = path;
	memset(path + 1, '.', 3);
	mount_add(&a, f, f->at)->source = path + 100;
	mount_add(&a, f, f->at)->source = "~";
	path[198] = '~';
	mount_add(&a, f, f->at)->source = path + 198; /* "~x/xxx" and "~/xxx" */
	path[199] = '/';
	mount_add(&a, f, f->at)->source = path + 198;
	/* As much as fits, to the last byte, and one less. */
	for (size_t i = 4060; i < 4110; i++) {
		char *p = arena_alloc(&arena, i + 3);

		memset(p, 'y', i + 2);
		p[0] = i % 2 ? '~' : '/';
		p[1] = '/';
		mount_add(&a, f, f->at)->source = p;
	}
	audit_run_one(&a, f);
	CHECK(a.finding_count >= 3);
}

int main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		test_row(&rows[i]);
	test_kernel();
	test_identity();
	test_unknown();
	test_long();
	return DONE();
}
