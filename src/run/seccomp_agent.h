/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The agent that answers the system calls which a filter hands to it
 * (SCMP_ACT_NOTIFY). It listens at linux.seccomp.listenerPath; for each process
 * that loads the filter it gets one connection with one message, the container
 * process state of the OCI runtime specification ("Container Process State" in
 * config-linux.md), and with that the listener of seccomp_unotify(2). */

#include <stddef.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "run/state.h"

struct seccomp_agent {
	const char *path;          /* a socket's, or "@NAME" for an abstract one */
	const char *metadata;      /* or NULL */
	const struct state *state; /* of the container */
	enum state_status status;
};

/* What it is told about process `pid`. Pure. */
void seccomp_agent_json(const struct seccomp_agent *agent, pid_t pid, struct arena *a, char **ret,
			size_t *ret_len);

/* Connects, tells it, hands it the listener, closes the connection. The caller
 * keeps its own descriptor. -ETIMEDOUT if nobody accepts for ten seconds. */
int seccomp_agent_tell(const struct seccomp_agent *agent, pid_t pid, int listener, struct arena *a,
		       struct err *e);
