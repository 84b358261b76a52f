/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "conf/encoding.h"
#include "conf/yaml.h"
#include "test.h"

/* The text lies in a block of exactly its size, so that a sanitizer sees the
 * first byte that is read beyond it; it lives as long as the set. */
struct read {
	struct arena arena;
	struct json_set set;
	char *text;
};

static void read_free(struct read *r)
{
	arena_free(&r->arena);
	free(r->text);
}
#define autoread __attribute__((cleanup(read_free)))

static void read_len(struct read *r, const char *text, size_t len)
{
	r->text = malloc(len ? len : 1);
	memcpy(r->text, text, len);
	yaml_read(r->text, len, &r->arena, &r->set);
}

static void read_text(struct read *r, const char *text)
{
	read_len(r, text, strlen(text));
}

/* The tree in one line: {key: value}, [a, b], "string", 15, true, null, !tag before what has one. */
static void show(FILE *f, const struct json *v)
{
	const char *sep = "";

	if (json_tag(v))
		fprintf(f, "%s ", json_tag(v));
	switch (v->type) {
	case JSON_NULL: fputs("null", f); break;
	case JSON_BOOL: fputs(v->boolean ? "true" : "false", f); break;
	case JSON_NUMBER: fputs(v->text, f); break;
	case JSON_STRING: fprintf(f, "\"%s\"", v->text); break;
	case JSON_ARRAY:
	case JSON_OBJECT:
		fputc(v->type == JSON_ARRAY ? '[' : '{', f);
		for (const struct json *c = v->child; c; c = c->next) {
			fprintf(f, "%s%s%s", sep, c->key ? c->key : "", c->key ? ": " : "");
			show(f, c);
			sep = ", ";
		}
		fputc(v->type == JSON_ARRAY ? ']' : '}', f);
		break;
	}
}

static char *shown(const struct json_set *set, struct arena *a)
{
	autofree char *buf = NULL;
	size_t size;
	FILE *f = open_memstream(&buf, &size);

	for (const struct json_tree *t = set->docs; t; t = t->next) {
		show(f, t->root);
		if (t->next)
			fputs(" --- ", f);
	}
	for (const struct json_issue *i = set->issues; i; i = i->next)
		fprintf(f, " <%d at %u: %s>", (int)i->kind, i->offset, i->message);
	fclose(f);
	return arena_strdup(a, buf);
}

struct row {
	const char *text, *want;
};

static void rows(const struct row *row, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		autoread struct read r = { 0 };

		read_text(&r, row[i].text);
		CHECK_STR(shown(&r.set, &r.arena), row[i].want);
	}
}

