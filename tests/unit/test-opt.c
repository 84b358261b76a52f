/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/opt.h"

#include <errno.h>

#include "test.h"

struct args {
	bool detach, tty, init, keep;
	const char *name;
	struct opt_list env, steps;
	int64_t n, memory;
	int format;
};

static const char *const formats[] = { "table", "json", NULL };
#define AT(member) offsetof(struct args, member)
static const struct opt opts[] = {
	{ OPT_GROUP, .help = "Things" },
	{ OPT_FLAG, 'd', "detach", NULL, "go on", AT(detach) },
	{ OPT_FLAG, 't', "tty", NULL, "terminal", AT(tty) },
	{ OPT_FLAG, 0, "init", NULL, "with an init", AT(init), OPT_NEGATABLE },
	{ OPT_OFF, 0, "no-keep", NULL, "do not keep", AT(keep) },
	{ OPT_STR, 'n', "name", "NAME", "its name", AT(name) },
	{ OPT_STR, 0, "alias", "NAME", "hidden", AT(name), OPT_HIDDEN },
	{ OPT_LIST, 'e', "env", "NAME=VALUE", "environment", AT(env) },
	{ OPT_INT, 'c', "count", "N", "how many", AT(n), .min = 0, .max = 10 },
	{ OPT_SIZE, 'm', "memory", "BYTES", "limit", AT(memory) },
	{ OPT_CHOICE, 'f', "format", "FORMAT", "how", AT(format), .choices = formats },
	{ OPT_LIST, 0, "as", "AS", "and as", AT(steps), OPT_NAMED, formats },
	{ OPT_LIST, 'o', "to", "FILE", "there", AT(steps), OPT_NAMED | OPT_FILE },
	{ 0 },
};

static struct arena arena;
static struct args got;
static struct err e;
static struct opt_parser op;
static int first;
static char *argv[16];
static int argc;

/* Splits the text at blanks and parses it. */
static int parse(const char *text, bool stop, bool single_dash)
{
	char *s = arena_strdup(&arena, text);

	got = (struct args){ .keep = true, .init = true };
	e = (struct err){ 0 };
	op = (struct opt_parser){
		.opts = opts, .stop = stop, .single_dash = single_dash, .arena = &arena
	};
	argc = 0;
	argv[argc++] = s;
	while ((s = strchr(s, ' ')) && argc < 15) {
		*s++ = '\0';
		argv[argc++] = s;
	}
	argv[argc] = NULL;
	return opt_parse(&op, argc, argv, &got, &first, &e);
}

static void test_forms(void)
{
	CASE("forms");
	CHECK_INT(parse("x -dt -nfoo -e A=1 --env=B=2 --count 7 -m 64m --format json a b", true,
			false),
		  0);
	CHECK(got.detach && got.tty);
	CHECK_STR(got.name, "foo");
	CHECK_INT(got.env.count, 2);
	CHECK_STR(got.env.items[1], "B=2");
	CHECK_INT(got.n, 7);
	CHECK_INT(got.memory, 64 << 20);
	CHECK_INT(got.format, 1);
	CHECK_INT(argc - first, 2);
	CHECK_STR(argv[first], "a");
	CHECK_INT(parse("x -dn v", true, false), 0);
	CHECK_STR(got.name, "v");
	CHECK_INT(parse("x -n=v --name=", true, false), 0);
	CHECK_STR(got.name, "");
	CHECK_INT(parse("x --alias one --name two", true, false), 0);
	CHECK_STR(got.name, "two");
}

static void test_lists(void)
{
	CASE("lists");
	CHECK_INT(parse("x --as table -o a=b --to c --as=json", false, false), 0);
	CHECK_INT(got.steps.count, 4);
	CHECK_STR(got.steps.items[0], "as=table");
	CHECK_STR(got.steps.items[1], "to=a=b");
	CHECK_STR(got.steps.items[2], "to=c");
	CHECK_STR(got.steps.items[3], "as=json");
	CHECK_INT(parse("x --as xml", false, false), -EINVAL);
	CHECK_STR(e.msg, "option --as: unknown value 'xml'; known: table, json");
}

