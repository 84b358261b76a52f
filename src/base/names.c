/* SPDX-License-Identifier: Apache-2.0 */
#include "base/names.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>

#include "base/cleanup.h"
#include "base/num.h"

static const char caps[][24] = {
	"CAP_CHOWN",
	"CAP_DAC_OVERRIDE",
	"CAP_DAC_READ_SEARCH",
	"CAP_FOWNER",
	"CAP_FSETID",
	"CAP_KILL",
	"CAP_SETGID",
	"CAP_SETUID",
	"CAP_SETPCAP",
	"CAP_LINUX_IMMUTABLE",
	"CAP_NET_BIND_SERVICE",
	"CAP_NET_BROADCAST",
	"CAP_NET_ADMIN",
	"CAP_NET_RAW",
	"CAP_IPC_LOCK",
	"CAP_IPC_OWNER",
	"CAP_SYS_MODULE",
	"CAP_SYS_RAWIO",
	"CAP_SYS_CHROOT",
	"CAP_SYS_PTRACE",
	"CAP_SYS_PACCT",
	"CAP_SYS_ADMIN",
	"CAP_SYS_BOOT",
	"CAP_SYS_NICE",
	"CAP_SYS_RESOURCE",
	"CAP_SYS_TIME",
	"CAP_SYS_TTY_CONFIG",
	"CAP_MKNOD",
	"CAP_LEASE",
	"CAP_AUDIT_WRITE",
	"CAP_AUDIT_CONTROL",
	"CAP_SETFCAP",
	"CAP_MAC_OVERRIDE",
	"CAP_MAC_ADMIN",
	"CAP_SYSLOG",
	"CAP_WAKE_ALARM",
	"CAP_BLOCK_SUSPEND",
	"CAP_AUDIT_READ",
	"CAP_PERFMON",
	"CAP_BPF",
	"CAP_CHECKPOINT_RESTORE",
};

_Static_assert(ARRAY_LEN(caps) == NAME_CAP_COUNT, "one name a capability");

static const char *const signals[NAME_SIGNAL_MAX + 1] = {
	[SIGHUP] = "SIGHUP",       [SIGINT] = "SIGINT",       [SIGQUIT] = "SIGQUIT",
	[SIGILL] = "SIGILL",       [SIGTRAP] = "SIGTRAP",     [SIGABRT] = "SIGABRT",
	[SIGBUS] = "SIGBUS",       [SIGFPE] = "SIGFPE",       [SIGKILL] = "SIGKILL",
	[SIGUSR1] = "SIGUSR1",     [SIGSEGV] = "SIGSEGV",     [SIGUSR2] = "SIGUSR2",
	[SIGPIPE] = "SIGPIPE",     [SIGALRM] = "SIGALRM",     [SIGTERM] = "SIGTERM",
	[SIGSTKFLT] = "SIGSTKFLT", [SIGCHLD] = "SIGCHLD",     [SIGCONT] = "SIGCONT",
	[SIGSTOP] = "SIGSTOP",     [SIGTSTP] = "SIGTSTP",     [SIGTTIN] = "SIGTTIN",
	[SIGTTOU] = "SIGTTOU",     [SIGURG] = "SIGURG",       [SIGXCPU] = "SIGXCPU",
	[SIGXFSZ] = "SIGXFSZ",     [SIGVTALRM] = "SIGVTALRM", [SIGPROF] = "SIGPROF",
	[SIGWINCH] = "SIGWINCH",   [SIGIO] = "SIGIO",         [SIGPWR] = "SIGPWR",
	[SIGSYS] = "SIGSYS",       [34] = "SIGRTMIN",         [35] = "SIGRTMIN+1",
	[36] = "SIGRTMIN+2",       [37] = "SIGRTMIN+3",       [38] = "SIGRTMIN+4",
	[39] = "SIGRTMIN+5",       [40] = "SIGRTMIN+6",       [41] = "SIGRTMIN+7",
	[42] = "SIGRTMIN+8",       [43] = "SIGRTMIN+9",       [44] = "SIGRTMIN+10",
	[45] = "SIGRTMIN+11",      [46] = "SIGRTMIN+12",      [47] = "SIGRTMIN+13",
	[48] = "SIGRTMIN+14",      [49] = "SIGRTMIN+15",      [50] = "SIGRTMAX-14",
	[51] = "SIGRTMAX-13",      [52] = "SIGRTMAX-12",      [53] = "SIGRTMAX-11",
	[54] = "SIGRTMAX-10",      [55] = "SIGRTMAX-9",       [56] = "SIGRTMAX-8",
	[57] = "SIGRTMAX-7",       [58] = "SIGRTMAX-6",       [59] = "SIGRTMAX-5",
	[60] = "SIGRTMAX-4",       [61] = "SIGRTMAX-3",       [62] = "SIGRTMAX-2",
	[63] = "SIGRTMAX-1",       [64] = "SIGRTMAX",
};

