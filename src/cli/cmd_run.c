/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "cli/atoll.h"
#include "cli/enforce.h"
#include "conf/runspec.h"
#include "run/selfexe.h"

enum {
	STATUS_OURS = 125, /* as Docker: atoll itself failed */
	STATUS_NOT_EXECUTABLE = 126,
	STATUS_NOT_FOUND = 127,
	NOT_GIVEN = INT64_MIN,
};

struct args {
	bool interactive, tty, remove, detach, read_only, init, privileged, dry_run, json;
	const char *name, *hostname, *workdir, *user, *entrypoint;
	const char *pid, *ipc, *uts, *net, *userns, *cgroupns;
	const char *memory, *memory_swap, *memory_reservation, *cpus, *cpuset_cpus, *cpuset_mems,
		*shm_size;
	const char *stop_signal, *audit;
	int64_t cpu_shares, pids_limit, oom_score_adj, stop_timeout;
	struct opt_list env, env_file, volume, mount, tmpfs, device, cap_add, cap_drop,
		security_opt, group_add, ulimit, sysctl, annotation;
};

static const struct args defaults = {
	.init = true,
	.pids_limit = NOT_GIVEN,
	.oom_score_adj = NOT_GIVEN,
	.stop_timeout = -1,
};

#define AT(member) offsetof(struct args, member)
/* clang-format off */
static const struct opt opts[] = {
	{ OPT_GROUP, .help = "What runs" },
	{ OPT_FLAG, 'i', "interactive", NULL, "pass standard input on (without it: /dev/null)", AT(interactive) },
	{ OPT_FLAG, 't', "tty", NULL, "give it a terminal of its own", AT(tty) },
	{ OPT_FLAG, 'd', "detach", NULL, "run in the background and print the id; needs conmon", AT(detach) },
	{ OPT_FLAG, 0, "rm", NULL, "forget the container when it ends", AT(remove) },
	{ OPT_STR, 0, "name", "NAME", "a name beside its id", AT(name) },
	{ OPT_STR, 'h', "hostname", "NAME", "host name (default: the beginning of the id)", AT(hostname) },
	{ OPT_LIST, 'e', "env", "VAR[=VALUE]", "set a variable, or take ours", AT(env) },
	{ OPT_LIST, 0, "env-file", "FILE", "variables from a file", AT(env_file), OPT_FILE },
	{ OPT_STR, 'w', "workdir", "DIR", "working directory (default: /)", AT(workdir) },
	{ OPT_STR, 'u', "user", "USER[:GROUP]", "user and group, names or numbers (default: root)", AT(user) },
	{ OPT_LIST, 0, "group-add", "GROUP", "one more group", AT(group_add) },
	{ OPT_STR, 0, "entrypoint", "COMMAND", "goes before COMMAND", AT(entrypoint) },
	{ OPT_FLAG, 0, "init", NULL, "atoll-init as PID 1 (default)", AT(init), OPT_NEGATABLE },
	{ OPT_STR, 0, "stop-signal", "SIGNAL", "what 'atoll stop' sends first (default: TERM)", AT(stop_signal) },
	{ OPT_INT, 0, "stop-timeout", "SECONDS", "how long 'atoll stop' waits before SIGKILL (default: 10)", AT(stop_timeout), .min = -1, .max = INT_MAX / 1000 },
	{ OPT_LIST, 0, "annotation", "KEY=VALUE", "annotation of the configuration", AT(annotation) },
	{ OPT_FLAG, 0, "dry-run", NULL, "show the plan and do nothing", AT(dry_run) },
	{ OPT_FLAG, 0, "json", NULL, "show the plan as JSON", AT(json) },

	{ OPT_GROUP, .help = "Files" },
	{ OPT_LIST, 'v', "volume", "SRC:DST[:OPTIONS]", "show a file or directory inside: ro, rw, ...", AT(volume), OPT_FILE },
	{ OPT_LIST, 0, "mount", "KEY=VALUE,...", "type=bind|tmpfs,src=,dst=,readonly,...", AT(mount) },
	{ OPT_LIST, 0, "tmpfs", "DST[:OPTIONS]", "an empty file system in memory", AT(tmpfs) },
	{ OPT_FLAG, 0, "read-only", NULL, "nothing in the root can be changed", AT(read_only) },
	{ OPT_LIST, 0, "device", "HOST[:DST[:rwm]]", "a device of this machine", AT(device), OPT_FILE },
	{ OPT_STR, 0, "shm-size", "SIZE", "of /dev/shm (default: 64m)", AT(shm_size) },

	{ OPT_GROUP, .help = "Namespaces" },
	{ OPT_STR, 0, "pid", "MODE", "private (default), host, container:ID", AT(pid) },
	{ OPT_STR, 0, "ipc", "MODE", "private (default), host, container:ID, none", AT(ipc) },
	{ OPT_STR, 0, "uts", "MODE", "private (default), host, container:ID", AT(uts) },
	{ OPT_STR, 0, "net", "MODE", "none (default: only lo), host, container:ID", AT(net) },
	{ OPT_STR, 0, "network", "MODE", "the same as --net", AT(net), OPT_HIDDEN },
	{ OPT_STR, 0, "userns", "MODE", "host (default as root), private, keep-id", AT(userns) },
	{ OPT_STR, 0, "cgroupns", "MODE", "private (default), host", AT(cgroupns) },

	{ OPT_GROUP, .help = "Rights" },
	{ OPT_LIST, 0, "cap-add", "CAPABILITY", "one more capability, or ALL", AT(cap_add) },
	{ OPT_LIST, 0, "cap-drop", "CAPABILITY", "one less, or ALL", AT(cap_drop) },
	{ OPT_FLAG, 0, "privileged", NULL, "all capabilities and devices, no filter: trust it like root", AT(privileged) },
	{ OPT_LIST, 0, "security-opt", "OPTION", "no-new-privileges[=BOOL], seccomp=, apparmor=, label=, systempaths=", AT(security_opt) },
	{ OPT_STR, 0, "audit", "WHAT", "warn or deny, with :SEVERITY: what weakens its isolation is told, or refused", AT(audit) },
	{ OPT_LIST, 0, "sysctl", "KEY=VALUE", "kernel setting of its namespaces", AT(sysctl) },

	{ OPT_GROUP, .help = "Limits" },
	{ OPT_STR, 'm', "memory", "SIZE", "memory, as 64m", AT(memory) },
	{ OPT_STR, 0, "memory-swap", "SIZE", "memory and swap together; -1: no limit", AT(memory_swap) },
	{ OPT_STR, 0, "memory-reservation", "SIZE", "what it keeps when memory is short", AT(memory_reservation) },
	{ OPT_STR, 0, "cpus", "N", "processors, as 1.5", AT(cpus) },
	{ OPT_INT, 'c', "cpu-shares", "N", "weight (default: 1024)", AT(cpu_shares), .min = 0, .max = INT_MAX },
	{ OPT_STR, 0, "cpuset-cpus", "LIST", "which processors, as 0-2,4", AT(cpuset_cpus) },
	{ OPT_STR, 0, "cpuset-mems", "LIST", "which memory nodes", AT(cpuset_mems) },
	{ OPT_INT, 0, "pids-limit", "N", "processes (default: 2048); -1: no limit", AT(pids_limit), .min = -1, .max = INT_MAX },
	{ OPT_LIST, 0, "ulimit", "NAME=SOFT[:HARD]", "resource limit of a process", AT(ulimit) },
	{ OPT_INT, 0, "oom-score-adj", "N", "-1000 to 1000: who is killed first", AT(oom_score_adj), .min = -1000, .max = 1000 },
	{ 0 },
};
/* clang-format on */

