/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The tables behind conf/oci.h: one row a field of the specification, in the
 * order in which the specification's own Go types write them. */

#include "conf/bind.h"
#include "conf/oci.h"

#define ROW(type, k, kind_, field, ...)                                                            \
	{                                                                                          \
		.key = (k), .kind = (kind_), .offset = offsetof(struct type, field), ##__VA_ARGS__ \
	}
/* a list held as items and count */
#define ROW_LIST(type, k, kind_, items_field, count_field, ...)                            \
	{                                                                                  \
		.key = (k), .kind = (kind_), .offset = offsetof(struct type, items_field), \
		.count_offset = offsetof(struct type, count_field), ##__VA_ARGS__          \
	}
/* a list of structs with the table rows_ */
#define ROW_ARRAY(type, k, items_field, count_field, rows_, ...)                \
	ROW_LIST(type, k, BIND_ARRAY, items_field, count_field, .sub = (rows_), \
		 .sub_size = sizeof(*((struct type *)0)->items_field), ##__VA_ARGS__)
#define ROW_WORD(type, k, kind_, field, words_, ...)  \
	ROW(type, k, kind_, field, .words = (words_), \
	    .field_size = sizeof(((struct type *)0)->field), ##__VA_ARGS__)
/* an object whose members lie in the same struct */
#define ROW_HERE(k, rows_, ...)                                             \
	{                                                                   \
		.key = (k), .kind = BIND_OBJ, .sub = (rows_), ##__VA_ARGS__ \
	}
#define RANGE(min_, max_) .flags = BIND_RANGE, .min = (min_), .max = (max_)

extern const struct bind_row oci_spec_rows[], oci_process_rows[], oci_linux_rows[],
	oci_resources_rows[], oci_seccomp_rows[], oci_id_map_rows[], oci_seccomp_arg_rows[];
/* ROW entries of a struct that starts with a struct oci_seccomp (_rule): for the profile format */
extern const struct bind_word oci_seccomp_actions[], oci_seccomp_ops[], oci_seccomp_archs[],
	oci_seccomp_flags[];

/* Checks for strings, as struct bind_row's `check` */
const char *oci_check_absolute(const char *s);
