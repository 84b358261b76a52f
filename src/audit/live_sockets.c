/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets of container engines, by identity. The kernel says of every bound socket which inode of
 * which file system it is (sock_diag), mountinfo which file system and which part of it a container
 * has: so a socket is recognised under any name, and within any directory. Who listens
 * is told by the descriptors of the engines' processes. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/live_impl.h"
#include "base/cleanup.h"
#include "base/num.h"
#include "sys/syscalls.h"

/* A socket that an engine has open. */
struct live_engine {
	uint32_t socket;
	const char *name;
	bool any; /* a program that listens for others: the path must tell */
};

static const struct {
	const char *comm;
	bool any;
} engines[] = {
	{ "dockerd", false },    { "containerd", false },  { "podman", false },
	{ "crio", false },       { "cri-dockerd", false }, { "buildkitd", false },
	{ "k3s-server", false }, { "k3s", false },         { "kubelet", false },
	{ "incusd", false },     { "lxd", false },         { "libvirtd", false },
	{ "nerdctl", false },    { "systemd", true },
};

static const char *const known_names[] = {
	"docker.sock",      "containerd.sock", "podman.sock",     "crio.sock",
	"cri-dockerd.sock", "buildkitd.sock",  "kubelet.sock",    "dockershim.sock",
	"frakti.sock",      "io.podman",       "docker-raw.sock",
};

/* ---- the sockets -------------------------------------------------------------------------------- */

static bool number_to(char **s, char end, uint32_t *ret)
{
	size_t n = strspn(*s, "0123456789");
	uint64_t v;

	if (num_u64(*s, n, &v) < 0 || v > UINT32_MAX || (*s)[n] != end)
		return false;
	*s += n + 1;
	*ret = (uint32_t)v;
	return true;
}

static void read_recorded(struct live *l)
{
	size_t len, cap = 0;
	char *text;

	if (live_read(l, l->proc_fd, ".sockets", LIVE_TEXT_MAX, &text, &len) < 0)
		return;
	for (char *s = text; *s;) {
		struct unix_socket u = { .listens = true };
		size_t n;

		if (!number_to(&s, ':', &u.major) || !number_to(&s, ' ', &u.minor) ||
		    !number_to(&s, ' ', &u.file) || !number_to(&s, ' ', &u.socket))
			return;
		n = strcspn(s, "\n");
		u.path = arena_strndup(l->arena, s, n);
		s += n + (s[n] == '\n');
		*(struct unix_socket *)arena_push(l->arena, &l->sockets, &l->socket_count, &cap,
						  sizeof(u)) = u;
	}
}

/* The path within its file system instead of the one it was bound by; NULL: it is not
 * found there by us (another mount namespace, a name that was reused). */
static const char *path_in_fs(struct live *l, const struct unix_socket *u)
{
	char link[64], buf[4096];
	const struct proc_mount *m;
	const char *rest;
	struct statx st;
	ssize_t n;
	/* A bound socket keeps its names in the kernel's memory: nobody has to be asked. */
	autoclose int fd = u->path[0] != '/'
				   ? -ENOENT
				   : sys_openat2(AT_FDCWD, u->path, O_PATH | O_NOFOLLOW | O_CLOEXEC,
						 0, RESOLVE_NO_MAGICLINKS | RESOLVE_CACHED);

	if (fd < 0 ||
	    statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_INO | STATX_MNT_ID, &st) < 0 ||
	    !(st.stx_mask & STATX_MNT_ID) || (uint32_t)st.stx_ino != u->file)
		return NULL;
	m = live_mount_by_id(&l->own, st.stx_mnt_id);
	if (!m || m->major != u->major || m->minor != u->minor)
		return NULL;
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, buf, sizeof(buf) - 1);
	if (n <= 0)
		return NULL;
	buf[n] = '\0';
	if (!live_below(buf, m->mount_point, &rest))
		return NULL;
	return arena_printf(l->arena, "%s%s", strcmp(m->root, "/") == 0 ? "" : m->root, rest);
}

