/* SPDX-License-Identifier: Apache-2.0 */
#include "run/state.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "conf/bind.h"

const char *const state_status_name[] = {
	[STATUS_CREATING] = "creating", [STATUS_CREATED] = "created", [STATUS_RUNNING] = "running",
	[STATUS_PAUSED] = "paused",     [STATUS_STOPPED] = "stopped",
};

#define ID_CHARS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+.-"

static const char *id_complaint(const char *id)
{
	size_t len = strlen(id);

	if (len == 0)
		return "must not be empty";
	if (strspn(id, ID_CHARS) != len)
		return "only letters, digits and _ + . - may stand in it";
	if (strcmp(id, ".") == 0 || strcmp(id, "..") == 0)
		return "it is the name of a directory";
	/* The runtime's limit is 1024, but the id is also the name of a directory. */
	return len > STATE_ID_MAX || len > NAME_MAX ? "too long" : NULL;
}

int state_check_id(const char *id, struct err *e)
{
	const char *complaint = id_complaint(id);

	if (complaint)
		return err_set(e, EINVAL, "invalid container id \"%.128s\": %s", id, complaint);
	return 0;
}

/* ---- the table -------------------------------------------------------------- */

/* Where a cgroup is removed and killed: nothing may lead out of the hierarchy. */
static const char *cgroup_path_complaint(const char *path)
{
	if (path[0] != '/')
		return "must start with /";
	for (const char *p = path; p; p = strchr(p + 1, '/'))
		if (strncmp(p, "/..", 3) == 0 && (p[3] == '/' || !p[3]))
			return "must not contain \"..\"";
	return NULL;
}

#define FIELD(type, member) .offset = offsetof(type, member)

static const struct bind_row hook_rows[] = {
	{ "path", BIND_STR_ABS, BIND_REQUIRED | BIND_NONEMPTY, FIELD(struct oci_hook, path) },
	{ "args", BIND_STRINGS, 0, FIELD(struct oci_hook, args) },
	{ "env", BIND_STRINGS, BIND_HAS, FIELD(struct oci_hook, env),
	  .has_offset = offsetof(struct oci_hook, has_env) },
	{ "timeout", BIND_I64, BIND_RANGE, FIELD(struct oci_hook, timeout_s), .min = 0,
	  .max = INT64_MAX },
	{ 0 },
};

#define HOOKS(member)                                                  \
	BIND_ARRAY, 0, FIELD(struct state, member.items),              \
		.sub = hook_rows, .sub_size = sizeof(struct oci_hook), \
		.count_offset = offsetof(struct state, member.count)

static const struct bind_row hooks_rows[] = {
	{ "poststart", HOOKS(poststart) },
	{ "poststop", HOOKS(poststop) },
	{ 0 },
};

static const struct bind_row hierarchy_rows[] = {
	{ "controllers", BIND_STR, 0, FIELD(struct cgroup_hierarchy, controllers) },
	{ "mountPoint", BIND_STR_ABS, BIND_REQUIRED | BIND_NONEMPTY,
	  FIELD(struct cgroup_hierarchy, mount_point) },
	{ "path", BIND_STR, BIND_REQUIRED | BIND_NONEMPTY, FIELD(struct cgroup_hierarchy, path),
	  .check = cgroup_path_complaint },
	{ "v2", BIND_BOOL, 0, FIELD(struct cgroup_hierarchy, v2) },
	{ "made", BIND_BOOL, 0, FIELD(struct cgroup_hierarchy, made) },
	{ 0 },
};

static int read_hierarchies(struct bind_ctx *c, const struct json *v, void *field)
{
	struct cgroup *cg = field;
	int r = bind_expect(c, v, JSON_ARRAY);

	if (r < 0)
		return r;
	if (v->count > CGROUP_HIERARCHIES_MAX)
		return json_err(c->doc, v, c->e, EINVAL, "more than %d hierarchies",
				(int)CGROUP_HIERARCHIES_MAX);
	for (const struct json *s = v->child; s; s = s->next) {
		struct cgroup_hierarchy *h = &cg->h[cg->count];

		r = bind_object(c, s, hierarchy_rows, h);
		if (r < 0)
			return r;
		h->fd = -1;
		if (!h->controllers)
			h->controllers = "";
		cg->count++;
	}
	return 0;
}

