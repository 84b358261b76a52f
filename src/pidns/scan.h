/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* One pass over /proc: a row for each process. */

#include "pidns/impl.h"
#include "pidns/nsview.h"

/* -ENODATA: nothing looks like a process; -ENOMEM, -EMFILE ... */
int scan_all(struct pn_snap *s);
/* An O_PATH directory of the process that the row is about; -ESRCH: gone, or not certain. */
int scan_reopen(struct pn_snap *s, const struct row *r);
