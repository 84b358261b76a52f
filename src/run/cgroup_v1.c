/* SPDX-License-Identifier: Apache-2.0 */
#include "run/cgroup_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/cleanup.h"

enum {
	CPU_SHARES_MIN = 2,
	CPU_SHARES_MAX = 262144,
	FREEZE_TRIES = 1000,
	CPUSET_LIST_MAX = 4096,
};

/* --- limits: one row a file, in the order of writing ------------------------ */

/* The kernel bends a value that is out of range, in silence. */
static int cpu_shares(const struct limit_row *row, const struct oci_resources *r, size_t i,
		      struct limit_out *out, struct err *e)
{
	uint64_t v = r->cpu.shares ? *r->cpu.shares : 0;

	if (v == 1)
		return err_set(e, EINVAL, "%s: the minimum allowed cpu-shares is %d", out->pointer,
			       CPU_SHARES_MIN);
	if (v > CPU_SHARES_MAX)
		return err_set(e, EINVAL, "%s: the maximum allowed cpu-shares is %d", out->pointer,
			       CPU_SHARES_MAX);
	return limit_u64(row, r, i, out, e);
}

/* memory and swap together, as in the specification. An unlimited memory lifts
 * this one too if nothing else is said, else the kernel would refuse the first. */
static int memsw(const struct limit_row *row, const struct oci_resources *r, size_t i,
		 struct limit_out *out, struct err *e)
{
	int64_t swap = r->memory.swap ? *r->memory.swap : 0;

	if (swap == 0 && r->memory.limit && *r->memory.limit == -1)
		swap = -1;
	if (swap == -1) {
		out->flags |= LIMIT_OPTIONAL; /* without the file there is no such limit */
		return limit_value(out, e, "-1");
	}
	if (r->memory.limit && *r->memory.limit > 0 && swap > 0 && swap < *r->memory.limit)
		return err_set(e, EINVAL, "%s: memory+swap limit should be >= memory limit",
			       out->pointer);
	return limit_i64(row, r, i, out, e);
}

static int swappiness(const struct limit_row *row, const struct oci_resources *r, size_t i,
		      struct limit_out *out, struct err *e)
{
	const uint64_t *v = r->memory.swappiness;

	if (!v || *v == UINT64_MAX)
		return 0;
	if (*v > 100)
		return err_set(e, EINVAL,
			       "%s: invalid memory swappiness value: %" PRIu64
			       " (valid range is 0-100)",
			       out->pointer, *v);
	return limit_u64_keep0(row, r, i, out, e);
}

static int throttle(const struct oci_throttles *list, size_t i, struct limit_out *out,
		    struct err *e)
{
	const struct oci_throttle *t = &list->items[i];

	return limit_value(out, e, "%" PRId64 ":%" PRId64 " %" PRIu64, t->major, t->minor, t->rate);
}

#define THROTTLE(name)                                                                        \
	static int name(const struct limit_row *row, const struct oci_resources *r, size_t i, \
			struct limit_out *out, struct err *e)                                 \
	{                                                                                     \
		(void)row;                                                                    \
		return throttle(&r->block_io.name, i, out, e);                                \
	}
THROTTLE(read_bps)
THROTTLE(write_bps)
THROTTLE(read_iops)
THROTTLE(write_iops)

