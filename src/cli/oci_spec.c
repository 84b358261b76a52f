/* SPDX-License-Identifier: Apache-2.0 */
/* spec: the customary example bundle. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "cli/oci.h"

struct args {
	const char *bundle;
	bool rootless;
};

static const struct opt opts[] = {
	{ OPT_STR, 'b', "bundle", "DIR", "where to write it (default: the current directory)",
	  offsetof(struct args, bundle), OPT_DIR },
	{ OPT_FLAG, 0, "rootless", NULL, "for a user who is not root",
	  offsetof(struct args, rootless) },
	{ 0 },
};

/* Without a cgroup namespace a cgroup2 file system shows the host's whole tree;
 * on v1 the mounts are made of the container's own part. As in runc. */
static bool is_cgroup2(void)
{
	struct statfs st;

	return statfs("/sys/fs/cgroup", &st) == 0 && st.f_type == CGROUP2_SUPER_MAGIC;
}

static int run(struct cmd_call *call, struct err *e)
{
	const struct args *a = call->args;
	const char *dir = a->bundle ? a->bundle : ".";
	autoclose int at = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC), fd = -1;
	struct oci_spec spec;
	size_t len;
	char *text;
	int r;

	if (at < 0)
		return err_set(e, errno, "open %s: %m", dir);
	oci_spec_example(a->rootless, geteuid(), getegid(), call->arena, &spec);
	spec.linux_.ns[OCI_NS_CGROUP].present = is_cgroup2();
	oci_spec_write(&spec, call->arena, &text, &len);
	fd = openat(at, "config.json", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0 && errno == EEXIST)
		return err_set(e, EEXIST, "File config.json exists. Remove it first");
	r = fd < 0 ? -errno : io_write_all(fd, text, len);
	return r < 0 ? err_set(e, -r, "write config.json: %m") : 0;
}

const struct cmd oci_cmd_spec = {
	.name = "spec",
	.operands = "",
	.summary = "write an example config.json",
	.opts = opts,
	.args_size = sizeof(struct args),
	.run = run,
};
