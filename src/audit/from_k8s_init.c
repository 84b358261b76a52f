/* SPDX-License-Identifier: Apache-2.0 */
/* What PID 1 of a container is, as far as command and args say. */
#include <string.h>

#include "audit/from_k8s.h"
#include "base/str.h"

enum { ARGV_MAX = 16, COMMAND_MAX = 400 };

struct argv {
	const char *v[ARGV_MAX]; /* the first ones; NULL: no string */
	size_t count;
};

static void add_args(struct argv *a, struct str *text, const struct json *list)
{
	for (const struct json *n = list && list->type == JSON_ARRAY ? list->child : NULL; n;
	     n = n->next) {
		if (a->count < ARGV_MAX)
			a->v[a->count++] = k8s_text(n);
		if (k8s_text(n) && text->len < COMMAND_MAX) {
			str_puts(text, text->len ? " " : "");
			str_put(text, n->text, n->len < COMMAND_MAX ? n->len : COMMAND_MAX);
		}
	}
}

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool is_shell(const char *arg0)
{
	static const char *const shells[] = { "sh",  "bash", "ash",  "dash",
					      "zsh", "ksh",  "mksh", "busybox" };

	for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++)
		if (!strcmp(base_of(arg0), shells[i]))
			return true;
	return false;
}

/* What a shell with -c runs; NULL: it runs something else. */
static const char *script_of(const struct argv *a)
{
	if (!a->v[0] || !is_shell(a->v[0]))
		return NULL;
	for (size_t i = 1; i + 1 < a->count; i++)
		if (a->v[i] && a->v[i][0] == '-' && a->v[i][1] != '-' && strchr(a->v[i], 'c'))
			return a->v[i + 1];
	return NULL;
}

/* "exec" where a command may stand; then what is executed. */
static const char *exec_in(const char *script)
{
	bool start = true;

	for (const char *s = script; *s; s++) {
		if (start && !strncmp(s, "exec", 4) && (s[4] == ' ' || s[4] == '\t')) {
			s += 4;
			while (*s == ' ' || *s == '\t')
				s++;
			return s;
		}
		start = strchr(";&|\n({", *s) || (start && (*s == ' ' || *s == '\t'));
	}
	return NULL;
}

static void say(struct facts *f, struct place at, enum tri reaps, enum tri term, const char *text)
{
	fact_set(f, FACT_INIT_REAPS, reaps, at, text);
	fact_set(f, FACT_INIT_TERM, term, at, text);
}

static void by_program(struct facts *f, const struct k8s_pod *p, const char *arg0, struct place at)
{
	bool init = init_is_known(arg0);
	const char *name = base_of(arg0);

	fact_set(f, FACT_INIT_REAPS, init ? TRI_YES : TRI_NO, at, name);
	fact_set(f, FACT_INIT_TERM, init ? TRI_YES : TRI_UNKNOWN, at,
		 arena_printf(p->a->arena, "whether %s handles SIGTERM is not known", name));
}

static void by_command(struct facts *f, const struct k8s_pod *p, const struct argv *a,
		       struct place at)
{
	const char *script = script_of(a), *run = script ? exec_in(script) : NULL;

	if (run)
		by_program(f, p, arena_strndup(p->a->arena, run, strcspn(run, " \t\n;&|")), at);
	else if (script)
		say(f, at, TRI_NO, TRI_NO,
		    arena_printf(p->a->arena, "%s -c without exec", base_of(a->v[0])));
	else
		by_program(f, p, a->v[0], at);
}

void k8s_init_facts(struct facts *f, const struct k8s_pod *p, const struct k8s_container_ref *c)
{
	const struct json *command = k8s_get(c->node, "command");
	const struct json *first = command && command->type == JSON_ARRAY ? command->child : NULL;
	struct place at = command ? place_of_key(p->src, command) : place_of(p->src, c->node);
	struct str text = { .arena = p->a->arena };
	struct argv a = { 0 };

	if (first) {
		add_args(&a, &text, command);
		add_args(&a, &text, k8s_get(c->node, "args"));
		f->command = text.s;
	}
	switch (f->ns_of[NST_PID].mode) {
	case NSM_HOST: say(f, at, TRI_YES, TRI_YES, "PID 1 is the host's"); return;
	case NSM_POD: say(f, at, TRI_YES, TRI_YES, "PID 1 is the pod's sandbox"); return;
	case NSM_CONTAINER: say(f, at, TRI_YES, TRI_YES, "PID 1 is another container's"); return;
	case NSM_UNKNOWN:
	case NSM_OWN:
	case NSM_PATH: break;
	}
	if (!first)
		say(f, at, TRI_UNKNOWN, TRI_UNKNOWN, "no command is set: the image decides");
	else if (!a.v[0])
		say(f, at, TRI_UNKNOWN, TRI_UNKNOWN, "the command is no string");
	else
		by_command(f, p, &a, at);
}
