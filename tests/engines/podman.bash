# SPDX-License-Identifier: Apache-2.0
#
# A Podman of the tests' own: its storage, its state and its cgroup view are those of
# a mount namespace that lasts as long as a test file, so that no Podman of the machine is met.
#
#	engine_setup, engine_teardown    for setup_file and teardown_file
#	engine_image                     localhost/box: busybox and nothing else
#	podman_ ARG...                   podman with atoll-oci and atoll-init
#
# shellcheck shell=bash disable=SC2016 # the inner shell expands

load "$BATS_TEST_DIRNAME/../until"

engine_setup() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	command -v podman >/dev/null || skip "podman is not installed"
	command -v conmon >/dev/null || skip "conmon is not installed"
	[ -x "${ATOLL_OCI:?}" ] && [ -x "${ATOLL_INIT:?}" ]
	export E=$BATS_FILE_TMPDIR CGROUP_PARENT=atb$BATS_ROOT_PID-podman
	engine_config
	engine_namespace
}

# Limits that a root without CAP_SYS_RESOURCE can set, unlike Podman's own defaults;
# Podman itself lowers its own a little on the way.
limit() { [ "$1" != unlimited ] && [ "$1" -lt 16384 ] && echo "$1" || echo 16384; }

engine_config() {
	local files processes driver=overlay
	# An overlay cannot lie on one (as where the tests themselves run in a container).
	[ "$(stat -f -c %T "$E")" != overlayfs ] || driver=vfs
	files=$(limit "$(ulimit -Hn)") processes=$(limit "$(ulimit -Hu)")
	mkdir "$E/networks" "$E/home"
	cat >"$E/storage.conf" <<-S
		[storage]
		driver = "$driver"
		graphroot = "$E/root"
		runroot = "$E/run"
	S
	cat >"$E/containers.conf" <<-S
		[containers]
		default_ulimits = ["nofile=$files:$files", "nproc=$processes:$processes"]
		init_path = "$ATOLL_INIT"
		pids_limit = 0
		[engine]
		cgroup_manager = "cgroupfs"
		events_logger = "file"
		runtime = "atoll-oci"
		runtime_supports_json = ["atoll-oci"]
		runtime_supports_nocgroups = ["atoll-oci"]
		tmp_dir = "$E/tmp"
		volume_path = "$E/volumes"
		[engine.runtimes]
		"atoll-oci" = ["$ATOLL_OCI"]
		[network]
		network_config_dir = "$E/networks"
	S
}

# One mount namespace for all of Podman's commands, since the mounts of a container
# that runs in the background belong to it. The machine's own mounts stay.
engine_namespace() {
	mkfifo "$E/ready"
	unshare --mount --propagation private -- sh -ec '
		mount -t tmpfs -o mode=755 none /run
		mkdir -p /run/lock
		mount -t tmpfs -o mode=1777 none /dev/shm
		echo >"$1"
		exec sleep infinity' sh "$E/ready" >"$E/namespace.log" 2>&1 </dev/null 3>&- &
	export ENGINE_PID=$!
	timeout 10 head -n 1 "$E/ready" >/dev/null || {
		cat "$E/namespace.log"
		return 1
	}
}

engine_image() {
	local applet
	mkdir -p "$E"/image/{bin,dev,etc,proc,sys,tmp}
	cp "$(command -v busybox)" "$E/image/bin/busybox"
	for applet in $(busybox --list); do
		[ "$applet" = busybox ] || ln -s busybox "$E/image/bin/$applet"
	done
	echo root:x:0:0:root:/root:/bin/sh >"$E/image/etc/passwd"
	echo root:x:0: >"$E/image/etc/group"
	tar -C "$E/image" -cf "$E/image.tar" .
	podman_ import -q "$E/image.tar" localhost/box
}

# Does something of Podman's still run? A container's cleanup goes on when its removal is done, and
# writes to the storage.
engine_busy() {
	local ns process
	ns=$(readlink "/proc/$ENGINE_PID/ns/mnt")
	for process in /proc/[0-9]*; do
		[ "$process" = "/proc/$ENGINE_PID" ] || [ "$(readlink "$process/ns/mnt")" != "$ns" ] || return 0
	done 2>/dev/null
	return 1
}

engine_teardown() {
	[ -n "${ENGINE_PID-}" ] || return 0
	podman_ rm --all --force --time 0 >/dev/null 2>&1 || :
	for _ in {1..300}; do
		engine_busy || break
		sleep 0.1
	done
	kill "$ENGINE_PID" 2>/dev/null || :
	find /sys/fs/cgroup -depth -mindepth 1 -maxdepth 5 -type d -path "*/$CGROUP_PARENT*" \
		-exec rmdir {} \; 2>/dev/null || :
}

# Podman in the namespace, with nothing of the caller's settings.
podman_() {
	timeout -k 5 60 nsenter --target "$ENGINE_PID" --mount -- env -i PATH="$PATH" HOME="$E/home" \
		CONTAINERS_CONF="$E/containers.conf" CONTAINERS_STORAGE_CONF="$E/storage.conf" \
		PODMAN_IGNORE_CGROUPSV1_WARNING=1 \
		podman "$@" </dev/null 3>&-
}
