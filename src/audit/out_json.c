/* SPDX-License-Identifier: Apache-2.0 */
/* "atoll.audit/1": docs/json.md says what may be counted on, docs/audit.schema.json what there is. */
#include <stdio.h>
#include <string.h>

#include "audit/report_impl.h"
#include "base/jsonw.h"

static void place(struct rep *r, struct jsonw *w, const struct place *p)
{
	struct spot spot;

	jsonw_key(w, "place");
	jsonw_obj(w);
	jsonw_kstr(w, "file", p->src ? p->src->name : NULL);
	if (p->path)
		jsonw_kstr(w, "path", p->path);
	if (p->src && place_spot(r->arena, p, &spot)) {
		jsonw_ku64(w, "line", spot.line);
		jsonw_ku64(w, "column", spot.column);
		jsonw_ku64(w, "end_line", spot.end_line);
		jsonw_ku64(w, "end_column", spot.end_column);
	}
	if (p->node)
		jsonw_kstr(w, "pointer", place_pointer(r->arena, p));
	jsonw_obj_end(w);
}

static void summary(struct rep *r, struct jsonw *w)
{
	jsonw_key(w, "summary");
	jsonw_obj(w);
	jsonw_kstr(w, "status", rep_status(r->status));
	jsonw_kstr(w, "fail_on", severity_name(r->o->fail_on));
	jsonw_kbool(w, "strict", r->o->strict);
	jsonw_ku64(w, "sources", r->a->source_count);
	jsonw_ku64(w, "objects", r->a->object_count);
	jsonw_ku64(w, "findings", r->open);
	jsonw_key(w, "by_severity");
	jsonw_obj(w);
	for (int s = SEV_CRITICAL; s > SEV_NONE; s--)
		jsonw_ku64(w, severity_name((enum severity)s), r->by_severity[s]);
	jsonw_obj_end(w);
	jsonw_ku64(w, "suppressed", r->suppressed);
	jsonw_ku64(w, "untold", r->a->untold_count);
	jsonw_ku64(w, "diagnostics", r->a->diag_count);
	jsonw_ku64(w, "blocking", r->blocking);
	jsonw_obj_end(w);
}

static void object(struct rep *r, struct jsonw *w, const struct rep_object *o)
{
	const struct facts *f = o->f;

	jsonw_obj(w);
	jsonw_kstr(w, "object", f->object);
	jsonw_kstr(w, "kind", rep_kind(f->kind));
	jsonw_kstr(w, "source", f->src ? f->src->name : NULL);
	jsonw_kstr(w, "engine", f->engine);
	jsonw_kstr(w, "name", f->name);
	jsonw_kstr(w, "id", f->id);
	jsonw_kstr(w, "image", f->image);
	jsonw_kstr(w, "namespace", f->ns);
	jsonw_kstr(w, "pod", f->pod);
	jsonw_key(w, "pid");
	if (f->pid > 0)
		jsonw_i64(w, f->pid);
	else
		jsonw_null(w);
	place(r, w, &f->at);
	jsonw_obj_end(w);
}

static void finding(struct rep *r, struct jsonw *w, const struct finding *f, size_t object)
{
	char hex[17];

	(void)snprintf(hex, sizeof(hex), "%016llx", (unsigned long long)f->fingerprint);
	jsonw_obj(w);
	jsonw_kstr(w, "rule", f->rule->id);
	jsonw_kstr(w, "severity", severity_name(f->severity));
	jsonw_kstr(w, "title", f->rule->title);
	jsonw_kstr(w, "message", f->message);
	jsonw_kstr(w, "fix", f->rule->fix);
	jsonw_ku64(w, "object", object);
	place(r, w, &f->at);
	jsonw_kstr(w, "fingerprint", hex);
	jsonw_key(w, "suppressed");
	if (f->suppressed) {
		jsonw_obj(w);
		jsonw_kstr(w, "by", rep_suppressor(f->suppressed));
		jsonw_kstr(w, "reason", f->reason);
		jsonw_obj_end(w);
	} else {
		jsonw_null(w);
	}
	jsonw_obj_end(w);
}

