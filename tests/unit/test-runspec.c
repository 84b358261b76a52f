/* SPDX-License-Identifier: Apache-2.0 */
/* The options of `atoll run` and what they become; values that make no sense. */
#include "conf/runspec.h"

#include <errno.h>
#include <linux/capability.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "cli/template.h"
#include "conf/json.h"
#include "test.h"

#define L(...)                                                                         \
	(struct oci_strings)                                                           \
	{                                                                              \
		(const char *[]){ __VA_ARGS__ },                                       \
			sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(const char *) \
	}
#define O(...)                                                                \
	{                                                                     \
		.root = "/r", .init = true, .stop_timeout_s = -1, __VA_ARGS__ \
	}

static const char passwd[] = "root:x:0:0:root:/root:/bin/sh\n"
			     "app:x:1234:4321:An App:/home/app:/bin/sh\n"
			     "bad line\n"
			     "big:x:99999999999:1::/:\n"
			     "me:x:1000:1000::/data/me:/bin/sh\n"
			     "svc:x:50:50::/opt/svc:/bin/sh\n";
static const char group[] = "root:x:0:\nwheel:x:10:app,other\napp:x:4321:\nextra:x:555:foo,app\n";
static const char *const own_env[] = { "MINE=yes", "MINEX=no", NULL };

static const uint32_t mode_600 = 0600;
static const struct oci_device devices[] = {
	{ 'c', "/dev/fuse", 10, 229, &mode_600, 0, 0 },
	{ 'c', "/dev/snd/seq", 116, 1, &mode_600, 0, 29 },
	{ 'c', "/dev/snd/timer", 116, 33, &mode_600, 0, 29 },
};

static struct run_facts facts(void)
{
	return (struct run_facts){
		.cgroups = true,
		.sub_uid = { 100000, 65536 },
		.sub_gid = { 200000, 65536 },
		.own_env = own_env,
		.passwd = passwd,
		.group = group,
		/* as where root has all but one */
		.own_caps = ~(UINT64_C(1) << CAP_SYS_RESOURCE),
		.cwd = "/cwd",
		.devices = devices,
		.devices_count = ARRAY_LEN(devices),
		.swap_limit = true,
	};
}

static struct run_facts ordinary(void)
{
	struct run_facts f = facts();

	f.euid = f.egid = 1000;
	f.rootless = true;
	f.cgroups = false;
	return f;
}

struct want {
	const char *pointer, *value; /* as JSON; NULL: not there */
};
enum { WANTS = 8 };

struct row {
	const char *label;
	struct run_opts o;
	struct want want[WANTS];
};

static const struct json *at(const struct json_doc *d, const char *pointer, struct arena *a)
{
	const struct json *v = d->root;

	while (v && *pointer == '/') {
		size_t n = strcspn(++pointer, "/");
		const char *key = arena_strndup(a, pointer, n);
		uint64_t index;

		if (v->type == JSON_ARRAY) {
			if (num_u64(key, n, &index) < 0)
				return NULL;
			for (v = v->child; v && index > 0; index--)
				v = v->next;
		} else {
			v = v->type == JSON_OBJECT ? json_get(v, key) : NULL;
		}
		pointer += n;
	}
	return v;
}

static void check_wants(const struct oci_spec *spec, const struct want *want, struct arena *a)
{
	struct err e = { 0 };
	struct json_doc doc;
	size_t len;
	char *text;

	oci_spec_write(spec, a, &text, &len);
	if (!CHECK_INT(json_parse("spec", text, len, a, &doc, &e), 0))
		return;
	for (size_t i = 0; i < WANTS && want[i].pointer; i++) {
		const struct json *v = at(&doc, want[i].pointer, a);
		const char *got = NULL;

		if (v)
			(void)template_apply("{{json .}}", v, a, &got, &e);
		if (!CHECK_STR(got, want[i].value))
			printf("# at %s\n", want[i].pointer);
	}
}

/* What is written can be read again, and is the same. */
static void check_round(const struct oci_spec *spec, struct arena *a)
{
	struct oci_spec again;
	struct err e = { 0 };
	size_t len, len2;
	char *text, *text2;

	oci_spec_write(spec, a, &text, &len);
	if (!CHECK_INT(oci_spec_parse("spec", text, len, a, &again, &e), 0))
		printf("# %s\n", e.msg);
	oci_spec_write(&again, a, &text2, &len2);
	CHECK(len == len2 && memcmp(text, text2, len) == 0);
}

