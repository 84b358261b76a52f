/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/unixdiag.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/cleanup.h"

enum { TCP_LISTEN_STATE = 10, BUFFER = 32768 };

struct socks {
	struct unix_socket *items;
	size_t count, cap;
	struct arena *arena;
};

static int take(struct socks *s, struct nlmsghdr *h)
{
	struct unix_diag_msg *m = NLMSG_DATA(h);
	struct rtattr *at;
	const struct unix_diag_vfs *vfs = NULL;
	const char *name = NULL;
	size_t name_len = 0;
	int left;

	if (h->nlmsg_len < NLMSG_LENGTH(sizeof(*m)))
		return -EPROTO;
	left = (int)(h->nlmsg_len - NLMSG_LENGTH(sizeof(*m)));
	for (at = (struct rtattr *)(m + 1); RTA_OK(at, left); at = RTA_NEXT(at, left)) {
		if (at->rta_type == UNIX_DIAG_VFS && RTA_PAYLOAD(at) >= sizeof(*vfs)) {
			vfs = RTA_DATA(at);
		} else if (at->rta_type == UNIX_DIAG_NAME) {
			name = RTA_DATA(at);
			name_len = RTA_PAYLOAD(at);
		}
	}
	/* Abstract names begin with a NUL, and are of no file system. */
	if (!vfs || !name || name_len == 0 || !*name)
		return 0;
	if (s->count == UNIXDIAG_MAX)
		return -E2BIG;
	struct unix_socket *u = arena_push(s->arena, &s->items, &s->count, &s->cap, sizeof(*u));

	/* The kernel's own dev_t: 12 bits and 20. */
	u->major = vfs->udiag_vfs_dev >> 20;
	u->minor = vfs->udiag_vfs_dev & 0xfffff;
	u->file = vfs->udiag_vfs_ino;
	u->socket = m->udiag_ino;
	u->listens = m->udiag_state == TCP_LISTEN_STATE;
	u->path = arena_strndup(s->arena, name, strnlen(name, name_len));
	return 0;
}

static int ask(int fd)
{
	struct {
		struct nlmsghdr h;
		struct unix_diag_req q;
	} m;
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

	memset(&m, 0, sizeof(m));
	m.h.nlmsg_len = sizeof(m);
	m.h.nlmsg_type = SOCK_DIAG_BY_FAMILY;
	m.h.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	m.q.sdiag_family = AF_UNIX;
	m.q.udiag_states = ~0U;
	m.q.udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_VFS;
	if (sendto(fd, &m, sizeof(m), 0, (const struct sockaddr *)&kernel, sizeof(kernel)) < 0)
		return -errno;
	return 0;
}

int unixdiag_read(struct arena *a, struct unix_socket **ret, size_t *ret_count)
{
	autoclose int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	const struct timeval timeout = { .tv_sec = 2 };
	static _Alignas(struct nlmsghdr) char buf[BUFFER];
	struct socks s = { .arena = a };
	int r = fd < 0 ? -errno : ask(fd);

	if (r < 0)
		return r;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	for (;;) {
		ssize_t n = recv(fd, buf, sizeof(buf), 0);
		struct nlmsghdr *h = (struct nlmsghdr *)buf;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EPROTO;
		for (; NLMSG_OK(h, n); h = NLMSG_NEXT(h, n)) {
			if (h->nlmsg_type == NLMSG_DONE) {
				*ret = s.items;
				*ret_count = s.count;
				return 0;
			}
			if (h->nlmsg_type == NLMSG_ERROR) {
				const struct nlmsgerr *bad = NLMSG_DATA(h);

				return bad->error < 0 ? bad->error : -EPROTO;
			}
			r = take(&s, h);
			if (r < 0)
				return r;
		}
	}
}
