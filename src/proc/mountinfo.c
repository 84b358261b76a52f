/* SPDX-License-Identifier: Apache-2.0 */
#include "proc/mountinfo.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/num.h"

struct cursor {
	const char *at, *end;
};

/* The next field of the line, ended by a blank or the end. NULL if there is none. */
static const char *field(struct cursor *c, size_t *ret_len)
{
	const char *start = c->at, *stop;

	if (start >= c->end)
		return NULL;
	stop = memchr(start, ' ', (size_t)(c->end - start));
	if (!stop)
		stop = c->end;
	c->at = stop < c->end ? stop + 1 : c->end;
	*ret_len = (size_t)(stop - start);
	return *ret_len > 0 ? start : NULL;
}

static bool is_octal(char ch)
{
	return ch >= '0' && ch <= '7';
}

static const char *unescape(const char *s, size_t len, struct arena *a)
{
	char *out = arena_alloc(a, len + 1);
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (s[i] == '\\' && len - i > 3 && s[i + 1] <= '3' && is_octal(s[i + 1]) &&
		    is_octal(s[i + 2]) && is_octal(s[i + 3])) {
			out[n++] = (char)((s[i + 1] - '0') << 6 | (s[i + 2] - '0') << 3 |
					  (s[i + 3] - '0'));
			i += 3;
		} else {
			out[n++] = s[i];
		}
	}
	out[n] = '\0';
	return out;
}

static int field_text(struct cursor *c, struct arena *a, const char **ret)
{
	size_t len;
	const char *s = field(c, &len);

	if (!s)
		return -EINVAL;
	*ret = unescape(s, len, a);
	return 0;
}

static int number(const char *s, size_t len, int *ret)
{
	uint64_t v;

	if (num_u64(s, len, &v) < 0 || v > INT_MAX)
		return -EINVAL;
	*ret = (int)v;
	return 0;
}

static int field_number(struct cursor *c, int *ret)
{
	size_t len;
	const char *s = field(c, &len);

	return s ? number(s, len, ret) : -EINVAL;
}

static int field_device(struct cursor *c, struct proc_mount *m)
{
	uint64_t major, minor;
	const char *colon;
	size_t len;
	const char *s = field(c, &len);

	colon = s ? memchr(s, ':', len) : NULL;
	if (!colon || num_u64(s, (size_t)(colon - s), &major) < 0 ||
	    num_u64(colon + 1, len - (size_t)(colon - s) - 1, &minor) < 0 || major > UINT32_MAX ||
	    minor > UINT32_MAX)
		return -EINVAL;
	m->major = (uint32_t)major;
	m->minor = (uint32_t)minor;
	return 0;
}

/* The optional fields, up to and including the lone "-". Unknown ones are
 * skipped, as proc_pid_mountinfo(5) asks. */
static int optional_fields(struct cursor *c, struct proc_mount *m)
{
	const struct {
		const char *tag;
		int *to;
	} groups[] = {
		{ "shared:", &m->shared },
		{ "master:", &m->master },
		{ "propagate_from:", &m->propagate_from },
	};
	const char *s;
	size_t len;

	while ((s = field(c, &len))) {
		if (len == 1 && *s == '-')
			return 0;
		if (len == strlen("unbindable") && memcmp(s, "unbindable", len) == 0)
			m->unbindable = true;
		for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
			size_t n = strlen(groups[i].tag);

			if (len > n && memcmp(s, groups[i].tag, n) == 0 &&
			    number(s + n, len - n, groups[i].to) < 0)
				return -EINVAL;
		}
	}
	return -EINVAL;
}

static int parse_line(const char *line, size_t len, struct arena *a, struct proc_mount *m)
{
	struct cursor c = { line, line + len };
	const char *s;
	size_t n;

	if (memchr(line, '\0', len))
		return -EINVAL;
	if (field_number(&c, &m->id) < 0 || field_number(&c, &m->parent) < 0 ||
	    field_device(&c, m) < 0 || field_text(&c, a, &m->root) < 0 ||
	    field_text(&c, a, &m->mount_point) < 0 || field_text(&c, a, &m->options) < 0 ||
	    optional_fields(&c, m) < 0 || field_text(&c, a, &m->fs) < 0)
		return -EINVAL;
	/* mount(2) takes an empty source, and then there are two blanks here. */
	s = field(&c, &n);
	m->source = s ? unescape(s, n, a) : "";
	s = field(&c, &n);
	m->super_options = s ? unescape(s, n, a) : "";
	return 0;
}

int proc_mountinfo_parse(const char *text, size_t len, struct arena *a, struct proc_mount **ret,
			 size_t *ret_count)
{
	struct proc_mount *items = NULL;
	size_t count = 0, cap = 0;

	for (const char *at = text, *end = text + len; at < end;) {
		const char *nl = memchr(at, '\n', (size_t)(end - at));
		size_t n = (size_t)((nl ? nl : end) - at);
		struct proc_mount *m;

		if (count >= PROC_MOUNTS_MAX)
			return -E2BIG;
		m = arena_push(a, &items, &count, &cap, sizeof(*m));
		if (parse_line(at, n, a, m) < 0)
			return -EINVAL;
		at += n + 1;
	}
	*ret = items;
	*ret_count = count;
	return 0;
}

bool proc_mount_has_option(const char *options, const char *name)
{
	size_t n = strlen(name);

	while (options && *options) {
		size_t len = strcspn(options, ",");

		if (len == n && memcmp(options, name, n) == 0)
			return true;
		options += len + (options[len] == ',');
	}
	return false;
}
