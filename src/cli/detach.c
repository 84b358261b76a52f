/* SPDX-License-Identifier: Apache-2.0 */
/* `atoll run -d`: conmon keeps the output and the exit status. It calls
 * `atoll-oci create` and adopts what that makes; then we start it. When it ends,
 * conmon calls `atoll cleanup`, which writes the exit status into the record. */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/num.h"
#include "cli/atoll.h"
#include "conf/json.h"
#include "sys/syscalls.h"

enum {
	STATUS_NOT_EXECUTABLE = 126,
	STATUS_NOT_FOUND = 127,
	SYNC_MAX = 64 << 10,
};

struct words {
	struct arena *a;
	char **items;
	size_t count, cap;
};

static void add(struct words *w, const char *s)
{
	*(char **)arena_push(w->a, &w->items, &w->count, &w->cap,
			     sizeof(*w->items)) = s ? arena_strdup(w->a, s) : NULL;
}

static void add2(struct words *w, const char *option, const char *value)
{
	add(w, option);
	add(w, value);
}

static const char *own_path(struct arena *a, struct err *e)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (n < 1) {
		(void)err_set(e, n < 0 ? errno : ENOENT, "find atoll's own path: %m");
		return NULL;
	}
	path[n] = '\0';
	return arena_strdup(a, path);
}

/* Beside us, or in $PATH. */
static const char *find_runtime(struct arena *a, const char *self)
{
	const char *slash = strrchr(self, '/');
	const char *file = arena_printf(a, "%.*s/atoll-oci", (int)(slash - self), self);

	return access(file, X_OK) == 0 ? file : find_program(a, "atoll-oci");
}

static int conmon_words(struct atoll *at, const struct record *rec, bool interactive,
			struct words *w, struct err *e)
{
	const char *dir = arena_printf(at->arena, "%s/records/%s", at->root, rec->id);
	const char *self = own_path(at->arena, e), *conmon = find_program(at->arena, "conmon"),
		   *runtime;

	if (!self)
		return -ENOENT;
	runtime = find_runtime(at->arena, self);
	if (!conmon) {
		(void)err_set(e, ENOENT, "-d needs conmon, which is not in $PATH");
		err_hint(e, "install the package conmon, or run in the foreground");
		return -ENOENT;
	}
	if (!runtime)
		return err_set(e, ENOENT,
			       "-d needs atoll-oci, which is neither beside atoll nor in $PATH");
	add(w, conmon);
	add2(w, "--api-version", "1");
	add2(w, "-c", rec->id);
	add2(w, "-u", rec->id);
	add2(w, "-n", rec->name);
	add2(w, "-r", runtime);
	add2(w, "-b", dir);
	add2(w, "-p", arena_printf(at->arena, "%s/pidfile", dir));
	add2(w, "-P", arena_printf(at->arena, "%s/conmon.pid", dir));
	add2(w, "--exit-dir", arena_printf(at->arena, "%s/conmon", dir));
	add2(w, "-l", arena_printf(at->arena, "k8s-file:%s/log", dir));
	add2(w, "--log-level", "error");
	add(w, "--full-attach");
	add2(w, "--runtime-arg", arena_printf(at->arena, "--root=%s", at->lc.root));
	add2(w, "--exit-command", self);
	add2(w, "--exit-command-arg", arena_printf(at->arena, "--root=%s", at->root));
	add2(w, "--exit-command-arg", "cleanup");
	add2(w, "--exit-command-arg", rec->id);
	if (rec->tty)
		add(w, "-t");
	if (interactive)
		add(w, "-i");
	add(w, NULL);
	return 0;
}

static void keeper(char **argv, int sync_fd)
{
	char number[16];
	int null = open("/dev/null", O_RDWR);

	/* What stays open in conmon would keep whoever reads our output waiting. */
	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
		_exit(STATUS_NOT_EXECUTABLE);
	if (null > 2)
		(void)close(null);
	(void)sys_close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
	(void)fcntl(sync_fd, F_SETFD, 0);
	(void)snprintf(number, sizeof(number), "%d", sync_fd);
	(void)setenv("_OCI_SYNCPIPE", number, 1);
	(void)unsetenv("_OCI_STARTPIPE");
	(void)unsetenv("_OCI_ATTACHPIPE");
	(void)unsetenv("NOTIFY_SOCKET");
	execv(argv[0], argv);
	_exit(STATUS_NOT_FOUND);
}