static const struct {
	const char *name;
	int sig;
} signal_aliases[] = {
	{ "CLD", SIGCHLD },
	{ "IOT", SIGABRT },
	{ "POLL", SIGIO },
	{ "UNUSED", SIGSYS },
};

static const char *const rlimits[] = {
	[RLIMIT_CPU] = "RLIMIT_CPU",           [RLIMIT_FSIZE] = "RLIMIT_FSIZE",
	[RLIMIT_DATA] = "RLIMIT_DATA",         [RLIMIT_STACK] = "RLIMIT_STACK",
	[RLIMIT_CORE] = "RLIMIT_CORE",         [RLIMIT_RSS] = "RLIMIT_RSS",
	[RLIMIT_NPROC] = "RLIMIT_NPROC",       [RLIMIT_NOFILE] = "RLIMIT_NOFILE",
	[RLIMIT_MEMLOCK] = "RLIMIT_MEMLOCK",   [RLIMIT_AS] = "RLIMIT_AS",
	[RLIMIT_LOCKS] = "RLIMIT_LOCKS",       [RLIMIT_SIGPENDING] = "RLIMIT_SIGPENDING",
	[RLIMIT_MSGQUEUE] = "RLIMIT_MSGQUEUE", [RLIMIT_NICE] = "RLIMIT_NICE",
	[RLIMIT_RTPRIO] = "RLIMIT_RTPRIO",     [RLIMIT_RTTIME] = "RLIMIT_RTTIME",
};

static int find(const char *const *table, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (table[i] && strcmp(table[i], name) == 0)
			return (int)i;
	return -EINVAL;
}

int name_cap(const char *name)
{
	/* All begin with "CAP_". A configuration names dozens, so most are told apart by one letter. */
	if (strncmp(name, "CAP_", 4) != 0)
		return -EINVAL;
	for (size_t i = 0; i < ARRAY_LEN(caps); i++)
		if (caps[i][4] == name[4] && strcmp(caps[i] + 4, name + 4) == 0)
			return (int)i;
	return -EINVAL;
}

const char *cap_name(int cap)
{
	return cap >= 0 && (size_t)cap < ARRAY_LEN(caps) && *caps[cap] ? caps[cap] : NULL;
}

/* "+3" after RTMIN, "-3" after RTMAX; nothing means the end itself. */
static int realtime(const char *text, char sign, int from)
{
	int n;

	if (*text == '\0')
		return from;
	if (*text != sign || text[1] == '-' || num_int(text + 1, &n) < 0 ||
	    n > NAME_SIGNAL_MAX - NAME_SIGNAL_RTMIN)
		return -EINVAL;
	return sign == '+' ? from + n : from - n;
}

int name_signal(const char *text)
{
	int n, r = num_int(text, &n);

	if (r == 0)
		return n >= 0 && n <= NAME_SIGNAL_MAX && text[0] != '-' ? n : -EINVAL;
	if (strncasecmp(text, "SIG", 3) == 0)
		text += 3;
	if (strncasecmp(text, "RTMIN", 5) == 0)
		return realtime(text + 5, '+', NAME_SIGNAL_RTMIN);
	if (strncasecmp(text, "RTMAX", 5) == 0)
		return realtime(text + 5, '-', NAME_SIGNAL_MAX);
	for (int sig = 1; sig < NAME_SIGNAL_RTMIN; sig++)
		if (signals[sig] && strcasecmp(signals[sig] + 3, text) == 0)
			return sig;
	for (size_t i = 0; i < ARRAY_LEN(signal_aliases); i++)
		if (strcasecmp(signal_aliases[i].name, text) == 0)
			return signal_aliases[i].sig;
	return -EINVAL;
}

const char *signal_name(int sig)
{
	return sig > 0 && sig <= NAME_SIGNAL_MAX ? signals[sig] : NULL;
}

int name_rlimit(const char *name)
{
	return find(rlimits, ARRAY_LEN(rlimits), name);
}

const char *rlimit_name(int resource)
{
	return resource >= 0 && (size_t)resource < ARRAY_LEN(rlimits) ? rlimits[resource] : NULL;
}
