#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# atoll watch: a container that is born and dies, a zombie that is not reaped, a PID 1 that
# stops reaping; as JSON.

# shellcheck disable=SC2016 # jq has $ too

# What is told in time by a plain build is not by one that is ten times slower; the comparison
# of two scenes, which is the logic, is a unit test there too.
# bats file_tags=not:sanitized

bats_require_minimum_version 1.5.0

load "$BATS_TEST_DIRNAME/../until"

setup_file() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	mkdir -p "$BATS_FILE_TMPDIR/root/bin" "$BATS_FILE_TMPDIR/root/proc"
	cp "$(command -v busybox)" "$BATS_FILE_TMPDIR/root/bin/busybox"
	for applet in sh sleep true; do ln -s busybox "$BATS_FILE_TMPDIR/root/bin/$applet"; done
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	CHILDREN=()
}

teardown() {
	local pid
	for pid in "${CHILDREN[@]}"; do
		kill -KILL "$pid" 2>/dev/null || :
		wait "$pid" 2>/dev/null || :
	done
	[ ! -d state ] || "$ATOLL" --root "$PWD/state" rm -f web >/dev/null 2>&1 || :
	[ ! -s err ] || sed 's/^/stderr: /' err
	[ ! -s events ] || tail -n 20 events | cut -c1-500
}

# watch ARG...: in the background, into the file `events`, from when it has looked once.
watch() {
	"$ATOLL" --root "$PWD/state" watch --json --initial "$@" >events 2>err 3>&- &
	CHILDREN+=($!)
	until_true test -s events
}

helper() {
	"$@" 3>&- &
	CHILDREN+=($!)
}

# event NAME FILTER [ARG...]: there is such an event (that was not there at the beginning), by jq.
event() {
	local name=$1 filter=$2
	shift 2
	# The last line may be half written.
	grep -F "\"event\":\"$name\",\"initial\":false" events |
		jq -enR "$@" "[inputs | fromjson? | select($filter)] | length > 0"
}
told() { until_true event "$@"; }

