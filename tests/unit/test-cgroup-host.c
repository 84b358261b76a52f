/* SPDX-License-Identifier: Apache-2.0 */
/* The cgroup code on this machine's own hierarchies, in cgroups of its own
 * name that it removes again: v1 and v2 as mounted, then each version alone. */
#include "run/cgroup_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "proc/cgroup.h"
#include "sys/syscalls.h"

#include "test.h"

enum { WAIT_MS = 10000 };

static struct arena arena;
static char name[64]; /* "/atoll-test-PID", below which everything happens */
static const struct oci_resources nothing = { .present = true };

/* Made by this test's children only; the parent ends all of them. */
static pid_t sleeper(const struct cgroup *cg)
{
	int ready[2];
	char byte;
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		struct err e = { 0 };

		(void)close(ready[0]);
		if (cgroup_join(cg, 0, &e) < 0)
			_exit(1);
		(void)!write(ready[1], "x", 1);
		for (;;)
			pause();
	}
	(void)close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		FAIL("the child enters its cgroup");
	(void)close(ready[0]);
	return pid;
}

static int exit_signal(pid_t pid)
{
	int status = 0;

	return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) ? WTERMSIG(status) : -1;
}

static bool only(struct cgroup *cg, int version)
{
	size_t n = 0;

	for (size_t i = 0; i < cg->count; i++)
		if (version == 0 || cg->h[i].v2 == (version == 2))
			cg->h[n++] = cg->h[i];
	cg->count = n;
	if (version == 1 && n > 0)
		cg->mode = CGROUP_V1;
	if (version == 2 && n > 0)
		cg->mode = CGROUP_V2;
	if (n > 0)
		cg->path = cg->h[0].path;
	return n > 0;
}

static bool prepare(struct cgroup *cg, int version, const char *sub)
{
	struct err e = { 0 };
	const char *path = arena_printf(&arena, "%s%s", name, sub);

	if (!CHECK_INT(cgroup_find("x", path, false, false, &arena, cg, &e), 0))
		tap_text("error", e.msg);
	if (!only(cg, version))
		return false;
	/* v1 without its main controllers is not worth a test of it. */
	return version == 2 || cg->mode == CGROUP_V2 || cg->count > 1;
}

static bool ok(int r, const struct err *e)
{
	if (r < 0)
		tap_text("error", e->msg);
	return r >= 0;
}

static bool stands(const struct cgroup *cg, size_t i)
{
	struct stat st;

	return stat(arena_printf(&arena, "%s%s", cg->h[i].mount_point, cg->h[i].path), &st) == 0;
}

static void check_gone(const struct cgroup *cg)
{
	bool gone = true;

	for (size_t i = 0; i < cg->count; i++)
		gone = gone && !stands(cg, i);
	CHECK(gone);
}

