/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/cleanup.h"
#include "base/names.h"
#include "base/num.h"
#include "conf/runspec_impl.h"

enum {
	CPU_PERIOD_US = 100000,
	CPU_DIGITS = 5,         /* of that period */
	MEMORY_MIN = 512 << 10, /* below it nothing starts at all */
	CPU_SHARES_MIN = 2,
	CPU_SHARES_MAX = 262144,
};

static int bad(struct run_build *b, const char *option, const char *value, const char *what)
{
	return err_set(b->e, EINVAL, "option --%s '%.128s': %s", option, value, what);
}

static int size(struct run_build *b, const char *option, const char *value, const int64_t **ret)
{
	int64_t v;

	if (!value)
		return 0;
	if (num_size(value, &v) < 0)
		return bad(b, option, value, "not a size such as 64m");
	if (v == 0) /* Docker: no limit */
		return 0;
	if (v > 0 && v < MEMORY_MIN)
		return bad(b, option, value, "less than 512k, with which nothing starts");
	*ret = arena_dup(b->a, &v, sizeof(v));
	return 0;
}

/* --memory-swap is memory and swap together, as the specification has it too.
 * Without it a container with a memory limit gets as much swap as memory. */
static int memory(struct run_build *b)
{
	struct oci_resources *res = &b->spec->linux_.resources;
	const char *swap = b->o->memory_swap;
	int64_t twice;
	int r = size(b, "memory", b->o->memory, &res->memory.limit);

	if (r == 0)
		r = size(b, "memory-reservation", b->o->memory_reservation,
			 &res->memory.reservation);
	if (r == 0)
		r = size(b, "memory-swap", swap, &res->memory.swap);
	if (r < 0)
		return r;
	if (res->memory.limit && *res->memory.limit < 0)
		return bad(b, "memory", b->o->memory, "must be above zero");
	if (res->memory.reservation && *res->memory.reservation < 0)
		return bad(b, "memory-reservation", b->o->memory_reservation, "must be above zero");
	if (res->memory.swap && !res->memory.limit)
		return bad(b, "memory-swap", swap, "needs --memory too");
	if (res->memory.swap && *res->memory.swap > 0 && *res->memory.swap < *res->memory.limit)
		return bad(b, "memory-swap", swap,
			   "is memory and swap together, so not less than --memory");
	if (res->memory.reservation && res->memory.limit &&
	    *res->memory.reservation > *res->memory.limit)
		return bad(b, "memory-reservation", b->o->memory_reservation, "more than --memory");
	if (res->memory.limit && !res->memory.swap && b->f->swap_limit &&
	    *res->memory.limit <= INT64_MAX / 2) {
		twice = *res->memory.limit * 2;
		res->memory.swap = arena_dup(b->a, &twice, sizeof(twice));
	}
	return 0;
}

/* "1.5" as microseconds of a period. */
static int cpus(struct run_build *b)
{
	struct oci_resources *res = &b->spec->linux_.resources;
	const char *text = b->o->cpus, *dot;
	const uint64_t period = CPU_PERIOD_US;
	uint64_t whole = 0, part = 0;
	size_t digits;
	int64_t quota;

	if (!text)
		return 0;
	dot = text + strcspn(text, ".");
	if ((dot == text && !dot[1]) ||
	    (dot > text && num_u64(text, (size_t)(dot - text), &whole) < 0))
		return bad(b, "cpus", text, "not a number such as 1.5");
	digits = *dot ? strlen(dot + 1) : 0;
	if (digits > CPU_DIGITS ||
	    (digits && (dot[1] == '-' || num_u64(dot + 1, digits, &part) < 0)))
		return bad(b, "cpus", text, "not a number such as 1.5, with up to five decimals");
	for (; digits < CPU_DIGITS; digits++)
		part *= 10;
	if (whole > INT64_MAX / CPU_PERIOD_US - 1)
		return bad(b, "cpus", text, "more than any machine has");
	quota = (int64_t)(whole * CPU_PERIOD_US + part);
	if (quota == 0) /* Docker: no limit */
		return 0;
	if (quota < 1000)
		return bad(b, "cpus", text, "less than 0.01");
	res->cpu.quota = arena_dup(b->a, &quota, sizeof(quota));
	res->cpu.period = arena_dup(b->a, &period, sizeof(period));
	return 0;
}

