/* SPDX-License-Identifier: Apache-2.0 */
/* Which processes are audited, and in what order each is looked at. */
#include "audit/live.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "audit/live_impl.h"
#include "base/cleanup.h"
#include "base/num.h"
#include "proc/stat.h"
#include "proc/status.h"

/* Of the first namespaces: the same on every machine since these types exist. */
static const uint64_t first_pid_ns = 4026531836, first_user_ns = 4026531837;

enum { KTHREADD = 2, WITH_FIXED_NET = 618 };

/* ---- the machine ------------------------------------------------------------------------------ */

/* "6.18.4-x" is 618; 0: it is no number. */
static uint64_t release_of(const char *s)
{
	size_t n = strspn(s, "0123456789");
	uint64_t major, minor;

	if (num_u64(s, n, &major) < 0 || s[n] != '.' || major > 1000)
		return 0;
	s += n + 1;
	return num_u64(s, strspn(s, "0123456789"), &minor) < 0 || minor > 99 ? 0
									     : major * 100 + minor;
}

static void look_at_host(struct live *l)
{
	const struct pn_proc *one = pn_find(l->snap, 1), *two = pn_find(l->snap, KTHREADD);
	const struct pn_proc *self = l->recorded ? one : pn_find(l->snap, getpid());
	struct utsname u;

	/* Kernel threads are in the first namespace only, and have no parent. */
	l->at_host = l->info->root->ino ? l->info->root->ino == first_pid_ns
					: two && two->flags & PN_P_KTHREAD && two->ppid == 0;
	for (int t = 0; one && t < PN_TYPES; t++)
		l->first[t] = one->ns_ino[t];
	l->first[PN_PID] = l->info->root->ino;
	if (!l->recorded && uname(&u) == 0)
		l->new_kernel = release_of(u.release) >= WITH_FIXED_NET;
	/* Who is in another user namespace sees its uid 0 as 0, whoever that is. */
	if (self && self->ns_ino[PN_USER])
		l->uid0_is_host = self->ns_ino[PN_USER] == first_user_ns ? TRI_YES : TRI_UNKNOWN;
}

static void look_at_caps(struct live *l)
{
	const struct pn_proc *one = pn_find(l->snap, 1);
	uint64_t last = 0;
	size_t len;
	char *text;

	if (live_read_root(l, "proc/sys/kernel/cap_last_cap", &text, &len) == 0 &&
	    num_u64(text, strcspn(text, "\n"), &last) == 0 && last < CAPS_MAX - 1)
		l->caps_all = (UINT64_C(2) << last) - 1;
	else
		l->caps_all = caps_known();
	/* What the machine itself was not given nobody has. */
	if (l->at_host && one && one->caps.bounding & l->caps_all)
		l->caps_all &= one->caps.bounding;
}

static bool says(struct live *l, const char *path, const char *words, size_t n)
{
	size_t len;
	char *text;

	return live_read_root(l, path, &text, &len) == 0 && len >= n && memcmp(text, words, n) == 0;
}

static void look_at_lsm(struct live *l)
{
	const char *lsm = NULL;
	size_t len;
	char *text;

	if (live_read_root(l, "sys/kernel/security/lsm", &text, &len) == 0) {
		text[strcspn(text, "\n")] = '\0';
		lsm = text;
	}
	if (lsm) {
		l->apparmor = proc_mount_has_option(lsm, "apparmor") ? TRI_YES : TRI_NO;
		l->selinux = proc_mount_has_option(lsm, "selinux") ? TRI_YES : TRI_NO;
	} else {
		/* securityfs is not mounted, or not for us. The parameter exists where it is built
		 * in; a file system of SELinux where that runs. */
		l->apparmor = says(l, "sys/module/apparmor/parameters/enabled", "Y", 1) ? TRI_YES
											: TRI_NO;
		l->selinux = says(l, "sys/fs/selinux/enforce", "", 0) ? TRI_YES : TRI_NO;
	}
	l->selinux_enforces = l->selinux != TRI_YES                       ? TRI_NO
			      : says(l, "sys/fs/selinux/enforce", "1", 1) ? TRI_YES
			      : says(l, "sys/fs/selinux/enforce", "0", 1) ? TRI_NO
									  : TRI_UNKNOWN;
}

