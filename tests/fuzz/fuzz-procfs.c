/* SPDX-License-Identifier: Apache-2.0 */
/* The parsers of /proc/PID/cgroup and /proc/PID/stat. */
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "proc/cgroup.h"
#include "proc/stat.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autoarena struct arena a = { 0 };
	struct proc_cgroup *c;
	struct proc_stat s;
	size_t n;

	if (proc_cgroup_parse((const char *)data, size, &a, &c, &n) == 0) {
		for (size_t i = 0; i < n; i++)
			if (c[i].path[0] != '/' || c[i].hierarchy < 0 ||
			    strlen(c[i].controllers) > size)
				__builtin_trap();
		(void)proc_cgroup_path(c, n, "cpu");
		(void)proc_cgroup_path(c, n, "");
	}
	if (proc_stat_parse((const char *)data, size, &s) == 0 &&
	    (s.pid < 1 || strlen(s.comm) >= sizeof(s.comm)))
		__builtin_trap();
	return 0;
}
