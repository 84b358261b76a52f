/* SPDX-License-Identifier: Apache-2.0 */
/* libpidns against namespaces that are made for it: every scene in which tools go wrong. */
#include <errno.h>
#include <fcntl.h>
#include <pidns.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "test.h"

enum { SCENES = 64, PIDS = 8 };

/* What scenes tell the test: outer PIDs are found through this shared page. */
static struct {
	volatile int ready[SCENES];
} * shared;

static pid_t started[128];
static int nstarted;
static char **the_argv;

static void nap(long ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };

	while (nanosleep(&ts, &ts) < 0 && errno == EINTR)
		continue;
}

static __attribute__((noreturn)) void sleep_for_ever(void)
{
	for (;;)
		(void)pause();
}

/* A child that dies with the test; noted, so that it is killed in the end. */
static pid_t child(void (*run)(void *), void *arg)
{
	pid_t pid = fork();

	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		run(arg);
		_exit(0);
	}
	if (nstarted < (int)(sizeof(started) / sizeof(started[0])))
		started[nstarted++] = pid;
	return pid;
}

static void wait_ready(int scene)
{
	for (int i = 0; i < 500 && !shared->ready[scene]; i++)
		nap(10);
}

static __attribute__((noreturn)) void reap_for_ever(void)
{
	while (wait(NULL) >= 0 || errno == EINTR)
		continue;
	sleep_for_ever();
}

enum {
	PLAIN,
	NESTED,
	NOWAIT,
	WORKER,
	LEADER,
	STUCK,
	UNSHARED,
	PINNED,
	INJECTED,
	USERNS,
	HOSTILE,
	IGNORE
};

static void die_at_once(void *arg)
{
	(void)arg;
}

static void linger(void *arg)
{
	(void)arg;
	sleep_for_ever();
}

static void never_wait(void *arg)
{
	for (intptr_t i = 0; i < (intptr_t)arg; i++)
		child(die_at_once, NULL);
	sleep_for_ever();
}

static void *thread(void *arg)
{
	(void)arg;
	sleep_for_ever();
}

static void lose_leader(void *arg)
{
	pthread_t t;

	(void)arg;
	if (pthread_create(&t, NULL, thread, NULL) == 0)
		(void)syscall(SYS_exit, 0);
}

static void init_of(void *arg)
{
	int scene = (int)(intptr_t)arg;

	switch (scene) {
	case PLAIN: child(linger, NULL); break;
	case NESTED: child(linger, NULL); break;
	case NOWAIT:
		shared->ready[scene] = 1;
		never_wait((void *)3);
		break;
	case WORKER: child(never_wait, (void *)2); break;
	case LEADER: child(lose_leader, NULL); break;
	case IGNORE:
		(void)signal(SIGCHLD, SIG_IGN);
		child(die_at_once, NULL);
		shared->ready[scene] = 1;
		sleep_for_ever();
	case HOSTILE:
		(void)prctl(PR_SET_NAME, "a) R 1\n\x1b[31m");
		memset(the_argv[0], 0x1b, strlen(the_argv[0]));
		break;
	default: break;
	}
	shared->ready[scene] = 1;
	reap_for_ever();
}

static void in_new_ns(void *arg)
{
	if (unshare(CLONE_NEWPID) == 0)
		child(init_of, arg);
	sleep_for_ever();
}

static void two_deeper(void *arg)
{
	if (unshare(CLONE_NEWPID) == 0)
		child(in_new_ns, arg);
	reap_for_ever();
}

static void nested(void *arg)
{
	if (unshare(CLONE_NEWPID) == 0)
		child(two_deeper, arg);
	sleep_for_ever();
}

static void unshared(void *arg)
{
	(void)arg;
	if (unshare(CLONE_NEWPID) == 0)
		shared->ready[UNSHARED] = 1;
	sleep_for_ever();
}

static void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, text, strlen(text)) < 0)
		perror(path);
	close(fd);
}

static void user_ns(void *arg)
{
	if (unshare(CLONE_NEWUSER | CLONE_NEWPID) == 0) {
		write_text("/proc/self/uid_map", "7 0 1");
		child(init_of, arg);
	}
	sleep_for_ever();
}

