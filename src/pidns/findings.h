/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "pidns/impl.h"

/* What is wrong or worth knowing, in words: pn_finding_at(). 0 or -ENOMEM. */
int findings_make(struct pn_snap *s);
