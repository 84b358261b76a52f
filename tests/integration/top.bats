#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# atoll top in a terminal of tmux: rows, both PIDs, sorting, filter, search, tree, containers, a signal,
# another size, the end; and without a terminal. Each test has a tmux server of its own.

# shellcheck disable=SC1003,SC2016,SC2030,SC2031 # keys; other shells' variables; each case has its SOCKET

bats_require_minimum_version 1.5.0

load "$BATS_TEST_DIRNAME/../until"

setup() {
	command -v tmux >/dev/null || skip "tmux is not installed"
	cd "$BATS_TEST_TMPDIR" || return 1
	SOCKET=$PWD/tmux
	CHILDREN=()
}

teardown() {
	local pid
	[ ! -S "$SOCKET" ] || tmux -S "$SOCKET" kill-server || :
	for pid in "${CHILDREN[@]}"; do
		kill -KILL "$pid" 2>/dev/null || :
		wait "$pid" 2>/dev/null || :
	done
}

helper() {
	"$@" 3>&- &
	CHILDREN+=($!)
}

# top ARG...: in a terminal of 200 x 30; its exit status is in `status` when it has ended.
top() {
	printf '%q ' "$ATOLL" top --interval 300 "$@" >script.sh
	echo '; echo $? >status; exec sleep 100' >>script.sh
	tmux -u -S "$SOCKET" -f /dev/null new-session -d -x 200 -y 30 "sh $PWD/script.sh" 3>&-
	shows 'OUTER +INNER'
}

screen() { tmux -S "$SOCKET" capture-pane -p; }
keys() { tmux -S "$SOCKET" send-keys "$@"; }

# shows REGEX / hides REGEX: the screen does, in time.
on_screen() { screen | grep -qE -- "$1"; }
off_screen() { ! on_screen "$1"; }
shows() { until_true on_screen "$1" || { screen; return 1; }; }
hides() { until_true off_screen "$1" || { screen; return 1; }; }
ended() { until_true grep -qx "$1" status || { screen; return 1; }; }

# marked NAME: a process with this in its command line; its PID is the last of CHILDREN.
marked() { helper bash -c 'exec -a "$0" sleep 300' "$1"; }

@test "rows with both PIDs; filter; quit" {
	local mark=topmark$$ inner
	helper unshare --pid --fork --kill-child bash -c 'sleep 300 & exec -a "$0" sleep 300' "$mark-in"
	marked "$mark-out"
	top
	keys '\' "$mark"
	shows "Filter: $mark"
	shows "^ +${CHILDREN[-1]} +${CHILDREN[-1]} .* $mark-out 300"
	inner=$(pgrep -P "${CHILDREN[0]}")
	shows "^ +$inner +1 .* pid:\[[0-9]+\] .* $mark-in 300"
	hides 'systemd|OUTER.*tmux'
	keys Enter
	shows "filter: $mark"
	keys q
	ended 0
	# The screen is the shell's again.
	hides 'OUTER'
}

@test "sorting: by PID, inverted, by the menu" {
	local mark=topmark$$ first last
	marked "$mark-a"
	marked "$mark-b"
	first=${CHILDREN[0]} last=${CHILDREN[1]}
	[ "$first" -lt "$last" ]
	top --filter "$mark-"
	order() { screen | grep -oE "^ +($first|$last) " | tr -d ' ' | tr '\n' ' '; }
	is_order() { [ "$(order)" = "$1" ]; }
	ordered() { until_true is_order "$1" || { screen; return 1; }; }
	keys N
	shows 'sorted by Outer PID'
	ordered "$first $last "
	keys I
	shows 'sorted by Outer PID, inverted'
	ordered "$last $first "
	keys I F6
	shows '^Sort by:'
	keys End
	keys Enter
	shows 'sorted by Command'
	ordered "$first $last "
	keys M
	shows 'sorted by Memory'
}

@test "tree, folding, search" {
	local mark=topmark$$
	helper bash -c 'exec -a "$0-child" sleep 300 & wait' "$mark"
	top --filter "$mark"
	keys F5
	shows 'as a tree'
	shows "(└─|\`-) $mark-child 300"
	keys F3 "$mark-child"
	keys Enter
	keys Up
	keys -
	hides "$mark-child 300"
	shows "\+ .*bash -c .*$mark"
	keys +
	shows "(└─|\`-) $mark-child 300"
}

