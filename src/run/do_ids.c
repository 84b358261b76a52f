/* SPDX-License-Identifier: Apache-2.0 */
/* Who the process is: id maps, user and groups, capabilities, cwd, umask. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/names.h"
#include "run/ctx.h"
#include "run/exec.h"
#include "run/procfd.h"
#include "run/spawn.h"
#include "sys/caps.h"
#include "sys/syscalls.h"

enum {
	MAP_LINE_MAX = 36, /* three 32-bit numbers, blanks, newline */
	CWD_MODE = 0755,
};

/* --- id maps (host) --- */

/* newuidmap(1) and newgidmap(1) are set-user-id and check /etc/subuid. */
static char *find_helper(struct ctx *c, const char *name)
{
	const char *path = getenv("PATH");

	if (!path || !*path)
		path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	for (;; path++) {
		size_t n = strcspn(path, ":");
		char *file = arena_printf(c->arena, "%.*s/%s", (int)n, path, name);

		/* An empty or relative entry would be a directory of somebody else's choice. */
		if (n > 0 && path[0] == '/' && access(file, X_OK) == 0)
			return file;
		path += n;
		if (*path == '\0')
			return NULL;
	}
}

static int map_by_helper(struct ctx *c, const char *name, const char *helper,
			 const struct oci_id_maps *maps, struct err *e)
{
	char **argv = arena_alloc(c->arena, (3 * maps->count + 3) * sizeof(*argv));
	char *const *envp = (char *const[]){ NULL };
	char *file = find_helper(c, helper);
	size_t n = 0;
	int r;

	if (!file) {
		r = err_set(
			e, ENOENT,
			"%s: an unprivileged user needs %s for more than the own id, and it is not in PATH",
			name, helper);
		err_hint(e, "install uidmap");
		return r;
	}
	argv[n++] = file;
	argv[n++] = arena_printf(c->arena, "%d", (int)c->child.pid);
	for (size_t i = 0; i < maps->count; i++) {
		argv[n++] = arena_printf(c->arena, "%u", maps->items[i].container_id);
		argv[n++] = arena_printf(c->arena, "%u", maps->items[i].host_id);
		argv[n++] = arena_printf(c->arena, "%u", maps->items[i].size);
	}
	r = spawn_wait(
		&(struct spawn){
			.path = file, .argv = argv, .envp = envp, .stdin_fd = -1, .cwd_fd = -1 },
		e);
	if (r == -EPROTO)
		err_hint(e, "the ranges have to be granted to this user in /etc/sub%cid",
			 helper[3]);
	return r < 0 ? err_wrap(e, r, "%s by %s", name, helper) : 0;
}

static int map_by_hand(struct ctx *c, const char *name, const struct oci_id_maps *maps,
		       struct err *e)
{
	size_t size = maps->count * MAP_LINE_MAX + 1, len = 0;
	char *text = arena_alloc(c->arena, size);
	int r;

	for (size_t i = 0; i < maps->count; i++)
		len += (size_t)snprintf(text + len, size - len, "%u %u %u\n",
					maps->items[i].container_id, maps->items[i].host_id,
					maps->items[i].size);
	r = procfd_write(c->child.pid, name, text, len);
	if (r < 0) {
		(void)err_set(e, -r, "write %s of the new user namespace: %m", name);
		if (r == -EPERM)
			err_hint(e, "the runtime may map only ids that it has itself");
	}
	return r;
}

static bool is_own_id(const struct oci_id_maps *maps, uint32_t own)
{
	return maps->count == 1 && maps->items[0].size == 1 && maps->items[0].host_id == own;
}

