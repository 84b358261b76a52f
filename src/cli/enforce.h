/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Whether a container may be started: its configuration is audited, and the findings are held
 * against the node's policy, /etc/atoll/policy.yaml (audit/policy.h), and against what the
 * command line asks for. Of the two the stricter one counts.
 *
 * The policy is its administrator's: whoever starts a container can neither name another
 * one nor switch it off. It is obeyed or it is an error: a policy that cannot be read, that somebody but
 * root may have written, or that is not understood refuses every container. */

#include "audit/policy.h"
#include "conf/json.h"
#include "conf/oci.h"

#define ENFORCE_POLICY "/etc/atoll/policy.yaml"

struct enforce {
	struct arena *arena;
	bool rootless; /* as struct lc: then root of the host may have no number here */
	/* From the command line (--audit); SEV_NONE: not given. The severity's default is the
	 * policy's fail-on, or medium. */
	bool asked, default_severity;
	enum enforce_mode mode;
	enum severity severity;
	void (*warn)(const char *msg);
	bool no_file; /* set by enforce_spec(): places are JSON pointers, as there are no lines */
};

/* "warn", "deny", with ":SEVERITY" or without. -EINVAL with words. */
int enforce_option(const char *word, struct enforce *ret, struct err *e);

/* -EPERM with the findings in words: refused. 0: may start; what is just to be warned of
 * was told. As lc_create's `permit`: ctx is a struct enforce. */
int enforce_permit(void *ctx, const struct json_doc *config, struct err *e);
/* The same for a configuration that is no file. */
int enforce_spec(struct enforce *o, const char *name, const struct oci_spec *spec, struct err *e);
