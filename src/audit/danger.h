/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What leads towards the kernel or out of a container, said once for all readers. First system
 * calls, in the one wording that live filters and profiles of files are compared by
 * (LIST_SECCOMP_WEAK, `atoll seccomp`). */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A call, with argument `arg` so that (arg & mask) == value; mask 0: whatever the arguments.
 * Texts rather than pointers: a table of pointers is relocated, page by page, whenever a runtime starts. */
struct danger_call {
	char label[40]; /* "unshare(CLONE_NEWUSER)": text of the list's item */
	char call[20];  /* "unshare" */
	char why[80];   /* clause */
	unsigned int arg;
	uint64_t mask, value;
	/* Engines' default profiles refuse it to a container without further
	 * capabilities: that it is let through makes a profile weak. */
	bool weak;
};

/* Ended by a row without label. */
extern const struct danger_call danger_calls[];

/* The default profile of `engine` (NULL: Docker's, which is containerd's too) lets the call through to a
 * container with these capabilities in its bounding set: nobody weakened anything, and it is no
 * item of LIST_SECCOMP_WEAK. (danger_default.c) */
bool danger_by_default(const struct danger_call *d, uint64_t bounding, const char *engine);

/* More items of LIST_SECCOMP_WEAK. */
#define DANGER_UNKNOWN_CALLS "system calls that nobody named (the default action lets them through)"
#define DANGER_OTHER_ARCH    "system calls of another architecture (%s)"

/* ---- Devices and groups (danger_host.c) ----------------------------------------------------- */

/* A disk, memory, or what else is the host itself, by its number: what its node is called
 * mostly, "/dev/sd*". minor -1: any. NULL: none of these. */
const char *danger_device(char type, int64_t major, int64_t minor);

/* A supplementary group that opens what only root should: its name. By number only those that
 * are the same in every distribution; a word may be a name or a number. NULL: none of these. */
const char *danger_group(const char *word);
