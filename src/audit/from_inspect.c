/* SPDX-License-Identifier: Apache-2.0 */
/* What `docker inspect` and `podman inspect` say of one container. Podman writes Docker's form,
 * with members of its own and with other defaults. Null, [] and absence differ: MaskedPaths
 * is null for a privileged container of Docker's, and [] for systempaths=unconfined.
 *
 * Not to be seen here: what the daemon adds to every container (no-new-privileges in
 * daemon.json, a default ulimit), and where its profiles come from. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "audit/spec.h"
#include "base/cleanup.h"
#include "base/num.h"

struct inspect {
	struct spec s;
	struct facts *f;
	const struct json *root, *host, *config;
	bool podman, privileged, pod;
	struct place at; /* HostConfig: where what is missing would be */
};

#define TYPE(name, kind_)                      \
	{                                      \
		.key = (name), .kind = (kind_) \
	}
static const struct bind_row host_types[] = {
	TYPE("Privileged", BIND_BOOL),
	TYPE("ReadonlyRootfs", BIND_BOOL),
	TYPE("PublishAllPorts", BIND_BOOL),
	TYPE("Init", BIND_BOOL),
	TYPE("PidMode", BIND_STR),
	TYPE("IpcMode", BIND_STR),
	TYPE("UTSMode", BIND_STR),
	TYPE("NetworkMode", BIND_STR),
	TYPE("UsernsMode", BIND_STR),
	TYPE("CgroupnsMode", BIND_STR),
	TYPE("CgroupMode", BIND_STR),
	TYPE("CapAdd", BIND_STRINGS),
	TYPE("CapDrop", BIND_STRINGS),
	TYPE("SecurityOpt", BIND_STRINGS),
	TYPE("Binds", BIND_STRINGS),
	TYPE("GroupAdd", BIND_STRINGS),
	TYPE("MaskedPaths", BIND_STRINGS),
	TYPE("ReadonlyPaths", BIND_STRINGS),
	TYPE("DeviceCgroupRules", BIND_STRINGS),
	TYPE("VolumesFrom", BIND_STRINGS),
	TYPE("Devices", BIND_ARRAY),
	TYPE("DeviceRequests", BIND_ARRAY),
	TYPE("Mounts", BIND_ARRAY),
	TYPE("Sysctls", BIND_PAIRS),
	TYPE("PidsLimit", BIND_OPT_I64),
	TYPE("PortBindings", BIND_OBJ),
	{ 0 },
};
static const struct bind_row config_types[] = {
	TYPE("User", BIND_STR),
	TYPE("WorkingDir", BIND_STR),
	{ 0 },
};
static const struct bind_row root_types[] = {
	TYPE("HostConfig", BIND_OBJ),       TYPE("Config", BIND_OBJ),
	TYPE("Mounts", BIND_ARRAY),         TYPE("EffectiveCaps", BIND_STRINGS),
	TYPE("BoundingCaps", BIND_STRINGS), TYPE("AppArmorProfile", BIND_STR),
	TYPE("ProcessLabel", BIND_STR),     { 0 },
};

static struct place in_host(const struct inspect *i, const char *key)
{
	const struct json *v = json_get(i->host, key);

	return v ? spec_at(&i->s, v) : i->at;
}

static const struct json *first(const struct json *list)
{
	return list && list->type == JSON_ARRAY ? list->child : NULL;
}

/* ---- Namespaces --------------------------------------------------------------------------- */

/* "", "private", "host", "container:ID", Podman's "ns:PATH"; NSM_UNKNOWN for "". */
static enum ns_mode mode_of(const char *word)
{
	if (!word)
		return NSM_UNKNOWN;
	if (strcmp(word, "host") == 0)
		return NSM_HOST;
	if (strncmp(word, "container:", 10) == 0)
		return NSM_CONTAINER;
	if (strncmp(word, "ns:", 3) == 0)
		return NSM_PATH;
	return NSM_OWN;
}