/* clang-format off */
#define F(member) LIMIT_FIELD(member)
const struct limit_row limit_rows_v1[] = {
	{ LIMIT_PIDS, "pids.max", "pids/limit", F(pids_limit), 0, limit_pids, 0 },
	/* Raised: the first is refused until the second is higher. Lowered: the other way round. */
	{ LIMIT_MEMORY, "memory.limit_in_bytes", "memory/limit", F(memory.limit), 0, limit_i64, LIMIT_RETRY },
	{ LIMIT_MEMORY, "memory.memsw.limit_in_bytes", "memory/swap", F(memory.swap), 0, memsw, 0 },
	{ LIMIT_MEMORY, "memory.soft_limit_in_bytes", "memory/reservation", F(memory.reservation), 0, limit_i64, 0 },
	{ LIMIT_MEMORY, "memory.oom_control", "memory/disableOOMKiller", F(memory.disable_oom_killer), 0, limit_true, 0 },
	{ LIMIT_MEMORY, "memory.swappiness", "memory/swappiness", F(memory.swappiness), 0, swappiness, 0 },
	{ LIMIT_IO, "blkio.weight", "blockIO/weight", F(block_io.weight), 0, limit_u16, LIMIT_ELSE_NEXT },
	{ LIMIT_IO, "blkio.bfq.weight", "blockIO/weight", F(block_io.weight), 0, limit_u16, 0 },
	{ LIMIT_IO, "blkio.leaf_weight", "blockIO/leafWeight", F(block_io.leaf_weight), 0, limit_u16, 0 },
	{ LIMIT_IO, "blkio.weight_device", "blockIO/weightDevice", F(block_io.weight_device), F(block_io.weight_device_count), limit_weight_device, LIMIT_ELSE_NEXT },
	{ LIMIT_IO, "blkio.bfq.weight_device", "blockIO/weightDevice", F(block_io.weight_device), F(block_io.weight_device_count), limit_weight_device, 0 },
	{ LIMIT_IO, "blkio.leaf_weight_device", "blockIO/weightDevice", F(block_io.weight_device), F(block_io.weight_device_count), limit_leaf_weight_device, 0 },
	{ LIMIT_IO, "blkio.throttle.read_bps_device", "blockIO/throttleReadBpsDevice", F(block_io.read_bps.items), F(block_io.read_bps.count), read_bps, 0 },
	{ LIMIT_IO, "blkio.throttle.write_bps_device", "blockIO/throttleWriteBpsDevice", F(block_io.write_bps.items), F(block_io.write_bps.count), write_bps, 0 },
	{ LIMIT_IO, "blkio.throttle.read_iops_device", "blockIO/throttleReadIOPSDevice", F(block_io.read_iops.items), F(block_io.read_iops.count), read_iops, 0 },
	{ LIMIT_IO, "blkio.throttle.write_iops_device", "blockIO/throttleWriteIOPSDevice", F(block_io.write_iops.items), F(block_io.write_iops.count), write_iops, 0 },
	{ LIMIT_CPU, "cpu.shares", "cpu/shares", F(cpu.shares), 0, cpu_shares, 0 },
	{ LIMIT_CPU, "cpu.cfs_period_us", "cpu/period", F(cpu.period), 0, limit_u64, LIMIT_RETRY },
	{ LIMIT_CPU, "cpu.cfs_burst_us", "cpu/burst", F(cpu.burst), 0, limit_u64_keep0, LIMIT_RETRY },
	{ LIMIT_CPU, "cpu.cfs_quota_us", "cpu/quota", F(cpu.quota), 0, limit_i64, LIMIT_RETRY },
	{ LIMIT_CPU, "cpu.idle", "cpu/idle", F(cpu.idle), 0, limit_i64_keep0, 0 },
	{ LIMIT_CPU, "cpu.rt_period_us", "cpu/realtimePeriod", F(cpu.realtime_period), 0, limit_u64, LIMIT_RETRY },
	{ LIMIT_CPU, "cpu.rt_runtime_us", "cpu/realtimeRuntime", F(cpu.realtime_runtime), 0, limit_i64, LIMIT_RETRY },
	{ LIMIT_CPUSET, "cpuset.cpus", "cpu/cpus", F(cpu.cpus), 0, limit_text, 0 },
	{ LIMIT_CPUSET, "cpuset.mems", "cpu/mems", F(cpu.mems), 0, limit_text, 0 },
	{ LIMIT_HUGETLB, "hugetlb.*.limit_in_bytes", "hugepageLimits", F(hugepages), F(hugepages_count), limit_hugepage, 0 },
	{ LIMIT_HUGETLB, "hugetlb.*.rsvd.limit_in_bytes", "hugepageLimits", F(hugepages), F(hugepages_count), limit_hugepage, LIMIT_OPTIONAL },
	{ LIMIT_RDMA, "rdma.max", "rdma", F(rdma), F(rdma_count), limit_rdma, 0 },
	{ LIMIT_NET_CLS, "net_cls.classid", "network/classID", F(net_class_id), 0, limit_u32, 0 },
	{ LIMIT_NET_PRIO, "net_prio.ifpriomap", "network/priorities", F(net_priorities), F(net_priorities_count), limit_if_prio, 0 },
};
#undef F
/* clang-format on */
const size_t limit_rows_v1_count = ARRAY_LEN(limit_rows_v1);

/* --- making ---------------------------------------------------------------- */

static int cpuset_copy(int parent, int fd, const char *file)
{
	char list[CPUSET_LIST_MAX];
	ssize_t n = cgroup_read(fd, file, list, sizeof(list));

	if (n < 0)
		return (int)n;
	if (n > 0 && list[0] != '\n')
		return 0;
	n = cgroup_read(parent, file, list, sizeof(list));
	if (n < 0)
		return (int)n;
	list[strcspn(list, "\n")] = '\0';
	return list[0] ? cgroup_write(fd, file, list) : 0;
}

static int cpuset_inherit(int parent, int fd)
{
	int r = cpuset_copy(parent, fd, "cpuset.cpus");

	return r < 0 ? r : cpuset_copy(parent, fd, "cpuset.mems");
}

