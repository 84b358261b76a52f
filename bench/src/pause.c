/* SPDX-License-Identifier: Apache-2.0 */
/* idle container payload: sleeps until killed (dies on TERM also as PID 1: it installs no handler but PID 1 ignores
 * unhandled TERM, so teardown must use KILL) */
#include <asm/unistd.h>
#include "tiny.h"
void _start(void)
{
	long ts[2] = { 1 << 20, 0 };
	for (;;)
		sys3(__NR_nanosleep, (long)ts, 0, 0);
}
