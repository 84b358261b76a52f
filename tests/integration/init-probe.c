/* SPDX-License-Identifier: Apache-2.0 */
/* What init.bats needs and no shell has: exact masks, queued values, exec with all
 * signals blocked, and a clock-free race. Compiled by init.bats itself. */
#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void must(int ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "probe: %s: %s\n", what, strerror(errno));
		exit(99);
	}
}

/* The kernel's own set: a C library would not let us touch all 64. */
static void mask(unsigned long set)
{
	must(syscall(SYS_rt_sigprocmask, SIG_SETMASK, &set, NULL, 8) == 0, "sigprocmask");
}

/* catch N: with every signal blocked, prints "signal code value" for each of N. */
static int do_catch(int n)
{
	mask(~0UL);
	puts("ready");
	fflush(stdout);
	while (n-- > 0) {
		unsigned long set = ~0UL;
		siginfo_t si;
		long r;

		do
			r = syscall(SYS_rt_sigtimedwait, &set, &si, NULL, 8);
		while (r < 0 && errno == EINTR);
		must(r > 0, "sigtimedwait");
		printf("%ld %d %d\n", r, si.si_code,
		       si.si_code == SI_QUEUE ? si.si_value.sival_int : 0);
		fflush(stdout);
	}
	return 0;
}

/* queue PID SIGNAL VALUE */
static int do_queue(int pid, int signo, int value)
{
	must(sigqueue(pid, signo, (union sigval){ .sival_int = value }) == 0, "sigqueue");
	return 0;
}

/* orphans N: N children of children, left to the reaper; returns when all are its own. */
static int do_orphans(int n)
{
	while (n-- > 0) {
		pid_t p = fork();

		must(p >= 0, "fork");
		if (p == 0) {
			p = fork();
			_exit(p < 0 ? 98 : p > 0 ? 0 : n % 100);
		}
		int st;

		must(waitpid(p, &st, 0) == p && WIFEXITED(st) && WEXITSTATUS(st) == 0, "child");
	}
	return 0;
}

/* masked HEX COMMAND...: runs it with this mask. */
static int do_masked(unsigned long set, char **argv)
{
	mask(set);
	execvp(argv[0], argv);
	must(0, argv[0]);
	return 0;
}

/* nochld COMMAND...: runs it with SIGCHLD ignored. */
static int do_nochld(char **argv)
{
	signal(SIGCHLD, SIG_IGN);
	execvp(argv[0], argv);
	must(0, argv[0]);
	return 0;
}

/* race N SIGNAL STATUS COMMAND...: N times: COMMAND as PID 1 of a new namespace, started
 * with all signals blocked, and SIGNAL sent at once, before it can have done a thing. Gives
 * up when one does not end with STATUS. Prints how many did. */
static int do_race(int n, int signo, int status, char **argv)
{
	int good = 0;

	for (; good < n; good++) {
		pid_t p;
		int st;

		mask(~0UL);
		p = (pid_t)syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);
		must(p >= 0, "clone");
		if (p == 0) {
			execv(argv[0], argv);
			_exit(98);
		}
		must(kill(p, signo) == 0, "kill");
		must(waitpid(p, &st, 0) == p, "waitpid");
		if (!WIFEXITED(st) || WEXITSTATUS(st) != status)
			break;
	}
	printf("good=%d\n", good);
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (strcmp(what, "catch") == 0 && argc == 3)
		return do_catch(atoi(argv[2]));
	if (strcmp(what, "queue") == 0 && argc == 5)
		return do_queue(atoi(argv[2]), atoi(argv[3]), atoi(argv[4]));
	if (strcmp(what, "orphans") == 0 && argc == 3)
		return do_orphans(atoi(argv[2]));
	if (strcmp(what, "masked") == 0 && argc > 3)
		return do_masked(strtoul(argv[2], NULL, 16), argv + 3);
	if (strcmp(what, "nochld") == 0 && argc > 2)
		return do_nochld(argv + 2);
	if (strcmp(what, "race") == 0 && argc > 5)
		return do_race(atoi(argv[2]), atoi(argv[3]), atoi(argv[4]), argv + 5);
	fprintf(stderr, "probe: what is '%s'?\n", what);
	return 99;
}
