#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# The node's policy, and `atoll run --audit`: what is refused is not started, and leaves nothing.
#
# shellcheck disable=SC2016 # jq has $ too
# shellcheck disable=SC2154 # BUNDLE, ROOT and the like are common's

load common

setup_file() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	oci_setup_file
	unshare -m --propagation private sh -c "mkdir -p $BATS_FILE_TMPDIR/o && mount -t tmpfs none $BATS_FILE_TMPDIR/o &&
		mkdir $BATS_FILE_TMPDIR/o/up $BATS_FILE_TMPDIR/o/work && mount -t overlay -o \
		lowerdir=/etc,upperdir=$BATS_FILE_TMPDIR/o/up,workdir=$BATS_FILE_TMPDIR/o/work none /etc" 2>/dev/null ||
		skip "/etc cannot be covered by an overlay here"
}
setup() {
	oci_setup
	mkdir "$T/etc"
	POLICY=$T/policy.yaml
}
teardown() { oci_teardown; }

# policed COMMAND...: with an /etc/atoll of its own, whose policy.yaml is $POLICY; $PREPARE is a
# script that runs there first.
policed() {
	unshare -m --propagation private bash -c '
		set -e
		mount -t tmpfs none "$1/etc"
		mkdir "$1/etc/up" "$1/etc/work"
		mount -t overlay -o "lowerdir=/etc,upperdir=$1/etc/up,workdir=$1/etc/work" none /etc
		umask 022
		rm -rf /etc/atoll
		mkdir /etc/atoll
		[ ! -e "$2" ] || install -m 644 "$2" /etc/atoll/policy.yaml
		eval "$3"
		shift 3
		exec "$@"' policed "$T" "$POLICY" "${PREPARE-}" "$@"
}

# As `try` of common, with the policy.
try_policed() {
	local want=$1 status=0
	shift
	policed timeout --foreground -k 2 30 "$ATOLL_OCI" --root "$ROOT" "$@" >"$T/out" 2>"$T/err" </dev/null || status=$?
	out=$(cat "$T/out") err=$(cat "$T/err")
	echo "status $status, out: $out, err: $err"
	[ "$status" = "$want" ]
}

nothing_left() {
	[ ! -d "$ROOT/$ID" ]
	! find /sys/fs/cgroup -maxdepth 3 -type d -name "$ID" 2>/dev/null | grep -q .
}

policy() { cat >"$POLICY"; }
host_pid() { config '.linux.namespaces |= map(select(.type != "pid"))'; }

@test "enforce: a bundle that violates the policy is refused, by create and by run, with the finding" {
	policy <<<'fail-on: high'
	host_pid
	try_policed 1 create --bundle "$BUNDLE" "$ID"
	err_has "refused by the node's policy /etc/atoll/policy.yaml"
	err_has "pid-host (high): uses the host's PID namespace"
	err_has "config.json:"
	nothing_left
	try_policed 1 run --bundle "$BUNDLE" "$ID"
	err_has "pid-host (high)"
	nothing_left
}

@test "enforce: hooks of a refused bundle do not run, and no pid file is written" {
	policy <<<'fail-on: high'
	host_pid
	config '.hooks = {createRuntime: [{path: "/usr/bin/touch", args: ["touch", $f]}], poststop: [{path: "/usr/bin/touch", args: ["touch", $f]}]}' \
		--arg f "$T/hooked"
	try_policed 1 create --pid-file "$T/pid" --bundle "$BUNDLE" "$ID"
	[ ! -e "$T/hooked" ] && [ ! -e "$T/pid" ]
	nothing_left
}

@test "enforce: the log has the finding too" {
	policy <<<'fail-on: high'
	host_pid
	policed "$ATOLL_OCI" --root "$ROOT" --log "$T/log" --log-format json create --bundle "$BUNDLE" "$ID" 2>/dev/null && return 1
	jq -e 'select(.level == "error") | .msg | contains("pid-host (high)")' "$T/log"
}

@test "enforce: what is below fail-on may start; several findings are named" {
	policy <<<'fail-on: critical'
	host_pid
	try_policed 0 run --bundle "$BUNDLE" "$ID"
	policy <<<'fail-on: low'
	try_policed 1 run --bundle "$BUNDLE" "$ID"
	err_has "pid-host (high)"
	err_has " more: "
	nothing_left
}

