/* SPDX-License-Identifier: Apache-2.0 */
/* The program that seccomp_build() makes, evaluated by an interpreter of the
 * kernel's classic BPF, and once by the kernel itself. */
#include "run/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "run/seccomp_cache.h"
#include "sys/seccomp_load.h"
#include "sys/uapi.h"
#include "test.h"

enum { BROKEN = 0x7777, NEWER_THAN_ALL = 100000, X32_BIT = 0x40000000 };

static bool jump_taken(const struct sock_filter *f, uint32_t acc)
{
	switch (BPF_OP(f->code)) {
	case BPF_JEQ: return acc == f->k;
	case BPF_JGT: return acc > f->k;
	case BPF_JGE: return acc >= f->k;
	default: return (acc & f->k) != 0; /* BPF_JSET */
	}
}

/* What the kernel would answer; BROKEN for a program that it would not take. */
static uint32_t run(const struct sock_fprog *p, const struct seccomp_data *d)
{
	uint32_t acc = 0, mem[BPF_MEMWORDS] = { 0 };

	for (size_t pc = 0; pc < p->len; pc++) {
		const struct sock_filter *f = &p->filter[pc];

		switch (f->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			if (f->k % 4 || f->k + 4 > sizeof(*d))
				return BROKEN;
			memcpy(&acc, (const char *)d + f->k, 4);
			break;
		case BPF_LD | BPF_MEM: acc = mem[f->k % BPF_MEMWORDS]; break;
		case BPF_ST: mem[f->k % BPF_MEMWORDS] = acc; break;
		case BPF_ALU | BPF_AND | BPF_K: acc &= f->k; break;
		case BPF_JMP | BPF_JA: pc += f->k; break;
		case BPF_JMP | BPF_JEQ | BPF_K:
		case BPF_JMP | BPF_JGT | BPF_K:
		case BPF_JMP | BPF_JGE | BPF_K:
		case BPF_JMP | BPF_JSET | BPF_K: pc += jump_taken(f, acc) ? f->jt : f->jf; break;
		case BPF_RET | BPF_K: return f->k;
		default: return BROKEN;
		}
	}
	return BROKEN;
}

static uint32_t ask_arch(const struct sock_fprog *p, uint32_t arch, int nr, uint64_t a0,
			 uint64_t a1)
{
	struct seccomp_data d = { .nr = nr, .arch = arch, .args = { a0, a1 } };

	return run(p, &d);
}

static uint32_t ask(const struct sock_fprog *p, int nr, uint64_t a0, uint64_t a1)
{
	return ask_arch(p, seccomp_arch_native(), nr, a0, a1);
}

/* In the manner of Docker's: a long list that is allowed, some only with
 * arguments, one with an errno of its own. */
static const char *allowed[] = {
	"accept",
	"accept4",
	"access",
	"bind",
	"brk",
	"capget",
	"capset",
	"chdir",
	"chmod",
	"chown",
	"clock_gettime",
	"close",
	"close_range",
	"connect",
	"dup",
	"dup2",
	"dup3",
	"epoll_create1",
	"epoll_ctl",
	"epoll_wait",
	"execve",
	"execveat",
	"exit",
	"exit_group",
	"faccessat2",
	"fchdir",
	"fcntl",
	"fstat",
	"futex",
	"getcwd",
	"getdents64",
	"getegid",
	"geteuid",
	"getgid",
	"getpid",
	"getppid",
	"getrandom",
	"gettid",
	"getuid",
	"ioctl",
	"kill",
	"lseek",
	"mmap",
	"mprotect",
	"munmap",
	"newfstatat",
	"open",
	"openat",
	"openat2",
	"pidfd_open",
	"pipe2",
	"poll",
	"prctl",
	"read",
	"rt_sigaction",
	"rt_sigprocmask",
	"rt_sigreturn",
	"sendmsg",
	"sigaltstack",
	"statx",
	"umask",
	"uname",
	"wait4",
	"waitid",
	"write",
	"writev",
	"this_call_was_never_made",
};
static const char *personality_name[] = { "personality" }, *clone_name[] = { "clone" },
		  *clone3_name[] = { "clone3" }, *socket_name[] = { "socket" },
		  *ptrace_name[] = { "ptrace" };
