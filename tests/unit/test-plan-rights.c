/* SPDX-License-Identifier: Apache-2.0 */
/* Identity, limits, seccomp and the last rights as steps of a plan. */
#include "plan/parts.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/resource.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "test.h"

struct bench {
	struct arena arena;
	struct oci_spec spec;
	struct plan plan;
	struct err e;
};

static void bench_start(struct bench *b)
{
	arena_free(&b->arena);
	memset(b, 0, sizeof(*b));
	b->spec.process.cwd = "/";
	b->plan.spec = &b->spec;
	b->plan.process = &b->spec.process;
	b->plan.env.last_cap = 40;
}

/* "KIND-NAME KIND-NAME ..." of what is in the plan. */
static const char *kinds(struct bench *b)
{
	const char *s = "";

	for (size_t i = 0; i < b->plan.count; i++)
		s = arena_printf(&b->arena, "%s%s%s", s, *s ? " " : "",
				 step_info[b->plan.steps[i].kind].name);
	return s;
}

static void check_sysctl(struct bench *b, const char *key, unsigned int ns, const char *path,
			 const char *why)
{
	struct oci_pair pair = { .key = key, .value = "1" };
	int r;

	bench_start(b);
	for (int i = 0; i < OCI_NS_COUNT; i++)
		b->spec.linux_.ns[i].present = ns >> i & 1;
	b->spec.linux_.sysctl = (struct oci_pairs){ &pair, 1 };
	r = plan_sysctls(&b->plan, &b->arena, &b->e);
	if (path) {
		CHECK_INT(r, 0);
		CHECK_STR(b->plan.count == 1 ? b->plan.steps[0].sysctl.path : b->e.msg, path);
	} else {
		CHECK_INT(r, -EINVAL);
		CHECK_STR(b->e.msg, why);
	}
}

static void test_sysctl(struct bench *b)
{
	const unsigned int net = 1U << OCI_NS_NETWORK, ipc = 1U << OCI_NS_IPC,
			   uts = 1U << OCI_NS_UTS, user = 1U << OCI_NS_USER, all = ~0U;

	CASE("sysctl");
	check_sysctl(b, "net.ipv4.ip_forward", net, "net/ipv4/ip_forward", NULL);
	check_sysctl(b, "net/ipv4/ip_forward", net, "net/ipv4/ip_forward", NULL);
	check_sysctl(b, "net.ipv4.conf.eth0/1.forwarding", net, "net/ipv4/conf/eth0.1/forwarding",
		     NULL);
	check_sysctl(b, "net/ipv4/conf/eth0.1/forwarding", net, "net/ipv4/conf/eth0.1/forwarding",
		     NULL);
	check_sysctl(
		b, "net.core.somaxconn", all & ~net, NULL,
		"/linux/sysctl/net.core.somaxconn: sysctl \"net.core.somaxconn\" not allowed in host network namespace");
	check_sysctl(b, "kernel.shm_rmid_forced", ipc, "kernel/shm_rmid_forced", NULL);
	check_sysctl(b, "fs.mqueue.msg_max", ipc, "fs/mqueue/msg_max", NULL);
	check_sysctl(
		b, "fs/mqueue/msg_max", all & ~ipc, NULL,
		"/linux/sysctl/fs~1mqueue~1msg_max: sysctl \"fs/mqueue/msg_max\" is not allowed in the hosts ipc namespace");
	check_sysctl(b, "kernel.domainname", uts, "kernel/domainname", NULL);
	check_sysctl(
		b, "kernel.hostname", uts, NULL,
		"/linux/sysctl/kernel.hostname: sysctl \"kernel.hostname\" is not allowed as it conflicts with the OCI "
		"\"hostname\" field");
	check_sysctl(b, "user.max_pid_namespaces", user, "user/max_pid_namespaces", NULL);
	check_sysctl(
		b, "user.max_pid_namespaces", all & ~user, NULL,
		"/linux/sysctl/user.max_pid_namespaces: sysctl \"user.max_pid_namespaces\" is not allowed without a user "
		"namespace");
	check_sysctl(
		b, "kernel.core_pattern", all, NULL,
		"/linux/sysctl/kernel.core_pattern: sysctl \"kernel.core_pattern\" is not in a separate kernel namespace");
}

static void check_bad_sysctl(struct bench *b, const char *key)
{
	struct oci_pair pair = { .key = key, .value = "1" };

	bench_start(b);
	for (int i = 0; i < OCI_NS_COUNT; i++)
		b->spec.linux_.ns[i].present = true;
	b->spec.linux_.sysctl = (struct oci_pairs){ &pair, 1 };
	CHECK_INT(plan_sysctls(&b->plan, &b->arena, &b->e), -EINVAL);
	CHECK(strstr(b->e.msg, "not the name of a kernel parameter") != NULL);
}

