/* SPDX-License-Identifier: Apache-2.0 */
/* How this works
 *
 * Every rule is asked about every object whose kind it can answer. A rule is a row: most rows
 * name one fact, list or namespace and the answer that is bad (ON_FACT_YES and so on), and
 * judge() below compares; the others bring a function. Either way the answer is none, one
 * or several findings, or "cannot tell", which becomes an entry of `untold`: a fact that
 * no reader filled in is never taken for a good one.
 *
 *	facts --> judge(row) --> hit()         --> findings  (message, place, fingerprint)
 *	                     \-> cannot_tell() --> untold    (why, place)
 *
 * Rules see facts only. What they say is kept with the place that the reader noted down, so
 * that line, column and JSON pointer can be had later, when a reporter asks.
 *
 * A fingerprint names a finding from run to run: FNV-1a of rule, source, object and JSON
 * pointer (live: the file under /proc, without the PID, which is another one after each
 * start). Lines are not part of it, so that an edit further up does not make a
 * known finding new. Several findings of a rule at one place are counted through. A file
 * counts as what it is called from the working directory, however it was named.
 *
 * Windows containers have none of what the rules about Linux isolation look at; only rows that
 * say `windows` are asked about them. */
#include "audit/audit.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/spec.h"
#include "base/cleanup.h"

/* Names of files for fingerprints. */
struct names {
	bool asked;
	const char *cwd, *typed;  /* as the kernel has it, and as $PWD has it; or NULL */
	const struct source *src; /* whose name is `name` */
	const char *name;
};

struct hits {
	struct audit *a;
	const struct facts *f;
	const struct rule *rule;
	struct names *names;
	size_t index;            /* of the rule */
	uint64_t last;           /* fingerprint of the place of the rule's last finding here ... */
	size_t same;             /* ... and how many in a row had it */
	const struct json *node; /* whose pointer has node_hash (0: none yet) */
	uint64_t node_hash;
};

/* The last finding of a rule that was of a pod as a whole. */
struct told {
	const struct json *pod, *node;
	const char *message;
};

/* ---- The tables --------------------------------------------------------------------------- */

static const struct rule *const tables[] = {
	rules_pid,    rules_caps,       rules_privileges, rules_confinement,
	rules_mounts, rules_namespaces, rules_surface,
};
enum { TABLES = sizeof(tables) / sizeof(tables[0]), RULES_MAX = 128 };

const struct rule *rule_at(size_t i)
{
	for (size_t t = 0; t < TABLES; t++)
		for (const struct rule *r = tables[t]; r->id; r++)
			if (i-- == 0)
				return r;
	return NULL;
}

const struct rule *rule_find(const char *id)
{
	for (size_t t = 0; t < TABLES; t++)
		for (const struct rule *r = tables[t]; r->id; r++)
			if (!strcmp(r->id, id))
				return r;
	return NULL;
}

/* ---- Fingerprints ------------------------------------------------------------------------- */

#define FNV_START 0xcbf29ce484222325

static uint64_t fnv(uint64_t h, const void *data, size_t len)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 0x100000001b3;
	return h;
}

/* With its NUL, so that "ab", "c" is not "a", "bc". */
static uint64_t fnv_text(uint64_t h, const char *s)
{
	return fnv(h, s, strlen(s) + 1);
}

/* "/proc/71/status: CapBnd" without the number. */
static uint64_t fnv_path(uint64_t h, const char *path)
{
	for (; *path; path++)
		if (*path < '0' || *path > '9')
			h = fnv(h, path, 1);
	return h;
}

/* Of the JSON pointer, without writing it. Many findings are of one place, that of the object. */
static uint64_t hash_node(struct hits *h, const struct json *node)
{
	const struct json *way[JSON_DEEP_MAX + 1];
	uint64_t x = FNV_START;
	size_t n = 0;

	if (h->node_hash && node == h->node)
		return h->node_hash;
	h->node = node;
	for (; node && node->parent && n < JSON_DEEP_MAX + 1; node = node->parent)
		way[n++] = node;
	while (n--) {
		uint32_t index = way[n]->index;

		x = way[n]->key ? fnv_text(x, way[n]->key) : fnv(x, &index, sizeof(index));
	}
	h->node_hash = x;
	return x;
}

/* Relative, without "//", "." and "..". */
static bool is_plain(const char *name)
{
	for (size_t n;; name += n + 1) {
		n = strcspn(name, "/");
		if (n == 0 || (n == 1 && *name == '.') || (n == 2 && !strncmp(name, "..", 2)))
			return false;
		if (!name[n])
			return true;
	}
}

/* The way from one directory to a path; both normal. */
static const char *way(struct arena *a, const char *from, const char *to)
{
	const char *up = "";
	size_t same = 0;

	if (!strcmp(from, "/"))
		return to + 1;
	for (size_t i = 0;; i++) {
		if ((!from[i] || from[i] == '/') && to[i] == '/')
			same = i;
		if (!from[i] || from[i] != to[i])
			break;
	}
	for (const char *s = from + same; *s; s++)
		if (*s == '/')
			up = arena_printf(a, "%s../", up);
	return arena_printf(a, "%s%s", up, to + same + 1);
}

