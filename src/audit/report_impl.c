/* SPDX-License-Identifier: Apache-2.0 */
/* What a report is made of: the lists of an audit, sorted by object, and its sums. */
#include "audit/report_impl.h"

#include <assert.h>
#include <pidns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

/* ---- Sorting ------------------------------------------------------------------------------ */

struct index {
	const struct facts *f;
	size_t i;
};

static int by_address(const void *x, const void *y)
{
	uintptr_t a = (uintptr_t)((const struct index *)x)->f,
		  b = (uintptr_t)((const struct index *)y)->f;

	return (a > b) - (a < b);
}

/* Findings come object by object, so that the last one's neighbour is nearly always right. */
static struct rep_object *object_of(struct rep *r, const struct index *sorted,
				    const struct facts *f, struct rep_object *last)
{
	struct index key = { .f = f };
	const struct index *found;

	if (last && last->f == f)
		return last;
	found = bsearch(&key, sorted, r->count, sizeof(*sorted), by_address);
	return found ? &r->objects[found->i] : NULL;
}

static size_t place_offset(const struct place *p)
{
	return !p->node ? 0 : p->key ? p->node->key_offset : p->node->offset;
}

static int by_weight(const void *x, const void *y)
{
	const struct finding *a = *(const struct finding *const *)x,
			     *b = *(const struct finding *const *)y;
	size_t p = place_offset(&a->at), q = place_offset(&b->at);
	int n = !!a->suppressed - !!b->suppressed;

	if (n == 0)
		n = (int)b->severity - (int)a->severity;
	if (n == 0)
		n = strcmp(a->rule->id, b->rule->id);
	if (n == 0)
		n = (p > q) - (p < q);
	return n ? n : (a > b) - (a < b);
}

static int by_rule(const void *x, const void *y)
{
	const struct rule *a = *(const struct rule *const *)x, *b = *(const struct rule *const *)y;

	return strcmp(a->id, b->id);
}

/* Three lists, each counted first and then filled, so that memory is for what there is. */
static void distribute(struct rep *r, const struct index *sorted, bool fill)
{
	struct rep_object *o = NULL;

	for (size_t i = 0; i < r->a->finding_count; i++) {
		o = object_of(r, sorted, r->a->findings[i].of, o);
		assert(o); /* whose list is an audit's is an object of it */
		if (fill)
			o->findings[o->count] = &r->a->findings[i];
		o->count++;
	}
	for (size_t i = 0; i < r->a->untold_count; i++) {
		o = object_of(r, sorted, r->a->untold[i].of, o);
		assert(o);
		if (fill)
			o->untold[o->untold_count] = &r->a->untold[i];
		o->untold_count++;
	}
	for (const struct diag *d = r->a->diags; d; d = d->next) {
		o = d->of ? object_of(r, sorted, d->of, o) : NULL;
		if (!o)
			continue;
		if (fill)
			o->diags[o->diag_count] = d;
		o->diag_count++;
	}
}

static void make_room(struct rep *r)
{
	const struct finding **f =
		arena_alloc(r->arena, (r->a->finding_count + 1) * sizeof(const struct finding *));
	const struct untold **u =
		arena_alloc(r->arena, (r->a->untold_count + 1) * sizeof(const struct untold *));
	const struct diag **d = arena_alloc(r->arena,
					    (r->a->diag_count + 1) * sizeof(const struct diag *));

	for (size_t i = 0; i < r->count; i++) {
		struct rep_object *o = &r->objects[i];

		o->findings = f;
		f += o->count;
		o->untold = u;
		u += o->untold_count;
		o->diags = d;
		d += o->diag_count;
		o->count = o->untold_count = o->diag_count = 0;
	}
}

static void sort(struct rep *r)
{
	struct index *sorted;
	size_t i = 0;

	r->count = r->a->object_count;
	r->objects = arena_alloc(r->arena, (r->count + 1) * sizeof(*r->objects));
	sorted = arena_alloc(r->arena, (r->count + 1) * sizeof(*sorted));
	for (const struct facts *f = r->a->objects; f; f = f->next, i++) {
		r->objects[i].f = f;
		sorted[i] = (struct index){ f, i };
	}
	qsort(sorted, r->count, sizeof(*sorted), by_address);
	distribute(r, sorted, false);
	make_room(r);
	distribute(r, sorted, true);
	for (i = 0; i < r->count; i++) {
		struct rep_object *o = &r->objects[i];

		qsort(o->findings, o->count, sizeof(const struct finding *), by_weight);
		while (o->open < o->count && !o->findings[o->open]->suppressed)
			o->open++;
	}
}

