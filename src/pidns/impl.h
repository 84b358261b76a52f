/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Inside of libpidns. A snapshot is made in one pass over /proc (scan.c, with more.c for
 * what is read beside status) and three over the rows in memory (tree.c, reap.c, findings.c).
 *
 * The library must not end its caller's process, so that memory comes from a pool of its own
 * instead of base/arena: NULL when there is none, and the snapshot fails with -ENOMEM. */

#include <pidns.h>
#include <string.h>

#include "proc/nslinks.h"
#include "proc/status.h"

_Static_assert((int)PN_TYPES == (int)PROC_NS_COUNT && (int)PN_TIME == (int)PROC_NS_TIME,
	       "the types of the public header are those of proc/");

/* What a recorded scene has beside the files of procfs. In place of ioctls: lines
 * "INO ID DEV PARENT USERNS UID". In place of the engines' state, lines of
 * RUNTIME, ID, NAME, POD and IMAGE with tabs between. */
#define RECORD_NSINFO     ".namespaces"
#define RECORD_NAMES_FILE ".names"

enum {
	SCRATCH_SIZE = 1 << 20, /* a status with 65536 groups fits */
	CMDLINE_MAX = 128 << 10,
	HOLDS_MAX = 1 << 16,
	SIGCHLD_BIT = 16
};

/* For tests only: PN_FEAT_* that are taken for absent, as in an older kernel. */
extern unsigned int pidns_lacks;

struct pool_block;
struct pool {
	struct pool_block *head;
	size_t used, size;
};

void *pool_alloc(struct pool *p, size_t size); /* zeroed; NULL: no memory */
char *pool_strndup(struct pool *p, const char *s, size_t len);
void pool_free(struct pool *p);

struct row {
	struct pn_proc pub;
	struct row *up; /* parent */
	struct nsrow *nsr;
	struct ownrow *own;
	struct row *next_member;
	pid_t proc_pid; /* the number in the procfs that was read; not outer in a view */
	bool has_mm, visiting, rule; /* rule: the parent's namespace may be taken */
	bool has_id;                 /* the kernel has an id for its namespace */
	bool looked;                 /* reap_look() was here */
	bool owned;                  /* own is settled */
	uint32_t evidence;           /* PN_EV_* as far as the process itself shows them */
};

struct ownrow {
	struct pn_owner pub;
	const char *key; /* the id as the cgroup has it */
	struct ownrow *chain, *following;
	const struct nsrow *counted_in;
	bool named;
};

struct nsrow {
	struct pn_ns pub;
	struct row *init;
	struct row *first, *last; /* of the list of members */
	const struct pn_owner **owners;
	uint64_t parent_ino;       /* by ioctl; 0 */
	const struct ownrow *seen; /* the first owner that a cgroup of a member named */
	bool shared;               /* ... and there was another */
	bool machine;              /* kernel threads are in it */
	struct nsrow *up;
	size_t index; /* while they are put in order */
};

/* What the ioctls said of one namespace. */
struct nsinfo {
	uint64_t type_ino; /* the inode; types do not share inodes of nsfs */
	uint64_t id, dev, parent_ino, userns;
	int64_t owner_uid;
	struct nsinfo *next;
};

struct hold {
	enum pn_type type;
	uint64_t ino;
	struct pn_pin pin;
	struct row *by;
	struct hold *next;
};

/* A user namespace's uid_map, read once. */
struct idmap {
	uint64_t ino;
	char *text;
	size_t len;
	struct idmap *next;
};

/* A set of inodes. */
struct inoset {
	uint64_t *slots;
	size_t size, count;
};
int set_add(struct inoset *set, uint64_t ino); /* 1: was not in it; 0; -ENOMEM */

struct owner_set;
struct state_set;
struct nsview;

