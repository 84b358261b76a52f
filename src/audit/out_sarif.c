/* SPDX-License-Identifier: Apache-2.0 */
/* SARIF 2.1.0 as GitHub's code scanning wants it: one run, relative URIs, regions in characters,
 * no empty strings, no text beyond its limits, fingerprints that survive moved lines. What is
 * wrong with the input is a result of its own, and a notification. */
#include <stdio.h>
#include <string.h>

#include "audit/report_impl.h"
#include "base/cleanup.h"
#include "base/jsonw.h"
#include "base/utf8.h"

enum {
	RESULTS_MAX = 25000, /* GitHub refuses a run with more */
	TEXT_MAX = 1000,     /* characters; it cuts at 1024 */
	SNIPPET_MAX = 160,
	SEEN_SLOTS = 1 << 17, /* more than twice RESULTS_MAX */
	LINE_MAX_LEN = 400
};

struct seen {
	uint64_t fingerprint;
	unsigned int count;
};

struct sarif {
	struct rep *r;
	struct jsonw w;
	struct seen *seen;
	size_t results, left_out;
};

/* ---- Words -------------------------------------------------------------------------------- */

static const char *level_of(enum severity s)
{
	return s >= SEV_HIGH ? "error" : s == SEV_MEDIUM ? "warning" : "note";
}

static const char *score_of(enum severity s)
{
	static const char *const scores[] = {
		[SEV_NONE] = "0.1",   [SEV_INFO] = "0.1", [SEV_LOW] = "2.0",
		[SEV_MEDIUM] = "5.5", [SEV_HIGH] = "8.0", [SEV_CRITICAL] = "9.5"
	};

	return scores[s];
}

/* Escaped, cut, never empty. In messages brackets would make links. */
static const char *limited(struct rep *r, const char *text, bool message)
{
	struct str safe = { .arena = r->arena }, out = { .arena = r->arena };
	size_t n = 0, k;

	if (!text || !*text)
		return "-";
	rep_escape(&safe, text);
	for (const char *s = safe.s; *s; s += k) {
		k = utf8_len((const unsigned char *)s, strlen(s) < 4 ? strlen(s) : 4);
		k = k ? k : 1;
		if (n++ == TEXT_MAX) {
			str_puts(&out, "...");
			break;
		}
		if (message && (*s == '[' || *s == ']'))
			str_puts(&out, "\\");
		str_put(&out, s, k);
	}
	return out.s;
}

static void text_member(struct sarif *s, const char *key, const char *text, bool message)
{
	jsonw_key(&s->w, key);
	jsonw_obj(&s->w);
	jsonw_kstr(&s->w, "text", limited(s->r, text, message));
	jsonw_obj_end(&s->w);
}

/* ---- URIs --------------------------------------------------------------------------------- */

static void encode(struct str *out, const char *path)
{
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";

	for (; *path; path++) {
		if (strchr(plain, *path))
			str_put(out, path, 1);
		else
			str_printf(out, "%%%02X", (unsigned char)*path);
	}
}

/* Without ".", ".." and doubled slashes; the path is absolute. */
static char *normal(struct arena *a, const char *path)
{
	char *out = arena_alloc(a, strlen(path) + 2);
	size_t len = 0;

	while (*path) {
		size_t n = strcspn(path += strspn(path, "/"), "/");

		if (n == 2 && memcmp(path, "..", 2) == 0) {
			while (len && out[--len] != '/')
				;
		} else if (n && !(n == 1 && *path == '.')) {
			out[len++] = '/';
			memcpy(out + len, path, n);
			len += n;
		}
		path += n;
	}
	out[len] = '\0';
	return out;
}

