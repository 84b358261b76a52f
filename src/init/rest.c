/* SPDX-License-Identifier: Apache-2.0 */
#include "init/rest.h"

#include "init/kern.h"
#include "init/text.h"

enum { CHILDREN_SIZE = 1024 };

/* Whom kill(-1) would reach from a process that is no PID 1 is the whole machine. The
 * list of our own children is in /proc; none of them can vanish while we read, for only
 * we reap them. */
static long signal_children(int self, int signo)
{
	struct init_text path;
	char buf[CHILDREN_SIZE];
	long n, result = -ESRCH;
	int fd, pid = 0;

	init_text_start(&path);
	init_text_str(&path, "/proc/self/task/");
	init_text_num(&path, self);
	init_text_str(&path, "/children");
	fd = (int)kern_open(path.buf, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fd;
	while ((n = kern_read(fd, buf, sizeof(buf))) > 0)
		for (long i = 0; i < n; i++) {
			if (buf[i] >= '0' && buf[i] <= '9' && pid < INT32_MAX / 10) {
				pid = pid * 10 + (buf[i] - '0');
				continue;
			}
			if (pid > 1)
				result = kern_kill(pid, signo);
			pid = 0;
		}
	kern_close(fd);
	return result;
}

long init_rest_signal(int self, int signo)
{
	return self == 1 ? kern_kill(-1, signo) : signal_children(self, signo);
}
