/* SPDX-License-Identifier: Apache-2.0 */
/* initbench: measure an init (PID 1) program.
 *   initbench [-o ORPHANS] [-b BATCH] [-n SIGNALS] [-t IDLE_SECONDS] -- INIT [ARGS...]
 * runs INIT [ARGS] PAYLOAD as PID 1 of a new PID namespace and prints one line of figures each:
 *   mem     Rss, Pss and private memory of the idle init (smaps_rollup), context switches while idle
 *   reap    time to reap ORPHANS orphans that die BATCH at a time (alive together, then all exit at once)
 *   signal  us from kill(init, USR1) outside to the handler of the payload, and straight to the payload as floor
 *   stop    us from kill(init, TERM) until the init is gone (payload exits at once on TERM)
 * INIT "none" runs the payload itself as PID 1.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
struct sh {
	volatile int64_t t_sig, t_storm0, t_storm1, storm_us, alive_max;
	volatile int ready, got, pidns_pid;
};
static struct sh *S;
static int64_t ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}
static void on_usr1(int s)
{
	(void)s;
	S->t_sig = ns();
	S->got++;
}
static void on_term(int s)
{
	(void)s;
	_exit(0);
}
static void map(const char *p)
{
	int fd = open(p, O_RDWR | O_CLOEXEC);
	S = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (S == MAP_FAILED)
		_exit(99);
	close(fd);
}
/* payload: storm PATH ORPHANS BATCH */
static int storm(int total, int batch)
{
	pid_t *pids = calloc(batch, sizeof *pids);
	int64_t spent = 0;
	for (int done = 0; done < total; done += batch) {
		int gate[2], names[2];
		if (pipe2(gate, O_CLOEXEC) || pipe2(names, O_CLOEXEC))
			return 1;
		pid_t mid = fork();
		if (mid ==
		    0) { /* the middle process makes the batch and dies: all become orphans */
			close(gate[1]);
			for (int i = 0; i < batch; i++) {
				pid_t p = fork();
				if (p == 0) {
					char c;
					if (read(gate[0], &c, 1)) {
					}
					_exit(0);
				}
				if (p < 0 || write(names[1], &p, sizeof p) != sizeof p)
					_exit(1);
			}
			_exit(0);
		}
		close(names[1]);
		close(gate[0]);
		int n = 0;
		while (n < batch && read(names[0], &pids[n], sizeof *pids) == sizeof *pids)
			n++;
		close(names[0]);
		waitpid(mid, NULL, 0);
		int64_t t0 = ns();
		close(gate[1]); /* all exit now */
		for (int i = 0; i < n; i++)
			while (kill(pids[i], 0) == 0)
				if (ns() - t0 > 20000000000LL)
					return 3; /* never reaped */
				else
					usleep(100);
		spent += ns() - t0;
		if (n < batch)
			return 1;
	}
	S->storm_us = spent / 1000;
	return 0;
}
static int payload(char **a)
{
	map(a[1]);
	if (!strcmp(a[0], "storm"))
		return storm(atoi(a[2]), atoi(a[3]));
	struct sigaction sa = { .sa_handler = on_usr1, .sa_flags = SA_RESTART },
			 st = { .sa_handler = on_term };
	sigaction(SIGUSR1, &sa, NULL);
	sigaction(SIGTERM, &st, NULL);
	sigset_t m;
	sigemptyset(&m);
	sigprocmask(SIG_SETMASK, &m, NULL);
	S->ready = 1;
	for (;;)
		pause();
}
static char *self, *shm;
static pid_t launch(char **init, int ni, char **pl)
{
	char *v[64];
	int n = 0;
	for (int i = 0; i < ni; i++)
		v[n++] = init[i];
	v[n++] = self;
	for (; *pl; pl++)
		v[n++] = *pl;
	v[n] = NULL;
	fflush(stdout);
	pid_t p = syscall(SYS_clone, CLONE_NEWPID | CLONE_NEWNS | SIGCHLD, 0, 0, 0, 0);
	if (p == 0) {
		mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
		mount("proc", "/proc", "proc", 0, NULL);
		execvp(v[0], v);
		_exit(126);
	}
	return p;
}
static int field(pid_t p, const char *file, const char *key)
{
	char b[128], l[256];
	int v = -1;
	snprintf(b, sizeof b, "/proc/%d/%s", (int)p, file);
	FILE *f = fopen(b, "r");
	while (f && fgets(l, sizeof l, f))
		if (!strncmp(l, key, strlen(key)))
			v = atoi(l + strlen(key));
	if (f)
		fclose(f);
	return v;
}
static pid_t first_child(pid_t p)
{
	char b[128];
	snprintf(b, sizeof b, "/proc/%d/task/%d/children", (int)p, (int)p);
	FILE *f = fopen(b, "r");
	int c = 0;
	if (f && fscanf(f, "%d", &c) != 1)
		c = 0;
	if (f)
		fclose(f);
	return c;
}
static int cmp(const void *a, const void *b)
{
	double x = *(double *)a, y = *(double *)b;
	return x < y ? -1 : x > y;
}
static double lat(pid_t to, int n, double *out)
{
	int lost = 0;
	for (int i = 0; i < n; i++) {
		int g = S->got;
		usleep(200);
		int64_t t0 = ns();
		kill(to, SIGUSR1);
		while (S->got == g)
			if (ns() - t0 > 200000000LL) {
				lost++;
				break;
			} else
				sched_yield();
		out[i] = (S->t_sig - t0) / 1e3;
	}
	qsort(out, n, sizeof *out, cmp);
	return lost;
}
int main(int argc, char **argv)
{
	if (argc > 3 && !strcmp(argv[1], "--payload"))
		return payload(argv + 2);
	int o, orphans = 10000, batch = 1000, nsig = 500, idle = 5;
	while ((o = getopt(argc, argv, "+o:b:n:t:")) != -1)
		switch (o) {
		case 'o': orphans = atoi(optarg); break;
		case 'b': batch = atoi(optarg); break;
		case 'n': nsig = atoi(optarg); break;
		case 't': idle = atoi(optarg); break;
		default: return 2;
		}
	char **init = argv + optind;
	int ni = argc - optind;
	if (!ni)
		return 2;
	const char *name = strrchr(init[0], '/') ? strrchr(init[0], '/') + 1 : init[0];
	int none = !strcmp(init[0], "none");
	static char selfb[512], shmb[64];
	ssize_t l = readlink("/proc/self/exe", selfb, sizeof selfb - 1);
	selfb[l > 0 ? l : 0] = 0;
	self = selfb;
	snprintf(shmb, sizeof shmb, "/dev/shm/initbench.%d", (int)getpid());
	shm = shmb;
	int fd = open(shm, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || ftruncate(fd, 4096))
		return 1;
	map(shm);
	char *idlep[] = { "--payload", "sink", shm, NULL };
	pid_t p = launch(init, none ? 0 : ni, idlep);
	for (int i = 0; !S->ready && i < 3000; i++)
		usleep(1000);
	if (!S->ready) {
		printf("%-14s did not start its payload\n", name);
		kill(p, SIGKILL);
		unlink(shm);
		return 1;
	}
	usleep(300000);
	int cs0 = field(p, "status", "voluntary_ctxt_switches:");
	sleep(idle);
	int cs1 = field(p, "status", "voluntary_ctxt_switches:");
	printf("%-14s mem rss %d pss %d private %d KiB, threads %d, wakeups %d in %d s idle\n",
	       name, field(p, "smaps_rollup", "Rss:"), field(p, "smaps_rollup", "Pss:"),
	       field(p, "smaps_rollup", "Private_Dirty:") +
		       field(p, "smaps_rollup", "Private_Clean:"),
	       field(p, "status", "Threads:"), cs1 - cs0, idle);
	double *v = calloc(nsig, sizeof *v), *w = calloc(nsig, sizeof *w);
	pid_t c = none ? p : first_child(p);
	double lost = lat(p, nsig, v), lost2 = c ? lat(c, nsig, w) : 0;
	printf("%-14s signal via init med %.1f min %.1f p99 %.1f us lost %.0f; straight med %.1f min %.1f us lost %.0f\n",
	       name, v[nsig / 2], v[0], v[nsig * 99 / 100], lost, w[nsig / 2], w[0], lost2);
	int64_t t0 = ns();
	kill(p, SIGTERM);
	int st = 0, gone = 0;
	for (int i = 0; i < 100000 && !gone; i++) {
		gone = waitpid(p, &st, WNOHANG) == p;
		if (!gone)
			usleep(50);
	}
	printf("%-14s stop %.0f us, status 0x%x%s\n", name, (ns() - t0) / 1e3, st,
	       gone ? "" : " NOT GONE");
	if (!gone) {
		kill(p, SIGKILL);
		waitpid(p, &st, 0);
	}
	char on[16], bn[16];
	snprintf(on, sizeof on, "%d", orphans);
	snprintf(bn, sizeof bn, "%d", batch);
	char *sp[] = { "--payload", "storm", shm, on, bn, NULL };
	S->storm_us = 0;
	if (!none) {
		p = launch(init, ni, sp);
		waitpid(p, &st, 0);
		printf("%-14s reap %d orphans in batches of %d: %.1f ms, %.2f us each, status 0x%x\n",
		       name, orphans, batch, S->storm_us / 1e3, (double)S->storm_us / orphans, st);
	}
	unlink(shm);
	return 0;
}