static int cpu_rest(struct run_build *b)
{
	struct oci_resources *res = &b->spec->linux_.resources;
	uint64_t shares = (uint64_t)b->o->cpu_shares;

	if (b->o->cpu_shares < 0)
		return err_set(b->e, EINVAL,
			       "option --cpu-shares %" PRId64 ": must not be negative",
			       b->o->cpu_shares);
	if (shares) {
		shares = shares < CPU_SHARES_MIN   ? CPU_SHARES_MIN
			 : shares > CPU_SHARES_MAX ? CPU_SHARES_MAX
						   : shares;
		res->cpu.shares = arena_dup(b->a, &shares, sizeof(shares));
	}
	if (b->o->cpuset_cpus &&
	    strspn(b->o->cpuset_cpus, "0123456789-,") != strlen(b->o->cpuset_cpus))
		return bad(b, "cpuset-cpus", b->o->cpuset_cpus, "not a list such as 0-2,4");
	if (b->o->cpuset_mems &&
	    strspn(b->o->cpuset_mems, "0123456789-,") != strlen(b->o->cpuset_mems))
		return bad(b, "cpuset-mems", b->o->cpuset_mems, "not a list such as 0-1");
	res->cpu.cpus = b->o->cpuset_cpus && *b->o->cpuset_cpus ? b->o->cpuset_cpus : NULL;
	res->cpu.mems = b->o->cpuset_mems && *b->o->cpuset_mems ? b->o->cpuset_mems : NULL;
	return 0;
}

/* The default is for everybody who can have it; what was asked for must be had. */
static int pids(struct run_build *b)
{
	int64_t limit = b->o->pids_limit ? b->o->pids_limit : RUN_PIDS_DEFAULT;

	if (limit < -1)
		return err_set(b->e, EINVAL,
			       "option --pids-limit %" PRId64 ": a number, or -1 for no limit",
			       limit);
	if (limit < 0 || (!b->f->cgroups && !b->o->pids_limit))
		return 0;
	b->spec->linux_.resources.pids_limit = arena_dup(b->a, &limit, sizeof(limit));
	return 0;
}

static int cgroup_limits(struct run_build *b)
{
	const struct run_opts *o = b->o;
	struct oci_resources *res = &b->spec->linux_.resources;
	int r = memory(b);

	if (r == 0)
		r = cpus(b);
	if (r == 0)
		r = cpu_rest(b);
	if (r == 0)
		r = pids(b);
	if (r < 0)
		return r;
	if (!b->f->cgroups &&
	    (res->memory.limit || res->memory.reservation || res->cpu.quota || res->cpu.shares ||
	     res->cpu.cpus || res->cpu.mems || res->pids_limit)) {
		(void)err_set(
			b->e, EPERM,
			b->f->rootless
				? "option --%s: this user may not set limits: there is no cgroup of its own"
				: "option --%s: limits cannot be set: no cgroup hierarchy is mounted",
			o->memory               ? "memory"
			: o->memory_reservation ? "memory-reservation"
			: o->cpus               ? "cpus"
			: o->cpu_shares         ? "cpu-shares"
			: o->cpuset_cpus        ? "cpuset-cpus"
			: o->cpuset_mems        ? "cpuset-mems"
						: "pids-limit");
		err_hint(
			b->e,
			b->f->rootless
				? "run it under 'systemd-run --user --scope -p Delegate=yes', or as root"
				: "mount -t cgroup2 cgroup2 /sys/fs/cgroup");
		return -EPERM;
	}
	res->present = res->present || b->f->cgroups;
	return 0;
}

