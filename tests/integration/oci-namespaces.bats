#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Namespaces: new, joined by path, shared with the caller.
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

proc_name() {
	case $1 in
	network) echo net ;;
	mount) echo mnt ;;
	*) echo "$1" ;;
	esac
}

has_ns() { [ -e "/proc/self/ns/$(proc_name "$1")" ] || skip "the kernel has no $1 namespaces"; }
# known TYPE...: those of them that the kernel has.
known() {
	local t
	for t; do [ ! -e "/proc/self/ns/$(proc_name "$t")" ] || echo "$t"; done
}
# ns_set TYPE [PATH]: in place of what the configuration has.
ns_drop() { config 'del(.linux.namespaces[] | select(.type == $t))' --arg t "$1"; }
ns_set() {
	ns_drop "$1"
	config '.linux.namespaces += [{type: $t} + if $p == "" then {} else {path: $p} end]' --arg t "$1" --arg p "${2-}"
}
maps() {
	ns_set user
	config '.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
}
show_ns() { script 'for n in pid net ipc uts mnt cgroup user time; do [ ! -e /proc/self/ns/$n ] || readlink /proc/self/ns/$n; done'; }
our_ns() { readlink "/proc/self/ns/$(proc_name "$1")"; }

@test "new: each type" {
	local t
	for t in $(known cgroup time); do ns_set "$t"; done
	show_ns
	try 0 run --bundle "$BUNDLE" "$ID"
	for t in $(known pid network ipc uts mount cgroup time); do
		[[ $out == *"$(proc_name "$t"):["* ]]
		[[ $out != *"$(our_ns "$t")"* ]] || { echo "$t is the caller's"; return 1; }
	done
	has "$(our_ns user)"
}

@test "shared: each type that may be" {
	local t
	for t in pid network ipc uts cgroup user time; do ns_drop $t; done
	config 'del(.hostname) | del(.mounts[] | select(.destination == "/sys" or .destination == "/dev/mqueue"))'
	show_ns
	try 0 run --bundle "$BUNDLE" "$ID"
	for t in $(known pid network ipc uts cgroup user time); do has "$(our_ns "$t")"; done
}

@test "joined by path: each type but mount" {
	local t first ns=
	for t in $(known cgroup time); do ns_set "$t"; done
	config '.process.args = ["sleep", "1000"]'
	cgroup_name "$ID-1"
	started "$ID-1"
	first=$(pid_of "$ID-1")
	new_bundle "$T/second"
	for t in $(known pid network ipc uts cgroup time); do ns_set "$t" "/proc/$first/ns/$(proc_name "$t")"; done
	config 'del(.hostname)'
	show_ns
	try 0 run --bundle "$BUNDLE" "$ID"
	for t in $(known pid network ipc uts cgroup time); do
		ns=$(readlink "/proc/$first/ns/$(proc_name "$t")")
		has "$ns"
	done
	status_is "$ID-1" running
}

@test "joined by path: mount namespace of another process" {
	local pid
	helper unshare -m --propagation private sleep 1000
	pid=${HELPERS[0]}
	until_true differs "/proc/$pid/ns/mnt" /proc/self/ns/mnt
	ns_set mount "/proc/$pid/ns/mnt"
	config 'del(.linux.maskedPaths, .linux.readonlyPaths) | .mounts = [] | .process.args = ["true"]'
	# What a joined mount namespace means differs among runtimes; it must end clean either way.
	oci run --bundle "$BUNDLE" "$ID" >o 2>e </dev/null 3>&- || [ -s e ]
	! grep -q "$T" /proc/self/mountinfo || return 1
}
differs() { [ "$(readlink "$1")" != "$(readlink "$2")" ]; }

@test "joined by path: a user namespace with its network namespace" {
	local first
	maps
	cgroup_name "$ID-1"
	chown -R 100000:100000 "$BUNDLE/rootfs"
	config '.process.args = ["sleep", "1000"]'
	started "$ID-1"
	first=$(pid_of "$ID-1")
	new_bundle "$T/second"
	ns_set user "/proc/$first/ns/user"
	ns_set network "/proc/$first/ns/net"
	config 'del(.linux.uidMappings, .linux.gidMappings)'
	script 'readlink /proc/self/ns/user; readlink /proc/self/ns/net; id -u'
	try 0 run --bundle "$BUNDLE" "$ID"
	has "$(readlink "/proc/$first/ns/user")"
	has "$(readlink "/proc/$first/ns/net")"
	is "${out##*$'\n'}" 0
}

@test "a path of the wrong type, that is none, that is not there" {
	local t p
	for t in pid network ipc uts cgroup user time; do
		p=/proc/self/ns/ipc
		[ $t != ipc ] || p=/proc/self/ns/uts
		cp "$BUNDLE/config.json" kept
		ns_set $t $p
		try 1 create --bundle "$BUNDLE" "$ID"
		err_has "$p"
		ns_set $t /etc/passwd
		try 1 create --bundle "$BUNDLE" "$ID"
		err_has /etc/passwd
		ns_set $t /nowhere/ns
		try 1 create --bundle "$BUNDLE" "$ID"
		err_has "o such file or directory"
		mv kept "$BUNDLE/config.json"
	done
	nothing_left
}

@test "the same type twice" {
	config '.linux.namespaces += [{type: "ipc"}]'
	try 1 create --bundle "$BUNDLE" "$ID"
	err_has ipc
}

@test "pid: the command is PID 1 and sees nobody else" {
	inside 0 'echo $$; echo /proc/[0-9]*'
	is "${out//$'\n'/ }" "1 /proc/1"
}