static struct oci_strings list(const struct opt_list *l)
{
	return (struct oci_strings){ .items = l->items, .count = l->count };
}

/* ROOT [--] COMMAND, or -- COMMAND for the embedded default. */
static int read_operands(const struct cmd_call *call, struct atoll *at, struct run_opts *o,
			 struct err *e)
{
	char **words = call->operand;
	size_t n = (size_t)call->count;
	char path[PATH_MAX];

	if (!call->dashdash) {
		if (n == 0) {
			(void)err_set(e, EINVAL,
				      "\"run\" requires a root directory, or -- and a command");
			err_hint(e, "see \"atoll run --help\"");
			return -EINVAL;
		}
		if (!realpath(words[0], path))
			return err_set(e, errno, "root directory %.256s: %m", words[0]);
		o->root = arena_strdup(at->arena, path);
		words++;
		n--;
		if (n > 0 && strcmp(words[0], "--") == 0) {
			words++;
			n--;
		}
	}
	o->command = (struct oci_strings){
		.items = arena_alloc(at->arena, (n + 1) * sizeof(char *)), .count = n
	};
	for (size_t i = 0; i < n; i++)
		o->command.items[i] = words[i];
	return 0;
}

/* Files first, so that -e has the last word. */
static int read_env(const struct args *a, struct atoll *at, struct run_opts *o, struct err *e)
{
	struct oci_strings env = { 0 }, all;
	size_t cap = 0;

	for (size_t i = 0; i < a->env_file.count; i++) {
		const char *name = a->env_file.items[i];
		char *text;
		size_t len;
		int r = io_read_at(AT_FDCWD, name, RUN_TEXT_MAX, at->arena, &text, &len);

		if (r < 0)
			return err_set(e, -r, "option --env-file: read %s: %m", name);
		r = run_env_file(name, text, len, at->arena, &env, e);
		if (r < 0)
			return r;
	}
	all = (struct oci_strings){ 0 };
	for (size_t i = 0; i < env.count + a->env.count; i++)
		*(const char **)arena_push(at->arena, &all.items, &all.count, &cap,
					   sizeof(*all.items)) =
			i < env.count ? env.items[i] : a->env.items[i - env.count];
	o->env = all;
	return 0;
}

