/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The parts of `atoll audit` beside the command itself. */

#include "audit/report.h"
#include "cli/opt.h"

/* Where reports go: made from --format and --output as they were written ("format=sarif",
 * "output=a.sarif"). An --output belongs to the nearest --format before it that has none, else
 * to the next one, else its format follows from its name. -EINVAL: two for standard output,
 * two for one file. */
struct audit_output {
	enum report_format format;
	const char *file; /* NULL: standard output */
};
struct audit_outputs {
	struct audit_output *items;
	size_t count, cap;
};
extern const char *const audit_formats[]; /* by enum report_format, NULL-terminated */
int audit_outputs_plan(const struct opt_list *words, struct arena *a, struct audit_outputs *ret,
		       struct err *e);
/* One report to a file, whole or not at all; what is there and no regular file (a device, a pipe)
 * is written to. */
int audit_output_write(const char *file, const char *text, size_t len, struct err *e);

/* "NAME=VALUE" for Compose: files first, then words; the last of a name wins. A word without
 * "=" takes the value from our own environment. NULL-terminated. */
int audit_env(const struct opt_list *files, const struct opt_list *words, struct arena *a,
	      const char *const **ret, struct err *e);

/* "baseline", "restricted:v1.30", "restricted:latest". -EINVAL. */
int audit_pss_parse(const char *text, enum pss_level *ret_level, int *ret_minor, struct err *e);

/* --list-rules and --explain, to standard output. -EINVAL: no such rule. */
void audit_rules_list(struct arena *a, bool json);
int audit_rule_explain(struct arena *a, const char *id, bool json, struct err *e);
