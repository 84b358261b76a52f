/* SPDX-License-Identifier: Apache-2.0 */
/* Where texts come from: files, directories, patterns, standard input.
 *
 * What is named is read, whatever it is; a file that is no container configuration is then a
 * diagnostic. In a directory, and for a pattern, only *.yaml, *.yml and *.json are
 * opened (a pattern says itself what), and what is no container configuration is passed over. Symbolic
 * links are not followed in there: what they lead to is either found itself, or lies outside, and
 * then it is a diagnostic. Only regular files are opened; nothing in there is executed or
 * written, and no FIFO waits for us. */
#include "audit/input.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <glob.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"

enum {
	FIRST_PART = 64 * 1024, /* of a stream: NUL bytes only in it, and no more is read */
	PATTERNS_MAX = 256,     /* of one with braces */
};

struct walk {
	struct input in;
	const char *pattern;         /* below the directory, with ** in it; or NULL: by suffix */
	const char *const *patterns; /* the same without braces */
	size_t pattern_count;
	const char *base; /* the real path of the directory */
	char *buffer;     /* for the file that is looked at */
	size_t size;
	size_t files;
	bool cut; /* AUDIT_FILES_MAX was reached */
};

/* ---- One file ------------------------------------------------------------------------------- */

static int grow(char **buffer, size_t *size, size_t want)
{
	char *p;

	if (want <= *size)
		return 0;
	p = realloc(*buffer, want);
	if (!p)
		return -ENOMEM;
	*buffer = p;
	*size = want;
	return 0;
}

static bool only_nul(const char *text, size_t len)
{
	return len > 0 && text[0] == '\0' && memcmp(text, text + 1, len - 1) == 0;
}

/* A FIFO was opened without waiting for who writes; with nobody there it is empty. */
static ssize_t read_some(int fd, char *to, size_t len)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t n;

	for (;;) {
		n = read(fd, to, len);
		if (n >= 0)
			return n;
		if (errno == EAGAIN)
			(void)poll(&p, 1, -1);
		else if (errno != EINTR)
			return -errno;
	}
}

/* All of it, but no more than one byte too much. */
static int slurp(int fd, const struct stat *st, char **buffer, size_t *size, size_t *ret_len)
{
	bool sized = S_ISREG(st->st_mode) && st->st_size > 0;
	size_t most = SOURCE_SIZE_MAX + 1, len = 0;
	size_t want = sized ? (size_t)st->st_size + 1 : FIRST_PART;
	ssize_t n;
	int r;

	want = want < most ? want : most;
	for (;;) {
		r = grow(buffer, size, want);
		if (r < 0)
			return r;
		n = read_some(fd, *buffer + len, want - len);
		if (n < 0)
			return (int)n;
		len += (size_t)n;
		if (n == 0 || len == most || (sized && len == (size_t)st->st_size))
			break;
		if (!sized && len >= FIRST_PART && only_nul(*buffer, len))
			break;
		if (len == want && sized)
			break; /* it grows while we read: what it was is what we looked at */
		if (len == want)
			want = want * 2 < most ? want * 2 : most;
	}
	*ret_len = len;
	return 0;
}

/* A file that is not short is read to where it stays. */
static int read_in_place(struct input *in, int fd, const struct stat *st, const char *name,
			 struct err *e)
{
	size_t size = (size_t)st->st_size + 1, len = 0;
	char *text = arena_alloc(in->audit->arena, size + 1), *buffer = text;
	int r = slurp(fd, st, &buffer, &size, &len);

	if (r < 0)
		return err_set(e, -r, "%s: %m", name);
	text[len] = '\0';
	(void)input_text(in, name, text, len, true);
	return 0;
}

static int read_named(struct input *in, int fd, const char *name, struct err *e)
{
	autofree char *buffer = NULL;
	size_t size = 0, len = 0;
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0)
		return err_set(e, errno, "%s: %m", name);
	in->file = S_ISREG(st.st_mode);
	if (in->file && st.st_size > FIRST_PART && st.st_size <= SOURCE_SIZE_MAX)
		return read_in_place(in, fd, &st, name, e);
	r = slurp(fd, &st, &buffer, &size, &len);
	if (r < 0)
		return err_set(e, -r, "%s: %m", name);
	if (!in->file && len >= FIRST_PART && only_nul(buffer, len))
		input_diag(in, DIAG_UNPARSABLE, name, "there are only NUL bytes in it");
	else
		(void)input_text(in, name, buffer, len, false);
	return 0;
}

/* ---- Directories ---------------------------------------------------------------------------- */

