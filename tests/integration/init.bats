#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# atoll-init as a black box: PID 1 of a namespace, and now and then not PID 1. ATOLL_INIT is
# the program (tests/run sets it). The name of this file says how the cases are run; the
# others are links to it:
#
#	init.bats            started by unshare(1)
#	init-checked.bats    the same, with the variant under the sanitizers
#	init-disturbed.bats  the same; meanwhile PID 1 is stopped and continued, and a tracer
#	                     attaches to it and lets it go, at random
#	init-oci.bats        started by atoll-oci, the command being the image's: /init COMMAND
#	../engines/init-podman.bats
#	                     started by Podman: by --init where it has no options, else as /init COMMAND
#
# What has nothing to do with the launcher is in init-alone.bats. A case that is not for one
# of them has the tag not:NAME, by which tests/run leaves it out.
#
# timeout: 240
#
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # the inner shell expands; a test is a subshell; run sets stderr

bats_require_minimum_version 1.5.0
load "$BATS_TEST_DIRNAME/../integration/init"

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
	[ "$output" = "$ME: cannot execute 'no-such-command': command not found in PATH" ]
	run -127 ns "$INIT" /no/such/file
	[[ $output == *"'/no/such/file': No such file or directory" ]]
	run -127 ns "$INIT" ''
}

