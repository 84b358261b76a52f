/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <fnmatch.h>
#include <string.h>
#include <strings.h>

#include "audit/danger.h"
#include "audit/spec.h"
#include "base/cleanup.h"
#include "base/names.h"
#include "base/num.h"

/* Tables hold their texts rather than pointers to them: the runtime reads this too, and each page
 * of pointers is a page to be relocated at its start. */

/* ---- Paths -------------------------------------------------------------------------------- */

static bool is_normal(const char *path, size_t len)
{
	return !strstr(path, "//") && !strstr(path, "/.") && (len == 1 || path[len - 1] != '/');
}

const char *spec_normal(struct arena *a, const char *path)
{
	size_t len = strlen(path), n = 0;
	char *out;

	if (path[0] != '/' || len > 1 << 16 || is_normal(path, len))
		return path;
	out = arena_alloc(a, len + 2);
	while (*path) {
		size_t part;

		path += strspn(path, "/");
		part = strcspn(path, "/");
		if (part == 2 && path[0] == '.' && path[1] == '.') {
			while (n > 0 && out[--n] != '/')
				;
		} else if (part && !(part == 1 && path[0] == '.')) {
			out[n++] = '/';
			memcpy(out + n, path, part);
			n += part;
		}
		path += part;
	}
	if (n == 0)
		out[n++] = '/';
	out[n] = '\0';
	return out;
}

bool spec_below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	if (n == 1)
		return path[0] == '/';
	return strncmp(path, dir, n) == 0 && (path[n] == '\0' || path[n] == '/');
}

/* ---- Capabilities ------------------------------------------------------------------------- */

static int cap_of(const struct spec *s, const struct json *v, bool engine)
{
	struct place at = spec_at(s, v);
	int cap;

	if (v->type != JSON_STRING) {
		audit_diag(s->a, DIAG_BAD_TYPE, s->f, &at,
			   "the name of a capability is a string, this is none");
		return -1;
	}
	/* A runtime wants the whole name: without CAP_ it is none. */
	cap = engine ? cap_from_name(v->text, true) : name_cap(v->text);
	if (cap >= 0)
		return cap;
	cap = cap_from_name(strncmp(v->text, "CAP_CAP_", 8) == 0 ? v->text + 4 : v->text, true);
	if (cap >= 0) {
		audit_diag(s->a, DIAG_UNKNOWN_VALUE, s->f, &at,
			   "unknown capability \"%.64s\", which is left out; did you mean \"%s\"?",
			   v->text, cap_name(cap));
		return -1;
	}
	for (int i = 0; i < CAPS_MAX && cap_name(i); i++)
		if (word_is_near(v->text, cap_name(i)) || word_is_near(v->text, cap_name(i) + 4)) {
			audit_diag(s->a, DIAG_UNKNOWN_VALUE, s->f, &at,
				   "unknown capability \"%.64s\"; did you mean \"%s\"?", v->text,
				   cap_name(i));
			return -1;
		}
	audit_diag(s->a, DIAG_UNKNOWN_VALUE, s->f, &at, "unknown capability \"%.64s\"", v->text);
	return -1;
}

static void add_cap(const struct spec *s, const struct json *v, int cap)
{
	struct cap_fact *c = &s->f->caps;
	struct place *at;

	if (c->added >> cap & 1)
		return;
	at = ARENA_NEW(s->a->arena, struct place);
	*at = spec_at(s, v);
	c->added |= UINT64_C(1) << cap;
	c->added_at[cap] = at;
}

static struct cap_names read_caps(const struct spec *s, const struct json *list, bool engine,
				  bool added)
{
	struct cap_names ret = { 0 };

	if (!list || list->type != JSON_ARRAY)
		return ret;
	for (const struct json *v = list->child; v; v = v->next) {
		int cap;

		if (engine && v->type == JSON_STRING && strcasecmp(v->text, "ALL") == 0) {
			ret.all = v;
			continue;
		}
		cap = cap_of(s, v, engine);
		if (cap < 0)
			continue;
		ret.bits |= UINT64_C(1) << cap;
		if (added)
			add_cap(s, v, cap);
	}
	return ret;
}

