/* SPDX-License-Identifier: Apache-2.0 */
/* The columns of processes. */
#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/names.h"
#include "cli/views.h"

#define PROC(row)  ((const struct pn_proc *)(row))
#define CELL(name) static struct out_cell col_##name(struct out *o, const void *row)
#define UNUSED_O   (void)o

static const struct view *view_of(const struct out *o)
{
	return o->ctx;
}

static bool is_dead(const struct pn_proc *p)
{
	return p->flags & PN_P_ZOMBIE;
}

CELL(pid)
{
	UNUSED_O;
	return out_i64(PROC(row)->pid);
}

CELL(inner)
{
	UNUSED_O;
	return out_i64(PROC(row)->inner);
}

CELL(pids)
{
	const struct pn_proc *p = PROC(row);
	struct out_cell c = out_words(view_pids_text(o->arena, p, ","));
	const char **list = arena_alloc(o->arena, (p->level + 1) * sizeof(*list));

	for (uint32_t i = 0; i <= p->level; i++)
		list[i] = arena_printf(o->arena, "%d", (int)p->nspid[i]);
	c.list = list;
	c.count = p->level + 1;
	return c;
}

CELL(ppid)
{
	UNUSED_O;
	return out_i64(PROC(row)->ppid);
}

/* 0: its parent is outside of its namespace. */
CELL(inner_ppid)
{
	const struct pn_proc *p = PROC(row);
	pid_t inner;

	UNUSED_O;
	if (!p->parent)
		return p->ppid ? out_none() : out_i64(0);
	inner = pn_pid_in(p->parent, p->ns);
	if (inner || p->parent->ns == p->ns)
		return out_i64(inner);
	return (struct out_cell){ .known = true, .text = "out", .escaped = true };
}

CELL(ns)
{
	const struct pn_proc *p = PROC(row);
	struct out_cell c = p->ns->ino && !(p->ns->flags & PN_NS_F_INFERRED) ? out_u64(p->ns->ino)
									     : out_none();

	if (!c.known && p->ns->init && !(p->ns->flags & PN_NS_F_UNKNOWN)) {
		/* For people only: in JSON it stays null, and ns_init tells. */
		c.text = arena_printf(o->arena, "@%d", (int)p->ns->init->pid);
		c.known = c.inferred = c.words = true;
	}
	return c;
}

CELL(ns_init)
{
	UNUSED_O;
	return PROC(row)->ns->init ? out_i64(PROC(row)->ns->init->pid) : out_none();
}

CELL(ns_inferred)
{
	UNUSED_O;
	return out_bool(PROC(row)->flags & (PN_P_NS_INFERRED | PN_P_NS_UNKNOWN));
}

CELL(level)
{
	UNUSED_O;
	return out_u64(PROC(row)->level);
}

CELL(state)
{
	const struct pn_proc *p = PROC(row);
	struct out_cell c = out_words(
		arena_printf(o->arena, "%c%s", p->state, p->flags & PN_P_FALSE_ZOMBIE ? "l" : ""));

	c.json = arena_printf(o->arena, "%c", p->state);
	c.color = is_dead(p)              ? OUT_RED
		  : p->flags & PN_P_DYING ? OUT_YELLOW
		  : p->state == 'R'       ? OUT_GREEN
					  : OUT_PLAIN;
	return c;
}

CELL(flags)
{
	static const struct {
		uint32_t flag;
		const char *name;
	} names[] = {
		{ PN_P_INIT, "init" },
		{ PN_P_INJECTED, "injected" },
		{ PN_P_ZOMBIE, "zombie" },
		{ PN_P_FALSE_ZOMBIE, "false-zombie" },
		{ PN_P_PENDING, "pending" },
		{ PN_P_DYING, "dying" },
		{ PN_P_KTHREAD, "kthread" },
		{ PN_P_NEW, "new" },
		{ PN_P_HIDDEN_PARENT, "hidden-parent" },
		{ PN_P_NO_ACCESS, "no-access" },
	};
	struct out_cell c = { .known = true, .escaped = true, .text = "" };
	const char **list = arena_alloc(o->arena, ARRAY_LEN(names) * sizeof(*list));

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (PROC(row)->flags & names[i].flag) {
			list[c.count++] = names[i].name;
			c.text = arena_printf(o->arena, "%s%s%s", c.text, *c.text ? "," : "",
					      names[i].name);
		}
	c.list = list;
	return c;
}

