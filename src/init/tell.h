/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What is said, in the words of the program whose place the init takes, and as JSON
 * lines to --status-fd. The one room that knows about wording. */

#include "init/opt.h"
#include "init/out.h"
#include "init/reap.h"

struct init_teller {
	enum init_voice voice;
	enum init_level level;
	bool warn_on_reap;
	int self; /* our PID */
	struct init_out log;
	struct init_out status;
};

/* Written at once and in full, even if that means to sleep: for what goes wrong before
 * the payload runs, and for a child that could not become it. @err 0: no kernel's word. */
void init_tell_error(const struct init_teller *t, const char *what, long err);
void init_tell_exec_failed(const struct init_teller *t, const char *command, bool is_there,
			   long err);

void init_tell_note(struct init_teller *t, const char *what, long err); /* verbose only */
void init_tell_no_reaper(struct init_teller *t);
void init_tell_started(struct init_teller *t, const char *command, int pid);
/* @sent: after rewriting. @to: "main", "group", "all" or "rest". @r: what the kernel said. */
void init_tell_forwarded(struct init_teller *t, int signo, int from, int sent, const char *to,
			 long r);
/* @own: brought on by ourselves, nobody sent it. */
void init_tell_dropped(struct init_teller *t, int signo, int from, bool own);
void init_tell_received(struct init_teller *t, int signo);
void init_tell_reaped(struct init_teller *t, const struct init_news *news);
void init_tell_main_ended(struct init_teller *t, const struct init_news *news);
/* @grace_s -1: without a limit. */
void init_tell_stopping(struct init_teller *t, int grace_s);
void init_tell_killing(struct init_teller *t);
void init_tell_zombie(struct init_teller *t, int pid, int parent);
void init_tell_exit(struct init_teller *t, int code);
