/* SPDX-License-Identifier: Apache-2.0 */
/* OCI configurations, inspect output, CRI and seccomp profiles as facts: what the fixtures, which
 * look at one rule at a time, do not show. */
#include <string.h>

#include "audit/audit.h"
#include "base/cleanup.h"
#include "conf/oci.h"
#include "conf/seccomp_default.h"
#include "test.h"

#define BIT(n) (UINT64_C(1) << (n))
enum { SYS_ADMIN = 21 };

static struct arena arena;

static const struct facts *facts_of(struct audit *a, const char *text)
{
	audit_init(a, &arena);
	audit_read_text(a, "test.json", text, strlen(text));
	return a->objects;
}

/* "id: message" of the first diagnostic, or "". */
static const char *diag_of(const char *text)
{
	struct audit a;

	(void)facts_of(&a, text);
	return a.diags ? arena_printf(&arena, "%s: %s", diag_rows[a.diags->id].id, a.diags->message)
		       : "";
}

static const char *items_of(const struct facts *f, enum list_id id)
{
	const char *text = "";

	for (size_t i = 0; i < f->list[id].count; i++)
		text = arena_printf(&arena, "%s%s%s", text, i ? " " : "",
				    f->list[id].items[i].text);
	return text;
}

/* ---- seccomp ------------------------------------------------------------------------------ */

#define DENY              "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":["
#define RULE(names, more) "{\"names\":[" names "],\"action\":\"SCMP_ACT_ALLOW\"" more "}"
#define NEVER_NEW \
	",\"args\":[{\"index\":0,\"value\":2114060288,\"valueTwo\":0,\"op\":\"SCMP_CMP_MASKED_EQ\"}]"

static const char *weak(const char *profile, uint64_t caps, const char *engine)
{
	struct facts *f = ARENA_NEW(&arena, struct facts);
	struct json_doc doc;
	struct err e = { 0 };
	struct audit a;

	audit_init(&a, &arena);
	f->engine = engine;
	if (json_parse("profile", profile, strlen(profile), &arena, &doc, &e) < 0)
		return arena_strdup(&arena, e.msg);
	facts_from_seccomp(&a, f, doc.root, caps);
	if (f->list[LIST_SECCOMP_WEAK].whole != TRI_YES)
		return f->list[LIST_SECCOMP_WEAK].why;
	return items_of(f, LIST_SECCOMP_WEAK);
}

static void profiles(void)
{
	static const char caps[] = DENY
		RULE("\"mount\",\"bpf\"", ",\"includes\":{\"caps\":[\"CAP_SYS_ADMIN\"]}") "," RULE(
			"\"keyctl\"",
			",\"includes\":{\"arches\":[\"sparc\"]}") "," RULE("\"ptrace\"",
									   ",\"includes\":{\"minKernel\":\"4.8\"}") "]}";

	CASE("seccomp");
	CHECK_STR(weak(DENY RULE("\"read\",\"ptrace\"", "") "]}", 0, NULL), "");
	CHECK_STR(weak(DENY RULE("\"read\",\"keyctl\"", "") "]}", 0, NULL), "keyctl");
	CHECK_STR(weak(DENY RULE("\"keyctl\"", "") "]}", 0, "podman"), "");
	CHECK_STR(weak(DENY RULE("\"clone\"", NEVER_NEW) "]}", 0, NULL), "");
	CHECK_STR(weak(DENY RULE("\"unshare\"", NEVER_NEW) "]}", 0, NULL), "");
	CHECK(strstr(weak(DENY RULE("\"unshare\"", "") "]}", 0, NULL), "CLONE_NEWUSER"));
	CHECK(strstr(weak(DENY RULE("\"clone\"", "") "]}", 0, "cri-o"), "clone(CLONE_NEWPID)"));
	CHECK_STR(weak(DENY RULE("\"clone\"", "") "]}", 0, "podman"), "");
	CHECK_STR(weak(DENY RULE("\"clone\",\"mount\"", "") "]}", BIT(SYS_ADMIN), NULL), "");
	CHECK_STR(weak(caps, 0, NULL), "");
	CHECK_STR(weak(caps, BIT(SYS_ADMIN), NULL), "");
	/* the form before `names`; two conditions, of which one holds */
	CHECK_STR(weak(DENY "{\"name\":\"bpf\",\"action\":\"SCMP_ACT_LOG\"}]}", 0, NULL), "bpf");
	CHECK(*weak(DENY RULE("\"unshare\"",
			      ",\"args\":[{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_NE\"}]") "]}",
		    0, NULL));
	CHECK_STR(
		weak(DENY RULE("\"unshare\"",
			       ",\"args\":[{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_EQ\"}]") "]}",
		     0, NULL),
		"");
	CHECK(strstr(weak("{\"defaultAction\":\"SCMP_ACT_ALLOW\"}", 0, NULL), "nobody named"));
	CHECK(!strstr(
		weak("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"keyctl\"],"
		     "\"action\":\"SCMP_ACT_ERRNO\"}]}",
		     0, NULL),
		"keyctl"));
	CHECK_STR(weak("{\"syscalls\":[]}", 0, NULL), "the profile has no default action");
	CHECK_STR(weak("[]", 0, NULL), "the profile is no object");
}

