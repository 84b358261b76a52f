#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# What a command finds itself to be: user, rights, limits, filters; and the hooks.
# timeout: 180
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

lines() { is "${out//$'\n'/ }" "$1"; }
refused() { # POINTER: a configuration that create does not take, and says where
	try 1 create --bundle "$BUNDLE" "$ID"
	err_has "$1"
}

# --- cwd, env, user ---

@test "cwd: is there, is made, is refused" {
	config '.process.cwd = "/sub/dir"'
	inside 0 pwd
	is "$out" /sub/dir
	config '.process.cwd = "/made/for/it"'
	inside 0 pwd
	is "$out" /made/for/it
	config '.process.cwd = "relative"'
	refused /process/cwd
	config '.process.cwd = "/etc/passwd"'
	try 1 run --bundle "$BUNDLE" "$ID"
	[[ ${err,,} == *"not a directory"* ]]
}

@test "env: as given, PATH is used to find the command, HOME is filled in" {
	config '.process.env = ["A=1", "B=", "C=x=y", "PATH=/nowhere:/sub/bin:/bin", $m]' --arg m "ATOLL_TEST_MARK=$ATOLL_TEST_MARK"
	mkdir "$BUNDLE/rootfs/sub/bin"
	ln -s ../../bin/busybox "$BUNDLE/rootfs/sub/bin/env"
	config '.process.args = ["env"]'
	try 0 run --bundle "$BUNDLE" "$ID"
	is "$(grep -v MARK <<<"$out" | sort | tr '\n' ' ')" "A=1 B= C=x=y HOME=/root PATH=/nowhere:/sub/bin:/bin "
}

@test "user: uid, gid, groups, umask" {
	config '.process.user = {uid: 12, gid: 34, additionalGids: [5, 6], umask: 63}'
	inside 0 'id -u; id -g; id -G; umask; touch /tmp/f; stat -c %a:%u:%g /tmp/f'
	lines "12 34 34 5 6 0077 600:12:34"
}

@test "user: no groups of the runtime are left, the umask is 022" {
	script 'id -G; umask'
	setpriv --groups 4,20 sh -c 'umask 0; exec timeout 20 "$@"' - \
		"$ATOLL_OCI" --root "$ROOT" run --bundle "$BUNDLE" "$ID" >o 2>e </dev/null 3>&-
	is "$(tr '\n' ' ' <o)" "0 0022 "
}

@test "user: may write to its stdin, stdout and stderr by name" {
	config '.process.user = {uid: 12, gid: 34}'
	inside 0 'echo via-name >/dev/stdout'
	is "$out" via-name
}

# --- rights ---

caps() { grep -E '^Cap' <<<"$out" | awk '{ printf "%s ", $2 }'; }

@test "capabilities: five sets, each for itself" {
	config '.process.capabilities = {bounding: ["CAP_CHOWN", "CAP_KILL", "CAP_SYSLOG"], permitted: ["CAP_CHOWN", "CAP_KILL"],
		effective: ["CAP_CHOWN"], inheritable: ["CAP_KILL"], ambient: ["CAP_KILL"]} | .process.user = {uid: 9, gid: 9}'
	config '.process.noNewPrivileges = false | .process.args = ["cat", "/proc/self/status"]'
	try 0 run --bundle "$BUNDLE" "$ID"
	# A user who is not root keeps after exec what is ambient.
	is "$(caps)" "0000000000000020 0000000000000020 0000000000000020 0000000400000021 0000000000000020 "
}

@test "capabilities: of root" {
	config '.process.capabilities = {bounding: ["CAP_CHOWN", "CAP_KILL"], permitted: ["CAP_CHOWN"], effective: ["CAP_CHOWN"]}'
	config '.process.args = ["cat", "/proc/self/status"]'
	try 0 run --bundle "$BUNDLE" "$ID"
	is "$(awk '$1 == "CapInh:" || $1 == "CapBnd:" || $1 == "CapAmb:" { printf "%s ", $2 }' <<<"$out")" \
		"0000000000000000 0000000000000021 0000000000000000 "
}

@test "capabilities: none at all" {
	config '.process.capabilities = {}'
	inside 0 'cat /proc/self/status; chown 1 /tmp 2>/dev/null || echo refused'
	is "$(caps)" "0000000000000000 0000000000000000 0000000000000000 0000000000000000 0000000000000000 "
	has refused
}

