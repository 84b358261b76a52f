/* SPDX-License-Identifier: Apache-2.0 */
#include "run/cgroup_impl.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/num.h"
#include "proc/stat.h"
#include "sys/syscalls.h"

/* The processes in a container's cgroup: which there are, freezing, signalling
 * and waiting for them, and removing what held them. */

enum {
	SIGNAL_PASSES = 1000, /* a fork bomb without freezer and without cgroup.kill */
	SIGNAL_BATCH = 256,   /* pidfds held at once */
	REMOVE_WAIT_MS = 1000,
	NAMED_TASKS = 3, /* in the message of a timeout */
};

/* --- walking -------------------------------------------------------------------- */

struct level {
	struct level *up;
	char *name; /* of this cgroup in its parent */
	char **children;
	size_t count, cap, next;
};

static int list_children(int fd, struct arena *a, struct level *l)
{
	autoclose int own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autodir DIR *d = own >= 0 ? fdopendir(own) : NULL;
	struct dirent *de;

	if (!d)
		return -errno;
	(void)take_fd(own);
	while ((errno = 0, de = readdir(d))) {
		if (de->d_type != DT_DIR || strcmp(de->d_name, ".") == 0 ||
		    strcmp(de->d_name, "..") == 0)
			continue;
		*(char **)arena_push(a, &l->children, &l->count, &l->cap,
				     sizeof(char *)) = arena_strdup(a, de->d_name);
	}
	return -errno;
}

static bool gone(int r)
{
	return r == -ENOENT || r == -ENODEV;
}

/* Goes down by name and up by "..", so that only one fd is held however deep a
 * container has made its tree; a path of it might be longer than PATH_MAX. */