int cgroup_v1_cpuset_fill(const struct cgroup_hierarchy *h, struct err *e)
{
	autoclose int parent = cgroup_open_dir(h, h->fd, "..");
	int r = parent < 0 ? parent : cpuset_inherit(parent, h->fd);

	return r < 0 ? err_set(e, -r, "copy the parent's cpuset to %s%s: %m", h->mount_point,
			       h->path)
		     : 0;
}

/* Where the directory above is there, and no cpuset wants to be handed down to
 * it: all of it in one step. -ENOENT: it is not so. */
static int make_leaf(struct cgroup_hierarchy *h)
{
	char path[PATH_MAX];
	int fd = snprintf(path, sizeof(path), "%s%s", h->mount_point, h->path);

	if (fd < 0 || (size_t)fd >= sizeof(path))
		return -ENAMETOOLONG;
	h->made = mkdir(path, 0755) == 0;
	if (!h->made && errno != EEXIST)
		return -errno;
	fd = cgroup_open_dir(h, AT_FDCWD, path);
	h->fd = fd >= 0 ? fd : -1;
	return fd;
}

int cgroup_v1_make(struct cgroup_hierarchy *h, unsigned int *ret_parents, struct arena *a,
		   struct err *e)
{
	bool cpuset = strstr(h->controllers, "cpuset") != NULL;
	char *path = arena_strdup(a, h->path + 1);
	autoclose int fd = -1;
	unsigned int made = 0;
	int r;

	*ret_parents = 0;
	if (!cpuset) {
		r = make_leaf(h);
		if (r != -ENOENT)
			return r < 0 ? err_set(e, -r, "make the cgroup %s%s: %m", h->mount_point,
					       h->path)
				     : 0;
	}
	fd = cgroup_open_dir(h, AT_FDCWD, h->mount_point);
	if (fd < 0)
		return err_set(e, -fd, "open the cgroup hierarchy %s: %m", h->mount_point);
	for (char *s = path, *next; *s; s = next) {
		size_t len = strcspn(s, "/");
		bool leaf = s[len] == '\0';
		bool fresh;
		int down;

		next = leaf ? s + len : s + len + 1;
		s[len] = '\0';
		fresh = mkdirat(fd, s, 0755) == 0;
		if (!fresh && errno != EEXIST)
			return err_set(e, errno, "make the cgroup %s%s: %m", h->mount_point,
				       h->path);
		made = fresh ? made + 1 : 0;
		if (fresh)
			*ret_parents = made - leaf;
		h->made = leaf && fresh;
		down = cgroup_open_dir(h, fd, s);
		if (down < 0)
			return err_set(e, -down, "open the cgroup %s%s: %m", h->mount_point,
				       h->path);
		/* The leaf's own come after the limits: a parent with exclusive CPUs
		 * would not let its whole set be taken first. */
		r = cpuset && !leaf ? cpuset_inherit(fd, down) : 0;
		(void)close(fd);
		fd = down;
		if (r < 0)
			return err_set(e, -r, "copy the cpuset of the cgroup above %s%s: %m",
				       h->mount_point, h->path);
	}
	h->fd = take_fd(fd);
	return 0;
}

/* --- freezing ---------------------------------------------------------------- */

/* The v1 freezer tells nobody when it is done, and it may stay at FREEZING
 * while processes keep being made: so ask again, thaw now and then, and pause.
 * There is no event to wait for. */
int cgroup_v1_freeze(const struct cgroup_hierarchy *h, bool frozen, struct err *e)
{
	const char *want = frozen ? "FROZEN" : "THAWED";
	const struct timespec pause = { .tv_nsec = 1000000 };
	char state[32];
	ssize_t n;
	int r;

	for (int i = 0; i < FREEZE_TRIES; i++) {
		if (i % 50 == 49)
			(void)cgroup_write(h->fd, "freezer.state", "THAWED");
		if (i > 8)
			(void)nanosleep(&pause, NULL);
		r = cgroup_write(h->fd, "freezer.state", want);
		if (r < 0)
			return err_set(e, -r, "write %s to freezer.state of %s%s: %m", want,
				       h->mount_point, h->path);
		n = cgroup_read(h->fd, "freezer.state", state, sizeof(state));
		if (n < 0)
			return err_set(e, (int)-n, "read freezer.state of %s%s: %m", h->mount_point,
				       h->path);
		state[strcspn(state, "\n")] = '\0';
		/* Thawed by us, but perhaps still frozen by a cgroup above. */
		if (!frozen || strcmp(state, want) == 0)
			return 0;
	}
	(void)cgroup_write(h->fd, "freezer.state", "THAWED");
	return err_set(e, ETIMEDOUT, "the cgroup %s%s does not freeze", h->mount_point, h->path);
}
