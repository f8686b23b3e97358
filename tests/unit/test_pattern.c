/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The pattern language: what each construct matches and does not, through a compiled image and through
 * the oracle alike, and what is refused with which message.
 */
#include "oracle.c"

#include <stdio.h>

#include "policy/automaton.h"
#include "policy/pattern.h"

/* A policy that denies what one pattern matches. */
static void compile_pattern(struct fixture *f, const char *pattern)
{
	struct policy *p = build_policy(&f->set, "p", MODE_ENFORCE);

	build_subject(p, "/");
	build_section(p, SECTION_FILES, EFFECT_ALLOW);
	build_path_rule(p, SECTION_FILES, EFFECT_DENY, FILES_ALL, pattern);
	fixture_compile(f, false);
}

static bool matches(const struct fixture *f, const char *path)
{
	return PV_CELL_VERDICT(image_path_cell(f->image, 1, path, PV_ACC_READ, NULL)) == PV_DENY;
}

struct example {
	const char *pattern, *path;
	bool matches;
};

static void check(const struct example *examples, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct example *e = &examples[i];
		struct fixture f = {0};

		compile_pattern(&f, e->pattern);
		if (matches(&f, e->path) != e->matches)
			fail_msg("'%s' on '%s': %d", e->pattern, e->path, !e->matches);
		if (oracle_matches(e->pattern, e->path, strlen(e->path)) != e->matches)
			fail_msg("oracle: '%s' on '%s': %d", e->pattern, e->path, !e->matches);
		fixture_free(&f);
	}
}

#define CHECK(examples) check(examples, sizeof(examples) / sizeof((examples)[0]))

static void test_literal(void **state)
{
	static const struct example examples[] = {
		{"/etc/shadow", "/etc/shadow", true},
		{"/etc/shadow", "/etc/shadow-", false},
		{"/etc/shadow", "/etc/shado", false},
		{"/etc/shadow", "/etc", false},
		{"/etc/shadow", "/x/etc/shadow", false},
		{"/a\\*b", "/a*b", true},
		{"/a\\*b", "/axb", false},
		{"/\\[\\{\\?\\\\", "/[{?\\", true},
		{"/\\a", "/a", true},
		{"/a,b]", "/a,b]", true},
		{"/\xff\xfe", "/\xff\xfe", true},
	};

	(void)state;
	CHECK(examples);
}

static void test_star(void **state)
{
	static const struct example examples[] = {
		{"/dir/*", "/dir/a", true},
		{"/dir/*", "/dir/.hidden", true},
		{"/dir/*", "/dir", false},
		{"/dir/*", "/dir/a/b", false},
		{"/*.conf", "/.conf", true},
		{"/*.conf", "/a.conf.conf", true},
		{"/*.conf", "/a/b.conf", false},
		{"/a*b*c", "/abc", true},
		{"/a*b*c", "/axxbybzc", true},
		{"/a*b*c", "/ab/c", false},
		{"/*", "/", false},
		{"/*a", "/a", true},
	};

	(void)state;
	CHECK(examples);
}

static void test_stars(void **state)
{
	static const struct example examples[] = {
		{"/dir/**", "/dir/a", true},   {"/dir/**", "/dir/a/b/c", true},
		{"/dir/**", "/dir", false},    {"/dir/**", "/dirt/a", false},
		{"/a/**/b", "/a/b", true},     {"/a/**/b", "/a/x/b", true},
		{"/a/**/b", "/a/x/y/b", true}, {"/a/**/b", "/ab", false},
		{"/a/**/b", "/a/xb", false},   {"/**/x", "/x", true},
		{"/**/x", "/a/b/x", true},     {"/**/x", "/ax", false},
		{"/**/*.tmp", "/.tmp", true},  {"/**/*.tmp", "/a/b/c.tmp", true},
		{"/a**b", "/ab", true},	       {"/a**b", "/a/x/b", true},
		{"/a/**/**/b", "/a/b", true},  {"/a/**b", "/a/b", true},
		{"/a/**b", "/a/x/yb", true},   {"/a/**b", "/ab", false},
		{"/a**/b", "/ab", false},      {"/a**/b", "/axx/b", true},
		{"/**", "/", false},	       {"/**", "/a", true},
	};

	(void)state;
	CHECK(examples);
}