static void test_life(int version)
{
	struct cgroup cg, again;
	struct err e = { 0 }, refused = { 0 };
	bool frozen = true, all = true;
	pid_t *pids, pid;
	size_t n = 0;

	if (!prepare(&cg, version, "")) {
		SKIP("no such hierarchy here");
		return;
	}
	again = cg;
	if (!CHECK(ok(cgroup_make(&cg, &nothing, &arena, &e), &e)))
		return;
	for (size_t i = 0; i < cg.count; i++)
		all = all && cg.h[i].fd >= 0 && cg.h[i].made && stands(&cg, i);
	CHECK(all);
	pid = sleeper(&cg);
	CHECK(ok(cgroup_pids(&cg, &arena, &pids, &n, &e), &e));
	CHECK_INT(n, 1);
	CHECK_INT(n > 0 ? pids[0] : 0, pid);

	/* A second container may not have it; and its failure takes nothing away. */
	CHECK_INT(cgroup_make(&again, &nothing, &arena, &refused), -EBUSY);
	CHECK(strstr(refused.msg, "container's cgroup is not empty") != NULL);
	CHECK(stands(&cg, 0));

	CHECK_INT(cgroup_is_frozen(&cg, &frozen), 0);
	CHECK(!frozen);
	CHECK(ok(cgroup_freeze(&cg, true, &e), &e));
	CHECK_INT(cgroup_is_frozen(&cg, &frozen), 0);
	CHECK(frozen);
	memset(&refused, 0, sizeof(refused));
	CHECK_INT(cgroup_make(&again, &nothing, &arena, &refused), -EBUSY);
	CHECK(strstr(refused.msg, "container's cgroup unexpectedly frozen") != NULL);
	CHECK(ok(cgroup_freeze(&cg, false, &e), &e));
	CHECK_INT(cgroup_is_frozen(&cg, &frozen), 0);
	CHECK(!frozen);

	/* A timeout names who stays. */
	memset(&refused, 0, sizeof(refused));
	CHECK_INT(cgroup_wait_empty(&cg, 20, &refused), -ETIMEDOUT);
	CHECK(strstr(refused.msg, arena_printf(&arena, "process %d (test-cgroup-hos) is in state S",
					       (int)pid)) != NULL);

	/* SIGKILL gets through to frozen ones. */
	CHECK(ok(cgroup_freeze(&cg, true, &e), &e));
	CHECK(ok(cgroup_signal(&cg, SIGKILL, &e), &e));
	CHECK_INT(exit_signal(pid), SIGKILL);
	CHECK(ok(cgroup_wait_empty(&cg, WAIT_MS, &e), &e));
	CHECK(ok(cgroup_remove(&cg, &e), &e));
	check_gone(&cg);
	CHECK(ok(cgroup_remove(&cg, &e), &e)); /* absent is success */
	cgroup_close(&cg);
}

/* Other signals; several processes, some in sub-cgroups of great depth. */
static void test_tree(int version)
{
	enum { DEPTH = 40, CHILDREN = 5 };
	struct cgroup cg, sub, state;
	struct err e = { 0 };
	pid_t child[CHILDREN + 1], *pids;
	struct cgroup_hierarchy *h;
	size_t n = 0;
	int fd;

	if (!prepare(&cg, version, "") || !CHECK(ok(cgroup_make(&cg, &nothing, &arena, &e), &e)))
		return;
	h = cgroup_main(&cg);
	fd = openat(h->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < DEPTH; i++) { /* together longer than PATH_MAX */
		char dir[201];
		int down;

		memset(dir, 'd', 200);
		dir[200] = '\0';
		if (mkdirat(fd, dir, 0755) < 0)
			FAIL("a deep cgroup is made");
		down = openat(fd, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		(void)close(fd);
		fd = down;
	}
	for (int i = 0; i < CHILDREN; i++)
		child[i] = sleeper(&cg);
	sub = cg;
	sub.count = 1;
	sub.h[0] = *h;
	sub.h[0].fd = fd;
	child[CHILDREN] = sleeper(&sub);
	(void)close(fd);

	CHECK(ok(cgroup_pids(&cg, &arena, &pids, &n, &e), &e));
	CHECK_INT(n, CHILDREN + 1);
	/* As another command would come by it. */
	state = cg;
	CHECK(ok(cgroup_open(&state, &e), &e));
	CHECK(ok(cgroup_signal(&state, SIGTERM, &e), &e));
	for (int i = 0; i <= CHILDREN; i++)
		CHECK_INT(exit_signal(child[i]), SIGTERM);
	CHECK(ok(cgroup_wait_empty(&state, WAIT_MS, &e), &e));
	CHECK(ok(cgroup_remove(&state, &e), &e));
	cgroup_close(&state);
	cgroup_close(&cg);
	check_gone(&cg);
	CHECK(ok(cgroup_open(&cg, &e), &e)); /* gone: nothing there, no error */
	CHECK(ok(cgroup_signal(&cg, SIGKILL, &e), &e));
	CHECK(ok(cgroup_wait_empty(&cg, 0, &e), &e));
}

/* One that forks and ends, over and over: its PID is another each time one
 * looks. It ends by itself after WAIT_MS, if nothing else ends it. */
static void test_runner(int version)
{
	struct timespec start, now;
	struct cgroup cg;
	struct err e = { 0 };
	pid_t pid;

	if (!prepare(&cg, version, "") || !CHECK(ok(cgroup_make(&cg, &nothing, &arena, &e), &e)))
		return;
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1L, 0L, 0L, 0L);
	(void)clock_gettime(CLOCK_MONOTONIC, &start);
	pid = fork();
	if (pid == 0) {
		if (cgroup_join(&cg, 0, &e) < 0)
			_exit(1);
		do {
			if (fork() != 0)
				_exit(0);
			(void)clock_gettime(CLOCK_MONOTONIC, &now);
		} while ((now.tv_sec - start.tv_sec) * 1000 < WAIT_MS);
		_exit(0);
	}
	CHECK(waitpid(pid, NULL, 0) == pid); /* the first has made its second */
	CHECK(ok(cgroup_signal(&cg, SIGKILL, &e), &e));
	CHECK(ok(cgroup_wait_empty(&cg, WAIT_MS / 4, &e), &e));
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	CHECK((now.tv_sec - start.tv_sec) * 1000 < WAIT_MS / 2);
	CHECK(ok(cgroup_remove(&cg, &e), &e));
	check_gone(&cg);
	cgroup_close(&cg);
	while (waitpid(-1, NULL, 0) > 0)
		;
	(void)prctl(PR_SET_CHILD_SUBREAPER, 0L, 0L, 0L, 0L);
}

