/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Between input.c (texts) and input_files.c (where they come from). */

#include "audit/audit.h"

enum {
	INPUT_TOTAL_MAX = 512 << 20, /* bytes of all texts that are kept: one audit is one arena */
};

struct input {
	struct audit *audit;
	/* Found by walking, not named: what is no container configuration is passed over in silence. */
	bool found;
	bool file;        /* struct source has it */
	size_t read;      /* texts of which something was known */
	bool template;    /* the text at hand is one, and broken: what is in it means nothing */
	const char *root; /* "root.path" of the OCI configuration that was read last */
};

/* `kept`: `raw` lies in the audit's arena with a NUL behind it; else it may be short-lived. Which kinds
 * were in it. */
unsigned int input_text(struct input *in, const char *name, const char *raw, size_t len, bool kept);

/* A first look, before anything is kept: whether a text may be what we audit. It errs on the side
 * of yes. */
bool input_may_be(const char *raw, size_t len);

/* A diagnostic on a file as a whole. */
struct diag *input_diag(struct input *in, enum diag_id id, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
