#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# atoll audit as people and CI use it: exit statuses, streams, several reports at once, the
# cycles of baselines, suppressions and policies, and what contrib/ has.

bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	cat >calm.yaml <<-'END'
		apiVersion: v1
		kind: Pod
		metadata: { name: calm }
		spec:
		  hostUsers: false
		  containers:
		    - name: app
		      image: registry.example.org/calm:1
		      command: [tini, --, calm]
		      securityContext:
		        allowPrivilegeEscalation: false
		        readOnlyRootFilesystem: true
		        runAsNonRoot: true
		        runAsUser: 1000
		        capabilities: { drop: [ALL] }
		        seccompProfile: { type: RuntimeDefault }
	END
	sed 's/^  hostUsers: false$/&\n  hostPID: true/' calm.yaml >bad.yaml
	sed 's/^  hostUsers: false$/&\n  hostpid: true/' calm.yaml >typo.yaml
}

audit() { "$ATOLL" audit "$@"; }

# is STATUS ARG...
is() {
	local want=$1 status=0
	shift
	"$ATOLL" audit "$@" >out 2>err || status=$?
	[ "$status" = "$want" ] || { echo "status $status instead of $want: $*"; cat out err; return 1; }
}

@test "exit status 0: nothing at or above the limit" {
	is 0 calm.yaml
	grep -q '^Clean: everything was read, and nothing was found$' out
	is 0 --fail-on critical bad.yaml
	grep -q '^Passed: nothing at or above critical$' out
	is 0 --fail-on none bad.yaml
}

@test "exit status 1: findings" {
	is 1 bad.yaml
	grep -q '^Not passed: 1 at or above medium$' out
	grep -q 'hostPID: true' out
	is 1 --fail-on high bad.yaml
	is 1 calm.yaml bad.yaml
	is 1 bad.yaml typo.yaml
	grep -q 'and not everything could be checked$' out
}

@test "exit status 2: wrong use, one line and a hint" {
	local line
	while read -r line; do
		# shellcheck disable=SC2086 # words
		is 2 $line
		[ ! -s out ]
		[ "$(wc -l <err)" = 1 ]
		grep -q '^atoll: .* Hint: see "atoll audit --help"$' err || { cat err; return 1; }
	done <<-'END'

		--nonsense calm.yaml
		--format pdf calm.yaml
		--fail-on all calm.yaml
		--pss strict calm.yaml
		--pss restricted:1.30 calm.yaml
		--pss restricted:v1.x calm.yaml
		--pss restricted:v1. calm.yaml
		--pss restricted:v1.-1 calm.yaml
		--env =x calm.yaml
		--against x calm.yaml
		--seccomp calm.yaml
		--proc / calm.yaml
		--live --seccomp --no-seccomp
		--live --seccomp --proc /proc
		-f json -f text calm.yaml
		-f json -o - -f text calm.yaml
		-f json -o x -f text -o x calm.yaml
		--env-file /no/such calm.yaml
	END
	# Other commands keep theirs.
	run -125 --separate-stderr "$ATOLL" map --nonsense
}

@test "exit status 2: files beside the input that cannot be read" {
	echo 'rules: { pid-hots: off }' >policy.yaml
	is 2 --policy policy.yaml calm.yaml
	grep -qF "atoll: policy.yaml:1:20: /rules/pid-hots: there is no rule 'pid-hots'" err
	is 2 --policy /no/such calm.yaml
	grep -qF 'atoll: read /no/such: No such file or directory' err
	echo '{}' >baseline.json
	is 2 --baseline baseline.json calm.yaml
	grep -qF 'atoll: baseline.json:1:1: this is no baseline' err
	is 2 --baseline /no/such calm.yaml
}

@test "exit status 3: something could not be checked" {
	is 3 typo.yaml
	grep -q 'did you mean hostPID' out
	grep -q '^Incomplete: not everything could be checked$' out
	is 3 /no/such.yaml
	grep -q 'input-unreadable' out
	is 3 calm.yaml /no/such.yaml
	printf 'a: [' >broken.yaml
	is 3 broken.yaml
	is 3 --fail-on none broken.yaml bad.yaml
	is 3 --live no-such-container-at-all
	grep -q 'no-such-container-at-all' out
}