static void look_at_mounts(struct live *l)
{
	autoclose int one = openat(l->proc_fd, "1", O_PATH | O_DIRECTORY | O_CLOEXEC);
	autoclose int self = openat(l->proc_fd, "self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	const struct pn_proc *me = l->recorded ? NULL : pn_find(l->snap, getpid());

	l->host.error = l->own.error = -ENOENT;
	if (l->at_host && one >= 0)
		live_mounts_read(l, one, &l->host);
	if (self >= 0)
		live_mounts_read(l, self, &l->own);
	if (l->own.error)
		l->own = l->host; /* a recorded scene has no self */
	l->host_known = l->host.error == 0;
	if (l->host_known)
		return;
	/* PID 1 may not be looked at, as on some virtual machines: outside of a container our own
	 * mounts are the machine's. */
	l->host = l->own;
	l->host_known = l->at_host && me && !me->owner && l->own.error == 0;
}

/* ---- who is meant ------------------------------------------------------------------------------ */

struct picks {
	struct live_target *items;
	size_t count, cap;
};

static void pick(struct live *l, struct picks *ps, const struct pn_proc *p,
		 const struct pn_owner *o, bool whole)
{
	struct live_target *t;

	for (size_t i = 0; i < ps->count; i++)
		if (ps->items[i].p == p)
			return;
	t = arena_push(l->arena, &ps->items, &ps->count, &ps->cap, sizeof(*t));
	*t = (struct live_target){ .p = p, .owner = o, .whole = whole, .dir = -1 };
}

static bool is_alive(const struct pn_proc *p)
{
	return !(p->flags & (PN_P_ZOMBIE | PN_P_FALSE_ZOMBIE | PN_P_DYING | PN_P_KTHREAD));
}

static bool is_init(const struct pn_proc *p)
{
	return p->flags & PN_P_INIT && !(p->ns->flags & PN_NS_F_ROOT);
}

/* The first process of each container: PID 1 if that is one of its own, else the oldest
 * of those that came from outside of it. Indexed by the owner. */
struct main_of {
	const struct pn_owner *owner;
	const struct pn_proc *p;
};

static int by_owner(const void *a, const void *b)
{
	uintptr_t x = (uintptr_t)((const struct main_of *)a)->owner;
	uintptr_t y = (uintptr_t)((const struct main_of *)b)->owner;

	return (x > y) - (x < y);
}

static bool is_better(const struct pn_proc *p, const struct pn_proc *than)
{
	bool a = is_init(p), b = is_init(than);

	if (a != b)
		return a;
	if (a && p->level != than->level)
		return p->level < than->level;
	return p->start != than->start ? p->start < than->start : p->pid < than->pid;
}

static struct main_of *find_mains(struct live *l, size_t *ret_count)
{
	struct main_of *m;
	size_t n = 0;

	for (const struct pn_owner *o = pn_owners(l->snap); o; o = o->next)
		n++;
	m = arena_alloc(l->arena, (n + 1) * sizeof(*m));
	n = 0;
	for (const struct pn_owner *o = pn_owners(l->snap); o; o = o->next)
		m[n++].owner = o;
	if (n)
		qsort(m, n, sizeof(*m), by_owner);
	for (size_t i = 0; n && i < pn_count(l->snap); i++) {
		const struct pn_proc *p = pn_at(l->snap, i);
		struct main_of key = { .owner = p->owner }, *at;

		if (!p->owner || !is_alive(p))
			continue;
		at = bsearch(&key, m, n, sizeof(*m), by_owner);
		if (at && (!at->p || is_better(p, at->p)))
			at->p = p;
	}
	*ret_count = n;
	return m;
}

static const struct pn_proc *main_of(const struct main_of *m, size_t n, const struct pn_owner *o)
{
	struct main_of key = { .owner = o };
	const struct main_of *at = n ? bsearch(&key, m, n, sizeof(*m), by_owner) : NULL;

	return at ? at->p : NULL;
}

static int pick_cmp(const void *a, const void *b)
{
	const struct live_target *x = a, *y = b;

	return (x->p->pid > y->p->pid) - (x->p->pid < y->p->pid);
}

/* Whatever has a PID namespace of its own, and whatever an engine calls a container. */
static void pick_all(struct live *l, struct picks *ps, const struct main_of *m, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!m[i].owner->monitor && m[i].p)
			pick(l, ps, m[i].p, m[i].owner, true);
	for (size_t i = 0; i < pn_ns_count(l->snap); i++) {
		const struct pn_ns *ns = pn_ns_at(l->snap, i);
		const struct pn_owner *o = ns->init ? ns->init->owner : NULL;

		if (ns->type != PN_PID)
			break; /* they come first */
		if (ns->init && is_init(ns->init) && is_alive(ns->init))
			pick(l, ps, ns->init, o && main_of(m, n, o) == ns->init ? o : NULL, true);
	}
	if (ps->count)
		qsort(ps->items, ps->count, sizeof(*ps->items), pick_cmp);
}

static int pick_self(struct live *l, struct picks *ps, struct err *e)
{
	const struct pn_proc *p = pn_find(l->snap, getpid());

	if (l->recorded || !p)
		return err_set(e, ESRCH, "self: this procfs does not show this process");
	pick(l, ps, p, p->owner && !p->owner->monitor ? p->owner : NULL, true);
	ps->items[ps->count - 1].self = true;
	return 0;
}

