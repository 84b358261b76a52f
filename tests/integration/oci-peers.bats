#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Behaviour that engines and other runtimes' suites have come to expect, beyond
# the letter of the specification.
# timeout: 120
#
# shellcheck disable=SC2016 # much is for the inner shell, or jq, to expand
# shellcheck disable=SC2030,SC2031 # each test stands for itself
# shellcheck disable=SC2154 # out and err are set by try

load common

setup_file() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	oci_setup_file
}
setup() { oci_setup; }
teardown() { oci_teardown; }

status_line() { awk -v k="$1:" '$1 == k { print $2 }' <<<"$out"; }
my_cpus() { awk '$1 == "Cpus_allowed_list:" { print $2 }' /proc/self/status; }

# --- processors ---

@test "cpu affinity: the caller's is not the container's, in run and in exec" {
	local all one
	all=$(my_cpus) one=${all%%[-,]*}
	[ "$all" != "$one" ] || skip "one processor only"
	script 'grep Cpus_allowed_list /proc/self/status; while [ ! -e /tmp/end ]; do sleep 0.02; done'
	taskset -c "$one" timeout 20 "$ATOLL_OCI" --root "$ROOT" run --bundle "$BUNDLE" --detach "$ID" >o 2>e </dev/null 3>&-
	until_true grep -q Cpus o
	is "$(awk '{ print $2 }' o)" "$all"
	taskset -c "$one" timeout 20 "$ATOLL_OCI" --root "$ROOT" exec "$ID" \
		grep Cpus_allowed_list /proc/self/status >o2 2>e </dev/null 3>&-
	is "$(awk '{ print $2 }' o2)" "$all"
	touch "$BUNDLE/rootfs/tmp/end"
	stopped "$ID"
}

@test "cpu affinity: the initial one of exec stays if there is no final one" {
	local all one
	all=$(my_cpus) one=${all##*[-,]}
	config '.process.execCPUAffinity = {initial: $a}' --arg a "$one"
	script 'sleep 100'
	started "$ID"
	try 0 exec "$ID" grep Cpus_allowed_list /proc/self/status
	is "$(status_line Cpus_allowed_list)" "$one"
}

# --- logs ---

@test "--debug: every step, to stderr or to the log, as text or as JSON" {
	local format
	script 'echo hello'
	try 0 --debug run --bundle "$BUNDLE" "$ID"
	is "$out" hello
	err_has 'level=debug msg="step 1 of '
	err_has 'pivot_root'
	err_has 'level=debug msg="exec succeeded, outer PID '
	for format in text json; do
		try 0 --debug --log "$T/log.$format" --log-format "$format" run --bundle "$BUNDLE" "$ID"
		is "$err" ""
	done
	grep -q '^time="20.*level=debug msg="step 1 of ' log.text
	[ "$(jq -r .level log.json | sort -u)" = debug ]
	jq -r .msg log.json | grep -q '^step 1 of '
	try 0 --log "$T/log.quiet" run --bundle "$BUNDLE" "$ID"
	[ ! -s "$T/log.quiet" ]
}

@test "--debug: the steps of start are told to start, and never past a filter" {
	config '.process.noNewPrivileges = true
		| .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW",
			syscalls: [{names: ["sendto", "sendmsg"], action: "SCMP_ACT_KILL_PROCESS"}]}'
	script 'echo hello'
	try 0 --debug create --bundle "$BUNDLE" "$ID"
	err_has 'level=debug msg="step '
	err_has 'seccomp filter flags: '
	try 0 --debug start "$ID"
	err_has ': capabilities'
	stopped "$ID"
}

# --- what a created container holds ---

@test "created: no descriptor but its socket, its lock and its signals, none inherited" {
	local pid fd to
	mkfifo p
	script 'exit 0'
	exec 7<>p
	(exec 8>p 9<"$T" && create "$ID")
	exec 7>&-
	pid=$(pid_of "$ID")
	for fd in "/proc/$pid/fd"/*; do
		[ "${fd##*/}" -gt 2 ] || continue
		to=$(readlink "$fd")
		[[ $to == socket:* || $to == anon_inode:*signalfd* || $to == "$ROOT/$ID/lock" ]] || {
			echo "descriptor ${fd##*/} is $to"
			return 1
		}
	done
}

# --- rights ---

@test "startContainer hooks have the container's rights and its filter" {
	config '.process.user = {uid: 12, gid: 34} | .process.noNewPrivileges = true
		| .process.capabilities = {bounding: ["CAP_KILL"], permitted: [], effective: []}
		| .hooks.startContainer = [{path: "/bin/sh",
			args: ["sh", "-c", "grep -E \"CapEff|NoNewPrivs|Uid\" /proc/self/status >/tmp/hook"]}]'
	inside 0 'cat /tmp/hook'
	is "$(status_line CapEff)" 0000000000000000
	is "$(status_line NoNewPrivs)" 1
	is "$(status_line Uid)" 12
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW",
			syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_KILL_PROCESS"}]}
		| .process.rlimits = [{type: "RLIMIT_CORE", soft: 0, hard: 0}]
		| .hooks.startContainer[0].args[2] = "exec mkdir /tmp/dir"'
	try 1 run --bundle "$BUNDLE" "$ID"
	err_has "error running startContainer hook"
	err_has "bad system call"
}

@test "startContainer hooks run under a filter that knows no clone3" {
	config '.process.noNewPrivileges = true
		| .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW",
			syscalls: [{names: ["clone3"], action: "SCMP_ACT_ERRNO", errnoRet: 38}]}
		| .hooks.startContainer = [{path: "/bin/sh", args: ["sh", "-c", "echo >/tmp/hook"]}]'
	inside 0 '[ -e /tmp/hook ]'
}

