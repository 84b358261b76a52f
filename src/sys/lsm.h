/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Security modules, through a procfs. `proc_fd` is the root of one that is
 * known to be genuine (nothing is mounted over it): a label that goes to
 * another file than meant is how containers escaped before (CVE-2019-16884,
 * CVE-2025-52881). Each check of the file system's type is repeated on the
 * file itself. */

#include <stdbool.h>

#include "base/err.h"

/* Is AppArmor the one that answers for this task's attributes? 1, 0 or -errno. */
int lsm_apparmor_enabled(int proc_fd);
/* Is there an SELinux? 1, 0 or -errno. */
int lsm_selinux_enabled(int proc_fd);

/* From the next execve(2) on. The messages have the file in backquotes, as
 * engines look for it. */
int lsm_apparmor_on_exec(int proc_fd, const char *profile, struct err *e);
int lsm_selinux_on_exec(int proc_fd, const char *label, struct err *e);
