/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/atoll.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/names.h"
#include "base/num.h"
#include "conf/runspec.h"

enum {
	EXIT_GRACE_MS = 10 * 1000, /* from the end of the process to its recorded exit status */
	STOP_TIMEOUT_S = 10,
};

static bool silent;

static void warn(const char *msg)
{
	if (!silent)
		fprintf(stderr, "atoll: warning: %s\n", msg);
}

int atoll_init(const struct cmd_call *call, struct atoll *ret, struct err *e)
{
	const struct atoll_globals *g = call->globals;
	struct atoll at = ATOLL_NULL;
	int r;

	silent = g->quiet;
	at.arena = call->arena;
	at.lc = LC_INIT(call->arena, NULL);
	at.lc.rootless = lc_is_rootless();
	at.lc.warn = warn;
	at.root = g->root;
	r = at.root ? 0 : lc_default_root(call->arena, "atoll", at.lc.rootless, &at.root, e);
	if (r < 0)
		return r;
	at.lc.root = arena_printf(call->arena, "%s/state", at.root);
	*ret = at;
	return 0;
}

int atoll_open(const struct cmd_call *call, bool make, struct atoll *ret, struct err *e)
{
	int r = atoll_init(call, ret, e);

	if (r == 0)
		r = records_open(ret->arena, ret->root, make, &ret->rs, e);
	return r == -ENOENT && !make && ret->root ? 0 : r;
}

void atoll_close(struct atoll *at)
{
	lc_close(&at->lc);
	records_close(&at->rs);
}

void box_close(struct box *b)
{
	record_close(&b->rec);
	container_close(&b->c);
}

/* Its end was to take it away (--rm), but whoever waited for the end was killed: then,
 * or when it had written the end down. */
static bool forgotten(const struct box *b)
{
	return b->status == STATUS_STOPPED && b->rec.auto_remove && !b->rec.detached &&
	       !record_is_held(&b->rec);
}

/* The rest of a box whose record is open. 1: it is stale, and was removed. */
static int complete(struct atoll *at, struct box *b, struct err *e)
{
	struct err mine = { 0 };
	int r = lc_get(&at->lc, b->rec.id, &b->c, &mine);

	if (r < 0 && r != -ENOENT)
		return err_set(e, -r, "%s", mine.msg);
	b->known = r == 0;
	b->has_exit = record_exit_status(&b->rec, at->arena, &b->exit_status, &b->finished) == 0;
	b->status = b->known ? b->c.status : STATUS_STOPPED;
	if (forgotten(b)) {
		r = b->known ? lc_delete(&at->lc, b->rec.id, true, e) : 0;
		r = r < 0 ? r : record_remove(&at->rs, &b->rec, e);
		return r < 0 ? r : 1;
	}
	if (b->known || b->has_exit)
		return 0;
	if (record_is_held(&b->rec)) {
		b->status = STATUS_CREATING;
		return 0;
	}
	/* Between our two looks its end may have been written down. */
	if (record_exit_status(&b->rec, at->arena, &b->exit_status, &b->finished) == 0) {
		b->has_exit = true;
		return 0;
	}
	r = record_remove(&at->rs, &b->rec, e);
	return r < 0 ? r : 1;
}

int box_find(struct atoll *at, const char *word, struct box *ret, struct err *e)
{
	autobox struct box b = BOX_NULL;
	int r;

	if (at->rs.fd < 0)
		return err_set(e, ENOENT, "container does not exist: %.128s", word);
	r = record_find(&at->rs, word, &b.rec, e);
	if (r == 0)
		r = complete(at, &b, e);
	if (r < 0)
		return r;
	if (r == 1)
		return err_set(e, ENOENT, "container does not exist: %.128s", word);
	*ret = b;
	b = BOX_NULL;
	return 0;
}

static int by_created(const void *a, const void *b)
{
	const struct box *x = a, *y = b;
	int r = strcmp(x->rec.created ? x->rec.created : "", y->rec.created ? y->rec.created : "");

	return r ? r : strcmp(x->rec.id, y->rec.id);
}

