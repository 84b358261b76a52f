/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/mountapi.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sys/syscalls.h"

enum { PARAM_MAX = 256 }; /* of fsconfig(2), key and value each, with the NUL */

/* Each read(2) of a context gives one message, "e tmpfs: Bad value for 'mode'\n";
 * the first error or warning is what went wrong. */
static int kernel_words(int fs, int r, struct err *e, const char *what)
{
	char line[256];

	for (int i = 0; i < 8; i++) {
		ssize_t n = read(fs, line, sizeof(line) - 1);

		if (n <= 2)
			break;
		if (line[0] != 'e' && line[0] != 'w')
			continue;
		n -= line[n - 1] == '\n';
		line[n] = '\0';
		return err_set(e, -r, "%s: %m (%s)", what, line + 2);
	}
	return err_set(e, -r, "%s: %m", what);
}

int mountapi_open(const char *type, struct err *e)
{
	int fs = sys_fsopen(type, FSOPEN_CLOEXEC);

	if (fs == -ENODEV)
		return err_set(e, ENODEV, "the kernel has no file system of type '%s'", type);
	if (fs < 0)
		return err_set(e, -fs, "fsopen %s: %m", type);
	return fs;
}

static int set_words(int fs, int r, struct err *e, const char *key, const char *value)
{
	char what[2 * PARAM_MAX + 16];
	size_t room = sizeof(what) - 1;

	what[0] = '\0';
	(void)strncat(what, "option ", room);
	(void)strncat(what, key, PARAM_MAX);
	if (value) {
		(void)strncat(what, "=", 2);
		(void)strncat(what, value, PARAM_MAX);
	}
	return kernel_words(fs, r, e, what);
}

int mountapi_set(int fs, const char *key, const char *value, struct err *e)
{
	int r;

	if (strlen(key) >= PARAM_MAX || (value && strlen(value) >= PARAM_MAX))
		return err_set(e, E2BIG, "option %.64s: %m", key);
	r = sys_fsconfig(fs, value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, key, value, 0);
	return r < 0 ? set_words(fs, r, e, key, value) : 0;
}

int mountapi_set_option(int fs, const char *option, struct err *e)
{
	const char *eq = strchr(option, '=');
	char key[PARAM_MAX];
	size_t len = eq ? (size_t)(eq - option) : strlen(option);

	if (len == 0 || len >= sizeof(key))
		return err_set(e, EINVAL, "option '%.64s': %m", option);
	memcpy(key, option, len);
	key[len] = '\0';
	return mountapi_set(fs, key, eq ? eq + 1 : NULL, e);
}

int mountapi_mount(int fs, uint64_t attr, struct err *e)
{
	int r = sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0);

	if (r < 0)
		return kernel_words(fs, r, e, "make the file system");
	r = sys_fsmount(fs, FSMOUNT_CLOEXEC, (unsigned int)attr);
	return r < 0 ? kernel_words(fs, r, e, "fsmount") : r;
}

int mountapi_clone(int dirfd, const char *path, bool recursive, bool follow)
{
	unsigned int flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC;

	if (recursive)
		flags |= AT_RECURSIVE;
	if (!follow)
		flags |= AT_SYMLINK_NOFOLLOW;
	if (!*path)
		flags |= AT_EMPTY_PATH;
	return sys_open_tree(dirfd, path, flags);
}

int mountapi_attach(int mount, int target)
{
	return sys_move_mount(mount, "", target, "",
			      MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

int mountapi_attach_at(int mount, int dirfd, const char *name)
{
	return sys_move_mount(mount, "", dirfd, name, MOVE_MOUNT_F_EMPTY_PATH);
}

int mountapi_setattr(int fd, bool recursive, uint64_t set, uint64_t clear, uint64_t propagation)
{
	struct mount_attr attr = { .attr_set = set, .attr_clr = clear, .propagation = propagation };

	return sys_mount_setattr(fd, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &attr);
}