static void test_flags(void)
{
	CASE("flags");
	CHECK_INT(parse("x --no-init --no-keep", true, false), 0);
	CHECK(!got.init && !got.keep);
	CHECK_INT(parse("x --no-init --init", true, false), 0);
	CHECK(got.init);
	CHECK_INT(parse("x --detach=false --tty=true --no-init=false", true, false), 0);
	CHECK(!got.detach && got.tty && got.init);
	CHECK_INT(parse("x --detach=perhaps", true, false), -EINVAL);
	CHECK_INT(parse("x --no-detach", true, false), -EINVAL);
	CHECK_INT(parse("x --ini", true, false), -EINVAL);
	CHECK(strstr(e.msg, "--ini"));
}

static void test_operands(void)
{
	CASE("operands");
	CHECK_INT(parse("x a -d b", true, false), 0);
	CHECK(!got.detach);
	CHECK_INT(argc - first, 3);
	CHECK_INT(parse("x a -d b --name c - -- -t", false, false), 0);
	CHECK(got.detach && !got.tty && !op.dashdash);
	CHECK_INT(argc - first, 4);
	CHECK_STR(argv[first], "a");
	CHECK_STR(argv[first + 1], "b");
	CHECK_STR(argv[first + 2], "-");
	CHECK_STR(argv[first + 3], "-t");
	CHECK_INT(parse("x -d -- a", true, false), 0);
	CHECK(op.dashdash);
	CHECK_STR(argv[first], "a");
	CHECK_INT(parse("x", true, false), 0);
	CHECK_INT(argc - first, 0);
}

static void test_single_dash(void)
{
	CASE("single dash");
	CHECK_INT(parse("x -name v -detach -format=json -e a", true, true), 0);
	CHECK_STR(got.name, "v");
	CHECK(got.detach && !got.tty);
	CHECK_INT(got.format, 1);
	CHECK_INT(got.env.count, 1);
	CHECK_INT(parse("x -td", true, true), 0);
	CHECK(got.detach && got.tty);
	CHECK_INT(parse("x -name v", true, false), 0);
	CHECK_STR(got.name, "ame");
}

static void test_errors(void)
{
	static const struct {
		const char *line, *says;
	} bad[] = {
		{ "x --name", "requires an argument" },
		{ "x -n", "requires an argument" },
		{ "x --bogus", "--bogus" },
		{ "x -z", "-z" },
		{ "x -dz", "-z" },
		{ "x --count 11", "between 0 and 10" },
		{ "x --count -1", "between 0 and 10" },
		{ "x --count 1x", "not a number" },
		{ "x --count +1", "not a number" },
		{ "x --count 99999999999999999999", "between" },
		{ "x -m 5q", "size" },
		{ "x -f xml", "table, json" },
		{ "x ---", "---" },
		{ "x --=", "--=" },
	};

	CASE("errors");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK_INT(parse(bad[i].line, true, false), -EINVAL);
		if (!CHECK(strstr(e.msg, bad[i].says)))
			printf("# %s: %s\n", bad[i].line, e.msg);
	}
	CHECK_INT(parse("x --help --bogus", true, false), 0);
	CHECK(op.help);
	CHECK_INT(parse("x -h", true, false), 0);
	CHECK(op.help);
	CHECK_INT(parse("x --version", true, false), -EINVAL);
}

/* ---- a whole program -------------------------------------------------------------- */

static int ran(struct cmd_call *call, struct err *ret)
{
	const struct args *a = call->args;

	if (a->format == 1)
		return err_set(ret, EINVAL, "as told");
	return call->count;
}

static const struct args defaults = { .init = true };
static const struct cmd cmd = { .name = "do",
				.operands = "ID",
				.summary = "do it",
				.opts = opts,
				.min = 1,
				.max = 2,
				.operand = OPERAND_ID,
				.fail_status = 99,
				.args_size = sizeof(struct args),
				.defaults = &defaults,
				.run = ran };
static const struct cmd hidden = {
	.name = "secret", .operands = "", .summary = "not shown", .flags = CMD_HIDDEN, .run = ran
};
/* Its wrong command lines have a status of their own. */
static const struct cmd own = { .name = "own",
				.operands = "",
				.summary = "its own",
				.opts = opts,
				.usage_status = 7,
				.args_size = sizeof(struct args),
				.run = ran };
