/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What engines wrote down about their containers, below the snapshot's root directory. */

#include "pidns/cgpath.h"
#include "pidns/impl.h"
#include "pidns/keyscan.h"

struct names_hit {
	enum pn_runtime runtime;
	char id[CGPATH_ID_MAX];
};

/* The container whose state names this process as its first: PID and, where it is kept, start
 * time. For those that no cgroup tells. 0, with NULL for none, or -ENOMEM. */
int names_by_pid(struct pn_snap *s, struct row *init, const struct names_hit **ret);
void states_drop(struct state_set *set);

/* Below the snapshot's root; a descriptor or -errno. */
int names_open(struct pn_snap *s, const char *path, int flags);
/* The whole of a file below it, into the scratch buffer. */
bool names_load(struct pn_snap *s, struct span *ret, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* From the file that pn_record() made, in place of the engines' state. 0 or -ENOMEM. */
int names_recorded(struct pn_snap *s);

/* Name, pod, image. What is not there stays NULL. 0 or -ENOMEM. */
int names_fill(struct pn_snap *s, struct ownrow *o);
