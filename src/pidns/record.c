/* SPDX-License-Identifier: Apache-2.0 */
/* A copy of what a snapshot reads, for another day, another machine or a test. */
#include "pidns/impl.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/num.h"

static const char *const files[] = {
	"status",  "stat",    "cgroup",       "wchan",     "syscall",
	"uid_map", "gid_map", "attr/current", "mountinfo",
};

struct recorder {
	int from, to;
	unsigned int flags;
	struct inoset asked;
	char *text;
	FILE *nsinfo;
};

static int write_file(int dirfd, const char *name, const char *data, size_t len)
{
	autoclose int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
				  0644);

	return fd < 0 ? -errno : io_write_all(fd, data, len);
}

static ssize_t read_file(struct recorder *rec, int dirfd, const char *name)
{
	autoclose int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	size_t len = 0;

	if (fd < 0)
		return -errno;
	while (len < SCRATCH_SIZE) {
		ssize_t n = read(fd, rec->text + len, SCRATCH_SIZE - len);

		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	return (ssize_t)len;
}

/* Sources and options of mounts may hold addresses and passwords; what counts are the binds of
 * namespaces. */
static size_t only_nsfs(char *text, size_t len)
{
	size_t out = 0;

	for (size_t at = 0; at < len;) {
		const char *nl = memchr(text + at, '\n', len - at);
		size_t n = nl ? (size_t)(nl - text) - at + 1 : len - at;

		if (memmem(text + at, n, " - nsfs ", 8)) {
			memmove(text + out, text + at, n);
			out += n;
		}
		at += n;
	}
	return out;
}

/* "61 0xffff... 0x7ffd... ... SP PC": the addresses are nobody's business. */
static size_t only_call(char *text, size_t len)
{
	char *first = memchr(text, ' ', len);
	char *second = first ? memchr(first + 1, ' ', len - (size_t)(first + 1 - text)) : NULL;

	if (!second)
		return len;
	memcpy(second, " 0x0\n", 5);
	return (size_t)(second - text) + 5;
}

static int copy_cmdline(struct recorder *rec, int from, int to)
{
	ssize_t n = read_file(rec, from, "cmdline");
	size_t len;

	if (n < 0)
		return 0;
	len = (size_t)n > CMDLINE_MAX ? CMDLINE_MAX : (size_t)n;
	if (!(rec->flags & PN_RECORD_CMDLINE)) {
		/* A program that writes a title over its arguments (Chrome, PostgreSQL) has all of
		 * them in the first. */
		size_t first = strnlen(rec->text, len), word = 0;

		while (word < first && rec->text[word] != ' ')
			word++;
		if (word < first)
			rec->text[first = word] = '\0';
		len = first < len ? first + 1 : first;
	}
	return write_file(to, "cmdline", rec->text, len);
}

static int copy_files(struct recorder *rec, int from, int to)
{
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		ssize_t n = read_file(rec, from, files[i]);
		size_t len = n > 0 ? (size_t)n : 0;
		int r;

		if (n < 0)
			continue;
		if (strcmp(files[i], "mountinfo") == 0) {
			len = only_nsfs(rec->text, len);
			if (len == 0)
				continue;
		} else if (strcmp(files[i], "syscall") == 0 && len > 6 && len < SCRATCH_SIZE) {
			len = only_call(rec->text, len);
		}
		r = write_file(to, files[i], rec->text, len);
		if (r < 0)
			return r;
	}
	return copy_cmdline(rec, from, to);
}

static int copy_link(int from, int to, const char *name)
{
	char text[128];
	ssize_t n = readlinkat(from, name, text, sizeof(text) - 1);

	if (n < 0)
		return -errno;
	text[n] = '\0';
	return symlinkat(text, to, name) < 0 ? -EIO : 0;
}

static int note_namespace(struct recorder *rec, int from, const char *name)
{
	autoclose int fd = openat(from, name, O_RDONLY | O_CLOEXEC);
	struct nsinfo i;

	if (fd < 0)
		return 0;
	nsfd_info(fd, &i);
	if (i.type_ino == 0 || set_add(&rec->asked, i.type_ino) <= 0)
		return 0;
	return fprintf(rec->nsinfo, "%llu %llu %llu %llu %llu %lld\n",
		       (unsigned long long)i.type_ino, (unsigned long long)i.id,
		       (unsigned long long)i.dev, (unsigned long long)i.parent_ino,
		       (unsigned long long)i.userns, (long long)i.owner_uid) < 0
		       ? -EIO
		       : 0;
}

