/* SPDX-License-Identifier: Apache-2.0 */
/* The init's command line and its words. */
#include <stddef.h>
#include <stdlib.h>

#include "init/opt.h"
#include "test.h"

enum { WORDS = 8 };

struct line {
	const char *words[WORDS];
	const char *why; /* part of the message; NULL = accepted */
	int first;
};

static const struct line lines[] = {
	{ { "i", "sh", "-c", "x" }, NULL, 1 },
	{ { "i", "--", "sh" }, NULL, 2 },
	{ { "i", "-g", "sh", "-v" }, NULL, 2 }, /* stops at the first operand */
	{ { "i", "-gvws", "--", "-v" }, NULL, 3 },
	{ { "i", "-e", "143", "sh" }, NULL, 3 },
	{ { "i", "-ge143", "sh" }, NULL, 2 },
	{ { "i", "-p", "SIGTERM", "sh" }, NULL, 3 },
	{ { "i", "-pRTMIN+30", "sh" }, NULL, 2 },
	{ { "i", "--sigmask=0", "--sigign", "ffffffffffffffff", "sh" }, NULL, 4 },
	{ { "i", "-", "x" }, NULL, 1 }, /* "-" is an operand */
	{ { "i", "" }, NULL, 1 },
	{ { "i" }, NULL, 1 },
	{ { NULL }, NULL, 0 },
	{ { "i", "-x", "sh" }, "unknown option '-x'", 0 },
	{ { "i", "-gx", "sh" }, "unknown option '-x'", 0 },
	{ { "i", "--nope", "sh" }, "unknown option '--nope'", 0 },
	{ { "i", "--grou", "sh" }, "unknown option", 0 },
	{ { "i", "--groupx", "sh" }, "unknown option", 0 },
	{ { "i", "--group=1", "sh" }, "takes no value", 0 },
	{ { "i", "---", "sh" }, "unknown option", 0 },
	{ { "i", "--=", "sh" }, "unknown option", 0 },
	{ { "i", "-e" }, "needs a value", 0 },
	{ { "i", "-e", "256", "sh" }, "not an exit code", 0 },
	{ { "i", "-e", "-1", "sh" }, "not an exit code", 0 },
	{ { "i", "-e", "", "sh" }, "not an exit code", 0 },
	{ { "i", "-e1x", "sh" }, "not an exit code", 0 },
	{ { "i", "-e", "99999999999999999999999", "sh" }, "not an exit code", 0 },
	{ { "i", "-p", "0", "sh" }, "not a signal", 0 },
	{ { "i", "-p", "65", "sh" }, "not a signal", 0 },
	{ { "i", "-p", "term", "sh" }, "not a signal", 0 },
	{ { "i", "-p", "RTMIN+31", "sh" }, "not a signal", 0 },
	{ { "i", "-p", "RTMIN+", "sh" }, "not a signal", 0 },
	{ { "i", "--sigmask" }, "needs a value", 0 },
	{ { "i", "--sigmask=", "sh" }, "not a set of signals", 0 },
	{ { "i", "--sigmask=0x1", "sh" }, "not a set of signals", 0 },
	{ { "i", "--sigmask=10000000000000000", "sh" }, "not a set of signals", 0 },
	{ { "i", "--sigign=g", "sh" }, "not a set of signals", 0 },
};

/* parse() with the words in an array without room behind, for the sanitizer. */
static int parse(const char *const *words, struct init_opts *o, struct init_text *why)
{
	int argc = 0, r;
	char **argv;

	while (argc < WORDS && words[argc])
		argc++;
	argv = calloc((size_t)argc + 1, sizeof(*argv));
	if (!argv)
		abort();
	for (int i = 0; i < argc; i++)
		argv[i] = strdup(words[i]);
	r = init_opts_parse(argc, argv, o, why);
	for (int i = 0; i < argc; i++)
		free(argv[i]);
	free(argv);
	return r;
}

static void test_lines(void)
{
	CASE("command lines");
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct init_opts o = { .first = -7 };
		struct init_text why;
		int r = parse(lines[i].words, &o, &why);

		CHECK_INT(r, lines[i].why ? -1 : 0);
		if (lines[i].why)
			CHECK(strstr(why.buf, lines[i].why) != NULL && o.first == -7);
		else
			CHECK_INT(o.first, lines[i].first);
	}
}

static void test_values(void)
{
	struct init_opts o;
	struct init_text why;

	CASE("values");
	CHECK(parse((const char *[WORDS]){ "i", "-gve0", "-e255", "-p", "37",
					   "--sigmask=8000000000000001", "sh" },
		    &o, &why) == 0);
	CHECK(o.group && o.verbose && !o.warn_on_reap && !o.subreaper && !o.pause && !o.help &&
	      !o.version);
	CHECK(o.zeroed[0] == 1 && o.zeroed[1] == 0 && o.zeroed[2] == 0 &&
	      o.zeroed[3] == UINT64_C(1) << 63);
	CHECK_INT(o.parent_death, 37);
	CHECK(o.has_sigmask && o.sigmask == UINT64_C(0x8000000000000001) && !o.has_sigign);
	CHECK(parse((const char *[WORDS]){ "i", "-wsP", "--help", "--version", "--sigign=0" }, &o,
		    &why) == 0);
	CHECK(o.warn_on_reap && o.subreaper && o.pause && o.help && o.version && o.has_sigign &&
	      o.sigign == 0);
	CHECK(!o.group && !o.verbose && !o.has_sigmask);
}

static const char *sig_words(int signo)
{
	static struct init_text t;

	init_text_start(&t);
	init_text_sig(&t, signo);
	return t.buf;
}

static const char *num_words(int64_t n)
{
	static struct init_text t;

	init_text_start(&t);
	init_text_num(&t, n);
	return t.buf;
}

static void test_words(void)
{
	struct init_text t;
	int signo = 0;

	CASE("words");
	CHECK_STR(sig_words(15), "15 (TERM)");
	CHECK_STR(sig_words(32), "32");
	CHECK_STR(sig_words(34), "34 (RTMIN+0)");
	CHECK_STR(sig_words(64), "64 (RTMIN+30)");
	CHECK_STR(sig_words(65), "65");
	CHECK_STR(num_words(INT64_MIN), "-9223372036854775808");
	CHECK_STR(num_words(INT64_MAX), "9223372036854775807");
	CHECK_STR(num_words(0), "0");
	for (int i = 1; i < 32; i++) { /* each name is read back as its number */
		char name[16];
		const char *s = strchr(sig_words(i), '(');

		CHECK(s &&
		      snprintf(name, sizeof(name), "SIG%.*s", (int)strcspn(s + 1, ")"), s + 1) > 0);
		CHECK(init_parse_sig(name, &signo) && signo == i);
	}
	init_text_start(&t);
	for (int i = 0; i < 1000; i++)
		init_text_str(&t, "longer than it is");
	CHECK(t.len == INIT_TEXT_MAX - 1 && t.buf[t.len] == '\0');
	init_text_start(&t);
	init_opts_help(&t);
	CHECK(strstr(t.buf, "--sigmask=HEX") && strstr(t.buf, "-e CODE") &&
	      t.len < INIT_TEXT_MAX - 1);
}

int main(void)
{
	test_lines();
	test_values();
	test_words();
	return DONE();
}
