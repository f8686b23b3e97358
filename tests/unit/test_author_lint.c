/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The lint: its words on examples; on random policies, that the compiled policy is the same without all
 * that was found to decide nothing, and is not without any other part. A failure prints the seed;
 * PAVISE_SEED repeats it.
 */
#include "author_random.h"

#include "author/features.h"
#include "author/lint.h"

#define ROUNDS 250

/* ---- examples ---- */

#define HEAD                                                                                             \
	"apiVersion: pavise/v1\nkind: Policy\nmetadata: {name: a}\nspec:\n  mode: enforce\n  subjects: " \
	"[{cgroup: /}]\n"

static void parse(const char *text, struct policy_set *set)
{
	struct diags d = {0};

	assert_int_equal(policy_parse("t", text, strlen(text), set, &d), 0);
}

/* The messages for a policy, without excerpts. */
static void check(const char *text, const char *expected)
{
	struct policy_set set = {0};
	struct diags d = {0};
	char *printed = NULL;
	size_t size;
	FILE *out = open_memstream(&printed, &size);

	assert_non_null(out);
	parse(text, &set);
	assert_int_equal(lint_policy(&set.policies[0], NULL, &d, NULL), 0);
	diags_print(&d, out);
	fclose(out);
	assert_string_equal(printed, expected);
	free(printed);
	diags_free(&d);
	policy_set_free(&set);
}

static void test_paths(void **state)
{
	(void)state;
	check(HEAD "  files: {default: allow, rules: [{deny: /a}, {deny: /a/**, access: read}]}\n", "");
	check(HEAD "  files:\n    default: allow\n    rules:\n    - deny: [/etc/shadow, /root/**]\n    - "
		   "deny: /etc/**\n",
	      "t:10:14: files.rules[0]: warning: '/etc/shadow' decides nothing: all that it matches is "
	      "decided in "
	      "the same way by '/etc/**' of files.rules[1] (line 11)\n");
	check(HEAD "  files:\n    default: deny\n    rules:\n    - allow: /etc/motd\n    - deny: /etc/**\n",
	      "t:10:14: files.rules[0]: warning: '/etc/motd' allows nothing: all that it matches is denied "
	      "by "
	      "'/etc/**' of files.rules[1] (line 11), and a deny rule wins\n");
	/* of two equal ones, the second */
	check(HEAD "  files:\n    default: allow\n    rules:\n    - deny: /a\n    - deny: \"/{a,a}\"\n",
	      "t:11:13: files.rules[1]: warning: '/{a,a}' decides nothing: all that it matches is decided in "
	      "the "
	      "same way by '/a' of files.rules[0] (line 10)\n");
	/* only together do two cover the third */
	check(HEAD "  files:\n    default: allow\n    rules:\n    - deny: /a\n    - deny: /b\n    - deny: "
		   "\"/{a,b}\"\n",
	      "t:12:13: files.rules[2]: warning: '/{a,b}' decides nothing: all that it matches is decided in "
	      "the "
	      "same way by several rules together\n");
	check(HEAD "  files:\n    default: allow\n    rules:\n    - allow: /a\n",
	      "t:10:14: files.rules[0]: warning: '/a' decides nothing: the default allows all that it "
	      "matches; "
	      "'audit: true' would report it\n");
	check(HEAD "  files: {default: allow, rules: [{allow: /a, audit: true}]}\n", "");
	check(HEAD "  files:\n    default: allow\n    rules:\n    - deny: [/a, /b]\n      except: [/a, /c]\n",
	      "t:10:14: files.rules[0]: warning: '/a' decides nothing: 'except' takes out all that it "
	      "matches\n"
	      "t:11:20: files.rules[0]: warning: the exception '/c' matches nothing that the rule does\n");
	check(HEAD
	      "  files:\n    default: allow\n    rules:\n    - {deny: /a, from: /x, unless-from: \"/*\"}\n",
	      "t:10:14: files.rules[0]: warning: '/a' decides nothing: no executable is left by 'from' and "
	      "'unless-from'\n");
	/* a rule for the owner is covered by one for everybody, not the other way round */
	check(HEAD "  files:\n    default: allow\n    rules:\n    - {deny: /a, owner: true}\n    - {deny: "
		   "\"/[a]\"}\n",
	      "t:10:14: files.rules[0]: warning: '/a' decides nothing: all that it matches is decided in the "
	      "same "
	      "way by '/[a]' of files.rules[1] (line 11)\n");
	/* what kills is covered by what kills, although something else matches as well */
	check(HEAD "  files:\n    default: allow\n    rules:\n    - {deny: \"/[a]*\"}\n"
		   "    - {deny: /a, action: kill}\n    - {deny: \"/[a]\", action: kill}\n",
	      "t:12:14: files.rules[2]: warning: '/[a]' decides nothing: all that it matches is decided in "
	      "the "
	      "same way by '/a' of files.rules[1] (line 11)\n");
	/* one that kills is not covered by one that does not */
	check(HEAD "  exec: {default: allow, rules: [{deny: /a, action: kill}, {deny: \"/*\"}]}\n", "");
}