/* A namespace that only a mount keeps, in a mount namespace that only one process has. */
static void pinned(void *arg)
{
	char path[64];
	pid_t pid;
	int fd;

	(void)arg;
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("t", "/mnt", "tmpfs", 0, NULL) < 0 || unshare(CLONE_NEWPID) < 0)
		sleep_for_ever();
	pid = child(linger, NULL);
	fd = open("/mnt/a b", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	close(fd);
	snprintf(path, sizeof(path), "/proc/%d/ns/pid", (int)pid);
	if (mount(path, "/mnt/a b", NULL, MS_BIND, NULL) < 0)
		perror(path);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	shared->ready[PINNED] = 1;
	sleep_for_ever();
}

/* Enters the namespace of init `arg`, makes a child in it, and does not wait. */
static int target_ns;
static void inject_one(void *arg)
{
	if (setns(target_ns, CLONE_NEWPID) == 0)
		child(arg ? die_at_once : linger, NULL);
	shared->ready[arg ? STUCK + 30 : INJECTED + 30] = 1;
	sleep_for_ever();
}

static pid_t first_child(pid_t of, struct pn_snap *s)
{
	const struct pn_proc *p = pn_find(s, of);

	return p && p->child ? p->child->pid : 0;
}

static struct pn_snap *snap(uint32_t fields)
{
	struct pn_opts o = PN_OPTS_INIT;
	struct pn_snap *s = NULL;

	o.fields = fields;
	CHECK_INT(pn_snapshot(&s, &o), 0);
	return s;
}

static pid_t keeper[SCENES];

static pid_t init_pid(int scene)
{
	struct pn_snap *s = snap(PN_LEAN);
	pid_t pid = first_child(keeper[scene], s);

	pn_free(s);
	return pid;
}

static const struct pn_finding *finding(const struct pn_snap *s, enum pn_finding_code c, pid_t proc)
{
	for (size_t i = 0; i < pn_finding_count(s); i++)
		if (pn_finding_at(s, i)->code == c &&
		    (!proc ||
		     (pn_finding_at(s, i)->proc && pn_finding_at(s, i)->proc->pid == proc)))
			return pn_finding_at(s, i);
	return NULL;
}

static void make_zoo(void)
{
	static void (*const makers[])(void *) = {
		[PLAIN] = in_new_ns,   [NESTED] = nested,     [NOWAIT] = in_new_ns,
		[WORKER] = in_new_ns,  [LEADER] = in_new_ns,  [STUCK] = in_new_ns,
		[UNSHARED] = unshared, [PINNED] = pinned,     [INJECTED] = in_new_ns,
		[USERNS] = user_ns,    [HOSTILE] = in_new_ns, [IGNORE] = in_new_ns,
	};
	char path[64];

	for (int i = 0; i <= IGNORE; i++)
		keeper[i] = child(makers[i], (void *)(intptr_t)i);
	for (int i = 0; i <= IGNORE; i++) {
		wait_ready(i);
		if (!CHECK(shared->ready[i]))
			printf("# scene %d\n", i);
	}
	nap(100);
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "/proc/%d/ns/pid",
			 (int)init_pid(i ? STUCK : INJECTED));
		target_ns = open(path, O_RDONLY | O_CLOEXEC);
		keeper[(i ? STUCK : INJECTED) + 30] = child(inject_one, i ? (void *)1 : NULL);
		wait_ready((i ? STUCK : INJECTED) + 30);
		close(target_ns);
	}
	nap(100);
	kill(init_pid(STUCK), SIGKILL);
	nap(200);
}

static const struct pn_ns *ns_of(const struct pn_snap *s, int scene)
{
	const struct pn_proc *p = pn_find(s, keeper[scene]);

	return p && p->child ? p->child->ns : NULL;
}

