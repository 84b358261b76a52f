/* SPDX-License-Identifier: Apache-2.0 */
#include "init/reap.h"

#include "init/kern.h"

bool init_reap_next(const struct init_policy *p, int main, bool needed, struct init_news *ret)
{
	int status = 0;
	long pid = kern_wait(&status, WNOHANG);

	if (pid == 0)
		return false;
	if (pid < 0) {
		/* wait4(2) with WNOHANG knows no other error; children that others
		 * trace count as children. */
		*ret = (struct init_news){ .event = INIT_EV_NO_CHILD };
		return needed;
	}
	*ret = (struct init_news){
		.event = init_event_of_wait(p, (int)pid, main, status),
		.pid = (int)pid,
		.status = status,
	};
	return true;
}

void init_reap_describe(struct init_text *t, int status)
{
	static const uint64_t none[4];

	if (init_killed_by(status)) {
		init_text_str(t, "was killed by signal ");
		init_text_sig(t, init_killed_by(status));
	} else {
		init_text_str(t, "exited with status ");
		init_text_num(t, init_exit_status(status, none));
	}
}
