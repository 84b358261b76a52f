/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The directory ROOT/ID as such: made, opened, removed, and swept when its
 * maker died half-way. See run/state.h for what is in it and for the locks. */

#include "base/arena.h"
#include "base/err.h"
#include "run/state.h"

/* Makes ROOT/ID with its lock and the first state.json. The bytes EXEC and
 * CREATING are locked through the one and the other descriptor, which are of two
 * open file descriptions: the child inherits the one for good, and must close its
 * copy of the other. A stale entry of that id is swept
 * before. -EEXIST "container with given ID already exists". root_fd must be
 * open for reading (not O_PATH), here and below. */
int entry_make(int root_fd, const struct state *intent, struct arena *a, int *ret_entry_fd,
	       int *ret_exec_fd, int *ret_creating_fd, struct err *e);

/* -ENOENT without a message if there is no such entry, or no lock in it. */
int entry_open(int root_fd, const char *id, int *ret_entry_fd, int *ret_lock_fd, struct err *e);

/* Empties and removes ROOT/ID. Absent is success. */
int entry_remove(int root_fd, const char *id, struct err *e);

/* The same for an entry that cannot be read. -EINVAL: there is something in it that this runtime
 * does not make. */
int entry_discard(int root_fd, const char *id, struct err *e);

/* Removes ROOT/ID with its cgroups if it is stale, and if it is ours. 1 = it was, 0 = it is not
 * (or not there), -errno. */
int entry_sweep(int root_fd, const char *id, struct arena *a, struct err *e);

enum { ENTRY_EMPTY_TIMEOUT_MS = 10 * 1000 };

/* Kills what is left in the container's cgroups, waits until they are empty and
 * removes those that we made. The cgroup gets opened for it, and closed. */
int entry_cgroup_end(struct cgroup *cg, struct err *e);
/* The same for one that is open. */
int entry_cgroup_end_opened(struct cgroup *cg, struct err *e);

/* Only one command at a time takes an entry away: locks byte REMOVING for as
 * long as lock_fd is open. -ENOENT without a message: somebody has done it. */
int entry_own(int lock_fd, struct err *e);
