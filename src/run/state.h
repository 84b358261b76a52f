/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What is kept about a container between two commands: ROOT/ID/
 *
 *	state.json   struct state; replaced atomically
 *	lock         three bytes to lock (fcntl F_OFD_*), never content:
 *	             0  held by the container's first process until its exec: "created"
 *	             1  held while the container is being made: "creating"
 *	             2  held by the one command that takes the entry away
 *	start.sock   where `start` finds the waiting process (create only)
 *	config.json  only if the configuration did not come from a file
 *
 * The kernel drops a lock when its holder dies, so the status is derived from
 * locks and from the process itself; nothing has to be written when it changes.
 *
 * Entries are made and removed under flock(ROOT). So whoever holds that lock and
 * sees an entry without complete state and without a holder of byte 1 knows that
 * its maker is dead: it is stale, and may be swept. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "conf/oci.h"
#include "run/cgroup.h"
#include "sys/pidref.h"

enum {
	STATE_ID_MAX = 1024,
	STATE_FILE_MAX = 4 << 20,
};

enum state_byte { STATE_BYTE_EXEC = 0, STATE_BYTE_CREATING = 1, STATE_BYTE_REMOVING = 2 };

struct state {
	const char *oci_version, *id;
	const char *bundle, *rootfs; /* absolute */
	const char *config;          /* absolute path of the configuration that was used */
	const char *created;         /* RFC 3339 with nanoseconds, UTC */
	int32_t pid; /* outer PID of the first process; 0: the entry is not complete */
	uint64_t pidfd_inode, starttime; /* see sys/pidref.h */
	uint32_t owner;                  /* uid that made it */
	bool rootless;
	bool own_pid_ns; /* a PID namespace of its own: killing PID 1 ends all of it */
	bool init;       /* PID 1 is atoll-init */
	const char *listener_path, *listener_metadata; /* run/seccomp_agent.h; or NULL */
	struct oci_pairs annotations;
	struct oci_hooks poststart, poststop;
	struct cgroup cgroup; /* fds are -1 */
};

enum state_status {
	STATUS_CREATING,
	STATUS_CREATED,
	STATUS_RUNNING,
	STATUS_PAUSED,
	STATUS_STOPPED
};
extern const char *const state_status_name[];

/* [A-Za-z0-9_+.-]+, not "." or "..", at most STATE_ID_MAX and NAME_MAX bytes:
 * -EINVAL "invalid container id" otherwise. */
int state_check_id(const char *id, struct err *e);

/* state.json as text, and back. The reader takes nothing on trust. Pure. */
void state_write_json(const struct state *st, struct arena *a, char **ret, size_t *ret_len);
int state_parse(const char *name, const char *text, size_t len, struct arena *a, struct state *ret,
		struct err *e);

/* The OCI state object as one value. With an owner (a user's name or "") also
 * what runc adds for `state` and `list`: rootfs, created, owner. pid is 0 unless
 * it is alive by `status`. */
struct jsonw;
void state_oci_json(const struct state *st, enum state_status status, const char *owner,
		    struct jsonw *w);

/* Seconds after 1970 (not before) as state.json has them; and now. */
char *state_time(struct arena *a, int64_t sec, long nsec);
char *state_now(struct arena *a);

int state_save(int entry_fd, const struct state *st, struct arena *a, struct err *e);
/* -ENOENT without a message if there is no state.json. */
int state_load(int entry_fd, struct arena *a, struct state *ret, struct err *e);

/* Locks one byte through an fd of ROOT/ID/lock that is open for writing; the
 * lock belongs to the open file description, that is to fd and all its copies.
 * -EAGAIN if somebody else holds it and `wait` is not set. */
int state_lock(int lock_fd, enum state_byte b, bool wait);
int state_unlock(int lock_fd, enum state_byte b);
/* After exec was seen to succeed: waits until the kernel has released the EXEC
 * lock too. It gives back what exec closes in an order of its own, and who asks
 * for the state next must not be told "created" any more. */
void state_await_exec(int entry_fd);
/* Does another open file description hold it? 1, 0 or -errno. */
int state_is_locked(int lock_fd, enum state_byte b);
