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
	{ { "i", "-pRTMIN", "-rSIGRTMAX:RTMAX-30", "sh" }, NULL, 3 },
	{ { "dumb-init", "--rew", "15:2", "--verb", "--sing", "sh" }, NULL, 5 },
	{ { "dumb-init", "--rew=15:2", "sh" }, NULL, 2 },
	{ { "dumb-init", "--ver", "sh" }, "dumb-init: unrecognized option '--ver'\n", 0 },
	{ { "/d/dumb-init", "-Q", "sh" }, "/d/dumb-init: invalid option -- 'Q'\n", 0 },
	{ { "dumb-init", "-r" }, "dumb-init: option requires an argument -- 'r'\n", 0 },
	{ { "/t/tini", "-Q", "sh" }, "/t/tini: invalid option -- 'Q'\ntini (", 0 },
	{ { "tini" }, "Usage: tini [OPTIONS]", 0 },
	{ { "catatonit" }, "usage: catatonit [-ghLPV]", 0 },
	{ { "catatonit", "-P", "sh" }, NULL, 2 },
	{ { "i", "--verb", "sh" }, "unknown option '--verb'", 0 },
	{ { "i", "--sigmask=0", "--sigign", "ffffffffffffffff", "sh" }, NULL, 4 },
	{ { "i", "-", "x" }, NULL, 1 }, /* "-" is an operand */
	{ { "i", "" }, NULL, 1 },
	{ { "i" }, "no command given", 0 },
	{ { NULL }, "no command given", 0 },
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
	{ { "i", "-r", "15:3", "sh" }, NULL, 3 },
	{ { "i", "-rTERM:RTMIN+3", "--rewrite=SIGHUP:0", "sh" }, NULL, 3 },
	{ { "i", "--grace=10", "--wait-all", "--all", "--status-fd", "7", "sh" }, NULL, 6 },
	{ { "i", "--tini", "-vvv", "sh", "-c" }, NULL, 3 },
	{ { "i", "--dumb-init", "-c", "-r", "2:3", "sh" }, NULL, 5 },
	{ { "i", "--catatonit", "-P" }, NULL, 3 },
	{ { "/sbin/docker-init", "--", "sh" }, NULL, 2 },
	{ { "/run/podman-init", "--", "sh", "-c" }, NULL, 2 },
	{ { "tini-static", "-s", "-g", "-p", "SIGKILL", "sh" }, NULL, 5 },
	{ { "dumb-init", "--single-child", "--verbose", "sh" }, NULL, 3 },
	{ { "i", "-g", "--tini", "sh" }, "must be the first option", 0 },
	{ { "tini", "-r", "1:2", "sh" }, "invalid option -- 'r'", 0 },
	{ { "tini", "--tini", "sh" }, "unrecognized option '--tini'", 0 },
	{ { "tini", "-e", "256", "sh" }, "Not a valid option for -e: 256", 0 },
	{ { "tini", "-p", "NOPE", "sh" }, "Not a valid option for -p: NOPE", 0 },
	{ { "tini" }, "no command", 0 },
	{ { "catatonit", "-v", "sh" }, "invalid option -- 'v'", 0 },
	{ { "dumb-init", "--yolo", "sh" }, "dumb-init: unrecognized option '--yolo'\n", 0 },
	{ { "dumb-init" }, "Usage: dumb-init [option] program [args]\n", 0 },
	{ { "dumb-init", "-r", "15:32", "sh" }, "between 1 and 31", 0 },
	{ { "dumb-init", "-r", "TERM:INT", "sh" }, "between 1 and 31", 0 },
	{ { "i", "-r", "15", "sh" }, "is not SIGNAL:SIGNAL", 0 },
	{ { "i", "-r", "15:", "sh" }, "is not SIGNAL:SIGNAL", 0 },
	{ { "i", "-r", ":15", "sh" }, "is not SIGNAL:SIGNAL", 0 },
	{ { "i", "-r", "0:15", "sh" }, "is not SIGNAL:SIGNAL", 0 },
	{ { "i", "-r", "15:65", "sh" }, "is not SIGNAL:SIGNAL", 0 },
	{ { "i", "-r", "CHLD:15", "sh" }, "is not SIGNAL:SIGNAL", 0 },
	{ { "i", "-r", "9:15", "sh" }, "is not SIGNAL:SIGNAL", 0 },
	{ { "i", "-r", "15:3:4", "sh" }, "is not SIGNAL:SIGNAL", 0 },
	{ { "i", "-r", "12345678901234567890:3", "sh" }, "is not SIGNAL:SIGNAL", 0 },
	{ { "i", "--grace", "-1", "sh" }, "not a number of seconds", 0 },
	{ { "i", "--grace=1000001", "sh" }, "not a number of seconds", 0 },
	{ { "i", "--grace=", "sh" }, "not a number of seconds", 0 },
	{ { "i", "--status-fd=x", "sh" }, "is not a descriptor", 0 },
	{ { "i", "-g" }, "no command given", 0 },
	{ { "i", "-P", "sh" }, "takes no command", 0 },
	{ { "i", "-e", "-1", "sh" }, "not an exit code", 0 },
	{ { "i", "-e", "", "sh" }, "not an exit code", 0 },
	{ { "i", "-e1x", "sh" }, "not an exit code", 0 },
	{ { "i", "-e", "99999999999999999999999", "sh" }, "not an exit code", 0 },
	{ { "i", "-p", "0", "sh" }, "not a signal", 0 },
	{ { "i", "-p", "65", "sh" }, "not a signal", 0 },
	{ { "i", "-p", "term", "sh" }, "not a signal", 0 },
	{ { "i", "-p", "RTMIN+31", "sh" }, "not a signal", 0 },
	{ { "i", "-p", "RTMIN+", "sh" }, "not a signal", 0 },
	{ { "i", "-p", "RTMAX-31", "sh" }, "not a signal", 0 },
	{ { "i", "-p", "RTMAX+1", "sh" }, "not a signal", 0 },
	{ { "i", "--sigmask" }, "needs a value", 0 },
	{ { "i", "--sigmask=", "sh" }, "not a set of signals", 0 },
	{ { "i", "--sigmask=0x1", "sh" }, "not a set of signals", 0 },
	{ { "i", "--sigmask=10000000000000000", "sh" }, "not a set of signals", 0 },
	{ { "i", "--sigign=g", "sh" }, "not a set of signals", 0 },
};

