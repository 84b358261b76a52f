/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * TAP for the unit tests; one file, no dependency.
 *
 *	int main(void)
 *	{
 *		CASE("ids");                    // prefix of what follows
 *		CHECK(ids_parse("0") == 0);     // keeps going after a failure
 *		CHECK_INT(ids_count(), 3);      // says both values
 *		CHECK_STR(ids_name(0), "root"); // NULL compares too
 *		SKIP_ALL_IF(geteuid() != 0, "needs root"); // in main only
 *		return DONE();
 *	}
 *
 * Each argument is evaluated once. DONE() prints the plan and gives the exit
 * status: 1 if a check failed or if none ran. Every line is flushed at birth, so
 * that a child made by fork never prints a line for the second time.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct tap {
	const char *label;
	int count;
	int failed;
};
static struct tap tap;

static inline bool tap_result(bool ok, const char *file, int line, const char *what)
{
	const char *base = strrchr(file, '/');

	tap.count++;
	tap.failed += !ok;
	printf("%sok %d - %s%s%s (%s:%d)\n", ok ? "" : "not ", tap.count,
	       tap.label ? tap.label : "", tap.label ? ": " : "", what, base ? base + 1 : file,
	       line);
	fflush(stdout);
	return ok;
}

static inline bool tap_int(long long got, long long want, const char *file, int line,
			   const char *what)
{
	bool ok = tap_result(got == want, file, line, what);

	if (!ok) {
		printf("# got  %lld\n# want %lld\n", got, want);
		fflush(stdout);
	}
	return ok;
}

/* Every line of a value becomes a diagnostic, so that none is taken for a result. */
static inline void tap_text(const char *label, const char *s)
{
	printf("# %s %s", label, s ? "" : "(null)");
	for (; s && *s; s++) {
		putchar(*s);
		if (*s == '\n')
			fputs("#      ", stdout);
	}
	putchar('\n');
	fflush(stdout);
}

static inline bool tap_str(const char *got, const char *want, const char *file, int line,
			   const char *what)
{
	bool same = got && want ? strcmp(got, want) == 0 : got == want;
	bool ok = tap_result(same, file, line, what);

	if (!ok) {
		tap_text("got ", got);
		tap_text("want", want);
	}
	return ok;
}

static inline void tap_skip(const char *reason)
{
	printf("ok %d - %s # SKIP %s\n", ++tap.count, tap.label ? tap.label : "", reason);
	fflush(stdout);
}

static inline int tap_done(void)
{
	printf("1..%d\n", tap.count);
	fflush(stdout);
	return tap.failed != 0 || tap.count == 0;
}

#define CASE(name)  ((void)(tap.label = (name)))
#define CHECK(cond) tap_result(!!(cond), __FILE__, __LINE__, #cond)
#define CHECK_INT(got, want) \
	tap_int((long long)(got), (long long)(want), __FILE__, __LINE__, #got " == " #want)
#define CHECK_STR(got, want) tap_str((got), (want), __FILE__, __LINE__, #got " is " #want)
#define FAIL(why)            tap_result(false, __FILE__, __LINE__, (why))
#define SKIP(reason)         tap_skip(reason)
/* One skipped case, and on to the plan: for tests that cannot go on without it. */
#define SKIP_ALL_IF(cond, reason)          \
	do {                               \
		if (cond) {                \
			tap_skip(reason);  \
			return tap_done(); \
		}                          \
	} while (0)
#define DONE() tap_done()