@test "exec --cap: ambient where the container has it inheritable, else not" {
	config '.process.capabilities = {bounding: ["CAP_KILL"], permitted: ["CAP_KILL"], effective: ["CAP_KILL"],
		inheritable: ["CAP_KILL", "CAP_CHOWN"]} | .process.capabilities.bounding += ["CAP_CHOWN"]'
	script 'sleep 100'
	started "$ID"
	try 0 exec --cap CAP_CHOWN --cap CAP_FOWNER "$ID" cat /proc/self/status
	is "$(status_line CapEff)" 0000000000000029
	is "$(status_line CapAmb)" 0000000000000001
}

@test "ambient capabilities that cannot be raised are told one by one" {
	config '.process.capabilities = {bounding: ["CAP_KILL"], permitted: ["CAP_KILL"], effective: [], inheritable: [],
		ambient: ["CAP_KILL"]}'
	inside 0 'cat /proc/self/status'
	err_has "can't raise ambient capability CAP_KILL: "
	is "$(status_line CapAmb)" 0000000000000000
}

@test "env: a terminal adds no variable" {
	config '.process.terminal = true | .process.env = [$m] | .process.args = ["env"]' --arg m "ATOLL_TEST_MARK=$ATOLL_TEST_MARK"
	try 0 run --bundle "$BUNDLE" "$ID"
	is "$(grep -v MARK <<<"$out")" HOME=/root
}

# --- kill ---

@test "kill KILL without a PID namespace ends what the first process left behind" {
	local dir pids pid
	dir=$(cgroup_dir pids "$ID") || dir=$(cgroup_dir freezer "$ID") || skip "no cgroup"
	config '.linux.namespaces |= map(select(.type != "pid"))'
	script 'sleep 100 & sleep 100 & exec sleep 100'
	started "$ID"
	until_true test "$(wc -l <"$dir/cgroup.procs")" -ge 3
	kill -KILL "$(pid_of "$ID")"
	stopped "$ID"
	mapfile -t pids <"$dir/cgroup.procs"
	[ ${#pids[@]} -ge 2 ]
	try 0 kill "$ID" KILL
	for pid in "${pids[@]}"; do
		until_true gone "$pid"
	done
	try 1 kill "$ID" KILL
	err_has "container not running"
}

# --- cgroups ---

@test "exec --cgroup: below the container's, on v1 for the controllers named" {
	local dir
	script 'sleep 100'
	started "$ID"
	try 255 exec --cgroup .. "$ID" true
	err_has " .. is not a sub cgroup path"
	try 255 exec --cgroup absent "$ID" true
	try 255 exec --cgroup nothing:/ "$ID" true
	err_has "unknown controller nothing"
	[ -n "$(v1_of pids)" ] || return 0
	dir=$(cgroup_dir pids "$ID")
	mkdir "$dir/sub"
	try 0 exec --cgroup pids:sub "$ID" cat /proc/self/cgroup
	is "$(awk -F: '$2 == "pids" { print $3 }' <<<"$out" | grep -o '[^/]*$')" sub
	is "$(awk -F: '$2 == "freezer" { print $3 }' <<<"$out" | grep -o '[^/]*$')" "$ID"
}

# --- what is passed on ---

@test "LISTEN_FDS: sockets of a service go to the container, and only if they are ours" {
	echo passed >"$T/file"
	script 'echo "$LISTEN_FDS $LISTEN_PID"; cat <&3; ls /proc/self/fd | grep -c .'
	config '.process.env += ["LISTEN_PID=77", "LISTEN_FDS=9"]'
	LISTEN_FDS=1 timeout 20 "$ATOLL_OCI" --root "$ROOT" run --bundle "$BUNDLE" "$ID" >o 2>e </dev/null 3<"$T/file"
	is "$(head -n 2 o | tr '\n' ' ')" "1 1 passed "
	script 'echo "$LISTEN_FDS $LISTEN_PID"; [ ! -e /proc/self/fd/3 ]'
	LISTEN_PID=1 LISTEN_FDS=1 timeout 20 "$ATOLL_OCI" --root "$ROOT" run --bundle "$BUNDLE" "$ID" >o 2>e </dev/null 3<"$T/file"
	is "$(<o)" "9 77"
}

# --- words ---

@test "messages that engines and scripts look for" {
	config '.process.terminal = true'
	try 1 create --bundle "$BUNDLE" "$ID"
	err_has "use --console-socket"
	config '.process.terminal = false | .domainname = "x" | .linux.sysctl = {"kernel.domainname": "y"}'
	try 1 create --bundle "$BUNDLE" "$ID"
	err_has 'conflicts with the OCI "domainname" field'
	config '.linux.sysctl = {"kernel.domainname": "x"}'
	inside 0 'cat /proc/sys/kernel/domainname'
	is "$out" x
}

@test "exec --cap: one that nobody knows is not granted, and told" {
	script 'sleep 100'
	started "$ID"
	try 0 exec --cap CAP_FLY "$ID" true
	err_has "unknown capability 'CAP_FLY'"
}

# --- mounts ---

@test "idmap: in a user namespace, of a source that is there only inside" {
	mkdir src
	touch src/f
	chown -R 1000:1000 src
	config '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings
		| .mounts += [
			{destination: "/mnt", type: "bind", source: $s, options: ["rbind"]},
			{destination: "/sub", type: "bind", source: ($b + "/rootfs/mnt"), options: ["rbind", "idmap"]}]' \
		--arg s "$T/src" --arg b "$BUNDLE"
	inside 0 'stat -c %u:%g /mnt/f /sub/f'
	is "${out//$'\n'/ }" "65534:65534 1000:1000"
}
