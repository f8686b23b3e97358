/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Comparing policies: examples, and on random pairs that every change that is listed is one, and that
 * every change that a random name shows is listed. A failure prints the seed; PAVISE_SEED repeats it.
 */
#include "author_random.h"

#include "author/diff.h"

#define ROUNDS	  120
#define QUESTIONS 150

/* ---- examples ---- */

#define HEAD(cgroup)                                                        \
	"apiVersion: pavise/v1\nkind: Policy\nmetadata: {name: a}\nspec:\n" \
	"  mode: enforce\n  subjects: [{cgroup: " cgroup "}]\n"

static char *differences(const char *before, const char *after)
{
	struct sources a, b;
	struct diff diff;
	struct diags d = {0};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	sources_from(&a, before);
	sources_from(&b, after);
	assert_int_equal(diff_find(&a, &b, &diff, &d), 0);
	diff_print(&diff, out);
	fclose(out);
	diff_free(&diff);
	sources_free(&a);
	sources_free(&b);
	return text;
}

static void check(const char *before, const char *after, const char *expected)
{
	char *text = differences(before, after);

	assert_string_equal(text, expected);
	free(text);
}

static void test_paths(void **state)
{
	(void)state;
	check(HEAD("/") "  files: {default: allow, rules: [{deny: /etc/**, access: read}]}\n",
	      HEAD("/") "  files: {default: allow, rules: [{deny: /etc/*, access: read}]}\n",
	      "read: deny (files[0] of 'a') -> allow\n    such as /etc/a/a\n");
	check(HEAD("/") "  files: {default: allow, rules: [{deny: /a, access: [read, list]}]}\n",
	      HEAD("/") "  files: {default: allow, rules: [{deny: /a, access: [read, list], from: "
			"/bin/x}]}\n",
	      "read, list: deny (files[0] of 'a') -> allow\n    such as /a\n");
	check(HEAD("/") "  files: {default: deny, rules: [{allow: /a, access: read}]}\n",
	      HEAD("/") "  files: {default: deny, rules: [{allow: /a, access: read, owner: true}]}\n",
	      "read: allow (files[0] of 'a') -> deny (files.default of 'a')\n    such as /a\n");
	check(HEAD("/") "  files: {default: deny, rules: [{allow: /a, access: read}]}\n",
	      HEAD("/") "  files: {default: deny, rules: [{allow: [/a, \"@nameless\"], access: read}]}\n",
	      "read: deny (files.default of 'a') -> allow (files[0] of 'a')\n    such as @nameless\n");
	check(HEAD("/") "  files: {default: deny, rules: [{allow: /a, access: read}]}\n",
	      HEAD("/") "  files: {default: deny, rules: [{allow: /a, access: read}, {deny: /a, access: "
			"read, "
			"from: /bin/x}]}\n",
	      "read: allow (files[0] of 'a') -> deny (files[1] of 'a')\n    such as /a by /bin/x\n");
}

static void test_equal(void **state)
{
	(void)state;
	/* other words for the same */
	check(HEAD("/") "  files: {default: allow, rules: [{deny: \"/a/{b,c}\"}, {deny: /x}]}\n",
	      HEAD("/") "  files: {default: allow, rules: [{deny: /x}, {deny: [/a/c, /a/b]}]}\n", "");
	check(HEAD("/") "  network: {default: deny, rules: [{allow: connect, to: 10.0.0.0/8, ports: "
			"80-90}]}\n",
	      HEAD("/") "  network: {default: deny, rules: [{allow: connect, to: [10.0.0.0/9, 10.128.0.0/9], "
			"ports: [80, 81-89, 90]}]}\n",
	      "");
}

