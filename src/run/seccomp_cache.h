/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Compiled filters, kept between commands: libseccomp takes 16 ms for Docker's
 * profile where the rest of a start takes 4. ROOT/seccomp~cache/ (no container
 * can be called so) has a fixed number of slots; a file carries the whole
 * profile it was compiled from, which is compared byte by byte, so a collision
 * of hashes, made on purpose or not, is a miss and never somebody else's filter.
 * Only what the caller's own user could have written is read. */

#include "base/arena.h"
#include "base/err.h"
#include "conf/oci.h"

struct sock_fprog;

/* As seccomp_build(), through the cache below root_fd (-1: without one). A cache
 * that cannot be read or written is no error. */
int seccomp_cached(int root_fd, const struct oci_seccomp *s, struct arena *a,
		   const struct sock_fprog **ret, struct err *e);