@test "strict: a rule that cannot tell" {
	sed '/command:/d' calm.yaml >image.yaml
	is 0 image.yaml
	grep -q 'cannot tell: ' out
	grep -q '^Passed' out
	is 3 --strict image.yaml
	grep -q '^Incomplete: some rules cannot tell' out
	is 0 --strict calm.yaml
}

@test "standard input" {
	is 1 - <bad.yaml
	grep -q '^-: Pod/default/calm:app' out
	# As kubectl get pods -A -o json writes it.
	python3 - >pods.json <<-'END'
		import json
		pod = lambda i, **spec: {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"p{i}", "namespace": "n"},
		    "spec": {"containers": [{"name": "c", "image": "i", "command": ["tini"]}], **spec}, "status": {"phase": "Running"}}
		print(json.dumps({"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""},
		    "items": [pod(1), pod(2, hostPID=True)]}))
	END
	is 1 --pss baseline -f json - <pods.json
	[ "$(jq -r '[.objects[].object] | join(" ")' out)" = 'Pod/n/p1:c Pod/n/p2:c' ]
	[ "$(jq -r '[.findings[] | select(.rule == "pid-host").place.pointer] | join(" ")' out)" = /items/1/spec/hostPID ]
	[ "$(jq -r '[.pod_security.pods[].level] | join(" ")' out)" = 'baseline privileged' ]
	is 3 - </dev/null
}

@test "Pod Security Standards decide" {
	is 0 --pss restricted calm.yaml
	is 1 --fail-on critical --pss baseline bad.yaml
	grep -q '^Not passed: baseline:latest is not met$' out
	grep -q 'not baseline: hostNamespaces: ' out
	is 0 --pss privileged --fail-on critical bad.yaml
	is 0 --pss baseline --fail-on none bad.yaml
}

@test "several reports at once" {
	is 1 -f sarif -o a.sarif -f json -o a.json -f text bad.yaml
	grep -q '^Not passed' out
	[ "$(jq -r .version a.sarif)" = 2.1.0 ]
	[ "$(jq -r .schema a.json)" = atoll.audit/1 ]
	# The name says what it is; an output may stand before its format; none goes to the terminal then.
	is 1 -o b.json -o b.sarif bad.yaml
	[ "$(jq -r .schema b.json)" = atoll.audit/1 ]
	[ "$(jq -r .version b.sarif)" = 2.1.0 ]
	[ ! -s out ]
	is 1 -o c --format json bad.yaml
	[ "$(jq -r .schema c)" = atoll.audit/1 ]
	is 1 -f markdown -o - -f junit -o d.xml bad.yaml
	head -n 1 out | grep -q '^### atoll audit'
	grep -q '<testsuites' d.xml
}

@test "a report appears whole or not at all" {
	is 2 -f json -o /no/such/dir/a.json bad.yaml
	grep -qx 'atoll: write /no/such/dir/a.json: No such file or directory' err
	is 2 -f json -o . bad.yaml
	is 2 -f json -o /dev/full bad.yaml
	grep -q 'No space left on device' err
	# shellcheck disable=SC2016 # its own $1
	run -2 --separate-stderr bash -c '"$1" audit calm.yaml >/dev/full' - "$ATOLL"
	is 1 -f json -o /dev/null bad.yaml
	[ -c /dev/null ]
	# Through a link, with the old content until the new one is there.
	echo old >real.json
	ln -s real.json link.json
	is 1 -f json -o link.json bad.yaml
	[ -L link.json ]
	[ "$(jq -r .schema real.json)" = atoll.audit/1 ]
	run ! compgen -G '*.tmp'
	if [ "$(id -u)" != 0 ]; then
		mkdir shut
		chmod 500 shut
		is 2 -f json -o shut/a.json bad.yaml
	fi
}

