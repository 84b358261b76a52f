/* SPDX-License-Identifier: Apache-2.0 */
/* The evaluation of seccomp filters: single instructions; profiles compiled by our runtime
 * against what the profile says; the kernel's own answers; and filters read from a process,
 * which must not notice. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/audit.h>
#include <seccomp.h>

#include "audit/bpf_eval.h"
#include "audit/danger.h"
#include "audit/seccomp_view.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "conf/json.h"
#include "conf/oci.h"
#include "conf/seccomp_default.h"
#include "run/seccomp.h"
#include "sys/seccomp_dump.h"
#include "sys/seccomp_load.h"
#include "test.h"

#define N(code, k)         BPF_STMT(code, k)
#define J(code, k, jt, jf) BPF_JUMP(code, k, jt, jf)
#define LOAD(member)       N(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, member))
#define RET(k)             N(BPF_RET | BPF_K, k)
#define PROGRAM(...)                                                           \
	((struct bpf_program){ (struct sock_filter[]){ __VA_ARGS__ },          \
			       sizeof((struct sock_filter[]){ __VA_ARGS__ }) / \
				       sizeof(struct sock_filter) })

static uint32_t eval(struct bpf_program p)
{
	const struct seccomp_data d = { .nr = 7, .arch = 9, .args = { 0x100000002, 3 } };

	CHECK_INT(bpf_check(&p), 0);
	return bpf_eval(&p, &d);
}

static void instructions(void)
{
	CASE("instructions");
	CHECK_INT(eval(PROGRAM(LOAD(nr), N(BPF_RET | BPF_A, 0))), 7);
	CHECK_INT(eval(PROGRAM(LOAD(arch), N(BPF_RET | BPF_A, 0))), 9);
	CHECK_INT(eval(PROGRAM(LOAD(args[1]), N(BPF_RET | BPF_A, 0))), 3);
	CHECK_INT(eval(PROGRAM(N(BPF_LD | BPF_W | BPF_ABS, 20), N(BPF_RET | BPF_A, 0))), 1);
	CHECK_INT(eval(PROGRAM(N(BPF_LD | BPF_W | BPF_LEN, 0), N(BPF_RET | BPF_A, 0))), 64);
	CHECK_INT(eval(PROGRAM(N(BPF_LD | BPF_IMM, 6), N(BPF_MISC | BPF_TAX, 0),
			       N(BPF_ALU | BPF_MUL | BPF_X, 0), N(BPF_RET | BPF_A, 0))),
		  36);
	CHECK_INT(eval(PROGRAM(N(BPF_LD | BPF_IMM, 6), N(BPF_ST, 15), N(BPF_LD | BPF_IMM, 1),
			       N(BPF_LDX | BPF_MEM, 15), N(BPF_ALU | BPF_SUB | BPF_X, 0),
			       N(BPF_RET | BPF_A, 0))),
		  (uint32_t)-5);
	/* By zero: 0, as the kernel has it; by an immediate zero it is no program. */
	CHECK_INT(eval(PROGRAM(N(BPF_LD | BPF_IMM, 6), N(BPF_ALU | BPF_DIV | BPF_X, 0),
			       N(BPF_RET | BPF_A, 0))),
		  0);
	CHECK_INT(
		eval(PROGRAM(N(BPF_LD | BPF_IMM, 1), N(BPF_ALU | BPF_LSH | BPF_K, 31),
			     N(BPF_ALU | BPF_RSH | BPF_K, 30), N(BPF_ALU | BPF_NEG, 0),
			     N(BPF_ALU | BPF_AND | BPF_K, 0xff), N(BPF_ALU | BPF_OR | BPF_K, 0x100),
			     N(BPF_ALU | BPF_XOR | BPF_K, 3), N(BPF_RET | BPF_A, 0))),
		0x1fd);
	CHECK_INT(eval(PROGRAM(LOAD(nr), J(BPF_JMP | BPF_JGT | BPF_K, 6, 0, 1), RET(1), RET(2))),
		  1);
	CHECK_INT(eval(PROGRAM(LOAD(nr), J(BPF_JMP | BPF_JGE | BPF_K, 8, 0, 1), RET(1), RET(2))),
		  2);
	CHECK_INT(eval(PROGRAM(LOAD(nr), J(BPF_JMP | BPF_JSET | BPF_K, 8, 0, 1), RET(1), RET(2))),
		  2);
	CHECK_INT(eval(PROGRAM(N(BPF_JMP | BPF_JA, 1), RET(1), RET(2))), 2);
}

