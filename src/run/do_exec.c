/* SPDX-License-Identifier: Apache-2.0 */
/* Finding the program and becoming it. */
#include "run/exec.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/jsonw.h"
#include "base/num.h"
#include "run/inroot.h"
#include "run/later.h"
#include "run/procfd.h"
#include "sys/caps.h"
#include "sys/syscalls.h"

enum {
	PASSWD_MAX = 4 << 20,
	INIT_ARGS = 4,         /* atoll-init --sigmask=0 --sigign=0 -- */
	INIT_OPTIONS_MAX = 32, /* words of the annotation */
};

static const char default_path[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/* --- before the clone --- */

struct env_var {
	const char *text;
	size_t name_len, index;
};

static int by_name_then_index(const void *va, const void *vb)
{
	const struct env_var *a = va, *b = vb;
	size_t n = a->name_len < b->name_len ? a->name_len : b->name_len;
	int r = memcmp(a->text, b->text, n);

	if (r == 0 && a->name_len != b->name_len)
		r = a->name_len < b->name_len ? -1 : 1;
	if (r == 0)
		r = a->index < b->index ? -1 : 1;
	return r;
}

static bool same_name(const struct env_var *a, const struct env_var *b)
{
	return a->name_len == b->name_len && memcmp(a->text, b->text, a->name_len) == 0;
}

/* Fills out[] (NULL: overridden by a later one) in the order given. */
static int last_wins(struct ctx *c, const char **out, struct err *e)
{
	const struct oci_strings *env = &c->process->env;
	struct env_var *vars = arena_alloc(c->arena, (env->count + 1) * sizeof(*vars));

	for (size_t i = 0; i < env->count; i++) {
		const char *eq = strchr(env->items[i], '=');

		if (!eq || eq == env->items[i])
			return err_set(e, EINVAL,
				       "/process/env/%zu: invalid environment variable: %s", i,
				       eq ? "name cannot be empty" : "missing '='");
		vars[i] = (struct env_var){ env->items[i], (size_t)(eq - env->items[i]), i };
	}
	if (env->count)
		qsort(vars, env->count, sizeof(*vars), by_name_then_index);
	for (size_t i = 0; i < env->count; i++)
		if (i + 1 == env->count || !same_name(&vars[i], &vars[i + 1]))
			out[vars[i].index] = vars[i].text;
	return 0;
}

static bool is_var(const char *text, const char *name)
{
	size_t n = strlen(name);

	return strncmp(text, name, n) == 0 && text[n] == '=';
}

/* sd_listen_fds(3): the sockets were passed to the runtime, and are meant for the
 * program, which is process 1. */
static size_t listen_env(struct ctx *c, size_t n)
{
	if (c->listen_fds == 0)
		return n;
	c->envp[n++] = arena_printf(c->arena, "LISTEN_FDS=%u", c->listen_fds);
	c->envp[n++] = arena_strdup(c->arena, "LISTEN_PID=1");
	return n;
}

static int prepare_env(struct ctx *c, struct err *e)
{
	const struct oci_strings *env = &c->process->env;
	const char **given = arena_alloc(c->arena, (env->count + 1) * sizeof(*given));
	bool home = false;
	size_t n = 0;
	int r = last_wins(c, given, e);

	if (r < 0)
		return r;
	c->envp = arena_alloc(c->arena, (env->count + 4) * sizeof(*c->envp));
	c->prep->path = default_path;
	for (size_t i = 0; i < env->count; i++) {
		const char *v = given[i];

		if (!v || strcmp(v, "HOME=") == 0) /* an empty one counts as none */
			continue;
		if (c->listen_fds && (is_var(v, "LISTEN_FDS") || is_var(v, "LISTEN_PID")))
			continue;
		home = home || is_var(v, "HOME");
		if (is_var(v, "PATH"))
			c->prep->path = v + strlen("PATH=");
		c->envp[n++] = arena_strdup(c->arena, v);
	}
	n = listen_env(c, n);
	if (!home) {
		c->prep->home = arena_alloc(c->arena, EXEC_HOME_MAX + sizeof("HOME="));
		c->prep->home_slot = &c->envp[n++];
	}
	return 0;
}

/* PID 1's own words: the mask and the ignored signals that the command is to have are told,
 * since it starts with all blocked. The annotation says "true", or has more options for
 * it: "-g --grace=10". */
static int init_args(struct ctx *c, size_t *n, struct err *e)
{
	const char *more = oci_annotation(c->spec, OCI_ANNOTATION_INIT);
	char *word, *at;

	c->argv[(*n)++] = arena_strdup(c->arena, "atoll-init");
	c->argv[(*n)++] = arena_strdup(c->arena, "--sigmask=0");
	c->argv[(*n)++] = arena_strdup(c->arena, "--sigign=0");
	at = arena_strdup(c->arena, more && more[0] == '-' ? more : "");
	for (int i = 0; (word = strtok_r(at, " ", &at)); i++) {
		if (i == INIT_OPTIONS_MAX)
			return err_set(e, E2BIG,
				       "/annotations/" OCI_ANNOTATION_INIT ": more than %d words",
				       INIT_OPTIONS_MAX);
		c->argv[(*n)++] = word;
	}
	c->argv[(*n)++] = arena_strdup(c->arena, "--");
	return 0;
}

static int prepare_args(struct ctx *c, struct err *e)
{
	const struct oci_strings *args = &c->process->args;
	size_t n = 0;
	int r = 0;

	if (args->count == 0)
		return err_set(e, EINVAL, "/process/args: must not be empty");
	c->argv = arena_alloc(c->arena,
			      (args->count + INIT_ARGS + INIT_OPTIONS_MAX + 1) * sizeof(*c->argv));
	if (c->plan->env.init)
		r = init_args(c, &n, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < args->count; i++)
		c->argv[n++] = arena_strdup(c->arena, args->items[i]);
	c->exe = arena_alloc(c->arena, PATH_MAX);
	return 0;
}

/* Handlers are gone with CLONE_CLEAR_SIGHAND; what is ignored stays ignored
 * through clone and exec. One file tells which, instead of 62 questions. */
static uint64_t ignored_signals(void)
{
	uint64_t mask = procfd_status_mask("SigIgn");

	procfd_status_forget();
	return mask;
}

/* The state object, but for its status and PID; the child writes those between. */
static void prepare_state(struct ctx *c)
{
	struct jsonw w;

	jsonw_init(&w, c->arena, 0);
	jsonw_obj(&w);
	jsonw_kstr(&w, "ociVersion", c->spec->oci_version ? c->spec->oci_version : OCI_VERSION);
	jsonw_kstr(&w, "id", c->id);
	c->prep->state_head = arena_strndup(c->arena, w.buf, w.len);

	jsonw_init(&w, c->arena, 0);
	jsonw_obj(&w);
	jsonw_kstr(&w, "bundle", c->bundle);
	if (c->spec->annotations.count) {
		jsonw_key(&w, "annotations");
		jsonw_obj(&w);
		for (size_t i = 0; i < c->spec->annotations.count; i++)
			jsonw_kstr(&w, c->spec->annotations.items[i].key,
				   c->spec->annotations.items[i].value);
		jsonw_obj_end(&w);
	}
	jsonw_obj_end(&w);
	c->prep->state_tail = arena_strndup(c->arena, w.buf + 1, w.len - 1); /* without its '{' */
}

/* "net.*" in a joined network namespace that is the runtime's own would be set
 * for the host; only stat(2) can tell. */
static int check_net_sysctls(const struct ctx *c, struct err *e)
{
	const struct oci_namespace *net = &c->spec->linux_.ns[OCI_NS_NETWORK];
	struct stat theirs, ours;

	if (c->plan->env.mode == PLAN_EXEC || !net->present || !net->path)
		return 0;
	for (size_t i = 0; i < c->plan->count; i++) {
		const struct step *s = &c->plan->steps[i];

		if (s->kind != STEP_SYSCTL || strncmp(s->sysctl.path, "net/", 4) != 0)
			continue;
		if (stat(net->path, &theirs) < 0)
			return err_set(e, errno, "/linux/namespaces: network namespace %s: %m",
				       net->path);
		if (stat("/proc/self/ns/net", &ours) < 0)
			return err_set(e, errno, "/proc/self/ns/net: %m");
		if (theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino)
			return err_set(e, EINVAL,
				       "%s: sysctl \"%s\" not allowed in host network namespace",
				       s->pointer, s->sysctl.key);
		return 0;
	}
	return 0;
}

int exec_prepare(struct ctx *c, struct err *e)
{
	struct stat st;
	int r;

	c->prep = ARENA_NEW(c->arena, struct exec_prep);
	r = prepare_args(c, e);
	if (r == 0)
		r = prepare_env(c, e);
	if (r == 0)
		r = check_net_sysctls(c, e);
	if (r < 0)
		return r;
	c->prep->sig_ignored = ignored_signals();
	if (stat("/proc/self/exe", &st) == 0) {
		c->prep->exe_dev = st.st_dev;
		c->prep->exe_ino = st.st_ino;
	}
	prepare_state(c);
	return 0;
}

/* --- descriptors --- */

void exec_drop_descriptors(struct ctx *c, bool keep_proc)
{
	const int keep[] = { c->start_fd, c->exec_lock, c->sync[1],
			     c->init_fd,  c->fault_fd,  keep_proc ? c->proc_fd : -1 };
	unsigned int from = 3 + c->preserve_fds;

	if (c->dropped) { /* since then only our procfs may have been opened */
		if (!keep_proc)
			cleanup_fd(&c->proc_fd);
		return;
	}
	c->dropped = true;
	inroot_forget();
	later_forget();
	if (!keep_proc)
		c->proc_fd = -1;
	for (;;) {
		unsigned int next = ~0U;

		for (size_t i = 0; i < ARRAY_LEN(keep); i++)
			if (keep[i] >= 0 && (unsigned int)keep[i] >= from &&
			    (unsigned int)keep[i] < next)
				next = (unsigned int)keep[i];
		if (next > from)
			(void)sys_close_range(from, next == ~0U ? next : next - 1, 0);
		if (next == ~0U)
			return;
		from = next + 1;
	}
}

/* --- HOME --- */

enum { FIELD_UID = 2, FIELD_HOME = 5 }; /* name:password:uid:gid:gecos:home:shell */

static void passwd_end_of_line(struct exec_passwd *p)
{
	if (p->field >= FIELD_HOME && p->digits && !p->bad_number && p->number == p->uid)
		p->found = true;
	else
		p->len = 0;
	p->home[p->len] = '\0';
	p->field = 0;
	p->number = 0;
	p->digits = 0;
	p->bad_number = false;
}

void exec_passwd_scan(struct exec_passwd *p, const char *text, size_t len)
{
	for (size_t i = 0; i < len && !p->found; i++) {
		char ch = text[i];

		if (ch == '\n') {
			passwd_end_of_line(p);
		} else if (ch == ':') {
			p->field++;
		} else if (p->field == FIELD_UID) {
			p->bad_number = p->bad_number || ch < '0' || ch > '9' ||
					p->number > UINT32_MAX;
			p->digits++;
			p->number = p->number * 10 + (uint64_t)(ch - '0');
		} else if (p->field == FIELD_HOME && p->len + 1 < p->size) {
			p->home[p->len++] = ch;
		}
	}
}

/* The file is the container's, so nothing about it is believed. */
static bool home_from_passwd(struct exec_passwd *p)
{
	autoclose int fd = sys_openat2(AT_FDCWD, "/etc/passwd",
				       O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0,
				       RESOLVE_NO_MAGICLINKS);
	char buf[4096];
	struct stat st;
	ssize_t n = 0;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	for (size_t total = 0; total < PASSWD_MAX && (n = read(fd, buf, sizeof(buf))) > 0;
	     total += (size_t)n)
		exec_passwd_scan(p, buf, (size_t)n);
	exec_passwd_scan(p, "\n", 1); /* a last line without its end */
	return p->found && p->len > 0;
}

static void set_home(struct ctx *c)
{
	struct exec_prep *prep = c->prep;
	struct exec_passwd p = { .uid = c->process->uid,
				 .home = prep->home + strlen("HOME="),
				 .size = EXEC_HOME_MAX };

	memcpy(prep->home, "HOME=", strlen("HOME="));
	if (!home_from_passwd(&p))
		memcpy(p.home, "/", sizeof("/"));
	*prep->home_slot = prep->home;
}

/* --- the command --- */

/* The words of Go's errors, which engines look for: as the C library's, but small. */
static const char *go_words(int code, char *buf, size_t size)
{
	const char *words = strerrordesc_np(code);

	(void)snprintf(buf, size, "%s", words ? words : "unknown error");
	if (buf[0] >= 'A' && buf[0] <= 'Z')
		buf[0] = (char)(buf[0] - 'A' + 'a');
	return buf;
}

/* 0, -ENOENT ..., -EISDIR, -EACCES. *ret_stat: not even stat(2) worked. */
static int check_executable(const char *path, struct stat *st, bool *ret_stat)
{
	*ret_stat = stat(path, st) < 0;
	if (*ret_stat)
		return -errno;
	if (S_ISDIR(st->st_mode))
		return -EISDIR;
	if (faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0)
		return -errno;
	return 0;
}

static int command_error(struct err *e, const char *name, int r, bool stat_failed)
{
	char words[80];

	(void)go_words(-r, words, sizeof(words));
	if (stat_failed)
		return err_set(e, -r, "exec: \"%s\": stat %s: %s", name, name, words);
	return err_set(e, -r, "exec: \"%s\": %s", name, words);
}

static int search_path(struct ctx *c, const char *name, struct stat *st, struct err *e)
{
	const char *dir = c->prep->path;

	for (;; dir++) {
		size_t n = strcspn(dir, ":");
		int len = snprintf(c->exe, PATH_MAX, "%.*s%s%s", (int)n, dir, n ? "/" : "./", name);
		bool stat_failed;

		if (*name && n < PATH_MAX && len < PATH_MAX &&
		    check_executable(c->exe, st, &stat_failed) == 0)
			break;
		dir += n;
		if (*dir == '\0')
			return err_set(e, ENOENT,
				       "exec: \"%s\": executable file not found in $PATH", name);
	}
	if (c->exe[0] != '/')
		return err_set(
			e, ENOENT,
			"exec: \"%s\": cannot run executable found relative to current directory",
			name);
	return 0;
}

static int find(struct ctx *c, const char *name, struct err *e)
{
	struct stat st;
	bool stat_failed;
	int r;

	if (strchr(name, '/')) {
		r = check_executable(name, &st, &stat_failed);
		if (r == 0 && snprintf(c->exe, PATH_MAX, "%s", name) >= PATH_MAX)
			r = -ENAMETOOLONG;
		if (r < 0)
			return command_error(e, name, r, stat_failed);
	} else {
		r = search_path(c, name, &st, e);
		if (r < 0)
			return r;
	}
	/* By a link such as /proc/self/exe the program would be this one, and so could be
	 * written to when it has ended (CVE-2019-5736). */
	if (c->prep->exe_ino && st.st_ino == c->prep->exe_ino && st.st_dev == c->prep->exe_dev)
		return err_set(e, EPERM,
			       "exec: \"%s\": operation not permitted: that is the runtime itself",
			       name);
	return 0;
}

/* The check is made with the capabilities that the process will have at exec:
 * else one that only root may execute would be found, and start would fail. */
int do_find_command(struct ctx *c, const struct step *s, struct err *e)
{
	const uint64_t override = UINT64_C(1) << CAP_DAC_OVERRIDE;
	const uint64_t files = override | UINT64_C(1) << CAP_DAC_READ_SEARCH;
	uint64_t lost;
	struct caps now = c->caps, less;
	int r = now.permitted ? 0 : caps_get(&now), back = 0;

	(void)s;
	assert(c->prep);
	exec_drop_descriptors(c, false);
	if (c->prep->home_slot)
		set_home(c);
	if (r < 0)
		return err_set(e, -r, "read capabilities: %m");
	lost = now.effective & files & ~c->process->caps.effective;
	if (now.effective & c->process->caps.effective & override)
		lost = 0; /* it does what the other one does, and more */
	less = now;
	less.effective &= ~lost;
	if (lost)
		r = caps_set(&less);
	if (r < 0)
		return err_set(e, -r, "set capabilities: %m");
	r = find(c, c->process->args.items[0], e);
	if (lost)
		back = caps_set(&now);
	if (r == 0 && back < 0)
		return err_set(e, -back, "set capabilities: %m");
	return r;
}

/* --- exec --- */

void exec_clean(struct ctx *c)
{
	sigset_t mask;

	if (c->prep->clean)
		return;
	c->prep->clean = true;
	for (int sig = 1; sig < NSIG; sig++)
		if (c->prep->sig_ignored >> (sig - 1) & 1 && sig != SIGKILL && sig != SIGSTOP)
			(void)signal(sig, SIG_DFL);
	/* atoll-init asks for the signals when it is ready for them. */
	if (c->plan->env.init)
		sigfillset(&mask);
	else
		sigemptyset(&mask);
	(void)sigprocmask(SIG_SETMASK, &mask, NULL);
	if (!c->prep->outlives)
		(void)prctl(PR_SET_PDEATHSIG, 0);
}

int do_exec(struct ctx *c, const struct step *s, struct err *e)
{
	char words[80];
	int r;

	(void)s;
	exec_clean(c);
	if (c->plan->env.init) {
		r = sys_execveat(c->init_fd, "", c->argv, c->envp, AT_EMPTY_PATH);
		return err_set(e, -r, "exec atoll-init: %s", go_words(-r, words, sizeof(words)));
	}
	(void)execve(c->exe, c->argv, c->envp);
	r = -errno;
	(void)err_set(e, -r, "exec %s: %s", c->exe, go_words(-r, words, sizeof(words)));
	if (r == -ENOENT)
		err_hint(e, "it is there, but the interpreter or loader that it names is not");
	return r;
}
