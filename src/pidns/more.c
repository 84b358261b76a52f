/* SPDX-License-Identifier: Apache-2.0 */
#include "pidns/impl.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "proc/stat.h"

uint64_t more_start(struct pn_snap *s, int dirfd)
{
	struct proc_stat st;
	ssize_t n = snap_read(s, dirfd, "stat");

	return n > 0 && proc_stat_parse(s->scratch, (size_t)n, &st) == 0 ? st.starttime : 0;
}

static void refuse(struct pn_proc *p, uint32_t field, ssize_t r)
{
	if (r == -EACCES || r == -EPERM)
		p->denied |= field;
}

static int take_text(struct pn_snap *s, const char **to, size_t len)
{
	*to = pool_strndup(&s->pool, s->scratch, len);
	return *to ? 0 : -ENOMEM;
}

static int read_cmdline(struct pn_snap *s, struct row *r, int dirfd)
{
	/* Kernel threads have none, which needs no look. */
	ssize_t n = r->pub.flags & PN_P_KTHREAD ? 0 : snap_read(s, dirfd, "cmdline");
	size_t len;

	if (n < 0) {
		refuse(&r->pub, PN_F_CMDLINE, n);
		return 0;
	}
	r->pub.fields |= PN_F_CMDLINE;
	len = n > CMDLINE_MAX ? CMDLINE_MAX : (size_t)n;
	r->pub.cmdline_len = len;
	return take_text(s, &r->pub.cmdline, len);
}

int more_cgroup(struct pn_snap *s, struct row *r, int dirfd)
{
	ssize_t n = snap_read(s, dirfd, "cgroup");

	if (n < 0) {
		refuse(&r->pub, PN_F_CGROUP, n);
		return 0;
	}
	r->pub.fields |= PN_F_CGROUP;
	return owner_read(s, r, s->scratch, (size_t)n);
}

static int read_label(struct pn_snap *s, struct row *r, int dirfd)
{
	ssize_t n = snap_read(s, dirfd, "attr/current");

	if (n < 0)
		refuse(&r->pub, PN_F_LABEL, n);
	else
		r->pub.fields |= PN_F_LABEL;
	while (n > 0 && (s->scratch[n - 1] == '\n' || s->scratch[n - 1] == '\0'))
		n--;
	return n > 0 ? take_text(s, &r->pub.label, (size_t)n) : 0;
}

/* What the ioctls say of the namespace that the link of this type leads to. -errno */
static int read_nsinfo(struct pn_snap *s, int dirfd, enum pn_type t, bool parent,
		       const struct nsinfo **ret)
{
	autoclose int fd = openat(dirfd, proc_ns_path[t], O_RDONLY | O_CLOEXEC);
	struct nsinfo info, *keep;

	if (fd < 0)
		return -errno;
	nsfd_look(fd, t, parent, &info);
	if (info.type_ino == 0)
		return -EIO;
	keep = pool_alloc(&s->pool, sizeof(*keep));
	if (!keep)
		return -ENOMEM;
	info.next = s->infos;
	*keep = info;
	s->infos = keep;
	*ret = keep;
	return 0;
}

static bool map_line(const char **at, const char *end, uint64_t v[static 3])
{
	const char *p = *at;

	for (int i = 0; i < 3; i++) {
		const char *stop;

		while (p < end && *p == ' ')
			p++;
		for (stop = p; stop < end && *stop >= '0' && *stop <= '9';)
			stop++;
		if (num_u64(p, (size_t)(stop - p), &v[i]) < 0)
			return false;
		p = stop;
	}
	while (p < end && *p != '\n')
		p++;
	*at = p < end ? p + 1 : end;
	return true;
}

static int64_t map_inside(const char *text, size_t len, uint64_t outside)
{
	const char *at = text, *end = text + len;
	uint64_t v[3];

	while (at < end && map_line(&at, end, v))
		if (outside >= v[1] && outside - v[1] < v[2])
			return (int64_t)(v[0] + (outside - v[1]));
	return -1;
}