static void not_programs(void)
{
	const struct bpf_program bad[] = {
		{ NULL, 0 },
		PROGRAM(N(BPF_LD | BPF_IMM, 1)),         /* no return */
		PROGRAM(N(BPF_JMP | BPF_JA, 5), RET(0)), /* out of it */
		PROGRAM(J(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 9), RET(0)),
		PROGRAM(N(BPF_LD | BPF_W | BPF_ABS, 64), RET(0)), /* beyond the data */
		PROGRAM(N(BPF_LD | BPF_W | BPF_ABS, 2), RET(0)),  /* between two words */
		PROGRAM(N(BPF_LD | BPF_H | BPF_ABS, 0), RET(0)),
		PROGRAM(N(BPF_LD | BPF_W | BPF_IND, 0), RET(0)),
		PROGRAM(N(BPF_LDX | BPF_B | BPF_MSH, 0), RET(0)),
		PROGRAM(N(BPF_ST, 16), RET(0)),
		PROGRAM(N(BPF_ALU | BPF_DIV | BPF_K, 0), RET(0)),
		PROGRAM(N(BPF_ALU | BPF_MOD | BPF_K, 2), RET(0)), /* not for seccomp */
		PROGRAM(N(BPF_ALU | BPF_LSH | BPF_K, 32), RET(0)),
		PROGRAM(N(0xffff, 0), RET(0)),
	};

	CASE("no programs");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK_INT(bpf_check(&bad[i]), -EINVAL);
}

static void several(void)
{
	const struct bpf_program p[] = {
		PROGRAM(RET(SECCOMP_RET_ERRNO | 1)), PROGRAM(RET(SECCOMP_RET_ERRNO | 2)),
		PROGRAM(RET(SECCOMP_RET_ALLOW)),     PROGRAM(RET(SECCOMP_RET_KILL_PROCESS)),
		PROGRAM(RET(SECCOMP_RET_LOG)),
	};
	const struct seccomp_data d = { 0 };

	CASE("several filters");
	CHECK_INT(bpf_verdict(p, 0, &d), SECCOMP_RET_ALLOW);
	CHECK_INT(bpf_verdict(p, 2, &d), SECCOMP_RET_ERRNO | 2); /* the newer of two like ones */
	CHECK_INT(bpf_verdict(p, 3, &d), SECCOMP_RET_ERRNO | 2);
	CHECK_INT(bpf_verdict(p, 4, &d), SECCOMP_RET_KILL_PROCESS);
	CHECK_INT(bpf_verdict(p + 4, 1, &d), SECCOMP_RET_LOG);
	CHECK(bpf_compare(SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD) < 0);
	CHECK(bpf_compare(SECCOMP_RET_TRAP, SECCOMP_RET_ERRNO) < 0);
	CHECK(bpf_compare(SECCOMP_RET_USER_NOTIF, SECCOMP_RET_TRACE) < 0);
	CHECK_INT(bpf_compare(SECCOMP_RET_ERRNO | 1, SECCOMP_RET_ERRNO | 9), 0);
}

/* ---- what may be answered ------------------------------------------------------------------------ */

static void exploration(void)
{
	const struct bpf_program p = PROGRAM(
		LOAD(nr), J(BPF_JMP | BPF_JEQ | BPF_K, 5, 1, 0), RET(SECCOMP_RET_ALLOW),
		LOAD(args[2]), J(BPF_JMP | BPF_JSET | BPF_K, 1, 0, 1), RET(SECCOMP_RET_ERRNO | 1),
		LOAD(args[0]), J(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1), RET(SECCOMP_RET_KILL_THREAD),
		RET(SECCOMP_RET_ALLOW));
	const struct bpf_program back = PROGRAM(LOAD(args[0]), N(BPF_RET | BPF_A, 0));
	struct bpf_answers a;

	CASE("exploration");
	bpf_explore(&p, 1, 0, 4, &a);
	CHECK_INT(a.count, 1);
	CHECK_INT(a.args, 0);
	CHECK(a.whole);
	bpf_explore(&p, 1, 0, 5, &a);
	CHECK_INT(a.count, 3);
	CHECK_INT(a.items[0], SECCOMP_RET_KILL_THREAD);
	CHECK_INT(a.items[1], SECCOMP_RET_ERRNO | 1);
	CHECK_INT(a.items[2], SECCOMP_RET_ALLOW);
	CHECK_INT(a.args, 5);
	CHECK(a.whole);
	bpf_explore(&back, 1, 0, 5, &a);
	CHECK(!a.whole);
}

