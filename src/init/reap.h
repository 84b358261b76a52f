/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* News of children, one at a time, without sleeping. */

#include <stdbool.h>

#include "init/table.h"
#include "init/text.h"

struct init_news {
	enum init_event event;
	int pid;    /* 0 with INIT_EV_NO_CHILD */
	int status; /* as wait4 gives it; with INIT_EV_MAIN_STOPPED the signal */
};

/* True: something happened, and *ret says what; a child that ended is reaped by it.
 * False: no child has changed. @main: the main process, 0 = none. @needed: that there is
 * no child at all is news (INIT_EV_NO_CHILD); else it counts as no change. */
bool init_reap_next(const struct init_policy *p, int main, bool needed, struct init_news *ret);

/* "exited with status 3", "was killed by signal 15 (TERM)". */
void init_reap_describe(struct init_text *t, int status);
