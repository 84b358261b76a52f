/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* /proc/PID/ns/TYPE, see namespaces(7): links with a text as "pid:[4026531836]". */

#include <stddef.h>
#include <stdint.h>

enum proc_ns {
	PROC_NS_PID,
	PROC_NS_USER,
	PROC_NS_MNT,
	PROC_NS_NET,
	PROC_NS_UTS,
	PROC_NS_IPC,
	PROC_NS_CGROUP,
	PROC_NS_TIME,
	PROC_NS_COUNT
};

extern const char *const proc_ns_name[PROC_NS_COUNT]; /* "pid" ... */
extern const char *const proc_ns_path[PROC_NS_COUNT]; /* "ns/pid" ... */

/* "TYPE:[INODE]", the whole text. The type's number, or -EINVAL. */
int proc_nslink_parse(const char *text, size_t len, uint64_t *ret_ino);

/* The inode of the link at `path` below dirfd. 0, -EACCES, -ENOENT (a zombie has left that
 * namespace, or an older kernel), -ESRCH, -EINVAL: no such link, or of another type. */
int proc_nslink_at(int dirfd, const char *path, enum proc_ns type, uint64_t *ret_ino);
