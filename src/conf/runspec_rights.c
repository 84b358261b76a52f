/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/names.h"
#include "base/num.h"
#include "conf/runspec_impl.h"
#include "conf/seccomp_default.h"

/* ---- user ------------------------------------------------------------------- */

/* The n-th field of a line of passwd or group, not NUL-terminated. */
static const char *field(const char *line, size_t n, size_t *ret_len)
{
	for (; n > 0; n--) {
		line = strchr(line, ':');
		if (!line)
			return NULL;
		line++;
	}
	*ret_len = strcspn(line, ":");
	return line;
}

static bool field_is(const char *line, size_t n, const char *s)
{
	size_t len;
	const char *f = field(line, n, &len);

	return f && strlen(s) == len && memcmp(f, s, len) == 0;
}

static bool field_id(const char *line, size_t n, uint32_t *ret)
{
	size_t len;
	const char *f = field(line, n, &len);
	uint64_t v;

	if (!f || num_u64(f, len, &v) < 0 || v >= UINT32_MAX)
		return false;
	*ret = (uint32_t)v;
	return true;
}

/* The first line with that name, or else that number, in a file where field 0
 * is the name and field 2 the number. */
static const char *find_line(const struct oci_strings *lines, const char *name, const uint32_t *id)
{
	uint32_t v;

	for (size_t i = 0; i < lines->count; i++)
		if (name ? field_is(lines->items[i], 0, name)
			 : field_id(lines->items[i], 2, &v) && v == *id)
			return lines->items[i];
	return NULL;
}

static bool is_number(const char *s, uint32_t *ret)
{
	return num_u32(s, ret) == 0 && *ret != UINT32_MAX;
}

/* "" , name or number of a group. */
static int find_group(const char *s, const struct oci_strings *groups, const char *option,
		      uint32_t *ret, struct err *e)
{
	const char *line = find_line(groups, s, NULL);

	if (line && field_id(line, 2, ret))
		return 0;
	if (is_number(s, ret))
		return 0;
	return err_set(
		e, EINVAL,
		"option --%s: unable to find group %.64s: no matching entries in the root's /etc/group",
		option, s);
}

static void add_gid(struct arena *a, struct run_user *u, size_t *cap, uint32_t gid)
{
	for (size_t i = 0; i < u->gids_count; i++)
		if (u->gids[i] == gid)
			return;
	*(uint32_t *)arena_push(a, &u->gids, &u->gids_count, cap, sizeof(gid)) = gid;
}

/* The groups that name the user as a member. */
static void member_of(struct arena *a, const struct oci_strings *groups, const char *passwd_line,
		      struct run_user *u, size_t *cap)
{
	size_t name_len, len;
	const char *name = field(passwd_line, 0, &name_len), *f;
	uint32_t gid;

	for (size_t i = 0; i < groups->count; i++) {
		struct oci_strings members;

		f = field(groups->items[i], 3, &len);
		if (!f || !field_id(groups->items[i], 2, &gid))
			continue;
		members = run_words(a, arena_strndup(a, f, len), ',');
		if (run_has(&members, arena_strndup(a, name, name_len)))
			add_gid(a, u, cap, gid);
	}
}

int run_user_find(const char *user, const struct oci_strings *group_add, const char *passwd,
		  const char *group, struct arena *a, struct run_user *ret, struct err *e)
{
	struct oci_strings users = run_words(a, passwd, '\n'), groups = run_words(a, group, '\n');
	const char *colon = user ? strchr(user, ':') : NULL, *line = NULL, *name = NULL;
	struct run_user u = { 0 };
	size_t cap = 0;
	uint32_t gid;
	int r = 0;

	if (user)
		name = colon ? arena_strndup(a, user, (size_t)(colon - user)) : user;
	if (name && *name) {
		line = find_line(&users, name, NULL);
		if (!line && is_number(name, &u.uid))
			line = find_line(&users, NULL, &u.uid);
		else if (!line || !field_id(line, 2, &u.uid))
			return err_set(
				e, EINVAL,
				"option --user: unable to find user %.64s: no matching entries in the root's /etc/passwd",
				name);
	} else {
		line = find_line(&users, NULL, &u.uid);
	}
	if (line)
		(void)field_id(line, 3, &u.gid);
	if (colon && colon[1])
		r = find_group(colon + 1, &groups, "user", &u.gid, e);
	else if (line)
		member_of(a, &groups, line, &u, &cap);
	for (size_t i = 0; r == 0 && group_add && i < group_add->count; i++) {
		r = find_group(group_add->items[i], &groups, "group-add", &gid, e);
		if (r == 0)
			add_gid(a, &u, &cap, gid);
	}
	if (r == 0)
		*ret = u;
	return r;
}