/* ---- ulimits ------------------------------------------------------------------- */

static int limit_value(const char *text, size_t len, uint64_t *ret)
{
	if ((len == 2 && memcmp(text, "-1", 2) == 0) ||
	    (len == 9 && memcmp(text, "unlimited", 9) == 0)) {
		*ret = RLIM_INFINITY;
		return 0;
	}
	return num_u64(text, len, ret);
}

static int ulimit(struct run_build *b, const char *value, size_t *cap)
{
	struct oci_process *p = &b->spec->process;
	const char *eq = strchr(value, '='), *colon = eq ? strchr(eq, ':') : NULL;
	struct oci_rlimit l = { 0 }, *slot;
	char name[32] = "RLIMIT_";
	size_t len = eq ? (size_t)(eq - value) : 0, at = strlen(name);

	if (!eq || len == 0 || len + at >= sizeof(name))
		return bad(b, "ulimit", value, "not NAME=SOFT[:HARD]");
	for (size_t i = 0; i < len; i++)
		name[at + i] = (char)toupper((unsigned char)value[i]);
	l.resource = name_rlimit(name);
	if (l.resource < 0)
		return bad(b, "ulimit", value, "unknown limit");
	if (limit_value(eq + 1, colon ? (size_t)(colon - eq - 1) : strlen(eq + 1), &l.soft) < 0)
		return bad(b, "ulimit", value, "not NAME=SOFT[:HARD] with numbers");
	l.hard = l.soft;
	if (colon && limit_value(colon + 1, strlen(colon + 1), &l.hard) < 0)
		return bad(b, "ulimit", value, "not NAME=SOFT[:HARD] with numbers");
	if (l.soft > l.hard)
		return bad(b, "ulimit", value, "the soft limit is above the hard one");
	for (size_t i = 0; i < p->rlimits_count; i++)
		if (p->rlimits[i].resource == l.resource) {
			p->rlimits[i] = l; /* the last counts */
			return 0;
		}
	slot = arena_push(b->a, &p->rlimits, &p->rlimits_count, cap, sizeof(l));
	*slot = l;
	return 0;
}

static int pairs(struct run_build *b, const char *option, const struct oci_strings *list,
		 struct oci_pairs *out)
{
	size_t cap = out->count; /* the next one makes room */

	for (size_t i = 0; i < list->count; i++) {
		const char *value = list->items[i], *eq = strchr(value, '=');
		struct oci_pair pair = { .value = eq ? eq + 1 : NULL }, *slot = NULL;

		if (!eq || eq == value)
			return bad(b, option, value, "not KEY=VALUE");
		pair.key = arena_strndup(b->a, value, (size_t)(eq - value));
		for (size_t k = 0; k < out->count; k++)
			if (strcmp(out->items[k].key, pair.key) == 0)
				slot = &out->items[k];
		if (!slot)
			slot = arena_push(b->a, &out->items, &out->count, &cap, sizeof(pair));
		*slot = pair;
	}
	return 0;
}

int run_limits(struct run_build *b)
{
	const struct run_opts *o = b->o;
	size_t cap = 0;
	int r = cgroup_limits(b);

	for (size_t i = 0; r == 0 && i < o->ulimits.count; i++)
		r = ulimit(b, o->ulimits.items[i], &cap);
	if (r == 0)
		r = pairs(b, "sysctl", &o->sysctls, &b->spec->linux_.sysctl);
	if (r == 0)
		r = pairs(b, "annotation", &o->annotations, &b->spec->annotations);
	if (r == 0 && o->oom_score_adj && (*o->oom_score_adj < -1000 || *o->oom_score_adj > 1000))
		r = err_set(b->e, EINVAL,
			    "option --oom-score-adj %" PRId64 ": not between -1000 and 1000",
			    *o->oom_score_adj);
	if (r == 0)
		b->spec->process.oom_score_adj = o->oom_score_adj;
	return r;
}
