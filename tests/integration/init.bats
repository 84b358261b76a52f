#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# atoll-init as a black box: PID 1 of a namespace that unshare(1) makes, and now and
# then not PID 1. ATOLL_INIT is the program (tests/run sets it).
# timeout: 240
#
# shellcheck disable=SC2016 # much is for the inner shell to expand

bats_require_minimum_version 1.5.0

setup_file() {
	[ -x "${ATOLL_INIT:?}" ]
	[ "$(id -u)" = 0 ] || skip "needs root for a PID namespace"
	# A place that another user can reach too.
	DIR=$(mktemp -d /tmp/init-bats.XXXXXX)
	chmod 755 "$DIR"
	cp "$ATOLL_INIT" "$DIR/init"
	"${CC:-cc}" -D_GNU_SOURCE -O1 -Wall -o "$DIR/probe" "$BATS_TEST_DIRNAME/init-probe.c"
	chmod 755 "$DIR/init" "$DIR/probe"
	export DIR INIT=$DIR/init PROBE=$DIR/probe
}

teardown_file() {
	[ -z "$DIR" ] || rm -rf -- "$DIR"
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	LAUNCHER='' PID1=''
}

teardown() {
	[ -z "$PID1" ] || kill -KILL "$PID1" 2>/dev/null || :
	[ -z "$LAUNCHER" ] || wait "$LAUNCHER" 2>/dev/null || :
}

# In the foreground: `ns COMMAND...` is PID 1 of a new namespace. 124 or 137 = it hung.
ns() {
	timeout -k 1 20 unshare --pid --fork --mount-proc --kill-child -- "$@"
}

# until_true COMMAND...: within five seconds.
until_true() {
	local n
	for ((n = 0; n < 250; n++)); do
		! "$@" || return 0
		sleep 0.02
	done
	echo "never came true: $*"
	return 1
}

