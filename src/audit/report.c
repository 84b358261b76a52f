/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/report.h"

#include "audit/report_impl.h"

char *report_make(const struct audit *a, enum report_format f, const struct report_opts *o,
		  size_t *ret_len)
{
	static void (*const writers[REPORT_FORMATS])(struct rep * r) = {
		[REPORT_TEXT] = rep_text,   [REPORT_JSON] = rep_json,
		[REPORT_SARIF] = rep_sarif, [REPORT_JUNIT] = rep_junit,
		[REPORT_HTML] = rep_html,   [REPORT_MARKDOWN] = rep_markdown,
	};
	struct rep r;

	rep_make(&r, a, o);
	writers[f](&r);
	*ret_len = r.s.len;
	return r.s.s;
}
