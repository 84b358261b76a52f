/* SPDX-License-Identifier: Apache-2.0 */
/* ps: the outer PIDs, or the host's ps(1) with only the lines of the container. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/jsonw.h"
#include "base/num.h"
#include "cli/oci.h"

enum { FORMAT_TABLE, FORMAT_JSON };
static const char *const formats[] = { [FORMAT_TABLE] = "table", [FORMAT_JSON] = "json", NULL };

struct args {
	int format;
};

static const struct opt opts[] = {
	{ OPT_CHOICE, 'f', "format", "FORMAT", "how to print", offsetof(struct args, format),
	  .choices = formats },
	{ 0 },
};

static void print_json(struct arena *a, const pid_t *pids, size_t count)
{
	struct jsonw w;

	jsonw_init(&w, a, 0);
	jsonw_arr(&w);
	for (size_t i = 0; i < count; i++)
		jsonw_i64(&w, pids[i]);
	jsonw_arr_end(&w);
	jsonw_nl(&w);
	(void)fwrite(w.buf, 1, w.len, stdout);
}

/* The output of ps with these arguments. */
static int run_ps(struct arena *a, char *const *args, int count, char **ret, struct err *e)
{
	char **argv = arena_alloc(a, ((size_t)count + 3) * sizeof(*argv));
	posix_spawn_file_actions_t actions;
	int pipe_fd[2], status, r;
	size_t len;
	pid_t pid;

	argv[0] = arena_strdup(a, "ps");
	argv[1] = arena_strdup(a, "-ef");
	for (int i = 0; i < count; i++)
		argv[i + 1] = args[i];
	if (pipe2(pipe_fd, O_CLOEXEC) < 0)
		return err_set(e, errno, "pipe: %m");
	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawn_file_actions_adddup2(&actions, pipe_fd[1], STDOUT_FILENO);
	r = posix_spawnp(&pid, "ps", &actions, NULL, argv, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)close(pipe_fd[1]);
	if (r != 0) {
		(void)close(pipe_fd[0]);
		return err_set(e, r, "run ps: %m");
	}
	r = io_read_fd(pipe_fd[0], IO_FILE_MAX, a, ret, &len);
	(void)close(pipe_fd[0]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (r < 0)
		return err_set(e, -r, "read the output of ps: %m");
	return status != 0 ? err_set(e, EINVAL, "ps failed with status %d", WEXITSTATUS(status))
			   : 0;
}

/* The n-th word of a line (from 0); its length in *ret_len, 0 if there is none. */
static const char *word(const char *line, size_t n, size_t *ret_len)
{
	line += strspn(line, " \t");
	for (; n > 0; n--) {
		line += strcspn(line, " \t\n");
		line += strspn(line, " \t");
	}
	*ret_len = strcspn(line, " \t\n");
	return line;
}

static bool is_one(const pid_t *pids, size_t count, const char *text, size_t len)
{
	uint64_t v;

	if (num_u64(text, len, &v) < 0)
		return false;
	for (size_t i = 0; i < count; i++)
		if ((uint64_t)pids[i] == v)
			return true;
	return false;
}

static int print_table(const char *text, const pid_t *pids, size_t count, struct err *e)
{
	size_t column = 0, len;
	const char *w;

	while ((w = word(text, column, &len)), len > 0 && !(len == 3 && memcmp(w, "PID", 3) == 0))
		column++;
	if (len == 0)
		return err_set(e, EINVAL, "the output of ps has no column PID");
	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		w = word(line, column, &len);
		if (line == text || is_one(pids, count, w, len))
			printf("%.*s\n", (int)strcspn(line, "\n"), line);
	}
	return 0;
}

static int run(struct cmd_call *call, struct err *e)
{
	const struct args *a = call->args;
	autolc struct lc lc = LC_INIT(NULL, NULL);
	pid_t *pids = NULL;
	size_t count = 0;
	char *text;
	int r = oci_lc(call, &lc, e);

	if (r == 0)
		r = lc_ps(&lc, call->operand[0], &pids, &count, e);
	if (r < 0)
		return r;
	if (a->format == FORMAT_JSON) {
		print_json(call->arena, pids, count);
		return 0;
	}
	r = run_ps(call->arena, call->operand + 1, call->count - 1, &text, e);
	return r < 0 ? r : print_table(text, pids, count, e);
}

const struct cmd oci_cmd_ps = {
	.name = "ps",
	.operands = "ID [PS-OPTION...]",
	.summary = "list the processes of a container",
	.details =
		"What follows the id goes to ps(1) (default: -ef), whose output must have a\ncolumn PID.\n",
	.opts = opts,
	.min = 1,
	.max = -1,
	.flags = CMD_STOP,
	.operand = OPERAND_ID,
	.args_size = sizeof(struct args),
	.run = run,
};
