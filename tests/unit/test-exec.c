/* SPDX-License-Identifier: Apache-2.0 */
/* What stands ready for exec, and the programs that are run on the way: helper
 * processes, hooks; capabilities. */
#include "run/exec.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "run/hooks.h"
#include "run/procfd.h"
#include "run/spawn.h"
#include "sys/caps.h"
#include "sys/syscalls.h"
#include "test.h"

/* --- HOME --- */

static const char *home_of(uint32_t uid, const char *text, size_t piece)
{
	static char home[16];
	struct exec_passwd p = { .uid = uid, .home = home, .size = sizeof(home) };
	size_t len = strlen(text);

	home[0] = '\0';
	for (size_t i = 0; i < len; i += piece)
		exec_passwd_scan(&p, text + i, len - i < piece ? len - i : piece);
	exec_passwd_scan(&p, "\n", 1);
	return p.found ? home : NULL;
}

static void test_passwd(void)
{
	static const char text[] = "root:x:0:0:root:/root:/bin/sh\n"
				   "# a comment: with colons: 7:7:7:7\n"
				   "nouid:x::0::/nouid:/bin/sh\n"
				   "bad:x:1x:0::/bad:/bin/sh\n"
				   "\n"
				   "short:x:5:5\n"
				   "long:x:6:6::/a/very/long/directory:/bin/sh\n"
				   "huge:x:4294967296:0::/huge:\n"
				   "more:x:99999999999999999999999999:0::/more:\n"
				   "first:x:7:7::/first:\n"
				   "second:x:7:7::/second:\n"
				   "nohome:x:8:8:::\n"
				   "last:x:9:9::/last";

	CASE("passwd");
	for (size_t piece = 1; piece <= sizeof(text); piece += 7) {
		CHECK_STR(home_of(0, text, piece), "/root");
		CHECK_STR(home_of(1, text, piece), NULL);
		CHECK_STR(home_of(5, text, piece), NULL);
		CHECK_STR(home_of(6, text, piece), "/a/very/long/di"); /* cut, not overrun */
		CHECK_STR(home_of(7, text, piece), "/first");
		CHECK_STR(home_of(8, text, piece), "");
		CHECK_STR(home_of(9, text, piece), "/last");
	}
	CHECK_STR(home_of(0, "", 1), NULL);
}

/* --- argv and environment --- */

static int prepare(struct ctx *c, struct oci_process *p, const char **env, size_t count,
		   struct arena *a, struct err *e)
{
	static const struct oci_spec spec = { .oci_version = "1.2.0" };
	static const struct plan plan = { .env.mode = PLAN_RUN };
	static const char *args[] = { "sh", "-c", "true" };

	*c = (struct ctx){
		.arena = a, .plan = &plan, .spec = &spec, .process = p, .id = "x\"y", .bundle = "/b"
	};
	p->args = (struct oci_strings){ args, ARRAY_LEN(args) };
	p->env = (struct oci_strings){ env, count };
	return exec_prepare(c, e);
}

static void test_environment(void)
{
	autoarena struct arena a = { 0 };
	const char *env[] = { "A=1", "PATH=/one", "A=2", "AB=x", "HOME=", "PATH=/two", "A=3" };
	const char *bad[] = { "A=1", "B" }, *nameless[] = { "=x" },
		   *home[] = { "HOME=/h", "TERM=vt100" };
	struct oci_process p = { .terminal = true };
	struct err e = { 0 };
	struct ctx c;

	CASE("environment");
	CHECK_INT(prepare(&c, &p, env, ARRAY_LEN(env), &a, &e), 0);
	CHECK_STR(c.envp[0], "AB=x");
	CHECK_STR(c.envp[1], "PATH=/two");
	CHECK_STR(c.envp[2], "A=3");
	CHECK(c.envp[3] == NULL && c.prep->home_slot == &c.envp[3] && c.envp[4] == NULL);
	CHECK_STR(c.prep->path, "/two");
	CHECK_STR(c.argv[2], "true");
	CHECK(c.argv[3] == NULL);
	CHECK_STR(c.prep->state_head, "{\"ociVersion\":\"1.2.0\",\"id\":\"x\\\"y\"");
	CHECK_STR(c.prep->state_tail, "\"bundle\":\"/b\"}");
	CHECK(c.prep->exe_ino != 0);
	CHECK_INT(prepare(&c, &p, home, ARRAY_LEN(home), &a, &e), 0);
	CHECK(c.prep->home_slot == NULL && c.envp[2] == NULL);
	CHECK_STR(c.envp[1], "TERM=vt100");
	CHECK(strstr(c.prep->path, "/usr/local/sbin:") == c.prep->path);
	CHECK_INT(prepare(&c, &p, bad, ARRAY_LEN(bad), &a, &e), -EINVAL);
	CHECK_STR(e.msg, "/process/env/1: invalid environment variable: missing '='");
	e.code = 0;
	CHECK_INT(prepare(&c, &p, nameless, 1, &a, &e), -EINVAL);
	CHECK_STR(e.msg, "/process/env/0: invalid environment variable: name cannot be empty");
}