/* So many branches that nobody can follow all: it is said, and ends. */
static void bomb(void)
{
	struct sock_filter insns[2 * 1000 + 1];
	struct bpf_program p = { insns, ARRAY_LEN(insns) };
	struct bpf_answers a;

	CASE("bomb");
	for (size_t i = 0; i < 1000; i++) {
		insns[2 * i] = (struct sock_filter)LOAD(args[0]);
		insns[2 * i + 1] = (struct sock_filter)J(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)i, 0,
							 1);
	}
	insns[2000] = (struct sock_filter)RET(SECCOMP_RET_ALLOW);
	insns[1999].jf = 0;
	CHECK_INT(bpf_check(&p), 0);
	bpf_explore(&p, 1, 0, 5, &a);
	CHECK(!a.whole);
}

/* ---- profiles ------------------------------------------------------------------------------------- */

/* As specified: of the rules that name the call and whose conditions all hold, libseccomp lets the
 * most permissive win that... there is one only in the profiles made here. */
static bool holds(const struct oci_seccomp_arg *c, const uint64_t *args)
{
	uint64_t v = args[c->index];

	switch ((int)c->op) {
	case SCMP_CMP_NE: return v != c->value;
	case SCMP_CMP_LT: return v < c->value;
	case SCMP_CMP_LE: return v <= c->value;
	case SCMP_CMP_EQ: return v == c->value;
	case SCMP_CMP_GE: return v >= c->value;
	case SCMP_CMP_GT: return v > c->value;
	case SCMP_CMP_MASKED_EQ: return (v & c->value) == c->value_two;
	default: return false;
	}
}

static uint32_t by_profile(const struct oci_seccomp *s, const char *call, const uint64_t *args)
{
	for (size_t i = 0; i < s->rules_count; i++)
		for (size_t n = 0; n < s->rules[i].names.count; n++) {
			bool all = strcmp(s->rules[i].names.items[n], call) == 0;

			for (size_t k = 0; all && k < s->rules[i].args_count; k++)
				all = holds(&s->rules[i].args[k], args);
			if (all)
				return s->rules[i].action;
		}
	return s->default_action;
}

static const char *const calls[] = {
	"read",  "write",       "clone", "unshare", "mount",  "ptrace", "socket",
	"ioctl", "personality", "bpf",   "openat",  "getpid", "futex",  "setns",
};

static uint64_t random_value(unsigned int *seed)
{
	static const uint64_t near[] = { 0,      1,          16,         0x10000000, 0x20000000,
					 0x5412, 0x7e020000, 0xffffffff, 1ULL << 32, ~0ULL };
	uint64_t v = near[(unsigned int)rand_r(seed) % ARRAY_LEN(near)];

	return rand_r(seed) % 2 ? v : v + (uint64_t)(rand_r(seed) % 3) - 1;
}

/* One rule for each call, with none to two conditions on different arguments. */
static void random_profile(struct arena *a, unsigned int *seed, struct oci_seccomp *s)
{
	static const uint32_t actions[] = { SCMP_ACT_ALLOW, SCMP_ACT_ERRNO(1), SCMP_ACT_LOG,
					    SCMP_ACT_KILL_PROCESS, SCMP_ACT_TRAP };

	*s = (struct oci_seccomp){ 0 };
	s->default_action = rand_r(seed) % 2 ? SCMP_ACT_ERRNO(1) : SCMP_ACT_ALLOW;
	s->rules = arena_alloc(a, ARRAY_LEN(calls) * sizeof(*s->rules));
	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		struct oci_seccomp_rule *r = &s->rules[s->rules_count];
		const char **name = arena_alloc(a, sizeof(*name));

		if (rand_r(seed) % 4 == 0)
			continue;
		s->rules_count++;
		*name = calls[i];
		r->names.items = name;
		r->names.count = 1;
		r->action = actions[(unsigned int)rand_r(seed) % ARRAY_LEN(actions)];
		r->args_count = (size_t)(rand_r(seed) % 3);
		r->args = arena_alloc(a, 2 * sizeof(*r->args));
		for (size_t k = 0; k < r->args_count; k++) {
			r->args[k].index = (uint32_t)k * 2;
			r->args[k].op = (uint32_t)(SCMP_CMP_NE + rand_r(seed) % 7);
			r->args[k].value = random_value(seed);
			r->args[k].value_two = random_value(seed);
			if (r->args[k].op == SCMP_CMP_MASKED_EQ)
				r->args[k].value_two &= r->args[k].value;
		}
	}
}

