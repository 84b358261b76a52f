/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Ownership in declarations. A local that owns a resource carries one of the
 * auto* attributes, starts initialised, and gives the resource back whichever
 * way its scope ends. take_ptr() and take_fd() hand it on. Every release
 * accepts the empty value and leaves errno alone. */

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_ptr(void *p)
{
	int keep = errno;

	free(*(void **)p);
	errno = keep;
}

static inline void cleanup_fd(int *fd)
{
	int keep = errno;

	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
	errno = keep;
}

static inline void cleanup_file(FILE **f)
{
	int keep = errno;

	if (*f)
		(void)fclose(*f);
	*f = NULL;
	errno = keep;
}

static inline void cleanup_dir(DIR **d)
{
	int keep = errno;

	if (*d)
		(void)closedir(*d);
	*d = NULL;
	errno = keep;
}

#define autofree  __attribute__((cleanup(cleanup_ptr)))
#define autoclose __attribute__((cleanup(cleanup_fd)))
#define autofile  __attribute__((cleanup(cleanup_file)))
#define autodir   __attribute__((cleanup(cleanup_dir)))

#define take_ptr(p)                     \
	__extension__({                 \
		typeof(p) take_v = (p); \
		(p) = NULL;             \
		take_v;                 \
	})

static inline int take_fd_(int *fd)
{
	int v = *fd;

	*fd = -1;
	return v;
}
#define take_fd(fd) take_fd_(&(fd))

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
