/* SPDX-License-Identifier: Apache-2.0 */
/* libpidns on recorded scenes: owners as each engine names its cgroups, names from its state, reap
 * verdicts, and what is broken. tests/fixtures/proc/make writes them. */
#include <errno.h>
#include <pidns.h>
#include <stdlib.h>

#include "base/num.h"
#include "pidns/keyscan.h"
#include "proc/status.h"
#include "test.h"

#define A   "a1b2a1b2a1b2a1b2a1b2a1b2a1b2a1b2a1b2a1b2a1b2a1b2a1b2a1b2a1b2a1b2"
#define B   "b2c3b2c3b2c3b2c3b2c3b2c3b2c3b2c3b2c3b2c3b2c3b2c3b2c3b2c3b2c3b2c3"
#define C   "c3d4c3d4c3d4c3d4c3d4c3d4c3d4c3d4c3d4c3d4c3d4c3d4c3d4c3d4c3d4c3d4"
#define D   "d4e5d4e5d4e5d4e5d4e5d4e5d4e5d4e5d4e5d4e5d4e5d4e5d4e5d4e5d4e5d4e5"
#define POD "1f2e3d4c_1111_2222_3333_444455556666"

static struct pn_snap *scene(const char *name)
{
	struct pn_opts o = PN_OPTS_INIT;
	struct pn_snap *s = NULL;
	char path[512];

	CASE(name);
	snprintf(path, sizeof(path), TEST_SOURCE_DIR "/fixtures/proc/%s", name);
	o.proc = path;
	o.fields = PN_ROWS | PN_F_PENDING;
	CHECK_INT(pn_snapshot(&s, &o), 0);
	return s;
}

static const struct pn_owner *owner(const struct pn_snap *s, pid_t pid, enum pn_runtime rt,
				    const char *id, const char *name)
{
	const struct pn_proc *p = pn_find(s, pid);
	const struct pn_owner *o = p ? p->owner : NULL;

	printf("# %d\n", (int)pid);
	if (!CHECK(o != NULL))
		return NULL;
	CHECK_STR(pn_runtime_name(o->runtime), pn_runtime_name(rt));
	CHECK_STR(o->id, id);
	CHECK_STR(o->name, name);
	return o;
}

static void check_docker(void)
{
	struct pn_snap *s = scene("docker");
	const struct pn_owner *web = owner(s, 1000, PN_RT_DOCKER, A, "web");
	const struct pn_ns *n = pn_ns_find(s, PN_PID, 4026532001);
	struct pn_target t;
	char text[256];

	CHECK_STR(web->image, "node:22");
	CHECK_STR(web->unit, "docker-" A ".scope");
	CHECK_INT(web->evidence, PN_BY_CGROUP);
	CHECK_INT(web->nproc, 3);
	CHECK(pn_find(s, 1001)->owner == web && pn_find(s, 1002)->owner == web);
	CHECK(pn_find(s, 1002)->flags & PN_P_INJECTED);
	CHECK(n && n->owner == web && n->flags & PN_NS_F_SHARED && n->nowner == 2);
	CHECK_INT(n->reap, PN_REAP_NO);
	CHECK_INT(n->nunreaped, 1);
	CHECK_INT(n->ninjected, 2);
	owner(s, 1200, PN_RT_DOCKER, C, NULL);
	owner(s, 1300, PN_RT_DOCKER, D, NULL);
	CHECK(pn_find(s, 1300)->ns == pn_info(s)->root);
	CHECK(pn_find(s, 900)->owner == NULL);
	/* Names of engines are anybody's text too. */
	web = owner(s, 1100, PN_RT_DOCKER, B,
		    "j\xc3\xb6"
		    "b\x1b[31m");
	(void)pn_owner_text(web, text, sizeof(text));
	CHECK_STR(text, "docker:b2c3b2c3b2c3 j\xc3\xb6"
			"b\\x1b[31m");
	CHECK(pn_find(s, 1101)->owner == web); /* a zombie on v1, through its init */
	CHECK_INT(pn_find(s, 1100)->ns->reap, PN_REAP_YES);
	CASE("addresses of containers");
	CHECK_INT(pn_resolve(s, "web", &t), 0);
	CHECK(t.kind == PN_T_OWNER && t.ns == n && t.proc->pid == 1000);
	CHECK_INT(pn_resolve(s, "web:7", &t), 0);
	CHECK(t.kind == PN_T_PROC && t.proc->pid == 1001);
	CHECK_INT(pn_resolve(s, "docker:web:12", &t), 0);
	CHECK_INT(t.proc->pid, 1002);
	CHECK_INT(pn_resolve(s, "a1b", &t), 0);
	CHECK_INT(pn_resolve(s, "a1", &t), -ESRCH);
	CHECK_INT(pn_resolve(s, "podman:web", &t), -ESRCH);
	CHECK_INT(pn_resolve(s, "web:99", &t), -ESRCH);
	CHECK_INT(pn_resolve(s, "1000:5", &t), -ESRCH);
	pn_free(s);
}