@test "the cycle of a baseline" {
	is 0 --write-baseline known.json bad.yaml
	grep -q 'by the baseline' out
	[ "$(jq -r '.findings[].rule' known.json | tr '\n' ' ')" = 'pid-host ' ]
	is 0 --baseline known.json bad.yaml
	grep -q '1 suppressed (1 by the baseline)' out
	run ! grep -q 'Host PID' out
	is 0 -v --baseline known.json bad.yaml
	grep -q 'suppressed by the baseline: known by known.json' out
	# However it is named.
	is 0 --baseline known.json "$PWD/bad.yaml"
	is 0 --baseline known.json "../${PWD##*/}/./bad.yaml"
	# Lines may move.
	sed -i '1i # moved' bad.yaml
	is 0 --baseline known.json bad.yaml
	# What is new is told.
	sed -i 's/^  hostPID: true$/&\n  hostNetwork: true/' bad.yaml
	is 1 --baseline known.json bad.yaml
	grep -q 'net-host' out
	run ! grep -q 'pid-host ' out
	# And may be taken up.
	is 0 --baseline known.json --write-baseline known.json bad.yaml
	[ "$(jq '.findings | length' known.json)" = 2 ]
	is 0 --baseline known.json bad.yaml
	is 2 --write-baseline /no/such/dir/x bad.yaml
}

@test "the cycle of a suppression" {
	sed -i 's/hostPID: true/& # atoll:ignore pid-host it watches the node/' bad.yaml
	is 0 bad.yaml
	grep -q 'suppressed by a comment: it watches the node' out
	is 0 -f json bad.yaml
	[ "$(jq -c '.findings[] | select(.rule == "pid-host").suppressed' out)" = '{"by":"comment","reason":"it watches the node"}' ]
	[ "$(jq -r .summary.status out)" = clean ]
	# Once it is not needed any more, that is told.
	sed -i 's/hostPID: true/hostPID: false/' bad.yaml
	is 0 bad.yaml
	grep -q 'warning  suppression-unused  the suppression of pid-host suppresses nothing' out
	run ! grep -q '^Clean' out
	# A policy may say that nobody may.
	sed -i 's/hostPID: false/hostPID: true/' bad.yaml
	echo 'allow-annotations: false' >policy.yaml
	is 1 --policy policy.yaml bad.yaml
	run ! grep -q suppressed out
}

@test "the cycle of a policy" {
	cat >policy.yaml <<-'END'
		fail-on: critical
		rules:
		  pid-host: critical
	END
	is 1 --policy policy.yaml bad.yaml
	grep -q '^Not passed: 1 at or above critical$' out
	is 1 --policy policy.yaml --fail-on low bad.yaml
	echo 'rules: { pid-host: low }' >policy.yaml
	is 0 --policy policy.yaml bad.yaml
	is 1 --policy policy.yaml --fail-on low bad.yaml
	echo 'rules: { pid-host: off }' >policy.yaml
	is 0 --policy policy.yaml --fail-on info bad.yaml
	grep -q 'suppressed by the policy: switched off by policy.yaml' out
	echo 'exceptions: [{ object: "Pod/default/calm:*", rules: [pid-host], reason: a monitor, until: 2100-01-01 }]' >policy.yaml
	is 0 --policy policy.yaml bad.yaml
	grep -q 'suppressed by the policy: a monitor' out
	is 0 --policy policy.yaml calm.yaml
	grep -q 'the exception (a monitor) suppresses nothing' out
	sed -i 's/2100/2020/' policy.yaml
	is 1 --policy policy.yaml bad.yaml
	grep -q 'exception-expired  the exception (a monitor) has expired, and 1 finding would need it' out
}

@test "variables and profiles of Compose" {
	cat >compose.yaml <<-'END'
		services:
		  a:
		    image: x
		    pid: ${PID_MODE:-private}
		  b:
		    image: x
		    profiles: [debug]
		    privileged: true
	END
	printf '# none\n\nexport PID_MODE="host" # why\r\nOTHER=1\n' >vars
	rules() { audit -f json "$@" compose.yaml | jq -r '[.findings[].rule] | unique | join(" ")'; }
	[[ "$(rules)" != *pid-host* && "$(rules)" == *privileged* ]]
	[[ "$(rules --env PID_MODE=host)" == *pid-host* ]]
	[[ "$(PID_MODE=host rules)" != *pid-host* ]]
	[[ "$(PID_MODE=host rules --env PID_MODE)" == *pid-host* ]]
	sed -i 's/ # why\r$//' vars
	[[ "$(rules --env-file vars)" == *pid-host* ]]
	[[ "$(rules --env-file vars --env PID_MODE=private)" != *pid-host* ]]
	[[ "$(rules --profile debug)" == *privileged* ]]
	[[ "$(rules --profile other)" != *privileged* ]]
	echo 'no value' >vars
	is 2 --env-file vars compose.yaml
	grep -q 'vars:1: NAME=VALUE is expected' err
}