static const struct cmd *const cmds[] = { &cmd, &hidden, &own, NULL };
static int reports;

static void report(const struct cmd_call *call, const struct err *err)
{
	(void)call, (void)err;
	reports++;
}

static const struct prog prog = { .name = "my-prog",
				  .summary = "For tests.",
				  .cmds = cmds,
				  .report = report,
				  .usage_status = 64,
				  .list_ids = "my-prog ids" };

static int run(const char *text)
{
	(void)parse(text, true, false); /* splits it into argv */
	return prog_main(&prog, argc, argv);
}

static void test_prog(void)
{
	CASE("program");
	CHECK_INT(run("my-prog do -d a b"), 2);
	CHECK_INT(reports, 0);
	CHECK_INT(run("my-prog do a -f json"), 99);
	CHECK_INT(run("my-prog do"), 64);
	CHECK_INT(run("my-prog"), 64);
	CHECK_INT(run("my-prog dont"), 64);
	CHECK_INT(reports, 4);
	CHECK_INT(run("my-prog own --bogus"), 7);
	CHECK_INT(run("my-prog own operand"), 7);
	CHECK_INT(run("my-prog own -f json"), 1);
	CHECK_INT(run("my-prog own"), 0);
}

static const char *printed(void (*print)(FILE *out))
{
	static char text[1 << 16];
	FILE *f = fmemopen(text, sizeof(text), "w");

	memset(text, 0, sizeof(text));
	if (f) {
		print(f);
		(void)fclose(f);
	}
	return text;
}

static void print_help(FILE *out)
{
	cmd_help(&prog, &cmd, out);
}

static void print_dump(FILE *out)
{
	prog_dump(&prog, out);
}

static void print_bash(FILE *out)
{
	(void)prog_completion(&prog, "bash", out, &e);
}

static void print_zsh(FILE *out)
{
	(void)prog_completion(&prog, "zsh", out, &e);
}

static void print_fish(FILE *out)
{
	(void)prog_completion(&prog, "fish", out, &e);
}

static void test_texts(void)
{
	const char *s;

	CASE("texts");
	s = printed(print_help);
	CHECK(strstr(s, "Usage: my-prog do [OPTIONS] ID\n"));
	CHECK(strstr(s, "Things:\n"));
	CHECK(strstr(s, "--[no-]init"));
	CHECK(strstr(s, "how: table, json\n"));
	CHECK(!strstr(s, "alias"));
	CHECK(strstr(s, "-h, --help"));
	s = printed(print_dump);
	CHECK(strstr(s, "cmd\tdo\tID\tdo it\n"));
	CHECK(strstr(s, "opt\tdo\tn\tname\tNAME\tits name\n"));
	CHECK(!strstr(s, "secret"));
	s = printed(print_bash);
	CHECK(strstr(s, "complete -o filenames -F _my_prog my-prog\n"));
	CHECK(strstr(s, "'do --format' | 'do -f') words='table json' ;;"));
	CHECK(strstr(s, "do:*) kind=id ;;"));
	CHECK(strstr(s, "'do --as') words='table json' ;;"));
	CHECK(!strstr(s, "secret") && !strstr(s, "alias"));
	s = printed(print_zsh);
	CHECK(strstr(s, "#compdef my-prog\n"));
	CHECK(strstr(s, "else\n\tcompdef _my_prog my-prog\nfi\n"));
	CHECK(strstr(s, "'--format[how]:FORMAT:(table json)'"));
	s = printed(print_fish);
	CHECK(strstr(
		s,
		"complete -c my-prog -n '__fish_seen_subcommand_from do' -l name -s n -x -d 'its name'\n"));
	CHECK_INT(prog_completion(&prog, "csh", stderr, &e), -EINVAL);
}

int main(void)
{
	test_forms();
	test_lists();
	test_flags();
	test_operands();
	test_single_dash();
	test_errors();
	test_prog();
	test_texts();
	arena_free(&arena);
	return DONE();
}
