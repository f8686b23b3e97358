/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The automata below the compiler: interning, byte classes, subset construction and minimisation.
 * Patterns are random; what a deterministic automaton answers is compared with the oracle, before
 * and after minimisation, and the minimised one is searched for states that could have been merged.
 */
#include "oracle.c"

#include <stdio.h>

#include "policy/automaton.h"
#include "policy/netname.h"
#include "policy/pattern.h"

#define PATTERNS 5

/* The answer is the set of items as bits. */
static int answer_bits(void *context, const uint32_t *items, size_t n, bool root, uint32_t *answer)
{
	unsigned *calls = context;
	uint32_t bits = 0;

	++*calls;
	for (size_t i = 0; i < n; i++) {
		if (i)
			assert_true(items[i] > items[i - 1]);
		if (!root || items[i] & 1)
			bits |= 1u << (items[i] / 2);
	}
	*answer = bits;
	return 0;
}

static uint32_t step(const struct automaton *a, uint32_t s, unsigned class)
{
	for (uint32_t i = a->first[s]; i < a->first[s + 1]; i++) {
		if (MOVE_CLASS(a->moves[i]) == class)
			return MOVE_TARGET(a->moves[i]);
	}
	return a->fallback[s];
}

static uint32_t run(const struct automaton *a, uint32_t start, const char *name)
{
	uint32_t s = start;

	for (; *name; name++)
		s = step(a, s, a->nfa->classes[(uint8_t)*name]);
	return a->answer[s];
}

struct built {
	struct nfa nfa;
	struct automaton a;
	uint32_t start;
	unsigned calls;
};

static void build(struct built *b, const char *const *patterns, size_t n)
{
	char error[200];
	uint32_t root;

	memset(b, 0, sizeof(*b));
	nfa_init(&b->nfa);
	root = nfa_root(&b->nfa);
	for (size_t i = 0; i < n; i++) {
		struct pattern_end end;

		assert_int_equal(
			pattern_add(&b->nfa, root, PATTERN_PATH, patterns[i], &end, error, sizeof(error)), 0);
		nfa_accept(&b->nfa, end.node, i * 2 + end.root);
	}
	assert_int_equal(nfa_finish(&b->nfa), 0);
	automaton_init(&b->a, &b->nfa, 100000);
	assert_int_equal(automaton_build(&b->a, &root, 1, true, answer_bits, &b->calls, &b->start), 0);
}

static void built_free(struct built *b)
{
	automaton_free(&b->a);
	nfa_free(&b->nfa);
}

/* No two states may be equivalent: pairs that differ are marked until nothing changes. */
static void assert_minimal(const struct automaton *a)
{
	size_t n = a->n_states;
	bool *differ = calloc(n * n, 1), changed = true;

	assert_non_null(differ);
	for (size_t i = 0; i < n * n; i++)
		differ[i] = a->answer[i / n] != a->answer[i % n];
	while (changed) {
		changed = false;
		for (size_t i = 0; i < n * n; i++) {
			for (unsigned c = 0; !differ[i] && c < a->n_classes; c++) {
				differ[i] = differ[step(a, i / n, c) * n + step(a, i % n, c)];
				changed |= differ[i];
			}
		}
	}
	for (size_t i = 0; i < n * n; i++)
		assert_true(differ[i] || i / n == i % n);
	free(differ);
}

static void random_text(struct random *r, char *pattern)
{
	static const char *const parts[] = {"a", "b", "/", "*", "/**", "?", "{a,b/}", "{,a}", "[!a]", "**"};
	char error[200];

	do {
		strcpy(pattern, "/");
		for (unsigned i = random_below(r, 7); i > 0; i--)
			strcat(pattern, parts[random_below(r, 10)]);
	} while (pattern_check(PATTERN_PATH, pattern, error, sizeof(error)));
}

static void random_path(struct random *r, char *path)
{
	static const char *const parts[] = {"a", "b", "/a", "/b", "/ab", "é", "c"};

	strcpy(path, "/");
	for (unsigned i = random_below(r, 7); i > 0; i--)
		strcat(path, parts[random_below(r, 7)]);
}

static void test_random(void **state)
{
	uint64_t first = random_seed(0xacce55);

	(void)state;
	for (unsigned round = 0; round < 500; round++) {
		struct random r = {first + round};
		char text[PATTERNS][64], paths[40][64];
		const char *patterns[PATTERNS];
		uint32_t expected[40];
		struct built b;

		for (unsigned i = 0; i < PATTERNS; i++) {
			random_text(&r, text[i]);
			patterns[i] = text[i];
		}
		build(&b, patterns, PATTERNS);
		for (unsigned i = 0; i < 40; i++) {
			random_path(&r, paths[i]);
			expected[i] = 0;
			for (unsigned j = 0; j < PATTERNS; j++) {
				if (oracle_matches(text[j], paths[i], strlen(paths[i])))
					expected[i] |= 1u << j;
			}
			if (run(&b.a, b.start, paths[i]) != expected[i])
				fail_msg("seed %#llx: %s", (unsigned long long)first + round, paths[i]);
		}
		assert_int_equal(automaton_minimise(&b.a, &b.start, 1), 0);
		for (unsigned i = 0; i < 40; i++) {
			if (run(&b.a, b.start, paths[i]) != expected[i])
				fail_msg("seed %#llx: minimised, %s", (unsigned long long)first + round,
					 paths[i]);
		}
		assert_minimal(&b.a);
		built_free(&b);
	}
}

