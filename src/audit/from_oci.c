/* SPDX-License-Identifier: Apache-2.0 */
/* config.json of the OCI runtime specification. It is read from the tree, not by conf/oci.c: what
 * a runtime would refuse is audited all the same. */
#include <ctype.h>
#include <string.h>

#include "audit/danger.h"
#include "audit/spec.h"
#include "base/cleanup.h"
#include "base/num.h"
#include "conf/oci_tables.h"

/* ---- Namespaces --------------------------------------------------------------------------- */

static const struct {
	char type[8];
	enum ns_type ns;
} namespaces[] = {
	{ "pid", NST_PID }, { "user", NST_USER }, { "mount", NST_MNT },     { "network", NST_NET },
	{ "ipc", NST_IPC }, { "uts", NST_UTS },   { "cgroup", NST_CGROUP }, { "time", NST_TIME },
};

/* /proc/1, /proc/self: who runs the runtime is on the host. "default" is what Docker keeps the
 * host's network namespace as. */
static bool leads_to_host(const char *path)
{
	return spec_below(path, "/proc/1") || spec_below(path, "/proc/self") ||
	       spec_below(path, "/proc/thread-self") ||
	       strcmp(path, "/run/docker/netns/default") == 0 ||
	       strcmp(path, "/var/run/docker/netns/default") == 0;
}

/* A container of a Kubernetes pod: what it joins is the pod's sandbox. */
static bool in_pod(const struct facts *f)
{
	const char *type = spec_str(f->annotations, "io.kubernetes.cri.container-type");

	if (!type)
		type = spec_str(f->annotations, "io.kubernetes.cri-o.ContainerType");
	return type && strcmp(type, "container") == 0;
}

static void read_namespace(const struct spec *s, const struct json *item)
{
	const char *type = spec_str(item, "type"), *path = spec_str(item, "path");
	struct facts *f = s->f;

	for (size_t i = 0; type && i < ARRAY_LEN(namespaces); i++) {
		enum ns_type ns = namespaces[i].ns;
		struct ns_fact *fact = &f->ns_of[ns];

		if (strcmp(namespaces[i].type, type) != 0)
			continue;
		if (!path) {
			ns_set(f, ns, NSM_OWN, spec_at(s, item), NULL);
			return;
		}
		ns_set(f, ns, in_pod(f) ? NSM_POD : NSM_PATH, spec_at(s, json_get(item, "path")),
		       path);
		if (leads_to_host(spec_normal(s->a->arena, path))) {
			fact->mode = NSM_HOST;
			fact->by_host_path = true;
		}
	}
}

static void read_namespaces(const struct spec *s, const struct json *lx, struct place at)
{
	const struct json *list = json_get(lx, "namespaces");
	bool odd = list && list->type != JSON_ARRAY && list->type != JSON_NULL;

	if (list)
		at = spec_at(s, list);
	for (size_t i = 0; i < ARRAY_LEN(namespaces); i++)
		ns_set(s->f, namespaces[i].ns, odd ? NSM_UNKNOWN : NSM_HOST, at,
		       odd ? "the list of namespaces cannot be read" : NULL);
	for (const struct json *v = list && !odd ? list->child : NULL; v; v = v->next)
		read_namespace(s, v);
}

/* ---- Identities --------------------------------------------------------------------------- */

/* What a mapping makes of 0 inside; and who is 0 outside. */
struct mapped {
	bool known;                 /* a list that can be read */
	bool zero;                  /* 0 is mapped at all */
	int64_t root;               /* to this id outside */
	const struct json *to_host; /* the line that has the host's 0 */
	int64_t inside;             /* which is this one inside */
};

static struct mapped read_map(const struct json *list)
{
	struct mapped m = { .known = list != NULL };