@test "uts: hostname and domainname, and the host keeps its own" {
	local before
	before=$(uname -n)
	config '.hostname = "inner-name" | .domainname = "inner.domain"'
	inside 0 'hostname; cat /proc/sys/kernel/domainname'
	is "${out//$'\n'/ }" "inner-name inner.domain"
	is "$(uname -n)" "$before"
}

@test "uts: a hostname without a namespace of its own is refused" {
	ns_drop uts
	config '.hostname = "inner-name"'
	try 1 create --bundle "$BUNDLE" "$ID"
	err_has hostname
	[ "$(uname -n)" != inner-name ]
}

@test "network: loopback is up, and nothing else is there" {
	inside 0 'ip -o link; ping -c 1 -W 1 127.0.0.1 >/dev/null && echo pong || ip -o addr show dev lo'
	has "LOOPBACK,UP"
	is "$(grep -c '^[0-9]*: ' <<<"$(grep -v 'sit0\|tunl0\|gre\|inet' <<<"$out")")" 1
	[[ $out == *pong* || $out == *127.0.0.1* ]]
}

@test "ipc: its own message queues" {
	config '.linux.sysctl = {"kernel.msgmax": "12345"}'
	inside 0 'cat /proc/sys/kernel/msgmax'
	is "$out" 12345
	[ "$(cat /proc/sys/kernel/msgmax)" != 12345 ]
}

@test "cgroup: the view begins at the container's own" {
	ns_set cgroup
	inside 0 'cat /proc/self/cgroup'
	[[ $out != *"$ID"* ]]
	ns_drop cgroup
	inside 0 'cat /proc/self/cgroup'
	has "$ID"
}

@test "time: the offsets" {
	local inner outer
	has_ns time
	ns_set time
	config '.linux.timeOffsets = {monotonic: {secs: 172800, nanosecs: 5}, boottime: {secs: 604800}}'
	inside 0 'cat /proc/self/timens_offsets; cut -d. -f1 /proc/uptime'
	is "$(awk '/^monotonic/ { print $2, $3 }' <<<"$out")" "172800 5"
	is "$(awk '/^boottime/ { print $2, $3 }' <<<"$out")" "604800 0"
	inner=${out##*$'\n'}
	outer=$(cut -d. -f1 /proc/uptime)
	[ $((inner - outer)) -ge 604795 ] && [ $((inner - outer)) -le 604805 ]
}

@test "time: offsets without a new time namespace are refused" {
	config '.linux.timeOffsets = {monotonic: {secs: 1}}'
	try 1 create --bundle "$BUNDLE" "$ID"
	err_has timeOffsets
}

@test "user: maps, root inside is nobody outside" {
	local pid
	maps
	chown -R 100000:100000 "$BUNDLE/rootfs"
	script 'id -u; id -g; cat /proc/self/uid_map; exec sleep 1000'
	oci run --detach --bundle "$BUNDLE" "$ID" >o 2>e </dev/null 3>&-
	until_true grep -q 65536 o
	pid=$(pid_of "$ID")
	is "$(tr -s ' \n' ' ' <o)" "0 0 0 100000 65536 "
	is "$(awk '/^Uid/ { print $2, $5 }' "/proc/$pid/status")" "100000 100000"
	is "$(tr -s ' ' <"/proc/$pid/gid_map")" " 0 100000 65536"
	try 0 exec --user 5:6 "$ID" sh -c 'id -u; id -g'
	is "${out//$'\n'/ }" "5 6"
	is "$(readlink "/proc/$pid/ns/user")" "$(oci exec "$ID" readlink /proc/self/ns/user </dev/null 3>&-)"
}

@test "user: full capabilities inside, none outside" {
	maps
	chown -R 100000:100000 "$BUNDLE/rootfs"
	config '.process.capabilities = {} | .process.capabilities[("bounding", "effective", "permitted")] = ["CAP_SYS_ADMIN", "CAP_CHOWN"]'
	inside 0 'mount -t tmpfs none /mnt && echo mounted; chown 1:1 /tmp && echo chowned; mknod /tmp/d b 8 0 || echo refused'
	is "${out//$'\n'/ }" "mounted chowned refused"
}

@test "user: devices are bound where mknod is refused" {
	maps
	chown -R 100000:100000 "$BUNDLE/rootfs"
	inside 0 'echo x >/dev/null; head -c 4 /dev/zero | wc -c; head -c 3 /dev/urandom | wc -c; stat -c %t:%T /dev/full'
	is "${out//$'\n'/ }" "4 3 1:7"
}

@test "user: maps without a namespace, a namespace without maps, overlapping maps" {
	config '.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 10}] | .linux.gidMappings = .linux.uidMappings'
	try 1 create --bundle "$BUNDLE" "$ID"
	config 'del(.linux.uidMappings, .linux.gidMappings)'
	ns_set user
	try 1 create --bundle "$BUNDLE" "$ID"
	config '.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 10}, {containerID: 5, hostID: 200000, size: 10}] | .linux.gidMappings = .linux.uidMappings'
	try 1 create --bundle "$BUNDLE" "$ID"
	nothing_left
}

@test "user: an id that is not mapped is refused" {
	maps
	chown -R 100000:100000 "$BUNDLE/rootfs"
	config '.process.user.uid = 70000'
	try 1 run --bundle "$BUNDLE" "$ID"
	err_has 70000
}

@test "user: many ranges" {
	maps
	config '.linux.uidMappings = [range(0; 60) | {containerID: (. * 10), hostID: (100000 + . * 1000), size: 10}] | .linux.gidMappings = .linux.uidMappings'
	chown -R 100000:100000 "$BUNDLE/rootfs"
	inside 0 'wc -l </proc/self/uid_map'
	is "$out" 60
}
