/* SPDX-License-Identifier: Apache-2.0 */
/* What of the host is mounted. A mount is one thing and gets one finding, the most telling:
 * the host's root, its /proc, an engine's socket (or a directory above one), /sys, /dev, a
 * sensitive directory, any other path. Each rule asks judge() and takes its own. */
#include <string.h>

#include "audit/facts.h"
#include "audit/rule.h"

#define COUNT(ARRAY) (sizeof(ARRAY) / sizeof((ARRAY)[0]))

enum class { NOTHING, UNKNOWN, ROOT, PROC, SOCKET, SYS, DEV, SENSITIVE, PATH };

struct verdict {
	enum class class;
	enum severity severity; /* SEV_NONE: the rule's */
};

enum {
	PATH_ROOM = 4096,
	PATH_LONGEST = PATH_ROOM - 16 /* "/home" fits before it */,
	ROOTS_MAX = 8
};

/* ---- Paths -------------------------------------------------------------------------------- */

/* Appends one component; ".." takes the last one away. */
static size_t add_component(char *out, size_t len, const char *name, size_t n)
{
	if (n == 0 || (n == 1 && name[0] == '.'))
		return len;
	if (n == 2 && name[0] == '.' && name[1] == '.') {
		while (len > 0 && out[--len] != '/')
			;
		return len;
	}
	if (len + 1 + n >= PATH_LONGEST)
		return len;
	out[len++] = '/';
	memcpy(out + len, name, n);
	return len + n;
}

static bool below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return !strncmp(path, dir, n) && (path[n] == '/' || !path[n]);
}

/* Of a path that is longer than any is: what fits. "" is the root. */
static void clean(const char *path, char out[PATH_ROOM])
{
	size_t len = 0;

	while (*path) {
		size_t n = strcspn(path, "/");

		len = add_component(out, len, path, n);
		path += n;
		path += *path == '/';
	}
	out[len] = '\0';
}

static void copy(char out[PATH_ROOM], const char *path)
{
	memcpy(out, path, strlen(path) + 1);
}

/* /proc/1/root/X is X, as the host's PID 1 sees it. */
static const char *behind_proc_root(const char *path)
{
	static const char *const roots[] = { "/proc/1/root", "/proc/1/cwd", "/proc/self/root",
					     "/proc/thread-self/root" };

	for (size_t i = 0; i < COUNT(roots); i++)
		if (below(path, roots[i]))
			return path + strlen(roots[i]);
	return path;
}

/* As the host's kernel comes to it: no "//", ".", ".."; the links that every distribution has
 * followed. */
static void normalise(const char *path, char out[PATH_ROOM])
{
	char once[PATH_ROOM];

	clean(path, once);
	if (below(once, "/var/run") || below(once, "/var/lock")) {
		const char *rest = once + strlen("/var");

		stpcpy(stpcpy(out, strncmp(rest, "/lock", 5) ? "" : "/run"), rest);
		return;
	}
	copy(out, behind_proc_root(once));
}

/* fnmatch(3) with FNM_PATHNAME, of which only "*" is used here; it is asked about a hundred
 * times for a mount, and ten times as fast. */
