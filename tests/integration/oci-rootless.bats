#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Containers of an ordinary user.
#
# shellcheck disable=SC2016 # much is for the inner shell, or jq, to expand
# shellcheck disable=SC2154 # out and err are set by try

load common

setup_file() {
	[ "$(id -u)" = 0 ] || skip "needs root, to become another user"
	oci_setup_file
	USER_ID=54321
	export USER_ID
	chmod 755 "$OCI_TMP" "$PROBE"
	cp "$ATOLL_OCI" "$OCI_TMP/atoll-oci" # it may stand where only root can go
	chmod 755 "$OCI_TMP/atoll-oci"
	as_user unshare --user --map-root-user true 2>/dev/null ||
		skip "an ordinary user may not make user namespaces here"
	mkdir "$OCI_TMP/rootless"
	chown $USER_ID "$OCI_TMP/rootless"
	(cd "$OCI_TMP/rootless" && as_user "$OCI_TMP/atoll-oci" spec --rootless)
}
as_user() { setpriv --reuid "$USER_ID" --regid "$USER_ID" --clear-groups --inh-caps=-all "$@"; }

setup() {
	oci_setup
	jq --arg mark "$ATOLL_TEST_MARK" '.process.terminal = false | .process.args = ["true"] | .root.readonly = false
		| .process.env += ["ATOLL_TEST_MARK=" + $mark]' \
		"$OCI_TMP/rootless/config.json" >"$BUNDLE/config.json"
	# Not with hard links: they would be given away.
	rm -rf "$BUNDLE/rootfs"
	cp -a "$OCI_TMP/root" "$BUNDLE/rootfs"
	chown -R "$USER_ID:$USER_ID" "$T"
	export XDG_RUNTIME_DIR=$T/runtime
	as_user mkdir -m 700 "$XDG_RUNTIME_DIR"
}
teardown() { oci_teardown; }

# Instead of common.bash's.
oci() {
	setpriv --reuid "$USER_ID" --regid "$USER_ID" --clear-groups --inh-caps=-all \
		timeout --foreground -k 2 30 "$OCI_TMP/atoll-oci" --root "$ROOT" "$@"
}

@test "rootless spec: a bundle that runs as it is" {
	inside 0 'id -u; cat /proc/self/uid_map; echo $$'
	is "$(tr -s ' \n' ' ' <<<"$out")" "0 0 $USER_ID 1 1 "
}

@test "rootless: the exit status" {
	inside 0 'exit 0'
	inside 42 'exit 42'
	inside 137 'sh -c "kill -KILL \$\$"; exit $?'
	config '.process.args = ["no-such-command"]'
	try 1 run --bundle "$BUNDLE" "$ID"
	err_has 'executable file not found in $PATH'
	nothing_left
}

@test "rootless: create, start, state, exec, ps, kill, delete" {
	config '.process.args = ["sleep", "1000"]'
	create "$ID"
	status_is "$ID" created
	try 0 start "$ID"
	status_is "$ID" running
	try 0 exec "$ID" sh -c 'id -u; hostname'
	is "$(head -n 1 <<<"$out")" 0
	try 7 exec "$ID" sh -c 'exit 7'
	try 0 exec --detach --pid-file "$T/runtime/p" "$ID" sleep 999
	try 1 delete "$ID"
	try 0 kill "$ID" KILL
	stopped "$ID"
	until_true gone "$(<"$T/runtime/p")"
	try 0 delete "$ID"
	nothing_left
}

@test "rootless: a created one, killed; a running one, deleted by force" {
	config '.process.args = ["sleep", "1000"]'
	create "$ID"
	try 0 kill "$ID" TERM
	stopped "$ID"
	try 0 delete "$ID"
	started "$ID"
	try 0 delete --force "$ID"
	nothing_left
}