static void read_mode(struct inspect *i, enum ns_type ns, const char *key, enum ns_mode otherwise)
{
	const char *word = spec_str(i->host, key);
	enum ns_mode mode = mode_of(word);

	if (mode == NSM_UNKNOWN)
		mode = otherwise;
	if (mode == NSM_CONTAINER && i->pod)
		mode = NSM_POD;
	ns_set(i->f, ns, mode, in_host(i, key), word);
	if (mode == NSM_PATH) {
		const char *path = spec_normal(i->s.a->arena, word + 3);

		i->f->ns_of[ns].text = word + 3;
		if (spec_below(path, "/proc/1") || spec_below(path, "/proc/self"))
			i->f->ns_of[ns].mode = NSM_HOST;
	}
}

/* A daemon that remaps users keeps its files below UID.GID; one without root in a home. */
static bool remapped(const struct json *root)
{
	static const char *const keys[] = { "ResolvConfPath", "HostnamePath", "LogPath",
					    "OCIConfigPath", "StaticDir" };

	for (size_t k = 0; k < ARRAY_LEN(keys); k++) {
		const char *p = spec_str(root, keys[k]), *end;

		if (!p)
			continue;
		if (strstr(p, "/.local/share/docker/") || strstr(p, "/.local/share/containers/"))
			return true;
		end = strstr(p, "/containers/");
		while (end && end > p && isdigit((unsigned char)end[-1]))
			end--;
		if (end && end > p && end[-1] == '.' && end - 1 > p &&
		    isdigit((unsigned char)end[-2]))
			return true;
	}
	return false;
}

static void read_userns(struct inspect *i)
{
	const char *word = spec_str(i->host, "UsernsMode");
	struct place at = in_host(i, "UsernsMode");
	bool mapped = spec_obj(i->host, "IDMappings") != NULL;

	if (word && strcmp(word, "host") == 0) {
		ns_set(i->f, NST_USER, remapped(i->root) && i->podman ? NSM_OWN : NSM_HOST, at,
		       word);
		fact_set(i->f, FACT_USERNS_EXPLICIT_HOST, TRI_YES, at, word);
		return;
	}
	read_mode(i, NST_USER, "UsernsMode", mapped || remapped(i->root) ? NSM_OWN : NSM_HOST);
	fact_set(i->f, FACT_USERNS_EXPLICIT_HOST, TRI_NO, at, word);
}

static void read_namespaces(struct inspect *i)
{
	const char *cgroup = i->podman ? "CgroupMode" : "CgroupnsMode";

	ns_set(i->f, NST_MNT, NSM_OWN, i->f->at, NULL);
	read_mode(i, NST_PID, "PidMode", NSM_OWN);
	read_mode(i, NST_NET, "NetworkMode", NSM_OWN);
	read_mode(i, NST_IPC, "IpcMode", NSM_OWN);
	read_mode(i, NST_UTS, "UTSMode", NSM_OWN);
	/* Engines before cgroup namespaces do not know the word, and have the host's. */
	read_mode(i, NST_CGROUP, cgroup, NSM_HOST);
	read_userns(i);
}

/* Podman's "CONTAINER:HOST:SIZE". */
static void read_mappings(struct inspect *i)
{
	const struct json *list = spec_list(spec_obj(i->host, "IDMappings"), "UidMap");

	fact_set(i->f, FACT_USERNS_MAPS_ROOT, TRI_NO, i->at, NULL);
	for (const struct json *v = first(list); v; v = v->next) {
		const char *colon = v->type == JSON_STRING ? strchr(v->text, ':') : NULL;

		/* Without root, ids here are those of the user's own namespace: 0 is the user. */
		if (!colon || strncmp(colon, ":0:", 3) != 0 || remapped(i->root))
			continue;
		fact_set(i->f, FACT_USERNS_MAPS_ROOT, TRI_YES, spec_at(&i->s, v), v->text);
	}
}

/* ---- Users and capabilities --------------------------------------------------------------- */

