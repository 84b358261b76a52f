/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Every decision of the init: what happened (event), where we are (state), what
 * to do (action). Pure: no system call. Compiled freestanding into atoll-init,
 * hosted for the unit test, which walks through every case. */

#include <stdbool.h>
#include <stdint.h>

enum init_state {
	INIT_RUNNING, /* the main process lives */
	INIT_STOPPED, /* ... and was stopped at the terminal, and we with it */
	INIT_PAUSED,  /* there is no main process: --pause */
	INIT_DONE,    /* leave, with the status set by then */
	INIT_STATES,
};

enum init_event {
	INIT_EV_SIG_CHILD,    /* SIGCHLD: only a wake-up; the reaping tells what is new */
	INIT_EV_SIG_OWN_PIPE, /* SIGPIPE that our own message to a closed stderr brought on us */
	INIT_EV_SIG_CONT,
	INIT_EV_SIG_END, /* SIGTERM, SIGINT */
	INIT_EV_SIG_OTHER,
	INIT_EV_MAIN_ENDED,
	INIT_EV_MAIN_STOPPED, /* by TSTP, TTIN or TTOU; asked for only under job control */
	INIT_EV_ORPHAN_ENDED,
	INIT_EV_OTHER_NEWS, /* any other report of wait4: of no interest */
	INIT_EV_NO_CHILD,   /* wait4 says that we have no child at all */
	INIT_EVENTS,
};

enum init_action {
	INIT_DO_NOTHING,
	INIT_DO_FORWARD,    /* the signal, to the main process (or its group) */
	INIT_DO_RESUME,     /* the terminal to the main process, then forward the CONT */
	INIT_DO_SUSPEND,    /* stop ourselves, so that the shell sees its job stopped */
	INIT_DO_TELL,       /* name the reaped orphan, if that was asked for */
	INIT_DO_END_STATUS, /* the main process's status becomes ours */
	INIT_DO_END_ZERO,
	INIT_DO_END_LOST, /* the main process is gone and nobody knows how */
	INIT_ACTIONS,
};

struct init_decision {
	enum init_action action;
	enum init_state next;
};

struct init_decision init_decide(enum init_state s, enum init_event e);

/* @from_self: the sender (si_pid) is the init itself. */
enum init_event init_event_of_signal(int signo, bool from_self);
/* @pid, @status: what wait4 returned. @main: PID of the main process, 0 = none. */
enum init_event init_event_of_wait(int pid, int main, int status);

enum { INIT_EXIT_SELF = 125, INIT_EXIT_NOT_EXECUTABLE = 126, INIT_EXIT_NOT_FOUND = 127 };

/* The exit status for the wait status of an ended process: its code, or 128 + the
 * number of the signal that killed it. @zeroed: 256 bits, codes that count as 0. */
int init_exit_status(int wait_status, const uint64_t zeroed[4]);
/* 0 when it was no signal. */
int init_killed_by(int wait_status);
