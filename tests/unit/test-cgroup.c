/* SPDX-License-Identifier: Apache-2.0 */
/* The pure part of the cgroup code: where, which limits, which devices. */
#include "run/cgroup_impl.h"

#include <errno.h>
#include <linux/bpf.h>
#include <string.h>

#include "proc/cgroup.h"
#include "proc/mountinfo.h"

#include "test.h"

#define PTR(type, v) (&(const type){ v })

/* --- where ---------------------------------------------------------------- */

static const char hybrid_mounts[] =
	"31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"
	"50 23 0:33 /sub /elsewhere/devices rw - cgroup cgroup rw,devices\n"
	"32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
	"36 31 0:33 / /sys/fs/cgroup/devices rw - cgroup cgroup rw,devices\n"
	"37 31 0:33 / /sys/fs/cgroup/devices2 rw - cgroup cgroup rw,devices\n"
	"35 31 0:32 / /sys/fs/cgroup/hidden rw - cgroup cgroup rw,memory\n"
	"39 31 0:36 / /sys/fs/cgroup/mine rw - cgroup cgroup rw,name=mine\n"
	"40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd\n"
	"41 31 0:38 /part /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
static const char own_cgroups[] =
	"5:devices:/dev/own\n4:cpu,cpuacct:/\n1:name=systemd:/../above\n0::/part/a/own\n";

static bool visible(const struct proc_mount *m)
{
	return strcmp(m->mount_point, "/sys/fs/cgroup/hidden") != 0;
}

static int find(const char *mountinfo, const char *cgroups_path, struct arena *a, struct cgroup *cg)
{
	const char *roots[CGROUP_HIERARCHIES_MAX];
	struct proc_mount *m = NULL;
	struct proc_cgroup *own = NULL;
	size_t n = 0, own_n = 0;
	int r = proc_mountinfo_parse(mountinfo, strlen(mountinfo), a, &m, &n);

	memset(cg, 0, sizeof(*cg));
	if (r >= 0)
		r = proc_cgroup_parse(own_cgroups, strlen(own_cgroups), a, &own, &own_n);
	if (r >= 0)
		r = cgroup_hierarchies(m, n, visible, a, cg, roots);
	return r < 0 ? r : cgroup_paths(cg, roots, "ID", cgroups_path, own, own_n, a, NULL);
}

static const char *path_of(const struct cgroup *cg, const char *controllers)
{
	for (size_t i = 0; i < cg->count; i++)
		if (strcmp(cg->h[i].controllers, controllers) == 0)
			return cg->h[i].path;
	return NULL;
}

