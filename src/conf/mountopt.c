/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/mountopt.h"

#include <errno.h>
#include <linux/mount.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

enum kind {
	NOTHING,  /* known, and the mount API has no word for it */
	ATTR_SET, /* an attribute of this mount */
	ATTR_CLEAR,
	ATIME,    /* one of three values of one field */
	NO_ATIME, /* back to the default if it had that value */
	SB,       /* a flag of the super block: its opposite is taken back */
	RDONLY,   /* both: as mount(2) has it, for a new mount */
	RDWR,
	PROPAGATION,
	FLAG, /* a bool of struct mount_opts */
};

struct option {
	const char *name;
	enum kind kind;
	bool rec;
	uint64_t value;          /* attribute, MS_* or offset of the bool */
	const char *sb, *not_sb; /* the key for fsconfig and its opposite */
};

#define BOOL_AT(field) offsetof(struct mount_opts, field)

/* clang-format off */
/* Sorted by name, for bsearch. i_version and the verbosity of the kernel's log
 * belong to the file system and to mount(2): fsconfig(2) has no key for them. */
static const struct option options[] = {
	{ "async",         SB, false, 0, "async", "sync" },
	{ "atime",         NO_ATIME, false, MOUNT_ATTR_NOATIME },
	{ "bind",          FLAG, false, BOOL_AT(bind) },
	{ "copy-symlink",  FLAG, false, BOOL_AT(copy_symlink) },
	{ "defaults",      NOTHING },
	{ "dest-nofollow", FLAG, false, BOOL_AT(dest_nofollow) },
	{ "dev",           ATTR_CLEAR, false, MOUNT_ATTR_NODEV },
	{ "diratime",      ATTR_CLEAR, false, MOUNT_ATTR_NODIRATIME },
	{ "dirsync",       SB, false, 0, "dirsync", NULL },
	{ "exec",          ATTR_CLEAR, false, MOUNT_ATTR_NOEXEC },
	{ "idmap",         FLAG, false, BOOL_AT(idmap) },
	{ "iversion",      NOTHING },
	{ "lazytime",      SB, false, 0, "lazytime", "nolazytime" },
	{ "loud",          NOTHING },
	{ "mand",          SB, false, 0, "mand", "nomand" },
	{ "noatime",       ATIME, false, MOUNT_ATTR_NOATIME },
	{ "nodev",         ATTR_SET, false, MOUNT_ATTR_NODEV },
	{ "nodiratime",    ATTR_SET, false, MOUNT_ATTR_NODIRATIME },
	{ "noexec",        ATTR_SET, false, MOUNT_ATTR_NOEXEC },
	{ "noiversion",    NOTHING },
	{ "nolazytime",    SB, false, 0, "nolazytime", "lazytime" },
	{ "nomand",        SB, false, 0, "nomand", "mand" },
	{ "norelatime",    NO_ATIME, false, MOUNT_ATTR_RELATIME },
	{ "nostrictatime", NO_ATIME, false, MOUNT_ATTR_STRICTATIME },
	{ "nosuid",        ATTR_SET, false, MOUNT_ATTR_NOSUID },
	{ "nosymfollow",   ATTR_SET, false, MOUNT_ATTR_NOSYMFOLLOW },
	{ "private",       PROPAGATION, false, MS_PRIVATE },
	{ "rasync",        SB, false, 0, "async", "sync" },
	{ "ratime",        NO_ATIME, true, MOUNT_ATTR_NOATIME },
	{ "rbind",         FLAG, true, BOOL_AT(bind) },
	{ "rdev",          ATTR_CLEAR, true, MOUNT_ATTR_NODEV },
	{ "rdiratime",     ATTR_CLEAR, true, MOUNT_ATTR_NODIRATIME },
	{ "rdirsync",      SB, false, 0, "dirsync", NULL },
	{ "relatime",      ATIME, false, MOUNT_ATTR_RELATIME },
	{ "remount",       FLAG, false, BOOL_AT(remount) },
	{ "rexec",         ATTR_CLEAR, true, MOUNT_ATTR_NOEXEC },
	{ "ridmap",        FLAG, true, BOOL_AT(idmap) },
	{ "rmand",         SB, false, 0, "mand", "nomand" },
	{ "rnoatime",      ATIME, true, MOUNT_ATTR_NOATIME },
	{ "rnodev",        ATTR_SET, true, MOUNT_ATTR_NODEV },
	{ "rnodiratime",   ATTR_SET, true, MOUNT_ATTR_NODIRATIME },
	{ "rnoexec",       ATTR_SET, true, MOUNT_ATTR_NOEXEC },
	{ "rnomand",       SB, false, 0, "nomand", "mand" },
	{ "rnorelatime",   NO_ATIME, true, MOUNT_ATTR_RELATIME },
	{ "rnostrictatime", NO_ATIME, true, MOUNT_ATTR_STRICTATIME },
	{ "rnosuid",       ATTR_SET, true, MOUNT_ATTR_NOSUID },
	{ "rnosymfollow",  ATTR_SET, true, MOUNT_ATTR_NOSYMFOLLOW },
	{ "ro",            RDONLY, false, MOUNT_ATTR_RDONLY, "ro", "rw" },
	{ "rprivate",      PROPAGATION, true, MS_PRIVATE },
	{ "rrelatime",     ATIME, true, MOUNT_ATTR_RELATIME },
	{ "rro",           ATTR_SET, true, MOUNT_ATTR_RDONLY },
	{ "rrw",           ATTR_CLEAR, true, MOUNT_ATTR_RDONLY },
	{ "rshared",       PROPAGATION, true, MS_SHARED },
	{ "rslave",        PROPAGATION, true, MS_SLAVE },
	{ "rstrictatime",  ATIME, true, MOUNT_ATTR_STRICTATIME },
	{ "rsuid",         ATTR_CLEAR, true, MOUNT_ATTR_NOSUID },
	{ "rsymfollow",    ATTR_CLEAR, true, MOUNT_ATTR_NOSYMFOLLOW },
	{ "rsync",         SB, false, 0, "sync", "async" },
	{ "runbindable",   PROPAGATION, true, MS_UNBINDABLE },
	{ "rw",            RDWR, false, MOUNT_ATTR_RDONLY, "rw", "ro" },
	{ "shared",        PROPAGATION, false, MS_SHARED },
	{ "silent",        NOTHING },
	{ "slave",         PROPAGATION, false, MS_SLAVE },
	{ "src-nofollow",  FLAG, false, BOOL_AT(src_nofollow) },
	{ "strictatime",   ATIME, false, MOUNT_ATTR_STRICTATIME },
	{ "suid",          ATTR_CLEAR, false, MOUNT_ATTR_NOSUID },
	{ "symfollow",     ATTR_CLEAR, false, MOUNT_ATTR_NOSYMFOLLOW },
	{ "sync",          SB, false, 0, "sync", "async" },
	{ "tmpcopyup",     FLAG, false, BOOL_AT(tmpcopyup) },
	{ "unbindable",    PROPAGATION, false, MS_UNBINDABLE },
};
/* clang-format on */

