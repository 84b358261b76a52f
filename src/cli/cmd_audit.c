/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <time.h>

#include "audit/live.h"
#include "audit/policy.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "base/num.h"
#include "cli/atoll.h"
#include "cli/audit.h"
#include "cli/out.h"

enum { STATUS_USAGE = 2, POLICY_SIZE_MAX = 4 << 20, BASELINE_SIZE_MAX = 256 << 20 };

struct args {
	struct opt_list reports; /* "format=..." and "output=..." as they came */
	int fail_on;             /* index into severities; -1: not given */
	bool strict, live, seccomp, no_seccomp, list_rules, verbose;
	const char *baseline, *write_baseline, *policy, *pss, *against, *proc, *explain;
	struct opt_list profiles, env, env_files;
};

static const struct args defaults = { .fail_on = -1 };

static const char *const severities[] = {
	"info", "low", "medium", "high", "critical", "none", NULL
};

#define AT(member) offsetof(struct args, member)
static const struct opt opts[] = {
	{ OPT_GROUP, .help = "Reports" },
	{ OPT_LIST, 'f', "format", "FORMAT", "what to write", AT(reports), OPT_NAMED,
	  audit_formats },
	{ OPT_LIST, 'o', "output", "FILE", "where: for the --format before it", AT(reports),
	  OPT_NAMED | OPT_FILE },
	{ OPT_FLAG, 'v', "verbose", NULL, "why, every place, what cannot be told", AT(verbose) },
	{ OPT_GROUP, .help = "Verdict" },
	{ OPT_CHOICE, 0, "fail-on", "SEVERITY", "exit status 1 from here on (medium)", AT(fail_on),
	  .choices = severities },
	{ OPT_FLAG, 0, "strict", NULL, "exit status 3 if a rule cannot tell", AT(strict) },
	{ OPT_STR, 0, "policy", "FILE", "severities, rules switched off, exceptions", AT(policy),
	  OPT_FILE },
	{ OPT_STR, 0, "baseline", "FILE", "findings that are known", AT(baseline), OPT_FILE },
	{ OPT_STR, 0, "write-baseline", "FILE", "note down what is found as known",
	  AT(write_baseline), OPT_FILE },
	{ OPT_STR, 0, "pss", "LEVEL[:vX.Y]",
	  "pods must meet this level of the Pod Security Standards", AT(pss) },
	{ OPT_GROUP, .help = "Compose" },
	{ OPT_LIST, 0, "profile", "NAME", "of services with profiles only those of this one",
	  AT(profiles) },
	{ OPT_LIST, 0, "env", "NAME=VALUE", "variable", AT(env) },
	{ OPT_LIST, 0, "env-file", "FILE", "variables", AT(env_files), OPT_FILE },
	{ OPT_GROUP, .help = "Live containers" },
	{ OPT_FLAG, 0, "live", NULL, "operands are containers or PIDs; none: all that run here",
	  AT(live) },
	{ OPT_STR, 0, "against", "FILE", "compare with what this configuration declares",
	  AT(against), OPT_FILE },
	{ OPT_FLAG, 0, "seccomp", NULL,
	  "read and judge filters, with a stop below a millisecond (root: on)", AT(seccomp) },
	{ OPT_FLAG, 0, "no-seccomp", NULL, "do not stop anything", AT(no_seccomp) },
	{ OPT_STR, 0, "proc", "DIR", "read this procfs, or what atoll record made", AT(proc),
	  OPT_DIR },
	{ OPT_GROUP, .help = "Rules" },
	{ OPT_FLAG, 0, "list-rules", NULL, "show all rules", AT(list_rules) },
	{ OPT_STR, 0, "explain", "RULE", "say what a rule is about", AT(explain) },
	{ 0 },
};

static enum severity severity_at(int choice)
{
	return severity_from_name(severities[choice]);
}

/* ---- What goes in -------------------------------------------------------------------------- */

