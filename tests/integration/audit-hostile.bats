#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# What is given to an audit may be made to break it: time and memory stay bounded, the words
# say what is wrong and where, and the status is never that of a clean result.
# timeout: 300
#
# shellcheck disable=SC2030,SC2031 # out is used where it was set

bats_require_minimum_version 1.5.0

setup_file() {
	[ -x "${ATOLL:?}" ]
	# A build with AddressSanitizer reserves more than any limit.
	export LIMIT_KB=1500000
	(ulimit -v $LIMIT_KB && "$ATOLL" --version >/dev/null 2>&1) || LIMIT_KB=unlimited
}

setup() { cd "$BATS_TEST_TMPDIR" || return 1; }

# bounded STATUS ARG...: `atoll audit ARG...` in 20 s and 1.5 GB; its words in $out.
bounded() {
	local want=$1 status=0
	shift
	out=$(ulimit -v "$LIMIT_KB" && timeout -k 1 20 "$ATOLL" audit "$@" 2>&1) || status=$?
	[ "$status" = "$want" ] || {
		echo "status $status instead of $want: atoll audit $*"
		head -c 2000 <<<"$out"
		return 1
	}
}

has() {
	[[ $out == *"$1"* ]] || {
		echo "not said: $1"
		head -c 2000 <<<"$out"
		return 1
	}
}

# The good neighbour: whatever else is wrong, this is still found.
pod() {
	printf 'apiVersion: v1\nkind: Pod\nmetadata: {name: %s}\nspec:\n  hostPID: true\n' "$1"
	printf '  containers: [{name: app, image: a}]\n'
}

@test "a bomb of aliases" {
	{
		echo 'a: &a [x, x, x, x, x, x, x, x, x, x]'
		prev=a
		for name in b c d e f g h i j; do
			echo "$name: &$name [*$prev, *$prev, *$prev, *$prev, *$prev, *$prev, *$prev, *$prev, *$prev, *$prev]"
			prev=$name
		done
		echo ---
		pod after
	} >bomb.yaml
	bounded 1 bomb.yaml
	has 'input-unparsable  aliases stand for nearly all of the document (a YAML bomb)'
	has 'bomb.yaml:4:'
	has 'Pod/default/after:app'
	has 'pid-host'
}

@test "a bomb of merge keys" {
	{
		echo 'a0: &a0 {k0: v, k1: v, k2: v, k3: v}'
		for i in $(seq 1 60); do
			echo "a$i: &a$i {<<: [*a$((i - 1)), *a$((i - 1))], n$i: [*a$((i - 1)), *a$((i - 1))]}"
		done
	} >merge.yaml
	bounded 3 merge.yaml
	has 'a YAML bomb'
}

@test "cycles" {
	printf 'a: &a\n  b: [*a]\n---\n%s\n' "$(pod after)" >cycle.yaml
	bounded 1 cycle.yaml
	has 'the alias *a stands within its own anchor: a cycle'
	has 'Pod/default/after:app'
}

@test "100,000 deep, in each way of nesting" {
	for part in '[' '{"a":' '{a: ' '- ' '? '; do
		awk -v part="$part" 'BEGIN { for (i = 0; i < 100000; i++) printf "%s", part }' >deep
		bounded 3 deep
		has 'nested'
	done
	awk 'BEGIN { for (i = 0; i < 5000; i++) { for (k = 0; k < i; k++) printf " "; print "a:" } }' >deep
	bounded 3 deep
	has 'nested more than 256 deep'
}

@test "10,000 documents that are all broken" {
	for _ in $(seq 10000); do
		printf -- '---\n[[[[[[[[[[[[[[[[[[[[[[[[[\n'
	done >broken.yaml
	bounded 3 broken.yaml
	has 'too many documents are broken; the rest is not read'
}

@test "a gigabyte of zeros" {
	status=0
	out=$(head -c 1G /dev/zero | (ulimit -v "$LIMIT_KB" && timeout -k 1 20 "$ATOLL" audit - 2>&1)) || status=$?
	[ "$status" = 3 ]
	has 'input-unparsable  there are only NUL bytes in it'
	bounded 3 /dev/zero
	has 'there are only NUL bytes in it'
}

@test "a gigabyte that is text at first" {
	status=0
	out=$( (
		pod x
		head -c 1G /dev/zero | tr '\0' '#'
	) | (ulimit -v "$LIMIT_KB" && timeout -k 1 60 "$ATOLL" audit - 2>&1)) || status=$?
	[ "$status" = 3 ]
	has 'input-unparsable  larger than 256 MiB: it is not read'
}

@test "a sparse file of a terabyte" {
	pod x >sparse.yaml
	truncate -s 1T sparse.yaml || skip "the file system has no sparse files of that size"
	bounded 3 sparse.yaml
	has 'larger than 256 MiB'
}

@test "invalid UTF-8 is replaced, as Kubernetes does, and said" {
	{
		pod web
		printf '  hostname: "\xff\xc3("\n'
	} >bad.yaml
	bounded 1 bad.yaml
	has 'not valid UTF-8: 2 places are here replaced by U+FFFD'
	has 'bad.yaml:7:14'
	has 'pid-host'
}