	for (const struct json *v = list ? list->child : NULL; v; v = v->next) {
		int64_t in, out, size;

		if (!spec_int(json_get(v, "containerID"), &in) ||
		    !spec_int(json_get(v, "hostID"), &out) ||
		    !spec_int(json_get(v, "size"), &size)) {
			m.known = false;
			continue;
		}
		if (in == 0 && size > 0) {
			m.zero = true;
			m.root = out;
		}
		if (out == 0 && size > 0) {
			m.to_host = v;
			m.inside = in;
		}
	}
	return m;
}

static void root_facts(const struct spec *s, const struct json *process, const struct mapped *map,
		       struct place at)
{
	const struct json *user = spec_obj(process, "user"), *v = json_get(user, "uid");
	const struct ns_fact *ns = &s->f->ns_of[NST_USER];
	struct facts *f = s->f;
	enum tri root;
	int64_t uid = 0;

	if (v)
		at = spec_at(s, v);
	if (v && v->type != JSON_NULL && !spec_int(v, &uid)) {
		fact_set(f, FACT_ROOT, TRI_UNKNOWN, at, "the uid is no number");
		fact_set(f, FACT_ROOT_OF_HOST, TRI_UNKNOWN, at, "the uid is no number");
		return;
	}
	if (uid < 0 || uid >= UINT32_MAX) {
		(void)audit_diag(s->a, DIAG_UNKNOWN_VALUE, f, &at, "%lld is no uid",
				 (long long)uid);
		fact_set(f, FACT_ROOT, TRI_UNKNOWN, at, "there is no such uid");
		fact_set(f, FACT_ROOT_OF_HOST, TRI_UNKNOWN, at, "there is no such uid");
		return;
	}
	root = uid == 0 ? TRI_YES : TRI_NO;
	fact_set(f, FACT_ROOT, root, at, arena_printf(s->a->arena, "uid %lld", (long long)uid));
	fact_set(f, FACT_ROOT_OF_HOST, root, at, f->fact[FACT_ROOT].text);
	if (ns->mode == NSM_HOST || ns->mode == NSM_UNKNOWN)
		return;
	if (map->known)
		fact_set(f, FACT_ROOT_OF_HOST,
			 map->to_host && map->inside == uid ? TRI_YES : TRI_NO, at,
			 map->to_host && map->inside == uid ? "mapped to uid 0"
							    : "mapped to another uid");
	else if (root == TRI_YES)
		fact_set(f, FACT_ROOT_OF_HOST, TRI_UNKNOWN, at,
			 "the mapping of the user namespace that it joins is not known");
}

static void read_ids(const struct spec *s, const struct json *lx, const struct json *process,
		     struct place at)
{
	const struct json *uids = spec_list(lx, "uidMappings");
	struct mapped map = read_map(uids);
	enum ns_mode mode = s->f->ns_of[NST_USER].mode;
	struct facts *f = s->f;

	root_facts(s, process, &map, at);
	fact_set(f, FACT_USERNS_MAPS_ROOT, TRI_NO, uids ? spec_at(s, uids) : at, NULL);
	if (mode == NSM_HOST)
		return;
	if (map.to_host)
		fact_set(f, FACT_USERNS_MAPS_ROOT, TRI_YES, spec_at(s, map.to_host),
			 arena_printf(s->a->arena, "uid %lld inside is 0 of the host",
				      (long long)map.inside));
	else if (!map.known)
		f->fact[FACT_USERNS_MAPS_ROOT] = (struct fact){
			.at = at, .text = "the mapping of the user namespace is not known"
		};
}

/* For root itself they add nothing, and engines give root all of its groups in the image. */
static void read_groups(const struct spec *s, const struct json *lx, const struct json *process)
{
	const struct json *gids = spec_list(spec_obj(process, "user"), "additionalGids");
	struct mapped map = read_map(spec_list(lx, "gidMappings"));
	bool mapped = s->f->ns_of[NST_USER].mode != NSM_HOST && map.known && !map.to_host;

	list_whole(s->f, LIST_GROUPS);
	if (mapped || s->f->fact[FACT_ROOT].is == TRI_YES)
		return;
	for (const struct json *v = gids ? gids->child : NULL; v; v = v->next) {
		int64_t gid;

		if (spec_int(v, &gid))
			spec_group(s, spec_at(s, v),
				   arena_printf(s->a->arena, "%lld", (long long)gid));
	}
}

