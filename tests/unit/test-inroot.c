/* SPDX-License-Identifier: Apache-2.0 */
/* Paths in a root that attacks: everything must end inside it, or nowhere. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "run/inroot.h"
#include "test.h"

static int root;
static char top[] = "/tmp/test-inroot.XXXXXX";

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static bool exists(int dirfd, const char *path)
{
	struct stat st;

	return fstatat(dirfd, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* The fd is what is at `path` when looked up the plain way below the root. */
static bool is_at(int fd, const char *path)
{
	struct stat a, b;

	return fd >= 0 && fstat(fd, &a) == 0 && fstatat(root, path, &b, AT_SYMLINK_NOFOLLOW) == 0 &&
	       a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static void test_open(void)
{
	autoclose int a = inroot_open(root, "/dir", O_PATH, 0);
	autoclose int b = inroot_open(root, "../../../dir", O_PATH, 0);
	autoclose int c = inroot_open(root, "/abs", O_PATH, 0);
	autoclose int d = inroot_open(root, "/dotdot/dir", O_PATH, 0);

	CASE("open");
	CHECK(is_at(a, "dir"));
	CHECK(is_at(b, "dir"));
	CHECK(is_at(c, "dir"));
	CHECK(is_at(d, "dir"));
	CHECK_INT(inroot_open(root, "/etc", O_PATH, 0), -ENOENT);
	CHECK_INT(inroot_open(root, "/out/passwd", O_PATH, 0), -ENOENT);
	CHECK_INT(inroot_open(root, "/loop1", O_PATH, 0), -ELOOP);
	CHECK_INT(inroot_open(root, "/magic", O_PATH, 0), -ENOENT);
}

static void test_magic(void)
{
	autoclose int slash = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	CASE("magic links");
	CHECK_INT(inroot_open(slash, "/proc/self/root/etc", O_PATH, 0), -ELOOP);
	CHECK_INT(inroot_open(slash, "/proc/self/cwd", O_PATH, 0), -ELOOP);
}

static void test_mkdirs(void)
{
	bool made = false;
	autoclose int a = inroot_mkdirs(root, "/new/deep/er", &made);
	struct stat st;

	CASE("mkdirs");
	CHECK(is_at(a, "new/deep/er"));
	CHECK(made);
	CHECK(fstatat(root, "new/deep", &st, 0) == 0 && (st.st_mode & 07777) == 0755);
	autoclose int b = inroot_mkdirs(root, "/new/deep", &made);
	CHECK(is_at(b, "new/deep"));
	CHECK(!made);
	autoclose int c = inroot_mkdirs(root, "/abs/below", &made);
	CHECK(is_at(c, "dir/below"));
	autoclose int d = inroot_mkdirs(root, "/missing/../up", &made);
	CHECK(is_at(d, "up"));
	autoclose int f = inroot_mkdirs(root, "/", &made);
	CHECK(is_at(f, "."));
	CHECK_INT(inroot_mkdirs(root, "/file", &made), -ENOTDIR);
	CHECK_INT(inroot_mkdirs(root, "/file/x", &made), -ENOTDIR);
	CHECK_INT(inroot_mkdirs(root, "/loop1/x", &made), -ELOOP);
}

static void test_escape(void)
{
	bool made;
	autoclose int a = inroot_mkdirs(root, "/out/inside", &made);
	autoclose int b = inroot_mkdirs(root, "/dotdot/../../evil", &made);
	autoclose int c = inroot_mkdirs(root, "/dangle/x", &made);
	autoclose int d = inroot_mkdirs(root, "/rel/y", &made);

	CASE("links that lead out");
	CHECK(is_at(a, "etc/inside")); /* out -> /etc, of the root */
	CHECK(!exists(AT_FDCWD, "/etc/inside"));
	CHECK(is_at(b, "evil"));
	CHECK(!exists(root, "../evil"));
	CHECK(is_at(c, "no/where/x"));
	CHECK(is_at(d, "tmp/escaped/y"));
	CHECK(!exists(AT_FDCWD, "/tmp/escaped"));
}

static void test_mkfile(void)
{
	bool made = true;
	autoclose int a = inroot_mkfile(root, "/file", &made);
	struct stat st;

	CASE("mkfile");
	CHECK(is_at(a, "file"));
	CHECK(!made);
	autoclose int b = inroot_mkfile(root, "/f/g/h.conf", &made);
	CHECK(is_at(b, "f/g/h.conf"));
	CHECK(made);
	CHECK(fstat(b, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 0);
	CHECK_INT(inroot_mkfile(root, "/dir", &made), -EISDIR);
	autoclose int c = inroot_mkfile(root, "/etc-hosts", &made);
	CHECK(is_at(c, "run/jump/hosts")); /* a link at the end that points to nothing yet */
	CHECK(made);
	CHECK_INT(inroot_mkfile(root, "/loop1", &made), -ELOOP);
}

static void test_parent(void)
{
	const char *name = NULL;
	autoclose int a = inroot_parent(root, "/par/ent/node", &name);

	CASE("parent");
	CHECK(is_at(a, "par/ent"));
	CHECK_STR(name, "node");
	CHECK(!exists(root, "par/ent/node"));
	autoclose int b = inroot_parent(root, "/node", &name);
	CHECK(is_at(b, "."));
	autoclose int c = inroot_parent(root, "plain", &name);
	CHECK(is_at(c, "."));
	CHECK_STR(name, "plain");
	CHECK_INT(inroot_parent(root, "/a/..", &name), -EINVAL);
	CHECK_INT(inroot_parent(root, "/a/", &name), -EINVAL);
}

static void test_lengths(void)
{
	char name[NAME_MAX + 3] = "/", path[PATH_MAX + 8] = "";
	bool made;

	CASE("lengths");
	memset(name + 1, 'n', NAME_MAX + 1);
	CHECK_INT(inroot_mkdirs(root, name, &made), -ENAMETOOLONG);
	memset(path, '/', PATH_MAX + 4);
	CHECK_INT(inroot_mkdirs(root, path, &made), -ENAMETOOLONG);
	memset(path, 0, sizeof(path));
	for (size_t i = 0; i < PATH_MAX / 4; i++)
		memcpy(path + 2 * i, "/d", 2);
	autoclose int fd = inroot_mkdirs(root, path, &made);
	CHECK(is_at(fd, path + 1));
}

int main(void)
{
	static const char *const links[][2] = {
		{ "/dir", "abs" },
		{ "../../../..", "dotdot" },
		{ "/etc", "out" },
		{ "loop2", "loop1" },
		{ "loop1", "loop2" },
		{ "/proc/self/root", "magic" },
		{ "/no/where", "dangle" },
		{ "../../tmp/escaped", "rel" },
		{ "/run/jump/hosts", "etc-hosts" },
	};
	int fd;

	if (!mkdtemp(top))
		return 2;
	root = open(top, O_PATH | O_DIRECTORY | O_CLOEXEC);
	umask(022);
	if (mkdirat(root, "dir", 0755) < 0)
		return 2;
	fd = openat(root, "file", O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	if (fd < 0)
		return 2;
	(void)close(fd);
	for (size_t i = 0; i < ARRAY_LEN(links); i++)
		if (symlinkat(links[i][0], root, links[i][1]) < 0)
			return 2;
	test_open();
	test_magic();
	test_mkdirs();
	test_escape();
	test_mkfile();
	test_parent();
	test_lengths();
	(void)nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return DONE();
}
