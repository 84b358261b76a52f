/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/views.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/num.h"
#include "cli/atoll.h"
#include "conf/runspec.h"

enum { SHORT_ID_MIN = 3, PID_LIMIT = 4 << 20 /* PID_MAX_LIMIT */ };

struct view_box {
	pid_t pid;
	const char *id, *name;
};

/* ---- the snapshot -------------------------------------------------------------------- */

static int box_pid_cmp(const void *a, const void *b)
{
	const struct view_box *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

static int box_id_cmp(const void *a, const void *b)
{
	const struct view_box *x = a, *y = b;

	return strcmp(x->id, y->id);
}

/* Our own containers. Those that cannot be read are seen without their names. */
static void read_boxes(struct view *v)
{
	autoatoll struct atoll at = ATOLL_NULL;
	struct box_list list;
	struct cmd_call call = *v->call;
	struct err e = { 0 };

	v->nbox = 0;
	call.arena = v->arena; /* a command that looks again and again has one for each look */
	if (v->args->proc || atoll_open(&call, false, &at, &e) < 0 || box_list(&at, &list, &e) < 0)
		return;
	v->by_pid = arena_alloc(v->arena, (list.count + 1) * sizeof(*v->by_pid));
	for (size_t i = 0; i < list.count; i++)
		if (list.items[i].known && box_is_alive(&list.items[i]))
			v->by_pid[v->nbox++] = (struct view_box){ list.items[i].c.state.pid,
								  list.items[i].rec.id,
								  list.items[i].rec.name };
	if (!v->nbox)
		return;
	v->by_id = arena_dup(v->arena, v->by_pid, v->nbox * sizeof(*v->by_id));
	qsort(v->by_pid, v->nbox, sizeof(*v->by_pid), box_pid_cmp);
	qsort(v->by_id, v->nbox, sizeof(*v->by_id), box_id_cmp);
}

static int finding_cmp(const void *a, const void *b)
{
	const struct pn_finding *x = *(const struct pn_finding *const *)a;
	const struct pn_finding *y = *(const struct pn_finding *const *)b;

	if (x->proc->pid != y->proc->pid)
		return x->proc->pid < y->proc->pid ? -1 : 1;
	return x->severity != y->severity ? (int)y->severity - (int)x->severity
					  : (int)x->code - (int)y->code;
}

static bool is_of_ns(const struct pn_finding *f)
{
	return f->ns && (f->code == PN_FIND_NOT_REAPING || f->code == PN_FIND_STUCK ||
			 f->code == PN_FIND_NO_INIT_YET || f->code == PN_FIND_PINNED);
}

static int ns_finding_cmp(const void *a, const void *b)
{
	uintptr_t x = (uintptr_t)(*(const struct pn_finding *const *)a)->ns;
	uintptr_t y = (uintptr_t)(*(const struct pn_finding *const *)b)->ns;

	return (x > y) - (x < y);
}

static void index_findings(struct view *v)
{
	size_t n = pn_finding_count(v->snap);

	v->by_proc = arena_alloc(v->arena, (n + 1) * sizeof(*v->by_proc));
	v->by_ns = arena_alloc(v->arena, (n + 1) * sizeof(*v->by_ns));
	v->nby_proc = v->nby_ns = 0;
	for (size_t i = 0; i < n; i++) {
		const struct pn_finding *f = pn_finding_at(v->snap, i);

		if (is_of_ns(f))
			v->by_ns[v->nby_ns++] = f;
		/* What holds a namespace that should be gone is remarkable by itself, too. */
		if (f->proc && (!is_of_ns(f) || f->code == PN_FIND_STUCK))
			v->by_proc[v->nby_proc++] = f;
	}
	if (v->nby_ns)
		qsort(v->by_ns, v->nby_ns, sizeof(*v->by_ns), ns_finding_cmp);
	if (v->nby_proc)
		qsort(v->by_proc, v->nby_proc, sizeof(*v->by_proc), finding_cmp);
}

int view_again(struct view *v, uint32_t fields, struct err *e)
{
	struct pn_opts o = PN_OPTS_INIT;
	const char *dir = v->args->proc ? v->args->proc : "/proc";
	int r;

	fields |= v->addressed;
	o.proc = v->args->proc;
	o.fields = fields;
	pn_free(v->snap);
	v->snap = NULL;
	r = pn_snapshot(&v->snap, &o);
	if (r == -ENODATA)
		return err_set(e, ENODATA, "%.256s: no process in it: it is no procfs", dir);
	if (r < 0)
		return err_set(e, -r, "read the processes in %.256s: %m", dir);
	v->info = pn_info(v->snap);
	if (fields & (PN_F_OWNER | PN_F_CGROUP | PN_F_NAMES))
		read_boxes(v);
	index_findings(v);
	return 0;
}

/* A namespace, and not among those that the processes showed as they were looked at? Those of
 * other types, and those that no process is in, are in more files, which few addresses need. */
static bool is_missed(const struct view *v, const char *text)
{
	struct pn_target t;
	uint64_t number;

	if (num_u64(text, strlen(text), &number) == 0
		    ? number <= PID_LIMIT
		    : !strchr(text, '[') && strncmp(text, "id:", 3) != 0)
		return false;
	return pn_resolve(v->snap, text, &t) == -ESRCH;
}

int view_open(struct cmd_call *call, const struct view_args *args, uint32_t fields,
	      struct view *ret, struct err *e)
{
	bool missed = false;
	int r;

	*ret = (struct view){ .call = call, .arena = call->arena, .args = args };
	out_init(&ret->out, call->arena, ret, !args->no_headings, !args->no_trunc);
	r = view_again(ret, fields, e);
	for (int i = 0; r == 0 && i < call->count; i++)
		missed = missed || is_missed(ret, call->operand[i]);
	if (!missed)
		return r;
	ret->addressed = PN_F_NSLINKS | PN_F_USERNS | PN_F_NSINFO | PN_F_PENDING | PN_F_MOUNTS;
	return view_again(ret, fields, e);
}

void view_close(struct view *v)
{
	pn_free(v->snap);
	v->snap = NULL;
}

void view_say_limits(const struct view *v)
{
	const struct atoll_globals *g = v->call->globals;
	const struct pn_info *i = v->info;

	if (g->quiet)
		return;
	(void)fflush(stdout);
	if (i->unreadable)
		fprintf(stderr,
			"atoll: processes that this user may not read, and that are not shown: %zu\n",
			i->unreadable);
	if (i->no_access)
		fprintf(stderr,
			"atoll: processes whose namespaces this user may not read: %zu; "
			"what follows from a rule instead is marked ~\n",
			i->no_access);
	if (i->hidden && i->no_access)
		fprintf(stderr, "atoll: parents that this procfs does not show (hidepid?): %zu\n",
			i->hidden);
}

void view_json_begin(struct view *v, struct jsonw *w, const char *schema, const char *list)
{
	const struct pn_info *i = v->info;

	jsonw_init(w, v->arena, 1);
	jsonw_obj(w);
	jsonw_kstr(w, "schema", schema);
	jsonw_key(w, "source");
	jsonw_obj(w);
	jsonw_kstr(w, "proc", i->proc);
	jsonw_kbool(w, "recorded", i->recorded);
	jsonw_ku64(w, "processes", i->nproc);
	jsonw_ku64(w, "unreadable", i->unreadable);
	jsonw_ku64(w, "no_access", i->no_access);
	jsonw_ku64(w, "inferred", i->inferred);
	jsonw_ku64(w, "hidden", i->hidden);
	jsonw_ku64(w, "gone", i->gone);
	jsonw_obj_end(w);
	jsonw_key(w, list);
	jsonw_arr(w);
}

void view_json_end(struct view *v, struct jsonw *w)
{
	jsonw_arr_end(w);
	jsonw_obj_end(w);
	jsonw_nl(w);
	out_flush(&v->out, w);
}

const struct pn_finding *view_finding(const struct view *v, const struct pn_proc *p)
{
	size_t low = 0, high = v->nby_proc;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (v->by_proc[mid]->proc->pid < p->pid)
			low = mid + 1;
		else
			high = mid;
	}
	return low < v->nby_proc && v->by_proc[low]->proc == p ? v->by_proc[low] : NULL;
}

