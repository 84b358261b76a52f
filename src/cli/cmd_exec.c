/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli/atoll.h"
#include "conf/runspec.h"
#include "run/selfexe.h"

enum { STATUS_OURS = 125, STATUS_NOT_EXECUTABLE = 126, STATUS_NOT_FOUND = 127 };

struct args {
	bool interactive, tty, detach, privileged;
	const char *workdir, *user;
	struct opt_list env;
};

#define AT(member) offsetof(struct args, member)
static const struct opt opts[] = {
	{ OPT_FLAG, 'i', "interactive", NULL, "pass standard input on (without it: /dev/null)",
	  AT(interactive) },
	{ OPT_FLAG, 't', "tty", NULL, "give it a terminal of its own", AT(tty) },
	{ OPT_FLAG, 'd', "detach", NULL, "return when the command runs; its output goes nowhere",
	  AT(detach) },
	{ OPT_LIST, 'e', "env", "VAR[=VALUE]", "set a variable, or take ours", AT(env) },
	{ OPT_STR, 'w', "workdir", "DIR", "working directory", AT(workdir) },
	{ OPT_STR, 'u', "user", "USER[:GROUP]", "user and group, names or numbers", AT(user) },
	{ 0 },
};

/* -u: as the container's own /etc/passwd says now. Only root has capabilities. */
static int set_user(struct arena *a, const struct box *b, const char *user, struct oci_process *p,
		    struct err *e)
{
	autoclose int root = -1;
	const char *passwd, *group;
	struct run_user u;
	char path[64];
	int r;

	(void)snprintf(path, sizeof(path), "/proc/%d/root", (int)b->c.init.pid);
	root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return err_set(e, errno, "open the root of container %.12s: %m", b->rec.id);
	if (pidref_exited(&b->c.init))
		return box_not_running(b->rec.id, e);
	if (root_file(root, "etc/passwd", a, &passwd) < 0)
		passwd = NULL;
	if (root_file(root, "etc/group", a, &group) < 0)
		group = NULL;
	r = run_user_find(user, NULL, passwd, group, a, &u, e);
	if (r < 0)
		return r;
	p->uid = u.uid;
	p->gid = u.gid;
	p->additional_gids = u.gids;
	p->additional_gids_count = u.gids_count;
	p->caps.permitted = p->caps.effective = u.uid == 0 ? p->caps.bounding : 0;
	p->caps.ambient = p->caps.inheritable = 0;
	return 0;
}

static void set_env(struct arena *a, const struct opt_list *list, struct oci_process *p)
{
	const char **env = arena_alloc(a, (p->env.count + list->count + 2) * sizeof(*env));
	size_t n = 0;

	for (size_t i = 0; i < p->env.count; i++)
		env[n++] = p->env.items[i];
	if (p->terminal)
		env[n++] = "TERM=xterm";
	for (size_t i = 0; i < list->count; i++) {
		const char *var = list->items[i];
		size_t len = strlen(var);

		for (char **own = environ; !strchr(var, '=') && own && *own; own++)
			if (strncmp(*own, var, len) == 0 && (*own)[len] == '=')
				var = *own;
		if (strchr(var, '=') && *var != '=')
			env[n++] = var; /* of two the last counts */
	}
	p->env = (struct oci_strings){ .items = env, .count = n };
}

static int make_process(struct cmd_call *call, struct atoll *at, const struct box *b,
			struct oci_process *p, struct err *e)
{
	const struct args *a = call->args;
	struct oci_spec *spec = ARENA_NEW(call->arena, struct oci_spec);
	size_t len;
	char *text;
	int r = box_config(at, b, &text, &len, e);

	if (r == 0)
		r = oci_spec_parse("config.json", text, len, call->arena, spec, e);
	if (r < 0)
		return r;
	*p = spec->process;
	p->terminal = a->tty;
	p->args = (struct oci_strings){ .items = arena_alloc(call->arena, (size_t)call->count *
										  sizeof(char *)) };
	for (int i = 1; i < call->count; i++)
		p->args.items[p->args.count++] = call->operand[i];
	if (a->workdir && *a->workdir != '/')
		return err_set(e, EINVAL, "option --workdir '%.128s': must be absolute",
			       a->workdir);
	if (a->workdir)
		p->cwd = a->workdir;
	set_env(call->arena, &a->env, p);
	return a->user ? set_user(call->arena, b, a->user, p, e) : 0;
}

static int streams(const struct args *a, struct err *e)
{
	if (a->tty && a->detach)
		return err_set(e, EINVAL, "options -t and -d: nobody could use that terminal");
	if (a->tty && a->interactive && !isatty(STDIN_FILENO))
		return err_set(e, EINVAL,
			       "options -it: standard input is not a terminal; leave out -t");
	if (a->detach) {
		int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

		if (fd < 0 || dup2(fd, 0) < 0 || dup2(fd, 1) < 0)
			return err_set(e, errno, "open /dev/null: %m");
		(void)close(fd);
		return 0;
	}
	return a->interactive ? 0 : stdin_null(e);
}

static int exec(struct cmd_call *call, struct err *e)
{
	const struct args *a = call->args;
	autoatoll struct atoll at = ATOLL_NULL;
	autobox struct box b = BOX_NULL;
	struct oci_process *p = ARENA_NEW(call->arena, struct oci_process);
	struct lc_exec o = { .process = p, .detach = a->detach };
	bool command_failed = false;
	int r;

	r = selfexe_protect(call->argv, e);
	if (r == 0)
		r = atoll_open(call, false, &at, e);
	if (r == 0)
		r = box_find(&at, call->operand[0], &b, e);
	if (r == 0 && !b.known)
		r = box_not_running(call->operand[0], e);
	if (r == 0)
		r = make_process(call, &at, &b, p, e);
	if (r == 0)
		r = streams(a, e);
	if (r < 0)
		return r;
	o.id = b.rec.id;
	r = lc_exec(&at.lc, &o, &command_failed, e);
	if (r < 0 && command_failed)
		call->fail_status = r == -ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE;
	return r;
}

const struct cmd cmd_exec = {
	.name = "exec",
	.operands = "CONTAINER COMMAND [ARG...]",
	.summary = "run one more command in a container",
	.opts = opts,
	.min = 2,
	.max = -1,
	.flags = CMD_STOP,
	.operand = OPERAND_ID,
	.fail_status = STATUS_OURS,
	.args_size = sizeof(struct args),
	.run = exec,
};
