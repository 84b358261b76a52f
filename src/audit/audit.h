/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The pipeline: input -> facts -> rules -> findings -> reporter.
 *
 *	audit_init(&a, &arena);
 *	audit_read_path(&a, "deploy/", &e);     input.c: reads, detects, calls from_*.c
 *	audit_live(&a, &live_opts, &e);         live.c
 *	audit_run(&a);                          engine.c: rules over all objects
 *	suppress_apply(&a); policy_apply(&a, &policy); baseline_apply(&a, &baseline);
 *	report_write(&a, REPORT_TEXT, file);    out_*.c
 *	audit_status(&a, SEV_MEDIUM);
 *
 * Everything lives in the one arena. */

#include <stdio.h>

#include "audit/facts.h"
#include "audit/rule.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/names.h"
#include "conf/json.h"

/* ---- Input -------------------------------------------------------------------------------- */

enum {
	SOURCE_SIZE_MAX = 256 << 20, /* bytes of one file or of stdin: all pods of a big cluster */
	SOURCE_DOCS_MAX = 100000,    /* YAML or JSON documents in a file */
	AUDIT_FILES_MAX = 1000000,
	AUDIT_DIR_DEPTH_MAX = 64,
	AUDIT_OBJECTS_MAX = 1000000,
	AUDIT_FINDINGS_MAX = 4000000
};

/* A text that was read. `name` is as the user gave it, or below the directory given, with "/"
 * between; "-" is stdin. */
struct source {
	const char *name;
	const char *text; /* UTF-8, NUL after it */
	size_t len;
	bool yaml;          /* else JSON */
	bool file;          /* `name` leads to it on disk: what lies beside it may be looked for */
	const size_t *line; /* offsets of line starts, made when first asked for */
	size_t line_count;
	const uint32_t
		*chars; /* how many characters begin before each block of text, from then on */
	size_t objects; /* how many were found in it: audit_object() counts */
	/* Where a '#' begins no comment (struct json_set). */
	const struct json_span *hashes;
	size_t hash_count;
	/* The place whose end was looked for last: many things may be said of one long text. */
	const struct json *ended;
	bool ended_key;
	size_t ended_at, end;
	const struct source *next;
};

/* The line that an offset is in, and the columns, in characters, both from 1. */
struct spot {
	size_t line, column, end_line, end_column;
	const char *text; /* the line, not NUL-terminated */
	size_t len;
	size_t offset; /* of the spot in the line, in bytes */
};
/* False: no place in a text (live, or the whole of an empty file). */
bool place_spot(struct arena *a, const struct place *p, struct spot *ret);
/* RFC 6901 pointer of the node; "" for the whole document or none. */
const char *place_pointer(struct arena *a, const struct place *p);
/* "deploy/web.yaml:12:9", "/proc/71/status: CapBnd" or "" */
const char *place_text(struct arena *a, const struct place *p);

/* What is wrong with the input itself: its consumer would refuse it or read it otherwise, or
 * we could not read all of it. Any of these keeps a result from being "clean". */
enum diag_id {
	DIAG_UNPARSABLE,    /* syntax, encoding, depth, size, bombs */
	DIAG_EMPTY,         /* nothing to audit in it */
	DIAG_UNKNOWN_KIND,  /* no container and no known shape in it */
	DIAG_UNKNOWN_FIELD, /* `hostpid` */
	DIAG_BAD_TYPE,
	DIAG_DUPLICATE_KEY,
	DIAG_UNRESOLVED,    /* variables, extends, includes, files that are not at hand */
	DIAG_UNKNOWN_VALUE, /* a capability that is none */
	DIAG_UNREADABLE, /* errno on a file or a directory; a live process that may not be read */
	/* Warnings: nothing is left unchecked by them. */
	DIAG_SUPPRESSION, /* a suppression of an unknown rule, or one that suppresses nothing */
	DIAG_EXPIRED, /* an exception of the policy that would suppress something if it still held */
	DIAG_COUNT
};
extern const struct diag_row {
	const char *id;    /* "input-unparsable" */
	const char *title; /* for reports */
	bool blocks; /* something was not checked: exit status 3. Else a warning, shown and counted */
} diag_rows[DIAG_COUNT];

