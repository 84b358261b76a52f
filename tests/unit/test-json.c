/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "conf/json.h"
#include "test.h"

/* The text lies in a block of exactly its size, so that a sanitizer sees the
 * first byte that is read beyond it. */
static int parse(const char *text, size_t len, struct arena *a, struct json_doc *d, struct err *e)
{
	char *copy = malloc(len ? len : 1);
	int r;

	memcpy(copy, text, len);
	r = json_parse("f.json", copy, len, a, d, e);
	free(copy);
	return r;
}

struct bad {
	const char *text, *want; /* want: where the message starts */
};

static const struct bad bad[] = {
	{ "", "f.json:1:1: there is no JSON text" },
	{ " \n\t\r\n ", "f.json:3:2: there is no JSON text" },
	{ "[1,2", "f.json:1:5: parse error: premature EOF" },
	{ "{\"a\":", "f.json:1:6: parse error: premature EOF" },
	{ "{\"a\":1,}", "f.json:1:8: parse error: invalid object key" },
	{ "{\"a\" 1}", "f.json:1:6: parse error: object key and value must be separated" },
	{ "{\"a\":,1}", "f.json:1:6: parse error: unallowed token" },
	{ "{\n\"a\":1} x", "f.json:2:8: parse error: trailing garbage" },
	{ "{}{}", "f.json:1:3: parse error: trailing garbage" },
	{ "1 2", "f.json:1:4: parse error: trailing garbage" },
	{ "[01]", "f.json:1:3: parse error: after array element" },
	{ "[-]", "f.json:1:3: lexical error: malformed number" },
	{ "[1.]", "f.json:1:4: lexical error: malformed number" },
	{ "[1e]", "f.json:1:4: lexical error: malformed number" },
	{ "[+1]", "f.json:1:2: lexical error: invalid char" },
	{ "[.5]", "f.json:1:2: lexical error: invalid char" },
	{ "[0x10]", "f.json:1:3: lexical error: invalid char" },
	{ "[NaN]", "f.json:1:2: lexical error: invalid char" },
	{ "[Infinity]", "f.json:1:2: lexical error: invalid char" },
	{ "[nul]", "f.json:1:5: lexical error: invalid string in json text" },
	{ "[True]", "f.json:1:2: lexical error: invalid char" },
	{ "['a']", "f.json:1:2: lexical error: invalid char" },
	{ "[\"\x01\"]", "f.json:1:3: lexical error: invalid character inside string" },
	{ "[\"a\nb\"]", "f.json:1:4: lexical error: invalid character inside string" },
	{ "[\"\\x\"]", "f.json:1:4: lexical error: inside a string" },
	{ "[\"\\u12g4\"]", "f.json:1:7: lexical error: invalid (non-hex) character" },
	{ "[\"\\ud800\"]", "f.json:1:2: /0: an escape sequence is half" },
	{ "[\"\\udc00\"]", "f.json:1:2: /0: an escape sequence is half" },
	{ "[\"\\ud800x\"]", "f.json:1:2: /0: an escape sequence is half" },
	{ "[\"\\ud800\\n\"]", "f.json:1:2: /0: an escape sequence is half" },
	{ "[\"\\ud800\\u0041\"]", "f.json:1:2: /0: an escape sequence is half" },
	{ "[\"\\ud800\\ud800\"]", "f.json:1:2: /0: an escape sequence is half" },
	{ "{\"\\ud800\":1}", "f.json:1:2: /?: an escape sequence is half" },
	{ "[\"a\\u0000b\"]", "f.json:1:2: /0: a NUL character" },
	{ "{\"a\\u0000\":1}", "f.json:1:2: /a: a NUL character" },
	{ "[\"\xff\"]", "f.json:1:3: this byte is not valid UTF-8" },
	{ "[\"\xc0\x80\"]", "f.json:1:3: this byte is not valid UTF-8" },
	{ "[\"\xed\xa0\x80\"]", "f.json:1:3: this byte is not valid UTF-8" },
	{ "[\"\xf4\x90\x80\x80\"]", "f.json:1:3: this byte is not valid UTF-8" },
	{ "[\"\xe2\x82", "f.json:1:3: this byte is not valid UTF-8" },
	{ "\xef\xbb\xbf{}", "f.json:1:1: lexical error: invalid char" },
	{ "/* c */ {}", "f.json:1:1: lexical error: probable comment" },
	{ "[\"abc", "f.json:1:6: parse error: premature EOF" },
	{ "{]", "f.json:1:2: parse error: invalid object key" },
	{ "[}", "f.json:1:2: parse error: unallowed token" },
	{ "[1 2]", "f.json:1:4: parse error: after array element" },
	{ "[1,]", "f.json:1:4: parse error: unallowed token" },
	{ "[,1]", "f.json:1:2: parse error: unallowed token" },
	{ "{1:2}", "f.json:1:2: parse error: invalid object key" },
	{ "{\n \"a\":1,\n \"b\":2,\n \"a\": 3}",
	  "f.json:4:7: /a: duplicate key, first given at 2:6" },
	{ "{\"a/b~c\":[0,{\"x\":1,\"x\":2}]}",
	  "f.json:1:24: /a~1b~0c/1/x: duplicate key, first given at 1:18" },
	{ "{\"a\":1,\"\\u0061\":2}", "f.json:1:17: /a: duplicate key, first given at 1:6" },
	{ "{\"\":1,\"\":2}", "f.json:1:10: /: duplicate key" },
};

