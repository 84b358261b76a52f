/* SPDX-License-Identifier: Apache-2.0 */
/* The columns of namespaces. */
#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/views.h"

#define NS(row)    ((const struct pn_ns *)(row))
#define CELL(name) static struct out_cell col_##name(struct out *o, const void *row)
#define UNUSED_O   (void)o

static const struct view *view_of(const struct out *o)
{
	return o->ctx;
}

CELL(ns)
{
	const struct pn_ns *ns = NS(row);
	struct out_cell c = ns->ino && !(ns->flags & PN_NS_F_INFERRED) ? out_u64(ns->ino)
								       : out_none();

	if (!c.known && ns->init && ns->type == PN_PID) {
		c.text = arena_printf(o->arena, "@%d", (int)ns->init->pid);
		c.known = c.inferred = c.words = true;
	}
	return c;
}

CELL(type)
{
	UNUSED_O;
	return out_words(pn_type_name(NS(row)->type));
}

/* The same for ever, so it is no number to count with: surrogates fill 64 bits. */
CELL(id)
{
	struct out_cell c;

	if (!NS(row)->id)
		return out_none();
	c = out_words(arena_printf(o->arena, "%" PRIu64, NS(row)->id));
	c.inferred = NS(row)->flags & PN_NS_F_ID_SURROGATE;
	return c;
}

CELL(id_surrogate)
{
	UNUSED_O;
	return out_bool(NS(row)->flags & PN_NS_F_ID_SURROGATE);
}

CELL(inferred)
{
	UNUSED_O;
	return out_bool(NS(row)->flags & (PN_NS_F_INFERRED | PN_NS_F_UNKNOWN));
}

CELL(state)
{
	const struct pn_ns *ns = NS(row);
	struct out_cell c = out_words(ns->flags & PN_NS_F_STUCK ? "stuck"
								: pn_state_name(ns->state));

	UNUSED_O;
	c.json = pn_state_name(ns->state);
	c.color = ns->state == PN_LIVE        ? OUT_PLAIN
		  : ns->flags & PN_NS_F_STUCK ? OUT_RED
					      : OUT_YELLOW;
	return c;
}

CELL(stuck)
{
	UNUSED_O;
	return out_bool(NS(row)->flags & PN_NS_F_STUCK);
}

CELL(level)
{
	UNUSED_O;
	return NS(row)->type == PN_PID || NS(row)->type == PN_USER ? out_u64(NS(row)->level)
								   : out_none();
}

CELL(parent)
{
	const struct pn_ns *ns = NS(row);
	struct out_cell c = out_none();

	if (!ns->parent)
		return c;
	if (ns->parent->ino && !(ns->parent->flags & PN_NS_F_INFERRED))
		c = out_u64(ns->parent->ino);
	else if (ns->parent->init)
		c = (struct out_cell){ .known = true,
				       .inferred = true,
				       .words = true,
				       .text = arena_printf(o->arena, "@%d",
							    (int)ns->parent->init->pid) };
	c.inferred |= c.known && ns->flags & PN_NS_F_PARENT_INFERRED;
	return c;
}

CELL(userns)
{
	UNUSED_O;
	return NS(row)->userns ? out_u64(NS(row)->userns) : out_none();
}

CELL(owner_uid)
{
	UNUSED_O;
	return NS(row)->type == PN_USER && NS(row)->owner_uid >= 0 ? out_i64(NS(row)->owner_uid)
								   : out_none();
}

CELL(nproc)
{
	UNUSED_O;
	return out_u64(NS(row)->nproc);
}

CELL(nthread)
{
	UNUSED_O;
	return out_u64(NS(row)->nthread);
}

CELL(nzombie)
{
	struct out_cell c = out_u64(NS(row)->nzombie);

	UNUSED_O;
	c.color = NS(row)->nzombie ? OUT_RED : OUT_PLAIN;
	return c;
}

CELL(ninjected)
{
	UNUSED_O;
	return out_u64(NS(row)->ninjected);
}

CELL(nunreaped)
{
	UNUSED_O;
	return out_u64(NS(row)->nunreaped);
}

CELL(init)
{
	UNUSED_O;
	return NS(row)->init ? out_i64(NS(row)->init->pid) : out_none();
}

CELL(owner)
{
	struct view_owner w = view_owner_ns(view_of(o), NS(row));
	struct out_cell c = out_words(view_owner_text(view_of(o), &w));

	c.color = OUT_CYAN;
	return c;
}

