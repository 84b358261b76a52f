/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* All processes that are left, whoever their parent was. */

#include <stdbool.h>

/* Sends @signo to every process of our PID namespace but ourselves (@self is 1), or
 * to every child that we have, adopted ones too; that needs /proc. 0 or the -errno of the
 * last one that could not be reached; -ESRCH if there was none. */
long init_rest_signal(int self, int signo);