/* ---- The process -------------------------------------------------------------------------- */

static const char cap_sets[CAPS_SETS][12] = {
	[CAPS_BOUNDING] = "bounding",   [CAPS_EFFECTIVE] = "effective",
	[CAPS_PERMITTED] = "permitted", [CAPS_INHERITABLE] = "inheritable",
	[CAPS_AMBIENT] = "ambient",
};

static void read_caps(const struct spec *s, const struct json *process, struct place at)
{
	const struct json *caps = spec_obj(process, "capabilities");
	struct cap_fact *c = &s->f->caps;

	if (caps)
		at = spec_at(s, caps);
	c->dropped_at = at;
	for (int i = 0; i < CAPS_SETS; i++) {
		const struct json *v = json_get(caps, cap_sets[i]);
		struct place here = v ? spec_at(s, v) : at;

		c->at[i] = here;
		c->known[i] = process && (!v || v->type == JSON_ARRAY || v->type == JSON_NULL);
		if (v && !c->known[i])
			audit_diag(s->a, DIAG_BAD_TYPE, s->f, &here,
				   "\"%s\": this is not an array of names", cap_sets[i]);
		c->bits[i] = spec_caps_add(s, v, false).bits;
	}
	spec_caps_all(s->f);
	if (c->known[CAPS_BOUNDING])
		fact_set(s->f, FACT_DROPS_ALL,
			 spec_caps_dropped(c->bits[CAPS_BOUNDING]) ? TRI_YES : TRI_NO,
			 c->at[CAPS_BOUNDING], NULL);
}

static void read_process(const struct spec *s, const struct json *process, struct place at)
{
	const struct json *nnp = json_get(process, "noNewPrivileges");
	const struct json *args = json_get(process, "args");
	const struct json *aa = json_get(process, "apparmorProfile");
	const struct json *label = json_get(process, "selinuxLabel");
	const char *init = spec_str(s->f->annotations, OCI_ANNOTATION_INIT);
	struct facts *f = s->f;

	fact_set(f, FACT_NO_NEW_PRIVS, spec_true(process, "noNewPrivileges") ? TRI_YES : TRI_NO,
		 nnp ? spec_at(s, nnp) : at, NULL);
	read_caps(s, process, at);
	spec_cwd(s, json_get(process, "cwd"));
	spec_apparmor(s, spec_str(process, "apparmorProfile"), aa ? spec_at(s, aa) : at);
	spec_selinux(s, spec_str(process, "selinuxLabel"), label ? spec_at(s, label) : at);
	f->command = spec_words(s->a->arena, args);
	spec_init(s, args, NULL, args ? spec_at(s, args) : at);
	if (init && (strcmp(init, "true") == 0 || init[0] == '-'))
		spec_init_given(f, spec_at(s, json_get(f->annotations, OCI_ANNOTATION_INIT)),
				"atoll-init");
}

/* ---- Mounts ------------------------------------------------------------------------------- */

/* Sources are relative to the bundle, which is where the file is. */
static const char *bind_source(const struct spec *s, const char *source)
{
	const char *name = s->f->src ? s->f->src->name : NULL, *slash;

	if (!source || source[0] == '/' || s->inside || s->f->kind != IN_OCI)
		return source;
	slash = name && name[0] == '/' ? strrchr(name, '/') : NULL;
	return slash ? spec_normal(s->a->arena, arena_printf(s->a->arena, "%.*s/%s",
							     (int)(slash - name), name, source))
		     : source;
}

/* Layers of images, and what an engine puts over a volume. */
static bool is_layer(const char *path)
{
	static const char *const parts[] = { "/containers/storage/overlay", "/docker/overlay2/",
					     "/io.containerd.snapshotter" };

	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (strstr(path, parts[i]))
			return true;
	return false;
}

