#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# What the views say of live containers of Podman: owner, name, pod, both PIDs.
# timeout: 300
#
# shellcheck disable=SC2016 # much is for the inner shell to expand
# shellcheck disable=SC2154 # output is set by run

bats_require_minimum_version 1.5.0

load podman

setup_file() {
	engine_setup
	engine_image
	podman_ run -d --name web --network none --cgroup-parent "/$CGROUP_PARENT" \
		localhost/box sh -c 'sleep 1000 & exec sleep 1001' >/dev/null
}

teardown_file() {
	engine_teardown
}

field() { podman_ inspect --format "$2" "$1"; }

# atoll in Podman's mount namespace, with the tests' storage where Podman's is by default.
atoll() {
	timeout -k 5 60 nsenter --target "$ENGINE_PID" --mount -- unshare --mount -- sh -ec '
		mount -t tmpfs none /var/lib
		mkdir -p /var/lib/containers/storage
		mount --bind "$1/root" /var/lib/containers/storage
		shift
		exec "$@"' sh "$E" "$ATOLL" -q "$@" 3>&-
}

@test "ps: whose, by id and by name, and both PIDs" {
	local id init
	id=$(field web '{{.Id}}')
	init=$(field web '{{.State.Pid}}')
	atoll ps --json web >"$E/ps.json"
	jq -e --arg id "$id" --argjson init "$init" '.processes | length == 2 and
		all(.runtime == "podman" and .container == $id and .name == "web") and
		map(.inner) == [1, 2] and .[0].pid == $init and .[1].ppid == $init' "$E/ps.json"
	[ "$(atoll ps --no-headings -o image --sort pid "${id:0:12}" | sort -u)" = localhost/box:latest ]
	[ "$(atoll ps --no-headings -o pid --owner podman:web | wc -l)" = 0 ] # an owner is a word, not an address
	[ "$(atoll ps --no-headings -o pid podman:web | wc -l)" = 2 ]
}

@test "pid, who, tree: there and back" {
	local init
	init=$(field web '{{.State.Pid}}')
	[ "$(atoll pid -q web:1)" = "$init" ]
	[ "$(atoll pid -q "$init")" = 1 ]
	atoll who web | grep -qE '^owner +podman:[0-9a-f]{12} web'
	atoll tree web | grep -qF "podman:$(field web '{{.Id}}' | cut -c1-12) web"
	# podman top knows no outer PID of a zombie, and we do.
	[ "$(podman_ top web pid | tail -n +2 | xargs)" = "$(atoll ps --no-headings -o inner web | xargs)" ]
}

@test "exec: said to come from outside; conmon: beside, not inside" {
	podman_ exec -d web sleep 1002
	injected() {
		atoll ps --json web | jq -e '[.processes[] | select(.command == ["sleep", "1002"])] |
			length == 1 and (.[0].flags | contains(["injected"])) and .[0].name == "web"'
	}
	until_true injected
	atoll ps --json web | jq -e 'all(.processes[]; .comm != "conmon")'
}

@test "enter: by Podman's name" {
	run -0 atoll enter web -- cat /etc/group
	[ "$output" = root:x:0: ]
}

@test "pods: two containers, each with its name" {
	podman_ pod create --infra=false --name pod1 --cgroup-parent "/$CGROUP_PARENT" >/dev/null
	podman_ run -d --pod pod1 --name one --network none localhost/box sleep 1003 >/dev/null
	podman_ run -d --pod pod1 --name two --network none --pid container:one localhost/box sleep 1004 >/dev/null
	[ "$(atoll ps --no-headings -o name,inner one | xargs)" = "one 1" ]
	# Its own PID namespace it has not, but its own name.
	[ "$(atoll ps --no-headings -o name,command two | xargs)" = "two sleep 1004" ]
	run -0 atoll same -t pid "$(field one '{{.State.Pid}}')" "$(field two '{{.State.Pid}}')"
	run -1 atoll same -t mnt "$(field one '{{.State.Pid}}')" "$(field two '{{.State.Pid}}')"
	podman_ pod rm -f -t 0 pod1
}

@test "zombies: the container whose PID 1 does not reap is named" {
	podman_ run -d --name lazy --network none --cgroup-parent "/$CGROUP_PARENT" \
		localhost/box sh -c 'true & (sleep 0.2; exit 3) & exec sleep 1005' >/dev/null
	zombies() { atoll zombies --json lazy | jq -e '[.findings[] | select(.what == "zombie")] | length == 2'; }
	until_true zombies
	run -1 atoll zombies lazy
	[[ $output == *podman:*lazy*"does not reap"*"fix: run the container with an init"* ]]
}