/* Our own filter, for whatever capabilities, as `atoll run` writes it. */
static void own_profile(uint64_t caps)
{
	struct oci_spec spec;
	struct oci_seccomp *s = ARENA_NEW(&arena, struct oci_seccomp);
	const struct facts *f;
	struct audit a;
	char *text;
	size_t len;

	oci_spec_example(false, 0, 0, &arena, &spec);
	seccomp_default(caps, &arena, s);
	spec.linux_.seccomp = s;
	spec.process.caps.bounding = caps;
	oci_spec_write(&spec, &arena, &text, &len);
	f = facts_of(&a, text);
	CHECK(f && f->seccomp.mode == SECM_CUSTOM);
	CHECK_STR(items_of(f, LIST_SECCOMP_WEAK), "");
	CHECK_STR(a.diags ? a.diags->message : "", "");
}

/* ---- OCI ---------------------------------------------------------------------------------- */

static void example(void)
{
	struct oci_spec spec;
	const struct facts *f;
	struct audit a;
	char *text;
	size_t len;

	CASE("example");
	oci_spec_example(false, 0, 0, &arena, &spec);
	oci_spec_write(&spec, &arena, &text, &len);
	f = facts_of(&a, text);
	CHECK(f && f->kind == IN_OCI);
	CHECK_STR(a.diags ? a.diags->message : "", "");
	CHECK_STR(f->object, "spec/runc");
	CHECK_INT(f->ns_of[NST_PID].mode, NSM_OWN);
	CHECK_INT(f->ns_of[NST_USER].mode, NSM_HOST);
	CHECK_INT(f->fact[FACT_ROOT_OF_HOST].is, TRI_YES);
	CHECK_STR(f->fact[FACT_ROOT].text, "uid 0");
	f = facts_of(&a, "{\"ociVersion\":\"1.0.2\",\"process\":{\"user\":{\"uid\":1000}}}");
	CHECK_INT(f->fact[FACT_ROOT].is, TRI_NO);
	CHECK_STR(f->fact[FACT_ROOT].text, "uid 1000");
	f = facts_of(&a, text);
	CHECK_INT(f->fact[FACT_DEVICES_ALL].is, TRI_NO);
	CHECK_INT(f->seccomp.mode, SECM_NOT_SET);
	CHECK_STR(items_of(f, LIST_UNMASKED), "");
	CHECK_STR(items_of(f, LIST_PROC_WRITABLE), "");
	CHECK_INT(f->mounts_whole, TRI_YES);
	CHECK_INT((long long)f->mount_count, (long long)spec.mounts_count);
	oci_spec_example(true, 1000, 1000, &arena, &spec);
	oci_spec_write(&spec, &arena, &text, &len);
	f = facts_of(&a, text);
	CHECK_INT(f->ns_of[NST_USER].mode, NSM_OWN);
	CHECK_INT(f->fact[FACT_ROOT].is, TRI_YES);
	CHECK_INT(f->fact[FACT_ROOT_OF_HOST].is, TRI_NO);
}