static struct oci_seccomp_arg zero_or_8[] = {
	{ .index = 0, .op = SCMP_CMP_EQ, .value = 0 },
	{ .index = 0, .op = SCMP_CMP_EQ, .value = 8 },
};
static struct oci_seccomp_arg no_namespaces[] = {
	{ .index = 0, .op = SCMP_CMP_MASKED_EQ, .value = 0x7e020000, .value_two = 0 },
};
static struct oci_seccomp_arg not_40[] = { { .index = 0, .op = SCMP_CMP_NE, .value = 40 } };
static struct oci_seccomp_arg both[] = {
	{ .index = 0, .op = SCMP_CMP_GT, .value = 0x100000000 },
	{ .index = 1, .op = SCMP_CMP_LE, .value = 5 },
};
static const uint32_t enosys = ENOSYS, e2big = E2BIG;

static struct oci_seccomp_rule rules[] = {
	{ .names = { allowed, ARRAY_LEN(allowed) }, .action = SCMP_ACT_ALLOW },
	{ .names = { personality_name, 1 },
	  .action = SCMP_ACT_ALLOW,
	  .args = zero_or_8,
	  .args_count = 2 },
	{ .names = { clone_name, 1 },
	  .action = SCMP_ACT_ALLOW,
	  .args = no_namespaces,
	  .args_count = 1 },
	{ .names = { clone3_name, 1 }, .action = SCMP_ACT_ERRNO(0), .errno_ret = &enosys },
	{ .names = { socket_name, 1 }, .action = SCMP_ACT_ALLOW, .args = not_40, .args_count = 1 },
	{ .names = { ptrace_name, 1 }, .action = SCMP_ACT_TRAP, .args = both, .args_count = 2 },
};

static struct oci_seccomp docker_like(uint32_t *archs, size_t count)
{
	return (struct oci_seccomp){
		.default_action = SCMP_ACT_ERRNO(0),
		.archs = archs,
		.archs_count = count,
		.rules = rules,
		.rules_count = ARRAY_LEN(rules),
	};
}

static const struct sock_fprog *build(const struct oci_seccomp *s, struct arena *a)
{
	const struct sock_fprog *p = NULL;
	struct err e = { 0 };

	if (!CHECK_INT(seccomp_build(s, a, &p, &e), 0))
		tap_text("err ", e.msg);
	return p;
}

static void test_calls(const struct sock_fprog *p)
{
	const uint32_t eperm = SCMP_ACT_ERRNO(EPERM);

	CHECK_INT(ask(p, SYS_read, 0, 0), SCMP_ACT_ALLOW);
	CHECK_INT(ask(p, SYS_openat2, 0, 0), SCMP_ACT_ALLOW);
	CHECK_INT(ask(p, SYS_mount, 0, 0), eperm);
	CHECK_INT(ask(p, SYS_personality, 0, 0), SCMP_ACT_ALLOW);
	CHECK_INT(ask(p, SYS_personality, 8, 0), SCMP_ACT_ALLOW);
	CHECK_INT(ask(p, SYS_personality, 4, 0), eperm);
	CHECK_INT(ask(p, SYS_clone, SIGCHLD, 0), SCMP_ACT_ALLOW);
	CHECK_INT(ask(p, SYS_clone, SIGCHLD | 0x10000000, 0), eperm);
	CHECK_INT(ask(p, SYS_clone3, 0, 0), SCMP_ACT_ERRNO(ENOSYS));
	CHECK_INT(ask(p, SYS_socket, 1, 0), SCMP_ACT_ALLOW);
	CHECK_INT(ask(p, SYS_socket, 40, 0), eperm);
	CHECK_INT(ask(p, SYS_ptrace, 0x100000001, 5), SCMP_ACT_TRAP);
	CHECK_INT(ask(p, SYS_ptrace, 0x100000001, 6), eperm);
	CHECK_INT(ask(p, SYS_ptrace, 0x100000000, 5), eperm);
}

