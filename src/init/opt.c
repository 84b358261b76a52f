/* SPDX-License-Identifier: Apache-2.0 */
#include "init/opt.h"

#include <linux/signal.h>

enum opt_id {
	OPT_GROUP,
	OPT_ALL,
	OPT_REWRITE,
	OPT_VERBOSE,
	OPT_WARN,
	OPT_SUBREAPER,
	OPT_ZEROED,
	OPT_PARENT_DEATH,
	OPT_WAIT_ALL,
	OPT_GRACE,
	OPT_STATUS_FD,
	OPT_PAUSE,
	OPT_SYSTEM,
	OPT_NO_SYSTEM,
	OPT_SIGMASK,
	OPT_SIGIGN,
	OPT_TINI,
	OPT_DUMB,
	OPT_CATATONIT,
	OPT_SINGLE_CHILD,
	OPT_HELP,
	OPT_LICENCE,
	OPT_VERSION,
};

struct opt_row {
	enum opt_id id;
	char letter;       /* 0 = none */
	const char *name;  /* NULL = none */
	const char *value; /* what help calls its value; NULL = takes none */
	const char *help;
};

static const struct opt_row atoll_rows[] = {
	{ OPT_GROUP, 'g', "group", NULL, "send signals to the command's process group" },
	{ OPT_ALL, 0, "all", NULL, "send signals to every process" },
	{ OPT_REWRITE, 'r', "rewrite", "S:T",
	  "for signal S give T to the command, for T = 0 nothing" },
	{ OPT_ZEROED, 'e', NULL, "CODE", "turn exit status CODE into 0; may be repeated" },
	{ OPT_WAIT_ALL, 0, "wait-all", NULL, "leave when every process has ended" },
	{ OPT_GRACE, 0, "grace", "SECONDS",
	  "after the command's end, or TERM or INT, all others get TERM, and then KILL" },
	{ OPT_PARENT_DEATH, 'p', NULL, "SIGNAL",
	  "get SIGNAL, and forward it, when the parent dies" },
	{ OPT_SUBREAPER, 's', "subreaper", NULL,
	  "adopt orphans without being PID 1 (always so when not PID 1)" },
	{ OPT_PAUSE, 'P', "pause", NULL, "no command: reap until TERM or INT, then exit with 0" },
	{ OPT_SYSTEM, 0, "system", NULL, "execute the command as PID 1, it is an init itself" },
	{ OPT_NO_SYSTEM, 0, "no-system", NULL, "do not, even if it is systemd or /sbin/init" },
	{ OPT_SIGMASK, 0, "sigmask", "HEX",
	  "signals blocked in the command (default: as inherited)" },
	{ OPT_SIGIGN, 0, "sigign", "HEX",
	  "signals ignored in the command (default: as inherited)" },
	{ OPT_STATUS_FD, 0, "status-fd", "N", "write what happens to descriptor N, as JSON lines" },
	{ OPT_VERBOSE, 'v', "verbose", NULL,
	  "say what is forwarded, what is reaped and how the command ended" },
	{ OPT_WARN, 'w', "warn-on-reap", NULL, "say which orphans are reaped" },
	{ OPT_TINI, 0, "tini", NULL, "first option: take the options of tini" },
	{ OPT_DUMB, 0, "dumb-init", NULL, "... of dumb-init" },
	{ OPT_CATATONIT, 0, "catatonit", NULL, "... of catatonit" },
	{ OPT_HELP, 0, "help", NULL, "show this help" },
	{ OPT_VERSION, 0, "version", NULL, "show the version" },
	{ 0 },
};

static const struct opt_row tini_rows[] = {
	{ OPT_VERSION, 0, "version", NULL, "show the version" },
	{ OPT_HELP, 'h', NULL, NULL, "show this help" },
	{ OPT_SUBREAPER, 's', NULL, NULL, "adopt orphans without being PID 1" },
	{ OPT_PARENT_DEATH, 'p', NULL, "SIGNAL", "get SIGNAL when the parent dies" },
	{ OPT_VERBOSE, 'v', NULL, NULL, "say more; up to three times" },
	{ OPT_WARN, 'w', NULL, NULL, "say which orphans are reaped" },
	{ OPT_GROUP, 'g', NULL, NULL, "send signals to the command's process group" },
	{ OPT_ZEROED, 'e', NULL, "EXIT_CODE", "turn EXIT_CODE into 0; may be repeated" },
	{ OPT_LICENCE, 'l', NULL, NULL, "show the licence" },
	{ 0 },
};