struct cap_names spec_caps(const struct spec *s, const struct json *list, bool engine)
{
	return read_caps(s, list, engine, false);
}

struct cap_names spec_caps_add(const struct spec *s, const struct json *list, bool engine)
{
	return read_caps(s, list, engine, true);
}

/* CAP_AUDIT_READ, of Linux 3.16: no kernel in use has fewer. */
enum { CAP_OLDEST_LAST = 37 };

void spec_caps_all(struct facts *f)
{
	uint64_t all = caps_known(), b = f->caps.bits[CAPS_BOUNDING];

	for (int last = CAP_OLDEST_LAST; last < CAPS_MAX - 1; last++)
		if (b == (UINT64_C(1) << (last + 1)) - 1)
			all = b;
	f->caps.all = all;
}

/* Half of the smallest default set of an engine. */
bool spec_caps_dropped(uint64_t bounding)
{
	return __builtin_popcountll(bounding & caps_docker) * 2 < __builtin_popcountll(caps_crio);
}

/* ---- Options of mounts -------------------------------------------------------------------- */

struct spec_words spec_mount_words(const struct json *m)
{
	const struct json *list = spec_list(m, "options");
	struct spec_words w = { 0 };

	for (const struct json *v = list ? list->child : NULL; v; v = v->next) {
		const char *o = v->type == JSON_STRING ? v->text : "";

		if (strcmp(o, "bind") == 0 || strcmp(o, "rbind") == 0)
			w.bind = true;
		else if (strcmp(o, "ro") == 0 || strcmp(o, "rro") == 0)
			w.ro = true;
		else if (strcmp(o, "rw") == 0 || strcmp(o, "rrw") == 0)
			w.ro = false;
		else if (strcmp(o, "shared") == 0 || strcmp(o, "rshared") == 0)
			w.shared = true;
		else if (strcmp(o, "private") == 0 || strcmp(o, "rprivate") == 0 ||
			 strcmp(o, "slave") == 0 || strcmp(o, "rslave") == 0 ||
			 strcmp(o, "unbindable") == 0 || strcmp(o, "runbindable") == 0)
			w.shared = false;
	}
	return w;
}

/* ---- /proc and /sys ----------------------------------------------------------------------- */

static bool covers(struct arena *a, const struct json *list, const char *path)
{
	for (const struct json *v = list ? list->child : NULL; v; v = v->next)
		if (v->type == JSON_STRING && v->text[0] == '/' &&
		    (strcmp(v->text, path) == 0 || spec_below(path, spec_normal(a, v->text))))
			return true;
	return false;
}

void spec_masks(const struct spec *s, const struct json *masked, const struct json *readonly,
		struct place at)
{
	struct arena *a = s->a->arena;
	struct place mask_at = masked ? spec_at(s, masked) : at;
	struct place ro_at = readonly ? spec_at(s, readonly) : at;

	for (size_t i = 0; i < MASKED_PATHS; i++)
		if (!covers(a, masked, masked_paths[i]))
			list_add(s->a, s->f, LIST_UNMASKED, mask_at, masked_paths[i]);
	for (size_t i = 0; i < READONLY_PATHS; i++)
		if (!covers(a, readonly, readonly_paths[i]) &&
		    !covers(a, masked, readonly_paths[i]))
			list_add(s->a, s->f, LIST_PROC_WRITABLE, ro_at, readonly_paths[i]);
	list_whole(s->f, LIST_UNMASKED);
	list_whole(s->f, LIST_PROC_WRITABLE);
}

void spec_unmasked(const struct spec *s, struct place at)
{
	spec_masks(s, NULL, NULL, at);
}

