/* SPDX-License-Identifier: Apache-2.0 */
#include "run/record.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/num.h"
#include "conf/bind.h"
#include "conf/json.h"

enum { DIR_FLAGS = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW };

static const char unknown[] = "container does not exist: %.128s";

#define AT(kind_, key_, field_)                                                           \
	{                                                                                 \
		.key = (key_), .kind = (kind_), .offset = offsetof(struct record, field_) \
	}
#define ALWAYS(kind_, key_, field_)                                                        \
	{                                                                                  \
		.key = (key_), .kind = (kind_), .offset = offsetof(struct record, field_), \
		.flags = BIND_ALWAYS                                                       \
	}

static const struct bind_row rows[] = {
	{ .key = "id",
	  .kind = BIND_STR,
	  .offset = offsetof(struct record, id),
	  .flags = BIND_REQUIRED | BIND_NONEMPTY },
	{ .key = "name",
	  .kind = BIND_STR,
	  .offset = offsetof(struct record, name),
	  .flags = BIND_REQUIRED | BIND_NONEMPTY },
	AT(BIND_STR, "created", created),
	AT(BIND_STR, "started", started),
	AT(BIND_STRINGS, "command", command),
	AT(BIND_STR, "root", root),
	ALWAYS(BIND_BOOL, "detached", detached),
	ALWAYS(BIND_BOOL, "tty", tty),
	ALWAYS(BIND_BOOL, "autoRemove", auto_remove),
	ALWAYS(BIND_BOOL, "named", named),
	{ 0 },
};

/* ---- directories ------------------------------------------------------------------ */

