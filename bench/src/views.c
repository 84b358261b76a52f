/* SPDX-License-Identifier: Apache-2.0 */
/* What it costs to see all processes of a machine:
 *
 *	views [-l] ATOLL [N...]      default: 1000 10000 25000; -l: libpidns only
 *
 * For each N it makes N processes, five to a PID namespace as a busy host of containers has
 * them (each tenth namespace inside of the one before, each hundredth process a zombie), and takes CPU
 * time (user and system) and peak memory of libpidns, of ATOLL and of other tools, each in a
 * process of its own, all in turn in every round. The tables have the median and the least of the rounds;
 * wall time is not in them, since other work on the machine is in that. (It is a bit in CPU time too, by caches
 * and hyperthreads: the goals are held against the least.) Needs root. What it started is
 * killed with it (PDEATHSIG). Exit status: 1 if one of the goals was missed. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pidns.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PER_NS = 5, NESTED = 10, ZOMBIES = 100, ROUNDS_MAX = 9, SIZES_MAX = 8, SPARE = 1000 };

static const char *program;
static bool only_library;

/* One way to look: a command, or libpidns with these fields. */
static const struct way {
	const char *name, *argv[8];
	uint32_t fields;
	bool one_ns;
} ways[] = {
	{ "libpidns, lean", { NULL }, PN_LEAN, false },
	{ "libpidns, full rows", { NULL }, PN_ROWS, false },
	{ "libpidns, full rows, all cgroups", { NULL }, PN_ROWS | PN_F_CGROUP, false },
	{ "libpidns, one container", { NULL }, PN_ROWS, true },
	{ "atoll ps", { "", "-q", "ps" }, 0, false },
	{ "atoll tree", { "", "-q", "tree" }, 0, false },
	{ "atoll ns -t pid", { "", "-q", "ns", "-t", "pid" }, 0, false },
	{ "lsns -t pid", { "lsns", "-t", "pid" }, 0, false },
	{ "lsns", { "lsns" }, 0, false },
	{ "ps -eo pid,ppid,pidns,cmd", { "ps", "-eo", "pid,ppid,pidns,cmd" }, 0, false },
	{ "pstree -p", { "pstree", "-p" }, 0, false },
};
enum { LEAN, ROWS, ROWS_CGROUP, ONE_NS, PS, TREE, NS, LSNS_PID, LSNS, PSTOOL, PSTREE, WAYS };
_Static_assert(sizeof(ways) / sizeof(ways[0]) == WAYS, "one name for each");

struct cost {
	double us[ROUNDS_MAX];
	int n;
	long peak_kib;
};

static struct size {
	int processes; /* asked for */
	size_t seen;   /* on the whole machine */
	struct cost cost[WAYS];
} sizes[SIZES_MAX];
static int nsize;

/* ---- the population ------------------------------------------------------------------------ */

static void die_with(pid_t parent)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (parent && getppid() != parent)
		_exit(1);
}

static __attribute__((noreturn)) void sleep_for_ever(void)
{
	for (;;)
		(void)pause();
}

/* PID 1 of a namespace, and those in it. */
static __attribute__((noreturn)) void live_in(int number)
{
	die_with(0); /* the parent is not visible; PID 1 goes with it, and all with PID 1 */
	for (int i = 1; i < PER_NS; i++)
		if (fork() == 0) {
			if ((number * PER_NS + i) % ZOMBIES == 0)
				_exit(0);
			sleep_for_ever();
		}
	sleep_for_ever();
}

/* Not unshare(2), which may be called once only. */
static pid_t clone_pidns(void)
{
	return (pid_t)syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);
}

static bool make(int n)
{
	for (int i = 0; i * PER_NS < n; i++) {
		pid_t pid = clone_pidns();

		if (pid < 0)
			return false;
		if (pid == 0 && i % NESTED == NESTED - 1) {
			die_with(0);
			if (clone_pidns() == 0)
				live_in(i);
			sleep_for_ever();
		}
		if (pid == 0)
			live_in(i);
	}
	return true;
}

static size_t count_processes(void)
{
	DIR *d = opendir("/proc");
	size_t n = 0;

	for (const struct dirent *e; d && (e = readdir(d));)
		n += e->d_name[0] >= '1' && e->d_name[0] <= '9';
	if (d)
		(void)closedir(d);
	return n;
}

