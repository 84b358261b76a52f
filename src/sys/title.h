/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What /proc/PID/cmdline shows of the child before exec. The child of a
 * runtime is inside the container already, and the runtime's own arguments
 * (paths of the host) are none of the container's business. */

/* Remembers where the kernel put argv and the environment; call once, in main. */
void title_init(int argc, char **argv);
/* Overwrites both with `text`. Only in a process that will exec or exit. */
void title_set(const char *text);
