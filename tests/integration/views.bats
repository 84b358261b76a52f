#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# The views of real containers: what they say of a process is what the process itself, and
# /proc, say of it.
# timeout: 300
#
# shellcheck disable=SC2016 # much is for the inner shell to expand

bats_require_minimum_version 1.5.0

load "$BATS_TEST_DIRNAME/../until"

setup_file() {
	[ -x "${ATOLL:?}" ] && [ -x "${ATOLL_OCI:?}" ]
	[ "$(id -u)" = 0 ] || skip "needs root"
	DIR=$(mktemp -d /tmp/atoll-views.XXXXXX)
	chmod 755 "$DIR"
	mkdir -p "$DIR/bin" "$DIR/rootfs"/{bin,etc,proc,sys,dev,tmp}
	cp "$ATOLL" "$ATOLL_OCI" "$ATOLL_INIT" "$DIR/bin/"
	chmod 755 "$DIR/bin"/*
	cp "$(command -v busybox)" "$DIR/rootfs/bin/busybox"
	for name in $("$DIR/rootfs/bin/busybox" --list); do
		[ "$name" = busybox ] || ln -sf busybox "$DIR/rootfs/bin/$name"
	done
	echo root:x:0:0:root:/root:/bin/sh >"$DIR/rootfs/etc/passwd"
	export DIR R=$DIR/rootfs STATE=$DIR/state
	atoll run -d --name web "$R" -- sh -c 'sleep 1000 & sleep 1001 & wait' >/dev/null
	# sh would wait for its children; a sleep that it became does not.
	atoll run -d --no-init --name lazy "$R" -- sh -c 'true & (sleep 0.3; exit 3) & exec sleep 1002' >/dev/null
	until_true zombies_are 2
}

teardown_file() {
	[ -n "${DIR-}" ] || return 0
	# shellcheck disable=SC2046 # ids
	atoll rm -f $(atoll list -q) >/dev/null
	rm -rf -- "$DIR"
}

setup() { cd "$BATS_TEST_TMPDIR" || return 1; }

# Not with the descriptor of bats, which a detached container would keep.
atoll() { timeout -k 5 60 "$DIR/bin/atoll" --root "$STATE" "$@" 3>&-; }

# What a test made and did not come to remove.
teardown() {
	local id
	for id in $(atoll list --json | jq -r '.[] | select(.name != "web" and .name != "lazy") | .id'); do
		atoll rm -f "$id" >/dev/null
	done
}

zombies_are() { [ "$(atoll zombies --json lazy | jq '[.findings[] | select(.what == "zombie")] | length')" = "$1" ]; }
init_of() { atoll inspect -f '{{.State.Pid}}' "$1"; }
# The last number of NSpid: what the process calls itself.
inner_of() { awk '$1 == "NSpid:" { print $NF }' "/proc/$1/status"; }
ino() { stat -Lc %i "/proc/$1/ns/$2"; }

# ---- both sides ----------------------------------------------------------------------

@test "ps: all processes of a container, both PIDs, and no others" {
	local n=0 pid inner
	while read -r pid inner; do
		[ "$(inner_of "$pid")" = "$inner" ]
		[ "$(ino "$pid" pid)" = "$(ino "$(init_of web)" pid)" ]
		n=$((n + 1))
	done < <(atoll -q ps --no-headings -o pid,inner web)
	[ "$n" = "$(atoll exec web sh -c 'ls -d /proc/[0-9]*' | grep -vc "self" | awk '{ print $1 - 2 }')" ] ||
		[ "$n" = 4 ]
	atoll -q ps --no-headings -o inner,command web | grep -qE '^ *[0-9]+  sleep 1000$'
}

@test "pid: there and back" {
	local pid
	for pid in $(atoll -q ps --no-headings -o pid web lazy); do
		[ "$(atoll pid -q "$pid")" = "$(inner_of "$pid")" ]
	done
	for pid in $(atoll -q ps --no-headings -o inner web); do
		[ "$(inner_of "$(atoll pid -q "web:$pid")")" = "$pid" ]
		[ "$(atoll pid -q --from web --to host "$pid")" = "$(atoll pid -q "web:$pid")" ]
	done
	[ "$(atoll pid -q web)" = "$(init_of web)" ]
	[ "$(atoll pid -q "pid:[$(ino "$(init_of web)" pid)]:1")" = "$(init_of web)" ]
	run -1 atoll pid -q --to lazy "$(init_of web)"
	run -1 atoll pid -q web:4000
}

@test "the container's name and id are shown, by name and by id" {
	local id
	id=$(atoll inspect -f '{{.Id}}' web)
	[ "$(atoll -q ps --no-headings -o owner --sort pid web | sort -u)" = "atoll:${id:0:12} web" ]
	[ "$(atoll -q ps --json web | jq -r '.processes[0].container')" = "$id" ]
	[ "$(atoll pid -q "${id:0:5}:1")" = "$(init_of web)" ]
	[ "$(atoll pid -q atoll:web:1)" = "$(init_of web)" ]
	atoll -q tree web | grep -qF "atoll:${id:0:12} web"
	[ "$(atoll -q ps --no-headings -o pid --owner web | wc -l)" = "$(atoll -q ps --no-headings -o pid web | wc -l)" ]
}

@test "ns: inodes, init, counts" {
	local init t
	init=$(init_of web)
	for t in pid mnt net uts ipc; do
		[ "$(atoll -q ns --no-headings -t $t -o ns,init web | xargs)" = "$(ino "$init" $t) $init" ]
	done
	[ "$(atoll -q ns --json -t pid web | jq '.namespaces[0].procs')" = "$(atoll -q ps --no-headings -o pid web | wc -l)" ]
	[ "$(atoll -q ns --no-headings -t pid -o reap web)" = reaps ]
	[ "$(atoll -q ns --no-headings -t pid -o reap lazy)" = does-not-reap ]
}

@test "ns: what keeps one without processes" {
	local fd init ino
	unshare -pf --mount-proc --propagation private sleep 1003 3>&- &
	init=$!
	until_true pgrep -P "$init" >/dev/null
	exec {fd}<"/proc/$(pgrep -P "$init")/ns/pid"
	ino=$(stat -Lc %i "/proc/$BASHPID/fd/$fd")
	pkill -KILL -P "$init"
	wait "$init" || :
	[ "$(atoll -q ns --held --no-headings -t pid -o state "$ino")" = pinned ]
	atoll -q ns --held --no-headings -t pid -o pinned_by "$ino" >out
	grep -qE "fd $fd of [0-9]+" out
	exec {fd}<&-
}

@test "a namespace is found by its address, of whatever type, with processes and without" {
	local init t ino at
	init=$(init_of web)
	for t in mnt uts; do
		ino=$(ino "$init" $t)
		for at in "$t:[$ino]" "$ino" "id:$(atoll -q ns --json "$t:[$ino]" | jq -r '.namespaces[0].id')"; do
			[ "$(atoll -q ps --no-headings -o pid "$at" | xargs)" = "$(atoll -q ps --no-headings -o pid web | xargs)" ]
			[ "$(atoll pid -q "$at")" = "$init" ]
			[ "$(atoll -q tree --no-headings -o inner "$at" | grep -c '^ *1 *$')" = 1 ]
			[ "$(atoll enter "$at" -- readlink /proc/self/ns/$t)" = "$t:[$ino]" ]
			run -0 atoll -q same -t $t "$at" web
			run -0 atoll -q zombies "$at"
		done
	done
	# A PID namespace by its bare inode is no outer PID.
	[ "$(atoll pid -q "$(ino "$init" pid)")" = "$init" ]
	run -2 atoll ps mnt:[1]
	touch pin
	unshare -m --propagation private sh -c 'unshare --pid="$0" -f true && echo ready && exec sleep 1009' "$PWD/pin" >out 3>&- &
	t=$!
	until_true grep -q ready out
	ino=$(nsenter -t $t -m stat -c %i "$PWD/pin")
	run -0 atoll -q ns -t pid "$ino"
	[[ $output == *PINNED-BY*" pinned "*"mount $PWD/pin (as seen by $t, "* ]]
	run -1 atoll -q ps "$ino"
	run -1 --separate-stderr atoll -q pid "$ino"
	# shellcheck disable=SC2154 # bats sets it
	[[ $stderr == *"has no process"* ]]
	atoll -q tree | grep -qF "pid:[$ino], pinned, 0 processes"
	run -0 atoll -q tree "$ino"
	[[ $output == *"! pinned: "*"$PWD/pin"*"fix: nsenter -t $t -m umount"* ]]
	kill $t
	wait $t || :
}

@test "ns: user namespaces have a parent, an owner and a depth" {
	local at ns
	unshare -U -r sleep 1010 3>&- &
	at=$!
	ns=$(readlink /proc/self/ns/user)
	until_true [ "$(readlink /proc/$at/ns/user)" != "$ns" ]
	until_true grep -q 1010 /proc/$at/cmdline
	[ "$(atoll -q ns --no-headings -t user -o ns,parent,uid,init "user:[$(ino $at user)]" | xargs)" = \
		"$(ino $at user) $(ino $BASHPID user) $(id -u) $at" ]
	kill $at
	wait $at || :
}

@test "ns: the machine's own namespaces have no container's PID 1 as theirs" {
	local t init inner
	for t in net uts ipc; do
		init=$(atoll -q ns --no-headings -t $t -o init "$(ino $BASHPID $t)")
		inner=$(inner_of "$init")
		[ "$inner" = "$init" ]
	done
}

# ---- zombies --------------------------------------------------------------------------

@test "a teardown that is stuck: its PID 1, what holds it and who must wait are named" {
	local maker init shim held ns
	unshare -pf sleep 1011 3>&- &
	maker=$!
	until_true pgrep -P $maker -x sleep >/dev/null
	init=$(pgrep -P $maker)
	nsenter -t "$init" -p --no-fork sh -c 'sleep 1012 & exec sleep 1013' 3>&- &
	shim=$!
	until_true pgrep -P $shim >/dev/null
	until_true grep -q 1013 /proc/$shim/cmdline
	held=$(pgrep -P $shim)
	ns=$(ino "$init" pid)
	kill -KILL "$held" "$init"
	until_true grep -q zap_pid_ns "/proc/$init/wchan"
	run -1 atoll -q zombies --json "$ns"
	jq -e --argjson p "$held" --argjson c $shim '.findings | length == 1 and .[0].what == "stuck-teardown" and
		.[0].pid == $p and .[0].culprit == $c' <<<"$output"
	# Each of the three says so.
	atoll -q who "$init" >out
	grep -qE "^! +stuck-teardown: .*$held.*$shim" out
	grep -qE '^signals +nothing: it is ending already' out
	atoll -q who "$held" | grep -qE '^! +stuck-teardown: '
	atoll -q who $shim | grep -qE '^! culprit +stuck-teardown: '
	atoll -q tree "$ns" | grep -qE "^ *$held +2 +Z .*! .*$shim"
	run -125 atoll enter "$init" true
	kill $shim
	wait $shim || :
	wait $maker || :
	run -2 atoll ps "pid:[$ns]"
}

@test "zombies: named with the culprit, who is inner 1" {
	local init
	until_true zombies_are 2
	init=$(init_of lazy)
	run -1 atoll -q zombies --json lazy
	jq -e --argjson i "$init" '[.findings[] | select(.what == "zombie")] |
		length == 2 and all(.culprit == $i and .inner_culprit == 1)' <<<"$output"
	run -1 atoll -q zombies --settle 1 lazy
	[[ $output == *"does not reap"*"fix:"* ]]
	run -0 atoll -q zombies web
	[ -z "$output" ]
	atoll -q tree lazy | grep -qE '^ *[0-9]+ .* Z .*!'
	atoll -q who "$init" | grep -qE '^as PID 1 +does not reap'
}

@test "zombies --watch: age since first seen" {
	timeout -s INT 2.5 "$DIR/bin/atoll" -q --root "$STATE" zombies --watch 1 --no-headings -o what,seen lazy >out || [ $? = 124 ]
	grep -qE '^zombie +0 s' out
	grep -qE '^zombie +[12] s' out
}

@test "who: what a signal would do is what it does" {
	local lazy
	atoll run -d --no-init --name deaf "$R" -- sleep 1004 >/dev/null
	lazy=$(init_of deaf)
	atoll -q who deaf | grep -qE 'SIGTERM +nothing: PID 1 has no handler'
	atoll -q who deaf | grep -qE 'SIGKILL +ends it'
	kill -TERM "$lazy"
	sleep 0.2
	[ "$(atoll inspect -f '{{.State.Status}}' deaf)" = running ]
	kill -KILL "$lazy"
	atoll wait deaf
	atoll rm deaf >/dev/null
}

# ---- same -----------------------------------------------------------------------------

@test "same: as the links say" {
	run -0 atoll -q same web "$(atoll pid -q web:2)"
	run -1 atoll -q same web lazy
	run -0 atoll -q same -t user,time web lazy
	run -1 atoll -q same -t pid web $BASHPID
	atoll run -d --name side --pid host "$R" -- sleep 1005 >/dev/null
	run -0 atoll -q same -t pid side $BASHPID
	run -1 atoll -q same -t mnt side $BASHPID
	atoll rm -f side >/dev/null
}

@test "as an ordinary user: what may not be read is said" {
	local as=(setpriv --reuid 65534 --regid 65534 --clear-groups "$DIR/bin/atoll" --root /nonexistent)
	local init
	init=$(init_of web)
	run -2 "${as[@]}" same -t net "$init" $BASHPID
	[[ $output == *"cannot tell"* ]]
	# Of PID namespaces the rule knows.
	run -1 "${as[@]}" same -t pid "$init" $BASHPID
	run -0 --separate-stderr "${as[@]}" ps -o pid,inner,pidns "$init"
	[[ $output == *"$init"*" 1 "*"~@$init"* ]]
	# shellcheck disable=SC2154 # bats sets it
	[[ $stderr == *"may not read"* ]]
	# Translation needs no rights at all.
	[ "$("${as[@]}" pid -q "$(atoll pid -q web:2)")" = 2 ]
	[ "$("${as[@]}" -q ps --json "$init" | jq '.processes[0] | [.pidns, .pidns_init, .pidns_inferred] == [null, '"$init"', true]')" = true ]
	run -125 "${as[@]}" enter "$init" -- true
}

@test "a procfs that hides the others': only one's own, and how many are not shown is said" {
	local dir=$BATS_TEST_TMPDIR/proc
	mkdir "$dir"
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR"/test "$BATS_TEST_TMPDIR"
	# shellcheck disable=SC2016
	unshare -m --propagation private sh -ec '
		mount -t proc -o hidepid=1 proc "$1"
		setpriv --reuid 65534 --regid 65534 --clear-groups "$2" --root /nonexistent ps --proc "$1" --no-headings -o uid,comm
		mount -t proc -o hidepid=2 proc "$1"
		setpriv --reuid 65534 --regid 65534 --clear-groups "$2" --root /nonexistent ps --proc "$1" --json >two' \
		- "$dir" "$DIR/bin/atoll" >one 2>err
	grep -qE '^ *65534 +atoll *$' one
	run -1 grep -vE '^ *65534 ' one
	grep -qE 'may not read, and that are not shown: [0-9]{2,}' err
	jq -e '.source.unreadable == 0 and .source.hidden > 0 and (.processes | length > 0 and all(.uid == 65534))' two
}

@test "inside of a container: its own numbers, and what is above is not guessed" {
	local lib
	mkdir "$DIR/rootfs/opt"
	cp "$ATOLL" "$DIR/rootfs/opt/atoll"
	for lib in $(ldd "$ATOLL" 2>/dev/null | grep -oE '/[^ ]+'); do
		mkdir -p "$DIR/rootfs$(dirname "$lib")"
		cp -L "$lib" "$DIR/rootfs$lib"
	done
	[ "$(atoll exec web /opt/atoll -q pid 1)" != "" ]
	atoll exec web /opt/atoll -q ps --json >inside
	jq -e '.processes | all(.level == 0 and .pid == .inner)' inside
	# The same processes as from outside, but for the one that looked.
	[ "$(jq -r '.processes[] | select(.comm != "atoll") | .pid' inside)" = "$(atoll -q ps --no-headings -o inner --sort inner web | xargs -n1)" ]
	[ "$(jq '[.processes[] | select(.pid == 1)][0].pidns' inside)" = "$(ino "$(init_of web)" pid)" ]
	# Who executed the one that looks is outside: it is said to come from there.
	jq -e '[.processes[] | select(.comm == "atoll")] | length == 1 and (.[0].flags | contains(["injected"])) and .[0].ppid == 0' inside
	atoll exec web /opt/atoll -q tree | grep -qE '^ +1 +1 .*init'
	run -1 atoll exec web /opt/atoll -q pid 4000
	run -0 atoll exec web /opt/atoll -q same 1 2
}

# ---- enter ----------------------------------------------------------------------------

@test "enter: all namespaces, its root, the command's exit status" {
	local t
	run -0 atoll enter web -- sh -c 'echo $PPID; cat /proc/1/comm; ls -d /rootfs 2>&1; for t in pid mnt net uts ipc cgroup; do readlink /proc/self/ns/$t; done'
	[ "${lines[0]}" = 0 ]
	[ "${lines[1]}" = "$(cat "/proc/$(init_of web)/comm")" ]
	for t in pid mnt net uts ipc; do [[ $output == *"$t:[$(ino "$(init_of web)" $t)]"* ]]; done
	run -7 atoll enter web sh -c 'exit 7'
	run -143 atoll enter web sh -c 'kill -TERM $$'
	run -127 atoll enter web nothing-of-that-name
	run -126 atoll enter web /etc
	run -125 atoll enter nobody true
	[ "$(echo 'echo from a shell' | atoll enter web)" = "from a shell" ]
	[ "$(atoll enter -w /tmp -u 12:34 web -- sh -c 'pwd; id -u; id -g' | xargs)" = "/tmp 12 34" ]
}

@test "enter: we stay outside, and hear of the end whatever is done with SIGCHLD" {
	local pid ours out status=0
	run -6 timeout -k 1 20 env --ignore-signal=CHLD "$DIR/bin/atoll" --root "$STATE" enter web -- sh -c 'exit 6' 3>&-
	# The command has it ignored, as nsenter would leave it.
	out=$(timeout -k 1 20 env --ignore-signal=CHLD "$DIR/bin/atoll" --root "$STATE" enter web -- grep SigIgn /proc/self/status 3>&-)
	[ "$((0x${out##*[[:space:]]} >> 16 & 1))" = 1 ]
	"$DIR/bin/atoll" --root "$STATE" enter web -- sh -c 'echo ready; sleep 1008; :' >out 3>&- &
	pid=$!
	until_true grep -q ready out
	ours=$(for t in pid pid_for_children mnt user net uts ipc cgroup; do readlink "/proc/self/ns/$t"; done)
	[ "$(for t in pid pid_for_children mnt user net uts ipc cgroup; do readlink "/proc/$pid/ns/$t"; done)" = "$ours" ]
	# One child: the command. Who entered first is gone.
	[ "$(pgrep -c -P "$pid")" = 1 ]
	kill -KILL "$(pgrep -P "$pid")"
	wait "$pid" || status=$?
	[ $status = 137 ]
}

@test "enter --dry-run: what would be entered, in words and as JSON, and nothing is" {
	run -0 atoll enter --dry-run --json -u 12:34 web -- sh -c 'exit 9'
	jq -e --argjson pid "$(init_of web)" '.schema == "atoll.enter/1" and .pid == $pid and .inner == 1 and .root and
		.uid == 12 and .gid == 34 and .workdir == "/" and .command == ["sh", "-c", "exit 9"] and
		(.enter | contains(["pid", "mnt", "net", "uts", "ipc"])) and (.shared | contains(["user"]))' <<<"$output"
	run -0 atoll enter -n -t net web
	[[ $output == *"enter:  net"*"root directory: ours"* ]]
	run -125 atoll enter --json web true
}

@test "enter: some namespaces only, with a /proc that fits" {
	[ "$(atoll enter -t net web -- readlink /proc/self/ns/net)" = "net:[$(ino "$(init_of web)" net)]" ]
	[ "$(atoll enter -t net web -- readlink /proc/self/ns/pid)" = "$(readlink /proc/self/ns/pid)" ]
	# /proc/self of a /proc that does not fit would be an outer PID.
	[ "$(atoll enter -t pid web -- sh -c 'readlink /proc/self; echo $$')" != "" ]
	[ "$(atoll enter -t pid web -- sh -c 'cat /proc/1/comm')" = atoll-init ]
	[ "$(atoll enter -t pid --no-proc web -- sh -c 'readlink /proc/self/ns/mnt')" = "$(readlink /proc/self/ns/mnt)" ]
	# And nobody else saw it come.
	[ "$(grep -c ' /proc ' /proc/self/mountinfo)" = "$(atoll enter -t pid web -- true && grep -c ' /proc ' /proc/self/mountinfo)" ]
}

@test "enter: a namespace that no process is in, by the mount that keeps it" {
	local keeper net uts pid ino
	touch net uts pid
	unshare -m --propagation private sh -c 'cd "$0" && unshare --net=net true && unshare --uts=uts hostname nobody.there &&
		unshare --pid=pid -f true && echo ready && exec sleep 1015' "$PWD" >out 3>&- &
	keeper=$!
	until_true grep -q ready out
	for ino in net uts pid; do
		printf -v $ino %s "$(nsenter -t $keeper -m stat -c %i "$PWD/$ino")"
	done
	[ "$(atoll enter "net:[$net]" -- readlink /proc/self/ns/net)" = "net:[$net]" ]
	[ "$(atoll enter "$uts" hostname)" = nobody.there ]
	[ "$(atoll enter "$uts" readlink /proc/self/ns/net)" = "$(readlink /proc/self/ns/net)" ]
	run -0 atoll enter -n --json "$net"
	jq -e '.pid == null and .enter == ["net"] and .shared == [] and (.root | not)' <<<"$output"
	run -125 atoll enter -t uts "$net" true
	[[ $output == *"only the net namespace"* ]]
	run -125 atoll enter "$pid" true
	[[ $output == *"has no PID 1"* ]]
	kill $keeper
	wait $keeper || :
	run -125 atoll enter "net:[$net]" true
}

@test "enter: a container without /proc gets one that only we see" {
	atoll run -d --name bare "$R" -- sh -c 'umount /proc 2>/dev/null; sleep 1006' >/dev/null
	local init
	init=$(init_of bare)
	# The container may not unmount: from outside, in its mount namespace.
	nsenter -t "$init" -m umount -l /proc
	[ "$(atoll enter bare -- sh -c 'cat /proc/1/comm')" = atoll-init ]
	[ -z "$(nsenter -t "$init" -m ls /proc)" ]
	atoll rm -f bare >/dev/null
}

@test "enter: signals go on to the command" {
	"$DIR/bin/atoll" --root "$STATE" enter web -- sh -c 'trap "exit 5" TERM; echo ready; while :; do sleep 0.05; done' >out 3>&- &
	local pid=$! status=0
	until_true grep -q ready out
	kill -TERM $pid
	wait $pid || status=$?
	[ $status = 5 ]
}

# ---- recording --------------------------------------------------------------------------

@test "record: the scene says the same as the machine, without secrets" {
	atoll run -d --name secret -e TOKEN=tellnobody "$R" -- sh -c 'sleep 1007; : --password=tellnobody' >/dev/null
	atoll -q record scene
	diff <(atoll -q ps --no-headings -o pid,inner,pidns,level --sort pid web lazy) \
		<(atoll -q ps --proc scene --no-headings -o pid,inner,pidns,level --sort pid \
			"pid:[$(ino "$(init_of web)" pid)]" "pid:[$(ino "$(init_of lazy)" pid)]")
	run -1 grep -rqs tellnobody scene
	# Some write all of their arguments over the first.
	(exec -a 'titled: user --password=tellnobody' sleep 1014) 3>&- &
	local titled=$!
	until_true grep -q titled /proc/$titled/cmdline
	atoll -q record titled
	kill $titled
	[ "$(tr '\0' / <titled/$titled/cmdline)" = titled:/ ]
	run -1 grep -rqs tellnobody titled
	[ ! -e scene/1/environ ]
	run -1 atoll record scene
	run -0 --separate-stderr atoll record --json --names again
	jq -e '.schema == "atoll.record/1" and .directory == "again" and .processes > 5 and .names and (.arguments | not)' <<<"$output"
	atoll rm -f secret >/dev/null
}
