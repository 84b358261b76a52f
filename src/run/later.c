/* SPDX-License-Identifier: Apache-2.0 */
#include "run/later.h"

#include <errno.h>
#include <stdbool.h>

#include "base/cleanup.h"
#include "sys/syscalls.h"

static int pending[LATER_MAX]; /* ascending */
static int count;
static bool never;

void later_never(void)
{
	never = true;
}

void later_flush(void)
{
	int keep = errno;

	/* New descriptors are the lowest free ones, so most lie side by side. */
	for (int i = 0, n; i < count; i += n) {
		for (n = 1; i + n < count && pending[i + n] == pending[i] + n; n++)
			;
		(void)sys_close_range((unsigned int)pending[i], (unsigned int)(pending[i] + n - 1),
				      0);
	}
	count = 0;
	errno = keep;
}

void later_close(int *fd)
{
	int i;

	if (never || *fd >= LATER_BELOW) {
		cleanup_fd(fd);
		later_flush();
	}
	if (*fd < 0)
		return;
	for (i = count++; i > 0 && pending[i - 1] > *fd; i--)
		pending[i] = pending[i - 1];
	pending[i] = *fd;
	*fd = -1;
	if (count == LATER_MAX)
		later_flush();
}

void later_forget(void)
{
	count = 0;
}