static void test_limits(struct bench *b)
{
	struct oci_rlimit two[] = { { RLIMIT_NOFILE, 10, 20 }, { RLIMIT_CORE, 0, RLIM_INFINITY } };
	int64_t oom = -500;

	CASE("limits");
	bench_start(b);
	b->spec.process.rlimits = two;
	b->spec.process.rlimits_count = 2;
	b->spec.process.oom_score_adj = &oom;
	CHECK_INT(plan_limits_early(&b->plan, &b->arena, SIDE_HOST, &b->e), 0);
	CHECK_STR(kinds(b), "oom-score-adj rlimit rlimit");
	CHECK_STR(b->plan.steps[2].pointer, "/process/rlimits/1");
	CHECK_INT(b->plan.steps[2].side, SIDE_HOST);

	two[1].resource = RLIMIT_NOFILE;
	CHECK_INT(plan_limits_early(&b->plan, &b->arena, SIDE_HOST, &b->e), -EINVAL);
	CHECK_STR(b->e.msg, "/process/rlimits/1/type: RLIMIT_NOFILE for the second time");
	b->e.code = 0;
	two[0].soft = 21;
	CHECK_INT(plan_limits_early(&b->plan, &b->arena, SIDE_HOST, &b->e), -EINVAL);
	CHECK_STR(b->e.msg, "/process/rlimits/0/soft: RLIMIT_NOFILE: more than the hard limit");
	bench_start(b);
	oom = -1001;
	b->spec.process.oom_score_adj = &oom;
	CHECK_INT(plan_limits_early(&b->plan, &b->arena, SIDE_CHILD, &b->e), -EINVAL);
}

static void test_sched(struct bench *b)
{
	struct oci_scheduler s = { .policy = SCHED_BATCH, .nice = 5 };

	CASE("scheduler");
	bench_start(b);
	b->spec.process.scheduler = &s;
	CHECK_INT(plan_limits_sched(&b->plan, &b->arena, &b->e), 0);
	CHECK_STR(kinds(b), "cpu-affinity scheduler");
	s.nice = 20;
	CHECK_INT(plan_limits_sched(&b->plan, &b->arena, NULL), -EINVAL);
	s.nice = 0;
	s.priority = 1;
	CHECK_INT(plan_limits_sched(&b->plan, &b->arena, NULL), -EINVAL);
	s.policy = SCHED_RR;
	CHECK_INT(plan_limits_sched(&b->plan, &b->arena, NULL), 0);
	s.runtime = 1;
	CHECK_INT(plan_limits_sched(&b->plan, &b->arena, NULL), -EINVAL);

	CASE("cpu affinity");
	bench_start(b);
	b->spec.process.cpu_affinity_initial = "0";
	b->spec.process.cpu_affinity_final = "0-3,7";
	CHECK_INT(plan_limits_sched(&b->plan, &b->arena, &b->e), 0);
	CHECK_STR(kinds(b), "cpu-affinity"); /* to all; what is configured is for exec only */
	CHECK(!b->plan.steps[0].str.text);
	b->plan.count = 0;
	b->plan.env.mode = PLAN_EXEC;
	CHECK_INT(plan_affinity(&b->plan, &b->arena, false, &b->e), 0);
	CHECK_INT(plan_limits_sched(&b->plan, &b->arena, &b->e), 0);
	CHECK_STR(kinds(b), "cpu-affinity cpu-affinity");
	CHECK_INT(b->plan.steps[0].side, SIDE_HOST);
	CHECK_INT(b->plan.steps[1].side, SIDE_CHILD);
	CHECK_STR(b->plan.steps[1].str.text, "0-3,7");
	b->spec.process.cpu_affinity_final = "0-";
	CHECK_INT(plan_limits_sched(&b->plan, &b->arena, &b->e), -EINVAL);
	CHECK(strstr(b->e.msg, "/process/execCPUAffinity/final: \"0-\"") != NULL);
}

static void test_cpu_list(void)
{
	static const char *const bad[] = { "",   ",",   "1,",   ",1",   "a",           "1-",
					   "-1", "3-1", "1024", "1 ,2", "99999999999", "0-1-2" };
	uint64_t cpus[PLAN_CPUS_MAX / 64];

	CASE("cpu list");
	CHECK_INT(plan_cpu_list("0-3,7", cpus), 0);
	CHECK_INT(cpus[0], 0x8f);
	CHECK_INT(plan_cpu_list("63-64,1023", cpus), 0);
	CHECK(cpus[0] == UINT64_C(1) << 63 && cpus[1] == 1 && cpus[15] == UINT64_C(1) << 63);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (!CHECK_INT(plan_cpu_list(bad[i], cpus), -EINVAL))
			tap_text("list", bad[i]);
}

