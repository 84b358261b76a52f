/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the readers of OCI configurations, of `inspect` output and of CRI share. */

#include "audit/audit.h"
#include "conf/bind.h"

enum { SPEC_TOLD_MAX = 32 };

/* Unknown members that were told of already: one word for a thousand rules. */
struct spec_told {
	const struct bind_row *rows[SPEC_TOLD_MAX];
	const char *key[SPEC_TOLD_MAX];
	size_t count;
};

/* Where facts go, and which places they get. */
struct spec {
	struct audit *a;
	struct facts *f;
	/* The text is no file but a string within one: all places are this one. Or NULL. */
	const struct place *inside;
	struct spec_told *told; /* or NULL */
};

struct place spec_at(const struct spec *s, const struct json *v);

/* Values as they are found; one of another type counts as absent (spec_check() reports it). */
const char *spec_str(const struct json *obj, const char *key); /* NULL for "" too */
bool spec_true(const struct json *obj, const char *key);
const struct json *spec_list(const struct json *obj, const char *key); /* JSON_ARRAY or NULL */
const struct json *spec_obj(const struct json *obj, const char *key);
bool spec_int(const struct json *v, int64_t *ret);
const char *spec_words(struct arena *a, const struct json *list); /* joined by blanks, or NULL */

/* Holds an object against the tables of conf/: members that nobody knows, wrong types, unknown
 * words become diagnostics. What the runtime refuses or ignores is still read for facts. */
void spec_check(const struct spec *s, const struct json *obj, const struct bind_row *rows);
/* Types alone: for what a program wrote, which adds members with each version. */
void spec_types(const struct spec *s, const struct json *obj, const struct bind_row *rows);
/* A known member that somebody may have meant by `key`; NULL: none is near. */
const char *spec_near(const struct bind_row *rows, const char *key);
bool word_is_near(const char *a, const char *b);

/* ---- Facts that several kinds of input give in the same words ------------------------------- */

/* Absolute paths without "//", "/./", "/../" and a trailing slash. Anything else as it is. */
const char *spec_normal(struct arena *a, const char *path);
/* `path` is `dir` or below it; both normal. */
bool spec_below(const char *path, const char *dir);

/* A list of capability names; those that are none become diagnostics (and are not
 * in the result, since runtimes leave them out). `engine`: names as engines take them, "ALL"
 * included. */
struct cap_names {
	uint64_t bits;
	const struct json *all; /* ALL was in it */
};
struct cap_names spec_caps(const struct spec *s, const struct json *list, bool engine);
/* The same for a list by which the input asks for them: kept with the places. */
struct cap_names spec_caps_add(const struct spec *s, const struct json *list, bool engine);
/* "All" as the input means it: of an older kernel it may be fewer bits than are known here. */
void spec_caps_all(struct facts *f);
/* What is left of an engine's default set is so little that it was given up on purpose. */
bool spec_caps_dropped(uint64_t bounding);

/* /proc and /sys: default masked and read-only paths that are not in the lists (arrays or NULL). */
void spec_masks(const struct spec *s, const struct json *masked, const struct json *readonly,
		struct place at);
void spec_unmasked(const struct spec *s, struct place at); /* none at all */
/* What is mounted as a procfs beside the one at /proc: for each that those lists leave open an item of
 * LIST_UNMASKED, of LIST_PROC_WRITABLE. */
struct spec_covers {
	const struct json *masked, *readonly;
};
void spec_other_procfs(const struct spec *s, const struct json *mounts,
		       const struct spec_covers *by);
#define SPEC_OTHER_PROCFS "%s (another procfs)" /* the item: of the live ones, too */

/* The path is one of the procfs through which descriptors are reached (CVE-2024-21626). */
void spec_cwd(const struct spec *s, const struct json *cwd);
/* A device beyond every runtime's default set. */
bool spec_device_extra(const char *path);
/* An item of LIST_DEVICES; `is`: what it is by its number (danger_device()), or NULL. */
struct item *spec_device(const struct spec *s, struct place at, const char *text, const char *is);
/* A supplementary group by name or number: an item of LIST_GROUPS if it is a privileged one. */
void spec_group(const struct spec *s, struct place at, const char *word);
/* A rule as engines take it: "a", "c 10:200 rwm", "b 8:* rw". False: it is none. */
bool spec_device_rule(const struct spec *s, const char *text, struct place at);
void spec_apparmor(const struct spec *s, const char *profile, struct place at);
void spec_selinux(const struct spec *s, const char *label, struct place at);
/* The command of PID 1: FACT_INIT_REAPS and FACT_INIT_TERM. `args`: its words, one array or two. */
void spec_init(const struct spec *s, const struct json *args, const struct json *more,
	       struct place at);
/* PID 1 is an init that the engine puts before the command. */
void spec_init_given(struct facts *f, struct place at, const char *what);
/* File systems that the kernel makes by itself. */
bool spec_kernel_fs(const char *type);
/* A volume that its driver mounts as this type: Docker's daemon does that, in the host's
 * namespaces. Sets the kind; `m` has its place, and whether it is read-only. */
void spec_volume_type(const struct spec *s, struct mount_fact *m, const char *type);
/* Options of a mount of an OCI configuration. Of words that contradict each other the last one
 * counts, as for the kernel. */
struct spec_words {
	bool bind, ro, shared;
};
struct spec_words spec_mount_words(const struct json *m);
/* A bind that the engine makes for itself: a volume, or a file such as /etc/hosts. */
bool spec_engine_mount(const char *source, const char *target);

/* facts_from_seccomp() for a profile whose nodes are not of the file itself (`inside`). */
void spec_seccomp(const struct spec *s, const struct json *profile, uint64_t caps);
/* The same as an OCI runtime reads it: it knows no conditions, what Docker would leave out holds. */
void spec_seccomp_oci(const struct spec *s, const struct json *profile, uint64_t caps);