static int pick_target(struct live *l, struct picks *ps, const struct main_of *m, size_t n,
		       const char *word, struct err *e)
{
	const struct pn_proc *p = NULL;
	struct pn_target t;
	int r;

	if (strcmp(word, "self") == 0)
		return pick_self(l, ps, e);
	r = pn_resolve(l->snap, word, &t);
	if (r == -ENOTUNIQ)
		return err_set(e, EINVAL, "%.128s: more than one container matches", word);
	if (r == -EINVAL)
		return err_set(e, EINVAL, "%.128s: neither a PID nor a namespace nor a container",
			       word);
	if (r == -ESRCH)
		return err_set(e, ESRCH, "%.128s: no such process, namespace or container", word);
	if (r < 0)
		return err_set(e, -r, "%.128s: %m", word);
	if (t.kind == PN_T_OWNER)
		p = main_of(m, n, t.owner);
	if (!p)
		p = t.proc;
	if (!p && t.ns)
		p = t.ns->init;
	if (!p || !is_alive(p))
		return err_set(e, ESRCH, "%.128s: no process runs there", word);
	pick(l, ps, p, p->owner && main_of(m, n, p->owner) == p ? p->owner : NULL,
	     t.kind != PN_T_PROC || is_init(p) || (p->owner && main_of(m, n, p->owner) == p));
	return 0;
}

/* ---- one of them -------------------------------------------------------------------------------- */

static const char *object_name(struct live *l, const struct live_target *t)
{
	const struct pn_owner *o = t->owner;

	if (t->self)
		return "self";
	if (o)
		return arena_printf(l->arena, "container/%s",
				    live_escape(l, o->name ? o->name : o->id));
	/* A namespace within a container: stable as the container's name and its number there. */
	if (t->p->owner && !t->p->owner->monitor && t->p->level > 0)
		return arena_printf(
			l->arena, "container/%s/process/%d",
			live_escape(l, t->p->owner->name ? t->p->owner->name : t->p->owner->id),
			(int)t->p->nspid[t->p->ns->parent ? t->p->level - 1 : t->p->level]);
	return arena_printf(l->arena, "process/%d", (int)t->p->pid);
}

static void name_it(struct live *l, struct live_target *t)
{
	const struct pn_owner *o = t->owner ? t->owner : t->self ? t->p->owner : NULL;
	struct facts *f = t->f;
	size_t need = pn_cmdline_text(t->p, NULL, 0);
	char *cmd = arena_alloc(l->arena, need + 1);

	(void)pn_cmdline_text(t->p, cmd, need + 1);
	f->command = cmd;
	f->pid = t->p->pid;
	f->object = object_name(l, t);
	f->at.path = arena_printf(l->arena, "%s/%d", l->proc, (int)t->p->pid);
	if (!o)
		return;
	f->engine = pn_runtime_name(o->runtime);
	f->id = live_escape(l, o->id);
	f->name = o->name ? live_escape(l, o->name) : NULL;
	f->image = o->image ? live_escape(l, o->image) : NULL;
	if (o->pod_name) {
		const char *slash = strchr(o->pod_name, '/');

		f->ns = slash ? live_escape(l, arena_strndup(l->arena, o->pod_name,
							     (size_t)(slash - o->pod_name)))
			      : NULL;
		f->pod = live_escape(l, slash ? slash + 1 : o->pod_name);
	}
}