static void test_newer(const struct sock_fprog *p)
{
	/* faccessat2 (439 everywhere) is the highest that the profile names. */
	CHECK_INT(ask(p, SYS_faccessat2, 0, 0), SCMP_ACT_ALLOW);
	CHECK_INT(ask(p, SYS_faccessat2 + 1, 0, 0), SCMP_ACT_ERRNO(ENOSYS));
	CHECK_INT(ask(p, NEWER_THAN_ALL, 0, 0), SCMP_ACT_ERRNO(ENOSYS));
	/* Below it, unknown is denied. */
	CHECK_INT(ask(p, SYS_pidfd_getfd, 0, 0), SCMP_ACT_ERRNO(EPERM));
	/* Another architecture is none of the prologue's business; libseccomp kills. */
	CHECK_INT(ask_arch(p, AUDIT_ARCH_PPC64, NEWER_THAN_ALL, 0, 0), SCMP_ACT_KILL);
}

static void test_x86(struct arena *a)
{
	uint32_t archs[] = { SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_X32 };
	struct oci_seccomp s = docker_like(archs, ARRAY_LEN(archs));
	const struct sock_fprog *p;

	if (seccomp_arch_native() != SCMP_ARCH_X86_64) {
		SKIP("x86-64 only");
		return;
	}
	CASE("three architectures");
	p = build(&s, a);
	if (!p)
		return;
	test_calls(p);
	test_newer(p);
	CHECK_INT(ask_arch(p, AUDIT_ARCH_I386, 3, 0, 0), SCMP_ACT_ALLOW);         /* read */
	CHECK_INT(ask_arch(p, AUDIT_ARCH_I386, 21, 0, 0), SCMP_ACT_ERRNO(EPERM)); /* mount */
	CHECK_INT(ask_arch(p, AUDIT_ARCH_I386, 440, 0, 0), SCMP_ACT_ERRNO(ENOSYS));
	CHECK_INT(ask(p, X32_BIT | 0, 0, 0), SCMP_ACT_ALLOW);          /* read */
	CHECK_INT(ask(p, X32_BIT | 165, 0, 0), SCMP_ACT_ERRNO(EPERM)); /* mount */
	CHECK_INT(ask(p, X32_BIT | NEWER_THAN_ALL, 0, 0), SCMP_ACT_ERRNO(ENOSYS));

	CASE("x32 not in the profile");
	s = docker_like(archs, 1);
	p = build(&s, a);
	if (p)
		CHECK_INT(ask(p, X32_BIT | NEWER_THAN_ALL, 0, 0), SCMP_ACT_KILL);
}

static void test_defaults(struct arena *a)
{
	struct oci_seccomp s = docker_like(NULL, 0);
	const struct sock_fprog *p;

	CASE("default errno");
	s.default_errno_ret = &e2big;
	p = build(&s, a);
	CHECK(p && ask(p, SYS_mount, 0, 0) == SCMP_ACT_ERRNO(E2BIG));
	CHECK(p && ask(p, NEWER_THAN_ALL, 0, 0) == SCMP_ACT_ERRNO(ENOSYS));
	s.default_action = SCMP_ACT_KILL_PROCESS;
	s.default_errno_ret = NULL;
	p = build(&s, a);
	CHECK(p && ask(p, SYS_mount, 0, 0) == SCMP_ACT_KILL_PROCESS);
	CHECK(p && ask(p, NEWER_THAN_ALL, 0, 0) == SCMP_ACT_ERRNO(ENOSYS));

	CASE("a default that lets pass is not touched");
	s.default_action = SCMP_ACT_LOG;
	p = build(&s, a);
	CHECK(p && ask(p, NEWER_THAN_ALL, 0, 0) == SCMP_ACT_LOG);
	s.default_action = SCMP_ACT_ALLOW; /* the allowing rules say nothing then */
	p = build(&s, a);
	CHECK(p && ask(p, NEWER_THAN_ALL, 0, 0) == SCMP_ACT_ALLOW);
	CHECK(p && ask(p, SYS_clone3, 0, 0) == SCMP_ACT_ERRNO(ENOSYS));

	CASE("no rules at all");
	s = (struct oci_seccomp){ .default_action = SCMP_ACT_ERRNO(0) };
	p = build(&s, a);
	CHECK(p && ask(p, SYS_read, 0, 0) == SCMP_ACT_ERRNO(EPERM));

	CASE("flags");
	CHECK_INT(seccomp_flags(&s), SECCOMP_FILTER_FLAG_SPEC_ALLOW);
	s.has_flags = true;
	CHECK_INT(seccomp_flags(&s), 0);
	s.flags = SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_LOG;
	CHECK_INT(seccomp_flags(&s), SECCOMP_FILTER_FLAG_LOG);
	s.flags = SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
	CHECK_INT(seccomp_flags(&s), 0);
}

