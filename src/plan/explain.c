/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
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

void plan_text(const struct plan *p, struct arena *a, char **ret, size_t *ret_len)
{
	static const char row[] = "%4zu  %-5s  %-16s  %s\n";
	char text[DESCRIBE_MAX], *out;
	size_t size = 128, len;

	for (size_t i = 0; i < p->count; i++) {
		step_describe(&p->steps[i], text, sizeof(text));
		size += strlen(text) + 64;
	}
	out = arena_alloc(a, size);
	len = (size_t)snprintf(out, size, "%4s  %-5s  %-16s  %s\n", "STEP", "SIDE", "NAME", "WHAT");
	for (size_t i = 0; i < p->count; i++) {
		const struct step *s = &p->steps[i];

		step_describe(s, text, sizeof(text));
		sanitise(text);
		len += (size_t)snprintf(out + len, size - len, row, i + 1, side_name(s->side),
					step_info[s->kind].name, text);
	}
	*ret = out;
	*ret_len = len;
}