/* Its help is compared word by word by the test suite of dumb-init: see dumb_help. */
static const struct opt_row dumb_rows[] = {
	{ OPT_SINGLE_CHILD, 'c', "single-child", NULL, NULL },
	{ OPT_REWRITE, 'r', "rewrite", "s:r", NULL },
	{ OPT_VERBOSE, 'v', "verbose", NULL, NULL },
	{ OPT_HELP, 'h', "help", NULL, NULL },
	{ OPT_VERSION, 'V', "version", NULL, NULL },
	{ 0 },
};

static const struct opt_row catatonit_rows[] = {
	{ OPT_HELP, 'h', "help", NULL, "show this help" },
	{ OPT_GROUP, 'g', NULL, NULL, "send signals to the command's process group" },
	{ OPT_PAUSE, 'P', NULL, NULL, "no command: reap until TERM or INT" },
	{ OPT_LICENCE, 'L', NULL, NULL, "show the licence" },
	{ OPT_VERSION, 'V', "version", NULL, "show the version" },
	{ 0 },
};

/* One row for each program. Docker reads "tini version X - git.SHA" on the standard output
 * of `docker-init --version`; the SHA must have no dot. */
static const struct {
	const struct opt_row *rows;
	const char *name;
	const char *usage;
	const char *version;
	int exit; /* after an error of the command line, and of our own */
} voices[INIT_VOICES] = {
	[INIT_VOICE_ATOLL] = { atoll_rows, "atoll-init",
			       "usage: atoll-init [OPTIONS] [--] COMMAND [ARG...]\n"
			       "       atoll-init [OPTIONS] --pause\n"
			       "PID 1 of a container: starts COMMAND, forwards every signal to it, "
			       "reaps every\norphan, and leaves with its exit status (128+N when "
			       "signal N killed it).\n\n",
			       "atoll-init " ATOLL_VERSION "\n", INIT_EXIT_SELF },
	[INIT_VOICE_TINI] = { tini_rows, "tini",
			      "tini (atoll-init " ATOLL_VERSION ")\n"
			      "Usage: tini [OPTIONS] PROGRAM -- [ARGS] | --version\n\n"
			      "Execute a program under the supervision of a valid init process "
			      "(tini)\n\nEnvironment: TINI_SUBREAPER, TINI_VERBOSITY, "
			      "TINI_KILL_PROCESS_GROUP\n\n",
			      "tini version 0.19.0 - git.atoll\n", 1 },
	[INIT_VOICE_DUMB] = { dumb_rows, "dumb-init", NULL, "dumb-init v1.2.5\n", 1 },
	[INIT_VOICE_CATATONIT] = { catatonit_rows, "catatonit",
				   "usage: catatonit [-ghLPV] [--] <progname> [<arguments>...]\n\n",
				   "tini version 0.2.1_atoll\n", 1 },
};

static const char licence[] = "atoll-init " ATOLL_VERSION "\nSPDX-License-Identifier: Apache-2.0\n"
			      "Licensed under the Apache License, Version 2.0: "
			      "https://www.apache.org/licenses/LICENSE-2.0\n";

/* Its own words, since programs compare them. */
static const char dumb_rewrite_help[] =
	"Usage: -r option takes <signum>:<signum>, where <signum> is between 1 and 31.\n"
	"This option can be specified multiple times.\n"
	"Use --help for full usage.\n";
static const char dumb_help[] =
	" [option] command [[arg] ...]\n\n"
	"dumb-init is a simple process supervisor that forwards signals to children.\n"
	"It is designed to run as PID1 in minimal container environments.\n\n"
	"Optional arguments:\n"
	"   -c, --single-child   Run in single-child mode.\n"
	"                        In this mode, signals are only proxied to the\n"
	"                        direct child and not any of its descendants.\n"
	"   -r, --rewrite s:r    Rewrite received signal s to new signal r before proxying.\n"
	"                        To ignore (not proxy) a signal, rewrite it to 0.\n"
	"                        This option can be specified multiple times.\n"
	"   -v, --verbose        Print debugging information to stderr.\n"
	"   -h, --help           Print this help message and exit.\n"
	"   -V, --version        Print the current version and exit.\n\n"
	"Full help is available online at https://github.com/Yelp/dumb-init\n";

enum { DUMB_SIG_MAX = 31 };

/* --- refusing --- */

static void say_name(enum init_voice v, struct init_text *why)
{
	init_text_start(why);
	init_text_str(why, v == INIT_VOICE_TINI ? "[FATAL tini] " : voices[v].name);
	if (v != INIT_VOICE_TINI)
		init_text_str(why, ": ");
}