static const struct row scalars[] = {
	{ "[y, Y, yes, Yes, YES, true, True, TRUE, on, On, ON]",
	  "[true, true, true, true, true, true, true, true, true, true, true]" },
	{ "[n, N, no, No, NO, false, False, FALSE, off, Off, OFF]",
	  "[false, false, false, false, false, false, false, false, false, false, false]" },
	{ "[tRUE, yES, oN, 'yes', \"true\", yes1, 'on']",
	  "[\"tRUE\", \"yES\", \"oN\", \"yes\", \"true\", \"yes1\", \"on\"]" },
	{ "[~, null, Null, NULL, nULL, '~', \"\"]",
	  "[null, null, null, null, \"nULL\", \"~\", \"\"]" },
	{ "a:\nb: ", "{a: null, b: null}" },
	{ "[0, 1, -1, +1, 00, 017, 0o17, 0x1F, 0b101, 1_000, -0x10, 0X0, -0]",
	  "[0, 1, -1, 1, 0, 15, 15, 31, 5, 1000, -16, 0, 0]" },
	{ "[9223372036854775807, -9223372036854775808, 18446744073709551615]",
	  "[9223372036854775807, -9223372036854775808, 18446744073709551615]" },
	{ "[1.5, 0.0, 1e3, 1.0e+2, -0.5, .5, 5., 08, 1e400, 18446744073709551616]",
	  "[1.5, 0, 1000, 100, -0.5, .5, 5, 8, 1e400, 18446744073709551616]" },
	{ "[1.000000000000000000000000, 0.000000000000000000000e9, 120e-1, 125e-1, 0e999999999, "
	  "9007199254740992.0, 9007199254740993.5, -0.0, 1e16, 100.250e3]",
	  "[1, 0, 12, 125e-1, 0, 9007199254740992, 9007199254740993.5, 0, 1e16, 100250]" },
	{ "[.inf, -.Inf, .nan, .foo, ., -, +, 0x, 0xg, 1.2.3, 1e, 22:22, 2001-01-01]",
	  "[.inf, -.Inf, .nan, \".foo\", \".\", \"-\", \"+\", \"0x\", \"0xg\", \"1.2.3\", \"1e\", "
	  "\"22:22\", \"2001-01-01\"]" },
	{ "['0', \"1\", !!str 1, !!str true]", "[\"0\", \"1\", \"1\", \"true\"]" },
	{ "[!!bool \"true\", !!bool 'yes', !!int '0x10', !!null '', !!float 1.5]",
	  "[true, true, 16, null, 1.5]" },
	{ "[!!bool maybe]", "[\"maybe\"] <3 at 1: the tag does not fit the value>" },
	{ "[!!binary aG9zdA==, !!binary 'L3By b2M=']", "[\"host\", \"/proc\"]" },
	{ "[!!binary a*b]", "[\"a*b\"] <3 at 1: the tag does not fit the value>" },
	{ "[! 12, ! true]", "[\"12\", \"true\"]" },
	{ "a: !reset null\nb: !override {c: 1}\nd: !x 1\ne: !reset []\nf: !reset",
	  "{a: !reset null, b: !override {c: 1}, d: !x \"1\", e: !reset [], f: !reset null}" },
	{ "a: |\n  x\n  y\nb: >-\n  x\n  y\n", "{a: \"x\ny\n\", b: \"x y\"}" },
	{ "on: 1\n'off': 2\n1: 3\n? x\n: 4\n\"a\\u0062\": 5",
	  "{on: 1, off: 2, 1: 3, x: 4, ab: 5}" },
	{ "!!map {a: !!seq [b]}", "{a: [\"b\"]}" },
	{ "!!str {a: 1}", "{a: 1} <3 at 0: the tag does not fit the value>" },
};