static int check_usage(const struct cmd_call *call, const struct args *args, struct err *e)
{
	if (!args->live && (args->against || args->proc || args->seccomp || args->no_seccomp))
		return err_set(e, EINVAL, "option --%s is for --live",
			       args->against   ? "against"
			       : args->proc    ? "proc"
			       : args->seccomp ? "seccomp"
					       : "no-seccomp");
	if (args->seccomp && args->no_seccomp)
		return err_set(e, EINVAL, "--seccomp and --no-seccomp together");
	if (args->seccomp && args->proc)
		return err_set(e, EINVAL, "--seccomp with --proc: a recorded scene has no filters");
	if (!args->live && call->count == 0)
		return err_set(e, EINVAL,
			       "what is to be audited? A file, a directory, a pattern, "
			       "\"-\" for standard input, or --live");
	return 0;
}

static int prepare(struct audit *a, const struct args *args, struct arena *arena, struct err *e)
{
	struct opt_list profiles = args->profiles;
	int r = 0;

	if (args->pss) {
		r = audit_pss_parse(args->pss, &a->pss_want, &a->pss_minor, e);
		a->pss = args->pss;
	}
	if (r == 0 && profiles.count) {
		(void)arena_push(arena, &profiles.items, &profiles.count, &profiles.cap,
				 sizeof(*profiles.items)); /* NULL */
		a->compose_profiles = profiles.items;
	}
	if (r == 0 && (args->env.count || args->env_files.count))
		r = audit_env(&args->env_files, &args->env, arena, &a->env, e);
	return r;
}

static void read_files(struct audit *a, const struct cmd_call *call)
{
	for (int i = 0; i < call->count; i++) {
		struct err e = { 0 };
		int r = audit_read_path(a, call->operand[i], &e);

		if (r < 0) {
			(void)err_set(&e, -r, "read %s: %m", call->operand[i]);
			(void)audit_diag(a, DIAG_UNREADABLE, NULL, NULL, "%s", e.msg);
		}
	}
}

static void read_live(struct audit *a, const struct cmd_call *call, const struct args *args)
{
	struct live_opts lo = {
		.proc = args->proc,
		.targets = call->operand,
		.count = call->count,
		.seccomp = args->seccomp || (!args->no_seccomp && !args->proc && geteuid() == 0),
		.against = args->against,
		.find_declared = !args->against && !args->proc,
	};
	struct err e = { 0 };
	int r = audit_live(a, &lo, &e);

	if (r < 0) {
		(void)err_set(&e, -r, "%m");
		(void)audit_diag(a, DIAG_UNREADABLE, NULL, NULL, "%s", e.msg);
	}
}

/* ---- What is known already ------------------------------------------------------------------ */

static int read_text(const char *file, size_t max, struct arena *arena, char **ret, size_t *ret_len,
		     struct err *e)
{
	int r = io_read_at(AT_FDCWD, file, max, arena, ret, ret_len);

	return r < 0 ? err_set(e, -r, "read %s: %m", file) : 0;
}

/* Read before anything is audited, so that a mistake in it is told at once. */
static int read_policy(struct audit *a, const struct args *args, struct policy *ret, struct err *e)
{
	char *text;
	size_t len;
	int r;

	*ret = (struct policy){ .fail_on = SEV_MEDIUM };
	if (!args->policy)
		return 0;
	r = read_text(args->policy, POLICY_SIZE_MAX, a->arena, &text, &len, e);
	return r < 0 ? r : policy_read(a->arena, args->policy, text, len, ret, e);
}

static int apply(struct audit *a, const struct args *args, struct policy *policy, struct err *e)
{
	char *text;
	size_t len;
	int r = 0;

	if (policy->allow_annotations != TRI_NO)
		suppress_apply(a);
	if (args->policy)
		policy_apply(a, policy, time(NULL));
	if (args->baseline) {
		r = read_text(args->baseline, BASELINE_SIZE_MAX, a->arena, &text, &len, e);
		if (r == 0)
			r = baseline_apply(a, args->baseline, text, len, e);
	}
	if (r < 0 || !args->write_baseline)
		return r;
	text = baseline_write(a, &len);
	r = audit_output_write(args->write_baseline, text, len, e);
	/* What was noted down is known from now on. */
	return r < 0 ? r : baseline_apply(a, args->write_baseline, text, len, e);
}

/* ---- What comes out ------------------------------------------------------------------------- */

