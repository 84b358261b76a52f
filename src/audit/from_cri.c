/* SPDX-License-Identifier: Apache-2.0 */
/* What `crictl inspect` says of one container. info.runtimeSpec is the whole OCI configuration: what
 * the kernel was told. info.config is what the kubelet asked for: it names what a
 * configuration cannot say (privileged, seccomp unconfined, that a namespace is the node's). A
 * runtime that gives no runtimeSpec leaves the latter alone. Its enumerations are numbers, and
 * what is 0 is left out. */
#include <string.h>
#include <strings.h>

#include "audit/spec.h"
#include "base/cleanup.h"
#include "base/num.h"

/* runtime.v1 NamespaceMode, SecurityProfile.ProfileType, MountPropagation */
enum { NS_POD, NS_CONTAINER, NS_NODE, NS_TARGET };
enum { PROFILE_DEFAULT, PROFILE_UNCONFINED, PROFILE_LOCALHOST };
enum { PROPAGATION_BIDIRECTIONAL = 2 };

struct cri {
	struct spec s;
	struct facts *f;
	const struct json *status, *info, *config, *security; /* security: or NULL */
	struct place at;
};

static const struct json *first(const struct json *list)
{
	return list && list->type == JSON_ARRAY ? list->child : NULL;
}

static int64_t number(const struct json *obj, const char *key, int64_t otherwise)
{
	(void)spec_int(json_get(obj, key), &otherwise);
	return otherwise;
}

/* A value of an enumeration: by number, as containerd writes its configuration, or by name. */
static int64_t choice(const struct json *obj, const char *key, const char *const *names,
		      size_t count, int64_t otherwise)
{
	const char *name = spec_str(obj, key);

	for (size_t i = 0; name && i < count; i++)
		if (!strcasecmp(name, names[i]))
			return (int64_t)i;
	return number(obj, key, otherwise);
}

static int64_t ns_choice(const struct json *options, const char *key, int64_t otherwise)
{
	static const char *const names[] = { "POD", "CONTAINER", "NODE", "TARGET" };

	return choice(options, key, names, ARRAY_LEN(names), otherwise);
}

static int64_t profile_choice(const struct json *profile)
{
	static const char *const names[] = { "RuntimeDefault", "Unconfined", "Localhost" };

	return choice(profile, "profile_type", names, ARRAY_LEN(names), PROFILE_DEFAULT);
}

static bool is_shared(const struct json *mount)
{
	static const char *const names[] = { "PROPAGATION_PRIVATE", "PROPAGATION_HOST_TO_CONTAINER",
					     "PROPAGATION_BIDIRECTIONAL" };

	return choice(mount, "propagation", names, ARRAY_LEN(names), 0) ==
	       PROPAGATION_BIDIRECTIONAL;
}

static struct place in_security(const struct cri *c, const char *key)
{
	const struct json *v = json_get(c->security, key);

	return v ? spec_at(&c->s, v) : c->at;
}

/* ---- What a configuration does not say ---------------------------------------------------- */

/* Containers of a pod on the host's network join the sandbox by path, which is in none of its
 * own. `otherwise` of a word that is 0 and left out is POD. */
static void refine_namespace(struct cri *c, enum ns_type ns, const char *key)
{
	const struct json *options = spec_obj(c->security, "namespace_options");
	const struct json *v = json_get(options, key);
	struct place at = v ? spec_at(&c->s, v) : options ? spec_at(&c->s, options) : c->at;
	int64_t mode = ns_choice(options, key, NS_POD);
	struct ns_fact *fact = &c->f->ns_of[ns];

	if (!options)
		return;
	if (mode == NS_NODE)
		ns_set(c->f, ns, NSM_HOST, at, "NODE");
	else if (mode == NS_TARGET)
		ns_set(c->f, ns, NSM_CONTAINER, at, spec_str(options, "target_id"));
	else if (fact->mode == NSM_UNKNOWN || fact->mode == NSM_PATH)
		ns_set(c->f, ns, mode == NS_CONTAINER ? NSM_OWN : NSM_POD, at, NULL);
}

