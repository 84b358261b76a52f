#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# The file system a container sees: mounts and their options, devices, what is hidden,
# what is read-only; and roots that were made to lead the runtime astray.
# timeout: 180
#
# shellcheck disable=SC2016 # much is for the inner shell, or jq, to expand
# shellcheck disable=SC2154 # out and err are set by try

load common

setup_file() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	oci_setup_file
}
setup() { oci_setup; }
teardown() { oci_teardown; }

# mount_ DESTINATION TYPE SOURCE [OPTION...]: one more in the configuration.
mount_() {
	local destination=$1 type=$2 source=$3
	shift 3
	config '.mounts += [{destination: $d, type: $t, source: $s, options: $ARGS.positional}]' \
		--arg d "$destination" --arg t "$type" --arg s "$source" --args "$@"
}
# The options of a mount point, per mount and per file system, from inside.
point() { script "awk '\$5 == \"$1\" { print }' /proc/self/mountinfo | tail -n 1"; }
options_of() {
	point "$1"
	try 0 run --bundle "$BUNDLE" "$ID"
	[ -n "$out" ] || { echo "$1 is no mount point"; return 1; }
	# shellcheck disable=SC2086 # fields
	set -- $out
	MOUNT=",$6," PROPAGATION=$7 FS=",${out##* },"
}
mount_has() { [[ $MOUNT == *",$1,"* ]] || { echo "no $1 in $MOUNT"; return 1; }; }
mount_lacks() { [[ $MOUNT != *",$1,"* ]] || { echo "$1 in $MOUNT"; return 1; }; }

# --- kinds and options ---

@test "the customary mounts" {
	inside 0 'cut -d" " -f5,6 /proc/self/mountinfo; cat /proc/self/mountinfo | grep -o " - [a-z0-9]* " | sort -u | tr -d "\n"'
	has "/proc rw"
	has "/dev/pts rw,nosuid,noexec"
	has "/dev/shm rw,nosuid,nodev,noexec"
	has "/dev/mqueue rw,nosuid,nodev,noexec"
	has "/sys ro,nosuid,nodev,noexec"
	has " - devpts "
	has " - mqueue "
}

@test "mountLabel without SELinux is no error, and is told" {
	[ ! -e /sys/fs/selinux/enforce ] || skip "there is SELinux here"
	config '.linux.mountLabel = "system_u:object_r:container_file_t:s0:c1,c2"'
	script 'echo ran'
	try 0 run --bundle "$BUNDLE" "$ID"
	is "$out" ran
	[[ $err == *"warning: "*"/linux/mountLabel: there is no SELinux here"* ]]
}

@test "tmpfs: size, mode, per-mount options" {
	mount_ /mnt tmpfs tmpfs nosuid nodev noexec size=64k mode=0711
	options_of /mnt
	mount_has nosuid
	mount_has nodev
	mount_has noexec
	[[ $FS == *,size=64k,* && $FS == *,mode=711,* ]]
	inside 0 'stat -c %a /mnt; dd if=/dev/zero of=/mnt/x bs=1k count=100 2>/dev/null || echo full'
	is "${out//$'\n'/ }" "711 full"
}

@test "tmpfs: ro" {
	mount_ /mnt tmpfs tmpfs ro
	inside 0 'touch /mnt/x 2>/dev/null || echo refused'
	is "$out" refused
}

@test "access times" {
	local o
	cp "$BUNDLE/config.json" kept
	for o in noatime relatime strictatime nodiratime; do
		cp kept "$BUNDLE/config.json"
		mount_ /mnt tmpfs tmpfs $o
		options_of /mnt
		case $o in
		strictatime) mount_lacks relatime && mount_lacks noatime ;;
		*) mount_has $o ;;
		esac
	done
}

@test "bind: a directory and a file, with and without ro" {
	mkdir src
	echo content >src/file
	mount_ /mnt bind "$T/src" bind
	mount_ /made/for/it none "$T/src" rbind ro
	mount_ /etc/one bind "$T/src/file" bind ro
	inside 0 'cat /mnt/file /etc/one /made/for/it/file; echo new >/mnt/new; touch /made/for/it/x 2>/dev/null || echo ro; echo >/etc/one 2>/dev/null || echo ro'
	is "${out//$'\n'/ }" "content content content ro ro"
	is "$(<src/new)" new
}

