/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A message to the person: one line, one write, never a reason to fail. A reader
 * that has gone costs us a SIGPIPE, which the table drops (INIT_EV_SIG_OWN_PIPE). */

#include "init/kern.h"
#include "init/text.h"

static inline void init_say_start(struct init_text *t)
{
	init_text_start(t);
	init_text_str(t, "atoll-init: ");
}

static inline void init_say_end(struct init_text *t)
{
	if (t->len == INIT_TEXT_MAX - 1)
		t->len--; /* a line that was cut off ends as a line all the same */
	init_text_str(t, "\n");
	kern_write(2, t->buf, t->len);
}
