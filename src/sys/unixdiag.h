/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The Unix sockets of this network namespace that are bound to a path, from the kernel
 * (sock_diag(7), UNIX_DIAG_VFS): which inode of which file system each one is, whatever the
 * name by which a container reaches it. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

enum { UNIXDIAG_MAX = 1 << 18 };

struct unix_socket {
	uint32_t major, minor; /* of the file system, as in mountinfo */
	uint32_t file;         /* inode of the file, its low 32 bits: the kernel gives no more */
	uint32_t socket;       /* inode of the socket: "socket:[N]" in /proc/PID/fd */
	bool listens;
	const char *path; /* that it was bound to, in the binder's view; may be relative */
};

/* 0; -EPROTONOSUPPORT, -ENOENT: the kernel was built without it; -E2BIG. */
int unixdiag_read(struct arena *a, struct unix_socket **ret, size_t *ret_count);