/* Directories of the host that an overlay shows: "lowerdir=/a:/b", "upperdir=/c". They have no target: what
 * is mounted there is the overlay. */
static void read_layers(const struct spec *s, const struct json *v, const char *word)
{
	const char *target = spec_str(v, "destination");
	bool upper = strncmp(word, "upperdir=", 9) == 0;
	size_t n;

	if (!upper && strncmp(word, "lowerdir=", 9) != 0)
		return;
	for (word += 9; *word && *word != ','; word += n + (word[n] == ':')) {
		const char *dir;
		struct mount_fact *m;

		n = strcspn(word, upper ? "," : ":,");
		dir = arena_strndup(s->a->arena, word, n);
		if (*dir != '/' || is_layer(dir))
			continue;
		m = mount_add(s->a, s->f, spec_at(s, v));
		m->kind = MK_BIND;
		m->source = dir;
		m->readonly = upper ? TRI_NO : TRI_YES; /* what is written goes above */
		m->shared = TRI_NO;
		m->via = arena_printf(s->a->arena, "the %s directory of an overlay%s%s",
				      upper ? "upper" : "lower", target ? " at " : "",
				      target ? target : "");
	}
}

/* A file system that is neither the kernel's nor a bind: a disk's, or an overlay. */
static void read_other(const struct spec *s, const struct json *v)
{
	const char *type = spec_str(v, "type"), *source = spec_str(v, "source");
	const struct json *list = spec_list(v, "options");

	if (source && strncmp(source, "/dev/", 5) == 0 && spec_device_extra(source))
		list_add(s->a, s->f, LIST_DEVICES, spec_at(s, v), source);
	if (!type || strcmp(type, "overlay") != 0)
		return;
	for (const struct json *o = list ? list->child : NULL; o; o = o->next)
		for (const char *w = o->type == JSON_STRING ? o->text : NULL; w;
		     w = strchr(w, ','), w = w ? w + 1 : NULL)
			read_layers(s, v, w);
}

static void read_mount(const struct spec *s, const struct json *v)
{
	const char *type = spec_str(v, "type"), *source = spec_str(v, "source");
	struct spec_words w = spec_mount_words(v);
	struct mount_fact *m;

	if (v->type != JSON_OBJECT)
		return;
	m = mount_add(s->a, s->f, spec_at(s, v));
	m->target = spec_str(v, "destination");
	m->readonly = w.ro ? TRI_YES : TRI_NO;
	m->shared = w.shared ? TRI_YES : TRI_NO;
	if (w.bind || (type && strcmp(type, "bind") == 0)) {
		m->source = bind_source(s, source);
		m->kind = spec_engine_mount(m->source, m->target) ? MK_VOLUME : MK_BIND;
		return;
	}
	m->kind = MK_KERNEL;
	m->fstype = type;
	m->source = source;
	if (type && strncmp(type, "cgroup", 6) == 0 && !w.ro &&
	    s->f->fact[FACT_CGROUP_WRITABLE].is != TRI_YES)
		fact_set(s->f, FACT_CGROUP_WRITABLE, TRI_YES, m->at, m->target);
	read_other(s, v);
}

/* What is mounted at `path` last. */
static const struct mount_fact *mount_at(const struct spec *s, const char *path)
{
	const struct mount_fact *found = NULL;

	for (size_t i = 0; i < s->f->mount_count; i++) {
		const struct mount_fact *m = &s->f->mounts[i];

		if (m->target && strcmp(spec_normal(s->a->arena, m->target), path) == 0)
			found = m;
	}
	return found;
}