const struct pn_finding *const *view_ns_findings(const struct view *v, const struct pn_ns *ns,
						 size_t *ret_count)
{
	size_t low = 0, high = v->nby_ns, n = 0;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if ((uintptr_t)v->by_ns[mid]->ns < (uintptr_t)ns)
			low = mid + 1;
		else
			high = mid;
	}
	while (low + n < v->nby_ns && v->by_ns[low + n]->ns == ns)
		n++;
	*ret_count = n;
	return v->by_ns + low;
}

/* ---- owners --------------------------------------------------------------------------- */

static const struct view_box *box_of_owner(const struct view *v, const struct pn_owner *o)
{
	struct view_box key = { .id = o ? o->id : NULL };

	return o && v->nbox ? bsearch(&key, v->by_id, v->nbox, sizeof(key), box_id_cmp) : NULL;
}

/* Without a cgroup of its own (an ordinary user's): by PID 1 of the namespace. */
static const struct view_box *box_of_ns(const struct view *v, const struct pn_ns *ns)
{
	const struct view_box *found = NULL;

	for (; v->nbox && !found && ns && !(ns->flags & PN_NS_F_ROOT); ns = ns->parent) {
		struct view_box key = { .pid = ns->init ? ns->init->pid : 0 };

		found = bsearch(&key, v->by_pid, v->nbox, sizeof(key), box_pid_cmp);
	}
	return found;
}

