#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# atoll audit --live: a container in which little is to be found, and the same one weakened in
# one way after the other. The audit finds exactly what was weakened: the rules that
# fire are those of the calm container and the ones named, no more and no less.
# timeout: 300
#
# shellcheck disable=SC2016 # jq has $ too
# shellcheck disable=SC2154 # out and err are set by try

bats_require_minimum_version 1.5.0

load common

setup_file() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	[ -x "${ATOLL:?}" ]
	oci_setup_file
	cp "${ATOLL_INIT:?}" "$OCI_TMP/root/bin/atoll-init"
	export CALM=$OCI_TMP/calm.json
	profile >"$OCI_TMP/seccomp.json"
	jq --slurpfile seccomp "$OCI_TMP/seccomp.json" '
		.process.args = ["atoll-init", "--", "sleep", "1000"]
		| .process.user = {uid: 1000, gid: 1000}
		| .process.capabilities = {bounding: [], effective: [], permitted: []}
		| .root.readonly = true
		| .linux.namespaces += [{type: "cgroup"}]
		| .linux.resources.pids.limit = 50
		| .linux.seccomp = $seccomp[0]' "$OCI_TMP/config.json" >"$CALM"
	cp "$CALM" "$OCI_TMP/config.json"
}

# All calls but those that lead out; clone without new namespaces.
profile() {
	local all bad
	all=$("$ATOLL" seccomp $$ --json | jq -c '[.calls[].call]')
	bad=$("$ATOLL" seccomp $$ --json --dangerous | jq -c '[.calls[].call | sub("\\(.*"; "")] | unique - ["ioctl"]')
	jq -n --argjson all "$all" --argjson bad "$bad" '{
		defaultAction: "SCMP_ACT_ERRNO",
		syscalls: [
			{names: ($all - $bad), action: "SCMP_ACT_ALLOW"},
			{names: ["clone"], action: "SCMP_ACT_ALLOW",
			 args: [{index: 0, value: 2114060416, valueTwo: 0, op: "SCMP_CMP_MASKED_EQ"}]}
		]}'
}

setup() {
	oci_setup
	# Others find one that is called so by their tools; here nobody is to know it.
	started "$ID"
	PID=$(pid_of "$ID")
	until_true settled "$PID"
	BASE=$(rules "$PID")
	oci delete -f "$ID"
}

teardown() { oci_teardown; }

# It waits for something, so that what it does is to be seen.
settled() { grep -qs ') S ' "/proc/$1/stat"; }

# The rules that fire, one a line.
rules() {
	"$ATOLL" audit --live --format json --fail-on none "$@" >"$T/audit.json" || {
		cat "$T/audit.json"
		return 1
	}
	jq -r '[.findings[].rule] | unique[]' "$T/audit.json"
}

# only "RULE..." [ARG...]: beside the calm container's, exactly these; -RULE: one of those gone.
only() {
	local want
	want=$({ echo "$BASE"; tr ' ' '\n' <<<"$1"; } | sed '/^$/d' | sort -u)
	want=$(grep -v -x -F -e "" -f <(grep '^-' <<<"$want"; grep '^-' <<<"$want" | cut -c2-) <<<"$want")
	is "$(rules "${@:2}" | sort)" "$want" || {
		jq -r '.findings[] | .rule + ": " + .message + " (" + .place.path + ")"' "$T/audit.json"
		return 1
	}
}

# weak "RULE..." [JQ [ARG...]]: the container with that change.
weak() {
	config "${2-.}" "${@:3}"
	started "$ID"
	PID=$(pid_of "$ID")
	until_true settled "$PID"
	[ -z "${UNTIL-}" ] || until_true fires "$UNTIL"
	only "$1" "$PID"
	oci delete -f "$ID"
	cp "$OCI_TMP/config.json" "$BUNDLE/config.json"
	config '.linux.cgroupsPath = "/" + $a' --arg a "$ID"
}

without() { # a namespace
	weak "$1" 'del(.linux.namespaces[] | select(.type == $a))' --arg a "$2"
}

with_cap() { weak "$1" '.process.capabilities.bounding = $ARGS.positional' --args "${@:2}"; }

bound() { # "RULES" SOURCE TARGET [OPTION...]
	mkdir -p "$BUNDLE/rootfs$3"
	weak "$1" '.mounts += [{destination: $t, source: $s, type: "bind", options: (["bind"] + $ARGS.positional)}]' \
		--arg s "$2" --arg t "$3" --args "${@:4}"
}

