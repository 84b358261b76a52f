/* SPDX-License-Identifier: Apache-2.0 */
/* Steps of the runtime's own side: the state directory, the cgroup, "created". */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "run/ctx.h"
#include "run/entry.h"
#include "run/start.h"
#include "run/state.h"
#include "sys/fdpass.h"

/* What is going to be made is written down before, so that it can be taken
 * away even if this process is killed in between. */
static void mark_intent(struct cgroup *cg)
{
	for (size_t i = 0; i < cg->count; i++)
		cg->h[i].made = !cgroup_is_there(&cg->h[i]);
}

int do_state_dir(struct ctx *c, const struct step *s, struct err *e)
{
	int r;

	(void)s;
	c->state->cgroup = c->cgroup;
	mark_intent(&c->state->cgroup);
	r = entry_make(c->state_root_fd, c->state, c->arena, &c->state_fd, &c->exec_lock,
		       &c->create_lock, e);
	if (r == 0 && c->config_text) {
		r = io_replace_at(c->state_fd, "config.json", c->config_text,
				  strlen(c->config_text), 0600);
		if (r < 0)
			(void)err_set(e, -r, "write config.json: %m");
	}
	if (r < 0 || c->plan->env.mode != PLAN_CREATE)
		return r;
	c->start_fd = start_listen(c->state_fd, e);
	return c->start_fd < 0 ? c->start_fd : 0;
}

/* Custom: a container that has a user and a cgroup namespace of its own, and
 * /sys/fs/cgroup writable, is meant to manage its cgroup itself. */
static int delegate(struct ctx *c, struct err *e)
{
	const struct oci_linux *l = &c->spec->linux_;
	const uint64_t both = CLONE_NEWUSER | CLONE_NEWCGROUP;
	uid_t uid = 0, gid = 0;
	bool writable = false;

	if ((c->plan->new_ns & both) != both)
		return 0;
	for (size_t i = 0; i < c->spec->mounts_count; i++) {
		const struct oci_mount *m = &c->spec->mounts[i];

		if (strcmp(m->destination, "/sys/fs/cgroup") != 0)
			continue;
		writable = true;
		for (size_t j = 0; j < m->options.count; j++)
			if (strcmp(m->options.items[j], "ro") == 0)
				writable = false;
	}
	for (size_t i = 0; i < l->uid_maps.count; i++)
		if (l->uid_maps.items[i].container_id == 0)
			uid = l->uid_maps.items[i].host_id;
	for (size_t i = 0; i < l->gid_maps.count; i++)
		if (l->gid_maps.items[i].container_id == 0)
			gid = l->gid_maps.items[i].host_id;
	return writable && uid != geteuid() ? cgroup_delegate(&c->cgroup, uid, gid, e) : 0;
}

static int enter_cgroup(struct ctx *c, struct err *e)
{
	int r = cgroup_open(&c->cgroup, e);

	if (r < 0)
		return r;
	for (size_t i = 0; i < c->cgroup_subs_count && r == 0; i++)
		r = cgroup_enter_sub(&c->cgroup, c->cgroup_subs[i], e);
	if (r < 0 || c->cgroup_subs_count)
		return r;
	return cgroup_follow_init(&c->cgroup, c->join_pid, c->arena, e);
}

int do_cgroup(struct ctx *c, const struct step *s, struct err *e)
{
	const char *ignored;
	int r;

	if (!s->cgroup.make)
		return enter_cgroup(c, e);
	for (size_t i = 0; (ignored = cgroup_ignored(&c->spec->linux_.resources, i)); i++)
		c->warn(c, "%s: has no effect on Linux any more", ignored);
	r = cgroup_make(&c->cgroup, &c->spec->linux_.resources, c->arena, e);
	return r < 0 ? r : delegate(c, e);
}

int do_cgroup_join(struct ctx *c, const struct step *s, struct err *e)
{
	return cgroup_join(&c->cgroup, s->side == SIDE_HOST ? c->child.pid : 0, e);
}

static int write_pid_file(struct ctx *c, struct err *e)
{
	char text[16];
	int n, r;

	if (!c->pid_file)
		return 0;
	n = snprintf(text, sizeof(text), "%d",
		     (int)c->child.pid); /* no line end: engines read it so */
	r = io_replace_at(AT_FDCWD, c->pid_file, text, (size_t)n, 0644);
	if (r < 0)
		return err_set(e, -r, "write the pid file %s: %m", c->pid_file);
	c->pid_file_made = true;
	return 0;
}

static int send_pidfd(struct ctx *c, struct err *e)
{
	static const char word[] = "pidfd";
	ssize_t n;

	if (c->pidfd_socket < 0)
		return 0;
	n = fdpass_send(c->pidfd_socket, word, sizeof(word) - 1, c->child.fd);
	return n < 0 ? err_set(e, (int)-n, "send the pidfd to the pidfd socket: %m") : 0;
}

int do_created(struct ctx *c, const struct step *s, struct err *e)
{
	int r = write_pid_file(c, e);

	(void)s;
	if (r == 0)
		r = send_pidfd(c, e);
	if (r < 0 || !c->state)
		return r;
	c->state->cgroup = c->cgroup;
	for (size_t i = 0; i < c->state->cgroup.count; i++)
		c->state->cgroup.h[i].fd = -1;
	pidref_adopt(c->child.pid, c->child.fd, &c->child);
	c->state->pid = c->child.pid;
	c->state->pidfd_inode = c->child.inode;
	c->state->starttime = c->child.starttime;
	r = state_save(c->state_fd, c->state, c->arena, e);
	if (r < 0)
		return r;
	/* From here on the entry stands for itself. EXEC must be locked by nobody but
	 * the child, so our copy of its description goes. */
	cleanup_fd(&c->create_lock);
	cleanup_fd(&c->exec_lock);
	cleanup_fd(&c->start_fd);
	return 0;
}