static long number_in(const char *path)
{
	char buf[64] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, buf, sizeof(buf) - 1) < 0)
		buf[0] = '\0';
	if (fd >= 0)
		(void)close(fd);
	return strtol(buf, NULL, 10);
}

static bool fits(int n)
{
	long room = number_in("/proc/sys/kernel/pid_max") - (long)count_processes() - SPARE;

	if (room >= n && number_in("/proc/sys/user/max_pid_namespaces") > n / PER_NS + SPARE &&
	    number_in("/proc/sys/kernel/threads-max") > n + SPARE)
		return true;
	printf("%d processes: left out, the machine's limits allow about %ld more\n\n", n, room);
	return false;
}

static pid_t populate(int n)
{
	int ready[2];
	char ok = 0;
	pid_t pid, self = getpid();

	if (pipe2(ready, O_CLOEXEC) < 0 || (pid = fork()) < 0) {
		perror("populate");
		exit(2);
	}
	if (pid == 0) {
		die_with(self);
		ok = make(n);
		if (write(ready[1], &ok, 1) != 1)
			_exit(1);
		sleep_for_ever();
	}
	(void)close(ready[1]);
	if (read(ready[0], &ok, 1) != 1 || !ok)
		fprintf(stderr, "not all of %d processes could be made\n", n);
	(void)close(ready[0]);
	sleep(1 + (unsigned int)n / 5000); /* all are asleep, and the CPU is cool */
	return pid;
}

static void depopulate(pid_t maker)
{
	size_t before = count_processes(), now;

	(void)kill(maker, SIGKILL);
	(void)waitpid(maker, NULL, 0);
	/* Those in the namespaces end a little later. */
	for (int i = 0; i < 300; i++) {
		(void)usleep(100000);
		now = count_processes();
		if (now >= before && i > 10)
			break;
		before = now;
	}
}

/* ---- measuring ------------------------------------------------------------------------------- */

