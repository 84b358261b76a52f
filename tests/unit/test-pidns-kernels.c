/* SPDX-License-Identifier: Apache-2.0 */
/* libpidns where less is to be had: older kernels (what is newer is taken for absent), a procfs
 * that hides, descriptors and labels; and the verdicts on inits that sleep. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pidns.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "pidns/impl.h"
#include "sys/syscalls.h"
#include "sys/uapi.h"
#include "test.h"

static pid_t started[64];
static int nstarted;

static void nap(long ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };

	while (nanosleep(&ts, &ts) < 0 && errno == EINTR)
		continue;
}

static __attribute__((noreturn)) void linger(void)
{
	for (;;)
		(void)pause();
}

/* A child that dies with the test. flags: CLONE_NEW* */
static pid_t child(unsigned long flags, void (*run)(void))
{
	pid_t pid = (pid_t)syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		run();
		linger();
	}
	if (pid > 0)
		started[nstarted++] = pid;
	return pid;
}

static struct pn_snap *snap(const char *proc, uint32_t fields)
{
	struct pn_opts o = PN_OPTS_INIT;
	struct pn_snap *s = NULL;

	o.proc = proc;
	o.fields = fields;
	CHECK_INT(pn_snapshot(&s, &o), 0);
	return s;
}

static int ns_fd(pid_t pid)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/pid", (int)pid);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* PID 1, with one child, and with another PID 1 that has one. */
static void sleeper(void)
{
}

static void inner(void)
{
	(void)child(0, sleeper);
}

static void outer(void)
{
	(void)child(0, sleeper);
	(void)child(CLONE_NEWPID, inner);
}

/* ---- older kernels --------------------------------------------------------------------------- */

static void check_translate(pid_t a, pid_t deep_init)
{
	int ns = ns_fd(a), deep = ns_fd(deep_init);
	pid_t got = 0, above = 0;

	CHECK_INT(pn_translate(ns, 1, -1, &got), 0);
	CHECK_INT(got, a);
	CHECK_INT(pn_translate(-1, a, ns, &got), 0);
	CHECK_INT(got, 1);
	CHECK_INT(pn_translate(deep, 1, -1, &got), 0);
	CHECK_INT(got, deep_init);
	/* From one into the other, which is above. */
	CHECK_INT(pn_translate(deep, 2, ns, &above), 0);
	CHECK_INT(pn_translate(ns, above, -1, &got), 0);
	CHECK_INT(pn_translate(-1, got, deep, &got), 0);
	CHECK_INT(got, 2);
	CHECK_INT(pn_translate(-1, a, deep, &got), -ESRCH);
	CHECK_INT(pn_translate(ns, 2, deep, &got), -ESRCH);
	CHECK_INT(pn_translate(ns, 4000, -1, &got), -ESRCH);
	CHECK_INT(pn_translate(-1, getpid(), -1, &got), 0);
	CHECK_INT(got, getpid());
	close(ns);
	close(deep);
}

static void same_rows(struct pn_snap *x, struct pn_snap *y)
{
	CHECK_INT(pn_count(x), pn_count(y));
	for (size_t i = 0; i < pn_count(x) && i < pn_count(y); i++) {
		const struct pn_proc *p = pn_at(x, i), *q = pn_at(y, i);

		CHECK(p->pid == q->pid && p->inner == q->inner && p->level == q->level &&
		      p->ns->ino == q->ns->ino && p->ppid == q->ppid && p->flags == q->flags &&
		      p->nspid[p->level - 1] == q->nspid[p->level - 1]);
	}
}

/* The kernel is asked as it wants to be: an argument that is not 0 would be refused. */
static void check_told(pid_t a, int ns)
{
	int pidfd = (int)syscall(SYS_pidfd_open, a, 0);
	int fd = ioctl(pidfd, PIDFD_GET_PID_NAMESPACE, 0UL);
	int fs = sys_fsopen("proc", 0);

	pidns_lacks = 0;
	CHECK_INT(!!(pn_features() & PN_FEAT_PIDFD_NS), fd >= 0);
	close(fd);
	if (fd >= 0) {
		fd = pn_nsfd(pidfd, -1, PN_PID);
		CHECK_INT(pn_ns_type(fd), PN_PID);
		close(fd);
	}
	CHECK_INT(!!(pn_features() & PN_FEAT_PROC_PIDNS),
		  fs >= 0 && sys_fsconfig(fs, FSCONFIG_SET_FD, "pidns", NULL, ns) >= 0);
	close(fs);
	close(pidfd);
}

