#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# The cases of atoll-init that make their own surroundings: terminals, bare roots, no
# PID namespace. init-alone-checked.bats is a link to this file, for the variant under the
# sanitizers; see init.bats.
# timeout: 240
#
# shellcheck disable=SC2016,SC2030,SC2031 # the inner shell expands; a test is a subshell

bats_require_minimum_version 1.5.0
load init

# --- finding and executing the command ---

@test "init: --version and --help" {
	run -0 "$INIT" --version
	[[ $output =~ ^atoll-init\ [0-9]+\.[0-9]+\.[0-9]+ ]]
	run -0 "$INIT" --help
	[[ $output == "usage: atoll-init"*--sigmask=HEX* ]]
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

# --- not PID 1 ---

@test "init: not PID 1 it becomes a subreaper by itself" {
	run -6 timeout 20 "$INIT" -w sh -c "$PROBE crowds 1 3; exit 6"
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

# --- quiet and clean ---

# bats test_tags=not:checked
@test "init: needs no /proc, no /dev, nothing but itself" {
	mkdir root
	cp "$INIT" root/init
	run -0 timeout -k 1 20 unshare --pid --fork --mount -- chroot root /init -g -- /init /init --version
	[[ $output == "atoll-init "* ]]
	run -127 timeout -k 1 20 unshare --pid --fork --mount -- chroot root /init sh
}

# bats test_tags=not:checked
@test "init: small: at most 64 KiB on disk, static, at most 76 KiB resident" {
	[ "$(stat -c %s "$INIT")" -le 65536 ]
	run ! grep -qa 'ld-linux' "$INIT"
	start "$INIT" sh -c 'echo ready; exec sleep 30'
	[ "$(sed -n 's/^Rss: *\([0-9]*\) kB/\1/p' "/proc/$PID1/smaps_rollup")" -le 76 ]
	# what it has written to, and not its file, which was copied just now
	[ "$(sed -n 's/^Anonymous: *\([0-9]*\) kB/\1/p' "/proc/$PID1/smaps_rollup")" -le 16 ]
	kill -TERM "$PID1"
	finish 143
}

# --- rewriting, and to whom ---

# the variant under the sanitizers is not static
# bats test_tags=not:checked
@test "init: with a limit of three descriptors" {
	run -0 ns prlimit --nofile=3 "$INIT" -v -g "$INIT" --version
	[[ $output == *"exited with status 0"* ]]
}

# --- the end ---

@test "init: --grace: a command that ignores TERM is killed at the deadline" {
	start "$INIT" --grace=1 sh -c 'trap "" TERM; echo ready; while :; do sleep 0.05; done'
	kill -TERM "$PID1"
	finish 137
}

@test "init: --grace and --wait-all when not PID 1" {
	run -7 timeout 20 "$INIT" --wait-all "$PROBE" daemon 100 7
	[ -e daemon ]
	rm -f up daemon
	run -7 timeout 20 "$INIT" --grace=10 "$PROBE" daemon 20000 7
	[ -e term ]
}

# --- telling ---

@test "init: a terminal held by Ctrl-S cannot either" {
	command -v script >/dev/null || skip "needs script(1)"
	cat >job <<-EOF
		unshare --pid --fork --mount-proc --kill-child '$INIT' -v '$PROBE' catch 200 >out &
		until grep -q ready out; do sleep 0.02; done
		stty ixon </dev/tty
		p=\$(cat /proc/\$!/task/\$!/children)
		"$PROBE" hold
		for ((n = 0; n < 200; n++)); do kill -RTMIN+1 \$p; done
		wait \$!
		echo "ended=\$?" >ended
		"$PROBE" release
	EOF
	timeout -k 1 20 script -qec 'bash job' typescript </dev/null >/dev/null 2>&1 3>&-
	grep -qx 'ended=0' ended
}

# --- a payload that is an init itself ---

# bats test_tags=not:checked
@test "init: /sbin/init is one by its name, unless --no-system" {
	mkdir -p root/sbin
	cp "$INIT" root/init
	cp "$INIT" root/sbin/init
	run -0 unshare --pid --fork --mount -- chroot root /init /sbin/init -v /init --version
	[[ $output == *"main process 2 exited"* ]]
	run -0 unshare --pid --fork --mount -- chroot root /init --no-system /sbin/init -v /init --version
	[[ $output == *"main process 3 exited"* ]]
}

# --- in the place of others ---

@test "init: tini: no subreaper unless asked, and a warning" {
	run -0 "$DIR/tini" true
	[[ $output == *"zombie reaping won't work"* ]]
	run -0 "$DIR/tini" -s true
	[ "$output" = "" ]
	TINI_SUBREAPER='' run -0 "$DIR/tini" true
	[ "$output" = "" ]
}

# --- the terminal ---

@test "init: Ctrl-C arrives once" {
	command -v script >/dev/null || skip "needs script(1)"
	{
		until grep -q ready out 2>/dev/null; do sleep 0.02; done
		printf '\003'
		sleep 0.3
		printf 'x\n'
	} | on_terminal "unshare --pid --fork --mount-proc '$INIT' sh -c 'trap \"echo int\" INT; echo ready; read x; read x; exit 4'" || [ $? = 4 ]
	[ "$(grep -c 'int' out)" = 1 ]
}

@test "init: a hang-up reaches the command" {
	command -v script >/dev/null || skip "needs script(1)"
	timeout -k 1 10 script -qec "unshare --pid --fork --mount-proc '$INIT' sh -c 'trap \"echo hup >hup; exit\" HUP; echo >up; while :; do sleep 0.02; done'" \
		typescript </dev/null >/dev/null 2>&1 3>&- &
	local timeout=$! script
	until_true test -e up
	script=$(main_of $timeout)
	kill -KILL "$script"
	wait $timeout || :
	until_true test -e hup
}

@test "init: Ctrl-Z suspends it also with another stdin, and the shell says so" {
	command -v script >/dev/null || skip "needs script(1)"
	cat >job <<-EOF
		set -m
		'$INIT' sh -c 'echo ready; kill -TSTP \$\$; read x </dev/tty; echo back \$x; exit 9' </dev/null
		echo "stopped=\$?"
		fg
		echo "ended=\$?"
	EOF
	# shellcheck disable=SC2094 # it waits for what is written
	{
		until_true grep -q 'stopped' out
		printf 'typed\n'
	} | timeout -k 1 20 script -qec 'bash job' typescript >out 2>&1 3>&-
	cat out
	grep -q 'stopped=148' out # TSTP, as it was
	grep -q '^back typed' out
	grep -q 'ended=9' out
}

@test "init: Ctrl-Z stops the whole job: a script around it, its neighbours in a pipeline" {
	command -v script >/dev/null || skip "needs script(1)"
	local line
	echo 'touch up; exec sleep 20' >payload
	for line in "sh -c '$INIT sh payload; echo next'" "sleep 20 | $INIT sh payload" "$INIT sh payload | sleep 20"; do
		rm -f up
		cat >job <<-EOF
			set -m
			$line
			echo "stopped"
			kill -KILL %1
		EOF
		: >out
		# shellcheck disable=SC2094 # it waits for what is written
		{
			until_true test -e up
			sleep 0.1
			printf '\032'
			until_true grep -q stopped out
		} | timeout -k 1 40 script -qec 'bash job' typescript >out 2>&1 3>&-
		cat out
		grep -q 'stopped' out
	done
}

@test "init: a command in a pipeline gets the terminal when it asks for it" {
	command -v script >/dev/null || skip "needs script(1)"
	cat >job <<-EOF
		set -m
		echo piped | '$INIT' sh -c 'read a; read b </dev/tty; echo got \$a \$b'
		read c
		echo "then \$c"
	EOF
	timeout -k 1 10 script -qec 'bash job' typescript <<<$'one\ntwo' >out 2>&1 3>&-
	cat out
	grep -q '^got piped one' out
	grep -q '^then two' out
}

@test "init: without a shell that would continue it, it does not stop" {
	command -v script >/dev/null || skip "needs script(1)"
	# the leader of the session: its group is an orphaned one
	timeout -k 1 20 script -qec "exec '$INIT' sh -c 'echo \$PPID >pid; kill -TSTP \$\$; exit 9'" typescript </dev/null >out 2>&1 3>&- &
	local job=$! got=0
	until_true test -s pid
	until_true eval 'in_state "$(main_of "$(cat pid)")" T'
	sleep 0.1
	until_true in_state "$(cat pid)" S
	kill -TERM "$(cat pid)"
	wait $job || got=$?
	[ $got = 143 ]
}

@test "init: a script gets the terminal back" {
	command -v script >/dev/null || skip "needs script(1)"
	timeout -k 1 10 script -qec "sh -c '\"$INIT\" true; read x; echo got \$x; \"$INIT\" no-such 2>&1; read x; echo got \$x'" typescript \
		<<<$'one\ntwo' >out 2>&1 3>&-
	cat out
	grep -q '^got one' out
	grep -q '^got two' out
}

@test "init: in the background of a shell it leaves the terminal alone, in a namespace too" {
	command -v script >/dev/null || skip "needs script(1)"
	local how
	for how in "" "unshare --pid --fork --kill-child"; do
		cat >job <<-EOF
			set -m
			$how '$INIT' sh -c 'touch up; sleep 30' &
			until [ -e up ]; do sleep 0.02; done
			sleep 0.1
			read x
			echo "got \$x"
			kill %1
		EOF
		rm -f up
		timeout -k 1 20 script -qec 'bash job' typescript <<<hello >out 2>&1 3>&-
		cat out
		grep -q '^got hello' out
	done
}

# --- many ---

# bats test_tags=not:checked
@test "init: 10000 orphans that end in crowds of 500: at most two system calls for each" {
	command -v strace >/dev/null || skip "needs strace"
	# Who ends while others are being waited for costs one call more, so a machine that does
	# much else at the time makes the crowds smaller: the best of five counts.
	local tracer try
	for try in 1 2 3 4 5; do
		rm -f go
		start "$INIT" sh -c "echo ready; until [ -e go ]; do sleep 0.02; done; $PROBE crowds 20 500; exit 3"
		strace -c -qq -U calls,name -o counts -p "$PID1" 3>&- &
		tracer=$!
		until_true eval '[ "$(status_field "$PID1" TracerPid)" = "$tracer" ]'
		touch go
		finish 3
		wait $tracer || :
		cat counts
		[ "$(awk '$2 == "wait4" { print $1 }' counts)" -ge 10000 ]
		[ "$(awk '$2 == "total" { print $1 }' counts)" -gt 20000 ] || return 0
		echo "try $try: too many"
	done
	return 1
}
