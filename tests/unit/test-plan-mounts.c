/* SPDX-License-Identifier: Apache-2.0 */
/* Which steps the mounts, devices and paths of a configuration become. */
#include <errno.h>
#include <linux/mount.h>
#include <string.h>

#include "base/cleanup.h"
#include "plan/parts.h"
#include "test.h"

#define STRINGS(...)                                                                    \
	{                                                                               \
		.items = (const char *[]){ __VA_ARGS__ },                               \
		.count = sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(const char *) \
	}

struct fixture {
	struct arena a;
	struct oci_spec spec;
	struct oci_process process;
	struct plan p;
	struct err e;
	struct oci_mount mounts[8];
};

static void setup(struct fixture *f)
{
	*f = (struct fixture){
		.p.env = { .mode = PLAN_RUN, .bundle = "/b", .root_path = "/b/rootfs" }
	};
	f->p.spec = &f->spec;
	f->p.process = &f->process;
	f->spec.mounts = f->mounts;
	f->e.code = 0;
}

static struct oci_mount *add(struct fixture *f, const char *dest, const char *type,
			     const char *source)
{
	struct oci_mount *m = &f->mounts[f->spec.mounts_count++];

	*m = (struct oci_mount){ .destination = dest, .type = type, .source = source };
	return m;
}

static const struct step *nth(const struct fixture *f, enum step_kind kind, size_t n)
{
	for (size_t i = 0; i < f->p.count; i++)
		if (f->p.steps[i].kind == kind && n-- == 0)
			return &f->p.steps[i];
	return NULL;
}

static size_t count(const struct fixture *f, enum step_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < f->p.count; i++)
		n += f->p.steps[i].kind == kind;
	return n;
}

static int before(struct fixture *f)
{
	return plan_mounts_before_pivot(&f->p, &f->a, &f->e);
}

/* One mount that must be refused, with these words. */
static void refused(const char *dest, const char *type, const char *source, const char *option,
		    const char *words)
{
	struct fixture f;
	struct oci_mount *m;

	setup(&f);
	m = add(&f, dest, type, source);
	m->options = (struct oci_strings){ .items = &option, .count = option != NULL };
	CHECK_INT(before(&f), -EINVAL);
	CHECK(strncmp(f.e.msg, "/mounts/0", 9) == 0 && strstr(f.e.msg, words));
	arena_free(&f.a);
}

static void test_order(void)
{
	static const enum step_kind want[] = { STEP_PROPAGATION, STEP_ROOTFS, STEP_MOUNT,
					       STEP_MOUNT, STEP_DEVICE };
	struct fixture f;

	CASE("order");
	setup(&f);
	f.process.terminal = true;
	add(&f, "/proc", "proc", "proc");
	add(&f, "/dev", "tmpfs", "tmpfs");
	CHECK_INT(before(&f), 0);
	for (size_t i = 0; i < ARRAY_LEN(want); i++)
		CHECK_INT(f.p.steps[i].kind, want[i]);
	CHECK_STR(f.p.steps[3].pointer, "/mounts/1");
	CHECK_INT(count(&f, STEP_DEVICE), 6);
	CHECK_INT(f.p.steps[f.p.count - 2].kind, STEP_DEV_LINKS);
	CHECK_INT(f.p.steps[f.p.count - 2].num.value, 0);
	CHECK_INT(f.p.steps[f.p.count - 1].kind, STEP_CONSOLE);
	arena_free(&f.a);
}

static void test_paths(void)
{
	struct fixture f;
	struct oci_mount *m;

	CASE("paths");
	setup(&f);
	m = add(&f, "etc//x/../hosts/.", "none", "files/hosts");
	m->options = (struct oci_strings)STRINGS("bind", "x-gvfs-hide");
	m = add(&f, "/b/rootfs/data", NULL, "/srv/data");
	m->options = (struct oci_strings)STRINGS("rbind", "ro");
	add(&f, "/b/rootfsx", "tmpfs", NULL);
	add(&f, "../../up", "tmpfs", NULL);
	add(&f, "/v", "bind", "rel");
	CHECK_INT(before(&f), 0);
	CHECK_STR(nth(&f, STEP_MOUNT, 0)->mount.mount->destination, "/etc/hosts");
	CHECK_STR(nth(&f, STEP_MOUNT, 0)->mount.mount->source, "/b/files/hosts");
	CHECK_INT(nth(&f, STEP_MOUNT, 0)->mount.opts->data.count, 0);
	CHECK_STR(nth(&f, STEP_MOUNT, 1)->mount.mount->destination, "/data");
	CHECK_STR(nth(&f, STEP_MOUNT, 1)->mount.mount->source, "/srv/data");
	CHECK(nth(&f, STEP_MOUNT, 1)->mount.opts->bind_rec);
	CHECK_STR(nth(&f, STEP_MOUNT, 2)->mount.mount->destination, "/b/rootfsx");
	CHECK_STR(nth(&f, STEP_MOUNT, 3)->mount.mount->destination, "/up");
	CHECK(nth(&f, STEP_MOUNT, 4)->mount.opts->bind);
	CHECK_STR(nth(&f, STEP_MOUNT, 4)->mount.mount->source, "/b/rel");
	arena_free(&f.a);
}

