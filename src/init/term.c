/* SPDX-License-Identifier: Apache-2.0 */
#include "init/term.h"

#include "init/kern.h"

static int open_terminal(const struct init_term *t)
{
	return t->on_stdin ? 0 : (int)kern_open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
}

/* It may have become 0, if that was closed. */
static void close_terminal(const struct init_term *t, int fd)
{
	if (fd >= 0 && !t->on_stdin)
		kern_close(fd);
}

/* In a new PID namespace the group of who started us shows as 0, and so does the shell's
 * that has the terminal while we run in the background. A read tells them apart, one that
 * asks for nothing: it fails in the background, TTIN being blocked. It must not wait for
 * another reader, so it needs an open file of its own, and /proc. */
static bool is_in_background(void)
{
	char nothing;
	int fd = (int)kern_open("/proc/self/fd/0", O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	long r;

	if (fd < 0)
		return false;
	r = kern_read(fd, &nothing, 0);
	kern_close(fd);
	return r == -EIO;
}

void init_term_look(struct init_term *ret)
{
	int fd, foreground;

	*ret = (struct init_term){ .pgrp = kern_getpgrp() };
	ret->on_stdin = kern_tcgetpgrp(0, &foreground) == 0;
	ret->is_there = ret->on_stdin;
	/* One that we could not take back at the end is left alone. */
	if (!ret->on_stdin && ret->pgrp > 0) {
		fd = open_terminal(ret);
		ret->is_there = fd >= 0 && kern_tcgetpgrp(fd, &foreground) == 0;
		close_terminal(ret, fd);
	}
	ret->is_ours = ret->is_there && foreground == ret->pgrp &&
		       !(foreground == 0 && is_in_background());
}

long init_term_give(const struct init_term *t, int pgrp)
{
	int fd = open_terminal(t);
	long r = fd < 0 ? fd : kern_tcsetpgrp(fd, pgrp);

	close_terminal(t, fd);
	return r;
}

bool init_term_has(const struct init_term *t, int pgrp)
{
	int fd = open_terminal(t), foreground;
	bool has = fd >= 0 && kern_tcgetpgrp(fd, &foreground) == 0 && foreground == pgrp;

	close_terminal(t, fd);
	return has;
}

/* A shell does that itself. A script does not, and its next command would find itself
 * in the background. */
void init_term_take_back(const struct init_term *t, int pgrp)
{
	if (t->is_there && t->pgrp > 0 && init_term_has(t, pgrp))
		init_term_give(t, t->pgrp);
}
