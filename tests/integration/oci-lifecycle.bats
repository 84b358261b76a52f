#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# The life of a container, from create to delete, as engines drive it.
# timeout: 240
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

sleeps() { config '.process.args = ["sleep", "1000"]'; }
host_pid_ns() { config 'del(.linux.namespaces[] | select(.type == "pid"))'; }

# In the container's cgroup, outer PIDs.
pids_of() { oci ps -f json "$1" | jq -r '.[]' | sort -n; }
count_is() { [ "$(pids_of "$1" | wc -l)" = "$2" ]; }

# --- run ---

@test "run: the exit status of the command" {
	inside 0 'exit 0'
	inside 1 'exit 1'
	inside 73 'exit 73'
	inside 255 'exit 255'
}

@test "run: 128+N for death by a signal" {
	inside 137 'sh -c "kill -KILL \$\$"; exit $?'
	host_pid_ns
	inside 143 'kill -TERM $$'
	inside 137 'kill -KILL $$'
}

@test "run: stdin, stdout and stderr are the caller's" {
	script 'cat; echo to-stderr >&2'
	echo from-stdin | oci run --bundle "$BUNDLE" "$ID" >o 2>e 3>&-
	is "$(<o)" from-stdin
	is "$(<e)" to-stderr
}

@test "run: the bundle is the working directory if not given" {
	script 'echo here'
	cd "$BUNDLE"
	try 0 run "$ID"
	is "$out" here
}

@test "run: options in all their spellings" {
	script 'echo ok'
	try 0 run -b "$BUNDLE" "$ID"
	try 0 run --bundle="$BUNDLE" "$ID"
	try 0 run -bundle "$BUNDLE" "$ID"
	is "$out" ok
}

@test "run --detach: returns when the command runs" {
	sleeps
	try 0 run --detach --bundle "$BUNDLE" --pid-file pid "$ID"
	status_is "$ID" running
	is "$(<pid)" "$(pid_of "$ID")"
	is "$(tr '\0' ' ' <"/proc/$(<pid)/cmdline")" "sleep 1000 "
	try 0 delete --force "$ID"
}

@test "run --keep: leaves the stopped container" {
	try 0 run --keep --bundle "$BUNDLE" "$ID"
	status_is "$ID" stopped
	try 0 delete "$ID"
}

@test "run: signals to the runtime reach the command" {
	local status=0 n
	script 'trap "echo got-term; exit 9" TERM; echo ready; while :; do sleep 0.05; done'
	"$ATOLL_OCI" --root "$ROOT" run --bundle "$BUNDLE" "$ID" >o 2>e </dev/null 3>&- &
	n=$!
	until_true grep -q ready o
	kill -TERM $n
	wait $n || status=$?
	is $status 9
	is "$(tail -n 1 o)" got-term
}

@test "run: INT, TERM, HUP and QUIT end one whose hook hangs; what else came is forwarded later" {
	local s n status
	sleeps
	host_pid_ns
	# The first leaves a SIGCHLD; the second has a process of its own.
	config '.hooks = {
		prestart: [{path: "/bin/sh", args: ["sh", "-c", ":"]}],
		createRuntime: [{path: "/bin/sh", args: ["sh", "-c", "touch hooked; until [ -e go ]; do sleep 30; done"]}],
		poststop: [{path: "/bin/sh", args: ["sh", "-c", "touch \"$0\"", $f]}]
	}' --arg f "$T/undone"
	for s in INT TERM HUP QUIT; do
		rm -f "$BUNDLE/hooked" undone
		helper "$ATOLL_OCI" --root "$ROOT" run --bundle "$BUNDLE" --pid-file pid "$ID" >o 2>e </dev/null
		n=$!
		until_true test -e "$BUNDLE/hooked"
		kill -USR1 $n
		kill "-$s" $n
		until_true gone $n
		status=0
		wait $n || status=$?
		is "$s: $status" "$s: 1"
		grep -q "error running createRuntime hook #0: given up on signal $(kill -l "$s") " e
		[ -e undone ]
		[ ! -e pid ]
		nothing_left
	done
	rm "$BUNDLE/hooked"
	config '.hooks.createRuntime[0].args[2] |= sub("30"; "0.02")'
	helper "$ATOLL_OCI" --root "$ROOT" run --bundle "$BUNDLE" "$ID" >o 2>e </dev/null
	n=$!
	until_true test -e "$BUNDLE/hooked"
	kill -USR1 $n
	touch "$BUNDLE/go"
	until_true gone $n
	status=0
	wait $n || status=$?
	is $status 138
}

