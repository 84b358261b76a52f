/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the reporters share: a result sorted by object, sums, and text that is safe to show.
 * out_*.c write into rep.s; report.c
 * calls them. */

#include "audit/report.h"
#include "base/str.h"

struct rep_object {
	const struct facts *f;
	const struct finding **findings; /* not suppressed first, then by severity, rule, place */
	size_t count, open;              /* open: the first so many are not suppressed */
	const struct untold **untold;
	size_t untold_count;
	const struct diag **diags;
	size_t diag_count;
};

struct rep {
	const struct audit *a;
	const struct report_opts *o;
	struct arena *arena;
	struct str s;
	struct rep_object *objects; /* in order of reading */
	size_t count;
	size_t by_severity[SEV_CRITICAL + 1]; /* findings that are not suppressed */
	size_t open, suppressed, by_baseline, blocking;
	enum audit_status status;
	const struct rule **rules; /* all that have a finding, by id */
	size_t rule_count;
};

void rep_make(struct rep *r, const struct audit *a, const struct report_opts *o);

/* "comment", "annotation", "label", "policy", "baseline" */
const char *rep_suppressor(enum suppressed_by by);
const char *rep_status(enum audit_status s); /* "clean", "findings", "incomplete" */
const char *rep_kind(enum input_kind k);     /* "kubernetes", "live" ... */
const char *rep_pss_level(enum pss_level l);
/* "restricted:latest"; NULL: none was asked for */
const char *rep_pss_wanted(const struct rep *r);
/* Keeps the pod from the level that was asked for; without one, any violation of a level above its own. */
bool rep_pss_counts(const struct rep *r, const struct pss_violation *v);
/* "2 objects in 1 source", "3 objects" of live ones */
const char *rep_scope(const struct rep *r);
/* "1 finding", "2 findings" */
const char *rep_count(struct arena *a, size_t n, const char *one, const char *many);
/* "deploy/web.yaml: Deployment/shop/web:app", as people are told it; raw */
const char *rep_title(struct arena *a, const struct facts *f);

/* Puts text that came from outside, as pn_escape() has it; a tab becomes a blank. */
void rep_escape(struct str *s, const char *text);
/* The same, and for XML and HTML. Invalid UTF-8 and characters that XML does not have are escaped. */
void rep_xml(struct str *s, const char *text);

/* A line of a text with what is meant marked: both without line break, escaped, cut to `width`
 * characters around the mark. */
struct rep_quote {
	const char *line, *mark;
};
struct rep_quote rep_quote(struct arena *a, const struct spot *spot, size_t width);

/* The formats: each appends its report to r->s. */
void rep_text(struct rep *r);
void rep_json(struct rep *r);
void rep_sarif(struct rep *r);
void rep_junit(struct rep *r);
void rep_html(struct rep *r);
void rep_markdown(struct rep *r);
