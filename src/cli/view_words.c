/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/names.h"
#include "cli/views.h"

enum { FEW_CAPS = 3, ALL_TEXT_MAX = 16 << 10 };

/* What Docker, Podman and containerd give: the fourteen. */
static const uint64_t default_caps = 0xa80425fb;

const char *view_ns_text(struct arena *a, const struct pn_ns *ns)
{
	const char *type = pn_type_name(ns->type);

	if (ns->ino && !(ns->flags & PN_NS_F_INFERRED))
		return arena_printf(a, "%s:[%" PRIu64 "]", type, ns->ino);
	if (ns->init && ns->type == PN_PID)
		return arena_printf(a, "%s:[~@%d]", type, (int)ns->init->pid);
	return arena_printf(a, "%s:[~?]", type);
}

static const char *cap_list(struct arena *a, uint64_t caps, const char *between)
{
	const char *s = "";

	for (int i = 0; i < 64; i++) {
		const char *name = cap_name(i);
		char *low;

		if (!(caps >> i & 1))
			continue;
		low = name ? arena_strdup(a, name + 4) : arena_printf(a, "%d", i);
		for (char *p = low; *p; p++)
			*p = (char)tolower((unsigned char)*p);
		s = arena_printf(a, "%s%s%s", s, *s ? between : "", low);
	}
	return s;
}

const char *view_caps_text(struct arena *a, uint64_t caps)
{
	/* CAP_AUDIT_READ is the last one of the kernels before 5.8. */
	const uint64_t most = (1ULL << 38) - 1;
	int n = __builtin_popcountll(caps);
	uint64_t more = caps & ~default_caps, less = default_caps & ~caps;

	if (!caps)
		return "-";
	if ((caps & most) == most)
		return "all";
	if (caps == default_caps)
		return "default";
	if (!less && __builtin_popcountll(more) <= FEW_CAPS)
		return arena_printf(a, "default+%s", cap_list(a, more, "+"));
	return n <= FEW_CAPS ? cap_list(a, caps, ",") : arena_printf(a, "%d caps", n);
}

const char *view_pids_text(struct arena *a, const struct pn_proc *p, const char *between)
{
	const char *s = arena_printf(a, "%d", (int)p->nspid[0]);

	for (uint32_t i = 1; i <= p->level; i++)
		s = arena_printf(a, "%s%s%d", s, between, (int)p->nspid[i]);
	return s;
}

const char *view_state_text(const struct pn_proc *p)
{
	static const struct {
		char state;
		const char *text;
	} words[] = {
		{ 'R', "runs" },
		{ 'S', "sleeps" },
		{ 'D', "waits for the kernel, and cannot be interrupted" },
		{ 'T', "stopped by a signal" },
		{ 't', "stopped by a tracer" },
		{ 'I', "idle kernel thread" },
		{ 'P', "parked" },
		{ 'X', "dead" },
		{ 'x', "dead" },
	};

	if (p->flags & PN_P_FALSE_ZOMBIE)
		return "its first thread has ended, others run on";
	if (p->state == 'Z')
		return "zombie";
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (words[i].state == p->state)
			return words[i].text;
	return "in a state that we do not know";
}

const char *view_seccomp_text(const struct pn_proc *p)
{
	return p->seccomp == 0   ? "off"
	       : p->seccomp == 1 ? "strict"
	       : p->seccomp == 2 ? "filter"
				 : NULL;
}

const char *view_command_text(struct arena *a, const struct pn_proc *p)
{
	char small[256], *buf;
	size_t n = pn_cmdline_text(p, small, sizeof(small));

	if (n < sizeof(small))
		return arena_strndup(a, small, n);
	if (n > ALL_TEXT_MAX)
		n = ALL_TEXT_MAX;
	buf = arena_alloc(a, n + 1);
	(void)pn_cmdline_text(p, buf, n + 1);
	return buf;
}

const char *view_reap_text(struct arena *a, const struct pn_ns *ns)
{
	char buf[512];

	(void)pn_reap_text(ns, buf, sizeof(buf));
	return arena_strdup(a, buf);
}

const char *view_age_text(struct arena *a, uint64_t s)
{
	if (s < 60)
		return arena_printf(a, "%" PRIu64 " s", s);
	if (s < 3600)
		return arena_printf(a, "%" PRIu64 " min", s / 60);
	if (s < 86400)
		return arena_printf(a, "%" PRIu64 " h %" PRIu64 " min", s / 3600, s % 3600 / 60);
	return arena_printf(a, "%" PRIu64 " d %" PRIu64 " h", s / 86400, s % 86400 / 3600);
}

bool view_age(const struct view *v, const struct pn_proc *p, uint64_t *ret_s)
{
	long hz = sysconf(_SC_CLK_TCK);
	uint64_t now = v->info->taken_ns / 1000000000, start;

	if (!p->start || !v->info->taken_ns || hz <= 0)
		return false;
	start = p->start / (uint64_t)hz;
	*ret_s = now > start ? now - start : 0;
	return true;
}
