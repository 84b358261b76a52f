/* SPDX-License-Identifier: Apache-2.0 */
/* atoll-oci: the OCI runtime command line, for container engines. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/jsonw.h"
#include "cli/oci.h"
#include "run/selfexe.h"
#include "sys/title.h"

#ifndef ATOLL_COMMIT
#define ATOLL_COMMIT "unknown"
#endif

static const char *const log_formats[] = { [OCI_LOG_TEXT] = "text", [OCI_LOG_JSON] = "json", NULL };
static const char *const managers[] = { [OCI_CGROUPFS] = "cgroupfs",
					[OCI_SYSTEMD] = "systemd",
					[OCI_CGROUP_DISABLED] = "disabled",
					NULL };

#define AT(member) offsetof(struct oci_globals, member)
static const struct opt globals[] = {
	{ OPT_STR, 0, "root", "DIR", "where the state of containers lives", AT(root), OPT_DIR },
	{ OPT_STR, 0, "log", "FILE", "write a failure to this file too", AT(log), OPT_FILE },
	{ OPT_CHOICE, 0, "log-format", "FORMAT", "format of the log file", AT(log_format),
	  .choices = log_formats },
	{ OPT_FLAG, 0, "debug", NULL, "log each step and what was skipped", AT(debug) },
	{ OPT_STR, 0, "rootless", "WHEN", "not root: true, false or auto", AT(rootless) },
	{ OPT_CHOICE, 0, "cgroup-manager", "MANAGER", "who makes the cgroups", AT(cgroup_manager),
	  .choices = managers },
	{ OPT_FLAG, 0, "systemd-cgroup", NULL, "the same as --cgroup-manager systemd",
	  AT(systemd_cgroup), OPT_HIDDEN },
	{ OPT_STR, 0, "criu", "PATH", "ignored", AT(criu), OPT_HIDDEN },
	{ OPT_STR, 0, "log-level", "LEVEL", "ignored", AT(log_level), OPT_HIDDEN },
	{ 0 },
};

static const struct cmd *const cmds[] = {
	&oci_cmd_create, &oci_cmd_start,   &oci_cmd_run,      &oci_cmd_exec,
	&oci_cmd_state,  &oci_cmd_kill,    &oci_cmd_delete,   &oci_cmd_list,
	&oci_cmd_ps,     &oci_cmd_pause,   &oci_cmd_resume,   &oci_cmd_update,
	&oci_cmd_spec,   &oci_cmd_explain, &oci_cmd_features, NULL,
};

/* ---- saying ---------------------------------------------------------------------- */

static const struct oci_globals *said; /* the global options, for warnings */