static void read_user(struct inspect *i)
{
	const struct json *v = json_get(i->config, "User");
	const char *user = spec_str(i->config, "User");
	struct place at = v ? spec_at(&i->s, v) : i->f->at;
	size_t n = user ? strcspn(user, ":") : 0;
	bool root = n == 0 || (n == 4 && strncmp(user, "root", 4) == 0) || strspn(user, "0") == n;
	enum ns_mode ns = i->f->ns_of[NST_USER].mode;
	bool of_host = ns == NSM_HOST || i->f->fact[FACT_USERNS_MAPS_ROOT].is == TRI_YES;

	if (!user)
		user = "no user is set: root";
	fact_set(i->f, FACT_ROOT, root ? TRI_YES : TRI_NO, at, user);
	fact_set(i->f, FACT_ROOT_OF_HOST, root && of_host ? TRI_YES : TRI_NO, at, user);
	if (root && !of_host && (ns == NSM_PATH || ns == NSM_CONTAINER))
		fact_set(i->f, FACT_ROOT_OF_HOST, TRI_UNKNOWN, at,
			 "the user namespace that it joins is not known");
}

static void read_groups(struct inspect *i)
{
	list_whole(i->f, LIST_GROUPS);
	for (const struct json *v = first(spec_list(i->host, "GroupAdd")); v; v = v->next)
		if (v->type == JSON_STRING)
			spec_group(&i->s, spec_at(&i->s, v), v->text);
}

static void set_caps(struct inspect *i, enum cap_set set, uint64_t bits, struct place at)
{
	i->f->caps.known[set] = true;
	i->f->caps.bits[set] = bits;
	i->f->caps.at[set] = at;
}

static void read_caps(struct inspect *i)
{
	const struct json *add = spec_list(i->host, "CapAdd"),
			  *drop = spec_list(i->host, "CapDrop");
	const struct json *bnd = spec_list(i->root, "BoundingCaps");
	const struct json *eff = spec_list(i->root, "EffectiveCaps");
	struct cap_names a = spec_caps_add(&i->s, add, true);
	struct cap_names d = spec_caps(&i->s, drop, true);
	struct cap_fact *c = &i->f->caps;
	uint64_t bits = i->podman ? caps_podman : caps_docker;
	struct place at = in_host(i, "CapAdd");

	c->all = caps_known();
	bits = d.all ? 0 : a.all ? c->all : bits;
	bits = (d.all && a.all ? c->all : bits & ~d.bits) | a.bits;
	if (i->privileged) {
		bits = c->all;
		at = in_host(i, "Privileged");
	}
	for (int set = CAPS_BOUNDING; set <= CAPS_PERMITTED; set++)
		set_caps(i, (enum cap_set)set, bits, at);
	/* Podman tells the outcome; null if there is none left. */
	if (i->podman && json_get(i->root, "BoundingCaps"))
		set_caps(i, CAPS_BOUNDING, spec_caps(&i->s, bnd, true).bits,
			 spec_at(&i->s, json_get(i->root, "BoundingCaps")));
	if (i->podman && json_get(i->root, "EffectiveCaps")) {
		bits = spec_caps(&i->s, eff, true).bits;
		set_caps(i, CAPS_EFFECTIVE, bits,
			 spec_at(&i->s, json_get(i->root, "EffectiveCaps")));
		set_caps(i, CAPS_PERMITTED, bits,
			 spec_at(&i->s, json_get(i->root, "EffectiveCaps")));
	}
	if (i->podman)
		spec_caps_all(i->f);
	if (a.all) {
		c->named_all = true;
		c->all_at = spec_at(&i->s, a.all);
	}
	c->dropped_at = in_host(i, "CapDrop");
	/* Podman writes out what ALL was. */
	fact_set(i->f, FACT_DROPS_ALL,
		 d.all || (i->podman && spec_caps_dropped(c->bits[CAPS_BOUNDING])) ? TRI_YES
										   : TRI_NO,
		 c->dropped_at, NULL);
}

/* ---- SecurityOpt -------------------------------------------------------------------------- */