static void check_plain(const struct pn_snap *s)
{
	const struct pn_ns *n = ns_of(s, PLAIN);
	const struct pn_proc *kid;

	CASE("plain container");
	if (!CHECK(n != NULL))
		return;
	CHECK_INT(n->level, 1);
	CHECK_INT(n->state, PN_LIVE);
	CHECK_INT(n->init->inner, 1);
	CHECK_INT(n->init->nspid[0], n->init->pid);
	CHECK(n->init->flags & PN_P_INIT);
	CHECK_INT(n->nproc, 2);
	CHECK_INT(n->nzombie, 0);
	CHECK_INT(n->ninjected, 0);
	CHECK_INT(n->reap, PN_REAP_YES);
	CHECK(n->evidence & PN_EV_WAIT);
	CHECK(n->parent == pn_info(s)->root);
	CHECK(n->id != 0 && n->ino != 0);
	CHECK(!(pn_features() & PN_FEAT_NS_ID) || !(n->flags & PN_NS_F_ID_SURROGATE));
	CHECK(n->userns == pn_info(s)->root->userns);
	CHECK(n->init->start > 0);
	kid = n->init->child;
	CHECK(kid && kid->inner == 2 && kid->parent == n->init);
	CHECK_INT(pn_pid_in(kid, n), 2);
	CHECK_INT(pn_pid_in(kid, pn_info(s)->root), kid->pid);
	CHECK(pn_find_in(s, n, 2) == kid);
	CHECK(pn_find_in(s, n, 99) == NULL);
	CHECK_INT(pn_same_in(kid, n->init, PN_PID), PN_SAME);
	CHECK_INT(pn_same_in(kid, pn_find(s, getpid()), PN_PID), PN_DIFFERENT);
	CHECK_INT(pn_same_in(kid, pn_find(s, getpid()), PN_NET), PN_SAME);
	CHECK_INT(kid->no_new_privs, 0);
	CHECK(kid->caps.effective != 0);
}

static void check_nested(const struct pn_snap *s)
{
	const struct pn_proc *outer = pn_find(s, keeper[NESTED]);
	const struct pn_proc *a = outer ? outer->child : NULL, *b = a ? a->child : NULL,
			     *c = b ? b->child : NULL, *leaf = c ? c->child : NULL;
	pid_t pids[8];

	CASE("nested three deep");
	if (!CHECK(leaf != NULL))
		return;
	CHECK_INT(leaf->level, 3);
	CHECK_INT(c->inner, 1);
	CHECK_INT(leaf->inner, 2);
	CHECK(leaf->ns->parent == b->ns && b->ns->parent == a->ns);
	CHECK(a->ns->parent == pn_info(s)->root);
	CHECK_INT(pn_pid_in(leaf, a->ns), leaf->nspid[1]);
	CHECK(pn_find_in(s, a->ns, leaf->nspid[1]) == leaf);
	CHECK_INT(pn_pid_in(a, c->ns), 0);
	CHECK_INT(pn_pids(leaf->pid, pids, 8), 4);
	CHECK_INT(pids[2], leaf->nspid[2]);
	CHECK(a->ns->child == b->ns);
}

static void check_reaping(const struct pn_snap *s)
{
	const struct pn_ns *n = ns_of(s, NOWAIT);
	const struct pn_finding *f;
	char text[256];

	CASE("init that never waits");
	if (CHECK(n != NULL)) {
		CHECK_INT(n->reap, PN_REAP_NO);
		CHECK_INT(n->nzombie, 3);
		CHECK_INT(n->nunreaped, 3);
		(void)pn_reap_text(n, text, sizeof(text));
		CHECK(strstr(text, "3 zombies") != NULL);
		f = finding(s, PN_FIND_ZOMBIE, n->init->child ? n->init->child->pid : -1);
		CHECK(f && f->culprit == n->init && f->severity == PN_WARNING);
		CHECK(finding(s, PN_FIND_NOT_REAPING, n->init->pid) != NULL);
	}
	CASE("worker that never waits");
	n = ns_of(s, WORKER);
	if (CHECK(n != NULL)) {
		CHECK_INT(n->reap, PN_REAP_YES);
		CHECK_INT(n->nzombie, 2);
		CHECK_INT(n->nunreaped, 0);
		f = finding(s, PN_FIND_ZOMBIE, n->init->child->child->pid);
		CHECK(f && f->culprit == n->init->child);
		CHECK(finding(s, PN_FIND_NOT_REAPING, n->init->pid) == NULL);
	}
	CASE("init that ignores SIGCHLD");
	n = ns_of(s, IGNORE);
	if (CHECK(n != NULL)) {
		CHECK_INT(n->reap, PN_REAP_IGNORES);
		CHECK_INT(n->nzombie, 0);
	}
	CASE("dead leader with live threads");
	n = ns_of(s, LEADER);
	if (CHECK(n && n->init->child)) {
		const struct pn_proc *p = n->init->child;

		CHECK_INT(p->state, 'Z');
		CHECK(p->flags & PN_P_FALSE_ZOMBIE && !(p->flags & PN_P_ZOMBIE));
		CHECK_INT(n->nzombie, 0);
		CHECK(finding(s, PN_FIND_FALSE_ZOMBIE, p->pid) != NULL);
		CHECK(finding(s, PN_FIND_ZOMBIE, p->pid) == NULL);
	}
}

