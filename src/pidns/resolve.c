/* SPDX-License-Identifier: Apache-2.0 */
#include "pidns/impl.h"

#include <errno.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/num.h"

enum { WORD_MAX_ = 512, SHORTEST_ID = 3 };

static const struct pn_ns *ns_of(const struct pn_snap *s, const struct pn_owner *o)
{
	for (size_t i = 0; i < pn_ns_count(s); i++)
		if (pn_ns_at(s, i)->type == PN_PID && pn_ns_at(s, i)->owner == o)
			return pn_ns_at(s, i);
	/* It may share the namespace of another, or of the host. */
	for (size_t i = 0; i < pn_count(s); i++)
		if (pn_at(s, i)->owner == o)
			return pn_at(s, i)->ns;
	return NULL;
}

static void set_ns(struct pn_target *t, const struct pn_ns *ns)
{
	t->kind = PN_T_NS;
	t->ns = ns;
	t->proc = ns->init;
	t->owner = ns->owner;
}

static void set_proc(struct pn_target *t, const struct pn_proc *p)
{
	t->kind = PN_T_PROC;
	t->proc = p;
	t->ns = p->ns;
	t->owner = p->owner;
}

static void set_owner(const struct pn_snap *s, struct pn_target *t, const struct pn_owner *o)
{
	t->kind = PN_T_OWNER;
	t->owner = o;
	t->ns = ns_of(s, o);
	t->proc = NULL;
	if (t->ns && t->ns->owner == o)
		t->proc = t->ns->init;
	for (size_t i = 0; !t->proc && i < pn_count(s); i++)
		if (pn_at(s, i)->owner == o)
			t->proc = pn_at(s, i);
}

/* How well does a word fit? 3: the name, 2: the whole id, 1: the beginning of the id. */
static int fit(const struct pn_owner *o, const char *word)
{
	size_t n = strlen(word);

	if (o->monitor)
		return 0;
	if (o->name && strcmp(o->name, word) == 0)
		return 3;
	if (strcmp(o->id, word) == 0)
		return 2;
	return n >= SHORTEST_ID && strncmp(o->id, word, n) == 0;
}

static int by_owner(const struct pn_snap *s, const char *word, struct pn_target *ret)
{
	const struct pn_owner *best = NULL;
	const char *colon = strchr(word, ':');
	const char *rest = colon ? colon + 1 : word;
	int best_fit = 0, count = 0;

	for (const struct pn_owner *o = pn_owners(s); o; o = o->next) {
		const char *rt = pn_runtime_name(o->runtime);
		int f;

		if (colon && (strlen(rt) != (size_t)(colon - word) ||
			      strncmp(rt, word, (size_t)(colon - word)) != 0))
			continue;
		f = fit(o, rest);
		if (f == 0 || f < best_fit)
			continue;
		count = f > best_fit ? 1 : count + 1;
		best_fit = f;
		best = o;
	}
	if (count == 0)
		return -ESRCH;
	if (count > 1)
		return -ENOTUNIQ;
	set_owner(s, ret, best);
	return 0;
}

static int by_number(const struct pn_snap *s, uint64_t v, struct pn_target *ret)
{
	const struct pn_proc *p = v <= INT32_MAX ? pn_find(s, (pid_t)v) : NULL;

	if (p) {
		set_proc(ret, p);
		return 0;
	}
	for (int t = 0; t < PN_TYPES; t++) {
		const struct pn_ns *ns = pn_ns_find(s, (enum pn_type)t, v);

		if (ns) {
			set_ns(ret, ns);
			return 0;
		}
	}
	return -ESRCH;
}

static int by_ns_text(const struct pn_snap *s, const char *word, size_t len, struct pn_target *ret)
{
	const struct pn_ns *ns;
	uint64_t v;
	int t = proc_nslink_parse(word, len, &v);

	if (t < 0)
		return -EINVAL;
	ns = pn_ns_find(s, (enum pn_type)t, v);
	if (!ns)
		return -ESRCH;
	set_ns(ret, ns);
	return 0;
}

static int by_ns_id(const struct pn_snap *s, const char *text, struct pn_target *ret)
{
	uint64_t v;

	if (num_u64(text, strlen(text), &v) < 0)
		return -EINVAL;
	for (size_t i = 0; i < pn_ns_count(s); i++)
		if (pn_ns_at(s, i)->id == v) {
			set_ns(ret, pn_ns_at(s, i));
			return 0;
		}
	return -ESRCH;
}

/* Without an inner PID at the end. */
static int whole(const struct pn_snap *s, const char *word, struct pn_target *ret)
{
	uint64_t v;

	if (num_u64(word, strlen(word), &v) == 0) {
		int r = by_number(s, v, ret);

		return r == -ESRCH ? by_owner(s, word, ret) : r;
	}
	if (strchr(word, '['))
		return by_ns_text(s, word, strlen(word), ret);
	if (strncmp(word, "id:", 3) == 0)
		return by_ns_id(s, word + 3, ret);
	return by_owner(s, word, ret);
}

/* PID:INODE. The process has to be opened to know its inode. */
static int by_inode(const struct pn_snap *s, pid_t pid, uint64_t inode, struct pn_target *ret)
{
	const struct pn_proc *p = pn_find(s, pid);
	struct pn_ref ref = { .pid = pid, .inode = inode };
	int r;

	if (!p || s->info.recorded)
		return -ESRCH;
	r = pn_open(&ref, NULL, NULL);
	if (r < 0)
		return r;
	if (ref.inode != inode)
		return -ESRCH;
	set_proc(ret, p);
	return 0;
}

int pn_resolve(const struct pn_snap *s, const char *text, struct pn_target *ret)
{
	char word[WORD_MAX_];
	const char *colon = strrchr(text, ':');
	struct pn_target t = { 0 };
	uint64_t left, right;
	pid_t inner;
	int r;

	if (*text == '\0' || strlen(text) >= sizeof(word))
		return -EINVAL;
	if (colon && num_u64(text, (size_t)(colon - text), &left) == 0 && left <= INT32_MAX &&
	    num_u64(colon + 1, strlen(colon + 1), &right) == 0 && pn_find(s, (pid_t)left))
		r = by_inode(s, (pid_t)left, right, &t);
	else
		r = whole(s, text, &t);
	/* Names come before "NAME:PID" is taken apart: docker:web, and ids of digits. */
	if ((r == -ESRCH || r == -EINVAL) && colon && num_pid(colon + 1, &inner) == 0) {
		memcpy(word, text, (size_t)(colon - text));
		word[colon - text] = '\0';
		r = whole(s, word, &t);
		if (r == 0) {
			const struct pn_proc *p = t.ns ? pn_find_in(s, t.ns, inner) : NULL;

			if (!p)
				return -ESRCH;
			set_proc(&t, p);
		}
	}
	if (r == 0)
		*ret = t;
	return r;
}
