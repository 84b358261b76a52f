/* SPDX-License-Identifier: Apache-2.0 */
#include "run/cgroup_impl.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

/* The two tables of files are in cgroup_v1.c and cgroup_v2.c. Here is the one
 * loop that writes their rows. */

static const struct {
	const char *v1, *v2; /* names of the controller; NULL: has none */
} groups[LIMIT_GROUPS] = {
	[LIMIT_PIDS] = { "pids", "pids" },       [LIMIT_MEMORY] = { "memory", "memory" },
	[LIMIT_IO] = { "blkio", "io" },          [LIMIT_CPU] = { "cpu", "cpu" },
	[LIMIT_CPUSET] = { "cpuset", "cpuset" }, [LIMIT_HUGETLB] = { "hugetlb", "hugetlb" },
	[LIMIT_RDMA] = { "rdma", "rdma" },       [LIMIT_NET_CLS] = { "net_cls", NULL },
	[LIMIT_NET_PRIO] = { "net_prio", NULL },
};

/* One group of one table, and the directory it goes to. */
struct target {
	const struct limit_row *rows;
	size_t count;
	enum limit_group group;
	const struct cgroup_hierarchy *h; /* NULL: nobody has the controller */
	const char *controller;
};

static bool has_controller(const struct cgroup_hierarchy *h, const char *name)
{
	char have[4096];
	size_t n = strlen(name);

	if (!h->v2)
		return true;
	if (cgroup_read(h->fd, "cgroup.controllers", have, sizeof(have)) < 0)
		return false;
	for (char *s = have; *s;) {
		size_t len = strcspn(s, " \n");

		if (len == n && memcmp(s, name, n) == 0)
			return true;
		s += len + strspn(s + len, " \n");
	}
	return false;
}

static int write_failed(const struct target *t, const struct limit_out *w, int r, struct err *e)
{
	char usage[32];

	if (r == -ENOENT && !has_controller(t->h, t->controller))
		return err_set(e, EOPNOTSUPP,
			       "%s: the cgroup controller \"%s\" is not available in %s%s",
			       w->pointer, t->controller, t->h->mount_point, t->h->path);
	if (r == -ENOENT)
		return err_set(e, EOPNOTSUPP, "%s: this kernel has no %s", w->pointer, w->file);
	if (r == -EBUSY && strcmp(w->file, "memory.limit_in_bytes") == 0 &&
	    cgroup_read(t->h->fd, "memory.usage_in_bytes", usage, sizeof(usage)) > 0) {
		usage[strcspn(usage, "\n")] = '\0';
		return err_set(e, EBUSY, "%s: unable to set memory limit to %s (current usage: %s)",
			       w->pointer, w->value, usage);
	}
	return err_set(e, -r, "%s: write \"%.100s\" to %s%s/%s: %m", w->pointer, w->value,
		       t->h->mount_point, t->h->path, w->file);
}

/* Puts the file's first word, as it is now, before the value. */
static int with_first_word(const struct target *t, const struct limit_out *w, char *out,
			   size_t size)
{
	char now[256];
	ssize_t n = cgroup_read(t->h->fd, w->file, now, sizeof(now));

	if (n < 0)
		return (int)n;
	n = snprintf(out, size, "%.*s %s", (int)strcspn(now, " \n"), now, w->value);
	return (size_t)n < size ? 0 : -E2BIG;
}

/* 1: written (or as good as), 0: not there, try the next name; -EAGAIN: later */
static int write_one(const struct target *t, const struct limit_out *w, bool last_chance,
		     struct err *e)
{
	const char *value = w->value;
	char both[sizeof(w->text) + 256];
	int r = 0;

	if (w->flags & LIMIT_SECOND) {
		r = with_first_word(t, w, both, sizeof(both));
		value = both;
	}
	if (r >= 0)
		r = cgroup_write(t->h->fd, w->file, value);
	if (r >= 0 || (r == -ENOENT && (w->flags & LIMIT_OPTIONAL)))
		return 1;
	if (r == -ENOENT && (w->flags & LIMIT_ELSE_NEXT))
		return 0;
	if (r == -EINVAL && (w->flags & LIMIT_RETRY) && !last_chance)
		return -EAGAIN;
	return write_failed(t, w, r, e);
}

