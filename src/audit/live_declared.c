/* SPDX-License-Identifier: Apache-2.0 */
/* What was declared for a live container: a file that was named, or the configuration that its
 * runtime keeps. Reads it like any other input, and compares. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/live_impl.h"
#include "audit/spec.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "sys/syscalls.h"

enum { STATE_MAX = 4 << 20 };

/* ---- where it is ------------------------------------------------------------------------------------ */

/* An ordinary file of the machine; what else there may be is not opened. */
static int read_regular(struct live *l, const char *path, char **ret, size_t *ret_len)
{
	autoclose int at = -1, fd = -1;
	struct stat st;
	char link[64];

	path += strspn(path, "/");
	if (l->root_fd < 0 || !*path)
		return -ENOENT;
	at = sys_openat2(l->root_fd, path, O_PATH | O_CLOEXEC, 0,
			 RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
	if (at < 0)
		return at;
	if (fstat(at, &st) < 0 || !S_ISREG(st.st_mode))
		return -EINVAL;
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", at);
	fd = open(link, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	return fd < 0 ? -errno : io_read_fd(fd, STATE_MAX, l->arena, ret, ret_len);
}

static bool is_name(const char *s)
{
	return *s && !strchr(s, '/') && strcmp(s, ".") != 0 && strcmp(s, "..") != 0;
}

/* The word after `-b` of conmon: the bundle. Only of one that is root's or ours: others could
 * name any file of the machine. */
static const char *bundle_of_conmon(struct live *l, const struct live_target *t)
{
	const struct pn_proc *up = t->p->parent;
	size_t at = 0;

	if (!up || strcmp(up->comm, "conmon") != 0 || !up->cmdline ||
	    (up->uid[0] != 0 && up->uid[0] != geteuid()))
		return NULL;
	while (at < up->cmdline_len) {
		const char *word = up->cmdline + at;

		at += strlen(word) + 1;
		if ((strcmp(word, "-b") == 0 || strcmp(word, "--bundle") == 0) &&
		    at < up->cmdline_len && up->cmdline[at] == '/')
			return arena_printf(l->arena, "%s/config.json", up->cmdline + at);
	}
	return NULL;
}

/* A member of a runtime's state file that names a path: text, or "bundle=PATH" in labels. */
static const char *path_in_state(struct live *l, const char *file, const char *key)
{
	struct json_doc doc;
	const struct json *v, *labels;
	struct err e = { 0 };
	size_t len;
	char *text;

	if (read_regular(l, file, &text, &len) < 0 ||
	    json_parse(file, text, len, l->arena, &doc, &e) < 0 || doc.root->type != JSON_OBJECT)
		return NULL;
	v = json_get(doc.root, key);
	if (v && v->type == JSON_STRING && v->text[0] == '/')
		return v->text;
	v = json_get(doc.root, "config");
	labels = v && v->type == JSON_OBJECT ? json_get(v, "labels") : NULL;
	for (v = labels && labels->type == JSON_ARRAY ? labels->child : NULL; v; v = v->next)
		if (v->type == JSON_STRING && strncmp(v->text, "bundle=/", 8) == 0)
			return arena_printf(l->arena, "%s/config.json", v->text + 7);
	return NULL;
}

static const char *by_runtime(struct live *l, const struct pn_owner *o, size_t i)
{
	static const struct {
		enum pn_runtime runtime;
		const char *state; /* a file that names it by `key`; NULL: `config` is it */
		const char *key, *config;
	} where[] = {
		{ PN_RT_ATOLL, "run/atoll/state/%s/state.json", "config", NULL },
		{ PN_RT_ATOLL, "run/atoll-oci/%s/state.json", "config", NULL },
		{ PN_RT_OCI, "run/atoll-oci/%s/state.json", "config", NULL },
		{ PN_RT_RUNC, "run/runc/%s/state.json", "", NULL },
		{ PN_RT_CRUN, NULL, NULL, "run/crun/%s/config.json" },
		{ PN_RT_DOCKER, NULL, NULL,
		  "run/docker/containerd/daemon/io.containerd.runtime.v2.task/moby/%s/config.json" },
		{ PN_RT_DOCKER, NULL, NULL,
		  "run/containerd/io.containerd.runtime.v2.task/moby/%s/config.json" },
		{ PN_RT_CONTAINERD_CRI, NULL, NULL,
		  "run/containerd/io.containerd.runtime.v2.task/k8s.io/%s/config.json" },
		{ PN_RT_PODMAN, NULL, NULL,
		  "var/lib/containers/storage/overlay-containers/%s/userdata/config.json" },
		{ PN_RT_PODMAN, NULL, NULL,
		  "var/lib/containers/storage/vfs-containers/%s/userdata/config.json" },
		{ PN_RT_CRIO, NULL, NULL,
		  "run/containers/storage/overlay-containers/%s/userdata/config.json" },
	};
	const char *path, *slot;

	if (i >= ARRAY_LEN(where))
		return NULL;
	if (where[i].runtime != o->runtime)
		return "";
	path = where[i].state ? where[i].state : where[i].config;
	slot = strstr(path, "%s");
	path = arena_printf(l->arena, "%.*s%s%s", (int)(slot - path), path, o->id, slot + 2);
	if (!where[i].state)
		return path;
	path = path_in_state(l, path, where[i].key);
	return path ? path : "";
}

static const char *containerd_path(struct live *l, const struct pn_owner *o)
{
	if (o->runtime != PN_RT_CONTAINERD || !o->ns || !is_name(o->ns))
		return NULL;
	return arena_printf(l->arena,
			    "run/containerd/io.containerd.runtime.v2.task/%s/%s/config.json", o->ns,
			    o->id);
}

/* The text of its configuration. */
static int find_config(struct live *l, struct live_target *t, const char **ret_name, char **ret,
		       size_t *ret_len)
{
	const char *path = bundle_of_conmon(l, t);
	int r = path ? read_regular(l, path, ret, ret_len) : -ENOENT;

	if (r < 0 && t->owner && is_name(t->owner->id)) {
		path = containerd_path(l, t->owner);
		r = path ? read_regular(l, path, ret, ret_len) : -ENOENT;
		for (size_t i = 0; r < 0 && (path = by_runtime(l, t->owner, i)); i++)
			r = *path ? read_regular(l, path, ret, ret_len) : -ENOENT;
	}
	*ret_name = path && path[0] != '/' ? arena_printf(l->arena, "/%s", path) : path;
	return r;
}

/* ---- what only an OCI configuration says ------------------------------------------------------------- */

static void differ(struct live *l, struct live_target *t, const char *file, const char *text)
{
	list_add(l->a, t->f, LIST_DRIFT, live_place(l, t->p, file, NULL), text);
}

static bool limit_of(const struct json *resources, const char *what, const char *key, int64_t *ret)
{
	return spec_int(json_get(spec_obj(resources, what), key), ret) && *ret > 0;
}

static const char *amount(struct live *l, int64_t v)
{
	return v < 0 ? "no limit" : arena_printf(l->arena, "%lld", (long long)v);
}

static void limits(struct live *l, struct live_target *t, const struct json *resources)
{
	struct live_limits is = live_limits(l, t);
	int64_t was, period;

	/* No limit at all is FACT_PIDS_LIMITED's difference. */
	if (limit_of(resources, "pids", "limit", &was) && is.pids > was)
		differ(l, t, "cgroup",
		       arena_printf(l->arena, "limit of processes: declared %lld, live %s",
				    (long long)was, amount(l, is.pids)));
	if (limit_of(resources, "memory", "limit", &was) && is.memory != -2 &&
	    (is.memory == -1 || is.memory > was))
		differ(l, t, "cgroup",
		       arena_printf(l->arena, "limit of memory: declared %lld, live %s",
				    (long long)was, amount(l, is.memory)));
	if (!limit_of(resources, "cpu", "quota", &was) || is.cpu_quota_us == -2)
		return;
	if (!limit_of(resources, "cpu", "period", &period))
		period = 100000;
	if (is.cpu_quota_us < 0 ||
	    (is.cpu_period_us > 0 && (double)is.cpu_quota_us / (double)is.cpu_period_us >
					     (double)was / (double)period * 1.001))
		differ(l, t, "cgroup",
		       arena_printf(l->arena,
				    "limit of CPU time: declared %lld us in %lld us, live %s in "
				    "%lld us",
				    (long long)was, (long long)period, amount(l, is.cpu_quota_us),
				    (long long)is.cpu_period_us));
}

/* Masks beyond the usual ones, which LIST_UNMASKED does not know. */
static void extra_masks(struct live *l, struct live_target *t, const struct json *list, bool masks)
{
	for (const struct json *v = list ? list->child : NULL; v; v = v->next) {
		const struct proc_mount *m;
		const char *path;

		if (v->type != JSON_STRING || v->text[0] != '/')
			continue;
		path = spec_normal(l->arena, v->text);
		m = live_mount_at(&t->mounts, path);
		if (!m || live_mask_is_usual(path) ||
		    (strcmp(m->fs, "proc") != 0 && strcmp(m->fs, "sysfs") != 0) ||
		    faccessat(l->root_fd, path + 1, F_OK, 0) < 0)
			continue;
		if (masks)
			differ(l, t, "mountinfo",
			       arena_printf(l->arena, "mask: declared masked, live %s",
					    live_escape(l, path)));
		else if (!live_mount_ro(m))
			differ(l, t, "mountinfo",
			       arena_printf(l->arena, "path: declared read-only, live writable: %s",
					    live_escape(l, path)));
	}
}

static void compare_spec(struct live *l, struct live_target *t, const struct json *spec)
{
	const struct json *linux_ = spec_obj(spec, "linux");

	if (!linux_)
		return;
	limits(l, t, spec_obj(linux_, "resources"));
	if (t->mounts.error || t->f->ns_of[NST_MNT].mode == NSM_HOST)
		return;
	extra_masks(l, t, spec_list(linux_, "maskedPaths"), true);
	extra_masks(l, t, spec_list(linux_, "readonlyPaths"), false);
}

/* ---- the comparison ----------------------------------------------------------------------------------- */

/* Of several objects the one that has its name; the only one fits everybody. */
static const struct facts *choose(const struct audit *d, const struct facts *live)
{
	if (d->object_count == 1)
		return d->objects;
	for (const struct facts *f = d->objects; f; f = f->next) {
		const char *words[] = { f->name, f->id };

		for (size_t i = 0; i < ARRAY_LEN(words); i++)
			if (words[i] && ((live->name && strcmp(words[i], live->name) == 0) ||
					 (live->id && strcmp(words[i], live->id) == 0)))
				return f;
	}
	return NULL;
}

static void compare(struct live *l, struct live_target *t, const struct audit *d, const char *name)
{
	const struct facts *was = choose(d, t->f);

	if (!was) {
		list_unknown(t->f, LIST_DRIFT,
			     d->object_count
				     ? arena_printf(l->arena,
						    "%s describes several containers, "
						    "and none by its name",
						    name)
				     : arena_printf(l->arena, "%s describes no container", name));
		return;
	}
	drift_compare(l->a, t->f, was);
	if (was->at.node && was->at.node->type == JSON_OBJECT)
		compare_spec(l, t, was->at.node);
}

void live_declared(struct live *l, struct live_target *t)
{
	struct audit d;
	const char *name;
	size_t len;
	char *text;

	audit_init(&d, l->arena);
	if (l->o->against) {
		compare(l, t, l->declared, l->o->against);
	} else if (!l->o->find_declared || !t->whole) {
		list_unknown(t->f, LIST_DRIFT, "it was not compared with a configuration");
	} else if (find_config(l, t, &name, &text, &len) < 0) {
		list_unknown(t->f, LIST_DRIFT, "no configuration of it was found to compare with");
	} else {
		audit_read_text(&d, name, text, len);
		compare(l, t, &d, name);
	}
}
