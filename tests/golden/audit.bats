#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# timeout: 200
#
# atoll audit over a small directory of everything, in each format, against golden files (made
# anew with GOLDEN_UPDATE=1); JSON and SARIF against their schemas; the page in a browser.

bats_require_minimum_version 1.5.0

setup() {
	export SOURCE_DATE_EPOCH=0
	cp -r "$ATOLL_SOURCE/tests/golden/audit/input" "$BATS_TEST_TMPDIR/input"
	cd "$BATS_TEST_TMPDIR/input" || return 1
	# Relative URIs are those of the work tree.
	mkdir .git
}

# Exit status 1: findings.
audit() {
	local status=0
	"$ATOLL" audit "$@" . || status=$?
	[ $status = 1 ]
}

golden() {
	local want=$ATOLL_SOURCE/tests/golden/audit/$1
	[ -z "${GOLDEN_UPDATE-}" ] || cp "../$1" "$want"
	diff "$want" "../$1"
	run ! env LC_ALL=C grep -P '[\x00-\x08\x0b-\x1f\x7f]' "../$1"
}

# browser ARG...: chromium without a screen; as root it has no sandbox.
browser() {
	timeout -k 5 60 chromium --headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage \
		--no-first-run --disable-background-networking --disable-component-update \
		--user-data-dir="$BATS_TEST_TMPDIR/profile" --allow-file-access-from-files --window-size=1280,1000 "$@" \
		2>browser.log
}

@test "text" {
	audit >../report.txt
	golden report.txt
}

@test "text, verbose" {
	audit -v >../report-verbose.txt
	golden report-verbose.txt
}

@test "json, and its schema" {
	audit -f json | jq '.version = "x"' >../report.json
	golden report.json
	audit -f json --pss restricted:v1.31 --strict -o ../pss.json
	"$ATOLL" audit -f json /dev/null >../empty.json || [ $? = 3 ]
	# A key may have any character.
	printf '"a\\nb": 1\nkind: Pod\nmetadata: {name: x}\nspec: {"host\\nPID": true, containers: [{name: a, image: b}]}\n' >../odd.yaml
	"$ATOLL" audit -f json --fail-on none ../odd.yaml >../odd.json || [ $? = 3 ]
	jq -e '[.. | .pointer? // empty] | any(contains("\n"))' ../odd.json
	for f in report pss empty odd; do
		/usr/bin/python3 - "$ATOLL_SOURCE/docs/audit.schema.json" ../$f.json <<-'END'
			import json, sys, jsonschema
			schema, report = (json.load(open(f, encoding="utf-8")) for f in sys.argv[1:])
			# What the schema does not name must not be there: it is all that is documented.
			def close(node):
			    if isinstance(node, dict):
			        if "properties" in node and "type" in node:
			            node["additionalProperties"] = False
			        for value in node.values():
			            close(value)
			close(schema)
			jsonschema.Draft7Validator.check_schema(schema)
			wrong = [f"{list(e.absolute_path)}: {e.message}" for e in jsonschema.Draft7Validator(schema).iter_errors(report)]
			assert not wrong, wrong[:5]
			s = report["summary"]
			open_ = [f for f in report["findings"] if not f["suppressed"]]
			assert s["findings"] == len(open_) == sum(s["by_severity"].values())
			assert s["suppressed"] == len(report["findings"]) - len(open_)
			assert (s["objects"], s["sources"], s["untold"], s["diagnostics"]) == tuple(
			    len(report[k]) for k in ("objects", "sources", "untold", "diagnostics"))
			assert s["blocking"] == sum(d["blocks"] for d in report["diagnostics"])
			assert all(x["object"] < s["objects"] for x in report["findings"] + report["untold"])
			assert sum(x["objects"] for x in report["sources"]) == s["objects"]
		END
	done
	[ "$(jq -r .pod_security.wanted ../pss.json)" = restricted:v1.31 ]
}

@test "sarif" {
	audit -f sarif | jq 'del(.runs[].tool.driver.rules) | .runs[].tool.driver |= (.version = "x" | .semanticVersion = "x")' \
		>../report.sarif
	golden report.sarif
}

