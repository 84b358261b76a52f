/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Shared by the cgroup*.c files and their tests only; everybody else uses
 * run/cgroup.h. Formatting of limits is pure: rows in, file names and values
 * out; cgroup_limits.c is what writes them. */

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "run/cgroup.h"

struct bpf_insn;
struct proc_cgroup;
struct proc_mount;

/* --- limits ------------------------------------------------------------- */

enum limit_group {
	LIMIT_PIDS,
	LIMIT_MEMORY,
	LIMIT_IO,
	LIMIT_CPU,
	LIMIT_CPUSET,
	LIMIT_HUGETLB,
	LIMIT_RDMA,
	LIMIT_NET_CLS,
	LIMIT_NET_PRIO,
	LIMIT_GROUPS,
};

enum {
	LIMIT_OPTIONAL = 1 << 0, /* file not there: as good as written */
	LIMIT_ELSE_NEXT =
		1 << 1,         /* file not there: the next row is the same limit by another name */
	LIMIT_RETRY = 1 << 2,   /* EINVAL: once more after the others, which it depends on */
	LIMIT_MISSING = 1 << 3, /* this version of cgroups has no such limit */
	LIMIT_SECOND = 1 << 4,  /* the value is the file's second word; the first stays as it is */
};

struct limit_out {
	unsigned int flags;
	char file[96];
	char pointer[160]; /* JSON pointer of what asked for it */
	const char *value; /* = text, or a string of the resources */
	char text[256];
};

struct limit_row {
	enum limit_group group;
	const char *file;
	const char *pointer; /* below /linux/resources/ */
	size_t field;        /* in struct oci_resources */
	size_t count;        /* offset of the element count if field is an array; 0: it is none */
	/* 1: out is filled; 0: not asked for; or -errno with `e` set */
	int (*format)(const struct limit_row *row, const struct oci_resources *r, size_t i,
		      struct limit_out *out, struct err *e);
	unsigned int flags;
};

extern const struct limit_row limit_rows_v1[], limit_rows_v2[];
extern const size_t limit_rows_v1_count, limit_rows_v2_count;

/* Item i of the row (always 0 if the row is no array). */
int limit_format(const struct limit_row *row, const struct oci_resources *r, size_t i,
		 struct limit_out *out, struct err *e);
size_t limit_items(const struct limit_row *row, const struct oci_resources *r);
/* Generic row formats, used by both tables (cgroup_format.c). */
int limit_i64(const struct limit_row *row, const struct oci_resources *r, size_t i,
	      struct limit_out *out, struct err *e);
int limit_i64_keep0(const struct limit_row *row, const struct oci_resources *r, size_t i,
		    struct limit_out *out, struct err *e);
int limit_u64(const struct limit_row *row, const struct oci_resources *r, size_t i,
	      struct limit_out *out, struct err *e);
int limit_u64_keep0(const struct limit_row *row, const struct oci_resources *r, size_t i,
		    struct limit_out *out, struct err *e);
int limit_u32(const struct limit_row *row, const struct oci_resources *r, size_t i,
	      struct limit_out *out, struct err *e);
int limit_u16(const struct limit_row *row, const struct oci_resources *r, size_t i,
	      struct limit_out *out, struct err *e);
int limit_true(const struct limit_row *row, const struct oci_resources *r, size_t i,
	       struct limit_out *out, struct err *e);
int limit_text(const struct limit_row *row, const struct oci_resources *r, size_t i,
	       struct limit_out *out, struct err *e);
int limit_pids(const struct limit_row *row, const struct oci_resources *r, size_t i,
	       struct limit_out *out, struct err *e);
int limit_rdma(const struct limit_row *row, const struct oci_resources *r, size_t i,
	       struct limit_out *out, struct err *e);
int limit_hugepage(const struct limit_row *row, const struct oci_resources *r, size_t i,
		   struct limit_out *out, struct err *e);
int limit_weight_device(const struct limit_row *row, const struct oci_resources *r, size_t i,
			struct limit_out *out, struct err *e);
int limit_leaf_weight_device(const struct limit_row *row, const struct oci_resources *r, size_t i,
			     struct limit_out *out, struct err *e);
int limit_if_prio(const struct limit_row *row, const struct oci_resources *r, size_t i,
		  struct limit_out *out, struct err *e);
