/* SPDX-License-Identifier: Apache-2.0 */
#include "pidns/impl.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/num.h"

enum { FDS_MAX = 1 << 20 };

int pins_add(struct pn_snap *s, struct row *r, enum pn_type t, uint64_t ino, struct pn_pin pin)
{
	struct hold *h;

	if (s->nhold >= HOLDS_MAX)
		return 0;
	h = pool_alloc(&s->pool, sizeof(*h));
	if (!h)
		return -ENOMEM;
	pin.pid = r ? r->pub.pid : 0;
	*h = (struct hold){ .type = t, .ino = ino, .pin = pin, .by = r, .next = s->holds };
	s->holds = h;
	s->nhold++;
	return 0;
}

/* The n-th blank-separated field of a line (from 0). */
static const char *field(const char *at, const char *end, int n, size_t *ret_len)
{
	const char *stop;

	for (; n > 0 && at; n--) {
		at = memchr(at, ' ', (size_t)(end - at));
		at = at ? at + 1 : NULL;
	}
	if (!at)
		return NULL;
	stop = memchr(at, ' ', (size_t)(end - at));
	*ret_len = (size_t)((stop ? stop : end) - at);
	return at;
}

/* \040 and the like are undone in place. */
static size_t unescape(char *s, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (s[i] == '\\' && len - i > 3 && s[i + 1] >= '0' && s[i + 1] <= '3') {
			s[n++] = (char)((s[i + 1] - '0') << 6 | ((s[i + 2] - '0') & 7) << 3 |
					((s[i + 3] - '0') & 7));
			i += 3;
		} else {
			s[n++] = s[i];
		}
	}
	return n;
}

/* "36 35 0:4 pid:[4026532179] /run/x rw - nsfs nsfs rw" */
static int mount_line(struct pn_snap *s, struct row *r, uint64_t mntns, const char *at,
		      const char *end)
{
	static const char fs[] = " - nsfs ";
	size_t len, path_len;
	const char *root, *path;
	uint64_t ino;
	char *copy;
	int t;

	if (!memmem(at, (size_t)(end - at), fs, sizeof(fs) - 1))
		return 0;
	root = field(at, end, 3, &len);
	path = field(at, end, 4, &path_len);
	t = root && path ? proc_nslink_parse(root, len, &ino) : -EINVAL;
	if (t < 0)
		return 0;
	copy = pool_strndup(&s->pool, path, path_len);
	if (!copy)
		return -ENOMEM;
	copy[unescape(copy, path_len)] = '\0';
	return pins_add(
		s, r, (enum pn_type)t, ino,
		(struct pn_pin){ .how = PN_HOLD_MOUNT, .fd = -1, .path = copy, .mntns = mntns });
}

int pins_mounts(struct pn_snap *s, struct row *r, int dirfd)
{
	uint64_t mnt = r->pub.ns_ino[PN_MNT];
	const char *at, *end;
	ssize_t n;

	if (r->pub.state == 'Z' || r->pub.flags & PN_P_KTHREAD)
		return 0;
	if (mnt == 0 && proc_nslink_at(dirfd, "ns/mnt", PROC_NS_MNT, &mnt) < 0) {
		r->pub.denied |= PN_F_MOUNTS;
		return 0;
	}
	r->pub.ns_ino[PN_MNT] = mnt;
	switch (set_add(&s->mntns, mnt)) {
	case 0: return 0;
	case 1: break;
	default: return -ENOMEM;
	}
	n = snap_read_all(s, dirfd, "mountinfo");
	at = s->scratch;
	for (end = at + (n > 0 ? n : 0); at < end;) {
		const char *nl = memchr(at, '\n', (size_t)(end - at));
		int e = mount_line(s, r, mnt, at, nl ? nl : end);

		if (e < 0)
			return e;
		at = nl ? nl + 1 : end;
	}
	return 0;
}

static int fd_link(struct pn_snap *s, struct row *r, int dirfd, const char *name)
{
	char buf[64];
	ssize_t n = readlinkat(dirfd, name, buf, sizeof(buf));
	uint64_t ino;
	int t, fd;

	if (n <= 0 || n == sizeof(buf) || num_int(name, &fd) < 0)
		return 0;
	t = proc_nslink_parse(buf, (size_t)n, &ino);
	if (t < 0)
		return 0;
	return pins_add(s, r, (enum pn_type)t, ino, (struct pn_pin){ .how = PN_HOLD_FD, .fd = fd });
}

int pins_fds(struct pn_snap *s, struct row *r, int dirfd)
{
	int fd = openat(dirfd, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autodir DIR *dir = NULL;
	const struct dirent *d;
	int seen = 0;

	if (fd < 0) {
		if (errno == EACCES || errno == EPERM)
			r->pub.denied |= PN_F_FDS;
		return 0;
	}
	dir = fdopendir(fd);
	if (!dir) {
		(void)close(fd);
		return -ENOMEM;
	}
	while (seen++ < FDS_MAX && (d = readdir(dir)))
		if (d->d_name[0] != '.' && fd_link(s, r, fd, d->d_name) < 0)
			return -ENOMEM;
	r->pub.fields |= PN_F_FDS;
	return 0;
}
