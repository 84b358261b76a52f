/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/tick.h"

#include <errno.h>
#include <stdlib.h>

uint64_t tick_now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

int tick_open(const struct cmd_call *call, const struct view_args *args, uint32_t fields,
	      struct tick **ret, struct err *e)
{
	struct tick *t = calloc(1, sizeof(*t));
	int r;

	*ret = NULL;
	if (!t)
		return err_set(e, ENOMEM, "look at the processes: %m");
	t->call = *call;
	t->call.arena = &t->arena;
	t->mono_ms = tick_now_ms();
	(void)clock_gettime(CLOCK_REALTIME, &t->real);
	r = view_open(&t->call, args, fields, &t->view, e);
	if (r < 0)
		tick_close(t);
	else
		*ret = t;
	return r;
}

void tick_close(struct tick *t)
{
	if (!t)
		return;
	view_close(&t->view);
	arena_free(&t->arena);
	free(t);
}