/* Do the lists leave `path` of /proc open in the procfs at `target`? */
static bool is_open(struct arena *a, const char *target, const char *path,
		    const struct json *masked, const struct json *readonly)
{
	if (!spec_below(path, "/proc"))
		return false;
	path = arena_printf(a, "%s%s", target, path + strlen("/proc"));
	return !covers(a, masked, path) && !covers(a, readonly, path);
}

/* One item for what of it is open. */
static void judge_procfs(const struct spec *s, const char *target, bool readonly_mount,
			 const struct spec_covers *by, struct place at)
{
	struct arena *a = s->a->arena;
	const char *text = arena_printf(a, SPEC_OTHER_PROCFS, target);
	bool masks = false, writable = false;

	target = strcmp(target, "/") == 0 ? "" : target;
	for (size_t i = 0; i < MASKED_PATHS && !masks; i++)
		masks = is_open(a, target, masked_paths[i], by->masked, NULL);
	for (size_t i = 0; i < READONLY_PATHS && !writable && !readonly_mount; i++)
		writable = is_open(a, target, readonly_paths[i], by->masked, by->readonly);
	if (masks)
		list_add(s->a, s->f, LIST_UNMASKED, at, text);
	if (writable)
		list_add(s->a, s->f, LIST_PROC_WRITABLE, at, text);
}

enum { COVERED_MAX = 64 }; /* mounts of procfs that are looked for among the ones after them */

/* A procfs that is to be seen beside the one at /proc: not one that shows processes only, nor one
 * that a later mount covers. */
static bool is_other_procfs(const struct json *v, const char *target, size_t n)
{
	const struct json *list = spec_list(v, "options");

	if (strcmp(target, "/proc") == 0)
		return false;
	for (const struct json *o = list ? list->child : NULL; o; o = o->next)
		if (o->type == JSON_STRING && strstr(o->text, "subset=pid"))
			return false;
	for (const struct json *m = v->next; m && n < COVERED_MAX; m = m->next) {
		const char *dest = spec_str(m, "destination");

		if (dest && spec_below(target, dest))
			return false;
	}
	return true;
}

void spec_other_procfs(const struct spec *s, const struct json *mounts,
		       const struct spec_covers *by)
{
	size_t n = 0;

	for (const struct json *v = mounts ? mounts->child : NULL; v; v = v->next) {
		const char *type = spec_str(v, "type"), *target = spec_str(v, "destination");
		struct spec_words w;

		if (!type || strcmp(type, "proc") != 0 || !target)
			continue;
		w = spec_mount_words(v);
		target = spec_normal(s->a->arena, target);
		if (!w.bind && is_other_procfs(v, target, n++))
			judge_procfs(s, target, w.ro, by, spec_at(s, v));
	}
}

/* ---- The working directory, devices ------------------------------------------------------- */

/* /proc/PID/fd, /proc/PID/cwd, /proc/PID/task/TID/root ... */
static bool is_proc_link(const char *path)
{
	const char *p = path;

	if (spec_below(path, "/dev/fd"))
		return true;
	if (strncmp(path, "/proc/", 6) != 0)
		return false;
	for (p = strchr(p + 6, '/'); p; p = strchr(p + 1, '/'))
		if (spec_below(p, "/fd") || spec_below(p, "/cwd") || spec_below(p, "/root"))
			return true;
	return false;
}

/* ".." behind such a link leads up from where the link leads to: every part of the way counts. */
void spec_cwd(const struct spec *s, const struct json *cwd)
{
	enum { PARTS_MAX = 64 };
	size_t n = 0;

	list_whole(s->f, LIST_FD_LEAKS);
	if (!cwd || cwd->type != JSON_STRING || cwd->text[0] != '/')
		return;
	for (const char *p = cwd->text + 1; p && n < PARTS_MAX; n++) {
		const char *part;

		p = strchr(p, '/');
		part = p ? arena_strndup(s->a->arena, cwd->text, (size_t)(p - cwd->text))
			 : cwd->text;
		if (is_proc_link(spec_normal(s->a->arena, part))) {
			list_add(s->a, s->f, LIST_FD_LEAKS, spec_at(s, cwd), cwd->text);
			return;
		}
		p = p ? p + 1 : NULL;
	}
}

