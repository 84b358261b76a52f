/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The command line, as a table of options. Parsing stops at the first operand, as
 * POSIX says: what follows belongs to the payload, without a "--" too. Pure: no
 * system call. Compiled freestanding into atoll-init, hosted for tests. */

#include <stdbool.h>
#include <stdint.h>

#include "init/text.h"

struct init_opts {
	bool group;
	bool verbose;
	bool warn_on_reap;
	bool subreaper;
	bool pause;
	bool help;
	bool version;
	int parent_death;   /* signal, 0 = none */
	uint64_t zeroed[4]; /* -e: bit n of the 256 = exit code n becomes 0 */
	bool has_sigmask, has_sigign;
	uint64_t sigmask, sigign; /* bit n-1 = signal n, as in /proc/PID/status */
	int first;                /* argv[first] is the command */
};

/* 0, or -1 with the reason in @why. A missing command is the caller's to refuse. */
int init_opts_parse(int argc, char *const *argv, struct init_opts *ret, struct init_text *why);
void init_opts_help(struct init_text *t);
