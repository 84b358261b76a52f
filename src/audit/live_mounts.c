/* SPDX-License-Identifier: Apache-2.0 */
/* What a container has mounted, from mountinfo alone: it tells file system, root and device of
 * every mount, so that no path in the container has to be looked at. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "audit/live_impl.h"
#include "audit/spec.h"
#include "base/cleanup.h"

bool live_below(const char *path, const char *dir, const char **ret_rest)
{
	size_t n = strlen(dir);

	if (n == 1 && dir[0] == '/')
		n = 0;
	if (strncmp(path, dir, n) != 0 || (path[n] != '\0' && path[n] != '/'))
		return false;
	if (ret_rest)
		*ret_rest = path + n;
	return true;
}

bool live_mount_ro(const struct proc_mount *m)
{
	return proc_mount_has_option(m->options, "ro") ||
	       proc_mount_has_option(m->super_options, "ro");
}

/* ---- which of them can be seen ------------------------------------------------------------------ */

/* For qsort(3), which hands nothing on. */
static const struct proc_mount *sorting;

static int by_parent_path(const void *a, const void *b)
{
	const struct proc_mount *x = &sorting[*(const size_t *)a];
	const struct proc_mount *y = &sorting[*(const size_t *)b];

	if (x->parent != y->parent)
		return x->parent < y->parent ? -1 : 1;
	return strcmp(x->mount_point, y->mount_point);
}

static int by_path(const void *a, const void *b)
{
	size_t i = *(const size_t *)a, j = *(const size_t *)b;
	int r = strcmp(sorting[i].mount_point, sorting[j].mount_point);

	return r ? r : (i > j) - (i < j);
}

static int by_id(const void *a, const void *b)
{
	int x = sorting[*(const size_t *)a].id, y = sorting[*(const size_t *)b].id;

	return (x > y) - (x < y);
}

struct tree {
	const struct live_mounts *m;
	size_t *children; /* by parent and path */
	size_t *ids;
};

/* Is there a mount on `parent` at exactly this path (len bytes of it), other than `but`? */
static bool has_child(const struct tree *t, int parent, const char *path, size_t len, size_t but)
{
	size_t low = 0, high = t->m->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct proc_mount *x = &t->m->items[t->children[mid]];
		int c = x->parent != parent ? (x->parent < parent ? -1 : 1)
					    : strncmp(x->mount_point, path, len);

		if (c == 0)
			c = x->mount_point[len] != '\0';
		if (c < 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < t->m->count; low++) {
		const struct proc_mount *x = &t->m->items[t->children[low]];

		if (x->parent != parent || strncmp(x->mount_point, path, len) != 0 ||
		    x->mount_point[len] != '\0')
			return false;
		if (t->children[low] != but)
			return true;
	}
	return false;
}

static bool find_id(const struct tree *t, int id, size_t *ret)
{
	size_t low = 0, high = t->m->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (t->m->items[t->ids[mid]].id < id)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == t->m->count || t->m->items[t->ids[low]].id != id)
		return false;
	*ret = t->ids[low];
	return true;
}

/* On its parent, something is mounted over a directory above it. */
static bool hidden_by_sibling(const struct tree *t, size_t i, size_t parent)
{
	const struct proc_mount *m = &t->m->items[i];
	const char *from = t->m->items[parent].mount_point;
	size_t len = strlen(from), at = len == 1 ? 0 : len;

	if (has_child(t, m->parent, from, len, i) && strcmp(from, m->mount_point) != 0)
		return true;
	while (m->mount_point[at] == '/') {
		at += 1 + strcspn(m->mount_point + at + 1, "/");
		if (m->mount_point[at] == '\0')
			return false;
		if (has_child(t, m->parent, m->mount_point, at, i))
			return true;
	}
	return false;
}

enum { SEEN_UNKNOWN = 0, SEEN_NO, SEEN_YES, SEEN_ASKED };

/* Can the mount be reached, but for what is mounted on itself? From each up to what is known. */
static bool reached(const struct tree *t, signed char *seen, size_t i, size_t *chain)
{
	size_t n = 0, parent;
	signed char r = SEEN_YES;

	while (seen[i] == SEEN_UNKNOWN) {
		seen[i] = SEEN_ASKED; /* a circle, which no kernel makes, ends here */
		chain[n++] = i;
		if (!find_id(t, t->m->items[i].parent, &parent) || parent == i)
			break;
		i = parent;
	}
	if (seen[i] != SEEN_ASKED)
		r = seen[i];
	while (n > 0) {
		i = chain[--n];
		if (r == SEEN_YES && find_id(t, t->m->items[i].parent, &parent) && parent != i &&
		    hidden_by_sibling(t, i, parent))
			r = SEEN_NO;
		seen[i] = r;
	}
	return r == SEEN_YES;
}

