/* SPDX-License-Identifier: Apache-2.0 */
#include "init/opt.h"

enum opt_id {
	OPT_GROUP,
	OPT_VERBOSE,
	OPT_WARN,
	OPT_SUBREAPER,
	OPT_ZEROED,
	OPT_PARENT_DEATH,
	OPT_PAUSE,
	OPT_SIGMASK,
	OPT_SIGIGN,
	OPT_HELP,
	OPT_VERSION,
};

struct opt_row {
	enum opt_id id;
	char letter;       /* 0 = none */
	const char *name;  /* NULL = none */
	const char *value; /* what help calls its value; NULL = takes none */
	const char *help;
};

static const struct opt_row rows[] = {
	{ OPT_GROUP, 'g', "group", NULL, "send signals to the command's process group" },
	{ OPT_VERBOSE, 'v', "verbose", NULL,
	  "say what is forwarded, what is reaped and how the command ended" },
	{ OPT_WARN, 'w', "warn-on-reap", NULL, "say which orphans are reaped" },
	{ OPT_SUBREAPER, 's', "subreaper", NULL,
	  "adopt orphans without being PID 1 (always so when not PID 1)" },
	{ OPT_ZEROED, 'e', NULL, "CODE", "turn exit status CODE into 0; may be repeated" },
	{ OPT_PARENT_DEATH, 'p', NULL, "SIGNAL",
	  "get SIGNAL, and forward it, when the parent dies" },
	{ OPT_PAUSE, 'P', "pause", NULL, "no command: reap until TERM or INT, then exit with 0" },
	{ OPT_SIGMASK, 0, "sigmask", "HEX",
	  "signals blocked in the command (default: as inherited)" },
	{ OPT_SIGIGN, 0, "sigign", "HEX",
	  "signals ignored in the command (default: as inherited)" },
	{ OPT_HELP, 0, "help", NULL, "show this help" },
	{ OPT_VERSION, 0, "version", NULL, "show the version" },
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static int refuse(struct init_text *why, const char *a, const char *b, const char *c)
{
	init_text_str(why, a);
	init_text_str(why, b);
	init_text_str(why, c);
	return -1;
}

static bool take_set(const char *value, bool *ret_has, uint64_t *ret)
{
	*ret_has = init_parse_num(value, 16, UINT64_MAX, ret);
	return *ret_has;
}

/* @value is NULL exactly if the row takes none. */
static int apply(enum opt_id id, const char *value, struct init_opts *o, struct init_text *why)
{
	uint64_t n;

	switch (id) {
	case OPT_GROUP: o->group = true; return 0;
	case OPT_VERBOSE: o->verbose = true; return 0;
	case OPT_WARN: o->warn_on_reap = true; return 0;
	case OPT_SUBREAPER: o->subreaper = true; return 0;
	case OPT_PAUSE: o->pause = true; return 0;
	case OPT_HELP: o->help = true; return 0;
	case OPT_VERSION: o->version = true; return 0;
	case OPT_ZEROED:
		if (!init_parse_num(value, 10, 255, &n))
			return refuse(why, "-e: '", value, "' is not an exit code (0 to 255)");
		o->zeroed[n / 64] |= UINT64_C(1) << (n % 64);
		return 0;
	case OPT_PARENT_DEATH:
		if (!init_parse_sig(value, &o->parent_death))
			return refuse(why, "-p: '", value, "' is not a signal");
		return 0;
	case OPT_SIGMASK:
		if (!take_set(value, &o->has_sigmask, &o->sigmask))
			return refuse(why, "--sigmask: '", value,
				      "' is not a set of signals (1 to 16 hex digits)");
		return 0;
	case OPT_SIGIGN:
		if (!take_set(value, &o->has_sigign, &o->sigign))
			return refuse(why, "--sigign: '", value,
				      "' is not a set of signals (1 to 16 hex digits)");
		return 0;
	}
	return refuse(why, "bad row in the option table", "", "");
}

/* If @arg is "NAME" or "NAME=...", where the name ends in it; NULL otherwise. */
static const char *end_of_name(const char *arg, const char *name)
{
	for (; *name; arg++, name++)
		if (*arg != *name)
			return NULL;
	return *arg == '\0' || *arg == '=' ? arg : NULL;
}

static const struct opt_row *find_long(const char *arg, const char **ret_end)
{
	for (int i = 0; i < ROWS; i++) {
		*ret_end = rows[i].name ? end_of_name(arg, rows[i].name) : NULL;
		if (*ret_end)
			return &rows[i];
	}
	return NULL;
}

static const struct opt_row *find_short(char letter)
{
	for (int i = 0; i < ROWS; i++)
		if (rows[i].letter && rows[i].letter == letter)
			return &rows[i];
	return NULL;
}

/* @next: the word after this one, or NULL. Returns 1 when it was used up, 0, or -1. */
static int take_long(const char *word, const char *next, struct init_opts *o, struct init_text *why)
{
	const char *end, *value = NULL;
	const struct opt_row *row = find_long(word + 2, &end);

	if (!row)
		return refuse(why, "unknown option '", word, "'");
	if (!row->value && *end == '=')
		return refuse(why, "option '", word, "' takes no value");
	if (row->value)
		value = *end == '=' ? end + 1 : next;
	if (row->value && !value)
		return refuse(why, "option '", word, "' needs a value");
	if (apply(row->id, value, o, why) < 0)
		return -1;
	return row->value && *end != '=';
}

/* A bundle: "-gv", "-gve143", "-e 143". Returns as take_long. */
static int take_short(const char *word, const char *next, struct init_opts *o,
		      struct init_text *why)
{
	for (const char *c = word + 1; *c; c++) {
		const struct opt_row *row = find_short(*c);
		char letter[2] = { *c, '\0' };

		if (!row)
			return refuse(why, "unknown option '-", letter, "'");
		if (!row->value) {
			if (apply(row->id, NULL, o, why) < 0)
				return -1;
			continue;
		}
		if (!c[1] && !next)
			return refuse(why, "option '-", letter, "' needs a value");
		if (apply(row->id, c[1] ? c + 1 : next, o, why) < 0)
			return -1;
		return c[1] ? 0 : 1;
	}
	return 0;
}

int init_opts_parse(int argc, char *const *argv, struct init_opts *ret, struct init_text *why)
{
	struct init_opts o = { 0 };
	int i = argc > 0 ? 1 : 0; /* execve(2) allows an empty argv (before Linux 5.18) */

	init_text_start(why);
	while (i < argc && argv[i][0] == '-' && argv[i][1] != '\0') {
		const char *word = argv[i++];
		const char *next = i < argc ? argv[i] : NULL;
		int used;

		if (init_str_eq(word, "--"))
			break;
		used = (word[1] == '-' ? take_long : take_short)(word, next, &o, why);
		if (used < 0)
			return -1;
		i += used;
	}
	o.first = i;
	*ret = o;
	return 0;
}

void init_opts_help(struct init_text *t)
{
	enum { HELP_COLUMN = 24 };

	init_text_str(
		t,
		"usage: atoll-init [OPTIONS] [--] COMMAND [ARG...]\n"
		"       atoll-init [OPTIONS] --pause\n"
		"PID 1 of a container: starts COMMAND, forwards every signal to it, reaps every\n"
		"orphan, and leaves with its exit status (128+N when signal N killed it).\n\n");
	for (int i = 0; i < ROWS; i++) {
		const struct opt_row *row = &rows[i];
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
