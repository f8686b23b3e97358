/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Expect files (see expect.h).
 *
 *   policies: [nginx.yaml]     # files or directories, relative to this file
 *   expect:
 *     - {access: read, name: /etc/shadow, verdict: deny, rule: "files[0]"}
 *
 * The file is read by the reader of policies: nothing that is written is ignored, and errors have
 * their place. Everything that is wrong is reported before anything is asked. Besides the verdict,
 * only what an expectation names is compared.
 */
#include "author/expect.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>

#include "author/judge.h"
#include "policy/frontend.h"
#include "util/message.h"
#include "util/util.h"

enum word_verdict { WORD_ALLOW, WORD_DENY, WORD_WOULD_DENY, WORD_KILL };

static const struct word verdicts[] = {
	{"allow", WORD_ALLOW},
	{"deny", WORD_DENY},
	{"would_deny", WORD_WOULD_DENY},
	{"kill", WORD_KILL},
};

struct expectation {
	const struct node *node, *access, *name, *verdict, *rule, *policy, *exe, *cgroup;
	bool owner;
	struct question question;
	uint32_t uid_number;
};

/* A document of the file. */
struct test {
	struct source *source;
	char **policies;
	size_t n_policies;
	struct expectation *expectations;
	size_t n_expectations;
};

/* ---- reading ---- */

/* A handler that notes where a value stands. */
#define NOTE(field)                                                                                     \
	static void note_##field(struct source *s, const struct node *value, const struct where *where, \
				 void *target)                                                          \
	{                                                                                               \
		(void)s;                                                                                \
		(void)where;                                                                            \
		((struct expectation *)target)->field = value;                                          \
	}

NOTE(access)
NOTE(name)
NOTE(rule)
NOTE(policy)

static void read_verdict(struct source *s, const struct node *value, const struct where *where, void *target)
{
	struct expectation *e = target;

	if (read_word(s, value, where, "verdict", verdicts, sizeof(verdicts) / sizeof(*verdicts),
		      &(unsigned){0}))
		e->verdict = value;
}

static bool is_absolute(struct source *s, const struct node *value, const struct where *where)
{
	if (*value->text == '/')
		return true;
	report_at(s, value, where, "'%.*s' is not an absolute path", SHORT(value->text));
	return false;
}

static void read_exe(struct source *s, const struct node *value, const struct where *where, void *target)
{
	if (is_absolute(s, value, where))
		((struct expectation *)target)->exe = value;
}

static void read_cgroup(struct source *s, const struct node *value, const struct where *where, void *target)
{
	if (is_absolute(s, value, where))
		((struct expectation *)target)->cgroup = value;
}

static void read_uid(struct source *s, const struct node *value, const struct where *where, void *target)
{
	struct expectation *e = target;
	struct passwd *user = NULL;
	uint64_t number = 0;

	if (value->kind == NODE_STRING)
		user = getpwnam(value->text);
	if (user)
		number = user->pw_uid;
	else if (value->kind != NODE_INTEGER || parse_number(value->text, UINT32_MAX - 1, &number))
		report_at(s, value, where, "'%.*s' is neither a number nor a user of this machine",
			  SHORT(value->text));
	e->uid_number = number;
}

static void read_owner(struct source *s, const struct node *value, const struct where *where, void *target)
{
	(void)s;
	(void)where;
	((struct expectation *)target)->owner = !strcmp(value->text, "true");
}

static void read_question(struct source *s, const struct where *where, struct expectation *e)
{
	char error[QUESTION_ERROR];

	if (e->access && question_parse(e->access->text, e->name ? e->name->text : NULL, &e->question, error))
		report_at(s, e->name ? e->name : e->access, where, "%s", error);
}

