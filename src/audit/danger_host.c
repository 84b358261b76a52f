/* SPDX-License-Identifier: Apache-2.0 */
/* Devices and groups that are as good as the host, by whatever name they are handed in. */
#include <string.h>

#include "audit/danger.h"
#include "base/cleanup.h"
#include "base/num.h"

/* Linux, Documentation/admin-guide/devices.txt, and what the dynamic ones are in practice;
 * minor -1: all of them. */
static const struct {
	char type;
	int first, last; /* majors */
	int minor;
	char path[16];
} devices[] = {
	{ 'b', 8, 8, -1, "/dev/sd*" },         { 'b', 65, 71, -1, "/dev/sd*" },
	{ 'b', 128, 135, -1, "/dev/sd*" },     { 'b', 259, 259, -1, "/dev/nvme*" },
	{ 'b', 253, 253, -1, "/dev/dm-*" },    { 'b', 254, 254, -1, "/dev/vd*" },
	{ 'b', 252, 252, -1, "/dev/vd*" },     { 'b', 7, 7, -1, "/dev/loop*" },
	{ 'b', 9, 9, -1, "/dev/md*" },         { 'b', 202, 202, -1, "/dev/xvd*" },
	{ 'b', 179, 179, -1, "/dev/mmcblk*" }, { 'b', 43, 43, -1, "/dev/nbd*" },
	{ 'b', 3, 3, -1, "/dev/hd*" },         { 'c', 1, 1, 1, "/dev/mem" },
	{ 'c', 1, 1, 2, "/dev/kmem" },         { 'c', 1, 1, 4, "/dev/port" },
	{ 'c', 1, 1, 11, "/dev/kmsg" },        { 'c', 21, 21, -1, "/dev/sg*" },
	{ 'c', 13, 13, -1, "/dev/input/*" },   { 'c', 189, 189, -1, "/dev/bus/usb/*" },
	{ 'c', 10, 10, 223, "/dev/uinput" },   { 'c', 202, 202, -1, "/dev/cpu/*/msr" },
};

const char *danger_device(char type, int64_t major, int64_t minor)
{
	if (type == 'u') /* without a buffer, which the kernel does not tell apart */
		type = 'c';
	for (size_t i = 0; i < ARRAY_LEN(devices); i++)
		if (devices[i].type == type && devices[i].first <= major &&
		    major <= devices[i].last &&
		    (devices[i].minor < 0 || minor < 0 || devices[i].minor == minor))
			return devices[i].path;
	return NULL;
}

static const char groups[][16] = {
	"root",    "docker", "podman", "disk",   "kvm",  "lxd", "lxc",   "incus",
	"libvirt", "sudo",   "wheel",  "shadow", "kmem", "adm", "input", "systemd-journal",
};

const char *danger_group(const char *word)
{
	int64_t gid;

	if (num_i64(word, strlen(word), &gid) == 0)
		return gid == 0 ? "root" : gid == 6 ? "disk" : NULL;
	for (size_t i = 0; i < ARRAY_LEN(groups); i++)
		if (strcmp(groups[i], word) == 0)
			return groups[i];
	return NULL;
}
