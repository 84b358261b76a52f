/* SPDX-License-Identifier: Apache-2.0 */
#include "init/spawn.h"

#include "init/kern.h"
#include "init/say.h"
#include "init/table.h"

enum { PATH_BUF = 4096 }; /* PATH_MAX of linux/limits.h */

/* What execvp(3) leaves to the implementation; the search path of the usual images. */
static const char default_path[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/* The terminal's foreground is ours to pass on only if we have it ourselves: not
 * when a shell started us in the background. Nobody's error if there is none. */
static void take_terminal(int parents_pgrp)
{
	int foreground;

	if (kern_tcgetpgrp(0, &foreground) == 0 && foreground == parents_pgrp)
		kern_tcsetpgrp(0, kern_getpid()); /* TTOU is blocked: no stop */
}

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

/* A script without "#!" is the shell's, as execvp(3) has it. The word before the
 * command (there is one: argv[0] at least) makes room for the shell's name. */
static long exec_one(const char *path, char **argv, char **envp)
{
	long r = kern_execve(path, argv, envp);

	if (r == -ENOEXEC) {
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

static const char *find_path(char *const *envp)
{
	for (; *envp; envp++) {
		const char *e = *envp;

		if (e[0] == 'P' && e[1] == 'A' && e[2] == 'T' && e[3] == 'H' && e[4] == '=')
			return e + 5;
	}
	return default_path;
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

static bool has_slash(const char *s)
{
	while (*s && *s != '/')
		s++;
	return *s == '/';
}

/* As execvp(3): the first directory in which it can be executed; "permission denied"
 * in one of them weighs more than "not there" in the others. Returns -errno. */
static long exec_search(char **argv, char **envp)
{
	const char *name = argv[0];
	const char *dirs = find_path(envp);
	long result = -ENOENT;

	if (*name == '\0')
		return -ENOENT;
	if (has_slash(name))
		return exec_one(name, argv, envp);
	for (;; dirs++) {
		char path[PATH_BUF];
		bool fits;
		long r;

		dirs = join(dirs, name, path, &fits);
		r = fits ? exec_one(path, argv, envp) : -ENAMETOOLONG;
		if (r == -EACCES)
			result = r;
		else if (r != -ENOENT && r != -ENOTDIR && r != -ENAMETOOLONG && r != -ELOOP)
			return r;
		if (*dirs == '\0')
			return result;
	}
}

_Noreturn static void become_payload(const struct init_opts *opts, const struct init_inherited *was,
				     int parents_pgrp, char **argv, char **envp)
{
	const char *name = argv[opts->first];
	struct init_text t;
	long r;

	kern_setpgid(0, 0);
	take_terminal(parents_pgrp);
	restore_signals(opts, was);
	r = exec_search(argv + opts->first, envp);

	init_say_start(&t);
	init_text_str(&t, "cannot execute '");
	init_text_str(&t, name);
	init_text_str(&t, "': ");
	if (r == -ENOENT && has_slash(name) && kern_exists(name))
		init_text_str(&t,
			      "it is there, but the interpreter or loader that it names is not");
	else if (r == -ENOENT && !has_slash(name))
		init_text_str(&t, "command not found in PATH");
	else
		init_text_err(&t, r);
	init_say_end(&t);
	kern_exit(r == -ENOENT || r == -ENOTDIR ? INIT_EXIT_NOT_FOUND : INIT_EXIT_NOT_EXECUTABLE);
}

int init_spawn(const struct init_opts *opts, const struct init_inherited *was, char **argv,
	       char **envp)
{
	int parents_pgrp = kern_getpgrp();
	int child = (int)kern_fork();

	if (child == 0)
		become_payload(opts, was, parents_pgrp, argv, envp);
	/* The child does the same; whoever comes first. Without it a signal for the
	 * group could be sent before there is one, and be lost. Refused (EACCES) once
	 * the child has called exec: then it has done it. */
	if (child > 0)
		kern_setpgid(child, child);
	return child;
}