static void test_find(void)
{
	autoarena struct arena a = { 0 };
	struct cgroup cg;

	CASE("hierarchies");
	CHECK_INT(find(hybrid_mounts, "/docker/x", &a, &cg), 0);
	CHECK_INT(cg.mode, CGROUP_HYBRID);
	CHECK_INT(cg.count, 4); /* not the hidden one, not name=mine, devices once */
	CHECK_STR(cg.h[0].controllers, "cpu,cpuacct");
	CHECK_STR(cg.h[1].mount_point, "/sys/fs/cgroup/devices");
	CHECK_STR(cg.h[2].controllers, "name=systemd");
	CHECK(cg.h[3].v2);
	CHECK_INT(cg.h[3].fd, -1);
	CHECK_STR(cg.path, "/docker/x");
	CHECK_STR(path_of(&cg, "devices"), "/docker/x");
	CHECK_STR(path_of(&cg, ""), "/docker/x");

	CASE("paths");
	CHECK_INT(find(hybrid_mounts, NULL, &a, &cg), 0);
	CHECK_STR(path_of(&cg, "devices"), "/dev/own/ID");
	CHECK_STR(path_of(&cg, "cpu,cpuacct"), "/ID");
	CHECK_STR(path_of(&cg, "name=systemd"), "/ID"); /* own one is out of sight */
	CHECK_STR(path_of(&cg, ""), "/a/ID");           /* beside, and below what is mounted */
	CHECK_INT(find(hybrid_mounts, "r/../../e", &a, &cg), 0);
	CHECK_STR(path_of(&cg, "devices"), "/dev/own/e");
	CHECK_STR(path_of(&cg, ""), "/a/e");
	CHECK_INT(find(hybrid_mounts, "/../..//a/./b/", &a, &cg), 0);
	CHECK_STR(path_of(&cg, ""), "/a/b");
	CHECK_INT(find(hybrid_mounts, "/", &a, &cg), -EINVAL);
	CHECK_INT(find(hybrid_mounts, "..", &a, &cg), -EINVAL);
	CHECK_INT(find(hybrid_mounts, "/a\nb", &a, &cg), -EINVAL);

	CASE("modes");
	CHECK_INT(find("41 31 0:38 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", "/x", &a, &cg), 0);
	CHECK_INT(cg.mode, CGROUP_V2);
	CHECK_INT(find("41 31 0:38 / /cg/pids rw - cgroup cgroup rw,pids\n", "/x", &a, &cg), 0);
	CHECK_INT(cg.mode, CGROUP_V1);
	CHECK_INT(find("1 1 0:1 / / rw - ext4 x rw\n", "/x", &a, &cg), 0);
	CHECK_INT(cg.mode, CGROUP_NONE);
	/* A lone systemd hierarchy beside v2 is no v1 host. */
	CHECK_INT(
		find("1 1 0:1 / /a rw - cgroup cgroup rw,name=systemd\n2 1 0:2 / /b rw - cgroup2 x rw\n",
		     "/x", &a, &cg),
		0);
	CHECK_INT(cg.mode, CGROUP_V2);
}

/* --- limits ----------------------------------------------------------------- */

/* All that would be written, one "FILE=VALUE" a line; or "error: MESSAGE". */
static const char *written(bool v2, const struct oci_resources *r, struct arena *a)
{
	const struct limit_row *rows = v2 ? limit_rows_v2 : limit_rows_v1;
	size_t count = v2 ? limit_rows_v2_count : limit_rows_v1_count;
	const char *all = "";

	for (size_t k = 0; k < count; k++)
		for (size_t i = 0; i < limit_items(&rows[k], r); i++) {
			struct limit_out out;
			struct err e = { 0 };
			int got = limit_format(&rows[k], r, i, &out, &e);

			if (got < 0)
				return arena_printf(a, "error: %s", e.msg);
			if (got > 0)
				all = arena_printf(
					a, "%s%s%s=%s%s", all, *all ? "\n" : "",
					out.flags & LIMIT_MISSING ? out.pointer : out.file,
					out.flags & LIMIT_SECOND ? "(stays) " : "", out.value);
		}
	return all;
}

static struct oci_weight_dev weights[] = { { 8, 0, PTR(uint16_t, 500), PTR(uint16_t, 300) } };
static struct oci_throttle rbps[] = { { 8, 0, 1000 }, { 8, 16, 0 } }, wbps[] = { { 8, 0, 2000 } };
static struct oci_throttle riops[] = { { 8, 0, 30 } }, wiops[] = { { 8, 0, UINT64_MAX } };
static struct oci_hugepage pages[] = { { "2MB", 209715200 }, { "1GB", 0 } };
static struct oci_if_prio prios[] = { { "eth0", 5 } };
static struct oci_rdma rdmas[] = { { "mlx4_0", PTR(uint32_t, 2), PTR(uint32_t, 2000) },
				   { "x", NULL, PTR(uint32_t, 1) } };

