/* SPDX-License-Identifier: Apache-2.0 */
#include "pidns/findings.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static char *words(struct pn_snap *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static char *words(struct pn_snap *s, const char *fmt, ...)
{
	char text[1024];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0)
		return NULL;
	return pool_strndup(&s->pool, text,
			    (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1);
}

/* "16878 z7-shim", safe to print */
struct label {
	char text[96];
};

static struct label name(const struct pn_proc *p)
{
	struct label l;
	char comm[64];

	(void)pn_escape(comm, sizeof(comm), p->comm, strlen(p->comm));
	(void)snprintf(l.text, sizeof(l.text), "%d %s", (int)p->pid, comm);
	return l;
}

static int add(struct pn_snap *s, struct pn_finding f)
{
	if (!f.why || !f.fix ||
	    snap_grow(&s->findings, s->nfinding, &s->finding_cap, sizeof(*s->findings)) < 0)
		return -ENOMEM;
	s->findings[s->nfinding++] = f;
	return 0;
}

/* Why does this parent not wait? */
static const char *parent_fault(const struct row *r)
{
	const struct pn_proc *p = &r->pub;

	if (p->state == 'T' || p->state == 't')
		return "it is stopped";
	if (p->state == 'D')
		return "it is in an uninterruptible sleep";
	if (r->evidence & PN_EV_WAIT)
		return "it sleeps in wait, and will have it at once";
	if (r->evidence & PN_EV_WAIT_ONE)
		return "it waits for another child only";
	if (p->sigs.caught & 1ULL << SIGCHLD_BIT)
		return "it has a handler for SIGCHLD that does not collect it";
	return "it neither handles SIGCHLD nor waits";
}

static int zombie(struct pn_snap *s, const struct row *r)
{
	const struct pn_proc *p = &r->pub, *up = p->parent;
	struct label who = name(p);
	const char *why, *fix;

	if (!up) {
		why = words(s, "%s is dead, and its parent %d cannot be seen from here", who.text,
			    (int)p->ppid);
		fix = words(s, "look from the namespace of the parent");
	} else if (up->flags & PN_P_INIT && up->ns == p->ns && !(up->ns->flags & PN_NS_F_ROOT)) {
		why = words(s, "%s is dead, and init %s does not reap it: %s", who.text,
			    name(up).text, parent_fault(r->up));
		fix = words(
			s,
			"run the container with an init that reaps (atoll run --init, docker run --init)");
	} else {
		why = words(s, "%s is dead, and its parent %s has not waited for it: %s", who.text,
			    name(up).text, parent_fault(r->up));
		fix = words(s, "mend or restart %s; when it ends, its init takes over and reaps",
			    name(up).text);
	}
	return add(s, (struct pn_finding){ .code = PN_FIND_ZOMBIE,
					   .severity = PN_WARNING,
					   .ns = p->ns,
					   .proc = p,
					   .culprit = up,
					   .why = why,
					   .fix = fix });
}

/* The one that made the namespace (unshare --fork) stays so to its end, which is no news. */
static bool is_maker(const struct pn_snap *s, const struct pn_proc *p)
{
	const struct pn_ns *ns = pn_ns_find(s, PN_PID, p->children_ns_ino);

	return ns && ns->init && ns->init->parent == p;
}