struct diag {
	enum diag_id id;
	bool blocks; /* diag_rows' word, unless the reader knows better */
	struct place at;
	const char *message;
	const struct facts *of; /* or NULL */
	const struct diag *next;
};

/* ---- Results ------------------------------------------------------------------------------- */

enum suppressed_by {
	SUPP_NONE = 0,
	SUPP_INLINE,
	SUPP_ANNOTATION,
	SUPP_LABEL,
	SUPP_POLICY,
	SUPP_BASELINE
};

struct finding {
	const struct rule *rule;
	enum severity severity; /* after the policy */
	const struct facts *of;
	struct place at;
	const char *message;
	uint64_t fingerprint; /* of rule, object and JSON pointer: not of the line */
	enum suppressed_by suppressed;
	const char *reason; /* why suppressed; or NULL */
};

struct untold { /* a rule that could not tell */
	const struct rule *rule;
	const struct facts *of;
	struct place at;
	const char *why;
};

/* Pod Security Standards, per pod. */
enum pss_level { PSS_PRIVILEGED, PSS_BASELINE, PSS_RESTRICTED };
struct pss_violation {
	const char *check;    /* "hostNamespaces", as Kubernetes' code names its checks */
	enum pss_level level; /* that it keeps the pod from */
	const char *message;
	struct place at;
	const struct pss_violation *next;
};
struct pss_pod {
	const char *object; /* "Deployment/shop/web" */
	struct place at;
	enum pss_level level; /* the strictest that it meets, at the version asked for */
	/* Kubernetes' verdict at each level. Restricted lets in what baseline does not: a pod for
	 * Windows with capabilities or seccomp profiles, from 1.25. */
	bool meets[PSS_RESTRICTED + 1];
	const struct pss_violation *violations;
	const struct pss_pod *next;
};

struct audit {
	struct arena *arena;
	const struct source *sources, **sources_end;
	const struct facts *objects, **objects_end;
	size_t source_count, object_count;
	size_t passed_count;    /* files of directories that are no container configuration */
	size_t input_bytes;     /* of all texts */
	struct json_pool *pool; /* what their values have in common */
	bool objects_cut;       /* AUDIT_OBJECTS_MAX was reached */
	const struct diag *diags, **diags_end;
	size_t diag_count;
	struct finding *findings;
	size_t finding_count, finding_cap;
	bool findings_cut; /* AUDIT_FINDINGS_MAX was reached */
	struct told *told; /* engine.c's: what was said of pods */
	struct untold *untold;
	size_t untold_count, untold_cap;
	const struct pss_pod *pods, **pods_end;
	size_t pod_count;
	struct compose *compose; /* files that wait for compose_finish() */
	struct k8s_books *k8s;   /* claims and volumes that wait for k8s_finish() */

	bool facts_only; /* readers need not look for what is wrong with the input: its consumer does */

	/* What was asked for. */
	const char *pss; /* "baseline", "restricted:v1.30"; NULL: only report levels */
	enum pss_level pss_want;
	int pss_minor;                       /* made from it; minor -1: latest */
	const char *const *compose_profiles; /* NULL-terminated; NULL: none active */
	const char *const *env;              /* "NAME=VALUE" for Compose variables; NULL: none */
};

void audit_init(struct audit *a, struct arena *arena);

/* Readers add objects and diagnostics. New facts are linked in by audit_object(), which
 * returns zeroed ones with kind, source and place set; NULL: AUDIT_OBJECTS_MAX (a diagnostic was added). */
struct facts *audit_object(struct audit *a, enum input_kind kind, const struct source *src,
			   const struct json *node);