/* Of a new user namespace we know what there is; of a joined one we do not. */
static bool maps_have(const struct run_build *b, const struct oci_id_maps *maps, uint32_t id)
{
	if (!b->own_user_ns || maps->count == 0)
		return true;
	for (size_t i = 0; i < maps->count; i++)
		if (id >= maps->items[i].container_id &&
		    id - maps->items[i].container_id < maps->items[i].size)
			return true;
	return false;
}

static int user(struct run_build *b)
{
	struct oci_process *p = &b->spec->process;
	const struct run_facts *f = b->f;
	struct run_user u;
	int r;

	r = run_user_find(b->o->user, &b->o->group_add, f->passwd, f->group, b->a, &u, b->e);
	if (r < 0)
		return r;
	if (!b->o->user && b->o->userns && strcmp(b->o->userns, "keep-id") == 0)
		u = (struct run_user){ .uid = f->euid,
				       .gid = f->egid,
				       .gids = u.gids,
				       .gids_count = b->o->group_add.count ? u.gids_count : 0 };
	p->uid = u.uid;
	p->gid = u.gid;
	if (b->o->user && (!maps_have(b, &b->spec->linux_.uid_maps, u.uid) ||
			   !maps_have(b, &b->spec->linux_.gid_maps, u.gid))) {
		(void)err_set(b->e, EINVAL,
			      "option --user %.64s: %u:%u does not exist in the user namespace",
			      b->o->user, u.uid, u.gid);
		err_hint(
			b->e,
			"there is a larger one with a range for this user in /etc/subuid and /etc/subgid");
		return -EINVAL;
	}
	/* Groups outside a small map do not exist inside; who names one hears of it. */
	p->additional_gids = u.gids;
	for (size_t i = 0; i < u.gids_count; i++)
		if (!b->own_user_ns || u.gids[i] < b->mapped_gids || b->o->group_add.count)
			p->additional_gids[p->additional_gids_count++] = u.gids[i];
	return 0;
}

/* ---- capabilities ------------------------------------------------------------- */

/* Docker's without MKNOD, NET_RAW and AUDIT_WRITE. */
static const int default_caps[] = {
	CAP_CHOWN,  CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_FSETID,           CAP_KILL,       CAP_SETFCAP,
	CAP_SETGID, CAP_SETPCAP,      CAP_SETUID, CAP_NET_BIND_SERVICE, CAP_SYS_CHROOT,
};
#define CAPS_ALL ((UINT64_C(1) << NAME_CAP_COUNT) - 1)

static int cap_list(struct run_build *b, const char *option, const struct oci_strings *list,
		    uint64_t *ret, bool *ret_all)
{
	*ret = 0;
	*ret_all = false;
	for (size_t i = 0; i < list->count; i++) {
		const char *word = list->items[i];
		char name[32] = "CAP_";
		size_t len = strlen(word);
		int cap = -EINVAL;

		if (len + 5 <= sizeof(name)) {
			bool full = strncmp(word, "CAP_", 4) == 0 || strncmp(word, "cap_", 4) == 0;

			for (size_t k = 0; k <= len; k++)
				name[k + (full ? 0 : 4)] = (char)(word[k] >= 'a' && word[k] <= 'z'
									  ? word[k] - 'a' + 'A'
									  : word[k]);
			cap = name_cap(name);
		}
		if (strcmp(name, "CAP_ALL") == 0)
			*ret_all = true;
		else if (cap < 0)
			return err_set(b->e, EINVAL, "option --%s: unknown capability '%.64s'",
				       option, word);
		else
			*ret |= UINT64_C(1) << cap;
	}
	return 0;
}

static int capabilities(struct run_build *b)
{
	struct oci_process *p = &b->spec->process;
	/* A new user namespace has all of them, over itself. */
	uint64_t own = b->own_user_ns ? CAPS_ALL : b->f->own_caps & CAPS_ALL, add, drop, caps = 0;
	bool add_all, drop_all;
	int r = cap_list(b, "cap-add", &b->o->cap_add, &add, &add_all);

	if (r == 0)
		r = cap_list(b, "cap-drop", &b->o->cap_drop, &drop, &drop_all);
	if (r < 0)
		return r;
	for (int cap = 0; cap < NAME_CAP_COUNT; cap++)
		if (add >> cap & 1 && !(own >> cap & 1))
			return err_set(b->e, EPERM,
				       "option --cap-add %s: atoll itself does not have it here",
				       cap_name(cap) + 4);
	for (size_t i = 0; i < ARRAY_LEN(default_caps); i++)
		caps |= UINT64_C(1) << default_caps[i];
	if (b->o->privileged || add_all)
		caps = CAPS_ALL;
	else if (drop_all)
		caps = 0;
	caps = ((caps & ~drop) | add) & own;
	p->caps = (struct oci_caps){ .present = true, .bounding = caps };
	/* As exec by another user leaves it; only root keeps what it has. */
	if (p->uid == 0)
		p->caps.effective = p->caps.permitted = caps;
	return 0;
}

