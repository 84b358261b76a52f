/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Rules as rows. A row is all there is to say about a rule: --list-rules,
 * --explain, the documentation, SARIF's metadata and the check itself read it.
 * Rules see facts and nothing else: no file, no tree, no clock. */

#include "audit/facts.h"

enum severity { SEV_NONE = 0, SEV_INFO, SEV_LOW, SEV_MEDIUM, SEV_HIGH, SEV_CRITICAL };

struct hits; /* engine.c: where a check puts what it found */

/* It holds, here, for this reason (one clause, small letter, no full stop: "capability
 * CAP_SYS_ADMIN is added"). What the format brings in is escaped when it is shown. A severity other
 * than the row's may be given with hit_sev(). */
void hit(struct hits *h, const struct place *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void hit_sev(struct hits *h, enum severity sev, const struct place *at, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* It cannot be told, for this reason. Counted; never "clean". */
void cannot_tell(struct hits *h, const struct place *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

const char *cap_name(int bit); /* base/names.h, for messages */

enum rule_on {
	ON_CHECK = 0, /* .check decides */
	ON_FACT_YES,  /* fires if fact[.which] is TRI_YES, cannot tell if TRI_UNKNOWN */
	ON_FACT_NO,   /* fires if it is TRI_NO */
	ON_LIST, /* fires for the items of list[.which], once for each place; cannot tell if it is not whole */
	ON_NS_HOST /* fires if ns_of[.which] is NSM_HOST; cannot tell if NSM_UNKNOWN */
};

struct rule {
	const char *id;
	enum severity severity;
	const char *title;
	const char *why; /* what an attacker gets; sentences */
	const char *fix; /* what to do; sentences */
	const char *
		refs; /* public references: URLs, CVE and CIS numbers; separated by spaces or "; " */
	unsigned int kinds;  /* enum input_kind that can answer */
	unsigned int unsure; /* those that can at most say that it cannot be told */
	bool windows;        /* asked about Windows containers too */
	bool in_privileged; /* part of what privileged mode is: not told again beside that finding */
	enum rule_on on;
	int which; /* fact_id, list_id or ns_type */
	const char *
		message; /* for the ON_* kinds: clause; "%s" stands for the fact's or item's text */
	void (*check)(const struct facts *f, struct hits *h);
};

/* The tables, each ended by a row without id. */
extern const struct rule rules_pid[], rules_caps[], rules_privileges[], rules_confinement[],
	rules_mounts[], rules_namespaces[], rules_surface[];