static void read_proc(const struct spec *s, struct place at)
{
	const struct mount_fact *proc = mount_at(s, "/proc");
	enum ns_mode pid = s->f->ns_of[NST_PID].mode, mnt = s->f->ns_of[NST_MNT].mode;
	struct facts *f = s->f;

	if (pid == NSM_UNKNOWN || mnt == NSM_UNKNOWN)
		fact_set(f, FACT_PROC_MISMATCH, TRI_UNKNOWN, at, "its namespaces are not known");
	else if (pid == NSM_HOST || (!proc && mnt != NSM_HOST))
		fact_set(f, FACT_PROC_MISMATCH, TRI_NO, at, NULL);
	else if (!proc)
		fact_set(f, FACT_PROC_MISMATCH, TRI_YES, at,
			 "/proc is that of the mount namespace that it shares");
	else if (proc->kind == MK_KERNEL)
		fact_set(f, FACT_PROC_MISMATCH, TRI_NO, proc->at, NULL);
	else
		fact_set(f, FACT_PROC_MISMATCH, TRI_YES, proc->at, "/proc is a bind mount");
}

static void read_mounts(const struct spec *s, const struct json *root, struct place at)
{
	const struct json *list = json_get(root, "mounts");

	fact_set(s->f, FACT_CGROUP_WRITABLE, TRI_NO, at, NULL);
	s->f->mounts_whole = TRI_YES;
	if (list && list->type != JSON_ARRAY && list->type != JSON_NULL) {
		s->f->mounts_whole = TRI_UNKNOWN;
		s->f->mounts_why = "the list of mounts cannot be read";
	}
	for (const struct json *v = list ? list->child : NULL; v; v = v->next)
		read_mount(s, v);
	/* A bind of the host's tree is one too. */
	for (size_t i = 0; i < s->f->mount_count; i++) {
		const struct mount_fact *m = &s->f->mounts[i];

		if (m->kind == MK_BIND && m->source && m->readonly == TRI_NO &&
		    spec_below(spec_normal(s->a->arena, m->source), "/sys/fs/cgroup"))
			fact_set(s->f, FACT_CGROUP_WRITABLE, TRI_YES, m->at, m->target);
	}
	read_proc(s, at);
}

/* ---- Devices ------------------------------------------------------------------------------ */

/* What every container may open. */
static const struct {
	char type;
	int major, minor; /* -1: all */
} usual_devices[] = {
	{ 'c', 1, 3 },    { 'c', 1, 5 }, { 'c', 1, 7 }, { 'c', 1, 8 }, { 'c', 1, 9 }, /* null ... */
	{ 'c', 5, 0 },    { 'c', 5, 1 }, { 'c', 5, 2 }, /* tty, console, ptmx */
	{ 'c', 136, -1 },                               /* pts */
	{ 'c', 10, 200 }, /* tun: in the default rules of several runtimes */
};

static bool usual(char type, int64_t major, int64_t minor)
{
	for (size_t i = 0; i < ARRAY_LEN(usual_devices); i++)
		if (usual_devices[i].type == type && usual_devices[i].major == major &&
		    (usual_devices[i].minor == -1 || usual_devices[i].minor == minor))
			return true;
	return false;
}

static int64_t number(const struct json *obj, const char *key)
{
	int64_t n = -1;

	(void)spec_int(json_get(obj, key), &n);
	return n;
}

static void read_nodes(const struct spec *s, const struct json *lx)
{
	const struct json *list = spec_list(lx, "devices");

	for (const struct json *v = list ? list->child : NULL; v; v = v->next) {
		const char *path = spec_str(v, "path"), *type = spec_str(v, "type");
		int64_t major = number(v, "major"), minor = number(v, "minor");

		if (!path || (type && type[0] == 'p'))
			continue;
		if (type && (usual(type[0] == 'u' ? 'c' : type[0], major, minor)) && major != 10)
			continue;
		spec_device(s, spec_at(s, v), path,
			    type ? danger_device(type[0], major, minor) : NULL)
			->arg = arena_printf(s->a->arena, "%s %lld:%lld", type ? type : "?",
					     (long long)major, (long long)minor);
	}
}

