/* SPDX-License-Identifier: Apache-2.0 */
/* Policies, baselines, and suppressions within the input. */
#include <errno.h>
#include <stdlib.h>

#include "audit/policy.h"
#include "test.h"

static struct arena arena;
static struct audit a;

static void begin(const char *name, const char *text)
{
	audit_init(&a, &arena);
	audit_read_text(&a, name, text, strlen(text));
	audit_run(&a);
}

static const struct finding *find(const char *rule, size_t nth)
{
	for (size_t i = 0; i < a.finding_count; i++)
		if (strcmp(a.findings[i].rule->id, rule) == 0 && nth-- == 0)
			return &a.findings[i];
	return NULL;
}

static const struct diag *find_diag(enum diag_id id, size_t nth)
{
	for (const struct diag *d = a.diags; d; d = d->next)
		if (d->id == id && nth-- == 0)
			return d;
	return NULL;
}

static int suppressed(const char *rule)
{
	const struct finding *f = find(rule, 0);

	return f ? (int)f->suppressed : -1;
}

static const char *reason(const char *rule)
{
	const struct finding *f = find(rule, 0);

	return f ? f->reason : "no such finding";
}

static const char *where(const struct diag *d)
{
	return d ? place_text(&arena, &d->at) : "no such diagnostic";
}

#define POD(ANNOTATIONS, HOST_PID, CONTAINER)                                       \
	"apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n" ANNOTATIONS "spec:\n" \
	"  hostNetwork: true\n" HOST_PID                                            \
	"  containers:\n  - name: app\n    image: nginx\n" CONTAINER

/* ---- Suppressions -------------------------------------------------------------------------- */

static void comments(void)
{
	CASE("comment on the line");
	begin("a.yaml", POD("", "  hostPID: true # atoll:ignore pid-host it watches\n", ""));
	suppress_apply(&a);
	CHECK_INT(suppressed("pid-host"), SUPP_INLINE);
	CHECK_STR(reason("pid-host"), "it watches");
	CHECK_INT(suppressed("net-host"), SUPP_NONE);
	CHECK(!find_diag(DIAG_SUPPRESSION, 0));

	CASE("comment on the line above, over other comments and empty lines");
	begin("a.yaml",
	      POD("", "  # atoll:ignore pid-host,net-host\n\n  # else\n  hostPID: true\n", ""));
	suppress_apply(&a);
	CHECK_INT(suppressed("pid-host"), SUPP_INLINE);
	CHECK_STR(reason("pid-host"), NULL);
	CHECK_INT(suppressed("net-host"), SUPP_NONE);
	CHECK(find_diag(DIAG_SUPPRESSION, 0) && !find_diag(DIAG_SUPPRESSION, 1));
	CHECK_STR(find_diag(DIAG_SUPPRESSION, 0)->message,
		  "the suppression of net-host suppresses nothing");
	CHECK_STR(where(find_diag(DIAG_SUPPRESSION, 0)), "a.yaml:7:3");
	CHECK(!find_diag(DIAG_SUPPRESSION, 0)->blocks);

	CASE("a comment behind a line is not about the next");
	begin("a.yaml",
	      POD("", "  restartPolicy: Never # atoll:ignore pid-host\n  hostPID: true\n", ""));
	suppress_apply(&a);
	CHECK_INT(suppressed("pid-host"), SUPP_NONE);
	CHECK(find_diag(DIAG_SUPPRESSION, 0));

	CASE("all rules");
	begin("a.yaml", POD("", "  hostPID: true # atoll:ignore * all of it\n", ""));
	suppress_apply(&a);
	CHECK_INT(suppressed("pid-host"), SUPP_INLINE);
	CHECK_INT(suppressed("net-host"), SUPP_NONE);

	CASE("blanks after the commas");
	begin("a.yaml",
	      POD("", "  hostPID: true # atoll:ignore net-host, pid-host , they watch\n", ""));
	suppress_apply(&a);
	CHECK_INT(suppressed("pid-host"), SUPP_INLINE);
	CHECK_STR(reason("pid-host"), ", they watch");

	CASE("line ends of DOS");
	begin("a.yaml",
	      "kind: Pod\r\nmetadata:\r\n  name: x\r\nspec:\r\n  # atoll:ignore pid-host why\r\n"
	      "  hostPID: true\r\n  containers: []\r\n");
	suppress_apply(&a);
	CHECK(find_diag(DIAG_SUPPRESSION, 0) == NULL || suppressed("pid-host") != SUPP_NONE);
}