static struct view_owner owner_from(const struct pn_owner *o, const struct view_box *box)
{
	struct view_owner r = { 0 };

	if (o) {
		r.runtime = pn_runtime_name(o->runtime);
		r.evidence = pn_evidence_name(o->evidence);
		r.id = o->id;
		r.name = o->name;
		r.pod = o->pod;
		r.pod_name = o->pod_name;
		r.image = o->image;
		r.unit = o->unit;
		r.cgroup = o->cgroup;
		r.monitor = o->monitor;
	}
	if (box) {
		r.runtime = "atoll";
		r.id = box->id;
		r.name = box->name;
		if (!r.evidence)
			r.evidence = pn_evidence_name(PN_BY_STATE);
	}
	return r;
}

struct view_owner view_owner_of(const struct view *v, const struct pn_proc *p)
{
	const struct view_box *box = box_of_owner(v, p->owner);

	/* An owner that is not ours may stand inside of ours or around it: it is nearer
	 * to the process, or the cgroup told more than the namespace does. */
	if (!box &&
	    (!p->owner || p->owner->runtime == PN_RT_OCI || p->owner->runtime == PN_RT_ATOLL))
		box = box_of_ns(v, p->ns);
	return owner_from(p->owner, box);
}

struct view_owner view_owner_ns(const struct view *v, const struct pn_ns *ns)
{
	const struct view_box *box = box_of_owner(v, ns->owner);

	if (ns->type != PN_PID && ns->init)
		return view_owner_of(v, ns->init);
	if (!box &&
	    (!ns->owner || ns->owner->runtime == PN_RT_OCI || ns->owner->runtime == PN_RT_ATOLL))
		box = box_of_ns(v, ns);
	return owner_from(ns->owner, box);
}

const char *view_owner_text(const struct view *v, const struct view_owner *o)
{
	const char *s;

	if (!o->runtime)
		return NULL;
	/* Ids of 64 digits are for machines; names that serve as ids are whole. */
	s = strlen(o->id) >= 32 ? arena_strndup(v->arena, o->id, 12) : o->id;
	s = arena_printf(v->out.arena, "%s:%s%s%s%s%s%s", o->runtime, s,
			 o->name && strncmp(o->name, s, strlen(s)) != 0 ? " " : "",
			 o->name && strncmp(o->name, s, strlen(s)) != 0 ? o->name : "",
			 o->pod_name ? " in " : "", o->pod_name ? o->pod_name : "",
			 o->monitor ? " (monitor)" : "");
	return out_escape(v->out.arena, s);
}