/* A list that grows, in the struct that is returned. */
struct list {
	struct oci_strings *strings;
	size_t cap;
};

struct parser {
	struct arena *arena;
	struct mount_opts *o;
	struct list sb, data;
};

static int by_name(const void *key, const void *option)
{
	return strcmp(key, ((const struct option *)option)->name);
}

static void append(struct parser *p, struct list *l, const char *s)
{
	const char **slot = arena_push(p->arena, &l->strings->items, &l->strings->count, &l->cap,
				       sizeof(*l->strings->items));

	*slot = s;
}

static void drop(struct oci_strings *list, const char *s)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i], s) != 0)
			list->items[kept++] = list->items[i];
	list->count = kept;
}

/* Each flag stands once, and never beside its opposite. */
static void sb_flag(struct parser *p, const struct option *opt)
{
	drop(&p->o->sb_flags, opt->sb);
	if (opt->not_sb)
		drop(&p->o->sb_flags, opt->not_sb);
	append(p, &p->sb, opt->sb);
}

/* mount_setattr(2) wants the whole field cleared to set one value of it. Both
 * MOUNT_ATTR_RELATIME and the default are 0. */
static void atime(const struct option *opt, uint64_t *set, uint64_t *clr)
{
	uint64_t now = *set & MOUNT_ATTR__ATIME;

	if (opt->kind == NO_ATIME &&
	    (opt->value == MOUNT_ATTR_RELATIME || (now && now != opt->value)))
		return;
	*set &= ~(uint64_t)MOUNT_ATTR__ATIME;
	*clr |= MOUNT_ATTR__ATIME;
	if (opt->kind == ATIME)
		*set |= opt->value;
}