static void collect_rules(struct rep *r)
{
	size_t n = 0;

	while (rule_at(n))
		n++;
	r->rules = arena_alloc(r->arena, (n + 1) * sizeof(const struct rule *));
	for (size_t i = 0; i < n; i++)
		r->rules[i] = rule_at(i);
	r->rule_count = n;
	qsort(r->rules, n, sizeof(const struct rule *), by_rule);
}

enum audit_status report_status(const struct audit *a, const struct report_opts *o)
{
	enum audit_status s = AUDIT_CLEAN;

	if (o->fail_on != SEV_NONE)
		s = audit_status(a, o->fail_on);
	for (const struct diag *d = a->diags; d && s == AUDIT_CLEAN; d = d->next)
		if (d->blocks)
			s = AUDIT_INCOMPLETE;
	if (s == AUDIT_CLEAN && o->strict && a->untold_count)
		s = AUDIT_INCOMPLETE;
	return s;
}

void rep_make(struct rep *r, const struct audit *a, const struct report_opts *o)
{
	*r = (struct rep){ .a = a, .o = o, .arena = a->arena, .s = { .arena = a->arena } };
	sort(r);
	collect_rules(r);
	for (size_t i = 0; i < a->finding_count; i++) {
		const struct finding *f = &a->findings[i];

		r->suppressed += f->suppressed != SUPP_NONE;
		r->by_baseline += f->suppressed == SUPP_BASELINE;
		r->open += f->suppressed == SUPP_NONE;
		r->by_severity[f->severity] += f->suppressed == SUPP_NONE;
	}
	for (const struct diag *d = a->diags; d; d = d->next)
		r->blocking += d->blocks;
	r->status = report_status(a, o);
}

/* ---- Words -------------------------------------------------------------------------------- */

const char *rep_suppressor(enum suppressed_by by)
{
	static const char *const names[] = {
		[SUPP_NONE] = "",       [SUPP_INLINE] = "comment", [SUPP_ANNOTATION] = "annotation",
		[SUPP_LABEL] = "label", [SUPP_POLICY] = "policy",  [SUPP_BASELINE] = "baseline",
	};

	return names[by];
}

const char *rep_status(enum audit_status s)
{
	return s == AUDIT_CLEAN ? "clean" : s == AUDIT_FINDINGS ? "findings" : "incomplete";
}

