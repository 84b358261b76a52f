/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The parts of a plan, one file each; plan.c puts them in order. Each appends
 * its steps to `p` or records why it cannot. Pure: no I/O. */

#include "plan/plan.h"

/* plan_ns.c */
int plan_ns_check(const struct oci_spec *spec, const struct plan_env *env, struct err *e);
int plan_ns_clone(struct plan *p, struct arena *a, struct err *e);  /* NAMESPACES, CLONE */
int plan_ns_inside(struct plan *p, struct arena *a, struct err *e); /* JOIN_NS ... DOMAINNAME */

/* plan_mounts.c */
int plan_mounts_before_pivot(struct plan *p, struct arena *a,
			     struct err *e); /* PROPAGATION ... CONSOLE */
int plan_mounts_after_pivot(struct plan *p, struct arena *a,
			    struct err *e); /* ROOT_READONLY ... ROOT_PROPAGATION */

/* plan_ids.c */
int plan_id_maps(struct plan *p, struct arena *a, struct err *e);  /* ID_MAPS (host) */
int plan_make_cwd(struct plan *p, struct arena *a, struct err *e); /* MAKE_CWD */
int plan_user_cwd(struct plan *p, struct arena *a, struct err *e); /* UMASK, BOUNDING, USER, CWD */

/* plan_limits.c */
int plan_limits_early(struct plan *p, struct arena *a, enum step_side side,
		      struct err *e); /* OOM_SCORE_ADJ, RLIMIT */
/* CPU_AFFINITY, exec only; what is not final stands before CLONE. */
int plan_affinity(struct plan *p, struct arena *a, bool final, struct err *e);
int plan_limits_sched(struct plan *p, struct arena *a,
		      struct err *e); /* SCHEDULER, final CPU_AFFINITY, IO_PRIORITY, PERSONALITY */
int plan_sysctls(struct plan *p, struct arena *a, struct err *e); /* SYSCTL */

/* plan_security.c */
int plan_seccomp_build(struct plan *p, struct arena *a, struct err *e); /* SECCOMP_BUILD (host) */
int plan_lsm(struct plan *p, struct arena *a, struct err *e);           /* LSM */
int plan_last_rights(struct plan *p, struct arena *a,
		     struct err *e); /* SECCOMP, CAPS, NO_NEW_PRIVS in the right order */