# What GitHub's code scanning asks for beyond the schema; ATOLL_SARIF_SCHEMA names the official one.
@test "sarif: what code scanning needs" {
	audit -f sarif --pss baseline >../full.sarif
	cp -r ../input ../copy
	/usr/bin/python3 - ../full.sarif <<-'END'
		import json, os, re, sys
		text = open(sys.argv[1], encoding="utf-8").read()
		sarif = json.loads(text)
		schema = os.environ.get("ATOLL_SARIF_SCHEMA")
		if schema:
		    import jsonschema
		    s = json.load(open(schema, encoding="utf-8"))
		    jsonschema.validators.validator_for(s)(s).validate(sarif)
		assert set(sarif) == {"$schema", "version", "runs"} and sarif["version"] == "2.1.0"
		[run] = sarif["runs"]
		assert set(run) <= {"tool", "automationDetails", "columnKind", "results", "invocations", "properties"}
		def strings(node):
		    if isinstance(node, str):
		        yield node
		    for value in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
		        yield from strings(value)
		assert all(s and len(s) <= 1024 for s in strings(sarif))
		rules = run["tool"]["driver"]["rules"]
		ids = [r["id"] for r in rules]
		assert len(set(ids)) == len(ids) > 69
		for r in rules:
		    assert all(r[k]["text"] for k in ("shortDescription", "fullDescription", "help"))
		    assert r["defaultConfiguration"]["level"] in ("error", "warning", "note")
		    p = r["properties"]
		    assert 0 < float(p["security-severity"]) <= 10 and "security" in p["tags"] and len(p["tags"]) <= 10
		    assert p["precision"] in ("very-high", "high", "medium", "low")
		    assert r.get("helpUri", "https://").startswith("https://")
		results = run["results"]
		assert 40 < len(results) <= 25000
		prints = set()
		for r in results:
		    assert ids[r["ruleIndex"]] == r["ruleId"] and r["level"] in ("error", "warning", "note") and r["message"]["text"]
		    place = r["locations"][0]["physicalLocation"]
		    uri, region = place["artifactLocation"]["uri"], place["region"]
		    assert not re.match(r"[a-z]+:|/", uri) and os.path.isfile(uri), uri
		    lines = open(uri, encoding="utf-8").read().split("\n")
		    assert 1 <= region["startLine"] <= region["endLine"] <= len(lines)
		    assert 1 <= region["startColumn"] <= len(lines[region["startLine"] - 1]) + 1
		    assert (region["startLine"], region["startColumn"]) < (region["endLine"], region["endColumn"])
		    key = r["ruleId"], uri, r["partialFingerprints"]["primaryLocationLineHash"]
		    assert re.fullmatch(r"[0-9a-f]{16}:\d+", key[2]) and key not in prints
		    prints.add(key)
		    for s in r["suppressions"]:
		        assert s["kind"] in ("inSource", "external") and s["justification"]
		kinds = {s["kind"] for r in results for s in r["suppressions"]}
		assert kinds == {"inSource"}
		assert {"pss-baseline", "input-unparsable", "input-unknown-field"} <= {r["ruleId"] for r in results}
		assert run["invocations"][0]["executionSuccessful"] is False
		json.dump(sorted(prints), open("../prints.json", "w"))
	END
	# Fingerprints stay while lines move.
	sed -i '1i # a new line' ../copy/compose.yaml ../copy/deploy/shop.yaml
	(cd ../copy && audit -f sarif --pss baseline) >../moved.sarif
	diff <(jq -r '.[] | @tsv' ../prints.json) \
		<(jq -r '.runs[0].results[] | [.ruleId, .locations[0].physicalLocation.artifactLocation.uri, .partialFingerprints.primaryLocationLineHash] | @tsv' ../moved.sarif | LC_ALL=C sort)
}

@test "sarif: below a work tree and outside of one" {
	cd deploy
	"$ATOLL" audit -f sarif shop.yaml >../../sub.sarif || [ $? = 1 ]
	[ "$(jq -r '[.runs[0].results[].locations[0].physicalLocation.artifactLocation.uri] | unique | .[]' ../../sub.sarif)" = deploy/shop.yaml ]
	cd /
	"$ATOLL" audit -f sarif "$OLDPWD/shop.yaml" >"$BATS_TEST_TMPDIR/abs.sarif" || [ $? = 1 ]
	[[ "$(jq -r '.runs[0].results[0].locations[0].physicalLocation.artifactLocation.uri' "$BATS_TEST_TMPDIR/abs.sarif")" == */deploy/shop.yaml ]]
}

@test "junit" {
	audit -f junit --pss baseline >../report.xml
	golden report.xml
	/usr/bin/python3 - ../report.xml <<-'END'
		import sys, xml.etree.ElementTree as e
		top = e.parse(sys.argv[1]).getroot()
		assert top.tag == "testsuites"
		sums = dict.fromkeys(("tests", "failures", "errors", "skipped"), 0)
		of = {"failures": "failure", "errors": "error", "skipped": "skipped"}
		for suite in top:
		    cases = list(suite)
		    assert suite.tag == "testsuite" and suite.get("name") and cases
		    assert all(c.tag == "testcase" and c.get("name") and c.get("classname") for c in cases)
		    got = {"tests": len(cases), **{k: len(suite.findall("testcase/" + v)) for k, v in of.items()}}
		    assert got == {k: int(suite.get(k)) for k in sums}, (suite.get("name"), got)
		    sums = {k: sums[k] + got[k] for k in sums}
		assert sums == {k: int(top.get(k)) for k in sums} and min(sums.values()) > 0
	END
}

