/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* YAML text as the tree that JSON is read into (conf/json.h). The scanner and the
 * parser are libyaml's, whose ports to Go are what Kubernetes and Compose read with; what
 * follows from its events is ours:
 *
 *  - Several documents. One that cannot be read is an issue and the next "---" goes on.
 *  - Offsets are bytes of the text.
 *  - Aliases are expanded into copies: a copied value stands where the alias stands, what is
 *    within it stands where it was written. Cycles, and texts that are made of aliases, are issues.
 *  - Merge keys ("<<"): an own key wins, of several mappings the first. Merged entries come last, with
 *    key_offset and offset where they were written.
 *  - Plain scalars are resolved as Go's readers resolve them: y, yes, on, True ... are JSON_BOOL; "~",
 *    null and nothing are JSON_NULL; 017, 0o17, 0x0f, 0b1111, 1_5 and +15 are JSON_NUMBER whose text
 *    is "15" (what is no integer, or none of 64 bits, keeps its text); `text` of other plain
 *    scalars, JSON_BOOL and JSON_NULL included, is as written. Quoted: JSON_STRING.
 *  - YAML's own tags (!!bool "true") are followed. Others stay visible in `tag`; a scalar that
 *    has one is a JSON_STRING, but for Compose's !reset and !override, which change nothing else.
 *  - Keys are strings as written, resolved to nothing: `on:` has the key "on". */

#include "conf/json.h"

/* Nothing is lost without an issue. An empty text has no documents and no issues. Time is bounded
 * by a small multiple of libyaml's for texts that nest little, and by a budget for others. */
void yaml_read(const char *text, size_t len, struct arena *a, struct json_set *ret);
void yaml_read_pooled(const char *text, size_t len, struct json_pool *pool, struct json_set *ret);