/* Every row of both tables. */
static const struct oci_resources everything = {
	.present = true,
	.memory = { .limit = PTR(int64_t, 1000),
		    .reservation = PTR(int64_t, 500),
		    .swap = PTR(int64_t, 3000),
		    .kernel = PTR(int64_t, 7),
		    .kernel_tcp = PTR(int64_t, 7),
		    .swappiness = PTR(uint64_t, 0),
		    .disable_oom_killer = PTR(bool, true),
		    .use_hierarchy = PTR(bool, false) },
	.cpu = { .shares = PTR(uint64_t, 1024),
		 .burst = PTR(uint64_t, 0),
		 .period = PTR(uint64_t, 200000),
		 .quota = PTR(int64_t, 50000),
		 .realtime_period = PTR(uint64_t, 1000000),
		 .realtime_runtime = PTR(int64_t, 950000),
		 .idle = PTR(int64_t, 0),
		 .cpus = "0-1",
		 .mems = "0" },
	.pids_limit = PTR(int64_t, 100),
	.block_io = { .weight = PTR(uint16_t, 10),
		      .leaf_weight = PTR(uint16_t, 20),
		      .weight_device = weights,
		      .weight_device_count = 1,
		      .read_bps = { rbps, 2 },
		      .write_bps = { wbps, 1 },
		      .read_iops = { riops, 1 },
		      .write_iops = { wiops, 1 } },
	.hugepages = pages,
	.hugepages_count = 2,
	.net_class_id = PTR(uint32_t, 1048577),
	.net_priorities = prios,
	.net_priorities_count = 1,
	.rdma = rdmas,
	.rdma_count = 2,
};

static void test_limit_rows(void)
{
	autoarena struct arena a = { 0 };
	const struct oci_resources none = { .present = true };
	struct limit_out out;

	CASE("limits, v1");
	CHECK_STR(
		written(false, &everything, &a),
		"pids.max=100\n"
		"memory.limit_in_bytes=1000\nmemory.memsw.limit_in_bytes=3000\nmemory.soft_limit_in_bytes=500\n"
		"memory.oom_control=1\nmemory.swappiness=0\n"
		"blkio.weight=10\nblkio.bfq.weight=10\nblkio.leaf_weight=20\n"
		"blkio.weight_device=8:0 500\nblkio.bfq.weight_device=8:0 500\nblkio.leaf_weight_device=8:0 300\n"
		"blkio.throttle.read_bps_device=8:0 1000\nblkio.throttle.read_bps_device=8:16 0\n"
		"blkio.throttle.write_bps_device=8:0 2000\nblkio.throttle.read_iops_device=8:0 30\n"
		"blkio.throttle.write_iops_device=8:0 18446744073709551615\n"
		"cpu.shares=1024\ncpu.cfs_period_us=200000\ncpu.cfs_burst_us=0\ncpu.cfs_quota_us=50000\ncpu.idle=0\n"
		"cpu.rt_period_us=1000000\ncpu.rt_runtime_us=950000\n"
		"cpuset.cpus=0-1\ncpuset.mems=0\n"
		"hugetlb.2MB.limit_in_bytes=209715200\nhugetlb.1GB.limit_in_bytes=0\n"
		"hugetlb.2MB.rsvd.limit_in_bytes=209715200\nhugetlb.1GB.rsvd.limit_in_bytes=0\n"
		"rdma.max=mlx4_0 hca_handle=2 hca_object=2000\nrdma.max=x hca_object=1\n"
		"net_cls.classid=1048577\nnet_prio.ifpriomap=eth0 5");
	CASE("limits, v2");
	CHECK_STR(
		written(true, &everything, &a),
		"pids.max=100\n"
		"memory.swap.max=2000\nmemory.max=1000\nmemory.low=500\n"
		"/linux/resources/memory/swappiness=0\n/linux/resources/memory/disableOOMKiller=1\n"
		"io.bfq.weight=10\nio.weight=1\n/linux/resources/blockIO/leafWeight=20\n"
		"io.bfq.weight=8:0 500\nio.weight=8:0 4950\n/linux/resources/blockIO/weightDevice/0=8:0 300\n"
		"io.max=8:0 rbps=1000\nio.max=8:16 rbps=max\nio.max=8:0 wbps=2000\nio.max=8:0 riops=30\n"
		"io.max=8:0 wiops=18446744073709551615\n"
		"cpu.idle=0\ncpu.weight=39\ncpu.max.burst=0\ncpu.max=50000 200000\n"
		"/linux/resources/cpu/realtimePeriod=1000000\n/linux/resources/cpu/realtimeRuntime=950000\n"
		"cpuset.cpus=0-1\ncpuset.mems=0\n"
		"hugetlb.2MB.max=209715200\nhugetlb.1GB.max=0\n"
		"hugetlb.2MB.rsvd.max=209715200\nhugetlb.1GB.rsvd.max=0\n"
		"rdma.max=mlx4_0 hca_handle=2 hca_object=2000\nrdma.max=x hca_object=1\n"
		"/linux/resources/network/classID=1048577\n/linux/resources/network/priorities/0=eth0 5");
	CASE("limits, none");
	CHECK_STR(written(false, &none, &a), "");
	CHECK_STR(written(true, &none, &a), "");
	CHECK(!cgroup_limits_demand(&none, &out));
	CHECK(cgroup_limits_demand(&everything, &out));
	CHECK_STR(out.pointer, "/linux/resources/pids/limit");
	CASE("limits, obsolete");
	CHECK_STR(cgroup_ignored(&everything, 0), "/linux/resources/memory/kernel");
	CHECK_STR(cgroup_ignored(&everything, 1), "/linux/resources/memory/kernelTCP");
	CHECK_STR(cgroup_ignored(&everything, 2), "/linux/resources/memory/useHierarchy");
	CHECK_STR(cgroup_ignored(&everything, 3), NULL);
	CHECK_STR(cgroup_ignored(&none, 0), NULL);
}