static int copy_links(struct recorder *rec, int from, int to)
{
	static const char children[] = "ns/pid_for_children";
	int r = 0;

	for (int t = 0; t < PN_TYPES; t++) {
		r = copy_link(from, to, proc_ns_path[t]);
		if (r == 0)
			r = note_namespace(rec, from, proc_ns_path[t]);
		if (r == -EIO)
			return r;
	}
	r = copy_link(from, to, children);
	/* No link in a process that is there: it has unshared, and there is no init. */
	if (r == -ENOENT && faccessat(from, "stat", F_OK, 0) == 0)
		return symlinkat("none", to, children) < 0 ? -EIO : 0;
	return r == -EIO ? r : 0;
}

/* signalfds tell of reaping; nothing else of fdinfo is kept. */
static int copy_signalfds(struct recorder *rec, int from, int to)
{
	int fd = openat(from, "fdinfo", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autodir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *d;
	bool made = false;
	int r = 0;

	if (fd >= 0 && !dir)
		(void)close(fd);
	while (r == 0 && dir && (d = readdir(dir))) {
		char path[300];
		ssize_t n = d->d_name[0] == '.' ? 0 : read_file(rec, fd, d->d_name);

		if (n <= 0 || !memmem(rec->text, (size_t)n, "sigmask:\t", 9))
			continue;
		if (!made && mkdirat(to, "fdinfo", 0755) < 0)
			return -errno;
		made = true;
		(void)snprintf(path, sizeof(path), "fdinfo/%s", d->d_name);
		r = write_file(to, path, rec->text, (size_t)n);
	}
	return r;
}

/* 1: copied; 0: it is gone. */
static int copy_process(struct recorder *rec, const char *name)
{
	autoclose int from = openat(rec->from, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	autoclose int to = -1;
	int r;

	/* The directory pins the process, and its status is there to the end. */
	if (from < 0 || faccessat(from, "status", R_OK, 0) < 0)
		return 0;
	if (mkdirat(rec->to, name, 0755) < 0)
		return -errno;
	to = openat(rec->to, name, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (to < 0 || mkdirat(to, "ns", 0755) < 0 || mkdirat(to, "attr", 0755) < 0)
		return -errno;
	r = copy_files(rec, from, to);
	if (r == 0)
		r = copy_links(rec, from, to);
	if (r == 0)
		r = copy_signalfds(rec, from, to);
	return r < 0 ? r : 1;
}

static int copy_all(struct recorder *rec)
{
	int fd = openat(rec->from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autodir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *d;
	int count = 0;
	pid_t pid;

	if (!dir)
		return -errno;
	while ((d = readdir(dir))) {
		int r = num_pid(d->d_name, &pid) < 0 ? 0 : copy_process(rec, d->d_name);

		if (r < 0)
			return r;
		count += r;
	}
	return count;
}

/* Names go into a file of our own: the engines' hold far more than names. */
static int copy_names(const struct recorder *rec, const char *proc)
{
	struct pn_opts opts = PN_OPTS_INIT;
	autoclose int fd = -1;
	autofile FILE *f = NULL;
	struct pn_snap *s;
	int r;

	opts.proc = proc;
	r = pn_snapshot(&s, &opts);
	if (r < 0)
		return r;
	fd = openat(rec->to, RECORD_NAMES_FILE, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	f = fd < 0 ? NULL : fdopen(fd, "we");
	if (!f) {
		r = -errno;
		pn_free(s);
		return r;
	}
	(void)take_fd(fd);
	for (const struct pn_owner *o = pn_owners(s); o; o = o->next)
		if (o->name || o->pod_name || o->image)
			(void)fprintf(f, "%s\t%s\t%s\t%s\t%s\n", pn_runtime_name(o->runtime), o->id,
				      o->name ? o->name : "", o->pod_name ? o->pod_name : "",
				      o->image ? o->image : "");
	pn_free(s);
	return ferror(f) || fflush(f) != 0 ? -EIO : 0;
}

static int record(struct recorder *rec, const char *proc)
{
	int fd = openat(rec->to, RECORD_NSINFO, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	int r;

	if (fd < 0)
		return -errno;
	rec->nsinfo = fdopen(fd, "we");
	if (!rec->nsinfo) {
		(void)close(fd);
		return -ENOMEM;
	}
	r = copy_all(rec);
	if (fclose(rec->nsinfo) != 0 && r >= 0)
		r = -EIO;
	if (r >= 0 && rec->flags & PN_RECORD_NAMES) {
		int e = copy_names(rec, proc);

		r = e < 0 ? e : r;
	}
	return r;
}

int pn_record(const char *proc, const char *dir, unsigned int flags)
{
	autofree char *text = malloc(SCRATCH_SIZE);
	autoclose int from = -1, to = -1;
	struct recorder rec = { .flags = flags, .text = text };
	int r;

	if (!text)
		return -ENOMEM;
	from = open(proc ? proc : "/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (from < 0)
		return -errno;
	if (mkdir(dir, 0755) < 0)
		return -errno;
	to = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (to < 0)
		return -errno;
	rec.from = from;
	rec.to = to;
	r = record(&rec, proc);
	free(rec.asked.slots);
	return r;
}
