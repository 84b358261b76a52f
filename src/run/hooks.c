/* SPDX-License-Identifier: Apache-2.0 */
#include "run/hooks.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "run/ctx.h"
#include "run/exec.h"
#include "run/spawn.h"

enum { HOOK_WORDS_MAX = 1024 }; /* of argv or env; the child has no heap to put more in */

/* oci_strings have no NULL at the end. */
static int terminated(const struct oci_strings *s, char **out, const char *what, struct err *e)
{
	if (s->count >= HOOK_WORDS_MAX)
		return err_set(e, E2BIG, "%s: more than %d", what, HOOK_WORDS_MAX - 1);
	for (size_t i = 0; i < s->count; i++)
		memcpy(&out[i], &s->items[i],
		       sizeof(out[i])); /* execve(2) wants them without const */
	out[s->count] = NULL;
	return 0;
}

static int run_one(const struct oci_hook *h, enum oci_hook_point point, int stdin_fd, int cwd_fd,
		   char *const *default_env, struct err *e)
{
	char *argv[HOOK_WORDS_MAX], *envp[HOOK_WORDS_MAX];
	struct oci_strings only_path = { .items = (const char *[]){ h->path }, .count = 1 };
	struct spawn s = {
		.path = h->path,
		.argv = argv,
		.envp = h->has_env ? envp : default_env,
		.stdin_fd = stdin_fd,
		.cwd_fd = cwd_fd,
		.timeout_ms = h->timeout_s > INT64_MAX / 1000 ? INT64_MAX / 1000
							      : h->timeout_s * 1000,
		.stoppable = point == OCI_HOOK_PRESTART || point == OCI_HOOK_CREATE_RUNTIME,
	};
	int r = terminated(h->args.count ? &h->args : &only_path, argv, "args", e);

	if (r == 0 && h->has_env)
		r = terminated(&h->env, envp, "env", e);
	if (r == 0 && lseek(stdin_fd, 0, SEEK_SET) < 0)
		r = err_set(e, errno, "lseek: %m");
	if (r == 0)
		r = spawn_wait(&s, e);
	return r;
}

/* After a poststop hook that failed the others have their turn all the same
 * (runtime.md, lifecycle, step 13); the first failure is the one to be told. */
static int run_all(const struct oci_hooks *hooks, enum oci_hook_point point, int stdin_fd,
		   int cwd_fd, char *const *default_env, struct err *e)
{
	int first = 0;

	for (size_t i = 0; i < hooks->count; i++) {
		struct err later = { 0 };
		int r = run_one(&hooks->items[i], point, stdin_fd, cwd_fd, default_env,
				first < 0 ? &later : e);

		if (r < 0 && first == 0)
			first = err_wrap(e, r, "error running %s hook #%zu", oci_hook_name[point],
					 i);
		if (first < 0 && point != OCI_HOOK_POSTSTOP)
			break;
	}
	return first;
}

/* A file rather than a pipe: it holds any length, and a hook that does not read
 * it costs no SIGPIPE. Sealed, so that no hook tells lies to the next. */
static int state_file(const char *const *parts, const size_t *lens, size_t count, struct err *e)
{
	autoclose int fd = memfd_create("state", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int r = fd < 0 ? -errno : 0;

	for (size_t i = 0; i < count && r == 0; i++)
		r = io_write_all(fd, parts[i], lens[i]);
	if (r < 0)
		return err_set(e, -r, "state for the hooks: %m");
	(void)fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL);
	return take_fd(fd);
}

int hooks_run(const struct oci_hooks *hooks, enum oci_hook_point point, const char *state_json,
	      size_t len, struct err *e)
{
	autoclose int fd = -1;

	if (hooks->count == 0)
		return 0;
	fd = state_file(&state_json, &len, 1, e);
	return fd < 0 ? fd : run_all(hooks, point, fd, -1, environ, e);
}

static const char *status_at(enum oci_hook_point point)
{
	switch (point) {
	case OCI_HOOK_PRESTART:
	case OCI_HOOK_CREATE_RUNTIME:
	case OCI_HOOK_CREATE_CONTAINER: return "creating";
	case OCI_HOOK_START_CONTAINER: return "created";
	case OCI_HOOK_POSTSTART: return "running";
	case OCI_HOOK_POSTSTOP:
	case OCI_HOOK_COUNT: break;
	}
	return "stopped";
}

/* Where each runs and with what environment if it names none, as in runc: on the
 * host in the bundle with the runtime's; in the container before the pivot in the
 * root with none; before exec in the process's directory with its environment. */
int do_hooks(struct ctx *c, const struct step *s, struct err *e)
{
	enum oci_hook_point point = s->hooks.point;
	static char *const no_env[] = { NULL };
	char *const *env = s->side == SIDE_HOST                ? environ
			   : point == OCI_HOOK_START_CONTAINER ? c->envp
							       : no_env;
	int cwd = s->side == SIDE_HOST                ? c->bundle_fd
		  : point == OCI_HOOK_START_CONTAINER ? -1
						      : c->root_fd;
	autoclose int fd = -1;
	char middle[96];
	size_t lens[3];

	assert(c->prep);
	(void)snprintf(middle, sizeof(middle), ",\"status\":\"%s\",\"pid\":%d,", status_at(point),
		       s->side == SIDE_HOST ? (int)c->child.pid : (int)getpid());
	const char *const parts[] = { c->prep->state_head, middle, c->prep->state_tail };

	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		lens[i] = strlen(parts[i]);
	fd = state_file(parts, lens, ARRAY_LEN(parts), e);
	if (fd < 0)
		return fd;
	return run_all(&c->spec->hooks[point], point, fd, cwd, env, e);
}