bool spec_device_extra(const char *path)
{
	static const char usual[][14] = {
		"/dev/null",  "/dev/zero",    "/dev/full",   "/dev/random", "/dev/urandom",
		"/dev/tty",   "/dev/console", "/dev/ptmx",   "/dev/pts",    "/dev/fd",
		"/dev/stdin", "/dev/stdout",  "/dev/stderr", "/dev/shm",    "/dev/mqueue",
	};

	for (size_t i = 0; i < ARRAY_LEN(usual); i++)
		if (strcmp(path, usual[i]) == 0)
			return false;
	return true;
}

struct item *spec_device(const struct spec *s, struct place at, const char *text, const char *is)
{
	bool says = !is || fnmatch(is, text, 0) == 0;
	struct item *i = list_add(s->a, s->f, LIST_DEVICES, at,
				  says ? text : arena_printf(s->a->arena, "%s (%s)", text, is));

	i->num = is != NULL;
	return i;
}

void spec_group(const struct spec *s, struct place at, const char *word)
{
	const char *name = danger_group(word);

	if (name)
		list_add(s->a, s->f, LIST_GROUPS, at, word)->arg = strcmp(name, word) != 0 ? name
											   : NULL;
}

/* Those that every container may use. */
static bool is_usual_number(int64_t major, int64_t minor)
{
	return (major == 1 &&
		(minor == 3 || minor == 5 || minor == 7 || minor == 8 || minor == 9)) ||
	       (major == 5 && (minor == 0 || minor == 2)) || major == 136;
}

struct device_rule {
	char type;            /* a, b, c */
	int64_t major, minor; /* -1: all */
	const char *access;
};

static bool number_or_star(const char *s, size_t len, int64_t *ret)
{
	*ret = -1;
	return (len == 1 && *s == '*') || num_i64(s, len, ret) == 0;
}

static bool parse_rule(const char *text, struct device_rule *ret)
{
	const char *p = text, *colon;

	*ret = (struct device_rule){ .type = *p, .major = -1, .minor = -1, .access = "rwm" };
	if (*p != 'a' && *p != 'b' && *p != 'c')
		return false;
	if (!p[1])
		return *p == 'a';
	if (p[1] != ' ')
		return false;
	p += 2;
	colon = strchr(p, ':');
	if (!colon || !number_or_star(p, (size_t)(colon - p), &ret->major))
		return false;
	p = colon + 1;
	if (!number_or_star(p, strcspn(p, " "), &ret->minor))
		return false;
	p += strcspn(p, " ");
	ret->access = *p ? p + 1 : "";
	return ret->access[strspn(ret->access, "rwm")] == '\0';
}

bool spec_device_rule(const struct spec *s, const char *text, struct place at)
{
	struct device_rule r;

	if (!parse_rule(text, &r))
		return false;
	if (r.type == 'a' || r.major < 0)
		fact_set(s->f, FACT_DEVICES_ALL, TRI_YES, at, text);
	else if (strpbrk(r.access, "rw") && !(r.type == 'c' && is_usual_number(r.major, r.minor)))
		(void)spec_device(s, at, text, danger_device(r.type, r.major, r.minor));
	return true;
}

/* ---- Mandatory access control ------------------------------------------------------------- */