static void read_sockets(struct live *l)
{
	const struct pn_proc *self = l->recorded ? NULL : pn_find(l->snap, getpid());

	l->sockets_read = true;
	if (l->recorded) {
		read_recorded(l);
		return;
	}
	/* Sockets are told of one network namespace: that of the machine is wanted. */
	if (!l->at_host || !self || live_ns_is_first(l, PN_NET, self->ns_ino[PN_NET]) == TRI_NO)
		l->sockets_error = -EXDEV;
	else
		l->sockets_error = unixdiag_read(l->arena, &l->sockets, &l->socket_count);
	for (size_t i = 0; i < l->socket_count; i++)
		if (l->sockets[i].listens)
			l->sockets[i].path = path_in_fs(l, &l->sockets[i]);
}

/* ---- who listens ---------------------------------------------------------------------------------- */

static void read_engine(struct live *l, const struct pn_proc *p, bool any)
{
	int fd = openat(l->proc_fd, arena_printf(l->arena, "%d/fd", (int)p->pid),
			O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autodir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *d;
	size_t n = 0;

	if (!dir) {
		if (fd >= 0)
			(void)close(fd);
		return;
	}
	while ((d = readdir(dir)) && n++ < LIVE_FDS_MAX) {
		char buf[64];
		ssize_t len = readlinkat(fd, d->d_name, buf, sizeof(buf) - 1);
		struct live_engine *e;
		uint32_t ino;
		char *s = buf + 8;

		if (len < 0)
			continue;
		buf[len] = '\0';
		if (strncmp(buf, "socket:[", 8) != 0 || !number_to(&s, ']', &ino))
			continue;
		e = arena_push(l->arena, &l->engines, &l->engine_count, &l->engine_cap, sizeof(*e));
		*e = (struct live_engine){ ino, live_escape(l, p->comm), any };
	}
}

static void read_engines(struct live *l)
{
	l->engines_read = true;
	for (size_t i = 0; i < pn_count(l->snap); i++) {
		const struct pn_proc *p = pn_at(l->snap, i);

		for (size_t k = 0; k < ARRAY_LEN(engines); k++)
			if (strcmp(p->comm, engines[k].comm) == 0)
				read_engine(l, p, engines[k].any);
	}
}

static bool has_known_name(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	for (size_t i = 0; slash && i < ARRAY_LEN(known_names); i++)
		if (strcmp(slash + 1, known_names[i]) == 0)
			return true;
	return false;
}

static enum tri is_engines(struct live *l, const struct unix_socket *u, const char **ret_owner)
{
	if (!l->engines_read)
		read_engines(l);
	for (size_t i = 0; i < l->engine_count; i++) {
		const struct live_engine *e = &l->engines[i];

		if (e->socket != u->socket || (e->any && !has_known_name(u->path)))
			continue;
		*ret_owner = e->name;
		return TRI_YES;
	}
	return TRI_NO;
}

/* ---- is it in the container? ------------------------------------------------------------------------ */

static bool reaches(struct live *l, struct live_target *t, const struct proc_mount *m,
		    const struct unix_socket *u, const struct live_stat *st)
{
	const char *rest, *target;

	if (!u->path) /* its place is not known: it itself, or nothing that we could see */
		return st->type == LIVE_SOCK && (uint32_t)st->ino == u->file;
	if (!live_below(u->path, m->root, &rest))
		return false;
	target = arena_printf(l->arena, "%s%s",
			      strcmp(m->mount_point, "/") == 0 ? "" : m->mount_point, rest);
	return live_mount_at(&t->mounts, target) == m;
}

enum tri live_socket(struct live *l, struct live_target *t, const struct proc_mount *m,
		     const char **ret_owner)
{
	struct live_stat st = { 0 };
	bool asked = false;

	if (!l->sockets_read)
		read_sockets(l);
	if (l->sockets_error) {
		int r = live_stat(l, t->dir, arena_printf(l->arena, "root%s", m->mount_point), &st);

		return r == 0 && st.type == LIVE_SOCK ? TRI_UNKNOWN : TRI_NO;
	}
	for (size_t i = 0; i < l->socket_count; i++) {
		const struct unix_socket *u = &l->sockets[i];

		if (!u->listens || u->major != m->major || u->minor != m->minor)
			continue;
		if (!u->path && !asked) {
			asked = true;
			if (live_stat(l, t->dir, arena_printf(l->arena, "root%s", m->mount_point),
				      &st) < 0)
				st.type = LIVE_OTHER;
		}
		if (reaches(l, t, m, u, &st) && is_engines(l, u, ret_owner) == TRI_YES)
			return TRI_YES;
	}
	return TRI_NO;
}
