/* SPDX-License-Identifier: Apache-2.0 */
/* The parser of /proc/PID/mountinfo. */
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "proc/mountinfo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autoarena struct arena a = { 0 };
	struct proc_mount *m;
	size_t n;

	if (proc_mountinfo_parse((const char *)data, size, &a, &m, &n) < 0)
		return 0;
	for (size_t i = 0; i < n; i++) {
		/* Each text is there and ends; no number is negative. */
		size_t len = strlen(m[i].root) + strlen(m[i].mount_point) + strlen(m[i].options) +
			     strlen(m[i].fs) + strlen(m[i].source) + strlen(m[i].super_options);

		if (len > size || m[i].id < 0 || m[i].parent < 0 || m[i].shared < 0 ||
		    m[i].master < 0)
			__builtin_trap();
		(void)proc_mount_has_option(m[i].super_options, "name=systemd");
	}
	return 0;
}
