/* SPDX-License-Identifier: Apache-2.0 */
/* Limits, scheduling, kernel parameters. */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/names.h"
#include "plan/parts.h"

enum {
	OOM_ADJ_MIN = -1000, /* proc(5), oom_score_adj */
	OOM_ADJ_MAX = 1000,
	NICE_MIN = -20,
	NICE_MAX = 19,
	SYSCTL_PATH_MAX = 512,
	POLICY_DEADLINE = 6, /* SCHED_DEADLINE: not in every <sched.h> */
};

static int check_rlimits(const struct oci_process *process, struct err *e)
{
	uint64_t seen = 0;

	for (size_t i = 0; i < process->rlimits_count; i++) {
		const struct oci_rlimit *l = &process->rlimits[i];
		const char *name = rlimit_name(l->resource);

		if (!name)
			return err_set(e, EINVAL, "/process/rlimits/%zu/type: unknown", i);
		if (seen >> l->resource & 1)
			return err_set(e, EINVAL,
				       "/process/rlimits/%zu/type: %s for the second time", i,
				       name);
		seen |= UINT64_C(1) << l->resource;
		if (l->soft > l->hard)
			return err_set(e, EINVAL,
				       "/process/rlimits/%zu/soft: %s: more than the hard limit", i,
				       name);
	}
	return 0;
}

int plan_limits_early(struct plan *p, struct arena *a, enum step_side side, struct err *e)
{
	const struct oci_process *process = p->process;
	const int64_t *oom = process->oom_score_adj;
	int r = check_rlimits(process, e);

	if (r < 0)
		return r;
	if (oom && (*oom < OOM_ADJ_MIN || *oom > OOM_ADJ_MAX))
		return err_set(e, EINVAL, "/process/oomScoreAdj: not between %d and %d",
			       OOM_ADJ_MIN, OOM_ADJ_MAX);
	if (oom)
		plan_add(p, a, STEP_OOM_SCORE_ADJ, side, "/process/oomScoreAdj")->num.value = *oom;
	for (size_t i = 0; i < process->rlimits_count; i++)
		plan_add(p, a, STEP_RLIMIT, side, arena_printf(a, "/process/rlimits/%zu", i))
			->rlimit.limit = &process->rlimits[i];
	return 0;
}

static int check_scheduler(const struct oci_scheduler *s, struct err *e)
{
	bool realtime = s->policy == SCHED_FIFO || s->policy == SCHED_RR;

	if (s->nice < NICE_MIN || s->nice > NICE_MAX)
		return err_set(e, EINVAL, "/process/scheduler/nice: not between %d and %d",
			       NICE_MIN, NICE_MAX);
	if (s->priority != 0 && !realtime)
		return err_set(
			e, EINVAL,
			"/process/scheduler/priority: only SCHED_FIFO and SCHED_RR have one");
	if (s->policy != POLICY_DEADLINE && (s->runtime || s->deadline || s->period))
		return err_set(
			e, EINVAL,
			"/process/scheduler: runtime, deadline and period are SCHED_DEADLINE's");
	return 0;
}

int plan_affinity(struct plan *p, struct arena *a, bool final, struct err *e)
{
	const char *list = final ? p->process->cpu_affinity_final
				 : p->process->cpu_affinity_initial;
	const char *pointer = final ? "/process/execCPUAffinity/final"
				    : "/process/execCPUAffinity/initial";
	uint64_t cpus[PLAN_CPUS_MAX / 64];
	int r;

	/* What the runtime was started on (systemd's CPUAffinity=, taskset) is not for
	 * the container: since 6.2 the cpuset does not widen it by itself. */
	if (final && (p->env.mode != PLAN_EXEC ||
		      (!p->process->cpu_affinity_initial && !p->process->cpu_affinity_final)))
		plan_add(p, a, STEP_CPU_AFFINITY, SIDE_CHILD, NULL);
	if (!list || p->env.mode != PLAN_EXEC)
		return 0;
	r = plan_cpu_list(list, cpus);
	if (r < 0)
		return err_set(e, EINVAL,
			       "%s: \"%s\" is not a list of CPUs below %d, such as \"0-3,7\"",
			       pointer, list, PLAN_CPUS_MAX);
	plan_add(p, a, STEP_CPU_AFFINITY, final ? SIDE_CHILD : SIDE_HOST, pointer)->str.text = list;
	return 0;
}

int plan_limits_sched(struct plan *p, struct arena *a, struct err *e)
{
	const struct oci_process *process = p->process;
	int r = 0;

	r = plan_affinity(p, a, true, e);
	if (r == 0 && process->scheduler) {
		r = check_scheduler(process->scheduler, e);
		if (r < 0)
			return r;
		plan_add(p, a, STEP_SCHEDULER, SIDE_CHILD, "/process/scheduler")->process.process =
			process;
	}
	if (r < 0)
		return r;
	if (process->io_priority)
		plan_add(p, a, STEP_IO_PRIORITY, SIDE_CHILD, "/process/ioPriority")->num.value =
			*process->io_priority;
	if (p->spec->linux_.personality)
		plan_add(p, a, STEP_PERSONALITY, SIDE_CHILD, "/linux/personality")->num.value =
			*p->spec->linux_.personality;
	return 0;
}

/* --- CPU lists, as of cpuset(7) --- */

