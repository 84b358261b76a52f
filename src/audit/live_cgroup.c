/* SPDX-License-Identifier: Apache-2.0 */
/* Limits and devices, from the cgroup of the process: files of v1 and v2, programs of v2. */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <string.h>

#include "audit/devprog.h"
#include "audit/live_impl.h"
#include "base/cleanup.h"
#include "base/num.h"
#include "proc/cgroup.h"
#include "sys/bpfdev.h"
#include "sys/syscalls.h"

/* Values of cgroup v1 at and above which there is no limit of memory: LONG_MAX in pages. */
#define V1_NO_LIMIT INT64_C(0x7ffffffffffff000)

enum { DEPTH_MAX = 256 };

struct where {
	const char *mount, *path; /* below the root: "sys/fs/cgroup/pids", "/a/b" */
	bool v2;
};

/* The directory of the process in the hierarchy of a controller. */
static bool find_cgroup(struct live *l, const struct proc_cgroup *cg, size_t n,
			const char *controller, struct where *ret)
{
	const char *path = *controller ? proc_cgroup_path(cg, n, controller) : NULL;
	bool v2 = !path;

	if (!path)
		path = proc_cgroup_path(cg, n, "");
	for (size_t i = 0; path && i < l->own.count; i++) {
		const struct proc_mount *m = &l->own.items[i];
		const char *rest;

		if (!l->own.visible[i] || strcmp(m->fs, v2 ? "cgroup2" : "cgroup") != 0 ||
		    (!v2 && !proc_mount_has_option(m->super_options, controller)) ||
		    !live_below(path, m->root, &rest) || strncmp(rest, "/..", 3) == 0)
			continue;
		*ret = (struct where){ m->mount_point + strspn(m->mount_point, "/"), rest, v2 };
		return true;
	}
	return false;
}

static int read_cgroups(struct live *l, const struct live_target *t, struct proc_cgroup **ret,
			size_t *ret_count)
{
	size_t len;
	char *text;
	int r = live_read(l, t->dir, "cgroup", LIVE_TEXT_MAX, &text, &len);

	return r < 0 ? r : proc_cgroup_parse(text, len, l->arena, ret, ret_count);
}

/* The first word of a file as a number; "max" and -1 are none. 0 or -errno. */
static int read_limit(struct live *l, const char *dir, size_t dir_len, const struct where *w,
		      const char *file, int64_t *ret)
{
	size_t len;
	char *text;
	int r = live_read_root(
		l, arena_printf(l->arena, "%s%.*s/%s", w->mount, (int)dir_len, dir, file), &text,
		&len);

	if (r < 0)
		return r;
	text[strcspn(text, " \n")] = '\0';
	if (strcmp(text, "max") == 0 || strcmp(text, "-1") == 0) {
		*ret = -1;
		return 0;
	}
	return num_i64(text, strlen(text), ret);
}

/* The lowest on the whole path, since those above count as well. -1: none; -2: not known. */
static int64_t lowest(struct live *l, const struct where *w, const char *file, int64_t none)
{
	size_t len = strlen(w->path);
	int64_t best = -1, v;

	for (int depth = 0; depth < DEPTH_MAX; depth++) {
		int r;

		while (len > 0 && w->path[len - 1] == '/')
			len--;
		r = read_limit(l, w->path, len, w, file, &v);
		if (r < 0 && r != -ENOENT)
			return -2;
		if (r == 0 && v >= 0 && v < none && (best < 0 || v < best))
			best = v;
		if (len == 0)
			return best;
		while (len > 0 && w->path[len - 1] != '/')
			len--;
	}
	return -2;
}

static int64_t read_pids(struct live *l, const struct proc_cgroup *cg, size_t n,
			 struct where *ret_where)
{
	if (!find_cgroup(l, cg, n, "pids", ret_where))
		return -2;
	return lowest(l, ret_where, "pids.max", INT64_MAX);
}

struct live_limits live_limits(struct live *l, const struct live_target *t)
{
	struct live_limits r = { -2, -2, -2, -2 };
	struct proc_cgroup *cg;
	struct where w;
	size_t n, len;
	char *text;

	if (read_cgroups(l, t, &cg, &n) < 0)
		return r;
	r.pids = read_pids(l, cg, n, &w);
	if (find_cgroup(l, cg, n, "memory", &w))
		r.memory = lowest(l, &w, w.v2 ? "memory.max" : "memory.limit_in_bytes",
				  V1_NO_LIMIT);
	if (!find_cgroup(l, cg, n, "cpu", &w))
		return r;
	if (!w.v2) {
		if (read_limit(l, w.path, strlen(w.path), &w, "cpu.cfs_quota_us", &r.cpu_quota_us) <
			    0 ||
		    read_limit(l, w.path, strlen(w.path), &w, "cpu.cfs_period_us",
			       &r.cpu_period_us) < 0)
			r.cpu_quota_us = r.cpu_period_us = -2;
		return r;
	}
	/* "max 100000" */
	if (read_limit(l, w.path, strlen(w.path), &w, "cpu.max", &r.cpu_quota_us) < 0 ||
	    live_read_root(l, arena_printf(l->arena, "%s%s/cpu.max", w.mount, w.path), &text,
			   &len) < 0)
		return r;
	text += strcspn(text, " ");
	if (*text != ' ' || num_i64(text + 1, strcspn(text + 1, "\n"), &r.cpu_period_us) < 0)
		r.cpu_quota_us = r.cpu_period_us = -2;
	return r;
}

