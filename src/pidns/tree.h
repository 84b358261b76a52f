/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "pidns/impl.h"

/* Puts rows into namespaces and both into trees. 0 or -ENOMEM. */
int tree_build(struct pn_snap *s);
