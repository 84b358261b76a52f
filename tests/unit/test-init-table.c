/* SPDX-License-Identifier: Apache-2.0 */
/* The init's decisions, all of them: every state x event against what must hold, the
 * reading of wait statuses, every state x every sequence of events up to a length, and
 * a model of the world around the init, in which every course of things is followed to
 * its end. */
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>

#include "init/table.h"
#include "test.h"

enum { MAIN = 2, ORPHAN = 77, LENGTH = 6 };

static bool is_signal(enum init_event e)
{
	return e <= INIT_EV_SIG_OTHER;
}

static bool is_for_payload(enum init_event e)
{
	return e >= INIT_EV_SIG_CONT && e <= INIT_EV_SIG_OTHER;
}

static bool is_end_request(enum init_event e)
{
	return e == INIT_EV_SIG_END || e == INIT_EV_SIG_END_TIMED;
}

static bool is_main_end(enum init_event e)
{
	return e >= INIT_EV_MAIN_ENDED && e <= INIT_EV_MAIN_ENDED_GRACE;
}

static bool main_lives(enum init_state s)
{
	return s == INIT_RUNNING || s == INIT_STOPPED || s == INIT_ENDING;
}

static bool is_forward(enum init_action a)
{
	return a == INIT_DO_FORWARD || a == INIT_DO_FORWARD_END || a == INIT_DO_FORWARD_TIMED ||
	       a == INIT_DO_FORWARD_SUSPEND || a == INIT_DO_RESUME;
}

static bool is_to_rest(enum init_action a)
{
	return a == INIT_DO_TO_REST || a == INIT_DO_TO_REST_TIMED;
}

static bool takes_status(enum init_action a)
{
	return a == INIT_DO_KEEP_STATUS || a == INIT_DO_END_REST || a == INIT_DO_END_STATUS;
}

static bool is_end(enum init_action a)
{
	return a >= INIT_DO_END_STATUS && a <= INIT_DO_END_LOST;
}

static bool needs_signal(enum init_action a)
{
	return is_forward(a) || is_to_rest(a) || a == INIT_DO_TELL_DROP || a == INIT_DO_END_ZERO;
}

static bool needs_news(enum init_action a)
{
	return takes_status(a) || a == INIT_DO_TELL || a == INIT_DO_TELL_KILL;
}

/* --- each cell --- */

/* Where a signal goes; NULL, or the rule that is broken. */
static const char *broken_signal(enum init_state s, enum init_event e, struct init_decision d)
{
	if (s == INIT_PAUSED && is_end_request(e))
		return d.action == INIT_DO_END_ZERO ? NULL : "a pause ends when asked to";
	if (is_for_payload(e) && main_lives(s) && !is_forward(d.action))
		return "no signal is lost while the main process lives";
	if (is_for_payload(e) && (s == INIT_WAITING || s == INIT_GRACE) && !is_to_rest(d.action))
		return "no signal is lost while others live";
	if (is_for_payload(e) && (s == INIT_KILLED || s == INIT_PAUSED) &&
	    d.action != INIT_DO_TELL_DROP)
		return "a signal that nobody can take is told";
	if (is_end_request(e) && main_lives(s) && d.action != INIT_DO_FORWARD_END &&
	    d.action != INIT_DO_FORWARD_TIMED)
		return "a stopped main process hears of its end";
	if (!is_for_payload(e) && (is_forward(d.action) || is_to_rest(d.action)))
		return "only what is the payload's is forwarded";
	if (e == INIT_EV_SIG_END_TIMED && s != INIT_KILLED && d.next != INIT_ENDING &&
	    d.next != INIT_GRACE)
		return "the time runs once an end was asked for";
	if (is_signal(e) && !is_end_request(e) && e != INIT_EV_SIG_CONT && d.next != s)
		return "no other signal changes the state";
	return NULL;
}