static void run_rows(const struct row *rows, size_t count, const struct run_facts *f)
{
	for (size_t i = 0; i < count; i++) {
		autoarena struct arena a = { 0 };
		struct err e = { 0 };
		struct oci_spec spec;

		CASE(rows[i].label);
		if (!CHECK_INT(run_spec_build(&rows[i].o, f, &a, &spec, &e), 0)) {
			printf("# %s\n", e.msg);
			continue;
		}
		check_wants(&spec, rows[i].want, &a);
		check_round(&spec, &a);
	}
}

#define CAPS11                                                                            \
	"[\"CAP_CHOWN\",\"CAP_DAC_OVERRIDE\",\"CAP_FOWNER\",\"CAP_FSETID\",\"CAP_KILL\"," \
	"\"CAP_NET_BIND_SERVICE\",\"CAP_SETFCAP\",\"CAP_SETGID\",\"CAP_SETPCAP\","        \
	"\"CAP_SETUID\",\"CAP_SYS_CHROOT\"]"
#define BND "/process/capabilities/bounding"

static void test_process(void)
{
	const struct run_facts f = facts();
	const struct row rows[] = {
		{ "defaults",
		  O(),
		  { { "/process/args", "[\"/bin/sh\"]" },
		    { "/process/cwd", "\"/\"" },
		    { "/process/noNewPrivileges", "true" },
		    { BND, CAPS11 },
		    { "/linux/resources/pids/limit", "2048" },
		    { "/linux/seccomp/defaultAction", "\"SCMP_ACT_ERRNO\"" },
		    { "/annotations/org.atoll.init", "\"true\"" },
		    { "/root/path", "\"/r\"" } } },
		{ "command and entrypoint",
		  O(.entrypoint = "env", .command = L("-i", "ls")),
		  { { "/process/args", "[\"env\",\"-i\",\"ls\"]" } } },
		{ "environment: ours by name, the last one wins, an unknown one is left out",
		  O(.env = L("A=1", "MINE", "NOBODY", "A=2", "PATH=/x")),
		  { { "/process/env", "[\"PATH=/x\",\"A=2\",\"MINE=yes\"]" } } },
		{ "terminal",
		  O(.tty = true, .hostname = "box"),
		  { { "/process/terminal", "true" },
		    { "/hostname", "\"box\"" },
		    { "/process/env/1", "\"HOSTNAME=box\"" },
		    { "/process/env/2", "\"TERM=xterm\"" } } },
		{ "user by name, with its groups",
		  O(.user = "app"),
		  { { "/process/user", "{\"uid\":1234,\"gid\":4321,\"additionalGids\":[10,555]}" },
		    { "/process/capabilities/effective", NULL },
		    { "/process/capabilities/permitted", NULL },
		    { "/process/capabilities/ambient", NULL },
		    { BND, CAPS11 } } },
		{ "user by number that has a name",
		  O(.user = "1234"),
		  { { "/process/user/gid", "4321" } } },
		{ "user by number",
		  O(.user = "77"),
		  { { "/process/user", "{\"uid\":77,\"gid\":0}" } } },
		{ "a group that is given takes the place of all",
		  O(.user = "app:wheel"),
		  { { "/process/user", "{\"uid\":1234,\"gid\":10}" } } },
		{ "numbers", O(.user = "5:6"), { { "/process/user", "{\"uid\":5,\"gid\":6}" } } },
		{ "more groups",
		  O(.group_add = L("wheel", "99")),
		  { { "/process/user/additionalGids", "[10,99]" } } },
		{ "ulimits",
		  O(.ulimits = L("nofile=10:20", "core=0", "nofile=30", "memlock=-1")),
		  { { "/process/rlimits/0/hard", "30" },
		    { "/process/rlimits/1/type", "\"RLIMIT_CORE\"" },
		    { "/process/rlimits/2/soft", "18446744073709551615" } } },
		{ "no init",
		  { .root = "/r", .stop_timeout_s = -1 },
		  { { "/annotations/org.atoll.init", NULL } } },
		{ "stop rule and annotations",
		  { .root = "/r",
		    .stop_signal = "int",
		    .stop_timeout_s = 3,
		    .annotations = L("a=b=c"),
		    .name = "n" },
		  { { "/annotations/org.atoll.stop-signal", "\"SIGINT\"" },
		    { "/annotations/org.atoll.stop-timeout", "\"3\"" },
		    { "/annotations/org.atoll.name", "\"n\"" },
		    { "/annotations/a", "\"b=c\"" } } },
	};

	run_rows(rows, ARRAY_LEN(rows), &f);
}