/* A '#' between quotes begins no comment. */
static void quotes(void)
{
	static const struct {
		const char *rest; /* of the line with hostPID */
		int by;
	} rows[] = {
		{ "hostname: \"it's # atoll:ignore pid-host\"}", SUPP_NONE },
		{ "hostname: 'a''b \" # atoll:ignore pid-host'}", SUPP_NONE },
		{ "hostname: \"a\\\" # atoll:ignore * y\"}", SUPP_NONE },
		{ "hostname: \"a\\\"b\", subdomain: 'it''s'} # atoll:ignore pid-host x",
		  SUPP_INLINE },
		{ "hostname: don't} # atoll:ignore pid-host x", SUPP_INLINE },
		{ "hostname: \"\\\\\"} # atoll:ignore pid-host x", SUPP_INLINE },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CASE(rows[i].rest);
		begin("a.yaml", arena_printf(&arena,
					     "kind: Pod\nmetadata: {name: x}\nspec: {containers: "
					     "[{name: a, image: b}], hostPID: true, %s\n",
					     rows[i].rest));
		suppress_apply(&a);
		CHECK_INT(suppressed("pid-host"), rows[i].by);
	}
}

/* What looks like a comment within a scalar is the scalar's. */
static void scalars(void)
{
	static const struct {
		const char *rest; /* of the spec, before hostPID */
		int by;
	} rows[] = {
		{ "  hostname: |\n    # atoll:ignore pid-host x\n", SUPP_NONE },
		{ "  hostname: |\n    a\n  # atoll:ignore pid-host x\n", SUPP_INLINE },
		{ "  hostname: >-\n    a\n\n    # atoll:ignore pid-host x\n\n", SUPP_NONE },
		{ "  hostname: \"a\n    # atoll:ignore pid-host x\"\n", SUPP_NONE },
		{ "  hostname: 'a\n\n    # atoll:ignore pid-host x\n    '\n", SUPP_NONE },
		{ "  hostname: \"a\n    b\"\n  # atoll:ignore pid-host x\n", SUPP_INLINE },
		{ "  hostname: a\n  # atoll:ignore pid-host x\n", SUPP_INLINE },
		{ "  \"a\\n # atoll:ignore pid-host x\": b\n", SUPP_NONE },
		{ "  hostname: \"\xc3\xa4 # \xc3\xa4\xc3\xa4\"\n  # atoll:ignore pid-host \xc3\xa4\n",
		  SUPP_INLINE },
		{ "  hostname: |\n    \xc3\xa4\xc3\xa4\n    # atoll:ignore pid-host \xc3\xa4\n",
		  SUPP_NONE },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CASE(rows[i].rest);
		begin("a.yaml",
		      arena_printf(&arena,
				   "kind: Pod\nmetadata: {name: x}\nspec:\n%s"
				   "  hostPID: true\n  containers: [{name: a, image: b}]\n",
				   rows[i].rest));
		suppress_apply(&a);
		CHECK_INT(suppressed("pid-host"), rows[i].by);
	}
}

static void no_comments(void)
{
	static const char *const lines[] = {
		"  hostPID: true #atoll:ignorepid-host x\n",  /* another word */
		"  hostPID: true # atoll:ignored pid-host\n", /* another word */
		"  hostPID: true # please atoll:ignore pid-host\n",
		"  hostPID: true#atoll:ignore pid-host\n", /* no comment to YAML */
	};

	CASE("what is no suppression");
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		const char *text = arena_printf(&arena,
						"kind: Pod\nmetadata:\n  name: x\nspec:\n%s"
						"  containers:\n  - name: a\n    image: b\n",
						lines[i]);

		begin("a.yaml", text);
		suppress_apply(&a);
		CHECK(suppressed("pid-host") <= 0);
	}

	CASE("an unknown rule, and none");
	begin("a.yaml",
	      POD("", "  hostPID: true # atoll:ignore pid-hots x\n  # atoll:ignore\n", ""));
	suppress_apply(&a);
	CHECK_INT(suppressed("pid-host"), SUPP_NONE);
	CHECK_STR(find_diag(DIAG_SUPPRESSION, 0)->message,
		  "there is no rule 'pid-hots' to be suppressed");
	CHECK_STR(find_diag(DIAG_SUPPRESSION, 1)->message,
		  "a suppression names the rules that it is for, or *");

	CASE("JSON has no comments");
	begin("a.json",
	      "{\"kind\":\"Pod\",\"metadata\":{\"name\":\"# atoll:ignore pid-host\"},"
	      "\"spec\":{\"hostPID\":true,\"containers\":[{\"name\":\"a\",\"image\":\"b\"}]}}");
	suppress_apply(&a);
	CHECK_INT(suppressed("pid-host"), SUPP_NONE);
}