static void refine_privileged(struct cri *c)
{
	const struct json *v = json_get(c->security, "privileged");

	if (!v)
		v = json_get(c->info, "privileged"); /* CRI-O */
	/* What has the shape of it is it, whatever it is called. */
	if (c->f->fact[FACT_PRIVILEGED].is == TRI_YES && !(v && v->boolean))
		return;
	if (v && v->type == JSON_BOOL)
		fact_set(c->f, FACT_PRIVILEGED, v->boolean ? TRI_YES : TRI_NO, spec_at(&c->s, v),
			 NULL);
	else if (c->security && !v) /* false is left out */
		fact_set(c->f, FACT_PRIVILEGED, TRI_NO, c->at, NULL);
}

static void refine_seccomp(struct cri *c)
{
	const struct json *profile = spec_obj(c->security, "seccomp");
	const struct json *type = json_get(profile, "profile_type");
	struct mode_fact *m = &c->f->seccomp;

	if (profile && profile_choice(profile) == PROFILE_UNCONFINED)
		*m = (struct mode_fact){ SECM_UNCONFINED, spec_at(&c->s, type), "Unconfined" };
}

static void read_ports(struct cri *c)
{
	const struct json *list = spec_list(c->config, "port_mappings");

	list_whole(c->f, LIST_PORTS);
	for (const struct json *v = first(list); v; v = v->next) {
		int64_t port = number(v, "host_port", 0);
		const char *ip = spec_str(v, "host_ip");

		if (port > 0)
			list_add(c->s.a, c->f, LIST_PORTS, spec_at(&c->s, v),
				 arena_printf(c->s.a->arena, "%s:%lld", ip ? ip : "0.0.0.0",
					      (long long)port))
				->num = port;
	}
}

static void refine_selinux(struct cri *c)
{
	static const char *const keys[] = { "user", "role", "type" };
	const struct json *options = spec_obj(c->security, "selinux_options");
	const char *type = spec_str(options, "type");

	list_whole(c->f, LIST_SELINUX);
	if (type && (strcmp(type, "spc_t") == 0 || strcmp(type, "unconfined_t") == 0))
		c->f->selinux = (struct mode_fact){ LSMM_UNCONFINED,
						    spec_at(&c->s, json_get(options, "type")),
						    type };
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		const char *word = spec_str(options, keys[i]);

		if (word)
			list_add(c->s.a, c->f, LIST_SELINUX,
				 spec_at(&c->s, json_get(options, keys[i])),
				 arena_printf(c->s.a->arena, "%s:%s", keys[i], word));
	}
}

/* ---- The request alone -------------------------------------------------------------------- */

static void read_caps(struct cri *c)
{
	const struct json *caps = spec_obj(c->security, "capabilities");
	const struct json *add = spec_list(caps, "add_capabilities");
	const struct json *drop = spec_list(caps, "drop_capabilities");
	struct cap_names a = spec_caps_add(&c->s, add, true);
	struct cap_names d = spec_caps(&c->s, drop, true);
	struct place at = caps ? spec_at(&c->s, caps) : c->at;
	struct cap_fact *fact = &c->f->caps;
	uint64_t bits = d.all ? 0 : caps_docker & ~d.bits;

	fact->all = caps_known();
	bits |= a.all || c->f->fact[FACT_PRIVILEGED].is == TRI_YES ? fact->all : a.bits;
	for (int set = CAPS_BOUNDING; set <= CAPS_PERMITTED; set++) {
		fact->known[set] = true;
		fact->bits[set] = bits;
		fact->at[set] = at;
	}
	fact->named_all = a.all != NULL;
	if (a.all)
		fact->all_at = spec_at(&c->s, a.all);
	fact->dropped_at = drop ? spec_at(&c->s, drop) : at;
	fact_set(c->f, FACT_DROPS_ALL, d.all ? TRI_YES : TRI_NO, fact->dropped_at, NULL);
	for (int set = CAPS_INHERITABLE; set <= CAPS_AMBIENT; set++) {
		fact->known[set] = true;
		fact->at[set] = at;
	}
	fact->bits[CAPS_AMBIENT] =
		spec_caps(&c->s, spec_list(caps, "add_ambient_capabilities"), true).bits;
}

static void read_userns(struct cri *c)
{
	const struct json *options = spec_obj(c->security, "namespace_options");
	const struct json *user = spec_obj(options, "userns_options");
	const struct json *maps = spec_list(user, "uids");
	struct place at = user ? spec_at(&c->s, user) : c->at;
	bool own = user && ns_choice(user, "mode", NS_POD) != NS_NODE;

	ns_set(c->f, NST_USER, own ? NSM_OWN : NSM_HOST, at, NULL);
	fact_set(c->f, FACT_USERNS_MAPS_ROOT, TRI_NO, at, NULL);
	for (const struct json *v = own ? first(maps) : NULL; v; v = v->next)
		if (number(v, "host_id", 0) == 0 && number(v, "length", 0) > 0)
			fact_set(c->f, FACT_USERNS_MAPS_ROOT, TRI_YES, spec_at(&c->s, v), NULL);
}

