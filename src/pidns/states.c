/* SPDX-License-Identifier: Apache-2.0 */
/* Containers by the PID that a runtime's state has for them: for those that no cgroup tells. The
 * states are read once, when the first is asked for; those of users, with the first of each. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "pidns/keyscan.h"
#include "pidns/names.h"
#include "pidns/scan.h"

enum { ENTRIES_MAX = 1 << 14, BUCKETS = 1024 };

static const struct place {
	const char *dir, *file, *pid, *start;
	enum pn_runtime runtime;
} places[] = {
	{ "run/atoll/state", "state.json", "pid", "startTime", PN_RT_ATOLL },
	{ "run/atoll-oci", "state.json", "pid", "startTime", PN_RT_ATOLL },
	{ "run/runc", "state.json", "init_process_pid", "init_process_start", PN_RT_RUNC },
	{ "run/crun", "status", "pid", "process-start-time", PN_RT_CRUN },
	{ "run/user/%u/atoll/state", "state.json", "pid", "startTime", PN_RT_ATOLL },
	{ "run/user/%u/atoll-oci", "state.json", "pid", "startTime", PN_RT_ATOLL },
	{ "run/user/%u/runc", "state.json", "init_process_pid", "init_process_start", PN_RT_RUNC },
	{ "run/user/%u/crun", "status", "pid", "process-start-time", PN_RT_CRUN },
};

struct state {
	uint64_t pid, start; /* start 0: it does not say */
	struct names_hit hit;
	struct state *next;
};

struct state_set {
	struct state *bucket[BUCKETS];
	bool system;        /* those of the system were read */
	struct inoset user; /* 1 + uid: and those of this user */
};

static int read_state(struct pn_snap *s, const struct place *at, const char *dir, const char *id)
{
	struct span all, v;
	struct state *st, **to;
	uint64_t pid = 0, start = 0;

	if (strlen(id) >= sizeof(st->hit.id) ||
	    !names_load(s, &all, "%s/%s/%s", dir, id, at->file) ||
	    !keyscan_member(all, at->pid, &v) || !keyscan_u64(v, &pid) || pid == 0)
		return 0;
	if (!keyscan_member(all, at->start, &v) || !keyscan_u64(v, &start))
		start = 0;
	st = pool_alloc(&s->pool, sizeof(*st));
	if (!st)
		return -ENOMEM;
	st->pid = pid;
	st->start = start;
	st->hit.runtime = at->runtime;
	memcpy(st->hit.id, id, strlen(id) + 1);
	/* At the end: of two that name a PID the first place has it. */
	for (to = &s->states->bucket[pid % BUCKETS]; *to;)
		to = &(*to)->next;
	*to = st;
	return 0;
}

static int read_place(struct pn_snap *s, const struct place *at, const char *dir)
{
	int fd = names_open(s, dir, O_RDONLY | O_DIRECTORY);
	autodir DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;

	if (fd >= 0 && !d)
		(void)close(fd);
	for (int n = 0; d && n < ENTRIES_MAX && (e = readdir(d)); n++)
		if (e->d_name[0] != '.' && read_state(s, at, dir, e->d_name) < 0)
			return -ENOMEM;
	return 0;
}

static int read_states(struct pn_snap *s, bool user, uid_t uid)
{
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		const char *sign = strchr(places[i].dir, '%');
		char dir[64];

		if (!sign != !user)
			continue;
		if (sign)
			(void)snprintf(dir, sizeof(dir), "%.*s%u%s", (int)(sign - places[i].dir),
				       places[i].dir, uid, sign + 2);
		else
			(void)snprintf(dir, sizeof(dir), "%s", places[i].dir);
		if (read_place(s, &places[i], dir) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Rootless: the user is the one who has the parent; its own uid is mapped. */
static int have_states(struct pn_snap *s, uid_t uid)
{
	int e = 0;

	if (!s->states)
		s->states = calloc(1, sizeof(*s->states));
	if (!s->states)
		return -ENOMEM;
	if (!s->states->system)
		e = read_states(s, false, 0);
	s->states->system = true;
	if (e < 0)
		return e;
	e = set_add(&s->states->user, (uint64_t)uid + 1);
	return e > 0 ? read_states(s, true, uid) : e;
}

/* Not of one that has the number by now: where the state says when it began, that is looked up. */
static bool began_then(struct pn_snap *s, struct row *init, uint64_t start)
{
	autoclose int dirfd = -1;

	if (!start)
		return true;
	if (!init->pub.start) {
		dirfd = scan_reopen(s, init);
		init->pub.start = dirfd < 0 ? 0 : more_start(s, dirfd);
	}
	return !init->pub.start || init->pub.start == start;
}

int names_by_pid(struct pn_snap *s, struct row *init, const struct names_hit **ret)
{
	uid_t uid = init->pub.parent ? init->pub.parent->uid[0] : init->pub.uid[0];
	int e = have_states(s, uid);

	*ret = NULL;
	if (e < 0)
		return e;
	for (const struct state *st = s->states->bucket[(uint64_t)init->pub.pid % BUCKETS]; st;
	     st = st->next)
		if (st->pid == (uint64_t)init->pub.pid && began_then(s, init, st->start)) {
			*ret = &st->hit;
			return 0;
		}
	return 0;
}

void states_drop(struct state_set *set)
{
	if (!set)
		return;
	free(set->user.slots);
	free(set);
}
