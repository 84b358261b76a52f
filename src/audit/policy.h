/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What is not to be reported as it stands: policies, baselines, and suppressions that the
 * inputs carry themselves. Nothing is ever removed from a result: a finding that is
 * suppressed stays, with by whom and why; a suppression that suppresses nothing is reported.
 *
 *	# policy.yaml
 *	fail-on: high              # medium if absent
 *	enforce: deny              # deny, warn or off: for programs that start containers (deny if absent)
 *	allow-annotations: false   # may annotations, labels and comments suppress? (true if absent for
 *	                           # files that are audited; false if absent when a container is started)
 *	rules:
 *	  cap-net-raw: off
 *	  net-host: high
 *	exceptions:
 *	  - object: "DaemonSet/monitoring/node-*"  # fnmatch(3) on facts.object; or image: "..."
 *	    rules: [pid-host, net-host]          # or "*"
 *	    reason: node exporter reads the host's /proc
 *	    until: 2027-01-31                    # then it no longer holds, and that is reported
 */

#include "audit/audit.h"

enum enforce_mode { ENFORCE_DENY, ENFORCE_WARN, ENFORCE_OFF };

struct policy_rule {
	const struct rule *rule;
	enum severity severity; /* SEV_NONE: off */
	size_t used;
};

struct policy_exception {
	const char *object, *image; /* patterns; NULL: any */
	const struct rule **rules;  /* NULL: all */
	size_t rule_count;
	const char *reason;
	int64_t until; /* seconds since the epoch, first moment it no longer holds; 0: for ever */
	size_t used;
	size_t missed;           /* findings that it would suppress if it still held */
	const struct json *node; /* for the places of warnings */
};

struct policy {
	const char *name; /* of the file */
	const struct source *src;
	enum severity fail_on;
	enum enforce_mode enforce;
	enum tri allow_annotations; /* TRI_UNKNOWN: the policy does not say */
	struct policy_rule *rules;
	size_t rule_count;
	struct policy_exception *exceptions;
	size_t exception_count;
};

/* Unknown keys, rules and severities are errors, with file, line and column. -EINVAL. */
int policy_read(struct arena *a, const char *name, const char *text, size_t len, struct policy *ret,
		struct err *e);
/* now: seconds since the epoch, for `until`. A rule that is switched off is not asked: its findings
 * stay as suppressed, and that it could not tell is forgotten. An exception that has expired and
 * would be needed, or that fits an object and is not needed, is a warning. */
void policy_apply(struct audit *a, struct policy *p, int64_t now);

/* Inline comments of YAML (`# atoll:ignore RULE[,RULE...] reason`, on the line of the finding or,
 * alone on a line, above it), annotations (atoll.io/ignore: "RULE[,RULE...] [reason]", several
 * lines of it, or atoll.io/ignore.RULE: reason), Compose and engine labels (the same keys). "*" is
 * every rule. Comments are found line by line, without the parser, which drops them. */
void suppress_apply(struct audit *a);

/* A baseline holds the fingerprints of findings that are known, as often as each was found:
 * one more of the same is new. -EINVAL with file, line and column. */
int baseline_apply(struct audit *a, const char *name, const char *text, size_t len, struct err *e);
char *baseline_write(const struct audit *a, size_t *ret_len); /* JSON, stable order */