static void read_expect(struct source *s, const struct node *value, const struct where *where, void *target)
{
	static const struct key keys[] = {
		{"access", KEY_REQUIRED, TYPE_STRING, NULL, note_access},
		{"name", KEY_OPTIONAL, TYPE_STRING, NULL, note_name},
		{"verdict", KEY_REQUIRED, TYPE_STRING, NULL, read_verdict},
		{"rule", KEY_OPTIONAL, TYPE_STRING, NULL, note_rule},
		{"policy", KEY_OPTIONAL, TYPE_STRING, NULL, note_policy},
		{"exe", KEY_OPTIONAL, TYPE_STRING, "an absolute path", read_exe},
		{"uid", KEY_OPTIONAL, TYPE_SCALAR, "a user's name or number", read_uid},
		{"cgroup", KEY_OPTIONAL, TYPE_STRING, "an absolute path", read_cgroup},
		{"owner", KEY_OPTIONAL, TYPE_BOOLEAN, NULL, read_owner},
	};
	struct where item = {.up = where};
	struct test *test = target;

	if (!value->child)
		report_at(s, value, where, "nothing is expected");
	for (const struct node *n = value->child; n; n = n->next, item.index++) {
		struct expectation *e = array_add(s, &test->expectations, &test->n_expectations, sizeof(*e));
		struct seen seen;

		if (!e)
			return;
		e->node = n->child ? n->child : n;
		read_mapping(s, n, &item, keys, sizeof(keys) / sizeof(*keys), &seen, e);
		read_question(s, &item, e);
	}
}

/* A path that is relative to the file of expectations. */
static void read_policies(struct source *s, const struct node *value, const struct where *where, void *target)
{
	const char *slash = strrchr(s->file, '/');
	struct test *test = target;
	char **path;

	if (!*value->text)
		report_at(s, value, where, "the name is empty");
	path = array_add(s, &test->policies, &test->n_policies, sizeof(*path));
	if (!path)
		return;
	*path = *value->text == '/' || !slash
			? strdup(value->text)
			: strfmt("%.*s/%s", (int)(slash - s->file), s->file, value->text);
	s->no_memory = s->no_memory || !*path;
}

static void read_test(struct source *s, const struct node *document, struct test *test)
{
	static const struct key keys[] = {
		{"policies", KEY_REQUIRED, TYPE_STRINGS, "a file", read_policies},
		{"expect", KEY_REQUIRED, TYPE_LIST, NULL, read_expect},
	};
	struct seen seen;

	read_mapping(s, document, NULL, keys, sizeof(keys) / sizeof(*keys), &seen, test);
}

/* ---- asking ---- */

/* "files.rules[1]" is another way to write "files[1]". */
static bool same_rule(const char *expected, const char *found)
{
	const char *words = strstr(expected, ".rules[");
	size_t length = words ? (size_t)(words - expected) : strlen(expected);

	return !strncmp(expected, found, length) && !strcmp(found + length, words ? words + 6 : "");
}

static bool is_met(const struct expectation *e, const struct answer *a)
{
	return !strcmp(e->verdict->text, answer_verdict(a)) &&
	       (!e->rule || same_rule(e->rule->text, a->rule)) &&
	       (!e->policy || (a->policy && !strcmp(e->policy->text, a->policy->name)));
}

static void describe(FILE *out, const char *verdict, const char *rule, const char *policy)
{
	fputs(verdict, out);
	if (rule && *rule)
		fprintf(out, " by %s", rule);
	if (policy)
		fprintf(out, "%s policy '%s'", rule && *rule ? " of" : " by", policy);
}

/* "expected deny by files[0], found allow by files.default of policy 'web' (web.yaml:12)" */
static char *describe_failure(const struct expectation *e, const struct answer *a)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fprintf(out, "%s %s: expected ", e->access->text, e->name ? e->name->text : "");
	describe(out, e->verdict->text, e->rule ? e->rule->text : NULL, e->policy ? e->policy->text : NULL);
	fputs(", found ", out);
	describe(out, answer_verdict(a), a->rule, a->policy ? a->policy->name : NULL);
	if (!a->policy)
		fputs(": no policy that governs decides it", out);
	else if (a->line)
		fprintf(out, " (%s:%u)", a->policy->file, a->line);
	fclose(out);
	return text;
}

static void print_failure(const struct test *test, size_t i, const struct answer *a, FILE *out)
{
	const struct expectation *e = &test->expectations[i];
	const struct source *s = test->source;
	CLEANUP_FREE char *text = describe_failure(e, a);
	struct diags d = {0};
	char where[32];

	snprintf(where, sizeof(where), "expect[%zu]", i);
	diag_add(&d, s->file, e->node->line, e->node->column, where, s->text + s->lines[e->node->line - 1],
		 "%s", text ? text : "failed");
	diags_print(&d, out);
	diags_free(&d);
}

