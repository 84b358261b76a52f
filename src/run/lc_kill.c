/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "run/entry.h"
#include "run/lc.h"

enum { KILL_WAIT_MS = 1000 };

/* ---- kill ---------------------------------------------------------------------- */

static int not_running(const struct container *c, struct err *e)
{
	return err_set(e, ESRCH, "container not running: %s (no such process)", c->state.id);
}

/* On v1 a frozen process does not die of SIGKILL before it is thawed. */
static void thaw_to_die(struct cgroup *cg)
{
	bool frozen = false;

	if (cgroup_is_frozen(cg, &frozen) == 0 && frozen)
		(void)cgroup_freeze(cg, false, NULL);
}

static int signal_all(struct container *c, int sig, struct err *e)
{
	struct cgroup *cg = &c->state.cgroup;
	int r;

	if (cg->mode == CGROUP_NONE) {
		if (c->init.fd < 0)
			return 0;
		if (!c->state.own_pid_ns || sig != SIGKILL)
			return err_set(e, EOPNOTSUPP,
				       "cannot signal all processes of %s: it has no cgroup",
				       c->state.id);
		r = pidref_kill(&c->init, sig);
		return r < 0 && r != -ESRCH ? err_set(e, -r, "kill container %s: %m", c->state.id)
					    : 0;
	}
	r = cgroup_open(cg, e);
	if (r == -ENOENT && c->init.fd < 0)
		return 0;
	if (r == 0)
		r = cgroup_signal(cg, sig, e);
	if (r == 0 && sig == SIGKILL) {
		thaw_to_die(cg);
		(void)cgroup_wait_empty(cg, KILL_WAIT_MS, NULL);
		/* It has left the cgroup a moment before it has ended. */
		if (c->init.fd >= 0)
			(void)pidref_wait_exit(&c->init, KILL_WAIT_MS);
	}
	cgroup_close(cg);
	return r;
}

static int signal_init(struct container *c, int sig, struct err *e)
{
	struct cgroup *cg = &c->state.cgroup;
	int r;

	if (c->init.fd < 0)
		return not_running(c, e);
	r = pidref_kill(&c->init, sig);
	if (r == -ESRCH)
		return not_running(c, e);
	if (r < 0)
		return err_set(e, -r, "kill container %s: %m", c->state.id);
	if (sig == SIGKILL && cg->mode != CGROUP_NONE && cgroup_open(cg, NULL) == 0) {
		thaw_to_die(cg);
		cgroup_close(cg);
	}
	/* What SIGKILL does is certain, so wait for it: who asks for the state next is
	 * told "stopped". A task that cannot die yet must not hold the caller up. */
	if (sig == SIGKILL)
		(void)pidref_wait_exit(&c->init, KILL_WAIT_MS);
	return 0;
}

/* The first process is gone, but others of its cgroup may not be. */
static bool anyone_left(struct lc *lc, struct cgroup *cg)
{
	size_t count = 0;
	pid_t *pids;

	if (cgroup_open(cg, NULL) < 0)
		return false;
	(void)cgroup_pids(cg, lc->arena, &pids, &count, NULL);
	cgroup_close(cg);
	return count > 0;
}

int lc_kill(struct lc *lc, const char *id, int sig, bool all, struct err *e)
{
	autocontainer struct container c = CONTAINER_NULL;
	int r = lc_get_quick(lc, id, &c, e);

	if (r < 0)
		return r;
	if (c.status == STATUS_CREATING)
		return not_running(&c, e);
	/* Without a PID namespace of its own nothing dies with PID 1. */
	if (!all && sig == SIGKILL && !c.state.own_pid_ns && c.state.cgroup.mode != CGROUP_NONE) {
		bool any = c.init.fd >= 0 || anyone_left(lc, &c.state.cgroup);

		r = signal_all(&c, sig, e);
		return r == 0 && !any ? not_running(&c, e) : r;
	}
	return all ? signal_all(&c, sig, e) : signal_init(&c, sig, e);
}

/* ---- delete -------------------------------------------------------------------- */

/* Where there is no cgroup to name who is left: PID 1 itself. */
static int init_stays(const struct container *c, struct err *e)
{
	char path[64], wchan[64];
	struct cgroup cg = c->state.cgroup;

	if (cg.mode != CGROUP_NONE && cgroup_open(&cg, NULL) == 0) {
		int r = cgroup_wait_empty(&cg, 0, e);

		cgroup_close(&cg);
		if (r < 0)
			return r;
	}
	(void)snprintf(path, sizeof(path), "/proc/%d/wchan", c->state.pid);
	if (io_read_small(-1, path, wchan, sizeof(wchan)) <= 0)
		(void)snprintf(wchan, sizeof(wchan), "?");
	return err_set(e, ETIMEDOUT, "container %s: process %d does not end (in %s)", c->state.id,
		       c->state.pid, wchan);
}

