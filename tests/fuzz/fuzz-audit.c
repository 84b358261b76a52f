/* SPDX-License-Identifier: Apache-2.0 */
/* Any text through the whole of the audit: every reader, every rule, every report. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "audit/audit.h"
#include "audit/report.h"
#include "conf/encoding.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_place(struct arena *a, const struct place *p)
{
	struct spot s;

	(void)place_pointer(a, p);
	(void)place_text(a, p);
	if (p->src)
		assert(!p->node || p->node->offset <= p->src->len);
	if (place_spot(a, p, &s))
		assert(s.line >= 1 && s.column >= 1 && s.end_line >= s.line);
}

/* One for each input: what they say of all rules takes far longer than the input. */
static void report(const struct audit *a, enum report_format f)
{
	struct report_opts o = { .fail_on = SEV_LOW, .verbose = true, .width = 72 };
	size_t len = 0;
	char *text = report_make(a, f, &o, &len);

	assert(text && text[len] == '\0' && encoding_bad(text, len) == len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = { 0 };
	struct audit a;

	audit_init(&a, &arena);
	audit_read_text(&a, size & 1 ? "compose.yaml" : "input", (const char *)data, size);
	audit_run(&a);
	for (const struct diag *d = a.diags; d; d = d->next)
		check_place(&arena, &d->at);
	for (size_t i = 0; i < a.finding_count; i++) {
		assert(a.findings[i].rule && a.findings[i].of && a.findings[i].message);
		check_place(&arena, &a.findings[i].at);
	}
	/* Whoever is told that all is well was told of everything. */
	if (audit_status(&a, SEV_INFO) == AUDIT_CLEAN)
		for (const struct diag *d = a.diags; d; d = d->next)
			assert(!d->blocks);
	report(&a, (enum report_format)(size / 2 % REPORT_FORMATS));
	arena_free(&arena);
	return 0;
}
