#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Each step of a plan fails once, and at each the runtime is killed once. What is left
# after that: nothing. ATOLL_FAULTS_OCI is a build with fault injection:
# ATOLL_FAULT=fail:N or kill:N.
# timeout: 240
#
# shellcheck disable=SC2016 # much is for the inner shell, or jq, to expand
# shellcheck disable=SC2154 # out and err are set by try

load common

setup_file() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	export ATOLL_OCI=${ATOLL_FAULTS_OCI:-$ATOLL_OCI}
	oci_setup_file
	# A switch that nothing reads would let every test pass.
	mkdir "$OCI_TMP/try"
	cp -al "$OCI_TMP/root" "$OCI_TMP/try/rootfs"
	cp "$OCI_TMP/config.json" "$OCI_TMP/try/"
	! ATOLL_FAULT=fail:1 "$ATOLL_OCI" --root "$OCI_TMP/try/state" run --bundle "$OCI_TMP/try" \
		"atb$BATS_ROOT_PID-try" 2>/dev/null || skip "this build has no fault injection (meson -Dfaults=true)"
}
setup() { oci_setup; }
teardown() { oci_teardown; }

# A plan with as many kinds of step as this machine can do.
rich() {
	mkdir "$T/src"
	config '
		.hostname = "h" | .domainname = "d"
		| .linux.namespaces |= (. + [{type: "cgroup"}, {type: "time"}] | unique_by(.type)) | .linux.timeOffsets = {boottime: {secs: 10}}
		| .mounts += [{destination: "/mnt", type: "bind", source: $s, options: ["rbind", "rro"]},
			{destination: "/sub", type: "tmpfs", source: "tmpfs", options: ["tmpcopyup"]}]
		| .linux.devices = [{path: "/dev/my", type: "c", major: 1, minor: 3}]
		| .linux.sysctl = {"kernel.shmmax": "77777"}
		| .linux.maskedPaths = ["/etc/passwd", "/sub/dir"] | .linux.readonlyPaths = ["/etc", "/proc/sys"]
		| .linux.rootfsPropagation = "private" | .root.readonly = true
		| .linux.resources.pids = {limit: 100}
		| .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir"], action: "SCMP_ACT_ERRNO"}]}
		| .linux.personality = {domain: "LINUX"}
		| .process.user = {uid: 5, gid: 6, umask: 18, additionalGids: [7]}
		| .process.oomScoreAdj = 100
		| .process.scheduler = {policy: "SCHED_BATCH"} | .process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 5}
		| .hooks = ({prestart: 1, createRuntime: 1, createContainer: 1, startContainer: 1, poststart: 1, poststop: 1}
			| map_values([{path: "/bin/sh", args: ["sh", "-c", ":"]}]))' --arg s "$T/src"
	[ -e /proc/self/ns/time ] ||
		config 'del(.linux.namespaces[] | select(.type == "time")) | del(.linux.timeOffsets)'
	[ -n "$(v2_mount)$(v1_of pids)" ] || config 'del(.linux.resources.pids)'
	# A mount may be left only in the container's namespace, and what the runtime makes in the root stays.
	mkdir -p "$BUNDLE/rootfs/mnt"
}
user_ns() {
	config '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings | del(.linux.devices)'
	chown -R 100000:100000 "$BUNDLE/rootfs"
}

# `explain` shows the plan of run; that of create has "wait-start" more, after "created".
steps() { oci explain --json "$BUNDLE" | jq '.steps | length'; }
step_named() { oci explain --json "$BUNDLE" | jq --arg n "$1" '[.steps[].name] | index($n) + 1'; }

works() { # COMMAND: the same id, at once
	if [ "$1" = run ]; then
		try 0 run --bundle "$BUNDLE" "$ID" || return
	else
		create "$ID" && try 0 start "$ID" && try 0 delete --force "$ID" || return
	fi
}

# fails_at COMMAND N
fails_at() {
	local n=$2 r=0
	ATOLL_FAULT=fail:$n oci "$1" --bundle "$BUNDLE" "$ID" >"$T/out" 2>"$T/err" </dev/null 3>&- || r=$?
	err=$(<"$T/err")
	is $r 1
	[[ $err =~ step\ $n\ of\ [0-9]+\ \(.+\): ]] || { echo "step $n is not named: $err"; return 1; }
	nothing_left || { echo "after step $n of $1 failed: $err"; return 1; }
}

each_step_fails() { # COMMAND
	local n end
	end=$(steps)
	[ "$end" -gt 40 ]
	[ "$1" = run ] || end=$(step_named created)
	for ((n = 1; n <= end; n++)); do
		fails_at "$1" $n
		# After each would double the time.
		[ $((n % 4)) != 0 ] || works "$1"
	done
	works "$1"
	nothing_left
}

