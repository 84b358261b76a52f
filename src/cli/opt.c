/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/opt.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/num.h"

static const struct opt help_row = { OPT_FLAG, 'h', "help", NULL, "show this help" };
static const struct opt version_row = { OPT_FLAG, 'v', "version", NULL, "show the version" };

static bool is_row(const struct opt *o)
{
	return o->kind != OPT_END && o->kind != OPT_GROUP;
}

/* ---- reading a command line ------------------------------------------------- */

static const struct opt *find_letter(const struct opt_parser *op, char letter)
{
	for (const struct opt *o = op->opts; o && o->kind != OPT_END; o++)
		if (is_row(o) && o->letter == letter)
			return o;
	if (letter == help_row.letter)
		return &help_row;
	return op->global && letter == version_row.letter ? &version_row : NULL;
}

static bool same(const char *name, const char *s, size_t n)
{
	return strlen(name) == n && memcmp(name, s, n) == 0;
}

/* *ret_off: it was written as --no-NAME. */
static const struct opt *find_name(const struct opt_parser *op, const char *s, size_t n,
				   bool *ret_off)
{
	*ret_off = false;
	for (const struct opt *o = op->opts; o && o->kind != OPT_END; o++) {
		if (!is_row(o))
			continue;
		if (same(o->name, s, n))
			return o;
		if (o->flags & OPT_NEGATABLE && n > 3 && memcmp(s, "no-", 3) == 0 &&
		    same(o->name, s + 3, n - 3)) {
			*ret_off = true;
			return o;
		}
	}
	if (same(help_row.name, s, n))
		return &help_row;
	return op->global && same(version_row.name, s, n) ? &version_row : NULL;
}

static bool wants_value(const struct opt *o)
{
	return o->kind != OPT_FLAG && o->kind != OPT_OFF;
}

static int store_flag(const struct opt *o, const char *value, bool on, bool *slot, struct err *e)
{
	static const char *const yes[] = { "true", "1", "t", "yes" }, *const no[] = { "false", "0",
										      "f", "no" };

	if (!value) {
		*slot = on;
		return 0;
	}
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		if (strcmp(value, yes[i]) == 0) {
			*slot = on;
			return 0;
		}
		if (strcmp(value, no[i]) == 0) {
			*slot = !on;
			return 0;
		}
	}
	return err_set(e, EINVAL, "option --%s: '%.64s' is neither true nor false", o->name, value);
}

static int store_int(const struct opt *o, const char *value, int64_t *slot, struct err *e)
{
	int64_t v;
	bool limited = o->min || o->max;
	int r = num_i64(value, strlen(value), &v);

	if (r == 0 && limited && (v < o->min || v > o->max))
		r = -ERANGE;
	if (r == -ERANGE && limited)
		return err_set(e, EINVAL,
			       "option --%s: %.64s is not between %" PRId64 " and %" PRId64,
			       o->name, value, o->min, o->max);
	if (r < 0)
		return err_set(e, EINVAL, "option --%s: '%.64s' is not a number", o->name, value);
	*slot = v;
	return 0;
}

static int store_choice(const struct opt *o, const char *value, int *slot, struct err *e)
{
	char all[200] = "";
	size_t len = 0;

	for (int i = 0; o->choices[i]; i++) {
		if (strcmp(o->choices[i], value) == 0) {
			*slot = i;
			return 0;
		}
		if (len < sizeof(all))
			len += (size_t)snprintf(all + len, sizeof(all) - len, "%s%s", i ? ", " : "",
						o->choices[i]);
	}
	return err_set(e, EINVAL, "option --%s: unknown value '%.64s'; known: %s", o->name, value,
		       all);
}

static int store_list(struct opt_parser *op, const struct opt *o, const char *value,
		      struct opt_list *slot, struct err *e)
{
	const char **item;
	int chosen, r = o->choices ? store_choice(o, value, &chosen, e) : 0;