static int write_map(struct ctx *c, bool gid, struct err *e)
{
	const struct oci_id_maps *maps = gid ? &c->spec->linux_.gid_maps
					     : &c->spec->linux_.uid_maps;
	const char *name = gid ? "gid_map" : "uid_map";
	int r;

	if (c->plan->env.euid == 0)
		return map_by_hand(c, name, maps, e);
	if (!is_own_id(maps, gid ? getegid() : c->plan->env.euid))
		return map_by_helper(c, name, gid ? "newgidmap" : "newuidmap", maps, e);
	if (gid) {
		/* Else a user could shake off a group that denies access (CVE-2014-8989). */
		r = procfd_write(c->child.pid, "setgroups", "deny", 4);
		if (r < 0)
			return err_set(e, -r, "write setgroups of the new user namespace: %m");
	}
	return map_by_hand(c, name, maps, e);
}

int do_id_maps(struct ctx *c, const struct step *s, struct err *e)
{
	int r = write_map(c, false, e);

	(void)s;
	return r < 0 ? r : write_map(c, true, e);
}

/* --- becoming somebody --- */

/* A change of ids switches the death signal off and may make the process
 * visible to others of its new user (prctl(2)). */
static void guard_again(void)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)prctl(PR_SET_DUMPABLE, 0);
}

static bool setgroups_denied(struct ctx *c)
{
	autoclose int fd = -1;
	char buf[16] = "";
	int proc = procfd_get(c, NULL);

	if (proc >= 0)
		fd = procfd_open(proc, "self/setgroups", O_RDONLY);
	return fd >= 0 && read(fd, buf, sizeof(buf) - 1) > 0 && strncmp(buf, "deny", 4) == 0;
}

static int set_groups(struct ctx *c, const gid_t *groups, size_t count, struct err *e)
{
	int r = sys_setgroups(count, groups);

	if (r >= 0)
		return 0;
	if (r == -EPERM && (c->plan->env.rootless || setgroups_denied(c))) {
		if (count == 0)
			return 0;
		(void)err_set(e, EPERM, "setgroups: denied in this user namespace");
		err_hint(e, "leave process.user.additionalGids out, or map groups with newgidmap");
		return -EPERM;
	}
	if (r == -EINVAL)
		return err_set(e, EINVAL, "setgroups: a group is not mapped in the user namespace");
	return err_set(e, -r, "setgroups: %m");
}

static int set_ids(uint32_t uid, uint32_t gid, struct err *e)
{
	int r = sys_setresgid(gid, gid, gid);

	if (r == -EINVAL)
		return err_set(e, EINVAL, "cannot setgid to unmapped gid %u in user namespace",
			       gid);
	if (r < 0)
		return err_set(e, -r, "setresgid %u: %m", gid);
	r = sys_setresuid(uid, uid, uid);
	if (r == -EINVAL)
		return err_set(e, EINVAL, "cannot setuid to unmapped uid %u in user namespace",
			       uid);
	if (r < 0)
		return err_set(e, -r, "setresuid %u: %m", uid);
	return 0;
}

/* Here too nobody shall keep the groups of the host. */
int do_user_root(struct ctx *c, const struct step *s, struct err *e)
{
	int r = sys_setgroups(0, NULL);

	(void)s;
	(void)c;
	if (r < 0 && r != -EPERM) /* denied, or not ours to say: STEP_USER looks closer */
		return err_set(e, -r, "setgroups: %m");
	r = set_ids(0, 0, e);
	if (r < 0)
		return r;
	guard_again();
	return 0;
}

static bool is_dev_null(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 3);
}

/* The process shall be able to open its own /dev/stdout and its terminal. Where
 * the owner is out of reach or the file system is, it stays as it is. */
static int own_stdio(uint32_t uid, struct err *e)
{
	for (int fd = 0; fd <= 2; fd++) {
		struct stat st;

		if (fstat(fd, &st) < 0 || st.st_uid == uid || is_dev_null(&st))
			continue;
		if (fchown(fd, uid, (gid_t)-1) < 0 && errno != EPERM && errno != EROFS &&
		    errno != EINVAL)
			return err_set(e, errno, "change the owner of descriptor %d: %m", fd);
	}
	return 0;
}