/* All items of one row. ret_done: a name was found (for LIMIT_ELSE_NEXT);
 * ret_again: some wait for the rows after them. */
static int write_row(const struct target *t, const struct limit_row *row,
		     const struct oci_resources *r, bool last_chance, bool *ret_done,
		     bool *ret_again, struct err *e)
{
	for (size_t i = 0, n = limit_items(row, r); i < n; i++) {
		struct limit_out w;
		int k = limit_format(row, r, i, &w, e);

		if (k < 0)
			return k;
		if (k == 0)
			continue;
		if (!t->h)
			return err_set(e, EOPNOTSUPP,
				       "%s: the cgroup controller \"%s\" is not available",
				       w.pointer, t->controller);
		if (w.flags & LIMIT_MISSING)
			return err_set(e, EOPNOTSUPP, "%s: cgroup v2 has no such limit", w.pointer);
		k = write_one(t, &w, last_chance, e);
		if (k == -EAGAIN)
			*ret_again = true;
		else if (k < 0)
			return k;
		else if (k > 0)
			*ret_done = true;
	}
	return 0;
}

static int write_rows(const struct target *t, const struct oci_resources *r, bool last_chance,
		      bool *ret_again, struct err *e)
{
	bool done = false, skip = false;

	for (size_t i = 0; i < t->count; i++) {
		const struct limit_row *row = &t->rows[i];
		int k;

		if (row->group != t->group || (last_chance && !(row->flags & LIMIT_RETRY)))
			continue;
		if (skip) {
			skip = row->flags & LIMIT_ELSE_NEXT;
			continue;
		}
		done = false;
		k = write_row(t, row, r, last_chance, &done, ret_again, e);
		if (k < 0)
			return k;
		skip = done && (row->flags & LIMIT_ELSE_NEXT);
	}
	return 0;
}

static int write_unified(const struct cgroup_hierarchy *h, const struct oci_pair *p, struct err *e)
{
	static const char *const ours[] = { "cgroup.procs", "cgroup.threads", "cgroup.kill",
					    "cgroup.freeze" };
	char line[4096], controller[64];
	const char *at = p->value;

	if (!strchr(p->key, '.') || strchr(p->key, '/'))
		return err_set(
			e, EINVAL,
			"/linux/resources/unified/%s: must be in the form CONTROLLER.PARAMETER (no slashes)",
			p->key);
	for (size_t i = 0; i < ARRAY_LEN(ours); i++)
		if (strcmp(p->key, ours[i]) == 0)
			return err_set(
				e, EINVAL,
				"/linux/resources/unified/%s: this file is the runtime's own",
				p->key);
	if (!h)
		return err_set(
			e, EOPNOTSUPP,
			"/linux/resources/unified/%s: invalid configuration: there is no cgroup v2 hierarchy",
			p->key);
	/* Some files take one line a write. */
	do {
		size_t len = strcspn(at, "\n");
		int r;

		if (len >= sizeof(line))
			return err_set(e, E2BIG, "/linux/resources/unified/%s: too long", p->key);
		memcpy(line, at, len);
		line[len] = '\0';
		r = cgroup_write(h->fd, p->key, line);
		(void)snprintf(controller, sizeof(controller), "%.*s", (int)strcspn(p->key, "."),
			       p->key);
		if ((r == -ENOENT || r == -EACCES || r == -EPERM) &&
		    strcmp(controller, "cgroup") != 0 && !has_controller(h, controller))
			return err_set(
				e, EOPNOTSUPP,
				"/linux/resources/unified/%s: controller \"%s\" is not available",
				p->key, controller);
		if (r < 0)
			return err_set(
				e, -r,
				"/linux/resources/unified/%s: unable to set unified resource: %m",
				p->key);
		at += len + (at[len] == '\n');
	} while (*at);
	return 0;
}

