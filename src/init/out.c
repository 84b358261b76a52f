/* SPDX-License-Identifier: Apache-2.0 */
#include "init/out.h"

#include "init/kern.h"

/* A terminal has no call that writes without sleeping; only an open file of its own
 * can be non-blocking without the payload's becoming so. Needs /proc; without it
 * poll(2) alone has to do. */
static int reopen_terminal(int fd)
{
	struct init_text path;
	long r;

	if (!kern_is_terminal(fd))
		return 0;
	init_text_start(&path);
	init_text_str(&path, "/proc/self/fd/");
	init_text_num(&path, fd);
	r = kern_open(path.buf, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return r > 0 ? (int)r : 0;
}

long init_out_open(struct init_out *out, int fd)
{
	long type = kern_type_of(fd);

	*out = (struct init_out){ .fd = -1 };
	if (type < 0)
		return type;
	out->fd = fd;
	out->kind = type == KERN_FIFO     ? INIT_OUT_PIPE
		    : type == KERN_SOCKET ? INIT_OUT_SOCKET
					  : INIT_OUT_FILE;
	out->fresh = type == KERN_CHARDEV ? reopen_terminal(fd) : 0;
	return 0;
}

void init_out_settle(struct init_out *out)
{
	if (out->fresh) {
		kern_dup_over(out->fresh, out->fd);
		kern_close(out->fresh);
		out->fresh = 0;
	}
}

/* poll first: a pipe without a reader says POLLERR, and spares us the SIGPIPE. What
 * remains for pipes is the moment between the two calls; the kernel's NOWAIT ends that
 * where it is there. A line is shorter than PIPE_BUF, so a pipe takes it whole. */
static long write_line(const struct init_out *out, const struct init_text *t)
{
	long ready, r = -EOPNOTSUPP;

	if (out->kind == INIT_OUT_SOCKET)
		return kern_send_nowait(out->fd, t->buf, t->len);
	ready = kern_poll_out(out->fd);
	if (ready < 0)
		return ready;
	if (ready & (POLLERR | POLLHUP | POLLNVAL))
		return -EPIPE;
	if (!(ready & POLLOUT))
		return -EAGAIN;
	if (out->kind == INIT_OUT_PIPE)
		r = kern_write_nowait(out->fd, t->buf, t->len);
	if (r == -EOPNOTSUPP || r == -EINVAL || r == -ENOSYS)
		r = kern_write(out->fd, t->buf, t->len);
	return r;
}

void init_out_line(struct init_out *out, const struct init_text *t)
{
	if (out->fd < 0)
		return;
	if (write_line(out, t) == (long)t->len)
		out->lost = 0;
	else if (out->lost < UINT32_MAX)
		out->lost++;
}
