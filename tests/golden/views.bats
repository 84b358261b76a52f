#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# The views on a recorded scene, so that every number is known. What is in it:
#
#	host      1 init, 2 and 10 shims, 15, 16 a dead leader whose thread lives, 17 a name
#	          with control characters, 18 unshared without a child, 19 the one that injects
#	web       4 (1) init that never waits, 5 (2) and 6 (3) its zombies, 24 (4) injected  [docker]
#	b1946ac9  12 (1) init, 13 (2) worker that never waits, 14 (3) its zombie             [podman]
#	22 (1)    and in it 23, which is 2 in 22's namespace and 1 in its own

bats_require_minimum_version 1.5.0

setup() {
	SCENE=$ATOLL_SOURCE/tests/fixtures/proc/zoo
	cd "$BATS_TEST_TMPDIR" || return 1
}

view() { "$ATOLL" "$1" --proc "$SCENE" "${@:2}"; }

# same_text COMMAND...: its output is what stands on our stdin.
same_text() { diff <("$@" 2>&1) -; }

# no COMMAND...: it fails (a bare "!" fails no test).
no() { if "$@"; then return 1; fi; }

# ---- translation -------------------------------------------------------------------

@test "pid: both ways, one number" {
	[ "$(view pid -q web:2)" = 5 ]
	[ "$(view pid -q 5)" = 2 ]
	[ "$(view pid -q web)" = 4 ]
	[ "$(view pid -q docker:web:3)" = 6 ]
	[ "$(view pid -q b1946ac9:2)" = 13 ]
	[ "$(view pid -q 'pid:[4026532337]:2')" = 23 ]
	[ "$(view pid -q web:2 web:3 1)" = $'5\n6\n1' ]
}

@test "pid: --from and --to name namespaces" {
	[ "$(view pid -q --from web 4)" = 24 ]
	[ "$(view pid -q --from host 24)" = 4 ]
	[ "$(view pid -q --to 4026532337 23)" = 2 ]
	[ "$(view pid -q --from 4026532338 --to 4026532337 1)" = 2 ]
	[ "$(view pid -q --from 4026532338 --to host 1)" = 23 ]
	run -1 --separate-stderr view pid -q --to web 13
	[ -z "$output" ]
	# shellcheck disable=SC2154 # bats sets it
	[[ $stderr == *"not visible"* ]]
}

@test "pid: all levels" {
	same_text view pid 23 <<-'END'
		LVL  PID       PIDNS  INIT  OWNER
		  0   23  4026532188     1  -
		  1    2  4026532337    22  -
		  2    1  4026532338    23  -
	END
	view pid 23 --json | jq -e '[.levels[] | [.level, .pid, .outer]] == [[0, 23, 23], [1, 2, 23], [2, 1, 23]]'
}

@test "what is not there is said" {
	local word
	for word in 4711 nobody web:9 docker:nobody 'pid:[1]' 'a b' ''; do
		run -1 --separate-stderr view pid -q "$word"
		[ -z "$output" ]
		[ "$(wc -l <<<"$stderr")" = 1 ]
	done
}

# ---- listings ----------------------------------------------------------------------

@test "ps: columns, filters, order" {
	same_text view ps -o pid,inner,pids,ppid,inner_ppid,pidns,level,state,flags,name web 23 <<-'END'
		OUTER  INNER  PIDS    PPID  IPPID       PIDNS  LVL  S  FLAGS     NAME
		    4      1  4,1        2    out  4026532334    1  S  init      web
		    5      2  5,2        4      1  4026532334    1  Z  zombie    web
		    6      3  6,3        4      1  4026532334    1  Z  zombie    web
		   23      1  23,2,1    22    out  4026532338    2  S  init      -
		   24      4  24,4      19    out  4026532334    1  S  injected  web
	END
	[ "$(view ps --no-headings -o pid --zombies | xargs)" = "5 6 14 16" ]
	[ "$(view ps --no-headings -o pid --owner podman | xargs)" = "12 13 14" ]
	[ "$(view ps --no-headings -o pid --owner none --state Z | xargs)" = 16 ]
	[ "$(view ps --no-headings -o pid --user 0 --sort -inner web | xargs)" = "24 6 5 4" ]
	[ "$(view ps --no-headings -o pid --sort name --owner docker | xargs)" = "4 5 6 24" ]
	run -1 view ps --state T
	run -1 view ps --user 4711
}

@test "ps: a namespace, a part of its id" {
	[ "$(view ps --no-headings -o pid 4026532337 | xargs)" = "22 23" ]
	[ "$(view ps --no-headings -o pid 3f2a9 | xargs)" = "4 5 6 24" ]
	[ "$(view ps --no-headings -o pid web:2 10 | xargs)" = "5 10" ]
}