static void test_rest(void **state)
{
	(void)state;
	check(HEAD("/") "  network: {default: deny, rules: [{allow: connect, ports: 80, protocols: tcp}]}\n",
	      HEAD("/") "  network: {default: deny, rules: [{allow: connect, ports: [80-81], protocols: "
			"tcp}]}\n",
	      "connect: deny (network.default of 'a') -> allow (network[0] of 'a')\n    such as "
	      "192.0.2.1:81/tcp\n");
	check(HEAD("/") "  network: {default: deny, rules: [{allow: connect, unix: \"@a*\"}]}\n",
	      HEAD("/") "  network: {default: deny, rules: [{allow: connect, unix: \"@a?*\"}]}\n",
	      "connect: allow (network[0] of 'a') -> deny (network.default of 'a')\n    such as unix:@a\n");
	check(HEAD("/") "  capabilities: {default: allow, deny: sys_admin}\n  system: {mount: deny}\n",
	      HEAD("/") "  capabilities: {default: allow, deny: bpf}\n  system: {mount: allow}\n",
	      "capability: deny (capabilities.sys_admin of 'a') -> allow\n    such as sys_admin\n"
	      "capability: allow -> deny (capabilities.bpf of 'a')\n    such as bpf\n"
	      "mount: deny (system.mount of 'a') -> allow\n");
	check(HEAD("/x") "  files: {default: allow}\n", HEAD("/x/y") "  files: {default: allow}\n",
	      "governed: no longer by a\n    such as in the cgroup /x\n");
	check(HEAD("/x") "  files: {default: allow}\n",
	      HEAD("/x") "  on-error: allow\n  files: {default: allow}\n",
	      "what cannot be decided: deny ('a') -> allow and report ('a')\n    such as a path that is too "
	      "deep\n");
}

/* ---- random pairs ---- */

static char *random_text(struct random *r, struct random again, bool second)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct random *source = r;

	assert_non_null(out);
	/* often the first policy of both sets is the same one */
	if (second && random_chance(r, 50))
		source = &again;
	random_policy(source, out, "a");
	if (random_chance(r, 50))
		random_policy(r, out, "b");
	fclose(out);
	return text;
}

static bool side_is(const struct diff_side *s, const struct answer *a)
{
	if (s->verdict != a->verdict || s->kill != (a->verdict == PV_DENY && a->kill) ||
	    s->audit != (a->verdict == PV_ALLOW && a->audit))
		return false;
	return a->verdict == PV_ALLOW || (!strcmp(s->policy, a->policy->name) && !strcmp(s->rule, a->rule));
}

/* An allowed answer is reported if the image says so, not if a policy by itself does. */
static void ask(const struct judge *j, const struct question *q, const struct asker *who, struct answer *a)
{
	const struct bench *b = &j->bound;
	struct image_context context = {.executed = true, .owner = who->owner};

	context.exe = image_exe(b->image, who->exe);
	judge_ask(j, q, who, a);
	a->audit = bench_cell(b, image_profile(b->image, "/", &context), q, &context) & PV_CELL_AUDIT;
}

static void check_listed(const struct judge judges[2], const struct diff *diff)
{
	for (size_t i = 0; i < diff->n_changes; i++) {
		const struct diff_change *c = &diff->changes[i];
		struct asker who = {.exe = c->exe, .owner = c->owner};
		struct question q = c->question;

		for (uint32_t bits = c->undecidable ? 0 : c->accesses; bits; bits &= bits - 1) {
			struct answer before, after;

			q.access = __builtin_ctz(bits);
			ask(&judges[0], &q, &who, &before);
			ask(&judges[1], &q, &who, &after);
			assert_true(side_is(&c->before, &before));
			assert_true(side_is(&c->after, &after));
			assert_false(c->before.verdict == c->after.verdict &&
				     c->before.kill == c->after.kill && c->before.audit == c->after.audit);
		}
	}
}

