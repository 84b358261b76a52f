/* SPDX-License-Identifier: Apache-2.0 */
#include "pidns/impl.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/syscall.h>

#include "base/utf8.h"

/* Appends what fits; counts what would. */
struct out {
	char *buf;
	size_t size, len;
	bool full;
};

static void put(struct out *o, const char *s, size_t n)
{
	o->len += n;
	if (o->full || o->len + 1 > o->size) {
		o->full = true;
		return;
	}
	memcpy(o->buf + o->len - n, s, n);
	o->buf[o->len] = '\0';
}

static void puts_(struct out *o, const char *s)
{
	put(o, s, strlen(s));
}

static void put_byte(struct out *o, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	const char text[4] = { '\\', 'x', hex[c >> 4], hex[c & 15] };

	put(o, text, sizeof(text));
}

/* Well-formed UTF-8 that moves things about on a terminal all the same: C1 controls, line and
 * paragraph separators, marks of direction, and those of no width. */
static bool is_tricky(const unsigned char *s, size_t n)
{
	unsigned int c;

	if (n == 2)
		return s[0] == 0xc2 && s[1] < 0xa0;
	if (n != 3)
		return false;
	c = (s[0] & 15U) << 12 | (s[1] & 63U) << 6 | (s[2] & 63U);
	return (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || c == 0xfeff;
}

/* Characters that stand for themselves, at the start. */
static size_t plain_run(const unsigned char *s, size_t len)
{
	size_t n = 0;

	while (n < len && s[n] >= 0x20 && s[n] < 0x7f && s[n] != '\\')
		n++;
	return n;
}

static void put_escaped(struct out *o, const char *s, size_t len)
{
	const unsigned char *at = (const unsigned char *)s;

	for (size_t n; len > 0; at += n, len -= n) {
		n = plain_run(at, len);
		if (n > 0) {
			size_t room = o->full || o->len + 1 >= o->size ? 0 : o->size - o->len - 1;
			size_t first = n < room ? n : room;

			put(o, (const char *)at, first);
			put(o, (const char *)at + first, n - first);
			continue;
		}
		n = utf8_len(at, len);
		if (*at == '\\')
			puts_(o, "\\\\");
		else if (*at == '\n')
			puts_(o, "\\n");
		else if (*at == '\t')
			puts_(o, "\\t");
		else if (*at == '\r')
			puts_(o, "\\r");
		else if (n == 0 || *at < 0x20 || *at == 0x7f)
			put_byte(o, *at);
		else if (is_tricky(at, n))
			for (size_t i = 0; i < n; i++)
				put_byte(o, at[i]);
		else
			put(o, (const char *)at, n);
		if (n == 0)
			n = 1;
	}
}

static struct out start(char *buf, size_t size)
{
	if (size > 0)
		buf[0] = '\0';
	return (struct out){ .buf = buf, .size = size };
}

size_t pn_escape(char *buf, size_t size, const char *s, size_t len)
{
	struct out o = start(buf, size);

	put_escaped(&o, s, len);
	return o.len;
}

size_t pn_cmdline_text(const struct pn_proc *p, char *buf, size_t size)
{
	struct out o = start(buf, size);
	const char *at = p->cmdline, *end = at + p->cmdline_len;

	/* Some programs write over theirs and leave a tail of NULs. */
	while (at && end > at && end[-1] == '\0')
		end--;
	if (!at || at == end) {
		puts_(&o, "[");
		put_escaped(&o, p->comm, strlen(p->comm));
		puts_(&o, "]");
		return o.len;
	}
	while (at < end) {
		size_t n = strnlen(at, (size_t)(end - at));

		put_escaped(&o, at, n);
		at += n + 1;
		if (at < end)
			puts_(&o, " ");
	}
	return o.len;
}

static void put_format(struct out *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void put_format(struct out *o, const char *fmt, ...)
{
	char text[256];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n > 0)
		put(o, text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1);
}

static const struct {
	uint32_t bit;
	const char *words;
} evidence[] = {
	{ PN_EV_ZOMBIE, "is a zombie itself" },
	{ PN_EV_EXITING, "is exiting" },
	{ PN_EV_ZAP, "waits for the last members to be gone" },
	{ PN_EV_SIGIGN, "SIGCHLD is ignored, so the kernel reaps" },
	{ PN_EV_WAIT, "sleeps in wait for any child" },
	{ PN_EV_WAIT_ONE, "sleeps in wait for one child only" },
	{ PN_EV_SIGWAIT, "sleeps in sigtimedwait" },
	{ PN_EV_SIGNALFD, "has a signalfd for SIGCHLD" },
	{ PN_EV_SIGCGT, "has a handler for SIGCHLD" },
};

/* What programs sleep in. */
static const struct {
	int nr;
	const char *name;
} calls[] = {
#ifdef SYS_pause
	{ SYS_pause, "pause" },
#endif
#ifdef SYS_poll
	{ SYS_poll, "poll" },
	{ SYS_select, "select" },
	{ SYS_epoll_wait, "epoll_wait" },
#endif
	{ SYS_rt_sigsuspend, "sigsuspend" },
	{ SYS_nanosleep, "nanosleep" },
	{ SYS_clock_nanosleep, "clock_nanosleep" },
	{ SYS_restart_syscall, "a sleep that goes on" },
	{ SYS_ppoll, "ppoll" },
	{ SYS_pselect6, "pselect" },
	{ SYS_epoll_pwait, "epoll_wait" },
	{ SYS_futex, "futex" },
	{ SYS_read, "read" },
	{ SYS_accept, "accept" },
	{ SYS_accept4, "accept" },
	{ SYS_recvfrom, "recvfrom" },
	{ SYS_recvmsg, "recvmsg" },
	{ SYS_flock, "flock" },
};

static void put_call(struct out *o, int nr)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (calls[i].nr == nr) {
			puts_(o, calls[i].name);
			return;
		}
	put_format(o, "system call %d", nr);
}

