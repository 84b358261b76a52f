/* SPDX-License-Identifier: Apache-2.0 */
/* Shell completion, made from the option and command tables. */
#include <errno.h>
#include <string.h>

#include "cli/opt.h"

static bool shown(const struct opt *o)
{
	return o->kind != OPT_GROUP && !(o->flags & OPT_HIDDEN);
}

static bool has_value(const struct opt *o)
{
	return o->kind != OPT_FLAG && o->kind != OPT_OFF;
}

/* In single quotes for any of the three shells. */
static void quote(const char *s, FILE *out)
{
	fputc('\'', out);
	for (; *s; s++) {
		if (*s == '\'')
			fputs("'\\''", out);
		else
			fputc(*s, out);
	}
	fputc('\'', out);
}

/* A name that a shell function may have. */
static void function_name(const char *s, FILE *out)
{
	fputc('_', out);
	for (; *s; s++)
		fputc(*s == '-' ? '_' : *s, out);
}

static void choices(const struct opt *o, FILE *out)
{
	for (int i = 0; o->choices[i]; i++)
		fprintf(out, "%s%s", i ? " " : "", o->choices[i]);
}

/* ---- bash -------------------------------------------------------------------- */

static void bash_words(const struct opt *opts, FILE *out)
{
	for (const struct opt *o = opts; o && o->kind != OPT_END; o++) {
		if (!shown(o))
			continue;
		fprintf(out, "--%s ", o->name);
		if (o->flags & OPT_NEGATABLE)
			fprintf(out, "--no-%s ", o->name);
	}
	fputs("--help", out);
}

/* One case for each option whose value can be completed. */
static void bash_values(const char *cmd, const struct opt *opts, FILE *out)
{
	for (const struct opt *o = opts; o && o->kind != OPT_END; o++) {
		if (!shown(o) || !has_value(o))
			continue;
		fprintf(out, "\t'%s --%s'", cmd, o->name);
		if (o->letter)
			fprintf(out, " | '%s -%c'", cmd, o->letter);
		fputs(") ", out);
		if (o->choices) {
			fputs("words='", out);
			choices(o, out);
			fputs("' ;;\n", out);
		} else {
			fputs(o->flags & OPT_DIR    ? "kind=-d ;;\n"
			      : o->flags & OPT_FILE ? "kind=-f ;;\n"
						    : "kind=none ;;\n",
			      out);
		}
	}
}

static void bash(const struct prog *p, FILE *out)
{
	fprintf(out, "# bash completion for %s, made by: %s completion bash\n", p->name, p->name);
	function_name(p->name, out);
	fputs("()\n{\n\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} cmd= words= kind= i\n"
	      "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n\t\tcase ${COMP_WORDS[i]} in\n",
	      out);
	for (const struct opt *o = p->globals; o && o->kind != OPT_END; o++)
		if (shown(o) && has_value(o))
			fprintf(out, "\t\t--%s) i=$((i + 1)) ;;\n", o->name);
	fputs("\t\t-*) ;;\n\t\t*) cmd=${COMP_WORDS[i]}; break ;;\n\t\tesac\n\tdone\n"
	      "\tcase \"$cmd $prev\" in\n",
	      out);
	bash_values("", p->globals, out);
	for (const struct cmd *const *c = p->cmds; *c; c++)
		if (!((*c)->flags & CMD_HIDDEN))
			bash_values((*c)->name, (*c)->opts, out);
	fputs("\t*)\n\t\tcase \"$cmd:$cur\" in\n\t\t:-*) words='", out);
	bash_words(p->globals, out);
	fputs(" --version' ;;\n\t\t:*) words='", out);
	for (const struct cmd *const *c = p->cmds; *c; c++)
		if (!((*c)->flags & CMD_HIDDEN))
			fprintf(out, "%s ", (*c)->name);
	fputs("completion help' ;;\n\t\tcompletion:*) words='bash zsh fish' ;;\n", out);
	for (const struct cmd *const *c = p->cmds; *c; c++) {
		static const char *const operand[] = { [OPERAND_NONE] = "kind=none",
						       [OPERAND_ID] = "kind=id",
						       [OPERAND_DIR] = "kind=-d",
						       [OPERAND_FILE] = "kind=-f" };

		if ((*c)->flags & CMD_HIDDEN)
			continue;
		fprintf(out, "\t\t%s:-*) words='", (*c)->name);
		bash_words((*c)->opts, out);
		fprintf(out, "' ;;\n\t\t%s:*) %s ;;\n", (*c)->name, operand[(*c)->operand]);
	}
	fprintf(out,
		"\t\tesac ;;\n\tesac\n\tcase $kind in\n"
		"\tid) words=$(%s 2>/dev/null) ;;\n"
		"\t-?) mapfile -t COMPREPLY < <(compgen \"$kind\" -- \"$cur\"); return ;;\n"
		"\tnone) return ;;\n\tesac\n"
		"\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n}\ncomplete -o filenames -F ",
		p->list_ids ? p->list_ids : "true");
	function_name(p->name, out);
	fprintf(out, " %s\n", p->name);
}

