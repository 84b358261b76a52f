/* SPDX-License-Identifier: Apache-2.0 */
/* Policies: read strictly, since a policy that is misread protects nobody. */
#include "audit/policy.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "conf/yaml.h"

struct reader {
	struct arena *arena;
	struct json_doc doc;
	struct policy *p;
	struct err *e;
};

#define WRONG(r, at, ...) json_err(&(r)->doc, (at), (r)->e, EINVAL, __VA_ARGS__)

/* Scalars by their text: `off` is a boolean to YAML, and a date or a number may be meant as text. */
static const char *word(const struct json *v)
{
	return v->type != JSON_ARRAY && v->type != JSON_OBJECT && v->type != JSON_NULL && v->text
		       ? v->text
		       : NULL;
}

static int read_severity(struct reader *r, const struct json *v, bool off, enum severity *ret)
{
	const char *s = word(v);

	if (s && off && strcmp(s, "off") == 0) {
		*ret = SEV_NONE;
		return 0;
	}
	if (!s || severity_from_name(s) == SEV_NONE)
		return WRONG(r, v, "expected critical, high, medium, low or info%s",
			     off ? ", or off" : "");
	*ret = severity_from_name(s);
	return 0;
}

static int read_fail_on(struct reader *r, const struct json *v)
{
	return read_severity(r, v, false, &r->p->fail_on);
}

static int read_enforce(struct reader *r, const struct json *v)
{
	static const char *const modes[] = {
		[ENFORCE_DENY] = "deny", [ENFORCE_WARN] = "warn", [ENFORCE_OFF] = "off"
	};
	const char *s = word(v);

	for (size_t i = 0; s && i < ARRAY_LEN(modes); i++) {
		if (strcmp(s, modes[i]) == 0) {
			r->p->enforce = (enum enforce_mode)i;
			return 0;
		}
	}
	return WRONG(r, v, "expected deny, warn or off");
}

static int read_allow(struct reader *r, const struct json *v)
{
	if (v->type != JSON_BOOL)
		return WRONG(r, v, "expected true or false");
	r->p->allow_annotations = v->boolean ? TRI_YES : TRI_NO;
	return 0;
}

static int find_rule(struct reader *r, const struct json *at, const char *id,
		     const struct rule **ret)
{
	*ret = id ? rule_find(id) : NULL;
	if (!id)
		return WRONG(r, at, "expected the id of a rule");
	if (!*ret)
		return WRONG(r, at,
			     "there is no rule '%.64s': \"atoll audit --list-rules\" shows all",
			     id);
	return 0;
}

static int read_rules(struct reader *r, const struct json *v)
{
	int n = 0;

	if (v->type != JSON_OBJECT)
		return WRONG(r, v, "expected a mapping of rules to severities");
	r->p->rules = arena_alloc(r->arena, (v->count + 1) * sizeof(*r->p->rules));
	for (const struct json *c = v->child; c && n == 0; c = c->next) {
		struct policy_rule *rule = &r->p->rules[r->p->rule_count];

		n = find_rule(r, c, c->key, &rule->rule);
		if (n == 0)
			n = read_severity(r, c, true, &rule->severity);
		r->p->rule_count++;
	}
	return n;
}

/* ---- Exceptions ----------------------------------------------------------------------------- */

static bool digits(const char *s, size_t n, int *ret)
{
	int64_t v;

	if (strspn(s, "0123456789") < n || num_i64(s, n, &v) < 0)
		return false;
	*ret = (int)v;
	return true;
}

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Days since 1970-01-01; -1: there is no such day from then on. Without timegm(3), which reads
 * the time zone's file first: policies are read at each start of a container. */
static int64_t days_of(int year, int month, int day)
{
	static const short before[] = {
		0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365
	};
	int leap, last;

	if (year < 1970 || month < 1 || month > 12)
		return -1;
	leap = is_leap(year);
	last = before[month] - before[month - 1] + (month == 2 ? leap : 0);
	if (day < 1 || day > last)
		return -1;
	year--;
	return (int64_t)year * 365 + year / 4 - year / 100 + year / 400 - 719162 +
	       before[month - 1] + (month > 2 ? leap : 0) + day - 1;
}