@test "markdown" {
	audit -f markdown >../report.md
	golden report.md
}

@test "html: one page that loads nothing, with the hash of its script" {
	audit -f html -o ../page.html --pss baseline
	/usr/bin/python3 - ../page.html <<-'END'
		import base64, hashlib, html.parser, re, sys
		page = open(sys.argv[1], encoding="utf-8").read()
		script = re.search(r"<script>(.*?)</script>", page, re.S)[1]
		digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
		assert f"script-src 'sha256-{digest}'" in page, digest
		assert not re.search(r"url\(|@import|<(img|link|iframe|object|embed|form)\b", page)
		class Parser(html.parser.HTMLParser):
		    tags, stack, ids, links = [], [], set(), set()
		    def handle_starttag(self, tag, attrs):
		        a = dict(attrs)
		        self.tags.append(tag)
		        assert not [k for k in a if k.startswith("on") or k in ("src", "style")], (tag, attrs)
		        if "id" in a:
		            assert a["id"] not in self.ids, a["id"]
		            self.ids.add(a["id"])
		        if tag == "a":
		            self.links.add(a["href"])
		        if tag not in ("meta", "input"):
		            self.stack.append(tag)
		    def handle_endtag(self, tag):
		        assert self.stack.pop() == tag, tag
		p = Parser()
		p.feed(page)
		p.close()
		assert not p.stack and p.tags.count("script") == 1
		assert all(l[1:] in p.ids if l[0] == "#" else l.startswith("https://") for l in p.links)
		assert p.tags.count("article") > 40
	END
}

@test "html: in a browser, light and dark" {
	command -v chromium >/dev/null || skip "chromium is not installed"
	local scheme
	audit -f html -o page.html --pss baseline
	cp "$ATOLL_SOURCE/tests/golden/audit/drive.html" .
	for scheme in 0:dark 1:light; do
		browser --blink-settings=preferredColorScheme=${scheme%:*} --virtual-time-budget=5000 \
			--dump-dom "file://$PWD/drive.html" >dom || { cat browser.log; return 1; }
		sed -n '/<pre id="tap">/,/<\/pre>/p' dom >tap
		cat tap
		grep -qF "ok - ${scheme#*:} as the browser is" tap
		[ "$(grep -c 'ok - ' tap)" = 18 ]
		run ! grep -q 'not ok' tap
	done
}

@test "list of rules, explanations" {
	"$ATOLL" audit --list-rules >list
	[ "$(wc -l <list)" = 70 ]
	grep -qE '^pid-host  +high  +live,oci,inspect,compose,kubernetes,cri  +Host PID namespace$' list
	"$ATOLL" audit --list-rules --format json >rules.json
	[ "$(jq '.rules | length' rules.json)" = 69 ]
	jq -e '.schema == "atoll.rules/1" and all(.rules[]; (.id | test("^[a-z-]+$")) and .title != "" and .why != "" and .fix != "" and (.kinds | length) > 0)' rules.json
	for rule in $(jq -r '.rules[].id' rules.json); do
		"$ATOLL" audit --explain "$rule" >explained
		[ "$(head -n 1 explained)" = "$rule ($(jq -r --arg r "$rule" '.rules[] | select(.id == $r).severity' rules.json))" ]
		grep -qx 'What to do' explained
	done
	"$ATOLL" audit --explain input-unknown-field | grep -q 'was not checked'
	[ "$("$ATOLL" audit --explain pid-host --format json | jq -r '.rules[].id')" = pid-host ]
	run -2 --separate-stderr "$ATOLL" audit --explain nonsense
	# shellcheck disable=SC2154 # bats sets it
	[[ $stderr == "atoll: there is no rule 'nonsense': "* ]]
}

@test "a terminal has colours, a file has none" {
	command -v script >/dev/null || skip "script is not installed"
	TERM=xterm NO_COLOR='' script -qec "$ATOLL audit compose.yaml" /dev/null >screen || true
	grep -qF $'\e[1;31mcritical\e[0m' screen
	TERM=xterm NO_COLOR=1 script -qec "$ATOLL audit compose.yaml" /dev/null >screen || true
	run ! grep -q $'\e' screen
	run ! grep -q $'\e' <("$ATOLL" audit compose.yaml)
}