	if (r < 0)
		return r;
	item = arena_push(op->arena, &slot->items, &slot->count, &slot->cap, sizeof(*slot->items));
	*item = o->flags & OPT_NAMED ? arena_printf(op->arena, "%s=%s", o->name, value) : value;
	return 0;
}

/* value is NULL for a flag without "=...". */
static int store(struct opt_parser *op, const struct opt *o, const char *value, bool off,
		 void *args, struct err *e)
{
	void *slot = (char *)args + o->offset;

	switch (o->kind) {
	case OPT_FLAG: return store_flag(o, value, !off, slot, e);
	case OPT_OFF: return store_flag(o, value, false, slot, e);
	case OPT_STR:
		*(const char **)slot = value;
		if (o->flags & OPT_ASKS)
			op->asks = strcmp(value, "help") == 0;
		return 0;
	case OPT_LIST: return store_list(op, o, value, slot, e);
	case OPT_INT: return store_int(o, value, slot, e);
	case OPT_SIZE:
		if (num_size(value, slot) < 0)
			return err_set(e, EINVAL, "option --%s: '%.64s' is not a size such as 64m",
				       o->name, value);
		return 0;
	case OPT_CHOICE: return store_choice(o, value, slot, e);
	case OPT_GROUP:
	case OPT_END: break;
	}
	assert(is_row(o)); /* nothing else is found by a name */
	return -EINVAL;
}

static int take(struct opt_parser *op, const struct opt *o, const char *value, bool off, void *args,
		struct err *e)
{
	if (o == &help_row)
		op->help = true;
	else if (o == &version_row)
		op->version = true;
	else
		return store(op, o, value, off, args, e);
	return 0;
}

/* --name, --name=value, --name value; dashes: how many stood before it. */
static int parse_name(struct opt_parser *op, char **argv, int argc, int *i, size_t dashes,
		      void *args, struct err *e)
{
	const char *s = argv[*i] + dashes;
	size_t n = strcspn(s, "=");
	const char *value = s[n] ? s + n + 1 : NULL;
	bool off;
	const struct opt *o = find_name(op, s, n, &off);

	if (!o)
		return err_set(e, EINVAL, "unknown option '%.128s'", argv[*i]);
	if (wants_value(o) && !value) {
		if (*i + 1 >= argc)
			return err_set(e, EINVAL, "option --%s requires an argument (%s)", o->name,
				       o->value);
		value = argv[++*i];
	}
	return take(op, o, value, off, args, e);
}

/* -a, -abc, -o value, -ovalue */
static int parse_letters(struct opt_parser *op, char **argv, int argc, int *i, void *args,
			 struct err *e)
{
	const char *word = argv[*i];

	for (const char *s = word + 1; *s; s++) {
		const struct opt *o = find_letter(op, *s);
		const char *value = NULL;
		int r;

		if (!o && word[2])
			return err_set(e, EINVAL, "unknown option '-%c' in '%.128s'", *s, word);
		if (!o)
			return err_set(e, EINVAL, "unknown option '%.128s'", word);
		if (wants_value(o)) {
			value = s[1] == '=' ? s + 2 : s + 1;
			if (!s[1]) {
				if (*i + 1 >= argc)
					return err_set(e, EINVAL,
						       "option -%c requires an argument (%s)", *s,
						       o->value);
				value = argv[++*i];
			}
		} else if (s[1] == '=') {
			value = s + 2;
		}
		r = take(op, o, value, false, args, e);
		if (r < 0 || value)
			return r;
	}
	return 0;
}

static int parse_option(struct opt_parser *op, char **argv, int argc, int *i, void *args,
			struct err *e)
{
	const char *s = argv[*i];
	bool off;

	if (s[1] == '-')
		return parse_name(op, argv, argc, i, 2, args, e);
	if (op->single_dash && s[2] && find_name(op, s + 1, strcspn(s + 1, "="), &off))
		return parse_name(op, argv, argc, i, 1, args, e);
	return parse_letters(op, argv, argc, i, args, e);
}