static bool ends_in(const char *name, const char *suffix)
{
	size_t n = strlen(name), k = strlen(suffix);

	return n > k && strcasecmp(name + n - k, suffix) == 0;
}

/* "**" stands for any number of directories. */
static bool matches(const char *pattern, const char *path)
{
	size_t p = strcspn(pattern, "/"), n = strcspn(path, "/");
	char want[NAME_MAX + 1], have[NAME_MAX + 1];

	if (p == 2 && memcmp(pattern, "**", 2) == 0) {
		if (!pattern[2])
			return true;
		for (;; path += n + 1, n = strcspn(path, "/")) {
			if (matches(pattern + 3, path))
				return true;
			if (!path[n])
				return false;
		}
	}
	if (p > NAME_MAX || n > NAME_MAX)
		return false;
	memcpy(want, pattern, p);
	memcpy(have, path, n);
	want[p] = have[n] = '\0';
	if (fnmatch(want, have, FNM_PERIOD) != 0)
		return false;
	if (!pattern[p] || !path[n])
		return !pattern[p] && !path[n];
	return matches(pattern + p + 1, path + n + 1);
}

/* The "}" of a "{" with a comma between; NULL: it stands for itself. */
static const char *end_of_brace(const char *open)
{
	size_t depth = 0;
	bool comma = false;

	for (const char *c = open; *c; c++) {
		if (*c == '{')
			depth++;
		else if (*c == ',' && depth == 1)
			comma = true;
		else if (*c == '}' && --depth == 0)
			return comma ? c : NULL;
	}
	return NULL;
}

/* "a.{yaml,yml}" is "a.yaml" and "a.yml". NULL: they are too many. */
static const char *const *without_braces(struct arena *a, const char *pattern, size_t *ret_count)
{
	const char **all = NULL;
	size_t count = 0, cap = 0, i = 0;

	*(const char **)arena_push(a, &all, &count, &cap, sizeof(*all)) = pattern;
	while (i < count) {
		const char *whole = all[i], *open = whole, *end = NULL, *part, *c;
		size_t depth = 0;

		while (*open && !(*open == '{' && (end = end_of_brace(open))))
			open++;
		if (!end) {
			i++;
			continue;
		}
		for (part = c = open + 1; c <= end && count < PATTERNS_MAX; c++) {
			if (depth == 0 && (*c == ',' || c == end)) {
				const char *one = arena_printf(a, "%.*s%.*s%s", (int)(open - whole),
							       whole, (int)(c - part), part,
							       end + 1);

				if (part == open + 1)
					all[i] = one;
				else
					*(const char **)arena_push(a, &all, &count, &cap,
								   sizeof(*all)) = one;
				part = c + 1;
			}
			depth += *c == '{';
			depth -= *c == '}' && depth > 0;
		}
		if (count == PATTERNS_MAX)
			return NULL;
	}
	*ret_count = count;
	return all;
}

static bool is_wanted(const struct walk *w, const char *name, const char *below)
{
	for (size_t i = 0; i < w->pattern_count; i++)
		if (matches(w->patterns[i], below))
			return true;
	if (w->pattern)
		return false;
	return ends_in(name, ".yaml") || ends_in(name, ".yml") || ends_in(name, ".json");
}