static int refuse(const struct init_opts *o, struct init_text *why, const char *a, const char *b,
		  const char *c)
{
	say_name(o->voice, why);
	init_text_str(why, a);
	init_text_str(why, b);
	init_text_str(why, c);
	init_text_str(why, "\n");
	if (o->voice == INIT_VOICE_ATOLL)
		init_text_str(why, "atoll-init: try 'atoll-init --help'\n");
	return -1;
}

/* What is wrong with an option: in our words, and in those of getopt(3), which the others
 * use. Those without a help text of their own go on with the usage. */
static int misuse(const struct init_opts *o, struct init_text *why, const char *ours,
		  const char *theirs, const char *word, const char *rest)
{
	if (o->voice == INIT_VOICE_ATOLL)
		return refuse(o, why, ours, word, rest);
	init_text_start(why);
	init_text_str(why, o->argv0);
	init_text_str(why, theirs);
	init_text_str(why, word);
	init_text_str(why, "'\n");
	if (voices[o->voice].usage)
		init_text_str(why, voices[o->voice].usage);
	return -1;
}

int init_opts_exit(enum init_voice voice)
{
	return voices[voice].exit;
}

/* --- values --- */

static bool take_set(const char *value, bool *ret_has, uint64_t *ret)
{
	*ret_has = init_parse_num(value, 16, UINT64_MAX, ret);
	return *ret_has;
}

static bool copy_to_colon(const char *s, char *buf, size_t size, const char **ret_rest)
{
	size_t n = 0;

	for (; *s && *s != ':'; s++) {
		if (n == size - 1)
			return false;
		buf[n++] = *s;
	}
	buf[n] = '\0';
	*ret_rest = s + 1;
	return *s == ':';
}

/* "S:T". KILL and STOP never come to us, CHLD is ours. */
static bool take_rewrite(const char *value, struct init_opts *o)
{
	char first[16];
	const char *rest;
	uint64_t a, b;
	int from, to = 0;

	if (!copy_to_colon(value, first, sizeof(first), &rest))
		return false;
	if (o->voice == INIT_VOICE_DUMB) {
		if (!init_parse_num(first, 10, DUMB_SIG_MAX, &a) || a == 0 ||
		    !init_parse_num(rest, 10, DUMB_SIG_MAX, &b))
			return false;
		o->rewrite[a] = (uint8_t)b;
		return true;
	}
	if (!init_parse_sig(first, &from) || from == SIGCHLD || from == SIGKILL || from == SIGSTOP)
		return false;
	if (!init_str_eq(rest, "0") && !init_parse_sig(rest, &to))
		return false;
	o->rewrite[from] = (uint8_t)to;
	return true;
}

static int take_value(enum opt_id id, const char *value, struct init_opts *o, struct init_text *why)
{
	uint64_t n;

	switch ((int)id) {
	case OPT_ZEROED:
		if (!init_parse_num(value, 10, 255, &n))
			return o->voice == INIT_VOICE_TINI
				       ? refuse(o, why, "Not a valid option for -e: ", value, "")
				       : refuse(o, why, "-e: '", value,
						"' is not an exit code (0 to 255)");
		o->zeroed[n / 64] |= UINT64_C(1) << (n % 64);
		return 0;
	case OPT_PARENT_DEATH:
		if (!init_parse_sig(value, &o->parent_death))
			return o->voice == INIT_VOICE_TINI
				       ? refuse(o, why, "Not a valid option for -p: ", value, "")
				       : refuse(o, why, "-p: '", value, "' is not a signal");
		return 0;
	case OPT_REWRITE:
		if (take_rewrite(value, o))
			return 0;
		if (o->voice != INIT_VOICE_DUMB)
			return refuse(o, why, "-r: '", value, "' is not SIGNAL:SIGNAL or SIGNAL:0");
		init_text_start(why);
		init_text_str(why, dumb_rewrite_help);
		return -1;
	case OPT_GRACE:
		if (!init_parse_num(value, 10, INIT_GRACE_MAX_S, &n))
			return refuse(o, why, "--grace: '", value,
				      "' is not a number of seconds (0 to 1000000)");
		o->grace_s = (int)n;
		o->policy.timed = true;
		return 0;
	case OPT_STATUS_FD:
		if (!init_parse_num(value, 10, INIT_STATUS_FD_MAX, &n))
			return refuse(o, why, "--status-fd: '", value, "' is not a descriptor");
		o->status_fd = (int)n;
		return 0;
	case OPT_SIGMASK:
		if (!take_set(value, &o->has_sigmask, &o->sigmask))
			return refuse(o, why, "--sigmask: '", value,
				      "' is not a set of signals (1 to 16 hex digits)");
		return 0;
	case OPT_SIGIGN:
		if (!take_set(value, &o->has_sigign, &o->sigign))
			return refuse(o, why, "--sigign: '", value,
				      "' is not a set of signals (1 to 16 hex digits)");
		return 0;
	default: return refuse(o, why, "bad row in the option table", "", "");
	}
}

