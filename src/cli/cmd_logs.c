/* SPDX-License-Identifier: Apache-2.0 */
/* logs: what conmon wrote down, in the format of Kubernetes' CRI:
 *	2025-01-31T12:00:00.000000000+00:00 stdout F a whole line
 *	2025-01-31T12:00:00.000000000+00:00 stderr P the beginning of one */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "cli/atoll.h"

struct args {
	bool follow, timestamps;
	int64_t tail;
};
static const struct args defaults = { .tail = -1 };

#define AT(member) offsetof(struct args, member)
static const struct opt opts[] = {
	{ OPT_FLAG, 'f', "follow", NULL, "go on until the container ends", AT(follow) },
	{ OPT_FLAG, 't', "timestamps", NULL, "with the time of each line", AT(timestamps) },
	{ OPT_INT, 'n', "tail", "N", "only the last N lines", AT(tail), .min = -1, .max = INT_MAX },
	{ 0 },
};

/* Prints one record; what is no record is shown as it stands. */
static void show(const char *line, size_t len, bool timestamps)
{
	const char *time_end = memchr(line, ' ', len), *stream = time_end ? time_end + 1 : NULL,
		   *tag, *text;
	size_t left = stream ? len - (size_t)(stream - line) : 0;
	FILE *out = stdout;
	bool partial;

	tag = stream ? memchr(stream, ' ', left) : NULL;
	if (!tag || len - (size_t)(tag - line) < 3 || (tag[1] != 'F' && tag[1] != 'P') ||
	    tag[2] != ' ') {
		(void)fwrite(line, 1, len, out);
		fputc('\n', out);
		return;
	}
	partial = tag[1] == 'P';
	text = tag + 3;
	if (tag - stream == 6 && memcmp(stream, "stderr", 6) == 0) {
		fflush(stdout);
		out = stderr;
	}
	if (timestamps)
		fprintf(out, "%.*s ", (int)(time_end - line), line);
	(void)fwrite(text, 1, len - (size_t)(text - line), out);
	if (!partial)
		fputc('\n', out);
}

/* A reader of lines that remembers what has come of the next one. */
struct tail {
	int fd;
	char buf[64 << 10];
	size_t have;
	bool timestamps;
};

static int pump(struct tail *t, struct err *e)
{
	for (;;) {
		ssize_t n = read(t->fd, t->buf + t->have, sizeof(t->buf) - t->have);
		char *line = t->buf, *nl;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(e, errno, "read the log: %m");
		if (n == 0)
			break;
		t->have += (size_t)n;
		while ((nl = memchr(line, '\n', t->have))) {
			show(line, (size_t)(nl - line), t->timestamps);
			t->have -= (size_t)(nl + 1 - line);
			line = nl + 1;
		}
		memmove(t->buf, line, t->have);
		if (t->have == sizeof(t->buf)) { /* no record of conmon's is as long */
			show(t->buf, t->have, t->timestamps);
			t->have = 0;
		}
	}
	fflush(stdout);
	return 0;
}

/* Where the last n lines begin. */
static int seek_tail(int fd, int64_t n, struct err *e)
{
	off_t end = lseek(fd, 0, SEEK_END), at = end;
	char buf[4096];

	/* The newline at the very end begins no line. */
	while (at > 0) {
		off_t start = at > (off_t)sizeof(buf) ? at - (off_t)sizeof(buf) : 0;
		ssize_t got = pread(fd, buf, (size_t)(at - start), start);

		if (got < (ssize_t)(at - start))
			return err_set(e, got < 0 ? errno : EIO, "read the log: %m");
		for (ssize_t i = got - 1; i >= 0; i--)
			if (buf[i] == '\n' && start + i + 1 < end && --n <= 0)
				return lseek(fd, start + i + 1, SEEK_SET) < 0 ? -errno : 0;
		at = start;
	}
	return lseek(fd, 0, SEEK_SET) < 0 ? -errno : 0;
}

/* Until the exit status stands in the record. conmon closes the log before. */
static int follow(const struct box *b, struct tail *t, struct arena *a, struct err *e)
{
	autoclose int notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	char log[64], end[64], events[4096];

	(void)snprintf(log, sizeof(log), "/proc/self/fd/%d", t->fd);
	(void)snprintf(end, sizeof(end), "/proc/self/fd/%d", b->rec.exit_fd);
	if (notify < 0 || inotify_add_watch(notify, log, IN_MODIFY) < 0 ||
	    inotify_add_watch(notify, end, IN_MODIFY | IN_CLOSE_WRITE) < 0)
		return err_set(e, errno, "watch the log: %m");
	for (;;) {
		int status;
		bool over = record_exit_status(&b->rec, a, &status, NULL) == 0;
		struct pollfd p[2] = { { .fd = notify, .events = POLLIN },
				       { .fd = STDOUT_FILENO } };
		int r = pump(t, e);

		if (r < 0 || over || ferror(stdout))
			return r;
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return err_set(e, errno, "watch the log: %m");
		if (p[1].revents & POLLERR) /* nobody reads any more */
			return 0;
		while (read(notify, events, sizeof(events)) > 0)
			;
	}
}

static int run(struct cmd_call *call, struct err *e)
{
	const struct args *args = call->args;
	autoatoll struct atoll at = ATOLL_NULL;
	autobox struct box b = BOX_NULL;
	struct tail *t = ARENA_NEW(call->arena, struct tail);
	autoclose int fd = -1;
	int r = atoll_open(call, false, &at, e);

	if (r == 0)
		r = box_find(&at, call->operand[0], &b, e);
	if (r < 0)
		return r;
	if (!b.rec.detached)
		return err_set(e, ENOENT,
			       "container %.128s runs in the foreground: its output was not kept",
			       call->operand[0]);
	fd = openat(b.rec.dir_fd, "log", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return err_set(e, errno, "open the log of container %.12s: %m", b.rec.id);
	if (args->tail == 0)
		r = lseek(fd, 0, SEEK_END) < 0 ? -errno : 0;
	else if (args->tail > 0)
		r = seek_tail(fd, args->tail, e);
	t->fd = fd;
	t->timestamps = args->timestamps;
	if (r == 0)
		r = args->follow && !b.has_exit ? follow(&b, t, call->arena, e) : pump(t, e);
	return r;
}

const struct cmd cmd_logs = {
	.name = "logs",
	.operands = "CONTAINER",
	.summary = "show the output of a detached container",
	.opts = opts,
	.min = 1,
	.max = 1,
	.operand = OPERAND_ID,
	.args_size = sizeof(struct args),
	.defaults = &defaults,
	.run = run,
};