static void copy_words(const struct args *a, struct run_opts *o)
{
	o->entrypoint = a->entrypoint;
	o->name = a->name;
	o->hostname = a->hostname && *a->hostname ? a->hostname : NULL; /* as with docker */
	o->workdir = a->workdir;
	o->user = a->user;
	o->tty = a->tty;
	o->interactive = a->interactive;
	o->init = a->init;
	o->read_only = a->read_only;
	o->privileged = a->privileged;
	o->volumes = list(&a->volume);
	o->mounts = list(&a->mount);
	o->tmpfs = list(&a->tmpfs);
	o->devices = list(&a->device);
	o->pid = a->pid;
	o->ipc = a->ipc;
	o->uts = a->uts;
	o->net = a->net;
	o->userns = a->userns;
	o->cgroupns = a->cgroupns;
	o->cap_add = list(&a->cap_add);
	o->cap_drop = list(&a->cap_drop);
	o->security_opt = list(&a->security_opt);
	o->group_add = list(&a->group_add);
	o->memory = a->memory;
	o->memory_swap = a->memory_swap;
	o->memory_reservation = a->memory_reservation;
	o->cpus = a->cpus;
	o->cpuset_cpus = a->cpuset_cpus;
	o->cpuset_mems = a->cpuset_mems;
	o->shm_size = a->shm_size;
	o->cpu_shares = a->cpu_shares;
	/* Docker: 0 is no limit too */
	o->pids_limit = a->pids_limit == NOT_GIVEN ? 0 : a->pids_limit == 0 ? -1 : a->pids_limit;
	o->oom_score_adj = a->oom_score_adj == NOT_GIVEN ? NULL : &a->oom_score_adj;
	o->ulimits = list(&a->ulimit);
	o->sysctls = list(&a->sysctl);
	o->annotations = list(&a->annotation);
	o->stop_signal = a->stop_signal;
	o->stop_timeout_s = a->stop_timeout;
}

static int check_combination(const struct args *a, struct err *e)
{
	if (a->json && !a->dry_run)
		return err_set(e, EINVAL, "option --json goes with --dry-run");
	if (a->tty && a->interactive && !a->detach && !a->dry_run && !isatty(STDIN_FILENO))
		return err_set(e, EINVAL,
			       "options -it: standard input is not a terminal; leave out -t");
	return 0;
}

/* All of the command line as a spec. Nothing has been done yet. */
static int read_spec(struct cmd_call *call, struct atoll *at, struct record *rec,
		     struct oci_spec *spec, struct err *e)
{
	const struct args *a = call->args;
	struct run_opts *o = ARENA_NEW(call->arena, struct run_opts);
	struct run_facts *f = ARENA_NEW(call->arena, struct run_facts);
	const char *short_id;
	int r = check_combination(a, e);

	copy_words(a, o);
	rec->id = a->dry_run ? "dry-run" : record_new_id(call->arena);
	rec->named = a->name != NULL;
	short_id = arena_strndup(call->arena, rec->id, strnlen(rec->id, RECORD_SHORT_LEN));
	rec->name = a->name ? a->name : short_id;
	rec->detached = a->detach;
	rec->tty = a->tty;
	rec->auto_remove = a->remove;
	if (r == 0 && a->name)
		r = record_check_name(a->name, e);
	if (!o->hostname && (!o->uts || strcmp(o->uts, "private") == 0))
		o->hostname = short_id;
	if (r == 0)
		r = read_operands(call, at, o, e);
	if (r == 0)
		r = read_env(a, at, o, e);
	if (r == 0)
		r = run_facts_gather(at, o, f, e);
	if (r == 0)
		r = run_spec_build(o, f, call->arena, spec, e);
	if (r < 0)
		return r;
	rec->root = o->root;
	rec->command = spec->process.args;
	rec->created = state_now(call->arena);
	return 0;
}

static int show(struct atoll *at, const struct record *rec, const struct oci_spec *spec, bool json,
		struct err *e)
{
	const struct lc_create o = { .id = rec->id, .spec = spec };
	struct plan plan;
	size_t len;
	char *text;
	int r = lc_plan(&at->lc, &o, true, &plan, e);

	if (r < 0)
		return r;
	if (json)
		plan_json(&plan, at->arena, &text, &len);
	else
		plan_text(&plan, at->arena, &text, &len);
	(void)fwrite(text, 1, len, stdout);
	return 0;
}

