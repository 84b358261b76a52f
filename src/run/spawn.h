/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Runs a helper program (hooks, newuidmap) to its end. No heap, so that the
 * child of the runtime can do it too. The program is a process group of its
 * own, gets no descriptors but 0, 1, 2, an empty signal mask, and is killed if
 * its maker dies. */

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct spawn {
	const char *path;
	char *const *argv, *const *envp; /* NULL-terminated */
	int stdin_fd;                    /* -1: /dev/null */
	int cwd_fd;                      /* -1: ours */
	int64_t timeout_ms;              /* 0: none */
	bool stoppable;                  /* by a signal to the foreground: fg_stop_fd() */
};

/* 0 if it exited with status 0. Else -EPROTO "exit status 3, stderr: FIRST
 * LINE" or "killed by signal ...", -ETIME if it ran out of time and -EINTR if it was
 * stopped (the whole group is killed then), or what kept it from starting ("exec
 * PATH: ..."). */
int spawn_wait(const struct spawn *s, struct err *e);
