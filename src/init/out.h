/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Where messages go: the standard error, and the descriptor of --status-fd. Writing
 * never sleeps: a reader that does not read, a terminal held by Ctrl-S, cost messages
 * and never the payload's signals. The flags of the descriptor stay as they are,
 * as the payload may share it. */

#include "init/text.h"

struct init_out {
	int fd; /* -1 = off */
	enum { INIT_OUT_FILE, INIT_OUT_PIPE, INIT_OUT_SOCKET } kind;
	int fresh;         /* a second, non-blocking way to the same terminal; 0 = none */
	unsigned int lost; /* lines since the last one that got through */
};

/* @fd must be open, or the -errno of that is returned and @out is off. */
long init_out_open(struct init_out *out, int fd);
/* After the fork: makes the non-blocking way the only one that we hold. */
void init_out_settle(struct init_out *out);
/* One line, whole or not at all, ending in a line feed. */
void init_out_line(struct init_out *out, const struct init_text *t);
