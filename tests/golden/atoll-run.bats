#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# `atoll run --dry-run`: the steps that options become, compared with a file. Only what
# is the same on every machine is compared. ATOLL_GOLDEN_UPDATE=1 writes the files anew.

bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	mkdir -p rootfs/etc
	printf 'root:x:0:0:root:/root:/bin/sh\napp:x:1234:4321::/home/app:/bin/sh\n' >rootfs/etc/passwd
	printf 'app:x:4321:\n' >rootfs/etc/group
	HERE=$(realpath .)
}

# plan NAME OPTIONS...: the plan, without the numbers of the steps, the machine's cgroups and our paths.
plan() {
	local want=$BATS_TEST_DIRNAME/atoll-run/$1.plan
	shift
	"$ATOLL" --root "$HERE/state" run --dry-run "$@" >out 2>err || { cat err; return 1; }
	[ ! -s err ]
	[ ! -e state ] # nothing was made
	sed -e 1d -e 's/^ *[0-9]*  //' -e "s|$HERE|HERE|g" -e 's/  #.*//' -e 's/, into the cgroup$//' -e 's/ *$//' out |
		grep -Ev '^(host|child) +(cgroup|cgroup-join|unshare-cgroup) ' >got
	if [ -n "${ATOLL_GOLDEN_UPDATE-}" ]; then
		mkdir -p "${want%/*}"
		cp got "$want"
	fi
	diff -u "$want" got
}

needs_root() { [ "$(id -u)" = 0 ] || skip "the plan of root"; }

@test "defaults" {
	needs_root
	plan defaults rootfs true
}

@test "files, user and rights" {
	needs_root
	plan options -v "$HERE:/data:ro" --tmpfs /cache:size=1m --read-only -u app -w /data \
		--cap-drop all --cap-add net_raw --ulimit core=0 --sysctl net.ipv4.ip_forward=1 --hostname box \
		--no-init --oom-score-adj 100 rootfs -- ls -l
}

@test "host namespaces, no confinement" {
	needs_root
	plan host --pid host --ipc host --uts host --net host --cgroupns host --security-opt seccomp=unconfined \
		--security-opt systempaths=unconfined --security-opt no-new-privileges=false rootfs sh
}

@test "the same as JSON" {
	needs_root
	"$ATOLL" --root "$HERE/state" run --dry-run --json rootfs true >json
	"$ATOLL" --root "$HERE/state" run --dry-run rootfs true >text
	[ "$(jq '.steps | length' json)" = $(($(wc -l <text) - 1)) ]
	[ "$(jq -r '.steps[0].name' json)" = state-dir ]
	[ "$(jq -r '.steps[-1].name' json)" = exec ]
}

@test "the embedded default hides secrets" {
	needs_root
	"$ATOLL" --root "$HERE/state" run --dry-run -- true >out
	grep -q 'rootfs under a throw-away overlay' out
	for path in /root /home /run /tmp /var/tmp; do grep -qE "mount tmpfs on $path \(" out; done
	for path in /etc/shadow /etc/ssl/private /var/lib/docker /boot /srv /mnt; do grep -qE "mask $path\$" out; done
}
