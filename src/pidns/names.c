/* SPDX-License-Identifier: Apache-2.0 */
#include "pidns/names.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "pidns/keyscan.h"
#include "sys/syscalls.h"

enum { TEXT = 512 };

int names_open(struct pn_snap *s, const char *path, int flags)
{
	/* Links stay inside of the root: that of a recorded scene may be anybody's. */
	return s->root_fd < 0 ? -ENOENT
			      : sys_openat2(s->root_fd, path, (uint64_t)flags | O_CLOEXEC, 0,
					    RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

/* Into the scratch buffer. */
bool names_load(struct pn_snap *s, struct span *ret, const char *fmt, ...)
{
	autoclose int fd = -1;
	char path[1024];
	struct stat st;
	va_list ap;
	size_t len = 0;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(path))
		return false;
	fd = names_open(s, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	while (len < SCRATCH_SIZE) {
		ssize_t r = read(fd, s->scratch + len, SCRATCH_SIZE - len);

		if (r < 0)
			return false;
		if (r == 0)
			break;
		len += (size_t)r;
	}
	*ret = (struct span){ s->scratch, s->scratch + len };
	return len < SCRATCH_SIZE;
}

static bool is_file_name(const char *id)
{
	for (const char *p = id; *p; p++)
		if (*p == '/' || (unsigned char)*p < ' ')
			return false;
	return *id && strcmp(id, ".") != 0 && strcmp(id, "..") != 0;
}

static int keep(struct pn_snap *s, const char **to, const char *text)
{
	if (*to || !*text)
		return 0;
	*to = pool_strndup(&s->pool, text, strlen(text));
	return *to ? 0 : -ENOMEM;
}

static int keep_pair(struct pn_snap *s, const char **to, const char *ns, const char *name)
{
	char both[2 * TEXT + 2];

	(void)snprintf(both, sizeof(both), "%s/%s", ns, name);
	return keep(s, to, both);
}

/* Kubernetes' words, as annotations of a config.json or as labels. */
static int kubernetes(struct pn_snap *s, struct ownrow *o, struct span a)
{
	static const char *const sets[][3] = {
		{ "io.kubernetes.cri.container-name", "io.kubernetes.cri.sandbox-name",
		  "io.kubernetes.cri.sandbox-namespace" },
		{ "io.kubernetes.container.name", "io.kubernetes.pod.name",
		  "io.kubernetes.pod.namespace" },
	};
	char name[TEXT], pod[TEXT], ns[TEXT];

	for (size_t i = 0; i < ARRAY_LEN(sets); i++) {
		if (keyscan_text(a, sets[i][0], name, sizeof(name)) &&
		    keep(s, &o->pub.name, name) < 0)
			return -ENOMEM;
		if (keyscan_text(a, sets[i][1], pod, sizeof(pod)) &&
		    keyscan_text(a, sets[i][2], ns, sizeof(ns)) &&
		    keep_pair(s, &o->pub.pod_name, ns, pod) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Where rootless engines keep theirs. */
static bool home_of(struct pn_snap *s, uid_t uid, char *buf, size_t size);

/* /ID says "a container" and no more: whose directory is it? */
static bool whose(struct pn_snap *s, struct ownrow *o)
{
	static const struct {
		const char *path;
		enum pn_runtime runtime;
	} dirs[] = {
		{ "run/atoll/state/%s", PN_RT_ATOLL },
		{ "run/atoll-oci/%s", PN_RT_ATOLL },
		{ "run/runc/%s", PN_RT_RUNC },
		{ "run/crun/%s", PN_RT_CRUN },
		{ "run/user/%u/atoll/state/%s", PN_RT_ATOLL },
		{ "run/user/%u/atoll-oci/%s", PN_RT_ATOLL },
		{ "run/user/%u/runc/%s", PN_RT_RUNC },
		{ "run/user/%u/crun/%s", PN_RT_CRUN },
	};

	for (size_t i = 0; i < ARRAY_LEN(dirs); i++) {
		autoclose int fd = -1;
		const char *last = strrchr(dirs[i].path, '/'), *user = strstr(dirs[i].path, "%u");
		char path[512];

		if (user)
			(void)snprintf(path, sizeof(path), "run/user/%u%.*s/%s", o->pub.uid,
				       (int)(last - user - 2), user + 2, o->pub.id);
		else
			(void)snprintf(path, sizeof(path), "%.*s/%s", (int)(last - dirs[i].path),
				       dirs[i].path, o->pub.id);
		fd = names_open(s, path, O_PATH | O_DIRECTORY);
		if (fd < 0)
			continue;
		o->pub.runtime = dirs[i].runtime;
		return true;
	}
	return false;
}

static int docker(struct pn_snap *s, struct ownrow *o)
{
	struct span all, config, labels;
	char text[TEXT];
	int e = 0;

	if (!names_load(s, &all, "var/lib/docker/containers/%s/config.v2.json", o->pub.id)) {
		char home[256];

		if (o->pub.uid == 0 || !home_of(s, o->pub.uid, home, sizeof(home)) ||
		    !names_load(s, &all, "%s/.local/share/docker/containers/%s/config.v2.json",
				home, o->pub.id))
			return 0;
	}
	/* Who has it knows it: with cgroupfs and a parent of one's own the path does not say. */
	o->pub.runtime = PN_RT_DOCKER;
	if (!keyscan_member(all, "Config", &config))
		config = (struct span){ all.end, all.end };
	/* Labels first: the name of a pod's container is the label, not k8s_x_y_z_0. */
	if (keyscan_member(config, "Labels", &labels))
		e = kubernetes(s, o, labels);
	if (e == 0 && keyscan_text(all, "Name", text, sizeof(text)))
		e = keep(s, &o->pub.name, text + (text[0] == '/'));
	if (e == 0 && keyscan_text(config, "Image", text, sizeof(text)))
		e = keep(s, &o->pub.image, text);
	return e;
}

static int annotated(struct pn_snap *s, struct ownrow *o, struct span config)
{
	struct span a;
	char text[TEXT];
	int e;

	if (!keyscan_member(config, "annotations", &a))
		return 0;
	e = kubernetes(s, o, a);
	if (e == 0 && keyscan_text(a, "nerdctl/name", text, sizeof(text)))
		e = keep(s, &o->pub.name, text);
	if (e == 0 && (keyscan_text(a, "io.kubernetes.cri.image-name", text, sizeof(text)) ||
		       keyscan_text(a, "io.kubernetes.cri-o.ImageName", text, sizeof(text))))
		e = keep(s, &o->pub.image, text);
	return e;
}

static int containerd(struct pn_snap *s, struct ownrow *o)
{
	const char *ns = o->pub.runtime == PN_RT_CONTAINERD_CRI ? "k8s.io" : o->pub.ns;
	struct span config;

	if (!ns)
		ns = "default";
	if (is_file_name(ns) &&
	    names_load(s, &config, "run/containerd/io.containerd.runtime.v2.task/%s/%s/config.json",
		       ns, o->pub.id))
		return annotated(s, o, config);
	return 0;
}

static int crio(struct pn_snap *s, struct ownrow *o)
{
	static const char *const roots[] = { "run/containers/storage", "var/run/containers/storage",
					     "var/lib/containers/storage" };
	struct span config;

	for (size_t i = 0; i < ARRAY_LEN(roots); i++)
		if (names_load(s, &config, "%s/overlay-containers/%s/userdata/config.json",
			       roots[i], o->pub.id))
			return annotated(s, o, config);
	return 0;
}

static int podman_item(struct pn_snap *s, struct ownrow *o, struct span item)
{
	char text[TEXT], meta[4096];
	struct span names, first;
	int e = 0;

	if (keyscan_member(item, "names", &names) && keyscan_next(&names, &first) &&
	    keyscan_string(first, text, sizeof(text)))
		e = keep(s, &o->pub.name, text);
	/* A string that holds JSON. */
	if (e == 0 && keyscan_text(item, "metadata", meta, sizeof(meta)) &&
	    keyscan_text((struct span){ meta, meta + strlen(meta) }, "image-name", text,
			 sizeof(text)))
		e = keep(s, &o->pub.image, text);
	return e;
}

/* One list has all containers of a user: it is gone through once, for all of them. */
static int podman_list(struct pn_snap *s, uid_t uid, struct span list)
{
	char id[CGPATH_ID_MAX];
	struct span item;

	while (keyscan_next(&list, &item)) {
		if (!keyscan_text(item, "id", id, sizeof(id)))
			continue;
		for (struct ownrow *o = owner_bucket(s, id); o; o = o->chain)
			if (o->pub.runtime == PN_RT_PODMAN && o->pub.uid == uid &&
			    strcmp(o->pub.id, id) == 0 && podman_item(s, o, item) < 0)
				return -ENOMEM;
	}
	return 0;
}

/* The home directory that /etc/passwd gives to a uid. */
static bool home_of(struct pn_snap *s, uid_t uid, char *buf, size_t size)
{
	struct span file;

	if (!names_load(s, &file, "etc/passwd"))
		return false;
	while (file.at < file.end) {
		const char *nl = memchr(file.at, '\n', (size_t)(file.end - file.at));
		const char *stop = nl ? nl : file.end, *f[7] = { file.at };
		int n = 1;
		uint64_t v;

		for (const char *p = file.at; p < stop && n < 7; p++)
			if (*p == ':')
				f[n++] = p + 1;
		if (n == 7 && num_u64(f[2], (size_t)(f[3] - f[2] - 1), &v) == 0 && v == uid &&
		    (size_t)(f[6] - f[5]) <= size) {
			memcpy(buf, f[5], (size_t)(f[6] - f[5] - 1));
			buf[f[6] - f[5] - 1] = '\0';
			return true;
		}
		file.at = stop + 1;
	}
	return false;
}

static int podman(struct pn_snap *s, struct ownrow *o)
{
	static const char *const drivers[] = { "overlay", "vfs", "btrfs", "zfs" };
	static const char *const files[] = { "containers.json", "volatile-containers.json" };
	char home[256], root[512] = "var/lib/containers/storage";
	struct span list;
	int added = set_add(&s->podman, (uint64_t)o->pub.uid + 1);

	if (added <= 0)
		return added;
	if (o->pub.uid != 0) {
		if (!home_of(s, o->pub.uid, home, sizeof(home)))
			return 0;
		(void)snprintf(root, sizeof(root), "%s/.local/share/containers/storage", home);
	}
	for (size_t i = 0; i < ARRAY_LEN(drivers) * ARRAY_LEN(files); i++)
		if (names_load(s, &list, "%s/%s-containers/%s", root, drivers[i / ARRAY_LEN(files)],
			       files[i % ARRAY_LEN(files)]) &&
		    podman_list(s, o->pub.uid, list) < 0)
			return -ENOMEM;
	return 0;
}

static int atoll_record(struct pn_snap *s, struct ownrow *o)
{
	struct span record;
	char text[TEXT], root[64] = "run/atoll";

	if (o->pub.uid != 0)
		(void)snprintf(root, sizeof(root), "run/user/%u/atoll", o->pub.uid);
	if (names_load(s, &record, "%s/records/%s/record.json", root, o->pub.id) &&
	    keyscan_text(record, "name", text, sizeof(text)))
		return keep(s, &o->pub.name, text);
	return keep(s, &o->pub.name, o->pub.id);
}

int names_fill(struct pn_snap *s, struct ownrow *o)
{
	int e = 0;

	if (o->named || !is_file_name(o->pub.id))
		return 0;
	o->named = true;
	switch (o->pub.runtime) {
	case PN_RT_DOCKER: return docker(s, o);
	case PN_RT_CONTAINERD_CRI:
	case PN_RT_CONTAINERD:
	case PN_RT_OCI:
		e = docker(s, o);
		if (e < 0 || o->pub.runtime == PN_RT_DOCKER)
			return e;
		if (o->pub.runtime == PN_RT_OCI && whose(s, o))
			return atoll_record(s, o);
		return containerd(s, o);
	case PN_RT_CRIO: return crio(s, o);
	case PN_RT_PODMAN: return podman(s, o);
	case PN_RT_ATOLL: return atoll_record(s, o);
	case PN_RT_RUNC:
	case PN_RT_CRUN:
	case PN_RT_LXC:
	case PN_RT_NSPAWN:
	case PN_RT_SNAP:
	case PN_RT_FLATPAK: o->pub.name = o->pub.id; return 0;
	case PN_RT_NONE:
	case PN_RT_BUILDKIT:
	case PN_RT_BWRAP:
	case PN_RT_FIREJAIL:
	case PN_RT_CHROME: break;
	}
	return 0;
}

/* RUNTIME, ID, NAME, POD, IMAGE with tabs between. */
static int recorded_line(struct pn_snap *s, char *line)
{
	char *f[5] = { line };
	int n = 1;

	for (char *p = line; *p && n < 5; p++)
		if (*p == '\t') {
			*p = '\0';
			f[n++] = p + 1;
		}
	if (n < 5)
		return 0;
	for (struct ownrow *o = owner_bucket(s, f[1]); o; o = o->chain) {
		if (strcmp(o->key, f[1]) != 0 && strcmp(o->pub.id, f[1]) != 0)
			continue;
		for (int rt = PN_RT_NONE; rt <= PN_RT_OCI; rt++)
			if (strcmp(pn_runtime_name((enum pn_runtime)rt), f[0]) == 0)
				o->pub.runtime = (enum pn_runtime)rt;
		if (keep(s, &o->pub.name, f[2]) < 0 || keep(s, &o->pub.pod_name, f[3]) < 0 ||
		    keep(s, &o->pub.image, f[4]) < 0)
			return -ENOMEM;
	}
	return 0;
}

int names_recorded(struct pn_snap *s)
{
	ssize_t n = s->info.recorded ? snap_read_all(s, s->proc_fd, RECORD_NAMES_FILE) : -ENOENT;
	char *at = s->scratch, *end = at + n;

	while (n > 0 && at < end) {
		char *nl = memchr(at, '\n', (size_t)(end - at));

		if (!nl)
			break;
		*nl = '\0';
		if (recorded_line(s, at) < 0)
			return -ENOMEM;
		at = nl + 1;
	}
	return 0;
}
