/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* One descriptor beside a message over an AF_UNIX socket (SCM_RIGHTS, unix(7)).
 * Both retry EINTR, raise no SIGPIPE and return the bytes of the message or -errno. */

#include <stddef.h>
#include <sys/types.h>

/* len >= 1. A stream may take less than len; the descriptor goes with the first byte. */
ssize_t fdpass_send(int sock, const void *data, size_t len, int fd);

/* *ret_fd is close-on-exec, or -1 if exactly one descriptor did not come. 0: end of file. */
ssize_t fdpass_recv(int sock, void *data, size_t len, int *ret_fd);