static void test_contradiction(struct arena *a)
{
	uint32_t bogus[] = { 0x1234 };
	struct oci_seccomp_rule twice[] = {
		{ .names = { clone3_name, 1 }, .action = SCMP_ACT_ERRNO(0) },
		{ .names = { clone3_name, 1 }, .action = SCMP_ACT_KILL_PROCESS },
	};
	struct oci_seccomp s = { .default_action = SCMP_ACT_ALLOW,
				 .rules = twice,
				 .rules_count = 2 };
	const struct sock_fprog *p = NULL;
	struct err e = { 0 };

	CASE("two actions for one call"); /* the first one, as libseccomp and so runc have it */
	CHECK_INT(seccomp_build(&s, a, &p, &e), 0);
	CHECK(p && ask(p, SYS_clone3, 0, 0) == SCMP_ACT_ERRNO(EPERM));
	CASE("unknown architecture");
	e.code = 0;
	s = docker_like(bogus, 1);
	CHECK_INT(seccomp_build(&s, a, &p, &e), -EOPNOTSUPP);
	CHECK(strstr(e.msg, "/linux/seccomp/architectures/0") != NULL);
}

/* 0, or which expectation the kernel did not meet. */
static int under_filter(const struct sock_fprog *p)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    seccomp_install(p, SECCOMP_FILTER_FLAG_SPEC_ALLOW) < 0)
		return 1;
	if (mkdir("/tmp/never", 0700) == 0 || errno != EPERM)
		return 2;
	if (syscall(NEWER_THAN_ALL) >= 0 || errno != ENOSYS)
		return 3;
	return getppid() > 0 ? 0 : 4;
}

static void test_kernel(struct arena *a)
{
	struct oci_seccomp s = docker_like(NULL, 0);
	const struct sock_fprog *p = build(&s, a);
	int status = -1;
	pid_t pid;

	CASE("in the kernel");
	if (!p)
		return;
	pid = fork();
	if (pid == 0)
		_exit(under_filter(p));
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
	CHECK_INT(status, 0);
	CHECK(seccomp_flags_known(SECCOMP_FILTER_FLAG_LOG));
	CHECK(!seccomp_flags_known(1U << 31));
}

/* --- the cache --- */

static const struct sock_fprog *cached(int root, const struct oci_seccomp *s, struct arena *a)
{
	const struct sock_fprog *p = NULL;
	struct err e = { 0 };

	CHECK_INT(seccomp_cached(root, s, a, &p, &e), 0);
	return p;
}

static bool same(const struct sock_fprog *a, const struct sock_fprog *b)
{
	return a && b && a->len == b->len &&
	       memcmp(a->filter, b->filter, a->len * sizeof(*a->filter)) == 0;
}

/* The one file in the cache; -1: there is none. */
static int cache_file(int root, struct stat *ret)
{
	for (int i = 0; i < 100; i++) {
		char path[64];
		int fd;

		(void)snprintf(path, sizeof(path), "seccomp~cache/%02d", i);
		fd = openat(root, path, O_RDWR | O_CLOEXEC);
		if (fd >= 0 && fstat(fd, ret) == 0)
			return fd;
	}
	return -1;
}

/* Changes the last byte, which belongs to the program; says whether it could. */
static bool damage(int fd)
{
	off_t end = lseek(fd, 0, SEEK_END) - 1;
	unsigned char c;

	if (pread(fd, &c, 1, end) != 1)
		return false;
	c ^= 1;
	return pwrite(fd, &c, 1, end) == 1;
}

/* The first slot's file stands in every other slot too, as if all hashes were one. */
static void collide(const char *dir)
{
	char command[200];

	(void)snprintf(command, sizeof(command),
		       "cd %s/seccomp~cache && f=$(ls | head -n 1) && cp -p $f ../one && "
		       "for i in $(seq -w 0 31); do cp -p ../one $i; done",
		       dir);
	CHECK_INT(system(command), 0);
}

