/* SPDX-License-Identifier: Apache-2.0 */
#include "run/cgroup_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "sys/syscalls.h"

enum {
	FREEZE_TIMEOUT_MS = 10000,
	FREEZE_LOOK_MS = 50, /* the removal of a cgroup wakes nobody */
};

/* --- limits: one row a file, in the order of writing ------------------------ */

static int64_t value_or_0(const int64_t *v)
{
	return v ? *v : 0;
}

static int memory_max(const struct limit_row *row, const struct oci_resources *r, size_t i,
		      struct limit_out *out, struct err *e)
{
	int k = limit_i64(row, r, i, out, e);

	return k > 0 && strcmp(out->text, "-1") == 0 ? limit_value(out, e, "max") : k;
}

/* The specification's swap is memory and swap together; the file's is swap alone. */
static int swap_max(const struct limit_row *row, const struct oci_resources *r, size_t i,
		    struct limit_out *out, struct err *e)
{
	int64_t memory = value_or_0(r->memory.limit), swap = value_or_0(r->memory.swap);

	(void)row;
	(void)i;
	if (swap == 0 && memory != -1)
		return 0;
	if (swap == -1 ||
	    swap == 0) { /* without a memory limit, 0 is unlimited too, as v1 has it */
		out->flags |= LIMIT_OPTIONAL;
		return limit_value(out, e, "max");
	}
	if (memory == -1)
		return limit_value(out, e, "%" PRId64, swap);
	if (memory == 0)
		return err_set(e, EINVAL, "%s: unable to set swap limit without memory limit",
			       out->pointer);
	if (memory < 0)
		return err_set(e, EINVAL,
			       "/linux/resources/memory/limit: invalid memory value: %" PRId64,
			       memory);
	if (swap < memory)
		return err_set(e, EINVAL, "%s: memory+swap limit should be >= memory limit",
			       out->pointer);
	if (swap == memory)
		out->flags |= LIMIT_OPTIONAL; /* no swap at all: true where there is no such file */
	return limit_value(out, e, "%" PRId64, swap - memory);
}

static int cpu_weight(const struct limit_row *row, const struct oci_resources *r, size_t i,
		      struct limit_out *out, struct err *e)
{
	(void)row;
	(void)i;
	/* An idle group has the least weight, and the kernel refuses another. */
	if (!r->cpu.shares || *r->cpu.shares == 0 || value_or_0(r->cpu.idle) == 1)
		return 0;
	return limit_value(out, e, "%" PRIu64, cgroup_weight_from_shares(*r->cpu.shares));
}

/* Of quota and period, one that is not asked for stays as it is: so it is with the two
 * files of v1, and an update of the one must not lift the other. */
static int cpu_max(const struct limit_row *row, const struct oci_resources *r, size_t i,
		   struct limit_out *out, struct err *e)
{
	int64_t quota = value_or_0(r->cpu.quota);
	uint64_t period = r->cpu.period ? *r->cpu.period : 0;

	(void)row;
	(void)i;
	if (quota == 0 && period == 0)
		return 0;
	if (quota == 0) {
		(void)snprintf(out->pointer, sizeof(out->pointer), "/linux/resources/cpu/period");
		out->flags |= LIMIT_SECOND;
		return limit_value(out, e, "%" PRIu64, period);
	}
	if (period == 0 && quota < 0)
		return limit_value(out, e, "max");
	if (period == 0)
		return limit_value(out, e, "%" PRId64, quota);
	if (quota < 0)
		return limit_value(out, e, "max %" PRIu64, period);
	return limit_value(out, e, "%" PRId64 " %" PRIu64, quota, period);
}

static int io_weight(const struct limit_row *row, const struct oci_resources *r, size_t i,
		     struct limit_out *out, struct err *e)
{
	(void)row;
	(void)i;
	if (!r->block_io.weight || *r->block_io.weight == 0)
		return 0;
	return limit_value(out, e, "%" PRIu64, cgroup_io_weight(*r->block_io.weight));
}

static int io_weight_device(const struct limit_row *row, const struct oci_resources *r, size_t i,
			    struct limit_out *out, struct err *e)
{
	const struct oci_weight_dev *d = &r->block_io.weight_device[i];

	(void)row;
	if (!d->weight || *d->weight == 0)
		return 0;
	return limit_value(out, e, "%" PRId64 ":%" PRId64 " %" PRIu64, d->major, d->minor,
			   cgroup_io_weight(*d->weight));
}

static int throttle(const struct oci_throttles *list, const char *key, size_t i,
		    struct limit_out *out, struct err *e)
{
	const struct oci_throttle *t = &list->items[i];

	if (t->rate ==
	    0) /* no limit, as v1 has it; io.max would take 0 for a full stop, or refuse */
		return limit_value(out, e, "%" PRId64 ":%" PRId64 " %s=max", t->major, t->minor,
				   key);
	return limit_value(out, e, "%" PRId64 ":%" PRId64 " %s=%" PRIu64, t->major, t->minor, key,
			   t->rate);
}

