/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

#include "base/names.h"
#include "plan/plan.h"

const struct step_info step_info[STEP_KIND_COUNT] = {
	[STEP_STATE_DIR] = { "state-dir", "note down that this container is being made" },
	[STEP_CGROUP] = { "cgroup", "the kernel's account of what the container may use" },
	[STEP_NAMESPACES] = { "open-namespaces",
			      "hold the existing namespaces that will be joined" },
	[STEP_SECCOMP_BUILD] = { "seccomp-build",
				 "compile the system call filter while nothing is at stake" },
	[STEP_CLONE] = { "clone", "the first process appears in its new namespaces" },
	[STEP_ID_MAPS] = { "id-maps", "say which outer user and group ids the inner ones are" },
	[STEP_CGROUP_JOIN] = { "cgroup-join", "put the process under the limits" },
	[STEP_OOM_SCORE_ADJ] = { "oom-score-adj",
				 "how soon the kernel kills it when memory runs out" },
	[STEP_RLIMIT] = { "rlimit", "a limit on each process" },
	[STEP_JOIN_NS] = { "join-namespace", "enter a namespace that exists already" },
	[STEP_UNSHARE_CGROUP] = { "unshare-cgroup", "its own cgroup looks like the root of all" },
	[STEP_SESSION] = { "session", "a session of its own, away from our terminal" },
	[STEP_KEYRING] = { "keyring", "a session keyring of its own" },
	[STEP_USER_ROOT] = { "user-root", "become root of the user namespace" },
	[STEP_LOOPBACK] = { "loopback", "a new network namespace begins with lo down" },
	[STEP_HOSTNAME] = { "hostname", "the name that uname(2) tells" },
	[STEP_DOMAINNAME] = { "domainname", "the NIS domain name" },
	[STEP_PROPAGATION] = { "propagation", "our mounts must not reach the host" },
	[STEP_ROOTFS] = { "rootfs", "the root directory becomes a mount" },
	[STEP_MOUNT] = { "mount", "attach a file system" },
	[STEP_DEVICE] = { "device", "a device node" },
	[STEP_DEV_LINKS] = { "dev-links", "the customary links in /dev" },
	[STEP_CONSOLE] = { "console", "a terminal of its own, its master handed to the caller" },
	[STEP_HOOKS] = { "hooks", "programs of the configuration that want to take part" },
	[STEP_PIVOT] = { "pivot-root", "the host's tree is gone from sight" },
	[STEP_MAKE_CWD] = { "make-cwd", "the working directory, if the image lacks it" },
	[STEP_SYSCTL] = { "sysctl", "a kernel parameter of these namespaces" },
	[STEP_ROOT_READONLY] = { "root-readonly", "nobody writes to the root" },
	[STEP_READONLY_PATH] = { "readonly-path", "nobody writes there" },
	[STEP_MASKED_PATH] = { "masked-path", "nobody reads there" },
	[STEP_ROOT_PROPAGATION] = { "root-propagation",
				    "whether later mounts of the host come through" },
	[STEP_UMASK] = { "umask", "which permission bits new files lack" },
	[STEP_SCHEDULER] = { "scheduler", "how the kernel gives it the processor" },
	[STEP_CPU_AFFINITY] = { "cpu-affinity", "which processors it may run on" },
	[STEP_IO_PRIORITY] = { "io-priority", "how the kernel serves its disk requests" },
	[STEP_PERSONALITY] = { "personality", "which system's behaviour it sees" },
	[STEP_BOUNDING] = { "bounding-set", "capabilities that cannot be regained" },
	[STEP_USER] = { "user", "groups, group and user of the process" },
	[STEP_CWD] = { "cwd", "the directory it starts in" },
	[STEP_LSM] = { "lsm", "the security module's label from exec on" },
	[STEP_FIND_COMMAND] = { "find-command", "is there something to execute" },
	[STEP_CREATED] = { "created", "write down the state; the container exists" },
	[STEP_WAIT_START] = { "wait-start", "all is ready; wait for 'start'" },
	[STEP_NO_NEW_PRIVS] = { "no-new-privs", "set-user-id programs give nothing from here on" },
	[STEP_SECCOMP] = { "seccomp", "load the system call filter" },
	[STEP_CAPS] = { "capabilities", "give up every right that was not granted" },
	[STEP_EXEC] = { "exec", "become the program" },
};

