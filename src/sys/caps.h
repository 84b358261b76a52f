/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Capabilities of the calling process, as 64-bit sets: bit n = capability n
 * (capabilities(7)). All return 0 or -errno. */

#include <stdint.h>

struct caps {
	uint64_t effective, permitted, inheritable;
};

int caps_get(struct caps *ret);
/* -EPERM if a set may not be had: permitted only shrinks, effective stays within it. */
int caps_set(const struct caps *c);

/* The highest capability that the kernel knows, by asking it (at most 7 calls). */
int caps_last(uint32_t *ret);
/* The bounding set, by one question for each capability up to `last`. */
int caps_bounding_get(uint32_t last, uint64_t *ret);
/* Needs CAP_SETPCAP. */
int caps_bounding_drop(uint32_t cap);

int caps_ambient_clear(void);
/* -EPERM unless the capability is both permitted and inheritable. */
int caps_ambient_raise(uint32_t cap);
