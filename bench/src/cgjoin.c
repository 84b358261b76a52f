/* SPDX-License-Identifier: Apache-2.0 */
/* cgjoin CGROUP_DIR...: what does joining cost?  For each directory (made and removed here) and for several pauses between
 * joins: median us of write(cgroup.procs) of a fresh child, and of clone3(CLONE_INTO_CGROUP) where it is cgroup2.
 * On cgroup2 and v1 alike the write takes cgroup_threadgroup_rwsem for writing: after a pause that waits for an RCU
 * grace period.  CLONE_INTO_CGROUP does not. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif
static int64_t ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}
static int cmp(const void *a, const void *b)
{
	double x = *(double *)a, y = *(double *)b;
	return x < y ? -1 : x > y;
}
struct cl3 {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid,
		set_tid_size, cgroup;
};
int main(int argc, char **argv)
{
	static const int gap[] = { 0, 1000, 4000, 20000, 100000 };
	enum { N = 25 };
	double v[N];
	for (int a = 1; a < argc; a++) {
		char d[300], p[320];
		snprintf(d, sizeof d, "%s/cgjoin-%d", argv[a], (int)getpid());
		if (mkdir(d, 0755)) {
			perror(d);
			continue;
		}
		if (strstr(d, "/cpuset/")) {
			char b[256];
			snprintf(p, sizeof p, "%s/cpuset.cpus", argv[a]);
			int f = open(p, O_RDONLY);
			ssize_t n = read(f, b, sizeof b);
			close(f);
			snprintf(p, sizeof p, "%s/cpuset.cpus", d);
			f = open(p, O_WRONLY);
			if (write(f, b, n > 0 ? n : 0) < 0)
				perror(p);
			close(f);
			snprintf(p, sizeof p, "%s/cpuset.mems", d);
			f = open(p, O_WRONLY);
			if (write(f, "0", 1) < 0)
				perror(p);
			close(f);
		}
		struct statfs sf;
		statfs(argv[a], &sf);
		int v2 = sf.f_type == 0x63677270;
		snprintf(p, sizeof p, "%s/cgroup.procs", d);
		int fd = open(p, O_WRONLY | O_CLOEXEC),
		    dfd = open(d, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		for (int mode = 0; mode < 1 + v2; mode++) {
			printf("%-28s %-18s us after a pause of", argv[a],
			       mode ? "CLONE_INTO_CGROUP" : "write cgroup.procs");
			for (unsigned g = 0; g < sizeof gap / sizeof *gap; g++) {
				for (int i = 0; i < N; i++) {
					if (gap[g])
						usleep(gap[g]);
					struct cl3 c = { .exit_signal = SIGCHLD };
					if (mode) {
						c.flags = CLONE_INTO_CGROUP;
						c.cgroup = dfd;
					}
					int64_t t0 = ns();
					pid_t k = syscall(SYS_clone3, &c, sizeof c);
					if (k == 0) {
						pause();
						_exit(0);
					}
					if (k < 0) {
						perror("clone3");
						return 1;
					}
					int64_t t1 = ns();
					if (!mode) {
						char b[16];
						int n = snprintf(b, sizeof b, "%d", (int)k);
						t0 = ns();
						if (write(fd, b, n) < 0)
							perror("join");
						t1 = ns();
					}
					v[i] = (t1 - t0) / 1e3;
					kill(k, SIGKILL);
					waitpid(k, NULL, 0);
				}
				qsort(v, N, sizeof *v, cmp);
				printf("  %g ms: %.0f (p90 %.0f)", gap[g] / 1e3, v[N / 2],
				       v[N * 9 / 10]);
			}
			putchar('\n');
		}
		close(fd);
		close(dfd);
		for (int i = 0; i < 100 && rmdir(d); i++)
			usleep(1000);
	}
	return 0;
}
