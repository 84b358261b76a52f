/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What has changed from one snapshot to the next. Takes no snapshot and no time itself.
 *
 * A process is the same if its PID and start time are, a namespace if its id is (where
 * the kernel gives ids), else if its inode and its init are. What begins and ends between two
 * snapshots is not seen. */

#include <stddef.h>
#include <stdint.h>

#include <pidns.h>

enum watch_kind {
	WATCH_NS_BORN,
	WATCH_NS_CHANGED, /* its state, but not to dying */
	WATCH_NS_DYING,
	WATCH_NS_GONE,
	WATCH_PROC_IN,
	WATCH_PROC_OUT,
	WATCH_ZOMBIE_SEEN, /* unreaped for longer than the grace */
	WATCH_ZOMBIE_GONE,
	WATCH_REAP_CHANGED,
	WATCH_KINDS
};
const char *watch_kind_name(enum watch_kind k); /* "namespace-born" ... */

struct watch_event {
	enum watch_kind kind;
	const struct pn_ns *ns;
	const struct pn_proc *proc;     /* WATCH_PROC_*, WATCH_ZOMBIE_*; else NULL */
	enum pn_state state_before;     /* WATCH_NS_CHANGED, WATCH_NS_DYING */
	enum pn_reap reap_before;       /* WATCH_REAP_CHANGED */
	uint64_t first_seen_ms, age_ms; /* WATCH_ZOMBIE_* */
};

struct watch_zombie;
struct watch {
	uint64_t grace_ms;
	/* Every zombie by PID, since when it is known: their age stands nowhere in /proc. */
	struct watch_zombie *zombies;
	size_t count;
	/* The last verdict on each namespace of the last snapshot. */
	enum pn_reap *verdicts;
	size_t nverdict;
	/* When the next one is due to be told, in the caller's time; 0: none is. */
	uint64_t due_ms;
};
#define WATCH_NULL ((struct watch){ 0 })

typedef void watch_fn(void *ctx, const struct watch_event *ev);

/* Tells fn what is in `now` and was not in `before` (NULL: nothing is told but zombies) and the
 * other way round. Both need PN_F_START | PN_F_NSINFO | PN_F_REAP. time_ms: of `now`, on a clock that
 * does not jump. */
void watch_diff(struct watch *w, const struct pn_snap *before, const struct pn_snap *now,
		uint64_t time_ms, watch_fn *fn, void *ctx);
/* Since when this zombie is known: 0 if it is not. */
uint64_t watch_zombie_since(const struct watch *w, const struct pn_proc *p);
void watch_free(struct watch *w);