static bool same_answer(uint32_t got, uint32_t want)
{
	return got == want || ((want & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO &&
			       (got & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO);
}

static bool is_among(const struct bpf_answers *a, uint32_t answer)
{
	for (size_t i = 0; i < a->count; i++)
		if (a->items[i] == answer)
			return true;
	return false;
}

/* Evaluated and explored, the compiled program says what the profile says. */
static void profiles(void)
{
	unsigned int seed = 20261122;
	size_t wrong = 0, asked = 0, missed = 0, failed = 0;

	CASE("profiles");
	for (int i = 0; i < 200; i++) {
		autoarena struct arena a = { 0 };
		const struct sock_fprog *prog;
		struct oci_seccomp s;
		struct err e = { 0 };
		struct bpf_program p;

		random_profile(&a, &seed, &s);
		if (seccomp_build(&s, &a, &prog, &e) < 0) {
			printf("# %s\n", e.msg);
			failed++;
			continue;
		}
		p = (struct bpf_program){ prog->filter, prog->len };
		failed += bpf_check(&p) < 0;
		for (size_t c = 0; c < ARRAY_LEN(calls); c++) {
			struct seccomp_data d = { .arch = seccomp_arch_native() };
			struct bpf_answers all;

			d.nr = seccomp_syscall_resolve_name(calls[c]);
			bpf_explore(&p, 1, d.arch, d.nr, &all);
			for (int n = 0; n < 40; n++) {
				uint64_t args[6];
				uint32_t got;

				for (size_t k = 0; k < 6; k++)
					args[k] = d.args[k] = random_value(&seed);
				got = bpf_eval(&p, &d);
				wrong += !same_answer(got, by_profile(&s, calls[c], args));
				missed += all.whole && !is_among(&all, got);
				asked++;
			}
		}
	}
	CHECK_INT(failed, 0);
	CHECK_INT(wrong, 0);
	CHECK_INT(missed, 0);
	CHECK_INT(asked, 200 * 40 * ARRAY_LEN(calls));
}

/* ---- a filter in a process -------------------------------------------------------------------------- */

static void install(const struct bpf_program *p)
{
	struct sock_filter copy[64];
	struct sock_fprog f = { (unsigned short)p->count, copy };

	memcpy(copy, p->insns, p->count * sizeof(*copy));
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (seccomp_install(&f, 0) < 0)
		_exit(99);
}

/* Refuses restart_syscall(2) and one call of each process, so that these can be told apart. */
static struct bpf_program refusing(uint32_t nr)
{
	static struct sock_filter insns[6];

	insns[0] = (struct sock_filter)LOAD(nr);
	insns[1] = (struct sock_filter)J(BPF_JMP | BPF_JEQ | BPF_K, SYS_restart_syscall, 1, 0);
	insns[2] = (struct sock_filter)J(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1);
	insns[3] = (struct sock_filter)RET(SECCOMP_RET_ERRNO | 77);
	insns[4] = (struct sock_filter)RET(SECCOMP_RET_ALLOW);
	insns[5] = (struct sock_filter)RET(SECCOMP_RET_ALLOW);
	return (struct bpf_program){ insns, 6 };
}

static char state_of(pid_t pid)
{
	char path[64], buf[512];
	const char *s;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (io_read_small(AT_FDCWD, path, buf, sizeof(buf)) < 0)
		return '?';
	s = strrchr(buf, ')');
	return s ? s[2] : '?';
}

/* One that was let go is seen running for a moment. The state it is in at the end. */
static char wait_state(pid_t pid, char state)
{
	const struct timespec ms = { .tv_nsec = 1000000 };
	char now = state_of(pid);

	for (int i = 0; i < 2000 && now != state; i++) {
		(void)nanosleep(&ms, NULL);
		now = state_of(pid);
	}
	return now;
}

enum { SLEEPS, POLLS, SIGNALS };

/* Waits in a call of a kind; says by its end whether anything disturbed it. */
static pid_t sleeper(int kind, int filters)
{
	pid_t pid = fork();

	if (pid == 0) {
		const struct timespec second = { .tv_sec = 1 };
		struct epoll_event ev;
		sigset_t set;
		int epfd = epoll_create1(0);

		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		sigemptyset(&set);
		sigaddset(&set, SIGUSR1);
		(void)sigprocmask(SIG_BLOCK, &set, NULL);
		for (int i = 0; i < filters; i++) {
			struct bpf_program p = refusing(SYS_reboot + (uint32_t)i);

			install(&p);
		}
		switch (kind) {
		case SLEEPS: _exit(nanosleep(&second, NULL) == 0 ? 0 : errno);
		case POLLS: _exit(epoll_wait(epfd, &ev, 1, 1000) == 0 ? 0 : errno);
		default: _exit(sigtimedwait(&set, NULL, &second) < 0 && errno == EAGAIN ? 0 : 98);
		}
	}
	wait_state(pid, 'S');
	return pid;
}

static int end_of(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

/* Twenty times. A machine that stood still itself for a while is not what is tested: then
 * another sleeper has to do. */
static pid_t dumped(struct seccomp_tracer *t, int kind, struct arena *a,
		    struct seccomp_filters *ret, uint64_t *worst)
{
	for (int attempt = 1;; attempt++) {
		pid_t pid = sleeper(kind, 2);
		struct err e = { 0 };
		int r = 0;

		for (int i = 0; i < 20 && r == 0; i++) {
			r = seccomp_dump(t, pid, 0, a, ret, &e);
			*worst = ret->stopped_ns > *worst ? ret->stopped_ns : *worst;
		}
		if (r != -ETIMEDOUT || attempt == 4) {
			CHECK_INT(r, 0);
			return pid;
		}
		printf("# %s\n", e.msg);
		(void)kill(pid, SIGKILL);
		(void)end_of(pid);
	}
}

static void dumps(void)
{
	autoarena struct arena a = { 0 };
	autotracer struct seccomp_tracer t = SECCOMP_TRACER(bpf_passes);
	const struct seccomp_data d = { .nr = SYS_reboot + 1, .arch = seccomp_arch_native() };
	struct seccomp_filters f;
	struct seccomp_view v;
	struct err e = { 0 };
	uint64_t worst = 0;
	pid_t pid;
	int status;

	CASE("dump");
	for (int kind = SLEEPS; kind <= SIGNALS; kind++) {
		pid = dumped(&t, kind, &a, &f, &worst);
		CHECK_INT(f.count, 2);
		CHECK_INT(f.insns, 12);
		CHECK_INT(seccomp_view_init(&v, &f, &a), 0);
		CHECK_INT(bpf_verdict(v.programs, v.count, &d), SECCOMP_RET_ERRNO | 77);
		CHECK_INT(end_of(pid), 0); /* slept to the end, and saw no error */
	}
	printf("# longest stop of 60: %llu us\n", (unsigned long long)worst / 1000);

	pid = sleeper(SLEEPS, 0);
	CHECK_INT(seccomp_dump(&t, pid, 0, &a, &f, &e), 0);
	CHECK_INT(f.count, 0);
	CHECK_INT(seccomp_dump(&t, pid, 12345, &a, &f, &e), -ESRCH); /* another's start time */
	CHECK_INT(wait_state(pid, 'S'), 'S');
	CHECK_INT(end_of(pid), 0);
	e = (struct err){ 0 };
	CHECK_INT(seccomp_dump(&t, pid, 0, &a, &f, &e), -ESRCH);

	/* Stopped already: it stays so. */
	pid = sleeper(SLEEPS, 1);
	(void)kill(pid, SIGSTOP);
	CHECK_INT(waitpid(pid, &status, WUNTRACED), pid);
	e = (struct err){ 0 };
	CHECK_INT(seccomp_dump(&t, pid, 0, &a, &f, &e), 0);
	CHECK_INT(f.count, 1);
	CHECK_INT(wait_state(pid, 'T'), 'T');
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
}

/* Signals that are on their way meanwhile arrive, each one. */
static volatile sig_atomic_t got;

static void count_signal(int sig)
{
	(void)sig;
	got++;
}

static void signals_arrive(void)
{
	autoarena struct arena a = { 0 };
	autotracer struct seccomp_tracer t = SECCOMP_TRACER(bpf_passes);
	struct seccomp_filters f;
	int pipes[2], done[2], sent = 0;
	char byte;
	pid_t pid;

	CASE("signals");
	if (pipe(pipes) < 0 || pipe(done) < 0)
		return;
	pid = fork();
	if (pid == 0) {
		struct sigaction sa = { .sa_handler = count_signal };

		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)sigaction(SIGUSR1, &sa, NULL);
		for (;;) {
			int before = got;

			if (write(done[1], "r", 1) != 1)
				_exit(1);
			while (got == before)
				(void)sched_yield();
			if (got == 200)
				_exit(42);
		}
	}
	while (sent < 200 && read(done[0], &byte, 1) == 1) {
		struct err e = { 0 };

		(void)kill(pid, SIGUSR1);
		(void)seccomp_dump(&t, pid, 0, &a, &f, &e);
		sent++;
	}
	CHECK_INT(sent, 200);
	CHECK_INT(end_of(pid), 42);
	for (int i = 0; i < 2; i++) {
		(void)close(pipes[i]);
		(void)close(done[i]);
	}
}

/* Whoever reads is killed at any moment: the process goes on. */
static void killed_midway(void)
{
	pid_t pid = fork();
	unsigned int seed = 1;

	CASE("killed midway");
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			(void)sched_yield();
	}
	for (int i = 0; i < 100; i++) {
		const struct timespec wait = { .tv_nsec = 1 + rand_r(&seed) % 3000000 };
		pid_t reader = fork();

		if (reader == 0) {
			struct seccomp_tracer t = SECCOMP_TRACER(bpf_passes);

			for (;;) {
				autoarena struct arena a = { 0 };
				struct seccomp_filters f;
				struct err e = { 0 };

				(void)seccomp_dump(&t, pid, 0, &a, &f, &e);
			}
		}
		(void)nanosleep(&wait, NULL);
		(void)kill(reader, SIGKILL);
		(void)waitpid(reader, NULL, 0);
	}
	CHECK_INT(wait_state(pid, 'R'), 'R');
	CHECK_INT(kill(pid, SIGKILL), 0);
	CHECK_INT(end_of(pid), 1000 + SIGKILL);
}

/* The kernel's own answers to the same program. */
static void by_the_kernel(void)
{
	struct bpf_program p = PROGRAM(
		LOAD(nr), J(BPF_JMP | BPF_JEQ | BPF_K, SYS_getpriority, 0, 5), LOAD(args[1]),
		N(BPF_ALU | BPF_AND | BPF_K, 0x1f), J(BPF_JMP | BPF_JSET | BPF_K, 0x10, 0, 1),
		RET(SECCOMP_RET_ERRNO | 42), J(BPF_JMP | BPF_JGT | BPF_K, 3, 2, 0),
		RET(SECCOMP_RET_ALLOW), RET(SECCOMP_RET_ERRNO | 44), RET(SECCOMP_RET_ERRNO | 43));
	pid_t pid = fork();
	int wrong = 0;

	CASE("by the kernel");
	if (pid == 0) {
		install(&p);
		for (unsigned int i = 0; i < 64; i++) {
			struct seccomp_data d = { .nr = SYS_getpriority,
						  .arch = seccomp_arch_native(),
						  .args = { PRIO_PROCESS, i } };
			uint32_t want = bpf_eval(&p, &d);

			errno = 0;
			(void)getpriority(PRIO_PROCESS, i);
			if ((want & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO)
				wrong += errno != (int)(want & SECCOMP_RET_DATA);
			else
				wrong += errno >= 42 && errno <= 44;
		}
		_exit(wrong);
	}
	CHECK_INT(end_of(pid), 0);
}

/* Every dangerous call is one that libseccomp knows on this architecture, or on none. */
static void danger_table(void)
{
	CASE("dangerous calls");
	for (const struct danger_call *d = danger_calls; *d->label; d++) {
		if (seccomp_syscall_resolve_name(d->call) == __NR_SCMP_ERROR)
			FAIL(d->label);
		if (d->arg > 5 || (d->mask && (d->value & ~d->mask)))
			FAIL(d->label);
		if (strncmp(d->label, d->call, strlen(d->call)) != 0)
			FAIL(d->label);
	}
	CHECK(*danger_calls[0].label);
}

int main(void)
{
	instructions();
	not_programs();
	several();
	exploration();
	bomb();
	profiles();
	danger_table();
	by_the_kernel();
	if (geteuid() == 0) {
		dumps();
		signals_arrive();
		killed_midway();
	} else {
		SKIP("reading filters needs root");
	}
	return DONE();
}
