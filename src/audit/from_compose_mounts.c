/* SPDX-License-Identifier: Apache-2.0 */
/* What of the host a Compose service gets: volumes by whatever way, devices, ports. */
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "audit/from_compose.h"
#include "audit/spec.h"
#include "base/cleanup.h"
#include "base/num.h"

/* ---- Paths of the host -------------------------------------------------------------------- */

static size_t depth_of(const char *path)
{
	size_t n = 0;

	for (; *path; path++)
		n += path[0] == '/' && path[1] && path[1] != '/';
	return n;
}

/* docker compose resolves a relative path against the project's directory, which may be another
 * one where it is started. Within the project it stays as it is; what leads out of it is
 * resolved where that makes it another path: a directory above the project, or beside all of it. */
static const char *leave_project(struct cservice *s, const char *path, const struct source *src)
{
	struct arena *a = s->a->arena;
	char cwd[PATH_MAX], *clean = path_clean(a, path);
	const char *dir, *full;
	const char *rest = clean;
	size_t ups = 0;

	while (!strncmp(rest, "..", 2) && (rest[2] == '/' || !rest[2])) {
		ups++;
		rest += rest[2] ? 3 : 2;
	}
	if (ups == 0)
		return !strcmp(clean, ".") ? "." : arena_printf(a, "./%s", clean);
	dir = compose_dir(s->c, src);
	if (!src->file || (*dir != '/' && !getcwd(cwd, sizeof(cwd))))
		return clean;
	full = *dir == '/' ? dir : path_join(a, cwd, dir);
	return !*rest || ups >= depth_of(full) ? path_join(a, full, clean) : clean;
}

static const char *host_path(struct cservice *s, const char *path, const struct source *src)
{
	/* "~" is somebody's home: whose depends on who starts it. */
	if (strchr("/~\\", *path) || path[1] == ':')
		return path;
	return leave_project(s, path, src);
}

/* ---- Volumes ------------------------------------------------------------------------------ */

static bool has_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = list; (p = strstr(p, word)); p += len)
		if ((p == list || p[-1] == ',') && (!p[len] || p[len] == ','))
			return true;
	return false;
}

struct use {                /* of a volume by a service */
	const struct cv *v; /* entry of volumes */
	const struct source *src;
	const char *type, *source, *target, *propagation;
	bool readonly;
	const char *via;
	bool hidden; /* where it is used there is no path to be seen */
};

static struct mount_fact *add_mount(struct cservice *s, const struct use *u, enum mount_kind kind,
				    struct place at)
{
	struct mount_fact *m;

	if (s->f->mount_count >= COMPOSE_MOUNTS_MAX) {
		s->f->mounts_whole = TRI_UNKNOWN;
		s->f->mounts_why = "it has too many volumes to be looked at";
		return NULL;
	}
	m = mount_add(s->a, s->f, at);
	m->kind = kind;
	m->target = u->target;
	m->readonly = u->readonly ? TRI_YES : TRI_NO;
	/* Of volumes and of a tmpfs docker compose passes none on. */
	m->shared = kind == MK_BIND && u->propagation &&
				    (!strcmp(u->propagation, "shared") ||
				     !strcmp(u->propagation, "rshared"))
			    ? TRI_YES
			    : TRI_NO;
	m->via = u->via;
	return m;
}

static void bind_mount(struct cservice *s, const struct use *u, const char *path, struct place at)
{
	struct mount_fact *m = add_mount(s, u, MK_BIND, at);

	if (!m)
		return;
	m->source = host_path(s, path, u->src);
	if (u->hidden && strchr("/~", *m->source))
		list_add(s->a, s->f, LIST_INDIRECT, at,
			 arena_printf(s->a->arena, "%s (%s)", m->source, u->via));
}

