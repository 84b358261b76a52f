/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Facts of live containers, from /proc. Nothing is signalled or written to; only
 * `seccomp` stops the first process of a container for well below a millisecond (ptrace(2):
 * PTRACE_SEIZE, PTRACE_INTERRUPT, PTRACE_SECCOMP_GET_FILTER). */

#include <pidns.h>

#include "audit/audit.h"

struct live_opts {
	const char *proc; /* procfs or recorded scene; NULL: /proc */
	const char *root; /* where the engines' state on disk begins; NULL: as pn_opts */
	char **targets;   /* containers, PIDs, namespaces, as pn_resolve() takes them; "self" */
	int count; /* 0: every container-like process of the host; inside a container: it itself */
	bool seccomp;        /* dump and judge filters */
	const char *against; /* a configuration to compare with: file; NULL */
	bool find_declared;  /* find the bundle or inspect data of each by itself, and compare */
};

/* Adds an object for each, and a diagnostic for a target that is none. */
int audit_live(struct audit *a, const struct live_opts *o, struct err *e);

/* Compares what is live with what was declared, both as facts; adds to live's LIST_DRIFT. */
void drift_compare(struct audit *a, struct facts *live, const struct facts *declared);
