/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Paths inside a root file system that is not trusted: its links may point
 * anywhere, "..", absolute, in circles. Nothing here ever leaves `root` (an fd
 * of its top directory): absolute links start there again, ".." at the top
 * stays there, and the magic links of procfs are not jumped through.
 *
 * All return an fd (close-on-exec) or -errno; -ELOOP: a circle, or a link where
 * none may be. Nothing allocates. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Opens an existing path, flags O_*; resolve: further RESOLVE_* for openat2(2). */
int inroot_open(int root, const char *path, uint64_t flags, uint64_t resolve);

/* The directory, O_PATH, made with its parents (0755) where it is missing;
 * also through links that point to nothing yet. *ret_made says whether the last
 * one was made. */
int inroot_mkdirs(int root, const char *path, bool *ret_made);

/* The same for a file: an existing one of any type but directory, or an empty one. */
int inroot_mkfile(int root, const char *path, bool *ret_made);

/* Both, for what was just found missing. */
int inroot_make(int root, const char *path, bool file, bool *ret_made);

/* The directory that `path` stands in, made where it is missing, and the last
 * component, for calls that take (dirfd, name). -EINVAL if there is none. */
int inroot_parent(int root, const char *path, const char **ret_name);

/* For mount points: makes it if it is missing, and if its parent, in the same
 * spelling, is that of the last thing made, so that one lookup serves for
 * several. The fd; or -ENOENT, -EEXIST ...: look for yourself. Called before every
 * mount, since one that goes elsewhere may cover that parent. */
int inroot_make_beside(int root, const char *path, bool file);
void inroot_forget(void);
/* That parent, if it is the directory `path`, for the caller to keep; else -1. */
int inroot_take_kept(int root, const char *path);