@test "a container is born and dies" {
	watch
	"$ATOLL" --root "$PWD/state" run -d --name web "$BATS_FILE_TMPDIR/root" sleep 300 >/dev/null 3>&-
	local pid ns
	pid=$("$ATOLL" --root "$PWD/state" list --json | jq '.[0].pid')
	[ "$pid" -gt 1 ]
	ns=$(readlink "/proc/$pid/ns/pid")
	ns=${ns//[^0-9]/}
	told namespace-born '.namespace.ns == $ns' --argjson ns "$ns"
	told process-in '.process.pid == $pid and .process.inner == 1 and (.process.pids | length) == 2 and .process.pidns == $ns' \
		--argjson pid "$pid" --argjson ns "$ns"
	# It is known by its name once a scan has met the runtime's whole record.
	"$ATOLL" --root "$PWD/state" exec -d web sleep 301
	told process-in '.process.inner > 1 and .process.name == "web" and .process.pidns == $ns' --argjson ns "$ns"
	"$ATOLL" --root "$PWD/state" kill web
	told process-out '.process.pid == $pid and .process.name == "web" and .process.runtime == "atoll"' --argjson pid "$pid"
	told namespace-gone '.namespace.ns == $ns and .namespace.procs > 0' --argjson ns "$ns"
}

@test "a zombie is told after its grace, with its parent, and when it is reaped" {
	watch --grace 300
	# Waits only when it is told to; its child is a zombie until then.
	helper python3 -c '
import os, signal, time
pid = os.fork()
if pid == 0:
    os._exit(0)
print(pid, flush=True)
signal.signal(signal.SIGUSR1, lambda *a: os.waitpid(pid, 0))
time.sleep(100)
time.sleep(100)' >zombie
	until_true test -s zombie
	local zombie parent=${CHILDREN[-1]}
	zombie=$(<zombie)
	told zombie-seen '.process.pid == $pid and .parent.pid == $parent and .age_ms >= 300 and (.why | test("has not waited"))' \
		--argjson pid "$zombie" --argjson parent "$parent"
	run ! event zombie-gone '.process.pid == $pid' --argjson pid "$zombie"
	kill -USR1 "$parent"
	told zombie-gone '.process.pid == $pid and .age_ms >= 300' --argjson pid "$zombie"
	# Once, with the same first time.
	[ "$(jq -nR --argjson pid "$zombie" '[inputs | fromjson? | select(.process.pid == $pid and (.event | startswith("zombie")))] | length' events)" = 2 ]
}

@test "a process that is reaped within the grace is no zombie" {
	watch --grace 30000
	helper sh -c 'sleep 3 & exec sleep 5'
	local parent=${CHILDREN[-1]}
	told process-in '.process.ppid == $pid' --argjson pid "$parent"
	told process-out '.process.pid == $pid' --argjson pid "$parent"
	run ! event zombie-seen '.process.ppid == $pid' --argjson pid "$parent"
}

@test "a dying namespace, and a verdict that changes" {
	watch
	# PID 1 waits for its child, whose own children make the watcher look, until it may go on;
	# then it sleeps with a zombie.
	helper unshare --pid --fork --kill-child python3 -c '
import os, subprocess, time
if os.fork() == 0:
    while not os.path.exists("go"):
        subprocess.run(["sleep", "0.2"])
    os._exit(0)
os.wait()
if os.fork() == 0:
    os._exit(0)
time.sleep(100)'
	local outer=${CHILDREN[-1]} pid ns
	until_true pgrep -P "$outer"
	pid=$(pgrep -P "$outer")
	ns=$(readlink "/proc/$pid/ns/pid")
	ns=${ns//[^0-9]/}
	told namespace-born '.namespace.ns == $ns and .namespace.init == $pid' --argjson ns "$ns" --argjson pid "$pid"
	told process-in '.namespace.ns == $ns and .namespace.reap == "reaps"' --argjson ns "$ns"
	touch go
	told reap-changed '.namespace.ns == $ns and .before == "reaps" and .namespace.reap == "does-not-reap"' --argjson ns "$ns"
	# Its parent is stopped, so that nobody reaps it: the namespace stays, dying.
	kill -STOP "$outer"
	until_true grep -q '^State:.T' "/proc/$outer/status"
	kill -KILL "$pid"
	told namespace-dying '.namespace.ns == $ns and .before == "live"' --argjson ns "$ns"
	kill -CONT "$outer"
	told namespace-gone '.namespace.ns == $ns' --argjson ns "$ns"
}

@test "soon, where the process connector is, however long the interval" {
	watch --interval 60000
	helper sleep 77
	if ! until_true event process-in '.process.pid == $pid' --argjson pid "${CHILDREN[-1]}"; then
		skip "no process connector here"
	fi
}

@test "schema: every line has what the manual page says" {
	watch --count 5
	wait "${CHILDREN[0]}"
	[ "$(wc -l <events)" = 5 ]
	jq -es 'all(.[]; (.time | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\\.[0-9]{3}Z$")) and (.event | type == "string")
		and .initial == true
		and (.namespace | has("ns") and has("id") and has("level") and has("state") and has("stuck") and has("init")
			and has("reap") and has("procs") and has("zombies") and has("runtime") and has("container") and has("name"))
		and ((.process // {pid: 1, inner: 1, pids: [], ppid: 1, state: "", flags: [], uid: 0, comm: "", command: [],
			runtime: "", container: "", name: "", pidns: 1, level: 0}) | (keys | sort) == (["pid", "inner", "pids", "ppid", "state",
			"flags", "uid", "comm", "command", "runtime", "container", "name", "pidns", "level"] | sort)))' events
}

@test "lines for people have no control characters; it ends when nobody reads" {
	cp "$(command -v sleep)" "$(printf 'sl\033[31m\nep')"
	helper "$PWD/$(printf 'sl\033[31m\nep')" 100
	timeout 3 "$ATOLL" watch --initial --only process- >out 3>&- || [ $? = 124 ]
	grep -qF '\x1b[31m\nep' out
	LC_ALL=C run ! grep -qP '[\x00-\x08\x0b-\x1f\x7f]' out
	# shellcheck disable=SC2016 # its own $1
	timeout 20 bash -c '"$1" watch --initial | head -n 1 >out' - "$ATOLL" 3>&-
	[ "$(wc -l <out)" = 1 ]
}

@test "nobody reads any more: 0, and no word of it, whatever is done with SIGPIPE" {
	local setup
	for setup in : "trap '' PIPE"; do
		# There is nobody before the first line already, and after it.
		# shellcheck disable=SC2016 # its own words
		timeout 20 bash -c "$setup"'
			exec 4> >(:); wait $!
			"$1" watch --initial >&4 2>err; echo $? >status' - "$ATOLL" 3>&-
		[ "$(<status)" = 0 ]
		[ ! -s err ]
		# shellcheck disable=SC2016
		timeout 20 bash -c "$setup"'
			{ "$1" watch --initial --json --interval 20 2>err; echo $? >status; } | head -n 1 >out' - "$ATOLL" 3>&-
		[ "$(<status)" = 0 ]
		[ ! -s err ]
		[ "$(wc -l <out)" = 1 ]
	done
}

@test "a wrong event is a wrong command line" {
	run -125 --separate-stderr "$ATOLL" watch --only process-gone
	# shellcheck disable=SC2154 # bats sets it
	[[ $stderr == "atoll: no event begins with 'process-gone'. "* ]]
	run -125 --separate-stderr "$ATOLL" watch --interval soon
}
