/* SPDX-License-Identifier: Apache-2.0 */
/* stop, kill, rm, wait: the ends of containers. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/io.h"
#include "base/names.h"
#include "cli/atoll.h"
#include "conf/runspec.h"

enum { KILL_WAIT_MS = 10 * 1000, NOT_GIVEN = -2, TIMEOUT_MAX_S = INT_MAX / 1000 };

struct stop_args {
	int64_t timeout_s;
};
static const struct stop_args stop_defaults = { .timeout_s = NOT_GIVEN };
static const struct opt stop_opts[] = {
	{ OPT_INT, 't', "time", "SECONDS",
	  "how long to wait before SIGKILL; -1: for ever (default: 10, or as given to run)",
	  offsetof(struct stop_args, timeout_s), .min = -1, .max = TIMEOUT_MAX_S },
	{ 0 },
};

struct kill_args {
	const char *signal;
};
static const struct opt kill_opts[] = {
	{ OPT_STR, 's', "signal", "SIGNAL", "name or number (default: KILL)",
	  offsetof(struct kill_args, signal) },
	{ 0 },
};

struct rm_args {
	bool force;
};
static const struct opt rm_opts[] = {
	{ OPT_FLAG, 'f', "force", NULL, "kill it first; no container of that name is no error",
	  offsetof(struct rm_args, force) },
	{ 0 },
};

static int each(struct cmd_call *call, struct err *e,
		int (*fn)(struct cmd_call *call, struct atoll *at, struct box *b, const char *word,
			  struct err *e))
{
	autoatoll struct atoll at = ATOLL_NULL;
	int r = atoll_open(call, false, &at, e);

	return r < 0 ? r : each_box(call, &at, fn);
}

/* Gone between two looks is what was wanted. */
static int gone(int r, struct err *e)
{
	if (r != -ESRCH && r != -ENOENT)
		return r;
	*e = (struct err){ 0 };
	return 0;
}

/* An init of a whole system, as systemd is, takes TERM for "start yourself anew", and halts
 * on RTMIN+3 (systemd(1)). It is known by having that signal blocked, to take it by a
 * signalfd, as lxc-stop(1) looks at it. atoll-init blocks all of them, SEGV too. */
static bool is_system_init(const struct box *b, struct arena *a)
{
	enum { STATUS_MAX = 65536, DIGITS = 16 };
	const char *path = arena_printf(a, "/proc/%d/status", (int)b->c.init.pid), *at;
	uint64_t blocked = 0;
	char *text;
	size_t len;

	if (b->c.init.pid <= 0 || io_read_at(AT_FDCWD, path, STATUS_MAX, a, &text, &len) < 0 ||
	    pidref_exited(&b->c.init))
		return false;
	at = strstr(text, "\nSigBlk:\t");
	if (!at)
		return false;
	at += strlen("\nSigBlk:\t");
	for (int i = 0; i < DIGITS && *at && strchr("0123456789abcdef", *at); i++, at++)
		blocked = blocked << 4 | (uint64_t)(*at <= '9' ? *at - '0' : *at - 'a' + 10);
	return blocked >> (SIGRTMIN + 3 - 1) & 1 && !(blocked >> (SIGSEGV - 1) & 1);
}

static bool says_stop_signal(const struct box *b)
{
	for (size_t i = 0; i < b->c.state.annotations.count; i++)
		if (strcmp(b->c.state.annotations.items[i].key, RUN_STOP_SIGNAL_ANNOTATION) == 0)
			return true;
	return false;
}

static int stop_one(struct cmd_call *call, struct atoll *at, struct box *b, const char *word,
		    struct err *e)
{
	const struct stop_args *a = call->args;
	int64_t timeout_s;
	int sig, status, r;

	if (box_is_alive(b)) {
		box_stop_rule(&b->c.state.annotations, &sig, &timeout_s);
		if (a->timeout_s != NOT_GIVEN)
			timeout_s = a->timeout_s;
		if (!says_stop_signal(b) && is_system_init(b, call->arena))
			sig = SIGRTMIN + 3;
		r = gone(lc_kill(&at->lc, b->rec.id, sig, false, e), e);
		if (r == 0)
			r = lc_wait(&at->lc, b->rec.id, timeout_s < 0 ? -1 : (int)timeout_s * 1000,
				    e);
		if (r == -ETIMEDOUT) {
			*e = (struct err){ 0 };
			r = gone(lc_kill(&at->lc, b->rec.id, SIGKILL, false, e), e);
			if (r == 0)
				r = lc_wait(&at->lc, b->rec.id, KILL_WAIT_MS, e);
		}
		r = gone(r, e);
		if (r == 0) /* its keeper has still to write the status down */
			r = box_wait(at, b, KILL_WAIT_MS, &status, e);
		if (r < 0)
			return r;
	}
	puts(word);
	return 0;
}