/* ---- zsh ---------------------------------------------------------------------- */

/* Inside a specification of _arguments brackets and colons have a meaning. */
static void zsh_text(const char *s, FILE *out)
{
	for (; *s; s++) {
		if (strchr("[]:\\", *s))
			fputc('\\', out);
		if (*s == '\'')
			fputs("'\\''", out);
		else
			fputc(*s, out);
	}
}

static void zsh_option(const char *dashes, const char *name, const struct opt *o, FILE *out)
{
	fprintf(out, "\t\t\t'%s%s%s[", o->kind == OPT_LIST ? "*" : "", dashes, name);
	zsh_text(o->help, out);
	fputc(']', out);
	if (has_value(o)) {
		fputc(':', out);
		zsh_text(o->value ? o->value : "value", out);
		if (o->choices) {
			fputs(":(", out);
			choices(o, out);
			fputc(')', out);
		} else {
			fputs(o->flags & OPT_DIR    ? ":_directories"
			      : o->flags & OPT_FILE ? ":_files"
						    : ": ",
			      out);
		}
	}
	fputs("' \\\n", out);
}

static void zsh_options(const struct opt *opts, FILE *out)
{
	for (const struct opt *o = opts; o && o->kind != OPT_END; o++) {
		char letter[2] = { o->letter, '\0' };

		if (!shown(o))
			continue;
		zsh_option("--", o->name, o, out);
		if (o->letter)
			zsh_option("-", letter, o, out);
		if (o->flags & OPT_NEGATABLE)
			zsh_option("--no-", o->name, o, out);
	}
	fputs("\t\t\t'--help[show help]' \\\n", out);
}

static void zsh(const struct prog *p, FILE *out)
{
	static const char *const operand[] = { [OPERAND_NONE] = "'*: :'",
					       [OPERAND_ID] = "'*:container:->id'",
					       [OPERAND_DIR] = "'*:directory:_directories'",
					       [OPERAND_FILE] = "'*:file:_files'" };

	fprintf(out, "#compdef %s\n# zsh completion for %s, made by: %s completion zsh\n", p->name,
		p->name, p->name);
	function_name(p->name, out);
	fputs("()\n{\n\tlocal context state line ret=1\n\tlocal -a commands\n\tlocal -A opt_args\n\tcommands=(\n",
	      out);
	for (const struct cmd *const *c = p->cmds; *c; c++) {
		if ((*c)->flags & CMD_HIDDEN)
			continue;
		fprintf(out, "\t\t'%s:", (*c)->name);
		zsh_text((*c)->summary, out);
		fputs("'\n", out);
	}
	fputs("\t\t'completion:print shell completion'\n\t\t'help:show help'\n\t)\n\t_arguments -C \\\n",
	      out);
	zsh_options(p->globals, out);
	fputs("\t\t\t'--version[show the version]' \\\n\t\t\t'1:command:->command' '*::argument:->argument' && ret=0\n"
	      "\tcase $state in\n\tcommand) _describe -t commands command commands && ret=0 ;;\n"
	      "\targument)\n\t\tcase $line[1] in\n",
	      out);
	for (const struct cmd *const *c = p->cmds; *c; c++) {
		if ((*c)->flags & CMD_HIDDEN)
			continue;
		fprintf(out, "\t\t%s) _arguments -s \\\n", (*c)->name);
		zsh_options((*c)->opts, out);
		fprintf(out, "\t\t\t%s && ret=0 ;;\n", operand[(*c)->operand]);
	}
	fprintf(out,
		"\t\tcompletion) _values shell bash zsh fish && ret=0 ;;\n\t\tesac ;;\n\tesac\n"
		"\tif [[ $state == id ]]; then\n\t\tlocal -a ids\n\t\tids=(${(f)\"$(%s 2>/dev/null)\"})\n"
		"\t\tcompadd -a ids && ret=0\n\tfi\n\treturn ret\n}\n",
		p->list_ids ? p->list_ids : "true");
	/* As a file of $fpath it is the body of the function; sourced it only defines it. */
	fputs("if [[ $funcstack[1] == ", out);
	function_name(p->name, out);
	fputs(" ]]; then\n\t", out);
	function_name(p->name, out);
	fputs(" \"$@\"\nelse\n\tcompdef ", out);
	function_name(p->name, out);
	fprintf(out, " %s\nfi\n", p->name);
}