static void test_rights(void)
{
	const struct run_facts f = facts();
	const struct row rows[] = {
		{ "cap-drop all, cap-add one",
		  O(.cap_drop = L("all"), .cap_add = L("net_raw")),
		  { { BND, "[\"CAP_NET_RAW\"]" },
		    { "/process/capabilities/effective", "[\"CAP_NET_RAW\"]" } } },
		{ "cap-drop all", O(.cap_drop = L("ALL")), { { BND, NULL } } },
		{ "cap-drop by full name",
		  O(.cap_drop = L("CAP_CHOWN", "KILL")),
		  { { BND "/0", "\"CAP_DAC_OVERRIDE\"" },
		    { BND "/3", "\"CAP_NET_BIND_SERVICE\"" },
		    { BND "/9", NULL } } },
		{ "cap-add all is what there is: 41 without two",
		  O(.cap_add = L("ALL"), .cap_drop = L("MKNOD")),
		  { { BND "/38", "\"CAP_WAKE_ALARM\"" }, { BND "/39", NULL } } },
		{ "no-new-privileges=false",
		  O(.security_opt = L("no-new-privileges=false")),
		  { { "/process/noNewPrivileges", NULL } } },
		{ "no-new-privileges:true",
		  O(.security_opt = L("no-new-privileges:true")),
		  { { "/process/noNewPrivileges", "true" } } },
		{ "seccomp=unconfined",
		  O(.security_opt = L("seccomp=unconfined")),
		  { { "/linux/seccomp", NULL } } },
		{ "apparmor and label",
		  O(.security_opt = L("apparmor=p", "label=type:t", "label=level:s0:c1")),
		  { { "/process/apparmorProfile", "\"p\"" },
		    { "/process/selinuxLabel", "\"system_u:system_r:t:s0:c1\"" } } },
		{ "systempaths=unconfined",
		  O(.security_opt = L("systempaths=unconfined")),
		  { { "/linux/maskedPaths", NULL }, { "/linux/readonlyPaths", NULL } } },
		{ "privileged",
		  O(.privileged = true),
		  { { "/linux/seccomp", NULL },
		    { "/linux/maskedPaths", NULL },
		    { "/process/noNewPrivileges", NULL },
		    { "/linux/resources/devices/0/allow", "true" },
		    { "/linux/devices/2/path", "\"/dev/snd/timer\"" },
		    { BND "/39", "\"CAP_WAKE_ALARM\"" } } },
		{ "devices",
		  O(.devices = L("/dev/fuse:/dev/f:r", "/dev/snd:rw")),
		  { { "/linux/devices/0/path", "\"/dev/f\"" },
		    { "/linux/devices/1/path", "\"/dev/snd/seq\"" },
		    { "/linux/devices/2/minor", "33" },
		    { "/linux/resources/devices/0/allow", "false" },
		    { "/linux/resources/devices/1/access", "\"r\"" },
		    { "/linux/resources/devices/2/access", "\"rw\"" } } },
		{ "sysctl",
		  O(.sysctls = L("net.core.somaxconn=5")),
		  { { "/linux/sysctl/net.core.somaxconn", "\"5\"" } } },
	};

	run_rows(rows, ARRAY_LEN(rows), &f);
}

#define MEM "/linux/resources/memory"
#define CPU "/linux/resources/cpu"

static void test_limits(void)
{
	const struct run_facts f = facts();
	const struct row rows[] = {
		{ "memory, swap twice",
		  O(.memory = "64m"),
		  { { MEM, "{\"limit\":67108864,\"swap\":134217728}" } } },
		{ "memory and swap",
		  O(.memory = "64m", .memory_swap = "65m", .memory_reservation = "1m"),
		  { { MEM "/swap", "68157440" }, { MEM "/reservation", "1048576" } } },
		{ "swap without limit",
		  O(.memory = "1g", .memory_swap = "-1"),
		  { { MEM "/swap", "-1" } } },
		{ "memory 0 is none", O(.memory = "0"), { { MEM, NULL } } },
		{ "cpus 1.5",
		  O(.cpus = "1.5"),
		  { { CPU, "{\"quota\":150000,\"period\":100000}" } } },
		{ "cpus .25", O(.cpus = ".25"), { { CPU "/quota", "25000" } } },
		{ "cpus 2", O(.cpus = "2"), { { CPU "/quota", "200000" } } },
		{ "cpus 0 is no limit", O(.cpus = "0"), { { CPU, NULL } } },
		{ "cpuset and shares",
		  O(.cpuset_cpus = "0-2,4", .cpu_shares = 1),
		  { { CPU "/cpus", "\"0-2,4\"" }, { CPU "/shares", "2" } } },
		{ "pids", O(.pids_limit = 7), { { "/linux/resources/pids/limit", "7" } } },
		{ "pids without limit",
		  O(.pids_limit = -1),
		  { { "/linux/resources/pids", NULL } } },
	};

	run_rows(rows, ARRAY_LEN(rows), &f);
}

