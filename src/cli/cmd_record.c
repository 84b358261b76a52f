/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <pidns.h>
#include <stdio.h>

#include "cli/atoll.h"

struct args {
	bool cmdline, names;
	const char *proc;
};

#define AT(member) offsetof(struct args, member)
static const struct opt opts[] = {
	{ OPT_FLAG, 0, "arguments", NULL, "whole command lines: they often hold secrets",
	  AT(cmdline) },
	{ OPT_FLAG, 0, "names", NULL, "names of containers, from the engines' state", AT(names) },
	{ OPT_STR, 0, "proc", "DIR", "of this procfs instead of /proc", AT(proc), OPT_DIR },
	{ 0 },
};

static int run(struct cmd_call *call, struct err *e)
{
	const struct atoll_globals *g = call->globals;
	const struct args *a = call->args;
	const char *dir = call->operand[0];
	int r = pn_record(a->proc, dir,
			  (a->cmdline ? PN_RECORD_CMDLINE : 0) | (a->names ? PN_RECORD_NAMES : 0));

	if (r < 0)
		return err_set(e, -r, "record the processes into %.256s: %m", dir);
	if (!g->quiet)
		fprintf(stderr,
			"atoll: recorded %d processes; look at them with \"atoll tree --proc DIR\"\n",
			r);
	return 0;
}

const struct cmd cmd_record = {
	.name = "record",
	.operands = "DIR",
	.summary = "copy what the views need from /proc into a new directory",
	.details = "Without environments and memory, and without arguments unless asked for.\n",
	.opts = opts,
	.min = 1,
	.max = 1,
	.operand = OPERAND_DIR,
	.args_size = sizeof(struct args),
	.run = run,
};
