/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What does a device program of a cgroup answer? Runs the few instructions that runtimes
 * write such programs with; anything else is "cannot tell". Pure. */

#include <stddef.h>
#include <stdint.h>

struct bpf_insn;

/* struct bpf_cgroup_dev_ctx: access_type (BPF_DEVCG_ACC_* << 16 | BPF_DEVCG_DEV_*), major, minor.
 * 1: allowed, 0: refused, -1: cannot tell. */
int devprog_eval(const struct bpf_insn *insns, size_t count, const uint32_t ctx[static 3]);
