/* SPDX-License-Identifier: Apache-2.0 */
#include "run/entry.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "run/start.h"

/* flock(ROOT) for the duration of a scope. */
static int root_lock(int root_fd)
{
	while (flock(root_fd, LOCK_EX) < 0)
		if (errno != EINTR)
			return -errno;
	return root_fd;
}

static void root_unlock(const int *fd)
{
	if (*fd >= 0)
		(void)flock(*fd, LOCK_UN);
}
#define autounlock __attribute__((cleanup(root_unlock)))

static int open_dir(int root_fd, const char *id)
{
	int fd = openat(root_fd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int open_lock(int entry_fd)
{
	int fd = openat(entry_fd, "lock", O_RDWR | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 && (errno == EACCES || errno == EROFS)) /* enough for asking */
		fd = openat(entry_fd, "lock", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int entry_open(int root_fd, const char *id, int *ret_entry_fd, int *ret_lock_fd, struct err *e)
{
	autoclose int entry = open_dir(root_fd, id), lock = -1;

	if (entry == -ENOENT || entry == -ENOTDIR)
		return -ENOENT;
	if (entry < 0)
		return err_set(e, -entry, "open the state of container %s: %m", id);
	lock = open_lock(entry);
	if (lock == -ENOENT)
		return -ENOENT;
	if (lock < 0)
		return err_set(e, -lock, "open the lock of container %s: %m", id);
	*ret_entry_fd = take_fd(entry);
	*ret_lock_fd = take_fd(lock);
	return 0;
}

/* ---- removing ---------------------------------------------------------------- */

/* Whatever else is there, such as the remains of a write that was killed. */
static int empty_dir(int entry_fd)
{
	autodir DIR *d = NULL;
	autoclose int fd = fcntl(entry_fd, F_DUPFD_CLOEXEC, 3);
	struct dirent *de;

	if (fd < 0)
		return -errno;
	d = fdopendir(fd);
	if (!d)
		return -errno;
	(void)take_fd(fd);
	rewinddir(d);
	while ((de = readdir(d))) {
		if (strcmp(de->d_name, ".") == 0 || strcmp(de->d_name, "..") == 0)
			continue;
		if (unlinkat(entry_fd, de->d_name, 0) < 0 && errno != ENOENT)
			return -errno;
	}
	return 0;
}

/* Of a name in ROOT/ID: state.json, what io_replace_at() writes before it, ... */
static bool is_our_name(const char *name)
{
	static const char *const ours[] = { "lock", "state.json", "config.json", START_SOCKET };
	size_t len = strlen(name);

	for (size_t i = 0; i < ARRAY_LEN(ours); i++) {
		size_t n = strlen(ours[i]);

		if (strncmp(name, ours[i], n) != 0)
			continue;
		if (len == n || (name[n] == '.' && len > n + 4 && !strcmp(name + len - 4, ".tmp")))
			return true;
	}
	return false;
}

/* Only what this runtime has made is swept: ROOT may be another runtime's, or any directory
 * that somebody named by mistake. 1, 0 or -errno. */
static int is_ours(int entry_fd)
{
	autodir DIR *d = NULL;
	autoclose int fd = fcntl(entry_fd, F_DUPFD_CLOEXEC, 3);
	bool lock = false, more = false;
	struct dirent *de;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (st.st_mode & (S_IRWXG | S_IRWXO))
		return 0;
	d = fdopendir(fd);
	if (!d)
		return -errno;
	(void)take_fd(fd);
	rewinddir(d);
	while ((de = readdir(d))) {
		if (strcmp(de->d_name, ".") == 0 || strcmp(de->d_name, "..") == 0)
			continue;
		if (!is_our_name(de->d_name))
			return 0;
		if (strcmp(de->d_name, "lock") == 0)
			lock = true;
		else if (strcmp(de->d_name, START_SOCKET) != 0)
			more = true;
	}
	return lock || !more; /* the lock is made first, and is the last but the socket to go */
}

static int remove_locked(int root_fd, const char *id, struct err *e)
{
	static const char *const usual[] = { "state.json", "config.json", "lock" };
	autoclose int entry = -1;
	char path[NAME_MAX + 16];
	int r;

	/* state.json goes first: what is left without it is stale. Mostly these are all. */
	for (size_t i = 0; i < ARRAY_LEN(usual); i++) {
		if (snprintf(path, sizeof(path), "%s/%s", id, usual[i]) < (int)sizeof(path))
			(void)unlinkat(root_fd, path, 0);
	}
	if (unlinkat(root_fd, id, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	entry = open_dir(root_fd, id);
	r = entry < 0 ? entry : empty_dir(entry);
	if (r == 0 && unlinkat(root_fd, id, AT_REMOVEDIR) < 0 && errno != ENOENT)
		r = -errno;
	return r < 0 ? err_set(e, -r, "remove the state of container %s: %m", id) : 0;
}

int entry_discard(int root_fd, const char *id, struct err *e)
{
	autounlock int held = root_lock(root_fd);
	autoclose int entry = -1;
	int r;

	if (held < 0)
		return err_set(e, -held, "lock the state directory: %m");
	entry = open_dir(root_fd, id);
	r = entry < 0 ? entry : is_ours(entry);
	if (r < 0)
		return err_set(e, -r, "open the state of container %s: %m", id);
	if (r == 0)
		return err_set(e, EINVAL, "the entry %s was not made by this runtime", id);
	return remove_locked(root_fd, id, e);
}

int entry_remove(int root_fd, const char *id, struct err *e)
{
	autounlock int held = root_lock(root_fd);

	if (held < 0)
		return err_set(e, -held, "lock the state directory: %m");
	return remove_locked(root_fd, id, e);
}

int entry_cgroup_end_opened(struct cgroup *cg, struct err *e)
{
	bool frozen = false;
	int r = 0;

	if (cg->mode == CGROUP_NONE || cg->count == 0)
		return 0;
	/* Most often all are empty, which the kernel finds out best itself. */
	if (cgroup_remove_empty(cg))
		return 0;
	if (cgroup_wait_empty(cg, 0, NULL) < 0) {
		r = cgroup_signal(cg, SIGKILL, e);
		/* On v1 a frozen task does not even die. */
		if (r == 0 && cgroup_is_frozen(cg, &frozen) == 0 && frozen)
			r = cgroup_freeze(cg, false, e);
		if (r == 0)
			r = cgroup_wait_empty(cg, ENTRY_EMPTY_TIMEOUT_MS, e);
	}
	return r == 0 ? cgroup_remove(cg, e) : r;
}

int entry_cgroup_end(struct cgroup *cg, struct err *e)
{
	int r;

	if (cg->mode == CGROUP_NONE || cg->count == 0)
		return 0;
	if (cgroup_remove_empty(cg)) /* and need not be opened for it */
		return 0;
	r = cgroup_open(cg, e);
	if (r == 0)
		r = entry_cgroup_end_opened(cg, e);
	cgroup_close(cg);
	return r;
}

int entry_own(int lock_fd, struct err *e)
{
	struct stat st;
	int r = state_lock(lock_fd, STATE_BYTE_REMOVING, true);

	if (r < 0)
		return err_set(e, -r, "lock the state for its removal: %m");
	return fstat(lock_fd, &st) < 0 || st.st_nlink == 0 ? -ENOENT : 0;
}

/* What a dead maker had meant to make and did make. A cgroup that was there
 * before is not ours, and nothing of ours lives in it longer than its maker. */
static void only_made(struct cgroup *cg)
{
	size_t n = 0;

	for (size_t i = 0; i < cg->count; i++)
		if (cg->h[i].made && cgroup_is_there(&cg->h[i]))
			cg->h[n++] = cg->h[i];
	cg->count = n;
}

enum { LEAVE_MS = 100 };

/* The cgroups of a dead maker. Only while its child lives (it holds the lock) is that who is in
 * them: after that, somebody else may have made them again, and what is empty may go. */
static int end_intended(struct cgroup *cg, int lock_fd, struct err *e)
{
	only_made(cg);
	if (lock_fd >= 0 && state_is_locked(lock_fd, STATE_BYTE_EXEC) > 0)
		return entry_cgroup_end(cg, e);
	if (cg->count == 0 || cgroup_remove_empty(cg))
		return 0;
	/* It lets go of the lock a moment before it leaves its cgroup. */
	if (cgroup_open(cg, NULL) == 0 && cgroup_wait_empty(cg, LEAVE_MS, NULL) == 0)
		(void)cgroup_remove(cg, NULL);
	cgroup_close(cg);
	return 0;
}

/* With the lock on ROOT: nobody is between mkdir and the entry's own lock. */
static int sweep_locked(int root_fd, const char *id, struct arena *a, struct err *e)
{
	autoclose int entry = open_dir(root_fd, id), lock = -1;
	struct state st = { 0 };
	int r;

	if (entry < 0)
		return entry == -ENOENT || entry == -ENOTDIR
			       ? 0
			       : err_set(e, -entry, "open %s: %m", id);
	lock = open_lock(entry);
	if (lock < 0 && lock != -ENOENT)
		return err_set(e, -lock, "open the lock of container %s: %m", id);
	if (lock >= 0 && state_is_locked(lock, STATE_BYTE_CREATING) != 0)
		return 0;
	r = is_ours(entry);
	if (r <= 0)
		return r < 0 ? err_set(e, -r, "open the state of container %s: %m", id) : 0;
	r = state_load(entry, a, &st, e);
	if (r < 0 && r != -ENOENT)
		return r;
	if (r == 0 && lock >= 0 && st.pid > 0)
		return 0;
	if (r == 0 && st.pid == 0) {
		r = end_intended(&st.cgroup, lock, e);
		if (r < 0)
			return r;
		/* The child may be dying yet, if there was no cgroup to wait for: it has been
		 * killed by its parent's death, and holds this lock until it is gone. */
		if (lock >= 0)
			(void)state_lock(lock, STATE_BYTE_EXEC, true);
	}
	r = remove_locked(root_fd, id, e);
	return r < 0 ? r : 1;
}

int entry_sweep(int root_fd, const char *id, struct arena *a, struct err *e)
{
	autounlock int held = root_lock(root_fd);

	if (held < 0)
		return err_set(e, -held, "lock the state directory: %m");
	return sweep_locked(root_fd, id, a, e);
}

/* ---- making ------------------------------------------------------------------- */

static int fill(int entry_fd, const struct state *intent, struct arena *a, int *ret_exec_fd,
		int *ret_creating_fd, struct err *e)
{
	autoclose int exec = openat(entry_fd, "lock",
				    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	autoclose int creating = openat(entry_fd, "lock", O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	int r = exec < 0 || creating < 0 ? -errno : state_lock(exec, STATE_BYTE_EXEC, false);

	if (r == 0)
		r = state_lock(creating, STATE_BYTE_CREATING, false);
	if (r < 0)
		return err_set(e, -r, "make the lock: %m");
	r = state_save(entry_fd, intent, a, e);
	if (r < 0)
		return r;
	*ret_exec_fd = take_fd(exec);
	*ret_creating_fd = take_fd(creating);
	return 0;
}

int entry_make(int root_fd, const struct state *intent, struct arena *a, int *ret_entry_fd,
	       int *ret_exec_fd, int *ret_creating_fd, struct err *e)
{
	autounlock int held = root_lock(root_fd);
	autoclose int entry = -1;
	int r;

	if (held < 0)
		return err_set(e, -held, "lock the state directory: %m");
	r = mkdirat(root_fd, intent->id, 0700) < 0 ? -errno : 0;
	if (r == -EEXIST) {
		r = sweep_locked(root_fd, intent->id, a, e);
		if (r == 0)
			return err_set(e, EEXIST, "container with given ID already exists: %s",
				       intent->id);
		if (r > 0)
			r = mkdirat(root_fd, intent->id, 0700) < 0 ? -errno : 0;
	}
	if (r < 0)
		return err_set(e, -r, "make the state directory of %s: %m", intent->id);
	entry = open_dir(root_fd, intent->id);
	r = entry < 0 ? err_set(e, -entry, "open the state directory of %s: %m", intent->id)
		      : fill(entry, intent, a, ret_exec_fd, ret_creating_fd, e);
	if (r < 0) {
		(void)remove_locked(root_fd, intent->id, NULL);
		return r;
	}
	*ret_entry_fd = take_fd(entry);
	return 0;
}