void spec_apparmor(const struct spec *s, const char *profile, struct place at)
{
	struct mode_fact *m = &s->f->apparmor;

	m->at = at;
	m->text = profile;
	if (!profile || !*profile)
		m->mode = LSMM_NOT_SET;
	else if (strcmp(profile, "unconfined") == 0)
		m->mode = LSMM_UNCONFINED;
	else if (strcmp(profile, "docker-default") == 0 ||
		 strcmp(profile, "runtime/default") == 0 ||
		 strcmp(profile, "cri-containerd.apparmor.d") == 0 ||
		 strncmp(profile, "containers-default-", 19) == 0 ||
		 strncmp(profile, "crio-default", 12) == 0)
		m->mode = LSMM_DEFAULT;
	else
		m->mode = LSMM_CUSTOM;
}

/* "user:role:type:level" */
void spec_selinux(const struct spec *s, const char *label, struct place at)
{
	static const char names[][5] = { "user", "role", "type" };
	static const char fine[][4][20] = {
		{ "system_u" },
		{ "system_r" },
		{ "container_t", "container_init_t", "container_kvm_t", "container_engine_t" },
	};
	struct mode_fact *m = &s->f->selinux;
	const char *type = NULL;

	*m = (struct mode_fact){ .mode = LSMM_NOT_SET, .at = at };
	list_whole(s->f, LIST_SELINUX);
	if (!label || !*label)
		return;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		size_t n = strcspn(label, ":");
		const char *word = arena_strndup(s->a->arena, label, n);
		bool known = n == 0;

		for (size_t j = 0; j < ARRAY_LEN(fine[i]) && *fine[i][j]; j++)
			known |= strcmp(word, fine[i][j]) == 0;
		if (!known)
			list_add(s->a, s->f, LIST_SELINUX, at,
				 arena_printf(s->a->arena, "%s:%s", names[i], word));
		if (i == 2) {
			type = word;
			m->mode = known ? LSMM_DEFAULT : LSMM_CUSTOM;
		}
		label += n + (label[n] == ':');
	}
	m->text = type;
	if (strcmp(type, "spc_t") == 0 || strcmp(type, "unconfined_t") == 0 ||
	    strcmp(type, "unconfined_service_t") == 0)
		m->mode = LSMM_UNCONFINED;
}

/* ---- PID 1 -------------------------------------------------------------------------------- */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool is_shell(const char *arg0)
{
	static const char *const shells[] = {
		"sh", "ash", "bash", "dash", "zsh", "ksh", "busybox"
	};

	for (size_t i = 0; i < ARRAY_LEN(shells); i++)
		if (strcmp(base_name(arg0), shells[i]) == 0)
			return true;
	return false;
}

struct words {
	const struct json *at, *more;
};

static const char *next_word(struct words *w)
{
	while (w->at || w->more) {
		const struct json *v = w->at;

		if (!v) {
			w->at = w->more;
			w->more = NULL;
			continue;
		}
		w->at = v->next;
		if (v->type == JSON_STRING)
			return v->text;
	}
	return NULL;
}

/* The script of `sh -c SCRIPT`, or NULL. */
static const char *script_of(struct words w)
{
	const char *word = next_word(&w);

	if (!word || !is_shell(word))
		return NULL;
	if (strcmp(base_name(word), "busybox") == 0)
		word = next_word(&w);
	while ((word = next_word(&w)) && word[0] == '-')
		if (word[1] != '-' && strchr(word, 'c'))
			return next_word(&w);
	return NULL;
}

static const struct json *first_of(const struct json *list)
{
	return list && list->type == JSON_ARRAY ? list->child : NULL;
}

void spec_init_given(struct facts *f, struct place at, const char *what)
{
	fact_set(f, FACT_INIT_REAPS, TRI_YES, at, what);
	fact_set(f, FACT_INIT_TERM, TRI_YES, at, what);
}

void spec_init(const struct spec *s, const struct json *args, const struct json *more,
	       struct place at)
{
	struct words w = { first_of(args), first_of(more) };
	struct facts *f = s->f;
	const char *script = script_of(w), *arg0 = next_word(&w);