has_line() { grep -qxe "$1" out; }
lines_are() { [ "$(grep -cve ready out)" -ge "$1" ]; }
state_of() { awk '{ sub(/.*\) /, ""); print $1 }' "/proc/$1/stat" 2>/dev/null; }
in_state() { [ "$(state_of "$1")" = "$2" ]; }
children_of() { cat "/proc/$1/task/$1/children"; }
status_field() { sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status"; }

# In the background: `start COMMAND...`; sets LAUNCHER (unshare) and PID1, when "ready"
# was printed. Output goes to the files out and err.
start() {
	unshare --pid --fork --mount-proc --kill-child -- "$@" >out 2>err 3>&- &
	LAUNCHER=$!
	until_true has_line ready
	PID1=$(children_of "$LAUNCHER")
	PID1=${PID1% }
	[ -n "$PID1" ]
}

# finish STATUS: waits for the end and compares.
finish() {
	local got=0
	timeout 20 tail -s 0.02 --pid="$LAUNCHER" -f /dev/null
	wait "$LAUNCHER" || got=$?
	LAUNCHER='' PID1=''
	echo "status $got, not $1; stdout: $(cat out); stderr: $(cat err)"
	[ "$got" = "$1" ]
}

# --- the exit status ---

@test "init: status 0" {
	run -0 ns "$INIT" true
	[ "$output" = "" ]
}

@test "init: the status of the command" {
	run -7 ns "$INIT" sh -c 'exit 7'
	run -255 ns "$INIT" sh -c 'exit 255'
}

@test "init: 128+N for a signal, real-time ones too" {
	run -137 ns "$INIT" sh -c 'kill -KILL $$'
	run -134 ns "$INIT" sh -c 'ulimit -c 0; kill -ABRT $$'
	run -165 ns "$INIT" sh -c 'kill -37 $$'
}

@test "init: -e turns just that status into 0" {
	run -0 ns "$INIT" -e 143 sh -c 'kill -TERM $$'
	run -0 ns "$INIT" -e 3 -e 4 sh -c 'exit 4'
	run -5 ns "$INIT" -e 3 -e 4 sh -c 'exit 5'
}

@test "init: -v tells the way of death" {
	run -143 ns "$INIT" -v sh -c 'kill -TERM $$'
	[[ $output == *"main process 2 was killed by signal 15 (TERM)"* ]]
}

@test "init: the main process is found among orphans that end with it" {
	run -9 ns "$INIT" sh -c "$PROBE orphans 50; exit 9"
}

# --- finding and executing the command ---

@test "init: not found is 127, and said" {
	run -127 ns "$INIT" no-such-command
	[ "$output" = "atoll-init: cannot execute 'no-such-command': command not found in PATH" ]
	run -127 ns "$INIT" /no/such/file
	[[ $output == *"'/no/such/file': No such file or directory" ]]
	run -127 ns "$INIT" ''
}

@test "init: not executable is 126, and said" {
	echo data >data
	run -126 ns "$INIT" ./data
	[ "$output" = "atoll-init: cannot execute './data': Permission denied" ]
	run -126 ns "$INIT" /etc
}

@test "init: a missing interpreter is told from a missing file" {
	printf '#!/no/such/interpreter\n' >script
	chmod 755 script
	run -127 ns "$INIT" ./script
	[[ $output == *"interpreter or loader that it names is not"* ]]
}

@test "init: a script without #! is run by sh" {
	echo 'echo "$0 $1 $#"; exit 6' >script
	chmod 755 script
	run -6 ns "$INIT" ./script one two
	[ "$output" = "./script one 2" ]
	run -6 ns "$INIT" -- env PATH="$PWD:$PATH" "$INIT" script one
	[ "$output" = "$PWD/script one 1" ]
}

@test "init: PATH: a denied file is passed over, and is 126 if there is no other" {
	mkdir a b
	echo x >a/cmd
	printf '#!/bin/sh\necho from b\n' >b/cmd
	chmod 755 b/cmd
	run -0 ns /usr/bin/env PATH="$PWD/a:$PWD/b:/bin" "$INIT" cmd
	[ "$output" = "from b" ]
	run -126 ns /usr/bin/env PATH="$PWD/a:/bin" "$INIT" cmd
	cd b
	run -0 ns /usr/bin/env PATH=":/bin" "$INIT" cmd
	[ "$output" = "from b" ]
	run -0 ns /usr/bin/env -u PATH "$INIT" true
}

@test "init: a directory in PATH that is too long is no overflow" {
	run -127 ns /usr/bin/env PATH="/$(head -c 5000 /dev/zero | tr '\0' a):/$(head -c 4090 /dev/zero | tr '\0' b)" "$INIT" cmd
	run -0 ns /usr/bin/env PATH="/$(head -c 5000 /dev/zero | tr '\0' a):/bin" "$INIT" true
}

@test "init: options stop at the first operand" {
	run -0 ns "$INIT" echo -v --help -e
	[ "$output" = "-v --help -e" ]
	run -0 ns "$INIT" -g -- echo -- x
	[ "$output" = "-- x" ]
}

@test "init: its own errors are 125, and said" {
	local args
	for args in "" "-Q" "--nope" "-e" "-e 256 true" "-p FOO true" "--sigmask=xyz true" "-P true" "--group=1 true"; do
		# shellcheck disable=SC2086 # words are meant
		run -125 ns "$INIT" $args
		[[ $output == "atoll-init: "*"--help"* ]]
	done
}

@test "init: --version and --help" {
	run -0 "$INIT" --version
	[[ $output =~ ^atoll-init\ [0-9]+\.[0-9]+\.[0-9]+ ]]
	run -0 "$INIT" --help
	[[ $output == "usage: atoll-init"*--sigmask=HEX* ]]
}

@test "init: a refused fork is a clear error" {
	run -125 setpriv --reuid=65534 --clear-groups prlimit --nproc=0 "$INIT" true
	[[ $output == *"cannot start a process"*"Resource temporarily unavailable"* ]]
}

# --- signals ---

@test "init: every signal but CHLD, KILL and STOP is forwarded from outside" {
	local want='' signo
	start "$INIT" "$PROBE" catch 61
	for ((signo = 1; signo <= 64; signo++)); do
		[ $signo != 9 ] && [ $signo != 17 ] && [ $signo != 19 ] || continue
		/bin/kill -s $signo "$PID1" 2>/dev/null || kill -$signo "$PID1"
		want+="$signo"$'\n'
		until_true grep -q "^$signo " out
	done
	finish 0
	[ "$(grep -v ready out | cut -d' ' -f1)" = "${want%?}" ]
}

@test "init: TERM and USR1 from inside reach the command" {
	run -3 ns "$INIT" sh -c 'trap "echo usr1" USR1; trap "echo term; exit 3" TERM; kill -USR1 1; kill -TERM 1; while :; do sleep 0.02; done'
	[ "$output" = $'usr1\nterm' ]
}

@test "init: a forwarded fault number kills as it should" {
	start "$INIT" sh -c 'ulimit -c 0; echo ready; exec sleep 30'
	until_true grep -q sleep "/proc/$(children_of "$PID1" | tr -d ' ')/comm"
	kill -SEGV "$PID1"
	finish 139
}

@test "init: values of sigqueue are kept, in order, none coalesced" {
	local i
	start "$INIT" "$PROBE" catch 6
	for i in 11 22 33 44 55; do
		"$PROBE" queue "$PID1" 37 $i
	done
	"$PROBE" queue "$PID1" 10 66
	finish 0
	# the kernel hands out the lowest number first
	[ "$(grep -v ready out | sort)" = $'10 -1 66\n37 -1 11\n37 -1 22\n37 -1 33\n37 -1 44\n37 -1 55' ]
	[ "$(grep '^37' out)" = $'37 -1 11\n37 -1 22\n37 -1 33\n37 -1 44\n37 -1 55' ]
}

@test "init: a plain kill stays a plain kill" {
	start "$INIT" "$PROBE" catch 2
	kill -USR1 "$PID1"
	until_true lines_are 1
	kill -RTMIN "$PID1"
	finish 0
	[ "$(grep -v ready out)" = $'10 0 0\n34 0 0' ]
}

@test "init: TSTP stops the command, CONT continues it" {
	local main
	start "$INIT" sh -c 'echo ready; exec sleep 30'
	main=$(children_of "$PID1")
	kill -TSTP "$PID1"
	until_true in_state "${main% }" T
	in_state "$PID1" S
	kill -CONT "$PID1"
	until_true in_state "${main% }" S
	kill -TERM "$PID1"
	finish 143
}

@test "init: STOP and CONT from outside: it stops, goes on, and nothing is lost" {
	start "$INIT" "$PROBE" catch 2
	kill -STOP "$PID1"
	until_true in_state "$PID1" T
	kill -USR2 "$PID1"
	kill -CONT "$PID1"
	finish 0
	[ "$(grep -v ready out | cut -d' ' -f1 | sort)" = $'12\n18' ]
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

@test "init: without -g only the main process gets it" {
	family "$INIT"
	sleep 0.1
	run ! has_line child
}

@test "init: -g: the whole process group gets it" {
	family "$INIT" -g
	finish 5
	has_line child
}

@test "init: a command that changed its user is no end of the world" {
	# PID 1 without CAP_KILL gets EPERM for every signal.
	start setpriv --bounding-set -kill "$INIT" -v setpriv --reuid=65534 --clear-groups \
		sh -c 'echo ready; sleep 0.6; exit 5'
	sleep 0.2
	kill -HUP "$PID1"
	kill -RTMIN+2 "$PID1"
	finish 5
	grep -q "signal 1 (HUP) could not be forwarded: Operation not permitted" err
}

@test "init: SIGPIPE of its own log does not reach the command; one from outside does" {
	mkfifo log
	: <log &
	unshare --pid --fork --mount-proc --kill-child -- "$INIT" -v "$PROBE" catch 3 >out 2>log 3>&- &
	LAUNCHER=$!
	until_true has_line ready
	PID1=$(children_of "$LAUNCHER")
	PID1=${PID1% }
	touch err
	kill -USR1 "$PID1" # -v writes about it, with nobody to read
	until_true lines_are 1
	kill -PIPE "$PID1"
	until_true lines_are 2
	kill -USR2 "$PID1"
	finish 0
	[ "$(grep -v ready out | cut -d' ' -f1)" = $'10\n13\n12' ]
}

@test "init: a storm of 2000 queued signals arrives whole" {
	start "$INIT" "$PROBE" catch 2000
	local n
	for ((n = 0; n < 2000; n++)); do kill -RTMIN+5 "$PID1"; done
	finish 0
	[ "$(grep -c '^39 ' out)" = 2000 ]
}

# --- the start-up race ---

@test "init: a signal sent at the very start arrives (--sigmask)" {
	run -0 timeout -k 1 30 "$PROBE" race 60 15 143 "$INIT" --sigmask=0 sleep 3
	[ "$output" = "good=60" ]
}

@test "init: and reaches a command that has it blocked, to be taken later" {
	# TERM (bit 14) is blocked until catch waits for it.
	run -0 timeout -k 1 30 "$PROBE" race 40 15 0 "$INIT" --sigmask=4000 "$PROBE" catch 1
	[ "$(grep -c '^15 ' <<<"$output")" = 40 ]
	[[ $output == *"good=40" ]]
}

@test "init: and in group mode" {
	run -0 timeout -k 1 30 "$PROBE" race 60 15 143 "$INIT" -g --sigmask=0 sleep 3
	[ "$output" = "good=60" ]
}

# --- masks and dispositions ---

@test "init: a plain start hands over what it got" {
	run -0 ns grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status
	local without=$output
	run -0 ns "$INIT" grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status
	[ "$output" = "$without" ]
	[[ $output == *$'SigBlk:\t0000000000000000'* ]]
}

@test "init: the inherited mask is the command's, all 64 bits" {
	run -0 ns "$PROBE" masked fffffffffffbfeff "$INIT" grep SigBlk /proc/self/status
	[ "$output" = $'SigBlk:\tfffffffffffbfeff' ]
	run -0 ns "$PROBE" masked 200 "$INIT" grep SigBlk /proc/self/status
	[ "$output" = $'SigBlk:\t0000000000000200' ]
}

@test "init: --sigmask is what the command gets when all are blocked at the start" {
	run -0 ns "$PROBE" masked ffffffffffffffff "$INIT" --sigmask=8000000180000001 grep SigBlk /proc/self/status
	[ "$output" = $'SigBlk:\t8000000180000001' ]
	run -0 ns "$PROBE" masked ffffffffffffffff "$INIT" --sigmask=0 grep SigBlk /proc/self/status
	[ "$output" = $'SigBlk:\t0000000000000000' ]
}

@test "init: --sigign sets exactly these, whatever was inherited" {
	run -0 ns "$PROBE" nochld "$INIT" --sigign=8000000000000003 grep SigIgn /proc/self/status
	[ "$output" = $'SigIgn:\t8000000000000003' ]
	run -0 ns "$PROBE" nochld "$INIT" --sigign=0 grep SigIgn /proc/self/status
	[ "$output" = $'SigIgn:\t0000000000000000' ]
}

@test "init: SIGCHLD ignored by the launcher: no hang, true status, and handed on" {
	run -4 ns "$PROBE" nochld "$INIT" sh -c 'exit 4'
	# with a command that, unlike shells, leaves it as it is
	run -0 ns "$PROBE" nochld grep SigIgn /proc/self/status
	local without=$output
	run -0 ns "$PROBE" nochld "$INIT" grep SigIgn /proc/self/status
	[ "$output" = "$without" ]
	[ $((0x${output#*:?} & 0x10000)) != 0 ]
}

@test "init: SIGCHLD blocked by the launcher: no hang, true status, and handed on" {
	run -4 ns "$PROBE" masked 10000 "$INIT" sh -c 'exit 4'
	# with a command that, unlike shells, leaves its mask as it is
	run -0 ns "$PROBE" masked 10000 "$INIT" grep SigBlk /proc/self/status
	[ "$output" = $'SigBlk:\t0000000000010000' ]
}

# --- reaping ---

@test "init: a double-forked orphan becomes its child and is reaped" {
	start "$INIT" -w sh -c "(sleep 0.3 & ) ; echo ready; exec sleep 30"
	until_true grep -q '^atoll-init: reaped orphan [0-9]*: exited with status 0$' err
	[ "$(children_of "$PID1" | wc -w)" = 1 ]
	kill -TERM "$PID1"
	finish 143
}

@test "init: a storm of 500 orphans leaves no zombie" {
	start "$INIT" -w sh -c "$PROBE orphans 500; echo ready; exec sleep 30"
	until_true eval '[ "$(grep -c "reaped orphan" err)" = 500 ]'
	[ "$(children_of "$PID1" | wc -w)" = 1 ]
	[ "$(state_of "$(children_of "$PID1" | tr -d ' ')")" = S ]
	kill -TERM "$PID1"
	finish 143
}

@test "init: signals get through during a storm" {
	start "$INIT" sh -c "trap 'exit 8' USR1; echo ready; while :; do $PROBE orphans 50; done"
	sleep 0.2
	kill -USR1 "$PID1"
	finish 8
}

@test "init: stopped and then killed, an orphan is reaped and the way of death told" {
	run -0 ns "$INIT" -w sh -c 'p=$(sleep 30 >/dev/null & echo $!); kill -STOP $p; kill -KILL $p; until ! [ -e /proc/$p ]; do sleep 0.02; done'
	[[ $output == *"reaped orphan "*": was killed by signal 9 (KILL)"* ]]
}

@test "init: it is silent without -v and -w" {
	run -0 ns "$INIT" sh -c "$PROBE orphans 20"
	[ "$output" = "" ]
}

@test "init: nested namespaces: statuses and orphans of both" {
	run -11 ns "$INIT" -w sh -c "unshare --pid --fork --mount-proc $INIT -w sh -c '$PROBE orphans 3; sleep 0.2; exit 11'; s=\$?; $PROBE orphans 2; sleep 0.2; exit \$s"
	[ "$(grep -c 'reaped orphan' <<<"$output")" = 5 ]
}

@test "init: what nsenter leaves behind is reaped" {
	start "$INIT" -w sh -c 'echo ready; exec sleep 30'
	nsenter --target "$PID1" --pid --mount sh -c '(sleep 0.1 & )'
	until_true grep -q 'reaped orphan' err
	kill -TERM "$PID1"
	finish 143
}

# --- not PID 1 ---

@test "init: not PID 1 it becomes a subreaper by itself" {
	run -6 timeout 20 "$INIT" -w sh -c "$PROBE orphans 3; sleep 0.2; exit 6"
	[ "$(grep -c 'reaped orphan' <<<"$output")" = 3 ]
}

@test "init: -s is accepted anywhere" {
	run -0 ns "$INIT" -s true
	run -0 "$INIT" -s true
}

@test "init: -p: the death of the parent reaches the command" {
	sh -c "'$INIT' -p USR1 '$PROBE' catch 1 >out 2>err & until grep -q ready out; do sleep 0.02; done" 3>&-
	until_true grep -q '^10 ' out
}

@test "init: outside a namespace it suspends with its job and comes back" {
	command -v script >/dev/null || skip "needs script(1)"
	cat >job <<-EOF
		set -m
		'$INIT' sh -c 'kill -TSTP \$\$; echo back; exit 9'
		echo "stopped=\$?"
		fg
		echo "ended=\$?"
	EOF
	timeout -k 1 20 script -qec 'bash job' typescript </dev/null >out 2>&1 3>&-
	cat out
	grep -q 'stopped=14[78]' out # 128+STOP or 128+TSTP, as the shell sees it
	grep -q '^back' out
	grep -q 'ended=9' out
}

@test "init: the command gets the terminal and has the foreground" {
	command -v script >/dev/null || skip "needs script(1)"
	timeout -k 1 20 script -qec "unshare --pid --fork --mount-proc '$INIT' sh -c 'ps -o pid,pgid,tpgid,comm -p 2; read x; echo got \$x; exit 3'" \
		typescript <<<hello >out 2>&1 3>&- || [ $? = 3 ]
	cat out
	grep -q '^ *2 *2 *2 ' out
	grep -q '^got hello' out
}

# --- pause mode ---

is_pausing() {
	PID1=$(children_of "$LAUNCHER")
	PID1=${PID1% }
	[ -n "$PID1" ] && grep -qx init "/proc/$PID1/comm" && in_state "$PID1" S
}

start_pause() {
	unshare --pid --fork --mount-proc --kill-child -- "$INIT" "$@" >out 2>err 3>&- &
	LAUNCHER=$!
	until_true is_pausing
}

@test "init: pause: TERM and INT end it with 0, others do not" {
	local signo
	for signo in TERM INT; do
		start_pause -P
		kill -USR1 "$PID1"
		kill -HUP "$PID1"
		kill -RTMIN+1 "$PID1"
		sleep 0.05
		in_state "$PID1" S
		kill -$signo "$PID1"
		finish 0
	done
}

@test "init: pause reaps" {
	start_pause --pause -w
	nsenter --target "$PID1" --pid --mount "$PROBE" orphans 20
	until_true eval '[ "$(grep -c "reaped orphan" err)" = 20 ]'
	[ "$(children_of "$PID1")" = "" ]
	kill -TERM "$PID1"
	finish 0
}

# --- quiet and clean ---

@test "init: stdin closed, all three closed: no error" {
	run -5 ns sh -c "exec '$INIT' sh -c 'exit 5' <&-"
	run -5 ns sh -c "exec '$INIT' -v sh -c 'trap : HUP; kill -HUP 1; sleep 0.05; exit 5' <&- >&- 2>&-"
	run -5 ns sh -c "exec '$INIT' sh -c 'exit 5' <&- >&- 2>&-"
}

@test "init: holds no descriptor and no directory; the command keeps both" {
	mkfifo pipe
	exec 7<>pipe
	start sh -c "exec 9>held 8<&7; exec '$INIT' sh -c 'ls -l /proc/self/fd >fds; pwd >cwd; echo ready; exec sleep 30'"
	exec 7>&-
	[ "$(readlink "/proc/$PID1/cwd")" = / ]
	# sh of the test has no others than 0, 1 and 2
	[ "$(find "/proc/$PID1/fd" -mindepth 1 -printf '%f ' | tr ' ' '\n' | awk '$1 > 2')" = "" ]
	grep -q '8 -> .*pipe' fds
	grep -q '9 -> .*held' fds
	[ "$(cat cwd)" = "$PWD" ]
	kill -TERM "$PID1"
	finish 143
}

@test "init: needs no /proc, no /dev, nothing but itself" {
	mkdir root
	cp "$INIT" root/init
	run -0 timeout -k 1 20 unshare --pid --fork --mount -- chroot root /init -g -- /init /init --version
	[[ $output == "atoll-init "* ]]
	run -127 timeout -k 1 20 unshare --pid --fork --mount -- chroot root /init sh
}

@test "init: idle means asleep: no wake-ups" {
	start "$INIT" sh -c 'echo ready; exec sleep 30'
	sleep 0.2
	local before
	before=$(status_field "$PID1" voluntary_ctxt_switches)
	sleep 1.5
	[ "$(status_field "$PID1" voluntary_ctxt_switches)" = "$before" ]
	kill -TERM "$PID1"
	finish 143
}

@test "init: small: at most 64 KiB on disk, static, at most 76 KiB resident" {
	[ "$(stat -c %s "$INIT")" -le 65536 ]
	run ! grep -qa 'ld-linux' "$INIT"
	start "$INIT" sh -c 'echo ready; exec sleep 30'
	[ "$(sed -n 's/^Rss: *\([0-9]*\) kB/\1/p' "/proc/$PID1/smaps_rollup")" -le 76 ]
	kill -TERM "$PID1"
	finish 143
}

@test "init: attaching a tracer loses nothing" {
	command -v strace >/dev/null || skip "needs strace"
	start "$INIT" "$PROBE" catch 2
	strace -qq -o trace -p "$PID1" 3>&- &
	local tracer=$!
	until_true eval '[ "$(status_field "$PID1" TracerPid)" = "$tracer" ]'
	kill -USR1 "$PID1"
	until_true lines_are 1
	kill -TERM $tracer
	wait $tracer || :
	kill -USR2 "$PID1"
	finish 0
}
