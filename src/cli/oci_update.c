/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "cli/oci.h"

struct args {
	const char *resources;
	int64_t memory, memory_reservation, memory_swap, pids_limit, cpu_quota, cpu_idle;
	int64_t cpu_period, cpu_shares, blkio_weight;
	const char *cpuset_cpus, *cpuset_mems;
};

/* No value of any of these. */
#define UNSET INT64_MIN
static const struct args defaults = {
	.memory = UNSET,
	.memory_reservation = UNSET,
	.memory_swap = UNSET,
	.pids_limit = UNSET,
	.cpu_quota = UNSET,
	.cpu_idle = UNSET,
	.cpu_period = UNSET,
	.cpu_shares = UNSET,
	.blkio_weight = UNSET,
};

#define AT(member) offsetof(struct args, member)
static const struct opt opts[] = {
	{ OPT_STR, 'r', "resources", "FILE", "read a linux.resources object; - is standard input",
	  AT(resources), OPT_FILE },
	{ OPT_SIZE, 0, "memory", "BYTES", "memory limit, -1 for none", AT(memory) },
	{ OPT_SIZE, 0, "memory-reservation", "BYTES", "memory that reclaim leaves alone",
	  AT(memory_reservation) },
	{ OPT_SIZE, 0, "memory-swap", "BYTES", "memory and swap together, -1 for no limit",
	  AT(memory_swap) },
	{ OPT_INT, 0, "pids-limit", "N", "how many tasks, -1 for any number", AT(pids_limit),
	  .min = -1, .max = INT64_MAX },
	{ OPT_INT, 0, "cpu-period", "USEC", "length of a CPU period", AT(cpu_period), .min = 1,
	  .max = INT64_MAX },
	{ OPT_INT, 0, "cpu-quota", "USEC", "CPU time in a period, -1 for no limit", AT(cpu_quota) },
	{ OPT_INT, 0, "cpu-share", "N", "relative weight of CPU time", AT(cpu_shares), .min = 1,
	  .max = INT64_MAX },
	{ OPT_INT, 0, "cpu-idle", "N", "1: only time that nobody else wants", AT(cpu_idle),
	  .min = 0, .max = 1 },
	{ OPT_STR, 0, "cpuset-cpus", "LIST", "CPUs to run on", AT(cpuset_cpus) },
	{ OPT_STR, 0, "cpuset-mems", "LIST", "memory nodes to use", AT(cpuset_mems) },
	{ OPT_INT, 0, "blkio-weight", "N", "relative weight of block I/O", AT(blkio_weight),
	  .min = 10, .max = 1000 },
	{ 0 },
};

static int read_resources(struct cmd_call *call, const char *path, struct oci_resources *ret,
			  struct err *e)
{
	bool in = strcmp(path, "-") == 0;
	size_t len;
	char *text;
	int r = in ? io_read_fd(STDIN_FILENO, IO_FILE_MAX, call->arena, &text, &len)
		   : io_read_at(AT_FDCWD, path, IO_FILE_MAX, call->arena, &text, &len);

	if (r < 0)
		return err_set(e, -r, "read %s: %m", in ? "standard input" : path);
	return oci_resources_parse(in ? "standard input" : path, text, len, call->arena, ret, e);
}

static const int64_t *given(const int64_t *v)
{
	return *v == UNSET ? NULL : v;
}

static const uint64_t *given_u(struct arena *a, int64_t v)
{
	uint64_t u = (uint64_t)v;

	return v == UNSET ? NULL : arena_dup(a, &u, sizeof(u));
}

static void from_options(struct arena *arena, const struct args *a, struct oci_resources *r)
{
	uint16_t weight = (uint16_t)a->blkio_weight;

	r->present = true;
	r->memory.limit = given(&a->memory);
	r->memory.reservation = given(&a->memory_reservation);
	r->memory.swap = given(&a->memory_swap);
	r->pids_limit = given(&a->pids_limit);
	r->cpu.quota = given(&a->cpu_quota);
	r->cpu.idle = given(&a->cpu_idle);
	r->cpu.period = given_u(arena, a->cpu_period);
	r->cpu.shares = given_u(arena, a->cpu_shares);
	r->cpu.cpus = a->cpuset_cpus;
	r->cpu.mems = a->cpuset_mems;
	if (a->blkio_weight != UNSET)
		r->block_io.weight = arena_dup(arena, &weight, sizeof(weight));
}

static int run(struct cmd_call *call, struct err *e)
{
	const struct args *a = call->args;
	struct oci_resources res = { 0 };
	autolc struct lc lc = LC_INIT(NULL, NULL);
	int r = oci_lc(call, &lc, e);

	if (r == 0 && a->resources)
		r = read_resources(call, a->resources, &res, e);
	else if (r == 0)
		from_options(call->arena, a, &res);
	return r < 0 ? r : lc_update(&lc, call->operand[0], &res, e);
}

const struct cmd oci_cmd_update = {
	.name = "update",
	.operands = "ID",
	.summary = "change the limits of a container",
	.details = "With --resources the other options are not looked at.\n",
	.opts = opts,
	.min = 1,
	.max = 1,
	.operand = OPERAND_ID,
	.args_size = sizeof(struct args),
	.defaults = &defaults,
	.run = run,
};