static void check_stuck(const struct pn_snap *s)
{
	const struct pn_ns *n = ns_of(s, STUCK);
	const struct pn_proc *held = pn_find(s, keeper[STUCK + 30]);
	const struct pn_finding *f;

	CASE("stuck teardown");
	held = held ? held->child : NULL;
	if (!CHECK(n && held))
		return;
	CHECK_INT(n->state, PN_DYING);
	CHECK(n->flags & PN_NS_F_STUCK);
	CHECK_INT(n->reap, PN_REAP_DYING);
	CHECK(held->ns == n && held->flags & PN_P_INJECTED && held->flags & PN_P_ZOMBIE);
	CHECK(n->init->flags & PN_P_DYING);
	f = finding(s, PN_FIND_STUCK, held->pid);
	CHECK(f && f->ns == n && f->culprit && f->culprit->pid == keeper[STUCK + 30]);
	CHECK(f && f->severity == PN_ERROR && pn_finding_at(s, 0)->severity == PN_ERROR);
	CHECK(finding(s, PN_FIND_ZOMBIE, held->pid) == NULL); /* told once */
}

static void check_empty(const struct pn_snap *s)
{
	const struct pn_ns *unborn = NULL, *pin = NULL;
	const struct pn_pin *mount = NULL;
	const struct pn_proc *p = pn_find(s, keeper[UNSHARED]);

	CASE("unshared, not forked");
	CHECK(p && p->flags & PN_P_PENDING && p->children_ns_ino == 0);
	for (size_t i = 0; i < pn_ns_count(s); i++) {
		const struct pn_ns *n = pn_ns_at(s, i);

		if (n->pins && n->pins->pid == keeper[UNSHARED] && n->type == PN_PID)
			unborn = n;
		for (const struct pn_pin *h = n->pins; h; h = h->next)
			if (h->path && strcmp(h->path, "/mnt/a b") == 0) {
				pin = n;
				mount = h;
			}
	}
	if (CHECK(unborn != NULL)) {
		CHECK_INT(unborn->state, PN_NO_INIT_YET);
		CHECK_INT(unborn->pins->how, PN_HOLD_CHILDREN);
		CHECK(unborn->parent == p->ns);
		CHECK_INT(unborn->nproc, 0);
	}
	CHECK(finding(s, PN_FIND_NO_INIT_YET, 0) != NULL);
	CASE("kept by a mount in another mount namespace");
	if (CHECK(pin != NULL)) {
		CHECK_INT(pin->state, PN_PINNED);
		CHECK_INT(pin->type, PN_PID);
		CHECK_INT(mount->pid, keeper[PINNED]);
		CHECK_INT(mount->how, PN_HOLD_MOUNT);
		CHECK_INT(pin->nproc, 0);
		CHECK(pin->ino != 0 && mount->mntns != 0);
	}
	CHECK(finding(s, PN_FIND_PINNED, 0) != NULL);
}

static void check_injected(const struct pn_snap *s)
{
	const struct pn_ns *n = ns_of(s, INJECTED);
	const struct pn_proc *p = pn_find(s, keeper[INJECTED + 30]);

	CASE("injected");
	if (!CHECK(n && p && p->child))
		return;
	CHECK(p->flags & PN_P_PENDING && p->children_ns_ino == n->ino);
	CHECK(p->child->ns == n);
	CHECK(p->child->flags & PN_P_INJECTED);
	CHECK_INT(n->ninjected, 1);
	CHECK_INT(n->nproc, 2);
	CHECK(finding(s, PN_FIND_INJECTED, p->child->pid) != NULL);
}