CELL(owner)
{
	struct view_owner w = view_owner_of(view_of(o), PROC(row));
	struct out_cell c = out_words(view_owner_text(view_of(o), &w));

	c.color = OUT_CYAN;
	return c;
}

#define OWNER(field)                                                         \
	CELL(field)                                                          \
	{                                                                    \
		return out_text(view_owner_of(view_of(o), PROC(row)).field); \
	}
OWNER(runtime)
OWNER(id)
OWNER(name)
OWNER(pod)
OWNER(pod_name)
OWNER(image)
OWNER(unit)

CELL(cgroup)
{
	UNUSED_O;
	return out_text(PROC(row)->cgroup);
}

CELL(uid)
{
	UNUSED_O;
	return out_u64(PROC(row)->uid[1]);
}

CELL(gid)
{
	UNUSED_O;
	return out_u64(PROC(row)->gid[1]);
}

CELL(inner_uid)
{
	UNUSED_O;
	return PROC(row)->inner_uid < 0 ? out_none() : out_i64(PROC(row)->inner_uid);
}

CELL(caps)
{
	const struct pn_proc *p = PROC(row);
	struct out_cell c = out_words(is_dead(p) ? "-"
						 : view_caps_text(o->arena, p->caps.effective));
	const char **list = arena_alloc(o->arena, 64 * sizeof(*list));

	for (int i = 0; i < 64; i++)
		if (p->caps.effective >> i & 1)
			list[c.count++] = cap_name(i) ? cap_name(i)
						      : arena_printf(o->arena, "CAP_%d", i);
	c.list = list;
	return c;
}

#define HEX(name, expr)                                                                   \
	CELL(name)                                                                        \
	{                                                                                 \
		return out_words(arena_printf(o->arena, "%016" PRIx64, PROC(row)->expr)); \
	}
HEX(capeff, caps.effective)
HEX(capprm, caps.permitted)
HEX(capinh, caps.inheritable)
HEX(capbnd, caps.bounding)
HEX(capamb, caps.ambient)
HEX(sigblk, sigs.blocked)
HEX(sigign, sigs.ignored)
HEX(sigcgt, sigs.caught)

CELL(seccomp)
{
	struct out_cell c = out_words(view_seccomp_text(PROC(row)));

	UNUSED_O;
	if (is_dead(PROC(row)) && c.known)
		c.text = "-", c.json = view_seccomp_text(PROC(row));
	return c;
}

CELL(nnp)
{
	UNUSED_O;
	return PROC(row)->no_new_privs < 0 ? out_none() : out_bool(PROC(row)->no_new_privs);
}

CELL(label)
{
	UNUSED_O;
	return out_text(PROC(row)->label);
}

CELL(threads)
{
	UNUSED_O;
	return out_u64(PROC(row)->threads);
}

CELL(rss)
{
	UNUSED_O;
	return out_u64(PROC(row)->rss_kib);
}

CELL(start)
{
	UNUSED_O;
	return PROC(row)->start ? out_u64(PROC(row)->start) : out_none();
}

CELL(age)
{
	struct out_cell c = out_none();
	uint64_t s;

	if (!view_age(view_of(o), PROC(row), &s))
		return c;
	c = out_u64(s);
	c.text = view_age_text(o->arena, s);
	c.escaped = true;
	return c;
}

#define NS_INO(name, type)                                                                      \
	CELL(name)                                                                              \
	{                                                                                       \
		UNUSED_O;                                                                       \
		return PROC(row)->ns_ino[type] ? out_u64(PROC(row)->ns_ino[type]) : out_none(); \
	}
NS_INO(userns, PN_USER)
NS_INO(mntns, PN_MNT)
NS_INO(netns, PN_NET)
NS_INO(utsns, PN_UTS)
NS_INO(ipcns, PN_IPC)
NS_INO(cgroupns, PN_CGROUP)
NS_INO(timens, PN_TIME)