static void test_refused(void)
{
	CASE("refused");
	refused("/", "tmpfs", "tmpfs", NULL, "nothing can be mounted over it");
	refused("/x/..", "tmpfs", "tmpfs", NULL, "nothing can be mounted over it");
	refused("/proc", "tmpfs", "tmpfs", NULL, "not of type proc");
	refused("/proc/sys", "tmpfs", "tmpfs", NULL, "inside /proc");
	refused("/a/../proc/self", NULL, "/x", "bind", "inside /proc");
	refused("/proc/sys/kernel", "proc", "proc", NULL, "inside /proc");
	refused("/b/rootfs/proc/1", NULL, "/x", "bind", "inside /proc");
	refused("/x", NULL, "/y", NULL, "/type");
	refused("/x", NULL, NULL, "bind", "/source");
	refused("/x", "tmpfs", "tmpfs", "idmap", "must be a bind mount");
	refused("/x", "proc", "proc", "tmpcopyup", "tmpfs only");
	refused("/x", NULL, "/y", "ridmap", "/mounts/0");
	refused("", "tmpfs", "tmpfs", NULL, "/destination");
}

static void test_allowed_in_proc(void)
{
	static const char *const files[] = { "/proc/cpuinfo", "/proc/net/dev",
					     "/proc/sys/kernel/ns_last_pid", "/procfs" };

	CASE("allowed in /proc");
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		struct fixture f;

		setup(&f);
		add(&f, files[i], NULL, "/lxcfs")->options = (struct oci_strings)STRINGS("bind");
		CHECK_INT(before(&f), 0);
		arena_free(&f.a);
	}
}

/* /dev is filled before it becomes read-only; what stays empty is so at once. */
static void test_late_readonly(void)
{
	struct fixture f;
	size_t n;

	CASE("late read-only");
	setup(&f);
	add(&f, "/dev", "tmpfs", "tmpfs")->options = (struct oci_strings)STRINGS("ro", "nosuid");
	add(&f, "/m", "tmpfs", "tmpfs")->options = (struct oci_strings)STRINGS("ro");
	add(&f, "/t", "tmpfs", "tmpfs")->options = (struct oci_strings)STRINGS("rro");
	add(&f, "/t/sub", "tmpfs", "tmpfs");
	add(&f, "/sys", "sysfs", "sysfs")->options = (struct oci_strings)STRINGS("ro");
	add(&f, "/sys/fs/cgroup", "cgroup", "cgroup");
	CHECK_INT(before(&f), 0);
	CHECK(nth(&f, STEP_MOUNT, 4)->mount.opts->attr_set & MOUNT_ATTR_RDONLY);
	CHECK(!(nth(&f, STEP_MOUNT, 0)->mount.opts->attr_set & MOUNT_ATTR_RDONLY));
	CHECK(nth(&f, STEP_MOUNT, 0)->mount.opts->attr_set & MOUNT_ATTR_NOSUID);
	CHECK(nth(&f, STEP_MOUNT, 1)->mount.opts->attr_set & MOUNT_ATTR_RDONLY);
	CHECK(!(nth(&f, STEP_MOUNT, 2)->mount.opts->attr_set & MOUNT_ATTR_RDONLY));
	n = f.p.count;
	CHECK_INT(plan_mounts_after_pivot(&f.p, &f.a, &f.e), 0);
	CHECK_INT(f.p.count - n, 2);
	CHECK_STR(f.p.steps[n].mount.mount->destination, "/dev");
	CHECK(f.p.steps[n].mount.opts->remount);
	CHECK_INT(f.p.steps[n].mount.opts->attr_set, MOUNT_ATTR_RDONLY);
	CHECK_STR(f.p.steps[n + 1].mount.mount->destination, "/t");
	arena_free(&f.a);
}

