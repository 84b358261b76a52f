/* SPDX-License-Identifier: Apache-2.0 */
/* Reports: quotes, escapes, sums, and that nothing hostile gets through any format. */
#include <stdlib.h>

#include "audit/out_page.h"
#include "audit/policy.h"
#include "audit/report_impl.h"
#include "base/cleanup.h"
#include "base/utf8.h"
#include "test.h"

static struct arena arena;
static struct audit a;

static void begin(const char *name, const char *text)
{
	audit_init(&a, &arena);
	audit_read_text(&a, name, text, strlen(text));
	audit_run(&a);
}

static const char *make(enum report_format f, const struct report_opts *o)
{
	size_t len;
	const char *text = report_make(&a, f, o, &len);

	CHECK_INT(strlen(text), len);
	return text;
}

/* ---- Quotes --------------------------------------------------------------------------------- */

static struct rep_quote quote(const char *line, size_t from, size_t to, size_t width)
{
	struct spot s = { .line = 3,
			  .column = from,
			  .end_line = 3,
			  .end_column = to,
			  .text = line,
			  .len = strlen(line) };

	for (size_t n = 1; n < from || ((unsigned char)line[s.offset] & 0xc0) == 0x80; s.offset++)
		n += ((unsigned char)line[s.offset + 1] & 0xc0) != 0x80;
	return rep_quote(&arena, &s, width);
}

