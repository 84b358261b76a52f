/* SPDX-License-Identifier: Apache-2.0 */
#include "run/wire.h"

#include <errno.h>
#include <sys/socket.h>

#include "sys/fdpass.h"

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

/* n: the bytes, or -errno. */
static int received(ssize_t n, struct wire_msg *ret)
{
	if (n < 0)
		return n == -ECONNRESET ? 0 : (int)n;
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
	return received(n < 0 ? -errno : n, ret);
}

int wire_send_fd(int fd, enum wire_type type, size_t step, int sent)
{
	struct wire_msg m = { .type = type, .step = (uint32_t)step };
	ssize_t n = fdpass_send(fd, &m, sizeof(m), sent);

	return n < 0 ? (int)n : 0;
}

int wire_recv_fd(int fd, struct wire_msg *ret, int *ret_fd)
{
	return received(fdpass_recv(fd, ret, sizeof(*ret), ret_fd), ret);
}
