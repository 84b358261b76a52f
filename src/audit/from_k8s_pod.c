/* SPDX-License-Identifier: Apache-2.0 */
/* A pod -> one struct facts per container. What is said of the pod as a whole has the same
 * node, value and text in each of them, so that the engine can say it once. */
#include <stdlib.h>
#include <string.h>

#include "audit/from_k8s.h"
#include "audit/spec.h"

static bool is_note(const struct json *n)
{
	return !strncmp(n->key, K8S_NOTE_APPARMOR, strlen(K8S_NOTE_APPARMOR)) ||
	       !strncmp(n->key, K8S_NOTE_SECCOMP, strlen(K8S_NOTE_SECCOMP)) ||
	       !strcmp(n->key, K8S_NOTE_SECCOMP_POD);
}

static int by_key(const void *x, const void *y)
{
	const struct json *const *a = x, *const *b = y;

	return strcmp((*a)->key, (*b)->key);
}

void k8s_notes_of(struct k8s_pod *p)
{
	const struct json **notes = NULL;
	size_t count = 0, cap = 0;

	for (const struct json *n = p->annotations ? p->annotations->child : NULL; n; n = n->next)
		if (n->type != JSON_NULL && is_note(n))
			*(const struct json **)arena_push(p->a->arena, &notes, &count, &cap,
							  sizeof(*notes)) = n;
	if (count)
		qsort(notes, count, sizeof(*notes), by_key);
	p->notes = notes;
	p->note_count = count;
}

const struct json *k8s_note(const struct k8s_pod *p, const char *prefix, const char *name)
{
	struct json key = { 0 };
	const struct json *want = &key, *const * found;

	if (!p->note_count)
		return NULL;
	key.key = arena_printf(p->a->arena, "%s%s", prefix, name);
	found = bsearch(&want, p->notes, p->note_count, sizeof(*p->notes), by_key);
	return found ? *found : NULL;
}

const struct json *k8s_effective(const struct k8s_pod *p, const struct k8s_container_ref *c,
				 const char *key)
{
	const struct json *n = k8s_get(c->sc, key);

	return n ? n : k8s_get(p->sc, key);
}

struct reading {
	struct audit *a;
	const struct k8s_pod *p;
	const struct k8s_container_ref *c;
	struct facts *f;
	bool first; /* of its pod: it has the pod's lists */
	bool *selinux_told;
};

static struct place at(const struct reading *r, const struct json *n)
{
	return place_of_key(r->p->src, n);
}

/* Where something would stand that nobody wrote. */
static struct place nowhere(const struct reading *r)
{
	return r->c->sc ? at(r, r->c->sc) : place_of(r->p->src, r->c->node);
}

static struct place at_or_nowhere(const struct reading *r, const struct json *n)
{
	return n ? at(r, n) : nowhere(r);
}

static struct place at_pod(const struct reading *r, const struct json *n)
{
	return at(r, n ? n : r->p->spec);
}

/* A boolean of the container's securityContext, in words of its own. */
struct flag {
	enum fact_id id;
	const char *key, *yes, *no, *unset, *odd;
};
#define FLAG(ID, KEY)                                                                         \
	{                                                                                     \
		ID, KEY, KEY ": true", KEY ": false", KEY " is not set", KEY " is no boolean" \
	}

static void read_flag(const struct reading *r, const struct flag *flag)
{
	const struct json *n = k8s_get(r->c->sc, flag->key);
	enum tri is = k8s_bool(n, TRI_NO);

	fact_set(r->f, flag->id, is, at_or_nowhere(r, n),
		 !n              ? flag->unset
		 : is == TRI_YES ? flag->yes
		 : is == TRI_NO  ? flag->no
				 : flag->odd);
}

/* ---- Who it runs as ----------------------------------------------------------------------- */

