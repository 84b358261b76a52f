/* SPDX-License-Identifier: Apache-2.0 */
/* state, list: what containers there are. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/io.h"
#include "base/jsonw.h"
#include "base/num.h"
#include "cli/oci.h"

enum { FORMAT_TABLE, FORMAT_JSON };
static const char *const formats[] = { [FORMAT_TABLE] = "table", [FORMAT_JSON] = "json", NULL };

struct args {
	int format;
	bool quiet;
};

static const struct opt list_opts[] = {
	{ OPT_CHOICE, 'f', "format", "FORMAT", "how to print", offsetof(struct args, format),
	  .choices = formats },
	{ OPT_FLAG, 'q', "quiet", NULL, "only the ids", offsetof(struct args, quiet) },
	{ 0 },
};

static int state(struct cmd_call *call, struct err *e)
{
	autocontainer struct container c = CONTAINER_NULL;
	autolc struct lc lc = LC_INIT(NULL, NULL);
	struct jsonw w;
	int r = oci_lc(call, &lc, e);

	if (r == 0)
		r = lc_get(&lc, call->operand[0], &c, e);
	if (r < 0)
		return r;
	jsonw_init(&w, call->arena, 2);
	state_oci_json(&c.state, c.status, "", &w);
	jsonw_nl(&w);
	(void)fwrite(w.buf, 1, w.len, stdout);
	return 0;
}

/* The user's name by /etc/passwd; "#1000" without one. No name service: it would
 * have to be loaded, and there is none in a static program. */
static const char *user_name(struct arena *a, uint32_t uid)
{
	char *text, *line;
	size_t len;

	if (uid == 0)
		return "root";
	if (io_read_at(AT_FDCWD, "/etc/passwd", IO_FILE_MAX, a, &text, &len) < 0)
		return arena_printf(a, "#%u", uid);
	for (line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		size_t name = strcspn(line, ":\n");
		const char *id = line + name;
		size_t digits;
		uint64_t v;

		if (*id++ != ':')
			continue;
		id += strcspn(id, ":\n");
		if (*id++ != ':')
			continue;
		digits = strcspn(id, ":\n");
		if (num_u64(id, digits, &v) == 0 && v == uid)
			return arena_strndup(a, line, name);
	}
	return arena_printf(a, "#%u", uid);
}

enum { COLUMNS = 6, COLUMN_MIN = 12, COLUMN_GAP = 3 };

static void print_table(struct arena *a, const struct container_list *list)
{
	const char *(*row)[COLUMNS] = arena_alloc(a, (list->count + 1) * sizeof(*row));
	int width[COLUMNS];

	memcpy(row[0], ((const char *[]){ "ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER" }),
	       sizeof(row[0]));
	for (size_t i = 0; i < list->count; i++) {
		const struct container *c = &list->items[i];

		row[i + 1][0] = c->state.id;
		row[i + 1][1] = arena_printf(a, "%d",
					     c->status == STATUS_STOPPED ? 0 : c->state.pid);
		row[i + 1][2] = state_status_name[c->status];
		row[i + 1][3] = c->state.bundle;
		row[i + 1][4] = c->state.created;
		row[i + 1][5] = user_name(a, c->state.owner);
	}
	for (size_t col = 0; col < COLUMNS; col++) {
		width[col] = COLUMN_MIN;
		for (size_t i = 0; i <= list->count; i++)
			if ((int)strlen(row[i][col]) + COLUMN_GAP > width[col])
				width[col] = (int)strlen(row[i][col]) + COLUMN_GAP;
	}
	for (size_t i = 0; i <= list->count; i++) {
		for (size_t col = 0; col + 1 < COLUMNS; col++)
			printf("%-*s", width[col], row[i][col]);
		printf("%s\n", row[i][COLUMNS - 1]);
	}
}

static void print_json(struct arena *a, const struct container_list *list)
{
	struct jsonw w;

	jsonw_init(&w, a, 0);
	jsonw_arr(&w);
	for (size_t i = 0; i < list->count; i++) {
		const struct container *c = &list->items[i];

		state_oci_json(&c->state, c->status, user_name(a, c->state.owner), &w);
	}
	jsonw_arr_end(&w);
	jsonw_nl(&w);
	(void)fwrite(w.buf, 1, w.len, stdout);
}

static int list(struct cmd_call *call, struct err *e)
{
	const struct args *a = call->args;
	autolc struct lc lc = LC_INIT(NULL, NULL);
	struct container_list all;
	int r = oci_lc(call, &lc, e);

	if (r == 0)
		r = lc_list(&lc, &all, e);
	if (r < 0)
		return r;
	if (a->quiet)
		for (size_t i = 0; i < all.count; i++)
			puts(all.items[i].state.id);
	else if (a->format == FORMAT_JSON)
		print_json(call->arena, &all);
	else
		print_table(call->arena, &all);
	return 0;
}

const struct cmd oci_cmd_state = {
	.name = "state",
	.operands = "ID",
	.summary = "print the state of a container as JSON",
	.min = 1,
	.max = 1,
	.operand = OPERAND_ID,
	.run = state,
};

const struct cmd oci_cmd_list = {
	.name = "list",
	.operands = "",
	.summary = "list the containers",
	.opts = list_opts,
	.args_size = sizeof(struct args),
	.run = list,
};
