/* SPDX-License-Identifier: Apache-2.0 */
/* cc pids.c $(pkg-config --cflags --libs libpidns) */
#include <pidns.h>
#include <stdio.h>

int main(void)
{
	struct pn_snap *s;

	if (pn_snapshot(&s, NULL) < 0)
		return 1;
	for (size_t i = 0; i < pn_count(s); i++)
		printf("%d is %d inside\n", (int)pn_at(s, i)->pid, (int)pn_at(s, i)->inner);
	pn_free(s);
	return 0;
}