static void read_user(const struct reading *r)
{
	const struct json *user = k8s_effective(r->p, r->c, "runAsUser");
	const struct json *nonroot = k8s_effective(r->p, r->c, "runAsNonRoot");
	const struct json *host_users = k8s_get(r->p->spec, "hostUsers");
	enum tri is, own_users = k8s_bool(host_users, TRI_YES);
	const char *text;
	struct place place;
	int64_t uid;

	if (user && k8s_int(user, &uid)) {
		is = uid == 0 ? TRI_YES : TRI_NO;
		text = arena_printf(r->a->arena, "runAsUser: %lld", (long long)uid);
		place = at(r, user);
	} else if (user) {
		is = TRI_UNKNOWN;
		text = "runAsUser is no number";
		place = at(r, user);
	} else if (k8s_bool(nonroot, TRI_NO) == TRI_YES) {
		is = TRI_NO;
		text = "runAsNonRoot: true";
		place = at(r, nonroot);
	} else {
		is = TRI_YES;
		text = "no user is set: the image decides, root by default";
		place = at_or_nowhere(r, nonroot);
	}
	fact_set(r->f, FACT_ROOT, is, place, text);
	if (is == TRI_YES && own_users == TRI_NO) {
		is = TRI_NO;
		text = "hostUsers: false";
	}
	fact_set(r->f, FACT_ROOT_OF_HOST, is, place, text);
	fact_set(r->f, FACT_USERNS_EXPLICIT_HOST, host_users ? own_users : TRI_NO,
		 at_pod(r, host_users),
		 own_users == TRI_UNKNOWN ? "hostUsers is no boolean" : NULL);
	ns_set(r->f, NST_USER,
	       own_users == TRI_NO    ? NSM_OWN
	       : own_users == TRI_YES ? NSM_HOST
				      : NSM_UNKNOWN,
	       at_pod(r, host_users), host_users ? "hostUsers" : NULL);
}

static void add_group(const struct reading *r, const struct json *n)
{
	const struct spec spec = { .a = r->a, .f = r->f };
	int64_t gid;

	if (n && k8s_int(n, &gid))
		spec_group(&spec, place_of(r->p->src, n),
			   arena_printf(r->a->arena, "%lld", (long long)gid));
}

static void read_groups(const struct reading *r)
{
	const struct json *list = k8s_get(r->p->sc, "supplementalGroups");

	list_whole(r->f, LIST_GROUPS);
	if (!r->first)
		return;
	for (const struct json *n = list && list->type == JSON_ARRAY ? list->child : NULL; n;
	     n = n->next)
		add_group(r, n);
	add_group(r, k8s_get(r->p->sc, "fsGroup"));
}

/* ---- Namespaces --------------------------------------------------------------------------- */

static void host_or(const struct reading *r, enum ns_type t, const char *key,
		    enum ns_mode otherwise)
{
	const struct json *n = k8s_get(r->p->spec, key);
	enum tri is = k8s_bool(n, TRI_NO);

	ns_set(r->f, t,
	       is == TRI_YES  ? NSM_HOST
	       : is == TRI_NO ? otherwise
			      : NSM_UNKNOWN,
	       at_pod(r, n), n ? n->key : NULL);
}

static void read_namespaces(const struct reading *r)
{
	const struct json *shared = k8s_get(r->p->spec, "shareProcessNamespace");
	const struct json *target = k8s_get(r->c->node, "targetContainerName");
	enum tri share = k8s_bool(shared, TRI_NO);

	host_or(r, NST_NET, "hostNetwork", NSM_POD);
	host_or(r, NST_UTS, "hostNetwork", NSM_POD);
	host_or(r, NST_IPC, "hostIPC", NSM_POD);
	host_or(r, NST_PID, "hostPID", NSM_OWN);
	ns_set(r->f, NST_MNT, NSM_OWN, nowhere(r), NULL);
	if (r->f->ns_of[NST_PID].mode == NSM_HOST)
		return;
	if (share != TRI_NO)
		ns_set(r->f, NST_PID, share == TRI_YES ? NSM_POD : NSM_UNKNOWN, at(r, shared),
		       shared->key);
	else if (r->c->role == K8S_EPHEMERAL && k8s_text(target) && *target->text)
		ns_set(r->f, NST_PID, NSM_CONTAINER, at(r, target), target->text);
}

/* ---- Capabilities ------------------------------------------------------------------------- */

static void odd_capability(const struct reading *r, const struct json *n)
{
	struct place place = place_of(r->p->src, n);
	struct k8s_near near = { .name = n->text };
	int bit = cap_from_name(n->text, true);
	const char *meant = bit >= 0 ? cap_name(bit) + 4 : NULL;

	if (k8s_diags_full(r->a, r->p->src))
		return;
	for (int i = 0; !meant && cap_name(i); i++)
		k8s_near(&near, cap_name(i) + 4);
	if (!meant)
		k8s_near(&near, "ALL");
	if (!meant)
		meant = near.best;
	k8s_diag(r->a, DIAG_UNKNOWN_VALUE, r->f, &place, "%s is no capability's name%s%s%s",
		 n->text, meant ? "; did you mean " : "", meant ? meant : "", meant ? "?" : "");
}

