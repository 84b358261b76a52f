/* SPDX-License-Identifier: Apache-2.0 */
#include "init/spawn.h"

#include "init/kern.h"
#include "init/table.h"

enum { PATH_BUF = 4096 }; /* PATH_MAX of linux/limits.h */

/* What execvp(3) leaves to the implementation; the search path of the usual images. */
static const char default_path[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

static void set_disposition(int signo, uintptr_t handler)
{
	struct kern_sigaction now, want = { .handler = handler };

	/* Only where it differs: setting one anew throws away what is pending. */
	if (kern_sigaction(signo, NULL, &now) == 0 && now.handler != handler)
		kern_sigaction(signo, &want, NULL);
}

static void restore_signals(const struct init_opts *opts, const struct init_inherited *was)
{
	if (was->sigchld_ignored)
		set_disposition(SIGCHLD, KERN_SIG_IGN);
	for (int signo = 1; opts->has_sigign && signo <= INIT_SIG_MAX; signo++)
		if (signo != SIGKILL && signo != SIGSTOP)
			set_disposition(signo, opts->sigign >> (signo - 1) & 1 ? KERN_SIG_IGN
									       : KERN_SIG_DFL);
	kern_sigmask(opts->has_sigmask ? opts->sigmask : was->sigmask, NULL);
}

/* A program for another machine, or half of one. A shell would call it a syntax error. */
static bool is_elf(const char *path)
{
	char magic[5] = "";
	int fd = (int)kern_open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	kern_read(fd, magic, 4);
	kern_close(fd);
	return init_str_eq(magic, "\177ELF");
}

/* A script without "#!" is the shell's, as execvp(3) has it. The word before the
 * command (there is one: argv[0] at least) makes room for the shell's name. */
static long exec_one(const char *path, bool may_use_shell, char **argv, char **envp)
{
	long r = kern_execve(path, argv, envp);

	if (r == -ENOEXEC && may_use_shell && !is_elf(path)) {
		static char sh[] = "/bin/sh";
		static char copy[PATH_BUF];
		struct init_text name;

		init_text_start(&name);
		init_text_str(&name, path);
		for (size_t i = 0; i <= name.len; i++)
			copy[i] = name.buf[i];
		argv[-1] = sh;
		argv[0] = copy;
		kern_execve(sh, argv - 1, envp);
	}
	return r;
}

/* Writes "DIR/NAME", DIR being what stands before the next ':' (empty = "."), and
 * returns where that ':' or the end is. *ret_fits tells if it was not too long. */
static const char *join(const char *dirs, const char *name, char *buf, bool *ret_fits)
{
	size_t n = 0;

	for (; *dirs && *dirs != ':'; dirs++)
		if (n < PATH_BUF)
			buf[n++] = *dirs;
	if (n > 0 && n < PATH_BUF)
		buf[n++] = '/';
	for (; *name; name++)
		if (n < PATH_BUF)
			buf[n++] = *name;
	*ret_fits = n < PATH_BUF;
	buf[n < PATH_BUF ? n : 0] = '\0';
	return dirs;
}

/* As execvp(3): the first directory in which it can be executed; "permission denied"
 * in one of them weighs more than "not there" in the others. Returns -errno. */
static long exec_search(char **argv, bool may_use_shell, char **envp)
{
	const char *name = argv[0];
	const char *dirs = init_env_find(envp, "PATH");
	long result = -ENOENT;

	if (!dirs)
		dirs = default_path;
	if (*name == '\0')
		return -ENOENT;
	if (init_has_slash(name))
		return exec_one(name, may_use_shell, argv, envp);
	for (;; dirs++) {
		char path[PATH_BUF];
		bool fits;
		long r;

		dirs = join(dirs, name, path, &fits);
		r = fits ? exec_one(path, may_use_shell, argv, envp) : -ENAMETOOLONG;
		if (r == -EACCES)
			result = r;
		else if (r != -ENOENT && r != -ENOTDIR && r != -ENAMETOOLONG && r != -ELOOP)
			return r;
		if (*dirs == '\0')
			return result;
	}
}

/* systemd tells by these who is meant: the process that the init was, which is now its
 * child. LISTEN_PIDFDID names the process by another number, and may be left out. */
static void rename_process(char **envp, int parent)
{
	enum { NAMES = 2, VALUE_SIZE = 32 };
	static const char *const names[NAMES] = { "LISTEN_PID", "WATCHDOG_PID" };
	static struct init_text value[NAMES];
	char **to = envp;

	for (; *envp; envp++) {
		char *word = *envp;

		for (int i = 0; i < NAMES; i++) {
			const char *rest = init_after_prefix(word, names[i]);
			uint64_t pid;

			if (!rest || *rest != '=' ||
			    !init_parse_num(rest + 1, 10, INT32_MAX, &pid) || (int)pid != parent)
				continue;
			init_text_start(&value[i]);
			init_text_str(&value[i], names[i]);
			init_text_str(&value[i], "=");
			init_text_num(&value[i], kern_getpid());
			word = value[i].buf;
		}
		if (!init_after_prefix(word, "LISTEN_PIDFDID="))
			*to++ = word;
	}
	*to = NULL;
}

_Noreturn static void fail_exec(const struct init_teller *t, const char *name, long r)
{
	bool is_there = r == -ENOENT && init_has_slash(name) && kern_exists(name);

	init_tell_exec_failed(t, name, is_there, r);
	kern_exit(r == -ENOENT || r == -ENOTDIR ? INIT_EXIT_NOT_FOUND : INIT_EXIT_NOT_EXECUTABLE);
}

static void become_leader(const struct init_opts *opts, const struct init_term *term,
			  struct init_teller *t)
{
	long r;

	if (opts->new_session) {
		kern_setsid();
		r = kern_take_terminal(0);
		if (r < 0)
			init_tell_note(t, "Unable to attach to controlling tty", r);
		init_tell_note(t, "setsid complete.", 0);
	} else if (!opts->same_group) {
		kern_setpgid(0, 0);
		/* Ours to pass on only if we have it: not when a shell started us in the
		 * background. A command in a pipeline gets it when it asks for it, main.c. */
		if (term->is_ours && term->on_stdin)
			init_term_give(term, kern_getpid());
	}
}

int init_spawn(const struct init_opts *opts, const struct init_inherited *was,
	       const struct init_term *term, struct init_teller *t, char **argv, char **envp)
{
	int child = (int)kern_fork();

	if (child == 0) {
		become_leader(opts, term, t);
		rename_process(envp, t->self);
		restore_signals(opts, was);
		fail_exec(t, argv[opts->first], exec_search(argv + opts->first, true, envp));
	}
	/* The child does the same; whoever comes first. Without it a signal for the
	 * group could be sent before there is one, and be lost. Refused (EACCES) once
	 * the child has called exec: then it has done it. A session can only be made by
	 * the child, and not by the leader of a group; a signal that comes before it is
	 * one goes to the child alone, see forward() in main.c. */
	if (child > 0 && !opts->new_session && !opts->same_group)
		kern_setpgid(child, child);
	return child;
}

enum { PAGE = 4096 }; /* where it is larger, madvise(2) refuses */

/* Of what lies in between, whole pages are given back. */
static void zero(char *from, const char *to)
{
	uintptr_t first = ((uintptr_t)from + PAGE - 1) & ~(uintptr_t)(PAGE - 1);
	uintptr_t end = (uintptr_t)to & ~(uintptr_t)(PAGE - 1);
	bool gone = first < end && kern_forget((void *)first, end - first) == 0;

	while (from < to) {
		if (gone && (uintptr_t)from == first) {
			from += end - first;
			continue;
		}
		*from++ = '\0';
	}
}

void init_forget(char **envp)
{
	char *from = *envp, *end = from;

	if (!from)
		return;
	/* as the kernel lays them out, one after the other */
	for (; *envp; envp++) {
		for (end = *envp; *end; end++)
			;
		if (init_after_prefix(*envp, "container=")) {
			zero(from, *envp);
			from = end + 1;
		}
	}
	/* Behind it there is only the name of our file, up to the end of the stack: nobody
	 * needs that, and its page need not stay. */
	if (from < end)
		zero(from, end + (-(uintptr_t)end & (PAGE - 1)));
}

/* The environment needs one word more. It follows argv and its NULL, so argv moves one
 * to the left over the words that were the init's own, and the environment starts in
 * the place of that NULL. */
_Noreturn void init_become(const struct init_opts *opts, const struct init_inherited *was,
			   const struct init_teller *t, int argc, char **argv, char **envp)
{
	static char container[] = "container=atoll";
	char **command = argv + opts->first;

	if (!init_env_find(envp, "container") && envp == argv + argc + 1) {
		for (int i = opts->first; i < argc; i++)
			argv[i - 1] = argv[i];
		argv[argc - 1] = NULL;
		argv[argc] = container;
		envp = argv + argc;
		command--;
	}
	restore_signals(opts, was);
	fail_exec(t, command[0], exec_search(command, false, envp));
}
