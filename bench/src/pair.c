/* SPDX-License-Identifier: Apache-2.0 */
/* pair: time several commands in turn (all of them once a round, order shuffled) as whole processes and print medians and ratios.
 *
 * usage: pair [-n ROUNDS] [-w WARMUP] [-c CPU] [-g GAP_US] [-d DIR] [-q] [-o CSV] [-B BASE[,BASE2]] \
 *             -C NAME -r 'TIMED CMD' [-b 'BEFORE CMD'] [-a 'AFTER CMD']  [-C NAME2 -r ...]
 * -g: pause after each run, default 4000 us, so that the kernel's delayed teardown falls in no one's time; 0: back to back.
 * In a command {i} becomes a number unique to the round, candidate and process; words are split at blanks, no shell.
 * BEFORE and AFTER are run untimed around each timed command.  Their failure, and a failure of the timed command,
 * is counted and shown.  Wall time is CLOCK_MONOTONIC around posix_spawn..wait4; cpu and peak RSS are wait4's.
 * -s: sequence mode, one candidate: no AFTER until the end; prints the time of the k-th run by bins (growth).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;
enum { MAXC = 32, MAXW = 64 };
struct cand {
	const char *name, *run, *before, *after;
	double *wall, *cpu;
	long *rss;
	int fails, bfails, afails, laststatus;
};
static struct cand C[MAXC];
static int nc, rounds = 50, warm = 2, quiet, seqmode, logfd = -1;
static long gap_us = 4000;
static const char *dir, *csv, *base = NULL;

static double now_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static int split(const char *cmd, const char *id, char **argv, char *buf, size_t len)
{
	int n = 0;
	char *o = buf, *end = buf + len - 1;
	for (const char *p = cmd; *p;) {
		while (*p == ' ')
			p++;
		if (!*p || n == MAXW - 1)
			break;
		argv[n++] = o;
		while (*p && *p != ' ' && o < end - 40) {
			if (!strncmp(p, "{i}", 3)) {
				o = stpcpy(o, id);
				p += 3;
			} else
				*o++ = *p++;
		}
		*o++ = 0;
	}
	argv[n] = NULL;
	return n;
}

static int spawn_wait(const char *cmd, const char *id, double *wall, struct rusage *ru)
{
	char *argv[MAXW], buf[8192];
	if (!split(cmd, id, argv, buf, sizeof buf))
		return 0;
	posix_spawn_file_actions_t fa;
	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_addopen(&fa, 0, "/dev/null", O_RDONLY, 0);
	if (logfd >= 0) {
		posix_spawn_file_actions_adddup2(&fa, logfd, 1);
		posix_spawn_file_actions_adddup2(&fa, logfd, 2);
	} else {
		posix_spawn_file_actions_addopen(&fa, 1, "/dev/null", O_WRONLY, 0);
		posix_spawn_file_actions_addopen(&fa, 2, "/dev/null", O_WRONLY, 0);
	}
	pid_t pid;
	int st = 0;
	struct rusage r;
	double t0 = now_us();
	int e = posix_spawnp(&pid, argv[0], &fa, NULL, argv, environ);
	if (e) {
		fprintf(stderr, "pair: %s: %s\n", argv[0], strerror(e));
		posix_spawn_file_actions_destroy(&fa);
		return 127 << 8;
	}
	while (wait4(pid, &st, 0, &r) < 0 && errno == EINTR)
		;
	double t1 = now_us();
	posix_spawn_file_actions_destroy(&fa);
	if (wall)
		*wall = t1 - t0;
	if (ru)
		*ru = r;
	return st;
}

static int cmpd(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}
static double med(const double *v, int n, double q)
{
	if (n <= 0)
		return 0;
	double *s = malloc(n * sizeof *s);
	memcpy(s, v, n * sizeof *s);
	qsort(s, n, sizeof *s, cmpd);
	double p = q * (n - 1);
	int i = (int)p;
	double r = i + 1 < n ? s[i] + (p - i) * (s[i + 1] - s[i]) : s[i];
	free(s);
	return r;
}

int main(int argc, char **argv)
{
	int o;
	while ((o = getopt(argc, argv, "n:w:c:g:d:qo:B:C:r:b:a:sl:")) != -1) {
		struct cand *k = nc ? &C[nc - 1] : NULL;
		switch (o) {
		case 'n': rounds = atoi(optarg); break;
		case 'w': warm = atoi(optarg); break;
		case 'g': gap_us = atol(optarg); break;
		case 'd': dir = optarg; break;
		case 'q': quiet = 1; break;
		case 'o': csv = optarg; break;
		case 'B': base = optarg; break;
		case 's': seqmode = 1; break;
		case 'l':
			logfd = open(optarg, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
			break;
		case 'c': {
			cpu_set_t s;
			CPU_ZERO(&s);
			CPU_SET(atoi(optarg), &s);
			sched_setaffinity(0, sizeof s, &s);
			break;
		}
		case 'C':
			if (nc == MAXC)
				return 2;
			C[nc++].name = optarg;
			break;
		case 'r':
			if (!k)
				return 2;
			k->run = optarg;
			break;
		case 'b':
			if (!k)
				return 2;
			k->before = optarg;
			break;
		case 'a':
			if (!k)
				return 2;
			k->after = optarg;
			break;
		default: return 2;
		}
	}
	if (!nc)
		return fprintf(stderr, "pair: no -C candidate\n"), 2;
	if (dir && chdir(dir))
		return perror(dir), 2;
	for (int c = 0; c < nc; c++) {
		C[c].wall = calloc(rounds, sizeof(double));
		C[c].cpu = calloc(rounds, sizeof(double));
		C[c].rss = calloc(rounds, sizeof(long));
	}
	char id[64];
	if (seqmode) {
		struct cand *k = &C[0];
		for (int r = 0; r < rounds; r++) {
			struct rusage ru;
			snprintf(id, sizeof id, "s%dx%d", (int)getpid(), r);
			int st = spawn_wait(k->run, id, &k->wall[r], &ru);
			k->fails += st != 0;
			if (gap_us)
				usleep(gap_us);
		}
		double *down = calloc(rounds, sizeof *down);
		if (k->before) /* -b: run once at full population, e.g. a measuring script */
			spawn_wait(k->before, "full", NULL, NULL);
		for (int r = 0; k->after && r < rounds; r++) {
			snprintf(id, sizeof id, "s%dx%d", (int)getpid(), r);
			k->afails += spawn_wait(k->after, id, &down[r], NULL) != 0;
		}
		printf("%-14s start us by k:", k->name);
		static const int at[] = { 0, 10, 50, 100, 200, 300, 400, 500, 1000 };
		for (unsigned b = 0; b + 1 < sizeof at / sizeof *at && at[b] < rounds; b++) {
			int lo = at[b], hi = lo + 10 <= rounds ? lo + 10 : rounds;
			printf(" %d:%.0f", lo + 1, med(k->wall + lo, hi - lo, .5));
		}
		printf(" last10:%.0f", med(k->wall + (rounds > 10 ? rounds - 10 : 0),
					   rounds > 10 ? 10 : rounds, .5));
		printf("  all: med %.0f min %.0f max %.0f fails %d\n", med(k->wall, rounds, .5),
		       med(k->wall, rounds, 0), med(k->wall, rounds, 1), k->fails);
		if (k->after)
			printf("%-14s stop  us first10:%.0f last10:%.0f all med %.0f max %.0f fails %d\n",
			       k->name, med(down, rounds < 10 ? rounds : 10, .5),
			       med(down + (rounds > 10 ? rounds - 10 : 0),
				   rounds > 10 ? 10 : rounds, .5),
			       med(down, rounds, .5), med(down, rounds, 1), k->afails);
		return 0;
	}
	unsigned seed = 1;
	int perm[MAXC];
	for (int c = 0; c < nc; c++)
		perm[c] = c;
	for (int r = -warm; r < rounds; r++) {
		for (int c = nc - 1; c > 0;
		     c--) { /* a new order each round: what one leaves behind must not always hit the same next */
			int x = rand_r(&seed) % (c + 1), t = perm[c];
			perm[c] = perm[x];
			perm[x] = t;
		}
		for (int c = 0; c < nc; c++) {
			struct cand *k = &C[perm[c]];
			double w = 0;
			struct rusage ru = { 0 };
			snprintf(id, sizeof id, "p%dx%dx%d", (int)getpid(), r + warm, (int)(k - C));
			if (k->before)
				k->bfails += spawn_wait(k->before, id, NULL, NULL) != 0;
			int st = spawn_wait(k->run, id, &w, &ru);
			if (k->after)
				k->afails += spawn_wait(k->after, id, NULL, NULL) != 0;
			if (gap_us)
				usleep(gap_us);
			if (r < 0)
				continue;
			if (st)
				k->fails++, k->laststatus = st;
			k->wall[r] = w;
			k->cpu[r] = (ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) * 1e6 +
				    ru.ru_utime.tv_usec + ru.ru_stime.tv_usec;
			k->rss[r] = ru.ru_maxrss;
		}
	}
	if (!quiet)
		printf("%-14s %9s %9s %9s %9s %9s %8s %s\n", "candidate", "med_us", "min_us",
		       "p90_us", "max_us", "cpu_us", "rss_kb", "fails");
	for (int c = 0; c < nc; c++) {
		struct cand *k = &C[c];
		double *rs = malloc(rounds * sizeof *rs);
		for (int r = 0; r < rounds; r++)
			rs[r] = k->rss[r];
		printf("%-14s %9.0f %9.0f %9.0f %9.0f %9.0f %8.0f %d", k->name,
		       med(k->wall, rounds, .5), med(k->wall, rounds, 0), med(k->wall, rounds, .9),
		       med(k->wall, rounds, 1), med(k->cpu, rounds, .5), med(rs, rounds, .5),
		       k->fails);
		if (k->fails)
			printf(" (last status 0x%x)", k->laststatus);
		if (k->bfails || k->afails)
			printf(" (before fails %d, after fails %d)", k->bfails, k->afails);
		putchar('\n');
		free(rs);
	}
	char bases[256];
	snprintf(bases, sizeof bases, "%s", base ? base : C[0].name);
	for (char *sv, *b = strtok_r(bases, ",", &sv); b; b = strtok_r(NULL, ",", &sv)) {
		struct cand *B = NULL;
		for (int c = 0; c < nc; c++)
			if (!strcmp(C[c].name, b))
				B = &C[c];
		if (!B)
			continue;
		for (int c = 0; c < nc; c++) {
			if (&C[c] == B)
				continue;
			double *q = malloc(rounds * sizeof *q);
			for (int r = 0; r < rounds; r++)
				q[r] = C[c].wall[r] / B->wall[r];
			printf("ratio %s/%s wall med %.2f (p10 %.2f, p90 %.2f)\n", C[c].name,
			       B->name, med(q, rounds, .5), med(q, rounds, .1), med(q, rounds, .9));
			free(q);
		}
	}
	if (csv) {
		FILE *f = fopen(csv, "w");
		if (f) {
			fprintf(f, "name,round,wall_us,cpu_us,rss_kb\n");
			for (int c = 0; c < nc; c++)
				for (int r = 0; r < rounds; r++)
					fprintf(f, "%s,%d,%.1f,%.0f,%ld\n", C[c].name, r,
						C[c].wall[r], C[c].cpu[r], C[c].rss[r]);
			fclose(f);
		}
	}
	int bad = 0;
	for (int c = 0; c < nc; c++)
		bad |= C[c].fails;
	return bad ? 1 : 0;
}
