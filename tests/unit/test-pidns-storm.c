/* SPDX-License-Identifier: Apache-2.0 */
/* A fork storm in a PID namespace with few numbers: does a row ever mix two processes?
 *
 * Each process of the storm writes its serial number over its arguments, and only then takes it as
 * its name. So a name "r17" beside arguments that are not "17" are of two processes. */
#include <errno.h>
#include <fcntl.h>
#include <pidns.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "test.h"

enum { SECONDS = 3, ENOUGH = 500, PID_MAX = 330, FORKERS = 2 };

static char *args;
static size_t args_len;
static unsigned int *serial; /* shared by the forkers */

static void one_of_the_storm(void)
{
	char text[32], name[16];
	unsigned int n = __atomic_add_fetch(serial, 1, __ATOMIC_RELAXED);

	snprintf(text, sizeof(text), "%u", n);
	memset(args, 0, args_len);
	memcpy(args, text, strlen(text));
	snprintf(name, sizeof(name), "r%u", n);
	(void)prctl(PR_SET_NAME, name);
	for (volatile int i = 0; i < (int)(n % 7) * 20000; i = i + 1)
		continue;
	_exit(0);
}

static __attribute__((noreturn)) void forker(void)
{
	for (;;) {
		pid_t pid = fork();

		if (pid == 0)
			one_of_the_storm();
		if (pid > 0)
			(void)waitpid(pid, NULL, 0);
	}
}

static bool own_pid_max(void)
{
	struct utsname u;
	unsigned int major = 0, minor = 0;
	const char *p;

	/* Before 6.14 the number is the whole machine's. */
	if (uname(&u) < 0)
		return false;
	for (p = u.release; *p >= '0' && *p <= '9'; p++)
		major = major * 10 + (unsigned int)(*p - '0');
	for (p += *p == '.'; *p >= '0' && *p <= '9'; p++)
		minor = minor * 10 + (unsigned int)(*p - '0');
	return major > 6 || (major == 6 && minor >= 14);
}

static bool set_pid_max(void)
{
	int fd = open("/proc/sys/kernel/pid_max", O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && dprintf(fd, "%d\n", PID_MAX) > 0;

	if (fd >= 0)
		close(fd);
	return ok;
}

/* How many rows mix two processes; -1: the snapshot failed. */
static int look(size_t *rows)
{
	struct pn_opts o = PN_OPTS_INIT;
	struct pn_snap *s;
	char want[32];
	int mixed = 0;

	o.fields = PN_F_CMDLINE | PN_F_CGROUP | PN_F_START;
	if (pn_snapshot(&s, &o) < 0)
		return -1;
	for (size_t i = 0; i < pn_count(s); i++) {
		const struct pn_proc *p = pn_at(s, i);

		if (p->comm[0] != 'r' || p->comm[1] < '0' || p->comm[1] > '9')
			continue;
		(*rows)++;
		if (p->cmdline_len == 0)
			continue; /* it has ended meanwhile */
		snprintf(want, sizeof(want), "%s", p->comm + 1);
		if (strcmp(p->cmdline, want) != 0) {
			mixed++;
			printf("# %d: %s with %s\n", (int)p->pid, p->comm, p->cmdline);
		}
		/* All are in one namespace, whichever way that was found. */
		mixed += p->ns != pn_info(s)->root || p->level != 0;
	}
	pn_free(s);
	return mixed;
}

static int in_namespace(size_t *rows)
{
	struct timespec now, end;
	int mixed = 0;

	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("proc", "/proc", "proc", 0, NULL) < 0 || !set_pid_max())
		return -1;
	for (int i = 0; i < FORKERS; i++)
		if (fork() == 0)
			forker();
	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += SECONDS;
	do {
		int n = look(rows);

		if (n < 0)
			return -1;
		mixed += n;
		clock_gettime(CLOCK_MONOTONIC, &now);
		/* Slower under a sanitizer; but something has to be seen. */
	} while (now.tv_sec < end.tv_sec ||
		 (*rows <= ENOUGH && now.tv_sec < end.tv_sec + 10 * SECONDS));
	return mixed;
}

int main(int argc, char **argv)
{
	struct {
		int mixed;
		size_t rows;
	} * result;
	pid_t pid;

	SKIP_ALL_IF(geteuid() != 0, "needs root");
	SKIP_ALL_IF(!own_pid_max(), "pid_max of a namespace's own is of Linux 6.14");
	args = argv[0];
	args_len = (size_t)(argv[argc - 1] + strlen(argv[argc - 1]) - argv[0]);
	SKIP_ALL_IF(args_len < 12, "called by too short a name");
	serial = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	result = (void *)(serial + 16);
	result->mixed = -1;
	/* Not in this process: one whose namespace for children is dead makes no thread any more. */
	pid = fork();
	if (pid == 0) {
		if (unshare(CLONE_NEWPID | CLONE_NEWNS) < 0)
			_exit(1);
		pid = fork();
		if (pid == 0) {
			result->mixed = in_namespace(&result->rows);
			_exit(0); /* and the storm with it */
		}
		waitpid(pid, NULL, 0);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	CASE("numbers used again at once");
	printf("# %zu rows of %u processes \n", result->rows, *serial);
	CHECK_INT(result->mixed, 0);
	CHECK(result->rows > ENOUGH);
	CHECK(*serial > 10 * (PID_MAX - 300));
	return DONE();
}
