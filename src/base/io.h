/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Whole files and whole writes. All retry EINTR and short transfers. */

#include <stddef.h>
#include <sys/types.h>

#include "base/arena.h"

enum {
	IO_FILE_MAX = 16 << 20, /* no configuration or /proc file of ours is larger */
};

/* Reads all of the open file or the path below dirfd into the arena, NUL
 * added. 0, -EFBIG (over `max` bytes) or the errno of open(2)/read(2). Refuses
 * with -EISDIR / -EINVAL what is not a regular file, pipe or character device. */
int io_read_fd(int fd, size_t max, struct arena *a, char **ret, size_t *ret_len);
int io_read_at(int dirfd, const char *path, size_t max, struct arena *a, char **ret,
	       size_t *ret_len);

/* Reads at most size-1 bytes into buf and adds a NUL; for small /proc and
 * cgroup files. Returns the length or -errno; -EFBIG if there was more. */
ssize_t io_read_small(int dirfd, const char *path, char *buf, size_t size);

int io_write_all(int fd, const void *data, size_t len);

/* Opens an existing file for writing (never creates) and writes it in one write(2). */
int io_write_at(int dirfd, const char *path, const char *text, size_t len);

/* Writes path.tmp and renames it over path: readers see the old or the new
 * content, never a part. mode as open(2). Not fsynced: state lives on tmpfs. */
int io_replace_at(int dirfd, const char *path, const void *data, size_t len, mode_t mode);