const char *rep_kind(enum input_kind k)
{
	static const struct {
		enum input_kind kind;
		const char *name;
	} names[] = {
		{ IN_LIVE, "live" },       { IN_OCI, "oci" },        { IN_INSPECT, "inspect" },
		{ IN_COMPOSE, "compose" }, { IN_K8S, "kubernetes" }, { IN_CRI, "cri" },
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (names[i].kind == k)
			return names[i].name;
	return "unknown";
}

const char *rep_pss_level(enum pss_level l)
{
	return l == PSS_PRIVILEGED ? "privileged" : l == PSS_BASELINE ? "baseline" : "restricted";
}

const char *rep_pss_wanted(const struct rep *r)
{
	if (!r->a->pss)
		return NULL;
	if (r->a->pss_minor < 0)
		return arena_printf(r->arena, "%s:latest", rep_pss_level(r->a->pss_want));
	return arena_printf(r->arena, "%s:v1.%d", rep_pss_level(r->a->pss_want), r->a->pss_minor);
}

bool rep_pss_counts(const struct rep *r, const struct pss_violation *v)
{
	return !r->a->pss || v->level <= r->a->pss_want;
}

const char *rep_count(struct arena *a, size_t n, const char *one, const char *many)
{
	return arena_printf(a, "%zu %s", n, n == 1 ? one : many);
}

const char *rep_scope(const struct rep *r)
{
	const char *objects = rep_count(r->arena, r->a->object_count, "object", "objects");

	if (!r->a->source_count && r->a->object_count)
		return objects;
	return arena_printf(r->arena, "%s in %s", objects,
			    rep_count(r->arena, r->a->source_count, "source", "sources"));
}

const char *rep_title(struct arena *a, const struct facts *f)
{
	if (f->src && *f->object)
		return arena_printf(a, "%s: %s", f->src->name, f->object);
	return f->src ? f->src->name : *f->object ? f->object : "?";
}

/* ---- Text --------------------------------------------------------------------------------- */

void rep_escape(struct str *s, const char *text)
{
	size_t len = strlen(text), n = pn_escape(NULL, 0, text, len);

	(void)pn_escape(str_room(s, n), n + 1, text, len);
	str_took(s, n);
}

/* XML 1.0 has no U+FFFE and no U+FFFF, escaped or not: U+FFFD stands for them. */
static void replace_nonchars(char *text)
{
	for (char *c = text; (c = strstr(c, "\xef\xbf")) != NULL; c += 2)
		if (c[2] == '\xbe' || c[2] == '\xbf')
			c[2] = '\xbd';
}

void rep_xml(struct str *s, const char *text)
{
	size_t len = strlen(text), n = pn_escape(NULL, 0, text, len);
	char *safe = arena_alloc(s->arena, n + 1);

	(void)pn_escape(safe, n + 1, text, len);
	replace_nonchars(safe);
	for (size_t part; *safe; safe += part) {
		part = strcspn(safe, "<>&\"'");
		str_put(s, safe, part);
		switch (safe[part]) {
		case '<': str_puts(s, "&lt;"); break;
		case '>': str_puts(s, "&gt;"); break;
		case '&': str_puts(s, "&amp;"); break;
		case '"': str_puts(s, "&quot;"); break;
		case '\'': str_puts(s, "&#39;"); break;
		default: break;
		}
		part += safe[part] != '\0';
	}
}

/* The bytes of a character; 1 for what is none. */
static size_t char_len(const char *s, size_t n)
{
	size_t k = 1;

	while (((unsigned char)s[0] & 0xc0) == 0xc0 && k < n && k < 4 &&
	       ((unsigned char)s[k] & 0xc0) == 0x80)
		k++;
	return k;
}

/* Coarse, after UAX 11: East Asian wide characters and emoji take two columns. */
static size_t columns(const char *s, size_t n)
{
	static const struct {
		uint32_t first, last;
	} wide[] = { { 0x1100, 0x115f },   { 0x2e80, 0xa4cf },  { 0xac00, 0xd7a3 },
		     { 0xf900, 0xfaff },   { 0xfe30, 0xfe6f },  { 0xff00, 0xff60 },
		     { 0x1f300, 0x1faff }, { 0x20000, 0x3fffd } };
	size_t count = 0, k;

	for (; n > 0; s += k, n -= k) {
		uint32_t c = (unsigned char)s[0];

		k = char_len(s, n);
		c = k == 1 ? c : c & (0xffU >> (k + 1));
		for (size_t i = 1; i < k; i++)
			c = c << 6 | ((unsigned char)s[i] & 0x3f);
		count += c < 0x300 || c > 0x36f;
		for (size_t i = 0; i < ARRAY_LEN(wide); i++)
			count += c >= wide[i].first && c <= wide[i].last;
	}
	return count;
}

struct rep_quote rep_quote(struct arena *a, const struct spot *spot, size_t width)
{
	size_t from = spot->column, to = spot->end_line == spot->line ? spot->end_column : 0,
	       at = from, k, n = 0, i = spot->offset < spot->len ? spot->offset : spot->len;
	struct str line = { .arena = a }, mark = { .arena = a };
	char piece[32];

	/* Begins a third of the width before, since the line may have millions. */
	while (i > 0 && from - at < width / 3)
		at -= ((unsigned char)spot->text[--i] & 0xc0) != 0x80;
	while (i > 0 && ((unsigned char)spot->text[i] & 0xc0) == 0x80)
		i--;
	if (i > 0)
		str_puts(&line, "...");
	str_repeat(&mark, ' ', line.len);
	for (; i < spot->len; i += k, at++) {
		size_t len, cols;

		k = char_len(spot->text + i, spot->len - i);
		/* Blanks for tabs; a backslash of the text stays one. */
		if (spot->text[i] == '\t' || spot->text[i] == '\\')
			len = (size_t)snprintf(piece, sizeof(piece), "%c",
					       spot->text[i] == '\t' ? ' ' : '\\');
		else
			len = pn_escape(piece, sizeof(piece), spot->text + i, k);
		cols = columns(piece, len);
		n += cols;
		if (n > width) {
			str_puts(&line, "...");
			break;
		}
		str_put(&line, piece, len);
		str_repeat(&mark, at == from || (at > from && at < to) ? '^' : ' ', cols);
	}
	str_room(&line, 0);
	str_took(&line, 0);
	if (from >= at)
		str_puts(&mark, "^");
	while (mark.len && mark.s[mark.len - 1] == ' ')
		mark.s[--mark.len] = '\0';
	return (struct rep_quote){ line.s, mark.len ? mark.s : "" };
}