static void now(char *buf, size_t size)
{
	time_t t = time(NULL);
	struct tm tm;

	if (!gmtime_r(&t, &tm) || strftime(buf, size, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		*buf = '\0';
}

static int log_open(const struct oci_globals *g)
{
	const char *path;

	if (!g->log)
		return fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	path = strncmp(g->log, "file:", 5) == 0 ? g->log + 5 : g->log;
	return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

/* One record, one write: engines read the file as one JSON document. Returns -errno if there
 * is no log. */
static int log_record(const struct oci_globals *g, const char *level, const char *msg)
{
	autoarena struct arena a = { 0 };
	autoclose int fd = log_open(g);
	struct jsonw w;
	char time[32];

	if (fd < 0)
		return -errno;
	now(time, sizeof(time));
	jsonw_init(&w, &a, 0);
	if (g->log_format == OCI_LOG_JSON) {
		jsonw_obj(&w);
		jsonw_kstr(&w, "level", level);
		jsonw_kstr(&w, "msg", msg);
		jsonw_kstr(&w, "time", time);
		jsonw_obj_end(&w);
		jsonw_nl(&w);
		(void)io_write_all(fd, w.buf, w.len);
	} else {
		char *line;

		jsonw_str(&w, msg);
		line = arena_printf(&a, "time=\"%s\" level=%s msg=%.*s\n", time, level, (int)w.len,
				    w.buf);
		(void)io_write_all(fd, line, strlen(line));
	}
	return 0;
}

static void report(const struct cmd_call *call, const struct err *e)
{
	const struct oci_globals *g = call->globals;

	int r = 0;

	if (g && !g->log && g->log_format == OCI_LOG_JSON) { /* whoever reads it wants JSON alone */
		(void)log_record(g, "error", e->msg);
		return;
	}
	fprintf(stderr, "atoll-oci: %s\n", e->msg);
	if (g && g->log)
		r = log_record(g, "error", e->msg);
	if (r < 0)
		fprintf(stderr, "atoll-oci: warning: no log in %s: %s\n", g->log, strerror(-r));
}

/* Engines take whatever stands in the log for the failure's record, so warnings
 * go there only if somebody is debugging; a person sees them on the terminal. */
static void warn(const char *msg)
{
	if (said->log ? said->debug : said->log_format == OCI_LOG_JSON)
		(void)log_record(said, "warning", msg);
	else if (!said->log)
		fprintf(stderr, "atoll-oci: warning: %s\n", msg);
}

/* To the log, or without one to stderr, in the log's format. */
static void debug(const char *msg)
{
	(void)log_record(said, "debug", msg);
}

static void version(FILE *out)
{
	const struct scmp_version *v = seccomp_version();

	fprintf(out, "atoll-oci version " ATOLL_VERSION "\ncommit: " ATOLL_COMMIT
		     "\nspec: " OCI_VERSION "\n");
	if (v)
		fprintf(out, "libseccomp: %u.%u.%u\n", v->major, v->minor, v->micro);
}

/* ---- what commands ask for ---------------------------------------------------------- */

static int is_rootless(const char *word, bool *ret, struct err *e)
{
	if (!word || strcmp(word, "auto") == 0)
		*ret = lc_is_rootless();
	else if (strcmp(word, "true") == 0 || strcmp(word, "1") == 0)
		*ret = true;
	else if (strcmp(word, "false") == 0 || strcmp(word, "0") == 0)
		*ret = false;
	else
		return err_set(e, EINVAL,
			       "option --rootless: unknown value '%.32s'; known: true, false, auto",
			       word);
	return 0;
}

int oci_lc(struct cmd_call *call, struct lc *ret, struct err *e)
{
	const struct oci_globals *g = call->globals;
	struct lc lc = LC_INIT(call->arena, NULL);
	int r;

	said = g;
	if (g->systemd_cgroup || g->cgroup_manager == OCI_SYSTEMD)
		return err_set(e, EOPNOTSUPP,
			       "%s: cgroups made by systemd are not supported yet; use cgroupfs",
			       g->systemd_cgroup ? "--systemd-cgroup" : "--cgroup-manager systemd");
	r = is_rootless(g->rootless, &lc.rootless, e);
	if (r == 0 && g->root && !*g->root)
		return err_set(e, EINVAL, "option --root: must not be empty");
	if (r == 0 && g->root)
		r = lc_absolute(&lc, g->root, &lc.root, e);
	else if (r == 0)
		r = lc_default_root(call->arena, "atoll-oci", lc.rootless, &lc.root, e);
	if (r < 0)
		return r;
	lc.cgroup_disabled = g->cgroup_manager == OCI_CGROUP_DISABLED;
	lc.warn = warn;
	lc.debug = g->debug ? debug : NULL;
	lc.ends = true;
	*ret = lc;
	return 0;
}

int oci_protect(const struct cmd_call *call, struct err *e)
{
	return selfexe_protect(call->argv, e);
}

/* Of the standard descriptors; one question for three. */
static bool any_closed(void)
{
	struct pollfd p[] = { { .fd = 0 }, { .fd = 1 }, { .fd = 2 } };

	return poll(p, 3, 0) != 0 && ((p[0].revents | p[1].revents | p[2].revents) & POLLNVAL);
}

/* A descriptor that we open must never become somebody's standard output. */
static void open_std(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		(void)close(fd);
}

int main(int argc, char **argv)
{
	static const struct prog prog = {
		.name = "atoll-oci",
		.summary = "Makes and runs containers as the OCI runtime specification " OCI_VERSION
			   " says.",
		.globals = globals,
		.globals_size = sizeof(struct oci_globals),
		.cmds = cmds,
		.flags = PROG_SINGLE_DASH,
		.list_ids = "atoll-oci list -q",
		.report = report,
		.version = version,
	};

	if (any_closed())
		open_std();
	title_init(argc, argv);
	return prog_main(&prog, argc, argv);
}
