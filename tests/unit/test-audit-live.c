/* SPDX-License-Identifier: Apache-2.0 */
/* audit_live() over recorded scenes: a calm container (tests/fixtures/audit/live/calm.scene), in
 * which no rule fires and none but drift says that it cannot tell, and for every rule of
 * live containers a scene that is that one with a few lines changed (RULE/fires*.scene). Its first
 * line names the rules that fire because of it: exactly these ("of TARGET" before them: not in
 * web). RULE/silent*.scene: none.
 *
 * Lines of a scene:
 *	== PATH            a file of what follows, up to the next line of this kind
 *	-> PATH TEXT       a link
 *	cmd PATH WORDS     a file of words with a NUL after each
 *	set PATH KEY TEXT  the line "KEY:..." of a file becomes "KEY:<tab>TEXT"
 *	add PATH LINE      one more line
 *	cut PATH TEXT      without the lines that have TEXT in them
 *	rm PATH            no such file or link
 *	filter PID ALLOW|ERRNO NAME...   seccomp: that default, the other one for the calls named */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
/* linux/audit.h, which comes with it, has a struct of the name of our enum. */
#define audit_status linux_audit_status
#include <seccomp.h>
#undef audit_status
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/audit.h"
#include "audit/live.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "test.h"

#define DIR_OF TEST_SOURCE_DIR "/fixtures/audit/live"

/* ---- making a scene ---------------------------------------------------------------------------- */

struct scene {
	struct arena *a;
	char dir[64];
	int fd;
};

static int rm_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void make_parents(const struct scene *s, const char *path)
{
	char part[512];

	for (const char *p = path; (p = strchr(p, '/')); p++) {
		(void)snprintf(part, sizeof(part), "%.*s", (int)(p - path), path);
		(void)mkdirat(s->fd, part, 0755);
	}
}

static void put(const struct scene *s, const char *path, const char *data, size_t len)
{
	autoclose int fd = -1;

	make_parents(s, path);
	(void)unlinkat(s->fd, path, 0);
	fd = openat(s->fd, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0 || io_write_all(fd, data, len) < 0)
		FAIL(path);
}

static char *get(const struct scene *s, const char *path)
{
	char *text;
	size_t len;

	return io_read_at(s->fd, path, IO_FILE_MAX, s->a, &text, &len) == 0 ? text : NULL;
}

/* What the lines that hold become without those that do not. */
static void edit(const struct scene *s, const char *path, const char *key, const char *cut,
		 const char *with)
{
	const char *text = get(s, path), *out = "";
	bool done = false;

	if (!text) {
		FAIL(path);
		return;
	}
	for (const char *p = text; *p;) {
		size_t n = strcspn(p, "\n");
		const char *line = arena_strndup(s->a, p, n);

		p += n + (p[n] == '\n');
		if (key && strncmp(line, key, strlen(key)) == 0 && line[strlen(key)] == ':') {
			out = arena_printf(s->a, "%s%s:\t%s\n", out, key, with);
			done = true;
		} else if (cut && strstr(line, cut)) {
			done = true;
		} else {
			out = arena_printf(s->a, "%s%s\n", out, line);
		}
	}
	if (!key && !cut) {
		out = arena_printf(s->a, "%s%s\n", out, with);
		done = true;
	}
	if (!done)
		FAIL(arena_printf(s->a, "%s has no %s", path, key ? key : cut));
	put(s, path, out, strlen(out));
}

static char *word(char **line)
{
	char *w = *line;
	size_t n = strcspn(w, " ");

	*line = w + n + (w[n] == ' ');
	w[n] = '\0';
	return w;
}

static void filter(const struct scene *s, const char *pid, char *line)
{
	bool allow = strcmp(word(&line), "ALLOW") == 0;
	scmp_filter_ctx f = seccomp_init(allow ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(EPERM));
	autoclose int fd = memfd_create("filter", MFD_CLOEXEC);
	size_t len;
	char *text;

	while (*line) {
		const char *name = word(&line);

		if (seccomp_rule_add(f, allow ? SCMP_ACT_ERRNO(EPERM) : SCMP_ACT_ALLOW,
				     seccomp_syscall_resolve_name(name), 0) < 0)
			FAIL(name);
	}
	if (seccomp_export_bpf(f, fd) < 0 || lseek(fd, 0, SEEK_SET) < 0 ||
	    io_read_fd(fd, IO_FILE_MAX, s->a, &text, &len) < 0)
		FAIL("export the filter");
	else
		put(s, arena_printf(s->a, ".filters/%s", pid), text, len);
	seccomp_release(f);
}