@test "init: not executable is 126, and said" {
	echo data >data
	run -126 ns "$INIT" ./data
	[ "$output" = "$ME: cannot execute './data': Permission denied" ]
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

@test "init: a program for another machine is no script" {
	printf '\177ELF(\n' >foreign
	chmod 755 foreign
	run -126 ns "$INIT" ./foreign
	[ "$output" = "$ME: cannot execute './foreign': Exec format error" ]
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

# A sanitizer needs more than one process.
# bats test_tags=not:checked,not:oci,not:podman
@test "init: a refused fork is a clear error" {
	run -125 setpriv --reuid=65534 --clear-groups prlimit --nproc=0 "$INIT" true
	[[ $output == *"cannot start a process"*"Resource temporarily unavailable"* ]]
}

# --- signals ---

@test "init: every signal but CHLD, KILL and STOP is forwarded from outside" {
	local want='' signo
	start "$INIT" "$PROBE" catch $((DISTURBED ? 57 : 61))
	for ((signo = 1; signo <= 64; signo++)); do
		# a CONT throws away pending TSTP, TTIN and TTOU: the kernel's rule, signal(7)
		[[ " 9 17 19 ${DISTURBED:+18 20 21 22} " != *" $signo "* ]] || continue
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

# The disturber's CONT is forwarded too.
# bats test_tags=not:disturbed
@test "init: TSTP stops the command, CONT continues it" {
	local main
	start "$INIT" sh -c 'echo ready; exec sleep 30'
	main=$(children_of "$PID1")
	kill -TSTP "$PID1"
	until_true in_state "${main% }" T
	until_true in_state "$PID1" S
	kill -CONT "$PID1"
	until_true in_state "${main% }" S
	kill -TERM "$PID1"
	finish 143
}

# The disturber's CONT is forwarded too.
# bats test_tags=not:disturbed
@test "init: STOP and CONT from outside: it stops, goes on, and nothing is lost" {
	start "$INIT" "$PROBE" catch 2
	kill -STOP "$PID1"
	until_true in_state "$PID1" T
	kill -USR2 "$PID1"
	kill -CONT "$PID1"
	finish 0
	[ "$(grep -v ready out | cut -d' ' -f1 | sort)" = $'12\n18' ]
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
		sh -c 'echo ready; until [ -e "$DIR/go" ]; do sleep 0.02; done; exit 5'
	kill -HUP "$PID1"
	kill -RTMIN+2 "$PID1"
	until_true grep -q "signal 36 (RTMIN+2) could not be forwarded" err
	touch "$DIR/go"
	finish 5
	grep -q "signal 1 (HUP) could not be forwarded: Operation not permitted" err
}

# Under Podman the standard error is conmon's pipe.
# bats test_tags=not:podman
@test "init: SIGPIPE of its own log does not reach the command; one from outside does" {
	mkfifo log
	: <log &
	(launch "$INIT" -v "$PROBE" catch 3) >out 2>log 3>&- &
	LAUNCHER=$!
	disturb
	until_true has_line ready
	find_pid1 $LAUNCHER
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
	"$PROBE" flood "$PID1" 39 2000
	finish 0
	[ "$(grep -c '^39 ' out)" = 2000 ]
}

# The disturber continues it.
# bats test_tags=not:disturbed
@test "init: -g: TERM continues a stopped command that has left the group" {
	local main
	start "$INIT" -g "$PROBE" leave
	main=$(main_of "$PID1")
	kill -STOP "$main"
	until_true in_state "$main" T
	kill -TERM "$PID1"
	finish 143
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
	run -11 ns "$INIT" -w sh -c "unshare --pid --fork --mount-proc $INIT -w sh -c '$PROBE crowds 1 3; exit 11'; s=\$?; $PROBE crowds 1 2; exit \$s"
	[ "$(grep -c 'reaped orphan' <<<"$output")" = 5 ]
}

@test "init: what nsenter leaves behind is reaped" {
	start "$INIT" -w sh -c 'echo ready; exec sleep 30'
	nsenter --target "$PID1" --pid --mount sh -c '(sleep 0.1 & )'
	until_true grep -q 'reaped orphan' err
	kill -TERM "$PID1"
	finish 143
}

# --- pause mode ---

@test "init: pause: TERM and INT end it with 0, others do not" {
	local signo
	for signo in TERM INT; do
		start_pause -P
		kill -USR1 "$PID1"
		kill -HUP "$PID1"
		kill -RTMIN+1 "$PID1"
		sleep 0.05
		until_true in_state "$PID1" S
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

# Engines pass no descriptor on.
# bats test_tags=not:oci,not:podman
@test "init: holds no descriptor and no directory; the command keeps both" {
	mkfifo pipe
	exec 7<>pipe
	start sh -c "exec 9>held 8<&7; exec '$INIT' sh -c 'ls -l /proc/self/fd >fds; pwd >cwd; echo ready; exec sleep 30'"
	exec 7>&-
	# It lets go when it has started the command; a silent one of 0, 1 and 2 too.
	until_true eval '[ "$(readlink "/proc/$PID1/cwd")" = / ]'
	until_true eval '[ "$(find "/proc/$PID1/fd" -mindepth 1)" = "" ]'
	grep -q '8 -> .*pipe' fds
	grep -q '9 -> .*held' fds
	[ "$(cat cwd)" = "$PWD" ]
	kill -TERM "$PID1"
	finish 143
}

@test "init: a pipe that the command closes is closed" {
	# closed by the command: 0 and 1; 2 by -v stays
	run -0 --separate-stderr ns "$INIT" -v sh -c 'exec 0<&- 1>&-; n=0
		while [ -e /proc/1/fd/1 ] && [ $n -lt 200 ]; do n=$((n+1)); sleep 0.02; done; ls -l /proc/1/fd >&2'
	[ "$(grep -c -- '->' <<<"$stderr")" = 1 ]
	[[ $stderr == *" 2 -> "* ]]
}

@test "init: keeps nothing of the environment but container=" {
	export TINI_SECRET=hidden container=other DUMB_LARGE
	DUMB_LARGE=$(head -c 50000 /dev/zero | tr '\0' x)
	# from before, and of the command: both have it
	run -0 ns "$INIT" sh -c 'n=0
		until [ "$(tr "\0" "\n" </proc/1/environ | grep .)" = container=other ] || [ $n = 200 ]; do n=$((n+1)); sleep 0.02; done
		tr "\0" "\n" </proc/1/environ | grep .; echo "$TINI_SECRET $container ${#DUMB_LARGE}"'
	[ "$output" = $'container=other\nhidden other 50000' ]
}

# bats test_tags=not:checked,not:disturbed,not:podman
@test "init: idle means asleep: no wake-ups" {
	start "$INIT" sh -c 'echo ready; exec sleep 30'
	until_true in_state "$PID1" S
	sleep 0.1
	local before
	before=$(status_field "$PID1" voluntary_ctxt_switches)
	sleep 0.8
	[ "$(status_field "$PID1" voluntary_ctxt_switches)" = "$before" ]
	kill -TERM "$PID1"
	finish 143
}

# The disturber is a tracer itself.
# bats test_tags=not:disturbed
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

# --- rewriting, and to whom ---

@test "init: -r gives the command another signal" {
	start "$INIT" -r 15:3 -r USR1:RTMIN+3 "$PROBE" catch 2
	kill -TERM "$PID1"
	until_true lines_are 1
	kill -USR1 "$PID1"
	finish 0
	[ "$(grep -v ready out | cut -d' ' -f1)" = $'3\n37' ]
}

@test "init: -r N:0 drops a signal, and says so" {
	start "$INIT" -v -r TERM:0 "$PROBE" catch 1
	kill -TERM "$PID1"
	until_true grep -q 'signal 15 (TERM) dropped' err
	kill -USR1 "$PID1"
	finish 0
	[ "$(grep -v ready out)" = "10 0 0" ]
}

@test "init: -r to KILL ends a command that ignores everything else" {
	start "$INIT" -r 15:9 "$PROBE" catch 5
	kill -TERM "$PID1"
	finish 137
}

@test "init: a rewritten signal keeps its value" {
	start "$INIT" -r RTMIN+1:RTMIN+9 "$PROBE" catch 2
	"$PROBE" queue "$PID1" 35 7
	"$PROBE" queue "$PID1" 35 8
	finish 0
	[ "$(grep -v ready out)" = $'43 -1 7\n43 -1 8' ]
}

@test "init: -g keeps values too, where the kernel can (Linux 6.9)" {
	[ "$(printf '6.9\n%s\n' "$(uname -r)" | sort -V | head -n 1)" = 6.9 ] || skip "older kernel"
	start "$INIT" -g "$PROBE" catch 2
	"$PROBE" queue "$PID1" 40 5
	"$PROBE" queue "$PID1" 40 6
	finish 0
	[ "$(grep -v ready out)" = $'40 -1 5\n40 -1 6' ]
}

@test "init: --all reaches other sessions and adopted processes" {
	start "$INIT" --all --wait-all sh -c 'setsid sh -c "(trap \"echo far >far; exit\" USR1; echo >far-ready; while :; do sleep 0.02; done) &"
		until [ -e far-ready ]; do sleep 0.02; done
		trap "exit 4" USR1; echo ready; while :; do sleep 0.02; done'
	kill -USR1 "$PID1"
	finish 4
	[ "$(cat far)" = far ]
}

# The disturber continues it.
# bats test_tags=not:disturbed
@test "init: TERM to a stopped command continues it" {
	local main
	start "$INIT" sh -c 'trap "exit 9" TERM; echo ready; while :; do sleep 0.02; done'
	main=$(main_of "$PID1")
	kill -STOP "$main"
	until_true in_state "$main" T
	kill -TERM "$PID1"
	finish 9
}

@test "init: TERM to a running command brings no CONT" {
	start "$INIT" "$PROBE" catch 2
	kill -TERM "$PID1"
	until_true lines_are 1
	kill -USR1 "$PID1"
	finish 0
	[ "$(grep -v ready out | cut -d' ' -f1)" = $'15\n10' ]
}

@test "init: a SIGCHLD that somebody sends is harmless" {
	start "$INIT" "$PROBE" catch 1
	kill -CHLD "$PID1"
	kill -CHLD "$PID1"
	sleep 0.05
	kill -USR1 "$PID1"
	finish 0
	[ "$(grep -v ready out)" = "10 0 0" ]
}

@test "init: a command that traces its children, and is traced, ends with its status" {
	command -v strace >/dev/null || skip "needs strace"
	run -6 ns "$INIT" strace -f -qq -o /dev/null sh -c 'sh -c "exit 1"; exit 6'
}

@test "init: no argument at all, not even a name" {
	run -125 ns "$PROBE" noargs "$INIT"
	[[ $output == *"no command given"* ]]
}

@test "init: what is left dies with the namespace" {
	run -3 ns "$INIT" sh -c 'sleep 300.'$$' & exit 3'
	run ! pgrep -xf "sleep 300.$$"
}

# --- the end ---

@test "init: --wait-all follows a daemon in a session of its own" {
	run -7 ns "$INIT" --wait-all "$PROBE" daemon 300 7
	[ -e daemon ]
}

@test "init: without it, it does not" {
	run -7 ns "$INIT" "$PROBE" daemon 300 7
	[ ! -e daemon ]
}

@test "init: --wait-all: a signal after the command's end goes to the others" {
	start "$INIT" --wait-all -v sh -c "$PROBE daemon 20000 7; echo ready; exit 7"
	until_true grep -q 'main process .* exited with status 7' err
	kill -TERM "$PID1"
	finish 7
	[ -e term ]
}

@test "init: --wait-all without others ends at once" {
	run -3 ns "$INIT" --wait-all sh -c 'exit 3'
}

@test "init: --grace asks the others to end, and they may take their time" {
	run -7 ns "$INIT" --grace 10 "$PROBE" daemon 20000 7
	[ -e term ]
}

@test "init: --grace kills them at the deadline" {
	local before=$SECONDS
	run -4 ns "$INIT" -v --grace 1 sh -c '(trap "" TERM; while :; do sleep 10; done) & sleep 0.1; exit 4'
	[[ $output == *"the time of --grace is over"* ]]
	[ $((SECONDS - before)) -le 4 ]
}

@test "init: --grace 0 kills at once" {
	start "$INIT" --grace=0 sh -c 'trap "" TERM; echo ready; while :; do sleep 0.05; done'
	kill -TERM "$PID1"
	finish 137
}

@test "init: --grace: a command that ends in time keeps its status" {
	start "$INIT" --grace=10 sh -c 'trap "sleep 0.1; exit 6" TERM; echo ready; while :; do sleep 0.02; done'
	kill -TERM "$PID1"
	finish 6
}

@test "init: --grace: others that are stopped are continued" {
	run -2 ns "$INIT" --grace 10 sh -c "$PROBE daemon 20000 0; kill -STOP \$(pgrep -x probe); exit 2"
	[ -e term ]
}

@test "init: --wait-all and --grace: waits without a limit until it is asked to end" {
	start "$INIT" --wait-all --grace=0 -v sh -c '(trap "" TERM; echo ready; while :; do sleep 0.1; done) & sleep 0.1; exit 8'
	until_true grep -q 'main process .* exited with status 8' err
	sleep 0.2
	[ -d "/proc/$PID1" ]
	kill -TERM "$PID1"
	finish 8
}

# nsenter's process has its parent outside.
# bats test_tags=not:podman
@test "init: --wait-all waits for what came by nsenter" {
	start "$INIT" --wait-all sh -c 'echo ready; until [ -e go ]; do sleep 0.02; done; exit 7'
	nsenter --target "$PID1" --pid --mount sh -c 'sleep 0.6; echo over >"$1"' sh "$PWD/over" 3>&- &
	until_true eval '[ "$(pgrep -c --ns "$PID1" --nslist pid sleep)" -ge 1 ]'
	touch go
	finish 7
	[ -e over ]
}

# bats test_tags=not:podman
@test "init: --grace gives it time too, and kills it at the deadline" {
	local before
	start "$INIT" --grace=10 sh -c 'echo ready; until [ -e go ]; do sleep 0.02; done; exit 7'
	nsenter --target "$PID1" --pid --mount sh -c 'trap "sleep 0.3; echo term >\"$1\"; exit" TERM; : >"$2"; while :; do sleep 0.02; done' sh "$PWD/term" "$PWD/up" 3>&- &
	until_true test -e up
	touch go
	finish 7
	[ -e term ]
	rm -f go up
	start "$INIT" --grace=1 sh -c 'echo ready; until [ -e go ]; do sleep 0.02; done; exit 8'
	nsenter --target "$PID1" --pid --mount sh -c 'trap "" TERM; : >"$1"; while :; do sleep 0.02; done' sh "$PWD/up" 3>&- &
	until_true test -e up
	before=$SECONDS
	touch go
	finish 8
	[ $((SECONDS - before)) -le 4 ]
}

@test "init: TERM is a request to end whatever it is turned into" {
	start "$INIT" --grace=0 -r TERM:QUIT sh -c 'trap "" QUIT; echo ready; while :; do sleep 0.05; done'
	kill -TERM "$PID1"
	finish 137
}

# --- the environment ---

@test "init: LISTEN_PID and WATCHDOG_PID name the command, LISTEN_PIDFDID goes" {
	export LISTEN_PID=1 WATCHDOG_PID=1 LISTEN_FDS=0 LISTEN_PIDFDID=77
	run -0 ns "$INIT" sh -c 'echo "$$ $LISTEN_PID $WATCHDOG_PID $LISTEN_FDS ${LISTEN_PIDFDID-none}"'
	[ "$output" = "2 2 2 0 none" ]
}

@test "init: a LISTEN_PID of another process stays" {
	export LISTEN_PID=77
	run -0 ns "$INIT" sh -c 'echo "$LISTEN_PID"'
	[ "$output" = 77 ]
}

@test "init: the rest of the environment is untouched" {
	run -0 ns "$INIT" sh -c 'echo "$PATH"'
	[ "$output" = "$PATH" ]
}

# --- telling ---

# Engines pass no descriptor on.
# bats test_tags=not:oci,not:podman
@test "init: --status-fd writes JSON lines" {
	command -v jq >/dev/null || skip "needs jq"
	: >status
	start "$INIT" --status-fd 8 sh -c 'trap "exit 3" TERM; (true & ) ; echo ready; while :; do sleep 0.02; done' 8>status
	until_true grep -q '"reaped"' status
	kill -TERM "$PID1"
	finish 3
	jq -e . status >/dev/null
	[ "$(jq -rs 'map(select(.event != "reaped" and .name != "CONT")) | map(.event) | join(" ")' status)" = "started stopping signal exited exit" ]
	jq -es 'map(select(.event == "signal" and .name == "TERM")) | .[0] | .signal == 15 and .sent == 15 and .from == 0 and .to == "main"' status
	jq -es '.[0].pid == 2 and (map(select(.event == "exited")) | .[0] | .pid == 2 and .status == 3) and .[-1].code == 3' status
}

# bats test_tags=not:oci,not:podman
@test "init: --status-fd tells a death by signal" {
	run -137 ns "$INIT" --status-fd 8 sh -c 'kill -KILL $$' 8>status
	grep -qx '{"event":"exited","pid":2,"signal":9,"name":"KILL"}' status
}

# bats test_tags=not:oci,not:podman
@test "init: --status-fd is not the command's" {
	run -0 ns "$INIT" --status-fd 8 sh -c '[ ! -e /proc/self/fd/8 ]' 8>status
	run -125 ns "$INIT" --status-fd 99 true
	[[ $output == *"--status-fd: Bad file descriptor"* ]]
}

# bats test_tags=not:oci,not:podman
@test "init: --status-fd tells zombies that their parent neglects" {
	start "$INIT" --status-fd 8 "$PROBE" neglect 8>status
	until_true grep -q '"zombie"' status
	[ "$(grep -c '"zombie"' status)" = 1 ]
	grep -qx '{"event":"zombie","pid":3,"parent":2}' status
	kill -KILL "$(main_of "$PID1")"
	finish 137
}

# bats test_tags=not:oci,not:podman
@test "init: a reader that does not read cannot hold it up" {
	local n
	mkfifo pipe
	exec 6<>pipe
	"$PROBE" fill 6
	# messages and status lines into the same full pipe
	(launch "$INIT" -v --status-fd 8 "$PROBE" catch 50) >out 2>&6 8>&6 3>&- &
	LAUNCHER=$!
	disturb
	until_true has_line ready
	find_pid1 $LAUNCHER
	touch err
	for ((n = 0; n < 50; n++)); do kill -RTMIN+1 "$PID1"; done
	finish 0
	exec 6>&-
}

@test "init: a closed stderr makes it neither spin nor fail" {
	start sh -c "exec '$INIT' -v '$PROBE' catch 3 2>&-"
	kill -USR1 "$PID1"
	until_true lines_are 1
	kill -PIPE "$PID1"
	until_true lines_are 2
	kill -USR2 "$PID1"
	finish 0
	[ "$(grep -v ready out | cut -d' ' -f1)" = $'10\n13\n12' ]
}

# --- a payload that is an init itself ---

@test "init: --system executes it as PID 1 and says that it is a container" {
	run -0 ns "$INIT" --system sh -c 'echo "$$ $container"; tr "\0" " " </proc/$$/cmdline'
	[ "${lines[0]}" = "1 atoll" ]
	[ "${lines[1]% }" = 'sh -c echo "$$ $container"; tr "\0" " " </proc/$$/cmdline' ]
}

@test "init: --system leaves a container= that is there, and the signals as they came" {
	export container=other
	run -0 ns "$INIT" --system sh -c 'echo "$$ $container"; grep SigBlk /proc/self/status'
	[ "$output" = $'1 other\nSigBlk:\t0000000000000000' ]
	run -127 ns "$INIT" --system no-such-init
}

# --- in the place of others ---

@test "init: docker-init: the version that Docker reads" {
	run -0 "$DIR/docker-init" --version
	[[ $output =~ ^tini\ version\ [0-9.]+\ -\ git\.[a-z0-9]+$ ]]
	run -5 ns "$DIR/docker-init" -- sh -c 'exit 5'
}

@test "init: tini: options, words, and -h on stdout" {
	run -0 ns "$DIR/tini" -e 143 -p SIGKILL -g -- sh -c 'kill -TERM $$'
	run -1 ns "$DIR/tini" -e 300 true
	[[ $output == *"Not a valid option for -e: 300"* ]]
	run -1 ns "$DIR/tini" -r 1:2 true
	run -0 "$DIR/tini" -h
	[[ $output == *"supervision of a valid init process"* ]]
	run -127 ns "$DIR/tini" no-such-command
	[[ $output == *"FATAL tini"*"exec no-such-command failed: No such file or directory"* ]]
}

@test "init: tini: TINI_VERBOSITY and -w" {
	export TINI_VERBOSITY=3
	run -4 ns "$DIR/tini" -w sh -c "$PROBE crowds 1 3; exit 4"
	[ "$(grep -c 'WARN  tini (1)\] Reaped zombie process with pid=' <<<"$output")" = 3 ]
	[[ $output == *"Spawned child process 'sh' with pid '2'"* ]]
	[[ $output == *"Received SIGCHLD"* ]]
	[[ $output == *"Main child exited normally (with status '4')"* ]]
}

@test "init: tini: TINI_KILL_PROCESS_GROUP is -g" {
	export TINI_KILL_PROCESS_GROUP=1
	family "$DIR/tini"
	finish 5
	has_line child
}

@test "init: dumb-init: a session of its own, all of the group get signals" {
	run -0 ns "$DIR/dumb-init" sh -c 'cut -d" " -f 6 /proc/$$/stat'
	[ "$output" = 2 ]
	family "$DIR/dumb-init"
	finish 5
	has_line child
}

@test "init: dumb-init: -c and DUMB_INIT_SETSID=0: neither" {
	run -0 ns "$DIR/dumb-init" -c sh -c 'cut -d" " -f 5 /proc/$$/stat'
	[ "$output" != 2 ]
	export DUMB_INIT_SETSID=0
	run -0 ns "$DIR/dumb-init" sh -c 'cut -d" " -f 5 /proc/$$/stat'
	[ "$output" != 2 ]
}

@test "init: dumb-init: TSTP becomes STOP, and the group gets TERM at the end" {
	local main
	mkfifo go
	# The main process starts nothing meanwhile: the parent of a vfork(2) whose child is stopped is in D, not in T.
	start "$DIR/dumb-init" sh -c 'sh -c "trap \"echo bye >bye; exit\" TERM; echo ready; while :; do sleep 0.02; done" & read -r _ <go; exit 6'
	main=$(main_of "$PID1")
	if [ "$HOW" != disturbed ]; then
		kill -TSTP "$PID1"
		until_true in_state "$main" T
		kill -CONT "$PID1"
	fi
	timeout 10 sh -c "echo >go"
	finish 6
}

@test "init: dumb-init: its words" {
	export DUMB_INIT_DEBUG=1
	run -3 ns "$DIR/dumb-init" -c sh -c 'exit 3'
	[[ $output == *"[dumb-init] Child spawned with PID 2."*"[dumb-init] Received signal 17."* ]]
	[[ $output == *"[dumb-init] A child with PID 2 exited with exit status 3."* ]]
	[[ $output == *"[dumb-init] Child exited with status 3. Goodbye."* ]]
	run -1 ns "$DIR/dumb-init" -r 15:99 true
	[[ $output == *"-r option takes <signum>:<signum>"* ]]
}

@test "init: catatonit and podman-init: -P, -g, --version" {
	run -0 "$DIR/catatonit" --version
	[[ $output == "tini version "* ]]
	run -6 ns "$DIR/podman-init" -- sh -c 'exit 6'
	run -6 ns "$DIR/podman-init" -g sh -c 'exit 6'
	(launch "$DIR/catatonit" -P) >out 2>err 3>&- &
	LAUNCHER=$!
	until_true find_pid1 $LAUNCHER
	until_true grep -qx catatonit "/proc/$PID1/comm"
	until_true in_state "$PID1" S
	kill -TERM "$PID1"
	finish 0
}

@test "init: the first option chooses too" {
	run -0 "$INIT" --tini --version
	[[ $output == "tini version "* ]]
	run -0 "$INIT" --dumb-init -V
	[ "$output" = "dumb-init v1.2.5" ]
	run -0 "$INIT" --catatonit -V
	[[ $output == "tini version "* ]]
	run -5 ns "$INIT" --dumb-init -c -- sh -c 'exit 5'
}