static void test_sections(void **state)
{
	(void)state;
	check(HEAD, "t:3:18: warning: policy 'a' has no section that decides anything (files, exec, network, "
		    "capabilities, system)\n");
	check(HEAD "  system: {mount: allow}\n", "");
	check(HEAD "  exec:\n    default: deny\n    rules: [{allow: /bin/x}]\n",
	      "t:8: exec.default: warning: no shared library may be mapped, so only static programs can run; "
	      "allow "
	      "it in 'files': - {allow: \"/usr/lib/**\", access: map}\n");
	check(HEAD "  exec:\n    default: deny\n    rules: [{allow: /usr/**}]\n", "");
	check(HEAD "  files: {default: allow, rules: [{allow: /usr/lib/**, access: map}]}\n"
		   "  exec: {default: deny, rules: [{allow: /bin/x}]}\n",
	      "");
	check(HEAD "  network:\n    default: deny\n    rules:\n    - {allow: connect, to: [10.0.0.0/8, "
		   "10.1.0.0/16]}\n"
		   "    - {deny: connect, to: 10.2.0.0/15}\n    - {allow: bind, to: 10.2.0.0/16, ports: 80}\n"
		   "    - {allow: connect, to: 10.2.0.0/16, ports: 80}\n",
	      "t:10:8: network.rules[0]: warning: '10.1.0.0/16' decides nothing: all that it matches is "
	      "decided in "
	      "the same way by network.rules[0] (line 10)\n"
	      "t:13:8: network.rules[3]: warning: '10.2.0.0/16' allows nothing: all that it matches is "
	      "denied by "
	      "network.rules[1] (line 11), and a deny rule wins\n");
	check(HEAD
	      "  network: {default: deny, rules: [{allow: connect, unix: \"@a*\"}, {allow: connect, unix: "
	      "\"@b\"}, {allow: connect, protocols: tcp}]}\n",
	      "");
}

static void test_raw(void **state)
{
	(void)state;
	/* only a rule that names raw sockets allows them */
	check(HEAD
	      "  network: {default: deny, rules: [{allow: connect}, {allow: connect, protocols: raw}]}\n",
	      "");
}

/* ---- random policies ---- */

static void drop(void *list, size_t *n, size_t at, size_t size)
{
	memmove((char *)list + at * size, (char *)list + (at + 1) * size, (--*n - at) * size);
}

/* Have a part of a rule cover nothing. */
static void remove_part(struct policy_rule *rule, size_t part)
{
	if (rule->patterns.n) {
		free(rule->patterns.at[part].text);
		rule->patterns.at[part].text = strdup("//"); /* no name is like that */
	} else if (rule->cidrs.n > 1) {
		free(rule->cidrs.at[part].text);
		drop(rule->cidrs.at, &rule->cidrs.n, part, sizeof(*rule->cidrs.at));
	} else {
		rule->access = 0;
	}
}

/* The set of the text without the parts that are marked. */
static void parse_without(const char *text, const bool *removed, struct policy_set *set)
{
	struct policy *p;
	size_t part = 0;

	parse(text, set);
	p = &set->policies[0];
	for (unsigned s = 0; s < RULE_SECTIONS; s++) {
		for (size_t i = 0; i < p->sections[s].n_rules; i++) {
			struct policy_rule *rule = &p->sections[s].rules[i];
			size_t n = rule->patterns.n ? rule->patterns.n : rule->cidrs.n ? rule->cidrs.n : 1;

			for (size_t k = n; k-- > 0;) {
				if (removed[part + k])
					remove_part(rule, k);
			}
			part += n;
		}
	}
}

static void open_without(const char *text, const bool *removed, struct bench *b)
{
	struct policy_set set = {0};
	struct diags d = {0};

	parse_without(text, removed, &set);
	assert_int_equal(policy_bind_cgroup(&set.policies[0], "/"), 0);
	assert_int_equal(bench_open(b, &set, false, &d), 0);
}

