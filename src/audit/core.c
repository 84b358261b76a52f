/* SPDX-License-Identifier: Apache-2.0 */
/* What readers, engine and reporters share: the lists of an audit, places, and the small words. */
#include "audit/audit.h"

#include <stdarg.h>
#include <string.h>

#define ROW(ID, TITLE)                                       \
	{                                                    \
		.id = (ID), .title = (TITLE), .blocks = true \
	}

const struct diag_row diag_rows[DIAG_COUNT] = {
	[DIAG_UNPARSABLE] = ROW("input-unparsable", "Input that cannot be parsed"),
	[DIAG_EMPTY] = ROW("input-empty", "Input with nothing in it to audit"),
	[DIAG_UNKNOWN_KIND] = ROW("input-unknown-kind", "Input of a kind that is not known"),
	[DIAG_UNKNOWN_FIELD] = ROW("input-unknown-field", "Field that its consumer does not know"),
	[DIAG_BAD_TYPE] = ROW("input-bad-type", "Value of the wrong type"),
	[DIAG_DUPLICATE_KEY] = ROW("input-duplicate-key", "Key that is given more than once"),
	[DIAG_UNRESOLVED] = ROW("input-unresolved", "Reference that could not be followed"),
	[DIAG_UNKNOWN_VALUE] = ROW("input-unknown-value", "Value that its consumer does not know"),
	[DIAG_UNREADABLE] = ROW("input-unreadable", "Input that may not be read"),
	[DIAG_SUPPRESSION] = { .id = "suppression-unused",
			       .title = "Suppression that suppresses nothing" },
	[DIAG_EXPIRED] = { .id = "exception-expired",
			   .title = "Exception of the policy that no longer holds" },
};

void audit_init(struct audit *a, struct arena *arena)
{
	*a = (struct audit){ .arena = arena, .pss_minor = -1 };
	a->sources_end = &a->sources;
	a->objects_end = &a->objects;
	a->diags_end = &a->diags;
	a->pods_end = &a->pods;
}

/* A source is in the arena and ours to keep books in, though readers have it as const. */
static struct source *books_of(const struct source *src)
{
	return (struct source *)(uintptr_t)src;
}

struct facts *audit_object(struct audit *a, enum input_kind kind, const struct source *src,
			   const struct json *node)
{
	struct place at = place_of(src, node);
	struct facts *f;

	if (a->object_count == AUDIT_OBJECTS_MAX) {
		if (!a->objects_cut)
			audit_diag(a, DIAG_UNPARSABLE, NULL, &at,
				   "more than %d objects; what follows was not looked at",
				   AUDIT_OBJECTS_MAX);
		a->objects_cut = true;
		return NULL;
	}
	f = ARENA_NEW(a->arena, struct facts);
	f->kind = kind;
	f->src = src;
	f->at = at;
	f->object = "";
	*a->objects_end = f;
	a->objects_end = &f->next;
	a->object_count++;
	if (src)
		books_of(src)->objects++;
	return f;
}

struct diag *audit_diag(struct audit *a, enum diag_id id, const struct facts *of,
			const struct place *at, const char *fmt, ...)
{
	struct diag *d = ARENA_NEW(a->arena, struct diag);
	va_list ap;

	d->id = id;
	d->blocks = diag_rows[id].blocks;
	d->of = of;
	if (at)
		d->at = *at;
	va_start(ap, fmt);
	d->message = arena_vprintf(a->arena, fmt, ap);
	va_end(ap);
	*a->diags_end = d;
	a->diags_end = &d->next;
	a->diag_count++;
	return d;
}

/* ---- Places ------------------------------------------------------------------------------- */

struct place place_of(const struct source *src, const struct json *node)
{
	return (struct place){ .src = src, .node = node };
}

struct place place_of_key(const struct source *src, const struct json *node)
{
	return (struct place){ .src = src, .node = node, .key = node && node->key };
}