/* Relative to the base; what is not below it is a file: URI. */
static const char *uri_of(struct rep *r, const char *name)
{
	const char *cwd = r->o->cwd ? r->o->cwd : r->o->base, *base, *path;
	struct str out = { .arena = r->arena };
	size_t n;

	if (strcmp(name, "-") == 0)
		return "stdin";
	if (*name != '/' && !cwd) {
		path = normal(r->arena, arena_printf(r->arena, "/%s", name));
		encode(&out, *path ? path + 1 : "");
		return out.len ? out.s : ".";
	}
	path = *name == '/' ? name : arena_printf(r->arena, "%s/%s", cwd, name);
	path = normal(r->arena, path);
	base = r->o->base ? normal(r->arena, r->o->base) : NULL;
	n = base ? strlen(base) : 0;
	if (base && strncmp(path, base, n) == 0 && path[n] == '/') {
		encode(&out, path + n + 1);
		return out.s;
	}
	str_puts(&out, "file://");
	encode(&out, path);
	return out.s;
}

/* ---- Places ------------------------------------------------------------------------------- */

static void region(struct sarif *s, const struct place *p)
{
	struct jsonw *w = &s->w;
	struct spot spot = { .line = 1, .column = 1, .end_line = 1, .end_column = 1 };
	bool known = place_spot(s->r->arena, p, &spot);

	jsonw_key(w, "region");
	jsonw_obj(w);
	jsonw_ku64(w, "startLine", spot.line);
	jsonw_ku64(w, "startColumn", spot.column);
	jsonw_ku64(w, "endLine", spot.end_line);
	/* One character at least: an empty region is an insertion point. */
	jsonw_ku64(w, "endColumn",
		   spot.end_line == spot.line && spot.end_column <= spot.column ? spot.column + 1
										: spot.end_column);
	if (known && spot.len && spot.len < LINE_MAX_LEN)
		text_member(s, "snippet", arena_strndup(s->r->arena, spot.text, spot.len), false);
	jsonw_obj_end(w);
}

/* "/proc/71/status: CapBnd" names a file, too. */
static const char *live_uri(struct rep *r, const char *path)
{
	const char *colon = strstr(path, ": ");
	struct str out = { .arena = r->arena };

	if (*path != '/')
		return "proc";
	str_puts(&out, "file://");
	encode(&out, arena_strndup(r->arena, path, colon ? (size_t)(colon - path) : strlen(path)));
	return out.s;
}

static void locations(struct sarif *s, const struct place *p, const struct facts *f,
		      const char *object)
{
	struct jsonw *w = &s->w;
	const char *pointer = p->node ? place_pointer(s->r->arena, p) : "";

	jsonw_key(w, "locations");
	jsonw_arr(w);
	jsonw_obj(w);
	jsonw_key(w, "physicalLocation");
	jsonw_obj(w);
	jsonw_key(w, "artifactLocation");
	jsonw_obj(w);
	jsonw_kstr(w, "uri",
		   p->src    ? uri_of(s->r, p->src->name)
		   : p->path ? live_uri(s->r, p->path)
			     : "proc");
	jsonw_obj_end(w);
	region(s, p);
	jsonw_obj_end(w);
	if (object && *object) {
		jsonw_key(w, "logicalLocations");
		jsonw_arr(w);
		jsonw_obj(w);
		jsonw_kstr(w, "name", limited(s->r, f && f->name ? f->name : object, false));
		jsonw_kstr(w, "fullyQualifiedName",
			   limited(s->r,
				   *pointer ? arena_printf(s->r->arena, "%s#%s", object, pointer)
					    : object,
				   false));
		jsonw_kstr(w, "kind", "object");
		jsonw_obj_end(w);
		jsonw_arr_end(w);
	}
	jsonw_obj_end(w);
	jsonw_arr_end(w);
}

/* ---- Results ------------------------------------------------------------------------------ */

static uint64_t hash(const char *text, uint64_t h)
{
	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * 0x100000001b3U;
	return h;
}

/* How often this fingerprint has come so far, from 1. */
static unsigned int times(struct sarif *s, uint64_t fingerprint)
{
	size_t i = (size_t)(fingerprint * 0x9e3779b97f4a7c15U >> 32) % SEEN_SLOTS;

	while (s->seen[i].count && s->seen[i].fingerprint != fingerprint)
		i = (i + 1) % SEEN_SLOTS;
	s->seen[i].fingerprint = fingerprint;
	return ++s->seen[i].count;
}

struct result {
	const char *rule, *message;
	size_t index;
	enum severity severity;
	const struct place *at;
	const struct facts *of;
	const char *object;
	uint64_t fingerprint;
	enum suppressed_by suppressed;
	const char *reason;
};