static void check_podman(void)
{
	struct pn_snap *s = scene("podman");
	const struct pn_owner *o = owner(s, 810, PN_RT_PODMAN, A, "db");

	CHECK_STR(o->image, "docker.io/library/postgres:17");
	CHECK(!o->monitor);
	CHECK_INT(pn_find(s, 810)->ns->reap, PN_REAP_YES);
	o = pn_find(s, 800)->owner;
	CHECK(o && o->monitor);
	o = owner(s, 830, PN_RT_PODMAN, B, "rootless");
	CHECK_STR(o->pod, C);
	CHECK_INT(o->uid, 1000);
	o = owner(s, 850, PN_RT_PODMAN, D, "plain");
	CHECK_INT(o->evidence, PN_BY_MONITOR);
	pn_free(s);
}

static void check_kubernetes(void)
{
	struct pn_snap *s = scene("containerd");
	const struct pn_owner *o = owner(s, 710, PN_RT_CONTAINERD_CRI, A, NULL);

	CHECK_STR(o->pod, POD);
	o = owner(s, 711, PN_RT_CONTAINERD_CRI, B, "api");
	CHECK_STR(o->pod_name, "shop/api-7d9");
	CHECK_STR(o->image, "shop/api:3");
	o = owner(s, 720, PN_RT_CONTAINERD_CRI, C, NULL);
	CHECK_STR(o->pod, "9a8b7c6d-0000-1111-2222-333344445555");
	CHECK(o->outer && o->outer->runtime == PN_RT_DOCKER);
	CHECK_STR(o->outer->id, D);
	o = owner(s, 730, PN_RT_CONTAINERD,
		  "2b1a2b1a2b1a2b1a2b1a2b1a2b1a2b1a2b1a2b1a2b1a2b1a2b1a2b1a2b1a2b1a", "nightly");
	CHECK_STR(o->ns, "batch");
	o = owner(s, 740, PN_RT_CONTAINERD_CRI,
		  "3c2b3c2b3c2b3c2b3c2b3c2b3c2b3c2b3c2b3c2b3c2b3c2b3c2b3c2b3c2b3c2b", NULL);
	CHECK_STR(o->pod, POD);
	pn_free(s);
	s = scene("crio");
	o = owner(s, 610, PN_RT_CRIO, A, "front");
	CHECK_STR(o->pod_name, "prod/front-1");
	CHECK(pn_find(s, 600)->owner->monitor);
	pn_free(s);
}

/* Orphans of a container become children of another one's PID 1, where they share a namespace. */
static void check_shared(void)
{
	struct pn_snap *s = scene("shared");
	const struct pn_ns *n = pn_ns_find(s, PN_PID, 4026532800);

	(void)owner(s, 310, PN_RT_CONTAINERD_CRI, A, NULL);
	(void)owner(s, 320, PN_RT_CONTAINERD_CRI, B, NULL);
	CHECK(pn_find(s, 321)->owner == pn_find(s, 320)->owner);
	(void)owner(s, 330, PN_RT_CONTAINERD_CRI, C, NULL);
	CHECK(pn_find(s, 340)->owner == pn_find(s, 330)->owner);
	CHECK(pn_find(s, 341)->owner == pn_find(s, 330)->owner);
	CHECK(pn_find(s, 340)->fields & PN_F_CGROUP);
	CHECK(n && n->flags & PN_NS_F_SHARED && n->nowner == 3);
	pn_free(s);
}