#define SPEC(members)    "{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"r\"}," members "}"
#define PROCESS(members) SPEC("\"process\":{\"cwd\":\"/\"," members "}")
#define LINUX(members)   SPEC("\"process\":{\"cwd\":\"/\"},\"linux\":{" members "}")

static void diagnostics(void)
{
	CASE("diagnostics");
	CHECK_STR(diag_of(LINUX("\"namespaces\":[]")), "");
	CHECK_STR(
		diag_of(PROCESS("\"noNewPrivilges\":true")),
		"input-unknown-field: unknown member \"noNewPrivilges\"; did you mean \"noNewPrivileges\"?");
	CHECK_STR(
		diag_of(PROCESS("\"nonewprivileges\":true")),
		"input-unknown-field: unknown member \"nonewprivileges\"; did you mean \"noNewPrivileges\"?");
	CHECK_STR(
		diag_of(PROCESS("\"maskedPaths\":[]")),
		"input-unknown-field: the member \"maskedPaths\" has no effect here, it belongs to linux");
	CHECK_STR(diag_of(SPEC("\"process\":{\"cwd\":\"/\"},\"com.example\":1")),
		  "input-unknown-field: unknown member \"com.example\"");
	CHECK_STR(diag_of(PROCESS("\"noNewPrivileges\":\"true\"")),
		  "input-bad-type: \"noNewPrivileges\": this is a string, not true or false");
	CHECK_STR(diag_of(LINUX("\"namespaces\":[{\"type\":\"pdi\"}]")),
		  "input-unknown-value: unknown value \"pdi\"");
	CHECK_STR(diag_of(LINUX("\"namespaces\":[{\"type\":\"netwrk\"}]")),
		  "input-unknown-value: unknown value \"netwrk\"; did you mean \"network\"?");
	CHECK_STR(
		diag_of(PROCESS("\"capabilities\":{\"bounding\":[\"SYS_ADMIN\"]}")),
		"input-unknown-value: unknown capability \"SYS_ADMIN\", which is left out; did you mean \"CAP_SYS_ADMIN\"?");
	CHECK_STR(
		diag_of(PROCESS("\"capabilities\":{\"bounding\":[\"CAP_CAP_SYS_ADMIN\"]}")),
		"input-unknown-value: unknown capability \"CAP_CAP_SYS_ADMIN\", which is left out; did you mean \"CAP_SYS_ADMIN\"?");
	CHECK_STR(
		diag_of(PROCESS("\"capabilities\":{\"bounding\":[\"CAP_SYS_AMDIN\"]}")),
		"input-unknown-value: unknown capability \"CAP_SYS_AMDIN\"; did you mean \"CAP_SYS_ADMIN\"?");
	CHECK_STR(diag_of(PROCESS("\"capabilities\":{\"bounding\":[7]}")),
		  "input-bad-type: the name of a capability is a string, this is none");
	CHECK_STR(diag_of(LINUX("\"sysctl\":{\"net.ipv4.ip_forward\":1}")),
		  "input-bad-type: \"net.ipv4.ip_forward\": this is a number, not a string");
	CHECK_STR(
		diag_of(LINUX("\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALOW\"}")),
		"input-unknown-value: unknown value \"SCMP_ACT_ALOW\"; did you mean \"SCMP_ACT_ALLOW\"?");
}