static void test_bad(void)
{
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		autoarena struct arena a = { 0 };
		struct json_doc d = { 0 };
		struct err e = { 0 };
		size_t same = strlen(bad[i].want);

		CASE(bad[i].want);
		CHECK_INT(parse(bad[i].text, strlen(bad[i].text), &a, &d, &e), -EINVAL);
		CHECK_INT(e.code, EINVAL);
		if (!CHECK(strncmp(e.msg, bad[i].want, same) == 0))
			printf("# got  %s\n# want %s\n", e.msg, bad[i].want);
		CHECK(!strchr(e.msg, '\n'));
	}
	CASE("NUL bytes");
	{
		autoarena struct arena a = { 0 };
		struct json_doc d;
		struct err e = { 0 };

		CHECK_INT(parse("\0{}", 3, &a, &d, &e), -EINVAL);
		e = (struct err){ 0 };
		CHECK_INT(parse("{}\0", 3, &a, &d, &e), -EINVAL);
		e = (struct err){ 0 };
		CHECK_INT(parse("[\"a\0b\"]", 7, &a, &d, &e), -EINVAL);
	}
}

static const struct json *only(const char *text, struct arena *a)
{
	struct json_doc d = { 0 };
	struct err e = { 0 };

	if (!CHECK(json_parse("f.json", text, strlen(text), a, &d, &e) == 0)) {
		printf("# %s\n", e.msg);
		exit(DONE());
	}
	return d.root;
}

static void test_tree(void)
{
	autoarena struct arena a = { 0 };
	static const char text[] =
		"{ \"s\" : \"a\\n\\\"\\u00e4\\ud83d\\ude00\" ,\n\"n\":-12.50e+3,\"t\":true,\"f\":"
		"false,\"z\":null,\n\"l\":[1,[],{\"k\":\"v\"}] }";
	const struct json *root = only(text, &a), *v;
	static const char *const keys[] = { "s", "n", "t", "f", "z", "l" };

	CASE("tree");
	CHECK_INT(root->type, JSON_OBJECT);
	CHECK_INT(root->count, 6);
	v = root->child;
	for (size_t i = 0; v && i < ARRAY_LEN(keys); i++, v = v->next)
		CHECK_STR(v->key, keys[i]);
	v = json_get(root, "s");
	CHECK_STR(v->text, "a\n\"\xc3\xa4\xf0\x9f\x98\x80");
	CHECK_INT(v->len, strlen(v->text));
	CHECK_INT(v->offset, strchr(text, 'a') - 1 - text);
	CHECK_STR(json_get(root, "n")->text, "-12.50e+3");
	CHECK(json_get(root, "t")->boolean && !json_get(root, "f")->boolean);
	CHECK_INT(json_get(root, "z")->type, JSON_NULL);
	CHECK(json_get(root, "absent") == NULL && json_get(json_get(root, "l"), "k") == NULL);
	v = json_get(root, "l");
	CHECK_INT(v->count, 3);
	CHECK_INT(text[v->offset], '[');
	CHECK_INT(text[v->child->next->next->child->offset + 1], 'v');
	CHECK(v->child->parent == v && v->parent == root && root->parent == NULL);
	CASE("documents that are one value");
	CHECK_STR(only("17", &a)->text, "17");
	CHECK_STR(only(" \"x\"", &a)->text, "x");
	CHECK_INT(only("\n null \n", &a)->type, JSON_NULL);
	CHECK_STR(only("123456789012345678901234567890", &a)->text,
		  "123456789012345678901234567890");
	CHECK_STR(only("\"\\\\\"", &a)->text, "\\");
}

static void nested(size_t depth, char *buf)
{
	memset(buf, '[', depth);
	memset(buf + depth, ']', depth);
	buf[2 * depth] = '\0';
}

static void test_limits(void)
{
	autoarena struct arena a = { 0 };
	struct json_doc d;
	struct err e = { 0 };
	char deep[2 * (JSON_DEPTH_MAX + 1) + 1];
	size_t len = 2 * ((size_t)JSON_VALUES_MAX + 8);
	autofree char *wide = malloc(len + 1);

	CASE("limits");
	nested(JSON_DEPTH_MAX, deep);
	CHECK_INT(parse(deep, strlen(deep), &a, &d, &e), 0);
	nested(JSON_DEPTH_MAX + 1, deep);
	CHECK_INT(parse(deep, strlen(deep), &a, &d, &e), -E2BIG);
	CHECK(strstr(e.msg, "nested too deeply") != NULL);
	e = (struct err){ 0 };
	for (size_t i = 0; i < len; i += 2)
		memcpy(wide + i, "0,", 2);
	memcpy(wide, "[ ", 2);
	CHECK_INT(parse(wide, len, &a, &d, &e), -E2BIG);
	CHECK_INT(e.code, E2BIG);
}