@test "run: a caller that dies hard leaves a container that can be deleted" {
	local n
	sleeps
	"$ATOLL_OCI" --root "$ROOT" run --bundle "$BUNDLE" "$ID" >o 2>e </dev/null 3>&- &
	n=$!
	until_true became "$ID" running
	kill -KILL $n
	wait $n || :
	try 0 delete --force "$ID"
}

# --- create, start, state ---

@test "create, start, kill, delete: the status at every moment" {
	script 'while [ ! -e /tmp/end ]; do sleep 0.02; done; exit 3'
	create "$ID"
	status_is "$ID" created
	[ "$(pid_of "$ID")" -gt 0 ]
	try 0 start "$ID"
	is "$out$err" ""
	status_is "$ID" running
	touch "$BUNDLE/rootfs/tmp/end"
	stopped "$ID"
	is "$(pid_of "$ID")" 0
	try 0 delete "$ID"
	try 1 state "$ID"
	err_has "container does not exist"
}

@test "state: the keys, their types and their order" {
	config '.annotations = {"org.example.key": "value"}'
	sleeps
	create "$ID"
	try 0 state "$ID"
	is "$(jq -c keys_unsorted <<<"$out")" \
		'["ociVersion","id","pid","status","bundle","rootfs","created","annotations","owner"]'
	is "$(jq -r '.id, .status, .bundle, .rootfs, .annotations["org.example.key"]' <<<"$out" | tr '\n' ' ')" \
		"$ID created $BUNDLE $BUNDLE/rootfs value "
	jq -e '.ociVersion | test("^1\\.[0-9]+\\.[0-9]+")' <<<"$out"
	jq -e '.created | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(\\.[0-9]+)?Z$")' <<<"$out"
	jq -e '.pid | type == "number"' <<<"$out"
	try 0 delete --force "$ID"
}

@test "state of a container that was killed before its start" {
	sleeps
	create "$ID"
	try 0 kill "$ID" KILL
	stopped "$ID"
	try 1 start "$ID"
	try 0 delete "$ID"
}

@test "create: nothing of the command has run yet, nor is anything of the runtime to be seen" {
	local pid
	script 'echo ran >/tmp/ran'
	create "$ID"
	pid=$(pid_of "$ID")
	[ ! -e "$BUNDLE/rootfs/tmp/ran" ]
	is "$(tr '\0' ' ' <"/proc/$pid/cmdline" | grep -F -e "$BUNDLE" -e "$ROOT" -e "$ID")" ""
	try 0 start "$ID"
	until_true test -e "$BUNDLE/rootfs/tmp/ran"
	stopped "$ID"
}

@test "create: an id that is in use" {
	sleeps
	create "$ID"
	try 1 create --bundle "$BUNDLE" "$ID"
	err_has "container with given ID already exists"
	status_is "$ID" created
	try 1 run --bundle "$BUNDLE" "$ID"
	err_has "container with given ID already exists"
}

@test "create: ids that are none" {
	local id
	for id in "" . .. a/b ../x 'a b' $'a\nb' 'ä' "$(printf 'x%.0s' {1..1100})"; do
		try 1 create --bundle "$BUNDLE" "$id"
		try 1 state "$id"
		try 1 delete "$id"
	done
}

@test "create: no bundle, no config.json, no root" {
	try 1 create --bundle "$T/nowhere" "$ID"
	err_has "o such file or directory"
	mkdir empty
	try 1 create --bundle "$T/empty" "$ID"
	err_has config.json
	config '.root.path = "nowhere"'
	try 1 create --bundle "$BUNDLE" "$ID"
	err_has nowhere
}

@test "start: twice is an error, and so is one that has stopped" {
	sleeps
	started "$ID"
	try 1 start "$ID"
	try 0 kill "$ID" KILL
	stopped "$ID"
	try 1 start "$ID"
	err_has "cannot start a container that has stopped"
}

@test "an id that is not there" {
	local c
	for c in state start kill delete ps pause resume; do
		try 1 "$c" "$ID"
		err_has "container does not exist"
	done
	try 1 exec "$ID" true || try 255 exec "$ID" true
	err_has "container does not exist"
	try 0 delete --force "$ID"
	is "$out$err" ""
}

@test "the container survives the runtime and belongs to the next subreaper" {
	local pid
	script 'exit 42'
	"$PROBE" subreaper sh -c '
		"$1" --root "$2" create --bundle "$3" --pid-file pid "$4" </dev/null &&
		"$1" --root "$2" start "$4"' \
		- "$ATOLL_OCI" "$ROOT" "$BUNDLE" "$ID" >statuses 2>e 3>&-
	pid=$(<pid)
	cat statuses e
	grep -qx "command 0" statuses
	grep -qx "$pid 42" statuses
}

