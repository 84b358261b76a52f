#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Control groups: limits, device rules, freezing; on what hierarchies the machine has.
#
# shellcheck disable=SC2016 # much is for the inner shell, or jq, to expand
# shellcheck disable=SC2154 # out and err are set by try

load common

setup_file() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	oci_setup_file
	[ -n "$(v2_mount)$(v1_of pids)" ] || skip "no cgroups are mounted here"
}
setup() {
	oci_setup
	config '.process.args = ["sleep", "1000"]'
}
teardown() { oci_teardown; }

resources() { config '.linux.resources = ((.linux.resources // {}) * $r)' --argjson r "$1"; }
# file CONTROLLER V1FILE V2FILE: what stands there for this container.
file() {
	local d
	d=$(cgroup_dir "$1" "$ID") || skip "the machine has no $1 controller"
	if [ -n "$(v1_of "$1")" ]; then cat "$d/$2"; else cat "$d/$3"; fi
}
v1() { [ -n "$(v1_of "$1")" ]; }

@test "pids: the limit, and that it holds" {
	cgroup_dir pids x >/dev/null || skip "the machine has no pids controller"
	resources '{"pids": {"limit": 12}}'
	started "$ID"
	is "$(file pids pids.max pids.max)" 12
	try 0 exec "$ID" sh -c '(for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14; do sleep 5 & done) 2>&1; :'
	[[ ${out,,}${err,,} == *"fork"* ]]
	try 0 delete --force "$ID"
	resources '{"pids": {"limit": -1}}'
	started "$ID"
	is "$(file pids pids.max pids.max)" max
}

@test "memory" {
	cgroup_dir memory x >/dev/null || skip "the machine has no memory controller"
	resources '{"memory": {"limit": 33554432, "reservation": 16777216}}'
	started "$ID"
	is "$(file memory memory.limit_in_bytes memory.max)" 33554432
	is "$(file memory memory.soft_limit_in_bytes memory.low)" 16777216
	# Too much is the end of who took it, not of the container.
	try 137 exec "$ID" sh -c 'exec dd if=/dev/zero of=/dev/null bs=200M count=1'
	status_is "$ID" running
}

@test "memory: swap and swappiness" {
	v1 memory || skip "not on v1"
	[ -e "$(v1_of memory)/memory.memsw.limit_in_bytes" ] || skip "the kernel does not count swap"
	resources '{"memory": {"limit": 33554432, "swap": 67108864, "swappiness": 7}}'
	started "$ID"
	is "$(file memory memory.memsw.limit_in_bytes -)" 67108864
	is "$(file memory memory.swappiness -)" 7
}

@test "cpu: shares, quota, period" {
	cgroup_dir cpu x >/dev/null || skip "the machine has no cpu controller"
	resources '{"cpu": {"shares": 512, "quota": 40000, "period": 50000}}'
	started "$ID"
	if v1 cpu; then
		is "$(file cpu cpu.shares -)" 512
		is "$(file cpu cpu.cfs_quota_us -) $(file cpu cpu.cfs_period_us -)" "40000 50000"
	else
		is "$(file cpu - cpu.max)" "40000 50000"
		[ "$(file cpu - cpu.weight)" -lt 100 ]
	fi
}

# "QUOTA PERIOD"
cpu_limit() {
	if v1 cpu; then
		echo "$(file cpu cpu.cfs_quota_us -) $(file cpu cpu.cfs_period_us -)"
	else
		file cpu - cpu.max
	fi
}

@test "cpu: of quota and period, the one that an update leaves out stays" {
	cgroup_dir cpu x >/dev/null || skip "the machine has no cpu controller"
	resources '{"cpu": {"quota": 40000, "period": 50000}}'
	started "$ID"
	echo '{"cpu": {"period": 80000}}' >r.json
	try 0 update --resources r.json "$ID"
	is "$(cpu_limit)" "40000 80000"
	echo '{"cpu": {"quota": 30000}}' >r.json
	try 0 update --resources r.json "$ID"
	is "$(cpu_limit)" "30000 80000"
	echo '{"cpu": {"quota": -1}}' >r.json
	try 0 update --resources r.json "$ID"
	if v1 cpu; then is "$(cpu_limit)" "-1 80000"; else is "$(cpu_limit)" "max 80000"; fi
}

