/* SPDX-License-Identifier: Apache-2.0 */
#include "pidns/impl.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "proc/stat.h"

/* Does a process collect its children? All of it is read from outside and costs it nothing:
 *
 *	SigIgn has SIGCHLD          the kernel reaps (it sets this on a dying init too)
 *	wait4, waitid for any child a loop of wait
 *	... for one child only      orphans are not among them
 *	rt_sigtimedwait             a loop of sigwait (SigBlk reads 0 while it sleeps)
 *	a signalfd with SIGCHLD     its loop sleeps in read, poll or epoll_wait
 *	SigCgt has SIGCHLD          a handler, which may or may not wait
 *	none of these, in pause     it does not: nothing that it waits for is a child's end
 *	none of these, elsewhere    it does not hear of a child's end. It could look for ends now and then;
 *	                            if it ever did, the faults of those children stand in its stat
 *	                            (cminflt). They also do if what it was before execve(2) waited, so
 *	                            that they excuse, and prove nothing. */

enum { FDINFOS_MAX = 256, WAIT_ALL = -1, P_ALL_ = 0 };

/* "61 0xffffffffffffffff 0x7ffd... ...": number and first argument. */
static void look_at_call(struct row *r, const char *text, size_t len)
{
	const char *end = text + len, *blank = memchr(text, ' ', len), *stop;
	struct pn_proc *p = &r->pub;
	uint64_t nr;
	bool any;

	if (len >= 7 && memcmp(text, "running", 7) == 0) {
		p->syscall = -1;
		return;
	}
	if (!blank || num_u64(text, (size_t)(blank - text), &nr) < 0 || nr > INT32_MAX)
		return;
	p->syscall = (int32_t)nr;
	stop = memchr(blank + 1, ' ', (size_t)(end - blank - 1));
	if (!stop)
		stop = memchr(blank + 1, '\n', (size_t)(end - blank - 1));
	if (!stop)
		return;
	switch (nr) {
	case SYS_wait4:
		/* pid_t is 32 bits wide: -1 may come as 0xffffffff */
		any = stop - blank - 1 >= 10 && memcmp(stop - 8, "ffffffff", 8) == 0;
		break;
	case SYS_waitid: any = stop - blank - 1 == 3 && stop[-1] == '0'; break; /* P_ALL */
	case SYS_rt_sigtimedwait: r->evidence |= PN_EV_SIGWAIT; return;
#ifdef SYS_pause
	case SYS_pause:
#endif
	case SYS_rt_sigsuspend: r->evidence |= PN_EV_SLEEPS | PN_EV_NO_WAKE; return;
	default: r->evidence |= PN_EV_SLEEPS; return;
	}
	r->evidence |= any ? PN_EV_WAIT : PN_EV_WAIT_ONE;
}

static bool has_sigchld(const char *text, size_t len)
{
	static const char key[] = "sigmask:\t";
	const char *at = memmem(text, len, key, sizeof(key) - 1);
	const char *hex = at ? at + sizeof(key) - 1 : NULL;
	/* 16 hex digits; bit 16 is in the fifth from the right. */
	char digit = hex && hex + 16 <= text + len ? hex[11] : '0';

	return ((digit >= 'a' ? digit - 'a' + 10 : digit - '0') & 1) != 0;
}

