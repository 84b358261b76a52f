/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Zombies whose parent lives and does not wait for them: nobody can reap them but that
 * parent, so they can only be told. The kernel sends no word of them; one has to look. */

#include "init/tell.h"

/* Looks once. A zombie is told when it was there at the look before too, and once.
 * Returns true if some were new, so that it is worth to look again soon. Does nothing
 * where /proc is not there or shows another PID namespace. */
bool init_zombies_look(struct init_teller *t);
