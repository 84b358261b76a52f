/* SPDX-License-Identifier: Apache-2.0 */
#include "pidns/cgpath.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"

enum id_kind { ID_HEX, ID_ANY };

/* One row for each way of naming a cgroup; the first that fits wins, so that longer prefixes
 * stand before shorter ones. `under`: the parent's name begins so. A '$' at its end: is it. */
struct pattern {
	const char *under, *prefix, *suffix;
	enum pn_runtime runtime;
	enum id_kind id;
	bool monitor, unescape;
};

/* clang-format off */
static const struct pattern patterns[] = {
	{ NULL, "docker-", ".scope", PN_RT_DOCKER, ID_HEX },
	{ "docker$", "", "", PN_RT_DOCKER, ID_HEX },
	{ NULL, "cri-containerd-", ".scope", PN_RT_CONTAINERD_CRI, ID_HEX },
	{ NULL, "crio-conmon-", ".scope", PN_RT_CRIO, ID_HEX, .monitor = true },
	{ NULL, "crio-conmon-", "", PN_RT_CRIO, ID_HEX, .monitor = true },
	{ NULL, "crio-", ".scope", PN_RT_CRIO, ID_HEX },
	{ NULL, "crio-", "", PN_RT_CRIO, ID_HEX },
	{ NULL, "libpod-conmon-", ".scope", PN_RT_PODMAN, ID_HEX, .monitor = true },
	{ NULL, "libpod-conmon-", "", PN_RT_PODMAN, ID_HEX, .monitor = true },
	{ NULL, "libpod-payload-", "", PN_RT_PODMAN, ID_HEX },
	{ NULL, "libpod-", ".scope", PN_RT_PODMAN, ID_HEX },
	{ NULL, "libpod-", "", PN_RT_PODMAN, ID_HEX },
	{ NULL, "nerdctl-", ".scope", PN_RT_CONTAINERD, ID_HEX },
	{ NULL, "atoll-", ".scope", PN_RT_ATOLL, ID_ANY },
	{ NULL, "runc-", ".scope", PN_RT_RUNC, ID_ANY },
	{ NULL, "crun-", ".scope", PN_RT_CRUN, ID_ANY },
	{ "buildkit$", "", "", PN_RT_BUILDKIT, ID_ANY },
	{ NULL, "buildkit-", ".scope", PN_RT_BUILDKIT, ID_ANY },
	{ NULL, "lxc.payload.", "", PN_RT_LXC, ID_ANY },
	{ NULL, "lxc.monitor.", "", PN_RT_LXC, ID_ANY, .monitor = true },
	{ "lxc.payload$", "", "", PN_RT_LXC, ID_ANY },
	{ "lxc.monitor$", "", "", PN_RT_LXC, ID_ANY, .monitor = true },
	{ "lxc$", "", "", PN_RT_LXC, ID_ANY },
	{ NULL, "machine-qemu", "", PN_RT_NONE, ID_ANY }, /* a virtual machine of libvirt */
	{ NULL, "machine-", ".scope", PN_RT_NSPAWN, ID_ANY, .unescape = true },
	{ NULL, "systemd-nspawn@", ".service", PN_RT_NSPAWN, ID_ANY, .unescape = true },
	{ NULL, "snap.", ".scope", PN_RT_SNAP, ID_ANY },
	{ NULL, "snap.", ".service", PN_RT_SNAP, ID_ANY },
	{ NULL, "app-flatpak-", ".scope", PN_RT_FLATPAK, ID_ANY, .unescape = true },
	{ "pod", "", "", PN_RT_CONTAINERD_CRI, ID_HEX },
	{ "kubepods", "", "", PN_RT_CONTAINERD_CRI, ID_HEX },
	{ NULL, "", "", PN_RT_OCI, ID_HEX },
};