/* ---- fish --------------------------------------------------------------------- */

static void fish_options(const struct prog *p, const char *condition, const struct opt *opts,
			 FILE *out)
{
	for (const struct opt *o = opts; o && o->kind != OPT_END; o++) {
		if (!shown(o))
			continue;
		fprintf(out, "complete -c %s -n '%s' -l %s", p->name, condition, o->name);
		if (o->letter)
			fprintf(out, " -s %c", o->letter);
		if (has_value(o))
			fputs(o->flags & (OPT_FILE | OPT_DIR) ? " -r -F" : " -x", out);
		if (o->choices) {
			fputs(" -a '", out);
			choices(o, out);
			fputc('\'', out);
		}
		fputs(" -d ", out);
		quote(o->help, out);
		fputc('\n', out);
		if (o->flags & OPT_NEGATABLE)
			fprintf(out, "complete -c %s -n '%s' -l no-%s\n", p->name, condition,
				o->name);
	}
}

static void fish(const struct prog *p, FILE *out)
{
	static const char first[] = "__fish_use_subcommand";

	fprintf(out, "# fish completion for %s, made by: %s completion fish\ncomplete -c %s -f\n",
		p->name, p->name, p->name);
	fish_options(p, first, p->globals, out);
	for (const struct cmd *const *c = p->cmds; *c; c++) {
		char in[128];

		if ((*c)->flags & CMD_HIDDEN)
			continue;
		fprintf(out, "complete -c %s -n %s -a %s -d ", p->name, first, (*c)->name);
		quote((*c)->summary, out);
		fputc('\n', out);
		(void)snprintf(in, sizeof(in), "__fish_seen_subcommand_from %s", (*c)->name);
		fish_options(p, in, (*c)->opts, out);
		if ((*c)->operand == OPERAND_ID && p->list_ids)
			fprintf(out, "complete -c %s -n '%s' -a '(%s 2>/dev/null)'\n", p->name, in,
				p->list_ids);
		if ((*c)->operand == OPERAND_DIR || (*c)->operand == OPERAND_FILE)
			fprintf(out, "complete -c %s -n '%s' -F\n", p->name, in);
	}
	fprintf(out, "complete -c %s -n %s -a 'completion help'\n", p->name, first);
	fprintf(out,
		"complete -c %s -n '__fish_seen_subcommand_from completion' -a 'bash zsh fish'\n",
		p->name);
}

int prog_completion(const struct prog *p, const char *shell, FILE *out, struct err *e)
{
	static const struct {
		const char *name;
		void (*write)(const struct prog *p, FILE *out);
	} shells[] = { { "bash", bash }, { "zsh", zsh }, { "fish", fish } };

	for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++)
		if (strcmp(shells[i].name, shell) == 0) {
			shells[i].write(p, out);
			return 0;
		}
	return err_set(e, EINVAL, "unknown shell '%.32s'; known: bash, zsh, fish", shell);
}
