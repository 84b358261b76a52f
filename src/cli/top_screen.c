/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/top.h"

#include <errno.h>
#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <ncurses.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <term.h>
#include <unistd.h>

#include "base/utf8.h"

enum { HEAD_LINES = 4, FOOT_LINES = 1, ESC_DELAY_MS = 25, TICKS_A_SECOND = 100 };
enum { WIDE = 100, MIDDLE = 70 };
enum { PAIR_HEAD = 1, PAIR_SELECTED, PAIR_BAD, PAIR_DIM, PAIR_GROUP };

static SCREEN *screen;
static bool utf8, color;

/* For this thread only, and for characters only: numbers and messages stay as they are. */
static void use_locale(void)
{
	locale_t l = newlocale(LC_CTYPE_MASK, "", (locale_t)0);

	if (l)
		(void)uselocale(l);
	utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

int top_screen_open(struct err *e)
{
	const char *term = getenv("TERM");
	int known;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return err_set(e, ENOTTY,
			       "top needs a terminal; use `atoll ps` or `atoll watch` without one");
	use_locale();
	/* Asked first: a newterm() that fails does not give back all that it took. */
	if (setupterm(NULL, STDOUT_FILENO, &known) == OK) {
		(void)del_curterm(cur_term);
		screen = newterm(NULL, stdout, stdin);
	}
	if (!screen)
		return err_set(e, ENOTTY, "the terminal '%.64s' is not known: set TERM",
			       term ? term : "");
	(void)set_term(screen);
	(void)set_escdelay(ESC_DELAY_MS);
	(void)cbreak();
	(void)noecho();
	(void)nonl();
	(void)keypad(stdscr, TRUE);
	(void)nodelay(stdscr, TRUE);
	(void)curs_set(0);
	color = has_colors() && !getenv("NO_COLOR") && start_color() == OK;
	if (color) {
		(void)use_default_colors();
		(void)init_pair(PAIR_HEAD, COLOR_BLACK, COLOR_GREEN);
		(void)init_pair(PAIR_SELECTED, COLOR_BLACK, COLOR_CYAN);
		(void)init_pair(PAIR_BAD, COLOR_RED, -1);
		(void)init_pair(PAIR_DIM, COLOR_BLUE, -1);
		(void)init_pair(PAIR_GROUP, COLOR_CYAN, -1);
	}
	return 0;
}

void top_screen_close(void)
{
	if (!screen)
		return;
	(void)endwin();
	delscreen(screen);
	screen = NULL;
}

size_t top_screen_page(void)
{
	return LINES > HEAD_LINES + FOOT_LINES ? (size_t)(LINES - HEAD_LINES - FOOT_LINES) : 1;
}

int top_screen_key(uint64_t timeout_ms)
{
	uint64_t end = tick_now_ms() + timeout_ms, now;
	int key = getch();

	while (key == ERR && (now = tick_now_ms()) < end) {
		struct pollfd fd = { .fd = STDIN_FILENO, .events = POLLIN };
		int n = poll(&fd, 1, (int)(end - now));

		if (n > 0 && fd.revents & (POLLHUP | POLLERR | POLLNVAL))
			return -2;
		key = getch(); /* after EINTR as well: KEY_RESIZE */
		if (key == ERR && n > 0)
			return -2; /* readable, and nothing in it: the end of the file */
	}
	return key == ERR ? -1 : key;
}

/* ---- Text ------------------------------------------------------------------------------------ */

static attr_t pair(int n, attr_t otherwise)
{
	return color ? (attr_t)COLOR_PAIR(n) : otherwise;
}

/* `s` (escaped, UTF-8) in exactly `cols` columns, or at most so many. */
static const char *fit(struct arena *a, const char *s, size_t cols, bool pad)
{
	size_t left = strlen(s), used = 0, len = 0;
	char *out = arena_alloc(a, left + cols + 1);

	while (left) {
		size_t n = utf8_len((const unsigned char *)s, left), width = 1;
		char one[5] = "?";

		if (n == 0)
			n = 1;
		else if (n == 1 || utf8)
			memcpy(one, s, n);
		if (n > 1 && utf8)
			width = out_width(one);
		if (used + width > cols)
			break;
		memcpy(out + len, one, strlen(one));
		len += strlen(one);
		used += width;
		s += n;
		left -= n;
	}
	for (; pad && used < cols; used++)
		out[len++] = ' ';
	out[len] = '\0';
	return out;
}

/* Through wide characters: what takes bytes asks the locale of the program, which stays "C". */
static void put(struct arena *a, int y, int x, const char *s)
{
	size_t n = utf8 ? mbstowcs(NULL, s, 0) : (size_t)-1;
	wchar_t *wide;

	if (n == (size_t)-1) {
		(void)mvaddstr(y, x, s);
		return;
	}
	wide = arena_alloc(a, (n + 1) * sizeof(*wide));
	(void)mbstowcs(wide, s, n + 1);
	(void)mvaddwstr(y, x, wide);
}

static void line(struct arena *a, int y, attr_t attr, const char *s)
{
	(void)attrset((int)attr);
	put(a, y, 0, fit(a, s, (size_t)COLS, true));
	(void)attrset(A_NORMAL);
}

static const char *size_text(struct arena *a, uint64_t kib)
{
	if (kib < 10000)
		return arena_printf(a, "%" PRIu64 "K", kib);
	if (kib < 10000 << 10)
		return arena_printf(a, "%" PRIu64 "M", kib >> 10);
	return arena_printf(a, "%.1fG", (double)kib / (1 << 20));
}

static const char *time_text(struct arena *a, uint64_t ticks)
{
	long hz = sysconf(_SC_CLK_TCK);
	uint64_t cs = hz > 0 ? ticks * TICKS_A_SECOND / (uint64_t)hz : 0;

	if (cs < 3600 * TICKS_A_SECOND)
		return arena_printf(a, "%" PRIu64 ":%02d.%02d", cs / 6000, (int)(cs / 100 % 60),
				    (int)(cs % 100));
	return arena_printf(a, "%" PRIu64 "h%02dm", cs / 360000, (int)(cs / 6000 % 60));
}

/* ---- Parts of the screen ------------------------------------------------------------------ */

/* On narrow terminals columns give way to the command. */
static size_t owner_width(void)
{
	return COLS >= WIDE ? 20 : COLS >= MIDDLE ? 12 : 8;
}

static void head(const struct top_screen *s, struct arena *a)
{
	const struct top_machine *m = &s->machine;
	const struct pn_snap *snap = s->tick->view.snap;
	size_t spaces = 0;

	for (size_t i = 0; i < pn_ns_count(snap); i++)
		spaces += pn_ns_at(snap, i)->type == PN_PID;
	line(a, 0, A_BOLD,
	     arena_printf(a, "atoll top  up %s  load %.2f %.2f %.2f  %zu CPUs  memory %s of %s%s",
			  view_age_text(a, m->uptime_s), m->load[0], m->load[1], m->load[2],
			  m->cpus, size_text(a, m->memory_used_kib), size_text(a, m->memory_kib),
			  s->paused ? "  PAUSED" : ""));
	line(a, 1, s->rows->zombies ? pair(PAIR_BAD, A_BOLD) : A_NORMAL,
	     arena_printf(a, "%zu processes, %zu threads, %zu PID namespaces, %zu zombies%s%s",
			  s->rows->matched, s->rows->threads, spaces, s->rows->zombies,
			  *s->conf->filter ? "  filter: " : "", s->conf->filter));
	line(a, 2, pair(PAIR_DIM, A_DIM),
	     s->message ? s->message
			: arena_printf(a, "sorted by %s%s%s", top_sort_names[s->conf->sort],
				       s->conf->invert ? ", inverted" : "",
				       s->conf->groups ? ", by container"
				       : s->conf->tree ? ", as a tree"
						       : ""));
	line(a, 3, pair(PAIR_HEAD, A_REVERSE),
	     arena_printf(a, "  OUTER   INNER%s S  CPU%%    RES%s %s COMMAND",
			  COLS >= MIDDLE ? "       USER" : "", COLS >= WIDE ? "     TIME+" : "",
			  fit(a, "CONTAINER", owner_width(), true)));
}

static void draw_row(const struct top_screen *s, struct arena *a, int y, size_t i)
{
	const struct top_row *r = &s->rows->items[i];
	attr_t attr = i == s->selected ? pair(PAIR_SELECTED, A_REVERSE)
		      : r->bad         ? pair(PAIR_BAD, A_BOLD)
		      : !r->p          ? pair(PAIR_GROUP, A_BOLD)
				       : A_NORMAL;
	const char *fold = !r->folds ? "" : r->folded ? "+ " : "- ";
	const char *user = COLS < MIDDLE ? ""
			   : r->p        ? arena_printf(a, " %10u", r->p->uid[1])
					 : fit(a, "", 11, true);
	const char *ids = r->p ? arena_printf(a, "%7d %7d", r->p->pid, r->p->inner)
			       : fit(a, "", 15, true);
	const char *time = COLS < WIDE ? "" : arena_printf(a, " %9s", time_text(a, r->ticks));
	char state[3] = "  ";

	if (r->p) {
		state[0] = r->p->state >= '!' && r->p->state <= '~' ? r->p->state : '?';
		state[1] = r->p->flags & PN_P_FALSE_ZOMBIE ? 'l' : ' ';
	}
	if (r->folds && !r->folded && r->p)
		fold = ""; /* its branches show it */
	line(a, y, attr,
	     arena_printf(a, "%s%s %s%5.1f %6s%s %s %s%s%s%s%s", ids, user, state, r->cpu,
			  size_text(a, r->rss_kib), time, fit(a, r->owner, owner_width(), true),
			  r->prefix, fold, r->command, r->note ? "  <- " : "",
			  r->note ? r->note : ""));
}

static void foot(const struct top_screen *s, struct arena *a)
{
	static const char *const keys[][2] = {
		{ "F1", "Help" }, { "F3", "Search" },    { "F4", "Filter" },
		{ "F5", "Tree" }, { "g", "Containers" }, { "F6", "Sort" },
		{ "+-", "Fold" }, { "F9", "Kill" },      { "F10", "Quit" },
	};

	if (s->prompt) {
		line(a, LINES - 1, A_BOLD, arena_printf(a, "%s%s_", s->prompt, s->input));
		return;
	}
	line(a, LINES - 1, A_NORMAL, "");
	(void)move(LINES - 1, 0);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (getcurx(stdscr) + (int)(strlen(keys[i][0]) + strlen(keys[i][1])) + 1 >= COLS)
			break;
		(void)addstr(keys[i][0]);
		(void)attrset((int)pair(PAIR_SELECTED, A_REVERSE));
		(void)addstr(keys[i][1]);
		(void)attrset(A_NORMAL);
		(void)addstr(" ");
	}
}

