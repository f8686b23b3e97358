/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * YAML itself, after the ideas of the public yaml-test-suite: every construct of the language, sane or
 * not, has an outcome that is written down here, and every hostile text is refused in bounded time and
 * memory. What YAML has in more than one way (anchors, tags, directives, encodings) is refused; what
 * is accepted means one thing.
 *
 * Of messages that are libyaml's own, only the place counts: an expected line may end behind
 * "not valid YAML: ".
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/resource.h>
#include <time.h>

#include "frontend_text.h"

#define MIB (1024 * 1024)

#define DESCRIBED TYPE "metadata:\n  name: a\n  description: "

struct wrong {
	const char *text, *printed;
};

/* What is printed, without what libyaml says. */
static void drop_words(char *printed)
{
	static const char mark[] = "not valid YAML: ";

	for (char *at = strstr(printed, mark); at; at = strstr(at, mark)) {
		char *end;

		at += strlen(mark);
		end = strchr(at, '\n') + 1;
		memmove(at, end, strlen(end) + 1);
	}
}

static void check_refused(const char *text, size_t length, const char *expected)
{
	char *printed = refusal_of(text, length);

	drop_excerpts(printed);
	drop_words(printed);
	if (strcmp(printed, expected))
		print_error("%.400s\n", text);
	assert_string_equal(printed, expected);
	free(printed);
}

static void check_wrong(const struct wrong *tests, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check_refused(tests[i].text, strlen(tests[i].text), tests[i].printed);
}

/* What a scalar stands for where a string is wanted. */
static const struct {
	const char *yaml, *text;
} scalars[] = {
	{"|\n    a\n      b\n\n    c\n", "a\n  b\n\nc\n"},
	{">-\n    a\n    b\n\n    c", "a b\nc"},
	{"|2\n    a", "a\n"},
	{"|+\n    a\n\n", "a\n\n\n"},
	{"|-\n    a # b\n    %c\n    ---", "a # b\n%c\n---"},
	{"a\n    b", "a b"},
	{"'it''s\n    a'", "it's a"},
	{"\"a\\x41\\u00e4\\\n     b\\tc\"", "aA\xc3"
					    "\xa4"
					    "b\tc"},
	{"'a\n\n    b'", "a\nb"},
	{"a # comment", "a"},
	{"a# no comment", "a# no comment"},
	{"\ta", "a"},
	{"a:b", "a:b"},
	{"a,b]}", "a,b]}"},
	{"yes", "yes"},
	{"No", "No"},
	{"on", "on"},
	{"0x10", "0x10"},
	{"1e3", "1e3"},
	{"0o7", "0o7"},
	{"+1", "+1"},
	{"1_000", "1_000"},
	{"Null", "Null"},
	{"True", "True"},
	{".inf", ".inf"},
	{"2001-01-01", "2001-01-01"},
	{"<<", "<<"},
	{"=", "="},
	{"\"\"", ""},
	{"''", ""},
	{"'~'", "~"},
	{"\"null\"", "null"},
	{"'5'", "5"},
	{"--- a", "--- a"},
	{"... a", "... a"},
	{"-a", "-a"},
	{"?a", "?a"},
	{":a", ":a"},
	{"\"\\\"\\\\\\/\"", "\"\\/"},
	{"\"\\xff\"", "\xc3"
		      "\xbf"
		      ""},
	{"http://a/?b=c#d", "http://a/?b=c#d"},
};

static void test_scalars(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(scalars); i++) {
		struct policy_set set = {0};
		char *text;

		assert_true(asprintf(&text, DESCRIBED "%s\n" REST, scalars[i].yaml) > 0);
		parse_right(text, &set);
		assert_int_equal(set.n_policies, 1);
		assert_string_equal(set.policies[0].description, scalars[i].text);
		policy_set_free(&set);
		free(text);
	}
}

