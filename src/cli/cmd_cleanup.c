/* SPDX-License-Identifier: Apache-2.0 */
/* cleanup: what conmon calls when a detached container has ended. */
#include <errno.h>
#include <sys/file.h>

#include "cli/atoll.h"

static int cleanup(struct cmd_call *call, struct err *e)
{
	autoatoll struct atoll at = ATOLL_NULL;
	autorecord struct record rec = RECORD_NULL;
	const char *id = call->operand[0];
	int r = atoll_open(call, false, &at, e), status;

	if (r < 0 || at.rs.fd < 0)
		return r;
	r = record_open(&at.rs, id, &rec, e);
	if (r == -ENOENT) /* removed already */
		return 0;
	if (r < 0)
		return r;
	/* `atoll run -d` holds this until it has told its user that all is well. */
	if (flock(rec.exit_fd, LOCK_EX) < 0)
		return err_set(e, errno, "lock the record of container %.12s: %m", id);
	r = record_exit_status(&rec, call->arena, &status, NULL);
	if (r < 0)
		return err_set(e, -r, "container %.12s: conmon left no exit status", id);
	r = record_finish(&rec, status, e);
	if (r == 0)
		r = lc_delete(&at.lc, id, true, e);
	if (r == 0 && rec.auto_remove)
		r = record_remove(&at.rs, &rec, e);
	return r;
}

const struct cmd cmd_cleanup = {
	.name = "cleanup",
	.operands = "ID",
	.summary = "write down the end of a detached container (called by conmon)",
	.min = 1,
	.max = 1,
	.flags = CMD_HIDDEN,
	.run = cleanup,
};
