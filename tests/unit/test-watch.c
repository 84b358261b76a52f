/* SPDX-License-Identifier: Apache-2.0 */
/* What watch_diff() tells between two scenes. */
#include "cli/watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "test.h"

static char top[] = "/tmp/test-watch-XXXXXX";

enum { HOST = 1000, WEB = 2000 };

static void file(const char *dir, const char *name, const char *text)
{
	char path[256];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "we");
	if (!f || fputs(text, f) < 0 || fclose(f) != 0)
		FAIL(path);
}

/* A process of a scene: in the first namespace if inner is 0. */
static void process(pid_t pid, pid_t ppid, pid_t inner, unsigned int ns, char state,
		    unsigned int start)
{
	char dir[128], path[256], text[1024], ids[64];

	(void)snprintf(dir, sizeof(dir), "%s/%d", top, pid);
	(void)snprintf(path, sizeof(path), "%s/ns", dir);
	(void)mkdir(dir, 0700);
	(void)mkdir(path, 0700);
	if (inner)
		(void)snprintf(ids, sizeof(ids), "%d\t%d", pid, inner);
	else
		(void)snprintf(ids, sizeof(ids), "%d", pid);
	(void)snprintf(text, sizeof(text),
		       "Name:\tp%d\nState:\t%c (x)\nTgid:\t%d\nPid:\t%d\nPPid:\t%d\nTracerPid:\t0\n"
		       "Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nNStgid:\t%s\nNSpid:\t%s\n%s"
		       "Threads:\t1\nSigBlk:\t0\nSigIgn:\t0\nSigCgt:\t0\nCapEff:\t0\n",
		       pid, state, pid, pid, ppid, ids, ids,
		       state == 'Z' ? "" : "VmSize:\t1 kB\nVmRSS:\t1 kB\n");
	file(dir, "status", text);
	(void)snprintf(text, sizeof(text),
		       "%d (p) %c %d 1 1 0 -1 0 0 0 0 0 1 1 0 0 20 0 1 0 %u 1000 10 0\n", pid,
		       state, ppid, start);
	file(dir, "stat", text);
	file(dir, "cmdline", "");
	(void)snprintf(path, sizeof(path), "%s/ns/pid", dir);
	(void)snprintf(text, sizeof(text), "pid:[%u]", ns);
	(void)unlink(path);
	if (symlink(text, path) < 0)
		FAIL("symlink");
}

static void ended(pid_t pid)
{
	static const char *const names[] = { "status", "stat", "cmdline", "ns/pid" };
	char path[256];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%d/%s", top, pid, names[i]);
		(void)unlink(path);
	}
	(void)snprintf(path, sizeof(path), "%s/%d/ns", top, pid);
	(void)rmdir(path);
	(void)snprintf(path, sizeof(path), "%s/%d", top, pid);
	(void)rmdir(path);
}

static struct pn_snap *take(void)
{
	struct pn_opts o = PN_OPTS_INIT;
	struct pn_snap *s = NULL;

	o.proc = top;
	o.fields = PN_F_START | PN_F_NSINFO | PN_F_REAP;
	CHECK_INT(pn_snapshot(&s, &o), 0);
	return s;
}

/* "process-in 5, namespace-born 2000": what was told, in order. */
struct told {
	char text[1024];
	uint64_t age_ms;
};

static void note(void *ctx, const struct watch_event *ev)
{
	struct told *t = ctx;
	size_t at = strlen(t->text);

	t->age_ms = ev->age_ms;
	(void)snprintf(t->text + at, sizeof(t->text) - at, "%s%s %llu", at ? ", " : "",
		       watch_kind_name(ev->kind),
		       ev->proc ? (unsigned long long)ev->proc->pid
				: (unsigned long long)ev->ns->ino);
}

static struct watch w = { .grace_ms = 500 };
static struct pn_snap *last;

/* The scene as it is now, against the last one. */
static struct told look(uint64_t time_ms)
{
	struct pn_snap *now = take();
	struct told t = { .text = "" };

	if (now)
		watch_diff(&w, last, now, time_ms, note, &t);
	pn_free(last);
	last = now;
	return t;
}