static int make_dirs(const char *path)
{
	char buf[PATH_MAX];
	int n = snprintf(buf, sizeof(buf), "%s", path);

	if (n < 1 || (size_t)n >= sizeof(buf))
		return -ENAMETOOLONG;
	for (char *p = strchr(buf + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		if (mkdir(buf, 0755) < 0 && errno != EEXIST)
			return -errno;
		*p = '/';
	}
	return mkdir(buf, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

/* The files of one directory and of those below it, two levels at most. */
static int empty_dir(int dirfd, const char *path, int levels)
{
	int fd = openat(dirfd, path, DIR_FLAGS), r = 0;
	autodir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *d;

	if (!dir) {
		r = -errno;
		cleanup_fd(&fd);
		return r == -ENOENT ? 0 : r;
	}
	while (r == 0 && (d = readdir(dir))) {
		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		if (unlinkat(fd, d->d_name, 0) == 0 || errno == ENOENT)
			continue;
		r = errno == EISDIR && levels > 0 ? empty_dir(fd, d->d_name, levels - 1) : -errno;
	}
	if (r == 0 && unlinkat(dirfd, path, AT_REMOVEDIR) < 0 && errno != ENOENT)
		r = -errno;
	return r;
}

int records_open(struct arena *a, const char *root, bool make, struct records *ret, struct err *e)
{
	static const char *const parts[] = { "records", "names" };
	autoclose int fd = open(root, DIR_FLAGS & ~O_NOFOLLOW);
	int r;

	if (fd < 0 && errno == ENOENT) {
		if (!make)
			return -ENOENT;
		r = make_dirs(root);
		if (r < 0)
			return err_set(e, -r, "make the directory %s: %m", root);
		fd = open(root, DIR_FLAGS & ~O_NOFOLLOW);
	}
	if (fd < 0)
		return err_set(e, errno, "open the directory %s: %m", root);
	for (size_t i = 0; make && i < ARRAY_LEN(parts); i++)
		if (mkdirat(fd, parts[i], 0700) < 0 && errno != EEXIST)
			return err_set(e, errno, "make the directory %s/%s: %m", root, parts[i]);
	*ret = (struct records){ .arena = a, .root = root, .fd = take_fd(fd) };
	return 0;
}

void records_close(struct records *rs)
{
	cleanup_fd(&rs->fd);
}

void record_close(struct record *r)
{
	cleanup_fd(&r->dir_fd);
	cleanup_fd(&r->exit_fd);
}

/* ---- names and ids ------------------------------------------------------------------ */

static bool is_id(const char *s)
{
	return strlen(s) == RECORD_ID_LEN && strspn(s, "0123456789abcdef") == RECORD_ID_LEN;
}

static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_name(const char *s)
{
	size_t n = 0;

	if (!is_alnum(*s))
		return false;
	while (is_alnum(s[n]) || s[n] == '_' || s[n] == '.' || s[n] == '-')
		n++;
	return !s[n] && n <= RECORD_NAME_MAX;
}

int record_check_name(const char *name, struct err *e)
{
	if (is_name(name) && !is_id(name))
		return 0;
	return err_set(
		e, EINVAL,
		"invalid container name '%.64s': letters, digits, and after the first one _ . - (up to %d)",
		name, RECORD_NAME_MAX);
}

char *record_new_id(struct arena *a)
{
	unsigned char random[RECORD_ID_LEN / 2];
	char *id = arena_alloc(a, RECORD_ID_LEN + 1);
	size_t have = 0;

	while (have < sizeof(random)) {
		ssize_t n = getrandom(random + have, sizeof(random) - have, 0);

		have += n > 0 ? (size_t)n : 0;
	}
	for (size_t i = 0; i < sizeof(random); i++)
		(void)snprintf(id + 2 * i, 3, "%02x", random[i]);
	return id;
}

static const char *record_path(struct arena *a, const char *id)
{
	return arena_printf(a, "records/%s", id);
}

/* The id that a name stands for, or NULL. */
static const char *name_target(struct records *rs, const char *name)
{
	char target[RECORD_ID_LEN + 2];
	ssize_t n = readlinkat(rs->fd, arena_printf(rs->arena, "names/%s", name), target,
			       sizeof(target));

	if (n != RECORD_ID_LEN)
		return NULL;
	target[n] = '\0';
	return is_id(target) ? arena_strdup(rs->arena, target) : NULL;
}

static bool record_exists(struct records *rs, const char *id)
{
	return faccessat(rs->fd, record_path(rs->arena, id), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* The lock of whoever makes a record or changes a name: a descriptor that holds it. */
static int lock_names(struct records *rs, struct err *e)
{
	autoclose int names = openat(rs->fd, "names", DIR_FLAGS);
	int r = names < 0 ? -1 : flock(names, LOCK_EX);

	while (r < 0 && names >= 0 && errno == EINTR)
		r = flock(names, LOCK_EX);
	return r < 0 ? err_set(e, errno, "lock %s/names: %m", rs->root) : take_fd(names);
}

/* Under the lock of names/. symlinkat(2) is the test and the claim in one. A link
 * that points to nothing was left by somebody who died: it is made anew. */
static int claim_name(struct records *rs, const char *name, const char *id, struct err *e)
{
	const char *link = arena_printf(rs->arena, "names/%s", name);
	const char *holder;

	if (symlinkat(id, rs->fd, link) == 0)
		return 0;
	if (errno != EEXIST)
		return err_set(e, errno, "make %s/%s: %m", rs->root, link);
	holder = name_target(rs, name);
	if (holder && record_exists(rs, holder))
		return err_set(e, EEXIST, "the name '%s' is already in use by container %.12s",
			       name, holder);
	if (unlinkat(rs->fd, link, 0) < 0 || symlinkat(id, rs->fd, link) < 0)
		return err_set(e, errno, "make %s/%s: %m", rs->root, link);
	return 0;
}

/* ---- making, reading ------------------------------------------------------------------ */

int record_save(const struct record *r, struct arena *a, struct err *e)
{
	struct jsonw w;
	int err;

	jsonw_init(&w, a, JSONW_TABS);
	jsonw_obj(&w);
	(void)bind_write(&w, rows, r);
	jsonw_obj_end(&w);
	jsonw_nl(&w);
	err = io_replace_at(r->dir_fd, "record.json", w.buf, w.len, 0600);
	return err < 0 ? err_set(e, -err, "write the record of container %.12s: %m", r->id) : 0;
}

static int fill_record(struct records *rs, struct record *r, struct err *e)
{
	r->dir_fd = openat(rs->fd, record_path(rs->arena, r->id), DIR_FLAGS);
	if (r->dir_fd < 0)
		return err_set(e, errno, "open the record of container %.12s: %m", r->id);
	r->exit_fd = openat(r->dir_fd, "exit", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (r->exit_fd < 0 || flock(r->exit_fd, LOCK_EX) < 0)
		return err_set(e, errno, "make the record of container %.12s: %m", r->id);
	return record_save(r, rs->arena, e);
}

int record_make(struct records *rs, struct record *r, struct err *e)
{
	int err = r->named ? record_check_name(r->name, e) : 0;
	autoclose int names = err < 0 ? -1 : lock_names(rs, e);

	if (err < 0 || names < 0)
		return err < 0 ? err : names;
	/* The record first: a name that points to no record is free for everybody. */
	if (mkdirat(rs->fd, record_path(rs->arena, r->id), 0700) < 0)
		return err_set(e, errno, "make %s/records/%s: %m", rs->root, r->id);
	err = fill_record(rs, r, e);
	if (err == 0 && r->named)
		err = claim_name(rs, r->name, r->id, e);
	if (err < 0) {
		cleanup_fd(&names); /* it is for the remover to lock */
		(void)record_remove(rs, r, NULL);
		record_close(r);
	}
	return err;
}

static int read_record(struct records *rs, struct record *r, struct err *e)
{
	struct bind_ctx ctx = { .arena = rs->arena, .e = e };
	struct json_doc doc;
	char *text;
	size_t len;
	int err = io_read_at(r->dir_fd, "record.json", RECORD_FILE_MAX, rs->arena, &text, &len);

	if (err < 0)
		return err == -ENOENT ? err : err_set(e, -err, "read record.json: %m");
	err = json_parse("record.json", text, len, rs->arena, &doc, e);
	ctx.doc = &doc;
	if (err == 0)
		err = bind_expect(&ctx, doc.root, JSON_OBJECT);
	return err < 0 ? err : bind_object(&ctx, doc.root, rows, r);
}

static int open_exit(int dir_fd)
{
	return openat(dir_fd, "exit", O_RDWR | O_CLOEXEC | O_NOFOLLOW);
}

static bool is_locked(int exit_fd)
{
	/* Shared, so that those who only ask do not see each other. */
	if (flock(exit_fd, LOCK_SH | LOCK_NB) < 0)
		return errno == EWOULDBLOCK;
	(void)flock(exit_fd, LOCK_UN);
	return false;
}

/* What somebody who died has left half made or half removed, nobody will finish: that
 * nobody is at it just now is known under the lock of names/, which makers hold until they
 * hold that of `exit`. */
static void sweep(struct records *rs, const char *id)
{
	const char *path = record_path(rs->arena, id);
	autoclose int names = lock_names(rs, NULL);
	autoclose int dir = names < 0 ? -1 : openat(rs->fd, path, DIR_FLAGS);
	autoclose int exit_fd = dir < 0 ? -1 : open_exit(dir);

	if (dir < 0 || (exit_fd < 0 && errno != ENOENT))
		return;
	if (exit_fd >= 0 &&
	    (faccessat(dir, "record.json", F_OK, AT_SYMLINK_NOFOLLOW) == 0 || is_locked(exit_fd)))
		return;
	(void)empty_dir(rs->fd, path, 1);
}

static int open_whole(struct records *rs, const char *id, struct record *ret, struct err *e)
{
	autorecord struct record r = RECORD_NULL;
	int err;

	r.dir_fd = openat(rs->fd, record_path(rs->arena, id), DIR_FLAGS);
	if (r.dir_fd < 0)
		return errno == ENOENT
			       ? -ENOENT
			       : err_set(e, errno, "open the record of container %.12s: %m", id);
	r.exit_fd = open_exit(r.dir_fd);
	if (r.exit_fd < 0)
		return errno == ENOENT
			       ? -ENOENT
			       : err_set(e, errno, "open the record of container %.12s: %m", id);
	err = read_record(rs, &r, e);
	if (err < 0)
		return err == -ENOENT ? err : err_wrap(e, err, "container %.12s", id);
	if (strcmp(r.id, id) != 0)
		return err_set(e, EINVAL, "container %.12s: its record is that of %.64s", id, r.id);
	*ret = r;
	r = RECORD_NULL;
	return 0;
}

int record_open(struct records *rs, const char *id, struct record *ret, struct err *e)
{
	int r;

	if (!is_id(id))
		return -ENOENT;
	r = open_whole(rs, id, ret, e);
	if (r == -ENOENT && record_exists(rs, id))
		sweep(rs, id);
	return r;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int record_ids(struct records *rs, struct oci_strings *ret, struct err *e)
{
	int fd = openat(rs->fd, "records", DIR_FLAGS);
	autodir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *d;
	size_t cap = 0;

	*ret = (struct oci_strings){ 0 };
	if (!dir) {
		int err = errno;

		cleanup_fd(&fd);
		return err == ENOENT ? 0 : err_set(e, err, "open %s/records: %m", rs->root);
	}
	while ((d = readdir(dir)))
		if (is_id(d->d_name)) {
			const char **slot = arena_push(rs->arena, &ret->items, &ret->count, &cap,
						       sizeof(*ret->items));

			*slot = arena_strdup(rs->arena, d->d_name);
		}
	if (ret->count)
		qsort(ret->items, ret->count, sizeof(*ret->items), by_text);
	return 0;
}

static int by_prefix(struct records *rs, const char *word, const char **ret, struct err *e)
{
	struct oci_strings ids;
	int r = record_ids(rs, &ids, e);

	*ret = NULL;
	for (size_t i = 0; r == 0 && i < ids.count; i++) {
		if (strncmp(ids.items[i], word, strlen(word)) != 0)
			continue;
		if (*ret)
			return err_set(e, EINVAL,
				       "'%.64s' is the beginning of more than one container's id",
				       word);
		*ret = ids.items[i];
	}
	return r;
}

int record_find(struct records *rs, const char *word, struct record *ret, struct err *e)
{
	const char *id = NULL;
	int r;

	if (is_id(word))
		id = word;
	else if (is_name(word))
		id = name_target(rs, word);
	r = id ? record_open(rs, id, ret, e) : -ENOENT;
	if (r != -ENOENT)
		return r;
	if (*word && strspn(word, "0123456789abcdef") == strlen(word)) {
		r = by_prefix(rs, word, &id, e);
		if (r == 0)
			r = id ? record_open(rs, id, ret, e) : -ENOENT;
	}
	return r == -ENOENT ? err_set(e, ENOENT, unknown, word) : r;
}

/* ---- the end ---------------------------------------------------------------------------- */

enum { MONITOR_FILES_MAX = 32 };

int record_remove(struct records *rs, const struct record *r, struct err *e)
{
	const char *path = record_path(rs->arena, r->id), *holder;
	int err = 0;

	if (r->named) {
		autoclose int names = lock_names(rs, NULL);

		holder = names < 0 ? NULL : name_target(rs, r->name);
		if (holder && strcmp(holder, r->id) == 0)
			(void)unlinkat(names, r->name, 0);
	}
	/* The monitor of a container that was just killed may be writing down its end here: a file
	 * or two, and then no more. */
	for (int i = 0; i < MONITOR_FILES_MAX; i++) {
		err = empty_dir(rs->fd, path, 1);
		if (err != -ENOTEMPTY)
			break;
	}
	return err < 0 ? err_set(e, -err, "remove %s/%s: %m", rs->root, path) : 0;
}

bool record_is_held(const struct record *r)
{
	return is_locked(r->exit_fd);
}

static int read_status(int fd, int *ret)
{
	char text[16];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	if (n <= 0)
		return n < 0 ? -errno : -EAGAIN;
	text[n] = '\0';
	if (text[n - 1] == '\n')
		text[n - 1] = '\0';
	return num_int(text, ret);
}

int record_finish(const struct record *r, int status, struct err *e)
{
	char text[16];
	int old, len;

	if (read_status(r->exit_fd, &old) == 0)
		return 0;
	len = snprintf(text, sizeof(text), "%d\n", status);
	if (pwrite(r->exit_fd, text, (size_t)len, 0) != len)
		return err_set(e, errno, "write the exit status of container %.12s: %m", r->id);
	return 0;
}

static const char *time_text(struct arena *a, const struct timespec *ts)
{
	char day[32];
	struct tm tm;

	if (!gmtime_r(&ts->tv_sec, &tm))
		return "0001-01-01T00:00:00Z";
	(void)strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
	return arena_printf(a, "%s.%09ldZ", day, ts->tv_nsec);
}

int record_exit_status(const struct record *r, struct arena *a, int *ret_status,
		       const char **ret_when)
{
	char path[RECORD_ID_LEN + 16];
	struct stat st = { 0 };
	int err = read_status(r->exit_fd, ret_status);

	if (err == 0)
		err = fstat(r->exit_fd, &st) < 0 ? -errno : 0;
	if (err < 0) {
		autoclose int fd = -1;

		(void)snprintf(path, sizeof(path), "conmon/%s", r->id);
		fd = openat(r->dir_fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		if (fd < 0)
			return -EAGAIN;
		err = read_status(fd, ret_status);
		if (err == 0)
			err = fstat(fd, &st) < 0 ? -errno : 0;
	}
	if (err == 0 && ret_when)
		*ret_when = time_text(a, &st.st_mtim);
	return err;
}

static int64_t now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int record_wait(const struct record *r, int timeout_ms, int *ret_status, struct err *e)
{
	autoclose int notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	int64_t deadline = now_ms() + timeout_ms;
	char path[64], events[4096];

	/* Through the descriptor: the file may have lost its name by now. */
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", r->exit_fd);
	if (notify < 0 || inotify_add_watch(notify, path, IN_MODIFY | IN_CLOSE_WRITE) < 0)
		return err_set(e, errno, "watch for the end of container %.12s: %m", r->id);
	for (;;) {
		struct pollfd pfd = { .fd = notify, .events = POLLIN };
		int64_t left = deadline - now_ms();
		int err = read_status(r->exit_fd, ret_status);

		if (err != -EAGAIN)
			return err < 0 ? err_set(e, -err,
						 "read the exit status of container %.12s: %m",
						 r->id)
				       : 0;
		if (timeout_ms >= 0 && left <= 0)
			return err_set(e, ETIMEDOUT, "container %.12s has left no exit status",
				       r->id);
		if (poll(&pfd, 1, timeout_ms < 0 ? -1 : (int)left) < 0 && errno != EINTR)
			return err_set(e, errno, "wait for the end of container %.12s: %m", r->id);
		while (read(notify, events, sizeof(events)) > 0)
			;
	}
}
