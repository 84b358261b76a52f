/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The last step, and all that can be made ready for it before the clone. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "run/ctx.h"

enum { EXEC_HOME_MAX = 4096 };

struct exec_prep {
	const char *path;     /* PATH of the process */
	char **home_slot;     /* in envp: where HOME goes, if it has to be looked up; else NULL */
	char *home;           /* "HOME=..." of EXEC_HOME_MAX + 6 bytes */
	uint64_t sig_ignored; /* signals to reset; bit n-1 = signal n */
	dev_t exe_dev;        /* our own executable, which nobody inside may start */
	ino_t exe_ino;
	const char
		*state_head; /* the state object for hooks: what stands before status and pid ... */
	const char *state_tail; /* ... and after them */
	bool outlives;          /* the death signal is off already */
	bool clean;             /* exec_clean() is done */
};

/* Fills c->argv, c->envp, c->exe (a buffer) and c->prep, before the clone, once
 * c->process, c->spec, c->id and c->bundle are set. Environment: as given, of
 * two assignments to one name the last; HOME from /etc/passwd inside if not
 * given. -EINVAL, with pointer, for an
 * empty command or an assignment without '='. Does the checks of the host that a
 * plan cannot do (a joined network namespace that is ours, with sysctls). */
int exec_prepare(struct ctx *c, struct err *e);

/* Child: closes all that no later step needs, whether ours or inherited: before the
 * first path is resolved that the container has a say in and that may go through
 * /proc/self/fd (cwd, command, the interpreter of a script; CVE-2024-21626). Left are
 * sockets and plain files, and with `keep_proc` c->proc_fd. A created container, which
 * may wait for long, thereby keeps nobody waiting for an end of file either. */
void exec_drop_descriptors(struct ctx *c, bool keep_proc);

/* Child: signals, death signal and descriptors as the program shall find them.
 * Called before the filter is loaded or else by do_exec(); the second call does
 * nothing. */
void exec_clean(struct ctx *c);

/* For tests: the home directory of `uid`, from the text of a passwd(5) file given in
 * pieces. */
struct exec_passwd {
	uint32_t uid;
	char *home; /* of size bytes */
	size_t size;
	/* state */
	unsigned int field, digits;
	uint64_t number;
	bool bad_number;
	size_t len;
	bool found;
};
void exec_passwd_scan(struct exec_passwd *p, const char *text, size_t len);
