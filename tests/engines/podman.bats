#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Debian's Podman with atoll-oci as its runtime. Its storage, its state and its
# cgroup view are those of a mount namespace that lasts as long as this file, so
# that no Podman of the machine is met.
# timeout: 300
#
# shellcheck disable=SC2016 # much is for the inner shell to expand
# shellcheck disable=SC2154 # output, stderr and status are set by run

bats_require_minimum_version 1.5.0

load podman

setup_file() {
	engine_setup
	engine_image
}

teardown_file() {
	engine_teardown
}

# runs STATUS ARG...: podman run --rm on the image.
runs() {
	local want=$1
	shift
	run -"$want" --separate-stderr podman_ run --rm --network none --cgroup-parent "/$CGROUP_PARENT" "$@"
}

# in_background NAME [OPTION...] -- COMMAND...
in_background() {
	local name=$1 options=()
	shift
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	podman_ run -d --name "$name" --network none --cgroup-parent "/$CGROUP_PARENT" \
		"${options[@]}" localhost/box "$@" >/dev/null
}

# field NAME TEMPLATE: what `podman inspect` says.
field() { podman_ inspect --format "$2" "$1"; }

@test "run: output and exit status of the command, under our runtime" {
	runs 0 localhost/box echo hello
	[ "$output" = hello ]
	runs 3 localhost/box sh -c 'exit 3'
	in_background box1 -- sleep 100
	[ "$(field box1 '{{.OCIRuntime}}')" = atoll-oci ]
	podman_ rm -f -t 0 box1
}

@test "run: a command that is not there is 127, one that cannot be executed 126" {
	runs 127 localhost/box /nonexistent
	[[ $stderr == *"executable file not found"* || $stderr == *"no such file or directory"* ]]
	runs 126 localhost/box /etc/passwd
	[[ ${stderr,,} == *"permission denied"* ]]
}

