/* SPDX-License-Identifier: Apache-2.0 */
/* The yardstick of the audit: every file named, or found in the directories named, is
 * read whole and parsed by libyaml; the events are thrown away. Prints files, bytes, events. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml.h>

static size_t files, bytes, events;

static void die(const char *what)
{
	fprintf(stderr, "yamlfloor: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void parse(const char *name, const unsigned char *text, size_t len)
{
	yaml_parser_t p;
	yaml_event_t ev;
	int more = 1;

	yaml_parser_initialize(&p);
	yaml_parser_set_input_string(&p, text, len);
	while (more) {
		if (!yaml_parser_parse(&p, &ev)) {
			fprintf(stderr, "yamlfloor: %s: %s\n", name, p.problem);
			exit(1);
		}
		more = ev.type != YAML_STREAM_END_EVENT;
		events++;
		yaml_event_delete(&ev);
	}
	yaml_parser_delete(&p);
}

static void one(int at, const char *name)
{
	static unsigned char *buffer;
	static size_t size;
	int fd = openat(at, name, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0)
		die(name);
	if (S_ISDIR(st.st_mode)) {
		DIR *d = fdopendir(fd);
		struct dirent *e;

		while ((e = readdir(d)))
			if (e->d_name[0] != '.')
				one(fd, e->d_name);
		closedir(d);
		return;
	}
	if ((size_t)st.st_size + 1 > size) {
		size = (size_t)st.st_size + 1;
		buffer = realloc(buffer, size);
	}
	while ((n = read(fd, buffer + len, size - len)) > 0)
		len += (size_t)n;
	close(fd);
	parse(name, buffer, len);
	files++;
	bytes += len;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		one(AT_FDCWD, argv[i]);
	printf("%zu files, %zu bytes, %zu events\n", files, bytes, events);
	return 0;
}
