/* SPDX-License-Identifier: Apache-2.0 */
/* features: what this runtime can do, told from the tables that do it. */
#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/jsonw.h"
#include "base/names.h"
#include "cli/oci.h"
#include "conf/mountopt.h"
#include "conf/oci_tables.h"
#include "sys/syscalls.h"

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The words that `usable` (NULL: all) holds for, sorted. */
static void words(struct jsonw *w, const char *key, const struct bind_word *word,
		  bool (*usable)(uint64_t value))
{
	const char *names[64];
	size_t n = 0;

	for (; word->name && n < ARRAY_LEN(names); word++)
		if (!usable || usable(word->value))
			names[n++] = word->name;
	qsort(names, n, sizeof(*names), by_name);
	jsonw_key(w, key);
	jsonw_arr(w);
	for (size_t i = 0; i < n; i++)
		jsonw_str(w, names[i]);
	jsonw_arr_end(w);
}

static bool arch_is_built_in(uint64_t token)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	int r = ctx ? seccomp_arch_add(ctx, (uint32_t)token) : -ENOMEM;

	if (ctx)
		seccomp_release(ctx);
	return r == 0 || r == -EEXIST;
}

/* The kernel looks at the flags before it looks at the filter. */
static bool flag_is_known_to_kernel(uint64_t flag)
{
	if (flag == SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV) /* means something only with it */
		flag |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	return sys_seccomp(SECCOMP_SET_MODE_FILTER, (unsigned int)flag, NULL) == -EFAULT;
}

static bool refused(const struct oci_strings *unsupported, const char *pointer)
{
	for (size_t i = 0; i < unsupported->count; i++)
		if (strcmp(unsupported->items[i], pointer) == 0)
			return true;
	return false;
}

static void enabled(struct jsonw *w, const char *key, bool on)
{
	jsonw_key(w, key);
	jsonw_obj(w);
	jsonw_kbool(w, "enabled", on);
	jsonw_obj_end(w);
}

static void seccomp(struct jsonw *w)
{
	jsonw_key(w, "seccomp");
	jsonw_obj(w);
	jsonw_kbool(w, "enabled", true);
	words(w, "actions", oci_seccomp_actions, NULL);
	words(w, "operators", oci_seccomp_ops, NULL);
	words(w, "archs", oci_seccomp_archs, arch_is_built_in);
	words(w, "knownFlags", oci_seccomp_flags, NULL);
	words(w, "supportedFlags", oci_seccomp_flags, flag_is_known_to_kernel);
	jsonw_obj_end(w);
}

static void linux_part(struct jsonw *w, const struct oci_strings *unsupported)
{
	const char *ns[OCI_NS_COUNT];

	jsonw_key(w, "linux");
	jsonw_obj(w);
	for (size_t i = 0; i < OCI_NS_COUNT; i++)
		ns[i] = oci_ns_info[i].name;
	qsort(ns, OCI_NS_COUNT, sizeof(*ns), by_name);
	jsonw_key(w, "namespaces");
	jsonw_arr(w);
	for (size_t i = 0; i < OCI_NS_COUNT; i++)
		jsonw_str(w, ns[i]);
	jsonw_arr_end(w);
	jsonw_key(w, "capabilities");
	jsonw_arr(w);
	for (int i = 0; i < NAME_CAP_COUNT; i++)
		jsonw_str(w, cap_name(i));
	jsonw_arr_end(w);
	jsonw_key(w, "cgroup");
	jsonw_obj(w);
	jsonw_kbool(w, "v1", true);
	jsonw_kbool(w, "v2", true);
	jsonw_kbool(w, "systemd", false);
	jsonw_kbool(w, "systemdUser", false);
	jsonw_kbool(w, "rdma", !refused(unsupported, "/linux/resources/rdma"));
	jsonw_obj_end(w);
	seccomp(w);
	enabled(w, "apparmor", !refused(unsupported, "/process/apparmorProfile"));
	enabled(w, "selinux", !refused(unsupported, "/process/selinuxLabel"));
	enabled(w, "intelRdt", !refused(unsupported, "/linux/intelRdt"));
	jsonw_key(w, "mountExtensions");
	jsonw_obj(w);
	enabled(w, "idmap", !refused(unsupported, "/mounts/*/uidMappings"));
	jsonw_obj_end(w);
	enabled(w, "netDevices", !refused(unsupported, "/linux/netDevices"));
	jsonw_obj_end(w);
}

static void annotations(struct jsonw *w, struct arena *a)
{
	const struct scmp_version *v = seccomp_version();

	jsonw_key(w, "annotations");
	jsonw_obj(w);
	if (v)
		jsonw_kstr(w, "io.github.seccomp.libseccomp.version",
			   arena_printf(a, "%u.%u.%u", v->major, v->minor, v->micro));
	jsonw_kstr(w, "org.atoll.version", ATOLL_VERSION);
	jsonw_obj_end(w);
	/* What a configuration may ask for by annotation, and an engine should not
	 * pass on from somebody it does not trust. */
	jsonw_key(w, "potentiallyUnsafeConfigAnnotations");
	jsonw_arr(w);
	jsonw_str(w, "org.atoll.");
	jsonw_arr_end(w);
}

static int run(struct cmd_call *call, struct err *e)
{
	struct oci_strings unsupported = { 0 };
	const char *const *name;
	struct jsonw w;

	(void)e;
	oci_unsupported(call->arena, &unsupported);
	jsonw_init(&w, call->arena, 2);
	jsonw_obj(&w);
	jsonw_kstr(&w, "ociVersionMin", "1.0.0");
	jsonw_kstr(&w, "ociVersionMax", OCI_VERSION);
	jsonw_key(&w, "hooks");
	jsonw_arr(&w);
	for (size_t i = 0; i < OCI_HOOK_COUNT; i++)
		jsonw_str(&w, oci_hook_name[i]);
	jsonw_arr_end(&w);
	jsonw_key(&w, "mountOptions");
	jsonw_arr(&w);
	for (name = mount_opts_names(call->arena); *name; name++)
		jsonw_str(&w, *name);
	jsonw_arr_end(&w);
	linux_part(&w, &unsupported);
	annotations(&w, call->arena);
	jsonw_obj_end(&w);
	jsonw_nl(&w);
	(void)fwrite(w.buf, 1, w.len, stdout);
	return 0;
}

const struct cmd oci_cmd_features = {
	.name = "features",
	.operands = "",
	.summary = "print what this runtime supports as JSON",
	.run = run,
};
