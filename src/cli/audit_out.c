/* SPDX-License-Identifier: Apache-2.0 */
/* The small grammars of `atoll audit`'s options, and how a report gets to its file. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/num.h"
#include "cli/audit.h"

enum { ENV_MAX = 4096, PSS_MINOR_MAX = 999, FORMAT_NONE = REPORT_FORMATS };

const char *const audit_formats[] = {
	[REPORT_TEXT] = "text",   [REPORT_JSON] = "json", [REPORT_SARIF] = "sarif",
	[REPORT_JUNIT] = "junit", [REPORT_HTML] = "html", [REPORT_MARKDOWN] = "markdown",
	[REPORT_FORMATS] = NULL,
};

static const char *after(const char *word, const char *option)
{
	size_t n = strlen(option);

	return strncmp(word, option, n) == 0 && word[n] == '=' ? word + n + 1 : NULL;
}

static enum report_format format_of_name(const char *file)
{
	static const struct {
		const char *ending;
		enum report_format format;
	} endings[] = {
		{ ".json", REPORT_JSON },        { ".sarif", REPORT_SARIF },
		{ ".sarif.json", REPORT_SARIF }, { ".xml", REPORT_JUNIT },
		{ ".html", REPORT_HTML },        { ".htm", REPORT_HTML },
		{ ".md", REPORT_MARKDOWN },      { ".markdown", REPORT_MARKDOWN },
	};
	enum report_format found = REPORT_TEXT;
	size_t len = strlen(file), longest = 0;

	for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
		size_t n = strlen(endings[i].ending);

		if (len > n && n > longest && strcmp(file + len - n, endings[i].ending) == 0) {
			found = endings[i].format;
			longest = n;
		}
	}
	return found;
}

/* "-" is standard output. */
static const char *file_of(const char *word)
{
	return strcmp(word, "-") == 0 ? NULL : word;
}

static int check_outputs(const struct audit_outputs *all, struct err *e)
{
	for (size_t i = 0; i < all->count; i++) {
		const char *a = all->items[i].file;

		for (size_t k = 0; k < i; k++) {
			const char *b = all->items[k].file;

			if (!a && !b)
				return err_set(e, EINVAL,
					       "two reports for standard output (%s and %s): give "
					       "one of them an --output FILE",
					       audit_formats[all->items[k].format],
					       audit_formats[all->items[i].format]);
			if (a && b && strcmp(a, b) == 0)
				return err_set(e, EINVAL, "two reports for the file %s", a);
		}
	}
	return 0;
}

int audit_outputs_plan(const struct opt_list *words, struct arena *a, struct audit_outputs *ret,
		       struct err *e)
{
	struct audit_outputs all = { 0 };
	bool open = false, pending = false; /* the last one waits for a file, or for a format */
	int r;

	for (size_t i = 0; i < words->count; i++) {
		const char *format = after(words->items[i], "format"),
			   *file = after(words->items[i], "output");
		struct audit_output *last = all.count ? &all.items[all.count - 1] : NULL;
		enum report_format f = REPORT_TEXT;

		while (format && strcmp(audit_formats[f], format) != 0)
			f++;
		if (format && pending) {
			last->format = f;
			pending = false;
			continue;
		}
		if (!format && open) {
			last->file = file_of(file);
			open = false;
			continue;
		}
		last = arena_push(a, &all.items, &all.count, &all.cap, sizeof(*all.items));
		last->format = format ? f : format_of_name(file);
		last->file = format ? NULL : file_of(file);
		open = format;
		pending = !format;
	}
	if (all.count == 0)
		*(struct audit_output *)arena_push(a, &all.items, &all.count, &all.cap,
						   sizeof(*all.items)) =
			(struct audit_output){ REPORT_TEXT, NULL };
	r = check_outputs(&all, e);
	if (r == 0)
		*ret = all;
	return r;
}