static void make_lines(struct arena *a, struct source *s)
{
	const char *p, *end = s->text + s->len;
	size_t n = 1, *line;

	for (p = s->text; p < end && (p = memchr(p, '\n', (size_t)(end - p))); p++)
		n++;
	line = arena_alloc(a, n * sizeof(*line));
	n = 1;
	for (p = s->text; p < end && (p = memchr(p, '\n', (size_t)(end - p))); p++)
		line[n++] = (size_t)(p - s->text) + 1;
	s->line = line;
	s->line_count = n;
}

/* Characters begin with what is no second byte of one. */
static size_t begin_in(const char *text, size_t from, size_t to)
{
	size_t n = 0;

	for (size_t i = from; i < to; i++)
		n += ((unsigned char)text[i] & 0xc0) != 0x80;
	return n;
}

/* A whole cluster may stand in one line of JSON, and each finding in it has a column. */
enum { CHARS_BLOCK = 1024 };

static void make_chars(struct arena *a, struct source *s)
{
	uint32_t *chars = arena_alloc(a, (s->len / CHARS_BLOCK + 1) * sizeof(*chars)), n = 0;

	for (size_t i = 0; i <= s->len / CHARS_BLOCK; i++) {
		size_t from = i * CHARS_BLOCK, left = s->len - from;

		chars[i] = n;
		n += (uint32_t)begin_in(s->text, from,
					from + (left < CHARS_BLOCK ? left : CHARS_BLOCK));
	}
	s->chars = chars;
}

static size_t chars_before(const struct source *s, size_t offset)
{
	size_t block = offset / CHARS_BLOCK;

	return s->chars[block] + begin_in(s->text, block * CHARS_BLOCK, offset);
}

static size_t line_of(const struct source *s, size_t offset)
{
	size_t low = 0, high = s->line_count;

	while (high - low > 1) {
		size_t mid = low + (high - low) / 2;

		if (s->line[mid] <= offset)
			low = mid;
		else
			high = mid;
	}
	return low;
}

/* In characters, from 1. */
static size_t column_of(struct arena *a, const struct source *s, size_t line, size_t offset)
{
	if (offset - s->line[line] < 2 * CHARS_BLOCK)
		return begin_in(s->text, s->line[line], offset) + 1;
	if (!s->chars)
		make_chars(a, books_of(s));
	return chars_before(s, offset) - chars_before(s, s->line[line]) + 1;
}

static size_t line_end(const struct source *s, size_t line)
{
	size_t end = line + 1 < s->line_count ? s->line[line + 1] - 1 : s->len;

	if (end > s->line[line] && s->text[end - 1] == '\r')
		end--;
	return end;
}

/* Behind the quote that closes the one at `offset`, or 0. JSON and YAML differ only in
 * how a quote is written inside. */
static size_t quoted_end(const struct source *s, size_t offset)
{
	char quote = s->text[offset];

	for (size_t i = offset + 1; i < s->len; i++) {
		if (quote == '"' && s->text[i] == '\\') {
			i++;
		} else if (s->text[i] == quote) {
			if (quote == '"' || i + 1 >= s->len || s->text[i + 1] != quote)
				return i + 1;
			i++;
		}
	}
	return 0;
}

/* Where the token that starts at `offset` ends; of objects, arrays and block scalars
 * it is the first line. */
static size_t token_end(const struct source *s, size_t offset, const char *text, size_t len,
			size_t end_of_line)
{
	size_t end = 0;

	if (offset < s->len && (s->text[offset] == '"' || s->text[offset] == '\''))
		end = quoted_end(s, offset);
	else if (text && len && len <= s->len - offset && !memcmp(s->text + offset, text, len))
		end = offset + len;
	if (end)
		return end;
	while (end_of_line > offset && strchr(" \t,", s->text[end_of_line - 1]))
		end_of_line--;
	return end_of_line;
}

static size_t end_of(struct source *s, const struct json *n, bool key, size_t offset,
		     size_t end_of_line)
{
	if (s->ended != n || s->ended_at != offset || s->ended_key != key) {
		s->end = key ? token_end(s, offset, n->key, strlen(n->key), end_of_line)
			     : token_end(s, offset, n->text, n->len, end_of_line);
		s->ended = n;
		s->ended_at = offset;
		s->ended_key = key;
	}
	return s->end;
}

