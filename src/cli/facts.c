/* SPDX-License-Identifier: Apache-2.0 */
/* What `atoll run` has to look up on the host before options become a spec. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/names.h"
#include "base/num.h"
#include "cli/atoll.h"
#include "conf/runspec.h"
#include "proc/mountinfo.h"
#include "run/cgroup.h"
#include "run/inroot.h"

enum { DEVICES_MAX = 4096, DEVICE_DEPTH_MAX = 4 };

static void push(struct arena *a, struct oci_strings *list, size_t *cap, const char *s)
{
	*(const char **)arena_push(a, &list->items, &list->count, cap, sizeof(*list->items)) = s;
}

int root_file(int root_fd, const char *path, struct arena *a, const char **ret)
{
	autoclose int fd = inroot_open(root_fd, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0);
	char *text;
	size_t len;
	int r;

	*ret = NULL;
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	r = io_read_fd(fd, RUN_TEXT_MAX, a, &text, &len);
	if (r == 0)
		*ret = text;
	return r;
}

static int users(const char *root, struct arena *a, struct run_facts *f, struct err *e)
{
	autoclose int fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return err_set(e, errno, "open the root directory %s: %m", root);
	r = root_file(fd, "etc/passwd", a, &f->passwd);
	if (r == 0)
		r = root_file(fd, "etc/group", a, &f->group);
	/* Numbers can still be used. */
	return r < 0 && r != -EACCES && r != -ENOTDIR
		       ? err_set(e, -r, "read /etc/passwd and /etc/group of %s: %m", root)
		       : 0;
}

const char *find_program(struct arena *a, const char *name)
{
	const char *path = getenv("PATH");

	if (!path || !*path)
		path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	while (*path) {
		size_t n = strcspn(path, ":");
		const char *file = arena_printf(a, "%.*s/%s", (int)n, path, name);

		if (n && *path == '/' && access(file, X_OK) == 0)
			return file;
		path += n + (path[n] == ':');
	}
	return NULL;
}

/* ---- ids ------------------------------------------------------------------------- */

/* Our name, from the host's passwd: ranges are given by name or number. */
static const char *own_name(struct arena *a, uid_t uid)
{
	char *text, *line;
	size_t len;

	if (io_read_at(AT_FDCWD, "/etc/passwd", RUN_TEXT_MAX, a, &text, &len) < 0)
		return NULL;
	for (line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		size_t n = strcspn(line, ":\n");
		const char *id = line[n] == ':' ? line + n + 1 + strcspn(line + n + 1, ":\n") : "";
		uint64_t v;

		if (*id == ':' && num_u64(id + 1, strcspn(id + 1, ":\n"), &v) == 0 && v == uid)
			return arena_strndup(a, line, n);
	}
	return NULL;
}

static struct run_sub_id sub_ids(struct arena *a, const char *path, const char *name, uid_t uid)
{
	char *text;
	size_t len;

	/* newuidmap knows nobody without a name. */
	if (!name || !find_program(a, "newuidmap") || !find_program(a, "newgidmap") ||
	    io_read_at(AT_FDCWD, path, RUN_TEXT_MAX, a, &text, &len) < 0)
		return (struct run_sub_id){ 0 };
	return run_sub_id_find(text, len, name, uid);
}

static uint64_t own_caps(void)
{
	uint64_t caps = 0;

	for (int cap = 0; cap < NAME_CAP_COUNT; cap++)
		if (prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 1)
			caps |= UINT64_C(1) << cap;
	return caps;
}

/* ---- cgroups ------------------------------------------------------------------------ */

/* The directory of our cgroup in the unified hierarchy, where that is all there is. */
static const char *own_cgroup(struct arena *a)
{
	char text[PATH_MAX + 16];
	ssize_t n = io_read_small(AT_FDCWD, "/proc/self/cgroup", text, sizeof(text));

	if (n < 4 || strncmp(text, "0::/", 4) != 0)
		return NULL;
	text[strcspn(text, "\n")] = '\0';
	return arena_printf(a, "/sys/fs/cgroup%s", text + 3);
}