@test "rootless: the root for the state is below XDG_RUNTIME_DIR" {
	config '.process.args = ["sleep", "1000"]'
	as_user "$OCI_TMP/atoll-oci" create --bundle "$BUNDLE" "$ID" >o 2>e </dev/null 3>&-
	[ -d "$XDG_RUNTIME_DIR/atoll-oci/$ID" ]
	as_user "$OCI_TMP/atoll-oci" list -q >o
	is "$(<o)" "$ID"
	as_user "$OCI_TMP/atoll-oci" delete --force "$ID"
	[ ! -d "$XDG_RUNTIME_DIR/atoll-oci/$ID" ]
}

@test "rootless: limits that were asked for cannot be had: said, or refused" {
	config '.linux.resources = {pids: {limit: 10}}'
	oci run --bundle "$BUNDLE" "$ID" >o 2>e </dev/null 3>&- || :
	grep -qi "cgroup\|resources\|limit" e
	nothing_left
}

@test "rootless: what needs more right is refused with words" {
	config '.linux.uidMappings = [{containerID: 0, hostID: 1, size: 100000}]'
	try 1 create --bundle "$BUNDLE" "$ID"
	err_has "uid 0=1+100000"
	nothing_left
}

@test "rootless: without a user namespace in the configuration" {
	config 'del(.linux.namespaces[] | select(.type == "user")) | del(.linux.uidMappings, .linux.gidMappings)'
	try 1 create --bundle "$BUNDLE" "$ID"
	[ -n "$err" ]
	nothing_left
}

@test "rootless: many ids by newuidmap" {
	command -v newuidmap >/dev/null || skip "no newuidmap"
	[ -w /etc/subuid ] && [ -w /etc/subgid ] || skip "/etc/subuid cannot be written"
	# In a mount namespace of its own, so that the machine's files are not touched.
	echo "$USER_ID:300000:65536" >sub
	chmod 644 sub
	config '.linux.uidMappings = [{containerID: 0, hostID: ($u | tonumber), size: 1}, {containerID: 1, hostID: 300000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings' --arg u "$USER_ID"
	script 'cat /proc/self/uid_map; touch /tmp/f; chown 5:6 /tmp/f 2>/dev/null; stat -c %u:%g /tmp/f'
	config '.process.capabilities[("bounding", "effective", "permitted")] += ["CAP_CHOWN"]'
	unshare --mount --propagation private sh -c 'mount --bind sub /etc/subuid && mount --bind sub /etc/subgid &&
		cp /etc/passwd pw && echo "atolltest:x:$1:$1::/:/bin/sh" >>pw && mount --bind pw /etc/passwd && shift &&
		exec "$@"' - "$USER_ID" setpriv --reuid "$USER_ID" --regid "$USER_ID" --clear-groups --inh-caps=-all \
		timeout 20 "$OCI_TMP/atoll-oci" --root "$ROOT" run --bundle "$BUNDLE" "$ID" >o 2>e </dev/null 3>&- || { cat e; return 1; }
	is "$(tr -s ' \n' ' ' <o)" " 0 $USER_ID 1 1 300000 65536 5:6 "
}

@test "rootless: cgroups switched off" {
	config '.process.args = ["sleep", "1000"]'
	try 0 --cgroup-manager disabled run --detach --bundle "$BUNDLE" "$ID"
	status_is "$ID" running
	try 0 --cgroup-manager disabled delete --force "$ID"
	nothing_left
}

@test "rootless: a root user namespace by hand, as engines do" {
	config 'del(.linux.uidMappings, .linux.gidMappings) | del(.linux.namespaces[] | select(.type == "user" or .type == "network"))'
	script 'id -u; cat /proc/self/uid_map'
	as_user unshare --user --map-root-user timeout 20 "$OCI_TMP/atoll-oci" --root "$ROOT" run --bundle "$BUNDLE" "$ID" >o 2>e </dev/null 3>&- ||
		{ cat e; return 1; }
	is "$(tr -s ' \n' ' ' <o)" "0 0 $USER_ID 1 "
}