@test "containers: folded, with sums; unfolded" {
	local mark=topmark$$
	helper unshare --pid --fork --kill-child bash -c 'exec -a "$0-b" sleep 300 & exec -a "$0-a" sleep 300' "$mark"
	sleep 0.3
	top --groups --filter "$mark-"
	shows 'pid:\[[0-9]+\] .*\+ [23] processes'
	run ! grep -q "$mark-a 300" <(screen)
	keys '*'
	shows "^ +[0-9]+ +1 .*$mark-a 300"
	shows "^ +[0-9]+ +2 .*$mark-b 300"
}

@test "a signal: asked first, and sent to that process only" {
	local mark=topmark$$
	marked "$mark-x"
	marked "$mark-y"
	top --filter "$mark-x"
	shows "$mark-x 300"
	keys F9
	shows '^Send signal:'
	shows 'SIGTERM'
	keys Enter
	shows "Send SIGTERM to ${CHILDREN[0]} .*$mark-x 300\?"
	keys n
	shows 'Nothing was sent'
	kill -0 "${CHILDREN[0]}"
	keys k
	shows '^Send signal:'
	keys Enter
	shows 'Send SIGTERM'
	keys y
	shows 'SIGTERM was sent'
	hides "$mark-x 300"
	local status=0
	wait "${CHILDREN[0]}" || status=$?
	[ "$status" = 143 ]
	kill -0 "${CHILDREN[1]}"
}

@test "another size, help, pause" {
	local mark=topmark$$
	marked "$mark"
	top --filter "$mark"
	tmux -S "$SOCKET" resize-window -x 60 -y 10
	shows 'OUTER +INNER'
	[ "$(screen | wc -l)" = 10 ]
	shows "^ +${CHILDREN[0]} +${CHILDREN[0]} S .* topm"
	tmux -S "$SOCKET" resize-window -x 20 -y 3
	sleep 0.5
	tmux -S "$SOCKET" resize-window -x 200 -y 30
	shows "$mark"
	shows 'F10.?Quit'
	keys F1
	shows 'Any key goes back'
	keys x
	shows 'OUTER +INNER'
	keys Z
	shows PAUSED
	marked "$mark-later"
	sleep 1
	run ! grep -q "$mark-later" <(screen)
	keys Z
	shows "$mark-later"
}

@test "names of processes give the terminal no orders" {
	local mark=topmark$$
	marked "$mark"$'\e]2;owned\a\e[2J\e[31m\nline'
	top --filter "$mark"
	shows "$mark"'\\x1b\]2;owned\\x07\\x1b\[2J\\x1b\[31m\\nline'
	[ "$(tmux -S "$SOCKET" display-message -p '#{pane_title}')" != owned ]
}

@test "a zombie says who does not reap it, and for how long it was seen" {
	helper python3 -c 'import os, time
if os.fork() == 0: os._exit(0)
time.sleep(300)'
	top "${CHILDREN[0]}"
	hides 'systemd'
	keys q
	ended 0
	rm status
	tmux -S "$SOCKET" kill-server
	SOCKET=$PWD/again # the other one is still being given up
	top --filter "parent ${CHILDREN[0]}"
	shows "^ +[0-9]+ +[0-9]+ +0 Z .*parent ${CHILDREN[0]} "
}

@test "without a terminal, or with one that is not known: a message and 1" {
	run -1 --separate-stderr "$ATOLL" top </dev/null
	# shellcheck disable=SC2154 # bats sets it
	[[ $stderr == "atoll: top needs a terminal"* ]]
	[ -z "$output" ]
	printf 'TERM=no-such-terminal %q top 2>err; echo $? >status; exec sleep 100' "$ATOLL" >script.sh
	tmux -u -S "$SOCKET" -f /dev/null new-session -d -x 200 -y 30 "sh $PWD/script.sh" 3>&-
	ended 1
	grep -qF "the terminal 'no-such-terminal' is not known" err
}

@test "when the terminal goes away, so does it" {
	top
	local pid
	pid=$(tmux -S "$SOCKET" list-panes -F '#{pane_pid}')
	pid=$(pgrep -P "$pid" atoll)
	tmux -S "$SOCKET" kill-server
	until_true test ! -d "/proc/$pid"
}
