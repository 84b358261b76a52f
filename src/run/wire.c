/* SPDX-License-Identifier: Apache-2.0 */
#include "run/wire.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

int wire_send(int fd, enum wire_type type, size_t step, const struct err *err)
{
	struct wire_msg m = { .type = type, .step = (uint32_t)step };
	ssize_t n;

	if (err)
		m.err = *err;
	do
		n = send(fd, &m, sizeof(m), MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

static int received(ssize_t n, struct wire_msg *ret)
{
	if (n < 0)
		return errno == ECONNRESET ? 0 : -errno;
	if (n == 0)
		return 0;
	if (n != (ssize_t)sizeof(*ret))
		return -EPROTO;
	ret->err.msg[sizeof(ret->err.msg) - 1] = '\0';
	return 1;
}

int wire_recv(int fd, struct wire_msg *ret)
{
	ssize_t n;

	do
		n = recv(fd, ret, sizeof(*ret), 0);
	while (n < 0 && errno == EINTR);
	return received(n, ret);
}

union one_fd {
	struct cmsghdr align;
	char buf[CMSG_SPACE(sizeof(int))];
};

int wire_send_fd(int fd, enum wire_type type, size_t step, int sent)
{
	struct wire_msg m = { .type = type, .step = (uint32_t)step };
	struct iovec iov = { .iov_base = &m, .iov_len = sizeof(m) };
	union one_fd control = { 0 };
	struct msghdr h = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = control.buf,
			    .msg_controllen = sizeof(control.buf) };
	struct cmsghdr *cm = CMSG_FIRSTHDR(&h);
	ssize_t n;

	cm->cmsg_level = SOL_SOCKET;
	cm->cmsg_type = SCM_RIGHTS;
	cm->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cm), &sent, sizeof(int));
	do
		n = sendmsg(fd, &h, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

int wire_recv_fd(int fd, struct wire_msg *ret, int *ret_fd)
{
	struct iovec iov = { .iov_base = ret, .iov_len = sizeof(*ret) };
	union one_fd control;
	struct msghdr h = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = control.buf,
			    .msg_controllen = sizeof(control.buf) };
	struct cmsghdr *cm;
	ssize_t n;

	*ret_fd = -1;
	do
		n = recvmsg(fd, &h, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	cm = n < 0 ? NULL : CMSG_FIRSTHDR(&h);
	if (cm && cm->cmsg_level == SOL_SOCKET && cm->cmsg_type == SCM_RIGHTS &&
	    cm->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(ret_fd, CMSG_DATA(cm), sizeof(int));
	return received(n, ret);
}
