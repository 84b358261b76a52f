# SPDX-License-Identifier: Apache-2.0
#
# For the oci-*.bats files: a root of busybox, bundles, containers, and after every
# test the proof that nothing is left of them. ATOLL_OCI is the runtime.
#
#	new_bundle DIR             BUNDLE with a root of its own; config.json from `spec`
#	config JQ [ARG...]         edits it
#	try STATUS ARG...          runs the runtime with ARG...; stdout in $out, stderr in $err
#	has TEXT / err_has TEXT    what they must contain
#	inside STATUS SCRIPT       runs a container with sh -c SCRIPT
#
# Each test has an id of its own, ID (others: "$ID-name"), a state root ROOT and a
# working directory T. No test needs `run` of bats: its pipe would wait for the
# containers, which keep the runtime's stdout.
#
# shellcheck shell=bash disable=SC2034,SC2016 # variables are for the tests; jq has $ too

bats_require_minimum_version 1.5.0

load "$BATS_TEST_DIRNAME/../until"

# The machine, once per file.
oci_setup_file() {
	local applet
	[ -x "${ATOLL_OCI:?}" ]
	command -v jq >/dev/null
	export OCI_TMP=$BATS_FILE_TMPDIR
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR"/* "$OCI_TMP"
	export PROBE=$OCI_TMP/oci-probe
	"${CC:-cc}" -D_GNU_SOURCE -O1 -Wall -o "$PROBE" "$BATS_TEST_DIRNAME/oci-probe.c"
	mkdir -p "$OCI_TMP"/root/{bin,dev,etc,proc,sys,tmp,mnt,sub/dir}
	cp "$(command -v busybox)" "$OCI_TMP/root/bin/busybox"
	for applet in $(busybox --list); do
		[ "$applet" = busybox ] || ln -s busybox "$OCI_TMP/root/bin/$applet"
	done
	chmod 1777 "$OCI_TMP/root/tmp"
	echo root:x:0:0:root:/root:/bin/sh >"$OCI_TMP/root/etc/passwd"
	echo root:x:0: >"$OCI_TMP/root/etc/group"
	echo here >"$OCI_TMP/root/sub/dir/file"
	mkdir "$OCI_TMP/spec"
	(cd "$OCI_TMP/spec" && "$ATOLL_OCI" spec)
	jq '.process.terminal = false | .process.args = ["true"] | .root.readonly = false' \
		"$OCI_TMP/spec/config.json" >"$OCI_TMP/config.json"
}

oci_setup() {
	T=$BATS_TEST_TMPDIR
	chmod 755 "$BATS_RUN_TMPDIR/test" "$T"
	ROOT=$T/state
	ID=atb$BATS_ROOT_PID-$BATS_TEST_NUMBER
	export ATOLL_TEST_MARK=$ID-mark
	HELPERS=()
	cd "$T" || return 1
	new_bundle "$T/bundle"
}

new_bundle() {
	BUNDLE=$1
	mkdir "$BUNDLE"
	cp -al "$OCI_TMP/root" "$BUNDLE/rootfs"
	jq --arg mark "$ATOLL_TEST_MARK" \
		'.process.env += ["ATOLL_TEST_MARK=" + $mark] | .linux.cgroupsPath = "/" + ($mark | sub("-mark$"; ""))' \
		"$OCI_TMP/config.json" >"$BUNDLE/config.json"
}

# Own cgroups for own ids.
cgroup_name() { config '.linux.cgroupsPath = "/" + $a' --arg a "$1"; }

# The file stands before ARG..., since jq's --args takes all that follows.
config() {
	jq "$1" "$BUNDLE/config.json" "${@:2}" >"$BUNDLE/config.json.new" &&
		mv "$BUNDLE/config.json.new" "$BUNDLE/config.json"
}

# The command: sh -c SCRIPT.
script() { config '.process.args = ["sh", "-c", $s]' --arg s "$1"; }

oci() { timeout --foreground -k 2 30 "$ATOLL_OCI" --root "$ROOT" "$@"; }

try() {
	local want=$1 status=0
	shift
	oci "$@" >"$T/out" 2>"$T/err" </dev/null 3>&- || status=$?
	out=$(<"$T/out") err=$(<"$T/err")
	[ "$status" = "$want" ] && return
	echo "$*: status $status, not $want; stdout: $out; stderr: $err"
	return 1
}

has() {
	[[ $out == *"$1"* ]] && return
	echo "no '$1' in stdout: $out"
	return 1
}

err_has() {
	[[ $err == *"$1"* ]] && return
	echo "no '$1' in stderr: $err"
	return 1
}

is() {
	[ "$1" = "$2" ] && return
	echo "'$1' is not '$2'"
	return 1
}

inside() {
	script "$2"
	try "$1" run --bundle "$BUNDLE" "$ID"
}

create() { try 0 create --bundle "$BUNDLE" "${@:2}" "$1"; }
started() { create "$@" && try 0 start "$1"; }

status_of() { oci state "$1" | jq -r .status; }
pid_of() { oci state "$1" | jq .pid; }
status_is() { is "$(status_of "$1")" "$2"; }

became() { [ "$(status_of "$1")" = "$2" ]; }
# Not by $(<FILE): where FILE has just gone, that ends the case, in a condition too.
gone() { ! grep -qsv ') [ZX] ' "/proc/$1/stat"; }
alive() { ! gone "$1"; }
stopped() { until_true became "$1" stopped; }

# helper COMMAND...: in the background, ended by the teardown.
helper() {
	"$@" 3>&- &
	HELPERS+=($!)
}

nothing_left() {
	local left
	"$PROBE" left 2 "$ATOLL_TEST_MARK" "$T" "$ID" || return
	[ -d "$ROOT" ] || return 0
	left=$(ls -A --ignore='seccomp~cache' "$ROOT") # compiled filters belong to no container
	[ -z "$left" ] || {
		echo "state left: $left"
		return 1
	}
}

oci_teardown() {
	local pid dir
	[ -n "${ROOT-}" ] || return 0 # bats 1.11 comes here after a skip in setup_file, too
	for pid in "${HELPERS[@]}"; do
		kill -KILL "$pid" 2>/dev/null || :
		wait "$pid" 2>/dev/null || :
	done
	[ ! -e "$T/err" ] || sed 's/^/last stderr: /' "$T/err"
	for dir in "$ROOT"/*/; do
		[[ ! -d $dir || $dir == *~* ]] || oci delete --force "$(basename "$dir")" </dev/null 3>&- || :
	done
	nothing_left
}

# --- the machine's cgroups ---

# Mount point of a v1 controller, or nothing.
v1_of() {
	awk -v c="$1" '$(NF - 2) == "cgroup" && ("," $NF ",") ~ ("," c ",") { print $5; exit }' /proc/self/mountinfo
}
v2_mount() { awk '$(NF - 2) == "cgroup2" { print $5; exit }' /proc/self/mountinfo; }
# The directory of the controller for cgroup NAME: v1 if it is mounted so, else v2.
cgroup_dir() {
	local m
	m=$(v1_of "$1")
	if [ -n "$m" ]; then
		echo "$m/$2"
	elif m=$(v2_mount) && [ -n "$m" ] && grep -qw "$1" "$m/cgroup.controllers"; then
		echo "$m/$2"
	else
		return 1
	fi
}
