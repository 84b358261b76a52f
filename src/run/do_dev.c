/* SPDX-License-Identifier: Apache-2.0 */
/* /dev: nodes, links, the console. Everything is made relative to an fd of the
 * directory, which was opened inside the root: a /dev that is a link leads to
 * another place of the same root at most (CVE-2026-41579). */
#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <termios.h>

#include "base/cleanup.h"
#include "run/inroot.h"
#include "run/mnt.h"
#include "sys/fdpass.h"
#include "sys/mountapi.h"
#include "sys/syscalls.h"

/* Child side: /dev of the container, and the umask while devices are made. */
static int dev_fd = -1;
static mode_t saved_umask;

static int open_dev(struct ctx *c, struct err *e)
{
	bool made;

	if (dev_fd >= 0)
		return 0;
	dev_fd = inroot_take_kept(c->root_fd, "/dev");
	if (dev_fd < 0)
		dev_fd = inroot_mkdirs(c->root_fd, "/dev", &made);
	if (dev_fd < 0)
		return err_set(e, -dev_fd, "open /dev of the container: %m");
	saved_umask = umask(0);
	return 0;
}

static mode_t type_bits(char type)
{
	switch (type) {
	case 'b': return S_IFBLK;
	case 'p': return S_IFIFO;
	default: return S_IFCHR; /* c, u */
	}
}

static bool is_device(const struct stat *st, const struct oci_device *d)
{
	if ((st->st_mode & S_IFMT) != type_bits(d->type))
		return false;
	return d->type == 'p' ||
	       st->st_rdev == makedev((unsigned int)d->major, (unsigned int)d->minor);
}

/* It may be there already: in the image, or by a bind mount. */
static int check_existing(int dir, const char *name, const struct oci_device *d, struct err *e)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set(e, errno, "%s: %m", d->path);
	if (is_device(&st, d))
		return 0;
	return err_set(e, EEXIST, "%s exists and is not the device %c %lld:%lld", d->path, d->type,
		       (long long)d->major, (long long)d->minor);
}

