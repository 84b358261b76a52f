/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The child's part of SCMP_ACT_NOTIFY: loading a filter that has a listener. */

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>

#include "run/ctx.h"

/* What the filter answers to one system call: SECCOMP_RET_* with its data. A
 * program that the kernel would not take gives SECCOMP_RET_KILL_PROCESS. Pure. */
uint32_t seccomp_answer(const struct sock_fprog *prog, const struct seccomp_data *d);

/* Loads c->seccomp with c->seccomp_flags (NEW_LISTENER among them), sends the
 * listener to the host (WIRE_LISTENER) and waits for its word. Afterwards no
 * descriptor of the listener is left here. Does not return if the host is gone
 * or has given up. */
int seccomp_load_notify(struct ctx *c, const struct step *s, struct err *e);