/* ---- security options --------------------------------------------------------- */

struct security {
	bool no_new_privs, no_seccomp;
	const char *seccomp_file, *apparmor;
	const char *label[4]; /* user, role, type, level; NULL: not given */
	bool labelled;
};

static int label(struct run_build *b, const char *value, struct security *s)
{
	static const char *const part[] = { "user", "role", "type", "level" };

	if (strcmp(value, "disable") == 0) {
		s->labelled = false;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_LEN(part); i++) {
		size_t len = strlen(part[i]);

		if (strncmp(value, part[i], len) == 0 && value[len] == ':' && value[len + 1]) {
			s->label[i] = value + len + 1;
			s->labelled = true;
			return 0;
		}
	}
	return err_set(
		b->e, EINVAL,
		"option --security-opt: label=%.64s is none of disable, user:, role:, type:, level:",
		value);
}

static int security_word(struct run_build *b, const char *word, struct security *s)
{
	size_t n = strcspn(word, "=:");
	const char *value = word[n] ? word + n + 1 : NULL;
	const char *key = arena_strndup(b->a, word, n);

	if (strcmp(key, "no-new-privileges") == 0) {
		if (run_bool(value, &s->no_new_privs) == 0)
			return 0;
	} else if (value && strcmp(key, "seccomp") == 0) {
		s->no_seccomp = strcmp(value, "unconfined") == 0;
		s->seccomp_file = s->no_seccomp || strcmp(value, "builtin") == 0 ? NULL : value;
		if (*value)
			return 0;
	} else if (value && strcmp(key, "apparmor") == 0) {
		s->apparmor = strcmp(value, "unconfined") == 0 ? NULL : value;
		if (*value)
			return 0;
	} else if (value && strcmp(key, "label") == 0) {
		return label(b, value, s);
	} else if (value && strcmp(key, "systempaths") == 0 && strcmp(value, "unconfined") == 0) {
		b->confined_paths = false;
		return 0;
	}
	return err_set(
		b->e, EINVAL,
		"option --security-opt: '%.128s' makes no sense; known: no-new-privileges[=true|false], "
		"seccomp=unconfined|FILE, apparmor=PROFILE, label=..., systempaths=unconfined",
		word);
}

const char *run_seccomp_file(const struct run_opts *o)
{
	const char *file = NULL;

	for (size_t i = 0; i < o->security_opt.count; i++) {
		const char *word = o->security_opt.items[i];

		if (strncmp(word, "seccomp=", 8) == 0 || strncmp(word, "seccomp:", 8) == 0)
			file = word + 8;
	}
	return file && *file && strcmp(file, "unconfined") != 0 && strcmp(file, "builtin") != 0
		       ? file
		       : NULL;
}

static int seccomp(struct run_build *b, const struct security *s)
{
	struct oci_seccomp *filter;
	int r = 0;

	if (s->no_seccomp)
		return 0;
	filter = ARENA_NEW(b->a, struct oci_seccomp);
	if (!s->seccomp_file)
		seccomp_default(b->spec->process.caps.bounding, b->a, filter);
	else if (!b->f->seccomp_text)
		return err_set(b->e, EINVAL, "option --security-opt: seccomp=%.128s was not read",
			       s->seccomp_file);
	else
		r = oci_seccomp_parse(b->f->seccomp_name, b->f->seccomp_text,
				      strlen(b->f->seccomp_text), b->spec->process.caps.bounding,
				      b->a, filter, b->e);
	if (r == 0)
		b->spec->linux_.seccomp = filter;
	return r;
}

int run_rights(struct run_build *b)
{
	struct oci_process *p = &b->spec->process;
	struct security s = { .no_new_privs = !b->o->privileged, .no_seccomp = b->o->privileged };
	int r = user(b);

	if (r == 0)
		r = capabilities(b);
	for (size_t i = 0; r == 0 && i < b->o->security_opt.count; i++)
		r = security_word(b, b->o->security_opt.items[i], &s);
	if (r == 0)
		r = seccomp(b, &s);
	if (r < 0)
		return r;
	p->no_new_privileges = s.no_new_privs;
	p->apparmor_profile = s.apparmor;
	if (s.labelled)
		p->selinux_label = arena_printf(
			b->a, "%s:%s:%s:%s", s.label[0] ? s.label[0] : "system_u",
			s.label[1] ? s.label[1] : "system_r",
			s.label[2] ? s.label[2] : "container_t", s.label[3] ? s.label[3] : "s0");
	return 0;
}