@test "exec: status, user, environment, and a terminal" {
	in_background box2 -- sleep 100
	run -0 podman_ exec box2 ps
	[[ $output == *"sleep 100"* ]]
	run -5 podman_ exec box2 sh -c 'exit 5'
	run -0 podman_ exec -u 1000:1000 -e A=b box2 sh -c 'echo $(id -u) $A'
	[ "$output" = "1000 b" ]
	run -127 podman_ exec box2 /nonexistent
	# in a file: the sh of script(1) may drop exported functions
	{ declare -f podman_; echo 'podman_ exec -t box2 tty'; } >"$BATS_TEST_TMPDIR/tty"
	run -0 script -qec "bash '$BATS_TEST_TMPDIR/tty'" /dev/null
	[[ $output == /dev/pts/* ]]
	podman_ rm -f -t 0 box2
}

@test "run -t: a terminal, whose lines end in carriage return and line feed" {
	runs 0 -t localhost/box sh -c 'tty; echo end'
	[ "$output" = $'/dev/pts/0\r\nend\r' ]
}

@test "stop: TERM, then KILL; the status is kept" {
	in_background box3 -- sh -c 'trap "exit 7" TERM; echo ready; while :; do sleep 0.05; done'
	until_log box3 ready
	podman_ stop -t 20 box3
	[ "$(field box3 '{{.State.ExitCode}}')" = 7 ]
	podman_ start box3
	[ "$(field box3 '{{.State.Running}}')" = true ]
	podman_ kill box3
	podman_ wait box3
	[ "$(field box3 '{{.State.ExitCode}}')" = 137 ]
	podman_ rm box3
}

log_has() { [[ "$(podman_ logs "$1")" == *"$2"* ]]; }
until_log() { until_true log_has "$1" "$2"; }

@test "pause and unpause" {
	in_background box4 -- sleep 100
	podman_ pause box4
	[ "$(field box4 '{{.State.Status}}')" = paused ]
	podman_ unpause box4
	[ "$(field box4 '{{.State.Status}}')" = running ]
	podman_ rm -f -t 0 box4
}

@test "--init: atoll-init where Podman puts its init" {
	runs 0 --init localhost/box sh -c 'tr "\0" " " </proc/1/cmdline; (sleep 0.05 & ); sleep 0.5
		n=0; while ps -o stat | grep -q Z && [ $n -lt 50 ]; do n=$((n+1)); sleep 0.1; done; ps -o stat'
	[[ $output == "/run/podman-init -- "* || $output == "/dev/init -- "* ]]
	[[ $output == *STAT* && ${output##*STAT} != *Z* ]]
	runs 9 --init localhost/box sh -c 'exit 9'
	runs 143 --init localhost/box sh -c 'kill -TERM $$'
}

@test "annotation org.atoll.init: our runtime puts atoll-init in" {
	runs 6 --annotation org.atoll.init=true localhost/box sh -c 'head -c 10 /proc/1/comm; echo $$; exit 6'
	[[ ${lines[0]} == atoll-init* ]]
	[ "${lines[1]}" != 1 ]
}

# --- PID 1: the cases of tests/integration/init.bats that an engine can change ---

# init_box NAME COMMAND...: in the background under --init, with the probe of those tests.
init_box() {
	local name=$1
	shift
	[ -x "$E/probe" ] || "${CC:-cc}" -static -D_GNU_SOURCE -O1 -o "$E/probe" \
		"$BATS_TEST_DIRNAME/../integration/init-probe.c"
	in_background "$name" --init -v "$E/probe:/probe" -- "$@"
	until_log "$name" ready
	PID1=$(field "$name" '{{.State.Pid}}')
}

# ended NAME STATUS
ended() {
	[ "$(podman_ wait "$1")" = "$2" ]
	podman_ logs "$1" >"$BATS_TEST_TMPDIR/log"
	podman_ rm "$1"
}

@test "--init: a command that is not there, or cannot be executed" {
	runs 127 --init localhost/box no-such-command
	runs 126 --init localhost/box /etc
}

@test "--init: every signal but CHLD, KILL and STOP" {
	local signo want=''
	init_box init1 /probe catch 61
	for ((signo = 1; signo <= 64; signo++)); do
		[[ " 9 17 19 " != *" $signo "* ]] || continue
		"$E/probe" flood "$PID1" $signo 1
		want+="$signo "
	done
	ended init1 0
	[ "$(grep -v ready "$BATS_TEST_TMPDIR/log" | cut -d' ' -f1 | sort -n | tr '\n' ' ')" = "$want" ]
}

@test "--init: values of queued signals" {
	init_box init2 /probe catch 3
	"$E/probe" queue "$PID1" 40 1
	"$E/probe" queue "$PID1" 40 2
	"$E/probe" queue "$PID1" 40 3
	ended init2 0
	[ "$(grep -v ready "$BATS_TEST_TMPDIR/log" | tr -d '\r')" = $'40 -1 1\n40 -1 2\n40 -1 3' ]
}

@test "--init: disturbed by STOP, CONT and a tracer it loses nothing and tells the status" {
	init_box init3 sh -c 'n=0; trap "n=\$((n+1))" USR1; trap "exit 21" TERM; echo ready; while :; do sleep 0.02; done'
	"$E/probe" disturb "$PID1" 2>/dev/null 3>&- &
	sleep 0.3
	kill -TERM "$PID1"
	ended init3 21
	wait
}

@test "--init: crowds of orphans, and those of exec" {
	init_box init4 sh -c '/probe crowds 4 100; echo ready; exec sleep 100'
	podman_ exec init4 sh -c '(sleep 0.05 &) ; (true &)'
	sleep 0.2
	no_zombies() { [ "$(podman_ exec init4 sh -c 'grep -l "^State:.*Z" /proc/[0-9]*/status | wc -l')" = 0 ]; }
	until_true no_zombies
	podman_ stop -t 10 init4
	ended init4 143
}

@test "--init: -t: the command has the terminal" {
	runs 4 --init -t localhost/box sh -c '[ "$(tty)" = /dev/pts/0 ] || exit 1; set -- $(cat /proc/$$/stat); [ "$5" = "$8" ] || exit 2; exit 4'
}

@test "org.atoll.init with options: a group, and an end in time" {
	in_background init5 --annotation 'org.atoll.init=-g --grace=1' -- \
		sh -c 'trap "" TERM; echo ready; while :; do sleep 0.05; done'
	until_log init5 ready
	kill -TERM "$(field init5 '{{.State.Pid}}')"
	ended init5 137
}

@test "--pid=host: the host's processes are seen, and rm -f ends the container's" {
	local pids pid
	in_background box5 --pid=host -- sh -c 'sleep 100 & sleep 100'
	run -0 podman_ exec box5 cat "/proc/$ENGINE_PID/comm"
	[ "$output" = sleep ]
	pids=$(nsenter --target "$ENGINE_PID" --mount -- "$ATOLL_OCI" ps -f json "$(field box5 '{{.Id}}')")
	[[ $pids =~ ^\[[0-9]+,[0-9]+,[0-9]+\]$ || $pids =~ ^\[[0-9]+,[0-9]+\]$ ]]
	podman_ rm -f -t 0 box5
	for pid in $(tr -c '0-9\n' ' ' <<<"$pids"); do
		[ ! -d "/proc/$pid" ]
	done
}

@test "-m and --pids-limit: set in the container's cgroup" {
	local unused
	if grep -qE '^(memory|pids)\s' /proc/cgroups && [ ! -e /sys/fs/cgroup/cgroup.controllers ]; then
		runs 0 -m 64m --pids-limit 50 localhost/box sh -c \
			'cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/pids/pids.max'
	else
		for unused in memory pids; do
			grep -qw "$unused" /sys/fs/cgroup/cgroup.controllers || skip "no $unused controller on cgroup v2"
		done
		runs 0 -m 64m --pids-limit 50 localhost/box sh -c \
			'cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/pids.max'
	fi
	[ "${lines[0]}" = 67108864 ]
	[ "${lines[1]}" = 50 ]
}

@test "rm -f: nothing is left, and the name works again at once" {
	local pid
	in_background box6 -- sleep 100
	pid=$(field box6 '{{.State.Pid}}')
	[ -d "/proc/$pid" ]
	podman_ rm -f -t 0 box6
	[ ! -d "/proc/$pid" ]
	run -0 nsenter --target "$ENGINE_PID" --mount -- "$ATOLL_OCI" list -q
	[ "$output" = "" ]
	in_background box6 -- sleep 100
	podman_ rm -f -t 0 box6
}