static void found_file(struct walk *w, int dirfd, const char *name, const char *path)
{
	autoclose int fd = openat(dirfd, name,
				  O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	size_t len = 0;
	int r = fd < 0 || fstat(fd, &st) < 0 ? -errno : 0;

	if (++w->files > AUDIT_FILES_MAX) {
		if (!w->cut)
			input_diag(&w->in, DIAG_UNREADABLE, path,
				   "more than %d files; what follows was not looked at",
				   AUDIT_FILES_MAX);
		w->cut = true;
		return;
	}
	if (r == 0 && !S_ISREG(st.st_mode))
		return;
	if (r == 0)
		r = slurp(fd, &st, &w->buffer, &w->size, &len);
	if (r < 0) {
		input_diag(&w->in, DIAG_UNREADABLE, path, "%s", strerror(-r));
		return;
	}
	if (input_may_be(w->buffer, len))
		(void)input_text(&w->in, path, w->buffer, len, false);
	else
		w->in.audit->passed_count++;
}

/* A link within what is walked leads to what is found anyway. */
static void found_link(struct walk *w, int dirfd, const char *name, const char *path,
		       const char *below)
{
	autoclose int fd = openat(dirfd, name, O_PATH | O_CLOEXEC);
	char proc[64], target[PATH_MAX];
	size_t n = strlen(w->base);
	struct stat st;
	ssize_t len = -1;

	if (fd < 0) {
		if (is_wanted(w, name, below))
			input_diag(&w->in, DIAG_UNRESOLVED, path, "a symbolic link to nothing: %s",
				   strerror(errno));
		return;
	}
	(void)snprintf(proc, sizeof(proc), "/proc/self/fd/%d", fd);
	if (fstat(fd, &st) == 0)
		len = readlink(proc, target, sizeof(target) - 1);
	if (len >= 0) {
		target[len] = '\0';
		if (strncmp(target, w->base, n) == 0 && (target[n] == '/' || !target[n] || n == 1))
			return;
		if (!S_ISDIR(st.st_mode) && !is_wanted(w, name, below))
			return;
	}
	input_diag(&w->in, DIAG_UNRESOLVED, path,
		   "a symbolic link that leads out of the directory is not followed");
}

struct entry {
	const char *name;
	unsigned char type;
};

static int by_name(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* In the order of names, so that two runs say the same. */
static struct entry *entries(struct walk *w, DIR *d, size_t *ret_count)
{
	struct arena *a = w->in.audit->arena;
	struct entry *all = NULL;
	size_t count = 0, cap = 0;
	struct dirent *de;

	while (count <= AUDIT_FILES_MAX && (de = readdir(d)) != NULL) {
		struct entry *e;

		if (strcmp(de->d_name, ".") == 0 || strcmp(de->d_name, "..") == 0)
			continue;
		e = arena_push(a, &all, &count, &cap, sizeof(*all));
		e->name = arena_strdup(a, de->d_name);
		e->type = de->d_type;
	}
	if (count)
		qsort(all, count, sizeof(*all), by_name);
	*ret_count = count;
	return all;
}

static unsigned char type_of(int dirfd, const struct entry *e)
{
	struct stat st;

	if (e->type != DT_UNKNOWN)
		return e->type;
	if (fstatat(dirfd, e->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return DT_REG; /* opening it will say why */
	return (unsigned char)IFTODT(st.st_mode);
}

static bool is_skipped(const char *name)
{
	static const char *const skipped[] = { ".git", ".hg", ".svn", "node_modules" };

	for (size_t i = 0; i < ARRAY_LEN(skipped); i++)
		if (strcmp(name, skipped[i]) == 0)
			return true;
	return false;
}

static const char *join(struct arena *a, const char *dir, const char *name)
{
	size_t n = strlen(dir);

	if (n == 0 || strcmp(dir, ".") == 0)
		return name;
	return arena_printf(a, "%s%s%s", dir, dir[n - 1] == '/' ? "" : "/", name);
}

/* A bundle: its config.json comes first, and its root file system is no place for configurations. */
static const char *bundle_root(struct walk *w, int dirfd, const char *dir, const struct entry *all,
			       size_t count, const char *below)
{
	struct arena *a = w->in.audit->arena;
	const struct entry want = { .name = "config.json" }, *e;

	e = count ? bsearch(&want, all, count, sizeof(*all), by_name) : NULL;
	w->in.root = NULL;
	if (e && type_of(dirfd, e) == DT_REG && is_wanted(w, e->name, join(a, below, e->name)))
		found_file(w, dirfd, e->name, join(a, dir, e->name));
	return w->in.root;
}

/* `fd` is closed. Depth is bounded, so this may call itself. */
static void walk_dir(struct walk *w, int fd, const char *dir, const char *below, size_t depth)
{
	autodir DIR *d = fdopendir(fd);
	struct arena *a = w->in.audit->arena;
	const char *root;
	struct entry *all;
	size_t count;

	if (!d || depth == AUDIT_DIR_DEPTH_MAX) {
		input_diag(&w->in, DIAG_UNREADABLE, dir, "%s",
			   d ? "directories are nested too deeply" : strerror(errno));
		if (!d)
			(void)close(fd);
		return;
	}
	all = entries(w, d, &count);
	root = bundle_root(w, fd, dir, all, count, below);
	for (size_t i = 0; i < count && !w->cut; i++) {
		const char *name = all[i].name, *path = join(a, dir, name);
		const char *sub = join(a, below, name);
		unsigned char type = type_of(fd, &all[i]);
		int child;

		if (type == DT_LNK) {
			found_link(w, fd, name, path, sub);
		} else if (type == DT_REG && is_wanted(w, name, sub)) {
			if (strcmp(name, "config.json") != 0)
				found_file(w, fd, name, path);
		} else if (type == DT_DIR && !is_skipped(name) &&
			   !(root && strcmp(root, name) == 0)) {
			child = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
			if (child < 0)
				input_diag(&w->in, DIAG_UNREADABLE, path, "%s", strerror(errno));
			else
				walk_dir(w, child, path, sub, depth + 1);
		}
	}
}

static int too_many(const char *pattern, struct err *e)
{
	return err_set(e, E2BIG, "%s: the braces stand for more than %d patterns", pattern,
		       PATTERNS_MAX);
}

static int walk(struct input *in, int fd, const char *dir, const char *pattern, struct err *e)
{
	struct audit *a = in->audit;
	struct walk w = { .in = { .audit = a, .found = true, .file = true }, .pattern = pattern };
	char proc[64], base[PATH_MAX] = "/";
	size_t diags = a->diag_count;
	ssize_t n;

	(void)snprintf(proc, sizeof(proc), "/proc/self/fd/%d", fd);
	n = readlink(proc, base, sizeof(base) - 1);
	if (n > 0)
		base[n] = '\0';
	w.base = base;
	if (pattern) {
		w.patterns = without_braces(a->arena, pattern, &w.pattern_count);
		if (!w.patterns)
			return too_many(pattern, e);
	}
	fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return err_set(e, errno, "%s: %m", dir);
	walk_dir(&w, fd, dir, "", 0);
	free(w.buffer);
	in->read += w.in.read;
	if (!in->found && w.in.read == 0 && a->diag_count == diags)
		input_diag(&w.in, DIAG_EMPTY, pattern ? pattern : dir,
			   "no container configuration is among %zu files", w.files);
	return 0;
}

/* ---- Patterns ------------------------------------------------------------------------------- */

/* "a/b/x-?/c" is walked from a/b. */
static int walk_pattern(struct audit *a, const char *pattern, struct err *e)
{
	size_t wild = strcspn(pattern, "*?[{"), cut = wild;
	struct input in = { .audit = a };
	const char *dir;

	while (cut > 0 && pattern[cut - 1] != '/')
		cut--;
	dir = cut == 0 ? "." : arena_strndup(a->arena, pattern, cut);
	{
		autoclose int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (fd < 0)
			return err_set(e, errno, "%s: %m", dir);
		return walk(&in, fd, dir, pattern + cut, e);
	}
}

static int read_path(struct input *in, const char *path, struct err *e)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_set(e, errno, "%s: %m", path);
	if (S_ISDIR(st.st_mode))
		return walk(in, fd, path, NULL, e);
	return read_named(in, fd, path, e);
}

/* What is not there does not match. */
static int is_trouble(const char *path, int code)
{
	(void)path;
	return code != ENOENT && code != ENOTDIR;
}

static int read_glob(struct audit *a, const char *pattern, struct err *e)
{
	struct input in = { .audit = a, .found = true };
	size_t diags = a->diag_count;
	glob_t g = { 0 };
	size_t count, matched = 0;
	const char *const *patterns = without_braces(a->arena, pattern, &count);
	int r = GLOB_NOMATCH;

	if (!patterns)
		return too_many(pattern, e);
	for (size_t i = 0; i < count && (r == 0 || r == GLOB_NOMATCH); i++) {
		r = glob(patterns[i], i ? GLOB_APPEND : 0, is_trouble, &g);
		matched += r == 0;
	}
	if (!matched || (r != 0 && r != GLOB_NOMATCH)) {
		globfree(&g);
		return err_set(e, ENOENT, "%s: %s", pattern,
			       r == GLOB_NOMATCH ? "no file matches"
						 : "the pattern cannot be followed");
	}
	for (size_t i = 0; i < g.gl_pathc; i++) {
		struct err one = { 0 };

		if (read_path(&in, g.gl_pathv[i], &one) < 0)
			input_diag(&in, DIAG_UNREADABLE, g.gl_pathv[i], "%s", strerror(one.code));
	}
	if (in.read == 0 && a->diag_count == diags)
		input_diag(&in, DIAG_EMPTY, pattern,
			   "no container configuration is among the %zu files that match",
			   g.gl_pathc);
	globfree(&g);
	return 0;
}

static bool is_pattern(const char *path)
{
	if (strpbrk(path, "*?["))
		return true;
	for (path = strchr(path, '{'); path; path = strchr(path + 1, '{'))
		if (end_of_brace(path))
			return true;
	return false;
}

int audit_read_path(struct audit *a, const char *path, struct err *e)
{
	struct input in = { .audit = a };
	struct stat st;

	if (strcmp(path, "-") == 0)
		return read_named(&in, STDIN_FILENO, "-", e);
	if (is_pattern(path) && stat(path, &st) < 0 && (errno == ENOENT || errno == ENOTDIR))
		return strstr(path, "**") ? walk_pattern(a, path, e) : read_glob(a, path, e);
	return read_path(&in, path, e);
}
