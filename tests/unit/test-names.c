/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <strings.h>
#include <sys/resource.h>

#include "base/cleanup.h"
#include "base/names.h"
#include "test.h"

static void test_caps(void)
{
	CASE("capabilities");
	for (int i = 0; i < NAME_CAP_COUNT; i++)
		CHECK_INT(name_cap(cap_name(i)), i);
	CHECK_STR(cap_name(0), "CAP_CHOWN");
	CHECK_STR(cap_name(21), "CAP_SYS_ADMIN");
	CHECK_STR(cap_name(40), "CAP_CHECKPOINT_RESTORE");
	CHECK_STR(cap_name(41), NULL);
	CHECK_STR(cap_name(-1), NULL);
	CHECK_INT(name_cap("cap_sys_admin"), -EINVAL);
	CHECK_INT(name_cap("SYS_ADMIN"), -EINVAL);
	CHECK_INT(name_cap("CAP_SYS_ADMI"), -EINVAL);
	CHECK_INT(name_cap(""), -EINVAL);
}

static void test_signals(void)
{
	static const struct {
		const char *text;
		int want;
	} rows[] = {
		{ "SIGTERM", SIGTERM },
		{ "TERM", SIGTERM },
		{ "term", SIGTERM },
		{ "sigTerm", SIGTERM },
		{ "15", 15 },
		{ "0", 0 },
		{ "64", 64 },
		{ "65", -EINVAL },
		{ "-1", -EINVAL },
		{ "-0", -EINVAL },
		{ "+9", -EINVAL },
		{ "9 ", -EINVAL },
		{ "", -EINVAL },
		{ "SIG", -EINVAL },
		{ "SIGSIGTERM", -EINVAL },
		{ "RTMIN", 34 },
		{ "SIGRTMIN+0", 34 },
		{ "rtmin+3", 37 },
		{ "RTMIN+30", 64 },
		{ "RTMIN+31", -EINVAL },
		{ "RTMIN-1", -EINVAL },
		{ "RTMIN+-1", -EINVAL },
		{ "RTMIN+", -EINVAL },
		{ "RTMIN3", -EINVAL },
		{ "RTMAX", 64 },
		{ "SIGRTMAX-30", 34 },
		{ "RTMAX-31", -EINVAL },
		{ "RTMAX+1", -EINVAL },
		{ "RTMAX--1", -EINVAL },
		{ "IOT", SIGABRT },
		{ "CLD", SIGCHLD },
		{ "POLL", SIGIO },
		{ "UNUSED", SIGSYS },
		{ "99999999999", -EINVAL },
		{ "NOPE", -EINVAL },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CASE(rows[i].text);
		CHECK_INT(name_signal(rows[i].text), rows[i].want);
	}
	CASE("every signal's name leads back to it");
	for (int sig = 1; sig <= NAME_SIGNAL_MAX; sig++)
		if (sig != 32 && sig != 33)
			CHECK_INT(name_signal(signal_name(sig)), sig);
	CHECK_STR(signal_name(32), NULL);
	CHECK_STR(signal_name(0), NULL);
	CHECK_STR(signal_name(65), NULL);
	CHECK_STR(signal_name(37), "SIGRTMIN+3");
	CHECK_STR(signal_name(63), "SIGRTMAX-1");
}

static void test_rlimits(void)
{
	CASE("resource limits");
	for (int i = 0; i < (int)RLIM_NLIMITS; i++)
		CHECK_INT(name_rlimit(rlimit_name(i)), i);
	CHECK_INT(name_rlimit("RLIMIT_NOFILE"), RLIMIT_NOFILE);
	CHECK_INT(name_rlimit("nofile"), -EINVAL);
	CHECK_STR(rlimit_name(RLIM_NLIMITS), NULL);
	CHECK_STR(rlimit_name(-1), NULL);
}

int main(void)
{
	test_caps();
	test_signals();
	test_rlimits();
	return DONE();
}
