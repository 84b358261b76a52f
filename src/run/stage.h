/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "run/ctx.h"

/* The child's walk through its side of the plan. Never returns: it ends in
 * execve(2) or _exit(2). Called by do_clone() in the new process. */
void stage_child(struct ctx *c) __attribute__((noreturn));
