/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Kernel constants newer than the headers of the oldest system we build on
 * (Debian 12: Linux 6.1), each with the version that brought it. */

#ifndef PIDFD_SELF_THREAD_GROUP /* 6.15 */
#define PIDFD_SELF_THREAD_GROUP (-10001)
#endif
#ifndef CLONE_NEWTIME /* 5.6 */
#define CLONE_NEWTIME 0x00000080
#endif
#ifndef MOUNT_ATTR_NOSYMFOLLOW /* 5.14 */
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000
#endif
#ifndef MOVE_MOUNT_BENEATH /* 6.5 */
#define MOVE_MOUNT_BENEATH 0x00000200
#endif
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV /* 5.19 */
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif
#ifndef NS_GET_MNTNS_ID /* 6.11 */
#define NS_GET_MNTNS_ID        0x8008b705
#define NS_GET_PID_FROM_PIDNS  0x8004b706 /* ioctl_nsfs(2); 6.11 */
#define NS_GET_TGID_FROM_PIDNS 0x8004b707
#define NS_GET_PID_IN_PIDNS    0x8004b708
#define NS_GET_TGID_IN_PIDNS   0x8004b709
#endif
#ifndef NS_MNT_GET_NEXT /* 6.12; with struct mnt_ns_info of 16 bytes */
#define NS_MNT_GET_NEXT 0x8010b70b
#define NS_MNT_GET_PREV 0x8010b70c
#endif
#ifndef NS_GET_ID /* 6.18 */
#define NS_GET_ID 0x8008b70d
#endif
#ifndef PIDFD_GET_PID_NAMESPACE /* 6.11, _IO(0xFF, n) */
#define PIDFD_GET_CGROUP_NAMESPACE 0xff01
#define PIDFD_GET_IPC_NAMESPACE    0xff02
#define PIDFD_GET_MNT_NAMESPACE    0xff03
#define PIDFD_GET_NET_NAMESPACE    0xff04
#define PIDFD_GET_PID_NAMESPACE    0xff05
#define PIDFD_GET_TIME_NAMESPACE   0xff07
#define PIDFD_GET_USER_NAMESPACE   0xff09
#define PIDFD_GET_UTS_NAMESPACE    0xff0a
#endif

/* statmount(2), listmount(2): 6.8; of other mount namespaces: 6.11. Under names of our own, since
 * <linux/mount.h> has them or not. */
#ifndef __NR_statmount
#define __NR_statmount 457
#define __NR_listmount 458
#endif
struct uapi_mnt_id_req {
	uint32_t size, spare;
	uint64_t mnt_id, param, mnt_ns_id;
};
struct uapi_statmount {
	uint32_t size, mnt_opts;
	uint64_t mask;
	uint32_t sb_dev_major, sb_dev_minor;
	uint64_t sb_magic;
	uint32_t sb_flags, fs_type;
	uint64_t mnt_id, mnt_parent_id;
	uint32_t mnt_id_old, mnt_parent_id_old;
	uint64_t mnt_attr, mnt_propagation, mnt_peer_group, mnt_master, propagate_from;
	uint32_t mnt_root, mnt_point; /* where in str they begin */
	uint64_t spare[50];
	char str[]; /* at 512 */
};
enum { UAPI_SB_BASIC = 1, UAPI_MNT_ROOT = 8, UAPI_MNT_POINT = 16 };
#define UAPI_LSMT_ROOT 0xffffffffffffffffULL