/* "**" across the borders of alternatives means what it would if they were written out. */
static void test_stars_in_braces(void **state)
{
	static const struct example examples[] = {
		{"/a/{**,x}/b", "/a/b", true},	   {"/a/{**,x}/b", "/a/y/z/b", true},
		{"/a/{x,y}/b", "/a/b", false},	   {"/a/{**/,}b", "/a/b", true},
		{"/a/{**/,}b", "/a/x/b", true},	   {"/a/{**/,}b", "/ab", false},
		{"/a{/**,}/b", "/a/b", true},	   {"/a{/**,}/b", "/a/x/b", true},
		{"/{a/,b}**/c", "/a/c", true},	   {"/{a/,b}**/c", "/bc", false},
		{"/{a/,b}**/c", "/b/c", true},	   {"/{a/{**,x},b}/c", "/a/c", true},
		{"/{a/{**,x},b}/c", "/b/c", true}, {"/{a/{**,x},b}/c", "/bx/c", false},
		{"{/a,/b/**}", "/b/x/y", true},	   {"{/a,/b/**}", "/a/x", false},
		{"/{a,**}/{b,**}", "/a/b", true},  {"/{a,**}/{b,**}", "/b", true},
		{"/x*{*}/y", "/xa/b/y", false},
	};

	(void)state;
	CHECK(examples);
}

static void test_root(void **state)
{
	static const struct example examples[] = {
		{"/", "/", true},      {"/", "/a", false},	{"/{,a}", "/", true},
		{"/{,a}", "/a", true}, {"/{,**}", "/", true},	{"/{**,a}", "/", false},
		{"/?", "/", false},    {"/**{/,}", "/", false}, {"{/,/a/*}", "/", true},
	};

	(void)state;
	CHECK(examples);
}

static void test_question_mark(void **state)
{
	static const struct example examples[] = {
		{"/?", "/a", true},
		{"/?", "/.", true},
		{"/?", "/ab", false},
		{"/a?b", "/a/b", false},
		{"/?", "/é", true},
		{"/?", "/€", true},
		{"/?", "/\xf0\x9f\x98\x80", true},
		{"/?", "/éa", false},
		{"/?", "/\x80", true},
		{"/?", "/\xff", true},
		{"/?", "/\xc3", true},
		{"/??", "/é€", true},
		{"/??", "/\xc3\x28", true},
		{"/?", "/\xc3\x28", false},
		{"/a?c", "/aéc", true},
		{"/a?c", "/ac", false},
	};

	(void)state;
	CHECK(examples);
}

static void test_class(void **state)
{
	static const struct example examples[] = {
		{"/[abc]", "/b", true},	    {"/[abc]", "/d", false},	{"/[a-c]x", "/cx", true},
		{"/[!a-c]", "/d", true},    {"/[!a-c]", "/b", false},	{"/[!a-c]", "/é", true},
		{"/[!a-c]x", "/éx", true},  {"/x[!a]y", "/x/y", false}, {"/x[+-9]y", "/x/y", false},
		{"/x[+-9]y", "/x5y", true}, {"/[a-]", "/-", true},	{"/[-a]", "/-", true},
		{"/[\\]]", "/]", true},	    {"/[a\\-c]", "/b", false},	{"/[a\\-c]", "/-", true},
		{"/[*?{]", "/*", true},	    {"/[*?{]", "/x", false},	{"/[!/a]", "/b", true},
		{"/[a!]", "/!", true},
	};

	(void)state;
	CHECK(examples);
}

