/* SPDX-License-Identifier: Apache-2.0 */
/* floor: the least that the kernel charges for one OCI-like container, with hard-coded settings and no JSON.
 *
 * floor [options] ROOTFS [PAYLOAD]      start PAYLOAD (default /bin/true) in a container and wait for it
 *   -n N          do it N times in this process and print the median of every stage (stages need -S)
 *   -S            payload writes a time stamp to fd 3 (rootfs must hold /bin/stamp): stage table
 *   -a old|new    mount(2) or fsopen/open_tree/move_mount            (default new)
 *   -k LIST       namespaces, of pid,net,ipc,uts,mnt,cgroup          (default all; "none")
 *   -g none|v1|v2|v2into   cgroup: none; mkdir+join in every v1 hierarchy; v2 mkdir+join; v2 CLONE_INTO_CGROUP
 *   -G LIST       v1 hierarchies, comma separated                    (default those under /sys/fs/cgroup)
 *   -l            also write pids/memory/cpu limits and the device rules (v1) or load a device program (v2)
 *   -s FILE       seccomp filter, raw struct sock_filter array
 *   -L KIB        memory limit on its own (v1 or v2 memory controller)
 *   -M            no masked and read-only paths         -D no device nodes        -m no extra mounts but proc
 *   -p fork|vm|vfork   clone3 copy of memory | CLONE_VM | CLONE_VM|CLONE_VFORK   (default vfork)
 *   -T DIR        write and remove a state file under DIR
 *   -d            detach: print the pid and leave it running;  -i ID  name of cgroup and state
 *   -R pivot|move|tmpl   pivot_root+umount | move_mount over / and chroot | the same inside a copy of an empty template
 *                 mount namespace pinned at -t FILE, so that the host's mount table is neither copied nor unmounted
 *   -O            make the network namespace in a helper while cgroup, state file and template are made; child joins it
 *   -W            old root made rslave recursively first (as a runtime must where / is shared)
 *   -J            config.json to read (only read and touched, to charge the I/O)
 * floor -X PID [-s FILE] CMD            exec CMD in PID's namespaces and cgroups and wait
 * floor -K PID ID                       kill PID, wait for its end by pidfd, remove cgroups and state of ID
 * floor -t FILE -Y                      make the template mount namespace and pin it on FILE
 * floor -u                              price list: clone+exit+wait for each namespace flag, exec, pipes
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif
#ifndef CLONE_NEWCGROUP
#define CLONE_NEWCGROUP 0x02000000
#endif

enum {
	P_START,
	P_STATE,
	P_CG,
	P_LIM,
	C_START,
	C_JOINED,
	C_UTS,
	C_ROOT,
	C_PROC,
	C_DEV,
	C_PTS,
	C_SHM,
	C_MQ,
	C_SYS,
	C_CGM,
	C_NODES,
	C_RO,
	C_PIVOT,
	C_UMOUNT,
	C_MASK,
	C_ROPATH,
	C_CAPS,
	C_SECC,
	X_FIRST,
	P_WAITED,
	P_CGRM,
	P_END,
	NST
};
static const char *stname[NST] = { "",
				   "state file",
				   "cgroup mkdir",
				   "cgroup limits",
				   "clone -> child runs",
				   "cgroup join+cgroupns",
				   "hostname,setsid",
				   "root bind+private",
				   "proc",
				   "dev tmpfs",
				   "devpts",
				   "shm tmpfs",
				   "mqueue",
				   "sysfs",
				   "cgroup mount",
				   "dev nodes",
				   "root read-only",
				   "pivot_root",
				   "umount old root",
				   "masked paths",
				   "readonly paths",
				   "rlimit,caps,nnp",
				   "seccomp load",
				   "exec -> 1st insn",
				   "exit -> parent woken",
				   "cgroup rmdir",
				   "state remove" };
struct shared {
	int64_t t[NST];
	char err[200];
};
static struct shared *S;

static long memkib;
static int newapi = 1, limits, masks = 1, nodes = 1, mounts = 1, stamps, reps = 1, detach, slave;
static const char *rootmode = "pivot", *tmplfile;
static int tmplfd = -1, rootfd = -1, overlap;
static volatile int netfd = -1, netdone;
static const char *cgmode = "none", *spawn = "vfork", *rootfs, *payload = "/bin/true", *statedir,
		  *cfg;
static char id[64];
static uint64_t nsflags = CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNS |
			  CLONE_NEWCGROUP;
static struct sock_fprog prog;
static char *hier[24];
static int nhier, cgfd = -1, cgprocs[24], stampfd = -1, syncp[2] = { -1, -1 };
static char **pargv, *static_pargv[2];
static char *noenv[] = { "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
			 NULL };

static inline int64_t ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}
#define MARK(x) (S->t[x] = ns())
__attribute__((format(printf, 1, 2), noreturn)) static void die(const char *f, ...)
{
	va_list a;
	char b[180];
	int e = errno;
	va_start(a, f);
	vsnprintf(b, sizeof b, f, a);
	va_end(a);
	dprintf(2, "floor: %s: %s\n", b, strerror(e));
	_exit(125);
}
static void wr(const char *path, const char *v)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, v, strlen(v)) < 0)
		die("write %s", path);
	close(fd);
}

/* ---- cgroups ---- */
static void find_hier(const char *list)
{
	if (list) {
		for (char *sv, *p = strtok_r(strdup(list), ",", &sv); p;
		     p = strtok_r(NULL, ",", &sv))
			hier[nhier++] = p;
		return;
	}
	DIR *d = opendir("/sys/fs/cgroup");
	struct dirent *e;
	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.' && strcmp(e->d_name, "unified") && nhier < 24)
			hier[nhier++] = strdup(e->d_name);
	if (d)
		closedir(d);
}
static void cg_make(void)
{
	char p[256];
	if (!strcmp(cgmode, "v1")) {
		for (int i = 0; i < nhier; i++) {
			snprintf(p, sizeof p, "/sys/fs/cgroup/%s/%s", hier[i], id);
			if (mkdir(p, 0755) && errno != EEXIST)
				die("mkdir %s", p);
			if (!strcmp(hier[i],
				    "cpuset")) { /* a v1 cpuset must be given cpus and mems */
				char b[256];
				snprintf(p, sizeof p, "/sys/fs/cgroup/cpuset/%s/cpuset.cpus", id);
				int fd = open("/sys/fs/cgroup/cpuset/cpuset.cpus", O_RDONLY);
				ssize_t n = read(fd, b, sizeof b - 1);
				close(fd);
				b[n > 0 ? n : 0] = 0;
				wr(p, b);
				snprintf(p, sizeof p, "/sys/fs/cgroup/cpuset/%s/cpuset.mems", id);
				wr(p, "0");
			}
			snprintf(p, sizeof p, "/sys/fs/cgroup/%s/%s/cgroup.procs", hier[i], id);
			cgprocs[i] = open(p, O_WRONLY | O_CLOEXEC);
		}
	} else if (!strncmp(cgmode, "v2", 2)) {
		snprintf(p, sizeof p, "/sys/fs/cgroup/%s", id);
		if (mkdir(p, 0755) && errno != EEXIST)
			die("mkdir %s", p);
		cgfd = open(p, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (!strcmp(cgmode, "v2")) {
			cgprocs[0] = openat(cgfd, "cgroup.procs", O_WRONLY | O_CLOEXEC);
			nhier = 1;
		}
	}
}
static void cg_join(const char *pid)
{
	if (!strcmp(cgmode, "v1") || !strcmp(cgmode, "v2"))
		for (int i = 0; i < nhier; i++)
			if (write(cgprocs[i], pid, strlen(pid)) < 0)
				die("join %s", hier[i] ? hier[i] : "v2");
}
static void cg_limits(void)
{
	char p[300], v[32];
	if (memkib) {
		int v1 = !strcmp(cgmode, "v1");
		snprintf(p, sizeof p, "/sys/fs/cgroup%s/%s/memory.%s", v1 ? "/memory" : "", id,
			 v1 ? "limit_in_bytes" : "max");
		snprintf(v, sizeof v, "%ld", memkib * 1024);
		wr(p, v);
	}
	if (!limits)
		return;
	if (!strcmp(cgmode, "v1")) {
		static const char *const kv[][3] = {
			{ "memory", "memory.limit_in_bytes", "67108864" },
			{ "pids", "pids.max", "64" },
			{ "cpu", "cpu.shares", "512" },
			{ "cpu", "cpu.cfs_period_us", "100000" },
			{ "cpu", "cpu.cfs_quota_us", "50000" },
			{ "devices", "devices.deny", "a" },
			{ "devices", "devices.allow", "c *:* m" },
			{ "devices", "devices.allow", "b *:* m" },
			{ "devices", "devices.allow", "c 1:3 rwm" },
			{ "devices", "devices.allow", "c 1:5 rwm" },
			{ "devices", "devices.allow", "c 1:7 rwm" },
			{ "devices", "devices.allow", "c 1:8 rwm" },
			{ "devices", "devices.allow", "c 1:9 rwm" },
			{ "devices", "devices.allow", "c 5:0 rwm" },
			{ "devices", "devices.allow", "c 5:2 rwm" },
			{ "devices", "devices.allow", "c 136:* rwm" }
		};
		for (unsigned i = 0; i < sizeof kv / sizeof *kv; i++) {
			snprintf(p, sizeof p, "/sys/fs/cgroup/%s/%s/%s", kv[i][0], id, kv[i][1]);
			wr(p, kv[i][2]);
		}
	} else if (!strncmp(cgmode, "v2", 2)) {
		/* device program: 8 rules of (major, minor) compared in turn, else deny */
		static const int rule[][2] = { { 1, 3 }, { 1, 5 }, { 1, 7 }, { 1, 8 },
					       { 1, 9 }, { 5, 0 }, { 5, 2 }, { 136, 0 } };
		struct bpf_insn in[64];
		int n = 0;
#define I(c, d, s, o, i) \
	in[n++] = (struct bpf_insn){ .code = c, .dst_reg = d, .src_reg = s, .off = o, .imm = i }
		I(BPF_LDX | BPF_W | BPF_MEM, 2, 1, 0, 0);
		I(BPF_LDX | BPF_W | BPF_MEM, 4, 1, 4, 0);
		I(BPF_LDX | BPF_W | BPF_MEM, 5, 1, 8, 0);
		for (unsigned i = 0; i < 8; i++) {
			I(BPF_JMP | BPF_JNE | BPF_K, 4, 0, 3, rule[i][0]);
			I(BPF_JMP | BPF_JNE | BPF_K, 5, 0, 2, rule[i][1]);
			I(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 1);
			I(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
		}
		I(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0);
		I(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
		union bpf_attr a;
		memset(&a, 0, sizeof a);
		a.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
		a.insns = (uintptr_t)in;
		a.insn_cnt = n;
		a.license = (uintptr_t) "GPL";
		int fd = syscall(SYS_bpf, BPF_PROG_LOAD, &a, sizeof a);
		if (fd < 0)
			die("bpf load");
		memset(&a, 0, sizeof a);
		a.attach_type = BPF_CGROUP_DEVICE;
		a.target_fd = cgfd;
		a.attach_bpf_fd = fd;
		a.attach_flags = BPF_F_ALLOW_MULTI;
		if (syscall(SYS_bpf, BPF_PROG_ATTACH, &a, sizeof a))
			die("bpf attach");
		close(fd);
	}
}
static void cg_remove(void)
{
	char p[256];
	if (!strcmp(cgmode, "v1")) {
		for (int i = 0; i < nhier; i++) {
			if (cgprocs[i] > 0)
				close(cgprocs[i]);
			snprintf(p, sizeof p, "/sys/fs/cgroup/%s/%s", hier[i], id);
			for (int k = 0; rmdir(p) && errno == EBUSY && k < 1000; k++)
				usleep(50);
		}
	} else if (!strncmp(cgmode, "v2", 2)) {
		if (cgfd >= 0)
			close(cgfd);
		if (cgprocs[0] > 0)
			close(cgprocs[0]);
		cgfd = -1;
		snprintf(p, sizeof p, "/sys/fs/cgroup/%s", id);
		for (int k = 0; rmdir(p) && errno == EBUSY && k < 1000; k++)
			usleep(50);
	}
}

/* ---- the child ---- */
static void fsm(const char *type, const char *dst, unsigned attr, unsigned long oldfl,
		const char *const *opt, const char *old)
{
	if (!newapi) {
		if (mount(type, dst, type, oldfl, old))
			die("mount %s on %s", type, dst);
		return;
	}
	int f = fsopen(type, FSOPEN_CLOEXEC);
	if (f < 0)
		die("fsopen %s", type);
	for (; opt && *opt; opt += 2)
		if (opt[1] ? fsconfig(f, FSCONFIG_SET_STRING, opt[0], opt[1], 0)
			   : fsconfig(f, FSCONFIG_SET_FLAG, opt[0], NULL, 0))
			die("fsconfig %s %s", type, opt[0]);
	if (fsconfig(f, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		die("fsconfig create %s", type);
	int m = fsmount(f, FSMOUNT_CLOEXEC, attr);
	if (m < 0 || move_mount(m, "", AT_FDCWD, dst, MOVE_MOUNT_F_EMPTY_PATH))
		die("move_mount %s on %s", type, dst);
	close(m);
	close(f);
}
#define OPT(...)                        \
	(const char *const[])           \
	{                               \
		__VA_ARGS__, NULL, NULL \
	}
#define NSX (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NODEV)
#define OSX (MS_NOSUID | MS_NOEXEC | MS_NODEV)

static void mask_path(const char *p, int *tmpl)
{
	struct stat st;
	if (!newapi) {
		if (mount("/dev/null", p, NULL, MS_BIND, NULL) == 0)
			return;
		if (errno == ENOTDIR && mount("tmpfs", p, "tmpfs", MS_RDONLY, NULL))
			die("mask %s", p);
		else if (errno != ENOENT && errno != ENOTDIR)
			die("mask %s", p);
		return;
	}
	if (stat(p, &st))
		return;
	int t;
	if (S_ISDIR(st.st_mode)) { /* one empty read-only tmpfs, cloned for each directory */
		if (*tmpl < 0) {
			int f = fsopen("tmpfs", FSOPEN_CLOEXEC);
			if (f < 0 || fsconfig(f, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
				die("mask tmpfs");
			*tmpl = fsmount(f, FSMOUNT_CLOEXEC, MOUNT_ATTR_RDONLY);
			close(f);
			if (move_mount(*tmpl, "", AT_FDCWD, p, MOVE_MOUNT_F_EMPTY_PATH))
				die("mask %s", p);
			return;
		}
		t = open_tree(*tmpl, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	} else
		t = open_tree(AT_FDCWD, "/dev/null", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (t < 0 || move_mount(t, "", AT_FDCWD, p, MOVE_MOUNT_F_EMPTY_PATH))
		die("mask %s", p);
	close(t);
}
static void ro_path(const char *p)
{
	if (!newapi) {
		if (mount(p, p, NULL, MS_BIND | MS_REC, NULL)) {
			if (errno == ENOENT)
				return;
			die("ro %s", p);
		}
		if (mount(p, p, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL))
			die("ro remount %s", p);
		return;
	}
	int t = open_tree(AT_FDCWD, p, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
	if (t < 0)
		return;
	struct mount_attr a = { .attr_set = MOUNT_ATTR_RDONLY };
	if (mount_setattr(t, "", AT_EMPTY_PATH | AT_RECURSIVE, &a, sizeof a) ||
	    move_mount(t, "", AT_FDCWD, p, MOVE_MOUNT_F_EMPTY_PATH))
		die("ro %s", p);
	close(t);
}
static const char *const masked[] = { "/proc/acpi",          "/proc/asound",
				      "/proc/kcore",         "/proc/keys",
				      "/proc/latency_stats", "/proc/timer_list",
				      "/proc/timer_stats",   "/proc/sched_debug",
				      "/sys/firmware",       "/proc/scsi" };
static const char *const ropaths[] = { "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
				       "/proc/sysrq-trigger" };

static void caps_and_limits(void)
{
	struct rlimit rl = { 1024, 1024 };
	setrlimit(RLIMIT_NOFILE, &rl);
	static const uint64_t keep = 1 << 0 | 1 << 1 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 7 |
				     1 << 8 | 1 << 10 | 1 << 13 | 1 << 18 | 1 << 27 | 1 << 29 |
				     1ULL << 31;
	for (int c = 0; c <= 40; c++)
		if (!(keep >> c & 1))
			prctl(PR_CAPBSET_DROP, c, 0, 0, 0);
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2] = { { keep, keep, 0 }, { keep >> 32, keep >> 32, 0 } };
	if (syscall(SYS_capset, &h, d))
		die("capset");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		die("nnp");
}
static void load_seccomp(void)
{
	if (prog.len && syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog))
		die("seccomp");
}
static void P(char *b, const char *s) /* path before pivot (old order) or after it */
{
	if (newapi)
		strcpy(b, s);
	else
		sprintf(b, "%s%s", rootfs, s);
}

static int net_helper(void *a)
{
	(void)a;
	if (unshare(CLONE_NEWNET) == 0)
		netfd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	netdone = 1;
	syscall(SYS_futex, &netdone, 1 /* FUTEX_WAKE */, 1, NULL, NULL, 0);
	_exit(0);
}
static int child(void *unused)
{
	(void)unused;
	char b[512];
	MARK(C_START);
	if (syncp[0] >= 0) {
		char c;
		close(syncp[1]);
		if (read(syncp[0], &c, 1) != 1)
			die("sync");
		close(syncp[0]);
	} else
		cg_join("0");
	if (nsflags & CLONE_NEWCGROUP && unshare(CLONE_NEWCGROUP))
		die("unshare cgroup");
	MARK(C_JOINED);
	if (overlap && setns(netfd, CLONE_NEWNET))
		die("setns net");
	setsid();
	if (nsflags & CLONE_NEWUTS)
		sethostname("bench", 5);
	MARK(C_UTS);
	if (nsflags & CLONE_NEWNS) {
		umask(0);
		if (slave && mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL))
			die("rslave");
		if (newapi && *rootmode != 'p') {
			if (rootfd < 0 ||
			    (tmplfd >= 0 && (setns(tmplfd, CLONE_NEWNS) || unshare(CLONE_NEWNS))))
				die("template");
			if (move_mount(rootfd, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) ||
			    fchdir(rootfd) || chroot("."))
				die("move root");
			close(rootfd);
			MARK(C_ROOT);
		} else if (newapi) {
			int t = open_tree(AT_FDCWD, rootfs,
					  OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
			struct mount_attr a = { .attr_set = MOUNT_ATTR_RDONLY,
						.propagation = MS_PRIVATE };
			if (t < 0 ||
			    mount_setattr(t, "", AT_EMPTY_PATH | AT_RECURSIVE, &a, sizeof a) ||
			    move_mount(t, "", AT_FDCWD, rootfs, MOVE_MOUNT_F_EMPTY_PATH) ||
			    fchdir(t))
				die("root");
			close(t);
			MARK(C_ROOT);
			if (syscall(SYS_pivot_root, ".", "."))
				die("pivot_root");
			MARK(C_PIVOT);
			if (umount2(".", MNT_DETACH) || chdir("/"))
				die("umount old root");
			MARK(C_UMOUNT);
		} else {
			if (mount(rootfs, rootfs, NULL, MS_BIND | MS_REC, NULL))
				die("bind rootfs");
			MARK(C_ROOT);
		}
		P(b, "/proc");
		fsm("proc", b, 0, 0, NULL, NULL);
		MARK(C_PROC);
		if (mounts) {
			P(b, "/dev");
			fsm("tmpfs", b, MOUNT_ATTR_NOSUID | MOUNT_ATTR_STRICTATIME,
			    MS_NOSUID | MS_STRICTATIME, OPT("mode", "755", "size", "65536k"),
			    "mode=755,size=65536k");
			MARK(C_DEV);
			P(b, "/dev/pts");
			mkdir(b, 0755);
			fsm("devpts", b, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
			    MS_NOSUID | MS_NOEXEC,
			    OPT("newinstance", NULL, "ptmxmode", "0666", "mode", "0620", "gid",
				"5"),
			    "newinstance,ptmxmode=0666,mode=0620,gid=5");
			MARK(C_PTS);
			P(b, "/dev/shm");
			mkdir(b, 0755);
			fsm("tmpfs", b, NSX, OSX, OPT("mode", "1777", "size", "65536k"),
			    "mode=1777,size=65536k");
			MARK(C_SHM);
			P(b, "/dev/mqueue");
			mkdir(b, 0755);
			fsm("mqueue", b, NSX, OSX, NULL, NULL);
			MARK(C_MQ);
			P(b, "/sys");
			fsm("sysfs", b, NSX | MOUNT_ATTR_RDONLY, OSX | MS_RDONLY, NULL, NULL);
			MARK(C_SYS);
			P(b, "/sys/fs/cgroup");
			if (!strncmp(cgmode, "v2", 2))
				fsm("cgroup2", b, NSX | MOUNT_ATTR_RDONLY, OSX | MS_RDONLY, NULL,
				    NULL);
			else if (!strcmp(cgmode,
					 "v1")) { /* a tmpfs and one mount for every hierarchy */
				fsm("tmpfs", b, NSX, OSX, OPT("mode", "755"), "mode=755");
				size_t l = strlen(b);
				for (int i = 0; i < nhier; i++) {
					sprintf(b + l, "/%s", hier[i]);
					mkdir(b, 0755);
					int sd = !strcmp(hier[i], "systemd");
					if (mount("cgroup", b, "cgroup", OSX | MS_RDONLY,
						  sd ? "none,name=systemd" : hier[i]))
						die("cgroup mount %s", hier[i]);
				}
				b[l] = 0;
				if (mount(NULL, b, NULL, OSX | MS_RDONLY | MS_REMOUNT | MS_BIND,
					  NULL))
					die("cgroup ro");
			}
			MARK(C_CGM);
		}
		if (nodes && mounts) {
			static const struct {
				const char *n;
				int ma, mi;
			} dv[] = { { "/dev/null", 1, 3 },    { "/dev/zero", 1, 5 },
				   { "/dev/full", 1, 7 },    { "/dev/random", 1, 8 },
				   { "/dev/urandom", 1, 9 }, { "/dev/tty", 5, 0 } };
			static const char *const ln[][2] = { { "/proc/self/fd", "/dev/fd" },
							     { "/proc/self/fd/0", "/dev/stdin" },
							     { "/proc/self/fd/1", "/dev/stdout" },
							     { "/proc/self/fd/2", "/dev/stderr" },
							     { "/proc/kcore", "/dev/core" },
							     { "pts/ptmx", "/dev/ptmx" } };
			for (unsigned i = 0; i < 6; i++) {
				P(b, dv[i].n);
				if (mknod(b, S_IFCHR | 0666, makedev(dv[i].ma, dv[i].mi)))
					die("mknod %s", b);
			}
			for (unsigned i = 0; i < 6; i++) {
				P(b, ln[i][1]);
				if (symlink(ln[i][0], b))
					die("symlink %s", b);
			}
		}
		MARK(C_NODES);
		if (!newapi) {
			if (mount(rootfs, rootfs, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL))
				die("root ro");
			MARK(C_RO);
			if (chdir(rootfs) || syscall(SYS_pivot_root, ".", "."))
				die("pivot_root");
			MARK(C_PIVOT);
			if (umount2(".", MNT_DETACH) || chdir("/"))
				die("umount old root");
			MARK(C_UMOUNT);
		}
		if (masks) {
			int t = -1;
			for (unsigned i = 0; i < sizeof masked / sizeof *masked; i++)
				mask_path(masked[i], &t);
			if (t >= 0)
				close(t);
			MARK(C_MASK);
			for (unsigned i = 0; i < sizeof ropaths / sizeof *ropaths; i++)
				ro_path(ropaths[i]);
			MARK(C_ROPATH);
		}
	}
	caps_and_limits();
	MARK(C_CAPS);
	if (stampfd >= 0)
		dup2(stampfd, 3);
	load_seccomp();
	MARK(C_SECC);
	execve(pargv[0], pargv, noenv);
	die("exec %s", pargv[0]);
}

struct cl3 {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid,
		set_tid_size, cgroup;
};
static pid_t start(int *pidfd)
{
	uint64_t fl = (nsflags & ~(uint64_t)CLONE_NEWCGROUP) | CLONE_PIDFD;
	if (tmplfd >= 0)
		fl &= ~(uint64_t)CLONE_NEWNS;
	if (overlap)
		fl &= ~(uint64_t)CLONE_NEWNET;
	int vm = strcmp(spawn, "fork");
	if (!strcmp(spawn, "vfork"))
		fl |= CLONE_VM | CLONE_VFORK;
	else if (!strcmp(spawn, "vm"))
		fl |= CLONE_VM;
	if (vm && strcmp(cgmode, "v2into")) {
		static char *stk;
		if (!stk)
			stk = mmap(NULL, 65536, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
		return clone(child, stk + 65536, (int)fl | SIGCHLD, NULL, pidfd);
	}
	struct cl3 a = { .flags = fl & ~(uint64_t)(CLONE_VM | CLONE_VFORK),
			 .pidfd = (uintptr_t)pidfd,
			 .exit_signal = SIGCHLD };
	if (!strcmp(cgmode, "v2into")) {
		a.flags |= CLONE_INTO_CGROUP;
		a.cgroup = cgfd;
	}
	pid_t p = syscall(SYS_clone3, &a, sizeof a);
	if (p == 0)
		child(NULL);
	return p;
}

static void state_write(void)
{
	char p[256], q[256];
	snprintf(p, sizeof p, "%s/%s", statedir, id);
	mkdir(p, 0700);
	snprintf(p, sizeof p, "%s/%s/.s", statedir, id);
	snprintf(q, sizeof q, "%s/%s/state", statedir, id);
	int fd = open(p, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	char body[600];
	memset(body, 'x', sizeof body);
	if (fd < 0 || write(fd, body, sizeof body) < 0 || close(fd) || rename(p, q))
		die("state");
}
static void state_remove(void)
{
	char q[256];
	snprintf(q, sizeof q, "%s/%s/state", statedir, id);
	unlink(q);
	snprintf(q, sizeof q, "%s/%s", statedir, id);
	rmdir(q);
}
static int once(void)
{
	memset(S, 0, sizeof *S);
	MARK(P_START);
	pid_t helper = 0;
	if (overlap) {
		static char hstk[16384] __attribute__((aligned(16)));
		netdone = 0;
		helper = clone(net_helper, hstk + sizeof hstk, CLONE_VM | CLONE_FILES | SIGCHLD,
			       NULL);
	}
	if (cfg) {
		int fd = open(cfg, O_RDONLY | O_CLOEXEC);
		char b[65536];
		while (fd >= 0 && read(fd, b, sizeof b) > 0)
			;
		close(fd);
	}
	if (statedir)
		state_write();
	MARK(P_STATE);
	cg_make();
	MARK(P_CG);
	if (limits || memkib)
		cg_limits();
	MARK(P_LIM);
	if (stamps) {
		stampfd = memfd_create("s", 0);
		if (stampfd < 10) {
			int n = fcntl(stampfd, F_DUPFD, 10);
			close(stampfd);
			stampfd = n;
		}
	}
	if (*rootmode != 'p') {
		struct mount_attr a = { .attr_set = MOUNT_ATTR_RDONLY, .propagation = MS_PRIVATE };
		rootfd = open_tree(AT_FDCWD, rootfs,
				   OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
		if (rootfd < 0 ||
		    mount_setattr(rootfd, "", AT_EMPTY_PATH | AT_RECURSIVE, &a, sizeof a))
			die("open_tree");
		if (*rootmode == 't') {
			tmplfd = open(tmplfile, O_RDONLY | O_CLOEXEC);
			if (tmplfd < 0)
				die("%s", tmplfile);
		}
	}
	int pidfd = -1;
	while (overlap && !netdone)
		syscall(SYS_futex, &netdone, 0 /* FUTEX_WAIT */, 0, NULL, NULL, 0);
	pid_t pid = start(&pidfd);
	if (overlap) {
		close(netfd);
		waitpid(helper, NULL, 0);
	}
	if (*rootmode != 'p') {
		close(rootfd);
		if (tmplfd >= 0)
			close(tmplfd);
		rootfd = tmplfd = -1;
	}
	if (pid < 0)
		die("clone");
	if (detach) {
		printf("%d\n", (int)pid);
		fflush(stdout);
		_exit(0); /* with fork/vm the child may not have exec'd yet; vfork has */
	}
	siginfo_t si;
	while (waitid(P_PIDFD, pidfd, &si, WEXITED) && errno == EINTR)
		;
	MARK(P_WAITED);
	close(pidfd);
	if (strcmp(cgmode, "none"))
		cg_remove();
	MARK(P_CGRM);
	if (statedir)
		state_remove();
	MARK(P_END);
	if (stamps) {
		if (pread(stampfd, &S->t[X_FIRST], 8, 0) != 8)
			S->t[X_FIRST] = 0;
		close(stampfd);
		stampfd = -1;
	}
	return si.si_code == CLD_EXITED ? si.si_status : 128 + si.si_status;
}
static int cmp64(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return x < y ? -1 : x > y;
}

/* joins by CLONE_INTO_CGROUP on cgroup2, by writing cgroup.procs on v1 */
static int do_exec(pid_t target, char **cmd)
{
	int pfd = syscall(SYS_pidfd_open, target, 0);
	if (pfd < 0)
		die("pidfd_open");
	char p[64], buf[4096];
	snprintf(p, sizeof p, "/proc/%d/cgroup", (int)target);
	int fd = open(p, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, buf, sizeof buf - 1);
	close(fd);
	buf[n > 0 ? n : 0] = 0;
	for (char *sv, *l = strtok_r(buf, "\n", &sv); l; l = strtok_r(NULL, "\n", &sv)) {
		char *c = strchr(l, ':'), *path = c ? strchr(c + 1, ':') : NULL, q[512];
		if (!path || !path[1] || !path[2])
			continue;
		*path++ = 0;
		c++;
		if (!strncmp(c, "name=", 5))
			c += 5;
		if (strncmp(path, "/floor", 6))
			continue;
		if (*c) {
			snprintf(q, sizeof q, "/sys/fs/cgroup/%s%s/cgroup.procs", c, path);
			wr(q, "0");
		} else {
			snprintf(q, sizeof q, "/sys/fs/cgroup%s", path);
			cgfd = open(q, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		}
	}
	if (setns(pfd, CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNS |
			       CLONE_NEWCGROUP))
		die("setns");
	struct {
		uint64_t v[11];
	} a = { { CLONE_INTO_CGROUP, 0, 0, 0, SIGCHLD, 0, 0, 0, 0, 0, cgfd } };
	pid_t c = cgfd >= 0 ? syscall(SYS_clone3, &a, sizeof a) : vfork();
	if (c == 0) {
		setsid();
		caps_and_limits();
		load_seccomp();
		execve(cmd[0], cmd, noenv);
		_exit(127);
	}
	int st;
	if (waitpid(c, &st, 0) != c)
		return 125;
	return WIFEXITED(st) ? WEXITSTATUS(st) : 128;
}
static int do_kill(pid_t target)
{
	int pfd = syscall(SYS_pidfd_open, target, 0);
	if (pfd >= 0) {
		syscall(SYS_pidfd_send_signal, pfd, SIGKILL, NULL, 0);
		struct pollfd p = { pfd, POLLIN, 0 };
		poll(&p, 1, 10000);
	}
	memset(cgprocs, -1, sizeof cgprocs);
	cg_remove();
	if (statedir)
		state_remove();
	return 0;
}

/* The kernel refuses to pin a mount namespace whose id is not above the caller's own; since 6.18 ids come in batches per
 * cpu and do not grow across cpus, so try from each cpu. */
static int make_template_once(void)
{
	int p[2], q[2];
	char c, path[64];
	if (pipe(p) || pipe(q))
		die("pipe");
	pid_t pid = fork();
	if (pid == 0) {
		close(q[1]);
		if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
		    mount("none", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
			  "size=4k,nr_inodes=2,mode=555") ||
		    chdir("/tmp") || syscall(SYS_pivot_root, ".", ".") ||
		    umount2(".", MNT_DETACH) ||
		    mount(NULL, "/", NULL,
			  MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
			  NULL))
			die("template");
		if (write(p[1], "x", 1) != 1 || read(q[0], &c, 1) != 1)
			_exit(1);
		_exit(0);
	}
	close(p[1]);
	if (read(p[0], &c, 1) != 1)
		return 1;
	snprintf(path, sizeof path, "/proc/%d/ns/mnt", (int)pid);
	int r = mount(path, tmplfile, NULL, MS_BIND, NULL), e = errno;
	if (write(q[1], "x", 1) != 1)
		return 1;
	waitpid(pid, NULL, 0);
	close(p[0]);
	close(q[0]);
	close(q[1]);
	errno = e;
	return r != 0;
}
static int make_template(void)
{
	int fd = open(tmplfile, O_CREAT | O_WRONLY | O_CLOEXEC, 0600),
	    n = sysconf(_SC_NPROCESSORS_ONLN);
	close(fd);
	for (int i = 0; i < 4 * n; i++) {
		cpu_set_t set;
		CPU_ZERO(&set);
		CPU_SET(i % n, &set);
		sched_setaffinity(0, sizeof set, &set);
		if (make_template_once() == 0)
			return 0;
	}
	perror("floor: pin template");
	return 1;
}

static int c_exit(void *a)
{
	if (a) {
		char *v[] = { a, NULL };
		execve(a, v, noenv);
	}
	_exit(0);
}
static int c_unshare(void *a)
{
	return _exit(unshare((int)(intptr_t)a) != 0), 0;
}
static void price(const char *name, int (*fn)(void *), void *arg, unsigned long fl, int n)
{
	int64_t *v = calloc(n, sizeof *v), *c = calloc(n, sizeof *c);
	char *stk = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (int i = 0; i < n; i++) {
		int64_t t0 = ns();
		pid_t p = clone(fn, stk + 65536, fl | SIGCHLD, arg);
		int64_t t1 = ns();
		if (p < 0)
			die("clone %s", name);
		waitpid(p, NULL, 0);
		v[i] = ns() - t0;
		c[i] = t1 - t0;
	}
	qsort(v, n, sizeof *v, cmp64);
	qsort(c, n, sizeof *c, cmp64);
	printf("%-34s %8.1f %8.1f %8.1f us   (clone returned after %.1f)\n", name, v[n / 2] / 1e3,
	       v[0] / 1e3, v[n - 1] / 1e3, c[n / 2] / 1e3);
	free(v);
	free(c);
	munmap(stk, 65536);
}
static int prices(int n)
{
	int64_t t0 = ns();
	for (int i = 0; i < 100000; i++)
		syscall(SYS_getppid);
	printf("%-34s %8.3f us\n", "syscall (getppid)", (ns() - t0) / 1e5 / 1e3);
	enum { VF = CLONE_VM | CLONE_VFORK };
	char *pg = mmap(NULL, 4096 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			0);
	t0 = ns();
	for (int i = 0; i < 4096; i++)
		pg[i * 4096L] = 1;
	printf("%-34s %8.3f us\n", "page fault (anonymous, 4 KiB)", (ns() - t0) / 4096. / 1e3);
	munmap(pg, 4096 * 4096);
#if defined __x86_64__
	t0 = ns();
	for (int i = 0; i < 200; i++) {
		unsigned ax = 4, bx, cx = 0, dx;
		__asm__ volatile("cpuid" : "+a"(ax), "=b"(bx), "+c"(cx), "=d"(dx));
	}
	printf("%-34s %8.3f us\n", "cpuid (glibc start-up runs dozens)", (ns() - t0) / 200. / 1e3);
#endif
	printf("%-34s %8s %8s %8s\n", "clone+exit+wait with", "median", "min", "max");
	price("fork (copy memory)", c_exit, NULL, 0, n);
	price("CLONE_VM|CLONE_VFORK", c_exit, NULL, VF, n);
	price("vfork + unshare(NEWUTS)", c_unshare, (void *)CLONE_NEWUTS, VF, n);
	price("vfork NEWUTS", c_exit, NULL, VF | CLONE_NEWUTS, n);
	price("vfork NEWIPC", c_exit, NULL, VF | CLONE_NEWIPC, n);
	price("vfork NEWPID", c_exit, NULL, VF | CLONE_NEWPID, n);
	price("vfork NEWCGROUP", c_exit, NULL, VF | CLONE_NEWCGROUP, n);
	price("vfork NEWNS", c_exit, NULL, VF | CLONE_NEWNS, n);
	price("vfork NEWNET", c_exit, NULL, VF | CLONE_NEWNET, n);
	price("vfork NEWUSER", c_exit, NULL, VF | CLONE_NEWUSER, n);
	price("vfork all but net,user", c_exit, NULL,
	      VF | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWCGROUP | CLONE_NEWNS, n);
	price("vfork all but user", c_exit, NULL,
	      VF | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWCGROUP | CLONE_NEWNS |
		      CLONE_NEWNET,
	      n);
	price("vfork + exec /bin/true", c_exit, "/bin/true", VF, n);
	if (rootfs) {
		char p[300];
		snprintf(p, sizeof p, "%s/bin/tinytrue", rootfs);
		price("vfork + exec tiny static true", c_exit, p, VF, n);
		snprintf(p, sizeof p, "%s/bin/true", rootfs);
		price("vfork + exec busybox-static true", c_exit, p, VF, n);
		snprintf(p, sizeof p, "%s/bin/tinytrue", rootfs);
		price("fork + exec tiny static true", c_exit, p, 0, n);
	}
	return 0;
}

int main(int argc, char **argv)
{
	int o, mode = 0, price_n = 200;
	pid_t target = 0;
	const char *G = NULL;
	snprintf(id, sizeof id, "floor-%d", (int)getpid());
	while ((o = getopt(argc, argv, "+n:Sa:k:g:G:ls:MDmp:T:di:WJ:X:K:uR:t:YL:O")) != -1)
		switch (o) {
		case 'n': reps = price_n = atoi(optarg); break;
		case 'S':
			stamps = 1;
			payload = "/bin/stamp";
			break;
		case 'a': newapi = !strcmp(optarg, "new"); break;
		case 'k': {
			nsflags = 0;
			static const struct {
				const char *n;
				unsigned f;
			} k[] = { { "pid", CLONE_NEWPID }, { "net", CLONE_NEWNET },
				  { "ipc", CLONE_NEWIPC }, { "uts", CLONE_NEWUTS },
				  { "mnt", CLONE_NEWNS },  { "cgroup", CLONE_NEWCGROUP } };
			for (int i = 0; i < 6; i++)
				if (strstr(optarg, k[i].n))
					nsflags |= k[i].f;
			break;
		}
		case 'g': cgmode = optarg; break;
		case 'G': G = optarg; break;
		case 'l': limits = 1; break;
		case 's': {
			struct stat st;
			int fd = open(optarg, O_RDONLY | O_CLOEXEC);
			if (fd < 0 || fstat(fd, &st))
				die("%s", optarg);
			prog.len = st.st_size / sizeof(struct sock_filter);
			prog.filter = malloc(st.st_size);
			if (read(fd, prog.filter, st.st_size) != st.st_size)
				die("%s", optarg);
			close(fd);
			break;
		}
		case 'M': masks = 0; break;
		case 'D': nodes = 0; break;
		case 'm': mounts = masks = 0; break;
		case 'p': spawn = optarg; break;
		case 'T': statedir = optarg; break;
		case 'd': detach = 1; break;
		case 'i': snprintf(id, sizeof id, "%s", optarg); break;
		case 'W': slave = 1; break;
		case 'J': cfg = optarg; break;
		case 'X':
			mode = 'X';
			target = atoi(optarg);
			break;
		case 'K':
			mode = 'K';
			target = atoi(optarg);
			break;
		case 'u': mode = 'u'; break;
		case 'R': rootmode = optarg; break;
		case 't': tmplfile = optarg; break;
		case 'L': memkib = atol(optarg); break;
		case 'O': overlap = 1; break;
		case 'Y': mode = 'Y'; break;
		default: return 2;
		}
	S = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (!strcmp(cgmode, "v1"))
		find_hier(G);
	if (mode == 'Y')
		return make_template();
	if (mode == 'X')
		return do_exec(target, argv + optind);
	if (mode == 'K') {
		if (argv[optind])
			snprintf(id, sizeof id, "%s", argv[optind]);
		return do_kill(target);
	}
	rootfs = argv[optind] ? realpath(argv[optind], NULL) : NULL;
	if (mode == 'u')
		return prices(price_n);
	if (!rootfs)
		return fprintf(stderr, "floor: no rootfs\n"), 2;
	if (argv[optind + 1])
		payload = argv[optind + 1], pargv = argv + optind + 1;
	else
		pargv = (static_pargv[0] = (char *)payload, static_pargv);
	if (reps == 1 && !stamps)
		return once();
	int64_t(*all)[NST] = calloc(reps, sizeof *all);
	int64_t *tot = calloc(reps, sizeof *tot);
	int bad = 0;
	for (int i = -3; i < reps; i++) {
		bad += once() != 0;
		if (bad > 3)
			return 1;
		if (i < 0)
			continue;
		/* a stage's time is the distance to the previous mark in time */
		for (int s = 1; s < NST; s++) {
			if (!S->t[s])
				continue;
			int64_t best = 0;
			for (int q = 0; q < NST; q++)
				if (q != s && S->t[q] &&
				    (S->t[q] < S->t[s] || (S->t[q] == S->t[s] && q < s)) &&
				    S->t[q] > best)
					best = S->t[q];
			all[i][s] = best ? S->t[s] - best : 0;
		}
		tot[i] = S->t[P_END] - S->t[P_START];
	}
	int64_t *v = calloc(reps, sizeof *v);
	qsort(tot, reps, sizeof *tot, cmp64);
	double m = tot[reps / 2] / 1e3;
	printf("total us: median %.0f min %.0f p90 %.0f max %.0f  (n %d, failed %d, api %s, spawn %s, cgroup %s%s)\n",
	       m, tot[0] / 1e3, tot[reps * 9 / 10] / 1e3, tot[reps - 1] / 1e3, reps, bad,
	       newapi ? "new" : "old", spawn, cgmode, limits ? "+limits" : "");
	if (stamps)
		for (int s = 1; s < NST; s++) {
			for (int i = 0; i < reps; i++)
				v[i] = all[i][s];
			qsort(v, reps, sizeof *v, cmp64);
			if (v[reps - 1])
				printf("  %-22s %8.1f us  (min %.1f, p90 %.1f)  %4.1f%%\n",
				       stname[s], v[reps / 2] / 1e3, v[0] / 1e3,
				       v[reps * 9 / 10] / 1e3, v[reps / 2] / 10. / m);
		}
	return bad != 0;
}