static int write_in_place(const char *file, const char *text, size_t len)
{
	autoclose int fd = open(file, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	int r = fd < 0 ? -errno : io_write_all(fd, text, len);

	if (r == 0 && close(take_fd(fd)) < 0)
		r = -errno;
	return r;
}

int audit_output_write(const char *file, const char *text, size_t len, struct err *e)
{
	autofree char *real = NULL;
	struct stat st;
	int r;

	if (stat(file, &st) == 0 && !S_ISREG(st.st_mode)) {
		r = S_ISDIR(st.st_mode) ? -EISDIR : write_in_place(file, text, len);
	} else {
		/* Through a symbolic link to what it names. */
		real = realpath(file, NULL);
		r = io_replace_at(AT_FDCWD, real ? real : file, text, len, 0666);
	}
	return r < 0 ? err_set(e, -r, "write %s: %m", file) : 0;
}

/* ---- Compose's variables ------------------------------------------------------------------- */

struct env {
	struct arena *arena;
	const char **items;
	size_t count, cap;
};

static int env_add(struct env *env, const char *pair, struct err *e)
{
	size_t n = strcspn(pair, "=") + 1;

	for (size_t i = 0; i < env->count; i++) {
		if (strncmp(env->items[i], pair, n) == 0) {
			env->items[i] = pair;
			return 0;
		}
	}
	if (env->count == ENV_MAX)
		return err_set(e, E2BIG, "more than %d variables", ENV_MAX);
	*(const char **)arena_push(env->arena, &env->items, &env->count, &env->cap,
				   sizeof(*env->items)) = pair;
	return 0;
}

static bool is_name(const char *s, size_t len)
{
	static const char chars[] =
		"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_.-";

	return len > 0 && strspn(s, chars) >= len;
}

/* One line of an env file: [export] NAME=VALUE, with quotes around VALUE taken off; "# ..." */
static int env_line(struct env *env, const char *file, size_t number, char *line, struct err *e)
{
	char *value, *end;
	size_t len;

	line += strspn(line, " \t");
	if (!*line || *line == '#')
		return 0;
	if (strncmp(line, "export ", 7) == 0)
		line += 7 + strspn(line + 7, " \t");
	value = strchr(line, '=');
	len = value ? (size_t)(value - line) : 0;
	if (!value || !is_name(line, len))
		return err_set(e, EINVAL, "%s:%zu: NAME=VALUE is expected", file, number);
	value++;
	end = value + strlen(value);
	while (end > value && strchr(" \t\r", end[-1]))
		*--end = '\0';
	if ((*value == '"' || *value == '\'') && end - value >= 2 && end[-1] == *value) {
		*--end = '\0';
		value++;
	} else {
		for (char *c = value; *c; c++)
			if (*c == '#' && c > value && strchr(" \t", c[-1])) {
				while (c > value && strchr(" \t", c[-1]))
					c--;
				*c = '\0';
				break;
			}
	}
	return env_add(env, arena_printf(env->arena, "%.*s=%s", (int)len, line, value), e);
}

static int env_file(struct env *env, const char *file, struct err *e)
{
	char *text, *line;
	size_t len, number = 0;
	int r = io_read_at(AT_FDCWD, file, IO_FILE_MAX, env->arena, &text, &len);

	if (r < 0)
		return err_set(e, -r, "read %s: %m", file);
	if (memchr(text, '\0', len))
		return err_set(e, EINVAL, "%s: a NUL byte is in it", file);
	while (r == 0 && (line = strsep(&text, "\n")))
		r = env_line(env, file, ++number, line, e);
	return r;
}

static int env_word(struct env *env, const char *word, struct err *e)
{
	size_t len = strcspn(word, "=");
	const char *value;

	if (!is_name(word, len))
		return err_set(e, EINVAL, "option --env: '%.64s' is not NAME=VALUE", word);
	if (word[len])
		return env_add(env, word, e);
	value = getenv(word);
	return value ? env_add(env, arena_printf(env->arena, "%s=%s", word, value), e) : 0;
}

int audit_env(const struct opt_list *files, const struct opt_list *words, struct arena *a,
	      const char *const **ret, struct err *e)
{
	struct env env = { .arena = a };
	int r = 0;

	for (size_t i = 0; r == 0 && i < files->count; i++)
		r = env_file(&env, files->items[i], e);
	for (size_t i = 0; r == 0 && i < words->count; i++)
		r = env_word(&env, words->items[i], e);
	if (r < 0)
		return r;
	(void)arena_push(a, &env.items, &env.count, &env.cap, sizeof(*env.items)); /* NULL */
	*ret = env.items;
	return 0;
}

/* ---- Pod Security Standards ----------------------------------------------------------------- */

int audit_pss_parse(const char *text, enum pss_level *ret_level, int *ret_minor, struct err *e)
{
	static const char *const levels[] = { [PSS_PRIVILEGED] = "privileged",
					      [PSS_BASELINE] = "baseline",
					      [PSS_RESTRICTED] = "restricted" };
	size_t len = strcspn(text, ":");
	const char *version = text[len] ? text + len + 1 : "latest";
	int minor = -1, r = 0;
	size_t level = 0;

	while (level < ARRAY_LEN(levels) &&
	       (strlen(levels[level]) != len || strncmp(levels[level], text, len) != 0))
		level++;
	if (strcmp(version, "latest") != 0)
		r = strncmp(version, "v1.", 3) == 0 ? num_int(version + 3, &minor) : -EINVAL;
	if (level == ARRAY_LEN(levels) || r < 0 || minor < -1 || minor > PSS_MINOR_MAX ||
	    (minor < 0 && strcmp(version, "latest") != 0))
		return err_set(e, EINVAL,
			       "option --pss: '%.64s' is not privileged, baseline or restricted, "
			       "with :latest or :v1.N after it",
			       text);
	*ret_level = (enum pss_level)level;
	*ret_minor = minor;
	return 0;
}
