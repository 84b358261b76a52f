/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/bpf_eval.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "sys/seccomp_dump.h"

/* ---- what is a program -------------------------------------------------------------------- */

static bool known_alu(uint16_t code)
{
	switch (BPF_OP(code)) {
	case BPF_ADD:
	case BPF_SUB:
	case BPF_MUL:
	case BPF_DIV:
	case BPF_AND:
	case BPF_OR:
	case BPF_XOR:
	case BPF_LSH:
	case BPF_RSH: return (code & ~0xf8) == BPF_ALU;
	case BPF_NEG: return code == (BPF_ALU | BPF_NEG);
	default: return false;
	}
}

/* As seccomp_check_filter() and bpf_check_classic(). */
static bool known_insn(const struct sock_filter *i)
{
	switch (i->code) {
	case BPF_LD | BPF_W | BPF_ABS: return i->k < sizeof(struct seccomp_data) && i->k % 4 == 0;
	case BPF_LD | BPF_W | BPF_LEN:
	case BPF_LDX | BPF_W | BPF_LEN:
	case BPF_LD | BPF_IMM:
	case BPF_LDX | BPF_IMM:
	case BPF_MISC | BPF_TAX:
	case BPF_MISC | BPF_TXA:
	case BPF_RET | BPF_K:
	case BPF_RET | BPF_A: return true;
	case BPF_LD | BPF_MEM:
	case BPF_LDX | BPF_MEM:
	case BPF_ST:
	case BPF_STX: return i->k < BPF_MEMWORDS;
	case BPF_ALU | BPF_DIV | BPF_K: return i->k != 0;
	case BPF_ALU | BPF_LSH | BPF_K:
	case BPF_ALU | BPF_RSH | BPF_K: return i->k < 32;
	default: return BPF_CLASS(i->code) == BPF_ALU && known_alu(i->code);
	}
}

static bool known_jump(const struct bpf_program *p, size_t pc)
{
	const struct sock_filter *i = &p->insns[pc];
	size_t left = p->count - pc - 1;

	switch (i->code) {
	case BPF_JMP | BPF_JA: return i->k < left;
	case BPF_JMP | BPF_JEQ | BPF_K:
	case BPF_JMP | BPF_JEQ | BPF_X:
	case BPF_JMP | BPF_JGT | BPF_K:
	case BPF_JMP | BPF_JGT | BPF_X:
	case BPF_JMP | BPF_JGE | BPF_K:
	case BPF_JMP | BPF_JGE | BPF_X:
	case BPF_JMP | BPF_JSET | BPF_K:
	case BPF_JMP | BPF_JSET | BPF_X: return i->jt < left && i->jf < left;
	default: return false;
	}
}

int bpf_check(const struct bpf_program *p)
{
	if (p->count == 0 || p->count > BPF_MAXINSNS)
		return -EINVAL;
	for (size_t pc = 0; pc < p->count; pc++)
		if (!(BPF_CLASS(p->insns[pc].code) == BPF_JMP ? known_jump(p, pc)
							      : known_insn(&p->insns[pc])))
			return -EINVAL;
	return BPF_CLASS(p->insns[p->count - 1].code) == BPF_RET ? 0 : -EINVAL;
}

/* ---- the machine ---------------------------------------------------------------------------- */

/* A value that depends on arguments is not known while a program is explored. */
struct value {
	uint32_t v;
	bool known;
};

struct machine {
	size_t pc;
	struct value a, x, mem[BPF_MEMWORDS];
};

struct input {
	const struct seccomp_data *data;
	bool args_known;
	unsigned int *args; /* which were looked at */
};

static struct value number(uint32_t v)
{
	return (struct value){ v, true };
}

static struct value load(const struct input *in, uint32_t at)
{
	size_t first = offsetof(struct seccomp_data, args);
	uint32_t v;

