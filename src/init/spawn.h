/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Starting the payload. */

#include <stdint.h>

#include "init/opt.h"
#include "init/tell.h"
#include "init/term.h"

/* What the payload is to have again of what the init changed for itself. */
struct init_inherited {
	uint64_t sigmask;
	bool sigchld_ignored;
};

/* Returns the child's PID, or -errno of fork. Every signal must be blocked, so that
 * none is lost in between: what arrives for the child before it has its own mask
 * stays pending in it. @argv: the init's own; the command is argv[opts->first]. The
 * terminal becomes the child's if it is ours.
 * A child that cannot exec says why and exits with 126 or 127. */
int init_spawn(const struct init_opts *opts, const struct init_inherited *was,
	       const struct init_term *term, struct init_teller *t, char **argv, char **envp);
/* Afterwards: what an environment says is the command's. Makes it zeros, but for container=,
 * by which programs in the container are told of it (systemd's Container Interface). */
void init_forget(char **envp);

/* Becomes the command, which is an init itself, and tells it by "container=atoll" that it
 * is in a container (systemd's Container Interface). Leaves with 126 or 127 if it cannot. */
_Noreturn void init_become(const struct init_opts *opts, const struct init_inherited *was,
			   const struct init_teller *t, int argc, char **argv, char **envp);
