#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# What an image, a process inside, another user or bad luck may try.
# timeout: 300
#
# shellcheck disable=SC2016 # much is for the inner shell, or jq, to expand
# shellcheck disable=SC2154 # out and err are set by try

load common

setup_file() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	oci_setup_file
}
setup() { oci_setup; }
teardown() { oci_teardown; }

# --- through descriptors of the runtime (CVE-2024-21626) ---

# A program of the host, in a directory that no container has.
host_program() {
	mkdir -m 755 "$T/host"
	cp "$(command -v busybox)" "$T/host/echo"
	OUT=../../../../../../../../../../../../../..$T/host
}
# never COMMAND...: it must not have been the program of the host that ran.
never() {
	local said
	said=$(oci "$@" 2>&1 </dev/null 3>&-) || :
	[[ $said != *"out of it"* ]] || {
		echo "escaped by $*: $said"
		return 1
	}
}

@test "a command of the host, through a descriptor of the runtime: run" {
	host_program
	for fd in {3..40}; do
		config '.process.args = [$a, "out of it"]' --arg a "/proc/self/fd/$fd/$OUT/echo"
		never run --bundle "$BUNDLE" "$ID"
		printf '#!/proc/self/fd/%s/%s/echo out of it\n' "$fd" "$OUT" >"$BUNDLE/rootfs/script"
		chmod +x "$BUNDLE/rootfs/script"
		config '.process.args = ["/script"]'
		never run --bundle "$BUNDLE" "$ID"
	done
}

@test "a command of the host, through a descriptor of the runtime: create, exec" {
	host_program
	script 'sleep 100'
	started "$ID"
	for fd in {3..40}; do
		never exec "$ID" "/proc/self/fd/$fd/$OUT/echo" "out of it"
		printf '#!/proc/self/fd/%s/%s/echo out of it\n' "$fd" "$OUT" >"$BUNDLE/rootfs/script"
		chmod +x "$BUNDLE/rootfs/script"
		never exec "$ID" /script
		try 255 exec --cwd "/proc/self/fd/$fd" "$ID" pwd
	done
}

@test "the working directory is not below a mask, nor any other that the runtime had open" {
	for fd in {3..40}; do
		config '.process.args = ["pwd"] | .process.cwd = $a' --arg a "/proc/self/fd/$fd"
		try 1 run --bundle "$BUNDLE" "$ID"
	done
}

@test "descriptors of the caller lead nowhere either" {
	local fd
	exec {fd}<"$T"
	host_program
	config '.process.args = [$a, "out of it"]' --arg a "/proc/self/fd/$fd/host/echo"
	never run --bundle "$BUNDLE" "$ID"
	config '.process.args = ["pwd"] | .process.cwd = $a' --arg a "/proc/self/fd/$fd"
	try 1 run --bundle "$BUNDLE" "$ID"
	exec {fd}<&-
}

@test "no control character of an argument or a configuration is printed" {
	local esc=$'\e[31m'
	try 1 "cmd$esc"
	[[ $err == *"cmd?[31m"* ]]
	config '.process.args = [$c]' --arg c "no$esc"
	try 1 run --bundle "$BUNDLE" "$ID"
	[[ $err != *$'\e'* && $err == *"no?[31m"* ]]
	config '.mounts += [{destination: ("/" + $c), type: "tmpfs", source: "tmpfs"}] | .process.args = ["true"]' --arg c "mnt$esc"
	try 0 --debug run --bundle "$BUNDLE" "$ID"
	[[ $err != *$'\e'* && $err == *"/mnt?[31m"* ]]
	try 0 explain "$BUNDLE"
	[[ $out != *$'\e'* ]]
}
