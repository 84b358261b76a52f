#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# SCMP_ACT_NOTIFY: system calls that an agent outside answers. Ours says "No medium
# found" to every mkdir and lets the rest go on.
#
# shellcheck disable=SC2016 # much is for the inner shell, or jq, to expand
# shellcheck disable=SC2154 # out and err are set by try

load common

setup_file() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	oci_setup_file
	export AGENT=$OCI_TMP/notify-agent
	"${CC:-cc}" -D_GNU_SOURCE -O1 -Wall -o "$AGENT" "$BATS_TEST_DIRNAME/notify-agent.c"
	chmod 755 "$AGENT"
}
setup() {
	oci_setup
	agent "$T/agent"
}
teardown() {
	kill_agent
	oci_teardown
}

# agent SOCKET [MAX]: instead of the one that was; log: one line for each process.
agent() {
	kill_agent
	env -u ATOLL_TEST_MARK "$AGENT" "$1" "$T/log" "${@:2}" 3>&- & # it may outlive a container
	AGENT_PID=$!
	until_true test -S "$1"
}
kill_agent() {
	[ -z "${AGENT_PID:-}" ] || {
		kill -KILL "$AGENT_PID" 2>/dev/null || :
		{ wait "$AGENT_PID" || :; } 2>/dev/null
	}
	AGENT_PID=
	rm -f "$T/agent"
}

# notify NAME...: these system calls.
notify() {
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: $path, listenerMetadata: "meta \"data\"",
		syscalls: [{names: $ARGS.positional, action: "SCMP_ACT_NOTIFY"}]}' --arg path "$T/agent" --args "$@"
}
nnp() { config ".process.noNewPrivileges = $1"; }
log() { jq -r "$1" <"$T/log"; }
answered() { err_has "No medium found"; }

@test "run: the agent answers, and is told what the specification says" {
	local nnp
	notify mkdir mkdirat
	config '.annotations.a = "b"'
	for nnp in true false; do
		nnp $nnp
		inside 1 'mkdir /tmp/x'
		answered
		is "$(wc -l <"$T/log")" 1
		is "$(log '.fds | tostring')" '["seccompFd"]'
		is "$(log .ociVersion)" "$(oci features | jq -r .ociVersionMax)"
		is "$(log .metadata)" 'meta "data"'
		is "$(log '.state | .id + " " + .status + " " + .bundle + " " + .annotations.a')" "$ID created $BUNDLE b"
		is "$(log '.pid == .state.pid and .pid > 1')" true
		rm "$T/log"
		agent "$T/agent"
	done
}

@test "create and start: it is start that tells the agent" {
	notify mkdir mkdirat
	script 'mkdir /tmp/x 2>/tmp/said; exec sleep 1000'
	create "$ID"
	[ ! -s "$T/log" ]
	try 0 start "$ID"
	is "$(log .pid)" "$(pid_of "$ID")"
	is "$(log .state.status)" created
	until_true grep -q "No medium found" "$BUNDLE/rootfs/tmp/said"
	[ ! -d "$BUNDLE/rootfs/tmp/x" ]
}

@test "exec: each process has a listener of its own" {
	notify mkdir mkdirat
	script 'exec sleep 1000'
	started "$ID"
	try 1 exec "$ID" mkdir /tmp/x
	answered
	is "$(wc -l <"$T/log")" 2
	is "$(tail -n 1 "$T/log" | jq -r '.state.status + " " + (.pid != .state.pid | tostring) + " " + .metadata')" \
		'running true meta "data"'
	is "$(tail -n 1 "$T/log" | jq .state.pid)" "$(pid_of "$ID")"
	is "$(tail -n 1 "$T/log" | jq -r .state.id)" "$ID"
}

@test "no descriptor of the listener and no thread is left inside, nor at a startContainer hook" {
	local nnp
	notify mkdir mkdirat
	config '.hooks.startContainer = [{path: "/bin/sh", args: ["sh", "-c", "ls -l /proc/self/fd >/tmp/hook"]}]'
	for nnp in true false; do
		nnp $nnp
		inside 0 'ls -l /proc/1/fd; ls /proc/1/task; ls /proc | grep "^[0-9]*$"'
		[[ $out != *seccomp* && $out != *socket* ]]
		is "$(grep -c -- '->' <<<"$out")" 3 # 0, 1, 2
		is "$(grep -xc 1 <<<"$out")" 2      # one thread, and PID 1 is there
		! grep -E 'seccomp|socket' "$BUNDLE/rootfs/tmp/hook"
	done
}

@test "system calls that come between loading and exec may be notified" {
	local nnp
	notify read close sendto sendmsg recvfrom recvmsg execve prctl capset fcntl openat futex exit_group
	for nnp in true false; do
		nnp $nnp
		inside 0 'echo works'
		is "$out" works
	done
	config '.process.args = ["no-such-command"]'
	try 1 run --bundle "$BUNDLE" "$ID"
	err_has 'executable file not found in $PATH'
}

