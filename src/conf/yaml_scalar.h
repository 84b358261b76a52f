/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What a scalar of YAML is to Go's readers; for yaml.c. */

#include "conf/json.h"

/* Sets type and boolean of a plain scalar without tag, whose text is there; and the text of an
 * integer that is written in another way. */
void yaml_plain(struct json *v, struct arena *a);

/* The same for one with one of YAML's own tags, its last word given ("bool"). False: it does
 * not fit, and is a string then. */
bool yaml_tagged(struct json *v, const char *tag, struct arena *a);