enum { NAMED_NOTHING = -2, NAMED_ALL = -1 };

/* Names are exact ("SYS_ADMIN") for Kubernetes' own checks; runtimes take more, so that a name in
 * another spelling counts, and is said to be odd. */
static int named_capability(const struct reading *r, const struct json *n)
{
	int bit;

	if (!k8s_text(n))
		return NAMED_NOTHING;
	if (!strcasecmp(n->text, "ALL")) {
		if (strcmp(n->text, "ALL") != 0)
			odd_capability(r, n);
		return NAMED_ALL;
	}
	bit = cap_from_name(n->text, true);
	if (bit < 0 || strcmp(n->text, cap_name(bit) + 4) != 0)
		odd_capability(r, n);
	return bit < 0 ? NAMED_NOTHING : bit;
}

struct caps {
	uint64_t add, drop;
	bool add_all, drop_all;
};

static void read_add(const struct reading *r, const struct json *list, struct caps *k)
{
	struct cap_fact *caps = &r->f->caps;

	for (const struct json *n = list && list->type == JSON_ARRAY ? list->child : NULL; n;
	     n = n->next) {
		int bit = named_capability(r, n);
		struct place place = place_of(r->p->src, n);

		if (bit == NAMED_ALL) {
			k->add_all = true;
			caps->named_all = true;
			caps->all_at = place;
		} else if (bit >= 0 && !caps->added_at[bit]) {
			k->add |= 1ULL << bit;
			caps->added_at[bit] = arena_dup(r->a->arena, &place, sizeof(place));
		}
	}
}

static void read_drop(const struct reading *r, const struct json *list, struct caps *k)
{
	for (const struct json *n = list && list->type == JSON_ARRAY ? list->child : NULL; n;
	     n = n->next) {
		int bit = named_capability(r, n);

		if (bit == NAMED_ALL)
			k->drop_all = true;
		else if (bit >= 0)
			k->drop |= 1ULL << bit;
	}
}

/* containerd: ALL first (added, then dropped), then single ones (added, then dropped). That ALL
 * is added and dropped at once is left to count as added: runtimes differ. */
static void read_capabilities(const struct reading *r)
{
	const struct json *caps = k8s_get(r->c->sc, "capabilities");
	const struct json *add = k8s_get(caps, "add"), *drop = k8s_get(caps, "drop");
	bool privileged = r->f->fact[FACT_PRIVILEGED].is == TRI_YES;
	struct cap_fact *k = &r->f->caps;
	struct caps named = { 0 };
	uint64_t bits;

	read_add(r, add, &named);
	read_drop(r, drop, &named);
	bits = named.add_all ? caps_known() : named.drop_all ? 0 : caps_docker;
	bits = (bits | named.add) & ~named.drop;
	if (privileged)
		bits = caps_known();
	k->all = caps_known();
	k->added = named.add & ~named.drop;
	for (int i = 0; i < CAPS_MAX; i++)
		if (named.drop >> i & 1)
			k->added_at[i] = NULL;
	for (int i = 0; i < CAPS_SETS; i++) {
		bool inherited = i == CAPS_INHERITABLE || i == CAPS_AMBIENT;

		k->known[i] = true;
		k->bits[i] = inherited ? 0 : bits;
		k->at[i] = privileged ? r->f->fact[FACT_PRIVILEGED].at : at_or_nowhere(r, add);
	}
	k->dropped_at = at_or_nowhere(r, drop ? drop : caps);
	fact_set(r->f, FACT_DROPS_ALL, named.drop_all && !privileged ? TRI_YES : TRI_NO,
		 k->dropped_at, NULL);
}

/* ---- Confinement -------------------------------------------------------------------------- */

static void odd_value(const struct reading *r, const struct json *n, const char *allowed)
{
	struct place place = place_of(r->p->src, n);

	k8s_diag(r->a, DIAG_UNKNOWN_VALUE, r->f, &place, "%s is %s", n->key, allowed);
}

/* Annotations did what the field does until 1.26. Since then nobody reads them; that one that
 * switches seccomp off is believed all the same is to err on the safe side. */