static const struct wrong no_scalars[] = {
	{"\"\\q\"", "t:5:17: not valid YAML: "},
	{"\"\\xg0\"", "t:5:19: not valid YAML: "},
	{"a: b", "t:5:17: not valid YAML: "},
	{"- a", "t:5:16: not valid YAML: "},
	{"? a", "t:5:16: not valid YAML: "},
	{"[a, b", "t:6:5: not valid YAML: "},
	{"{a}", "t:5:16: metadata.description: expected a string, found a mapping\n"},
	{"[]", "t:5:16: metadata.description: expected a string, found a list\n"},
	{"@a", "t:5:16: not valid YAML: "},
	{"`a", "t:5:16: not valid YAML: "},
	{"%a", "t:5:16: not valid YAML: "},
	{"!a b", "t:5:16: tags are not supported (quote a text that starts with '!')\n"},
	{"&a b", "t:5:16: anchors are not supported (quote a text that starts with '&')\n"},
	{"*a", "t:5:16: aliases are not supported (quote a text that starts with '*')\n"},
	{"|\n   \ta", "t:6:4: not valid YAML: "},
	{"|\n\ta", "t:6:1: not valid YAML: "},
	{">5\n    a", "t:6:5: not valid YAML: "},
	{"|10\n a", "t:5:18: not valid YAML: "},
	{"|a", "t:5:17: not valid YAML: "},
	{"|\n  a", "t:7:1: not valid YAML: "},
	{"~", "t:5:16: metadata.description: expected a string, found nothing\n"},
	{"null", "t:5:16: metadata.description: expected a string, found nothing\n"},
	{"", "t:5:15: metadata.description: expected a string, found nothing\n"},
	{"true",
	 "t:5:16: metadata.description: expected a string, found a boolean (quotes make it a string)\n"},
	{"false",
	 "t:5:16: metadata.description: expected a string, found a boolean (quotes make it a string)\n"},
	{"5",
	 "t:5:16: metadata.description: expected a string, found an integer (quotes make it a string)\n"},
	{"-5",
	 "t:5:16: metadata.description: expected a string, found an integer (quotes make it a string)\n"},
	{"'\n---\n'", "t:6:1: not valid YAML: "},
	{"\"a\n...\n\"", "t:6:1: not valid YAML: "},
	{"a\n  # x\n    b", "t:7:5: not valid YAML: "},
	{"\"\\ud800\"", "t:5:19: not valid YAML: "},
	{"\"\\U00110000\"", "t:5:19: not valid YAML: "},
	{"\"\\x00\"", "t:5:16: a text must not hold a NUL character\n"},
	{"\"a\\0b\"", "t:5:16: a text must not hold a NUL character\n"},
	{"\"a", "t:7:1: not valid YAML: "},
	{"'a' b", "t:5:20: not valid YAML: "},
	{"{? a : b}", "t:5:16: metadata.description: expected a string, found a mapping\n"},
	{"{,}", "t:5:17: not valid YAML: "},
	{"-", "t:5:16: not valid YAML: "},
	{"a: |\n b", "t:5:17: not valid YAML: "},
};

static void test_no_scalars(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(no_scalars); i++) {
		char *text;

		assert_true(asprintf(&text, DESCRIBED "%s\n" REST, no_scalars[i].text) > 0);
		check_refused(text, strlen(text), no_scalars[i].printed);
		free(text);
	}
}

/* One policy in many spellings. */
static const char *const spellings[] = {
	SPEC "",
	SPEC "...\n",
	SPEC "---\n...\n---\n",
	"# %YAML\n--- # a\n" SPEC,
	"apiVersion: pavise/v1\nkind: Policy\nmetadata:\n  name: a\nspec:\n  mode: enforce\n  subjects: "
	"[{cgroup: /a}]",
	"apiVersion: pavise/v1\r\nkind: Policy\r\nmetadata:\r\n  name: a\r\nspec:\r\n  mode: enforce\r\n  "
	"subjects: [{cgroup: /a}]\r\n",
	"apiVersion:\tpavise/v1\nkind:\tPolicy\nmetadata:\n  name:\ta\nspec:\n  mode:\tenforce\n  "
	"subjects:\t[{cgroup:\t/a}]\n",
	"apiVersion: pavise/v1\t\nkind: Policy\t\nmetadata:\t\n  name: a\t\nspec:\t\n  mode: enforce\t\n  "
	"subjects: [{cgroup: /a}]\t\n",
	"apiVersion: pavise/v1 # x\n\nkind: Policy # x\n\nmetadata: # x\n\n  name: a # x\n\nspec: # x\n\n  "
	"mode: enforce # x\n\n  subjects: [{cgroup: /a}] # x\n\n",
	"{\n\tapiVersion: pavise/v1,\n\tkind: Policy,\n\tmetadata: {name: a},\n\tspec: {mode: enforce, "
	"subjects: [{cgroup: /a}]}}\n",
	"{\"apiVersion\":\"pavise/"
	"v1\",\"kind\":\"Policy\",\"metadata\":{\"name\":\"a\"},\"spec\":{\"mode\":\"enforce\",\"subjects\":["
	"{\"cgroup\":\"/a\"}]}}",
	HEAD "spec: {mode: enforce, subjects: [{cgroup: /a,},],}\n",
	HEAD "spec: {mode: enforce,\nsubjects: [{cgroup: /a}]}\n",
	HEAD "spec: {? mode : enforce, ? subjects : [? cgroup : /a]}\n",
	HEAD "spec: {mode: enforce, subjects: [cgroup: /a]}\n",
	"? apiVersion\n: pavise/v1\n? kind\n: Policy\n? metadata\n: ? name\n  : a\n? spec\n: mode: enforce\n "
	" subjects:\n  - ? cgroup\n    : /a\n",
	"apiVersion: pavise/v1\n\"kind\": Policy\nmetadata:\n  'name' : a\nspec:\n  mode: enforce\n  "
	"subjects:\n  - \"\\x63group\": /a\n",
	HEAD "spec:\n    mode: |-\n      enforce\n    subjects:\n    -   cgroup: >-\n         /a\n",
	"--- {apiVersion: pavise/v1, kind: Policy, metadata: {name: a},\n spec: {mode: enforce, subjects: "
	"[{cgroup: /a}]}}\n...\n# end\n",
};

