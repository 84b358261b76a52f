/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/lsm.h"

#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sys/syscalls.h"

enum {
	LSM_VALUE_MAX = 4096, /* the kernel takes a page at most */
	FILESYSTEMS_MAX = 8192,
};

/* "self" is a link of procfs's own, so links are followed, but not out of it. */
static int open_in_proc(int proc_fd, const char *path, uint64_t flags)
{
	autoclose int fd = sys_openat2(proc_fd, path, flags | O_CLOEXEC | O_NOCTTY, 0,
				       RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS);
	struct statfs fs;

	if (fd < 0)
		return fd;
	if (fstatfs(fd, &fs) < 0)
		return -errno;
	if (fs.f_type != PROC_SUPER_MAGIC)
		return -EXDEV;
	return take_fd(fd);
}

int lsm_apparmor_enabled(int proc_fd)
{
	autoclose int fd = open_in_proc(proc_fd, "self/attr/apparmor/current", O_RDONLY);
	char buf[256];

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	/* The directory is there as soon as AppArmor is compiled in; it answers only if active. */
	return read(fd, buf, sizeof(buf)) >= 0;
}

int lsm_selinux_enabled(int proc_fd)
{
	autoclose int fd = open_in_proc(proc_fd, "filesystems", O_RDONLY);
	char buf[FILESYSTEMS_MAX];
	size_t len = 0;
	ssize_t n;

	if (fd < 0)
		return fd;
	while ((n = read(fd, buf + len, sizeof(buf) - 1 - len)) > 0)
		len += (size_t)n;
	if (n < 0)
		return -errno;
	buf[len] = '\0';
	return strstr(buf, "\tselinuxfs\n") != NULL;
}

/* One write(2): the kernel takes a value only whole. */
static int write_attr(int proc_fd, const char *path, const char *value, struct err *e)
{
	autoclose int fd = open_in_proc(proc_fd, path, O_WRONLY);
	size_t len = strlen(value);
	ssize_t n;

	if (fd < 0)
		return err_set(e, -fd, "open `/proc/%s`: %m", path);
	n = write(fd, value, len);
	if (n != (ssize_t)len)
		return err_set(e, n < 0 ? errno : EIO, "write `/proc/%s`: %m", path);
	return 0;
}

int lsm_apparmor_on_exec(int proc_fd, const char *profile, struct err *e)
{
	char value[LSM_VALUE_MAX];
	int n = snprintf(value, sizeof(value), "exec %s", profile), r;

	if (n < 0 || (size_t)n >= sizeof(value))
		return err_set(e, ENAMETOOLONG, "apparmor profile: %m");
	r = lsm_apparmor_enabled(proc_fd);
	if (r == 0) {
		r = err_set(
			e, EOPNOTSUPP,
			"apparmor profile \"%s\": config provided but apparmor not supported (`/proc/self/attr/apparmor/exec`)",
			profile);
		err_hint(e, "this kernel runs without AppArmor; leave process.apparmorProfile out");
		return r;
	}
	r = write_attr(proc_fd, "self/attr/apparmor/exec", value, e);
	if (r == -ENOENT) {
		err_hint(e, "the profile \"%s\" has to be loaded first (apparmor_parser)", profile);
		return err_wrap(e, r, "apparmor profile \"%s\"", profile);
	}
	return r < 0 ? err_wrap(e, r, "apparmor failed to apply profile \"%s\"", profile) : 0;
}

int lsm_selinux_on_exec(int proc_fd, const char *label, struct err *e)
{
	int r;

	if (strlen(label) >= LSM_VALUE_MAX)
		return err_set(e, ENAMETOOLONG, "selinux label: %m");
	r = lsm_selinux_enabled(proc_fd);
	if (r == 0) {
		r = err_set(
			e, EOPNOTSUPP,
			"selinux label is specified in config, but selinux is disabled or not supported (`/proc/self/attr/exec`)");
		err_hint(e, "this kernel runs without SELinux; leave process.selinuxLabel out");
		return r;
	}
	r = write_attr(proc_fd, "self/attr/exec", label, e);
	return r < 0 ? err_wrap(e, r, "selinux label \"%s\"", label) : 0;
}