static void write_hierarchies(struct jsonw *w, const char *key, const void *field)
{
	const struct cgroup *cg = field;

	if (cg->count == 0)
		return;
	jsonw_key(w, key);
	jsonw_arr(w);
	for (size_t i = 0; i < cg->count; i++) {
		jsonw_obj(w);
		(void)bind_write(w, hierarchy_rows, &cg->h[i]);
		jsonw_obj_end(w);
	}
	jsonw_arr_end(w);
}

static const struct bind_word mode_words[] = {
	{ "none", CGROUP_NONE },
	{ "v1", CGROUP_V1 },
	{ "v2", CGROUP_V2 },
	{ "hybrid", CGROUP_HYBRID },
	{ 0 },
};

static const struct bind_row cgroup_rows[] = {
	{ "mode", BIND_WORD, BIND_REQUIRED | BIND_ALWAYS, FIELD(struct state, cgroup.mode),
	  .field_size = sizeof(enum cgroup_mode), .words = mode_words },
	{ "path", BIND_STR, 0, FIELD(struct state, cgroup.path), .check = cgroup_path_complaint },
	{ "hierarchies", BIND_CUSTOM, 0, FIELD(struct state, cgroup), .custom = read_hierarchies,
	  .write = write_hierarchies },
	{ 0 },
};

static const struct bind_row listener_rows[] = {
	{ "path", BIND_STR, 0, FIELD(struct state, listener_path) },
	{ "metadata", BIND_STR, 0, FIELD(struct state, listener_metadata) },
	{ 0 },
};

static const struct bind_row state_rows[] = {
	{ "ociVersion", BIND_STR, BIND_REQUIRED | BIND_NONEMPTY, FIELD(struct state, oci_version) },
	{ "id", BIND_STR, BIND_REQUIRED | BIND_NONEMPTY, FIELD(struct state, id),
	  .check = id_complaint },
	{ "pid", BIND_I32, BIND_RANGE, FIELD(struct state, pid), .min = 0, .max = INT32_MAX },
	{ "pidfdInode", BIND_U64, 0, FIELD(struct state, pidfd_inode) },
	{ "startTime", BIND_U64, 0, FIELD(struct state, starttime) },
	{ "bundle", BIND_STR_ABS, BIND_REQUIRED | BIND_NONEMPTY, FIELD(struct state, bundle) },
	{ "rootfs", BIND_STR_ABS, BIND_REQUIRED | BIND_NONEMPTY, FIELD(struct state, rootfs) },
	{ "config", BIND_STR_ABS, BIND_REQUIRED | BIND_NONEMPTY, FIELD(struct state, config) },
	{ "created", BIND_STR, BIND_REQUIRED | BIND_NONEMPTY, FIELD(struct state, created) },
	{ "owner", BIND_U32, BIND_REQUIRED | BIND_ALWAYS, FIELD(struct state, owner) },
	{ "rootless", BIND_BOOL, 0, FIELD(struct state, rootless) },
	{ "ownPidNamespace", BIND_BOOL, 0, FIELD(struct state, own_pid_ns) },
	{ "init", BIND_BOOL, 0, FIELD(struct state, init) },
	{ "annotations", BIND_PAIRS, 0, FIELD(struct state, annotations) },
	{ "seccompListener", BIND_OBJ, 0, .sub = listener_rows },
	{ "hooks", BIND_OBJ, 0, .sub = hooks_rows },
	{ "cgroup", BIND_OBJ, BIND_REQUIRED, .sub = cgroup_rows },
	{ 0 },
};

void state_write_json(const struct state *st, struct arena *a, char **ret, size_t *ret_len)
{
	struct jsonw w;

	jsonw_init(&w, a, 0);
	jsonw_obj(&w);
	(void)bind_write(&w, state_rows, st);
	jsonw_obj_end(&w);
	jsonw_nl(&w);
	*ret = w.buf;
	*ret_len = w.len;
}

int state_parse(const char *name, const char *text, size_t len, struct arena *a, struct state *ret,
		struct err *e)
{
	struct state st = { 0 };
	struct json_doc doc;
	struct bind_ctx c = { .doc = &doc, .arena = a, .e = e };
	int r = json_parse(name, text, len, a, &doc, e);

	if (r == 0)
		r = bind_object(&c, doc.root, state_rows, &st);
	if (r < 0)
		return r;
	*ret = st;
	return 0;
}