/* What cannot be read is not answered. */
static void unreadable(void)
{
	const struct facts *f;
	struct audit a;

	CASE("unreadable");
	f = facts_of(&a, LINUX("\"namespaces\":{\"pid\":true}"));
	CHECK_INT(f->ns_of[NST_PID].mode, NSM_UNKNOWN);
	f = facts_of(&a, PROCESS("\"capabilities\":{\"bounding\":\"all\"}"));
	CHECK(!f->caps.known[CAPS_BOUNDING] && f->caps.known[CAPS_EFFECTIVE]);
	CHECK_INT(f->fact[FACT_PRIVILEGED].is, TRI_UNKNOWN);
	f = facts_of(&a, PROCESS("\"user\":{\"uid\":\"0\"}"));
	CHECK_INT(f->fact[FACT_ROOT_OF_HOST].is, TRI_UNKNOWN);
	f = facts_of(&a, PROCESS("\"user\":{\"uid\":4294967296}"));
	CHECK_INT(f->fact[FACT_ROOT_OF_HOST].is, TRI_UNKNOWN);
	CHECK_INT((int)a.diag_count, 1);
	f = facts_of(&a, PROCESS("\"user\":{\"uid\":-1}"));
	CHECK_INT(f->fact[FACT_ROOT].is, TRI_UNKNOWN);
	f = facts_of(&a, SPEC("\"process\":{\"cwd\":\"/\"},\"mounts\":{}"));
	CHECK_INT(f->mounts_whole, TRI_UNKNOWN);
	f = facts_of(&a, LINUX("\"seccomp\":true"));
	CHECK_INT(f->seccomp.mode, SECM_UNKNOWN);
	f = facts_of(&a, LINUX("\"resources\":{\"devices\":{}}"));
	CHECK_INT(f->fact[FACT_DEVICES_ALL].is, TRI_UNKNOWN);
	/* conditions are Docker's: a runtime lets mount through */
	f = facts_of(&a,
		     LINUX("\"seccomp\":" DENY RULE(
			     "\"mount\"", ",\"includes\":{\"caps\":[\"CAP_SYS_ADMIN\"]}") "]}"));
	CHECK_STR(items_of(f, LIST_SECCOMP_WEAK), "mount");
	/* a user namespace of somebody else: who is root there? */
	f = facts_of(&a, LINUX("\"namespaces\":[{\"type\":\"user\",\"path\":\"/run/user.ns\"}]"));
	CHECK_INT(f->fact[FACT_ROOT_OF_HOST].is, TRI_UNKNOWN);
	CHECK_INT(f->fact[FACT_USERNS_MAPS_ROOT].is, TRI_UNKNOWN);
	/* who it is, by its engine's annotations */
	f = facts_of(
		&a,
		SPEC("\"process\":{\"cwd\":\"/\"},\"annotations\":{"
		     "\"io.kubernetes.cri.sandbox-namespace\":\"shop\",\"io.kubernetes.cri.sandbox-name\":\"web-7\","
		     "\"io.kubernetes.cri.container-name\":\"app\",\"io.kubernetes.cri.image-name\":\"web:1\"}"));
	CHECK_STR(f->object, "spec/shop/web-7:app");
	CHECK_STR(f->image, "web:1");
	/* nothing at all */
	CHECK(facts_of(&a, SPEC("\"linux\":null"))->ns_of[NST_PID].mode == NSM_HOST);
}

static void places(void)
{
	const struct facts *f;
	struct audit a;

	CASE("places");
	f = facts_of(&a,
		     PROCESS("\"capabilities\":{\"bounding\":[\"CAP_CHOWN\",\"CAP_SYS_ADMIN\"]}"));
	CHECK_STR(place_pointer(&arena, f->caps.added_at[SYS_ADMIN]),
		  "/process/capabilities/bounding/1");
	f = facts_of(
		&a,
		LINUX("\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"ipc\",\"path\":\"/proc/1/ns/ipc\"}]"));
	CHECK_STR(place_pointer(&arena, &f->ns_of[NST_IPC].at), "/linux/namespaces/1/path");
	CHECK_STR(place_pointer(&arena, &f->ns_of[NST_UTS].at), "/linux/namespaces");
	CHECK_STR(place_pointer(&arena, &f->fact[FACT_NO_NEW_PRIVS].at), "/process");
	f = facts_of(
		&a,
		SPEC("\"process\":{\"cwd\":\"/\"},\"mounts\":[{\"destination\":\"/d\",\"source\":\"/a\",\"options\":[\"bind\"]}]"));
	CHECK_STR(place_pointer(&arena, &f->mounts[0].at), "/mounts/0");
	f = facts_of(&a, LINUX("\"sysctl\":{\"kernel.core_pattern\":\"|/x\"}"));
	CHECK_STR(place_text(&arena, &f->list[LIST_SYSCTLS].items[0].at), "test.json:1:84");
}