/* Is there a node of these numbers among linux.devices? Then that is what is reported. */
static bool has_node(const struct json *lx, const char *type, int64_t major, int64_t minor)
{
	const struct json *list = spec_list(lx, "devices");

	for (const struct json *v = list ? list->child : NULL; v; v = v->next) {
		const char *t = spec_str(v, "type");

		if (t && t[0] == type[0] && number(v, "major") == major &&
		    number(v, "minor") == minor)
			return true;
	}
	return false;
}

struct device_state {
	const struct json *all; /* the rule that lets all devices of a type through */
	size_t from;            /* items of LIST_DEVICES before the rules */
};

/* To make a node is no access: engines allow that for every device. */
static void read_rule(const struct spec *s, const struct json *lx, const struct json *v,
		      struct device_state *st)
{
	const char *type = spec_str(v, "type"), *access = spec_str(v, "access");
	int64_t major = number(v, "major"), minor = number(v, "minor");
	bool any_type = !type || type[0] == 'a';

	if (!spec_true(v, "allow")) {
		if (any_type && major == -1 && minor == -1 && (!access || strlen(access) == 3)) {
			st->all = NULL;
			s->f->list[LIST_DEVICES].count = st->from;
		}
		return;
	}
	if (access && !strpbrk(access, "rw"))
		return;
	if (any_type || major == -1) {
		st->all = v;
		return;
	}
	if (usual(type[0], major, minor) || has_node(lx, type, major, minor))
		return;
	spec_device(s, spec_at(s, v),
		    minor == -1 ? arena_printf(s->a->arena, "%.1s %lld:*", type, (long long)major)
				: arena_printf(s->a->arena, "%.1s %lld:%lld", type,
					       (long long)major, (long long)minor),
		    danger_device(type[0], major, minor))
		->arg = access;
}

static void read_devices(const struct spec *s, const struct json *lx, struct place at)
{
	const struct json *res = spec_obj(lx, "resources"), *list = json_get(res, "devices");
	struct device_state st = { 0 };

	list_whole(s->f, LIST_DEVICES);
	read_nodes(s, lx);
	st.from = s->f->list[LIST_DEVICES].count;
	for (const struct json *v = list && list->type == JSON_ARRAY ? list->child : NULL; v;
	     v = v->next)
		read_rule(s, lx, v, &st);
	if (list)
		at = spec_at(s, list);
	fact_set(s->f, FACT_DEVICES_ALL, st.all ? TRI_YES : TRI_NO,
		 st.all ? spec_at(s, st.all) : at, NULL);
	if (list && list->type != JSON_ARRAY && list->type != JSON_NULL)
		fact_set(s->f, FACT_DEVICES_ALL, TRI_UNKNOWN, at, "the rules cannot be read");
}

/* ---- The rest of linux -------------------------------------------------------------------- */

static void read_pids(const struct spec *s, const struct json *lx, struct place at)
{
	const struct json *res = spec_obj(lx, "resources");
	const struct json *v = json_get(spec_obj(res, "pids"), "limit");
	const struct json *u = json_get(spec_obj(res, "unified"), "pids.max");
	int64_t limit;

	if (u && u->type == JSON_STRING) {
		fact_set(s->f, FACT_PIDS_LIMITED, strcmp(u->text, "max") == 0 ? TRI_NO : TRI_YES,
			 spec_at(s, u), u->text);
		return;
	}
	if (v)
		at = spec_at(s, v);
	if (spec_int(v, &limit) && limit > 0)
		fact_set(s->f, FACT_PIDS_LIMITED, TRI_YES, at, v->text);
	else
		fact_set(s->f, FACT_PIDS_LIMITED, TRI_NO, at, v ? v->text : NULL);
}

static void read_sysctls(const struct spec *s, const struct json *lx)
{
	const struct json *list = spec_obj(lx, "sysctl");

	list_whole(s->f, LIST_SYSCTLS);
	for (const struct json *v = list ? list->child : NULL; v; v = v->next)
		list_add(s->a, s->f, LIST_SYSCTLS,
			 s->inside ? *s->inside : place_of_key(s->f->src, v), v->key)
			->arg = v->text;
}