@test "bind: a source relative to the bundle" {
	mkdir "$BUNDLE/data"
	echo there >"$BUNDLE/data/f"
	mount_ /mnt bind data bind
	inside 0 'cat /mnt/f'
	is "$out" there
}

@test "bind: without options the flags of the source are kept, with some they are those" {
	mkdir src
	mount -t tmpfs -o nosuid,nodev,noexec tmpfs src
	mount_ /mnt bind "$T/src" bind
	mount_ /tmp bind "$T/src" bind ro nodev
	options_of /mnt
	mount_has nosuid
	mount_has nodev
	mount_has noexec
	options_of /tmp
	umount src
	mount_has ro
	mount_has nodev
	mount_lacks noexec
}

@test "rbind: what is mounted below comes along, rro reaches it and ro does not" {
	mkdir -p src/below
	mount -t tmpfs tmpfs src/below
	echo x >src/below/f
	cp "$BUNDLE/config.json" kept
	mount_ /mnt bind "$T/src" rbind ro
	inside 0 'cat /mnt/below/f; touch /mnt/x 2>/dev/null || echo ro; touch /mnt/below/x && echo rw'
	is "${out//$'\n'/ }" "x ro rw"
	cp kept "$BUNDLE/config.json"
	mount_ /mnt bind "$T/src" rbind rro
	inside 0 'touch /mnt/x 2>/dev/null || echo ro; touch /mnt/below/y 2>/dev/null || echo ro'
	is "${out//$'\n'/ }" "ro ro"
	cp kept "$BUNDLE/config.json"
	mount_ /mnt bind "$T/src" rbind rnoexec rnosuid rnodev
	options_of /mnt/below
	umount src/below
	mount_has noexec
	mount_has nosuid
	mount_has nodev
}

@test "bind: not recursive leaves what is mounted below" {
	mkdir -p src/below
	mount -t tmpfs tmpfs src/below
	echo x >src/below/f
	mount_ /mnt bind "$T/src" bind
	inside 0 'ls /mnt/below'
	umount src/below
	is "$out" ""
}

@test "propagation of a mount" {
	local o
	mkdir src
	cp "$BUNDLE/config.json" kept
	for o in shared:shared slave:- private:- unbindable:unbindable; do
		cp kept "$BUNDLE/config.json"
		mount_ /mnt bind "$T/src" bind "${o%:*}"
		options_of /mnt
		[[ $PROPAGATION == "${o#*:}"* ]] || { echo "$o: $PROPAGATION"; return 1; }
	done
}

@test "rootfsPropagation" {
	local o
	for o in private:- slave:- shared:shared unbindable:unbindable; do
		config '.linux.rootfsPropagation = $o' --arg o "${o%:*}"
		options_of /
		[[ $PROPAGATION == "${o#*:}"* ]] || { echo "$o: $PROPAGATION"; return 1; }
	done
	config '.linux.rootfsPropagation = "sideways"'
	try 1 create --bundle "$BUNDLE" "$ID"
	err_has rootfsPropagation
}

@test "no mount of a container reaches the host, whatever the host's propagation" {
	mkdir src
	mount --bind src src
	mount --make-shared src
	mount_ /mnt bind "$T/src" rbind rslave
	inside 0 'mount -t tmpfs none /mnt 2>/dev/null; :'
	is "$(grep -c " $T/src" /proc/self/mountinfo)" 1
	umount src
}

@test "remount changes what is there" {
	mount_ /mnt tmpfs tmpfs rw
	mount_ /mnt "" "" remount ro
	inside 0 'touch /mnt/x 2>/dev/null || echo ro'
	is "$out" ro
}

@test "tmpcopyup" {
	chmod 750 "$BUNDLE/rootfs/sub"
	ln -s dir/file "$BUNDLE/rootfs/sub/link"
	mount_ /sub tmpfs tmpfs tmpcopyup
	inside 0 'cat /sub/dir/file; readlink /sub/link; stat -c %a /sub; echo changed >/sub/dir/file; cat /sub/dir/file'
	is "${out//$'\n'/ }" "here dir/file 750 changed"
	is "$(<"$BUNDLE/rootfs/sub/dir/file")" here
}