static int end_processes(struct container *c, struct err *e)
{
	struct cgroup *cg = &c->state.cgroup;
	int r;

	if (c->init.fd >= 0) {
		r = pidref_kill(&c->init, SIGKILL);
		if (r < 0 && r != -ESRCH)
			return err_set(e, -r, "kill container %s: %m", c->state.id);
		if (cg->mode != CGROUP_NONE && cgroup_open(cg, NULL) == 0) {
			thaw_to_die(cg);
			cgroup_close(cg);
		}
		if (pidref_wait_exit(&c->init, ENTRY_EMPTY_TIMEOUT_MS) < 0)
			return init_stays(c, e);
	}
	r = entry_cgroup_end(cg, e);
	return r == -ENOENT ? 0 : r;
}

static int may_delete(const struct container *c, bool force, struct err *e)
{
	if (c->status == STATUS_CREATING)
		return err_set(e, EBUSY, "cannot delete container %s that is being created",
			       c->state.id);
	if (c->status == STATUS_STOPPED || c->status == STATUS_CREATED || force)
		return 0;
	return err_set(e, EBUSY, "cannot delete container %s that is not stopped: %s", c->state.id,
		       state_status_name[c->status]);
}

/* An entry that nobody can read any more must not block its id for ever. */
static int discard(struct lc *lc, const char *id, int r, struct err *e)
{
	struct err why = *e;

	if (r != -EINVAL || state_check_id(id, NULL) < 0 || lc->root_fd < 0)
		return r;
	*e = (struct err){ 0 };
	r = entry_discard(lc->root_fd, id, e);
	if (r == 0)
		lc_warn(lc, "%s; the entry has been removed, its processes and cgroups have not",
			why.msg);
	return r;
}

int lc_delete(struct lc *lc, const char *id, bool force, struct err *e)
{
	autocontainer struct container c = CONTAINER_NULL;
	struct err hook = { 0 };
	struct err local = { 0 };
	int r;

	if (!e)
		e = &local;
	r = lc_get(lc, id, &c, e);
	if (r == -ENOENT && force) {
		*e = (struct err){ 0 };
		return 0;
	}
	if (r < 0)
		return force ? discard(lc, id, r, e) : r;
	r = may_delete(&c, force, e);
	if (r == 0)
		r = entry_own(c.lock_fd, e);
	if (r == -ENOENT)
		return force ? 0 : err_set(e, ENOENT, "container does not exist: %s", id);
	if (r == 0)
		r = end_processes(&c, e);
	if (r == 0)
		r = entry_remove(lc->root_fd, id, e);
	if (r == 0 &&
	    lc_hooks(lc, &c.state, OCI_HOOK_POSTSTOP, &c.state.poststop, STATUS_STOPPED, &hook) < 0)
		lc_warn(lc, "%s", hook.msg);
	return r;
}

/* ---- wait, pause, update --------------------------------------------------------- */

int lc_wait(struct lc *lc, const char *id, int timeout_ms, struct err *e)
{
	autocontainer struct container c = CONTAINER_NULL;
	int r = lc_get_quick(lc, id, &c, e);

	if (r < 0 || c.init.fd < 0)
		return r;
	r = pidref_wait_exit(&c.init, timeout_ms);
	return r == -ETIMEDOUT ? err_set(e, ETIMEDOUT, "container %s is still running", id) : r;
}

static int freeze(struct lc *lc, const char *id, bool frozen, struct err *e)
{
	autocontainer struct container c = CONTAINER_NULL;
	int r = lc_get(lc, id, &c, e);

	if (r < 0)
		return r;
	if (frozen && c.status != STATUS_RUNNING && c.status != STATUS_CREATED)
		return err_set(e, EINVAL, "container not running: %s is %s", id,
			       state_status_name[c.status]);
	if (!frozen && c.status != STATUS_PAUSED)
		return err_set(e, EINVAL, "container not paused: %s is %s", id,
			       state_status_name[c.status]);
	if (c.state.cgroup.mode == CGROUP_NONE)
		return err_set(e, EOPNOTSUPP, "cannot pause container %s: it has no cgroup", id);
	r = cgroup_open(&c.state.cgroup, e);
	if (r == 0)
		r = cgroup_freeze(&c.state.cgroup, frozen, e);
	cgroup_close(&c.state.cgroup);
	return r;
}

int lc_pause(struct lc *lc, const char *id, struct err *e)
{
	return freeze(lc, id, true, e);
}

int lc_resume(struct lc *lc, const char *id, struct err *e)
{
	return freeze(lc, id, false, e);
}

int lc_update(struct lc *lc, const char *id, const struct oci_resources *res, struct err *e)
{
	autocontainer struct container c = CONTAINER_NULL;
	int r = lc_get_quick(lc, id, &c, e);

	if (r < 0)
		return r;
	if (c.init.fd < 0)
		return not_running(&c, e);
	if (c.state.cgroup.mode == CGROUP_NONE)
		return err_set(e, EOPNOTSUPP, "cannot update container %s: it has no cgroup", id);
	r = cgroup_open(&c.state.cgroup, e);
	if (r == 0)
		r = cgroup_update(&c.state.cgroup, res, lc->arena, e);
	cgroup_close(&c.state.cgroup);
	return r;
}
