/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What /proc/PID/cmdline shows of the child before exec. The child of a
 * runtime is inside the container already, and the runtime's own arguments
 * (paths of the host) are none of the container's business. */

/* Remembers where the kernel put argv; call once, in main. The strings are lost when
 * title_set() is called, so whoever keeps some keeps copies. */
void title_init(int argc, char **argv);
/* Overwrites it with `text`, as far as there is room. Only in a process that will exec or exit. */
void title_set(const char *text);