static void check_policy(const struct policy_set *set)
{
	const struct policy *policy = set->policies;

	assert_int_equal(set->n_policies, 1);
	assert_string_equal(policy->name, "a");
	assert_int_equal(policy->mode, MODE_ENFORCE);
	assert_int_equal(policy->n_subjects, 1);
	assert_string_equal(policy->subjects[0].cgroup.text, "/a");
	for (unsigned i = 0; i < SECTIONS; i++)
		assert_false(policy->sections[i].present);
}

static void test_spellings(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(spellings); i++) {
		struct policy_set set = {0};

		parse_right(spellings[i], &set);
		check_policy(&set);
		policy_set_free(&set);
	}
}

static const struct wrong references[] = {
	{HEAD "spec: &a\n", "t:5:7: anchors are not supported (quote a text that starts with '&')\n"
			    "t:5:7: spec: expected a mapping, found nothing\n"},
	{"&a\n" SPEC, "t:1:1: anchors are not supported (quote a text that starts with '&')\n"},
	{"a: *b\n", "t:1:1: unknown key 'a'\n"
		    "t:1:1: missing key 'apiVersion'\n"
		    "t:1:1: missing key 'kind'\n"
		    "t:1:1: missing key 'metadata'\n"
		    "t:1:1: missing key 'spec'\n"
		    "t:1:4: aliases are not supported (quote a text that starts with '*')\n"},
	{"*a : b\n", "t:1:1: aliases are not supported (quote a text that starts with '*')\n"
		     "t:1:1: missing key 'apiVersion'\n"
		     "t:1:1: missing key 'kind'\n"
		     "t:1:1: missing key 'metadata'\n"
		     "t:1:1: missing key 'spec'\n"},
	{"&a [*a]\n", "t:1:1: anchors are not supported (quote a text that starts with '&')\n"
		      "t:1:1: expected a mapping, found a list\n"
		      "t:1:5: aliases are not supported (quote a text that starts with '*')\n"},
	{"&a !!str b\n", "t:1:1: anchors are not supported (quote a text that starts with '&')\n"
			 "t:1:1: tags are not supported (quote a text that starts with '!')\n"
			 "t:1:1: expected a mapping, found a string\n"},
	{SPEC "? &a kind\n: b\n", "t:8:3: anchors are not supported (quote a text that starts with '&')\n"
				  "t:8:3: key 'kind' stands here twice (first in line 2)\n"},
	{"!!map\n" SPEC, "t:1:1: tags are not supported (quote a text that starts with '!')\n"},
	{HEAD "spec: !!map {mode: !!str enforce, subjects: !!seq [!x {cgroup: !<y> /a}]}\n",
	 "t:5:7: tags are not supported (quote a text that starts with '!')\n"
	 "t:5:20: tags are not supported (quote a text that starts with '!')\n"
	 "t:5:45: tags are not supported (quote a text that starts with '!')\n"
	 "t:5:52: tags are not supported (quote a text that starts with '!')\n"
	 "t:5:64: tags are not supported (quote a text that starts with '!')\n"},
	{"!!python/object/apply:os.system [x]\n",
	 "t:1:1: tags are not supported (quote a text that starts with '!')\n"
	 "t:1:1: expected a mapping, found a list\n"},
	{"a: !<x b\n", "t:1:7: not valid YAML: "},
	{"a: !e!x b\n", "t:1:4: not valid YAML: "},
	{HEAD "spec: ! b\n", "t:5:7: tags are not supported (quote a text that starts with '!')\n"
			     "t:5:7: spec: expected a mapping, found a string\n"},
	{HEAD "spec:\n  <<: *x\n  mode: enforce\n  subjects: [{cgroup: /a}]\n",
	 "t:6:3: spec: unknown key '<<'\n"
	 "t:6:7: aliases are not supported (quote a text that starts with '*')\n"},
	{HEAD "spec:\n  <<: {mode: monitor}\n  mode: enforce\n  subjects: [{cgroup: /a}]\n",
	 "t:6:3: spec: unknown key '<<'\n"},
	{HEAD "spec:\n  <<: [{a: b}, {c: d}]\n  mode: enforce\n  subjects: [{cgroup: /a}]\n",
	 "t:6:3: spec: unknown key '<<'\n"},
	{HEAD "spec:\n  =: a\n  mode: enforce\n  subjects: [{cgroup: /a}]\n",
	 "t:6:3: spec: unknown key '='\n"},
	{FILES "    - &r\n      deny: /a\n    - *r\n",
	 "t:11:7: anchors are not supported (quote a text that starts with '&')\n"
	 "t:13:7: aliases are not supported (quote a text that starts with '*')\n"},
	{FILES "    - deny: &list [/a, /b]\n    - allow: *list\n",
	 "t:11:13: anchors are not supported (quote a text that starts with '&')\n"
	 "t:12:14: aliases are not supported (quote a text that starts with '*')\n"},
};

