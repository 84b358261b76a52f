/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/mount.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "conf/mountopt.h"
#include "test.h"

enum { MAX = 16 };

static int parse(const char *list, char sep, struct arena *a, struct mount_opts *ret, struct err *e)
{
	const char *items[MAX];
	struct oci_strings s = { .items = items };
	char separators[] = { sep, '\0' };

	for (char *p = arena_strdup(a, list); p;)
		items[s.count++] = strsep(&p, separators);
	return mount_opts_parse(&s, a, ret, e);
}

static const char *joined(const struct oci_strings *s, struct arena *a)
{
	const char *all = "";

	for (size_t i = 0; i < s->count; i++)
		all = arena_printf(a, "%s%s%s", all, i ? " " : "", s->items[i]);
	return all;
}

#define A(x)  MOUNT_ATTR_##x
#define ATIME MOUNT_ATTR__ATIME

static const struct {
	const char *options;
	uint64_t set, clr, rec_set, rec_clr;
	const char *sb;
} attrs[] = {
	{ "", 0, 0, 0, 0, "" },
	{ "defaults", 0, 0, 0, 0, "" },
	{ "ro", A(RDONLY), 0, 0, 0, "ro" },
	{ "rw", 0, A(RDONLY), 0, 0, "rw" },
	{ "ro,rw", 0, A(RDONLY), 0, 0, "rw" },
	{ "rw,ro", A(RDONLY), 0, 0, 0, "ro" },
	{ "ro,ro", A(RDONLY), 0, 0, 0, "ro" },
	{ "nosuid,nodev,noexec", A(NOSUID) | A(NODEV) | A(NOEXEC), 0, 0, 0, "" },
	{ "nosuid,suid", 0, A(NOSUID), 0, 0, "" },
	{ "dev,nodev", A(NODEV), 0, 0, 0, "" },
	{ "exec", 0, A(NOEXEC), 0, 0, "" },
	{ "nosymfollow", A(NOSYMFOLLOW), 0, 0, 0, "" },
	{ "nosymfollow,symfollow", 0, A(NOSYMFOLLOW), 0, 0, "" },
	{ "nodiratime", A(NODIRATIME), 0, 0, 0, "" },
	{ "diratime", 0, A(NODIRATIME), 0, 0, "" },
	{ "noatime", A(NOATIME), ATIME, 0, 0, "" },
	{ "strictatime", A(STRICTATIME), ATIME, 0, 0, "" },
	{ "relatime", 0, ATIME, 0, 0, "" },
	{ "noatime,strictatime", A(STRICTATIME), ATIME, 0, 0, "" },
	{ "strictatime,noatime", A(NOATIME), ATIME, 0, 0, "" },
	{ "noatime,relatime", 0, ATIME, 0, 0, "" },
	{ "noatime,atime", 0, ATIME, 0, 0, "" },
	{ "strictatime,atime", A(STRICTATIME), ATIME, 0, 0, "" },
	{ "strictatime,nostrictatime", 0, ATIME, 0, 0, "" },
	{ "noatime,norelatime", A(NOATIME), ATIME, 0, 0, "" },
	{ "norelatime", 0, 0, 0, 0, "" },
	{ "noatime,nodiratime", A(NOATIME) | A(NODIRATIME), ATIME, 0, 0, "" },
	{ "rro", 0, 0, A(RDONLY), 0, "" },
	{ "rro,rrw", 0, 0, 0, A(RDONLY), "" },
	{ "ro,rro", A(RDONLY), 0, A(RDONLY), 0, "ro" },
	{ "rnosuid,rnodev,rnoexec", 0, 0, A(NOSUID) | A(NODEV) | A(NOEXEC), 0, "" },
	{ "rsuid,rdev,rexec", 0, 0, 0, A(NOSUID) | A(NODEV) | A(NOEXEC), "" },
	{ "rnoatime", 0, 0, A(NOATIME), ATIME, "" },
	{ "rstrictatime", 0, 0, A(STRICTATIME), ATIME, "" },
	{ "rrelatime", 0, 0, 0, ATIME, "" },
	{ "rnoatime,ratime", 0, 0, 0, ATIME, "" },
	{ "rnostrictatime", 0, 0, 0, ATIME, "" },
	{ "rnorelatime", 0, 0, 0, 0, "" },
	{ "rnodiratime,rnosymfollow", 0, 0, A(NODIRATIME) | A(NOSYMFOLLOW), 0, "" },
	{ "rdiratime,rsymfollow", 0, 0, 0, A(NODIRATIME) | A(NOSYMFOLLOW), "" },
	{ "sync", 0, 0, 0, 0, "sync" },
	{ "sync,async", 0, 0, 0, 0, "async" },
	{ "sync,dirsync,lazytime,mand", 0, 0, 0, 0, "sync dirsync lazytime mand" },
	{ "lazytime,nolazytime,mand,nomand", 0, 0, 0, 0, "nolazytime nomand" },
	{ "silent,loud,iversion,noiversion", 0, 0, 0, 0, "" },
	{ "rsync,rdirsync,rmand", 0, 0, 0, 0, "sync dirsync mand" },
	{ "rasync,rnomand", 0, 0, 0, 0, "async nomand" },
};

static void test_attrs(void)
{
	for (size_t i = 0; i < ARRAY_LEN(attrs); i++) {
		autoarena struct arena a = { 0 };
		struct mount_opts o;
		struct err e = { 0 };

		CASE(attrs[i].options);
		CHECK_INT(parse(attrs[i].options, ',', &a, &o, &e), 0);
		CHECK_INT(o.attr_set, attrs[i].set);
		CHECK_INT(o.attr_clr, attrs[i].clr);
		CHECK_INT(o.rec_attr_set, attrs[i].rec_set);
		CHECK_INT(o.rec_attr_clr, attrs[i].rec_clr);
		CHECK_STR(joined(&o.sb_flags, &a), attrs[i].sb);
		CHECK_INT(o.data.count, 0);
	}
}

