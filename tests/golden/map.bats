#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# timeout: 200
#
# atoll map on a recorded scene with hostile names: the graph against a golden file (made anew
# with GOLDEN_UPDATE=1), the picture as XML, the page in a browser.

bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	"$ATOLL_SOURCE/tests/golden/map/scene" scene
}

map() { "$ATOLL" map --proc scene --title Scene "$@"; }

# control FILE: bytes that no text has.
no_control() { ! LC_ALL=C grep -qP '[\x00-\x08\x0b-\x1f\x7f]' "$1"; }

# browser ARG...: chromium without a screen; as root it has no sandbox.
browser() {
	timeout -k 5 60 chromium --headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage \
		--no-first-run --disable-background-networking --disable-component-update \
		--user-data-dir="$PWD/profile" --allow-file-access-from-files --window-size=1280,1000 "$@" \
		2>browser.log
}

@test "dot: as it was" {
	local golden=$ATOLL_SOURCE/tests/golden/map/scene.dot
	map -f dot >out.dot
	[ -z "${GOLDEN_UPDATE-}" ] || cp out.dot "$golden"
	diff "$golden" out.dot
	no_control out.dot
}

@test "dot: without processes, without arguments" {
	map -f dot --no-processes >out.dot
	[ "$(grep -c 'subgraph cluster' out.dot)" = 3 ]
	run ! grep -q 'p101' out.dot
	map -f dot --no-arguments >out.dot
	grep -qF 'p101 [label="101 : 1  node\l' out.dot
	run ! grep -q 'server.js' out.dot
}

@test "dot: Graphviz takes it" {
	command -v dot >/dev/null || skip "dot is not installed"
	map -f dot | dot -Tplain >plain
	[ "$(grep -c '^node' plain)" = 8 ]
}

@test "svg: well-formed, and names stay text" {
	map -o out.svg
	no_control out.svg
	python3 - <<-'END'
		import xml.etree.ElementTree as e
		top = e.parse("out.svg").getroot()
		ns = "{http://www.w3.org/2000/svg}"
		assert {x.tag for x in top.iter()} == {ns + t for t in ("svg", "title", "style", "rect", "text", "g")}
		text = ["".join(x.itertext()) for x in top.iter(ns + "text")]
		assert "101" in text and any(t.startswith("a</script><script>alert(1)") for t in text), text
		# Each box stands inside of the one above it, and the picture holds all of them.
		boxes = [[int(x.get(k)) for k in ("x", "y", "width", "height")] for x in top.iter(ns + "rect") if x.get("x")]
		assert len(boxes) == 3
		for (x, y, w, h), (x2, y2, w2, h2) in zip(boxes, boxes[1:]):
		    assert x < x2 and y < y2 and x2 + w2 < x + w and y2 + h2 < y + h
		assert boxes[0][1] + boxes[0][3] < int(top.get("height"))
	END
}

@test "html: one page that refers to nothing, with the hash of its script" {
	map -o out.html
	no_control out.html
	python3 - <<-'END'
		import base64, hashlib, html.parser, re
		page = open("out.html", encoding="utf-8").read()
		script = re.search(r"<script>(.*?)</script>", page, re.S)[1]
		digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
		assert f"script-src 'sha256-{digest}'" in page, digest
		assert not re.search(r"https?://|url\(|@import", page)
		class Parser(html.parser.HTMLParser):
		    tags, stack = [], []
		    def handle_starttag(self, tag, attrs):
		        self.tags.append(tag)
		        assert not {"src", "onerror", "onclick", "style"} & ({a for a, _ in attrs} - {"style"} if tag == "td" else {a for a, _ in attrs}), (tag, attrs)
		        if tag not in ("meta", "input"):
		            self.stack.append(tag)
		    def handle_endtag(self, tag):
		        assert self.stack.pop() == tag, tag
		p = Parser()
		p.feed(page)
		p.close()
		assert not p.stack and p.tags.count("script") == 1 and "img" not in p.tags
		assert p.tags.count("details") == 4 # three namespaces and the findings
	END
}

@test "html: in a browser, light and dark" {
	command -v chromium >/dev/null || skip "chromium is not installed"
	local scheme want
	map -o page.html
	cp "$ATOLL_SOURCE/tests/golden/map/drive.html" .
	for scheme in 0:dark 1:light; do
		browser --blink-settings=preferredColorScheme=${scheme%:*} --virtual-time-budget=5000 \
			--dump-dom "file://$PWD/drive.html" >dom || { cat browser.log; return 1; }
		sed -n '/<pre id="tap">/,/<\/pre>/p' dom >tap
		cat tap
		want="ok - ${scheme#*:} as the browser is"
		grep -qF "$want" tap
		[ "$(grep -c 'ok - ' tap)" = 33 ]
		run ! grep -q 'not ok' tap
		browser --blink-settings=preferredColorScheme=${scheme%:*} --screenshot="$PWD/${scheme#*:}.png" \
			"file://$PWD/page.html" || { cat browser.log; return 1; }
		[ "$(head -c 8 "${scheme#*:}.png" | od -An -tx1 | tr -d ' ')" = 89504e470d0a1a0a ]
	done
	run ! cmp -s dark.png light.png
}

@test "what cannot be written or read: a message and 1" {
	run -1 --separate-stderr map -o /no/such/dir/x.html
	# shellcheck disable=SC2154 # bats sets it
	[[ $stderr == "atoll: write /no/such/dir/x.html: No such file or directory" ]]
	# shellcheck disable=SC2016 # its own $1
	run -1 --separate-stderr bash -c '"$1" map --proc scene -f svg >/dev/full' - "$ATOLL"
	[[ $stderr == "atoll: write"*"No space left on device" ]]
	run -1 --separate-stderr map -f svg -o /dev/full
	[[ $stderr == "atoll: write /dev/full: "* ]]
	run -1 --separate-stderr "$ATOLL" map --proc /no/such/proc
	[ -z "$output" ]
	run -125 --separate-stderr map --format png
}

@test "every recorded scene can be drawn" {
	local dir n=0
	for dir in "$ATOLL_SOURCE"/tests/fixtures/proc/*/; do
		[ -e "$dir/.namespaces" ] || compgen -G "$dir/[0-9]*/status" >/dev/null || continue
		n=$((n + 1))
		"$ATOLL" -q map --proc "$dir" -o scene.svg
		"$ATOLL" -q map --proc "$dir" -o scene.html
		"$ATOLL" -q map --proc "$dir" -o scene.dot
		python3 -c 'import xml.dom.minidom as m; m.parse("scene.svg")'
		tail -n 1 scene.html | grep -qxF '</html>'
		[ "$(grep -c '{$' scene.dot)" = "$(grep -c '^[[:blank:]]*}$' scene.dot)" ]
	done
	[ $n -gt 5 ]
}