/* A failure takes away what was made, the directories above it too. */
static void test_undo(int version)
{
	const struct oci_resources bad = {
		.present = true, .unified = { (struct oci_pair[]){ { "no.such", "1" } }, 1 }
	};
	struct cgroup cg, above;
	struct err e = { 0 };

	if (!prepare(&cg, version, "/a/b") || !prepare(&above, version, ""))
		return;
	CHECK_INT(cgroup_make(&cg, &bad, &arena, &e), -EOPNOTSUPP);
	CHECK(strncmp(e.msg, "/linux/resources/unified/no.such: ", 34) == 0);
	check_gone(&above);
	CHECK_INT(cgroup_clone_fd(&cg), -1);
}

static void test_limits(int version)
{
	const int64_t memory = 64 << 20, more = 128 << 20, pids = 100;
	struct oci_resources r = { .present = true,
				   .memory = { .limit = &memory, .swap = &memory },
				   .pids_limit = &pids };
	struct cgroup_hierarchy *h;
	struct cgroup cg;
	struct err e = { 0 };
	char text[64];
	int k;

	if (!prepare(&cg, version, ""))
		return;
	k = cgroup_make(&cg, &r, &arena, &e);
	if (k == -EOPNOTSUPP && !cgroup_v1_of(&cg, "memory")) {
		CHECK(strstr(e.msg, "the cgroup controller \"") != NULL);
		CHECK(strncmp(e.msg, "/linux/resources/", 17) == 0);
		check_gone(&cg);
		return;
	}
	if (!CHECK(ok(k, &e)))
		return;
	h = cgroup_v1_of(&cg, "memory");
	if (h) {
		CHECK(cgroup_read(h->fd, "memory.limit_in_bytes", text, sizeof(text)) > 0);
		CHECK_STR(text, "67108864\n");
		/* Up and down again: each order of the two files is needed once. */
		r.memory.limit = r.memory.swap = &more;
		CHECK(ok(cgroup_update(&cg, &r, &arena, &e), &e));
		CHECK(cgroup_read(h->fd, "memory.limit_in_bytes", text, sizeof(text)) > 0);
		CHECK_STR(text, "134217728\n");
		r.memory.limit = r.memory.swap = &memory;
		CHECK(ok(cgroup_update(&cg, &r, &arena, &e), &e));
		CHECK(cgroup_read(h->fd, "memory.limit_in_bytes", text, sizeof(text)) > 0);
		CHECK_STR(text, "67108864\n");
	}
	h = cgroup_v1_of(&cg, "pids");
	if (h || cgroup_v2_of(&cg)) {
		CHECK(cgroup_read((h ? h : cgroup_v2_of(&cg))->fd, "pids.max", text, sizeof(text)) >
		      0);
		CHECK_STR(text, "100\n");
	}
	CHECK(ok(cgroup_remove(&cg, &e), &e));
	check_gone(&cg);
	cgroup_close(&cg);
}