static void test_namespaces(void)
{
	struct run_facts f = facts(), u = ordinary(), none = ordinary(), j = ordinary();
	const struct row rows[] = {
		{ "all private",
		  O(.hostname = "h"),
		  { { "/linux/namespaces",
		      "[{\"type\":\"pid\"},{\"type\":\"network\"},{\"type\":\"ipc\"},{\"type\":\"uts\"},{\"type\":\"mount\"},"
		      "{\"type\":\"cgroup\"}]" },
		    { "/linux/uidMappings", NULL },
		    { "/hostname", "\"h\"" } } },
		{ "host",
		  O(.pid = "host", .ipc = "host", .uts = "host", .net = "host", .cgroupns = "host"),
		  { { "/linux/namespaces", "[{\"type\":\"mount\"}]" },
		    { "/annotations/org.atoll.init", NULL },
		    { "/mounts/3/source", "\"/dev/shm\"" } } },
		{ "ipc none has no /dev/shm",
		  O(.ipc = "none"),
		  { { "/mounts/3/destination", "\"/dev/mqueue\"" } } },
		{ "net none",
		  O(.net = "none"),
		  { { "/linux/namespaces/1", "{\"type\":\"network\"}" } } },
		{ "userns private",
		  O(.userns = "private"),
		  { { "/linux/uidMappings",
		      "[{\"containerID\":0,\"hostID\":100000,\"size\":65536}]" },
		    { "/linux/gidMappings/0/hostID", "200000" } } },
	};
	const struct row user[] = {
		{ "ordinary user",
		  O(),
		  { { "/linux/uidMappings",
		      "[{\"containerID\":0,\"hostID\":1000,\"size\":1},{\"containerID\":1,\"hostID\":100000,\"size\":65536}]" },
		    { "/linux/resources", NULL },
		    { "/process/user/uid", "0" },
		    { "/mounts/0/type", "\"proc\"" } } },
		{ "keep-id",
		  O(.userns = "keep-id"),
		  { { "/linux/uidMappings",
		      "[{\"containerID\":0,\"hostID\":100000,\"size\":1000},{\"containerID\":1000,\"hostID\":1000,\"size\":1},"
		      "{\"containerID\":1001,\"hostID\":101000,\"size\":64536}]" },
		    { "/process/user/uid", "1000" } } },
		{ "what needs namespaces of one's own is the host's",
		  O(.pid = "host", .net = "host"),
		  { { "/mounts/0/type", "\"bind\"" },
		    { "/mounts/5/destination", "\"/sys\"" },
		    { "/mounts/5/type", "\"bind\"" } } },
		{ "a device by another name is a mount",
		  O(.devices = L("/dev/fuse:/dev/f")),
		  { { "/mounts/7/source", "\"/dev/fuse\"" }, { "/linux/devices", NULL } } },
		{ "cap-add: in a namespace of its own everybody has all",
		  O(.cap_drop = L("all"), .cap_add = L("SYS_RESOURCE")),
		  { { BND, "[\"CAP_SYS_RESOURCE\"]" } } },
	};
	const struct row single[] = {
		{ "one id only: no group of terminals",
		  O(),
		  { { "/linux/uidMappings", "[{\"containerID\":0,\"hostID\":1000,\"size\":1}]" },
		    { "/mounts/2/options",
		      "[\"nosuid\",\"noexec\",\"newinstance\",\"ptmxmode=0666\",\"mode=0620\"]" } } },
	};
	const struct row joined[] = {
		{ "joined, with its user namespace",
		  O(.pid = "container:x"),
		  { { "/linux/namespaces/0", "{\"type\":\"pid\",\"path\":\"/proc/9/fd/3\"}" },
		    { "/linux/namespaces/5", "{\"type\":\"user\",\"path\":\"/proc/9/fd/4\"}" },
		    { "/linux/uidMappings", NULL },
		    { "/annotations/org.atoll.init", NULL } } },
	};

	run_rows(rows, ARRAY_LEN(rows), &f);
	run_rows(user, ARRAY_LEN(user), &u);
	none.sub_uid = none.sub_gid = (struct run_sub_id){ 0 };
	run_rows(single, ARRAY_LEN(single), &none);
	j.paths = (struct run_ns_paths){ .pid = "/proc/9/fd/3", .user = "/proc/9/fd/4" };
	run_rows(joined, ARRAY_LEN(joined), &j);
}