#define THROTTLE(name, list, key)                                                             \
	static int name(const struct limit_row *row, const struct oci_resources *r, size_t i, \
			struct limit_out *out, struct err *e)                                 \
	{                                                                                     \
		(void)row;                                                                    \
		return throttle(&r->block_io.list, key, i, out, e);                           \
	}
THROTTLE(read_bps, read_bps, "rbps")
THROTTLE(write_bps, write_bps, "wbps")
THROTTLE(read_iops, read_iops, "riops")
THROTTLE(write_iops, write_iops, "wiops")

/* clang-format off */
#define F(member) LIMIT_FIELD(member)
const struct limit_row limit_rows_v2[] = {
	{ LIMIT_PIDS, "pids.max", "pids/limit", F(pids_limit), 0, limit_pids, 0 },
	{ LIMIT_MEMORY, "memory.swap.max", "memory/swap", F(memory.swap), 0, swap_max, 0 },
	{ LIMIT_MEMORY, "memory.max", "memory/limit", F(memory.limit), 0, memory_max, 0 },
	{ LIMIT_MEMORY, "memory.low", "memory/reservation", F(memory.reservation), 0, memory_max, 0 },
	{ LIMIT_MEMORY, "", "memory/swappiness", F(memory.swappiness), 0, limit_u64_keep0, LIMIT_MISSING },
	{ LIMIT_MEMORY, "", "memory/disableOOMKiller", F(memory.disable_oom_killer), 0, limit_true, LIMIT_MISSING },
	{ LIMIT_IO, "io.bfq.weight", "blockIO/weight", F(block_io.weight), 0, limit_u16, LIMIT_ELSE_NEXT },
	{ LIMIT_IO, "io.weight", "blockIO/weight", F(block_io.weight), 0, io_weight, 0 },
	{ LIMIT_IO, "", "blockIO/leafWeight", F(block_io.leaf_weight), 0, limit_u16, LIMIT_MISSING },
	{ LIMIT_IO, "io.bfq.weight", "blockIO/weightDevice", F(block_io.weight_device), F(block_io.weight_device_count), limit_weight_device, LIMIT_ELSE_NEXT },
	{ LIMIT_IO, "io.weight", "blockIO/weightDevice", F(block_io.weight_device), F(block_io.weight_device_count), io_weight_device, 0 },
	{ LIMIT_IO, "", "blockIO/weightDevice", F(block_io.weight_device), F(block_io.weight_device_count), limit_leaf_weight_device, LIMIT_MISSING },
	{ LIMIT_IO, "io.max", "blockIO/throttleReadBpsDevice", F(block_io.read_bps.items), F(block_io.read_bps.count), read_bps, 0 },
	{ LIMIT_IO, "io.max", "blockIO/throttleWriteBpsDevice", F(block_io.write_bps.items), F(block_io.write_bps.count), write_bps, 0 },
	{ LIMIT_IO, "io.max", "blockIO/throttleReadIOPSDevice", F(block_io.read_iops.items), F(block_io.read_iops.count), read_iops, 0 },
	{ LIMIT_IO, "io.max", "blockIO/throttleWriteIOPSDevice", F(block_io.write_iops.items), F(block_io.write_iops.count), write_iops, 0 },
	{ LIMIT_CPU, "cpu.idle", "cpu/idle", F(cpu.idle), 0, limit_i64_keep0, 0 },
	{ LIMIT_CPU, "cpu.weight", "cpu/shares", F(cpu.shares), 0, cpu_weight, 0 },
	{ LIMIT_CPU, "cpu.max.burst", "cpu/burst", F(cpu.burst), 0, limit_u64_keep0, LIMIT_RETRY },
	{ LIMIT_CPU, "cpu.max", "cpu/quota", F(cpu.quota), 0, cpu_max, 0 },
	{ LIMIT_CPU, "", "cpu/realtimePeriod", F(cpu.realtime_period), 0, limit_u64, LIMIT_MISSING },
	{ LIMIT_CPU, "", "cpu/realtimeRuntime", F(cpu.realtime_runtime), 0, limit_i64, LIMIT_MISSING },
	{ LIMIT_CPUSET, "cpuset.cpus", "cpu/cpus", F(cpu.cpus), 0, limit_text, 0 },
	{ LIMIT_CPUSET, "cpuset.mems", "cpu/mems", F(cpu.mems), 0, limit_text, 0 },
	{ LIMIT_HUGETLB, "hugetlb.*.max", "hugepageLimits", F(hugepages), F(hugepages_count), limit_hugepage, 0 },
	{ LIMIT_HUGETLB, "hugetlb.*.rsvd.max", "hugepageLimits", F(hugepages), F(hugepages_count), limit_hugepage, LIMIT_OPTIONAL },
	{ LIMIT_RDMA, "rdma.max", "rdma", F(rdma), F(rdma_count), limit_rdma, 0 },
	{ LIMIT_NET_CLS, "", "network/classID", F(net_class_id), 0, limit_u32, LIMIT_MISSING },
	{ LIMIT_NET_PRIO, "", "network/priorities", F(net_priorities), F(net_priorities_count), limit_if_prio, LIMIT_MISSING },
};
#undef F
/* clang-format on */
const size_t limit_rows_v2_count = ARRAY_LEN(limit_rows_v2);