/* Anchors, aliases, merge keys and tags. */
static void test_references(void **state)
{
	(void)state;
	check_wrong(references, COUNT(references));
}

static const struct wrong documents[] = {
	{"%YAML 1.2\n---\n" SPEC, "t:1:1: directives are not supported: no line may start with '%'\n"},
	{SPEC "...\n%YAML 1.2\n---\n" SPEC,
	 "t:9:1: directives are not supported: no line may start with '%'\n"},
	{"%YAML 1.1\n%YAML 1.1\n---\na: b\n",
	 "t:1:1: directives are not supported: no line may start with '%'\n"},
	{"%FOO bar\n---\n" SPEC, "t:1:1: directives are not supported: no line may start with '%'\n"},
	{"%", "t:1:1: directives are not supported: no line may start with '%'\n"},
	{TYPE "metadata:\n  name: a\n  description: |\n%a\n" REST,
	 "t:6:1: directives are not supported: no line may start with '%'\n"},
	{SPEC "... x\n", "t:8:5: not valid YAML: "},
	{SPEC "...\n" SPEC, "t:9:1: not valid YAML: "},
	{"--- " SPEC, "t:1:15: not valid YAML: "},
	{"---", "t: there is no policy in the file\n"},
	{"...", "t:1:1: not valid YAML: "},
	{"---\n---\n...\n---\n", "t: there is no policy in the file\n"},
	{"--- {}\n--- []\n--- a\n--- 5\n--- ~\n---\n--- true\n",
	 "t:1:5: missing key 'apiVersion'\n"
	 "t:1:5: missing key 'kind'\n"
	 "t:1:5: missing key 'metadata'\n"
	 "t:1:5: missing key 'spec'\n"
	 "t:2:5: expected a mapping, found a list\n"
	 "t:3:5: expected a mapping, found a string\n"
	 "t:4:5: expected a mapping, found an integer\n"
	 "t:7:5: expected a mapping, found a boolean\n"},
	{SPEC "---\n" SPEC "x: y\n", "t:16:1: unknown key 'x'\n"},
	{SPEC "---\nkind: *a\n", "t:9:1: missing key 'apiVersion'\n"
				 "t:9:1: missing key 'metadata'\n"
				 "t:9:1: missing key 'spec'\n"
				 "t:9:7: aliases are not supported (quote a text that starts with '*')\n"},
	{SPEC SPEC, "t:8:1: key 'apiVersion' stands here twice (first in line 1)\n"
		    "t:9:1: key 'kind' stands here twice (first in line 2)\n"
		    "t:10:1: key 'metadata' stands here twice (first in line 3)\n"
		    "t:12:1: key 'spec' stands here twice (first in line 5)\n"},
	{SPEC "--- |\n  apiVersion: pavise/v1\n  kind: Policy\n  metadata:\n    name: a\n  spec:\n    mode: "
	      "enforce\n    subjects: [{cgroup: /a}]\n  ",
	 "t:8:5: expected a mapping, found a string\n"},
};