static int take_flag(enum opt_id id, struct init_opts *o, struct init_text *why)
{
	switch ((int)id) {
	case OPT_GROUP: o->target = INIT_TO_GROUP; return 0;
	case OPT_ALL: o->target = INIT_TO_ALL; return 0;
	case OPT_VERBOSE:
		if (o->voice == INIT_VOICE_TINI && o->level < INIT_SAY_DEBUG)
			o->level++;
		else
			o->level = INIT_SAY_DEBUG;
		return 0;
	case OPT_WARN: o->warn_on_reap = true; return 0;
	case OPT_SUBREAPER:
		o->subreaper = true;
		o->no_subreaper = false;
		return 0;
	case OPT_WAIT_ALL: o->policy.wait_all = true; return 0;
	case OPT_PAUSE: o->pause = true; return 0;
	case OPT_SYSTEM: o->system = INIT_SYSTEM_YES; return 0;
	case OPT_NO_SYSTEM: o->system = INIT_SYSTEM_NO; return 0;
	case OPT_SINGLE_CHILD: o->new_session = false; return 0;
	case OPT_HELP: o->show = INIT_SHOW_HELP; return 0;
	case OPT_LICENCE: o->show = INIT_SHOW_LICENCE; return 0;
	case OPT_VERSION: o->show = INIT_SHOW_VERSION; return 0;
	case OPT_TINI:
	case OPT_DUMB:
	case OPT_CATATONIT:
		return refuse(o, why,
			      "--tini, --dumb-init and --catatonit must be the first option", "",
			      "");
	default: return refuse(o, why, "bad row in the option table", "", "");
	}
}

/* --- words --- */

/* If @arg is "NAME" or "NAME=...", where the name ends in it; NULL otherwise. */
static const char *end_of_name(const char *arg, const char *name)
{
	for (; *name; arg++, name++)
		if (*arg != *name)
			return NULL;
	return *arg == '\0' || *arg == '=' ? arg : NULL;
}

static const struct opt_row *find_long(const struct opt_row *row, const char *arg,
				       const char **ret_end)
{
	for (; row->letter || row->name; row++) {
		*ret_end = row->name ? end_of_name(arg, row->name) : NULL;
		if (*ret_end)
			return row;
	}
	return NULL;
}

/* getopt_long(3) takes the beginning of a name for it, if it is the beginning of one only. */
static const struct opt_row *find_abbreviated(const struct opt_row *row, const char *arg,
					      const char **ret_end)
{
	const struct opt_row *found = NULL;

	for (; row->letter || row->name; row++) {
		const char *a = arg, *n = row->name ? row->name : "";

		while (*a && *a == *n) {
			a++;
			n++;
		}
		if (a == arg || (*a && *a != '='))
			continue;
		if (found)
			return NULL;
		found = row;
		*ret_end = a;
	}
	return found;
}

static const struct opt_row *find_short(const struct opt_row *row, char letter)
{
	for (; row->letter || row->name; row++)
		if (row->letter && row->letter == letter)
			return row;
	return NULL;
}

/* @next: the word after this one, or NULL. Returns 1 when it was used up, 0, or -1. */
static int take_long(const char *word, const char *next, struct init_opts *o, struct init_text *why)
{
	const char *end, *value = NULL;
	const struct opt_row *row = find_long(voices[o->voice].rows, word + 2, &end);

	if (!row && o->voice != INIT_VOICE_ATOLL)
		row = find_abbreviated(voices[o->voice].rows, word + 2, &end);
	if (!row)
		return misuse(o, why, "unknown option '", ": unrecognized option '", word, "'");
	if (!row->value && *end == '=')
		return misuse(o, why, "option '", ": no argument for option '", word,
			      "' takes no value");
	if (!row->value)
		return take_flag(row->id, o, why);
	value = *end == '=' ? end + 1 : next;
	if (!value)
		return misuse(o, why, "option '", ": option requires an argument '", word,
			      "' needs a value");
	if (take_value(row->id, value, o, why) < 0)
		return -1;
	return *end != '=';
}

