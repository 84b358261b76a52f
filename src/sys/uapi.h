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