static void test_documents(void **state)
{
	struct policy_set set = {0};

	(void)state;
	check_wrong(documents, COUNT(documents));
	parse_right(SPEC "---\n" SPEC "...\n---\n" SPEC, &set);
	assert_int_equal(set.n_policies, 3);
	assert_int_equal(set.policies[2].line, 18);
	policy_set_free(&set);
}

static const struct wrong structures[] = {
	{"[a: b]\n", "t:1:1: expected a mapping, found a list\n"},
	{SPEC "? [a, b]\n: c\n", "t:8:3: expected a key, found a list\n"},
	{SPEC "? {a: b}\n: c\n", "t:8:3: expected a key, found a mapping\n"},
	{SPEC "? - a\n  - b\n: c\n", "t:8:3: expected a key, found a list\n"},
	{SPEC "? |\n  kind\n: b\n", "t:8:3: unknown key 'kind\\x0a' (did you mean 'kind'?)\n"},
	{SPEC "? kind\n", "t:8:3: key 'kind' stands here twice (first in line 2)\n"},
	{SPEC "~: b\n", "t:8:1: expected a key, found nothing\n"},
	{SPEC "1: b\n", "t:8:1: expected a key, found an integer\n"},
	{": b\n", "t:1:1: not valid YAML: "},
	{"{: b}\n", "t:1:2: not valid YAML: "},
	{"\"a\n b\": c\n", "t:2:4: not valid YAML: "},
	{"a:b\n", "t:1:1: expected a mapping, found a string\n"},
	{"[a,,b]\n", "t:1:4: not valid YAML: "},
	{"[,a]\n", "t:1:2: not valid YAML: "},
	{"[\n- a\n]\n", "t:2:1: not valid YAML: "},
	{"{a:\n  b: c}\n", "t:2:4: not valid YAML: "},
	{"{a: b\n", "t:2:1: not valid YAML: "},
	{"{a: b}}\n", "t:1:7: not valid YAML: "},
	{"[a}\n", "t:1:3: not valid YAML: "},
	{"{a: b]\n", "t:1:6: not valid YAML: "},
	{"- - - a\n", "t:1:1: expected a mapping, found a list\n"},
	{"- a: b\n   c: d\n", "t:2:5: not valid YAML: "},
	{"a:\n    b: c\n  d: e\n", "t:3:3: not valid YAML: "},
	{"a\nb: c\n", "t:2:2: not valid YAML: "},
	{"a: b\nc\n", "t:3:1: not valid YAML: "},
	{"a: b\n- c\n", "t:2:1: not valid YAML: "},
	{"- a\nb: c\n", "t:2:1: not valid YAML: "},
	{"a: \"b\" c\n", "t:1:8: not valid YAML: "},
	{"'a' b\n", "t:1:5: not valid YAML: "},
	{"a: b: c\n", "t:1:5: not valid YAML: "},
	{"a: b:\n", "t:1:5: not valid YAML: "},
	{HEAD "spec:\n\tmode: enforce\n", "t:6:1: not valid YAML: "},
	{HEAD "spec:\n  \tmode: enforce\n", "t:6:3: not valid YAML: "},
	{FILES "    -\tdeny: /a\n", "t:11:6: not valid YAML: "},
	{SPEC "\t\n", "t:8:1: not valid YAML: "},
	{SPEC "\t# x\n", "t:8:1: not valid YAML: "},
	{SPEC " x: y\n", "t:8:2: not valid YAML: "},
	{FILES "  - deny: /a\n", "t:11:3: not valid YAML: "},
	{FILES "    - deny: [/a #, /b]\n", "t:12:1: not valid YAML: "},

};

