/* SPDX-License-Identifier: Apache-2.0 */
#include "run/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/jsonw.h"
#include "run/entry.h"
#include "test.h"

static struct arena a;
static struct err e;

static void test_id(void)
{
	static const char *const good[] = { "a", "A-1_b+c.d", "...", "-x", "0", ".hidden" };
	static const char *const bad[] = { "",    ".",        "..", "a/b", "a b",
					   "a\n", "\xc3\xa9", "a*", "a:b", "@x" };
	char longest[257];

	CASE("id");
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		CHECK_INT(state_check_id(good[i], &e), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_INT(state_check_id(bad[i], NULL), -EINVAL);
	memset(longest, 'a', sizeof(longest));
	longest[255] = '\0';
	CHECK_INT(state_check_id(longest, NULL), 0);
	longest[255] = 'a';
	longest[256] = '\0';
	CHECK_INT(state_check_id(longest, NULL), -EINVAL);
}

static void test_time(void)
{
	CASE("time");
	CHECK_STR(state_time(&a, 0, 0), "1970-01-01T00:00:00.000000000Z");
	CHECK_STR(state_time(&a, 951782399, 7), "2000-02-28T23:59:59.000000007Z");
	CHECK_STR(state_time(&a, 951782400, 0), "2000-02-29T00:00:00.000000000Z");
	CHECK_STR(state_time(&a, 4107542399, 999999999), "2100-02-28T23:59:59.999999999Z");
	CHECK_STR(state_time(&a, 4107542400, 0), "2100-03-01T00:00:00.000000000Z");
	CHECK_STR(state_time(&a, 1798761599, 0), "2026-12-31T23:59:59.000000000Z");
}

static struct state sample(void)
{
	static const char *args[] = { "hook", "\"quoted\"" };
	static struct oci_hook hook = { .path = "/bin/hook", .args = { args, 2 }, .timeout_s = 5 };
	static struct oci_pair pair = { "key", "a \xe2\x82\xac value" };
	struct state st = {
		.oci_version = "1.3.0",
		.id = "c1",
		.bundle = "/b",
		.rootfs = "/b/rootfs",
		.config = "/b/config.json",
		.created = "2026-01-02T03:04:05.000000006Z",
		.pid = 77,
		.pidfd_inode = UINT64_MAX,
		.starttime = 12345,
		.owner = 0,
		.own_pid_ns = true,
		.init = true,
		.listener_path = "@agent",
		.listener_metadata = "\"",
		.annotations = { &pair, 1 },
		.poststop = { &hook, 1 },
	};

	st.cgroup.mode = CGROUP_HYBRID;
	st.cgroup.path = "/c1";
	st.cgroup.count = 2;
	st.cgroup.h[0] = (struct cgroup_hierarchy){
		"cpu,cpuacct", "/sys/fs/cgroup/cpu", "/c1", false, -1, true
	};
	st.cgroup.h[1] = (struct cgroup_hierarchy){ "",   "/sys/fs/cgroup/unified", "/c1", true, -1,
						    false };
	return st;
}

static void test_round_trip(void)
{
	struct state st = sample(), back;
	char *text, *again;
	size_t len, again_len;

	CASE("round trip");
	state_write_json(&st, &a, &text, &len);
	CHECK_INT(state_parse("state.json", text, len, &a, &back, &e), 0);
	state_write_json(&back, &a, &again, &again_len);
	CHECK_STR(again, text);
	CHECK_INT(back.pid, 77);
	CHECK(back.pidfd_inode == UINT64_MAX);
	CHECK_INT(back.cgroup.count, 2);
	CHECK(back.cgroup.h[0].made && !back.cgroup.h[1].made && back.cgroup.h[1].v2);
	CHECK_INT(back.cgroup.h[1].fd, -1);
	CHECK_STR(back.cgroup.h[1].controllers, "");
	CHECK_STR(back.listener_path, "@agent");
	CHECK_STR(back.listener_metadata, "\"");
	CHECK_STR(back.poststop.items[0].args.items[1], "\"quoted\"");
	CHECK(!back.poststop.items[0].has_env);
}

/* The sample with one piece of its text replaced. */
static int parse_with(const char *from, const char *to)
{
	struct state st = sample(), back;
	char *text, *at, *changed;
	size_t len;

	state_write_json(&st, &a, &text, &len);
	at = strstr(text, from);
	if (!at)
		return FAIL(from), 0;
	changed = arena_printf(&a, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
	e = (struct err){ 0 };
	return state_parse("state.json", changed, strlen(changed), &a, &back, &e);
}

static void test_hostile(void)
{
	static const char *const bad[][2] = {
		{ "\"pid\":77", "\"pid\":-1" },
		{ "\"pid\":77", "\"pid\":2147483648" },
		{ "\"pid\":77", "\"pid\":\"77\"" },
		{ "\"id\":\"c1\"", "\"id\":\"../c1\"" },
		{ "\"path\":\"@agent\"", "\"path\":7" },
		{ "\"bundle\":\"/b\"", "\"bundle\":\"b\"" },
		{ "\"bundle\":\"/b\",", "" },
		{ "\"path\":\"/c1\",\"made\"", "\"path\":\"/../../c1\",\"made\"" },
		{ "\"path\":\"/c1\",\"made\"", "\"path\":\"/c1/..\",\"made\"" },
		{ "\"path\":\"/c1\",\"made\"", "\"path\":\"c1\",\"made\"" },
		{ "\"mode\":\"hybrid\"", "\"mode\":\"v3\"" },
		{ "\"path\":\"/bin/hook\"", "\"path\":\"hook\"" },
		{ "\"timeout\":5", "\"timeout\":-5" },
		{ "\"owner\":0", "\"owner\":4294967296" },
		{ "{", "[" },
	};

	CASE("hostile");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_INT(parse_with(bad[i][0], bad[i][1]), -EINVAL);
	CHECK_INT(parse_with("\"pid\":77,", ""), 0);
	CHECK_INT(parse_with("/c1\",\"made\"", "/..c1/x..\",\"made\""), 0);
	CHECK_INT(state_parse("state.json", "", 0, &a, &(struct state){ 0 }, NULL), -EINVAL);
}

static void test_too_many_hierarchies(void)
{
	char *list = arena_strdup(&a, "");

	CASE("many hierarchies");
	for (int i = 0; i < CGROUP_HIERARCHIES_MAX - 1; i++)
		list = arena_printf(&a, "%s{\"mountPoint\":\"/m\",\"path\":\"/p\"},", list);
	CHECK_INT(parse_with("\"hierarchies\":[{", arena_printf(&a, "\"hierarchies\":[%s{", list)),
		  -EINVAL);
	CHECK(strstr(e.msg, "/cgroup/hierarchies"));
}

static void test_oci_json(void)
{
	struct state st = sample();
	struct jsonw w;

	CASE("state object");
	jsonw_init(&w, &a, 0);
	state_oci_json(&st, STATUS_STOPPED, NULL, &w);
	CHECK_STR(
		arena_strndup(&a, w.buf, w.len),
		"{\"ociVersion\":\"1.3.0\",\"id\":\"c1\",\"pid\":0,\"status\":\"stopped\",\"bundle\":\"/b\","
		"\"annotations\":{\"key\":\"a \xe2\x82\xac value\"}}");
	jsonw_init(&w, &a, 0);
	state_oci_json(&st, STATUS_PAUSED, "root", &w);
	CHECK_STR(
		arena_strndup(&a, w.buf, w.len),
		"{\"ociVersion\":\"1.3.0\",\"id\":\"c1\",\"pid\":77,\"status\":\"paused\",\"bundle\":\"/b\","
		"\"rootfs\":\"/b/rootfs\",\"created\":\"2026-01-02T03:04:05.000000006Z\","
		"\"annotations\":{\"key\":\"a \xe2\x82\xac value\"},\"owner\":\"root\"}");
}

/* Made by a process that dies at once; what it left is swept, its id is free. */
static void make_and_die(int root, const struct state *intent)
{
	pid_t pid = fork();
	int status, entry, exec, creating;

	if (pid == 0)
		_exit(entry_make(root, intent, &a, &entry, &exec, &creating, NULL) < 0);
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0);
}

static void test_entry(void)
{
	char dir[] = "/tmp/atoll-state-XXXXXX";
	struct state intent = sample(), back;
	int root = mkdtemp(dir) ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	int entry = -1, lock = -1, entry2 = -1, exec = -1, creating = -1;

	CASE("entry");
	if (!CHECK(root >= 0))
		return;
	intent.pid = 0;
	intent.cgroup = (struct cgroup){ .mode = CGROUP_NONE };
	CHECK_INT(entry_open(root, "c1", &entry, &lock, &e), -ENOENT);
	CHECK_INT(entry_make(root, &intent, &a, &entry, &exec, &creating, &e), 0);
	CHECK_INT(entry_make(root, &intent, &a, &entry2, &lock, &lock, NULL), -EEXIST);
	CHECK_INT(entry_sweep(root, "c1", &a, &e), 0);
	CHECK_INT(entry_open(root, "c1", &entry2, &lock, &e), 0);
	CHECK_INT(state_is_locked(lock, STATE_BYTE_CREATING), 1);
	CHECK_INT(state_is_locked(lock, STATE_BYTE_EXEC), 1);
	CHECK_INT(state_is_locked(lock, STATE_BYTE_REMOVING), 0);
	CHECK_INT(state_load(entry2, &a, &back, &e), 0);
	CHECK_INT(back.pid, 0);
	(void)close(creating);
	CHECK_INT(state_is_locked(lock, STATE_BYTE_CREATING), 0);
	CHECK_INT(state_is_locked(lock, STATE_BYTE_EXEC), 1);
	(void)close(exec);
	CHECK_INT(state_is_locked(lock, STATE_BYTE_EXEC), 0);
	(void)close(lock);
	(void)close(entry2);
	/* complete: not stale */
	intent.pid = 77;
	CHECK_INT(state_save(entry, &intent, &a, &e), 0);
	CHECK_INT(entry_sweep(root, "c1", &a, &e), 0);
	intent.pid = 0;
	CHECK_INT(state_save(entry, &intent, &a, &e), 0);
	CHECK_INT(entry_sweep(root, "c1", &a, &e), 1);
	CHECK_INT(entry_sweep(root, "c1", &a, &e), 0);
	(void)close(entry);

	make_and_die(root, &intent);
	CHECK_INT(entry_make(root, &intent, &a, &entry, &exec, &creating, &e), 0);
	CHECK_INT(entry_remove(root, "c1", &e), 0);
	CHECK_INT(entry_remove(root, "c1", &e), 0);
	CHECK_INT(mkdirat(root, "c1", 0700), 0); /* killed between mkdir and lock */
	CHECK_INT(entry_sweep(root, "c1", &a, &e), 1);
	(void)close(root);
	CHECK_INT(rmdir(dir), 0);
}

int main(void)
{
	test_id();
	test_time();
	test_round_trip();
	test_hostile();
	test_too_many_hierarchies();
	test_oci_json();
	test_entry();
	arena_free(&a);
	return DONE();
}
