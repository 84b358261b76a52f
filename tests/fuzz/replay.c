/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stands in for libFuzzer's main: runs the target over every file of the
 * directories given, and over the empty input, and prints TAP. A crash ends the
 * program before its plan, which the runner counts as a failure; the line
 * before it names the input.
 *
 * Every input lies in a block of exactly its size, so that a sanitizer sees the
 * first byte read beyond it.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define REPLAY_MAX_BYTES (64u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int cases;
static int failures;

static void replay(const char *name, const uint8_t *data, size_t size)
{
	printf("# %s, %zu bytes\n", name, size);
	fflush(stdout);
	(void)LLVMFuzzerTestOneInput(data, size);
	printf("ok %d - %s\n", ++cases, name);
	fflush(stdout);
}

static void fail(const char *name, int err)
{
	printf("not ok %d - %s: %s\n", ++cases, name, strerror(err));
	failures++;
}

static void replay_file(const char *dir, const char *name)
{
	char path[4096];
	struct stat st;
	uint8_t *data;
	FILE *f;
	int n = snprintf(path, sizeof(path), "%s/%s", dir, name);

	if (n < 0 || (size_t)n >= sizeof(path)) {
		fail(name, ENAMETOOLONG);
		return;
	}
	f = fopen(path, "re");
	if (!f || fstat(fileno(f), &st) < 0) {
		fail(name, errno);
		if (f)
			fclose(f);
		return;
	}
	data = st.st_size <= REPLAY_MAX_BYTES ? malloc(st.st_size ? (size_t)st.st_size : 1) : NULL;
	if (!data)
		fail(name, EFBIG);
	else if (fread(data, 1, (size_t)st.st_size, f) != (size_t)st.st_size)
		fail(name, EIO);
	else
		replay(name, st.st_size ? data : data + 1, (size_t)st.st_size);
	free(data);
	fclose(f);
}

static int no_dots(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

int main(int argc, char **argv)
{
	uint8_t *block = calloc(1, 1);

	if (!block)
		return 1;
	replay("the empty input", block + 1, 0);
	free(block);
	for (int i = 1; i < argc; i++) {
		struct dirent **names;
		int n = scandir(argv[i], &names, no_dots, alphasort);

		if (n < 0) {
			fail(argv[i], errno);
			continue;
		}
		for (int k = 0; k < n; k++) {
			replay_file(argv[i], names[k]->d_name);
			free(names[k]);
		}
		free(names);
	}
	printf("1..%d\n", cases);
	return failures != 0;
}