static void read_user(struct cri *c)
{
	const struct json *uid = json_get(spec_obj(c->security, "run_as_user"), "value");
	const char *name = spec_str(c->security, "run_as_username");
	enum tri root = TRI_UNKNOWN;
	const char *text = "the image decides on the user";
	int64_t n = -1;

	/* {"value": 0} is written as {} */
	if (!uid && spec_obj(c->security, "run_as_user"))
		n = 0;
	else
		(void)spec_int(uid, &n);
	if (n >= 0)
		root = n == 0 ? TRI_YES : TRI_NO;
	else if (name)
		root = strcmp(name, "root") == 0 || strcmp(name, "0") == 0 ? TRI_YES : TRI_NO;
	if (root != TRI_UNKNOWN)
		text = name ? name : n == 0 ? "0" : NULL;
	fact_set(c->f, FACT_ROOT, root, in_security(c, "run_as_user"), text);
	if (c->f->ns_of[NST_USER].mode == NSM_OWN &&
	    c->f->fact[FACT_USERNS_MAPS_ROOT].is != TRI_YES)
		root = TRI_NO;
	fact_set(c->f, FACT_ROOT_OF_HOST, root, in_security(c, "run_as_user"), text);
}

static void read_confinement(struct cri *c)
{
	const struct json *sec = spec_obj(c->security, "seccomp");
	const struct json *aa = spec_obj(c->security, "apparmor");
	int64_t type = profile_choice(sec);
	struct mode_fact *m = &c->f->seccomp;

	*m = (struct mode_fact){ SECM_NOT_SET, sec ? spec_at(&c->s, sec) : c->at, NULL };
	if (sec)
		m->mode = type == PROFILE_UNCONFINED ? SECM_UNCONFINED
			  : type == PROFILE_DEFAULT  ? SECM_DEFAULT
						     : SECM_OPAQUE;
	if (m->mode == SECM_OPAQUE) {
		m->text = "its seccomp profile is a file of the node";
		list_unknown(c->f, LIST_SECCOMP_WEAK, m->text);
	} else {
		list_whole(c->f, LIST_SECCOMP_WEAK);
	}
	type = profile_choice(aa);
	c->f->apparmor = (struct mode_fact){ .at = aa ? spec_at(&c->s, aa) : c->at };
	c->f->apparmor.mode = !aa || type == PROFILE_DEFAULT ? LSMM_DEFAULT
			      : type == PROFILE_UNCONFINED   ? LSMM_UNCONFINED
							     : LSMM_CUSTOM;
	c->f->selinux = (struct mode_fact){ .mode = LSMM_DEFAULT, .at = c->at };
}

static void read_mounts(struct cri *c)
{
	c->f->mounts_whole = TRI_YES;
	for (const struct json *v = first(spec_list(c->config, "mounts")); v; v = v->next) {
		struct mount_fact *m = mount_add(c->s.a, c->f, spec_at(&c->s, v));

		m->source = spec_str(v, "host_path");
		m->target = spec_str(v, "container_path");
		m->readonly = spec_true(v, "readonly") ? TRI_YES : TRI_NO;
		m->shared = is_shared(v) ? TRI_YES : TRI_NO;
		m->kind = spec_engine_mount(m->source, m->target) ? MK_VOLUME : MK_BIND;
	}
	list_whole(c->f, LIST_DEVICES);
	for (const struct json *v = first(spec_list(c->config, "devices")); v; v = v->next) {
		const char *path = spec_str(v, "host_path");

		if (path && spec_device_extra(path))
			list_add(c->s.a, c->f, LIST_DEVICES, spec_at(&c->s, v), path);
	}
}

