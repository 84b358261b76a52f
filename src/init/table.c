/* SPDX-License-Identifier: Apache-2.0 */
#include "init/table.h"

#include <linux/signal.h>

/* How this works
 *
 * main.c blocks every signal, starts the payload, and then does two things in
 * turn for ever: it asks wait4 for news of children, and it takes one signal off
 * its queue, sleeping when there is none. Each piece of news becomes an event;
 * the row of the present state says what to do and which state comes next. There
 * is no other control flow: a case that is not in the table does not exist.
 *
 * Reaping comes before signals in each turn, because one SIGCHLD may stand for any
 * number of ended children, and because then a signal is never sent to a process
 * that the kernel already reported gone. The state changes on reports of wait4 and
 * on SIGCONT only, never on a SIGCHLD's siginfo.
 *
 * Every signal but SIGCHLD is passed on: also the fault numbers (a sent SIGSEGV is
 * the payload's; a real fault of ours kills us without asking) and the job control
 * ones. KILL and STOP cannot be caught; from inside a PID namespace they have no
 * effect on its init, from outside they act at once. */

#define GO(what, then)                      \
	{                                   \
		INIT_DO_##what, INIT_##then \
	}

/* clang-format off */
static const struct init_decision table[INIT_STATES][INIT_EVENTS] = {
	[INIT_RUNNING] = {
		[INIT_EV_SIG_CHILD]    = GO(NOTHING,    RUNNING),
		[INIT_EV_SIG_OWN_PIPE] = GO(NOTHING,    RUNNING),
		[INIT_EV_SIG_CONT]     = GO(FORWARD,    RUNNING),
		[INIT_EV_SIG_END]      = GO(FORWARD,    RUNNING),
		[INIT_EV_SIG_OTHER]    = GO(FORWARD,    RUNNING),
		[INIT_EV_MAIN_ENDED]   = GO(END_STATUS, DONE),
		[INIT_EV_MAIN_STOPPED] = GO(SUSPEND,    STOPPED),
		[INIT_EV_ORPHAN_ENDED] = GO(TELL,       RUNNING),
		[INIT_EV_OTHER_NEWS]   = GO(NOTHING,    RUNNING),
		[INIT_EV_NO_CHILD]     = GO(END_LOST,   DONE),
	},
	[INIT_STOPPED] = {
		[INIT_EV_SIG_CHILD]    = GO(NOTHING,    STOPPED),
		[INIT_EV_SIG_OWN_PIPE] = GO(NOTHING,    STOPPED),
		[INIT_EV_SIG_CONT]     = GO(RESUME,     RUNNING),
		[INIT_EV_SIG_END]      = GO(FORWARD,    STOPPED),
		[INIT_EV_SIG_OTHER]    = GO(FORWARD,    STOPPED),
		[INIT_EV_MAIN_ENDED]   = GO(END_STATUS, DONE),
		/* somebody else continued it, and it stopped once more */
		[INIT_EV_MAIN_STOPPED] = GO(SUSPEND,    STOPPED),
		[INIT_EV_ORPHAN_ENDED] = GO(TELL,       STOPPED),
		[INIT_EV_OTHER_NEWS]   = GO(NOTHING,    STOPPED),
		[INIT_EV_NO_CHILD]     = GO(END_LOST,   DONE),
	},
	[INIT_PAUSED] = {
		[INIT_EV_SIG_CHILD]    = GO(NOTHING,    PAUSED),
		[INIT_EV_SIG_OWN_PIPE] = GO(NOTHING,    PAUSED),
		[INIT_EV_SIG_CONT]     = GO(NOTHING,    PAUSED),
		[INIT_EV_SIG_END]      = GO(END_ZERO,   DONE),
		[INIT_EV_SIG_OTHER]    = GO(NOTHING,    PAUSED),
		[INIT_EV_MAIN_ENDED]   = GO(TELL,       PAUSED),
		[INIT_EV_MAIN_STOPPED] = GO(NOTHING,    PAUSED),
		[INIT_EV_ORPHAN_ENDED] = GO(TELL,       PAUSED),
		[INIT_EV_OTHER_NEWS]   = GO(NOTHING,    PAUSED),
		[INIT_EV_NO_CHILD]     = GO(NOTHING,    PAUSED),
	},
	[INIT_DONE] = {
		[INIT_EV_SIG_CHILD]    = GO(NOTHING,    DONE),
		[INIT_EV_SIG_OWN_PIPE] = GO(NOTHING,    DONE),
		[INIT_EV_SIG_CONT]     = GO(NOTHING,    DONE),
		[INIT_EV_SIG_END]      = GO(NOTHING,    DONE),
		[INIT_EV_SIG_OTHER]    = GO(NOTHING,    DONE),
		[INIT_EV_MAIN_ENDED]   = GO(NOTHING,    DONE),
		[INIT_EV_MAIN_STOPPED] = GO(NOTHING,    DONE),
		[INIT_EV_ORPHAN_ENDED] = GO(NOTHING,    DONE),
		[INIT_EV_OTHER_NEWS]   = GO(NOTHING,    DONE),
		[INIT_EV_NO_CHILD]     = GO(NOTHING,    DONE),
	},
};
/* clang-format on */

struct init_decision init_decide(enum init_state s, enum init_event e)
{
	return table[s][e];
}

enum init_event init_event_of_signal(int signo, bool from_self)
{
	switch (signo) {
	case SIGCHLD: return INIT_EV_SIG_CHILD;
	case SIGPIPE: return from_self ? INIT_EV_SIG_OWN_PIPE : INIT_EV_SIG_OTHER;
	case SIGCONT: return INIT_EV_SIG_CONT;
	case SIGTERM:
	case SIGINT: return INIT_EV_SIG_END;
	default: return INIT_EV_SIG_OTHER;
	}
}

/* The layout of a wait status is part of the kernel's ABI, wait(2):
 * bits 0-6 signal (0 = exited, 0x7f = stopped), bit 7 core, bits 8-15 code or
 * stopping signal; 0xffff = continued. */
static bool ended(int status)
{
	return (status & 0x7f) != 0x7f;
}

static bool stopped_by_terminal(int status)
{
	int signo = status >> 8;

	return (status & 0xff) == 0x7f &&
	       (signo == SIGTSTP || signo == SIGTTIN || signo == SIGTTOU);
}

enum init_event init_event_of_wait(int pid, int main, int status)
{
	bool is_main = main > 0 && pid == main;

	if (ended(status))
		return is_main ? INIT_EV_MAIN_ENDED : INIT_EV_ORPHAN_ENDED;
	/* A SIGSTOP is somebody's tool at work, who will continue that process and
	 * not us: then we stay awake and go on reaping. */
	if (is_main && stopped_by_terminal(status))
		return INIT_EV_MAIN_STOPPED;
	return INIT_EV_OTHER_NEWS;
}

int init_killed_by(int wait_status)
{
	return wait_status & 0x7f;
}

int init_exit_status(int wait_status, const uint64_t zeroed[4])
{
	int signo = init_killed_by(wait_status);
	int code = signo ? 128 + signo : (wait_status >> 8) & 0xff;

	return zeroed[code / 64] & (UINT64_C(1) << (code % 64)) ? 0 : code;
}
