/* SPDX-License-Identifier: Apache-2.0 */
/* What libpidns reads of hostile processes: /proc/PID/status, cgroup paths, names on their way to a
 * terminal, and the JSON of engines. */
#include <pidns.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "pidns/keyscan.h"
#include "proc/nslinks.h"
#include "proc/status.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_status(const char *text, size_t len)
{
	struct proc_status st;

	if (proc_status_parse(text, len, &st) < 0)
		return;
	if (st.pid < 1 || st.ppid < 0 || st.levels < 1 || st.levels > PROC_LEVELS_MAX ||
	    st.state <= ' ' || st.threads < 1 || strlen(st.comm) != st.comm_len)
		__builtin_trap();
}

static void check_escape(const char *text, size_t len)
{
	char out[4096];
	size_t n = pn_escape(out, sizeof(out), text, len);

	for (const char *p = out; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			__builtin_trap();
	if (n < sizeof(out) && strlen(out) != n)
		__builtin_trap();
}

static void check_owner(const char *text, size_t len)
{
	struct pn_owner *o;

	if (pn_owner_parse(text, len, &o) < 0)
		return;
	for (const struct pn_owner *at = o; at; at = at->outer)
		if (!at->id || at->runtime == PN_RT_NONE)
			__builtin_trap();
	pn_owner_free(o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct span all = { text, text + size }, v, item;
	char buf[64];
	uint64_t ino;

	check_status(text, size);
	check_escape(text, size);
	check_owner(text, size);
	(void)proc_nslink_parse(text, size, &ino);
	if (keyscan_member(all, "names", &v))
		while (keyscan_next(&v, &item))
			(void)keyscan_string(item, buf, sizeof(buf));
	(void)keyscan_text(all, "Name", buf, sizeof(buf));
	return 0;
}
