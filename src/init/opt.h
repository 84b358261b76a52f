/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The command line, as tables of options: one for each program whose place the init
 * can take. Parsing stops at the first operand, as POSIX says: what follows belongs
 * to the payload, without a "--" too. Pure: no system call. Compiled freestanding
 * into atoll-init, hosted for tests. */

#include <stdbool.h>
#include <stdint.h>

#include "init/table.h"
#include "init/text.h"

/* Whose command line, environment and messages. By the name it was called by, or by
 * the first option: --tini, --dumb-init, --catatonit. */
enum init_voice {
	INIT_VOICE_ATOLL,
	INIT_VOICE_TINI, /* also docker-init */
	INIT_VOICE_DUMB,
	INIT_VOICE_CATATONIT, /* also podman-init */
	INIT_VOICES,
};

/* What is said; tini's numbers. */
enum init_level { INIT_SAY_ERRORS, INIT_SAY_WARNINGS, INIT_SAY_INFO, INIT_SAY_DEBUG };

enum init_show { INIT_SHOW_NOTHING, INIT_SHOW_HELP, INIT_SHOW_VERSION, INIT_SHOW_LICENCE };

/* Who gets a signal. */
enum init_target { INIT_TO_MAIN, INIT_TO_GROUP, INIT_TO_ALL };

enum init_system { INIT_SYSTEM_AUTO, INIT_SYSTEM_YES, INIT_SYSTEM_NO };

enum {
	INIT_GRACE_MAX_S = 1000000,
	INIT_STATUS_FD_MAX = 1 << 20,
};

struct init_opts {
	enum init_voice voice;
	enum init_level level;
	enum init_show show;
	enum init_target target;
	enum init_system system; /* exec a command that is itself an init, do not fork */
	struct init_policy policy;
	bool warn_on_reap;
	bool no_subreaper; /* tini takes it on request only */
	bool subreaper;
	bool pause;
	bool new_session; /* dumb-init: setsid and the terminal to the child */
	bool same_group;  /* dumb-init -c: no process group of its own */
	int grace_s;
	int status_fd;      /* -1 = none */
	int parent_death;   /* signal, 0 = none */
	uint64_t zeroed[4]; /* -e: bit n of the 256 = exit code n becomes 0 */
	bool has_sigmask, has_sigign;
	uint64_t sigmask, sigign;          /* bit n-1 = signal n, as in /proc/PID/status */
	uint8_t rewrite[INIT_SIG_MAX + 1]; /* what the payload gets; 0 = nothing */
	const char *argv0;                 /* what we were called, for messages */
	int first;                         /* argv[first] is the command */
};

/* 0, or -1 with the message in @why, which is complete: the words of the program
 * whose voice it is. A missing command is an error too, but for pause mode. @ret->voice
 * is set in any case. */
int init_opts_parse(int argc, char *const *argv, char *const *envp, struct init_opts *ret,
		    struct init_text *why);
/* The status to leave with after an error of the command line or of our own. */
int init_opts_exit(enum init_voice voice);
/* What --help and the like print; *ret_fd is 1 or 2. */
void init_opts_show(const struct init_opts *o, const char *argv0, int *ret_fd, struct init_text *t);
/* A command that wants to be PID 1 itself: systemd, /sbin/init. */
bool init_is_system(const char *command);