/* YYYY-MM-DD, from when on it no longer holds: midnight, UTC. */
static int read_until(struct reader *r, const struct json *v, int64_t *ret)
{
	const char *s = word(v);
	int year, month, day;
	int64_t days;

	if (!s || strlen(s) != 10 || s[4] != '-' || s[7] != '-' || !digits(s, 4, &year) ||
	    !digits(s + 5, 2, &month) || !digits(s + 8, 2, &day))
		return WRONG(r, v, "expected a date, YYYY-MM-DD");
	days = days_of(year, month, day);
	if (days <= 0)
		return WRONG(r, v, "there is no such date after 1970");
	*ret = days * 24 * 60 * 60;
	return 0;
}

static int read_exception_rules(struct reader *r, const struct json *v, struct policy_exception *x)
{
	const char *all = word(v);
	int n = 0;

	if (all && strcmp(all, "*") == 0)
		return 0;
	if (v->type != JSON_ARRAY || v->count == 0)
		return WRONG(r, v, "expected a list of rules, or \"*\"");
	x->rules = arena_alloc(r->arena, v->count * sizeof(const struct rule *));
	for (const struct json *c = v->child; c && n == 0; c = c->next)
		n = find_rule(r, c, word(c), &x->rules[x->rule_count++]);
	return n;
}

static int read_text(struct reader *r, const struct json *v, const char **ret)
{
	const char *s = word(v);

	if (!s || !*s)
		return WRONG(r, v, "expected text");
	*ret = s;
	return 0;
}

static int read_exception(struct reader *r, const struct json *v, struct policy_exception *x)
{
	bool has_rules = false;
	int n = 0;

	if (v->type != JSON_OBJECT)
		return WRONG(r, v, "expected a mapping: object or image, rules, reason, until");
	x->node = v;
	for (const struct json *c = v->child; c && n == 0; c = c->next) {
		if (strcmp(c->key, "object") == 0)
			n = read_text(r, c, &x->object);
		else if (strcmp(c->key, "image") == 0)
			n = read_text(r, c, &x->image);
		else if (strcmp(c->key, "reason") == 0)
			n = read_text(r, c, &x->reason);
		else if (strcmp(c->key, "until") == 0)
			n = read_until(r, c, &x->until);
		else if (strcmp(c->key, "rules") == 0)
			n = read_exception_rules(r, c, x);
		else
			n = WRONG(r, c, "unknown key; known: object, image, rules, reason, until");
		has_rules = has_rules || strcmp(c->key, "rules") == 0;
	}
	if (n < 0)
		return n;
	if (!x->object && !x->image)
		return WRONG(r, v, "an exception is for an object or an image");
	if (!has_rules)
		return WRONG(r, v, "an exception names its rules, or \"*\"");
	return x->reason ? 0 : WRONG(r, v, "an exception gives its reason");
}

static int read_exceptions(struct reader *r, const struct json *v)
{
	int n = 0;

	if (v->type != JSON_ARRAY)
		return WRONG(r, v, "expected a list of exceptions");
	r->p->exceptions = arena_alloc(r->arena, (v->count + 1) * sizeof(*r->p->exceptions));
	for (const struct json *c = v->child; c && n == 0; c = c->next)
		n = read_exception(r, c, &r->p->exceptions[r->p->exception_count++]);
	return n;
}

static const struct {
	const char *key;
	int (*read)(struct reader *r, const struct json *v);
} keys[] = {
	{ "fail-on", read_fail_on },         { "enforce", read_enforce },
	{ "allow-annotations", read_allow }, { "rules", read_rules },
	{ "exceptions", read_exceptions },
};

static int read_key(struct reader *r, const struct json *v)
{
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (strcmp(keys[i].key, v->key) == 0)
			return keys[i].read(r, v);
	return WRONG(r, v,
		     "unknown key; known: fail-on, enforce, allow-annotations, rules, exceptions");
}

int policy_read(struct arena *a, const char *name, const char *text, size_t len, struct policy *ret,
		struct err *e)
{
	struct policy p = { .name = name, .fail_on = SEV_MEDIUM };
	struct reader r = { a, { .name = name, .text = text, .len = len }, &p, e };
	struct source *src = ARENA_NEW(a, struct source);
	struct json_set set;
	int n = 0;