/* Thousands of members take sorting, not comparing each with each. */
static void test_many_keys(void)
{
	autoarena struct arena a = { 0 };
	struct json_doc d;
	struct err e = { 0 };
	enum { COUNT = 100000 };
	autofree char *text = malloc(COUNT * 12 + 32);
	char *p = text;

	CASE("many keys");
	*p++ = '{';
	for (int i = 0; i < COUNT; i++)
		p += sprintf(p, "%s\"%d\":%d", i ? "," : "", i, i % 10);
	memcpy(p, "}", 2);
	CHECK_INT(json_parse("f.json", text, strlen(text), &a, &d, &e), 0);
	CHECK_INT(d.root->count, COUNT);
	strcpy(p, ",\"4711\":0}");
	CHECK_INT(json_parse("f.json", text, strlen(text), &a, &d, &e), -EINVAL);
	CHECK(strstr(e.msg, "/4711: duplicate key, first given at 1:") != NULL);
}

static void test_messages(void)
{
	autoarena struct arena a = { 0 };
	struct json_doc d;
	struct err e = { 0 };
	char text[2100] = "{\"";

	CASE("a key of 2000 bytes does not drown the message");
	memset(text + 2, 'k', 2000);
	strcpy(text + 2002, "\":[1]}");
	CHECK_INT(json_parse("f.json", text, strlen(text), &a, &d, &e), 0);
	CHECK_INT(json_err(&d, d.root->child->child, &e, ERANGE, "no %d", 5), -ERANGE);
	CHECK(strstr(e.msg, ": no 5") != NULL);
	CASE("control characters are not repeated");
	e = (struct err){ 0 };
	CHECK_INT(json_parse("f.json", "{\"a\\n\\u001b[1m\":\"\\r\"}", 21, &a, &d, &e), 0);
	CHECK_INT(json_err(&d, d.root->child, &e, EINVAL, "bad \"%s\"", d.root->child->text),
		  -EINVAL);
	CHECK_STR(e.msg, "f.json:1:17: /a??[1m: bad \"?\"");
	CASE("nearest");
	CHECK_INT(json_parse("f.json", "{\"a\":[{},{\"b\":1}]}", 18, &a, &d, &e), 0);
	CHECK(json_nearest(&d, "") == d.root);
	CHECK(json_nearest(&d, "/x/y") == d.root);
	CHECK_STR(json_nearest(&d, "/a/1/b")->text, "1");
	CHECK(json_nearest(&d, "/a/2") == d.root->child);
	CHECK(json_nearest(&d, "/a/1/c") == d.root->child->child->next);
}

static void place(const struct json_doc *d, const char *pointer, const char *msg, const char *want)
{
	struct err e = { 0 };

	(void)err_set(&e, EINVAL, "%s", msg);
	json_err_place(d, pointer, &e);
	CHECK_STR(e.msg, want);
	CHECK_INT(e.code, EINVAL);
}

static void test_place(void)
{
	static const char text[] = "{\n\"root\": 1,\n\"mounts\":[{},{\"type\":1}]}";
	autoarena struct arena a = { 0 };
	struct json_doc d, deep;
	struct err e = { 0 };
	char name[601], msg[401];

	CHECK_INT(json_parse("/b/f.json", text, strlen(text), &a, &d, &e), 0);
	CASE("the pointer of the message");
	place(&d, NULL, "/mounts/1/type: bad", "/b/f.json:3:22: /mounts/1/type: bad");
	place(&d, "/root", "/mounts/1/x: bad", "/b/f.json:3:14: /mounts/1/x: bad");
	CASE("behind the step, from where it goes to the front");
	place(&d, "/mounts", "step 2 of 3 (x): /mounts/0: a: b",
	      "/b/f.json:3:11: /mounts/0: step 2 of 3 (x): a: b");
	CASE("the one given");
	place(&d, "/root/path", "step 2 of 3 (x): /root: bad",
	      "/b/f.json:2:9: /root/path: step 2 of 3 (x): /root: bad");
	CASE("none");
	place(&d, NULL, "/root: bad", "/root: bad");
	place(&d, NULL, "step 2 of 3 (x): bad", "step 2 of 3 (x): bad");
	CASE("no room: the name of the file alone, then nothing");
	memset(name, 'd', 600);
	strcpy(name + 590, "/f.json");
	CHECK_INT(json_parse(name, text, strlen(text), &a, &deep, &e), 0);
	place(&deep, NULL, "/mounts: bad", "f.json:3:10: /mounts: bad");
	memset(name, 'd', 600);
	CHECK_INT(json_parse(name, text, strlen(text), &a, &deep, &e), 0);
	place(&deep, NULL, "/mounts: bad", "/mounts: bad");
	memset(msg, 'm', 400);
	msg[400] = '\0';
	memcpy(msg, "/mounts: ", 9);
	place(&deep, NULL, msg, msg);
}

int main(void)
{
	test_bad();
	test_tree();
	test_limits();
	test_many_keys();
	test_messages();
	test_place();
	return DONE();
}
