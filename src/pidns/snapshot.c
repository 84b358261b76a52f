/* SPDX-License-Identifier: Apache-2.0 */
#include "pidns/impl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "pidns/findings.h"
#include "pidns/names.h"
#include "pidns/nsview.h"
#include "pidns/owned.h"
#include "pidns/scan.h"
#include "pidns/tree.h"

enum { PROC_MAGIC = 0x9fa0 };

static struct pn_snap *new_snap(void)
{
	struct pn_snap *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->proc_fd = s->root_fd = -1;
	s->scratch = malloc(SCRATCH_SIZE);
	if (!s->scratch) {
		pn_free(s);
		return NULL;
	}
	return s;
}

void pn_free(struct pn_snap *s)
{
	if (!s)
		return;
	cleanup_fd(&s->proc_fd);
	cleanup_fd(&s->root_fd);
	owner_drop(s->owners);
	states_drop(s->states);
	pool_free(&s->pool);
	free(s->asked.slots);
	free(s->mntns.slots);
	free(s->podman.slots);
	free(s->scratch);
	free(s->rows);
	free(s->hash);
	free(s->nss);
	free(s->ns_hash);
	free(s->findings);
	free(s);
}

/* The namespace of the procfs: its inode, and what there is to know without a process of it. */
static int know_root(struct pn_snap *s, int nsfd)
{
	struct nsinfo *i = pool_alloc(&s->pool, sizeof(*i));

	if (!i)
		return -ENOMEM;
	nsfd_info(nsfd, i);
	i->parent_ino = 0; /* not visible from here, or not of this view */
	s->root_ino = i->type_ino;
	s->infos = i;
	return i->type_ino && set_add(&s->asked, i->type_ino) < 0 ? -ENOMEM : 0;
}

/* Is it a procfs, and does /proc/self in it say that the caller is of its level 0? */
static void look_at_proc(struct pn_snap *s)
{
	struct proc_status st;
	struct statfs fs;
	struct timespec now;
	ssize_t n;

	s->any_link = fstatfs(s->proc_fd, &fs) == 0 && fs.f_type == PROC_MAGIC;
	s->info.recorded = !s->any_link;
	if (!s->any_link)
		return;
	n = snap_read(s, s->proc_fd, "self/status");
	s->live = n > 0 && proc_status_parse(s->scratch, (size_t)n, &st) == 0 && st.levels == 1;
	if (clock_gettime(CLOCK_BOOTTIME, &now) == 0) {
		uint64_t hz = (uint64_t)sysconf(_SC_CLK_TCK);

		s->info.taken_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
		s->t0_ticks = (uint64_t)now.tv_sec * hz + (uint64_t)now.tv_nsec * hz / 1000000000;
	}
}

