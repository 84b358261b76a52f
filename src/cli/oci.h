/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The commands of atoll-oci, one file each, and what they share. */

#include "cli/opt.h"
#include "run/lifecycle.h"

struct oci_globals {
	const char *root, *log, *rootless, *criu, *log_level;
	int log_format;     /* enum oci_log_format */
	int cgroup_manager; /* enum oci_cgroup_manager */
	bool debug, systemd_cgroup;
};
enum oci_log_format { OCI_LOG_TEXT, OCI_LOG_JSON };
enum oci_cgroup_manager { OCI_CGROUPFS, OCI_SYSTEMD, OCI_CGROUP_DISABLED };

/* What the global options say; `ret` lives as long as the call. */
int oci_lc(struct cmd_call *call, struct lc *ret, struct err *e);
#define autolc __attribute__((cleanup(lc_close)))

/* For commands that enter a container: goes on in a protected copy (run/selfexe.h). */
int oci_protect(const struct cmd_call *call, struct err *e);

extern const struct cmd oci_cmd_create, oci_cmd_start, oci_cmd_run, oci_cmd_exec, oci_cmd_state,
	oci_cmd_kill, oci_cmd_delete, oci_cmd_list, oci_cmd_ps, oci_cmd_pause, oci_cmd_resume,
	oci_cmd_update, oci_cmd_spec, oci_cmd_features, oci_cmd_explain;
