/* SPDX-License-Identifier: Apache-2.0 */
#include "proc/status.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

/* Numbers are read in place here instead of through base/num: there are thirty in each text,
 * and this is the inner loop of a snapshot of ten thousand processes. */

struct line {
	const char *at, *end;
};

static bool number(struct line *l, uint64_t max, uint64_t *ret)
{
	const char *s = l->at;
	uint64_t v = 0;

	while (s < l->end && (*s == '\t' || *s == ' '))
		s++;
	if (s == l->end || *s < '0' || *s > '9')
		return false;
	for (; s < l->end && *s >= '0' && *s <= '9'; s++) {
		uint64_t d = (uint64_t)(*s - '0');

		if (v > (max - d) / 10)
			return false;
		v = v * 10 + d;
	}
	l->at = s;
	*ret = v;
	return true;
}

static bool number32(struct line *l, uint32_t *ret)
{
	uint64_t v;

	if (!number(l, UINT32_MAX, &v))
		return false;
	*ret = (uint32_t)v;
	return true;
}

static bool pid_number(struct line *l, pid_t *ret)
{
	uint64_t v;

	if (!number(l, INT_MAX, &v))
		return false;
	*ret = (pid_t)v;
	return true;
}

static bool small(struct line *l, int8_t *ret)
{
	uint64_t v;

	if (!number(l, INT8_MAX, &v))
		return false;
	*ret = (int8_t)v;
	return true;
}

static bool hex(struct line *l, uint64_t *ret)
{
	const char *s = l->at;
	uint64_t v = 0;
	int digits = 0;

	while (s < l->end && (*s == '\t' || *s == ' '))
		s++;
	for (; s < l->end; s++, digits++) {
		unsigned int c = (unsigned char)*s;
		unsigned int d = c - '0' < 10 ? c - '0' : (c | 32) - 'a' + 10;

		if (d > 15 || (c - '0' > 9 && (c | 32) < 'a') || digits == 16)
			break;
		v = v << 4 | d;
	}
	if (digits == 0 || s != l->end)
		return false;
	*ret = v;
	return true;
}

static bool four(struct line *l, uint32_t v[static 4])
{
	return number32(l, &v[0]) && number32(l, &v[1]) && number32(l, &v[2]) && number32(l, &v[3]);
}

static bool levels(struct line *l, struct proc_status *st)
{
	st->levels = 0;
	for (;;) {
		while (l->at < l->end && (*l->at == '\t' || *l->at == ' '))
			l->at++;
		if (l->at == l->end)
			return st->levels > 0;
		if (st->levels == PROC_LEVELS_MAX || !pid_number(l, &st->nspid[st->levels]))
			return false;
		st->levels++;
	}
}

/* The kernel escapes line feeds and backslashes in it, and nothing else. */
static bool name(struct line *l, struct proc_status *st)
{
	size_t n = 0;

	if (l->at < l->end && *l->at == '\t')
		l->at++;
	for (const char *s = l->at; s < l->end; s++) {
		char c = *s;

		if (c == '\0')
			return false;
		if (c == '\\' && s + 1 < l->end && (s[1] == 'n' || s[1] == '\\'))
			c = *++s == 'n' ? '\n' : '\\';
		if (n < sizeof(st->comm) - 1)
			st->comm[n++] = c;
	}
	st->comm[n] = '\0';
	st->comm_len = n;
	return true;
}

static bool state(struct line *l, struct proc_status *st)
{
	while (l->at < l->end && (*l->at == '\t' || *l->at == ' '))
		l->at++;
	if (l->at == l->end || *l->at <= ' ' || *l->at > '~')
		return false;
	st->state = *l->at;
	return true;
}

static bool is(const char *key, size_t len, const char *want)
{
	return strlen(want) == len && memcmp(key, want, len) == 0;
}

#define KEY(k) is(key, len, k)

static bool signals(const char *key, size_t len, struct line *l, struct proc_status *st)
{
	if (KEY("SigPnd"))
		return hex(l, &st->sig_pending);
	if (KEY("SigBlk"))
		return hex(l, &st->sig_blocked);
	if (KEY("SigIgn"))
		return hex(l, &st->sig_ignored);
	if (KEY("SigCgt"))
		return hex(l, &st->sig_caught);
	if (KEY("Seccomp"))
		return small(l, &st->seccomp);
	if (KEY("Seccomp_filters"))
		return number32(l, &st->seccomp_filters);
	if (KEY("ShdPnd"))
		return hex(l, &st->sig_shared_pending);
	if (KEY("State"))
		return state(l, st);
	return true;
}

static bool caps(const char *key, size_t len, struct line *l, struct proc_status *st)
{
	if (KEY("CapInh"))
		return hex(l, &st->cap_inheritable);
	if (KEY("CapPrm"))
		return hex(l, &st->cap_permitted);
	if (KEY("CapEff"))
		return hex(l, &st->cap_effective);
	if (KEY("CapBnd"))
		return hex(l, &st->cap_bounding);
	if (KEY("CapAmb"))
		return hex(l, &st->cap_ambient);
	return true;
}

static bool pids(const char *key, size_t len, struct line *l, struct proc_status *st)
{
	if (KEY("Pid"))
		return pid_number(l, &st->pid);
	if (KEY("PPid"))
		return pid_number(l, &st->ppid);
	if (KEY("Tgid"))
		return pid_number(l, &st->tgid);
	if (KEY("TracerPid"))
		return pid_number(l, &st->tracer);
	if (KEY("Threads"))
		return number32(l, &st->threads);
	return true;
}

static bool one_line(const char *key, size_t len, struct line *l, struct proc_status *st)
{
	switch (key[0]) {
	case 'C': return key[1] == 'a' ? caps(key, len, l, st) : true;
	case 'G': return KEY("Gid") ? four(l, st->gid) : true;
	case 'K': return KEY("Kthread") ? small(l, &st->kthread) : true;
	case 'N':
		if (KEY("Name"))
			return name(l, st);
		if (KEY("NSpid"))
			return levels(l, st);
		return KEY("NoNewPrivs") ? small(l, &st->no_new_privs) : true;
	case 'P':
	case 'T': return pids(key, len, l, st);
	case 'S': return signals(key, len, l, st);
	case 'U': return KEY("Uid") ? four(l, st->uid) : true;
	case 'V':
		if (KEY("VmSize"))
			st->has_mm = true;
		return KEY("VmRSS") ? number(l, UINT64_MAX, &st->rss_kib) : true;
	default: return true;
	}
}

int proc_status_parse(const char *text, size_t len, struct proc_status *ret)
{
	struct proc_status st = { .no_new_privs = -1, .seccomp = -1, .kthread = -1, .ppid = -1 };
	const char *end = text + len;

	for (const char *at = text; at < end;) {
		const char *nl = memchr(at, '\n', (size_t)(end - at));
		const char *stop = nl ? nl : end;
		const char *colon = memchr(at, ':', (size_t)(stop - at));
		struct line l = { colon ? colon + 1 : stop, stop };

		if (colon && colon - at > 2 && !one_line(at, (size_t)(colon - at), &l, &st))
			return -EINVAL;
		at = stop + 1;
	}
	if (st.pid < 1 || st.ppid < 0 || st.state == '\0')
		return -EINVAL;
	if (st.levels == 0) /* a kernel without PID namespaces */
		st.nspid[st.levels++] = st.pid;
	if (st.threads == 0)
		st.threads = 1;
	*ret = st;
	return 0;
}
