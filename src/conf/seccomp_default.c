/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/seccomp_default.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <seccomp.h>
#include <sys/socket.h>

#include "base/cleanup.h"

/* Left out though others allow it, since nothing common misses it and each has
 * been a way into the kernel or around a filter: modify_ldt, remap_file_pages,
 * vmsplice's obsolete kin, socketcall (it hides the address family from the
 * filter), the x32 ABI, address families beyond the five below, fanotify_mark
 * without fanotify_init, the pre-2.6 epoll calls. */

/* clang-format off */
static const char *const always[] = {
	/* files */
	"access", "chdir", "chmod", "chown", "chown32", "close", "close_range", "copy_file_range", "creat",
	"dup", "dup2", "dup3", "faccessat", "faccessat2", "fadvise64", "fadvise64_64", "fallocate", "fchdir",
	"fchmod", "fchmodat", "fchmodat2", "fchown", "fchown32", "fchownat", "fcntl", "fcntl64", "fdatasync",
	"fgetxattr", "flistxattr", "flock", "fremovexattr", "fsetxattr", "fstat", "fstat64", "fstatat64",
	"fstatfs", "fstatfs64", "fsync", "ftruncate", "ftruncate64", "futimesat", "getcwd", "getdents",
	"getdents64", "getxattr", "getxattrat", "inotify_add_watch", "inotify_init", "inotify_init1",
	"inotify_rm_watch", "ioctl", "lchown", "lchown32", "lgetxattr", "link", "linkat", "listxattr",
	"listxattrat", "llistxattr", "_llseek", "lremovexattr", "lseek", "lsetxattr", "lstat", "lstat64",
	"mkdir", "mkdirat", "mknod", "mknodat", "name_to_handle_at", "newfstatat", "open", "openat", "openat2",
	"pipe", "pipe2", "pread64", "preadv", "preadv2", "pwrite64", "pwritev", "pwritev2", "read", "readahead",
	"readlink", "readlinkat", "readv", "removexattr", "removexattrat", "rename", "renameat", "renameat2",
	"rmdir", "sendfile", "sendfile64", "setxattr", "setxattrat", "splice", "stat", "stat64", "statfs",
	"statfs64", "statx", "statmount", "listmount", "symlink", "symlinkat", "sync", "sync_file_range",
	"syncfs", "tee", "truncate", "truncate64", "umask", "unlink", "unlinkat", "utime", "utimensat",
	"utimensat_time64", "utimes", "vmsplice", "write", "writev", "cachestat",
	/* waiting for files */
	"epoll_create", "epoll_create1", "epoll_ctl", "epoll_pwait", "epoll_pwait2", "epoll_wait", "eventfd",
	"eventfd2", "_newselect", "poll", "ppoll", "ppoll_time64", "pselect6", "pselect6_time64", "select",
	"signalfd", "signalfd4", "io_cancel", "io_destroy", "io_getevents", "io_pgetevents",
	"io_pgetevents_time64", "io_setup", "io_submit",
	/* memory */
	"brk", "madvise", "map_shadow_stack", "membarrier", "memfd_create", "memfd_secret", "mincore", "mlock",
	"mlock2", "mlockall", "mmap", "mmap2", "mprotect", "mremap", "mseal", "msync", "munlock", "munlockall",
	"munmap", "pkey_alloc", "pkey_free", "pkey_mprotect", "process_mrelease",
	/* processes, threads, ids, capabilities */
	"capget", "capset", "execve", "execveat", "exit", "exit_group", "fork", "futex", "futex_requeue",
	"futex_time64", "futex_wait", "futex_waitv", "futex_wake", "getcpu", "getegid", "getegid32", "geteuid",
	"geteuid32", "getgid", "getgid32", "getgroups", "getgroups32", "getpgid", "getpgrp", "getpid", "getppid",
	"getpriority", "getresgid", "getresgid32", "getresuid", "getresuid32", "getrlimit", "get_robust_list",
	"getrusage", "getsid", "get_thread_area", "gettid", "getuid", "getuid32", "ioprio_get", "ioprio_set",
	"kill", "pause", "pidfd_open", "pidfd_send_signal", "prctl", "prlimit64", "restart_syscall", "rseq",
	"rt_sigaction", "rt_sigpending", "rt_sigprocmask", "rt_sigqueueinfo", "rt_sigreturn", "rt_sigsuspend",
	"rt_sigtimedwait", "rt_sigtimedwait_time64", "rt_tgsigqueueinfo", "sched_getaffinity", "sched_getattr",
	"sched_getparam", "sched_get_priority_max", "sched_get_priority_min", "sched_getscheduler",
	"sched_rr_get_interval", "sched_rr_get_interval_time64", "sched_setaffinity", "sched_setattr",
	"sched_setparam", "sched_setscheduler", "sched_yield", "setfsgid", "setfsgid32", "setfsuid",
	"setfsuid32", "setgid", "setgid32", "setgroups", "setgroups32", "setpgid", "setpriority", "setregid",
	"setregid32", "setresgid", "setresgid32", "setresuid", "setresuid32", "setreuid", "setreuid32",
	"setrlimit", "set_robust_list", "setsid", "set_thread_area", "set_tid_address", "setuid", "setuid32",
	"sigaltstack", "sigprocmask", "sigreturn", "tgkill", "tkill", "ugetrlimit", "vfork", "wait4", "waitid",
	"waitpid", "landlock_add_rule", "landlock_create_ruleset", "landlock_restrict_self", "seccomp",
	"ptrace", "process_vm_readv", "process_vm_writev",
	/* time */
	"adjtimex", "alarm", "clock_adjtime", "clock_adjtime64", "clock_getres", "clock_getres_time64",
	"clock_gettime", "clock_gettime64", "clock_nanosleep", "clock_nanosleep_time64", "getitimer",
	"gettimeofday", "nanosleep", "setitimer", "time", "timer_create", "timer_delete", "timer_getoverrun",
	"timer_gettime", "timer_gettime64", "timer_settime", "timer_settime64", "timerfd_create",
	"timerfd_gettime", "timerfd_gettime64", "timerfd_settime", "timerfd_settime64", "times",
	/* network and System V / POSIX IPC */
	"accept", "accept4", "bind", "connect", "getpeername", "getsockname", "getsockopt", "listen", "recv",
	"recvfrom", "recvmmsg", "recvmmsg_time64", "recvmsg", "send", "sendmmsg", "sendmsg", "sendto",
	"setsockopt", "shutdown", "socketpair", "ipc", "mq_getsetattr", "mq_notify", "mq_open",
	"mq_timedreceive", "mq_timedreceive_time64", "mq_timedsend", "mq_timedsend_time64", "mq_unlink",
	"msgctl", "msgget", "msgrcv", "msgsnd", "semctl", "semget", "semop", "semtimedop", "semtimedop_time64",
	"shmat", "shmctl", "shmdt", "shmget",
	/* the system */
	"getrandom", "sysinfo", "uname",
#if defined(__x86_64__)
	"arch_prctl",
#elif defined(__aarch64__)
	"arm_fadvise64_64", "arm_sync_file_range", "sync_file_range2", "breakpoint", "cacheflush", "set_tls",
#elif defined(__riscv)
	"riscv_flush_icache", "riscv_hwprobe",
#endif
};