@test "cpu: idle, with shares" {
	local d
	d=$(cgroup_dir cpu x) || skip "the machine has no cpu controller"
	mkdir "${d%/x}/$ID-try"
	[ -e "${d%/x}/$ID-try/cpu.idle" ] || { rmdir "${d%/x}/$ID-try"; skip "the kernel has no cpu.idle"; }
	rmdir "${d%/x}/$ID-try"
	resources '{"cpu": {"shares": 512, "idle": 1}}'
	started "$ID"
	is "$(file cpu cpu.idle cpu.idle)" 1
}

@test "cpuset" {
	cgroup_dir cpuset x >/dev/null || skip "the machine has no cpuset controller"
	resources '{"cpu": {"cpus": "0", "mems": "0"}}'
	started "$ID"
	is "$(file cpuset cpuset.cpus cpuset.cpus)" 0
	is "$(awk '/^Cpus_allowed_list/ { print $2 }' "/proc/$(pid_of "$ID")/status")" 0
}

@test "limits that cannot be: refused, and nothing is left" {
	cgroup_dir pids x >/dev/null || skip "the machine has no pids controller"
	if cgroup_dir cpuset x >/dev/null; then
		resources '{"cpu": {"cpus": "4000"}}'
		try 1 create --bundle "$BUNDLE" "$ID"
		err_has cpuset.cpus
		nothing_left
	fi
	config 'del(.linux.resources)'
	cgroup_dir cpu x >/dev/null || return 0
	resources '{"cpu": {"quota": 5, "period": 50000}}'
	try 1 create --bundle "$BUNDLE" "$ID"
	[[ $err == *cpu.cfs_quota_us* || $err == *cpu.max* ]]
	nothing_left
}

@test "unified: a file that is not there, on no v2" {
	resources '{"unified": {"no-such-file.max": "1"}}'
	try 1 create --bundle "$BUNDLE" "$ID"
	[[ $err == *no-such-file* || $err == *unified* ]]
	nothing_left
}

@test "devices: the rules hold" {
	cgroup_dir devices x >/dev/null || [ -z "$(v1_of devices)" ] || skip "no device rules here"
	config '.linux.devices = [{path: "/dev/loop-x", type: "b", major: 7, minor: 250}, {path: "/dev/kmsg-x", type: "c", major: 1, minor: 11}]
		| .linux.resources.devices = [{allow: false, access: "rwm"}]
		| .process.capabilities[("bounding", "effective", "permitted")] += ["CAP_MKNOD"]'
	started "$ID"
	# In /dev, since the test's own directory may be on a file system mounted with nodev.
	try 0 exec "$ID" sh -c 'head -c 1 /dev/zero | wc -c; (echo x >/dev/kmsg-x) 2>&1; cat /dev/loop-x 2>&1; mknod /dev/m c 1 11 && (: </dev/m) 2>&1; mknod /dev/b b 8 0 2>&1; :'
	is "$(head -n 1 <<<"$out")" 1
	[ "$(grep -ci "not permitted" <<<"$out")" -ge 3 ]
	try 0 delete --force "$ID"
	config '.linux.resources.devices += [{allow: true, type: "c", major: 1, minor: 11, access: "w"}]'
	started "$ID"
	try 0 exec "$ID" sh -c '(: >/dev/kmsg-x) && echo written; (: </dev/kmsg-x) 2>&1; :'
	has written
	[[ ${out,,} == *"not permitted"* ]]
}

@test "cgroupsPath: where the processes are, in each hierarchy" {
	local line
	started "$ID"
	while read -r line; do
		# The unified hierarchy without controllers beside v1 may be left out.
		[[ $line == *"$ID"* || $line == 0::* ]] || { echo "$line"; return 1; }
	done <"/proc/$(pid_of "$ID")/cgroup"
	try 0 exec --detach --pid-file p "$ID" sleep 999
	diff "/proc/$(pid_of "$ID")/cgroup" "/proc/$(<p)/cgroup"
}

# Parents that were made for a container are not its own: they stay, empty.
remove_parents() {
	local m d
	awk '$(NF - 2) ~ /^cgroup2?$/ { print $5 }' /proc/self/mountinfo >mounts
	while read -r m; do
		find "$m" -depth -type d -name "$ID*" >dirs
		while read -r d; do find "$d" -depth -type d -exec rmdir {} +; done <dirs
	done <mounts
}