/* ---- inspect, CRI ------------------------------------------------------------------------- */

#define DOCKER(host)                                                                                         \
	"[{\"Id\":\"1\",\"Name\":\"/web\",\"Path\":\"app\",\"Config\":{\"User\":\"\"},\"HostConfig\":{" host \
	"}}]"
#define PODMAN(host, more)                                                                                       \
	"[{\"Id\":\"1\",\"Name\":\"web\",\"Path\":\"app\",\"OCIRuntime\":\"x\",\"Config\":{\"User\":\"\"}," more \
	"\"HostConfig\":{" host "}}]"

static void inspect(void)
{
	const struct facts *f;
	struct audit a;

	CASE("inspect");
	f = facts_of(&a, DOCKER("\"Binds\":null"));
	CHECK(f && f->kind == IN_INSPECT);
	CHECK_STR(f->object, "container/web");
	CHECK_STR(f->engine, "docker");
	CHECK(f->caps.bits[CAPS_BOUNDING] == caps_docker);
	CHECK_INT(f->seccomp.mode, SECM_DEFAULT);
	CHECK_INT(f->ns_of[NST_CGROUP].mode, NSM_HOST);
	CHECK_INT(f->ns_of[NST_PID].mode, NSM_OWN);
	/* null: nothing said; []: nothing masked */
	f = facts_of(&a, DOCKER("\"MaskedPaths\":null,\"ReadonlyPaths\":null"));
	CHECK_STR(items_of(f, LIST_UNMASKED), "");
	f = facts_of(&a, DOCKER("\"MaskedPaths\":[],\"ReadonlyPaths\":[]"));
	CHECK(strstr(items_of(f, LIST_UNMASKED), "/proc/kcore"));
	CHECK(strstr(items_of(f, LIST_PROC_WRITABLE), "/proc/sys"));
	f = facts_of(&a, DOCKER("\"CapAdd\":[\"sys_admin\",\"CAP_BPF\"],\"CapDrop\":[\"all\"]"));
	CHECK(f->caps.bits[CAPS_BOUNDING] == (BIT(SYS_ADMIN) | BIT(39)));
	CHECK_INT(f->fact[FACT_DROPS_ALL].is, TRI_YES);
	f = facts_of(&a, DOCKER("\"Privileged\":true,\"SecurityOpt\":[\"label=disable\"]"));
	CHECK(f->caps.bits[CAPS_EFFECTIVE] == caps_known());
	CHECK_INT(f->seccomp.mode, SECM_UNCONFINED);
	CHECK_INT(f->fact[FACT_DEVICES_ALL].is, TRI_YES);
	f = facts_of(&a, DOCKER("\"SecurityOpt\":[\"seccomp={broken\"]"));
	CHECK_INT(f->seccomp.mode, SECM_OPAQUE);
	CHECK(a.diags && a.diags->id == DIAG_UNPARSABLE && a.diags->blocks);
	CHECK_STR(diag_of(DOCKER("\"Privileged\":\"true\"")),
		  "input-bad-type: \"Privileged\": this is a string, not true or false");
	CHECK_STR(
		diag_of(DOCKER("\"CapAdd\":[\"SYS_AMDIN\"]")),
		"input-unknown-value: unknown capability \"SYS_AMDIN\"; did you mean \"CAP_SYS_ADMIN\"?");
	/* Podman says what came of it, and does not say what it masks */
	f = facts_of(&a, PODMAN("\"CapAdd\":[]", "\"BoundingCaps\":null,"));
	CHECK_STR(f->engine, "podman");
	CHECK(f->caps.bits[CAPS_BOUNDING] == 0 && f->caps.bits[CAPS_EFFECTIVE] == caps_podman);
	CHECK_INT(f->fact[FACT_DROPS_ALL].is, TRI_YES);
	CHECK_INT(f->list[LIST_UNMASKED].whole, TRI_UNKNOWN);
	f = facts_of(&a, PODMAN("\"PidMode\":\"ns:/proc/1/ns/pid\"", ""));
	CHECK_INT(f->ns_of[NST_PID].mode, NSM_HOST);
	f = facts_of(&a, PODMAN("\"UsernsMode\":\"keep-id\"", ""));
	CHECK_INT(f->fact[FACT_ROOT_OF_HOST].is, TRI_NO);
}