static void check_older(pid_t a, pid_t deep_init)
{
	struct pn_snap *new = NULL, *old = NULL;
	struct pn_nsid id = { 0 };
	int ns = ns_fd(a), pidfd, fd;

	CASE("translation by ioctl");
	if (pn_features() & PN_FEAT_TRANSLATE)
		check_translate(a, deep_init);
	CASE("translation by NSpid, before 6.11");
	pidns_lacks = PN_FEAT_TRANSLATE;
	check_translate(a, deep_init);
	CHECK_INT(pn_snapshot_ns(&old, ns, NULL), -ENOSYS);

	CASE("what the kernel has is told");
	check_told(a, ns);

	CASE("one namespace by a helper process, before 6.18");
	CHECK_INT(pn_snapshot_ns(&new, ns, NULL), 0);
	pidns_lacks = PN_FEAT_PROC_PIDNS;
	CHECK_INT(pn_snapshot_ns(&old, ns, NULL), 0);
	if (new &&old) {
		CHECK_INT(pn_count(old), 4);
		same_rows(new, old);
	}
	CHECK_INT(waitpid(-1, NULL, WNOHANG), 0); /* no helper is left to wait for */
	pn_free(new);
	pn_free(old);

	CASE("namespaces without ids, before 6.18");
	pidns_lacks = PN_FEAT_NS_ID;
	old = snap(NULL, PN_ROWS);
	if (old) {
		const struct pn_proc *p = pn_find(old, a);

		CHECK(p && p->start > 0 && p->ns->flags & PN_NS_F_ID_SURROGATE);
		CHECK_INT(pn_ns_id(ns, &id), 0);
		CHECK(id.surrogate && p && id.id == p->ns->id);
	}
	pn_free(old);

	CASE("namespaces of a pidfd by /proc, before 6.11");
	pidns_lacks = PN_FEAT_PIDFD_NS;
	pidfd = (int)syscall(SYS_pidfd_open, a, 0);
	CHECK_INT(pn_nsfd(pidfd, -1, PN_PID), -ENOSYS);
	{
		struct pn_ref ref = { .pid = a };
		int procfd = -1;
		struct stat x, y;

		CHECK_INT(pn_open(&ref, NULL, &procfd), 0);
		fd = pn_nsfd(pidfd, procfd, PN_PID);
		CHECK(fd >= 0 && fstat(fd, &x) == 0 && fstat(ns, &y) == 0 && x.st_ino == y.st_ino);
		close(procfd);
	}
	pidns_lacks = 0;
	close(fd);
	close(pidfd);
	close(ns);
}

/* ---- hidepid ------------------------------------------------------------------------------------ */

static const char *hide;

/* As nobody, on a procfs that hides what is others'. A bit for each thing that is not as it should be. */
static int as_nobody(const char *proc)
{
	bool seen = strcmp(hide, "noaccess") ==
		    0; /* their directories are, without what is in them */
	struct pn_opts o = PN_OPTS_INIT;
	struct pn_snap *s = NULL;
	const struct pn_proc *self;
	int bad = 0;
	pid_t kid;

	if (setgroups(0, NULL) < 0 || setgid(65534) < 0 || setuid(65534) < 0 ||
	    prctl(PR_SET_DUMPABLE, 1) < 0)
		return 100;
	kid = child(0, sleeper);
	nap(50);
	o.proc = proc;
	if (pn_snapshot(&s, &o) < 0)
		return 101;
	self = pn_find(s, getpid());
	bad |= (!self || !(self->flags & PN_P_HIDDEN_PARENT) || self->ppid != getppid()) << 0;
	bad |= (!pn_find(s, kid) || pn_find(s, kid)->parent != self) << 1;
	bad |= (pn_find(s, 1) != NULL) << 2;
	bad |= ((pn_info(s)->unreadable > 5) != seen) << 3;
	bad |= (pn_info(s)->hidden == 0) << 4;
	for (size_t i = 0; i < pn_count(s); i++)
		bad |= (pn_at(s, i)->uid[1] != 65534) << 5;
	/* Its own links may be read, and those of PID 1 may not. */
	bad |= (!self || self->ns != pn_info(s)->root) << 6;
	pn_free(s);
	kill(kid, SIGKILL);
	return bad;
}

