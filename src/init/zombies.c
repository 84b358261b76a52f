/* SPDX-License-Identifier: Apache-2.0 */
#include "init/zombies.h"

#include "init/kern.h"

enum {
	ZOMBIES_MAX = 64, /* told apart at a time; more of them wait for their turn */
	DIRENTS_SIZE = 2048,
	STAT_SIZE = 512,
};

static struct zombie {
	int pid; /* 0 = free */
	int parent;
	bool seen, told;
} known[ZOMBIES_MAX];

/* linux_dirent64, getdents64(2) */
struct dirent_head {
	uint64_t ino;
	int64_t off;
	uint16_t reclen;
	uint8_t type;
	char name[];
};

/* /proc may show another namespace than ours; then its numbers mean nothing here. */
static bool proc_is_ours(int self)
{
	char link[16];
	long n = kern_readlink("/proc/self", link, sizeof(link) - 1);
	uint64_t pid;

	if (n <= 0 || n >= (long)sizeof(link))
		return false;
	link[n] = '\0';
	return init_parse_num(link, 10, INT32_MAX, &pid) && (int)pid == self;
}

/* The parent of @pid if that is a zombie, otherwise -1. proc_pid_stat(5): the name
 * stands in parentheses and may hold any character, so count from the last one. */
static int zombie_parent(const char *pid)
{
	struct init_text path;
	char buf[STAT_SIZE];
	long n, at;
	int fd, parent = 0;

	init_text_start(&path);
	init_text_str(&path, "/proc/");
	init_text_str(&path, pid);
	init_text_str(&path, "/stat");
	fd = (int)kern_open(path.buf, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	n = kern_read(fd, buf, sizeof(buf) - 1);
	kern_close(fd);
	for (at = n - 1; at >= 0 && buf[at] != ')'; at--)
		;
	if (at < 0 || at + 4 >= n || buf[at + 2] != 'Z')
		return -1;
	for (at += 4; at < n && buf[at] >= '0' && buf[at] <= '9' && parent < INT32_MAX / 10; at++)
		parent = parent * 10 + (buf[at] - '0');
	return parent;
}

/* True if it is new. */
static bool meet(struct init_teller *t, int pid, int parent)
{
	struct zombie *free = NULL;

	for (int i = 0; i < ZOMBIES_MAX; i++) {
		struct zombie *z = &known[i];

		if (z->pid == pid && z->parent == parent) {
			z->seen = true;
			if (!z->told)
				init_tell_zombie(t, pid, parent);
			z->told = true;
			return false;
		}
		if (z->pid == 0 && !free)
			free = z;
	}
	if (free)
		*free = (struct zombie){ .pid = pid, .parent = parent, .seen = true };
	return free != NULL;
}

static bool look_at(struct init_teller *t, const char *name)
{
	uint64_t pid;
	int parent;

	if (!init_parse_num(name, 10, INT32_MAX, &pid))
		return false;
	parent = zombie_parent(name);
	/* our own is reaped in the next turn */
	return parent >= 0 && parent != t->self && meet(t, (int)pid, parent);
}

bool init_zombies_look(struct init_teller *t)
{
	_Alignas(8) char buf[DIRENTS_SIZE];
	bool is_new = false;
	int dir;
	long n;

	if (!proc_is_ours(t->self))
		return false;
	dir = (int)kern_open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return false;
	for (int i = 0; i < ZOMBIES_MAX; i++)
		known[i].seen = false;
	while ((n = kern_getdents(dir, buf, sizeof(buf))) > 0)
		for (long at = 0; at < n;) {
			const struct dirent_head *d = (const struct dirent_head *)(buf + at);

			is_new |= look_at(t, d->name);
			at += d->reclen;
		}
	kern_close(dir);
	for (int i = 0; i < ZOMBIES_MAX; i++)
		if (!known[i].seen)
			known[i] = (struct zombie){ 0 };
	return is_new;
}