int box_list(struct atoll *at, struct box_list *ret, struct err *e)
{
	struct oci_strings ids = { 0 };
	int r = at->rs.fd < 0 ? 0 : record_ids(&at->rs, &ids, e);

	*ret = (struct box_list){ .items = arena_alloc(at->arena,
						       (ids.count + 1) * sizeof(struct box)) };
	for (size_t i = 0; r >= 0 && i < ids.count; i++) {
		autobox struct box b = BOX_NULL;
		struct err mine = { 0 };

		r = record_open(&at->rs, ids.items[i], &b.rec, &mine);
		if (r == -ENOENT) { /* being made, swept, or gone by now */
			r = 0;
			continue;
		}
		if (r == 0)
			r = complete(at, &b, &mine);
		if (r < 0) { /* the others are worth seeing all the same */
			warn(mine.msg);
			r = 0;
			continue;
		}
		if (r == 1)
			continue;
		box_close(&b);
		ret->items[ret->count++] = b;
	}
	if (ret->count)
		qsort(ret->items, ret->count, sizeof(struct box), by_created);
	return r < 0 ? r : 0;
}

bool box_is_alive(const struct box *b)
{
	return b->status != STATUS_STOPPED;
}

int box_not_running(const char *word, struct err *e)
{
	return err_set(e, ESRCH, "container not running: %.128s: no such process", word);
}

int box_wait(struct atoll *at, const struct box *b, int timeout_ms, int *ret_status, struct err *e)
{
	struct err mine = { 0 };
	int r;

	if (b->has_exit) {
		*ret_status = b->exit_status;
		return 0;
	}
	r = b->known ? lc_wait(&at->lc, b->rec.id, timeout_ms, &mine) : 0;
	/* Gone already: then somebody takes it away, who has seen its end. */
	if (r < 0 && r != -ENOENT && r != -ESRCH)
		return err_set(e, -r, "%s", mine.msg);
	/* With a living keeper there is nothing to be impatient about. */
	return record_wait(&b->rec, b->status == STATUS_CREATING ? timeout_ms : EXIT_GRACE_MS,
			   ret_status, e);
}

int box_config(struct atoll *at, const struct box *b, char **ret, size_t *ret_len, struct err *e)
{
	int r = io_read_at(b->rec.dir_fd, "config.json", IO_FILE_MAX, at->arena, ret, ret_len);

	if (r == -ENOENT && b->known)
		r = io_read_at(AT_FDCWD, b->c.state.config, IO_FILE_MAX, at->arena, ret, ret_len);
	return r < 0 ? err_set(e, -r, "read the configuration of container %.12s: %m", b->rec.id)
		     : 0;
}

void box_stop_rule(const struct oci_pairs *annotations, int *ret_signal, int64_t *ret_timeout_s)
{
	*ret_signal = SIGTERM;
	*ret_timeout_s = STOP_TIMEOUT_S;
	for (size_t i = 0; i < annotations->count; i++) {
		const struct oci_pair *p = &annotations->items[i];

		if (strcmp(p->key, RUN_STOP_SIGNAL_ANNOTATION) == 0 && name_signal(p->value) > 0)
			*ret_signal = name_signal(p->value);
		else if (strcmp(p->key, RUN_STOP_TIMEOUT_ANNOTATION) == 0)
			(void)num_i64(p->value, strlen(p->value), ret_timeout_s);
	}
	/* Annotations are anybody's. */
	if (*ret_timeout_s < -1 || *ret_timeout_s > INT_MAX / 1000)
		*ret_timeout_s = STOP_TIMEOUT_S;
}

int box_remove(struct atoll *at, const struct box *b, struct err *e)
{
	int r = lc_delete(&at->lc, b->rec.id, true, e);

	return r < 0 ? r : record_remove(&at->rs, &b->rec, e);
}

const char *box_status_name(const struct box *b)
{
	return b->status == STATUS_STOPPED ? "exited" : state_status_name[b->status];
}

const char *box_status_text(struct arena *a, const struct box *b)
{
	const char *name = box_status_name(b);

	if (b->status != STATUS_STOPPED)
		return name;
	return b->has_exit ? arena_printf(a, "%s (%d)", name, b->exit_status)
			   : arena_printf(a, "%s (status unknown)", name);
}

int each_box(struct cmd_call *call, struct atoll *at,
	     int (*fn)(struct cmd_call *call, struct atoll *at, struct box *b, const char *word,
		       struct err *e))
{
	int status = 0;

	for (int i = 0; i < call->count; i++) {
		autobox struct box b = BOX_NULL;
		struct err e = { 0 };
		int r = box_find(at, call->operand[i], &b, &e);

		if (r == 0)
			r = fn(call, at, &b, call->operand[i], &e);
		if (r < 0) {
			(void)err_set(&e, -r, "%m");
			fprintf(stderr, "atoll: %s\n", e.msg);
			status = 1;
		}
	}
	return status;
}

int stdin_null(struct err *e)
{
	autoclose int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || dup2(fd, STDIN_FILENO) < 0)
		return err_set(e, errno, "open /dev/null: %m");
	return 0;
}
