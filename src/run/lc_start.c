/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "run/lc.h"
#include "run/seccomp_agent.h"
#include "run/start.h"

struct starting {
	struct lc *lc;
	const struct container *c;
};

static void say(void *arg, bool debug, const char *msg)
{
	struct lc *lc = ((const struct starting *)arg)->lc;

	if (!debug)
		lc_warn(lc, "%s", msg);
	else if (lc->debug)
		lc->debug(msg);
}

static int hand_over(void *arg, int listener, struct err *e)
{
	const struct starting *s = arg;
	const struct state *st = &s->c->state;
	const struct seccomp_agent agent = { st->listener_path, st->listener_metadata, st,
					     STATUS_CREATED };
	int r = seccomp_agent_tell(&agent, st->pid, listener, s->lc->arena, e);

	if (r < 0) /* its system calls would wait for ever */
		(void)pidref_kill(&s->c->init, SIGKILL);
	return r;
}

static int not_created(const struct container *c, struct err *e)
{
	switch (c->status) {
	case STATUS_STOPPED:
		return err_set(e, EINVAL, "cannot start a container that has stopped: %s",
			       c->state.id);
	case STATUS_RUNNING:
		return err_set(e, EINVAL, "cannot start an already running container: %s",
			       c->state.id);
	case STATUS_PAUSED: /* it could not answer */
	case STATUS_CREATING:
	case STATUS_CREATED: break;
	}
	return err_set(e, EINVAL, "cannot start a container in the %s state: %s",
		       state_status_name[c->status], c->state.id);
}

int lc_start(struct lc *lc, const char *id, struct err *e)
{
	autocontainer struct container c = CONTAINER_NULL;
	struct starting s = { lc, &c };
	bool ends;
	int r = lc_get(lc, id, &c, e);

	if (r < 0)
		return r;
	if (c.status != STATUS_CREATED)
		return not_created(&c, e);
	r = start_send(c.entry_fd, say, c.state.listener_path ? hand_over : NULL, &s, &ends, e);
	if (r == -ESTALE)
		return err_set(e, EINVAL,
			       "cannot start container %s: it has been started or stopped just now",
			       id);
	if (r < 0) {
		if (ends) /* it said why; with its end the container is stopped */
			(void)pidref_wait_exit(&c.init, -1);
		return err_wrap(e, r, "start of container %s", id);
	}
	state_await_exec(c.entry_fd);
	r = lc_hooks(lc, &c.state, OCI_HOOK_POSTSTART, &c.state.poststart, STATUS_RUNNING, e);
	if (r < 0) { /* as the specification has it since 1.3: stop the container */
		(void)pidref_kill(&c.init, SIGKILL);
		(void)pidref_wait_exit(&c.init, -1);
	}
	return r;
}