static void check_maps(struct bench *b, const struct oci_id_map *uids, size_t count,
		       const char *why)
{
	struct oci_id_map copy[4], one = { 0, 1000, 1 };
	int r;

	bench_start(b);
	memcpy(copy, uids, count * sizeof(*uids));
	b->spec.linux_.uid_maps = (struct oci_id_maps){ copy, count };
	b->spec.linux_.gid_maps = (struct oci_id_maps){ &one, 1 };
	r = plan_id_maps(&b->plan, &b->arena, &b->e);
	CHECK_INT(r, why ? -EINVAL : 0);
	CHECK_STR(why ? b->e.msg : kinds(b), why ? why : "id-maps");
}

static void test_ids(struct bench *b)
{
	const struct oci_id_map good[] = { { 0, 1000, 1 }, { 1, 100000, 65536 } };
	const struct oci_id_map empty[] = { { 0, 1000, 0 } };
	const struct oci_id_map beyond[] = { { 4294967290, 0, 10 } };
	const struct oci_id_map inner[] = { { 0, 1000, 10 }, { 9, 2000, 1 } };
	const struct oci_id_map outer[] = { { 0, 1000, 10 }, { 20, 1009, 1 } };
	struct oci_id_map map = { 0, 1000, 10 };
	uint32_t gids[] = { 3, 10 }, umask = 0027;

	CASE("id maps");
	check_maps(b, good, 2, NULL);
	check_maps(b, empty, 1, "/linux/uidMappings/0: size 0 is nothing");
	check_maps(b, beyond, 1, "/linux/uidMappings/0: size 10 is beyond the last id");
	check_maps(b, inner, 2, "/linux/uidMappings/1: overlaps with /linux/uidMappings/0");
	check_maps(b, outer, 2, "/linux/uidMappings/1: overlaps with /linux/uidMappings/0");
	check_maps(b, good, 0,
		   "/linux/uidMappings: a new user namespace needs at least one mapping");

	CASE("user");
	bench_start(b);
	b->plan.new_ns = CLONE_NEWUSER;
	b->spec.linux_.uid_maps = b->spec.linux_.gid_maps = (struct oci_id_maps){ &map, 1 };
	b->spec.process.umask = &umask;
	b->spec.process.caps.bounding = 1;
	CHECK_INT(plan_user_cwd(&b->plan, &b->arena, &b->e), 0);
	CHECK_STR(kinds(b), "umask bounding-set user cwd");
	CHECK_INT(b->plan.steps[0].num.value, 0027);
	CHECK_INT(b->plan.steps[1].bounding.keep, 1);
	b->spec.process.additional_gids = gids;
	b->spec.process.additional_gids_count = 2;
	CHECK_INT(plan_user_cwd(&b->plan, &b->arena, &b->e), -EINVAL);
	CHECK_STR(b->e.msg,
		  "/process/user/additionalGids/1: gid 10 is not mapped in the user namespace");
	b->e.code = 0;
	b->spec.process.uid = 10;
	CHECK_INT(plan_user_cwd(&b->plan, &b->arena, &b->e), -EINVAL);
	CHECK_STR(b->e.msg,
		  "/process/user/uid: cannot setuid to unmapped uid 10 in user namespace");

	CASE("nothing to drop");
	bench_start(b);
	b->spec.process.caps.bounding = UINT64_MAX;
	CHECK_INT(plan_user_cwd(&b->plan, &b->arena, &b->e), 0);
	CHECK_STR(kinds(b), "umask user cwd");
	CHECK_INT(b->plan.steps[0].num.value, 0022);
}

static void test_last_rights(struct bench *b)
{
	struct oci_seccomp s = { .default_action = SCMP_ACT_ALLOW };

	CASE("last rights");
	bench_start(b);
	b->spec.linux_.seccomp = &s;
	CHECK_INT(plan_last_rights(&b->plan, &b->arena, &b->e), 0);
	CHECK_STR(kinds(b), "seccomp capabilities");
	bench_start(b);
	b->spec.linux_.seccomp = &s;
	b->spec.process.no_new_privileges = true;
	CHECK_INT(plan_last_rights(&b->plan, &b->arena, &b->e), 0);
	CHECK_STR(kinds(b), "capabilities no-new-privs seccomp");
	b->spec.process.caps.effective = 1U << 21;
	CHECK_INT(plan_last_rights(&b->plan, &b->arena, &b->e), -EINVAL);
	CHECK_STR(b->e.msg, "/process/capabilities/effective: CAP_SYS_ADMIN is not in permitted");

	CASE("lsm");
	bench_start(b);
	b->spec.process.apparmor_profile = "";
	CHECK_INT(plan_lsm(&b->plan, &b->arena, &b->e), 0);
	CHECK_INT(b->plan.count, 0);
	b->spec.process.selinux_label = "a:b:c:d";
	CHECK_INT(plan_lsm(&b->plan, &b->arena, &b->e), 0);
	CHECK_STR(b->plan.count ? b->plan.steps[0].pointer : "", "/process/selinuxLabel");
}