static void check_others(const struct pn_snap *s)
{
	const struct pn_ns *n = ns_of(s, USERNS), *u;
	char text[4096];
	size_t len;
	bool clean = true;

	CASE("another user namespace");
	if (CHECK(n != NULL)) {
		CHECK_INT(n->init->inner_uid, 7);
		CHECK_INT(n->init->uid[1], 0);
		CHECK(n->userns != 0 && n->userns != pn_info(s)->root->userns);
		CHECK(n->userns == n->init->ns_ino[PN_USER]);
		u = pn_ns_find(s, PN_USER, n->userns);
		/* What there is to ask is asked of user namespaces too. */
		if (CHECK(u != NULL && u->parent != NULL)) {
			CHECK(u->parent->ino == pn_find(s, getpid())->ns_ino[PN_USER]);
			CHECK(u->level == u->parent->level + 1 && u->owner_uid == 0);
			CHECK(u->init == n->init);
		}
		CHECK_INT(pn_same_in(n->init, pn_find(s, getpid()), PN_USER), PN_DIFFERENT);
	}
	CASE("hostile names");
	n = ns_of(s, HOSTILE);
	if (CHECK(n != NULL)) {
		CHECK_STR(n->init->comm, "a) R 1\n\x1b[31m");
		CHECK(n->init->start > 0);
		(void)pn_escape(text, sizeof(text), n->init->comm, strlen(n->init->comm));
		CHECK_STR(text, "a) R 1\\n\\x1b[31m");
		len = pn_cmdline_text(n->init, text, sizeof(text));
		CHECK(len > 0 && len < sizeof(text) && strncmp(text, "\\x1b", 4) == 0);
	}
	for (size_t i = 0; i < pn_finding_count(s); i++)
		for (const char *c = pn_finding_at(s, i)->why; *c; c++)
			clean &= (unsigned char)*c >= ' ';
	CHECK(clean);
}

/* As somebody who may read no links: groups by rule, and says so. */
static int as_nobody(void)
{
	struct pn_opts o = PN_OPTS_INIT;
	struct pn_snap *s;
	const struct pn_ns *n;
	enum pn_same same[PN_TYPES];
	int bad = 0;

	o.fields = PN_ROWS | PN_F_USERNS;
	if (setgid(65534) < 0 || setuid(65534) < 0 || pn_snapshot(&s, &o) < 0)
		return 100;
	n = ns_of(s, NESTED);
	bad |= !n || !(n->flags & PN_NS_F_INFERRED) || n->ino != 0 || n->level != 1;
	n = ns_of(s, NOWAIT);
	bad |= (!n || n->nproc != 4 || n->nzombie != 3 || n->reap != PN_REAP_NO) << 1;
	n = ns_of(s, PLAIN);
	bad |= (!n || n->nproc != 2 || n->init->inner != 1) << 2;
	n = ns_of(s, INJECTED);
	/* Which namespace it came into is not to be known: a stand-in, not a guess. */
	bad |= (!n || n->nproc != 1) << 3;
	bad |= (!(pn_find(s, keeper[INJECTED + 30])->child->flags & PN_P_NS_UNKNOWN)) << 3;
	bad |= (pn_info(s)->inferred < 5 || pn_info(s)->no_access < 5) << 4;
	bad |= (ns_of(s, USERNS)->init->inner_uid != 7) << 5;
	bad |= (pn_compare(NULL, keeper[PLAIN], keeper[NOWAIT], same) != 0 ||
		same[PN_NET] != PN_CANNOT_TELL || same[PN_PID] != PN_CANNOT_TELL)
	       << 6;
	pn_free(s);
	return bad;
}

static void run_as_nobody(void *arg)
{
	(void)arg;
	_exit(as_nobody());
}

static void check_nobody(void)
{
	pid_t pid = child(run_as_nobody, NULL);
	int status = -1;

	CASE("an ordinary user");
	waitpid(pid, &status, 0);
	CHECK_INT(status, 0);
	started[--nstarted] = 0;
}

