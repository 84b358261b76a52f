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
 * that the kernel already reported gone. The state changes on reports of wait4, on
 * SIGCONT, on requests to end and on the deadline, never on a SIGCHLD's siginfo.
 *
 * Every signal but SIGCHLD is passed on: also the fault numbers (a sent SIGSEGV is
 * the payload's; a real fault of ours kills us without asking) and the job control
 * ones. KILL and STOP cannot be caught; from inside a PID namespace they have no
 * effect on its init, from outside they act at once.
 *
 * Without --wait-all and --grace only RUNNING, STOPPED, PAUSED and DONE are ever
 * reached: the policy makes those events that lead to the other states. */

#define GO(what, then)                      \
	{                                   \
		INIT_DO_##what, INIT_##then \
	}

/* clang-format off */
static const struct init_decision table[INIT_STATES][INIT_EVENTS] = {
	[INIT_RUNNING] = {
		[INIT_EV_SIG_CHILD]        = GO(NOTHING,         RUNNING),
		[INIT_EV_SIG_OWN]          = GO(TELL_DROP,       RUNNING),
		[INIT_EV_SIG_DROP]         = GO(TELL_DROP,       RUNNING),
		[INIT_EV_SIG_CONT]         = GO(FORWARD,         RUNNING),
		[INIT_EV_SIG_END]          = GO(FORWARD_END,     RUNNING),
		[INIT_EV_SIG_END_TIMED]    = GO(FORWARD_TIMED,   ENDING),
		[INIT_EV_SIG_SUSPEND]      = GO(FORWARD_SUSPEND, RUNNING),
		[INIT_EV_SIG_OTHER]        = GO(FORWARD,         RUNNING),
		[INIT_EV_MAIN_ENDED]       = GO(END_STATUS,      DONE),
		[INIT_EV_MAIN_ENDED_WAIT]  = GO(KEEP_STATUS,     WAITING),
		[INIT_EV_MAIN_ENDED_GRACE] = GO(END_REST,        GRACE),
		[INIT_EV_MAIN_STOPPED]     = GO(SUSPEND,         STOPPED),
		[INIT_EV_ORPHAN_ENDED]     = GO(TELL,            RUNNING),
		[INIT_EV_OTHER_NEWS]       = GO(NOTHING,         RUNNING),
		[INIT_EV_NO_CHILD]         = GO(END_LOST,        DONE),
		[INIT_EV_DEADLINE]         = GO(NOTHING,         RUNNING),
		[INIT_EV_LOOK]             = GO(LOOK,            RUNNING),
	},
	[INIT_STOPPED] = {
		[INIT_EV_SIG_CHILD]        = GO(NOTHING,         STOPPED),
		[INIT_EV_SIG_OWN]          = GO(TELL_DROP,       STOPPED),
		[INIT_EV_SIG_DROP]         = GO(TELL_DROP,       STOPPED),
		[INIT_EV_SIG_CONT]         = GO(RESUME,          RUNNING),
		[INIT_EV_SIG_END]          = GO(FORWARD_END,     STOPPED),
		[INIT_EV_SIG_END_TIMED]    = GO(FORWARD_TIMED,   ENDING),
		[INIT_EV_SIG_SUSPEND]      = GO(FORWARD_SUSPEND, STOPPED),
		[INIT_EV_SIG_OTHER]        = GO(FORWARD,         STOPPED),
		[INIT_EV_MAIN_ENDED]       = GO(END_STATUS,      DONE),
		[INIT_EV_MAIN_ENDED_WAIT]  = GO(KEEP_STATUS,     WAITING),
		[INIT_EV_MAIN_ENDED_GRACE] = GO(END_REST,        GRACE),
		/* the same stop, seen once more: we are on our way back */
		[INIT_EV_MAIN_STOPPED]     = GO(NOTHING,         STOPPED),
		[INIT_EV_ORPHAN_ENDED]     = GO(TELL,            STOPPED),
		[INIT_EV_OTHER_NEWS]       = GO(NOTHING,         STOPPED),
		[INIT_EV_NO_CHILD]         = GO(END_LOST,        DONE),
		[INIT_EV_DEADLINE]         = GO(NOTHING,         STOPPED),
		[INIT_EV_LOOK]             = GO(LOOK,            STOPPED),
	},
	[INIT_ENDING] = {
		[INIT_EV_SIG_CHILD]        = GO(NOTHING,         ENDING),
		[INIT_EV_SIG_OWN]          = GO(TELL_DROP,       ENDING),
		[INIT_EV_SIG_DROP]         = GO(TELL_DROP,       ENDING),
		[INIT_EV_SIG_CONT]         = GO(FORWARD,         ENDING),
		[INIT_EV_SIG_END]          = GO(FORWARD_END,     ENDING),
		[INIT_EV_SIG_END_TIMED]    = GO(FORWARD_END,     ENDING),
		[INIT_EV_SIG_SUSPEND]      = GO(FORWARD_SUSPEND, ENDING),
		[INIT_EV_SIG_OTHER]        = GO(FORWARD,         ENDING),
		[INIT_EV_MAIN_ENDED]       = GO(END_STATUS,      DONE),
		/* helpers got no TERM yet; the time goes on running */
		[INIT_EV_MAIN_ENDED_WAIT]  = GO(END_REST,        GRACE),
		[INIT_EV_MAIN_ENDED_GRACE] = GO(END_REST,        GRACE),
		[INIT_EV_MAIN_STOPPED]     = GO(NOTHING,         ENDING),
		[INIT_EV_ORPHAN_ENDED]     = GO(TELL,            ENDING),
		[INIT_EV_OTHER_NEWS]       = GO(NOTHING,         ENDING),
		[INIT_EV_NO_CHILD]         = GO(END_LOST,        DONE),
		[INIT_EV_DEADLINE]         = GO(KILL_REST,       KILLED),
		[INIT_EV_LOOK]             = GO(LOOK,            ENDING),
	},
	[INIT_WAITING] = {
		[INIT_EV_SIG_CHILD]        = GO(NOTHING,         WAITING),
		[INIT_EV_SIG_OWN]          = GO(TELL_DROP,       WAITING),
		[INIT_EV_SIG_DROP]         = GO(TELL_DROP,       WAITING),
		[INIT_EV_SIG_CONT]         = GO(TO_REST,         WAITING),
		[INIT_EV_SIG_END]          = GO(TO_REST,         WAITING),
		[INIT_EV_SIG_END_TIMED]    = GO(TO_REST_TIMED,   GRACE),
		[INIT_EV_SIG_SUSPEND]      = GO(TO_REST,         WAITING),
		[INIT_EV_SIG_OTHER]        = GO(TO_REST,         WAITING),
		/* there is no main process any more */
		[INIT_EV_MAIN_ENDED]       = GO(TELL,            WAITING),
		[INIT_EV_MAIN_ENDED_WAIT]  = GO(TELL,            WAITING),
		[INIT_EV_MAIN_ENDED_GRACE] = GO(TELL,            WAITING),
		[INIT_EV_MAIN_STOPPED]     = GO(NOTHING,         WAITING),
		[INIT_EV_ORPHAN_ENDED]     = GO(TELL,            WAITING),
		[INIT_EV_OTHER_NEWS]       = GO(NOTHING,         WAITING),
		[INIT_EV_NO_CHILD]         = GO(END_KEPT,        DONE),
		[INIT_EV_DEADLINE]         = GO(NOTHING,         WAITING),
		[INIT_EV_LOOK]             = GO(LOOK,            WAITING),
	},
	[INIT_GRACE] = {
		[INIT_EV_SIG_CHILD]        = GO(NOTHING,         GRACE),
		[INIT_EV_SIG_OWN]          = GO(TELL_DROP,       GRACE),
		[INIT_EV_SIG_DROP]         = GO(TELL_DROP,       GRACE),
		[INIT_EV_SIG_CONT]         = GO(TO_REST,         GRACE),
		[INIT_EV_SIG_END]          = GO(TO_REST,         GRACE),
		[INIT_EV_SIG_END_TIMED]    = GO(TO_REST,         GRACE),
		[INIT_EV_SIG_SUSPEND]      = GO(TO_REST,         GRACE),
		[INIT_EV_SIG_OTHER]        = GO(TO_REST,         GRACE),
		[INIT_EV_MAIN_ENDED]       = GO(TELL,            GRACE),
		[INIT_EV_MAIN_ENDED_WAIT]  = GO(TELL,            GRACE),
		[INIT_EV_MAIN_ENDED_GRACE] = GO(TELL,            GRACE),
		[INIT_EV_MAIN_STOPPED]     = GO(NOTHING,         GRACE),
		[INIT_EV_ORPHAN_ENDED]     = GO(TELL,            GRACE),
		[INIT_EV_OTHER_NEWS]       = GO(NOTHING,         GRACE),
		[INIT_EV_NO_CHILD]         = GO(END_KEPT,        DONE),
		[INIT_EV_DEADLINE]         = GO(KILL_REST,       KILLED),
		[INIT_EV_LOOK]             = GO(LOOK,            GRACE),
	},
	[INIT_KILLED] = {
		[INIT_EV_SIG_CHILD]        = GO(NOTHING,         KILLED),
		[INIT_EV_SIG_OWN]          = GO(TELL_DROP,       KILLED),
		[INIT_EV_SIG_DROP]         = GO(TELL_DROP,       KILLED),
		/* nobody is left who could take it */
		[INIT_EV_SIG_CONT]         = GO(TELL_DROP,       KILLED),
		[INIT_EV_SIG_END]          = GO(TELL_DROP,       KILLED),
		[INIT_EV_SIG_END_TIMED]    = GO(TELL_DROP,       KILLED),
		[INIT_EV_SIG_SUSPEND]      = GO(TELL_DROP,       KILLED),
		[INIT_EV_SIG_OTHER]        = GO(TELL_DROP,       KILLED),
		/* it was the KILL that the main process ended by, or it was faster */
		[INIT_EV_MAIN_ENDED]       = GO(KEEP_STATUS,     KILLED),
		[INIT_EV_MAIN_ENDED_WAIT]  = GO(KEEP_STATUS,     KILLED),
		[INIT_EV_MAIN_ENDED_GRACE] = GO(KEEP_STATUS,     KILLED),
		[INIT_EV_MAIN_STOPPED]     = GO(NOTHING,         KILLED),
		[INIT_EV_ORPHAN_ENDED]     = GO(TELL_KILL,       KILLED),
		[INIT_EV_OTHER_NEWS]       = GO(NOTHING,         KILLED),
		[INIT_EV_NO_CHILD]         = GO(END_KEPT,        DONE),
		[INIT_EV_DEADLINE]         = GO(NOTHING,         KILLED),
		[INIT_EV_LOOK]             = GO(LOOK,            KILLED),
	},
	[INIT_PAUSED] = {
		[INIT_EV_SIG_CHILD]        = GO(NOTHING,         PAUSED),
		[INIT_EV_SIG_OWN]          = GO(TELL_DROP,       PAUSED),
		[INIT_EV_SIG_DROP]         = GO(TELL_DROP,       PAUSED),
		[INIT_EV_SIG_CONT]         = GO(TELL_DROP,       PAUSED),
		[INIT_EV_SIG_END]          = GO(END_ZERO,        DONE),
		[INIT_EV_SIG_END_TIMED]    = GO(END_ZERO,        DONE),
		[INIT_EV_SIG_SUSPEND]      = GO(TELL_DROP,       PAUSED),
		[INIT_EV_SIG_OTHER]        = GO(TELL_DROP,       PAUSED),
		[INIT_EV_MAIN_ENDED]       = GO(TELL,            PAUSED),
		[INIT_EV_MAIN_ENDED_WAIT]  = GO(TELL,            PAUSED),
		[INIT_EV_MAIN_ENDED_GRACE] = GO(TELL,            PAUSED),
		[INIT_EV_MAIN_STOPPED]     = GO(NOTHING,         PAUSED),
		[INIT_EV_ORPHAN_ENDED]     = GO(TELL,            PAUSED),
		[INIT_EV_OTHER_NEWS]       = GO(NOTHING,         PAUSED),
		[INIT_EV_NO_CHILD]         = GO(NOTHING,         PAUSED),
		[INIT_EV_DEADLINE]         = GO(NOTHING,         PAUSED),
		[INIT_EV_LOOK]             = GO(LOOK,            PAUSED),
	},
	[INIT_DONE] = {
		[INIT_EV_SIG_CHILD]        = GO(NOTHING,         DONE),
		[INIT_EV_SIG_OWN]          = GO(NOTHING,         DONE),
		[INIT_EV_SIG_DROP]         = GO(NOTHING,         DONE),
		[INIT_EV_SIG_CONT]         = GO(NOTHING,         DONE),
		[INIT_EV_SIG_END]          = GO(NOTHING,         DONE),
		[INIT_EV_SIG_END_TIMED]    = GO(NOTHING,         DONE),
		[INIT_EV_SIG_SUSPEND]      = GO(NOTHING,         DONE),
		[INIT_EV_SIG_OTHER]        = GO(NOTHING,         DONE),
		[INIT_EV_MAIN_ENDED]       = GO(NOTHING,         DONE),
		[INIT_EV_MAIN_ENDED_WAIT]  = GO(NOTHING,         DONE),
		[INIT_EV_MAIN_ENDED_GRACE] = GO(NOTHING,         DONE),
		[INIT_EV_MAIN_STOPPED]     = GO(NOTHING,         DONE),
		[INIT_EV_ORPHAN_ENDED]     = GO(NOTHING,         DONE),
		[INIT_EV_OTHER_NEWS]       = GO(NOTHING,         DONE),
		[INIT_EV_NO_CHILD]         = GO(NOTHING,         DONE),
		[INIT_EV_DEADLINE]         = GO(NOTHING,         DONE),
		[INIT_EV_LOOK]             = GO(NOTHING,         DONE),
	},
};
/* clang-format on */

struct init_decision init_decide(enum init_state s, enum init_event e)
{
	return table[s][e];
}

static bool is_terminal_stop(int signo)
{
	return signo == SIGTSTP || signo == SIGTTIN || signo == SIGTTOU;
}

enum init_event init_event_of_signal(const struct init_policy *p, int signo, int target,
				     bool from_self)
{
	if (signo == SIGCHLD)
		return INIT_EV_SIG_CHILD;
	/* A message to a closed stderr brings SIGPIPE; giving up the terminal, as the
	 * leader of its session, HUP and CONT. Neither is the payload's. */
	if (from_self && (signo == SIGPIPE || signo == SIGHUP || signo == SIGCONT))
		return INIT_EV_SIG_OWN;
	/* What stops or continues us counts by what came, not by what is made of it. */
	if (p->suspends && is_terminal_stop(signo))
		return INIT_EV_SIG_SUSPEND;
	if (signo == SIGCONT && target == SIGCONT)
		return INIT_EV_SIG_CONT;
	if (target == 0)
		return INIT_EV_SIG_DROP;
	/* TERM counts also as QUIT or WINCH, by which servers end gracefully. INT does not:
	 * who makes another signal of Ctrl-C wants to go on. */
	if (signo == SIGTERM || target == SIGTERM || target == SIGINT)
		return p->timed ? INIT_EV_SIG_END_TIMED : INIT_EV_SIG_END;
	return INIT_EV_SIG_OTHER;
}

enum init_event init_event_of_wait(const struct init_policy *p, int pid, int main, int status)
{
	/* The layout of a wait status is part of the kernel's ABI, wait(2): bits 0-6
	 * signal (0 = exited, 0x7f = stopped or continued), bit 7 core, bits 8-15 code. */
	if ((status & 0x7f) == 0x7f)
		return INIT_EV_OTHER_NEWS;
	if (main <= 0 || pid != main)
		return INIT_EV_ORPHAN_ENDED;
	if (p->wait_all)
		return INIT_EV_MAIN_ENDED_WAIT;
	return p->timed ? INIT_EV_MAIN_ENDED_GRACE : INIT_EV_MAIN_ENDED;
}

/* A SIGSTOP is somebody's tool at work, who will continue that process and not us:
 * then we stay awake and go on reaping. */
enum init_event init_event_of_stop(int signo)
{
	return is_terminal_stop(signo) ? INIT_EV_MAIN_STOPPED : INIT_EV_OTHER_NEWS;
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