static void test_mounts(void)
{
	const struct run_facts f = facts();
	const struct row rows[] = {
		{ "volume, read-only with all below",
		  O(.volumes = L("/a:/b:ro,z")),
		  { { "/mounts/7/destination", "\"/b\"" },
		    { "/mounts/7/options", "[\"rbind\",\"rprivate\",\"ro\",\"rro\"]" } } },
		{ "relative",
		  O(.volumes = L("./x:/b")),
		  { { "/mounts/7/source", "\"/cwd/./x\"" } } },
		{ "volume with propagation",
		  O(.volumes = L("/a:/b/:rslave,noexec")),
		  { { "/mounts/7/options", "[\"rbind\",\"rslave\",\"noexec\"]" } } },
		{ "the short paths first",
		  O(.volumes = L("/a:/x/y/z", "/b:/x")),
		  { { "/mounts/7/destination", "\"/x\"" },
		    { "/mounts/8/destination", "\"/x/y/z\"" } } },
		{ "in place of the system's",
		  O(.tmpfs = L("/dev/shm:size=1m")),
		  { { "/mounts/3/destination", "\"/dev/mqueue\"" },
		    { "/mounts/6/destination", "\"/dev/shm\"" } } },
		{ "tmpfs",
		  O(.tmpfs = L("/t:exec,size=5m,mode=700")),
		  { { "/mounts/7/options",
		      "[\"nosuid\",\"nodev\",\"noexec\",\"mode=1777\",\"exec\",\"size=5m\",\"mode=700\"]" } } },
		{ "mount bind",
		  O(.mounts = L("type=bind,src=/a,dst=/b,readonly,bind-propagation=rshared")),
		  { { "/mounts/7/options", "[\"rbind\",\"rshared\",\"ro\",\"rro\"]" } } },
		{ "mount with a comma and a colon",
		  O(.mounts = L("type=bind,\"source=/a,b:c\",target=/b,readonly=false")),
		  { { "/mounts/7/source", "\"/a,b:c\"" },
		    { "/mounts/7/options", "[\"rbind\",\"rprivate\"]" } } },
		{ "mount tmpfs",
		  O(.mounts = L("type=tmpfs,destination=/t,tmpfs-size=1m,tmpfs-mode=0700")),
		  { { "/mounts/7/options",
		      "[\"nosuid\",\"nodev\",\"noexec\",\"mode=700\",\"size=1048576\"]" } } },
		{ "read-only root", O(.read_only = true), { { "/root/readonly", "true" } } },
		{ "shm",
		  O(.shm_size = "1g"),
		  { { "/mounts/3/options/4", "\"size=1073741824\"" } } },
	};

	run_rows(rows, ARRAY_LEN(rows), &f);
}

static bool has(const struct oci_strings *list, const char *s)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i], s) == 0)
			return true;
	return false;
}

static const struct oci_mount *mount_on(const struct oci_spec *s, const char *dst)
{
	for (size_t i = 0; i < s->mounts_count; i++)
		if (strcmp(s->mounts[i].destination, dst) == 0)
			return &s->mounts[i];
	return NULL;
}

