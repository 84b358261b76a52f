/* SPDX-License-Identifier: Apache-2.0 */
/* What a snapshot costs:
 *
 *	bench-pidns [N...]      default: 1000 10000
 *
 * Makes N sleeping processes, five to a PID namespace as a busy host of containers has them, and prints
 * the CPU (user and system) and the wall time for each process of the whole machine, and
 * the view of one namespace; the median of several rounds. Needs root. */
#include <fcntl.h>
#include <pidns.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PER_NS = 5, ROUNDS = 9 };

static __attribute__((noreturn)) void sleep_for_ever(void)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		(void)pause();
}

static void make(int n)
{
	for (int made = 0; made < n; made += PER_NS) {
		/* Not unshare(2), which may be called once only. */
		long pid = syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);

		if (pid < 0) {
			perror("clone");
			exit(1);
		}
		if (pid == 0) {
			for (int i = 1; i < PER_NS; i++)
				if (fork() == 0)
					sleep_for_ever();
			sleep_for_ever();
		}
	}
}

static pid_t populate(int n)
{
	int ready[2];
	char byte;
	pid_t pid;

	if (pipe(ready) < 0 || (pid = fork()) < 0) {
		perror("populate");
		exit(1);
	}
	if (pid == 0) {
		close(ready[0]);
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		make(n);
		if (write(ready[1], "", 1) != 1)
			_exit(1);
		sleep_for_ever();
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1) {
		fprintf(stderr, "could not make %d processes\n", n);
		exit(1);
	}
	close(ready[0]);
	sleep(1 + (unsigned int)n / 5000);
	return pid;
}

static double cpu_us(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static double wall_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int ascending(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void measure(const char *name, uint32_t fields, int ns_fd)
{
	double cpu[ROUNDS], wall[ROUNDS];
	struct pn_opts o = PN_OPTS_INIT;
	size_t count = 1;

	o.fields = fields;
	for (int i = 0; i < ROUNDS; i++) {
		double c = cpu_us(), w = wall_us();
		struct pn_snap *s;
		int r = ns_fd >= 0 ? pn_snapshot_ns(&s, ns_fd, &o) : pn_snapshot(&s, &o);

		if (r < 0) {
			printf("  %-10s %s\n", name, strerror(-r));
			return;
		}
		count = pn_count(s);
		pn_free(s);
		cpu[i] = cpu_us() - c;
		wall[i] = wall_us() - w;
	}
	qsort(cpu, ROUNDS, sizeof(cpu[0]), ascending);
	qsort(wall, ROUNDS, sizeof(wall[0]), ascending);
	printf("  %-10s %6zu processes  CPU %8.0f us = %5.1f us each (least %.1f)  wall %8.0f us\n",
	       name, count, cpu[ROUNDS / 2], cpu[ROUNDS / 2] / (double)count,
	       cpu[0] / (double)count, wall[ROUNDS / 2]);
}

static void one(int n)
{
	pid_t maker = populate(n), init = 0;
	struct pn_snap *s;
	char path[64];
	struct rusage u;
	int fd;

	printf("%d processes in %d namespaces\n", n, n / PER_NS);
	if (pn_snapshot(&s, NULL) == 0) {
		const struct pn_proc *p = pn_find(s, maker);

		init = p && p->child ? p->child->pid : 0;
		pn_free(s);
	}
	measure("lean", PN_LEAN, -1);
	measure("full rows", PN_F_CMDLINE | PN_F_CGROUP, -1);
	measure("PN_ROWS", PN_ROWS, -1);
	measure("PN_ALL", PN_ALL, -1);
	snprintf(path, sizeof(path), "/proc/%d/ns/pid", (int)init);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		measure("one ns", PN_ROWS, fd);
		close(fd);
	}
	getrusage(RUSAGE_SELF, &u);
	printf("  peak memory %ld KiB\n", u.ru_maxrss);
	kill(maker, SIGKILL);
	while (wait(NULL) > 0)
		continue;
	sleep(1);
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 1) {
		one(1000);
		one(10000);
	}
	for (int i = 1; i < argc; i++)
		one((int)strtol(argv[i], NULL, 10));
	return 0;
}
