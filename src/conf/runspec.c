/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/runspec.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/names.h"
#include "conf/runspec_impl.h"

/* ---- namespaces --------------------------------------------------------------- */

struct ns_words {
	const char *option;
	enum oci_ns ns;
	bool none; /* "none" is known: for ipc no /dev/shm, for net the same as private */
};

/* What a word of --pid, --ipc, --uts or --net means. */
static int ns_word(struct run_build *b, const struct ns_words *w, const char *word,
		   const char *path, enum run_ns_mode *ret)
{
	struct oci_namespace *ns = &b->spec->linux_.ns[w->ns];

	*ret = RUN_NS_PRIVATE;
	ns->present = true;
	if (!word || !*word || strcmp(word, "private") == 0)
		return 0;
	if (w->none && strcmp(word, "none") == 0) {
		*ret = RUN_NS_NONE;
		return 0;
	}
	if (strcmp(word, "host") == 0) {
		*ret = RUN_NS_HOST;
		ns->present = false;
		return 0;
	}
	if (strncmp(word, "container:", 10) == 0 && word[10]) {
		if (!path)
			return err_set(b->e, EINVAL,
				       "option --%s %.128s: the container was not looked up",
				       w->option, word);
		*ret = RUN_NS_CONTAINER;
		ns->path = path;
		return 0;
	}
	(void)err_set(b->e, EINVAL,
		      "option --%s: unknown value '%.64s'; known: private, host, container:ID%s",
		      w->option, word, w->none ? ", none" : "");
	if (w->ns == OCI_NS_NETWORK)
		err_hint(b->e, "networks are not supported yet");
	return -EINVAL;
}

static int namespaces(struct run_build *b)
{
	static const struct ns_words pid = { "pid", OCI_NS_PID, false },
				     ipc = { "ipc", OCI_NS_IPC, true },
				     uts = { "uts", OCI_NS_UTS, false },
				     net = { "net", OCI_NS_NETWORK, true };
	const struct run_opts *o = b->o;
	const struct run_ns_paths *paths = &b->f->paths;
	struct oci_namespace *ns = b->spec->linux_.ns;
	/* "shareable" is what every container's is here */
	const char *ipc_word = o->ipc && strcmp(o->ipc, "shareable") == 0 ? NULL : o->ipc;
	int r = ns_word(b, &pid, o->pid, paths->pid, &b->pid);

	if (r == 0)
		r = ns_word(b, &ipc, ipc_word, paths->ipc, &b->ipc);
	if (r == 0)
		r = ns_word(b, &uts, o->uts, paths->uts, &b->uts);
	if (r == 0)
		r = ns_word(b, &net, o->net, paths->network, &b->net);
	if (r < 0)
		return r;
	ns[OCI_NS_MOUNT].present = true;
	ns[OCI_NS_CGROUP].present = !o->cgroupns || strcmp(o->cgroupns, "host") != 0;
	if (o->cgroupns && strcmp(o->cgroupns, "host") != 0 && strcmp(o->cgroupns, "private") != 0)
		return err_set(b->e, EINVAL,
			       "option --cgroupns: unknown value '%.64s'; known: private, host",
			       o->cgroupns);
	if (o->hostname && b->uts != RUN_NS_PRIVATE)
		return err_set(b->e, EINVAL, "option --hostname: conflicts with --uts=%.64s",
			       o->uts);
	if (b->uts == RUN_NS_PRIVATE)
		b->spec->hostname = o->hostname;
	return 0;
}

/* ---- user namespace ------------------------------------------------------------- */

static void map(struct arena *a, struct oci_id_maps *maps, size_t *cap, uint32_t inside,
		uint32_t outside, uint32_t size)
{
	const struct oci_id_map m = { .container_id = inside, .host_id = outside, .size = size };

	if (size > 0)
		*(struct oci_id_map *)arena_push(a, &maps->items, &maps->count, cap, sizeof(m)) = m;
}

/* root inside is us, the rest is our sub-ids; keep-id: we are ourselves and our
 * sub-ids stand around. */
static void rootless_map(struct arena *a, struct oci_id_maps *maps, uint32_t own,
			 struct run_sub_id sub, bool keep)
{
	size_t cap = 0;
	uint32_t below = keep ? (own < sub.count ? own : sub.count) : 0;

