/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Valid policies and the JSON Schema: it accepts the shipped policies, all files that the front end's
 * tests of the model parse, and random policies.
 */
#include "author_random.h"

#include <glob.h>

#include "author_schema.h"
#include "util/util.h"

int tests_of_front_end(void);

#define main tests_of_front_end
#include "test_frontend_model.c"
#undef main

#define RANDOM_POLICIES 200

static void note(const char *file, const char *text)
{
	struct policy_set set = {0};
	struct diags d = {0};
	int ret = policy_parse(file, text, strlen(text), &set, &d);

	diags_print(&d, stderr);
	assert_int_equal(ret, 0);
	diags_free(&d);
	policy_set_free(&set);
}

static void note_shipped(void)
{
	glob_t files;

	assert_int_equal(glob("policies/*.yaml", 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		size_t length;
		char *text;

		assert_int_equal(read_file(files.gl_pathv[i], 1 << 20, &text, &length), 0);
		note(files.gl_pathv[i], text);
		free(text);
	}
	globfree(&files);
}

static void test_schema(void **state)
{
	struct random r = {random_seed(3)};
	size_t right = 0;
	bool *accepted;

	(void)state;
	note_shipped();
	for (unsigned i = 0; i < RANDOM_POLICIES; i++) {
		char *text = NULL;
		size_t size;
		FILE *out = open_memstream(&text, &size);

		random_policy(&r, out, "a");
		fclose(out);
		note("random.yaml", text);
		free(text);
	}
	accepted = calloc(n_noted + 1, sizeof(*accepted));
	assert_non_null(accepted);
	if (!validate(accepted)) {
		free(accepted);
		skip();
	}
	for (size_t i = 0; i < n_noted; i++) {
		right += noted[i].accepted;
		if (noted[i].accepted && !accepted[i])
			fail_msg("the schema refuses:\n%s", noted[i].text);
	}
	print_message("# %zu valid files\n", right);
	assert_true(right > RANDOM_POLICIES);
	free(accepted);
	forget_all();
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_schema)};
	int failed = tests_of_front_end();

	return cmocka_run_group_tests_name("author_schema_right", tests, NULL, NULL) + failed;
}