static void test_braces(void **state)
{
	static const struct example examples[] = {
		{"/usr/bin/{gzip,brotli}", "/usr/bin/gzip", true},
		{"/usr/bin/{gzip,brotli}", "/usr/bin/brotli", true},
		{"/usr/bin/{gzip,brotli}", "/usr/bin/gzi", false},
		{"/{a,b{c,d}}e", "/bde", true},
		{"/{a,b{c,d}}e", "/be", false},
		{"/a{,b}", "/a", true},
		{"/a{,b}", "/ab", true},
		{"/a{b}", "/ab", true},
		{"/a{}", "/a", true},
		{"/{a/b,c}/d", "/a/b/d", true},
		{"/{*.c,*.h}", "/x.h", true},
		{"/{a\\,b,c}", "/a,b", true},
		{"/{[,}],x}", "/}", true},
		{"/{a,ab}{c,bc}", "/abc", true},
		{"/{a,ab}{c,bc}", "/abbc", true},
		{"/{a,ab}{c,bc}", "/ab", false},
		{"/{{{{{{{{a}}}}}}}}", "/a", true},
	};

	(void)state;
	CHECK(examples);
}

static void test_refused(void **state)
{
	static const struct {
		const char *pattern, *message;
	} refused[] = {
		{"", "empty"},
		{"a", "start with '/'"},
		{"*", "start with '/'"},
		{"{/a,b}", "start with '/'"},
		{"{/a,}", "start with '/'"},
		{"[!a]", "start with '/'"},
		{"/a[b", "not closed"},
		{"/a[", "not closed"},
		{"/a[b\\", "not closed"},
		{"/a[b-", "not closed"},
		{"/a[]", "empty"},
		{"/a[]b]", "empty"},
		{"/a[!]", "empty"},
		{"/a[z-a]", "reversed"},
		{"/a[/]", "never matches"},
		{"/a[^b]", "[!..]"},
		{"/a[[:alpha:]]", "not supported"},
		{"/a[é]", "single bytes"},
		{"/a[a-é]", "single bytes"},
		{"/a{b", "not closed"},
		{"/a{b,{c}", "not closed"},
		{"/a}", "without '{'"},
		{"/{{{{{{{{{a}}}}}}}}}", "levels"},
		{"/a\\", "nothing literally"},
		{"/***", "'***'"},
		{"/a****", "'***'"},
	};
	char error[200], longest[PATTERN_MAX + 2];

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		error[0] = 0;
		if (pattern_check(PATTERN_PATH, refused[i].pattern, error, sizeof(error)) != -EINVAL ||
		    !strstr(error, refused[i].message))
			fail_msg("'%s': '%s'", refused[i].pattern, error);
		/* The message fits whatever room there is. */
		assert_int_equal(pattern_check(PATTERN_PATH, refused[i].pattern, error, 1), -EINVAL);
		assert_int_equal(error[0], 0);
	}
	assert_int_equal(pattern_check(PATTERN_FILE, PATTERN_NAMELESS, error, sizeof(error)), 0);
	assert_int_equal(pattern_check(PATTERN_FILE, "/@nameless", error, sizeof(error)), 0);
	assert_int_equal(pattern_check(PATTERN_PATH, PATTERN_NAMELESS, error, sizeof(error)), -EINVAL);
	assert_int_equal(pattern_check(PATTERN_FILE, "@nameless/a", error, sizeof(error)), -EINVAL);
	assert_non_null(strstr(error, "or be '@nameless'"));
	assert_int_equal(pattern_check(PATTERN_FILE, "{@nameless,/a}", error, sizeof(error)), -EINVAL);
	memset(longest, 'a', sizeof(longest));
	longest[0] = '/';
	longest[PATTERN_MAX] = 0;
	assert_int_equal(pattern_check(PATTERN_PATH, longest, error, sizeof(error)), 0);
	longest[PATTERN_MAX] = 'a';
	longest[PATTERN_MAX + 1] = 0;
	assert_int_equal(pattern_check(PATTERN_PATH, longest, error, sizeof(error)), -EINVAL);
}