	if (!arg0) {
		fact_set(f, FACT_INIT_REAPS, TRI_UNKNOWN, at, "the image's command is not known");
		fact_set(f, FACT_INIT_TERM, TRI_UNKNOWN, at, "the image's command is not known");
		return;
	}
	if (init_is_known(arg0)) {
		spec_init_given(f, at, base_name(arg0));
		return;
	}
	fact_set(f, FACT_INIT_REAPS, TRI_NO, at, base_name(arg0));
	/* With `exec` the shell makes way for its command. What other programs do on SIGTERM no
	 * file tells; the rule is about shells, which wait for their child. */
	if (script && !strstr(script, "exec ") && !strstr(script, "trap "))
		fact_set(f, FACT_INIT_TERM, TRI_NO, at,
			 arena_printf(s->a->arena, "%s -c", base_name(arg0)));
	else
		fact_set(f, FACT_INIT_TERM, TRI_YES, at, base_name(arg0));
}

/* ---- Mounts ------------------------------------------------------------------------------- */

/* File systems that a kernel mounts without a disk: what they show is the host's. */
bool spec_kernel_fs(const char *type)
{
	static const char types[][12] = { "proc",    "sysfs",     "cgroup",     "cgroup2",
					  "debugfs", "tracefs",   "securityfs", "devtmpfs",
					  "devpts",  "mqueue",    "pstore",     "bpf",
					  "tmpfs",   "hugetlbfs", "configfs",   "efivarfs" };

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (strcmp(types[i], type) == 0)
			return true;
	return false;
}

void spec_volume_type(const struct spec *s, struct mount_fact *m, const char *type)
{
	m->kind = MK_VOLUME;
	if (!spec_kernel_fs(type))
		return;
	m->kind = MK_KERNEL;
	m->fstype = type;
	if (strcmp(type, "proc") == 0)
		m->host_proc = TRI_YES;
	if (strncmp(type, "cgroup", 6) != 0)
		return;
	m->host_cgroup = TRI_YES;
	if (m->readonly == TRI_NO)
		fact_set(s->f, FACT_CGROUP_WRITABLE, TRI_YES, m->at, m->target);
}

/* Directories that engines keep one container's or one volume's files in. */
bool spec_engine_mount(const char *source, const char *target)
{
	static const char inner[][48] = {
		"/etc/hosts",
		"/etc/hostname",
		"/etc/resolv.conf",
		"/dev/shm",
		"/run/.containerenv",
		"/run/secrets",
		"/run/podman-init",
		"/dev/init",
		"/sbin/docker-init",
		"/dev/termination-log",
		"/etc/mtab",
		"/run/notify",
		"/var/run/secrets/kubernetes.io/serviceaccount",
	};
	static const char own[][28] = {
		"/containers/",       "/overlay-containers/",        "/vfs-containers/",
		"/btrfs-containers/", "/io.containerd.grpc.v1.cri/", "/kubelet/pods/",
		"/userdata/",
	};
	const char *volume = source ? strstr(source, "/volumes/") : NULL;
	size_t i;

	if (!source || strstr(source, "/../") || strstr(source, "//"))
		return false;
	/* .../volumes/NAME/_data; kubelet's .../pods/UID/volumes/kubernetes.io~TYPE/NAME */
	if (volume && strchr(volume + 9, '/') &&
	    (spec_below(strchr(volume + 9, '/'), "/_data") ||
	     (strstr(source, "/kubelet/pods/") && strncmp(volume + 9, "kubernetes.io~", 14) == 0)))
		return true;
	for (i = 0; target && i < ARRAY_LEN(inner); i++)
		if (strcmp(target, inner[i]) == 0)
			break;
	if (!target || i == ARRAY_LEN(inner))
		return false;
	if (strcmp(base_name(source), "catatonit") == 0 || strcmp(base_name(source), "tini") == 0 ||
	    strcmp(base_name(source), "docker-init") == 0)
		return true;
	for (i = 0; i < ARRAY_LEN(own); i++)
		if (strstr(source, own[i]))
			return true;
	return false;
}