@test "the calm container" {
	echo "$BASE"
	# Nobody confines it here, and its users are the host's; else nothing.
	is "$(grep -vx -e lsm-not-enforcing -e apparmor-unconfined -e selinux-disabled <<<"$BASE")" userns-missing
	jq -e '.objects | length == 1' "$T/audit.json"
	jq -e '.diagnostics == [] and [.untold[].rule] - ["drift"] == []' "$T/audit.json"
}

@test "namespaces" {
	without net-host network
	without ipc-host ipc
	weak uts-host 'del(.hostname) | del(.linux.namespaces[] | select(.type == "uts"))'
	without cgroupns-host cgroup
}

@test "the host's PID namespace, and a power to use it" {
	without pid-host pid
	weak "pid-host pid-host-attack cap-sys-ptrace" \
		'del(.linux.namespaces[] | select(.type == "pid")) | .process.capabilities.bounding = ["CAP_SYS_PTRACE"]'
}

@test "capabilities" {
	with_cap cap-sys-admin CAP_SYS_ADMIN
	with_cap cap-sys-ptrace CAP_SYS_PTRACE
	with_cap cap-dac-read-search CAP_DAC_READ_SEARCH
	with_cap cap-net-admin CAP_NET_ADMIN
	with_cap cap-sys-module CAP_SYS_MODULE
	with_cap cap-sys-rawio CAP_SYS_RAWIO
	with_cap cap-bpf-perfmon CAP_PERFMON
	with_cap cap-host-control CAP_SYS_TIME
	with_cap cap-checkpoint-restore CAP_CHECKPOINT_RESTORE
	with_cap cap-net-raw CAP_NET_RAW
	with_cap cap-nondefault CAP_LEASE
	with_cap cap-drop-all-missing CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER CAP_FSETID CAP_KILL CAP_SETGID \
		CAP_SETUID CAP_SETPCAP CAP_NET_BIND_SERVICE CAP_SYS_CHROOT CAP_SETFCAP
	weak cap-inheritable '.process.capabilities |= (.bounding = ["CAP_KILL"] | .inheritable = ["CAP_KILL"]
		| .permitted = ["CAP_KILL"])'
}

@test "all capabilities; with no masks and no filter that is a privileged one" {
	local all
	all=$(grep -o 'CAP_[A-Z_]*' <<<"$("$ATOLL_OCI" features)" | sort -u)
	# Those of this machine: it may have been given fewer than there are.
	all=$(for c in $all; do have "$c" && echo "$c"; done)
	# shellcheck disable=SC2086 # words
	with_cap "cap-all cap-drop-all-missing" $all
	# shellcheck disable=SC2086
	weak privileged '.process.capabilities.bounding = $ARGS.positional | del(.linux.seccomp)
		| .linux.maskedPaths = [] | .linux.readonlyPaths = []' --args $all
}

