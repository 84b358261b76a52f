/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/bpfdev.h"

#include <errno.h>
#include <linux/bpf.h>
#include <string.h>

#include "base/cleanup.h"
#include "sys/syscalls.h"

enum { INSNS_MAX = 65536 };

static int info(int fd, struct bpf_prog_info *i)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = (uint32_t)fd;
	attr.info.info_len = sizeof(*i);
	attr.info.info = (uint64_t)(uintptr_t)i;
	return sys_bpf(BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr));
}

static void read_one(uint32_t id, struct arena *a, struct bpfdev *ret)
{
	struct bpf_prog_info size, got;
	autoclose int fd = -1;
	union bpf_attr attr;
	void *insns;

	memset(&attr, 0, sizeof(attr));
	attr.prog_id = id;
	fd = sys_bpf(BPF_PROG_GET_FD_BY_ID, &attr, sizeof(attr));
	memset(&size, 0, sizeof(size));
	if (fd < 0 || info(fd, &size) < 0 || size.xlated_prog_len == 0 ||
	    size.xlated_prog_len > INSNS_MAX * sizeof(struct bpf_insn))
		return;
	insns = arena_alloc(a, size.xlated_prog_len);
	memset(&got, 0, sizeof(got));
	got.xlated_prog_len = size.xlated_prog_len;
	got.xlated_prog_insns = (uint64_t)(uintptr_t)insns;
	/* The kernel leaves the pointer empty for who may not see the instructions. */
	if (info(fd, &got) < 0 || !got.xlated_prog_insns)
		return;
	ret->insns = insns;
	ret->count = size.xlated_prog_len / sizeof(struct bpf_insn);
}

int bpfdev_read(int cgroup_fd, struct arena *a, struct bpfdev ret[static BPFDEV_MAX],
		size_t *ret_count)
{
	uint32_t ids[BPFDEV_MAX] = { 0 };
	union bpf_attr attr;
	int r;

	memset(&attr, 0, sizeof(attr));
	attr.query.target_fd = (uint32_t)cgroup_fd;
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	attr.query.query_flags = BPF_F_QUERY_EFFECTIVE;
	attr.query.prog_ids = (uint64_t)(uintptr_t)ids;
	attr.query.prog_cnt = BPFDEV_MAX;
	r = sys_bpf(BPF_PROG_QUERY, &attr, sizeof(attr));
	if (r < 0)
		return r;
	*ret_count = attr.query.prog_cnt < BPFDEV_MAX ? attr.query.prog_cnt : BPFDEV_MAX;
	for (size_t i = 0; i < *ret_count; i++) {
		ret[i] = (struct bpfdev){ 0 };
		read_one(ids[i], a, &ret[i]);
	}
	return 0;
}