@test "capabilities: of another user, none without ambient" {
	config '.process.capabilities.ambient = [] | .process.user = {uid: 9, gid: 9}'
	inside 0 'cat /proc/self/status'
	is "$(caps | cut -d' ' -f1-3)" "0000000000000000 0000000000000000 0000000000000000"
}

@test "capabilities: what the machine does not know is passed over" {
	config '.process.capabilities[("bounding", "effective", "permitted")] = ["CAP_KILL", "CAP_OF_TOMORROW"]'
	inside 0 'grep CapBnd /proc/self/status'
	is "${out##*[[:space:]]}" 0000000000000020
}

@test "noNewPrivileges" {
	config '.process.noNewPrivileges = true'
	inside 0 'grep NoNewPrivs /proc/self/status'
	is "${out##*[[:space:]]}" 1
	config '.process.noNewPrivileges = false'
	inside 0 'grep NoNewPrivs /proc/self/status'
	is "${out##*[[:space:]]}" 0
}

# --- limits ---

@test "rlimits" {
	config '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 64, hard: 128}, {type: "RLIMIT_CORE", soft: 0, hard: 0},
		{type: "RLIMIT_NPROC", soft: 500, hard: 600}]'
	inside 0 'cat /proc/self/limits'
	is "$(awk '/^Max open files/ { print $4, $5 }' <<<"$out")" "64 128"
	is "$(awk '/^Max core/ { print $5, $6 }' <<<"$out")" "0 0"
	is "$(awk '/^Max processes/ { print $3, $4 }' <<<"$out")" "500 600"
}

@test "rlimits: twice, soft above hard, unknown" {
	config '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 1, hard: 2}, {type: "RLIMIT_NOFILE", soft: 1, hard: 2}]'
	refused /process/rlimits
	config '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 3, hard: 2}]'
	refused /process/rlimits/0
	config '.process.rlimits = [{type: "RLIMIT_NONSENSE", soft: 3, hard: 2}]'
	refused /process/rlimits/0/type
}

@test "oomScoreAdj: set, and left alone if not given" {
	config '.process.oomScoreAdj = 321'
	inside 0 'cat /proc/self/oom_score_adj'
	is "$out" 321
	config 'del(.process.oomScoreAdj)'
	inside 0 'cat /proc/self/oom_score_adj'
	is "$out" "$(cat /proc/self/oom_score_adj)"
}

@test "sysctl" {
	config '.linux.sysctl = {"net.ipv4.ip_forward": "1", "kernel.shmmax": "77777", "fs.mqueue.msg_max": "11"}'
	inside 0 'cd /proc/sys; cat net/ipv4/ip_forward kernel/shmmax fs/mqueue/msg_max'
	lines "1 77777 11"
	[ "$(cat /proc/sys/kernel/shmmax)" != 77777 ]
}

@test "sysctl: what is the whole machine's is refused" {
	local k
	for k in kernel.panic vm.swappiness fs.file-max kernel.core_pattern ../kernel/panic net/../kernel/panic; do
		config '.linux.sysctl = {($k): "1"}' --arg k "$k"
		try 1 create --bundle "$BUNDLE" "$ID"
		err_has "/linux/sysctl/${k//\//\~1}"
	done
	config '.linux.sysctl = {"net.ipv4.ip_forward": "1"} | del(.linux.namespaces[] | select(.type == "network"))'
	try 1 create --bundle "$BUNDLE" "$ID"
	err_has net.ipv4.ip_forward
}

@test "scheduler, io priority, personality" {
	config '.process.scheduler = {policy: "SCHED_BATCH", nice: 5} | .process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 6}
		| .linux.personality = {domain: "LINUX32"}'
	inside 0 'cut -d" " -f19,41 /proc/self/stat; ionice -p 1; cat /proc/self/personality; uname -m'
	[[ $out == "5 3"* ]]
	has "prio 6"
	has "00000008"
	# Not every kernel says another machine then.
	! setarch linux32 true 2>/dev/null || [ "$(setarch linux32 uname -m)" = "$(uname -m)" ] || [[ $out != *x86_64 ]]
}

# --- seccomp ---

seccomp() { config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [$r]} ' --argjson r "$1"; }

@test "seccomp: errno" {
	seccomp '{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 122}'
	inside 0 'mkdir /tmp/x 2>&1; grep ^Seccomp: /proc/self/status'
	[[ ${out,,} == *"quota"* ]]
	has "2"
}