/* systemd's "slice:prefix:id", taken as a plain name by a cgroupfs driver */
static const struct { const char *prefix; enum pn_runtime runtime; } triples[] = {
	{ "cri-containerd", PN_RT_CONTAINERD_CRI },
	{ "docker", PN_RT_DOCKER },
	{ "crio", PN_RT_CRIO },
	{ "libpod", PN_RT_PODMAN },
	{ "buildkit", PN_RT_BUILDKIT },
	{ "nerdctl", PN_RT_CONTAINERD },
	{ "runc", PN_RT_RUNC },
	{ "atoll", PN_RT_ATOLL },
};
/* clang-format on */

static bool is_hex(struct cgpath_part p)
{
	if (p.len != 64)
		return false;
	for (size_t i = 0; i < p.len; i++)
		if (!((p.at[i] >= '0' && p.at[i] <= '9') || (p.at[i] >= 'a' && p.at[i] <= 'f')))
			return false;
	return true;
}

static bool starts(struct cgpath_part p, const char *with)
{
	size_t n = strlen(with);

	return p.len >= n && memcmp(p.at, with, n) == 0;
}

static bool ends(struct cgpath_part p, const char *with)
{
	size_t n = strlen(with);

	return p.len >= n && memcmp(p.at + p.len - n, with, n) == 0;
}

static bool is(struct cgpath_part p, const char *what)
{
	return p.len == strlen(what) && memcmp(p.at, what, p.len) == 0;
}

static struct cgpath_part cut(struct cgpath_part p, size_t front, size_t back)
{
	return (struct cgpath_part){ p.at + front, p.len - front - back };
}

static bool is_under(struct cgpath_part up, const char *under)
{
	size_t n = strlen(under);

	if (n > 0 && under[n - 1] == '$')
		return up.len == n - 1 && memcmp(up.at, under, n - 1) == 0;
	return starts(up, under);
}

static bool fits(const struct pattern *t, struct cgpath_part up, struct cgpath_part p,
		 struct cgpath_part *ret_id)
{
	size_t front = strlen(t->prefix), back = strlen(t->suffix);

	if (p.len <= front + back || !starts(p, t->prefix) || !ends(p, t->suffix) ||
	    (t->under && !is_under(up, t->under)))
		return false;
	*ret_id = cut(p, front, back);
	return ret_id->len < CGPATH_ID_MAX && (t->id == ID_ANY || is_hex(*ret_id));
}

/* "snap.NAME.APP-UUID" and "APPID-NUMBER": only what names the program. */
static struct cgpath_part shorten(enum pn_runtime rt, struct cgpath_part id)
{
	const char *at = NULL;

	if (rt == PN_RT_SNAP)
		at = memchr(id.at, '.', id.len);
	if (rt == PN_RT_FLATPAK)
		at = memrchr(id.at, '-', id.len);
	return at && at > id.at ? (struct cgpath_part){ id.at, (size_t)(at - id.at) } : id;
}

/* "podUID", "kubepods-besteffort-podUID.slice", "...libpod_pod_ID.slice" */
static struct cgpath_part pod_of(struct cgpath_part p)
{
	static const char libpod[] = "libpod_pod_";
	const char *at = memmem(p.at, p.len, libpod, sizeof(libpod) - 1);
	struct cgpath_part rest = { 0 };

	if (at) {
		rest = cut(p, (size_t)(at - p.at) + sizeof(libpod) - 1, 0);
	} else if (starts(p, "kubepods") && ends(p, ".slice")) {
		at = memmem(p.at, p.len, "-pod", 4);
		if (at)
			rest = cut(p, (size_t)(at - p.at) + 4, 0);
	} else if (starts(p, "pod") && p.len > 3 + 31) {
		rest = cut(p, 3, 0);
	}
	return rest.len > 6 && ends(rest, ".slice") ? cut(rest, 0, 6) : rest;
}

static bool triple(struct cgpath_part p, struct cgpath_owner *ret)
{
	const char *first = memchr(p.at, ':', p.len);
	const char *end = p.at + p.len;
	const char *second = first ? memchr(first + 1, ':', (size_t)(end - first - 1)) : NULL;

	if (!second || second + 1 == end || end - second > CGPATH_ID_MAX)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(triples); i++)
		if (is((struct cgpath_part){ first + 1, (size_t)(second - first - 1) },
		       triples[i].prefix)) {
			*ret = (struct cgpath_owner){
				.runtime = triples[i].runtime,
				.id = { second + 1, (size_t)(end - second - 1) },
				.pod = pod_of((struct cgpath_part){ p.at, (size_t)(first - p.at) }),
			};
			return true;
		}
	return false;
}