/* ---- What is the host by its number, or by its type ---------------------------------------- */

#define NODE(type, major, minor)                                                           \
	LINUX("\"devices\":[{\"path\":\"/dev/foo\",\"type\":\"" type "\",\"major\":" major \
	      ",\"minor\":" minor "}]")
#define ALLOW(rule) LINUX("\"resources\":{\"devices\":[{\"allow\":true," rule "}]}")
#define RULES(rule) DOCKER("\"DeviceCgroupRules\":[\"" rule "\"]")

/* "SEVERITY: MESSAGE" of the rule's only finding. */
static const char *judged(const char *text, const char *rule)
{
	const char *said = "nothing";
	struct audit a;
	size_t n = 0;

	(void)facts_of(&a, text);
	audit_run(&a);
	for (size_t i = 0; i < a.finding_count; i++)
		if (strcmp(a.findings[i].rule->id, rule) == 0 && n++ == 0)
			said = arena_printf(&arena, "%s: %s", severity_name(a.findings[i].severity),
					    a.findings[i].message);
	return n > 1 ? "several" : said;
}

static void devices(void)
{
	static const struct {
		const char *text, *said;
	} rows[] = {
		{ NODE("b", "8", "0"), "high: the device /dev/foo (/dev/sd*) is handed in" },
		{ NODE("u", "1", "1"), "high: the device /dev/foo (/dev/mem) is handed in" },
		{ NODE("c", "10", "229"), "medium: the device /dev/foo is handed in" },
		{ ALLOW("\"type\":\"b\",\"major\":8,\"access\":\"rwm\""),
		  "high: the device b 8:* (/dev/sd*) is handed in" },
		{ ALLOW("\"type\":\"b\",\"major\":8,\"minor\":0,\"access\":\"r\""),
		  "high: the device b 8:0 (/dev/sd*) is handed in" },
		{ ALLOW("\"type\":\"c\",\"major\":1,\"minor\":1"),
		  "high: the device c 1:1 (/dev/mem) is handed in" },
		{ ALLOW("\"type\":\"c\",\"major\":10,\"minor\":229"),
		  "medium: the device c 10:229 is handed in" },
		{ RULES("b 8:* rmw"), "high: the device b 8:* rmw (/dev/sd*) is handed in" },
		{ RULES("c 1:1 rmw"), "high: the device c 1:1 rmw (/dev/mem) is handed in" },
		{ RULES("c 1:* r"), "high: the device c 1:* r (/dev/mem) is handed in" },
		{ RULES("c 42:* rwm"), "medium: the device c 42:* rwm is handed in" },
		{ RULES("b 8:0 m"), "nothing" },
		{ RULES("c 5:2 rwm"), "nothing" },
	};

	CASE("devices");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_STR(judged(rows[i].text, "device-host"), rows[i].said);
}

#define DRIVER(options, more)                                                                               \
	DOCKER("\"CgroupnsMode\":\"private\",\"Mounts\":[{\"Type\":\"volume\",\"Source\":\"v\",\"Target\":" \
	       "\"/v\"" more                                                                                \
	       ",\"VolumeOptions\":{\"DriverConfig\":{\"Name\":\"local\",\"Options\":{" options             \
	       "}}}}]")

/* Docker's daemon mounts them in the namespaces of the host. */
static void volumes(void)
{
	CASE("volumes of the kernel's");
	CHECK_STR(judged(DRIVER("\"type\":\"proc\",\"device\":\"proc\"", ""), "mount-host-proc"),
		  "critical: the host's /proc is mounted: proc at /v, by way of volume with driver "
		  "options");
	CHECK_STR(judged(DRIVER("\"type\":\"cgroup2\",\"device\":\"x\"", ""), "cgroup-writable"),
		  "high: the cgroup tree is writable");
	CHECK_STR(judged(DRIVER("\"type\":\"cgroup2\",\"device\":\"x\"", ",\"ReadOnly\":true"),
			 "cgroup-writable"),
		  "nothing");
	CHECK_STR(judged(DRIVER("\"type\":\"nfs\",\"device\":\":/x\"", ""), "mount-host-proc"),
		  "nothing");
}