void top_screen_draw(struct top_screen *s)
{
	autoarena struct arena a = { 0 };
	size_t page = top_screen_page();

	if (s->selected >= s->rows->count)
		s->selected = s->rows->count ? s->rows->count - 1 : 0;
	if (s->selected < s->first)
		s->first = s->selected;
	if (s->selected >= s->first + page)
		s->first = s->selected - page + 1;
	if (s->first && s->first + page > s->rows->count)
		s->first = s->rows->count > page ? s->rows->count - page : 0;
	(void)erase();
	head(s, &a);
	for (size_t i = 0; i < page && s->first + i < s->rows->count; i++)
		draw_row(s, &a, HEAD_LINES + (int)i, s->first + i);
	foot(s, &a);
	(void)refresh();
}

/* ---- Boxes --------------------------------------------------------------------------------- */

int top_screen_menu(const char *title, const char *const *items, size_t count, size_t selected)
{
	autoarena struct arena a = { 0 };
	size_t page = LINES > 4 ? (size_t)LINES - 4 : 1, first = 0, width = 24;

	for (;;) {
		int key;

		if (selected < first)
			first = selected;
		if (selected >= first + page)
			first = selected - page + 1;
		put(&a, 1, 0, fit(&a, "", width, true));
		(void)attrset((int)pair(PAIR_HEAD, A_REVERSE));
		put(&a, 1, 0, fit(&a, title, width, true));
		for (size_t i = 0; i < page; i++) {
			(void)attrset((int)(first + i == selected ? pair(PAIR_SELECTED, A_REVERSE)
								  : A_NORMAL));
			(void)mvaddstr(
				2 + (int)i, 0,
				fit(&a, first + i < count ? items[first + i] : "", width, true));
		}
		(void)attrset(A_NORMAL);
		(void)refresh();
		key = top_screen_key(1000);
		if (key == KEY_UP && selected > 0)
			selected--;
		else if (key == KEY_DOWN && selected + 1 < count)
			selected++;
		else if (key == KEY_HOME)
			selected = 0;
		else if (key == KEY_END)
			selected = count - 1;
		else if (key == '\r' || key == '\n' || key == KEY_ENTER)
			return (int)selected;
		else if (key == 27 || key == 'q' || key == KEY_F(10) || key == KEY_RESIZE ||
			 key == -2)
			return -1;
	}
}

void top_screen_help(void)
{
	static const char *const text[] = {
		"atoll top: every process with its outer and its inner PID",
		"",
		"  Up Down PgUp PgDn Home End   move",
		"  F3 /    search               F4 \\    filter (again, and empty: off)",
		"  F5 t    tree                 g       by container, folded",
		"  + - Enter  unfold and fold   *       all of them",
		"  F6 > <  choose what to sort by       I    inverted",
		"  P M T N by CPU, memory, time, PID",
		"  K       kernel threads       Z       pause",
		"  F9 k    send a signal, through a pidfd and after a question",
		"  F10 q   quit",
		"",
		"  OUTER is the PID here, INNER the one in the process's own PID namespace.",
		"  Red: a zombie that nobody reaps, or something else that is wrong.",
		"",
		"  Any key goes back.",
	};
	autoarena struct arena a = { 0 };
	int key;

	(void)erase();
	for (int i = 0; i < (int)(sizeof(text) / sizeof(text[0])) && i < LINES; i++)
		line(&a, i, i ? A_NORMAL : A_BOLD, text[i]);
	(void)refresh();
	do
		key = top_screen_key(1000);
	while (key == -1);
}