# --- pid file ---

@test "pid-file: no end of line, relative to the caller's directory" {
	mkdir sub
	sleeps
	(cd sub && create "$ID" --pid-file ./my.pid)
	is "$(<sub/my.pid)" "$(pid_of "$ID")"
	is "$(wc -l <sub/my.pid)" 0
	is "$(find sub -mindepth 1)" sub/my.pid
}

@test "pid-file: that cannot be written: no container" {
	sleeps
	try 1 create --bundle "$BUNDLE" --pid-file /nowhere/pid "$ID"
	err_has /nowhere/pid
	nothing_left
}

@test "pid-file of exec --detach" {
	sleeps
	started "$ID"
	try 0 exec --detach --pid-file exec.pid "$ID" sleep 999
	is "$(wc -l <exec.pid)" 0
	is "$(tr '\0' ' ' <"/proc/$(<exec.pid)/cmdline")" "sleep 999 "
}

@test "pidfd-socket: takes a pidfd of the first process" {
	sleeps
	helper "$PROBE" pidfd "$T/sock" >got
	until_true test -S "$T/sock"
	create "$ID" --pidfd-socket "$T/sock"
	until_true test -s got
	is "$(<got)" "$(pid_of "$ID")"
}

# --- list, ps ---

@test "list: json is one line, in the order of engines; empty is null or []" {
	try 0 list -f json
	[[ $out == null || $out == "[]" ]]
	sleeps
	create "$ID"
	try 0 list --format json
	is "$(wc -l <<<"$out")" 1
	is "$(jq -c '.[0] | keys_unsorted' <<<"$out")" \
		'["ociVersion","id","pid","status","bundle","rootfs","created","owner"]'
	is "$(jq -r '.[0].id' <<<"$out")" "$ID"
}

@test "list: the table, and -q" {
	sleeps
	create "$ID"
	try 0 list
	is "$(head -n 1 <<<"$out" | tr -s ' ')" "ID PID STATUS BUNDLE CREATED OWNER"
	is "$(tail -n 1 <<<"$out" | awk '{ print $1, $2, $3, $4 }')" "$ID $(pid_of "$ID") created $BUNDLE"
	try 0 list -q
	is "$out" "$ID"
}

@test "list: a broken entry does not hide the others" {
	sleeps
	create "$ID"
	cgroup_name "$ID-2"
	create "$ID-2"
	cp "$ROOT/$ID-2/state.json" kept
	echo '{ broken' >"$ROOT/$ID-2/state.json"
	oci list -q >o 2>e
	is "$(<o)" "$ID"
	grep -q "$ID-2" e
	cp kept "$ROOT/$ID-2/state.json"
	try 0 delete --force "$ID-2"
}

# Another runtime's state, or a directory that was named by mistake.
@test "list, state, create and delete take away nothing that is not ours" {
	local before
	(umask 077 && mkdir -p "$T"/not/{crun,runc,docs,bundle,lock,deep/dir})
	echo '{}' >not/crun/status
	echo '{"id": "runc", "init_process_pid": 1}' >not/runc/state.json
	echo text >not/docs/file
	echo '{}' >not/bundle/config.json
	touch not/lock/{lock,data}
	chmod 755 not/docs
	before=$(find not -printf '%P %s %m\n' | sort)
	oci --root not list >o 2>e
	is "$(wc -l <o)" 1
	for id in crun docs bundle lock deep; do
		try 1 --root not state "$id"
		err_has "container does not exist"
		try 0 --root not delete --force "$id"
		try 1 --root not create --bundle "$BUNDLE" "$id"
		err_has "already exists"
	done
	try 1 --root not state runc
	try 0 --root not delete --force runc
	is "$(find not -printf '%P %s %m\n' | grep -v '^seccomp~' | sort)" "$before"
	try 1 --root '' list
	err_has "option --root"
}

@test "list: what is half-made or half-removed goes" {
	(umask 077 && mkdir -p "$ROOT"/{a,b,c,d})
	(umask 077 && touch "$ROOT"/b/lock "$ROOT"/c/{lock,config.json,state.json.17000000001.tmp})
	touch "$ROOT/d/start.sock"
	try 0 list -q
	is "$out" ""
	is "$(ls -A --ignore='seccomp~cache' "$ROOT")" ""
}