/* What stands behind "NAME=" or "NAME:", or NULL. */
static const char *value_of(const char *opt, const char *name)
{
	size_t n = strlen(name);

	return strncmp(opt, name, n) == 0 && (opt[n] == '=' || opt[n] == ':') ? opt + n + 1 : NULL;
}

/* A profile as text within the option: its nodes have no place in the file. */
static void read_inline_seccomp(struct inspect *i, const char *text, struct place at)
{
	struct json_doc doc;
	struct err e = { 0 };
	struct spec inside = { .a = i->s.a, .f = i->f, .inside = &at };

	if (json_parse("seccomp", text, strlen(text), i->s.a->arena, &doc, &e) < 0) {
		audit_diag(i->s.a, DIAG_UNPARSABLE, i->f, &at,
			   "the seccomp profile within this option: %s", e.msg);
		i->f->seccomp = (struct mode_fact){ SECM_OPAQUE, at, "it cannot be parsed" };
		list_unknown(i->f, LIST_SECCOMP_WEAK, "the profile cannot be parsed");
		return;
	}
	spec_seccomp(&inside, doc.root, i->f->caps.bits[CAPS_BOUNDING]);
}

static void read_seccomp(struct inspect *i, const char *word, struct place at)
{
	struct mode_fact *m = &i->f->seccomp;

	*m = (struct mode_fact){ .at = at, .text = word };
	if (strcmp(word, "unconfined") == 0) {
		m->mode = SECM_UNCONFINED;
	} else if (word[0] == '{') {
		read_inline_seccomp(i, word, at);
	} else if (strcmp(word, "builtin") == 0 || strcmp(word, "default") == 0) {
		m->mode = SECM_DEFAULT;
	} else {
		m->mode = SECM_OPAQUE;
		m->text = "its seccomp profile is a file that is not at hand";
		list_unknown(i->f, LIST_SECCOMP_WEAK, m->text);
	}
}

static void read_label_opt(struct inspect *i, const char *word, struct place at)
{
	struct mode_fact *m = &i->f->selinux;

	if (strcmp(word, "disable") == 0) {
		*m = (struct mode_fact){ LSMM_UNCONFINED, at, "label=disable" };
		return;
	}
	if (strcmp(word, "type:spc_t") == 0 || strcmp(word, "type:unconfined_t") == 0)
		*m = (struct mode_fact){ LSMM_UNCONFINED, at, word + 5 };
	if (strncmp(word, "user:", 5) == 0 || strncmp(word, "role:", 5) == 0 ||
	    strncmp(word, "type:", 5) == 0)
		list_add(i->s.a, i->f, LIST_SELINUX, at, word);
}

static void read_option(struct inspect *i, const char *opt, struct place at)
{
	const char *v;

	if (strcmp(opt, "no-new-privileges") == 0 || (v = value_of(opt, "no-new-privileges"))) {
		v = value_of(opt, "no-new-privileges");
		fact_set(i->f, FACT_NO_NEW_PRIVS,
			 v && strcasecmp(v, "true") != 0 && strcmp(v, "1") != 0 ? TRI_NO : TRI_YES,
			 at, opt);
	} else if ((v = value_of(opt, "seccomp"))) {
		read_seccomp(i, v, at);
	} else if ((v = value_of(opt, "apparmor"))) {
		spec_apparmor(&i->s, v, at);
	} else if ((v = value_of(opt, "label"))) {
		read_label_opt(i, v, at);
	} else if ((v = value_of(opt, "writable-cgroups"))) {
		if (strcasecmp(v, "true") == 0 || strcmp(v, "1") == 0)
			fact_set(i->f, FACT_CGROUP_WRITABLE, TRI_YES, at, opt);
	} else if (((v = value_of(opt, "systempaths")) && strcmp(v, "unconfined") == 0) ||
		   ((v = value_of(opt, "unmask")) && strcasecmp(v, "all") == 0)) {
		i->f->list[LIST_UNMASKED].count = 0;
		i->f->list[LIST_PROC_WRITABLE].count = 0;
		spec_unmasked(&i->s, at);
	}
}

