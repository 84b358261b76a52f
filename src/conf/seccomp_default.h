/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The system call filter of `atoll run`: everything that is not named here is
 * refused with EPERM (what a kernel this old does not know: ENOSYS, by the
 * loader's own rule). It allows nothing that Docker's default profile refuses,
 * and refuses some of what that allows (see the source). Groups that need a
 * capability are in only if `caps`, the container's bounding set, has it. */

#include "conf/oci.h"

void seccomp_default(uint64_t caps, struct arena *a, struct oci_seccomp *ret);
