/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "run/lc.h"

/* ---- list ------------------------------------------------------------------------ */

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct container *)a)->state.id,
		      ((const struct container *)b)->state.id);
}

int lc_list(struct lc *lc, struct container_list *ret, struct err *e)
{
	struct container_list list = { 0 };
	autodir DIR *d = NULL;
	struct dirent *de;
	size_t cap = 0;
	int r = lc_open_root(lc, false, e);

	if (r == -ENOENT)
		r = 0;
	else if (r == 0) {
		d = opendir(lc->root);
		if (!d)
			return err_set(e, errno, "open the state directory %s: %m", lc->root);
	}
	while (r == 0 && d && (de = readdir(d))) {
		autocontainer struct container c = CONTAINER_NULL;
		struct err why = { 0 };

		if (state_check_id(de->d_name, NULL) < 0 ||
		    (de->d_type != DT_DIR && de->d_type != DT_UNKNOWN))
			continue;
		if (lc_get(lc, de->d_name, &c, &why) < 0) {
			/* Gone meanwhile, or not one of ours. */
			if (why.code != ENOENT)
				lc_warn(lc, "%s", why.msg);
			continue;
		}
		container_close(&c);
		*(struct container *)arena_push(lc->arena, &list.items, &list.count, &cap,
						sizeof(c)) = c;
	}
	if (list.count > 1)
		qsort(list.items, list.count, sizeof(*list.items), by_id);
	*ret = list;
	return r;
}

/* ---- ps --------------------------------------------------------------------------- */

static int by_pid(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return x < y ? -1 : x > y;
}

/* Without a cgroup: who is in the container's own PID namespace (or below it is
 * not seen). With a shared one only the first process is known. */
static int pids_by_namespace(struct lc *lc, const struct container *c, pid_t **ret,
			     size_t *ret_count, struct err *e)
{
	autodir DIR *d = NULL;
	struct dirent *de;
	struct stat want, st;
	char path[64];
	size_t cap = 0;

	*ret = NULL;
	*ret_count = 0;
	if (c->init.fd < 0)
		return 0;
	(void)snprintf(path, sizeof(path), "/proc/%d/ns/pid", c->state.pid);
	if (!c->state.own_pid_ns || stat(path, &want) < 0 || pidref_exited(&c->init)) {
		*(pid_t *)arena_push(lc->arena, ret, ret_count, &cap, sizeof(pid_t)) = c->state.pid;
		return 0;
	}
	d = opendir("/proc");
	if (!d)
		return err_set(e, errno, "open /proc: %m");
	while ((de = readdir(d))) {
		pid_t pid;

		if (num_pid(de->d_name, &pid) < 0)
			continue;
		(void)snprintf(path, sizeof(path), "%d/ns/pid", (int)pid);
		if (fstatat(dirfd(d), path, &st, 0) == 0 && st.st_ino == want.st_ino &&
		    st.st_dev == want.st_dev)
			*(pid_t *)arena_push(lc->arena, ret, ret_count, &cap, sizeof(pid_t)) = pid;
	}
	qsort(*ret, *ret_count, sizeof(pid_t), by_pid);
	return 0;
}

int lc_ps(struct lc *lc, const char *id, pid_t **ret, size_t *ret_count, struct err *e)
{
	autocontainer struct container c = CONTAINER_NULL;
	int r = lc_get_quick(lc, id, &c, e);

	if (r < 0)
		return r;
	if (c.state.cgroup.mode == CGROUP_NONE)
		return pids_by_namespace(lc, &c, ret, ret_count, e);
	r = cgroup_open(&c.state.cgroup, e);
	if (r == 0)
		r = cgroup_pids(&c.state.cgroup, lc->arena, ret, ret_count, e);
	cgroup_close(&c.state.cgroup);
	return r;
}