int opt_parse(struct opt_parser *op, int argc, char **argv, void *args, int *ret_first,
	      struct err *e)
{
	char **operand = arena_alloc(op->arena, ((size_t)argc + 1) * sizeof(*operand));
	int n = 0, i;

	for (i = 1; i < argc && !op->help && !op->version; i++) {
		int r;

		if (strcmp(argv[i], "--") == 0) {
			op->dashdash = n == 0;
			i++;
			break;
		}
		if (argv[i][0] != '-' || !argv[i][1]) {
			if (op->stop)
				break;
			operand[n++] = argv[i];
			continue;
		}
		r = parse_option(op, argv, argc, &i, args, e);
		if (r < 0)
			return r;
	}
	/* The operands seen so far go right before those that were not looked at. */
	*ret_first = i - n;
	if (n > 0)
		memcpy(argv + i - n, operand, (size_t)n * sizeof(*operand));
	return 0;
}

/* ---- help ------------------------------------------------------------------- */

enum { HELP_COLUMN = 30 };

static void help_option(const struct opt *o, FILE *out)
{
	char left[128];
	int n = snprintf(left, sizeof(left), "  %c%c%c --%s%s%s%s", o->letter ? '-' : ' ',
			 o->letter ? o->letter : ' ', o->letter ? ',' : ' ',
			 o->flags & OPT_NEGATABLE ? "[no-]" : "", o->name, o->value ? " " : "",
			 o->value ? o->value : "");

	if (n < HELP_COLUMN)
		fprintf(out, "%-*s", HELP_COLUMN, left);
	else
		fprintf(out, "%s\n%*s", left, HELP_COLUMN, "");
	fputs(o->help, out);
	if (o->choices) {
		fputs(": ", out);
		for (int i = 0; o->choices[i]; i++)
			fprintf(out, "%s%s", i ? ", " : "", o->choices[i]);
	}
	if (o->kind == OPT_LIST)
		fputs(" (may be repeated)", out);
	fputc('\n', out);
}

static void help_options(const struct opt *opts, bool global, FILE *out)
{
	bool headed = false;

	for (const struct opt *o = opts; o && o->kind != OPT_END; o++) {
		if (o->flags & OPT_HIDDEN)
			continue;
		if (o->kind == OPT_GROUP)
			fprintf(out, "\n%s:\n", o->help);
		else if (!headed)
			fputs(global ? "\nGlobal options:\n" : "\nOptions:\n", out);
		headed = true;
		if (o->kind != OPT_GROUP)
			help_option(o, out);
	}
	if (!headed)
		fputs("\nOptions:\n", out);
}

static bool has_letter(const struct opt *opts, char letter)
{
	for (const struct opt *o = opts; o && o->kind != OPT_END; o++)
		if (is_row(o) && o->letter == letter)
			return true;
	return false;
}

static void help_help(const struct opt *opts, FILE *out)
{
	struct opt row = help_row;

	if (has_letter(opts, row.letter))
		row.letter = 0;
	help_option(&row, out);
}

void cmd_help(const struct prog *p, const struct cmd *c, FILE *out)
{
	fprintf(out, "Usage: %s %s [OPTIONS]%s%s\n\n%s: %s.\n", p->name, c->name,
		*c->operands ? " " : "", c->operands, c->name, c->summary);
	if (c->details)
		fprintf(out, "\n%s", c->details);
	help_options(c->opts, false, out);
	help_help(c->opts, out);
}

/* ---- the commands that every program has -------------------------------------- */

static int completion(struct cmd_call *call, struct err *e);
static int help(struct cmd_call *call, struct err *e);

static const struct cmd builtins[] = {
	{ .name = "completion",
	  .operands = "bash|zsh|fish",
	  .summary = "print shell completion for bash, zsh or fish",
	  .min = 1,
	  .max = 1,
	  .run = completion },
	{ .name = "help",
	  .operands = "[COMMAND]",
	  .summary = "show this help, or that of a command",
	  .max = 1,
	  .run = help },
};

static bool is_builtin(const struct cmd *c)
{
	return c->run == completion || c->run == help;
}