struct pn_snap {
	struct pn_info info;
	struct pool pool;
	uint32_t fields;
	int proc_fd, root_fd;
	struct nsview *view;     /* pn_snapshot_ns(), else NULL */
	uint32_t base;           /* levels above the procfs that was read */
	uint64_t root_ino;       /* 0: to be found out */
	bool live;               /* a procfs, and of the caller's PID namespace */
	bool any_link;           /* links can be followed: it is a procfs */
	pid_t last_pid, pid_max; /* 0: not known */
	uint64_t t0_ticks;
	char *scratch;
	struct row **rows;
	size_t nrow, row_cap;
	uint32_t *hash; /* 1 + index into rows, by PID */
	size_t hash_size;
	struct nsrow **nss;
	size_t nns, ns_cap;
	uint32_t *ns_hash; /* 1 + index into nss, by inode; stale once they are sorted */
	size_t ns_hash_size;
	struct nsinfo *infos;
	struct hold *holds;
	size_t nhold;
	struct idmap *idmaps[256];  /* by inode */
	struct inoset asked, mntns; /* what was read once already */
	struct inoset podman;       /* users whose list of containers was read */
	struct owner_set *owners;
	struct state_set *states;
	struct pn_finding *findings;
	size_t nfinding, finding_cap;
};

/* The row of an outer PID, or NULL. */
struct row *snap_row(const struct pn_snap *s, pid_t pid);
/* A new one; NULL: no memory, or there is a row of that PID. */
struct row *snap_add_row(struct pn_snap *s, pid_t pid);
struct nsrow *snap_ns(const struct pn_snap *s, enum pn_type t, uint64_t ino);
struct nsrow *snap_add_ns(struct pn_snap *s, enum pn_type t, uint64_t ino);
/* Reads `name` below dirfd into the scratch buffer with one read(2), which for a file of procfs
 * that is one record (status, stat, cgroup ...) gives the whole; or until its end
 * (mountinfo). The length, which is less than SCRATCH_SIZE or the text is cut, or -errno. */
ssize_t snap_read(struct pn_snap *s, int dirfd, const char *name);
ssize_t snap_read_all(struct pn_snap *s, int dirfd, const char *name);
/* Makes room for one more of `size` bytes. -ENOMEM. */
/* After rows or namespaces have changed places. */
void snap_rehash(struct pn_snap *s);
int snap_grow(void *items, size_t count, size_t *cap, size_t size);

/* more.c: what is read beside status, while dirfd pins the process. 0 or -ENOMEM. */
int more_read(struct pn_snap *s, struct row *r, int dirfd);
/* The namespace that an init is in: its inode, and what ioctls have to say. 0, -ENOMEM,
 * -EACCES, -ESRCH ... */
int more_pid_ns(struct pn_snap *s, struct row *r, int dirfd);
/* The cgroup, and the owner that it names. 0 or -ENOMEM. */
int more_cgroup(struct pn_snap *s, struct row *r, int dirfd);
/* The start time of the process that dirfd is a directory of; 0: not readable. */
uint64_t more_start(struct pn_snap *s, int dirfd);

/* pins.c: what keeps namespaces. 0 or -ENOMEM. */
int pins_add(struct pn_snap *s, struct row *r, enum pn_type t, uint64_t ino, struct pn_pin pin);
int pins_mounts(struct pn_snap *s, struct row *r, int dirfd);
int pins_fds(struct pn_snap *s, struct row *r, int dirfd);
/* mntwalk.c: after all processes, in mount namespaces that none of them is in. */
int pins_walk(struct pn_snap *s);

/* owner.c: the containers there are. */
int owner_read(struct pn_snap *s, struct row *r, const char *text, size_t len);
struct ownrow *owner_intern(struct pn_snap *s, enum pn_runtime rt, const char *id,
			    const struct ownrow *outer);
struct ownrow *owner_first(const struct pn_snap *s);
struct ownrow *owner_next(const struct ownrow *o);
/* Those whose id may be this one, through ->chain. */
struct ownrow *owner_bucket(const struct pn_snap *s, const char *id);
void owner_drop(struct owner_set *set);

/* reap.c: what can be seen of how a process collects its children; and the verdicts. */
void reap_look(struct pn_snap *s, struct row *r, int dirfd);
void reap_judge(struct pn_snap *s);

/* nsfd.c. All of it; or, of what is known to be of that type, what is not known by rule. */
void nsfd_info(int nsfd, struct nsinfo *ret);
void nsfd_look(int nsfd, enum pn_type t, bool parent, struct nsinfo *ret);
uint64_t nsfd_surrogate(uint64_t dev, uint64_t ino, uint64_t start);