struct step *plan_add(struct plan *p, struct arena *a, enum step_kind kind, enum step_side side,
		      const char *pointer)
{
	struct step *s = arena_push(a, &p->steps, &p->count, &p->cap, sizeof(*p->steps));

	s->kind = kind;
	s->side = side;
	s->pointer = pointer;
	return s;
}

/* Appends to a fixed buffer; what does not fit is cut. */
struct line {
	char *buf;
	size_t size, len;
};

static void add(struct line *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void add(struct line *l, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (l->len + 1 >= l->size)
		return;
	va_start(ap, fmt);
	n = vsnprintf(l->buf + l->len, l->size - l->len, fmt, ap);
	va_end(ap);
	l->len = n < 0 ? l->len : l->len + (size_t)n < l->size ? l->len + (size_t)n : l->size - 1;
}

static void add_namespaces(struct line *l, uint64_t flags)
{
	const char *sep = " ";

	for (int i = 0; i < OCI_NS_COUNT; i++)
		if (flags & oci_ns_info[i].clone_flag) {
			add(l, "%s%s", sep, oci_ns_info[i].name);
			sep = ", ";
		}
}

static void add_strings(struct line *l, const struct oci_strings *s, const char *sep)
{
	for (size_t i = 0; i < s->count; i++)
		add(l, "%s%s", i ? sep : "", s->items[i]);
}

static void describe_mount(struct line *l, const struct step *s)
{
	const struct oci_mount *m = s->mount.mount;

	if (s->mount.opts && s->mount.opts->remount)
		add(l, "remount %s", m->destination);
	else if (s->mount.opts && s->mount.opts->bind)
		add(l, "bind %s on %s", m->source ? m->source : "?", m->destination);
	else
		add(l, "mount %s on %s",
		    m->type     ? m->type
		    : m->source ? m->source
				: "none",
		    m->destination);
	if (m->options.count) {
		add(l, " (");
		add_strings(l, &m->options, ",");
		add(l, ")");
	}
}

static void describe_clone(struct line *l, const struct step *s)
{
	add(l, "clone3");
	if (s->clone.new_ns) {
		add(l, " with new namespaces");
		add_namespaces(l, s->clone.new_ns);
	}
	if (s->clone.into_cgroup)
		add(l, ", into the cgroup");
	if (s->clone.launcher)
		add(l, ", from a launcher that has joined the existing ones");
}

static void describe_user(struct line *l, const struct oci_process *p)
{
	add(l, "uid %u gid %u", p->uid, p->gid);
	for (size_t i = 0; i < p->additional_gids_count; i++)
		add(l, "%s%u", i ? "," : " groups ", p->additional_gids[i]);
}

static const char *propagation_name(uint64_t flags)
{
	return flags & MS_SHARED       ? "shared"
	       : flags & MS_SLAVE      ? "slave"
	       : flags & MS_UNBINDABLE ? "unbindable"
				       : "private";
}

static const char *word(enum step_kind kind)
{
	return step_info[kind].name;
}

static bool describe_process(struct line *l, const struct step *s)
{
	const struct oci_process *p = s->process.process;

	switch ((int)s->kind) {
	case STEP_USER: describe_user(l, p); return true;
	case STEP_MAKE_CWD: add(l, "make %s if it is not there", p->cwd); return true;
	case STEP_CWD: add(l, "chdir %s", p->cwd); return true;
	case STEP_EXEC:
	case STEP_FIND_COMMAND:
		add(l, "%s ", s->kind == STEP_EXEC ? "exec" : "find");
		if (s->kind == STEP_EXEC)
			add_strings(l, &p->args, " ");
		else
			add(l, "%s", p->args.count ? p->args.items[0] : "?");
		return true;
	case STEP_LSM:
		add(l, "label %s%s", p->apparmor_profile ? p->apparmor_profile : "",
		    p->selinux_label ? p->selinux_label : "");
		return true;
	default: return false;
	}
}

static bool describe_file_system(struct line *l, const struct step *s)
{
	switch ((int)s->kind) {
	case STEP_PROPAGATION:
	case STEP_ROOT_PROPAGATION:
		add(l, "make / %s%s", s->propagation.flags & MS_REC ? "r" : "",
		    propagation_name(s->propagation.flags));
		return true;
	case STEP_MOUNT: describe_mount(l, s); return true;
	case STEP_DEVICE:
		add(l, "%s %s (%c %" PRId64 ":%" PRId64 ")",
		    s->device.bind ? "bind device" : "make device", s->device.dev->path,
		    s->device.dev->type, s->device.dev->major, s->device.dev->minor);
		return true;
	case STEP_ROOTFS:
		add(l, s->rootfs.overlay ? "rootfs under a throw-away overlay" : "rootfs");
		return true;
	case STEP_PIVOT:
		add(l, s->pivot.no_pivot ? "move the root and chroot"
					 : "pivot_root, unmount the old root");
		return true;
	case STEP_READONLY_PATH:
	case STEP_MASKED_PATH:
		add(l, "%s %s", s->kind == STEP_MASKED_PATH ? "mask" : "make read-only",
		    s->path.path);
		return true;
	default: return false;
	}
}

static bool describe_setting(struct line *l, const struct step *s)
{
	switch ((int)s->kind) {
	case STEP_RLIMIT:
		add(l, "%s %" PRIu64 "/%" PRIu64, rlimit_name(s->rlimit.limit->resource),
		    s->rlimit.limit->soft, s->rlimit.limit->hard);
		return true;
	case STEP_OOM_SCORE_ADJ:
	case STEP_IO_PRIORITY: add(l, "%s %" PRId64, word(s->kind), s->num.value); return true;
	case STEP_UMASK: add(l, "umask %04" PRIo64, (uint64_t)s->num.value); return true;
	case STEP_CPU_AFFINITY:
		add(l, "%s %s", word(s->kind), s->str.text ? s->str.text : "all of the cgroup");
		return true;
	case STEP_HOSTNAME:
	case STEP_DOMAINNAME:
	case STEP_KEYRING:
	case STEP_STATE_DIR:
	case STEP_ID_MAPS:
	case STEP_NAMESPACES: add(l, "%s %s", word(s->kind), s->str.text); return true;
	case STEP_SECCOMP:
		add(l, "%s", word(s->kind));
		if (s->str.text)
			add(l, ", its listener goes to %s", s->str.text);
		return true;
	case STEP_SYSCTL: add(l, "sysctl %s = %s", s->sysctl.key, s->sysctl.value); return true;
	case STEP_BOUNDING: add(l, "bounding set %016" PRIx64, s->bounding.keep); return true;
	default: return false;
	}
}

void step_describe(const struct step *s, char *buf, size_t size)
{
	struct line l = { .buf = buf, .size = size };

	buf[0] = '\0';
	if (describe_process(&l, s) || describe_file_system(&l, s) || describe_setting(&l, s))
		return;
	switch ((int)s->kind) {
	case STEP_CGROUP:
		add(&l, "%s cgroup %s", s->cgroup.make ? "make" : "open",
		    s->cgroup.path ? s->cgroup.path : "of the container");
		break;
	case STEP_CLONE: describe_clone(&l, s); break;
	case STEP_JOIN_NS: add(&l, "join the %s namespace", oci_ns_info[s->join.ns].name); break;
	case STEP_HOOKS: add(&l, "run %s hooks", oci_hook_name[s->hooks.point]); break;
	default: add(&l, "%s", word(s->kind));
	}
}
