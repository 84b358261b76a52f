/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "base/io.h"
#include "base/num.h"
#include "cli/oci.h"

struct args {
	const char *cwd, *user, *process, *process_label, *apparmor;
	const char *pid_file, *console_socket, *pidfd_socket;
	struct opt_list env, gids, caps, cgroups;
	int64_t preserve_fds;
	bool tty, detach, no_new_privs, ignore_paused;
};

enum { EXEC_FAILED = 255 };

#define AT(member) offsetof(struct args, member)
static const struct opt opts[] = {
	{ OPT_STR, 0, "cwd", "DIR", "working directory in the container", AT(cwd) },
	{ OPT_LIST, 'e', "env", "NAME=VALUE", "set an environment variable", AT(env) },
	{ OPT_FLAG, 't', "tty", NULL, "give it a terminal", AT(tty) },
	{ OPT_STR, 'u', "user", "UID[:GID]", "who runs it", AT(user) },
	{ OPT_LIST, 'g', "additional-gids", "GID", "a further group", AT(gids) },
	{ OPT_STR, 'p', "process", "FILE", "read the whole process object from a file", AT(process),
	  OPT_FILE },
	{ OPT_FLAG, 'd', "detach", NULL, "return when the command runs", AT(detach) },
	{ OPT_STR, 0, "pid-file", "FILE", "write the outer PID to this file", AT(pid_file),
	  OPT_FILE },
	{ OPT_STR, 0, "console-socket", "PATH", "send the terminal to this socket",
	  AT(console_socket), OPT_FILE },
	{ OPT_STR, 0, "pidfd-socket", "PATH", "send a pidfd of the command to this socket",
	  AT(pidfd_socket), OPT_FILE },
	{ OPT_STR, 0, "process-label", "LABEL", "SELinux label of the command", AT(process_label) },
	{ OPT_STR, 0, "apparmor", "PROFILE", "AppArmor profile of the command", AT(apparmor) },
	{ OPT_FLAG, 0, "no-new-privs", NULL, "no privileges by setuid programs", AT(no_new_privs) },
	{ OPT_LIST, 'c', "cap", "CAP_NAME", "add a capability", AT(caps) },
	{ OPT_INT, 0, "preserve-fds", "N", "pass on N descriptors beside 0, 1 and 2",
	  AT(preserve_fds), .min = 0, .max = INT_MAX - 3 },
	{ OPT_LIST, 0, "cgroup", "[CONTROLLER:]PATH", "cgroup below that of the container",
	  AT(cgroups) },
	{ OPT_FLAG, 0, "ignore-paused", NULL, "also in a paused container", AT(ignore_paused) },
	{ 0 },
};

static int read_process(struct cmd_call *call, const char *path, struct oci_process *ret,
			struct err *e)
{
	size_t len;
	char *text;
	int r = io_read_at(AT_FDCWD, path, IO_FILE_MAX, call->arena, &text, &len);

	if (r < 0)
		return err_set(e, -r, "open %s: %m", path);
	return oci_process_parse(path, text, len, call->arena, ret, e);
}

static int read_gids(struct cmd_call *call, const struct opt_list *list, uint32_t **ret,
		     struct err *e)
{
	uint32_t *gids = arena_alloc(call->arena, (list->count + 1) * sizeof(*gids));

	for (size_t i = 0; i < list->count; i++)
		if (num_u32(list->items[i], &gids[i]) < 0)
			return err_set(e, EINVAL,
				       "option --additional-gids: '%.64s' is not a number",
				       list->items[i]);
	*ret = gids;
	return 0;
}

static int run(struct cmd_call *call, struct err *e)
{
	const struct args *a = call->args;
	struct oci_process process;
	autolc struct lc lc = LC_INIT(NULL, NULL);
	uint32_t *gids = NULL;
	int r = oci_protect(call, e);

	if (r == 0)
		r = oci_lc(call, &lc, e);
	if (r == 0)
		r = read_gids(call, &a->gids, &gids, e);
	if (r == 0 && a->process)
		r = read_process(call, a->process, &process, e);
	else if (r == 0 && call->count < 2)
		r = err_set(e, EINVAL, "\"exec\" requires a command, or --process FILE");
	if (r < 0)
		return r;
	return lc_exec(&lc,
		       &(struct lc_exec){
			       .id = call->operand[0],
			       .process = a->process ? &process : NULL,
			       .args = call->operand + 1,
			       .cwd = a->cwd,
			       .user = a->user,
			       .env = a->env.items,
			       .env_count = a->env.count,
			       .gids = gids,
			       .gids_count = a->gids.count,
			       .caps = a->caps.items,
			       .caps_count = a->caps.count,
			       .apparmor = a->apparmor,
			       .process_label = a->process_label,
			       .tty = a->tty,
			       .no_new_privs = a->no_new_privs,
			       .ignore_paused = a->ignore_paused,
			       .cgroups = a->cgroups.items,
			       .cgroups_count = a->cgroups.count,
			       .detach = a->detach,
			       .pid_file = a->pid_file,
			       .console_socket = a->console_socket,
			       .pidfd_socket = a->pidfd_socket,
			       .preserve_fds = (unsigned int)a->preserve_fds,
		       },
		       NULL, e);
}

const struct cmd oci_cmd_exec = {
	.name = "exec",
	.operands = "ID [COMMAND [ARGUMENT...]]",
	.summary = "run a command in a container",
	.details = "The exit status is that of the command, 128+n if signal n ended it, 255 if it\n"
		   "could not be run.\n",
	.opts = opts,
	.min = 1,
	.max = -1,
	.flags = CMD_STOP,
	.operand = OPERAND_ID,
	.fail_status = EXEC_FAILED,
	.args_size = sizeof(struct args),
	.run = run,
};
