/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/atoll.h"
#include "cli/map.h"

enum { FORMAT_AUTO, FORMAT_DOT, FORMAT_SVG, FORMAT_HTML };

static const char *const formats[] = { "auto", "dot", "svg", "html", NULL };
static void (*const writers[])(FILE *out, const struct map *m) = {
	[FORMAT_DOT] = map_dot,
	[FORMAT_SVG] = map_svg,
	[FORMAT_HTML] = map_html,
};

struct args {
	struct view_args view;
	int format;
	const char *output, *title;
	bool no_processes, no_arguments, kernel_threads;
};

#define AT(member) offsetof(struct args, member)
static const struct opt opts[] = {
	{ OPT_CHOICE, 'f', "format", "FORMAT", "auto is by the name of the file, else html",
	  AT(format), .choices = formats },
	{ OPT_STR, 'o', "output", "FILE", "write to this file", AT(output), OPT_FILE },
	{ OPT_FLAG, 0, "no-processes", NULL, "the namespaces only", AT(no_processes) },
	{ OPT_FLAG, 0, "no-arguments", NULL, "programs without arguments, which may hold secrets",
	  AT(no_arguments) },
	{ OPT_FLAG, 'K', "kernel-threads", NULL, "show kernel threads too", AT(kernel_threads) },
	{ OPT_STR, 0, "title", "TEXT", "heading; default: name of the machine", AT(title) },
	VIEW_OPT_PROC(struct args),
	{ 0 },
};

static int format_of(const char *file)
{
	const char *dot = file ? strrchr(file, '.') : NULL;

	for (int i = FORMAT_DOT; dot && formats[i]; i++)
		if (strcmp(dot + 1, formats[i]) == 0)
			return i;
	return dot && strcmp(dot, ".gv") == 0 ? FORMAT_DOT : FORMAT_HTML;
}

static const char *title_of(struct arena *a, const struct args *args)
{
	const char *s = args->title;
	char host[256] = "", text[1024];

	if (!s && args->view.proc)
		s = arena_printf(a, "Processes of %s", args->view.proc);
	if (!s)
		s = gethostname(host, sizeof(host) - 1) == 0
			    ? arena_printf(a, "Processes of %s", host)
			    : "Processes";
	(void)pn_escape(text, sizeof(text), s, strlen(s));
	return arena_strdup(a, text);
}

static int run(struct cmd_call *call, struct err *e)
{
	const struct args *args = call->args;
	struct map_opts mo = { !args->no_processes, args->kernel_threads, !args->no_arguments,
			       title_of(call->arena, args) };
	int format = args->format ? args->format : format_of(args->output);
	autoview struct view view = VIEW_NULL;
	autofile FILE *file = NULL;
	FILE *out = stdout;
	struct map map;
	int r = view_open(call, &args->view, PN_ROWS | PN_F_USERNS, &view, e);

	if (r < 0)
		return r;
	view_say_limits(&view);
	if (args->output) {
		out = file = fopen(args->output, "we");
		if (!file)
			return err_set(e, errno, "write %s: %m", args->output);
	}
	map_make(&map, &view, &mo);
	writers[format](out, &map);
	/* The standard output is looked after when the program ends. */
	errno = 0;
	if (file && (fflush(file) != 0 || ferror(file)))
		return err_set(e, errno ? errno : EIO, "write %s: %m", args->output);
	return 0;
}

const struct cmd cmd_map = {
	.name = "map",
	.operands = "",
	.summary = "draw namespaces and processes: web page, SVG or Graphviz",
	.opts = opts,
	.args_size = sizeof(struct args),
	.run = run,
};