@test "ps: json and table" {
	script 'sleep 998 & exec sleep 997'
	started "$ID"
	until_true count_is "$ID" 2
	try 0 ps --format json "$ID"
	jq -e --argjson p "$(pid_of "$ID")" 'length == 2 and (map(type == "number") | all) and index($p) != null' <<<"$out"
	try 0 ps "$ID"
	[[ $(head -n 1 <<<"$out") == *PID*CMD* ]]
	is "$(wc -l <<<"$out")" 3
	has "sleep 998"
	try 0 ps "$ID" -o pid,comm
	is "$(head -n 1 <<<"$out" | tr -s ' ')" " PID COMMAND"
}

# --- kill ---

@test "kill: a created container by TERM" {
	sleeps
	create "$ID"
	try 0 kill "$ID" TERM
	stopped "$ID"
	try 0 delete "$ID"
}

@test "kill: without a signal is TERM; names, numbers, SIG" {
	local s
	script 'trap "echo term >>/tmp/log" TERM; trap "echo usr1 >>/tmp/log" USR1; trap "echo rt >>/tmp/log" 40
		echo >/tmp/ready; while :; do sleep 0.02; done'
	started "$ID"
	until_true test -e "$BUNDLE/rootfs/tmp/ready"
	for s in '' TERM SIGTERM sigterm 15; do
		: >"$BUNDLE/rootfs/tmp/log"
		# shellcheck disable=SC2086 # none is no argument
		try 0 kill "$ID" $s
		until_true grep -q term "$BUNDLE/rootfs/tmp/log"
	done
	for s in USR1 10 SIGUSR1; do
		: >"$BUNDLE/rootfs/tmp/log"
		try 0 kill "$ID" $s
		until_true grep -q usr1 "$BUNDLE/rootfs/tmp/log"
	done
	try 0 kill "$ID" 40
	try 1 kill "$ID" NOSUCH
	try 1 kill "$ID" 65
	try 1 kill "$ID" -- -1
	try 0 kill "$ID" 0
	status_is "$ID" running
}

@test "kill: a stopped container" {
	script 'exit 0'
	started "$ID"
	stopped "$ID"
	try 1 kill "$ID" KILL
	err_has "container not running"
	err_has "no such process"
	try 0 kill --all "$ID" KILL
	try 0 kill -a "$ID" KILL
}

@test "kill --all: each process gets the signal" {
	script 'for i in 1 2; do sh -c "trap \"echo u >>/tmp/log; exit\" USR1; echo >>/tmp/ready; while :; do sleep 0.02; done" & done
		trap "echo u >>/tmp/log" USR1; echo >>/tmp/ready; while :; do sleep 0.02; done'
	started "$ID"
	until_true lines_of ready 3
	try 0 kill --all "$ID" USR1
	until_true lines_of log 3
}
lines_of() { [ "$(wc -l <"$BUNDLE/rootfs/tmp/$1")" = "$2" ]; }

# A foreign process must survive what state.json says.
@test "kill: a pid that is somebody else's by now is never signalled" {
	local victim file=$ROOT/$ID/state.json
	sleep 900 3>&- &
	victim=$!
	script 'exit 0'
	started "$ID"
	stopped "$ID"
	jq -c --argjson p $victim '.pid = $p' "$file" >new && cp new "$file"
	try 1 kill "$ID" KILL
	err_has "container not running"
	status_is "$ID" stopped
	try 0 kill --all "$ID" KILL
	jq -c --argjson p $victim --argjson s "$(awk '{ sub(/.*\) /, ""); print $20 }' /proc/$victim/stat)" \
		'.pid = $p | if has("starttime") then .starttime = $s + 1 else . end' "$file" >new && cp new "$file"
	try 0 delete --force "$ID"
	alive $victim
	kill -KILL $victim
}

# --- delete ---

@test "delete: refuses what runs or waits to be started" {
	sleeps
	create "$ID"
	try 0 start "$ID"
	try 1 delete "$ID"
	err_has "$ID"
	status_is "$ID" running
	try 0 delete --force "$ID"
	try 0 delete --force "$ID"
	nothing_left
}

@test "delete --force: a created one" {
	sleeps
	create "$ID"
	try 0 delete --force "$ID"
	nothing_left
}