static const char *const sys_admin[] = {
	"bpf", "clone", "clone3", "fanotify_init", "fanotify_mark", "fsconfig", "fsmount", "fsopen", "fspick",
	"lsm_get_self_attr", "lsm_list_modules", "lsm_set_self_attr", "mount", "mount_setattr", "move_mount",
	"open_tree", "perf_event_open", "quotactl", "quotactl_fd", "setdomainname", "sethostname", "setns",
	"syslog", "umount", "umount2", "unshare",
};
static const char *const dac_read_search[] = { "open_by_handle_at" };
static const char *const sys_boot[] = { "reboot" };
static const char *const sys_chroot[] = { "chroot" };
static const char *const sys_module[] = { "delete_module", "init_module", "finit_module" };
static const char *const sys_pacct[] = { "acct" };
static const char *const sys_ptrace[] = { "kcmp", "pidfd_getfd", "process_madvise" };
static const char *const sys_rawio[] = { "iopl", "ioperm" };
static const char *const sys_time[] = { "settimeofday", "stime", "clock_settime", "clock_settime64" };
static const char *const sys_tty_config[] = { "vhangup" };
static const char *const sys_nice[] = { "get_mempolicy", "mbind", "set_mempolicy", "set_mempolicy_home_node" };
static const char *const sys_syslog[] = { "syslog" };
static const char *const cap_bpf[] = { "bpf" };
static const char *const cap_perfmon[] = { "perf_event_open" };

static const struct {
	unsigned int cap;
	const char *const *names;
	size_t count;
} by_cap[] = {
#define GROUP(cap, names) { cap, names, ARRAY_LEN(names) }
	GROUP(CAP_SYS_ADMIN, sys_admin),
	GROUP(CAP_DAC_READ_SEARCH, dac_read_search),
	GROUP(CAP_SYS_BOOT, sys_boot),
	GROUP(CAP_SYS_CHROOT, sys_chroot),
	GROUP(CAP_SYS_MODULE, sys_module),
	GROUP(CAP_SYS_PACCT, sys_pacct),
	GROUP(CAP_SYS_PTRACE, sys_ptrace),
	GROUP(CAP_SYS_RAWIO, sys_rawio),
	GROUP(CAP_SYS_TIME, sys_time),
	GROUP(CAP_SYS_TTY_CONFIG, sys_tty_config),
	GROUP(CAP_SYS_NICE, sys_nice),
	GROUP(CAP_SYSLOG, sys_syslog),
	GROUP(CAP_BPF, cap_bpf),
	GROUP(CAP_PERFMON, cap_perfmon),
#undef GROUP
};