/* Complex and missing keys, mixes of flow and block style, wrong indentation, tabs. */
static void test_structures(void **state)
{
	(void)state;
	check_wrong(structures, COUNT(structures));
}

/* A policy in an encoding with `width` bytes for each character, the lowest at `at`. */
static void check_encoding(size_t width, size_t at, bool mark, const char *expected)
{
	static const char spec[] = SPEC;
	static const unsigned char order[] = {0xff, 0xfe};
	size_t n = strlen(spec) + mark, length = n * width;
	char *text = calloc(n, width);

	assert_non_null(text);
	for (size_t i = mark; i < n; i++)
		text[i * width + at] = spec[i - mark];
	if (mark) {
		text[at] = order[0];
		text[at ? at - 1 : at + 1] = order[1];
	}
	check_refused(text, length, expected);
	free(text);
}

static void test_encodings(void **state)
{
	static const char nul_1[] = "t:1:1: character U+0000 is not allowed in a policy file\n";
	static const char nul_2[] = "t:1:2: character U+0000 is not allowed in a policy file\n";
	static const char low[] = "t:1:1: byte 0xff is not valid UTF-8 text\n";
	static const char high[] = "t:1:1: byte 0xfe is not valid UTF-8 text\n";
	static const struct wrong tests[] = {
		{"\xef\xbb\xbf\xef\xbb\xbf" SPEC,
		 "t:1:1: character U+FEFF is not allowed in a policy file\n"},
		{SPEC "---\n\xef\xbb\xbf" SPEC, "t:9:1: character U+FEFF is not allowed in a policy file\n"},
		{"\xef\xbb" SPEC, "t:1:1: byte 0xef is not valid UTF-8 text\n"},
		{HEAD "spec: {mode: enforce, subjects: [{cgroup: /\xe4}]}\n",
		 "t:5:44: byte 0xe4 is not valid UTF-8 text\n"},
		{DESCRIBED "\xc3\xa4\xc3\n" REST, "t:5:17: byte 0xc3 is not valid UTF-8 text\n"},
		{DESCRIBED "a\rb\n" REST, "t:5:17: character U+000D is not allowed in a policy file\n"},
		{DESCRIBED "a\r\r\n" REST, "t:5:17: character U+000D is not allowed in a policy file\n"},
		{DESCRIBED "a\xe2\x80\xa8"
			   "b\n" REST,
		 "t:5:17: character U+2028 is not allowed in a policy file\n"},
		{DESCRIBED "a\x0c\n" REST, "t:5:17: character U+000C is not allowed in a policy file\n"},
		{"\x93\xd6\x93\x89", "t:1:1: byte 0x93 is not valid UTF-8 text\n"},
	};
	struct policy_set set = {0};

	(void)state;
	check_encoding(2, 0, true, low);
	check_encoding(2, 1, true, high);
	check_encoding(2, 0, false, nul_2);
	check_encoding(2, 1, false, nul_1);
	check_encoding(4, 0, true, low);
	check_encoding(4, 3, true, nul_1);
	check_encoding(4, 0, false, nul_2);
	check_encoding(4, 3, false, nul_1);
	check_wrong(tests, COUNT(tests));
	check_refused(SPEC, sizeof(SPEC), "t:8:1: character U+0000 is not allowed in a policy file\n");
	parse_right("\xef\xbb\xbf" SPEC, &set);
	check_policy(&set);
	policy_set_free(&set);
}

/* `head`, then as many `unit`s as fit, then `tail`: `length` bytes or a few less. */
static char *fill(const char *head, const char *unit, const char *tail, size_t length)
{
	size_t size = strlen(unit), n = (length - strlen(head) - strlen(tail)) / size;
	char *text = malloc(length + 1), *at = stpcpy(text, head);

	assert_non_null(text);
	for (size_t i = 0; i < n; i++, at += size)
		memcpy(at, unit, size);
	strcpy(at, tail);
	return text;
}

