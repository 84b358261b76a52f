/* SPDX-License-Identifier: Apache-2.0 */
#include "run/tty.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sys/fdpass.h"

int tty_receive(int sock, struct err *e)
{
	char data[256];
	int fd;
	ssize_t n = fdpass_recv(sock, data, sizeof(data), &fd);

	if (n < 0)
		return err_set(e, (int)-n, "receive the terminal: %m");
	return fd < 0 ? err_set(e, EPROTO, "the container sent no terminal") : fd;
}

void tty_resize(const struct tty *t)
{
	struct winsize size;
	int from[] = { t->in, t->out, STDERR_FILENO };

	for (size_t i = 0; i < ARRAY_LEN(from) && t->master >= 0; i++)
		if (from[i] >= 0 && ioctl(from[i], TIOCGWINSZ, &size) == 0) {
			if (size.ws_row && size.ws_col)
				(void)ioctl(t->master, TIOCSWINSZ, &size);
			return;
		}
}

int tty_begin(struct tty *t, int master, int in, int out, struct err *e)
{
	struct termios raw;

	*t = (struct tty){ .master = master, .in = in, .out = out };
	if (fcntl(master, F_SETFL, O_NONBLOCK) < 0)
		return err_set(e, errno, "terminal: %m");
	tty_resize(t);
	if (!isatty(in) || tcgetattr(in, &t->saved) < 0)
		return 0;
	raw = t->saved;
	cfmakeraw(&raw);
	if (tcsetattr(in, TCSADRAIN, &raw) < 0)
		return err_set(e, errno, "put the terminal into raw mode: %m");
	t->raw = true;
	return 0;
}

void tty_end(struct tty *t)
{
	if (t->raw)
		(void)tcsetattr(t->in >= 0 ? t->in : STDIN_FILENO, TCSADRAIN, &t->saved);
	t->raw = false;
	cleanup_fd(&t->master);
}

void tty_poll(const struct tty *t, struct pollfd p[3])
{
	bool writes = t->to_container.len > 0 || t->eofs > 0;

	p[0] = (struct pollfd){ .fd = t->master };
	p[1] = (struct pollfd){ .fd = -1, .events = POLLIN };
	p[2] = (struct pollfd){ .fd = -1, .events = POLLOUT };
	if (t->to_user.len == 0)
		p[0].events = POLLIN;
	if (writes)
		p[0].events |= POLLOUT;
	if (p[0].events == 0) /* else its hang-up would wake us without end */
		p[0].fd = -1;
	if (t->master >= 0 && t->in >= 0 && !writes)
		p[1].fd = t->in;
	if (t->to_user.len > 0)
		p[2].fd = t->out;
}

/* Reads into an empty buffer. False: end of file. */
static bool fill(struct tty_buffer *b, int fd)
{
	ssize_t n = read(fd, b->data, sizeof(b->data));

	b->start = 0;
	b->len = n > 0 ? (size_t)n : 0;
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

/* False: nobody will ever read it. */
static bool flush(struct tty_buffer *b, int fd)
{
	ssize_t n = write(fd, b->data + b->start, b->len);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	b->start += (size_t)n;
	b->len -= (size_t)n;
	return true;
}

/* What a person types to end the input, so that programs reading the terminal
 * see it end too. In the middle of a line the first one only ends the line. */
static void type_eof(struct tty *t)
{
	struct termios tio;
	char c = 4;

	if (tcgetattr(t->master, &tio) == 0)
		c = (char)tio.c_cc[VEOF];
	if (write(t->master, &c, 1) == 1 || errno != EAGAIN)
		t->eofs--;
}

static void relay_in(struct tty *t)
{
	if (!fill(&t->to_container, t->in)) {
		t->in = -1;
		t->eofs = t->line_begun ? 2 : 1;
	} else if (t->to_container.len > 0) {
		t->line_begun = t->to_container.data[t->to_container.len - 1] != '\n';
	}
}

void tty_relay(struct tty *t, const struct pollfd p[3])
{
	if (p[2].revents && t->to_user.len > 0 && !flush(&t->to_user, t->out)) {
		t->to_user.len = 0;
		t->out = -1;
	}
	if (p[0].revents & POLLOUT && t->to_container.len > 0) {
		if (!flush(&t->to_container, t->master))
			t->to_container.len = 0;
	} else if (p[0].revents & POLLOUT && t->eofs > 0) {
		type_eof(t);
	}
	if (p[0].revents & (POLLIN | POLLHUP | POLLERR) && t->to_user.len == 0) {
		/* EIO: no process has the other end open any more. */
		if (!fill(&t->to_user, t->master)) {
			cleanup_fd(&t->master);
			t->to_container.len = 0;
			t->eofs = 0;
		}
		if (t->out < 0) /* nobody looks, but the writer must not block */
			t->to_user.len = 0;
	}
	if (p[1].revents && t->in >= 0 && t->to_container.len == 0 && t->eofs == 0)
		relay_in(t);
}

void tty_drain(struct tty *t)
{
	while (t->out >= 0) {
		struct pollfd p[3];

		t->in = t->raw ? t->in : -1;
		t->to_container.len = 0;
		t->eofs = 0;
		tty_poll(t, p);
		p[1].fd = -1;
		/* Wait for our reader, but not for more from the container. */
		if (poll(p, 3, t->to_user.len > 0 ? -1 : 0) <= 0 && t->to_user.len == 0)
			return;
		if (t->master < 0 && t->to_user.len == 0)
			return;
		tty_relay(t, p);
	}
}