CELL(wchan)
{
	UNUSED_O;
	return out_text(PROC(row)->wchan);
}

CELL(comm)
{
	UNUSED_O;
	return out_text(PROC(row)->comm);
}

CELL(note)
{
	const struct pn_finding *f = view_finding(view_of(o), PROC(row));
	struct out_cell c;

	if (!f)
		return out_none();
	c = out_words(f->why);
	c.color = f->severity == PN_ERROR ? OUT_RED : OUT_YELLOW;
	return c;
}

/* The whole list of arguments for JSON, one line for people. */
CELL(command)
{
	const struct pn_proc *p = PROC(row);
	struct out_cell c = out_words(view_command_text(o->arena, p));
	const char **list;
	size_t n = 0;

	for (size_t i = 0; p->cmdline && i < p->cmdline_len; i++)
		n += p->cmdline[i] == '\0';
	list = arena_alloc(o->arena, (n + 1) * sizeof(*list));
	/* Bytes after the last NUL are no whole argument, but all that there is. */
	for (size_t at = 0; p->cmdline && at < p->cmdline_len && c.count <= n;) {
		size_t len = strnlen(p->cmdline + at, p->cmdline_len - at);

		list[c.count++] = arena_strndup(o->arena, p->cmdline + at, len);
		at += len + 1;
	}
	c.list = list;
	c.color = is_dead(p) ? OUT_RED : p->flags & PN_P_INIT ? OUT_BOLD : OUT_PLAIN;
	return c;
}

enum { D = OUT_DEFAULT, R = OUT_RIGHT, F = OUT_FLEX, OWN = PN_F_OWNER | PN_F_NAMES };

