/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Our terminal and the container's, joined: bytes go both ways, with
 * backpressure, through two buffers of fixed size. Descriptors 0 and 1 may be
 * shared with others, so they never become non-blocking; poll(2) is asked first. */

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

#include "base/err.h"

enum { TTY_BUFFER = 4096 }; /* at most PIPE_BUF: a write that poll allows does not block */

struct tty_buffer {
	char data[TTY_BUFFER];
	size_t start, len;
};

struct tty {
	int master;  /* of the container's terminal; -1 once nobody has its other end open */
	int in, out; /* ours; -1 once closed */
	bool raw;
	struct termios saved;
	struct tty_buffer to_container, to_user;
	int eofs;        /* end-of-file characters still to be typed */
	bool line_begun; /* the last byte typed was not a line end */
};
#define TTY_NULL ((struct tty){ .master = -1, .in = -1, .out = -1 })

/* Waits for the master that the container's child sends over `sock` (SCM_RIGHTS). fd or -errno. */
int tty_receive(int sock, struct err *e);
/* Takes over master. Puts `in` into raw mode if it is a terminal, and gives the
 * container's terminal the size of ours. */
int tty_begin(struct tty *t, int master, int in, int out, struct err *e);
void tty_resize(const struct tty *t);
/* What to wait for; three entries, fd -1 where nothing is wanted. */
void tty_poll(const struct tty *t, struct pollfd p[3]);
/* Does what poll(2) said is possible. */
void tty_relay(struct tty *t, const struct pollfd p[3]);
/* After the last process is gone: shows what it had written. */
void tty_drain(struct tty *t);
/* Gives our terminal its mode back; closes master. Safe to repeat. */
void tty_end(struct tty *t);
#define autotty __attribute__((cleanup(tty_end)))