static void read_security(struct inspect *i)
{
	const struct json *profile = json_get(i->root, "AppArmorProfile");
	const struct json *label = json_get(i->root, "ProcessLabel");
	struct place at = i->privileged ? in_host(i, "Privileged") : in_host(i, "SecurityOpt");
	struct facts *f = i->f;

	fact_set(f, FACT_NO_NEW_PRIVS, TRI_NO, in_host(i, "SecurityOpt"), NULL);
	f->seccomp = (struct mode_fact){ i->privileged ? SECM_UNCONFINED : SECM_DEFAULT, at,
					 i->privileged ? "privileged" : NULL };
	list_whole(f, LIST_SECCOMP_WEAK);
	spec_apparmor(&i->s, spec_str(i->root, "AppArmorProfile"),
		      profile ? spec_at(&i->s, profile) : at);
	spec_selinux(&i->s, spec_str(i->root, "ProcessLabel"), label ? spec_at(&i->s, label) : at);
	if (i->privileged && f->apparmor.mode == LSMM_NOT_SET)
		f->apparmor = (struct mode_fact){ LSMM_UNCONFINED, at, "privileged" };
	for (const struct json *v = first(spec_list(i->host, "SecurityOpt")); v; v = v->next)
		if (v->type == JSON_STRING)
			read_option(i, v->text, spec_at(&i->s, v));
}

/* Podman keeps the command that made a container: `unmask=ALL`, `unmask=PATH[:PATH...]`. */
static void read_unmask_words(struct inspect *i, const struct json *command)
{
	for (const struct json *v = first(command); v; v = v->next) {
		const char *word = v->type == JSON_STRING ? strstr(v->text, "unmask=") : NULL;

		if (word)
			list_add(i->s.a, i->f, LIST_UNMASKED, spec_at(&i->s, v), word + 7);
		if (word && (strcasecmp(word + 7, "all") == 0 || strstr(word, "/proc/sys")))
			list_add(i->s.a, i->f, LIST_PROC_WRITABLE, spec_at(&i->s, v), word + 7);
	}
}

/* Docker lists what it masks, Podman does not: there it shows only in the command. */
static void read_masks(struct inspect *i)
{
	const struct json *masked = spec_list(i->host, "MaskedPaths");
	const struct json *readonly = spec_list(i->host, "ReadonlyPaths");
	const struct json *command = spec_list(i->config, "CreateCommand");
	static const char why[] = "what Podman masks is not told";

	list_whole(i->f, LIST_UNMASKED);
	list_whole(i->f, LIST_PROC_WRITABLE);
	if (i->privileged) {
		spec_unmasked(&i->s, in_host(i, "Privileged"));
	} else if (masked || readonly) {
		spec_masks(&i->s, masked, readonly, i->at);
		if (!masked)
			i->f->list[LIST_UNMASKED].count = 0;
		if (!readonly)
			i->f->list[LIST_PROC_WRITABLE].count = 0;
	} else if (i->podman && command) {
		read_unmask_words(i, command);
	} else if (i->podman) {
		list_unknown(i->f, LIST_UNMASKED, why);
		list_unknown(i->f, LIST_PROC_WRITABLE, why);
	} /* else Docker before 19.03, which always masked */
}

/* ---- Mounts ------------------------------------------------------------------------------- */

/* Comma-separated words of a bind's options. */
static bool has_word(const char *options, const char *word)
{
	size_t n = strlen(word);

	for (; options; options = strchr(options, ','), options = options ? options + 1 : NULL)
		if (strncmp(options, word, n) == 0 && (options[n] == ',' || options[n] == '\0'))
			return true;
	return false;
}

static bool shared_word(const char *p)
{
	return p && (has_word(p, "shared") || has_word(p, "rshared"));
}