@test "flags: WAIT_KILLABLE_RECV" {
	oci features | jq -e '.linux.seccomp.actions | index("SCMP_ACT_NOTIFY")' >/dev/null
	oci features | jq -e '.linux.seccomp.supportedFlags | index("SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV")' >/dev/null ||
		skip "the kernel is older than 5.19"
	notify mkdir mkdirat
	config '.linux.seccomp.flags = ["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", "SECCOMP_FILTER_FLAG_LOG"]'
	inside 1 'mkdir /tmp/x'
	answered
	# Without such a rule it says nothing, and nobody is told.
	config '.linux.seccomp.syscalls = []'
	rm "$T/log"
	agent "$T/agent"
	inside 0 'mkdir /tmp/x'
	[ ! -s "$T/log" ]
}

@test "no agent: run, start and exec fail in clear words" {
	notify mkdir mkdirat
	kill_agent
	try 1 run --bundle "$BUNDLE" "$ID"
	err_has "failed to connect with seccomp agent $T/agent: No such file or directory"
	nothing_left
	create "$ID"
	try 1 start "$ID"
	err_has "failed to connect with seccomp agent"
	status_is "$ID" stopped
	try 0 delete "$ID"
	agent "$T/agent"
	script 'exec sleep 1000'
	started "$ID"
	kill_agent
	try 255 exec "$ID" true
	err_has "failed to connect with seccomp agent"
	status_is "$ID" running
}

@test "an agent that goes away: ENOSYS, and nothing hangs" {
	agent "$T/agent" 1
	notify mkdir mkdirat
	inside 1 'mkdir /tmp/x; mkdir /tmp/x'
	answered
	err_has "Function not implemented"
	# Gone right after it took the listener, while the child waits for it.
	kill_agent
	agent "$T/agent" 0
	notify capset read
	try 1 run --bundle "$BUNDLE" "$ID"
	nothing_left
}

@test "the filter must let write and read pass: told before it is too late" {
	local action
	notify mkdir
	for action in SCMP_ACT_ERRNO SCMP_ACT_KILL SCMP_ACT_TRAP; do
		config '.linux.seccomp.syscalls[1] = {names: ["write"], action: $a}' --arg a "$action"
		try 1 run --bundle "$BUNDLE" "$ID"
		err_has "must allow the write syscall"
		config '.linux.seccomp.syscalls[1].names = ["read"]'
		try 1 run --bundle "$BUNDLE" "$ID"
		err_has "must allow the read syscall"
	done
	create "$ID"
	try 1 start "$ID"
	err_has "must allow the read syscall"
	status_is "$ID" stopped
	notify write
	try 1 run --bundle "$BUNDLE" "$ID-2"
	err_has "SCMP_ACT_NOTIFY cannot be used for the write syscall"
	[ ! -s "$T/log" ]
}

@test "a process under a filter with a listener is killed and deleted as any other" {
	notify nanosleep clock_nanosleep
	# An agent that keeps the listener and never answers.
	helper python3 -c 'import socket, sys, time
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen(1)
c = s.accept()[0]
kept = socket.recv_fds(c, 65536, 1)
time.sleep(60)' "$T/mute"
	until_true test -S "$T/mute"
	config '.linux.seccomp.listenerPath = $p' --arg p "$T/mute"
	script 'exec sleep 1000'
	started "$ID"
	status_is "$ID" running
	try 0 kill "$ID" KILL
	stopped "$ID"
	try 0 delete "$ID"
}

@test "an ordinary user's container has its agent too" {
	local as=(setpriv --reuid 54321 --regid 54321 --clear-groups --inh-caps=-all)
	"${as[@]}" unshare --user --map-root-user true 2>/dev/null || skip "an ordinary user may not make user namespaces here"
	cp "$ATOLL_OCI" "$T/atoll-oci"
	chmod 755 "$T/atoll-oci"
	mkdir "$T/rootless"
	chown 54321 "$T/rootless"
	(cd "$T/rootless" && "${as[@]}" "$T/atoll-oci" spec --rootless)
	jq --arg mark "$ATOLL_TEST_MARK" '.process.terminal = false | .process.env += ["ATOLL_TEST_MARK=" + $mark] | .root.readonly = false' \
		"$T/rootless/config.json" >"$BUNDLE/config.json"
	rm -rf "$BUNDLE/rootfs"
	cp -a "$OCI_TMP/root" "$BUNDLE/rootfs"
	chown -R 54321:54321 "$BUNDLE"
	mkdir -m 700 "$ROOT" "$T/run"
	chown 54321 "$ROOT" "$T/run"
	oci() { XDG_RUNTIME_DIR=$T/run "${as[@]}" timeout --foreground -k 2 30 "$T/atoll-oci" --root "$ROOT" "$@"; }
	notify mkdir mkdirat
	inside 1 'mkdir /tmp/x'
	answered
	script 'exec sleep 1000'
	started "$ID"
	try 1 exec "$ID" mkdir /tmp/x
	answered
	is "$(wc -l <"$T/log")" 3
}