/* The node's policy, and --audit. */
static int permitted(struct cmd_call *call, struct atoll *at, const struct oci_spec *spec,
		     struct err *e)
{
	const struct args *a = call->args;
	struct enforce o = { .arena = call->arena,
			     .rootless = at->lc.rootless,
			     .warn = at->lc.warn };
	int r = a->audit ? enforce_option(a->audit, &o, e) : 0;

	return r < 0 ? r : enforce_spec(&o, "the container", spec, e);
}

static int keep_config(struct atoll *at, const struct record *rec, const struct oci_spec *spec,
		       struct err *e)
{
	size_t len;
	char *text;
	int r;

	oci_spec_write(spec, at->arena, &text, &len);
	r = io_replace_at(rec->dir_fd, "config.json", text, len, 0600);
	return r < 0 ? err_set(e, -r, "write the configuration of container %.12s: %m", rec->id)
		     : 0;
}

/* 127 and 126 are the command's, as a shell has them. */
static int failure(int r, bool command_failed)
{
	if (!command_failed)
		return STATUS_OURS;
	return r == -ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE;
}

static int foreground(struct cmd_call *call, struct atoll *at, struct record *rec,
		      const struct oci_spec *spec, struct err *e)
{
	const struct args *a = call->args;
	struct lc_create o = { .id = rec->id, .spec = spec };
	bool command_failed = false;
	int r = a->interactive ? 0 : stdin_null(e), status;

	o.bundle = arena_printf(call->arena, "%s/records/%s", at->root, rec->id);
	if (r == 0)
		r = rec->auto_remove ? 0 : keep_config(at, rec, spec, e);
	if (r == 0)
		r = lc_run(&at->lc, &o, &command_failed, e);
	if (r < 0) {
		call->fail_status = failure(r, command_failed);
		return r;
	}
	status = r;
	r = record_finish(rec, status, e);
	return r < 0 ? r : status;
}

static int detached(struct cmd_call *call, struct atoll *at, struct record *rec,
		    const struct oci_spec *spec, struct err *e)
{
	const struct args *a = call->args;
	int r = keep_config(at, rec, spec, e);

	if (r == 0)
		r = run_detached(at, rec, spec, a->interactive, &call->fail_status, e);
	if (r == 0)
		puts(rec->id);
	return r;
}

/* Who holds the name may be over without anybody having looked since: looking sweeps it. */
static int make_record(struct atoll *at, struct record *rec, struct err *e)
{
	autobox struct box holder = BOX_NULL;
	int r = record_make(&at->rs, rec, e);

	if (r != -EEXIST)
		return r;
	*e = (struct err){ 0 };
	(void)box_find(at, rec->name, &holder, NULL);
	return record_make(&at->rs, rec, e);
}

static int run(struct cmd_call *call, struct err *e)
{
	const struct args *a = call->args;
	autoatoll struct atoll at = ATOLL_NULL;
	autorecord struct record rec = RECORD_NULL;
	struct oci_spec *spec = ARENA_NEW(call->arena, struct oci_spec);
	int r;

	call->fail_status = STATUS_OURS;
	/* The runtime that conmon starts protects itself. */
	r = a->dry_run || a->detach ? 0 : selfexe_protect(call->argv, e);
	if (r == 0)
		r = atoll_open(call, false, &at, e);
	if (r == 0)
		r = read_spec(call, &at, &rec, spec, e);
	if (r == 0 && a->dry_run)
		return show(&at, &rec, spec, a->json, e);
	if (r == 0)
		r = permitted(call, &at, spec, e);
	if (r == 0) {
		records_close(&at.rs);
		r = records_open(call->arena, at.root, true, &at.rs, e);
	}
	if (r == 0)
		r = make_record(&at, &rec, e);
	if (r < 0)
		return r;
	r = a->detach ? detached(call, &at, &rec, spec, e) : foreground(call, &at, &rec, spec, e);
	if (r < 0 || (rec.auto_remove && !a->detach))
		(void)record_remove(&at.rs, &rec, NULL);
	return r;
}

const struct cmd cmd_run = {
	.name = "run",
	.operands = "ROOT [--] [COMMAND [ARG...]] | -- COMMAND [ARG...]",
	.summary = "run a command in a new container",
	.details =
		"ROOT is a directory with a root file system; COMMAND is /bin/sh if none is given.\n"
		"Without ROOT (a command after --) the container gets this machine's own system:\n"
		"everything can be written and is forgotten afterwards, and secrets are hidden.\n"
		"\n"
		"The exit status is the command's, 128+n if signal n ended it, 127 if the command\n"
		"was not found, 126 if it cannot be executed, 125 if atoll itself failed.\n",
	.opts = opts,
	.max = -1,
	.flags = CMD_STOP,
	.operand = OPERAND_DIR,
	.fail_status = STATUS_OURS,
	.args_size = sizeof(struct args),
	.defaults = &defaults,
	.run = run,
};
