/* SPDX-License-Identifier: Apache-2.0 */
#include "run/inroot.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "run/later.h"
#include "sys/syscalls.h"

enum {
	LINKS_MAX = 40,   /* as the kernel */
	RETRIES_MAX = 64, /* openat2 gives EAGAIN while somebody renames directories */
};

int inroot_open(int root, const char *path, uint64_t flags, uint64_t resolve)
{
	int fd = -EAGAIN;

	for (int i = 0; i < RETRIES_MAX && fd == -EAGAIN; i++)
		fd = sys_openat2(root, path, flags | O_CLOEXEC, 0,
				 resolve | RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
	return fd;
}

/* The way to the directory of the last component, and that component; false if
 * there is none, or no room. */
static bool split(const char *path, char parent[PATH_MAX], const char **ret_name)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	size_t len = (size_t)(name - path);

	if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || len + 2 > PATH_MAX)
		return false;
	memcpy(parent, path, len);
	parent[len] = '.';
	parent[len + 1] = '\0';
	*ret_name = name;
	return true;
}

/* The walk of what is missing: `done` is the way from the root to the directory
 * `cur`, free of links and dots; `todo` is what is left. */
struct walk {
	int root, cur, links;
	bool made;
	char done[PATH_MAX], todo[PATH_MAX];
};

static int walk_to_done(struct walk *w)
{
	int fd = inroot_open(w->root, w->done[0] ? w->done : ".", O_PATH | O_DIRECTORY,
			     RESOLVE_NO_SYMLINKS);

	if (fd < 0)
		return fd;
	if (w->cur >= 0)
		(void)close(w->cur);
	w->cur = fd;
	return 0;
}

static int walk_up(struct walk *w)
{
	char *slash = strrchr(w->done, '/');

	if (slash)
		*slash = '\0';
	return slash ? walk_to_done(w) : 0;
}

/* Puts the link's text before what is left to do. */
static int walk_link(struct walk *w, int link)
{
	char text[PATH_MAX], rest[PATH_MAX];
	ssize_t n = readlinkat(link, "", text, sizeof(text));
	size_t left = strlen(w->todo);

	if (n < 0)
		return -errno;
	if (++w->links > LINKS_MAX)
		return -ELOOP;
	if ((size_t)n + 1 + left >= sizeof(w->todo))
		return -ENAMETOOLONG;
	memcpy(rest, w->todo, left + 1);
	memcpy(w->todo, text, (size_t)n);
	w->todo[n] = '/';
	memcpy(w->todo + n + 1, rest, left + 1);
	if (text[0] != '/')
		return 0;
	w->done[0] = '\0';
	return walk_to_done(w);
}

/* Opens or makes one component of the directory `cur`. */
static int walk_open(struct walk *w, const char *name, bool file)
{
	int fd = openat(w->cur, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0 || errno != ENOENT)
		return fd >= 0 ? fd : -errno;
	if (file)
		fd = openat(w->cur, name, O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			    0644);
	else if (mkdirat(w->cur, name, 0755) == 0)
		fd = openat(w->cur, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	w->made = true;
	return fd >= 0 ? fd : -errno;
}

static int walk_into(struct walk *w, const char *name, int fd)
{
	size_t len = strlen(w->done), n = strlen(name);

	if (len + 1 + n >= sizeof(w->done)) {
		(void)close(fd);
		return -ENAMETOOLONG;
	}
	w->done[len] = '/';
	memcpy(w->done + len + 1, name, n + 1);
	(void)close(w->cur);
	w->cur = fd;
	return 0;
}

/* Takes the first component off todo. False at the end. */
static bool walk_next(struct walk *w, char name[NAME_MAX + 1], int *ret_error)
{
	size_t skip = strspn(w->todo, "/"), len = strcspn(w->todo + skip, "/");
	const char *rest = w->todo + skip + len;

	*ret_error = len > NAME_MAX ? -ENAMETOOLONG : 0;
	if (len == 0 || *ret_error)
		return false;
	memcpy(name, w->todo + skip, len);
	name[len] = '\0';
	rest += strspn(rest, "/");
	memmove(w->todo, rest, strlen(rest) + 1);
	return true;
}

static int walk_step(struct walk *w, const char *name, bool file)
{
	autoclose int fd = -1;
	struct stat st;

	if (strcmp(name, ".") == 0)
		return 0;
	if (strcmp(name, "..") == 0)
		return walk_up(w);
	w->made = false;
	fd = walk_open(w, name, file && !w->todo[0]);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISLNK(st.st_mode))
		return walk_link(w, fd);
	if (w->todo[0] && !S_ISDIR(st.st_mode))
		return -ENOTDIR;
	return walk_into(w, name, take_fd(fd));
}

