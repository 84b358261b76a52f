/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts of a container as facts: which are the host's, and which the kernel's. */
#include <string.h>

#include "audit/live_impl.h"
#include "audit/spec.h"
#include "base/cleanup.h"

static bool among(const char *s, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(s, list[i]) == 0)
			return true;
	return false;
}

/* File systems that are the kernel's own view, and have no files of the host. */
static bool is_kernel_fs(const char *fs)
{
	static const char *const kernel[] = {
		"proc",       "sysfs",       "cgroup",    "cgroup2", "devtmpfs", "devpts",
		"mqueue",     "debugfs",     "tracefs",   "bpf",     "pstore",   "securityfs",
		"configfs",   "fusectl",     "efivarfs",  "nsfs",    "binder",   "hugetlbfs",
		"rpc_pipefs", "binfmt_misc", "selinuxfs", "resctrl", "nfsd",
	};

	return among(fs, kernel, ARRAY_LEN(kernel));
}

/* A device or a mask that was bound from the host's /dev, or a part of /proc made read-only: not
 * a file system that was handed in. live_devices() and live_masks() look at these. */
static bool is_part(const struct proc_mount *m)
{
	if (strcmp(m->root, "/") == 0)
		return false;
	if (strcmp(m->fs, "devtmpfs") == 0)
		return true;
	if (strcmp(m->fs, "proc") == 0)
		return live_below(m->mount_point, "/proc", NULL);
	if (strcmp(m->fs, "devpts") == 0 || strcmp(m->fs, "mqueue") == 0 ||
	    strcmp(m->fs, "nsfs") == 0)
		return true;
	return false;
}

/* A mask: /dev/null or an empty directory over something of /proc or /sys. */
static bool is_mask(const struct proc_mount *m)
{
	return (live_below(m->mount_point, "/proc", NULL) ||
		live_below(m->mount_point, "/sys", NULL)) &&
	       strcmp(m->fs, "tmpfs") == 0;
}

/* What is shared with a mount that the machine has. */
static enum tri shared_with_host(const struct live *l, const struct proc_mount *m)
{
	if (m->shared == 0)
		return TRI_NO;
	if (!l->host_known)
		return TRI_UNKNOWN;
	for (size_t i = 0; i < l->host.count; i++)
		if (l->host.items[i].shared == m->shared)
			return TRI_YES;
	return TRI_NO;
}

static const struct proc_mount *host_root(const struct live *l)
{
	return l->host_known ? live_mount_on(&l->host, "/") : NULL;
}

static enum tri is_host_root(const struct live *l, const struct proc_mount *m)
{
	const struct proc_mount *root = host_root(l);

	if (root)
		return root->major == m->major && root->minor == m->minor &&
				       strcmp(root->root, m->root) == 0
			       ? TRI_YES
			       : TRI_NO;
	/* From inside: the root of a disk may be that of the machine or another disk. */
	return strcmp(m->root, "/") == 0 && strncmp(m->source, "/dev/", 5) == 0 ? TRI_UNKNOWN
										: TRI_NO;
}

static enum tri is_host_proc(const struct live *l, const struct live_target *t,
			     const struct proc_mount *m)
{
	const struct proc_mount *proc;

	if (strcmp(m->fs, "proc") != 0)
		return TRI_NO;
	if (!l->host_known)
		return TRI_UNKNOWN;
	/* Each procfs has a device number of its own since 5.8. */
	proc = live_mount_on(&l->host, "/proc");
	if (proc && proc->major == m->major && proc->minor == m->minor)
		return t->f->ns_of[NST_PID].mode == NSM_HOST && strcmp(m->mount_point, "/proc") == 0
			       ? TRI_NO /* as it must be there: the rule is about the namespace */
			       : TRI_YES;
	return TRI_NO;
}

/* Where its files lie on the machine. A tmpfs or a disk of its own that the machine
 * has not mounted is the container's own. */