static void check_live(const struct pn_snap *s)
{
	const struct pn_ns *a = ns_of(s, PLAIN);
	const struct pn_proc *leaf = pn_find(s, keeper[NESTED])->child->child->child->child;
	enum pn_same same[PN_TYPES];
	struct pn_ref ref = { .pid = a->init->pid }, init;
	struct pn_nsid id;
	int pidfd = -1, procfd = -1, ns, deep, up;
	pid_t got = 0;

	CASE("handles");
	CHECK_INT(pn_open(&ref, &pidfd, &procfd), 0);
	CHECK(ref.start == a->init->start);
	ns = pn_nsfd(pidfd, procfd, PN_PID);
	CHECK(ns >= 0);
	CHECK_INT(pn_ns_type(ns), PN_PID);
	CHECK_INT(pn_ns_id(ns, &id), 0);
	CHECK(id.ino == a->ino && (id.surrogate || id.id == a->id));
	up = pn_ns_parent(ns);
	CHECK(up >= 0);
	CHECK_INT(pn_ns_parent(up), -EPERM);
	if (pn_features() & PN_FEAT_TRANSLATE) {
		CHECK_INT(pn_ns_init(ns, &init), 0);
		CHECK_INT(init.pid, ref.pid);
	}
	ref.start++;
	CHECK_INT(pn_open(&ref, NULL, NULL), -ESRCH);
	CHECK_INT(pn_open_proc(s, a->init, NULL, NULL), 0);
	close(pidfd);
	close(procfd);
	procfd = -1;
	CHECK_INT(pn_open_proc(s, leaf->parent, NULL, &procfd), 0);
	deep = pn_nsfd(-1, procfd, PN_PID);
	CHECK(deep >= 0);
	CASE("translation");
	CHECK_INT(pn_translate(deep, 2, -1, &got), 0);
	CHECK_INT(got, leaf->pid);
	CHECK_INT(pn_translate(-1, leaf->pid, deep, &got), 0);
	CHECK_INT(got, 2);
	CHECK_INT(pn_translate(-1, a->init->pid, deep, &got), -ESRCH);
	CHECK_INT(pn_translate(ns, 1, ns, &got), 0);
	CHECK_INT(got, 1);
	CASE("comparing");
	CHECK_INT(pn_compare(NULL, leaf->pid, leaf->parent->pid, same), 0);
	CHECK_INT(same[PN_PID], PN_SAME);
	CHECK_INT(pn_compare(NULL, leaf->pid, getpid(), same), 0);
	CHECK_INT(same[PN_PID], PN_DIFFERENT);
	CHECK_INT(same[PN_NET], PN_SAME);
	CHECK_INT(pn_compare(NULL, getpid(), a->init->child->pid, same), 0);
	CHECK_INT(pn_compare(NULL, getpid(), 0x7ffffff0, same), -ESRCH);
	/* A zombie has left most of its namespaces. */
	CHECK_INT(pn_compare(NULL, ns_of(s, NOWAIT)->init->child->pid, getpid(), same), 0);
	CHECK_INT(same[PN_NET], PN_CANNOT_TELL);
	CHECK_INT(same[PN_PID], PN_DIFFERENT);
	close(ns);
	close(up);
	close(deep);
	close(procfd);
}

static void check_resolve(const struct pn_snap *s)
{
	const struct pn_ns *n = ns_of(s, PLAIN);
	struct pn_ref ref = { .pid = n->init->pid };
	struct pn_target t;
	char text[128];

	CASE("addresses");
	snprintf(text, sizeof(text), "%d", (int)n->init->pid);
	CHECK_INT(pn_resolve(s, text, &t), 0);
	CHECK(t.kind == PN_T_PROC && t.proc == n->init);
	snprintf(text, sizeof(text), "pid:[%llu]", (unsigned long long)n->ino);
	CHECK_INT(pn_resolve(s, text, &t), 0);
	CHECK(t.kind == PN_T_NS && t.ns == n);
	snprintf(text, sizeof(text), "pid:[%llu]:2", (unsigned long long)n->ino);
	CHECK_INT(pn_resolve(s, text, &t), 0);
	CHECK(t.kind == PN_T_PROC && t.proc == n->init->child);
	snprintf(text, sizeof(text), "%llu", (unsigned long long)n->ino);
	CHECK_INT(pn_resolve(s, text, &t), 0);
	CHECK(t.kind == PN_T_NS && t.ns == n);
	if (pn_features() & PN_FEAT_PIDFS) {
		CHECK_INT(pn_open(&ref, NULL, NULL), 0);
		snprintf(text, sizeof(text), "%d:%llu", (int)ref.pid,
			 (unsigned long long)ref.inode);
		CHECK_INT(pn_resolve(s, text, &t), 0);
		CHECK(t.proc == n->init);
		snprintf(text, sizeof(text), "%d:%llu", (int)ref.pid,
			 (unsigned long long)ref.inode + 1);
		CHECK_INT(pn_resolve(s, text, &t), -ESRCH);
	}
	CHECK_INT(pn_resolve(s, "", &t), -EINVAL);
	CHECK_INT(pn_resolve(s, "no-such-container", &t), -ESRCH);
}