@test "enforce: warn tells and starts" {
	policy <<-'Y'
		enforce: warn
		fail-on: high
	Y
	host_pid
	script 'echo ran'
	try_policed 0 run --bundle "$BUNDLE" "$ID"
	has ran
	err_has "warning: audit: pid-host (high)"
}

@test "enforce: off, and no policy at all" {
	host_pid
	try_policed 0 run --bundle "$BUNDLE" "$ID"
	[ -z "$err" ]
	policy <<<'enforce: off'
	try_policed 0 run --bundle "$BUNDLE" "$ID"
	[ -z "$err" ]
}

@test "enforce: rules and exceptions of the policy" {
	host_pid
	config '.hostname = "agent-7"'
	policy <<-'Y'
		fail-on: high
		rules:
		  pid-host: low
		  pid-host-attack: off
	Y
	try_policed 0 run --bundle "$BUNDLE" "$ID"
	policy <<-'Y'
		fail-on: high
		exceptions:
		  - object: "spec/agent-*"
		    rules: [pid-host, pid-host-attack]
		    reason: looks after the host
	Y
	try_policed 0 run --bundle "$BUNDLE" "$ID"
	config '.hostname = "web-7"'
	try_policed 1 run --bundle "$BUNDLE" "$ID"
	err_has pid-host
	policy <<-'Y'
		fail-on: high
		exceptions:
		  - object: "spec/*"
		    rules: "*"
		    reason: it was so once
		    until: 2001-01-01
	Y
	try_policed 1 run --bundle "$BUNDLE" "$ID"
	err_has pid-host
}

@test "enforce: annotations of the bundle count only if the policy says so" {
	host_pid
	config '.annotations["atoll.io/ignore"] = "* trust me"'
	policy <<<'fail-on: high'
	try_policed 1 run --bundle "$BUNDLE" "$ID"
	policy <<-'Y'
		fail-on: high
		allow-annotations: true
	Y
	try_policed 0 run --bundle "$BUNDLE" "$ID"
	config '.annotations["atoll.io/ignore"] = "net-host not that one"'
	try_policed 1 run --bundle "$BUNDLE" "$ID"
	err_has pid-host
}

@test "enforce: a policy with an error refuses everything, and says where" {
	policy <<<'fail-onn: high'
	try_policed 1 run --bundle "$BUNDLE" "$ID"
	err_has "/etc/atoll/policy.yaml:1:"
	err_has "no container is started"
	policy <<<'rules: {no-such-rule: off}'
	try_policed 1 run --bundle "$BUNDLE" "$ID"
	err_has no-such-rule
	policy <<<'a: [1'
	try_policed 1 run --bundle "$BUNDLE" "$ID"
	err_has "/etc/atoll/policy.yaml:"
	head -c 2000000 /dev/zero | tr '\0' '#' >"$POLICY"
	try_policed 1 run --bundle "$BUNDLE" "$ID"
	err_has "/etc/atoll/policy.yaml"
	nothing_left
}

@test "enforce: a policy that others may have written is not trusted" {
	policy <<<'fail-on: critical'
	PREPARE='chmod 664 /etc/atoll/policy.yaml' try_policed 1 run --bundle "$BUNDLE" "$ID"
	err_has "written by others"
	PREPARE='chown 1000 /etc/atoll/policy.yaml' try_policed 1 run --bundle "$BUNDLE" "$ID"
	err_has "not owned by root"
	PREPARE='chmod 777 /etc/atoll' try_policed 1 run --bundle "$BUNDLE" "$ID"
	err_has "its directory may be written by others"
	PREPARE='rm /etc/atoll/policy.yaml; mkdir /etc/atoll/policy.yaml' try_policed 1 run --bundle "$BUNDLE" "$ID"
	err_has "no regular file"
	PREPARE='rm /etc/atoll/policy.yaml; mkfifo /etc/atoll/policy.yaml' try_policed 1 run --bundle "$BUNDLE" "$ID"
	err_has "no regular file"
	PREPARE='rm /etc/atoll/policy.yaml; ln -s policy.yaml /etc/atoll/policy.yaml' try_policed 1 run --bundle "$BUNDLE" "$ID"
	err_has "/etc/atoll/policy.yaml"
	PREPARE='rm /etc/atoll/policy.yaml; ln -s nowhere /etc/atoll/policy.yaml' try_policed 1 run --bundle "$BUNDLE" "$ID"
	err_has "a link that leads nowhere"
	PREPARE='mv /etc/atoll/policy.yaml /etc/atoll/node.yaml; ln -s node.yaml /etc/atoll/policy.yaml' try_policed 0 run --bundle "$BUNDLE" "$ID"
}

