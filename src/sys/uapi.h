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