static void test_ignored(void)
{
	autoarena struct arena a = { 0 };
	struct oci_process p = { 0 };
	struct ctx c;

	CASE("ignored signals");
	(void)signal(SIGUSR2, SIG_IGN);
	CHECK_INT(prepare(&c, &p, NULL, 0, &a, NULL), 0);
	CHECK(c.prep->sig_ignored >> (SIGUSR2 - 1) & 1);
	CHECK(!(c.prep->sig_ignored >> (SIGUSR1 - 1) & 1));
	(void)signal(SIGUSR2, SIG_DFL);
}

/* --- the command --- */

static void check_found(const char *name, int want, const char *text)
{
	autoarena struct arena a = { 0 };
	const char *env[] = { "PATH=/nonexistent:/bin:/usr/bin", "HOME=/" }, *args[] = { name };
	struct oci_process p = { .caps = { .effective = UINT64_MAX } };
	struct err e = { 0 };
	struct ctx c;
	int r = prepare(&c, &p, env, ARRAY_LEN(env), &a, &e);

	p.args = (struct oci_strings){ args, 1 };
	if (r == 0)
		r = do_find_command(&c, NULL, &e);
	CHECK_INT(r, want);
	CHECK_STR(want ? e.msg : c.exe, text);
}

static void test_find(void)
{
	CASE("find");
	check_found("sh", 0, "/bin/sh");
	check_found("/bin/sh", 0, "/bin/sh");
	check_found("no-such-program", -ENOENT,
		    "exec: \"no-such-program\": executable file not found in $PATH");
	check_found("", -ENOENT, "exec: \"\": executable file not found in $PATH");
	check_found("/no/such", -ENOENT,
		    "exec: \"/no/such\": stat /no/such: no such file or directory");
	check_found("/etc/passwd", -EACCES, "exec: \"/etc/passwd\": permission denied");
	check_found("/etc", -EISDIR, "exec: \"/etc\": is a directory");
	check_found("/etc/passwd/x", -ENOTDIR,
		    "exec: \"/etc/passwd/x\": stat /etc/passwd/x: not a directory");
	check_found(
		"/proc/self/exe", -EPERM,
		"exec: \"/proc/self/exe\": operation not permitted: that is the runtime itself");
}

/* --- helper programs --- */

static int shell(const char *script, int64_t timeout_ms, struct err *e)
{
	char sh[] = "sh", dash_c[] = "-c", text[256];
	char *argv[] = { sh, dash_c, text, NULL }, *envp[] = { NULL };
	struct spawn s = { "/bin/sh", argv, envp, -1, -1, timeout_ms };

	e->code = 0;
	(void)snprintf(text, sizeof(text), "%s", script);
	return spawn_wait(&s, e);
}

static void test_spawn(void)
{
	struct err e = { 0 };
	struct spawn gone = { "/no/such", (char *[]){ NULL }, (char *[]){ NULL }, -1, -1, 0 };

	CASE("spawn");
	CHECK_INT(shell("exit 0", 0, &e), 0);
	CHECK_INT(shell("echo out; echo why >&2; echo more >&2; exit 3", 0, &e), -EPROTO);
	CHECK_STR(e.msg, "exit status 3, stderr: why");
	CHECK_INT(shell("echo out; exit 4", 0, &e), -EPROTO);
	CHECK_STR(e.msg, "exit status 4, stdout: out");
	CHECK_INT(shell("kill -TERM $$", 0, &e), -EPROTO);
	CHECK_STR(e.msg, "killed by signal 15 (terminated)");
	CHECK_INT(shell("read x || exit 0; exit 1", 0, &e), 0); /* nothing on stdin */
	CHECK_INT(shell("sleep 60 & exit 0", 0, &e), 0); /* who stays behind is not waited for */
	CHECK_INT(shell("sleep 60 & sleep 60", 150, &e), -ETIME);
	CHECK_STR(e.msg, "ran past specified timeout of 0.1s");
	CHECK_INT(shell("while :; do echo y; done", 100, &e), -ETIME);
	e.code = 0;
	CHECK_INT(spawn_wait(&gone, &e), -ENOENT);
	CHECK_STR(e.msg, "exec /no/such: no such file or directory");
}