/* A controller of v2, also where all others are v1's: it is handed down on the
 * way and a limit of it written. Below a directory of our own, as an engine's. */
static void test_v2_controller(void)
{
	struct oci_hugepage page = { "2MB", 4 << 20 };
	const struct oci_resources r = {
		.present = true,
		.hugepages = &page,
		.hugepages_count = 1,
		.unified = { (struct oci_pair[]){ { "hugetlb.2MB.rsvd.max", "8388608" } }, 1 }
	};
	char have[256], text[64];
	struct cgroup cg, above;
	struct err e = { 0 };

	if (!prepare(&cg, 2, "/c") || !prepare(&above, 2, "") ||
	    io_read_small(AT_FDCWD,
			  arena_printf(&arena, "%s/cgroup.controllers", cg.h[0].mount_point), have,
			  sizeof(have)) < 0 ||
	    !strstr(have, "hugetlb")) {
		SKIP("no hugetlb controller in cgroup v2 here");
		return;
	}
	if (!CHECK(ok(cgroup_make(&cg, &r, &arena, &e), &e)))
		return;
	CHECK(cgroup_read(cg.h[0].fd, "hugetlb.2MB.max", text, sizeof(text)) > 0);
	CHECK_STR(text, "4194304\n");
	CHECK(cgroup_read(cg.h[0].fd, "hugetlb.2MB.rsvd.max", text, sizeof(text)) > 0);
	CHECK_STR(text, "8388608\n");
	CHECK(ok(cgroup_remove(&cg, &e), &e));
	check_gone(&cg);
	CHECK(stands(&above, 0)); /* stays, as other containers may use it */
	CHECK_INT(rmdir(arena_printf(&arena, "%s%s", above.h[0].mount_point, above.h[0].path)), 0);
	cgroup_close(&cg);
}

/* A child of the cgroup opens a node of 1:11, which is not among the defaults. */
static int open_kmsg(const struct cgroup *cg, const char *node)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		struct err e = { 0 };
		int fd;

		if (cgroup_join(cg, 0, &e) < 0)
			_exit(100);
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
		if (fd < 0)
			_exit(101);
		fd = open(node, O_WRONLY | O_CLOEXEC);
		_exit(fd >= 0 ? 0 : errno);
	}
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int programs(const struct cgroup *cg)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.query.target_fd = (uint32_t)cgroup_clone_fd(cg);
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	return sys_bpf(BPF_PROG_QUERY, &attr, sizeof(attr)) < 0 ? -1 : (int)attr.query.prog_cnt;
}

static void test_devices_here(int version)
{
	const int64_t one = 1, eleven = 11;
	struct oci_device_rule deny[] = { { false, 'a', NULL, NULL, "rwm" },
					  { true, 'c', &one, &eleven, "w" } };
	struct oci_device_rule allow[] = { { true, 'a', NULL, NULL, "rwm" } };
	struct oci_resources r = { .present = true, .devices = deny, .devices_count = 1 };
	char dir[] = "/tmp/atoll-test-XXXXXX";
	const char *node;
	struct cgroup cg;
	struct err e = { 0 };
	bool v1;

	if (!prepare(&cg, version, ""))
		return;
	if (!mkdtemp(dir) ||
	    mknod(node = arena_printf(&arena, "%s/kmsg", dir), S_IFCHR | 0600, makedev(1, 11)) <
		    0 ||
	    open(node, O_WRONLY | O_CLOEXEC) < 0) {
		SKIP("cannot make and open a device node here");
	} else if (CHECK(ok(cgroup_make(&cg, &r, &arena, &e), &e))) {
		v1 = cgroup_v1_of(&cg, "devices") != NULL;
		CHECK_INT(open_kmsg(&cg, node), EPERM);
		CHECK_INT(v1 || programs(&cg) == 1, 1);
		/* The same cgroup for another container: the old rules do not stay. */
		for (size_t i = 0; i < cg.count; i++)
			cg.h[i].made = false;
		r.devices_count = 2;
		CHECK(ok(cgroup_devices_apply(&cg, &r, &arena, &e), &e));
		CHECK_INT(open_kmsg(&cg, node), 0);
		CHECK_INT(v1 || programs(&cg) == 1, 1);
		r = (struct oci_resources){ .present = true, .devices = allow, .devices_count = 1 };
		CHECK(ok(cgroup_devices_apply(&cg, &r, &arena, &e), &e));
		CHECK_INT(open_kmsg(&cg, node), 0);
		CHECK_INT(v1 || programs(&cg) == 0, 1);
		for (size_t i = 0; i < cg.count; i++)
			cg.h[i].made = true;
		CHECK(ok(cgroup_remove(&cg, &e), &e));
		check_gone(&cg);
		cgroup_close(&cg);
	}
	(void)unlink(arena_printf(&arena, "%s/kmsg", dir));
	(void)rmdir(dir);
}