	map(a, maps, &cap, 0, sub.first, below);
	map(a, maps, &cap, keep ? own : 0, own, 1);
	map(a, maps, &cap, (keep ? own : 0) + 1, sub.first + below, sub.count - below);
}

static int user_namespace(struct run_build *b)
{
	const struct run_facts *f = b->f;
	struct oci_linux *l = &b->spec->linux_;
	const char *word = b->o->userns && *b->o->userns ? b->o->userns : NULL;
	bool keep = word && strcmp(word, "keep-id") == 0, host = word && strcmp(word, "host") == 0;
	bool given = word && strcmp(word, "private") == 0;
	size_t cap = 0;

	if (word && !keep && !host && !given)
		return err_set(
			b->e, EINVAL,
			"option --userns: unknown value '%.64s'; known: host, private, keep-id",
			word);
	b->mapped_gids = UINT32_MAX;
	if (f->paths.user) {
		if (word)
			return err_set(b->e, EINVAL,
				       "option --userns: with container:ID it is that container's");
		l->ns[OCI_NS_USER] = (struct oci_namespace){ .present = true,
							     .path = f->paths.user };
		b->own_user_ns = true;
		return 0;
	}
	if (!f->rootless && !given && !keep)
		return 0;
	if (f->rootless && host && f->euid != 0)
		return err_set(
			b->e, EPERM,
			"option --userns host: an ordinary user needs a user namespace of its own");
	if (f->rootless && host)
		return 0;
	if (!f->rootless && keep)
		return err_set(b->e, EINVAL, "option --userns keep-id: for ordinary users only");
	if ((given || keep) && (!f->sub_uid.count || !f->sub_gid.count) &&
	    (!f->rootless || (keep && f->euid != 0))) {
		(void)err_set(b->e, EINVAL, "option --userns %s: there are no ids to give away",
			      word);
		err_hint(b->e, "add a range for this user to /etc/subuid and /etc/subgid");
		return -EINVAL;
	}
	b->own_user_ns = true;
	l->ns[OCI_NS_USER].present = true;
	if (!f->rootless) {
		size_t gid_cap = 0;

		map(b->a, &l->uid_maps, &cap, 0, f->sub_uid.first, f->sub_uid.count);
		map(b->a, &l->gid_maps, &gid_cap, 0, f->sub_gid.first, f->sub_gid.count);
		b->mapped_gids = f->sub_gid.count;
		return 0;
	}
	/* One without the other is of no use: newuidmap and newgidmap go together. */
	if (f->sub_uid.count && f->sub_gid.count) {
		rootless_map(b->a, &l->uid_maps, f->euid, f->sub_uid, keep);
		rootless_map(b->a, &l->gid_maps, f->egid, f->sub_gid, keep);
		b->mapped_gids = f->sub_gid.count + 1;
	} else {
		rootless_map(b->a, &l->uid_maps, f->euid, (struct run_sub_id){ 0 }, false);
		rootless_map(b->a, &l->gid_maps, f->egid, (struct run_sub_id){ 0 }, false);
		b->mapped_gids = 1;
	}
	return 0;
}

/* ---- the process ----------------------------------------------------------------- */

static size_t name_len(const char *var)
{
	return strcspn(var, "=");
}

/* Sets or replaces a variable. */
static void env_set(struct run_build *b, const char *var)
{
	struct oci_strings *env = &b->spec->process.env;
	size_t n = name_len(var);

	for (size_t i = 0; i < env->count; i++)
		if (name_len(env->items[i]) == n && memcmp(env->items[i], var, n) == 0) {
			env->items[i] = var;
			return;
		}
	run_push(b->a, env, var);
}

static const char *own_value(const struct run_facts *f, const char *name)
{
	size_t n = strlen(name);

	for (const char *const *v = f->own_env; v && *v; v++)
		if (strncmp(*v, name, n) == 0 && (*v)[n] == '=')
			return *v;
	return NULL;
}