@test "NUL bytes lose their document only" {
	{
		pod before
		printf -- '---\na: b\0c\n---\n'
		pod after
	} >nul.yaml
	bounded 1 nul.yaml
	has 'there is a NUL byte in it'
	has 'nul.yaml:8:5'
	has 'Pod/default/before:app'
	has 'Pod/default/after:app'
}

@test "UTF-16, with the places of what was meant" {
	for order in LE BE; do
		{
			[ $order = LE ] && printf '\xff\xfe' || printf '\xfe\xff'
			pod web | iconv -f UTF-8 -t UTF-16$order
		} >wide.yaml
		bounded 1 wide.yaml
		has 'wide.yaml:5:'
		has 'pid-host'
	done
	pod web | iconv -f UTF-8 -t UTF-32 >wide.yaml
	bounded 3 wide.yaml
	has 'this is UTF-32, which no consumer of configurations reads'
}

@test "FIFOs and directories with loops" {
	mkdir -p tree/a/b
	pod web >tree/a/web.yaml
	ln -s .. tree/a/b/up
	ln -s /dev/zero tree/zero.yaml
	ln -s self.yaml tree/self.yaml
	mkfifo tree/fifo.yaml
	bounded 1 tree
	has 'tree/a/web.yaml:5:'
	has 'tree/zero.yaml'
	has 'a symbolic link that leads out of the directory is not followed'
	bounded 3 tree/fifo.yaml
	has 'input-empty'
	# One that somebody writes to is read: <(kubectl ...).
	bounded 1 <(sleep 0.2 && pod web)
	has 'pid-host'
}

@test "directories nested too deeply, and ones that may not be read" {
	deep=tree/$(printf 'd/%.0s' $(seq 100))
	mkdir -p "$deep"
	pod web >tree/web.yaml
	bounded 1 tree
	has 'directories are nested too deeply'
	bounded 3 no-such.yaml
	has 'no-such.yaml: No such file or directory'
}

@test "what is no container configuration is passed over in directories only" {
	mkdir -p repo/.github/workflows repo/deploy
	echo '{"name": "x", "version": "1.0.0", "scripts": {}}' >repo/package.json
	echo '{ // comments' >repo/tsconfig.json
	printf 'on: push\njobs: {build: {services: {db: {image: x}}}}\n' >repo/.github/workflows/ci.yml
	pod web >repo/deploy/web.yaml
	bounded 1 repo
	[[ $out != *input-* ]]
	bounded 3 repo/package.json
	has 'input-unknown-kind'
	rm repo/deploy/web.yaml
	bounded 3 repo
	has 'input-empty  no container configuration is among 3 files'
}

@test "templates say that they are templates" {
	printf 'apiVersion: v1\nkind: Pod\n{{- if .Values.x }}\nspec: {{ .Values.spec }}\n{{- end }}\n' >pod.yaml
	bounded 3 pod.yaml
	has 'this is a template ({{ ... }}), not yet a manifest'
}

@test "keys and values that are control sequences do not reach the terminal" {
	printf 'services:\n  "\\e[31mred":\n    image: "\\a\\e]0;title\\a"\n    pid: host\n    "\\e[2J": 1\n' >esc.yaml
	bounded 1 esc.yaml
	[[ $out != *$'\e'* && $out != *$'\a'* ]]
	has 'pid-host'
}

@test "suppressions without end: in one line, line by line, within a text, in an annotation" {
	local many
	many=$(printf ' # atoll:ignore net-host x%.0s' $(seq 20000))
	{ pod web && echo "$many"; } >line.yaml
	bounded 1 line.yaml
	has 'the suppression of net-host suppresses nothing'
	{ pod web && echo "  hostname: \"$many\""; } >quoted.yaml
	bounded 1 quoted.yaml
	[[ $out != *"suppresses nothing"* ]]
	{ pod web && tr '#' '\n' <<<"$many" | sed 's/atoll/# atoll/'; } >lines.yaml
	bounded 1 lines.yaml
	has 'the suppression of net-host suppresses nothing'
	{ printf 'kind: Pod\napiVersion: v1\nmetadata: {name: x, annotations: {atoll.io/ignore: "%s"}}\nspec:\n' \
		"$(printf 'rule-%d,' $(seq 30000))"; pod x | tail -n 2; } >annotation.yaml
	bounded 1 annotation.yaml
	has "there is no rule 'rule-30000' to be suppressed"
}

# A sanitizer needs memory of its own.
# bats test_tags=not:sanitized
@test "no memory is a failure, not findings" {
	local n status=0
	for ((n = 0; n < 300; n++)); do pod "p$n" && echo ---; done >pods.yaml
	for _ in 1 2 3 4 5 6 7; do cat pods.yaml pods.yaml >twice && mv twice pods.yaml; done
	out=$(ulimit -v 60000 && timeout -k 1 20 "$ATOLL" audit pods.yaml 2>&1 >/dev/null) || status=$?
	[ "$status" = 2 ]
	has 'out of memory'
}