static int process(struct pn_snap *s, const struct row *r)
{
	const struct pn_proc *p = &r->pub;
	int e = 0;

	/* A zombie that holds a dying namespace is told of there. */
	if (p->flags & PN_P_ZOMBIE && !(p->ns->state == PN_DYING && p->flags & PN_P_INJECTED))
		e = zombie(s, r);
	if (e == 0 && p->flags & PN_P_FALSE_ZOMBIE)
		e = add(s,
			(struct pn_finding){
				.code = PN_FIND_FALSE_ZOMBIE,
				.severity = PN_NOTE,
				.ns = p->ns,
				.proc = p,
				.culprit = p,
				.why = words(
					s,
					"%s looks like a zombie: its first thread has ended, and %u %s on",
					name(p).text, p->threads - 1,
					p->threads == 2 ? "thread lives" : "threads live"),
				.fix = words(s, "nothing to reap; it ends with its last thread") });
	if (e == 0 && p->flags & PN_P_INJECTED && !(p->flags & PN_P_ZOMBIE))
		e = add(s,
			(struct pn_finding){
				.code = PN_FIND_INJECTED,
				.severity = PN_NOTE,
				.ns = p->ns,
				.proc = p,
				.culprit = p->parent,
				.why = p->parent
					       ? words(s,
						       "%s came into the namespace from outside, by %s",
						       name(p).text, name(p->parent).text)
					       : words(s,
						       "%s came in from outside of what is visible here",
						       name(p).text),
				.fix = words(s, "none needed; inside, its PPid is 0") });
	if (e == 0 && p->flags & PN_P_PENDING && p->children_ns_ino && !is_maker(s, p))
		e = add(s,
			(struct pn_finding){
				.code = PN_FIND_PENDING,
				.severity = PN_NOTE,
				.ns = p->ns,
				.proc = p,
				.culprit = p,
				.why = words(
					s,
					"children of %s will be in PID namespace %llu, it itself is not",
					name(p).text, (unsigned long long)p->children_ns_ino),
				.fix = words(s, "none needed") });
	return e;
}

/* A namespace whose init waits in zap_pid_ns_processes for members that are not its to reap. */
static int stuck(struct pn_snap *s, struct nsrow *n)
{
	const struct pn_proc *init = n->pub.init;
	int e = 0;

	for (const struct row *r = n->first; e == 0 && r; r = r->next_member) {
		const struct pn_proc *p = &r->pub, *up = p->parent;
		const char *why, *fix;

		if (p == init)
			continue;
		if (p->state == 'Z' && !(p->flags & PN_P_FALSE_ZOMBIE) && up && up->ns != p->ns) {
			why = words(
				s,
				"init %s is gone but for %s, a zombie that only %s can reap, outside: %s",
				name(init).text, name(p).text, name(up).text, parent_fault(r->up));
			fix = words(s, "make %s wait for it, or kill %d", name(up).text,
				    (int)up->pid);
		} else if (p->state != 'Z') {
			why = words(s, "init %s cannot end before %s does, which is in state %c",
				    name(init).text, name(p).text, p->state);
			fix = words(s, "see what %s waits for (/proc/%d/stack)", name(p).text,
				    (int)p->pid);
			up = p;
		} else {
			continue;
		}
		n->pub.flags |= PN_NS_F_STUCK;
		e = add(s, (struct pn_finding){ .code = PN_FIND_STUCK,
						.severity = PN_ERROR,
						.ns = &n->pub,
						.proc = p,
						.culprit = up,
						.why = why,
						.fix = fix });
	}
	return e;
}