static struct mount_fact *add_mount(struct inspect *i, const struct json *at, const char *source,
				    const char *target, bool ro, bool shared)
{
	struct mount_fact *m = mount_add(i->s.a, i->f, spec_at(&i->s, at));

	m->source = source;
	m->target = target;
	m->readonly = ro ? TRI_YES : TRI_NO;
	m->shared = shared ? TRI_YES : TRI_NO;
	m->kind = MK_BIND;
	return m;
}

/* Mounts: what the container has or will have. */
static void read_mount(struct inspect *i, const struct json *v)
{
	const char *type = spec_str(v, "Type"), *source = spec_str(v, "Source");
	const struct json *rw = json_get(v, "RW"), *ro = json_get(v, "ReadOnly");
	const char *target = spec_str(v, "Destination");
	const char *propagation = spec_str(v, "Propagation");
	struct mount_fact *m;

	if (v->type != JSON_OBJECT)
		return;
	if (!target)
		target = spec_str(v, "Target");
	if (!propagation)
		propagation = spec_str(spec_obj(v, "BindOptions"), "Propagation");
	m = add_mount(i, v, source, target,
		      (rw && rw->type == JSON_BOOL && !rw->boolean) ||
			      (ro && ro->type == JSON_BOOL && ro->boolean),
		      shared_word(propagation));
	if (!type || strcmp(type, "bind") == 0 || strcmp(type, "npipe") == 0) {
		if (spec_engine_mount(source, target))
			m->kind = MK_VOLUME;
		return;
	}
	m->kind = MK_VOLUME;
	if (strcmp(type, "tmpfs") == 0) {
		m->kind = MK_KERNEL;
		m->fstype = type;
	}
}

/* "SOURCE:TARGET[:OPTIONS]"; a source without slash is a volume. */
static void read_bind(struct inspect *i, const struct json *v)
{
	const char *colon, *options, *source, *target;
	struct arena *arena = i->s.a->arena;

	if (v->type != JSON_STRING || v->text[0] != '/' || !(colon = strchr(v->text, ':')))
		return;
	source = arena_strndup(arena, v->text, (size_t)(colon - v->text));
	options = strchr(colon + 1, ':');
	target = options ? arena_strndup(arena, colon + 1, (size_t)(options - colon - 1))
			 : colon + 1;
	for (size_t k = 0; k < i->f->mount_count; k++)
		if (i->f->mounts[k].target && strcmp(i->f->mounts[k].target, target) == 0)
			return; /* it is there as a mount already */
	add_mount(i, v, source, target, options && has_word(options + 1, "ro"),
		  shared_word(options ? options + 1 : NULL));
}

/* A volume that its driver makes of something of the host: {type: none, o: bind, device: /etc},
 * {type: proc, device: proc}. */
static void read_driver_options(struct inspect *i, const struct json *v)
{
	const struct json *driver = spec_obj(spec_obj(v, "VolumeOptions"), "DriverConfig");
	const struct json *options = spec_obj(driver, "Options");
	const char *device = spec_str(options, "device"), *o = spec_str(options, "o");
	const char *type = spec_str(options, "type"), *target = spec_str(v, "Target");
	bool ro = spec_true(v, "ReadOnly") || (o && has_word(o, "ro"));
	bool bind = device && device[0] == '/' && o &&
		    (has_word(o, "bind") || has_word(o, "rbind"));
	struct mount_fact *m;

	if (bind || (type && spec_kernel_fs(type))) {
		m = add_mount(i, json_get(options, bind ? "device" : "type"), bind ? device : NULL,
			      target, ro, bind && shared_word(o));
		m->via = "volume with driver options";
		if (!bind)
			spec_volume_type(&i->s, m, type);
	}
	if (device && device[0] == '/')
		list_add(i->s.a, i->f, LIST_INDIRECT, spec_at(&i->s, json_get(options, "device")),
			 device);
}

