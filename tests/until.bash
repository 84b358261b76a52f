# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Waiting for something to become true, for all bats files: no case sleeps for as long as it
# should take, and none fails because the machine is busy.

# until_true COMMAND...: within half a minute. If not, it says what the command says.
until_true() {
	local end=$((SECONDS + 30))
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$end" ] || {
			echo "never came true: $*"
			"$@"
			return 1
		}
		sleep 0.02
	done
}