static void annotations(void)
{
	CASE("annotation");
	begin("a.yaml", POD("  annotations:\n    atoll.io/ignore: pid-host,net-host it watches\n"
			    "    atoll.io/ignore.rootfs-writable: writes\n",
			    "  hostPID: true\n", ""));
	suppress_apply(&a);
	CHECK_INT(suppressed("pid-host"), SUPP_ANNOTATION);
	CHECK_INT(suppressed("net-host"), SUPP_ANNOTATION);
	CHECK_STR(reason("net-host"), "it watches");
	CHECK_STR(reason("rootfs-writable"), "writes");
	CHECK_INT(suppressed("no-new-privs"), SUPP_NONE);
	CHECK(!find_diag(DIAG_SUPPRESSION, 0));

	CASE("annotation of the workload, and of the template of its pod");
	begin("a.yaml",
	      "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  annotations:\n"
	      "    atoll.io/ignore: net-host, pid-host they watch\nspec:\n  template:\n    metadata:\n"
	      "      annotations: {atoll.io/ignore.rootfs-writable: writes}\n    spec:\n"
	      "      hostPID: true\n      hostNetwork: true\n"
	      "      containers: [{name: app, image: nginx}, {name: b, image: nginx}]\n");
	suppress_apply(&a);
	CHECK_STR(reason("net-host"), "they watch");
	CHECK_STR(reason("pid-host"), "they watch");
	CHECK_STR(reason("rootfs-writable"), "writes");
	CHECK(!find_diag(DIAG_SUPPRESSION, 0));

	CASE("annotation of several lines");
	begin("a.yaml", POD("  annotations:\n    atoll.io/ignore: |\n      pid-host it watches\n"
			    "      net-host, it talks\n      cap-all\n",
			    "  hostPID: true\n", ""));
	suppress_apply(&a);
	CHECK_STR(reason("pid-host"), "it watches");
	CHECK_STR(reason("net-host"), "it talks");
	CHECK_STR(find_diag(DIAG_SUPPRESSION, 0)->message,
		  "the suppression of cap-all suppresses nothing");
	CHECK(!find_diag(DIAG_SUPPRESSION, 1));

	CASE("once for the containers of a pod");
	begin("a.yaml",
	      POD("  annotations: { atoll.io/ignore: rootfs-writable }\n", "",
		  "  - name: b\n    image: c\n    securityContext: { readOnlyRootFilesystem: true }\n"));
	suppress_apply(&a);
	CHECK_INT(suppressed("rootfs-writable"), SUPP_ANNOTATION);
	CHECK(!find_diag(DIAG_SUPPRESSION, 0));
}

static void labels(void)
{
	CASE("labels of Compose: mapping and list");
	begin("compose.yaml",
	      "services:\n  a:\n    image: x\n    pid: host\n    network_mode: host\n"
	      "    labels:\n      atoll.io/ignore: pid-host it watches\n");
	suppress_apply(&a);
	CHECK_INT(suppressed("pid-host"), SUPP_LABEL);
	CHECK_STR(reason("pid-host"), "it watches");
	CHECK_INT(suppressed("net-host"), SUPP_NONE);
	begin("compose.yaml",
	      "services:\n  a:\n    image: x\n    pid: host\n    network_mode: host\n"
	      "    labels:\n      - atoll.io/ignore.net-host=it talks\n"
	      "      - other=1\n");
	suppress_apply(&a);
	CHECK_INT(suppressed("net-host"), SUPP_LABEL);
	CHECK_STR(reason("net-host"), "it talks");
	CHECK_INT(suppressed("pid-host"), SUPP_NONE);
}

