/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the runspec*.c files share: the spec in the making, and small parsers of
 * option values. */

#include "conf/runspec.h"

enum run_ns_mode { RUN_NS_PRIVATE, RUN_NS_HOST, RUN_NS_CONTAINER, RUN_NS_NONE };

struct run_build {
	const struct run_opts *o;
	const struct run_facts *f;
	struct arena *a;
	struct oci_spec *spec;
	struct err *e;
	enum run_ns_mode pid, ipc, uts, net;
	bool own_user_ns;     /* a new one */
	uint32_t mapped_gids; /* in it */
	bool confined_paths; /* masked and read-only paths: not with systempaths=unconfined, --privileged */
};

/* Appends to a list that has been made by this function alone. */
void run_push(struct arena *a, struct oci_strings *list, const char *s);
/* Words of a list apart by `sep`; empty ones are left out. */
struct oci_strings run_words(struct arena *a, const char *list, char sep);
bool run_has(const struct oci_strings *list, const char *s);
/* The path without "//", "/./" and a trailing slash; NULL if it is not absolute or has "..". */
const char *run_clean(struct arena *a, const char *path);
/* Is `path` below `dir`? Both clean. */
bool run_below(const char *path, const char *dir);
/* "true", "1", "false", "0", and NULL (a bare word) is true. -EINVAL. */
int run_bool(const char *text, bool *ret);

/* Appends to spec->mounts, without looking at capacity elsewhere. */
void run_mount_add(struct oci_spec *spec, struct arena *a, const struct oci_mount *m);

int run_mounts(struct run_build *b);
int run_devices(struct run_build *b);
/* User, capabilities, security options. */
int run_rights(struct run_build *b);
int run_limits(struct run_build *b);
