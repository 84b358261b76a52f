/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/jsonw.h"
#include "plan/plan.h"

enum { DESCRIBE_MAX = 512 };

static const char *side_name(enum step_side side)
{
	return side == SIDE_HOST ? "host" : "child";
}

void plan_json(const struct plan *p, struct arena *a, char **ret, size_t *ret_len)
{
	char text[DESCRIBE_MAX];
	struct jsonw w;

	jsonw_init(&w, a, 2);
	jsonw_obj(&w);
	jsonw_kstr(&w, "id", p->env.id);
	jsonw_kstr(&w, "bundle", p->env.bundle);
	jsonw_key(&w, "steps");
	jsonw_arr(&w);
	for (size_t i = 0; i < p->count; i++) {
		const struct step *s = &p->steps[i];

		step_describe(s, text, sizeof(text));
		jsonw_obj(&w);
		jsonw_ki64(&w, "step", (int64_t)i + 1);
		jsonw_kstr(&w, "side", side_name(s->side));
		jsonw_kstr(&w, "name", step_info[s->kind].name);
		jsonw_kstr(&w, "describe", text);
		jsonw_kstr(&w, "why", step_info[s->kind].what);
		if (s->pointer)
			jsonw_kstr(&w, "from", s->pointer);
		jsonw_obj_end(&w);
	}
	jsonw_arr_end(&w);
	jsonw_obj_end(&w);
	jsonw_nl(&w);
	*ret = w.buf;
	*ret_len = w.len;
}

/* Control characters of a hostile configuration must not reach a terminal. */
static void sanitise(char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			*s = '?';
}

/* The explanation stands beside the first step of its kind. */
void plan_text(const struct plan *p, struct arena *a, char **ret, size_t *ret_len)
{
	bool told[STEP_KIND_COUNT] = { false };
	char text[DESCRIBE_MAX];
	char *out = arena_printf(a, "%4s  %-5s  %-16s  %s\n", "STEP", "SIDE", "NAME", "WHAT");
	size_t len = strlen(out), cap = len;

	for (size_t i = 0; i < p->count; i++) {
		const struct step *s = &p->steps[i];
		const struct step_info *info = &step_info[s->kind];
		const char *why = told[s->kind] ? "" : info->what;
		char *line;
		size_t n;

		told[s->kind] = true;
		step_describe(s, text, sizeof(text));
		sanitise(text);
		line = arena_printf(a, "%4zu  %-5s  %-16s  %s%s%s\n", i + 1, side_name(s->side),
				    info->name, text, *why ? "  # " : "", why);
		n = strlen(line);
		if (len + n + 1 > cap) {
			char *bigger = arena_alloc(a, (len + n + 1) * 2);

			memcpy(bigger, out, len);
			out = bigger;
			cap = (len + n + 1) * 2;
		}
		memcpy(out + len, line, n + 1);
		len += n;
	}
	*ret = out;
	*ret_len = len;
}