/* ---- Policies ------------------------------------------------------------------------------- */

static int read_policy(const char *text, struct policy *ret, struct err *e)
{
	*e = (struct err){ 0 };
	return policy_read(&arena, "p.yaml", text, strlen(text), ret, e);
}

static void policies(void)
{
	struct policy p;
	struct err e;

	CASE("a policy");
	CHECK_INT(read_policy("fail-on: high\nenforce: off\nallow-annotations: no\nrules:\n"
			      "  cap-net-raw: off\n  net-host: critical\nexceptions:\n"
			      "- object: 'Pod/*'\n  image: nginx*\n  rules: [pid-host, net-host]\n"
			      "  reason: because\n  until: 2027-01-31\n"
			      "- object: x\n  rules: '*'\n  reason: r\n",
			      &p, &e),
		  0);
	CHECK_INT(p.fail_on, SEV_HIGH);
	CHECK_INT(p.enforce, ENFORCE_OFF);
	CHECK_INT(p.allow_annotations, TRI_NO);
	CHECK_INT(p.rule_count, 2);
	CHECK_INT(p.rules[0].severity, SEV_NONE);
	CHECK_INT(p.rules[1].severity, SEV_CRITICAL);
	CHECK_INT(p.exception_count, 2);
	CHECK_INT(p.exceptions[0].rule_count, 2);
	CHECK_INT(p.exceptions[0].until, 1801353600);
	CHECK_STR(p.exceptions[0].image, "nginx*");
	CHECK(!p.exceptions[1].rules && !p.exceptions[1].until);

	CASE("an empty policy");
	CHECK_INT(read_policy("", &p, &e), 0);
	CHECK_INT(p.fail_on, SEV_MEDIUM);
	CHECK_INT(p.enforce, ENFORCE_DENY);
	CHECK_INT(p.allow_annotations, TRI_UNKNOWN);
	CHECK_INT(read_policy("# nothing\n---\n", &p, &e), 0);
	CHECK_INT(read_policy("{}", &p, &e), 0);
}

static void wrong_policies(void)
{
	static const struct {
		const char *text, *message;
	} rows[] = {
		{ "[]", "p.yaml:1:1: expected a mapping" },
		{ "fail_on: high", "p.yaml:1:10: /fail_on: unknown key; known: fail-on, enforce, "
				   "allow-annotations, rules, exceptions" },
		{ "fail-on: hihg",
		  "p.yaml:1:10: /fail-on: expected critical, high, medium, low or info" },
		{ "fail-on: off",
		  "p.yaml:1:10: /fail-on: expected critical, high, medium, low or info" },
		{ "fail-on: [high]",
		  "p.yaml:1:10: /fail-on: expected critical, high, medium, low or info" },
		{ "enforce: allow", "p.yaml:1:10: /enforce: expected deny, warn or off" },
		{ "enforce:", "p.yaml:1:9: /enforce: expected deny, warn or off" },
		{ "allow-annotations: 'yes'",
		  "p.yaml:1:20: /allow-annotations: expected true or false" },
		{ "rules: [pid-host]",
		  "p.yaml:1:8: /rules: expected a mapping of rules to severities" },
		{ "rules:\n  pid-hots: off",
		  "p.yaml:2:13: /rules/pid-hots: there is no rule 'pid-hots': \"atoll audit "
		  "--list-rules\" shows all" },
		{ "rules:\n  pid-host: on",
		  "p.yaml:2:13: /rules/pid-host: expected critical, high, medium, low or info, or off" },
		{ "exceptions: {}", "p.yaml:1:13: /exceptions: expected a list of exceptions" },
		{ "exceptions: [x]", "p.yaml:1:14: /exceptions/0: expected a mapping: object or "
				     "image, rules, reason, until" },
		{ "exceptions: [{rules: '*', reason: r}]",
		  "p.yaml:1:14: /exceptions/0: an exception is for an object or an image" },
		{ "exceptions: [{object: x, reason: r}]",
		  "p.yaml:1:14: /exceptions/0: an exception names its rules, or \"*\"" },
		{ "exceptions: [{object: x, rules: '*'}]",
		  "p.yaml:1:14: /exceptions/0: an exception gives its reason" },
		{ "exceptions: [{object: x, rules: '*', reason: ''}]",
		  "p.yaml:1:46: /exceptions/0/reason: expected text" },
		{ "exceptions: [{object: x, rules: [], reason: r}]",
		  "p.yaml:1:33: /exceptions/0/rules: expected a list of rules, or \"*\"" },
		{ "exceptions: [{object: x, rules: [nope], reason: r}]",
		  "p.yaml:1:34: /exceptions/0/rules/0: there is no rule 'nope': \"atoll audit "
		  "--list-rules\" shows all" },
		{ "exceptions: [{object: x, rules: '*', reason: r, until: 2027-02-29}]",
		  "p.yaml:1:56: /exceptions/0/until: there is no such date after 1970" },
		{ "exceptions: [{object: x, rules: '*', reason: r, until: tomorrow}]",
		  "p.yaml:1:56: /exceptions/0/until: expected a date, YYYY-MM-DD" },
		{ "exceptions: [{object: x, rules: '*', reason: r, until: 1969-02-01}]",
		  "p.yaml:1:56: /exceptions/0/until: there is no such date after 1970" },
		{ "exceptions: [{object: x, rules: '*', reason: r, id: 5}]",
		  "p.yaml:1:53: /exceptions/0/id: unknown key; known: object, image, rules, "
		  "reason, until" },
		{ "a: 1\n---\nb: 2", NULL },
		{ "fail-on: high\nfail-on: low", NULL },
		{ "fail-on: [", NULL },
	};
	struct policy p;
	struct err e;

	CASE("a wrong policy");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CHECK_INT(read_policy(rows[i].text, &p, &e), -EINVAL);
		if (rows[i].message)
			CHECK_STR(e.msg, rows[i].message);
		else
			CHECK(strncmp(e.msg, "p.yaml:", 7) == 0);
	}
}

