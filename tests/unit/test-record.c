/* SPDX-License-Identifier: Apache-2.0 */
/* Records that their maker or remover left half done, and those that somebody is just making. */
#include "run/record.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

enum { HAS_EXIT = 1, HAS_JSON = 2, HAS_TMP = 4, HAS_CONMON = 8 };

static const char id[] = "00000000000000000000000000000000000000000000000000000000000000a7";
static struct arena a;
static struct records rs;

static void file(const char *name)
{
	int fd = openat(rs.fd, arena_printf(&a, "records/%s/%s", id, name), O_WRONLY | O_CREAT,
			0600);

	CHECK(fd >= 0);
	(void)close(fd);
}

static void make(unsigned int what)
{
	CHECK(mkdirat(rs.fd, arena_printf(&a, "records/%s", id), 0700) == 0);
	if (what & HAS_EXIT)
		file("exit");
	if (what & HAS_JSON)
		file("record.json");
	if (what & HAS_TMP)
		file("record.json.1234.tmp");
	if (what & HAS_CONMON) {
		CHECK(mkdirat(rs.fd, arena_printf(&a, "records/%s/conmon", id), 0700) == 0);
		file("conmon/pid");
	}
}

static bool is_there(const char *name)
{
	return faccessat(rs.fd, arena_printf(&a, "records/%s%s", id, name), F_OK, 0) == 0;
}

static int look(void)
{
	autorecord struct record r = RECORD_NULL;

	return record_open(&rs, id, &r, NULL);
}

static struct record sample(const char *its_id, const char *name)
{
	struct record r = RECORD_NULL;

	r.id = its_id;
	r.name = name;
	r.named = true;
	return r;
}

static void test_swept(void)
{
	static const unsigned int left[] = {
		0,
		HAS_EXIT,
		HAS_EXIT | HAS_TMP,
		HAS_JSON, /* half removed */
		HAS_CONMON,
		HAS_EXIT | HAS_CONMON,
	};

	CASE("half done");
	for (size_t i = 0; i < sizeof(left) / sizeof(left[0]); i++) {
		make(left[i]);
		CHECK_INT(look(), -ENOENT);
		CHECK(!is_there(""));
	}
}

/* A name that stands for such a record is anybody's. */
static void test_name(void)
{
	struct record r = sample(record_new_id(&a), "web"), found = RECORD_NULL;

	CASE("the name of one half done");
	make(HAS_EXIT);
	CHECK(symlinkat(id, rs.fd, "names/web") == 0);
	CHECK_INT(record_find(&rs, "web", &found, NULL), -ENOENT);
	CHECK_INT(record_make(&rs, &r, NULL), 0);
	CHECK_INT(record_find(&rs, "web", &found, NULL), 0);
	CHECK_STR(found.id, r.id);
	record_close(&found);
	CHECK_INT(record_remove(&rs, &r, NULL), 0);
	record_close(&r);
}

static void test_held(void)
{
	struct record r = sample(id, "held"), second = sample(record_new_id(&a), "held");
	struct record one = RECORD_NULL, two = RECORD_NULL;

	CASE("held");
	CHECK_INT(record_make(&rs, &r, NULL), 0);
	CHECK_INT(record_make(&rs, &second, NULL), -EEXIST);
	CHECK_INT(record_open(&rs, id, &one, NULL), 0);
	CHECK(record_is_held(&one));
	CHECK(unlinkat(r.dir_fd, "record.json", 0) == 0);
	CHECK_INT(look(), -ENOENT);
	CHECK(is_there("/exit"));
	CHECK_INT(record_save(&r, &a, NULL), 0);
	record_close(&r);
	CHECK_INT(record_open(&rs, id, &two, NULL), 0);
	CHECK(!record_is_held(&one));
	/* Who only asks is no holder to another one who asks. */
	CHECK(flock(two.exit_fd, LOCK_SH) == 0);
	CHECK(!record_is_held(&one));
	CHECK_INT(record_remove(&rs, &one, NULL), 0);
	CHECK(!is_there(""));
	CHECK_INT(record_find(&rs, "held", &r, NULL), -ENOENT);
	record_close(&one);
	record_close(&two);
}

/* What a maker does, but slowly. It is killed, as it were, when it is told to go on. */
static void slow_maker(int ready, int go_on)
{
	int names = openat(rs.fd, "names", O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd;
	char c = 0;

	if (names < 0 || flock(names, LOCK_EX) < 0 ||
	    mkdirat(rs.fd, arena_printf(&a, "records/%s", id), 0700) < 0 ||
	    write(ready, &c, 1) != 1)
		_exit(1);
	(void)poll(NULL, 0, 100);
	fd = openat(rs.fd, arena_printf(&a, "records/%s/exit", id), O_RDWR | O_CREAT | O_EXCL,
		    0600);
	if (fd < 0 || flock(fd, LOCK_EX) < 0 || flock(names, LOCK_UN) < 0)
		_exit(2);
	_exit(read(go_on, &c, 1) == 1 ? 0 : 3);
}

static void test_making(void)
{
	int ready[2], go_on[2], status = -1;
	char c = 0;
	pid_t pid;

	CASE("being made");
	CHECK(pipe(ready) == 0 && pipe(go_on) == 0);
	pid = fork();
	if (pid == 0)
		slow_maker(ready[1], go_on[0]);
	/* A maker that fails is an end of file here, and no waiting. */
	(void)close(ready[1]);
	(void)close(go_on[0]);
	CHECK(read(ready[0], &c, 1) == 1);
	CHECK_INT(look(), -ENOENT);
	CHECK(is_there("/exit"));
	CHECK_INT(look(), -ENOENT);
	CHECK(is_there("/exit"));
	(void)signal(SIGPIPE, SIG_IGN);
	CHECK(write(go_on[1], &c, 1) == 1);
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK_INT(status, 0);
	CHECK_INT(look(), -ENOENT);
	CHECK(!is_there(""));
}

int main(void)
{
	char root[] = "/tmp/atoll-record.XXXXXX";

	CHECK(mkdtemp(root) != NULL);
	CHECK_INT(records_open(&a, root, true, &rs, NULL), 0);
	test_swept();
	test_name();
	test_held();
	test_making();
	CASE("nothing is left");
	CHECK(unlinkat(rs.fd, "names", AT_REMOVEDIR) == 0);
	CHECK(unlinkat(rs.fd, "records", AT_REMOVEDIR) == 0);
	records_close(&rs);
	CHECK(rmdir(root) == 0);
	arena_free(&a);
	return DONE();
}