/* ---- addresses -------------------------------------------------------------------------- */

/* One of our containers by name, id or beginning of an id (len bytes). */
static int find_box(const struct view *v, const char *word, size_t len, const struct view_box **ret)
{
	const struct view_box *found = NULL;

	for (size_t i = 0; i < v->nbox; i++) {
		const struct view_box *b = &v->by_id[i];

		if ((strlen(b->name) == len && memcmp(b->name, word, len) == 0) ||
		    (strlen(b->id) == len && memcmp(b->id, word, len) == 0)) {
			*ret = b;
			return 0;
		}
		if (len < SHORT_ID_MIN || strncmp(b->id, word, len) != 0)
			continue;
		if (found)
			return -ENOTUNIQ;
		found = b;
	}
	*ret = found;
	return found ? 0 : -ESRCH;
}

/* NAME, atoll:NAME, NAME:PID of our own. */
static int resolve_box(const struct view *v, const char *text, struct pn_target *ret)
{
	const char *word = strncmp(text, "atoll:", 6) == 0 ? text + 6 : text;
	const char *colon = strrchr(word, ':');
	size_t len = colon ? (size_t)(colon - word) : strlen(word);
	const struct view_box *box;
	const struct pn_proc *init;
	pid_t pid;
	int r = find_box(v, word, len, &box);

	if (r < 0)
		return r;
	init = pn_find(v->snap, box->pid);
	if (!init)
		return -ESRCH;
	*ret = (struct pn_target){ PN_T_OWNER, init, init->ns, init->owner };
	if (init->ns->flags & PN_NS_F_ROOT) /* --pid host: one process is all we know */
		ret->kind = PN_T_PROC;
	if (!colon)
		return 0;
	if (num_pid(colon + 1, &pid) < 0)
		return -EINVAL;
	ret->kind = PN_T_PROC;
	ret->proc = pn_find_in(v->snap, init->ns, pid);
	return ret->proc && ret->proc->ns ? 0 : -ESRCH;
}

int view_resolve(const struct view *v, const char *text, struct pn_target *ret, struct err *e)
{
	const char *shown = out_escape(v->arena, text);
	int r = pn_resolve(v->snap, text, ret), r2;

	if (r == -ESRCH || r == -EINVAL) {
		r2 = v->nbox ? resolve_box(v, text, ret) : r;
		r = r2 == -ESRCH ? r : r2;
	}
	if (r == -EINVAL)
		return err_set(e, EINVAL, "'%.128s' is neither a PID, a namespace nor a container",
			       shown);
	if (r == -ENOTUNIQ)
		return err_set(e, ENOTUNIQ, "'%.128s' fits several containers", shown);
	if (r == -ESRCH && shown[strspn(shown, "0123456789")] == '\0')
		return err_set(e, ESRCH, "there is no process or namespace %.128s", shown);
	if (r < 0)
		return err_set(e, -r, "there is no process, namespace or container '%.128s'",
			       shown);
	return 0;
}

int view_resolve_ns(const struct view *v, const char *text, const struct pn_ns **ret, struct err *e)
{
	struct pn_target t;
	int r;

	if (strcmp(text, "host") == 0) {
		*ret = v->info->root;
		return 0;
	}
	r = view_resolve(v, text, &t, e);
	if (r < 0)
		return r;
	if (!t.ns || t.ns->type != PN_PID)
		return err_set(e, EINVAL, "'%.128s' has no PID namespace",
			       out_escape(v->arena, text));
	*ret = t.ns;
	return 0;
}

int view_resolve_proc(const struct view *v, const char *text, const struct pn_proc **ret,
		      struct err *e)
{
	struct pn_target t;
	int r = view_resolve(v, text, &t, e);

	if (r < 0)
		return r;
	if (!t.proc)
		return err_set(e, ESRCH, "'%.128s' has no process", out_escape(v->arena, text));
	*ret = t.proc;
	return 0;
}

/* ---- values of options -------------------------------------------------------------------- */