static void quotes(void)
{
	struct rep_quote q;
	char line[600];

	CASE("quotes");
	q = quote("  hostPID: true", 3, 10, 100);
	CHECK_STR(q.line, "  hostPID: true");
	CHECK_STR(q.mark, "  ^^^^^^^");
	q = quote("\thostPID: true", 2, 9, 100);
	CHECK_STR(q.line, " hostPID: true");
	CHECK_STR(q.mark, " ^^^^^^^");
	q = quote("a\\b", 2, 3, 100);
	CHECK_STR(q.line, "a\\b");
	CHECK_STR(q.mark, " ^");
	q = quote("", 1, 1, 100);
	CHECK_STR(q.line, "");
	CHECK_STR(q.mark, "^");
	q = quote("ab", 3, 3, 100); /* behind the end */
	CHECK_STR(q.mark, "  ^");

	CASE("quotes: wide, escaped and broken characters");
	q = quote("\xe5\x90\x8d: x", 4, 5, 100);
	CHECK_STR(q.mark, "    ^");
	q = quote("\xe5\x90\x8d: x", 1, 2, 100);
	CHECK_STR(q.mark, "^^");
	q = quote("\033[31m: x", 8, 9, 100);
	CHECK_STR(q.line, "\\x1b[31m: x");
	CHECK_STR(q.mark, "          ^");
	q = quote("\xff\xfe: x", 5, 6, 100);
	CHECK_STR(q.line, "\\xff\\xfe: x");
	CHECK_STR(q.mark, "          ^");
	q = quote("\xe2\x80\xae x", 3, 4, 100); /* a mark of direction */
	CHECK_STR(q.line, "\\xe2\\x80\\xae x");

	CASE("quotes: long lines are cut around what is meant");
	memset(line, '.', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	memcpy(line + 300, "THERE", 5);
	q = quote(line, 301, 306, 60);
	CHECK(strlen(q.line) <= 66 && strncmp(q.line, "...", 3) == 0 && strstr(q.line, "THERE"));
	CHECK_INT(strspn(q.mark, " "), strstr(q.line, "THERE") - q.line);
	CHECK_STR(q.mark + strspn(q.mark, " "), "^^^^^");
	q = quote(line, 301, 500, 60); /* the mark ends with the line */
	CHECK_INT(strlen(q.mark), strlen(q.line) - 3);
}

/* A cluster in one line: a column for each finding, and no walk through the line for any. */
static void one_line(void)
{
	static const struct report_opts o = { .fail_on = SEV_MEDIUM };
	struct str s = { .arena = &arena };
	struct spot spot = { 0 };
	size_t before = 0, found = 0;

	CASE("one line");
	str_puts(&s, "{\"kind\":\"List\",\"apiVersion\":\"v1\",\"items\":[");
	for (int i = 0; i < 5000; i++)
		str_printf(
			&s,
			"%s{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"p%d\","
			"\"annotations\":{\"a\":\"\xc3\xa9\xe5\x90\x8d\"}},\"spec\":{\"hostPID\":true,"
			"\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}",
			i ? "," : "", i);
	str_puts(&s, "]}");
	begin("line.json", s.s);
	CHECK_INT(a.object_count, 5000);
	CHECK(strlen(make(REPORT_TEXT, &o)) > 5000 && strlen(make(REPORT_JSON, &o)) > 5000);
	for (size_t i = 0; i < a.finding_count; i++)
		if (strcmp(a.findings[i].rule->id, "pid-host") == 0)
			found += place_spot(&arena, &a.findings[i].at, &spot);
	CHECK_INT(found, 5000);
	/* The last one, which is the furthest. */
	for (const char *c = spot.text; c < spot.text + spot.offset; c++)
		before += ((unsigned char)*c & 0xc0) != 0x80;
	CHECK_INT(spot.column, before + 1);
	CHECK(spot.column < spot.offset && spot.line == 1);
	CHECK(strncmp(spot.text + spot.offset, "\"hostPID\"", 9) == 0 ||
	      strncmp(spot.text + spot.offset, "true", 4) == 0);
}

static void escapes(void)
{
	struct str s = { .arena = &arena };

	CASE("escapes");
	rep_xml(&s, "<a href=\"x\">&'\x01\xff\n");
	CHECK_STR(s.s, "&lt;a href=&quot;x&quot;&gt;&amp;&#39;\\x01\\xff\\n");
	s = (struct str){ .arena = &arena };
	rep_xml(&s,
		"\xef\xbf\xbe\xef\xbf\xbf \xef\xbf\xbd\xef\xbf\xbc"); /* the first two XML does not have */
	CHECK_STR(s.s, "\xef\xbf\xbd\xef\xbf\xbd \xef\xbf\xbd\xef\xbf\xbc");
	s = (struct str){ .arena = &arena };
	rep_escape(&s, "a\033b");
	rep_escape(&s, "");
	CHECK_STR(s.s, "a\\x1bb");
	CHECK_INT(s.len, 6);

	CASE("a text grows");
	s = (struct str){ .arena = &arena };
	for (int i = 0; i < 1000; i++)
		str_printf(&s, "%d,%s", i,
			   i % 100 ? "" : "a piece that is longer than what went before");
	CHECK_INT(s.len, strlen(s.s));
	CHECK(strncmp(s.s, "0,a piece", 9) == 0 && strcmp(s.s + s.len - 4, "999,") == 0);
}

/* ---- Verdicts ------------------------------------------------------------------------------- */

#define POD(SPEC) "kind: Pod\napiVersion: v1\nmetadata:\n  name: x\nspec:\n" SPEC
#define CONTAINER "  containers:\n  - name: a\n    image: b\n"

static int status(enum severity fail_on, bool strict)
{
	struct report_opts o = { .fail_on = fail_on, .strict = strict };

	return (int)report_status(&a, &o);
}

static void verdicts(void)
{
	CASE("verdicts");
	begin("a.yaml", POD("  hostPID: true\n" CONTAINER));
	CHECK_INT(status(SEV_MEDIUM, false), AUDIT_FINDINGS);
	CHECK_INT(status(SEV_HIGH, false), AUDIT_FINDINGS);
	CHECK_INT(status(SEV_CRITICAL, false), AUDIT_CLEAN);
	CHECK_INT(status(SEV_NONE, false), AUDIT_CLEAN);
	for (size_t i = 0; i < a.finding_count; i++)
		a.findings[i].suppressed = SUPP_POLICY;
	CHECK_INT(status(SEV_INFO, false), AUDIT_CLEAN);
	a.untold_count = 0;
	CHECK_INT(status(SEV_INFO, true), AUDIT_CLEAN);
	(void)audit_diag(&a, DIAG_SUPPRESSION, NULL, NULL, "a warning");
	CHECK_INT(status(SEV_INFO, true), AUDIT_CLEAN);
	(void)audit_diag(&a, DIAG_UNREADABLE, NULL, NULL, "a loss");
	CHECK_INT(status(SEV_INFO, false), AUDIT_INCOMPLETE);
	CHECK_INT(status(SEV_NONE, false), AUDIT_INCOMPLETE);

	CASE("findings go before what could not be checked");
	begin("a.yaml", POD("  hostPID: true\n" CONTAINER "---\n[\n"));
	CHECK_INT(status(SEV_MEDIUM, false), AUDIT_FINDINGS);
	CHECK_INT(status(SEV_NONE, false), AUDIT_INCOMPLETE);

	CASE("strict");
	begin("a.yaml", POD(CONTAINER));
	for (size_t i = 0; i < a.finding_count; i++)
		a.findings[i].suppressed = SUPP_POLICY;
	a.untold_count = 0;
	CHECK_INT(status(SEV_LOW, true), AUDIT_CLEAN);
	a.untold = (struct untold[]){ { .rule = rule_at(0), .of = a.objects } };
	a.untold_count = 1;
	CHECK_INT(status(SEV_LOW, false), AUDIT_CLEAN);
	CHECK_INT(status(SEV_LOW, true), AUDIT_INCOMPLETE);
}

/* ---- All formats ---------------------------------------------------------------------------- */

static bool only_text(const char *s)
{
	size_t left = strlen(s), n;

	for (; left; s += n, left -= n) {
		n = utf8_len((const unsigned char *)s, left);
		if (n == 0 || ((unsigned char)*s < 0x20 && *s != '\n' && *s != '\t') ||
		    *s == 0x7f ||
		    (n == 2 && (unsigned char)s[0] == 0xc2 && (unsigned char)s[1] < 0xa0))
			return false;
	}
	return true;
}

static void nothing(void)
{
	static const struct report_opts o = { .fail_on = SEV_MEDIUM };

	CASE("nothing at all");
	audit_init(&a, &arena);
	for (int f = 0; f < REPORT_FORMATS; f++)
		CHECK(*make((enum report_format)f, &o) &&
		      only_text(make((enum report_format)f, &o)));
	CHECK_STR(
		make(REPORT_TEXT, &o),
		"0 objects in 0 sources: 0 findings\nClean: everything was read, and nothing was found\n");
}

static void hostile(void)
{
	static const struct report_opts o = { .fail_on = SEV_MEDIUM, .verbose = true };
	static const char evil[] =
		"</script><script>alert(1)</script>]]>`|[x](https://evil.example)@team";
	const char *text = arena_printf(
		&arena,
		"kind: Pod\nmetadata:\n  name: \"%s\\e[31m\\u202e\\x00\"\n  namespace: 'a\n    b'\n"
		"spec:\n  hostPID: true # atoll:ignore pid-host %s\n  hostpid: 1\n  containers:\n"
		"  - name: \"%s\\x9b\"\n    image: \"%s\\a\\x7f\"\n    securityContext:\n"
		"      capabilities: { add: ['%s'] }\n",
		evil, evil, evil, evil, evil);
	const char *s;

	CASE("hostile names");
	/* Without the NUL, which YAML refuses as a whole. */
	text = arena_strdup(&arena, text);
	memmove(strstr(text, "\\x00"), strstr(text, "\\x00") + 4,
		strlen(strstr(text, "\\x00") + 4) + 1);
	begin("evil\033[2J<b>.yaml", text);
	suppress_apply(&a);
	CHECK(a.object_count == 1 && a.finding_count > 3 && a.diag_count > 0);
	for (int f = 0; f < REPORT_FORMATS; f++) {
		s = make((enum report_format)f, &o);
		CHECK(only_text(s));
		CHECK(f == REPORT_JSON || f == REPORT_SARIF || !strstr(s, "\xe2\x80\xae"));
	}
	s = make(REPORT_HTML, &o);
	CHECK(strstr(s, "<script>") && !strstr(strstr(s, "<script>") + 1, "<script>"));
	CHECK(!strstr(s, "<b>.yaml"));
	CHECK(!strstr(make(REPORT_JUNIT, &o), "<script"));
	s = make(REPORT_MARKDOWN, &o);
	/* The bars and backticks of the text are none of the table. */
	CHECK(!strstr(s, "]]>`") && strstr(s, "]]>'\\|[x](https"));
	s = make(REPORT_SARIF, &o);
	CHECK(!strstr(s, " [x](https") && strstr(s, "evil%1B%5B2J%3Cb%3E.yaml"));
}

static void many(void)
{
	static const struct report_opts o = { .fail_on = SEV_MEDIUM };
	struct str s = { .arena = &arena };
	const char *md, *sarif;

	CASE("more than a format has room for");
	for (int i = 0; i < 3000; i++)
		str_printf(&s,
			   "---\nkind: Pod\nmetadata: { name: p%d }\nspec: { hostPID: true, "
			   "hostNetwork: true, hostIPC: true, containers: [ { name: a, image: b, "
			   "securityContext: { privileged: true } } ] }\n",
			   i);
	begin("many.yaml", s.s);
	CHECK(a.finding_count > 25000);
	md = make(REPORT_MARKDOWN, &o);
	CHECK(strlen(md) < 65536 && strstr(md, "The rest is left out"));
	sarif = make(REPORT_SARIF, &o);
	CHECK(strstr(sarif, "results are left out") != NULL);
	CHECK(strstr(make(REPORT_HTML, &o), "more objects are left out") != NULL);
	CHECK(strstr(make(REPORT_JUNIT, &o), "p2999") != NULL);
}

/* ---- URIs ----------------------------------------------------------------------------------- */

static void uris(void)
{
	static const struct {
		const char *name, *cwd, *base, *uri;
	} rows[] = {
		{ "a.yaml", NULL, NULL, "\"uri\": \"a.yaml\"" },
		{ "./d//../a b.yaml", NULL, NULL, "\"uri\": \"a%20b.yaml\"" },
		{ "a.yaml", "/w/sub", "/w", "\"uri\": \"sub/a.yaml\"" },
		{ "../a.yaml", "/w/sub", "/w", "\"uri\": \"a.yaml\"" },
		{ "/w/x/a.yaml", "/w/sub", "/w", "\"uri\": \"x/a.yaml\"" },
		{ "/wx/a.yaml", "/w", "/w", "\"uri\": \"file:///wx/a.yaml\"" },
		{ "../../../../etc/a.yaml", "/w", "/w", "\"uri\": \"file:///etc/a.yaml\"" },
		{ "-", "/w", "/w", "\"uri\": \"stdin\"" },
		{ "caf\xc3\xa9.yaml", "/w", "/w", "\"uri\": \"caf%C3%A9.yaml\"" },
		{ "a.yaml", "/", "/", "\"uri\": \"a.yaml\"" },
	};

	CASE("URIs are relative to the work tree");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct report_opts o = { .fail_on = SEV_LOW,
					 .cwd = rows[i].cwd,
					 .base = rows[i].base };

		begin(rows[i].name, POD("  hostPID: true\n" CONTAINER));
		if (!CHECK(strstr(make(REPORT_SARIF, &o), rows[i].uri)))
			printf("# %s\n", rows[i].name);
	}
}

int main(void)
{
	quotes();
	one_line();
	escapes();
	verdicts();
	nothing();
	hostile();
	many();
	uris();
	CASE("the page");
	CHECK(strlen(page_style) > 0 && strlen(page_script) > 0 && strlen(page_script_hash) == 51);
	arena_free(&arena);
	return DONE();
}