	yaml_read(text, len, a, &set);
	if (set.issues) {
		struct json at = { .offset = (uint32_t)set.issues->offset };

		return WRONG(&r, &at, "%s", set.issues->message);
	}
	if (set.doc_count > 1)
		return WRONG(&r, set.docs->next->root, "a policy is one document");
	*src = (struct source){
		.name = name, .text = text, .len = len, .yaml = true, .file = true
	};
	p.src = src;
	r.doc.root = set.doc_count ? set.docs->root : NULL;
	if (r.doc.root && r.doc.root->type != JSON_OBJECT)
		return WRONG(&r, r.doc.root, "expected a mapping");
	for (const struct json *c = r.doc.root ? r.doc.root->child : NULL; c && n == 0; c = c->next)
		n = read_key(&r, c);
	if (n == 0)
		*ret = p;
	return n;
}

/* ---- Applying ------------------------------------------------------------------------------- */

static struct policy_rule *rule_of(struct policy *p, const struct rule *rule)
{
	for (size_t i = 0; i < p->rule_count; i++)
		if (p->rules[i].rule == rule)
			return &p->rules[i];
	return NULL;
}

static bool fits(const struct policy_exception *x, const struct facts *f)
{
	return (!x->object || fnmatch(x->object, f->object, 0) == 0) &&
	       (!x->image || (f->image && fnmatch(x->image, f->image, 0) == 0));
}

static bool covers(const struct policy_exception *x, const struct rule *rule)
{
	for (size_t i = 0; i < x->rule_count; i++)
		if (x->rules[i] == rule)
			return true;
	return !x->rules;
}

static void suppress(struct finding *f, const char *reason)
{
	if (f->suppressed)
		return;
	f->suppressed = SUPP_POLICY;
	f->reason = reason;
}

static void apply_rules(struct audit *a, struct policy *p)
{
	size_t kept = 0;

	for (size_t i = 0; i < a->finding_count; i++) {
		struct finding *f = &a->findings[i];
		struct policy_rule *rule = rule_of(p, f->rule);

		if (!rule)
			continue;
		rule->used++;
		if (rule->severity == SEV_NONE)
			suppress(f, arena_printf(a->arena, "switched off by %s", p->name));
		else
			f->severity = rule->severity;
	}
	for (size_t i = 0; i < a->untold_count; i++) {
		const struct policy_rule *rule = rule_of(p, a->untold[i].rule);

		if (!rule || rule->severity != SEV_NONE)
			a->untold[kept++] = a->untold[i];
	}
	a->untold_count = kept;
}

static void apply_exceptions(struct audit *a, struct policy *p, int64_t now)
{
	bool *fit = arena_alloc(a->arena, p->exception_count + 1);
	const struct facts *of = NULL; /* that `fit` is about: findings come object by object */

	for (size_t i = 0; i < a->finding_count; i++) {
		struct finding *f = &a->findings[i];

		for (size_t k = 0; k < p->exception_count && of != f->of; k++)
			fit[k] = fits(&p->exceptions[k], f->of);
		of = f->of;
		for (size_t k = 0; k < p->exception_count; k++) {
			struct policy_exception *x = &p->exceptions[k];

			if (!fit[k] || !covers(x, f->rule))
				continue;
			if (x->until && now >= x->until) {
				x->missed++;
			} else {
				x->used++;
				suppress(f, x->reason);
			}
		}
	}
}

static bool fits_any(const struct audit *a, const struct policy_exception *x)
{
	for (const struct facts *f = a->objects; f; f = f->next)
		if (fits(x, f))
			return true;
	return false;
}

void policy_apply(struct audit *a, struct policy *p, int64_t now)
{
	apply_rules(a, p);
	if (!p->exception_count)
		return;
	apply_exceptions(a, p, now);
	for (size_t i = 0; i < p->exception_count; i++) {
		const struct policy_exception *x = &p->exceptions[i];
		struct place at = place_of(p->src, x->node);

		if (x->missed)
			(void)audit_diag(a, DIAG_EXPIRED, NULL, &at,
					 "the exception (%s) has expired, and %zu finding%s would "
					 "need it",
					 x->reason, x->missed, x->missed == 1 ? "" : "s");
		else if (!x->used && !(x->until && now >= x->until) && fits_any(a, x))
			(void)audit_diag(a, DIAG_SUPPRESSION, NULL, &at,
					 "the exception (%s) suppresses nothing", x->reason);
	}
}
