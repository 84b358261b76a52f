/* SPDX-License-Identifier: Apache-2.0 */
/* start, kill, delete, pause, resume: an id and next to nothing else. */
#include <errno.h>

#include "base/names.h"
#include "cli/oci.h"

struct args {
	bool all, force;
};

static const struct opt kill_opts[] = {
	{ OPT_FLAG, 'a', "all", NULL, "signal every process of the container",
	  offsetof(struct args, all) },
	{ 0 },
};
static const struct opt delete_opts[] = {
	{ OPT_FLAG, 'f', "force", NULL, "kill it first if it runs; an unknown id is no failure",
	  offsetof(struct args, force) },
	{ 0 },
};

static int start(struct cmd_call *call, struct err *e)
{
	autolc struct lc lc = LC_INIT(NULL, NULL);
	int r = oci_lc(call, &lc, e);

	return r < 0 ? r : lc_start(&lc, call->operand[0], e);
}

static int kill(struct cmd_call *call, struct err *e)
{
	const struct args *a = call->args;
	const char *text = call->count > 1 && *call->operand[1] ? call->operand[1] : "TERM";
	autolc struct lc lc = LC_INIT(NULL, NULL);
	int sig = name_signal(text);
	int r;

	if (sig < 0)
		return err_set(e, EINVAL, "unknown signal \"%.64s\"", text);
	r = oci_lc(call, &lc, e);
	return r < 0 ? r : lc_kill(&lc, call->operand[0], sig, a->all, e);
}

static int delete (struct cmd_call *call, struct err *e)
{
	const struct args *a = call->args;
	autolc struct lc lc = LC_INIT(NULL, NULL);
	int r = oci_lc(call, &lc, e);

	return r < 0 ? r : lc_delete(&lc, call->operand[0], a->force, e);
}

static int pause(struct cmd_call *call, struct err *e)
{
	autolc struct lc lc = LC_INIT(NULL, NULL);
	int r = oci_lc(call, &lc, e);

	return r < 0 ? r : lc_pause(&lc, call->operand[0], e);
}

static int resume(struct cmd_call *call, struct err *e)
{
	autolc struct lc lc = LC_INIT(NULL, NULL);
	int r = oci_lc(call, &lc, e);

	return r < 0 ? r : lc_resume(&lc, call->operand[0], e);
}

const struct cmd oci_cmd_start = {
	.name = "start",
	.operands = "ID",
	.summary = "start a created container",
	.min = 1,
	.max = 1,
	.operand = OPERAND_ID,
	.run = start,
};

const struct cmd oci_cmd_kill = {
	.name = "kill",
	.operands = "ID [SIGNAL]",
	.summary = "send a signal to a container (TERM if not given)",
	.details = "SIGNAL is a name with or without SIG, RTMIN+n, RTMAX-n, or a number.\n",
	.opts = kill_opts,
	.min = 1,
	.max = 2,
	.flags = CMD_STOP,
	.operand = OPERAND_ID,
	.args_size = sizeof(struct args),
	.run = kill,
};

const struct cmd oci_cmd_delete = {
	.name = "delete",
	.operands = "ID",
	.summary = "take away a stopped container",
	.opts = delete_opts,
	.min = 1,
	.max = 1,
	.operand = OPERAND_ID,
	.args_size = sizeof(struct args),
	.run = delete,
};

const struct cmd oci_cmd_pause = {
	.name = "pause",
	.operands = "ID",
	.summary = "freeze every process of a container",
	.min = 1,
	.max = 1,
	.operand = OPERAND_ID,
	.run = pause,
};

const struct cmd oci_cmd_resume = {
	.name = "resume",
	.operands = "ID",
	.summary = "let a paused container go on",
	.min = 1,
	.max = 1,
	.operand = OPERAND_ID,
	.run = resume,
};
