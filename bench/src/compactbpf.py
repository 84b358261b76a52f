#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""compactbpf.py CONFIG.json OUT.bpf: the same profile as a binary search over ranges of syscall numbers.

Shows what an own filter compiler would gain over libseccomp's list of equality tests; x86_64, x32 and i386 only.
Semantics kept: for a syscall with argument rules the first matching rule's action, else the default action.
"""
import ctypes, ctypes.util, json, struct, sys
L = ctypes.CDLL(ctypes.util.find_library("seccomp") or "libseccomp.so.2")
s = json.load(open(sys.argv[1]))["linux"]["seccomp"]
ACT = {"SCMP_ACT_ALLOW": 0x7FFF0000, "SCMP_ACT_KILL": 0, "SCMP_ACT_KILL_PROCESS": 0x80000000, "SCMP_ACT_TRAP": 0x30000,
       "SCMP_ACT_LOG": 0x7FFC0000}


def act(n, e):
    return 0x50000 | (1 if e is None else e) if n == "SCMP_ACT_ERRNO" else ACT[n]


DEF = act(s["defaultAction"], s.get("defaultErrnoRet"))
LD, JEQ, JGE, JA, RET, AND = 0x20, 0x15, 0x35, 0x05, 0x06, 0x54


def table(token):
    t = {}
    for r in s["syscalls"]:
        for name in r["names"]:
            nr = L.seccomp_syscall_resolve_name_arch(token, name.encode())
            if nr < 0:
                continue
            t.setdefault(nr, []).append((r.get("args") or [], act(r["action"], r.get("errnoRet"))))
    return t


def leaf(rules):
    """instructions deciding one syscall: list of ('ret', x) or argument tests"""
    plain = [a for args, a in rules if not args]
    if plain:
        return [("ret", plain[0])]
    out = []
    for args, a in rules:
        fails = []
        for x in args:
            op, v, v2, off = x["op"], x["value"], x.get("valueTwo", 0), 16 + 8 * x["index"]
            lo, hi = v & 0xFFFFFFFF, v >> 32
            if op == "SCMP_CMP_EQ":
                out += [("ld", off + 4), ("jeq", hi, None, "F"), ("ld", off), ("jeq", lo, None, "F")]
            elif op == "SCMP_CMP_MASKED_EQ":  # value is the mask, valueTwo the result
                out += [("ld", off + 4), ("and", hi), ("jeq", v2 >> 32, None, "F"), ("ld", off), ("and", lo),
                        ("jeq", v2 & 0xFFFFFFFF, None, "F")]
            elif op == "SCMP_CMP_NE":
                out += [("ld", off + 4), ("jeq", hi, None, "N"), ("ld", off), ("jeq", lo, "F", None)]
            elif op in ("SCMP_CMP_LT", "SCMP_CMP_GE", "SCMP_CMP_LE", "SCMP_CMP_GT") and hi == 0:
                ge = lo if op in ("SCMP_CMP_LT", "SCMP_CMP_GE") else lo + 1
                out += [("ld", off + 4)]
                if op in ("SCMP_CMP_LT", "SCMP_CMP_LE"):
                    out += [("jeq", 0, None, "F"), ("ld", off), ("jge", ge, "F", None)]
                else:
                    out += [("jeq", 0, None, "N"), ("ld", off), ("jge", ge, None, "F")]
            else:
                raise SystemExit("op " + op)
        out += [("ret", a), ("next",)]
    return out + [("ret", DEF)]


def assemble_leaf(l):
    # resolve F = to the next rule, N = this test of the rule passed (skip its low half)
    code, flat = [], []
    for i, x in enumerate(l):
        if x[0] != "next":
            flat.append((x, i))
    pos = {i: k for k, (_, i) in enumerate(flat)}
    nxt = {}
    for k, (x, i) in enumerate(flat):
        j = i
        while j < len(l) and l[j][0] != "next":
            j += 1
        nxt[k] = pos.get(j + 1, len(flat))
    for k, (x, i) in enumerate(flat):
        if x[0] == "ret":
            code.append((RET, 0, 0, x[1]))
        elif x[0] == "ld":
            code.append((LD, 0, 0, x[1]))
        elif x[0] == "and":
            code.append((AND, 0, 0, x[1]))
        else:
            kind, v, t, f = x
            tt = 0 if t is None else nxt[k] - k - 1
            if f == "N":  # high halves differ: not equal, the test holds: skip the low half
                ff = 2
            else:
                ff = 0 if f is None else nxt[k] - k - 1
            code.append((JEQ if kind == "jeq" else JGE, tt, ff, v))
    return code


def tree(items):
    """items: sorted list of (first number of the range, code)"""
    if len(items) == 1:
        return items[0][1]
    m = len(items) // 2
    a, b = tree(items[:m]), tree(items[m:])
    if len(a) < 256:
        return [(JGE, len(a), 0, items[m][0])] + a + b
    return [(JGE, 0, 1, items[m][0]), (JA, 0, 0, len(a))] + a + b


def arch(token, base=0):
    t, items, last = table(token), [], None
    nrs = sorted(t)
    cur = -1
    ranges = []
    for nr in nrs:
        if nr > cur + 1:
            ranges.append((cur + 1, [(RET, 0, 0, DEF)]))
        ranges.append((nr, assemble_leaf(leaf(t[nr]))))
        cur = nr
    ranges.append((cur + 1, [(RET, 0, 0, DEF)]))
    for r in ranges:
        if items and items[-1][1] == r[1] and len(r[1]) == 1:
            continue
        items.append(r)
    return tree(items), len(items)


x64, n64 = arch(0xC000003E)
x86, n86 = arch(0x40000003)
body = [(LD, 0, 0, 0), (JGE, 0, 1, 0x40000000), (RET, 0, 0, DEF)] + x64  # x32 numbers: default action
head = [(LD, 0, 0, 4), (JEQ, 1, 0, 0xC000003E), (JA, 0, 0, len(body))] + body
head += [(JEQ, 1, 0, 0x40000003), (RET, 0, 0, 0), (LD, 0, 0, 0)] + x86
with open(sys.argv[2], "wb") as f:
    for c in head:
        f.write(struct.pack("<HBBI", *c))
print(f"{sys.argv[2]}: {len(head)} BPF instructions ({n64} + {n86} ranges)")