/* Sets out->value; -E2BIG if it does not fit. Returns 1. */
int limit_value(struct limit_out *out, struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#define LIMIT_FIELD(member) offsetof(struct oci_resources, member)

uint64_t cgroup_weight_from_shares(uint64_t shares); /* cpu.shares -> cpu.weight; 0 stays 0 */
uint64_t cgroup_io_weight(uint16_t weight);          /* blkio.weight -> io.weight; 0 stays 0 */

/* Writes every limit that is asked for into the hierarchy that has its
 * controller; -EOPNOTSUPP names the JSON pointer and the controller. */
int cgroup_limits_apply(struct cgroup *cg, const struct oci_resources *r, struct err *e);
/* The first thing in `r` that demands a controller, for messages; false: none. */
bool cgroup_limits_demand(const struct oci_resources *r, struct limit_out *ret);

/* --- devices ------------------------------------------------------------ */

enum { DEVICE_RULES_MAX = 1024, DEVICE_INSNS_MAX = 8 + 8 * 2 * (DEVICE_RULES_MAX + 16) };
enum {
	DEV_READ = 1 << 1,
	DEV_WRITE = 1 << 2,
	DEV_MKNOD = 1 << 0,
	DEV_RWM = 7
}; /* as BPF_DEVCG_ACC_* */

struct device_rule {
	bool allow;
	char type; /* c or b */
	bool any_major, any_minor;
	uint32_t major, minor;
	uint8_t access;
	size_t index; /* in resources.devices; DEVICE_RULES_MAX for the defaults */
};

struct device_set {
	bool allow;                /* what no rule speaks of */
	struct device_rule *rules; /* in order; for each access bit the last that matches decides */
	size_t count;
};

/* The rules of the resources and, after them, the defaults; those without
 * effect are left out. count == 0 and allow: everything is allowed. */
int devices_compile(const struct oci_resources *r, struct arena *a, struct device_set *ret,
		    struct err *e);
/* The decision itself, as the BPF program makes it. */
bool devices_decide(const struct device_set *set, char type, uint32_t major, uint32_t minor,
		    uint8_t access);
/* BPF_PROG_TYPE_CGROUP_DEVICE. Returns the number of instructions (<= DEVICE_INSNS_MAX). */
size_t devices_bpf(const struct device_set *set, struct bpf_insn *out);
/* Can the files of cgroup v1 say the same? -EOPNOTSUPP names the rule. */
int devices_v1_check(const struct device_set *set, struct err *e);
int devices_attach_v2(int cgroup_fd, const struct device_set *set, bool fresh, struct err *e);
int devices_write_v1(int cgroup_fd, const struct device_set *set, struct err *e);
/* Chooses between the two. */
int cgroup_devices_apply(struct cgroup *cg, const struct oci_resources *r, struct arena *a,
			 struct err *e);

/* --- hierarchies -------------------------------------------------------- */

/* Which of the mounts are hierarchies that we use, each once, those below
 * /sys/fs/cgroup preferred; `visible` is asked before one is taken (mounts may
 * be hidden by later ones). Pure but for it. */
int cgroup_hierarchies(const struct proc_mount *mounts, size_t count,
		       bool (*visible)(const struct proc_mount *m), struct arena *a,
		       struct cgroup *cg, const char **roots);
/* Fills in the paths. own: /proc/self/cgroup; roots[i]: what of the hierarchy
 * is mounted. Returns -ENAMETOOLONG, -EINVAL. */
int cgroup_paths(struct cgroup *cg, const char *const *roots, const char *id,
		 const char *cgroups_path, const struct proc_cgroup *own, size_t own_count,
		 struct arena *a, struct err *e);
/* "/a//b/../c" -> "/a/c", ".." never leads above the root; always starts with '/'. */
char *cgroup_clean_path(struct arena *a, const char *path);

struct cgroup_hierarchy *cgroup_v1_of(struct cgroup *cg,
				      const char *controller); /* open, or NULL */
struct cgroup_hierarchy *cgroup_v2_of(struct cgroup *cg);      /* open, or NULL */
/* The hierarchy whose list of processes counts, or NULL. */
struct cgroup_hierarchy *cgroup_main(struct cgroup *cg);

/* Files of a cgroup, below its directory and nowhere else. */
int cgroup_write(int dirfd, const char *file, const char *text);
ssize_t cgroup_read(int dirfd, const char *file, char *buf, size_t size);

/* Makes one cgroup and opens it. *ret_parents: how many directories above the
 * leaf were made too. -errno with `e` set. */
int cgroup_v1_make(struct cgroup_hierarchy *h, unsigned int *ret_parents, struct arena *a,
		   struct err *e);
int cgroup_v2_make(struct cgroup_hierarchy *h, unsigned int *ret_parents, struct arena *a,
		   struct err *e);
/* v1 cpuset: cpus and mems of a new cgroup are empty, and then no process may
 * enter; copies what is still empty from the parent. */
int cgroup_v1_cpuset_fill(const struct cgroup_hierarchy *h, struct err *e);
int cgroup_v1_freeze(const struct cgroup_hierarchy *h, bool frozen, struct err *e);
int cgroup_v2_freeze(const struct cgroup_hierarchy *h, bool frozen, struct err *e);
/* Reads "KEY N" of cgroup.events: 0, 1 or -errno. */
int cgroup_v2_event(int events_fd, const char *key);
/* Parent directory of h's cgroup, O_PATH; *ret_leaf points into h->path. */
int cgroup_open_parent(const struct cgroup_hierarchy *h, const char **ret_leaf);
/* False: too long. */
bool cgroup_full_path(const struct cgroup_hierarchy *h, char path[static PATH_MAX]);
int cgroup_open_dir(const struct cgroup_hierarchy *h, int dirfd, const char *path);

/* A walk of a tree of cgroups, whatever its depth. enter: before its children;
 * leave: after them, with the parent's fd; either may be NULL. A cgroup that
 * vanishes meanwhile is passed over. */
struct cgroup_visitor {
	int (*enter)(int dirfd, void *data);
	int (*leave)(int parent_fd, const char *name, void *data);
	void *data;
};
int cgroup_walk(int fd, struct arena *a, const struct cgroup_visitor *v);
