/* SPDX-License-Identifier: Apache-2.0 */
/* SCMP_ACT_NOTIFY: what a filter will say, what the agent is told. Loading such a
 * filter is tests/integration/oci-notify.bats. */
#include "run/seccomp_notify.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "run/seccomp.h"
#include "run/seccomp_agent.h"
#include "sys/uapi.h"
#include "test.h"

static uint32_t ask(const struct sock_fprog *p, int nr, uint64_t a0)
{
	struct seccomp_data d = { .nr = nr, .arch = seccomp_arch_native(), .args = { a0 } };

	return seccomp_answer(p, &d);
}

static void test_answer(struct arena *a)
{
	const char *notified[] = { "mkdir", "openat" }, *some[] = { "write" };
	struct oci_seccomp_arg only_5 = { .index = 0, .op = SCMP_CMP_EQ, .value = 5 };
	struct oci_seccomp_rule rules[] = {
		{ .names = { notified, 2 }, .action = SCMP_ACT_NOTIFY },
		{ .names = { some, 1 }, .action = SCMP_ACT_LOG, .args = &only_5, .args_count = 1 },
	};
	struct oci_seccomp s = { .default_action = SCMP_ACT_ERRNO(0),
				 .rules = rules,
				 .rules_count = 2,
				 .listener_path = "/x" };
	const struct sock_fprog *p = NULL;
	struct err e = { 0 };

	CASE("answer");
	CHECK_INT(seccomp_build(&s, a, &p, &e), 0);
	CHECK_STR(e.msg, "");
	if (!p)
		return;
	CHECK_INT(ask(p, SYS_openat, 0), SECCOMP_RET_USER_NOTIF);
	CHECK_INT(ask(p, SYS_write, 5), SECCOMP_RET_LOG);
	CHECK_INT(ask(p, SYS_write, 6), SECCOMP_RET_ERRNO | EPERM);
	CHECK_INT(ask(p, SYS_write, UINT64_C(1) << 32 | 5), SECCOMP_RET_ERRNO | EPERM);
	CHECK_INT(ask(p, SYS_read, 5), SECCOMP_RET_ERRNO | EPERM);
	CHECK_INT(ask(p, 100000, 0), SECCOMP_RET_ERRNO | ENOSYS);

	CASE("flags");
	CHECK_INT(seccomp_flags(&s),
		  SECCOMP_FILTER_FLAG_SPEC_ALLOW | SECCOMP_FILTER_FLAG_NEW_LISTENER);
	s.has_flags = true;
	s.flags = SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
	CHECK_INT(seccomp_flags(&s),
		  SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV | SECCOMP_FILTER_FLAG_NEW_LISTENER);
}

static void check_broken(struct sock_filter f)
{
	struct sock_filter code[] = { f, BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW) };
	struct sock_fprog p = { .len = 2, .filter = code };

	CHECK_INT(ask(&p, 0, 0), SECCOMP_RET_KILL_PROCESS);
}

static void test_broken(void)
{
	const struct sock_filter bad[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, sizeof(struct seccomp_data)),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, UINT32_MAX - 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 2),
		BPF_STMT(BPF_JMP | BPF_JA, UINT32_MAX - 1),
		BPF_STMT(BPF_JMP | BPF_JA, 1),
		BPF_STMT(BPF_LD | BPF_IMM, 1),
	};

	CASE("a program that no kernel takes");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		check_broken(bad[i]);
}

/* --- the agent --- */

static struct state sample_state(void)
{
	static struct oci_pair pair = { "key", "value" };

	return (struct state){ .oci_version = "1.2.0",
			       .id = "c1",
			       .bundle = "/b",
			       .rootfs = "/b/rootfs",
			       .pid = 77,
			       .annotations = { &pair, 1 } };
}

static void test_json(struct arena *a)
{
	struct state st = sample_state();
	struct seccomp_agent agent = { "/x", "a \"b\"", &st, STATUS_CREATED };
	char *text;
	size_t len;

	CASE("the container process state");
	seccomp_agent_json(&agent, 77, a, &text, &len);
	CHECK_STR(arena_strndup(a, text, len),
		  "{\"ociVersion\":\"" OCI_VERSION "\",\"fds\":[\"seccompFd\"],\"pid\":77,"
		  "\"metadata\":\"a \\\"b\\\"\",\"state\":{\"ociVersion\":\"1.2.0\",\"id\":\"c1\","
		  "\"pid\":77,\"status\":\"created\",\"bundle\":\"/b\","
		  "\"annotations\":{\"key\":\"value\"}}}");
	agent.metadata = NULL;
	agent.status = STATUS_RUNNING;
	st.annotations.count = 0;
	seccomp_agent_json(&agent, 78, a, &text, &len);
	CHECK_STR(arena_strndup(a, text, len),
		  "{\"ociVersion\":\"" OCI_VERSION "\",\"fds\":[\"seccompFd\"],\"pid\":78,"
		  "\"state\":{\"ociVersion\":\"1.2.0\",\"id\":\"c1\",\"pid\":77,"
		  "\"status\":\"running\",\"bundle\":\"/b\"}}");
}