/* A bundle: "-gv", "-gve143", "-e 143". Returns as take_long. */
static int take_short(const char *word, const char *next, struct init_opts *o,
		      struct init_text *why)
{
	for (const char *c = word + 1; *c; c++) {
		const struct opt_row *row = find_short(voices[o->voice].rows, *c);
		char letter[2] = { *c, '\0' };

		if (!row)
			return misuse(o, why, "unknown option '-", ": invalid option -- '", letter,
				      "'");
		if (!row->value) {
			if (take_flag(row->id, o, why) < 0)
				return -1;
			continue;
		}
		if (!c[1] && !next)
			return misuse(o, why, "option '-", ": option requires an argument -- '",
				      letter, "' needs a value");
		if (take_value(row->id, c[1] ? c + 1 : next, o, why) < 0)
			return -1;
		return c[1] ? 0 : 1;
	}
	return 0;
}

/* --- who we are --- */

static const char *base_name(const char *path)
{
	const char *base = path;

	for (; *path; path++)
		if (*path == '/')
			base = path + 1;
	return base;
}

/* By the beginning of the name: tini-static, dumb-init_1.2.5_x86_64. */
static enum init_voice voice_of(const char *argv0)
{
	static const struct {
		const char *prefix;
		enum init_voice voice;
	} names[] = {
		{ "tini", INIT_VOICE_TINI },
		{ "docker-init", INIT_VOICE_TINI },
		{ "dumb-init", INIT_VOICE_DUMB },
		{ "catatonit", INIT_VOICE_CATATONIT },
		{ "podman-init", INIT_VOICE_CATATONIT },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (init_after_prefix(base_name(argv0), names[i].prefix))
			return names[i].voice;
	return INIT_VOICE_ATOLL;
}

static bool first_option_voice(const char *word, enum init_voice *ret)
{
	const char *end;
	const struct opt_row *row = word[0] == '-' && word[1] == '-'
					    ? find_long(atoll_rows, word + 2, &end)
					    : NULL;

	if (!row || *end || row->id < OPT_TINI || row->id > OPT_CATATONIT)
		return false;
	*ret = INIT_VOICE_TINI + (row->id - OPT_TINI);
	return true;
}

static void set_defaults(struct init_opts *o)
{
	o->status_fd = -1;
	o->level = o->voice == INIT_VOICE_TINI ? INIT_SAY_WARNINGS : INIT_SAY_ERRORS;
	o->no_subreaper = o->voice == INIT_VOICE_TINI;
	o->new_session = o->voice == INIT_VOICE_DUMB;
	o->policy.suspends = o->voice == INIT_VOICE_DUMB;
	if (o->voice != INIT_VOICE_ATOLL)
		o->system = INIT_SYSTEM_NO;
	for (int i = 0; i <= INIT_SIG_MAX; i++)
		o->rewrite[i] = (uint8_t)i;
}

static void take_environment(char *const *envp, struct init_opts *o)
{
	const char *value;

	if (o->voice == INIT_VOICE_TINI) {
		if (init_env_find(envp, "TINI_SUBREAPER"))
			(void)take_flag(OPT_SUBREAPER, o, NULL);
		if (init_env_find(envp, "TINI_KILL_PROCESS_GROUP"))
			o->target = INIT_TO_GROUP;
		value = init_env_find(envp, "TINI_VERBOSITY");
		if (value) /* as atoi(3) has it: what is no number counts as 0 */
			o->level = *value >= '0' && *value <= '3'  ? *value - '0'
				   : *value > '3' && *value <= '9' ? INIT_SAY_DEBUG
								   : INIT_SAY_ERRORS;
	}
	if (o->voice == INIT_VOICE_DUMB) {
		value = init_env_find(envp, "DUMB_INIT_DEBUG");
		if (value && init_str_eq(value, "1"))
			o->level = INIT_SAY_DEBUG;
		value = init_env_find(envp, "DUMB_INIT_SETSID");
		if (value && init_str_eq(value, "0"))
			o->new_session = false;
	}
}

/* dumb-init: a session has no shell that would stop and continue its processes, so
 * the signals of the terminal stop the group for good, unless -r says otherwise. */
static void finish_dumb(struct init_opts *o)
{
	static const uint8_t stops[] = { SIGTSTP, SIGTTIN, SIGTTOU };

	o->same_group = !o->new_session;
	o->target = o->new_session ? INIT_TO_GROUP : INIT_TO_MAIN;
	for (size_t i = 0; i < sizeof(stops) && o->new_session; i++)
		if (o->rewrite[stops[i]] == stops[i])
			o->rewrite[stops[i]] = SIGSTOP;
}

static int no_command(const struct init_opts *o, struct init_text *why)
{
	if (o->voice != INIT_VOICE_DUMB) {
		refuse(o, why, o->pause ? "--pause takes no command" : "no command given", "", "");
		if (o->voice != INIT_VOICE_ATOLL)
			init_text_str(why, voices[o->voice].usage);
		return -1;
	}
	init_text_start(why);
	init_text_str(why, "Usage: ");
	init_text_str(why, o->argv0);
	init_text_str(why, " [option] program [args]\nTry ");
	init_text_str(why, o->argv0);
	init_text_str(why, " --help for full usage.\n");
	return -1;
}

int init_opts_parse(int argc, char *const *argv, char *const *envp, struct init_opts *ret,
		    struct init_text *why)
{
	struct init_opts *o = ret;
	int i = argc > 0 ? 1 : 0; /* execve(2) allows an empty argv (before Linux 5.18) */