/* Whose file, which kind of file, whose hash: `plain` is the filter of `s`. */
static void test_cache_trust(struct arena *a, int root, const char *dir, struct oci_seccomp *s,
			     const struct sock_fprog *plain)
{
	autoclose int file = -1, again = -1;
	struct stat made = { 0 }, now = { 0 };
	char command[200];

	CASE("cache: hashes that collide are misses");
	collide(dir);
	CHECK(same(cached(root, s, a), plain));
	s->default_errno_ret = &e2big;
	CHECK(!same(cached(root, s, a), plain));
	s->default_errno_ret = NULL;
	CHECK(same(cached(root, s, a), plain));

	CASE("cache: a link is not followed");
	(void)snprintf(command, sizeof(command),
		       "cd %s && rm seccomp~cache/* && for i in $(seq -w 0 31); do "
		       "ln -s ../one seccomp~cache/$i; done",
		       dir);
	CHECK_INT(system(command), 0);
	CHECK(same(cached(root, s, a), plain));
	(void)snprintf(command, sizeof(command), "find %s/seccomp~cache -type l -delete", dir);
	CHECK_INT(system(command), 0);
	file = cache_file(root, &made);
	CHECK(file >= 0 && S_ISREG(made.st_mode));

	CASE("cache: somebody else's file is made anew");
	if (geteuid() != 0)
		return;
	CHECK(fchown(file, 12345, 12345) == 0);
	CHECK(same(cached(root, s, a), plain));
	again = cache_file(root, &now);
	CHECK(again >= 0 && now.st_uid == 0 && now.st_ino != made.st_ino);
}

static void test_cache(struct arena *a)
{
	char dir[] = "/tmp/test-seccomp-XXXXXX", command[64];
	struct oci_seccomp s = docker_like(NULL, 0);
	const struct sock_fprog *plain = build(&s, a);
	autoclose int root = -1, file = -1, again = -1;
	struct stat made = { 0 }, now = { 0 };

	CASE("cache");
	if (!CHECK(mkdtemp(dir) != NULL))
		return;
	root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(same(cached(-1, &s, a), plain));
	CHECK(same(cached(root, &s, a), plain)); /* made */
	file = cache_file(root, &made);
	CHECK(file >= 0);
	CHECK(same(cached(root, &s, a), plain)); /* found */
	again = cache_file(root, &now);
	CHECK(again >= 0 && now.st_ino == made.st_ino);
	cleanup_fd(&again);

	CASE("cache: what others could write is made anew");
	CHECK(fchmod(file, 0666) == 0);
	CHECK(same(cached(root, &s, a), plain));
	again = cache_file(root, &now);
	CHECK(again >= 0 && now.st_ino != made.st_ino);

	CASE("cache: what is damaged is not used");
	CHECK(damage(again));
	CHECK(same(cached(root, &s, a), plain));

	CASE("cache: another profile is another filter");
	s.default_errno_ret = &e2big;
	CHECK(!same(cached(root, &s, a), plain));
	s.default_errno_ret = NULL;
	zero_or_8[1].value = 9;
	CHECK(!same(cached(root, &s, a), plain));
	zero_or_8[1].value = 8;
	CHECK(same(cached(root, &s, a), plain));

	test_cache_trust(a, root, dir, &s, plain);

	CASE("cache: none in a directory that others could write to");
	(void)snprintf(command, sizeof(command), "rm -f %s/seccomp~cache/*", dir);
	CHECK_INT(system(command), 0);
	CHECK(fchmodat(root, "seccomp~cache", 0777, 0) == 0);
	CHECK(same(cached(root, &s, a), plain));
	CHECK_INT(cache_file(root, &now), -1);
	(void)snprintf(command, sizeof(command), "rm -rf %s", dir);
	CHECK_INT(system(command), 0);
}

int main(void)
{
	autoarena struct arena a = { 0 };
	struct oci_seccomp s = docker_like(NULL, 0);
	const struct sock_fprog *p;

	CASE("calls");
	p = build(&s, &a);
	if (p) {
		test_calls(p);
		test_newer(p);
	}
	test_x86(&a);
	test_defaults(&a);
	test_contradiction(&a);
	test_kernel(&a);
	test_cache(&a);
	return DONE();
}
