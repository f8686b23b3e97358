/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * policies/: each has a file of expectations, with enough of what it permits and of what it denies,
 * and does what that says. Run in the tree's folder, as all unit tests are.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <glob.h>
#include <string.h>

#include "author/expect.h"
#include "util/util.h"

#define POLICIES_MIN	 10
#define EXPECTATIONS_MIN 15
#define OF_A_KIND_MIN	 5

static size_t count(const json_t *results, bool allowed)
{
	const json_t *result;
	size_t i, n = 0;

	json_array_foreach (results, i, result) {
		const json_t *of = json_object_get(result, "found");
		const char *found = json_string_value(json_object_get(of, "verdict"));

		assert_non_null(found);
		n += !strcmp(found, "allow") == allowed;
	}
	return n;
}

static void run(const char *policy)
{
	struct expect_result result = {.results = json_array()};
	char *file = strfmt("policies/expect/%s", strrchr(policy, '/') + 1);

	assert_non_null(file);
	if (expect_run(file, stderr, &result))
		fail_msg("%s could not be run", file);
	if (result.failed)
		fail_msg("%s: %zu failed", file, result.failed);
	if (result.passed < EXPECTATIONS_MIN || count(result.results, true) < OF_A_KIND_MIN ||
	    count(result.results, false) < OF_A_KIND_MIN)
		fail_msg("%s expects too little", file);
	json_decref(result.results);
	free(file);
}

static void test_policies(void **state)
{
	glob_t policies;

	(void)state;
	assert_int_equal(glob("policies/*.yaml", 0, NULL, &policies), 0);
	assert_true(policies.gl_pathc >= POLICIES_MIN);
	for (size_t i = 0; i < policies.gl_pathc; i++)
		run(policies.gl_pathv[i]);
	globfree(&policies);
}

/* No expectations without a policy: that would be a test that nobody runs. */
static void test_pairs(void **state)
{
	glob_t policies, expectations;

	(void)state;
	assert_int_equal(glob("policies/*.yaml", 0, NULL, &policies), 0);
	assert_int_equal(glob("policies/expect/*", 0, NULL, &expectations), 0);
	assert_int_equal(policies.gl_pathc, expectations.gl_pathc);
	globfree(&policies);
	globfree(&expectations);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_policies),
		cmocka_unit_test(test_pairs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
