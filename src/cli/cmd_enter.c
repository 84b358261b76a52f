/* SPDX-License-Identifier: Apache-2.0 */
/* A command in the namespaces of a process that runs already. The process is held by
 * a pidfd from the look on, and entered through it: no other one can come in between.
 * It stays a program of ours otherwise: limits, capabilities, filters and cgroup of
 * the container do not hold for it (atoll exec runs one that they hold for). */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/magic.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/jsonw.h"
#include "base/num.h"
#include "cli/atoll.h"
#include "cli/views.h"
#include "run/selfexe.h"
#include "sys/mountapi.h"
#include "sys/syscalls.h"

enum { STATUS_OURS = 125, STATUS_NOT_EXECUTABLE = 126, STATUS_NOT_FOUND = 127 };

struct args {
	struct view_args view; /* what view_open() asks for; without options here */
	const char *types, *user, *workdir;
	bool no_proc, dry_run, json;
};

#define AT(member) offsetof(struct args, member)
static const struct opt opts[] = {
	{ OPT_STR, 't', "type", "TYPES",
	  "only these namespaces: pid,user,mnt,net,uts,ipc,cgroup,time", AT(types) },
	{ OPT_STR, 'u', "user", "UID[:GID]", "as this user, numbers of the user namespace entered",
	  AT(user) },
	{ OPT_STR, 'w', "workdir", "DIR", "working directory (default: / of what is entered)",
	  AT(workdir) },
	{ OPT_FLAG, 0, "no-proc", NULL, "leave /proc as it is, whatever it shows", AT(no_proc) },
	{ OPT_FLAG, 'n', "dry-run", NULL, "only say what would be entered, and how", AT(dry_run) },
	{ OPT_FLAG, 0, "json", NULL, "with --dry-run: as JSON", AT(json) },
	{ 0 },
};

static const int clone_flag[PN_TYPES] = {
	[PN_PID] = CLONE_NEWPID,   [PN_USER] = CLONE_NEWUSER,     [PN_MNT] = CLONE_NEWNS,
	[PN_NET] = CLONE_NEWNET,   [PN_UTS] = CLONE_NEWUTS,       [PN_IPC] = CLONE_NEWIPC,
	[PN_TIME] = CLONE_NEWTIME, [PN_CGROUP] = CLONE_NEWCGROUP,
};

struct entry {
	const struct args *args;
	const char *target; /* as it was given */
	char **command;
	pid_t pid, inner; /* 0: a namespace that no process is in */
	int pidfd, procfd;
	int ns;             /* that namespace, else -1 */
	unsigned int types; /* bits 1 << PN_*: what is asked for */
	int root;           /* of the target, or -1: stay in ours */
	int proc;           /* a procfs that fits, not attached; or -1 */
	int flags;          /* CLONE_NEW*: what is not ours already */
	bool ids;
	uid_t uid;
	gid_t gid;
};

static void entry_close(struct entry *n)
{
	cleanup_fd(&n->pidfd);
	cleanup_fd(&n->procfd);
	cleanup_fd(&n->ns);
	cleanup_fd(&n->root);
	cleanup_fd(&n->proc);
}

/* ---- before ------------------------------------------------------------------------------ */

/* 1: the namespace is another one than ours; 0: ours; -ENOENT: there is none. */
static int is_other(int theirs, enum pn_type t)
{
	char path[32];
	struct stat a, b;

	(void)snprintf(path, sizeof(path), "/proc/self/ns/%s", pn_type_name(t));
	if (fstat(theirs, &a) < 0)
		return -errno;
	if (stat(path, &b) < 0)
		return -errno;
	return a.st_dev != b.st_dev || a.st_ino != b.st_ino;
}

static int choose(struct entry *n, unsigned int types, pid_t pid, struct err *e)
{
	for (unsigned int t = 0; t < PN_TYPES; t++) {
		autoclose int fd = -1;
		int r;

		if (!(types >> t & 1))
			continue;
		fd = pn_nsfd(n->pidfd, n->procfd, t);
		r = fd < 0 ? fd : is_other(fd, t);
		if (r == -ENOENT) /* not in this kernel; that of a zombie was asked before */
			continue;
		if (r < 0)
			return err_set(e, -r, "open the %s namespace of process %d: %m",
				       pn_type_name(t), (int)pid);
		if (r == 0)
			continue;
		n->flags |= clone_flag[t];
		if (t == PN_PID && !n->args->no_proc)
			n->proc = pn_procfs(fd);
	}
	return 0;
}