static const char *broken_news(enum init_state s, enum init_event e, struct init_decision d)
{
	if (is_main_end(e) && (main_lives(s) || s == INIT_KILLED) && !takes_status(d.action))
		return "the status of the main process is the status";
	if (takes_status(d.action) && !is_main_end(e))
		return "no other process's status is";
	if (takes_status(d.action) && !main_lives(s) && s != INIT_KILLED)
		return "the status is taken once";
	if (e == INIT_EV_ORPHAN_ENDED &&
	    (d.next != s || (d.action != INIT_DO_TELL && d.action != INIT_DO_TELL_KILL)))
		return "an orphan is told and changes nothing";
	if (e == INIT_EV_NO_CHILD && s != INIT_PAUSED && d.next != INIT_DONE)
		return "no hang without a child";
	if (e == INIT_EV_NO_CHILD && (d.action == INIT_DO_END_LOST) != main_lives(s) &&
	    s != INIT_PAUSED)
		return "a status is lost only if there was none";
	if (e == INIT_EV_DEADLINE && (s == INIT_ENDING || s == INIT_GRACE) &&
	    (d.action != INIT_DO_KILL_REST || d.next != INIT_KILLED))
		return "the deadline kills";
	if (e == INIT_EV_DEADLINE && s != INIT_ENDING && s != INIT_GRACE && d.next != s)
		return "without a clock there is no deadline";
	if ((e == INIT_EV_SIG_CHILD || e == INIT_EV_OTHER_NEWS) &&
	    (d.action != INIT_DO_NOTHING || d.next != s))
		return "what says nothing does nothing";
	if (is_main_end(e) && !main_lives(s) && s != INIT_KILLED && d.action != INIT_DO_TELL)
		return "who has the number of the main process later is an orphan";
	if ((d.action == INIT_DO_TELL || d.action == INIT_DO_TELL_KILL) &&
	    e != INIT_EV_ORPHAN_ENDED && !is_main_end(e))
		return "tells only what has ended";
	if (d.action == INIT_DO_SUSPEND && (e != INIT_EV_MAIN_STOPPED || d.next != INIT_STOPPED))
		return "suspends only with the main process";
	return NULL;
}

