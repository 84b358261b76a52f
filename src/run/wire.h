/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The messages between the runtime and the child that becomes the container.
 * One SOCK_SEQPACKET message is one record of fixed size.
 *
 *   child -> host   WIRE_TURN    the next steps are yours (step = the first of them)
 *   child -> host   WIRE_FAIL    step failed, err says why; the child exits
 *   child -> host   WIRE_WARN    an optional thing was skipped, err.msg says what
 *   child -> host   WIRE_LISTENER  carries the listener of the filter (SCM_RIGHTS);
 *                                the child waits for WIRE_GO
 *   child -> host   WIRE_TREE    carries the detached tree of a mount step, whose id
 *                                mapping it may not set; the child waits for WIRE_GO
 *   child -> host   WIRE_DEBUG   step is about to be done, err.msg describes it (--debug)
 *   host  -> child  WIRE_GO      the host's steps are done, go on
 *   child -> start  WIRE_GO      this start is the one that is heard
 * End of file means: for the host, that exec succeeded (or the child died: the
 * pidfd tells); for the child, that the runtime is gone, so it exits. */

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum wire_type {
	WIRE_TURN = 1,
	WIRE_FAIL,
	WIRE_WARN,
	WIRE_GO,
	WIRE_DEBUG,
	WIRE_LISTENER,
	WIRE_TREE
};

struct wire_msg {
	uint32_t type;
	uint32_t step;
	struct err err;
};

int wire_send(int fd, enum wire_type type, size_t step, const struct err *err);
/* 1 = a message, 0 = end of file, -errno. */
int wire_recv(int fd, struct wire_msg *ret);

/* The same with a descriptor on the way; *ret_fd is -1 if there was none, and
 * belongs to the caller. */
int wire_send_fd(int fd, enum wire_type type, size_t step, int sent);
int wire_recv_fd(int fd, struct wire_msg *ret, int *ret_fd);
