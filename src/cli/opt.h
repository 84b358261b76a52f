/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Programs, commands and options as tables. One row of a table is all there is
 * to say about an option: parsing, --help, usage errors, shell completion and
 * the check of the manual pages (`PROGRAM __dump`) read the same rows.
 *
 *	struct args { bool force; const char *format; };
 *	static const struct opt opts[] = {
 *		{ OPT_FLAG, 'f', "force", NULL, "kill it first", offsetof(struct args, force) },
 *		{ OPT_CHOICE, 0, "format", "FORMAT", "output format", offsetof(struct args, format), .choices = formats },
 *		{ 0 },
 *	};
 *
 * What the parser takes: --opt VALUE, --opt=VALUE, -o VALUE, -oVALUE, bundled
 * flags (-it), --flag=true and --flag=false, "--" as the end of the options,
 * "-" as an operand. With PROG_SINGLE_DASH also -opt as --opt (as programs
 * written in Go do), which then goes before a reading as letters. The prefix of
 * a name is not enough. The last occurrence of an option wins, lists grow.
 * Every command has --help (and -h, unless its table gives that letter away). */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/err.h"

enum opt_kind {
	OPT_END = 0,
	OPT_GROUP,  /* a heading for --help: `help` is its text */
	OPT_FLAG,   /* bool: true; with OPT_NEGATABLE also --no-NAME: false */
	OPT_OFF,    /* bool: false (an option that takes something away) */
	OPT_STR,    /* const char * */
	OPT_LIST,   /* struct opt_list: may be repeated; with `choices` only those */
	OPT_INT,    /* int64_t, between min and max (0, 0: any) */
	OPT_SIZE,   /* int64_t of bytes: 10, 64k, 512m, 2g ...; -1 */
	OPT_CHOICE, /* int: the index of the word in `choices` */
};

enum {
	OPT_HIDDEN = 1,    /* not in --help and completion: aliases and what is taken but ignored */
	OPT_NEGATABLE = 2, /* OPT_FLAG: --no-NAME as well */
	OPT_FILE = 4,      /* completion: the value is a file */
	OPT_DIR = 8,       /* completion: the value is a directory */
	OPT_NAMED = 16,    /* OPT_LIST: items are "NAME=VALUE", so that several options share one
			    * list, and what was written first stays first */
	OPT_ASKS = 32,     /* OPT_STR: with the value "help" no operand is needed, as run() only
			    * explains what the option takes */
};

struct opt_list {
	const char **items;
	size_t count, cap;
};

struct opt {
	enum opt_kind kind;
	char letter;       /* 0 = none */
	const char *name;  /* without "--" */
	const char *value; /* what --help calls its value */
	const char *help;
	size_t offset; /* of its slot in the args struct */
	unsigned int flags;
	const char *const *choices; /* NULL-terminated */
	int64_t min, max;
};

struct prog;
struct cmd;

/* One invocation: what a command is given. */
struct cmd_call {
	const struct prog *prog;
	const struct cmd *cmd;
	const void *globals; /* prog->globals_size bytes */
	const void *args;    /* cmd->args_size bytes */
	int count;           /* operands */
	char **operand;      /* NULL-terminated, as in argv */
	bool dashdash;       /* "--" stood before the first operand */
	char **argv;         /* of the whole program */
	struct arena *arena; /* freed when the program ends */
	int fail_status; /* exit status if run() fails; starts as cmd->fail_status, run() may change it */
};

enum {
	CMD_STOP = 1, /* options end at the first operand: what follows belongs to somebody else */
	CMD_HIDDEN = 2, /* not in --help and completion */
};

/* What completion offers for operands. */
enum cmd_operand { OPERAND_NONE = 0, OPERAND_ID, OPERAND_DIR, OPERAND_FILE };

struct cmd {
	const char *name;
	const char *operands; /* "ID [SIGNAL]" for the usage line */
	const char *summary;  /* one line, small letter, no full stop */
	const char *details;  /* more text for --help (lines end in \n), or NULL */
	const struct opt *opts;
	int min, max; /* operands; max < 0: any number */
	unsigned int flags;
	enum cmd_operand operand;
	int fail_status;  /* 0 means 1 */
	int usage_status; /* of a wrong command line; 0: the program's */
	size_t args_size;
	const void *defaults; /* args_size bytes copied before parsing; NULL: zeros */
	/* Exit status >= 0, or -errno with a message in e. */
	int (*run)(struct cmd_call *call, struct err *e);
};

enum { PROG_SINGLE_DASH = 1 };

struct prog {
	const char *name, *summary;
	const struct opt *globals;
	size_t globals_size;
	const void *globals_default;
	const struct cmd *const *cmds; /* NULL-terminated */
	unsigned int flags;
	int usage_status;     /* exit status for a wrong command line; 0 means 1 */
	const char *list_ids; /* what completion runs to learn the ids: "atoll-oci list -q" */
	/* After the command line was read, before the command runs. May be NULL. */
	int (*prepare)(struct cmd_call *call, struct err *e);
	/* Reports a failure. NULL: "NAME: MESSAGE" on stderr. call->cmd is NULL if the command line was wrong. */
	void (*report)(const struct cmd_call *call, const struct err *e);
	/* What --version prints. */
	void (*version)(FILE *out);
};

/* The whole of main(): globals, built-in commands (help, completion SHELL,
 * __dump, --help, --version), the command, the report. The exit status. */
int prog_main(const struct prog *p, int argc, char **argv);

/* For a mistake in the command line that only run() can find: with the exit status of those.
 * Returns r, which must be negative. */
int cmd_usage(struct cmd_call *call, int r, struct err *e);

/* The parts, for tests. Parses argv[1..argc) for a table into args; *ret_first
 * is the first operand's index (with `stop`), or the operands have been moved
 * to the end of argv, in order. 0, or -EINVAL with a usage message. */
struct opt_parser {
	const struct opt *opts;
	bool stop, single_dash;
	bool global; /* knows --version and -v as well */
	struct arena *arena;
	/* Results: --help, --version (parsing ends there); "--" before the first operand; an
	 * option with OPT_ASKS is "help". */
	bool help, version, dashdash, asks;
};
int opt_parse(struct opt_parser *op, int argc, char **argv, void *args, int *ret_first,
	      struct err *e);

void prog_help(const struct prog *p, FILE *out);
void cmd_help(const struct prog *p, const struct cmd *c, FILE *out);
/* Tab-separated: prog NAME SUMMARY / cmd NAME OPERANDS SUMMARY / opt CMD LETTER NAME VALUE HELP ("-" for none; CMD "-" is global). */
void prog_dump(const struct prog *p, FILE *out);
/* shell: "bash", "zsh" or "fish"; -EINVAL otherwise. */
int prog_completion(const struct prog *p, const char *shell, FILE *out, struct err *e);