@test "idmapped bind" {
	mkdir src
	touch src/f
	chown 1000:1000 src/f
	config '.mounts += [{destination: "/mnt", type: "bind", source: $s, options: ["bind", "idmap"],
		uidMappings: [{containerID: 1000, hostID: 2000, size: 1}], gidMappings: [{containerID: 1000, hostID: 3000, size: 1}]}]' --arg s "$T/src"
	inside 0 'stat -c %u:%g /mnt/f'
	is "$out" 2000:3000
}

@test "the cgroup file system shows the container's own, read-only" {
	[ -n "$(v2_mount)$(v1_of pids)" ] || skip "no cgroups are mounted here"
	config '.linux.namespaces |= (. + [{type: "cgroup"}] | unique_by(.type))'
	inside 0 'ls /sys/fs/cgroup | head -n 3; cat /sys/fs/cgroup/pids/cgroup.procs 2>/dev/null || cat /sys/fs/cgroup/cgroup.procs; touch /sys/fs/cgroup/x 2>/dev/null || echo ro'
	has ro
	grep -qx 1 <<<"$out"
}

@test "mounts: what is not there, what is not known" {
	cp "$BUNDLE/config.json" kept
	mount_ /mnt bind "$T/nowhere" bind
	try 1 create --bundle "$BUNDLE" "$ID"
	err_has "$T/nowhere"
	err_has "o such file or directory"
	cp kept "$BUNDLE/config.json"
	mount_ /mnt no-such-fs none
	try 1 create --bundle "$BUNDLE" "$ID"
	err_has no-such-fs
	cp kept "$BUNDLE/config.json"
	mount_ /mnt tmpfs tmpfs nonsense=1
	try 1 create --bundle "$BUNDLE" "$ID"
	err_has nonsense
	cp kept "$BUNDLE/config.json"
	mkdir src
	mount_ /etc/passwd bind "$T/src" bind
	try 1 create --bundle "$BUNDLE" "$ID"
	err_has "/etc/passwd"
	nothing_left
}

# --- root ---

@test "root.readonly" {
	config '.root.readonly = true'
	inside 0 'touch /x 2>/dev/null || echo ro; touch /dev/shm/x && echo rw'
	is "${out//$'\n'/ }" "ro rw"
}

@test "root: not a directory, a link to one, a mount of its own, absolute" {
	config '.root.path = "config.json"'
	try 1 create --bundle "$BUNDLE" "$ID"
	[[ ${err,,} == *"not a directory"* ]]
	nothing_left
	mkdir other
	mount --bind "$BUNDLE/rootfs" other
	config '.root.path = $p' --arg p "$T/other"
	inside 0 'cat /sub/dir/file'
	umount other
	is "$out" here
}

@test "run --no-pivot" {
	script 'cat /sub/dir/file; ls -d /proc/1; cd ..; pwd; ls /work /root 2>/dev/null; cat /proc/self/mountinfo | cut -d" " -f5 | head -n 1'
	try 0 run --no-pivot --bundle "$BUNDLE" "$ID"
	is "${out//$'\n'/ }" "here /proc/1 / /"
}

@test "nothing of the host is to be seen after the change of root" {
	inside 0 'cut -d" " -f5 /proc/self/mountinfo | sort | uniq -d; ls -id / /.. | cut -d/ -f1 | sort -u | wc -l; ls -a /'
	is "$(sed -n 1p <<<"$out")" 1
	is "$(tail -n +2 <<<"$out" | sort)" "$({ ls -a "$OCI_TMP/root"; } | sort)"
}

# --- hidden, read-only ---

@test "maskedPaths: a file, a directory, one that is not there" {
	config '.linux.maskedPaths = ["/sub/dir/file", "/sub/dir2", "/nowhere/at/all", "/proc/kcore"]'
	mkdir "$BUNDLE/rootfs/sub/dir2"
	touch "$BUNDLE/rootfs/sub/dir2/secret"
	inside 0 'cat /sub/dir/file; ls /sub/dir2; head -c 10 /proc/kcore 2>/dev/null; touch /sub/dir2/x 2>/dev/null || echo ro; echo x >/sub/dir/file 2>/dev/null; ls -d /nowhere 2>/dev/null; :'
	is "$out" ro
	is "$(<"$BUNDLE/rootfs/sub/dir/file")" here
}

