#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the shape of src/ and prints TAP, one case per rule and folder.

Rules (ARCHITECTURE.md says why):
  includes   "folder/file.h" only, and a folder uses only those below it
  headers    each has #pragma once; own header first
  rings      no two headers include each other and no two modules call each other, directly
             or round a ring; names of types and constants make no ring
  syscalls   `syscall(` stands in sys/ and init/ only
  output     nothing below cli/ and init/ prints to stdout or stderr, or exits
  forbidden  functions that the house does without
  sizes      a function on one screen, a file in one sitting
"""
import pathlib
import re
import subprocess
import sys

BELOW = {
    "base": set(),
    "sys": {"base"},
    "proc": {"base", "sys"},
    "conf": {"base"},
    "plan": {"base", "conf", "sys"},
    "run": {"base", "sys", "proc", "conf", "plan"},
    "init": {"base", "sys"},
    "pidns": {"base", "sys", "proc"},
    "audit": {"base", "sys", "proc", "pidns", "conf"},
    "cli": {"base", "sys", "proc", "conf", "plan", "run", "pidns", "audit"},
}
# Rules of the audit see nothing but facts.
ONLY = {re.compile(r"audit/rules_.*\.c"): {"audit/facts.h", "audit/rule.h"}}
# Names from sys/ that plan/ may know: constants and declarations, no doing.
PLAN_FROM_SYS = {"sys/uapi.h", "sys/caps.h", "sys/names.h"}
FUNCTION_LINES = 70
FILE_LINES = 800
PRINTS = re.compile(r"(?<!->)(?<!\.)\b(printf|puts|putchar|perror|exit|abort|vprintf)\s*\(|\b(stdout|stderr)\b|<err\.h>")
# strto*: numbers are parsed in base/num only. The rest: unbounded, racy or locale-bound.
FORBIDDEN = re.compile(
    r"\b(strcpy|strcat|sprintf|vsprintf|gets|strtok|alloca|setjmp|longjmp|system|popen|tmpnam|mktemp"
    r"|atoi|atol|atoll|strtol|strtoul|strtoll|strtoull|strtod|sscanf|fscanf|setlocale|usleep)\s*\(")
FORBIDDEN_BUT = {"base/num.c": {"strtod", "strtoull", "strtoll"}}


def strip(text):
    """The code with comments and literals blanked out, line for line."""
    def blank(m):
        return re.sub(r"[^\n]", " ", m[0]) if m[0][0] == "/" else '""' + "\n" * m[0].count("\n")
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text, flags=re.S)


class Tap:
    def __init__(self):
        self.count = self.bad = 0

    def case(self, name, problems):
        self.count += 1
        self.bad += bool(problems)
        print(f"{'not ' if problems else ''}ok {self.count} - {name}")
        for p in problems:
            print(f"# {p}")


def check_includes(here, text, src):
    problems, graph = [], set()
    folder = here.parts[0]
    own = str(here.with_suffix(".h"))
    first = None
    for n, line in enumerate(text.splitlines(), 1):
        m = re.match(r'\s*#\s*include\s+(?:"([^"]+)"|<[^>]+>)', line)
        if not m:
            continue
        first = first or m[1] or "a system header"
        if m[1] is None:
            continue
        inc = pathlib.PurePath(m[1])
        where = f"src/{here}:{n}"
        if len(inc.parts) != 2 or not (src / inc).exists():
            problems.append(f'{where}: include "{inc}" as folder/file.h')
            continue
        graph.add(str(inc))
        if inc.parts[0] != folder and inc.parts[0] not in BELOW[folder]:
            problems.append(f"{where}: {folder}/ may not use {inc.parts[0]}/")
        if folder == "plan" and inc.parts[0] == "sys" and str(inc) not in PLAN_FROM_SYS:
            problems.append(f"{where}: plan/ may use only names from sys/: {', '.join(sorted(PLAN_FROM_SYS))}")
        for pattern, allowed in ONLY.items():
            if pattern.fullmatch(str(here)) and str(inc) not in allowed:
                problems.append(f"{where}: only {', '.join(sorted(allowed))} may be used here")
    if here.suffix == ".c" and (src / own).exists() and first != own:
        problems.append(f'src/{here}: the first include is its own header "{own}"')
    return problems, graph


def functions(src):
    """name, file, first and last line of every function, as universal-ctags sees them."""
    r = subprocess.run(
        ["ctags", "-R", "--languages=C", "--langmap=C:.c.h", "--kinds-C=f", "--fields=+neS", "-o", "-", str(src)],
        capture_output=True, text=True)
    found = []
    for row in r.stdout.splitlines():
        a, b = re.search(r"\tline:(\d+)", row), re.search(r"\tend:(\d+)", row)
        if a and b:
            name, file = row.split("\t")[:2]
            static = "\tfile:" in row or row.endswith("\tfile:")
            found.append((name, pathlib.Path(file).relative_to(src), int(a[1]), int(b[1]), static))
    return found


def call_graph(found, code):
    """Which .c file uses a function that another one defines."""
    where = {name: str(here) for name, here, _, _, static in found if not static and here.suffix == ".c"}
    return {
        str(here): {where[w] for w in set(re.findall(r"[A-Za-z_]\w*", text)) if where.get(w, str(here)) != str(here)}
        for here, text in code if here.suffix == ".c"}


def find_ring(graph):
    """A list of modules that include each other round a ring, or None. Without recursion."""
    done = set()
    for start in sorted(graph):
        path, todo = [], [(start, iter(sorted(graph[start])))]
        if start in done:
            continue
        path.append(start)
        while todo:
            mod, rest = todo[-1]
            for nxt in rest:
                if nxt == mod or nxt in done:
                    continue
                if nxt in path:
                    return path[path.index(nxt):] + [nxt]
                path.append(nxt)
                todo.append((nxt, iter(sorted(graph.get(nxt, ())))))
                break
            else:
                done.add(mod)
                path.pop()
                todo.pop()
    return None


def scan(pattern, files, skip=lambda here, word: False):
    problems = []
    for here, code in files:
        for n, line in enumerate(code.splitlines(), 1):
            for m in pattern.finditer(line):
                word = m[0].rstrip("( \t")
                if not skip(here, word):
                    problems.append(f"src/{here}:{n}: {word}")
    return problems


def main():
    src = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent / "src").resolve()
    texts = {f.relative_to(src): f.read_text() for f in sorted(src.rglob("*.[ch]"))}
    tap = Tap()
    tap.case("there is something to check", [] if texts else [f"no C file under {src}"])

    by_folder, headers, large, guards = {}, {}, [], []
    for here, text in texts.items():
        folder = here.parts[0]
        if folder not in BELOW:
            by_folder.setdefault(folder, []).append(f"src/{here}: no such room: add {folder}/ to the table")
            continue
        problems, uses = check_includes(here, text, src)
        by_folder.setdefault(folder, []).extend(problems)
        if here.suffix == ".h":
            headers[str(here)] = uses
        if (n := text.count("\n")) > FILE_LINES:
            large.append(f"src/{here} has {n} lines (at most {FILE_LINES})")
        if here.suffix == ".h" and not re.search(r"^#pragma once$", text, re.M):
            guards.append(f"src/{here}: no #pragma once")
    for folder, problems in sorted(by_folder.items()):
        tap.case(f"{folder}/ includes only what it may", problems)
    tap.case("every header has #pragma once", guards)

    code = [(here, strip(text)) for here, text in texts.items()]
    ring = find_ring(headers)
    tap.case(f"no ring among {len(headers)} headers", [" -> ".join(ring)] if ring else [])
    found = functions(src)
    tap.case("universal-ctags finds functions", [] if found else ["it found none: is ctags the universal one?"])
    calls = call_graph(found, [c for c in code if c[0].parts[0] != "init"])
    ring = find_ring(calls)
    tap.case(f"no ring of calls among {len(calls)} files", [" -> ".join(ring)] if ring else [])
    tap.case("syscall( stands in sys/ and init/ only",
             scan(re.compile(r"\bsyscall\s*\("), [c for c in code if c[0].parts[0] not in ("sys", "init")]))
    tap.case("nothing below cli/ and init/ prints or exits",
             scan(PRINTS, [c for c in code if c[0].parts[0] not in ("cli", "init")]))
    tap.case("no forbidden function",
             scan(FORBIDDEN, code, lambda here, word: word in FORBIDDEN_BUT.get(str(here), ())))
    tap.case(f"no function over {FUNCTION_LINES} lines",
             [f"src/{here}:{a}: {name}() has {b - a + 1} lines" for name, here, a, b, _ in found
              if b - a + 1 > FUNCTION_LINES])
    tap.case(f"no file over {FILE_LINES} lines", large)
    print(f"1..{tap.count}")
    return tap.bad != 0


if __name__ == "__main__":
    sys.exit(main())
