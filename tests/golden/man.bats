#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# The manual pages say what the programs' own tables say, no more and no less
# (tools/check-man), and the check notices when they do not.

bats_require_minimum_version 1.5.0

setup() {
	cp -r "$ATOLL_SOURCE/docs/man" "$BATS_TEST_TMPDIR/man"
	MAN=$BATS_TEST_TMPDIR/man
}

check_man() { "$ATOLL_SOURCE/tools/check-man" -m "$MAN" "$@"; }

# notices TEXT PROGRAM: the check fails, with this line.
notices() {
	run -1 check_man "$2"
	echo "$output"
	grep -qxF -- "$1" <<<"$output"
}

@test "atoll: options, commands, exit status" {
	check_man "$ATOLL"
}

@test "atoll-oci: options, commands, exit status" {
	check_man "$ATOLL_OCI"
}

@test "atoll-init: options, exit status" {
	check_man "$ATOLL_INIT"
}

@test "an option that the manual lacks is noticed" {
	sed -i '/^\*--no-pivot\*$/s/.*/A word./' "$MAN/atoll-oci.8.scd"
	run -1 check_man "$ATOLL_OCI"
	[ "${#lines[@]}" = 3 ] # create, run, which takes over its options, and explain
	[ "${lines[0]}" = "atoll-oci.8.scd, create: --no-pivot is missing" ]
}

@test "an option that only the manual has is noticed, and a letter" {
	sed -i 's/^\*--ignore-paused\*$/&, *-y*/' "$MAN/atoll-oci.8.scd"
	notices "atoll-oci.8.scd, exec: there is no -y" "$ATOLL_OCI"
	sed -i 's/^\*-q\*, \*--quiet\*/*--silent*\n\tx\n\n&/' "$MAN/atoll-list.1.scd"
	notices "atoll-list.1.scd: there is no --silent" "$ATOLL"
	sed -i 's/^\*-g\*, \*--group\*/*-x*\n\tx\n\n&/' "$MAN/atoll-init.8.scd"
	notices "atoll-init.8.scd: there is no -x" "$ATOLL_INIT"
}

@test "commands that only one side has are noticed" {
	sed -i 's/^## pause$/## freeze/' "$MAN/atoll-oci.8.scd"
	run -1 check_man "$ATOLL_OCI"
	[ "${lines[0]}" = "atoll-oci.8.scd: the command pause is missing" ]
	[ "${lines[1]}" = "atoll-oci.8.scd: there is no command freeze" ]
	rm "$MAN/atoll-wait.1.scd"
	notices "atoll.1.scd: the command wait is missing" "$ATOLL"
}

@test "columns that only one side has are noticed, and another type" {
	sed -i 's/^\*comm\* (string)/*name2* (string)/' "$MAN/atoll-ps.1.scd"
	notices "atoll-ps.1.scd: column *comm* (string) is missing" "$ATOLL"
	notices "atoll-ps.1.scd: there is no column *name2* (string)" "$ATOLL"
	sed -i 's/^\*nr\* (number)/*nr* (string)/' "$MAN/atoll-seccomp.1.scd"
	notices "atoll-seccomp.1.scd: column *nr* (number) + is missing" "$ATOLL"
	sed -i 's/^# COLUMNS$/# ROWS/; /atoll-ps/d' "$MAN/atoll-zombies.1.scd"
	notices "atoll-zombies.1.scd: no COLUMNS" "$ATOLL"
}

@test "a page without an exit status is noticed" {
	sed -i 's/^# EXIT STATUS$/# END/' "$MAN/atoll-oci.8.scd"
	notices "atoll-oci.8.scd: no EXIT STATUS" "$ATOLL_OCI"
}