bool place_spot(struct arena *a, const struct place *p, struct spot *ret)
{
	const struct source *s = p->src;
	const struct json *n = p->node;
	size_t offset = !n ? 0 : p->key ? n->key_offset : n->offset, line, end, last;
	struct spot spot;

	if (!s || !s->text || s->len == 0)
		return false;
	if (!s->line)
		make_lines(a, books_of(s));
	if (offset > s->len)
		offset = s->len;
	line = line_of(s, offset);
	end = n ? end_of(books_of(s), n, p->key, offset, line_end(s, line)) : offset;
	if (end < offset)
		end = offset;
	last = line_of(s, end);
	spot.line = line + 1;
	spot.column = column_of(a, s, line, offset);
	spot.end_line = last + 1;
	spot.end_column = column_of(a, s, last, end);
	spot.text = s->text + s->line[line];
	spot.len = line_end(s, line) - s->line[line];
	spot.offset = offset - s->line[line];
	*ret = spot;
	return true;
}

/* Readers number the children of an array as they add them; one that was moved says 0. */
static size_t index_of(const struct json *node)
{
	size_t i = 0;

	if (node->index || node->parent->child == node)
		return node->index;
	for (const struct json *s = node->parent->child; s && s != node; s = s->next)
		i++;
	return i;
}

static size_t token_size(const struct json *n)
{
	size_t size = 1;

	if (!n->key)
		return 21;
	for (const char *k = n->key; *k; k++)
		size += *k == '~' || *k == '/' ? 2 : 1;
	return size;
}

/* Written from the end, since the way leads up. */
static char *token_before(char *end, const struct json *n)
{
	const char *k;

	if (!n->key) {
		size_t i = index_of(n);

		do
			*--end = (char)('0' + i % 10);
		while (i /= 10);
	} else {
		for (k = n->key + strlen(n->key); k > n->key; k--) {
			if (k[-1] == '~' || k[-1] == '/') {
				*--end = k[-1] == '~' ? '0' : '1';
				*--end = '~';
			} else {
				*--end = k[-1];
			}
		}
	}
	*--end = '/';
	return end;
}

const char *place_pointer(struct arena *a, const struct place *p)
{
	size_t size = 1;
	char *at;

	if (!p->node || !p->node->parent)
		return "";
	for (const struct json *n = p->node; n->parent; n = n->parent)
		size += token_size(n);
	at = (char *)arena_alloc(a, size) + size - 1;
	for (const struct json *n = p->node; n->parent; n = n->parent)
		at = token_before(at, n);
	return at;
}

const char *place_text(struct arena *a, const struct place *p)
{
	struct spot spot;

	if (p->path)
		return p->path;
	if (place_spot(a, p, &spot))
		return arena_printf(a, "%s:%zu:%zu", p->src->name, spot.line, spot.column);
	return p->src ? p->src->name : "";
}

/* ---- Facts -------------------------------------------------------------------------------- */

void fact_set(struct facts *f, enum fact_id id, enum tri is, struct place at, const char *text)
{
	f->fact[id] = (struct fact){ .is = is, .at = at, .text = text };
}

void ns_set(struct facts *f, enum ns_type t, enum ns_mode mode, struct place at, const char *text)
{
	f->ns_of[t] = (struct ns_fact){ .mode = mode, .at = at, .text = text };
}

struct item *list_add(struct audit *a, struct facts *f, enum list_id id, struct place at,
		      const char *text)
{
	struct list_fact *l = &f->list[id];
	struct item *i = arena_push(a->arena, &l->items, &l->count, &l->cap, sizeof(*i));

	i->text = text;
	i->at = at;
	return i;
}

void list_whole(struct facts *f, enum list_id id)
{
	f->list[id].whole = TRI_YES;
	f->list[id].why = NULL;
}

void list_unknown(struct facts *f, enum list_id id, const char *why)
{
	f->list[id].whole = TRI_UNKNOWN;
	f->list[id].why = why;
}

struct mount_fact *mount_add(struct audit *a, struct facts *f, struct place at)
{
	struct mount_fact *m = arena_push(a->arena, &f->mounts, &f->mount_count, &f->mount_cap,
					  sizeof(*m));