static void read_seccomp_annotation(const struct reading *r)
{
	struct mode_fact *s = &r->f->seccomp;
	const struct json *n = k8s_note(r->p, K8S_NOTE_SECCOMP, r->c->name);

	if (!n)
		n = k8s_note(r->p, K8S_NOTE_SECCOMP_POD, "");
	s->mode = SECM_NOT_SET;
	s->at = nowhere(r);
	if (k8s_text(n) && !strcmp(n->text, "unconfined")) {
		s->mode = SECM_UNCONFINED;
		s->at = at(r, n);
		s->text = n->text;
	} else if (n) {
		s->at = at(r, n);
		s->text = "annotations on seccomp have no effect since Kubernetes 1.27";
	}
}

static void read_seccomp(const struct reading *r)
{
	const struct json *profile = k8s_effective(r->p, r->c, "seccompProfile");
	const struct json *type = k8s_get(profile, "type");
	struct mode_fact *s = &r->f->seccomp;
	const char *file;

	list_whole(r->f, LIST_SECCOMP_WEAK);
	if (!profile) {
		read_seccomp_annotation(r);
		return;
	}
	s->at = at(r, type ? type : profile);
	s->text = k8s_text(type);
	if (s->text && !strcmp(s->text, "Unconfined")) {
		s->mode = SECM_UNCONFINED;
	} else if (s->text && !strcmp(s->text, "RuntimeDefault")) {
		s->mode = SECM_DEFAULT;
	} else if (s->text && !strcmp(s->text, "Localhost")) {
		file = k8s_text(k8s_get(profile, "localhostProfile"));
		s->mode = SECM_OPAQUE;
		s->text = file;
		list_unknown(r->f, LIST_SECCOMP_WEAK, "the profile is a file of the node");
	} else {
		s->mode = SECM_UNKNOWN;
		s->text = "seccompProfile.type is not known";
		if (type)
			odd_value(r, type, "RuntimeDefault, Localhost or Unconfined");
	}
}

static void read_apparmor(const struct reading *r)
{
	const struct json *profile = k8s_get(r->c->sc, "appArmorProfile"), *type;
	const struct json *note = profile ? NULL : k8s_note(r->p, K8S_NOTE_APPARMOR, r->c->name);
	struct mode_fact *s = &r->f->apparmor;
	const char *text;

	if (!profile && !note)
		profile = k8s_get(r->p->sc, "appArmorProfile");
	type = profile ? k8s_get(profile, "type") : note;
	s->at = type ? at(r, type) : at_or_nowhere(r, profile);
	s->text = text = k8s_text(type);
	if (!profile && !note) {
		s->mode = LSMM_DEFAULT;
	} else if (text && (!strcmp(text, "Unconfined") || !strcmp(text, "unconfined"))) {
		s->mode = LSMM_UNCONFINED;
	} else if (text && (!strcmp(text, "RuntimeDefault") || !strcmp(text, "runtime/default") ||
			    (note && !*text))) {
		s->mode = LSMM_DEFAULT;
	} else if (text && !strcmp(text, "Localhost")) {
		s->mode = LSMM_CUSTOM;
		s->text = k8s_text(k8s_get(profile, "localhostProfile"));
	} else if (note && text && !strncmp(text, "localhost/", 10)) {
		s->mode = LSMM_CUSTOM;
		s->text = text + 10;
	} else {
		s->mode = LSMM_UNKNOWN;
		if (type)
			odd_value(r, type,
				  note ? "runtime/default, localhost/NAME or unconfined"
				       : "RuntimeDefault, Localhost or Unconfined");
	}
}

static void read_selinux(const struct reading *r)
{
	static const char *const keys[] = { "user", "role", "type", "level" };
	const struct json *options = k8s_effective(r->p, r->c, "seLinuxOptions");
	const char *type = k8s_text(k8s_get(options, "type"));
	struct mode_fact *s = &r->f->selinux;
	bool own = k8s_get(r->c->sc, "seLinuxOptions");

	for (size_t i = 0; (own || !*r->selinux_told) && i < sizeof(keys) / sizeof(keys[0]); i++) {
		const struct json *n = k8s_get(options, keys[i]);
		const char *text = k8s_text(n);

		if (text && *text)
			list_add(r->a, r->f, LIST_SELINUX, at(r, n),
				 arena_printf(r->a->arena, "%s:%s", keys[i], text));
	}
	list_whole(r->f, LIST_SELINUX);
	*r->selinux_told = *r->selinux_told || !own;
	s->mode = LSMM_DEFAULT;
	s->at = at_or_nowhere(r, k8s_get(options, "type"));
	s->text = type;
	if (type && (!strcmp(type, "spc_t") || !strcmp(type, "unconfined_t")))
		s->mode = LSMM_UNCONFINED;
	else if (type && *type && strcmp(type, "container_t") != 0)
		s->mode = LSMM_CUSTOM;
}

