/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Hooks of the configuration, run one after the other; each gets the state
 * object on stdin. */

#include <stddef.h>

#include "base/err.h"
#include "conf/oci.h"

/* Runs hooks of the point in the caller's namespaces, in the caller's directory; a
 * hook without "env" gets the caller's environment, as in runc. The first that
 * fails ends it: "error running createRuntime hook #1: exit status 3, stderr:
 * ..." (counted from 0, as runc does). After a poststop hook the others still run. */
int hooks_run(const struct oci_hooks *hooks, enum oci_hook_point point, const char *state_json,
	      size_t len, struct err *e);