const struct out_col view_proc_cols[] = {
	{ "pid", "OUTER", OUT_NUMBER, D | R, 0, "PID in the namespace of this /proc", col_pid },
	{ "inner", "INNER", OUT_NUMBER, D | R, 0, "PID in its own namespace", col_inner },
	{ "pids", "PIDS", OUT_NUMBERS, 0, 0, "PIDs at all levels, outermost first", col_pids },
	{ "ppid", "PPID", OUT_NUMBER, R, 0, "outer PID of the parent", col_ppid },
	{ "inner_ppid", "IPPID", OUT_NUMBER, R, 0,
	  "PID of the parent as the process sees it; out (0): it is outside", col_inner_ppid },
	{ "pidns", "PIDNS", OUT_NUMBER, D | R, 0,
	  "inode of its PID namespace; ~@PID: not readable, the one with this init", col_ns },
	{ "pidns_init", "NSINIT", OUT_NUMBER, R, 0, "outer PID of PID 1 of its namespace",
	  col_ns_init },
	{ "pidns_inferred", "NSINF", OUT_BOOL, 0, 0, "the namespace was found by rule, not read",
	  col_ns_inferred },
	{ "level", "LVL", OUT_NUMBER, R, 0, "depth of its PID namespace", col_level },
	{ "state", "S", OUT_TEXT, D, 0, "as the kernel says: R S D Z T t I; Zl: threads live on",
	  col_state },
	{ "flags", "FLAGS", OUT_LIST, 0, PN_F_PENDING,
	  "init injected zombie false-zombie pending dying kthread new hidden-parent no-access",
	  col_flags },
	{ "uid", "UID", OUT_NUMBER, D | R, 0, "effective user, seen from here", col_uid },
	{ "gid", "GID", OUT_NUMBER, R, 0, "effective group, seen from here", col_gid },
	{ "inner_uid", "IUID", OUT_NUMBER, R, PN_F_USERNS,
	  "effective user in its own user namespace", col_inner_uid },
	{ "caps", "CAPS", OUT_LIST, D, 0,
	  "effective capabilities: all, default (Docker's fourteen), names or their number",
	  col_caps },
	{ "capeff", "CAPEFF", OUT_TEXT, 0, 0, "effective capabilities, hexadecimal", col_capeff },
	{ "capprm", "CAPPRM", OUT_TEXT, 0, 0, "permitted capabilities", col_capprm },
	{ "capinh", "CAPINH", OUT_TEXT, 0, 0, "inheritable capabilities", col_capinh },
	{ "capbnd", "CAPBND", OUT_TEXT, 0, 0, "bounding set", col_capbnd },
	{ "capamb", "CAPAMB", OUT_TEXT, 0, 0, "ambient capabilities", col_capamb },
	{ "seccomp", "SECCOMP", OUT_TEXT, D, 0, "off, strict or filter", col_seccomp },
	{ "nnp", "NNP", OUT_BOOL, 0, 0, "no_new_privs", col_nnp },
	{ "label", "LABEL", OUT_TEXT, F, PN_F_LABEL, "label of the security module", col_label },
	{ "sigblk", "SIGBLK", OUT_TEXT, 0, 0, "blocked signals, hexadecimal", col_sigblk },
	{ "sigign", "SIGIGN", OUT_TEXT, 0, 0, "ignored signals", col_sigign },
	{ "sigcgt", "SIGCGT", OUT_TEXT, 0, 0, "caught signals", col_sigcgt },
	{ "threads", "NLWP", OUT_NUMBER, R, 0, "threads", col_threads },
	{ "rss", "RSS", OUT_NUMBER, R, 0, "resident memory in KiB", col_rss },
	{ "start", "START", OUT_NUMBER, R, PN_F_START, "clock ticks from boot to its start",
	  col_start },
	{ "age", "AGE", OUT_NUMBER, R, PN_F_START, "seconds since its start", col_age },
	{ "userns", "USERNS", OUT_NUMBER, R, PN_F_USERNS, "inode of its user namespace",
	  col_userns },
	{ "mntns", "MNTNS", OUT_NUMBER, R, PN_F_NSLINKS, "mount namespace", col_mntns },
	{ "netns", "NETNS", OUT_NUMBER, R, PN_F_NSLINKS, "network namespace", col_netns },
	{ "utsns", "UTSNS", OUT_NUMBER, R, PN_F_NSLINKS, "UTS namespace", col_utsns },
	{ "ipcns", "IPCNS", OUT_NUMBER, R, PN_F_NSLINKS, "IPC namespace", col_ipcns },
	{ "cgroupns", "CGROUPNS", OUT_NUMBER, R, PN_F_NSLINKS, "cgroup namespace", col_cgroupns },
	{ "timens", "TIMENS", OUT_NUMBER, R, PN_F_NSLINKS, "time namespace", col_timens },
	{ "owner", "OWNER", OUT_TEXT, D | F, OWN, "container: runtime:id name", col_owner },
	{ "runtime", "RUNTIME", OUT_TEXT, 0, OWN, "docker, podman, cri-containerd, atoll ...",
	  col_runtime },
	{ "container", "CONTAINER", OUT_TEXT, F, OWN, "id of the container", col_id },
	{ "name", "NAME", OUT_TEXT, F, OWN, "name of the container, where it is known", col_name },
	{ "pod", "POD", OUT_TEXT, F, OWN, "id of the pod", col_pod },
	{ "pod_name", "PODNAME", OUT_TEXT, F, OWN, "name of the pod", col_pod_name },
	{ "image", "IMAGE", OUT_TEXT, F, OWN, "image of the container", col_image },
	{ "unit", "UNIT", OUT_TEXT, F, OWN, "systemd unit", col_unit },
	{ "cgroup", "CGROUP", OUT_TEXT, F, PN_F_CGROUP, "cgroup path", col_cgroup },
	{ "wchan", "WCHAN", OUT_TEXT, F, PN_F_REAP | PN_F_WCHAN,
	  "where it sleeps in the kernel (inits and parents of zombies)", col_wchan },
	{ "comm", "COMM", OUT_TEXT, 0, 0, "name of the program, as the kernel keeps it", col_comm },
	{ "note", "NOTE", OUT_TEXT, F | OUT_BLANK, PN_F_REAP | PN_F_PENDING,
	  "what is remarkable about it", col_note },
	{ "command", "COMMAND", OUT_LIST, D | F | OUT_TREE, PN_F_CMDLINE,
	  "arguments; [comm] if there are none", col_command },
	{ 0 },
};