/* What a pattern of another kind must start with, in every alternative. */
static void test_kinds(void **state)
{
	static const struct {
		const char *pattern;
		bool path, socket; /* may be one; every one here may be free */
	} kinds[] = {
		{"/a", true, true},
		{"@a", false, true},
		{"a", false, false},
		{"{/a,@b}", false, true},
		{"{/a,b}", false, false},
		{"{@a,}", false, false},
		{"{@,@a}/b", false, true},
		{"\\@a", false, true},
		{"\\a", false, false},
		{"*", false, false},
		{"**/a", false, false},
		{"?a", false, false},
		{"[@]a", false, false},
		{"[/]", false, false},
		{"{}", false, false},
		{"{/a,{@b,{/c,@d}}}", false, true},
		{"{/a,{@b,{/c,d}}}", false, false},
	};
	char error[200];

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const char *pattern = kinds[i].pattern;

		/* A class of "/" alone is an error of its own. */
		if (strcmp(pattern, "[/]"))
			assert_int_equal(pattern_check(PATTERN_FREE, pattern, error, sizeof(error)), 0);
		assert_int_equal(!pattern_check(PATTERN_PATH, pattern, error, sizeof(error)), kinds[i].path);
		assert_int_equal(!pattern_check(PATTERN_SOCKET, pattern, error, sizeof(error)),
				 kinds[i].socket);
	}
	assert_int_equal(pattern_check(PATTERN_SOCKET, "a", error, sizeof(error)), -EINVAL);
	assert_string_equal(error,
			    "a pattern of unix sockets must start with '/' or '@', in every alternative");
	assert_int_equal(pattern_check(PATTERN_FREE, "", error, sizeof(error)), -EINVAL);
	assert_string_equal(error, "the pattern is empty");
	assert_int_equal(pattern_check(PATTERN_FREE, "a{b", error, sizeof(error)), -EINVAL);
}

static int answer_any(void *context, const uint32_t *items, size_t n, bool root, uint32_t *answer)
{
	(void)context;
	(void)items;
	assert_false(root);
	*answer = n;
	return 0;
}

/* What the automaton of one pattern says of a name that is no path. */
static bool matches_name(enum pattern_kind kind, const char *pattern, const char *name)
{
	struct pattern_end end;
	struct automaton a;
	struct nfa nfa;
	char error[200];
	uint32_t root, s;
	bool matched;

	nfa_init(&nfa);
	root = nfa_root(&nfa);
	assert_int_equal(pattern_add(&nfa, root, kind, pattern, &end, error, sizeof(error)), 0);
	assert_false(end.root);
	nfa_accept(&nfa, end.node, 0);
	assert_int_equal(nfa_finish(&nfa), 0);
	automaton_init(&a, &nfa, 10000);
	assert_int_equal(automaton_build(&a, &root, 1, false, answer_any, NULL, &s), 0);
	for (; *name; name++) {
		unsigned class = nfa.classes[(uint8_t)*name];
		uint32_t next = a.fallback[s];

		for (uint32_t i = a.first[s]; i < a.first[s + 1]; i++) {
			if (MOVE_CLASS(a.moves[i]) == class)
				next = MOVE_TARGET(a.moves[i]);
		}
		s = next;
	}
	matched = a.answer[s];
	automaton_free(&a);
	nfa_free(&nfa);
	return matched;
}