/* Opens its directory, and makes sure that it is still the one of the snapshot. */
static int hold(struct live *l, struct live_target *t)
{
	struct proc_stat st;
	size_t len;
	char *text;
	int r;

	t->dir = openat(l->proc_fd, arena_printf(l->arena, "%d", (int)t->p->pid),
			O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (t->dir < 0)
		return -errno;
	r = live_read(l, t->dir, "status", LIVE_TEXT_MAX, &text, &len);
	if (r < 0)
		return r;
	t->status = text;
	t->status_len = len;
	r = live_read(l, t->dir, "stat", LIVE_TEXT_MAX, &text, &len);
	if (r < 0)
		return r;
	r = proc_stat_parse(text, len, &st);
	if (r == 0 && t->p->start && st.starttime != t->p->start)
		r = -ESRCH;
	return r;
}

static void say_inside(struct live *l, const struct live_target *t)
{
	struct place at = live_place(l, t->p, "ns/pid", NULL);
	struct diag *d;

	if (!t->self || l->at_host)
		return;
	d = audit_diag(l->a, DIAG_UNREADABLE, t->f, &at,
		       "looked at from inside of a container: the namespaces of the machine are "
		       "known by their fixed numbers, but not how many containers are around this "
		       "one; under a virtual machine or gVisor \"host\" is the guest's kernel");
	d->blocks = false;
}

static void audit_one(struct live *l, struct live_target *t)
{
	struct place at = { .path = arena_printf(l->arena, "%s/%d", l->proc, (int)t->p->pid) };
	int r = hold(l, t);

	if (r < 0 && r != -EACCES && r != -EPERM) {
		cleanup_fd(&t->dir); /* it has ended meanwhile */
		return;
	}
	t->f = audit_object(l->a, IN_LIVE, NULL, NULL);
	if (!t->f)
		return;
	t->init = t->p->ns->init;
	name_it(l, t);
	if (r < 0) {
		audit_diag(l->a, DIAG_UNREADABLE, t->f, &at, "%s may not be read: %s", at.path,
			   live_errno(r));
	} else {
		say_inside(l, t);
		live_namespaces(l, t);
		live_facts(l, t);
		live_lsm(l, t);
		live_mounts_read(l, t->dir, &t->mounts);
		live_mount_facts(l, t);
		live_masks(l, t);
		live_devices(l, t);
		live_cgroup(l, t);
		live_shape(t);
		live_members(l, t);
		live_handles(l, t);
		live_seccomp(l, t);
		live_declared(l, t);
	}
	cleanup_fd(&t->dir);
}

static void say_unread(struct live *l)
{
	struct place at = { .path = l->proc };

	if (l->info->unreadable)
		audit_diag(l->a, DIAG_UNREADABLE, NULL, &at,
			   "%zu processes may not be read by this user, and what they are is not "
			   "known",
			   l->info->unreadable);
}

/* One that is not there does not keep the others from being audited. Returns how many of
 * those that were named are not. */
static size_t pick_named(struct live *l, struct picks *ps, const struct main_of *m, size_t n)
{
	size_t missing = 0;

	for (int i = 0; i < l->o->count; i++) {
		struct err e = { 0 };

		if (pick_target(l, ps, m, n, l->o->targets[i], &e) == 0)
			continue;
		missing++;
		audit_diag(l->a, DIAG_UNREADABLE, NULL, NULL, "%s", e.msg);
	}
	return missing;
}

static int audit_all(struct live *l, struct err *e)
{
	const struct live_opts *o = l->o;
	size_t mains_count, before = l->a->object_count;
	struct main_of *mains = find_mains(l, &mains_count);
	struct picks ps = { 0 };
	size_t missing = pick_named(l, &ps, mains, mains_count);
	int r = 0;

	if (o->count == 0) {
		if (l->at_host || l->recorded)
			pick_all(l, &ps, mains, mains_count);
		else
			r = pick_self(l, &ps, e);
		say_unread(l);
	}
	if (r < 0)
		return r;
	for (size_t i = 0; i < ps.count; i++)
		audit_one(l, &ps.items[i]);
	if (l->a->object_count == before && !missing) {
		struct place at = { .path = l->proc };
		struct diag *d = audit_diag(l->a, DIAG_EMPTY, NULL, &at,
					    "no container runs, and nothing like one");

		d->blocks = l->info->unreadable > 0 || o->count > 0;
	}
	return 0;
}

int audit_live(struct audit *a, const struct live_opts *o, struct err *e)
{
	struct live l = { .a = a,
			  .arena = a->arena,
			  .o = o,
			  .proc_fd = -1,
			  .root_fd = -1,
			  .tracer = SECCOMP_TRACER(bpf_passes) };
	struct pn_opts po = PN_OPTS_INIT;
	struct audit declared;
	const char *root = o->root;
	int r;

	l.proc = o->proc ? o->proc : "/proc";
	po.proc = o->proc;
	po.root = o->root;
	po.fields = PN_F_CMDLINE | PN_F_CGROUP | PN_F_NSINFO | PN_F_OWNER | PN_F_NAMES | PN_F_REAP |
		    PN_F_USERNS | PN_F_NSLINKS;
	r = pn_snapshot(&l.snap, &po);
	if (r < 0)
		return err_set(e, -r, "read the processes in %.256s: %m", l.proc);
	if (o->against) {
		r = live_declared_read(&l, &declared, e);
		if (r < 0) {
			pn_free(l.snap);
			return r;
		}
	}
	l.info = pn_info(l.snap);
	l.recorded = l.info->recorded;
	if (!root)
		root = l.recorded ? arena_printf(a->arena, "%s/.root", l.proc) : "/";
	l.proc_fd = open(l.proc, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	l.root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (l.proc_fd < 0) {
		r = err_set(e, errno, "open %.256s: %m", l.proc);
	} else {
		look_at_host(&l);
		look_at_caps(&l);
		look_at_lsm(&l);
		look_at_mounts(&l);
		r = audit_all(&l, e);
	}
	seccomp_tracer_close(&l.tracer);
	cleanup_fd(&l.proc_fd);
	cleanup_fd(&l.root_fd);
	pn_free(l.snap);
	return r;
}