size_t pn_reap_text(const struct pn_ns *ns, char *buf, size_t size)
{
	static const char *const verdict[] = { "cannot tell whether it reaps", "reaps", "reaps",
					       "does not reap", "is dying" };
	struct out o = start(buf, size);
	const struct pn_proc *init = ns->init;
	uint32_t ev = ns->evidence;
	const char *sep = ": ";

	if (!init) {
		puts_(&o, "no init");
		return o.len;
	}
	puts_(&o, verdict[ns->reap]);
	for (size_t i = 0; i < sizeof(evidence) / sizeof(evidence[0]); i++) {
		/* A dying init has SIGCHLD ignored by the kernel: no news. */
		if (!(ev & evidence[i].bit) ||
		    (ns->reap == PN_REAP_DYING && evidence[i].bit >= PN_EV_WAIT &&
		     evidence[i].bit <= PN_EV_SIGNALFD) ||
		    (ns->reap == PN_REAP_DYING && evidence[i].bit <= PN_EV_SIGCGT))
			continue;
		puts_(&o, sep);
		puts_(&o, evidence[i].words);
		sep = ", ";
	}
	if (!(ev & (PN_EV_SIGIGN | PN_EV_SIGCGT)) && ns->reap != PN_REAP_DYING) {
		put_format(&o, "%sSIGCHLD default", sep);
		sep = ", ";
	}
	if (ev & PN_EV_SLEEPS && ns->reap != PN_REAP_DYING) {
		put_format(&o, "%ssleeps in ", sep);
		put_call(&o, init->syscall);
		sep = ", ";
	}
	if (ev & (PN_EV_WAITED | PN_EV_NEVER) && ns->reap != PN_REAP_DYING) {
		put_format(&o, "%s%s", sep,
			   ev & PN_EV_WAITED ? "has collected children before"
					     : "has never collected a child");
		sep = ", ";
	}
	if (ns->nunreaped > 0) {
		put_format(&o, "%s%zu zombie%s", sep, ns->nunreaped, ns->nunreaped == 1 ? "" : "s");
		sep = ", ";
	}
	if (ev & PN_EV_UNREADABLE && ns->reap != PN_REAP_DYING)
		put_format(&o, "%swhat it sleeps in may not be read", sep);
	return o.len;
}

size_t pn_owner_text(const struct pn_owner *owner, char *buf, size_t size)
{
	struct out o = start(buf, size);
	size_t n;

	if (!owner) {
		puts_(&o, "-");
		return o.len;
	}
	puts_(&o, pn_runtime_name(owner->runtime));
	puts_(&o, ":");
	n = strlen(owner->id);
	put_escaped(&o, owner->id, n == 64 ? 12 : n);
	if (owner->name && strcmp(owner->name, owner->id) != 0) {
		puts_(&o, " ");
		put_escaped(&o, owner->name, strlen(owner->name));
	}
	return o.len;
}
