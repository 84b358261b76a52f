/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/jsonw.h"
#include "base/names.h"
#include "cli/atoll.h"
#include "cli/template.h"
#include "conf/runspec.h"

struct args {
	const char *format;
};

static const struct opt opts[] = {
	{ OPT_STR, 'f', "format", "TEMPLATE",
	  "print only this, as {{.State.Pid}} or {{json .Config}}", offsetof(struct args, format) },
	{ 0 },
};

static void strings(struct jsonw *w, const char *key, const struct oci_strings *list)
{
	jsonw_key(w, key);
	jsonw_arr(w);
	for (size_t i = 0; i < list->count; i++)
		jsonw_str(w, list->items[i]);
	jsonw_arr_end(w);
}

static void state(struct jsonw *w, const struct box *b)
{
	bool running = b->status == STATUS_RUNNING || b->status == STATUS_PAUSED;

	jsonw_key(w, "State");
	jsonw_obj(w);
	jsonw_kstr(w, "Status", box_status_name(b));
	jsonw_kbool(w, "Running", running);
	jsonw_kbool(w, "Paused", b->status == STATUS_PAUSED);
	jsonw_ki64(w, "Pid", running ? b->c.state.pid : 0);
	jsonw_ki64(w, "ExitCode",
		   b->has_exit                   ? b->exit_status
		   : b->status == STATUS_STOPPED ? -1
						 : 0);
	/* In the foreground it starts as it is made. */
	jsonw_kstr(w, "StartedAt",
		   b->rec.started    ? b->rec.started
		   : b->rec.detached ? "0001-01-01T00:00:00Z"
				     : b->rec.created);
	jsonw_kstr(w, "FinishedAt", b->finished ? b->finished : "0001-01-01T00:00:00Z");
	jsonw_obj_end(w);
}

static const char *mode(const struct oci_spec *s, enum oci_ns ns)
{
	const struct oci_namespace *n = &s->linux_.ns[ns];

	return !n->present            ? "host"
	       : n->path              ? "container"
	       : ns == OCI_NS_NETWORK ? "none"
				      : "private";
}

static void caps(struct jsonw *w, const char *key, uint64_t set)
{
	jsonw_key(w, key);
	jsonw_arr(w);
	for (int cap = 0; cap < NAME_CAP_COUNT; cap++)
		if (set >> cap & 1)
			jsonw_str(w, cap_name(cap));
	jsonw_arr_end(w);
}

static int64_t number(const int64_t *v)
{
	return v ? *v : 0;
}

static void host_config(struct jsonw *w, const struct box *b, const struct oci_spec *s)
{
	const struct oci_resources *r = &s->linux_.resources;
	const char *init = oci_annotation(s, RUN_INIT_ANNOTATION);

	jsonw_key(w, "HostConfig");
	jsonw_obj(w);
	jsonw_kbool(w, "AutoRemove", b->rec.auto_remove);
	jsonw_kbool(w, "ReadonlyRootfs", s->root.readonly);
	jsonw_kbool(w, "Init", init && strcmp(init, "true") == 0);
	jsonw_kstr(w, "PidMode", mode(s, OCI_NS_PID));
	jsonw_kstr(w, "IpcMode", mode(s, OCI_NS_IPC));
	jsonw_kstr(w, "UTSMode", mode(s, OCI_NS_UTS));
	jsonw_kstr(w, "NetworkMode", mode(s, OCI_NS_NETWORK));
	jsonw_kstr(w, "UsernsMode", mode(s, OCI_NS_USER));
	jsonw_kstr(w, "CgroupnsMode", mode(s, OCI_NS_CGROUP));
	jsonw_ki64(w, "Memory", number(r->memory.limit));
	jsonw_ki64(w, "MemorySwap", number(r->memory.swap));
	jsonw_ki64(w, "MemoryReservation", number(r->memory.reservation));
	jsonw_ki64(w, "NanoCpus",
		   r->cpu.quota && r->cpu.period && *r->cpu.period
			   ? *r->cpu.quota * 1000 / (int64_t)*r->cpu.period * 1000000
			   : 0);
	jsonw_ki64(w, "CpuShares", r->cpu.shares ? (int64_t)*r->cpu.shares : 0);
	jsonw_kstr(w, "CpusetCpus", r->cpu.cpus ? r->cpu.cpus : "");
	jsonw_kstr(w, "CpusetMems", r->cpu.mems ? r->cpu.mems : "");
	jsonw_ki64(w, "PidsLimit", number(r->pids_limit));
	caps(w, "Capabilities", s->process.caps.bounding);
	jsonw_kbool(w, "NoNewPrivileges", s->process.no_new_privileges);
	jsonw_kbool(w, "Seccomp", s->linux_.seccomp != NULL);
	jsonw_obj_end(w);
}

