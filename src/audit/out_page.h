/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What does not change in the page of out_html.c. The hash is that of the script, as a
 * Content-Security-Policy wants it; a test compares them. */

extern const char page_style[], page_script[], page_script_hash[];
