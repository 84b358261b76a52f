/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The device programs that are in force for a cgroup of v2, its ancestors' included, as the kernel
 * has them (BPF_PROG_QUERY, BPF_OBJ_GET_INFO_BY_FD). */

#include <stddef.h>

#include "base/arena.h"

struct bpf_insn;

struct bpfdev {
	const struct bpf_insn *insns; /* NULL: not to be had */
	size_t count;
};

enum { BPFDEV_MAX = 64 };

/* 0 with their number; -EPERM: needs CAP_BPF and CAP_NET_ADMIN, or CAP_SYS_ADMIN. */
int bpfdev_read(int cgroup_fd, struct arena *a, struct bpfdev ret[static BPFDEV_MAX],
		size_t *ret_count);
