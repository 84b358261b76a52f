/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/enforce.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"

enum {
	POLICY_MAX = 1 << 20,
	OVERFLOW_UID = 65534, /* whoever has no number in this user namespace */
	WARNINGS_MAX = 20,
};

/* ---- The policy --------------------------------------------------------------------------- */

static int refuse_all(int code, const char *why, struct err *e)
{
	return err_set(e, code, "the policy %s is not trusted: %s; no container is started",
		       ENFORCE_POLICY, why);
}

/* Who else can write to it, or put another one in its place? */
static const char *not_roots(const struct stat *st, bool rootless)
{
	if (st->st_uid != 0 && !(rootless && st->st_uid == OVERFLOW_UID))
		return "is not owned by root";
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return "may be written by others than root";
	return NULL;
}

static int trust(int fd, const struct enforce *o, struct err *e)
{
	const char *why;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_set(e, errno, "policy %s: %m", ENFORCE_POLICY);
	if (!S_ISREG(st.st_mode))
		return refuse_all(EPERM, "it is no regular file", e);
	why = not_roots(&st, o->rootless);
	if (why)
		return refuse_all(EPERM, arena_printf(o->arena, "it %s", why), e);
	if (stat("/etc/atoll", &st) < 0)
		return err_set(e, errno, "policy %s: %m", ENFORCE_POLICY);
	why = not_roots(&st, o->rootless);
	return why ? refuse_all(EPERM, arena_printf(o->arena, "its directory %s", why), e) : 0;
}

/* -ENOENT: there is none. A link that leads nowhere is a policy that cannot be read. */
static int open_policy(void)
{
	const int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
	int fd = open(ENFORCE_POLICY, flags | O_NOFOLLOW);

	if (fd < 0 && errno == ELOOP) {
		fd = open(ENFORCE_POLICY, flags);
		if (fd < 0 && errno == ENOENT)
			return -ENOLINK;
	}
	return fd < 0 ? -errno : fd;
}

/* 1: there is one. 0: none. */
static int load(const struct enforce *o, struct policy *ret, struct err *e)
{
	autoclose int fd = open_policy();
	char *text;
	size_t len;
	int r;

	if (fd == -ENOENT || fd == -ENOTDIR)
		return 0;
	if (fd < 0) {
		r = fd == -ENOLINK ? err_set(e, ENOENT,
					     "read the policy %s: it is a link that leads nowhere",
					     ENFORCE_POLICY)
				   : err_set(e, -fd, "read the policy %s: %m", ENFORCE_POLICY);
		err_hint(e, "while there is a policy that cannot be read, no container is started");
		return r;
	}
	r = trust(fd, o, e);
	if (r < 0)
		return r;
	r = io_read_fd(fd, POLICY_MAX, o->arena, &text, &len);
	if (r < 0)
		return err_set(e, -r, "read the policy %s: %m", ENFORCE_POLICY);
	r = policy_read(o->arena, ENFORCE_POLICY, text, len, ret, e);
	if (r < 0) {
		err_hint(e, "while the policy has an error, no container is started");
		return r;
	}
	return 1;
}

/* ---- The verdict -------------------------------------------------------------------------- */

/* Findings from here on are refused, and from there on told; SEV_NONE: none is. */
struct limits {
	enum severity deny, warn;
	bool by_policy; /* the refusal */
};

static void add_limit(enum severity *limit, enum severity s)
{
	if (*limit == SEV_NONE || s < *limit)
		*limit = s;
}

static struct limits limits_of(const struct enforce *o, const struct policy *p)
{
	struct limits l = { 0 };

	if (p && p->enforce == ENFORCE_DENY)
		add_limit(&l.deny, p->fail_on);
	if (p && p->enforce == ENFORCE_WARN)
		add_limit(&l.warn, p->fail_on);
	l.by_policy = l.deny != SEV_NONE;
	if (o->asked) {
		enum severity s = !o->default_severity ? o->severity : p ? p->fail_on : SEV_MEDIUM;

		add_limit(o->mode == ENFORCE_DENY ? &l.deny : &l.warn, s);
	}
	return l;
}

static const char *told(const struct enforce *o, const struct finding *f)
{
	const char *at = (o->no_file ? place_pointer : place_text)(o->arena, &f->at);

	return arena_printf(o->arena, "%s (%s): %s%s%s", f->rule->id, severity_name(f->severity),
			    f->message, *at ? ", at " : "", at);
}