/* What an image says, as a number that is the same where verdict, action and kind of reason are. */
static unsigned says(const struct bench *b, const struct question *q, const char *exe, bool owner)
{
	struct image_context context = {.executed = true, .owner = owner};
	const struct decision *d;
	uint32_t cell;

	context.exe = image_exe(b->image, exe);
	cell = bench_cell(b, image_profile(b->image, "/", &context), q, &context);
	d = image_decision(b->image, cell);
	return PV_CELL_VERDICT(cell) | (cell & PV_CELL_AUDIT) | (d && d->policy && d->rule ? 8 : 0) |
	       (d && d->policy && d->kill ? 16 : 0);
}

static bool differ_at(const struct bench *a, const struct bench *b, const struct features *f,
		      struct question *q)
{
	for (unsigned owner = 0; owner < 2; owner++) {
		if (says(a, q, NULL, owner) != says(b, q, NULL, owner))
			return true;
		for (size_t e = 0; e < f->exes.n_regions; e++) {
			const char *exe = (const char *)f->exes.regions[e].name;

			if (says(a, q, exe, owner) != says(b, q, exe, owner))
				return true;
		}
	}
	return false;
}

/* Sockets that are only implied do not count for the lint. */
static bool differ(const struct bench *a, const struct bench *b, const struct features *f)
{
	const struct partition *names[] = {&f->paths, &f->sockets};
	struct question q;

	for (unsigned net = 0; net < 2; net++) {
		for (size_t i = 0; i < names[net]->n_regions; i++) {
			const struct region *r = &names[net]->regions[i];
			uint32_t accesses = net ? region_socket_accesses(r) : (2u << PV_ACC_EXEC) - 1;

			q = (struct question){.kind = net ? QUESTION_NET : QUESTION_PATH,
					      .length = r->length};
			memcpy(q.name, r->name, r->length + 1);
			for (; accesses; accesses &= accesses - 1) {
				q.access = __builtin_ctz(accesses);
				if (q.access != PV_ACC_SOCKET && differ_at(a, b, f, &q))
					return true;
			}
		}
	}
	return false;
}

/* Whether the part is of a rule that decides about making sockets, which the comparison leaves out. */
static bool about_sockets(const struct features *f, size_t part)
{
	for (size_t i = 0; i < f->n_rules; i++) {
		if (part < f->rules[i].parts.n)
			return f->rules[i].rule->access & 1u << PV_ACC_SOCKET;
		part -= f->rules[i].parts.n;
	}
	return true;
}

static unsigned check_random(struct random *r)
{
	struct policy_set set = {0};
	struct features f;
	struct bench all, without;
	struct diags d = {0};
	struct lint lint;
	bool removed[200] = {false};
	unsigned idle = 0;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	random_policy(r, out, "a");
	fclose(out);
	parse(text, &set);
	assert_int_equal(lint_policy(&set.policies[0], text, &d, &lint), 0);
	assert_true(lint.n < COUNT(removed));
	features_init(&f);
	assert_int_equal(features_add(&f, &set.policies[0]), 0);
	assert_int_equal(features_divide(&f), 0);
	open_without(text, removed, &all);
	for (size_t i = 0; i < lint.n; i++) {
		removed[i] = lint.reasons[i] != LINT_MATTERS;
		idle += removed[i];
	}
	open_without(text, removed, &without);
	if (differ(&all, &without, &f)) {
		diags_print(&d, stderr);
		fail_msg("not all that the lint warns of is idle in\n%s", text);
	}
	bench_close(&without);
	for (size_t i = 0; i < lint.n; i++) {
		if (removed[i] || about_sockets(&f, i))
			continue;
		removed[i] = true;
		open_without(text, removed, &without);
		if (!differ(&all, &without, &f))
			fail_msg("part %zu does decide something, says the lint, of\n%s", i, text);
		bench_close(&without);
		removed[i] = false;
	}
	bench_close(&all);
	features_free(&f);
	free(lint.reasons);
	diags_free(&d);
	policy_set_free(&set);
	free(text);
	return idle;
}

static void test_random(void **state)
{
	uint64_t seed = random_seed(7);
	unsigned idle = 0;

	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct random r = {seed + round};

		print_message("# seed %llu\n", (unsigned long long)(seed + round));
		idle += check_random(&r);
	}
	assert_true(idle > ROUNDS); /* or the test would say little */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_sections),
		cmocka_unit_test(test_raw),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests_name("author_lint", tests, NULL, NULL);
}