static void find_visible(struct live *l, struct live_mounts *m)
{
	size_t n = m->count + 1;
	struct tree t = { m, arena_alloc(l->arena, n * sizeof(size_t)),
			  arena_alloc(l->arena, n * sizeof(size_t)) };
	autofree signed char *seen = calloc(n, 1);
	autofree size_t *chain = calloc(n, sizeof(*chain));

	m->visible = arena_alloc(l->arena, n * sizeof(*m->visible));
	m->by_path = arena_alloc(l->arena, n * sizeof(*m->by_path));
	for (size_t i = 0; i < m->count; i++)
		t.children[i] = t.ids[i] = m->by_path[i] = i;
	sorting = m->items;
	if (m->count) {
		qsort(t.children, m->count, sizeof(size_t), by_parent_path);
		qsort(t.ids, m->count, sizeof(size_t), by_id);
		qsort(m->by_path, m->count, sizeof(size_t), by_path);
	}
	for (size_t i = 0; i < m->count && seen && chain; i++) {
		const struct proc_mount *x = &m->items[i];

		m->visible[i] = reached(&t, seen, i, chain) &&
				!has_child(&t, x->id, x->mount_point, strlen(x->mount_point), i);
	}
}

void live_mounts_read(struct live *l, int dir, struct live_mounts *ret)
{
	struct proc_mount *items;
	size_t len;
	char *text;
	int r = live_read(l, dir, "mountinfo", LIVE_MOUNTS_MAX, &text, &len);

	*ret = (struct live_mounts){ 0 };
	if (r == 0)
		r = proc_mountinfo_parse(text, len, l->arena, &items, &ret->count);
	if (r == 0 && ret->count == 0)
		r = -ENODATA;
	ret->error = r;
	if (r < 0)
		return;
	ret->items = items;
	find_visible(l, ret);
}

/* ---- paths -------------------------------------------------------------------------------------- */

static const struct proc_mount *mounted_on(const struct live_mounts *m, const char *path,
					   size_t len)
{
	size_t low = 0, high = m->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const char *p = m->items[m->by_path[mid]].mount_point;
		int c = strncmp(p, path, len);

		if (c == 0)
			c = p[len] != '\0';
		if (c < 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < m->count; low++) {
		size_t i = m->by_path[low];
		const char *p = m->items[i].mount_point;

		if (strncmp(p, path, len) != 0 || p[len] != '\0')
			return NULL;
		if (m->visible[i])
			return &m->items[i];
	}
	return NULL;
}

const struct proc_mount *live_mount_on(const struct live_mounts *m, const char *path)
{
	return mounted_on(m, path, strlen(path));
}

const struct proc_mount *live_mount_at(const struct live_mounts *m, const char *path)
{
	size_t len = strlen(path);

	while (len > 0) {
		const struct proc_mount *x = mounted_on(m, path, len);

		if (x)
			return x;
		while (len > 0 && path[len - 1] != '/')
			len--;
		len = len > 1 ? len - 1 : len == 1 && path[1] != '\0' ? 1 : 0;
		if (len == 1 && path[0] == '/')
			return mounted_on(m, "/", 1);
	}
	return NULL;
}

const struct proc_mount *live_mount_by_id(const struct live_mounts *m, uint64_t id)
{
	for (size_t i = 0; i < m->count; i++)
		if (m->items[i].id >= 0 && (uint64_t)m->items[i].id == id)
			return &m->items[i];
	return NULL;
}

const char *live_host_path(struct live *l, uint32_t major, uint32_t minor, const char *path)
{
	const struct proc_mount *best = NULL;
	const char *rest = NULL, *r;

	for (size_t i = 0; i < l->host.count; i++) {
		const struct proc_mount *m = &l->host.items[i];

		if (m->major != major || m->minor != minor || !l->host.visible[i] ||
		    !live_below(path, m->root, &r))
			continue;
		if (best && strlen(best->root) >= strlen(m->root))
			continue;
		best = m;
		rest = r;
	}
	if (!best)
		return NULL;
	if (*rest == '\0')
		return best->mount_point;
	return arena_printf(l->arena, "%s%s",
			    strcmp(best->mount_point, "/") == 0 ? "" : best->mount_point, rest);
}