/* A named volume whose driver_opts make it something of the host. */
static void driver_opts(struct cservice *s, struct use *u, const struct cv *opts)
{
	const struct cv *dev = cv_get(opts, "device");
	const char *type = cv_text(cv_get(opts, "type")), *o = cv_text(cv_get(opts, "o"));
	const char *device = cv_text(dev);
	const struct spec spec = { .a = s->a, .f = s->f };
	struct arena *a = s->a->arena;
	struct mount_fact *m;
	struct use made = *u;

	type = type ? type : "";
	o = o ? o : "";
	made.via = arena_printf(a, "%s%svolume %s, driver_opts", u->via ? u->via : "",
				u->via ? ", " : "", u->source);
	made.readonly = u->readonly || has_word(o, "ro");
	made.propagation = has_word(o, "shared") || has_word(o, "rshared") ? "shared" : NULL;
	if (device && (has_word(o, "bind") || has_word(o, "rbind") || !strcmp(type, "bind"))) {
		made.src = dev->src;
		made.hidden = true;
		bind_mount(s, &made, device, cv_at(dev));
		return;
	}
	m = add_mount(s, &made, MK_VOLUME, dev ? cv_at(dev) : cv_at(opts));
	if (m) {
		spec_volume_type(&spec, m, type);
		m->via = m->kind == MK_KERNEL ? made.via : NULL;
	}
	if (!strcmp(type, "overlay"))
		list_add(s->a, s->f, LIST_INDIRECT, cv_at(opts),
			 arena_printf(a, "volume %s is an overlay of directories of the host (%s)",
				      u->source, o));
	else if (device && !strncmp(device, "/dev/", 5))
		list_add(s->a, s->f, LIST_DEVICES, cv_at(dev), device);
}

static void named_volume(struct cservice *s, struct use *u)
{
	const struct cv *volume = cv_get(cv_get(s->project->model, "volumes"), u->source);
	const struct cv *external = cv_get(volume, "external");
	const char *driver = cv_text(cv_get(volume, "driver"));
	const struct cv *opts = cv_get(volume, "driver_opts");
	bool is = false;

	if (!volume)
		cv_diag(s->c, DIAG_UNRESOLVED, u->v, "there is no volume %s in the file",
			u->source);
	if (external && (external->type == JSON_OBJECT || (cv_truth(external, &is) && is)))
		list_unknown(
			s->f, LIST_INDIRECT,
			arena_printf(s->a->arena,
				     "the volume %s is external: what it leads to stands elsewhere",
				     u->source));
	if (cv_first(opts) && (!driver || !*driver || !strcmp(driver, "local")))
		driver_opts(s, u, opts);
	else
		(void)add_mount(s, u, MK_VOLUME, cv_at(u->v));
}

static void add_use(struct cservice *s, struct use *u)
{
	struct mount_fact *m;

	if (!strcmp(u->type, "bind") || !strcmp(u->type, "npipe")) {
		if (u->source && *u->source)
			bind_mount(s, u, u->source, cv_at(u->v));
		else
			cv_diag(s->c, DIAG_UNRESOLVED, u->v, "a bind without a source");
	} else if (!strcmp(u->type, "volume")) {
		if (u->source && *u->source)
			named_volume(s, u);
		else
			(void)add_mount(s, u, MK_VOLUME, cv_at(u->v));
	} else if (!strcmp(u->type, "tmpfs")) {
		m = add_mount(s, u, MK_KERNEL, cv_at(u->v));
		if (m)
			m->fstype = "tmpfs";
	} else if (!strcmp(u->type, "image") || !strcmp(u->type, "cluster")) {
		(void)add_mount(s, u, MK_VOLUME, cv_at(u->v));
	} else {
		cv_diag(s->c, DIAG_UNKNOWN_VALUE, u->v, "there are no volumes of the type \"%s\"",
			u->type);
	}
}

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

static void long_volume(struct cservice *s, const struct cv *v, struct use *u)
{
	const struct cv *source = cv_get(v, "source"), *type = cv_get(v, "type");

	u->type = or_empty(cv_text(type));
	u->source = cv_text(source);
	u->target = cv_text(cv_get(v, "target"));
	u->propagation = cv_text(cv_get(cv_get(v, "bind"), "propagation"));
	(void)cv_truth(cv_get(v, "read_only"), &u->readonly);
	if (source) {
		u->v = source;
		u->src = source->src;
	}
	if ((source && source->unset) || (type && type->unset)) {
		s->f->mounts_whole = TRI_UNKNOWN;
		s->f->mounts_why = "a variable in its volumes is not set";
	}
}

static void one_volume(struct cservice *s, const struct cv *v, const char *via, bool readonly)
{
	struct use u = { .v = v, .src = v->src, .via = via, .hidden = via };
	struct cvolume parts;

	if (v->type == JSON_OBJECT) {
		long_volume(s, v, &u);
	} else if (cv_text(v)) {
		short_volume(s->a->arena, v->text, &parts);
		u.type = parts.type;
		u.source = parts.source;
		u.target = parts.target;
		u.propagation = parts.propagation;
		u.readonly = parts.readonly;
		if (v->unset) {
			s->f->mounts_whole = TRI_UNKNOWN;
			s->f->mounts_why = "a variable in its volumes is not set";
		}
	} else {
		return;
	}
	u.readonly = u.readonly || readonly;
	if (u.type && *u.type)
		add_use(s, &u);
}