static void check_hidepid(const char *how)
{
	char dir[] = "/tmp/atoll-hidepid-XXXXXX", opts[64];
	int status = -1;
	pid_t pid;

	hide = how;
	CASE(how);
	if (!CHECK(mkdtemp(dir) != NULL))
		return;
	pid = fork();
	if (pid == 0) {
		(void)snprintf(opts, sizeof(opts), "hidepid=%s", how);
		if (unshare(CLONE_NEWNS) < 0 ||
		    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
			_exit(102);
		if (mount("proc", dir, "proc", 0, opts) < 0)
			_exit(errno == EINVAL ? 77 : 103);
		(void)chmod(dir, 0755);
		_exit(as_nobody(dir));
	}
	(void)waitpid(pid, &status, 0);
	(void)rmdir(dir);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		SKIP("no such value of hidepid before Linux 5.8");
	else
		CHECK_INT(status, 0);
}

/* ---- descriptors, labels ----------------------------------------------------------------------- */

static void check_fds(void)
{
	pid_t pid = child(CLONE_NEWPID | CLONE_NEWUTS, sleeper);
	int fd = ns_fd(pid);
	struct stat st = { 0 };
	struct pn_snap *s;
	const struct pn_ns *n;

	CASE("kept by a descriptor");
	CHECK_INT(fstat(fd, &st), 0);
	kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	started[--nstarted] = 0;
	s = snap(NULL, PN_ROWS);
	CHECK(s && pn_ns_find(s, PN_PID, st.st_ino) == NULL);
	pn_free(s);
	s = snap(NULL, PN_ROWS | PN_F_FDS);
	n = s ? pn_ns_find(s, PN_PID, st.st_ino) : NULL;
	if (CHECK(n != NULL)) {
		CHECK_INT(n->state, PN_PINNED);
		CHECK_INT(n->nproc, 0);
		CHECK(n->pins && n->pins->how == PN_HOLD_FD && n->pins->pid == getpid() &&
		      n->pins->fd == fd && !n->pins->next);
		CHECK(pn_find(s, getpid())->fields & PN_F_FDS);
	}
	pn_free(s);
	close(fd);
}

static void check_label(void)
{
	char dir[] = "/tmp/atoll-label-XXXXXX", path[96], command[64];
	struct pn_snap *s;
	const struct pn_proc *p;
	FILE *f;

	CASE("labels");
	s = snap(NULL, PN_F_LABEL);
	p = s ? pn_find(s, getpid()) : NULL;
	/* Without a security module there is none, which is no refusal. */
	CHECK(p && !(p->denied & PN_F_LABEL));
	pn_free(s);
	if (!CHECK(mkdtemp(dir) != NULL))
		return;
	(void)snprintf(path, sizeof(path), "%s/scene", dir);
	CHECK(pn_record(NULL, path, 0) > 2);
	(void)snprintf(path, sizeof(path), "%s/scene/%d/attr/current", dir, (int)getpid());
	f = fopen(path, "we");
	if (CHECK(f != NULL)) {
		fputs("docker-default (enforce)\n", f);
		fclose(f);
	}
	(void)snprintf(path, sizeof(path), "%s/scene", dir);
	s = snap(path, PN_F_LABEL);
	p = s ? pn_find(s, getpid()) : NULL;
	CHECK_STR(p ? p->label : NULL, "docker-default (enforce)");
	CHECK(p && p->fields & PN_F_LABEL);
	pn_free(s);
	(void)snprintf(command, sizeof(command), "rm -rf %s", dir);
	CHECK_INT(system(command), 0);
}

/* ---- a mount namespace without processes ---------------------------------------------------- */

static void pin_one(void)
{
	char path[64];
	int fd;
	pid_t pid;

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("t", "/mnt", "tmpfs", 0, NULL) < 0)
		_exit(1);
	fd = open("/mnt/x y", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	close(fd);
	pid = child(CLONE_NEWPID, sleeper);
	(void)snprintf(path, sizeof(path), "/proc/%d/ns/pid", (int)pid);
	if (mount(path, "/mnt/x y", NULL, MS_BIND, NULL) < 0)
		_exit(2);
	kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	(void)prctl(PR_SET_NAME, "pinned it");
}

static void check_walk(void)
{
	pid_t pid = child(0, pin_one);
	const struct pn_ns *found = NULL;
	const struct pn_pin *pin = NULL;
	char path[64];
	struct stat st = { 0 };
	struct pn_snap *s;
	int fd;

	CASE("kept by a mount where no process is");
	nap(300);
	(void)snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC); /* which keeps the mount namespace */
	CHECK_INT(fstat(fd, &st), 0);
	kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	started[--nstarted] = 0;
	s = snap(NULL, PN_LEAN | PN_F_MOUNTS);
	for (size_t i = 0; s && i < pn_ns_count(s); i++)
		for (const struct pn_pin *p = pn_ns_at(s, i)->pins; p; p = p->next)
			if (p->mntns == st.st_ino) {
				found = pn_ns_at(s, i);
				pin = p;
			}
	if (!(pn_features() & PN_FEAT_MNTNS_WALK)) {
		SKIP("NS_MNT_GET_NEXT is of Linux 6.12, and of root outside containers");
	} else if (CHECK(found != NULL)) {
		CHECK_INT(found->type, PN_PID);
		CHECK_INT(found->state, PN_PINNED);
		CHECK_STR(pin->path, "/mnt/x y");
		CHECK_INT(pin->pid, 0);
		CHECK_INT(pin->how, PN_HOLD_MOUNT);
		CHECK(found->flags & PN_NS_F_PARENT_INFERRED);
	}
	pn_free(s);
	close(fd);
}