static void test_flags(void)
{
	autoarena struct arena a = { 0 };
	struct mount_opts o;
	struct err e = { 0 };

	CASE("flags");
	CHECK_INT(parse("bind,remount,tmpcopyup,idmap", ',', &a, &o, &e), 0);
	CHECK(o.bind && !o.bind_rec && o.remount && o.tmpcopyup && o.idmap && !o.idmap_rec);
	CHECK_INT(parse("rbind,ridmap,src-nofollow,dest-nofollow,copy-symlink", ',', &a, &o, &e),
		  0);
	CHECK(o.bind && o.bind_rec && o.idmap && o.idmap_rec && !o.remount && !o.tmpcopyup);
	CHECK(o.src_nofollow && o.dest_nofollow && o.copy_symlink);
	CHECK_INT(parse("rbind,bind", ',', &a, &o, &e), 0);
	CHECK(o.bind_rec);
	CHECK_INT(parse("ridmap,idmap", ',', &a, &o, &e), 0);
	CHECK(o.idmap && !o.idmap_rec);
	CASE("propagation");
	CHECK_INT(parse("rslave", ',', &a, &o, &e), 0);
	CHECK(o.propagation == MS_SLAVE && o.propagation_rec);
	CHECK_INT(parse("rslave,private", ',', &a, &o, &e), 0);
	CHECK(o.propagation == MS_PRIVATE && !o.propagation_rec);
	CHECK_INT(parse("shared", ',', &a, &o, &e), 0);
	CHECK(o.propagation == MS_SHARED && !o.propagation_rec);
	CHECK_INT(parse("runbindable", ',', &a, &o, &e), 0);
	CHECK(o.propagation == MS_UNBINDABLE && o.propagation_rec);
	CASE("refused");
	CHECK_INT(parse("rbind,idmap=uids=0-1-2", ',', &a, &o, &e), -EOPNOTSUPP);
	CHECK_STR(e.msg, "mount option \"idmap=uids=0-1-2\": not supported yet");
}

static void test_data(void)
{
	static const struct {
		const char *options, *want; /* ';' apart; data joined by blanks */
	} rows[] = {
		{ "mode=755;size=65536k", "mode=755 size=65536k" },
		{ "mode=755,size=1k", "mode=755 size=1k" },
		{ "newinstance;gid=5", "newinstance gid=5" },
		{ "RO;Nosuid", "RO Nosuid" },
		{ ",,;,a,;", "a" },
		{ "lowerdir=/a\\,b:/c,upperdir=/u", "lowerdir=/a\\,b:/c upperdir=/u" },
		{ "context=\"system_u:object_r:c_t:s0:c1,c2\"",
		  "context=system_u:object_r:c_t:s0:c1,c2" },
		{ "mode=1,context=\"a,b\",size=2", "mode=1 context=a,b size=2" },
		{ "x=\"", "x=\"" },
		{ "x=\"a,b", "x=\"a,b" },
		{ "a\\", "a\\" },
		{ "=", "=" },
		{ "x=\"\"", "x=" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		autoarena struct arena a = { 0 };
		struct mount_opts o;
		struct err e = { 0 };

		CASE(rows[i].options);
		CHECK_INT(parse(rows[i].options, ';', &a, &o, &e), 0);
		CHECK_STR(joined(&o.data, &a), rows[i].want);
		CHECK_INT(o.attr_set | o.attr_clr | o.sb_flags.count, 0);
	}
}

/* The options that the specification says runtimes MUST and SHOULD have. */
static const char *const specified[] = {
	"async",       "atime",       "bind",           "defaults",      "dev",
	"diratime",    "dirsync",     "exec",           "iversion",      "lazytime",
	"loud",        "noatime",     "nodev",          "nodiratime",    "noexec",
	"noiversion",  "nolazytime",  "norelatime",     "nostrictatime", "nosuid",
	"private",     "ratime",      "rbind",          "rdev",          "rdiratime",
	"relatime",    "remount",     "rexec",          "rnoatime",      "rnodiratime",
	"rnoexec",     "rnorelatime", "rnostrictatime", "rnosuid",       "rnosymfollow",
	"ro",          "rprivate",    "rrelatime",      "rro",           "rrw",
	"rshared",     "rslave",      "rstrictatime",   "rsuid",         "rsymfollow",
	"runbindable", "rw",          "shared",         "silent",        "slave",
	"strictatime", "suid",        "sync",           "unbindable",    "nosymfollow",
	"symfollow",   "idmap",       "ridmap",         "mand",          "nomand",
	"tmpcopyup",   "rnodev",
};

static void test_names(void)
{
	autoarena struct arena a = { 0 };
	const char *const *names = mount_opts_names(&a);
	size_t n = 0;

	CASE("names");
	for (; names[n]; n++)
		CHECK(n == 0 || strcmp(names[n - 1], names[n]) < 0);
	for (size_t i = 0; i < ARRAY_LEN(specified); i++) {
		size_t k = 0;

		while (names[k] && strcmp(names[k], specified[i]) != 0)
			k++;
		CASE(specified[i]);
		CHECK(names[k] != NULL);
	}
	CASE("each name is known to the parser");
	for (size_t i = 0; i < n; i++) {
		struct mount_opts o;
		struct err e = { 0 };

		CHECK(parse(names[i], ',', &a, &o, &e) == 0 && o.data.count == 0);
	}
}

int main(void)
{
	test_attrs();
	test_flags();
	test_data();
	test_names();
	return DONE();
}