int view_parse_types(const char *s, unsigned int *ret, struct err *e)
{
	*ret = s ? 0 : (1U << PN_TYPES) - 1;
	for (; s; s = strchr(s, ',') ? strchr(s, ',') + 1 : NULL) {
		size_t len = strcspn(s, ",");
		unsigned int t = 0;

		while (t < PN_TYPES &&
		       (strlen(pn_type_name(t)) != len || strncmp(pn_type_name(t), s, len) != 0))
			t++;
		if (t == PN_TYPES)
			return err_set(e, EINVAL, "option --type: '%.*s' is no type of namespace",
				       len > 32 ? 32 : (int)len, s);
		*ret |= 1U << t;
	}
	return 0;
}

int view_parse_user(struct arena *a, const char *text, uid_t *ret, struct err *e)
{
	struct run_user u;
	uint32_t uid;
	size_t len;
	char *passwd;
	int r;

	if (num_u32(text, &uid) == 0) {
		*ret = uid;
		return 0;
	}
	r = io_read_at(AT_FDCWD, "/etc/passwd", IO_FILE_MAX, a, &passwd, &len);
	r = run_user_find(text, NULL, r == 0 ? passwd : NULL, NULL, a, &u, e);
	if (r < 0) /* its words begin with the option */
		return r;
	*ret = u.uid;
	return 0;
}

/* ---- filters ------------------------------------------------------------------------------ */

int view_filter_init(const struct view *v, struct view_filter *f, char **targets, int count,
		     struct err *e)
{
	struct pn_target *t = arena_alloc(v->arena, ((size_t)count + 1) * sizeof(*t));
	int r = 0;

	f->targets = t;
	f->ntargets = (size_t)count;
	for (int i = 0; r == 0 && i < count; i++)
		r = view_resolve(v, targets[i], &t[i], e);
	return r;
}

bool view_ns_within(const struct pn_ns *ns, const struct pn_ns *above)
{
	while (ns && ns != above)
		ns = ns->parent;
	return ns != NULL;
}

static bool is_owned(const struct pn_owner *o, const struct pn_owner *by)
{
	while (o && o != by)
		o = o->outer;
	return o != NULL;
}

static bool in_target(const struct pn_target *t, const struct pn_proc *p)
{
	switch (t->kind) {
	case PN_T_PROC: return t->proc == p;
	case PN_T_NS:
		if (t->ns->type == PN_PID)
			return view_ns_within(p->ns, t->ns);
		return p->ns_ino[t->ns->type] == t->ns->ino;
	case PN_T_OWNER:
		if (t->owner && is_owned(p->owner, t->owner))
			return true;
		return t->ns && !(t->ns->flags & (PN_NS_F_ROOT | PN_NS_F_SHARED)) &&
		       view_ns_within(p->ns, t->ns);
	}
	return false;
}

/* By runtime, name, id or the beginning of an id; "none". */
static bool owner_fits(const struct view *v, const char *word, const struct pn_proc *p)
{
	struct view_owner o = view_owner_of(v, p);

	if (!o.runtime)
		return strcmp(word, "none") == 0;
	return strcmp(word, o.runtime) == 0 || (o.name && strcmp(word, o.name) == 0) ||
	       (o.pod && strcmp(word, o.pod) == 0) ||
	       (strlen(word) >= SHORT_ID_MIN && strncmp(word, o.id, strlen(word)) == 0);
}

bool view_match(const struct view *v, const struct view_filter *f, const struct pn_proc *p)
{
	bool found = f->ntargets == 0;

	for (size_t i = 0; !found && i < f->ntargets; i++)
		found = in_target(&f->targets[i], p);
	if (!found || (p->flags & PN_P_KTHREAD && !f->kthreads && !f->ntargets))
		return false;
	if (f->zombies && !(p->flags & (PN_P_ZOMBIE | PN_P_FALSE_ZOMBIE)))
		return false;
	if (f->state && !strchr(f->state, p->state))
		return false;
	if (f->uid && p->uid[1] != *f->uid)
		return false;
	return !f->owner || owner_fits(v, f->owner, p);
}