@test "ns: the true init, what reaps, parents" {
	same_text view ns -t pid -o ns,state,parent,procs,zombies,injected,unreaped,init,reap,owner <<-'END'
		        NS  STATE            PARENT  PROCS  ZOMBIES  INJ  UNREAPED  INIT  REAPS          OWNER
		4026532188  live                  -      8        0    0         0     1  reaps          -
		4026532334  live         4026532188      4        2    1         2     4  does-not-reap  docker:3f2a9c01d4be web
		4026532336  live         4026532188      3        1    0         0    12  reaps          podman:b1946ac92492
		4026532337  live         4026532188      1        0    0         0    22  reaps          -
		4026532338  live         4026532337      1        0    0         0    23  does-not-reap  -
		         -  no-init-yet  4026532188      0        0    0         0     -  unknown        -
	END
	[ "$(view ns -t uts --no-headings -o ns web)" = 4026532333 ]
	run -125 view ns -t nonsense
}

@test "tree: namespaces nested, both PIDs, reasons in words" {
	view tree >tree.txt
	grep -q '^ *24 .* 4 .*! .*from outside' tree.txt
	grep -q '^ *5 .* 2 .*Z .*! .*does not reap' tree.txt
	grep -q '^ *14 .* 3 .*Z .*\[worker\].*! .*13 worker' tree.txt
	grep -q '^  pid:\[4026532334\].*docker:3f2a9c01d4be web.*2 zombies.*init 4' tree.txt
	grep -q '^    pid:\[4026532338\]' tree.txt
	grep -q 'no-init-yet' tree.txt
	# The branch of one container only, and the namespaces alone.
	view tree web -o pid,command >tree.txt
	[ "$(grep -c '^ *[0-9]' tree.txt)" = 4 ]
	[ "$(view tree -n | grep -c 'pid:\[')" = 6 ]
	run -2 view tree nobody
}

@test "tree as JSON: flat, with parents" {
	view tree --json >tree.json
	jq -e '.schema == "atoll.tree/1" and .source.recorded and .source.processes == 17' tree.json
	jq -e '.namespaces | length == 6' tree.json
	jq -e '.namespaces[] | select(.ns == 4026532338) | .parent == 4026532337 and .level == 2
		and .processes[0].pids == [23, 2, 1]' tree.json
	jq -e '[.namespaces[].processes[]] | length == 17' tree.json
}

@test "zombies: the culprit, the fix, and 1" {
	run -1 view zombies -o what,pid,inner,culprit,inner_culprit,culprit_comm
	[ "$(grep '^zombie' <<<"$output")" = "$(
		cat <<-'END'
			zombie            5      2        4         1  app
			zombie            6      3        4         1  app
			zombie           14      3       13         2  worker
		END
	)" ]
	grep -q '^false-zombie *16 ' <<<"$output"
	run -1 view zombies
	[[ $output == *"why: "*"fix: "* ]]
	run -1 view zombies -q b1946ac9
	[ -z "$output" ]
	run -0 view zombies 22
	run -1 view zombies --json
	jq -e '[.findings[] | select(.what == "zombie") | .culprit] == [4, 4, 13]' <<<"$output"
}

@test "who: all about one" {
	view who web:2 >who.txt
	grep -qE '^process +5 ' who.txt
	grep -qE '^ +2 +in pid:\[4026532334\], docker:3f2a9c01d4be web$' who.txt
	grep -qE '^image +nginx:1.25$' who.txt
	grep -qE '^parent +4, inside 1 ' who.txt
	grep -qE '^signals +nothing: it is dead already$' who.txt
	view who 4 >who.txt
	grep -qE '^signals +SIGTERM +nothing: PID 1 has no handler' who.txt
	grep -qE '^ +SIGKILL +ends it, and with it every process of its namespace' who.txt
	grep -qE '^parent +2 .*inside 0: the parent is in another namespace' who.txt
	view who 24 --json | jq -e '.processes[0] | .flags == ["injected"] and .signals.SIGTERM == "ends it"'
}

@test "same: 0, 1, 2, by type" {
	same_text view same -t pid,uts,user web web:2 24 <<-'END'
		TYPE  VERDICT    INODES
		pid   same       4026532334 4026532334 4026532334
		user  same       4026531837 4026531837 4026531837
		uts   different  4026532333 ? 4026531838
	END
	same_text view same -t uts web web:2 -o type,verdict,others <<-'END'
		TYPE  VERDICT      OTHERS
		uts   cannot tell  5
	END
}

@test "same: exit status" {
	run -0 view same -q -t pid web 24
	run -1 view same -q -t pid web 1
	run -1 view same -q web 1
	run -2 view same -q -t uts web web:2
	[ -z "$output" ]
	run -2 view same web nobody
	run -125 view same web
}

# ---- what holds for all of them ----------------------------------------------------

@test "no control character reaches the output" {
	local c
	for c in "tree" "ps -o all" "ns -o all" "who 17" "pid 17 -o all" "zombies -o all" "who 17 --json" "ps --json"; do
		# shellcheck disable=SC2086 # words
		view $c >out || [ "${c%% *}" = zombies ]
		[ -s out ]
		no env LC_ALL=C grep -qP '[\x00-\x08\x0b-\x1f\x7f]' out
	done
	view ps -o comm 17 | grep -qF 'ev\x1b[31m)\n(S'
	# In JSON the name is whole.
	[ "$(view ps --json 17 | jq -r '.processes[0].comm')" = $'ev\033[31m)\n(S' ]
}

