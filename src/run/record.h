/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What `atoll` remembers about a container beside the runtime's own state, so
 * that it can be looked at after its end. Below the program's root:
 *
 *	state/             the runtime's (run/state.h): containers that have processes
 *	records/ID/        one directory for each container, until `rm`
 *	    record.json    struct record; replaced atomically
 *	    config.json    the configuration (and so it is the bundle), unless --rm
 *	    exit           empty; filled once, when it is over: "STATUS\n". Its time of
 *	                   change is the time of the end. Whoever has it open can
 *	                   still read it after the record has been removed.
 *	    log            -d: the output, in the format of Kubernetes
 *	    conmon/ID      -d: the exit status as conmon writes it
 *	names/NAME -> ID   given names; what points to no record counts for nothing
 *
 * The maker of a record holds flock(exit) while there may be a record without a
 * container. So a record without exit status, container and holder is stale. It
 * holds flock(names) until then: who has that lock and finds a record without
 * record.json and holder, or without `exit`, sees what somebody who died has left. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "conf/oci.h"

enum {
	RECORD_ID_LEN = 64,
	RECORD_SHORT_LEN = 12, /* of an id, for people */
	RECORD_NAME_MAX = 128,
	RECORD_FILE_MAX = 4 << 20,
};

struct record {
	const char *id;
	const char *name;              /* the short id if none was given */
	const char *created, *started; /* RFC 3339, UTC; started: NULL = not yet */
	struct oci_strings command;
	const char *root; /* NULL: the embedded default */
	bool detached, tty, auto_remove, named;
	int dir_fd, exit_fd; /* open while the record is; exit_fd for reading and writing */
};
#define RECORD_NULL ((struct record){ .dir_fd = -1, .exit_fd = -1 })
#define autorecord  __attribute__((cleanup(record_close)))

struct records {
	struct arena *arena;
	const char *root; /* absolute */
	int fd;           /* of ROOT, or -1 */
};
#define RECORDS_NULL ((struct records){ .fd = -1 })
#define autorecords  __attribute__((cleanup(records_close)))

/* -ENOENT without a message if ROOT is not there and not to be made. */
int records_open(struct arena *a, const char *root, bool make, struct records *ret, struct err *e);
void records_close(struct records *rs);
void record_close(struct record *r);

/* [a-zA-Z0-9][a-zA-Z0-9_.-]*, as Docker's. */
int record_check_name(const char *name, struct err *e);
/* 64 hex digits at random. */
char *record_new_id(struct arena *a);

/* Makes the record with its name and holds the maker's lock through exit_fd.
 * -EEXIST "the name ... is already in use by container ...". */
int record_make(struct records *rs, struct record *r, struct err *e);
/* record.json anew. */
int record_save(const struct record *r, struct arena *a, struct err *e);

/* By id. -ENOENT without a message: also if it was left half made, and is swept now. */
int record_open(struct records *rs, const char *id, struct record *ret, struct err *e);
/* By name, id or unique beginning of an id. -ENOENT "container does not exist". */
int record_find(struct records *rs, const char *word, struct record *ret, struct err *e);
/* All ids, sorted. */
int record_ids(struct records *rs, struct oci_strings *ret, struct err *e);
/* With its name. Absent is success. */
int record_remove(struct records *rs, const struct record *r, struct err *e);

/* Does the maker still live? */
bool record_is_held(const struct record *r);
/* Fills `exit`, if nobody has. */
int record_finish(const struct record *r, int status, struct err *e);
/* -EAGAIN: it has none yet. ret_when: RFC 3339. Looks at conmon's file too. */
int record_exit_status(const struct record *r, struct arena *a, int *ret_status,
		       const char **ret_when);
/* Waits for the exit status, by inotify. timeout in ms, -1: for ever. -ETIMEDOUT. */
int record_wait(const struct record *r, int timeout_ms, int *ret_status, struct err *e);
