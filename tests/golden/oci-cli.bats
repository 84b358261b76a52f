#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# What atoll-oci says about itself: --help of all and of each command, shell
# completion, wrong command lines. ATOLL_GOLDEN_UPDATE=1 writes the files anew.
#
# shellcheck shell=bash

bats_require_minimum_version 1.5.0

commands() { "$ATOLL_OCI" __dump | awk -F '\t' '$1 == "cmd" { print $2 }'; }

# golden FILE COMMAND...: the standard output of the command is that file.
golden() {
	local file=$BATS_TEST_DIRNAME/oci-cli/$1
	shift
	"$@" >"$BATS_TEST_TMPDIR/out"
	if [ -n "${ATOLL_GOLDEN_UPDATE-}" ]; then
		cp "$BATS_TEST_TMPDIR/out" "$file"
	fi
	diff -u "$file" "$BATS_TEST_TMPDIR/out"
}

@test "help of the program" {
	golden help.txt "$ATOLL_OCI" --help
	diff <("$ATOLL_OCI" --help) <("$ATOLL_OCI" help)
	diff <("$ATOLL_OCI" --help) <("$ATOLL_OCI" -h)
}

@test "help of every command" {
	local c
	for c in $(commands); do
		golden "help-$c.txt" "$ATOLL_OCI" "$c" --help
		diff <("$ATOLL_OCI" "$c" --help) <("$ATOLL_OCI" help "$c")
	done
	# and no file without a command
	diff <(commands | sort) <(cd "$BATS_TEST_DIRNAME/oci-cli" && printf '%s\n' help-*.txt | sed 's/help-//; s/\.txt//' | sort)
}

@test "version has the lines that engines look for, and nothing goes to stderr" {
	local out
	out=$("$ATOLL_OCI" --version 2>&1)
	grep -Eqx 'atoll-oci version [0-9.]+' <<<"${out%%$'\n'*}"
	grep -q '^commit: ' <<<"$out"
	grep -qx 'spec: 1\.3\.0' <<<"$out"
	diff <("$ATOLL_OCI" -v) <("$ATOLL_OCI" --version)
}

@test "features is JSON, sorted where it lists, and claims no systemd" {
	local out
	out=$("$ATOLL_OCI" features 2>&1)
	jq -e '.ociVersionMax == "1.3.0" and .linux.cgroup.v2 and (.linux.cgroup.systemd | not)' <<<"$out"
	jq -e '.mountOptions == (.mountOptions | sort) and (.mountOptions | index("rro"))' <<<"$out"
	jq -e '.linux.namespaces == (.linux.namespaces | sort) and (.linux.namespaces | length) == 8' <<<"$out"
	jq -e '.hooks | length == 6' <<<"$out"
	jq -e '(.linux.seccomp.supportedFlags - .linux.seccomp.knownFlags) == []' <<<"$out"
}

@test "a wrong command line is one line on stderr, status 1, and one record in the log" {
	local line out status
	for line in "" "bogus" "--bogus" "create" "create a b" "kill" "kill a NOSIG" "start --bogus a" "list --format xml" \
		"state" "--log-format yaml list" "completion" "completion csh" "create --preserve-fds -1 a" "exec a"; do
		status=0
		# shellcheck disable=SC2086 # words
		out=$("$ATOLL_OCI" --root "$BATS_TEST_TMPDIR/r" --log "$BATS_TEST_TMPDIR/log" --log-format json $line 2>&1 >/dev/null) || status=$?
		[[ $status = 1 || ($line = exec* && $status = 255) ]] || { echo "$line: $status"; false; }
		[ "$(wc -l <<<"$out")" = 1 ]
		[[ $out = "atoll-oci: "* ]]
		jq -es 'length == 1 and .[0].level == "error" and (.[0].msg | length > 0) and (.[0].time | fromdate > 0)' \
			"$BATS_TEST_TMPDIR/log" || { echo "$line: $(cat "$BATS_TEST_TMPDIR/log")"; false; }
		rm "$BATS_TEST_TMPDIR/log"
	done
}

@test "systemd cgroups are refused as not supported yet" {
	run -1 "$ATOLL_OCI" --systemd-cgroup list
	[[ $output = *"not supported yet"* ]]
	run -1 "$ATOLL_OCI" --cgroup-manager systemd list
	[[ $output = *"not supported yet"* ]]
}

# words LINE: what bash would offer for the last word of LINE.
words() {
	bash --norc -c '
		source <(printf %s "$1")
		read -ra COMP_WORDS <<<"$2"
		[[ $2 != *" " ]] || COMP_WORDS+=("")
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
		_atoll_oci
		printf "%s\n" "${COMPREPLY[@]}"' - "$("$ATOLL_OCI" completion bash)" "$1"
}

@test "bash completion offers commands, options and choices" {
	local c
	"$ATOLL_OCI" completion bash | bash -n
	diff <(words "atoll-oci " | sort) <({ commands; echo completion; echo help; } | sort)
	[ "$(words "atoll-oci cre")" = create ]
	words "atoll-oci --root /x create --" | grep -qx -- --pidfd-socket
	[ "$(words "atoll-oci list --format ")" = $'table\njson' ]
	[ "$(words "atoll-oci completion f")" = fish ]
	for c in $(commands); do
		diff <(words "atoll-oci $c --" | sort) \
			<({ "$ATOLL_OCI" __dump | awk -F '\t' -v c="$c" '$1 == "opt" && $2 == c { print "--" $4 }'; echo --help; } | sort)
	done
}

@test "zsh and fish completion are valid" {
	"$ATOLL_OCI" completion zsh >"$BATS_TEST_TMPDIR/_atoll-oci"
	"$ATOLL_OCI" completion fish >"$BATS_TEST_TMPDIR/atoll-oci.fish"
	grep -q '^#compdef atoll-oci$' "$BATS_TEST_TMPDIR/_atoll-oci"
	if command -v zsh >/dev/null; then
		zsh -n "$BATS_TEST_TMPDIR/_atoll-oci"
	fi
	if command -v fish >/dev/null; then
		fish -n "$BATS_TEST_TMPDIR/atoll-oci.fish"
	fi
}