static void suppressions(struct sarif *s, const struct result *x)
{
	struct jsonw *w = &s->w;

	jsonw_key(w, "suppressions");
	jsonw_arr(w);
	if (x->suppressed) {
		bool external = x->suppressed == SUPP_POLICY || x->suppressed == SUPP_BASELINE;

		jsonw_obj(w);
		jsonw_kstr(w, "kind", external ? "external" : "inSource");
		jsonw_kstr(w, "status", "accepted");
		jsonw_kstr(w, "justification",
			   limited(s->r,
				   arena_printf(
					   s->r->arena, "%s: %s", rep_suppressor(x->suppressed),
					   x->reason && *x->reason ? x->reason : "no reason given"),
				   false));
		jsonw_obj_end(w);
	}
	jsonw_arr_end(w);
}

static void result(struct sarif *s, const struct result *x)
{
	struct jsonw *w = &s->w;
	char print[48];

	if (s->results == RESULTS_MAX) {
		s->left_out++;
		return;
	}
	s->results++;
	(void)snprintf(print, sizeof(print), "%016llx:%u", (unsigned long long)x->fingerprint,
		       times(s, x->fingerprint));
	jsonw_obj(w);
	jsonw_kstr(w, "ruleId", x->rule);
	jsonw_ku64(w, "ruleIndex", x->index);
	jsonw_kstr(w, "level", level_of(x->severity));
	text_member(s, "message", x->message, true);
	locations(s, x->at, x->of, x->object);
	jsonw_key(w, "partialFingerprints");
	jsonw_obj(w);
	jsonw_kstr(w, "primaryLocationLineHash", print);
	jsonw_obj_end(w);
	suppressions(s, x);
	jsonw_key(w, "properties");
	jsonw_obj(w);
	jsonw_kstr(w, "severity", severity_name(x->severity));
	jsonw_obj_end(w);
	jsonw_obj_end(w);
}

