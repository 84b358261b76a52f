/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Our own executables, out of reach of the containers that they make.
 *
 * Whoever is root in a container's first moments can reach the runtime's binary
 * through /proc/PID/exe and write into it, if the runtime may write it
 * (CVE-2019-5736). So what enters a container runs from a mount of the binary
 * that is read-only, belongs to no tree and cannot be made writable again. */

#include "base/err.h"

/* Goes on in a protected copy of this process, if there is need: it then does
 * not return. 0: this process cannot write its own binary (it is not permitted,
 * or this is the copy already, which nobody can pretend from outside: what is
 * asked is the binary itself). Call first in main, before any descriptor is opened. */
int selfexe_protect(char **argv, struct err *e);

/* Takes what the copy was told out of the environment, before somebody else's program gets it. */
void selfexe_clean_environment(void);

/* The atoll-init binary through a read-only mount of its own (or, where that
 * may not be had, as it is). Looked for: $ATOLL_INIT_PATH, beside the runtime's own
 * binary, in the libexec directory. An fd, or -ENOENT naming them. */
int selfexe_init_open(struct err *e);