static void config(struct jsonw *w, const struct oci_spec *s)
{
	int64_t timeout;
	int sig;

	box_stop_rule(&s->annotations, &sig, &timeout);
	jsonw_key(w, "Config");
	jsonw_obj(w);
	jsonw_kstr(w, "Hostname", s->hostname ? s->hostname : "");
	jsonw_kbool(w, "Tty", s->process.terminal);
	strings(w, "Env", &s->process.env);
	strings(w, "Cmd", &s->process.args);
	jsonw_kstr(w, "WorkingDir", s->process.cwd);
	jsonw_kstr(w, "User", arena_printf(w->arena, "%u:%u", s->process.uid, s->process.gid));
	jsonw_kstr(w, "StopSignal", signal_name(sig));
	jsonw_ki64(w, "StopTimeout", timeout);
	jsonw_obj_end(w);
}

static bool read_only(const struct oci_mount *m)
{
	for (size_t i = 0; i < m->options.count; i++)
		if (strcmp(m->options.items[i], "ro") == 0)
			return true;
	return false;
}

static void mounts(struct jsonw *w, const struct oci_spec *s)
{
	jsonw_key(w, "Mounts");
	jsonw_arr(w);
	for (size_t i = 0; i < s->mounts_count; i++) {
		const struct oci_mount *m = &s->mounts[i];

		jsonw_obj(w);
		jsonw_kstr(w, "Type", m->type);
		jsonw_kstr(w, "Source", m->source);
		jsonw_kstr(w, "Destination", m->destination);
		jsonw_kbool(w, "RW", !read_only(m));
		jsonw_obj_end(w);
	}
	jsonw_arr_end(w);
}

static int one(struct atoll *at, const struct box *b, struct jsonw *w, struct err *e)
{
	struct oci_spec *s = ARENA_NEW(at->arena, struct oci_spec);
	const struct oci_strings *cmd = &b->rec.command;
	const struct oci_strings args = { .items = cmd->count ? cmd->items + 1 : NULL,
					  .count = cmd->count ? cmd->count - 1 : 0 };
	size_t len;
	char *text;
	int r = box_config(at, b, &text, &len, e);

	if (r == 0)
		r = oci_spec_parse("config.json", text, len, at->arena, s, e);
	if (r < 0)
		return r;
	jsonw_obj(w);
	jsonw_kstr(w, "Id", b->rec.id);
	jsonw_kstr(w, "Name", b->rec.name);
	jsonw_kstr(w, "Created", b->rec.created);
	jsonw_kstr(w, "Path", cmd->count ? cmd->items[0] : "");
	strings(w, "Args", &args);
	state(w, b);
	jsonw_kstr(w, "Root", s->root.path);
	jsonw_kbool(w, "EmbeddedRoot", b->rec.root == NULL);
	jsonw_kbool(w, "Detached", b->rec.detached);
	jsonw_kstr(w, "Bundle", arena_printf(at->arena, "%s/records/%s", at->root, b->rec.id));
	jsonw_kstr(w, "LogPath",
		   b->rec.detached
			   ? arena_printf(at->arena, "%s/records/%s/log", at->root, b->rec.id)
			   : "");
	host_config(w, b, s);
	config(w, s);
	mounts(w, s);
	jsonw_key(w, "Spec");
	jsonw_raw(w, text, len - (len && text[len - 1] == '\n'));
	jsonw_obj_end(w);
	return 0;
}

static int formatted(struct arena *a, const char *format, const struct jsonw *w, struct err *e)
{
	struct json_doc doc;
	const char *text;
	int r = json_parse("inspect", w->buf, w->len, a, &doc, e);

	for (const struct json *v = r == 0 ? doc.root->child : NULL; r == 0 && v; v = v->next) {
		r = template_apply(format, v, a, &text, e);
		if (r == 0)
			puts(text);
	}
	return r;
}

static int run(struct cmd_call *call, struct err *e)
{
	const struct args *args = call->args;
	autoatoll struct atoll at = ATOLL_NULL;
	struct jsonw w;
	int r = atoll_open(call, false, &at, e);

	jsonw_init(&w, call->arena, 4);
	jsonw_arr(&w);
	for (int i = 0; r == 0 && i < call->count; i++) {
		autobox struct box b = BOX_NULL;

		r = box_find(&at, call->operand[i], &b, e);
		if (r == 0)
			r = one(&at, &b, &w, e);
	}
	jsonw_arr_end(&w);
	if (r < 0)
		return r;
	if (args->format)
		return formatted(call->arena, args->format, &w, e);
	jsonw_nl(&w);
	(void)fwrite(w.buf, 1, w.len, stdout);
	return 0;
}

const struct cmd cmd_inspect = {
	.name = "inspect",
	.operands = "CONTAINER...",
	.summary = "show all that is known about containers, as JSON",
	.opts = opts,
	.min = 1,
	.max = -1,
	.operand = OPERAND_ID,
	.args_size = sizeof(struct args),
	.run = run,
};
