/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Standing in the foreground for a container: its signals, its terminal, its
 * exit status. */

#include <signal.h>
#include <stdbool.h>

#include "base/err.h"
#include "sys/pidref.h"

struct fg {
	int signals;     /* signalfd, or -1 */
	sigset_t before; /* the mask to go back to */
	int console[2];  /* [0] ours, [1] for the child to send its terminal to; -1 without one */
	bool tty;
	unsigned int held[NSIG]; /* taken by fg_stop(), to be forwarded */
};
#define FG_NULL ((struct fg){ .signals = -1, .console = { -1, -1 } })

/* Before the clone: from here on no signal is lost. The child inherits the
 * blocked mask and has to empty it before its exec. subreaper: adopt orphans. */
int fg_begin(struct fg *f, bool tty, bool subreaper, struct err *e);
/* Until fg_wait() nothing is forwarded, but INT, TERM, HUP or QUIT may end what hangs.
 * To be polled by the runtime, not by its child; -1: nobody stands in the foreground. */
int fg_stop_fd(void);
/* When it is readable. -EINTR, with words: one of the four; 0: another, kept for fg_wait(). */
int fg_stop(struct err *e);
/* Relays until `child` has ended; its exit status, 128+n for signal n. */
int fg_wait(struct fg *f, const struct pidref *child, struct err *e);
void fg_end(struct fg *f);
/* Instead, where the process ends next: its signals stay blocked. */
void fg_leave(struct fg *f);
#define autofg __attribute__((cleanup(fg_end)))