static const char *broken(enum init_state s, enum init_event e, struct init_decision d)
{
	const char *rule;

	if (d.action >= INIT_ACTIONS || d.next >= INIT_STATES)
		return "names an action and a state";
	if (s == INIT_DONE)
		return d.next == INIT_DONE && d.action == INIT_DO_NOTHING ? NULL : "done is done";
	if (is_end(d.action) != (d.next == INIT_DONE))
		return "leaves exactly when it has said so";
	if ((d.next == INIT_PAUSED) != (s == INIT_PAUSED) && d.next != INIT_DONE)
		return "pause mode is neither entered nor left";
	if (needs_signal(d.action) && !is_signal(e))
		return "what is done with a signal needs one";
	if (needs_news(d.action) && is_signal(e))
		return "what is done with news needs some";
	rule = broken_signal(s, e, d);
	return rule ? rule : broken_news(s, e, d);
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

/* --- every sequence --- */

/* What an observer knows who sees events and actions, and not the state. */
struct seen {
	bool has_main;   /* it runs, as far as was reported */
	bool has_status; /* it was taken */
	bool clock;      /* an end was asked for with --grace */
	bool killed;     /* KILL went to all */
	bool left;
};

static unsigned long sequences, violations;

static const char *observe(struct seen *o, enum init_event e, enum init_action a)
{
	if (o->left)
		return a == INIT_DO_NOTHING ? NULL : "acts after it has left";
	if (takes_status(a)) {
		if (!o->has_main || o->has_status)
			return "takes a status of nobody";
		o->has_status = true;
		o->has_main = false;
	}
	if (is_main_end(e) && o->has_main)
		return "misses the end of the main process";
	if (is_forward(a) && !o->has_main)
		return "sends to a process that is gone";
	if (is_for_payload(e) && o->has_main && !o->killed && !is_forward(a))
		return "loses a signal";
	if (a == INIT_DO_FORWARD_TIMED || a == INIT_DO_TO_REST_TIMED || a == INIT_DO_END_REST)
		o->clock = true;
	if (a == INIT_DO_KILL_REST) {
		if (!o->clock || o->killed)
			return "kills without a deadline, or twice";
		o->killed = true;
	}
	if (a == INIT_DO_END_KEPT && !o->has_status && !o->killed)
		return "leaves with a status that it has not got";
	if (a == INIT_DO_END_STATUS && !o->has_status)
		return "leaves without the status";
	o->left = is_end(a);
	return NULL;
}

static void follow(enum init_state s, struct seen o, int depth)
{
	for (int e = 0; e < INIT_EVENTS; e++) {
		struct init_decision d = init_decide(s, e);
		struct seen next = o;
		const char *rule;

		/* It ends once: then main.c forgets its number. */
		if (is_main_end(e) && s == INIT_KILLED && !o.has_main)
			continue;
		rule = observe(&next, e, d.action);
		sequences++;
		if (!rule && next.left != (d.next == INIT_DONE))
			rule = "leaves and stays";
		if (rule && violations++ < 10)
			printf("# state %d, event %d, depth %d: %s\n", s, e, depth, rule);
		if (!rule && depth > 1)
			follow(d.next, next, depth - 1);
	}
}

static void test_sequences(void)
{
	static const struct seen from[INIT_STATES] = {
		[INIT_RUNNING] = { .has_main = true },
		[INIT_STOPPED] = { .has_main = true },
		[INIT_ENDING] = { .has_main = true, .clock = true },
		[INIT_WAITING] = { .has_status = true },
		[INIT_GRACE] = { .has_status = true, .clock = true },
		[INIT_KILLED] = { .has_main = true, .clock = true, .killed = true },
		[INIT_PAUSED] = { 0 },
		[INIT_DONE] = { .left = true },
	};

	CASE("every state x every sequence of events");
	for (int s = 0; s < INIT_STATES; s++)
		follow(s, from[s], s == INIT_DONE ? 1 : LENGTH);
	CHECK_INT(violations, 0);
	/* 7 states; 17 + ... + 17^6, less what follows after the end */
	CHECK(sequences > 50000000);
}

/* --- the world around it ---
 *
 * Processes: the main one and up to two others, each running, stopped, ended or reaped. What
 * can happen in the world does happen, in every order; the init gets just those events
 * that its loop would make of it (reap all there is, then one signal). */

enum life { GONE, RUNS, HALTED, ENDED };

struct world {
	uint8_t init, main, other[2];
	uint8_t pending;    /* TERM was sent and not yet taken */
	uint8_t asked;      /* TERM reached the main process, or all that are left */
	uint8_t clock;      /* 1 it runs, 2 it is over */
	uint8_t status;     /* taken */
	uint8_t died_first; /* the main process's end was there to be seen */
};

enum { WORLDS_MAX = 1 << 16 };
static struct world known[WORLDS_MAX];
static int known_count;
static unsigned long stuck, wrong_end, ends;

static void meet(const struct world *w)
{
	for (int i = 0; i < known_count; i++)
		if (memcmp(&known[i], w, sizeof(*w)) == 0)
			return;
	if (known_count < WORLDS_MAX)
		known[known_count++] = *w;
}

static void kill_all(struct world *w)
{
	if (w->main == RUNS || w->main == HALTED)
		w->main = ENDED;
	for (int i = 0; i < 2; i++)
		if (w->other[i] == RUNS || w->other[i] == HALTED)
			w->other[i] = ENDED;
}

/* The init's side of an action. */
static void act(struct world *w, enum init_action a)
{
	if (takes_status(a)) {
		w->status++;
		w->main = GONE;
	}
	if (a == INIT_DO_FORWARD_TIMED || a == INIT_DO_TO_REST_TIMED || a == INIT_DO_END_REST)
		w->clock = w->clock ? w->clock : 1;
	if (a == INIT_DO_FORWARD_END || a == INIT_DO_FORWARD_TIMED) {
		w->asked = 1;
		if (w->main == HALTED)
			w->main = RUNS;
	}
	if (a == INIT_DO_TO_REST || a == INIT_DO_TO_REST_TIMED || a == INIT_DO_END_REST) {
		w->asked = 1;
		for (int i = 0; i < 2 && a != INIT_DO_TO_REST; i++)
			if (w->other[i] == HALTED)
				w->other[i] = RUNS;
	}
	if (a == INIT_DO_KILL_REST) {
		w->clock = 0;
		kill_all(w);
	}
}

static void give(struct world *w, enum init_event e)
{
	struct init_decision d = init_decide(w->init, e);

	act(w, d.action);
	w->init = (uint8_t)d.next;
	if (d.action == INIT_DO_END_LOST)
		wrong_end++;
}

/* One turn of the init's loop, as in main.c. */
static void turn(struct world *w, const struct init_policy *p)
{
	while (w->init != INIT_DONE) {
		if (w->main == ENDED) {
			give(w, init_event_of_wait(p, MAIN, MAIN, 7 << 8));
		} else if (w->other[0] == ENDED || w->other[1] == ENDED) {
			w->other[w->other[0] == ENDED ? 0 : 1] = GONE;
			give(w, init_event_of_wait(p, ORPHAN, MAIN, 0));
		} else if (w->main == GONE && w->other[0] == GONE && w->other[1] == GONE) {
			give(w, INIT_EV_NO_CHILD);
		} else {
			break;
		}
	}
	if (w->init != INIT_DONE && w->pending) {
		w->pending = 0;
		give(w, init_event_of_signal(p, SIGTERM, SIGTERM, false));
	}
	if (w->init != INIT_DONE && w->clock == 2)
		give(w, INIT_EV_DEADLINE);
}

static void one_lives_on(const struct world *w, uint8_t *(*at)(struct world *, int), int i)
{
	static const uint8_t to[] = { RUNS, HALTED, ENDED };
	struct world next = *w;
	uint8_t *p = at(&next, i);

	if (*p != RUNS && *p != HALTED)
		return;
	for (size_t k = 0; k < sizeof(to); k++) {
		*p = to[k];
		meet(&next);
	}
}

static uint8_t *at_main(struct world *w, int i)
{
	(void)i;
	return &w->main;
}

static uint8_t *at_other(struct world *w, int i)
{
	return &w->other[i];
}

static void everything_that_can_happen(const struct world *w, const struct init_policy *p)
{
	struct world next = *w;

	one_lives_on(w, at_main, 0);
	one_lives_on(w, at_other, 0);
	one_lives_on(w, at_other, 1);
	if (!w->pending && !w->asked) {
		next.pending = 1;
		meet(&next);
	}
	next = *w;
	if (w->clock == 1) {
		next.clock = 2;
		meet(&next);
	}
	next = *w;
	turn(&next, p);
	meet(&next);
}

/* The end: it has left with the status of the main process, and no zombie stays that it
 * should have reaped. Or it sleeps, and something is alive that will end some time. */
static void judge(const struct world *w, const struct init_policy *p)
{
	struct world next = *w;

	if (w->init == INIT_DONE) {
		ends++;
		if (w->status != 1 || w->main != GONE)
			wrong_end++;
		if (p->wait_all && (w->other[0] != GONE || w->other[1] != GONE))
			wrong_end++;
		return;
	}
	/* Left to itself until it sleeps, it must not sleep for ever: somebody lives, and is
	 * not stopped, or a date is set, or somebody outside can still ask for the end. */
	for (int i = 0; i < 8; i++)
		turn(&next, p);
	if (next.init == INIT_DONE)
		return;
	if (next.main == ENDED || next.other[0] == ENDED || next.other[1] == ENDED || next.pending)
		stuck++;
	if (next.main == GONE && next.other[0] == GONE && next.other[1] == GONE)
		stuck++;
	if (p->timed && next.asked && next.clock != 1 && next.init != INIT_KILLED)
		stuck++;
}

static void test_world(bool wait_all, bool timed)
{
	const struct init_policy p = { .wait_all = wait_all, .timed = timed };
	struct world first;

	memset(&first, 0, sizeof(first));
	first.init = INIT_RUNNING;
	first.main = first.other[0] = first.other[1] = RUNS;
	known_count = 0;
	stuck = wrong_end = ends = 0;
	meet(&first);
	for (int i = 0; i < known_count; i++) {
		judge(&known[i], &p);
		if (known[i].init != INIT_DONE)
			everything_that_can_happen(&known[i], &p);
	}
	CHECK(known_count > 100 && known_count < WORLDS_MAX);
	CHECK_INT(stuck, 0);
	CHECK_INT(wrong_end, 0);
	CHECK(ends > 0);
}

/* --- reading signals and statuses --- */

static void test_signals(void)
{
	static const struct init_policy plain, timed = { .timed = true },
					       dumb = { .suspends = true };

	CASE("events of signals");
	for (int signo = 1; signo <= 64; signo++) {
		enum init_event e = init_event_of_signal(&plain, signo, signo, false);
		bool own = signo == SIGPIPE || signo == SIGHUP || signo == SIGCONT;
		bool stops = signo == SIGTSTP || signo == SIGTTIN || signo == SIGTTOU;

		CHECK(is_signal(e) && e != INIT_EV_SIG_OWN);
		CHECK((e == INIT_EV_SIG_CHILD) == (signo == SIGCHLD));
		CHECK((e == INIT_EV_SIG_CONT) == (signo == SIGCONT));
		CHECK((e == INIT_EV_SIG_END) == (signo == SIGTERM || signo == SIGINT));
		CHECK(is_for_payload(e) == (signo != SIGCHLD));
		/* what we brought on ourselves is another thing */
		CHECK((init_event_of_signal(&plain, signo, signo, true) == INIT_EV_SIG_OWN) == own);
		CHECK((init_event_of_signal(&timed, signo, signo, false) ==
		       INIT_EV_SIG_END_TIMED) == (signo == SIGTERM || signo == SIGINT));
		CHECK((init_event_of_signal(&dumb, signo, SIGSTOP, false) == INIT_EV_SIG_SUSPEND) ==
		      stops);
		if (signo != SIGCHLD)
			CHECK_INT(init_event_of_signal(&plain, signo, 0, false), INIT_EV_SIG_DROP);
	}
	CHECK_INT(init_event_of_signal(&plain, SIGHUP, SIGTERM, false), INIT_EV_SIG_END);
	CHECK_INT(init_event_of_signal(&plain, SIGTERM, SIGQUIT, false), INIT_EV_SIG_END);
	CHECK_INT(init_event_of_signal(&timed, SIGTERM, SIGWINCH, false), INIT_EV_SIG_END_TIMED);
	CHECK_INT(init_event_of_signal(&timed, SIGINT, SIGUSR1, false), INIT_EV_SIG_OTHER);
	CHECK_INT(init_event_of_signal(&timed, SIGQUIT, SIGQUIT, false), INIT_EV_SIG_OTHER);
	CHECK_INT(init_event_of_signal(&plain, SIGCONT, SIGUSR1, false), INIT_EV_SIG_OTHER);
	for (int signo = 1; signo <= 64; signo++)
		CHECK((init_event_of_stop(signo) == INIT_EV_MAIN_STOPPED) ==
		      (signo == SIGTSTP || signo == SIGTTIN || signo == SIGTTOU));
}

/* All 65536 wait statuses, against what the C library reads in them. */
static void test_wait_statuses(void)
{
	static const struct init_policy plain, wait_all = { .wait_all = true },
					       timed = { .timed = true };
	static const uint64_t none[4];
	unsigned long wrong = 0;

	CASE("wait statuses");
	for (int st = 0; st <= 0xffff; st++) {
		bool end = WIFEXITED(st) || WIFSIGNALED(st);
		enum init_event main = init_event_of_wait(&plain, MAIN, MAIN, st);
		enum init_event other = init_event_of_wait(&plain, ORPHAN, MAIN, st);

		wrong += main != (end ? INIT_EV_MAIN_ENDED : INIT_EV_OTHER_NEWS);
		wrong += init_event_of_wait(&wait_all, MAIN, MAIN, st) !=
			 (end ? INIT_EV_MAIN_ENDED_WAIT : INIT_EV_OTHER_NEWS);
		wrong += init_event_of_wait(&timed, MAIN, MAIN, st) !=
			 (end ? INIT_EV_MAIN_ENDED_GRACE : INIT_EV_OTHER_NEWS);
		wrong += other != (end ? INIT_EV_ORPHAN_ENDED : INIT_EV_OTHER_NEWS);
		wrong += other != init_event_of_wait(&timed, ORPHAN, 0, st);
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
	test_sequences();
	CASE("the world: at once");
	test_world(false, false);
	CASE("the world: --wait-all");
	test_world(true, false);
	CASE("the world: --grace");
	test_world(false, true);
	CASE("the world: both");
	test_world(true, true);
	test_signals();
	test_wait_statuses();
	test_remap();
	return DONE();
}