/* ---- /proc, /sys, devices ------------------------------------------------------------------- */

static void read_proc(const struct reading *r)
{
	const struct json *n = k8s_get(r->c->sc, "procMount");
	const char *mode = k8s_text(n), *why = NULL;
	struct place place = at_or_nowhere(r, n);

	if (mode && !strcmp(mode, "Unmasked"))
		why = "procMount: Unmasked";
	else if (mode && strcmp(mode, "Default") != 0)
		odd_value(r, n, "Default or Unmasked");
	if (r->f->fact[FACT_PRIVILEGED].is == TRI_YES) {
		why = "privileged: nothing is masked";
		place = r->f->fact[FACT_PRIVILEGED].at;
	}
	if (why) {
		list_add(r->a, r->f, LIST_UNMASKED, place, why);
		list_add(r->a, r->f, LIST_PROC_WRITABLE, place, why);
	}
	list_whole(r->f, LIST_UNMASKED);
	list_whole(r->f, LIST_PROC_WRITABLE);
}

static void read_directory(const struct reading *r)
{
	struct spec spec = { .a = r->a, .f = r->f };

	spec_cwd(&spec, k8s_get(r->c->node, "workingDir"));
}

/* Whoever has another's PID 1 above is none. Without `command` the image decides, also about
 * what `args` are given to. */
static void read_command(const struct reading *r)
{
	const struct json *command = k8s_get(r->c->node, "command");
	const struct json *args = k8s_get(r->c->node, "args");
	struct place place = command ? at(r, command) : place_of(r->p->src, r->c->node);
	bool given = command && command->type == JSON_ARRAY && command->count;
	enum ns_mode pid = r->f->ns_of[NST_PID].mode;
	struct spec spec = { .a = r->a, .f = r->f };
	const char *first = given ? spec_words(r->a->arena, command) : NULL;
	const char *rest = given && args ? spec_words(r->a->arena, args) : NULL;

	r->f->command = rest ? arena_printf(r->a->arena, "%s %s", first ? first : "", rest) : first;
	if (pid != NSM_OWN && pid != NSM_UNKNOWN)
		spec_init_given(r->f, place, "PID 1 is not of this container");
	else
		spec_init(&spec, given ? command : NULL, given ? args : NULL, place);
}

static void read_rights(const struct reading *r)
{
	static const struct flag privileged_flag = FLAG(FACT_PRIVILEGED, "privileged");
	static const struct flag readonly = FLAG(FACT_ROOTFS_READONLY, "readOnlyRootFilesystem");
	static const struct flag gain = FLAG(FACT_NO_NEW_PRIVS, "allowPrivilegeEscalation");
	enum tri privileged;

	read_flag(r, &privileged_flag);
	privileged = r->f->fact[FACT_PRIVILEGED].is;
	read_flag(r, &readonly);
	read_flag(r, &gain);
	/* The other way round; not set is allowed. */
	if (r->f->fact[FACT_NO_NEW_PRIVS].is != TRI_UNKNOWN)
		r->f->fact[FACT_NO_NEW_PRIVS].is =
			k8s_get(r->c->sc, "allowPrivilegeEscalation") &&
					r->f->fact[FACT_NO_NEW_PRIVS].is == TRI_NO
				? TRI_YES
				: TRI_NO;
	fact_set(r->f, FACT_DEVICES_ALL, privileged, r->f->fact[FACT_PRIVILEGED].at, "privileged");
	fact_set(r->f, FACT_CGROUP_WRITABLE, privileged, r->f->fact[FACT_PRIVILEGED].at,
		 "privileged");
	fact_set(r->f, FACT_SHARED_ROOT, TRI_NO, nowhere(r), NULL);
	fact_set(r->f, FACT_PIDS_LIMITED, TRI_UNKNOWN, nowhere(r),
		 "the limit is the kubelet's (podPidsLimit)");
}

static void read_windows(const struct reading *r)
{
	const struct json *n = k8s_get(k8s_get(r->c->sc, "windowsOptions"), "hostProcess");

	if (!n)
		n = k8s_get(k8s_get(r->p->sc, "windowsOptions"), "hostProcess");
	fact_set(r->f, FACT_WINDOWS_HOST_PROCESS, k8s_bool(n, TRI_NO), at_or_nowhere(r, n), NULL);
}

