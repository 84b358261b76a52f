/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Mount options of the OCI runtime specification and of mount(8), read into
 * what the mount API takes. Anything unknown is data for the file system. */

#include <stdbool.h>
#include <stdint.h>

#include "conf/oci.h"

struct mount_opts {
	uint64_t attr_set, attr_clr;         /* MOUNT_ATTR_*, for this mount */
	uint64_t rec_attr_set, rec_attr_clr; /* the r* options: recursive */
	uint64_t propagation;                /* MS_SHARED|MS_PRIVATE|MS_SLAVE|MS_UNBINDABLE or 0 */
	bool propagation_rec;
	bool bind, bind_rec;
	bool remount;
	bool idmap, idmap_rec;
	bool tmpcopyup;
	bool src_nofollow, dest_nofollow, copy_symlink; /* as crun: src-nofollow ... */
	/* super block flags as fsconfig keys: "ro", "sync", "dirsync", "lazytime", "mand" ... */
	struct oci_strings sb_flags;
	struct oci_strings data; /* "key=value" or "key" */
};

int mount_opts_parse(const struct oci_strings *options, struct arena *a, struct mount_opts *ret,
		     struct err *e);

/* Every option name this runtime knows, sorted, NULL-terminated; for `features`. */
const char *const *mount_opts_names(struct arena *a);
