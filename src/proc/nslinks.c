/* SPDX-License-Identifier: Apache-2.0 */
#include "proc/nslinks.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"

const char *const proc_ns_name[PROC_NS_COUNT] = { "pid", "user", "mnt",    "net",
						  "uts", "ipc",  "cgroup", "time" };
const char *const proc_ns_path[PROC_NS_COUNT] = { "ns/pid", "ns/user", "ns/mnt",    "ns/net",
						  "ns/uts", "ns/ipc",  "ns/cgroup", "ns/time" };

int proc_nslink_parse(const char *text, size_t len, uint64_t *ret_ino)
{
	const char *colon = memchr(text, ':', len);
	size_t n = colon ? (size_t)(colon - text) : 0;

	if (!colon || len < n + 4 || colon[1] != '[' || text[len - 1] != ']' ||
	    num_u64(colon + 2, len - n - 3, ret_ino) < 0)
		return -EINVAL;
	for (int t = 0; t < PROC_NS_COUNT; t++)
		if (strlen(proc_ns_name[t]) == n && memcmp(text, proc_ns_name[t], n) == 0)
			return t;
	return -EINVAL;
}

int proc_nslink_at(int dirfd, const char *path, enum proc_ns type, uint64_t *ret_ino)
{
	char buf[64];
	ssize_t n = readlinkat(dirfd, path, buf, sizeof(buf));
	uint64_t ino;

	if (n < 0)
		return -errno;
	if ((size_t)n == sizeof(buf) || proc_nslink_parse(buf, (size_t)n, &ino) != (int)type)
		return -EINVAL;
	*ret_ino = ino;
	return 0;
}