static char *const no_env[] = { NULL };

/* parse() with the words in an array without room behind, for the sanitizer. */
static int parse(const char *const *words, char *const *envp, struct init_opts *o,
		 struct init_text *why)
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
	r = init_opts_parse(argc, argv, envp, o, why);
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
		int r = parse(lines[i].words, no_env, &o, &why);

		CHECK_INT(r, lines[i].why ? -1 : 0);
		if (lines[i].why)
			CHECK(strstr(why.buf, lines[i].why) != NULL);
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
		    no_env, &o, &why) == 0);
	CHECK(o.target == INIT_TO_GROUP && o.level == INIT_SAY_DEBUG && !o.warn_on_reap &&
	      !o.subreaper && !o.pause && !o.show);
	CHECK(o.zeroed[0] == 1 && o.zeroed[1] == 0 && o.zeroed[2] == 0 &&
	      o.zeroed[3] == UINT64_C(1) << 63);
	CHECK_INT(o.parent_death, 37);
	CHECK(o.has_sigmask && o.sigmask == UINT64_C(0x8000000000000001) && !o.has_sigign);
	CHECK(!o.policy.wait_all && !o.policy.timed && !o.policy.suspends && o.status_fd == -1);
	CHECK(parse((const char *[WORDS]){ "i", "-wsP", "--sigign=0" }, no_env, &o, &why) == 0);
	CHECK(o.warn_on_reap && o.subreaper && o.pause && o.has_sigign && o.sigign == 0);
	CHECK(o.target == INIT_TO_MAIN && o.level == INIT_SAY_ERRORS && !o.has_sigmask);
	CHECK(parse((const char *[WORDS]){ "i", "--all", "--grace=0", "--wait-all", "--status-fd=0",
					   "--no-system", "sh" },
		    no_env, &o, &why) == 0);
	CHECK(o.target == INIT_TO_ALL && o.policy.timed && o.grace_s == 0 && o.policy.wait_all &&
	      o.status_fd == 0 && o.system == INIT_SYSTEM_NO);
}

