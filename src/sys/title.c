/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/title.h"

#include <string.h>
#include <unistd.h>

static char *area;
static size_t area_size;

void title_init(int argc, char **argv)
{
	char *end;

	if (argc < 1 || !argv[0])
		return;
	end = argv[0];
	/* The strings lie back to back. The environment follows them, but pointers into it
	 * are everywhere; it stays. */
	for (int i = 0; i < argc && argv[i] == end; i++)
		end = argv[i] + strlen(argv[i]) + 1;
	area = argv[0];
	area_size = (size_t)(end - argv[0]);
}

void title_set(const char *text)
{
	size_t n = strlen(text);

	if (area_size == 0)
		return;
	memset(area, 0, area_size);
	memcpy(area, text, n < area_size - 1 ? n : area_size - 1);
}