/* Texts that would cost a careless reader minutes or gigabytes; NULL: a right policy. */
static const struct {
	const char *head, *unit, *tail;
	size_t length;
	const char *printed; /* how it starts */
} heavy[] = {
	{"[", "&a b,", "]", MIB, "t:1:2: anchors are not supported"},
	{"- &a x\n", "- *a\n", "", MIB, "t:1:3: anchors are not supported"},
	{"a: &a [b,b]\nc: [", "*a,", "]\n", MIB, "t:1:4: anchors are not supported"},
	{"a: !", "%C3%A4", " b\n", MIB, "t:1:1: unknown key 'a'\n"},
	{"a: !<", "%41", "> b\n", MIB, "t:1:1: unknown key 'a'\n"},
	{"", "--- a\n", "", MIB, "t:1:5: expected a mapping, found a string\n"},
	{"", "--- {}\n", "", MIB, "t:1:5: missing key 'apiVersion'\n"},
	{"", "...\n", "", MIB, "t:1:1: not valid YAML"},
	{"", ": ", "", MIB, "t:1:1: not valid YAML"},
	{"[", "? a,", "]", 250000, "t:1:1: expected a mapping, found a list\n"},
	{"[", "{},", "]", 500000, "t:1:1: expected a mapping, found a list\n"},
	{"[", "a: b,", "]", 300000, "t:1:1: expected a mapping, found a list\n"},
	{"{", "a: b,", "}", 400000, "t:1:2: unknown key 'a'\n"},
	{"? ", "a", "\n: b\n", MIB, "t:1:1: missing key 'apiVersion'\n"},
	{"\"", "a", "\": b\n", MIB, "t:1:1048573: not valid YAML"},
	{"a: |\n", "\n", "", MIB, "t:1:1: unknown key 'a'\n"},
	{"a: >\n", "     \n", "", MIB, "t:1:1: unknown key 'a'\n"},
	{"a: >\n", " b\n\n", "", MIB, "t:1:1: unknown key 'a'\n"},
	{"a: '", "''", "'\n", MIB, "t:1:1: unknown key 'a'\n"},
	{"a: \"", "\\x41", "\"\n", MIB, "t:1:1: unknown key 'a'\n"},
	{"a: \"", "\\\n", "\"\n", MIB, "t:1:1: unknown key 'a'\n"},
	{"a:\n", " #\n", "", MIB, "t:1:1: unknown key 'a'\n"},
	{"", "\n", "", MIB, "t: there is no policy in the file\n"},
	{"", " ", "", MIB, "t: there is no policy in the file\n"},
	{SPEC "  capabilities: {default: allow, deny: [", "dac_read_sxxxxx,", "]}\n", MIB,
	 "t:8:41: capabilities.deny[0]: unknown capability 'dac_read_sxxxxx' (did you mean "},
	{SPEC "  capabilities: {default: allow, deny: [", "bpf,", "]}\n", 700000,
	 "t:8:45: capabilities.deny[1]: capability 'bpf' stands here twice (first in line 8)\n"},
	{SPEC "  system: {", "mount: deny,", "}\n", MIB, "t:8:24: system: key 'mount' stands here twice"},
	{SUBJECTS, "    - {}\n", "", MIB, "t:8:7: subjects[0]: the subject is empty"},
	{SUBJECTS, "    - user: aaaaaaaaaaa\n", "", MIB, NULL},
	{SUBJECTS, "    - container: {label: {a: bbbbbbbbbbbbbb}}\n", "", MIB, NULL},
	{SUBJECTS "    - container: {label: {", "a: b,", "}}\n", 450000,
	 "t:8:32: subjects[0].container.label: label 'a' stands here twice"},
	{FILES, "    - {}\n", "", MIB, "t:11:7: files.rules[0]: the rule has neither 'allow' nor 'deny'\n"},
	{FILES "    - {deny: /a, except: [", "/b,", "]}\n", 500000, NULL},
	{FILES "    - deny: [", "'{/,{/,{/,{/,{/,{/,{/,}}}}}}}',", "]\n", MIB,
	 "t:11:14: files.rules[0].deny[0]: bad pattern"},
	{FILES "    - {deny: /a, ", "fron: /b, ", "}\n", 900000,
	 "t:11:18: files.rules[0]: unknown key 'fron'"},
	{NETWORK, "    - {deny: bind, unix: '@a'}\n", "", MIB, NULL},
	{NETWORK "    - {deny: bind, except: [", "10.0.0.0/8,", "]}\n", MIB, NULL},
	{NETWORK, "    - {unxi: a, deny: bind}\n", "", MIB, "t:11:8: network.rules[0]: unknown key 'unxi'"},
};

/* The text and its copy, the nodes, the model, 100 messages; what has been freed may count as well. */
#ifdef __SANITIZE_ADDRESS__
#define MEMORY_MAX (1024 * 1024)
#else
#define MEMORY_MAX (96 * 1024)
#endif