static struct idmap **bucket(struct pn_snap *s, uint64_t ino)
{
	return &s->idmaps[ino % (sizeof(s->idmaps) / sizeof(s->idmaps[0]))];
}

static int read_userns(struct pn_snap *s, struct row *r, int dirfd)
{
	struct pn_proc *p = &r->pub;
	struct idmap *map = NULL;
	int e = proc_nslink_at(dirfd, "ns/user", PROC_NS_USER, &p->ns_ino[PN_USER]);
	ssize_t n;

	refuse(p, PN_F_USERNS, e);
	for (map = e == 0 ? *bucket(s, p->ns_ino[PN_USER]) : NULL;
	     map && map->ino != p->ns_ino[PN_USER];)
		map = map->next;
	if (map) {
		p->inner_uid = map_inside(map->text, map->len, p->uid[1]);
		p->fields |= PN_F_USERNS;
		return 0;
	}
	/* Readable for all, so that the uid inside is known where the namespace is not. */
	n = snap_read(s, dirfd, "uid_map");
	if (n < 0)
		return 0;
	p->fields |= PN_F_USERNS;
	p->inner_uid = map_inside(s->scratch, (size_t)n, p->uid[1]);
	if (e < 0)
		return 0;
	map = pool_alloc(&s->pool, sizeof(*map));
	if (!map)
		return -ENOMEM;
	*map = (struct idmap){ p->ns_ino[PN_USER], pool_strndup(&s->pool, s->scratch, (size_t)n),
			       (size_t)n, *bucket(s, p->ns_ino[PN_USER]) };
	*bucket(s, p->ns_ino[PN_USER]) = map;
	return map->text ? 0 : -ENOMEM;
}

static int read_pending(struct pn_snap *s, struct row *r, int dirfd)
{
	struct pn_proc *p = &r->pub;
	uint64_t ino = 0;
	int e;

	if (p->state == 'Z' || p->flags & (PN_P_KTHREAD | PN_P_DYING))
		return 0;
	e = proc_nslink_at(dirfd, "ns/pid_for_children", PROC_NS_PID, &ino);
	refuse(p, PN_F_PENDING, e);
	if (e < 0 && e != -ENOENT && e != -EINVAL)
		return 0;
	p->fields |= PN_F_PENDING;
	/* Whether it is another one than its own is known when all are: tree.c. */
	p->children_ns_ino = ino;
	if (e == 0)
		return 0;
	/* ENOENT: unshare(2) made a namespace, and it has no init: the link has nothing to say.
	 * But a process that ends has no such link either. A recorded scene says "none". */
	if (e == -ENOENT) {
		ssize_t n = s->any_link ? snap_read(s, dirfd, "status") : -ENOENT;
		struct proc_status st;

		if (n < 0 || proc_status_parse(s->scratch, (size_t)n, &st) < 0 || !st.has_mm)
			return 0;
	} else if (s->any_link) {
		return 0;
	}
	p->flags |= PN_P_PENDING;
	return pins_add(s, r, PN_PID, 0, (struct pn_pin){ .how = PN_HOLD_CHILDREN, .fd = -1 });
}

static int read_nslinks(struct pn_snap *s, struct row *r, int dirfd)
{
	struct pn_proc *p = &r->pub;

	for (int t = 0; t < PN_TYPES; t++) {
		int e;

		/* That of the user namespace was read with its map, but not what there is to ask. */
		if (p->ns_ino[t] && t != PN_USER)
			continue;
		e = p->ns_ino[t] ? 0
				 : proc_nslink_at(dirfd, proc_ns_path[t], (enum proc_ns)t,
						  &p->ns_ino[t]);
		refuse(p, PN_F_NSLINKS, e);
		if (e == -EACCES || e == -EPERM)
			return 0;
		if (e == 0 && s->any_link && s->fields & PN_F_NSINFO &&
		    set_add(&s->asked, p->ns_ino[t]) > 0) {
			const struct nsinfo *info;

			if (read_nsinfo(s, dirfd, (enum pn_type)t, true, &info) == -ENOMEM)
				return -ENOMEM;
		}
	}
	p->fields |= PN_F_NSLINKS;
	return 0;
}