/* In explain's words. */
static void check_listener_step(struct bench *b, const struct oci_seccomp *s, const char *path)
{
	char text[192];

	bench_start(b);
	b->spec.linux_.seccomp = s;
	CHECK_INT(plan_last_rights(&b->plan, &b->arena, &b->e), 0);
	step_describe(&b->plan.steps[0], text, sizeof(text));
	CHECK_STR(text, path ? arena_printf(&b->arena, "seccomp, its listener goes to %s", path)
			     : "seccomp");
}

static void check_seccomp(struct bench *b, const struct oci_seccomp *s, int want, const char *why)
{
	bench_start(b);
	b->spec.linux_.seccomp = s;
	CHECK_INT(plan_seccomp_build(&b->plan, &b->arena, &b->e), want);
	CHECK_STR(want ? b->e.msg : kinds(b), want ? why : "seccomp-build");
}

static void test_seccomp(struct bench *b)
{
	const uint32_t one = 1, huge = 4096;
	const char *names[] = { "read", "" };
	struct oci_seccomp_arg arg = { .index = 0, .op = SCMP_CMP_EQ };
	struct oci_seccomp_rule rule = {
		.names = { names, 1 }, .action = SCMP_ACT_ALLOW, .args = &arg, .args_count = 1
	};
	struct oci_seccomp s = { .default_action = SCMP_ACT_ERRNO(0),
				 .rules = &rule,
				 .rules_count = 1 };

	CASE("seccomp");
	check_seccomp(b, &s, 0, NULL);
	arg.index = 6;
	check_seccomp(b, &s, -EINVAL,
		      "/linux/seccomp/syscalls/0/args/0/index: a system call has 6 arguments");
	arg = (struct oci_seccomp_arg){ .op = 8 };
	check_seccomp(b, &s, -EINVAL, "/linux/seccomp/syscalls/0/args/0/op: unknown");
	rule.args_count = 0;
	rule.names.count = 2;
	check_seccomp(b, &s, -EINVAL,
		      "/linux/seccomp/syscalls/0/names/1: empty string is not a valid syscall");
	rule.names.count = 1;
	rule.errno_ret = &one;
	check_seccomp(b, &s, -EINVAL,
		      "/linux/seccomp/syscalls/0/errnoRet: the action returns no errno");
	rule.action = SCMP_ACT_ERRNO(0);
	rule.errno_ret = &huge;
	check_seccomp(b, &s, -EINVAL, "/linux/seccomp/syscalls/0/errnoRet: 4096 is too large");
	rule.errno_ret = NULL;
	rule.action = SCMP_ACT_NOTIFY;
	check_seccomp(b, &s, -EINVAL, "/linux/seccomp/listenerPath: SCMP_ACT_NOTIFY needs it");
	s.listener_path = "";
	check_seccomp(b, &s, -EINVAL, "/linux/seccomp/listenerPath: SCMP_ACT_NOTIFY needs it");
	s.listener_path = "/run/agent";
	s.flags = SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
	check_seccomp(b, &s, 0, NULL);
	check_listener_step(b, &s, "/run/agent");
	rule.action = SCMP_ACT_ALLOW; /* then it is ignored */
	check_seccomp(b, &s, 0, NULL);
	check_listener_step(b, &s, NULL);
	s.default_action = SCMP_ACT_NOTIFY;
	check_seccomp(b, &s, -EINVAL,
		      "/linux/seccomp/defaultAction: SCMP_ACT_NOTIFY cannot be the default");
}

int main(void)
{
	static struct bench b;

	test_sysctl(&b);
	CASE("sysctl: no such name");
	check_bad_sysctl(&b, "");
	check_bad_sysctl(&b, "net..x");
	check_bad_sysctl(&b, "/net/x");
	check_bad_sysctl(&b, "net/../kernel/x");
	check_bad_sysctl(&b, "net.//.kernel");
	check_bad_sysctl(&b, "net/./x");
	check_bad_sysctl(&b, "net.x.");
	test_limits(&b);
	test_sched(&b);
	test_cpu_list();
	test_ids(&b);
	test_last_rights(&b);
	test_seccomp(&b);
	arena_free(&b.arena);
	return DONE();
}
