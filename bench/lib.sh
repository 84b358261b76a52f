# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2046,SC2086,SC2034,SC2128,SC2206,SC2207 # options are lists of words
# shared by run and the sections; sourced by bash
BENCH=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
WORK=${WORK:-/tmp/bench-work}
VIEW=${VIEW:-v2}
N=${N:-60}
mkdir -p "$WORK"

note() { printf '# %s\n' "$*"; }

# peers: NAME=PATH words in $PEERS; default: crun, runc and youki found on PATH.  $RUNTIME is called "me".
runtimes() {
  local p
  [ -n "${RUNTIME:-}" ] && echo "me=$RUNTIME"
  if [ -n "${PEERS+x}" ]; then
    for p in $PEERS; do echo "$p"; done
  else
    for p in crun runc youki; do command -v $p >/dev/null && echo "$p=$(command -v $p)"; done
  fi
}

build() {
  local cc=${CC:-cc} s=$BENCH/src p
  for p in pair floor initbench cgjoin; do
    [ "$WORK/$p" -nt "$s/$p.c" ] || $cc -O2 -Wall -Wextra -static -o "$WORK/$p" "$s/$p.c" || return 1
  done
  local fl="-O2 -Wall -Wextra -static -nostdlib -nostartfiles -fno-stack-protector -fno-pie -no-pie -mgeneral-regs-only"
  for p in tinytrue stamp pause refinit; do
    [ "$WORK/$p" -nt "$s/$p.c" ] || { $cc $fl -o "$WORK/$p" "$s/$p.c" && strip -s "$WORK/$p"; } || return 1
  done
}

bundles() {
  local r=$WORK/rootfs bb a
  bb=$(command -v busybox) || { echo "busybox (busybox-static) is needed" >&2; return 1; }
  if [ ! -x "$r/bin/busybox" ]; then
    mkdir -p "$r"/{bin,proc,sys,dev,etc,tmp,root,run}
    cp "$bb" "$r/bin/busybox"
    for a in $("$bb" --list); do [ "$a" = busybox ] || ln -sf busybox "$r/bin/$a"; done
  fi
  cp "$WORK"/{tinytrue,stamp,pause} "$r/bin/"
  local m="python3 $BENCH/src/mkconfig.py" prof=${SECCOMP:-/usr/share/containers/seccomp.json}
  $m "$WORK/b.none" --rootfs "$r"
  $m "$WORK/b.lim" --rootfs "$r" --limits
  $m "$WORK/b.nonet" --rootfs "$r" --no-net
  $m "$WORK/b.pause" --rootfs "$r" --args /bin/pause
  if [ -r "$prof" ]; then
    $m "$WORK/b.sec" --rootfs "$r" --seccomp "$prof"
    $m "$WORK/b.full" --rootfs "$r" --seccomp "$prof" --limits
    $m "$WORK/b.pausesec" --rootfs "$r" --seccomp "$prof" --args /bin/pause
    [ -s "$WORK/list.bpf" ] || python3 "$BENCH/src/mkbpf.py" "$WORK/b.sec/config.json" "$WORK/list.bpf" || true
    [ -s "$WORK/tree.bpf" ] || python3 "$BENCH/src/mkbpf.py" "$WORK/b.sec/config.json" "$WORK/tree.bpf" tree || true
    [ -s "$WORK/compact.bpf" ] || python3 "$BENCH/src/compactbpf.py" "$WORK/b.sec/config.json" "$WORK/compact.bpf" || true
  else
    note "no seccomp profile (SECCOMP=/path/to/default.json in Docker's format): seccomp variants left out"
  fi
}

# the machine's state beside every table: tasks matter, because pivot_root(2) walks all of them
state() {
  local t=(/proc/[0-9]*) m
  m=$(wc -l </proc/self/mounts)
  note "tasks ${#t[@]}, mounts $m, load $(cut -d' ' -f1-3 /proc/loadavg)"
}

# wait up to $QUIET seconds for fewer than 600 tasks and an idle machine (default: no wait)
quiet() {
  local end=$((SECONDS + ${QUIET:-0})) a b t
  while [ $SECONDS -lt $end ]; do
    t=(/proc/[0-9]*)
    a=($(head -1 /proc/stat)); sleep 0.5; b=($(head -1 /proc/stat))
    if [ ${#t[@]} -lt ${QUIET_TASKS:-600} ] && [ $((b[4] - a[4])) -gt $(( (b[1]+b[2]+b[3]+b[4]+b[7]+b[8]-a[1]-a[2]-a[3]-a[4]-a[7]-a[8]) * 8 / 10 )) ]; then
      return 0
    fi
  done
  return 0
}

# in_view CMD...: in the private cgroup view, with a template mount namespace pinned for floor -R tmpl
in_view() {
  "$BENCH/cgview" "$VIEW" sh -c 'rm -f "$0"/tmpl.ns; "$0"/floor -t "$0"/tmpl.ns -Y; exec "$@"' "$WORK" "$@"
}

# containers a second with 1, 2 and 4 starters; uses $R and $b
starts_per_second() { # name, command with {i}
  local s t0 t1 pids
  for s in 1 2 4; do
    quiet; state
    t0=$(date +%s%N); pids=
    for i in $(seq $s); do "$WORK/pair" -q -n $R -w 0 -g 0 -d "$b" -C x -r "$2" >/dev/null 2>&1 & pids="$pids $!"; done
    wait $pids
    t1=$(date +%s%N)
    printf 'parallel %-14s starters %d: %.0f starts/s\n' "$1" $s "$(echo "$R * $s * 1000000000 / ($t1 - $t0)" | bc -l)"
  done
}