/* What the kubelet asked for, where the runtime does not say what it made of it. */
static void read_request(struct cri *c)
{
	static const char why[] = "the runtime gives no configuration (info.runtimeSpec)";
	const struct json *args = json_get(c->config, "args");
	const struct json *command = json_get(c->config, "command");
	const struct json *masked = spec_list(c->security, "masked_paths");
	struct facts *f = c->f;
	bool privileged = f->fact[FACT_PRIVILEGED].is == TRI_YES;

	read_userns(c);
	read_user(c);
	read_caps(c);
	read_confinement(c);
	read_mounts(c);
	if (masked || privileged)
		spec_masks(&c->s, masked, spec_list(c->security, "readonly_paths"), c->at);
	list_whole(f, LIST_UNMASKED);
	list_whole(f, LIST_PROC_WRITABLE);
	list_whole(f, LIST_GROUPS);
	for (const struct json *v = first(spec_list(c->security, "supplemental_groups")); v;
	     v = v->next)
		if (v->type == JSON_NUMBER)
			spec_group(&c->s, spec_at(&c->s, v), v->text);
	fact_set(f, FACT_NO_NEW_PRIVS, spec_true(c->security, "no_new_privs") ? TRI_YES : TRI_NO,
		 in_security(c, "no_new_privs"), NULL);
	fact_set(f, FACT_ROOTFS_READONLY,
		 spec_true(c->security, "readonly_rootfs") ? TRI_YES : TRI_NO,
		 in_security(c, "readonly_rootfs"), NULL);
	fact_set(f, FACT_CGROUP_WRITABLE, privileged ? TRI_YES : TRI_NO, c->at, NULL);
	fact_set(f, FACT_DEVICES_ALL, privileged ? TRI_YES : TRI_NO, c->at, NULL);
	fact_set(f, FACT_PIDS_LIMITED, TRI_UNKNOWN, c->at, why);
	fact_set(f, FACT_PROC_MISMATCH, TRI_NO, c->at, NULL);
	list_unknown(f, LIST_HOOKS, why);
	list_unknown(f, LIST_SYSCTLS, why);
	spec_cwd(&c->s, json_get(c->config, "working_dir"));
	f->command = spec_words(c->s.a->arena, command);
	/* Arguments alone are for the image's entry point, which is not known. */
	spec_init(&c->s, command, command && command->count ? args : NULL,
		  command ? spec_at(&c->s, command) : c->at);
}

/* ---- The whole ---------------------------------------------------------------------------- */

static void name_it(struct cri *c)
{
	const struct json *labels = spec_obj(c->status, "labels");
	const struct json *meta = spec_obj(c->status, "metadata");
	struct arena *arena = c->s.a->arena;
	struct facts *f = c->f;

	f->name = spec_str(meta, "name");
	f->id = spec_str(c->status, "id");
	f->image = spec_str(spec_obj(c->status, "image"), "image");
	if (!f->image)
		f->image = spec_str(c->status, "imageRef");
	f->ns = spec_str(labels, "io.kubernetes.pod.namespace");
	f->pod = spec_str(labels, "io.kubernetes.pod.name");
	f->labels = labels;
	if (f->ns && f->pod && f->name)
		f->object = arena_printf(arena, "container/%s/%s:%s", f->ns, f->pod, f->name);
	else
		f->object = arena_printf(arena, "container/%s",
					 f->name ? f->name
					 : f->id ? f->id
						 : "?");
}

void from_cri(struct audit *a, const struct source *src, const struct json *root)
{
	struct facts *f = audit_object(a, IN_CRI, src, root);
	struct cri c = { .s = { .a = a, .f = f }, .f = f };
	const struct json *spec;

	if (!f)
		return;
	c.status = spec_obj(root, "status");
	c.info = spec_obj(root, "info");
	c.config = spec_obj(c.info, "config");
	c.security = spec_obj(spec_obj(c.config, "linux"), "security_context");
	c.at = c.security ? spec_at(&c.s, c.security) : f->at;
	spec = spec_obj(c.info, "runtimeSpec");
	name_it(&c);
	if (!spec && !c.config) {
		audit_diag(
			a, DIAG_UNRESOLVED, f, &f->at,
			"there is neither a configuration nor a request in it (info.runtimeSpec, info.config): run crictl as root");
		return;
	}
	if (spec)
		facts_from_spec(a, f, spec);
	else
		f->annotations = spec_obj(c.status, "annotations");
	refine_namespace(&c, NST_PID, "pid");
	refine_namespace(&c, NST_NET, "network");
	refine_namespace(&c, NST_IPC, "ipc");
	refine_privileged(&c);
	if (!spec)
		read_request(&c);
	refine_seccomp(&c);
	refine_selinux(&c);
	read_ports(&c);
}
