/* SPDX-License-Identifier: Apache-2.0 */

/* Start code for the tests' variant of the init: the same sources, but hosted, so that
 * the sanitizers' run-time libraries can be there. Never installed. */

#include "init/main.h"

int main(int argc, char **argv, char **envp);

int main(int argc, char **argv, char **envp)
{
	return init_main(argc, argv, envp);
}
