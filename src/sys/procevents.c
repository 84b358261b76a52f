/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/procevents.h"

#include <errno.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"

enum { MESSAGE_MAX = 8192, DRAIN_MAX = 4096 };

int procevents_open(void)
{
	/* Header, message, and the operation as its data. */
	const uint32_t op = PROC_CN_MCAST_LISTEN;
	char msg[NLMSG_SPACE(sizeof(struct cn_msg) + sizeof(op))]
		__attribute__((aligned(NLMSG_ALIGNTO))) = { 0 };
	const struct nlmsghdr head = {
		.nlmsg_len = NLMSG_LENGTH(sizeof(struct cn_msg) + sizeof(op)),
		.nlmsg_type = NLMSG_DONE,
	};
	const struct cn_msg cn = { .id = { CN_IDX_PROC, CN_VAL_PROC }, .len = sizeof(op) };
	struct sockaddr_nl to = { .nl_family = AF_NETLINK };
	struct sockaddr_nl own = { .nl_family = AF_NETLINK, .nl_groups = CN_IDX_PROC };
	autoclose int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
				  NETLINK_CONNECTOR);

	memcpy(msg, &head, sizeof(head));
	memcpy(msg + NLMSG_HDRLEN, &cn, sizeof(cn));
	memcpy(msg + NLMSG_HDRLEN + sizeof(cn), &op, sizeof(op));
	if (fd < 0 || bind(fd, (struct sockaddr *)&own, sizeof(own)) < 0 ||
	    sendto(fd, msg, head.nlmsg_len, 0, (struct sockaddr *)&to, sizeof(to)) < 0)
		return -errno;
	return take_fd(fd);
}

/* One message of the connector; `len` bytes are there. */
static bool matters(const char *data, size_t len)
{
	struct cn_msg cn;
	struct proc_event ev;

	if (len < sizeof(cn))
		return false;
	memcpy(&cn, data, sizeof(cn));
	if (cn.id.idx != CN_IDX_PROC || cn.id.val != CN_VAL_PROC)
		return false;
	memset(&ev, 0, sizeof(ev));
	len -= sizeof(cn);
	memcpy(&ev, data + sizeof(cn), len < sizeof(ev) ? len : sizeof(ev));
	if ((unsigned int)ev.what == PROC_EVENT_FORK)
		return ev.event_data.fork.child_pid == ev.event_data.fork.child_tgid;
	if ((unsigned int)ev.what == PROC_EVENT_EXIT)
		return ev.event_data.exit.process_pid == ev.event_data.exit.process_tgid;
	return (unsigned int)ev.what == PROC_EVENT_EXEC;
}

int procevents_drain(int fd)
{
	char buf[MESSAGE_MAX] __attribute__((aligned(NLMSG_ALIGNTO)));
	bool any = false;

	for (int n = 0; n < DRAIN_MAX; n++) {
		struct sockaddr_nl from = { 0 };
		socklen_t size = sizeof(from);
		ssize_t got = recvfrom(fd, buf, sizeof(buf), 0, (struct sockaddr *)&from, &size);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno == ENOBUFS) {
			any = true;
			continue;
		}
		if (got < 0)
			return errno == EAGAIN ? any : -errno;
		/* Anybody may send to our address: only the kernel's count. */
		if (from.nl_pid != 0)
			continue;
		for (size_t at = 0; at + NLMSG_HDRLEN <= (size_t)got;) {
			struct nlmsghdr h;

			memcpy(&h, buf + at, sizeof(h));
			if (h.nlmsg_len < NLMSG_HDRLEN || h.nlmsg_len > (size_t)got - at)
				break;
			any |= matters(buf + at + NLMSG_HDRLEN, h.nlmsg_len - NLMSG_HDRLEN);
			at += NLMSG_ALIGN(h.nlmsg_len);
		}
	}
	return any;
}