/* States in which nothing matters any more are found, also when they were many. */
static void test_decided(void **state)
{
	static const char *const all[] = {"/**", "/a/b", "/a/*/c"};
	static const char *const none[] = {"/a"};
	struct built b;
	uint32_t s;

	(void)state;
	build(&b, all, 1);
	assert_int_equal(automaton_minimise(&b.a, &b.start, 1), 0);
	/* start, "/", something below, and what is no path */
	assert_int_equal(b.a.n_states, 4);
	s = step(&b.a, step(&b.a, b.start, b.nfa.classes['/']), b.nfa.classes['x']);
	assert_true(automaton_decided(&b.a, s));
	assert_false(automaton_decided(&b.a, b.start));
	built_free(&b);

	build(&b, none, 0);
	assert_int_equal(automaton_minimise(&b.a, &b.start, 1), 0);
	assert_int_equal(b.a.n_states, 1);
	assert_true(automaton_decided(&b.a, b.start));
	built_free(&b);
}

/* Patterns that begin alike share nodes, whatever they begin with. */
static void test_sharing(void **state)
{
	static const char *const prefixes[] = {"/usr/lib/",	  "/usr/*/",   "/**/",
					       "/{usr,opt{,2}}/", "/a?[b-d]/", "/{**,x}/"};

	(void)state;
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		struct nfa nfa;
		struct pattern_end end;
		char text[64], error[200];
		uint32_t root, before = 0;
		size_t edges = 0;

		nfa_init(&nfa);
		root = nfa_root(&nfa);
		for (unsigned j = 0; j < 5; j++) {
			snprintf(text, sizeof(text), "%s%c", prefixes[i], 'a' + j);
			assert_int_equal(
				pattern_add(&nfa, root, PATTERN_PATH, text, &end, error, sizeof(error)), 0);
			if (j) {
				assert_int_equal(nfa.n_nodes, before + 1);
				assert_int_equal(nfa.n_edges, edges + 1);
			}
			before = nfa.n_nodes;
			edges = nfa.n_edges;
		}
		nfa_free(&nfa);
	}
}

/* Bytes are in one class exactly if no pattern tells them apart. */
static void test_classes(void **state)
{
	static const char *const patterns[] = {"/a*", "/[b-d]", "/[c-e]x"};
	struct built b;

	(void)state;
	build(&b, patterns, 3);
	/* "/", "a", "x", "b", "cd", "e", and all others */
	assert_int_equal(b.nfa.n_classes, 7);
	assert_int_equal(b.nfa.classes['c'], b.nfa.classes['d']);
	assert_int_not_equal(b.nfa.classes['b'], b.nfa.classes['c']);
	assert_int_equal(b.nfa.classes[0], b.nfa.classes[255]);
	built_free(&b);
}

static void test_answers_once(void **state)
{
	static const char *const patterns[] = {"/a/**", "/b/**", "/c/d/e/f"};
	struct built b;

	(void)state;
	build(&b, patterns, 3);
	/* nothing, each of the three; and the root */
	assert_int_equal(b.calls, 5);
	built_free(&b);
}

/* An item that several nodes accept is one item, and a node that is reached twice is one node. */
static void test_sets(void **state)
{
	static const char *const twice[] = {"/{**,/a}/aa"};
	struct automaton a;
	struct built b;
	struct nfa nfa;
	uint32_t root, start;
	unsigned calls = 0;

	(void)state;
	nfa_init(&nfa);
	root = nfa_root(&nfa);
	for (unsigned i = 0; i < 2; i++) {
		struct byteset set = {{0}};

		byteset_add(&set, 'a', 'b' + i);
		nfa_accept(&nfa, nfa_set(&nfa, root, &set), 0);
	}
	assert_int_equal(nfa_finish(&nfa), 0);
	automaton_init(&a, &nfa, 100);
	assert_int_equal(automaton_build(&a, &root, 1, false, answer_bits, &calls, &start), 0);
	assert_int_equal(calls, 2);
	automaton_free(&a);
	nfa_free(&nfa);

	build(&b, twice, 1);
	assert_int_equal(b.a.n_states, 8);
	built_free(&b);
}