static int open_roots(struct pn_snap *s, const struct pn_opts *o)
{
	const char *proc = o->proc ? o->proc : "/proc";

	s->proc_fd = open(proc, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->proc_fd < 0)
		return -errno;
	s->info.proc = pool_strndup(&s->pool, proc, strlen(proc));
	if (!s->info.proc)
		return -ENOMEM;
	look_at_proc(s);
	if (s->live) {
		autoclose int own = openat(s->proc_fd, "self/ns/pid", O_RDONLY | O_CLOEXEC);

		if (own >= 0 && know_root(s, own) < 0)
			return -ENOMEM;
	}
	/* Not there is fine: then there are no names. */
	if (o->root)
		s->root_fd = open(o->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	else if (s->any_link)
		s->root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	else
		s->root_fd = openat(s->proc_fd, ".root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return 0;
}

static void sum_up(struct pn_snap *s)
{
	s->info.nproc = s->nrow;
	for (size_t i = 0; i < s->nrow; i++)
		s->info.no_access += (s->rows[i]->pub.flags & PN_P_NO_ACCESS) != 0;
	for (size_t i = 0; i < s->nns; i++)
		s->info.inferred += (s->nss[i]->pub.flags & PN_NS_F_INFERRED) != 0;
}

/* Members of a dying namespace die with it. */
static void mark_dying(struct pn_snap *s)
{
	for (size_t i = 0; i < s->nrow; i++)
		if (s->rows[i]->nsr->pub.state == PN_DYING)
			s->rows[i]->pub.flags |= PN_P_DYING;
}

/* A recorded scene has in a file what ioctls said. */
static int read_recorded(struct pn_snap *s)
{
	ssize_t n = snap_read_all(s, s->proc_fd, RECORD_NSINFO);
	const char *at = s->scratch, *end = at + (n > 0 ? n : 0);

	while (at < end) {
		const char *nl = memchr(at, '\n', (size_t)(end - at));
		const char *stop = nl ? nl : end;
		struct nsinfo *i = pool_alloc(&s->pool, sizeof(*i));
		uint64_t *const to[] = { &i->type_ino, &i->id, &i->dev, &i->parent_ino,
					 &i->userns };
		size_t f = 0;

		if (!i)
			return -ENOMEM;
		i->owner_uid = -1;
		for (; at < stop; f++) {
			const char *blank = memchr(at, ' ', (size_t)(stop - at));
			size_t len = (size_t)((blank ? blank : stop) - at);
			int e = f < ARRAY_LEN(to) ? num_u64(at, len, to[f])
						  : num_i64(at, len, &i->owner_uid);

			if (e < 0)
				break;
			at += len + 1;
		}
		if (f >= ARRAY_LEN(to)) {
			i->next = s->infos;
			s->infos = i;
		}
		at = stop + 1;
	}
	return 0;
}

/* Where do those sleep who have zombies? They are few, and known only now. */
static void look_at_parents(struct pn_snap *s)
{
	for (size_t i = 0; i < s->nrow; i++) {
		struct row *up = s->rows[i]->up;
		autoclose int dirfd = -1;

		if (!(s->rows[i]->pub.flags & PN_P_ZOMBIE) || !up || up->looked)
			continue;
		up->looked = true;
		dirfd = scan_reopen(s, up);
		if (dirfd >= 0)
			reap_look(s, up, dirfd);
	}
}

static int build(struct pn_snap *s, uint32_t fields)
{
	int r;

	s->fields = fields;
	r = scan_all(s);
	if (r == 0 && fields & PN_F_MOUNTS)
		r = pins_walk(s);
	if (r == 0 && s->info.recorded)
		r = read_recorded(s);
	if (r == 0)
		r = tree_build(s);
	if (r == 0)
		r = owner_assign(s);
	if (r < 0)
		return r;
	mark_dying(s);
	if (fields & PN_F_REAP) {
		look_at_parents(s);
		reap_judge(s);
	}
	r = findings_make(s);
	sum_up(s);
	free(s->scratch);
	s->scratch = NULL;
	return r;
}

int pn_snapshot(struct pn_snap **ret, const struct pn_opts *opts)
{
	static const struct pn_opts usual = PN_OPTS_INIT;
	struct pn_snap *s;
	int r;

	if (opts && opts->size < sizeof(size_t) + 2 * sizeof(char *) + sizeof(uint32_t))
		return -EINVAL;
	if (!opts)
		opts = &usual;
	s = new_snap();
	if (!s)
		return -ENOMEM;
	r = open_roots(s, opts);
	if (r == 0)
		r = build(s, opts->fields);
	if (r < 0) {
		pn_free(s);
		return r;
	}
	*ret = s;
	return 0;
}

static int open_view(struct pn_snap *s, struct nsview *v, int pidns_fd, const struct pn_opts *o)
{
	autoclose int mnt = -1;
	int r = nsview_open(pidns_fd, v);

	if (r < 0)
		return r;
	mnt = pn_procfs(pidns_fd);
	if (mnt < 0)
		return mnt;
	s->proc_fd = openat(mnt, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	s->root_fd = open(o->root ? o->root : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (s->proc_fd < 0)
		return -errno;
	s->info.proc = "/proc";
	if (know_root(s, pidns_fd) < 0)
		return -ENOMEM;
	s->base = v->count;
	look_at_proc(s);
	s->live = false; /* its numbers come round by rules of its own */
	s->view = v;
	return 0;
}

int pn_snapshot_ns(struct pn_snap **ret, int pidns_fd, const struct pn_opts *opts)
{
	static const struct pn_opts usual = PN_OPTS_INIT;
	struct nsview v;
	struct pn_snap *s = new_snap();
	int r;

	if (!s)
		return -ENOMEM;
	if (!opts)
		opts = &usual;
	r = open_view(s, &v, pidns_fd, opts);
	if (r == 0)
		r = build(s, opts->fields);
	nsview_close(&v);
	s->view = NULL;
	if (r < 0) {
		pn_free(s);
		return r;
	}
	*ret = s;
	return 0;
}