@test "seccomp: the default errno is EPERM" {
	seccomp '{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}'
	inside 0 'mkdir /tmp/x 2>&1 || :'
	[[ ${out,,} == *"not permitted"* ]]
}

@test "seccomp: kill" {
	seccomp '{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_KILL_PROCESS"}'
	inside 159 'mkdir /tmp/x; exit $?'
}

@test "seccomp: arguments" {
	seccomp '{"names": ["kill"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 1, "value": 10, "op": "SCMP_CMP_EQ"}]}'
	inside 0 'trap "echo usr2" USR2; kill -USR2 $$; kill -USR1 $$ 2>/dev/null || echo refused'
	lines "usr2 refused"
}

@test "seccomp: deny by default, with and without noNewPrivileges" {
	local n
	for n in true false; do
		config '.linux.seccomp = {defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: 38, architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32", "SCMP_ARCH_AARCH64"],
			syscalls: [{names: ["read", "write", "open", "openat", "close", "execve", "exit", "exit_group", "brk", "mmap", "mprotect",
			"munmap", "arch_prctl", "fstat", "stat", "newfstatat", "lseek", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "set_tid_address", "getpid",
			"getuid", "getgid", "geteuid", "getegid", "getppid", "dup2", "dup3", "fcntl", "ioctl", "uname", "prlimit64", "readlink", "readlinkat",
			"set_robust_list", "rseq", "getrandom", "getcwd", "prctl", "fork", "vfork", "clone", "wait4", "sendfile",
			"capget", "capset", "sendto"],
			action: "SCMP_ACT_ALLOW"}]} | .process.noNewPrivileges = $n' --argjson n $n
		inside 0 'mkdir /tmp/x 2>&1; echo still'
		[[ ${out,,} == *"function not implemented"*still ]]
	done
}

@test "seccomp: unknown calls are passed over, unknown actions are not" {
	seccomp '{"names": ["no_such_call", "mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}'
	inside 0 'mkdir /tmp/x 2>/dev/null || echo refused'
	is "$out" refused
	seccomp '{"names": ["mkdir"], "action": "SCMP_ACT_NONSENSE"}'
	refused /linux/seccomp/syscalls/0/action
}

@test "seccomp: exec has the container's filter as well" {
	seccomp '{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}'
	config '.process.args = ["sleep", "1000"]'
	started "$ID"
	try 0 exec "$ID" sh -c 'mkdir /tmp/x 2>/dev/null || echo refused'
	is "$out" refused
}

# --- hooks ---

# hook POINT SCRIPT [TIMEOUT]: a hook that is sh -c SCRIPT. In the container's own root: /bin/sh too.
hook() {
	config '.hooks[$p] += [{path: "/bin/sh", args: ["sh", "-c", $s], env: ["PATH=/usr/bin:/bin", "T=" + $t]} + if $n == "" then {} else {timeout: ($n | tonumber)} end]' \
		--arg p "$1" --arg s "$2" --arg t "$T" --arg n "${3-}"
}
POINTS="prestart createRuntime createContainer startContainer poststart poststop"

@test "hooks: each point, in order, with the state on stdin" {
	local p
	mkdir "$BUNDLE/rootfs/log"
	for p in $POINTS; do
		case $p in
		startContainer) hook "$p" "cat >/log/$p; echo $p >>/log/order" ;;
		*) hook "$p" "cat >'$BUNDLE/rootfs/log/$p'; echo $p >>'$BUNDLE/rootfs/log/order'" ;;
		esac
	done
	config '.annotations = {"a.b": "c"}'
	script 'echo command >>/log/order'
	create "$ID"
	is "$(tr '\n' ' ' <"$BUNDLE/rootfs/log/order")" "prestart createRuntime createContainer "
	try 0 start "$ID"
	stopped "$ID"
	try 0 delete "$ID"
	# The command and poststart run at the same time.
	is "$(tr '\n' ' ' <"$BUNDLE/rootfs/log/order" | sed 's/command poststart/poststart command/')" \
		"prestart createRuntime createContainer startContainer poststart command poststop "
	for p in $POINTS; do
		jq -e --arg id "$ID" --arg b "$BUNDLE" '.id == $id and .bundle == $b and (.ociVersion | startswith("1.")) and .annotations["a.b"] == "c"' \
			"$BUNDLE/rootfs/log/$p"
	done
	for p in prestart createRuntime createContainer; do
		jq -e '.status == "creating" or .status == "created"' "$BUNDLE/rootfs/log/$p"
	done
	jq -e '.status == "running"' "$BUNDLE/rootfs/log/poststart"
	jq -e '.status == "stopped"' "$BUNDLE/rootfs/log/poststop"
	jq -e '.pid > 1' "$BUNDLE/rootfs/log/createRuntime"
}

