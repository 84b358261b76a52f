/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Reporters: an audit as text for people or in the formats that machines take. They
 * write into the arena; the caller puts it where it belongs. */

#include "audit/audit.h"

enum report_format {
	REPORT_TEXT,
	REPORT_JSON,
	REPORT_SARIF,
	REPORT_JUNIT,
	REPORT_HTML,
	REPORT_MARKDOWN,
	REPORT_FORMATS
};

struct report_opts {
	enum severity fail_on; /* SEV_NONE: findings never make a result fail */
	bool strict;           /* a rule that cannot tell makes it incomplete */
	bool color, utf8;      /* text */
	size_t width;          /* text: columns; 0: no limit */
	bool verbose;          /* text: also what is suppressed, untold and fine */
	const char *base;  /* SARIF: URIs are relative to this directory; NULL: as the names are */
	const char *cwd;   /* SARIF: where relative names begin; NULL: at base */
	const char *taken; /* time of the run, RFC 3339; NULL: left out (tests) */
};

/* audit_status(), with what was asked for beside it. */
enum audit_status report_status(const struct audit *a, const struct report_opts *o);

char *report_make(const struct audit *a, enum report_format f, const struct report_opts *o,
		  size_t *ret_len);