static void processes(void)
{
	CASE("processes");
	process(1, 0, 0, HOST, 'S', 1);
	process(5, 1, 0, HOST, 'S', 10);
	CHECK_STR(look(1000).text, "");
	CHECK_STR(look(1001).text, "");
	process(6, 1, 0, HOST, 'S', 20);
	CHECK_STR(look(1002).text, "process-in 6");
	ended(5);
	CHECK_STR(look(1003).text, "process-out 5");
	process(6, 1, 0, HOST, 'S', 30); /* the number is another's now */
	CHECK_STR(look(1004).text, "process-out 6, process-in 6");
}

static void namespaces(void)
{
	CASE("namespaces");
	process(10, 6, 1, WEB, 'S', 40);
	CHECK_STR(look(1005).text, "namespace-born 2000, process-in 10");
	process(11, 10, 2, WEB, 'S', 41);
	CHECK_STR(look(1006).text, "process-in 11");
	ended(11);
	CHECK_STR(look(1007).text, "process-out 11");
	process(10, 6, 1, WEB, 'Z', 40);
	CHECK_STR(look(1008).text, "namespace-dying 2000");
	ended(10);
	CHECK_STR(look(1009).text, "namespace-gone 2000, process-out 10");
	process(10, 6, 1, WEB, 'S', 50);
	CHECK_STR(look(1010).text, "namespace-born 2000, process-in 10");
	ended(10);
	process(12, 6, 1, WEB, 'S', 60); /* the inode is another's now */
	CHECK_STR(look(1011).text,
		  "namespace-gone 2000, namespace-born 2000, process-out 10, process-in 12");
	ended(12);
	(void)look(1012);
}

static void zombies(void)
{
	struct told t;

	CASE("zombies");
	process(20, 6, 0, HOST, 'Z', 70);
	CHECK_STR(look(2000).text, "process-in 20");
	CHECK_INT(w.due_ms, 2500);
	CHECK_INT(watch_zombie_since(&w, pn_find(last, 20)), 2000);
	CHECK_INT(watch_zombie_since(&w, pn_find(last, 6)), 0);
	CHECK_STR(look(2499).text, "");
	t = look(2500);
	CHECK_STR(t.text, "zombie-seen 20");
	CHECK_INT(t.age_ms, 500);
	CHECK_INT(w.due_ms, 0);
	CHECK_STR(look(3000).text, "");
	ended(20);
	t = look(4000);
	CHECK_STR(t.text, "process-out 20, zombie-gone 20");
	CHECK_INT(t.age_ms, 2000);

	CASE("a zombie that is reaped in time, and another of its number");
	process(21, 6, 0, HOST, 'Z', 80);
	CHECK_STR(look(5000).text, "process-in 21");
	process(21, 6, 0, HOST, 'Z', 90);
	CHECK_STR(look(5400).text, "process-out 21, process-in 21");
	CHECK_INT(w.due_ms, 5900);
	CHECK_STR(look(5899).text, "");
	CHECK_STR(look(5900).text, "zombie-seen 21");
	ended(21);
	CHECK_STR(look(5901).text, "process-out 21, zombie-gone 21");
}

static void call(const char *dir, long nr, const char *arg)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "%ld %s 0x0\n", nr, arg);
	file(dir, "syscall", text);
}

static void verdicts(void)
{
	char dir[128];

	CASE("verdicts; what is not known for a moment is no change");
	process(30, 6, 1, WEB, 'S', 100);
	(void)snprintf(dir, sizeof(dir), "%s/30", top);
	call(dir, SYS_wait4, "0xffffffffffffffff");
	CHECK_STR(look(6000).text, "namespace-born 2000, process-in 30");
	file(dir, "syscall", "running\n");
	CHECK_STR(look(6001).text, "");
	call(dir, SYS_rt_sigsuspend, "0x0");
	CHECK_STR(look(6002).text, "reap-changed 2000");
	CHECK_STR(look(6003).text, "");
	(void)snprintf(dir, sizeof(dir), "%s/30/syscall", top);
	(void)unlink(dir);
	ended(30);
	(void)look(6004);
}

int main(void)
{
	if (!mkdtemp(top)) {
		FAIL("mkdtemp");
		return DONE();
	}
	processes();
	namespaces();
	zombies();
	verdicts();
	pn_free(last);
	watch_free(&w);
	ended(1);
	ended(6);
	(void)rmdir(top);
	CHECK(access(top, F_OK) < 0);
	return DONE();
}
