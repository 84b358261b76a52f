/* SPDX-License-Identifier: Apache-2.0 */
/* create, run, explain: all that begin with a bundle. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "cli/enforce.h"
#include "cli/oci.h"

struct args {
	const char *bundle, *config, *console_socket, *pid_file, *pidfd_socket;
	int64_t preserve_fds;
	bool no_pivot, no_new_keyring, no_subreaper, detach, keep, dry_run, json;
};

#define AT(member) offsetof(struct args, member)
#define ROW_BUNDLE                                                                                \
	{                                                                                         \
		OPT_STR, 'b', "bundle", "DIR",                                                    \
			"directory of the bundle (default: the current one)", AT(bundle), OPT_DIR \
	}
#define ROW_CONFIG                                                                                 \
	{                                                                                          \
		OPT_STR, 'f', "config", "FILE",                                                    \
			"configuration (default: config.json of the bundle)", AT(config), OPT_FILE \
	}
#define ROWS_CREATE                                                                                    \
	ROW_BUNDLE, ROW_CONFIG, { OPT_STR,                                                             \
				  0,                                                                   \
				  "console-socket",                                                    \
				  "PATH",                                                              \
				  "send the terminal to this socket",                                  \
				  AT(console_socket),                                                  \
				  OPT_FILE },                                                          \
		{ OPT_STR,      0,       "pid-file", "FILE", "write the outer PID to this file",       \
		  AT(pid_file), OPT_FILE },                                                            \
		{ OPT_STR,                                                                             \
		  0,                                                                                   \
		  "pidfd-socket",                                                                      \
		  "PATH",                                                                              \
		  "send a pidfd of the container to this socket",                                      \
		  AT(pidfd_socket),                                                                    \
		  OPT_FILE },                                                                          \
		{ OPT_FLAG, 0, "no-pivot", NULL, "change the root without pivot_root", AT(no_pivot) }, \
		{ OPT_FLAG,                                                                            \
		  0,                                                                                   \
		  "no-new-keyring",                                                                    \
		  NULL,                                                                                \
		  "keep the session keyring of the caller",                                            \
		  AT(no_new_keyring) },                                                                \
		{ OPT_INT,                                                                             \
		  0,                                                                                   \
		  "preserve-fds",                                                                      \
		  "N",                                                                                 \
		  "pass on N descriptors beside 0, 1 and 2",                                           \
		  AT(preserve_fds),                                                                    \
		  .min = 0,                                                                            \
		  .max = INT_MAX - 3 },                                                                \
	{                                                                                              \
		OPT_FLAG, 0, "no-subreaper", NULL, "do not adopt orphans while in the foreground",     \
			AT(no_subreaper)                                                               \
	}

static const struct opt create_opts[] = {
	ROWS_CREATE,
	{ OPT_FLAG, 'd', "detach", NULL, "ignored", AT(detach), OPT_HIDDEN },
	{ 0 },
};
static const struct opt run_opts[] = {
	ROWS_CREATE,
	{ OPT_FLAG, 'd', "detach", NULL, "return when the command runs", AT(detach) },
	{ OPT_FLAG, 0, "keep", NULL, "leave the stopped container for delete", AT(keep) },
	{ OPT_FLAG, 0, "dry-run", NULL, "show the plan and do nothing", AT(dry_run) },
	{ OPT_FLAG, 0, "json", NULL, "show the plan as JSON", AT(json) },
	{ 0 },
};
static const struct opt explain_opts[] = {
	ROW_BUNDLE,
	ROW_CONFIG,
	{ OPT_FLAG, 0, "json", NULL, "as JSON", AT(json) },
	{ OPT_FLAG, 0, "no-pivot", NULL, "change the root without pivot_root", AT(no_pivot) },
	{ 0 },
};

static struct lc_create options(const struct args *a, const char *id)
{
	return (struct lc_create){
		.id = id,
		.bundle = a->bundle,
		.config = a->config,
		.pid_file = a->pid_file,
		.console_socket = a->console_socket,
		.pidfd_socket = a->pidfd_socket,
		.preserve_fds = (unsigned int)a->preserve_fds,
		.no_pivot = a->no_pivot,
		.no_new_keyring = a->no_new_keyring,
		.no_subreaper = a->no_subreaper,
		.detach = a->detach,
		.keep = a->keep,
	};
}

static int show(struct lc *lc, const struct lc_create *o, bool run, bool json, struct err *e)
{
	struct plan plan;
	size_t len;
	char *text;
	int r = lc_plan(lc, o, run, &plan, e);

	if (r < 0)
		return r;
	if (json)
		plan_json(&plan, lc->arena, &text, &len);
	else
		plan_text(&plan, lc->arena, &text, &len);
	(void)fwrite(text, 1, len, stdout);
	return 0;
}

/* What the node's policy says of the bundle, whoever asks for it. */
static void obey(struct lc_create *o, const struct lc *lc, struct enforce *ret)
{
	*ret = (struct enforce){ .arena = lc->arena, .rootless = lc->rootless, .warn = lc->warn };
	o->permit = enforce_permit;
	o->permit_ctx = ret;
}

