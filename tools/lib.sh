# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# What the set-up commands share: progress, packages, builds. To be sourced by a
# script that stands in the top directory of the sources.
set -euo pipefail

setup_log=build/setup.log
steps=0
sudo=()

if [ -t 1 ] && [ -z "${NO_COLOR-}" ]; then
	bold=$'\e[1m' red=$'\e[31m' plain=$'\e[0m'
else
	bold='' red='' plain=''
fi

step()
{
	steps=$((steps + 1))
	printf '%s[%d] %s%s\n' "$bold" "$steps" "$*" "$plain"
}

say()
{
	printf '    %s\n' "$@"
}

# die WHAT [HINT...]: says what is missing and how to go on.
die()
{
	printf '%sCannot go on: %s%s\n' "$red" "$1" "$plain" >&2
	shift
	[ $# = 0 ] || printf '    %s\n' "$@" >&2
	exit 1
}

# logged COMMAND...: its output goes to the log; if it fails, the end of it is shown.
logged()
{
	local status=0 from
	from=$(wc -l <"$setup_log")
	printf '$ %s\n' "$*" >>"$setup_log"
	"$@" >>"$setup_log" 2>&1 </dev/null || status=$?
	if [ $status != 0 ]; then
		tail -n "+$((from + 1))" "$setup_log" | tail -n "${logged_lines:-25}" | sed 's/^/    | /' >&2
		say "(whole log: $setup_log)" >&2
	fi
	return $status
}

check_system()
{
	local id='' version=''
	{ mkdir -p build && : >>"$setup_log"; } 2>/dev/null ||
		die "$PWD/build cannot be written by $(id -un)." \
			"If an earlier run was made by root, hand it over: sudo chown -R $(id -un) build"
	: >"$setup_log"
	[ "$(uname -s)" = Linux ] || die "this is $(uname -s); Atoll needs Linux."
	if [ -r /etc/os-release ]; then
		# shellcheck disable=SC1091 # a file of the system
		id=$(. /etc/os-release && echo "${ID-}")
		# shellcheck disable=SC1091
		version=$(. /etc/os-release && echo "${VERSION_ID-}")
	fi
	if [ "$id" != debian ] || ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
		die "this system is '${id:-unknown}', and this script installs packages on Debian 12 and 13 only." \
			"By hand: install what tools/packages lists, then run" \
			"    meson setup build && ninja -C build"
	fi
	case $version in
	12 | 13) ;;
	*) say "Debian ${version:-testing}: tried on 12 and 13 only; going on." ;;
	esac
}

# find_root NEED: sets the array sudo to what puts a command under root.
find_root()
{
	[ "$(id -u)" != 0 ] || return 0
	if command -v sudo >/dev/null; then
		if [ "${CI-}" = true ] || [ ! -t 0 ]; then
			if sudo -n true 2>/dev/null; then
				sudo=(sudo -n)
				return 0
			fi
			die "$1 needs root, and sudo asks $(id -un) for a password but there is no terminal to ask on." \
				"Run it as root or from a terminal, or prepare the system as root:" "    ${2-}"
		fi
		if sudo -v; then
			sudo=(sudo)
			return 0
		fi
		die "$1 needs root, and sudo refused $(id -un)." "Ask an administrator to run:" "    ${2-}"
	fi
	die "$1 needs root; this is the user $(id -un), and there is no sudo." "As root run:" "    ${2-}"
}

