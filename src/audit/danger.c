/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/danger.h"

#include <linux/sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "sys/uapi.h"

/* Whatever the arguments; with a flag; with a value. */
#define ANY(WEAK, CALL, WHY)                   \
	{                                      \
		CALL, CALL, WHY, 0, 0, 0, WEAK \
	}
#define FLAG(CALL, ARG, BIT, WHY)                                 \
	{                                                         \
		CALL "(" #BIT ")", CALL, WHY, ARG, BIT, BIT, true \
	}
#define VALUE(CALL, ARG, WORD, WHY)                                        \
	{                                                                  \
		CALL "(" #WORD ")", CALL, WHY, ARG, 0xffffffff, WORD, true \
	}

/* clang-format off */
const struct danger_call danger_calls[] = {
	ANY(true, "mount", "changes what is mounted where"),
	ANY(true, "umount2", "takes masks and read-only mounts away"),
	ANY(true, "pivot_root", "changes the root"),
	ANY(true, "fsopen", "makes file systems"),
	ANY(true, "fsconfig", "makes file systems (CVE-2022-0185)"),
	ANY(true, "fsmount", "makes mounts"),
	ANY(true, "fspick", "changes file systems"),
	ANY(true, "move_mount", "moves mounts"),
	ANY(true, "open_tree", "takes copies of mounts"),
	ANY(true, "mount_setattr", "makes read-only mounts writable"),
	ANY(true, "setns", "enters other namespaces"),
	FLAG("unshare", 0, CLONE_NEWUSER, "makes user namespaces, where the kernel trusts it with all capabilities"),
	FLAG("unshare", 0, CLONE_NEWNS, "makes mount namespaces"),
	FLAG("unshare", 0, CLONE_NEWPID, "makes PID namespaces"),
	FLAG("unshare", 0, CLONE_NEWNET, "makes network namespaces"),
	FLAG("clone", 0, CLONE_NEWUSER, "makes user namespaces, where the kernel trusts it with all capabilities"),
	FLAG("clone", 0, CLONE_NEWNS, "makes mount namespaces"),
	FLAG("clone", 0, CLONE_NEWPID, "makes PID namespaces"),
	FLAG("clone", 0, CLONE_NEWNET, "makes network namespaces"),
	ANY(true, "clone3", "makes any namespace: filters cannot see its flags"),
	ANY(true, "bpf", "loads programs into the kernel"),
	ANY(true, "perf_event_open", "measures other processes and the kernel"),
	ANY(true, "open_by_handle_at", "opens files outside of the root by number"),
	ANY(true, "kexec_load", "replaces the kernel"),
	ANY(true, "kexec_file_load", "replaces the kernel"),
	ANY(true, "init_module", "loads kernel modules"),
	ANY(true, "finit_module", "loads kernel modules"),
	ANY(true, "delete_module", "removes kernel modules"),
	ANY(true, "keyctl", "reads keys, which are not of a namespace"),
	ANY(true, "add_key", "adds keys, which are not of a namespace"),
	ANY(true, "request_key", "asks for keys, which are not of a namespace"),
	ANY(true, "userfaultfd", "stops the kernel at chosen places: makes races winnable"),
	ANY(true, "io_uring_setup", "does input and output past the filter"),
	ANY(true, "iopl", "ports of the hardware"),
	ANY(true, "ioperm", "ports of the hardware"),
	ANY(true, "reboot", "restarts or stops the machine"),
	ANY(true, "swapon", "swap of the machine"),
	ANY(true, "swapoff", "swap of the machine"),
	ANY(true, "settimeofday", "the machine's clock"),
	ANY(true, "clock_settime", "the machine's clock"),
	ANY(true, "acct", "the machine's accounting"),
	ANY(true, "quotactl", "quotas of the machine"),
	ANY(true, "lookup_dcookie", "paths of other containers"),
	VALUE("socket", 0, AF_VSOCK, "talks to the hypervisor or to guests"),
	{ "personality(READ_IMPLIES_EXEC)", "personality", "makes all memory executable", 0, 0xffffffff, 0x0400000, true },
	{ "personality(ADDR_NO_RANDOMIZE)", "personality", "switches address randomisation off", 0, 0xffffffff, 0x0040000, true },
	/* Allowed by the engines' defaults, as far as the kernel checks them well enough itself. */
	ANY(false, "ptrace", "controls other processes that it sees"),
	ANY(false, "process_vm_readv", "reads memory of other processes that it sees"),
	ANY(false, "process_vm_writev", "writes memory of other processes that it sees"),
	ANY(false, "pidfd_getfd", "takes descriptors of other processes that it sees"),
	ANY(false, "kcmp", "compares kernel objects of processes that it sees"),
	ANY(false, "syslog", "reads the kernel's messages"),
	{ "ioctl(TIOCSTI)", "ioctl", "types into the terminal (CVE-2017-5226)", 1, 0xffffffff, TIOCSTI, false },
	{ "socket(AF_ALG)", "socket", "the kernel's cryptography: many holes", 0, 0xffffffff, AF_ALG, false },
	{ "socket(AF_PACKET)", "socket", "raw packets", 0, 0xffffffff, AF_PACKET, false },
	{ .label = "" },
};