static void read_mounts(struct inspect *i)
{
	const struct json *list = spec_list(i->root, "Mounts");
	const struct json *wanted = spec_list(i->host, "Mounts");

	i->f->mounts_whole = TRI_YES;
	if (!list && !wanted && !json_get(i->host, "Binds")) {
		i->f->mounts_whole = TRI_UNKNOWN;
		i->f->mounts_why = "the output has no list of mounts";
	}
	list_whole(i->f, LIST_INDIRECT);
	for (const struct json *v = first(list); v; v = v->next)
		read_mount(i, v);
	for (const struct json *v = first(wanted); v; v = v->next) {
		if (!list || !list->count)
			read_mount(i, v);
		read_driver_options(i, v);
	}
	for (const struct json *v = first(spec_list(i->host, "Binds")); v; v = v->next)
		read_bind(i, v);
	for (const struct json *v = first(spec_list(i->host, "VolumesFrom")); v; v = v->next)
		if (v->type == JSON_STRING)
			list_add(i->s.a, i->f, LIST_INDIRECT, spec_at(&i->s, v), v->text)->arg =
				"volumes of another container";
	for (size_t k = 0; k < i->f->mount_count; k++) {
		const struct mount_fact *m = &i->f->mounts[k];

		if (m->kind == MK_BIND && m->source && m->readonly == TRI_NO &&
		    spec_below(spec_normal(i->s.a->arena, m->source), "/sys/fs/cgroup"))
			fact_set(i->f, FACT_CGROUP_WRITABLE, TRI_YES, m->at, m->source);
	}
}

/* ---- Devices ------------------------------------------------------------------------------ */

static void read_devices(struct inspect *i)
{
	struct facts *f = i->f;

	list_whole(f, LIST_DEVICES);
	fact_set(f, FACT_DEVICES_ALL, i->privileged ? TRI_YES : TRI_NO,
		 in_host(i, i->privileged ? "Privileged" : "DeviceCgroupRules"),
		 i->privileged ? "privileged" : NULL);
	for (const struct json *v = first(spec_list(i->host, "Devices")); v; v = v->next) {
		const char *path = spec_str(v, "PathOnHost");

		if (path && spec_device_extra(spec_normal(i->s.a->arena, path)))
			list_add(i->s.a, f, LIST_DEVICES, spec_at(&i->s, v), path)->arg =
				spec_str(v, "CgroupPermissions");
	}
	for (const struct json *v = first(spec_list(i->host, "DeviceRequests")); v; v = v->next) {
		const char *driver = spec_str(v, "Driver");

		list_add(i->s.a, f, LIST_DEVICES, spec_at(&i->s, v), driver ? driver : "gpu");
	}
	for (const struct json *v = first(spec_list(i->host, "DeviceCgroupRules")); v;
	     v = v->next) {
		if (v->type == JSON_STRING && !spec_device_rule(&i->s, v->text, spec_at(&i->s, v)))
			list_add(i->s.a, f, LIST_DEVICES, spec_at(&i->s, v), v->text);
	}
}

/* ---- The rest ----------------------------------------------------------------------------- */

static void read_pids(struct inspect *i)
{
	const struct json *v = json_get(i->host, "PidsLimit");
	int64_t limit = 0;
	bool is = spec_int(v, &limit) && limit > 0;

	fact_set(i->f, FACT_PIDS_LIMITED, is ? TRI_YES : TRI_NO, in_host(i, "PidsLimit"),
		 v && v->type == JSON_NUMBER ? v->text : NULL);
}

static void read_init(struct inspect *i)
{
	const struct json *path = json_get(i->root, "Path"), *args = json_get(i->root, "Args");
	const char *word = spec_str(i->root, "Path");
	/* spec_init() wants arrays: one of its own for the path */
	struct json first_word = { .type = JSON_STRING,
				   .text = word,
				   .len = word ? (uint32_t)strlen(word) : 0 };
	const struct json command = { .type = JSON_ARRAY, .child = &first_word, .count = 1 };
	struct place at = path ? spec_at(&i->s, path) : i->f->at;

	if (spec_true(i->host, "Init")) {
		spec_init_given(i->f, in_host(i, "Init"), "init of the engine");
		i->f->command = word;
		return;
	}
	i->f->command = word;
	spec_init(&i->s, word ? &command : NULL, args, at);
}

