/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* /proc/PID/cgroup, see cgroups(7): one line "ID:CONTROLLERS:PATH" for each
 * hierarchy; cgroup v2 is ID 0 without controllers. A path may hold any byte
 * but a line break, also ':'; one outside the reader's cgroup namespace begins
 * with "/..". */

#include <stddef.h>

#include "base/arena.h"

enum { PROC_CGROUPS_MAX = 256 };

struct proc_cgroup {
	int hierarchy;
	const char *controllers; /* "cpu,cpuacct", "name=systemd"; "" for v2 */
	const char *path;
};

/* 0, -EINVAL or -E2BIG. */
int proc_cgroup_parse(const char *text, size_t len, struct arena *a, struct proc_cgroup **ret,
		      size_t *ret_count);

/* The path in the hierarchy that has this controller ("" = v2), or NULL. */
const char *proc_cgroup_path(const struct proc_cgroup *items, size_t count, const char *controller);
