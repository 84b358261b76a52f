/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Descriptors of the child that may stay open for a moment: a few are closed by
 * one close_range(2) instead of a close(2) each, and those that are left go
 * with exec. For the steps that open and close two or three for every mount and
 * every path. Not for what others wait for the end of (sockets, locks). */

/* Closes *fd soon; *fd = -1. At most LATER_MAX wait, and none with a number of
 * LATER_BELOW or more, so that this asks for no higher RLIMIT_NOFILE than 64. */
enum { LATER_MAX = 48, LATER_BELOW = 56, LATER_NOFILE = 64 };
void later_close(int *fd);
/* From now on at once: the limit is lower. */
void later_never(void);
/* Closes them now: before the child waits for something. */
void later_flush(void);

/* The caller closes all descriptors itself. */
void later_forget(void);

#define autolater __attribute__((cleanup(later_close)))