static int make_node(int dir, const char *name, const struct oci_device *d, struct err *e)
{
	dev_t dev = d->type == 'p' ? 0 : makedev((unsigned int)d->major, (unsigned int)d->minor);

	if (mknodat(dir, name, type_bits(d->type) | (*d->file_mode & 07777), dev) < 0) {
		if (errno == EEXIST)
			return check_existing(dir, name, d, e);
		return errno == EPERM ? -EPERM : err_set(e, errno, "mknod %s: %m", d->path);
	}
	if ((d->uid || d->gid) && fchownat(dir, name, d->uid, d->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set(e, errno, "chown %s: %m", d->path);
	return 0;
}

/* An empty file to mount a device on, never a link. */
static int make_place(int dir, const char *name, const char *path, struct err *e)
{
	struct stat st;

	if (mknodat(dir, name, S_IFREG | 0666, 0) == 0)
		return 0;
	if (errno != EEXIST)
		return err_set(e, errno, "make %s: %m", path);
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set(e, errno, "%s: %m", path);
	if (S_ISLNK(st.st_mode) || S_ISDIR(st.st_mode))
		return err_set(e, ELOOP, "%s is a %s, so nothing is mounted on it", path,
			       S_ISLNK(st.st_mode) ? "symbolic link" : "directory");
	return 0;
}

static int bind_node(int dir, const char *name, const struct oci_device *d, struct err *e)
{
	autoclose int tree = mountapi_clone(AT_FDCWD, d->path, false, false);
	struct stat st;
	int r;

	if (tree < 0) {
		(void)err_set(e, -tree, "bind %s of the host: %m", d->path);
		err_hint(
			e,
			"in a user namespace device nodes cannot be made, only taken over from the host");
		return tree;
	}
	if (fstat(tree, &st) < 0)
		return err_set(e, errno, "%s of the host: %m", d->path);
	if (!is_device(&st, d))
		return err_set(e, ENODEV, "%s of the host is not the device %c %lld:%lld", d->path,
			       d->type, (long long)d->major, (long long)d->minor);
	r = make_place(dir, name, d->path, e);
	if (r < 0)
		return r;
	r = mountapi_attach_at(tree, dir, name);
	return r < 0 ? err_set(e, -r, "bind %s: %m", d->path) : 0;
}

int do_device(struct ctx *c, const struct step *s, struct err *e)
{
	const struct oci_device *d = s->device.dev;
	const char *name = d->path + strlen("/dev/");
	autoclose int other = -1;
	int dir, r = open_dev(c, e);

	if (r < 0)
		return r;
	dir = dev_fd;
	if (strncmp(d->path, "/dev/", 5) != 0 || strchr(name, '/')) {
		dir = other = inroot_parent(c->root_fd, d->path, &name);
		if (other < 0)
			return err_set(e, -other, "make the parent of %s: %m", d->path);
	}
	if (!s->device.bind) {
		r = make_node(dir, name, d, e);
		if (r != -EPERM || (e && e->code))
			return r;
	}
	return bind_node(dir, name, d, e);
}

static int add_link(const char *text, const char *name, struct err *e)
{
	if (symlinkat(text, dev_fd, name) < 0 && errno != EEXIST)
		return err_set(e, errno, "make the link /dev/%s: %m", name);
	return 0;
}

/* A node of that name would open terminals of another devpts. */
static int add_ptmx(struct err *e)
{
	if (symlinkat("pts/ptmx", dev_fd, "ptmx") == 0)
		return 0;
	if (errno != EEXIST || unlinkat(dev_fd, "ptmx", 0) < 0 ||
	    symlinkat("pts/ptmx", dev_fd, "ptmx") < 0)
		return err_set(e, errno, "make the link /dev/ptmx: %m");
	return 0;
}

/* Nobody needs the old one back if nothing runs before STEP_UMASK. */
static bool umask_matters(const struct ctx *c)
{
	bool hooks = false, set = false;

	for (size_t i = 0; i < c->plan->count; i++) {
		hooks = hooks || c->plan->steps[i].kind == STEP_HOOKS;
		set = set || c->plan->steps[i].kind == STEP_UMASK;
	}
	return hooks || !set;
}

int do_dev_links(struct ctx *c, const struct step *s, struct err *e)
{
	static const char *const links[][2] = {
		{ "/proc/self/fd", "fd" },
		{ "/proc/self/fd/0", "stdin" },
		{ "/proc/self/fd/1", "stdout" },
		{ "/proc/self/fd/2", "stderr" },
	};
	int r = open_dev(c, e);

	for (size_t i = 0; i < ARRAY_LEN(links) && r == 0; i++)
		r = add_link(links[i][0], links[i][1], e);
	if (r == 0 && access("/proc/kcore", F_OK) == 0)
		r = add_link("/proc/kcore", "core", e);
	if (r == 0 && s->num.value)
		r = add_ptmx(e);
	if (umask_matters(c))
		(void)umask(saved_umask);
	return r;
}

/* ---- console -------------------------------------------------------------- */

/* The container's own. On a devpts nobody can make or rename anything, so the
 * ptmx of one is genuine; devices elsewhere are not opened to find out. */
static int open_ptmx(struct ctx *c, const struct step *s, int root, struct err *e)
{
	autoclose int pts = inroot_open(root, "/dev/pts", O_PATH | O_DIRECTORY, 0);
	struct statfs fs;
	int fd;

	(void)s;
	if (pts >= 0 && fstatfs(pts, &fs) == 0 && fs.f_type == DEVPTS_SUPER_MAGIC) {
		fd = sys_openat2(pts, "ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC, 0,
				 RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS);
		return fd < 0 ? err_set(e, -fd, "open /dev/pts/ptmx: %m") : fd;
	}
	if (c->plan->env.mode == PLAN_EXEC)
		return err_set(e, ENOENT, "no terminal: the container has no devpts on /dev/pts");
	fd = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	return fd < 0 ? err_set(e, errno, "open /dev/ptmx of the host: %m") : fd;
}

/* Done here rather than by who gets the master: that one may come too late. */
static void keep_line_feeds(int slave)
{
	struct termios tio;

	if (tcgetattr(slave, &tio) < 0)
		return;
	tio.c_oflag &= ~(tcflag_t)ONLCR;
	(void)tcsetattr(slave, TCSANOW, &tio);
}

static int open_pair(struct ctx *c, const struct step *s, int root, int *ret_master, int *ret_slave,
		     struct err *e)
{
	const struct oci_process *p = s->process.process;
	struct winsize size = { .ws_row = (unsigned short)p->console_height,
				.ws_col = (unsigned short)p->console_width };
	autoclose int master = open_ptmx(c, s, root, e), slave = -1;
	int unlock = 0;

	if (master < 0)
		return take_fd(master);
	if (ioctl(master, TIOCSPTLCK, &unlock) < 0)
		return err_set(e, errno, "unlock the terminal: %m");
	slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		return err_set(e, errno, "open the terminal: %m");
	if ((size.ws_row || size.ws_col) && ioctl(master, TIOCSWINSZ, &size) < 0)
		return err_set(e, errno, "set the size of the terminal: %m");
	if (p->uid && fchown(slave, p->uid, (gid_t)-1) < 0 && errno != EPERM && errno != EINVAL)
		return err_set(e, errno, "chown the terminal: %m");
	if (c->console_plain)
		keep_line_feeds(slave);
	*ret_master = take_fd(master);
	*ret_slave = take_fd(slave);
	return 0;
}

static int send_master(int sock, int master, struct err *e)
{
	static const char name[] = "/dev/ptmx";
	ssize_t n = fdpass_send(sock, name, sizeof(name) - 1, master);

	return n < 0 ? err_set(e, (int)-n, "send the terminal to the console socket: %m") : 0;
}

/* CVE-2025-52565: the file is made here, or is no link. */
static int bind_console(struct ctx *c, int slave, struct err *e)
{
	autoclose int tree = mountapi_clone(slave, "", false, true), dev = -1;
	bool made;
	int r;

	if (tree < 0)
		return err_set(e, -tree, "clone the terminal: %m");
	dev = inroot_mkdirs(c->root_fd, "/dev", &made);
	if (dev < 0)
		return err_set(e, -dev, "open /dev of the container: %m");
	r = make_place(dev, "console", "/dev/console", e);
	if (r < 0)
		return r;
	r = mountapi_attach_at(tree, dev, "console");
	return r < 0 ? err_set(e, -r, "mount the terminal on /dev/console: %m") : 0;
}

/* All other settings are left to who receives the master: an engine copies to a
 * terminal in raw mode, a pipe or a log, and each wants another one. */
int do_console(struct ctx *c, const struct step *s, struct err *e)
{
	const bool exec = c->plan->env.mode == PLAN_EXEC;
	autoclose int master = -1, slave = -1, own_root = -1;
	int r;

	if (c->console_socket < 0)
		return err_set(e, EINVAL,
			       "process.terminal needs a console socket, or a terminal of our own");
	if (c->root_fd < 0) {
		own_root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (own_root < 0)
			return err_set(e, errno, "open /: %m");
	}
	r = open_pair(c, s, c->root_fd < 0 ? own_root : c->root_fd, &master, &slave, e);
	if (r == 0 && !exec)
		r = bind_console(c, slave, e);
	if (r == 0)
		r = send_master(c->console_socket, master, e);
	if (r < 0)
		return r;
	cleanup_fd(&c->console_socket);
	if (ioctl(slave, TIOCSCTTY, 0) < 0)
		return err_set(e, errno, "make the terminal the controlling one: %m");
	for (int fd = 0; fd < 3; fd++)
		if (dup2(slave, fd) < 0)
			return err_set(e, errno, "dup2: %m");
	return 0;
}
