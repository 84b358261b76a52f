/* SPDX-License-Identifier: Apache-2.0 */
#include "pidns/impl.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "proc/stat.h"
#include "sys/syscalls.h"

unsigned int pidns_lacks;

static const struct {
	int clone;
	unsigned long pidfd_ioctl;
} types[PN_TYPES] = {
	[PN_PID] = { CLONE_NEWPID, PIDFD_GET_PID_NAMESPACE },
	[PN_USER] = { CLONE_NEWUSER, PIDFD_GET_USER_NAMESPACE },
	[PN_MNT] = { CLONE_NEWNS, PIDFD_GET_MNT_NAMESPACE },
	[PN_NET] = { CLONE_NEWNET, PIDFD_GET_NET_NAMESPACE },
	[PN_UTS] = { CLONE_NEWUTS, PIDFD_GET_UTS_NAMESPACE },
	[PN_IPC] = { CLONE_NEWIPC, PIDFD_GET_IPC_NAMESPACE },
	[PN_CGROUP] = { CLONE_NEWCGROUP, PIDFD_GET_CGROUP_NAMESPACE },
	[PN_TIME] = { CLONE_NEWTIME, PIDFD_GET_TIME_NAMESPACE },
};

/* Two multiplications mix what the kernel uses again (ino) with what it does not (start). */
uint64_t nsfd_surrogate(uint64_t dev, uint64_t ino, uint64_t start)
{
	uint64_t h = 14695981039346656037ULL;
	const uint64_t parts[] = { dev, ino, start };

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		h = (h ^ parts[i]) * 0x9e3779b97f4a7c15ULL;
		h ^= h >> 29;
	}
	return h;
}

static uint64_t ino_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 ? st.st_ino : 0;
}

/* A namespace related to nsfd, or -errno; O_CLOEXEC is set by the kernel. */
static int related(int nsfd, unsigned long request)
{
	int fd = ioctl(nsfd, request, 0UL); /* those of pidfds look: EINVAL for anything but 0 */

	return fd < 0 ? -errno : fd;
}

static uint64_t related_ino(int nsfd, unsigned long request)
{
	autoclose int fd = related(nsfd, request);

	return fd >= 0 ? ino_of(fd) : 0;
}

void nsfd_look(int nsfd, enum pn_type t, bool parent, struct nsinfo *ret)
{
	struct stat st;
	uid_t uid;

	*ret = (struct nsinfo){ .owner_uid = -1 };
	if (fstat(nsfd, &st) < 0)
		return;
	ret->type_ino = st.st_ino;
	ret->dev = st.st_dev;
	if (pidns_lacks & PN_FEAT_NS_ID || ioctl(nsfd, NS_GET_ID, &ret->id) < 0)
		ret->id = 0;
	if (parent && (t == PN_PID || t == PN_USER)) /* the others have none */
		ret->parent_ino = related_ino(nsfd, NS_GET_PARENT);
	ret->userns = related_ino(nsfd, NS_GET_USERNS);
	if (t == PN_USER && ioctl(nsfd, NS_GET_OWNER_UID, &uid) == 0)
		ret->owner_uid = uid;
}

void nsfd_info(int nsfd, struct nsinfo *ret)
{
	int t = pn_ns_type(nsfd);

	*ret = (struct nsinfo){ .owner_uid = -1 };
	if (t >= 0)
		nsfd_look(nsfd, (enum pn_type)t, true, ret);
}

int pn_ns_type(int nsfd)
{
	int clone = ioctl(nsfd, NS_GET_NSTYPE);

	if (clone < 0)
		return -errno;
	for (int t = 0; t < PN_TYPES; t++)
		if (types[t].clone == clone)
			return t;
	return -EINVAL;
}

int pn_ns_parent(int nsfd)
{
	return related(nsfd, NS_GET_PARENT);
}

int pn_ns_owner(int nsfd)
{
	return related(nsfd, NS_GET_USERNS);
}

/* `pid` through one of the NS_GET_PID_* ioctls, which take it by value. */
static int translate_by(int nsfd, unsigned long request, pid_t pid)
{
	int r;

	if (pidns_lacks & PN_FEAT_TRANSLATE)
		return -ENOTTY;
	r = ioctl(nsfd, request, (unsigned long)pid);
	return r < 0 ? -errno : r;
}

static uint64_t start_of(int procfd)
{
	struct proc_stat st;
	char buf[2048];
	autoclose int fd = openat(procfd, "stat", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, sizeof(buf));

	return n > 0 && proc_stat_parse(buf, (size_t)n, &st) == 0 ? st.starttime : 0;
}

int pn_ns_init(int nsfd, struct pn_ref *ret)
{
	struct pn_ref ref = { 0 };
	int pid = translate_by(nsfd, NS_GET_PID_FROM_PIDNS, 1);
	int r;

	if (pid < 0)
		return pid == -ENOTTY ? -ENOSYS : pid;
	ref.pid = pid;
	r = pn_open(&ref, NULL, NULL);
	if (r == 0 && translate_by(nsfd, NS_GET_PID_FROM_PIDNS, 1) != pid)
		r = -ESRCH;
	if (r == 0)
		*ret = ref;
	return r;
}

