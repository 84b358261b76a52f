#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# `atoll` with real containers: as a person uses it.
# timeout: 300
#
# shellcheck disable=SC2016 # much is for the inner shell to expand

bats_require_minimum_version 1.5.0

load "$BATS_TEST_DIRNAME/../until"

setup_file() {
	[ -x "${ATOLL:?}" ] && [ -x "${ATOLL_OCI:?}" ]
	[ "$(id -u)" = 0 ] || skip "needs root"
	# A place that another user can reach too.
	DIR=$(mktemp -d /tmp/atoll-bats.XXXXXX)
	chmod 755 "$DIR"
	mkdir -p "$DIR/bin" "$DIR/rootfs"/{bin,etc,proc,sys,dev,tmp}
	cp "$ATOLL" "$ATOLL_OCI" "$ATOLL_INIT" "$DIR/bin/"
	chmod 755 "$DIR/bin"/*
	cp "$(command -v busybox)" "$DIR/rootfs/bin/busybox"
	for name in $("$DIR/rootfs/bin/busybox" --list); do
		[ "$name" = busybox ] || ln -sf busybox "$DIR/rootfs/bin/$name"
	done
	printf 'root:x:0:0:root:/root:/bin/sh\napp:x:1234:4321::/home/app:/bin/sh\n' >"$DIR/rootfs/etc/passwd"
	printf 'root:x:0:\nwheel:x:10:app\napp:x:4321:\n' >"$DIR/rootfs/etc/group"
	echo data >"$DIR/rootfs/etc/data"
	export DIR R=$DIR/rootfs
}

teardown_file() {
	[ -z "${DIR-}" ] || rm -rf -- "$DIR"
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	STATE=$DIR/state-$BATS_TEST_NUMBER
}

teardown() {
	local left
	left=$(atoll list -q)
	# shellcheck disable=SC2086 # ids
	[ -z "$left" ] || atoll rm -f $left >/dev/null
	[ ! -d "$STATE" ] || [ -z "$(find "$STATE/records" "$STATE/names" -mindepth 1)" ]
	rm -rf -- "$STATE"
}

atoll() { timeout -k 5 60 "$DIR/bin/atoll" --root "$STATE" "$@"; }

# status WANT COMMAND...: with its output on a failure.
status() {
	local want=$1
	shift
	run "$@"
	echo "status $status, not $want: $output"
	[ "$status" = "$want" ]
}

is_running() { [ "$(field "$1" Status 2>/dev/null)" = running ]; }
field() { atoll inspect -f "{{.State.$2}}" "$1"; }

# ---- what a container sees -------------------------------------------------------

@test "PID 1 is atoll-init, and the command its child" {
	run -0 atoll run --rm "$R" -- sh -c 'cat /proc/1/comm; echo $$ $PPID; ls -d /proc/[0-9]* | wc -l'
	[ "${lines[0]}" = atoll-init ]
	[ "${lines[1]}" = "2 1" ]
	[ "${lines[2]}" -le 5 ]
}

@test "without init the command is PID 1" {
	run -0 atoll run --rm --no-init "$R" -- sh -c 'echo $$'
	[ "$output" = 1 ]
}

@test "a command by its name, /bin/sh without one, --entrypoint" {
	run -0 atoll run --rm "$R" echo hello
	[ "$output" = hello ]
	run -0 atoll run --rm -i "$R" <<<'echo from a shell'
	[ "$output" = "from a shell" ]
	run -0 atoll run --rm --entrypoint echo "$R" -n x
	[ "$output" = x ]
}

@test "the embedded default: this machine's programs, nobody's secrets" {
	local secret=$DIR/secret home=/home/atoll-bats-$$ var=/srv/atoll-bats-$$
	mkdir -p "$home" /srv
	echo tellnobody >"$home/key"
	echo tellnobody >"$var"
	run atoll run --rm -- sh -c "cat $home/key $var /etc/shadow; ls -A /root /home /run /tmp | grep -v : ; cat /etc/passwd | head -1"
	rm -rf "$home" "$var"
	echo "$output"
	[[ $output != *tellnobody* ]]
	[[ $output != *:\$* ]] # a password's hash
	[ "${lines[-1]}" = "$(head -1 /etc/passwd)" ]
	[ ! -e "$secret" ]
}

@test "the embedded default: what is written is forgotten" {
	run -0 atoll run --rm -- sh -c 'echo x >/etc/atoll-bats && cat /etc/atoll-bats && rm /bin/ls; rm -rf /opt/*; ls /bin/ls 2>&1; :'
	[ "${lines[0]}" = x ]
	[ ! -e /etc/atoll-bats ]
	[ -e /bin/ls ]
}

@test "the embedded default: ssh host keys" {
	local made='' key=/etc/ssh/ssh_host_atollbats_key
	[ -d /etc/ssh ] || { mkdir /etc/ssh && made=1; }
	echo tellnobody >$key
	run atoll run --rm -- cat $key
	rm -f $key
	[ -z "$made" ] || rmdir /etc/ssh
	[[ $output != *tellnobody* ]]
}

@test "mounts of one's own stay visible in the embedded default" {
	mkdir src
	echo here >src/file
	run -0 atoll run --rm -v ./src:/mnt/a -v ./src:/srv:ro -v "$PWD/src:/home/x" -- cat /mnt/a/file /srv/file /home/x/file
	[ "$output" = $'here\nhere\nhere' ]
}

@test "environment" {
	printf '# comment\nFROM_FILE=1\nBOTH=file\nOURS\n' >vars
	run -0 atoll run --rm --hostname '' "$R" hostname
	[[ $output =~ ^[0-9a-f]{12}$ ]]
	OURS=yes MINE=me run -0 atoll run --rm --hostname box -e BOTH=option -e MINE -e NOBODY --env-file vars "$R" env
	[[ $'\n'$output$'\n' == *$'\nFROM_FILE=1\n'* ]]
	[[ $'\n'$output$'\n' == *$'\nBOTH=option\n'* ]]
	[[ $'\n'$output$'\n' == *$'\nMINE=me\n'* ]]
	[[ $'\n'$output$'\n' == *$'\nOURS=yes\n'* ]]
	[[ $'\n'$output$'\n' == *$'\nHOSTNAME=box\n'* ]]
	[[ $'\n'$output$'\n' == *$'\nHOME=/root\n'* ]]
	[[ $output != *NOBODY* ]]
	[[ $output != *BATS* ]]
}

@test "users by name and number" {
	run -0 atoll run --rm -u app "$R" id
	[ "$output" = "uid=1234(app) gid=4321(app) groups=10(wheel)" ]
	run -0 atoll run --rm -u 77:10 --group-add 99 "$R" id
	[ "$output" = "uid=77 gid=10(wheel) groups=99" ]
	run -0 atoll run --rm -u app -w /tmp "$R" -- sh -c 'echo $HOME; pwd'
	[ "$output" = $'/home/app\n/tmp' ]
}

@test "volumes: read-only and not" {
	mkdir a
	echo 1 >a/f
	run -0 atoll run --rm -v ./a:/a "$R" -- sh -c 'echo 2 >/a/f'
	[ "$(cat a/f)" = 2 ]
	status 1 atoll run --rm -v ./a:/a:ro "$R" -- sh -c 'echo 3 >/a/f'
	[ "$(cat a/f)" = 2 ]
	run -0 atoll run --rm --mount type=bind,src="$PWD/a/f",dst=/tmp/x,readonly "$R" cat /tmp/x
	[ "$output" = 2 ]
	status 125 atoll run --rm -v ./none:/a "$R" true
	[[ $output == *none* ]]
	rmdir "$R/a"
}

@test "read-only root, tmpfs" {
	run atoll run --rm --read-only --tmpfs /tmp:size=64k "$R" -- sh -c 'echo x >/etc/x || echo refused; echo y >/tmp/y && cat /tmp/y; df /tmp | tail -1'
	[[ $output == *refused* ]]
	[[ $output == *$'\ny\n'* ]]
	[[ $output == *" 64 "* ]]
	[ ! -e "$R/etc/x" ]
}

@test "limits stand in the cgroup" {
	grep -qE ' - cgroup2? ' /proc/self/mountinfo || skip "no cgroups are mounted here"
	run -0 atoll run --rm -m 64m --cpus 1.5 --pids-limit 50 "$R" -- sh -c '
		cd /sys/fs/cgroup
		cat memory/memory.limit_in_bytes memory.max 2>/dev/null
		cat pids/pids.max pids.max 2>/dev/null
		cat cpu/cpu.cfs_quota_us 2>/dev/null || cut -d" " -f1 cpu.max'
	[ "$output" = $'67108864\n50\n150000' ]
	run -0 atoll run --rm "$R" -- sh -c 'cat /sys/fs/cgroup/pids/pids.max 2>/dev/null || cat /sys/fs/cgroup/pids.max'
	[ "$output" = 2048 ]
}

@test "without cgroups: limits are refused by name, the rest works" {
	cat >bare <<-'END'
		mount -t tmpfs none /sys/fs/cgroup 2>/dev/null # over them, if there are any
		exec "$@"
	END
	bare() { unshare -m --propagation private sh bare "$DIR/bin/atoll" --root "$STATE" "$@"; }
	status 125 bare run --rm -m 64m "$R" true
	[[ $output == *"--memory: limits cannot be set: no cgroup hierarchy is mounted"* ]]
	run -0 bare run --rm "$R" echo there
	[ "$output" = there ]
}

@test "ulimits" {
	run -0 atoll run --rm --ulimit nofile=100:200 --ulimit core=0 "$R" -- sh -c 'ulimit -n; ulimit -Hn; ulimit -c'
	[ "$output" = $'100\n200\n0' ]
}

# ---- rights ------------------------------------------------------------------------

@test "safe by default: no_new_privs, few capabilities, a filter" {
	run -0 atoll run --rm "$R" -- sh -c 'grep -E "^(NoNewPrivs|CapBnd|CapEff|Seccomp):" /proc/self/status'
	[[ $output == *$'NoNewPrivs:\t1'* ]]
	[[ $output == *$'Seccomp:\t2'* ]]
	[[ $output == *$'CapBnd:\t00000000800405fb'* ]]
	status 1 atoll run --rm "$R" unshare -m true
	status 1 atoll run --rm "$R" mount -t tmpfs x /tmp
	run -0 atoll run --rm --cap-add SYS_ADMIN "$R" unshare -m true
	# The filter by itself: no capability is needed for a user namespace.
	status 1 atoll run --rm "$R" unshare -U true
	run -0 atoll run --rm --security-opt seccomp=unconfined "$R" unshare -U true
}

@test "--cap-drop all" {
	run -0 atoll run --rm --cap-drop all "$R" -- grep CapEff /proc/self/status
	[[ $output == *$'\t0000000000000000' ]]
	run -0 atoll run --rm -u app "$R" -- grep CapEff /proc/self/status
	[[ $output == *$'\t0000000000000000' ]]
}

@test "a capability that root lacks here is refused" {
	grep -q 'CapBnd:.*1ffffffffff' /proc/self/status && skip "root has all of them"
	lacking=$(printf '%d' "0x$(awk '/CapBnd/ { print $2 }' /proc/self/status)")
	[ $((lacking >> 24 & 1)) = 0 ] || skip "root lacks another one"
	status 125 atoll run --rm --cap-add SYS_RESOURCE "$R" true
	[[ $output == *"--cap-add SYS_RESOURCE"* ]]
}

@test "masked and read-only paths" {
	run atoll run --rm "$R" -- sh -c 'wc -c </proc/keys; echo 1 >/proc/sys/kernel/panic'
	[ "${lines[0]}" = 0 ]
	[[ $output == *"Read-only file system"* ]]
}

@test "a seccomp profile of one's own" {
	echo '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":5}]}' >p.json
	status 1 atoll run --rm --security-opt seccomp=p.json "$R" mkdir /tmp/d
	[[ $output == *"Input/output error"* ]]
	echo '{' >p.json
	status 125 atoll run --rm --security-opt seccomp=p.json "$R" true
	[[ $output == *p.json* ]]
}

# ---- namespaces ----------------------------------------------------------------------

@test "no network but lo" {
	run -0 atoll run --rm "$R" -- sh -c 'ls /sys/class/net; ping -c 1 -W 1 127.0.0.1 >/dev/null 2>&1; cat /sys/class/net/lo/operstate'
	[ "${lines[0]}" = lo ]
	[ "${#lines[@]}" = 2 ]
}

@test "host namespaces" {
	run -0 atoll run --rm --net host --uts host --ipc host --pid host "$R" -- sh -c 'for n in net uts ipc pid; do readlink /proc/self/ns/$n; done'
	[ "$output" = "$(for n in net uts ipc pid; do readlink /proc/self/ns/$n; done)" ]
}

@test "another container's namespaces" {
	command -v conmon || skip "no conmon"
	atoll run -d --name first "$R" sleep 1000
	run -0 atoll run --rm --pid container:first --net container:first "$R" ps
	[[ $output == *"sleep 1000"* ]]
	status 125 atoll run --rm --pid container:nobody "$R" true
	[[ $output == *"container does not exist"* ]]
	atoll stop first
	status 125 atoll run --rm --pid container:first "$R" true
	[[ $output == *"not running"* ]]
}

@test "a user namespace for root" {
	grep -q "^root:" /etc/subuid /etc/subgid || {
		printf 'root:300000:65536\n' >sub
		mount --bind sub /etc/subuid
		mount --bind sub /etc/subgid
	}
	run atoll run --rm --userns private "$R" -- sh -c 'id -u; cat /proc/self/uid_map'
	umount /etc/subuid /etc/subgid 2>/dev/null || :
	[ "${lines[0]}" = 0 ]
	[[ ${lines[1]} =~ ^\ *0\ +[1-9] ]]
}

# ---- exit statuses and signals ----------------------------------------------------------

@test "exit statuses" {
	status 0 atoll run --rm "$R" true
	status 7 atoll run --rm "$R" -- sh -c 'exit 7'
	status 137 atoll run --rm "$R" -- sh -c 'kill -9 $$'
	status 127 atoll run --rm "$R" no-such-command
	[[ $output == *"executable file not found"* ]]
	status 127 atoll run --rm "$R" /no/such
	status 126 atoll run --rm "$R" /etc/passwd
	status 126 atoll run --rm "$R" /etc
	status 125 atoll run --rm /no/such/root true
	status 125 atoll run --no-such-option
	status 125 atoll run
	status 125 atoll run --rm -m lots "$R" true
	[[ $output == *"--memory 'lots'"* ]]
}

@test "signals are forwarded" {
	"$DIR/bin/atoll" --root "$STATE" run --rm "$R" -- sh -c 'trap "echo got; exit 3" TERM; echo ready; while :; do sleep 0.1; done' >out 3>&- &
	local pid=$!
	until_true grep -q ready out
	kill -TERM $pid
	local got=0
	wait $pid || got=$?
	[ $got = 3 ]
	grep -q got out
}

@test "standard input only with -i, a terminal with -t" {
	run -0 atoll run --rm -i "$R" cat <<<input
	[ "$output" = input ]
	run -0 atoll run --rm "$R" cat <<<input
	[ -z "$output" ]
	run -0 atoll run --rm -t "$R" tty
	[[ $output == /dev/pts/0* ]]
	status 125 atoll run --rm -it "$R" true </dev/null
	run -0 script -qec "'$DIR/bin/atoll' --root '$STATE' run --rm -it '$R' sh -c 'test -t 0 && echo yes'" /dev/null
	[[ $output == *yes* ]]
}

# ---- the stopped container ----------------------------------------------------------------

@test "without --rm it stays for inspect, wait and rm" {
	status 5 atoll run --name left "$R" -- sh -c 'exit 5'
	run -0 atoll list
	[[ $output == *left*"exited (5)"* ]]
	run -0 atoll wait left
	[ "$output" = 5 ]
	[ "$(atoll list --json | jq -c '.[0] | [.name, .status, .exitCode, .pid, .command, (keys - ["created", "id", "root"] | length)]')" = \
		'["left","exited",5,0,["sh","-c","exit 5"],5]' ]
	[ "$(atoll inspect -f '{{.State.Status}} {{.State.ExitCode}} {{.Path}} {{json .Args}}' left)" = 'exited 5 sh ["-c","exit 5"]' ]
	status 1 atoll logs left
	[[ $output == *foreground* ]]
	status 125 atoll run --name left "$R" true
	[[ $output == *"already in use"* ]]
	run -0 atoll rm left
	status 1 atoll rm left
	[[ $output == *"container does not exist"* ]]
	status 0 atoll rm -f left
	[ -z "$(atoll list -q)" ]
}

@test "nothing is left behind by --rm and by failures" {
	atoll run --rm --name x "$R" true
	run ! atoll run --name x "$R" no-such-command
	run ! atoll run --name x -v /no/such:/x "$R" true
	run ! atoll run -d --name x "$R" no-such-command
	[ -z "$(ls -A "$STATE/records")" ]
	[ -z "$(ls -A "$STATE/names")" ]
	[ -z "$(find "$STATE/state" -name '[0-9a-f]*' -type d | grep -v '~' || :)" ]
	atoll run --rm --name x "$R" true
	rmdir "$R/x" 2>/dev/null || :
}

@test "rm -f, while the monitor writes down the end" {
	command -v conmon || skip "no conmon"
	for _ in $(seq 15); do
		atoll run -d --name x "$R" sleep 1000
		atoll rm -f x
	done
	[ -z "$(ls -A "$STATE/records")" ]
}

@test "what a killed atoll leaves is swept" {
	"$DIR/bin/atoll" --root "$STATE" run --name dead "$R" sleep 1000 >out 2>&1 3>&- &
	local pid=$!
	until_true is_running dead || { cat out; return 1; }
	kill -KILL $pid
	wait $pid || :
	# The container lives on, and can be ended.
	until_true atoll rm -f dead
	[ -z "$(atoll list -q)" ]
	# With --rm it is gone as soon as it has ended and somebody looks.
	"$DIR/bin/atoll" --root "$STATE" run --rm --name dead "$R" sh -c 'until [ -e /tmp/go ]; do sleep 0.1; done' >out 2>&1 3>&- &
	pid=$!
	until_true is_running dead || { cat out; return 1; }
	kill -KILL $pid
	wait $pid || :
	is_running dead
	touch "$R/tmp/go"
	until_true eval '[ -z "$(atoll list -q)" ]'
	[ -z "$(ls -A "$STATE/records")$(ls -A --ignore='seccomp~cache' "$STATE/state")" ]
	rm "$R/tmp/go"
	# A record without container and maker counts for nothing.
	mkdir -p "$STATE/records/$(printf '%064d' 7)"
	echo '{"id":"'"$(printf '%064d' 7)"'","name":"dead","named":true,"detached":false,"tty":false,"autoRemove":false}' >"$STATE/records/$(printf '%064d' 7)/record.json"
	: >"$STATE/records/$(printf '%064d' 7)/exit"
	ln -s "$(printf '%064d' 7)" "$STATE/names/dead"
	status 1 atoll inspect dead
	[ ! -e "$STATE/records/$(printf '%064d' 7)" ]
	atoll run --rm --name dead "$R" true
	# Nor does one that was to be forgotten, when only that was left to do.
	mkdir -p "$STATE/records/$(printf '%064d' 8)"
	echo '{"id":"'"$(printf '%064d' 8)"'","name":"dead","named":true,"detached":false,"tty":false,"autoRemove":true}' >"$STATE/records/$(printf '%064d' 8)/record.json"
	echo 0 >"$STATE/records/$(printf '%064d' 8)/exit"
	ln -s "$(printf '%064d' 8)" "$STATE/names/dead"
	run -0 atoll list -q
	[ -z "$output" ]
	[ -z "$(ls -A "$STATE/records")$(ls -A "$STATE/names")" ]
}

@test "the name of a killed atoll is free as soon as its container has ended" {
	for _ in 1 2 3; do
		"$DIR/bin/atoll" --root "$STATE" run --rm --name web "$R" sleep 1000 >out 2>&1 3>&- &
		local pid=$! inner
		until_true is_running web || { cat out; return 1; }
		inner=$(field web Pid)
		status 125 atoll run --rm --name web "$R" true
		[[ $output == *"already in use by container"* ]]
		kill -KILL $pid
		wait $pid || :
		status 125 atoll run --rm --name web "$R" true
		kill -KILL "$inner"
		until_true test ! -e "/proc/$inner"
		# Nobody has looked at it since.
		status 0 atoll run --rm --name web "$R" true
	done
	[ -z "$(ls -A "$STATE/records")$(ls -A "$STATE/names")" ]
}

@test "what an atoll leaves half made is swept" {
	mkdir -p "$STATE/records" "$STATE/names"
	local id n=0 tmp=record.json.1234.tmp
	half() { # FILE...
		n=$((n + 1))
		id=$(printf '%064d' $n)
		mkdir "$STATE/records/$id"
		(cd "$STATE/records/$id" && touch -- . "$@")
	}
	half
	half exit
	half exit $tmp
	half record.json
	atoll list
	[ -z "$(ls -A "$STATE/records")" ]
	half exit $tmp
	status 0 atoll rm -f "$id"
	[ ! -e "$STATE/records/$id" ]
	half exit
	ln -s "$id" "$STATE/names/half"
	status 0 atoll run --rm --name half "$R" true
	[ -z "$(ls -A "$STATE/records")$(ls -A "$STATE/names")" ]
	# Not while its maker lives.
	half exit $tmp
	flock "$STATE/records/$id/exit" "$DIR/bin/atoll" --root "$STATE" list
	[ -e "$STATE/records/$id/$tmp" ]
	atoll list
	[ ! -e "$STATE/records/$id" ]
}

@test "killed at any moment, it leaves nothing that is not swept" {
	local pid i
	for i in $(seq 40); do
		"$DIR/bin/atoll" --root "$STATE" run --rm --name web "$R" true >/dev/null 2>&1 3>&- &
		pid=$!
		sleep "0.0$(printf %02d $((i / 2)))"
		if [ $((i % 2)) = 0 ]; then kill -KILL $pid; else kill -TERM $pid; fi 2>/dev/null || :
		wait $pid || :
		until_true atoll run --rm --name web "$R" true
	done
	[ -z "$(atoll list -q)" ]
	run -0 find "$STATE/records" "$STATE/names" -mindepth 1
	echo "$output"
	[ -z "$output" ]
}

@test "of many who want one name, one gets it" {
	mkdir -p "$STATE/records/$(printf '%064d' 7)" "$STATE/names"
	: >"$STATE/records/$(printf '%064d' 7)/exit"
	ln -s "$(printf '%064d' 7)" "$STATE/names/same"
	local i pids=()
	mkfifo "$R/tmp/go"
	for i in 1 2 3 4 5 6 7 8; do
		atoll run --rm --name same "$R" sh -c 'read -r line </tmp/go' >"out$i" 2>&1 3>&- &
		pids+=($!)
	done
	until_true eval '[ "$(cat out* | grep -c "already in use")" = 7 ]'
	until_true is_running same
	timeout 10 sh -c 'echo go >"$1"' - "$R/tmp/go"
	local got=''
	for i in "${pids[@]}"; do
		wait "$i" && got+=0 || got+=-
	done
	rm "$R/tmp/go"
	[ "${got//-/}" = 0 ]
}

@test "--dry-run makes nothing" {
	run -0 atoll run --dry-run "$R" true
	[[ $output == *pivot_root* ]]
	[ ! -e "$STATE" ]
	run -0 atoll list
	[ ! -e "$STATE" ]
}

@test "bad names and ids" {
	for name in '' -x 'a b' ../x "$(printf 'a%.0s' {1..200})"; do
		status 125 atoll run --rm "--name=$name" "$R" true
	done
	for id in '' .. / ../records "$(printf '%065d' 0)"; do
		status 1 atoll inspect -- "$id"
		[[ $output == *"container does not exist"* ]]
	done
}

@test "ids by a unique beginning" {
	command -v conmon || skip "no conmon"
	local id
	id=$(atoll run -d "$R" sleep 1000)
	[[ $id =~ ^[0-9a-f]{64}$ ]]
	[ "$(field "${id:0:6}" Status)" = running ]
	[ "$(atoll inspect -f '{{.Name}}' "$id")" = "${id:0:12}" ]
}

# ---- detached --------------------------------------------------------------------------------

@test "-d: output, exit status, times" {
	command -v conmon || skip "no conmon"
	atoll run -d --name d "$R" -- sh -c 'echo out; echo err >&2; printf partial; sleep 0.3; echo; exit 5'
	run -0 --separate-stderr atoll logs -f d
	[ "$output" = $'out\npartial' ]
	# shellcheck disable=SC2154 # bats sets it
	[ "$stderr" = err ]
	run -0 atoll wait d
	[ "$output" = 5 ]
	[ "$(field d Status) $(field d ExitCode) $(field d Pid)" = "exited 5 0" ]
	[[ $(field d FinishedAt) > $(field d StartedAt) ]]
	[[ $(field d StartedAt) > $(atoll inspect -f '{{.Created}}' d) ]]
	run -0 --separate-stderr atoll logs --tail 1 -t d
	[[ $output = 2*T*" stdout"* || $output = 2*T*" "* ]]
}

@test "-d: wait from before the end, and for a container that goes with --rm" {
	command -v conmon || skip "no conmon"
	atoll run -d --rm --name w "$R" -- sh -c 'sleep 2; exit 9'
	run -0 atoll wait w
	[ "$output" = 9 ]
	until_true test ! -e "$STATE/names/w"
}

@test "-d: what cannot start says so" {
	command -v conmon || skip "no conmon"
	status 127 atoll run -d "$R" no-such-command
	[[ $output == *"executable file not found"* ]]
	status 126 atoll run -d "$R" /etc/passwd
	# nothing of a file that atoll wrote itself and that is gone
	status 125 atoll run -d --tmpfs /mnt:foo "$R" true
	[[ $output == "atoll: "*"step "*"option foo"* && $output != *config.json* ]]
	PATH=/nowhere run "$DIR/bin/atoll" --root "$STATE" run -d "$R" true
	[ "$status" = 125 ]
	[[ $output == *"conmon"*"Hint:"* ]]
}

@test "stop: an init of a whole system gets RTMIN+3, as systemd wants it" {
	command -v conmon || skip "no conmon"
	# It blocks that signal, and TERM, to take them by a signalfd.
	"${CC:-cc}" -static -D_GNU_SOURCE -O1 -o "$R/bin/init-probe" "$BATS_TEST_DIRNAME/init-probe.c"
	atoll run -d --name a "$R" -- /bin/init-probe masked 1000004000 /bin/sh -c 'echo >/tmp/up; while :; do sleep 0.05; done'
	atoll run -d --no-init --name b "$R" -- /bin/init-probe masked 1000004000 /bin/init-probe take 37
	until_true eval 'atoll logs b | grep -q ready'
	atoll stop -t 5 b
	status 0 atoll wait b
	[ "$output" = 5 ]
	# under atoll-init the mask is that of its child, and TERM is right
	atoll stop -t 0 a
	atoll rm a b
}

@test "stop: by the signal, by SIGKILL after the time; kill" {
	command -v conmon || skip "no conmon"
	atoll run -d --name a "$R" sleep 1000
	atoll stop a
	[ "$(field a ExitCode)" = 143 ]
	atoll run -d --name b --stop-signal INT "$R" -- sh -c 'trap "exit 4" INT; trap "" TERM; echo ready; while :; do sleep 0.1; done'
	until_true eval 'atoll logs b | grep -q ready'
	atoll stop b
	[ "$(field b ExitCode)" = 4 ]
	atoll run -d --name c --stop-timeout 1 "$R" -- sh -c 'trap "" TERM; echo ready; while :; do sleep 0.1; done'
	until_true eval 'atoll logs c | grep -q ready'
	SECONDS=0
	atoll stop c
	[ $SECONDS -le 5 ]
	[ "$(field c ExitCode)" = 137 ]
	atoll run -d --name d "$R" sleep 1000
	status 1 atoll rm d
	[[ $output == *running* ]]
	status 125 atoll kill -s NOPE d
	atoll kill d
	run -0 atoll wait d
	[ "$output" = 137 ]
	status 1 atoll kill d
	[[ $output == *"container not running"* ]]
	atoll stop d
}

@test "exec" {
	command -v conmon || skip "no conmon"
	atoll run -d --name e -e A=1 "$R" sleep 1000
	run -0 atoll exec e ps
	[[ $output == *"sleep 1000"* ]]
	run -0 --separate-stderr atoll exec -e B=2 -w /etc -u app e sh -c 'echo $A$B; pwd; id -un; grep CapEff /proc/self/status; cat /proc/self/cgroup'
	[ "${lines[0]}" = 12 ]
	[ "${lines[1]}" = /etc ]
	[ "${lines[2]}" = app ]
	[[ ${lines[3]} == *$'\t0000000000000000' ]]
	status 9 atoll exec e sh -c 'exit 9'
	status 127 atoll exec e no-such-command
	status 126 atoll exec e /etc/passwd
	run -0 --separate-stderr atoll exec -i e cat <<<in
	[ "$output" = in ]
	run -0 --separate-stderr atoll exec e cat <<<in
	[ -z "$output" ]
	run -0 --separate-stderr atoll exec -t e tty
	[[ $output == /dev/pts/* ]]
	atoll exec -d e sh -c 'echo >/tmp/was-here'
	until_true test -e "$R/tmp/was-here"
	rm "$R/tmp/was-here"
	# The filter holds for those who come later too.
	status 1 atoll exec e unshare -m true
	atoll stop e
	status 125 atoll exec e true
	[[ $output == *"not running"* ]]
}

@test "list and inspect" {
	command -v conmon || skip "no conmon"
	local limit=() bytes=0
	if grep -qE ' - cgroup2? ' /proc/self/mountinfo; then
		limit=(-m 64m) bytes=67108864
	fi
	atoll run -d --name l "${limit[@]}" "$R" sleep 1000
	run -0 atoll list
	[[ ${lines[0]} == "CONTAINER ID"*NAME*STATUS*PID*CREATED*COMMAND ]]
	[[ ${lines[1]} == *" l "*running*"sleep 1000" ]]
	pid=$(field l Pid)
	[ "$(atoll list --json | jq -r '.[0] | "\(.name) \(.status) \(.pid)"')" = "l running $pid" ]
	# The outer PID of the container's PID 1.
	[ "$(awk '/^NSpid:/ { print $NF }' "/proc/$pid/status")" = 1 ]
	[ "$(atoll ls -q)" = "$(atoll list -q)" ]
	atoll inspect l >json
	[ "$(jq -r '.[0].HostConfig.Memory, .[0].HostConfig.NetworkMode, .[0].HostConfig.Init, .[0].Spec.root.path' json)" = "$bytes"$'\nnone\ntrue\n'"$R" ]
	status 1 atoll inspect -f '{{.No.Such}}' l
}

# ---- as an ordinary user --------------------------------------------------------------------

user() {
	timeout -k 5 60 setpriv --reuid 4242 --regid 4242 --clear-groups env -i PATH="$PATH" HOME=/nonexistent \
		XDG_RUNTIME_DIR="$RUNTIME" "$DIR/bin/atoll" "$@"
}

user_setup() {
	local max=/proc/sys/user/max_user_namespaces
	[ "$(cat $max)" -gt 0 ] || skip "no user namespaces"
	RUNTIME=$DIR/run-$BATS_TEST_NUMBER
	mkdir "$RUNTIME"
	chown 4242:4242 "$RUNTIME"
	user run --rm "$R" true 2>err || { grep -q 'not permitted' err && skip "user namespaces are not for everybody here"; }
}

@test "ordinary user: a container on a root directory" {
	user_setup
	run -0 user run --rm "$R" -- sh -c 'id -u; cat /proc/self/uid_map; cat /proc/1/comm; ls /sys/class/net'
	[ "${lines[0]}" = 0 ]
	[[ ${lines[1]} =~ ^\ *0\ +4242\ +1$ ]]
	[ "${lines[2]}" = atoll-init ]
	[ "${lines[3]}" = lo ]
	[ -z "$(user list -q)" ]
}

@test "ordinary user: the embedded default" {
	user_setup
	run user run --rm -v "$R:/data/x" -- sh -c 'cat /etc/shadow; ls -A /root /home /run | grep -v :; cat /data/x/etc/data; touch /etc/x /x && echo wrote; head -1 /etc/passwd'
	[[ $output != *:\$* ]]
	[[ $output == *$'data\n'* ]]
	[ "${lines[-1]}" = "$(head -1 /etc/passwd)" ]
	[ ! -e /etc/x ] && [ ! -e /x ]
}

@test "ordinary user: detached, exec, joined, stop" {
	command -v conmon || skip "no conmon"
	user_setup
	user run -d --name u "$R" sleep 1000
	run -0 user exec u ps
	[[ $output == *"sleep 1000"* ]]
	run -0 user run --rm --pid container:u --net container:u "$R" ps
	[[ $output == *"sleep 1000"* ]]
	user stop u
	run -0 user wait u
	[ "$output" = 143 ]
	user rm u
}

@test "ordinary user: a range of ids" {
	command -v newuidmap || skip "no newuidmap"
	user_setup
	printf 'root:x:0:0:root:/root:/bin/sh\nbatsuser:x:4242:4242::/:/bin/sh\n' >passwd
	echo batsuser:200000:65536 >sub
	chmod 644 passwd sub
	[ -e /etc/subuid ] && [ -e /etc/subgid ] || skip "no /etc/subuid to put a range in"
	mount --bind passwd /etc/passwd
	mount --bind sub /etc/subuid
	mount --bind sub /etc/subgid
	run user run --rm -u app "$R" -- sh -c 'id -u; cat /proc/self/uid_map'
	local first=$output first_status=$status
	run user run --rm --userns keep-id "$R" id -u
	umount /etc/passwd /etc/subuid /etc/subgid
	echo "$first_status $first; $status $output"
	[ "$first_status" = 0 ] && [ "${first%%$'\n'*}" = 1234 ]
	[[ $first =~ 200000 ]]
	[ "$status" = 0 ] && [ "$output" = 4242 ]
}

@test "ordinary user: clear words" {
	user_setup
	status 125 user run --rm -m 64m "$R" true
	[[ $output == *"--memory"*"Hint:"* ]]
	status 125 user run --rm --userns host "$R" true
	[[ $output == *"user namespace of its own"* ]]
	status 125 user run --rm -u app "$R" true
	[[ $output == *"/etc/subuid"* ]]
	run -1 timeout 20 setpriv --reuid 4242 --regid 4242 --clear-groups env -i PATH="$PATH" "$DIR/bin/atoll" list
	[[ $output == *XDG_RUNTIME_DIR* ]]
}