static void applied(void)
{
	static const char pod[] = POD("", "  hostPID: true\n", "");
	struct policy p;
	struct err e;

	CASE("severities");
	begin("a.yaml", pod);
	CHECK_INT(read_policy("rules: { pid-host: low, net-host: off }", &p, &e), 0);
	policy_apply(&a, &p, 0);
	CHECK_INT(find("pid-host", 0)->severity, SEV_LOW);
	CHECK_INT(suppressed("pid-host"), SUPP_NONE);
	CHECK_INT(suppressed("net-host"), SUPP_POLICY);
	CHECK_STR(reason("net-host"), "switched off by p.yaml");
	CHECK_INT(p.rules[0].used, 1);

	CASE("exceptions");
	begin("a.yaml", pod);
	CHECK_INT(read_policy("exceptions:\n- object: 'Pod/*/web:app'\n  rules: [pid-host]\n"
			      "  reason: watches\n"
			      "- image: nginx\n  rules: [net-host]\n  reason: talks\n"
			      "- image: apache\n  rules: '*'\n  reason: not here\n"
			      "- object: 'Pod/*'\n  rules: [cap-all]\n  reason: idle\n",
			      &p, &e),
		  0);
	policy_apply(&a, &p, 0);
	CHECK_STR(reason("pid-host"), "watches");
	CHECK_STR(reason("net-host"), "talks");
	CHECK_INT(suppressed("no-new-privs"), SUPP_NONE);
	/* Only of the one that fits and is idle: the other may be for files that are not here. */
	CHECK_STR(find_diag(DIAG_SUPPRESSION, 0)->message,
		  "the exception (idle) suppresses nothing");
	CHECK_STR(where(find_diag(DIAG_SUPPRESSION, 0)), "p.yaml:11:3");
	CHECK(!find_diag(DIAG_SUPPRESSION, 1));

	CASE("until");
	begin("a.yaml", pod);
	CHECK_INT(read_policy("exceptions: [{object: '*', rules: [pid-host], reason: r, until: "
			      "2027-01-31}]",
			      &p, &e),
		  0);
	policy_apply(&a, &p, 1801353599);
	CHECK_INT(suppressed("pid-host"), SUPP_POLICY);
	CHECK(!find_diag(DIAG_EXPIRED, 0));
	begin("a.yaml", pod);
	CHECK_INT(read_policy("exceptions: [{object: '*', rules: [pid-host], reason: r, until: "
			      "2027-01-31}]",
			      &p, &e),
		  0);
	policy_apply(&a, &p, 1801353600);
	CHECK_INT(suppressed("pid-host"), SUPP_NONE);
	CHECK_STR(find_diag(DIAG_EXPIRED, 0)->message,
		  "the exception (r) has expired, and 1 finding would need it");
	CHECK(!find_diag(DIAG_EXPIRED, 0)->blocks);
}