# Was the machine given it?
have() {
	local bnd n
	bnd=$((16#$(awk '/^CapBnd/ { print $2 }' /proc/1/status)))
	n=$(awk -v c="$1" '$2 == c && $3 ~ /^[0-9]+$/ { print $3 }' /usr/include/linux/capability.h)
	[ -n "$n" ] && ((bnd >> n & 1))
}

@test "privileges, users, groups" {
	weak no-new-privs '.process.noNewPrivileges = false'
	weak run-as-root '.process.user = {uid: 0, gid: 0}'
	weak group-privileged '.process.user.additionalGids = [0]'
	weak "userns-maps-root -userns-missing" '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 0, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings'
}

@test "seccomp" {
	weak seccomp-not-set 'del(.linux.seccomp)'
	weak seccomp-weak '.linux.seccomp.syscalls[0].names += ["mount"]'
	weak seccomp-weak '.linux.seccomp.defaultAction = "SCMP_ACT_ALLOW" | .linux.seccomp.syscalls = [{names: ["mount"], action: "SCMP_ACT_ERRNO"}]'
	grep -q 'nobody named' "$T/audit.json"
}

@test "PID 1: no reaper, no handler; zombies" {
	weak "init-missing init-no-sigterm" '.process.args = ["sleep", "1000"]'
	UNTIL=zombie-present
	weak "init-missing init-no-sigterm zombie-present" '.process.args = ["sh", "-c", "sh -c \"sleep 0.1 & exec sleep 1000\" & exec sleep 1000"]'
}

@test "limits and devices" {
	weak pids-unlimited 'del(.linux.resources.pids)'
	weak device-cgroup-all '.linux.resources.devices = [{allow: true, access: "rwm"}]'
	weak device-host '.linux.devices = [{path: "/dev/kmsg", type: "c", major: 1, minor: 11}]'
	weak device-host '.linux.devices = [{path: "/dev/sub/disk", type: "b", major: 8, minor: 0}]'
}

@test "the root, /proc and /sys" {
	weak rootfs-writable '.root.readonly = false'
	weak proc-unmasked '.linux.maskedPaths -= ["/proc/keys"]'
	weak proc-sys-writable '.linux.readonlyPaths -= ["/proc/sys"]'
	weak mount-host-sys '(.mounts[] | select(.destination == "/sys").options) |= map(if . == "ro" then "rw" else . end)'
	weak cgroup-writable '.mounts += [{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["rw"]}]'
}

@test "paths of the host" {
	mkdir "$T/data"
	bound mount-host-path "$T/data" /data ro
	bound mount-host-sensitive /etc /hostetc ro
	bound mount-host-dev /dev /hostdev ro
	bound mount-host-proc /proc /hostproc ro
	bound mount-host-root / /host ro
}

@test "an engine's socket, under any name" {
	mkdir "$T/there"
	helper python3 -c "if True:
		import ctypes, socket, sys, time
		ctypes.CDLL(None).prctl(15, b'dockerd', 0, 0, 0) # PR_SET_NAME
		s = socket.socket(socket.AF_UNIX)
		s.bind(sys.argv[1])
		s.listen()
		time.sleep(100)" "$T/there/nothing.txt"
	until_true [ -S "$T/there/nothing.txt" ]
	touch "$BUNDLE/rootfs/tmp/notes"
	weak mount-runtime-socket '.mounts += [{destination: "/tmp/notes", source: $s, type: "bind", options: ["bind", "ro"]}]' \
		--arg s "$T/there/nothing.txt"
	bound mount-runtime-socket "$T/there" /there ro
	jq -e '.findings[] | select(.rule == "mount-runtime-socket").message | contains("dockerd")' "$T/audit.json"
}

# --- what changes after the start ---

fires() { rules "$PID" | grep -qx -- "$1"; }

running() {
	started "$ID"
	PID=$(pid_of "$ID")
	until_true settled "$PID"
}

@test "an intruder" {
	running
	try 0 exec -d --cap CAP_SYS_ADMIN "$ID" sleep 1000
	only pidns-intruder "$PID"
	grep -q 'CAP_SYS_ADMIN' "$T/audit.json"
}

@test "an ordinary exec is none" {
	running
	try 0 exec -d "$ID" sleep 1000
	only "" "$PID"
}

@test "a process that was put in from outside" {
	running
	helper nsenter --target "$PID" --pid sleep 1000
	until_true fires pidns-intruder
	only pidns-intruder "$PID"
}
@test "a namespace within" {
	running
	helper nsenter --target "$PID" --all -- /bin/busybox unshare -p -f sleep 1000
	until_true fires pidns-nested
}

@test "a mask that is none any more" {
	running
	nsenter --target "$PID" --mount -- /bin/busybox mount -o bind /proc/version /proc/keys
	only proc-mask-tampered "$PID"
	nsenter --target "$PID" --mount -- /bin/busybox umount /proc/keys
	nsenter --target "$PID" --mount -- /bin/busybox umount /proc/keys
	only proc-unmasked "$PID"
}

@test "/proc of another PID namespace" {
	running
	helper nsenter --target "$PID" --mount -- /bin/busybox sh -c 'mount -t proc proc /proc; exec sleep 1000'
	until_true fires proc-view-mismatch
}

@test "a working directory outside" {
	running
	helper nsenter --target "$PID" --mount --pid --wd="$T" -- /bin/busybox sleep 1000
	until_true fires ns-fd-leak
	grep -q "cwd of" "$T/audit.json"
}

# --- drift ---

@test "drift: nothing, while it is as it was declared" {
	running
	only "" "$PID" --against "$BUNDLE/config.json"
	jq -e '.untold == []' "$T/audit.json"
}

@test "drift: masks, limits, mounts" {
	local max
	running
	max=$(cgroup_dir pids "$ID")/pids.max
	nsenter --target "$PID" --mount -- /bin/busybox umount /proc/keys
	only "drift proc-unmasked" "$PID" --against "$BUNDLE/config.json"
	jq -r '.findings[] | select(.rule == "drift").message' "$T/audit.json" | grep -qx '.*mask: declared masked.*, live /proc/keys'
	echo 500 >"$max"
	rules "$PID" --against "$BUNDLE/config.json" >/dev/null
	jq -r '.findings[] | select(.rule == "drift").message' "$T/audit.json" | grep -qx 'limit of processes: declared 50, live 500'
	echo max >"$max"
	only "drift proc-unmasked pids-unlimited" "$PID" --against "$BUNDLE/config.json"
}

@test "drift: what was declared otherwise" {
	running
	config '.process.capabilities.bounding = [] | .process.noNewPrivileges = true'
	jq '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 1000, size: 1}]
		| .linux.resources.memory.limit = 1048576' "$BUNDLE/config.json" >"$T/other.json"
	only drift "$PID" --against "$T/other.json"
	jq -r '.findings[] | select(.rule == "drift").message' "$T/audit.json" >"$T/drift"
	grep -q '^user namespace: declared one of its own (.*), live the host.s$' "$T/drift"
	grep -q '^limit of memory: declared 1048576, live no limit$' "$T/drift"
	is "$(wc -l <"$T/drift")" 2
}

@test "drift: rights that were not declared" {
	config '.process.capabilities.bounding = ["CAP_SYS_ADMIN"] | .process.noNewPrivileges = false | del(.linux.seccomp) | .root.readonly = false'
	running
	rules "$PID" --against "$CALM" >/dev/null
	jq -r '.findings[] | select(.rule == "drift").message | sub(":.*"; "")' "$T/audit.json" | sort >"$T/drift"
	is "$(paste -sd, "$T/drift")" "capabilities in the bounding set,no_new_privs,read-only root,seccomp"
}

# drifts FILE: what is other than declared there, a line each; places are (FILE:LINE:COLUMN).
drifts() {
	rules "$PID" --against "$1" >/dev/null
	jq -r '.findings[] | select(.rule == "drift").message' "$T/audit.json" | sort
}

@test "drift: a mask is told with the place of the list" {
	running
	nsenter --target "$PID" --mount -- /bin/busybox umount /proc/keys
	is "$(drifts "$BUNDLE/config.json")" \
		"mask: declared masked ($BUNDLE/config.json:$(grep -n '"maskedPaths"' "$BUNDLE/config.json" | cut -d: -f1):20), live /proc/keys"
}

@test "drift: a filter is told with the place of the profile" {
	config '.linux.seccomp.syscalls[0].names += ["mount"]'
	running
	is "$(drifts "$CALM")" \
		"seccomp: declared refused or not named ($CALM:$(grep -n '"seccomp": {' "$CALM" | cut -d: -f1):16), live mount"
}

@test "drift: users and groups" {
	config '.process.user = {uid: 1001, gid: 1002, additionalGids: [7, 0]}'
	running
	is "$(drifts "$BUNDLE/config.json")" ""
	is "$(drifts "$CALM" | sed 's/ ([^)]*)//')" "$(
		echo "gid: declared 1000, live 1002"
		echo "supplementary groups: declared without them, live 0, 7"
		echo "uid: declared 1000, live 1001"
	)"
	jq '.process.user.additionalGids = [7]' "$BUNDLE/config.json" >other.json
	is "$(drifts other.json | sed 's/:[0-9:]*)/)/')" "supplementary groups: declared without them (other.json), live 0"
	# Root that may change its ids does so by itself.
	jq '.process.user = {uid: 0, gid: 0} | .process.capabilities.bounding = ["CAP_SETUID", "CAP_SETGID"]' \
		"$CALM" >other.json
	is "$(drifts other.json)" ""
}

@test "drift: root where a user was declared" {
	config '.process.user = {uid: 0, gid: 1000}'
	running
	is "$(drifts "$CALM" | sed 's/ ([^)]*)//')" "root as its user: declared uid 1000, live uid 0"
}

@test "drift: users and groups of a user namespace are those inside" {
	config '.linux.namespaces += [{type: "user"}] | .process.user.additionalGids = [7]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = [{containerID: 0, hostID: 200000, size: 65536}]'
	running
	is "$(drifts "$BUNDLE/config.json")" ""
	jq '.process.user = {uid: 101000, gid: 201000}' "$BUNDLE/config.json" >other.json
	is "$(drifts other.json | sed 's/ ([^)]*)//')" "$(
		echo "gid: declared 201000, live 1000"
		echo "supplementary groups: declared without them, live 7"
		echo "uid: declared 101000, live 1000"
	)"
}

