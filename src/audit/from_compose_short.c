/* SPDX-License-Identifier: Apache-2.0 */
/* The short syntaxes, as compose-go's format and types packages split them, and paths. */
#include <ctype.h>
#include <string.h>

#include "audit/from_compose.h"
#include "base/cleanup.h"

/* ---- volumes: [SOURCE:]TARGET[:OPTIONS] -------------------------------------------------- */

static bool windows_drive(const char *s, const char *colon)
{
	return colon == s + 1 && isalpha((unsigned char)*s);
}

/* The colon that ends the section at s; that of a drive does not. */
static const char *section(const char *s)
{
	const char *colon = strchr(s, ':');

	if (colon && windows_drive(s, colon))
		colon = strchr(colon + 1, ':');
	return colon;
}

/* What compose takes for a path of the host and not for the name of a volume. */
static bool is_path(const char *s)
{
	return strchr("./~", *s) || !strncmp(s, "\\\\", 2) ||
	       (isalpha((unsigned char)s[0]) && s[1] == ':');
}

static void volume_option(struct cvolume *v, const char *s, size_t len)
{
	static const char *const propagations[] = { "rprivate", "private", "rshared",
						    "shared",   "rslave",  "slave" };

	if (len == 2 && (!memcmp(s, "ro", 2) || !memcmp(s, "rw", 2)))
		v->readonly = s[1] == 'o';
	for (size_t i = 0; i < ARRAY_LEN(propagations); i++)
		if (strlen(propagations[i]) == len && !memcmp(s, propagations[i], len))
			v->propagation = propagations[i];
}

void short_volume(struct arena *a, const char *text, struct cvolume *ret)
{
	const char *colon = section(text), *options;

	*ret = (struct cvolume){ .type = "volume", .target = text };
	if (!colon || strlen(text) < 3)
		return;
	ret->source = arena_strndup(a, text, (size_t)(colon - text));
	ret->type = *ret->source && is_path(ret->source) ? "bind" : "volume";
	ret->target = colon + 1;
	colon = section(ret->target);
	if (!colon)
		return;
	ret->target = arena_strndup(a, ret->target, (size_t)(colon - ret->target));
	for (options = colon + 1; *options;) {
		size_t len = strcspn(options, ",:");

		volume_option(ret, options, len);
		options += len + (options[len] != '\0');
	}
}

/* ---- ports: [[IP:]PUBLISHED:]TARGET[/PROTOCOL] ------------------------------------------- */

void short_port(struct arena *a, const char *text, struct cport *ret)
{
	const char *slash = strrchr(text, '/'), *colon;
	char *rest = arena_strndup(a, text, slash ? (size_t)(slash - text) : strlen(text));
	char *last = strrchr(rest, ':'), *middle;

	*ret = (struct cport){ .protocol = slash ? slash + 1 : NULL, .target = rest };
	if (!last)
		return;
	*last = '\0';
	ret->target = last + 1;
	middle = strrchr(rest, ':');
	colon = strrchr(rest, ']');
	if (middle && !(colon && colon > middle)) {
		*middle = '\0';
		ret->published = middle + 1;
		if (*rest == '[' && middle[-1] == ']') {
			middle[-1] = '\0';
			rest++;
		}
		ret->ip = rest;
	} else {
		ret->published = rest;
	}
	if (!*ret->published)
		ret->published = NULL;
}

/* ---- devices: SOURCE[:TARGET[:ACCESS]] --------------------------------------------------- */

void short_device(struct arena *a, const char *text, struct cdevice *ret)
{
	char *copy = arena_strdup(a, text), *colon = strchr(copy, ':');

	*ret = (struct cdevice){ copy, copy, "rwm" };
	if (!colon)
		return;
	*colon = '\0';
	ret->target = colon + 1;
	colon = strchr(colon + 1, ':');
	if (colon) {
		*colon = '\0';
		ret->access = colon + 1;
	}
	if (!*ret->target)
		ret->target = copy;
}

/* ---- Command lines ------------------------------------------------------------------------ */

/* One word from *s on, written to `out`; what is in quotes belongs to it. Returns its length. */
static size_t one_word(const char **s, char *out)
{
	const char *p = *s;
	char quote = '\0';
	size_t n = 0;

	for (; *p && (quote || !isspace((unsigned char)*p)); p++) {
		if (quote ? *p == quote : (*p == '\'' || *p == '"'))
			quote = quote ? '\0' : *p;
		else if (*p == '\\' && quote != '\'' && p[1])
			out[n++] = *++p;
		else
			out[n++] = *p;
	}
	*s = p;
	return n;
}

const char *const *short_words(struct arena *a, const char *text)
{
	char *out = arena_alloc(a,
				strlen(text) + 1); /* a NUL stands where a blank or the end was */
	const char **words = NULL;
	size_t count = 0, cap = 0;

	for (;;) {
		while (isspace((unsigned char)*text))
			text++;
		if (!*text)
			break;
		*(const char **)arena_push(a, &words, &count, &cap, sizeof(*words)) = out;
		out += one_word(&text, out) + 1;
	}
	arena_push(a, &words, &count, &cap, sizeof(*words)); /* the NULL */
	return words;
}

/* ---- Paths -------------------------------------------------------------------------------- */

char *path_clean(struct arena *a, const char *path)
{
	bool root = *path == '/';
	char *ret = arena_alloc(a, strlen(path) + 3), *end = ret + root, *keep = end;
	size_t len;

	if (root)
		*ret = '/';
	for (; *path; path += len) { /* `keep`: behind the last ".." that stays */
		path += strspn(path, "/");
		len = strcspn(path, "/");
		if (len == 0 || (len == 1 && *path == '.'))
			continue;
		if (len == 2 && path[0] == '.' && path[1] == '.' && (end > keep || root)) {
			while (end > keep && *--end != '/')
				;
			continue;
		}
		if (end > ret + root)
			*end++ = '/';
		memcpy(end, path, len);
		end += len;
		if (len == 2 && path[0] == '.' && path[1] == '.')
			keep = end;
	}
	*end = '\0';
	if (!*ret)
		memcpy(ret, ".", 2);
	return ret;
}

char *path_join(struct arena *a, const char *dir, const char *path)
{
	if (*path == '/' || !strcmp(dir, "."))
		return path_clean(a, path);
	return path_clean(a, arena_printf(a, "%s/%s", dir, path));
}

char *path_dir(struct arena *a, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return arena_strdup(a, ".");
	return arena_strndup(a, path, slash == path ? 1 : (size_t)(slash - path));
}