static void warn_about(struct ctx *c, uint64_t set, const char *what)
{
	char names[384];
	size_t len = 0;

	for (int cap = 0; cap < NAME_CAP_COUNT && set; cap++) {
		int n = 0;

		if (set >> cap & 1)
			n = snprintf(names + len, sizeof(names) - len, "%s%s", len ? " " : "",
				     cap_name(cap));
		if (n < 0 || (size_t)n >= sizeof(names) - len)
			break;
		len += (size_t)n;
	}
	if (set && c->warn)
		c->warn(c, "%s: %.*s", what, (int)len, names);
}

/* What the specification wants to be told rather than to fail for. */
static void warn_about_caps(struct ctx *c, const struct oci_caps *want, uint64_t have)
{
	uint64_t all = want->bounding | want->permitted | want->effective | want->inheritable |
		       want->ambient;
	uint64_t lost;

	warn_about(c, all & ~have, "capabilities that the runtime itself lacks are not granted");
	lost = want->ambient & have & ~(want->permitted & want->inheritable);
	for (int cap = 0; cap < NAME_CAP_COUNT && c->warn; cap++)
		if (lost >> cap & 1)
			c->warn(c,
				"can't raise ambient capability %s: it is not both permitted and inheritable",
				cap_name(cap));
}

/* setresuid(2) from 0 to another id empties the effective set, and without
 * PR_SET_KEEPCAPS the permitted one. The steps that follow need them; STEP_CAPS
 * settles what remains. */
static int keep_caps(struct ctx *c, const struct oci_caps *want, struct err *e)
{
	struct caps now;
	int r = caps_get(&now);

	if (r == 0 && now.effective != now.permitted) {
		now.effective = now.permitted;
		r = caps_set(&now);
	}
	if (r < 0)
		return err_set(e, -r, "keep capabilities: %m");
	c->caps = now;
	warn_about_caps(c, want, now.permitted);
	return 0;
}

