/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The socket ROOT/ID/start.sock. It listens in the created container's first
 * process and nowhere else, so it answers exactly as long as that can be started. */

#include <stdbool.h>

#include "base/err.h"

enum { START_SOCKET_PATH_MAX = 64 };
#define START_SOCKET "start.sock"

/* Binds and listens below state_fd. Returns the fd or -errno. */
int start_listen(int state_fd, struct err *e);

/* Tells the container to start and waits for its word: 0 = exec succeeded,
 * -ESTALE = nobody listens (started already, or dead), else the container's own
 * error. `say` gets what was skipped and, with debug, what is being done (if
 * `create` was told to debug). `listener` gets the filter's listener, which stays
 * ours, and hands it to the agent; NULL: the filter has none. ret_ends: it failed
 * inside, so the container is about to exit. */
int start_send(int state_fd, void (*say)(void *arg, bool debug, const char *msg),
	       int (*listener)(void *arg, int fd, struct err *e), void *arg, bool *ret_ends,
	       struct err *e);