/* The root of a container may be less than that of its mount namespace (chroot). */
static int open_root(struct entry *n, unsigned int types, pid_t pid, struct err *e)
{
	struct stat a, b;

	if (!(types >> PN_MNT & 1))
		return 0;
	n->root = openat(n->procfd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (n->root < 0)
		return err_set(e, errno, "open the root of process %d: %m", (int)pid);
	if (!(n->flags & CLONE_NEWNS) && stat("/", &a) == 0 && fstat(n->root, &b) == 0 &&
	    a.st_dev == b.st_dev && a.st_ino == b.st_ino)
		cleanup_fd(&n->root);
	return 0;
}

static int parse_user(struct entry *n, struct err *e)
{
	const char *s = n->args->user, *colon = s ? strchr(s, ':') : NULL;
	uint64_t uid, gid;

	n->ids = s || n->flags & CLONE_NEWUSER;
	if (!s)
		return 0;
	if (num_u64(s, colon ? (size_t)(colon - s) : strlen(s), &uid) < 0 || uid >= UINT32_MAX)
		return err_set(e, EINVAL, "option --user '%.64s': numbers are wanted, UID[:GID]",
			       s);
	gid = uid;
	if (colon && (num_u64(colon + 1, strlen(colon + 1), &gid) < 0 || gid >= UINT32_MAX))
		return err_set(e, EINVAL, "option --user '%.64s': numbers are wanted, UID[:GID]",
			       s);
	n->uid = (uid_t)uid;
	n->gid = (gid_t)gid;
	return 0;
}

/* The file that a namespace is mounted on, as the process of the pin sees it, if it still is that
 * namespace. Whose mounts those are may have put anything there: it is looked at before it is
 * opened. -errno */
static int open_pin(const struct pn_pin *pin, uint64_t ino)
{
	const uint64_t resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
	autoclose int root = -1, fd = -1;
	struct statfs fs;
	struct stat st;
	char path[64];
	int r;

	(void)snprintf(path, sizeof(path), "/proc/%d/root", (int)pin->pid);
	root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return -errno;
	fd = sys_openat2(root, pin->path, O_PATH | O_CLOEXEC, 0, resolve);
	if (fd < 0)
		return fd;
	if (fstatfs(fd, &fs) < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (fs.f_type != NSFS_MAGIC || st.st_ino != ino)
		return -ESRCH;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	r = open(path, O_RDONLY | O_CLOEXEC);
	return r < 0 ? -errno : r;
}

/* A namespace without processes, as `ip netns add` makes them: it alone is entered. */
static int prepare_empty(struct entry *n, const struct pn_ns *ns, struct err *e)
{
	const char *type = pn_type_name(ns->type);
	int r = -ESRCH;

	if (ns->type == PN_PID)
		return err_set(e, ESRCH,
			       "PID namespace %llu has no PID 1: no process can be made in it",
			       (unsigned long long)ns->ino);
	if (!(n->types >> ns->type & 1))
		return err_set(e, EINVAL, "option --type: there is only the %s namespace to enter",
			       type);
	for (const struct pn_pin *pin = ns->pins; pin && n->ns < 0; pin = pin->next)
		if (pin->how == PN_HOLD_MOUNT && pin->pid > 0)
			n->ns = r = open_pin(pin, ns->ino);
	if (n->ns < 0)
		return err_set(e, -r, "open %s namespace %llu, which no process is in: %m", type,
			       (unsigned long long)ns->ino);
	n->types = 1U << ns->type;
	n->flags = clone_flag[ns->type];
	return parse_user(n, e);
}

static int prepare(struct cmd_call *call, struct entry *n, struct err *e)
{
	autoview struct view v = VIEW_NULL;
	const struct pn_proc *p;
	struct pn_target t;
	int r = view_parse_types(n->args->types, &n->types, e);

	if (r == 0)
		r = view_open(call, &n->args->view, PN_F_OWNER | PN_F_NAMES | PN_F_START, &v, e);
	if (r == 0)
		r = view_resolve(&v, call->operand[0], &t, e);
	if (r == 0 && t.kind == PN_T_NS && !t.proc)
		return prepare_empty(n, t.ns, e);
	if (r == 0)
		r = view_resolve_proc(&v, call->operand[0], &p, e);
	if (r < 0)
		return r;
	if (p->flags & (PN_P_ZOMBIE | PN_P_DYING))
		return err_set(e, ESRCH, "process %d %s: its namespaces cannot be entered any more",
			       (int)p->pid, p->flags & PN_P_ZOMBIE ? "is a zombie" : "is ending");
	n->pid = p->pid;
	n->inner = p->inner;
	r = pn_open_proc(v.snap, p, &n->pidfd, &n->procfd);
	if (r < 0)
		return err_set(e, -r, "open process %d: %m", (int)p->pid);
	r = choose(n, n->types, p->pid, e);
	if (r == 0)
		r = open_root(n, n->types, p->pid, e);
	return r < 0 ? r : parse_user(n, e);
}

/* ---- /proc ---------------------------------------------------------------------------------- */

/* In a procfs of its own PID namespace a process has one number, in one of a namespace
 * above several, and in any other it is not there. */
static bool proc_fits(void)
{
	struct statfs fs;
	char buf[8192], *line;

	if (statfs("/proc", &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC ||
	    io_read_small(AT_FDCWD, "/proc/self/status", buf, sizeof(buf)) < 0)
		return false;
	line = strstr(buf, "\nNSpid:\t");
	if (!line)
		return false;
	line += strlen("\nNSpid:\t");
	return line[strspn(line, "0123456789")] == '\n';
}

/* In a mount namespace of our own, so that nobody else sees it. */
static int mount_proc(struct entry *n, struct err *e)
{
	autoclose int root = -1, dir = -1;
	int r;

	if (unshare(CLONE_NEWNS) < 0)
		return err_set(e, errno, "make a mount namespace: %m");
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	r = root < 0 ? -errno : mountapi_setattr(root, true, 0, 0, MS_SLAVE);
	if (r < 0)
		return err_set(e, -r, "keep mounts from leaving again: %m");
	if (n->proc < 0) { /* by ourselves, who are in that PID namespace already */
		autoclose int fs = mountapi_open("proc", e);

		n->proc = fs < 0 ? fs
				 : mountapi_mount(fs,
						  MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
							  MOUNT_ATTR_NOEXEC,
						  e);
		if (n->proc < 0)
			return n->proc;
	}
	(void)mkdir("/proc", 0555);
	dir = open("/proc", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return err_set(e, errno, "open /proc: %m");
	r = mountapi_attach(n->proc, dir);
	return r < 0 ? err_set(e, -r, "mount on /proc: %m") : 0;
}

/* ---- inside --------------------------------------------------------------------------------- */

static int become(const struct entry *n, struct err *e)
{
	int r;

	if (!n->ids)
		return 0;
	/* Forbidden in user namespaces of ordinary users, who have no other groups there. */
	r = sys_setgroups(0, NULL);
	if (r < 0 && r != -EPERM)
		return err_set(e, -r, "drop groups: %m");
	r = sys_setresgid(n->gid, n->gid, n->gid);
	if (r == 0)
		r = sys_setresuid(n->uid, n->uid, n->uid);
	if (r < 0)
		(void)err_set(e, -r, "become user %u, group %u: %m", n->uid, n->gid);
	if (r == -EINVAL)
		err_hint(e, "the user namespace does not map them: --user UID:GID");
	return r;
}

static int inside(struct entry *n, struct err *e)
{
	struct err mine = { 0 };

	if (n->root >= 0 && (fchdir(n->root) < 0 || chroot(".") < 0))
		return err_set(e, errno, "go to the root of the target: %m");
	if (!n->args->no_proc && n->flags & (CLONE_NEWPID | CLONE_NEWNS) && !proc_fits() &&
	    mount_proc(n, &mine) < 0)
		fprintf(stderr, "atoll: warning: /proc does not show this PID namespace: %s\n",
			mine.msg);
	if ((n->root >= 0 || n->args->workdir) &&
	    chdir(n->args->workdir ? n->args->workdir : "/") < 0)
		return err_set(e, errno, "go to %.200s: %m",
			       n->args->workdir ? n->args->workdir : "/");
	return become(n, e);
}

static void say(const struct err *e)
{
	fprintf(stderr, "atoll: %s\n", e->msg);
}

/* Ends in the command, or returns our exit status. */
static int execute(struct entry *n)
{
	const char *shell = n->root < 0 && getenv("SHELL") ? getenv("SHELL") : "/bin/sh";
	char *alone[] = { strdup(shell), NULL };
	char **command = *n->command ? n->command : alone;
	struct err e = { 0 };
	int err;

	if (inside(n, &e) < 0) {
		say(&e);
		return STATUS_OURS;
	}
	selfexe_clean_environment();
	(void)execvp(command[0], command);
	err = errno;
	if (err == ENOENT)
		(void)err_set(&e, err, "%.200s: executable file not found in $PATH", command[0]);
	else
		(void)err_set(&e, err, "%.200s: %m", command[0]);
	say(&e);
	return err == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE;
}

/* ---- the parent ----------------------------------------------------------------------------- */

/* What a terminal sends reaches both of us; what is sent to us alone goes on to the child. */
static void pass_on(int pidfd, const siginfo_t *si)
{
	if (si->si_code != SI_KERNEL)
		(void)sys_pidfd_send_signal(pidfd, si->si_signo);
}

/* What passes through to the command; and SIGCHLD, which says that there is something to ask for. */
static const int passed[] = { SIGCHLD, SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2 };

/* How signals were before, for the command to have again. */
struct signals {
	sigset_t set, before;
	struct sigaction chld;
};

/* Who ignores SIGCHLD (as a caller may have handed it down) never hears of a child's end. */
static void signals_take(struct signals *s)
{
	const struct sigaction usual = { .sa_handler = SIG_DFL };

	sigemptyset(&s->set);
	for (size_t i = 0; i < ARRAY_LEN(passed); i++)
		sigaddset(&s->set, passed[i]);
	(void)sigprocmask(SIG_BLOCK, &s->set, &s->before);
	(void)sigaction(SIGCHLD, &usual, &s->chld);
}

static void signals_give_back(const struct signals *s)
{
	(void)sigaction(SIGCHLD, &s->chld, NULL);
	(void)sigprocmask(SIG_SETMASK, &s->before, NULL);
}

/* Its exit status; with it we stop and go on, so that a shell's job control sees it. Asks
 * before it sleeps: one SIGCHLD may stand for several ends. */
static int wait_for(pid_t child, int pidfd, const sigset_t *set)
{
	for (;;) {
		siginfo_t si = { 0 };
		int status;

		if (waitpid(child, &status, WNOHANG | WUNTRACED) == child) {
			if (WIFEXITED(status))
				return WEXITSTATUS(status);
			if (WIFSIGNALED(status))
				return 128 + WTERMSIG(status);
			(void)raise(SIGSTOP);
			(void)sys_pidfd_send_signal(pidfd, SIGCONT);
		} else if (sigwaitinfo(set, &si) > 0 && si.si_signo != SIGCHLD) {
			pass_on(pidfd, &si);
		}
	}
}

static int go_in(const struct entry *n, struct err *e)
{
	int r = 0;

	/* Before anybody inside can see us. */
	(void)prctl(PR_SET_DUMPABLE, 0);
	if (n->flags && setns(n->ns >= 0 ? n->ns : n->pidfd, n->flags) < 0)
		r = err_set(e, errno, "enter the namespaces of %.64s: %m", n->target);
	if (r == -EPERM)
		err_hint(e, "this needs CAP_SYS_ADMIN over them");
	return r;
}

/* What the one in between says, in one write. */
struct news {
	pid_t child; /* 0: see err */
	struct err err;
};

static __attribute__((noreturn)) void between(struct entry *n, int to, const struct signals *sig)
{
	struct clone_args args = { .flags = CLONE_PARENT };
	struct news news = { 0 };

	if (go_in(n, &news.err) == 0) {
		news.child = sys_clone3(&args, sizeof(args));
		if (news.child == 0) {
			signals_give_back(sig);
			_exit(execute(n));
		}
		if (news.child < 0)
			(void)err_set(&news.err, -news.child, "fork: %m");
	}
	_exit(write(to, &news, sizeof(news)) != sizeof(news));
}

/* A PID namespace is entered by children only, and whoever has called setns(2) for them has
 * those children in a place where they do not see their parent any more: a run-time library's helper
 * too, which LeakSanitizer's parent then waits for without end. So we stay outside: a
 * child enters, and its child, which CLONE_PARENT makes ours, is the command. */
static int fork_and_wait(struct entry *n, struct err *e)
{
	autoclose int from = -1, to = -1, pidfd = -1;
	struct news news = { 0 };
	struct signals sig;
	pid_t middle;
	ssize_t got;
	int pair[2];

	if (pipe2(pair, O_CLOEXEC) < 0)
		return err_set(e, errno, "make a pipe: %m");
	from = pair[0];
	to = pair[1];
	signals_take(&sig);
	middle = fork();
	if (middle < 0)
		return err_set(e, errno, "fork: %m");
	if (middle == 0)
		between(n, to, &sig);
	cleanup_fd(&to);
	do
		got = read(from, &news, sizeof(news));
	while (got < 0 && errno == EINTR);
	while (waitpid(middle, NULL, 0) < 0 && errno == EINTR)
		continue;
	if (got != sizeof(news))
		return err_set(e, EIO, "enter the namespaces of %.64s: no answer", n->target);
	if (news.child <= 0) {
		*e = news.err;
		return -e->code;
	}
	pidfd = sys_pidfd_open(news.child, 0); /* not reaped yet, so it is this one */
	return wait_for(news.child, pidfd, &sig.set);
}

/* ---- what would be done ---------------------------------------------------------------------- */

/* The namespaces that are entered (in) or that are ours already, one by one. */
static void say_types(struct jsonw *w, const char *key, const struct entry *n, unsigned int types,
		      bool in)
{
	jsonw_key(w, key);
	jsonw_arr(w);
	for (unsigned int t = 0; t < PN_TYPES; t++)
		if (types >> t & 1 && ((n->flags & clone_flag[t]) != 0) == in)
			jsonw_str(w, pn_type_name(t));
	jsonw_arr_end(w);
}

static void outlook_json(struct cmd_call *call, const struct entry *n, unsigned int types)
{
	struct jsonw w;

	jsonw_init(&w, call->arena, 1);
	jsonw_obj(&w);
	jsonw_kstr(&w, "schema", "atoll.enter/1");
	jsonw_key(&w, "pid");
	n->pid ? jsonw_u64(&w, (uint64_t)n->pid) : jsonw_null(&w);
	jsonw_key(&w, "inner");
	n->pid ? jsonw_u64(&w, (uint64_t)n->inner) : jsonw_null(&w);
	say_types(&w, "enter", n, types, true);
	say_types(&w, "shared", n, types, false);
	jsonw_kbool(&w, "root", n->root >= 0);
	jsonw_key(&w, "uid");
	n->ids ? jsonw_u64(&w, n->uid) : jsonw_null(&w);
	jsonw_key(&w, "gid");
	n->ids ? jsonw_u64(&w, n->gid) : jsonw_null(&w);
	jsonw_kstr(&w, "workdir", n->args->workdir ? n->args->workdir : n->root >= 0 ? "/" : NULL);
	jsonw_key(&w, "command");
	jsonw_arr(&w);
	for (char **c = n->command; *c; c++)
		jsonw_str(&w, *c);
	jsonw_arr_end(&w);
	jsonw_obj_end(&w);
	jsonw_nl(&w);
	(void)fwrite(w.buf, 1, w.len, stdout);
}

static void outlook_text(const struct entry *n, unsigned int types)
{
	if (n->pid)
		printf("process %d, %d inside\n", (int)n->pid, (int)n->inner);
	for (int in = 1; in >= 0; in--) {
		printf(in ? "enter: " : "ours already: ");
		for (unsigned int t = 0; t < PN_TYPES; t++)
			if (types >> t & 1 && ((n->flags & clone_flag[t]) != 0) == in)
				printf(" %s", pn_type_name(t));
		(void)putchar('\n');
	}
	printf("root directory: %s\n", n->root >= 0 ? "the target's" : "ours");
	if (n->ids)
		printf("user: %u:%u\n", n->uid, n->gid);
}

static int run(struct cmd_call *call, struct err *e)
{
	__attribute__((cleanup(entry_close))) struct entry n = {
		.args = call->args,
		.target = call->operand[0],
		.command = call->operand + 1,
		.pidfd = -1,
		.procfd = -1,
		.ns = -1,
		.root = -1,
		.proc = -1,
	};
	int r = n.args->json && !n.args->dry_run
			? err_set(e, EINVAL,
				  "option --json: only with --dry-run, the rest is the command's")
			: selfexe_protect(call->argv, e);

	/* The options ended before it already, so it is still there. */
	if (*n.command && strcmp(*n.command, "--") == 0)
		n.command++;
	if (r == 0)
		r = prepare(call, &n, e);
	if (r < 0)
		return r;
	if (n.args->dry_run) {
		n.args->json ? outlook_json(call, &n, n.types) : outlook_text(&n, n.types);
		return 0;
	}
	if (n.flags & CLONE_NEWPID)
		return fork_and_wait(&n, e);
	r = go_in(&n, e);
	return r < 0 ? r : execute(&n);
}

const struct cmd cmd_enter = {
	.name = "enter",
	.operands = "CONTAINER|PID|NAMESPACE [--] [COMMAND [ARG...]]",
	.summary = "run a command or a shell in the namespaces of a process",
	.opts = opts,
	.min = 1,
	.max = -1,
	.flags = CMD_STOP,
	.operand = OPERAND_ID,
	.fail_status = STATUS_OURS,
	.args_size = sizeof(struct args),
	.run = run,
};