int cgroup_walk(int fd, struct arena *a, const struct cgroup_visitor *v)
{
	autoclose int cur = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct level *l = NULL;
	char *name = NULL;
	int r;

	if (cur < 0)
		return -errno;
	for (;;) {
		int to;

		if (!l || name) { /* came down */
			struct level *fresh = ARENA_NEW(a, struct level);

			fresh->up = l;
			fresh->name = name;
			l = fresh;
			r = v->enter ? v->enter(cur, v->data) : 0;
			if (r >= 0)
				r = list_children(cur, a, l);
			if (r < 0 && !gone(r))
				return r;
		}
		name = NULL;
		if (l->next < l->count) {
			to = openat(cur, l->children[l->next],
				    O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
			if (to < 0 && errno != ENOENT && errno != ENODEV)
				return -errno;
			name = to >= 0 ? l->children[l->next] : NULL;
			l->next++;
			if (to < 0)
				continue;
		} else if (l->up) {
			to = openat(cur, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
			if (to < 0)
				return -errno;
		} else {
			return 0;
		}
		(void)close(cur);
		cur = to;
		if (!name) { /* went up */
			r = v->leave ? v->leave(cur, l->name, v->data) : 0;
			if (r < 0)
				return r;
			l = l->up;
		}
	}
}

/* --- which there are ---------------------------------------------------------------- */

struct pid_list {
	struct arena *arena;
	pid_t *items;
	size_t count, cap;
};

static int read_procs(int dirfd, void *data)
{
	struct pid_list *list = data;
	char *text;
	size_t len;
	int r = io_read_at(dirfd, "cgroup.procs", IO_FILE_MAX, list->arena, &text, &len);

	/* A threaded cgroup (v2): its processes are listed in the domain above. */
	if (r == -EOPNOTSUPP || gone(r))
		return 0;
	if (r < 0)
		return r;
	for (char *s = text; *s;) {
		size_t n = strcspn(s, "\n");
		bool more = s[n] == '\n';
		pid_t pid;

		s[n] = '\0';
		/* "0" is a process of another PID namespace. */
		if (num_pid(s, &pid) == 0)
			*(pid_t *)arena_push(list->arena, &list->items, &list->count, &list->cap,
					     sizeof(pid_t)) = pid;
		s += n + more;
	}
	return 0;
}

static int compare_pids(const void *a, const void *b)
{
	const pid_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

int cgroup_pids(struct cgroup *cg, struct arena *a, pid_t **ret, size_t *ret_count, struct err *e)
{
	struct cgroup_hierarchy *h = cgroup_main(cg);
	struct pid_list list = { .arena = a };
	const struct cgroup_visitor v = { .enter = read_procs, .data = &list };
	size_t n = 0;
	int r = h ? cgroup_walk(h->fd, a, &v) : 0;

	if (r < 0 && !gone(r))
		return err_set(e, -r, "list the processes of the cgroup %s%s: %m", h->mount_point,
			       h->path);
	if (list.count > 0)
		qsort(list.items, list.count, sizeof(pid_t), compare_pids);
	for (size_t i = 0; i < list.count; i++)
		if (n == 0 || list.items[n - 1] != list.items[i])
			list.items[n++] = list.items[i];
	*ret = list.items;
	*ret_count = n;
	return 0;
}

static bool has_pid(const pid_t *items, size_t count, pid_t pid)
{
	return count > 0 && bsearch(&pid, items, count, sizeof(pid), compare_pids) != NULL;
}

/* --- freezing ----------------------------------------------------------------------- */

int cgroup_freeze(struct cgroup *cg, bool frozen, struct err *e)
{
	struct cgroup_hierarchy *v2 = cgroup_v2_of(cg), *v1 = cgroup_v1_of(cg, "freezer");
	int r = 0;

	if (!v1 && !v2)
		return err_set(e, EOPNOTSUPP, "the container has no cgroup with a freezer");
	/* Of two, v2's: it says when it is done, and SIGKILL gets through. Somebody
	 * else may have used the other one, so thawing is for both. */
	if (v2)
		r = cgroup_v2_freeze(v2, frozen, e);
	if (r >= 0 && v1 && (!v2 || !frozen))
		r = cgroup_v1_freeze(v1, frozen, e);
	return r;
}

static bool v1_frozen(const struct cgroup_hierarchy *h, int *ret_error)
{
	char state[32];
	ssize_t n = h ? cgroup_read(h->fd, "freezer.state", state, sizeof(state)) : 0;

	if (n < 0 && !gone((int)n))
		*ret_error = (int)n;
	return n > 0 && (strncmp(state, "FROZEN", 6) == 0 || strncmp(state, "FREEZING", 8) == 0);
}

int cgroup_is_frozen(struct cgroup *cg, bool *ret)
{
	struct cgroup_hierarchy *v2 = cgroup_v2_of(cg);
	char state[8];
	ssize_t n;
	int r = 0;

	*ret = v1_frozen(cgroup_v1_of(cg, "freezer"), &r);
	if (v2) {
		n = cgroup_read(v2->fd, "cgroup.freeze", state, sizeof(state));
		if (n < 0 && !gone((int)n))
			r = (int)n;
		*ret = *ret || (n > 0 && state[0] == '1');
	}
	return r;
}

/* --- signalling ---------------------------------------------------------------------- */

/* Signals those of `pids` that are still in the cgroup. The pidfds are opened
 * first and the list is read again after that: a number that stands in it then
 * is the process that we hold, or that one is dead and gets nothing. */
static int signal_batch(struct cgroup *cg, const pid_t *pids, size_t count, int sig,
			struct arena *a, struct err *e)
{
	int fds[SIGNAL_BATCH], r, first = 0;
	pid_t *now = NULL;
	size_t now_count = 0;

	for (size_t i = 0; i < count; i++)
		fds[i] = sys_pidfd_open(pids[i], 0);
	r = cgroup_pids(cg, a, &now, &now_count, e);
	/* One that refuses does not keep the others from their signal. */
	for (size_t i = 0; i < count; i++) {
		int k = fds[i];

		if (k >= 0 && r >= 0 && has_pid(now, now_count, pids[i]))
			k = sys_pidfd_send_signal(fds[i], sig);
		if (k < 0 && k != -ESRCH && first == 0)
			first = err_set(e, -k, "signal process %d: %m", (int)pids[i]);
		if (fds[i] >= 0)
			(void)close(fds[i]);
	}
	return r < 0 ? r : first;
}

/* Until a pass finds none that was not there before. For SIGKILL each pass
 * takes them all: a number may stand for a new process already. */
static int signal_all(struct cgroup *cg, int sig, struct err *e)
{
	pid_t *old = NULL, *batch = NULL;
	size_t old_count = 0;

	for (int pass = 0; pass < SIGNAL_PASSES; pass++) {
		autoarena struct arena scratch = { 0 };
		pid_t *pids;
		size_t count, fresh = 0;
		int r = cgroup_pids(cg, &scratch, &pids, &count, e);

		batch = r < 0 ? NULL : calloc(count + 1, sizeof(*batch));
		for (size_t i = 0; batch && i < count; i++)
			if (!has_pid(old, old_count, pids[i]))
				batch[fresh++] = pids[i];
		if (batch && sig == SIGKILL && fresh > 0) {
			memcpy(batch, pids, count * sizeof(*batch));
			fresh = count;
		}
		for (size_t i = 0; batch && i < fresh && r >= 0; i += SIGNAL_BATCH)
			r = signal_batch(cg, batch + i,
					 fresh - i < SIGNAL_BATCH ? fresh - i : SIGNAL_BATCH, sig,
					 &scratch, e);
		free(old);
		old = batch;
		old_count = count;
		if (batch && count > 0)
			memcpy(batch, pids, count * sizeof(*batch));
		if (r >= 0 && !batch)
			r = err_set(e, ENOMEM, "%m");
		if (r < 0 || fresh == 0) {
			free(old);
			return r < 0 ? r : 0;
		}
	}
	free(old);
	return err_set(e, EAGAIN, "processes keep being made in the cgroup %s", cg->path);
}

int cgroup_signal(struct cgroup *cg, int sig, struct err *e)
{
	struct cgroup_hierarchy *v2 = cgroup_v2_of(cg), *freezer = cgroup_v1_of(cg, "freezer");
	struct err ignored = { 0 };
	int r = -ENOENT;

	if (sig == SIGKILL && v2)
		r = cgroup_write(v2->fd, "cgroup.kill",
				 "1"); /* 5.14; in one go, also what is just being made */
	if (r == -ENOENT || r == -EOPNOTSUPP) {
		/* Frozen, none can run away by forking. A signal waits for the thaw. */
		if (sig == SIGKILL && freezer && !v2)
			(void)cgroup_v1_freeze(freezer, true, &ignored);
		r = signal_all(cg, sig, e);
	}
	/* v1 has no mercy for frozen ones: they would never die. */
	if (sig == SIGKILL && freezer)
		(void)cgroup_v1_freeze(freezer, false, &ignored);
	if (gone(r))
		return 0;
	return r < 0 ? err_set(e, -r, "kill the cgroup %s: %m", cg->path) : 0;
}

/* --- waiting --------------------------------------------------------------------------- */

static int64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int left_ms(int64_t until)
{
	int64_t left = until - now_ms();

	return left > 0 ? (int)left : 0;
}

/* Of one thread: state and what it waits in. false: it is gone. */
static bool task_state(const char *dir, struct proc_stat *ret, char *wchan, size_t size)
{
	char path[96], text[1024];
	ssize_t n;

	(void)snprintf(path, sizeof(path), "%s/stat", dir);
	n = io_read_small(AT_FDCWD, path, text, sizeof(text));
	if (n < 0 || proc_stat_parse(text, (size_t)n, ret) < 0)
		return false;
	(void)snprintf(path, sizeof(path), "%s/wchan", dir);
	n = io_read_small(AT_FDCWD, path, wchan, size);
	if (n <= 0 || strcmp(wchan, "0") == 0)
		wchan[0] = '\0';
	return true;
}

/* The thread that keeps the process: the first uninterruptible one, else its first that lives. */
static bool blocking_task(pid_t pid, struct proc_stat *ret, char *wchan, size_t size)
{
	char dir[48];
	autodir DIR *d = NULL;
	struct dirent *de;
	bool have = false;

	(void)snprintf(dir, sizeof(dir), "/proc/%d/task", (int)pid);
	d = opendir(dir);
	while (d && (de = readdir(d))) {
		char task[64], w[64];
		struct proc_stat s;
		pid_t tid;

		if (num_pid(de->d_name, &tid) < 0)
			continue;
		(void)snprintf(task, sizeof(task), "/proc/%d/task/%d", (int)pid, (int)tid);
		if (!task_state(task, &s, w, sizeof(w)) ||
		    (have && s.state != 'D' && ret->state != 'Z'))
			continue;
		*ret = s;
		(void)snprintf(wchan, size, "%s", w);
		have = true;
		if (s.state == 'D')
			break;
	}
	return have;
}

static int timed_out(struct cgroup *cg, struct err *e)
{
	autoarena struct arena a = { 0 };
	struct err ignored = { 0 };
	char text[400] = "";
	size_t n = 0, count = 0, named = 0;
	pid_t *pids = NULL;

	if (!e)
		return -ETIMEDOUT;
	(void)cgroup_pids(cg, &a, &pids, &count, &ignored);
	for (size_t i = 0; i < count && named < NAMED_TASKS && n + 100 < sizeof(text); i++) {
		char wchan[64] = "";
		struct proc_stat s;

		if (!blocking_task(pids[i], &s, wchan, sizeof(wchan)))
			continue;
		n += (size_t)snprintf(text + n, sizeof(text) - n,
				      "%sprocess %d (%.16s) is in state %c%s%.32s",
				      named ? "; " : "", (int)pids[i], s.comm, s.state,
				      *wchan ? ", waiting in " : "", wchan);
		named++;
	}
	if (count > named)
		(void)snprintf(text + n, sizeof(text) - n, "%s%zu more", named ? "; " : "",
			       count - named);
	return err_set(e, ETIMEDOUT, "%s",
		       *text ? text : "the cgroup is not empty, but no process of it can be seen");
}

static int wait_empty_v2(struct cgroup *cg, const struct cgroup_hierarchy *h, int64_t until,
			 struct err *e)
{
	autoclose int events = openat(h->fd, "cgroup.events", O_RDONLY | O_CLOEXEC);

	if (events < 0)
		return errno == ENOENT || errno == ENODEV
			       ? 0
			       : err_set(e, errno, "open cgroup.events: %m");
	for (;;) {
		struct pollfd p = { .fd = events, .events = POLLPRI };
		int r = cgroup_v2_event(events, "populated");

		if (r == 0 || gone(r))
			return 0;
		if (r < 0)
			return err_set(e, -r, "read cgroup.events: %m");
		r = poll(&p, 1, left_ms(until));
		if (r < 0 && errno != EINTR)
			return err_set(e, errno, "poll cgroup.events: %m");
		if (r == 0)
			return timed_out(cg, e);
	}
}

/* One process after the other, each by its pidfd, until the list is empty. */
static int wait_empty_v1(struct cgroup *cg, int64_t until, struct err *e)
{
	const struct timespec pause = { .tv_nsec = 1000000 };

	for (;;) {
		autoarena struct arena a = { 0 };
		struct pollfd p = { .events = POLLIN };
		pid_t *pids;
		size_t count;
		int r = cgroup_pids(cg, &a, &pids, &count, e);

		if (r < 0 || count == 0)
			return r;
		p.fd = sys_pidfd_open(pids[0], 0);
		if (p.fd < 0 && p.fd != -ESRCH)
			return err_set(e, -p.fd, "open process %d: %m", (int)pids[0]);
		/* Exited and still listed: between the two there is no event. */
		if (p.fd < 0 || poll(&p, 1, 0) == 1) {
			(void)nanosleep(&pause, NULL);
			r = left_ms(until);
		} else {
			r = poll(&p, 1, left_ms(until));
		}
		if (p.fd >= 0)
			(void)close(p.fd);
		if (r == 0)
			return timed_out(cg, e);
	}
}

int cgroup_wait_empty(struct cgroup *cg, int timeout_ms, struct err *e)
{
	struct cgroup_hierarchy *v2 = cgroup_v2_of(cg);
	int64_t until = now_ms() + (timeout_ms < 0 ? INT32_MAX : timeout_ms);

	return v2 ? wait_empty_v2(cg, v2, until, e) : wait_empty_v1(cg, until, e);
}

/* --- removing ---------------------------------------------------------------------------- */

static int remove_child(int parent_fd, const char *name, void *data)
{
	(void)data;
	return unlinkat(parent_fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT ? 0 : -errno;
}

static int remove_children(const struct cgroup_hierarchy *h, int parent, const char *leaf)
{
	const struct cgroup_visitor v = { .leave = remove_child };
	autoarena struct arena a = { 0 };
	autoclose int fd = cgroup_open_dir(h, parent, leaf);

	return fd < 0 ? fd : cgroup_walk(fd, &a, &v);
}

/* A process that has just died may hold its cgroup a moment longer (v1, and v2
 * since 6.19, where the exit is told first). */
static int remove_one(const struct cgroup_hierarchy *h)
{
	struct timespec pause = { .tv_nsec = 200000 };
	int64_t until = now_ms() + REMOVE_WAIT_MS;
	autoclose int parent = -1;
	char path[PATH_MAX];
	const char *leaf;
	int r = snprintf(path, sizeof(path), "%s%s", h->mount_point, h->path);

	if (r < 0 || (size_t)r >= sizeof(path))
		return -ENAMETOOLONG;
	if (rmdir(path) == 0 || errno == ENOENT)
		return 0;
	parent = cgroup_open_parent(h, &leaf);
	if (parent < 0)
		return gone(parent) ? 0 : parent;
	r = remove_children(h, parent, leaf);
	while (r >= 0 || r == -EBUSY) {
		r = unlinkat(parent, leaf, AT_REMOVEDIR) == 0 ? 0 : -errno;
		if (r != -EBUSY || left_ms(until) == 0)
			break;
		(void)nanosleep(&pause, NULL);
		if (pause.tv_nsec < 20000000)
			pause.tv_nsec *= 2;
		r = remove_children(h, parent, leaf);
	}
	return gone(r) ? 0 : r;
}

bool cgroup_full_path(const struct cgroup_hierarchy *h, char path[static PATH_MAX])
{
	int n = snprintf(path, PATH_MAX, "%s%s", h->mount_point, h->path);

	return n > 0 && n < PATH_MAX;
}

bool cgroup_is_there(const struct cgroup_hierarchy *h)
{
	char path[PATH_MAX];

	return cgroup_full_path(h, path) &&
	       faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

bool cgroup_remove_empty(struct cgroup *cg)
{
	bool all = true;

	for (size_t i = 0; i < cg->count; i++) {
		struct cgroup_hierarchy *h = &cg->h[i];
		char path[PATH_MAX];

		if (h->made && cgroup_full_path(h, path) && (rmdir(path) == 0 || errno == ENOENT))
			h->made = false;
		else
			all = false;
	}
	return all;
}

int cgroup_remove(struct cgroup *cg, struct err *e)
{
	int first = 0;

	for (size_t i = 0; i < cg->count; i++) {
		struct cgroup_hierarchy *h = &cg->h[i];
		struct err own = { 0 };
		int r;

		if (!h->made)
			continue;
		if (h->v2 && h->fd >= 0)
			(void)wait_empty_v2(cg, h, now_ms() + REMOVE_WAIT_MS, &own);
		r = remove_one(h);
		if (r < 0 && first == 0)
			first = err_set(e, -r, "remove the cgroup %s%s: %m%s%s", h->mount_point,
					h->path, own.code ? ": " : "", own.code ? own.msg : "");
		if (r < 0)
			continue;
		h->made = false;
		if (h->fd >= 0)
			(void)close(h->fd);
		h->fd = -1;
	}
	return first;
}
