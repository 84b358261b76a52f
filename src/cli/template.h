/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The small part of Docker's --format that scripts use: text with {{.A.B}}
 * (a value), {{json .A}} (as JSON), {{.}} (all of it), {{println}} and \n, \t. */

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "conf/json.h"

/* -EINVAL if the template makes no sense or names a member that is not there. */
int template_apply(const char *tmpl, const struct json *top, struct arena *a, const char **ret,
		   struct err *e);
