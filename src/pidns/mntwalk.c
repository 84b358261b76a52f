/* SPDX-License-Identifier: Apache-2.0 */
/* Mount namespaces that no process is in (kept by a mount or a descriptor), and the namespaces that
 * mounts in them keep. Nothing in /proc leads there: the kernel hands them out one by one
 * (NS_MNT_GET_NEXT, 6.12), to who has CAP_SYS_ADMIN over all. */
#include "pidns/impl.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sys/syscalls.h"

#ifndef NSFS_MAGIC
#define NSFS_MAGIC 0x6e736673
#endif

enum { NAMESPACES_MAX = 1 << 16, IDS = 512, MOUNTS_MAX = 1 << 18 };

_Static_assert(offsetof(struct uapi_statmount, str) == 512, "as in the kernel");

struct mnt_info {
	uint32_t size, mounts;
	uint64_t id;
};

/* One mount: is it one of nsfs, and of what? 0 or -ENOMEM. */
static int look_at(struct pn_snap *s, uint64_t mntns, uint64_t ino, uint64_t id)
{
	struct uapi_mnt_id_req req = { .size = sizeof(req), .mnt_id = id, .mnt_ns_id = mntns };
	union {
		struct uapi_statmount st;
		char room[512 + 2 * 4096];
	} buf;
	const char *root, *path;
	uint64_t pinned;
	char *copy;
	int t;

	req.param = UAPI_SB_BASIC;
	if (sys_statmount(&req, &buf.st, sizeof(buf)) < 0 || buf.st.sb_magic != NSFS_MAGIC)
		return 0;
	req.param = UAPI_SB_BASIC | UAPI_MNT_ROOT | UAPI_MNT_POINT;
	if (sys_statmount(&req, &buf.st, sizeof(buf)) < 0 || !(buf.st.mask & UAPI_MNT_POINT) ||
	    !(buf.st.mask & UAPI_MNT_ROOT))
		return 0;
	root = buf.st.str + buf.st.mnt_root;
	path = buf.st.str + buf.st.mnt_point;
	t = proc_nslink_parse(root, strlen(root), &pinned);
	if (t < 0)
		return 0;
	copy = pool_strndup(&s->pool, path, strlen(path));
	return copy ? pins_add(s, NULL, (enum pn_type)t, pinned,
			       (struct pn_pin){
				       .how = PN_HOLD_MOUNT, .fd = -1, .path = copy, .mntns = ino })
		    : -ENOMEM;
}

static int look_into(struct pn_snap *s, uint64_t mntns, uint64_t ino)
{
	struct uapi_mnt_id_req req = { .size = sizeof(req),
				       .mnt_id = UAPI_LSMT_ROOT,
				       .mnt_ns_id = mntns };
	uint64_t ids[IDS];
	ssize_t n;

	for (size_t seen = 0; seen < MOUNTS_MAX && (n = sys_listmount(&req, ids, IDS)) > 0;) {
		for (ssize_t i = 0; i < n; i++)
			if (look_at(s, mntns, ino, ids[i]) < 0)
				return -ENOMEM;
		seen += (size_t)n;
		req.param = ids[n - 1];
	}
	return 0;
}

/* From our own in one direction to the end. */
static int walk(struct pn_snap *s, int from, unsigned long next)
{
	autoclose int fd = fcntl(from, F_DUPFD_CLOEXEC, 3);
	struct mnt_info info = { .size = sizeof(info) };
	struct stat st;

	for (int n = 0; fd >= 0 && n < NAMESPACES_MAX; n++) {
		int other = ioctl(fd, next, &info), e = 0;

		cleanup_fd(&fd);
		fd = other;
		if (fd < 0 || fstat(fd, &st) < 0)
			return 0;
		switch (set_add(&s->mntns, st.st_ino)) {
		case 0: break; /* a process is in it, and its mounts were read there */
		case 1: e = look_into(s, info.id, st.st_ino); break;
		default: return -ENOMEM;
		}
		if (e < 0)
			return e;
	}
	return 0;
}

int pins_walk(struct pn_snap *s)
{
	autoclose int own = -1;
	int e;

	if (!s->live || pidns_lacks & PN_FEAT_MNTNS_WALK)
		return 0;
	own = openat(s->proc_fd, "self/ns/mnt", O_RDONLY | O_CLOEXEC);
	if (own < 0)
		return 0;
	e = walk(s, own, NS_MNT_GET_NEXT);
	return e < 0 ? e : walk(s, own, NS_MNT_GET_PREV);
}