static void line_of(const struct scene *s, const char *op, char *rest)
{
	const char *path = word(&rest);

	if (strcmp(op, "->") == 0) {
		make_parents(s, path);
		(void)unlinkat(s->fd, path, 0);
		if (symlinkat(rest, s->fd, path) < 0)
			FAIL(path);
	} else if (strcmp(op, "cmd") == 0) {
		size_t len = strlen(rest) + 1;

		for (char *p = rest; *p; p++)
			*p = *p == ' ' ? '\0' : *p;
		put(s, path, rest, len);
	} else if (strcmp(op, "set") == 0) {
		const char *key = word(&rest);

		edit(s, path, key, NULL, rest);
	} else if (strcmp(op, "add") == 0) {
		edit(s, path, NULL, NULL, rest);
	} else if (strcmp(op, "cut") == 0) {
		edit(s, path, NULL, rest, NULL);
	} else if (strcmp(op, "rm") == 0) {
		if (unlinkat(s->fd, path, 0) < 0)
			FAIL(path);
	} else if (strcmp(op, "filter") == 0) {
		filter(s, path, rest);
	} else {
		FAIL(arena_printf(s->a, "no such line: %s", op));
	}
}

/* The first line, after "# ", is the answer. */
static const char *play(const struct scene *s, const char *file)
{
	const char *path = NULL, *body = "", *first = "";
	char *text, *p;
	size_t len;

	if (io_read_at(AT_FDCWD, file, IO_FILE_MAX, s->a, &text, &len) < 0) {
		FAIL(file);
		return "";
	}
	for (p = text; *p;) {
		size_t n = strcspn(p, "\n");
		char *line = arena_strndup(s->a, p, n);
		bool op = *line == '=' || strncmp(line, "-> ", 3) == 0 ||
			  strncmp(line, "cmd ", 4) == 0 || strncmp(line, "set ", 4) == 0 ||
			  strncmp(line, "add ", 4) == 0 || strncmp(line, "cut ", 4) == 0 ||
			  strncmp(line, "rm ", 3) == 0 || strncmp(line, "filter ", 7) == 0;

		if (p == text && *line == '#')
			first = line + 1 + strspn(line + 1, " ");
		p += n + (p[n] == '\n');
		if (op && path) {
			put(s, path, body, strlen(body));
			path = NULL;
		}
		if (strncmp(line, "== ", 3) == 0) {
			path = line + 3;
			body = "";
		} else if (op) {
			const char *what = word(&line);

			line_of(s, what, line);
		} else if (path) {
			body = arena_printf(s->a, "%s%s\n", body, line);
		}
	}
	if (path)
		put(s, path, body, strlen(body));
	return first;
}

