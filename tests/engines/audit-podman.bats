#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# atoll audit --live on Podman's containers: what an option weakens is found, nothing else; and
# what is changed afterwards differs from the configuration that Podman wrote, which is
# found without being named.
# timeout: 300
#
# shellcheck disable=SC2154 # output, stderr and status are set by run

bats_require_minimum_version 1.5.0

load podman

setup_file() {
	engine_setup
	engine_image
	[ -x "${ATOLL:?}" ]
	started calm
	BASE=$(rules calm)
	export BASE
}

teardown_file() {
	engine_teardown
}

calm=(--init --read-only --pids-limit 50 --user 1000:1000 --cap-drop ALL --security-opt no-new-privileges)

# started NAME OPTION...
started() {
	local network=(--network none)
	[[ " $* " != *" --network "* ]] || network=()
	podman_ run -d --name "$1" "${network[@]}" --cgroup-parent "/$CGROUP_PARENT" "${calm[@]}" "${@:2}" localhost/box sleep 1000 >/dev/null
	PID=$(podman_ inspect --format '{{.State.Pid}}' "$1")
}

# rules NAME: those that fire, by PID 1, since its state is not where a Podman of the machine has it.
rules() {
	"$ATOLL" audit --live --format json --fail-on none "$(podman_ inspect --format '{{.State.Pid}}' "$1")" >"$E/audit.json"
	jq -r '[.findings[].rule] | unique[]' "$E/audit.json"
}

# weak "RULE..." OPTION...: those of the calm one and these.
weak() {
	local want got name=weak$BATS_TEST_NUMBER-$RANDOM
	started "$name" "${@:2}"
	got=$(rules "$name" | sort)
	podman_ rm -f -t 0 "$name" >/dev/null
	want=$({ echo "$BASE"; tr ' ' '\n' <<<"$1"; } | sed '/^$/d' | sort -u)
	[ "$got" = "$want" ] || {
		diff <(echo "$want") <(echo "$got")
		jq -r '.findings[] | .rule + ": " + .message + " (" + .place.path + ")"' "$E/audit.json"
		return 1
	}
}

@test "the calm container" {
	rules calm
	jq -r '.findings[] | .rule + ": " + .message' "$E/audit.json"
	# Podman's default profile lets mount(2) and the like through, and relies on capabilities.
	[ "$(grep -vx -e lsm-not-enforcing -e seccomp-weak -e cgroupns-host <<<"$BASE")" = userns-missing ]
	# The configuration was found by conmon, and is what the kernel does.
	jq -e '[.untold[].rule] | index("drift") == null' "$E/audit.json"
}

@test "namespaces" {
	weak pid-host --pid host --init=false
	weak net-host --network host
	weak ipc-host --ipc host
	weak uts-host --uts host
}

@test "capabilities and privileges" {
	# For an ordinary user Podman makes what is added inheritable and ambient.
	weak "cap-sys-admin cap-inheritable" --cap-add SYS_ADMIN
	weak "cap-net-admin cap-inheritable" --cap-add NET_ADMIN
	weak "cap-sys-ptrace cap-inheritable" --cap-add SYS_PTRACE
	weak run-as-root --user 0:0
}

@test "mounts and devices" {
	mkdir -p "$E/data"
	weak mount-host-path -v "$E/data:/data:ro"
	weak mount-host-sensitive -v /etc:/host/etc:ro
	weak device-host --device /dev/kmsg
	weak rootfs-writable --read-only=false
}

@test "seccomp, PID 1" {
	local got
	started open --security-opt seccomp=unconfined
	got=$(rules open)
	grep -qx -e seccomp-unconfined -e seccomp-not-set <<<"$got"
	[[ $got != *seccomp-weak* ]]
	podman_ rm -f -t 0 open
	weak "init-missing init-no-sigterm" --init=false
}

@test "drift: what is changed after the start" {
	started moved
	[[ $(rules moved) != *drift* ]]
	nsenter --target "$PID" --mount -- /bin/busybox umount /proc/keys
	rules moved | grep -qx drift
	jq -e '[.findings[] | select(.rule == "drift").message] | length == 1 and (.[0] | contains("/proc/keys"))' "$E/audit.json"
}

@test "drift: none, whatever the options are" {
	local name i=0
	undrifted() {
		name=as-declared$((++i))
		started "$name" "$@"
		rules "$name" >/dev/null
		podman_ rm -f -t 0 "$name" >/dev/null
		jq -c '[.findings[] | select(.rule == "drift").message]' "$E/audit.json"
		jq -e '([.findings[].rule] + [.untold[].rule]) | index("drift") == null' "$E/audit.json"
	}
	mkdir -p "$E/plain"
	undrifted --user 0:0 --group-add 27
	undrifted --user 1000:7 --group-add 0 --group-add 27 --cap-add SETGID
	undrifted --tmpfs /a --tmpfs /b:exec,suid,dev --mount type=tmpfs,destination=/c,tmpfs-mode=755 --shm-size 1m
	undrifted -v "$E/plain:/d:nosuid,noexec,nodev" -v "$E/plain:/e:ro" -v "$E/plain:/f:suid,exec,dev" -v named:/g:nosuid
	undrifted --uidmap 0:100000:65536 --gidmap 0:200000:65536 --group-add 27
	undrifted --privileged --user 0:0
}

@test "an exec with more rights" {
	started visited
	podman_ exec -d --privileged --user 0 visited sleep 1000
	rules visited | grep -qx pidns-intruder
}