@test "hooks: the namespaces they run in" {
	local p
	for p in createRuntime createContainer poststart; do
		hook $p 'readlink /proc/self/ns/mnt /proc/self/ns/uts >"$T/ns-'$p'"'
	done
	hook startContainer 'readlink /proc/self/ns/uts >/tmp/ns'
	script 'readlink /proc/self/ns/uts; readlink /proc/self/ns/mnt'
	try 0 run --bundle "$BUNDLE" "$ID"
	is "$(<ns-createRuntime)" "$(readlink /proc/self/ns/mnt /proc/self/ns/uts)"
	is "$(<ns-poststart)" "$(readlink /proc/self/ns/mnt /proc/self/ns/uts)"
	is "$(sort ns-createContainer)" "$(sort <<<"$out")"
	is "$(<"$BUNDLE/rootfs/tmp/ns")" "$(head -n 1 <<<"$out")"
}

@test "hooks: the environment is what the hook says" {
	config '.hooks.createRuntime = [{path: "/usr/bin/env", env: ["ONLY=this"]}]'
	config '.hooks.createRuntime += [{path: "/bin/sh", args: ["zero", "-c", "tr \"\\0\" \"\\n\" </proc/self/environ >\"$1\"; echo \"$0\" >>\"$1\"", "first", $t + "/env"], env: ["ONLY=this"]}]' --arg t "$T"
	try 0 run --bundle "$BUNDLE" "$ID"
	is "$(tr '\n' ' ' <"$T/env")" "ONLY=this first "
}

@test "hooks: one that fails ends it, says so, and nothing is left" {
	local p
	for p in prestart createRuntime createContainer startContainer; do
		config 'del(.hooks)'
		hook $p 'exit 0'
		hook $p 'echo its last words >&2; exit 3'
		try 1 run --bundle "$BUNDLE" "$ID"
		err_has "error running $p hook #1:"
		err_has 3
		nothing_left
	done
	config 'del(.hooks)'
	hook createRuntime 'echo its last words >&2; exit 3'
	try 1 run --bundle "$BUNDLE" "$ID"
	err_has "its last words"
}

@test "hooks: startContainer fails at start" {
	hook startContainer 'exit 3'
	create "$ID"
	try 1 start "$ID"
	err_has startContainer
	[ "$(oci state "$ID" 2>/dev/null | jq -r .status)" != running ]
	try 0 delete --force "$ID"
	nothing_left
}

@test "hooks: poststop fails: a warning only" {
	hook poststop 'exit 3'
	hook poststop 'touch "$T/second"'
	try 0 run --bundle "$BUNDLE" "$ID"
	[ -e second ]
	nothing_left
}

@test "hooks: not found, killed" {
	config '.hooks.createRuntime = [{path: "/nowhere/hook"}]'
	try 1 create --bundle "$BUNDLE" "$ID"
	err_has /nowhere/hook
	config 'del(.hooks)'
	hook createRuntime 'kill -KILL $$'
	try 1 create --bundle "$BUNDLE" "$ID"
	err_has createRuntime
	config '.hooks.createRuntime = [{path: "relative"}]'
	refused /hooks/createRuntime/0/path
	nothing_left
}

@test "hooks: a timeout ends it" {
	local start=$SECONDS
	hook createRuntime 'sleep 20' 1
	try 1 create --bundle "$BUNDLE" "$ID"
	[ $((SECONDS - start)) -lt 6 ]
	err_has createRuntime
}

@test "hooks: one that does not read its stdin, or writes much" {
	hook createRuntime 'exec <&-; exit 0'
	hook createRuntime 'head -c 1000000 /dev/zero >&2; head -c 1000000 /dev/zero; exit 0'
	config '.annotations = {"big": $b}' --arg b "$(head -c 100000 /dev/zero | tr '\0' x)"
	try 0 run --bundle "$BUNDLE" "$ID"
}

@test "hooks: poststop runs for --force as well" {
	hook poststop 'touch "$T/stopped"'
	config '.process.args = ["sleep", "1000"]'
	started "$ID"
	try 0 delete --force "$ID"
	[ -e stopped ]
}
