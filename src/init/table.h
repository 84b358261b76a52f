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
	INIT_ENDING,  /* ... and was asked to end; the time of --grace runs */
	INIT_WAITING, /* the main process has ended: --wait-all, for as long as it takes */
	INIT_GRACE,   /* ... and the rest was asked to end; the time of --grace runs */
	INIT_KILLED,  /* the time is over, all got SIGKILL: only the last reports are missing */
	INIT_PAUSED,  /* there is no main process: --pause */
	INIT_DONE,    /* leave, with the status set by then */
	INIT_STATES,
};

enum init_event {
	INIT_EV_SIG_CHILD,     /* SIGCHLD: only a wake-up; the reaping tells what is new */
	INIT_EV_SIG_OWN,       /* one that we brought on ourselves, see init_event_of_signal */
	INIT_EV_SIG_DROP,      /* the user wants it dropped: -r N:0 */
	INIT_EV_SIG_CONT,      /* all from here to OTHER are for the payload */
	INIT_EV_SIG_END,       /* SIGTERM, SIGINT */
	INIT_EV_SIG_END_TIMED, /* the same with --grace */
	INIT_EV_SIG_SUSPEND,   /* TSTP, TTIN, TTOU where we stop with the payload: dumb-init */
	INIT_EV_SIG_OTHER,
	INIT_EV_MAIN_ENDED,       /* and we with it */
	INIT_EV_MAIN_ENDED_WAIT,  /* the same with --wait-all */
	INIT_EV_MAIN_ENDED_GRACE, /* the same with --grace */
	INIT_EV_MAIN_STOPPED,     /* by TSTP, TTIN or TTOU; asked for only under job control */
	INIT_EV_ORPHAN_ENDED,
	INIT_EV_OTHER_NEWS, /* any other report of wait4: of no interest */
	INIT_EV_NO_CHILD,   /* wait4 says that we have no child at all */
	INIT_EV_DEADLINE,   /* the time of --grace is over */
	INIT_EV_LOOK,       /* time to look for zombies of others: --status-fd */
	INIT_EVENTS,
};

enum init_action {
	INIT_DO_NOTHING,
	INIT_DO_FORWARD,         /* the signal, to the main process (-g: its group; --all: all) */
	INIT_DO_FORWARD_END,     /* the same, and SIGCONT to a main process that is stopped */
	INIT_DO_FORWARD_TIMED,   /* the same, and the time of --grace begins */
	INIT_DO_FORWARD_SUSPEND, /* forward, then stop ourselves */
	INIT_DO_RESUME,          /* the terminal to the main process, then forward the CONT */
	INIT_DO_SUSPEND,         /* stop ourselves, so that the shell sees its job stopped */
	INIT_DO_TO_REST,         /* the signal, to all that are left */
	INIT_DO_TO_REST_TIMED,   /* the same with SIGCONT, and the time of --grace begins */
	INIT_DO_TELL,            /* name the reaped orphan, if that was asked for */
	INIT_DO_TELL_KILL,       /* the same; who has become ours by it gets SIGKILL too */
	INIT_DO_TELL_DROP,       /* name the dropped signal, if that was asked for */
	INIT_DO_KEEP_STATUS,     /* the main process's status becomes ours, at the end */
	INIT_DO_END_REST,        /* the same; SIGTERM and SIGCONT to all that are left; time runs */
	INIT_DO_KILL_REST,       /* SIGKILL to all */
	INIT_DO_LOOK,            /* for zombies of others */
	INIT_DO_END_STATUS,      /* the main process's status becomes ours, now */
	INIT_DO_END_KEPT,        /* leave with the status kept */
	INIT_DO_END_ZERO,
	INIT_DO_END_LOST, /* the main process is gone and nobody knows how */
	INIT_ACTIONS,
};

struct init_decision {
	enum init_action action;
	enum init_state next;
};

/* What the user chose, as far as it decides: it picks between kinds of an event. */
struct init_policy {
	bool wait_all; /* --wait-all */
	bool timed;    /* --grace */
	bool suspends; /* dumb-init */
};

struct init_decision init_decide(enum init_state s, enum init_event e);

/* @signo: what came. @target: what the payload is to get for it, 0 = nothing.
 * @from_self: the sender (si_pid) is the init itself. */
enum init_event init_event_of_signal(const struct init_policy *p, int signo, int target,
				     bool from_self);
/* @pid, @status: what wait4 returned. @main: PID of the main process, 0 = none. */
enum init_event init_event_of_wait(const struct init_policy *p, int pid, int main, int status);
/* The same for a report of waitid(WSTOPPED): @signo is what stopped the main process. */
enum init_event init_event_of_stop(int signo);

enum { INIT_EXIT_SELF = 125, INIT_EXIT_NOT_EXECUTABLE = 126, INIT_EXIT_NOT_FOUND = 127 };

/* The exit status for the wait status of an ended process: its code, or 128 + the
 * number of the signal that killed it. @zeroed: 256 bits, codes that count as 0. */
int init_exit_status(int wait_status, const uint64_t zeroed[4]);
/* 0 when it was no signal. */
int init_killed_by(int wait_status);
