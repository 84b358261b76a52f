/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The program itself. Returns the exit status: the payload's (see table.h), or
 * INIT_EXIT_SELF when the init could not do its work. */
int init_main(int argc, char **argv, char **envp);