static double cpu_us(int who)
{
	struct rusage u;

	(void)getrusage(who, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

/* What a program pays that has the library: without fork and exit, which are milliseconds beside
 * the view of one container; that is taken several times, since the clock is coarse. */
static __attribute__((noreturn)) void look(const struct way *w, int ns_fd, int to)
{
	struct pn_opts o = PN_OPTS_INIT;
	int times = w->one_ns ? 20 : 1;
	double us = cpu_us(RUSAGE_SELF);

	o.fields = w->fields;
	for (int i = 0; i < times; i++) {
		struct pn_snap *s;

		if ((w->one_ns ? pn_snapshot_ns(&s, ns_fd, &o) : pn_snapshot(&s, &o)) < 0)
			_exit(1);
		pn_free(s);
	}
	us = (cpu_us(RUSAGE_SELF) - us) / times;
	_exit(write(to, &us, sizeof(us)) != sizeof(us));
}

static void command(const struct way *w)
{
	char *argv[8];
	int null = open("/dev/null", O_RDWR);

	(void)dup2(null, 0);
	(void)dup2(null, 1);
	(void)dup2(null, 2);
	memcpy(argv, w->argv, sizeof(argv));
	if (!*argv[0])
		argv[0] = strdup(program);
	(void)execvp(argv[0], argv);
	_exit(127);
}

/* In a child of its own, small as this process is: its CPU time and its peak. */
static void measure(const struct way *w, struct cost *c, int ns_fd)
{
	struct rusage u;
	int status = 0, tell[2];
	double us = 0;
	pid_t pid;

	if (pipe2(tell, O_CLOEXEC) < 0)
		return;
	pid = fork();
	if (pid == 0 && w->argv[0])
		command(w);
	if (pid == 0)
		look(w, ns_fd, tell[1]);
	(void)close(tell[1]);
	if (wait4(pid, &status, 0, &u) == pid && status == 0 && c->n < ROUNDS_MAX) {
		if (read(tell[0], &us, sizeof(us)) != sizeof(us))
			us = (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 +
			     (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
		c->us[c->n++] = us;
		if (u.ru_maxrss > c->peak_kib)
			c->peak_kib = u.ru_maxrss;
	}
	(void)close(tell[0]);
}

static int ascending(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double median(const struct cost *c)
{
	return c->n ? c->us[c->n / 2] : 0;
}

static double least(const struct cost *c)
{
	return c->n ? c->us[0] : 0;
}

/* A namespace of the population with all of its members. */
static int open_one(pid_t maker)
{
	struct pn_opts o = PN_OPTS_INIT;
	struct pn_snap *s;
	char path[64] = "";
	const struct pn_proc *p;

	o.fields = PN_LEAN;
	if (pn_snapshot(&s, &o) < 0)
		return -1;
	p = pn_find(s, maker);
	if (p && p->child)
		(void)snprintf(path, sizeof(path), "/proc/%d/ns/pid", (int)p->child->pid);
	pn_free(s);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static void print_size(const struct size *z)
{
	printf("%d processes in %d PID namespaces, %zu on the machine, %d rounds\n", z->processes,
	       z->processes / PER_NS, z->seen, z->cost[LEAN].n);
	printf("  %-34s %12s %12s %12s %10s\n", "", "CPU ms", "us/process", "least", "peak MiB");
	for (int i = 0; i < WAYS; i++) {
		const struct cost *c = &z->cost[i];
		double all = ways[i].one_ns ? PER_NS : (double)z->seen;

		if (c->n == 0)
			printf("  %-34s not asked, not there, or failed\n", ways[i].name);
		else
			printf("  %-34s %12.2f %12.1f %12.1f %10.1f\n", ways[i].name,
			       median(c) / 1000, median(c) / all, least(c) / all,
			       (double)c->peak_kib / 1024);
	}
	printf("\n");
}

static void one_size(int n)
{
	struct size *z = &sizes[nsize];
	int rounds = n <= 2000 ? 9 : n <= 12000 || only_library ? 7 : 3, ns_fd;
	pid_t maker;

	if (nsize == SIZES_MAX || !fits(n))
		return;
	nsize++;
	z->processes = n;
	maker = populate(n);
	z->seen = count_processes();
	ns_fd = open_one(maker);
	for (int r = 0; r < rounds; r++)
		for (int i = 0; i < WAYS; i++)
			/* Quadratic: half a minute each with 25,000. */
			if ((i != LSNS || n <= 12000 || r == 0) &&
			    !(only_library && ways[i].argv[0]))
				measure(&ways[i], &z->cost[i], ns_fd);
	if (ns_fd >= 0)
		(void)close(ns_fd);
	for (int i = 0; i < WAYS; i++)
		qsort(z->cost[i].us, (size_t)z->cost[i].n, sizeof(double), ascending);
	depopulate(maker);
	print_size(z);
}

/* ---- the goals --------------------------------------------------------------------------------- */

static int goal(const char *what, double value, double most)
{
	printf("  %-66s %8.2f  %s %.2f\n", what, value,
	       value <= most ? "kept:  " : "MISSED:", most);
	return value > most;
}

static double each(const struct size *z, int way)
{
	return least(&z->cost[way]) / (double)z->seen;
}

static int goals(void)
{
	const struct size *mid = NULL, *big = NULL;
	int missed = 0;

	for (int i = 0; i < nsize; i++) {
		if (sizes[i].processes == 10000)
			mid = &sizes[i];
		if (sizes[i].processes == 25000)
			big = &sizes[i];
	}
	printf("Goals\n");
	if (mid) {
		missed += goal("10k: lean, us/process", each(mid, LEAN), 20);
		missed += goal("10k: full rows, us/process", each(mid, ROWS), 36);
		missed += goal("10k: one container, ms", least(&mid->cost[ONE_NS]) / 1000, 1);
		if (mid->cost[LSNS].n)
			missed += goal("10k: lean / lsns", each(mid, LEAN) / each(mid, LSNS), 0.2);
		if (mid->cost[LSNS].n)
			missed += goal("10k: full rows / lsns", each(mid, ROWS) / each(mid, LSNS),
				       0.2);
	}
	if (mid && big) {
		missed += goal("25k/10k per process: lean", each(big, LEAN) / each(mid, LEAN), 1.1);
		missed += goal("25k/10k per process: full rows", each(big, ROWS) / each(mid, ROWS),
			       1.1);
	}
	return missed > 0;
}

int main(int argc, char **argv)
{
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc > 1 && strcmp(argv[1], "-l") == 0) {
		only_library = true;
		argv++;
		argc--;
	}
	if (argc < 2 || geteuid() != 0) {
		fprintf(stderr, "usage, as root: views [-l] ATOLL [N...]\n");
		return 2;
	}
	program = argv[1];
	if (argc == 2) {
		one_size(1000);
		one_size(10000);
		one_size(25000);
	}
	for (int i = 2; i < argc; i++)
		one_size((int)strtol(argv[i], NULL, 10));
	return goals();
}
