/* SPDX-License-Identifier: Apache-2.0 */
/* A fork storm in a PID namespace with few numbers: does a row ever mix two processes?
 *
 * Each process of the storm writes its serial number over its arguments, and only then takes it as
 * its name. So a name "r17" beside arguments that are not "17" are of two processes. That this would
 * be seen is shown by a reader that goes by path instead of by directory descriptor, and does mix. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pidns.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "test.h"

enum { SECONDS = 3, ENOUGH = 3000, PID_MAX = 330, FORKERS = 8, NAP_NS = 4000000, NAPS = 25 };

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
	/* Long enough to be seen, short enough for its number to be another's soon. */
	(void)nanosleep(&(struct timespec){ 0, n % 7 * 300000 }, NULL);
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

struct result {
	int mixed;         /* rows of libpidns; -1: it failed */
	size_t rows;       /* that were checked */
	double seconds;    /* in which */
	size_t path_mixed; /* and the same of readers that pause within each row: by path ... */
	size_t path_rows;
	size_t dir_mixed; /* ... and by descriptor */
	size_t dir_rows;
};

static bool of_the_storm(const char *comm)
{
	return comm[0] == 'r' && comm[1] >= '0' && comm[1] <= '9';
}

/* How many rows mix two processes; -1: the snapshot failed. */
static int look(size_t *rows)
{
	struct pn_opts o = PN_OPTS_INIT;
	struct pn_snap *s;
	int mixed = 0;

	o.fields = PN_F_CMDLINE;
	if (pn_snapshot(&s, &o) < 0)
		return -1;
	for (size_t i = 0; i < pn_count(s); i++) {
		const struct pn_proc *p = pn_at(s, i);

		if (!of_the_storm(p->comm) || p->cmdline_len == 0) /* it has ended meanwhile */
			continue;
		(*rows)++;
		if (strcmp(p->cmdline, p->comm + 1) != 0) {
			mixed++;
			printf("# %d: %s with %s\n", (int)p->pid, p->comm, p->cmdline);
		}
		/* All are in one namespace, whichever way that was found. */
		mixed += p->ns != pn_info(s)->root || p->level != 0;
	}
	pn_free(s);
	return mixed;
}

static bool read_at(int dirfd, const char *path, char *buf, size_t size)
{
	int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, size - 1);

	if (fd >= 0)
		close(fd);
	buf[n > 0 ? n : 0] = '\0';
	return n > 0;
}

/* One row with a pause in it, by path (as a program that knows no better) or by descriptor. */
static void slow_row(const char *name, bool by_path, struct result *res)
{
	const struct timespec nap = { 0, NAP_NS };
	char comm[64], args_now[64], path[300], *nl;
	int dir = open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	bool ok;

	ok = read_at(dir, "comm", comm, sizeof(comm)) && of_the_storm(comm);
	if (ok) {
		nl = strchr(comm, '\n');
		if (nl)
			*nl = '\0';
		(void)snprintf(path, sizeof(path), "/proc/%s/cmdline", name);
		/* So slow that the number is another's by then, where numbers are what it goes by. */
		for (int i = 0; i < NAPS && (i == 0 || by_path); i++) {
			(void)nanosleep(&nap, NULL);
			ok = read_at(by_path ? AT_FDCWD : dir, by_path ? path : "cmdline", args_now,
				     sizeof(args_now));
			if (ok && strcmp(comm + 1, args_now) != 0)
				break;
		}
	}
	close(dir);
	if (!ok)
		return;
	*(by_path ? &res->path_rows : &res->dir_rows) += 1;
	*(by_path ? &res->path_mixed : &res->dir_mixed) += strcmp(comm + 1, args_now) != 0;
}

static void slow_look(struct result *res)
{
	DIR *d = opendir("/proc");
	const struct dirent *e;

	if (!d || chdir("/proc") < 0)
		return;
	for (int i = 0; (e = readdir(d)); i++)
		if (e->d_name[0] >= '1' && e->d_name[0] <= '9')
			slow_row(e->d_name, i % 2 == 0, res);
	closedir(d);
}

static double seconds_since(const struct timespec *begin)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - begin->tv_sec) + (double)(now.tv_nsec - begin->tv_nsec) / 1e9;
}

static int in_namespace(struct result *res)
{
	struct timespec begin;
	int mixed = 0;

	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("proc", "/proc", "proc", 0, NULL) < 0 || !set_pid_max())
		return -1;
	for (int i = 0; i < FORKERS; i++)
		if (fork() == 0)
			forker();
	clock_gettime(CLOCK_MONOTONIC, &begin);
	(void)setpriority(PRIO_PROCESS, 0, -10); /* not the ninth of nine */
	do {
		int n = look(&res->rows);

		if (n < 0)
			return -1;
		mixed += n;
		res->seconds = seconds_since(&begin);
		/* Slower under a sanitizer; but something has to be seen. */
	} while (res->seconds < SECONDS || (res->rows <= ENOUGH && res->seconds < 15 * SECONDS));
	clock_gettime(CLOCK_MONOTONIC, &begin);
	do
		slow_look(res);
	while (seconds_since(&begin) < SECONDS ||
	       (res->path_mixed == 0 && seconds_since(&begin) < 15 * SECONDS));
	return mixed;
}

int main(int argc, char **argv)
{
	struct result *result;
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
			result->mixed = in_namespace(result);
			_exit(0); /* and the storm with it */
		}
		waitpid(pid, NULL, 0);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	CASE("numbers used again at once");
	printf("# %zu rows in %.1f s, %.0f a second, of %u processes\n", result->rows,
	       result->seconds, (double)result->rows / result->seconds, *serial);
	CHECK_INT(result->mixed, 0);
	CHECK(result->rows > ENOUGH);
	CHECK(*serial > 10 * (PID_MAX - 300));
	CASE("a reader that goes by path mixes them, which is seen");
	printf("# mixed: %zu of %zu rows by path, %zu of %zu by descriptor\n", result->path_mixed,
	       result->path_rows, result->dir_mixed, result->dir_rows);
	CHECK(result->path_mixed > 0);
	CHECK_INT(result->dir_mixed, 0);
	return DONE();
}