/* `at` may be NULL. What is returned lets the reader say that it does not block. */
struct diag *audit_diag(struct audit *a, enum diag_id id, const struct facts *of,
			const struct place *at, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
struct place place_of(const struct source *src, const struct json *node);     /* its value */
struct place place_of_key(const struct source *src, const struct json *node); /* its key */

/* Helpers to fill facts in. Text is copied into the arena by none of them. */
void fact_set(struct facts *f, enum fact_id id, enum tri is, struct place at, const char *text);
void ns_set(struct facts *f, enum ns_type t, enum ns_mode mode, struct place at, const char *text);
struct item *list_add(struct audit *a, struct facts *f, enum list_id id, struct place at,
		      const char *text);
void list_whole(struct facts *f, enum list_id id);                    /* read to its end */
void list_unknown(struct facts *f, enum list_id id, const char *why); /* not (all) read */
struct mount_fact *mount_add(struct audit *a, struct facts *f, struct place at);
/* Names as engines take them: "SYS_ADMIN", "CAP_SYS_ADMIN", any case if `any_case`. Bit number, or -1. "ALL" is not one. */
int cap_from_name(const char *name, bool any_case);
/* cap_name(bit), "CAP_SYS_ADMIN", is in base/names.h. */
extern const uint64_t caps_docker, caps_podman,
	caps_crio;         /* engines' defaults; containerd's are Docker's */
uint64_t caps_known(void); /* all that this program knows */
/* What every engine masks, and makes read-only. Each adds some of its own; /proc/asound is
 * masked by some and read-only with others. */
enum { MASKED_PATHS = 9, READONLY_PATHS = 5 };
extern const char masked_paths[MASKED_PATHS][20], readonly_paths[READONLY_PATHS][20];
/* The base name of a command line's first word is that of an init that reaps. */
bool init_is_known(const char *arg0);

/* ---- The stages ------------------------------------------------------------------------------ */

/* A file, a directory (walked), a glob pattern (** for any number of directories), or "-". 0, or -errno
 * with words if it cannot be read at all; what is wrong within it becomes diagnostics. What is named and is no
 * container configuration is a diagnostic; what a directory or a pattern leads to is passed over then. */
int audit_read_path(struct audit *a, const char *path, struct err *e);
/* A text at hand (tests, fuzzing). */
void audit_read_text(struct audit *a, const char *name, const char *text, size_t len);

/* from_*.c: one document each. */
void from_oci(struct audit *a, const struct source *src, const struct json *root);
void from_inspect(struct audit *a, const struct source *src, const struct json *container);
void from_cri(struct audit *a, const struct source *src, const struct json *root);
/* Only puts the document by: a Compose file may extend, include and override others, whichever is read
 * first. After the last input compose_finish() makes objects of them all; audit_run() begins with it. */
void from_compose(struct audit *a, const struct source *src, const struct json *root);
void compose_finish(struct audit *a);
void from_k8s(struct audit *a, const struct source *src, const struct json *root);
/* A claim may stand before the volume that it gets, in another file: mounts of claims are followed
 * to host paths after the last input. audit_run() begins with it; nothing happens twice. */
void k8s_finish(struct audit *a);
/* What from_oci() does with a spec that stands inside something else, for facts at hand. */
void facts_from_spec(struct audit *a, struct facts *f, const struct json *spec);
/* A seccomp profile in the OCI or in Docker's form: mode, LIST_SECCOMP_WEAK. `caps`: the bounding set, for Docker's conditional groups. */
void facts_from_seccomp(struct audit *a, struct facts *f, const struct json *profile,
			uint64_t caps);

/* All rules over all objects. */
void audit_run(struct audit *a);
/* Over one; for enforcement. Findings are appended. */
void audit_run_one(struct audit *a, const struct facts *f);
const struct rule *rule_find(const char *id);
const struct rule *rule_at(size_t i); /* NULL beyond the end */
const char *severity_name(enum severity s);
enum severity severity_from_name(const char *name); /* SEV_NONE: no such */

enum audit_status { AUDIT_CLEAN = 0, AUDIT_FINDINGS = 1, AUDIT_INCOMPLETE = 3 };
/* Findings at or above `fail_on` that are not suppressed, or pods below the level that `pss` asks for: AUDIT_FINDINGS. Else AUDIT_INCOMPLETE if a diagnostic blocks. */
enum audit_status audit_status(const struct audit *a, enum severity fail_on);
