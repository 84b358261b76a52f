/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The cgroup of one container, on whatever this host has mounted: v2, v1
 * hierarchies, the hybrid of both, or nothing usable. Paths are relative to the
 * mount point of each hierarchy. Everything works by dirfd. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "conf/oci.h"
#include "plan/plan.h"

enum { CGROUP_HIERARCHIES_MAX = 24 };

struct cgroup_hierarchy {
	const char *controllers; /* "cpu,cpuacct", "name=systemd"; "" for v2 */
	const char *mount_point;
	const char *path; /* of the container, below mount_point; starts with '/' */
	bool v2;
	int fd;    /* O_DIRECTORY of the container's cgroup, or -1 */
	bool made; /* we made it, so we remove it */
};

struct cgroup {
	enum cgroup_mode mode;
	const char *path; /* as in state.json */
	size_t count;
	struct cgroup_hierarchy h[CGROUP_HIERARCHIES_MAX];
	bool into; /* clone3 with CLONE_INTO_CGROUP put the child there already */
	/* For cgroup_make, set by cgroup_find: */
	bool disabled; /* no cgroup is wanted, limits are not applied */
	bool rootless; /* refused permission means: none, unless something demands it */
	bool demanded; /* linux.cgroupsPath was given */
};

/* Which hierarchies are there (from mountinfo text and /proc/self/cgroup) and
 * what the container's path in each will be. cgroups_path: linux.cgroupsPath or
 * NULL; absolute = below the hierarchy's root, relative or NULL = below (v1) or
 * beside (v2) the runtime's own cgroup, like runc. rootless without delegated
 * permission gives CGROUP_NONE unless cgroups_path or a resource demands it. */
int cgroup_find(const char *id, const char *cgroups_path, bool disabled, bool rootless,
		struct arena *a, struct cgroup *ret, struct err *e);
/* What res limits cannot be had where there is no hierarchy: -EOPNOTSUPP names it. */
int cgroup_check(const struct cgroup *cg, const struct oci_resources *res, struct err *e);
/* Makes the directories, enables v2 controllers on the way down, writes the
 * limits and device rules, opens h[].fd. Refuses a cgroup that is frozen or has
 * processes ("container's cgroup is not empty"). On failure all made is removed. */
int cgroup_make(struct cgroup *cg, const struct oci_resources *res, struct arena *a, struct err *e);
/* Opens an existing container's cgroups from its state. */
int cgroup_open(struct cgroup *cg, struct err *e);
/* Puts pid (0 = the caller) into every hierarchy not entered by the clone. */
int cgroup_join(const struct cgroup *cg, pid_t pid, struct err *e);
/* The fd for clone_args.cgroup, or -1 if there is no v2. */
int cgroup_clone_fd(const struct cgroup *cg);
int cgroup_update(struct cgroup *cg, const struct oci_resources *res, struct arena *a,
		  struct err *e);
int cgroup_freeze(struct cgroup *cg, bool frozen, struct err *e); /* waits until it is so */
int cgroup_is_frozen(struct cgroup *cg, bool *ret);
/* All PIDs in the cgroup and below it, sorted, each once. */
int cgroup_pids(struct cgroup *cg, struct arena *a, pid_t **ret, size_t *ret_count, struct err *e);
/* Signals every process (through pidfds; SIGKILL by cgroup.kill where it is). Repeats until no new one shows up. */
int cgroup_signal(struct cgroup *cg, int sig, struct err *e);
/* Waits until no process is left; -ETIMEDOUT names the tasks that remain with
 * their state and wchan. timeout in ms. No polling by sleep: cgroup.events or pidfds. */
int cgroup_wait_empty(struct cgroup *cg, int timeout_ms, struct err *e);
/* For the container's root in another user namespace: gives it the directory
 * and the files of /sys/kernel/cgroup/delegate (v2 only, as the kernel's rules
 * of delegation are for v2). */
int cgroup_delegate(const struct cgroup *cg, uid_t uid, gid_t gid, struct err *e);
/* exec: enter the cgroup SUB below the container's (opened already). On v1
 * "CONTROLLER[,CONTROLLER]:PATH" does so in these hierarchies only. */
int cgroup_enter_sub(struct cgroup *cg, const char *sub, struct err *e);
/* exec: if init has moved into a sub-cgroup of the container's (as systemd does,
 * and v2 then lets no process into the container's own), follow it there. */
int cgroup_follow_init(struct cgroup *cg, pid_t init, struct arena *a, struct err *e);
/* JSON pointer of the i-th member that is obsolete and without effect on Linux
 * of today (kernel memory, useHierarchy false), for a warning; NULL: no more. */
const char *cgroup_ignored(const struct oci_resources *res, size_t i);
/* Removes the cgroups that we made, sub-cgroups first. Absent is success. */
int cgroup_remove(struct cgroup *cg, struct err *e);
/* Whether there is a cgroup of that path. */
bool cgroup_is_there(const struct cgroup_hierarchy *h);
/* Removes those of our making that have neither processes nor children. True: nothing is
 * left of them, and nothing stands that was there before. No descriptor is needed. */
bool cgroup_remove_empty(struct cgroup *cg);

void cgroup_close(struct cgroup *cg);