static void ask_cwd(struct arena *a, struct names *n)
{
	autofree char *cwd = getcwd(NULL, 0), *typed = get_current_dir_name();

	n->asked = true;
	n->cwd = cwd && *cwd == '/' ? arena_strdup(a, cwd) : NULL;
	n->typed = typed && *typed == '/' ? arena_strdup(a, typed) : NULL;
}

/* What is absolute and no file of a disk ("/dev/fd/63") stays. */
static const char *name_of(struct hits *h, const struct source *src)
{
	struct names *n = h->names;
	struct arena *a = h->a->arena;
	const char *path, *from;

	if (!src || is_plain(src->name) || (*src->name == '/' && !src->file))
		return src ? src->name : "";
	if (src == n->src)
		return n->name;
	if (!n->asked)
		ask_cwd(a, n);
	n->src = src;
	n->name = src->name;
	if (!n->cwd)
		return n->name;
	path = spec_normal(a, *src->name == '/' ? src->name
						: arena_printf(a, "%s/%s", n->cwd, src->name));
	from = n->typed && *src->name == '/' && spec_below(path, n->typed) ? n->typed : n->cwd;
	n->name = way(a, from, path);
	return n->name;
}

static uint64_t fingerprint(struct hits *h, const struct place *at)
{
	uint64_t x = fnv_text(FNV_START, h->rule->id), node;

	x = fnv_text(x, name_of(h, h->f->src));
	x = fnv_text(x, h->f->object);
	if (at->path) {
		x = fnv_path(x, at->path);
	} else {
		node = hash_node(h, at->node);
		x = fnv(x, &node, sizeof(node));
	}
	h->same = x == h->last ? h->same + 1 : 0;
	h->last = x;
	return h->same ? fnv(x, &h->same, sizeof(h->same)) : x;
}

/* ---- What rules say ----------------------------------------------------------------------- */

static struct place place_or_object(const struct hits *h, const struct place *at)
{
	return at && (at->node || at->path) ? *at : h->f->at;
}

/* One switch turns off many things. It is told once, by the rule of the switch, unless a
 * person wrote down the single thing as well. */
static bool in_privileged(const struct hits *h, const struct place *at)
{
	const struct fact *p = &h->f->fact[FACT_PRIVILEGED];

	if (!h->rule->in_privileged || p->is != TRI_YES)
		return false;
	return !(h->f->kind & (IN_COMPOSE | IN_K8S)) || !at || !at->node ||
	       at->node == p->at.node || at->node == h->f->at.node;
}

/* What is wrong with a pod is found in each of its containers, at one place and with the same
 * words. It is told once: at the first of them. */
static bool told_of_pod(const struct hits *h, const struct place *at, const char *message)
{
	const struct facts *f = h->f;
	struct told *t;

	if (!f->pod_node || !at || !at->node)
		return false;
	for (const struct json *n = at->node; n; n = n->parent)
		if (n == f->at.node)
			return false;
	if (!h->a->told)
		h->a->told = arena_alloc(h->a->arena, RULES_MAX * sizeof(*h->a->told));
	t = &h->a->told[h->index];
	if (t->pod == f->pod_node && t->node == at->node && !strcmp(t->message, message))
		return true;
	*t = (struct told){ .pod = f->pod_node, .node = at->node, .message = message };
	return false;
}

static void add_finding(struct hits *h, enum severity sev, const struct place *at,
			const char *message)
{
	struct audit *a = h->a;
	struct finding *n;

	if (in_privileged(h, at) || told_of_pod(h, at, message))
		return;
	if (a->finding_count == AUDIT_FINDINGS_MAX) {
		if (!a->findings_cut)
			audit_diag(a, DIAG_UNPARSABLE, h->f, &h->f->at,
				   "more than %d findings; what follows was not looked at",
				   AUDIT_FINDINGS_MAX);
		a->findings_cut = true;
		return;
	}
	n = arena_push(a->arena, &a->findings, &a->finding_count, &a->finding_cap, sizeof(*n));
	n->rule = h->rule;
	n->severity = sev;
	n->of = h->f;
	n->at = place_or_object(h, at);
	n->message = message;
	n->fingerprint = fingerprint(h, &n->at);
}

/* Rules say what they say in literals, which need no copy where nothing is filled in. */
static const char *__attribute__((format(printf, 2, 0)))
words(struct hits *h, const char *fmt, va_list ap)
{
	return strchr(fmt, '%') ? arena_vprintf(h->a->arena, fmt, ap) : fmt;
}

void hit(struct hits *h, const struct place *at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_finding(h, h->rule->severity, at, words(h, fmt, ap));
	va_end(ap);
}

void hit_sev(struct hits *h, enum severity sev, const struct place *at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_finding(h, sev, at, words(h, fmt, ap));
	va_end(ap);
}