static void read_ports(struct inspect *i)
{
	const struct json *map = spec_obj(i->host, "PortBindings");

	list_whole(i->f, LIST_PORTS);
	for (const struct json *port = map ? map->child : NULL; port; port = port->next)
		for (const struct json *v = first(port); v; v = v->next) {
			const char *ip = spec_str(v, "HostIp"), *number = spec_str(v, "HostPort");
			struct item *item;
			int64_t n = 0;

			if (number)
				(void)num_i64(number, strcspn(number, "-"), &n);
			item = list_add(i->s.a, i->f, LIST_PORTS, spec_at(&i->s, v),
					arena_printf(i->s.a->arena, "%s:%s", ip ? ip : "0.0.0.0",
						     number ? number : "any"));
			item->num = n;
		}
}

static void read_sysctls(struct inspect *i)
{
	const struct json *map = spec_obj(i->host, "Sysctls");

	list_whole(i->f, LIST_SYSCTLS);
	for (const struct json *v = map ? map->child : NULL; v; v = v->next)
		list_add(i->s.a, i->f, LIST_SYSCTLS, place_of_key(i->f->src, v), v->key)->arg =
			v->text;
}

static void name_it(struct inspect *i)
{
	const char *name = spec_str(i->root, "Name"), *id = spec_str(i->root, "Id");
	struct arena *arena = i->s.a->arena;
	struct facts *f = i->f;

	if (name && name[0] == '/')
		name++;
	f->name = name;
	f->id = id;
	f->object = arena_printf(arena, "container/%s", name ? name : id ? id : "?");
	f->engine = i->podman ? "podman" : "docker";
	f->image = spec_str(i->config, "Image");
	f->labels = spec_obj(i->config, "Labels");
	f->annotations = spec_obj(i->podman ? i->config : i->host, "Annotations");
}

void from_inspect(struct audit *a, const struct source *src, const struct json *root)
{
	struct facts *f = audit_object(a, IN_INSPECT, src, root);
	struct inspect i = { .s = { .a = a, .f = f }, .f = f, .root = root };
	const struct json *cwd;

	if (!f)
		return;
	i.host = spec_obj(root, "HostConfig");
	i.config = spec_obj(root, "Config");
	i.podman = json_get(root, "OCIRuntime") || json_get(root, "BoundingCaps") ||
		   json_get(root, "ConmonPidFile");
	i.privileged = spec_true(i.host, "Privileged");
	i.pod = spec_str(root, "Pod") != NULL;
	i.at = i.host ? spec_at(&i.s, i.host) : f->at;
	name_it(&i);
	if (!i.host) {
		audit_diag(a, DIAG_UNRESOLVED, f, &f->at,
			   "there is no HostConfig: this is not the whole output of inspect");
		return;
	}
	spec_types(&i.s, root, root_types);
	spec_types(&i.s, i.host, host_types);
	spec_types(&i.s, i.config, config_types);
	fact_set(f, FACT_PRIVILEGED, i.privileged ? TRI_YES : TRI_NO, in_host(&i, "Privileged"),
		 NULL);
	fact_set(f, FACT_CGROUP_WRITABLE, i.privileged ? TRI_YES : TRI_NO,
		 in_host(&i, "Privileged"), NULL);
	read_namespaces(&i);
	read_mappings(&i);
	read_user(&i);
	read_groups(&i);
	read_caps(&i);
	read_masks(&i);
	read_security(&i);
	read_mounts(&i);
	read_devices(&i);
	read_pids(&i);
	read_init(&i);
	read_ports(&i);
	read_sysctls(&i);
	cwd = json_get(i.config, "WorkingDir");
	spec_cwd(&i.s, cwd);
	fact_set(f, FACT_ROOTFS_READONLY, spec_true(i.host, "ReadonlyRootfs") ? TRI_YES : TRI_NO,
		 in_host(&i, "ReadonlyRootfs"), NULL);
}
