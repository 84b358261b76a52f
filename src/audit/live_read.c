/* SPDX-License-Identifier: Apache-2.0 */
/* Reading what belongs to others, without trusting or waiting for them. A container may
 * mount a FUSE file system anywhere, whose server answers when it likes: so nothing in there is
 * looked up or asked for its attributes unless the kernel has the answer at hand. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "audit/live_impl.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "base/num.h"
#include "sys/syscalls.h"

int live_read(struct live *l, int dir, const char *name, size_t max, char **ret, size_t *ret_len)
{
	autoclose int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return -errno;
	return io_read_fd(fd, max, l->arena, ret, ret_len);
}

int live_read_root(struct live *l, const char *name, char **ret, size_t *ret_len)
{
	/* Links stay inside of the root: that of a recorded scene may be anybody's. */
	autoclose int fd = l->root_fd < 0
				   ? -ENOENT
				   : sys_openat2(l->root_fd, name,
						 O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0,
						 RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);

	if (fd < 0)
		return fd;
	return io_read_fd(fd, LIVE_TEXT_MAX, l->arena, ret, ret_len);
}

struct place live_place(struct live *l, const struct pn_proc *p, const char *file, const char *key)
{
	return (struct place){ .path = arena_printf(l->arena, "%s/%d/%s%s%s", l->proc, (int)p->pid,
						    file, key ? ": " : "", key ? key : "") };
}

const char *live_escape(struct live *l, const char *s)
{
	size_t len = strlen(s), need = pn_escape(NULL, 0, s, len);
	char *out = arena_alloc(l->arena, need + 1);

	(void)pn_escape(out, need + 1, s, len);
	return out;
}

const char *live_who(struct live *l, const struct pn_proc *p)
{
	return arena_printf(l->arena, "%d (%s)", (int)p->inner, live_escape(l, p->comm));
}

const char *live_errno(int r)
{
	return strerror(r < 0 ? -r : r);
}

/* ---- stat ----------------------------------------------------------------------------------- */

static bool take_number(const char **s, uint64_t *ret)
{
	size_t n = strspn(*s, "0123456789");

	if (n == 0 || num_u64(*s, n, ret) < 0)
		return false;
	*s += n;
	*s += **s == ' ' || **s == ':';
	return true;
}

static enum live_type type_from_word(const char *s, size_t n)
{
	static const struct {
		const char *word;
		enum live_type type;
	} words[] = { { "dir", LIVE_DIR },
		      { "file", LIVE_REG },
		      { "socket", LIVE_SOCK },
		      { "char", LIVE_CHR },
		      { "block", LIVE_BLK } };

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strlen(words[i].word) == n && memcmp(words[i].word, s, n) == 0)
			return words[i].type;
	return LIVE_OTHER;
}

static int stat_recorded(struct live *l, int dir, const char *path, struct live_stat *ret)
{
	size_t len, n = strlen(path);
	char *text;
	int r = live_read(l, dir, ".stat", LIVE_TEXT_MAX, &text, &len);

	for (const char *s = text; r == 0 && s; s = (s = strchr(s, '\n')) ? s + 1 : NULL) {
		uint64_t major, minor;

		if (strncmp(s, path, n) != 0 || s[n] != ' ')
			continue;
		s += n + 1;
		n = strcspn(s, " \n");
		*ret = (struct live_stat){ .type = type_from_word(s, n) };
		s += n + (s[n] == ' ');
		if (!take_number(&s, &ret->mnt_id) || !take_number(&s, &ret->ino) ||
		    !take_number(&s, &major) || !take_number(&s, &minor))
			return -EINVAL;
		ret->rmajor = (uint32_t)major;
		ret->rminor = (uint32_t)minor;
		return 0;
	}
	return r < 0 ? r : -ENOENT;
}

static enum live_type type_of(uint32_t mode)
{
	return S_ISDIR(mode)    ? LIVE_DIR
	       : S_ISREG(mode)  ? LIVE_REG
	       : S_ISSOCK(mode) ? LIVE_SOCK
	       : S_ISCHR(mode)  ? LIVE_CHR
	       : S_ISBLK(mode)  ? LIVE_BLK
				: LIVE_OTHER;
}

static int stat_at(int fd, const char *path, int flags, struct live_stat *ret)
{
	struct statx st;

	if (statx(fd, path, AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC | flags,
		  STATX_TYPE | STATX_INO | STATX_MNT_ID, &st) < 0)
		return -errno;
	*ret = (struct live_stat){
		.type = type_of(st.stx_mode),
		.mnt_id = st.stx_mask & STATX_MNT_ID ? st.stx_mnt_id : 0,
		.ino = st.stx_ino,
		.rmajor = st.stx_rdev_major,
		.rminor = st.stx_rdev_minor,
	};
	return 0;
}

/* A path below the root of the process, from what the kernel has in memory. */
static int open_cached(int dir, const char *path, uint64_t flags)
{
	autoclose int root = openat(dir, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (root < 0)
		return -errno;
	/* Before 5.12 there is no RESOLVE_CACHED: -EINVAL, and nothing is known. */
	return sys_openat2(root, *path ? path : ".", flags | O_CLOEXEC, 0,
			   RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS |
				   RESOLVE_CACHED);
}

int live_stat(struct live *l, int dir, const char *path, struct live_stat *ret)
{
	autoclose int fd = -1;

	if (l->recorded)
		return stat_recorded(l, dir, path, ret);
	/* The link of /proc itself jumps: no name is looked up. */
	if (strncmp(path, "root/", 5) != 0)
		return stat_at(dir, path, 0, ret);
	path += 5 + strspn(path + 5, "/");
	fd = open_cached(dir, path, O_PATH | O_NOFOLLOW);
	return fd < 0 ? fd : stat_at(fd, "", AT_EMPTY_PATH, ret);
}

int live_open_dir(struct live *l, int dir, const char *path)
{
	path += strspn(path, "/");
	if (l->recorded) {
		int fd = openat(dir, arena_printf(l->arena, "root/%s", path),
				O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
		return fd < 0 ? -errno : fd;
	}
	return open_cached(dir, path, O_RDONLY | O_DIRECTORY);
}