static void test_embedded(void)
{
	autoarena struct arena a = { 0 };
	struct run_facts f = facts();
	const struct run_opts plain = { .stop_timeout_s = -1, .privileged = true },
			      own = { .stop_timeout_s = -1,
				      .volumes = L("/a:/mnt/x", "/b:/srv", "/c:/home/me") };
	struct oci_spec s;

	CASE("the embedded default");
	f.secrets = L("/etc/ssh/ssh_host_rsa_key");
	f.submounts = L("/", "/usr", "/home", "/boot/efi", "/data", "/etc/ssl/private");
	CHECK_INT(run_spec_build(&plain, &f, &a, &s, NULL), 0);
	CHECK_STR(s.root.path, "/");
	CHECK_STR(oci_annotation(&s, "org.atoll.root.overlay"), "true");
	/* --privileged opens the kernel's paths, not people's secrets */
	CHECK(!has(&s.linux_.masked_paths, "/proc/kcore"));
	CHECK(has(&s.linux_.masked_paths, "/etc/shadow"));
	CHECK(has(&s.linux_.masked_paths, "/etc/ssh/ssh_host_rsa_key"));
	CHECK(has(&s.linux_.masked_paths, "/var/lib/docker"));
	CHECK(has(&s.linux_.masked_paths, "/mnt"));
	CHECK_STR(mount_on(&s, "/home")->type, "tmpfs");
	CHECK_STR(mount_on(&s, "/root")->options.items[2], "mode=700");
	CHECK(mount_on(&s, "/run") != NULL);
	CASE("parts of the system on other file systems are shown, secrets and data are not");
	CHECK_STR(mount_on(&s, "/usr")->type, "bind");
	CHECK(has(&mount_on(&s, "/usr")->options, "ro"));
	CHECK(!mount_on(&s, "/boot/efi"));
	CHECK(!mount_on(&s, "/data"));
	CHECK(!mount_on(&s, "/etc/ssl/private"));
	CASE("homes that are not below /home");
	CHECK(has(&s.linux_.masked_paths, "/data/me"));
	CHECK(!has(&s.linux_.masked_paths, "/opt/svc"));
	CHECK(!has(&s.linux_.masked_paths, "/home/app"));
	CHECK(!has(&s.linux_.masked_paths, "/root"));
	check_round(&s, &a);

	CASE("the user's own mounts stay visible");
	CHECK_INT(run_spec_build(&own, &f, &a, &s, NULL), 0);
	CHECK(!has(&s.linux_.masked_paths, "/mnt"));
	CHECK_STR(mount_on(&s, "/mnt")->type, "tmpfs");
	CHECK(mount_on(&s, "/mnt") < mount_on(&s, "/mnt/x"));
	CHECK(!has(&s.linux_.masked_paths, "/srv"));
	CHECK_STR(mount_on(&s, "/srv")->source, "/b");
	CHECK(mount_on(&s, "/home") < mount_on(&s, "/home/me"));
	CHECK(has(&s.linux_.masked_paths, "/media"));
}

struct bad {
	struct run_opts o;
	const char *msg; /* a part of it */
};

static void run_bad(const struct bad *rows, size_t count, const struct run_facts *f)
{
	for (size_t i = 0; i < count; i++) {
		autoarena struct arena a = { 0 };
		struct err e = { 0 };
		struct oci_spec spec;

		CASE(rows[i].msg);
		CHECK(run_spec_build(&rows[i].o, f, &a, &spec, &e) < 0);
		if (!CHECK(strstr(e.msg, rows[i].msg) != NULL))
			printf("# %s\n", e.msg);
	}
}