/* ---- devices -------------------------------------------------------------------------------------- */

/* A disk and the memory: who may use these may use all. */
static int allows_all(const struct bpfdev *p)
{
	static const uint32_t probes[][3] = {
		{ (BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE) << 16 | BPF_DEVCG_DEV_BLOCK, 8, 0 },
		{ (BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE) << 16 | BPF_DEVCG_DEV_BLOCK, 259, 1 },
		{ (BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE) << 16 | BPF_DEVCG_DEV_CHAR, 1, 1 },
	};
	int r = 1;

	for (size_t i = 0; i < ARRAY_LEN(probes); i++) {
		int one = p->insns ? devprog_eval(p->insns, p->count, probes[i]) : -1;

		if (one == 0)
			return 0;
		if (one < 0)
			r = -1;
	}
	return r;
}

static enum tri devices_v2(struct live *l, const struct where *w, const char **ret_text)
{
	struct bpfdev progs[BPFDEV_MAX];
	autoclose int fd = -1;
	enum tri is = TRI_YES;
	size_t n = 0;
	int r;

	fd = sys_openat2(l->root_fd, arena_printf(l->arena, "%s%s", w->mount, w->path),
			 O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0,
			 RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS);
	r = fd < 0 ? fd : bpfdev_read(fd, l->arena, progs, &n);
	if (r < 0) {
		*ret_text = arena_printf(l->arena, "the device programs of its cgroup: %s",
					 live_errno(r));
		return TRI_UNKNOWN;
	}
	for (size_t i = 0; i < n; i++) {
		int one = allows_all(&progs[i]);

		if (one == 0)
			return TRI_NO; /* all must agree */
		if (one < 0)
			is = TRI_UNKNOWN;
	}
	*ret_text = is == TRI_UNKNOWN
			    ? "what the device program of its cgroup allows cannot be told"
		    : n ? "the device program of its cgroup allows all"
			: "its cgroup has no device program";
	return is;
}

static enum tri devices_v1(struct live *l, const struct where *w, const char **ret_text)
{
	bool block = false, character = false;
	size_t len;
	char *text;
	int r = live_read_root(l, arena_printf(l->arena, "%s%s/devices.list", w->mount, w->path),
			       &text, &len);

	if (r < 0) {
		*ret_text = arena_printf(l->arena, "devices.list of its cgroup: %s", live_errno(r));
		return TRI_UNKNOWN;
	}
	for (char *s = text; s; s = (s = strchr(s, '\n')) ? s + 1 : NULL) {
		block = block || strncmp(s, "a *:* rw", 8) == 0 || strncmp(s, "b *:* rw", 8) == 0;
		character = character || strncmp(s, "a *:* rw", 8) == 0 ||
			    strncmp(s, "c *:* rw", 8) == 0;
	}
	*ret_text = block ? "devices.list of its cgroup allows all" : NULL;
	return block && character ? TRI_YES : TRI_NO;
}

static void devices(struct live *l, struct live_target *t, const struct proc_cgroup *cg, size_t n)
{
	struct place at = live_place(l, t->p, "cgroup", "devices");
	const char *text = "no cgroup hierarchy for devices can be seen";
	enum tri is = TRI_UNKNOWN;
	struct where w;

	if (find_cgroup(l, cg, n, "devices", &w)) {
		if (!w.v2)
			is = devices_v1(l, &w, &text);
		else if (!l->recorded)
			is = devices_v2(l, &w, &text);
	}
	fact_set(t->f, FACT_DEVICES_ALL, is, at, text);
}

void live_cgroup(struct live *l, struct live_target *t)
{
	struct place at = live_place(l, t->p, "cgroup", "pids.max");
	struct proc_cgroup *cg;
	struct where w;
	size_t n;
	int64_t max;
	int r = read_cgroups(l, t, &cg, &n);

	if (r < 0) {
		fact_set(t->f, FACT_PIDS_LIMITED, TRI_UNKNOWN, at, live_errno(r));
		fact_set(t->f, FACT_DEVICES_ALL, TRI_UNKNOWN, at, live_errno(r));
		return;
	}
	max = read_pids(l, cg, n, &w);
	if (max == -2)
		fact_set(t->f, FACT_PIDS_LIMITED, TRI_UNKNOWN, at,
			 "its cgroup for processes cannot be seen from here");
	else if (max < 0)
		fact_set(t->f, FACT_PIDS_LIMITED, TRI_NO, at, "max");
	else
		fact_set(t->f, FACT_PIDS_LIMITED, TRI_YES, at,
			 arena_printf(l->arena, "%lld", (long long)max));
	devices(l, t, cg, n);
}