/* All but startContainer run in namespaces of the host, or are found there. */
static void read_hooks(const struct spec *s, const struct json *root)
{
	const struct json *hooks = spec_obj(root, "hooks");

	list_whole(s->f, LIST_HOOKS);
	for (const struct json *point = hooks ? hooks->child : NULL; point; point = point->next) {
		if (point->type != JSON_ARRAY || strcmp(point->key, "startContainer") == 0)
			continue;
		for (const struct json *v = point->child; v; v = v->next) {
			const char *path = spec_str(v, "path");

			list_add(s->a, s->f, LIST_HOOKS, spec_at(s, v),
				 path ? path : "a hook without path")
				->arg = point->key;
		}
	}
}

/* No proc, or a read-only one: what is not masked is not there, or not writable. */
static void read_masks(const struct spec *s, const struct json *root, const struct json *lx,
		       struct place at)
{
	const struct spec_covers by = { spec_list(lx, "maskedPaths"),
					spec_list(lx, "readonlyPaths") };
	const struct mount_fact *proc = mount_at(s, "/proc");

	spec_masks(s, by.masked, by.readonly, at);
	if (proc && proc->kind == MK_KERNEL && proc->readonly == TRI_YES)
		s->f->list[LIST_PROC_WRITABLE].count = 0;
	spec_other_procfs(s, spec_list(root, "mounts"), &by);
}

static void read_seccomp(const struct spec *s, const struct json *lx, struct place at)
{
	const struct json *v = json_get(lx, "seccomp");
	struct facts *f = s->f;

	if (v && v->type == JSON_OBJECT) {
		spec_seccomp_oci(s, v, f->caps.bits[CAPS_BOUNDING]);
		return;
	}
	f->seccomp = (struct mode_fact){ .mode = SECM_NOT_SET, .at = at };
	list_whole(f, LIST_SECCOMP_WEAK);
	if (v && v->type != JSON_NULL) {
		f->seccomp.mode = SECM_UNKNOWN;
		list_unknown(f, LIST_SECCOMP_WEAK, "the profile is no object");
	}
}

/* There is no such flag: it is all capabilities, with all devices or nothing masked. */
static void judge_privileged(const struct spec *s, const struct json *process, struct place at)
{
	const struct cap_fact *c = &s->f->caps;
	struct facts *f = s->f;
	bool all = c->known[CAPS_BOUNDING] && caps_as_good_as_all(c->bits[CAPS_BOUNDING]);
	bool open = f->fact[FACT_DEVICES_ALL].is == TRI_YES ||
		    (f->list[LIST_UNMASKED].count && f->list[LIST_PROC_WRITABLE].count);

	if (all && open && f->seccomp.mode == SECM_NOT_SET)
		fact_set(f, FACT_PRIVILEGED, TRI_YES, c->at[CAPS_BOUNDING],
			 "all capabilities, no seccomp, devices or /proc open");
	else if (process && c->known[CAPS_BOUNDING])
		fact_set(f, FACT_PRIVILEGED, TRI_NO, at, NULL);
	else
		fact_set(f, FACT_PRIVILEGED, TRI_UNKNOWN, at, "its capabilities are not known");
}

static void read_root(const struct spec *s, const struct json *root, struct place at)
{
	const struct json *v = spec_obj(root, "root"), *ro = json_get(v, "readonly");
	const struct json *lx = spec_obj(root, "linux");
	const struct json *prop = json_get(lx, "rootfsPropagation");
	const char *word = spec_str(lx, "rootfsPropagation");
	bool shared = word && (strcmp(word, "shared") == 0 || strcmp(word, "rshared") == 0);

	if (v)
		at = spec_at(s, ro ? ro : v);
	fact_set(s->f, FACT_ROOTFS_READONLY, spec_true(v, "readonly") ? TRI_YES : TRI_NO, at, NULL);
	fact_set(s->f, FACT_SHARED_ROOT, shared ? TRI_YES : TRI_NO, prop ? spec_at(s, prop) : at,
		 word);
}