/* A number without sign or blanks; moves *s behind it. */
static bool cpu_number(const char **s, unsigned int *ret)
{
	const char *start = *s;
	unsigned int v = 0;

	for (; **s >= '0' && **s <= '9' && v < PLAN_CPUS_MAX; ++*s)
		v = v * 10 + (unsigned int)(**s - '0');
	*ret = v;
	return *s > start && v < PLAN_CPUS_MAX;
}

int plan_cpu_list(const char *list, uint64_t *cpus)
{
	memset(cpus, 0, PLAN_CPUS_MAX / 8);
	for (;; list++) {
		unsigned int first, last;

		if (!cpu_number(&list, &first))
			return -EINVAL;
		last = first;
		if (*list == '-') {
			list++;
			if (!cpu_number(&list, &last) || last < first)
				return -EINVAL;
		}
		for (unsigned int cpu = first; cpu <= last; cpu++)
			cpus[cpu / 64] |= UINT64_C(1) << (cpu % 64);
		if (*list == '\0')
			return 0;
		if (*list != ',')
			return -EINVAL;
	}
}

/* --- sysctl --- */

/* As sysctl(8): the separator that comes first is the separator, and the other
 * one an ordinary character of a name, "net.ipv4.conf.eth0/1.mtu". The result
 * has '/' as separator. false if no path below /proc/sys can look like that. */
static bool sysctl_path(const char *key, char *path, size_t size)
{
	size_t len = strlen(key);
	const char *sep = strpbrk(key, "./");

	if (len == 0 || len >= size)
		return false;
	for (size_t i = 0; i <= len; i++)
		path[i] = (char)(sep && *sep == '.' ? key[i] == '.'   ? '/'
						      : key[i] == '/' ? '.'
								      : key[i]
						    : key[i]);
	for (const char *name = path;;) {
		size_t n = strcspn(name, "/");

		if (n == 0 || (n == 1 && name[0] == '.') ||
		    (n == 2 && name[0] == '.' && name[1] == '.'))
			return false;
		if (name[n] == '\0')
			return true;
		name += n + 1;
	}
}

static bool starts(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

/* Only what belongs to a namespace of the container's own may be set: anything
 * else would be set for the whole machine. NULL, or what is wrong. */
static const char *sysctl_refused(const struct plan *p, const char *path, const char *value)
{
	static const char *const ipc[] = {
		"kernel/msgmax", "kernel/msgmnb", "kernel/msgmni", "kernel/sem",
		"kernel/shmall", "kernel/shmmax", "kernel/shmmni", "kernel/shm_rmid_forced",
	};
	const struct oci_namespace *ns = p->spec->linux_.ns;
	bool is_ipc = starts(path, "fs/mqueue/");

	for (size_t i = 0; i < ARRAY_LEN(ipc); i++)
		is_ipc = is_ipc || strcmp(path, ipc[i]) == 0;
	if (is_ipc)
		return ns[OCI_NS_IPC].present ? NULL : "is not allowed in the hosts ipc namespace";
	if (starts(path, "net/"))
		return ns[OCI_NS_NETWORK].present ? NULL : "not allowed in host network namespace";
	if (strcmp(path, "kernel/domainname") == 0 && p->spec->domainname &&
	    strcmp(p->spec->domainname, value) != 0)
		return "is not allowed as it conflicts with the OCI \"domainname\" field";
	if (strcmp(path, "kernel/domainname") == 0)
		return ns[OCI_NS_UTS].present ? NULL : "is not allowed in the hosts uts namespace";
	if (strcmp(path, "kernel/hostname") == 0)
		return ns[OCI_NS_UTS].present
			       ? "is not allowed as it conflicts with the OCI \"hostname\" field"
			       : "is not allowed in the hosts uts namespace";
	if (starts(path, "user/"))
		return ns[OCI_NS_USER].present ? NULL : "is not allowed without a user namespace";
	return "is not in a separate kernel namespace";
}

/* A member's name as a part of a JSON pointer (RFC 6901). */
static char *pointer_part(struct arena *a, const char *name)
{
	char *out = arena_alloc(a, 2 * strlen(name) + 1), *o = out;

	for (; *name; name++) {
		if (*name == '~' || *name == '/') {
			*o++ = '~';
			*o++ = *name == '~' ? '0' : '1';
		} else {
			*o++ = *name;
		}
	}
	return out;
}

int plan_sysctls(struct plan *p, struct arena *a, struct err *e)
{
	const struct oci_pairs *pairs = &p->spec->linux_.sysctl;

	for (size_t i = 0; i < pairs->count; i++) {
		const struct oci_pair *kv = &pairs->items[i];
		const char *pointer = arena_printf(a, "/linux/sysctl/%s", pointer_part(a, kv->key)),
			   *why;
		char path[SYSCTL_PATH_MAX];
		struct step *s;

		if (!sysctl_path(kv->key, path, sizeof(path)))
			return err_set(e, EINVAL, "%s: not the name of a kernel parameter",
				       pointer);
		why = sysctl_refused(p, path, kv->value);
		if (why)
			return err_set(e, EINVAL, "%s: sysctl \"%s\" %s", pointer, kv->key, why);
		s = plan_add(p, a, STEP_SYSCTL, SIDE_CHILD, pointer);
		s->sysctl.key = kv->key;
		s->sysctl.value = kv->value;
		s->sysctl.path = arena_strdup(a, path);
	}
	return 0;
}