@test "drift: flags of mounts" {
	running
	nsenter --target "$PID" --mount --pid -- /bin/busybox mount -o remount,bind,nosuid,dev,exec /dev/shm
	is "$(drifts "$BUNDLE/config.json" | sed 's/ ([^)]*)//')" "mount on /dev/shm: declared nodev,noexec, live without"
	# The last word of a kind counts.
	config '(.mounts[] | select(.destination == "/dev/shm").options) += ["dev", "exec"]'
	is "$(drifts "$BUNDLE/config.json")" ""
}

# untold_of FILE ID TEXT: it cannot be compared with, which is told as ID, and is no success.
untold_of() {
	local status=0
	"$ATOLL" audit --live --fail-on none --format json --against "$1" "$PID" >"$T/audit.json" || status=$?
	is "$status" 3
	jq -e --arg f "$1" --arg i "$2" --arg t "$3" '[.diagnostics[] | select(.id == $i and .blocks
		and (.message | contains($t)) and ((.place.file // .place.path) == $f))] | length == 1' "$T/audit.json" || {
		jq -c .diagnostics "$T/audit.json"
		return 1
	}
}

@test "drift: a file that declares no container" {
	running
	echo '[' >broken
	untold_of broken input-unparsable ""
	echo '{}' >object
	untold_of object input-unknown-kind "no container configuration"
	echo 'a: b' >mapping
	untold_of mapping input-unknown-kind "no container configuration"
	profile >profile.json
	untold_of profile.json input-unknown-kind "no container configuration"
	: >empty
	untold_of empty input-empty "nothing in it"
	echo 'services: {}' >compose.yaml
	untold_of compose.yaml input-empty ""
	jq '.process.noNewPrivilegs = false' "$CALM" >typo.json
	untold_of typo.json input-unknown-field noNewPrivilegs
}

@test "drift: a Compose file declares containers" {
	running
	echo 'services: { web: { image: x, user: "1000:1000", read_only: true, cap_drop: [ALL], ipc: host } }' >compose.yaml
	rules "$PID" --against compose.yaml >/dev/null
	jq -r '.findings[] | select(.rule == "drift").message' "$T/audit.json" | grep -q "^IPC namespace: declared the host's (compose.yaml:1:"
	echo 'services: { web: { image: x }, db: { image: x } }' >compose.yaml
	run -3 "$ATOLL" audit --live --fail-on none --against compose.yaml "$PID"
	[[ $output == *"describes several containers, and none by its name"* ]]
}

@test "who is audited: every container and sandbox, one that is named, nobody" {
	running
	"$ATOLL" audit --live --format json --fail-on none >"$T/all.json"
	jq -e --argjson p "$PID" '[.objects[].pid] | index($p) != null' "$T/all.json"
	rules self >/dev/null
	jq -e '.objects[0].object == "self"' "$T/audit.json"
	run -3 "$ATOLL" audit --live 999999999
	[[ $output == *999999999* ]]
	# One that is not there does not keep the other from being audited.
	run -3 "$ATOLL" audit --live --format json --fail-on none 999999999 "$PID"
	jq -e --argjson p "$PID" '([.objects[].pid] == [$p]) and ([.diagnostics[] | select(.message | test("999999999"))] | length == 1)' <<<"$output"
}

# A program for the sanitizers needs its libraries, and the container has none.
# bats test_tags=not:sanitized
@test "from inside: what it is, and that it cannot see how far out" {
	cp "$ATOLL" "$BUNDLE/rootfs/bin/atoll"
	config '.process.args = ["atoll", "audit", "--live", "--format", "json", "--fail-on", "none"]'
	try 0 run --bundle "$BUNDLE" "$ID"
	jq -e '.objects | length == 1' <<<"$out"
	jq -e '.objects[0].object == "self"' <<<"$out"
	jq -e '[.findings[].rule] | index("userns-missing") != null' <<<"$out"
	jq -e '[.findings[].rule] - ["userns-missing", "lsm-not-enforcing", "init-missing", "init-no-sigterm"] == []' <<<"$out"
	jq -e '.diagnostics | length == 1 and (.[0].message | contains("from inside"))' <<<"$out"
}