int do_user(struct ctx *c, const struct step *s, struct err *e)
{
	const struct oci_process *p = s->process.process;
	int r = own_stdio(p->uid, e);

	if (r == 0 && p->uid != 0 && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		r = err_set(e, errno, "keep capabilities: %m");
	if (r == 0)
		r = set_groups(c, p->additional_gids, p->additional_gids_count, e);
	if (r == 0)
		r = set_ids(p->uid, p->gid, e);
	if (r == 0)
		r = keep_caps(c, &p->caps, e);
	if (r < 0)
		return r;
	if (p->uid || p->gid || c->plan->env.rootless ||
	    ((c->plan->new_ns | c->plan->join_ns) & CLONE_NEWUSER))
		guard_again(); /* else nothing has changed */
	return 0;
}

int do_umask(struct ctx *c, const struct step *s, struct err *e)
{
	(void)c, (void)e;
	(void)umask((mode_t)s->num.value);
	return 0;
}

/* --- working directory --- */

/* Makes the last component of `path`, which begins at `name`. */
static int make_last(int root, char *path, char *name)
{
	autoclose int parent = -1;
	mode_t mask;
	int r;

	if (name > path)
		name[-1] = '\0';
	parent = sys_openat2(root, name > path + 1 ? path : "/", O_PATH | O_DIRECTORY | O_CLOEXEC,
			     0, RESOLVE_IN_ROOT);
	if (name > path)
		name[-1] = '/';
	if (parent < 0)
		return parent;
	/* Past the umask, which is not the process's yet; not by a chmod(2), to which
	 * somebody might show a link in the meantime. */
	mask = umask(0);
	r = mkdirat(parent, name, CWD_MODE) < 0 ? -errno : 0;
	(void)umask(mask);
	return r == -EEXIST ? 0 : r;
}

/* Like mkdir -p, but never out of the root: each ancestor is resolved anew in it. */
int do_make_cwd(struct ctx *c, const struct step *s, struct err *e)
{
	const char *cwd = s->process.process->cwd;
	autoclose int root = -1;
	char path[PATH_MAX];
	int r = 0;

	(void)c;
	if (access(cwd, F_OK) == 0)
		return 0;
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return err_set(e, errno, "open /: %m");
	if (strlen(cwd) >= sizeof(path))
		return err_set(e, ENAMETOOLONG, "cwd (\"%s\"): %m", cwd);
	memcpy(path, cwd, strlen(cwd) + 1);
	for (char *name = path;;) {
		char *end = strchrnul(name, '/'), was = *end;

		*end = '\0';
		if (*name)
			r = make_last(root, path, name);
		if (r < 0)
			return err_set(e, -r, "make cwd \"%s\": %m", path);
		if (was == '\0')
			return 0;
		*end = was;
		name = end + 1;
	}
}

/* A descriptor of the host that leaked in could be the way to a directory
 * outside (CVE-2024-21626): the kernel says "(unreachable)" then. */
static int check_inside(struct err *e)
{
	char now[PATH_MAX];
	int r = sys_getcwd(now, sizeof(now));

	if (r < 0 && r != -ERANGE)
		return err_set(e, -r, "getcwd: %m");
	if (r >= 0 && now[0] != '/')
		return err_set(
			e, EXDEV,
			"current working directory is outside of container mount namespace root -- possible container "
			"breakout detected");
	return 0;
}

int do_cwd(struct ctx *c, const struct step *s, struct err *e)
{
	const char *cwd = s->process.process->cwd;

	exec_drop_descriptors(c, true);
	if (chdir(cwd) < 0)
		return err_set(e, errno, "chdir to cwd (\"%s\") set in config.json failed: %m",
			       cwd);
	return check_inside(e);
}

/* --- capabilities --- */

int do_bounding(struct ctx *c, const struct step *s, struct err *e)
{
	for (uint32_t cap = 0; cap <= c->plan->env.last_cap && cap < 64; cap++) {
		int r;

		if (s->bounding.keep >> cap & 1)
			continue;
		r = caps_bounding_drop(cap);
		/* Refused without CAP_SETPCAP; of no interest if it is not there anyway. */
		if (r < 0 && prctl(PR_CAPBSET_READ, cap, 0, 0, 0) != 0)
			return err_set(e, -r, "drop %s from the bounding set: %m",
				       cap_name((int)cap) ? cap_name((int)cap) : "?");
	}
	return 0;
}

int do_caps(struct ctx *c, const struct step *s, struct err *e)
{
	const struct oci_caps *want = &s->process.process->caps;
	struct caps have = c->caps, set;
	uint64_t ambient;
	int r = have.permitted ? 0 : caps_get(&have); /* STEP_USER has looked */

	/* no warnings from here: the filter may be in force already; do_user() gave them */
	if (r < 0)
		return err_set(e, -r, "read capabilities: %m");
	set.permitted = want->permitted & have.permitted;
	set.effective = want->effective & set.permitted;
	set.inheritable = want->inheritable & (have.permitted | have.inheritable);
	r = caps_set(&set);
	if (r < 0)
		return err_set(e, -r, "set capabilities: %m");
	/* capset(2) takes away what is not both permitted and inheritable. */
	if (set.permitted & set.inheritable)
		r = caps_ambient_clear();
	ambient = want->ambient & set.permitted & set.inheritable;
	for (uint32_t cap = 0; cap < 64 && r == 0; cap++)
		if (ambient >> cap & 1)
			r = caps_ambient_raise(cap);
	return r < 0 ? err_set(e, -r, "set ambient capabilities: %m") : 0;
}

int do_no_new_privs(struct ctx *c, const struct step *s, struct err *e)
{
	(void)c, (void)s;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_set(e, errno, "prctl(PR_SET_NO_NEW_PRIVS): %m");
	return 0;
}