static void set_source(struct live *l, struct mount_fact *f, const struct proc_mount *m)
{
	const char *path = NULL;

	if (l->host_known)
		path = live_host_path(l, m->major, m->minor, m->root);
	else if (strcmp(m->root, "/") != 0)
		path = m->root; /* all that can be seen from inside */
	f->kind = path ? MK_BIND : MK_VOLUME;
	f->source = path ? live_escape(l, path) : NULL;
	if (path && spec_engine_mount(path, m->mount_point))
		f->kind = MK_VOLUME;
	/* File systems in memory and of a network have their text for a source. */
	if (!path && strcmp(m->fs, "tmpfs") == 0)
		f->kind = MK_KERNEL;
}

static void add_mount(struct live *l, struct live_target *t, const struct proc_mount *m)
{
	struct place at = live_place(l, t->p, "mountinfo", live_escape(l, m->mount_point));
	struct mount_fact *f = mount_add(l->a, t->f, at);

	f->target = live_escape(l, m->mount_point);
	f->fstype = live_escape(l, m->fs);
	f->readonly = live_mount_ro(m) ? TRI_YES : TRI_NO;
	f->shared = shared_with_host(l, m);
	f->host_root = TRI_NO;
	f->socket = TRI_NO;
	f->host_proc = is_host_proc(l, t, m);
	if (is_kernel_fs(m->fs)) {
		f->kind = MK_KERNEL;
		return;
	}
	f->host_root = is_host_root(l, m);
	set_source(l, f, m);
	if (f->kind != MK_KERNEL)
		f->socket = live_socket(l, t, m, &f->owner);
}

static void root_facts(struct live *l, struct live_target *t)
{
	const struct proc_mount *root = live_mount_on(&t->mounts, "/");
	struct place at = live_place(l, t->p, "mountinfo", "/");
	struct facts *f = t->f;

	if (!root) { /* a chroot: its root is no mount */
		const char *why = "its root is a directory, not a mount";

		fact_set(f, FACT_ROOTFS_READONLY, TRI_UNKNOWN, at, why);
		fact_set(f, FACT_SHARED_ROOT, TRI_NO, at, NULL);
		return;
	}
	fact_set(f, FACT_ROOTFS_READONLY, live_mount_ro(root) ? TRI_YES : TRI_NO, at, NULL);
	fact_set(f, FACT_SHARED_ROOT, shared_with_host(l, root), at,
		 l->host_known ? NULL : "the mounts of the machine cannot be seen from here");
	/* The machine's own root as the container's: bwrap --bind / /, atoll run without a root. */
	if (!is_kernel_fs(root->fs) && is_host_root(l, root) == TRI_YES)
		add_mount(l, t, root);
}

void live_mount_facts(struct live *l, struct live_target *t)
{
	struct facts *f = t->f;
	const struct live_mounts *m = &t->mounts;
	struct place at = live_place(l, t->p, "mountinfo", NULL);
	bool writable = false;

	if (m->error) {
		const char *why = live_errno(m->error);

		f->mounts_why = why;
		fact_set(f, FACT_ROOTFS_READONLY, TRI_UNKNOWN, at, why);
		fact_set(f, FACT_SHARED_ROOT, TRI_UNKNOWN, at, why);
		fact_set(f, FACT_CGROUP_WRITABLE, TRI_UNKNOWN, at, why);
		return;
	}
	f->mounts_whole = TRI_YES;
	root_facts(l, t);
	if (f->ns_of[NST_MNT].mode == NSM_HOST) {
		/* Everything, which a rule of its own says. */
		fact_set(f, FACT_CGROUP_WRITABLE, TRI_NO, at, "has the mounts of the host");
		return;
	}
	for (size_t i = 0; i < m->count; i++) {
		const struct proc_mount *x = &m->items[i];

		if (!m->visible[i] || strcmp(x->mount_point, "/") == 0 || is_part(x) || is_mask(x))
			continue;
		add_mount(l, t, x);
		if (!writable && strncmp(x->fs, "cgroup", 6) == 0 && !live_mount_ro(x)) {
			writable = true;
			at = live_place(l, t->p, "mountinfo", live_escape(l, x->mount_point));
		}
	}
	fact_set(f, FACT_CGROUP_WRITABLE, writable ? TRI_YES : TRI_NO, at, NULL);
}
