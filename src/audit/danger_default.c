/* SPDX-License-Identifier: Apache-2.0 */
#include <linux/capability.h>
#include <string.h>

#include "audit/danger.h"

#define CAP(name)       (UINT64_C(1) << CAP_##name)
#define ADMIN           CAP(SYS_ADMIN)
/* newer than some headers */
#define CAP_BIT_PERFMON (UINT64_C(1) << 38)
#define CAP_BIT_BPF     (UINT64_C(1) << 39)

/* Podman's default profile lets more through, so that containers may be nested. CRI-O takes
 * that, and closes unshare, clone and clone3 again (CVE-2022-0185). */
enum { PODMAN = 1, CRIO = 2, BOTH = PODMAN | CRIO };

/* moby profiles/seccomp/default.json; containers/common pkg/seccomp; CRI-O internal/config/seccomp */
static const struct {
	char call[20]; /* no pointer: nothing to be relocated when a runtime starts */
	uint64_t caps; /* any of them opens it */
	unsigned int engines;
} defaults[] = {
	{ "unshare", ADMIN, PODMAN },
	{ "clone", ADMIN, PODMAN },
	{ "clone3", ADMIN, PODMAN },
	{ "setns", ADMIN, BOTH },
	{ "mount", ADMIN, BOTH },
	{ "umount", ADMIN, BOTH },
	{ "umount2", ADMIN, BOTH },
	{ "mount_setattr", ADMIN, BOTH },
	{ "move_mount", ADMIN, BOTH },
	{ "open_tree", ADMIN, BOTH },
	{ "fsopen", ADMIN, BOTH },
	{ "fsconfig", ADMIN, BOTH },
	{ "fsmount", ADMIN, BOTH },
	{ "fspick", ADMIN, BOTH },
	{ "pivot_root", ADMIN, BOTH },
	{ "bpf", ADMIN | CAP_BIT_BPF, 0 },
	{ "perf_event_open", ADMIN | CAP_BIT_PERFMON, 0 },
	{ "fanotify_init", ADMIN, 0 },
	{ "lookup_dcookie", ADMIN, 0 },
	{ "quotactl", ADMIN, 0 },
	{ "syslog", ADMIN | CAP(SYSLOG), BOTH },
	{ "open_by_handle_at", CAP(DAC_READ_SEARCH), 0 },
	{ "reboot", CAP(SYS_BOOT), BOTH },
	{ "init_module", CAP(SYS_MODULE), 0 },
	{ "finit_module", CAP(SYS_MODULE), 0 },
	{ "delete_module", CAP(SYS_MODULE), 0 },
	{ "acct", CAP(SYS_PACCT), 0 },
	{ "kcmp", CAP(SYS_PTRACE), 0 },
	{ "pidfd_getfd", CAP(SYS_PTRACE), BOTH },
	{ "iopl", CAP(SYS_RAWIO), 0 },
	{ "ioperm", CAP(SYS_RAWIO), 0 },
	{ "settimeofday", CAP(SYS_TIME), 0 },
	{ "clock_settime", CAP(SYS_TIME), 0 },
	{ "keyctl", 0, BOTH },
	{ "socket", 0, BOTH }, /* AF_VSOCK */
};

bool danger_by_default(const struct danger_call *d, uint64_t bounding, const char *engine)
{
	unsigned int who = !engine                     ? 0
			   : !strcmp(engine, "podman") ? PODMAN
			   : !strcmp(engine, "cri-o")  ? CRIO
						       : 0;

	for (size_t i = 0; i < sizeof(defaults) / sizeof(*defaults); i++)
		if (strcmp(defaults[i].call, d->call) == 0)
			return (bounding & defaults[i].caps) || (who & defaults[i].engines);
	return false;
}