static size_t rule_index(const struct rep *r, const struct rule *rule)
{
	size_t low = 0, high = r->rule_count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(r->rules[mid]->id, rule->id) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void finding(struct sarif *s, const struct finding *f)
{
	struct result x = {
		.rule = f->rule->id,
		.message = arena_printf(s->r->arena, "%s: %s (%s)", f->rule->title, f->message,
					f->of->object),
		.index = rule_index(s->r, f->rule),
		.severity = f->severity,
		.at = &f->at,
		.of = f->of,
		.object = f->of->object,
		.fingerprint = f->fingerprint,
		.suppressed = f->suppressed,
		.reason = f->reason,
	};

	result(s, &x);
}

/* The most severe first, since those beyond the limit are left out. */
static void findings(struct sarif *s)
{
	for (int suppressed = 0; suppressed < 2; suppressed++)
		for (int sev = SEV_CRITICAL; sev >= SEV_NONE; sev--)
			for (size_t i = 0; i < s->r->count; i++) {
				const struct rep_object *o = &s->r->objects[i];
				size_t from = suppressed ? o->open : 0,
				       to = suppressed ? o->count : o->open;

				for (size_t k = from; k < to; k++)
					if ((int)o->findings[k]->severity == sev)
						finding(s, o->findings[k]);
			}
}

static void diag(struct sarif *s, const struct diag *d)
{
	uint64_t h = hash(diag_rows[d->id].id, 0xcbf29ce484222325U);
	struct result x = {
		.rule = diag_rows[d->id].id,
		.message = arena_printf(s->r->arena, "%s: %s", diag_rows[d->id].title, d->message),
		.index = s->r->rule_count + d->id,
		.severity = d->blocks ? SEV_HIGH : SEV_MEDIUM,
		.at = &d->at,
		.of = d->of,
		.object = d->of ? d->of->object : NULL,
	};

	x.fingerprint = hash(d->message, hash(place_pointer(s->r->arena, &d->at), h));
	result(s, &x);
}

static void violations(struct sarif *s)
{
	for (const struct pss_pod *p = s->r->a->pods; s->r->a->pss && p; p = p->next) {
		if (p->meets[s->r->a->pss_want])
			continue;
		for (const struct pss_violation *v = p->violations; v; v = v->next) {
			uint64_t h = hash(v->check, hash(p->object, 0xcbf29ce484222325U));
			struct result x = {
				.rule = v->level == PSS_BASELINE ? "pss-baseline"
								 : "pss-restricted",
				.message = arena_printf(s->r->arena, "%s: %s (%s)", v->check,
							v->message, p->object),
				.index = s->r->rule_count + DIAG_COUNT + (v->level != PSS_BASELINE),
				.severity = SEV_HIGH,
				.at = v->at.src ? &v->at : &p->at,
				.object = p->object,
			};

			if (!rep_pss_counts(s->r, v))
				continue;
			x.fingerprint = hash(place_pointer(s->r->arena, x.at), h);
			result(s, &x);
		}
	}
}

/* ---- Rules -------------------------------------------------------------------------------- */

struct row {
	const char *id, *title, *why, *fix, *refs;
	enum severity severity;
};

static const char *first_link(struct rep *r, const char *refs)
{
	const char *link = refs ? strstr(refs, "https://") : NULL;

	return link ? arena_strndup(r->arena, link, strcspn(link, " ;,")) : NULL;
}

static void rule(struct sarif *s, const struct row *row)
{
	struct jsonw *w = &s->w;
	const char *link = first_link(s->r, row->refs);

	jsonw_obj(w);
	jsonw_kstr(w, "id", row->id);
	text_member(s, "shortDescription", row->title, false);
	text_member(s, "fullDescription", row->why && *row->why ? row->why : row->title, false);
	text_member(s, "help",
		    arena_printf(s->r->arena, "%s%s%s%s%s",
				 row->why && *row->why ? row->why : row->title,
				 row->fix && *row->fix ? " Fix: " : "", row->fix ? row->fix : "",
				 row->refs && *row->refs ? " References: " : "",
				 row->refs ? row->refs : ""),
		    false);
	if (link)
		jsonw_kstr(w, "helpUri", link);
	jsonw_key(w, "defaultConfiguration");
	jsonw_obj(w);
	jsonw_kstr(w, "level", level_of(row->severity));
	jsonw_obj_end(w);
	jsonw_key(w, "properties");
	jsonw_obj(w);
	jsonw_kstr(w, "security-severity", score_of(row->severity));
	jsonw_kstr(w, "precision", "high");
	jsonw_kstr(w, "problem.severity",
		   row->severity >= SEV_HIGH     ? "error"
		   : row->severity == SEV_MEDIUM ? "warning"
						 : "recommendation");
	jsonw_key(w, "tags");
	jsonw_arr(w);
	jsonw_str(w, "security");
	jsonw_str(w, "containers");
	jsonw_arr_end(w);
	jsonw_obj_end(w);
	jsonw_obj_end(w);
}

static void driver(struct sarif *s)
{
	struct jsonw *w = &s->w;
	struct row pss[] = {
		{ "pss-baseline", "Pod Security Standards: baseline",
		  "The pod does what the level baseline of the Pod Security Standards forbids.",
		  NULL, "https://kubernetes.io/docs/concepts/security/pod-security-standards/",
		  SEV_HIGH },
		{ "pss-restricted", "Pod Security Standards: restricted",
		  "The pod lacks what the level restricted of the Pod Security Standards wants.",
		  NULL, "https://kubernetes.io/docs/concepts/security/pod-security-standards/",
		  SEV_HIGH },
	};

	jsonw_key(w, "tool");
	jsonw_obj(w);
	jsonw_key(w, "driver");
	jsonw_obj(w);
	jsonw_kstr(w, "name", "atoll audit");
	jsonw_kstr(w, "version", ATOLL_VERSION);
	jsonw_kstr(w, "semanticVersion", ATOLL_VERSION);
	jsonw_key(w, "rules");
	jsonw_arr(w);
	for (size_t i = 0; i < s->r->rule_count; i++) {
		const struct rule *x = s->r->rules[i];

		rule(s, &(struct row){ x->id, x->title, x->why, x->fix, x->refs, x->severity });
	}
	for (size_t i = 0; i < DIAG_COUNT; i++)
		rule(s, &(struct row){ diag_rows[i].id, diag_rows[i].title, NULL, NULL, NULL,
				       diag_rows[i].blocks ? SEV_HIGH : SEV_MEDIUM });
	for (size_t i = 0; i < ARRAY_LEN(pss); i++)
		rule(s, &pss[i]);
	jsonw_arr_end(w);
	jsonw_obj_end(w);
	jsonw_obj_end(w);
}

/* ---- The run ------------------------------------------------------------------------------ */

static void notification(struct sarif *s, const char *level, const char *text)
{
	jsonw_obj(&s->w);
	jsonw_kstr(&s->w, "level", level);
	text_member(s, "message", text, true);
	jsonw_obj_end(&s->w);
}

static void invocation(struct sarif *s)
{
	struct jsonw *w = &s->w;

	jsonw_key(w, "invocations");
	jsonw_arr(w);
	jsonw_obj(w);
	jsonw_kbool(w, "executionSuccessful", s->r->blocking == 0);
	jsonw_ki64(w, "exitCode", s->r->status);
	if (s->r->o->taken)
		jsonw_kstr(w, "endTimeUtc", s->r->o->taken);
	jsonw_key(w, "toolExecutionNotifications");
	jsonw_arr(w);
	for (const struct diag *d = s->r->a->diags; d; d = d->next) {
		const char *at = place_text(s->r->arena, &d->at);

		notification(s, d->blocks ? "error" : "warning",
			     arena_printf(s->r->arena, "%s%s%s", at, *at ? ": " : "", d->message));
	}
	if (s->r->a->untold_count)
		notification(s, "note",
			     arena_printf(s->r->arena, "%zu answers cannot be told",
					  s->r->a->untold_count));
	if (s->left_out)
		notification(
			s, "warning",
			arena_printf(s->r->arena,
				     "%zu results are left out: a run has room for %d, and the "
				     "most severe ones are here",
				     s->left_out, RESULTS_MAX));
	jsonw_arr_end(w);
	jsonw_obj_end(w);
	jsonw_arr_end(w);
}

static void properties(struct sarif *s)
{
	struct jsonw *w = &s->w;

	jsonw_key(w, "properties");
	jsonw_obj(w);
	jsonw_kstr(w, "status", rep_status(s->r->status));
	jsonw_ku64(w, "objects", s->r->a->object_count);
	jsonw_ku64(w, "untold", s->r->a->untold_count);
	jsonw_key(w, "podSecurityStandards");
	jsonw_arr(w);
	for (const struct pss_pod *p = s->r->a->pods; p; p = p->next) {
		jsonw_obj(w);
		jsonw_kstr(w, "object", limited(s->r, p->object, false));
		jsonw_kstr(w, "level", rep_pss_level(p->level));
		jsonw_obj_end(w);
	}
	jsonw_arr_end(w);
	jsonw_obj_end(w);
}

void rep_sarif(struct rep *r)
{
	struct sarif s = { .r = r };
	struct jsonw *w = &s.w;

	s.seen = arena_alloc(r->arena, SEEN_SLOTS * sizeof(*s.seen));
	jsonw_init(w, r->arena, 1);
	jsonw_obj(w);
	jsonw_kstr(w, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
	jsonw_kstr(w, "version", "2.1.0");
	jsonw_key(w, "runs");
	jsonw_arr(w);
	jsonw_obj(w);
	driver(&s);
	jsonw_key(w, "automationDetails");
	jsonw_obj(w);
	jsonw_kstr(w, "id", "atoll-audit/");
	jsonw_obj_end(w);
	jsonw_kstr(w, "columnKind", "unicodeCodePoints");
	jsonw_key(w, "results");
	jsonw_arr(w);
	for (const struct diag *d = r->a->diags; d; d = d->next)
		diag(&s, d);
	violations(&s);
	findings(&s);
	jsonw_arr_end(w);
	invocation(&s);
	properties(&s);
	jsonw_obj_end(w);
	jsonw_arr_end(w);
	jsonw_obj_end(w);
	jsonw_nl(w);
	r->s.s = w->buf;
	r->s.len = w->len;
}