/* ---- The whole ---------------------------------------------------------------------------- */

static const char *annotation(const struct facts *f, const char *const *keys)
{
	const char *text = NULL;

	for (; *keys && !text; keys++)
		text = spec_str(f->annotations, *keys);
	return text;
}

/* Engines say who they are by their annotations. */
static void read_annotations(struct facts *f, const struct json *root)
{
	static const char *const names[] = { "io.kubernetes.cri.container-name",
					     "io.kubernetes.container.name", NULL };
	static const char *const images[] = { "io.kubernetes.cri.image-name",
					      "io.kubernetes.cri-o.ImageName", NULL };
	static const char *const spaces[] = { "io.kubernetes.cri.sandbox-namespace",
					      "io.kubernetes.pod.namespace", NULL };
	static const char *const pods[] = { "io.kubernetes.cri.sandbox-name",
					    "io.kubernetes.pod.name", NULL };
	const struct json *list = spec_obj(root, "annotations");
	const char *manager;

	if (!f->annotations)
		f->annotations = list;
	manager = spec_str(list, "io.container.manager");
	if (!f->engine && manager)
		f->engine = strcmp(manager, "libpod") == 0 ? "podman" : manager;
	else if (!f->engine && spec_str(list, "io.kubernetes.cri.container-type"))
		f->engine = "containerd";
	else if (!f->engine && spec_str(list, "io.kubernetes.cri-o.ContainerType"))
		f->engine = "cri-o";
	if (!f->name)
		f->name = annotation(f, names);
	if (!f->image)
		f->image = annotation(f, images);
	if (!f->ns)
		f->ns = annotation(f, spaces);
	if (!f->pod)
		f->pod = annotation(f, pods);
}

/* Where something is missing, the object around it is the place. */
static struct place place_in(const struct spec *s, const struct json *v, struct place around)
{
	return v ? spec_at(s, v) : around;
}

static void read_spec(const struct spec *s, const struct json *root)
{
	const struct json *process = spec_obj(root, "process"), *lx = spec_obj(root, "linux");
	struct place at = spec_at(s, root), in_linux = place_in(s, lx, at);

	if (!s->a->facts_only)
		spec_check(s, root, oci_spec_rows);
	read_annotations(s->f, root);
	s->f->windows = !lx && spec_obj(root, "windows");
	read_namespaces(s, lx, in_linux);
	read_ids(s, lx, process, place_in(s, process, at));
	read_groups(s, lx, process);
	read_process(s, process, place_in(s, process, at));
	read_mounts(s, root, at);
	read_devices(s, lx, in_linux);
	read_pids(s, lx, in_linux);
	read_sysctls(s, lx);
	read_hooks(s, root);
	read_masks(s, root, lx, in_linux);
	read_seccomp(s, lx, in_linux);
	read_root(s, root, at);
	judge_privileged(s, process, at);
}

void facts_from_spec(struct audit *a, struct facts *f, const struct json *root)
{
	struct spec_told told = { 0 };
	struct spec s = { .a = a, .f = f, .told = &told };

	read_spec(&s, root);
}

void from_oci(struct audit *a, const struct source *src, const struct json *root)
{
	struct facts *f = audit_object(a, IN_OCI, src, root);
	const char *hostname = spec_str(root, "hostname");

	if (!f)
		return;
	f->object = hostname ? arena_printf(a->arena, "spec/%s", hostname) : "spec";
	if (!root || root->type != JSON_OBJECT) {
		audit_diag(a, DIAG_BAD_TYPE, f, &f->at, "a configuration is an object");
		return;
	}
	facts_from_spec(a, f, root);
	if (f->ns && f->pod)
		f->object = arena_printf(a->arena, "spec/%s/%s%s%s", f->ns, f->pod,
					 f->name ? ":" : "", f->name ? f->name : "");
}