static json_t *result_json(const struct test *test, const struct expectation *e, const struct answer *a)
{
	return json_pack("{s:s, s:i, s:s, s:s*, s:b, s:{s:s, s:s*, s:s*}, s:{s:s, s:s*, s:s*, s:i}}", "file",
			 test->source->file, "line", (int)e->node->line, "access", e->access->text, "name",
			 e->name ? e->name->text : NULL, "passed", is_met(e, a), "expected", "verdict",
			 e->verdict->text, "rule", e->rule ? e->rule->text : NULL, "policy",
			 e->policy ? e->policy->text : NULL, "found", "verdict", answer_verdict(a), "rule",
			 *a->rule ? a->rule : NULL, "policy", a->policy ? a->policy->name : NULL, "line",
			 (int)a->line);
}

static void ask(const struct test *test, const struct judge *judge, FILE *out, struct expect_result *result)
{
	for (size_t i = 0; i < test->n_expectations; i++) {
		const struct expectation *e = &test->expectations[i];
		const struct asker who = {
			.cgroup = e->cgroup ? e->cgroup->text : NULL,
			.exe = e->exe ? e->exe->text : NULL,
			.uid = e->uid_number,
			.owner = e->owner,
		};
		struct answer answer;

		judge_ask(judge, &e->question, &who, &answer);
		if (is_met(e, &answer))
			result->passed++;
		else
			result->failed++;
		if (out && !is_met(e, &answer))
			print_failure(test, i, &answer, out);
		if (result->results)
			json_array_append_new(result->results, result_json(test, e, &answer));
	}
}

/* A policy that an expectation names has to be there. */
static int check_policies(const struct test *test, const struct judge *judge)
{
	for (size_t i = 0; i < test->n_expectations; i++) {
		const struct node *name = test->expectations[i].policy;
		bool found = !name;

		for (size_t p = 0; !found && p < judge->written.set.n_policies; p++)
			found = !strcmp(judge->written.set.policies[p].name, name->text);
		if (!found)
			source_report(test->source, name->line, name->column, NULL,
				      "no policy in these files is called '%.*s'", SHORT(name->text));
	}
	return test->source->errors ? -EINVAL : 0;
}

static int run_test(struct test *test, FILE *out, struct expect_result *result)
{
	struct sources sources = {0};
	struct judge judge = {0};
	int err = sources_read(&sources, test->policies, test->n_policies);

	if (!err)
		err = judge_open(&judge, &sources, test->source->d);
	if (!err)
		err = check_policies(test, &judge);
	if (!err)
		ask(test, &judge, out, result);
	judge_close(&judge);
	sources_free(&sources);
	return err;
}

static void test_free(struct test *test)
{
	for (size_t i = 0; i < test->n_policies; i++)
		free(test->policies[i]);
	free(test->policies);
	free(test->expectations);
}

static int run_documents(struct source *s, const struct tree *tree, FILE *out, struct expect_result *result)
{
	struct test *tests = NULL;
	size_t n = 0;
	int err = 0;

	for (const struct node *node = tree->documents; node; node = node->next) {
		struct test *test =
			node->kind == NODE_NOTHING ? NULL : array_add(s, &tests, &n, sizeof(*test));

		if (!test)
			continue;
		test->source = s;
		read_test(s, node, test);
	}
	if (!n && !s->errors)
		source_report(s, 0, 0, NULL, "nothing is expected: the file has no 'policies' and 'expect'");
	if (s->no_memory)
		err = -ENOMEM;
	else if (s->errors)
		err = -EINVAL;
	for (size_t i = 0; i < n; i++) {
		if (!err)
			err = run_test(&tests[i], out, result);
		test_free(&tests[i]);
	}
	free(tests);
	return err;
}

int expect_run(const char *file, FILE *out, struct expect_result *result)
{
	CLEANUP_FREE char *text = NULL;
	const char *name = strcmp(file, "-") ? file : "<stdin>";
	struct diags d = {0};
	struct tree tree = {0};
	struct source s = {0};
	size_t length;
	int err = strcmp(file, "-") ? read_file(file, SOURCE_MAX, &text, &length)
				    : read_fd(STDIN_FILENO, SOURCE_MAX, &text, &length);

	if (err) {
		say_error("%s: %s", file, err == -EFBIG ? "larger than 1 MiB" : strerror(-err));
		return err;
	}
	err = source_open(&s, name, text, length, &d);
	if (!err)
		err = tree_read(&tree, &s);
	if (!err)
		err = s.errors ? -EINVAL : run_documents(&s, &tree, out, result);
	diags_sort(&d, 0);
	diags_print(&d, stderr);
	if (err == -ENOMEM)
		say_error("%s: no memory", file);
	diags_free(&d);
	tree_free(&tree);
	source_close(&s);
	return err;
}
