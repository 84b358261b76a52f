#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# What a `run` may cost in system calls and page faults: counts, so load does not matter.
#
# shellcheck disable=SC2016 # jq has $ too
# shellcheck disable=SC2154 # BUNDLE and ATOLL_OCI are common's

# Sanitizers have calls and faults of their own, and cannot be traced.
# bats file_tags=not:sanitized

load common

setup_file() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	oci_setup_file
}
setup() { oci_setup; }
teardown() { oci_teardown; }

# What engines ask for: Docker's capabilities, masked and read-only paths, of which on any
# machine the same number exists.
as_engines_do() {
	config '.process.args = ["/bin/true"]
		| .linux.maskedPaths = ["/proc/keys", "/proc/timer_list", "/proc/tty", "/sys/firmware"]
			+ ["asound", "kcore", "latency", "timer", "sched", "scsi" | "/proc/no-such-" + .]
		| .linux.readonlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/no-such-trigger"]
		| (["CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "MKNOD", "NET_RAW", "SETGID", "SETUID", "SETFCAP",
			"SETPCAP", "NET_BIND_SERVICE", "SYS_CHROOT", "KILL", "AUDIT_WRITE"] | map("CAP_" + .)) as $caps
		| .process.capabilities = { bounding: $caps, effective: $caps, permitted: $caps }'
}

BUDGET=$BATS_TEST_DIRNAME/../../bench/budget

within() {
	local out status=0
	out=$("$BUDGET" "$ATOLL_OCI" "$BUNDLE" "$@" 2>&1) || status=$?
	echo "$out"
	[ "$status" != 77 ] || skip "${out##*$'\n'}"
	[ "$status" = 0 ]
}

@test "budget: run of /bin/true takes at most 300 lines of strace and 200 page faults" {
	as_engines_do
	within 300 200
}

@test "budget: so does one with a filter" {
	as_engines_do
	config '.linux.seccomp = {
		defaultAction: "SCMP_ACT_ALLOW",
		architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"],
		syscalls: [{ names: ["swapon", "swapoff", "reboot", "kexec_load", "init_module"],
			action: "SCMP_ACT_ERRNO" }] }'
	within 300 200
}

@test "budget: what is over it is told" {
	local status=0
	command -v strace perf >/dev/null || skip "needs strace and perf"
	"$BUDGET" "$ATOLL_OCI" "$BUNDLE" 10 10 || status=$?
	[ "$status" = 1 ] || { [ "$status" = 77 ] && skip "cannot be counted here"; }
}