/* Returns whether the random question shows a change, which is listed then. */
static bool check_question(struct random *r, const struct judge judges[2], const struct diff *diff)
{
	struct answer before, after;
	struct question q;
	struct asker who;
	bool listed = false;

	random_question(r, &q, &who);
	ask(&judges[0], &q, &who, &before);
	ask(&judges[1], &q, &who, &after);
	if (before.verdict == after.verdict && before.audit == after.audit &&
	    (before.verdict != PV_DENY || before.kill == after.kill))
		return false;
	for (size_t i = 0; i < diff->n_changes; i++) {
		const struct diff_change *c = &diff->changes[i];

		listed = listed ||
			 (!c->undecidable && c->accesses & 1u << q.access &&
			  (q.kind != QUESTION_CAPABILITY || c->question.capability == q.capability) &&
			  side_is(&c->before, &before) && side_is(&c->after, &after));
	}
	if (!listed) {
		char name[128] = "";
		FILE *out = fmemopen(name, sizeof(name), "w");

		if (q.kind == QUESTION_NET)
			question_print_socket(out, q.name, q.length);
		else
			fprintf(out, "%s", (const char *)q.name);
		fclose(out);
		diff_print(diff, stderr);
		print_error("not listed: access %u of '%s' by %s: %s by %s -> %s by %s\n", q.access, name,
			    who.exe ? who.exe : "nobody", answer_verdict(&before), before.rule,
			    answer_verdict(&after), after.rule);
	}
	assert_true(listed);
	return true;
}

static void check_subjects(struct random *r, const struct judge judges[2], const struct diff *diff)
{
	static const char *const cgroups[] = {
		"/", "/x", "/x/y", "/y", "/q/z", "/system.slice/web.service/a", "/web.service"};
	static const char *const exes[] = {"/bin/a", "/bin/b", "/usr/x", "/y"};

	for (unsigned i = 0; i < 40; i++) {
		struct asker who = {.cgroup = PICK(r, cgroups),
				    .exe = random_chance(r, 50) ? NULL : PICK(r, exes),
				    .uid = random_below(r, 4)};

		for (unsigned p = 0; p < 2; p++) {
			const char *name = p ? "b" : "a";
			bool governs[2] = {false, false}, listed = false;

			for (unsigned s = 0; s < 2; s++) {
				for (size_t k = 0; k < judges[s].written.set.n_policies; k++)
					governs[s] = governs[s] ||
						     (!strcmp(judges[s].written.set.policies[k].name, name) &&
						      judge_governs(&judges[s], k, &who));
			}
			for (size_t k = 0; k < diff->n_subjects; k++)
				listed = listed || strstr(governs[1] ? diff->subjects[k].added
								     : diff->subjects[k].removed,
							  name);
			assert_true(governs[0] == governs[1] || listed);
		}
	}
}

static void test_random(void **state)
{
	uint64_t seed = random_seed(20260101);
	size_t changes = 0, shown = 0;

	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct random r = {seed + round}, again = r;
		struct judge judges[2];
		struct sources sources[2];
		struct diags d = {0};
		struct diff diff;

		print_message("# seed %llu\n", (unsigned long long)(seed + round));
		for (unsigned s = 0; s < 2; s++) {
			char *text = random_text(&r, again, s);

			sources_from(&sources[s], text);
			assert_int_equal(judge_open(&judges[s], &sources[s], &d), 0);
			if (getenv("PAVISE_SHOW"))
				fprintf(stderr, "%s=====\n", text);
			free(text);
		}
		assert_int_equal(diff_find(&sources[0], &sources[0], &diff, &d), 0);
		assert_true(diff_is_empty(&diff));
		diff_free(&diff);
		assert_int_equal(diff_find(&sources[0], &sources[1], &diff, &d), 0);
		changes += diff.n_changes;
		check_listed(judges, &diff);
		for (unsigned i = 0; i < QUESTIONS; i++)
			shown += check_question(&r, judges, &diff);
		check_subjects(&r, judges, &diff);
		diff_free(&diff);
		for (unsigned s = 0; s < 2; s++) {
			judge_close(&judges[s]);
			sources_free(&sources[s]);
		}
	}
	/* or the test would say nothing */
	assert_true(changes > ROUNDS && shown > 10 * ROUNDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_equal),
		cmocka_unit_test(test_rest),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests_name("author_diff", tests, NULL, NULL);
}