void state_oci_json(const struct state *st, enum state_status status, const char *owner,
		    struct jsonw *w)
{
	bool alive = status != STATUS_STOPPED;

	jsonw_obj(w);
	jsonw_kstr(w, "ociVersion", st->oci_version);
	jsonw_kstr(w, "id", st->id);
	jsonw_ki64(w, "pid", alive ? st->pid : 0);
	jsonw_kstr(w, "status", state_status_name[status]);
	jsonw_kstr(w, "bundle", st->bundle);
	if (owner) {
		jsonw_kstr(w, "rootfs", st->rootfs);
		jsonw_kstr(w, "created", st->created);
	}
	if (st->annotations.count > 0) {
		jsonw_key(w, "annotations");
		jsonw_obj(w);
		for (size_t i = 0; i < st->annotations.count; i++)
			jsonw_kstr(w, st->annotations.items[i].key, st->annotations.items[i].value);
		jsonw_obj_end(w);
	}
	if (owner)
		jsonw_kstr(w, "owner", owner);
	jsonw_obj_end(w);
}

/* ---- the files -------------------------------------------------------------- */

/* The date of a day counted from 1970-01-01, in the Gregorian calendar. gmtime_r()
 * would read the time zone's file first. */
static void civil_date(int64_t day, int64_t *year, int *month, int *mday)
{
	int64_t z = day + 719468; /* from 0000-03-01: leap days come last */
	int64_t era = z / 146097, doe = z % 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;

	*mday = (int)(doy - (153 * mp + 2) / 5 + 1);
	*month = (int)(mp < 10 ? mp + 3 : mp - 9);
	*year = yoe + era * 400 + (*month <= 2);
}

char *state_time(struct arena *a, int64_t sec, long nsec)
{
	int64_t year;
	int month, mday, left = (int)(sec % 86400);

	civil_date(sec / 86400, &year, &month, &mday);
	return arena_printf(a, "%04" PRId64 "-%02d-%02dT%02d:%02d:%02d.%09ldZ", year, month, mday,
			    left / 3600, left / 60 % 60, left % 60, nsec);
}

char *state_now(struct arena *a)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return state_time(a, ts.tv_sec, ts.tv_nsec);
}

int state_save(int entry_fd, const struct state *st, struct arena *a, struct err *e)
{
	size_t len;
	char *text;
	int r;

	state_write_json(st, a, &text, &len);
	r = io_replace_at(entry_fd, "state.json", text, len, 0600);
	return r < 0 ? err_set(e, -r, "write state.json of %s: %m", st->id) : 0;
}

int state_load(int entry_fd, struct arena *a, struct state *ret, struct err *e)
{
	size_t len;
	char *text;
	int r = io_read_at(entry_fd, "state.json", STATE_FILE_MAX, a, &text, &len);

	if (r == -ENOENT)
		return r;
	if (r < 0)
		return err_set(e, -r, "read state.json: %m");
	return state_parse("state.json", text, len, a, ret, e);
}

static struct flock byte_of(enum state_byte b, short type)
{
	return (struct flock){ .l_type = type, .l_whence = SEEK_SET, .l_start = b, .l_len = 1 };
}

int state_lock(int lock_fd, enum state_byte b, bool wait)
{
	struct flock l = byte_of(b, F_WRLCK);

	while (fcntl(lock_fd, wait ? F_OFD_SETLKW : F_OFD_SETLK, &l) < 0) {
		if (errno != EINTR)
			return errno == EACCES ? -EAGAIN : -errno;
	}
	return 0;
}

int state_unlock(int lock_fd, enum state_byte b)
{
	struct flock l = byte_of(b, F_UNLCK);

	return fcntl(lock_fd, F_OFD_SETLK, &l) < 0 ? -errno : 0;
}

void state_await_exec(int entry_fd)
{
	autoclose int fd = openat(entry_fd, "lock", O_RDWR | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0 && state_lock(fd, STATE_BYTE_EXEC, true) == 0)
		(void)state_unlock(fd, STATE_BYTE_EXEC);
}

int state_is_locked(int lock_fd, enum state_byte b)
{
	struct flock l = byte_of(b, F_WRLCK);

	if (fcntl(lock_fd, F_OFD_GETLK, &l) < 0)
		return -errno;
	return l.l_type != F_UNLCK;
}
