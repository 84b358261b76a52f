/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/devprog.h"

#include <linux/bpf.h>
#include <stdbool.h>
#include <string.h>

enum { STEPS_MAX = 65536 };

struct regs {
	uint64_t v[MAX_BPF_REG];
	bool known[MAX_BPF_REG];
};

static bool alu(struct regs *r, const struct bpf_insn *i, bool wide)
{
	bool by_reg = BPF_SRC(i->code) == BPF_X;
	uint64_t a = r->v[i->dst_reg];
	uint64_t b = by_reg ? r->v[i->src_reg] : (uint64_t)(int64_t)i->imm;
	uint8_t op = BPF_OP(i->code);

	if (by_reg && i->src_reg == BPF_REG_1 && op == BPF_MOV)
		return false; /* a second name for the context: not followed */
	if ((by_reg && !r->known[i->src_reg]) || (op != BPF_MOV && !r->known[i->dst_reg]))
		return false;
	if (!wide) {
		a = (uint32_t)a;
		b = (uint32_t)b;
	}
	switch (op) {
	case BPF_MOV: a = b; break;
	case BPF_ADD: a += b; break;
	case BPF_SUB: a -= b; break;
	case BPF_AND: a &= b; break;
	case BPF_OR: a |= b; break;
	case BPF_XOR: a ^= b; break;
	case BPF_LSH: a <<= b & (wide ? 63 : 31); break;
	case BPF_RSH: a >>= b & (wide ? 63 : 31); break;
	default: return false;
	}
	r->v[i->dst_reg] = wide ? a : (uint32_t)a;
	r->known[i->dst_reg] = true;
	return i->dst_reg != BPF_REG_1; /* which is the context */
}

/* 1, 0; -1: cannot tell. */
static int jumps(const struct regs *r, const struct bpf_insn *i, bool wide)
{
	bool by_reg = BPF_SRC(i->code) == BPF_X;
	uint64_t a = r->v[i->dst_reg];
	uint64_t b = by_reg ? r->v[i->src_reg] : (uint64_t)(int64_t)i->imm;

	if (BPF_OP(i->code) == BPF_JA)
		return wide ? 1 : -1;
	if (!r->known[i->dst_reg] || (by_reg && !r->known[i->src_reg]))
		return -1;
	if (!wide) {
		a = (uint32_t)a;
		b = (uint32_t)b;
	}
	switch (BPF_OP(i->code)) {
	case BPF_JEQ: return a == b;
	case BPF_JNE: return a != b;
	case BPF_JGT: return a > b;
	case BPF_JGE: return a >= b;
	case BPF_JLT: return a < b;
	case BPF_JLE: return a <= b;
	case BPF_JSET: return (a & b) != 0;
	default: return -1;
	}
}

static bool load(struct regs *r, const struct bpf_insn *i, const uint32_t ctx[static 3])
{
	size_t size = BPF_SIZE(i->code) == BPF_W   ? 4
		      : BPF_SIZE(i->code) == BPF_H ? 2
		      : BPF_SIZE(i->code) == BPF_B ? 1
						   : 0;
	uint32_t v = 0;

	if (BPF_MODE(i->code) != BPF_MEM || i->src_reg != BPF_REG_1 || size == 0 || i->off < 0 ||
	    (size_t)i->off + size > 3 * sizeof(*ctx) || i->dst_reg == BPF_REG_1)
		return false;
	memcpy(&v, (const char *)ctx + i->off, size);
	r->v[i->dst_reg] = v;
	r->known[i->dst_reg] = true;
	return true;
}

int devprog_eval(const struct bpf_insn *insns, size_t count, const uint32_t ctx[static 3])
{
	struct regs r = { 0 };
	size_t pc = 0;

	for (size_t n = 0; n < STEPS_MAX && pc < count; n++) {
		const struct bpf_insn *i = &insns[pc++];
		uint8_t class = BPF_CLASS(i->code);
		int taken;

		if (i->dst_reg >= BPF_REG_10 || i->src_reg >= BPF_REG_10)
			return -1;
		switch (class) {
		case BPF_ALU:
		case BPF_ALU64:
			if (!alu(&r, i, class == BPF_ALU64))
				return -1;
			break;
		case BPF_LDX:
			if (!load(&r, i, ctx))
				return -1;
			break;
		case BPF_JMP:
		case BPF_JMP32:
			if (i->code == (BPF_JMP | BPF_EXIT))
				return r.known[BPF_REG_0] ? (uint32_t)r.v[BPF_REG_0] != 0 : -1;
			if (BPF_OP(i->code) == BPF_CALL)
				return -1;
			taken = jumps(&r, i, class == BPF_JMP);
			if (taken < 0 || (taken && i->off < 0))
				return -1;
			pc += taken ? (size_t)i->off : 0;
			break;
		default: return -1;
		}
	}
	return -1;
}
