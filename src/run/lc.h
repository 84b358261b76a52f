/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the lc_*.c files share. The contract with the programs is run/lifecycle.h. */

#include "run/ctx.h"
#include "run/lifecycle.h"

/* Opens lc->root into lc->root_fd, making it if `make`. -ENOENT without a
 * message if it is not there. */
int lc_open_root(struct lc *lc, bool make, struct err *e);

void lc_warn(struct lc *lc, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* As lc_get(), without looking whether it is frozen: "paused" shows as "running". */
int lc_get_quick(struct lc *lc, const char *id, struct container *ret, struct err *e);

/* ctx with everything closed, for `lc`. */
void lc_ctx_init(struct ctx *c, struct lc *lc, const struct plan *plan);
void lc_ctx_close(struct ctx *c);
/* pid file, pidfd and console sockets, inherited descriptors; shared by create and exec. */
struct lc_io {
	const char *pid_file, *console_socket, *pidfd_socket;
	unsigned int preserve_fds;
};
int lc_ctx_io(struct ctx *c, struct lc *lc, const struct lc_io *io, struct err *e);
/* Which descriptors are to be kept must exist before we open any of our own. */
int lc_check_preserved(unsigned int n, struct err *e);
/* runc's rules of terminal, detach and console socket. */
int lc_check_terminal(bool terminal, bool detach, const char *console_socket, struct err *e);
/* What the plan wants to know about this process: euid, capabilities. */
int lc_plan_self(struct lc *lc, struct plan_env *env, struct err *e);

/* The spec of a configuration file, and the tree that it was made from (or NULL). */
int lc_read_spec(struct lc *lc, const char *path, struct json_doc *ret_doc, struct oci_spec *ret,
		 struct err *e);

/* Runs one point's hooks here, with the state on their standard input. */
int lc_hooks(struct lc *lc, const struct state *st, enum oci_hook_point point,
	     const struct oci_hooks *hooks, enum state_status status, struct err *e);