static void volumes_of(struct cservice *s, const struct cv *service, const char *via, bool readonly)
{
	for (const struct cv *v = cv_first(cv_get(service, "volumes")); v; v = cv_after(v))
		one_volume(s, v, via, readonly);
}

/* ---- volumes_from ------------------------------------------------------------------------- */

/* "SERVICE[:ro]" or "container:NAME[:ro]" */
struct from {
	const char *name;
	bool container, readonly;
};

static struct from split_from(struct arena *a, const char *text)
{
	struct from ret = { .container = !strncmp(text, "container:", 10) };
	const char *name = ret.container ? text + 10 : text, *colon = strchr(name, ':');

	ret.name = colon ? arena_strndup(a, name, (size_t)(colon - name)) : name;
	ret.readonly = colon && has_word(colon + 1, "ro");
	return ret;
}

enum { FROM_MAX = 100 }; /* services that one takes volumes from, also by way of others */

struct walk {
	const struct cv *service[FROM_MAX];
	bool readonly[FROM_MAX];
	size_t count;
};

/* What `service` takes volumes from comes behind what is on the way already. */
static void take_from(struct cservice *s, struct walk *w, const struct cv *service, bool readonly)
{
	const struct cv *list = cv_get(service, "volumes_from"), *other;

	for (const struct cv *v = cv_first(list); v; v = cv_after(v)) {
		struct from from;
		size_t i = 0;

		if (!cv_text(v) || v->unset)
			continue;
		from = split_from(s->a->arena, v->text);
		if (from.container) {
			list_add(s->a, s->f, LIST_INDIRECT, cv_at(v),
				 arena_printf(s->a->arena, "the volumes of the container %s",
					      from.name));
			continue;
		}
		other = cindex_get(&s->project->by_name, from.name);
		if (!other) {
			cv_diag(s->c, DIAG_UNRESOLVED, v, "there is no service %s", from.name);
			continue;
		}
		while (i < w->count && w->service[i] != other)
			i++;
		if (i < w->count)
			continue;
		if (w->count == FROM_MAX) {
			list_unknown(s->f, LIST_INDIRECT,
				     "it takes volumes from too many services");
			return;
		}
		w->service[w->count] = other;
		w->readonly[w->count++] = readonly || from.readonly;
	}
}

static void volumes_from(struct cservice *s)
{
	struct walk w = { .service = { s->v }, .count = 1 };

	for (size_t i = 0; i < w.count; i++) {
		if (i > 0)
			volumes_of(s, w.service[i],
				   arena_printf(s->a->arena, "volumes_from: %s", w.service[i]->key),
				   w.readonly[i]);
		take_from(s, &w, w.service[i], w.readonly[i]);
	}
}

/* ---- Secrets and configs ------------------------------------------------------------------ */

/* Those with `file:` are binds of a file of the host. */
static void files_of(struct cservice *s, const char *field, const char *one, const char *dir)
{
	const struct cv *known = cv_get(s->project->model, field), *def, *file;
	struct arena *a = s->a->arena;

	for (const struct cv *v = cv_first(cv_get(s->v, field)); v; v = cv_after(v)) {
		const char *name = v->type == JSON_OBJECT ? cv_text(cv_get(v, "source"))
							  : cv_text(v);
		const char *target = cv_text(cv_get(v, "target"));
		struct use u = { .v = v, .readonly = true };

		if (!name)
			continue;
		def = cv_get(known, name);
		file = cv_get(def, "file");
		if (!def)
			cv_diag(s->c, DIAG_UNRESOLVED, v, "there is no %s %s in the file", one,
				name);
		if (!cv_text(file))
			continue;
		u.src = file->src;
		u.target = target && *target == '/'
				   ? target
				   : arena_printf(a, "%s%s", dir, target ? target : name);
		u.via = arena_printf(a, "%s %s", one, name);
		bind_mount(s, &u, file->text, cv_at(file));
	}
}

