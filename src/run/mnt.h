/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the do_*.c files of the file system share. All of it runs in the child,
 * except for sources_prepare(). */

#include "run/ctx.h"

/* Host side, before the clone: opens what the child may not open itself. With a
 * new or joined user namespace that is the source of every bind mount (its
 * parent directories may be closed to the container's root user), with the id
 * mapping set where one is asked for; without one it is only the user
 * namespaces that stand for id mappings. Nothing to do: no system call. */
int sources_prepare(struct ctx *c, struct err *e);
/* Host side, after the clone. What sources_set_id_map() needs may stay until
 * sources_done(). */
void sources_close(struct ctx *c);
void sources_done(struct ctx *c);
/* Host side: the mapping of a mount step, for a tree that the child has cloned,
 * since the source came to be only inside. The kernel wants CAP_SYS_ADMIN where
 * the file system was mounted for that. */
int sources_set_id_map(const struct step *s, int tree, struct err *e);

/* For the mount with that index: a detached tree made on the host, which the
 * caller now owns, or -1. */
int sources_take_tree(size_t index);
/* A user namespace with its id mapping, ours to keep, or -1. */
int sources_id_map(size_t index);

/* Whether the mount of a step is of that type. */
bool mnt_is_type(const struct step *s, const char *type);

/* Whether a change of attributes touches the atime mode, a field of several values. */
bool mnt_changes_atime(uint64_t set, uint64_t clear);

/* The recursive options (rro ...) of a step, on all that is mounted in the tree. */
int mnt_set_access_rec(const struct step *s, int tree, struct err *e);

/* The mount point of a step, opened (O_PATH), made if it is missing. `made`
 * tells which. Refuses what would hide or redirect parts of /proc. */
int mnt_target(struct ctx *c, const struct step *s, bool file, bool *ret_made, struct err *e);

/* Attaches and applies the propagation options. */
int mnt_attach(const struct step *s, int mount, int target, struct err *e);

/* A detached copy of `source` with the access options of the step. */
int mnt_bind_tree(struct ctx *c, const struct step *s, const char *source, bool recursive,
		  struct err *e);

/* Type "cgroup": do_cgroupfs.c */
int mnt_cgroup(struct ctx *c, const struct step *s, struct err *e);

/* Copies what is in the directory `from` into the directory `to` with owners and
 * modes: directories, files, links. */
int copyup(int from, int to, struct err *e);

/* The root directory below a throw-away upper layer: a detached mount, or -errno. */
int overlay_root(struct ctx *c, struct err *e);
/* The same for a user namespace, where overlayfs refuses: overlay_parts.c */
int overlay_parts(struct ctx *c, struct err *e);

/* Before the change of root: keeps the host's /dev/null for do_masked_path(). */
int mask_prepare(struct ctx *c, struct err *e);

/* True if SELinux runs here; labels mean nothing otherwise. */
bool mnt_selinux(void);
