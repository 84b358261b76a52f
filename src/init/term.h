/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The controlling terminal: descriptor 0 or, where a pipe stands in its place, /dev/tty.
 * That there is none is nobody's error. TTOU must be blocked. */

#include <stdbool.h>

struct init_term {
	bool is_there;
	bool on_stdin;
	bool is_ours; /* our process group was in the foreground when we looked */
	int pgrp;     /* ours; 0 where another PID namespace has made it */
};

void init_term_look(struct init_term *ret);
/* Puts the process group @pgrp in the foreground. */
long init_term_give(const struct init_term *t, int pgrp);
bool init_term_has(const struct init_term *t, int pgrp);
/* Takes the foreground back from @pgrp, if that has it and we had it. */
void init_term_take_back(const struct init_term *t, int pgrp);
