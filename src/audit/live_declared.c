/* SPDX-License-Identifier: Apache-2.0 */
/* What was declared for a live container: a file that was named, or the configuration that its
 * runtime keeps. Reads it like any other input, and compares. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/mount.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/live_impl.h"
#include "audit/spec.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "conf/mountopt.h"
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

/* The same words as drift.c's: what was declared at `v`. */
static void differ_from(struct live *l, struct live_target *t, struct place live_at,
			const struct place *was_at, const char *what, const char *was,
			const char *is)
{
	list_add(l->a, t->f, LIST_DRIFT, live_at,
		 arena_printf(l->arena, "%s: declared %s (%s), live %s", what, was,
			      place_text(l->arena, was_at), is));
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
static void extra_masks(struct live *l, struct live_target *t, const struct source *src,
			const struct json *list, bool masks)
{
	struct place at = live_place(l, t->p, "mountinfo", NULL);

	for (const struct json *v = list ? list->child : NULL; v; v = v->next) {
		struct place was_at = place_of(src, v);
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
			differ_from(l, t, at, &was_at, "mask", "masked", live_escape(l, path));
		else if (!live_mount_ro(m))
			differ_from(l, t, at, &was_at, "path", "read-only",
				    arena_printf(l->arena, "writable: %s", live_escape(l, path)));
	}
}

/* What programs do to themselves is no drift: root changes its ids, if it has the capability. Others
 * have what is ambient. */
static bool may_by_itself(const struct facts *was, int64_t uid, int cap)
{
	const struct cap_fact *c = &was->caps;
	uint64_t bits = uid == 0 ? c->bits[CAPS_BOUNDING] | c->bits[CAPS_PERMITTED]
				 : c->bits[CAPS_AMBIENT];
	bool known = uid == 0 ? c->known[CAPS_BOUNDING] && c->known[CAPS_PERMITTED]
			      : c->known[CAPS_AMBIENT];

	return !known || (bits >> cap & 1);
}

static bool is_declared_group(const struct json *list, int64_t gid)
{
	int64_t v;

	for (const struct json *c = list ? list->child : NULL; c; c = c->next)
		if (spec_int(c, &v) && v == gid)
			return true;
	return false;
}

static void groups(struct live *l, struct live_target *t, const struct facts *was,
		   const struct json *user, const struct live_ids *is, int64_t gid)
{
	enum { SHOWN_MAX = 16 };
	const struct json *list = spec_list(user, "additionalGids");
	struct place was_at = place_of(was->src, list ? list : user);
	const char *more = "";
	size_t count = 0;

	/* What is not mapped inside a runtime without privileges cannot take away. */
	for (size_t i = 0; i < is->group_count; i++) {
		int64_t g = is->groups[i];

		if (g < 0 || g == gid || g == is->gid || is_declared_group(list, g))
			continue;
		if (count++ < SHOWN_MAX)
			more = arena_printf(l->arena, "%s%s%lld", more, *more ? ", " : "",
					    (long long)g);
	}
	if (count > SHOWN_MAX)
		more = arena_printf(l->arena, "%s and %zu more", more, count - SHOWN_MAX);
	if (count)
		differ_from(l, t, live_place(l, t->p, "status", "Groups"), &was_at,
			    "supplementary groups", "without them", more);
}

/* That it is root drift.c tells of every kind of input. */
static void users(struct live *l, struct live_target *t, const struct facts *was,
		  const struct json *spec)
{
	const struct json *user = spec_obj(spec_obj(spec, "process"), "user");
	const struct json *uid_node = json_get(user, "uid"), *gid_node = json_get(user, "gid");
	struct live_ids is = live_ids(l, t);
	int64_t uid, gid;

	if (!spec_int(uid_node, &uid) || !spec_int(gid_node, &gid))
		return;
	if (is.uid > 0 && is.uid != uid && !may_by_itself(was, uid, CAP_SETUID)) {
		struct place at = place_of(was->src, uid_node);

		differ_from(l, t, live_place(l, t->p, "status", "Uid"), &at, "uid",
			    arena_printf(l->arena, "%lld", (long long)uid),
			    arena_printf(l->arena, "%lld", (long long)is.uid));
	}
	if (may_by_itself(was, uid, CAP_SETGID))
		return;
	if (is.gid >= 0 && is.gid != gid) {
		struct place at = place_of(was->src, gid_node);

		differ_from(l, t, live_place(l, t->p, "status", "Gid"), &at, "gid",
			    arena_printf(l->arena, "%lld", (long long)gid),
			    arena_printf(l->arena, "%lld", (long long)is.gid));
	}
	/* crun keeps those of its caller if it is asked to. */
	if (!json_get(spec_obj(spec, "annotations"), "run.oci.keep_original_groups"))
		groups(l, t, was, user, &is, gid);
}

/* The flags that the options of a declared mount set. */
static uint64_t flags_of(struct live *l, const struct json *mount)
{
	const struct json *list = spec_list(mount, "options");
	struct mount_opts o = { 0 };
	struct err e = { 0 };
	const char **words = NULL;
	size_t count = 0, cap = 0;

	for (const struct json *v = list ? list->child : NULL; v; v = v->next)
		if (v->type == JSON_STRING)
			*(const char **)arena_push(l->arena, &words, &count, &cap,
						   sizeof(*words)) = v->text;
	if (mount_opts_parse(&(struct oci_strings){ .items = words, .count = count }, l->arena, &o,
			     &e) < 0)
		return 0;
	return (o.attr_set & ~o.attr_clr) | (o.rec_attr_set & ~o.rec_attr_clr);
}

static void flags_lost(struct live *l, struct live_target *t, const struct proc_mount *m,
		       const struct facts *was, const struct json *declared)
{
	static const struct {
		uint64_t flag;
		const char *word;
	} flags[] = { { MOUNT_ATTR_NOSUID, "nosuid" },
		      { MOUNT_ATTR_NODEV, "nodev" },
		      { MOUNT_ATTR_NOEXEC, "noexec" } };
	uint64_t want = flags_of(l, declared);
	struct place at = place_of(was->src, declared);
	const char *lost = "";

	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		if (want & flags[i].flag && !proc_mount_has_option(m->options, flags[i].word))
			lost = arena_printf(l->arena, "%s%s%s", lost, *lost ? "," : "",
					    flags[i].word);
	if (*lost)
		differ_from(l, t, live_place(l, t->p, "mountinfo", live_escape(l, m->mount_point)),
			    &at,
			    arena_printf(l->arena, "mount on %s", live_escape(l, m->mount_point)),
			    lost, "without");
}

/* Of several that are declared for a place the last one is to be seen there. */
static void mount_flags(struct live *l, struct live_target *t, const struct facts *was,
			const struct json *spec)
{
	const struct live_mounts *is = &t->mounts;
	const struct json **last = arena_alloc(l->arena, (is->count + 1) * sizeof(*last));
	const struct json *list = spec_list(spec, "mounts");

	for (const struct json *v = list ? list->child : NULL; v; v = v->next) {
		const char *path = spec_str(v, "destination");
		const struct proc_mount *m;

		if (!path)
			continue;
		path = spec_normal(l->arena, path);
		m = live_mount_on(is, path);
		if (!m && spec_below(path, "/var/run")) /* a link to /run */
			m = live_mount_on(is, path + 4);
		if (m)
			last[m - is->items] = v;
	}
	for (size_t i = 0; i < is->count; i++)
		if (last[i])
			flags_lost(l, t, &is->items[i], was, last[i]);
}

static void compare_spec(struct live *l, struct live_target *t, const struct facts *was)
{
	const struct json *spec = drift_spec(was), *linux_ = spec_obj(spec, "linux");

	if (!spec)
		return;
	users(l, t, was, spec);
	limits(l, t, spec_obj(linux_, "resources"));
	if (t->mounts.error || t->f->ns_of[NST_MNT].mode == NSM_HOST)
		return;
	extra_masks(l, t, was->src, spec_list(linux_, "maskedPaths"), true);
	extra_masks(l, t, was->src, spec_list(linux_, "readonlyPaths"), false);
	mount_flags(l, t, was, spec);
}

/* ---- the comparison ----------------------------------------------------------------------------------- */

static size_t containers_of(const struct audit *d)
{
	size_t n = 0;

	for (const struct facts *f = d->objects; f; f = f->next)
		n += !f->volume;
	return n;
}

/* Of several objects the one that has its name; the only one fits everybody. */
static const struct facts *choose(const struct audit *d, const struct facts *live)
{
	if (containers_of(d) == 1)
		for (const struct facts *f = d->objects; f; f = f->next)
			if (!f->volume)
				return f;
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
	bool several = containers_of(d) > 0;
	const char *why;

	if (was) {
		drift_compare(l->a, t->f, was);
		compare_spec(l, t, was);
		return;
	}
	why = arena_printf(l->arena,
			   several ? "%s describes several containers, and none by its name"
				   : "%s describes no container",
			   name);
	list_unknown(t->f, LIST_DRIFT, why);
	/* Somebody wants to know. That it describes none at all is told of the file. */
	if (several && l->o->against)
		(void)audit_diag(l->a, DIAG_UNRESOLVED, t->f, &t->f->at, "%s", why);
}

int live_declared_read(struct live *l, struct audit *d, struct err *e)
{
	struct place whole = { .path = l->o->against };
	bool said = false;
	int r;

	audit_init(d, l->arena);
	d->env = l->a->env;
	d->compose_profiles = l->a->compose_profiles;
	l->declared = d;
	r = audit_read_path(d, l->o->against, e);
	if (r < 0)
		return r;
	compose_finish(d);
	k8s_finish(d);
	for (const struct diag *i = d->diags; i; i = i->next) {
		const struct place *at = i->at.src || i->at.path ? &i->at : &whole;

		if (!i->blocks)
			continue;
		audit_diag(l->a, i->id, NULL, at, "%s", i->message)->blocks = true;
		said = true;
	}
	if (!said && containers_of(d) == 0)
		(void)audit_diag(l->a, DIAG_EMPTY, NULL, &whole,
				 "it describes no container to compare with");
	return 0;
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
