/* SPDX-License-Identifier: Apache-2.0 */
/* The error record: the first failure stays, context goes before, hints after, and
 * nothing that it quotes reaches a terminal as a command. */
#include <errno.h>

#include "base/err.h"
#include "test.h"

static void printable(const char *quoted, const char *want)
{
	struct err e = { 0 };

	CHECK_INT(err_set(&e, EINVAL, "no '%s'", quoted), -EINVAL);
	CHECK_STR(e.msg, want);
}

int main(void)
{
	struct err e = { 0 };
	char longer[2000];

	CASE("the first one wins");
	CHECK_INT(err_set(&e, ENOENT, "open %s: %m", "x"), -ENOENT);
	CHECK_INT(err_set(&e, EPERM, "later"), -EPERM);
	CHECK_STR(e.msg, "open x: No such file or directory");
	CHECK_INT(err_wrap(&e, -ENOENT, "step %d", 3), -ENOENT);
	CHECK_STR(e.msg, "step 3: open x: No such file or directory");
	err_hint(&e, "make %s", "x");
	err_hint(&e, "a second hint");
	CHECK_STR(e.msg, "step 3: open x: No such file or directory. Hint: make x");

	CASE("nothing recorded");
	e = (struct err){ 0 };
	err_hint(&e, "of no use");
	CHECK_STR(e.msg, "");
	CHECK_INT(err_wrap(&e, -EPERM, "x"), -EPERM);
	CHECK_STR(e.msg, "x: Operation not permitted");
	CHECK_INT(err_set(NULL, EPERM, "x"), -EPERM);

	CASE("control characters");
	printable("\033[31mred", "no '?[31mred'");
	printable("a\nb\tc\177d", "no 'a?b?c?d'");
	printable("<\302\233>", "no '<\?\?>'");
	printable("\303\244 \302\240", "no '\303\244 \302\240'");

	CASE("too long");
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	e = (struct err){ 0 };
	CHECK_INT(err_set(&e, EINVAL, "%s", longer), -EINVAL);
	CHECK_INT(strlen(e.msg), sizeof(e.msg) - 1);
	CHECK_STR(e.msg + sizeof(e.msg) - 4, "...");
	return DONE();
}