@test "no tree characters and no colours but on a terminal" {
	view tree >out
	no env LC_ALL=C grep -q '[^ -~]' out
	command -v script >/dev/null || skip "no script(1)"
	on_terminal() { script -qec "stty cols ${2:-200}; exec $1" /dev/null </dev/null; }
	export TERM=xterm LC_ALL=C.UTF-8
	on_terminal "$ATOLL tree --proc $SCENE" >out
	grep -q '└─' out && grep -qF $'\033[' out
	NO_COLOR=1 on_terminal "$ATOLL tree --proc $SCENE" >out
	grep -q '└─' out && no grep -qF $'\033[' out
	LC_ALL=C on_terminal "$ATOLL tree --proc $SCENE" >out
	grep -q '`- ' out && no env LC_ALL=C grep -q '[^[:print:][:cntrl:]]' out
	# Lines end where the terminal does, unless asked for whole.
	NO_COLOR=1 on_terminal "$ATOLL tree --proc $SCENE" 60 | tr -d '\r' >out
	[ "$(wc -L <out)" -le 60 ]
	NO_COLOR=1 on_terminal "$ATOLL tree --no-trunc --proc $SCENE" 60 | tr -d '\r' >out
	[ "$(wc -L <out)" -gt 60 ]
}

@test "-o: all, more, help, and what is none" {
	local c man
	for c in tree ps ns pid who same zombies seccomp; do
		# Every column has its place in the manual page, or in that of ps.
		man=$ATOLL_SOURCE/docs/man/atoll-$c.1.scd
		while read -r name _; do
			grep -qE "^\*$name\*" "$man" || grep -qF '*atoll-ps*(1)' "$man" ||
				{ echo "column $name is not in $man"; return 1; }
		done < <("$ATOLL" "$c" -o help | cut -c3-)
	done
	[[ $(view ps -o +nnp | head -n 1) == *COMMAND*NNP ]]
	run --separate-stderr view ps -o pid,nonsense
	[ "$status" = 125 ]
	[[ $stderr == *"no column 'nonsense'"*inner_ppid* ]]
	# The last one counts: then there is an operand missing again.
	run -125 view seccomp -o help -o nr
	view ps --no-headings -o pid >out
	no grep -q OUTER out
}

@test "JSON has the columns of -o, or all of them" {
	local c n
	for c in "ps processes" "ns namespaces" "who processes 4" "pid levels 4" "same types 4 5" "zombies findings"; do
		# shellcheck disable=SC2086 # words
		set -- $c
		n=$("$ATOLL" "$1" -o help | wc -l)
		view "$1" --json "${@:3}" >out.json || :
		jq -e --arg l "$2" --argjson n "$n" '.[$l][0] | length >= $n' out.json
		jq -e --arg s "atoll.$1/1" '.schema == $s' out.json
	done
	view ps --json -o pid,comm 4 | jq -e '.processes == [{pid: 4, comm: "app"}]'
}

@test "what fails has the status for failures, not that of an answer" {
	local c
	for c in ps tree ns; do
		run -2 --separate-stderr bash -c '"$@" >/dev/full' - "$ATOLL" "$c" --proc "$SCENE"
		# shellcheck disable=SC2154 # bats sets it
		[[ $stderr == "atoll: write to standard output: "* ]]
	done
	run -2 view ps nobody
}

@test "a wrong value of an option is a wrong command line" {
	local c
	for c in "ps -o" "ns -o" "tree -o" "zombies -o" "pid 4 -o" "who 4 -o" "seccomp 4 -o" "same 4 5 -o" "same 4 5 -t" "ns -t"; do
		# shellcheck disable=SC2086 # words
		run -125 --separate-stderr view $c nonsense
		[ -z "$output" ]
		[[ $stderr == "atoll: option -"*": "*"'nonsense'"* ]]
	done
	run -125 --separate-stderr view ps --sort nonsense
	[[ $stderr == "atoll: option --sort: no column 'nonsense'"* ]]
	run -125 --separate-stderr view ps --sort pid,comm
	run -125 --separate-stderr view ps --user nobodyofthatname
	[[ $stderr == "atoll: option --user: unable to find user nobodyofthatname"* ]]
}

@test "a directory without processes, and none" {
	mkdir "$BATS_TEST_TMPDIR/empty"
	run -2 "$ATOLL" ps --proc "$BATS_TEST_TMPDIR/empty"
	[[ $output == *"no process in it"* ]]
	run -2 "$ATOLL" tree --proc "$BATS_TEST_TMPDIR/nowhere"
	[[ $output == *"No such file"* ]]
	run -1 "$ATOLL" record "$BATS_TEST_TMPDIR/empty"
	[[ $output == *"File exists"* ]]
}
