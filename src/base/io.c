/* SPDX-License-Identifier: Apache-2.0 */
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"

/* procfs and sysfs, whose files have no size, show what is this short in one piece: it is
 * well below a page, the smallest buffer of a seq_file. */
enum { ONE_PIECE = 2048 };

int io_read_fd(int fd, size_t max, struct arena *a, char **ret, size_t *ret_len)
{
	size_t cap = 16384, len = 0, size = 0;
	char *buf;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (S_ISREG(st.st_mode) && st.st_size > 0)
		size = (size_t)st.st_size;
	if (size > 0)
		cap = (size_t)st.st_size >= max ? max + 2 : (size_t)st.st_size + 2;
	buf = arena_alloc(a, cap);
	for (;;) {
		ssize_t n;

		if (len + 1 >= cap) {
			char *bigger = arena_alloc(a, cap * 2);

			memcpy(bigger, buf, len);
			buf = bigger;
			cap *= 2;
		}
		n = read(fd, buf + len, cap - len - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
		if (len > max)
			return -EFBIG;
		/* Less than there was room for, and all that stat(2) spoke of: the end. */
		if (len == size && len + 1 < cap)
			break;
		if (S_ISREG(st.st_mode) && size == 0 && len <= ONE_PIECE && len + 1 < cap)
			break;
	}
	buf[len] = '\0';
	*ret = buf;
	*ret_len = len;
	return 0;
}

int io_read_at(int dirfd, const char *path, size_t max, struct arena *a, char **ret,
	       size_t *ret_len)
{
	autoclose int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return -errno;
	return io_read_fd(fd, max, a, ret, ret_len);
}

ssize_t io_read_small(int dirfd, const char *path, char *buf, size_t size)
{
	autoclose int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	size_t len = 0;

	if (fd < 0)
		return -errno;
	while (len < size) {
		ssize_t n = read(fd, buf + len, size - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0) {
			buf[len] = '\0';
			return (ssize_t)len;
		}
		len += (size_t)n;
		if (len <= ONE_PIECE && len < size) {
			buf[len] = '\0';
			return (ssize_t)len;
		}
	}
	return -EFBIG;
}

int io_write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int io_write_at(int dirfd, const char *path, const char *text, size_t len)
{
	autoclose int fd = openat(dirfd, path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t n;

	if (fd < 0)
		return -errno;
	do
		n = write(fd, text, len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

int io_replace_at(int dirfd, const char *path, const void *data, size_t len, mode_t mode)
{
	struct timespec now;
	char tmp[PATH_MAX];
	int n;
	autoclose int fd = -1;
	int r;

	/* The clock makes a name of our own without a system call; O_EXCL makes sure. */
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	n = snprintf(tmp, sizeof(tmp), "%s.%lld%09ld.tmp", path, (long long)now.tv_sec,
		     now.tv_nsec);
	if (n < 0 || (size_t)n >= sizeof(tmp))
		return -ENAMETOOLONG;
	fd = openat(dirfd, tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0)
		return -errno;
	r = io_write_all(fd, data, len);
	if (r == 0 && renameat(dirfd, tmp, dirfd, path) < 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(dirfd, tmp, 0);
	return r;
}
