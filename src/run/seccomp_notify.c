/* SPDX-License-Identifier: Apache-2.0 */
/* How this works
 *
 * From the moment the filter is loaded any system call of ours may wait for the
 * agent, who has no listener yet. So somebody else sends it: a thread, made
 * before, that shares our descriptors but not our filter (without TSYNC a filter
 * is the calling thread's alone).
 *
 *	child                            courier                       host
 *	clone  ----------------------->  read
 *	seccomp(NEW_LISTENER)
 *	write the descriptor's number -> WIRE_LISTENER + SCM_RIGHTS -> tells the agent
 *	read                             waits                      <- WIRE_GO
 *	                             <-  close the listener, a byte, end
 *	capset, execve ...
 *
 * That leaves the filter one call that it must let pass, write(2), and one that it
 * may notify but not refuse, read(2). Both are asked of the program beforehand:
 * afterwards it is too late for words.
 *
 * Ruled out: the host taking the descriptor with pidfd_getfd(2). It would need
 * ptrace rights over a process that is not dumpable, which rootless users and
 * root without CAP_SYS_PTRACE lack, and would still have to be told when. */
#include "run/seccomp_notify.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "run/exec.h"
#include "run/wire.h"
#include "sys/seccomp_load.h"

enum { COURIER_STACK = 64 * 1024 };

/* --- what the filter will say --- */

static bool jumps(const struct sock_filter *f, uint32_t acc)
{
	switch (BPF_OP(f->code)) {
	case BPF_JEQ: return acc == f->k;
	case BPF_JGT: return acc > f->k;
	case BPF_JGE: return acc >= f->k;
	default: return (acc & f->k) != 0; /* BPF_JSET */
	}
}

/* The instructions that libseccomp and we write; jumps only lead forward. */
uint32_t seccomp_answer(const struct sock_fprog *prog, const struct seccomp_data *d)
{
	uint32_t acc = 0, mem[BPF_MEMWORDS] = { 0 };

	for (size_t pc = 0; pc < prog->len; pc++) {
		const struct sock_filter *f = &prog->filter[pc];

		switch (f->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			if (f->k % sizeof(acc) || f->k > sizeof(*d) - sizeof(acc))
				return SECCOMP_RET_KILL_PROCESS;
			memcpy(&acc, (const char *)d + f->k, sizeof(acc));
			break;
		case BPF_LD | BPF_MEM: acc = mem[f->k % BPF_MEMWORDS]; break;
		case BPF_ST: mem[f->k % BPF_MEMWORDS] = acc; break;
		case BPF_ALU | BPF_AND | BPF_K: acc &= f->k; break;
		case BPF_JMP | BPF_JA: pc += f->k; break;
		case BPF_JMP | BPF_JEQ | BPF_K:
		case BPF_JMP | BPF_JGT | BPF_K:
		case BPF_JMP | BPF_JGE | BPF_K:
		case BPF_JMP | BPF_JSET | BPF_K: pc += jumps(f, acc) ? f->jt : f->jf; break;
		case BPF_RET | BPF_K: return f->k;
		default: return SECCOMP_RET_KILL_PROCESS;
		}
	}
	return SECCOMP_RET_KILL_PROCESS;
}

static uint32_t answer(const struct ctx *c, int nr, int fd, const void *buf, size_t size)
{
	const struct seccomp_data d = { .nr = nr,
					.arch = seccomp_arch_native(),
					.args = { (uint64_t)fd, (uintptr_t)buf, size } };

	return seccomp_answer(c->seccomp, &d) & SECCOMP_RET_ACTION_FULL;
}

static bool passes(uint32_t action)
{
	return action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG;
}

static int check_calls(const struct ctx *c, int fd, const void *buf, size_t size, struct err *e)
{
	uint32_t to_write = answer(c, SYS_write, fd, buf, size);
	uint32_t to_read = answer(c, SYS_read, fd, buf, 1);

	if (to_write == SECCOMP_RET_USER_NOTIF)
		return err_set(e, EINVAL, "SCMP_ACT_NOTIFY cannot be used for the write syscall");
	if (!passes(to_write) || (!passes(to_read) && to_read != SECCOMP_RET_USER_NOTIF))
		return err_set(
			e, EINVAL,
			"a filter with SCMP_ACT_NOTIFY must allow the %s syscall: its listener is handed over with it",
			passes(to_write) ? "read" : "write");
	return 0;
}

/* --- the courier --- */

struct courier {
	struct ctx *c;
	size_t step;
	int fd; /* its end */
};

/* On whatever goes wrong the whole process ends: who waits for the agent in a
 * system call cannot be told. */
static int courier(void *arg)
{
	struct courier *k = arg;
	struct wire_msg m;
	int listener;

	if (read(k->fd, &listener, sizeof(listener)) != (ssize_t)sizeof(listener) ||
	    wire_send_fd(k->c->sync[1], WIRE_LISTENER, k->step, listener) < 0 ||
	    wire_recv(k->c->sync[1], &m) != 1 || m.type != WIRE_GO)
		_exit(1);
	(void)close(listener);
	if (write(k->fd, "", 1) != 1)
		_exit(1);
	return 0; /* ends this thread alone */
}

int seccomp_load_notify(struct ctx *c, const struct step *s, struct err *e)
{
	_Alignas(16) static char stack[COURIER_STACK];
	static struct courier k;
	static int listener;
	char done;
	int pair[2], r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_set(e, errno, "socketpair: %m");
	/* No cleanup: from here on every call less is one less to be notified, and all
	 * of these are close-on-exec. */
	r = check_calls(c, pair[0], &listener, sizeof(listener), e);
	if (r < 0)
		return r;
	k = (struct courier){ .c = c, .step = (size_t)(s - c->plan->steps), .fd = pair[1] };
	if (clone(courier, stack + sizeof(stack),
		  CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM,
		  &k) < 0) {
		r = err_set(e, errno, "clone the thread that hands over the listener: %m");
		if (r == -EAGAIN)
			err_hint(e, "a limit on processes must leave room for one more until exec");
		return r;
	}
	listener = seccomp_install(c->seccomp, c->seccomp_flags);
	if (listener < 0)
		return err_set(e, -listener, "load the filter: %m");
	if (write(pair[0], &listener, sizeof(listener)) != (ssize_t)sizeof(listener) ||
	    read(pair[0], &done, 1) != 1)
		return err_set(e, errno, "hand over the listener: %m");
	return 0;
}