	*o = (struct init_opts){ .voice = argc > 0 ? voice_of(argv[0]) : INIT_VOICE_ATOLL };
	if (o->voice == INIT_VOICE_ATOLL && i < argc && first_option_voice(argv[i], &o->voice))
		i++;
	o->argv0 = argc > 0 ? argv[0] : "dumb-init";
	set_defaults(o);
	while (i < argc && argv[i][0] == '-' && argv[i][1] != '\0') {
		const char *word = argv[i++];
		const char *next = i < argc ? argv[i] : NULL;
		int used;

		if (init_str_eq(word, "--"))
			break;
		used = (word[1] == '-' ? take_long : take_short)(word, next, o, why);
		if (used < 0)
			return -1;
		i += used;
		if (o->show)
			return 0;
	}
	o->first = i;
	/* catatonit takes no notice of a command then */
	if (o->pause ? i < argc && o->voice == INIT_VOICE_ATOLL : i >= argc)
		return no_command(o, why);
	take_environment(envp, o);
	if (o->voice == INIT_VOICE_DUMB)
		finish_dumb(o);
	return 0;
}

/* --- what --help and the like print --- */

static void show_rows(const struct opt_row *row, struct init_text *t)
{
	enum { HELP_COLUMN = 24 };

	for (; row->letter || row->name; row++) {
		char letter[] = { '-', row->letter, '\0' };
		size_t start = t->len;

		init_text_str(t, "  ");
		init_text_str(t, row->letter ? letter : "  ");
		init_text_str(t, row->letter && row->name ? ", " : row->name ? "  " : " ");
		if (row->name) {
			init_text_str(t, "--");
			init_text_str(t, row->name);
		}
		if (row->value) {
			init_text_str(t, row->name ? "=" : "");
			init_text_str(t, row->value);
		}
		do
			init_text_str(t, " ");
		while (t->len - start < HELP_COLUMN);
		init_text_str(t, row->help);
		init_text_str(t, "\n");
	}
}

void init_opts_show(const struct init_opts *o, const char *argv0, int *ret_fd, struct init_text *t)
{
	*ret_fd = o->voice == INIT_VOICE_DUMB ? 2 : 1;
	init_text_start(t);
	if (o->show == INIT_SHOW_LICENCE) {
		init_text_str(t, licence);
	} else if (o->show == INIT_SHOW_VERSION) {
		init_text_str(t, voices[o->voice].version);
	} else if (o->voice == INIT_VOICE_DUMB) {
		init_text_str(t, voices[o->voice].version);
		init_text_str(t, "Usage: ");
		init_text_str(t, argv0);
		init_text_str(t, dumb_help);
	} else {
		init_text_str(t, voices[o->voice].usage);
		show_rows(voices[o->voice].rows, t);
	}
}

/* Those that Podman takes for one too. */
bool init_is_system(const char *command)
{
	static const char *const inits[] = {
		"systemd",      "/lib/systemd/systemd", "/usr/lib/systemd/systemd",
		"/sbin/init",   "/usr/sbin/init",       "/usr/local/sbin/init",
		"/bin/systemd",
	};

	for (size_t i = 0; i < sizeof(inits) / sizeof(inits[0]); i++)
		if (init_str_eq(command, inits[i]))
			return true;
	return false;
}