static int stop(struct cmd_call *call, struct err *e)
{
	return each(call, e, stop_one);
}

static int kill_one(struct cmd_call *call, struct atoll *at, struct box *b, const char *word,
		    struct err *e)
{
	const struct kill_args *a = call->args;
	int sig = a->signal ? name_signal(a->signal) : SIGKILL, r;

	if (!box_is_alive(b))
		return box_not_running(word, e);
	r = lc_kill(&at->lc, b->rec.id, sig, false, e);
	if (r == 0)
		puts(word);
	return r;
}

static int kill_cmd(struct cmd_call *call, struct err *e)
{
	const struct kill_args *a = call->args;

	if (a->signal && name_signal(a->signal) <= 0)
		return cmd_usage(
			call,
			err_set(e, EINVAL, "option --signal: unknown signal '%.64s'", a->signal),
			e);
	return each(call, e, kill_one);
}

static int rm_one(struct cmd_call *call, struct atoll *at, struct box *b, const char *word,
		  struct err *e)
{
	const struct rm_args *a = call->args;
	int r;

	if (box_is_alive(b) && !a->force) {
		(void)err_set(e, EBUSY, "container %.128s is %s and cannot be removed", word,
			      state_status_name[b->status]);
		err_hint(e, "stop it first, or use rm --force");
		return -EBUSY;
	}
	r = box_remove(at, b, e);
	if (r == 0)
		puts(word);
	return r;
}

static int rm_force(struct cmd_call *call, struct atoll *at)
{
	int status = 0;

	for (int i = 0; i < call->count; i++) {
		autobox struct box b = BOX_NULL;
		struct err mine = { 0 };
		int r = box_find(at, call->operand[i], &b, &mine);

		if (r == -ENOENT)
			continue;
		if (r == 0)
			r = rm_one(call, at, &b, call->operand[i], &mine);
		if (r < 0) {
			fprintf(stderr, "atoll: %s\n", mine.msg);
			status = 1;
		}
	}
	return status;
}

static int rm(struct cmd_call *call, struct err *e)
{
	const struct rm_args *a = call->args;
	autoatoll struct atoll at = ATOLL_NULL;
	int r = atoll_open(call, false, &at, e);

	if (r < 0)
		return r;
	return a->force ? rm_force(call, &at) : each_box(call, &at, rm_one);
}

static int wait_one(struct cmd_call *call, struct atoll *at, struct box *b, const char *word,
		    struct err *e)
{
	int status, r;

	(void)call;
	(void)word;
	r = box_wait(at, b, -1, &status, e);
	if (r < 0)
		return r;
	printf("%d\n", status);
	fflush(stdout);
	return 0;
}

static int wait_cmd(struct cmd_call *call, struct err *e)
{
	return each(call, e, wait_one);
}

const struct cmd cmd_stop = {
	.name = "stop",
	.operands = "CONTAINER...",
	.summary = "end containers: the stop signal, some time, SIGKILL",
	.opts = stop_opts,
	.min = 1,
	.max = -1,
	.operand = OPERAND_ID,
	.args_size = sizeof(struct stop_args),
	.defaults = &stop_defaults,
	.run = stop,
};

const struct cmd cmd_kill = {
	.name = "kill",
	.operands = "CONTAINER...",
	.summary = "send a signal to the first process of containers",
	.opts = kill_opts,
	.min = 1,
	.max = -1,
	.operand = OPERAND_ID,
	.args_size = sizeof(struct kill_args),
	.run = kill_cmd,
};

const struct cmd cmd_rm = {
	.name = "rm",
	.operands = "CONTAINER...",
	.summary = "forget stopped containers",
	.opts = rm_opts,
	.min = 1,
	.max = -1,
	.operand = OPERAND_ID,
	.args_size = sizeof(struct rm_args),
	.run = rm,
};

const struct cmd cmd_wait = {
	.name = "wait",
	.operands = "CONTAINER...",
	.summary = "wait for the end of containers and print their exit statuses",
	.min = 1,
	.max = -1,
	.operand = OPERAND_ID,
	.run = wait_cmd,
};