	if (at >= offsetof(struct seccomp_data, instruction_pointer)) {
		*in->args |= 1U << (at >= first ? (at - first) / sizeof(in->data->args[0]) : 6);
		if (!in->args_known)
			return (struct value){ 0, false };
	}
	memcpy(&v, (const char *)in->data + at, sizeof(v));
	return number(v);
}

static struct value alu(uint16_t op, struct value a, struct value b)
{
	/* What is known for certain though one side is not. */
	if (op == BPF_AND && ((a.known && a.v == 0) || (b.known && b.v == 0)))
		return number(0);
	if (!a.known || (op != BPF_NEG && !b.known))
		return (struct value){ 0, false };
	switch (op) {
	case BPF_ADD: return number(a.v + b.v);
	case BPF_SUB: return number(a.v - b.v);
	case BPF_MUL: return number(a.v * b.v);
	case BPF_DIV: return number(b.v ? a.v / b.v : 0); /* by X = 0: the kernel has 0 */
	case BPF_AND: return number(a.v & b.v);
	case BPF_OR: return number(a.v | b.v);
	case BPF_XOR: return number(a.v ^ b.v);
	case BPF_LSH: return number(a.v << (b.v & 31));
	case BPF_RSH: return number(a.v >> (b.v & 31));
	default: return number(-a.v);
	}
}

/* 1, 0, or -1: it depends. */
static int holds(uint16_t op, struct value a, struct value b)
{
	if (op == BPF_JSET && ((a.known && a.v == 0) || (b.known && b.v == 0)))
		return 0;
	if (!a.known || !b.known)
		return -1;
	switch (op) {
	case BPF_JEQ: return a.v == b.v;
	case BPF_JGT: return a.v > b.v;
	case BPF_JGE: return a.v >= b.v;
	default: return (a.v & b.v) != 0;
	}
}

enum step { STEP_ON, STEP_RETURN, STEP_FORK };

/* One instruction. STEP_FORK: m goes on where the comparison holds, *other where it does not. */
static enum step step(const struct bpf_program *p, const struct input *in, struct machine *m,
		      struct machine *other)
{
	const struct sock_filter *i = &p->insns[m->pc++];
	struct value src = BPF_SRC(i->code) == BPF_X ? m->x : number(i->k);
	int r;

	switch (BPF_CLASS(i->code)) {
	case BPF_LD:
	case BPF_LDX: {
		struct value v = BPF_MODE(i->code) == BPF_ABS   ? load(in, i->k)
				 : BPF_MODE(i->code) == BPF_LEN ? number(sizeof(*in->data))
				 : BPF_MODE(i->code) == BPF_MEM ? m->mem[i->k]
								: number(i->k);
		*(BPF_CLASS(i->code) == BPF_LD ? &m->a : &m->x) = v;
		return STEP_ON;
	}
	case BPF_ST: m->mem[i->k] = m->a; return STEP_ON;
	case BPF_STX: m->mem[i->k] = m->x; return STEP_ON;
	case BPF_ALU: m->a = alu(BPF_OP(i->code), m->a, src); return STEP_ON;
	case BPF_MISC:
		if (i->code == (BPF_MISC | BPF_TAX))
			m->x = m->a;
		else
			m->a = m->x;
		return STEP_ON;
	case BPF_JMP:
		if (BPF_OP(i->code) == BPF_JA) {
			m->pc += i->k;
			return STEP_ON;
		}
		r = holds(BPF_OP(i->code), m->a, src);
		if (r < 0) {
			*other = *m;
			other->pc += i->jf;
		}
		m->pc += r != 0 ? i->jt : i->jf;
		return r < 0 ? STEP_FORK : STEP_ON;
	default:
		if (BPF_RVAL(i->code) == BPF_K)
			m->a = number(i->k);
		return STEP_RETURN;
	}
}

static struct machine start(void)
{
	struct machine m = { .a = { 0, true }, .x = { 0, true } };

	for (size_t i = 0; i < BPF_MEMWORDS; i++)
		m.mem[i].known = true;
	return m;
}