@test "enforce: one that cannot be read refuses too, also without root" {
	policy <<<'fail-on: high'
	host_pid
	export PREPARE='chmod 600 /etc/atoll/policy.yaml'
	chmod 755 "$T"
	mkdir -m 777 "$T/user"
	policed setpriv --reuid 4000 --regid 4000 --clear-groups \
		"$ATOLL_OCI" --root "$T/user/state" run --bundle "$BUNDLE" "$ID" 2>"$T/err" && return 1
	cat "$T/err"
	grep -q "read the policy /etc/atoll/policy.yaml: Permission denied" "$T/err"
	export PREPARE=
	policed setpriv --reuid 4000 --regid 4000 --clear-groups \
		"$ATOLL_OCI" --root "$T/user/state" run --bundle "$BUNDLE" "$ID" 2>"$T/err" && return 1
	cat "$T/err"
	grep -q "pid-host (high)" "$T/err"
	[ ! -e "$T/user/state/$ID" ]
}

@test "enforce: exec, state, delete and explain need no policy" {
	policy <<<'fail-on: high'
	host_pid
	script 'sleep 100'
	try 0 run -d --bundle "$BUNDLE" "$ID"
	try_policed 0 exec "$ID" true
	try_policed 0 state "$ID"
	try_policed 0 explain "$BUNDLE"
	try_policed 0 delete -f "$ID"
}

# ---- atoll run ---------------------------------------------------------------------------------

atoll_run() {
	local want=$1 status=0
	shift
	"$@" >"$T/out" 2>"$T/err" </dev/null || status=$?
	out=$(cat "$T/out") err=$(cat "$T/err")
	echo "status $status, out: $out, err: $err"
	[ "$status" = "$want" ]
}
ours() { "${ATOLL:-${ATOLL_OCI%-oci}}" --root "$T/atoll" run "$@"; }
root_of() { echo "$BUNDLE/rootfs"; }

@test "atoll run --audit: warn tells, deny refuses, a severity moves the line" {
	atoll_run 0 ours --rm --pid host "$(root_of)" echo ran
	[ "$out" = ran ] && [ -z "$err" ]
	atoll_run 0 ours --rm --audit warn:high --pid host "$(root_of)" echo ran
	[ "$out" = ran ]
	err_has "audit: pid-host (high)"
	atoll_run 125 ours --rm --audit=deny:high --pid host "$(root_of)" echo ran
	[ -z "$out" ]
	# A place that is to be found without the text that the options became.
	err_has "refused by --audit=deny: pid-host (high): uses the host's PID namespace, at /linux/namespaces"
	[[ $err != *:[0-9]* ]]
	[ -z "$("${ATOLL_OCI%-oci}" --root "$T/atoll" list -q -a)" ]
	atoll_run 0 ours --rm --audit=deny:high "$(root_of)" echo ran
	[ "$out" = ran ]
	atoll_run 125 ours --rm --audit=deny "$(root_of)" echo ran
	atoll_run 125 ours --rm --audit=refuse "$(root_of)" true
	err_has "option --audit"
	atoll_run 125 ours --rm --audit=deny:bad "$(root_of)" true
	err_has "severity"
}

@test "atoll run: the node's policy counts, and --audit does not weaken it" {
	policy <<<'fail-on: high'
	export T
	run_policed() {
		policed "${ATOLL:-${ATOLL_OCI%-oci}}" --root "$T/atoll" run "$@"
	}
	atoll_run 125 run_policed --rm --pid host "$(root_of)" echo ran
	err_has "refused by the node's policy"
	atoll_run 125 run_policed --rm --audit=warn:critical --pid host "$(root_of)" echo ran
	err_has "refused by the node's policy"
	atoll_run 0 run_policed --rm "$(root_of)" echo ran
	[ "$out" = ran ]
	atoll_run 125 run_policed --rm --audit=deny:medium "$(root_of)" echo ran
}
