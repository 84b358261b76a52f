/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The kernel's process connector (CONFIG_PROC_EVENTS, linux/cn_proc.h): that processes
 * begin, exec and end, machine-wide. It is used as an alarm only: messages are lost
 * under load, and their numbers are those of the first PID namespace. Works in the first network
 * namespace; for ordinary users since 6.6. */

/* A non-blocking socket that becomes readable; or -errno: the machine does not offer it. In a PID
 * namespace that is not the first it may open and stay silent. */
int procevents_open(void);

/* Takes what there is to read. Positive: processes (not threads) began, ended or exec'd, or messages
 * were lost; 0: nothing of that kind; -errno: the socket is of no use any more. */
int procevents_drain(int fd);