@test "annotation org.atoll.root.overlay: all can be written to, nothing is kept" {
	config '.annotations["org.atoll.root.overlay"] = "true" | .root.readonly = false'
	inside 0 'echo x >/new && echo y >/etc/passwd && rm /sub/dir/file && cat /new /etc/passwd; pwd'
	is "$out" $'x\ny\n/'
	[ ! -e "$BUNDLE/rootfs/new" ]
	grep -q root "$BUNDLE/rootfs/etc/passwd"
	[ -e "$BUNDLE/rootfs/sub/dir/file" ]
	# a path that an option of overlayfs could not hold, below /tmp, with a colon
	local long
	long=$T/a:b/$(printf 'd%.0s' {1..200})/$(printf 'e%.0s' {1..100})
	mkdir -p "$long"
	mv "$BUNDLE/rootfs" "$long/rootfs"
	config '.root.path = $p' --arg p "$long/rootfs"
	inside 0 'echo x >/new && cat /new'
	is "$out" x
	[ ! -e "$long/rootfs/new" ]
}

@test "readonlyPaths" {
	config '.linux.readonlyPaths = ["/proc/sys", "/sub", "/etc/passwd", "/nowhere"]'
	inside 0 'echo x >/proc/sys/kernel/hostname 2>/dev/null || echo 1; touch /sub/x 2>/dev/null || echo 2; echo >/etc/passwd 2>/dev/null || echo 3; cat /sub/dir/file'
	is "${out//$'\n'/ }" "1 2 3 here"
}

# --- devices ---

@test "devices: the customary ones and the links" {
	inside 0 'cd /dev; stat -c "%n %t:%T %a %u" null zero full random urandom tty; for l in fd stdin stdout stderr ptmx; do readlink $l; done; echo x >null; head -c 3 zero | wc -c'
	is "$out" "null 1:3 666 0
zero 1:5 666 0
full 1:7 666 0
random 1:8 666 0
urandom 1:9 666 0
tty 5:0 666 0
/proc/self/fd
/proc/self/fd/0
/proc/self/fd/1
/proc/self/fd/2
pts/ptmx
3"
}

@test "devices: of the configuration: types, modes, owners" {
	config '.linux.devices = [
		{path: "/dev/my-c", type: "c", major: 1, minor: 3, fileMode: 416, uid: 7, gid: 8},
		{path: "/dev/deep/my-b", type: "b", major: 7, minor: 0, fileMode: 384},
		{path: "/dev/my-u", type: "u", major: 1, minor: 5},
		{path: "/dev/my-p", type: "p", fileMode: 438}]'
	inside 0 'cd /dev; stat -c "%n %F %t:%T %a %u:%g" my-c deep/my-b my-u my-p'
	is "$out" "my-c character special file 1:3 640 7:8
deep/my-b block special file 7:0 600 0:0
my-u character special file 1:5 666 0:0
my-p fifo 0:0 666 0:0"
}

@test "devices: what has no right to be there" {
	config '.linux.devices = [{path: "/dev/x", type: "z", major: 1, minor: 3}]'
	try 1 create --bundle "$BUNDLE" "$ID"
	err_has "/linux/devices/0/type"
	config '.linux.devices = [{path: "/etc/passwd", type: "c", major: 1, minor: 3}]'
	oci create --bundle "$BUNDLE" "$ID" >o 2>e </dev/null 3>&- || grep -q /etc/passwd e
	[ -f "$BUNDLE/rootfs/etc/passwd" ] && [ ! -c "$BUNDLE/rootfs/etc/passwd" ]
}

# --- roots that lead astray ---

outside() {
	mkdir "$T/outside"
	echo untouched >"$T/outside/file"
}
outside_is_clean() {
	is "$(<"$T/outside/file")" untouched
	is "$(find "$T/outside" | wc -l)" 2
}

@test "attack: a destination behind absolute and relative links stays inside the root" {
	local link
	outside
	for link in "$T/outside" "../../../../../../../../..$T/outside" /proc/self/cwd/../../outside /proc/1/root/tmp; do
		cp "$OCI_TMP/config.json" "$BUNDLE/config.json"
		rm -f "$BUNDLE/rootfs/link"
		ln -s "$link" "$BUNDLE/rootfs/link"
		mount_ /link/made tmpfs tmpfs
		config '.process.args = ["true"]'
		oci run --bundle "$BUNDLE" "$ID" >o 2>e </dev/null 3>&- || [ -s e ]
		outside_is_clean
	done
	is "$(grep -c "$T" /proc/self/mountinfo)" 0
}

