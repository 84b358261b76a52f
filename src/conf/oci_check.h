/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The checks behind oci_spec_check(). With a document the messages carry line
 * and column; without (a spec built in memory) the JSON pointer alone. `at` is
 * the pointer of the object that is checked ("" for the whole document). All
 * return 0 or -EINVAL. */

#include "conf/json.h"
#include "conf/oci.h"

struct oci_check {
	const char *name;
	const struct json_doc *doc; /* or NULL */
	struct err *e;
};

int oci_check_spec(const struct oci_check *c, const struct oci_spec *spec);
int oci_check_process(const struct oci_check *c, const char *at, const struct oci_process *p);
int oci_check_seccomp(const struct oci_check *c, const char *at, const struct oci_seccomp *s);