static void test_rewrite(void)
{
	struct init_opts o;
	struct init_text why;
	int others = 0;

	CASE("rewriting");
	CHECK(parse((const char *[WORDS]){ "i", "-r15:3", "-r", "HUP:0", "-r", "64:RTMIN+3", "sh" },
		    no_env, &o, &why) == 0);
	for (int i = 1; i <= 64; i++)
		others += i != 15 && i != 1 && i != 64 && o.rewrite[i] != i;
	CHECK(o.rewrite[15] == 3 && o.rewrite[1] == 0 && o.rewrite[64] == 37 && others == 0);
	CHECK(parse((const char *[WORDS]){ "dumb-init", "-r", "20:1", "sh" }, no_env, &o, &why) ==
	      0);
	CHECK(o.rewrite[20] == 1 && o.rewrite[21] == 19 && o.rewrite[22] == 19);
	CHECK(parse((const char *[WORDS]){ "dumb-init", "-c", "sh" }, no_env, &o, &why) == 0);
	CHECK(o.rewrite[20] == 20 && o.policy.suspends && o.same_group && !o.new_session &&
	      o.target == INIT_TO_MAIN);
}

/* What each program takes from its environment, and no other's. */
static void test_environment(void)
{
	static char reaper[] = "TINI_SUBREAPER=", group[] = "TINI_KILL_PROCESS_GROUP=",
		    verbosity[] = "TINI_VERBOSITY=3", debug[] = "DUMB_INIT_DEBUG=1",
		    setsid[] = "DUMB_INIT_SETSID=0";
	static char *const env[] = { reaper, group, verbosity, debug, setsid, NULL };
	struct init_opts o;
	struct init_text why;

	CASE("environment");
	CHECK(parse((const char *[WORDS]){ "tini", "sh" }, env, &o, &why) == 0);
	CHECK(o.subreaper && !o.no_subreaper && o.target == INIT_TO_GROUP &&
	      o.level == INIT_SAY_DEBUG);
	CHECK(parse((const char *[WORDS]){ "tini", "sh" }, no_env, &o, &why) == 0);
	CHECK(!o.subreaper && o.no_subreaper && o.target == INIT_TO_MAIN &&
	      o.level == INIT_SAY_WARNINGS);
	CHECK(parse((const char *[WORDS]){ "dumb-init", "sh" }, env, &o, &why) == 0);
	CHECK(o.level == INIT_SAY_DEBUG && !o.new_session && o.same_group && !o.subreaper);
	CHECK(parse((const char *[WORDS]){ "dumb-init", "sh" }, no_env, &o, &why) == 0);
	CHECK(o.level == INIT_SAY_ERRORS && o.new_session && o.target == INIT_TO_GROUP);
	CHECK(parse((const char *[WORDS]){ "atoll-init", "sh" }, env, &o, &why) == 0);
	CHECK(!o.subreaper && o.target == INIT_TO_MAIN && o.level == INIT_SAY_ERRORS);
}

static const char *shown(const char *argv0, const char *option, int *fd)
{
	static struct init_text t;
	struct init_opts o;
	struct init_text why;

	if (parse((const char *[WORDS]){ argv0, option }, no_env, &o, &why) < 0)
		return why.buf[0] ? "refused" : "";
	init_opts_show(&o, argv0, fd, &t);
	return t.buf;
}

static void test_shown(void)
{
	int fd = 0;

	CASE("--version and --help");
	CHECK_STR(shown("docker-init", "--version", &fd), "tini version 0.19.0 - git.atoll\n");
	CHECK_INT(fd, 1);
	CHECK_STR(shown("dumb-init", "-V", &fd), "dumb-init v1.2.5\n");
	CHECK_INT(fd, 2);
	CHECK_STR(shown("catatonit", "--version", &fd), "tini version 0.2.1_atoll\n");
	CHECK(strncmp(shown("atoll-init", "--version", &fd), "atoll-init ", 11) == 0);
	CHECK(strstr(shown("tini", "-h", &fd), "supervision of a valid init process"));
	CHECK(strstr(shown("tini", "-l", &fd), "Apache"));
	CHECK(strstr(shown("atoll-init", "--help", &fd), "--sigmask=HEX"));
	CHECK(strlen(shown("atoll-init", "--help", &fd)) < INIT_TEXT_MAX - 1);
	CHECK(init_is_system("/sbin/init") && init_is_system("/usr/lib/systemd/systemd"));
	CHECK(!init_is_system("init") && !init_is_system("/init") && !init_is_system(""));
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
}

int main(void)
{
	test_lines();
	test_values();
	test_rewrite();
	test_environment();
	test_shown();
	test_words();
	return DONE();
}