static int environment(struct run_build *b)
{
	const struct run_opts *o = b->o;

	env_set(b, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	if (b->spec->hostname)
		env_set(b, arena_printf(b->a, "HOSTNAME=%s", b->spec->hostname));
	if (o->tty)
		env_set(b, "TERM=xterm");
	for (size_t i = 0; i < o->env.count; i++) {
		const char *var = o->env.items[i];

		if (!*var || *var == '=')
			return err_set(b->e, EINVAL, "option --env '%.64s': there is no name", var);
		if (!strchr(var, '=')) /* ours, or left out */
			var = own_value(b->f, var);
		if (var)
			env_set(b, var);
	}
	return 0;
}

static int process(struct run_build *b)
{
	const struct run_opts *o = b->o;
	struct oci_process *p = &b->spec->process;

	b->spec->has_process = true;
	p->terminal = o->tty;
	p->cwd = o->workdir ? run_clean(b->a, o->workdir) : "/";
	if (!p->cwd)
		return err_set(b->e, EINVAL,
			       "option --workdir '%.128s': must be absolute and without '..'",
			       o->workdir);
	if (o->entrypoint && *o->entrypoint)
		run_push(b->a, &p->args, o->entrypoint);
	for (size_t i = 0; i < o->command.count; i++)
		run_push(b->a, &p->args, o->command.items[i]);
	if (p->args.count == 0)
		run_push(b->a, &p->args, "/bin/sh");
	if (!*p->args.items[0])
		return err_set(b->e, EINVAL, "the command is empty");
	return environment(b);
}

static void annotate(struct run_build *b, size_t *cap, const char *key, const char *value)
{
	struct oci_pairs *list = &b->spec->annotations;

	*(struct oci_pair *)arena_push(b->a, &list->items, &list->count, cap,
				       sizeof(struct oci_pair)) =
		(struct oci_pair){ .key = key, .value = value };
}

/* "--annotation org.atoll.init=-g" has options for it. */
static bool says_init(const struct oci_strings *given)
{
	for (size_t i = 0; i < given->count; i++)
		if (strncmp(given->items[i], RUN_INIT_ANNOTATION "=",
			    sizeof(RUN_INIT_ANNOTATION)) == 0)
			return true;
	return false;
}

static int annotations(struct run_build *b)
{
	const struct run_opts *o = b->o;
	size_t cap = 0;

	/* Only PID 1 has an init's duties. */
	if (o->init && b->pid == RUN_NS_PRIVATE && !says_init(&o->annotations))
		annotate(b, &cap, RUN_INIT_ANNOTATION, "true");
	if (!o->root)
		annotate(b, &cap, RUN_OVERLAY_ANNOTATION, "true");
	if (o->name)
		annotate(b, &cap, RUN_NAME_ANNOTATION, o->name);
	if (o->stop_signal) {
		int sig = name_signal(o->stop_signal);

		if (sig <= 0)
			return err_set(b->e, EINVAL, "option --stop-signal: unknown signal '%.64s'",
				       o->stop_signal);
		annotate(b, &cap, RUN_STOP_SIGNAL_ANNOTATION,
			 signal_name(sig) ? signal_name(sig) : arena_printf(b->a, "%d", sig));
	}
	if (o->stop_timeout_s >= 0)
		annotate(b, &cap, RUN_STOP_TIMEOUT_ANNOTATION,
			 arena_printf(b->a, "%" PRId64, o->stop_timeout_s));
	return 0;
}

int run_spec_build(const struct run_opts *o, const struct run_facts *f, struct arena *a,
		   struct oci_spec *ret, struct err *e)
{
	struct oci_spec spec = { .oci_version = OCI_VERSION,
				 .root = { .path = o->root ? o->root : "/",
					   .readonly = o->read_only } };
	struct run_build b = {
		.o = o, .f = f, .a = a, .spec = &spec, .e = e, .confined_paths = !o->privileged
	};
	int r = namespaces(&b);

	if (r == 0)
		r = user_namespace(&b);
	if (r == 0)
		r = process(&b);
	if (r == 0)
		r = annotations(&b);
	if (r == 0)
		r = run_rights(&b);
	if (r == 0)
		r = run_mounts(&b);
	if (r == 0)
		r = run_devices(&b);
	if (r == 0)
		r = run_limits(&b);
	if (r == 0)
		r = oci_spec_check("the options", &spec, e);
	if (r == 0)
		*ret = spec;
	return r;
}
