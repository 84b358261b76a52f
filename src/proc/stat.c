/* SPDX-License-Identifier: Apache-2.0 */
#include "proc/stat.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/num.h"

enum { FIELD_PPID = 4, FIELD_RSS = 24 };

/* Fields 4 .. 24 are decimal numbers. A value keeps its 64 bits, whatever its sign. */
static int numbers(const char *at, const char *end, int64_t v[static FIELD_RSS + 1])
{
	for (int i = FIELD_PPID; i <= FIELD_RSS; i++) {
		const char *stop;
		uint64_t u;

		if (at >= end || *at++ != ' ')
			return -EINVAL;
		stop = memchr(at, ' ', (size_t)(end - at));
		if (!stop)
			stop = end;
		if (num_i64(at, (size_t)(stop - at), &v[i]) < 0) {
			if (num_u64(at, (size_t)(stop - at), &u) < 0)
				return -EINVAL;
			v[i] = (int64_t)u;
		}
		at = stop;
	}
	return 0;
}

static int to_pid(int64_t v, pid_t *ret)
{
	if (v < -1 || v > INT_MAX)
		return -EINVAL;
	*ret = (pid_t)v;
	return 0;
}

int proc_stat_parse(const char *text, size_t len, struct proc_stat *ret)
{
	struct proc_stat s = { 0 };
	const char *end = text + len, *open, *close;
	int64_t v[FIELD_RSS + 1] = { 0 }, pid;
	size_t n;

	if (len > 0 && end[-1] == '\n')
		end--;
	open = len > 0 ? memchr(text, '(', (size_t)(end - text)) : NULL;
	close = open ? memrchr(open, ')', (size_t)(end - open)) : NULL;
	if (!close || open == text || open[-1] != ' ' || end - close < 3 || close[1] != ' ')
		return -EINVAL;
	if (num_i64(text, (size_t)(open - 1 - text), &pid) < 0 || pid < 1 || pid > INT_MAX)
		return -EINVAL;
	n = (size_t)(close - open - 1);
	if (n >= sizeof(s.comm))
		return -EINVAL;
	memcpy(s.comm, open + 1, n);
	s.state = close[2];
	if (numbers(close + 3, end, v) < 0)
		return -EINVAL;
	s.pid = (pid_t)pid;
	if (to_pid(v[4], &s.ppid) < 0 || to_pid(v[5], &s.pgrp) < 0 || to_pid(v[6], &s.session) < 0)
		return -EINVAL;
	s.tty_nr = v[7];
	s.tpgid = v[8];
	s.flags = (uint64_t)v[9];
	s.cminflt = (uint64_t)v[11];
	s.cmajflt = (uint64_t)v[13];
	s.utime = (uint64_t)v[14];
	s.stime = (uint64_t)v[15];
	s.priority = v[18];
	s.nice = v[19];
	s.num_threads = v[20];
	s.starttime = (uint64_t)v[22];
	s.vsize = (uint64_t)v[23];
	s.rss = v[24];
	*ret = s;
	return 0;
}