uint32_t bpf_eval(const struct bpf_program *p, const struct seccomp_data *d)
{
	unsigned int args = 0;
	struct input in = { d, true, &args };
	struct machine m = start(), none;

	while (step(p, &in, &m, &none) == STEP_ON)
		assert(m.pc < p->count);
	return m.a.v;
}

/* ---- several filters ---------------------------------------------------------------------- */

int bpf_compare(uint32_t a, uint32_t b)
{
	/* The kernel compares the actions as signed numbers. */
	int32_t x = (int32_t)(a & SECCOMP_RET_ACTION_FULL),
		y = (int32_t)(b & SECCOMP_RET_ACTION_FULL);

	return (x > y) - (x < y);
}

bool bpf_lets_pass(uint32_t answer)
{
	uint32_t action = answer & SECCOMP_RET_ACTION_FULL;

	return action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG;
}

uint32_t bpf_verdict(const struct bpf_program *p, size_t count, const struct seccomp_data *d)
{
	uint32_t r = SECCOMP_RET_ALLOW;

	for (size_t i = count; i-- > 0;) {
		uint32_t one = bpf_eval(&p[i], d);

		if (bpf_compare(one, r) < 0)
			r = one;
	}
	return r;
}

bool bpf_passes(const struct seccomp_filter *f, size_t count, const struct seccomp_data *d)
{
	for (size_t i = 0; i < count; i++) {
		const struct bpf_program p = { f[i].insns, f[i].count };

		if (bpf_check(&p) < 0 || !bpf_lets_pass(bpf_eval(&p, d)))
			return false;
	}
	return true;
}

static void add_answer(struct bpf_answers *to, uint32_t answer)
{
	size_t at = 0;

	while (at < to->count && bpf_compare(to->items[at], answer) < 0)
		at++;
	for (size_t i = at; i < to->count && bpf_compare(to->items[i], answer) == 0; i++)
		if (to->items[i] == answer)
			return;
	if (to->count == BPF_ANSWERS_MAX) {
		to->whole = false;
		return;
	}
	memmove(&to->items[at + 1], &to->items[at], (to->count - at) * sizeof(to->items[0]));
	to->items[at] = answer;
	to->count++;
}

static void explore_one(const struct bpf_program *p, const struct seccomp_data *d,
			struct machine *waiting, struct bpf_answers *ret)
{
	struct input in = { d, false, &ret->args };
	size_t steps = 0, n = 0;

	waiting[n++] = start();
	while (n > 0) {
		struct machine m = waiting[--n], other;
		enum step s;

		while ((s = step(p, &in, &m, &other)) != STEP_RETURN) {
			if (++steps > BPF_STEPS_MAX || (s == STEP_FORK && n == BPF_FORKS_MAX)) {
				ret->whole = false;
				return;
			}
			if (s == STEP_FORK)
				waiting[n++] = other;
		}
		if (m.a.known)
			add_answer(ret, m.a.v);
		else
			ret->whole = false; /* returns an argument */
	}
}

void bpf_explore(const struct bpf_program *p, size_t count, uint32_t arch, int nr,
		 struct bpf_answers *ret)
{
	const struct seccomp_data d = { .nr = nr, .arch = arch };
	autofree struct machine *waiting = calloc(BPF_FORKS_MAX, sizeof(*waiting));

	*ret = (struct bpf_answers){ .items = { SECCOMP_RET_ALLOW }, .count = 1, .whole = true };
	if (!waiting) {
		ret->whole = false;
		return;
	}
	for (size_t i = count; i-- > 0;) {
		struct bpf_answers one = { .whole = true }, both = { 0 };

		explore_one(&p[i], &d, waiting, &one);
		both.whole = ret->whole && one.whole;
		both.args = ret->args | one.args;
		for (size_t x = 0; x < ret->count; x++)
			for (size_t y = 0; y < one.count; y++)
				add_answer(&both, bpf_compare(one.items[y], ret->items[x]) < 0
							  ? one.items[y]
							  : ret->items[x]);
		*ret = both;
	}
}
