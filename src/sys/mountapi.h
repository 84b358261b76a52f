/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The mount API of Linux 5.2 and later in the few shapes that we use it. All
 * return an fd (close-on-exec) or 0, else -errno. A mount fd is an O_PATH fd of
 * the mount's root: valid before and after it is attached, usable as a dirfd. */

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* What a new mount takes in fsmount(2); the others are for mount_setattr(2). */
#define MOUNT_ATTR_ACCESS                                                               \
	(MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | \
	 MOUNT_ATTR_NOSYMFOLLOW)

/* A context to make a file system with; -ENODEV: the kernel has no such type. */
int mountapi_open(const char *type, struct err *e);

/* One parameter; value NULL: a flag. The message carries the kernel's words,
 * "tmpfs: Bad value for 'mode'", where it has any. */
int mountapi_set(int fs, const char *key, const char *value, struct err *e);

/* "key=value" or "key". At most 255 bytes of value: -E2BIG. */
int mountapi_set_option(int fs, const char *option, struct err *e);

/* The file system made and mounted, not attached yet. attr: MOUNT_ATTR_*. */
int mountapi_mount(int fs, uint64_t attr, struct err *e);

/* A detached copy of what is mounted at path (below dirfd; "" is dirfd itself). */
int mountapi_clone(int dirfd, const char *path, bool recursive, bool follow);

/* Moves a mount onto the file or directory that target is (O_PATH is enough). */
int mountapi_attach(int mount, int target);

/* As above, onto `name` in the directory; a symbolic link is not followed. */
int mountapi_attach_at(int mount, int dirfd, const char *name);

/* mount_setattr(2) of the mount that fd is in the root of. propagation: MS_* or 0. */
int mountapi_setattr(int fd, bool recursive, uint64_t set, uint64_t clear, uint64_t propagation);