static int walk(int root, const char *path, bool file, bool *ret_made)
{
	struct walk w = { .root = root, .cur = -1 };
	char name[NAME_MAX + 1];
	size_t len = strlen(path);
	int r;

	if (len >= sizeof(w.todo))
		return -ENAMETOOLONG;
	memcpy(w.todo, path, len + 1);
	r = walk_to_done(&w);
	if (r < 0)
		return r;
	while (r == 0 && walk_next(&w, name, &r))
		r = walk_step(&w, name, file);
	if (r < 0) {
		(void)close(w.cur);
		return r;
	}
	*ret_made = w.made;
	return w.cur;
}

/* The parent of the last thing that was made: mount points of one directory come one
 * after the other. inroot_make_beside() lets go of it before anything else is. */
static struct {
	int root, fd;
	char path[256];
} kept = { .fd = -1 };

/* An O_PATH descriptor that stays ours. */
static int open_kept(int root, const char *path)
{
	int fd;

	if (kept.fd >= 0 && kept.root == root && strcmp(kept.path, path) == 0)
		return kept.fd;
	later_close(&kept.fd);
	fd = inroot_open(root, path, O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS);
	kept.path[0] = '\0';
	if (fd >= 0 && strlen(path) < sizeof(kept.path))
		memcpy(kept.path, path, strlen(path) + 1);
	else if (fd == -ELOOP)
		fd = inroot_open(root, path, O_PATH | O_DIRECTORY, 0);
	kept.root = root;
	kept.fd = fd < 0 ? -1 : fd;
	return fd;
}

/* The usual case of a missing path: its parent exists. -EEXIST: it is there, if
 * only as a link to nothing; -ENOENT: more is missing. */
static int make_last(int root, const char *path, bool file)
{
	const char *name;
	char parent[PATH_MAX];
	int dir, fd;

	if (!split(path, parent, &name))
		return -ENOENT;
	dir = open_kept(root, parent);
	if (dir < 0)
		return dir;
	if (file)
		fd = openat(dir, name, O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	else if (mkdirat(dir, name, 0755) == 0)
		fd = openat(dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	else
		fd = -1;
	return fd < 0 ? -errno : fd;
}

/* Neither above it nor spelled in a way that hides this. A link on the way is
 * mnt_target()'s to tell. */
static bool may_cover(const char *path)
{
	size_t len = strlen(path);

	return path[0] != '/' || strstr(path, "//") || strstr(path, "/.") || path[len - 1] == '/' ||
	       (strncmp(kept.path, path, len) == 0 && kept.path[len] == '/');
}

int inroot_take_kept(int root, const char *path)
{
	size_t len = strlen(path);
	bool same = kept.fd >= 0 && kept.root == root && strncmp(kept.path, path, len) == 0 &&
		    strcmp(kept.path + len, "/.") == 0;

	return same ? take_fd(kept.fd) : -1;
}

void inroot_forget(void)
{
	later_close(&kept.fd);
}

int inroot_make_beside(int root, const char *path, bool file)
{
	char parent[PATH_MAX];
	const char *name;

	if (kept.fd < 0)
		return -ENOENT;
	if (kept.root != root || !split(path, parent, &name) || may_cover(path))
		later_close(&kept.fd);
	if (kept.fd < 0 || strcmp(parent, kept.path) != 0)
		return -ENOENT;
	return make_last(root, path, file);
}

static int check_type(int fd, bool file)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (file && S_ISDIR(st.st_mode))
		return -EISDIR;
	return !file && !S_ISDIR(st.st_mode) ? -ENOTDIR : 0;
}

int inroot_make(int root, const char *path, bool file, bool *ret_made)
{
	autoclose int fd = make_last(root, path, file);
	int r;

	*ret_made = fd >= 0;
	if (fd >= 0 || (fd != -EEXIST && fd != -ENOENT))
		return take_fd(fd);
	fd = walk(root, path, file, ret_made);
	if (fd < 0 || *ret_made)
		return take_fd(fd);
	r = check_type(fd, file);
	return r < 0 ? r : take_fd(fd);
}

/* What is there already is opened in one call. O_DIRECTORY is not asked for, so
 * that a file in a directory's place is not mistaken for something missing. */
static int open_or_make(int root, const char *path, bool file, bool *ret_made)
{
	autoclose int fd = inroot_open(root, path, O_PATH, 0);
	int r;

	*ret_made = false;
	if (fd == -ENOENT)
		return inroot_make(root, path, file, ret_made);
	if (fd < 0)
		return take_fd(fd);
	r = check_type(fd, file);
	return r < 0 ? r : take_fd(fd);
}

int inroot_mkdirs(int root, const char *path, bool *ret_made)
{
	return open_or_make(root, path, false, ret_made);
}

int inroot_mkfile(int root, const char *path, bool *ret_made)
{
	return open_or_make(root, path, true, ret_made);
}

int inroot_parent(int root, const char *path, const char **ret_name)
{
	char parent[PATH_MAX];
	const char *name;
	bool made;
	int fd;

	if (strlen(path) + 2 > sizeof(parent))
		return -ENAMETOOLONG;
	if (!split(path, parent, &name))
		return -EINVAL;
	fd = inroot_mkdirs(root, parent, &made);
	if (fd >= 0)
		*ret_name = name;
	return fd;
}
