/* SPDX-License-Identifier: Apache-2.0 */
#include "proc/cgroup.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "base/num.h"
#include "proc/mountinfo.h"

static int parse_line(const char *s, size_t len, struct arena *a, struct proc_cgroup *ret)
{
	const char *end = s + len;
	const char *first = memchr(s, ':', len);
	const char *second = first ? memchr(first + 1, ':', (size_t)(end - first - 1)) : NULL;
	uint64_t id;

	if (!second || second + 1 == end || second[1] != '/' || memchr(s, '\0', len))
		return -EINVAL;
	if (num_u64(s, (size_t)(first - s), &id) < 0 || id > INT_MAX)
		return -EINVAL;
	ret->hierarchy = (int)id;
	ret->controllers = arena_strndup(a, first + 1, (size_t)(second - first - 1));
	ret->path = arena_strndup(a, second + 1, (size_t)(end - second - 1));
	return 0;
}

int proc_cgroup_parse(const char *text, size_t len, struct arena *a, struct proc_cgroup **ret,
		      size_t *ret_count)
{
	struct proc_cgroup *items = NULL;
	size_t count = 0, cap = 0;

	for (const char *at = text, *end = text + len; at < end;) {
		const char *nl = memchr(at, '\n', (size_t)(end - at));
		size_t n = (size_t)((nl ? nl : end) - at);

		if (count >= PROC_CGROUPS_MAX)
			return -E2BIG;
		if (parse_line(at, n, a, arena_push(a, &items, &count, &cap, sizeof(*items))) < 0)
			return -EINVAL;
		at += n + 1;
	}
	*ret = items;
	*ret_count = count;
	return 0;
}

const char *proc_cgroup_path(const struct proc_cgroup *items, size_t count, const char *controller)
{
	for (size_t i = 0; i < count; i++) {
		const char *have = items[i].controllers;

		if (*controller == '\0' ? items[i].hierarchy == 0 && *have == '\0'
					: proc_mount_has_option(have, controller))
			return items[i].path;
	}
	return NULL;
}