static void check_machines(void)
{
	struct pn_snap *s = scene("lxc");
	const struct pn_owner *o = owner(s, 510, PN_RT_LXC, "alpine", "alpine");

	o = owner(s, 530, PN_RT_DOCKER, A, NULL);
	CHECK(o->outer && o->outer->runtime == PN_RT_LXC && strcmp(o->outer->id, "alpine") == 0);
	CHECK_INT(pn_find(s, 530)->level, 2);
	CHECK(pn_find(s, 530)->ns->parent == pn_find(s, 510)->ns);
	CHECK(pn_find(s, 500)->owner->monitor);
	owner(s, 540, PN_RT_LXC, "old", "old");
	pn_free(s);
	s = scene("nspawn");
	o = owner(s, 410, PN_RT_NSPAWN, "build-box", "build-box");
	CHECK(o && !o->monitor);
	CHECK(pn_find(s, 400)->owner->monitor);
	owner(s, 420, PN_RT_SNAP, "firefox", "firefox");
	owner(s, 430, PN_RT_FLATPAK, "org.gimp.GIMP", "org.gimp.GIMP");
	o = owner(s, 431, PN_RT_BWRAP, "431", NULL);
	CHECK(o->outer && o->outer->runtime == PN_RT_FLATPAK);
	CHECK_INT(o->evidence, PN_BY_EXE);
	CHECK(pn_find(s, 440)->owner == NULL); /* a virtual machine */
	owner(s, 451, PN_RT_FIREJAIL, "451", NULL);
	pn_free(s);
}

static void check_runtimes(void)
{
	struct pn_snap *s = scene("runtimes");
	const struct pn_owner *o;

	owner(s, 300, PN_RT_RUNC, "web1", "web1");
	owner(s, 310, PN_RT_CRUN, "web2", "web2");
	owner(s, 320, PN_RT_ATOLL, A, "shop");
	o = owner(s, 330, PN_RT_RUNC, "lonely", "lonely");
	CHECK_INT(o->evidence, PN_BY_STATE);
	owner(s, 340, PN_RT_BUILDKIT, "k3v9", NULL);
	CHECK(pn_find(s, 350)->owner == NULL); /* the state is of another process of that number */
	pn_free(s);
}

static void check_broken(void)
{
	struct pn_snap *s = scene("broken");
	char text[128];

	CHECK_INT(pn_count(s), 4);
	CHECK_INT(pn_info(s)->unreadable, 3);
	CHECK(pn_find(s, 99) == NULL);
	CHECK(pn_find(s, 10)->flags & PN_P_NS_UNKNOWN);
	CHECK(pn_find(s, 12)->owner == NULL);
	CHECK_STR(pn_find(s, 12)->comm, "a) S 1\n\x1b]0;x\x07");
	CHECK_INT(pn_find(s, 12)->start, 1012);
	CHECK_INT(pn_escape(text, sizeof(text), "a\x9b\xc2\x9b\xe2\x80\xae\\", 8), 27);
	CHECK_STR(text, "a\\x9b\\xc2\\x9b\\xe2\\x80\\xae\\\\");
	CHECK_INT(pn_escape(text, 6, "ab\x1b", 3), 6);
	CHECK_STR(text, "ab");
	CHECK_INT(pn_escape(text, 4, "abcdef", 6), 6);
	CHECK_STR(text, "abc");
	pn_free(s);
	s = NULL;
	CHECK_INT(pn_snapshot(&s, &(struct pn_opts){ .size = sizeof(struct pn_opts),
						     .proc = "/nowhere" }),
		  -ENOENT);
	CHECK_INT(pn_snapshot(&s, &(struct pn_opts){ .size = sizeof(struct pn_opts),
						     .proc = TEST_SOURCE_DIR "/fixtures" }),
		  -ENODATA);
	CHECK_INT(pn_snapshot(&s, &(struct pn_opts){ .size = 4 }), -EINVAL);
	CHECK(s == NULL);
}

