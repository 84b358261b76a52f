/* SPDX-License-Identifier: Apache-2.0 */
/* What a seccomp profile lets through that no default lets through. Both forms are read: the
 * specification's and Docker's, whose rules may hold for some capabilities,
 * architectures or kernels only.
 *
 * Architectures that a profile does not list are no gap: libseccomp, which every runtime
 * loads profiles with, ends a process that calls through another one. */
#include <string.h>

#include "audit/danger.h"
#include "audit/spec.h"
#include "base/cleanup.h"
#include "base/num.h"
#include "conf/oci_tables.h"

/* The names by which Docker's profiles call the architecture of this build. */
#if defined(__x86_64__)
static const char native[] = "amd64";
#elif defined(__aarch64__)
static const char native[] = "arm64";
#elif defined(__riscv)
static const char native[] = "riscv64";
#elif defined(__s390x__)
static const char native[] = "s390x";
#elif defined(__powerpc64__)
static const char native[] = "ppc64le";
#else
static const char native[] = "";
#endif

#if defined(__s390x__)
enum { CLONE_FLAGS_INDEX = 1 };
#else
enum { CLONE_FLAGS_INDEX = 0 };
#endif

static bool lists(const struct json *list, const char *word)
{
	for (const struct json *v = list ? list->child : NULL; v; v = v->next)
		if (v->type == JSON_STRING && strcmp(v->text, word) == 0)
			return true;
	return false;
}

static bool has_cap(uint64_t caps, const struct json *v)
{
	int cap = v->type == JSON_STRING ? cap_from_name(v->text, false) : -1;

	return cap >= 0 && caps >> cap & 1;
}

/* includes: all that is named must hold; excludes: one that holds is enough. Kernels are
 * taken to be newer than any that a profile names. */
static bool applies(const struct json *rule, uint64_t caps)
{
	const struct json *in = spec_obj(rule, "includes"), *ex = spec_obj(rule, "excludes");
	const struct json *list = spec_list(in, "arches");

	if (list && list->count && !lists(list, native))
		return false;
	list = spec_list(in, "caps");
	for (const struct json *v = list ? list->child : NULL; v; v = v->next)
		if (!has_cap(caps, v))
			return false;
	if (lists(spec_list(ex, "arches"), native) || json_get(ex, "minKernel"))
		return false;
	list = spec_list(ex, "caps");
	for (const struct json *v = list ? list->child : NULL; v; v = v->next)
		if (has_cap(caps, v))
			return false;
	return true;
}

static bool lets_through(const char *action)
{
	return action &&
	       (strcmp(action, "SCMP_ACT_ALLOW") == 0 || strcmp(action, "SCMP_ACT_LOG") == 0);
}

/* One condition on an argument, for a value of it. What cannot be read holds. */
static bool holds(const struct json *arg, uint64_t value)
{
	const char *op = spec_str(arg, "op");
	const struct json *a = json_get(arg, "value"), *b = json_get(arg, "valueTwo");
	uint64_t x, y = 0;

	if (!op || !a || a->type != JSON_NUMBER || num_u64(a->text, a->len, &x) < 0)
		return true;
	if (b && b->type == JSON_NUMBER && num_u64(b->text, b->len, &y) < 0)
		return true;
	if (strcmp(op, "SCMP_CMP_EQ") == 0)
		return value == x;
	if (strcmp(op, "SCMP_CMP_NE") == 0)
		return value != x;
	if (strcmp(op, "SCMP_CMP_LT") == 0)
		return value < x;
	if (strcmp(op, "SCMP_CMP_LE") == 0)
		return value <= x;
	if (strcmp(op, "SCMP_CMP_GE") == 0)
		return value >= x;
	if (strcmp(op, "SCMP_CMP_GT") == 0)
		return value > x;
	return strcmp(op, "SCMP_CMP_MASKED_EQ") != 0 || (value & x) == y;
}

/* May the argument `index` be `value`? Of several conditions on one argument runc wants any to
 * hold, others all: the former lets more through. */
static bool may_be(const struct json *args, int64_t index, uint64_t value)
{
	bool any = false, on_it = false;

	for (const struct json *v = args->child; v; v = v->next) {
		int64_t i = -1;

		if (!spec_int(json_get(v, "index"), &i) || i != index)
			continue;
		on_it = true;
		any |= holds(v, value);
	}
	return any || !on_it;
}

/* Do the conditions leave room for what makes the call dangerous? */
static bool args_fit(const struct json *args, const struct danger_call *d)
{
	/* clone: the flags come with the signal for the parent, SIGCHLD; or all at once */
	const uint64_t with[] = { 0, 17, 0x7e020000, 0x7e020011 };
	int64_t index = d->arg;

	if (!args || !args->count || !d->mask)
		return true;
	if (strcmp(d->call, "clone") == 0)
		index = CLONE_FLAGS_INDEX;
	for (size_t i = 0; i < ARRAY_LEN(with); i++) {
		uint64_t value = d->value | (with[i] & ~d->mask);

		if (may_be(args, index, value))
			return true;
	}
	return false;
}