static void test_hooks(void)
{
	const char state[] = "{\"id\":\"x\"}";
	const char *reads[] = { "sh", "-c", "test \"$(cat)\" = '{\"id\":\"x\"}'" };
	const char *sees_none[] = { "sh", "-c", "test -z \"$ATOLL_TEST\"" };
	const char *sees_ours[] = { "sh", "-c", "test \"$ATOLL_TEST\" = yes" };
	const char *fails[] = { "sh", "-c", "echo no luck >&2; exit 9" };
	struct oci_hook h[] = {
		{ .path = "/bin/sh", .args = { reads, 3 } },
		{ .path = "/bin/sh", .args = { reads, 3 } }, /* from the start again */
		{ .path = "/bin/sh", .args = { sees_ours, 3 } },
		{ .path = "/bin/sh", .args = { sees_none, 3 }, .has_env = true },
		{ .path = "/bin/sh", .args = { fails, 3 } },
		{ .path = "/no/such" },
	};
	struct oci_hooks all = { h, ARRAY_LEN(h) }, good = { h, 4 }, last = { h + 5, 1 };
	struct err e = { 0 };

	CASE("hooks");
	(void)setenv("ATOLL_TEST", "yes", 1);
	CHECK_INT(hooks_run(&good, OCI_HOOK_POSTSTART, state, strlen(state), &e), 0);
	CHECK_INT(hooks_run(&all, OCI_HOOK_CREATE_RUNTIME, state, strlen(state), &e), -EPROTO);
	CHECK_STR(e.msg, "error running createRuntime hook #4: exit status 9, stderr: no luck");
	e.code = 0;
	CHECK_INT(hooks_run(&last, OCI_HOOK_POSTSTOP, state, strlen(state), &e), -ENOENT);
	CHECK_STR(e.msg,
		  "error running poststop hook #0: exec /no/such: no such file or directory");
}

/* --- capabilities --- */

static int drop_all(void)
{
	struct caps none = { 0 }, now;

	if (caps_ambient_clear() < 0 || caps_set(&none) < 0 || caps_get(&now) < 0)
		return 1;
	if (now.effective || now.permitted || now.inheritable)
		return 2;
	none.permitted = 1;
	return caps_set(&none) == -EPERM ? 0 : 3;
}

static void test_caps(void)
{
	uint64_t bounding = 0;
	uint32_t last = 0;
	struct caps now;
	int status = -1;
	pid_t pid;

	CASE("capabilities");
	CHECK_INT(caps_get(&now), 0);
	CHECK_INT(caps_last(&last), 0);
	CHECK(last >= 40 && last < 63); /* CAP_CHECKPOINT_RESTORE, 5.9 */
	CHECK_INT(caps_bounding_get(last, &bounding), 0);
	CHECK((now.effective & ~now.permitted) == 0 && bounding >> last <= 1);
	pid = fork();
	if (pid == 0)
		_exit(drop_all());
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
	CHECK_INT(status, 0);
}

static void test_procfd(void)
{
	autoclose int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC), fd = -1;
	char buf[64];

	CASE("procfs");
	CHECK(procfd_read(0, "comm", buf, sizeof(buf)) > 0);
	CHECK(strncmp(buf, "test-exec", 9) == 0);
	CHECK_INT(procfd_read(0, "nothing", buf, sizeof(buf)), -ENOENT);
	fd = procfd_open(proc, "self/root/etc/passwd", O_RDONLY);
	CHECK(fd < 0); /* no way out through a magic link */
	cleanup_fd(&fd);
	fd = procfd_open(proc, "../etc/passwd", O_RDONLY);
	CHECK_INT(fd, -EXDEV);
	cleanup_fd(&proc);
	proc = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	fd = procfd_open(proc, "etc/passwd", O_RDONLY);
	CHECK_INT(fd, -EXDEV); /* not procfs */
}

int main(void)
{
	test_passwd();
	test_environment();
	test_ignored();
	test_find();
	test_spawn();
	test_hooks();
	test_caps();
	test_procfd();
	return DONE();
}