@test "cgroupsPath: deep, relative, none; what was made is gone after" {
	local p
	for p in "/$ID/deep/er" "$ID-relative/x" ""; do
		config 'if $p == "" then del(.linux.cgroupsPath) else .linux.cgroupsPath = $p end' --arg p "$p"
		started "$ID"
		grep -q "$ID" "/proc/$(pid_of "$ID")/cgroup"
		try 0 delete --force "$ID"
		[ -z "$p" ] || is "$(find /sys/fs/cgroup -type d -name "${p##*/}" -path "*$ID*")" ""
		remove_parents
	done
}

@test "cgroupsPath: .. leads nowhere" {
	config '.linux.cgroupsPath = "/../../../../tmp/" + $i' --arg i "$ID"
	oci run --detach --bundle "$BUNDLE" "$ID" >o 2>e </dev/null 3>&- || [ -s e ]
	[ ! -e "/tmp/$ID" ]
	oci delete --force "$ID"
	remove_parents
	find /sys/fs/cgroup -mindepth 1 -maxdepth 2 -depth -type d -name tmp -empty -exec rmdir {} + 2>/dev/null || :
}

@test "freeze: pause, resume, state" {
	local d
	script 'while :; do echo x >>/tmp/count; sleep 0.01; done'
	started "$ID"
	until_true test -s "$BUNDLE/rootfs/tmp/count"
	try 0 pause "$ID"
	status_is "$ID" paused
	d=$(wc -l <"$BUNDLE/rootfs/tmp/count")
	sleep 0.2
	is "$(wc -l <"$BUNDLE/rootfs/tmp/count")" "$d"
	try 1 delete "$ID"
	try 0 resume "$ID"
	status_is "$ID" running
	until_true grew "$d"
	try 0 pause "$ID"
	try 0 kill "$ID" KILL
	oci resume "$ID" >/dev/null 2>&1 </dev/null 3>&- || :
	stopped "$ID"
	try 0 delete "$ID"
}
grew() { [ "$(wc -l <"$BUNDLE/rootfs/tmp/count")" -gt "$1" ]; }

@test "create: a cgroup that has processes is refused" {
	local d
	d=$(v1_of pids) && [ -n "$d" ] || d=$(v2_mount)
	mkdir "$d/$ID"
	helper sleep 1000
	echo "${HELPERS[0]}" >"$d/$ID/cgroup.procs"
	try 1 create --bundle "$BUNDLE" "$ID"
	err_has "container's cgroup is not empty"
	alive "${HELPERS[0]}"
	[ -d "$d/$ID" ] # it was there before
	kill -KILL "${HELPERS[0]}"
	wait "${HELPERS[0]}" || :
	rmdir "$d/$ID"
	nothing_left
}

@test "create: a frozen cgroup is refused" {
	local d f
	d=$(v1_of freezer)
	if [ -n "$d" ]; then f=freezer.state; else d=$(v2_mount) f=cgroup.freeze; fi
	mkdir "$d/$ID"
	[ -e "$d/$ID/$f" ] || { rmdir "$d/$ID"; skip "no freezer"; }
	if [ $f = freezer.state ]; then echo FROZEN; else echo 1; fi >"$d/$ID/$f"
	try 1 create --bundle "$BUNDLE" "$ID"
	err_has "frozen"
	rmdir "$d/$ID"
	nothing_left
}

@test "a cgroup that was there before stays, empty" {
	local d
	d=$(v1_of pids) && [ -n "$d" ] || d=$(v2_mount)
	mkdir "$d/$ID"
	started "$ID"
	try 0 delete --force "$ID"
	[ ! -d "$d/$ID" ] || { is "$(cat "$d/$ID/cgroup.procs")" "" && rmdir "$d/$ID"; }
}

@test "update: limits of a running one" {
	cgroup_dir pids x >/dev/null || skip "the machine has no pids controller"
	started "$ID"
	echo '{"pids": {"limit": 21}}' >r.json
	oci update --resources r.json "$ID" >o 2>e </dev/null 3>&- ||
		{ ! grep -q "not supported\|no such command\|unknown command" e || skip "no update here"; return 1; }
	is "$(file pids pids.max pids.max)" 21
}

@test "delete: cgroups made inside the container go as well" {
	local d
	started "$ID"
	d=$(cgroup_dir pids "$ID") || d=$(v2_mount)/$ID
	mkdir -p "$d/inner/inner2"
	oci exec --detach --pid-file p "$ID" sleep 999 >/dev/null 2>e </dev/null 3>&-
	cat p >"$d/inner/inner2/cgroup.procs"
	try 0 delete --force "$ID"
	[ ! -d "$d" ]
	until_true gone "$(<p)"
}
