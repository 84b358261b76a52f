/* SPDX-License-Identifier: Apache-2.0 */
/* atoll: containers, for people. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/atoll.h"
#include "sys/title.h"

enum { STATUS_USAGE = 125 }; /* as Docker: not to be mistaken for a command's own */

#define AT(member) offsetof(struct atoll_globals, member)
static const struct opt globals[] = {
	{ OPT_STR, 0, "root", "DIR", "where what is known about containers is kept", AT(root),
	  OPT_DIR },
	{ OPT_FLAG, 'q', "quiet", NULL, "no warnings", AT(quiet) },
	{ 0 },
};

static const struct cmd *const cmds[] = {
	&cmd_run,  &cmd_exec,  &cmd_list,    &cmd_ls,      &cmd_logs,    &cmd_stop, &cmd_kill,
	&cmd_wait, &cmd_rm,    &cmd_inspect, &cmd_tree,    &cmd_ps,      &cmd_ns,   &cmd_pid,
	&cmd_who,  &cmd_same,  &cmd_zombies, &cmd_enter,   &cmd_record,  &cmd_map,  &cmd_watch,
	&cmd_top,  &cmd_audit, &cmd_seccomp, &cmd_version, &cmd_cleanup, NULL,
};

static void version(FILE *out)
{
	fputs("atoll version " ATOLL_VERSION "\n", out);
}

static int say_version(struct cmd_call *call, struct err *e)
{
	(void)call;
	(void)e;
	version(stdout);
	return 0;
}

const struct cmd cmd_version = {
	.name = "version",
	.operands = "",
	.summary = "show the version",
	.run = say_version,
};

static int check_globals(struct cmd_call *call, struct err *e)
{
	const struct atoll_globals *g = call->globals;

	if (!g->root || *g->root == '/')
		return 0;
	return cmd_usage(
		call,
		err_set(e, EINVAL, "option --root '%.128s': must be an absolute path", g->root), e);
}

/* A descriptor that we open must never become somebody's standard output. */
static void open_std(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		(void)close(fd);
}

int main(int argc, char **argv)
{
	static const struct prog prog = {
		.name = "atoll",
		.summary = "Runs containers on root directories and on this machine's own system.",
		.globals = globals,
		.globals_size = sizeof(struct atoll_globals),
		.cmds = cmds,
		.usage_status = STATUS_USAGE,
		.list_ids = "atoll list -q",
		.prepare = check_globals,
		.version = version,
	};

	if (fcntl(0, F_GETFD) < 0 || fcntl(1, F_GETFD) < 0 || fcntl(2, F_GETFD) < 0)
		open_std();
	title_init(argc, argv);
	return prog_main(&prog, argc, argv);
}