static int without_process(struct pn_snap *s, struct nsrow *n)
{
	const struct pn_pin *pin = n->pub.pins;
	const struct pn_proc *by = pin ? pn_find(s, pin->pid) : NULL;
	char path[256] = "";
	const char *why, *fix;

	if (n->pub.state == PN_NO_INIT_YET)
		return add(
			s,
			(struct pn_finding){
				.code = PN_FIND_NO_INIT_YET,
				.severity = PN_NOTE,
				.ns = &n->pub,
				.culprit = by,
				.why = words(
					s,
					"%s has unshared its PID namespace and made no child: there is no init yet",
					by ? name(by).text : "a process"),
				.fix = words(s, "its next child becomes init (unshare --fork)") });
	if (!pin)
		return 0;
	if (pin->path)
		(void)pn_escape(path, sizeof(path), pin->path, strlen(pin->path));
	if (pin->how == PN_HOLD_MOUNT && pin->pid == 0)
		why = words(s,
			    "%s namespace %llu has no process; a mount on %s keeps it, in mount "
			    "namespace %llu, which no process is in",
			    pn_type_name(n->pub.type), (unsigned long long)n->pub.ino, path,
			    (unsigned long long)pin->mntns);
	else if (pin->how == PN_HOLD_MOUNT)
		why = words(
			s,
			"%s namespace %llu has no process; a mount on %s keeps it, as %d sees it",
			pn_type_name(n->pub.type), (unsigned long long)n->pub.ino, path,
			(int)pin->pid);
	else if (pin->how == PN_HOLD_FD)
		why = words(s, "%s namespace %llu has no process; descriptor %d of %d keeps it",
			    pn_type_name(n->pub.type), (unsigned long long)n->pub.ino, pin->fd,
			    (int)pin->pid);
	else
		why = words(s, "PID namespace %llu has no process; children of %d would be in it",
			    (unsigned long long)n->pub.ino, (int)pin->pid);
	if (pin->how == PN_HOLD_MOUNT && pin->pid == 0)
		fix = words(
			s,
			"let go of mount namespace %llu: atoll ns --held -t mnt says what keeps it",
			(unsigned long long)pin->mntns);
	else if (pin->how == PN_HOLD_MOUNT)
		fix = words(s, "nsenter -t %d -m umount '%s'", (int)pin->pid, path);
	else
		fix = words(s, "it goes when %d lets go of it", (int)pin->pid);
	return add(s, (struct pn_finding){ .code = PN_FIND_PINNED,
					   .severity = PN_NOTE,
					   .ns = &n->pub,
					   .culprit = by,
					   .why = why,
					   .fix = fix });
}

static int namespace(struct pn_snap *s, struct nsrow *n)
{
	char text[256];
	int e = 0;

	if (n->pub.nproc == 0)
		return without_process(s, n);
	if (n->pub.type != PN_PID)
		return 0;
	if (n->pub.state == PN_DYING && n->pub.init)
		e = stuck(s, n);
	/* The first namespace's init is not a container's: its zombies are told of one by one. */
	if (e == 0 && n->pub.reap == PN_REAP_NO && !(n->pub.flags & PN_NS_F_ROOT)) {
		(void)pn_reap_text(&n->pub, text, sizeof(text));
		e = add(s,
			(struct pn_finding){
				.code = PN_FIND_NOT_REAPING,
				.severity = n->pub.nunreaped ? PN_WARNING : PN_NOTE,
				.ns = &n->pub,
				.proc = n->pub.init,
				.culprit = n->pub.init,
				.why = words(s, "init %s %s", name(n->pub.init).text, text),
				.fix = words(
					s,
					"run the container with an init that reaps (atoll run --init, docker run --init)") });
	}
	return e;
}

static int worst_first(const void *a, const void *b)
{
	const struct pn_finding *x = a, *y = b;
	pid_t p = x->proc ? x->proc->pid : 0, q = y->proc ? y->proc->pid : 0;

	if (x->severity != y->severity)
		return x->severity > y->severity ? -1 : 1;
	if (x->code != y->code)
		return x->code < y->code ? -1 : 1;
	return (p > q) - (p < q);
}

int findings_make(struct pn_snap *s)
{
	int e = 0;

	for (size_t i = 0; e == 0 && i < s->nns; i++)
		e = namespace(s, s->nss[i]);
	for (size_t i = 0; e == 0 && i < s->nrow; i++)
		if (s->rows[i]->pub.flags &
		    (PN_P_ZOMBIE | PN_P_FALSE_ZOMBIE | PN_P_INJECTED | PN_P_PENDING))
			e = process(s, s->rows[i]);
	if (e == 0 && s->nfinding > 1)
		qsort(s->findings, s->nfinding, sizeof(*s->findings), worst_first);
	return e;
}