installed()
{
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

known()
{
	# Read as a whole: grep -q would leave early and make apt-cache fail by SIGPIPE.
	[[ $(apt-cache show --no-all-versions "$1" 2>/dev/null) == *Package:* ]]
}

# missing GROUP...: the lines of tools/packages that nothing installed satisfies, group left off.
missing()
{
	local group names name g
	while read -r group names; do
		for g; do
			[ "$g" = "$group" ] || continue
			for name in $names; do
				! installed "$name" || continue 2
			done
			echo "$names"
		done
	done < <(sed '/^#/d;/^$/d' tools/packages)
}

# choose < LINES: for each line the first package that apt knows; unknown lines go to fd 3.
choose()
{
	local names name
	while read -r names; do
		for name in $names; do
			if known "$name"; then
				echo "$name"
				continue 2
			fi
		done
		echo "${names%% *}" >&3
	done
}

apt()
{
	logged_lines=8 logged "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
		-o DPkg::Lock::Timeout=300 -o APT::Color=0 "$@"
}

# install_packages GROUP...: installs what is missing; apt's lists are fetched only if they do not do.
install_packages()
{
	local want unknown wanted=() by_hand updated=0 optional=0 tmp g
	local groups=()
	for g; do
		if [ "$g" = optional ]; then optional=1; else groups+=("$g"); fi
	done
	want=$(missing "${groups[@]}")
	[ $optional = 0 ] || optional_want=$(missing optional)
	if [ -z "$want" ] && [ -z "${optional_want-}" ]; then
		say "nothing to install"
		return 0
	fi
	if [ -z "$want" ] && ! known "${optional_want%% *}"; then
		say "nothing to install (apt does not know ${optional_want//$'\n'/ })"
		return 0
	fi
	# shellcheck disable=SC2086 # first words of the lines
	by_hand="apt-get update && apt-get install --no-install-recommends $(cut -d' ' -f1 <<<"$want" | tr '\n' ' ')"
	find_root "installing packages" "$by_hand"
	tmp=$(mktemp)
	while :; do
		mapfile -t wanted < <(choose 3>"$tmp" <<<"$want")
		unknown=$(tr '\n' ' ' <"$tmp")
		if [ -z "${unknown// /}" ]; then
			[ -z "${optional_want-}" ] || mapfile -t -O "${#wanted[@]}" wanted < <(choose 3>/dev/null <<<"$optional_want")
			say "installing ${wanted[*]}"
			if [ $updated = 0 ]; then
				# Old lists name versions that are gone: no news yet if this fails.
				apt install --no-install-recommends "${wanted[@]}" 2>/dev/null && break
			else
				apt install --no-install-recommends "${wanted[@]}" && break
			fi
			[ $updated = 0 ] || { rm -f "$tmp"; die "apt-get could not install ${wanted[*]}." \
				"The lines above are what it says. Mend that, or install them by hand, and run this again:" "    $by_hand"; }
		elif [ $updated = 1 ]; then
			rm -f "$tmp"
			# apt-get update calls it a success when no list could be fetched.
			grep -E '^(Err|W|E):' "$setup_log" | tail -n 6 | cut -c 1-160 | sed 's/^/    | /' >&2 || :
			die "apt does not know: $unknown" \
				"Either its lists could not be fetched (no network? whole log: $setup_log)," \
				"or its sources lack Debian's main section (see /etc/apt/sources.list and sources.list.d)."
		fi
		updated=1
		say "fetching the lists of packages (apt-get update)"
		apt update || { rm -f "$tmp"; die "apt-get update failed." \
			"The lines above are what it says: most often there is no network, or no mirror can be reached." \
			"When it works, run this again."; }
	done
	rm -f "$tmp"
	want=$(missing "${groups[@]}")
	[ -z "$want" ] || die "still not installed: ${want//$'\n'/, }"
}

# build DIR [MESON_OPTION...]: sets up DIR once, and compiles. CC comes from the environment.
build()
{
	local dir=$1
	shift
	if [ ! -e "$dir/build.ninja" ]; then
		logged meson setup "$dir" "$@" ||
			die "meson cannot set up $dir." "If it is left from something else, remove it: rm -rf $dir"
	fi
	logged ninja -C "$dir" || die "the build in $dir failed."
	# Until it is on disk, its pages count as written to by the process that maps them.
	sync "$dir/src/init/atoll-init"
}