#define OWNER(field)                                                       \
	CELL(owner_##field)                                                \
	{                                                                  \
		return out_text(view_owner_ns(view_of(o), NS(row)).field); \
	}
OWNER(runtime)
OWNER(id)
OWNER(name)
OWNER(pod)

CELL(nowner)
{
	UNUSED_O;
	return out_u64(NS(row)->nowner);
}

CELL(reap)
{
	const struct pn_ns *ns = NS(row);
	struct out_cell c;

	UNUSED_O;
	if (ns->type != PN_PID)
		return out_none();
	c = out_words(pn_reap_name(ns->reap));
	c.color = ns->reap == PN_REAP_NO ? OUT_RED : OUT_PLAIN;
	return c;
}

CELL(evidence)
{
	return NS(row)->type == PN_PID ? out_words(view_reap_text(o->arena, NS(row))) : out_none();
}

static const char *pin_text(struct arena *a, const struct pn_pin *p)
{
	switch (p->how) {
	case PN_HOLD_MOUNT:
		if (p->pid == 0)
			return arena_printf(a, "mount %s (in mnt:[%" PRIu64 "], without processes)",
					    out_escape(a, p->path ? p->path : "?"), p->mntns);
		return arena_printf(a, "mount %s (as seen by %d, mnt:[%" PRIu64 "])",
				    out_escape(a, p->path ? p->path : "?"), (int)p->pid, p->mntns);
	case PN_HOLD_FD: return arena_printf(a, "fd %d of %d", p->fd, (int)p->pid);
	case PN_HOLD_CHILDREN: return arena_printf(a, "children of %d to come", (int)p->pid);
	}
	return "?";
}

CELL(pins)
{
	struct out_cell c = { .known = true, .escaped = true, .text = "" };
	const char **list;
	size_t n = 0;

	for (const struct pn_pin *p = NS(row)->pins; p; p = p->next)
		n++;
	list = arena_alloc(o->arena, (n + 1) * sizeof(*list));
	for (const struct pn_pin *p = NS(row)->pins; p; p = p->next) {
		list[c.count] = pin_text(o->arena, p);
		c.text = arena_printf(o->arena, "%s%s%s", c.text, *c.text ? "; " : "",
				      list[c.count]);
		c.count++;
	}
	c.list = list;
	return c;
}

CELL(command)
{
	return NS(row)->init ? out_words(view_command_text(o->arena, NS(row)->init)) : out_none();
}

enum {
	D = OUT_DEFAULT,
	R = OUT_RIGHT,
	F = OUT_FLEX,
	OWN = PN_F_OWNER | PN_F_NAMES,
	PINS = PN_F_MOUNTS | PN_F_PENDING
};

const struct out_col view_ns_cols[] = {
	{ "ns", "NS", OUT_NUMBER, D | R, 0, "inode; ~@PID: not readable, the one with this init",
	  col_ns },
	{ "type", "TYPE", OUT_TEXT, D, 0, "pid user mnt net uts ipc cgroup time", col_type },
	{ "id", "ID", OUT_TEXT, 0, PN_F_NSINFO,
	  "id that is never used again; ~: made of inode and start time", col_id },
	{ "id_surrogate", "SURR", OUT_BOOL, 0, PN_F_NSINFO, "the kernel has no ids, see id",
	  col_id_surrogate },
	{ "inferred", "INF", OUT_BOOL, 0, 0, "found by rule, not read", col_inferred },
	{ "state", "STATE", OUT_TEXT, D, PN_F_REAP | PINS,
	  "live, dying, stuck (in JSON: dying), pinned, no-init-yet", col_state },
	{ "stuck", "STUCK", OUT_BOOL, 0, PN_F_REAP, "dying, and something keeps it from being gone",
	  col_stuck },
	{ "level", "LVL", OUT_NUMBER, R, 0, "depth (pid and user)", col_level },
	{ "parent", "PARENT", OUT_NUMBER, D | R, PN_F_NSINFO, "namespace above (pid and user)",
	  col_parent },
	{ "userns", "USERNS", OUT_NUMBER, R, PN_F_NSINFO, "user namespace that owns it",
	  col_userns },
	{ "uid", "UID", OUT_NUMBER, R, PN_F_NSINFO, "user: who made it", col_owner_uid },
	{ "procs", "PROCS", OUT_NUMBER, D | R, 0, "processes", col_nproc },
	{ "threads", "THREADS", OUT_NUMBER, R, 0, "threads", col_nthread },
	{ "zombies", "ZOMBIES", OUT_NUMBER, D | R, 0, "zombies", col_nzombie },
	{ "injected", "INJ", OUT_NUMBER, R, 0, "processes that came in from outside",
	  col_ninjected },
	{ "unreaped", "UNREAPED", OUT_NUMBER, R, PN_F_REAP, "zombies whose parent is PID 1",
	  col_nunreaped },
	{ "init", "INIT", OUT_NUMBER, D | R, 0,
	  "outer PID of PID 1; of other types: of the oldest process", col_init },
	{ "reap", "REAPS", OUT_TEXT, D, PN_F_REAP,
	  "does PID 1 reap: reaps, ignores-sigchld, does-not-reap, dying, unknown", col_reap },
	{ "evidence", "EVIDENCE", OUT_TEXT, F, PN_F_REAP, "what that rests on", col_evidence },
	{ "owner", "OWNER", OUT_TEXT, D | F, OWN, "container: runtime:id name", col_owner },
	{ "runtime", "RUNTIME", OUT_TEXT, 0, OWN, "docker, podman, cri-containerd, atoll ...",
	  col_owner_runtime },
	{ "container", "CONTAINER", OUT_TEXT, F, OWN, "id of the container", col_owner_id },
	{ "name", "NAME", OUT_TEXT, F, OWN, "name of the container", col_owner_name },
	{ "pod", "POD", OUT_TEXT, F, OWN, "id of the pod", col_owner_pod },
	{ "containers", "CTRS", OUT_NUMBER, R, OWN, "containers with processes in it", col_nowner },
	{ "pinned_by", "PINNED-BY", OUT_LIST, F, PINS,
	  "mounts, children to come and (--held) descriptors that keep it", col_pins },
	{ "command", "COMMAND", OUT_TEXT, D | F, PN_F_CMDLINE, "of init", col_command },
	{ 0 },
};
