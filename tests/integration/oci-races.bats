#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Two commands on one container at the same time, commands that are killed, and what others
# have made of a name meanwhile.
# timeout: 300
#
# shellcheck disable=SC2016,SC2154 # the inner shell expands; out and err are common.bash's

load common
load "$BATS_TEST_DIRNAME/../until"

setup_file() { oci_setup_file; }
setup() { oci_setup; }
teardown() { oci_teardown; }

sleeps() { config '.process.args = ["sleep", "1000"]'; }

# quietly ARG...: the runtime, without the case's time limit.
quietly() { "$ATOLL_OCI" --root "$ROOT" "$@" >/dev/null 2>&1 </dev/null 3>&-; }

@test "what a dead maker had meant to make is not taken from who made it after that" {
	local maker mine
	# Its maker dies while a hook runs, when the cgroup stands.
	config '.hooks.createRuntime = [{path: "/bin/sh", args: ["sh", "-c", "echo $$ >\($t)/here; exec sleep 1000"]}]' --arg t "$T"
	"$ATOLL_OCI" --root "$ROOT" create --bundle "$BUNDLE" "$ID" >/dev/null 2>&1 </dev/null 3>&- &
	maker=$!
	until_true test -s here
	kill -KILL $maker
	wait $maker || :
	kill -KILL "$(cat here)"
	[ -e "$ROOT/$ID/state.json" ]
	config 'del(.hooks)'
	sleeps
	mine=$T/mine
	until_true "$ATOLL_OCI" --root "$mine" run --detach --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&-
	try 0 list --quiet
	is "$out" ""
	is "$("$ATOLL_OCI" --root "$mine" state "$ID" | jq -r .status)" running
	"$ATOLL_OCI" --root "$mine" delete --force "$ID"
	# Whoever finds a cgroup leaves it: here, both.
	find /sys/fs/cgroup -mindepth 1 -maxdepth 2 -depth -type d -name "$ID" -exec rmdir {} +
}

@test "start, several at once: one is heard, the others are told so" {
	local n k status won
	local -a pids
	sleeps
	config '.hooks.poststart = [{path: "/bin/sh", args: ["sh", "-c", "echo >>\($t)/started"]}]' --arg t "$T"
	for n in $(seq 12); do
		: >started
		create "$ID"
		pids=() won=0
		for k in 1 2 3 4; do
			quietly start "$ID" &
			pids+=($!)
		done
		for k in "${pids[@]}"; do
			status=0
			wait "$k" || status=$?
			[ $status != 0 ] || won=$((won + 1))
		done
		is "round $n: $won won, $(wc -l <started) told" "round $n: 1 won, 1 told"
		try 0 delete --force "$ID"
	done
}

@test "pause does not wait for a container that goes away" {
	sleeps
	for _ in $(seq 10); do
		try 0 run --detach --bundle "$BUNDLE" "$ID"
		timeout 8 "$ATOLL_OCI" --root "$ROOT" pause "$ID" >/dev/null 2>pausing 3>&- &
		try 0 delete --force "$ID"
		wait $! || [ $? = 1 ] || { cat pausing; return 1; }
	done
}

@test "kill --all KILL: it is stopped when that returns" {
	script 'for i in 1 2 3 4 5 6 7 8 9 10; do sleep 1000 & done; sleep 1000'
	for _ in $(seq 25); do
		try 0 run --detach --bundle "$BUNDLE" "$ID"
		try 0 kill --all "$ID" KILL
		try 0 delete "$ID"
	done
}

@test "exec in a container that is ending: never as if the command were not there" {
	local n
	for n in $(seq 25); do
		config '.process.args = ["sleep", $n]' --arg n "0.$((n % 5))"
		try 0 run --detach --bundle "$BUNDLE" "$ID"
		while oci exec "$ID" true >/dev/null 2>e </dev/null 3>&-; do :; done
		[[ $(cat e) != *"No such file"* ]] || { cat e; return 1; }
		until_true oci delete "$ID"
	done
}

@test "too few descriptors: no cgroup stays" {
	local n made=0
	for n in $(seq 4 24) 64; do
		(ulimit -Sn "$n" && quietly create --bundle "$BUNDLE" "$ID") || {
			quietly delete --force "$ID" || :
			[ -z "$(find /sys/fs/cgroup -maxdepth 3 -type d -name "$ID")" ] || {
				echo "with $n descriptors"
				return 1
			}
			continue
		}
		made=1
		try 0 delete --force "$ID"
	done
	[ $made = 1 ]
}