static const struct row documents[] = {
	{ "", "" },
	{ "\n# nothing\n\n", "" },
	{ "---\n---\n", "" },
	{ "--- null\n", "" },
	{ "a: 1\n---\nb: 2\n...\n---\nc: 3\n", "{a: 1} --- {b: 2} --- {c: 3}" },
	{ "--- a\n--- b\n", "\"a\" --- \"b\"" },
	{ "---a: 1\n----\n",
	  " <0 at 13: could not find expected ':' (while scanning a simple key)>" },
	{ "a: 1\r\n---\r\nb: 2\r\n", "{a: 1} --- {b: 2}" },
	{ "\xef\xbb\xbf"
	  "a: 1\n",
	  "{a: 1}" },
	{ "%YAML 1.1\n---\na: 1\n...\n# c\n%TAG !e! tag:x,2000:\n---\nb: !e!y 2\n",
	  "{a: 1} --- {b: tag:x,2000:y \"2\"}" },
	{ "%YAML 1.1\n# and\n\n---\na: [\n---\nb: 2",
	  "{b: 2} <0 at 26: did not find expected node content (while parsing a flow node)>" },
	/* What breaks one leaves the others. */
	{ "a: 1\n---\nb: [\n---\nc: 3\n",
	  "{a: 1} --- {c: 3} <0 at 14: did not find expected node content (while parsing a flow node)>" },
	{ "a: 1\n---\nb: \x01\n---\nc: 3\n",
	  "{a: 1} --- {c: 3} <0 at 12: control characters are not allowed (0x01)>" },
	{ "a: 1\n---\nb: 'x\n---\nc: 3\n",
	  "{a: 1} --- {c: 3} <0 at 15: found unexpected end of stream (while scanning a quoted scalar)>" },
	{ "a: 1\n---\nb: *x\n---\nc: 3\n",
	  "{a: 1} --- {c: 3} <0 at 12: the alias *x has no anchor before it>" },
	{ "a: 1\n--- |\n b\n---\nc: 3\n", "{a: 1} --- \"b\n\" --- {c: 3}" },
	{ "a: \xff\n", " <0 at 3: invalid leading UTF-8 octet (0xff)>" },
	{ "\tb: 1", " <0 at 0: a tab stands where only spaces may indent>" },
	{ "a: b: c", " <0 at 4: mapping values are not allowed in this context>" },
};
static const struct row keys[] = {
	{ "a: 1\na: 2\nb: 3\n",
	  "{a: 2, b: 3} <2 at 5: the key \"a\" is given more than once; the last counts>" },
	{ "{a: 1, b: 2, a: 3, a: 4}",
	  "{b: 2, a: 4} <2 at 13: the key \"a\" is given more than once; the last counts> <2 at 19: the key \"a\" is given more than once; the last counts>" },
	{ "- {x: {a: 1, a: 2}}\n- b",
	  "[{x: {a: 2}}, \"b\"] <2 at 13: the key \"a\" is given more than once; the last counts>" },
	{ "{a: 1}: b\n[c]: d\n",
	  "{?: \"b\", ?: \"d\"} <3 at 0: a mapping or list stands where a key should> <3 at 10: a mapping or list stands where a key should>" },
	{ "&k a: 1\nb: *k\n*k : 2\n",
	  "{b: \"a\", a: 2} <2 at 14: the key \"a\" is given more than once; the last counts>" },
	{ "\"a\\0b\": 1\nc: \"d\\0e\"\n",
	  "{a: 1, c: \"d\"} <3 at 0: a NUL character stands in a key> <3 at 13: a NUL character stands in a string>" },
};
static const struct row aliases[] = {
	{ "a: &x 1\nb: *x\n", "{a: 1, b: 1}" },
	{ "a: &x {c: [1, 2]}\nb: *x\nd: &x 5\ne: *x\n",
	  "{a: {c: [1, 2]}, b: {c: [1, 2]}, d: 5, e: 5}" },
	{ "a: &x [*x]\n", " <0 at 7: the alias *x stands within its own anchor: a cycle>" },
	{ "a: &x {b: {c: *x}}\n",
	  " <0 at 14: the alias *x stands within its own anchor: a cycle>" },
	{ "a: *x\nb: &x 1\n", " <0 at 3: the alias *x has no anchor before it>" },
	{ "a: &x 1\n---\nb: *x\n", "{a: 1} <0 at 15: the alias *x has no anchor before it>" },
	{ "base: &b {p: 1, q: 2}\nown: {q: 3, <<: *b, r: 4}\n",
	  "{base: {p: 1, q: 2}, own: {q: 3, r: 4, p: 1}}" },
	{ "a: &a {p: 1, q: 1}\nb: &b {q: 2, r: 2}\nc: {<<: [*a, *b]}\nd: {<<: [*b, *a], r: 0}\n",
	  "{a: {p: 1, q: 1}, b: {q: 2, r: 2}, c: {p: 1, q: 1, r: 2}, d: {r: 0, q: 2, p: 1}}" },
	{ "a: &a {p: 1}\nb: &b {<<: *a, q: 2}\nc: {<<: *b}\n",
	  "{a: {p: 1}, b: {q: 2, p: 1}, c: {q: 2, p: 1}}" },
	{ "{<<: {p: 1, q: {r: 2}}, q: 5}", "{q: 5, p: 1}" },
	{ "{<<: &x {p: 1}, y: *x}", "{y: {p: 1}, p: 1}" },
	{ "{'<<': {p: 1}}", "{<<: {p: 1}}" },
	{ "{!!merge k: {p: 1}, !!merge <<: {q: 1}}", "{k: {p: 1}, q: 1}" },
	{ "{<<: 5, a: 1}", "{a: 1} <3 at 5: the value of the merge key \"<<\" is no mapping>" },
	{ "{<<: [{p: 1}, x]}", "{p: 1} <3 at 14: a value of the merge key \"<<\" is no mapping>" },
	{ "{<<: {p: 1}, <<: {p: 2, q: 2}}",
	  "{p: 1, q: 2} <3 at 13: the merge key \"<<\" is given more than once>" },
};