static int listening(const char *path)
{
	autoclose int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	size_t n = strlen(path);

	memcpy(sa.sun_path, path, n);
	if (*path == '@')
		sa.sun_path[0] = '\0';
	if (fd < 0 ||
	    bind(fd, (struct sockaddr *)&sa,
		 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)) ||
	    listen(fd, 1) < 0)
		return -1;
	return take_fd(fd);
}

/* Takes one connection: the message as text, and whether `sent` came with it. */
static void check_taken(int at, const char *want, int sent)
{
	static char text[64 * 1024];
	autoclose int conn = accept4(at, NULL, NULL, SOCK_CLOEXEC), got = -1;
	struct iovec iov = { .iov_base = text, .iov_len = sizeof(text) - 1 };
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(4 * sizeof(int))];
	} control;
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = control.buf,
			    .msg_controllen = sizeof(control.buf) };
	ssize_t n = recvmsg(conn, &m, MSG_CMSG_CLOEXEC);
	struct cmsghdr *h = n > 0 ? CMSG_FIRSTHDR(&m) : NULL;
	struct stat ours, theirs;

	CHECK(h && h->cmsg_type == SCM_RIGHTS && h->cmsg_len == CMSG_LEN(sizeof(int)));
	if (!h)
		return;
	memcpy(&got, CMSG_DATA(h), sizeof(got));
	CHECK(fstat(sent, &ours) == 0 && fstat(got, &theirs) == 0 && ours.st_ino == theirs.st_ino);
	text[n] = '\0';
	CHECK_STR(text, want);
	CHECK_INT(read(conn, text, 1), 0); /* closed */
}

static void check_tell(struct arena *a, const char *path, const char *bound)
{
	struct state st = sample_state();
	struct seccomp_agent agent = { path, NULL, &st, STATUS_CREATED };
	autoclose int at = listening(bound);
	struct err e = { 0 };
	int sent[2];
	char *text;
	size_t len;

	CHECK(at >= 0 && pipe2(sent, O_CLOEXEC) == 0);
	CHECK_INT(seccomp_agent_tell(&agent, 77, sent[0], a, &e), 0);
	CHECK_STR(e.msg, "");
	seccomp_agent_json(&agent, 77, a, &text, &len);
	check_taken(at, arena_strndup(a, text, len), sent[0]);
	CHECK(fcntl(sent[0], F_GETFD) >= 0); /* ours still */
	(void)close(sent[0]);
	(void)close(sent[1]);
}

static void check_refused(struct arena *a, const char *path, int code)
{
	struct state st = sample_state();
	struct seccomp_agent agent = { path, NULL, &st, STATUS_CREATED };
	struct err e = { 0 };

	CHECK_INT(seccomp_agent_tell(&agent, 77, 0, a, &e), -code);
	CHECK_STR(e.msg, arena_printf(a, "failed to connect with seccomp agent %s: %s", path,
				      strerror(code)));
}

static void test_tell(struct arena *a)
{
	char dir[] = "/tmp/atoll-notify-XXXXXX";
	char longest[120];
	const char *path, *deep;

	CASE("tell the agent");
	if (!mkdtemp(dir))
		return (void)FAIL("mkdtemp");
	path = arena_printf(a, "%s/s", dir);
	check_tell(a, path, path);
	check_refused(a, path, ECONNREFUSED); /* it listens no more */

	CASE("a path longer than a socket's address");
	deep = arena_printf(a, "%s/%.100s", dir,
			    "dddddddddddddddddddddddddddddddddddddddddddddddddd"
			    "dddddddddddddddddddddddddddddddddddddddddddddddddd");
	CHECK(symlink(".", deep) == 0);
	(void)unlink(path);
	check_tell(a, arena_printf(a, "%s/s", deep), path);
	(void)unlink(path);
	check_refused(a, arena_printf(a, "%s/s", deep), ENOENT);
	(void)unlink(deep);
	(void)rmdir(dir);

	CASE("an abstract name");
	path = arena_printf(a, "@atoll-notify-%d", (int)getpid());
	check_tell(a, path, path);
	check_refused(a, path, ECONNREFUSED);
	memset(longest, 'x', sizeof(longest));
	longest[0] = '@';
	longest[sizeof(longest) - 1] = '\0';
	check_refused(a, longest, ENAMETOOLONG);
}

int main(void)
{
	autoarena struct arena a = { 0 };

	test_answer(&a);
	test_broken();
	test_json(&a);
	test_tell(&a);
	return DONE();
}