static bool glob(const char *pattern, const char *s)
{
	const char *star = NULL, *from = NULL;

	while (*s) {
		if (*pattern == '*') {
			star = ++pattern;
			from = s;
		} else if (*pattern == *s) {
			pattern++;
			s++;
		} else if (star && *from != '/') {
			pattern = star;
			s = ++from;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

static bool matches(const char *path, const char *const *patterns, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (glob(patterns[i], path))
			return true;
	return false;
}

/* ---- Engines' sockets --------------------------------------------------------------------- */

/* By whoever may write to one of these, a container can be had that is the host. */
static const char *const sockets[] = {
	"/run/docker.sock",
	"/run/docker/containerd/containerd.sock",
	"/run/user/*/docker.sock",
	"/run/balena-engine.sock",
	"/run/cri-dockerd.sock",
	"/run/dockershim.sock",
	"/run/containerd/containerd.sock",
	"/run/containerd/containerd.sock.ttrpc",
	"/run/user/*/containerd/containerd.sock",
	"/run/k3s/containerd/containerd.sock",
	"/run/k0s/containerd.sock",
	"/run/crio/crio.sock",
	"/run/podman/podman.sock",
	"/run/user/*/podman/podman.sock",
	"/run/buildkit/buildkitd.sock",
	"/run/user/*/buildkit/buildkitd.sock",
	"/run/lxd.socket",
	"/var/lib/lxd/unix.socket",
	"/var/snap/lxd/common/lxd/unix.socket",
	"/run/incus/unix.socket",
	"/var/lib/incus/unix.socket",
};

/* The kubelet's give devices and mounts to pods to come, and tell about those there are. */
static const char *const kubelet_sockets[] = {
	"/var/lib/kubelet/device-plugins",   "/var/lib/kubelet/device-plugins/kubelet.sock",
	"/var/lib/kubelet/pod-resources",    "/var/lib/kubelet/pod-resources/kubelet.sock",
	"/var/lib/kubelet/plugins_registry",
};

/* Wherever they are put, as on desktops. */
static const char *const socket_names[] = {
	"docker.sock",           "docker.raw.sock",  "docker-cli.sock",
	"podman.sock",           "containerd.sock",  "crio.sock",
	"buildkitd.sock",        "cri-dockerd.sock", "docker_engine", /* Windows' named pipes */
	"containerd-containerd",
};

/* Is `dir` a directory on the way to what the pattern names? */
static bool above(const char *dir, const char *pattern)
{
	const char *start = dir;

	while (*dir == '/' && *pattern == '/') {
		size_t n = strcspn(dir + 1, "/"), m = strcspn(pattern + 1, "/");

		if (!(m == 1 && pattern[1] == '*') &&
		    (n != m || memcmp(dir + 1, pattern + 1, n) != 0))
			return false;
		dir += n + 1;
		pattern += m + 1;
	}
	return start != dir && !*dir && *pattern == '/';
}

static bool is_socket(const char *path)
{
	const char *base = strrchr(path, '/');

	for (size_t i = 0; base && i < COUNT(socket_names); i++)
		if (!strcmp(base + 1, socket_names[i]))
			return true;
	for (size_t i = 0; i < COUNT(sockets); i++)
		if (glob(sockets[i], path) ||
		    (strncmp(sockets[i], "/var/", 5) != 0 && above(path, sockets[i])))
			return true;
	return false;
}

/* ---- Directories -------------------------------------------------------------------------- */

enum { RO = 1 /* as bad read-only */, DEEP = 2 /* and all below */ };

static const struct {
	const char *pattern;
	int how;
} sensitive[] = {
	/* Secrets, and what leads to them. */
	{ "/etc", RO },
	{ "/etc/shadow*", RO },
	{ "/etc/gshadow*", RO },
	{ "/etc/ssh", RO | DEEP },
	{ "/etc/ssl/private", RO | DEEP },
	{ "/etc/kubernetes", RO | DEEP },
	{ "/etc/rancher", RO | DEEP },
	{ "/etc/crio", DEEP },
	{ "/etc/containers", DEEP },
	{ "/etc/containerd", DEEP },
	{ "/etc/docker", DEEP },
	{ "/root", RO },
	{ "/home", RO },
	{ "/home/*", RO },
	{ "/Users", RO },
	{ "/Users/*", RO },
	{ "/var", RO },
	{ "/var/lib", RO },
	{ "/var/lib/docker", RO | DEEP },
	{ "/var/lib/containers", RO | DEEP },
	{ "/var/lib/containerd", RO | DEEP },
	{ "/var/lib/rancher", RO | DEEP },
	{ "/var/lib/kubelet", RO | DEEP },
	{ "/var/lib/etcd", RO | DEEP },
	{ "/var/lib/cloud", RO | DEEP },
	{ "/var/lib/lxd", RO | DEEP },
	{ "/var/lib/incus", RO | DEEP },
	{ "/var/snap/lxd", RO | DEEP },
	{ "/var/backups", RO | DEEP },
	{ "/run/secrets", RO | DEEP },
	/* What the host runs, or reads what to run from. */
	{ "/boot", DEEP },
	{ "/efi", DEEP },
	{ "/usr", 0 },
	{ "/usr/bin", DEEP },
	{ "/usr/sbin", DEEP },
	{ "/usr/lib", DEEP },
	{ "/usr/lib64", DEEP },
	{ "/usr/libexec", DEEP },
	{ "/usr/local", 0 },
	{ "/usr/local/bin", DEEP },
	{ "/usr/local/sbin", DEEP },
	{ "/usr/src", 0 },
	{ "/bin", DEEP },
	{ "/sbin", DEEP },
	{ "/lib", DEEP },
	{ "/lib64", DEEP },
	{ "/opt/cni", DEEP },
	{ "/etc/cni", DEEP },
	{ "/etc/passwd", 0 },
	{ "/etc/group", 0 },
	{ "/etc/sudoers*", DEEP },
	{ "/etc/pam.d", DEEP },
	{ "/etc/cron*", DEEP },
	{ "/etc/systemd", DEEP },
	{ "/etc/init.d", DEEP },
	{ "/etc/udev", DEEP },
	{ "/etc/modprobe.d", DEEP },
	{ "/etc/modules-load.d", DEEP },
	{ "/etc/profile*", DEEP },
	{ "/etc/ld.so.*", DEEP },
	{ "/etc/sysctl*", DEEP },
	{ "/var/spool", DEEP },
	{ "/var/lib/systemd", DEEP },
	{ "/run/systemd", DEEP },
	{ "/run/dbus", DEEP },
	{ "/run/libvirt", DEEP },
	{ "/run/containerd", DEEP },
	{ "/run/containers", DEEP },
	{ "/run/crio", DEEP },
	{ "/run/runc", DEEP },
	{ "/run/crun", DEEP },
	{ "/run/docker", DEEP },
	{ "/run/k3s", DEEP },
	/* The kubelet and log shippers of the host follow links that are put there. */
	{ "/var/log", 0 },
	{ "/var/log/pods", DEEP },
	{ "/var/log/containers", DEEP },
	{ "/var/log/journal", DEEP },
};

/* In anybody's home: keys. */
static const char *const homes[] = { "/root", "/home/*", "/Users/*" };
static const char *const in_home[] = {
	".ssh",   ".kube",          ".docker", ".aws",    ".gnupg",
	".azure", ".config/gcloud", ".netrc",  ".bashrc", ".profile"
};

/* The first components of a path: the whole, then one less, up to "/x". */
static bool cut(char *path)
{
	char *slash = strrchr(path, '/');

	if (!slash || slash == path)
		return false;
	*slash = '\0';
	return true;
}

static bool is_key_in_home(const char *path)
{
	for (size_t h = 0; h < COUNT(homes); h++) {
		char dir[PATH_ROOM];
		const char *rest = path;

		copy(dir, path);
		while (!glob(homes[h], dir))
			if (!cut(dir))
				break;
		rest += strlen(dir);
		for (size_t i = 0; *rest == '/' && i < COUNT(in_home); i++)
			if (glob(homes[h], dir) && below(rest + 1, in_home[i]))
				return true;
	}
	return false;
}

/* ---- What engines mount by themselves ----------------------------------------------------- */

/* Wherever the engine keeps its state: behind the ID of a container, or of a pod. */
static const char *const own_of_id[] = {
	"/resolv.conf", "/hostname",     "/hosts", "/mounts/*", /* Docker */
	"/userdata/*",  "/userdata/*/*",                        /* Podman, CRI-O */
	"/shm",         "/volumes/*",                           /* containerd */
};

static const char *const own_volumes[] = {
	"/var/lib/docker/volumes/*/_data",
	"/var/lib/docker/*.*/volumes/*/_data",
	"/home/*/.local/share/docker/volumes/*/_data",
	"/var/lib/containers/storage/volumes/*/_data",
	"/home/*/.local/share/containers/storage/volumes/*/_data",
	"/root/.local/share/containers/storage/volumes/*/_data",
};

/* Behind "/var/lib/kubelet/pods/UID". */
static const char *const own_of_pod[] = {
	"/etc-hosts",
	"/containers/*/*",
	"/volumes/kubernetes.io~*/*",
	"/volumes/kubernetes.io~*/*/mount",
	"/volume-subpaths/*/*/*",
};

/* Programs that engines put into containers as their init. */
static const char *const own_targets[] = {
	"/sbin/docker-init", "/run/podman-init", "/dev/init", "/run/atoll-init", "/.atoll-init",
};

#define PODS "/var/lib/kubelet/pods"

/* IDs are 64 hexadecimal digits. */
static bool is_of_id(const char *path)
{
	for (const char *p = path; (p = strchr(p, '/')); p++)
		if (strspn(p + 1, "0123456789abcdef") == 64 &&
		    matches(p + 65, own_of_id, COUNT(own_of_id)))
			return true;
	return false;
}

/* In what people write, a path like these was meant. */
static bool is_engines_own(const struct facts *f, const struct mount_fact *m, const char *path)
{
	if (f->kind & (IN_K8S | IN_COMPOSE))
		return false;
	if (m->target && m->readonly == TRI_YES &&
	    matches(m->target, own_targets, COUNT(own_targets)))
		return true;
	if (matches(path, own_volumes, COUNT(own_volumes)))
		return true;
	if (below(path, PODS) && path[strlen(PODS)]) {
		const char *uid = path + strlen(PODS) + 1;

		return matches(uid + strcspn(uid, "/"), own_of_pod, COUNT(own_of_pod));
	}
	return is_of_id(path);
}

/* ---- Judging ------------------------------------------------------------------------------ */

static struct verdict judge_proc(const struct mount_fact *m, const char *path)
{
	static const char *const harmless[] = {
		"/proc/cpuinfo", "/proc/meminfo",    "/proc/stat",        "/proc/uptime",
		"/proc/loadavg", "/proc/diskstats",  "/proc/swaps",       "/proc/version",
		"/proc/mounts",  "/proc/partitions", "/proc/filesystems",
	};

	if (m->readonly == TRI_YES)
		return (struct verdict){ PROC, matches(path, harmless, COUNT(harmless))
						       ? SEV_MEDIUM
						       : SEV_HIGH };
	return (struct verdict){ PROC, SEV_NONE };
}

static struct verdict judge_dev(const struct mount_fact *m, const char *path)
{
	static const char *const harmless[] = { "/dev/null",   "/dev/zero",      "/dev/full",
						"/dev/random", "/dev/urandom",   "/dev/tty",
						"/dev/log",    "/dev/hugepages*" };
	static const char *const drivers[] = {
		"/dev/shm",     "/dev/shm/*",  "/dev/fuse", "/dev/net/tun", "/dev/net",
		"/dev/dri",     "/dev/dri/*",  "/dev/snd",  "/dev/snd/*",   "/dev/kvm",
		"/dev/nvidia*", "/dev/video*", "/dev/tty*", "/dev/serial*", "/dev/pts",
		"/dev/mqueue",  "/dev/kfd",
	};

	if (matches(path, harmless, COUNT(harmless)))
		return (struct verdict){ PATH, SEV_NONE };
	if (m->readonly == TRI_YES || matches(path, drivers, COUNT(drivers)))
		return (struct verdict){ DEV, SEV_MEDIUM };
	return (struct verdict){ DEV, SEV_NONE };
}

static struct verdict judge_dir(const struct facts *f, const struct mount_fact *m, const char *path)
{
	bool ro = m->readonly == TRI_YES;
	char dir[PATH_ROOM];
	bool whole = true;

	if (is_key_in_home(path))
		return (struct verdict){ SENSITIVE, SEV_NONE };
	copy(dir, path);
	do {
		for (size_t i = 0; i < COUNT(sensitive); i++) {
			if (sensitive[i].pattern[1] != dir[1] ||
			    (!whole && !(sensitive[i].how & DEEP)) ||
			    !glob(sensitive[i].pattern, dir))
				continue;
			return (struct verdict){ SENSITIVE, ro && !(sensitive[i].how & RO)
								    ? SEV_MEDIUM
								    : SEV_NONE };
		}
		whole = false;
	} while (cut(dir));
	/* A pod's path is the node's, whichever that is; a path of one's own machine is known. */
	return (struct verdict){ PATH, f->kind == IN_K8S && !ro ? SEV_MEDIUM : SEV_NONE };
}

enum { HOME = sizeof("/home") - 1 };

/* "~/x" as "/home/~/x": whose home does not matter. */
static const char *at_home(const char *source, char path[PATH_ROOM])
{
	clean(source, path);
	memmove(path + HOME, path, strlen(path) + 1);
	return memcpy(path, "/home", HOME);
}

/* "../../../etc": few projects lie deeper than that, and none has its files there. */
static bool climbs(const char *source)
{
	int n = 0;

	for (; *source == '.'; source += strspn(source, "/")) {
		size_t dots = strspn(source, ".");

		if (dots > 2 || (source[dots] && source[dots] != '/'))
			break;
		n += dots == 2;
		source += dots;
	}
	return n >= 3;
}

/* To the project, or to something that is not known here, or a name of Windows. */
static struct verdict judge_relative(const char *source)
{
	if (is_socket(source) || strstr(source, "pipe\\docker_engine") ||
	    strstr(source, "pipe\\containerd"))
		return (struct verdict){ SOCKET, SEV_NONE };
	return (struct verdict){ PATH, SEV_NONE };
}

static struct verdict judge_bind(const struct facts *f, const struct mount_fact *m)
{
	char path[PATH_ROOM];

	if (!m->source)
		return (struct verdict){ UNKNOWN, SEV_NONE };
	if (m->source[0] == '~' && (m->source[1] == '/' || !m->source[1]))
		return judge_dir(f, m, at_home(m->source, path));
	if (*m->source != '/' && !climbs(m->source))
		return judge_relative(m->source);
	normalise(m->source, path);
	if (!*path)
		return (struct verdict){ ROOT, SEV_NONE };
	if (is_engines_own(f, m, path))
		return (struct verdict){ NOTHING, SEV_NONE };
	if (below(path, "/proc"))
		return judge_proc(m, path);
	if (is_socket(path))
		return (struct verdict){ SOCKET, SEV_NONE };
	if (matches(path, kubelet_sockets, COUNT(kubelet_sockets)))
		return (struct verdict){ SOCKET, SEV_HIGH };
	if (below(path, "/sys"))
		return (struct verdict){ SYS, m->readonly == TRI_YES ? SEV_MEDIUM : SEV_NONE };
	if (below(path, "/dev"))
		return judge_dev(m, path);
	return judge_dir(f, m, path);
}

/* File systems that show the kernel. proc of its own, and sysfs and cgroup read-only, are what
 * every container has; cgroups have a rule of their own. */
static struct verdict judge_kernel(const struct mount_fact *m)
{
	static const char *const inner[] = { "debugfs",  "tracefs",  "securityfs", "bpf",
					     "configfs", "efivarfs", "pstore",     "fusectl" };

	if (!m->fstype)
		return (struct verdict){ NOTHING, SEV_NONE };
	if (!strcmp(m->fstype, "devtmpfs"))
		return (struct verdict){ DEV, SEV_NONE };
	if (!strcmp(m->fstype, "sysfs") && m->readonly == TRI_NO)
		return (struct verdict){ SYS, SEV_NONE };
	if (matches(m->fstype, inner, COUNT(inner)))
		return (struct verdict){ SYS, m->readonly == TRI_YES ? SEV_MEDIUM : SEV_NONE };
	return (struct verdict){ NOTHING, SEV_NONE };
}

/* Compose hands in secrets and configs as files, and no way is better. */
static bool is_secret(const struct facts *f, const struct mount_fact *m)
{
	return f->kind == IN_COMPOSE && m->readonly == TRI_YES && m->via &&
	       (!strncmp(m->via, "secret ", 7) || !strncmp(m->via, "config ", 7));
}

static struct verdict judge(const struct facts *f, const struct mount_fact *m)
{
	struct verdict v = { NOTHING, SEV_NONE };

	if (m->host_root == TRI_YES)
		return (struct verdict){ ROOT, SEV_NONE };
	if (m->host_proc == TRI_YES) {
		/* The procfs of a container in the host's PID namespace has the finding of that. */
		if (f->ns_of[NST_PID].mode == NSM_HOST && m->kind == MK_KERNEL && m->target &&
		    !strcmp(m->target, "/proc"))
			return (struct verdict){ NOTHING, SEV_NONE };
		return judge_proc(m, "/proc");
	}
	if (m->socket == TRI_YES)
		return (struct verdict){ SOCKET, SEV_NONE };
	switch (m->kind) {
	case MK_BIND: v = judge_bind(f, m); break;
	case MK_KERNEL: return judge_kernel(m);
	case MK_VOLUME: break;
	}
	return v.class == PATH && is_secret(f, m) ? (struct verdict){ NOTHING, SEV_NONE } : v;
}

static void hit_mount(struct hits *h, const struct mount_fact *m, enum severity sev,
		      const char *what)
{
	const char *source = m->source ? m->source : m->fstype ? m->fstype : "a mount";
	const char *at = m->target ? " at " : "", *target = m->target ? m->target : "";
	const char *mode = m->readonly == TRI_YES ? ", read-only" : "";
	const char *by = m->via ? ", by way of " : "", *via = m->via ? m->via : "";
	const char *listens = m->owner ? ", where listens " : "";
	const char *owner = m->owner ? m->owner : "";

	if (sev != SEV_NONE)
		hit_sev(h, sev, &m->at, "%s: %s%s%s%s%s%s%s%s", what, source, at, target, mode, by,
			via, listens, owner);
	else
		hit(h, &m->at, "%s: %s%s%s%s%s%s%s%s", what, source, at, target, mode, by, via,
		    listens, owner);
}

/* Live, what lies below a mount of the host's root comes with it, each as a mount of its own. */
static bool comes_with_root(const struct facts *f, const struct mount_fact *m)
{
	if (f->kind != IN_LIVE || !m->target)
		return false;
	for (size_t i = 0, seen = 0; i < f->mount_count && seen < ROOTS_MAX; i++) {
		const struct mount_fact *root = &f->mounts[i];

		if (root == m || !root->target || root->host_root != TRI_YES)
			continue;
		seen++;
		if (below(m->target, root->target))
			return true;
	}
	return false;
}

static void check_class(const struct facts *f, struct hits *h, enum class class, const char *what)
{
	for (size_t i = 0; i < f->mount_count; i++) {
		const struct mount_fact *m = &f->mounts[i];
		struct verdict v = judge(f, m);

		if (v.class == UNKNOWN)
			cannot_tell(h, &m->at, "it is not known what is mounted%s%s",
				    m->target ? " at " : "", m->target ? m->target : "");
		else if (v.class == class && !(class == PATH && comes_with_root(f, m)))
			hit_mount(h, m, v.severity, what);
	}
	if (f->mounts_whole != TRI_YES)
		cannot_tell(h, NULL, "%s",
			    f->mounts_why ? f->mounts_why : "not all mounts are known");
}

#define CHECK(NAME, CLASS, WHAT)                                        \
	static void check_##NAME(const struct facts *f, struct hits *h) \
	{                                                               \
		check_class(f, h, CLASS, WHAT);                         \
	}

CHECK(root, ROOT, "the host's root is mounted")
CHECK(proc, PROC, "the host's /proc is mounted")
CHECK(socket, SOCKET, "an engine's socket is in reach")
CHECK(sys, SYS, "the kernel's own files are mounted")
CHECK(dev, DEV, "devices of the host are mounted")
CHECK(sensitive, SENSITIVE, "a sensitive path of the host is mounted")
CHECK(path, PATH, "a path of the host is mounted")

static void check_propagation(const struct facts *f, struct hits *h)
{
	const struct fact *root = &f->fact[FACT_SHARED_ROOT];

	if (root->is == TRI_YES)
		hit(h, &root->at, "its root file system has shared propagation");
	for (size_t i = 0; i < f->mount_count; i++) {
		const struct mount_fact *m = &f->mounts[i];

		if (m->shared == TRI_YES)
			hit_mount(h, m, SEV_NONE, "mounts made inside appear on the host");
		else if (m->shared == TRI_UNKNOWN && m->kind == MK_BIND)
			cannot_tell(h, &m->at, "the propagation of a mount is not known");
	}
	if (f->mounts_whole != TRI_YES)
		cannot_tell(h, NULL, "%s",
			    f->mounts_why ? f->mounts_why : "not all mounts are known");
}

#define PSS      "https://kubernetes.io/docs/concepts/security/pod-security-standards/"
#define OWASP    "https://cheatsheetseries.owasp.org/cheatsheets/Docker_Security_Cheat_Sheet.html"
#define BINDS    "https://docs.docker.com/engine/storage/bind-mounts/"
#define HOSTPATH "https://kubernetes.io/docs/concepts/storage/volumes/#hostpath"

const struct rule rules_mounts[] = {
	{
		.id = "mount-host-proc",
		.severity = SEV_CRITICAL,
		.title = "Host /proc mounted",
		.why = "It shows every process of the host with its environment; /proc/1/root is the "
		       "host's root to whoever may trace PID 1, and sys/kernel/core_pattern a "
		       "program that the host runs as root. Read-only (then the finding is high) "
		       "keeps from writing, not from looking and not from /proc/1/root.",
		.fix = "Do not mount it. Monitors can read numbers that a program of the host "
		       "writes to a file (node_exporter: textfile), or single files of /proc.",
		.refs = "https://man7.org/linux/man-pages/man5/proc.5.html; "
			"https://man7.org/linux/man-pages/man5/core.5.html; "
			"https://attack.mitre.org/techniques/T1611/; CIS Docker 5.6; " PSS,
		.kinds = IN_ALL,
		.check = check_proc,
	},
	{
		.id = "mount-host-root",
		.severity = SEV_CRITICAL,
		.title = "Host root mounted",
		.why = "All files of the host are there: passwords, keys, engines' sockets. Writable, "
		       "one line in /etc/cron.d is the host; read-only, the secrets do it.",
		.fix = "Mount the one directory that is needed, read-only.",
		.refs = BINDS "; " HOSTPATH "; https://attack.mitre.org/techniques/T1611/; "
			      "CIS Docker 5.6; CIS Kubernetes 5.2.12",
		.kinds = IN_ALL,
		.check = check_root,
	},
	{
		.id = "mount-runtime-socket",
		.severity = SEV_CRITICAL,
		.title = "Container engine's socket inside",
		.why = "Who may talk to the engine starts a privileged container with the host's "
		       "root mounted: it is root of the host. Mounting the socket read-only changes "
		       "nothing, since one writes to the engine, not to the file; a directory above "
		       "it is as good.",
		.fix = "Remove it. A proxy that lets through only the calls needed, a rootless "
		       "engine, or the orchestrator's own API with few rights can stand in.",
		.refs = "https://docs.docker.com/engine/security/protect-access/; " OWASP
			"; https://attack.mitre.org/techniques/T1611/; CIS Docker 5.32",
		.kinds = IN_ALL,
		.windows = true,
		.check = check_socket,
	},
	{
		.id = "mount-host-sys",
		.severity = SEV_HIGH,
		.title = "Kernel's files of the host mounted",
		.why = "/sys, debugfs, tracefs, the cgroup tree: writable, they name programs that "
		       "the kernel runs as root of the host (release_agent, uevent_helper), trace "
		       "all processes and switch devices. Read-only (then the finding is medium) "
		       "they tell about the whole host.",
		.fix = "Do not mount it; if a part must be read, mount that part read-only.",
		.refs = "https://nvd.nist.gov/vuln/detail/CVE-2022-0492; "
			"https://docs.kernel.org/filesystems/sysfs.html; CIS Docker 5.6; " PSS,
		.kinds = IN_ALL,
		.in_privileged = true,
		.check = check_sys,
	},
	{
		.id = "mount-host-dev",
		.severity = SEV_HIGH,
		.title = "Host /dev mounted",
		.why = "The device nodes of all disks, of memory and terminals are there; what the "
		       "device cgroup allows can be opened, now or after the next change to it.",
		.fix = "Hand in single devices with --device or devices: instead.",
		.refs = BINDS
		"; https://docs.docker.com/reference/cli/docker/container/run/#device; "
		"CIS Docker 5.6; CIS Docker 5.18",
		.kinds = IN_ALL,
		.in_privileged = true,
		.check = check_dev,
	},
	{
		.id = "mount-host-sensitive",
		.severity = SEV_HIGH,
		.title = "Sensitive path of the host mounted",
		.why = "Configuration, programs, home directories, logs or the store of an engine: "
		       "whoever writes there decides what the host runs next or what other "
		       "containers are, and whoever reads there finds passwords and keys. Where "
		       "only writing does harm, read-only is medium.",
		.fix = "Use a named volume, or mount just the file that is needed, read-only.",
		.refs = BINDS "; " HOSTPATH "; https://nvd.nist.gov/vuln/detail/CVE-2021-25741; "
			      "CIS Docker 5.6; CIS Kubernetes 5.2.12",
		.kinds = IN_ALL,
		.check = check_sensitive,
	},
	{
		.id = "mount-host-path",
		.severity = SEV_LOW,
		.title = "Path of the host mounted",
		.why = "The container shares files with the host: users, permissions and links mean "
		       "the same on both sides. In Kubernetes, where nobody knows what the node has "
		       "there, a writable one is medium.",
		.fix = "Use a volume, or mount it read-only.",
		.refs = BINDS "; " HOSTPATH "; CIS Kubernetes 5.2.12; " PSS,
		.kinds = IN_ALL,
		.check = check_path,
	},
	{
		.id = "mount-propagation-shared",
		.severity = SEV_MEDIUM,
		.title = "Shared mount propagation",
		.why = "What is mounted inside appears on the host, and in all containers that share "
		       "it: it can cover files there, and stays after the container has ended.",
		.fix = "Use rprivate, or rslave (HostToContainer) where mounts of the host are to be "
		       "seen inside.",
		.refs = "https://docs.kernel.org/filesystems/sharedsubtree.html; " BINDS
			"#configure-bind-propagation; "
			"https://kubernetes.io/docs/concepts/storage/volumes/#mount-propagation; "
			"CIS Docker 5.20",
		.kinds = IN_ALL,
		.check = check_propagation,
	},
	{
		.id = "mount-indirect",
		.severity = SEV_MEDIUM,
		.title = "Host path by a detour",
		.why = "A volume of another container, a volume with driver options or a claim leads "
		       "to the host's files, and nobody sees that where it is used. What is known of "
		       "the path has a finding of its own beside this one.",
		.fix = "Name the path where it is used, or use an ordinary volume.",
		.refs = "https://docs.docker.com/reference/cli/docker/volume/create/#opt; "
			"https://docs.docker.com/reference/compose-file/services/#volumes_from; "
			"https://kubernetes.io/docs/concepts/storage/persistent-volumes/",
		.kinds = IN_INSPECT | IN_COMPOSE | IN_K8S,
		.on = ON_LIST,
		.which = LIST_INDIRECT,
		.message = "leads to files of the host: %s",
	},
	{ 0 },
};
