/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <ncurses.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/names.h"
#include "cli/atoll.h"
#include "cli/top.h"
#include "sys/syscalls.h"

struct args {
	struct view_args view;
	int64_t interval_ms;
	int sort;
	bool tree, groups, kthreads, invert;
	const char *filter;
};

static const struct args defaults = { .interval_ms = 1500, .sort = TOP_CPU };

static const char *const sorts[] = { "pid",    "inner", "user",  "state",   "cpu",
				     "memory", "time",  "owner", "command", NULL };
_Static_assert(ARRAY_LEN(sorts) == TOP_SORTS + 1, "one for each");

#define AT(member) offsetof(struct args, member)
static const struct opt opts[] = {
	{ OPT_INT, 'i', "interval", "MS", "time between two looks; default 1500", AT(interval_ms),
	  .min = 100, .max = 86400000 },
	{ OPT_CHOICE, 's', "sort", "KEY", "order", AT(sort), .choices = sorts },
	{ OPT_FLAG, 'I', "invert", NULL, "the other way round", AT(invert) },
	{ OPT_FLAG, 't', "tree", NULL, "begin with the tree", AT(tree) },
	{ OPT_FLAG, 'g', "groups", NULL, "begin with one line for each container", AT(groups) },
	{ OPT_STR, 'F', "filter", "TEXT", "only what has this in PID, container or command",
	  AT(filter) },
	{ OPT_FLAG, 'K', "kernel-threads", NULL, "show kernel threads too", AT(kthreads) },
	VIEW_OPT_PROC(struct args),
	{ 0 },
};

enum mode { MODE_LIST, MODE_FILTER, MODE_SEARCH, MODE_CONFIRM };

struct top {
	struct cmd_call *call;
	const struct args *args;
	struct top_conf conf;
	struct tick *tick;
	struct top_usage *usage;
	struct top_rows rows;
	struct top_screen screen;
	struct watch watch;
	enum mode mode;
	char input[TOP_FILTER_MAX], message[512];
	int victim, signal; /* pidfd of MODE_CONFIRM, or -1 */
	bool quit;
};

