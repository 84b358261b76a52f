/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "conf/runspec_impl.h"

/* Room in steps of a power of two, so that a list needs no capacity of its own. */
static bool is_full(size_t count)
{
	return (count & (count - 1)) == 0;
}

static void *grow(struct arena *a, const void *items, size_t count, size_t size)
{
	void *bigger = arena_alloc(a, (count ? 2 * count : 1) * size);

	if (count)
		memcpy(bigger, items, count * size);
	return bigger;
}

void run_push(struct arena *a, struct oci_strings *list, const char *s)
{
	if (is_full(list->count))
		list->items = grow(a, list->items, list->count, sizeof(*list->items));
	list->items[list->count++] = s;
}

void run_mount_add(struct oci_spec *spec, struct arena *a, const struct oci_mount *m)
{
	if (is_full(spec->mounts_count))
		spec->mounts = grow(a, spec->mounts, spec->mounts_count, sizeof(*spec->mounts));
	spec->mounts[spec->mounts_count++] = *m;
}

struct oci_strings run_words(struct arena *a, const char *list, char sep)
{
	const char stop[] = { sep, '\0' };
	struct oci_strings ret = { 0 };

	while (list && *list) {
		size_t len = strcspn(list, stop);

		if (len)
			run_push(a, &ret, arena_strndup(a, list, len));
		list += len + (list[len] == sep);
	}
	return ret;
}

bool run_has(const struct oci_strings *list, const char *s)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i], s) == 0)
			return true;
	return false;
}

const char *run_clean(struct arena *a, const char *path)
{
	char *out = arena_alloc(a, strlen(path) + 2), *end = out;

	if (*path != '/')
		return NULL;
	while (*path) {
		size_t len;

		path += strspn(path, "/");
		len = strcspn(path, "/");
		if (len == 2 && memcmp(path, "..", 2) == 0)
			return NULL;
		if (len > 1 || (len == 1 && *path != '.')) {
			*end++ = '/';
			memcpy(end, path, len);
			end += len;
		}
		path += len;
	}
	if (end == out)
		*end++ = '/';
	*end = '\0';
	return out;
}

bool run_below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	if (strcmp(dir, "/") == 0)
		return path[1] != '\0';
	return strncmp(path, dir, len) == 0 && path[len] == '/';
}

int run_bool(const char *text, bool *ret)
{
	if (!text || strcmp(text, "true") == 0 || strcmp(text, "1") == 0)
		*ret = true;
	else if (strcmp(text, "false") == 0 || strcmp(text, "0") == 0)
		*ret = false;
	else
		return -EINVAL;
	return 0;
}

/* ---- files of the host ------------------------------------------------------ */

static bool sub_id_line(const char *line, size_t len, const char *name, uid_t id,
			struct run_sub_id *ret)
{
	const char *first = memchr(line, ':', len), *count;
	uint64_t from, n, who;

	if (!first)
		return false;
	count = memchr(first + 1, ':', len - (size_t)(first + 1 - line));
	if (!count)
		return false;
	if (!(name && strlen(name) == (size_t)(first - line) &&
	      memcmp(name, line, (size_t)(first - line)) == 0) &&
	    !(num_u64(line, (size_t)(first - line), &who) == 0 && who == id))
		return false;
	if (num_u64(first + 1, (size_t)(count - first - 1), &from) < 0 ||
	    num_u64(count + 1, len - (size_t)(count + 1 - line), &n) < 0)
		return false;
	if (n == 0 || from + n > UINT32_MAX || from > UINT32_MAX || n > UINT32_MAX)
		return false;
	*ret = (struct run_sub_id){ .first = (uint32_t)from, .count = (uint32_t)n };
	return true;
}

struct run_sub_id run_sub_id_find(const char *text, size_t len, const char *name, uid_t id)
{
	struct run_sub_id ret = { 0 };

	while (len > 0) {
		const char *nl = memchr(text, '\n', len);
		size_t n = nl ? (size_t)(nl - text) : len;

		if (sub_id_line(text, n, name, id, &ret))
			return ret;
		text += n + (nl != NULL);
		len -= n + (nl != NULL);
	}
	return ret;
}

int run_env_file(const char *name, const char *text, size_t len, struct arena *a,
		 struct oci_strings *ret, struct err *e)
{
	struct oci_strings list = *ret;

	if (memchr(text, '\0', len))
		return err_set(e, EINVAL, "option --env-file: %s has a zero byte in it", name);
	for (size_t line = 1; len > 0; line++) {
		const char *nl = memchr(text, '\n', len);
		size_t n = nl ? (size_t)(nl - text) : len, skip = 0, end = n;

		if (end && text[end - 1] == '\r')
			end--;
		while (skip < end && (text[skip] == ' ' || text[skip] == '\t'))
			skip++;
		if (skip < end && text[skip] != '#') {
			const char *var = arena_strndup(a, text + skip, end - skip);

			if (*var == '=' || strcspn(var, " \t") < strcspn(var, "="))
				return err_set(
					e, EINVAL,
					"option --env-file: %s:%zu: '%.64s' is no name of a variable",
					name, line, var);
			run_push(a, &list, var);
		}
		text += n + (nl != NULL);
		len -= n + (nl != NULL);
	}
	*ret = list;
	return 0;
}
