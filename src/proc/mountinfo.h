/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* /proc/PID/mountinfo, see proc_pid_mountinfo(5). Octal escapes (\040) are
 * undone; " (deleted)" after a root stays, as the kernel wrote it. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

enum { PROC_MOUNTS_MAX = 1 << 18 }; /* the kernel's own default is 100,000 a namespace */

struct proc_mount {
	int id, parent;
	uint32_t major, minor;
	const char *root;                   /* of the file system, what is mounted */
	const char *mount_point;            /* relative to the reader's root */
	const char *options;                /* of the mount */
	int shared, master, propagate_from; /* peer groups; 0 = none */
	bool unbindable;
	const char *fs; /* "ext4", "fuse.sshfs" */
	const char *source;
	const char *super_options;
};

/* All lines, in the kernel's order. 0, -EINVAL (a line is not one of mountinfo)
 * or -E2BIG. */
int proc_mountinfo_parse(const char *text, size_t len, struct arena *a, struct proc_mount **ret,
			 size_t *ret_count);

/* Is `name` one of the comma-separated words of `options`? */
bool proc_mount_has_option(const char *options, const char *name);
