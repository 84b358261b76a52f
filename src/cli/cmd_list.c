/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/jsonw.h"
#include "cli/atoll.h"

struct args {
	bool quiet, json, no_trunc;
};

#define AT(member) offsetof(struct args, member)
static const struct opt opts[] = {
	{ OPT_FLAG, 'q', "quiet", NULL, "only the ids", AT(quiet) },
	{ OPT_FLAG, 0, "json", NULL, "as JSON", AT(json) },
	{ OPT_FLAG, 0, "no-trunc", NULL, "whole ids and commands", AT(no_trunc) },
	{ 0 },
};

enum { COMMAND_WIDTH = 30, COLUMN_GAP = 3 };

static const char *command(struct arena *a, const struct box *b, bool whole)
{
	const char *text = "";

	for (size_t i = 0; i < b->rec.command.count; i++)
		text = arena_printf(a, "%s%s%s", text, i ? " " : "", b->rec.command.items[i]);
	if (!whole && strlen(text) > COMMAND_WIDTH)
		text = arena_printf(a, "%.*s...", COMMAND_WIDTH - 3, text);
	return text;
}

static const char *col_id(struct arena *a, const struct box *b, bool whole)
{
	return whole ? b->rec.id : arena_strndup(a, b->rec.id, RECORD_SHORT_LEN);
}

static const char *col_name(struct arena *a, const struct box *b, bool whole)
{
	(void)a;
	(void)whole;
	return b->rec.name;
}

static const char *col_status(struct arena *a, const struct box *b, bool whole)
{
	(void)whole;
	return box_status_text(a, b);
}

static const char *col_pid(struct arena *a, const struct box *b, bool whole)
{
	(void)whole;
	return b->known && box_is_alive(b) ? arena_printf(a, "%d", b->c.state.pid) : "-";
}

static const char *col_created(struct arena *a, const struct box *b, bool whole)
{
	const char *s = b->rec.created ? b->rec.created : "";

	return whole ? s : arena_strndup(a, s, strcspn(s, "."));
}

static const struct {
	const char *title;
	const char *(*text)(struct arena *a, const struct box *b, bool whole);
} columns[] = {
	{ "CONTAINER ID", col_id }, { "NAME", col_name },       { "STATUS", col_status },
	{ "PID", col_pid },         { "CREATED", col_created }, { "COMMAND", command },
};

/* What a command line holds must not reach the terminal as it is. */
static const char *printable(struct arena *a, const char *s)
{
	char *copy = arena_strdup(a, s);

	for (char *p = copy; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	return copy;
}

static void table(struct arena *a, const struct box_list *list, bool whole)
{
	const char *(*cell)[ARRAY_LEN(columns)] = arena_alloc(a, (list->count + 1) * sizeof(*cell));
	size_t width[ARRAY_LEN(columns)] = { 0 };

	for (size_t i = 0; i <= list->count; i++)
		for (size_t k = 0; k < ARRAY_LEN(columns); k++) {
			cell[i][k] = i ? printable(a,
						   columns[k].text(a, &list->items[i - 1], whole))
				       : columns[k].title;
			if (strlen(cell[i][k]) > width[k])
				width[k] = strlen(cell[i][k]);
		}
	for (size_t i = 0; i <= list->count; i++)
		for (size_t k = 0; k < ARRAY_LEN(columns); k++) {
			if (k + 1 < ARRAY_LEN(columns))
				printf("%-*s", (int)width[k] + COLUMN_GAP, cell[i][k]);
			else
				printf("%s\n", cell[i][k]);
		}
}

static void json(struct arena *a, const struct box_list *list)
{
	struct jsonw w;

	jsonw_init(&w, a, 2);
	jsonw_arr(&w);
	for (size_t i = 0; i < list->count; i++) {
		const struct box *b = &list->items[i];

		jsonw_obj(&w);
		jsonw_kstr(&w, "id", b->rec.id);
		jsonw_kstr(&w, "name", b->rec.name);
		jsonw_kstr(&w, "status", box_status_name(b));
		jsonw_ki64(&w, "pid", b->known && box_is_alive(b) ? b->c.state.pid : 0);
		if (b->has_exit)
			jsonw_ki64(&w, "exitCode", b->exit_status);
		jsonw_kstr(&w, "created", b->rec.created);
		jsonw_key(&w, "command");
		jsonw_arr(&w);
		for (size_t k = 0; k < b->rec.command.count; k++)
			jsonw_str(&w, b->rec.command.items[k]);
		jsonw_arr_end(&w);
		jsonw_kstr(&w, "root", b->rec.root);
		jsonw_obj_end(&w);
	}
	jsonw_arr_end(&w);
	jsonw_nl(&w);
	(void)fwrite(w.buf, 1, w.len, stdout);
}

static int run(struct cmd_call *call, struct err *e)
{
	const struct args *args = call->args;
	autoatoll struct atoll at = ATOLL_NULL;
	struct box_list list;
	int r = atoll_open(call, false, &at, e);

	if (r == 0)
		r = box_list(&at, &list, e);
	if (r < 0)
		return r;
	if (args->json)
		json(call->arena, &list);
	else if (!args->quiet)
		table(call->arena, &list, args->no_trunc);
	for (size_t i = 0; args->quiet && !args->json && i < list.count; i++)
		puts(list.items[i].rec.id);
	return 0;
}

#define LIST(name_, flags_)                                                           \
	{                                                                             \
		.name = (name_), .operands = "",                                      \
		.summary = "show all containers, the stopped ones too", .opts = opts, \
		.flags = (flags_), .args_size = sizeof(struct args), .run = run,      \
	}

const struct cmd cmd_list = LIST("list", 0);
const struct cmd cmd_ls = LIST("ls", CMD_HIDDEN);
