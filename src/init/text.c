/* SPDX-License-Identifier: Apache-2.0 */
#include "init/text.h"

#include <asm/errno.h>
#include <linux/signal.h>

static const char *const sig_names[] = {
	[SIGHUP] = "HUP",   [SIGINT] = "INT",       [SIGQUIT] = "QUIT", [SIGILL] = "ILL",
	[SIGTRAP] = "TRAP", [SIGABRT] = "ABRT",     [SIGBUS] = "BUS",   [SIGFPE] = "FPE",
	[SIGKILL] = "KILL", [SIGUSR1] = "USR1",     [SIGSEGV] = "SEGV", [SIGUSR2] = "USR2",
	[SIGPIPE] = "PIPE", [SIGALRM] = "ALRM",     [SIGTERM] = "TERM", [SIGSTKFLT] = "STKFLT",
	[SIGCHLD] = "CHLD", [SIGCONT] = "CONT",     [SIGSTOP] = "STOP", [SIGTSTP] = "TSTP",
	[SIGTTIN] = "TTIN", [SIGTTOU] = "TTOU",     [SIGURG] = "URG",   [SIGXCPU] = "XCPU",
	[SIGXFSZ] = "XFSZ", [SIGVTALRM] = "VTALRM", [SIGPROF] = "PROF", [SIGWINCH] = "WINCH",
	[SIGIO] = "IO",     [SIGPWR] = "PWR",       [SIGSYS] = "SYS",
};
enum { SIG_NAMES = sizeof(sig_names) / sizeof(sig_names[0]) };

/* Those that exec, fork and the rest of the init can run into. */
static const struct {
	int err;
	const char *words;
} err_words[] = {
	{ EPERM, "Operation not permitted" },
	{ ENOENT, "No such file or directory" },
	{ ESRCH, "No such process" },
	{ EIO, "Input/output error" },
	{ E2BIG, "Argument list too long" },
	{ ENOEXEC, "Exec format error" },
	{ EAGAIN, "Resource temporarily unavailable" },
	{ ENOMEM, "Cannot allocate memory" },
	{ EACCES, "Permission denied" },
	{ ENXIO, "No such device or address" },
	{ ECHILD, "No child processes" },
	{ EBADF, "Bad file descriptor" },
	{ ENOTDIR, "Not a directory" },
	{ EISDIR, "Is a directory" },
	{ EINVAL, "Invalid argument" },
	{ ENFILE, "Too many open files in system" },
	{ EMFILE, "Too many open files" },
	{ ENOTTY, "Inappropriate ioctl for device" },
	{ ETXTBSY, "Text file busy" },
	{ ENAMETOOLONG, "File name too long" },
	{ ENOSYS, "Function not implemented" },
	{ ELOOP, "Too many levels of symbolic links" },
	{ ELIBBAD, "Accessing a corrupted shared library" },
};

const char *init_after_prefix(const char *s, const char *prefix)
{
	for (; *prefix; s++, prefix++)
		if (*s != *prefix)
			return NULL;
	return s;
}

bool init_str_eq(const char *a, const char *b)
{
	const char *rest = init_after_prefix(a, b);

	return rest && *rest == '\0';
}

void init_text_start(struct init_text *t)
{
	t->len = 0;
	t->buf[0] = '\0';
}

void init_text_str(struct init_text *t, const char *s)
{
	while (*s && t->len < INIT_TEXT_MAX - 1)
		t->buf[t->len++] = *s++;
	t->buf[t->len] = '\0';
}

void init_text_num(struct init_text *t, int64_t n)
{
	uint64_t rest = n < 0 ? -(uint64_t)n : (uint64_t)n;
	char digits[24];
	size_t at = sizeof(digits) - 1;

	digits[at] = '\0';
	do
		digits[--at] = (char)('0' + rest % 10);
	while (rest /= 10);
	if (n < 0)
		digits[--at] = '-';
	init_text_str(t, digits + at);
}

void init_text_sig(struct init_text *t, int signo)
{
	init_text_num(t, signo);
	if (signo > 0 && signo < SIG_NAMES && sig_names[signo]) {
		init_text_str(t, " (");
		init_text_str(t, sig_names[signo]);
		init_text_str(t, ")");
	} else if (signo >= INIT_SIG_RTMIN && signo <= INIT_SIG_MAX) {
		init_text_str(t, " (RTMIN+");
		init_text_num(t, signo - INIT_SIG_RTMIN);
		init_text_str(t, ")");
	}
}

const char *init_sig_name(int signo)
{
	return signo > 0 && signo < SIG_NAMES && sig_names[signo] ? sig_names[signo] : NULL;
}

bool init_has_slash(const char *s)
{
	while (*s && *s != '/')
		s++;
	return *s == '/';
}

const char *init_env_find(char *const *envp, const char *name)
{
	for (; *envp; envp++) {
		const char *rest = init_after_prefix(*envp, name);

		if (rest && *rest == '=')
			return rest + 1;
	}
	return NULL;
}

void init_text_err(struct init_text *t, long err)
{
	if (err < 0)
		err = -err;
	for (size_t i = 0; i < sizeof(err_words) / sizeof(err_words[0]); i++)
		if (err_words[i].err == err) {
			init_text_str(t, err_words[i].words);
			return;
		}
	init_text_str(t, "error ");
	init_text_num(t, err);
}

static unsigned int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned int)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned int)(c - 'a') + 10;
	if (c >= 'A' && c <= 'F')
		return (unsigned int)(c - 'A') + 10;
	return 99;
}

bool init_parse_num(const char *s, unsigned int base, uint64_t max, uint64_t *ret)
{
	uint64_t v = 0;

	if (!*s)
		return false;
	for (; *s; s++) {
		unsigned int d = digit_value(*s);

		if (d >= base || v > max / base || max - v * base < d)
			return false;
		v = v * base + d;
	}
	*ret = v;
	return true;
}

bool init_parse_sig(const char *s, int *ret)
{
	const char *rest = init_after_prefix(s, "SIG");
	uint64_t n;

	if (init_parse_num(s, 10, INIT_SIG_MAX, &n) && n > 0) {
		*ret = (int)n;
		return true;
	}
	if (rest)
		s = rest;
	for (int i = 1; i < SIG_NAMES; i++)
		if (sig_names[i] && init_str_eq(s, sig_names[i])) {
			*ret = i;
			return true;
		}
	if (init_str_eq(s, "RTMIN") || init_str_eq(s, "RTMAX")) {
		*ret = init_str_eq(s, "RTMIN") ? INIT_SIG_RTMIN : INIT_SIG_MAX;
		return true;
	}
	rest = init_after_prefix(s, "RTMIN+");
	if (rest && init_parse_num(rest, 10, INIT_SIG_MAX - INIT_SIG_RTMIN, &n)) {
		*ret = INIT_SIG_RTMIN + (int)n;
		return true;
	}
	rest = init_after_prefix(s, "RTMAX-");
	if (rest && init_parse_num(rest, 10, INIT_SIG_MAX - INIT_SIG_RTMIN, &n)) {
		*ret = INIT_SIG_MAX - (int)n;
		return true;
	}
	return false;
}
