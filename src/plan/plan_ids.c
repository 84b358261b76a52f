/* SPDX-License-Identifier: Apache-2.0 */
/* Who the process is: id maps of a new user namespace, user and groups, umask,
 * working directory, the bounding set. */
#include <errno.h>
#include <string.h>

#include "plan/parts.h"

enum {
	UMASK_DEFAULT = 0022,   /* as every runtime has it */
	ID_MAP_LINES_MAX = 340, /* the kernel's, since 4.15 (user_namespaces(7)) */
};

static bool overlap(uint32_t a, uint32_t b, uint32_t a_size, uint32_t b_size)
{
	return a < (uint64_t)b + b_size && b < (uint64_t)a + a_size;
}

/* What the kernel would refuse with a bare EINVAL. */
static int check_map(const struct oci_id_maps *maps, const char *name, struct err *e)
{
	if (maps->count > ID_MAP_LINES_MAX)
		return err_set(e, E2BIG, "/linux/%s: %zu mappings, the kernel takes %d", name,
			       maps->count, ID_MAP_LINES_MAX);
	for (size_t i = 0; i < maps->count; i++) {
		const struct oci_id_map *m = &maps->items[i];

		/* The last id, 4294967295, means "none" and is nobody's. */
		if (m->size == 0 || (uint64_t)m->container_id + m->size > UINT32_MAX ||
		    (uint64_t)m->host_id + m->size > UINT32_MAX)
			return err_set(e, EINVAL, "/linux/%s/%zu: size %u is %s", name, i, m->size,
				       m->size ? "beyond the last id" : "nothing");
		for (size_t k = 0; k < i; k++) {
			const struct oci_id_map *o = &maps->items[k];

			if (overlap(m->container_id, o->container_id, m->size, o->size) ||
			    overlap(m->host_id, o->host_id, m->size, o->size))
				return err_set(e, EINVAL,
					       "/linux/%s/%zu: overlaps with /linux/%s/%zu", name,
					       i, name, k);
		}
	}
	return 0;
}

/* "0=100000+65536 ...": inner=outer+count */
static const char *map_text(const struct oci_id_maps *maps, struct arena *a)
{
	const char *text = "";

	for (size_t i = 0; i < maps->count; i++)
		text = arena_printf(a, "%s%s%u=%u+%u", text, i ? " " : "",
				    maps->items[i].container_id, maps->items[i].host_id,
				    maps->items[i].size);
	return text;
}

int plan_id_maps(struct plan *p, struct arena *a, struct err *e)
{
	const struct oci_linux *l = &p->spec->linux_;
	int r;

	if (l->uid_maps.count == 0 || l->gid_maps.count == 0)
		return err_set(e, EINVAL,
			       "/linux/%s: a new user namespace needs at least one mapping",
			       l->uid_maps.count ? "gidMappings" : "uidMappings");
	r = check_map(&l->uid_maps, "uidMappings", e);
	if (r == 0)
		r = check_map(&l->gid_maps, "gidMappings", e);
	if (r == 0)
		plan_add(p, a, STEP_ID_MAPS, SIDE_HOST, "/linux/uidMappings")->str.text =
			arena_printf(a, "uid %s, gid %s", map_text(&l->uid_maps, a),
				     map_text(&l->gid_maps, a));
	return r;
}

static bool maps_have(const struct oci_id_maps *maps, uint32_t id)
{
	for (size_t i = 0; i < maps->count; i++)
		if (id >= maps->items[i].container_id &&
		    id - maps->items[i].container_id < maps->items[i].size)
			return true;
	return false;
}

/* In a user namespace that we make we know the answer beforehand. */
static int check_mapped(const struct plan *p, struct err *e)
{
	const struct oci_linux *l = &p->spec->linux_;
	const struct oci_process *u = p->process;

	if (!(p->new_ns & oci_ns_info[OCI_NS_USER].clone_flag))
		return 0;
	if (!maps_have(&l->uid_maps, u->uid))
		return err_set(
			e, EINVAL,
			"/process/user/uid: cannot setuid to unmapped uid %u in user namespace",
			u->uid);
	if (!maps_have(&l->gid_maps, u->gid))
		return err_set(
			e, EINVAL,
			"/process/user/gid: cannot setgid to unmapped gid %u in user namespace",
			u->gid);
	for (size_t i = 0; i < u->additional_gids_count; i++)
		if (!maps_have(&l->gid_maps, u->additional_gids[i]))
			return err_set(
				e, EINVAL,
				"/process/user/additionalGids/%zu: gid %u is not mapped in the user namespace",
				i, u->additional_gids[i]);
	return 0;
}

/* An engine's image need not have it, and runc makes it; exec does not. */
int plan_make_cwd(struct plan *p, struct arena *a, struct err *e)
{
	(void)e;
	if (strcmp(p->process->cwd, "/") != 0)
		plan_add(p, a, STEP_MAKE_CWD, SIDE_CHILD, "/process/cwd")->process.process =
			p->process;
	return 0;
}

int plan_user_cwd(struct plan *p, struct arena *a, struct err *e)
{
	const struct oci_process *u = p->process;
	uint64_t every = p->env.last_cap >= 63 ? UINT64_MAX
					       : (UINT64_C(1) << (p->env.last_cap + 1)) - 1;
	int r = check_mapped(p, e);

	if (r < 0)
		return r;
	plan_add(p, a, STEP_UMASK, SIDE_CHILD, "/process/user/umask")->num.value =
		u->umask ? *u->umask : UMASK_DEFAULT;
	if (every & ~u->caps.bounding)
		plan_add(p, a, STEP_BOUNDING, SIDE_CHILD, "/process/capabilities/bounding")
			->bounding.keep = u->caps.bounding & every;
	plan_add(p, a, STEP_USER, SIDE_CHILD, "/process/user")->process.process = u;
	plan_add(p, a, STEP_CWD, SIDE_CHILD, "/process/cwd")->process.process = u;
	return 0;
}
