/* SPDX-License-Identifier: Apache-2.0 */
/* writes CLOCK_MONOTONIC (ns, 8 bytes) to fd 3 and exits: shows when the payload's first instruction ran */
#include <asm/unistd.h>
#include "tiny.h"
void _start(void)
{
	long ts[2] = { 0, 0 }, ns;
	sys3(__NR_clock_gettime, 1, (long)ts, 0);
	ns = ts[0] * 1000000000L + ts[1];
	sys3(__NR_write, 3, (long)&ns, 8);
	sys3(__NR_exit_group, 0, 0, 0);
	__builtin_unreachable();
}
