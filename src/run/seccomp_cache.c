/* SPDX-License-Identifier: Apache-2.0 */
#include "run/seccomp_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "run/seccomp.h"
#include "sys/syscalls.h"

#define CACHE_DIR "seccomp~cache"

enum {
	SLOTS = 32,
	FILE_MAX = 1 << 20,
	MAGIC = 0x31435341, /* "ASC1": another layout is another number */
};

struct header {
	uint32_t magic, key_len, insns, reserved;
	uint64_t sum; /* of key and program */
};

/* --- the key: everything that the program depends on --- */

struct key {
	struct arena *arena;
	unsigned char *buf;
	size_t len, cap;
};

static void put(struct key *k, const void *data, size_t len)
{
	if (k->len + len > k->cap) {
		size_t cap = (k->cap ? k->cap : 4096) * 2 + len;
		unsigned char *grown = arena_alloc(k->arena, cap);

		if (k->len)
			memcpy(grown, k->buf, k->len);
		k->buf = grown;
		k->cap = cap;
	}
	if (len)
		memcpy(k->buf + k->len, data, len);
	k->len += len;
}

static void put_u64(struct key *k, uint64_t v)
{
	put(k, &v, sizeof(v));
}

static void put_str(struct key *k, const char *s)
{
	put_u64(k, strlen(s));
	put(k, s, strlen(s));
}

static void put_opt(struct key *k, const uint32_t *v)
{
	put_u64(k, v ? *v : UINT64_MAX);
}

static void put_rule(struct key *k, const struct oci_seccomp_rule *rule)
{
	put_u64(k, rule->action);
	put_opt(k, rule->errno_ret);
	put_u64(k, rule->names.count);
	for (size_t i = 0; i < rule->names.count; i++)
		put_str(k, rule->names.items[i]);
	put_u64(k, rule->args_count);
	for (size_t i = 0; i < rule->args_count; i++) {
		put_u64(k, rule->args[i].index);
		put_u64(k, rule->args[i].op);
		put_u64(k, rule->args[i].value);
		put_u64(k, rule->args[i].value_two);
	}
}

static void make_key(struct key *k, const struct oci_seccomp *s)
{
	const struct scmp_version *v = seccomp_version();

	put_str(k, ATOLL_VERSION);
	put_u64(k, (uint64_t)v->major << 32 | v->minor << 16 | v->micro);
	put_u64(k, seccomp_arch_native());
	put_u64(k, s->default_action);
	put_opt(k, s->default_errno_ret);
	put_u64(k, s->archs_count);
	for (size_t i = 0; i < s->archs_count; i++)
		put_u64(k, s->archs[i]);
	put_u64(k, s->rules_count);
	for (size_t i = 0; i < s->rules_count; i++)
		put_rule(k, &s->rules[i]);
}

/* FNV-1a. Picks the slot and finds damage; nobody's safety hangs on it. */
static uint64_t hash(uint64_t h, const void *data, size_t len)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * UINT64_C(0x100000001b3);
	return h;
}
#define HASH_START UINT64_C(0xcbf29ce484222325)

/* --- files --- */

static bool is_ours(int fd, mode_t type, struct stat *st)
{
	return fstat(fd, st) == 0 && (st->st_mode & S_IFMT) == type &&
	       (st->st_uid == 0 || st->st_uid == geteuid()) && !(st->st_mode & (S_IRWXG | S_IRWXO));
}

static int open_dir(int root_fd)
{
	const int flags = O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_RDONLY;
	autoclose int fd = openat(root_fd, CACHE_DIR, flags);
	struct stat st;

	if (fd < 0 && errno == ENOENT && mkdirat(root_fd, CACHE_DIR, 0700) == 0)
		fd = openat(root_fd, CACHE_DIR, flags);
	return fd >= 0 && is_ours(fd, S_IFDIR, &st) ? take_fd(fd) : -1;
}

static const struct sock_fprog *load(int root_fd, const char *slot, const struct key *k,
				     struct arena *a)
{
	autoclose int fd = -1;
	struct sock_fprog *prog;
	struct header h;
	char *text, path[64];
	size_t len, body;
	struct stat st;
	ssize_t n;

	(void)snprintf(path, sizeof(path), CACHE_DIR "/%s", slot);
	fd = sys_openat2(root_fd, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0,
			 RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
	if (fd < 0 || !is_ours(fd, S_IFREG, &st) || st.st_size < (off_t)sizeof(h) ||
	    st.st_size > FILE_MAX)
		return NULL;
	text = arena_alloc(a, (size_t)st.st_size + 1);
	n = read(fd, text, (size_t)st.st_size + 1);
	len = (size_t)st.st_size;
	if (n != (ssize_t)len) /* changed since */
		return NULL;
	memcpy(&h, text, sizeof(h));
	if (h.magic != MAGIC || h.key_len != k->len || h.insns == 0 || h.insns > BPF_MAXINSNS)
		return NULL;
	body = k->len + h.insns * sizeof(struct sock_filter);
	if (len != sizeof(h) + body || memcmp(text + sizeof(h), k->buf, k->len) != 0 ||
	    hash(HASH_START, text + sizeof(h), body) != h.sum)
		return NULL;
	prog = ARENA_NEW(a, struct sock_fprog);
	prog->len = (unsigned short)h.insns;
	prog->filter = arena_dup(a, text + sizeof(h) + k->len,
				 h.insns * sizeof(struct sock_filter));
	return prog;
}

/* Written under a name of its own and renamed, so nobody ever reads a part. */
static void save(int dir, const char *slot, const struct key *k, const struct sock_fprog *prog)
{
	size_t size = prog->len * sizeof(struct sock_filter);
	struct header h = { .magic = MAGIC, .key_len = (uint32_t)k->len, .insns = prog->len };
	autoclose int fd = -1;
	char tmp[64];

	if (sizeof(h) + k->len + size > FILE_MAX)
		return;
	h.sum = hash(hash(HASH_START, k->buf, k->len), prog->filter, size);
	(void)snprintf(tmp, sizeof(tmp), "%s.%d", slot, (int)getpid());
	(void)unlinkat(dir, tmp, 0); /* of one with our PID that was killed here */
	fd = openat(dir, tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	if (io_write_all(fd, &h, sizeof(h)) < 0 || io_write_all(fd, k->buf, k->len) < 0 ||
	    io_write_all(fd, prog->filter, size) < 0 || renameat(dir, tmp, dir, slot) < 0)
		(void)unlinkat(dir, tmp, 0);
}

int seccomp_cached(int root_fd, const struct oci_seccomp *s, struct arena *a,
		   const struct sock_fprog **ret, struct err *e)
{
	autoclose int dir = -1;
	const struct sock_fprog *prog;
	struct key k = { .arena = a };
	char slot[16];
	int r;

	if (root_fd < 0)
		return seccomp_build(s, a, ret, e);
	make_key(&k, s);
	(void)snprintf(slot, sizeof(slot), "%02u",
		       (unsigned int)(hash(HASH_START, k.buf, k.len) % SLOTS));
	prog = load(root_fd, slot, &k, a);
	if (prog) {
		*ret = prog;
		return 0;
	}
	r = seccomp_build(s, a, &prog, e);
	if (r < 0)
		return r;
	dir = open_dir(root_fd);
	if (dir >= 0)
		save(dir, slot, &k, prog);
	*ret = prog;
	return 0;
}