static void check_heavy(size_t i, const char *text)
{
	struct policy_set set = {0};
	struct diags d = {0};
	int result = policy_parse("t", text, strlen(text), &set, &d);
	char *printed = print(&d);

	assert_int_equal(result, heavy[i].printed ? -EINVAL : 0);
	if (strncmp(printed, heavy[i].printed ? heavy[i].printed : "", strlen(heavy[i].printed ?: "")))
		fail_msg("number %zu: expected %s, found %.200s", i, heavy[i].printed, printed);
	assert_true(strlen(printed) < 100000);
	free(printed);
	diags_free(&d);
	policy_set_free(&set);
}

static void test_heavy(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(heavy); i++) {
		char *text = fill(heavy[i].head, heavy[i].unit, heavy[i].tail, heavy[i].length);
		struct timespec from, to;
		struct rusage usage;

		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
		check_heavy(i, text);
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
		free(text);
		assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
		if (to.tv_sec - from.tv_sec >= 10 || usage.ru_maxrss > MEMORY_MAX)
			fail_msg("number %zu: %ld s, %ld KiB", i, (long)(to.tv_sec - from.tv_sec),
				 usage.ru_maxrss);
	}
}

/* The classic: nine levels of nine references are 400 million values in 500 bytes. */
static void test_bomb(void **state)
{
	char text[2000] = "a: &a [x,x,x,x,x,x,x,x,x]\n", *printed;
	size_t found = 0;

	(void)state;
	for (char c = 'b'; c <= 'i'; c++) {
		size_t at = strlen(text);

		at += sprintf(text + at, "%c: &%c [", c, c);
		for (int i = 0; i < 9; i++)
			at += sprintf(text + at, "*%c%s", c - 1, i < 8 ? "," : "]\n");
	}
	printed = refusal_of(text, strlen(text));
	for (char *at = strstr(printed, "aliases are"); at; at = strstr(at + 1, "aliases are"))
		found++;
	assert_int_equal(found, 72);
	free(printed);
}

/* The greatest depth that is allowed, and one more, in each style. */
static void test_depth(void **state)
{
	static const struct wrong tests[] = {
		{"[", "t:1:33: nested too deeply (more than 32 levels)\n"},
		{"{a: ", "t:1:129: nested too deeply (more than 32 levels)\n"},
		{"- ", "t:1:65: nested too deeply (more than 32 levels)\n"},
		{"? ", "t:1:65: nested too deeply (more than 32 levels)\n"},
	};
	char text[400];

	(void)state;
	for (size_t i = 0; i < COUNT(tests); i++) {
		for (unsigned depth = 32; depth <= 33; depth++) {
			char *printed, *deep;

			text[0] = '\0';
			for (unsigned n = 0; n < depth; n++)
				strcat(text, tests[i].text);
			printed = refusal_of(text, strlen(text));
			drop_excerpts(printed);
			deep = strstr(printed, "nested too deeply");
			if (depth == 33)
				assert_string_equal(printed, tests[i].printed);
			else
				assert_null(deep);
			free(printed);
		}
	}
}

/* As many policies as a file may hold, and one more. */
static void test_policies(void **state)
{
	static const char one[] =
		"--- {apiVersion: pavise/v1, kind: Policy, metadata: {name: a}, spec: {mode: "
		"enforce, subjects: [{cgroup: /a}]}}\n";
	size_t length = 4096 * strlen(one);
	char *text = fill("", one, "", length + strlen(one));
	struct policy_set set = {0};
	struct diags d = {0};

	(void)state;
	assert_int_equal(policy_parse("t", text, length, &set, &d), 0);
	assert_int_equal(set.n_policies, 4096);
	policy_set_free(&set);
	check_refused(text, strlen(text), "t:4097:5: the file holds more than 4096 policies\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scalars),	  cmocka_unit_test(test_no_scalars),
		cmocka_unit_test(test_spellings), cmocka_unit_test(test_references),
		cmocka_unit_test(test_documents), cmocka_unit_test(test_structures),
		cmocka_unit_test(test_encodings), cmocka_unit_test(test_heavy),
		cmocka_unit_test(test_bomb),	  cmocka_unit_test(test_depth),
		cmocka_unit_test(test_policies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