int more_pid_ns(struct pn_snap *s, struct row *r, int dirfd)
{
	struct pn_proc *p = &r->pub;
	const struct row *up = snap_row(s, p->ppid);
	const struct nsinfo *info = NULL;
	/* Whoever made a namespace is in the one above it. If that is not what the levels say, it
	 * was made with CLONE_PARENT, or its parent is not shown. */
	bool parent = p->level > s->base && (!up || up->pub.level + 1 != p->level);
	int e;

	if (!(s->fields & PN_F_NSINFO) && !parent)
		return proc_nslink_at(dirfd, "ns/pid", PROC_NS_PID, &p->ns_ino[PN_PID]);
	e = read_nsinfo(s, dirfd, PN_PID, parent, &info);
	if (e < 0)
		return e;
	p->ns_ino[PN_PID] = info->type_ino;
	r->has_id = info->id != 0;
	return set_add(&s->asked, info->type_ino) < 0 ? -ENOMEM : 0;
}

/* Whoever was put into a container is in its cgroup, and came from outside, or is its init. What
 * is left is a container without namespaces of its own inside of another one: its
 * rights are hardly ever those of the runtime that started it. */
static bool asks_owner(const struct pn_snap *s, const struct row *r)
{
	const struct pn_proc *p = &r->pub;
	const struct row *up = snap_row(s, p->ppid);

	if (p->flags & (PN_P_INIT | PN_P_KTHREAD))
		return p->flags & PN_P_INIT;
	if (!up || up->pub.level != p->level || !r->rule)
		return true;
	if (p->level == 0)
		return true;
	return up->pub.caps.bounding != p->caps.bounding || up->pub.seccomp != p->seccomp ||
	       up->pub.seccomp_filters != p->seccomp_filters;
}

/* Start times of inits make ids of namespaces where the kernel has none. The lean view is one
 * file a process; ids that need more are not its business. */
static bool asks_start(const struct pn_snap *s, const struct row *r)
{
	if (s->fields & PN_F_START)
		return true;
	return r->pub.flags & PN_P_INIT && !r->has_id && s->fields & ~(uint32_t)PN_F_VERIFY;
}

int more_read(struct pn_snap *s, struct row *r, int dirfd)
{
	uint32_t f = s->fields;
	struct pn_proc *p = &r->pub;
	bool init = p->flags & PN_P_INIT;
	int e = 0;

	if (asks_start(s, r) && (p->start = more_start(s, dirfd)))
		p->fields |= PN_F_START;
	if (f & PN_F_CGROUP || (f & PN_F_OWNER && asks_owner(s, r)))
		e = more_cgroup(s, r, dirfd);
	if (e == 0 && (f & PN_F_CMDLINE || (f & PN_F_OWNER && init)))
		e = read_cmdline(s, r, dirfd);
	if (e == 0 && f & PN_F_LABEL)
		e = read_label(s, r, dirfd);
	if (e == 0 && f & (PN_F_USERNS | PN_F_NSLINKS))
		e = read_userns(s, r, dirfd);
	if (e == 0 && f & PN_F_NSLINKS)
		e = read_nslinks(s, r, dirfd);
	if (e == 0 && f & PN_F_PENDING)
		e = read_pending(s, r, dirfd);
	if (e == 0 && f & PN_F_MOUNTS)
		e = pins_mounts(s, r, dirfd);
	if (e == 0 && f & PN_F_FDS)
		e = pins_fds(s, r, dirfd);
	if (e == 0 && init && f & PN_F_REAP)
		reap_look(s, r, dirfd);
	return e;
}