static const struct cmd *find_cmd(const struct prog *p, const char *name)
{
	for (const struct cmd *const *c = p->cmds; *c; c++)
		if (strcmp((*c)->name, name) == 0)
			return *c;
	for (size_t i = 0; i < ARRAY_LEN(builtins); i++)
		if (strcmp(builtins[i].name, name) == 0)
			return &builtins[i];
	return NULL;
}

static int completion(struct cmd_call *call, struct err *e)
{
	return prog_completion(call->prog, call->operand[0], stdout, e);
}

static int help(struct cmd_call *call, struct err *e)
{
	const struct cmd *c = call->count ? find_cmd(call->prog, call->operand[0]) : NULL;

	if (call->count && !c)
		return err_set(e, EINVAL, "unknown command \"%.64s\"", call->operand[0]);
	if (c)
		cmd_help(call->prog, c, stdout);
	else
		prog_help(call->prog, stdout);
	return 0;
}

void prog_help(const struct prog *p, FILE *out)
{
	fprintf(out,
		"Usage: %s [GLOBAL OPTIONS] COMMAND [OPTIONS] [ARGUMENTS]\n\n%s\n\nCommands:\n",
		p->name, p->summary);
	for (const struct cmd *const *c = p->cmds; *c; c++)
		if (!((*c)->flags & CMD_HIDDEN))
			fprintf(out, "  %-12s %s\n", (*c)->name, (*c)->summary);
	for (size_t i = 0; i < ARRAY_LEN(builtins); i++)
		fprintf(out, "  %-12s %s\n", builtins[i].name, builtins[i].summary);
	help_options(p->globals, true, out);
	help_help(p->globals, out);
	help_option(&version_row, out);
}

static void dump_options(const char *cmd, const struct opt *opts, FILE *out)
{
	for (const struct opt *o = opts; o && o->kind != OPT_END; o++)
		if (is_row(o) && !(o->flags & OPT_HIDDEN))
			fprintf(out, "opt\t%s\t%c\t%s%s\t%s\t%s\n", cmd,
				o->letter ? o->letter : '-',
				o->flags & OPT_NEGATABLE ? "[no-]" : "", o->name,
				o->value ? o->value : "-", o->help);
}

void prog_dump(const struct prog *p, FILE *out)
{
	fprintf(out, "prog\t%s\t%s\n", p->name, p->summary);
	dump_options("-", p->globals, out);
	for (const struct cmd *const *c = p->cmds; *c; c++) {
		if ((*c)->flags & CMD_HIDDEN)
			continue;
		fprintf(out, "cmd\t%s\t%s\t%s\n", (*c)->name,
			*(*c)->operands ? (*c)->operands : "-", (*c)->summary);
		dump_options((*c)->name, (*c)->opts, out);
	}
}

/* ---- main ------------------------------------------------------------------- */

static int check_count(const struct cmd *c, int n, struct err *e)
{
	if (n >= c->min && (c->max < 0 || n <= c->max))
		return 0;
	if (c->max == 0)
		return err_set(e, EINVAL, "\"%s\" takes no argument", c->name);
	return err_set(e, EINVAL, "\"%s\" requires %s %d argument%s: %s", c->name,
		       c->min == c->max ? "exactly"
		       : n < c->min     ? "at least"
					: "at most",
		       n < c->min ? c->min : c->max, (n < c->min ? c->min : c->max) == 1 ? "" : "s",
		       c->operands);
}

static void hint(const struct prog *p, const struct cmd *c, struct err *e)
{
	err_hint(e, "see \"%s %s --help\"", p->name, c->name);
}

static int usage_status(const struct prog *p, const struct cmd *c)
{
	return c && c->usage_status ? c->usage_status : p->usage_status ? p->usage_status : 1;
}

int cmd_usage(struct cmd_call *call, int r, struct err *e)
{
	call->fail_status = usage_status(call->prog, call->cmd);
	hint(call->prog, call->cmd, e);
	return r;
}

static void *args_new(struct arena *a, size_t size, const void *defaults)
{
	return defaults ? arena_dup(a, defaults, size) : arena_alloc(a, size ? size : 1);
}