#define PROCFS(at, options)                                                                       \
	"{\"destination\":\"" at "\",\"type\":\"proc\",\"source\":\"proc\",\"options\":[" options \
	"]}"
#define MASKS(mounts)                                                              \
	SPEC("\"process\":{\"cwd\":\"/\"},\"mounts\":[" PROCFS("/proc", "") mounts \
	     "],"                                                                  \
	     "\"linux\":{\"maskedPaths\":[\"/proc\",\"/sys\"],\"readonlyPaths\":[]}")

static void procfs(void)
{
	CASE("a second procfs");
	CHECK_STR(judged(MASKS(""), "proc-unmasked"), "nothing");
	CHECK_STR(judged(MASKS("," PROCFS("/h/", "")), "proc-unmasked"),
		  "high: not masked: /h (another procfs)");
	CHECK_STR(judged(MASKS("," PROCFS("/h", "")), "proc-sys-writable"),
		  "high: writable: /h (another procfs)");
	CHECK_STR(judged(MASKS("," PROCFS("/h", "\"ro\"")), "proc-sys-writable"), "nothing");
	CHECK_STR(judged(MASKS("," PROCFS("/h", "\"subset=pid\"")), "proc-unmasked"), "nothing");
	CHECK_STR(judged(MASKS("," PROCFS("/h", "") "," PROCFS("/h", "")), "proc-unmasked"),
		  "high: not masked: /h (another procfs)");
	CHECK_STR(judged(MASKS("," PROCFS("/proc", "")), "proc-unmasked"), "nothing");
}

static void cri(void)
{
	const struct facts *f;
	struct audit a;

	CASE("cri");
	CHECK_STR(diag_of("{\"status\":{\"id\":\"1\"},\"info\":{\"pid\":7}}"),
		  "input-unresolved: there is neither a configuration nor a request in it "
		  "(info.runtimeSpec, info.config): run crictl as root");
	f = facts_of(
		&a, "{\"status\":{\"id\":\"1\",\"metadata\":{\"name\":\"app\"},\"labels\":{"
		    "\"io.kubernetes.pod.name\":\"web\",\"io.kubernetes.pod.namespace\":\"shop\"}},"
		    "\"info\":{\"runtimeSpec\":" LINUX("\"namespaces\":[]") "}}");
	CHECK(f && f->kind == IN_CRI);
	CHECK_STR(f->object, "container/shop/web:app");
	CHECK_INT(f->ns_of[NST_MNT].mode, NSM_HOST);
	CHECK_STR(place_pointer(&arena, &f->ns_of[NST_MNT].at),
		  "/info/runtimeSpec/linux/namespaces");
	/* the request alone; 0 is left out of it, {} is a value of 0 */
	f = facts_of(
		&a,
		"{\"status\":{\"id\":\"1\"},\"info\":{\"config\":{\"linux\":{\"security_context\":{"
		"\"namespace_options\":{\"network\":2},\"run_as_user\":{}}}}}}");
	CHECK_INT(f->ns_of[NST_PID].mode, NSM_POD);
	CHECK_INT(f->ns_of[NST_NET].mode, NSM_HOST);
	CHECK_INT(f->fact[FACT_ROOT].is, TRI_YES);
	CHECK_INT(f->fact[FACT_PIDS_LIMITED].is, TRI_UNKNOWN);
	CHECK(f->caps.bits[CAPS_BOUNDING] == caps_docker);
}

int main(void)
{
	profiles();
	CASE("our own profile");
	own_profile(0);
	own_profile(caps_docker);
	own_profile(caps_known());
	example();
	diagnostics();
	unreadable();
	places();
	inspect();
	devices();
	volumes();
	procfs();
	cri();
	arena_free(&arena);
	return DONE();
}
