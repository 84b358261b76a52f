/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Which containers does a cgroup path name? Pure: text in, struct out. */

#include <pidns.h>

enum { CGPATH_OWNERS_MAX = 16, CGPATH_ID_MAX = 256 };

struct cgpath_part {
	const char *at; /* into the path; not NUL-terminated */
	size_t len;
};

struct cgpath_owner {
	enum pn_runtime runtime;
	bool monitor;
	bool unescape; /* the id is written as systemd escapes unit names (\x2d) */
	struct cgpath_part id, pod, ns;
};

struct cgpath {
	size_t count; /* outermost first */
	struct cgpath_owner owner[CGPATH_OWNERS_MAX];
	struct cgpath_part unit; /* the innermost .service or .scope */
	uid_t uid;               /* of user-UID.slice, else 0 */
};

void cgpath_parse(const char *path, size_t len, struct cgpath *ret);

/* The line of a /proc/PID/cgroup text whose path names most; v2 and systemd's before others. The
 * path, or NULL if there is no line. */
const char *cgpath_choose(const char *text, size_t len, size_t *ret_len, struct cgpath *ret);