/* ---- verdicts ---------------------------------------------------------------------------------- */

static __attribute__((noreturn)) void sleep_long(void)
{
	for (;;)
		nap(100000);
}

static void die(void)
{
	_exit(0);
}

/* Looks for dead children now and then: has had one, and sleeps. */
static void polls(void)
{
	pid_t kid = child(0, die);

	while (waitpid(kid, NULL, WNOHANG) != kid)
		nap(10);
	sleep_long();
}

static void sleeps(void)
{
	(void)child(0, sleeper);
	sleep_long();
}

/* Waits for one child only; an orphan is none of its business. */
static void waits_for_one(void)
{
	(void)waitpid(child(0, sleeper), NULL, 0);
}

static void check_verdict(const char *label, void (*init)(void), enum pn_reap want,
			  uint32_t evidence, const char *words)
{
	pid_t pid = child(CLONE_NEWPID, init);
	char text[256] = "";
	struct pn_snap *s;
	const struct pn_proc *p;

	CASE(label);
	nap(200);
	s = snap(NULL, PN_ROWS);
	p = s ? pn_find(s, pid) : NULL;
	if (CHECK(p != NULL)) {
		(void)pn_reap_text(p->ns, text, sizeof(text));
		CHECK_INT(p->ns->reap, want);
		if (!CHECK((p->ns->evidence & evidence) == evidence) ||
		    !CHECK(strstr(text, words) != NULL))
			printf("# %s\n", text);
	}
	pn_free(s);
}

/* The parent of a zombie that is no init: where it sleeps is looked up. */
static void leaves_it(void)
{
	(void)child(0, die);
	sleep_long();
}

static void check_parent(void)
{
	pid_t pid = child(0, leaves_it);
	const struct pn_finding *f = NULL;
	struct pn_snap *s;

	CASE("where the parent of a zombie sleeps");
	nap(200);
	s = snap(NULL, PN_ROWS | PN_F_WCHAN);
	for (size_t i = 0; s && i < pn_finding_count(s) && !f; i++)
		if (pn_finding_at(s, i)->code == PN_FIND_ZOMBIE && pn_finding_at(s, i)->culprit &&
		    pn_finding_at(s, i)->culprit->pid == pid)
			f = pn_finding_at(s, i);
	if (CHECK(f != NULL)) {
		CHECK(f->culprit->syscall == SYS_nanosleep ||
		      f->culprit->syscall == SYS_clock_nanosleep);
		CHECK(f->culprit->wchan != NULL);
		CHECK(strstr(f->why, "neither handles SIGCHLD nor waits") != NULL);
	}
	pn_free(s);
}

int main(void)
{
	pid_t a, deep_init = 0;
	struct pn_snap *s;

	SKIP_ALL_IF(geteuid() != 0, "needs root");
	a = child(CLONE_NEWPID, outer);
	nap(200);
	s = snap(NULL, PN_LEAN);
	for (const struct pn_proc *p = s && pn_find(s, a) ? pn_find(s, a)->child : NULL; p;
	     p = p->sibling)
		if (p->level == 2)
			deep_init = p->pid;
	pn_free(s);
	if (CHECK(deep_init > 0))
		check_older(a, deep_init);
	check_hidepid("noaccess");
	check_hidepid("invisible");
	check_hidepid("ptraceable");
	check_fds();
	check_label();
	check_walk();
	check_verdict("an init that looks now and then", polls, PN_REAP_UNKNOWN, PN_EV_WAITED,
		      "has collected children before");
	check_verdict("an init that sleeps", sleeps, PN_REAP_NO, PN_EV_NEVER,
		      "nanosleep, has never collected a child");
	check_verdict("an init that waits for one child", waits_for_one, PN_REAP_NO, PN_EV_WAIT_ONE,
		      "wait for one child only");
	check_verdict("an init in pause", inner, PN_REAP_NO, PN_EV_NO_WAKE, "sleeps in pause");
	check_parent();
	while (nstarted > 0) {
		pid_t pid = started[--nstarted];

		kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
	}
	return DONE();
}
