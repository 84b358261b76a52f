/* SPDX-License-Identifier: Apache-2.0 */
#include "pidns/scan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/num.h"

/* How one process is read
 * -----------------------
 * openat(O_PATH) of its directory first: procfs binds the directory to the process, not to the
 * number, so whatever is read below it is of that process or fails with ESRCH. Opening
 * by path instead mixed two processes in 57 of 161,122 rows of a fork storm.
 *
 * One read of status gives nearly all. The namespace's link is read only where the rule
 * (see pidns.h) does not answer: for inits, for children of a shallower parent, for children whose
 * parent is not known yet, and where the parent's number may have changed hands while we looked,
 * which is so for numbers given out after the snapshot began (FRESH). */

enum {
	DENTS_SIZE = 256 << 10,
	FRESH = 8192,         /* far more than are forked during one snapshot */
	PID_MAX_STORM = 16384 /* below this, numbers come round too soon for the rule */
};

static bool is_fresh(const struct pn_snap *s, pid_t pid)
{
	pid_t ahead = pid - s->last_pid;

	if (s->last_pid == 0)
		return false;
	if (ahead <= 0)
		ahead += s->pid_max;
	return ahead <= FRESH;
}

int scan_reopen(struct pn_snap *s, const struct row *r)
{
	autoclose int fd = -1;
	char name[16];
	uint64_t start;

	(void)snprintf(name, sizeof(name), "%d", (int)r->proc_pid);
	fd = openat(s->proc_fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	if (!s->any_link) /* a recorded process stays what it is */
		return take_fd(fd);
	start = more_start(s, fd);
	/* Older than the snapshot: it has had this number since before we saw the row. */
	if (start == 0 || (r->pub.start ? start != r->pub.start : start >= s->t0_ticks))
		return -ESRCH;
	return take_fd(fd);
}

static void copy_status(struct pn_proc *p, const struct proc_status *st)
{
	p->ppid = st->ppid;
	p->level = st->levels - 1;
	p->inner = st->nspid[p->level];
	p->state = st->state;
	p->threads = st->threads;
	memcpy(p->uid, st->uid, sizeof(p->uid));
	memcpy(p->gid, st->gid, sizeof(p->gid));
	p->no_new_privs = st->no_new_privs;
	p->seccomp = st->seccomp;
	p->seccomp_filters = st->seccomp_filters;
	p->caps = (struct pn_caps){ st->cap_inheritable, st->cap_permitted, st->cap_effective,
				    st->cap_bounding, st->cap_ambient };
	p->sigs = (struct pn_sigs){ st->sig_pending, st->sig_shared_pending, st->sig_blocked,
				    st->sig_ignored, st->sig_caught };
	p->rss_kib = st->rss_kib;
	p->inner_uid = -1;
	p->syscall = -2;
}

static void set_flags(struct row *r, const struct proc_status *st)
{
	struct pn_proc *p = &r->pub;

	r->has_mm = st->has_mm;
	if (p->inner == 1)
		p->flags |= PN_P_INIT;
	if (p->state == 'Z')
		p->flags |= p->threads > 1 ? PN_P_FALSE_ZOMBIE : PN_P_ZOMBIE;
	/* Kernel threads are children of kthreadd, PID 2 of the first namespace. */
	if (st->kthread > 0 || (st->kthread < 0 && p->level == 0 && !st->has_mm &&
				p->state != 'Z' && (p->pid == 2 || p->ppid == 2)))
		p->flags |= PN_P_KTHREAD;
	else if (!st->has_mm && p->state != 'Z')
		p->flags |= PN_P_DYING;
}

static int read_pid_link(struct pn_snap *s, struct row *r, int dirfd)
{
	struct pn_proc *p = &r->pub;
	const struct row *up = snap_row(s, p->ppid);
	int e;

	r->rule = p->level == s->base || (up && up->pub.level == p->level &&
					  !(p->flags & PN_P_INIT) && !is_fresh(s, p->ppid));
	if (r->rule && !(s->fields & PN_F_VERIFY))
		return 0;
	if (p->flags & PN_P_INIT && s->any_link)
		e = more_pid_ns(s, r, dirfd);
	else
		e = proc_nslink_at(dirfd, "ns/pid", PROC_NS_PID, &p->ns_ino[PN_PID]);
	switch (e) {
	case 0: p->fields |= PN_F_VERIFY; return 0;
	case -ENOMEM: return e;
	case -EACCES:
	case -EPERM:
		p->denied |= PN_F_VERIFY;
		p->flags |= PN_P_NO_ACCESS;
		return 0;
	case -ESRCH: return -ESRCH;
	default: return 0;
	}
}

/* In a view of an inner namespace: puts the numbers of the levels above before those that status
 * has, and makes PID and PPid outer ones. A number is translated while the process may be gone and its
 * number another's already; but then its directory is dead, which is looked at afterwards. */
static int make_outer(struct pn_snap *s, struct proc_status *st, int dirfd)
{
	pid_t above[PROC_LEVELS_MAX], up[PROC_LEVELS_MAX];
	int n = s->view ? nsview_outer(s->view, st->pid, above) : 0;

	if (n <= 0)
		return n;
	if (faccessat(dirfd, "stat", F_OK, 0) < 0)
		return -ESRCH;
	if ((unsigned int)n + st->levels > PROC_LEVELS_MAX)
		return -EINVAL;
	memmove(st->nspid + n, st->nspid, st->levels * sizeof(pid_t));
	memcpy(st->nspid, above, (size_t)n * sizeof(pid_t));
	st->levels += (unsigned int)n;
	st->pid = above[0];
	if (st->ppid > 0)
		st->ppid = nsview_outer(s->view, st->ppid, up) > 0 ? up[0] : 0;
	else
		st->ppid = nsview_parent(st->pid);
	return faccessat(dirfd, "stat", F_OK, 0) < 0 ? -ESRCH : n;
}

static int fill_row(struct pn_snap *s, const struct proc_status *st, pid_t proc_pid, int dirfd)
{
	struct row *r = snap_add_row(s, st->pid);
	pid_t *levels = pool_alloc(&s->pool, st->levels * sizeof(*levels));
	int e;

	if (!r || !levels)
		return -ENOMEM;
	memcpy(levels, st->nspid, st->levels * sizeof(*levels));
	r->proc_pid = proc_pid;
	r->pub.nspid = levels;
	r->pub.comm = pool_strndup(&s->pool, st->comm, st->comm_len);
	if (!r->pub.comm)
		return -ENOMEM;
	copy_status(&r->pub, st);
	set_flags(r, st);
	e = read_pid_link(s, r, dirfd);
	if (e == -ENOMEM)
		return e;
	if (e < 0)
		r->pub.flags |= PN_P_NEW; /* it has just gone */
	return more_read(s, r, dirfd);
}

/* 0; 1: it is not listed, and counted as what it is; -ENOMEM, -EMFILE. */
static int scan_one(struct pn_snap *s, const char *name, pid_t pid)
{
	autoclose int dirfd = openat(s->proc_fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct proc_status st;
	ssize_t n;
	int e;

	if (dirfd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM))
		return -errno;
	n = dirfd < 0 ? -errno : snap_read(s, dirfd, "status");
	if (n == -ESRCH || n == -ENOENT) {
		s->info.gone++;
		return 1;
	}
	if (n < 0 || proc_status_parse(s->scratch, (size_t)n, &st) < 0 || st.pid != pid) {
		s->info.unreadable++;
		return 1;
	}
	e = make_outer(s, &st, dirfd);
	if (e < 0) {
		s->info.gone++;
		return e == -ENOSYS ? e : 1;
	}
	/* Shown twice: the number was given to another one while the directory was read. */
	return snap_row(s, st.pid) ? 1 : fill_row(s, &st, pid, dirfd);
}

static int by_pid(const void *a, const void *b)
{
	const struct row *const *x = a, *const *y = b;

	return ((*x)->pub.pid > (*y)->pub.pid) - ((*x)->pub.pid < (*y)->pub.pid);
}

static int scan_dir(struct pn_snap *s, int dirfd, char *buf)
{
	for (;;) {
		ssize_t n = getdents64(dirfd, buf, DENTS_SIZE);

		if (n <= 0)
			return n < 0 ? -errno : 0;
		for (ssize_t at = 0; at < n;) {
			const struct dirent64 *d = (const void *)(buf + at);
			pid_t pid;
			int r;

			at += d->d_reclen;
			if (d->d_name[0] < '1' || d->d_name[0] > '9' ||
			    num_pid(d->d_name, &pid) < 0)
				continue;
			r = scan_one(s, d->d_name, pid);
			if (r < 0)
				return r;
		}
	}
}

/* The number that was given out last: the fifth field of loadavg, of the reader's namespace. */
static void read_last_pid(struct pn_snap *s)
{
	char buf[128];
	const char *blank;
	ssize_t n = io_read_small(s->proc_fd, "loadavg", buf, sizeof(buf));
	uint32_t v;

	if (n < 2 || !s->live)
		return;
	buf[n - 1] = '\0';
	blank = strrchr(buf, ' ');
	if (!blank || num_pid(blank + 1, &s->last_pid) < 0)
		s->last_pid = 0;
	n = io_read_small(s->proc_fd, "sys/kernel/pid_max", buf, sizeof(buf));
	if (n > 1 && buf[n - 1] == '\n') {
		buf[n - 1] = '\0';
		s->pid_max = num_u32(buf, &v) == 0 && v < INT_MAX ? (pid_t)v : 0;
	}
}

static bool in_order(const struct pn_snap *s)
{
	size_t i = 1;

	while (i < s->nrow && s->rows[i - 1]->pub.pid < s->rows[i]->pub.pid)
		i++;
	return i >= s->nrow;
}

int scan_all(struct pn_snap *s)
{
	autofree char *buf = malloc(DENTS_SIZE);
	autoclose int dirfd = openat(s->proc_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (!buf)
		return -ENOMEM;
	if (dirfd < 0)
		return -errno;
	read_last_pid(s);
	/* Another namespace's procfs does not say when its numbers come round. */
	if (s->any_link && (s->last_pid == 0 || s->pid_max < PID_MAX_STORM))
		s->fields |= PN_F_VERIFY;
	r = scan_dir(s, dirfd, buf);
	if (r < 0)
		return r;
	if (s->nrow == 0)
		return -ENODATA;
	/* The directory's order is ascending on procfs, and any in a recorded copy. */
	if (!in_order(s)) {
		qsort(s->rows, s->nrow, sizeof(*s->rows), by_pid);
		snap_rehash(s);
	}
	return 0;
}

int pn_open_proc(const struct pn_snap *s, const struct pn_proc *p, int *ret_pidfd, int *ret_procfd)
{
	struct pn_ref ref = { .pid = p->pid, .start = p->start };
	autoclose int pidfd = -1, procfd = -1;
	int r;

	if (s->info.recorded)
		return -ESRCH;
	r = pn_open(&ref, &pidfd, &procfd);
	if (r < 0)
		return r;
	if (p->start == 0 && (ref.start == 0 || ref.start >= s->t0_ticks))
		return -ESRCH;
	if (ret_pidfd)
		*ret_pidfd = take_fd(pidfd);
	if (ret_procfd)
		*ret_procfd = take_fd(procfd);
	return 0;
}
