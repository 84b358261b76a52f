/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/caps.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>

#include "sys/syscalls.h"

static int ret_errno(int r)
{
	return r < 0 ? -errno : r;
}

int caps_get(struct caps *ret)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct d[_LINUX_CAPABILITY_U32S_3] = { 0 };
	int r = sys_capget(&head, d);

	if (r < 0)
		return r;
	ret->effective = (uint64_t)d[1].effective << 32 | d[0].effective;
	ret->permitted = (uint64_t)d[1].permitted << 32 | d[0].permitted;
	ret->inheritable = (uint64_t)d[1].inheritable << 32 | d[0].inheritable;
	return 0;
}

int caps_set(const struct caps *c)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct d[_LINUX_CAPABILITY_U32S_3];

	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		d[i].effective = (uint32_t)(c->effective >> (32 * i));
		d[i].permitted = (uint32_t)(c->permitted >> (32 * i));
		d[i].inheritable = (uint32_t)(c->inheritable >> (32 * i));
	}
	return sys_capset(&head, d);
}

/* PR_CAPBSET_READ refuses (EINVAL) what the kernel does not know. */
int caps_last(uint32_t *ret)
{
	uint32_t known = 0, unknown = 64;

	if (prctl(PR_CAPBSET_READ, 0, 0, 0, 0) < 0)
		return -errno;
	while (unknown - known > 1) {
		uint32_t mid = (known + unknown) / 2;

		if (prctl(PR_CAPBSET_READ, mid, 0, 0, 0) < 0)
			unknown = mid;
		else
			known = mid;
	}
	*ret = known;
	return 0;
}

int caps_bounding_get(uint32_t last, uint64_t *ret)
{
	uint64_t set = 0;

	for (uint32_t cap = 0; cap <= last; cap++) {
		int r = prctl(PR_CAPBSET_READ, cap, 0, 0, 0);

		if (r < 0)
			return -errno;
		set |= (uint64_t)r << cap;
	}
	*ret = set;
	return 0;
}

int caps_bounding_drop(uint32_t cap)
{
	return ret_errno(prctl(PR_CAPBSET_DROP, cap, 0, 0, 0));
}

int caps_ambient_clear(void)
{
	return ret_errno(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0));
}

int caps_ambient_raise(uint32_t cap)
{
	return ret_errno(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0));
}