static void look_for_signalfd(struct pn_snap *s, struct row *r, int dirfd)
{
	int fd = openat(dirfd, "fdinfo", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autodir DIR *dir = NULL;
	const struct dirent *d;

	if (fd < 0)
		return;
	dir = fdopendir(fd);
	if (!dir) {
		(void)close(fd);
		return;
	}
	for (int n = 0; n < FDINFOS_MAX && (d = readdir(dir)); n++) {
		ssize_t len = d->d_name[0] == '.' ? 0 : snap_read(s, fd, d->d_name);

		if (len > 0 && has_sigchld(s->scratch, (size_t)len)) {
			r->evidence |= PN_EV_SIGNALFD;
			return;
		}
	}
}

static void look_at_wchan(struct pn_snap *s, struct row *r, int dirfd)
{
	ssize_t n = snap_read(s, dirfd, "wchan");

	if (n > 0 && !(n == 1 && s->scratch[0] == '0'))
		r->pub.wchan = pool_strndup(&s->pool, s->scratch, (size_t)n);
	if (r->pub.wchan && strcmp(r->pub.wchan, "zap_pid_ns_processes") == 0)
		r->evidence |= PN_EV_ZAP;
}

static void look_for_children(struct pn_snap *s, struct row *r, int dirfd)
{
	struct proc_stat st;
	ssize_t n = snap_read(s, dirfd, "stat");

	if (n > 0 && proc_stat_parse(s->scratch, (size_t)n, &st) == 0)
		r->evidence |= st.cminflt || st.cmajflt ? PN_EV_WAITED : PN_EV_NEVER;
}

void reap_look(struct pn_snap *s, struct row *r, int dirfd)
{
	struct pn_proc *p = &r->pub;
	const uint64_t sigchld = 1ULL << SIGCHLD_BIT;
	const uint32_t knows = PN_EV_WAIT | PN_EV_SIGWAIT | PN_EV_SIGNALFD | PN_EV_NO_WAKE;
	ssize_t n;

	r->looked = true;
	if (s->fields & PN_F_WCHAN || !r->has_mm) /* who has no memory any more is exiting */
		look_at_wchan(s, r, dirfd);
	n = snap_read(s, dirfd, "syscall");
	if (n > 0) {
		p->fields |= PN_F_REAP;
		look_at_call(r, s->scratch, (size_t)n);
	} else if (p->state != 'Z') {
		p->denied |= PN_F_REAP;
		r->evidence |= PN_EV_UNREADABLE;
	}
	/* A signalfd is of use only with the signal blocked; sleeping in sigwait hides that. */
	if (p->sigs.blocked & sigchld && !(r->evidence & (PN_EV_WAIT | PN_EV_SIGWAIT)))
		look_for_signalfd(s, r, dirfd);
	if (r->evidence & PN_EV_SLEEPS && !(r->evidence & knows) &&
	    !((p->sigs.caught | p->sigs.ignored) & sigchld))
		look_for_children(s, r, dirfd);
}

static enum pn_reap judge(uint32_t ev, const struct pn_proc *init)
{
	if (ev & (PN_EV_EXITING | PN_EV_ZAP | PN_EV_ZOMBIE))
		return PN_REAP_DYING;
	if (ev & PN_EV_SIGIGN)
		return PN_REAP_IGNORES;
	if (ev & (PN_EV_WAIT | PN_EV_SIGWAIT | PN_EV_SIGNALFD))
		return PN_REAP_YES;
	/* A handler that leaves zombies lying does not wait for them: runtimes as Go's catch
	 * every signal and do nothing about this one. */
	if (ev & PN_EV_SIGCGT)
		return ev & PN_EV_ZOMBIES ? PN_REAP_NO : PN_REAP_YES;
	if (ev & PN_EV_ZOMBIES)
		return PN_REAP_NO;
	if (!(ev & (PN_EV_SLEEPS | PN_EV_WAIT_ONE)) || init->threads > 1)
		return PN_REAP_UNKNOWN;
	return ev & PN_EV_WAITED ? PN_REAP_UNKNOWN : PN_REAP_NO;
}

void reap_judge(struct pn_snap *s)
{
	for (size_t i = 0; i < s->nns; i++) {
		struct nsrow *n = s->nss[i];
		struct row *r = n->init;
		const struct pn_proc *p = r ? &r->pub : NULL;

		if (!p || n->pub.type != PN_PID)
			continue;
		if (p->sigs.ignored & 1ULL << SIGCHLD_BIT)
			r->evidence |= PN_EV_SIGIGN;
		if (p->sigs.caught & 1ULL << SIGCHLD_BIT)
			r->evidence |= PN_EV_SIGCGT;
		if (n->pub.nunreaped > 0)
			r->evidence |= PN_EV_ZOMBIES;
		if (p->flags & PN_P_ZOMBIE)
			r->evidence |= PN_EV_ZOMBIE;
		else if (!r->has_mm && p->state != 'Z')
			r->evidence |= PN_EV_EXITING;
		n->pub.evidence = r->evidence;
		n->pub.reap = judge(r->evidence, p);
	}
}
