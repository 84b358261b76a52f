/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "pidns/impl.h"

/* Gives every row and namespace its owner, and owners their names. 0 or -ENOMEM. */
int owner_assign(struct pn_snap *s);
