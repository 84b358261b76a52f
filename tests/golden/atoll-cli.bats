#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# What atoll says about itself, and that the manual pages say the same: every
# command has one, and every option stands in it.

bats_require_minimum_version 1.5.0

commands() { "$ATOLL" __dump | awk -F '\t' '$1 == "cmd" { print $2 }'; }
options() { "$ATOLL" __dump | awk -F '\t' -v c="$1" '$1 == "opt" && $2 == c { sub(/^\[no-\]/, "", $4); print $4 }'; }

@test "help of all and of every command" {
	diff <("$ATOLL" --help) <("$ATOLL" help)
	for c in $(commands); do
		"$ATOLL" help "$c" >"$BATS_TEST_TMPDIR/help"
		diff <("$ATOLL" "$c" --help) "$BATS_TEST_TMPDIR/help"
		grep -qx "  $c .*" <("$ATOLL" --help)
		for o in $(options "$c"); do grep -qE -- "--(\[no-\])?$o( |\$)" "$BATS_TEST_TMPDIR/help"; done
	done
}

@test "help of the commands that every program has" {
	local p c
	for p in "$ATOLL" "$ATOLL_OCI"; do
		for c in help completion; do
			"$p" help "$c" >"$BATS_TEST_TMPDIR/help"
			grep -qE "^Usage: ${p##*/} $c " "$BATS_TEST_TMPDIR/help"
			diff <("$p" "$c" --help) "$BATS_TEST_TMPDIR/help"
			grep -qx "  $c .*" <("$p" --help)
		done
	done
}

@test "every command and option has its place in the manual" {
	local man=$ATOLL_SOURCE/docs/man c o
	for c in $(commands); do
		[ "$c" != version ] || continue
		[ -e "$man/atoll-$c.1.scd" ]
		grep -q "'atoll-$c.1'" "$man/meson.build"
		grep -qF "*atoll-$c*(1)" "$man/atoll.1.scd"
		for o in $(options "$c"); do
			grep -qF -- "*--$o*" "$man/atoll-$c.1.scd" || { echo "--$o is not in atoll-$c(1)"; return 1; }
		done
	done
	for o in $(options -); do grep -qF -- "*--$o*" "$man/atoll.1.scd"; done
}

@test "and nothing in the manual that is not there" {
	local man=$ATOLL_SOURCE/docs/man c o
	for c in $(commands); do
		[ -e "$man/atoll-$c.1.scd" ] || continue
		for o in $(sed -n '/^# OPTIONS/,/^# /p' "$man/atoll-$c.1.scd" | grep -E '^\*-' | grep -oE '\*--[a-z-]+\*' | tr -d '*'); do
			[[ $o == --no-init ]] || options "$c" | grep -qx -- "${o#--}" || { echo "$o of atoll-$c(1)"; return 1; }
		done
	done
}

@test "version, completion" {
	run -0 "$ATOLL" --version
	[[ $output == "atoll version "* ]]
	[ "$("$ATOLL" version)" = "$output" ]
	for shell in bash zsh fish; do "$ATOLL" completion $shell | grep -q inspect; done
	"$ATOLL" completion bash | bash -n
}

@test "a wrong command line: one line and 125" {
	while read -r line; do
		# shellcheck disable=SC2086 # words
		run -125 --separate-stderr "$ATOLL" $line
		[ -z "$output" ]
		# shellcheck disable=SC2154 # bats sets it
		[ "$(wc -l <<<"$stderr")" = 1 ]
		[[ $stderr == "atoll: "* ]]
	done <<-'END'

		nonsense
		--nonsense list
		list too many
		exec
		exec only-id
		stop
		stop -t x id
		inspect
		kill -s NOSIG id
		watch --only nonsense
		help nonsense
		help list too-many
		completion
		completion csh
		top --filter café
		run --pids-limit many / true
		--root relative list
		--root relative ps
	END
}
