/* SPDX-License-Identifier: Apache-2.0 */
/* Limits, scheduling, kernel parameters. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/names.h"
#include "base/num.h"
#include "run/ctx.h"
#include "run/later.h"
#include "run/procfd.h"
#include "sys/syscalls.h"

/* Whom a step that may stand on either side works on: 0 means the caller. */
static pid_t target(const struct ctx *c, const struct step *s)
{
	return s->side == SIDE_HOST ? c->child.pid : 0;
}

/* --- OOM score --- */

static bool oom_score_is(pid_t pid, int64_t value)
{
	char buf[16];
	ssize_t n = procfd_read(pid, "oom_score_adj", buf, sizeof(buf));
	int64_t now;

	return n > 1 && num_i64(buf, (size_t)n - 1, &now) == 0 && now == value;
}

/* To go below what the process was started with takes CAP_SYS_RESOURCE. A
 * rootless engine asks for it all the same and can do without. */
int do_oom_score_adj(struct ctx *c, const struct step *s, struct err *e)
{
	pid_t pid = target(c, s);
	char text[24];
	int n = snprintf(text, sizeof(text), "%" PRId64, s->num.value);
	int r = procfd_write(pid, "oom_score_adj", text, (size_t)n);

	if (r == 0)
		return 0;
	if (r != -EACCES && r != -EPERM)
		return err_set(e, -r, "write oom_score_adj: %m");
	if (oom_score_is(pid, s->num.value))
		return 0;
	if (c->plan->env.rootless) {
		if (c->warn)
			c->warn(c,
				"oomScoreAdj %" PRId64
				" is skipped: lowering it is refused to an unprivileged user",
				s->num.value);
		return 0;
	}
	r = err_set(e, -r, "write oom_score_adj: %m");
	err_hint(
		e,
		"lowering it takes CAP_SYS_RESOURCE, which the runtime lacks here (containerd: restrict_oom_score_adj = true)");
	return r;
}

/* --- rlimits --- */

static const char *limit_text(uint64_t v, char *buf, size_t size)
{
	if (v == RLIM_INFINITY)
		return "unlimited";
	(void)snprintf(buf, size, "%" PRIu64, v);
	return buf;
}

int do_rlimit(struct ctx *c, const struct step *s, struct err *e)
{
	const struct oci_rlimit *l = s->rlimit.limit;
	__rlimit_resource_t which = (__rlimit_resource_t)l->resource;
	struct rlimit want = { .rlim_cur = l->soft, .rlim_max = l->hard }, have;
	char soft[24], hard[24], now[24];
	int code;

	if (l->resource == RLIMIT_NOFILE && l->soft < LATER_NOFILE)
		later_never();
	if (prlimit(target(c, s), which, &want, NULL) == 0)
		return 0;
	code = errno;
	if (code == EPERM && prlimit(target(c, s), which, NULL, &have) == 0 &&
	    l->hard > have.rlim_max) {
		(void)err_set(e, EPERM,
			      "error setting rlimit %s to %s/%s: the hard limit here is %s: %m",
			      rlimit_name(l->resource), limit_text(l->soft, soft, sizeof(soft)),
			      limit_text(l->hard, hard, sizeof(hard)),
			      limit_text(have.rlim_max, now, sizeof(now)));
		err_hint(
			e,
			"raising it takes CAP_SYS_RESOURCE, which the runtime lacks here; ask for %s at most",
			now);
		return -EPERM;
	}
	(void)err_set(e, code, "error setting rlimit %s to %s/%s: %m", rlimit_name(l->resource),
		      limit_text(l->soft, soft, sizeof(soft)),
		      limit_text(l->hard, hard, sizeof(hard)));
	if (l->resource == RLIMIT_NOFILE && code == EPERM)
		err_hint(e, "nobody may have more than sysctl fs.nr_open");
	return -code;
}

/* --- sysctl --- */