	m->at = at;
	return m;
}

/* ---- Capabilities ------------------------------------------------------------------------- */

#define BIT(N) (1ULL << (N))

enum { /* linux/capability.h */
       CHOWN = 0,
       DAC_OVERRIDE = 1,
       FOWNER = 3,
       FSETID = 4,
       KILL = 5,
       SETGID = 6,
       SETUID = 7,
       SETPCAP = 8,
       NET_BIND_SERVICE = 10,
       NET_RAW = 13,
       SYS_CHROOT = 18,
       MKNOD = 27,
       AUDIT_WRITE = 29,
       SETFCAP = 31
};

#define CRIO                                                                                    \
	(BIT(CHOWN) | BIT(DAC_OVERRIDE) | BIT(FOWNER) | BIT(FSETID) | BIT(KILL) | BIT(SETGID) | \
	 BIT(SETUID) | BIT(SETPCAP) | BIT(NET_BIND_SERVICE))
#define PODMAN (CRIO | BIT(SYS_CHROOT) | BIT(SETFCAP))

/* cri-o internal/config/capabilities; containers-common pkg/config/default.go; moby
 * daemon/pkg/oci/caps/defaults.go, which containerd's pkg/oci/spec.go repeats. */
const uint64_t caps_crio = CRIO;
const uint64_t caps_podman = PODMAN;
const char masked_paths[MASKED_PATHS][20] = {
	"/proc/acpi",          "/proc/kcore",      "/proc/keys",
	"/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats",
	"/proc/sched_debug",   "/proc/scsi",       "/sys/firmware",
};
const char readonly_paths[READONLY_PATHS][20] = {
	"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger",
};

const uint64_t caps_docker = PODMAN | BIT(NET_RAW) | BIT(MKNOD) | BIT(AUDIT_WRITE);

uint64_t caps_known(void)
{
	return BIT(NAME_CAP_COUNT) - 1;
}

int cap_from_name(const char *name, bool any_case)
{
	char full[40] = "CAP_";
	size_t len = strlen(name), from;
	int cap;

	from = !strncmp(name, "CAP_", 4) || (any_case && !strncasecmp(name, "CAP_", 4)) ? 0 : 4;
	if (from + len >= sizeof(full))
		return -1;
	memcpy(full + from, name, len + 1);
	for (char *c = full; any_case && *c; c++)
		if (*c >= 'a' && *c <= 'z')
			*c = (char)(*c - 'a' + 'A');
	cap = name_cap(full);
	return cap < 0 ? -1 : cap;
}

/* ---- Words -------------------------------------------------------------------------------- */

/* Programs that wait for every child, also for those that they did not start. */
static const char *const inits[] = {
	"atoll-init",  "tini",       "tini-static", "dumb-init",   "docker-init", "catatonit",
	"podman-init", "pause",      "init",        "systemd",     "s6-svscan",   "s6-linux-init",
	"runit",       "runit-init", "runsvdir",    "openrc-init", "dinit",       "finit",
	"procd",       "my_init",    "supervisord", "nosh",        "sinit",       "minit",
};

bool init_is_known(const char *arg0)
{
	const char *slash = arg0 ? strrchr(arg0, '/') : NULL;
	const char *base = slash ? slash + 1 : arg0;

	for (size_t i = 0; base && i < sizeof(inits) / sizeof(inits[0]); i++)
		if (!strcmp(base, inits[i]))
			return true;
	return false;
}

static const char *const severities[] = {
	[SEV_NONE] = "none",     [SEV_INFO] = "info", [SEV_LOW] = "low",
	[SEV_MEDIUM] = "medium", [SEV_HIGH] = "high", [SEV_CRITICAL] = "critical",
};

const char *severity_name(enum severity s)
{
	return severities[s];
}

enum severity severity_from_name(const char *name)
{
	for (int s = SEV_INFO; s <= SEV_CRITICAL; s++)
		if (!strcmp(name, severities[s]))
			return (enum severity)s;
	return SEV_NONE;
}