/* 0: call->cmd is to be run; 1: all is done; -EINVAL. */
static int read_command_line(struct cmd_call *call, int argc, char **argv, struct err *e)
{
	const struct prog *p = call->prog;
	bool single_dash = p->flags & PROG_SINGLE_DASH;
	void *globals = args_new(call->arena, p->globals_size, p->globals_default), *args;
	struct opt_parser op = { p->globals, true, single_dash, true, call->arena };
	struct opt_parser sub = { NULL, false, single_dash, false, call->arena };
	const struct cmd *c;
	int first, r;

	call->globals = globals;
	r = opt_parse(&op, argc, argv, globals, &first, e);
	if (r < 0)
		return r;
	if (op.version)
		p->version(stdout);
	else if (op.help)
		prog_help(p, stdout);
	if (op.version || op.help)
		return 1;
	if (first == argc)
		return err_set(e, EINVAL, "no command given; try \"%s help\"", p->name);
	argc -= first;
	argv += first;
	if (strcmp(argv[0], "__dump") == 0) {
		prog_dump(p, stdout);
		return 1;
	}
	c = find_cmd(p, argv[0]);
	if (!c)
		return err_set(e, EINVAL, "unknown command \"%.64s\"; try \"%s help\"", argv[0],
			       p->name);
	call->fail_status = usage_status(p, c);
	sub.opts = c->opts;
	sub.stop = c->flags & CMD_STOP;
	args = args_new(call->arena, c->args_size, c->defaults);
	r = opt_parse(&sub, argc, argv, args, &first, e);
	if (r == 0 && sub.help) {
		cmd_help(p, c, stdout);
		return 1;
	}
	if (r == 0 && !sub.asks)
		r = check_count(c, argc - first, e);
	if (r < 0) {
		hint(p, c, e);
		return r;
	}
	call->args = args;
	call->count = argc - first;
	call->operand = argv + first;
	call->dashdash = sub.dashdash;
	if (is_builtin(c)) { /* it needs nothing that the program's own may need */
		r = c->run(call, e);
		return r < 0 ? r : 1;
	}
	call->cmd = c;
	call->fail_status = c->fail_status ? c->fail_status : 1;
	arena_fail_status = call->fail_status;
	return 0;
}

static void report(const struct cmd_call *call, const struct err *e)
{
	if (call->prog->report)
		call->prog->report(call, e);
	else
		fprintf(stderr, "%s: %s\n", call->prog->name, e->msg);
}

/* Output that did not arrive is a failure, of a status that the command has for those. */
static int flush(int status, const struct cmd_call *call)
{
	struct err e = { 0 };

	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	(void)err_set(&e, errno ? errno : EIO, "write to standard output: %m");
	report(call, &e);
	return status ? status : call->cmd ? call->fail_status : 1;
}

int prog_main(const struct prog *p, int argc, char **argv)
{
	autoarena struct arena arena = { 0 };
	struct cmd_call call = { .prog = p, .arena = &arena };
	struct err e = { 0 };
	int r;

	/* Two copies. Parsing moves the operands about, but call.argv stays as the user
	 * wrote it; and the original strings are overwritten in a container's child. */
	call.argv = arena_alloc(&arena, ((size_t)argc + 1) * sizeof(*argv));
	for (int i = 0; i < argc; i++)
		call.argv[i] = arena_strdup(&arena, argv[i]);
	argv = arena_dup(&arena, call.argv, ((size_t)argc + 1) * sizeof(*argv));
	call.fail_status = usage_status(p, NULL);
	r = read_command_line(&call, argc, argv, &e);
	if (r > 0)
		return flush(0, &call);
	if (r == 0 && p->prepare)
		r = p->prepare(&call, &e);
	if (r == 0)
		r = call.cmd->run(&call, &e);
	if (r < 0) {
		(void)err_set(&e, -r, "%m");
		report(&call, &e);
		r = call.fail_status;
	}
	return flush(r, &call);
}