static void say(struct top *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void say(struct top *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(t->message, sizeof(t->message), fmt, ap);
	va_end(ap);
	t->screen.message = t->message;
}

static const struct top_row *selected(const struct top *t)
{
	return t->screen.selected < t->rows.count ? &t->rows.items[t->screen.selected] : NULL;
}

/* ---- What is shown --------------------------------------------------------------------------- */

static void ignore(void *ctx, const struct watch_event *ev)
{
	(void)ctx;
	(void)ev;
}

/* The rows anew, with the same one selected. */
static void arrange(struct top *t)
{
	const struct top_row *was = selected(t);
	uint64_t key = was ? was->key : 0;
	struct view_filter targets = { .kthreads = true };
	struct err e = { 0 };

	/* What was named may have ended: then nothing of it is left to be shown. */
	if (view_filter_init(&t->tick->view, &targets, t->call->operand, t->call->count, &e) < 0) {
		say(t, "%.400s", e.msg);
		t->rows.count = 0;
	} else {
		top_rows_make(&t->rows, t->tick, t->usage, &t->conf, &targets, &t->watch);
	}
	for (size_t i = 0; was && i < t->rows.count; i++)
		if (t->rows.items[i].key == key) {
			t->screen.selected = i;
			break;
		}
	t->screen.tick = t->tick;
	t->screen.rows = &t->rows;
	t->screen.conf = &t->conf;
}

static int look(struct top *t, struct err *e)
{
	uint32_t fields = PN_F_CMDLINE | PN_F_NSINFO | PN_F_OWNER | PN_F_NAMES | PN_F_REAP |
			  PN_F_START;
	struct top_usage *usage;
	struct tick *now;
	int r = tick_open(t->call, &t->args->view, fields, &now, e);

	if (r < 0)
		return r;
	usage = top_usage_read(now, t->tick, t->usage);
	watch_diff(&t->watch, NULL, now->view.snap, now->mono_ms, ignore, NULL);
	top_machine_read(&t->screen.machine);
	/* The rows that are shown belong to the old one: first the new rows, then it goes. */
	{
		struct tick *old = t->tick;

		t->tick = now;
		t->usage = usage;
		arrange(t);
		tick_close(old);
	}
	return 0;
}

/* ---- Signals --------------------------------------------------------------------------------- */

enum { SIGNALS_MAX = 31 };

/* A pidfd of the selected row's process is taken at once: what is asked and what is killed are
 * the same process, whatever number is used anew in between. */
static void ask_signal(struct top *t)
{
	const struct top_row *row = selected(t);
	const char *names[SIGNALS_MAX + 1];
	int n, fd = -1, r;

	if (!row || !row->p) {
		say(t, "Choose a process: this line is a container");
		return;
	}
	if (t->args->view.proc) {
		say(t, "These processes are of another /proc: no signal can be sent");
		return;
	}
	r = pn_open_proc(t->tick->view.snap, row->p, &fd, NULL);
	if (r < 0) {
		say(t, "%d: %s", row->p->pid, r == -ESRCH ? "it has ended" : strerrordesc_np(-r));
		return;
	}
	for (int i = 1; i <= SIGNALS_MAX; i++)
		names[i - 1] = signal_name(i) ? signal_name(i) : "-";
	n = top_screen_menu("Send signal:", names, SIGNALS_MAX, SIGTERM - 1);
	if (n < 0) {
		(void)close(fd);
		return;
	}
	t->victim = fd;
	t->signal = n + 1;
	t->mode = MODE_CONFIRM;
	say(t, "Send %s to %d (inner %d, %.60s) %.100s?%s", names[n], row->p->pid, row->p->inner,
	    row->owner, row->command,
	    row->p->flags & PN_P_INIT && row->p->level
		    ? " It is PID 1: all of its namespace ends with it."
		    : "");
}

static void confirmed(struct top *t, int key)
{
	int r;

	if (key == -1 || key == KEY_RESIZE)
		return;
	if (key == 'y' || key == 'Y') {
		r = sys_pidfd_send_signal(t->victim, t->signal);
		if (r < 0)
			say(t, "%s: %s", signal_name(t->signal), strerrordesc_np(-r));
		else
			say(t, "%s was sent", signal_name(t->signal));
	} else {
		say(t, "Nothing was sent");
	}
	(void)close(t->victim);
	t->victim = -1;
	t->mode = MODE_LIST;
}

/* ---- Keys --------------------------------------------------------------------------------------- */

static void fold(struct top *t, int key)
{
	const struct top_row *row = selected(t);
	bool fold_it;

	if (!row || !row->folds)
		return;
	fold_it = key == '-' || (key != '+' && !row->folded);
	if (row->p)
		top_set_put(&t->conf.folded, row->key, fold_it);
	else
		top_set_put(&t->conf.opened, row->key, !fold_it);
	arrange(t);
}

/* All: unfolds, or folds if nothing is folded. */
static void fold_all(struct top *t)
{
	bool any = false;

	for (size_t i = 0; i < t->rows.count; i++)
		any |= t->rows.items[i].folded;
	for (size_t i = 0; i < t->rows.count; i++) {
		const struct top_row *row = &t->rows.items[i];

		if (row->folds && row->p && !t->conf.groups)
			top_set_put(&t->conf.folded, row->key, !any);
		else if (row->folds)
			top_set_put(&t->conf.opened, row->key, any);
	}
	arrange(t);
}

static void sort_by(struct top *t, enum top_sort s)
{
	t->conf.sort = s;
	t->screen.message = NULL;
	arrange(t);
}

static void search(struct top *t)
{
	for (size_t n = 1; *t->input && n <= t->rows.count; n++) {
		size_t i = (t->screen.selected + n - 1) % t->rows.count;
		const struct top_row *row = &t->rows.items[i];
		char pid[16] = "";

		if (row->p)
			(void)snprintf(pid, sizeof(pid), "%d", row->p->pid);
		if (strcasestr(row->command, t->input) || strcasestr(row->owner, t->input) ||
		    strcmp(pid, t->input) == 0) {
			t->screen.selected = i;
			return;
		}
	}
}

static void begin_input(struct top *t, enum mode mode)
{
	t->mode = mode;
	(void)snprintf(t->input, sizeof(t->input), "%s", mode == MODE_FILTER ? t->conf.filter : "");
	t->screen.input = t->input;
	t->screen.prompt = mode == MODE_FILTER ? "Filter: " : "Search: ";
}

static void typed(struct top *t, int key)
{
	size_t len = strlen(t->input);

	if (key == -1 || key == KEY_RESIZE)
		return;
	if (key == KEY_F(3) && t->mode == MODE_SEARCH && t->rows.count) {
		t->screen.selected = (t->screen.selected + 1) % t->rows.count;
	} else if (key == KEY_BACKSPACE || key == 127 || key == '\b') {
		if (len)
			t->input[len - 1] = '\0';
	} else if (key >= ' ' && key <= '~') {
		if (len + 1 < sizeof(t->input)) {
			t->input[len] = (char)key;
			t->input[len + 1] = '\0';
		}
	} else {
		if (key == 27)
			t->input[0] = '\0';
		if (t->mode == MODE_FILTER && key == 27)
			t->conf.filter[0] = '\0';
		t->screen.prompt = NULL;
	}
	if (t->mode == MODE_FILTER) {
		memcpy(t->conf.filter, t->input, sizeof(t->input));
		arrange(t);
	} else {
		search(t);
	}
	if (!t->screen.prompt)
		t->mode = MODE_LIST;
}

/* Moves; false: the key is no such key. */
static bool moved(struct top *t, int key)
{
	size_t page = top_screen_page(), at = t->screen.selected;
	size_t last = t->rows.count ? t->rows.count - 1 : 0;

	switch (key) {
	case KEY_UP: at = at ? at - 1 : 0; break;
	case KEY_DOWN: at = at < last ? at + 1 : last; break;
	case KEY_PPAGE: at = at > page ? at - page : 0; break;
	case KEY_NPAGE: at = at + page < last ? at + page : last; break;
	case KEY_HOME: at = 0; break;
	case KEY_END: at = last; break;
	default: return false;
	}
	t->screen.selected = at;
	return true;
}

static void toggle(struct top *t, bool *what)
{
	*what = !*what;
	t->screen.message = NULL;
	if (what == &t->conf.tree && t->conf.tree)
		t->conf.groups = false;
	if (what == &t->conf.groups && t->conf.groups)
		t->conf.tree = false;
	arrange(t);
}

static void sort_menu(struct top *t)
{
	int n = top_screen_menu("Sort by:", top_sort_names, TOP_SORTS, t->conf.sort);

	if (n >= 0)
		sort_by(t, (enum top_sort)n);
}

static void pressed(struct top *t, int key)
{
	if (moved(t, key))
		return;
	switch (key) {
	case 'q':
	case KEY_F(10): t->quit = true; break;
	case 'h':
	case '?':
	case KEY_F(1): top_screen_help(); break;
	case '/':
	case KEY_F(3): begin_input(t, MODE_SEARCH); break;
	case '\\':
	case KEY_F(4): begin_input(t, MODE_FILTER); break;
	case 't':
	case KEY_F(5): toggle(t, &t->conf.tree); break;
	case 'g': toggle(t, &t->conf.groups); break;
	case 'I': toggle(t, &t->conf.invert); break;
	case 'K': toggle(t, &t->conf.kthreads); break;
	case 'Z': t->screen.paused = !t->screen.paused; break;
	case '>':
	case '<':
	case '.':
	case ',':
	case KEY_F(6): sort_menu(t); break;
	case 'P': sort_by(t, TOP_CPU); break;
	case 'M': sort_by(t, TOP_MEMORY); break;
	case 'T': sort_by(t, TOP_TIME); break;
	case 'N': sort_by(t, TOP_OUTER); break;
	case '+':
	case '-':
	case '=':
	case '\r':
	case '\n':
	case KEY_ENTER: fold(t, key); break;
	case '*': fold_all(t); break;
	case 'k':
	case KEY_F(9): ask_signal(t); break;
	default: break;
	}
}

static int loop(struct top *t, struct err *e)
{
	uint64_t next = 0;
	int r = 0;

	while (r == 0 && !t->quit) {
		uint64_t now = tick_now_ms();
		int key;

		if (now >= next && (!t->screen.paused || !t->tick)) {
			r = look(t, e);
			next = tick_now_ms() + (uint64_t)t->args->interval_ms;
			if (r < 0)
				break;
			now = tick_now_ms();
		}
		t->screen.prompt = t->mode == MODE_CONFIRM ? "y: yes, any other key: no "
				   : t->mode == MODE_LIST  ? NULL
							   : t->screen.prompt;
		if (t->mode == MODE_CONFIRM)
			t->screen.input = "";
		top_screen_draw(&t->screen);
		key = top_screen_key(next > now ? next - now : 100);
		if (key == -2)
			t->quit = true;
		else if (t->mode == MODE_CONFIRM)
			confirmed(t, key);
		else if (t->mode != MODE_LIST)
			typed(t, key);
		else if (key != -1)
			pressed(t, key);
	}
	return r;
}

static int run(struct cmd_call *call, struct err *e)
{
	const struct args *args = call->args;
	struct top t = { .call = call,
			 .args = args,
			 .victim = -1,
			 .conf = { .sort = (enum top_sort)args->sort,
				   .invert = args->invert,
				   .tree = args->tree,
				   .groups = args->groups,
				   .kthreads = args->kthreads } };
	int r;

	if (args->filter)
		(void)snprintf(t.conf.filter, sizeof(t.conf.filter), "%s", args->filter);
	for (char *p = t.conf.filter; *p; p++)
		if (*p < ' ' || *p > '~')
			return cmd_usage(call,
					 err_set(e, EINVAL,
						 "a filter consists of printable ASCII characters"),
					 e);
	r = top_screen_open(e);
	if (r < 0)
		return r;
	r = loop(&t, e);
	top_screen_close();
	if (t.victim >= 0)
		(void)close(t.victim);
	tick_close(t.tick);
	watch_free(&t.watch);
	free(t.conf.folded.keys);
	free(t.conf.opened.keys);
	return r;
}

const struct cmd cmd_top = {
	.name = "top",
	.operands = "[CONTAINER|PID|NAMESPACE]...",
	.summary = "watch processes live, with both PIDs",
	.opts = opts,
	.max = -1,
	.args_size = sizeof(struct args),
	.defaults = &defaults,
	.run = run,
};