int pn_ns_id(int nsfd, struct pn_nsid *ret)
{
	struct nsinfo info;
	struct pn_ref init = { 0 };

	nsfd_info(nsfd, &info);
	if (info.type_ino == 0)
		return -EINVAL;
	ret->dev = info.dev;
	ret->ino = info.type_ino;
	ret->surrogate = info.id == 0;
	if (ret->surrogate && pn_ns_type(nsfd) == PN_PID)
		(void)pn_ns_init(nsfd, &init);
	ret->id = ret->surrogate ? nsfd_surrogate(info.dev, info.type_ino, init.start) : info.id;
	return 0;
}

int pn_nsfd(int pidfd, int procfd, enum pn_type t)
{
	int fd = -EBADF;

	if (t >= PN_TYPES)
		return -EINVAL;
	if (pidfd >= 0 && pidns_lacks & PN_FEAT_PIDFD_NS)
		fd = -ENOTTY;
	else if (pidfd >= 0)
		fd = related(pidfd, types[t].pidfd_ioctl);
	/* The pidfd's way is closed before 6.11 (ENOTTY) and for zombies (ESRCH). */
	if (fd >= 0 || procfd < 0)
		return fd == -ENOTTY ? -ENOSYS : fd;
	fd = openat(procfd, proc_ns_path[t], O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static bool same_process(int procfd, const struct pn_ref *ref, uint64_t inode, uint64_t *start)
{
	*start = start_of(procfd);
	if (ref->inode && inode && ref->inode != inode)
		return false;
	return !ref->start || *start == ref->start;
}

int pn_open(struct pn_ref *ref, int *ret_pidfd, int *ret_procfd)
{
	autoclose int pidfd = -1, procfd = -1;
	char path[32];
	struct statfs fs;
	uint64_t inode = 0, start;

	if (ref->pid < 1)
		return -ESRCH;
	pidfd = sys_pidfd_open(ref->pid, 0);
	if (pidfd < 0)
		return pidfd == -EINVAL ? -ESRCH : pidfd; /* EINVAL: a thread's number */
	if (fstatfs(pidfd, &fs) == 0 && fs.f_type == 0x50494446 /* PIDFS_MAGIC */)
		inode = ino_of(pidfd);
	(void)snprintf(path, sizeof(path), "/proc/%d", (int)ref->pid);
	procfd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (procfd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	/* The directory was opened after the pidfd. If the process of the pidfd is still there (a
	 * zombie counts) it has had the number all the time, and the directory is its. */
	if (sys_pidfd_send_signal(pidfd, 0) == -ESRCH || !same_process(procfd, ref, inode, &start))
		return -ESRCH;
	ref->inode = inode;
	ref->start = start;
	if (ret_pidfd)
		*ret_pidfd = take_fd(pidfd);
	if (ret_procfd)
		*ret_procfd = take_fd(procfd);
	return 0;
}

/* Does procfs know pidns=, and may this user say it? */
static bool has_pidns_option(int pidns_fd)
{
	autoclose int fs = sys_fsopen("proc", FSOPEN_CLOEXEC);

	return fs >= 0 && sys_fsconfig(fs, FSCONFIG_SET_FD, "pidns", NULL, pidns_fd) >= 0;
}

static unsigned int probe_self_ns(void)
{
	autoclose int ns = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
	autoclose int mnt = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	autoclose int next = -1;
	unsigned int have = 0;
	uint64_t id;

	if (ns >= 0 && ioctl(ns, NS_GET_ID, &id) == 0)
		have |= PN_FEAT_NS_ID;
	if (ns >= 0 && translate_by(ns, NS_GET_PID_IN_PIDNS, getpid()) > 0)
		have |= PN_FEAT_TRANSLATE;
	if (ns >= 0 && has_pidns_option(ns))
		have |= PN_FEAT_PROC_PIDNS;
	/* The kernel has it, but not for everybody: not in a PID namespace of one's own. */
	next = mnt < 0 ? -1 : ioctl(mnt, NS_MNT_GET_NEXT, NULL);
	if (next >= 0 || (mnt >= 0 && errno == ENOENT))
		have |= PN_FEAT_MNTNS_WALK;
	return have;
}

unsigned int pn_features(void)
{
	autoclose int pidfd = sys_pidfd_open(getpid(), 0);
	autoclose int ns = -1;
	unsigned int have = probe_self_ns();
	struct statfs fs;

	if (pidfd < 0)
		return have;
	have |= PN_FEAT_PIDFD;
	if (fstatfs(pidfd, &fs) == 0 && fs.f_type == 0x50494446)
		have |= PN_FEAT_PIDFS;
	ns = related(pidfd, PIDFD_GET_PID_NAMESPACE);
	if (ns >= 0)
		have |= PN_FEAT_PIDFD_NS;
	return have;
}