static void cgroups(struct arena *a, struct run_facts *f)
{
	const char *own = own_cgroup(a);
	struct cgroup cg;

	f->cgroups = !f->rootless && (cgroup_find("atoll", NULL, false, false, a, &cg, NULL) < 0 ||
				      cg.mode != CGROUP_NONE); /* a failure: run says it */
	f->swap_limit = access("/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes", F_OK) == 0;
	if (!own)
		return;
	f->swap_limit = access(arena_printf(a, "%s/memory.swap.max", own), F_OK) == 0;
	if (f->rootless) {
		/* The container's stands beside ours. */
		const char *slash = strrchr(own, '/');

		f->cgroups = slash &&
			     access(arena_strndup(a, own, (size_t)(slash - own)), W_OK) == 0 &&
			     access(arena_printf(a, "%.*s/cgroup.subtree_control",
						 (int)(slash - own), own),
				    W_OK) == 0;
	}
}

/* ---- devices ------------------------------------------------------------------------ */

struct walk {
	struct arena *a;
	struct oci_device *items;
	size_t count, cap;
};

static void add_device(struct walk *w, const char *path, const struct stat *st)
{
	const uint32_t mode = st->st_mode & 07777;
	struct oci_device d = { .type = S_ISBLK(st->st_mode) ? 'b' : 'c',
				.path = path,
				.major = major(st->st_rdev),
				.minor = minor(st->st_rdev),
				.uid = st->st_uid,
				.gid = st->st_gid };

	if (w->count >= DEVICES_MAX)
		return;
	d.file_mode = arena_dup(w->a, &mode, sizeof(mode));
	*(struct oci_device *)arena_push(w->a, &w->items, &w->count, &w->cap, sizeof(d)) = d;
}

/* Terminals and message queues are the container's own. */
static bool skip(const char *path)
{
	static const char *const own[] = { "/dev/pts",     "/dev/shm",  "/dev/mqueue",
					   "/dev/console", "/dev/ptmx", "/dev/fd" };

	for (size_t i = 0; i < ARRAY_LEN(own); i++)
		if (strcmp(path, own[i]) == 0)
			return true;
	return false;
}

static void walk_dir(struct walk *w, const char *path, int depth)
{
	autodir DIR *dir = opendir(path);
	const struct dirent *d;

	while (dir && (d = readdir(dir))) {
		const char *below = arena_printf(w->a, "%s/%s", path, d->d_name);
		struct stat st;

		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0 || skip(below) ||
		    lstat(below, &st) < 0)
			continue;
		if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode))
			add_device(w, below, &st);
		else if (S_ISDIR(st.st_mode) && depth > 0)
			walk_dir(w, below, depth - 1);
	}
}

static void devices(const struct run_opts *o, struct arena *a, struct run_facts *f)
{
	struct walk w = { .a = a };
	struct oci_strings wanted;

	run_devices_wanted(o, a, &wanted);
	for (size_t i = 0; i < wanted.count; i++) {
		struct stat st;

		if (stat(wanted.items[i], &st) < 0)
			continue; /* run_spec_build() misses it */
		if (S_ISDIR(st.st_mode))
			walk_dir(&w, wanted.items[i], DEVICE_DEPTH_MAX);
		else if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode))
			add_device(&w, wanted.items[i], &st);
	}
	f->devices = w.items;
	f->devices_count = w.count;
}

/* ---- the embedded default ------------------------------------------------------------- */

static int submounts(struct arena *a, struct run_facts *f, struct err *e)
{
	struct proc_mount *mounts;
	size_t count, len, cap = 0;
	char *text;
	int r = io_read_at(AT_FDCWD, "/proc/self/mountinfo", IO_FILE_MAX, a, &text, &len);

	if (r == 0)
		r = proc_mountinfo_parse(text, len, a, &mounts, &count);
	if (r < 0)
		return err_set(e, -r, "read /proc/self/mountinfo: %m");
	for (size_t i = 0; i < count; i++)
		push(a, &f->submounts, &cap, mounts[i].mount_point);
	return 0;
}