@test "attack: .. in a destination" {
	outside
	mount_ "/../../../../../../..$T/outside/made" tmpfs tmpfs
	mount_ /sub/../../../../tmp/in tmpfs tmpfs size=8k
	inside 0 'grep -c size=8k /proc/self/mountinfo; [ -d /tmp/in ] && echo in'
	is "${out//$'\n'/ }" "1 in"
	outside_is_clean
}

@test "attack: /proc is a link, or no directory" {
	outside
	rmdir "$BUNDLE/rootfs/proc"
	ln -s "$T/outside" "$BUNDLE/rootfs/proc"
	oci run --bundle "$BUNDLE" "$ID" >o 2>e </dev/null 3>&- || [ -s e ]
	outside_is_clean
	rm "$BUNDLE/rootfs/proc"
	ln -s sub "$BUNDLE/rootfs/proc"
	oci run --bundle "$BUNDLE" "$ID" >o 2>e </dev/null 3>&- || [ -s e ]
	rm "$BUNDLE/rootfs/proc"
	touch "$BUNDLE/rootfs/proc"
	try 1 run --bundle "$BUNDLE" "$ID"
	nothing_left
}

@test "attack: /dev is a link" {
	outside
	rm -rf "$BUNDLE/rootfs/dev"
	ln -s "$T/outside" "$BUNDLE/rootfs/dev"
	config 'del(.mounts[] | select(.destination | startswith("/dev")))'
	oci run --bundle "$BUNDLE" "$ID" >o 2>e </dev/null 3>&- || [ -s e ]
	outside_is_clean
}

@test "attack: a masked or a read-only path is a link" {
	outside
	ln -s "$T/outside/file" "$BUNDLE/rootfs/m"
	ln -s "$T/outside" "$BUNDLE/rootfs/r"
	ln -s /dev/null "$BUNDLE/rootfs/n"
	config '.linux.maskedPaths = ["/m", "/n"] | .linux.readonlyPaths = ["/r"]'
	oci run --bundle "$BUNDLE" "$ID" >o 2>e </dev/null 3>&- || [ -s e ]
	outside_is_clean
	echo x >"$T/outside/file"
	is "$(<"$T/outside/file")" x
}

@test "attack: /dev/null of the image is something else" {
	outside
	config 'del(.mounts[] | select(.destination | startswith("/dev")))'
	rm -f "$BUNDLE/rootfs/dev/null"
	ln -s "$T/outside/file" "$BUNDLE/rootfs/dev/null"
	config '.linux.maskedPaths = ["/etc/passwd"]'
	script 'wc -c </etc/passwd; head -c 20 /etc/passwd'
	oci run --bundle "$BUNDLE" "$ID" >o 2>e </dev/null 3>&- || [ -s e ]
	! grep -q root: o || return 1
	outside_is_clean
}

@test "attack: the working directory leads out through a descriptor" {
	local n
	for n in 3 4 5 6 7 8 9 10; do
		config '.process.cwd = $c | .process.args = ["sh", "-c", "ls -d outside ../../../../work 2>/dev/null; :"]' \
			--arg c "/proc/self/fd/$n"
		oci run --bundle "$BUNDLE" "$ID" >o 2>e </dev/null 3>&- || [ -s e ]
		[ ! -s o ]
	done
}

@test "attack: a mount over /proc that is none" {
	config '.mounts += [{destination: "/proc/self", type: "tmpfs", source: "tmpfs"}]'
	oci run --bundle "$BUNDLE" "$ID" >o 2>e </dev/null 3>&- || [ -s e ]
	config '.mounts[-1] = {destination: "/proc/sys", type: "bind", source: $t, options: ["bind"]}' --arg t "$T"
	config '.linux.sysctl = {"kernel.shmmax": "77777"}'
	mkdir -p kernel
	echo untouched >kernel/shmmax
	oci run --bundle "$BUNDLE" "$ID" >o 2>e </dev/null 3>&- || [ -s e ]
	is "$(<kernel/shmmax)" untouched
}