static void check_parse(void)
{
	static const char v1[] = "5:pids:/docker/" A "\n1:name=systemd:/docker/" A "\n0::/\n";
	struct pn_owner *o = NULL;

	CASE("an owner on its own");
	CHECK_INT(pn_owner_parse(v1, sizeof(v1) - 1, &o), 0);
	CHECK(o && o->runtime == PN_RT_DOCKER && strcmp(o->id, A) == 0);
	pn_owner_free(o);
	CHECK_INT(pn_owner_parse("0::/user.slice\n", 15, &o), 0);
	CHECK(o == NULL);
	CHECK_INT(pn_owner_parse("", 0, &o), 0);
	CHECK_INT(pn_owner_parse("0::/../../docker-" A ".scope", 17 + 64 + 6, &o), 0);
	CHECK(o && o->runtime == PN_RT_DOCKER);
	pn_owner_free(o);
	/* A neighbour, seen from inside of a cgroup namespace: ".." is no namespace of containerd. */
	CHECK_INT(pn_owner_parse("0::/../" A "\n", 7 + 64 + 1, &o), 0);
	CHECK(o && o->runtime == PN_RT_OCI && strcmp(o->id, A) == 0 && o->ns == NULL);
	pn_owner_free(o);
	pn_owner_free(NULL);
}

static void check_status(void)
{
	struct proc_status st;
	char text[1024] = "State:\tS\nPid:\t7\nPPid:\t1\nNSpid:";

	CASE("status");
	for (int i = 0; i < PROC_LEVELS_MAX; i++)
		strcat(text, "\t7");
	CHECK_INT(proc_status_parse(text, strlen(text), &st), 0);
	CHECK_INT(st.levels, PROC_LEVELS_MAX);
	strcat(text, "\t7");
	CHECK_INT(proc_status_parse(text, strlen(text), &st), -EINVAL);
#define PARSE(s) proc_status_parse((s), sizeof(s) - 1, &st)
	CHECK_INT(
		PARSE("Name:\ta\\nb\\\\c\nState:\tS (x)\nPid:\t7\nPPid:\t0\nSigIgn:\t00000000000100fF\n"),
		0);
	CHECK_STR(st.comm, "a\nb\\c");
	CHECK(st.sig_ignored == 0x100ff);
	CHECK_INT(st.levels, 1);
	CHECK_INT(st.nspid[0], 7);
	CHECK_INT(st.no_new_privs, -1);
	CHECK_INT(PARSE("State:\tS\nPid:\t7\n"), -EINVAL);
	CHECK_INT(PARSE("State:\tS\nPid:\t99999999999\nPPid:\t1\n"), -EINVAL);
	CHECK_INT(PARSE("State:\tS\nPid:\t-1\nPPid:\t1\n"), -EINVAL);
	CHECK_INT(PARSE("State:\tS\nPid:\t7\nPPid:\t1\nCapEff:\txyz\n"), -EINVAL);
	CHECK_INT(PARSE("State:\tS\nPid:\t7\nPPid:\t1\nUid:\t1\t2\n"), -EINVAL);
	CHECK_INT(PARSE(""), -EINVAL);
}

static void check_keyscan(void)
{
	static const char json[] =
		"{ \"a\": {\"b}\": [1, \"]\"]}, \"n\":17 ,\"t\":\"x\\u00e9\\n\\\"\", \"l\": [ {\"k\":\"v\"}, 2 ]}";
	struct span all = { json, json + sizeof(json) - 1 }, v = { 0 }, item = { 0 };
	char text[16];
	uint64_t n;

	CASE("keys of a text");
	CHECK(keyscan_member(all, "n", &v) && keyscan_u64(v, &n) && n == 17);
	CHECK(keyscan_text(all, "t", text, sizeof(text)));
	CHECK_STR(text, "x\xc3\xa9\n\"");
	CHECK(!keyscan_text(all, "t", text, 4));
	CHECK(keyscan_member(all, "l", &v) && keyscan_next(&v, &item));
	CHECK(keyscan_text(item, "k", text, sizeof(text)));
	CHECK(keyscan_next(&v, &item) && keyscan_u64(item, &n) && n == 2);
	CHECK(!keyscan_next(&v, &item));
	CHECK(!keyscan_member(all, "b}", &v));
	CHECK(!keyscan_member((struct span){ json, json + 10 }, "n", &v));
}

int main(void)
{
	check_docker();
	check_podman();
	check_kubernetes();
	check_shared();
	check_machines();
	check_runtimes();
	check_broken();
	check_parse();
	check_status();
	check_keyscan();
	return DONE();
}