/* Of each value, and of its key, the character that stands there. */
static void offsets(void)
{
	static const char text[] = "\xc3\xa4: \xe2\x82\xac\n"
				   "list: [1, \xf0\x9f\x98\x80, &x {k: v}]\n"
				   "# \xc3\xb6\xc3\xb6\n"
				   "\xc3\xbc: *x\n"
				   "---\n"
				   "\xc3\xa9: !!str Q\n"
				   "z: Z\n";
	autoread struct read r = { 0 };
	const struct json *a, *b;

	read_text(&r, text);
	CHECK_INT(r.set.doc_count, 2);
	CHECK_INT(r.set.issue_count, 0);
	a = r.set.docs->root;
	b = r.set.docs->next->root;
	CHECK(strncmp(text + a->child->offset, "\xe2\x82\xac\n", 4) == 0);
	a = json_get(a, "list");
	CHECK(strncmp(text + a->key_offset, "list", 4) == 0);
	CHECK_INT(text[a->offset], '[');
	CHECK_INT(text[a->child->offset], '1');
	CHECK(strncmp(text + a->child->next->offset, "\xf0\x9f", 2) == 0);
	CHECK_INT(a->child->next->next->index, 2);
	a = json_get(a->parent, "\xc3\xbc");
	CHECK_INT(text[a->offset], '*');
	CHECK_INT(text[a->child->offset], 'v'); /* where it was written */
	CHECK_INT(text[a->child->key_offset], 'k');
	CHECK(a->child->parent == a);
	CHECK_INT(text[b->offset], '\xc3');
	CHECK_INT(text[b->child->offset], '!');
	CHECK_INT(text[json_get(b, "z")->offset], 'Z');
	CHECK_INT(text[json_get(b, "z")->key_offset], 'z');
	CHECK(json_get(b, "z")->plain);
	CHECK(!b->child->plain);
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* One issue of this kind with these words, no document, and soon. */
static void refused(const char *name, const char *text, size_t len, enum json_issue_kind kind,
		    const char *words)
{
	autoread struct read r = { 0 };
	double start = seconds();
	const struct json_issue *last;

	CASE(name);
	read_len(&r, text, len);
	CHECK(seconds() - start < 5);
	CHECK_INT(r.set.doc_count, 0);
	for (last = r.set.issues; last && last->next; last = last->next)
		continue;
	CHECK(last && last->kind == kind);
	CHECK_STR(last ? last->message : NULL, words);
}

static void repeated(const char *name, const char *part, size_t times, enum json_issue_kind kind,
		     const char *words)
{
	size_t len = strlen(part);
	autofree char *text = malloc(len * times);

	for (size_t i = 0; i < times; i++)
		memcpy(text + i * len, part, len);
	refused(name, text, len * times, kind, words);
}

static void hostile(void)
{
	static const char bomb[] = "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
				   "b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]\n"
				   "c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]\n"
				   "d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]\n"
				   "e: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]\n"
				   "f: &f [*e, *e, *e, *e, *e, *e, *e, *e, *e, *e]\n"
				   "g: &g [*f, *f, *f, *f, *f, *f, *f, *f, *f, *f]\n"
				   "h: &h [*g, *g, *g, *g, *g, *g, *g, *g, *g, *g]\n";
	static const char deep[] = "nested more than 256 deep";
	static char zeros[1 << 20];

	refused("bomb", bomb, sizeof(bomb) - 1, JSON_LIMIT,
		"aliases stand for nearly all of the document (a YAML bomb)");
	repeated("brackets", "[", 100000, JSON_LIMIT, deep);
	repeated("braces", "{a: ", 100000, JSON_LIMIT, deep);
	repeated("dashes", "- ", 100000, JSON_LIMIT, deep);
	repeated("questions", "? ", 100000, JSON_LIMIT, deep);
	repeated("documents of brackets", "---\n[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\n", 100000,
		 JSON_LIMIT, "too many documents are broken; the rest is not read");
	repeated("empty documents", "---\n", 1000000, JSON_LIMIT,
		 "more documents than are read; the rest is not read");
	repeated("directives", "%TAG !a! b\n", 1000000, JSON_LIMIT,
		 "more directives (%) than are read");
	refused("zeros", zeros, sizeof(zeros), JSON_BROKEN, "there is a NUL byte in it");
}

/* Brackets that are closed: nothing is wrong with them but what they cost the scanner. */
static void brackets_in_a_row(void)
{
	enum { DEEP = 250, TIMES = 40000, PIECE = 2 * DEEP + 3 };
	autofree char *text = malloc((size_t)PIECE * TIMES);
	autoread struct read r = { 0 };
	double start;

	for (size_t i = 0; i < TIMES; i++) {
		char *p = text + i * PIECE;

		memcpy(p, "- ", 2);
		memset(p + 2, '[', DEEP);
		memset(p + 2 + DEEP, ']', DEEP);
		p[PIECE - 1] = '\n';
	}
	start = seconds();
	read_len(&r, text, (size_t)PIECE * TIMES);
	CHECK(seconds() - start < 5);
	CHECK_STR(r.set.issues ? r.set.issues->message : NULL,
		  "too much, nested too deeply; the rest is not read");
}

/* What is broken does not take the place of what is read: the same, said of many. */
static void limits(void)
{
	enum { DEEP = 256 };
	char text[2 * DEEP + 16];
	autoread struct read r = { 0 };
	autoread struct read many = { 0 };
	autofree char *lines = malloc(100000 * 16);
	size_t n = 0;

	memset(text, '[', DEEP);
	memset(text + DEEP, ']', DEEP);
	read_len(&r, text, 2 * DEEP);
	CHECK_INT(r.set.doc_count, 1);
	CHECK_INT(r.set.issue_count, 0);
	for (int i = 0; i < 100000; i++)
		n += (size_t)sprintf(lines + n, "k%d: %d\n", i % 99990, i);
	read_len(&many, lines, n);
	CHECK_INT(many.set.doc_count, 1);
	CHECK_INT(many.set.docs->root->count, 99990);
	CHECK_INT(many.set.issue_count, 10);
	CHECK_STR(json_get(many.set.docs->root, "k3")->text, "99993");
	CHECK_INT(json_get(many.set.docs->root, "k3")->index, 99983);
}

static void encodings(void)
{
	static const struct {
		const char *name, *raw;
		size_t len;
		const char *want;
		size_t bad_count, bad;
	} row[] = {
		{ "plain", "a\xc3\xa4", 3, "a\xc3\xa4", 0, 0 },
		{ "bom",
		  "\xef\xbb\xbf"
		  "a",
		  4, "a", 0, 0 },
		{ "utf-16le",
		  "\xff\xfe"
		  "a\0\xe4\0\xac\x20\x3d\xd8\x00\xde",
		  12, "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 0, 0 },
		{ "utf-16be", "\xfe\xff\0a\0\xe4\x20\xac\xd8\x3d\xde\x00", 12,
		  "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 0, 0 },
		{ "half pairs", "\xfe\xff\xd8\x3d\0a\xde\x00\0", 9,
		  "\xef\xbf\xbd"
		  "a\xef\xbf\xbd\xef\xbf\xbd",
		  3, 0 },
		{ "bad utf-8",
		  "a\xff"
		  "b\xc3(\xed\xa0\x80",
		  8,
		  "a\xef\xbf\xbd"
		  "b\xef\xbf\xbd(\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd",
		  5, 1 },
		{ "cut", "abcdefgh\xe2\x82", 10, "abcdefgh\xef\xbf\xbd\xef\xbf\xbd", 2, 8 },
		{ "utf-32", "\xff\xfe\0\0a\0\0\0", 8, "", 0, 0 },
		{ "empty", "", 0, "", 0, 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		struct arena a = { 0 };
		struct decoded d;

		CASE(row[i].name);
		encoding_decode(row[i].raw, row[i].len, &a, &d);
		CHECK_STR(d.text, row[i].want);
		CHECK_INT(d.len, strlen(row[i].want));
		CHECK_INT(d.bad_count, row[i].bad_count);
		CHECK_INT(d.bad, row[i].bad);
		arena_free(&a);
	}
}

int main(void)
{
	CASE("scalars");
	rows(scalars, ARRAY_LEN(scalars));
	CASE("documents");
	rows(documents, ARRAY_LEN(documents));
	CASE("keys");
	rows(keys, ARRAY_LEN(keys));
	CASE("aliases and merges");
	rows(aliases, ARRAY_LEN(aliases));
	CASE("offsets");
	offsets();
	hostile();
	CASE("brackets in a row");
	brackets_in_a_row();
	CASE("limits");
	limits();
	encodings();
	return DONE();
}
