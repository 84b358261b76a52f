#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write an OCI bundle's config.json like `runc spec` with Docker's default capabilities.

mkconfig.py BUNDLE [--args A B ...] [--seccomp PROFILE.json] [--limits] [--no-net] [--memory N] [--rw]
PROFILE.json is in Docker's profile format (includes/excludes); it is resolved for the capabilities below.
"""
import argparse, json, os, platform
CAPS = ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID", "CAP_FOWNER", "CAP_MKNOD", "CAP_NET_RAW", "CAP_SETGID",
        "CAP_SETUID", "CAP_SETFCAP", "CAP_SETPCAP", "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_KILL",
        "CAP_AUDIT_WRITE"]
ARCH = {"x86_64": ("amd64", "SCMP_ARCH_X86_64"), "aarch64": ("arm64", "SCMP_ARCH_AARCH64")}[platform.machine()]


def seccomp(path):
    p = json.load(open(path))
    archs = []
    for m in p.get("archMap", []):
        if m["architecture"] == ARCH[1]:
            archs = [m["architecture"]] + (m.get("subArchitectures") or [])
    out = []
    for s in p["syscalls"]:
        inc, exc = s.get("includes") or {}, s.get("excludes") or {}
        if inc.get("arches") and ARCH[0] not in inc["arches"]:
            continue
        if ARCH[0] in (exc.get("arches") or []):
            continue
        if any(c not in CAPS for c in inc.get("caps") or []):
            continue
        if any(c in CAPS for c in exc.get("caps") or []):
            continue
        e = {"names": s["names"], "action": s["action"]}
        if s.get("args"):
            e["args"] = s["args"]
        if s.get("errnoRet") is not None:
            e["errnoRet"] = s["errnoRet"]
        out.append(e)
    r = {"defaultAction": p["defaultAction"], "architectures": archs, "syscalls": out}
    if p.get("defaultErrnoRet") is not None:
        r["defaultErrnoRet"] = p["defaultErrnoRet"]
    return r


def main():
    a = argparse.ArgumentParser()
    a.add_argument("bundle")
    a.add_argument("--args", nargs="+", default=["/bin/true"])
    a.add_argument("--seccomp")
    a.add_argument("--limits", action="store_true")
    a.add_argument("--memory", type=int)
    a.add_argument("--no-net", action="store_true", help="share the host's network namespace")
    a.add_argument("--no-cgroupns", action="store_true")
    a.add_argument("--rw", action="store_true")
    a.add_argument("--rootfs", default="rootfs")
    o = a.parse_args()
    ns = ["pid", "network", "ipc", "uts", "mount", "cgroup"]
    if o.no_net:
        ns.remove("network")
    if o.no_cgroupns:
        ns.remove("cgroup")
    m = lambda d, t, s, *opt: {"destination": d, "type": t, "source": s, "options": list(opt)}
    mounts = [
        {"destination": "/proc", "type": "proc", "source": "proc"},
        m("/dev", "tmpfs", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k"),
        m("/dev/pts", "devpts", "devpts", "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"),
        m("/dev/shm", "tmpfs", "shm", "nosuid", "noexec", "nodev", "mode=1777", "size=65536k"),
        m("/dev/mqueue", "mqueue", "mqueue", "nosuid", "noexec", "nodev"),
        m("/sys/fs/cgroup", "cgroup", "cgroup", "nosuid", "noexec", "nodev", "relatime", "ro"),
    ]
    sys_ = m("/sys", "sysfs", "sysfs", "nosuid", "noexec", "nodev", "ro") if not o.no_net else \
        m("/sys", "none", "/sys", "rbind", "nosuid", "noexec", "nodev", "ro")
    mounts.insert(5, sys_)
    res = {"devices": [{"allow": False, "access": "rwm"}] + [
        {"allow": True, "type": "c", "major": a, "minor": b, "access": "rwm"}
        for a, b in ((1, 3), (1, 5), (1, 7), (1, 8), (1, 9), (5, 0))]}
    if o.limits:
        res.update(memory={"limit": 64 << 20}, cpu={"shares": 512, "quota": 50000, "period": 100000},
                   pids={"limit": 64})
    if o.memory:
        res["memory"] = {"limit": o.memory}
    c = {
        "ociVersion": "1.0.2",
        "process": {
            "terminal": False, "user": {"uid": 0, "gid": 0}, "args": o.args,
            "env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"], "cwd": "/",
            "capabilities": {k: CAPS for k in ("bounding", "effective", "permitted")},
            "rlimits": [{"type": "RLIMIT_NOFILE", "hard": 1024, "soft": 1024}], "noNewPrivileges": True},
        "root": {"path": o.rootfs, "readonly": not o.rw},
        "hostname": "bench", "mounts": mounts,
        "linux": {
            "resources": res, "namespaces": [{"type": n} for n in ns],
            "maskedPaths": ["/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
                            "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/sys/firmware",
                            "/proc/scsi"],
            "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]}}
    if o.seccomp:
        c["linux"]["seccomp"] = seccomp(o.seccomp)
    os.makedirs(o.bundle, exist_ok=True)
    with open(os.path.join(o.bundle, "config.json"), "w") as f:
        json.dump(c, f, indent=1)


main()
