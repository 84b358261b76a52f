/* SPDX-License-Identifier: Apache-2.0 */
#include "pidns/impl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

static int open_process(int proc_fd, pid_t pid)
{
	char name[16];
	int fd;

	(void)snprintf(name, sizeof(name), "%d", (int)pid);
	fd = openat(proc_fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? errno == ENOENT ? -ESRCH : -errno : fd;
}

/* An open descriptor of the namespace keeps its inode from being used anew. A link of a
 * recorded scene leads nowhere: there the text is all there is. */
struct ns_key {
	uint64_t dev, ino;
	int fd;
};

static void drop_key(struct ns_key *k)
{
	cleanup_fd(&k->fd);
}

static bool read_key(int dirfd, int t, struct ns_key *ret)
{
	struct stat st;

	ret->fd = openat(dirfd, proc_ns_path[t], O_RDONLY | O_CLOEXEC);
	if (ret->fd >= 0 && fstat(ret->fd, &st) == 0) {
		ret->dev = st.st_dev;
		ret->ino = st.st_ino;
		return true;
	}
	return proc_nslink_at(dirfd, proc_ns_path[t], (enum proc_ns)t, &ret->ino) == 0;
}

int pn_compare(const char *proc, pid_t a, pid_t b, enum pn_same ret[PN_TYPES])
{
	autoclose int proc_fd = open(proc ? proc : "/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	autoclose int x = -1, y = -1;

	if (proc_fd < 0)
		return -errno;
	x = open_process(proc_fd, a);
	y = open_process(proc_fd, b);
	if (x < 0 || y < 0)
		return x < 0 ? x : y;
	for (int t = 0; t < PN_TYPES; t++) {
		__attribute__((cleanup(drop_key))) struct ns_key k = { .fd = -1 };
		__attribute__((cleanup(drop_key))) struct ns_key l = { .fd = -1 };

		ret[t] = PN_CANNOT_TELL;
		if (a == b)
			ret[t] = PN_SAME;
		else if (read_key(x, t, &k) && read_key(y, t, &l))
			ret[t] = k.ino == l.ino && k.dev == l.dev ? PN_SAME : PN_DIFFERENT;
	}
	return 0;
}
