/* SPDX-License-Identifier: Apache-2.0 */
/* What init.bats needs and no shell has: exact masks, queued values, exec with all
 * signals blocked, and a clock-free race. Compiled by init.bats itself. */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
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

/* catch N: with every signal blocked, prints "signal code value" for each of N. CONT does not
 * count when a disturber is at work, as it brings them. */
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
		if (r == SIGCONT && getenv("DISTURBED")) {
			n++;
			continue;
		}
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

/* The process below PID (itself, its child, ...) that is a PID 1; 0 = none (yet). */
static pid_t find_init(pid_t pid)
{
	for (int depth = 0; pid > 0 && depth < 5; depth++) {
		char path[64], line[256];
		long next = 0;
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
		f = fopen(path, "r");
		while (f && fgets(line, sizeof(line), f))
			if (strncmp(line, "NSpid:", 6) == 0 && strrchr(line, '\t') != line + 6 &&
			    strcmp(strrchr(line, '\t'), "\t1\n") == 0) {
				fclose(f);
				return pid;
			}
		if (f)
			fclose(f);
		snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)pid);
		f = fopen(path, "r");
		if (f && fscanf(f, "%ld", &next) != 1)
			next = 0;
		if (f)
			fclose(f);
		pid = (pid_t)next;
	}
	return 0;
}

static void nap(unsigned int max_us)
{
	usleep(1 + (unsigned int)rand() % max_us);
}

/* disturb PID: finds the PID 1 below it and stops and continues it, and attaches to it and
 * lets it go again, at random, until it is gone. Prints how often. */
static int do_disturb(pid_t launcher)
{
	pid_t p = 0;
	int n = 0, st;

	srand((unsigned int)getpid());
	while (p == 0 && kill(launcher, 0) == 0) {
		p = find_init(launcher);
		usleep(200);
	}
	while (p && kill(p, 0) == 0) {
		nap(3000);
		switch (rand() % 3) {
		case 0:
			kill(p, SIGSTOP);
			nap(1000);
			kill(p, SIGCONT);
			break;
		case 1:
			if (ptrace(PTRACE_SEIZE, p, 0, 0) < 0)
				break;
			nap(300);
			ptrace(PTRACE_INTERRUPT, p, 0, 0);
			if (waitpid(p, &st, __WALL) == p && WIFSTOPPED(st))
				ptrace(PTRACE_DETACH, p, 0, 0);
			break;
		default:
			if (ptrace(PTRACE_ATTACH, p, 0, 0) < 0)
				break;
			if (waitpid(p, &st, __WALL) == p && WIFSTOPPED(st)) {
				nap(300);
				/* a signal of ours among them would be the tracer's to give back */
				ptrace(PTRACE_DETACH, p, 0,
				       WSTOPSIG(st) == SIGSTOP ? 0 : WSTOPSIG(st));
			}
		}
		n++;
	}
	fprintf(stderr, "disturbed %d times\n", n);
	return 0;
}

/* first-init PID SIGNAL: as soon as there is a PID 1 below PID, sends it SIGNAL. */
static int do_first_init(pid_t launcher, int signo)
{
	pid_t p = 0;

	while (p == 0 && kill(launcher, 0) == 0)
		p = find_init(launcher);
	must(p > 0 && kill(p, signo) == 0, "kill");
	return 0;
}

/* noargs FILE: executes it with no argument at all, not even argv[0]. */
static int do_noargs(const char *file)
{
	char *none[] = { NULL };

	syscall(SYS_execve, file, none, none);
	must(0, file);
	return 0;
}

/* fill FD: until a write would sleep. */
static int do_fill(int fd)
{
	static char block[4096];
	int flags = fcntl(fd, F_GETFL);

	must(flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0, "fcntl");
	while (write(fd, block, sizeof(block)) > 0)
		;
	while (write(fd, block, 1) > 0)
		;
	must(errno == EAGAIN && fcntl(fd, F_SETFL, flags) == 0, "fill");
	return 0;
}

/* hold / release: Ctrl-S and Ctrl-Q of the controlling terminal. */
static int do_flow(int action)
{
	int fd = open("/dev/tty", O_RDWR);

	must(fd >= 0 && tcflow(fd, action) == 0, "tcflow");
	return 0;
}

/* neglect: makes a zombie and does not wait for it. */
static int do_neglect(void)
{
	pid_t p = fork();

	must(p >= 0, "fork");
	if (p == 0)
		_exit(0);
	printf("zombie %d\n", (int)p);
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}

