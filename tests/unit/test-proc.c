/* SPDX-License-Identifier: Apache-2.0 */
/* The parsers of /proc: mountinfo, cgroup, stat. */
#include "proc/cgroup.h"
#include "proc/mountinfo.h"
#include "proc/stat.h"

#include <errno.h>
#include <string.h>

#include "test.h"

static int mounts(const char *text, struct arena *a, struct proc_mount **ret, size_t *count)
{
	return proc_mountinfo_parse(text, strlen(text), a, ret, count);
}

static void test_mountinfo(void)
{
	autoarena struct arena a = { 0 };
	struct proc_mount *m = NULL;
	size_t n = 0;

	CASE("mountinfo");
	CHECK_INT(
		mounts("36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue\n"
		       "37 36 0:21 / /a\\040b\\134c\\011 ro shared:7 propagate_from:3 unbindable future:x - tmpfs  rw\n"
		       "38 1 259:1048575 /x\\04 /y rw - proc none rw,hidepid=2",
		       &a, &m, &n),
		0);
	CHECK_INT(n, 3);
	if (n != 3)
		return;
	CHECK_INT(m[0].id, 36);
	CHECK_INT(m[0].parent, 35);
	CHECK_INT(m[0].major, 98);
	CHECK_STR(m[0].root, "/mnt1");
	CHECK_STR(m[0].mount_point, "/mnt2");
	CHECK_STR(m[0].options, "rw,noatime");
	CHECK_INT(m[0].master, 1);
	CHECK_INT(m[0].shared, 0);
	CHECK(!m[0].unbindable);
	CHECK_STR(m[0].fs, "ext3");
	CHECK_STR(m[0].source, "/dev/root");
	CHECK_STR(m[0].super_options, "rw,errors=continue");
	CHECK_STR(m[1].mount_point, "/a b\\c\t");
	CHECK_INT(m[1].shared, 7);
	CHECK_INT(m[1].propagate_from, 3);
	CHECK(m[1].unbindable);
	CHECK_STR(m[1].source, "");
	CHECK_STR(m[1].super_options, "rw");
	CHECK_STR(m[2].root, "/x\\04"); /* no whole escape: as it is */
	CHECK_INT(m[2].minor, 1048575);

	CASE("mountinfo, malformed");
	CHECK_INT(mounts("", &a, &m, &n), 0);
	CHECK_INT(n, 0);
	CHECK_INT(mounts("\n", &a, &m, &n), -EINVAL);
	CHECK_INT(mounts("36 35 98:0 / /mnt rw", &a, &m, &n), -EINVAL);
	CHECK_INT(mounts("36 35 98 / /mnt rw - ext3 x rw", &a, &m, &n), -EINVAL);
	CHECK_INT(mounts("36 35 98:-1 / /mnt rw - ext3 x rw", &a, &m, &n), -EINVAL);
	CHECK_INT(mounts("x 35 98:0 / /mnt rw - ext3 x rw", &a, &m, &n), -EINVAL);
	CHECK_INT(mounts("36 35 98:0 / /mnt rw shared:z - ext3 x rw", &a, &m, &n), -EINVAL);
	CHECK_INT(mounts("99999999999 35 98:0 / /mnt rw - ext3 x rw", &a, &m, &n), -EINVAL);
	CHECK_INT(proc_mountinfo_parse("1 2 3:4 /\0 / rw - a b c", 24, &a, &m, &n), -EINVAL);

	CASE("options");
	CHECK(proc_mount_has_option("rw,cpu,cpuacct", "cpu"));
	CHECK(proc_mount_has_option("rw,cpu,cpuacct", "cpuacct"));
	CHECK(proc_mount_has_option("name=systemd", "name=systemd"));
	CHECK(!proc_mount_has_option("rw,cpuacct", "cpu"));
	CHECK(!proc_mount_has_option("rw,cpu", "cpuacct"));
	CHECK(!proc_mount_has_option("", "cpu"));
}

static void test_cgroup(void)
{
	static const char text[] =
		"5:devices:/a b:c\n4:cpu,cpuacct:/x\n1:name=systemd:/../up\n0::/user.slice\n";
	autoarena struct arena a = { 0 };
	struct proc_cgroup *c = NULL;
	size_t n = 0;

	CASE("cgroup");
	CHECK_INT(proc_cgroup_parse(text, strlen(text), &a, &c, &n), 0);
	CHECK_INT(n, 4);
	CHECK_STR(proc_cgroup_path(c, n, "devices"), "/a b:c");
	CHECK_STR(proc_cgroup_path(c, n, "cpuacct"), "/x");
	CHECK_STR(proc_cgroup_path(c, n, "name=systemd"), "/../up");
	CHECK_STR(proc_cgroup_path(c, n, ""), "/user.slice");
	CHECK_STR(proc_cgroup_path(c, n, "pids"), NULL);
	CHECK_INT(proc_cgroup_parse("0::", 3, &a, &c, &n), -EINVAL);
	CHECK_INT(proc_cgroup_parse("0:/x", 4, &a, &c, &n), -EINVAL);
	CHECK_INT(proc_cgroup_parse("a::/x", 5, &a, &c, &n), -EINVAL);
	CHECK_INT(proc_cgroup_parse("0::x\n", 5, &a, &c, &n), -EINVAL);
}

static void test_stat(void)
{
	static const char text[] =
		"4242 (a ) R (b) D 1 4242 4241 34816 -1 4194560 1 2 3 4 150 60 7 8 20 -5 3 0 987654 1234944 77 "
		"18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n";
	struct proc_stat s;

	CASE("stat");
	CHECK_INT(proc_stat_parse(text, strlen(text), &s), 0);
	CHECK_INT(s.pid, 4242);
	CHECK_STR(s.comm, "a ) R (b");
	CHECK_INT(s.state, 'D');
	CHECK_INT(s.ppid, 1);
	CHECK_INT(s.pgrp, 4242);
	CHECK_INT(s.session, 4241);
	CHECK_INT(s.tpgid, -1);
	CHECK_INT(s.utime, 150);
	CHECK_INT(s.stime, 60);
	CHECK_INT(s.nice, -5);
	CHECK_INT(s.num_threads, 3);
	CHECK_INT(s.starttime, 987654);
	CHECK_INT(s.rss, 77);
	/* Cut anywhere before field 24 it is no stat. */
	for (size_t n = 0;
	     n <
	     strlen("4242 (a ) R (b) D 1 4242 4241 34816 -1 4194560 1 2 3 4 150 60 7 8 20 -5 3 0 987654 1");
	     n++)
		if (proc_stat_parse(text, n, &s) != -EINVAL) {
			printf("# cut at %zu\n", n);
			FAIL("a cut line is refused");
		}
	CHECK_INT(proc_stat_parse("1 (x) S 0 1 1 a", 15, &s), -EINVAL);
}

int main(void)
{
	test_mountinfo();
	test_cgroup();
	test_stat();
	return DONE();
}