enum { DANGERS_MAX = 128 };

struct judge {
	uint64_t caps;
	bool engine;
	size_t count;                               /* of danger_calls */
	const struct json *where[DANGERS_MAX];      /* let through here, or NULL */
	bool allowed[DANGERS_MAX];                  /* by a rule, not just by default */
	unsigned char head[256], next[DANGERS_MAX]; /* by sketch: place + 1; 0: no more */
};

/* A profile names hundreds of calls, few of which matter. */
static unsigned int sketch(const char *call, size_t len)
{
	return ((unsigned char)call[0] + 3U * (unsigned char)call[len - 1] +
		5U * (unsigned int)len) &
	       255;
}

static void judge_init(struct judge *j, const struct json *open)
{
	for (const struct danger_call *d = danger_calls; *d->label && j->count < DANGERS_MAX; d++) {
		unsigned char *head = &j->head[sketch(d->call, strlen(d->call))];

		j->where[j->count] = open;
		j->next[j->count++] = *head;
		*head = (unsigned char)j->count;
	}
}

static void judge_one(struct judge *j, size_t i, const struct json *name, bool allow,
		      const struct json *args)
{
	if (allow && args_fit(args, &danger_calls[i])) {
		j->allowed[i] = true;
		j->where[i] = name;
	} else if (!allow && (!args || !args->count)) {
		j->where[i] = NULL;
	}
}

/* A call that is allowed by one rule and refused by another one counts as allowed: which one
 * wins is the library's secret. */
static void judge_call(struct judge *j, const struct json *name, bool allow,
		       const struct json *args)
{
	if (name->type != JSON_STRING || name->len == 0)
		return;
	for (size_t i = j->head[sketch(name->text, name->len)]; i; i = j->next[i - 1])
		if (!j->allowed[i - 1] && strcmp(danger_calls[i - 1].call, name->text) == 0)
			judge_one(j, i - 1, name, allow, args);
}

static void judge_rule(struct judge *j, const struct json *rule)
{
	const struct json *names = spec_list(rule, "names"), *name = json_get(rule, "name");
	const struct json *args = spec_list(rule, "args");
	bool allow = lets_through(spec_str(rule, "action"));

	if (j->engine && !applies(rule, j->caps))
		return;
	if (name && j->engine)
		judge_call(j, name, allow, args);
	for (const struct json *v = names ? names->child : NULL; v; v = v->next)
		judge_call(j, v, allow, args);
}

static void judge_profile(const struct spec *s, const struct json *profile, uint64_t caps,
			  bool engine)
{
	struct judge j = { .caps = caps, .engine = engine };
	const struct json *rules = spec_list(profile, "syscalls");
	const struct json *action = json_get(profile, "defaultAction");
	const char *word = spec_str(profile, "defaultAction");
	bool open = lets_through(word);

	s->f->seccomp = (struct mode_fact){ .mode = SECM_CUSTOM, .at = spec_at(s, profile) };
	if (!word) {
		list_unknown(s->f, LIST_SECCOMP_WEAK, "the profile has no default action");
		return;
	}
	list_whole(s->f, LIST_SECCOMP_WEAK);
	if (open)
		list_add(s->a, s->f, LIST_SECCOMP_WEAK, spec_at(s, action), DANGER_UNKNOWN_CALLS);
	judge_init(&j, open ? action : NULL);
	for (const struct json *r = rules ? rules->child : NULL; r; r = r->next)
		judge_rule(&j, r);
	for (size_t i = 0; i < j.count; i++)
		if (j.where[i] && danger_calls[i].weak &&
		    !danger_by_default(&danger_calls[i], caps, s->f->engine))
			list_add(s->a, s->f, LIST_SECCOMP_WEAK, spec_at(s, j.where[i]),
				 danger_calls[i].label);
}

void spec_seccomp(const struct spec *s, const struct json *profile, uint64_t caps)
{
	judge_profile(s, profile, caps, true);
}

void spec_seccomp_oci(const struct spec *s, const struct json *profile, uint64_t caps)
{
	judge_profile(s, profile, caps, false);
}

void facts_from_seccomp(struct audit *a, struct facts *f, const struct json *profile, uint64_t caps)
{
	struct spec s = { .a = a, .f = f };

	if (profile && profile->type == JSON_OBJECT) {
		spec_seccomp(&s, profile, caps);
		return;
	}
	f->seccomp = (struct mode_fact){ .mode = SECM_CUSTOM, .at = place_of(f->src, profile) };
	list_unknown(f, LIST_SECCOMP_WEAK, "the profile is no object");
}