/* ---- Baselines ------------------------------------------------------------------------------ */

static void baselines(void)
{
	static const char one[] = POD("", "  hostPID: true\n", "");
	char *text, *again;
	struct err e = { 0 };
	size_t len, len2;

	CASE("baseline: what was written is known");
	begin("a.yaml", one);
	text = baseline_write(&a, &len);
	CHECK_INT(len, strlen(text));
	CHECK(strstr(text, "\"schema\": \"atoll.baseline/1\"") != NULL);
	CHECK_INT(baseline_apply(&a, "b.json", text, len, &e), 0);
	for (size_t i = 0; i < a.finding_count; i++)
		CHECK_INT(a.findings[i].suppressed, SUPP_BASELINE);
	CHECK_STR(reason("pid-host"), "known by b.json");
	again = baseline_write(&a, &len2);
	CHECK_STR(again, text);

	CASE("baseline: lines may move, things may not");
	begin("a.yaml", arena_printf(&arena, "# new\n\n%s", one));
	CHECK_INT(baseline_apply(&a, "b.json", text, len, &e), 0);
	CHECK_INT(suppressed("pid-host"), SUPP_BASELINE);
	begin("a.yaml", POD("", "  hostPID: true\n  hostIPC: true\n", ""));
	CHECK_INT(baseline_apply(&a, "b.json", text, len, &e), 0);
	CHECK_INT(suppressed("pid-host"), SUPP_BASELINE);
	CHECK_INT(suppressed("ipc-host"), SUPP_NONE);

	CASE("baseline: one more of the same is new");
	begin("a.yaml", arena_printf(&arena, "%s---\n%s", one, one));
	CHECK_INT(baseline_apply(&a, "b.json", text, len, &e), 0);
	CHECK_INT(find("pid-host", 0)->suppressed, SUPP_BASELINE);
	CHECK_INT(find("pid-host", 1)->suppressed, SUPP_NONE);

	CASE("baseline: what is suppressed otherwise does not go in");
	begin("a.yaml", POD("", "  hostPID: true # atoll:ignore pid-host x\n", ""));
	suppress_apply(&a);
	text = baseline_write(&a, &len);
	CHECK(!strstr(text, "\"pid-host\"") && strstr(text, "\"net-host\""));
}

static void wrong_baselines(void)
{
	static const struct {
		const char *text, *message;
	} rows[] = {
		{ "", "b.json" },
		{ "{", "b.json:1:" },
		{ "[]", "b.json:1:1: this is no baseline" },
		{ "{\"schema\":\"atoll.audit/1\"}", "b.json:1:11: /schema: this is no baseline" },
		{ "{\"schema\":\"atoll.baseline/1\"}",
		  "b.json:1:1: \"findings\" must be an array" },
		{ "{\"schema\":\"atoll.baseline/1\",\"findings\":[{\"fingerprint\":\"12\"}]}",
		  "b.json:1:57: /findings/0/fingerprint: \"fingerprint\" must be sixteen hexadecimal "
		  "digits" },
		{ "{\"schema\":\"atoll.baseline/1\",\"findings\":[7]}",
		  "b.json:1:42: /findings/0: \"fingerprint\" must be" },
	};

	CASE("a wrong baseline");
	begin("a.yaml", POD("", "", ""));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err e = { 0 };

		CHECK_INT(baseline_apply(&a, "b.json", rows[i].text, strlen(rows[i].text), &e),
			  -EINVAL);
		if (!CHECK(strncmp(e.msg, rows[i].message, strlen(rows[i].message)) == 0))
			printf("# %s\n", e.msg);
	}
}

int main(void)
{
	comments();
	quotes();
	scalars();
	no_comments();
	annotations();
	labels();
	policies();
	wrong_policies();
	applied();
	baselines();
	wrong_baselines();
	arena_free(&arena);
	return DONE();
}