static void open_scene(struct scene *s, struct arena *a)
{
	*s = (struct scene){ .a = a, .dir = "/tmp/audit-live-XXXXXX" };
	if (!mkdtemp(s->dir))
		FAIL("mkdtemp");
	s->fd = open(s->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	(void)play(s, DIR_OF "/calm.scene");
}

static void close_scene(struct scene *s)
{
	cleanup_fd(&s->fd);
	(void)nftw(s->dir, rm_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* ---- asking ---------------------------------------------------------------------------------------- */

static void audit_scene(const struct scene *s, struct audit *a, char *target)
{
	struct live_opts o = { .proc = s->dir, .seccomp = true, .count = 1 };
	char *targets[] = { target };
	struct err e = { 0 };

	o.targets = targets;
	audit_init(a, s->a);
	if (audit_live(a, &o, &e) < 0)
		FAIL(e.msg);
	audit_run(a);
}

static bool fired(const struct audit *a, const char *rule)
{
	for (size_t i = 0; i < a->finding_count; i++)
		if (strcmp(a->findings[i].rule->id, rule) == 0)
			return true;
	return false;
}

static bool wanted(const char *list, const char *rule)
{
	size_t n = strlen(rule);

	for (const char *p = list; (p = strstr(p, rule)); p += n)
		if ((p == list || p[-1] == ' ') && (p[n] == ' ' || p[n] == '\0'))
			return true;
	return false;
}

static void explain(const struct audit *a)
{
	for (size_t i = 0; i < a->finding_count; i++)
		printf("# fires: %s: %s (%s)\n", a->findings[i].rule->id, a->findings[i].message,
		       place_text(a->arena, &a->findings[i].at));
	for (size_t i = 0; i < a->untold_count; i++)
		printf("# cannot tell: %s: %s\n", a->untold[i].rule->id, a->untold[i].why);
}

/* The rules that fire are these, all of them, and no other one. */
static void expect(const struct audit *a, const char *list, const char *file)
{
	bool ok = a->object_count > 0;

	for (size_t i = 0; rule_at(i); i++)
		ok = ok && fired(a, rule_at(i)->id) == wanted(list, rule_at(i)->id);
	for (size_t i = 0; i < a->finding_count; i++) {
		const struct finding *f = &a->findings[i];

		ok = ok && f->at.path && strncmp(f->at.path, "/tmp/audit-live-", 16) == 0;
		for (const char *p = f->message; *p; p++)
			ok = ok && (unsigned char)*p >= ' ' && *p != 0x7f;
	}
	if (!tap_result(ok, __FILE__, __LINE__, file)) {
		printf("# wanted: %s\n", list);
		explain(a);
	}
}

static void scene_file(const char *rule, const char *name, bool fires, size_t *count)
{
	autoarena struct arena a = { 0 };
	struct scene s;
	struct audit au;
	const char *file = arena_printf(&a, DIR_OF "/%s/%s.scene", rule, name);
	char *list, *target = arena_strdup(&a, "web");

	if (access(file, R_OK) < 0)
		return;
	open_scene(&s, &a);
	list = arena_strdup(&a, play(&s, file));
	if (strncmp(list, "of ", 3) == 0) { /* of another container or process than web */
		list += 3;
		target = word(&list);
	}
	audit_scene(&s, &au, target);
	expect(&au, fires ? list : "", arena_printf(&a, "%s/%s", rule, name));
	if (fires && !wanted(list, rule))
		FAIL(arena_printf(&a, "%s/%s does not name the rule", rule, name));
	close_scene(&s);
	++*count;
}

static void every_rule(char **only)
{
	static const char *const fires[] = { "fires", "fires-2", "fires-3", "fires-4", "fires-5" };
	static const char *const silent[] = { "silent", "silent-2", "silent-3" };

	for (size_t i = 0; rule_at(i); i++) {
		const struct rule *r = rule_at(i);
		size_t n = 0, ignored = 0;

		if (!(r->kinds & IN_LIVE) || (*only && strcmp(*only, r->id) != 0) ||
		    strcmp(r->id, "drift") == 0)
			continue; /* drift is held against configurations: test-audit-drift.c */
		for (size_t k = 0; k < ARRAY_LEN(fires); k++)
			scene_file(r->id, fires[k], true, &n);
		for (size_t k = 0; k < ARRAY_LEN(silent); k++)
			scene_file(r->id, silent[k], false, &ignored);
		if (n == 0)
			(void)tap_result(false, __FILE__, __LINE__, r->id);
	}
}

static void calm(void)
{
	autoarena struct arena a = { 0 };
	struct scene s;
	struct audit au;

	CASE("calm");
	open_scene(&s, &a);
	audit_scene(&s, &au, (char[]){ "web" });
	expect(&au, "", "nothing fires");
	CHECK_INT(au.object_count, 1);
	CHECK_STR(au.objects->object, "container/web");
	CHECK_STR(au.objects->engine, "docker");
	CHECK_STR(au.objects->image, "nginx:1.27");
	CHECK_INT(au.objects->pid, 100);
	CHECK_INT(au.diag_count, 0);
	CHECK_INT(au.untold_count, 1);
	CHECK_STR(au.untold_count ? au.untold[0].rule->id : NULL, "drift");
	if (au.untold_count != 1)
		explain(&au);
	close_scene(&s);
}

/* Without a target: the container, and nothing of the machine itself. */
static void all(void)
{
	autoarena struct arena a = { 0 };
	struct live_opts o = { .seccomp = true };
	struct err e = { 0 };
	struct scene s;
	struct audit au;

	CASE("all");
	open_scene(&s, &a);
	o.proc = s.dir;
	audit_init(&au, &a);
	CHECK_INT(audit_live(&au, &o, &e), 0);
	CHECK_INT(au.object_count, 1);
	CHECK_STR(au.object_count ? au.objects->object : NULL, "container/web");
	audit_init(&au, &a);
	o.count = 3;
	o.targets = (char *[]){ (char[]){ "nobody" }, (char[]){ "web" }, (char[]){ "a b" } };
	CHECK_INT(audit_live(&au, &o, &e), 0);
	CHECK_INT(au.object_count, 1);
	CHECK_INT(au.diag_count, 2);
	CHECK_STR(au.diags ? au.diags->message : NULL,
		  "nobody: no such process, namespace or container");
	CHECK(au.diags && au.diags->blocks && au.diags->next && au.diags->next->blocks);
	audit_init(&au, &a);
	o.count = 1; /* that alone is wrong, and not that nothing runs here as well */
	CHECK_INT(audit_live(&au, &o, &e), 0);
	CHECK_INT(au.object_count, 0);
	CHECK_INT(au.diag_count, 1);
	close_scene(&s);
}

/* A disk or memory is the host, whatever its node is called. */
static void renamed(void)
{
	static const struct {
		const char *stat, *said;
		enum severity severity;
	} rows[] = {
		{ "root/dev/foo block 102 80 8:0",
		  "the device /dev/foo (block 8:0, /dev/sd*) is handed in", SEV_HIGH },
		{ "root/dev/foo char 102 80 1:1",
		  "the device /dev/foo (char 1:1, /dev/mem) is handed in", SEV_HIGH },
		{ "root/dev/mem char 102 80 1:1", "the device /dev/mem (char 1:1) is handed in",
		  SEV_HIGH },
		{ "root/dev/foo char 102 80 10:229",
		  "the device /dev/foo (char 10:229) is handed in", SEV_MEDIUM },
	};

	CASE("renamed devices");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		autoarena struct arena a = { 0 };
		struct scene s;
		struct audit au;

		open_scene(&s, &a);
		edit(&s, "100/.stat", NULL, NULL, rows[i].stat);
		audit_scene(&s, &au, arena_strdup(&a, "web"));
		CHECK_INT(au.finding_count, 1);
		CHECK_STR(au.finding_count ? au.findings[0].message : "", rows[i].said);
		CHECK_INT(au.finding_count ? (int)au.findings[0].severity : 0,
			  (int)rows[i].severity);
		close_scene(&s);
	}
}

/* A reader without rights: every rule that needs what was refused says so, and none is content. */
static void unreadable(void)
{
	static const char *const gone[] = {
		"100/ns/pid",      "100/ns/user", "100/ns/mnt",   "100/ns/net",
		"100/ns/ipc",      "100/ns/uts",  "100/uid_map",  "100/mountinfo",
		"100/ns/cgroup",   "100/cgroup",  ".filters/100", "100/attr/apparmor/current",
		"100/attr/current"
	};
	autoarena struct arena a = { 0 };
	struct scene s;
	struct audit au;
	size_t blind = 0;

	CASE("unreadable");
	open_scene(&s, &a);
	for (size_t i = 0; i < ARRAY_LEN(gone); i++)
		CHECK_INT(unlinkat(s.fd, gone[i], 0), 0);
	audit_scene(&s, &au, (char[]){ "100" });
	expect(&au, "", "nothing is made up");
	for (size_t i = 0; i < au.untold_count; i++)
		blind += au.untold[i].why && *au.untold[i].why;
	CHECK_INT(blind, au.untold_count);
	for (size_t i = 0; rule_at(i); i++) {
		static const char *const need[] = {
			"mnt-host",           "net-host",       "ipc-host",        "uts-host",
			"cgroupns-host",      "userns-missing", "mount-host-root", "proc-unmasked",
			"proc-mask-tampered", "pids-unlimited", "rootfs-writable", "seccomp-weak",
			"lsm-not-enforcing",  "ns-fd-leak"
		};
		bool told = true;

		for (size_t k = 0; k < ARRAY_LEN(need); k++)
			told = told && strcmp(need[k], rule_at(i)->id) != 0;
		for (size_t k = 0; k < au.untold_count && !told; k++)
			told = strcmp(au.untold[k].rule->id, rule_at(i)->id) == 0;
		if (!told)
			FAIL(rule_at(i)->id);
	}
	close_scene(&s);
}

int main(int argc, char **argv)
{
	char *none[] = { NULL };

	(void)argc;
	if (!argv[1]) {
		calm();
		all();
		renamed();
		unreadable();
	}
	CASE("rules");
	every_rule(argv[1] ? argv + 1 : none);
	return DONE();
}