/* clang-format on */

static const uint64_t families[] = { AF_UNIX, AF_INET, AF_INET6, AF_NETLINK, AF_PACKET };

/* PER_LINUX, PER_LINUX32, UNAME26, both, and 0xffffffff, which only asks. */
static const uint64_t personalities[] = { 0x0, 0x0008, 0x20000, 0x20008, 0xffffffff };

enum { CLONE_NEW_ANY = 0x7e020000 }; /* every CLONE_NEW* that clone(2) takes */

/* A growing list of rules; what is allowed keeps the names given. */
struct rules {
	struct arena *arena;
	struct oci_seccomp_rule *items;
	size_t count, cap;
};

static struct oci_seccomp_rule *add(struct rules *r, const char *const *names, size_t count,
				    uint32_t action)
{
	struct oci_seccomp_rule *rule = arena_push(r->arena, &r->items, &r->count, &r->cap,
						   sizeof(*r->items));

	rule->names.items = arena_alloc(r->arena, count * sizeof(*names));
	rule->names.count = count;
	for (size_t i = 0; i < count; i++)
		rule->names.items[i] = names[i];
	rule->action = action;
	return rule;
}

static void add_arg(struct rules *r, const char *name, uint32_t op, uint64_t value, uint64_t two)
{
	struct oci_seccomp_rule *rule = add(r, &name, 1, SCMP_ACT_ALLOW);

	rule->args = ARENA_NEW(r->arena, struct oci_seccomp_arg);
	rule->args_count = 1;
	*rule->args = (struct oci_seccomp_arg){ .op = op, .value = value, .value_two = two };
}

/* Without CAP_SYS_ADMIN: clone(2) only without new namespaces. clone3(2) hides
 * its flags in memory, so it claims not to exist and C libraries fall back. */
static void add_clone(struct rules *r)
{
	static const char *const clone3[] = { "clone3" };
	uint32_t *no_such_call = ARENA_NEW(r->arena, uint32_t);

	*no_such_call = ENOSYS;
	add_arg(r, "clone", SCMP_CMP_MASKED_EQ, CLONE_NEW_ANY, 0);
	add(r, clone3, 1, SCMP_ACT_ERRNO(0))->errno_ret = no_such_call;
}

static void add_archs(struct arena *a, struct oci_seccomp *s)
{
	static const uint32_t archs[] = {
#if defined(__x86_64__)
		AUDIT_ARCH_X86_64,
		AUDIT_ARCH_I386,
#elif defined(__aarch64__)
		AUDIT_ARCH_AARCH64,
		AUDIT_ARCH_ARM,
#elif defined(__riscv)
		AUDIT_ARCH_RISCV64,
#else
#error "name this architecture's token here"
#endif
	};

	s->archs = arena_dup(a, archs, sizeof(archs));
	s->archs_count = ARRAY_LEN(archs);
}

void seccomp_default(uint64_t caps, struct arena *a, struct oci_seccomp *ret)
{
	struct rules r = { .arena = a };
	uint32_t *eperm = ARENA_NEW(a, uint32_t);

	*eperm = EPERM;
	add(&r, always, ARRAY_LEN(always), SCMP_ACT_ALLOW);
	for (size_t i = 0; i < ARRAY_LEN(families); i++)
		add_arg(&r, "socket", SCMP_CMP_EQ, families[i], 0);
	for (size_t i = 0; i < ARRAY_LEN(personalities); i++)
		add_arg(&r, "personality", SCMP_CMP_EQ, personalities[i], 0);
	for (size_t i = 0; i < ARRAY_LEN(by_cap); i++)
		if (caps & (UINT64_C(1) << by_cap[i].cap))
			add(&r, by_cap[i].names, by_cap[i].count, SCMP_ACT_ALLOW);
	if (!(caps & (UINT64_C(1) << CAP_SYS_ADMIN)))
		add_clone(&r);
	*ret = (struct oci_seccomp){
		.default_action = SCMP_ACT_ERRNO(0),
		.default_errno_ret = eperm,
		.rules = r.items,
		.rules_count = r.count,
	};
	add_archs(a, ret);
}