static void test_other_names(void **state)
{
	static const struct {
		enum pattern_kind kind;
		const char *pattern, *name;
		bool matches;
	} examples[] = {
		{PATTERN_SOCKET, "@web-*", "@web-1", true},
		{PATTERN_SOCKET, "@web-*", "@web-1/2", false},
		{PATTERN_SOCKET, "@web-*", "/web-1", false},
		{PATTERN_SOCKET, "@**", "@", true},
		{PATTERN_SOCKET, "@**", "@a/b@", true},
		{PATTERN_SOCKET, "@?", "@@", true},
		{PATTERN_SOCKET, "@a/**/b", "@a/b", true},
		{PATTERN_SOCKET, "/run/**", "/run/a/b", true},
		{PATTERN_SOCKET, "/run/**", "@/run/a", false},
		{PATTERN_SOCKET, "{/run/a,@b}", "@b", true},
		{PATTERN_FREE, "web-*", "web-1", true},
		{PATTERN_FREE, "web-*", "web-1/2", false},
		{PATTERN_FREE, "*/nginx:*", "library/nginx:1", true},
		{PATTERN_FREE, "*/nginx:*", "docker.io/library/nginx:1", false},
		{PATTERN_FREE, "**/nginx:*", "docker.io/library/nginx:1", true},
		{PATTERN_FREE, "**/nginx:*", "nginx:1", false},
		{PATTERN_FREE, "{,**/}nginx:*", "nginx:1", true},
		{PATTERN_FREE, "**", "", true},
		{PATTERN_FREE, "{}", "", true},
		{PATTERN_FREE, "{}", "a", false},
		{PATTERN_FREE, "?", "", false},
		{PATTERN_FREE, "nginx.service", "nginxaservice", false},
		{PATTERN_FREE, "/", "/", true},
		{PATTERN_FREE, "[!a]", "\xc3\xa4", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		if (matches_name(examples[i].kind, examples[i].pattern, examples[i].name) !=
		    examples[i].matches)
			fail_msg("'%s' on '%s'", examples[i].pattern, examples[i].name);
	}
}

/* Text made of the language's own characters is read or refused, never anything worse. */
static void test_junk(void **state)
{
	static const char alphabet[] = "//@ab*?[]!-{},\\\xc3\xa9^:";
	struct random r = {random_seed(0xba5e)};
	char text[40], error[200];
	unsigned accepted = 0;

	(void)state;
	for (unsigned i = 0; i < 50000; i++) {
		enum pattern_kind kind = random_below(&r, PATTERN_FREE + 1);
		unsigned n = random_below(&r, sizeof(text) - 1);
		struct pattern_end end;
		struct nfa nfa;
		int ret;

		for (unsigned j = 0; j < n; j++)
			text[j] = alphabet[random_below(&r, sizeof(alphabet) - 1)];
		if (random_chance(&r, 90))
			text[0] = '/';
		text[n] = 0;
		error[0] = 0;
		ret = pattern_check(kind, text, error, sizeof(error));
		assert_int_equal(ret != 0, error[0] != 0);
		nfa_init(&nfa);
		assert_int_equal(pattern_add(&nfa, nfa_root(&nfa), kind, text, &end, error, sizeof(error)),
				 ret);
		nfa_free(&nfa);
		accepted += !ret;
	}
	assert_true(accepted > 300);
}

/* Many short patterns on all short names: the automaton against the oracle. */
static void test_exhaustive(void **state)
{
	static const char *const parts[] = {"a", "/", "*", "**", "?", "{a,/}", "{,a}", "[!a]"};
	static const char *const names[] = {"/",    "/a",    "/b",    "/aa",  "/ab",	"/a/a",	  "/a/b",
					    "/b/a", "/aa/a", "/a/aa", "/b/b", "/a/b/a", "/b/a/a", "/a/b/b/a"};
	char pattern[32], error[200];

	(void)state;
	for (unsigned i = 0; i < 8 * 8 * 8 * 8; i += 3) {
		struct fixture f = {0};

		snprintf(pattern, sizeof(pattern), "/%s%s%s%s", parts[i % 8], parts[i / 8 % 8],
			 parts[i / 64 % 8], parts[i / 512]);
		if (pattern_check(PATTERN_PATH, pattern, error, sizeof(error)))
			continue;
		compile_pattern(&f, pattern);
		for (size_t j = 0; j < sizeof(names) / sizeof(names[0]); j++) {
			if (matches(&f, names[j]) != oracle_matches(pattern, names[j], strlen(names[j])))
				fail_msg("'%s' on '%s'", pattern, names[j]);
		}
		fixture_free(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_literal),	    cmocka_unit_test(test_star),
		cmocka_unit_test(test_stars),	    cmocka_unit_test(test_stars_in_braces),
		cmocka_unit_test(test_root),	    cmocka_unit_test(test_question_mark),
		cmocka_unit_test(test_class),	    cmocka_unit_test(test_braces),
		cmocka_unit_test(test_refused),	    cmocka_unit_test(test_junk),
		cmocka_unit_test(test_exhaustive),  cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_other_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