static void attribute(const struct option *opt, struct mount_opts *o)
{
	uint64_t *set = opt->rec ? &o->rec_attr_set : &o->attr_set;
	uint64_t *clr = opt->rec ? &o->rec_attr_clr : &o->attr_clr;

	if (opt->kind == ATIME || opt->kind == NO_ATIME) {
		atime(opt, set, clr);
	} else if (opt->kind == ATTR_SET || opt->kind == RDONLY) {
		*set |= opt->value;
		*clr &= ~opt->value;
	} else {
		*set &= ~opt->value;
		*clr |= opt->value;
	}
}

static void flag(const struct option *opt, struct mount_opts *o)
{
	*(bool *)((unsigned char *)o + opt->value) = true;
	if (opt->rec && opt->value == BOOL_AT(bind))
		o->bind_rec = true;
	if (opt->value == BOOL_AT(idmap))
		o->idmap_rec = opt->rec;
}

static void known(struct parser *p, const struct option *opt)
{
	switch (opt->kind) {
	case NOTHING: break;
	case RDONLY:
	case RDWR:
		sb_flag(p, opt);
		attribute(opt, p->o);
		break;
	case ATTR_SET:
	case ATTR_CLEAR:
	case ATIME:
	case NO_ATIME: attribute(opt, p->o); break;
	case SB: sb_flag(p, opt); break;
	case PROPAGATION:
		p->o->propagation = opt->value;
		p->o->propagation_rec = opt->rec;
		break;
	case FLAG: flag(opt, p->o); break;
	}
}

/* Labels may hold commas and then stand in quotes, which the text interface of
 * mount(2) takes off; fsconfig(2) does not. */
static const char *unquoted(struct parser *p, const char *s, size_t len)
{
	const char *eq = memchr(s, '=', len);
	size_t head = eq ? (size_t)(eq - s) + 1 : 0;

	if (!eq || len - head < 2 || s[head] != '"' || s[len - 1] != '"')
		return arena_strndup(p->arena, s, len);
	return arena_printf(p->arena, "%.*s%.*s", (int)head, s, (int)(len - head - 2),
			    s + head + 1);
}

/* One string may hold several options of the file system, as mount(2) splits
 * them: at commas that are neither escaped nor in quotes. */
static void data(struct parser *p, const char *s)
{
	const char *start = s;
	bool quoted = false;

	for (;; s++) {
		if (*s == '\\' && s[1]) {
			s++;
			continue;
		}
		if (*s == '"')
			quoted = !quoted;
		if (*s && (*s != ',' || quoted))
			continue;
		if (s > start)
			append(p, &p->data, unquoted(p, start, (size_t)(s - start)));
		if (!*s)
			break;
		start = s + 1;
	}
}

int mount_opts_parse(const struct oci_strings *list, struct arena *a, struct mount_opts *ret,
		     struct err *e)
{
	struct mount_opts o = { 0 };
	struct parser p = { .arena = a, .o = &o, .sb = { &o.sb_flags, 0 }, .data = { &o.data, 0 } };

	for (size_t i = 0; i < list->count; i++) {
		const char *s = list->items[i];
		const struct option *opt = bsearch(s, options, ARRAY_LEN(options),
						   sizeof(options[0]), by_name);

		if (opt) {
			known(&p, opt);
			continue;
		}
		/* As crun; a bind mount would take no notice of it as data. */
		if (strncmp(s, "idmap=", 6) == 0 || strncmp(s, "ridmap=", 7) == 0)
			return err_set(e, EOPNOTSUPP, "mount option \"%.128s\": not supported yet",
				       s);
		data(&p, s);
	}
	*ret = o;
	return 0;
}

const char *const *mount_opts_names(struct arena *a)
{
	const char **names = arena_alloc(a, (ARRAY_LEN(options) + 1) * sizeof(*names));

	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		names[i] = options[i].name;
	return names;
}
