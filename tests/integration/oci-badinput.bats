#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Configurations that are none, by the hundred: each is refused quickly, with the place
# of the fault, and nothing is left of it.
# timeout: 240
#
# shellcheck disable=SC2016 # much is for jq to expand
# shellcheck disable=SC2154 # out and err are set by try

load common

setup_file() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	oci_setup_file
	export FULL=$BATS_TEST_DIRNAME/../fixtures/oci/full.json
	# What the checks pass through untouched: free text and free keys stay as they are.
	jq -c 'del(.process.execCPUAffinity)' "$FULL" >"$OCI_TMP/full.json"
}
setup() { oci_setup; }
teardown() { oci_teardown; }

CASES=0

# refused COMMAND WHAT REGEX: config.json as it stands; its message must match.
refused() {
	local status=0 start=${EPOCHREALTIME//[!0-9]/} us
	CASES=$((CASES + 1))
	if [ "$1" = create ]; then
		timeout 10 "$ATOLL_OCI" --root "$ROOT" create --bundle "$BUNDLE" "$ID" >"$T/out" 2>"$T/err" </dev/null 3>&- || status=$?
	else
		timeout 10 "$ATOLL_OCI" --root "$ROOT" explain "$BUNDLE" >"$T/out" 2>"$T/err" </dev/null 3>&- || status=$?
	fi
	us=$((${EPOCHREALTIME//[!0-9]/} - start))
	err=$(<"$T/err")
	if [ $status != 1 ] || [[ ! $err =~ $3 ]] || [ $us -gt 2000000 ] || [ "$(wc -l <"$T/err")" -gt 2 ] || [ -s "$T/out" ]; then
		echo "$2: status $status, $us us, stderr: ${err:0:600}"
		FAILED=$((FAILED + 1))
	fi
}
FAILED=0

# At the end of a family: how many cases there were at the least.
all_refused() {
	echo "$CASES cases, $FAILED of them wrong"
	[ $FAILED = 0 ] && [ $CASES -ge "$1" ]
	nothing_left
}

# Lines "POINTER<tab>JSON" on stdin; the message must name the pointer.
each_line() { # COMMAND
	local pointer json quoted
	while IFS=$'\t' read -r pointer json; do
		printf '%s' "$json" >"$BUNDLE/config.json"
		printf -v quoted '%s' "${pointer//./\\.}"
		quoted=${quoted//+/\\+}
		refused "$1" "$pointer" "config\\.json:[0-9]+:[0-9]+: ${quoted}"
	done
}

# jq: all paths of a kind in the full configuration with something else put there.
# A member of another type than it should be. Free-form maps are of strings.
mutate() { # TYPE VALUE
	jq -r --arg type "$1" --argjson v "$2" '
		def pointer: map(tostring | gsub("~"; "~0") | gsub("/"; "~1")) | map("/" + .) | join("");
		. as $doc | [paths as $p | select(getpath($p) | type == $type) | $p] | .[]
		| . as $p | ($p | pointer) + "\t" + ($doc | setpath($p; $v) | tojson)' "$OCI_TMP/full.json"
}

# Lines "POINTER EDIT" on stdin: what jq makes of the small configuration.
each_edit() { # COMMAND
	local pointer edit
	while read -r pointer edit; do
		jq "$edit" "$OCI_TMP/config.json" >"$BUNDLE/config.json"
		refused "$1" "$edit" "config\\.json:[0-9]+:[0-9]+: ${pointer//./\\.}: "
	done
}

@test "wrong type: strings that are numbers, objects, arrays" {
	each_line explain < <(mutate string 5)
	each_line explain < <(mutate string '{}' | awk 'NR % 3 == 0')
	each_line explain < <(mutate string '["x"]' | awk 'NR % 3 == 1')
	all_refused 200
}

@test "wrong type: numbers that are strings, fractions, booleans" {
	each_line explain < <(mutate number '"x"')
	each_line explain < <(mutate number 1.5)
	each_line explain < <(mutate number true | awk 'NR % 3 == 0')
	all_refused 100
}

@test "wrong type: booleans, arrays, objects" {
	each_line explain < <(mutate boolean '"true"')
	each_line explain < <(mutate boolean 1)
	each_line explain < <(mutate array '{}')
	each_line explain < <(mutate array '"x"')
	each_line explain < <(mutate object '[]')
	each_line explain < <(mutate object '"x"' | awk 'NR % 2 == 0')
	all_refused 150
}

@test "numbers: too large, too small, not of JSON" {
	local v
	each_line explain < <(mutate number 99999999999999999999999999)
	each_line explain < <(mutate number -99999999999999999999999999)
	for v in 1e999 -1e999 1e5 0x10 010 +1 .5 1. - -- NaN Infinity -Infinity 1_000; do
		jq '.process.user.uid = "@"' "$OCI_TMP/full.json" | sed "s/\"@\"/$v/" >"$BUNDLE/config.json"
		refused explain "$v" 'config\.json:[0-9]+:[0-9]+'
	done
	all_refused 80
}

@test "missing: each member that must be there" {
	each_line explain < <(jq -r '
		def drop($p; $name; $shown): [$shown, (delpaths([$p + [$name]]) | tojson)] | join("\t");
		drop([]; "ociVersion"; ""), drop([]; "root"; ""), drop(["root"]; "path"; "/root"),
		drop(["process"]; "cwd"; "/process"),
		drop(["mounts", 0]; "destination"; "/mounts/0"),
		drop(["process", "rlimits", 0]; "type"; "/process/rlimits/0"),
		drop(["hooks", "prestart", 0]; "path"; "/hooks/prestart/0"),
		drop(["linux", "namespaces", 0]; "type"; "/linux/namespaces/0"),
		drop(["linux", "devices", 0]; "path"; "/linux/devices/0"),
		drop(["linux", "devices", 0]; "type"; "/linux/devices/0"),
		drop(["linux", "uidMappings", 0]; "size"; "/linux/uidMappings/0"),
		drop(["linux", "seccomp"]; "defaultAction"; "/linux/seccomp"),
		drop(["linux", "seccomp", "syscalls", 0]; "names"; "/linux/seccomp/syscalls/0"),
		drop(["linux", "seccomp", "syscalls", 0]; "action"; "/linux/seccomp/syscalls/0")' "$OCI_TMP/full.json")
	all_refused 14
}

@test "bad words where there is a list of them" {
	each_line explain < <(jq -r '
		def put($p; $shown; $v): [$shown, (setpath($p; $v) | tojson)] | join("\t");
		put(["ociVersion"]; "/ociVersion"; "2.0.0"), put(["ociVersion"]; "/ociVersion"; ""), put(["ociVersion"]; "/ociVersion"; "one"),
		put(["process", "rlimits", 0, "type"]; "/process/rlimits/0/type"; "RLIMIT_X"),
		put(["process", "scheduler", "policy"]; "/process/scheduler/policy"; "SCHED_X"),
		put(["process", "ioPriority", "class"]; "/process/ioPriority/class"; "X"),
		put(["process", "cwd"]; "/process/cwd"; "relative"), put(["process", "cwd"]; "/process/cwd"; ""),
		put(["process", "args"]; "/process/args"; []),
		put(["root", "path"]; "/root/path"; ""),
		put(["mounts", 0, "destination"]; "/mounts/0/destination"; ""),
		put(["hooks", "prestart", 0, "path"]; "/hooks/prestart/0/path"; "x"),
		put(["hooks", "prestart", 0, "timeout"]; "/hooks/prestart/0/timeout"; 0),
		put(["linux", "namespaces", 0, "type"]; "/linux/namespaces/0/type"; "x"),
		put(["linux", "rootfsPropagation"]; "/linux/rootfsPropagation"; "x"),
		put(["linux", "devices", 0, "type"]; "/linux/devices/0/type"; "x"),
		put(["linux", "devices", 0, "path"]; "/linux/devices/0/path"; "x"),
		put(["linux", "seccomp", "defaultAction"]; "/linux/seccomp/defaultAction"; "x"),
		put(["linux", "seccomp", "architectures", 0]; "/linux/seccomp/architectures/0"; "x"),
		put(["linux", "seccomp", "syscalls", 1, "args", 0, "op"]; "/linux/seccomp/syscalls/1/args/0/op"; "x"),
		put(["linux", "personality", "domain"]; "/linux/personality/domain"; "x"),
		put(["linux", "resources", "devices", 0, "access"]; "/linux/resources/devices/0/access"; "xyz"),
		put(["linux", "resources", "devices", 0, "type"]; "/linux/resources/devices/0/type"; "z")' "$OCI_TMP/full.json")
	all_refused 23
}

# What only the plan or a step finds out has its place in the file all the same.
@test "values that do not fit: file, line, column, pointer" {
	each_line() { # SUBCOMMAND: each is "POINTER EXPRESSION"
		local pointer edit
		while read -r pointer edit; do
			jq "$edit" "$OCI_TMP/config.json" >"$BUNDLE/config.json"
			refused "$1" "$edit" "config\.json:[0-9]+:[0-9]+: $pointer: "
		done
	}
	each_edit explain <<-'EOF'
		/process/args .process.args = []
		/process del(.process)
		/process/user/uid .process.user.uid = 4294967295
		/process/user/gid .process.user.gid = 4294967295
		/process/user/additionalGids .process.user.additionalGids = [0, 4294967295]
		/process/capabilities/effective .process.capabilities.effective = ["CAP_SYS_ADMIN"]
		/mounts/7/type .mounts += [{destination: "/mnt", source: "/tmp"}]
		/mounts/7/source .mounts += [{destination: "/mnt", options: ["bind"]}]
		/mounts/7/options .mounts += [{destination: "/mnt", source: "/", options: ["bind", "size=1"]}]
		/mounts/7/destination .mounts += [{destination: "/proc/sys", type: "tmpfs", source: "x"}]
		/linux/devices/0/path .linux.devices = [{path: "/", type: "c", major: 1, minor: 3}]
		/linux/gidMappings .linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 0, size: 9}]
		/linux/sysctl/vm.swappiness .linux.sysctl = {"vm.swappiness": "1"}
		/annotations/org.atoll.init .annotations = {"org.atoll.init": "maybe"}
		/annotations/org.atoll.root.overlay .annotations = {"org.atoll.root.overlay": "1"}
	EOF
	each_edit create <<-'EOF'
		/root/path .root.path = "config.json"
		/root/path .root.path = "nowhere"
		/hostname .hostname = "x" * 65
		/mounts/7 .mounts += [{destination: "/mnt", type: "tmpfs", source: "x", options: ["size=zz"]}]
		/mounts/7/source .mounts += [{destination: "/mnt", source: "/nowhere", options: ["bind"]}]
		/hooks/prestart .hooks.prestart = [{path: "/nowhere"}]
		/linux/namespaces .linux.namespaces += [{type: "cgroup", path: "/etc/passwd"}]
		/linux/sysctl/net.ipv4.nowhere .linux.sysctl = {"net.ipv4.nowhere": "1"}
	EOF
	all_refused 23
}

@test "a member twice" {
	local text name
	text=$(jq -c . "$OCI_TMP/full.json")
	for name in ociVersion process root hostname mounts linux cwd args type destination namespaces seccomp; do
		printf '%s' "${text/\"$name\":/\"$name\":null,\"$name\":}" >"$BUNDLE/config.json"
		refused explain "$name twice" "config\\.json:[0-9]+:[0-9]+.*$name"
	done
	all_refused 12
}

@test "truncated at many places" {
	local n size
	size=$(wc -c <"$OCI_TMP/full.json")
	for ((n = 1; n < size - 2; n += 61)); do
		head -c $n "$OCI_TMP/full.json" >"$BUNDLE/config.json"
		refused explain "$n bytes" 'config\.json:[0-9]+:[0-9]+'
	done
	all_refused 80
}

@test "one byte that is wrong, at many places" {
	local n size
	size=$(wc -c <"$OCI_TMP/full.json")
	# A control character is never right, within strings or without.
	for ((n = 1; n < size - 2; n += 97)); do
		{
			head -c $n "$OCI_TMP/full.json"
			printf '\001'
			tail -c +$((n + 2)) "$OCI_TMP/full.json"
		} >"$BUNDLE/config.json"
		refused explain "byte $n" 'config\.json:[0-9]+:[0-9]+'
	done
	all_refused 50
}

@test "bytes that are no UTF-8, and NUL" {
	local b where
	for b in '\x80' '\xff' '\xc0\x80' '\xc3' '\xe2\x82' '\xed\xa0\x80' '\xf4\x90\x80\x80' '\xf8\x88\x80\x80\x80' '\x00'; do
		for where in hostname cwd env; do
			jq -c --arg w $where 'if $w == "hostname" then .hostname = "a@b" elif $w == "cwd" then .process.cwd = "/a@b" else .process.env[0] = "A=@" end' \
				"$OCI_TMP/config.json" | awk -v RS='@' -v ORS='' 'NR > 1 { printf "@" } { print }' >text
			{
				sed 's/@.*//' text
				# shellcheck disable=SC2059 # the escapes are the matter
				printf "$b"
				sed 's/^[^@]*@//' text
			} | tr -d '\n' >"$BUNDLE/config.json"
			refused explain "$b in $where" 'config\.json:[0-9]+:[0-9]+'
		done
	done
	for where in .hostname .process.cwd '.process.args[0]' '.process.env[0]' '.mounts[0].destination' '.root.path' '.linux.cgroupsPath'; do
		jq "$where = \"a\\u0000b\"" "$OCI_TMP/config.json" >"$BUNDLE/config.json"
		refused explain "\\u0000 in $where" 'config\.json:[0-9]+:[0-9]+'
	done
	for b in '"\ud800"' '"\udc00\ud800"' '"\u12"' '"\x41"' "'x'"; do
		printf '{"ociVersion": "1.0.0", "hostname": %s}' "$b" >"$BUNDLE/config.json"
		refused explain "$b" 'config\.json:[0-9]+:[0-9]+'
	done
	all_refused 35
}

@test "what is no object" {
	local t
	for t in '' ' ' '[]' '5' '"x"' 'null' 'true' '{' '}' '{}' '{}{}' '{},' '{"ociVersion"}' '{"a":}' '{a:1}' '// {}' '{"a":1,}' '[1' 'nul' $'\xef\xbb\xbf{}'; do
		printf '%s' "$t" >"$BUNDLE/config.json"
		refused explain "$t" 'config\.json'
	done
	{ cat "$OCI_TMP/config.json"; echo x; } >"$BUNDLE/config.json"
	refused explain "text after the end" 'config\.json:[0-9]+:[0-9]+'
	all_refused 21
}

@test "deep and wide" {
	local n=100000 b e
	for b in '[' '{"a":'; do
		if [ "$b" = '[' ]; then e=']'; else e='}'; fi
		{
			printf '{"x":'
			head -c $n /dev/zero | sed "s/\\x00/${b//\//\\/}/g"
			printf 1
			head -c $n /dev/zero | tr '\0' "$e"
			printf '}'
		} >"$BUNDLE/config.json"
		refused explain "100000 deep $b" 'config\.json:[0-9]+:[0-9]+'
		head -c $n /dev/zero | sed "s/\\x00/${b//\//\\/}/g" >"$BUNDLE/config.json"
		refused explain "100000 deep $b, open" 'config\.json:[0-9]+:[0-9]+'
	done
	head -c 20000000 /dev/zero | tr '\0' ' ' >"$BUNDLE/config.json"
	refused explain "20 MB of blanks" 'config\.json'
	{ printf '{"hostname":"'; head -c 20000000 /dev/zero | tr '\0' x; printf '"}'; } >"$BUNDLE/config.json"
	refused explain "20 MB of hostname" 'config\.json'
	jq --arg b "$(head -c 3000000 /dev/zero | tr '\0' x | head -c 100000)" '.hostname = $b' "$OCI_TMP/config.json" >"$BUNDLE/config.json"
	refused explain "a long hostname" 'config\.json:[0-9]+:[0-9]+: /hostname'
	jq '.mounts = [range(0; 200000) | {destination: "/a"}]' "$OCI_TMP/config.json" >"$BUNDLE/config.json"
	"$ATOLL_OCI" --root "$ROOT" explain "$BUNDLE" >o 2>e </dev/null || [ -s e ]
	all_refused 7
}

@test "config.json is no file" {
	rm "$BUNDLE/config.json"
	refused create absent 'config\.json'
	mkdir "$BUNDLE/config.json"
	refused create "a directory" 'config\.json'
	rmdir "$BUNDLE/config.json"
	mkfifo "$BUNDLE/config.json"
	refused create "a fifo" 'config\.json'
	rm "$BUNDLE/config.json"
	ln -s config.json "$BUNDLE/config.json"
	refused create "a link to itself" 'config\.json'
	ln -sf /dev/zero "$BUNDLE/config.json"
	refused create "/dev/zero" 'config\.json'
	ln -sf /dev/null "$BUNDLE/config.json"
	refused create "/dev/null" 'config\.json'
	rm "$BUNDLE/config.json"
	all_refused 6
}

# `create` says the same as `explain`, and makes nothing.
@test "create of some of each" {
	each_line create < <({ mutate string 5 && mutate number '"x"' && mutate array '{}' && mutate object '[]'; } | awk 'NR % 10 == 0')
	all_refused 30
}

# Taken for right by the reader, refused by the plan: with the pointer as well.
@test "members that do not go together" {
	local pointer filter
	while IFS=$'\t' read -r pointer filter; do
		jq "$filter" "$OCI_TMP/config.json" >"$BUNDLE/config.json"
		refused create "$filter" "$pointer"
	done <<-'END'
		/linux/namespaces	.linux.namespaces += [{type: "pid"}]
		/linux/uidMappings	.linux.uidMappings = [{containerID: 0, hostID: 4294967295, size: 2}] | .linux.gidMappings = .linux.uidMappings | .linux.namespaces += [{type: "user"}]
		/hostname	.linux.namespaces |= map(select(.type != "uts"))
		/linux/timeOffsets	.linux.timeOffsets = {boottime: {secs: 1}}
		/process/args	.process.args = []
		/process	del(.process)
		/mounts/7	.mounts += [{destination: "/x", type: "bind", options: ["bind"]}]
		/mounts/7	.mounts += [{destination: "/x", source: "/", options: ["bind", "idmap"]}]
		/process/rlimits	.process.rlimits += .process.rlimits
		/linux/sysctl	.linux.sysctl = {"kernel.panic": "1"}
		/linux/seccomp	.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["read"], action: "SCMP_ACT_NOTIFY"}]}
	END
	all_refused 11
}

@test "process.json, of exec" {
	local t
	config '.process.args = ["sleep", "1000"]'
	started "$ID"
	for t in '' '{' '[]' '{"args": 5, "cwd": "/"}' '{"args": ["true"]}' '{"cwd": "/", "args": []}' '{"cwd": "x", "args": ["true"]}' '{"cwd": "/", "args": ["true"], "user": {"uid": -1}}'; do
		printf '%s' "$t" >p.json
		try 255 exec --process p.json "$ID"
		[[ $err == *p.json* || $err == */process/* ]]
	done
	try 255 exec --process nowhere.json "$ID"
	err_has nowhere.json
	try 0 delete --force "$ID"
}
