# SPDX-License-Identifier: Apache-2.0
#
# For init*.bats: how atoll-init is started there, and what is asked of it.
#
#	ns COMMAND...      COMMAND is PID 1 of a new namespace, in the foreground
#	start COMMAND...   the same in the background, until it has printed "ready": PID1
#	finish STATUS      waits for its end
#
# HOW comes from the name of the test file; init.bats says what there is. PROBE is init-probe.c.
#
# shellcheck shell=bash disable=SC2034,SC2016 # variables are for the tests; the inner shell expands

bats_require_minimum_version 1.5.0

load "$BATS_TEST_DIRNAME/../until"

setup_file() {
	[ -x "${ATOLL_INIT:?}" ]
	[ "$(id -u)" = 0 ] || skip "needs root for a PID namespace"
	HOW=$(basename "$BATS_TEST_FILENAME" .bats)
	HOW=${HOW#init}
	HOW=${HOW#-alone}
	export HOW=${HOW#-}
	# A place that another user can reach too.
	DIR=$(mktemp -d /tmp/init-bats.XXXXXX)
	chmod 755 "$DIR"
	if [ "$HOW" = checked ]; then
		ATOLL_INIT=${ATOLL_BUILD:?}/src/init/atoll-init-checked
		[ -x "$ATOLL_INIT" ] || skip "this build has no sanitizers"
	fi
	[ "$HOW" != disturbed ] || export DISTURBED=1
	cp "$ATOLL_INIT" "$DIR/init"
	for name in tini docker-init dumb-init catatonit podman-init; do
		ln -s init "$DIR/$name"
	done
	"${CC:-cc}" -D_GNU_SOURCE -O1 -Wall -o "$DIR/probe" "$BATS_TEST_DIRNAME/../integration/init-probe.c"
	chmod 755 "$DIR/init" "$DIR/probe"
	export DIR INIT=$DIR/init PROBE=$DIR/probe
	[ "$HOW" != oci ] || make_bundle
	[ "$HOW" != podman ] || make_engine
}

# The machine's own programs in a root of their own.
make_bundle() {
	local dir mounts='[]'
	[ -x "${ATOLL_OCI:?}" ]
	command -v jq >/dev/null
	mkdir -p "$DIR/bundle/rootfs"
	for dir in /usr /bin /sbin /lib /lib64 /etc /tmp "$BATS_RUN_TMPDIR"; do
		[ ! -d "$dir" ] || mounts=$(jq -c --arg d "$dir" '. + [{destination: $d, type: "bind", source: $d, options: ["rbind"]}]' <<<"$mounts")
	done
	(cd "$DIR/bundle" && "$ATOLL_OCI" spec)
	jq --argjson m "$mounts" --arg path "$PATH" '.process.terminal = false | .process.rlimits = []
		| .root.readonly = false | .mounts += $m | .process.noNewPrivileges = false
		| .process.env = ["PATH=" + $path, "DIR=" + env.DIR, "INIT=" + env.INIT, "PROBE=" + env.PROBE]
		| .process.capabilities |= with_entries(.value = ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_KILL", "CAP_SETGID", "CAP_SETUID", "CAP_SETPCAP", "CAP_SYS_CHROOT", "CAP_SYS_ADMIN", "CAP_SYS_PTRACE"])
		| del(.linux.seccomp, .linux.maskedPaths, .linux.readonlyPaths)' "$DIR/bundle/config.json" >"$DIR/config.json"
}

# A Podman of our own, whose containers have the machine's programs too.
make_engine() {
	load "$BATS_TEST_DIRNAME/../engines/podman"
	engine_setup
	mkdir "$DIR/rootfs"
	ENGINE_VOLUMES=
	for dir in /usr /bin /sbin /lib /lib64 /etc /tmp "$BATS_RUN_TMPDIR"; do
		[ ! -d "$dir" ] || ENGINE_VOLUMES+=" -v $dir:$dir"
	done
	export ENGINE_VOLUMES
}

teardown_file() {
	[ "$HOW" != podman ] || engine_teardown
	[ -z "$DIR" ] || rm -rf -- "$DIR"
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	[ "$HOW" != podman ] || load "$BATS_TEST_DIRNAME/../engines/podman"
	LAUNCHER='' PID1='' DISTURBER=''
	# What it calls itself: Podman gives it another name.
	ME=atoll-init
	[ "$HOW" != podman ] || ME=catatonit
}

teardown() {
	[ -z "$DISTURBER" ] || kill "$DISTURBER" 2>/dev/null || :
	[ -z "$PID1" ] || kill -KILL "$PID1" 2>/dev/null || :
	[ -z "$LAUNCHER" ] || kill "$LAUNCHER" 2>/dev/null || :
	[ -z "$LAUNCHER" ] || wait "$LAUNCHER" 2>/dev/null || :
	[ -z "$DISTURBER" ] || wait "$DISTURBER" 2>/dev/null || :
}

# launch COMMAND...: it becomes PID 1 of a new namespace.
launch() {
	case $HOW in
	oci) launch_oci "$@" ;;
	podman) launch_podman "$@" ;;
	*) exec unshare --pid --fork --mount-proc --kill-child -- "$@" ;;
	esac
}

launch_oci() {
	local id=init$BASHPID
	mkdir -p bundle
	ln -sf "$DIR/bundle/rootfs" bundle/rootfs
	jq --arg id "$id" --arg cwd "$PWD" '.process.cwd = $cwd | .process.args = $ARGS.positional
		| .root.path = env.DIR + "/bundle/rootfs" | .linux.cgroupsPath = "/" + $id
		| .process.env += ($ENV | to_entries | map(select(.key | test("^(TINI|DUMB|LISTEN|WATCHDOG|container)")) | .key + "=" + .value))' \
		"$DIR/config.json" --args -- "$@" >bundle/config.json
	exec "$ATOLL_OCI" --root "$PWD/state" run --bundle "$PWD/bundle" "$id"
}

launch_podman() {
	local options=() name
	# shellcheck disable=SC2206 # words are meant
	options=($ENGINE_VOLUMES)
	for name in $(compgen -e | grep -E '^(TINI|DUMB|LISTEN|WATCHDOG|container|PATH$|DIR$|INIT$|PROBE$)'); do
		options+=(-e "$name=${!name}")
	done
	if [ "$1" = "$INIT" ] && [[ ${2--} != -* ]]; then
		options+=(--init)
		shift
	fi
	rm -f pid1
	podman_ run --rm --network none --cgroup-parent "/$CGROUP_PARENT" --pidfile "$PWD/pid1" -w "$PWD" \
		--cap-add SYS_ADMIN,SYS_PTRACE --security-opt seccomp=unconfined "${options[@]}" \
		--rootfs "$DIR/rootfs" "$@"
}

# In the foreground: `ns COMMAND...`. 124 or 137 = it hung.
ns() {
	local status=0 job
	if [ "$HOW" = disturbed ]; then
		(launch "$@") <&0 &
		job=$!
		timeout -k 1 20 "$PROBE" disturb $job 2>/dev/null &
		wait $job || status=$?
		wait $! || [ $? != 124 ] || return 124
		return $status
	fi
	export -f launch launch_oci launch_podman
	[ "$HOW" != podman ] || export -f podman_
	timeout -k 1 20 bash -c 'launch "$@"' bash "$@"
}

has_line() { grep -qxe "$1" out; }
lines_are() { [ "$(grep -cve ready out)" -ge "$1" ]; }
state_of() { awk '{ sub(/.*\) /, ""); print $1 }' "/proc/$1/stat" 2>/dev/null; }
in_state() { [ "$(state_of "$1")" = "$2" ]; }
children_of() { cat "/proc/$1/task/$1/children"; }
status_field() { sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status"; }
main_of() { children_of "$1" | cut -d' ' -f1; }

# The PID 1 below the launcher, whatever stands between.
find_pid1() {
	local p=$1
	if [ "$HOW" = podman ]; then
		PID1=$(cat pid1 2>/dev/null) && [ -e "/proc/$PID1/exe" ]
		return
	fi
	while p=$(children_of "$p" 2>/dev/null) && p=${p%% *} && [ -n "$p" ]; do
		[[ $(status_field "$p" NSpid) != *$'\t1' ]] || break
	done
	PID1=$p
	[ -n "$PID1" ]
}

# In the background: `start COMMAND...`; sets LAUNCHER and PID1, when "ready" was
# printed. Output goes to the files out and err.
start() {
	(launch "$@") >out 2>err 3>&- &
	LAUNCHER=$!
	disturb
	until_true has_line ready
	find_pid1 $LAUNCHER
}

disturb() {
	[ "$HOW" = disturbed ] || return 0
	"$PROBE" disturb "$LAUNCHER" 2>disturbed 3>&- &
	DISTURBER=$!
}

# finish STATUS: waits for the end and compares.
finish() {
	local got=0
	timeout 20 tail -s 0.02 --pid="$LAUNCHER" -f /dev/null || {
		kill -KILL "$PID1"
		echo "it hung"
	}
	wait "$LAUNCHER" || got=$?
	LAUNCHER='' PID1=''
	echo "status $got, not $1; stdout: $(cat out); stderr: $(cat err)"
	[ "$got" = "$1" ]
}

# A main process and a child that both say when they get USR1, once both are ready.
family() {
	start "$@" sh -c '
		sh -c "trap \"echo child; exit\" USR1; echo child-ready; while :; do sleep 0.02; done" &
		trap "echo main; wait; exit 5" USR1
		echo ready
		while :; do sleep 0.02; done'
	until_true has_line child-ready
	kill -USR1 "$PID1"
	until_true has_line main
}

is_pausing() {
	find_pid1 "$LAUNCHER" && grep -qx init "/proc/$PID1/comm" && in_state "$PID1" S
}

start_pause() {
	(launch "$INIT" "$@") >out 2>err 3>&- &
	LAUNCHER=$!
	until_true is_pausing
	disturb
}

# on_terminal COMMAND: runs it with a terminal of its own; types what comes on stdin.
on_terminal() {
	timeout -k 1 20 script -qec "$1" typescript >out 2>&1 3>&-
}