static void test_bad(void)
{
	const struct run_facts f = facts(), u = ordinary();
	const struct bad rows[] = {
		{ O(.volumes = L("/a")), "--volume '/a': volumes without a source" },
		{ O(.volumes = L("name:/a")),
		  "named volumes are not supported yet. Hint: for a directory write ./name" },
		{ O(.volumes = L("/a:b")),
		  "--volume '/a:b': the path in the container must be absolute" },
		{ O(.volumes = L("/a:/b/../c")), "without '..'" },
		{ O(.volumes = L("/a:/")), "is the root itself" },
		{ O(.volumes = L("/a:/b:ro:x")), "more than three parts" },
		{ O(.volumes = L("/a:/b:maybe")), "unknown option 'maybe'" },
		{ O(.volumes = L(":/b")), "the source is empty" },
		{ O(.volumes = L("/a:/b"), .tmpfs = L("/b")), "two mounts on /b" },
		{ O(.mounts = L("type=volume,dst=/b")), "the type must be bind or tmpfs" },
		{ O(.mounts = L("src=/a,dst=/b")), "there is no type=" },
		{ O(.mounts = L("type=bind,dst=/b")), "there is no src=" },
		{ O(.mounts = L("type=bind,src=/a")), "there is no dst=" },
		{ O(.mounts = L("type=bind,\"src=/a,dst=/b")), "a quote is not closed" },
		{ O(.mounts = L("type=bind,src=/a,dst=/b,what=1")), "unknown key 'what'" },
		{ O(.mounts = L("type=bind,src=/a,dst=/b,what")), "'what' is no key=value" },
		{ O(.mounts = L("type=tmpfs,src=/a,dst=/b")), "are for type=bind" },
		{ O(.mounts = L("type=bind,src=/a,dst=/b,tmpfs-size=1")), "are for type=tmpfs" },
		{ O(.mounts = L("type=tmpfs,dst=/b,tmpfs-mode=999")),
		  "tmpfs-mode is not an octal number" },
		{ O(.tmpfs = L("t")), "--tmpfs 't'" },
		{ O(.devices = L("/dev/nothing")),
		  "--device '/dev/nothing': there is no such device" },
		{ O(.devices = L("fuse")), "--device 'fuse': not HOST" },
		{ O(.devices = L("/dev/fuse:/dev/f:q")), "not HOST" },
		{ O(.pid = "mine"), "--pid: unknown value 'mine'" },
		{ O(.pid = "none"), "--pid: unknown value 'none'" },
		{ O(.net = "bridge"), "networks are not supported yet" },
		{ O(.net = "container:x"), "--net container:x: the container was not looked up" },
		{ O(.cgroupns = "x"), "--cgroupns: unknown value" },
		{ O(.userns = "x"), "--userns: unknown value" },
		{ O(.userns = "keep-id"), "for ordinary users only" },
		{ O(.uts = "host", .hostname = "h"), "--hostname: conflicts with --uts=host" },
		{ O(.user = "nobody-here"), "unable to find user nobody-here" },
		{ O(.user = "app:nogroup"), "unable to find group nogroup" },
		{ O(.user = "4294967295"), "unable to find user 4294967295" },
		{ O(.user = "-1"), "unable to find user -1" },
		{ O(.group_add = L("nope")), "--group-add: unable to find group nope" },
		{ O(.cap_add = L("FLY")), "--cap-add: unknown capability 'FLY'" },
		{ O(.cap_drop = L("CAP_")), "--cap-drop: unknown capability" },
		{ O(.cap_add = L("SYS_RESOURCE")),
		  "--cap-add SYS_RESOURCE: atoll itself does not have it" },
		{ O(.security_opt = L("seccomp=")), "'seccomp=' makes no sense" },
		{ O(.security_opt = L("seccomp=/f")), "seccomp=/f was not read" },
		{ O(.security_opt = L("no-new-privileges=maybe")), "makes no sense" },
		{ O(.security_opt = L("label=what")), "label=what is none of" },
		{ O(.security_opt = L("systempaths=all")), "makes no sense" },
		{ O(.memory = "lots"), "--memory 'lots': not a size" },
		{ O(.memory = "1k"), "less than 512k" },
		{ O(.memory = "-1"), "must be above zero" },
		{ O(.memory_swap = "1g"), "needs --memory too" },
		{ O(.memory = "2g", .memory_swap = "1g"), "not less than --memory" },
		{ O(.memory = "1g", .memory_reservation = "2g"), "more than --memory" },
		{ O(.cpus = "x"), "--cpus 'x': not a number" },
		{ O(.cpus = "-1"), "--cpus '-1'" },
		{ O(.cpus = "."), "not a number" },
		{ O(.cpus = "1.-5"), "not a number" },
		{ O(.cpus = "0.001"), "less than 0.01" },
		{ O(.cpus = "99999999999999999"), "more than any machine has" },
		{ O(.cpuset_cpus = "a"), "--cpuset-cpus 'a'" },
		{ O(.pids_limit = -5), "--pids-limit -5" },
		{ O(.shm_size = "x"), "--shm-size 'x'" },
		{ O(.ulimits = L("nofile")), "not NAME=SOFT" },
		{ O(.ulimits = L("nofiles=1")), "unknown limit" },
		{ O(.ulimits = L("nofile=2:1")), "the soft limit is above the hard one" },
		{ O(.ulimits = L("nofile=a")), "with numbers" },
		{ O(.sysctls = L("a")), "--sysctl 'a': not KEY=VALUE" },
		{ O(.annotations = L("=a")), "--annotation '=a': not KEY=VALUE" },
		{ O(.env = L("=a")), "--env '=a': there is no name" },
		{ O(.workdir = "here"), "--workdir 'here'" },
		{ O(.stop_signal = "NOPE"), "--stop-signal: unknown signal 'NOPE'" },
		{ O(.command = L("")), "the command is empty" },
	};
	const struct bad user[] = {
		{ O(.memory = "1g"), "--memory: this user may not set limits" },
		{ O(.pids_limit = 5), "--pids-limit: this user may not set limits" },
		{ O(.userns = "host"), "an ordinary user needs a user namespace" },
		{ O(.user = "70000"),
		  "--user 70000: 70000:0 does not exist in the user namespace" },
	};
	struct run_facts n = facts();
	const struct bad nothing[] = {
		{ O(.memory = "1g"),
		  "--memory: limits cannot be set: no cgroup hierarchy is mounted" },
	};

	run_bad(rows, ARRAY_LEN(rows), &f);
	n.cgroups = false;
	run_bad(nothing, ARRAY_LEN(nothing), &n);
	run_bad(user, ARRAY_LEN(user), &u);
}