int do_sysctl(struct ctx *c, const struct step *s, struct err *e)
{
	size_t len = strlen(s->sysctl.value);
	autoclose int sys = -1, fd = -1;
	int proc = procfd_get(c, e);
	ssize_t n;

	if (proc < 0)
		return proc;
	sys = procfd_open(proc, "sys", O_PATH | O_DIRECTORY);
	if (sys < 0)
		return err_set(e, -sys, "open /proc/sys: %m");
	fd = procfd_open(sys, s->sysctl.path, O_WRONLY);
	if (fd < 0)
		return err_set(e, -fd, "open sysctl %s file: %m", s->sysctl.key);
	n = write(fd, s->sysctl.value, len);
	if (n != (ssize_t)len)
		return err_set(e, n < 0 ? errno : EIO, "failed to write sysctl %s = \"%s\": %m",
			       s->sysctl.key, s->sysctl.value);
	return 0;
}

/* --- scheduling --- */

/* sched_setattr(2); newer C libraries have a struct sched_attr of their own. */
struct attr_of_scheduler {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};
_Static_assert(sizeof(struct attr_of_scheduler) == 48, "SCHED_ATTR_SIZE_VER0");

int do_scheduler(struct ctx *c, const struct step *s, struct err *e)
{
	const struct oci_scheduler *w = s->process.process->scheduler;
	struct attr_of_scheduler attr = {
		.size = sizeof(attr),
		.policy = (uint32_t)w->policy,
		.flags = w->flags,
		.nice = w->nice,
		.priority = (uint32_t)w->priority,
		.runtime = w->runtime,
		.deadline = w->deadline,
		.period = w->period,
	};
	int r = sys_sched_setattr(0, &attr, 0);

	if (r >= 0)
		return 0;
	(void)err_set(e, -r, "error setting scheduler: %m");
	if (r == -EPERM && c->spec->linux_.resources.cpu.cpus)
		err_hint(
			e,
			"process scheduler can't be used together with AllowedCPUs: SCHED_DEADLINE wants every CPU, "
			"linux.resources.cpu.cpus gives fewer (sched(7))");
	else if (r == -EPERM)
		err_hint(e, "realtime policies and negative nice values take CAP_SYS_NICE");
	return r;
}

_Static_assert(sizeof(cpu_set_t) * 8 == PLAN_CPUS_MAX, "cpu_set_t is the plan's bit set");

int do_cpu_affinity(struct ctx *c, const struct step *s, struct err *e)
{
	uint64_t cpus[PLAN_CPUS_MAX / 64];
	cpu_set_t set;

	(void)c;
	if (!s->str.text) { /* all: the kernel takes those that the cpuset has */
		memset(&set, 0xff, sizeof(set));
		(void)sched_setaffinity(0, sizeof(set), &set); /* refused: it stays as it was */
		return 0;
	}
	if (plan_cpu_list(s->str.text, cpus) < 0) /* checked by the plan */
		return err_set(e, EINVAL, "CPU list \"%s\": %m", s->str.text);
	memcpy(&set, cpus, sizeof(set));
	if (sched_setaffinity(0, sizeof(set), &set) < 0)
		return err_set(e, errno, "sched_setaffinity %s: %m", s->str.text);
	return 0;
}

int do_io_priority(struct ctx *c, const struct step *s, struct err *e)
{
	enum { WHO_PROCESS = 1 }; /* IOPRIO_WHO_PROCESS, ioprio_set(2) */
	int r = sys_ioprio_set(WHO_PROCESS, 0, (int)s->num.value);

	(void)c;
	return r < 0 ? err_set(e, -r, "failed to set io priority: %m") : 0;
}

int do_personality(struct ctx *c, const struct step *s, struct err *e)
{
	(void)c;
	if (personality((unsigned long)s->num.value) < 0)
		return err_set(e, errno, "set personality: %m");
	return 0;
}
