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
		| .linux.namespaces += [{type: "cgroup"}, {type: "time"}] | .linux.timeOffsets = {boottime: {secs: 10}}
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
	# A mount may be left only in the container's namespace, and what the runtime makes in the root stays.
	mkdir -p "$BUNDLE/rootfs/mnt"
}
user_ns() {
	config '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings | del(.linux.devices)'
	chown -R 100000:100000 "$BUNDLE/rootfs"
}

steps() { # COMMAND: number and text of each step
	oci explain --json "$BUNDLE" | jq -r '.steps | length'
}


works() { # COMMAND: the same id, at once
	if [ "$1" = run ]; then
		try 0 run --bundle "$BUNDLE" "$ID" || return
	else
		create "$ID" && try 0 start "$ID" && try 0 delete --force "$ID" || return
	fi
}

# fails_at COMMAND N TOTAL: 2 means that step was not reached by this command.
fails_at() {
	local n=$2 r=0
	ATOLL_FAULT=fail:$n oci "$1" --bundle "$BUNDLE" "$ID" >"$T/out" 2>"$T/err" </dev/null 3>&- || r=$?
	err=$(<"$T/err")
	if [ $r = 0 ]; then
		echo "$1: step $n failed, yet the status is 0"
		oci delete --force "$ID"
		return 2
	fi
	[[ $err =~ step\ $n\ of\ [0-9]+\ \(.+\): ]] || { echo "step $n is not named: $err"; return 1; }
	nothing_left || { echo "after step $n of $1 failed: $err"; return 1; }
}

each_step_fails() { # COMMAND
	local n total end
	total=$(steps)
	[ "$total" -gt 30 ]
	end=$total
	if [ "$1" = create ]; then
		end=$(oci explain --json "$BUNDLE" | jq '[.steps[].name] | index("wait-start")')
		[ "$end" -gt 20 ]
	else
		end=$((total - 1)) # run does not wait for start
	fi
	for ((n = 1; n <= end; n++)); do
		fails_at "$1" $n "$total"
		# Every time would double the time; the last of them counts for all.
		[ $((n % 4)) != 0 ] || works "$1"
	done
	works "$1"
	nothing_left
}

# The runtime dies at step N: nobody else is there to tidy up, but the kernel must
# have ended all processes, and the next command takes the rest away.
each_step_kills() { # COMMAND
	local n r total
	total=$(steps)
	[ "$1" != run ] || total=$((total - 1))
	for ((n = 1; n <= total; n++)); do
		r=0
		ATOLL_FAULT=kill:$n oci "$1" --bundle "$BUNDLE" "$ID" >"$T/out" 2>"$T/err" </dev/null 3>&- || r=$?
		if [ $r != 137 ]; then
			# Steps after the runtime's own end (the child waits for start) are not reached.
			[ "$1 $r" = "create 0" ] || { echo "killed at step $n of $1: status $r"; cat "$T/err"; return 1; }
			try 0 delete --force "$ID"
			continue
		fi
		if oci state "$ID" >"$T/state.out" 2>/dev/null; then
			# Past "created" it is a container like any other.
			try 0 delete --force "$ID"
			past=$((past + 1))
		else
			is "$(oci list -q)" ""
		fi
		nothing_left || { echo "after the runtime was killed at step $n of $1"; return 1; }
		[ $((n % 4)) != 0 ] || works "$1"
	done
	works "$1"
	nothing_left
	echo "past created: $past of $total"
	[ "$past" -lt 20 ]
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
	past=0
	rich
	each_step_kills create
}

@test "run: killed at each step" {
	past=0
	rich
	each_step_kills run
}

@test "create with a user namespace: killed at each step" {
	past=0
	rich
	user_ns
	each_step_kills create
}

@test "killed at clone and later: the processes end by themselves, without a command" {
	local n first
	rich
	first=$(oci explain --json "$BUNDLE" | jq '[.steps[].name] | index("clone") + 1')
	for n in $first $((first + 1)) $((first + 8)) $((first + 20)); do
		ATOLL_FAULT=kill:$n oci create --bundle "$BUNDLE" "$ID" >"$T/out" 2>"$T/err" </dev/null 3>&- || :
		until_true no_process_left
		try 0 list -q
		is "$out" ""
		nothing_left
	done
}
no_process_left() {
	! "$PROBE" left 2 "$ATOLL_TEST_MARK" "$T" "$ID" | grep -q ^process
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
	local n r unreached=0
	rich
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
		r=0
		ATOLL_FAULT=kill:$n oci exec "$ID" sleep 900 >"$T/out" 2>"$T/err" </dev/null 3>&- || r=$?
		is $r 137
	done
	echo "exec has $unreached steps and one less"
	[ $unreached -gt 10 ]
	until_true alone
	status_is "$ID" running
	try 0 exec "$ID" true
	try 0 delete --force "$ID"
	nothing_left
}
alone() { is "$(oci ps -f json "$ID" | jq length)" 1; }