# The runtime dies at step N: nobody is there to tidy up, but the kernel must have
# ended all processes, and the next command takes the rest away.
each_step_kills() { # COMMAND
	local n r end created
	created=$(step_named created)
	end=$created
	[ "$1" = create ] || end=$(steps)
	for ((n = 1; n <= end; n++)); do
		r=0
		ATOLL_FAULT=kill:$n oci "$1" --bundle "$BUNDLE" "$ID" >"$T/out" 2>"$T/err" </dev/null 3>&- || r=$?
		is "step $n: $r" "step $n: 137"
		if [ "$n" -lt "$created" ]; then
			is "$(oci list -q)" ""
		else
			# It is a container like any other, or was not yet.
			try 0 delete --force "$ID"
		fi
		nothing_left || { echo "after the runtime was killed at step $n of $1"; return 1; }
		[ $((n % 4)) != 0 ] || works "$1"
	done
	works "$1"
	nothing_left
}

@test "create: each step fails" {
	rich
	each_step_fails create
}

@test "run: each step fails" {
	rich
	each_step_fails run
}

@test "create with a user namespace: each step fails" {
	rich
	user_ns
	each_step_fails create
}

@test "create: killed at each step" {
	rich
	each_step_kills create
}

@test "run: killed at each step" {
	rich
	each_step_kills run
}

@test "create with a user namespace: killed at each step" {
	rich
	user_ns
	each_step_kills create
}

@test "start: each step that is left to it fails" {
	local n end
	rich
	end=$(($(step_named exec) + 1))
	for ((n = $(step_named created) + 1; n <= end; n++)); do
		ATOLL_FAULT=fail:$n oci create --bundle "$BUNDLE" "$ID" >"$T/out" 2>"$T/err" </dev/null 3>&-
		try 1 start "$ID"
		# Step one is the waiting itself: there is nobody any more who could say a word.
		[ $n = $(($(step_named created) + 1)) ] || [[ $err =~ step\ $n\ of\ [0-9]+\ \(.+\): ]] ||
			{ echo "step $n is not named: $err"; return 1; }
		[ "$(oci state "$ID" 2>/dev/null | jq -r .status)" != running ]
		oci delete --force "$ID"
		nothing_left || { echo "after step $n failed at start: $err"; return 1; }
	done
	works create
}

@test "killed at clone and later: the processes end by themselves, without a command" {
	local n first
	rich
	first=$(step_named clone)
	for n in $first $((first + 1)) $((first + 8)) $((first + 20)); do
		ATOLL_FAULT=kill:$n oci create --bundle "$BUNDLE" "$ID" >"$T/out" 2>"$T/err" </dev/null 3>&- || :
		until_true no_process_left
		try 0 list -q
		is "$out" ""
		nothing_left
	done
}
no_process_left() {
	local left
	left=$("$PROBE" left 0 "$ATOLL_TEST_MARK" "$T" "$ID") || : # its cgroups are there yet
	[[ $left != *process* ]]
}

@test "killed: create of the same id at once works" {
	local n
	rich
	for n in 1 2 5 12 25 40; do
		ATOLL_FAULT=kill:$n oci create --bundle "$BUNDLE" "$ID" >"$T/out" 2>"$T/err" </dev/null 3>&- || :
		oci delete --force "$ID" >"$T/out" 2>"$T/err" </dev/null 3>&- || :
		ATOLL_FAULT=kill:$n oci create --bundle "$BUNDLE" "$ID" >"$T/out" 2>"$T/err" </dev/null 3>&- || :
		# Now without any command between.
		if [ "$(oci list -q)" = "" ]; then create "$ID"; fi
		try 0 delete --force "$ID"
		nothing_left
	done
}

@test "exec: each step fails, or kills, and the container lives on" {
	local n r unreached=0 created command=900
	rich
	# From there on the process is to outlive the runtime, as with --detach.
	created=$(oci explain --json "$BUNDLE" | jq -r '.steps[] | select(.name == "created") | .describe')
	config '.process.args = ["sleep", "1000"]'
	started "$ID"
	for ((n = 1; n <= 40; n++)); do
		r=0
		ATOLL_FAULT=fail:$n oci exec "$ID" true >"$T/out" 2>"$T/err" </dev/null 3>&- || r=$?
		if [ $r = 0 ]; then
			unreached=$n
			break
		fi
		is $r 255
		err=$(<"$T/err")
		[[ $err =~ step\ $n\ of\ [0-9]+\ \(.+\): ]] || { echo "step $n is not named: $err"; return 1; }
		[[ $err != *"($created)"* ]] || command=0
		r=0
		ATOLL_FAULT=kill:$n oci exec "$ID" sleep $command >"$T/out" 2>"$T/err" </dev/null 3>&- || r=$?
		is $r 137
	done
	echo "exec has $unreached steps and one less"
	[ $unreached -gt 10 ] && [ $command = 0 ]
	until_true alone
	status_is "$ID" running
	try 0 exec "$ID" true
	try 0 delete --force "$ID"
	nothing_left
}
alone() { [ "$(oci ps -f json "$ID" | jq length)" = 1 ]; }
