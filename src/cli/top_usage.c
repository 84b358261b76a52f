/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/top.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/num.h"
#include "proc/stat.h"

enum { STAT_MAX = 1024, MEMINFO_MAX = 8192 };

static const struct top_usage *find(const struct tick *t, const struct top_usage *u, pid_t pid)
{
	size_t low = 0, high = t ? pn_count(t->view.snap) : 0;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (u[mid].pid < pid)
			low = mid + 1;
		else
			high = mid;
	}
	return t && low < pn_count(t->view.snap) && u[low].pid == pid ? &u[low] : NULL;
}

struct top_usage *top_usage_read(struct tick *now, const struct tick *before,
				 const struct top_usage *usage_before)
{
	size_t n = pn_count(now->view.snap);
	struct top_usage *all = arena_alloc(&now->arena, (n + 1) * sizeof(*all));
	autoclose int proc = open(pn_info(now->view.snap)->proc, O_PATH | O_DIRECTORY | O_CLOEXEC);
	long hz = sysconf(_SC_CLK_TCK);
	double seconds = before ? (double)(now->mono_ms - before->mono_ms) / 1000 : 0;

	for (size_t i = 0; i < n; i++) {
		const struct pn_proc *p = pn_at(now->view.snap, i);
		const struct top_usage *old = find(before, usage_before, p->pid);
		char path[32], text[STAT_MAX];
		struct proc_stat st;
		ssize_t len;

		all[i].pid = p->pid;
		(void)snprintf(path, sizeof(path), "%d/stat", p->pid);
		len = proc < 0 ? -1 : io_read_small(proc, path, text, sizeof(text));
		/* Only if it is still the process of the row. */
		if (len < 0 || proc_stat_parse(text, (size_t)len, &st) < 0 ||
		    (p->start && st.starttime != p->start))
			continue;
		all[i].start = st.starttime;
		all[i].ticks = st.utime + st.stime;
		if (old && old->start == st.starttime && all[i].ticks >= old->ticks &&
		    seconds > 0 && hz > 0)
			all[i].cpu = (double)(all[i].ticks - old->ticks) * 100 /
				     ((double)hz * seconds);
	}
	return all;
}

static uint64_t meminfo(const char *text, const char *name)
{
	const char *s = strstr(text, name);
	uint64_t v = 0;

	if (!s)
		return 0;
	s += strlen(name);
	s += strspn(s, " ");
	return num_u64(s, strspn(s, "0123456789"), &v) == 0 ? v : 0;
}

void top_machine_read(struct top_machine *ret)
{
	char text[MEMINFO_MAX];
	struct sysinfo si = { 0 };
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	*ret = (struct top_machine){ .cpus = cpus > 0 ? (size_t)cpus : 1 };
	(void)getloadavg(ret->load, 3);
	if (sysinfo(&si) == 0)
		ret->uptime_s = (uint64_t)si.uptime;
	if (io_read_small(AT_FDCWD, "/proc/meminfo", text, sizeof(text)) > 0) {
		uint64_t available = meminfo(text, "MemAvailable:");

		ret->memory_kib = meminfo(text, "MemTotal:");
		if (available <= ret->memory_kib)
			ret->memory_used_kib = ret->memory_kib - available;
	}
}