/* --- making ---------------------------------------------------------------- */

/* Appends " +NAME" for every word of `want` that `have` lacks. Returns whether there is one. */
static bool missing_controllers(const char *want, const char *have, char *out, size_t size)
{
	size_t n = 0;

	out[0] = '\0';
	for (const char *s = want; *s;) {
		size_t len = strcspn(s, " \n");
		bool found = false;

		for (const char *h = have; *h && !found;) {
			size_t hl = strcspn(h, " \n");

			found = hl == len && memcmp(h, s, len) == 0;
			h += hl + strspn(h + hl, " \n");
		}
		if (!found && len > 0 && n + len + 3 < size)
			n += (size_t)snprintf(out + n, size - n, "%s+%.*s", n ? " " : "", (int)len,
					      s);
		s += len + strspn(s + len, " \n");
	}
	return n > 0;
}

/* Hands the controllers that the directory has on to its children. What the
 * kernel refuses (a process in the directory, no permission) is no error here:
 * a limit that needs the controller finds its file missing and says so. All
 * controllers are handed on, also without a limit: engines read the statistics.
 * A file that has them all already is not written (that would wait for RCU). */
static void enable_controllers(int fd)
{
	char have[1024], on[1024], words[1024];

	if (cgroup_read(fd, "cgroup.controllers", have, sizeof(have)) <= 0 ||
	    cgroup_read(fd, "cgroup.subtree_control", on, sizeof(on)) < 0 ||
	    !missing_controllers(have, on, words, sizeof(words)) ||
	    cgroup_write(fd, "cgroup.subtree_control", words) >= 0)
		return;
	for (char *s = words, *next; *s; s = next) {
		size_t len = strcspn(s, " ");

		next = s + len + (s[len] == ' ');
		s[len] = '\0';
		(void)cgroup_write(fd, "cgroup.subtree_control", s);
	}
}

int cgroup_v2_make(struct cgroup_hierarchy *h, unsigned int *ret_parents, struct arena *a,
		   struct err *e)
{
	char *path = arena_strdup(a, h->path + 1);
	autoclose int fd = -1;
	unsigned int made = 0;

	*ret_parents = 0;
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
		enable_controllers(fd);
		fresh = mkdirat(fd, s, 0755) == 0;
		if (!fresh && errno != EEXIST)
			return err_set(e, errno, "make the cgroup %s%s: %m", h->mount_point,
				       h->path);
		made = fresh ? made + 1 : 0;
		if (fresh)
			*ret_parents = made - leaf;
		h->made = leaf && fresh;
		/* On the same mount, so of the same file system. */
		down = sys_openat2(fd, s, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0,
				   RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
		if (down < 0)
			return err_set(e, -down, "open the cgroup %s%s: %m", h->mount_point,
				       h->path);
		(void)close(fd);
		fd = down;
	}
	h->fd = take_fd(fd);
	return 0;
}

/* --- freezing ---------------------------------------------------------------- */

int cgroup_v2_event(int events_fd, const char *key)
{
	char buf[256];
	size_t n = strlen(key);
	ssize_t len = pread(events_fd, buf, sizeof(buf) - 1, 0);

	if (len < 0)
		return -errno;
	buf[len] = '\0';
	for (const char *s = buf; *s; s += strcspn(s, "\n"), s += *s == '\n')
		if (strncmp(s, key, n) == 0 && s[n] == ' ')
			return s[n + 1] == '1';
	return -EINVAL;
}

int cgroup_v2_freeze(const struct cgroup_hierarchy *h, bool frozen, struct err *e)
{
	autoclose int events = openat(h->fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
	int r = cgroup_write(h->fd, "cgroup.freeze", frozen ? "1" : "0");

	if (r < 0 || events < 0)
		return err_set(e, r < 0 ? -r : errno, "%s the cgroup %s%s: %m",
			       frozen ? "freeze" : "thaw", h->mount_point, h->path);
	for (int waited = 0;;) {
		struct pollfd p = { .fd = events, .events = POLLPRI };

		r = cgroup_v2_event(events, "frozen");
		if (r == -ENODEV)
			return err_set(e, ESRCH, "the cgroup %s%s has been removed meanwhile",
				       h->mount_point, h->path);
		if (r < 0)
			return err_set(e, -r, "read cgroup.events of %s%s: %m", h->mount_point,
				       h->path);
		/* Thawed by us, but perhaps still frozen by a cgroup above. */
		if (!frozen || r == 1)
			return 0;
		r = poll(&p, 1, FREEZE_LOOK_MS);
		if (r < 0 && errno != EINTR)
			return err_set(e, errno, "poll cgroup.events: %m");
		waited += r == 0 ? FREEZE_LOOK_MS : 0;
		if (waited >= FREEZE_TIMEOUT_MS) {
			(void)cgroup_write(h->fd, "cgroup.freeze", "0");
			return err_set(e, ETIMEDOUT, "the cgroup %s%s does not freeze within %d s",
				       h->mount_point, h->path, FREEZE_TIMEOUT_MS / 1000);
		}
	}
}
