/* SPDX-License-Identifier: Apache-2.0 */
#include <linux/capability.h>
#include <string.h>
#include <sys/resource.h>

#include "base/cleanup.h"
#include "conf/oci.h"

/* Lists are written as one string, words apart by a comma. */
struct example_mount {
	const char *destination, *type, *source, *options;
};

static const struct example_mount mounts[] = {
	{ "/proc", "proc", "proc", NULL },
	{ "/dev", "tmpfs", "tmpfs", "nosuid,strictatime,mode=755,size=65536k" },
	{ "/dev/pts", "devpts", "devpts",
	  "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5" },
	{ "/dev/shm", "tmpfs", "shm", "nosuid,noexec,nodev,mode=1777,size=65536k" },
	{ "/dev/mqueue", "mqueue", "mqueue", "nosuid,noexec,nodev" },
	{ "/sys", "sysfs", "sysfs", "nosuid,noexec,nodev,ro" },
	{ "/sys/fs/cgroup", "cgroup", "cgroup", "nosuid,noexec,nodev,relatime,ro" },
};

/* Without privileges a sysfs of one's own needs a network namespace of one's
 * own, and the group 5 is not mapped. */
static const struct example_mount rootless_mounts[] = {
	{ "/dev/pts", "devpts", "devpts", "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620" },
	{ "/sys", "none", "/sys", "rbind,nosuid,noexec,nodev,ro" },
};

static const char masked_paths[] =
	"/proc/acpi,/proc/asound,/proc/kcore,/proc/keys,/proc/latency_stats,"
	"/proc/timer_list,/proc/timer_stats,/proc/sched_debug,/sys/firmware,/proc/scsi";
static const char readonly_paths[] = "/proc/bus,/proc/fs,/proc/irq,/proc/sys,/proc/sysrq-trigger";
static const char env[] =
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin,TERM=xterm";

static struct oci_strings words(struct arena *a, const char *list)
{
	struct oci_strings ret = { 0 };
	size_t cap = 0;

	while (list && *list) {
		size_t len = strcspn(list, ",");
		const char **slot = arena_push(a, &ret.items, &ret.count, &cap, sizeof(*ret.items));

		*slot = arena_strndup(a, list, len);
		list += len + (list[len] == ',');
	}
	return ret;
}

static void example_mounts(bool rootless, struct arena *a, struct oci_spec *spec)
{
	spec->mounts_count = ARRAY_LEN(mounts);
	spec->mounts = arena_alloc(a, sizeof(*spec->mounts) * ARRAY_LEN(mounts));
	for (size_t i = 0; i < ARRAY_LEN(mounts); i++) {
		const struct example_mount *m = &mounts[i];

		for (size_t k = 0; rootless && k < ARRAY_LEN(rootless_mounts); k++)
			if (strcmp(rootless_mounts[k].destination, m->destination) == 0)
				m = &rootless_mounts[k];
		spec->mounts[i] = (struct oci_mount){
			.destination = m->destination,
			.type = m->type,
			.source = m->source,
			.options = words(a, m->options),
		};
	}
}

static void example_process(struct arena *a, struct oci_process *p)
{
	const uint64_t caps = (uint64_t)1 << CAP_AUDIT_WRITE | (uint64_t)1 << CAP_KILL |
			      (uint64_t)1 << CAP_NET_BIND_SERVICE;
	const struct oci_rlimit nofile = { .resource = RLIMIT_NOFILE, .soft = 1024, .hard = 1024 };

	*p = (struct oci_process){
		.terminal = true,
		.no_new_privileges = true,
		.cwd = "/",
		.args = words(a, "sh"),
		.env = words(a, env),
		.caps = { .present = true, .bounding = caps, .effective = caps, .permitted = caps },
		.rlimits = arena_dup(a, &nofile, sizeof(nofile)),
		.rlimits_count = 1,
	};
}

static struct oci_id_maps one_id(struct arena *a, uint32_t host_id)
{
	const struct oci_id_map map = { .container_id = 0, .host_id = host_id, .size = 1 };

	return (struct oci_id_maps){ .items = arena_dup(a, &map, sizeof(map)), .count = 1 };
}

void oci_spec_example(bool rootless, uid_t uid, gid_t gid, struct arena *a, struct oci_spec *ret)
{
	const struct oci_device_rule none = { .allow = false, .type = 'a', .access = "rwm" };
	const struct oci_namespace fresh = { .present = true };
	struct oci_linux *l = &ret->linux_;

	*ret = (struct oci_spec){
		.oci_version = OCI_VERSION,
		.root = { .path = "rootfs", .readonly = true },
		.hostname = "runc", /* scripts compare it */
		.has_process = true,
	};
	example_process(a, &ret->process);
	example_mounts(rootless, a, ret);
	l->masked_paths = words(a, masked_paths);
	l->readonly_paths = words(a, readonly_paths);
	l->ns[OCI_NS_PID] = l->ns[OCI_NS_IPC] = l->ns[OCI_NS_UTS] = l->ns[OCI_NS_MOUNT] = fresh;
	if (rootless) {
		l->ns[OCI_NS_USER] = fresh;
		l->uid_maps = one_id(a, uid);
		l->gid_maps = one_id(a, gid);
		return;
	}
	l->ns[OCI_NS_NETWORK] = fresh;
	l->resources.present = true;
	l->resources.devices = arena_dup(a, &none, sizeof(none));
	l->resources.devices_count = 1;
}