static void test_limit_values(void)
{
	autoarena struct arena a = { 0 };
	const struct {
		const char *what;
		struct oci_resources r;
		const char *v1, *v2;
	} cases[] = {
		{ "zeros are unset",
		  { .memory = { .limit = PTR(int64_t, 0), .swap = PTR(int64_t, 0) },
		    .cpu = { .shares = PTR(uint64_t, 0), .quota = PTR(int64_t, 0), .cpus = "" },
		    .block_io.weight = PTR(uint16_t, 0),
		    .net_class_id = PTR(uint32_t, 0) },
		  "",
		  "" },
		{ "pids 0", { .pids_limit = PTR(int64_t, 0) }, "pids.max=1", "pids.max=1" },
		{ "pids -1", { .pids_limit = PTR(int64_t, -1) }, "pids.max=max", "pids.max=max" },
		{ "memory -1",
		  { .memory.limit = PTR(int64_t, -1) },
		  "memory.limit_in_bytes=-1\nmemory.memsw.limit_in_bytes=-1",
		  "memory.swap.max=max\nmemory.max=max" },
		{ "swap -1",
		  { .memory = { .limit = PTR(int64_t, 5), .swap = PTR(int64_t, -1) } },
		  "memory.limit_in_bytes=5\nmemory.memsw.limit_in_bytes=-1",
		  "memory.swap.max=max\nmemory.max=5" },
		{ "no swap",
		  { .memory = { .limit = PTR(int64_t, 5), .swap = PTR(int64_t, 5) } },
		  "memory.limit_in_bytes=5\nmemory.memsw.limit_in_bytes=5",
		  "memory.swap.max=0\nmemory.max=5" },
		{ "swap below memory",
		  { .memory = { .limit = PTR(int64_t, 5), .swap = PTR(int64_t, 4) } },
		  "error: /linux/resources/memory/swap: memory+swap limit should be >= memory limit",
		  "error: /linux/resources/memory/swap: memory+swap limit should be >= memory limit" },
		{ "swap alone",
		  { .memory.swap = PTR(int64_t, 4) },
		  "memory.memsw.limit_in_bytes=4",
		  "error: /linux/resources/memory/swap: unable to set swap limit without memory limit" },
		{ "swap, memory -1",
		  { .memory = { .limit = PTR(int64_t, -1), .swap = PTR(int64_t, 9) } },
		  "memory.limit_in_bytes=-1\nmemory.memsw.limit_in_bytes=9",
		  "memory.swap.max=9\nmemory.max=max" },
		{ "quota alone",
		  { .cpu.quota = PTR(int64_t, 7000) },
		  "cpu.cfs_quota_us=7000",
		  "cpu.max=7000" },
		{ "quota -1",
		  { .cpu.quota = PTR(int64_t, -1) },
		  "cpu.cfs_quota_us=-1",
		  "cpu.max=max" },
		{ "period alone",
		  { .cpu.period = PTR(uint64_t, 1000) },
		  "cpu.cfs_period_us=1000",
		  "cpu.max=(stays) 1000" },
		{ "shares of an idle one",
		  { .cpu = { .shares = PTR(uint64_t, 512), .idle = PTR(int64_t, 1) } },
		  "cpu.shares=512\ncpu.idle=1",
		  "cpu.idle=1" },
		{ "shares 1",
		  { .cpu.shares = PTR(uint64_t, 1) },
		  "error: /linux/resources/cpu/shares: the minimum allowed cpu-shares is 2",
		  "cpu.weight=1" },
		{ "shares 262145",
		  { .cpu.shares = PTR(uint64_t, 262145) },
		  "error: /linux/resources/cpu/shares: the maximum allowed cpu-shares is 262144",
		  "cpu.weight=10000" },
		{ "swappiness 101",
		  { .memory.swappiness = PTR(uint64_t, 101) },
		  "error: /linux/resources/memory/swappiness: invalid memory swappiness value: 101 (valid range is 0-100)",
		  "/linux/resources/memory/swappiness=101" },
		{ "oom killer on", { .memory.disable_oom_killer = PTR(bool, false) }, "", "" },
		{ "page size",
		  { .hugepages = (struct oci_hugepage[]){ { "../x", 1 } }, .hugepages_count = 1 },
		  "error: /linux/resources/hugepageLimits/0/pageSize: must be a size like 2MB",
		  "error: /linux/resources/hugepageLimits/0/pageSize: must be a size like 2MB" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CASE(cases[i].what);
		CHECK_STR(written(false, &cases[i].r, &a), cases[i].v1);
		CHECK_STR(written(true, &cases[i].r, &a), cases[i].v2);
	}
	CASE("conversions");
	CHECK_INT(cgroup_weight_from_shares(0), 0);
	CHECK_INT(cgroup_weight_from_shares(2), 1);
	CHECK_INT(cgroup_weight_from_shares(1024), 39);
	CHECK_INT(cgroup_weight_from_shares(262144), 10000);
	CHECK_INT(cgroup_weight_from_shares(UINT64_MAX), 10000);
	CHECK_INT(cgroup_io_weight(0), 0);
	CHECK_INT(cgroup_io_weight(10), 1);
	CHECK_INT(cgroup_io_weight(1000), 10000);
}

/* --- devices ------------------------------------------------------------------ */

/* What the kernel would do with the program; enough of BPF for it. */
static int interpret(const struct bpf_insn *p, size_t count, const struct bpf_cgroup_dev_ctx *ctx)
{
	uint32_t r[11] = { 0 };

	for (size_t pc = 0; pc < count; pc++) {
		const struct bpf_insn *i = &p[pc];
		uint32_t imm = (uint32_t)i->imm, *d = &r[i->dst_reg];

		switch (i->code) {
		case BPF_LDX | BPF_MEM | BPF_W: memcpy(d, (const char *)ctx + i->off, 4); break;
		case BPF_ALU | BPF_MOV | BPF_K: *d = imm; break;
		case BPF_ALU | BPF_MOV | BPF_X: *d = r[i->src_reg]; break;
		case BPF_ALU | BPF_AND | BPF_K: *d &= imm; break;
		case BPF_ALU | BPF_RSH | BPF_K: *d >>= imm; break;
		case BPF_JMP32 | BPF_JNE | BPF_K: pc += *d != imm ? (size_t)i->off : 0; break;
		case BPF_JMP32 | BPF_JEQ | BPF_K: pc += *d == imm ? (size_t)i->off : 0; break;
		case BPF_JMP | BPF_EXIT: return (int)r[0];
		default: return -1;
		}
	}
	return -2; /* ran over the end */
}

static bool decides_alike(const struct device_set *set)
{
	static struct bpf_insn p[DEVICE_INSNS_MAX];
	static const uint32_t numbers[] = { 0, 1, 3, 5, 7, 8, 10, 136, 200, 4294967295u };
	size_t n = devices_bpf(set, p);

	for (int type = 0; type < 2; type++)
		for (size_t i = 0; i < 10; i++)
			for (size_t k = 0; k < 10; k++)
				for (uint8_t access = 0; access <= DEV_RWM; access++) {
					struct bpf_cgroup_dev_ctx ctx = {
						.access_type = (uint32_t)access << 16 |
							       (type ? BPF_DEVCG_DEV_BLOCK
								     : BPF_DEVCG_DEV_CHAR),
						.major = numbers[i],
						.minor = numbers[k],
					};
					int want = devices_decide(set, type ? 'b' : 'c', numbers[i],
								  numbers[k], access);

					if (interpret(p, n, &ctx) != want) {
						printf("# %c %u:%u %d: want %d\n", "cb"[type],
						       numbers[i], numbers[k], access, want);
						return false;
					}
				}
	return true;
}

static int compile(const struct oci_device_rule *rules, size_t count, struct arena *a,
		   struct device_set *set)
{
	struct oci_resources r = { .devices_count = count };

	r.devices = arena_dup(a, rules, count * sizeof(*rules));
	return devices_compile(&r, a, set, NULL);
}

#define RULES(...)                                                        \
	(const struct oci_device_rule[]){ __VA_ARGS__ },                  \
		sizeof((const struct oci_device_rule[]){ __VA_ARGS__ }) / \
			sizeof(struct oci_device_rule)
#define N(v) PTR(int64_t, v)

static void test_devices(void)
{
	autoarena struct arena a = { 0 };
	struct device_set s;

	CASE("devices, the customary rule");
	CHECK_INT(compile(RULES({ false, 'a', NULL, NULL, "rwm" }), &a, &s), 0);
	CHECK(!s.allow);
	CHECK_INT(s.count, 11);
	CHECK(devices_decide(&s, 'c', 1, 3, DEV_READ | DEV_WRITE));
	CHECK(devices_decide(&s, 'c', 136, 77, DEV_RWM));
	CHECK(devices_decide(&s, 'c', 10, 200, DEV_MKNOD));
	CHECK(!devices_decide(&s, 'c', 10, 200, DEV_MKNOD | DEV_READ));
	CHECK(!devices_decide(&s, 'c', 10, 200, DEV_READ));
	CHECK(devices_decide(&s, 'b', 8, 0, DEV_MKNOD));
	CHECK(!devices_decide(&s, 'b', 8, 0, DEV_READ));
	CHECK(!devices_decide(&s, 'b', 1, 3, DEV_READ));
	CHECK(decides_alike(&s));
	CHECK_INT(devices_v1_check(&s, NULL), 0);

	CASE("devices, no rule is the same");
	CHECK_INT(devices_compile(&(struct oci_resources){ 0 }, &a, &s, NULL), 0);
	CHECK(!s.allow);
	CHECK_INT(s.count, 11);

	CASE("devices, allow all needs no program");
	CHECK_INT(
		compile(RULES({ false, 'c', N(8), N(0), "rwm" }, { true, 'a', N(-1), N(-1), NULL }),
			&a, &s),
		0);
	CHECK(s.allow);
	CHECK_INT(s.count, 0);
	CHECK(decides_alike(&s));

	CASE("devices, the later wins, bit by bit");
	CHECK_INT(compile(RULES({ false, 'a', NULL, NULL, "rwm" }, { true, 'b', N(8), NULL, "rw" },
				{ false, 'b', N(8), N(1), "w" }, { true, 'c', N(10), N(200), "r" },
				{ true, 'c', N(10), N(200), "w" }),
			  &a, &s),
		  0);
	CHECK(devices_decide(&s, 'b', 8, 0, DEV_READ | DEV_WRITE));
	CHECK(devices_decide(&s, 'b', 8, 1, DEV_READ));
	CHECK(!devices_decide(&s, 'b', 8, 1, DEV_READ | DEV_WRITE));
	CHECK(devices_decide(&s, 'c', 10, 200, DEV_READ | DEV_WRITE)); /* by two rules together */
	CHECK(decides_alike(&s));
	CHECK_INT(devices_v1_check(&s, NULL), -EOPNOTSUPP); /* 8:1 out of 8:* */

	CASE("devices, all but one");
	CHECK_INT(compile(RULES({ true, 'a', NULL, NULL, "rwm" }, { false, 'b', N(8), N(1), "rw" },
				{ true, 'b', N(8), N(0), "rw" }),
			  &a, &s),
		  0);
	CHECK(s.allow);
	CHECK_INT(s.count, 1);
	CHECK(!devices_decide(&s, 'b', 8, 1, DEV_READ));
	CHECK(devices_decide(&s, 'b', 8, 0, DEV_RWM));
	CHECK(decides_alike(&s));
	CHECK_INT(devices_v1_check(&s, NULL), 0);

	CASE("devices, a part of all types");
	CHECK_INT(compile(RULES({ true, 'a', N(10), NULL, "r" }), &a, &s), 0);
	CHECK(devices_decide(&s, 'c', 10, 1, DEV_READ));
	CHECK(devices_decide(&s, 'b', 10, 1, DEV_READ));
	CHECK(!devices_decide(&s, 'b', 10, 1, DEV_WRITE));
	CHECK(!devices_decide(&s, 'b', 8, 1, DEV_READ));
	CHECK(decides_alike(&s));

	CASE("devices, the largest number");
	CHECK_INT(compile(RULES({ true, 'c', N(4294967295), N(4294967295), "rw" }), &a, &s), 0);
	CHECK(devices_decide(&s, 'c', 4294967295u, 4294967295u, DEV_READ));
	CHECK(decides_alike(&s));

	CASE("devices, malformed");
	CHECK_INT(compile(RULES({ true, 'p', NULL, NULL, "r" }), &a, &s), -EINVAL);
	CHECK_INT(compile(RULES({ true, 'c', NULL, NULL, "x" }), &a, &s), -EINVAL);
	CHECK_INT(compile(RULES({ true, 'c', NULL, NULL, "" }), &a, &s), -EINVAL);
	CHECK_INT(compile(RULES({ true, 'c', N(-2), NULL, "r" }), &a, &s), -EINVAL);
	CHECK_INT(compile(RULES({ true, 'c', NULL, N(4294967296), "r" }), &a, &s), -EINVAL);
	CHECK_INT(devices_compile(&(struct oci_resources){ .devices_count = DEVICE_RULES_MAX + 1 },
				  &a, &s, NULL),
		  -E2BIG);
}

/* As many rules as there may be, each needed: the program fits what is allocated. */
static void test_many_devices(void)
{
	autoarena struct arena a = { 0 };
	static struct oci_device_rule rules[DEVICE_RULES_MAX];
	static int64_t major = 200, minors[DEVICE_RULES_MAX];
	struct device_set s;

	for (size_t i = 0; i < DEVICE_RULES_MAX; i++) {
		minors[i] = (int64_t)i;
		rules[i] = (struct oci_device_rule){ true, 'a', &major, &minors[i], "r" };
	}
	CASE("devices, many");
	CHECK_INT(compile(rules, DEVICE_RULES_MAX, &a, &s), 0);
	CHECK_INT(s.count, 2 * DEVICE_RULES_MAX + 11);
	CHECK(devices_decide(&s, 'b', 200, DEVICE_RULES_MAX - 1, DEV_READ));
	CHECK(!devices_decide(&s, 'b', 200, DEVICE_RULES_MAX, DEV_READ));
	CHECK(decides_alike(&s));
}

int main(void)
{
	test_find();
	test_limit_rows();
	test_limit_values();
	test_devices();
	test_many_devices();
	return DONE();
}
