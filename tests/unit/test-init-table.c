/* SPDX-License-Identifier: Apache-2.0 */
/* The init's decisions, all of them: every state x event against what must hold, the
 * reading of wait statuses, and every sequence of events up to a length. */
#include <signal.h>
#include <stdint.h>
#include <sys/wait.h>

#include "init/table.h"
#include "test.h"

enum { MAIN = 2, ORPHAN = 77 };

static bool is_signal(enum init_event e)
{
	return e <= INIT_EV_SIG_OTHER;
}

static bool is_end(enum init_action a)
{
	return a == INIT_DO_END_STATUS || a == INIT_DO_END_ZERO || a == INIT_DO_END_LOST;
}

/* What must hold whatever the state; NULL, or the rule that is broken. */
static const char *broken(enum init_state s, enum init_event e, struct init_decision d)
{
	bool main_lives = s == INIT_RUNNING || s == INIT_STOPPED;
	bool for_payload = is_signal(e) && e != INIT_EV_SIG_CHILD && e != INIT_EV_SIG_OWN_PIPE;

	if (d.action >= INIT_ACTIONS || d.next >= INIT_STATES)
		return "names an action and a state";
	if (s == INIT_DONE)
		return d.next == INIT_DONE && d.action == INIT_DO_NOTHING ? NULL : "done is done";
	if (is_end(d.action) != (d.next == INIT_DONE))
		return "sets a status exactly when it leaves";
	if ((d.next == INIT_PAUSED) != (s == INIT_PAUSED) && d.next != INIT_DONE)
		return "pause mode is neither entered nor left";
	if (main_lives && for_payload && d.action != INIT_DO_FORWARD && d.action != INIT_DO_RESUME)
		return "no signal is lost";
	if ((d.action == INIT_DO_FORWARD || d.action == INIT_DO_RESUME) &&
	    !(main_lives && for_payload))
		return "forwards nothing else, and only to a living process";
	if (main_lives && e == INIT_EV_MAIN_ENDED && d.action != INIT_DO_END_STATUS)
		return "the status of the main process is the status";
	if (d.action == INIT_DO_END_STATUS && e != INIT_EV_MAIN_ENDED)
		return "no other process's status is";
	if (main_lives && e == INIT_EV_NO_CHILD && d.next != INIT_DONE)
		return "no hang without a child";
	if (main_lives && d.next == INIT_DONE && e != INIT_EV_MAIN_ENDED && e != INIT_EV_NO_CHILD)
		return "does not leave before the main process";
	if (e == INIT_EV_ORPHAN_ENDED && (d.action != INIT_DO_TELL || d.next != s))
		return "an orphan is told and changes nothing";
	if (d.action == INIT_DO_SUSPEND && (e != INIT_EV_MAIN_STOPPED || d.next != INIT_STOPPED))
		return "suspends only with the main process";
	if (d.action == INIT_DO_TELL && e != INIT_EV_ORPHAN_ENDED && e != INIT_EV_MAIN_ENDED)
		return "tells only what news came with";
	return NULL;
}

static void test_every_cell(void)
{
	CASE("every state x event");
	for (int s = 0; s < INIT_STATES; s++)
		for (int e = 0; e < INIT_EVENTS; e++) {
			const char *rule = broken(s, e, init_decide(s, e));

			if (rule)
				printf("# state %d, event %d: %s\n", s, e, rule);
			CHECK(rule == NULL);
		}
}

/* From a start state, every sequence of LENGTH events: once the main process has ended
 * it is over, and not before (but for NO_CHILD); no path leads out of DONE or into PAUSED. */