/* clone3 puts the child in at birth; and exec's ways into sub-cgroups. */
static void test_into(void)
{
	struct clone_args args = { .exit_signal = SIGCHLD, .flags = CLONE_INTO_CGROUP };
	struct cgroup cg, copy;
	struct err e = { 0 };
	struct stat st;
	pid_t pid, *pids;
	size_t n = 0;
	int fd;

	if (!prepare(&cg, 2, "")) {
		SKIP("no cgroup v2 here");
		return;
	}
	if (!CHECK(ok(cgroup_make(&cg, &nothing, &arena, &e), &e)))
		return;
	args.cgroup = (uint64_t)cgroup_clone_fd(&cg);
	pid = sys_clone3(&args, sizeof(args));
	if (pid == 0)
		for (;;)
			pause();
	CHECK(pid > 0);
	CHECK(ok(cgroup_pids(&cg, &arena, &pids, &n, &e), &e));
	CHECK_INT(n == 1 ? pids[0] : 0, pid);

	copy = cg;
	copy.h[0].fd = openat(cg.h[0].fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fd = copy.h[0].fd;
	CHECK(ok(cgroup_follow_init(&copy, pid, &arena, &e), &e));
	CHECK_INT(copy.h[0].fd, fd); /* init is where it was born */
	CHECK_INT(mkdirat(fd, "init", 0755), 0);
	CHECK_INT(cgroup_write(openat(fd, "init", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
			       "cgroup.procs", arena_printf(&arena, "%d", (int)pid)),
		  0);
	CHECK(ok(cgroup_follow_init(&copy, pid, &arena, &e), &e));
	CHECK_INT(fstat(copy.h[0].fd, &st), 0);
	CHECK_INT(st.st_ino != 0 && fstatat(cg.h[0].fd, "init", &st, 0) == 0, 1);
	CHECK(cgroup_read(copy.h[0].fd, "cgroup.procs", arena_alloc(&arena, 64), 64) > 1);
	CHECK_INT(cgroup_enter_sub(&cg, "../x", &(struct err){ 0 }), -EINVAL);
	CHECK_INT(cgroup_enter_sub(&cg, "absent", &(struct err){ 0 }), -ENOENT);
	cgroup_close(&copy);

	CHECK(ok(cgroup_delegate(&cg, 12345, 12346, &e), &e));
	CHECK(fstat(cg.h[0].fd, &st) == 0 && st.st_uid == 12345 && st.st_gid == 12346);
	CHECK(fstatat(cg.h[0].fd, "cgroup.procs", &st, 0) == 0 && st.st_uid == 12345);
	CHECK(fstatat(cg.h[0].fd, "cgroup.freeze", &st, 0) == 0 && st.st_uid == 0);

	CHECK(ok(cgroup_signal(&cg, SIGKILL, &e), &e));
	CHECK_INT(exit_signal(pid), SIGKILL);
	CHECK(ok(cgroup_remove(&cg, &e), &e));
	check_gone(&cg);
	cgroup_close(&cg);
}

/* Runs as nobody, in a child: a bit for each check that failed. */
static int as_nobody(void)
{
	const int64_t limit = 5;
	const struct oci_resources pids = { .present = true, .pids_limit = &limit };
	struct err e = { 0 }, asked = { 0 }, given = { 0 };
	struct cgroup cg;
	int bad = 0;

	/* Nothing is asked for: nothing it is. */
	bad |= cgroup_find(name + 1, NULL, false, true, &arena, &cg, &e) < 0;
	bad |= (cgroup_make(&cg, &nothing, &arena, &e) < 0 || cg.mode != CGROUP_NONE) << 1;
	bad |= (cgroup_join(&cg, 0, &e) < 0 || cgroup_clone_fd(&cg) != -1) << 2;
	/* A limit. */
	(void)cgroup_find(name + 1, NULL, false, true, &arena, &cg, &e);
	bad |= (cgroup_make(&cg, &pids, &arena, &asked) >= 0) << 3;
	bad |= (strncmp(asked.msg, "/linux/resources/pids/limit: ", 29) != 0) << 4;
	bad |= (!strstr(asked.msg,
			"rootless needs no limits + no cgrouppath when no permission is granted"))
	       << 5;
	/* A path. */
	(void)cgroup_find("x", name, false, true, &arena, &cg, &e);
	bad |= (cgroup_make(&cg, &nothing, &arena, &given) != -EACCES) << 6;
	bad |= (!strstr(given.msg, "Permission denied") || !strstr(given.msg, " Hint: ")) << 7;
	return bad;
}

static void test_rootless(void)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		if (sys_setgroups(0, NULL) < 0 || sys_setresgid(65534, 65534, 65534) < 0 ||
		    sys_setresuid(65534, 65534, 65534) < 0)
			_exit(255);
		_exit(as_nobody());
	}
	CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	CHECK_INT(WEXITSTATUS(status), 0);
}