/* ---- What it opens -------------------------------------------------------------------------- */

static void read_sysctls(const struct reading *r)
{
	const struct json *list = r->first ? k8s_get(r->p->sc, "sysctls") : NULL;

	for (const struct json *n = list && list->type == JSON_ARRAY ? list->child : NULL; n;
	     n = n->next) {
		const char *name = k8s_text(k8s_get(n, "name"));

		if (name)
			list_add(r->a, r->f, LIST_SYSCTLS, place_of(r->p->src, n), name)->arg =
				k8s_text(k8s_get(n, "value"));
	}
	list_whole(r->f, LIST_SYSCTLS);
}

static void read_ports(const struct reading *r)
{
	const struct json *list = k8s_get(r->c->node, "ports");

	for (const struct json *n = list && list->type == JSON_ARRAY ? list->child : NULL; n;
	     n = n->next) {
		const struct json *port = k8s_get(n, "hostPort");
		const char *ip = k8s_text(k8s_get(n, "hostIP"));
		int64_t number;

		if (k8s_int(port, &number) && number != 0)
			list_add(r->a, r->f, LIST_PORTS, at(r, port),
				 arena_printf(r->a->arena, "%s:%lld", ip && *ip ? ip : "0.0.0.0",
					      (long long)number))
				->num = number;
	}
	list_whole(r->f, LIST_PORTS);
}

static void read_handler(const struct reading *r, const struct json *handler)
{
	static const char *const ways[] = { "httpGet", "tcpSocket" };

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		const struct json *host = k8s_get(k8s_get(handler, ways[i]), "host");

		if (k8s_text(host) && *host->text)
			list_add(r->a, r->f, LIST_PROBES, at(r, host),
				 arena_printf(r->a->arena, "%s.%s: %s", handler->key, ways[i],
					      host->text));
	}
}

static void read_probes(const struct reading *r)
{
	const struct json *hooks = k8s_get(r->c->node, "lifecycle");

	read_handler(r, k8s_get(r->c->node, "livenessProbe"));
	read_handler(r, k8s_get(r->c->node, "readinessProbe"));
	read_handler(r, k8s_get(r->c->node, "startupProbe"));
	read_handler(r, k8s_get(hooks, "postStart"));
	read_handler(r, k8s_get(hooks, "preStop"));
	list_whole(r->f, LIST_PROBES);
}

/* ---- All of it ------------------------------------------------------------------------------ */

static void read_container(const struct reading *r, struct k8s_volumes *v)
{
	const char *restart = k8s_text(k8s_get(r->c->node, "restartPolicy"));
	struct facts *f = r->f;

	f->name = r->c->name;
	f->object = arena_printf(r->a->arena, "%s:%s", r->p->title, r->c->name);
	f->image = k8s_text(k8s_get(r->c->node, "image"));
	f->ns = r->p->ns;
	f->pod = r->p->name;
	f->pod_node = r->p->spec;
	f->annotations = r->p->suppress;
	f->template_annotations = r->p->suppress_too;
	f->windows = r->p->windows;
	f->ephemeral = r->c->role == K8S_EPHEMERAL;
	/* One that is restarted for ever is a sidecar, not a step before the others. */
	f->init_container = r->c->role == K8S_INIT && !(restart && !strcmp(restart, "Always"));
	read_rights(r);
	read_user(r);
	read_groups(r);
	read_namespaces(r);
	read_capabilities(r);
	read_seccomp(r);
	read_apparmor(r);
	read_selinux(r);
	read_proc(r);
	read_directory(r);
	read_windows(r);
	read_sysctls(r);
	read_ports(r);
	read_probes(r);
	k8s_volume_facts(v, f, r->c, r->first);
	read_command(r);
}

/* Main containers come first: what is said of the pod is said at the first one. */
void k8s_pod_facts(struct k8s_pod *p)
{
	struct k8s_volumes *v = k8s_volumes_of(p);
	bool selinux_told = false, first = true;

	for (size_t i = 0; i < 2 * p->container_count; i++) {
		bool main_turn = i < p->container_count;
		struct reading r = { .a = p->a, .p = p, .first = first };

		r.c = &p->containers[i % p->container_count];
		if ((r.c->role == K8S_MAIN) != main_turn)
			continue;
		r.selinux_told = &selinux_told;
		r.f = audit_object(p->a, IN_K8S, p->src, r.c->node);
		if (!r.f)
			return;
		read_container(&r, v);
		first = false;
	}
}
