/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* For commands that go on looking: a view whose memory can be given back while the command goes
 * on, and the clocks. */

#include <stdint.h>
#include <time.h>

#include "cli/views.h"

struct tick {
	struct arena arena;   /* of the view, and of what is printed about it */
	struct cmd_call call; /* the command's own, but for the arena */
	struct view view;
	uint64_t mono_ms; /* tick_now_ms() when it was taken */
	struct timespec real;
};

/* Opens a view with memory of its own. *ret is NULL on failure. */
int tick_open(const struct cmd_call *call, const struct view_args *args, uint32_t fields,
	      struct tick **ret, struct err *e);
void tick_close(struct tick *t); /* NULL is fine */

/* Milliseconds after boot, on a clock that does not jump. */
uint64_t tick_now_ms(void);