static void test_sequences(enum init_state start)
{
	enum { LENGTH = 5 };
	unsigned long total = 1, wrong = 0;

	for (int i = 0; i < LENGTH; i++)
		total *= INIT_EVENTS;
	for (unsigned long n = 0; n < total; n++) {
		enum init_state s = start;
		bool over = false;
		unsigned long rest = n;

		for (int i = 0; i < LENGTH; i++, rest /= INIT_EVENTS) {
			enum init_event e = rest % INIT_EVENTS;

			over |= start == INIT_PAUSED
					? e == INIT_EV_SIG_END
					: e == INIT_EV_MAIN_ENDED || e == INIT_EV_NO_CHILD;
			s = init_decide(s, e).next;
			wrong += (s == INIT_DONE) != over;
			wrong += (s == INIT_PAUSED) != (start == INIT_PAUSED && !over);
		}
	}
	CHECK_INT(wrong, 0);
}

static void test_signals(void)
{
	CASE("events of signals");
	for (int signo = 1; signo <= 64; signo++) {
		enum init_event e = init_event_of_signal(signo, false);

		CHECK(is_signal(e) && e != INIT_EV_SIG_OWN_PIPE);
		CHECK((e == INIT_EV_SIG_CHILD) == (signo == SIGCHLD));
		CHECK((e == INIT_EV_SIG_CONT) == (signo == SIGCONT));
		CHECK((e == INIT_EV_SIG_END) == (signo == SIGTERM || signo == SIGINT));
		/* only a SIGPIPE of our own is another thing */
		CHECK((init_event_of_signal(signo, true) != e) == (signo == SIGPIPE));
	}
	CHECK_INT(init_event_of_signal(SIGPIPE, true), INIT_EV_SIG_OWN_PIPE);
}

/* All 65536 wait statuses, against what the C library reads in them. */
static void test_wait_statuses(void)
{
	static const uint64_t none[4];
	unsigned long wrong = 0;

	CASE("wait statuses");
	for (int st = 0; st <= 0xffff; st++) {
		bool end = WIFEXITED(st) || WIFSIGNALED(st);
		bool tty = WIFSTOPPED(st) && (WSTOPSIG(st) == SIGTSTP || WSTOPSIG(st) == SIGTTIN ||
					      WSTOPSIG(st) == SIGTTOU);
		enum init_event main = init_event_of_wait(MAIN, MAIN, st);
		enum init_event other = init_event_of_wait(ORPHAN, MAIN, st);

		wrong += (main == INIT_EV_MAIN_ENDED) != end;
		wrong += (main == INIT_EV_MAIN_STOPPED) != tty;
		wrong += (main == INIT_EV_OTHER_NEWS) != (!end && !tty);
		wrong += other != (end ? INIT_EV_ORPHAN_ENDED : INIT_EV_OTHER_NEWS);
		wrong += other != init_event_of_wait(ORPHAN, 0, st);
		if (!end)
			continue;
		wrong += init_exit_status(st, none) !=
			 (WIFEXITED(st) ? WEXITSTATUS(st) : 128 + WTERMSIG(st));
		wrong += init_killed_by(st) != (WIFEXITED(st) ? 0 : WTERMSIG(st));
	}
	CHECK_INT(wrong, 0);
}

static void test_remap(void)
{
	uint64_t zeroed[4] = { 0 };

	CASE("remapped codes");
	zeroed[143 / 64] |= UINT64_C(1) << 143 % 64;
	zeroed[255 / 64] |= UINT64_C(1) << 255 % 64;
	CHECK_INT(init_exit_status(SIGTERM, zeroed), 0); /* killed by it: 143 */
	CHECK_INT(init_exit_status(143 << 8, zeroed), 0);
	CHECK_INT(init_exit_status(255 << 8, zeroed), 0);
	CHECK_INT(init_exit_status(254 << 8, zeroed), 254);
	CHECK_INT(init_exit_status(142 << 8, zeroed), 142);
	CHECK_INT(init_exit_status(SIGKILL, zeroed), 137);
}

int main(void)
{
	test_every_cell();
	CASE("sequences from running");
	test_sequences(INIT_RUNNING);
	CASE("sequences from paused");
	test_sequences(INIT_PAUSED);
	test_signals();
	test_wait_statuses();
	test_remap();
	return DONE();
}
