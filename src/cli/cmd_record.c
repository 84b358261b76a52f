/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <pidns.h>
#include <stdio.h>

#include "base/jsonw.h"
#include "cli/atoll.h"

struct args {
	bool cmdline, names, json;
	const char *proc;
};

#define AT(member) offsetof(struct args, member)
static const struct opt opts[] = {
	{ OPT_FLAG, 0, "arguments", NULL, "whole command lines: they often hold secrets",
	  AT(cmdline) },
	{ OPT_FLAG, 0, "names", NULL, "names of containers, from the engines' state", AT(names) },
	{ OPT_FLAG, 0, "json", NULL, "say what was recorded as JSON", AT(json) },
	{ OPT_STR, 0, "proc", "DIR", "of this procfs instead of /proc", AT(proc), OPT_DIR },
	{ 0 },
};

static void json(struct cmd_call *call, const char *dir, int count)
{
	const struct args *a = call->args;
	struct jsonw w;

	jsonw_init(&w, call->arena, 1);
	jsonw_obj(&w);
	jsonw_kstr(&w, "schema", "atoll.record/1");
	jsonw_kstr(&w, "proc", a->proc ? a->proc : "/proc");
	jsonw_kstr(&w, "directory", dir);
	jsonw_ku64(&w, "processes", (uint64_t)count);
	jsonw_kbool(&w, "arguments", a->cmdline);
	jsonw_kbool(&w, "names", a->names);
	jsonw_obj_end(&w);
	jsonw_nl(&w);
	(void)fwrite(w.buf, 1, w.len, stdout);
}

static int run(struct cmd_call *call, struct err *e)
{
	const struct atoll_globals *g = call->globals;
	const struct args *a = call->args;
	const char *dir = call->operand[0];
	int r = pn_record(a->proc, dir,
			  (a->cmdline ? PN_RECORD_CMDLINE : 0) | (a->names ? PN_RECORD_NAMES : 0));

	if (r < 0)
		return err_set(e, -r, "record the processes into %.256s: %m", dir);
	if (a->json)
		json(call, dir, r);
	else if (!g->quiet)
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