static bool match(struct cgpath_part up, struct cgpath_part p, struct cgpath_owner *ret)
{
	struct cgpath_part id;

	if (triple(p, ret))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(patterns); i++) {
		const struct pattern *t = &patterns[i];

		if (!fits(t, up, p, &id))
			continue;
		*ret = (struct cgpath_owner){ .runtime = t->runtime,
					      .monitor = t->monitor,
					      .unescape = t->unescape,
					      .id = shorten(t->runtime, id) };
		/* /NAMESPACE/ID is how containerd's own clients name it; /../ID is a neighbour's, as
		 * a cgroup namespace shows it. */
		if (t->runtime == PN_RT_OCI && up.len > 0 && !is(up, "..") && !ends(up, ".slice") &&
		    !ends(up, ".scope") && !ends(up, ".service")) {
			ret->runtime = PN_RT_CONTAINERD;
			ret->ns = up;
		}
		return t->runtime != PN_RT_NONE;
	}
	return false;
}

static void note_user(struct cgpath_part p, struct cgpath *ret)
{
	uint64_t uid;

	if (starts(p, "user-") && ends(p, ".slice") && p.len > 11 &&
	    num_u64(p.at + 5, p.len - 11, &uid) == 0 && uid < UINT32_MAX)
		ret->uid = (uid_t)uid;
}

void cgpath_parse(const char *path, size_t len, struct cgpath *ret)
{
	const char *end = path + len;
	struct cgpath_part up = { path, 0 }, pod = { path, 0 };

	*ret = (struct cgpath){ 0 };
	for (const char *at = path; at < end;) {
		const char *slash = memchr(at, '/', (size_t)(end - at));
		struct cgpath_part p = { at, (size_t)((slash ? slash : end) - at) };
		struct cgpath_owner o, *last = ret->count ? &ret->owner[ret->count - 1] : NULL;

		at += p.len + 1;
		if (p.len == 0)
			continue;
		if (ends(p, ".service") || ends(p, ".scope"))
			ret->unit = p;
		note_user(p, ret);
		if (pod_of(p).len > 0 && !triple(p, &o))
			pod = pod_of(p);
		else if (last && last->runtime == PN_RT_NSPAWN && is(p, "supervisor"))
			last->monitor = true;
		else if (match(up, p, &o) && ret->count < CGPATH_OWNERS_MAX) {
			if (o.pod.len == 0)
				o.pod = pod;
			pod.len = 0;
			ret->owner[ret->count++] = o;
		}
		up = p;
	}
}

static int rank(const char *controllers, size_t len)
{
	if (len == 0)
		return 2; /* v2 */
	return len == 12 && memcmp(controllers, "name=systemd", 12) == 0 ? 1 : 0;
}

const char *cgpath_choose(const char *text, size_t len, size_t *ret_len, struct cgpath *ret)
{
	const char *best = NULL, *end = text + len;
	int best_rank = -1;
	struct cgpath parsed;

	for (const char *at = text; at < end;) {
		const char *nl = memchr(at, '\n', (size_t)(end - at));
		const char *stop = nl ? nl : end;
		const char *one = memchr(at, ':', (size_t)(stop - at));
		const char *two = one ? memchr(one + 1, ':', (size_t)(stop - one - 1)) : NULL;
		int r;

		at = stop + 1;
		if (!two || two[1] != '/')
			continue;
		r = rank(one + 1, (size_t)(two - one - 1));
		cgpath_parse(two + 1, (size_t)(stop - two - 1), &parsed);
		/* "/" of a hierarchy that is not in use says less than any other. */
		if (stop - two > 2)
			r += 4;
		r += 8 * (int)parsed.count;
		if (r <= best_rank)
			continue;
		best_rank = r;
		best = two + 1;
		*ret_len = (size_t)(stop - two - 1);
		*ret = parsed;
	}
	return best;
}