static void test_disabled(void)
{
	struct cgroup cg;
	struct err e = { 0 };

	CHECK_INT(cgroup_find("x", name, true, false, &arena, &cg, &e), 0);
	CHECK_INT(cg.mode, CGROUP_NONE);
	CHECK_INT(cgroup_make(&cg, &nothing, &arena, &e), 0);
	CHECK_INT(cgroup_join(&cg, 0, &e), 0);
	CHECK_INT(cgroup_clone_fd(&cg), -1);
	CHECK_INT(cgroup_remove(&cg, &e), 0);
}

int main(void)
{
	static const char *const names[] = { "as mounted", "v1 alone", "v2 alone" };
	struct cgroup cg;
	struct err e = { 0 };

	(void)snprintf(name, sizeof(name), "/atoll-test-%d", (int)getpid());
	SKIP_ALL_IF(geteuid() != 0, "needs root");
	SKIP_ALL_IF(cgroup_find("x", name, false, false, &arena, &cg, &e) < 0 ||
			    cg.mode == CGROUP_NONE,
		    "no cgroups here");
	SKIP_ALL_IF(access(cg.h[0].mount_point, W_OK) < 0, "the cgroups are not writable here");
	for (int version = 0; version < 3; version++) {
		CASE(arena_printf(&arena, "life, %s", names[version]));
		test_life(version);
		CASE(arena_printf(&arena, "tree, %s", names[version]));
		test_tree(version);
		CASE(arena_printf(&arena, "runner, %s", names[version]));
		test_runner(version);
		CASE(arena_printf(&arena, "undo, %s", names[version]));
		test_undo(version);
		CASE(arena_printf(&arena, "limits, %s", names[version]));
		test_limits(version);
		CASE(arena_printf(&arena, "devices, %s", names[version]));
		test_devices_here(version);
	}
	CASE("a controller of v2");
	test_v2_controller();
	CASE("clone into");
	test_into();
	CASE("rootless");
	test_rootless();
	CASE("disabled");
	test_disabled();
	arena_free(&arena);
	return DONE();
}