static void check_view(const struct pn_snap *s)
{
	const struct pn_proc *a = pn_find(s, keeper[NESTED])->child; /* init of the outermost */
	struct pn_snap *v = NULL;
	char path[64];
	int fd, r;

	CASE("one namespace on its own");
	snprintf(path, sizeof(path), "/proc/%d/ns/pid", (int)a->child->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	r = pn_snapshot_ns(&v, fd, NULL);
	if (r == -ENOSYS) {
		SKIP("NS_GET_PID_FROM_PIDNS is not there");
	} else if (CHECK_INT(r, 0)) {
		const struct pn_proc *leaf = pn_find(s, keeper[NESTED])->child->child->child->child;
		const struct pn_proc *same = pn_find(v, leaf->pid);

		CHECK_INT(pn_count(v), a->child->ns->nproc + leaf->ns->nproc);
		CHECK(same && same->level == 3 && same->inner == 2);
		CHECK(same && same->nspid[1] == leaf->nspid[1] && same->nspid[2] == leaf->nspid[2]);
		CHECK(same && same->ns->ino == leaf->ns->ino && same->ns->id == leaf->ns->id);
		CHECK_INT(pn_info(v)->root->ino, a->child->ns->ino);
		CHECK_INT(pn_info(v)->root->init->pid, a->child->pid);
		CHECK_INT(pn_info(v)->root->init->ppid, a->pid);
	}
	pn_free(v);
	close(fd);
}

/* What was recorded says the same as what was seen. */
static void check_recorded(void)
{
	char dir[] = "/tmp/atoll-pidns-XXXXXX", path[64], command[80];
	struct pn_opts o = PN_OPTS_INIT;
	struct pn_snap *live = snap(PN_ALL & ~PN_F_MOUNTS), *s = NULL;
	const struct pn_ns *n;

	CASE("recorded");
	CHECK(mkdtemp(dir) != NULL);
	snprintf(path, sizeof(path), "%s/scene", dir);
	CHECK(pn_record(NULL, path, 0) > 20);
	CHECK_INT(pn_record(NULL, path, 0), -EEXIST);
	/* Where PID 1 may not be looked at, others tell what namespace it is in. */
	snprintf(command, sizeof(command), "%s/1/ns/pid", path);
	CHECK(unlink(command) == 0 || errno == ENOENT);
	o.proc = path;
	o.fields = PN_ALL;
	CHECK_INT(pn_snapshot(&s, &o), 0);
	if (s) {
		CHECK(pn_info(s)->root->ino == pn_info(live)->root->ino);
		CHECK(pn_info(s)->recorded);
		for (int i = 0; i <= IGNORE; i++) {
			const struct pn_ns *then = ns_of(live, i);

			n = ns_of(s, i);
			if (!then) {
				CHECK(n == NULL);
				continue;
			}
			CHECK(n && n->ino == then->ino && n->id == then->id &&
			      n->level == then->level && n->state == then->state &&
			      n->reap == then->reap && n->nproc == then->nproc &&
			      n->userns == then->userns);
		}
		n = ns_of(s, PLAIN);
		CHECK(n && n->init->cmdline_len > 0);
		CHECK_STR(pn_find(s, keeper[HOSTILE])->child->comm, "a) R 1\n\x1b[31m");
		CHECK(finding(s, PN_FIND_STUCK, 0) != NULL);
		CHECK(finding(s, PN_FIND_PINNED, 0) != NULL);
		CHECK(finding(s, PN_FIND_NO_INIT_YET, 0) != NULL);
	}
	pn_free(s);
	pn_free(live);
	snprintf(command, sizeof(command), "%s", dir);
	if (fork() == 0) {
		execlp("rm", "rm", "-rf", command, (char *)NULL);
		_exit(1);
	}
	wait(NULL);
}

int main(int argc, char **argv)
{
	struct pn_snap *s;

	(void)argc;
	the_argv = argv;
	SKIP_ALL_IF(geteuid() != 0, "needs root");
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	SKIP_ALL_IF(shared == MAP_FAILED, "no memory");
	CASE("zoo");
	make_zoo();
	s = snap(PN_ALL);
	if (s) {
		check_plain(s);
		check_nested(s);
		check_reaping(s);
		check_stuck(s);
		check_empty(s);
		check_injected(s);
		check_others(s);
		check_live(s);
		check_resolve(s);
		check_view(s);
		check_nobody();
		check_recorded();
	}
	pn_free(s);
	for (int i = 0; i < nstarted; i++)
		if (started[i] > 0)
			kill(started[i], SIGKILL);
	while (wait(NULL) > 0)
		continue;
	return DONE();
}