static void test_texts(void)
{
	static const char sub[] =
		"broken\n:1:2\nann:100:10\nann:200:20\n1000:300:30\nbig:4294967290:10\nzero:5:0\nlast:7:8";
	autoarena struct arena a = { 0 };
	struct oci_strings env = { 0 };
	struct err e = { 0 };
	struct run_sub_id id = run_sub_id_find(sub, strlen(sub), "ann", 5);
	const struct run_opts o = { .devices = L("/dev/a:/b:r", "bad", "/dev/c:rw"),
				    .privileged = true };
	const struct run_opts seccomp = { .security_opt = L("seccomp=/x", "label=disable",
							    "seccomp=/y") };
	struct oci_strings wanted;

	CASE("subuid");
	CHECK_INT(id.first, 100);
	CHECK_INT(id.count, 10);
	CHECK_INT(run_sub_id_find(sub, strlen(sub), "bob", 1000).count, 30);
	CHECK_INT(run_sub_id_find(sub, strlen(sub), "big", 5).count, 0);
	CHECK_INT(run_sub_id_find(sub, strlen(sub), "zero", 5).count, 0);
	CHECK_INT(run_sub_id_find(sub, strlen(sub), "last", 5).first, 7);
	CHECK_INT(run_sub_id_find(sub, 3, NULL, 1000).count, 0);

	CASE("env file");
	CHECK_INT(run_env_file("f", "# c\n\n A=1 2\r\nB\n=x", 15, &a, &env, &e), 0);
	CHECK_INT(env.count, 2);
	CHECK_STR(env.items[0], "A=1 2");
	CHECK_STR(env.items[1], "B");
	CHECK_INT(run_env_file("f", "A=1\nB C=2\n", 10, &a, &env, &e), -EINVAL);
	CHECK_STR(e.msg, "option --env-file: f:2: 'B C=2' is no name of a variable");
	CHECK_INT(run_env_file("f", "A\0B", 3, &a, &env, NULL), -EINVAL);
	CHECK_INT(env.count, 2);

	CASE("what the caller has to look up");
	run_devices_wanted(&o, &a, &wanted);
	CHECK_INT(wanted.count, 3);
	CHECK_STR(wanted.items[0], "/dev/a");
	CHECK_STR(wanted.items[1], "/dev/c");
	CHECK_STR(wanted.items[2], "/dev");
	CHECK_STR(run_seccomp_file(&seccomp), "/y");
	CHECK_STR(run_seccomp_file(&o), NULL);
}

static void test_template(void)
{
	static const char text[] =
		"{\"Id\":\"x\",\"State\":{\"Pid\":5,\"On\":true},\"List\":[1,\"a\"]}";
	static const struct {
		const char *tmpl, *want; /* NULL: an error */
	} rows[] = {
		{ "{{.State.Pid}}", "5" },
		{ "a {{ .Id }}\\n{{json .Id}}{{println}}", "a x\n\"x\"\n" },
		{ "{{json .List}} {{.State.On}} {{json .State}}",
		  "[1,\"a\"] true {\"Pid\":5,\"On\":true}" },
		{ "{{.}}", "{\"Id\":\"x\",\"State\":{\"Pid\":5,\"On\":true},\"List\":[1,\"a\"]}" },
		{ "plain } { text", "plain } { text" },
		{ "{{.Nope}}", NULL },
		{ "{{.Id.Nope}}", NULL },
		{ "{{.List.0}}", NULL },
		{ "{{.State.}}", NULL },
		{ "{{range .List}}", NULL },
		{ "{{}}", NULL },
		{ "{{.Id", NULL },
	};
	autoarena struct arena a = { 0 };
	struct json_doc doc;

	CASE("--format");
	CHECK_INT(json_parse("t", text, strlen(text), &a, &doc, NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err e = { 0 };
		const char *got = NULL;
		int r = template_apply(rows[i].tmpl, doc.root, &a, &got, &e);

		CHECK_INT(r, rows[i].want ? 0 : -EINVAL);
		CHECK_STR(got, rows[i].want);
	}
}

int main(void)
{
	test_process();
	test_rights();
	test_limits();
	test_namespaces();
	test_mounts();
	test_embedded();
	test_bad();
	test_texts();
	test_template();
	return DONE();
}