static void test_devices(void)
{
	static const uint32_t mode = 0600;
	struct oci_device devices[] = {
		{ .type = 'c', .path = "/dev//tty", .major = 5, .minor = 0 },
		{ .type = 'p', .path = "/run/fifo", .file_mode = &mode },
		{ .type = 'c', .path = "/dev/ptmx", .major = 5, .minor = 2 },
	};
	struct fixture f;

	CASE("devices");
	setup(&f);
	f.spec.linux_.devices = devices;
	f.spec.linux_.devices_count = ARRAY_LEN(devices);
	f.p.new_ns = oci_ns_info[OCI_NS_USER].clone_flag;
	add(&f, "/dev/pts", "devpts", "devpts");
	CHECK_INT(before(&f), 0);
	CHECK_INT(count(&f, STEP_DEVICE), 7);
	CHECK_STR(nth(&f, STEP_DEVICE, 5)->device.dev->path, "/dev/tty");
	CHECK_INT(*nth(&f, STEP_DEVICE, 5)->device.dev->file_mode, 0666);
	CHECK(nth(&f, STEP_DEVICE, 5)->device.bind);
	CHECK_STR(nth(&f, STEP_DEVICE, 5)->pointer, "/linux/devices/0");
	CHECK(!nth(&f, STEP_DEVICE, 6)->device.bind);
	CHECK_INT(nth(&f, STEP_DEV_LINKS, 0)->num.value, 1);
	arena_free(&f.a);

	setup(&f);
	add(&f, "/dev", NULL, "/dev")->options = (struct oci_strings)STRINGS("rbind");
	CHECK_INT(before(&f), 0);
	CHECK_INT(count(&f, STEP_DEVICE), 0);
	CHECK_INT(count(&f, STEP_DEV_LINKS), 0);
	arena_free(&f.a);

	setup(&f);
	devices[0].major = 4096;
	f.spec.linux_.devices = devices;
	f.spec.linux_.devices_count = 1;
	CHECK_INT(before(&f), -EINVAL);
	CHECK(strncmp(f.e.msg, "/linux/devices/0/major", 22) == 0);
	arena_free(&f.a);
}

static void propagation(const char *value, uint64_t first, uint64_t last)
{
	struct fixture f;
	const struct step *s;

	setup(&f);
	f.spec.linux_.rootfs_propagation = value;
	CHECK_INT(before(&f), 0);
	CHECK_INT(nth(&f, STEP_PROPAGATION, 0)->propagation.flags, first);
	CHECK_INT(plan_mounts_after_pivot(&f.p, &f.a, &f.e), 0);
	s = nth(&f, STEP_ROOT_PROPAGATION, 0);
	CHECK_INT(s ? s->propagation.flags : 0, last);
	arena_free(&f.a);
}

static void test_propagation(void)
{
	struct fixture f;

	CASE("propagation");
	propagation(NULL, MS_SLAVE | MS_REC, 0);
	propagation("slave", MS_SLAVE | MS_REC, 0);
	propagation("rprivate", MS_PRIVATE | MS_REC, 0);
	propagation("shared", MS_SHARED, MS_SHARED);
	propagation("rshared", MS_SHARED | MS_REC, MS_SHARED | MS_REC);
	propagation("unbindable", MS_PRIVATE | MS_REC, MS_UNBINDABLE);
	setup(&f);
	f.spec.linux_.rootfs_propagation = "Shared";
	CHECK_INT(before(&f), -EINVAL);
	CHECK(strstr(f.e.msg, "/linux/rootfsPropagation") != NULL);
	arena_free(&f.a);
}

static void test_hidden(void)
{
	struct fixture f;

	CASE("masked and read-only paths");
	setup(&f);
	f.spec.root.readonly = true;
	f.spec.linux_.readonly_paths = (struct oci_strings)STRINGS("/proc/sys", "/proc//sys/",
								   "/proc/bus");
	f.spec.linux_.masked_paths = (struct oci_strings)STRINGS("/proc/kcore", "/proc/sys");
	CHECK_INT(plan_mounts_after_pivot(&f.p, &f.a, &f.e), 0);
	CHECK_INT(f.p.steps[0].kind, STEP_ROOT_READONLY);
	CHECK_INT(count(&f, STEP_READONLY_PATH), 2);
	CHECK_INT(count(&f, STEP_MASKED_PATH), 2);
	CHECK_STR(nth(&f, STEP_READONLY_PATH, 1)->pointer, "/linux/readonlyPaths/2");
	CHECK_STR(nth(&f, STEP_MASKED_PATH, 0)->path.path, "/proc/kcore");
	arena_free(&f.a);
}

int main(void)
{
	test_order();
	test_paths();
	test_refused();
	test_allowed_in_proc();
	test_late_readonly();
	test_devices();
	test_propagation();
	test_hidden();
	return DONE();
}