static void untold(struct rep *r, struct jsonw *w, const struct untold *u, size_t object)
{
	jsonw_obj(w);
	jsonw_kstr(w, "rule", u->rule->id);
	jsonw_ku64(w, "object", object);
	jsonw_kstr(w, "why", u->why);
	place(r, w, &u->at);
	jsonw_obj_end(w);
}

static void diags(struct rep *r, struct jsonw *w)
{
	jsonw_key(w, "diagnostics");
	jsonw_arr(w);
	for (const struct diag *d = r->a->diags; d; d = d->next) {
		jsonw_obj(w);
		jsonw_kstr(w, "id", diag_rows[d->id].id);
		jsonw_kbool(w, "blocks", d->blocks);
		jsonw_kstr(w, "message", d->message);
		place(r, w, &d->at);
		jsonw_obj_end(w);
	}
	jsonw_arr_end(w);
}

static void pods(struct rep *r, struct jsonw *w)
{
	jsonw_key(w, "pod_security");
	jsonw_obj(w);
	jsonw_kstr(w, "wanted", rep_pss_wanted(r));
	jsonw_key(w, "pods");
	jsonw_arr(w);
	for (const struct pss_pod *p = r->a->pods; p; p = p->next) {
		jsonw_obj(w);
		jsonw_kstr(w, "object", p->object);
		jsonw_kstr(w, "level", rep_pss_level(p->level));
		jsonw_key(w, "meets");
		jsonw_arr(w);
		for (int l = PSS_PRIVILEGED; l <= PSS_RESTRICTED; l++)
			if (p->meets[l])
				jsonw_str(w, rep_pss_level((enum pss_level)l));
		jsonw_arr_end(w);
		place(r, w, &p->at);
		jsonw_key(w, "violations");
		jsonw_arr(w);
		for (const struct pss_violation *v = p->violations; v; v = v->next) {
			jsonw_obj(w);
			jsonw_kstr(w, "check", v->check);
			jsonw_kstr(w, "level", rep_pss_level(v->level));
			jsonw_kstr(w, "message", v->message);
			place(r, w, &v->at);
			jsonw_obj_end(w);
		}
		jsonw_arr_end(w);
		jsonw_obj_end(w);
	}
	jsonw_arr_end(w);
	jsonw_obj_end(w);
}

static void lists(struct rep *r, struct jsonw *w)
{
	jsonw_key(w, "sources");
	jsonw_arr(w);
	for (const struct source *s = r->a->sources; s; s = s->next) {
		jsonw_obj(w);
		jsonw_kstr(w, "name", s->name);
		jsonw_kstr(w, "format", s->yaml ? "yaml" : "json");
		jsonw_ku64(w, "objects", s->objects);
		jsonw_obj_end(w);
	}
	jsonw_arr_end(w);
	jsonw_key(w, "objects");
	jsonw_arr(w);
	for (size_t i = 0; i < r->count; i++)
		object(r, w, &r->objects[i]);
	jsonw_arr_end(w);
	jsonw_key(w, "findings");
	jsonw_arr(w);
	for (size_t i = 0; i < r->count; i++)
		for (size_t k = 0; k < r->objects[i].count; k++)
			finding(r, w, r->objects[i].findings[k], i);
	jsonw_arr_end(w);
	jsonw_key(w, "untold");
	jsonw_arr(w);
	for (size_t i = 0; i < r->count; i++)
		for (size_t k = 0; k < r->objects[i].untold_count; k++)
			untold(r, w, r->objects[i].untold[k], i);
	jsonw_arr_end(w);
}

void rep_json(struct rep *r)
{
	struct jsonw w;

	jsonw_init(&w, r->arena, 1);
	jsonw_obj(&w);
	jsonw_kstr(&w, "schema", "atoll.audit/1");
	jsonw_kstr(&w, "version", ATOLL_VERSION);
	jsonw_kstr(&w, "taken", r->o->taken);
	summary(r, &w);
	lists(r, &w);
	diags(r, &w);
	pods(r, &w);
	jsonw_obj_end(&w);
	jsonw_nl(&w);
	r->s.s = w.buf;
	r->s.len = w.len;
}