void compose_mounts(struct cservice *s)
{
	struct use api = { .target = "/var/run/docker.sock", .via = "use_api_socket" };
	bool is = false;

	s->f->mounts_whole = TRI_YES;
	list_whole(s->f, LIST_INDIRECT);
	volumes_of(s, s->v, NULL, false);
	volumes_from(s);
	files_of(s, "secrets", "secret", "/run/secrets/");
	files_of(s, "configs", "config", "/");
	for (const struct cv *v = cv_first(cv_get(s->v, "tmpfs")); v; v = cv_after(v)) {
		struct use u = { .v = v, .type = "tmpfs" };

		if (!cv_text(v))
			continue;
		u.target = arena_strndup(s->a->arena, v->text, strcspn(v->text, ":"));
		add_use(s, &u);
	}
	api.v = cv_get(s->v, "use_api_socket");
	if (cv_truth(api.v, &is) && is)
		bind_mount(s, &api, "/var/run/docker.sock", cv_at(api.v));
}

/* ---- Devices ------------------------------------------------------------------------------ */

static void one_device(struct cservice *s, const struct cv *v)
{
	const struct cv *source = v->type == JSON_OBJECT ? cv_get(v, "source") : v;
	struct cdevice d = { 0 };

	if (!cv_text(source))
		return;
	if (source->unset)
		list_unknown(s->f, LIST_DEVICES, "a variable in its devices is not set");
	if (v->type == JSON_OBJECT)
		d.source = source->text;
	else
		short_device(s->a->arena, v->text, &d);
	d.source = spec_normal(s->a->arena, d.source);
	if (*d.source && spec_device_extra(d.source))
		list_add(s->a, s->f, LIST_DEVICES, cv_at(source), d.source);
}

void compose_devices(struct cservice *s)
{
	const struct cv *deploy = cv_get(cv_get(s->v, "deploy"), "resources");
	const struct cv *gpus = cv_get(s->v, "gpus"), *v;
	const struct spec spec = { .a = s->a, .f = s->f };
	struct place at = s->privileged ? cv_at(s->privileged) : s->at;
	const char *driver;

	list_whole(s->f, LIST_DEVICES);
	fact_set(s->f, FACT_DEVICES_ALL, s->privileged ? TRI_YES : TRI_NO, at, NULL);
	for (v = cv_first(cv_get(s->v, "devices")); v; v = cv_after(v))
		one_device(s, v);
	for (v = cv_first(cv_get(s->v, "device_cgroup_rules")); v; v = cv_after(v)) {
		if (v->unset)
			list_unknown(s->f, LIST_DEVICES,
				     "a variable in its device rules is not set");
		else if (cv_text(v) && !spec_device_rule(&spec, v->text, cv_at(v)))
			cv_diag(s->c, DIAG_UNKNOWN_VALUE, v, "\"%s\" is no rule for devices",
				v->text);
	}
	if (gpus && (cv_first(gpus) || (cv_text(gpus) && *gpus->text)))
		list_add(s->a, s->f, LIST_DEVICES, cv_at(gpus), "gpus");
	for (v = cv_first(cv_get(cv_get(deploy, "reservations"), "devices")); v; v = cv_after(v)) {
		driver = cv_text(cv_get(v, "driver"));
		list_add(s->a, s->f, LIST_DEVICES, cv_at(v),
			 arena_printf(s->a->arena, "reservation (%s)",
				      driver ? driver : "any driver"));
	}
}

/* ---- Ports -------------------------------------------------------------------------------- */

static void one_port(struct cservice *s, const struct cv *v)
{
	struct cport p = { 0 };
	struct item *i;
	int64_t first;

	if (v->type == JSON_OBJECT)
		p = (struct cport){ cv_text(cv_get(v, "host_ip")), cv_text(cv_get(v, "published")),
				    NULL, NULL };
	else if (cv_text(v))
		short_port(s->a->arena, v->text, &p);
	if (v->unset) {
		list_unknown(s->f, LIST_PORTS, "a variable in its ports is not set");
		return;
	}
	if (!p.published || !*p.published)
		return; /* the engine chooses a high one */
	if (num_i64(p.published, strcspn(p.published, "-"), &first) < 0) {
		cv_diag(s->c, DIAG_UNKNOWN_VALUE, v, "\"%s\" is no port", p.published);
		return;
	}
	if (!p.ip || !*p.ip)
		p.ip = "0.0.0.0";
	i = list_add(s->a, s->f, LIST_PORTS, cv_at(v),
		     arena_printf(s->a->arena, strchr(p.ip, ':') ? "[%s]:%s" : "%s:%s", p.ip,
				  p.published));
	i->num = first;
}

void compose_ports(struct cservice *s)
{
	list_whole(s->f, LIST_PORTS);
	for (const struct cv *v = cv_first(cv_get(s->v, "ports")); v; v = cv_after(v))
		one_port(s, v);
}