static int create(struct cmd_call *call, struct err *e)
{
	const struct args *a = call->args;
	struct lc_create o = options(a, call->operand[0]);
	autolc struct lc lc = LC_INIT(NULL, NULL);
	struct enforce enforce;
	int r = oci_protect(call, e);

	if (r == 0)
		r = oci_lc(call, &lc, e);
	if (r < 0)
		return r;
	obey(&o, &lc, &enforce);
	return lc_create(&lc, &o, e);
}

static int run(struct cmd_call *call, struct err *e)
{
	const struct args *a = call->args;
	struct lc_create o = options(a, call->operand[0]);
	autolc struct lc lc = LC_INIT(NULL, NULL);
	struct enforce enforce;
	int r;

	if (a->json && !a->dry_run)
		return err_set(e, EINVAL, "option --json goes with --dry-run");
	r = a->dry_run ? 0 : oci_protect(call, e);
	if (r == 0)
		r = oci_lc(call, &lc, e);
	if (r < 0)
		return r;
	if (a->dry_run)
		return show(&lc, &o, true, a->json, e);
	obey(&o, &lc, &enforce);
	return lc_run(&lc, &o, NULL, e);
}

static int explain(struct cmd_call *call, struct err *e)
{
	const struct args *a = call->args;
	struct lc_create o = options(a, "explain");
	autolc struct lc lc = LC_INIT(NULL, NULL);
	int r = oci_lc(call, &lc, e);

	if (call->count > 0)
		o.bundle = call->operand[0];
	/* What would be needed to receive a terminal does not matter here. */
	o.detach = false;
	return r < 0 ? r : show(&lc, &o, true, a->json, e);
}

const struct cmd oci_cmd_create = {
	.name = "create",
	.operands = "ID",
	.summary = "make a container that waits for start",
	.opts = create_opts,
	.min = 1,
	.max = 1,
	.args_size = sizeof(struct args),
	.run = create,
};

const struct cmd oci_cmd_run = {
	.name = "run",
	.operands = "ID",
	.summary = "make a container and start it",
	.details =
		"In the foreground (without --detach) signals are forwarded to the container, its\n"
		"terminal is joined to this one, and its exit status becomes that of this command\n"
		"(128+n if signal n ended it); then the container is deleted.\n",
	.opts = run_opts,
	.min = 1,
	.max = 1,
	.args_size = sizeof(struct args),
	.run = run,
};

const struct cmd oci_cmd_explain = {
	.name = "explain",
	.operands = "[BUNDLE]",
	.summary = "show every step that running a bundle takes",
	.opts = explain_opts,
	.max = 1,
	.operand = OPERAND_DIR,
	.args_size = sizeof(struct args),
	.run = explain,
};