@test "contrib: the hook of pre-commit" {
	local hook=$ATOLL_SOURCE/contrib/pre-commit/atoll-audit
	ATOLL=$ATOLL "$hook" calm.yaml
	run -1 env ATOLL="$ATOLL" "$hook" --fail-on high calm.yaml bad.yaml
	ln -s "$ATOLL" atoll
	run -1 env -u ATOLL PATH="$PWD:$PATH" "$hook" bad.yaml
	/usr/bin/python3 - "$ATOLL_SOURCE" <<-'END'
		import os, re, sys, yaml
		hooks = yaml.safe_load(open(sys.argv[1] + "/.pre-commit-hooks.yaml"))
		assert [h["id"] for h in hooks] == ["atoll-audit", "atoll-audit-system"]
		assert os.access(os.path.join(sys.argv[1], hooks[0]["entry"]), os.X_OK)
		for h in hooks:
		    files = re.compile(h["files"])
		    for name in "compose.yaml", "a/docker-compose.override.yml", "x/k8s/web/pod.yaml", "deploy/a.json", "bundle/config.json":
		        assert files.search(name), name
		    for name in "README.md", ".github/workflows/a.yaml", "src/a.yaml", "xk8s/a.yaml":
		        assert not files.search(name), name
	END
}

@test "contrib: the step of the GitHub Action" {
	local step=$ATOLL_SOURCE/contrib/github-action/run status=0
	mkdir repo
	cp bad.yaml calm.yaml repo
	cd repo
	export ATOLL GITHUB_STEP_SUMMARY=$PWD/../summary GITHUB_OUTPUT=$PWD/../output
	INPUT_PATHS=$'calm.yaml\nbad.yaml\n' INPUT_ARGS=$'-v\n' "$step" >log || status=$?
	[ $status = 1 ]
	grep -q '^Not passed' log
	grep -q '^### atoll audit: 1 finding at or above medium' ../summary
	[ "$(cat ../output)" = $'sarif=atoll-audit.sarif\nstatus=1' ]
	[ "$(jq '.runs[0].results | length' atoll-audit.sarif)" = 1 ]
	rm ../output
	INPUT_PATHS=bad.yaml INPUT_FAIL_ON=critical INPUT_SARIF=x.sarif "$step" >log
	[ "$(cat ../output)" = $'sarif=x.sarif\nstatus=0' ]
	# Paths are never options, nor programs.
	run -3 env INPUT_PATHS='--help' "$step"
	# shellcheck disable=SC2016 # nothing is to expand it
	run -3 env INPUT_PATHS='$(touch owned)' "$step"
	[ ! -e owned ]
	/usr/bin/python3 - "$ATOLL_SOURCE/contrib/github-action" <<-'END'
		import re, sys, yaml
		action = yaml.safe_load(open(sys.argv[1] + "/action.yml"))
		[step] = action["runs"]["steps"]
		assert action["runs"]["using"] == "composite" and step["shell"] == "bash"
		assert "${{" not in step["run"]
		used = set(re.findall(r"inputs\.([a-z-]+)", str(step["env"])))
		assert used == set(action["inputs"]), used
		assert {e.replace("INPUT_", "").lower().replace("_", "-") for e in step["env"] if e.startswith("INPUT_")} == used
		script = open(sys.argv[1] + "/run").read()
		assert all(e in script for e in step["env"] if e.startswith("INPUT_"))
		workflow = yaml.safe_load(open(sys.argv[1] + "/workflow.yml"))
		[w] = [s for s in workflow["jobs"]["audit"]["steps"] if "github-action" in s.get("uses", "")]
		assert set(w["with"]) <= set(action["inputs"])
	END
}
