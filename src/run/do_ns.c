/* SPDX-License-Identifier: Apache-2.0 */
/* Namespace steps: opening and joining existing ones, and what makes new ones usable. */
#include <fcntl.h>
#include <linux/keyctl.h>
#include <linux/nsfs.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "run/ctx.h"
#include "run/later.h"
#include "sys/syscalls.h"

static int open_ns(enum oci_ns ns, const char *path, struct err *e)
{
	const struct oci_ns_info *info = &oci_ns_info[ns];
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	int type;

	if (fd < 0)
		return err_set(e, errno, "/linux/namespaces: open the %s namespace %s: %m",
			       info->name, path);
	type = ioctl(fd, NS_GET_NSTYPE);
	if (type < 0)
		return err_set(e, EINVAL, "/linux/namespaces: %s is not a namespace", path);
	if ((uint64_t)type != info->clone_flag)
		return err_set(e, EINVAL, "/linux/namespaces: %s is not a %s namespace", path,
			       info->name);
	return take_fd(fd);
}

/* A user namespace that is our own already cannot be joined (EINVAL) and need not be. */
static bool is_own(enum oci_ns ns, int fd)
{
	char own[64];
	struct stat a, b;

	(void)snprintf(own, sizeof(own), "/proc/self/ns/%s", oci_ns_info[ns].proc_name);
	return stat(own, &a) == 0 && fstat(fd, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

int do_namespaces(struct ctx *c, const struct step *s, struct err *e)
{
	(void)s;
	if (c->join_pidfd >= 0)
		return 0;
	for (int i = 0; i < OCI_NS_COUNT; i++) {
		const struct oci_namespace *ns = &c->spec->linux_.ns[i];

		if (!ns->present || !ns->path)
			continue;
		c->ns_fd[i] = open_ns((enum oci_ns)i, ns->path, e);
		if (c->ns_fd[i] < 0)
			return c->ns_fd[i];
		if (i == OCI_NS_USER && is_own(OCI_NS_USER, c->ns_fd[i]))
			cleanup_fd(&c->ns_fd[i]);
	}
	return 0;
}

int do_join_ns(struct ctx *c, const struct step *s, struct err *e)
{
	const struct oci_ns_info *info = &oci_ns_info[s->join.ns];
	int fd = c->join_pidfd >= 0 ? c->join_pidfd : c->ns_fd[s->join.ns];

	if (setns(fd, (int)info->clone_flag) < 0)
		return err_set(e, errno, "setns: %m");
	return 0;
}

int do_unshare_cgroup(struct ctx *c, const struct step *s, struct err *e)
{
	(void)c, (void)s;
	if (unshare(CLONE_NEWCGROUP) < 0)
		return err_set(e, errno, "unshare: %m");
	return 0;
}

int do_session(struct ctx *c, const struct step *s, struct err *e)
{
	(void)c, (void)s;
	if (setsid() < 0)
		return err_set(e, errno, "setsid: %m");
	return 0;
}

int do_keyring(struct ctx *c, const struct step *s, struct err *e)
{
	char name[256];
	long r;

	(void)snprintf(name, sizeof(name), "_ses.%s", s->str.text);
	r = sys_keyctl(KEYCTL_JOIN_SESSION_KEYRING, (unsigned long)(uintptr_t)name, 0, 0, 0);
	if (r == -ENOSYS || r == -EPERM ||
	    r == -EOPNOTSUPP) /* no keyrings in this kernel, or filtered by an outer container */
		return 0;
	if (r == -EDQUOT) {
		c->warn(c, "no session keyring of its own: the quota of keys is used up");
		return 0;
	}
	if (r < 0)
		return err_set(e, (int)-r, "join the session keyring %s: %m", name);
	return 0;
}

int do_loopback(struct ctx *c, const struct step *s, struct err *e)
{
	autolater int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr = { .ifr_name = "lo" };

	(void)c, (void)s;
	if (fd < 0) /* a kernel without IPv4: any family will do */
		fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_set(e, errno, "socket: %m");
	/* lo has no other flags to keep in a namespace that is this new. */
	ifr.ifr_flags = IFF_UP | IFF_LOOPBACK | IFF_RUNNING;
	if (ioctl(fd, SIOCSIFFLAGS, &ifr) < 0)
		return err_set(e, errno, "set lo up: %m");
	return 0;
}

int do_hostname(struct ctx *c, const struct step *s, struct err *e)
{
	(void)c;
	if (sethostname(s->str.text, strlen(s->str.text)) < 0)
		return err_set(e, errno, "sethostname: %m");
	return 0;
}

int do_domainname(struct ctx *c, const struct step *s, struct err *e)
{
	(void)c;
	if (setdomainname(s->str.text, strlen(s->str.text)) < 0)
		return err_set(e, errno, "setdomainname: %m");
	return 0;
}