/* memory.max below the usage would not be refused by v2: it would kill. */
static int check_usage(struct cgroup *cg, const struct oci_resources *r, struct err *e)
{
	const struct cgroup_hierarchy *h = cgroup_v2_of(cg);
	char usage[32];
	uint64_t now = 0;

	if (!r->memory.check_before_update || !h || cgroup_v1_of(cg, "memory") ||
	    cgroup_read(h->fd, "memory.current", usage, sizeof(usage)) <= 0)
		return 0;
	for (const char *s = usage; *s >= '0' && *s <= '9'; s++)
		now = now * 10 + (uint64_t)(*s - '0');
	if (r->memory.swap && *r->memory.swap > 0 && (uint64_t)*r->memory.swap <= now)
		return err_set(e, EBUSY,
			       "/linux/resources/memory/swap: rejecting memory+swap limit %" PRId64
			       " <= usage %" PRIu64,
			       *r->memory.swap, now);
	if (r->memory.limit && *r->memory.limit > 0 && (uint64_t)*r->memory.limit <= now)
		return err_set(e, EBUSY,
			       "/linux/resources/memory/limit: rejecting memory limit %" PRId64
			       " <= usage %" PRIu64,
			       *r->memory.limit, now);
	return 0;
}

static void find_target(struct cgroup *cg, enum limit_group group, struct target *t)
{
	const struct cgroup_hierarchy *v2 = cgroup_v2_of(cg);

	t->group = group;
	t->controller = groups[group].v1;
	t->rows = limit_rows_v1;
	t->count = limit_rows_v1_count;
	t->h = cgroup_v1_of(cg, groups[group].v1);
	if (t->h || !v2)
		return;
	t->rows = limit_rows_v2;
	t->count = limit_rows_v2_count;
	t->h = v2;
	if (groups[group].v2)
		t->controller = groups[group].v2;
}

int cgroup_limits_apply(struct cgroup *cg, const struct oci_resources *r, struct err *e)
{
	int k = check_usage(cg, r, e);

	if (k < 0)
		return k;
	for (int g = 0; g < LIMIT_GROUPS; g++) {
		struct target t;
		bool again = false;

		find_target(cg, (enum limit_group)g, &t);
		k = write_rows(&t, r, false, &again, e);
		if (k >= 0 && again)
			k = write_rows(&t, r, true, &again, e);
		if (k < 0)
			return k;
	}
	for (size_t i = 0; i < r->unified.count; i++) {
		k = write_unified(cgroup_v2_of(cg), &r->unified.items[i], e);
		if (k < 0)
			return k;
	}
	return 0;
}

bool cgroup_limits_demand(const struct oci_resources *r, struct limit_out *ret)
{
	const struct {
		const struct limit_row *rows;
		size_t count;
	} tables[] = { { limit_rows_v1, limit_rows_v1_count },
		       { limit_rows_v2, limit_rows_v2_count } };

	for (size_t t = 0; t < ARRAY_LEN(tables); t++)
		for (size_t k = 0; k < tables[t].count; k++)
			for (size_t i = 0; i < limit_items(&tables[t].rows[k], r); i++)
				if (limit_format(&tables[t].rows[k], r, i, ret, NULL) != 0)
					return true;
	if (r->unified.count > 0) {
		(void)snprintf(ret->pointer, sizeof(ret->pointer), "/linux/resources/unified/%s",
			       r->unified.items[0].key);
		return true;
	}
	return false;
}

const char *cgroup_ignored(const struct oci_resources *r, size_t i)
{
	const struct {
		bool is;
		const char *pointer;
	} rows[] = {
		{ r->memory.kernel && *r->memory.kernel != 0, "/linux/resources/memory/kernel" },
		{ r->memory.kernel_tcp && *r->memory.kernel_tcp != 0,
		  "/linux/resources/memory/kernelTCP" },
		{ r->memory.use_hierarchy && !*r->memory.use_hierarchy,
		  "/linux/resources/memory/useHierarchy" },
	};

	for (size_t k = 0; k < ARRAY_LEN(rows); k++)
		if (rows[k].is && i-- == 0)
			return rows[k].pointer;
	return NULL;
}