/* daemon MS STATUS: a double fork into a session of its own that lives MS, and then creates
 * the file "daemon"; the process itself ends with STATUS at once. TERM makes it create
 * the file "term" and end at once. */
static void on_term(int signo)
{
	(void)signo;
	close(creat("term", 0600));
	_exit(0);
}

static int do_daemon(int ms, int status)
{
	pid_t p = fork();

	must(p >= 0, "fork");
	if (p == 0) {
		setsid();
		p = fork();
		if (p != 0)
			_exit(0);
		signal(SIGTERM, on_term);
		close(creat("up", 0600));
		usleep((unsigned int)ms * 1000);
		close(creat("daemon", 0600));
		_exit(0);
	}
	while (access("up", F_OK) < 0)
		usleep(1000);
	return status;
}

/* take SIGNAL: waits for it by a signalfd, as systemd does; it is blocked already. Ends
 * with 5. */
static int do_take(int signo)
{
	struct signalfd_siginfo si;
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, signo);
	fd = signalfd(-1, &set, 0);
	must(fd >= 0, "signalfd");
	puts("ready");
	fflush(stdout);
	return read(fd, &si, sizeof(si)) == sizeof(si) && (int)si.ssi_signo == signo ? 5 : 6;
}

/* leave: its process group, which has nobody then, for that of a child. */
static int do_leave(void)
{
	pid_t p = fork();

	must(p >= 0, "fork");
	while (p == 0)
		pause();
	must(setpgid(p, p) == 0 && setpgid(0, p) == 0, "setpgid");
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}

/* flood PID SIGNAL N: so often. */
static int do_flood(int pid, int signo, int n)
{
	while (n-- > 0)
		must(kill(pid, signo) == 0, "kill");
	return 0;
}

/* crowds TIMES N: N orphans that live together and end together; so often. Returns when they
 * have all been reaped: their last common thing, a pipe, is closed by then, and kill(2)
 * finds none of them. */
static int do_crowds(int times, int n)
{
	while (times-- > 0) {
		int gate[2], names[2];
		pid_t middle, *pids = calloc((size_t)n, sizeof(*pids));

		must(pids && pipe(gate) == 0 && pipe(names) == 0, "pipe");
		middle = fork();
		must(middle >= 0, "fork");
		for (int i = 0; middle == 0 && i < n; i++) {
			pid_t p = fork();
			char c;

			if (p == 0) {
				close(gate[1]);
				_exit(read(gate[0], &c, 1) != 0);
			}
			if (p < 0 || write(names[1], &p, sizeof(p)) != sizeof(p))
				_exit(1);
		}
		if (middle == 0)
			_exit(0);
		close(gate[0]);
		for (int i = 0; i < n; i++)
			must(read(names[0], &pids[i], sizeof(*pids)) == sizeof(*pids), "read");
		must(waitpid(middle, NULL, 0) == middle, "waitpid");
		close(names[0]);
		close(names[1]);
		close(gate[1]);
		for (int i = 0; i < n; i++)
			while (kill(pids[i], 0) == 0)
				usleep(100);
		free(pids);
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
	if (strcmp(what, "disturb") == 0 && argc == 3)
		return do_disturb(atoi(argv[2]));
	if (strcmp(what, "first-init") == 0 && argc == 4)
		return do_first_init(atoi(argv[2]), atoi(argv[3]));
	if (strcmp(what, "noargs") == 0 && argc == 3)
		return do_noargs(argv[2]);
	if (strcmp(what, "fill") == 0 && argc == 3)
		return do_fill(atoi(argv[2]));
	if (strcmp(what, "hold") == 0)
		return do_flow(TCOOFF);
	if (strcmp(what, "release") == 0)
		return do_flow(TCOON);
	if (strcmp(what, "take") == 0 && argc == 3)
		return do_take(atoi(argv[2]));
	if (strcmp(what, "flood") == 0 && argc == 5)
		return do_flood(atoi(argv[2]), atoi(argv[3]), atoi(argv[4]));
	if (strcmp(what, "leave") == 0)
		return do_leave();
	if (strcmp(what, "crowds") == 0 && argc == 4)
		return do_crowds(atoi(argv[2]), atoi(argv[3]));
	if (strcmp(what, "neglect") == 0)
		return do_neglect();
	if (strcmp(what, "daemon") == 0 && argc == 4)
		return do_daemon(atoi(argv[2]), atoi(argv[3]));
	fprintf(stderr, "probe: what is '%s'?\n", what);
	return 99;
}