static const char *now_text(struct arena *a)
{
	const char *fixed = getenv("SOURCE_DATE_EPOCH"); /* reproducible reports */
	time_t now = time(NULL);
	char text[32];
	int64_t v;
	struct tm tm;

	if (fixed && num_i64(fixed, strlen(fixed), &v) == 0)
		now = (time_t)v;
	if (!gmtime_r(&now, &tm) || strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		return NULL;
	return arena_strdup(a, text);
}

/* The work tree that this directory is in, since that is what code scanning relates paths to;
 * else the directory itself. */
static const char *base_of(struct arena *a, const char *cwd)
{
	char *dir = arena_strdup(a, cwd);

	while (*dir) {
		char *slash = strrchr(dir, '/');

		if (access(arena_printf(a, "%s/.git", dir), F_OK) == 0)
			return dir;
		*slash = '\0';
	}
	return cwd;
}

static int write_reports(const struct audit *a, const struct audit_outputs *outputs,
			 const struct report_opts *base, struct err *e)
{
	const char *text;
	size_t len;
	struct out o;
	int r = 0;

	out_init(&o, a->arena, NULL, true, true);
	for (size_t i = 0; r == 0 && i < outputs->count; i++) {
		struct report_opts ro = *base;

		if (!outputs->items[i].file) {
			ro.color = o.color;
			ro.utf8 = o.utf8;
			ro.width = o.width;
		}
		text = report_make(a, outputs->items[i].format, &ro, &len);
		if (outputs->items[i].file)
			r = audit_output_write(outputs->items[i].file, text, len, e);
		else if (fwrite(text, 1, len, stdout) != len || fflush(stdout) != 0)
			r = err_set(e, errno ? errno : EIO, "write to standard output: %m");
	}
	return r;
}

static int run(struct cmd_call *call, struct err *e)
{
	const struct args *args = call->args;
	struct report_opts ro = { .strict = args->strict, .verbose = args->verbose };
	struct audit_outputs outputs;
	struct policy policy;
	char cwd[PATH_MAX];
	struct audit a;
	int r = audit_outputs_plan(&args->reports, call->arena, &outputs, e);

	if (r < 0)
		return cmd_usage(call, r, e);
	if (args->list_rules || args->explain) {
		bool json = outputs.items[0].format == REPORT_JSON;

		if (args->explain)
			return audit_rule_explain(call->arena, args->explain, json, e);
		audit_rules_list(call->arena, json);
		return 0;
	}
	audit_init(&a, call->arena);
	r = check_usage(call, args, e);
	if (r == 0)
		r = prepare(&a, args, call->arena, e);
	if (r < 0)
		return cmd_usage(call, r, e);
	r = read_policy(&a, args, &policy, e);
	if (r < 0)
		return r;
	if (args->live)
		read_live(&a, call, args);
	else
		read_files(&a, call);
	audit_run(&a);
	r = apply(&a, args, &policy, e);
	if (r < 0)
		return r;
	ro.fail_on = args->fail_on >= 0 ? severity_at(args->fail_on) : policy.fail_on;
	ro.taken = now_text(call->arena);
	ro.cwd = getcwd(cwd, sizeof(cwd));
	ro.base = ro.cwd ? base_of(call->arena, ro.cwd) : NULL;
	r = write_reports(&a, &outputs, &ro, e);
	return r < 0 ? r : (int)report_status(&a, &ro);
}

const struct cmd cmd_audit = {
	.name = "audit",
	.operands = "[FILE|DIR|PATTERN|-|CONTAINER|PID]...",
	.summary = "find what weakens isolation, in files and in running containers",
	.details =
		"Reads OCI configurations, output of docker, podman and crictl inspect, Compose\n"
		"files and Kubernetes manifests, told apart by what is in them; or with --live\n"
		"what the kernel says of running containers.\n"
		"Exit status: 0 nothing at or above --fail-on, 1 findings, 2 wrong command line,\n"
		"3 something could not be checked.\n",
	.opts = opts,
	.max = -1,
	.operand = OPERAND_FILE,
	.fail_status = STATUS_USAGE,
	.usage_status = STATUS_USAGE,
	.args_size = sizeof(struct args),
	.defaults = &defaults,
	.run = run,
};
