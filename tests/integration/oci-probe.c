/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of atoll-oci need on the host's side and no shell has:
 *
 *	left SECONDS MARK DIR ID    what is left of a test: processes with MARK in their
 *	                            environment, DIR among their mounts or ID in their cgroup;
 *	                            mounts below DIR; cgroups named after ID. Prints it
 *	                            and returns 1 if it is still there after SECONDS.
 *	pts SOCKET [INPUT]          takes one terminal over a console socket, writes INPUT to
 *	                            it, copies it to stdout until its end. Prints its size first.
 *	pidfd SOCKET                takes one pidfd over a socket, prints its Pid.
 *	subreaper COMMAND...        runs it; waits for all that is left to it; prints
 *	                            "COMMAND-STATUS" and then "PID STATUS" of each other child.
 *	chatty MILLISECONDS CMD...  fails if CMD keeps our stdout or stderr open for longer.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void must(int ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "oci-probe: %s: %s\n", what, strerror(errno));
		exit(99);
	}
}

/* --- left --- */

static const char *mark, *dir, *id;
static char text[4 << 20];
static int found;
static FILE *report;

static size_t slurp(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n;

	if (fd >= 0) {
		while (len < sizeof(text) - 1 &&
		       (n = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
			len += (size_t)n;
		close(fd);
	}
	text[len] = '\0';
	return len;
}

static bool file_has(const char *pid, const char *name, const char *what)
{
	char path[300];
	size_t len;

	snprintf(path, sizeof(path), "/proc/%s/%s", pid, name);
	len = slurp(path);
	return *what && memmem(text, len, what, strlen(what));
}

/* We and those who called us are no leftovers. */
static bool above_us(pid_t pid)
{
	for (pid_t p = getpid(); p > 1;) {
		char path[64], *end;
		int parent;

		if (p == pid)
			return true;
		snprintf(path, sizeof(path), "/proc/%d/stat", p);
		slurp(path);
		end = strrchr(text, ')');
		if (!end || sscanf(end, ") %*c %d", &parent) != 1)
			return false;
		p = parent;
	}
	return pid <= 1;
}

static bool is_zombie(const char *pid)
{
	char path[300], *end;

	snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	slurp(path);
	end = strrchr(text, ')');
	return !end || end[2] == 'Z' || end[2] == 'X';
}

static void look_at_processes(void)
{
	DIR *d = opendir("/proc");

	must(d != NULL, "/proc");
	for (struct dirent *e; (e = readdir(d));) {
		const char *how = NULL;

		if (e->d_name[0] < '1' || e->d_name[0] > '9' || is_zombie(e->d_name))
			continue;
		if (file_has(e->d_name, "environ", mark))
			how = "environment";
		else if (file_has(e->d_name, "cgroup", id))
			how = "cgroup";
		else if (file_has(e->d_name, "mountinfo", dir))
			how = "mounts";
		if (!how || above_us(atoi(e->d_name)) || kill(atoi(e->d_name), 0) < 0)
			continue;
		if (strcmp(how, "mounts") ==
		    0) { /* of our own namespace: told by look_at_mounts() */
			char a[64], b[64], path[300];
			ssize_t n, m;

			snprintf(path, sizeof(path), "/proc/%s/ns/mnt", e->d_name);
			n = readlink(path, a, sizeof(a));
			m = readlink("/proc/self/ns/mnt", b, sizeof(b));
			if (n == m && n > 0 && memcmp(a, b, (size_t)n) == 0)
				continue;
		}
		found++;
		fprintf(report, "process %s by its %s: ", e->d_name, how);
		file_has(e->d_name, "stat", "");
		fprintf(report, "%.60s\n", text);
	}
	closedir(d);
}

static int cgroup_named(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	if (type != FTW_D)
		return FTW_CONTINUE; /* went away under us */
	if (strstr(path + ftw->base, id)) {
		found++;
		fprintf(report, "cgroup %s\n", path);
	}
	return ftw->level >= 5 ? FTW_SKIP_SUBTREE : FTW_CONTINUE;
}

static void look_at_mounts(void)
{
	static char copy[sizeof(text)];
	char *save = NULL;

	slurp("/proc/self/mountinfo");
	strcpy(copy, text);
	for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char point[4096];

		if (sscanf(line, "%*s %*s %*s %*s %4095s", point) != 1)
			continue;
		if (strncmp(point, dir, strlen(dir)) == 0) {
			found++;
			fprintf(report, "mount %s\n", line);
		}
		if (strstr(line, " - cgroup ") || strstr(line, " - cgroup2 "))
			(void)nftw(point, cgroup_named, 16, FTW_PHYS | FTW_ACTIONRETVAL);
	}
}

static int do_left(char **argv)
{
	struct timespec step = { .tv_nsec = 10 * 1000 * 1000 };
	long left = atoi(argv[0]) * 100L;
	char *words = NULL;
	size_t size = 0;

	mark = argv[1], dir = argv[2], id = argv[3];
	for (;; left--) {
		found = 0;
		report = open_memstream(&words, &size);
		look_at_processes();
		look_at_mounts();
		fclose(report);
		if (found == 0)
			return 0;
		if (left <= 0)
			break;
		free(words);
		nanosleep(&step, NULL);
	}
	fputs(words, stdout);
	return 1;
}

/* --- sockets --- */

static int listen_at(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	must(strlen(path) < sizeof(a.sun_path), path);
	strcpy(a.sun_path, path);
	must(fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0 && listen(fd, 1) == 0,
	     path);
	return fd;
}

static int take_fd(const char *path)
{
	char buf[256], control[CMSG_SPACE(4 * sizeof(int))];
	struct iovec iov = { .iov_base = buf, .iov_len = sizeof(buf) };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	int s = accept(listen_at(path), NULL, NULL), fd = -1;
	struct cmsghdr *h;

	must(s >= 0, "accept");
	must(recvmsg(s, &m, MSG_CMSG_CLOEXEC) >= 0, "recvmsg");
	h = CMSG_FIRSTHDR(&m);
	errno = ENODATA;
	must(h && h->cmsg_type == SCM_RIGHTS && h->cmsg_len == CMSG_LEN(sizeof(int)),
	     "one descriptor");
	memcpy(&fd, CMSG_DATA(h), sizeof(fd));
	return fd;
}

static int do_pts(char **argv)
{
	int fd = take_fd(argv[0]);
	struct winsize w = { 0 };
	char buf[4096];
	ssize_t n;

	must(ioctl(fd, TIOCGWINSZ, &w) == 0, "no terminal");
	printf("size %dx%d\n", w.ws_col, w.ws_row);
	fflush(stdout);
	if (argv[1])
		must(write(fd, argv[1], strlen(argv[1])) > 0, "write");
	while ((n = read(fd, buf, sizeof(buf))) > 0 || (n < 0 && errno == EINTR))
		if (n > 0) {
			fwrite(buf, 1, (size_t)n, stdout);
			fflush(stdout);
		}
	return 0;
}

static int do_pidfd(char **argv)
{
	char path[64], *p;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", take_fd(argv[0]));
	slurp(path);
	p = strstr(text, "Pid:");
	must(p != NULL, "no pidfd");
	printf("%d\n", atoi(p + 4));
	return 0;
}

/* --- processes --- */

static int code_of(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int do_subreaper(char **argv)
{
	int status;
	pid_t first, p;

	must(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0, "subreaper");
	first = fork();
	must(first >= 0, "fork");
	if (first == 0) {
		execvp(argv[0], argv);
		must(0, argv[0]);
	}
	while ((p = wait(&status)) > 0)
		if (p == first)
			printf("command %d\n", code_of(status));
		else
			printf("%d %d\n", p, code_of(status));
	return 0;
}

static int do_chatty(char **argv)
{
	int out[2], ms = atoi(*argv++), status;
	char buf[4096];
	pid_t p;

	must(pipe2(out, O_CLOEXEC) == 0, "pipe");
	p = fork();
	must(p >= 0, "fork");
	if (p == 0) {
		dup2(out[1], 1);
		dup2(out[1], 2);
		execvp(argv[0], argv);
		must(0, argv[0]);
	}
	close(out[1]);
	must(waitpid(p, &status, 0) == p, "wait");
	for (;;) {
		struct pollfd f = { .fd = out[0], .events = POLLIN };
		ssize_t n;

		if (poll(&f, 1, ms) == 0) {
			puts("still open");
			return 1;
		}
		n = read(out[0], buf, sizeof(buf));
		if (n <= 0)
			return code_of(status);
		fwrite(buf, 1, (size_t)n, stdout);
	}
}

int main(int argc, char **argv)
{
	if (argc == 6 && strcmp(argv[1], "left") == 0)
		return do_left(argv + 2);
	if (argc >= 3 && strcmp(argv[1], "pts") == 0)
		return do_pts(argv + 2);
	if (argc == 3 && strcmp(argv[1], "pidfd") == 0)
		return do_pidfd(argv + 2);
	if (argc >= 3 && strcmp(argv[1], "subreaper") == 0)
		return do_subreaper(argv + 2);
	if (argc >= 4 && strcmp(argv[1], "chatty") == 0)
		return do_chatty(argv + 2);
	return 99;
}
