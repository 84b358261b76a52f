#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""mkbpf.py CONFIG.json OUT.bpf [tree]: compile config.json's linux.seccomp with libseccomp to a raw BPF program.

Only for the floor program, which loads a ready filter.  `tree` asks libseccomp for its binary tree.
"""
import ctypes, ctypes.util, json, os, sys
L = ctypes.CDLL(ctypes.util.find_library("seccomp") or "libseccomp.so.2", use_errno=True)
L.seccomp_init.restype = ctypes.c_void_p


class Arg(ctypes.Structure):
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


OPS = {"SCMP_CMP_NE": 1, "SCMP_CMP_LT": 2, "SCMP_CMP_LE": 3, "SCMP_CMP_EQ": 4, "SCMP_CMP_GE": 5, "SCMP_CMP_GT": 6,
       "SCMP_CMP_MASKED_EQ": 7}


def act(name, errno):
    return {"SCMP_ACT_ALLOW": 0x7FFF0000, "SCMP_ACT_ERRNO": 0x00050000 | (errno if errno is not None else 1),
            "SCMP_ACT_KILL": 0, "SCMP_ACT_KILL_PROCESS": 0x80000000, "SCMP_ACT_TRAP": 0x00030000,
            "SCMP_ACT_LOG": 0x7FFC0000}[name]


s = json.load(open(sys.argv[1]))["linux"]["seccomp"]
ctx = ctypes.c_void_p(L.seccomp_init(act(s["defaultAction"], s.get("defaultErrnoRet"))))
for a in s.get("architectures", []):
    n = a.replace("SCMP_ARCH_", "").lower()
    L.seccomp_arch_add(ctx, L.seccomp_arch_resolve_name(n.encode()))
if "tree" in sys.argv[3:]:
    L.seccomp_attr_set(ctx, 8, 2)  # SCMP_FLTATR_CTL_OPTIMIZE
for r in s["syscalls"]:
    for name in r["names"]:
        nr = L.seccomp_syscall_resolve_name(name.encode())
        if nr == -1:
            continue
        args = r.get("args") or []
        arr = (Arg * max(1, len(args)))(*[Arg(x["index"], OPS[x["op"]], x["value"], x.get("valueTwo", 0)) for x in args])
        L.seccomp_rule_add_array(ctx, ctypes.c_uint32(act(r["action"], r.get("errnoRet"))), nr, len(args), arr)
fd = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
rc = L.seccomp_export_bpf(ctx, fd)
os.close(fd)
print(f"{sys.argv[2]}: {os.path.getsize(sys.argv[2]) // 8} BPF instructions, rc {rc}")