@test "delete: is quick" {
	local before
	sleeps
	started "$ID"
	before=${EPOCHREALTIME//[!0-9]/}
	try 0 delete --force "$ID"
	echo "$((${EPOCHREALTIME//[!0-9]/} - before)) us"
	[ $((${EPOCHREALTIME//[!0-9]/} - before)) -lt 1000000 ]
}

@test "delete --force: PID 1 is dead, an exec'd process lives (host pid namespace)" {
	local pid
	host_pid_ns
	script 'while [ ! -e /tmp/end ]; do sleep 0.02; done'
	started "$ID"
	try 0 exec --detach --pid-file p "$ID" sleep 996
	pid=$(<p)
	touch "$BUNDLE/rootfs/tmp/end"
	stopped "$ID"
	alive "$pid"
	try 0 delete --force "$ID"
	until_true gone "$pid"
	nothing_left
}

@test "delete: PID 1 is dead, a process of it lives (host pid namespace)" {
	host_pid_ns
	script 'sleep 995 & sleep 994 & exit 0'
	started "$ID"
	stopped "$ID"
	until_true count_is "$ID" 2
	try 0 kill --all "$ID" KILL
	until_true count_is "$ID" 0
	try 0 delete "$ID"
	nothing_left
}

@test "shared pid namespace by path: kill KILL and delete -f end the rest, and only theirs" {
	local first second
	sleeps
	started "$ID"
	first=$(pid_of "$ID")
	new_bundle "$T/second"
	cgroup_name "$ID-2"
	config '(.linux.namespaces[] | select(.type == "pid")).path = $p' --arg p "/proc/$first/ns/pid"
	script 'sleep 993 & sleep 992 & exec sleep 991'
	started "$ID-2"
	until_true count_is "$ID-2" 3
	second=$(pid_of "$ID-2")
	is "$(readlink "/proc/$first/ns/pid")" "$(readlink "/proc/$second/ns/pid")"
	try 0 kill "$ID-2" KILL
	stopped "$ID-2"
	until_true count_is "$ID-2" 0
	status_is "$ID" running
	try 0 delete "$ID-2"
	started "$ID-2"
	try 0 delete --force "$ID-2"
	status_is "$ID" running
}

@test "a pid namespace of its own: all end with PID 1" {
	script 'sleep 989 & (sleep 988 &) ; exec sleep 987'
	started "$ID"
	until_true count_is "$ID" 3
	try 0 kill "$ID" KILL
	stopped "$ID"
	is "$(pids_of "$ID")" ""
	try 0 delete "$ID"
}

# --- exec ---

@test "exec: statuses, input and output" {
	sleeps
	started "$ID"
	try 0 exec "$ID" true
	try 7 exec "$ID" sh -c 'exit 7'
	try 137 exec "$ID" sh -c 'kill -KILL $$'
	echo in | oci exec "$ID" sh -c 'cat; echo two >&2' >o 2>e 3>&-
	is "$(<o)$(<e)" intwo
	try 0 exec "$ID" sh -c 'echo $PPID'
	is "$out" 0
	try 0 exec "$ID" hostname
	is "$out" "$(jq -r .hostname "$BUNDLE/config.json")"
}

@test "exec: what cannot be executed" {
	sleeps
	echo text >"$BUNDLE/rootfs/tmp/plain"
	started "$ID"
	try 255 exec "$ID" no-such-command
	err_has 'executable file not found in $PATH'
	try 255 exec "$ID" /no/such/file
	err_has "no such file or directory"
	try 255 exec "$ID" /tmp/plain
	[[ ${err,,} == *"permission denied"* ]]
	status_is "$ID" running
	is "$(pids_of "$ID" | wc -l)" 1
}

@test "exec: user, groups, cwd, env, capabilities" {
	sleeps
	started "$ID"
	try 0 exec --user 12:34 --additional-gids 5 --additional-gids 6 --cwd /tmp --env A=b --env C= "$ID" \
		sh -c 'id -u; id -g; id -G; pwd; echo "$A-$C-${C+set}"'
	is "${out//$'\n'/ }" "12 34 34 5 6 /tmp b--set"
	try 0 exec --user '' "$ID" id -u
	is "$out" 0
	for user in 4294967295 0:4294967295 -1 root; do # the first is "no change" to the kernel
		try 255 exec --user "$user" "$ID" id -u
		err_has "user '$user'"
	done
	try 0 exec --cap CAP_SYS_ADMIN "$ID" grep CapEff /proc/self/status
	[ $((0x${out##*[[:space:]]} >> 21 & 1)) = 1 ]
	try 0 exec "$ID" grep -E 'CapEff|NoNewPrivs' /proc/self/status
	[[ $out == *CapEff:*0000000020000420*NoNewPrivs:*1 ]]
}

@test "exec --process FILE" {
	sleeps
	started "$ID"
	jq '.process | .args = ["sh", "-c", "pwd; id -u; echo $X"] | .cwd = "/sub" | .user = {uid: 3, gid: 4} | .env += ["X=y"]' \
		"$BUNDLE/config.json" >p.json
	try 0 exec --process p.json "$ID"
	is "${out//$'\n'/ }" "/sub 3 y"
	echo '{"cwd": 5}' >p.json
	try 255 exec --process p.json "$ID"
	err_has p.json
	echo '{"cwd": "/", "args": []}' >p.json
	try 255 exec --process p.json "$ID"
	err_has "p.json:1:22: /args: must not be empty"
	echo '{"cwd": "/", "args": ["id"], "user": {"uid": 4294967295, "gid": 0}}' >p.json
	try 255 exec --process p.json "$ID"
	err_has "/user/uid: 4294967295 is no uid"
}

@test "exec: options end at the first operand" {
	sleeps
	started "$ID"
	try 0 exec "$ID" echo --cwd / -t
	is "$out" "--cwd / -t"
}

@test "exec: in a created one it works; in a stopped one it does not" {
	sleeps
	create "$ID"
	try 0 exec "$ID" echo hello
	is "$out" hello
	status_is "$ID" created
	try 0 kill "$ID" KILL
	stopped "$ID"
	try 255 exec "$ID" true
	err_has "cannot exec in a stopped container"
}

@test "exec: joins every namespace and the cgroup" {
	local n
	config '.linux.namespaces |= (. + [{type: "cgroup"}] | unique_by(.type))'
	sleeps
	started "$ID"
	try 0 exec "$ID" sh -c 'for n in pid mnt net ipc uts cgroup user; do readlink /proc/self/ns/$n; done'
	for n in pid mnt net ipc uts cgroup user; do readlink "/proc/$(pid_of "$ID")/ns/$n"; done >want
	is "$out" "$(<want)"
	try 0 exec --detach --pid-file p "$ID" sleep 986
	diff "/proc/$(<p)/cgroup" "/proc/$(pid_of "$ID")/cgroup"
}

# --- terminal ---

@test "terminal: what must and must not go together" {
	config '.process.terminal = true'
	try 1 create --bundle "$BUNDLE" "$ID"
	err_has "console"
	try 1 run --detach --bundle "$BUNDLE" "$ID"
	config '.process.terminal = false'
	try 1 create --bundle "$BUNDLE" --console-socket "$T/sock" "$ID"
	nothing_left
}

@test "console-socket: the terminal, its size, /dev/console" {
	config '.process.terminal = true | .process.consoleSize = {height: 33, width: 77}'
	script 'read line; echo "got $line"; stty size; tty; test -c /dev/console && echo console; ps -o tty | tail -n 1'
	helper "$PROBE" pts "$T/sock" $'word\n' >o
	until_true test -S "$T/sock"
	create "$ID" --console-socket "$T/sock"
	try 0 start "$ID"
	stopped "$ID"
	until_true grep -q console o
	cat -v o
	grep -q "size 77x33" o
	grep -q "got word" o
	grep -q "33 77" o
	grep -q /dev/pts/0 o
}

@test "console-socket: of exec" {
	sleeps
	started "$ID"
	helper "$PROBE" pts "$T/sock" >o
	until_true test -S "$T/sock"
	try 0 exec --tty --detach --console-socket "$T/sock" "$ID" sh -c 'tty; echo out'
	until_true grep -q out o
	grep -q /dev/pts/ o
}

@test "console-socket: nobody listens" {
	config '.process.terminal = true'
	try 1 create --bundle "$BUNDLE" --console-socket "$T/nowhere" "$ID"
	err_has nowhere
	nothing_left
}

# --- descriptors ---

@test "detached: the caller sees the end of its pipe when the container ends" {
	script 'echo hello'
	"$PROBE" chatty 10000 "$ATOLL_OCI" --root "$ROOT" run --detach --bundle "$BUNDLE" "$ID" </dev/null >o 3>&-
	is "$(<o)" hello
}

@test "detached: only 0, 1 and 2 are inherited" {
	script 'ls /proc/self/fd | tr "\n" " "'
	exec 7</dev/null 9</dev/null
	try 0 run --bundle "$BUNDLE" "$ID"
	is "$out" "0 1 2 3 " # 3: ls's own
	script 'exec sleep 985'
	started "$ID"
	is "$(find "/proc/$(pid_of "$ID")/fd" -mindepth 1 -printf '%f ')" "0 1 2 "
	exec 7<&- 9<&-
}

@test "preserve-fds: those and no more" {
	script 'cat <&3; cat <&4; ls /proc/self/fd | tr "\n" " "'
	echo three >f3
	echo four >f4
	timeout 20 "$ATOLL_OCI" --root "$ROOT" run --preserve-fds 2 --bundle "$BUNDLE" "$ID" \
		3<f3 4<f4 5</dev/null >o 2>e </dev/null
	is "$(<o)" "three
four
0 1 2 3 4 5 "
}

@test "preserve-fds of exec" {
	sleeps
	started "$ID"
	echo three >f3
	timeout 20 "$ATOLL_OCI" --root "$ROOT" exec --preserve-fds 1 "$ID" cat /proc/self/fd/3 3<f3 >o 2>e </dev/null
	is "$(<o)" three
}

# --- log ---

@test "log: json is one record on one line, and stderr has it as well" {
	try 1 --log log.json --log-format json state "$ID"
	err_has "container does not exist"
	is "$(wc -l <log.json)" 1
	jq -e '(keys | sort) == ["level", "msg", "time"] and .level == "error" and (.msg | contains("container does not exist"))' log.json
	config '.process.args = ["no-such-command"]'
	rm log.json
	try 1 --log log.json --log-format json run --bundle "$BUNDLE" "$ID"
	is "$(wc -l <log.json)" 1
	jq -e '.msg | contains("executable file not found in $PATH")' log.json
}

@test "log: text" {
	try 1 --log log.txt state "$ID"
	is "$(wc -l <log.txt)" 1
	grep -q "level=error" log.txt
	grep -q "container does not exist" log.txt
}

@test "log: one that cannot be opened is told; without one the format is that of stderr" {
	try 1 --log "$T/nowhere/log" state "$ID"
	err_has "container does not exist"
	err_has "no log in $T/nowhere/log: No such file or directory"
	try 1 --log-format json state "$ID"
	is "$(wc -l <"$T/err")" 1
	is "$(jq -r '.level + " " + .msg' "$T/err")" "error container does not exist: $ID"
}

@test "log: nothing is in it when all went well" {
	try 0 --log log.json --log-format json run --bundle "$BUNDLE" "$ID"
	[ ! -s log.json ]
}

# --- command not found ---

@test "run: what cannot be executed leaves nothing" {
	echo text >"$BUNDLE/rootfs/tmp/plain"
	config '.process.args = ["no-such-command"]'
	try 1 run --bundle "$BUNDLE" "$ID"
	err_has 'executable file not found in $PATH'
	config '.process.args = ["/no/such"]'
	try 1 run --bundle "$BUNDLE" "$ID"
	err_has "no such file or directory"
	config '.process.args = ["/tmp/plain"]'
	try 1 run --bundle "$BUNDLE" "$ID"
	[[ ${err,,} == *"permission denied"* ]]
	config '.process.args = ["/tmp"]'
	try 1 run --bundle "$BUNDLE" "$ID"
	[[ ${err,,} == *"permission denied"* || ${err,,} == *"is a directory"* ]]
	nothing_left
}

# --- pause ---

@test "pause, state, resume; exec, kill and delete meanwhile" {
	cgroup_dir freezer "$ID" >/dev/null || [ -n "$(v2_mount)" ] || skip "no freezer"
	sleeps
	started "$ID"
	try 0 pause "$ID"
	status_is "$ID" paused
	try 255 exec "$ID" true
	err_has "cannot exec in a paused container"
	try 0 resume "$ID"
	status_is "$ID" running
	try 0 exec "$ID" true
	try 1 resume "$ID"
	err_has "container not paused"
	try 0 pause "$ID"
	try 0 delete --force "$ID"
	nothing_left
	create "$ID"
	try 0 pause "$ID"
	status_is "$ID" paused
	try 1 start "$ID" # would wait for ever for an answer
	err_has "cannot start a container in the paused state"
	try 0 resume "$ID"
	status_is "$ID" created
	try 0 start "$ID"
	status_is "$ID" running
	try 0 kill "$ID" KILL
	stopped "$ID"
	try 0 delete "$ID"
}

# --- init ---

init_bundle() {
	[ -x "${ATOLL_INIT-}" ] || skip "no atoll-init in this build"
	config '.annotations["org.atoll.init"] = "true"'
}

@test "org.atoll.init: PID 1 is atoll-init, and the status is the command's" {
	init_bundle
	inside 0 'cat /proc/1/comm; [ $$ != 1 ]'
	is "$out" atoll-init
	inside 42 'exit 42'
	inside 143 'kill -TERM $$'
}

@test "org.atoll.init: orphans are reaped" {
	init_bundle
	inside 0 '(sleep 0.05 &) ; (true &) ; sleep 0.3
		n=0; while grep -q "^State:.*Z" /proc/[0-9]*/status && [ $n -lt 50 ]; do n=$((n+1)); sleep 0.1; done
		grep -l "^State:.*Z" /proc/[0-9]*/status || echo none'
	is "$out" none
}

@test "org.atoll.init: signals reach the command" {
	init_bundle
	script 'trap "exit 5" USR1; echo >/tmp/ready; while :; do sleep 0.02; done'
	"$ATOLL_OCI" --root "$ROOT" run --bundle "$BUNDLE" "$ID" >o 2>e </dev/null 3>&- &
	until_true test -e "$BUNDLE/rootfs/tmp/ready"
	try 0 kill "$ID" USR1
	local status=0
	wait $! || status=$?
	is $status 5
}

@test "org.atoll.init: options for it" {
	init_bundle
	config '.annotations["org.atoll.init"] = "-e 42 --grace=1"'
	inside 0 'tr "\0" " " </proc/1/cmdline; exit 42'
	[[ $out == "atoll-init --sigmask=0 --sigign=0 -e 42 --grace=1 -- sh -c "* ]]
	config '.annotations["org.atoll.init"] = "--no-such-option"'
	inside 125 true
	err_has "unknown option '--no-such-option'"
	config '.annotations["org.atoll.init"] = "false"'
	inside 0 'cat /proc/1/comm'
	is "$out" cat
}

@test "org.atoll.init: the command's mask is empty and nothing is ignored, whatever the caller's are" {
	init_bundle
	config '.process.args = ["grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"]'
	(
		trap '' HUP USR2 PIPE
		try 0 run --bundle "$BUNDLE" "$ID"
	)
	is "$(<out)" $'SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000'
}

@test "org.atoll.init: an init as the command is PID 1 itself, and knows that it is in a container" {
	init_bundle
	mkdir -p "$BUNDLE/rootfs/sbin"
	rm -f "$BUNDLE/rootfs/sbin/init"
	printf '#!/bin/sh\necho "$$ $container"\n' >"$BUNDLE/rootfs/sbin/init"
	chmod 755 "$BUNDLE/rootfs/sbin/init"
	config '.process.args = ["/sbin/init"]'
	try 0 run --bundle "$BUNDLE" "$ID"
	is "$out" "1 atoll"
}

@test "org.atoll.init: no signal is lost, from the clone on" {
	local n status
	init_bundle
	"${CC:-cc}" -D_GNU_SOURCE -O1 -o init-probe "$BATS_TEST_DIRNAME/init-probe.c"
	config '.process.args = ["sleep", "5"]'
	for ((n = 0; n < 20; n++)); do
		"$ATOLL_OCI" --root "$ROOT" run --bundle "$BUNDLE" "$ID" >o 2>e </dev/null 3>&- &
		./init-probe first-init $! 15
		status=0
		wait $! || status=$?
		is "$n: $status" "$n: 143"
	done
}

# --- the rest of the command line ---

@test "--version: the lines engines parse" {
	try 0 --version
	is "$err" ""
	[[ $(head -n 1 <<<"$out") == *" version "* ]]
	grep -q '^commit: ' <<<"$out"
	grep -qE '^spec: 1\.[0-9]+\.[0-9]+' <<<"$out"
}

@test "features: json, nothing on stderr" {
	try 0 features
	is "$err" ""
	jq -e '.ociVersionMin and .ociVersionMax and (.hooks | index("createRuntime")) and
		(.mountOptions | index("rro")) and (.linux.namespaces | index("pid")) and
		.linux.cgroup and .linux.seccomp.enabled and .linux.mountExtensions.idmap.enabled' <<<"$out"
}

@test "spec: a bundle that runs; never over an old one" {
	mkdir new && cd new
	cp -al "$OCI_TMP/root" rootfs
	try 0 spec
	jq -e '.process.terminal and .root.readonly and .process.args == ["sh"]' config.json
	try 1 spec
	try 0 spec --bundle "$T/bundle" || [ -e "$T/bundle/config.json" ]
	jq '.process.terminal = false | .process.args = ["echo", "it runs"]' config.json >c && mv c config.json
	try 0 run "$ID"
	is "$out" "it runs"
}

@test "usage errors: non-zero and a word about it" {
	local a
	for a in "" "nonsense" "--nonsense" "run" "run --nonsense x" "kill" "state a b" "run --json x"; do
		# shellcheck disable=SC2086 # words
		! oci $a >o 2>e </dev/null || [ -z "$a" ]
		[ -s e ] || [ -s o ]
	done
	try 0 --help
	try 0 run --help
	has "--bundle"
}