void cannot_tell(struct hits *h, const struct place *at, const char *fmt, ...)
{
	struct audit *a = h->a;
	struct untold *u;
	va_list ap;

	if (a->untold_count == AUDIT_FINDINGS_MAX)
		return;
	u = arena_push(a->arena, &a->untold, &a->untold_count, &a->untold_cap, sizeof(*u));
	u->rule = h->rule;
	u->of = h->f;
	u->at = place_or_object(h, at);
	va_start(ap, fmt);
	u->why = words(h, fmt, ap);
	va_end(ap);
}

/* ---- The rows that need no function ------------------------------------------------------- */

/* The row's clause, with `text` for its "%s". */
static void say(struct hits *h, const struct place *at, const char *text)
{
	const char *clause = h->rule->message, *gap = strstr(clause, "%s");

	if (gap)
		hit(h, at, "%.*s%s%s", (int)(gap - clause), clause, text ? text : "?", gap + 2);
	else
		add_finding(h, h->rule->severity, at, clause);
}

static void judge_fact(const struct rule *r, const struct facts *f, struct hits *h)
{
	const struct fact *fact = &f->fact[r->which];

	if (fact->is == TRI_UNKNOWN)
		cannot_tell(h, &fact->at, "%s", fact->text ? fact->text : "it is not known");
	else if ((fact->is == TRI_YES) == (r->on == ON_FACT_YES))
		say(h, &fact->at, fact->text);
}

static bool same_place(const struct place *a, const struct place *b)
{
	return a->node == b->node && a->key == b->key &&
	       (a->path && b->path ? !strcmp(a->path, b->path) : a->path == b->path);
}

enum { LISTED_MAX = 12 }; /* items that a message names */

static void judge_list(const struct rule *r, const struct facts *f, struct hits *h)
{
	const struct list_fact *l = &f->list[r->which];

	for (size_t i = 0, n; i < l->count; i += n) {
		const struct item *first = &l->items[i];
		const char *text = first->text;

		for (n = 1; i + n < l->count && same_place(&first->at, &first[n].at); n++)
			if (n < LISTED_MAX)
				text = arena_printf(h->a->arena, "%s, %s", text, first[n].text);
		if (n > LISTED_MAX)
			text = arena_printf(h->a->arena, "%s and %zu more", text, n - LISTED_MAX);
		say(h, &first->at, text);
	}
	if (l->whole != TRI_YES)
		cannot_tell(h, NULL, "%s", l->why ? l->why : "it is not known");
}

static void judge_ns(const struct rule *r, const struct facts *f, struct hits *h)
{
	const struct ns_fact *ns = &f->ns_of[r->which];

	if (ns->mode == NSM_UNKNOWN)
		cannot_tell(h, &ns->at, "%s",
			    ns->text ? ns->text : "it is not known which namespace it is in");
	else if (ns->mode == NSM_HOST && ns->text && strcmp(ns->text, "host") != 0)
		hit(h, &ns->at, "%s (%s)", r->message, ns->text);
	else if (ns->mode == NSM_HOST)
		add_finding(h, r->severity, &ns->at, r->message);
}

static void judge(const struct rule *r, const struct facts *f, struct hits *h)
{
	switch (r->on) {
	case ON_CHECK: r->check(f, h); break;
	case ON_FACT_YES:
	case ON_FACT_NO: judge_fact(r, f, h); break;
	case ON_LIST: judge_list(r, f, h); break;
	case ON_NS_HOST: judge_ns(r, f, h); break;
	}
}

/* ---- The stage ---------------------------------------------------------------------------- */

static void run_one(struct audit *a, const struct facts *f, struct names *names)
{
	struct hits h = { .a = a, .f = f, .names = names };

	for (size_t t = 0; t < TABLES; t++) {
		bool other = f->volume && tables[t] != rules_mounts;

		for (const struct rule *r = tables[t]; r->id; r++, h.index++) {
			if (!((r->kinds | r->unsure) & (unsigned int)f->kind) ||
			    (f->windows && !r->windows) || other)
				continue;
			h.rule = r;
			h.last = h.same = 0;
			judge(r, f, &h);
		}
	}
}

void audit_run_one(struct audit *a, const struct facts *f)
{
	struct names names = { 0 };

	run_one(a, f, &names);
}

void audit_run(struct audit *a)
{
	struct names names = { 0 };

	compose_finish(a);
	k8s_finish(a);
	for (const struct facts *f = a->objects; f; f = f->next)
		run_one(a, f, &names);
}

enum audit_status audit_status(const struct audit *a, enum severity fail_on)
{
	for (size_t i = 0; i < a->finding_count; i++)
		if (a->findings[i].suppressed == SUPP_NONE && a->findings[i].severity >= fail_on)
			return AUDIT_FINDINGS;
	for (const struct pss_pod *p = a->pss ? a->pods : NULL; p; p = p->next)
		if (!p->meets[a->pss_want])
			return AUDIT_FINDINGS;
	for (const struct diag *d = a->diags; d; d = d->next)
		if (d->blocks)
			return AUDIT_INCOMPLETE;
	return AUDIT_CLEAN;
}