static void warn_of(const struct enforce *o, const struct audit *a, const struct limits *l)
{
	size_t count = 0;

	for (size_t i = 0; i < a->finding_count && o->warn; i++) {
		const struct finding *f = &a->findings[i];

		if (f->suppressed || f->severity < l->warn)
			continue;
		if (count++ == WARNINGS_MAX) {
			o->warn("audit: and more; \"atoll audit\" shows all");
			return;
		}
		o->warn(arena_printf(o->arena, "audit: %s", told(o, f)));
	}
}

/* The worst one in full, the others by name: an error is one line of 500 bytes. */
static int refuse(const struct enforce *o, const struct audit *a, const struct limits *l,
		  struct err *e)
{
	const struct finding *worst = NULL;
	const char *others = "", *who;
	size_t count = 0;

	for (size_t i = 0; i < a->finding_count; i++) {
		const struct finding *f = &a->findings[i];

		if (f->suppressed || f->severity < l->deny)
			continue;
		if (!worst || f->severity > worst->severity)
			worst = f;
		count++;
	}
	if (!worst)
		return 0;
	for (size_t i = 0, n = 0; i < a->finding_count && n < 8; i++) {
		const struct finding *f = &a->findings[i];

		if (f->suppressed || f->severity < l->deny || f == worst)
			continue;
		others = arena_printf(o->arena, "%s%s%s", others, n++ ? ", " : "", f->rule->id);
	}
	who = l->by_policy ? "refused by the node's policy " ENFORCE_POLICY
			   : "refused by --audit=deny";
	if (count == 1)
		return err_set(e, EPERM, "%s: %.300s", who, told(o, worst));
	return err_set(e, EPERM, "%s: %.240s; and %zu more: %.100s%s", who, told(o, worst),
		       count - 1, others, count > 9 ? ", ..." : "");
}

static int judge(struct enforce *o, const struct json_doc *config, struct policy *p, struct err *e)
{
	const struct limits l = limits_of(o, p);
	struct source src = { .name = config->name, .text = config->text, .len = config->len };
	struct audit a;

	if (l.deny == SEV_NONE && l.warn == SEV_NONE)
		return 0;
	audit_init(&a, o->arena);
	a.facts_only = true; /* the runtime has read it strictly */
	from_oci(&a, &src, config->root);
	if (!a.objects)
		return err_set(e, EPERM, "%s cannot be audited", config->name);
	audit_run_one(&a, a.objects);
	/* Who writes a bundle does not decide on it, unless the policy says so. */
	if (p && p->allow_annotations == TRI_YES)
		suppress_apply(&a);
	if (p)
		policy_apply(&a, p, time(NULL));
	if (l.warn != SEV_NONE)
		warn_of(o, &a, &l);
	return l.deny != SEV_NONE ? refuse(o, &a, &l, e) : 0;
}

int enforce_permit(void *ctx, const struct json_doc *config, struct err *e)
{
	struct enforce *o = ctx;
	struct policy policy;
	int r = load(o, &policy, e);

	if (r < 0 || (r == 0 && !o->asked))
		return r;
	return judge(o, config, r ? &policy : NULL, e);
}

int enforce_spec(struct enforce *o, const char *name, const struct oci_spec *spec, struct err *e)
{
	struct json_doc doc;
	struct policy policy;
	size_t len;
	char *text;
	int r = load(o, &policy, e), found = r;

	if (r < 0 || (r == 0 && !o->asked))
		return r;
	o->no_file = true;
	oci_spec_write(spec, o->arena, &text, &len);
	r = json_parse(name, text, len, o->arena, &doc, e);
	return r < 0 ? r : judge(o, &doc, found ? &policy : NULL, e);
}

/* ---- The option --------------------------------------------------------------------------- */

int enforce_option(const char *word, struct enforce *ret, struct err *e)
{
	size_t n = strcspn(word, ":");

	if (n == 4 && strncmp(word, "warn", n) == 0)
		ret->mode = ENFORCE_WARN;
	else if (n == 4 && strncmp(word, "deny", n) == 0)
		ret->mode = ENFORCE_DENY;
	else
		return err_set(e, EINVAL, "option --audit: unknown word '%.*s'; known: warn, deny",
			       (int)(n < 32 ? n : 32), word);
	ret->asked = true;
	ret->default_severity = word[n] == '\0';
	if (word[n] == '\0')
		return 0;
	ret->severity = severity_from_name(word + n + 1);
	if (ret->severity == SEV_NONE)
		return err_set(e, EINVAL,
			       "option --audit: unknown severity '%.32s'; known: info, low, "
			       "medium, high, critical",
			       word + n + 1);
	return 0;
}
