/* SPDX-License-Identifier: Apache-2.0 */
/* N processes in namespaces of their own, with a /proc each and a filter as long as an engine's;
 * then the command, five times, best of them: wall and CPU time. All end with this program. */
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { FILTER = 1000, ROUNDS = 5 };

static int ready[2];

static void load_filter(void)
{
	static struct sock_filter insns[FILTER];
	struct sock_fprog prog = { FILTER, insns };

	insns[0] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						offsetof(struct seccomp_data, nr));
	for (unsigned int i = 1; i < FILTER - 2; i++) /* numbers of no call, but for one */
		insns[i] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
							i == 1 ? SYS_mount : 100000 + i,
							i == 1 ? FILTER - 4 : 0, 0);
	insns[FILTER - 2] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	insns[FILTER - 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 1);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) < 0)
		perror("seccomp");
}

static int contained(void *arg)
{
	(void)arg;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("proc", "/proc", "proc", 0, NULL) < 0)
		perror("mount");
	load_filter();
	if (write(ready[1], "x", 1) != 1)
		return 1;
	for (;;)
		(void)pause();
}

static double seconds(const struct timeval *tv)
{
	return (double)tv->tv_sec + (double)tv->tv_usec / 1e6;
}

static double now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void measure(const char *atoll, const char *option)
{
	double best = 1e9, user = 0, sys = 0;

	for (int i = 0; i < ROUNDS; i++) {
		double began = now(), took;
		struct rusage u;
		pid_t pid;

		(void)fflush(stdout);
		pid = fork();

		if (pid == 0) {
			if (!freopen("/dev/null", "w", stdout))
				_exit(1);
			execl(atoll, atoll, "audit", "--live", option, "--format", "json",
			      "--fail-on", "none", (char *)NULL);
			_exit(127);
		}
		if (wait4(pid, NULL, 0, &u) != pid)
			return;
		took = now() - began;
		if (took < best) {
			best = took;
			user = seconds(&u.ru_utime);
			sys = seconds(&u.ru_stime);
		}
	}
	printf("%-13s wall %.3f s, user %.3f s, system %.3f s\n", option, best, user, sys);
}

int main(int argc, char **argv)
{
	enum { STACK = 64 << 10 };
	int n = argc > 2 ? atoi(argv[2]) : 500;
	char *stack = malloc(STACK), c;

	if (argc < 2 || !stack || pipe(ready) < 0)
		return 2;
	for (int i = 0; i < n; i++)
		if (clone(contained, stack + STACK,
			  CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET |
				  CLONE_NEWCGROUP | SIGCHLD,
			  NULL) < 0 ||
		    read(ready[0], &c, 1) != 1) {
			perror("clone");
			return 1;
		}
	measure(argv[1], "--seccomp");
	measure(argv[1], "--no-seccomp");
	return 0;
}
