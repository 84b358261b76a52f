/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Strict integers: digits and an optional leading '-', the whole text, no
 * blanks, no '+'. All return 0, -EINVAL (not a number) or -ERANGE. */

#include <stdint.h>
#include <stddef.h>
#include <sys/types.h>

int num_i64(const char *text, size_t len, int64_t *ret);
int num_u64(const char *text, size_t len, uint64_t *ret);
int num_u32(const char *text, uint32_t *ret);
int num_int(const char *text, int *ret);
int num_pid(const char *text, pid_t *ret);      /* 1..INT_MAX */
int num_octal(const char *text, uint32_t *ret); /* 0..07777 */

/* Bytes with an optional suffix b k m g t (powers of 1024, either case, "kb"
 * and "kib" too) as Docker's options take them; "-1" gives -1. */
int num_size(const char *text, int64_t *ret);