/* The words of `atoll-oci create` as conmon read them from its standard error. */
static int runtime_failed(const char *msg, int *ret_fail, struct err *e)
{
	static const char prefix[] = "atoll-oci: ";
	const char *place, *end;
	size_t len;

	if (strncmp(msg, prefix, sizeof(prefix) - 1) == 0)
		msg += sizeof(prefix) - 1;
	/* The place in a configuration that we have written, and that goes with the record. */
	place = strstr(msg, "/config.json:");
	end = strstr(msg, ": ");
	if (place && end && place < end)
		msg = end + 2;
	len = strcspn(msg, "\n");
	/* The step that looks for the command (run/do_exec.c). */
	if (strstr(msg, " (find ") && strstr(msg, "): exec: "))
		*ret_fail = strstr(msg, "not found in $PATH") || strstr(msg, "no such file")
				    ? STATUS_NOT_FOUND
				    : STATUS_NOT_EXECUTABLE;
	return err_set(e, EIO, "%.*s", (int)(len > 400 ? 400 : len), msg);
}

/* One line, since conmon keeps its end of the pipe open. */
static int read_line(int fd, char *buf, size_t size)
{
	size_t len = 0;

	while (len < size - 1 && !memchr(buf, '\n', len)) {
		ssize_t n = read(fd, buf + len, size - 1 - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	buf[len] = '\0';
	return 0;
}

/* {"data": PID} or {"data": -1, "message": "..."}, each on one line. */
static int read_sync(struct atoll *at, int fd, int *ret_fail, struct err *e)
{
	const struct json *data, *message;
	struct json_doc doc;
	int64_t pid = -1;
	char *text = arena_alloc(at->arena, SYNC_MAX);
	size_t len;
	int r = read_line(fd, text, SYNC_MAX);

	if (r < 0)
		return err_set(e, -r, "hear from conmon: %m");
	len = strcspn(text, "\n");
	if (len == 0)
		return err_set(e, EIO, "conmon ended without a word");
	r = json_parse("conmon's answer", text, len, at->arena, &doc, e);
	if (r < 0)
		return r;
	data = doc.root->type == JSON_OBJECT ? json_get(doc.root, "data") : NULL;
	message = data ? json_get(doc.root, "message") : NULL;
	if (!data || data->type != JSON_NUMBER || num_i64(data->text, data->len, &pid) < 0)
		return err_set(e, EIO, "conmon's answer makes no sense: %.128s", text);
	if (pid > 0)
		return 0;
	if (message && message->type == JSON_STRING && *message->text)
		return runtime_failed(message->text, ret_fail, e);
	return err_set(e, EIO, "conmon could not make the container (%d)", (int)pid);
}

static int start_conmon(struct atoll *at, struct words *w, int *ret_fail, struct err *e)
{
	int sync[2], status;
	pid_t pid;
	int r;

	if (pipe2(sync, O_CLOEXEC) < 0)
		return err_set(e, errno, "pipe: %m");
	pid = fork();
	if (pid == 0)
		keeper(w->items, sync[1]);
	(void)close(sync[1]);
	if (pid < 0) {
		r = err_set(e, errno, "fork: %m");
	} else {
		/* conmon's first process leaves when the second one stands. */
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		r = read_sync(at, sync[0], ret_fail, e);
	}
	(void)close(sync[0]);
	return r;
}

int run_detached(struct atoll *at, struct record *rec, const struct oci_spec *spec,
		 bool interactive, int *ret_fail, struct err *e)
{
	struct words w = { .a = at->arena };
	int r = conmon_words(at, rec, interactive, &w, e);

	(void)spec;
	if (r < 0)
		return r;
	if (mkdirat(rec->dir_fd, "conmon", 0700) < 0)
		return err_set(e, errno, "make the record of container %.12s: %m", rec->id);
	r = start_conmon(at, &w, ret_fail, e);
	if (r == 0) {
		r = lc_start(&at->lc, rec->id, e);
		if (r == -ENOENT || r == -EACCES || r == -ENOEXEC)
			*ret_fail = r == -ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE;
	}
	if (r < 0) {
		struct err mine = { 0 };

		(void)lc_delete(&at->lc, rec->id, true, &mine);
		return r;
	}
	rec->started = state_now(at->arena);
	return record_save(rec, at->arena, e);
}