/* Work that leaves no states behind is limited as well. */
static void test_work(void **state)
{
	struct automaton a;
	struct nfa nfa;
	uint32_t root, start;
	unsigned calls = 0;

	(void)state;
	nfa_init(&nfa);
	root = nfa_root(&nfa);
	for (unsigned i = 0; i < 100 * AUTOMATON_WORK; i++)
		nfa_join(&nfa, root, nfa_root(&nfa));
	assert_int_equal(nfa_finish(&nfa), 0);
	automaton_init(&a, &nfa, 1000);
	assert_int_equal(automaton_build(&a, &root, 1, false, answer_bits, &calls, &start), 0);
	automaton_free(&a);
	automaton_init(&a, &nfa, 100);
	assert_int_equal(automaton_build(&a, &root, 1, false, answer_bits, &calls, &start), -E2BIG);
	automaton_free(&a);
	nfa_free(&nfa);
}

static void test_limits(void **state)
{
	struct pattern_end end;
	struct automaton a;
	struct nfa nfa;
	char error[200];
	uint32_t root, start = 77;
	unsigned calls = 0;

	(void)state;
	nfa_init(&nfa);
	root = nfa_root(&nfa);
	assert_int_equal(
		pattern_add(&nfa, root, PATTERN_PATH, "/*a????????????????????", &end, error, sizeof(error)),
		0);
	nfa_accept(&nfa, end.node, 0);
	assert_int_equal(nfa_finish(&nfa), 0);
	automaton_init(&a, &nfa, 1000);
	assert_int_equal(automaton_build(&a, &root, 1, true, answer_bits, &calls, &start), -E2BIG);
	assert_true(a.n_states <= 1000);
	assert_int_equal(start, 77);
	automaton_free(&a);
	nfa_free(&nfa);
}

/* Every port range is exactly covered, wherever it starts and ends. */
static void test_ports(void **state)
{
	static const uint16_t edges[] = {0,   1,    79,	  254,	 255,	256,   257,  511,
					 512, 1023, 8000, 65279, 65280, 65534, 65535};
	const size_t n = sizeof(edges) / sizeof(edges[0]);

	(void)state;
	for (size_t i = 0; i < n * n; i++) {
		struct policy_ports ports = {edges[i / n], edges[i % n]};
		struct policy_rule rule = {.ports = &ports, .n_ports = 1, .access = ADDRESSES_ALL};
		struct nfa nfa;
		struct automaton a;
		uint32_t root, start, s;
		unsigned calls = 0;

		if (ports.first > ports.last)
			continue;
		nfa_init(&nfa);
		root = nfa_root(&nfa);
		netname_add_addresses(&nfa, root, &rule, NULL, 0);
		assert_int_equal(nfa_finish(&nfa), 0);
		automaton_init(&a, &nfa, 1000);
		assert_int_equal(automaton_build(&a, &root, 1, false, answer_bits, &calls, &start), 0);
		s = step(&a, start, nfa.classes[PV_FAM_INET]);
		for (unsigned j = 0; j < 5; j++)
			s = step(&a, s, nfa.classes[j * 50]);
		for (unsigned port = 0; port < 65536; port++) {
			uint32_t t = step(&a, step(&a, s, nfa.classes[port >> 8]), nfa.classes[port & 255]);

			assert_int_equal(a.answer[t], port >= ports.first && port <= ports.last);
		}
		automaton_free(&a);
		nfa_free(&nfa);
	}
}

static void test_intern(void **state)
{
	struct intern t = INTERN_INIT;
	uint32_t id, key[3] = {0};
	size_t size;

	(void)state;
	for (uint32_t i = 0; i < 5000; i++) {
		key[0] = i;
		assert_int_equal(intern_add(&t, key, 4 * (1 + i % 3), &id), 0);
		assert_int_equal(id, i);
	}
	for (uint32_t i = 0; i < 5000; i++) {
		key[0] = i;
		assert_int_equal(intern_add(&t, key, 4 * (1 + i % 3), &id), 0);
		assert_int_equal(id, i);
		assert_int_equal(*(const uint32_t *)intern_key(&t, i, &size), i);
		assert_int_equal(size, 4 * (1 + i % 3));
	}
	assert_int_equal(intern_add(&t, NULL, 0, &id), 0);
	assert_int_equal(id, 5000);
	assert_int_equal(intern_add(&t, "", 0, &id), 0);
	assert_int_equal(id, 5000);
	/* The same word in another length is another key. */
	key[0] = 0;
	assert_int_equal(intern_add(&t, key, 8, &id), 0);
	assert_int_equal(id, 5001);
	intern_clear(&t);
	assert_int_equal(intern_add(&t, key, 4, &id), 0);
	assert_int_equal(id, 0);
	intern_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_intern),	cmocka_unit_test(test_random),
		cmocka_unit_test(test_decided), cmocka_unit_test(test_sharing),
		cmocka_unit_test(test_classes), cmocka_unit_test(test_answers_once),
		cmocka_unit_test(test_sets),	cmocka_unit_test(test_work),
		cmocka_unit_test(test_limits),	cmocka_unit_test(test_ports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