static void secrets(struct arena *a, struct run_facts *f)
{
	static const char head[] = "ssh_host_", tail[] = "_key";
	autodir DIR *dir = opendir("/etc/ssh");
	const struct dirent *d;
	size_t cap = 0;

	if (!dir) { /* not for us to see, so not for the container either */
		push(a, &f->secrets, &cap, "/etc/ssh");
		return;
	}
	while ((d = readdir(dir))) {
		size_t n = strlen(d->d_name);

		if (strncmp(d->d_name, head, sizeof(head) - 1) == 0 && n > sizeof(tail) - 1 &&
		    strcmp(d->d_name + n - (sizeof(tail) - 1), tail) == 0)
			push(a, &f->secrets, &cap, arena_printf(a, "/etc/ssh/%s", d->d_name));
	}
}

/* ---- other containers ------------------------------------------------------------------- */

/* A path that stays that namespace for as long as this process lives: through a
 * descriptor of ours, as the PID of its owner may become somebody else's. */
static int ns_path(struct atoll *at, const struct box *b, const char *name, const char **ret,
		   struct err *e)
{
	char path[64];
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)b->c.init.pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_set(e, errno, "open the %s namespace of container %.12s: %m", name,
			       b->rec.id);
	*ret = arena_printf(at->arena, "/proc/%d/fd/%d", (int)getpid(), fd);
	return pidref_exited(&b->c.init) ? box_not_running(b->rec.id, e) : 0;
}

static int join(struct atoll *at, const char *word, const char *name, const char **ret,
		const char **user, struct err *e)
{
	autobox struct box b = BOX_NULL;
	int r;

	if (!word || strncmp(word, "container:", 10) != 0)
		return 0;
	r = box_find(at, word + 10, &b, e);
	if (r < 0)
		return r;
	if (b.status != STATUS_RUNNING && b.status != STATUS_PAUSED && b.status != STATUS_CREATED)
		return box_not_running(word + 10, e);
	r = ns_path(at, &b, name, ret, e);
	/* Without privileges only what its user namespace owns can be joined from inside that. */
	if (r == 0 && at->lc.rootless)
		r = ns_path(at, &b, "user", user, e);
	return r;
}

static int join_all(struct atoll *at, const struct run_opts *o, struct run_ns_paths *p,
		    struct err *e)
{
	int r = join(at, o->pid, "pid", &p->pid, &p->user, e);

	if (r == 0)
		r = join(at, o->ipc, "ipc", &p->ipc, &p->user, e);
	if (r == 0)
		r = join(at, o->uts, "uts", &p->uts, &p->user, e);
	if (r == 0)
		r = join(at, o->net, "net", &p->network, &p->user, e);
	return r;
}

static int seccomp_file(const struct run_opts *o, struct arena *a, struct run_facts *f,
			struct err *e)
{
	char *text;
	size_t len;
	int r;

	f->seccomp_name = run_seccomp_file(o);
	if (!f->seccomp_name)
		return 0;
	r = io_read_at(AT_FDCWD, f->seccomp_name, IO_FILE_MAX, a, &text, &len);
	if (r < 0)
		return err_set(e, -r, "option --security-opt: read seccomp=%s: %m",
			       f->seccomp_name);
	f->seccomp_text = text;
	return 0;
}

int run_facts_gather(struct atoll *at, const struct run_opts *o, struct run_facts *ret,
		     struct err *e)
{
	struct arena *a = at->arena;
	struct run_facts f = { .euid = geteuid(), .egid = getegid(), .rootless = at->lc.rootless };
	char cwd[PATH_MAX];
	const char *name = own_name(a, f.euid);
	int r = users(o->root ? o->root : "/", a, &f, e);

	if (r == 0 && !o->root) {
		r = submounts(a, &f, e);
		secrets(a, &f);
	}
	if (r == 0)
		r = seccomp_file(o, a, &f, e);
	if (r == 0)
		r = join_all(at, o, &f.paths, e);
	if (r < 0)
		return r;
	f.cwd = getcwd(cwd, sizeof(cwd)) ? arena_strdup(a, cwd) : NULL;
	f.own_env = (const char *const *)environ;
	f.own_caps = own_caps();
	f.sub_uid = sub_ids(a, "/etc/subuid", name, f.euid);
	f.sub_gid = sub_ids(a, "/etc/subgid", name, f.euid);
	f.mqueue = access("/dev/mqueue", F_OK) == 0;
	cgroups(a, &f);
	devices(o, a, &f);
	*ret = f;
	return 0;
}
